r"""Distances to another decision of the simplicial rule, exact in dimension 1, 2 and 3.

On a simplex of the triangulation g = eta - 1/2 is affine and continuous, so that inside
of the hull the decision of two classes changes on {g = 0} alone: in each simplex with a
vertex of g > 0 and one of g <= 0, the polytope with the corners
x_i + g_i/(g_i - g_j) (x_j - x_i) for all such i, j, a point, a segment, or one or two
triangles. The distance to them is a minimum over few of them at a time.

The hull is convex. From x in it, the nearest point of another decision *in the hull* is
on {g = 0}; from outside it may also be on the hull's faces, in the part with another
decision, a simplex or two again. Points outside of the hull:

- "error": there are none. "uniform" and "prior": they all have one decision b. If x is
  inside and is decided otherwise, they are as far as the nearest face.
- "nearest": with p the place nearest to x, another decision there is at least as far as
  the hull's edge, and as the half-space of the points nearer to q than to p, for one of
  the places q of the other label. That is a lower bound only, but not needed on a line,
  where the decision outside is that of the hull's end.

The hull's faces are those of the triangulation: places may lie in a face and not be
corners of the hull.

On the torus there is no outside. Where more points than a simplex has lie on an empty
sphere, Qhull may divide the cell in one way at one edge of the cube and in another way
at the opposite one, and the decision jumps there. Then the simplices that meet the cube
are, up to translations, of more volume than the torus, and distances are exact only
where the edge is farther.

Beyond, and for more classes, bounds: the ball about x that stays in its simplex and on
its side of all eta_a = eta_b there has one decision, and the nearest place with another
one is no nearer than the nearest point with another one.
"""

import math
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, cKDTree
from scipy.spatial.distance import cdist

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.classifiers import SimplicialInterpolant
from geomadv.classifiers._triangulation import PeriodicTriangulation, Triangulation
from geomadv.error_sets._domain import corners as cube_corners

_LARGEST = 3
_PAIRS = 1 << 18  # of points and pieces at a time


def known_level_set(model: object) -> bool:
    """Tell whether the distances are known: a triangulation of two classes, d <= 3."""
    return (
        isinstance(model, SimplicialInterpolant)
        and model.method_ == "triangulation"
        and model.rank_ == model._places.points.shape[1] <= _LARGEST
        and len(model.classes_) == 2
    )


def level_radii(
    model: SimplicialInterpolant, X: Float[NDArray, "n d"]
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds of the distances to another decision; equal where exact."""
    places, shares = model._places.points, model._places.shares[:, 1] - 0.5
    torus, d = model.domain == "torus", places.shape[1]
    inner = model._inner
    if isinstance(inner, PeriodicTriangulation):
        corners = inner._inner
        points, g = corners.points, shares[inner._names]
    else:
        corners, points, g = inner, places, shares
    cells = _simplices(corners, d)
    pieces = _pieces(points[cells], g[cells])
    apart = _to_pieces(X, pieces)
    if not torus and d > 1 and corners.delaunay.coplanar.size:  # places of their own
        lost = corners.delaunay.coplanar[:, 0]
        apart_lower = cKDTree(places[lost]).query(X)[0]
    else:
        apart_lower = np.full(len(X), np.inf)
    if torus:
        if _volume(corners, inner._names, places) > 1.0 + 1e-9:
            return _up_to_the_edge(model, X, apart)
        return np.minimum(apart, apart_lower), apart
    return _with_outside(model, X, apart, apart_lower, places, shares)


def simplex_radii(
    model: SimplicialInterpolant, X: Float[NDArray, "n d"]
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds from the simplex about each point; not on the torus."""
    places, shares = model._places.points, model._places.shares
    n, d = X.shape
    lower, upper = np.zeros(n), np.full(n, np.inf)
    code = np.searchsorted(model.classes_, model.predict(X))
    known = np.searchsorted(model.classes_, model.predict(places))
    for label in np.unique(code):
        rows = code == label
        if (known != label).any():
            upper[rows] = cKDTree(places[known != label]).query(X[rows])[0]
    if model.rank_ < d or model._frame is None:
        return lower, upper
    size = max(1, _PAIRS // (d + 1) ** 2)
    for start in range(0, n, size):
        part = slice(start, start + size)
        moved, _ = model._frame(X[part])
        vertices, weights = model._inner.locate(moved)
        corners = places[vertices].transpose(0, 2, 1)
        square = np.concatenate([corners, np.ones((len(corners), 1, d + 1))], axis=1)
        slopes, good = _inverses(square)
        eta = np.einsum("nkc,nk->nc", shares[vertices], weights)
        lead = np.take_along_axis(eta, code[part][:, None], axis=1) - eta
        tilt = np.einsum("nkc,nkd->ncd", shares[vertices], slopes[:, :, :d])
        tilt = np.take_along_axis(tilt, code[part][:, None, None], axis=1) - tilt
        with np.errstate(divide="ignore", invalid="ignore"):
            faces = weights / np.linalg.norm(slopes[:, :, :d], axis=2)
            sides = np.where(lead > 0.0, lead / np.linalg.norm(tilt, axis=2), 0.0)
        sides[np.arange(len(sides)), code[part]] = np.inf
        found = np.minimum(faces.min(axis=1), sides.min(axis=1))
        good &= (vertices[:, 0] >= 0) & np.isfinite(found)
        lower[part] = np.where(good, found * (1.0 - 1e-9), 0.0)
    return np.minimum(lower, upper), upper


def _inverses(
    square: Float[NDArray, "n k k"],
) -> tuple[Float[NDArray, "n k k"], Bool[NDArray, " n"]]:
    """Return inverses, and whether they are good to some digits."""
    k = square.shape[1]
    shift = square[:, :-1].mean(axis=2)
    square = square.copy()
    square[:, :-1] -= shift[..., None]
    flat = np.linalg.det(square) == 0.0
    square[flat] = np.eye(k)
    found = np.linalg.inv(square)
    sizes = [np.abs(a).sum(axis=2).max(axis=1) for a in (square, found)]
    return found, ~flat & (sizes[0] * sizes[1] < 1e8)


def _with_outside(
    model: SimplicialInterpolant,
    X: Float[NDArray, "n d"],
    apart: Float[NDArray, " n"],
    lost: Float[NDArray, " n"],
    places: Float[NDArray, "m d"],
    shares: Float[NDArray, " m"],
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    code = (model.predict(X) == model.classes_[1]).astype(int)
    faces, depth = _hull(places, X)
    if places.shape[1] > 1:
        faces = _faces(model._inner.delaunay, places)
    inside = depth >= 0.0
    for label in (0, 1):  # parts of faces with another decision, seen from outside
        rows = np.flatnonzero(~inside & (code == label))
        part = _cut(places[faces], shares[faces], above=label == 0)
        apart[rows] = np.minimum(apart[rows], _to_pieces(X[rows], part))
    lower, upper = apart.copy(), apart
    if model.outside in ("uniform", "prior"):
        share = 0.5 if model.outside == "uniform" else model._prior[1]
        leaves = inside & (code != int(share > 0.5))
        lower[leaves] = np.minimum(lower[leaves], depth[leaves])
        if model.domain is None:
            upper = np.where(leaves, np.minimum(upper, depth), upper)
    elif model.outside == "nearest" and not _everywhere(model, places):
        beyond = _other_cells(X, code, places, shares > 0.0)
        lower = np.minimum(lower, np.maximum(beyond, depth))
    return np.minimum(np.minimum(lower, lost), upper), upper


def _solid(corners: Float[NDArray, "s k d"]) -> tuple[NDArray, NDArray]:
    """Return the volumes of simplices times d!, and which of them are not flat."""
    edges = corners[:, 1:] - corners[:, :1]
    volumes = np.abs(np.linalg.det(edges))
    sides = np.sqrt((edges**2).sum(axis=2)).prod(axis=1)
    return volumes, volumes > 1e-12 * sides


def _faces(delaunay: Any, places: Float[NDArray, "m d"]) -> Int[NDArray, "f d"]:
    """Return the faces of simplices beyond which there is none that is not flat."""
    simplices, beyond = delaunay.simplices.astype(int), delaunay.neighbors
    solid = _solid(places[simplices])[1]
    alone = solid[:, None] & ((beyond < 0) | ~solid[beyond])
    found = [
        np.delete(simplices, i, axis=1)[alone[:, i]] for i in range(alone.shape[1])
    ]
    return np.concatenate(found)


def _volume(
    corners: Triangulation, names: Int[NDArray, " l"], places: Float[NDArray, "m d"]
) -> float:
    """Return the volume of the simplices that meet the cube, translates counted once.

    Places are moved by whole numbers; a simplex is known by its places and by how they
    are moved relative to the first of them in an order that no translation changes.
    """
    d = places.shape[1]
    if d == 1:
        return 1.0
    cells = corners.delaunay.simplices.astype(int)
    at = corners.points[cells]
    cells = cells[((at.max(axis=1) > 0.0) & (at.min(axis=1) < 1.0)).all(axis=1)]
    volumes, solid = _solid(corners.points[cells])
    cells, volumes = cells[solid], volumes[solid]
    shifts = np.rint(corners.points - places[names]).astype(int)
    keys = np.concatenate([names[cells][..., None], shifts[cells]], axis=2)
    order = np.lexsort(np.moveaxis(keys, 2, 0)[::-1], axis=-1)
    keys = np.take_along_axis(keys, order[..., None], axis=1)
    keys[..., 1:] -= keys[:, :1, 1:].copy()
    _, first = np.unique(keys.reshape(len(keys), -1), axis=0, return_index=True)
    return float(volumes[first].sum()) / math.factorial(d)


def _up_to_the_edge(
    model: SimplicialInterpolant, X: Float[NDArray, "n d"], apart: Float[NDArray, " n"]
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds where only what is nearer than the edge of the cube is known."""
    edge = np.minimum(X, 1.0 - X).min(axis=1)
    code, places = model.predict(X), model._places.points
    known, upper = model.predict(places), np.full(len(X), np.inf)
    for label in np.unique(code):
        rows, others = code == label, places[known != label]
        if len(others):
            upper[rows] = cKDTree(others, boxsize=1.0).query(X[rows])[0]
    near = apart <= edge
    return np.where(near, apart, np.minimum(edge, upper)), np.where(near, apart, upper)


def _other_cells(
    X: Float[NDArray, "n d"],
    code: Int[NDArray, " n"],
    places: Float[NDArray, "m d"],
    labels: Bool[NDArray, " m"],
) -> Float[NDArray, " n"]:
    """Return lower bounds of distances to points nearest to a place of another label.

    (|x - q|^2 - |x - p|^2)/(2 |q - p|), the least one.
    """
    r, near = cKDTree(places).query(X)
    found = np.full(len(X), np.inf)
    for label in (0, 1):
        others = places[labels != bool(label)]
        mine = np.flatnonzero(code == label)
        for start in range(0, len(mine), max(1, _PAIRS // max(len(others), 1))):
            rows = mine[start : start + max(1, _PAIRS // max(len(others), 1))]
            if not len(others):
                continue
            gap = cdist(X[rows], others) ** 2 - (r[rows] ** 2)[:, None]
            apart = cdist(places[near[rows]], others)
            with np.errstate(divide="ignore", invalid="ignore"):
                heights = np.where(apart > 0.0, gap / (2.0 * apart), 0.0)
            found[rows] = np.maximum(heights.min(axis=1), 0.0)
    return found


def _everywhere(model: SimplicialInterpolant, places: Float[NDArray, "m d"]) -> bool:
    """Tell whether no other decision is outside only.

    On a line the decision there is that of the hull's end; and a cube may have no
    outside.
    """
    d = places.shape[1]
    ends = (cube_corners(d) + 1.0) / 2.0
    inside = d > 1 and (_hull(places, ends)[1] >= -1e-12).all()
    return d == 1 or (model.domain == "cube" and bool(inside))


def _simplices(corners: Triangulation, d: int) -> Int[NDArray, "s k"]:
    if d == 1:
        order = corners._order
        return np.stack([order[:-1], order[1:]], axis=1)
    return corners.delaunay.simplices.astype(int)


def _pieces(
    corners: Float[NDArray, "s k d"], g: Float[NDArray, "s k"]
) -> Float[NDArray, "p d d"]:
    """Return the simplices, of d corners each, that make up {g = 0}."""
    d = corners.shape[2]
    found = []
    high = g > 0.0
    for above in range(1, d + 1):
        rows = np.flatnonzero(high.sum(axis=1) == above)
        if not len(rows):
            continue
        order = np.argsort(~high[rows], axis=1, kind="stable")
        x = np.take_along_axis(corners[rows], order[..., None], axis=1)
        v = np.take_along_axis(g[rows], order, axis=1)
        up, down = range(above), range(above, d + 1)
        cuts = {
            (i, j): x[:, i]
            + (v[:, i] / (v[:, i] - v[:, j]))[:, None] * (x[:, j] - x[:, i])
            for i in up
            for j in down
        }
        if len(cuts) <= d:
            found.append(np.stack(list(cuts.values()), axis=1))
        else:  # d = 3, two and two: a quadrangle
            ring = [cuts[0, 2], cuts[0, 3], cuts[1, 3], cuts[1, 2]]
            found += [np.stack(ring[:3], axis=1), np.stack(ring[2:] + ring[:1], axis=1)]
    return np.concatenate(found) if found else np.empty((0, d, d))


def _cut(
    corners: Float[NDArray, "f d d"], g: Float[NDArray, "f d"], *, above: bool
) -> Float[NDArray, "p d d"]:
    """Return the parts of faces where g > 0, or <= 0, as simplices of d corners."""
    d = corners.shape[2]
    if not len(corners):
        return corners
    mine = (g > 0.0) if above else (g <= 0.0)
    found = [corners[mine.all(axis=1)]]
    for count in range(1, d):
        rows = np.flatnonzero(mine.sum(axis=1) == count)
        order = np.argsort(~mine[rows], axis=1, kind="stable")
        x = np.take_along_axis(corners[rows], order[..., None], axis=1)
        v = np.take_along_axis(g[rows], order, axis=1)

        def cut(i: int, j: int, x: NDArray = x, v: NDArray = v) -> NDArray:
            part = v[:, i] / (v[:, i] - v[:, j])
            return np.asarray(x[:, i] + part[:, None] * (x[:, j] - x[:, i]))

        ends = [cut(i, j) for i in range(count) for j in range(count, d)]
        if count == 1:
            found.append(np.stack([x[:, 0], *ends], axis=1))
        else:  # d = 3, two corners and two cuts
            found.append(np.stack([x[:, 0], x[:, 1], ends[0]], axis=1))
            found.append(np.stack([x[:, 1], ends[0], ends[1]], axis=1))
    return np.concatenate(found)


def _hull(
    places: Float[NDArray, "m d"], X: Float[NDArray, "n d"]
) -> tuple[Int[NDArray, "f d"], Float[NDArray, " n"]]:
    """Return the hull's faces and how far inside of all of them X are."""
    if places.shape[1] == 1:
        x, ends = places[:, 0], np.array([places[:, 0].argmin(), places[:, 0].argmax()])
        depth = np.minimum(X[:, 0] - x[ends[0]], x[ends[1]] - X[:, 0])
        return ends[:, None], depth
    hull = ConvexHull(places)
    planes = hull.equations
    depth = np.full(len(X), np.inf)
    size = max(1, _PAIRS // len(planes))
    for start in range(0, len(X), size):
        part = slice(start, start + size)
        heights = X[part] @ planes[:, :-1].T + planes[:, -1]
        depth[part] = -heights.max(axis=1)
    return hull.simplices.astype(int), depth


def _to_pieces(
    X: Float[NDArray, "n d"], pieces: Float[NDArray, "p k d"]
) -> Float[NDArray, " n"]:
    """Return distances to the nearest of many small simplices.

    The nearest middles are looked at, more of them until no other can be nearer.
    """
    best = np.full(len(X), np.inf)
    if not len(pieces) or not len(X):
        return best
    middles = pieces.mean(axis=1)
    sizes = np.sqrt(((pieces - middles[:, None]) ** 2).sum(axis=2)).max(axis=1)
    groups = np.frexp(np.maximum(sizes, np.median(sizes)))[1]
    for group in np.unique(groups).tolist():  # sizes of one magnitude
        members = np.flatnonzero(groups == group)
        size, tree = float(sizes[members].max()), cKDTree(middles[members])
        rows, k = np.arange(len(X)), 8
        while len(rows):
            k = min(k, len(members))
            step = max(1, _PAIRS // k)
            left = []
            for start in range(0, len(rows), step):
                at = rows[start : start + step]
                apart, near = tree.query(X[at], k=range(1, k + 1))
                found = _to_simplices(X[at], pieces[members[near]]).min(axis=1)
                best[at] = np.minimum(best[at], found)
                left.append(at[apart[:, -1] - size < best[at]])
            rows = np.concatenate(left) if k < len(members) else rows[:0]
            k *= 4
    return best


def _to_simplices(
    X: Float[NDArray, "n d"], pieces: Float[NDArray, "n m k d"]
) -> Float[NDArray, "n m"]:
    """Return distances to points, segments or triangles."""
    k = pieces.shape[2]
    u = X[:, None] - pieces[:, :, 0]
    if k == 1:
        return np.asarray(np.sqrt((u**2).sum(axis=2)))
    if k == 2:
        return _to_segments(u, pieces[:, :, 1] - pieces[:, :, 0])
    a, b = pieces[:, :, 1] - pieces[:, :, 0], pieces[:, :, 2] - pieces[:, :, 0]
    best = np.minimum(_to_segments(u, a), _to_segments(u, b))
    best = np.minimum(best, _to_segments(u - a, b - a))
    normal = np.cross(a, b)
    square = (normal**2).sum(axis=2)
    over = _above(u, a, b, normal, square)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.abs((u * normal).sum(axis=2)) / np.sqrt(square)
    return np.where(over, np.minimum(best, height), best)


def _above(
    u: NDArray, a: NDArray, b: NDArray, normal: NDArray, square: NDArray
) -> Bool[NDArray, "n m"]:
    """Tell whether the foot of u on the plane of a and b is in their triangle."""
    first = (np.cross(u, b) * normal).sum(axis=2)
    second = (np.cross(a, u) * normal).sum(axis=2)
    inside = (first >= 0.0) & (second >= 0.0) & (first + second <= square)
    return np.asarray(inside & (square > 0.0))


def _to_segments(u: NDArray, a: NDArray) -> Float[NDArray, "n m"]:
    length = (a**2).sum(axis=2)
    part = (u * a).sum(axis=2) / np.where(length > 0.0, length, 1.0)
    rest = u - np.clip(part, 0.0, 1.0)[..., None] * a
    return np.asarray(np.sqrt((rest**2).sum(axis=2)))
