r"""Covers of a manifold, and what balls about them cover of its tube.

The formulas of `khoury2018` on samples, of which this is a part: derived there.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Bool, NDArray
from geomadv._validate import integer, real, real_array
from geomadv.theories.manifold._cells import cell_share


def nearest_neighbour_cover(reach: float, eps: float) -> float:
    """Return below which delta a delta-cover makes 1-NN right on the tube.

    Parameters
    ----------
    reach : float
        Distance of the classes to the decision axis, above 0.
    eps : float
        Radius of the tube, in [0, reach].

    Returns
    -------
    float
        2 (reach - eps).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> nearest_neighbour_cover(1.0, 0.25), ball_cover(1.0, 0.25)
    (1.5, 0.75)
    """
    r, e = _tube(reach, eps)
    return 2 * (r - e)


def ball_cover(reach: float, eps: float) -> float:
    """Return up to which delta balls of radius `reach` about a cover hold the tube.

    The arguments are as for `nearest_neighbour_cover`.

    Returns
    -------
    float
        reach - eps, half as much: 2^k times the samples.
    """
    r, e = _tube(reach, eps)
    return r - e


def flat_nearest_neighbour_cover(reach: float, eps: float) -> float:
    """Return the largest delta for 1-NN on parallel flats, which is exact.

    The arguments are as for `nearest_neighbour_cover`.

    Returns
    -------
    float
        2 sqrt(reach (reach - eps)), if samples of the classes may be opposite.

    Examples
    --------
    >>> flat_nearest_neighbour_cover(1.0, 0.75), flat_ball_cover(1.0, 0.6)
    (1.0, 0.8)
    """
    r, e = _tube(reach, eps)
    return 2 * math.sqrt(r * (r - e))


def flat_ball_cover(reach: float, eps: float) -> float:
    """Return the largest delta for balls of radius `reach` on flats, which is exact.

    The arguments are as for `nearest_neighbour_cover`.

    Returns
    -------
    float
        sqrt(reach^2 - eps^2).
    """
    r, e = _tube(reach, eps)
    return math.sqrt((r - e) * (r + e))


def covering_bounds(k: int, delta: float, volume: float = 1.0) -> tuple[float, float]:
    """Return bounds on the least size of a delta-cover of a flat torus.

    Parameters
    ----------
    k : int
        Dimension, at least 1.
    delta : float
        Radius of the cover, above 0.
    volume : float
        Volume of the flat, above 0.

    Returns
    -------
    lower, upper : float
        V/(omega_k delta^k) by volume, and (sqrt(k)/(2 delta))^k V by a grid (which
        fits if the sides are multiples of its spacing).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(bound, 9) for bound in covering_bounds(1, 0.05)]
    [10.0, 10.0]
    """
    size = integer("k", k, minimum=1)
    radius = real("delta", delta, lower=0, open_lower=True)
    V = real("volume", volume, lower=0, open_lower=True)
    ball = math.exp(_log_ball(size) + size * math.log(radius))
    return V / ball, V * (math.sqrt(size) / (2 * radius)) ** size


def coverage_bound(
    k: int, d: int, n: float, delta: float, volume: float = 1.0
) -> float:
    """Return the bound on the share of the tube that n balls of radius delta cover.

    Parameters
    ----------
    k : int
        Dimension of the flat, at least 1.
    d : int
        Ambient dimension, above k.
    n : float
        Number of balls, at least 0.
    delta : float
        Radius of the balls and of the tube, above 0.
    volume : float
        Volume of the flat, above 0.

    Returns
    -------
    float
        pi^(k/2) Gamma((d-k)/2 + 1)/Gamma(d/2 + 1) n delta^k/volume; from 1 on it is
        vacuous (`is_vacuous`).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(coverage_bound(1, 100, 50, 0.01), 8)
    0.12501848
    """
    size, ambient = _dimensions(k, d)
    radius = real("delta", delta, lower=0, open_lower=True)
    V = real("volume", volume, lower=0, open_lower=True)
    return real("n", n, lower=0) * math.exp(
        _log_one_ball(size, ambient) + size * math.log(radius) - math.log(V)
    )


def grid_coverage(k: int, d: int) -> float:
    """Return `coverage_bound` of the coarsest grid that is a delta-cover.

    Parameters
    ----------
    k : int
        Dimension of the flat, at least 1.
    d : int
        Ambient dimension, above k.

    Returns
    -------
    float
        The same for every delta, about (pi k/(2 d))^(k/2); exact for k = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Relative error below 1e-11 for d up to 10^4 and 1e-8 up to 10^6, against 50-digit
    arithmetic; a difference of logarithms of gamma functions.

    Examples
    --------
    >>> [round(grid_coverage(k, d), 8) for k, d in ((1, 2), (2, 10), (2, 3))]
    [0.78539816, 0.31415927, 1.04719755]
    >>> bool(is_vacuous(grid_coverage(2, 3)))
    True
    """
    size, ambient = _dimensions(k, d)
    return math.exp(_log_one_ball(size, ambient) + size * math.log(size) / 2) / 2**size


def is_vacuous(bound: ArrayLike) -> Bool[NDArray, "*s"]:
    """Tell whether a bound on a share says nothing, being at least 1.

    Parameters
    ----------
    bound : float or array_like
        Bounds, at least 0.

    Returns
    -------
    array of bool

    Raises
    ------
    ValueError, TypeError
        If bound is not as described.

    Examples
    --------
    >>> is_vacuous([0.5, 1.05])
    array([False,  True])
    """
    return np.asarray(real_array("bound", bound, lower=0, infinite=True) >= 1.0)


def balls_needed(k: int, d: int, delta: float, volume: float = 1.0) -> float:
    """Return how many balls of radius delta are needed to cover the tube, at least.

    Parameters
    ----------
    k, d, delta, volume
        As for `coverage_bound`.

    Returns
    -------
    float
        The n at which `coverage_bound` is 1: it grows like (d/(2 pi))^(k/2), while the
        size of a delta-cover of the flat does not depend on d.

    Examples
    --------
    >>> round(balls_needed(2, 502, 0.1), 6), round(covering_bounds(2, 0.1)[1], 6)
    (7989.578143, 50.0)
    """
    return 1 / coverage_bound(k, d, 1.0, delta, volume)


def tube_coverage(
    k: int, d: int, *, spacing: float, radius: float, eps: float
) -> float:
    """Return the share of a tube over a flat that balls about a grid cover, exactly.

    Parameters
    ----------
    k : int
        Dimension of the flat, at least 1, without boundary (a flat torus).
    d : int
        Ambient dimension, above k.
    spacing : float
        Spacing of the grid, above 0.
    radius : float
        Radius of the balls, above 0.
    eps : float
        Radius of the tube, above 0.

    Returns
    -------
    float
        P[t^2 + u^2 <= radius^2], see the head of `khoury2018`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    An integral over t by adaptive quadrature, split at its kinks, of the share of a
    cubic cell within a radius (`_cells`); absolute error below 1e-9.

    Examples
    --------
    >>> round(tube_coverage(1, 100, spacing=2.0, radius=1.0, eps=1.0), 8)
    0.12501848

    Five dimensions, where the bound of `coverage_bound` is 0.001586582:

    >>> round(tube_coverage(5, 105, spacing=2.0, radius=5**0.5, eps=5**0.5), 9)
    0.001586572
    """
    size, ambient = _dimensions(k, d)
    s, R, e = (
        real(name, value, lower=0, open_lower=True)
        for name, value in (("spacing", spacing), ("radius", radius), ("eps", eps))
    )
    power = ambient - size
    top = min(e, R)

    def integrand(t: float) -> float:
        weight = math.exp((power - 1) * math.log(t / e)) if t > 0 else float(power == 1)
        square = np.array(max((R - t) * (R + t), 0.0) / s**2)
        return weight * power / e * float(cell_share(size, square))

    kinks = [R * R - s * s * j / 4 for j in range(1, size + 1)]
    breaks = {math.sqrt(kink) for kink in kinks if 0 < kink < top * top}
    breaks |= {top * max(1 - x / power, 0.0) for x in (1.0, 5.0, 40.0)}
    return min(1.0, _integral(integrand, sorted({0.0, top, *breaks})))


def sample_covered(
    n: int, rng: np.random.Generator | int, k: int, d: int
) -> Bool[NDArray, " n"]:
    """Draw points of the tube and whether the balls of the coarsest grid cover them.

    Parameters
    ----------
    n : int
        Number of points, at least 0.
    rng : numpy.random.Generator or int
        Generator, or the seed of one.
    k : int
        Dimension of the flat, at least 1.
    d : int
        Ambient dimension, above k.

    Returns
    -------
    (n,) array of bool

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    k + 1 numbers a point, whatever d: the distance to the flat and the position in a
    cell.

    Examples
    --------
    >>> float(sample_covered(100_000, 0, 1, 3).mean().round(2))
    0.67
    """
    size, ambient = _dimensions(k, d)
    count, rng = integer("n", n, minimum=0), generator(rng)
    t = rng.random(count) ** (1 / (ambient - size))
    cell = (2 * rng.random((count, size)) - 1) / math.sqrt(size)
    return np.asarray(t * t + (cell * cell).sum(axis=1) <= 1.0)


def _tube(reach: float, eps: float) -> tuple[float, float]:
    r = real("reach", reach, lower=0, open_lower=True)
    return r, real("eps", eps, lower=0, upper=r)


def _dimensions(k: int, d: int) -> tuple[int, int]:
    size = integer("k", k, minimum=1)
    return size, integer("d", d, minimum=size + 1)


def _log_ball(m: int) -> float:
    """Return the logarithm of the volume of the unit ball of R^m."""
    return m / 2 * math.log(math.pi) - math.lgamma(m / 2 + 1)


def _log_one_ball(k: int, d: int) -> float:
    gap = math.lgamma((d - k) / 2 + 1) - math.lgamma(d / 2 + 1)
    return k / 2 * math.log(math.pi) + gap


def _integral(function: Callable[[float], float], breaks: list[float]) -> float:
    from scipy.integrate import quad

    return sum(
        float(quad(function, low, high, epsabs=1e-12, epsrel=1e-11, limit=200)[0])
        for low, high in itertools.pairwise(breaks)
    )
