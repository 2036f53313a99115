"""Adversarial training of a linear classifier as a cone program."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from geomadv._typing import Float, NDArray


@dataclass(frozen=True)
class Problem:
    """Points, labels of -1 and +1, and what `AdversarialLinearClassifier` takes."""

    X: Float[NDArray, "n d"]
    y: Float[NDArray, " n"]
    eps: float
    p: float
    loss: str
    alpha: float


# w, b and multipliers (a, g) of the losses
Answer = tuple[NDArray, float, tuple[NDArray, NDArray]]


def solve(problem: Problem) -> Answer:
    """Return an answer by a cone program.

    The unknowns are w, b, t >= |w|_q, what the loss needs, and at q = 1 also |w|.
    """
    import clarabel

    X, y, eps, p = problem.X, problem.y, problem.eps, problem.p
    loss = problem.loss
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
    quadratic[:d] = problem.alpha
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
