r"""Ball-arithmetic enclosures of the functions that the theories use.

Each function takes and returns `flint.arb` (numbers are converted): the result contains
the value at every point of the arguments. They are independent of the floating-point
formulas of the library, which are checked against them.
"""

from collections.abc import Callable
from typing import Any

# python-flint carries no types; an `arb` is annotated as Any.


def normal_cdf(x: Any) -> Any:
    r"""Enclose :math:`\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)`.

    Parameters
    ----------
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> normal_cdf(0)
    0.500000000000000
    """
    return normal_tail(-_arb(x))


def normal_tail(x: Any) -> Any:
    r"""Enclose :math:`1 - \Phi(x)` with relative accuracy however large x is.

    The tail decreases, so its values at the two ends of x enclose it, more tightly
    than one evaluation on a wide ball would.

    Parameters
    ----------
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> float(normal_tail(40)) < 1e-349
    True
    """
    from flint import arb

    root = arb(2).sqrt()
    return _decreasing(lambda t: (t / root).erfc() / 2, _arb(x))


def normal_density(x: Any) -> Any:
    r"""Enclose :math:`\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}`.

    Parameters
    ----------
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(normal_density(0)), 6)
    0.398942
    """
    x = _arb(x)
    return (-(x * x) / 2).exp() / (2 * x.pi()).sqrt()


def normal_quantile(mass: Any) -> Any:
    r"""Enclose :math:`-\Phi^{-1}(\mu)`, the a with an upper tail of mu.

    Parameters
    ----------
    mass : arb or number
        The tail mu, in (0, 1).

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(normal_quantile(0.01)), 6)
    2.326348
    """
    from flint import arb

    return arb(2).sqrt() * (2 * _arb(mass)).erfcinv()


def mills_ratio(x: Any) -> Any:
    r"""Enclose the Mills ratio :math:`(1 - \Phi(x))/\varphi(x)`, which decreases.

    Parameters
    ----------
    x : arb or number

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(mills_ratio(0)) ** 2, 6)  # pi/2
    1.570796
    """
    return _decreasing(lambda t: normal_tail(t) / normal_density(t), _arb(x))


def cap_measure(d: int, height: Any) -> Any:
    r"""Enclose the measure of a cap of the sphere in R^d.

    It is :math:`\tfrac12 I_{1-t^2}(\tfrac{d-1}2, \tfrac12)`, which decreases in t.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    height : arb or number
        The height t, in [0, 1].

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(cap_measure(3, 0.5)), 12)  # Archimedes
    0.25
    """
    half = _arb(1) / 2

    def at(t: Any) -> Any:
        return (1 - t * t).beta_lower(half * (d - 1), half, True) / 2

    return _decreasing(at, _arb(height))


def _arb(x: Any) -> Any:
    from flint import arb

    return x if isinstance(x, arb) else arb(x)


def _decreasing(function: Callable[[Any], Any], x: Any) -> Any:
    """Enclose a decreasing function on a ball by its values at the two ends."""
    if x.is_exact():
        return function(x)
    return function(x.lower()).union(function(x.upper()))
