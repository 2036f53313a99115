r"""Two intertwined swiss rolls, on involutes of a circle.

The involute of the circle of radius R, turned by alpha, is

    c(t) = R (cos p + t sin p, sin p - t cos p),   p = t + alpha.

It is the end of a taut string of length R t that leaves the circle at the angle p: its
normals are the tangents of the circle, c' = R t (cos p, sin p), its arc length from 0
is R t^2/2 and its radius of curvature R t. On one tangent, the involutes at alpha and
alpha + pi are a distance pi R apart, everywhere: they are parallel curves. The core is
R^3, where the class -1 is the roll c(t) x [0, height] with alpha = 0 and the class +1
that with alpha = pi, t from `start` to start + 2 pi turns. For start >= pi/2 neither
curvature nor ends come closer than the other roll,

    reach = decision_reach = pi R/2.

A point z outside the circle lies on one tangent, R e(p) + l (sin p, -cos p) with
l^2 = |z|^2 - R^2, and its feet on a roll are at t = p - alpha + 2 pi j, at distances
|l - R t|. The nearest point is the nearest of these, or an end: exact, without a
search. t^2 is uniform, and so is the height.

*The decision axis* is a cylinder over the points of the plane that are equally far from
both curves. Where both nearest points are feet on one tangent it is the involutes at
alpha = +-pi/2, halfway between the rolls, and the distance to it is half the difference
of the distances to the classes. Near the ends, and inside and outside of all turns, it
is the bisector of an end and a curve, or of two ends, which has no closed form: there
the distance is enclosed by a search to any tolerance (`axis_bounds`).
"""

import math

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real
from geomadv.data._manifolds._axis_search import zero_distance
from geomadv.data._manifolds._embedding import lengths
from geomadv.data._manifolds._labelled import LabelledManifold, fair_labels


class SwissRolls(LabelledManifold):
    """Two intertwined swiss rolls in a three-dimensional subspace of R^d.

    Parameters
    ----------
    d : int
        Ambient dimension, at least 3.
    turns : int
        Turns of each roll, at least 1.
    radius : float
        R, above 0: the rolls are pi R apart.
    height : float
        Height of the rolls, above 0.
    start : float
        Where the rolls start, at least pi/2.
    noise : float
        Standard deviation of isotropic noise, at least 0.
    rotation : int, optional
        Seed of a rotation; None leaves them in the first three coordinates.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> rolls = SwissRolls(3, radius=2 / np.pi)
    >>> X, y = rolls.sample(1000, 0)
    >>> rolls.decision_reach, bool(rolls.distance(X).max() < 1e-12)
    (1.0, True)
    >>> bool(rolls.distance_to_class(X[y < 0], 1).min() > 2 - 1e-12)
    True
    """

    def __init__(
        self,
        d: int = 3,
        *,
        turns: int = 2,
        radius: float = 1.0,
        height: float = 10.0,
        start: float = math.pi / 2,
        noise: float = 0.0,
        rotation: int | None = None,
    ) -> None:
        super().__init__(2, 3, d, noise, rotation)
        self.turns = integer("turns", turns, minimum=1)
        self.radius = real("radius", radius, lower=0, open_lower=True)
        self.height = real("height", height, lower=0, open_lower=True)
        self.start = real("start", start, lower=math.pi / 2)

    @property
    def end(self) -> float:
        """Where the rolls end: start + 2 pi turns."""
        return self.start + 2 * math.pi * self.turns

    @property
    def decision_reach(self) -> float:
        """Half the distance of the rolls, pi R/2."""
        return math.pi * self.radius / 2

    @property
    def reach(self) -> float:
        """The same."""
        return self.decision_reach

    def axis_bounds(
        self, X: ArrayLike, *, tolerance: float = 1e-6
    ) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
        """Return certified bounds on the distances of points to the decision axis.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        tolerance : float
            How far the bounds may be apart, in units of `radius`, above 0.

        Returns
        -------
        lower, upper : (n,) array
            Equal to rounding between the rolls, where the axis is an involute.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described.

        Notes
        -----
        Between the rolls by a bisection for all points at once; elsewhere by a search
        that takes some 0.05 s a point.

        Examples
        --------
        >>> rolls = SwissRolls(3, radius=2 / np.pi)
        >>> X, _ = rolls.sample(20, 0)
        >>> lower, upper = rolls.axis_bounds(X)
        >>> bool(lower.min() > 1 - 1e-6), bool((upper - lower).max() < 1e-6)
        (True, True)
        """
        slack = real("tolerance", tolerance, lower=0, open_lower=True) * self.radius
        plane = self.embedding.coordinates(X)[:, :2]
        gap = self._gap(plane)
        feet = [self._nearest(_flat(plane), label)[:, :2] for label in (-1, 1)]
        others = np.where((gap < 0)[:, np.newaxis], feet[0], feet[1])
        return zero_distance(self._gap, plane, others, slack)

    def _gap(self, plane: NDArray) -> NDArray:
        """Return how much farther the class +1 is than -1 in the plane."""
        Z = _flat(plane)
        far, near = (lengths(Z - self._nearest(Z, label)) for label in (1, -1))
        return np.asarray(far - near)

    def _curve(self, t: NDArray, alpha: NDArray | float) -> NDArray:
        p = t + alpha
        c, s = np.cos(p), np.sin(p)
        return self.radius * np.stack([c + t * s, s - t * c], axis=-1)

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        y = fair_labels(n, rng)
        t = np.sqrt(self.start**2 + rng.random(n) * (self.end**2 - self.start**2))
        plane = self._curve(t, np.where(y < 0, 0.0, math.pi))
        return np.column_stack([plane, self.height * rng.random(n)]), y

    def _tangents(self, plane: NDArray) -> tuple[NDArray, NDArray]:
        """Return the angles of the points of tangency and the lengths over R."""
        size = lengths(plane) / self.radius
        length = np.sqrt(np.maximum(size - 1, 0.0)) * np.sqrt(size + 1)
        return np.arctan2(plane[:, 1], plane[:, 0]) + np.arctan(length), length

    def _nearest(self, Z: NDArray, label: int) -> NDArray:
        alpha = 0.0 if label < 0 else math.pi
        p, length = self._tangents(Z[:, :2])
        turn = 2 * math.pi
        first = np.ceil((self.start - (p - alpha)) / turn)
        last = np.floor((self.end - (p - alpha)) / turn)
        best = np.clip(np.round((length - (p - alpha)) / turn), first, last)
        t = np.clip(p - alpha + turn * best, self.start, self.end)
        ends = np.broadcast_to([self.start, self.end], (t.size, 2))
        candidates = self._curve(np.column_stack([t, ends]), alpha)
        gaps = lengths(candidates - Z[:, np.newaxis, :2])
        chosen = candidates[np.arange(t.size), gaps.argmin(axis=1)]
        return np.column_stack([chosen, np.clip(Z[:, 2], 0.0, self.height)])

    def _frames(self, P: NDArray) -> NDArray:
        p, _ = self._tangents(P[:, :2])
        frames = np.zeros((P.shape[0], 3, 2))
        frames[:, 0, 0], frames[:, 1, 0] = np.cos(p), np.sin(p)
        frames[:, 2, 1] = 1.0
        return frames


def _flat(plane: NDArray) -> NDArray:
    """Return points of the plane at height 0."""
    return np.column_stack([plane, np.zeros(len(plane))])
