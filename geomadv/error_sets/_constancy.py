r"""Balls on which the decision of an interpolant cannot change.

Let a and b be two classes and s_i the share of a less that of b among the labels at
x_i. The rule decides for a rather than b where a sum is positive: S = sum s_i w_i.

- wiNN with weights -ln z: S(x) = sum_i s_i (ln rho - ln r_i)_+, with r_i the distance
  to x_i and rho the (k+1)-st least of them, over *all* i.
- wiNN with weights z^-delta: S(x) = sum of s_i r_i^-delta over the k nearest.
- Hilbert's kernel: S(x) = sum_i s_i r_i^-d over all points.

On the ball of radius R about c each r_i, and rho, moves by R at most. That encloses
every term, but the excess is of the order R sum_i |w_i'|, while S itself moves by
R |sum_i s_i w_i'|, less because labels of both kinds cancel. So the terms that are
smooth on the ball are taken together: their sum is at least its value at c, less R
times the norm of its gradient, less a remainder of the second order. Two remainders:

    ln r_i:    R^2 / (2 r_i (r_i - R)),   for |u/|u|^2 - v/|v|^2| = |u - v| / (|u| |v|),
    r_i^-e:    e (e + 1) R^2 / (2 (r_i - R)^(e + 2)),   the greatest eigenvalue.

Which point is the (k+1)-st is not known where several are within 2R of its distance:
for -ln z, S is one of the sums with rho = r_j for one of these j, and each is bounded,
or where there are many, rho is enclosed by itself.
For z^-delta the sum is over the points that are surely among the k nearest, and over as
many of the doubtful ones as are missing, the worst. Nothing is said where that fails,
nor in balls that hold points of both classes.

Rounding: S counts as positive above 1e-9 times the sum of its terms' sizes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.classifiers import HilbertKernelClassifier, WeightedInterpolatedNN

_NOISE = 1e-9  # of the terms' sizes: rounding
_NEAR = 4.0  # radii within which a point's term is enclosed by itself
_RIVALS = 4  # places from the (k+1)-st in which it is looked for
_PAIRS = 1 << 20  # at a time

Certificate = Callable[
    [Float[NDArray, "m d"], Float[NDArray, " m"], Int[NDArray, " m"]],
    Bool[NDArray, " m"],
]


def certificate(model: Any) -> Certificate | None:
    """Return a function that tells which balls have one decision, or None.

    It takes centres (m, d), radii (m,) and the codes of the decisions at the centres.
    True is certain up to rounding.
    """
    if isinstance(model, WeightedInterpolatedNN):
        return _Neighbours(model)
    if isinstance(model, HilbertKernelClassifier):
        return _Hilbert(model)
    return None


def _blocks(rows: int, columns: int) -> list[slice]:
    size = max(1, _PAIRS // max(columns, 1))
    return [slice(start, start + size) for start in range(0, rows, size)]


class _Neighbours:
    """Certificates of weighted interpolated nearest neighbours."""

    def __init__(self, model: WeightedInterpolatedNN) -> None:
        self.k, self.delta = model.n_neighbors, model._delta()
        if self.k == 1:  # the nearest neighbour, whatever its weight
            self.delta = 1.0
        self.torus = model.domain == "torus"
        self.X, self.codes = model._X, model._codes
        self.classes = len(model.classes_)
        self.tree = cKDTree(self.X, boxsize=1.0 if self.torus else None)
        self.asked = min(len(self.X), 2 * self.k + 16)

    def __call__(
        self,
        centres: Float[NDArray, "m d"],
        radii: Float[NDArray, " m"],
        codes: Int[NDArray, " m"],
    ) -> Bool[NDArray, " m"]:
        found = np.zeros(len(centres), bool)
        for part in _blocks(len(centres), self.asked * (centres.shape[1] + 4)):
            found[part] = self._block(centres[part], radii[part], codes[part])
        return found

    def _block(self, c: NDArray, R: NDArray, code: NDArray) -> NDArray:
        k = self.k
        r, near = self.tree.query(c, k=self.asked)
        kth, outer = r[:, k - 1], r[:, k]
        enough = (r[:, -1] > outer + 2.0 * R) | (self.asked == len(self.X))
        label = self.codes[near]
        mine = label == code[:, None]
        good = enough & (mine | (r > (kth + 2.0 * R)[:, None])).all(axis=1)
        left = np.flatnonzero(enough & ~good)
        sums = self._logarithms if self.delta is None else self._powers
        if len(left):
            fine = np.ones(len(left), bool)
            u = c[left, None] - self.X[near[left]]
            if self.torus:
                u -= np.round(u)
            for b in range(self.classes):
                rows = np.flatnonzero(fine & (code[left] != b))
                at = left[rows]
                s = mine[at].astype(float) - (label[at] == b)
                fine[rows] = sums(r[at], u[rows], R[at], s)
            good[left] = fine
        return good

    def _smooth(self, r: NDArray, R: NDArray) -> NDArray:
        """Tell which points are far enough for a gradient, and have one image only."""
        far = r >= _NEAR * R[:, None]
        return far & (r + R[:, None] < 0.5) if self.torus else far

    def _logarithms(self, r: NDArray, u: NDArray, R: NDArray, s: NDArray) -> NDArray:
        k, last = self.k, r.shape[1] - 1
        smooth = self._smooth(r, R)
        ends = [j for j in (k - _RIVALS, k + _RIVALS) if 0 < j < last]
        close = np.abs(r - r[:, k, None]) <= 2.0 * R[:, None]
        many = close[:, ends].any(axis=1)
        good = np.zeros(len(r), bool)
        rows = np.flatnonzero(many)
        good[rows] = self._sum(r[rows], u[rows], R[rows], s[rows], smooth[rows], None)
        rows = np.flatnonzero(~many)
        good[rows] = True
        for j in range(max(k - _RIVALS, 0), min(k + _RIVALS, last) + 1):
            at = rows[close[rows, j] & good[rows]]
            good[at] = self._sum(r[at], u[at], R[at], s[at], smooth[at], j)
        return good

    def _sum(
        self,
        r: NDArray,
        u: NDArray,
        R: NDArray,
        s: NDArray,
        smooth: NDArray,
        j: int | None,
    ) -> NDArray:
        """Tell where S > 0 with rho the distance to the j-th, or any within R of it."""
        wide = R[:, None]
        top = r[:, self.k if j is None else j]
        joint = smooth & (r < top[:, None] - 2.0 * wide)
        if j is not None:
            joint &= smooth[:, j, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = np.where(joint, s, 0.0)
            slope = np.where(joint[..., None], u / (r**2)[..., None], 0.0)
            bend = 0.5 * wide**2 / ((r - wide) * r)
            value = np.where(joint, s * (np.log(top)[:, None] - np.log(r)), 0.0)
            total = weights.sum(axis=1)
            gradient = -np.einsum("nk,nkd->nd", weights, slope)
            rest = np.where(joint, np.abs(s) * bend, 0.0).sum(axis=1)
            if j is None:
                rest += np.where(total > 0.0, -total * np.log1p(-R / top), 0.0)
                rest += np.where(total < 0.0, -total * np.log1p(R / top), 0.0)
            else:
                gradient += total[:, None] * (u[:, j] / top[:, None] ** 2)
                rest += np.where(total != 0.0, np.abs(total) * bend[:, j], 0.0)
            least = np.log((top[:, None] - wide).clip(0.0)) - np.log(r + wide)
            most = np.log(top[:, None] + wide) - np.log((r - wide).clip(0.0))
            alone = np.where(s > 0.0, np.maximum(least, 0.0), np.maximum(most, 0.0))
            alone = np.where(joint | (s == 0.0), 0.0, s * alone)
        bound = value.sum(axis=1) + alone.sum(axis=1) - rest
        bound -= R * np.linalg.norm(gradient, axis=1)
        return np.asarray(bound > _NOISE * (np.abs(value).sum(axis=1) + 1e-3))

    def _powers(self, r: NDArray, u: NDArray, R: NDArray, s: NDArray) -> NDArray:
        k, wide, e = self.k, R[:, None], float(self.delta or 0.0)
        unit = np.maximum(r[:, :1], wide)
        r, u, wide = r / unit, u / unit[..., None], wide / unit
        low, high = np.maximum(r - wide, 0.0), r + wide
        within = high < r[:, k, None] - wide
        doubtful = ~within & (low <= r[:, k - 1, None] + wide)
        joint = within & self._smooth(r * unit, R)
        missing = k - within.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = np.where(joint, s * r**-e, 0.0)
            pull = np.where(joint, s * e * r ** (-e - 2.0), 0.0)
            bend = 0.5 * e * (e + 1.0) * wide**2 * low ** (-e - 2.0)
            alone = np.where(s > 0.0, s * high**-e, s * low**-e)
            alone = np.where(s == 0.0, 0.0, alone)
        bound = value.sum(axis=1)
        bound -= np.where(joint, np.abs(s) * bend, 0.0).sum(axis=1)
        bound -= wide[:, 0] * np.linalg.norm(np.einsum("nk,nkd->nd", pull, u), axis=1)
        bound += np.where(within & ~joint, alone, 0.0).sum(axis=1)
        worst = np.sort(np.where(doubtful, alone, np.inf), axis=1)
        chosen = np.arange(r.shape[1]) < missing[:, None]
        bound += np.where(chosen, worst, 0.0).sum(axis=1)
        return np.asarray(bound > _NOISE * (np.abs(value).sum(axis=1) + 1e-3))


class _Hilbert:
    """Certificates of Hilbert's kernel."""

    def __init__(self, model: HilbertKernelClassifier) -> None:
        self.torus = model.domain == "torus"
        places = model._places
        self.X, self.d = places.points, places.points.shape[1]
        self.counts = places.weights[:, None] * places.shares

    def __call__(
        self,
        centres: Float[NDArray, "m d"],
        radii: Float[NDArray, " m"],
        codes: Int[NDArray, " m"],
    ) -> Bool[NDArray, " m"]:
        found = np.zeros(len(centres), bool)
        for part in _blocks(len(centres), len(self.X)):
            found[part] = self._block(centres[part], radii[part], codes[part])
        return found

    def _block(self, c: NDArray, R: NDArray, code: NDArray) -> NDArray:
        d, wide = self.d, R[:, None]
        r = self._distances(c)
        unit = np.maximum(r.min(axis=1, keepdims=True), wide)
        far = r >= 2.0 * (d + 1.0) * wide
        if self.torus:
            far &= r + wide < 0.5
        good = np.ones(len(c), bool)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            low, high = np.maximum(r - wide, 0.0) / unit, (r + wide) / unit
            w = (r / unit) ** -float(d)
            bend = 0.5 * d * (d + 1.0) * (wide / unit) ** 2 * low ** -(d + 2.0)
            pull = np.where(far, d * w / r**2, 0.0)
            most, least = low ** -float(d), high ** -float(d)
            for a, b in np.ndindex(self.counts.shape[1], self.counts.shape[1]):
                rows = np.flatnonzero((code == a) & good)
                if a == b or not len(rows):
                    continue
                s = self.counts[:, a] - self.counts[:, b]
                size = w[rows] @ np.abs(s)
                bound = np.where(far[rows], s * w[rows], 0.0).sum(axis=1)
                bound -= np.where(far[rows], np.abs(s) * bend[rows], 0.0).sum(axis=1)
                bound -= R[rows] * np.linalg.norm(
                    self._gradient(c[rows], pull[rows] * s), axis=1
                )
                alone = np.where(s > 0.0, s * least[rows], s * most[rows])
                alone = np.where(far[rows] | (s == 0.0), 0.0, alone)
                good[rows] = bound + alone.sum(axis=1) > _NOISE * size
        return good

    def _distances(self, c: NDArray) -> NDArray:
        if not self.torus:
            return np.asarray(cdist(c, self.X))
        squares = np.zeros((len(c), len(self.X)))
        for axis in range(self.d):
            step = c[:, axis, None] - self.X[:, axis]
            step -= np.rint(step)
            squares += step**2
        return np.asarray(np.sqrt(squares))

    def _gradient(self, c: NDArray, pull: NDArray) -> NDArray:
        """Return the sums of pull times (c - x_i)."""
        if not self.torus:
            return np.asarray(pull.sum(axis=1)[:, None] * c - pull @ self.X)
        columns = []
        for axis in range(self.d):
            step = c[:, axis, None] - self.X[:, axis]
            step -= np.rint(step)
            columns.append((pull * step).sum(axis=1))
        return np.stack(columns, axis=1)
