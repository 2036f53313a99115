r"""One robust feature and many weak ones: the law of Tsipras et al. (2019).

y is -1 or +1 with probability 1/2 each, and given y

    x_1 = y with probability a (the agreement), else -y,
    x_2, ..., x_{k+1} independent, N(eta y, 1).

Write c = eta sqrt(k), u = (x_2 + ... + x_{k+1})/sqrt(k) ~ N(c y, 1), Phi for the
standard normal distribution function and L = log(a/(1 - a)) for a >= 1/2. The log-odds
of +1 are L x_1 + 2 c u. So the Bayes rule is the one with t = L/(2c) of the family "the
sign of t sign(x_1) + u", where x_1 decides unless u is against it by more than t. An
l_infinity step of eps < 1 cannot change sign(x_1), and lowers y u by at most
eps sqrt(k): by rho = eps/eta in units of c. Hence the accuracy

    A(t, rho) = a Phi((1 - rho) c + t) + (1 - a) Phi((1 - rho) c - t).

**The optimal robust accuracy**, of all classifiers. Steps that lower the means of the
weak features to (eta - eps) y are allowed, and for eps >= eta steps that make these
features tell nothing of y. So for eps < 1 no classifier is more accurate than
A(L/(2c'), 0) with c' = (eta - eps)_+ sqrt(k), or a if c' = 0; the sign of
L sign(x_1)/2 + c' u is as accurate. For eps >= 1 x_1 can be made to tell nothing as
well, and Phi(c') is left.

**The optimal trade-off** for eps >= 2 eta. Steps of -2 eta y turn u | y into u | -y. Of
all classifiers with an error of at most delta the one of largest accuracy after these
steps maximises, for some weight s, s A(., 0) + A(., 2): by the likelihood ratio (the
lemma of Neyman and Pearson) it takes sign(x_1) unless u is against it by more than a
threshold t >= L/(2c). So the best accuracy at 2 eta is A(t, 2), with t from
1 - A(t, 0) = delta, and a where delta >= 1 - a. For 2 eta < 1 it is attained.

Source: Tsipras, Santurkar, Engstrom, Turner, Madry (2019), "Robustness may be at odds
with accuracy", arXiv:1805.12152 (there p is the agreement and d = k). The two optima
are derived here.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import integer, points, real, real_array
from geomadv.data._gaussian_pair import _linear as linear_parameters
from geomadv.data._law import LabelledLaw

if TYPE_CHECKING:
    from geomadv.classifiers import LinearClassifier

_HALVINGS = 100
_FAR = 40.0
_ROUNDING = 2.0**-51  # of an error that is 1 less an accuracy


class RobustWeakFeatures(LabelledLaw):
    r"""One feature of agreement a with the label, and k weak ones N(eta y, 1).

    Parameters
    ----------
    weak : int
        k, the number of weak features, at least 1. Points lie in R^(k + 1).
    eta : float
        Mean of the weak features of the class +1, at least 0.
    agreement : float
        P(x_1 = y), in [1/2, 1].

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    A classifier is here a pair (w, b), or anything linear with `coef_` and `intercept_`
    of two classes, the second of which is +1. It takes x for +1 where
    f(x) = <w, x> + b is positive. With ``through_sign=True`` it is put after the map
    x_1 -> sign(x_1), which steps below 1 leave alone. Steps have length at most eps in
    l_infinity; a point counts as wrong where a step reaches the boundary.

    References
    ----------
    Tsipras, Santurkar, Engstrom, Turner, Madry (2019), "Robustness may be at odds with
    accuracy", arXiv:1805.12152.

    Examples
    --------
    >>> law = RobustWeakFeatures(100, 0.2, agreement=0.95)
    >>> bayes = law.bayes_classifier()
    >>> round(float(law.standard_accuracy(bayes)), 10)
    0.9918901758
    >>> round(float(law.robust_accuracy(bayes, 0.4, through_sign=True)), 10)
    0.0981334002
    >>> round(float(law.optimal_robust_accuracy(0.4)), 10)
    0.95
    """

    def __init__(self, weak: int, eta: float, agreement: float = 0.95) -> None:
        self._weak = integer("weak", weak, minimum=1)
        self._eta = real("eta", eta, lower=0.0)
        self._agreement = real("agreement", agreement, lower=0.5, upper=1.0)

    def __repr__(self) -> str:
        return (
            f"RobustWeakFeatures({self._weak}, {self._eta:g}, "
            f"agreement={self._agreement:g})"
        )

    @property
    def d(self) -> int:
        """The dimension of the points, k + 1."""
        return self._weak + 1

    @property
    def weak(self) -> int:
        """The number k of weak features."""
        return self._weak

    @property
    def eta(self) -> float:
        """The mean of the weak features of the class +1."""
        return self._eta

    @property
    def agreement(self) -> float:
        """P(x_1 = y)."""
        return self._agreement

    @property
    def strength(self) -> float:
        """The signal c = eta sqrt(k) of all weak features together."""
        return self._eta * math.sqrt(self._weak)

    @property
    def bayes_accuracy(self) -> float:
        """The largest accuracy of any classifier."""
        return float(self.optimal_robust_accuracy(0.0))

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw labels, then points."""
        y = np.where(rng.random(n) < 0.5, 1.0, -1.0)
        X = rng.standard_normal((n, self.d))
        X += (self._eta * y)[:, None]
        X[:, 0] = np.where(rng.random(n) < self._agreement, y, -y)
        return X, y

    def posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | x), of (n, d) points X; of x_1 the sign alone matters."""
        X = points("X", X, d=self.d)
        first = np.where(X[:, 0] == 0.0, 0.0, self._log_odds * np.sign(X[:, 0]))
        with np.errstate(invalid="ignore"):
            odds = first + 2.0 * self._eta * X[:, 1:].sum(axis=1)
        return np.asarray(special.expit(odds))

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels of (n, d) points X."""
        return np.where(self.posterior(X) > 0.5, 1.0, -1.0)

    def bayes_classifier(self) -> "LinearClassifier":
        """Return the Bayes rule: w = (L/2, eta, ..., eta), b = 0.

        Returns
        -------
        LinearClassifier
            Half the logarithm of the odds; x_1 alone where the agreement is 1.
        """
        return self.optimal_robust_classifier(0.0)

    def optimal_robust_classifier(self, eps: float) -> "LinearClassifier":
        """Return the classifier of largest robust accuracy, to be put after sign(x_1).

        Parameters
        ----------
        eps : float
            Size of the l_infinity steps, at least 0.

        Returns
        -------
        LinearClassifier
            w = (L/2, eta - eps, ...) for eps < eta, x_1 alone for eta <= eps < 1; for
            eps >= 1 the mean of the weak features, or the constant +1 where eps >= eta.

        Raises
        ------
        ValueError, TypeError
            If eps is out of its range or of the wrong kind.

        Examples
        --------
        >>> law = RobustWeakFeatures(3, 0.2, agreement=0.9)
        >>> law.optimal_robust_classifier(0.1).coef_.round(4)
        array([[1.0986, 0.1   , 0.1   , 0.1   ]])
        """
        from geomadv.classifiers import LinearClassifier

        size = real("eps", eps, lower=0.0)
        w = np.full(self.d, max(self._eta - size, 0.0))
        w[0] = self._log_odds / 2.0 if size < 1.0 else 0.0
        if math.isinf(w[0]) or not w[1:].any():
            w = np.zeros(self.d)
            w[0] = 1.0 if size < 1.0 and self._agreement > 0.5 else 0.0
        return LinearClassifier.from_parameters(w, 0.0 if w.any() else 1.0)

    def optimal_robust_accuracy(self, eps: ArrayLike) -> Real:
        """Return the largest robust accuracy of any classifier.

        Parameters
        ----------
        eps : array_like
            Sizes of the l_infinity steps, at least 0.

        Returns
        -------
        numpy.float64 or array of the shape of `eps`

        Raises
        ------
        ValueError, TypeError
            If eps is out of its range or of the wrong kind.

        Examples
        --------
        >>> law = RobustWeakFeatures(100, 0.2, agreement=0.95)
        >>> law.optimal_robust_accuracy([0.0, 0.1, 0.2, 0.9, 1.0]).round(6)
        array([0.99189 , 0.959541, 0.95    , 0.95    , 0.5     ])
        """
        size = real_array("eps", eps, lower=0.0)
        left = np.maximum(self._eta - size, 0.0) * math.sqrt(self._weak)
        agreement = np.where(size < 1.0, self._agreement, 0.5)
        return family_accuracy(agreement, left, bayes_switch(agreement, left))[()]

    def robust_accuracy_bound(self, delta: ArrayLike) -> Real:
        """Return the largest accuracy at eps = 2 eta with a standard error of delta.

        Parameters
        ----------
        delta : array_like
            Standard errors that are allowed, from that of the Bayes rule to 1.

        Returns
        -------
        numpy.float64 or array
            Of all classifiers; for larger eps none has more. Tsipras et al. show that
            it is at most a/(1 - a) delta.

        Raises
        ------
        ValueError, TypeError
            If no classifier has so small an error, among other bad input.

        Examples
        --------
        >>> law = RobustWeakFeatures(100, 0.2, agreement=0.95)
        >>> law.robust_accuracy_bound([0.01, 0.03, 0.05]).round(6)
        array([0.171856, 0.56981 , 0.95    ])
        """
        size = real_array("delta", delta, lower=0.0, upper=1.0)
        return best_after_turning(size, self._agreement, self.strength)[()]

    def standard_accuracy(self, classifier: Any) -> Real:
        """Return the probability that a linear classifier is right.

        Parameters
        ----------
        classifier : classifier or pair (w, b)
            A linear one of two classes.

        Returns
        -------
        float
        """
        return self.robust_accuracy(classifier, 0.0)

    def robust_accuracy(
        self, classifier: Any, eps: ArrayLike, *, through_sign: bool = False
    ) -> Real:
        """Return the probability that a linear classifier is right after any step.

        Parameters
        ----------
        classifier : classifier or pair (w, b)
            A linear one of two classes.
        eps : array_like
            Sizes of the l_infinity steps, at least 0.
        through_sign : bool
            Whether the classifier sees sign(x_1) in place of x_1.

        Returns
        -------
        numpy.float64 or array of the shape of `eps`

        Raises
        ------
        ValueError, TypeError
            If an argument is out of its range or of the wrong kind.

        Notes
        -----
        A mixture of four normal laws, by y and x_1; relative error below 1e-12 against
        50-digit arithmetic.

        Examples
        --------
        The mean of 100 weak features is accurate, and turned round by steps of 2 eta:

        >>> law = RobustWeakFeatures(100, 0.3)
        >>> w = [0.0] + [1.0] * 100
        >>> law.robust_accuracy((w, 0.0), [0.0, 0.6]).round(6)
        array([0.99865, 0.00135])
        """
        w, b = linear_parameters(classifier, self.d)
        size = real_array("eps", eps, lower=0.0)
        scale = max(float(np.abs(w).max()), abs(b))
        if scale > 0.0:
            w, b = w / scale, b / scale
        first, rest = float(w[0]), w[1:]
        spread = float(np.linalg.norm(rest))
        mean = self._eta * float(rest.sum()) - size * float(np.abs(rest).sum())
        with_it, against = np.full(size.shape, first), np.full(size.shape, -first)
        if through_sign:
            turned = size >= 1.0
            with_it[turned] = against[turned] = -abs(first)
        else:
            mean = mean - size * abs(first)
        right = np.zeros(size.shape)
        for y in (-1.0, 1.0):
            for share, part in (
                (self._agreement, with_it),
                (1.0 - self._agreement, against),
            ):
                margin = y * b + part + mean
                if spread > 0.0:
                    right += 0.5 * share * special.ndtr(margin / spread)
                else:
                    still = (size == 0.0) & (margin == 0.0) & (y < 0.0)
                    constant = (first == 0.0) & (margin == 0.0) & (y < 0.0)
                    right += 0.5 * share * ((margin > 0.0) | still | constant)
        return right[()]

    @property
    def _log_odds(self) -> float:
        return float(special.logit(self._agreement))


def family_accuracy(a: ArrayLike, c: ArrayLike, t: ArrayLike) -> NDArray:
    """Return a Phi(c + t) + (1 - a) Phi(c - t); t may be infinite."""
    a, c, t = np.asarray(a), np.asarray(c), np.asarray(t)
    return np.asarray(a * special.ndtr(c + t) + (1.0 - a) * special.ndtr(c - t))


def bayes_switch(a: ArrayLike, c: ArrayLike) -> NDArray:
    """Return L/(2c), the t of the Bayes rule: 0 at a = 1/2, else infinite at c = 0."""
    odds = special.logit(np.asarray(a))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = odds / np.asarray(c) / 2.0
    return np.asarray(np.where(odds == 0.0, 0.0, t))


def best_after_turning(delta: ArrayLike, a: ArrayLike, c: ArrayLike) -> NDArray:
    """Return A(t, 2) where 1 - A(t, 0) = delta, or a where delta >= 1 - a."""
    delta, a, c = np.broadcast_arrays(delta, a, c)
    low = bayes_switch(a, c)

    def error(t: NDArray) -> NDArray:
        return np.asarray(a * special.ndtr(-t - c) + (1.0 - a) * special.ndtr(t - c))

    least = error(low)
    bad = delta < least * (1.0 - 1e-12) - _ROUNDING
    if bad.any():
        raise ValueError(
            "delta must be at least the error of the Bayes rule, "
            f"{float(least[bad].flat[0])!r}, got {float(delta[bad].flat[0])!r}"
        )
    high = np.maximum(low, c) + _FAR
    for _ in range(_HALVINGS):
        with np.errstate(invalid="ignore"):
            middle = low + (high - low) / 2.0
        middle = np.where(np.isinf(low), low, middle)
        below = error(middle) < delta
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = family_accuracy(a, -c, low)
    return np.where(delta >= 1.0 - a, a, np.minimum(found, a))
