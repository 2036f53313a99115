r"""Two Gaussian classes x | y ~ N(y mu, S): Bayes rules with and without an adversary.

Write pi = P(y = +1), Phi for the standard normal distribution function, 1/p + 1/q = 1
and |w|_S = sqrt(<w, S w>). Take x for +1 where f(x) = <w, x> + b > 0. A step of l_p
length at most eps lowers y f by at most eps |w|_q, and for all points of class y the
same step does: -y eps u with |u|_p = 1, <w, u> = |w|_q. Hence the robust risk of f is
its standard risk under the means y (mu - eps u),

    R = pi Phi(-m - c) + (1 - pi) Phi(-m + c),
    m = (<w, mu> - eps |w|_q)/|w|_S,   c = b/|w|_S.

**The optimal half-space.** R falls with m for every c, so that one w serves all priors,
the one of largest m. By duality (a convex-concave function on compact convex sets)

    m* = max_w m = min { |mu - z|_{S^-1} : |z|_p <= eps },    w* = S^-1 (mu - z*),

and dR/dc has the sign of 2 m c - log(pi/(1 - pi)), so that b* = log(pi/(1 - pi))/2 at
this w*, where |w*|_S = m*. If mu is in the ball, no w has m > 0, and R is at least
min(pi, 1 - pi), the risk of a constant.

**It is optimal among all classifiers**, for every p, S and prior: steps -y z* are
allowed, so that any robust risk is at least the Bayes risk of the means y (mu - z*),
attained by f*; and no step hurts f* more, because <w*, z*> = eps |w*|_q is the
condition for z* to be nearest.

Sources: Dobriban, Hassani, Hong, Robey (2020), "Provable tradeoffs in adversarially
robust classification", arXiv:2006.05161 (p = 2, S a multiple of the identity, any
prior; p = infinity among linear rules); Bhagoji, Cullina, Mittal (2019), "Lower bounds
on adversarial robustness from optimal transport", arXiv:1909.12272 (equal priors). The
statements above are derived here.
"""

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import norm_order, points, real, real_array
from geomadv.data._law import LabelledLaw
from geomadv.data._mahalanobis import nearest_in_ball
from geomadv.spaces._covariance import Covariance
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order

if TYPE_CHECKING:
    from geomadv.classifiers import LinearClassifier


class GaussianPair(LabelledLaw):
    r"""The laws N(mu, cov) and N(-mu, cov), one a class.

    Parameters
    ----------
    mu : (d,) array_like
        The mean of the class +1; that of the class -1 is -mu.
    cov : float, (d,) or (d, d) array_like
        The covariance of both: a variance common to all coordinates (1 by default), the
        variances of independent coordinates, or a positive definite matrix. Only a
        matrix costs more than O(d).
    prior : float
        P(y = +1), in (0, 1).

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    A classifier is here a pair (w, b), or anything linear with `coef_` and `intercept_`
    of two classes, the second of which is +1 (so geomadv's and scikit-learn's linear
    models). It takes x for +1 where f(x) = <w, x> + b is positive; w = 0 is a constant.

    References
    ----------
    Dobriban, Hassani, Hong, Robey (2020), "Provable tradeoffs in adversarially robust
    classification", arXiv:2006.05161.

    Examples
    --------
    Positives are rare: the robust rule finds fewer than Bayes', and is safer.

    >>> pair = GaussianPair([1.0], prior=0.2)
    >>> bayes = pair.bayes_classifier()
    >>> robust = pair.optimal_robust_classifier(0.5)
    >>> [round(float(pair.standard_risk(f)), 10) for f in (bayes, robust)]
    [0.1120665225, 0.1368797814]
    >>> [round(float(pair.robust_risk(f, 0.5)), 10) for f in (bayes, robust)]
    [0.2084403243, 0.1861562268]
    """

    def __init__(
        self, mu: ArrayLike, cov: ArrayLike | None = None, prior: float = 0.5
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
        self._cov = Covariance(d, np.array(spread)).value
        self._factor = (
            linalg.cholesky(self._cov, lower=True)
            if self._cov.ndim == 2
            else np.asarray(np.sqrt(self._cov))
        )
        self._prior = real(
            "prior", prior, lower=0, upper=1, open_lower=True, open_upper=True
        )

    def __repr__(self) -> str:
        plain = self._cov.ndim == 0 and self._cov == 1.0
        spread = "" if plain else ", cov=..."
        return f"GaussianPair({self.d} coordinates{spread}, prior={self._prior:g})"

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
    def prior(self) -> float:
        """P(y = +1)."""
        return self._prior

    @property
    def bayes_risk(self) -> float:
        """The least possible error, that of the Bayes rule."""
        return float(self.standard_risk(self._bayes()))

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw labels, then points."""
        y = np.where(rng.random(n) < self._prior, 1.0, -1.0)
        X = rng.standard_normal((n, self.d))
        if self._factor.ndim == 2:
            X = X @ self._factor.T
        else:
            X *= self._factor
        X[y > 0] += self._mu
        X[y < 0] -= self._mu
        return X, y

    def posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | x) = 1/(1 + exp(-2 f(x))), f that of `bayes_classifier`.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            Probabilities; the tail of the class -1 does not underflow before 1e-308.
        """
        return np.asarray(special.expit(2.0 * self._bayes_values(X)))

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            +1 where the posterior is above 1/2, else -1.
        """
        return np.where(self._bayes_values(X) > 0.0, 1.0, -1.0)

    def bayes_classifier(self) -> "LinearClassifier":
        """Return the Bayes rule: w = S^-1 mu and b = log(pi/(1 - pi))/2.

        Returns
        -------
        LinearClassifier
            Half the logarithm of the odds of the class +1.
        """
        from geomadv.classifiers import LinearClassifier

        return LinearClassifier.from_parameters(*self._bayes())

    def optimal_robust_classifier(self, eps: float, p: float = 2) -> "LinearClassifier":
        r"""Return the classifier of least robust risk; no other of any kind has less.

        Parameters
        ----------
        eps : float
            Size of the perturbations, at least 0.
        p : float
            Order of their norm, at least 1; `numpy.inf` is allowed.

        Returns
        -------
        LinearClassifier
            Half the logarithm of the odds under the means y (mu - z*), see above. Where
            mu lies in the ball of radius eps it is constant, the more frequent class:
            w = 0, and b has its sign (+1 of equally frequent ones).

        Raises
        ------
        ValueError, TypeError
            If an argument is out of its range or of the wrong kind.

        Warns
        -----
        RuntimeWarning
            If a correlated covariance is too ill-conditioned for m* to be known to
            1e-9 of its value at eps = 0.

        Notes
        -----
        For uncorrelated coordinates, and for p = 2, in closed form or by one equation
        in one unknown; otherwise a cone program (Clarabel), polished. The certified gap
        of m*, relative to its value at eps = 0, was below 1e-11 for p in [1, 1000] and
        infinity, d up to 200, eps from 1e-29 |mu|_p to |mu|_p and covariances of
        condition below 1e3. At conditions up to 1e12, and d up to 40, one of 3240
        random cases was worse, and warned. A matrix with d = 200 takes .02 to 1.5 s.

        Examples
        --------
        For p = infinity weak coordinates are given up:

        >>> pair = GaussianPair([1.0, 0.5, 0.2])
        >>> pair.optimal_robust_classifier(0.3, p=np.inf).coef_
        array([[0.7, 0.2, 0. ]])
        """
        from geomadv.classifiers import LinearClassifier

        size = real("eps", eps, lower=0.0)
        _, w = nearest_in_ball(
            self._mu, self._cov, self._factor, size, norm_order("p", p)
        )
        b = self._log_odds / 2.0
        if not w.any() and b == 0.0:
            b = 1.0
        return LinearClassifier.from_parameters(w, b)

    def standard_risk(self, classifier: Any) -> Real:
        """Return the probability that a linear classifier errs.

        Parameters
        ----------
        classifier : classifier or pair (w, b)
            A linear one of two classes.

        Returns
        -------
        float
        """
        return self.robust_risk(classifier, 0.0)

    def log_standard_risk(self, classifier: Any) -> Real:
        """Return the logarithm of `standard_risk`, which does not underflow."""
        return self.log_robust_risk(classifier, 0.0)

    def robust_risk(self, classifier: Any, eps: ArrayLike, p: float = 2) -> Real:
        """Return the probability that a linear classifier errs, or can be made to.

        Parameters
        ----------
        classifier : classifier or pair (w, b)
            A linear one of two classes.
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
        Exact up to rounding. Relative error below 1e-11 against 50-digit arithmetic, at
        risks from 1e-300 on and d up to 20.

        Examples
        --------
        >>> GaussianPair([1.0, 0.0]).robust_risk(([1.0, 0.0], 0.0), [0.0, 1.0])
        array([0.15865525, 0.5       ])
        """
        plus, minus = self._levels(classifier, eps, p)
        q = 1.0 - self._prior
        return (self._prior * special.ndtr(plus) + q * special.ndtr(minus))[()]

    def log_robust_risk(self, classifier: Any, eps: ArrayLike, p: float = 2) -> Real:
        """Return the logarithm of `robust_risk`, which does not underflow.

        >>> far = GaussianPair([100.0])
        >>> round(float(far.log_robust_risk(([1.0], 0.0), 0.0)), 6)
        -5005.524209
        """
        plus, minus = self._levels(classifier, eps, p)
        left = math.log(self._prior) + special.log_ndtr(plus)
        right = math.log1p(-self._prior) + special.log_ndtr(minus)
        return np.logaddexp(left, right)[()]

    def worst_shift(
        self, classifier: Any, eps: float, p: float = 2
    ) -> Float[NDArray, " d"]:
        """Return the worst step of every point of the class +1; -1 takes its negative.

        Parameters
        ----------
        classifier : classifier or pair (w, b)
            A linear one of two classes.
        eps : float
            Size of the perturbations, at least 0.
        p : float
            Order of their norm, at least 1; `numpy.inf` is allowed.

        Returns
        -------
        (d,) array
            delta, of length eps (0 where w is 0): the robust risk at eps is the
            standard risk of ``shifted(delta)``.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of its range or of the wrong kind.

        Examples
        --------
        >>> pair = GaussianPair([1.0, 2.0])
        >>> delta = pair.worst_shift(([3.0, -4.0], 0.0), 0.5)
        >>> delta
        array([-0.3,  0.4])
        >>> pair.shifted(delta).mu
        array([0.7, 2.4])
        """
        from geomadv.classifiers._worst import steepest

        w, _ = _linear(classifier, self.d)
        size = real("eps", eps, lower=0.0)
        return -size * steepest(w, norm_order("p", p))

    def shifted(self, delta: ArrayLike) -> "GaussianPair":
        """Return the pair whose means are y (mu + delta).

        Parameters
        ----------
        delta : (d,) array_like
            The shift of the class +1.

        Returns
        -------
        GaussianPair

        Raises
        ------
        ValueError, TypeError
            If delta is no vector of d numbers.
        """
        step = real_array("delta", delta)
        if step.shape != (self.d,):
            raise ValueError(
                f"delta must have shape ({self.d},), got shape {step.shape}"
            )
        other = copy.copy(self)
        other._mu = self._mu + step
        return other

    @property
    def _log_odds(self) -> float:
        return float(special.logit(self._prior))

    def _bayes(self) -> tuple[Float[NDArray, " d"], float]:
        if self._factor.ndim == 2:
            w = linalg.cho_solve((self._factor, True), self._mu)
        else:
            w = self._mu / self._cov
        return w, self._log_odds / 2.0

    def _bayes_values(self, X: ArrayLike) -> Float[NDArray, " n"]:
        w, b = self._bayes()
        return np.asarray(points("X", X, d=self.d) @ w + b)

    def _levels(
        self, classifier: Any, eps: ArrayLike, p: float
    ) -> tuple[Float[NDArray, "*s"], Float[NDArray, "*s"]]:
        """Return -m - c and -m + c: the arguments of Phi for the two classes."""
        w, b = _linear(classifier, self.d)
        sizes, q = real_array("eps", eps, lower=0.0), dual_order(norm_order("p", p))
        largest = float(np.abs(w).max())
        if largest == 0.0:
            wrong = math.copysign(math.inf, -b) if b != 0.0 else math.inf
            return np.full(sizes.shape, wrong), np.full(sizes.shape, -wrong)
        w = w / largest
        spread = self._factor.T @ w if self._factor.ndim == 2 else self._factor * w
        length = lp_norm(spread, 2.0)
        with np.errstate(over="ignore"):
            c = b / largest / length
        m = (w @ self._mu - sizes * lp_norm(w, q)) / length
        return np.asarray(-m - c), np.asarray(-m + c)


def _linear(classifier: Any, d: int) -> tuple[Float[NDArray, " d"], float]:
    """Return w and b of a classifier, checked."""
    if isinstance(classifier, tuple | list) and len(classifier) == 2:
        w, b = real_array("w", classifier[0]), real("b", classifier[1])
    elif hasattr(classifier, "coef_") and hasattr(classifier, "intercept_"):
        rows = classifier.coef_
        rows = rows.toarray() if hasattr(rows, "toarray") else rows
        rows = np.atleast_2d(real_array("coef_", rows))
        offsets = np.broadcast_to(
            real_array("intercept_", classifier.intercept_).ravel(), len(rows)
        )
        if len(rows) > 2:
            raise ValueError(f"classifier must have two classes, got {len(rows)}")
        w, b = rows[-1], float(offsets[-1])
        if len(rows) == 2:
            w, b = w - rows[0], b - float(offsets[0])
    else:
        raise TypeError(
            "classifier must be linear, with coef_ and intercept_ (and fitted), or a "
            f"pair (w, b), got {type(classifier).__name__}"
        )
    if w.shape != (d,):
        raise ValueError(f"classifier must have {d} weights, got shape {w.shape}")
    return w, b
