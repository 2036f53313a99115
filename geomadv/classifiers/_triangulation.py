r"""Delaunay triangulations by Qhull: in which simplex a query lies, and where in it.

On the torus of side 1 the points are repeated in [-m, 1 + m]^d. A simplex that meets
the cube belongs to the triangulation of all repetitions if its circumsphere lies within
that box, since it is empty then; m grows until this is so for all that meet it.

Where more than d + 1 points lie on a sphere the triangulation is not unique, and any is
good; Qhull's is taken.
"""

import itertools

import numpy as np
from scipy.spatial import Delaunay

from geomadv._typing import Float, Int, NDArray

_BLOCK = 1 << 22  # entries of transformations at a time
_BYTES = 1 << 28  # that a triangulation may take, as estimated
_SIMPLICES = (0, 1, 2, 7, 32, 186, 1300)  # a random point, in d = 0, ..., 6 dimensions


class TooManySimplicesError(ValueError):
    """The triangulation would take too much memory, as `affordable` estimates."""


def affordable(n: int, d: int) -> bool:
    """Tell whether n random points of R^d have a triangulation of moderate size."""
    return (
        d < len(_SIMPLICES) and max(n, 1) * _SIMPLICES[d] * 8 * (d + 2) ** 2 <= _BYTES
    )


class Triangulation:
    """The Delaunay triangulation of points.

    Parameters
    ----------
    points : (m, d) array
        Different, not all in a hyperplane, of moderate size.
    """

    def __init__(self, points: Float[NDArray, "m d"]) -> None:
        self.points = points
        if points.shape[1] == 1:
            self._order = np.argsort(points[:, 0])
            return
        self.delaunay = Delaunay(points)
        # What scipy computes one simplex at a time when it first looks for it here
        self._transform = _transformations(points, self.delaunay.simplices)
        self.delaunay._transform = self._transform

    def locate(
        self, X: Float[NDArray, "n d"]
    ) -> tuple[Int[NDArray, "n k"], Float[NDArray, "n k"]]:
        """Return the d + 1 vertices around each query, -1 outside, and their weights.

        The weights are barycentric coordinates, at least 0, and sum to 1.
        """
        if X.shape[1] == 1:
            return self._between(X[:, 0])
        found = np.full(len(X), -1)
        order = _along_a_curve(X)  # the search starts where the last one has ended
        found[order] = self.delaunay.find_simplex(X[order])
        vertices = np.where(
            found[:, None] >= 0, self.delaunay.simplices[found].astype(int), -1
        )
        weights = np.empty(vertices.shape)
        d = X.shape[1]
        size = max(1, _BLOCK // (d * (d + 1)))
        for start in range(0, len(X), size):
            part = slice(start, start + size)
            transform = self._transform[found[part]]
            shift = X[part] - transform[:, d]
            weights[part, :d] = np.einsum("nij,nj->ni", transform[:, :d], shift)
        weights[:, d] = 1.0 - weights[:, :d].sum(axis=1)
        for i in np.flatnonzero((found >= 0) & ~np.isfinite(weights).all(axis=1)):
            corners = self.points[vertices[i]]  # of a flat simplex
            square = np.vstack([(corners - X[i]).T, np.ones(d + 1)])
            weights[i] = np.linalg.lstsq(square, np.r_[np.zeros(d), 1.0])[0]
        return vertices, normalised(weights, found >= 0)

    def _between(self, x: Float[NDArray, " n"]) -> tuple[NDArray, NDArray]:
        line = self.points[self._order, 0]
        right = np.clip(np.searchsorted(line, x), 1, len(line) - 1)
        a, b = line[right - 1], line[right]
        inside = (x >= line[0]) & (x <= line[-1])
        vertices = np.stack([self._order[right - 1], self._order[right]], axis=1)
        part = (x - a) / (b - a)
        weights = np.stack([1.0 - part, part], axis=1)
        return np.where(inside[:, None], vertices, -1), normalised(weights, inside)


def _transformations(
    points: Float[NDArray, "m d"], simplices: Int[NDArray, "s k"]
) -> Float[NDArray, "s k d"]:
    """Return T^-1 and x_d of each simplex, T = (x_0 - x_d, ..., x_{d-1} - x_d).

    T^-1 (x - x_d) are d of the barycentric coordinates. As in scipy's `transform`, NaN
    stands for simplices that are flat up to rounding.
    """
    d = points.shape[1]
    corners = points[simplices]
    found = np.empty_like(corners)
    found[:, d] = corners[:, d]
    edges = (corners[:, :d] - corners[:, d:]).transpose(0, 2, 1)
    flat = np.linalg.det(edges) == 0.0
    edges[flat] = np.eye(d)
    found[:, :d] = np.linalg.inv(edges)
    sizes = [np.abs(a).sum(axis=1).max(axis=1) for a in (edges, found[:, :d])]
    flat |= sizes[0] * sizes[1] * 1000.0 * np.finfo(float).eps > 1.0
    found[flat] = np.nan
    return found


class PeriodicTriangulation:
    """The Delaunay triangulation of points on the torus of side 1.

    Parameters
    ----------
    points : (m, d) array
        Different, in [0, 1)^d.

    Raises
    ------
    TooManySimplicesError
        If the repetitions would be too many.
    """

    def __init__(self, points: Float[NDArray, "m d"]) -> None:
        m, d = points.shape
        # on the circle all neighbours are within 1, which costs three times the points
        margin = 1.0 if d == 1 else min(1.0, 2.0 * m ** (-1.0 / d))
        while True:
            repeated, self._names = _repetitions(points, margin)
            if not affordable(len(repeated), d):
                raise TooManySimplicesError(
                    f"{len(repeated)} repetitions in {d} dimensions"
                )
            self._inner = Triangulation(repeated)
            if d == 1 or _reach(self._inner.delaunay) <= margin:
                break
            margin *= 1.5

    def locate(
        self, X: Float[NDArray, "n d"]
    ) -> tuple[Int[NDArray, "n k"], Float[NDArray, "n k"]]:
        """Return the d + 1 vertices around each query of [0, 1)^d, and their weights.

        A place may be a vertex more than once.
        """
        vertices, weights = self._inner.locate(X)
        return self._names[vertices], weights


def _repetitions(
    points: Float[NDArray, "m d"], margin: float
) -> tuple[Float[NDArray, "l d"], Int[NDArray, " l"]]:
    """Return the periodic points in [-margin, 1 + margin]^d, and whose they are."""
    names = np.arange(len(points))
    reach = int(np.ceil(margin))
    for c in range(points.shape[1]):
        moved = [points + shift * np.eye(points.shape[1])[c] for shift in _steps(reach)]
        kept = [(p[:, c] >= -margin) & (p[:, c] <= 1.0 + margin) for p in moved]
        names = np.concatenate([names[k] for k in kept])
        points = np.concatenate([p[k] for p, k in zip(moved, kept, strict=True)])
    return points, names


def _steps(reach: int) -> list[int]:
    return sorted(range(-reach, reach + 1), key=abs)  # the points themselves first


def _reach(delaunay: Delaunay) -> float:
    """Return how far circumspheres of simplices that meet [0, 1]^d leave the cube.

    A plane z = <a, x> + b through lifted points, z = |x|^2, is the sphere with the
    centre a/2 and the squared radius |a|^2/4 + b. Spheres of flat simplices have no
    interior that matters.
    """
    corners = delaunay.points[delaunay.simplices]
    meets = ((corners.max(axis=1) >= 0.0) & (corners.min(axis=1) <= 1.0)).all(axis=1)
    corners = corners[meets]
    edges = corners[:, 1:] - corners[:, :1]
    volume = np.abs(np.linalg.det(edges))
    sides = np.sqrt((edges**2).sum(axis=2)).prod(axis=1)
    solid = volume > 1e-12 * sides
    edges, corners = edges[solid], corners[solid]
    right = (edges**2).sum(axis=2) / 2.0
    offset = np.linalg.solve(edges, right[..., None])[..., 0]
    radius = np.sqrt((offset**2).sum(axis=1))[:, None]
    centre = corners[:, 0] + offset
    return float(max((radius - centre).max(), (centre + radius - 1.0).max()))


def normalised(
    weights: Float[NDArray, "n k"], inside: NDArray
) -> Float[NDArray, "n k"]:
    """Return weights without rounding below 0, with sums 1; outside all are 0."""
    weights = np.where(inside[:, None], np.maximum(weights, 0.0), 0.0)
    return weights / np.where(inside, weights.sum(axis=1), 1.0)[:, None]


def _along_a_curve(X: Float[NDArray, "n d"]) -> Int[NDArray, " n"]:
    """Return an order in which neighbours in space follow each other (Morton's)."""
    n, d = X.shape
    if not n:
        return np.arange(0)
    bits = min(8, 62 // d)
    low, high = X.min(axis=0), X.max(axis=0)
    cells = (X - low) / np.where(high > low, high - low, 1.0) * (2**bits - 1)
    key = np.zeros(n, np.int64)
    for bit, c in itertools.product(range(bits), range(d)):
        key |= (cells[:, c].astype(np.int64) >> bit & 1) << (bit * d + c)
    return np.argsort(key, kind="stable")
