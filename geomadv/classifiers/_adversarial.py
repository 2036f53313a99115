r"""Linear classifiers trained against perturbed points, with a certified gap.

With labels y = -1, +1, f(x) = <w, x> + b and 1/p + 1/q = 1, the adversary that moves x
by at most eps in the l_p norm changes y f(x) by eps |w|_q, so that the mean worst loss
is convex in (w, b):

    logistic, hinge   P = alpha/2 |w|^2 + (1/n) sum_i phi(y_i f(x_i) - eps |w|_q),
    squared           P = alpha/2 |w|^2 + (1/n) sum_i (|y_i - f(x_i)| + eps |w|_q)^2,

with phi(m) = log(1 + e^-m) or max(0, 1 - m). It is solved as a cone program (Clarabel,
an interior-point method), and what comes out is certified by a lower bound that is
evaluated here. By Fenchel's duality, for all weights 0 <= a_i <= 1 with
sum_i a_i y_i = 0,

    min P >= (1/n) sum_i h(a_i) - dist(v, eps s B_p)^2 / (2 alpha),
    v = (1/n) sum_i a_i y_i x_i,    s = (1/n) sum_i a_i,

h(a) = a for the hinge loss and the entropy -a log a - (1 - a) log(1 - a) for the
logistic one, B_p the unit ball; for the squared loss and all |g_i| <= a_i with
sum_i g_i = 0,

    min P >= (1/n) sum_i (2 g_i y_i - a_i^2) - dist(v, eps s B_p)^2 / (2 alpha),
    v = (2/n) sum_i g_i x_i,    s = (2/n) sum_i a_i.

Sources: Goodfellow, Shlens, Szegedy (2014), arXiv:1412.6572, section 5 (the logistic
loss and p = infinity); the duals are derived here.
"""

import math
import warnings
from typing import Any

import numpy as np
from scipy import special
from sklearn.exceptions import ConvergenceWarning

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, real
from geomadv.classifiers._adversarial_program import Answer, Problem, solve
from geomadv.classifiers._linear import LinearClassifier, two_classes
from geomadv.classifiers._worst import worst_loss

LOSSES = ("logistic", "hinge", "squared")


class AdversarialLinearClassifier(LinearClassifier):
    """The linear classifier of two classes whose mean worst loss is least.

    Parameters
    ----------
    eps : float
        The size of perturbations, at least 0.
    p : float
        Their norm: 1, 2 or infinity.
    loss : {"logistic", "hinge", "squared"}
        See the formulas above.
    alpha : float
        The weight of |w|^2/2, positive.

    Attributes
    ----------
    coef_ : (1, d) array
        The weights w.
    intercept_ : (1,) array
        The offset b.
    classes_ : (2,) array
        The labels; the second one is +1.
    objective_ : float
        P at the solution.
    gap_ : float
        How far that is above the least value, at most: P less a certified bound.

    Examples
    --------
    >>> X, y = [[1.0, 0.2], [-1.0, 0.1], [2.0, -0.3], [-2.0, -0.1]], [1, 0, 1, 0]
    >>> model = AdversarialLinearClassifier(eps=0.3, p=np.inf, loss="hinge").fit(X, y)
    >>> model.predict(X)
    array([1, 0, 1, 0])
    >>> model.gap_ < 1e-8
    True
    """

    def __init__(
        self,
        eps: float = 0.1,
        p: float = math.inf,
        loss: str = "logistic",
        alpha: float = 1e-3,
    ) -> None:
        self.eps = eps
        self.p = p
        self.loss = loss
        self.alpha = alpha

    def fit(self, X: ArrayLike, y: ArrayLike) -> "AdversarialLinearClassifier":
        """Fit by convex optimisation.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels of two classes.

        Returns
        -------
        AdversarialLinearClassifier
            Itself.

        Raises
        ------
        ValueError
            If there are not two classes, among other bad input.

        Warns
        -----
        ConvergenceWarning
            If the certified gap is above 10^-6 of the objective.
        """
        eps = real("eps", self.eps, lower=0.0)
        alpha = real("alpha", self.alpha, lower=0.0, open_lower=True)
        loss = choice("loss", self.loss, LOSSES)
        if self.p not in (1, 2, math.inf):
            raise ValueError(f"p must be 1, 2 or infinity, got {self.p!r}")
        rows, signs, classes = two_classes(self, X, y)
        # the same problem about 0, at a size of about 1
        centre = rows.min(axis=0) / 2.0 + rows.max(axis=0) / 2.0
        rows = rows - centre
        scale = int(np.frexp(np.abs(rows).max(initial=0.0))[1])
        problem = Problem(
            np.ldexp(rows, -scale),
            signs,
            _times(eps, -scale),
            float(self.p),
            loss,
            _times(alpha, -2 * scale),
        )
        answers = [_constant(problem), solve(problem)]
        objectives = [_objective(problem, w, b) for w, b, _ in answers]
        bounds = [
            _bound(problem, *_multipliers(problem, *answer)) for answer in answers
        ]
        w, b, _ = answers[1 if objectives[1] < objectives[0] else 0]
        offset = b - float(w @ np.ldexp(centre, -scale))
        self._with(np.ldexp(w, -scale)[None], np.array([offset]), classes)
        self.objective_ = float(np.nanmin(objectives))
        self.gap_ = self.objective_ - float(np.nanmax(bounds))
        if not self.gap_ <= 1e-6 * max(abs(self.objective_), 1e-6):
            warnings.warn(
                f"the objective {self.objective_:g} is known to {self.gap_:.1e} only",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes, for scikit-learn's own checks."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _dual(p: float) -> float:
    return math.inf if p == 1 else 2.0 if p == 2 else 1.0


def _times(value: float, exponent: int) -> float:
    """Return value 2^exponent, or 1e290 if it is more: a bound for that holds too."""
    with np.errstate(over="ignore"):
        return float(min(np.ldexp(value, exponent), 1e290))


def _constant(problem: Problem) -> Answer:
    """Return the best answer with w = 0, for which eps does not matter."""
    y, share = problem.y, float((problem.y > 0).mean())
    w = np.zeros(problem.X.shape[1])
    if problem.loss == "squared":
        g = y - y.mean()
        return w, float(y.mean()), (np.abs(g), g)
    if problem.loss == "logistic":
        return w, math.log(share) - math.log1p(-share), (y, y)
    rare = min(share, 1.0 - share)
    a = np.where(y > 0, min(1.0, rare / share), min(1.0, rare / (1.0 - share)))
    return w, 1.0 if share > 0.5 else -1.0, (a, a)


def _objective(problem: Problem, w: Float[NDArray, " d"], b: float) -> float:
    shift = problem.eps * float(np.linalg.norm(w, _dual(problem.p)))
    losses = worst_loss(problem.y, problem.X @ w + b, shift, problem.loss)
    return float(problem.alpha / 2 * (w @ w) + losses.mean())


def _multipliers(
    problem: Problem, w: NDArray, b: float, found: tuple[NDArray, NDArray]
) -> tuple[NDArray, NDArray]:
    """Return those of an answer; of the logistic loss, by its slope."""
    if problem.loss != "logistic":
        return found
    shift = problem.eps * float(np.linalg.norm(w, _dual(problem.p)))
    a = special.expit(shift - problem.y * (problem.X @ w + b))
    return a, a


def _bound(problem: Problem, a: Float[NDArray, " n"], g: Float[NDArray, " n"]) -> float:
    """Return the dual's value at weights that are made feasible first."""
    X, y, loss = problem.X, problem.y, problem.loss
    if loss == "squared":
        a = np.maximum(a, 0.0)
        g = _balanced(np.clip(g, -a, a))
        v, s = 2.0 * g @ X / len(X), 2.0 * a.mean()
        gain = (2.0 * g * y - a**2).mean()
    else:
        a = np.abs(_balanced(y * np.clip(a, 0.0, 1.0)))
        v, s = (a * y) @ X / len(X), a.mean()
        gain = (
            a if loss == "hinge" else special.entr(a) + special.entr(1.0 - a)
        ).mean()
    if not np.isfinite(gain):
        return -math.inf
    rest = v - _projection(v, problem.eps * float(s), problem.p)
    square = float(rest @ rest) / 2.0
    if square == 0.0 or problem.alpha == 0.0:
        return float(gain) if square == 0.0 else -math.inf
    return float(gain) - square / problem.alpha


def _balanced(g: Float[NDArray, " n"]) -> Float[NDArray, " n"]:
    """Return g with one of its signs scaled down, so that its sum is 0."""
    up, down = np.maximum(g, 0.0).sum(), np.maximum(-g, 0.0).sum()
    if up == 0.0 or down == 0.0:
        return np.zeros(g.shape)
    return np.where(g > 0, g * min(1.0, down / up), g * min(1.0, up / down))


def _projection(
    v: Float[NDArray, " d"], radius: float, p: float
) -> Float[NDArray, " d"]:
    """Return the point of the l_p ball that is nearest to v."""
    if math.isinf(p):
        return np.clip(v, -radius, radius)
    size = np.linalg.norm(v, p)
    if size <= radius:
        return v
    if p == 2:
        return v * (radius / size)
    falling = np.sort(np.abs(v))[::-1]
    levels = (np.cumsum(falling) - radius) / np.arange(1, len(v) + 1)
    level = levels[np.flatnonzero(falling > levels)[-1]] if radius > 0 else falling[0]
    return np.sign(v) * np.maximum(np.abs(v) - level, 0.0)
