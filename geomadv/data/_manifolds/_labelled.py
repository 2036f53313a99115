r"""What labelled manifolds have in common.

A manifold is given in R^m, its core, and embedded isometrically into R^d, d >= m: a
point x of R^d has core coordinates z = B'x, and for any set S of the core

    dist(x, B S)^2 = dist(z, S)^2 + |x - B z|^2,

so that nearest points, tangent spaces and decision axes are those of the core. The two
classes have labels -1 and +1. Each has its own manifold M_y, and given its label a
point is uniform in the volume of M_y (or has a law that the class names). Noise, if
any, is isotropic: N(0, noise^2 I) in R^d is added.

Two numbers say how far M = M_-1 + M_+1 is from trouble:

- `reach`: the distance of M to its medial axis, the points with more than one nearest
  point in M (Federer's reach);
- `decision_reach`: the distance of M to the decision axis, the points that are equally
  far from both classes. It is half the distance of the classes.
"""

import abc
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real
from geomadv.data._law import LabelledLaw
from geomadv.data._manifolds._embedding import Embedding, lengths

_BLOCK = 1 << 21


class LabelledManifold(LabelledLaw):
    """Two classes, each on a manifold of dimension k in R^d.

    Parameters
    ----------
    k : int
        Dimension of the manifold.
    m : int
        Dimension of the core.
    d : int
        Ambient dimension, at least m.
    noise : float
        Standard deviation of the noise in each of the d coordinates.
    rotation : int, optional
        Seed of the embedding's rotation; None embeds along the first axes.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """

    def __init__(
        self, k: int, m: int, d: int, noise: float, rotation: int | None
    ) -> None:
        self.k = k
        self.embedding = Embedding(m, integer("d", d, minimum=m), rotation)
        self.noise = real("noise", noise, lower=0)

    @property
    def d(self) -> int:
        """The ambient dimension."""
        return self.embedding.d

    @property
    def codimension(self) -> int:
        """The ambient dimension minus k."""
        return self.d - self.k

    @property
    @abc.abstractmethod
    def reach(self) -> float:
        """The distance of the manifolds to their medial axis."""

    @property
    @abc.abstractmethod
    def decision_reach(self) -> float:
        """The distance of the manifolds to the decision axis."""

    @abc.abstractmethod
    def _draw(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n m"], Float[NDArray, " n"]]:
        """Draw core points and labels."""

    @abc.abstractmethod
    def _nearest(self, Z: Float[NDArray, "n m"], label: int) -> Float[NDArray, "n m"]:
        """Return the nearest points of the manifold of a class."""

    @abc.abstractmethod
    def _frames(self, P: Float[NDArray, "n m"]) -> Float[NDArray, "n m k"]:
        """Return orthonormal tangent vectors at points of the manifolds."""

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw points with noise."""
        Z, y = self._draw(n, rng)
        X = self.embedding.lift(Z)
        if self.noise > 0:
            step = max(1, _BLOCK // self.d)
            for start in range(0, X.shape[0], step):
                rows = X[start : start + step]
                rows += self.noise * rng.standard_normal(rows.shape)
        return X, y

    def project(self, X: ArrayLike) -> Float[NDArray, "n d"]:
        """Return the nearest points on the manifolds, of either class.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, d) array
            One of the nearest points where there are several.
        """
        P, _, _ = self._foot(self.embedding.coordinates(X))
        return self.embedding.lift(P)

    def distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Euclidean distances of points to the manifolds.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            The distance to the nearer class.
        """
        _, _, core = self._foot(self.embedding.coordinates(X))
        return np.hypot(core, self.embedding.offset(X))

    def distance_to_class(self, X: ArrayLike, label: int) -> Float[NDArray, " n"]:
        """Return the Euclidean distances of points to the manifold of a class.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        label : int
            -1 or +1.

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described.
        """
        if integer("label", label) not in (-1, 1):
            raise ValueError(f"label must be -1 or +1, got {label}")
        Z = self.embedding.coordinates(X)
        core = lengths(Z - self._nearest(Z, label))
        return np.hypot(core, self.embedding.offset(X))

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the label of the nearer class.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            -1 or +1; +1 on the decision axis. Without error on the manifolds where the
            decision reach is positive.
        """
        return self._foot(self.embedding.coordinates(X))[1]

    def tangent(self, X: ArrayLike) -> Float[NDArray, "n d k"]:
        """Return orthonormal bases of the tangent spaces at the nearest points.

        Parameters
        ----------
        X : (n, d) array_like
            Points, of which the nearest ones on the manifolds are taken.

        Returns
        -------
        (n, d, k) array
            Columns are tangent. Needs n d k numbers; `split` does without.
        """
        P, _, _ = self._foot(self.embedding.coordinates(X))
        frames = self._frames(P)
        n, m, k = frames.shape
        columns = self.embedding.lift(np.moveaxis(frames, 1, 2).reshape(n * k, m))
        return np.moveaxis(columns.reshape(n, k, self.d), 1, 2)

    def split(
        self, X: ArrayLike, V: ArrayLike
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, "n d"]]:
        """Split vectors into their tangent and normal parts.

        Parameters
        ----------
        X : (n, d) array_like
            Points: the tangent spaces are those at their nearest points.
        V : (n, d) array_like
            Vectors, such as perturbations.

        Returns
        -------
        tangent, normal : (n, d) array
            With sum V.

        Raises
        ------
        ValueError
            If X and V differ in shape.
        """
        array, vectors = points("X", X, d=self.d), points("V", V, d=self.d)
        if array.shape != vectors.shape:
            raise ValueError(
                f"V must have the shape of X, {array.shape}, got {vectors.shape}"
            )
        P, _, _ = self._foot(self.embedding.coordinates(array))
        core = self._tangent_part(P, self.embedding.coordinates(vectors))
        along = self.embedding.lift(core)
        return along, vectors - along

    def _tangent_part(self, P: NDArray, V: NDArray) -> Float[NDArray, "n m"]:
        """Return the tangent parts of core vectors at points of the manifolds."""
        frames = self._frames(P)
        return np.asarray(np.einsum("nmk,njk,nj->nm", frames, frames, V, optimize=True))

    def _foot(self, Z: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return the nearest core points, their labels and the distances."""
        inner, outer = self._nearest(Z, -1), self._nearest(Z, 1)
        near, far = lengths(Z - inner), lengths(Z - outer)
        first = near < far
        P = np.where(first[:, np.newaxis], inner, outer)
        return P, np.where(first, -1.0, 1.0), np.where(first, near, far)


def fair_labels(n: int, rng: np.random.Generator) -> Float[NDArray, " n"]:
    """Return labels -1 and +1 with equal probabilities."""
    return np.where(rng.random(n) < 0.5, -1.0, 1.0)


def orthonormal_to(u: Float[NDArray, "n m"]) -> Float[NDArray, "n m q"]:
    """Return m - 1 orthonormal vectors orthogonal to each unit vector.

    The columns of the Householder reflection that takes u to +-e_1, without the first:
    I - v v'/(1 + |u_1|), v = u + sign(u_1) e_1.
    """
    v = u.copy()
    v[:, 0] += np.where(u[:, 0] < 0, -1.0, 1.0)
    scale = 1.0 + np.abs(u[:, 0])
    identity: Any = np.eye(u.shape[1])
    reflection = identity - v[:, :, None] * v[:, None, :] / scale[:, None, None]
    return np.asarray(reflection[:, :, 1:])
