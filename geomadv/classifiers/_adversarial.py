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
from scipy import sparse, special
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, real
from geomadv.classifiers._linear import LinearClassifier
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
        rows: NDArray
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) != 2:
            raise ValueError(
                "Only binary classification is supported. The number of classes is "
                f"{len(classes)}: y must hold two classes, not one class or more than "
                "two"
            )
        signs = 2.0 * codes - 1.0
        w, b, multipliers = _solve(rows, signs, eps, float(self.p), loss, alpha)
        self._with(w[None], np.array([b]), classes)
        norm = float(np.linalg.norm(w, _dual(self.p)))
        losses = worst_loss(signs, rows @ w + b, eps * norm, loss)
        self.objective_ = float(alpha / 2 * (w @ w) + losses.mean())
        a = special.expit(eps * norm - signs * (rows @ w + b))
        a, g = (a, a) if loss == "logistic" else multipliers
        bound = _bound(rows, signs, a, g, eps, float(self.p), loss, alpha)
        self.gap_ = self.objective_ - bound
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


def _solve(
    X: Float[NDArray, "n d"],
    y: Float[NDArray, " n"],
    eps: float,
    p: float,
    loss: str,
    alpha: float,
) -> tuple[NDArray, float, tuple[NDArray, NDArray]]:
    """Return w, b and the multipliers (a, g) of the losses, by a cone program.

    The unknowns are w, b, t >= |w|_q, what the loss needs, and at q = 1 also |w|.
    """
    import clarabel

    n, d = X.shape
    sizes = {"w": d, "b": 1, "t": 1, "u": n, "a": n, "c": n, "v": d}
    if loss != "logistic":
        sizes["a"] = sizes["c"] = 0
    if not math.isinf(p):
        sizes["v"] = 0
    ends = dict(zip(sizes, np.cumsum([*sizes.values()]), strict=True))
    total = ends["v"]
    rows: list[Any] = []
    right: list[NDArray] = []
    cones: list[Any] = []

    def add(cone: Any, limit: NDArray, **parts: Any) -> None:
        """Demand that limit less the sum of parts times unknowns lies in a cone."""
        block = sparse.lil_matrix((len(limit), total))
        for name, part in parts.items():
            block[:, ends[name] - sizes[name] : ends[name]] = part
        rows.append(block.tocsc())
        right.append(limit)
        cones.extend(cone if isinstance(cone, list) else [cone])

    one, zero, eye, dims = np.ones(n), np.zeros(n), sparse.eye(n), sparse.eye(d)
    column, signed = y[:, None], y[:, None] * X
    shift = np.full((n, 1), eps)
    positive = clarabel.NonnegativeConeT
    if loss == "hinge":  # u >= 1 - y f + eps t, then u >= 0
        add(positive(n), -one, w=-signed, b=-column, t=shift, u=-eye)
        add(positive(n), zero, u=-eye)
    elif loss == "squared":  # u >= eps t +- (y - f)
        add(positive(n), -y, w=-X, b=-one[:, None], t=shift, u=-eye)
        add(positive(n), y, w=X, b=one[:, None], t=shift, u=-eye)
    else:  # e^-u + e^(-y f + eps t - u) <= 1
        add(positive(n), one, a=eye, c=eye)
        for name, margin in (("a", False), ("c", True)):
            _exponentials(add, name, margin, signed, column, eps, clarabel)
    if p == 2:
        lifted = sparse.vstack([sparse.csc_matrix((1, d)), -dims])
        top = np.zeros((d + 1, 1))
        top[0] = -1.0
        add(clarabel.SecondOrderConeT(d + 1), np.zeros(d + 1), w=lifted, t=top)
    else:
        bounds = {"t": -np.ones((d, 1))} if p == 1 else {"v": -dims}
        add(positive(d), np.zeros(d), w=dims, **bounds)
        add(positive(d), np.zeros(d), w=-dims, **bounds)
        if p != 1:
            add(positive(1), np.zeros(1), v=np.ones((1, d)), t=-np.ones((1, 1)))
    quadratic = np.zeros(total)
    quadratic[:d] = alpha
    linear = np.zeros(total)
    if loss == "squared":
        quadratic[ends["u"] - n : ends["u"]] = 2.0 / n
    else:
        linear[ends["u"] - n : ends["u"]] = 1.0 / n
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    solution = clarabel.DefaultSolver(
        sparse.diags(quadratic).tocsc(),
        linear,
        sparse.vstack(rows).tocsc(),
        np.concatenate(right),
        cones,
        settings,
    ).solve()
    found, z = np.array(solution.x), n * np.array(solution.z)
    above, below = z[:n], z[n : 2 * n]
    if loss == "squared":
        above, below = (above + below) / 2.0, (above - below) / 2.0
    return found[:d], float(found[d]), (above, below)


def _exponentials(
    add: Any,
    name: str,
    margin: bool,
    signed: NDArray,
    column: NDArray,
    eps: float,
    clarabel: Any,
) -> None:
    """Demand exp(-u) <= a, or exp(-(y f - eps t) - u) <= c, for each point."""
    n = len(signed)
    exponent = sparse.kron(sparse.eye(n), np.array([[1.0], [0.0], [0.0]])).tocsc()
    value = sparse.kron(sparse.eye(n), np.array([[0.0], [0.0], [-1.0]])).tocsc()
    parts = {"u": exponent, name: value}
    if margin:
        parts |= {
            "w": exponent @ signed,
            "b": exponent @ column,
            "t": exponent @ np.full((n, 1), -eps),
        }
    cones = [clarabel.ExponentialConeT()] * n
    add(cones, np.tile([0.0, 1.0, 0.0], n), **parts)


def _bound(
    X: Float[NDArray, "n d"],
    y: Float[NDArray, " n"],
    a: Float[NDArray, " n"],
    g: Float[NDArray, " n"],
    eps: float,
    p: float,
    loss: str,
    alpha: float,
) -> float:
    """Return the dual's value at weights that are made feasible first."""
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
    rest = v - _projection(v, eps * s, p)
    return float(gain - rest @ rest / (2.0 * alpha))


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
