r"""Linear models whose points cost the largest of smooth functions of f and |w|_q.

    P(w, b) = alpha/2 |w|^2 + (1/n) sum_i max_k h_ik(f_i, r),
    f_i = <w, x_i> + b,    r = size |w|_q,

where max_k h_ik increases with r. Each step replaces h_ik by its tangent planes in
(f, r), adds the second derivatives, weighted by the multipliers of the last step and
made positive semidefinite, and solves what is left as a cone program (Clarabel) under
|w|_q <= t: sequential quadratic programming for a minimax, with a line search on P.

**The certificate.** Weights l_ik >= 0, sum_k l_ik = 1, and the tangent planes at (w0,
b0, r0) give, where all h_ik are convex, the lower bound

    P >= alpha/2 |w|^2 + c + <g, w> + s |w|_q >= c - dist(-g, s B_p)^2 / (2 alpha),

with s >= 0 and B_p the unit ball of the dual norm, provided that the planes do not
depend on b. To that end the planes at b0 - delta and b0 + delta are mixed. The
difference of P(w0, b0) and the bound also vanishes for h_ik that are not convex if and
only if (w0, b0) is stationary (0 is in Clarke's subdifferential); it is a measure of
that, and no bound, then.

Derived here. On the method: R. Fletcher (1987), "Practical methods of optimization",
chapter 14.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from geomadv._typing import Float, Int, NDArray
from geomadv.classifiers._adversarial import _projection
from geomadv.classifiers._divergences import Jet

Cost = Callable[[Float[NDArray, " n"], float], Jet]
_ACCURATE = 1e-11  # relative difference at which the steps end
_STEPS = 50


@dataclass(frozen=True)
class Solution:
    """Weights, offset, P and its difference to the bound of the module."""

    w: Float[NDArray, " d"]
    b: float
    objective: float
    difference: float


@dataclass(frozen=True)
class Problem:
    """The problem of the module: points, h(f, r), alpha, size and p."""

    X: Float[NDArray, "n d"]
    cost: Cost
    alpha: float
    size: float
    p: float

    def shift(self, w: NDArray) -> float:
        """Return r = size |w|_q."""
        if self.size == 0.0:
            return 0.0
        q = {1.0: math.inf, 2.0: 2.0}.get(self.p, 1.0)
        return self.size * float(np.linalg.norm(w, q))

    def jet(self, w: NDArray, b: float) -> Jet:
        """Return the costs of the points."""
        return self.cost(self.X @ w + b, self.shift(w))

    def objective(self, w: NDArray, b: float) -> float:
        """Return P(w, b)."""
        h = self.jet(w, b).h
        return float(self.alpha / 2 * (w @ w) + h.max(axis=0).mean())

    def bound(self, w: NDArray, b: float, weights: Float[NDArray, "k n"]) -> float:
        """Return the lower bound of the module at (w, b)."""
        plane = self._plane(w, b, weights)
        step = 1e-8 * (1.0 + abs(b))
        while step < 1e-2 * (1.0 + abs(b)):
            low, high = (self._plane(w, b + c * step, weights) for c in (-1.0, 1.0))
            if low[1] * high[1] <= 0.0 and low[1] != high[1]:
                plane = (high[1] * low - low[1] * high) / (high[1] - low[1])
                break
            step *= 32.0
        else:
            if plane[1] != 0.0:
                return -math.inf
        g, s = plane[3:], float(plane[2])
        rest = g + _projection(-g, self.size * s, self.p)
        return float(plane[0] - rest @ rest / (2.0 * self.alpha))

    def _plane(
        self, w: NDArray, b: float, weights: Float[NDArray, "k n"]
    ) -> Float[NDArray, " m"]:
        """Return c, the slope in b, s/size and g of the weighted tangent planes."""
        jet, n, r = self.jet(w, b), len(self.X), self.shift(w)
        u, s = (weights * jet.f).sum(axis=0) / n, (weights * jet.r).sum() / n
        s, g, slope = max(s, 0.0), u @ self.X, u.sum()
        c = (weights * jet.h).sum() / n - slope * b - g @ w - s * r
        return np.concatenate([[c, slope, s], g])


def solve(problem: Problem, w: Float[NDArray, " d"], b: float) -> Solution:
    """Return a minimum, or a stationary point, from (w, b) on.

    One more step is made when it is accurate enough: the steps converge quadratically.
    """
    scale = 1e-5 if w.any() and problem.p == 2 else 1.0
    weights = _leading(problem, w, b)
    value = problem.objective(w, b)
    best, last = Solution(w, b, value, math.inf), False
    for _ in range(_STEPS):
        w, b, new, weights = _descend(problem, w, b, weights, scale)
        difference = new - problem.bound(w, b, weights)
        if abs(difference) <= abs(best.difference):
            best = Solution(w, b, new, difference)
        if last or (new >= value and scale == 1.0):
            break
        last = abs(difference) <= _ACCURATE * abs(new)
        # a program that is too fine for its solver is tried again in a coarser scale
        finer = max(min(abs(difference), new), 1e-12)
        scale, value = finer if new < value else min(1.0, 1e3 * scale), new
    return best


def stay(problem: Problem, w: Float[NDArray, " d"], b: float) -> Solution:
    """Return (w, b) as it is, with its difference to the bound."""
    value = problem.objective(w, b)
    return Solution(w, b, value, value - problem.bound(w, b, _leading(problem, w, b)))


def _leading(problem: Problem, w: NDArray, b: float) -> Float[NDArray, "k n"]:
    """Return multipliers of the largest branches alone."""
    h = problem.jet(w, b).h
    first = (h == h.max(axis=0)).astype(float)
    return np.asarray(first / first.sum(axis=0))


def _descend(
    problem: Problem, w: NDArray, b: float, weights: Float[NDArray, "k n"], scale: float
) -> tuple[NDArray, float, float, NDArray]:
    """Return where a step with a line search leads, P there, and the multipliers."""
    value, size = problem.objective(w, b), 1.0
    step, offset, weights, fall = _step(problem, w, b, weights, scale)
    while size > 1e-9:
        there, beside = w + size * step, b + size * offset
        new = problem.objective(there, beside)
        if new <= value - 0.05 * size * fall:
            return there, beside, new, weights
        size /= 2.0
    return w, b, value, weights


def _step(
    problem: Problem, w: NDArray, b: float, weights: Float[NDArray, "k n"], scale: float
) -> tuple[NDArray, float, NDArray, float]:
    """Return the step in w and b, the multipliers, and the fall that is foreseen.

    Of two branches, the lower one is left out where it stays the lower one.
    """
    jet = problem.jet(w, b)
    k, n = jet.h.shape
    Z = np.hstack([problem.X, np.ones((n, 1))])
    H = _curvature(problem, Z, jet, weights)
    smooth = problem.size == 0.0 or (problem.p == 2 and scale < 1e-4 and w.any())
    if k == 1 and smooth:
        return (*_newton(problem, Z, w, jet, H), weights, 0.0)
    if k == 1:
        step, _, fall = _program(problem, w, jet, H, np.zeros(0, int), scale)
        return step[:-2], float(step[-2]), weights, fall
    lead, both = jet.h.argmax(axis=0), np.arange(n)
    ahead = jet.h[lead, both] - jet.h[1 - lead, both]
    slopes = np.abs(jet.f[0] - jet.f[1]) + 1e-300
    chosen = np.zeros(n, bool)
    chosen[np.argsort(ahead / slopes)[: 4 * len(H)]] = True
    while True:
        rows = np.flatnonzero(chosen)
        step, found, fall = _program(problem, w, jet, H, rows, scale)
        moved = problem.X @ step[:-2] + step[-2]
        planes = jet.h + jet.f * moved + jet.r * step[-1]
        overtaken = planes[1 - lead, both] > planes[lead, both]
        if not (overtaken & ~chosen).any():
            break
        chosen |= overtaken
    weights = np.zeros((k, n))
    weights[lead, both] = 1.0
    weights[:, rows] = found
    return step[:-2], float(step[-2]), weights, fall


def _newton(
    problem: Problem,
    Z: Float[NDArray, "n l"],
    w: NDArray,
    jet: Jet,
    H: Float[NDArray, "m m"],
) -> tuple[NDArray, float]:
    """Return the Newton step in w and b where |w|_2 does not vanish."""
    n, d = problem.X.shape
    gradient = jet.f[0] @ Z / n
    gradient[:d] += problem.alpha * w
    bend = H[:-1, :-1].copy()
    if problem.size > 0.0:
        length, pull = float(np.linalg.norm(w)), jet.r[0].mean() * problem.size
        u = np.append(w / length, 0.0)
        gradient += pull * u
        cross = problem.size * np.outer(H[:-1, -1], u)
        bend += cross + cross.T + problem.size**2 * H[-1, -1] * np.outer(u, u)
        bend += pull / length * (np.diag([1.0] * d + [0.0]) - np.outer(u, u))
    step = -np.linalg.lstsq(bend, gradient, rcond=None)[0]
    return step[:d], float(step[d])


def _program(
    problem: Problem,
    w: NDArray,
    jet: Jet,
    H: Float[NDArray, "m m"],
    chosen: Int[NDArray, " c"],
    scale: float,
) -> tuple[Float[NDArray, " m"], Float[NDArray, "k c"], float]:
    """Return the step in w, b, r, the multipliers of chosen points, and the fall.

    The unknowns are the step, what |w| takes at q = 1, and the costs of chosen points.
    """
    import clarabel

    X, (n, d), r = problem.X, problem.X.shape, problem.shift(w)
    moves, many, k = problem.size > 0.0, len(chosen), len(jet.h)
    blocks = {"w": d, "b": 1, "r": 1, "v": 0, "cost": many}
    if moves and math.isinf(problem.p):
        blocks["v"] = d
    left = dict(zip(blocks, np.cumsum([0, *blocks.values()]), strict=False))
    entries: list[NDArray] = []
    right: list[NDArray] = []
    cones: list[Any] = []

    def add(cone: Any, limit: NDArray, **parts: Any) -> None:
        """Demand that limit less the sum of parts times unknowns lies in a cone.

        A part is a matrix, or the diagonal of one.
        """
        top = sum(map(len, right))
        for name, part in parts.items():
            i = j = np.arange(len(part))
            if part.ndim == 2:
                i, j = (index.ravel() for index in np.indices(part.shape))
            entries.append(np.array([part.ravel(), i + top, j + left[name]]))
        right.append(limit)
        cones.append(cone)

    lead, one = jet.h.argmax(axis=0), np.ones((1, 1))
    rest = np.ones(n)
    rest[chosen] = 0.0
    by_f, by_r = (part[lead, range(n)] * rest / n for part in (jet.f, jet.r))
    linear = np.concatenate(
        [
            by_f @ X + problem.alpha * w,
            [by_f.sum(), by_r.sum()],
            np.zeros(blocks["v"]),
            np.full(many, 1.0 / n),
        ]
    )
    for branch in range(k if many else 0):
        slope = jet.f[branch, chosen, None]
        add(
            clarabel.NonnegativeConeT(many),
            (jet.h.max(axis=0) - jet.h[branch])[chosen],
            w=slope * X[chosen],
            b=slope,
            r=jet.r[branch, chosen, None],
            cost=-np.ones(many),
        )
    if moves:
        _norms(add, blocks, problem, w, r)
    else:
        add(clarabel.ZeroConeT(1), np.zeros(1), r=one)
    upper, size = np.triu_indices(len(H)), len(linear)
    values, i, j = np.concatenate(entries, axis=1)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    found = clarabel.DefaultSolver(
        sparse.csc_matrix((H[upper] / scale, upper), shape=(size, size)),
        linear / scale,
        sparse.csc_matrix(
            (values, (i.astype(int), j.astype(int))),
            shape=(sum(map(len, right)), size),
        ),
        np.concatenate(right),
        cones,
        settings,
    ).solve()
    z = np.maximum(np.array(found.z)[: k * many].reshape(k, many), 0.0) + 1e-300
    return np.array(found.x)[: d + 2], z / z.sum(axis=0), -scale * float(found.obj_val)


def _norms(
    add: Callable[..., None],
    blocks: dict[str, int],
    problem: Problem,
    w: NDArray,
    r: float,
) -> None:
    """Demand that size |w + step|_q is at most r plus its step."""
    import clarabel

    d, size, one = len(w), problem.size, np.ones((1, 1))
    eye = np.full(d, size)
    if problem.p == 2:
        lifted = np.vstack([np.zeros(d), -np.diag(eye)])
        top = np.zeros((d + 1, 1))
        top[0] = -1.0
        limit = np.concatenate([[r], size * w])
        add(clarabel.SecondOrderConeT(d + 1), limit, w=lifted, r=top)
        return
    bound: dict[str, NDArray] = {"r": -np.ones((d, 1))}
    if blocks["v"]:
        bound = {"v": -np.ones(d)}
    for sign in (1.0, -1.0):
        limit = (0.0 if blocks["v"] else r) - sign * size * w
        add(clarabel.NonnegativeConeT(d), limit, w=sign * eye, **bound)
    if blocks["v"]:
        add(clarabel.NonnegativeConeT(1), np.array([r]), v=np.ones((1, d)), r=-one)


def _curvature(
    problem: Problem, Z: Float[NDArray, "n m"], jet: Jet, weights: Float[NDArray, "k n"]
) -> Float[NDArray, "l l"]:
    """Return the second derivatives by w, b and r, without their negative part."""
    n, m = Z.shape
    ff, fr, rr = ((weights * part).sum(axis=0) / n for part in (jet.ff, jet.fr, jet.rr))
    H = np.zeros((m + 1, m + 1))
    H[:m, :m] = (Z * ff[:, None]).T @ Z
    H[m, :m] = H[:m, m] = fr @ Z
    H[m, m] = rr.sum()
    scale = np.sqrt(np.abs(np.diag(H))) + 1e-150
    values, vectors = np.linalg.eigh(H / scale[:, None] / scale)
    if values[0] < 0.0:
        H = (vectors * np.maximum(values, 0.0)) @ vectors.T * scale[:, None] * scale
    H[range(m - 1), range(m - 1)] += problem.alpha
    return H
