r"""Whether a violation is more than rounding.

Let g = lhs - rhs. Where a side comes from a difference of near numbers, rounding moves
g by more than any error that is relative to the sides: (s(x) - s(0)) / x exceeds the
slope of s at many small x, though no slope is steeper. In exact arithmetic the second
differences

    g(x - h) - 2 g(x) + g(x + h)

vanish like h^2; at steps of a few units in the last place what is left of them is
rounding, and a violation that is no larger than this is taken for none. The point
itself is left out, and the two largest differences at each step, as a jump makes two:
a violation at one point alone, or beside a jump, remains one.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from geomadv.claims._domain import Domain, Reals

#: Violations above this share of the larger side, or of 1, are not looked into.
LARGE = 1e-8
_SIDE = 16
_LEFT_OUT = 2
_FACTOR = 2.0
_UNIT = 1.618 * 2.0**-53  # no power of 2: a lattice of floats hides rounding


def rounding(
    gap: Callable[[dict[str, Any]], float],
    point: dict[str, Any],
    domain: Domain,
    enough: float,
) -> float:
    """Return by how much rounding moves the difference of the sides near a point.

    Parameters
    ----------
    gap : callable
        The left side minus the right one at a point, NaN where there is none.
    point : dict
        Where to look: along each of its real parameters.
    domain : Mapping
        The parameters.
    enough : float
        A value at which the search may stop.

    Returns
    -------
    float
        Twice the third largest second difference at a step; 0 without a real parameter.
    """
    found = 0.0
    for name, parameter in domain.items():
        if not isinstance(parameter, Reals):
            continue
        for step in _steps(parameter, point[name]):
            found = max(found, _FACTOR * _rough(gap, point, name, parameter, step))
            if found >= enough:
                return found
    return found


def _steps(parameter: Reals, value: float) -> Iterator[float]:
    largest = max(abs(parameter.lower), abs(parameter.upper), 1.0)
    size = abs(value) if parameter.scale == "log" else largest
    yield max(math.ulp(value), 1e-300)
    for units in (1, 64, 4096):
        yield max(units * _UNIT * size, math.ulp(value))


def _rough(
    gap: Callable[[dict[str, Any]], float],
    point: dict[str, Any],
    name: str,
    parameter: Reals,
    step: float,
) -> float:
    """Return the second differences' size at one step of one parameter."""
    value, differences = point[name], []
    for side in (-1, 1):
        places = (value + side * k * step for k in range(1, _SIDE + 1))
        inside = [x for x in places if parameter.lower <= x <= parameter.upper]
        gaps = np.array([gap({**point, name: x}) for x in inside])
        if gaps.size >= 3:
            differences.append(np.abs(np.diff(gaps, 2)))
    kept = np.concatenate(differences) if differences else np.zeros(0)
    kept = np.sort(kept[np.isfinite(kept)])
    return float(kept[-1 - _LEFT_OUT]) if kept.size > _LEFT_OUT else 0.0
