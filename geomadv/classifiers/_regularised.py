r"""Linear classifiers that pay for how much perturbations change their logit.

With labels y = -1, +1, f(x) = <w, x> + b, r = eps |w|_q, 1/p + 1/q = 1, and s the
logistic function, the perturbed points of an l_p ball have all logits in [f - r, f + r]
and no others, so that the inner maximum is known in closed form. The objectives are

    TRADES      alpha/2 |w|^2 + mean L(f, y) + strength mean max D(f, f'),
                    the maximum over |f' - f| <= r,
    pairing     alpha/2 |w|^2 + (1 - share) mean L(f, y) + share mean L_worst(f, y)
                    + strength r^2,
    stability   alpha/2 |w|^2 + mean L(f, y) + strength mean E_g D(f, f + sigma |w|_2 g)

with L the logistic loss (D = KL(s(f) || s(f')) between the predicted probabilities) or
the squared one (D = (f' - f)^2), and g a standard normal number.

**Convexity.** (f' - f)^2 costs r^2 or sigma^2 |w|_2^2: with it, and without D, all is
convex. E KL = E A(f + sigma |w|_2 g) - A(f), A = log(1 + e^f): since E A is convex in
(w, b), stability training is convex for strength <= 1 and its objective at strength 1
is the mean loss at noisy points. The worst KL is not convex in f: TRADES with the
logistic loss, and stability training with it for strengths above 1, are not convex and
have several local minima.

**The weights** are found by sequential quadratic programming, see `_minimax`. What is
convex is certified by a lower bound. Otherwise descents start at the best constant and
at the best multiples of the optima of two convex programs, the plain one (strength 0)
and that of training at worst or at noisy points, and the best end is kept: a stationary
point that need not be the least. As D >= 0, what it costs is above the certified bound
of the plain optimum, and for stability of that of strength 1; the gap to the higher
one of these is true, but may be large.

Sources: Zhang, Yu, Jiao, Xing, El Ghaoui, Jordan (2019), arXiv:1901.08573 (TRADES;
`strength` is their 1/lambda); Zheng, Song, Leung, Goodfellow (2016), arXiv:1604.04326
(stability training); Kannan, Kurakin, Goodfellow (2018), arXiv:1803.06373 (adversarial
logit pairing). The closed forms are derived here.
"""

import math
import warnings
from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, real
from geomadv.classifiers import _divergences as divergences
from geomadv.classifiers._descents import Convex, Program, best
from geomadv.classifiers._divergences import Jet
from geomadv.classifiers._linear import LinearClassifier, two_classes

LOSSES = ("logistic", "squared")


class _Regularised(LinearClassifier):
    """What the three have in common: checks, the solver, and what it reports."""

    alpha: float

    @abstractmethod
    def _cost(self, y: Float[NDArray, " n"]) -> Program:
        """Return the program, for these labels."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> "_Regularised":
        """Fit by sequential quadratic programming.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels of two classes.

        Returns
        -------
        classifier
            Itself.

        Raises
        ------
        ValueError
            If there are not two classes, among other bad input.

        Warns
        -----
        ConvergenceWarning
            If |`stationarity_`| is above 10^-6 of the objective.
        """
        alpha = real("alpha", self.alpha, lower=0.0, open_lower=True)
        self._cost(np.ones(1))  # bad arguments are refused before bad data
        rows, signs, classes = two_classes(self, X, y)
        program = self._cost(signs)
        centre = rows.min(axis=0) / 2.0 + rows.max(axis=0) / 2.0
        rows = rows - centre
        rest = rows.mean(axis=0)
        rows, centre = rows - rest, centre + rest
        scale = float(np.sqrt((rows**2).sum(axis=1).mean())) or 1.0
        share = float((signs > 0).mean())
        squared = getattr(self, "loss", "") == "squared"
        constant = 2.0 * share - 1.0 if squared else math.log(share / (1.0 - share))
        found, lower = best(program, rows / scale, alpha / scale**2, scale, constant)
        w = found.w / scale
        self._with(w[None], np.array([found.b - w @ centre]), classes)
        self.objective_ = found.objective
        self.stationarity_ = found.difference
        self.gap_ = found.objective - lower if program.starts else found.difference
        if not abs(self.stationarity_) <= 1e-6 * max(abs(self.objective_), 1e-6):
            warnings.warn(
                f"the objective {self.objective_:g} is stationary to "
                f"{self.stationarity_:.1e} only",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes, for scikit-learn's own checks."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class TradesClassifier(_Regularised):
    """The linear classifier that TRADES accuracy for small changes of its predictions.

    Parameters
    ----------
    eps : float
        The size of perturbations, at least 0.
    p : float
        Their norm: 1, 2 or infinity.
    strength : float
        The weight of the largest change, at least 0.
    loss : {"logistic", "squared"}
        L and D of the formulas above.
    alpha : float
        The weight of |w|^2/2, positive.

    Attributes
    ----------
    coef_, intercept_, classes_ : arrays
        As for `LinearClassifier`; the second label is +1.
    objective_ : float
        The objective at the solution.
    stationarity_ : float
        The decrease that tangent planes at the solution allow for at most: 0 at a
        stationary point.
    gap_ : float
        How far the objective is above its least value, at most: `stationarity_` where
        the objective is convex, for the squared loss; otherwise how far it is above the
        certified optimum of strength 0, which may be far.

    Notes
    -----
    With the logistic loss the objective is not convex. Three descents are made, and the
    best is kept, which need not be the least. At strengths 1 and 6, eps up to 3, n =
    80, d = 3, it is stationary to 1e-12 of the objective.

    Examples
    --------
    >>> X, y = [[1.0, 0.2], [-1.0, 0.1], [2.0, -0.3], [-2.0, -0.1]], [1, 0, 1, 0]
    >>> model = TradesClassifier(eps=0.3, strength=6.0).fit(X, y)
    >>> model.predict(X)
    array([1, 0, 1, 0])
    >>> bool(model.stationarity_ < 1e-9)
    True
    """

    def __init__(
        self,
        eps: float = 0.1,
        p: float = math.inf,
        strength: float = 1.0,
        loss: str = "logistic",
        alpha: float = 1e-3,
    ) -> None:
        self.eps = eps
        self.p = p
        self.strength = strength
        self.loss = loss
        self.alpha = alpha

    def _cost(self, y: Float[NDArray, " n"]) -> Program:
        strength = real("strength", self.strength, lower=0.0)
        eps, p = _ball(self.eps, self.p)
        logistic = choice("loss", self.loss, LOSSES) == "logistic"
        plain = strength == 0.0 or eps == 0.0

        def cost(f: NDArray, r: float) -> Jet:
            loss = divergences.logistic if logistic else divergences.squared
            if plain:
                return loss(f, y)
            change = divergences.worst_kl if logistic else divergences.square
            return divergences.add((1.0, loss(f, y)), (strength, change(f, r)))

        def clean(f: NDArray, _: float) -> Jet:
            return divergences.logistic(f, y)

        def worst(f: NDArray, r: float) -> Jet:
            return divergences.worst_logistic(f, y, r)

        starts = (Convex(clean, 0.0, True), Convex(worst, eps, False))
        convex = plain or not logistic
        return Program(cost, 0.0 if plain else eps, p, () if convex else starts)


class LogitPairingClassifier(_Regularised):
    """The linear classifier of adversarial logit pairing.

    Parameters
    ----------
    eps : float
        The size of perturbations, at least 0.
    p : float
        Their norm: 1, 2 or infinity.
    strength : float
        The weight of the squared differences of logits, at least 0.
    share : float
        The part of perturbed points in the training loss, in [0, 1]: 1/2 for mixed
        batches, 1 for adversarial training, 0 for clean points.
    loss : {"logistic", "squared"}
        L of the formulas above.
    alpha : float
        The weight of |w|^2/2, positive.

    Attributes
    ----------
    coef_, intercept_, classes_ : arrays
        As for `LinearClassifier`; the second label is +1.
    objective_ : float
        The objective at the solution.
    gap_, stationarity_ : float
        How far the objective is above its least value, at most: it is convex.

    Examples
    --------
    >>> X, y = [[1.0, 0.2], [-1.0, 0.1], [2.0, -0.3], [-2.0, -0.1]], [1, 0, 1, 0]
    >>> weak = LogitPairingClassifier(eps=0.3, strength=0.1).fit(X, y)
    >>> strong = LogitPairingClassifier(eps=0.3, strength=10.0).fit(X, y)
    >>> bool(abs(strong.coef_[0, 0]) < abs(weak.coef_[0, 0])), strong.gap_ < 1e-9
    (True, True)
    """

    def __init__(
        self,
        eps: float = 0.1,
        p: float = math.inf,
        strength: float = 1.0,
        share: float = 0.5,
        loss: str = "logistic",
        alpha: float = 1e-3,
    ) -> None:
        self.eps = eps
        self.p = p
        self.strength = strength
        self.share = share
        self.loss = loss
        self.alpha = alpha

    def _cost(self, y: Float[NDArray, " n"]) -> Program:
        strength = real("strength", self.strength, lower=0.0)
        share = real("share", self.share, lower=0.0, upper=1.0)
        eps, p = _ball(self.eps, self.p)
        logistic = choice("loss", self.loss, LOSSES) == "logistic"
        size = 0.0 if strength == share == 0.0 else eps

        def cost(f: NDArray, r: float) -> Jet:
            clean = divergences.logistic if logistic else divergences.squared
            worst = (
                divergences.worst_logistic if logistic else divergences.worst_squared
            )
            parts = [(1.0 - share, clean(f, y)), (strength, divergences.square(f, r))]
            if share > 0.0:
                parts.append((share, worst(f, y, r)))
            return divergences.add(*parts)

        return Program(cost, size, p, ())


class StabilityClassifier(_Regularised):
    """The linear classifier of stability training: predictions bear Gaussian noise.

    Parameters
    ----------
    sigma : float
        The deviation of the noise on each coordinate, at least 0.
    strength : float
        The weight of the mean change, at least 0.
    loss : {"logistic", "squared"}
        L and D of the formulas above.
    alpha : float
        The weight of |w|^2/2, positive.

    Attributes
    ----------
    coef_, intercept_, classes_ : arrays
        As for `LinearClassifier`; the second label is +1.
    objective_ : float
        The objective at the solution.
    stationarity_ : float
        The decrease that tangent planes at the solution allow for at most: 0 at a
        stationary point.
    gap_ : float
        How far the objective is above its least value, at most: `stationarity_` where
        the objective is convex, for the squared loss and for strengths up to 1;
        otherwise how far it is above the certified optimum of strength 1, which may be
        far.

    Notes
    -----
    With the logistic loss and strengths above 1 the objective is not convex. Three
    descents are made, and the best is kept, which need not be the least.

    With the squared loss it is ridge regression: sigma^2 |w|^2 times the strength is
    added to the penalty. The published change for classes is the cross-entropy, which
    is the divergence used here and the entropy of the clean prediction, a reward for
    confidence that has nothing to do with stability.

    Examples
    --------
    >>> X, y = [[1.0, 0.2], [-1.0, 0.1], [2.0, -0.3], [-2.0, -0.1]], [1, 0, 1, 0]
    >>> model = StabilityClassifier(sigma=0.5, loss="squared", alpha=0.1).fit(X, y)
    >>> ridge = StabilityClassifier(sigma=0.0, loss="squared", alpha=0.6).fit(X, y)
    >>> bool(abs(model.coef_ - ridge.coef_).max() < 1e-8)
    True
    """

    def __init__(
        self,
        sigma: float = 0.1,
        strength: float = 1.0,
        loss: str = "logistic",
        alpha: float = 1e-3,
    ) -> None:
        self.sigma = sigma
        self.strength = strength
        self.loss = loss
        self.alpha = alpha

    def _cost(self, y: Float[NDArray, " n"]) -> Program:
        strength = real("strength", self.strength, lower=0.0)
        sigma = real("sigma", self.sigma, lower=0.0)
        logistic = choice("loss", self.loss, LOSSES) == "logistic"
        plain = strength == 0.0 or sigma == 0.0

        def cost(f: NDArray, r: float) -> Jet:
            loss = divergences.logistic if logistic else divergences.squared
            if plain:
                return loss(f, y)
            change = divergences.mean_kl if logistic else divergences.square
            return divergences.add((1.0, loss(f, y)), (strength, change(f, r)))

        def clean(f: NDArray, _: float) -> Jet:
            return divergences.logistic(f, y)

        def noisy(f: NDArray, r: float) -> Jet:
            return divergences.add((1.0, clean(f, r)), (1.0, divergences.mean_kl(f, r)))

        starts = (Convex(clean, 0.0, True), Convex(noisy, sigma, True))
        convex = plain or not logistic or strength <= 1.0
        size = 0.0 if plain else sigma
        return Program(cost, size, 2.0, () if convex else starts)


def _ball(eps: Any, p: Any) -> tuple[float, float]:
    """Return the checked size and norm of perturbations."""
    size = real("eps", eps, lower=0.0)
    if p not in (1, 2, math.inf):
        raise ValueError(f"p must be 1, 2 or infinity, got {p!r}")
    return size, float(p)
