r"""Trade-offs between Gaussian classes (Dobriban, Hassani, Hong and Robey 2020).

**Two classes** x | y ~ N(y mu, S), P(y = +1) = pi, q = log((1 - pi)/pi). For l_p steps
of at most eps the optimal robust classifier among all is a half-space (derived in
`geomadv.data.GaussianPair`), and its robust risk is the Bayes risk of the pair at the
*effective mean*

    m* = min { |mu - z|_{S^-1} : |z|_p <= eps },
    R_B(m) = pi Phi(q/(2m) - m) + (1 - pi) Phi(-q/(2m) - m).

For p = 2 and S = I, with m = |mu|, m* = (m - eps)_+, and along mu/|mu| the threshold is
q/(2 (m - eps)) where Bayes' is q/(2 m): the boundary is shifted, by the factor
m/(m - eps) *towards the rarer class*, not at all for equal classes. For S = I and
p = infinity m* = |(|mu| - eps)_+|_2, a soft threshold; there the direction changes, and
with it the standard risk, for equal classes too. From eps = |mu|_p on the optimum is
the more frequent class.

**Three classes** with means -m u, 0, m u, |u| = 1, S = I, p = 2, and weights pi_-,
pi_0, pi_+. Take x for -1 below c_-, for +1 above c_+, for 0 between, by <u, x>. Then

    R = pi_+ Phi(c_+ + eps - m) + pi_- Phi(-c_- + eps - m)
        + pi_0 (1 - (Phi(c_+ - eps) - Phi(c_- + eps))_+).

Where c_+ - c_- >= 2 eps, R is a sum of a function of c_+ and one of c_-, whose slopes
change sign once, at

    c_+ = m/2 + log(pi_0/pi_+)/(m - 2 eps),  c_- = -m/2 - log(pi_0/pi_-)/(m - 2 eps)

for eps < m/2. The optimum is the best of these thresholds, if they are 2 eps apart, of
the two-class rule of -1 and +1, which gives the class 0 up, and of the class 0 alone.
For other norms and covariances see `geomadv.data.GaussianTriple`.

**No other classifier does better.** An adversary that moves every point along u alone
bounds the robust risk of all classifiers of R^d from below, by the Bayes risk of the
moved classes, which is that of their marginals along u. For three classes let it move
the outer ones by eps towards 0, and the class 0 by eps s(x), with s rising linearly
from -1 to 1 on an interval about the point where the moved outer ones are equal. Where
the class 0 so moved outweighs them from c_- to c_+, the bound is R
(`three_class_lower_bound`). `best_on_the_line` searches all unions of intervals with
ends on a grid, and bounds all others.

Source: Dobriban, Hassani, Hong, Robey (2020), "Provable tradeoffs in adversarially
robust classification", arXiv:2006.05161 (IEEE Trans. Inf. Theory 69, 2023). The
abstract has the models and the conclusions; the formulas are derived here.

Conventions: standard deviation 1 along u (else divide m and eps by it); a robust risk
counts points that are wrong without any step; at m = 0 the more frequent class is
taken, +1 of equal ones.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, NDArray, Real
from geomadv._validate import broadcast, real_array
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
)
from geomadv.data import GaussianPair, GaussianTriple, SlabRule
from geomadv.data._gaussian_triple import bayes_threshold
from geomadv.stats import Interval
from geomadv.theories.statistics._any_norm import TradeOff, effective_mean, trade_off
from geomadv.theories.statistics._line import best_on_the_line, intervals_risk
from geomadv.theories.statistics._price_balls import price_ratio
from geomadv.theories.statistics._three_classes import (
    ThreeClassRule,
    three_class_lower_bound,
    three_class_optimum,
    three_class_price,
    three_class_risk,
)

__all__ = [
    "CLAIMS",
    "SOURCE",
    "ThreeClassRule",
    "TradeOff",
    "best_on_the_line",
    "boundary_shift",
    "effective_mean",
    "intervals_risk",
    "optimal_robust_risk",
    "optimal_threshold",
    "price_of_robustness",
    "robust_risk",
    "three_class_lower_bound",
    "three_class_optimum",
    "three_class_price",
    "three_class_risk",
    "trade_off",
]

SOURCE = Source(
    "E. Dobriban, H. Hassani, D. Hong, A. Robey",
    "Provable tradeoffs in adversarially robust classification",
    2020,
    arxiv="2006.05161",
)


def optimal_threshold(m: ArrayLike, eps: ArrayLike, prior: ArrayLike) -> Real:
    """Return the threshold of the optimal robust classifier along mu/|mu|.

    Parameters
    ----------
    m : array_like
        |mu| over the standard deviation, at least 0.
    eps : array_like
        l2 size of the perturbations in the same unit, at least 0; 0 is Bayes' rule.
    prior : array_like
        P(y = +1), in (0, 1).

    Returns
    -------
    numpy.float64 or array
        q/(2 (m - eps)); infinite where eps >= m, so that one class is left.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> optimal_threshold(1.0, [0.0, 0.5, 1.0], 0.2).round(6)
    array([0.693147, 1.386294,      inf])
    """
    m, eps, prior = _pair(m, eps, prior)
    return bayes_threshold(m - eps, _odds(prior))[()]


def robust_risk(
    m: ArrayLike, eps: ArrayLike, prior: ArrayLike, threshold: ArrayLike
) -> Real:
    """Return the robust risk of the rule "+1 above a threshold" along mu/|mu|.

    Parameters
    ----------
    m, eps, prior : array_like
        As for `optimal_threshold`; with eps = 0 the standard risk.
    threshold : array_like
        Along mu/|mu|, in standard deviations; infinite for a constant classifier.

    Returns
    -------
    numpy.float64 or array
        Exact; relative error below 1e-12 at risks above 1e-300.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> robust_risk(1.0, 0.5, 0.2, [0.6931471805599453, np.inf]).round(10)
    array([0.20844032, 0.2       ])
    """
    t = real_array("threshold", threshold, infinite=True)
    m, eps, prior, t = broadcast(
        **dict(zip(("m", "eps", "prior"), _pair(m, eps, prior), strict=True)),
        threshold=t,
    )
    return _threshold_risk(m, t, prior, eps)[()]


def optimal_robust_risk(m: ArrayLike, eps: ArrayLike, prior: ArrayLike) -> Real:
    """Return the least robust risk of any classifier, R_B(m - eps).

    Parameters
    ----------
    m, eps, prior : array_like
        As for `optimal_threshold`; for other norms and covariances, m is
        `effective_mean` and eps is 0.

    Returns
    -------
    numpy.float64 or array
        min(prior, 1 - prior) where eps >= m.

    Examples
    --------
    >>> round(float(optimal_robust_risk(1.0, 0.5, 0.2)), 10)
    0.1861562268
    """
    m, eps, prior = _pair(m, eps, prior)
    left = np.maximum(m - eps, 0.0)
    t = bayes_threshold(left, _odds(prior))
    return _threshold_risk(left, t, prior, np.zeros(()))[()]


def boundary_shift(m: ArrayLike, eps: ArrayLike, prior: ArrayLike) -> Real:
    """Return how far the boundary moves, from Bayes' to the optimal robust one.

    Parameters
    ----------
    m, eps, prior : array_like
        As for `optimal_threshold`.

    Returns
    -------
    numpy.float64 or array
        q eps/(2 m (m - eps)), positive towards +mu, in standard deviations; 0 at
        eps = 0 and for equal classes while eps < m, infinite where eps >= m.

    Examples
    --------
    >>> boundary_shift(1.0, 0.5, [0.5, 0.2]).round(6)
    array([0.      , 0.693147])
    """
    m, eps, prior = _pair(m, eps, prior)
    bayes = bayes_threshold(m, _odds(prior))
    robust = bayes_threshold(m - eps, _odds(prior))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        finite = bayes * (eps / (m - eps))
    return np.where(eps == 0.0, 0.0, np.where(eps < m, finite, robust))[()]


def price_of_robustness(m: ArrayLike, eps: ArrayLike, prior: ArrayLike) -> Real:
    """Return what the optimal robust classifier has more of standard risk than Bayes.

    Parameters
    ----------
    m, eps, prior : array_like
        As for `optimal_threshold`.

    Returns
    -------
    numpy.float64 or array
        At least 0, and 0 for equal classes while eps < m. It is not monotone in the
        imbalance: it tends to 0 with the share of the rarer class.

    Notes
    -----
    A difference of two risks: right to 1e-15, not relatively.

    Examples
    --------
    >>> price_of_robustness(1.0, 0.5, [0.5, 0.2, 0.01]).round(10)
    array([0.        , 0.02481326, 0.00048781])
    """
    m, eps, prior = _pair(m, eps, prior)
    none = np.zeros(())
    robust = bayes_threshold(m - eps, _odds(prior))
    bayes = bayes_threshold(m, _odds(prior))
    more = _threshold_risk(m, robust, prior, none)
    less = _threshold_risk(m, bayes, prior, none)
    return np.maximum(more - less, 0.0)[()]


def _pair(
    m: ArrayLike, eps: ArrayLike, prior: ArrayLike
) -> tuple[NDArray, NDArray, NDArray]:
    one, two, three = broadcast(
        m=real_array("m", m, lower=0.0),
        eps=real_array("eps", eps, lower=0.0),
        prior=real_array(
            "prior", prior, lower=0.0, upper=1.0, open_lower=True, open_upper=True
        ),
    )
    return one, two, three


def _odds(prior: Real) -> NDArray:
    """Return q = log((1 - pi)/pi)."""
    return np.asarray(0.0 - special.logit(prior))


def _threshold_risk(m: Real, t: Real, prior: Real, eps: Real) -> NDArray:
    """Return the robust risk of "+1 above t" between N(-m, 1) and N(m, 1)."""
    with np.errstate(over="ignore"):
        right, left = special.ndtr(t - m + eps), special.ndtr(-t - m + eps)
    return np.asarray(prior * right + (1.0 - prior) * left)


# --- Claims --------------------------------------------------------------------------


def _other_half_space(
    m: float, eps: float, prior: float, angle: float, offset: float
) -> float:
    """Return the robust risk of a half-space at an angle to the optimum, and off it."""
    t = float(np.clip(optimal_threshold(m, eps, prior), -50.0, 50.0)) + offset
    along = m * np.cos(angle)
    return intervals_risk([t], [0, 1], [-along, along], [1.0 - prior, prior], eps)


def _cut_risk(
    m: float, eps: float, prior: float, t: Any, up: float, down: float
) -> Any:
    """Return the robust risk of "+1 above t" between N(-m, down^2) and N(m, up^2)."""
    right, left = special.ndtr((t - m + eps) / up), special.ndtr((eps - t - m) / down)
    return prior * right + (1.0 - prior) * left


def _cut_slope(
    m: float, eps: float, prior: float, t: Any, up: float, down: float
) -> Any:
    """Return sqrt(2 pi) times the slope of `_cut_risk` in t."""
    right, left = (t - m + eps) / up, (eps - t - m) / down
    more, less = np.exp(-right * right / 2.0) / up, np.exp(-left * left / 2.0) / down
    return prior * more - (1.0 - prior) * less


def _pair_of(unequal: float) -> tuple[float, float]:
    """Return deviations whose squares are 1 + h and 1 - h."""
    return math.sqrt(1.0 + unequal), math.sqrt(1.0 - unequal)


def _unequal_risk(
    m: float,
    eps: float,
    prior: float,
    t: Any,
    unequal: float,
    of: Callable[..., Any] = _cut_risk,
) -> Any:
    """Return the robust risk if the classes +1, -1 have the variances 1 + h, 1 - h.

    In R^d, for the covariances (1 + h) S and (1 - h) S, each class depends on the
    normal w by m = (<w, mu> - eps |w|_q)/|w|_S alone and falls with it, so that the
    best normal is that of h = 0, with m = m* and eps = 0.
    """
    return of(m, eps, prior, t, *_pair_of(unequal))


def _mixed(risk: Callable[[float], Any], unequal: float) -> Any:
    """Return the mean of a risk over deviations whose squares are 1 + h and 1 - h."""
    return sum(map(risk, _pair_of(unequal))) / 2.0


def _mixed_risk(
    m: float,
    eps: float,
    prior: float,
    t: Any,
    unequal: float,
    of: Callable[..., Any] = _cut_risk,
) -> Any:
    return _mixed(lambda s: of(m, eps, prior, t, s, s), unequal)


def _lowest(risk: Callable[[Any], Any], slope: Callable[[Any], Any]) -> float:
    """Return the t of [-12, 12] at which a risk is least, by search."""
    from scipy.optimize import brentq

    ticks = np.linspace(-12.0, 12.0, 241)
    at = float(ticks[int(np.argmin(risk(ticks)))])
    if slope(at - 0.1) < 0.0 < slope(at + 0.1):
        at = float(brentq(slope, at - 0.1, at + 0.1, xtol=1e-15))
    return at


def _best_cut(
    risk: Callable[..., Any], m: float, eps: float, prior: float, unequal: float
) -> float:
    return _lowest(
        lambda t: risk(m, eps, prior, t, unequal),
        lambda t: risk(m, eps, prior, t, unequal, of=_cut_slope),
    )


def _least_unequal(m: float, eps: float, prior: float, unequal: float) -> float:
    """Return the least robust risk of thresholds if the classes' variances differ."""
    t = _best_cut(_unequal_risk, m, eps, prior, unequal)
    least = float(_unequal_risk(m, eps, prior, t, unequal))
    return min(least, prior, 1.0 - prior)


def _mixed_half_space(m: float, eps: float, prior: float, unequal: float) -> float:
    t = float(optimal_threshold(m, eps, prior))
    return float(_mixed_risk(m, eps, prior, t, unequal))


def _least_on_line(
    m: float, eps: float, prior: float, step: float, deviations: ArrayLike = 1.0
) -> Interval:
    return best_on_the_line(
        [-m, m], [1.0 - prior, prior], eps, step=step, deviations=deviations
    )


def _apart(unequal: float, classes: int = 2) -> NDArray:
    """Return deviations of squares that rise from 1 - h to 1 + h with the class."""
    return np.sqrt(1.0 + unequal * np.linspace(-1.0, 1.0, classes))


def _blend(unequal: float, classes: int = 2) -> NDArray:
    """Return the deviations of mixtures of the variances 1 + h and 1 - h."""
    return np.outer(_pair_of(unequal), np.ones(classes))


def _found_shift(
    m: float,
    eps: float,
    prior: float,
    unequal: float = 0.0,
    risk: Callable[..., Any] = _mixed_risk,
) -> float:
    """Return the ratio of the thresholds that numerical minimisation finds."""
    robust, bayes = (_best_cut(risk, m, e, prior, unequal) for e in (eps, 0.0))
    return robust / bayes


def _price_between(
    m: float, share: float, prior: float, unequal: float, risk: Callable[..., Any]
) -> float:
    """Return the price at a prior over that at nine tenths of it, for other laws."""

    def price(p: float) -> float:
        robust, bayes = (_best_cut(risk, m, e, p, unequal) for e in (share * m, 0.0))
        more, less = (risk(m, 0.0, p, t, unequal) for t in (robust, bayes))
        return float(more - less)

    return price(prior) / price(0.9 * prior)


def _drawn_pair(d: int, prior: float) -> GaussianPair:
    rng = spawn(0, "dobriban2020", d)
    A = rng.standard_normal((d, d)) / np.sqrt(d)
    return GaussianPair(rng.standard_normal(d), A @ A.T + 0.5 * np.eye(d), prior=prior)


def _other_linear(d: int, p: float, share: float, prior: float, noise: float) -> float:
    """Return the robust risk of a linear classifier near the optimal one."""
    pair = _drawn_pair(d, prior)
    eps = share * float(np.linalg.norm(pair.mu, ord=p))
    best = pair.optimal_robust_classifier(eps, p)
    w, b = best.coef_[0], float(best.intercept_[0])
    step = noise * spawn(0, "dobriban2020", d, noise).standard_normal(d + 1)
    size = float(np.linalg.norm(w)) or 1.0
    return float(pair.robust_risk((w + size * step[:d], b + step[d]), eps, p))


def _mixed_linear(
    d: int, p: float, share: float, prior: float, unequal: float
) -> float:
    """Return the robust risk of the optimal linear classifier of the normal law."""
    pair = _drawn_pair(d, prior)
    eps = share * float(np.linalg.norm(pair.mu, ord=p))
    best = pair.optimal_robust_classifier(eps, p)
    rule = best.coef_[0], float(best.intercept_[0])

    def risk(s: float) -> float:
        other = GaussianPair(pair.mu, s**2 * pair.cov, prior=prior)
        return float(other.robust_risk(rule, eps, p))

    return float(_mixed(risk, unequal))


def _any_norm(d: int, p: float, share: float, prior: float) -> float:
    pair = _drawn_pair(d, prior)
    eps = share * float(np.linalg.norm(pair.mu, ord=p))
    return float(optimal_robust_risk(effective_mean(pair, eps, p), 0.0, prior))


def _any_norm_unequal(
    d: int, p: float, share: float, prior: float, unequal: float
) -> float:
    """Return the least robust risk of linear classifiers; see `_unequal_risk`."""
    pair = _drawn_pair(d, prior)
    eps = share * float(np.linalg.norm(pair.mu, ord=p))
    left = float(effective_mean(pair, eps, p))
    return _least_unequal(left, 0.0, prior, unequal)


def _cube_pair(spread: float) -> GaussianPair:
    """Return equal classes whose means have coordinates 1 - spread, 1 and 1 + spread.

    One more coordinate is the same for both classes.
    """
    return GaussianPair([1.0 - spread, 1.0, -1.0 - spread, 0.0])


def _turned_risk(spread: float, eps: float, deviation: float = 1.0) -> float:
    """Return the standard risk of the normal that soft thresholding turns."""
    along, _ = _turned(spread, eps)
    return float(special.ndtr(-along / deviation))


def _turned(spread: float, eps: float) -> tuple[float, float]:
    """Return m cos(theta), and the length of the soft threshold of mu."""
    mu = _cube_pair(spread).mu
    w = np.sign(mu) * np.maximum(np.abs(mu) - eps, 0.0)
    length = float(np.linalg.norm(w))
    return float(mu @ w) / length, length


def _turned_unequal(spread: float, eps: float, unequal: float) -> float:
    """Return the standard risk of the robust half-space if the variances differ."""
    along, left = _turned(spread, eps)
    t = _best_cut(_unequal_risk, left, 0.0, 0.5, unequal)
    return float(_unequal_risk(along, 0.0, 0.5, t, unequal))


@functools.lru_cache(maxsize=256)
def _triple(
    d: int, p: float, share: float, zero: float
) -> tuple[GaussianTriple, float, float]:
    """Return a drawn problem, its least robust risk, and the size of the steps."""
    rng = spawn(0, "dobriban2020", d, "triple")
    A = rng.standard_normal((d, d)) / np.sqrt(d)
    mu = 1.5 * rng.standard_normal(d)
    priors = [0.4 * (1.0 - zero), zero, 0.6 * (1.0 - zero)]
    triple = GaussianTriple(mu, A @ A.T + 0.5 * np.eye(d), priors)
    eps = share * float(np.linalg.norm(mu, ord=p))
    rule = triple.optimal_robust_rule(eps, p)
    return triple, float(triple.robust_risk(rule, eps, p)), eps


def _other_slab(d: int, p: float, share: float, zero: float, noise: float) -> float:
    """Return the robust risk of a slab rule near the optimal one."""
    triple, _, eps = _triple(d, p, share, zero)
    best = triple.optimal_robust_rule(eps, p)
    step = noise * spawn(0, "dobriban2020", d, noise).standard_normal(d + 2)
    w = best.w if best.w.any() else triple.mu
    length = float(np.linalg.norm(w))
    ends = np.clip([best.lower, best.upper], -50.0 * length, 50.0 * length)
    low, high = np.sort(ends + length * step[d:])
    other = SlabRule(w + length * step[:d], float(low), float(high))
    return float(triple.robust_risk(other, eps, p))


def _mixed_slab(d: int, p: float, share: float, zero: float, unequal: float) -> float:
    """Return the robust risk of the slab rule that is optimal for normal classes."""
    triple, _, eps = _triple(d, p, share, zero)
    rule = triple.optimal_robust_rule(eps, p)

    def risk(s: float) -> float:
        other = GaussianTriple(triple.mu, s**2 * triple.cov, triple.priors)
        return float(other.robust_risk(rule, eps, p))

    return float(_mixed(risk, unequal))


def _unequal_slab(d: int, p: float, share: float, zero: float, unequal: float) -> float:
    """Return the robust risk of the best thresholds along the normal of h = 0.

    The classes -1, 0, 1 have 1 - h, 1 and 1 + h times the covariance.
    """
    triple, _, eps = _triple(d, p, share, zero)
    w = triple.optimal_robust_rule(eps, p).w
    length = math.sqrt(float(w @ np.atleast_2d(triple.cov) @ w))
    q = 1.0 if p == np.inf else np.inf if p == 1.0 else p / (p - 1.0)
    step = eps * float(np.linalg.norm(w, ord=q)) / length
    return _cuts_risk(float(w @ triple.mu) / length, step, triple.priors, unequal)


def _cuts_risk(m: float, eps: float, priors: ArrayLike, unequal: float) -> float:
    """Return the robust risk of the best thresholds of variances 1 - h, 1, 1 + h.

    While they are 2 eps apart each is that of two neighbours, at +-m/2 from the middle.
    """
    weights, s = np.asarray(priors), _apart(unequal, 3)

    def cut(i: int) -> float:
        prior = float(weights[i + 1] / (weights[i] + weights[i + 1]))
        off = _lowest(
            *(
                lambda t, of=of: of(m / 2, eps, prior, t, s[i + 1], s[i])
                for of in (_cut_risk, _cut_slope)
            )
        )
        return off + (i - 0.5) * m

    low, high = cut(0), cut(1)
    outer = special.ndtr(np.array([low - eps + m, m - high - eps]) / s[[0, 2]])
    middle = float(special.ndtr(high - eps) - special.ndtr(low + eps))
    return float(1.0 - weights[[0, 2]] @ outer - weights[1] * max(middle, 0.0))


def _symmetric_priors(zero: float) -> list[float]:
    return [(1.0 - zero) / 2.0, zero, (1.0 - zero) / 2.0]


def _three_found(
    m: float, share: float, zero: float, tilt: float, unequal: float = 0.0
) -> float:
    eps, priors = _three_problem(m, share, zero, tilt)
    return best_on_the_line(
        [-m, 0.0, m], priors, eps, step=0.02, deviations=_apart(unequal, 3)
    ).upper


def _three_problem(
    m: float, share: float, zero: float, tilt: float
) -> tuple[float, list[float]]:
    rest = 1.0 - zero
    return share * m, [rest * (1.0 - tilt) / 2.0, zero, rest * (1.0 + tilt) / 2.0]


def _three_optimal(m: float, share: float, zero: float, tilt: float) -> float:
    eps, priors = _three_problem(m, share, zero, tilt)
    return float(three_class_optimum(m, eps, priors).risk)


def _three_mixed(
    m: float, share: float, zero: float, tilt: float, unequal: float
) -> float:
    """Return the robust risk of the rule that is optimal for normal classes."""
    eps, priors = _three_problem(m, share, zero, tilt)
    rule = three_class_optimum(m, eps, priors)
    return float(
        _mixed(
            lambda s: three_class_risk(
                m / s, eps / s, priors, rule.lower / s, rule.upper / s
            ),
            unequal,
        )
    )


def _three_bounded(
    m: float, share: float, zero: float, deviations: ArrayLike = 1.0
) -> float:
    return three_class_lower_bound(
        m, share * m, _symmetric_priors(zero), deviations=deviations
    )


def _three_by_bayes(m: float, share: float, zero: float) -> float:
    """Return the robust risk of Bayes' rule between three classes."""
    priors = _symmetric_priors(zero)
    rule = three_class_optimum(m, 0.0, priors)
    return float(three_class_risk(m, share * m, priors, rule.lower, rule.upper))


def _harmed(
    n: int,
    rng: np.random.Generator,
    m: float,
    eps: float,
    prior: float,
    unequal: float = 0.0,
    by_class: bool = False,
) -> Bool[NDArray, " n"]:
    """Draw points in the plane, move them, and tell which the optimal rule gets wrong.

    The step is the worst one: against the label, along the line of the means. The noise
    is normal, or of variance 1 + h and 1 - h, with probability 1/2 each, or in the
    classes +1 and -1.
    """
    pair = GaussianPair([0.6 * m, 0.8 * m], prior=prior)
    X, y = pair.sample(n, rng)
    if unequal:
        noise = X - y[:, None] * pair.mu
        signs = y[:, None] if by_class else rng.choice([-1, 1], (n, 1))
        X += noise * (np.sqrt(1 + unequal * signs) - 1)
    rule = pair.optimal_robust_classifier(eps)
    w, b = rule.coef_[0], float(rule.intercept_[0])
    moved = X - (eps * y)[:, None] * np.array([0.6, 0.8])
    return np.asarray(y * (moved @ w + b) <= 0.0)


_M = Reals(0.2, 4.0, (0.5, 1.0, 2.0), symbol="m")
_EPS = Reals(0.0, 3.0, (0.0, 0.5, 1.0), symbol=r"\varepsilon")
_PRIOR = Reals(0.001, 0.999, (0.02, 0.2, 0.5, 0.9), symbol=r"\pi")
_ANGLE = Reals(0.0, 3.1, (0.0, 0.2, 1.5))
_OFFSET = Reals(-3.0, 3.0, (-0.5, 0.0, 0.5))
_ZERO = Reals(0.25, 0.6, (1 / 3, 0.5), symbol=r"\pi_0")

_PAIRS: dict[str, Parameter] = {"m": _M, "eps": _EPS, "prior": _PRIOR}
_LINES: dict[str, Parameter] = {
    "m": Reals(0.5, 4.0, (1.0, 2.0), symbol="m"),
    "eps": Reals(0.1, 1.0, (0.25, 0.5), symbol=r"\varepsilon"),
    "prior": Reals(0.02, 0.98, (0.2, 0.5), symbol=r"\pi"),
    "cells": Integers(10, 1000, (20, 80, 400), symbol="n"),
}
_ONE_LINE: dict[str, Parameter] = {
    **_LINES,
    "m": Reals(0.5, 4.0, (1.0,), symbol="m"),
}
_SHIFTS: dict[str, Parameter] = {
    "m": Reals(1.0, 3.0, (1.0, 2.0), symbol="m"),
    "eps": Reals(0.0, 0.4, (0.1, 0.4), symbol=r"\varepsilon"),
    "prior": Reals(0.1, 0.4, (0.2, 0.4), symbol=r"\pi"),
}
_DRAWN: dict[str, Parameter] = {
    "m": Reals(0.5, 2.0, (1.0,), symbol="m"),
    "eps": Reals(0.0, 0.5, (0.5,), symbol=r"\varepsilon"),
    "prior": Reals(0.1, 0.9, (0.5,), symbol=r"\pi"),
}
_CUBES: dict[str, Parameter] = {
    "spread": Reals(0.0, 0.9, (0.0, 0.5)),
    "eps": Reals(0.0, 0.9, (0.2, 0.5), symbol=r"\varepsilon"),
}
_PRICES: dict[str, Parameter] = {
    "m": Reals(1.0, 4.0, (1.0, 2.0, 4.0), symbol="m"),
    "share": Reals(0.05, 0.5, (0.05, 0.2, 0.5), symbol=r"\varepsilon/m"),
    "prior": Reals(0.2, 0.5, (0.2, 0.3, 0.4, 0.5), symbol=r"\pi"),
}
_NORMS: dict[str, Parameter] = {
    "d": Integers(1, 6, (1, 3), symbol="d"),
    "p": Choices((1.0, 2.0, np.inf)),
    "share": Reals(0.0, 1.2, (0.6,), symbol=r"\varepsilon/\|\mu\|_p"),
    "prior": Reals(0.01, 0.99, (0.5,), symbol=r"\pi"),
}
_SLABS: dict[str, Parameter] = {
    "d": Integers(1, 5, (1, 3), symbol="d"),
    "p": Choices((1.0, 2.0, np.inf)),
    "share": Reals(0.0, 1.2, (0.1,), symbol=r"\varepsilon/\|\mu\|_p"),
    "zero": Reals(0.05, 0.9, (0.3,), symbol=r"\pi_0"),
}
_TRIPLES: dict[str, Parameter] = {
    "m": Reals(0.5, 5.0, (1.0, 3.0), symbol="m"),
    "share": Reals(0.0, 1.2, (0.0, 0.25), symbol=r"\varepsilon/m"),
    "zero": Reals(0.05, 0.9, (0.1, 1 / 3), symbol=r"\pi_0"),
    "tilt": Reals(-0.9, 0.9, (0.0, 0.5)),
}
_BOUNDED: dict[str, Parameter] = {
    "m": Reals(3.0, 5.0, (3.0, 4.0), symbol="m"),
    "share": Reals(0.01, 0.15, (0.05, 0.15), symbol=r"\varepsilon/m"),
    "zero": _ZERO,
}
_UNEQUAL = Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5), symbol="h")


def _one_covariance(
    evidence: Exact | Statistical,
    domain: dict[str, Parameter],
    rule: str = "; the best threshold",
    classes: int = 2,
) -> Hypothesis:
    broken = (
        "the covariances of the classes $1$ and $-1$ are $1 + h$ and $1 - h$ times as "
        "large"
        if classes == 2
        else "the covariances of the classes $1$, $0$ and $-1$ are $1 + h$, $1$ and "
        "$1 - h$ times as large"
    )
    return Hypothesis(
        "the classes have one covariance",
        broken + rule,
        evidence,
        {**domain, "unequal": _UNEQUAL},
        "unequal",
    )


def _normal(evidence: Exact | Statistical, domain: dict[str, Parameter]) -> Hypothesis:
    return Hypothesis(
        "the classes are normal",
        "with probability one half each the covariance is $1 + h$ and $1 - h$ times as "
        "large: the law is not normal, of the same mean and covariance",
        evidence,
        {**domain, "unequal": Reals(0.0, 0.9, (0.0, 0.1, 0.5, 0.9), symbol="h")},
        "unequal",
    )


CLAIMS = (
    Claim(
        id="dobriban2020.half-space",
        theory="statistics",
        title="No half-space has less robust risk than the shifted one",
        source=SOURCE,
        statement=r"""For $x\mid y \sim N(y\mu, I)$, $P(y = 1) = \pi$ and $\ell_2$
steps of at most $\varepsilon$, every half-space has robust risk at least
$R_B(m - \varepsilon)$, $m = \|\mu\|$, the risk of the threshold
$\ln((1-\pi)/\pi)/(2(m - \varepsilon))$ along $\mu$.""",
        relation="lhs <= rhs",
        domain={
            "m": _M,
            "eps": _EPS,
            "prior": _PRIOR,
            "angle": _ANGLE,
            "offset": _OFFSET,
        },
        axis="offset",
        evidence=Exact(
            lambda m, eps, prior, angle, offset: optimal_robust_risk(m, eps, prior),
            _other_half_space,
            atol=1e-15,
            unproved="equality at the best half-space, inside of the domain",
        ),
        twin=Twin(
            r"the least robust risk is $1.001\,R_B(m - \varepsilon)$",
            Exact(
                lambda m, eps, prior, angle, offset: (
                    1.001 * optimal_robust_risk(m, eps, prior)
                ),
                _other_half_space,
                atol=1e-15,
            ),
        ),
        hypotheses=(
            _one_covariance(
                Exact(
                    lambda m, eps, prior, unequal: optimal_robust_risk(m, eps, prior),
                    _least_unequal,
                    atol=1e-15,
                ),
                _PAIRS,
            ),
            _normal(
                Exact(
                    lambda m, eps, prior, unequal: optimal_robust_risk(m, eps, prior),
                    _mixed_half_space,
                    atol=1e-15,
                ),
                _PAIRS,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.unions-of-intervals",
        theory="statistics",
        title="No union of intervals along the means has less robust risk",
        source=SOURCE,
        statement=r"""Among all unions of intervals along $\mu$ with ends on a grid of
step $0.02$, none has a robust risk below $R_B(m - \varepsilon)$.""",
        relation="lhs <= rhs",
        domain=_PAIRS,
        axis="eps",
        evidence=Exact(
            optimal_robust_risk,
            lambda m, eps, prior: _least_on_line(m, eps, prior, 0.02).upper,
            atol=1e-14,
            unproved="one side is the result of dynamic programming on a grid",
        ),
        twin=Twin(
            r"the least robust risk is $1.001\,R_B(m - \varepsilon)$",
            Exact(
                lambda m, eps, prior: 1.001 * optimal_robust_risk(m, eps, prior),
                lambda m, eps, prior: _least_on_line(m, eps, prior, 0.02).upper,
                atol=1e-14,
            ),
        ),
        note="The search is complete on the grid: dynamic programming.",
        hypotheses=(
            _normal(
                Exact(
                    lambda m, eps, prior, unequal: optimal_robust_risk(m, eps, prior),
                    lambda m, eps, prior, unequal: (
                        _least_on_line(m, eps, prior, 0.02, _blend(unequal)).upper
                    ),
                    atol=1e-14,
                ),
                _PAIRS,
            ),
            _one_covariance(
                Exact(
                    lambda m, eps, prior, unequal: optimal_robust_risk(m, eps, prior),
                    lambda m, eps, prior, unequal: (
                        _least_on_line(m, eps, prior, 0.02, _apart(unequal)).upper
                    ),
                    atol=1e-14,
                ),
                _PAIRS,
                "; unions of intervals on the grid",
            ),
        ),
    ),
    Claim(
        id="dobriban2020.all-classifiers",
        theory="statistics",
        title="The least robust risk of all classifiers is that of the half-space",
        source=SOURCE.at("abstract"),
        statement=r"""A lower bound of the robust risk of all measurable classifiers
of the line, from a grid of $n$ cells a unit, tends to $R_B(m - \varepsilon)$.""",
        relation="limit",
        domain=_LINES,
        axis="cells",
        evidence=Exact(
            lambda m, eps, prior, cells: _least_on_line(m, eps, prior, 1 / cells).lower,
            lambda m, eps, prior, cells: optimal_robust_risk(m, eps, prior),
            tolerance=0.02,
        ),
        twin=Twin(
            r"the limit is $1.03\,R_B(m - \varepsilon)$",
            Exact(
                lambda m, eps, prior, cells: (
                    _least_on_line(m, eps, prior, 1 / cells).lower
                ),
                lambda m, eps, prior, cells: 1.03 * optimal_robust_risk(m, eps, prior),
                tolerance=0.02,
            ),
        ),
        hypotheses=(
            _normal(
                Exact(
                    lambda m, eps, prior, cells, unequal: (
                        _least_on_line(m, eps, prior, 1 / cells, _blend(unequal)).lower
                    ),
                    lambda m, eps, prior, cells, unequal: optimal_robust_risk(
                        m, eps, prior
                    ),
                    tolerance=0.02,
                ),
                _ONE_LINE,
            ),
            _one_covariance(
                Exact(
                    lambda m, eps, prior, cells, unequal: (
                        _least_on_line(m, eps, prior, 1 / cells, _apart(unequal)).lower
                    ),
                    lambda m, eps, prior, cells, unequal: optimal_robust_risk(
                        m, eps, prior
                    ),
                    tolerance=0.02,
                ),
                _ONE_LINE,
                "",
            ),
        ),
    ),
    Claim(
        id="dobriban2020.boundary-shift",
        theory="statistics",
        title="Imbalance pushes the robust boundary out by m/(m - eps)",
        source=SOURCE,
        statement=r"""The threshold of least robust risk, found by minimisation, is
$m/(m - \varepsilon)$ times the one of least standard risk.""",
        relation="lhs == rhs",
        domain={
            "m": Reals(1.0, 3.0, (1.0, 2.0), symbol="m"),
            "eps": Reals(0.0, 0.4, (0.1, 0.4), symbol=r"\varepsilon"),
            "prior": Reals(0.1, 0.4, (0.1, 0.2, 0.4), symbol=r"\pi"),
        },
        axis="eps",
        evidence=Exact(_found_shift, lambda m, eps, prior: m / (m - eps), rtol=1e-5),
        twin=Twin(
            r"the factor is $1 + \varepsilon/m$",
            Exact(_found_shift, lambda m, eps, prior: 1 + eps / m, rtol=1e-5),
        ),
        hypotheses=(
            _normal(
                Exact(
                    _found_shift,
                    lambda m, eps, prior, unequal: m / (m - eps),
                    rtol=1e-5,
                ),
                _SHIFTS,
            ),
            _one_covariance(
                Exact(
                    functools.partial(_found_shift, risk=_unequal_risk),
                    lambda m, eps, prior, unequal: m / (m - eps),
                    rtol=1e-5,
                ),
                _SHIFTS,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.simulated",
        theory="statistics",
        title="Moved points are misclassified as often as the formula says",
        source=SOURCE,
        statement=r"""The optimal robust rule errs on points moved by
$-y\varepsilon\mu/\|\mu\|$ with probability $R_B(m - \varepsilon)$.""",
        relation="lhs == rhs",
        domain={
            "m": Reals(0.5, 2.0, (1.0,), symbol="m"),
            "eps": Reals(0.0, 0.5, (0.0, 0.25, 0.5), symbol=r"\varepsilon"),
            "prior": Reals(0.1, 0.9, (0.2, 0.5), symbol=r"\pi"),
        },
        axis="eps",
        evidence=Statistical(_harmed, optimal_robust_risk, tolerance=0.1),
        twin=Twin(
            r"the risk is $R_B(m - \varepsilon/2)$",
            Statistical(
                _harmed,
                lambda m, eps, prior: optimal_robust_risk(m, eps / 2, prior),
                tolerance=0.1,
            ),
            domain={
                "m": Choices((1.0,)),
                "eps": Choices((0.5,)),
                "prior": Choices((0.5,)),
            },
        ),
        hypotheses=(
            _normal(
                Statistical(
                    _harmed,
                    lambda m, eps, prior, unequal: optimal_robust_risk(m, eps, prior),
                    tolerance=0.1,
                ),
                _DRAWN,
            ),
            _one_covariance(
                Statistical(
                    functools.partial(_harmed, by_class=True),
                    lambda m, eps, prior, unequal: optimal_robust_risk(m, eps, prior),
                    tolerance=0.1,
                ),
                _DRAWN,
                "",
            ),
        ),
    ),
    Claim(
        id="dobriban2020.no-price-for-equal-classes",
        theory="statistics",
        title="Equal classes pay nothing for robustness in l2",
        source=SOURCE.at("abstract"),
        statement=r"""For $\pi = 1/2$, $S = I$ and $\varepsilon < m$ the optimal
$\ell_2$-robust classifier is Bayes' rule: its standard risk is the least.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 100, (1, 3, 20), symbol="d"),
            "share": Reals(0.0, 0.99, (0.0, 0.5, 0.9), symbol=r"\varepsilon/m"),
        },
        axis="share",
        evidence=Exact(
            lambda d, share: _isotropic(d, share, 0.5).robust_standard,
            lambda d, share: _isotropic(d, share, 0.5).bayes_standard,
        ),
        twin=Twin(
            r"for $\pi = 0.45$",
            Exact(
                lambda d, share: _isotropic(d, share, 0.45).robust_standard,
                lambda d, share: _isotropic(d, share, 0.45).bayes_standard,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the classes are equally likely, $\pi = \tfrac12$",
                r"unequal priors",
                Exact(
                    lambda d, prior: _isotropic(d, 0.5, prior).robust_standard,
                    lambda d, prior: _isotropic(d, 0.5, prior).bayes_standard,
                ),
                {
                    "d": Integers(1, 100, (1, 3), symbol="d"),
                    "prior": Reals(
                        0.1, 0.5, (0.5, 0.499, 0.49, 0.45, 0.3), symbol=r"\pi"
                    ),
                },
                "prior",
                unbroken=0.5,
            ),
            Hypothesis(
                "the steps are shorter than half the way between the means",
                r"longer steps: Bayes' rule has robust risk $\Phi(\varepsilon - m)$, "
                "one class alone $1/2$",
                Exact(
                    lambda d, share: _isotropic(d, share, 0.5).robust_standard,
                    lambda d, share: _isotropic(d, share, 0.5).bayes_standard,
                ),
                {
                    "d": Integers(1, 100, (1, 3), symbol="d"),
                    "share": Reals(0.9, 3.0, (0.9, 1.1, 2.0), symbol=r"\varepsilon/m"),
                },
                "share",
                unbroken=0.9,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.price-in-the-cube",
        theory="statistics",
        title="Under l_inf steps equal classes pay, since the normal turns",
        source=SOURCE,
        statement=r"""For $\pi = 1/2$, $S = I$ and $\ell_\infty$ steps the optimal
robust classifier has standard risk $\Phi(-m\cos\theta)$, where $\theta$ is the angle
between $\mu$ and its soft threshold $\mathrm{sign}(\mu)(|\mu| - \varepsilon)_+$.""",
        relation="lhs == rhs",
        domain={
            "spread": Reals(0.0, 0.9, (0.0, 0.2, 0.5)),
            "eps": Reals(0.0, 0.9, (0.2, 0.5), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            lambda spread, eps: (
                trade_off(_cube_pair(spread), eps, np.inf).robust_standard
            ),
            _turned_risk,
        ),
        twin=Twin(
            r"it has that of Bayes' rule, $\Phi(-m)$, as for $\ell_2$",
            Exact(
                lambda spread, eps: (
                    trade_off(_cube_pair(spread), eps, np.inf).robust_standard
                ),
                lambda spread, eps: _cube_pair(spread).bayes_risk,
            ),
        ),
        note=r"""Nothing is paid where all $|\mu_i|$ that are not 0 are equal.""",
        hypotheses=(
            _normal(
                Exact(
                    lambda spread, eps, unequal: _mixed(
                        lambda s: _turned_risk(spread, eps, s), unequal
                    ),
                    lambda spread, eps, unequal: _turned_risk(spread, eps),
                    rtol=1e-12,
                ),
                _CUBES,
            ),
            _one_covariance(
                Exact(
                    _turned_unequal,
                    lambda spread, eps, unequal: _turned_risk(spread, eps),
                    rtol=1e-12,
                ),
                _CUBES,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.price-grows-with-imbalance",
        theory="statistics",
        title="Near equal classes the price of robustness grows with the imbalance",
        source=SOURCE.at("abstract"),
        statement=r"""For $m \ge 1$, $\varepsilon \le m/2$ and
$1/5 \le \pi \le 1/2$, a share $\pi$ of the rarer class that is a tenth smaller raises
the excess of the optimal robust classifier's standard risk over Bayes'.""",
        relation="lhs <= rhs",
        domain=_PRICES,
        axis="prior",
        evidence=Enclosure(
            price_ratio,
            lambda m, share, prior: 1,
            formulas=(
                lambda m, share, prior: (
                    price_of_robustness(m, share * m, prior)
                    / price_of_robustness(m, share * m, 0.9 * prior)
                ),
                lambda m, share, prior: 1.0,
            ),
            rtol=1e-9,
            beyond=(
                Beyond(
                    lambda share, prior: price_ratio(1, 0.5, prior),
                    lambda share, prior: 1,
                    until={"share": 0.5},
                    free=("m",),
                ),
            ),
        ),
        twin=Twin(
            r"the same for $\pi \le 1/50$",
            Enclosure(price_ratio, lambda m, share, prior: 1),
            domain={
                "m": Choices((1.0, 2.0, 4.0)),
                "share": Choices((0.05, 0.2, 0.5)),
                "prior": Choices((0.02, 0.002)),
            },
        ),
        note=r"""The sides are divided by the price at the smaller share.

The abstract says that trade-offs grow when data are imbalanced. For ever rarer classes
the price falls again: no optimal rule has a risk above $\min(\pi, 1 - \pi)$ by much, so
that it tends to 0 with $\pi$. The distance by which the boundary moves grows
throughout.""",
        hypotheses=(
            _normal(
                Exact(
                    functools.partial(_price_between, risk=_mixed_risk),
                    lambda m, share, prior, unequal: 1.0,
                    rtol=1e-9,
                ),
                _PRICES,
            ),
            _one_covariance(
                Exact(
                    functools.partial(_price_between, risk=_unequal_risk),
                    lambda m, share, prior, unequal: 1.0,
                    rtol=1e-9,
                ),
                _PRICES,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.any-norm",
        theory="statistics",
        title="In any norm, with any common covariance, no linear rule does better",
        source=SOURCE,
        statement=r"""For $x\mid y \sim N(y\mu, S)$ and $\ell_p$ steps every linear
classifier has robust risk at least $R_B(m^*)$,
$m^* = \min_{\|z\|_p \le \varepsilon}\|\mu - z\|_{S^{-1}}$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 6, (1, 3, 6), symbol="d"),
            "p": Choices((1.0, 1.5, 2.0, 3.0, np.inf)),
            "share": Reals(0.0, 1.2, (0.2, 0.6), symbol=r"\varepsilon/\|\mu\|_p"),
            "prior": Reals(0.01, 0.99, (0.2, 0.5), symbol=r"\pi"),
            "noise": Reals(0.0, 2.0, (0.0, 0.1, 1.0)),
        },
        axis="noise",
        evidence=Exact(
            lambda d, p, share, prior, noise: _any_norm(d, p, share, prior),
            _other_linear,
            rtol=1e-9,
            unproved="the nearest point of a ball is found by a program",
        ),
        twin=Twin(
            r"the least robust risk is $1.001\,R_B(m^*)$",
            Exact(
                lambda d, p, share, prior, noise: 1.001 * _any_norm(d, p, share, prior),
                _other_linear,
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            _normal(
                Exact(
                    lambda d, p, share, prior, unequal: _any_norm(d, p, share, prior),
                    _mixed_linear,
                    rtol=1e-9,
                ),
                _NORMS,
            ),
            _one_covariance(
                Exact(
                    lambda d, p, share, prior, unequal: _any_norm(d, p, share, prior),
                    _any_norm_unequal,
                    rtol=1e-9,
                ),
                _NORMS,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.three-classes-in-any-norm",
        theory="statistics",
        title="Between three classes no slab rule does better, in any norm",
        source=SOURCE,
        statement=r"""For $x\mid y \sim N(y\mu, S)$, $y = -1, 0, 1$, and $\ell_p$
steps every rule with two parallel boundaries has at least the robust risk of the
thresholds along $S^{-1}(\mu - z^*)$, $z^*$ the point of the ball of radius
$2\varepsilon$ that is nearest to $\mu$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 5, (1, 3, 5), symbol="d"),
            "p": Choices((1.0, 2.0, np.inf)),
            "share": Reals(0.0, 1.2, (0.1, 0.3), symbol=r"\varepsilon/\|\mu\|_p"),
            "zero": Reals(0.05, 0.9, (0.3, 0.6), symbol=r"\pi_0"),
            "noise": Reals(0.0, 2.0, (0.0, 0.1)),
        },
        axis="noise",
        evidence=Exact(
            lambda d, p, share, zero, noise: _triple(d, p, share, zero)[1],
            _other_slab,
            rtol=1e-9,
            unproved="the nearest point of a ball is found by a program",
        ),
        twin=Twin(
            "the least robust risk is 1.001 times that large",
            Exact(
                lambda d, p, share, zero, noise: 1.001 * _triple(d, p, share, zero)[1],
                _other_slab,
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            _normal(
                Exact(
                    lambda d, p, share, zero, unequal: _triple(d, p, share, zero)[1],
                    _mixed_slab,
                    rtol=1e-9,
                ),
                _SLABS,
            ),
            _one_covariance(
                Exact(
                    lambda d, p, share, zero, unequal: _triple(d, p, share, zero)[1],
                    _unequal_slab,
                    rtol=1e-9,
                ),
                _SLABS,
                "; the best thresholds",
                classes=3,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.three-classes",
        theory="statistics",
        title="Between three classes no union of intervals beats two thresholds",
        source=SOURCE,
        statement=r"""For means $-m, 0, m$ no classifier whose classes are unions of
intervals with ends on a grid of step $0.02$ has less robust risk than the two
thresholds $c_\pm$, or than what is left of them when a class is given up.""",
        relation="lhs <= rhs",
        domain={
            "m": Reals(0.5, 5.0, (1.0, 3.0, 4.0), symbol="m"),
            "share": Reals(0.0, 1.2, (0.0, 0.25, 0.45, 1.1), symbol=r"\varepsilon/m"),
            "zero": Reals(0.05, 0.9, (0.1, 1 / 3, 0.6), symbol=r"\pi_0"),
            "tilt": Reals(-0.9, 0.9, (0.0, 0.5)),
        },
        axis="share",
        evidence=Exact(
            _three_optimal,
            _three_found,
            atol=1e-14,
            unproved="one side is the result of dynamic programming on a grid",
        ),
        twin=Twin(
            "the least robust risk is 1.001 times that large",
            Exact(
                lambda **point: 1.001 * _three_optimal(**point),
                _three_found,
                atol=1e-14,
            ),
        ),
        hypotheses=(
            _normal(
                Exact(
                    lambda m, share, zero, tilt, unequal: _three_optimal(
                        m, share, zero, tilt
                    ),
                    _three_mixed,
                    atol=1e-14,
                ),
                _TRIPLES,
            ),
            _one_covariance(
                Exact(
                    lambda m, share, zero, tilt, unequal: _three_optimal(
                        m, share, zero, tilt
                    ),
                    _three_found,
                    atol=1e-14,
                ),
                _TRIPLES,
                "; unions of intervals on the grid",
                classes=3,
            ),
        ),
    ),
    Claim(
        id="dobriban2020.three-classes-in-any-dimension",
        theory="statistics",
        title="Between three classes no classifier of R^d beats two thresholds",
        source=SOURCE,
        statement=r"""With outer classes of equal weight, $m \ge 3$ and
$\varepsilon \le 3m/20$, an adversary that moves points along the means alone leaves
Bayes' rule the robust risk of the two thresholds: no classifier has less.""",
        relation="lhs == rhs",
        domain=_BOUNDED,
        axis="share",
        evidence=Exact(
            _three_bounded,
            lambda m, share, zero: _three_optimal(m, share, zero, 0.0),
            rtol=1e-9,
        ),
        twin=Twin(
            "the thresholds are those of Bayes' rule",
            Exact(_three_bounded, _three_by_bayes, rtol=1e-9),
        ),
        hypotheses=(
            _normal(
                Exact(
                    lambda m, share, zero, unequal: _three_bounded(
                        m, share, zero, _blend(unequal, 3)
                    ),
                    lambda m, share, zero, unequal: _three_optimal(m, share, zero, 0.0),
                    rtol=1e-9,
                ),
                {**_BOUNDED, "m": Reals(3.0, 5.0, (3.0,), symbol="m")},
            ),
            _one_covariance(
                Exact(
                    lambda m, share, zero, unequal: _three_bounded(
                        m, share, zero, _apart(unequal, 3)
                    ),
                    lambda m, share, zero, unequal: _three_optimal(m, share, zero, 0.0),
                    rtol=1e-9,
                ),
                {**_BOUNDED, "m": Reals(3.0, 5.0, (3.0,), symbol="m")},
                "",
                classes=3,
            ),
        ),
    ),
)


def _isotropic(d: int, share: float, prior: float) -> TradeOff:
    """Return the risks of a drawn pair with eps = share |mu|."""
    mu = spawn(0, "dobriban2020", d, "isotropic").standard_normal(d)
    mu *= 1.5 / np.linalg.norm(mu)
    return trade_off(GaussianPair(mu, prior=prior), share * 1.5)
