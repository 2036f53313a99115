r"""Linear classifiers in the Gaussian model of Schmidt et al. (2018).

y is -1 or +1 and x ~ N(y theta, sigma^2 I) in R^d. The errors of linear classifiers,
the average of n samples, drawn and in high dimension: see `schmidt2018`, of which this
is a part, for the model and the derivations.
"""

import math

import numpy as np
from scipy import optimize, special

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, norm_order, real, real_array
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order

_BLOCK = 1 << 20  # numbers drawn at a time


def robust_error(
    w: ArrayLike,
    theta: ArrayLike,
    sigma: float,
    eps: ArrayLike = 0.0,
    p: float = np.inf,
) -> Real:
    """Return the l_p robust error of linear classifiers in the Gaussian model.

    Parameters
    ----------
    w : (..., d) array_like
        Weights, not zero.
    theta : (d,) array_like
        The mean of the class +1; that of -1 is -theta.
    sigma : float
        Standard deviation of each coordinate, above 0.
    eps : float or array_like
        Length of the steps, at least 0, broadcast against the leading axes of w; 0
        gives the standard error.
    p : float
        Order of their norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    numpy.float64 or array
        Phi(-(<w, theta> - eps |w|_q)/(sigma |w|_2)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> robust_error([1.0, 0.0], [1.0, 1.0], 1.0, [0.0, 1.0])
    array([0.15865525, 0.5       ])
    """
    error: Real = special.ndtr(-_margin(w, theta, sigma, eps, p))[()]
    return error


def log_robust_error(
    w: ArrayLike,
    theta: ArrayLike,
    sigma: float,
    eps: ArrayLike = 0.0,
    p: float = np.inf,
) -> Real:
    """Return the logarithm of `robust_error`, which does not underflow.

    The arguments are as for `robust_error`.

    Returns
    -------
    numpy.float64 or array

    Examples
    --------
    >>> round(float(log_robust_error([1.0], [100.0], 1.0)), 6)
    -5005.524209
    """
    error: Real = special.log_ndtr(-_margin(w, theta, sigma, eps, p))[()]
    return error


def sample_mean(
    theta: ArrayLike, sigma: float, n: int, rng: np.random.Generator | int
) -> Float[NDArray, " d"]:
    """Draw the mean of y_i x_i over n samples, the sufficient statistic.

    Parameters
    ----------
    theta : (d,) array_like
        The mean of the class +1.
    sigma : float
        Standard deviation, above 0.
    n : int
        Number of samples, at least 1; they are not drawn.
    rng : numpy.random.Generator or int
        Generator, or the seed of one.

    Returns
    -------
    (d,) array
        theta + (sigma/sqrt(n)) g, g standard normal: exactly the law of the mean.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> sample_mean([1.0, 1.0], 1.0, 10**12, 0).round(4)
    array([1., 1.])
    """
    mean = real_array("theta", theta, ndim=1)
    noise = _positive("sigma", sigma) / math.sqrt(integer("n", n, minimum=1))
    drawn: NDArray = mean + noise * generator(rng).standard_normal(mean.size)
    return drawn


def sample_errors(
    d: int, sigma: float, n: int, eps: float, runs: int, rng: np.random.Generator | int
) -> Float[NDArray, "runs 2"]:
    """Draw the errors of the average of n samples, for theta = (1, ..., 1).

    Parameters
    ----------
    d : int
        Dimension, at least 1.
    sigma : float
        Standard deviation, above 0.
    n : int
        Number of samples, at least 1.
    eps : float
        l_inf size of the steps, at least 0.
    runs : int
        How often, at least 0.
    rng : numpy.random.Generator or int
        Generator, or the seed of one.

    Returns
    -------
    (runs, 2) array
        Standard and robust error of w = zbar in each run.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Draws d numbers a run, whatever n, in blocks of 2^20: the memory is constant.

    Examples
    --------
    >>> sample_errors(10**5, 10**1.25, 64, 0.5, 20, 0).mean(axis=0).round(2)
    array([0.  , 0.42])
    """
    size, count = integer("d", d, minimum=1), integer("n", n, minimum=1)
    deviation, length = _positive("sigma", sigma), real("eps", eps, lower=0)
    rng = generator(rng)
    found = np.empty((integer("runs", runs, minimum=0), 2))
    for run in range(found.shape[0]):
        inner = norm_1 = square = 0.0
        for start in range(0, size, _BLOCK):
            g = rng.standard_normal(min(_BLOCK, size - start))
            g *= deviation / math.sqrt(count)
            g += 1.0
            inner += float(g.sum())
            square += float(g @ g)
            norm_1 += float(np.abs(g, out=g).sum())
        norm_2 = deviation * math.sqrt(square)
        found[run] = -inner / norm_2, -(inner - length * norm_1) / norm_2
    return np.asarray(special.ndtr(found))


def right_labels(n: float, wrong: float) -> float:
    """Return how many labels are worth n of which a share is wrong.

    The average of y x has the mean (1 - 2 wrong) theta and the noise of n labels, and
    so the direction of an average of n (1 - 2 wrong)^2 right ones.
    """
    return n * (1 - 2 * wrong) ** 2


def mean_magnitude(s: ArrayLike) -> Real:
    """Return m(s) = E|1 + s g|, with g a standard normal number.

    Parameters
    ----------
    s : float or array_like
        At least 0.

    Returns
    -------
    numpy.float64 or array
        s sqrt(2/pi) exp(-1/(2 s^2)) + 1 - 2 Phi(-1/s), from 1 on, increasing.

    Raises
    ------
    ValueError, TypeError
        If s is not as described.

    Notes
    -----
    Relative error below 2e-15 against 30-digit arithmetic for s from 1e-3 to 1e6.

    Examples
    --------
    >>> mean_magnitude([0.0, 1.0]).round(6)
    array([1.      , 1.166631])
    """
    size = real_array("s", s, lower=0)
    with np.errstate(divide="ignore", over="ignore"):
        z = 1 / size
        first = np.where(size > 0, size, 0.0) * math.sqrt(2 / math.pi)
        m: Real = (first * np.exp(-z * z / 2) + special.erf(z / math.sqrt(2)))[()]
    return m


def limit_errors(
    d: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike
) -> tuple[Real, Real]:
    """Return the standard and the robust error of the average in high dimension.

    Parameters
    ----------
    d : float or array_like
        Dimension, at least 1.
    sigma : float or array_like
        Standard deviation, above 0.
    n : float or array_like
        Number of samples, above 0.
    eps : float or array_like
        l_inf size of the steps, at least 0.

    Returns
    -------
    standard, robust : numpy.float64 or array
        The limit formulas for theta = (1, ..., 1), see the head of this module.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The mean over samples differs from it by less than 0.005 for d >= 1000 and
    sigma = d^(1/4).

    Examples
    --------
    >>> [round(float(e), 5) for e in limit_errors(10**4, 10, 16, 0.5)]
    [0.0001, 0.61126]
    """
    standard, robust = _arguments(d, sigma, n, eps)
    errors: tuple[Real, Real] = special.ndtr(-standard)[()], special.ndtr(-robust)[()]
    return errors


def samples_needed(d: float, sigma: float, eps: float, error: float) -> float:
    """Return how many samples the average needs for a robust error, in the limit.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    sigma : float
        Standard deviation, above 0.
    eps : float
        l_inf size of the steps, at least 0.
    error : float
        The robust error that is wanted, in (0, 1/2].

    Returns
    -------
    float
        The n at which the robust error of `limit_errors` is this; it falls with n.
        Infinite if no n is enough, 0 if every n > 0 is (error 1/2 at eps = 0) or if it
        underflows.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Brent's method in log s; relative error below 1e-10.

    Examples
    --------
    The number grows like sqrt(d), that for the standard error does not grow:

    >>> [round(samples_needed(d, d**0.25, 0.5, 0.5), 2) for d in (10**4, 10**8)]
    [19.04, 1903.81]
    >>> [round(samples_needed(d, d**0.25, 0.0, 0.01), 2) for d in (10**4, 10**8)]
    [5.72, 5.41]
    """
    size, deviation = real("d", d, lower=1), _positive("sigma", sigma)
    length = real("eps", eps, lower=0)
    target = real("error", error, lower=0, upper=0.5, open_lower=True)
    wanted = -float(special.ndtri(target)) * deviation / math.sqrt(size)

    def excess(log_s: float) -> float:
        s = math.exp(log_s)
        value = (1 - length * float(mean_magnitude(s))) / math.hypot(1, s)
        return value - wanted

    if 1 - length <= wanted:
        return math.inf
    if wanted == 0 and length == 0:
        return 0.0
    low, high = -40.0, 700.0
    if excess(low) <= 0:
        return math.inf
    if excess(high) >= 0:
        return 0.0
    log_s = optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-14)
    return float(deviation**2 * math.exp(-2 * log_s))


def _arguments(
    d: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike
) -> tuple[Real, Real]:
    size, deviation, count, length = broadcast(
        d=real_array("d", d, lower=1),
        sigma=real_array("sigma", sigma, lower=0, open_lower=True),
        n=real_array("n", n, lower=0, open_lower=True),
        eps=real_array("eps", eps, lower=0),
    )
    s = deviation / np.sqrt(count)
    standard = np.sqrt(size) / (deviation * np.hypot(1.0, s))
    return standard, standard * (1 - length * mean_magnitude(s))


def _margin(
    w: ArrayLike, theta: ArrayLike, sigma: float, eps: ArrayLike, p: float
) -> NDArray:
    mean, weights = real_array("theta", theta, ndim=1), real_array("w", w)
    if weights.ndim == 0 or weights.shape[-1] != mean.size:
        raise ValueError(
            f"w must have {mean.size} weights, as theta has, got shape {weights.shape}"
        )
    largest = np.abs(weights).max(axis=-1, initial=0.0)
    if not (largest > 0).all():
        raise ValueError("w must not be zero")
    weights = weights / largest[..., np.newaxis]
    size, q = real_array("eps", eps, lower=0), dual_order(norm_order("p", p))
    with np.errstate(over="ignore", invalid="ignore"):
        inner = np.asarray(weights @ mean)
    inner, harm, size = broadcast(w=inner, norm=lp_norm(weights, q), eps=size)
    length = _positive("sigma", sigma) * np.linalg.norm(weights, axis=-1)
    with np.errstate(over="ignore", invalid="ignore"):
        margin = np.asarray((inner - size * harm) / length)
    if np.isnan(margin).any():
        raise ValueError(
            "theta and eps must be smaller: <w, theta> - eps |w| overflows"
        )
    return margin


def _positive(name: str, value: float) -> float:
    return real(name, value, lower=0, open_lower=True)
