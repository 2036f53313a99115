r"""Linear regression under attack: what can be had (Javanmard et al. 2020).

y = <x, theta_0> + w with x ~ N(0, I_d), w ~ N(0, s^2), and steps of l2 length at most
eps. A linear estimator theta has, with c = sqrt(2/pi),

    SR = s^2 + |theta - theta_0|^2,
    AR = E max (y - <x + delta, theta>)^2
       = SR + 2 c eps |theta| sqrt(SR) + eps^2 |theta|^2,

since y - <x, theta> is N(0, SR).

**The trade-off.** Of all theta of one length that along theta_0 has the least SR and
AR, and lambda SR + AR is convex, so that the pairs (SR, AR) that no linear estimator
betters are those of theta = theta_0/(1 + g), with g >= 0 the root of

    g = (eps^2 + c eps A)/(1 + lambda + c eps/A),
    A = sqrt((1 + g)^2 s^2 + g^2 |theta_0|^2)/|theta_0|,

or theta = 0, from eps = (1 + lambda) |theta_0|/(c sqrt(|theta_0|^2 + s^2)) on. Without
noise nothing is lost up to eps = c for lambda = 0: theta_0 itself is optimal.

**Training.** What the minimiser of the mean of (|y - <x, theta>| + eps |theta|)^2 over
n points is worth, as n/d -> delta, is a convex-concave program of a few real numbers
(derived in `_training_limit`), here a nest of bracketed roots. It tends to the
population's optimum for lambda = 0 as delta grows, to ridgeless least squares
(`hastie2019`) as eps -> 0, and vanishes from
eps = sqrt(pi/2) sqrt(|theta_0|^2/(|theta_0|^2 + s^2) + 1/delta) on.

`adversarial_regression` solves the training itself, with a certificate.

Source: Javanmard, Soltanolkotabi, Hassani (2020), "Precise tradeoffs in adversarial
training for linear regression", COLT, arXiv:2002.10477: what is proved there is from
memory (numbering unverified); the formulas are derived here, the program in a form of
its own. Ribeiro, Zachariah, Bach, Schon (2023), "Regularization properties of
adversarially-trained linear regression", NeurIPS, on interpolation.

Conventions: `signal` is |theta_0|, `noise` the deviation s; risks count the noise of a
fresh point; `delta` is points a dimension, the inverse of `hastie2019`'s gamma.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, NDArray, Real
from geomadv._validate import broadcast, real_array
from geomadv.claims import (
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Twin,
)
from geomadv.theories.statistics import _training_limit
from geomadv.theories.statistics._adversarial_regression import (
    AdversarialRegression,
    adversarial_regression,
    interpolation_threshold,
    vanishing_threshold,
)
from geomadv.theories.statistics.hastie2019 import adversarial_risk, ridgeless_limit

__all__ = [
    "CLAIMS",
    "SOURCE",
    "AdversarialRegression",
    "TradeOffPoint",
    "TrainingLimit",
    "adversarial_regression",
    "adversarial_risk",
    "interpolation_threshold",
    "trade_off_curve",
    "training_limit",
    "training_vanishes",
    "vanishing_threshold",
]

SOURCE = Source(
    "A. Javanmard, M. Soltanolkotabi, H. Hassani",
    "Precise tradeoffs in adversarial training for linear regression",
    2020,
    arxiv="2002.10477",
)
RIBEIRO = Source(
    "A. H. Ribeiro, D. Zachariah, F. Bach, T. B. Schon",
    "Regularization properties of adversarially-trained linear regression",
    2023,
)
C = math.sqrt(2.0 / math.pi)


@dataclass(frozen=True, eq=False)
class TradeOffPoint:
    """A point of the curve of best standard and robust risks.

    Parameters
    ----------
    factor : numpy.float64 or array
        theta/theta_0, in [0, 1]: 1/(1 + g).
    standard, robust : numpy.float64 or array
        SR and AR.
    """

    factor: Real
    standard: Real
    robust: Real

    @property
    def shrinkage(self) -> Real:
        """The g of theta = theta_0/(1 + g); infinite where theta = 0."""
        with np.errstate(divide="ignore"):
            return np.asarray((1.0 - self.factor) / self.factor)[()]


@dataclass(frozen=True, eq=False)
class TrainingLimit:
    """What adversarial training is worth in the limit.

    Parameters
    ----------
    along, across : numpy.float64 or array
        The parts of theta along theta_0 and orthogonal to it.
    standard, robust : numpy.float64 or array
        Its risks on a fresh point, without and with steps.
    training : numpy.float64 or array
        Its robust risk on the training points: the least mean of
        (|y - <x, theta>| + eps |theta|)^2.
    """

    along: Real
    across: Real
    standard: Real
    robust: Real
    training: Real

    @property
    def norm(self) -> Real:
        """|theta|."""
        return np.asarray(np.hypot(self.along, self.across))[()]


def trade_off_curve(
    signal: ArrayLike, noise: ArrayLike, eps: ArrayLike, weight: ArrayLike = 0.0
) -> TradeOffPoint:
    """Return the linear estimator of least weight SR + AR, and its risks.

    Parameters
    ----------
    signal, noise : array_like
        |theta_0|, positive, and the deviation of the noise, at least 0.
    eps : array_like
        Size of the steps, at least 0.
    weight : array_like
        lambda, at least 0; 0 for the least robust risk.

    Returns
    -------
    TradeOffPoint

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    By bisection of the slope in 1/(1 + g), which rises: the factor is right to 2e-16.

    Examples
    --------
    >>> best = trade_off_curve(1.0, 1.0, 0.5)
    >>> [round(float(x), 9) for x in (best.shrinkage, best.standard, best.robust)]
    [0.932763086, 1.232908563, 1.758213978]
    """
    r, s, size, lam = broadcast(
        signal=real_array("signal", signal, lower=0.0, open_lower=True),
        noise=real_array("noise", noise, lower=0.0),
        eps=real_array("eps", eps, lower=0.0),
        weight=real_array("weight", weight, lower=0.0),
    )
    ratio = s / r
    low, high = np.zeros(r.shape), np.ones(r.shape)
    for _ in range(80):
        middle = (low + high) / 2.0
        rising = _slope(middle, ratio, size, lam) > 0.0
        high, low = np.where(rising, middle, high), np.where(rising, low, middle)
    factor = np.where(_slope(np.zeros(r.shape), ratio, size, lam) >= 0.0, 0.0, high)
    factor = np.where(high >= 1.0 - 1e-15, 1.0, factor)
    standard = np.asarray(s**2 + (r * (1.0 - factor)) ** 2)
    robust = adversarial_risk(standard, r * factor, size)
    return TradeOffPoint(factor[()], standard[()], robust)


def training_vanishes(signal: ArrayLike, noise: ArrayLike, delta: ArrayLike) -> Real:
    """Return the eps from which adversarial training gives theta = 0 in the limit.

    Parameters
    ----------
    signal, noise : array_like
        As for `training_limit`.
    delta : array_like
        Points a dimension, positive; infinite for the population.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> training_vanishes(1.0, 1.0, [2.0, np.inf]).round(6)
    array([1.253314, 0.886227])
    """
    r, s, d = broadcast(
        signal=real_array("signal", signal, lower=0.0),
        noise=real_array("noise", noise, lower=0.0, open_lower=True),
        delta=real_array("delta", delta, lower=0.0, open_lower=True, infinite=True),
    )
    share = (r / np.hypot(r, s)) ** 2
    return np.asarray(np.sqrt(math.pi / 2.0 * (share + 1.0 / d)))[()]


def training_limit(
    signal: ArrayLike, noise: ArrayLike, eps: ArrayLike, delta: ArrayLike
) -> TrainingLimit:
    """Return what adversarial training is worth as n and d = n/delta grow.

    Parameters
    ----------
    signal, noise : array_like
        |theta_0|, at least 0, and the deviation of the noise, positive.
    eps : array_like
        Size of the steps, of training and of testing, at least 0; 0 is ridgeless least
        squares.
    delta : array_like
        Points a dimension, positive and finite.

    Returns
    -------
    TrainingLimit

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    Relative error below 1e-7, where a minimisation of another form of the program and
    simulation agree with it; about 10 ms a value.

    Examples
    --------
    >>> limit = training_limit(2.0, 1.0, 0.5, 2.0)
    >>> round(float(limit.standard), 5), round(float(limit.robust), 5)
    (1.81191, 4.13546)
    """
    r, s, size, d = broadcast(
        signal=real_array("signal", signal, lower=0.0),
        noise=real_array("noise", noise, lower=0.0, open_lower=True),
        eps=real_array("eps", eps, lower=0.0),
        delta=real_array("delta", delta, lower=0.0, open_lower=True),
    )
    found = np.empty((4, *r.shape))
    for at in np.ndindex(r.shape):
        one = tuple(float(x[at]) for x in (r, s, size, d))
        found[(slice(None), *at)] = _trained(*one)
    along, across, standard, training = found
    robust = adversarial_risk(standard, np.hypot(along, across), size)
    return TrainingLimit(
        along[()], across[()], standard[()], np.asarray(robust)[()], training[()]
    )


@functools.lru_cache(maxsize=4096)
def _trained(
    signal: float, noise: float, eps: float, delta: float
) -> tuple[float, float, float, float]:
    if eps > 0.0:
        found = _training_limit.solve(signal, noise, eps, delta)
        return found.along, found.across, found.standard, 2.0 * found.value
    plain = ridgeless_limit(1.0 / delta, signal, noise)
    along = signal * min(1.0, delta)
    across = math.sqrt(max(float(plain.square) - along**2, 0.0))
    left = noise**2 * max(1.0 - 1.0 / delta, 0.0)
    return along, across, float(plain.standard), left


def _slope(h: Real, ratio: Real, eps: Real, weight: Real) -> NDArray:
    """Return half the slope of weight SR + AR at h theta_0, over |theta_0|^2."""
    root = np.hypot(ratio, 1.0 - h)
    with np.errstate(invalid="ignore"):
        lean = np.where(root > 0.0, (1.0 - h) / root, 1.0)
    return np.asarray(
        eps**2 * h - (1.0 + weight) * (1.0 - h) + C * eps * (root - h * lean)
    )


# --- Claims --------------------------------------------------------------------------


def _by_quadrature(d: int, noise: float, eps: float) -> float:
    """Integrate (|g| + eps |theta|)^2 over the law of y - <x, theta>."""
    theta, theta_0 = spawn(0, "javanmard2020", d).standard_normal((2, d))
    deviation = math.sqrt(noise**2 + float((theta - theta_0) @ (theta - theta_0)))
    k = eps * float(np.linalg.norm(theta))
    nodes, weights = np.polynomial.legendre.leggauss(100)
    g = 6.0 * (nodes + 1.0)  # from 0 to 12
    density = 6.0 * weights * math.sqrt(2.0 / math.pi) * np.exp(-g * g / 2.0)
    return float(density @ (deviation * g + k) ** 2)


def _drawn_risk(d: int, noise: float, eps: float) -> float:
    theta, theta_0 = spawn(0, "javanmard2020", d).standard_normal((2, d))
    standard = noise**2 + float((theta - theta_0) @ (theta - theta_0))
    return float(adversarial_risk(standard, np.linalg.norm(theta), eps))


def _risk_with_signs(d: int, noise: float, eps: float, share: float) -> float:
    """Return the robust risk if the noise is in part a sign.

    It is s (sqrt(1 - h^2) z + h u), z normal and u a sign, of deviation s: the residual
    is s h u and a normal number, of which the mean size is a closed form.
    """
    theta, theta_0 = spawn(0, "javanmard2020", d).standard_normal((2, d))
    off, m = float((theta - theta_0) @ (theta - theta_0)), noise * share
    v = off + noise**2 - m**2
    size = C * math.sqrt(v) * math.exp(-(m**2) / (2 * v))
    size += m * math.erf(m / math.sqrt(2 * v))
    k = eps * float(np.linalg.norm(theta))
    return off + noise**2 + 2 * k * size + k**2


def _scales(noisy: float, unequal: float) -> _training_limit.Scales:
    """Return the scales of points of two kinds, of noise and of features."""
    return (1.0 + noisy, 1.0 + unequal), (1.0 - noisy, 1.0 - unequal)


def _risk_of_two(d: int, noise: float, eps: float, unequal: float) -> float:
    """Return the robust risk if the variance of features is 1 + h or 1 - h."""
    theta, theta_0 = spawn(0, "javanmard2020", d).standard_normal((2, d))
    off = float((theta - theta_0) @ (theta - theta_0))
    length = float(np.linalg.norm(theta))
    return _mixed(noise, off, length, eps, _scales(0.0, unequal))


def _mixed(
    noise: float,
    off: float,
    length: float,
    eps: float,
    scales: _training_limit.Scales,
) -> float:
    """Return the mean of the closed form over the laws, |theta - theta_0|^2 = off.

    The mean size of the residual is concave in the variance: it is less than that of
    the normal law with the same covariance.
    """
    standard = [noise**2 * v + off * f for v, f in scales]
    return float(np.mean(adversarial_risk(standard, length, eps)))


def _best_of_two(
    d: int,
    noise: float,
    eps: float,
    weight: float,
    unequal: float = 0.0,
    noisy: float = 0.0,
) -> float:
    """Return weight SR + AR of the best estimator of the normal law."""
    r, best = _best(d, noise, eps, weight)
    factor = float(best.factor)
    off = ((1.0 - factor) * r) ** 2
    robust = _mixed(noise, off, factor * r, eps, _scales(noisy, unequal))
    return weight * (noise**2 + off) + robust


def _other(d: int, noise: float, eps: float, weight: float, step: float) -> float:
    """Return weight SR + AR of an estimator near the best one."""
    rng = spawn(0, "javanmard2020", d, "other")
    theta_0 = rng.standard_normal(d)
    best = trade_off_curve(np.linalg.norm(theta_0), noise, eps, weight)
    theta = best.factor * theta_0 + step * rng.standard_normal(d)
    standard = noise**2 + float((theta - theta_0) @ (theta - theta_0))
    robust = float(adversarial_risk(standard, np.linalg.norm(theta), eps))
    return weight * standard + robust


def _least(d: int, noise: float, eps: float, weight: float, **_: float) -> float:
    best = _best(d, noise, eps, weight)[1]
    return float(weight * best.standard + best.robust)


@functools.lru_cache(maxsize=4096)
def _best(
    d: int, noise: float, eps: float, weight: float
) -> tuple[float, TradeOffPoint]:
    """Return |theta_0| and the best estimator."""
    theta_0 = spawn(0, "javanmard2020", d, "other").standard_normal(d)
    r = float(np.linalg.norm(theta_0))
    return r, trade_off_curve(r, noise, eps, weight)


def _fixed_point(
    noise: float, share: float, weight: float, c: float = C, unequal: float = 0.0
) -> float:
    """Return the right side of the equation of g at the g that bisection finds."""
    eps = _share_of_vanishing(noise, share, weight)
    g = _shrinkage(noise, share, weight, unequal)
    A = math.hypot((1.0 + g) * noise, g)
    return (eps**2 + c * eps * A) / (1.0 + weight + c * eps / A)


def _shrinkage(
    noise: float, share: float, weight: float, unequal: float = 0.0
) -> float:
    """Return the best g, if features and noise have two scales by a search of its own.

    Along theta_0 the slope of lambda SR + AR in k = 1/(1 + g) rises: with V = f (s^2 +
    (1 - k)^2), half of it is eps^2 k - (1 + lambda)(1 - k) + c eps E (sqrt(V) - k f
    (1 - k)/sqrt(V)).
    """
    from scipy.optimize import brentq

    eps = _share_of_vanishing(noise, share, weight)
    if not unequal:
        return float(trade_off_curve(1.0, noise, eps, weight).shrinkage)
    f = np.array([1.0 + unequal, 1.0 - unequal])

    def slope(k: float) -> float:
        root = np.sqrt(f * (noise**2 + (1.0 - k) ** 2))
        lean = float(np.mean(root - k * f * (1.0 - k) / root))
        return eps**2 * k - (1.0 + weight) * (1.0 - k) + C * eps * lean

    factor = float(brentq(slope, 0.0, 1.0, xtol=1e-15, rtol=1e-14))
    return (1.0 - factor) / factor


def _share_of_vanishing(noise: float, share: float, weight: float) -> float:
    return share * (1.0 + weight) / (C * math.hypot(1.0, noise))


def _vanishes_at(noise: float, weight: float) -> float:
    """Return the eps from which 0 is optimal, by bisection on the optimum."""
    low, high = 0.0, 10.0 * (1.0 + weight)
    for _ in range(36):
        middle = (low + high) / 2.0
        if float(trade_off_curve(1.0, noise, middle, weight).factor) > 0.0:
            low = middle
        else:
            high = middle
    return high


def _vanishes_for_two(
    noise: float, weight: float, unequal: float = 0.0, noisy: float = 0.0
) -> float:
    """Return the same for features, or noise, of variance 1 + h and 1 - h.

    The risks are convex in theta: 0 is best once the slope towards theta_0 is not
    negative, eps c E sqrt(v s^2 + f) >= 1 + lambda with the scales v and f.
    """
    sizes = [math.sqrt(v * noise**2 + f) for v, f in _scales(noisy, unequal)]
    return (1.0 + weight) / (C * sum(sizes) / 2.0)


def _wide(n: int, more: int) -> tuple[NDArray, NDArray]:
    rng = spawn(0, "javanmard2020", n, more, "wide")
    X = rng.standard_normal((n, n + more))
    return X, X[:, 0] + 0.5 * rng.standard_normal(n)


def _steps(X: NDArray, y: NDArray, share: float) -> float:
    """Return a share of |w|/(n max |z_i|), with X'z = w, z in the range of X."""
    n, d = X.shape
    if n <= d:
        return share * interpolation_threshold(X, y)
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    z = np.linalg.lstsq(X.T, w, rcond=None)[0]
    return share * float(np.linalg.norm(w) / (n * np.abs(z).max()))


def _interpolates(n: int, more: int, share: float) -> float:
    """Return the objective of minimum-norm least squares."""
    X, y = _wide(n, more)
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    k = _steps(X, y, share) * np.linalg.norm(w)
    return float(np.mean((np.abs(y - X @ w) + k) ** 2))


def _bound(n: int, more: int, share: float) -> float:
    """Return a lower bound of the objective, from the dual."""
    X, y = _wide(n, more)
    return adversarial_regression(X, y, _steps(X, y, share)).lower


@functools.lru_cache(maxsize=4096)
def _trained_on_two(
    noise: float, eps: float, delta: float, noisy: float, unequal: float
) -> _training_limit.Solution:
    """Return the limit of training on points of two scales."""
    return _training_limit.solve(1.0, noise, eps, delta, _scales(noisy, unequal))


def _robust_on_two(
    noise: float, eps: float, delta: float, trained: float, fresh: float
) -> float:
    """Return the robust risk if training points and fresh ones have two scales.

    Those of a point's noise and features are the same.
    """
    found = _trained_on_two(noise, eps, delta, trained, trained)
    length = math.hypot(found.along, found.across)
    off = found.standard - noise**2
    return _mixed(noise, off, length, eps, _scales(fresh, fresh))


def _against_small_steps(noise: float, delta: float, inverse: float) -> float:
    return float(training_limit(1.0, noise, 1.0 / inverse, delta).training)


def _training_risk(noise: float, delta: float, share: float) -> float:
    eps = share * float(training_vanishes(1.0, noise, delta))
    return float(training_limit(1.0, noise, eps, delta).training)


_NOISE = Reals(0.1, 3.0, (0.3, 1.0, 2.0), "log", r"\sigma")
_EPS = Reals(0.01, 3.0, (0.1, 0.5, 1.5), "log", r"\varepsilon")
_WEIGHT = Reals(0.0, 5.0, (0.0, 1.0), symbol=r"\lambda")
_SHARE = Reals(0.05, 0.95, (0.1, 0.5, 0.9))
_DELTA = Reals(0.2, 10.0, (0.5, 2.0, 5.0), "log", r"\delta")

_UNEQUAL = Reals(0.0, 0.9, (0.0, 0.1, 0.5, 0.9), symbol="h")
_TWO = (
    "with probability one half each the features have the variance $1 + h$ and $1 - h$"
)

_TOGETHER = (
    "with probability one half each the features and the noise of a point have $1 + h$ "
    "and $1 - h$ times their variance"
)


def _noise_of_two(evidence: Exact, domain: dict[str, Parameter]) -> Hypothesis:
    return Hypothesis(
        "noise is normal",
        r"with probability one half each the noise has the variance $\sigma^2(1 + h)$ "
        r"and $\sigma^2(1 - h)$",
        evidence,
        {**domain, "noisy": _UNEQUAL},
        "noisy",
    )


def _points_of_two(
    evidence: Exact, domain: dict[str, Parameter], broken: str = _TOGETHER
) -> Hypothesis:
    return Hypothesis(
        "features and noise are normal",
        broken,
        evidence,
        {**domain, "unequal": Reals(0.0, 0.9, (0.0, 0.5, 0.9), symbol="h")},
        "unequal",
    )


CLAIMS = (
    Claim(
        id="javanmard2020.adversarial-risk",
        theory="statistics",
        title="The robust risk of a linear estimator in closed form",
        source=SOURCE,
        statement=r"""For $x \sim N(0, I)$, $y = \langle x, \theta_0\rangle + w$:
$E\max_{\|\delta\| \le \varepsilon}(y - \langle x + \delta, \theta\rangle)^2 = SR +
2\sqrt{2/\pi}\,\varepsilon\|\theta\|\sqrt{SR} + \varepsilon^2\|\theta\|^2$, $SR =
\sigma^2 + \|\theta - \theta_0\|^2$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 50, (1, 3, 20), symbol="d"),
            "noise": _NOISE,
            "eps": _EPS,
        },
        axis="eps",
        evidence=Exact(_drawn_risk, _by_quadrature, rtol=1e-10),
        twin=Twin(
            "the steps are a thousandth longer",
            Exact(
                lambda d, noise, eps: _drawn_risk(d, noise, 1.001 * eps),
                _by_quadrature,
                rtol=1e-10,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the noise is normal",
                r"noise $\sigma(\sqrt{1 - h^2}\,z + h u)$ of the same variance, $z$ "
                "normal and $u$ a sign",
                Exact(
                    lambda d, noise, eps, share: _drawn_risk(d, noise, eps),
                    _risk_with_signs,
                    rtol=1e-10,
                ),
                {
                    "d": Integers(1, 50, (1, 3, 20), symbol="d"),
                    "noise": _NOISE,
                    "eps": _EPS,
                    "share": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="h"),
                },
                "share",
            ),
            Hypothesis(
                "the features are normal",
                _TWO,
                Exact(
                    lambda d, noise, eps, unequal: _drawn_risk(d, noise, eps),
                    _risk_of_two,
                    rtol=1e-10,
                ),
                {
                    "d": Integers(1, 50, (1, 3, 20), symbol="d"),
                    "noise": _NOISE,
                    "eps": _EPS,
                    "unequal": _UNEQUAL,
                },
                "unequal",
            ),
        ),
    ),
    Claim(
        id="javanmard2020.trade-off-curve",
        theory="statistics",
        title="No linear estimator lies below the curve",
        source=SOURCE,
        statement=r"""$\lambda\,SR(\theta) + AR(\theta)$ is at least its value at
$\theta_0/(1 + g)$, for every $\theta$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 20, (1, 3, 10), symbol="d"),
            "noise": _NOISE,
            "eps": _EPS,
            "weight": _WEIGHT,
            "step": Reals(0.0, 2.0, (0.0, 0.01, 0.3)),
        },
        axis="step",
        evidence=Exact(
            _least,
            _other,
            rtol=1e-11,
            unproved="equality at step 0, and the shrinkage is found by a search",
        ),
        twin=Twin(
            "it is at least 1.001 times that value",
            Exact(lambda **point: 1.001 * _least(**point), _other, rtol=1e-11),
        ),
        hypotheses=(
            Hypothesis(
                "features are normal",
                _TWO,
                Exact(
                    lambda d, noise, eps, weight, unequal: _least(
                        d, noise, eps, weight
                    ),
                    _best_of_two,
                    rtol=1e-11,
                ),
                {
                    "d": Integers(1, 20, (1, 3, 10), symbol="d"),
                    "noise": _NOISE,
                    "eps": _EPS,
                    "weight": _WEIGHT,
                    "unequal": _UNEQUAL,
                },
                "unequal",
            ),
            _noise_of_two(
                Exact(
                    lambda d, noise, eps, weight, noisy: _least(d, noise, eps, weight),
                    _best_of_two,
                    rtol=1e-11,
                ),
                {
                    "d": Integers(1, 20, (1, 3, 10), symbol="d"),
                    "noise": _NOISE,
                    "eps": _EPS,
                    "weight": _WEIGHT,
                },
            ),
        ),
    ),
    Claim(
        id="javanmard2020.fixed-point",
        theory="statistics",
        title="The shrinkage solves a fixed-point equation",
        source=SOURCE,
        statement=r"""The best estimator is $\theta_0/(1+g)$ with $g =
(\varepsilon^2 + c\,\varepsilon A)/(1 + \lambda + c\,\varepsilon/A)$, $A =
\sqrt{(1+g)^2\sigma^2 + g^2\|\theta_0\|^2}/\|\theta_0\|$, $c = \sqrt{2/\pi}$.""",
        relation="lhs == rhs",
        domain={"noise": _NOISE, "share": _SHARE, "weight": _WEIGHT},
        axis="share",
        evidence=Exact(_shrinkage, _fixed_point, rtol=1e-9),
        twin=Twin(
            r"with $c = 0.8$",
            Exact(
                _shrinkage,
                lambda noise, share, weight: _fixed_point(noise, share, weight, 0.8),
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            _points_of_two(
                Exact(
                    _shrinkage,
                    lambda noise, share, weight, unequal: _fixed_point(
                        noise, share, weight, unequal=unequal
                    ),
                    rtol=1e-9,
                ),
                {"noise": _NOISE, "share": _SHARE, "weight": _WEIGHT},
            ),
        ),
    ),
    Claim(
        id="javanmard2020.nothing-is-learned",
        theory="statistics",
        title="Beyond some size of the steps 0 is the best estimator",
        source=SOURCE,
        statement=r"""$\theta = 0$ has the least $\lambda\,SR + AR$ exactly from
$\varepsilon = \sqrt{\pi/2}\,(1+\lambda)\|\theta_0\|/\sqrt{\|\theta_0\|^2+\sigma^2}$
on.""",
        relation="lhs == rhs",
        domain={"noise": _NOISE, "weight": _WEIGHT},
        axis="noise",
        evidence=Exact(
            _vanishes_at,
            lambda noise, weight: _share_of_vanishing(noise, 1.0, weight),
            rtol=1e-8,
        ),
        twin=Twin(
            r"from $(1+\lambda)\cdot 1.25\,\|\theta_0\|/\sqrt{\|\theta_0\|^2+\sigma^2}$"
            " on",
            Exact(
                _vanishes_at,
                lambda noise, weight: 1.25 * (1.0 + weight) / math.hypot(1.0, noise),
                rtol=1e-8,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "features are normal",
                _TWO,
                Exact(
                    _vanishes_for_two,
                    lambda noise, weight, unequal: _share_of_vanishing(
                        noise, 1.0, weight
                    ),
                    rtol=1e-8,
                ),
                {"noise": _NOISE, "weight": _WEIGHT, "unequal": _UNEQUAL},
                "unequal",
            ),
            _noise_of_two(
                Exact(
                    _vanishes_for_two,
                    lambda noise, weight, noisy: _share_of_vanishing(
                        noise, 1.0, weight
                    ),
                    rtol=1e-8,
                ),
                {"noise": _NOISE, "weight": _WEIGHT},
            ),
        ),
    ),
    Claim(
        id="javanmard2020.training-with-many-points",
        theory="statistics",
        title="With many points training reaches the curve",
        source=SOURCE,
        statement=r"""As $\delta = n/d \to \infty$ the robust risk of adversarial
training tends to the least one of all linear estimators.""",
        relation="limit",
        domain={
            "noise": _NOISE,
            "eps": Reals(0.05, 0.8, (0.1, 0.5), "log", r"\varepsilon"),
            "delta": Reals(2.0, 1e6, (10.0, 100.0, 1e4), "log", r"\delta"),
        },
        axis="delta",
        evidence=Exact(
            lambda noise, eps, delta: training_limit(1.0, noise, eps, delta).robust,
            lambda noise, eps, delta: trade_off_curve(1.0, noise, eps).robust,
            tolerance=1e-3,
        ),
        twin=Twin(
            "it tends to the least one at a weight of 1",
            Exact(
                lambda noise, eps, delta: training_limit(1.0, noise, eps, delta).robust,
                lambda noise, eps, delta: trade_off_curve(1.0, noise, eps, 1.0).robust,
                tolerance=1e-3,
            ),
        ),
        hypotheses=(
            _points_of_two(
                Exact(
                    lambda noise, eps, delta, unequal: _robust_on_two(
                        noise, eps, delta, unequal, 0.0
                    ),
                    lambda noise, eps, delta, unequal: (
                        trade_off_curve(1.0, noise, eps).robust
                    ),
                    tolerance=1e-3,
                ),
                {
                    "noise": Reals(0.1, 3.0, (1.0, 2.0), "log", r"\sigma"),
                    "eps": Reals(0.05, 0.8, (0.5,), "log", r"\varepsilon"),
                    "delta": Reals(2.0, 1e6, (10.0, 100.0, 1e4), "log", r"\delta"),
                },
                _TOGETHER + ", in training alone",
            ),
        ),
    ),
    Claim(
        id="javanmard2020.training-against-small-steps",
        theory="statistics",
        title="Training against small steps is least squares",
        source=SOURCE,
        statement=r"""For $\delta > 1$ the training risk under attack falls to the mean
squared residual of least squares, $\sigma^2(1 - 1/\delta)$, as
$\varepsilon \to 0$.""",
        relation="limit",
        domain={
            "noise": _NOISE,
            "delta": Reals(1.2, 10.0, (1.5, 2.0, 5.0), "log", r"\delta"),
            "inverse": Reals(1.0, 1e5, (10.0, 1e3, 1e5), "log", r"1/\varepsilon"),
        },
        axis="inverse",
        evidence=Exact(
            _against_small_steps,
            lambda noise, delta, inverse: noise**2 * (1.0 - 1.0 / delta),
            tolerance=1e-3,
        ),
        twin=Twin(
            r"to $1.01\,\sigma^2(1 - 1/\delta)$",
            Exact(
                _against_small_steps,
                lambda noise, delta, inverse: 1.01 * noise**2 * (1.0 - 1.0 / delta),
                tolerance=1e-3,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "noise is independent of the features",
                _TOGETHER,
                Exact(
                    lambda noise, delta, inverse, unequal: (
                        2.0
                        * _trained_on_two(
                            noise, 1.0 / inverse, delta, unequal, unequal
                        ).value
                    ),
                    lambda noise, delta, inverse, unequal: (
                        noise**2 * (1.0 - 1.0 / delta)
                    ),
                    tolerance=1e-3,
                ),
                {
                    "noise": Reals(0.1, 3.0, (1.0,), "log", r"\sigma"),
                    "delta": Reals(1.2, 10.0, (2.0, 5.0), "log", r"\delta"),
                    "inverse": Reals(
                        1.0, 1e5, (10.0, 1e3, 1e5), "log", r"1/\varepsilon"
                    ),
                    "unequal": Reals(0.0, 0.9, (0.0, 0.5, 0.9), symbol="h"),
                },
                "unequal",
            ),
            Hypothesis(
                "features and noise are normal",
                why=r"least squares leaves the share $1 - 1/\delta$ of every noise "
                "that is independent of the features, whatever their law",
            ),
        ),
    ),
    Claim(
        id="javanmard2020.training-is-no-better",
        theory="statistics",
        title="Training never betters the curve",
        source=SOURCE,
        statement=r"""The robust risk of adversarial training is at least the least one
of all linear estimators, at every $\delta$.""",
        relation="lhs <= rhs",
        domain={"noise": _NOISE, "eps": _EPS, "delta": _DELTA},
        axis="delta",
        evidence=Exact(
            lambda noise, eps, delta: trade_off_curve(1.0, noise, eps).robust,
            lambda noise, eps, delta: training_limit(1.0, noise, eps, delta).robust,
            rtol=1e-9,
            unproved="the limit of training is the saddle point that a program finds",
        ),
        twin=Twin(
            "it is at least a tenth above it",
            Exact(
                lambda noise, eps, delta: 1.1 * trade_off_curve(1.0, noise, eps).robust,
                lambda noise, eps, delta: training_limit(1.0, noise, eps, delta).robust,
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            _points_of_two(
                Exact(
                    lambda noise, eps, delta, unequal: (
                        trade_off_curve(1.0, noise, eps).robust
                    ),
                    lambda noise, eps, delta, unequal: _robust_on_two(
                        noise, eps, delta, unequal, unequal
                    ),
                    rtol=1e-9,
                ),
                {
                    "noise": Reals(0.1, 3.0, (0.3, 1.0), "log", r"\sigma"),
                    "eps": Reals(0.01, 3.0, (0.1, 0.5), "log", r"\varepsilon"),
                    "delta": Reals(0.2, 1e3, (2.0, 100.0), "log", r"\delta"),
                },
                _TOGETHER + "; the curve is that of the normal law",
            ),
        ),
    ),
    Claim(
        id="javanmard2020.training-interpolates",
        theory="statistics",
        title="Against small steps training interpolates",
        source=RIBEIRO,
        statement=r"""With fewer points than parameters the minimum-norm interpolator
$\theta = X^Tz$ is optimal for adversarial training up to $\varepsilon =
\|\theta\|/(n\max_i|z_i|)$.""",
        relation="lhs == rhs",
        domain={
            "n": Integers(2, 12, (2, 5, 10), symbol="n"),
            "more": Integers(1, 12, (1, 5, 10), symbol="d - n"),
            "share": Reals(0.01, 1.0, (0.1, 0.5, 0.99)),
        },
        axis="share",
        evidence=Exact(_bound, _interpolates, rtol=1e-9),
        twin=Twin(
            "up to twice that",
            Exact(
                lambda n, more, share: _bound(n, more, 2.0 * share),
                lambda n, more, share: _interpolates(n, more, 2.0 * share),
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the steps are up to the threshold",
                "longer steps",
                Exact(_bound, _interpolates, rtol=1e-9),
                {
                    "n": Integers(2, 12, (2, 5), symbol="n"),
                    "more": Integers(1, 12, (1, 5), symbol="d - n"),
                    "share": Reals(0.01, 3.0, (0.99, 1.5, 2.0)),
                },
                "share",
                unbroken=0.99,
            ),
            Hypothesis(
                "there are fewer points than parameters",
                "more points; the threshold is that of minimum-norm least squares, "
                r"$z$ the least with $\theta = X^Tz$",
                Exact(_bound, _interpolates, rtol=1e-9),
                {
                    "n": Integers(2, 12, (4, 8), symbol="n"),
                    "more": Integers(-3, 12, (5, 1, -1, -3), "linear", "d - n"),
                    "share": Reals(0.01, 1.0, (0.5, 0.99)),
                },
                "more",
                unbroken=1,
            ),
        ),
    ),
    Claim(
        id="javanmard2020.training-vanishes",
        theory="statistics",
        title="Below the threshold training learns something",
        source=SOURCE,
        statement=r"""Adversarial training gives $\theta \ne 0$ up to $\varepsilon =
\sqrt{\pi/2}\,\sqrt{\|\theta_0\|^2/(\|\theta_0\|^2 + \sigma^2) + 1/\delta}$: its
training risk is below $\|\theta_0\|^2 + \sigma^2$.""",
        relation="lhs <= rhs",
        domain={"noise": _NOISE, "delta": _DELTA, "share": _SHARE},
        axis="share",
        evidence=Exact(
            _training_risk,
            lambda noise, delta, share: (1.0 + noise**2) * (1.0 - 1e-6),
            unproved="the limit of training is the saddle point that a program finds",
        ),
        twin=Twin(
            "up to 1.06 times that",
            Exact(
                lambda noise, delta, share: _training_risk(noise, delta, share * 1.06),
                lambda noise, delta, share: (1.0 + noise**2) * (1.0 - 1e-6),
            ),
            domain={
                "noise": _NOISE,
                "delta": _DELTA,
                "share": Reals(0.05, 1.0, (0.5, 0.96)),
            },
        ),
        hypotheses=(
            _points_of_two(
                Exact(
                    lambda noise, delta, share, unequal: (
                        2.0
                        * _trained_on_two(
                            noise,
                            share * float(training_vanishes(1.0, noise, delta)),
                            delta,
                            -unequal,
                            unequal,
                        ).value
                    ),
                    lambda noise, delta, share, unequal: (
                        (1.0 + noise**2) * (1.0 - 1e-6)
                    ),
                ),
                {
                    "noise": Reals(0.1, 3.0, (1.0, 2.0), "log", r"\sigma"),
                    "delta": Reals(0.2, 10.0, (0.5, 2.0), "log", r"\delta"),
                    "share": Reals(0.05, 0.95, (0.5, 0.9)),
                },
                "with probability one half each a point has $1 + h$ times the variance "
                "of the features and $1 - h$ times that of the noise, or the other way "
                "round",
            ),
        ),
    ),
)
