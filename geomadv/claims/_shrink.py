"""The simplest point at which a relation fails: small integers, short decimals.

Each parameter in turn takes the simplest value that still fails, until none changes.
Values are tried in an order of simplicity: choices in the order in which they are
listed, integers from the least one up and then by bisection, reals by the number of
their digits.
"""

import math
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

from geomadv.claims._domain import Choices, Domain, Integers, Reals
from geomadv.claims._family import Family, same


def simplest(
    point: dict[str, Any], domain: Domain, fails: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Return a point no less simple than the given one, at which `fails` is true.

    Parameters
    ----------
    point : dict
        Where `fails` is true.
    domain : Mapping
        The parameters.
    fails : callable
        Whether the relation fails at a point; false also for points that are left out.
    """
    best = dict(point)
    changed = True
    while changed:
        changed = False
        for name in best:
            for value in simpler(domain[name], best[name]):
                trial = {**best, name: value}
                if fails(trial):
                    best, changed = trial, True
                    break
            smaller = _bisected(name, best, domain, fails)
            changed = changed or not same(smaller[name], best[name])
            best = smaller
    return best


def simpler(parameter: Any, value: Any) -> Iterator[Any]:
    """Yield values that are simpler than the given one, the simplest first."""
    match parameter:
        case Family():  # Hypothesis makes its members simple
            return
        case Choices(typical=typical):
            for other in typical:
                if other is value or other == value:
                    return
                yield other
        case Integers(lower=lower, upper=upper):
            near = max(lower, min(0, upper))  # the least in magnitude
            for other in sorted(_whole(lower, upper), key=lambda v: abs(v - near)):
                if abs(other - near) >= abs(value - near):
                    return
                yield other
        case Reals():
            yield from _shorter(parameter, value)


def _whole(lower: int, upper: int) -> set[int]:
    near = max(lower, min(0, upper))
    few = {near + k for k in range(-10, 11)}
    tens = {s * m * 10**k for k in range(1, 19) for m in (1, 2, 5) for s in (-1, 1)}
    return {v for v in few | tens if lower <= v <= upper}


def _bisected(
    name: str,
    point: dict[str, Any],
    domain: Domain,
    fails: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    """Lower an integer towards its least magnitude as far as bisection can."""
    parameter = domain[name]
    if not isinstance(parameter, Integers):
        return point
    good, bad = max(parameter.lower, min(0, parameter.upper)), point[name]
    if good == bad or fails({**point, name: good}):
        return {**point, name: good}
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        if fails({**point, name: middle}):
            bad = middle
        else:
            good = middle
    return {**point, name: bad}


def _shorter(parameter: Reals, value: float) -> Iterator[float]:
    """Yield reals with fewer digits, nice ones before those that are near."""
    low, high = parameter.lower, parameter.upper
    key = complexity(value)
    seen: set[float] = set()

    def new(other: float) -> bool:
        inside = low <= other <= high and other not in seen
        seen.add(other)
        return inside and complexity(other) < key

    nice = (1.0, 0.5, 2.0, 0.1, 10.0, low, high, 0.0)
    yield from sorted(filter(new, nice), key=complexity)
    if value == 0 or not math.isfinite(value):
        return
    for digits in range(1, 17):
        for rounding in (ROUND_FLOOR, ROUND_CEILING):
            other = float(
                Context(prec=digits, rounding=rounding).create_decimal_from_float(value)
            )
            if new(other):
                yield other


def complexity(value: float) -> tuple[int, int, float]:
    """Return the number of digits, then the distance from 1 in decades, then the size.

    Examples
    --------
    >>> sorted([0.25, 1.0, 0.1, 0.3], key=complexity)
    [1.0, 0.1, 0.3, 0.25]
    """
    if value == 0:
        return (0, 0, 0.0)
    sign, digits, exponent = Context(prec=17).create_decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    decades = abs(math.floor(math.log10(abs(value))))
    return (len(text) + sign, decades, abs(value) if isinstance(exponent, int) else 0.0)
