r"""Gaussian expansions without an offset that are positive far from their centres.

With y = 2 g (z - c), f e^(g |z - c|^2) = P(y) - N(y), where P and N are sums of terms
e^(l_i + <y, z_i>), l_i = log|a_i| - g |z_i - c|^2, of the positive and the negative
a_i. Let each negative term's z_j lie in the convex hull of the positive terms' centres,
and P_F and N_F be the sums of the terms on one of its faces F.

**Inside**, at a depth of m, <u, z_i - z_j> >= m for one of the vertices i, so that N_j
< e_j P for |y| > log(e^(l_j)/(e_j least e^(l_i)))/m.

**On faces** N_j > e P only in the polyhedron where N_j is more than e times the term of
each vertex, which extends to infinity along the normals of the faces that z_j is on. If
some z_j have no face in common, their polyhedra meet in a bounded set at most; by
Helly's theorem sets of d + 1 tell. So beyond some R all N_j > e P are on one face F,
and f > 0 if N_F <= (1 - t) P_F and there are less than t/e negative terms.

**Of one face**: P_F - N_F is such a sum in d - 1 variables, for in the face's plane all
but one of the coordinates are coordinates. By induction it is known whether N_F >
P_F somewhere, whence N > P far away along the face's normal, or N_F e^s <= P_F far
away for an s > 0, and branch and bound tells for the rest: with v the mean of the z_i
with the weights of P's terms at the centre of a box, P e^(-<y, v>) is at least what it
is at the centre, by Jensen's inequality, and the convex N e^(-<y, v>) at most what it
is at one of the corners.

A z_j that is off the face by a rounding error does change the sign very far away, where
numbers of this length cannot tell: that z_j is on the plane of a face is found in
rational arithmetic, and of a z_j that seems to be but is not, nothing is concluded: a
bracket then has a certified lower end, and may have an infinite upper one.
"""

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray

_HULL = 4  # dimensions up to which convex hulls are taken
_OUTER = 24  # negative terms on faces
_SETS = 200  # of terms that have no face in common
_CELLS = 1 << 15  # boxes of one face
_ROUNDS = 40  # in which these are cut
_LEAST = 1e-6  # of logarithms of P/N that are told from 0
_LENGTHS = 2.0 ** np.arange(-2, 40)
_DOWN = 1.0 - 1e-9


def dominated_beyond(
    z: Float[NDArray, "m r"],
    c: Float[NDArray, " r"],
    a: Float[NDArray, " m"],
    g: float,
) -> float:
    """Return an R such that f > 0 where |z - c| > R, or infinity."""
    terms = _Terms.of(z, c, a, g)
    if terms.up.all():
        return 0.0
    least, _ = terms.at_infinity
    return terms.beyond(least) / (2.0 * g) if least > 0 else np.inf


def negative_far_away(
    z: Float[NDArray, "m r"],
    c: Float[NDArray, " r"],
    a: Float[NDArray, " m"],
    g: float,
) -> Float[NDArray, "k r"]:
    """Return a point far away where f < 0, or none.

    On the way along the normal of a face F where P_F < N_F.
    """
    terms = _Terms.of(z, c, a, g)
    if terms.up.all():
        return z[:0]
    least, y = terms.at_infinity
    return c + y[None] / (2.0 * g) if least < 0 else z[:0]


def exposed(
    centres: Float[NDArray, "m r"], a: Float[NDArray, " m"]
) -> tuple[Float[NDArray, "k r"], Float[NDArray, "k r"]]:
    """Return negative terms' centres on the hull of all, and directions outwards."""
    from scipy.spatial import ConvexHull, QhullError

    used, down = centres[a != 0], centres[a < 0]
    if centres.shape[1] == 1:
        sides = np.array([[1.0, -used.max()], [-1.0, used.min()]])
    else:
        try:
            sides = ConvexHull(used).equations
        except (QhullError, ValueError):  # all in a flat
            return down[:0], down[:0]
    heights = down @ sides[:, :-1].T + sides[:, -1]
    on = heights > -1e-9 * np.abs(used - used[0]).max()
    return down[on.any(axis=1)], (on @ sides[:, :-1])[on.any(axis=1)]


@dataclass(frozen=True)
class _Terms:
    """A sum of terms +-e^(l_i + <y, z_i>)."""

    z: Float[NDArray, "m r"]
    logs: Float[NDArray, " m"]
    up: Bool[NDArray, " m"]

    @classmethod
    def of(cls, z: NDArray, c: NDArray, a: NDArray, g: float) -> "_Terms":
        """Return those of an expansion."""
        z, a = z[a != 0], a[a != 0]
        return cls(z, np.log(np.abs(a)) - g * ((z - c) ** 2).sum(axis=1), a > 0)

    def ratio(self, Y: Float[NDArray, "n r"]) -> Float[NDArray, " n"]:
        """Return log(P/N) at points."""
        E = self.logs + Y @ (self.z - self.z[0]).T
        up, down = E[:, self.up], E[:, ~self.up]
        return np.asarray(
            np.logaddexp.reduce(up, axis=1) - np.logaddexp.reduce(down, axis=1)
        )

    @cached_property
    def sides(self) -> tuple[NDArray, NDArray, NDArray] | None:
        """The normals of the positive terms' hull, all terms' heights, its vertices."""
        from scipy.spatial import ConvexHull, QhullError

        up, r = np.flatnonzero(self.up), self.z.shape[1]
        if not 0 < r <= _HULL or len(up) <= r or not self.rounding:
            return None
        if r == 1:
            line = self.z[up, 0]
            equations = np.array([[1.0, -line.max()], [-1.0, line.min()]])
            ends = up[[line.argmin(), line.argmax()]]
        else:
            try:
                hull = ConvexHull(self.z[up])
            except QhullError:
                return None
            equations, ends = hull.equations, up[hull.vertices]
        normals = equations[:, :-1]
        return normals, self.z @ normals.T + equations[:, -1], ends

    @property
    def rounding(self) -> float:
        """What heights may be off by."""
        return 1e-9 * float(np.abs(self.z - self.z[0]).max())

    def flat(
        self, rows: Int[NDArray, " k"]
    ) -> tuple[Int[NDArray, " n"], Int[NDArray, " q"]] | None:
        """Return the terms in a plane through the negative ones, and its coordinates.

        One coordinate less than there are; None if there is no such plane.
        """
        rows = rows[np.argsort(self.up[rows], kind="stable")]
        origin = [Fraction(float(v)) for v in self.z[rows[0]]]
        basis, inside = list[tuple[int, list[Fraction]]](), []
        for i in rows:
            step = [
                Fraction(float(v)) - o for v, o in zip(self.z[i], origin, strict=True)
            ]
            for k, base in basis:
                part = step[k] / base[k]
                step = [v - part * w for v, w in zip(step, base, strict=True)]
            if any(step) and len(basis) == len(origin) - 1:  # off the plane
                if not self.up[i]:
                    return None
                continue
            if any(step):
                sizes = [abs(v) for v in step]
                basis.append((sizes.index(max(sizes)), step))
            inside.append(int(i))
        if len(basis) < len(origin) - 1:
            return None
        return np.array(inside), np.sort(np.array([k for k, _ in basis], int))

    @cached_property
    def at_infinity(self) -> tuple[float, NDArray]:
        """The least log(P_F/N_F) known of faces F, or log(P/N) < 0 at a point, and it.

        0 if neither is known.
        """
        least, y, r = np.inf, np.zeros(self.z.shape[1]), self.z.shape[1]
        if self.sides is None:
            return 0.0, y
        normals, heights, _ = self.sides
        lengths = _LENGTHS[:, None] / (1e9 * self.rounding)
        on, first = np.unique(heights > -self.rounding, axis=1, return_index=True)
        for face, normal in zip(on.T, normals[first], strict=True):
            if self.up[face].all():
                continue
            some, foot, flat = 0.0, np.zeros(r), self.flat(np.flatnonzero(face))
            if flat is not None:
                rows, kept = flat
                inside = _Terms(self.z[rows][:, kept], self.logs[rows], self.up[rows])
                some, foot[kept] = inside.least
            least = min(least, max(some, 0.0))
            ray = foot + lengths * normal
            found = self.ratio(ray) if some <= 0 else np.zeros(0)
            if (found < 0).any():
                nearest = int((found < 0).argmax())
                return float(found[nearest]), ray[nearest]
        return least, y

    @cached_property
    def least(self) -> tuple[float, NDArray]:
        """An s > 0 with N e^s <= P everywhere, or log(P/N) < 0 at a point, and it.

        0 if neither is known.
        """
        r = self.z.shape[1]
        if self.up.all():
            return np.inf, np.zeros(r)
        if r == 0:
            found = float(self.ratio(np.zeros((1, 0)))[0])
            return found if abs(found) > _LEAST else 0.0, np.zeros(0)
        far, y = self.at_infinity
        if far <= 0:
            return far, y
        found = min(far, float(self.ratio(y[None])[0]))
        shifted = replace(
            self, logs=np.where(self.up, self.logs, self.logs + found / 2)
        )
        R = shifted.beyond(far - found / 2) if found > 0 else 1.0
        # R is enough for any smaller s
        while found > _LEAST and np.isfinite(R):
            less, point = self._below(found / 2.0, R)
            if less > found / 2.0:
                return found / 2.0, y
            found, y = less, point
        return min(found, 0.0) if np.isfinite(R) else 0.0, y

    def _below(self, s: float, R: float) -> tuple[float, NDArray]:
        """Return log(P/N) < s at a point |y_k| <= R, infinity if there is none.

        0 if it is not known.
        """
        z = self.z - self.z[0]
        r, up, down = z.shape[1], z[self.up], z[~self.up]
        logs, size = self.logs, float(np.abs(self.z).max())
        lost = 1e-12 * (1.0 + float(np.abs(logs).max()) + R * size)
        signs = np.array(list(itertools.product([-1.0, 1.0], repeat=r)))
        Y, half = np.zeros((1, r)), np.full((1, r), R)
        for _ in range(_ROUNDS * r):
            E = logs + Y @ z.T
            P = np.logaddexp.reduce(E[:, self.up], axis=1)
            N = np.logaddexp.reduce(E[:, ~self.up], axis=1)
            worst = int((P - N).argmin())
            if P[worst] - N[worst] < s:
                return float(P[worst] - N[worst]), Y[worst]
            v = np.exp(E[:, self.up] - P[:, None]) @ up
            steps = (down - v[:, None]) * half[:, None]  # (n, k, r)
            grown = E[:, None, ~self.up] + signs @ np.swapaxes(steps, 1, 2)
            most = np.logaddexp.reduce(grown, axis=2).max(axis=1)
            left = P - most <= s + lost
            Y, half = Y[left], half[left]
            if not len(Y):
                return np.inf, np.zeros(r)
            if len(Y) > _CELLS:
                break
            axis = (half * np.ptp(z, axis=0)).argmax(axis=1)
            half = half.copy()
            half[np.arange(len(Y)), axis] /= 2.0
            step = half * (np.arange(r) == axis[:, None])
            Y, half = np.concatenate([Y - step, Y + step]), np.tile(half, (2, 1))
        return 0.0, np.zeros(r)

    def beyond(self, least: float) -> float:
        """Return an R such that P > N where |y| > R, or infinity.

        If log(P_F/N_F) >= least > 0 on all faces F.
        """
        if self.sides is None:
            return np.inf
        (_, heights, ends), logs = self.sides, self.logs
        down, rounding = np.flatnonzero(~self.up), self.rounding
        on = heights > -rounding
        if heights[down].max() > rounding or on[down].any(axis=1).sum() > _OUTER:
            return np.inf
        small = float(np.log(-np.expm1(-least) / len(down) * _DOWN))
        inner = down[~on[down].any(axis=1)]
        depth = -heights[inner].max(axis=1, initial=-np.inf) - rounding
        R = np.inf
        # e is the same for all of them, or in proportion to e^(l_j)
        same = np.log(max(len(inner), 1))
        whole = np.logaddexp.reduce(logs[inner], initial=-np.inf) - same
        for lead in (logs[inner], whole):
            room = np.maximum(lead - small - logs[ends].min() + 1e-9, 0.0)
            R = min(R, float((room / depth).max(initial=0.0)))
        outer = down[on[down].any(axis=1)]
        sets = _apart(np.unique(on, axis=1)[outer], self.z.shape[1] + 1)
        if len(sets) > _SETS:
            return np.inf
        for some in sets:
            pairs = [(i, j) for i in ends for j in outer[list(some)]]
            i, j = np.array(pairs).T
            A, b = self.z[i] - self.z[j], logs[j] - logs[i] - small
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
