r"""Errors of weighted means of noisy labels, and their mean squared errors.

Weights that are uniform on the simplex belong to the simplicial rule and to wiNN with
-ln z, weights of Pareto's law to wiNN with z^-delta. Derived in `belkin2018`.
"""

import math

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Real
from geomadv._validate import broadcast, integer, real, real_array
from geomadv.theories.oscillation._binomial import binomial_pmf
from geomadv.theories.oscillation._density import log_ball


def error_share(k: int, noise: ArrayLike) -> Real:
    """Return the share of wrong decisions with k weights uniform on the simplex.

    Parameters
    ----------
    k : int
        From 1 to 10^6: d + 1 for the simplicial rule in R^d, the number of neighbours
        for wiNN with weights -ln z.
    noise : float or array_like
        The probability in [0, 1] that a label is wrong.

    Returns
    -------
    numpy.float64 or array
        P(B' < B) of the module.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Relative error below 1e-11 against 50-digit arithmetic for k <= 1000 where the
    result exceeds 1e-290; far below it is 0.

    Examples
    --------
    The simplicial rule on the line and in the plane, at noise .2:

    >>> error_share(2, 0.2).round(12), error_share(3, 0.2).round(12)
    (np.float64(0.2), np.float64(0.176))
    """
    k = integer("k", k, minimum=1, maximum=10**6)
    nu = real_array("noise", noise, lower=0.0, upper=1.0)
    j = np.arange(1, k + 1)
    below = special.bdtr(j - 1.0, k - 1, 0.5)
    shares = np.array([binomial_pmf(j, k, one) @ below for one in nu.ravel().tolist()])
    share: Real = np.minimum(shares, 1.0).reshape(nu.shape)[()]
    return share


def error_share_bound(k: ArrayLike, noise: ArrayLike) -> Real:
    """Return ((1 + 2 sqrt(nu (1 - nu)))/2)^k, never less than the share of errors.

    Parameters
    ----------
    k : int or array_like
        As for `error_share`.
    noise : float or array_like
        nu in [0, 1/2].

    Returns
    -------
    numpy.float64 or array
        The base is the right one: the k-th root of the share tends to it.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(error_share_bound(1, 0.2)), 12)
    0.9
    """
    size, nu = broadcast(
        k=real_array("k", k, lower=1.0),
        noise=real_array("noise", noise, lower=0.0, upper=0.5),
    )
    bound: Real = ((0.5 + np.sqrt(nu * (1.0 - nu))) ** size)[()]
    return bound


def excess_risk(k: int, noise: ArrayLike) -> Real:
    """Return the risk above the Bayes risk, (1 - 2 nu) times the share of errors.

    Parameters and errors are as for `error_share`, but nu is at most 1/2.

    Returns
    -------
    numpy.float64 or array

    Examples
    --------
    >>> round(float(excess_risk(3, 0.2)), 12)
    0.1056
    """
    nu = real_array("noise", noise, lower=0.0, upper=0.5)
    risk: Real = (1.0 - 2.0 * nu) * error_share(k, nu)
    return risk


def margin_bound(excess: ArrayLike, exponent: ArrayLike) -> Real:
    """Return the greatest measure of an error set of given excess risk.

    Parameters
    ----------
    excess : float or array_like
        The excess risk, in [0, 1].
    exponent : float or array_like
        a > 0 with P(|2 eta - 1| <= t) <= t^a.

    Returns
    -------
    numpy.float64 or array
        ((a + 1)/a excess)^(a/(a + 1)), at most 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> float(margin_bound(0.125, 1.0))
    0.5
    """
    risk, a = broadcast(
        excess=real_array("excess", excess, lower=0.0, upper=1.0),
        exponent=real_array("exponent", exponent, lower=0.0, open_lower=True),
    )
    bound: Real = np.minimum(((a + 1.0) / a * risk) ** (a / (a + 1.0)), 1.0)[()]
    return bound


def variance_factor(k: float, d: int, delta: float | None = None) -> float:
    """Return V_k, the variance of the weighted mean of k labels of variance 1.

    Parameters
    ----------
    k : float
        Number of neighbours, at least 1 (in the formula it may be huge).
    d : int
        Dimension, at least 1.
    delta : float, optional
        Above 0, for weights z^-delta; None for -ln z.

    Returns
    -------
    float
        E sum w^2/(sum w)^2 where the density is constant; 2/(k + 1) for -ln z.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Two quadratures, right to 1e-11 against 20-digit arithmetic for k <= 100, and within
    1e-9 of the limit at k = 1e10 for d/delta > 2.

    Examples
    --------
    >>> round(variance_factor(20, 5, 1.0) * 20, 4), variance_factor(20, 5) * 21
    (1.0576, 2.0)
    """
    k = real("k", k, lower=1.0)
    d = integer("d", d, minimum=1)
    if delta is None:
        return 2.0 / (k + 1.0)
    a = d / real("delta", delta, lower=0.0, open_lower=True)
    if k == 1.0:
        return 1.0
    tau = np.arange(-math.log(k) - 38.0 / min(a, 2.0), 4.0, 0.05)[:, None]
    nodes, weights = special.roots_legendre(240)
    top = 4.0 - tau  # where exp(-t e^v) is 0
    if a > 2.0:
        top = np.minimum(top, 45.0 / (a - 2.0))  # where the density is
    v, width = (nodes + 1.0) / 2.0 * top, weights / 2.0 * top
    x = np.exp(tau + v)  # t w with w = e^v
    # 1 - E exp(-t w); beyond the top it is the density alone
    missing = (width * -np.expm1(-x) * a * np.exp(-a * v)).sum(axis=1)
    missing += np.exp(-a * top[:, 0])
    square = (width * x**2 * np.exp(-x) * a * np.exp(-a * v)).sum(axis=1)
    powers = np.exp((k - 1.0) * np.log1p(-np.minimum(missing, 1.0 - 1e-16)))
    return float(0.05 * k * (square * powers).sum())


def variance_limit(d: int, delta: float) -> float:
    """Return the limit of k V_k for weights z^-delta.

    Parameters
    ----------
    d : int
        Dimension, at least 1.
    delta : float
        In (0, d/2).

    Returns
    -------
    float
        (d - delta)^2/(d (d - 2 delta)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> variance_limit(2, 0.5), variance_limit(5, 2.0).__round__(12)
    (1.125, 1.8)
    """
    d = integer("d", d, minimum=1)
    delta = real("delta", delta, lower=0, upper=d / 2, open_lower=True, open_upper=True)
    return (d - delta) ** 2 / (d * (d - 2.0 * delta))


def simplicial_mse_bound(
    d: int,
    variance: float,
    holder: float,
    diameter: float,
    square: float,
    outside: float = 0.0,
) -> float:
    r"""Return a bound of the mean squared error of simplicial interpolation.

    Given the simplex, x is uniform in it if mu is, the bias is at most A delta^alpha,
    and the variance sum w_i^2 Var(Y | x_i) with Var(Y | x_i) <= Var(Y | x) +
    A delta^alpha.

    Parameters
    ----------
    d : int
        Dimension, at least 1.
    variance : float
        E Var(Y | X) of labels 0 and 1.
    holder : float
        A, with |eta(x) - eta(x')| <= A |x - x'|^alpha.
    diameter, square : float
        E delta^alpha and E delta^(2 alpha), delta the diameter of the simplex of X.
    outside : float
        Expected measure of what is outside of the hull, where 1/2 is estimated.

    Returns
    -------
    float
        outside/4 + A^2 square + 2/(d + 2) (A diameter + variance).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> simplicial_mse_bound(2, 0.16, 0.0, 0.1, 0.01).__round__(12)
    0.08
    """
    d = integer("d", d, minimum=1)
    var = real("variance", variance, lower=0.0, upper=0.25)
    A = real("holder", holder, lower=0.0)
    first, second = real("diameter", diameter, lower=0), real("square", square, lower=0)
    beyond = real("outside", outside, lower=0.0, upper=1.0)
    return beyond / 4 + A**2 * second + 2.0 / (d + 2.0) * (A * first + var)


def winn_mse_bound(
    n: float,
    k: ArrayLike,
    d: int,
    delta: float,
    *,
    holder: float = 1.0,
    alpha: float = 1.0,
    variance: float = 0.25,
) -> Real:
    """Return a bound of the mean squared error of wiNN with weights z^-delta.

    Parameters
    ----------
    n : float
        Number of uniform points, more than k.
    k : float or array_like
        Number of neighbours, at least 1.
    d : int
        Dimension, at least 1.
    delta : float
        In (0, d/2).
    holder, alpha : float
        |eta(x) - eta(x')| <= A |x - x'|^alpha, A above 0 and alpha in (0, 1].
    variance : float
        Of the labels, at most.

    Returns
    -------
    numpy.float64 or array
        A^2 E r^(2 alpha) + variance (k e^(-k/4) + d/((d - 2 delta) k)), r the distance
        to neighbour k + 1 where the density is 1: omega_d r^d ~ Beta(k + 1, n - k).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(winn_mse_bound(10**4, 100, 2, 0.5)), 6)
    0.008215
    """
    size = real_array("k", k, lower=1.0)
    n = real("n", n, lower=float(size.max()), open_lower=True)
    variance_limit(d, delta)
    A = real("holder", holder, lower=0.0, open_lower=True)
    p = 2.0 * real("alpha", alpha, lower=0.0, upper=1.0, open_lower=True) / d
    var = real("variance", variance, lower=0.0)
    moments = special.betaln(n + 1.0, p) - special.betaln(size + 1.0, p)
    bias = A**2 * np.exp(moments - p * log_ball(np.asarray(float(d))))
    spread = size * np.exp(-size / 4.0) + d / ((d - 2.0 * delta) * size)
    bound: Real = (bias + var * spread)[()]
    return bound
