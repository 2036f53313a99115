r"""Three Gaussian classes x | y ~ N(y mu, S), y = -1, 0, 1: Bayes and robust rules.

Write pi_-, pi_0, pi_+ for the weights, Phi for the standard normal distribution
function, 1/p + 1/q = 1 and |w|_S = sqrt(<w, S w>). A *slab rule* takes x for -1 where
<w, x> < lower, for +1 where <w, x> > upper, and for 0 between. With |w|_S = 1 let

    m = <w, mu>,   e = eps |w|_q,   a = upper - e,   b = lower + e.

Steps of l_p length at most eps change <w, x> by at most e, so the robust risk is

    R = pi_+ Phi(a + 2e - m) + pi_- Phi(-b + 2e - m) + pi_0 (1 - (Phi(a) - Phi(b))_+).

**The optimal slab rule.** Where the class 0 keeps a part, a > b, R depends on w through
M = m - 2e alone, and falls with M: the best w is S^-1 (mu - z*), z* the point of the
ball of radius *2 eps* that is nearest to mu in |.|_{S^-1}, whose distance M* is. In a
and b the risk is then a sum of two functions whose slopes change sign once, at

    a = M/2 + log(pi_0/pi_+)/M,    b = -M/2 - log(pi_0/pi_-)/M.

The optimum is the best of this rule, if these have a >= b, and of two that give classes
up: the class 0, for the optimal rule of the other two (radius eps, `GaussianPair`), or
all but the class 0. For p = 2 and S = I it has, with m = |mu|, upper = m/2 +
log(pi_0/pi_+)/(m - 2 eps), and similarly for lower.

Source: Dobriban, Hassani, Hong, Robey (2020), "Provable tradeoffs in adversarially
robust classification", arXiv:2006.05161 (l_2 and l_infinity, S = I). The statements
above are derived here.
"""

import math

import numpy as np
from scipy import linalg, special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import norm_order, points, real, real_array
from geomadv.data._law import LabelledLaw
from geomadv.data._mahalanobis import nearest_in_ball
from geomadv.spaces._covariance import Covariance
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order


class SlabRule:
    """A classifier of three classes whose boundaries are two parallel hyperplanes.

    Parameters
    ----------
    w : (d,) array_like
        Their common normal; 0 for a constant.
    lower, upper : float
        The label is -1 where <w, x> < lower, +1 where <w, x> > upper, and 0 between.
        They may be infinite, and equal where no point has the label 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> rule = SlabRule([1.0, 0.0], -1.0, 2.0)
    >>> rule.predict([[-3.0, 0.0], [0.0, 9.0], [3.0, 0.0]])
    array([-1.,  0.,  1.])
    """

    def __init__(self, w: ArrayLike, lower: float, upper: float) -> None:
        self.w = np.array(real_array("w", w, ndim=1))
        self.lower = real("lower", lower, infinite=True)
        self.upper = real("upper", upper, infinite=True)
        if self.lower > self.upper:
            raise ValueError(
                f"lower must be at most upper, got {self.lower:g} and {self.upper:g}"
            )

    def __repr__(self) -> str:
        return f"SlabRule({self.w.size} weights, {self.lower:g}, {self.upper:g})"

    def predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the labels -1, 0 and +1 of (n, d) points X."""
        levels = points("X", X, d=self.w.size) @ self.w
        return np.where(
            levels < self.lower, -1.0, np.where(levels > self.upper, 1.0, 0.0)
        )


class GaussianTriple(LabelledLaw):
    r"""The laws N(-mu, cov), N(0, cov) and N(mu, cov), one a class.

    Parameters
    ----------
    mu : (d,) array_like
        The mean of the class +1.
    cov : float, (d,) or (d, d) array_like
        The covariance of all three: a variance (1 by default), the variances of
        independent coordinates, or a positive definite matrix.
    priors : (3,) array_like
        The weights of the classes -1, 0 and +1: positive, of sum 1; equal if None.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    References
    ----------
    Dobriban, Hassani, Hong, Robey (2020), "Provable tradeoffs in adversarially robust
    classification", arXiv:2006.05161.

    Examples
    --------
    >>> triple = GaussianTriple([0.0, 4.0], priors=[0.1, 0.7, 0.2])
    >>> robust = triple.optimal_robust_rule(1.0)
    >>> round(float(triple.robust_risk(robust, 1.0)), 10)
    0.1731192336
    """

    def __init__(
        self,
        mu: ArrayLike,
        cov: ArrayLike | None = None,
        priors: ArrayLike | None = None,
    ) -> None:
        self._mu = np.array(real_array("mu", mu, ndim=1))
        d = self._mu.size
        if d == 0:
            raise ValueError("mu must not be empty")
        spread = real_array("cov", 1.0 if cov is None else cov)
        if spread.shape not in ((), (d,), (d, d)):
            raise ValueError(
                f"cov must be a number or have shape ({d},) or ({d}, {d}), as mu says, "
                f"got shape {spread.shape}"
            )
        self._covariance = Covariance(d, np.array(spread))
        self._cov = self._covariance.value
        self._factor = (
            linalg.cholesky(self._cov, lower=True)
            if self._cov.ndim == 2
            else np.asarray(np.sqrt(self._cov))
        )
        shares = [1.0 / 3.0] * 3 if priors is None else priors
        self._priors = np.array(three_weights("priors", shares))
        if self._priors.ndim != 1:
            raise ValueError(f"priors must have shape (3,), got {self._priors.shape}")

    def __repr__(self) -> str:
        plain = self._cov.ndim == 0 and self._cov == 1.0
        spread = "" if plain else ", cov=..."
        shares = ", ".join(f"{share:g}" for share in self._priors)
        return f"GaussianTriple({self.d} coordinates{spread}, priors=[{shares}])"

    @property
    def d(self) -> int:
        """The dimension."""
        return int(self._mu.size)

    @property
    def mu(self) -> Float[NDArray, " d"]:
        """The mean of the class +1 (a copy)."""
        return self._mu.copy()

    @property
    def cov(self) -> Float[NDArray, "*s"]:
        """The covariance in its simplest form: number, variances or matrix (a copy)."""
        return self._cov.copy()

    @property
    def priors(self) -> Float[NDArray, " 3"]:
        """The weights of -1, 0 and +1 (a copy)."""
        return self._priors.copy()

    @property
    def bayes_risk(self) -> float:
        """The least possible error, that of the Bayes rule."""
        return float(self.standard_risk(self.bayes_rule()))

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw labels, then points."""
        level = rng.random(n)
        minus, zero, _ = self._priors
        y = np.where(level < minus, -1.0, np.where(level < minus + zero, 0.0, 1.0))
        X = self._covariance.colour(rng.standard_normal((n, self.d)))
        X[y > 0] += self._mu
        X[y < 0] -= self._mu
        return X, y

    def posterior(self, X: ArrayLike) -> Float[NDArray, "n 3"]:
        """Return the probabilities of the labels -1, 0 and +1 at points.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, 3) array
        """
        w = self._whitened(self._mu)
        levels = points("X", X, d=self.d) @ w
        half = float(w @ self._mu) / 2.0
        odds = np.stack([-levels - half, np.zeros(len(levels)), levels - half], axis=1)
        return np.asarray(special.softmax(odds + np.log(self._priors), axis=1))

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels of (n, d) points X."""
        return self.bayes_rule().predict(X)

    def bayes_rule(self) -> SlabRule:
        """Return the rule of least error, which is a slab rule.

        Returns
        -------
        SlabRule
        """
        return self.optimal_robust_rule(0.0)

    def optimal_robust_rule(self, eps: float, p: float = 2) -> SlabRule:
        """Return the slab rule of least robust risk, of all normals and thresholds.

        Parameters
        ----------
        eps : float
            Size of the perturbations, at least 0.
        p : float
            Order of their norm, at least 1; `numpy.inf` is allowed.

        Returns
        -------
        SlabRule
            See above. Its normal is S^-1 (mu - z*); it is 0 where one class is left.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of its range or of the wrong kind.

        Warns
        -----
        RuntimeWarning
            As for `GaussianPair`, where a covariance is too ill-conditioned.

        Examples
        --------
        Strong steps leave the class 0 nothing:

        >>> triple = GaussianTriple([2.0, 0.0], priors=[0.3, 0.4, 0.3])
        >>> rule = triple.optimal_robust_rule(0.9)
        >>> rule.lower == rule.upper
        True
        """
        size, order = real("eps", eps, lower=0.0), norm_order("p", p)
        minus, _, plus = self._priors
        w = self._normal(2.0 * size, order)
        rules = []
        if w.any():
            m, e = self._along(w, np.asarray(size), order)
            low, high = thresholds(np.asarray(m - 2.0 * e), self._priors)
            if low <= high:
                length = self._length(w)
                ends = (float(low - e) * length, float(high + e) * length)
                rules.append(SlabRule(w, *ends))
        w = self._normal(size, order)
        m, e = self._along(w, np.asarray(size), order)
        t = bayes_threshold(np.asarray(m - e), np.log(minus) - np.log(plus))
        end = float(t) * (self._length(w) or 1.0)
        rules.append(SlabRule(w, end, end))
        rules.append(SlabRule(np.zeros(self.d), -math.inf, math.inf))
        return min(rules, key=lambda rule: float(self.robust_risk(rule, size, order)))

    def standard_risk(self, rule: SlabRule) -> Real:
        """Return the probability that a slab rule errs.

        Parameters
        ----------
        rule : SlabRule

        Returns
        -------
        float
        """
        return self.robust_risk(rule, 0.0)

    def robust_risk(self, rule: SlabRule, eps: ArrayLike, p: float = 2) -> Real:
        """Return the probability that a slab rule errs, or can be made to.

        Parameters
        ----------
        rule : SlabRule
            Any, of the same dimension.
        eps : array_like
            Sizes of perturbations, at least 0.
        p : float
            Order of their norm, at least 1; `numpy.inf` is allowed.

        Returns
        -------
        float or array of the shape of `eps`

        Raises
        ------
        ValueError, TypeError
            If an argument is out of its range or of the wrong kind.

        Notes
        -----
        Relative error below 1e-12 against 50-digit arithmetic.

        Examples
        --------
        >>> triple = GaussianTriple([3.0])
        >>> triple.robust_risk(SlabRule([1.0], -1.5, 1.5), [0.0, 0.5]).round(10)
        array([0.08907627, 0.21154034])
        """
        if not isinstance(rule, SlabRule):
            raise TypeError(f"rule must be a SlabRule, got {type(rule).__name__}")
        if rule.w.size != self.d:
            raise ValueError(f"rule must have {self.d} weights, got {rule.w.size}")
        sizes, order = real_array("eps", eps, lower=0.0), norm_order("p", p)
        if not rule.w.any():
            label = int(rule.predict(np.zeros((1, self.d)))[0])
            return np.full(sizes.shape, 1.0 - self._priors[label + 1])[()]
        m, e = self._along(rule.w, sizes, order)
        length = self._length(rule.w)
        with np.errstate(over="ignore"):
            low, high = rule.lower / length, rule.upper / length
        return slab_risk(m, e, self._priors, np.asarray(low), np.asarray(high))[()]

    def _whitened(self, x: Float[NDArray, " d"]) -> Float[NDArray, " d"]:
        """Return S^-1 x."""
        if self._factor.ndim == 2:
            return np.asarray(linalg.cho_solve((self._factor, True), x))
        return np.asarray(x / self._cov)

    def _normal(self, radius: float, p: float) -> Float[NDArray, " d"]:
        return nearest_in_ball(self._mu, self._cov, self._factor, radius, p)[1]

    def _length(self, w: Float[NDArray, " d"]) -> float:
        spread = self._factor.T @ w if self._factor.ndim == 2 else self._factor * w
        return float(lp_norm(spread, 2.0))

    def _along(
        self, w: Float[NDArray, " d"], sizes: Float[NDArray, "*s"], p: float
    ) -> tuple[NDArray, NDArray]:
        """Return m and e at a unit normal along w; 0 if w is 0."""
        length = self._length(w)
        if length == 0.0:
            return np.zeros(()), np.zeros(sizes.shape)
        unit = w / length
        e = sizes * float(lp_norm(unit, dual_order(p)))
        return np.asarray(unit @ self._mu), np.asarray(e)


def bayes_threshold(m: Real, q: Real) -> NDArray:
    """Return where the densities of N(-m, 1) and N(m, 1) have the ratio e^-q, q/(2m).

    At m <= 0 it is infinite and leaves one class: -1 for q > 0, else +1.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = q / m / 2.0
    return np.asarray(np.where(m > 0.0, t, np.where(q > 0.0, np.inf, -np.inf)))


def thresholds(M: Real, weights: Float[NDArray, "3 ..."]) -> tuple[NDArray, NDArray]:
    """Return b and a at M = m - 2e, see above; b is above a where M <= 0."""
    minus, zero, plus = weights
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        high = M / 2.0 + (np.log(zero) - np.log(plus)) / M
        low = -M / 2.0 - (np.log(zero) - np.log(minus)) / M
    none = ~(M > 0.0)
    return np.where(none, np.inf, low), np.where(none, -np.inf, high)


def slab_risk(
    m: Real,
    e: Real,
    weights: Float[NDArray, "3 ..."],
    low: Real,
    high: Real,
) -> NDArray:
    """Return R of two thresholds that may be infinite, low <= high."""
    minus, zero, plus = weights
    kept = special.ndtr(high - e) - special.ndtr(low + e)
    left_out = special.ndtr(e - high) + special.ndtr(low + e)
    middle = np.where(kept > 0.0, left_out, 1.0)
    outer = plus * special.ndtr(high + e - m) + minus * special.ndtr(e - low - m)
    return np.asarray(outer + zero * middle)


def three_weights(name: str, value: ArrayLike) -> Float[NDArray, "*s 3"]:
    """Return weights of three classes along the last axis: positive, of sum 1."""
    weights = real_array(name, value, lower=0.0, open_lower=True)
    if weights.ndim == 0 or weights.shape[-1] != 3:
        raise ValueError(
            f"{name} must have 3 entries along its last axis, got shape {weights.shape}"
        )
    total = weights.sum(axis=-1)
    if not np.allclose(total, 1.0, rtol=0.0, atol=1e-9):
        worst = float(total.flat[np.argmax(np.abs(total - 1.0))])
        raise ValueError(f"{name} must sum to 1, got {worst!r}")
    return weights
