r"""Bhagoji, Cullina, Mittal 2019: the optimal robust loss is an optimal transport.

Two classes with laws P_1 and P_-1, equally frequent; an adversary moves x by at most
eps in l_p. With C = the least P(|x - x'|_p > 2 eps) over all couplings of the two laws,

    inf_h R_eps(h) = (1 - C)/2.

"At least" is short: a rule that is right on the balls about x and x' has disjoint
balls, so P(right) summed over the classes is at most 1 + P(|x - x'| > 2 eps) under any
coupling. For samples the rest is the theorem of Konig (`geomadv.concentration`).

**Transport bounds.** Any coupling bounds the loss from below, and so does any distance
W of transport: by Markov's inequality for the coupling that attains W_r,
C <= (W_r/(2 eps))^r, so that

    loss >= (1 - (W_r/(2 eps))^r)/2.

**Gaussians N(+-mu, S)**, any norm. To move the classes by -+z, |z|_p <= eps, is an
attack that leaves the Bayes risk Phi(-|mu - z|_{S^-1}), and the best linear rule
attains the largest of them (`geomadv.data.GaussianPair`):

    loss = Phi(-m),   m = min { |mu - z|_{S^-1} : |z|_p <= eps }.

For S = sigma^2 I, m = (|mu|_2 - eps)_+/sigma for p = 2, and for p = infinity
m = |(|mu| - eps)_+|_2/sigma, coordinate by coordinate. For p = 2 and any S the nearest
point is z = (I + t S)^-1 mu with |z|_2 = eps, one equation in t >= 0.

**The plug-in is biased downwards.** Let L_N be the loss of N points a class. It is the
minimum over h of the empirical robust loss, whose mean is R_eps(h): so E L_N is at most
the truth. The empirical loss of N + 1 points a class is the mean of those without one
of each, so E L_N <= E L_{N+1}.

**And it collapses with the dimension.** x - x' is N(2 mu, 2 sigma^2 I), so that a pair
is in conflict, for p = 2, with probability

    q = F(2 eps^2/sigma^2; d, 2 |mu|^2/sigma^2),

F the noncentral chi-square distribution function. The volume of the ball times the
largest density of x - x' bounds it for every mu,

    q <= (eps/sigma)^d / Gamma(d/2 + 1).

A matching has no more edges than there are conflicts: E L_N <= N q/2, and P(L_N > 0) <=
N^2 q. To see half of a loss l takes N >= l/q points a class, more than exponentially
many in d, while l itself does not depend on d.

Source: arXiv:1909.12272; the abstract states the theorem, the formulas are derived
here. Conventions: eps, mu and sigma have one unit; labels are -1 and +1; for samples
of unequal size the loss is the share of all points.
"""

import functools
import itertools
import math
from typing import Any

import numpy as np
from scipy import optimize, special
from scipy.spatial.distance import cdist

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, norm_order, real, real_array
from geomadv.claims import (
    Beyond,
    Choices,
    Claim,
    Enclosure,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.concentration import optimal_robust_loss
from geomadv.data import GaussianPair

SOURCE = Source(
    "A. N. Bhagoji, D. Cullina, P. Mittal",
    "Lower bounds on adversarial robustness from optimal transport",
    2019,
    arxiv="1909.12272",
)


def gaussian_loss(
    mu: ArrayLike, eps: ArrayLike, *, cov: ArrayLike | None = None, p: float = 2
) -> Real:
    """Return the least robust loss of any classifier of N(mu, cov) and N(-mu, cov).

    Parameters
    ----------
    mu : (d,) array_like
        Mean of the class +1; that of the class -1 is -mu.
    eps : array_like
        Radii, at least 0.
    cov : float, (d,) or (d, d) array_like
        Covariance of both, as for `geomadv.data.GaussianPair`.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    numpy.float64 or array
        Loss, in [0, 1/2], of the shape of `eps`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The minimum over the ball is certified by duality, see `GaussianPair`.

    Examples
    --------
    >>> gaussian_loss([2.0, 0.0], [0.5, 1.0, 2.0])
    array([0.0668072 , 0.15865525, 0.5       ])
    >>> round(float(gaussian_loss([2.0, 1.0], 0.5, cov=[4.0, 1.0])), 10)
    0.1490919916
    """
    loss: Real = np.exp(log_gaussian_loss(mu, eps, cov=cov, p=p))
    return loss


def log_gaussian_loss(
    mu: ArrayLike, eps: ArrayLike, *, cov: ArrayLike | None = None, p: float = 2
) -> Real:
    """Return the logarithm of `gaussian_loss`, which does not underflow.

    The arguments are as for `gaussian_loss`.

    Returns
    -------
    numpy.float64 or array
        Logarithm of the loss, at most log(1/2).

    Examples
    --------
    >>> round(float(log_gaussian_loss([101.0], 1.0)), 6)
    -5005.524209
    """
    pair = GaussianPair(mu, cov)
    sizes, order = real_array("eps", eps, lower=0.0), norm_order("p", p)
    values = [
        pair.log_robust_risk(pair.optimal_robust_classifier(e, order), e, order)
        for e in sizes.ravel().tolist()
    ]
    loss: Real = np.reshape(np.array(values, dtype=np.float64), sizes.shape)[()]
    return loss


def isotropic_loss(
    mu: ArrayLike, eps: ArrayLike, sigma: ArrayLike = 1.0, *, p: float = 2
) -> Real:
    """Return the same for the covariance sigma^2 I in closed form, p = 2 or infinity.

    Parameters
    ----------
    mu : (d,) array_like
        Mean of the class +1.
    eps, sigma : array_like
        Radii, at least 0, and standard deviations, above 0.
    p : float
        2 or `numpy.inf`.

    Returns
    -------
    numpy.float64 or array
        Loss, of the shape of `eps` and `sigma` together.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Relative error below 1e-13 against 50-digit arithmetic where the loss is above
    1e-100.

    Examples
    --------
    A ball of l_inf swallows weak coordinates one after the other.

    >>> isotropic_loss([0.5] * 10 + [0.05] * 90, [0.0, 0.05, 0.2], p=np.inf).round(7)
    array([0.0493941, 0.0773645, 0.1713909])
    """
    mean = real_array("mu", mu, ndim=1)
    size, spread = broadcast(
        eps=real_array("eps", eps, lower=0.0),
        sigma=real_array("sigma", sigma, lower=0.0, open_lower=True),
    )
    order = norm_order("p", p)
    if order == 2.0:
        left = np.maximum(np.linalg.norm(mean) - size, 0.0)
    elif np.isinf(order):
        each = np.maximum(np.abs(mean) - size[..., None], 0.0)
        left = np.linalg.norm(each, axis=-1)
    else:
        raise ValueError(f"p must be 2 or inf, got {order:g}")
    loss: Real = special.ndtr(-left / spread)
    return loss


def euclidean_loss(mu: ArrayLike, eps: float, variances: ArrayLike) -> np.float64:
    """Return the same for p = 2 and independent coordinates, by one equation.

    Parameters
    ----------
    mu : (d,) array_like
        Mean of the class +1. For a matrix S it is given in the eigenvectors of S.
    eps : float
        Radius, at least 0.
    variances : (d,) array_like
        Variances of the coordinates, above 0.

    Returns
    -------
    numpy.float64
        Loss.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The multiplier t is found by bisection (Brent) in log t, a second way to
    `gaussian_loss`: the two agreed to 1e-10 in the tests.

    Examples
    --------
    >>> round(float(euclidean_loss([2.0, 1.0], 2.0, [4.0, 1.0])), 10)
    0.4487015029
    """
    mean, size = real_array("mu", mu, ndim=1), real("eps", eps, lower=0.0)
    spread = real_array("variances", variances, lower=0.0, open_lower=True)
    mean, spread = broadcast(mu=mean, variances=spread)
    if np.linalg.norm(mean) <= size:
        return np.float64(0.5)

    def excess(log_t: float) -> float:
        return float(np.linalg.norm(mean / (1 + math.exp(log_t) * spread)) - size)

    shrunk = spread  # (t S / (1 + t S)) / t S, for t infinite
    left = mean
    if size > 0.0:
        low = math.log(np.linalg.norm(mean) / size - 1) - math.log(spread.max())
        high = math.log(np.linalg.norm(mean) / size - 1) - math.log(spread.min())
        log_t = low
        if high - low > 1e-14:
            log_t = float(optimize.brentq(excess, low - 1e-9, high + 1e-9, xtol=1e-14))
        shrunk = math.exp(log_t) * spread
        left = mean * (shrunk / (1 + shrunk))
    return np.float64(special.ndtr(-np.linalg.norm(left / np.sqrt(spread))))


def transport_bound(distance: ArrayLike, eps: ArrayLike, r: ArrayLike = 1.0) -> Real:
    """Return (1 - (W_r/(2 eps))^r)/2: no classifier has a smaller robust loss.

    Parameters
    ----------
    distance : array_like
        The Wasserstein distance W_r of the two classes, at least 0, in the norm of the
        attack; or the r-th root of the mean of |x - x'|^r under any coupling.
    eps : array_like
        Radii, above 0.
    r : array_like
        Order of the distance, at least 1.

    Returns
    -------
    numpy.float64 or array
        Bound, at least 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> transport_bound(1.0, [0.25, 1.0, 2.0])
    array([0.   , 0.25 , 0.375])
    """
    far, size, order = broadcast(
        distance=real_array("distance", distance, lower=0.0),
        eps=real_array("eps", eps, lower=0.0, open_lower=True),
        r=real_array("r", r, lower=1.0),
    )
    share = np.minimum(far / size / 2, 1.0) ** order
    bound: Real = ((1 - share) / 2)[()]
    return bound


def conflict_probability(
    d: ArrayLike, eps: ArrayLike, length: ArrayLike = 1.0, sigma: ArrayLike = 1.0
) -> Real:
    r"""Return P(|x - x'|_2 <= 2 eps) for x ~ N(mu, sigma^2 I), x' ~ N(-mu, sigma^2 I).

    Parameters
    ----------
    d : array_like
        Dimensions, at least 1.
    eps : array_like
        Radii, at least 0.
    length : array_like
        |mu|_2, at least 0.
    sigma : array_like
        Standard deviation, above 0.

    Returns
    -------
    numpy.float64 or array
        Probability.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The noncentral chi-square law as a mixture of central ones with Poisson weights,
    over all weights above 1e-20 of the largest. Relative error below 1e-11 against
    50-digit arithmetic for |mu|/sigma up to 10, eps/sigma up to 10 and d up to 300,
    where the result is above 1e-250; 0 where it is below 1e-300.

    Examples
    --------
    The mean number of conflicts of a point with 500 of the other class, where no
    classifier has a loss below .3085:

    >>> (500 * conflict_probability([1, 5, 10, 20], 0.5)).round(4).tolist()
    [111.4013, 1.5535, 0.0013, 0.0]
    """
    dim, size, mean, spread = broadcast(
        d=real_array("d", d, lower=1.0),
        eps=real_array("eps", eps, lower=0.0),
        length=real_array("length", length, lower=0.0),
        sigma=real_array("sigma", sigma, lower=0.0, open_lower=True),
    )
    rate, x = (mean / spread) ** 2, (size / spread) ** 2
    most = float(rate.max(initial=0.0))
    k = np.arange(math.ceil(most + 12 * math.sqrt(most) + 40.0))
    rate, x, dim = rate[..., None], x[..., None], dim[..., None]
    log_weight = special.xlogy(k, rate) - rate - special.gammaln(k + 1)
    terms = np.exp(log_weight) * special.gammainc(dim / 2 + k, x)
    probability: Real = terms.sum(axis=-1)[()]
    return probability


def plug_in_bound(
    n: ArrayLike,
    d: ArrayLike,
    eps: ArrayLike,
    length: ArrayLike = 1.0,
    sigma: ArrayLike = 1.0,
) -> Real:
    r"""Return an upper bound of the mean loss of samples of two Gaussian classes.

    Parameters
    ----------
    n : array_like
        Points a class, at least 1.
    d, eps, length, sigma : array_like
        As for `conflict_probability`.

    Returns
    -------
    numpy.float64 or array
        min(truth, n q/2): the plug-in's mean is at most the truth, Phi(-(|mu| -
        eps)_+/sigma), and at most half of the mean number of conflicts a point.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> plug_in_bound(500, [1, 2, 5, 10], 0.5).round(4)
    array([0.3085, 0.3085, 0.3085, 0.0006])
    """
    number, dim, size, mean, spread = broadcast(
        n=real_array("n", n, lower=1.0),
        d=real_array("d", d, lower=1.0),
        eps=real_array("eps", eps, lower=0.0),
        length=real_array("length", length, lower=0.0),
        sigma=real_array("sigma", sigma, lower=0.0, open_lower=True),
    )
    truth = special.ndtr(-np.maximum(mean - size, 0.0) / spread)
    conflicts = number * conflict_probability(dim, size, mean, spread) / 2
    bound: Real = np.minimum(truth, conflicts)
    return bound


# --- Claims --------------------------------------------------------------------------


def _pair(d: int, scale: float, seed: int) -> GaussianPair:
    """Draw a pair with correlated coordinates of condition below 100."""
    rng = spawn(0, "bhagoji2019", d, seed)
    mixing = rng.standard_normal((d, d)) / math.sqrt(d)
    return GaussianPair(scale * rng.standard_normal(d), mixing @ mixing.T + np.eye(d))


def _linear_risk(d: int, scale: float, seed: int, p: float, share: float) -> float:
    """Return the robust risk of the best linear rule, eps a share of |mu|_p."""
    pair = _pair(d, scale, seed)
    eps = share * float(np.linalg.norm(pair.mu, p))
    return float(pair.robust_risk(pair.optimal_robust_classifier(eps, p), eps, p))


def _attacked_bayes_risk(
    d: int, scale: float, seed: int, p: float, share: float, factor: float = 1.0
) -> float:
    """Return the Bayes risk after an attack that needs no rule: a shift by -+z."""
    pair = _pair(d, scale, seed)
    eps = factor * share * float(np.linalg.norm(pair.mu, p))
    w = pair.optimal_robust_classifier(eps, p).coef_[0]
    z = pair.mu - pair.cov @ w
    length = float(np.linalg.norm(z, p))
    return pair.shifted(-z * min(1.0, eps / length) if length else -z).bayes_risk


def _cells(
    points: int, seed: int
) -> tuple[Float[NDArray, "n 2"], Float[NDArray, " n"]]:
    """Draw points of a grid, where balls of radius 1/2, 1, ... touch."""
    rng = spawn(0, "bhagoji2019", points, seed)
    y = np.where(np.arange(points) % 2, 1.0, -1.0)
    return rng.integers(0, 4, (points, 2)).astype(np.float64), y


def _fewest_errors(points: int, seed: int, eps: float, p: float, *, touch: bool) -> int:
    """Return the least number of errors over all sets of points that are right."""
    X, y = _cells(points, seed)
    apart = np.linalg.norm(X[:, None] - X[None], p, axis=2)
    clash = (apart <= 2 * eps if touch else apart < 2 * eps) & (y[:, None] != y)
    right = (np.arange(2**points)[:, None] >> np.arange(points)) & 1
    possible = ((right @ clash) * right).sum(axis=1) == 0
    return int(points - right[possible].sum(axis=1).max())


def _matched(points: int, seed: int, eps: float, p: float) -> int:
    X, y = _cells(points, seed)
    return int(optimal_robust_loss(X, y, eps, p=p).matching)


def _moved(n: int, share: float, beyond: float, seed: int) -> tuple[float, float]:
    """Return W_1 and the loss at eps = 1 of two samples in the plane.

    The second sample is the first one, of which a share is moved by 2 (1 + `beyond`).
    """
    rng = spawn(0, "bhagoji2019", n, seed)
    A = 100.0 * rng.permutation(n)[:, None] * np.array([1.0, 0.0])
    turn = rng.uniform(0, 2 * math.pi, n)
    step = 2 * (1 + beyond) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    step[round(share * n) :] = 0.0
    cost = cdist(A, A + step)
    pairs = optimize.linear_sum_assignment(cost)
    y = np.repeat([-1.0, 1.0], n)
    loss = optimal_robust_loss(np.concatenate([A, A + step]), y, 1.0).loss
    return float(cost[pairs].mean()), float(loss)


def _mean_loss(support: int, n: int, seed: int, eps: float) -> float:
    """Return the mean loss of samples of n points a class, all of them gone through.

    Both laws are uniform on `support` points of the plane; n = 0 stands for the truth.
    """
    rng = spawn(0, "bhagoji2019", support, seed)
    A, B = rng.random((2, support, 2))
    draws = [tuple(range(support))]
    if n > 0:
        draws = list(itertools.combinations_with_replacement(range(support), n))
    total = weights = 0.0
    for i, j in itertools.product(draws, repeat=2):
        X = np.concatenate([A[list(i)], B[list(j)]])
        weight = _orders(i) * _orders(j)
        y = np.repeat([-1.0, 1.0], len(i))
        total += weight * float(optimal_robust_loss(X, y, eps).loss)
        weights += weight
    return total / weights


def _orders(draw: tuple[int, ...]) -> int:
    """Return in how many orders a draw with replacement may come."""
    counts = [math.factorial(draw.count(i)) for i in set(draw)]
    return math.factorial(len(draw)) // math.prod(counts)


def _any_conflict(
    n: int, rng: np.random.Generator, d: int, points: int, q: float, length: float
) -> Bool[NDArray, " n"]:
    """Draw n samples and tell whether any two points of a sample are in conflict."""
    eps = _radius(d, points, q, length)
    A, B = rng.standard_normal((2, n, points, d))
    A[..., 0] += 2 * length
    square = (A**2).sum(axis=2)[:, :, None] + (B**2).sum(axis=2)[:, None, :]
    square -= 2 * A @ B.swapaxes(1, 2)
    return np.asarray(square.min(axis=(1, 2)) <= 4 * eps * eps)


def _radius(d: int, points: int, q: float, length: float) -> float:
    """Return the eps at which the mean number of conflicts is q."""

    def excess(eps: float) -> float:
        return float(conflict_probability(d, eps, length)) * points**2 - q

    return float(optimize.brentq(excess, 0.0, length + 2 * math.sqrt(d) + 10))


def _volume_bound(d: int, eps: float) -> float:
    return float(d * np.log(eps) - special.gammaln(d / 2 + 1))


def _log_conflicts(d: int, eps: float, length: float) -> float:
    return float(np.log(conflict_probability(d, eps, length)))


_SEED = Integers(0, 10**6, (0, 1, 2), "linear")
_NORMS = Choices((1.0, 1.5, 2.0, 3.0, math.inf), symbol="p")
_SHARE = Reals(0.0, 1.1, (0.0, 0.3, 0.7, 1.1), symbol=r"\epsilon/\|\mu\|_p")
_GAUSSIANS: dict[str, Any] = {
    "d": Integers(2, 10, (2, 5, 10), symbol="d"),
    "scale": Reals(0.3, 2.0, (1.0,)),
    "seed": Integers(0, 10**6, (0, 1), "linear"),
    "p": _NORMS,
    "share": _SHARE,
}
_GRID: dict[str, Any] = {
    "points": Integers(4, 10, (6, 10), "linear", symbol="n"),
    "seed": _SEED,
    "eps": Choices((0.5, 1.0, 1.5), symbol=r"\epsilon"),
    "p": Choices((1.0, 2.0, math.inf), symbol="p"),
}
_MOVED: dict[str, Any] = {
    "n": Integers(1, 40, (10, 40), symbol="N"),
    "share": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
    "beyond": Reals(1e-6, 2.0, (1e-6, 0.1, 1.0), "log"),
    "seed": _SEED,
}
_SAMPLES: dict[str, Any] = {
    "support": Integers(2, 3, (2, 3), "linear"),
    "n": Choices((1, 2), symbol="N"),
    "seed": _SEED,
    "eps": Reals(0.0, 0.75, (0.1, 0.2, 0.75), symbol=r"\epsilon"),
}
_FEW: dict[str, Any] = {
    "d": Integers(1, 50, (2, 10, 50), symbol="d"),
    "points": Integers(2, 8, (4, 8), symbol="N"),
    "q": Reals(0.1, 0.5, (0.2,), symbol="N^2 q"),
    "length": Reals(0.0, 1.0, (0.0, 1.0), symbol=r"\|\mu\|"),
}
_BALLS: dict[str, Any] = {
    "d": Integers(1, 100, (1, 2, 10, 50, 100), symbol="d"),
    "eps": Reals(0.05, 3.0, (0.05, 0.5, 1.0), "log", r"\epsilon/\sigma"),
    "length": Reals(0.0, 2.0, (0.0, 0.5, 1.0), symbol=r"\|\mu\|/\sigma"),
}


def _conflict_share(d: int, eps: float, length: float) -> float:
    """Return the probability of a conflict over its bound."""
    return math.exp(_log_conflicts(d, eps, length) - _volume_bound(d, eps))


def _mean_exponential(b: Any, x: Any) -> Any:
    """Enclose b times the integral of t^(b-1) e^(-x t) over t from 0 to 1."""
    return (-x).hypgeom_1f1(b, b + 1)


def _conflict_share_ball(d: int, eps: Any, length: Any) -> Any:
    r"""Enclose the same.

    With a = d/2, x = eps^2 and L = |mu| it is

        e^{-L^2} sum_k (L^2 x)^k/(k! (a+1)_k) 1F1(a+k; a+k+1; -x).

    The last factor is a mean of e^{-x t} over t in [0, 1], which falls with x. The sum
    falls with L (Anderson 1955: a centred ball, and a density that moves off). At L = 0
    it is E exp(-x U^{2/d}) for a uniform U, and the chord of the exponential gives

        1 - E exp(-x U^{2/d}) >= (1 - e^{-x}) d/(d + 2) >= (1 - e^{-x})/3.
    """
    from flint import arb

    if not length.is_exact():
        return _conflict_share_ball(d, eps, length.lower().max(arb(0))).union(0)
    a, square, x = arb(d) / 2, length * length, balls.positive_product(eps, eps)
    weight, total = arb(1), arb(0)
    for k in itertools.count():
        b = a + k
        total += weight * balls.decreasing(functools.partial(_mean_exponential, b), x)
        step = square * x / ((k + 1) * (b + 1))
        weight *= step
        if step < 0.5 and weight < 1e-40:  # the rest is at most a geometric series
            break
    return (total + (2 * weight).union(0)) * (-square).exp()


def _least_gap_ball(eps: Any) -> Any:
    """Enclose (1 - e^-x)/(3 x), which falls with x = eps^2."""
    x = eps.upper() ** 2
    return (-(-x).expm1() / x).union(1) / 3


def _next_mean(support: int, n: int, seed: int, eps: float) -> float:
    return _mean_loss(support, n + 1 if n == 1 else 0, seed, eps)


# --- What becomes of the claims where a hypothesis is broken --------------------------


def _roots(wider: float, left: float) -> tuple[float, float]:
    """Return where the densities of N(left, 1) and N(-left, (1 + wider)^2) are equal.

    The nearer root is that of a threshold; the other one tends to infinity.
    """
    v = 1 + wider
    a = 1 - 1 / v**2
    b, c = left * (1 + 1 / v**2), left**2 * a - 2 * math.log(v)
    root = b + math.sqrt(b * b - a * c)
    return c / root, root / a if a else math.inf


def _threshold_risk(wider: float, share: float) -> float:
    """Return the risk of the best threshold after the classes 1 and -1 are moved."""
    left = 1 - share
    x, _ = _roots(wider, left)
    return float(special.ndtr(x - left) + special.ndtr(-(x + left) / (1 + wider))) / 2


def _two_humps(apart: float, share: float) -> tuple[float, float]:
    """Return the risk of the best threshold and that of the Bayes rule.

    After the attack the classes are mixtures about +-(1 - share) -+ apart.
    """
    x = np.linspace(-9, 9, 2001)
    humps = np.array([-apart, apart])

    def below(t: NDArray, centre: float) -> NDArray:
        return np.asarray(special.ndtr(t[..., None] - centre - humps).mean(axis=-1))

    def surplus(t: Any) -> Any:
        one, two = (
            np.exp(-((np.asarray(t)[..., None] - c - humps) ** 2) / 2).sum(axis=-1)
            for c in (left, -left)
        )
        return one - two

    left = 1 - share
    turns = np.flatnonzero(np.diff(surplus(x) > 0))
    cuts = [optimize.brentq(surplus, x[i], x[i + 1], xtol=1e-14) for i in turns]
    ends = np.array([-np.inf, *cuts, np.inf])
    apart_by = np.diff(below(ends, left)) - np.diff(below(ends, -left))
    threshold = (below(x, left) + 1 - below(x, -left)).min() / 2
    return float(threshold), float(1 - np.abs(apart_by).sum() / 2) / 2


def _interval_risk(wider: float, share: float) -> float:
    """Return the Bayes risk: between the roots the narrow class is the likelier."""
    left = 1 - share
    ends = np.array(_roots(wider, left))
    lower, upper = special.ndtr((ends + left) / (1 + wider))
    narrow = special.ndtr(ends - left)
    return float(narrow[0] + 1 - narrow[1] + upper - lower) / 2


_BLOCKS = Integers(1, 100, (1, 2, 10, 50), symbol="m")
_IN_BLOCKS: dict[str, Any] = {
    "size": _BLOCKS,
    "d": Integers(50, 100, (50, 100), symbol="d"),
    "eps": Reals(0.05, 3.0, (0.5, 1.0), "log", r"\epsilon/\sigma"),
    "length": Reals(0.0, 2.0, (0.0, 1.0), symbol=r"\|\mu\|/\sigma"),
}


def _conflict_in_blocks(size: int, d: int, eps: float, length: float) -> float:
    """Return the probability of a conflict where d coordinates are d/size, repeated."""
    root = math.sqrt(size)
    return float(conflict_probability(d / size, eps / root, length / root))


_EQUAL_COVARIANCES = (
    Hypothesis(
        "the two classes have one covariance",
        r"in one dimension one of them is wider by the factor $1 + s$",
        Exact(_threshold_risk, _interval_risk, rtol=1e-7),
        {
            "wider": Reals(0, 3, (0.0, 0.1, 0.5, 1.0), symbol="s"),
            "share": Reals(0, 0.9, (0.0, 0.5), symbol=r"\epsilon/\mu"),
        },
        "wider",
    ),
    Hypothesis(
        "the classes are normal",
        "in one dimension each has two halves, at a distance $s$ on both sides",
        Exact(
            lambda apart, share: _two_humps(apart, share)[0],
            lambda apart, share: _two_humps(apart, share)[1],
            rtol=1e-7,
        ),
        {
            "apart": Reals(0, 4, (0.0, 0.5, 1.5, 3.0), symbol="s"),
            "share": Reals(0, 0.9, (0.0, 0.5), symbol=r"\epsilon/\mu"),
        },
        "apart",
    ),
)
_TWO_CLASSES = (
    Hypothesis(
        "there are two classes",
        r"there are $k$, with one point of each at the same place",
        Exact(lambda classes: classes // 2, lambda classes: classes - 1),
        {"classes": Integers(2, 100, (2, 5, 10), symbol="k")},
        "classes",
        unbroken=2,
    ),
)
_EQUAL_FREQUENCIES = (
    Hypothesis(
        "the classes are equally frequent",
        r"one has the frequency $\tfrac12 - s$, and a share of the points is moved by "
        r"$2\epsilon$",
        Exact(
            lambda lacking, share: transport_bound(2 * share, 1.0),
            lambda lacking, share: (1 - share) * (0.5 - lacking),
        ),
        {
            "lacking": Reals(0, 0.5, (0.0, 0.01, 0.1, 0.5), symbol="s"),
            "share": Reals(0, 0.99, (0.0, 0.5)),
        },
        "lacking",
    ),
    Hypothesis(
        "the distance of transport is in the norm of the attack",
        r"it is in the $\ell_p$ norm, the attack in $\ell_2$, and a share of the "
        "points is moved along the diagonal of the plane",
        Exact(
            lambda order, share: transport_bound(
                2 * share * 2 ** (1 / order - 1 / 2), 1.0
            ),
            lambda order, share: (1 - share) / 2,
        ),
        {
            "order": Reals(1, 50, (2.0, 2.1, 4.0, 50.0), symbol="p"),
            "share": Choices((0.5, 0.9)),
        },
        "order",
        unbroken=2.0,
    ),
)
_ONE_LAW = (
    Hypothesis(
        "all points are drawn from the two laws",
        "both are uniform on the same two points; the second of each sample is an "
        "outlier with probability $s$: $E\\,L_1$ is 1/4, $E\\,L_2$ is 5/16 or 1/8",
        Exact(
            lambda outlier: 1 / 4,
            lambda outlier: (1 - outlier) * 5 / 16 + outlier / 8,
        ),
        {"outlier": Reals(0, 1, (0.0, 0.1, 0.5, 1.0), symbol="s")},
        "outlier",
    ),
)
_INDEPENDENT = Hypothesis(
    "the coordinates are independent",
    r"they are equal in blocks of $m$; $N = 1$",
    Exact(
        _conflict_in_blocks,
        lambda size, d, eps, length: conflict_probability(d, eps, length),
        rtol=1e-10,
    ),
    _IN_BLOCKS,
    "size",
    unbroken=1,
    where=lambda size, d, eps, length: d % size == 0,
)
_DENSITY = Hypothesis(
    "the coordinates are independent",
    r"they are equal in blocks of $m$; shown is the probability over its bound",
    Exact(
        lambda size, d, eps, length: (
            _conflict_in_blocks(size, d, eps, length) / math.exp(_volume_bound(d, eps))
        ),
        lambda size, d, eps, length: 1.0,
        rtol=1e-10,
    ),
    _IN_BLOCKS,
    "size",
    unbroken=1,
    where=lambda size, d, eps, length: d % size == 0,
)


CLAIMS = (
    Claim(
        id="bhagoji2019.gaussian",
        theory="dimension",
        title="For two Gaussians a linear rule attains the optimal transport bound",
        source=SOURCE,
        statement=r"""For $N(\pm\mu, \Sigma)$ and any $\ell_p$ the robust risk of the
best linear rule is the Bayes risk of $N(\pm(\mu - z), \Sigma)$ for some
$\|z\|_p \le \epsilon$, below which the loss of no classifier is.""",
        relation="lhs == rhs",
        domain=_GAUSSIANS,
        axis="share",
        evidence=Exact(_linear_risk, _attacked_bayes_risk, rtol=1e-7),
        twin=Twin(
            r"the attack is shorter by a thousandth",
            Exact(
                _linear_risk,
                lambda **point: _attacked_bayes_risk(**point, factor=0.999),
                rtol=1e-7,
            ),
        ),
        note=r"""$\mu$ and $\Sigma$ are drawn, $\Sigma$ well conditioned.""",
        hypotheses=_EQUAL_COVARIANCES,
    ),
    Claim(
        id="bhagoji2019.matching",
        theory="dimension",
        title="The least robust loss of a sample is that of a maximum matching",
        source=SOURCE,
        statement=r"""The least number of points of a two-class sample about which a
classifier errs under attack, over all sets of points that can be right together, is the
size of a maximum matching of $\{(i, j) : \|x_i - x'_j\|_p \le 2\epsilon\}$.""",
        relation="lhs == rhs",
        domain=_GRID,
        axis="eps",
        evidence=Exact(
            _matched, lambda **point: _fewest_errors(**point, touch=True), atol=1e-9
        ),
        twin=Twin(
            "balls that touch do not meet",
            Exact(
                _matched,
                lambda **point: _fewest_errors(**point, touch=False),
                atol=1e-9,
            ),
        ),
        note="Points of a grid, so that many balls touch; all subsets gone through.",
        hypotheses=_TWO_CLASSES,
    ),
    Claim(
        id="bhagoji2019.transport-bound",
        theory="dimension",
        title="Classes that are near in W_1 cannot be told apart robustly",
        source=SOURCE,
        statement=r"""No classifier has a robust loss below
$\tfrac12\big(1 - W_1(P_1, P_{-1})/(2\epsilon)\big)$.""",
        relation="lhs <= rhs",
        domain=_MOVED,
        axis="share",
        evidence=Exact(
            lambda **point: transport_bound(_moved(**point)[0], 1.0),
            lambda **point: _moved(**point)[1],
            atol=1e-9,
            unproved="both sides are results of programs on samples: a transport and a "
            "matching",
        ),
        twin=Twin(
            r"the bound is $\tfrac12(1 - 0.99\,W_1/(2\epsilon))$",
            Exact(
                lambda **point: transport_bound(0.99 * _moved(**point)[0], 1.0),
                lambda **point: _moved(**point)[1],
                atol=1e-9,
            ),
        ),
        note=r"""Two samples that differ in some points, moved by a little more than
$2\epsilon$ or by more: in the first case the bound is attained.""",
        hypotheses=_EQUAL_FREQUENCIES,
    ),
    Claim(
        id="bhagoji2019.bias",
        theory="dimension",
        title="The loss of a sample is biased downwards, less so for larger samples",
        source=SOURCE,
        statement=r"""For samples of $N$ points a class $E\,L_N \le E\,L_{N+1}$, and
$E\,L_N$ is at most the optimal robust loss of the laws.""",
        relation="lhs <= rhs",
        domain=_SAMPLES,
        axis="eps",
        evidence=Exact(
            _mean_loss,
            _next_mean,
            unproved="both sides are means of matchings, which jump with eps",
        ),
        twin=Twin(
            r"$E\,L_N \le 0.99\,E\,L_{N+1}$",
            Exact(_mean_loss, lambda **point: 0.99 * _next_mean(**point)),
        ),
        note=r"""All samples of 1 and 2 points a class are gone through; the laws are
uniform on two or three points.""",
        hypotheses=_ONE_LAW,
    ),
    Claim(
        id="bhagoji2019.few-conflicts",
        theory="dimension",
        title="A sample of two Gaussians has a loss of 0 unless a pair is in conflict",
        source=SOURCE,
        statement=r"""For samples of $N$ points of $N(\mu, \sigma^2 I)$ and as many of
$N(-\mu, \sigma^2 I)$ in $\mathbb R^d$, $P(L_N > 0) \le N^2 q$ with
$q = P(\chi'^2_d(2\|\mu\|^2/\sigma^2) \le 2\epsilon^2/\sigma^2)$.""",
        relation="lhs <= rhs",
        domain=_FEW,
        axis="d",
        evidence=Statistical(_any_conflict, lambda d, points, q, length: q),
        twin=Twin(
            r"$P(L_N > 0) \le 0.8\,N^2 q$",
            Statistical(_any_conflict, lambda d, points, q, length: 0.8 * q),
        ),
        note=r"""$\epsilon$ is the radius at which $N^2 q$ is as stated.""",
        hypotheses=(_INDEPENDENT,),
    ),
    Claim(
        id="bhagoji2019.volume",
        theory="dimension",
        title="The probability of a conflict falls faster than exponentially in d",
        source=SOURCE,
        statement=r"""$\ln P(\|x - x'\|_2 \le 2\epsilon) \le
d\ln(\epsilon/\sigma) - \ln\Gamma(d/2 + 1)$ for $x, x'$ from
$N(\pm\mu, \sigma^2 I)$, whatever $\mu$.""",
        relation="lhs <= rhs",
        domain=_BALLS,
        axis="d",
        evidence=Enclosure(
            _conflict_share_ball,
            lambda d, eps, length: 1,
            formulas=(_conflict_share, lambda d, eps, length: 1.0),
            rtol=1e-9,
            beyond=(
                Beyond(
                    lambda eps: 0,
                    _least_gap_ball,
                    until={"eps": 3.0},
                    free=("d", "length"),
                ),
                Beyond(
                    lambda over_eps: (-1 / over_eps.upper() ** 2).exp().union(0),
                    lambda over_eps: 1,
                    since={"eps": 3.0},
                    free=("d", "length"),
                ),
            ),
        ),
        twin=Twin(
            "the probability is at most 0.99 times as large",
            Enclosure(_conflict_share_ball, lambda d, eps, length: 0.99),
        ),
        note="Shown is the probability over its bound.",
        hypotheses=(_DENSITY,),
    ),
)
