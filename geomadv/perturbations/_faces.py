r"""Gaussian expansions without an offset that are positive far from their centres.

With z = c + R u, f e^(g |z - c|^2) = sum_i b_i e^(2 g R <u, z_i - c>), b_i = a_i e^(-g
|z_i - c|^2). Let P be the sum of the positive terms, N_j a negative one, and z_j lie in
the convex hull of the positive terms' centres; let P_F and N_F be the sums of the terms
on one of its faces F.

**Inside**, at a depth of m, <u, z_i - z_j> >= m for one of the vertices i, so that N_j
< e_j P for R > log(|b_j|/(e_j least b_i))/(2 g m).

**On faces** N_j > e P only in the polyhedron where N_j is more than e times the term of
each vertex, which extends to infinity along the normals of the faces that z_j is on. If
some z_j have no face in common, their polyhedra meet in a bounded set at most; by
Helly's theorem sets of d + 1 tell. So beyond some R all N_j > e P are on one face F,
and f > 0 if N_F <= (1 - t) P_F and there are less than t/e negative terms.

**Of one face**: where z_j = sum_i l_i z_i, l_i > 0 and sum_i l_i = 1, the inequality
of the means gives for any c_i > 0

    sum_i l_i c_i e^(-g |z - z_i|^2) >= prod_i c_i^(l_i) e^(-g sum_i l_i |z_i - z_j|^2)
                                        e^(-g |z - z_j|^2)

since sum_i l_i |z - z_i|^2 = |z - z_j|^2 + sum_i l_i |z_i - z_j|^2. For simplices of
centres, with several c for each, how much of P_F makes up for N_F is a linear program.
A z_j that is off the face by a rounding error does change the sign very far away: the
l_i are found in rational arithmetic.
"""

import itertools
from fractions import Fraction

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray

_HULL = 4  # dimensions up to which convex hulls are taken
_SIMPLICES = 200  # for each negative term
_SUMS = 4000  # of positive terms, in all
_OUTER = 24  # negative terms on faces
_SETS = 200  # of terms that have no face in common
_TILTS = (-3.0, -1.5, -0.75, -0.25, 0.0, 0.25, 0.75, 1.5, 3.0)
_DOWN = 1.0 - 1e-9


def dominated_beyond(
    z: Float[NDArray, "m r"],
    c: Float[NDArray, " r"],
    a: Float[NDArray, " m"],
    g: float,
) -> float:
    """Return an R such that f > 0 where |z - c| > R, or infinity."""
    from scipy.spatial import ConvexHull, QhullError

    a, z = a[a != 0], z[a != 0]
    up, down = np.flatnonzero(a > 0), np.flatnonzero(a < 0)
    if not len(down):
        return 0.0
    if z.shape[1] > _HULL or len(up) <= z.shape[1]:
        return np.inf
    if z.shape[1] == 1:
        line = z[up, 0]
        sides = np.array([[1.0, -line.max()], [-1.0, line.min()]])
        ends = up[[line.argmin(), line.argmax()]]
    else:
        try:
            hull = ConvexHull(z[up])
        except QhullError:
            return np.inf
        sides, ends = hull.equations, up[hull.vertices]
    heights = z @ sides[:, :-1].T + sides[:, -1]
    rounding = 1e-9 * float(np.abs(z - z[0]).max())
    if heights[down].max() > rounding:
        return np.inf
    on = np.unique(heights > -rounding, axis=1)
    if on[down].any(axis=1).sum() > _OUTER:
        return np.inf
    part = 1.0
    for face in on.T:
        if face[down].any():
            part = min(part, _spared(z, a, g, on, face))
    if part <= 0.0:
        return np.inf
    small = float(np.log(part / len(down) * _DOWN))
    logs = np.log(np.abs(a)) - g * ((z - c) ** 2).sum(axis=1)
    inner = down[~on[down].any(axis=1)]
    depth = -heights[inner].max(axis=1, initial=-np.inf) - rounding
    R = np.inf
    # e is the same for all of them, or in proportion to |b_j|
    same = np.log(max(len(inner), 1))
    for lead in (logs[inner], np.logaddexp.reduce(logs[inner], initial=-np.inf) - same):
        room = np.maximum(lead - small - logs[ends].min() + 1e-9, 0.0)
        R = min(R, float((room / (2.0 * g * depth)).max(initial=0.0)))
    outer = down[on[down].any(axis=1)]
    sets = _apart(on[outer], z.shape[1] + 1)
    if len(sets) > _SETS:
        return np.inf
    for some in sets:
        pairs = [(i, j) for i in ends for j in outer[list(some)]]
        i, j = np.array(pairs).T
        A, b = 2.0 * g * (z[i] - z[j]), logs[j] - logs[i] - small
        R = max(R, _farthest(A, b))
    return R


def _apart(on: Bool[NDArray, "k f"], most: int) -> list[tuple[int, ...]]:
    """Return the least sets of rows, of up to some size, with no column in common."""
    found = list[tuple[int, ...]]()
    for size in range(2, most + 1):
        for some in itertools.combinations(range(len(on)), size):
            if not on[list(some)].all(axis=0).any() and not any(
                set(less) <= set(some) for less in found
            ):
                found.append(some)
        if len(found) > _SETS:
            break
    return found


def _farthest(A: Float[NDArray, "k r"], b: Float[NDArray, " k"]) -> float:
    """Bound |z| where A z <= b, infinity if that is not known to be bounded."""
    from scipy.optimize import linprog

    r, square = A.shape[1], 0.0
    room = b + 1e-5 * (1.0 + np.abs(b))
    for k in range(r):
        most = 0.0
        for sign in (-1.0, 1.0):
            way = sign * np.eye(r)[k]
            found = linprog(way, A, room, bounds=(None, None), method="highs")
            if found.status == 2:  # there is no such z
                return 0.0
            if found.status != 0:
                return np.inf
            most = max(most, abs(float(found.fun)))
        square += most * most
    return float(np.sqrt(square)) * (1.0 + 1e-5)


def _spared(
    z: Float[NDArray, "m r"],
    a: Float[NDArray, " m"],
    g: float,
    on: Bool[NDArray, "m f"],
    face: Bool[NDArray, " m"],
) -> float:
    """Return a t with N_F <= (1 - t) P_F, negative if none was found."""
    from scipy.optimize import linprog

    up, down = np.flatnonzero((a > 0) & face), np.flatnonzero((a < 0) & face)
    uses, pays = list[NDArray](), list[NDArray]()
    for j in down:
        first = len(uses)
        for S, weights in _simplices(z, up[(on[up] >= on[j]).all(axis=1)], int(j)):
            if len(uses) - first > _SUMS // len(down):
                break
            spread = (weights * ((z[S] - z[j]) ** 2).sum(axis=1)).sum()
            gain = np.exp(-g * spread) * _DOWN
            for tilt in itertools.product(_TILTS, repeat=len(S) - 1):
                c = a[S] / weights * np.exp(np.array([0.0, *tilt]))
                c /= np.exp((weights * np.log(c)).sum())
                uses.append(np.bincount(S, weights * c, len(a))[up] / a[up])
                pays.append(np.where(down == j, gain / -a[j], 0.0))
    if not uses:
        return -1.0
    U, G = np.array(uses).T, np.array(pays).T
    # the least largest share of a positive term that is used
    found = linprog(
        np.r_[np.zeros(len(uses)), 1.0],
        A_ub=np.block([[U, -np.ones((len(up), 1))], [-G, np.zeros((len(down), 1))]]),
        b_ub=np.r_[np.zeros(len(up)), -np.ones(len(down))],
        method="highs",
    )
    if found.x is None:
        return -1.0
    share = np.maximum(found.x[:-1], 0.0)
    paid = float((G @ share).min())  # 1 but for the program's tolerance
    return 1.0 - float((U @ share).max()) / paid / _DOWN if paid > 0 else -1.0


def _simplices(
    z: Float[NDArray, "m r"], near: Int[NDArray, " k"], j: int
) -> list[tuple[NDArray, NDArray]]:
    """Return simplices of some centres that hold z_j inside, and its weights there."""
    found = []
    sizes = range(2, z.shape[1] + 1)
    chosen = (s for k in sizes for s in itertools.combinations(near, k))
    for some in itertools.islice(chosen, _SIMPLICES):
        weights = _weights(z[list(some)], z[j])
        if weights is not None:
            found.append((np.array(some), weights))
    return found


def _weights(
    corners: Float[NDArray, "k r"], point: Float[NDArray, " r"]
) -> Float[NDArray, " k"] | None:
    """Return the positive weights whose mean of the corners is the point, or None."""
    rows = [
        [Fraction(float(v)) - Fraction(float(p)) for v in column]
        for column, p in zip(corners.T, point, strict=True)
    ]
    rows = [[*row, Fraction(0)] for row in rows]
    # sum_i l_i (z_i - z_j) = 0, and last that the sum is 1: of the rows above, if they
    # have as many pivots as there are corners, all l_i are 0
    rows.append([Fraction(1)] * (len(corners) + 1))
    for k in range(len(corners)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][k]:
                part = rows[i][k]
                rows[i] = [v - part * w for v, w in zip(rows[i], rows[k], strict=True)]
    found = np.array([float(row[-1]) for row in rows[: len(corners)]])
    return found if (found > 0).all() else None
