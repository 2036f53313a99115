r"""Brackets of the distances to the boundary of kernel expansions.

No closed form is known. From below, the radii of `_expansion_bounds`, and then branch
and bound over boxes that cover all points nearer than the best witness: in a box about
c a function that is >= 0 where the decision stays has the bounds

    G(y) >= base + <slope, y - c>,    G(y) >= floor,

so that a box is dropped if one of them is positive in it, and otherwise its points of
another decision are no nearer than h(x)/|slope|_q, h being the linear bound, by
Hölder's inequality, and no nearer than (|s - x|_p^p + (h(s)/|slope|_q)^p)^(1/p) for the
point s of the box nearest to x, since y - s and s - x have the same signs and (u + v)^p
>= u^p + v^p. Both are off by the square of the box's size only. For p = 2 there is

    |y - x|^2 >= |y - x|^2 + lambda G(y)
              >= |y - x|^2 + lambda (base + <slope, u>) - lambda kappa |u|^2/2

with u = y - c where G(y) <= 0, for any lambda >= 0: a convex function of y if lambda
kappa <= 2, whose least value in a box is known; here, the curvature of the ball
makes up for that of G.

The least over all boxes is certified; the nearest boxes are cut in two until
it is within `GAP` of the witness, or the budget is used up.

From above, witnesses: along rays the first change of decision is bisected, and from
there the constraint is linearised again and again in a box of trust around the best
point so far.

Sources: the bounds' are named in `_expansion_bounds`; the search is derived here.
"""

from dataclasses import dataclass, replace

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.perturbations._expansion_bounds import (
    Kernel,
    Margins,
    ball_radii,
    dual,
    expansion_norm,
    local_lipschitz_radius,
    rkhs_radius,
    tangents,
)
from geomadv.perturbations._forms import Expansion, decisions, values
from geomadv.perturbations._result import Perturbation

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
BUDGET = 40_000  # boxes for each point
GAP = 1e-4  # relative gap at which branch and bound stops
_EXACT = 1e-9
_DOWN, _UP = 1.0 - 1e-12, 1.0 + 1e-12
_DEEPEST = 10  # dimensions up to which boxes are cut
_TOGETHER = 2048  # boxes cut at a time
_FEW = 128  # centres up to which the local Lipschitz bound of all pairs is taken


def bracket(
    form: Expansion,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    *,
    budget: int = BUDGET,
) -> Perturbation:
    """Return certified lower bounds of the distances, and witnesses.

    Parameters
    ----------
    form : Expansion
        With a Gaussian, Laplace, Laplacian or polynomial kernel.
    X : (n, d) array
    p : float
        The norm, in [1, inf].
    box : (lower, upper) or None
        Where perturbed points must lie, and X does.
    budget : int
        How many boxes may be bounded for each point; 0 leaves the radii in closed form.
        In more than 10 dimensions boxes do not help and are left out.
    """
    d = X.shape[1]
    kernel = Kernel.of(form.options)
    if p == 2 and box is None and form.T is not None and len(form.T) < d:
        return _in_rows(form, form.T, kernel, X, budget)
    ends = box if box is not None else (np.full(d, -np.inf), np.full(d, np.inf))
    return _bracket(form, kernel, X, p, ends, budget, 0, 0.0)


def _in_rows(
    form: Expansion,
    T: Float[NDArray, "r d"],
    kernel: Kernel,
    X: Float[NDArray, "n d"],
    budget: int,
) -> Perturbation:
    """Return brackets where T has fewer rows than columns, in the space of its rows.

    With T^T = Q R the nearest points lie in the span of Q. R Q^T is off by less than
    16 d r 2^-52 |T|_F.
    """
    Q, R = np.linalg.qr(T.T)
    inside = Expansion(
        form.centres, form.coefficients, form.b, form.options, R.T.copy(), form.t
    )
    offset = np.linalg.norm(T) * np.linalg.norm(X, axis=1).max(initial=0.0)
    found = _bracket(
        inside,
        kernel,
        X @ Q,
        2.0,
        (np.full(len(R), -np.inf), np.full(len(R), np.inf)),
        budget,
        T.size,
        float(offset),
    )
    delta, before = found.delta @ Q.T, decisions(form, X)
    for step in (1e-15, 1e-14, 1e-12, 1e-10, 1e-8):  # over the boundary again
        short = delta.any(axis=1) & (decisions(form, X + delta) == before)
        delta[short] *= 1.0 + step
    delta[delta.any(axis=1) & (decisions(form, X + delta) == before)] = 0.0
    return _result(delta, found.lower * (1.0 - 1e-11), 2.0)


def _bracket(
    form: Expansion,
    kernel: Kernel,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box,
    budget: int,
    terms: int,
    offset: float,
) -> Perturbation:
    delta, least = np.zeros(X.shape), np.full(len(X), np.inf)
    classes = decisions(form, X)
    for c in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == c)
        margins = replace(margins_of(form, kernel, c), terms=terms, offset=offset)
        if margins.D.shape[1] == 0:
            continue
        least[rows] = radii(margins, X[rows], p)
        rows = rows[np.isfinite(least[rows])]
        if len(rows):
            search = _Search(form, kernel, c, margins, *box, p)
            near = search.nearest(X[rows])
            least[rows], delta[rows] = _branch(
                search, X[rows], least[rows], near, budget
            )
    return _result(delta, least, p)


def _result(delta: NDArray, least: NDArray, p: float) -> Perturbation:
    """Return the bracket of steps, 0 if none was found, and lower bounds."""
    found = delta.any(axis=1) & np.isfinite(least)
    delta = np.where(found[:, None], delta, 0.0)
    distance = np.where(found, np.linalg.norm(delta, p, axis=1), np.inf)
    least = np.minimum(least, distance)
    with np.errstate(invalid="ignore"):
        near = distance - least <= _EXACT * distance
    exact = (least == distance) | (near & np.isfinite(distance))
    return Perturbation(delta, distance, least, exact)


def margins_of(form: Expansion, kernel: Kernel, c: int) -> Margins:
    """Return the functions that are >= 0 where the class is c.

    Constant ones are left out: they keep their signs.
    """
    A, b = form.coefficients, form.b
    if A.shape[1] == 1:
        sign = 1.0 if c == 1 else -1.0
        D, beta = sign * A, sign * b
    else:
        others = np.delete(np.arange(A.shape[1]), c)
        D, beta = A[:, c, None] - A[:, others], b[c] - b[others]
    varies = (D != 0).any(axis=0)
    used = (D != 0).any(axis=1)
    return Margins(
        kernel,
        np.ascontiguousarray(form.centres[used], float),
        np.ascontiguousarray(D[used][:, varies], float),
        np.asarray(beta[varies], float),
        form.T,
        form.t,
    )


def radii(margins: Margins, X: Float[NDArray, "n d"], p: float) -> Float[NDArray, " n"]:
    """Return the best of the certified radii in closed form, infinite if proven.

    Since 0 < k <= 1, G > beta - sum_j (-D_j)_+ if there is a negative term, and G >
    beta otherwise, wherever one is.
    """
    kernel, D, beta = margins.kernel, margins.D, margins.beta
    best = ball_radii(margins, X, p)
    if kernel.name == "polynomial":
        return best
    negative = np.maximum(-D, 0.0).sum(axis=0)
    never = np.where(negative > 0, beta * _DOWN > negative * _UP, beta >= 0)
    two, one = margins.norms(p, X.shape[1])
    m = margins.certain(X)
    by_norm = rkhs_radius(m, expansion_norm(margins.centres, D, kernel), kernel)
    by_norm /= one if kernel.name == "laplacian" else two
    best = np.maximum(best, np.where(never, np.inf, by_norm).min(axis=1))
    if kernel.name == "gaussian" and len(D) <= _FEW:
        Z = margins.inner(X)
        blur = margins.blur(X)
        for i in np.flatnonzero(np.isfinite(best)):
            local = [
                local_lipschitz_radius(
                    m[i, j], Z[i], margins.centres, D[:, j], kernel.gamma
                )
                for j in np.flatnonzero(~never)
            ]
            best[i] = max(best[i], (min(local) - float(blur[i])) / two)
    return best * _DOWN


@dataclass
class _Search:
    """The search for points of another decision than c."""

    form: Expansion
    kernel: Kernel
    c: int
    margins: Margins
    lower: NDArray
    upper: NDArray
    p: float

    def flips(self, Y: Float[NDArray, "n d"]) -> Bool[NDArray, " n"]:
        """Whether decisions differ from c, for another reason than underflow."""
        f, b = values(self.form, Y), self.form.b
        level = f == b  # perhaps since all terms are too small for numbers
        if f.shape[1] == 1:
            other = (f[:, 0] > 0) != (self.c == 1)
            lost = level[:, 0] & (b[0] == 0)
        else:
            first = f.argmax(axis=1)
            other = first != self.c
            lost = level[np.arange(len(Y)), first] & level[:, self.c]
            lost &= b[first] == b[self.c]
        return other if self.kernel.name == "polynomial" else other & ~lost

    def along(
        self, X: NDArray, ends: NDArray, scales: NDArray, halvings: int
    ) -> Float[NDArray, "n d"]:
        """Return steps to the first changes found at x + s (end - x), 0 if none is."""
        n, d = X.shape
        ways = ends - X
        points = X[:, None] + scales[:, None] * ways[:, None]
        points = np.clip(points, self.lower, self.upper).reshape(-1, d)
        flipped = self.flips(points).reshape(n, len(scales))
        some, first = np.asarray(flipped.any(axis=1)), flipped.argmax(axis=1)
        high = scales[first]
        low = np.where(first > 0, scales[first - 1], 0.0)
        for _ in range(halvings):
            middle = (low + high) / 2.0
            other = self.flips(self._at(X, middle, ways))
            high, low = np.where(other, middle, high), np.where(other, low, middle)
        steps = self._at(X, high, ways) - X
        return np.where(some[:, None], steps, 0.0)

    def _at(self, X: NDArray, s: NDArray, ways: NDArray) -> NDArray:
        return np.clip(X + s[:, None] * ways, self.lower, self.upper)

    def nearest(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n d"]:
        """Return the shortest steps found from many starts."""
        n, d = X.shape
        starts = self._starts(X)
        count = starts.shape[1]
        own = np.repeat(np.arange(n), count)
        scales = np.concatenate([np.linspace(0.0, 1.0, 25)[1:], [1.5, 2.0, 4.0]])
        steps = self.along(X[own], starts.reshape(-1, d), scales, 12)
        size = np.linalg.norm(steps, self.p, axis=1)
        size = np.where(steps.any(axis=1), size, np.inf).reshape(n, count)
        kept = np.argsort(size, axis=1, kind="stable")[:, :6]
        steps = steps.reshape(n, count, d)[np.arange(n)[:, None], kept]
        own = np.repeat(np.arange(n), kept.shape[1])
        steps = self.refined(X[own], steps.reshape(-1, d))
        return self.shortest(steps, own, np.zeros((n, d)))

    def shortest(self, steps: NDArray, own: NDArray, best: NDArray) -> NDArray:
        """Return the shortest of steps and of the best so far, 0 being no step."""
        best = best.copy()
        size = np.linalg.norm(steps, self.p, axis=1)
        size = np.where(steps.any(axis=1), size, np.inf)
        held = np.linalg.norm(best, self.p, axis=1)
        held = np.where(best.any(axis=1), held, np.inf)
        for i in np.argsort(-size, kind="stable"):
            if size[i] < held[own[i]]:
                best[own[i]] = steps[i]
        return best

    def _starts(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n s d"]:
        """Return ends of rays: down the slopes, to the centres, at random."""
        n, d = X.shape
        Z = self.margins.inner(X)
        centres = self.margins.centres
        count = min(8, len(centres))
        _, near = _dispatch.nearest(Z, centres, count)
        against = np.flatnonzero((self.margins.D < 0).any(axis=1))
        if len(against):
            few = min(8, len(against))
            _, more = _dispatch.nearest(Z, centres[against], few)
            near = np.concatenate([near, against[more]], axis=1)
        ways = centres[near] - Z[:, None]
        if self.form.T is not None:
            ways = ways @ np.linalg.pinv(self.form.T).T
        lengths = np.linalg.norm(ways, axis=2).max(axis=1, initial=0.0)
        far = lengths + self.width()
        slopes = self._slopes(X).reshape(n, -1, d)
        rng = np.random.default_rng(0)
        noise = rng.standard_normal((8, d)) + np.zeros((n, 1, 1))
        turns = np.concatenate(
            [
                -slopes,
                noise,
                np.eye(d)[:8] + np.zeros((n, 1, 1)),
                -np.eye(d)[:8] + np.zeros((n, 1, 1)),
            ],
            axis=1,
        )
        sizes = np.linalg.norm(turns, axis=2, keepdims=True)
        turns = turns / np.where(sizes > 0, sizes, 1.0)
        rays = np.concatenate([ways, turns * far[:, None, None]], axis=1)
        return np.clip(X[:, None] + rays, self.lower, self.upper)

    def width(self) -> float:
        """Return a length over which a kernel changes, in the space of x."""
        scale = self.margins.spread or 1.0
        g = abs(self.kernel.gamma) or 1.0
        if self.kernel.name == "gaussian":
            return 6.0 / np.sqrt(g) / scale
        if self.kernel.name == "polynomial":
            size = float(np.abs(self.margins.centres).max(initial=0.0)) or 1.0
            return 4.0 * (abs(self.kernel.coef0) + 1.0) / (g * size) / scale
        return 30.0 / g / scale

    def _slopes(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J d"]:
        _, slopes = self._gradients(X)
        return slopes

    def _gradients(self, X: NDArray) -> tuple[NDArray, NDArray]:
        f, slopes = _dispatch.kernel_expansion_gradient(
            self.margins.inner(X),
            self.margins.centres,
            self.margins.D,
            **self.kernel.options,
        )
        if self.form.T is not None:
            slopes = slopes @ self.form.T
        return f + self.margins.beta, slopes

    def refined(
        self, X: Float[NDArray, "n d"], steps: Float[NDArray, "n d"]
    ) -> Float[NDArray, "n d"]:
        """Return shorter steps by linear constraints in boxes of trust."""
        done = ~steps.any(axis=1)
        steps = steps.copy()
        rows = np.flatnonzero(~done)
        if len(rows) == 0:
            return steps
        x, s = X[rows], steps[rows]
        size = np.linalg.norm(s, self.p, axis=1)
        trust = 0.5 * np.abs(s).max(axis=1)
        scales = np.array([0.5, 0.8, 0.9, 0.97, 0.99, 0.999, 1.0, 1.001, 1.01, 1.1])
        for _ in range(24):
            y = x + s
            G, slopes = self._gradients(y)
            j = G.argmin(axis=1)
            w, value = slopes[np.arange(len(x)), j], G[np.arange(len(x)), j]
            low = np.maximum(y - trust[:, None], self.lower)
            high = np.minimum(y + trust[:, None], self.upper)
            ends = _linear_step(x, w, (w * y).sum(axis=1) - value, low, high, self.p)
            new = self.along(x, ends, scales, 16)
            length = np.linalg.norm(new, self.p, axis=1)
            better = new.any(axis=1) & (length < size)
            s = np.where(better[:, None], new, s)
            gain = np.where(better, length, size) < size * (1 - 1e-3)
            size = np.where(better, length, size)
            trust = np.where(better & gain, trust * 1.5, trust / 3.0)
            if (trust < 1e-9 * size).all():
                break
        steps[rows] = self.along(x, x + s * (1 + 1e-4), np.array([1 - 1e-3, 1.0]), 60)
        lost = ~steps[rows].any(axis=1)
        steps[rows[lost]] = s[lost]
        return steps


def _linear_step(
    X: NDArray, w: NDArray, level: NDArray, lower: NDArray, upper: NDArray, p: float
) -> NDArray:
    """Return the points of boxes nearest to X where <w, y> <= level, or the lowest.

    From the nearest point of the box, coordinates move along -sign w: for p = infinity
    all by as much as a common size lets them, for p = 1 in the order of |w|, otherwise
    to |y - x| = (c |w|)^(q - 1), up to the box in all cases; the size is bisected.
    """
    start = np.clip(X, lower, upper)
    a, sign = np.abs(w), np.sign(w)
    need = (w * start).sum(axis=1) - level
    lowest = np.where(w > 0, lower, np.where(w < 0, upper, start))
    rooms = np.abs(lowest - start)
    if p == 1:
        order = np.argsort(-a, axis=1, kind="stable")
        rows = np.arange(len(X))[:, None]
        gains = (a * rooms)[rows, order]
        before = np.cumsum(gains, axis=1) - gains
        left = np.clip(need[:, None] - before, 0.0, gains)
        moves = np.zeros_like(a)
        slopes = a[rows, order]
        moves[rows, order] = left / np.where(slopes > 0, slopes, 1.0)
        return np.clip(start - sign * moves, lower, upper)
    unit = a / np.where(a.max(axis=1) > 0, a.max(axis=1), 1.0)[:, None]
    power = 0.0 if np.isinf(p) else 1.0 / (p - 1.0)
    shape = np.where(a > 0, unit**power, 0.0)

    def at(t: NDArray) -> NDArray:
        return np.clip(X - sign * shape * t[:, None], lower, upper)

    low = np.zeros(len(X))
    high = np.abs(X - lowest).max(axis=1) / np.where(shape > 0, shape, 1.0).min(axis=1)
    for _ in range(50):
        t = (low + high) / 2.0
        enough = (w * at(t)).sum(axis=1) <= level
        high, low = np.where(enough, t, high), np.where(enough, low, t)
    return at(high)


def _curved(
    level: NDArray, bent: NDArray, slope: NDArray, x: NDArray, c: NDArray, half: NDArray
) -> NDArray:
    """Bound |y - x|_2 where level + <slope, u> - bent |u|^2/2 <= 0, |u|_i <= half_i.

    With the multiplier of the linear problem. Of lambda bent |u|^2/2 the part that
    |y - x|^2 makes up for is left in, theta |u|^2, and the rest taken at its largest.
    """
    away = c - x
    steep = (slope * slope).sum(axis=2)
    height = level - (slope * away[:, None]).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        factor = np.where((height > 0) & (steep > 0), 2.0 * height / steep, 0.0)
    factor = np.where(factor < 1e100, factor, 0.0)  # any multiplier will do
    whole = factor * bent / 2.0
    theta = np.minimum(whole, 1.0)
    linear = 2.0 * away[:, None] + factor[:, :, None] * slope
    convex = (1.0 - theta)[:, :, None]
    ends = half[:, None] + np.zeros_like(linear)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.where(convex > 0, -linear / (2.0 * convex), -np.sign(linear) * np.inf)
    u = np.clip(np.where(np.isnan(u), 0.0, u), -ends, ends)
    square = (away * away).sum(axis=1)[:, None]
    parts = (convex * u + linear) * u
    found = square + factor * level + parts.sum(axis=2)
    rest = (whole - theta) * (half * half).sum(axis=1)[:, None] * _UP
    size = square + factor * np.abs(level) + np.abs(parts).sum(axis=2) + rest
    return np.sqrt(np.maximum(found - rest - 1e-13 * size, 0.0)) * _DOWN


def _branch(
    search: _Search, X: NDArray, sure: NDArray, near: NDArray, budget: int
) -> tuple[NDArray, NDArray]:
    """Return lower bounds by branch and bound, and the steps, perhaps shorter."""
    (n, d), p = X.shape, search.p
    if budget <= 0 or d > _DEEPEST:
        return sure, near
    best = np.linalg.norm(near, p, axis=1)
    best = np.where(near.any(axis=1), best, np.inf)
    size, proven = _region(search, X, best)
    lower, upper = X - size[:, None], X + size[:, None]
    # the ends are rounded outwards
    slack = 1e-15 * (np.abs(X) + size[:, None])
    queue = _Boxes(
        np.arange(n),
        np.maximum(lower - slack, search.lower),
        np.minimum(upper + slack, search.upper),
        sure.copy(),
    )
    aside = np.where(proven, np.inf, size)  # the least bound of what is not cut
    spent = np.zeros(n)
    frame = _Frame.of(search, X)
    while len(queue.owner):
        goal = best * (1.0 - GAP)
        far = queue.bound >= goal[queue.owner]
        np.minimum.at(aside, queue.owner[far], queue.bound[far])
        queue = queue.take(~far & (queue.bound < best[queue.owner]))
        least = np.full(n, np.inf)
        np.minimum.at(least, queue.owner, queue.bound)
        over = (spent >= budget) | (aside <= least)
        stopped = over[queue.owner]
        np.minimum.at(aside, queue.owner[stopped], queue.bound[stopped])
        queue = queue.take(~stopped)
        if not len(queue.owner):
            break
        chosen = queue.first()
        children = queue.take(chosen).halves(frame.weights)
        queue = queue.take(~chosen)
        spent += np.bincount(children.owner, minlength=n)
        children, other = frame.bounded(children)
        if other.any():
            near, best = _improved(search, X, near, best, children.take(other))
        queue = queue.join(children.take(children.bound < best[children.owner]))
    return np.maximum(sure, np.minimum(aside, best)), near


def _improved(
    search: _Search, X: NDArray, near: NDArray, best: NDArray, boxes: "_Boxes"
) -> tuple[NDArray, NDArray]:
    """Return steps and sizes, with those from other decisions in boxes' centres."""
    middle = (boxes.lower + boxes.upper) / 2.0
    size = np.linalg.norm(middle - X[boxes.owner], search.p, axis=1)
    order = np.lexsort((size, boxes.owner))
    order = order[np.r_[True, np.diff(boxes.owner[order]) != 0]]
    order = order[size[order] < best[boxes.owner[order]]]
    if not len(order):
        return near, best
    own = boxes.owner[order]
    steps = search.along(X[own], middle[order], np.linspace(0.0, 1.0, 9)[1:], 20)
    found = steps.any(axis=1)
    own, steps = own[found], search.refined(X[own[found]], steps[found])
    near = search.shortest(steps, own, near)
    size = np.linalg.norm(near, search.p, axis=1)
    return near, np.where(near.any(axis=1), size, np.inf)


def _region(search: _Search, X: NDArray, best: NDArray) -> tuple[NDArray, NDArray]:
    """Return radii R of balls to look into, and whether nothing nearer lies outside.

    Where no witness is known, kernels that fall leave beta - sum |a_j| k(|z - z_j|)
    > 0 over the negative terms outside of a ball, if beta > 0 and T is injective.
    """
    margins, d = search.margins, X.shape[1]
    proven = np.isfinite(best)
    size = np.where(proven, best, 0.0)
    rows = np.flatnonzero(~proven)
    if not len(rows):
        return size, proven
    bounded = np.isfinite(search.lower).all() and np.isfinite(search.upper).all()
    if bounded:
        size[rows] = np.maximum(X[rows] - search.lower, search.upper - X[rows]).max(
            axis=1
        )
        # all of the box is in the ball of the maximum norm from which boxes start
        proven[rows] = True
        return size, proven
    Z = margins.inner(X[rows])
    centre = margins.centres.mean(axis=0)
    radius = np.linalg.norm(margins.centres - centre, axis=1).max(initial=0.0)
    away = np.linalg.norm(Z - centre, axis=1) + radius
    size[rows] = away + search.width()
    if search.kernel.name == "polynomial" or not (margins.beta > 0).all():
        return size, proven
    narrow = 1.0
    if margins.T is not None:
        if margins.T.shape[0] < d:
            return size, proven
        narrow = float(np.linalg.norm(margins.T, -2)) * (1.0 - 1e-10)
        if narrow <= 1e-8 * margins.spread:
            return size, proven
    weight = np.maximum(-margins.D, 0.0).sum(axis=0)
    # the largest k at distance s that leaves half of beta
    s = 0.0
    while (weight * search.kernel.profile(np.array(s)) > margins.beta / 2.0).any():
        s = 2.0 * s + 1e-3 * search.width() * margins.spread
    size[rows] = (away + s) / narrow * (1.0 + 1e-9)
    proven[rows] = True
    return size, proven


@dataclass(frozen=True)
class _Boxes:
    """Boxes with the rows of their points and lower bounds of distances."""

    owner: Int[NDArray, " k"]
    lower: Float[NDArray, "k d"]
    upper: Float[NDArray, "k d"]
    bound: Float[NDArray, " k"]

    def take(self, kept: NDArray) -> "_Boxes":
        """Return some of the boxes."""
        return _Boxes(
            self.owner[kept], self.lower[kept], self.upper[kept], self.bound[kept]
        )

    def join(self, other: "_Boxes") -> "_Boxes":
        """Return both."""
        return _Boxes(
            np.concatenate([self.owner, other.owner]),
            np.concatenate([self.lower, other.lower]),
            np.concatenate([self.upper, other.upper]),
            np.concatenate([self.bound, other.bound]),
        )

    def first(self) -> Bool[NDArray, " k"]:
        """Choose the boxes with the least bounds, as many for each point."""
        order = np.lexsort((self.bound, self.owner))
        starts = np.flatnonzero(np.r_[True, np.diff(self.owner[order]) != 0])
        lengths = np.diff(np.r_[starts, len(order)])
        rank = np.arange(len(order)) - np.repeat(starts, lengths)
        share = max(32, _TOGETHER // len(starts))
        chosen = np.zeros(len(order), bool)
        # of long queues at most a half, so that the nearest are cut first
        chosen[order] = rank < np.minimum(
            share, np.repeat((lengths + 1) // 2 + 8, lengths)
        )
        return chosen

    def halves(self, weights: NDArray) -> "_Boxes":
        """Cut boxes in two across their longest sides."""
        sides = (self.upper - self.lower) * weights
        axis = sides.argmax(axis=1)
        rows = np.arange(len(axis))
        middle = (self.lower[rows, axis] + self.upper[rows, axis]) / 2.0
        left, right = self.upper.copy(), self.lower.copy()
        left[rows, axis] = right[rows, axis] = middle
        return _Boxes(self.owner, self.lower, left, self.bound).join(
            _Boxes(self.owner, right, self.upper, self.bound)
        )


@dataclass(frozen=True)
class _Frame:
    """What bounds of boxes need: the points, the norm and the affine map's."""

    margins: Margins
    X: Float[NDArray, "n d"]
    p: float
    weights: Float[NDArray, " d"]
    spread: float

    @classmethod
    def of(cls, search: _Search, X: NDArray) -> "_Frame":
        """Return the frame of boxes about points."""
        T = search.margins.T
        weights = np.ones(X.shape[1]) if T is None else np.linalg.norm(T, axis=0)
        return cls(search.margins, X, search.p, weights, search.margins.spread)

    def bounded(self, boxes: _Boxes) -> tuple[_Boxes, Bool[NDArray, " k"]]:
        """Return boxes with better bounds, and whether their centres seem to flip."""
        margins, x = self.margins, self.X[boxes.owner]
        centre = (boxes.lower + boxes.upper) / 2.0
        half = (boxes.upper - boxes.lower) / 2.0 * _UP + 1e-15 * np.abs(centre)
        width = half if margins.T is None else half @ np.abs(margins.T).T * _UP
        two = np.minimum(
            np.linalg.norm(width, axis=1), self.spread * np.linalg.norm(half, axis=1)
        )
        steps = np.linalg.norm(centre - x, axis=1) + np.linalg.norm(half, axis=1)
        found = tangents(
            margins,
            margins.inner(centre),
            width,
            two * _UP,
            width.sum(axis=1) * _UP,
            margins.reach(centre),
            self.spread * steps,
        )
        slope = found.slope if margins.T is None else found.slope @ margins.T
        base = found.base - found.drop
        falls = (np.abs(slope) * half[:, None]).sum(axis=2) * _UP
        steep = np.linalg.norm(slope, dual(self.p), axis=2) * _UP
        start = np.clip(x, boxes.lower, boxes.upper)
        apart = np.linalg.norm(start - x, self.p, axis=1) * _DOWN
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            away, further = (
                np.where(height > 0, height / steep * _DOWN, 0.0)
                for height in (
                    base + (slope * (point - centre)[:, None]).sum(axis=2)
                    for point in (x, start)
                )
            )
        beyond = np.linalg.norm(
            np.stack([np.broadcast_to(apart[:, None], further.shape), further]),
            self.p,
            axis=0,
        )
        away = np.maximum(away, beyond * _DOWN)
        if self.p == 2:
            bent = found.curve * self.spread**2
            away = np.maximum(away, _curved(found.base, bent, slope, x, centre, half))
        away = np.where((base > falls) | (found.floor > 0), np.inf, away)
        bound = np.maximum(away.min(axis=1), boxes.bound)
        other = np.asarray((found.value < 0).any(axis=1))
        return _Boxes(boxes.owner, boxes.lower, boxes.upper, bound), other
