r"""Capital processes: what a gambler would own who bets against a hypothetical mean.

A process K_0, K_1, ... >= 0 with K_0 <= 1 and E[K_n | past] <= K_{n-1} whenever the
observations have conditional mean m is a test supermartingale for m. By Ville's
inequality (1939), P(exists n: K_n >= 1/alpha) <= alpha, so { m : K_n(m) < 1/alpha } is
a confidence set at all times n at once. Two are used, for observations X_i in [0, 1]
with sum S; put p^ = S/n and t = m - p^.

1. *Beta mixture of likelihood ratios.* For theta in (0, 1) and x in [0, 1], convexity
   of the exponential function gives

       (theta/m)^x ((1-theta)/(1-m))^{1-x} <= x theta/m + (1-x) (1-theta)/(1-m),

   with equality for x in {0, 1}; the right side has mean 1. Products over i, averaged
   over theta ~ Beta(1/2, 1/2), are the supermartingale (for 0/1 data: martingale)

       B(S + 1/2, n - S + 1/2) / (B(1/2, 1/2) m^S (1-m)^{n-S})
           = exp(n KL(p^, m) - R(S, n - S)).

   R is the regret of the mixture of Krichevsky and Trofimov (1981): at most
   1/2 log n + log 2 for whole S.

2. *Mixture of empirical Bernstein bets.* Let c_i in [0, 1] depend on the past only and
   psi(l) = -log(1-l) - l. The inequality exp(l y - psi(l) y^2) <= 1 + l y for y >= -1,
   0 <= l < 1 (Fan, Grama and Liu 2015) at y = X_i - c_i gives

       E exp(l (X_i - m) - psi(l) (X_i - c_i)^2 | past)
           <= exp(l (c_i - m)) (1 + l (m - c_i)) <= 1,

   and so does 1 - X_i. With V = sum_i (X_i - c_i)^2 and weights w_j >= 0, sum w_j = 1,

       sum_j w_j exp(-psi(l_j) V) cosh(l_j n t)

   is a supermartingale that adapts to the variance (Howard et al. 2021, theorem 4;
   theorem numbers unverified).

Both are convex in m, at most 1 at m = p^, and infinite or growing towards the ends, so
the confidence set is an interval about p^. Everything is written in logarithms and
without cancelling terms of order n, so that n up to 10^12 does no harm.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv.stats._bisection import least_double

# Bets l with odds l / (1-l) = 2^3, 2^2, ..., 2^-24 and weights ~ 1, 1/2, 1/3, ...: the
# optimal bet is about sqrt(2 log(1/alpha) / V), so the last serves V of about 10^15.
_ODDS = 2.0 ** np.arange(3, -25, -1)
_BETS = _ODDS / (1 + _ODDS)
_PSI = np.log1p(_ODDS) - _BETS  # -log(1-l) = log(1 + odds)
_LOG_WEIGHTS = -np.log(np.arange(1, _ODDS.size + 1))
_LOG_WEIGHTS -= special.logsumexp(_LOG_WEIGHTS)

_STIRLING = (-1 / 24, 7 / 2880, -31 / 40320, 127 / 215040, -511 / 608256)
_SERIES = tuple(1 / k for k in range(3, 19, 2))
_NEGLIGIBLE = 1e-200


def log_beta_capital(
    successes: ArrayLike,
    failures: ArrayLike,
    mean: ArrayLike,
) -> Real:
    """Return the logarithm of capital 1.

    Parameters
    ----------
    successes, failures : array_like, shape (*s,)
        S and n - S, not necessarily whole numbers, at least 0.
    mean : array_like, shape (*s,)
        The hypothetical mean m, in [0, 1].

    Returns
    -------
    array, shape (*s,)
        Infinite where m is 0 or 1 and the data exclude it; 0 without data.
    """
    a, b, m = (np.asarray(v, np.float64) for v in (successes, failures, mean))
    n, surplus = a + b, _surplus(a, b, m)
    divergence = _half_divergence(a, surplus, n * m)
    divergence = divergence + _half_divergence(b, -surplus, n * (1 - m))
    return np.where(n > 0, divergence - _regret(a, b), 0.0)[()]


def log_bernstein_capital(
    successes: ArrayLike,
    failures: ArrayLike,
    variation: ArrayLike,
    mean: ArrayLike,
) -> Real:
    """Return the logarithm of capital 2.

    Parameters
    ----------
    successes, failures : array_like, shape (*s,)
        S and n - S.
    variation : array_like, shape (*s,)
        V, the sum of the squared distances from the predictions.
    mean : array_like, shape (*s,)
        The hypothetical mean m, in [0, 1].

    Returns
    -------
    array, shape (*s,)
    """
    a, b, V, m = (
        np.asarray(v, np.float64) for v in (successes, failures, variation, mean)
    )
    surplus = np.abs(_surplus(a, b, m))[..., None]
    won = _LOG_WEIGHTS - _PSI * V[..., None] + _BETS * surplus
    top = won.max(axis=-1, keepdims=True)
    won = won - top
    total = np.exp(won) + np.exp(won - 2 * _BETS * surplus)
    return (top[..., 0] + np.log(total.sum(axis=-1)) - math.log(2))[()]


def log_bounded_capital(
    successes: ArrayLike,
    failures: ArrayLike,
    variation: ArrayLike,
    mean: ArrayLike,
) -> Real:
    """Return the logarithm of half of capital 1 plus half of capital 2.

    Parameters
    ----------
    successes, failures, variation, mean : array_like, shape (*s,)
        S, n - S, V and m.

    Returns
    -------
    array, shape (*s,)
    """
    likelihood = log_beta_capital(successes, failures, mean)
    bets = log_bernstein_capital(successes, failures, variation, mean)
    return (np.logaddexp(likelihood, bets) - math.log(2))[()]


def confidence_set(
    log_capital: Callable[[Float[NDArray, " n"]], Real],
    mean: float,
    log_threshold: float,
) -> tuple[float, float]:
    """Return the ends of { m in [0, 1] : capital at m < threshold }.

    Parameters
    ----------
    log_capital : callable
        The logarithm of the capital as a function of m, at most 0 at the mean of the
        observations and increasing away from it.
    mean : float
        The mean of the observations, in [0, 1].
    log_threshold : float
        log(1/alpha), above 0.

    Returns
    -------
    lower, upper : float
        The first doubles outside the set, or 0 and 1.
    """
    lower = least_double(lambda m: np.less(log_capital(m), log_threshold), mean)
    upper = least_double(lambda m: (m > mean) & (log_capital(m) >= log_threshold), 1.0)
    return max(0.0, math.nextafter(lower, -math.inf)), upper


def _surplus(a: Real, b: Real, m: Real) -> Real:
    """Return n m - S, from the smaller of S and n - S."""
    n = a + b
    surplus: NDArray = np.where(a <= b, n * m - a, b - n * (1 - m))
    return surplus


def _half_divergence(count: Real, surplus: Real, expected: Real) -> Real:
    """Return u - c log(1 + u/c) for a surplus u = expected - c; u at c = 0.

    n KL(p^, m) is the sum of this for successes and failures: two terms that are not
    negative, where the usual formula cancels.
    """
    positive = count > _NEGLIGIBLE
    c = np.where(positive, count, 1.0)
    near = np.abs(surplus) < 0.25 * c
    y = np.where(near, surplus / c, 0.0)
    with np.errstate(divide="ignore"):
        far = surplus - c * np.log(expected / c)
    divergence = np.where(near, c * _excess(y), far)
    result: NDArray = np.where(positive, divergence, np.maximum(surplus, 0.0))
    return result


def _excess(y: Real) -> Real:
    """Return y - log(1 + y) for |y| < 1/4 without cancellation.

    With r = y/(2+y): log(1 + y) = 2 artanh r and y - 2r = y r, so it is
    y r - 2 r^3 (1/3 + r^2/5 + r^4/7 + ...), with r^2 < 1/49: eight terms.
    """
    r = y / (2 + y)
    series = np.polynomial.polynomial.polyval(r**2, _SERIES)
    return np.asarray(r * (y - 2 * r**2 * series))[()]


def _stirling_remainder(z: Real) -> Real:
    """Return log Gamma(z + 1/2) - (z log z - z + log(2 pi)/2) for z >= 0.

    The asymptotic series is sum_j B_{2j}(1/2) / (2j (2j-1) z^{2j-1}); five terms leave
    an error below 1e-15 from z = 16 on.
    """
    large = np.maximum(z, 16.0)
    series = np.polynomial.polynomial.polyval(large**-2, _STIRLING) / large
    small = np.minimum(z, 16.0)
    direct = special.gammaln(small + 0.5) - special.xlogy(small, small) + small
    direct -= 0.5 * math.log(2 * math.pi)
    remainder: NDArray = np.where(z < 16, direct, series)
    return remainder


def _regret(successes: Real, failures: Real) -> Real:
    """Return log B(1/2, 1/2) - log B(a + 1/2, b + 1/2) + a log(a/n) + b log(b/n).

    The terms of order n of the three gamma functions are taken out by hand, so the
    absolute error stays near 1e-15 where the difference of logarithms loses 1e-4 at
    n = 10^12.
    """
    n = np.maximum(successes + failures, np.finfo(np.float64).tiny)
    whole = _stirling_remainder(n + 0.5) + (n + 0.5) * np.log1p(0.5 / n) - 0.5
    parts = _stirling_remainder(successes) + _stirling_remainder(failures)
    regret: Real = 0.5 * np.log(math.pi * n / 2) + whole - parts
    return regret
