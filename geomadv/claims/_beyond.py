r"""Proofs that have no end: parts of a domain that reach to infinity, or to 0.

A range [lower, upper] is finite. What lies beyond it, d >= upper say, is the interval
[0, 1/upper] of u = 1/d, and 0 < x <= lower is the interval [0, lower]: each is one ball
that contains 0, on which an inequality that implies the claim is enclosed.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from geomadv.claims._boxes import Inequality
from geomadv.claims._domain import Choices, Domain, Integers, Parameter, Reals, grid


@dataclass(frozen=True)
class Beyond:
    """An inequality that implies the claim on an unbounded part of its domain.

    Parameters
    ----------
    lhs, rhs : callable
        Enclosures of its sides, with ``lhs <= rhs``: functions of the claim's
        parameters by name. In place of a parameter ``x`` of `since` they take
        ``over_x``, which encloses 1/x and contains 0; a parameter of `until` encloses
        an interval that contains 0.
    since : Mapping of str to float
        Parameters that go to infinity, each with the value above 0 at which this part
        of the domain begins.
    until : Mapping of str to float
        Parameters that go to 0 from above, each with the value at which this part ends.
    free : tuple of str
        Parameters that the inequality does not depend on, and the sides do not take:
        it implies the claim for all their values from the lower end of the range to
        infinity.
    scales : tuple of str
        The same for parameters that are above 0: all positive values.

    Raises
    ------
    ValueError
        If no parameter is named, one is named twice, or a value is not above 0.

    Examples
    --------
    >>> Beyond(lambda over_d: over_d, lambda over_d: 1, since={"d": 1}).since
    {'d': 1}
    """

    lhs: Callable[..., Any]
    rhs: Callable[..., Any]
    since: Mapping[str, float] = field(default_factory=dict)
    until: Mapping[str, float] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = self.named
        if not named or len(set(named)) < len(named):
            raise ValueError(
                "since, until, free and scales must name a parameter, and none twice, "
                f"got {', '.join(named) or 'none'}"
            )
        for name, value in {**self.since, **self.until}.items():
            if not 0 < value < math.inf:
                raise ValueError(
                    f"since and until must be above 0 and finite, got {name}: {value}"
                )

    @property
    def named(self) -> tuple[str, ...]:
        """The parameters that leave their ranges."""
        return (*self.since, *self.until, *self.free, *self.scales)

    def ranges(self, domain: Domain) -> dict[str, Reals]:
        """Return the ranges of the boxes, by the names that the sides take."""
        found: dict[str, Reals] = {}
        for name, parameter in domain.items():
            if name in (*self.free, *self.scales):
                continue
            if name in self.since:
                found[f"over_{name}"] = _to_zero(_inverse(self.since[name]))
            elif name in self.until:
                found[name] = _to_zero(float(self.until[name]))
            elif isinstance(parameter, Reals):
                found[name] = parameter
            elif isinstance(parameter, Integers) and parameter.as_reals:
                found[name] = parameter.reals()
        return found

    def cells(self, domain: Domain) -> Iterator[dict[str, Any]]:
        """Yield the values of the parameters that are listed."""
        ranges = self.ranges(domain)
        listed = {
            name: p for name, p in domain.items() if name not in (*ranges, *self.named)
        }
        return grid(listed)

    def inequality(self, cell: dict[str, Any]) -> Inequality:
        """Return what is to be proved.

        Parameters
        ----------
        cell : dict
            The values of the listed parameters.
        """
        return Inequality(self.lhs, self.rhs, given=cell)

    def __str__(self) -> str:
        parts = [f"{name} >= {value:g}" for name, value in self.since.items()]
        parts += [f"0 < {name} <= {value:g}" for name, value in self.until.items()]
        parts += [f"every {name}" for name in self.free]
        parts += [f"every {name} > 0" for name in self.scales]
        return ", ".join(parts)


def missing(domain: Domain, pieces: tuple[Beyond, ...]) -> str:
    """Say which part of the unbounded domain no piece covers; empty if none.

    Each parameter has up to three segments: its own range, above it and below it, as
    far as some piece goes there. Their combinations must all be covered.
    """
    for piece in pieces:
        named = piece.named
        unknown = {*named} - domain.keys()
        if unknown:
            return f"{', '.join(sorted(unknown))}: no such parameter"
        wrong = [n for n in named if not _numeric(domain[n])]
        if wrong:
            return f"{', '.join(wrong)}: not a range of numbers"
    above, below = above_and_below(pieces)
    names = [name for name in domain if name in above | below]
    segments = [
        ["its range", *["above"][: name in above], *["below"][: name in below]]
        for name in names
    ]
    for combination in itertools.product(*segments):
        wanted = dict(zip(names, combination, strict=True))
        if set(combination) == {"its range"}:
            continue
        if not any(_covers(piece, wanted, domain) for piece in pieces):
            return ", ".join(f"{name} {where}" for name, where in wanted.items())
    return ""


def above_and_below(pieces: tuple[Beyond, ...]) -> tuple[set[str], set[str]]:
    """Return the parameters that go to infinity, and those that go to 0."""
    above = {n for piece in pieces for n in (*piece.since, *piece.free, *piece.scales)}
    below = {n for piece in pieces for n in (*piece.until, *piece.scales)}
    return above, below


def _covers(piece: Beyond, wanted: dict[str, str], domain: Domain) -> bool:
    for name, segment in wanted.items():
        parameter = domain[name]
        if name in piece.since:
            good = (segment == "above" and _joins(parameter, piece.since[name])) or (
                segment == "its range" and piece.since[name] <= _low(parameter)
            )
        elif name in piece.until:
            good = (segment == "below" and piece.until[name] >= _low(parameter)) or (
                segment == "its range" and piece.until[name] >= _high(parameter)
            )
        elif name in piece.free:
            good = segment in ("its range", "above")
        else:
            good = segment == "its range" or name in piece.scales
        if not good:
            return False
    return True


def _joins(parameter: Parameter, since: float) -> bool:
    """Whether nothing is left between a parameter's range and what lies beyond."""
    if isinstance(parameter, Integers) and not parameter.as_reals:
        between = range(parameter.lower, math.ceil(since))
        return len(between) <= len(parameter.typical) and set(between) <= set(
            parameter.typical
        )
    return since <= _high(parameter)


def _numeric(parameter: Parameter) -> bool:
    return not isinstance(parameter, Choices)


def _low(parameter: Parameter) -> float:
    return math.inf if isinstance(parameter, Choices) else parameter.lower


def _high(parameter: Parameter) -> float:
    return -math.inf if isinstance(parameter, Choices) else parameter.upper


def _to_zero(end: float) -> Reals:
    return Reals(0.0, end, (end,))


def _inverse(value: float) -> float:
    """Return a number that is at least 1/value."""
    found = 1 / value
    while Fraction(found) * Fraction(value) < 1:
        found = math.nextafter(found, math.inf)
    return found
