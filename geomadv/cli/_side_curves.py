"""Curves of claims, for ``geomadv scale``: both sides and their fits.

A claim gives two curves over one of its parameters, the left and the right side, all
others fixed (a function gives one, and its theory another: `_function_curve`). Each
positive curve gets its power law, with a log factor where the points call for one, and
a pair of curves its slack and the place from which the right one exceeds what is
trivially true.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geomadv.cli._exits import refuse
from geomadv.cli._options import count, number
from geomadv.cli._sampling import Sampling

if TYPE_CHECKING:
    from geomadv.claims import Claim
    from geomadv.claims._outcome import Point
    from geomadv.stats import PowerLaw, SampledCurve

_PLAIN = Sampling()
_ENOUGH = 8  # points from which a log factor is looked for


@dataclass(frozen=True)
class SideCurves:
    """One or two quantities over a parameter.

    Parameters
    ----------
    name, title : str
        What is drawn.
    axis : str
        The parameter.
    log : bool
        Whether its values are evenly spaced in logarithm.
    fixed : dict
        The other parameters.
    x : list of float
        Values of the parameter.
    sides : dict of str to list of float
        The quantities, by name: "lhs" and "rhs" of a claim; "value" of a function,
        and "theory".
    intervals : list of (float, float), or None
        Where the sampled side lies.
    slack : list of float, or None
        What the claim has to spare at each point, negative where it fails; or the
        theory less the value.
    verdicts : list of str, or None
        What the claim is at each point.
    errors : list of float, or None
        Standard errors of the sampled side, where they are known.
    exponent : float or None
        The exponent that the theory states.
    sampled : str
        The side that `errors` belongs to.
    curve : SampledCurve or None
        How that side was sampled to a width.
    """

    name: str
    title: str
    axis: str
    log: bool
    fixed: dict[str, Any]
    x: list[float]
    sides: dict[str, list[float]]
    intervals: list[tuple[float, float]] | None = None
    slack: list[float] | None = None
    verdicts: list[str] | None = None
    errors: list[float] | None = None
    exponent: float | None = None
    sampled: str = "value"
    curve: "SampledCurve | None" = None

    def laws(self) -> "dict[str, PowerLaw]":
        """Return the power law of each side that is positive and finite."""
        from geomadv.stats import fit_power_law

        found = {}
        for side, values in self.sides.items():
            inside = [
                (float(x), v)
                for x, v in zip(self.x, values, strict=True)
                if x > 0 and 0 < v < math.inf
            ]
            if len(inside) < max(3, len(self.x)):
                continue
            x, y = zip(*inside, strict=True)
            auto = len(x) >= _ENOUGH and min(x) > 1
            noise = self.errors if side == self.sampled else None
            if noise is not None and min(noise) <= 0:
                noise = None
            found[side] = fit_power_law(
                x, y, standard_errors=noise, log_factor="auto" if auto else False
            )
        return found

    def informative(self, trivial: float) -> list[float]:
        """Return the values of the parameter where the bound is below `trivial`.

        A bound that is not says nothing there.
        """
        bound = self.sides["rhs" if "rhs" in self.sides else "theory"]
        return [x for x, value in zip(self.x, bound, strict=True) if value < trivial]

    def as_json(self) -> dict[str, Any]:
        """Return the curves as values that JSON can hold; None is no finite number."""
        document: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "axis": self.axis,
            "fixed": {k: _plain(v) for k, v in self.fixed.items()},
            "x": self.x,
            **{side: [_plain(v) for v in vs] for side, vs in self.sides.items()},
            "fits": {
                side: {
                    "exponent": law.exponent,
                    "interval": [
                        law.exponent_interval.lower,
                        law.exponent_interval.upper,
                    ],
                    "log_exponent": law.log_exponent,
                    "error_rate": law.error_rate,
                    "log_prefactor": law.log_prefactor,
                }
                for side, law in self.laws().items()
            },
        }
        if self.slack is not None:
            document["slack"] = [_plain(v) for v in self.slack]
        if self.verdicts is not None:
            document["verdicts"] = self.verdicts
        if self.errors is not None:
            document["standard_errors"] = [_plain(v) for v in self.errors]
        if self.exponent is not None:
            document["theory_exponent"] = self.exponent
        if self.intervals is not None:
            document["intervals"] = [[_plain(v) for v in i] for i in self.intervals]
        if self.curve is not None:
            document["draws"] = list(self.curve.draws)
            document["reached"] = self.curve.reached
        return document


def claim_curves(
    claim: "Claim",
    over: str | None,
    at: Sequence[str],
    points: int,
    seed: int,
    sampling: Sampling = _PLAIN,
) -> SideCurves:
    """Evaluate both sides of a claim along one of its parameters."""
    from geomadv.claims import Choices, Integers, Statistical

    axis, _, text = (over or "").partition("=")
    numbers = [k for k, p in claim.domain.items() if not isinstance(p, Choices)]
    if not numbers:
        refuse("QUANTITY", f"{claim.id} has no numerical parameter")
    axis = axis or (claim.axis if claim.axis in numbers else numbers[0])
    parameter = claim.domain.get(axis)
    if parameter is None or isinstance(parameter, Choices):
        refuse("--over", f"must be one of {', '.join(numbers)}, got {axis!r}")
    low, high = bounds(text) if text else (parameter.lower, parameter.upper)
    if not parameter.lower <= low < high <= parameter.upper:
        refuse(
            "--over",
            f"{axis} is for [{parameter.lower:g}, {parameter.upper:g}], got {text!r}",
        )
    log = parameter.scale == "log" or (low > 0 and high >= 100 * low)
    whole = isinstance(parameter, Integers)
    given = settings(at)
    fixed: dict[str, Any] = {}
    for name, other in claim.domain.items():
        if name != axis:
            fixed[name] = _value_of(name, other, given.pop(name, None))
    if given:
        refuse("--at", f"{claim.id} has no other parameter {', '.join(given)}")
    x, places = [], []
    for value in spaced(low, high, points, log, whole):
        place = {
            name: value if name == axis else fixed.get(name) for name in claim.domain
        }
        if claim.where is None or claim.where(**place):
            x.append(value)
            places.append(place)
    if len(x) < 2:
        refuse("--over", f"leaves {len(x)} points where {claim.id} is stated")
    random = isinstance(claim.evidence, Statistical)
    if sampling.draws is not None and sampling.width is None and random:
        refuse(
            "--draws", f"goes with --width: {claim.id} is sampled until it is decided"
        )
    if not random or sampling.span is not None:
        sampling.check(claim.id)
    curve = None
    if random and sampling.width is not None:
        curve, found = _to_width(claim, x, places, sampling, seed)
    else:
        found = [_sides(claim, place, seed) for place in places]
    intervals = [p.interval for p in found]
    sides = {"lhs": [p.lhs for p in found], "rhs": [p.rhs for p in found]}
    bound = claim.relation in ("lhs <= rhs", "lhs == rhs")
    return SideCurves(
        claim.id,
        claim.title,
        axis,
        log,
        fixed,
        x,
        sides,
        [(i.lower, i.upper) for i in intervals if i is not None]
        if all(i is not None for i in intervals)
        else None,
        [p.slack for p in found] if bound else None,
        [p.verdict.value for p in found] if bound else None,
        errors=None if curve is None else curve.standard_error.tolist(),
        sampled=getattr(claim.evidence, "side", "value"),
        curve=curve,
    )


def _to_width(
    claim: "Claim",
    x: Sequence[float],
    places: Sequence[dict[str, Any]],
    sampling: Sampling,
    seed: int,
) -> "tuple[SampledCurve, list[Point]]":
    """Sample the random side of a claim until its intervals are narrow."""
    evidence: Any = claim.evidence
    known = dict(zip(map(float, x), places, strict=True))
    curve = sampling.curve(
        lambda value, n, rng: evidence.sample(n, rng, **known[value]),
        x,
        seed,
        [evidence.bounds(place) for place in places],
    )
    means = zip(places, curve.mean.tolist(), curve.intervals, strict=True)
    return curve, [evidence.point(claim.relation, *found) for found in means]


def _sides(claim: "Claim", place: dict[str, Any], seed: int) -> "Point":
    """Evaluate a claim at one point, its curve where it is a rate or a limit."""
    from geomadv.claims import Exact, evaluate

    if isinstance(claim.evidence, Exact):
        relation = "lhs == rhs" if claim.relation == "limit" else claim.relation
        return claim.evidence.at(relation, place)
    return evaluate(claim, place, seed=seed, budget=2**16)


def bounds(text: str, option: str = "--over") -> tuple[float, float]:
    first, colon, last = text.partition(":")
    import typer

    try:
        low, high = number(first), number(last)
    except typer.BadParameter:
        colon = ""
    if not colon or not (math.isfinite(low) and math.isfinite(high) and low < high):
        like = "NAME=10:1e6" if option == "--over" else "0:1"
        refuse(option, f"must rise, like {like}, got {text!r}")
    return low, high


def spaced(
    low: float, high: float, points: int, log: bool, whole: bool
) -> Iterator[float]:
    """Yield values from low to high, each once."""
    steps = [i / (points - 1) for i in range(points)]
    if log:
        values = [low * (high / low) ** s for s in steps]
    else:
        values = [low + (high - low) * s for s in steps]
    values = [low, *(min(max(v, low), high) for v in values[1:-1]), high]
    if whole:
        yield from sorted({round(v) for v in values})
    else:
        yield from dict.fromkeys(values)


def settings(at: Sequence[str]) -> dict[str, str]:
    found = {}
    for setting in at:
        name, equals, value = setting.partition("=")
        if not equals or not name or not value:
            refuse("--at", f"must be NAME=VALUE, got {setting!r}")
        found[name] = value
    return found


def _value_of(name: str, parameter: Any, text: str | None) -> Any:
    from geomadv.claims import Choices, Integers

    if text is None:
        return parameter.typical[0]
    if isinstance(parameter, Choices):
        for value in parameter.typical:
            if str(value) == text:
                return value
        known = ", ".join(map(str, parameter.typical))
        refuse("--at", f"{name} must be one of {known}, got {text!r}")
    import typer

    try:
        value = count(text) if isinstance(parameter, Integers) else number(text)
    except typer.BadParameter as error:
        refuse("--at", f"{name} {error}")
    if not parameter.lower <= value <= parameter.upper:
        refuse(
            "--at",
            f"{name} must lie in [{parameter.lower:g}, {parameter.upper:g}], "
            f"got {text}",
        )
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float | str | bool) else str(value)
