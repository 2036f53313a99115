"""Tools for enclosures: what tightens a ball where more is known of a function.

A ball holds every value of a function on its argument, and more where the argument
occurs twice. The functions here take and return `flint.arb`; numbers are converted.
"""

import functools
from collections.abc import Callable
from typing import Any

# python-flint carries no types; an `arb` is annotated as Any.


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the values of a function of plain arguments, anew for each precision.

    Parameters
    ----------
    function : callable
        Returns balls; its arguments are hashable.

    Returns
    -------
    callable

    Examples
    --------
    >>> from flint import arb, ctx
    >>> third = cached(lambda: arb(1) / 3)
    >>> coarse, ctx.prec = third().rad(), ctx.prec + 64
    >>> third().rad() < coarse
    True
    >>> ctx.prec -= 64
    """

    @functools.cache
    def kept(precision: int, *arguments: Any) -> Any:  # noqa: ARG001
        return function(*arguments)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        from flint import ctx

        return kept(ctx.prec, *arguments)

    return call


def decreasing(function: Callable[[Any], Any], x: Any) -> Any:
    """Enclose a decreasing function on a ball by its values at the two ends.

    Parameters
    ----------
    function : callable
        The function of an `arb`, decreasing on x.
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> from flint import arb
    >>> decreasing(lambda t: t - 2 * t, arb(1).union(arb(2))) > -2.01
    True
    """
    x = as_ball(x)
    if x.is_exact():
        return function(x)
    return function(x.lower()).union(function(x.upper()))


def concave(function: Callable[[Any], Any], x: Any) -> Any:
    """Enclose a concave function on a ball: it is least at one of the two ends.

    Parameters
    ----------
    function : callable
        The function of an `arb`, concave on x.
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> from flint import arb
    >>> concave(lambda t: t * (2 - t), arb(0.5).union(arb(1))) > 0.74  # natural: 0.5
    True
    """
    x = as_ball(x)
    if x.is_exact():
        return function(x)
    low, high = function(x.lower()), function(x.upper())
    return low.min(high).lower().union(function(x).upper())


def positive_product(x: Any, y: Any) -> Any:
    """Enclose a product by its ends, where both factors are positive.

    The product of two wide balls contains negative numbers even then.

    Parameters
    ----------
    x, y : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> from flint import arb
    >>> wide = arb(1).union(arb(100))
    >>> wide * wide > 0, positive_product(wide, wide) > 0
    (False, True)
    """
    x, y = as_ball(x), as_ball(y)
    if not (x > 0 and y > 0):
        return x * y
    return (x.lower() * y.lower()).union(x.upper() * y.upper())


def span(low: Any, high: Any) -> Any:
    """Enclose an interval by a ball, without negative numbers if it has none.

    Midpoints and radii are rounded, so that the usual union of 0 and 1 reaches below 0.

    Parameters
    ----------
    low, high : arb or number
        Enclosures of the two ends.

    Returns
    -------
    arb

    Examples
    --------
    >>> from flint import arb
    >>> arb(0).union(arb(0.3)) >= 0, span(0, 0.3) >= 0
    (False, True)
    """
    low, high = as_ball(low), as_ball(high)
    hull = low.lower().union(high.upper())
    return hull.nonnegative_part() if low.lower() >= 0 else hull


def ends(x: Any) -> tuple[Any, Any]:
    """Return the least and the greatest number of a ball.

    Parameters
    ----------
    x : arb or number

    Returns
    -------
    arb, arb

    Examples
    --------
    >>> ends(0.5)
    (0.500000000000000, 0.500000000000000)
    """
    x = as_ball(x)
    return x.lower(), x.upper()


def as_ball(x: Any) -> Any:
    """Return a ball: x itself, or the one that holds a number.

    Parameters
    ----------
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> as_ball(0.5)
    0.500000000000000
    """
    from flint import arb

    return x if isinstance(x, arb) else arb(x)
