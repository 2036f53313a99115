r"""Lemmas and lower bounds in the Gaussian model of Schmidt et al. (2018).

Tail bounds for the average zbar of n samples, the sizes and the numbers of samples that
follow from them, and what no learner can do better: see `schmidt2018`, of which this is
a part, for the model and the derivations.
"""

import math

import numpy as np
from scipy import special

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, real, real_array

_BLOCK = 1 << 20  # numbers drawn at a time


def norm_bound(norm: float, d: int, sigma: float, n: float, delta: float) -> float:
    """Return what |zbar| exceeds with probability at most delta (Lemma 13).

    Parameters
    ----------
    norm : float
        |theta|, at least 0.
    d : int
        Dimension, at least 1.
    sigma : float
        Standard deviation, above 0.
    n : float
        Number of samples, above 0.
    delta : float
        Probability, in (0, 1].

    Returns
    -------
    float
        |theta| + sigma (sqrt(d) + sqrt(2 log(1/delta)))/sqrt(n). At |theta| = sqrt(d)
        and delta = exp(-d/2) it is (1 + 2 sigma/sqrt(n)) sqrt(d) (Lemma 14).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> norm_bound(10.0, 100, 1.0, 4, math.exp(-50))
    20.0
    """
    noise = _positive("sigma", sigma) / math.sqrt(_positive("n", n))
    width = math.sqrt(integer("d", d, minimum=1)) + _deviation(delta)
    return real("norm", norm, lower=0) + noise * width


def inner_product_bound(norm: float, sigma: float, n: float, delta: float) -> float:
    """Return what <zbar, theta> is below with probability at most delta (Lemma 15).

    Parameters
    ----------
    norm, sigma, n, delta : float
        As in `norm_bound`, but |theta| above 0: at theta = 0 the product is always 0
        and the printed bound is 0, reached with probability 1.

    Returns
    -------
    float
        |theta|^2 - sigma |theta| sqrt(2 log(1/delta)/n).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> inner_product_bound(10.0, 1.0, 4, math.exp(-2))
    90.0
    """
    noise = _positive("sigma", sigma) / math.sqrt(_positive("n", n))
    length = _positive("norm", norm)
    return length * (length - noise * _deviation(delta))


def cosine_bound(sigma: float, n: float) -> float:
    """Return what cos(zbar, theta) is above with high probability (Lemma 16).

    Parameters
    ----------
    sigma : float
        Standard deviation, above 0.
    n : float
        Number of samples, at least 1.

    Returns
    -------
    float
        (2 sqrt(n) - 1)/(2 sqrt(n) + 4 sigma), for |theta| = sqrt(d); the cosine itself
        is about 1/sqrt(1 + sigma^2/n).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> cosine_bound(2.0, 4)
    0.25
    """
    root = 2 * math.sqrt(real("n", n, lower=1))
    return (root - 1) / (root + 4 * _positive("sigma", sigma))


def cosine_failure(d: float, sigma: float) -> float:
    """Return the bound on the probability that `cosine_bound` fails.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    sigma : float
        Standard deviation, above 0.

    Returns
    -------
    float
        2 exp(-d/(8 (sigma^2 + 1))), which says nothing from 1 on.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(cosine_failure(784, 2.0) * 1e9, 2)
    6.15
    """
    square = _positive("sigma", sigma) ** 2
    return 2 * math.exp(-real("d", d, lower=1) / (8 * (square + 1)))


def margin_tail(margin: ArrayLike, sigma: ArrayLike) -> Real:
    """Return the bound on the error at a margin (Lemmas 17 and 20).

    Parameters
    ----------
    margin : float or array_like
        <w, theta> - eps |w|_q of a unit w, at least 0.
    sigma : float or array_like
        Standard deviation, above 0.

    Returns
    -------
    numpy.float64 or array
        exp(-margin^2/(2 sigma^2)), at least twice the error Phi(-margin/sigma).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(margin_tail(2.0, 1.0)), 6)
    0.135335
    """
    size, deviation = broadcast(
        margin=real_array("margin", margin, lower=0),
        sigma=real_array("sigma", sigma, lower=0, open_lower=True),
    )
    bound: Real = np.exp(-((size / deviation) ** 2) / 2)[()]
    return bound


def certified_eps(d: float, sigma: float, n: float, beta: float) -> float:
    """Return up to which eps Theorem 21 gives a robust error of at most beta.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    sigma : float
        Standard deviation, above 0.
    n : float
        Number of samples, at least 1.
    beta : float
        The error, in (0, 1].

    Returns
    -------
    float
        (2 sqrt(n) - 1)/(2 sqrt(n) + 4 sigma) - sigma sqrt(2 log(1/beta)/d), with
        probability at least 1 - `cosine_failure`. It is vacuous if negative.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> sigma = 784**0.25 / 32
    >>> [round(certified_eps(784, sigma, n, 0.01), 8) for n in (1, 100)]
    [0.35781383, 0.90166458]
    """
    size = real("d", d, lower=1)
    return cosine_bound(sigma, n) - sigma * _deviation(beta, "beta") / math.sqrt(size)


def sufficient_samples(d: float, eps: float) -> float:
    """Return the samples that Corollary 22 asks for at sigma <= d^(1/4)/32.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    eps : float
        l_inf size, in [0, 1/4].

    Returns
    -------
    float
        1 for eps <= d^(-1/4)/4, else 64 eps^2 sqrt(d): enough for robust error 0.01.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> sufficient_samples(10**4, 0.25)
    400.0
    """
    size, length = real("d", d, lower=1), real("eps", eps, lower=0, upper=0.25)
    return 1.0 if length <= size**-0.25 / 4 else 64 * length**2 * math.sqrt(size)


def necessary_samples(d: float, sigma: float, eps: float) -> float:
    """Return the samples up to which Corollary 23 says that no learner succeeds.

    Parameters
    ----------
    d : float
        Dimension, at least 2.
    sigma : float
        Standard deviation, above 0.
    eps : float
        l_inf size, at least 0.

    Returns
    -------
    float
        eps^2 sigma^2/(8 log d). Below 1 the statement is vacuous.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(necessary_samples(10**4, 10.0, 0.25), 4)
    0.0848
    """
    size, length = real("d", d, lower=2), real("eps", eps, lower=0)
    return (length * _positive("sigma", sigma)) ** 2 / (8 * math.log(size))


def any_learner_bound(
    d: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike
) -> Real:
    """Return a lower bound on the expected robust error of every learner.

    Parameters
    ----------
    d : float or array_like
        Dimension, at least 1; theta ~ N(0, I).
    sigma : float or array_like
        Standard deviation, above 0.
    n : float or array_like
        Number of samples, at least 0.
    eps : float or array_like
        l_inf size, at least 0.

    Returns
    -------
    numpy.float64 or array
        (2 Phi(eps sqrt(1 + sigma^2/n)) - 1)^d/2, which is 1/2 for n = 0 < eps.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(any_learner_bound(10**4, 10.0, 1, 0.5)), 6)
    0.497488
    """
    size, deviation, count, length = _prior_model(d, sigma, n, eps)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(length > 0, length * np.hypot(1, deviation / np.sqrt(count)), 0)
        # log(2 Phi(a) - 1), without cancellation near 0 and near 1
        near = np.log(special.erf(a / math.sqrt(2)))
        log = size * np.where(a < 1, near, np.log1p(-2 * special.ndtr(-a)))
    bound: Real = (np.exp(log) / 2)[()]
    return bound


def optimal_error(d: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike) -> Real:
    """Return the expected robust error of the best learner in high dimension.

    The arguments are as for `any_learner_bound`.

    Returns
    -------
    numpy.float64 or array
        Phi(-sqrt(d E soft(mu_1, eps)^2/(sigma^2 + t^2))): the square |soft(mu)|^2 at
        its mean.

    Notes
    -----
    E soft^2 = 2 v ((1 + a^2) Phi(-a) - a phi(a)) with v = n/(n + sigma^2) and
    a = eps/sqrt(v); beyond a = 20, where the difference cancels, from its asymptotic
    series.

    Examples
    --------
    The best learner knows the law of theta, and does better than the average:

    >>> round(float(optimal_error(10**4, 10.0, 16, 0.5)), 4)
    0.1689
    """
    size, deviation, count, length = _prior_model(d, sigma, n, eps)
    v = np.asarray(count / (count + deviation**2))
    new = deviation**2 * (1 + 1 / (count + deviation**2))
    ratio = np.sqrt(size * v * _soft_square(length, v) / new)
    error: Real = special.ndtr(-ratio)[()]
    return error


def sample_optimal_errors(
    runs: int,
    rng: np.random.Generator | int,
    d: int,
    sigma: float,
    n: float,
    eps: float,
) -> Float[NDArray, " runs"]:
    """Draw the robust error of the best learner, whose mean no learner is below.

    Parameters
    ----------
    runs : int
        How often, at least 0.
    rng : numpy.random.Generator or int
        Generator, or the seed of one.
    d : int
        Dimension, at least 1; theta ~ N(0, I).
    sigma, n, eps : float
        As for `any_learner_bound`; n above 0.

    Returns
    -------
    (runs,) array
        Phi(-|soft(mu, eps)|_2/sqrt(sigma^2 + t^2)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Only the coordinates of mu beyond eps are drawn, by inversion of the tail: their
    number is binomial. Where few are, d costs nothing.

    Examples
    --------
    >>> sample_optimal_errors(3, 0, 10**6, 1000.0, 1.0, 1.0)
    array([0.5, 0.5, 0.5])
    """
    size, repeats = integer("d", d, minimum=1), integer("runs", runs, minimum=0)
    deviation, count = _positive("sigma", sigma), _positive("n", n)
    length, rng = real("eps", eps, lower=0), generator(rng)
    v = count / (count + deviation**2)
    tail = float(special.ndtr(-length / math.sqrt(v)))
    many = rng.binomial(size, min(2 * tail, 1.0), repeats)
    squares = np.zeros(repeats)
    ends = np.cumsum(many)
    for start in range(0, int(ends[-1]) if repeats else 0, _BLOCK):
        stop = min(start + _BLOCK, int(ends[-1]))
        share = 1.0 - rng.random(stop - start)
        over = -special.ndtri(tail * share) * math.sqrt(v) - length
        owner = np.searchsorted(ends, np.arange(start, stop), side="right")
        squares += np.bincount(owner, over * over, minlength=repeats)
    new = deviation**2 * (1 + 1 / (count + deviation**2))
    return np.asarray(special.ndtr(-np.sqrt(squares / new)))


def _deviation(delta: float, name: str = "delta") -> float:
    return math.sqrt(
        -2 * math.log(real(name, delta, lower=0, upper=1, open_lower=True))
    )


def _prior_model(
    d: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike
) -> tuple[NDArray, ...]:
    return broadcast(
        d=real_array("d", d, lower=1),
        sigma=real_array("sigma", sigma, lower=0, open_lower=True),
        n=real_array("n", n, lower=0),
        eps=real_array("eps", eps, lower=0),
    )


def _soft_square(eps: NDArray, v: NDArray) -> NDArray:
    """Return E (|g| sqrt(v) - eps)_+^2 over v, g a standard normal number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(eps > 0, eps / np.sqrt(v), 0.0)
    near, far = np.minimum(a, 20.0), np.minimum(np.maximum(a, 20.0), 1e9)
    density = np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi)
    mills = math.sqrt(math.pi / 2) * special.erfcx(near / math.sqrt(2))
    inverse = far**-2.0
    series = np.polynomial.polynomial.polyval(inverse, (1, -6, 45, -420, 4725, -62370))
    bracket = np.where(a < 20, (1 + near**2) * mills - near, 2 * series / far**3)
    return np.asarray(2 * density * bracket)


def _positive(name: str, value: float) -> float:
    return real(name, value, lower=0, open_lower=True)
