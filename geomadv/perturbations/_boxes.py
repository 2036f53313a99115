r"""Lower bounds of distances by branch and bound over boxes.

The boxes cover all points nearer than the best witness. In a box about c a function
that is >= 0 where the decision stays has the bounds

    G(y) >= base + <slope, y - c>,    G(y) >= floor,

so that a box is dropped if one of them is positive in it, and otherwise its points of
another decision are no nearer than the box's points where the linear bound is at most 0
(`_half_spaces`), which is off by the square of the box's size only, also where some
coordinates are so much cheaper than others that the box ends their use. For p = 2 there
is

    |y - x|^2 >= |y - x|^2 + lambda G(y)
              >= |y - x|^2 + lambda (base + <slope, u>) - lambda kappa |u|^2/2

with u = y - c where G(y) <= 0, for any lambda >= 0: a convex function of y if lambda
kappa <= 2, whose least value in a box is known; here, the curvature of the ball
makes up for that of G. Functions without an offset are bounded once more, by multiples
of them that do not fall with the distance (`_shares`).

The least over all boxes is certified; the nearest boxes are cut in two until
it is within `GAP` of the witness, or the budget is used up.
"""

from dataclasses import dataclass

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.perturbations._half_spaces import nearest_points
from geomadv.perturbations._margins import Margins
from geomadv.perturbations._radii import positive_beyond
from geomadv.perturbations._search import Search
from geomadv.perturbations._tangents import Tangents, tangents, tilted

BUDGET = 40_000  # boxes for each point
GAP = 1e-4  # relative gap at which branch and bound stops
_DOWN, _UP = 1.0 - 1e-12, 1.0 + 1e-12
DEEPEST = 10  # dimensions up to which boxes are cut
_TOGETHER = 2048  # boxes cut at a time


def _curved(
    level: NDArray,
    bent: NDArray,
    slope: NDArray,
    x: NDArray,
    c: NDArray,
    half: NDArray,
    factor: NDArray,
) -> NDArray:
    """Bound |y - x|_2 where level + <slope, u> - bent |u|^2/2 <= 0, |u|_i <= half_i.

    With a multiplier, best that of the linear problem in the box. Of lambda bent
    |u|^2/2 the part that |y - x|^2 makes up for is left in, theta |u|^2, and the rest
    taken at its largest.
    """
    away = c - x
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


def branch(
    search: Search, X: NDArray, sure: NDArray, near: NDArray, budget: int
) -> tuple[NDArray, NDArray]:
    """Return lower bounds by branch and bound, and the steps, perhaps shorter."""
    (n, d), p = X.shape, search.p
    if budget <= 0 or d > DEEPEST:
        return sure, near
    best = np.linalg.norm(near, p, axis=1)
    best = np.where(near.any(axis=1), best, np.inf)
    widths, size, proven = _region(search, X, best)
    lower, upper = X - widths, X + widths
    # the ends are rounded outwards
    slack = 1e-15 * (np.abs(X) + widths)
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
    search: Search, X: NDArray, near: NDArray, best: NDArray, boxes: "_Boxes"
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
    own = own[found]
    steps = search.cornered(X[own], search.refined(X[own], steps[found]))
    near = search.shortest(steps, own, near)
    size = np.linalg.norm(near, search.p, axis=1)
    return near, np.where(near.any(axis=1), size, np.inf)


def _region(
    search: Search, X: NDArray, best: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Return half-widths of boxes about X to look into, and what is known outside.

    That is the least distance there, and whether nothing of another decision that is
    nearer than all inside lies outside. Where no witness is known, the functions may be
    positive outside of a ball, |z - c| <= R: with the map T = T' diag(units)^-1, s the
    least singular value of T' and u = diag(units)^-1 (y - x), |T' u| <= |T x + t - c| +
    R; if T is injective, |u| is at most that over s, and if not there is such a u for
    each z, and the step units u is longer than the shortest by less than the ratio of
    the norms. For `_clamped` functions, with the nearest point of another decision
    there is one that lies between x and the centres in each coordinate.
    """
    margins, d = search.margins, X.shape[1]
    proven = np.isfinite(best)
    size = np.where(proven, best, 0.0)
    widths = size[:, None] + np.zeros(X.shape)
    rows = np.flatnonzero(~proven)
    if not len(rows):
        return widths, size, proven
    if np.isfinite(search.lower).all() and np.isfinite(search.upper).all():
        widths[rows] = np.maximum(X[rows] - search.lower, search.upper - X[rows])
        proven[rows] = True
        return widths, size, proven
    Z = margins.inner(X[rows])
    centre = margins.centres.mean(axis=0)
    radius = np.linalg.norm(margins.centres - centre, axis=1).max(initial=0.0)
    away = np.linalg.norm(Z - centre, axis=1) + radius
    size[rows] = away + search.width()
    widths[rows] = size[rows, None]
    narrow, flat = 1.0, False
    if margins.T is not None:
        flat = len(margins.T) < d
        free = np.isinf(search.lower).all() and np.isinf(search.upper).all()
        balanced = margins.T * margins.units
        singular = np.linalg.svd(balanced, compute_uv=False)
        narrow = float(singular[-1]) * (1.0 - 1e-10)
        if narrow <= 1e-8 * singular[0] or (flat and not free):
            return widths, size, proven
    reach = radius if _clamped(margins) else positive_beyond(margins, centre)
    if not np.isfinite(reach):
        return widths, size, proven
    u = (away + max(reach - radius, 0.0)) / narrow * (1.0 + 1e-9)
    if flat:  # |units u|_p for the shortest u, and that in each coordinate
        longest = d ** max(1.0 / search.p - 0.5, 0.0) * float(margins.units.max())
        widths[rows] = (u * longest)[:, None]
    else:
        widths[rows] = u[:, None] * margins.units
    proven[rows] = True
    return widths, size, proven


def _clamped(margins: Margins) -> bool:
    """Whether all signs are those at the point of the centres' box that is nearest.

    Where z_i is beyond all centres', the terms exp(-g |z - z_j|_1) have a common factor
    that depends on z_i, and the rest is as at the end.
    """
    level = not margins.beta.any() and margins.T is None
    return level and margins.kernel.name == "laplacian"


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
    def of(cls, search: Search, X: NDArray) -> "_Frame":
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
        Z, reach = margins.inner(centre), margins.reach(centre)
        extent, two, one = self.spread * steps, two * _UP, width.sum(axis=1) * _UP
        found = tangents(margins, Z, width, two, one, reach, extent)
        away = self._away(boxes, x, centre, half, found)
        other = found.value < 0
        lifted = tilted(margins, Z, width, two, reach, extent)
        if lifted is not None:
            level = margins.beta == 0
            more = self._away(boxes, x, centre, half, lifted)
            away = np.where(level, np.maximum(away, more), away)
            other = np.where(level, lifted.value < 0, other)
        bound = np.maximum(margins.change(away), boxes.bound)
        if _clamped(margins):
            bound[self._needless(margins.inner(x), Z - width, Z + width)] = np.inf
        boxes = _Boxes(boxes.owner, boxes.lower, boxes.upper, bound)
        return boxes, margins.changed(other)

    def _needless(
        self, z: NDArray, lower: NDArray, upper: NDArray
    ) -> Bool[NDArray, " k"]:
        """Whether a coordinate is farther from z's than signs ask for: `_clamped`."""
        centres = self.margins.centres
        least, most = centres.min(axis=0), centres.max(axis=0)
        needless = np.zeros(len(z), bool)
        for outside, end in (
            (lower >= most, np.maximum(most, z)),
            (upper <= least, np.minimum(least, z)),
        ):
            slack = 1e-12 * (np.abs(end) + np.abs(z))
            apart = (lower > end + slack) | (upper < end - slack)
            needless |= (outside & apart).any(axis=1)
        return needless

    def _away(
        self, boxes: _Boxes, x: NDArray, centre: NDArray, half: NDArray, found: Tangents
    ) -> Float[NDArray, "k J"]:
        """Return bounds of the distances at which functions turn in boxes."""
        margins = self.margins
        slope = found.slope if margins.T is None else found.slope @ margins.T
        base = found.base - found.drop
        falls = (np.abs(slope) * half[:, None]).sum(axis=2) * _UP
        ways = centre - np.clip(x, boxes.lower, boxes.upper)
        rise = (slope * ways[:, None]).sum(axis=2)
        size = np.abs(base) + (np.abs(slope * ways[:, None])).sum(axis=2)
        # less what all sums may be off by
        height = (base - rise - 1e-14 * size) * (1.0 - 1e-13)
        wide = slope + np.zeros((1, 1, 1))
        nearest, t, _ = nearest_points(
            x[:, None] + 0.0 * wide,
            wide,
            height,
            boxes.lower[:, None] + 0.0 * wide,
            boxes.upper[:, None] + 0.0 * wide,
            self.p,
        )
        away = np.linalg.norm(nearest - x[:, None], self.p, axis=2) * _DOWN
        if self.p == 2:
            bent = found.curve * self.spread**2
            curved = _curved(found.base, bent, slope, x, centre, half, 2.0 * t)
            away = np.maximum(away, curved)
        return np.where((base > falls) | (found.floor > 0), np.inf, away)
