"""Curves of claims and of functions, for ``geomadv scale``: both sides and their fits.

A claim gives two curves over one of its parameters, the left and the right side, all
others fixed; a function gives one. Each positive curve gets its power law, with a log
factor where the points call for one, and a claim its slack and the place from which its
right side exceeds what is trivially true.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geomadv.cli._exits import refuse
from geomadv.cli._options import count, number

if TYPE_CHECKING:
    from geomadv.claims import Claim
    from geomadv.claims._outcome import Point
    from geomadv.stats import PowerLaw

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
        The quantities, by name: "lhs" and "rhs" of a claim, "value" of a function.
    intervals : list of (float, float), or None
        Where the sampled side lies.
    slack : list of float, or None
        What the claim has to spare at each point, negative where it fails.
    verdicts : list of str, or None
        What the claim is at each point.
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
            found[side] = fit_power_law(x, y, log_factor="auto" if auto else False)
        return found

    def informative(self, trivial: float) -> list[float]:
        """Return the values of the parameter where the right side is below `trivial`.

        A bound that is not says nothing there.
        """
        return [
            x for x, rhs in zip(self.x, self.sides["rhs"], strict=True) if rhs < trivial
        ]

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
            document["verdicts"] = self.verdicts
        if self.intervals is not None:
            document["intervals"] = [[_plain(v) for v in i] for i in self.intervals]
        return document


def claim_curves(
    claim: "Claim",
    over: str | None,
    at: Sequence[str],
    points: int,
    seed: int,
) -> SideCurves:
    """Evaluate both sides of a claim along one of its parameters."""
    from geomadv.claims import Choices, Integers

    axis, _, text = (over or "").partition("=")
    numbers = [k for k, p in claim.domain.items() if not isinstance(p, Choices)]
    if not numbers:
        refuse("QUANTITY", f"{claim.id} has no numerical parameter")
    axis = axis or (claim.axis if claim.axis in numbers else numbers[0])
    parameter = claim.domain.get(axis)
    if parameter is None or isinstance(parameter, Choices):
        refuse("--over", f"must be one of {', '.join(numbers)}, got {axis!r}")
    low, high = _range(text) if text else (parameter.lower, parameter.upper)
    if not parameter.lower <= low < high <= parameter.upper:
        refuse(
            "--over",
            f"{axis} is for [{parameter.lower:g}, {parameter.upper:g}], got {text!r}",
        )
    log = parameter.scale == "log" or (low > 0 and high >= 100 * low)
    whole = isinstance(parameter, Integers)
    given = _settings(at)
    fixed: dict[str, Any] = {}
    for name, other in claim.domain.items():
        if name != axis:
            fixed[name] = _value_of(name, other, given.pop(name, None))
    if given:
        refuse("--at", f"{claim.id} has no other parameter {', '.join(given)}")
    x, found = [], []
    for value in _spaced(low, high, points, log, whole):
        place = {
            name: value if name == axis else fixed.get(name) for name in claim.domain
        }
        if claim.where is None or claim.where(**place):
            x.append(value)
            found.append(_sides(claim, place, seed))
    if len(x) < 2:
        refuse("--over", f"leaves {len(x)} points where {claim.id} is stated")
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
    )


def function_curve(
    name: str, over: str | None, at: Sequence[str], points: int
) -> SideCurves:
    """Evaluate a function of the library or of a file along one of its arguments."""
    function = _function(name)
    if over is None or "=" not in over:
        refuse("--over", f"must be ARGUMENT=LOW:HIGH for {name}, got {over!r}")
    axis, _, text = over.partition("=")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        refuse("QUANTITY", f"{name} has no signature that Python knows")
    if axis not in parameters:
        refuse("--over", f"{name} takes {', '.join(parameters)}, not {axis!r}")
    low, high = _range(text)
    fixed = {key: _literal(value) for key, value in _settings(at).items()}
    unknown = [key for key in fixed if key not in parameters]
    if unknown:
        refuse("--at", f"{name} takes {', '.join(parameters)}, not {unknown[0]!r}")
    log = low > 0 and high >= 10 * low
    whole = low == int(low) and high == int(high) and high - low >= points
    x = list(_spaced(low, high, points, log, whole))
    values = []
    for value in x:
        try:
            values.append(float(function(**fixed, **{axis: value})))
        except (ValueError, TypeError) as error:
            refuse("QUANTITY", f"{name} at {axis} = {value:g}: {error}")
    title = (inspect.getdoc(function) or name).partition("\n")[0]
    return SideCurves(name, title, axis, log, fixed, x, {"value": values})


def _sides(claim: "Claim", place: dict[str, Any], seed: int) -> "Point":
    """Evaluate a claim at one point, its curve where it is a rate or a limit."""
    from geomadv.claims import Exact, evaluate

    if isinstance(claim.evidence, Exact):
        relation = "lhs == rhs" if claim.relation == "limit" else claim.relation
        return claim.evidence.at(relation, place)
    return evaluate(claim, place, seed=seed, budget=2**16)


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.rpartition(":")
    if module.endswith(".py"):
        from geomadv.studies._find import _from_file

        if not Path(module).is_file():
            refuse("QUANTITY", f"there is no file {module}")
        loaded: Any = _from_file(Path(module))
    elif module == "geomadv" or module.startswith("geomadv."):
        import importlib

        try:
            loaded = importlib.import_module(module)
        except ImportError:
            refuse("QUANTITY", f"there is no module {module}")
    else:
        refuse(
            "QUANTITY",
            f"must be geomadv.MODULE:FUNCTION or FILE.py:FUNCTION, got {name!r}",
        )
    function = getattr(loaded, attribute, None)
    if not callable(function):
        refuse("QUANTITY", f"{module} has no function {attribute!r}")
    return function


def _range(text: str) -> tuple[float, float]:
    first, colon, last = text.partition(":")
    import typer

    try:
        low, high = number(first), number(last)
    except typer.BadParameter:
        colon = ""
    if not colon or not (math.isfinite(low) and math.isfinite(high) and low < high):
        refuse("--over", f"must rise, like NAME=10:1e6, got {text!r}")
    return low, high


def _spaced(
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


def _settings(at: Sequence[str]) -> dict[str, str]:
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


def _literal(text: str) -> Any:
    """Read a whole number, a number, a truth value, or a word."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"True": True, "False": False, "None": None}.get(text, text)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float | str | bool) else str(value)
