r"""Regions as upper level sets of functions that are 1-Lipschitz in l_p.

Every region of this package is E = {x : f(x) >= t} with a *score* f that obeys
|f(x) - f(y)| <= ||x - y||_p. A point within eps of E then has f(x) >= t - eps, so

    E_eps = {x : d(x, E) <= eps}  is a subset of  {x : f(x) >= t - eps},

and the share of points with f(x) >= t - eps never understates the measure of E_eps. The
two are equal where f falls at unit speed away from E, as it does for half-spaces, for
unions of balls and for the complement of one box. So one number, the threshold t, tunes
the measure of a region of any family, and both risks are counts of one array of scores.

Conventions: shares are of n points; a *mass* is a share that is aimed at. Comparisons
forgive rounding of 1e-9 of t and eps, in favour of membership in E_eps.
"""

import math
from typing import Protocol, runtime_checkable

import numpy as np

from geomadv._typing import ArrayLike, Bool, Float, NDArray

_ROUNDING = 1e-9


@runtime_checkable
class Region(Protocol):
    """A family's region: a score that is 1-Lipschitz in l_p."""

    def score(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the score of each of n points; high scores lie in the region."""
        ...  # a protocol has no body


def threshold(scores: Float[NDArray, " n"], mass: float) -> float:
    """Return the greatest t with a share of scores >= t of at least `mass`.

    Examples
    --------
    >>> threshold(np.array([1.0, 4.0, 2.0, 3.0]), 0.5)
    3.0
    """
    n = scores.shape[0]
    k = needed(n, mass)
    return float(np.partition(scores, n - k)[n - k])


def needed(n: int, mass: float) -> int:
    """Return the least number of n points, at least 1, whose share is `mass`."""
    return min(n, max(1, math.ceil(mass * n - 1e-9)))


def risk(scores: Float[NDArray, " n"], t: float) -> int:
    """Return how many scores lie in {f >= t}."""
    return int(np.count_nonzero(scores >= t))


def adversarial_risk(scores: Float[NDArray, " n"], t: float, eps: float) -> int:
    """Return how many scores lie in {f >= t - eps}: points near the region.

    Examples
    --------
    >>> adversarial_risk(np.array([1.0, 4.0, 2.0, 3.0]), 4.0, 1.0)
    2
    """
    return int(np.count_nonzero(within(scores, t, eps)))


def within(scores: Float[NDArray, " n"], t: float, eps: float) -> Bool[NDArray, " n"]:
    """Tell which scores lie in {f >= t - eps}."""
    slack = _ROUNDING * max(abs(t), eps)
    return np.asarray(scores >= t - eps - slack)


def expanded_share(scores: Float[NDArray, " n"], mass: float, eps: float) -> float:
    """Return the share of points near the region of a mass that a score defines."""
    t = threshold(scores, mass)
    return adversarial_risk(scores, t, eps) / scores.shape[0]


def expanded_shares(
    scores: Float[NDArray, "n m"], mass: float, eps: float
) -> tuple[Float[NDArray, " m"], Float[NDArray, " m"]]:
    """Return `expanded_share` of m scores, and of the m scores with opposite sign."""
    n = scores.shape[0]
    k = needed(n, mass)
    ends = np.partition(scores, (k - 1, n - k), axis=0)
    high = (scores >= ends[n - k] - eps).mean(axis=0)
    low = (scores <= ends[k - 1] + eps).mean(axis=0)
    return high, low
