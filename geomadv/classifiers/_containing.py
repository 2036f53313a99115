r"""The Delaunay simplex around a query without the triangulation.

Delaunay's triangulation is the lower hull of the points lifted to (x_i, |x_i|^2). So
the simplex that contains x is the basic solution of

    min sum_i l_i |x_i - x|^2    over    sum_i l_i (x_i - x) = 0,  sum_i l_i = 1,
                                         l_i >= 0

(|x_i - x|^2 and |x_i|^2 differ by an affine function), and l its barycentric
coordinates. The dual is an affine function <a, u> + b <= |u|^2 at all u = x_i - x, that
is, a sphere with the centre a/2 and the squared radius |a|^2/4 + b that has no point
inside: the reduced cost of x_i is its power. Thus the point that enters a basis, in
Dantzig's rule, is the nearest to the circumcentre of the simplex, and that none lies
inside the sphere proves the simplex right. The simplex method runs for many queries at
once. What does not end in a bounded number of steps (cycles at cospherical points) is
left to HiGHS with all points, or on the torus to the last simplex, with a warning.
Where the triangulation is not unique, each query has one that is right, but two queries
may have simplices of different triangulations.

A first simplex: phase 1, artificial columns, whose least sum is positive where x is
outside the hull. On the torus of side 1 there is no outside, and it is the simplex of
Kuhn's triangulation with the vertices p + Z^d, p the nearest point.
"""

import warnings

import numpy as np
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning

from geomadv import _dispatch
from geomadv._typing import Float, Int, NDArray
from geomadv.classifiers._labels import wrapped
from geomadv.classifiers._triangulation import normalised

_OUTSIDE = 1e-10  # how far a query is outside, in the unit of the points
_POSITIVE = 1e-10  # an entry that may be divided by
_POWER = 1e-11  # of a power, relative to its terms
_FAR = 1e3  # a centre farther away is not searched from, since squares cancel
_STEPS = 60  # a dimension
_PAIRS = 1 << 22  # at a time


class Programs:
    """Delaunay simplices of points, by one linear program for each query.

    Parameters
    ----------
    points : (m, d) array
        Different, not all in a hyperplane, with coordinates of at most about 1.
    torus : bool
        Whether they lie in [0, 1)^d and repeat.
    """

    def __init__(self, points: Float[NDArray, "m d"], *, torus: bool = False) -> None:
        self.points, self._torus = np.ascontiguousarray(points), torus
        self._squares = (points**2).sum(axis=1)

    def locate(
        self, X: Float[NDArray, "n d"]
    ) -> tuple[Int[NDArray, "n k"], Float[NDArray, "n k"]]:
        """Return the d + 1 vertices around each query, -1 outside, and their weights.

        The weights are barycentric coordinates, at least 0, and sum to 1.
        """
        n, d = X.shape
        vertices, weights = np.full((n, d + 1), -1), np.zeros((n, d + 1))
        size = max(1, min(4096, _PAIRS // (d + 1) ** 2))
        for start in range(0, n, size):
            part = slice(start, start + size)
            vertices[part], weights[part] = self._block(X[part])
        return vertices, weights

    def _block(self, X: Float[NDArray, "n d"]) -> tuple[NDArray, NDArray]:
        if self._torus:
            bases = _Bases(*self._kuhn(X))
        else:
            bases = _Bases(*self._artificial(X))
            self._minimise(X, bases, first=True)
        self._minimise(X, bases, first=False)
        if bases.lost.any():
            bases.solve(np.flatnonzero(bases.lost), False)
        vertices = np.where(bases.names < 0, 0, bases.names)
        weights = np.where(bases.names < 0, 0.0, bases.weights)
        weights = normalised(weights, ~bases.outside)
        vertices[bases.outside] = -1
        for i in np.flatnonzero(bases.lost & (not self._torus)):
            vertices[i], weights[i] = self._slow(X[i])
        if self._torus and bases.lost.any():
            warnings.warn(
                f"{bases.lost.sum()} simplices contain their query but may not be "
                "Delaunay's: the simplex method did not end",
                ConvergenceWarning,
                stacklevel=2,
            )
        return vertices, weights

    def _artificial(self, X: Float[NDArray, "n d"]) -> tuple[NDArray, NDArray]:
        """Return bases of the nearest point and d unit vectors."""
        n, d = X.shape
        near = _dispatch.nearest(X, self.points, 1)[1][:, 0]
        corners = np.zeros((n, d + 1, d + 1))
        corners[:, :d, 0] = self.points[near] - X
        corners[:, d, 0] = 1.0
        away = np.where(corners[:, :d, 0] > 0.0, -1.0, 1.0)
        corners[:, np.arange(d), np.arange(1, d + 1)] = away
        names = np.full((n, d + 1), -1)
        names[:, 0] = near
        return corners, names

    def _kuhn(self, X: Float[NDArray, "n d"]) -> tuple[NDArray, NDArray]:
        """Return the simplex of p + Z^d around each query, p the nearest point."""
        n, d = X.shape
        near = _dispatch.nearest(X, self.points, 1, period=1.0)[1][:, 0]
        rest = wrapped(X - self.points[near])
        order = np.argsort(-rest, axis=1)
        corners = np.ones((n, d + 1, d + 1))
        corners[:, :d] = -rest[:, :, None]
        rows = np.arange(n)
        for k in range(d):
            corners[rows, order[:, k], k + 1 :] += 1.0
        return corners, np.repeat(near[:, None], d + 1, axis=1)

    def _minimise(self, X: NDArray, bases: "_Bases", *, first: bool) -> None:
        """Exchange vertices until no cost is less, the artificial sum or the height."""
        active = np.flatnonzero(~(bases.outside | bases.lost))
        for _ in range(_STEPS * (X.shape[1] + 2)):
            if not active.size:
                return
            dual, inverse = bases.solve(active, first)
            x = X[active]
            names, u = self._entering(x, dual, first)
            d = x.shape[1]
            linear = (dual[:, :d] * u).sum(axis=1)
            square = np.zeros(len(u)) if first else (u**2).sum(axis=1)
            size = square + np.abs(dual[:, :d] * u).sum(axis=1) + np.abs(dual[:, d])
            less = square - linear - dual[:, d] < -_POWER * size
            if first:
                missing = np.where(bases.names < 0, bases.weights, 0.0)[active]
                left = missing.sum(axis=1) > _OUTSIDE
                bases.outside[active[~less & left]] = True
                less &= left
            active, u = active[less], u[less]
            good = bases.exchange(active, inverse[less], u, names[less], first)
            bases.lost[active[~good]] = True
            active = active[good]
        bases.lost[active] = True

    def _entering(
        self, x: NDArray, dual: NDArray, first: bool
    ) -> tuple[Int[NDArray, " n"], Float[NDArray, "n d"]]:
        """Return the points of the least reduced cost, and where they are from x."""
        d = x.shape[1]
        half = dual[:, :d] / 2.0
        names = np.zeros(len(x), int)
        if self._torus:
            names = _dispatch.nearest(wrapped(x + half), self.points, 1, period=1.0)[1][
                :, 0
            ]
            delta = self.points[names] - x - half
            return names, delta - np.rint(delta) + half
        searched = np.zeros(len(x), bool)
        if not first:
            searched = np.abs(half).max(axis=1) <= _FAR
        if searched.any():
            centres = (x + half)[searched]
            names[searched] = _dispatch.nearest(centres, self.points, 1)[1][:, 0]
        rest = np.flatnonzero(~searched)
        size = max(1, _PAIRS // len(self.points))
        for start in range(0, len(rest), size):
            part = rest[start : start + size]
            tilt = dual[part, :d] if first else 2.0 * x[part] + dual[part, :d]
            cost = tilt @ self.points.T
            np.negative(cost, out=cost)
            if not first:
                cost += self._squares
            names[part] = cost.argmin(axis=1)
        return names, self.points[names] - x

    def _slow(self, x: Float[NDArray, " d"]) -> tuple[NDArray, NDArray]:
        """Return the vertices and weights of one query by HiGHS."""
        d, u = len(x), self.points - x
        program = linprog(
            (u**2).sum(axis=1),
            A_eq=np.vstack([u.T, np.ones(len(u))]),
            b_eq=np.r_[np.zeros(d), 1.0],
            method="highs-ds",
        )
        if program.x is None:
            return np.full(d + 1, -1), np.zeros(d + 1)
        heavy = np.argsort(-program.x, kind="stable")[: d + 1]
        return heavy, normalised(program.x[None, heavy], np.ones(1, bool))[0]


class _Bases:
    """The bases of many programs: columns (u; 1), or artificial ones of the name -1."""

    def __init__(self, corners: NDArray, names: Int[NDArray, "n k"]) -> None:
        self.corners, self.names = corners, names
        self.weights = np.zeros(names.shape)
        self.outside = np.zeros(len(names), bool)
        self.lost = np.zeros(len(names), bool)

    def solve(self, rows: NDArray, first: bool) -> tuple[NDArray, NDArray]:
        """Return the duals and the inverses; update the weights."""
        corners = self.corners[rows]
        inverse = np.linalg.inv(corners)
        self.weights[rows] = inverse[:, :, -1]
        artificial = self.names[rows] < 0
        if first:
            costs = artificial.astype(float)
        else:
            costs = np.where(artificial, 0.0, (corners[:, :-1] ** 2).sum(axis=1))
        return np.einsum("nk,nkr->nr", costs, inverse), inverse

    def exchange(
        self, rows: NDArray, inverse: NDArray, u: NDArray, names: NDArray, first: bool
    ) -> NDArray:
        """Let points enter, the first weights that vanish leave; tell where it went."""
        column = np.column_stack([u, np.ones(len(u))])
        slope = np.einsum("nkr,nr->nk", inverse, column)
        weights = np.maximum(self.weights[rows], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(slope > _POSITIVE, weights / slope, np.inf)
        if not first:  # what is artificial stays at 0
            stuck = (self.names[rows] < 0) & (np.abs(slope) > _POSITIVE)
            steps[stuck] = 0.0
        least = steps.min(axis=1, keepdims=True)
        good = np.isfinite(least[:, 0])
        ties = steps <= least + 1e-13
        leaving = np.where(ties, np.abs(slope), -1.0).argmax(axis=1)
        rows, leaving = rows[good], leaving[good]
        self.corners[rows, :, leaving] = column[good]
        self.names[rows, leaving] = names[good]
        return good
