r"""How densely random points lie on the circle and the torus.

Covering radii, largest gaps and empty cells: the laws that `belkin2018` derives and
uses. The alternating sums of inclusion and exclusion are added up in ball arithmetic.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, NDArray, Real
from geomadv._validate import broadcast, integer, real, real_array
from geomadv.theories.oscillation._binomial import binomial_pmf

_TINY = 2.0**-60


def sufficient_sample_size(cells: int, mass: float, failure: float) -> float:
    """Return how many points put a mislabelled one into every cell.

    Parameters
    ----------
    cells : int
        K, at least 1.
    mass : float
        a in (0, 1), the least probability that a point is in a given cell and
        mislabelled.
    failure : float
        1 - delta, in (0, 1).

    Returns
    -------
    float
        N of the module; every n >= N will do.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    Ten cells of the circle and a tenth of the labels wrong:

    >>> round(sufficient_sample_size(10, 0.1 / 10, 0.05), 2)
    527.18
    """
    K = integer("cells", cells, minimum=1)
    a, rate = _inner("mass", mass), _inner("failure", failure)
    return math.log(K / rate) / -math.log1p(-a)


def empty_cell_probability(n: int, cells: int, mass: float) -> float:
    """Return the probability that some cell has none of n points.

    Parameters
    ----------
    n : int
        Number of points, at least 0.
    cells : int
        K disjoint cells, at least 1.
    mass : float
        a in (0, 1/K]: each point is in each of the cells with this probability.

    Returns
    -------
    float
        sum_{j >= 1} (-1)^{j+1} C(K, j) (1 - j a)^n, at most K (1 - a)^n.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By inclusion and exclusion in ball arithmetic, as precise as the cancellation asks:
    right to 1e-15.

    Examples
    --------
    Two coins miss heads or tails half of the time:

    >>> empty_cell_probability(2, 2, 0.5)
    0.5
    """
    n, K = integer("n", n, minimum=0), integer("cells", cells, minimum=1)
    a = real("mass", mass, lower=0.0, upper=(1.0 + 1e-12) / K, open_lower=True)
    return _alternating(
        K, lambda arb, j: arb.bin_uiui(K, j) * _positive(1 - j * arb(a)) ** n
    )


def gap_tail(n: int, g: float, noise: float = 1.0) -> float:
    """Return P(G > g) for the largest gap G of random points on the circle.

    Parameters
    ----------
    n : int
        Number of independent uniform points, at least 1.
    g : float
        A length in [0, 1) of the circle of length 1.
    noise : float
        The probability nu in (0, 1] that a point counts: as for mislabelled ones. If
        none counts, G is infinite.

    Returns
    -------
    float
        The sum of the module. Covering radii are G/2.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    In ball arithmetic, as precise as the cancellation asks: right to 1e-15. A sum of
    500 terms takes some milliseconds.

    Examples
    --------
    >>> round(gap_tail(50, 0.1), 10), round(gap_tail(20, 0.2), 10)
    (0.2649665861, 0.2766838769)
    """
    n = integer("n", n, minimum=1)
    g = real("g", g, lower=0.0, upper=1.0, open_upper=True)
    nu = real("noise", noise, lower=0.0, upper=1.0, open_lower=True)
    if g == 0.0:
        return 1.0

    def term(arb: Any, j: int) -> Any:
        near = _positive(1 - j * arb(g)) ** (j - 1)
        far = _positive(1 - j * arb(nu) * arb(g)) ** (n - j)
        return arb.bin_uiui(n, j) * arb(nu) ** j * near * far

    return min((1.0 - nu) ** n + _alternating(n, term), 1.0)


def expected_radius(m: int) -> float:
    """Return the mean covering radius of m random points on the circle.

    Parameters
    ----------
    m : int
        Number of independent uniform points, at least 1.

    Returns
    -------
    float
        H_m/(2m), with the harmonic number H_m.

    Raises
    ------
    ValueError, TypeError
        If m is not as described.

    Examples
    --------
    >>> round(expected_radius(5), 10)
    0.2283333333
    """
    m = integer("m", m, minimum=1)
    return float(special.digamma(float(m) + 1.0) + np.euler_gamma) / (2.0 * m)


def expected_noisy_radius(n: int, noise: float) -> float:
    """Return the mean covering radius of mislabelled points on the circle.

    Parameters
    ----------
    n : int
        Number of points, from 1 to 10^6.
    noise : float
        The probability that a label is wrong, in (0, 1].

    Returns
    -------
    float
        sum_{m >= 1} P(Bin(n, noise) = m) H_m/(2m): no mislabelled points, an event of
        probability (1 - noise)^n, count 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(expected_noisy_radius(1000, 0.1), 10)
    0.0261059155
    """
    n = integer("n", n, minimum=1, maximum=10**6)
    nu = real("noise", noise, lower=0.0, upper=1.0, open_lower=True)
    m = np.arange(1, n + 1)
    return (
        float(binomial_pmf(m, n, nu) @ ((special.digamma(m + 1) + np.euler_gamma) / m))
        / 2
    )


def radius_scale(m: ArrayLike, d: ArrayLike) -> Real:
    """Return (ln m/(m omega_d))^(1/d), about the covering radius of m random points.

    Parameters
    ----------
    m : float or array_like
        Number of points, at least 2.
    d : int or array_like
        Dimension of the torus or cube, at least 1.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(radius_scale(1000, 2)), 6)
    0.046891
    """
    size, dim = broadcast(
        m=real_array("m", m, lower=2.0), d=real_array("d", d, lower=1.0)
    )
    logs = np.log(np.log(size)) - np.log(size) - log_ball(dim)
    scale: Real = np.exp(logs / dim)
    return scale


def radius_lower_bound(m: ArrayLike, d: ArrayLike) -> Real:
    """Return (m omega_d)^(-1/d): no m points have a smaller radius on the torus.

    Parameters
    ----------
    m : float or array_like
        Number of points, at least 1.
    d : int or array_like
        Dimension of the torus or cube, at least 1.

    Returns
    -------
    numpy.float64 or array
        The radius at which m balls have volume 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(radius_lower_bound(4, 1)), 12)
    0.125
    """
    size, dim = broadcast(
        m=real_array("m", m, lower=1.0), d=real_array("d", d, lower=1.0)
    )
    bound: Real = np.exp(-(np.log(size) + log_ball(dim)) / dim)
    return bound


def log_points_needed(radius: ArrayLike, d: ArrayLike) -> Real:
    """Return ln of the least number of points that can have such a covering radius.

    Parameters
    ----------
    radius : float or array_like
        Above 0.
    d : int or array_like
        Dimension of the torus or cube, at least 1.

    Returns
    -------
    numpy.float64 or array
        -ln(omega_d radius^d), or 0 if that is negative. Training points are needed
        1/nu times as often, for only a share nu of them is mislabelled.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    A fifth of the diameter of the torus, sqrt(d)/2, at d = 100:

    >>> round(float(log_points_needed(0.1 * 100**0.5, 100)), 4)
    91.2413
    """
    r, dim = broadcast(
        radius=real_array("radius", radius, lower=0.0, open_lower=True),
        d=real_array("d", d, lower=1.0),
    )
    logs: Real = np.maximum(-log_ball(dim) - dim * np.log(r), 0.0)[()]
    return logs


def _inner(name: str, value: Any) -> float:
    return real(name, value, lower=0, upper=1, open_lower=True, open_upper=True)


def log_ball(d: NDArray) -> Real:
    """Return ln omega_d."""
    logs: Real = d / 2.0 * math.log(math.pi) - special.gammaln(d / 2.0 + 1.0)
    return logs


def _positive(x: Any) -> Any:
    """Return x where it is certainly positive, else 0."""
    return x if x > 0 else 0 * x


def _alternating(count: int, term: Callable[[Any, int], Any]) -> float:
    """Return sum_{j = 1}^{count} (-1)^{j+1} term(arb, j), a probability, to 1e-15.

    The terms are positive and log-concave in j: once they fall and are tiny, so is the
    rest. The precision doubles until the ball of the sum is small.
    """
    from flint import arb, ctx

    before, precision = ctx.prec, 128
    try:
        while True:
            ctx.prec = precision
            total, last = arb(0), arb(0)
            for j in range(1, count + 1):
                now = term(arb, j)
                total += now if j % 2 else -now
                if now < _TINY and now <= last:
                    break
                last = now
            if total.rad() < _TINY:
                return min(max(float(total.mid()), 0.0), 1.0)
            precision *= 2
    finally:
        ctx.prec = before
