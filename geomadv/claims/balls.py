r"""Ball-arithmetic enclosures of the functions that the theories use.

Each function takes and returns `flint.arb` (numbers are converted): the result contains
the value at every point of the arguments. They are independent of the floating-point
formulas of the library, which are checked against them.
"""

from typing import Any


def normal_cdf(x: Any) -> Any:
    r"""Enclose :math:`\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)`.

    Examples
    --------
    >>> from flint import arb
    >>> normal_cdf(0)
    0.500000000000000
    """
    return normal_tail(-_arb(x))


def normal_tail(x: Any) -> Any:
    r"""Enclose :math:`1 - \Phi(x)` with relative accuracy however large x is.

    The tail decreases, so its values at the two ends of x enclose it, more tightly
    than one evaluation on a wide ball would.
    """
    x = _arb(x)
    root = _arb(2).sqrt()
    return _decreasing(lambda t: (t / root).erfc() / 2, x)


def normal_density(x: Any) -> Any:
    r"""Enclose :math:`\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}`."""
    x = _arb(x)
    return (-(x * x) / 2).exp() / (2 * type(x).pi()).sqrt()


def mills_ratio(x: Any) -> Any:
    r"""Enclose the Mills ratio :math:`(1 - \Phi(x))/\varphi(x)`, which decreases."""
    return _decreasing(lambda t: normal_tail(t) / normal_density(t), _arb(x))


def cap_measure(d: int, height: Any) -> Any:
    r"""Enclose the measure of a cap of the sphere in R^d at a height in [0, 1].

    It is :math:`\tfrac12 I_{1-t^2}(\tfrac{d-1}2, \tfrac12)`, which decreases in t.
    """
    half = _arb(1) / 2

    def at(t: Any) -> Any:
        return _arb(1 - t * t).beta_lower(half * (d - 1), half, True) / 2

    return _decreasing(at, _arb(height))


def _arb(x: Any) -> Any:
    from flint import arb

    return x if isinstance(x, arb) else arb(x)


def _decreasing(function: Any, x: Any) -> Any:
    """Enclose a decreasing function on a ball by its values at the two ends."""
    if x.is_exact():
        return function(x)
    return function(x.lower()).union(function(x.upper()))
