r"""Distances to another decision, by boxes on which the decision cannot change.

A cube is cut into boxes. A box is settled if the decision is constant on the ball about
it (`_constancy`); the others are halved in each direction, until so many were looked at
as the budget allows. Let x have the decision a, and let q be a point of another one.
Settled boxes are closed, so of two that touch each other both have the same decision;
the segment from x to q leaves the settled boxes of a through an open box. Thus

    dist(x, another decision) >= the distance to the open boxes,

and to the edge of the cube, where there is something beyond. Each box was also
evaluated at its centre: the nearest centre with another decision bounds the distance
from above, and so does where the decision changes on the segment to it, by bisection.

In any dimension the largest ball about x in which the decision is certainly constant
is another lower bound. Where boxes are too many to be small, from d = 4 on, it is all.
"""

import math
from collections.abc import Callable

import numpy as np

from geomadv._typing import Float, Int, NDArray
from geomadv.error_sets._constancy import Certificate
from geomadv.error_sets._domain import Box, corners

BUDGET = 100_000
_LARGEST = 3  # dimensions that boxes are for
_NEAREST = 8
_FINE = 1e-7  # of the cube: bounds that are near enough
_HALVINGS = 30  # of radii of single balls
_BISECTIONS = 12
_SAFE = 1.0 - 1e-12

Codes = Callable[[Float[NDArray, "n d"]], Int[NDArray, " n"]]


def radii(
    X: Float[NDArray, "n d"],
    codes: Codes,
    certain: Certificate,
    known: Float[NDArray, "m d"],
    domain: str | None,
    budget: int,
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds of the distances from X to points of another decision.

    Parameters
    ----------
    X : (n, d) array
        On the torus or the cube, in it.
    codes : function
        The decisions of points, as integers.
    certain : Certificate
        Of the same decisions.
    known : (m, d) array
        Points near which decisions may differ: those that trained the classifier.
    domain : {"cube", "torus"}, optional
        Where the decision is defined.
    budget : int
        How many boxes to look at, about.
    """
    n, d = X.shape
    if not n:
        return np.zeros(0), np.zeros(0)
    space = Box(d, domain == "torus")
    code = codes(X)
    points, found = known, codes(known)
    reach = _nearest_other(space, X, code, points, found)[0]
    lower = _single(X, code, certain, np.where(np.isfinite(reach), reach, 0.0))
    if d <= _LARGEST and np.isfinite(reach).any():
        if domain is None:
            room = float(reach[np.isfinite(reach)].max())
            start, end = X.min(axis=0) - room, X.max(axis=0) + room
        else:
            start, end = np.zeros(d), np.ones(d)
        opened = OpenBoxes(codes, certain, space, start, end, known, budget)
        points, found = opened.seen, opened.codes
        ahead = opened.distance(space, X)
        if domain is None:
            edge = np.minimum(X - start, end - X).min(axis=1)
            ahead = np.minimum(ahead, edge)
        lower = np.maximum(lower, ahead)
    upper, nearest = _nearest_other(space, X, code, points, found)
    some = np.flatnonzero(np.isfinite(upper))
    steps = space.steps(X[some], points[nearest[some], None])[:, 0]
    upper[some] = _bisected(space, X[some], steps, code[some], codes)
    return np.minimum(lower, upper), upper


def _single(
    X: Float[NDArray, "n d"],
    code: Int[NDArray, " n"],
    certain: Certificate,
    reach: Float[NDArray, " n"],
) -> Float[NDArray, " n"]:
    """Return radii, up to `reach`, of balls about X on which a decision is constant."""
    low, high = np.full(len(X), 0.0), reach.copy()
    for _ in range(_HALVINGS):
        live = np.flatnonzero(high - low > 1e-3 * high)
        if not len(live):
            break
        middle = (low[live] + high[live]) / 2.0
        good = certain(X[live], middle, code[live])
        low[live], high[live] = (
            np.where(good, middle, low[live]),
            np.where(good, high[live], middle),
        )
    return low


class OpenBoxes:
    """The boxes in which a decision may change, and the centres that were seen.

    Those go first that are farthest from all points of other decisions, as bounds there
    are the widest.
    """

    def __init__(
        self,
        codes: Codes,
        certain: Certificate,
        space: Box,
        start: Float[NDArray, " d"],
        end: Float[NDArray, " d"],
        known: Float[NDArray, "m d"],
        budget: int,
    ) -> None:
        d, size = len(start), float((end - start).max())
        h = size / max(1, int((budget / 16) ** (1 / d))) / 2.0
        counts = np.maximum(np.ceil((end - start) / (2.0 * h) - 1e-9), 1).astype(int)
        ticks = [
            a + h * (2 * np.arange(m) + 1) for a, m in zip(start, counts, strict=True)
        ]
        centres = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, d)
        halves = np.full(len(centres), h)
        self.seen, self.codes = known, codes(known)
        self.centres, self.halves = np.empty((0, d)), np.empty(0)
        labels, used = np.empty(0, int), 0
        while True:
            label = codes(centres)
            used += len(centres)
            self.seen = np.concatenate([self.seen, centres])
            self.codes = np.concatenate([self.codes, label])
            left = ~certain(centres, halves * math.sqrt(d) / _SAFE, label)
            self.centres = np.concatenate([self.centres, centres[left]])
            self.halves = np.concatenate([self.halves, halves[left]])
            labels = np.concatenate([labels, label[left]])
            share = min(budget - used, max(used // 2, 4096)) >> d
            if not len(self.centres) or share < 1:
                return
            wide = _nearest_other(space, self.centres, labels, self.seen, self.codes)[0]
            open_ = np.flatnonzero(wide > _FINE * size)
            if not len(open_):
                return
            order = open_[np.argsort(-wide[open_], kind="stable")[:share]]
            halves = np.repeat(self.halves[order] / 2.0, 2**d)
            moved = corners(d) * (self.halves[order, None, None] / 2.0)
            centres = (self.centres[order][:, None] + moved).reshape(-1, d)
            kept = np.ones(len(self.centres), bool)
            kept[order] = False
            self.centres, self.halves = self.centres[kept], self.halves[kept]
            labels = labels[kept]

    def distance(self, space: Box, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return lower bounds of the distances to these boxes."""
        found = np.full(len(X), np.inf)
        for h in np.unique(self.halves).tolist():
            boxes = self.centres[self.halves == h]
            k = min(_NEAREST, len(boxes))
            apart, near = space.tree(boxes).query(X, k=range(1, k + 1), workers=-1)
            steps = np.abs(space.steps(X, boxes[near]))
            sizes = np.sqrt((np.maximum(steps - h, 0.0) ** 2).sum(axis=2)).min(axis=1)
            if k < len(boxes):
                rest = np.maximum(apart[:, -1] - h * math.sqrt(space.d), 0.0)
                sizes = np.minimum(sizes, rest)
            found = np.minimum(found, sizes)
        return np.asarray(found * _SAFE)


def _nearest_other(
    space: Box,
    X: Float[NDArray, "n d"],
    code: Int[NDArray, " n"],
    points: Float[NDArray, "m d"],
    found: Int[NDArray, " m"],
) -> tuple[Float[NDArray, " n"], Int[NDArray, " n"]]:
    """Return distances to the nearest points of other decisions, and which they are."""
    best, nearest = np.full(len(X), np.inf), np.zeros(len(X), int)
    for label in np.unique(code):
        rows, others = np.flatnonzero(code == label), np.flatnonzero(found != label)
        if len(others):
            tree = space.tree(points[others])
            best[rows], at = tree.query(X[rows], workers=-1)
            nearest[rows] = others[at]
    return best, nearest


def _bisected(
    space: Box,
    X: Float[NDArray, "n d"],
    steps: Float[NDArray, "n d"],
    code: Int[NDArray, " n"],
    codes: Codes,
) -> Float[NDArray, " n"]:
    """Return lengths of the parts of steps after which another decision was seen."""
    low, high = np.zeros(len(X)), np.ones(len(X))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        at = X + middle[:, None] * steps
        other = codes(space.fold(at) if space.torus else at) != code
        low, high = np.where(other, low, middle), np.where(other, middle, high)
    return np.asarray(high * np.linalg.norm(steps, axis=1))
