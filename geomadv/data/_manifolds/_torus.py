r"""Two nested tori: tubes of radii r_-1 < r_+1 about one circle of radius R > r_+1.

The core is R^3, with the circle in the plane of the first two coordinates. A point at
distance t from the circle is |t - r| from the torus of tube radius r, inside and
outside. So the decision axis is the torus with the mean of the radii, and

    decision_reach = (r_+1 - r_-1)/2,    reach = min(r_-1, decision_reach, R - r_+1).

The area element is r (R + r cos a) da db: a is drawn by rejection, b is uniform.
"""

import math

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import real
from geomadv.data._manifolds._embedding import lengths
from geomadv.data._manifolds._labelled import LabelledManifold, fair_labels


class NestedTori(LabelledManifold):
    """Two tori about one circle, in a three-dimensional subspace of R^d.

    Parameters
    ----------
    d : int
        Ambient dimension, at least 3.
    radius : float
        R, the radius of the circle.
    inner, outer : float
        Radii of the tubes -1 and +1, 0 < inner < outer < radius.
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
    >>> tori = NestedTori(3)
    >>> tori.distance([[3.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
    array([0.5, 1. ])
    """

    def __init__(
        self,
        d: int = 3,
        *,
        radius: float = 3.0,
        inner: float = 1.0,
        outer: float = 2.0,
        noise: float = 0.0,
        rotation: int | None = None,
    ) -> None:
        super().__init__(2, 3, d, noise, rotation)
        self.inner = real("inner", inner, lower=0, open_lower=True)
        self.outer = real("outer", outer, lower=self.inner, open_lower=True)
        self.radius = real("radius", radius, lower=self.outer, open_lower=True)

    @property
    def decision_reach(self) -> float:
        """Half the difference of the radii of the tubes."""
        return (self.outer - self.inner) / 2

    @property
    def reach(self) -> float:
        """The least of the inner radius, the decision reach and half the hole."""
        return min(self.inner, self.decision_reach, self.radius - self.outer)

    def axis_distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the distances of points to the decision axis, for d = 3.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            In R^d, d > 3, too: the axis is a cylinder over the core's.
        """
        Z = self.embedding.coordinates(X)
        _, tube = self._centres(Z)
        return np.abs(tube - (self.inner + self.outer) / 2)

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        y = fair_labels(n, rng)
        r = np.where(y < 0, self.inner, self.outer)
        a, todo = np.empty(n), np.arange(n)
        while todo.size:
            trial = rng.uniform(-math.pi, math.pi, todo.size)
            level = rng.random(todo.size) * (self.radius + r[todo])
            kept = level < self.radius + r[todo] * np.cos(trial)
            a[todo[kept]] = trial[kept]
            todo = todo[~kept]
        b = rng.uniform(-math.pi, math.pi, n)
        ring = self.radius + r * np.cos(a)
        return np.stack([ring * np.cos(b), ring * np.sin(b), r * np.sin(a)], axis=1), y

    def _centres(self, Z: NDArray) -> tuple[NDArray, NDArray]:
        """Return the nearest points of the circle and the distances to it."""
        size = lengths(Z[:, :2])
        direction = np.where(
            size[:, np.newaxis] > 0,
            Z[:, :2] / np.where(size > 0, size, 1.0)[:, np.newaxis],
            [1.0, 0.0],
        )
        centres = np.zeros_like(Z)
        centres[:, :2] = self.radius * direction
        return centres, lengths(Z - centres)

    def _nearest(self, Z: NDArray, label: int) -> NDArray:
        centres, tube = self._centres(Z)
        outwards = centres / self.radius
        direction = np.where(
            tube[:, np.newaxis] > 0,
            (Z - centres) / np.where(tube > 0, tube, 1.0)[:, np.newaxis],
            outwards,
        )
        return np.asarray(
            centres + (self.inner if label < 0 else self.outer) * direction
        )

    def _frames(self, P: NDArray) -> NDArray:
        centres, tube = self._centres(P)
        normal = (P - centres) / tube[:, np.newaxis]
        around = np.stack([-centres[:, 1], centres[:, 0], 0 * tube], 1) / self.radius
        return np.stack([around, np.cross(normal, around)], axis=2)
