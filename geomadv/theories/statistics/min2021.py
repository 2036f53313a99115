r"""More data can help, descend twice, or hurt (Min, Chen and Karbasi 2021).

Labels y of -1 and +1, x | y with independent coordinates of mean y mu_j, the linear
loss -y <w, x>, |w|_inf <= W, and l_inf steps of size eps. The mean of the largest
losses over n points is -<w, u> + eps |w|_1 with u = 1/n sum y_i x_i, so that robust
training gives

    w_j = W sign(u_j) where |u_j| > eps, and w_j = 0 elsewhere.

**Gaussian classes**: u_j ~ N(mu_j, s_j^2/n). With p_j = P(u_j > eps) =
Phi(sqrt(n) (mu_j - eps)/s_j) and m_j = P(u_j < -eps) = Phi(-sqrt(n) (mu_j + eps)/s_j),

    L_n = E[-y <w, x>] = -W sum mu_j (p_j - m_j)              (without steps),
    R_n = L_n + eps E |w|_1 = L_n + eps W sum (p_j + m_j)     (with them).

R_n = W sum [(eps - mu_j) p_j + (eps + mu_j) m_j] falls with n always, since p_j rises
for eps < mu_j and falls for eps > mu_j. L_n does not. With mu > 0, its term has the
slope -mu [(mu - eps) phi(a) + (mu + eps) phi(b)]/s in sqrt(n), a and b the two
arguments of Phi: negative for eps <= mu; for eps > mu it changes sign once, at

    n* = s^2 log((eps + mu)/(eps - mu))/(2 eps mu).

- *Weak* adversary, eps <= mu: more data help, down to -W mu.
- *Medium*, eps > mu and n* > 1: they help up to n*, and hurt from there on; the loss
  rises to 0, which is that of w = 0.
- *Strong*, n* <= 1: they hurt from the first point on. n* falls as eps grows, so that
  this begins at one size, which tends to s for small mu.

Both differences over |mu| are sums of Phi(c x) - Phi(x) = int_1^c x phi(x t) dt, c =
sqrt(1 + 1/n), taken at x = a, b with the factors 1, 1 (L) and 1 - eps/mu, 1 + eps/mu
(R): no factor and no integral is negative where the claims say so. For eps <= mu in L,
and always in R, the term of b is a positive number times 1 + eps/mu, or its square,
whatever n, mu and sigma. In the strong regime it is the integral of x phi(x t)
(1 - exp(-D(t))) at x = -a, and with l(e) = log((e + 1)/(e - 1)), e = eps/mu = s e_0 and
2 e_0 mu^2/sigma^2 = l(e_0),

    D(t) = l(e_0) (s n t^2 - 1) + l(e_0) - l(e) >= 0   for s, n, t >= 1.

With several coordinates the terms add: one that turns early, and one of larger mean
and more noise, give a loss that falls, rises and falls again.

**Bernoulli classes**: x_j is y or -y, P(x_j = y) = (1 + mu_j)/2. Then n (1 + u_j)/2 is
binomial, and p_j and m_j are its tails; at |u_j| = eps, where every w_j between 0 and
W sign(u_j) is optimal, 0 is taken.

Source: Min, Chen, Karbasi (2021), "The curious case of adversarially robust models:
More data can help, double descend, or hurt generalization", UAI, PMLR 161,
arXiv:2002.11080. The abstract has the three regimes; the formulas are derived here, and
where the paper draws the borders of the regimes is not confirmed. Its second problem,
two dimensions and the 0-1 loss, is not treated.

**What is assumed of the noise.** A mean loss is a sum over coordinates, which may thus
depend on each other. Points may not: noise of variance s^2 with a common part c leaves
u the noise of n/(1 + (n - 1) c) points, at most 1/c; a point more whose noise has the
correlation c with that of one other makes u noisier from c = (n + 1)/(2 n) on.

Conventions: losses are those of expected w; n may be any positive number for Gaussian
classes; the sign of a mean does not matter.
"""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, labels, points, real, real_array
from geomadv.claims import (
    Beyond,
    Choices,
    Claim,
    Enclosure,
    Exact,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)

__all__ = [
    "CLAIMS",
    "SOURCE",
    "bernoulli_clean_loss",
    "bernoulli_robust_loss",
    "clean_loss",
    "regime",
    "robust_loss",
    "robust_minimiser",
    "strong_from",
    "turning_point",
    "turning_points",
]

SOURCE = Source(
    "Y. Min, L. Chen, A. Karbasi",
    "The curious case of adversarially robust models: More data can help, double "
    "descend, or hurt generalization",
    2021,
    arxiv="2002.11080",
)

_MOST = 1e15  # points of Bernoulli classes, so that all numbers of them are whole


def robust_minimiser(
    X: ArrayLike, y: ArrayLike, eps: float, bound: float = 1.0
) -> Float[NDArray, " d"]:
    """Return the w of least worst linear loss on points.

    Parameters
    ----------
    X : (n, d) array_like
        Points, at least one.
    y : (n,) array_like
        Labels of -1 and +1.
    eps : float
        l_inf size of the steps, at least 0.
    bound : float
        W, positive: w lies in [-W, W]^d.

    Returns
    -------
    (d,) array
        W sign(u_j) where |u_j| > eps, 0 elsewhere.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> robust_minimiser([[2.0, 0.1], [-1.0, 0.3]], [1, -1], 0.5)
    array([1., 0.])
    """
    rows = points("X", X, minimum=1)
    signs = labels("y", y, len(rows), classes=1)
    size = real("eps", eps, lower=0.0)
    W = real("bound", bound, lower=0.0, open_lower=True)
    u = signs @ rows / len(rows)
    return np.where(np.abs(u) > size, W * np.sign(u), 0.0)


def clean_loss(
    mu: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike, bound: float = 1.0
) -> Real:
    """Return the expected loss, without steps, of robust training on n points.

    Parameters
    ----------
    mu, sigma : (..., d) array_like
        Means of the class +1 and deviations, positive, of Gaussian coordinates; a
        number is one coordinate.
    n : array_like
        Number of training points, positive; need not be whole. Broadcast, as `eps`,
        against the leading axes of `mu`.
    eps : array_like
        l_inf size of the steps in training, at least 0.
    bound : float
        W, positive.

    Returns
    -------
    numpy.float64 or array
        L_n, between -W sum |mu_j| and 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Absolute error of a few units of rounding of W sum |mu_j|; far beyond n* relatively
    too, where p_j and m_j are far apart.

    Examples
    --------
    >>> clean_loss(1.0, 2.0, [1, 5, 50], 1.1).round(5)
    array([-0.3332 , -0.44605, -0.36184])
    """
    means, p, m, _, W = _chances(mu, sigma, n, eps, bound)
    return np.asarray(-W * (means * (p - m)).sum(axis=-1))[()]


def robust_loss(
    mu: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike, bound: float = 1.0
) -> Real:
    """Return the expected loss under steps of robust training on n points.

    Parameters
    ----------
    mu, sigma, n, eps, bound : array_like
        As for `clean_loss`; the steps in training and testing are of one size.

    Returns
    -------
    numpy.float64 or array
        R_n, which falls with n.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> robust_loss(1.0, 2.0, [1, 5, 50], 1.1).round(5)
    array([0.35641, 0.06537, 0.03618])
    """
    means, p, m, size, W = _chances(mu, sigma, n, eps, bound)
    each = (size - means) * p + (size + means) * m
    return np.asarray(W * each.sum(axis=-1))[()]


def bernoulli_clean_loss(
    mu: ArrayLike, n: ArrayLike, eps: ArrayLike, bound: float = 1.0
) -> Real:
    """Return the expected loss, without steps, for coordinates y and -y.

    Parameters
    ----------
    mu : (..., d) array_like
        Means of the class +1, in [-1, 1]; a number is one coordinate.
    n : array_like
        Number of training points, whole, from 1 to 10^15. Broadcast, as `eps`, against
        the leading axes of `mu`.
    eps : array_like
        l_inf size of the steps in training, at least 0; told from the multiples of 1/n
        to 1e-9.
    bound : float
        W, positive.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> bernoulli_clean_loss(0.2, [1, 2, 3, 40], 0.4).round(5)
    array([-0.04   , -0.04   , -0.0304 , -0.01418])
    """
    means, p, m, _, W = _tails(mu, n, eps, bound)
    return np.asarray(-W * (means * (p - m)).sum(axis=-1))[()]


def bernoulli_robust_loss(
    mu: ArrayLike, n: ArrayLike, eps: ArrayLike, bound: float = 1.0
) -> Real:
    """Return the expected loss under steps, for coordinates y and -y.

    Parameters
    ----------
    mu, n, eps, bound : array_like
        As for `bernoulli_clean_loss`.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(bernoulli_robust_loss(0.2, 1, 0.4)), 5)
    0.36
    """
    means, p, m, size, W = _tails(mu, n, eps, bound)
    each = (size - means) * p + (size + means) * m
    return np.asarray(W * each.sum(axis=-1))[()]


def turning_point(mu: ArrayLike, sigma: ArrayLike, eps: ArrayLike) -> Real:
    """Return n*, up to which more data help one Gaussian coordinate.

    Parameters
    ----------
    mu : array_like
        Its mean.
    sigma : array_like
        Its deviation, positive.
    eps : array_like
        l_inf size of the steps in training, at least 0.

    Returns
    -------
    numpy.float64 or array
        s^2 log((eps + mu)/(eps - mu))/(2 eps mu); infinite for eps <= |mu|, and
        s^2/eps^2 at mu = 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> turning_point(1.0, 2.0, [0.9, 1.1, 1.5, 3.0]).round(10)
    array([       inf, 5.53549534, 2.14591722, 0.46209812])
    """
    mean, s, size = broadcast(
        mu=np.asarray(np.abs(real_array("mu", mu))),
        sigma=real_array("sigma", sigma, lower=0.0, open_lower=True),
        eps=real_array("eps", eps, lower=0.0),
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(size > 0.0, mean / size, np.inf)
        slope = np.where(ratio > 0.0, np.arctanh(np.minimum(ratio, 1.0)) / ratio, 1.0)
        found = slope * (s / size) ** 2
    return np.where(ratio < 1.0, found, np.inf)[()]


def strong_from(mu: ArrayLike, sigma: ArrayLike) -> Real:
    """Return the eps from which more data hurt from the first point on.

    Parameters
    ----------
    mu : array_like
        Mean of a Gaussian coordinate.
    sigma : array_like
        Its deviation, positive.

    Returns
    -------
    numpy.float64 or array
        The eps at which n* = 1, above |mu|; sigma for mu = 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> strong_from(1.0, [1.0, 2.0]).round(6)
    array([1.199679, 2.087254])
    """
    means, deviations = broadcast(
        mu=np.asarray(np.abs(real_array("mu", mu))),
        sigma=real_array("sigma", sigma, lower=0.0, open_lower=True),
    )
    found = [
        _strong_from(*one) for one in zip(means.flat, deviations.flat, strict=True)
    ]
    return np.reshape(np.asarray(found, dtype=float), means.shape)[()]


def _strong_from(mean: float, s: float) -> float:
    """Return the eps of n* = 1 for one mean, not negative, and one deviation."""
    from scipy.optimize import brentq

    if mean <= 1e-9 * s:
        return s
    ratio = s / mean

    def excess(log_gap: float) -> float:
        # log n* of eps = mean (1 + e^log_gap)
        gap = math.exp(log_gap)
        found = math.log1p(2.0 / gap) * ratio * ratio / (2.0 * (1.0 + gap))
        return math.log(max(found, 1e-300))

    low, high = 0.0, math.log1p(ratio)
    while excess(low) < 0.0:
        low -= 10.0
        if low < -700.0:
            return mean
    while excess(high) > 0.0:
        high += 1.0
    return mean * (1.0 + math.exp(float(brentq(excess, low, high, xtol=1e-14))))


def regime(mu: ArrayLike, sigma: ArrayLike, eps: ArrayLike) -> str | NDArray:
    """Return "weak", "medium" or "strong": what more data do.

    Parameters
    ----------
    mu, sigma : array_like
        Mean and deviation, positive, of a Gaussian coordinate.
    eps : array_like
        l_inf size of the steps in training, at least 0.

    Returns
    -------
    str or array of str
        "weak": they help; "medium": they help, then hurt; "strong": they hurt.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> regime(1.0, 2.0, 1.5)
    'medium'
    >>> regime(1.0, 2.0, [0.9, 1.5, 3.0]).tolist()
    ['weak', 'medium', 'strong']
    """
    turn = np.asarray(turning_point(mu, sigma, eps))
    kind = np.where(turn > 1.0, "medium", "strong")
    kind = np.where(np.isinf(turn), "weak", kind)
    return str(kind) if kind.ndim == 0 else kind


def turning_points(
    mu: ArrayLike, sigma: ArrayLike, eps: float, n_max: float = 1e8
) -> Float[NDArray, " k"]:
    """Return the n between which the loss of Gaussian classes falls and rises.

    Parameters
    ----------
    mu, sigma : (d,) array_like
        As for `clean_loss`.
    eps : float
        l_inf size of the steps in training, at least 0.
    n_max : float
        Where the search ends, above 1.

    Returns
    -------
    (k,) array
        The n in [1, n_max] where the slope of L_n changes sign, rising; two of them
        after a fall make a double descent.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    On 4000 points of equal ratio, and between them by bisection: two turns within one
    ratio of n_max^(1/4000) are missed.

    Examples
    --------
    >>> turning_points([1.0, 0.5], [200.0, 2.0], 0.7).round(1)
    array([ 11.6, 323.9])
    """
    from scipy.optimize import brentq

    one = np.atleast_1d(np.abs(real_array("mu", mu)))
    means, s = broadcast(
        mu=one, sigma=real_array("sigma", sigma, lower=0.0, open_lower=True)
    )
    if means.ndim != 1:
        raise ValueError(f"mu must be one vector of means, got shape {means.shape}")
    size = real("eps", eps, lower=0.0)
    top = math.log(real("n_max", n_max, lower=1.0, open_lower=True))

    parts = np.concatenate([means - size, means + size])
    factors, scale = np.concatenate([means, means]), np.concatenate([s, s])
    live = (parts != 0.0) & (factors != 0.0)
    if not live.any():
        return np.empty(0)
    signs, steep = np.sign(parts[live]), np.log(np.abs(parts[live]))
    steep -= np.log(scale[live])
    worth = np.log(factors[live]) + steep

    def slope(log_n: Real | float) -> NDArray:
        """Return minus the slope of L_n, scaled by a positive factor."""
        logs = np.asarray(log_n)[..., None] + 2.0 * steep
        least = logs.min(axis=-1, keepdims=True)
        with np.errstate(over="ignore"):
            gap = np.expm1(np.minimum(logs - least, 700.0))
            powers = worth - np.exp(np.minimum(least, 700.0)) * gap / 2.0
        powers -= powers.max(axis=-1, keepdims=True)
        return np.asarray((signs * np.exp(powers)).sum(axis=-1))

    ticks = np.linspace(0.0, top, 4001)
    values = slope(ticks)
    known = np.flatnonzero(values)
    return np.array(
        [
            math.exp(float(brentq(slope, ticks[i], ticks[j], xtol=1e-13)))
            for i, j in itertools.pairwise(known)
            if values[i] * values[j] < 0.0
        ]
    )


def _chances(
    mu: ArrayLike, sigma: ArrayLike, n: ArrayLike, eps: ArrayLike, bound: float
) -> tuple[NDArray, NDArray, NDArray, NDArray, float]:
    """Return |mu|, P(u > eps), P(u < -eps), eps and W, coordinates last."""
    means, s = broadcast(
        mu=np.atleast_1d(np.abs(real_array("mu", mu))),
        sigma=real_array("sigma", sigma, lower=0.0, open_lower=True),
    )
    count, size, _ = broadcast(
        n=real_array("n", n, lower=0.0, open_lower=True),
        eps=real_array("eps", eps, lower=0.0),
        mu=np.zeros(means.shape[:-1]),
    )
    W = real("bound", bound, lower=0.0, open_lower=True)
    root, size = np.sqrt(count)[..., None], size[..., None]
    with np.errstate(over="ignore"):
        p = special.ndtr(root * ((means - size) / s))
        m = special.ndtr(-root * ((means + size) / s))
    return means, p, m, size, W


def _tails(
    mu: ArrayLike, n: ArrayLike, eps: ArrayLike, bound: float
) -> tuple[NDArray, NDArray, NDArray, NDArray, float]:
    """Return mu, P(u > eps), P(u < -eps), eps and W, coordinates last, for +-y."""
    means = np.atleast_1d(real_array("mu", mu, lower=-1.0, upper=1.0))
    count, size, _ = broadcast(
        n=real_array("n", n, lower=1.0),
        eps=real_array("eps", eps, lower=0.0),
        mu=np.zeros(means.shape[:-1]),
    )
    if (count > _MOST).any():
        raise ValueError(f"n must be at most {_MOST:g}, got {count.max():g}")
    if (count % 1.0).any():
        raise ValueError(f"n must be whole numbers, got {n!r}")
    W = real("bound", bound, lower=0.0, open_lower=True)
    count, size = count[..., None], size[..., None]
    most = np.floor(count * (1.0 + np.minimum(size, 2.0)) / 2.0 + 1e-9)
    chance = (1.0 + means) / 2.0
    # as betas: of many points SciPy's binomial tails have few digits, or none
    least = np.minimum(most, count - 1.0)
    p, m = (
        np.where(most < count, special.betainc(least + 1.0, count - least, c), 0.0)
        for c in (chance, 1.0 - chance)
    )
    return means, p, m, size, W


# --- Claims --------------------------------------------------------------------------


def _drawn_loss(d: int, eps: float, step: float) -> float:
    """Return the worst linear loss of a w near the minimiser on ten points."""
    rng, X, w = _trained(d, eps)
    w = np.clip(w + step * rng.standard_normal(d), -1.0, 1.0)
    return _worst_loss(X, w, eps)


def _trained(
    d: int, eps: float
) -> tuple[np.random.Generator, Float[NDArray, "n d"], Float[NDArray, " d"]]:
    """Return ten points of the label 1, w, and the generator that drew them."""
    rng = spawn(0, "min2021", d)
    X = rng.standard_normal((10, d)) + 0.3
    return rng, X, robust_minimiser(X, np.ones(10), eps)


def _worst_loss(
    X: Float[NDArray, "n d"],
    w: Float[NDArray, " d"],
    eps: float,
    inverse: float = 0.0,
    bend: float = 0.0,
) -> float:
    """Return the mean of max(-z, -1/bend) on points of the label 1.

    z is the margin <w, x> - eps |w|_q after the worst step of at most eps in l_p,
    1/p = inverse = 1 - 1/q.
    """
    q = math.inf if inverse == 1.0 else 1.0 / (1.0 - inverse)
    losses = eps * np.linalg.norm(w, ord=q) - X @ w
    return float(np.mean(np.maximum(losses, -1.0 / bend) if bend else losses))


def _bent(d: int, eps: float, bend: float) -> float:
    _, X, w = _trained(d, eps)
    return _worst_loss(X, w, eps, bend=bend)


def _shorter(d: int, eps: float, bend: float) -> float:
    """Return the least bent loss of t w, 0 <= t <= 1.

    Margins above 1/bend count no more, and those below 0 less if w is shorter.
    """
    _, X, w = _trained(d, eps)
    shares = np.linspace(0.0, 1.0, 101)
    return min(_worst_loss(X, t * w, eps, bend=bend) for t in shares)


def _other_steps(d: int, eps: float, inverse: float) -> float:
    _, X, w = _trained(d, eps)
    return _worst_loss(X, w, eps, inverse)


def _largest_kept(d: int, eps: float, inverse: float) -> float:
    """Return the least worst loss of a w of the signs of the k largest |u_j|.

    The k-th adds eps (k^(1/q) - (k-1)^(1/q)) - |u_j|, where eps - |u_j| is right for
    q = 1 only.
    """
    _, X, _ = _trained(d, eps)
    u = X.mean(axis=0)
    ranks = np.argsort(np.argsort(-np.abs(u)))
    return min(
        _worst_loss(X, np.where(ranks < k, np.sign(u), 0.0), eps, inverse)
        for k in range(d + 1)
    )


def _wider(d: int, eps: float, inverse: float) -> float:
    """Return the least worst loss of w with |w|_r <= d^(1/r), 1/r = inverse.

    By Hoelder's inequality w is proportional to sign(u) (|u| - eps)_+^(r* - 1),
    where 1/r* = 1 - 1/r.
    """
    _, X, w = _trained(d, eps)
    over = np.maximum(np.abs(X.mean(axis=0)) - eps, 0.0)
    w = w * over ** (inverse / (1.0 - inverse))
    r = math.inf if inverse == 0.0 else 1.0 / inverse
    length = float(np.linalg.norm(w, ord=r))
    return _worst_loss(X, w * (d**inverse / length) if length else w, eps)


def _losses(
    n: int,
    rng: np.random.Generator,
    data: int,
    eps: float,
    sigma: float,
    common: float = 0.0,
) -> Float[NDArray, " n"]:
    """Draw -y <w, x>, averaged over x, of w trained on points with mu = 1.

    A share of the noise's variance is common to all points.
    """
    noise = rng.standard_normal((n, data)).mean(axis=1)
    if common > 0.0:
        noise *= math.sqrt(1.0 - common)
        noise += math.sqrt(common) * rng.standard_normal(n)
    u = 1.0 + sigma * noise
    return np.asarray(-np.sign(u) * (np.abs(u) > eps))


def _worth(n: float, common: float) -> float:
    """Return how many independent points have a mean as noisy as that of n.

    With a common part c of the noise's variance, s^2 (c + (1 - c)/n) = s^2/n'.
    """
    return n / (1.0 + (n - 1.0) * common)


def _least_n(mu: float, sigma: float, ratio: float, common: float = 0.0) -> float:
    """Return the n of least loss, by minimisation."""
    from scipy.optimize import minimize_scalar

    eps = ratio * mu
    around = math.log(float(turning_point(mu, sigma, eps)))
    found = minimize_scalar(
        lambda t: float(clean_loss(mu, sigma, _worth(math.exp(t), common), eps)),
        bounds=(around - 3.0, around + 3.7),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return math.exp(float(found.x))


def _turns(sigma: float, eps: float, common: float = 0.0) -> int:
    """Count the turns of the loss of two coordinates.

    With a common part of the noise no n is worth 1/common independent points.
    """
    most = min(1e8, 1.0 / common) if common else 1e8
    return len(turning_points([1.0, 0.5], [sigma, 2.0], eps, most))


def _enumerated(mu: float, n: int, eps: float, copied: float = 0.0) -> float:
    """Sum over all 2^n samples of one Bernoulli coordinate.

    Each point is a copy of the one before with the probability `copied`.
    """
    total = 0.0
    chance = {1: (1 + mu) / 2, -1: (1 - mu) / 2}
    for signs in itertools.product((-1, 1), repeat=n):
        weight = chance[signs[0]] * math.prod(
            (1 - copied) * chance[new] + copied * (new == old)
            for old, new in itertools.pairwise(signs)
        )
        u = sum(signs)
        if abs(u) > eps * n + 1e-9:
            total -= weight * mu * math.copysign(1.0, u)
    return total


def _rise(mu: float, sigma: float, share: float, n: int, copied: float = 0.0) -> float:
    """Return (L_{n+1} - L_n)/mu at a multiple of the size of the strong regime."""
    ratio = share * float(strong_from(mu, sigma)) / mu
    return -_change(clean_loss, mu, sigma, ratio, n, copied)


def _change(
    loss: Callable[..., Any],
    mu: float,
    sigma: float,
    ratio: float,
    n: int,
    copied: float = 0.0,
) -> float:
    """Return what a point more takes off a loss, over mu.

    If its noise has the correlation c with that of one other, the variance of the mean
    is s^2 (n + 1 + 2 c)/(n + 1)^2: above s^2/n from c = (n + 1)/(2 n) on.
    """
    eps = ratio * mu
    more = (n + 1) / (1 + 2 * copied / (n + 1))
    return float(loss(mu, sigma, n, eps) - loss(mu, sigma, more, eps)) / mu


def _increment(x: Any, stretch: Any) -> Any:
    """Enclose Phi(c x) - Phi(x), c = 1 + stretch, with the sign of x."""
    if x < 0:
        return -_increment(-x, stretch)
    high = (1 + stretch) * x
    direct = balls.normal_tail(x) - balls.normal_tail(high)
    if direct > 0 or not x >= 0:
        return direct
    least = x.lower() * balls.normal_density(high.upper())
    most = x.upper() * balls.normal_density(x.lower())
    return balls.span(stretch.lower() * least, stretch.upper() * most)


def _product(x: Any, y: Any) -> Any:
    """Enclose x y, which is not negative if x and y are not."""
    return balls.span(x.lower() * y.lower(), x * y) if x >= 0 and y >= 0 else x * y


def _stretch(n: Any) -> Any:
    """Enclose sqrt(1 + 1/n) - 1, that is (1/n)/(sqrt(1 + 1/n) + 1)."""
    return balls.decreasing(
        lambda t: 1 / t / ((1 + 1 / t).sqrt() + 1), balls.as_ball(n)
    )


def _signal(mu: Any, sigma: Any, n: Any) -> Any:
    """Enclose sqrt(n) mu/sigma."""
    over = balls.decreasing(lambda t: 1 / t, sigma)
    return balls.positive_product(
        balls.positive_product(balls.as_ball(n).sqrt(), mu), over
    )


def _weak_fall_ball(mu: Any, sigma: Any, ratio: Any, n: Any) -> Any:
    """Enclose (L_n - L_{n+1})/mu for a ratio of at most 1."""
    return _clean_fall_ball(mu, sigma, (1 - ratio).nonnegative_part(), n)


def _clean_fall_ball(mu: Any, sigma: Any, gap: Any, n: Any) -> Any:
    """Enclose (L_n - L_{n+1})/mu; the gap is 1 - eps/mu."""
    x, stretch = _signal(mu, sigma, n), _stretch(n)
    near = _increment(_product(x, gap), stretch)
    far = _increment(balls.positive_product(x, 2 - gap), stretch)
    return balls.span(near.lower() + far.lower(), near.upper() + far.upper())


def _robust_fall_ball(mu: Any, sigma: Any, ratio: Any, n: Any) -> Any:
    """Enclose (R_n - R_{n+1})/mu."""
    x, stretch = _signal(mu, sigma, n), _stretch(n)
    gap = abs(1 - ratio).nonnegative_part()
    near = _increment(_product(x, gap), stretch)
    far = _increment(balls.positive_product(x, 1 + ratio), stretch)
    low = gap.lower() * near.lower() + (1 + ratio).lower() * far.lower()
    return balls.span(low, gap.upper() * near.upper() + (1 + ratio) * far)


def _strong_excess(square: Any) -> Any:
    """Enclose e_0 - 1 at (mu/sigma)^2, by Newton's method in log(e_0 - 1)."""

    def slope(v: Any) -> Any:
        u = v.exp()
        return (1 + 2 / u).log() - 2 * (1 + u) * square

    low, high = -2 * float(square) - 2, 20.0
    for _ in range(60):
        v = (low + high) / 2
        one = v + math.exp(-v) if v < -30 else math.exp(v)
        log = math.log(2) - v if v < -30 else math.log1p(2 / one)
        u = 0.0 if v < -30 else one
        low, high = (v, high) if log > 2 * (1 + u) * float(square) else (low, v)
    v = balls.as_ball(low).mid()
    for _ in range(3):
        u = v.exp()
        v = (v + slope(v) / (2 / (u + 2) + 2 * u * square)).mid()
    below, above = v - balls.as_ball(2) ** -70, v + balls.as_ball(2) ** -70
    if slope(below) > 0 and slope(above) < 0:
        return below.union(above).exp()
    return balls.as_ball(math.nan)


def _strong_rise_ball(
    mu: Any, sigma: Any, share: Any, n: Any, percent: int = 100
) -> Any:
    """Enclose (L_{n+1} - L_n)/mu at percent/100 of the share of the strong size."""
    n, one = balls.as_ball(n), _signal(mu, sigma, 1)
    part = balls.as_ball(percent) / 100 * share
    over = part - 1 if percent < 100 else (part - 1).nonnegative_part()
    first = [_strong_excess(t * t) for t in (one.upper(), one.lower())]
    low = over.lower() + (1 + over.lower()) * first[0]
    high = over.upper() + (1 + over.upper()) * first[1]
    excess = low.union(high)
    x, stretch = _signal(mu, sigma, n), _stretch(n)
    near = _increment(balls.positive_product(x, excess), stretch)
    far = _increment(balls.positive_product(x, 2 + excess), stretch)
    if near - far > 0 or percent < 100:
        return near - far
    later = (n - 1).nonnegative_part().lower()
    factor = (1 + 2 / first[1]).log() * (over.lower() + (1 + over.lower()) * later)
    low, high = x.lower() * low, x.upper() * high
    last = balls.normal_density((1 + stretch).upper() * high)
    return balls.span(
        stretch.lower() * low * last * -(-factor).expm1(),
        stretch.upper() * high * balls.normal_density(low),
    )


_MU = Reals(0.05, 3.0, (0.2, 1.0, 2.0), "log", r"\mu")
_SIGMA = Reals(0.2, 10.0, (0.5, 2.0, 5.0), "log", r"\sigma")
_N = Integers(1, 10**4, (1, 2, 5, 20, 100), symbol="n", as_reals=True)

_WEAK = Reals(0.0, 1.0, (0.2, 0.9, 1.0), symbol=r"\varepsilon/\mu")
_MEDIUM = Reals(1.02, 3.0, (1.1, 1.5, 3.0), symbol=r"\varepsilon/\mu")
_STRONG = Reals(1.0, 3.0, (1.0, 1.5, 3.0))
_ANY = Reals(0.0, 3.0, (0.5, 1.0, 1.5), symbol=r"\varepsilon/\mu")
_D = Integers(1, 20, (1, 3, 10), symbol="d")
_STEPS = Reals(0.0, 1.0, (0.0, 0.3), symbol=r"\varepsilon")
_TWO = {
    "sigma": Reals(200.0, 1000.0, (200.0, 500.0, 1000.0), symbol=r"\sigma"),
    "eps": Reals(0.6, 0.8, (0.6, 0.7, 0.8), symbol=r"\varepsilon"),
}


def _common_noise(
    evidence: Exact | Statistical, domain: dict[str, Parameter], common: Reals
) -> Hypothesis:
    return Hypothesis(
        "points are independent",
        "their noise has a common part, of a share of its variance",
        evidence,
        {**domain, "common": common},
        "common",
    )


def _copied_noise(
    loss_change: Callable[..., float], domain: dict[str, Parameter]
) -> Hypothesis:
    return Hypothesis(
        "points are independent",
        "the noise of the point added is correlated with that of one other",
        Exact(lambda **point: 0.0, loss_change, rtol=1e-11, atol=1e-15),
        {
            "mu": _MU,
            "sigma": _SIGMA,
            **domain,
            "n": _N,
            "copied": Reals(0.0, 1.0, (0.0, 0.5, 0.6, 1.0), symbol="c"),
        },
        "copied",
    )


CLAIMS = (
    Claim(
        id="min2021.robust-minimiser",
        theory="statistics",
        title="Robust training keeps the signs of what exceeds the steps",
        source=SOURCE,
        statement=r"""$w_j = \mathrm{sign}(u_j)\,1\{|u_j| > \varepsilon\}$, $u =
\frac1n\sum y_i x_i$, has the least worst linear loss on the sample among
$\|w\|_\infty \le 1$.""",
        relation="lhs <= rhs",
        domain={
            "d": _D,
            "eps": _STEPS,
            "step": Reals(0.0, 2.0, (0.0, 0.1, 1.0)),
        },
        axis="step",
        evidence=Exact(
            lambda d, eps, step: _drawn_loss(d, eps, 0.0),
            _drawn_loss,
            atol=1e-13,
            unproved="equality at step 0; sides are losses of a sample",
        ),
        twin=Twin(
            "it is less by a thousandth of any other",
            Exact(
                lambda d, eps, step: _drawn_loss(d, eps, 0.0) + 1e-3,
                _drawn_loss,
                atol=1e-13,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the loss is linear",
                r"it is a hinge, $\max(-z, -1/k)$ of the margin $z$; $w$ is shortened",
                Exact(_bent, _shorter, atol=1e-13),
                {
                    "d": _D,
                    "eps": _STEPS,
                    "bend": Reals(0.0, 10.0, (0.0, 0.1, 1.0, 10.0), symbol="k"),
                },
                "bend",
            ),
            Hypothesis(
                r"steps are bounded in $\ell_\infty$",
                r"they are bounded in $\ell_p$, and more or fewer signs are kept",
                Exact(_other_steps, _largest_kept, atol=1e-13),
                {
                    "d": _D,
                    "eps": _STEPS,
                    "inverse": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="1/p"),
                },
                "inverse",
            ),
            Hypothesis(
                r"weights are bounded in $\ell_\infty$",
                r"they are bounded in $\ell_r$, by $d^{1/r}$",
                Exact(
                    lambda d, eps, inverse: _drawn_loss(d, eps, 0.0),
                    _wider,
                    atol=1e-13,
                ),
                {
                    "d": _D,
                    "eps": _STEPS,
                    "inverse": Reals(0.0, 0.9, (0.0, 0.1, 0.5), symbol="1/r"),
                },
                "inverse",
            ),
        ),
    ),
    Claim(
        id="min2021.clean-loss",
        theory="statistics",
        title="The loss of robust training on n points in closed form",
        source=SOURCE,
        statement=r"""For $\mu = W = 1$: $L_n = -\Phi(\sqrt n(1-\varepsilon)/\sigma) +
\Phi(-\sqrt n(1+\varepsilon)/\sigma)$.""",
        relation="lhs == rhs",
        domain={
            "data": Integers(1, 50, (1, 5, 20), symbol="n"),
            "eps": Reals(0.0, 1.5, (0.5, 1.1), symbol=r"\varepsilon"),
            "sigma": Reals(0.5, 2.0, (2.0,), symbol=r"\sigma"),
        },
        axis="data",
        evidence=Statistical(
            _losses,
            lambda data, eps, sigma: clean_loss(1.0, sigma, data, eps),
            support=(-1.0, 1.0),
            tolerance=0.1,
        ),
        twin=Twin(
            "with the noise of half as many points",
            Statistical(
                _losses,
                lambda data, eps, sigma: clean_loss(1.0, sigma, data / 2.0, eps),
                support=(-1.0, 1.0),
                tolerance=0.1,
            ),
        ),
        hypotheses=(
            _common_noise(
                Statistical(
                    _losses,
                    lambda data, eps, sigma, common: clean_loss(1.0, sigma, data, eps),
                    support=(-1.0, 1.0),
                    tolerance=0.1,
                ),
                {
                    "data": Choices((20,), symbol="n"),
                    "eps": Choices((0.5,), symbol=r"\varepsilon"),
                    "sigma": Choices((2.0,), symbol=r"\sigma"),
                },
                Reals(0.0, 1.0, (0.0, 0.1, 1.0)),
            ),
        ),
    ),
    Claim(
        id="min2021.weak-adversary",
        theory="statistics",
        title="Against a weak adversary more data help",
        source=SOURCE.at("abstract"),
        statement=r"""For $\varepsilon \le \mu$ the loss falls with every point:
$L_{n+1} \le L_n$. Shown is $0 \le (L_n - L_{n+1})/\mu$.""",
        relation="lhs <= rhs",
        domain={
            "mu": _MU,
            "sigma": _SIGMA,
            "ratio": _WEAK,
            "n": _N,
        },
        axis="n",
        evidence=Enclosure(
            lambda mu, sigma, ratio, n: 0,
            _weak_fall_ball,
            formulas=(
                lambda mu, sigma, ratio, n: 0.0,
                functools.partial(_change, clean_loss),
            ),
            atol=1e-15,
            beyond=(
                Beyond(
                    lambda ratio: 0,
                    lambda ratio: 1 + ratio,
                    free=("n",),
                    scales=("mu", "sigma"),
                ),
            ),
        ),
        twin=Twin(
            r"for $\varepsilon = 1.1\,\mu$ too",
            Enclosure(
                lambda mu, sigma, ratio, n: 0,
                lambda mu, sigma, ratio, n: _clean_fall_ball(
                    mu, sigma, balls.as_ball(-1) / 10, n
                ),
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the adversary is weak, $\varepsilon \le \mu$",
                "longer steps",
                Exact(
                    lambda mu, sigma, ratio, n: 0.0,
                    lambda mu, sigma, ratio, n: _change(
                        clean_loss, mu, sigma, ratio, n
                    ),
                    atol=1e-15,
                ),
                {
                    "mu": _MU,
                    "sigma": _SIGMA,
                    "ratio": Reals(1.0, 3.0, (1.0, 1.1, 1.5, 3.0)),
                    "n": _N,
                },
                "ratio",
                unbroken=1.0,
            ),
            _copied_noise(functools.partial(_change, clean_loss), {"ratio": _WEAK}),
        ),
    ),
    Claim(
        id="min2021.medium-adversary",
        theory="statistics",
        title="Against a medium adversary more data hurt from n* on",
        source=SOURCE.at("abstract"),
        statement=r"""For $\varepsilon > \mu$ the loss is least at $n^* =
\sigma^2\log\frac{\varepsilon+\mu}{\varepsilon-\mu}/(2\varepsilon\mu)$.""",
        relation="lhs == rhs",
        domain={
            "mu": _MU,
            "sigma": _SIGMA,
            "ratio": _MEDIUM,
        },
        axis="ratio",
        evidence=Exact(
            _least_n,
            lambda mu, sigma, ratio: turning_point(mu, sigma, ratio * mu),
            rtol=1e-4,
        ),
        twin=Twin(
            r"at $\mu/\varepsilon$ times that",
            Exact(
                _least_n,
                lambda mu, sigma, ratio: turning_point(mu, sigma, ratio * mu) / ratio,
                rtol=1e-4,
            ),
        ),
        hypotheses=(
            _common_noise(
                Exact(
                    _least_n,
                    lambda mu, sigma, ratio, common: turning_point(
                        mu, sigma, ratio * mu
                    ),
                    rtol=1e-4,
                ),
                {"mu": _MU, "sigma": _SIGMA, "ratio": _MEDIUM},
                Reals(0.0, 0.5, (0.0, 0.01, 0.1)),
            ),
        ),
    ),
    Claim(
        id="min2021.strong-adversary",
        theory="statistics",
        title="Against a strong adversary more data hurt at once",
        source=SOURCE.at("abstract"),
        statement=r"""From the $\varepsilon$ with $n^* = 1$ on, $L_n \le L_{n+1}$ for
every $n \ge 1$. Shown is $0 \le (L_{n+1} - L_n)/\mu$.""",
        relation="lhs <= rhs",
        domain={
            "mu": _MU,
            "sigma": _SIGMA,
            "share": _STRONG,
            "n": _N,
        },
        axis="n",
        evidence=Enclosure(
            lambda mu, sigma, share, n: 0,
            _strong_rise_ball,
            formulas=(lambda mu, sigma, share, n: 0.0, _rise),
            rtol=1e-11,
            atol=1e-15,
            beyond=(
                Beyond(
                    lambda over_share, over_n: (
                        over_share.upper().min(1) * over_n.upper().min(1)
                    ),
                    lambda over_share, over_n: 1,
                    since={"share": 1, "n": 1},
                    scales=("mu", "sigma"),
                ),
            ),
        ),
        twin=Twin(
            "from 0.6 times that size on",
            Enclosure(
                lambda mu, sigma, share, n: 0,
                functools.partial(_strong_rise_ball, percent=60),
            ),
        ),
        hypotheses=(_copied_noise(_rise, {"share": _STRONG}),),
    ),
    Claim(
        id="min2021.robust-loss-falls",
        theory="statistics",
        title="The loss under steps falls with every point",
        source=SOURCE,
        statement=r"""At every $\varepsilon$ the expected loss under steps of that size
of the robustly trained $w$ falls with $n$: what more data hurt is the loss without
steps. Shown is $0 \le (R_n - R_{n+1})/\mu$.""",
        relation="lhs <= rhs",
        domain={
            "mu": _MU,
            "sigma": _SIGMA,
            "ratio": _ANY,
            "n": _N,
        },
        axis="n",
        evidence=Enclosure(
            lambda mu, sigma, ratio, n: 0,
            _robust_fall_ball,
            formulas=(
                lambda mu, sigma, ratio, n: 0.0,
                functools.partial(_change, robust_loss),
            ),
            atol=1e-14,
            beyond=(
                Beyond(
                    lambda ratio: 0,
                    lambda ratio: (1 + ratio) ** 2,
                    free=("n",),
                    scales=("mu", "sigma"),
                ),
                Beyond(
                    lambda over_ratio: 0,
                    lambda over_ratio: (1 + over_ratio) ** 2,
                    since={"ratio": 3.0},
                    free=("n",),
                    scales=("mu", "sigma"),
                ),
            ),
        ),
        twin=Twin(
            "so does the loss without steps",
            Enclosure(
                lambda mu, sigma, ratio, n: 0,
                lambda mu, sigma, ratio, n: _clean_fall_ball(mu, sigma, 1 - ratio, n),
            ),
        ),
        hypotheses=(
            _copied_noise(functools.partial(_change, robust_loss), {"ratio": _ANY}),
        ),
    ),
    Claim(
        id="min2021.double-descent",
        theory="statistics",
        title="Two coordinates descend twice",
        source=SOURCE.at("abstract"),
        statement=r"""With a coordinate of mean $1 > \varepsilon$ and deviation
$\sigma \ge 200$, and one of mean $1/2 < \varepsilon$ and deviation 2, the loss falls,
rises and falls again: it turns twice.""",
        relation="lhs == rhs",
        domain=_TWO,
        axis="eps",
        evidence=Exact(_turns, lambda sigma, eps: 2),
        twin=Twin(
            r"also for $\sigma = 10$",
            Exact(_turns, lambda sigma, eps: 2),
            domain={"sigma": Choices((10.0,)), "eps": Choices((0.6, 0.7, 0.8))},
        ),
        hypotheses=(
            _common_noise(
                Exact(_turns, lambda sigma, eps, common: 2),
                {**_TWO},
                Reals(0.0, 0.5, (0.0, 1e-5, 0.001, 0.1)),
            ),
        ),
    ),
    Claim(
        id="min2021.bernoulli",
        theory="statistics",
        title="Bernoulli classes, by enumeration of all samples",
        source=SOURCE,
        statement=r"""For $P(x = y) = (1+\mu)/2$: $L_n = -\mu[P(K > n(1+\varepsilon)/2)
- P(K < n(1-\varepsilon)/2)]$, $K \sim \mathrm{Bin}(n, (1+\mu)/2)$.""",
        relation="lhs == rhs",
        domain={
            "mu": Reals(-1.0, 1.0, (0.1, 0.5, 0.9), symbol=r"\mu"),
            "n": Integers(1, 10, (1, 2, 5, 10), symbol="n"),
            "eps": Choices((0.0, 0.2, 0.4, 0.5, 1.0), r"\varepsilon"),
        },
        axis="n",
        evidence=Exact(bernoulli_clean_loss, _enumerated, atol=1e-14),
        twin=Twin(
            r"for one point more",
            Exact(
                lambda mu, n, eps: bernoulli_clean_loss(mu, n + 1, eps),
                _enumerated,
                atol=1e-14,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "points are independent",
                "with a probability each is a copy of the one before",
                Exact(
                    lambda mu, n, eps, copied: bernoulli_clean_loss(mu, n, eps),
                    _enumerated,
                    atol=1e-14,
                ),
                {
                    "mu": Reals(-1.0, 1.0, (0.1, 0.5, 0.9), symbol=r"\mu"),
                    "n": Integers(1, 10, (1, 2, 5), symbol="n"),
                    "eps": Choices((0.2, 0.5), r"\varepsilon"),
                    "copied": Reals(0.0, 1.0, (0.0, 0.1, 1.0)),
                },
                "copied",
            ),
        ),
    ),
)
