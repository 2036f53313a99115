"""The domain of a claim as a unit cube, one for each combination of its choices.

A numeric parameter is a coordinate u in [0, 1] in the parameter's scale. A real range
that starts at 0, on a linear scale, is searched near 0 as well as elsewhere: the lower
fifth of the coordinate covers the lowest hundredth of the range logarithmically.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.claims._domain import Choices, Domain, Integers, Parameter, Reals
from geomadv.claims._family import Family, same

_NEAR = 0.2  # of the coordinate, for
_SMALL = 0.01  # of the range, down to
_DECADES = 6  # below that


@dataclass(frozen=True)
class Cell:
    """One combination of choices, with the numeric parameters as coordinates."""

    domain: Domain
    fixed: dict[str, Any]
    where: Callable[..., bool] | None

    @property
    def free(self) -> dict[str, Reals | Integers]:
        """The numeric parameters that are searched."""
        return {
            name: p
            for name, p in self.domain.items()
            if name not in self.fixed and not isinstance(p, Choices)
        }

    def point(self, u: Float[NDArray, " k"]) -> dict[str, Any]:
        """Return the parameters at coordinates u, which are clipped to [0, 1]."""
        values = {
            name: _value(p, min(max(float(x), 0.0), 1.0))
            for (name, p), x in zip(self.free.items(), u, strict=True)
        }
        return {n: self.fixed[n] if n in self.fixed else values[n] for n in self.domain}

    def coordinates(self, point: dict[str, Any]) -> Float[NDArray, " k"]:
        """Return coordinates of a point, as near as the parameters allow."""
        return np.array([coordinate(p, point[n]) for n, p in self.free.items()])

    def holds(self, point: dict[str, Any]) -> bool:
        """Whether a point has the choices of this cell."""
        return all(same(point[name], value) for name, value in self.fixed.items())

    def allows(self, point: dict[str, Any]) -> bool:
        """Whether the claim speaks of the point."""
        return self.where is None or bool(self.where(**point))


def cells(
    domain: Domain, where: Callable[..., bool] | None, axis: str | None
) -> Iterator[Cell]:
    """Yield the combinations of the choices; `axis` is left out of the points."""
    searched = {name: p for name, p in domain.items() if name != axis}
    choices = {n: p for n, p in searched.items() if isinstance(p, Choices)}
    for values in itertools.product(*(p.typical for p in choices.values())):
        fixed = dict(zip(choices, values, strict=True))
        yield Cell(searched, fixed, None if axis else where)


def count(domain: Domain, axis: str | None) -> float:
    """Return how many points there are; infinite where a parameter is real."""
    total = 1.0
    for name, p in domain.items():
        match p:
            case _ if name == axis:
                continue
            case Family():
                return math.inf
            case Choices():
                total *= len(p.typical)
            case Integers():
                total *= p.upper - p.lower + 1
            case Reals():
                return math.inf
    return total


def everything(domain: Domain, axis: str | None) -> Iterator[dict[str, Any]]:
    """Yield all points of a finite domain."""
    searched = {name: p for name, p in domain.items() if name != axis}
    values = (
        range(p.lower, p.upper + 1) if isinstance(p, Integers) else p.typical
        for p in searched.values()
    )
    for one in itertools.product(*values):
        yield dict(zip(searched, one, strict=True))


def landmarks(parameter: Parameter) -> tuple[Any, ...]:
    """Return values worth a look: the typical ones and those at and near the ends."""
    found: set[Any]
    match parameter:
        case Choices():
            return parameter.typical
        case Integers():
            low, high = parameter.lower, parameter.upper
            near = (low, low + 1, low + 2, high - 1, high)
            found = {v for v in near if low <= v <= high} | set(parameter.typical)
        case Reals():
            found = {*parameter.typical, parameter.lower, parameter.upper}
            found |= {_value(parameter, u) for u in (1e-6, 1e-3, 1 - 1e-3, 1 - 1e-6)}
            # What differs from an end that `where` leaves out; the float next to 0 has
            # no digits.
            ends = (parameter.lower, parameter.upper)
            inner = zip(ends, reversed(ends), strict=True)
            found |= {math.nextafter(end, other) for end, other in inner if end}
    return tuple(sorted(found))


def _value(p: Reals | Integers, u: float) -> Any:
    if u in (0, 1):
        return p.lower if u == 0 else p.upper
    if isinstance(p, Integers):
        if p.scale == "log":
            value = math.exp(
                math.log(p.lower) + u * (math.log(p.upper) - math.log(p.lower))
            )
            return min(max(round(value), p.lower), p.upper)
        return p.lower + round(u * (p.upper - p.lower))
    if p.scale == "log":
        x = math.exp(math.log(p.lower) + u * math.log(p.upper / p.lower))
    elif p.lower == 0 and u < _NEAR:
        x = p.upper * _SMALL * 10 ** (_DECADES * (u / _NEAR - 1))
    elif p.lower == 0:
        x = p.upper * (_SMALL + (u - _NEAR) / (1 - _NEAR) * (1 - _SMALL))
    else:
        x = p.lower + u * (p.upper - p.lower)
    return float(min(max(x, p.lower), p.upper))


def coordinate(p: Reals | Integers, value: float) -> float:
    """Return the coordinate of a value of a parameter."""
    if p.scale == "log":
        return math.log(value / p.lower) / math.log(p.upper / p.lower)
    if p.lower == 0 and isinstance(p, Reals):
        share = value / p.upper
        if share >= _SMALL:
            return _NEAR + (share - _SMALL) / (1 - _SMALL) * (1 - _NEAR)
        if share == 0:
            return 0.0
        return max(_NEAR * (math.log10(share / _SMALL) / _DECADES + 1), 0.0)
    return (value - p.lower) / (p.upper - p.lower)
