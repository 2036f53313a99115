r"""Concentric spheres of any dimension k in R^d; circles for k = 1.

The core is R^(k+1), where the classes are the spheres of radii r_-1 < r_+1 about the
origin. Nearest points are r z/|z|; the decision axis is |z| = (r_-1 + r_+1)/2, a
cylinder in R^d, and the medial axis has the centre as well:

    decision_reach = (r_+1 - r_-1)/2,    reach = min(r_-1, decision_reach).
"""

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real
from geomadv.data._manifolds._embedding import lengths
from geomadv.data._manifolds._labelled import (
    LabelledManifold,
    fair_labels,
    orthonormal_to,
)


class EmbeddedSpheres(LabelledManifold):
    """Two concentric k-spheres in a subspace of R^d.

    Parameters
    ----------
    k : int
        Dimension of the spheres, at least 1: 1 for circles.
    d : int
        Ambient dimension, at least k + 1.
    inner, outer : float
        Radii of the classes -1 and +1, 0 < inner < outer.
    noise : float
        Standard deviation of isotropic noise, at least 0.
    rotation : int, optional
        Seed of a rotation; None leaves the spheres in the first k + 1 coordinates.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> circles = EmbeddedSpheres(1, 3)
    >>> circles.distance([[2.0, 0.0, 3.0]]), circles.axis_distance([[1.0, 0.0, 3.0]])
    (array([3.16227766]), array([1.]))
    """

    def __init__(
        self,
        k: int = 1,
        d: int = 2,
        *,
        inner: float = 1.0,
        outer: float = 3.0,
        noise: float = 0.0,
        rotation: int | None = None,
    ) -> None:
        k = integer("k", k, minimum=1)
        super().__init__(k, k + 1, d, noise, rotation)
        self.inner = real("inner", inner, lower=0, open_lower=True)
        self.outer = real("outer", outer, lower=self.inner, open_lower=True)

    @property
    def decision_reach(self) -> float:
        """Half the difference of the radii."""
        return (self.outer - self.inner) / 2

    @property
    def reach(self) -> float:
        """The smaller of the inner radius and half the difference of the radii."""
        return min(self.inner, self.decision_reach)

    def axis_distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the distances of points to the decision axis.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            ||z| - (inner + outer)/2|, z the part of x in the subspace.
        """
        size = lengths(self.embedding.coordinates(X))
        return np.abs(size - (self.inner + self.outer) / 2)

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        y = fair_labels(n, rng)
        Z = rng.standard_normal((n, self.k + 1))
        Z *= (np.where(y < 0, self.inner, self.outer) / np.linalg.norm(Z, axis=1))[
            :, np.newaxis
        ]
        return Z, y

    def _nearest(self, Z: NDArray, label: int) -> NDArray:
        return (self.inner if label < 0 else self.outer) * _directions(Z)

    def _frames(self, P: NDArray) -> NDArray:
        return orthonormal_to(_directions(P))

    def _tangent_part(self, P: NDArray, V: NDArray) -> NDArray:
        u = _directions(P)
        return np.asarray(V - np.einsum("nm,nm->n", u, V)[:, np.newaxis] * u)


def _directions(Z: NDArray) -> NDArray:
    size = lengths(Z)[:, np.newaxis]
    axis = np.zeros(Z.shape[1])
    axis[0] = 1.0
    directions: NDArray = np.where(size > 0, Z / np.where(size > 0, size, 1.0), axis)
    return directions
