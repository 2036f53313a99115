r"""Isometric embeddings of R^m into R^d, m <= d, without a dense rotation of R^d.

Three kinds, all with orthonormal columns B (d, m):

- along the axes: B is the first m columns of the identity;
- rotated, m <= 128: B is the Q factor of a (d, m) matrix of standard normal numbers,
  with the signs of diag(R), and so uniform on the Stiefel manifold;
- rotated, larger m: zeros are appended, and twice signs are flipped at random and a
  discrete cosine transform (orthonormal) is applied, O(d log d) a point. This is an
  isometry, but not a uniformly random one.
"""

import math

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points

_DENSE = 128
_BLOCK = 1 << 21  # numbers of temporary arrays


def lengths(V: Float[NDArray, "*batch d"]) -> Float[NDArray, "*batch"]:
    """Return Euclidean norms along the last axis, also where squares overflow."""
    with np.errstate(over="ignore"):
        found = np.asarray(np.linalg.norm(V, axis=-1))
    large = np.isinf(found)
    if large.any():
        found[large] = np.hypot.reduce(V[large], axis=-1)
    return found


class Embedding:
    """An isometric embedding of R^m into R^d.

    Parameters
    ----------
    m : int
        Dimension that is embedded, at least 1.
    d : int
        Ambient dimension, at least m.
    rotation : int, optional
        Seed of the rotation; None embeds along the first axes.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> flat = Embedding(2, 5, rotation=0)
    >>> Z = np.array([[3.0, 4.0]])
    >>> X = flat.lift(Z)
    >>> X.shape, round(float(np.linalg.norm(X)), 12)
    ((1, 5), 5.0)
    >>> flat.coordinates(X).round(12)
    array([[3., 4.]])
    """

    def __init__(self, m: int, d: int, rotation: int | None = None) -> None:
        self.m = integer("m", m, minimum=1)
        self.d = integer("d", d, minimum=self.m)
        self.rotation = None if rotation is None else integer("rotation", rotation)
        self._columns: NDArray | None = None
        self._signs: NDArray | None = None
        if rotation is None:
            return
        rng = spawn(integer("rotation", rotation, minimum=0), "embedding", m, d)
        if self.m <= _DENSE:
            Q, R = np.linalg.qr(rng.standard_normal((self.d, self.m)))
            self._columns = Q * np.sign(np.diag(R))
        else:
            self._signs = rng.choice([-1.0, 1.0], (2, self.d))

    def __repr__(self) -> str:
        return f"Embedding({self.m}, {self.d}, rotation={self.rotation})"

    def lift(self, Z: ArrayLike) -> Float[NDArray, "n d"]:
        """Return the points of R^d with coordinates Z.

        Parameters
        ----------
        Z : (n, m) array_like
            Points of R^m.

        Returns
        -------
        (n, d) array
            B z. Beside it, memory of the size of B or of one block is used.
        """
        array = points("Z", Z, d=self.m)
        if self._columns is not None:
            lifted: NDArray = array @ self._columns.T
            return lifted
        X = np.zeros((array.shape[0], self.d))
        X[:, : self.m] = array
        if self._signs is not None:
            from scipy.fft import dct

            for rows in self._blocks(X):
                for signs in self._signs:
                    rows *= signs
                    rows[:] = dct(rows, axis=1, norm="ortho", overwrite_x=True)
        return X

    def coordinates(self, X: ArrayLike) -> Float[NDArray, "n m"]:
        """Return the coordinates of the projections of points.

        Parameters
        ----------
        X : (n, d) array_like
            Points of R^d.

        Returns
        -------
        (n, m) array
            B'x.
        """
        array = points("X", X, d=self.d)
        if self._columns is not None:
            found: NDArray = array @ self._columns
            return found
        if self._signs is None:
            return array[:, : self.m].copy()
        from scipy.fft import idct

        Z = np.empty((array.shape[0], self.m))
        step = max(1, _BLOCK // self.d)
        for start in range(0, array.shape[0], step):
            rows = array[start : start + step]
            for signs in self._signs[::-1]:
                rows = idct(rows, axis=1, norm="ortho") * signs
            Z[start : start + step] = rows[:, : self.m]
        return Z

    def offset(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the distances of points to the subspace.

        Parameters
        ----------
        X : (n, d) array_like
            Points of R^d.

        Returns
        -------
        (n,) array
            |x - B B'x|, without the cancellation of |x|^2 - |B'x|^2.
        """
        array = points("X", X, d=self.d)
        found = np.empty(array.shape[0])
        step = max(1, _BLOCK // self.d)
        for start in range(0, array.shape[0], step):
            rows = array[start : start + step]
            rest = rows - self.lift(self.coordinates(rows))
            found[start : start + step] = lengths(rest)
        return found

    def _blocks(self, X: NDArray) -> list[NDArray]:
        count = max(1, math.ceil(X.size / _BLOCK))
        return np.array_split(X, count) if X.shape[0] else []
