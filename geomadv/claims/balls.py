r"""Ball-arithmetic enclosures of the functions that the theories use.

Each function takes and returns `flint.arb` (numbers are converted): the result contains
the value at every point of the arguments. They are independent of the floating-point
formulas of the library, which are checked against them.
"""

from typing import Any

from geomadv.claims._ball_tools import (
    as_ball,
    cached,
    concave,
    decreasing,
    ends,
    positive_product,
    span,
)

__all__ = [
    "as_ball",
    "cached",
    "cap_height",
    "cap_measure",
    "concave",
    "decreasing",
    "ends",
    "mills_ratio",
    "mills_remainder",
    "normal_cdf",
    "normal_density",
    "normal_quantile",
    "normal_tail",
    "positive_product",
    "span",
]


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
    return normal_tail(-as_ball(x))


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
    >>> normal_tail(40).log().floor()
    -805.000000000000
    """
    from flint import arb

    root = arb(2).sqrt()
    return decreasing(lambda t: (t / root).erfc() / 2, as_ball(x))


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
    x = as_ball(x)
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

    return arb(2).sqrt() * (2 * as_ball(mass)).erfcinv()


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
    return decreasing(lambda t: normal_tail(t) / normal_density(t), as_ball(x))


def mills_remainder(w: Any, levels: int = 24) -> Any:
    r"""Enclose the F with :math:`x\,(1 - \Phi(x))/\varphi(x) = 1/(1 + w F)`, w = 1/x^2.

    It is Laplace's continued fraction 1/(1 + 2w/(1 + 3w/(1 + ...))), and w may contain
    0, where x is infinite: T_n = 1 + n w/T_{n+1} lies in [1, 1 + n w] for every n, and
    starting with that interval in place of the last T_n encloses the value.

    Parameters
    ----------
    w : arb or number
        At least 0.
    levels : int
        How many terms are used.

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(1 / (1 + mills_remainder(0.01) / 100)), 9)  # x = 10
    0.990285965
    """
    w = as_ball(w).nonnegative_part()
    tail = as_ball(1).union(1 + (levels + 1) * w.upper())
    for n in range(levels, 1, -1):
        tail = 1 + n * w / tail
    return 1 / tail


def cap_measure(d: int, height: Any) -> Any:
    r"""Enclose the measure of a cap of the sphere in R^d, decreasing in its height.

    Near the equator, and for negative heights t, it is

    .. math::
        \tfrac12 - \frac{\Gamma(d/2)}{\sqrt\pi\,\Gamma((d-1)/2)}\, t\,
        {}_2F_1(\tfrac12, \tfrac{3-d}2; \tfrac32; t^2),

    which keeps its absolute accuracy. Towards the pole it is, with
    :math:`a = (d-1)/2` and :math:`x = 1 - t^2`,

    .. math::
        \tfrac12 I_x(a, \tfrac12)
        = \frac{x^a t}{2 a B(a, 1/2)}\, {}_2F_1(a + \tfrac12, 1; a + 1; x),

    by Gauss's continued fraction, which keeps its relative accuracy.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    height : arb or number
        The height t, in [-1, 1].

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(cap_measure(3, 0.5)), 12)  # Archimedes
    0.25
    """
    half = as_ball(1) / 2
    a = half * (d - 1)

    def at(t: Any) -> Any:
        square = t * t
        ratio = (a + half).gamma() / a.gamma() / t.pi().sqrt()
        if t > 0 and (square > 0.25 or square * d > 16):
            x = 1 - square
            return ratio * x**a * t * _gauss_fraction(a + half, a + 1, x) / (2 * a)
        return half - ratio * t * square.hypgeom_2f1(half, 1 - a, 3 * half)

    return decreasing(at, as_ball(height))


def cap_height(d: int, mass: Any) -> Any:
    r"""Enclose the height at which a cap of the sphere has a measure.

    By bisection and then the rule of false position (Illinois): the measure falls with
    the height, and an end moves only where the sign is certain.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    mass : arb or number
        The measure, in (0, 1).

    Returns
    -------
    arb

    Examples
    --------
    >>> round(float(cap_height(3, 0.25)), 12)
    0.5
    """
    from flint import arb

    def at(m: Any) -> Any:
        low, high = arb(-1), arb(1)
        over, under = 1 - m, m
        for step in range(100):
            share = over / (over + under) if step >= 10 else arb(0.5)
            middle = (low + (high - low) * share).mid()
            gap = cap_measure(d, middle) - m
            if gap > 0:
                low, over, under = middle, gap.mid(), under / 2
            elif gap < 0:
                high, under, over = middle, -gap.mid(), over / 2
            else:  # next to the root, no sign is certain
                width = (high - low) * arb(2) ** -70
                if cap_measure(d, middle - width) > m > cap_measure(d, middle + width):
                    return (middle - width).union(middle + width)
                break
        return low.union(high)

    return decreasing(at, as_ball(mass))


def _gauss_fraction(b: Any, c: Any, x: Any, levels: int = 64) -> Any:
    r"""Enclose 2F1(b, 1; c; x) for 0 < b < c and 0 <= x < 1.

    It is 1/T_1 with T_n = 1 - (1 - g_{n-1}) g_n x / T_{n+1}, g_0 = 0,
    g_{2k} = k/(c + 2k - 1) and g_{2k+1} = (b + k)/(c + 2k) in (0, 1) (Gauss; Wall 1948,
    "Analytic theory of continued fractions"). From T_{n+1} >= g_n follows
    T_n >= 1 - (1 - g_{n-1}) x >= g_{n-1}, so all T_n lie in [g_{n-1}, 1], and starting
    with that interval in place of the last T_n encloses the value.
    """

    def g(n: int) -> Any:
        k = n // 2
        return (b + k) / (c + 2 * k) if n % 2 else k / (c + 2 * k - 1)

    last = g(levels + 1)
    tail = last.union(as_ball(1))
    for n in range(levels + 1, 0, -1):
        before = g(n - 1)
        tail = 1 - (1 - before) * last * x / tail
        last = before
    return 1 / tail
