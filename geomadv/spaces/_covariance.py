"""The covariance of a Gaussian law in its simplest form: number, vector or matrix.

A multiple of the identity is kept as its variance and uncorrelated coordinates as their
variances, so that only a proper matrix costs more than O(d), and the norms of
`geomadv.spaces._operator_norms` take their closed forms wherever there is one.
"""

import numpy as np
from scipy import linalg

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real_array
from geomadv.spaces._lp import identity_norm
from geomadv.spaces._operator_norms import diagonal_norm, dual_order, matrix_norm
from geomadv.stats import Interval

_SYMMETRIC = 1e-10


class Covariance:
    """A positive definite covariance on R^d; norms and the factor are kept once found.

    Parameters
    ----------
    d : int
        The dimension.
    value : (), (d,) or (d, d) array
        A variance, variances, or a matrix; a ValueError if not positive definite.
    """

    def __init__(self, d: int, value: Float[NDArray, "*s"]) -> None:
        self.d = d
        self.value = _simplest(value)
        self._norms: dict[float, tuple[Interval, NDArray | None]] = {}
        self._factor: NDArray | None = None

    @property
    def isotropic(self) -> bool:
        """Whether it is a multiple of the identity."""
        return self.value.ndim == 0

    @property
    def variances(self) -> Float[NDArray, " d"]:
        """The diagonal, as a read-only view."""
        diagonal = self.value.diagonal() if self.value.ndim == 2 else self.value
        return np.broadcast_to(diagonal, (self.d,))

    def colour(self, z: Float[NDArray, "n d"]) -> Float[NDArray, "n d"]:
        """Turn standard normal points into ones of this covariance, maybe in place."""
        if self.value.ndim == 2:
            if self._factor is None:
                self._factor = linalg.cholesky(self.value, lower=True)
            return np.asarray(z @ self._factor.T)
        z *= np.sqrt(self.value)
        return z

    def norm(self, p: float) -> Interval:
        """Return an interval for ||cov^{1/2}||_{2->p}."""
        return self._solved(p)[0]

    def normal(self, p: float) -> Float[NDArray, " d"]:
        """Return the w of dual norm 1 whose variance is ``norm(p).lower`` squared."""
        w = self._solved(p)[1]
        if w is not None:
            return w.copy()
        if p < 2.0:
            return np.full(self.d, float(self.d) ** (-1.0 / dual_order(p)))
        w = np.zeros(self.d)
        w[0] = 1.0
        return w

    def _solved(self, p: float) -> tuple[Interval, NDArray | None]:
        if p not in self._norms:
            self._norms[p] = self._solve(p)
        return self._norms[p]

    def _solve(self, p: float) -> tuple[Interval, NDArray | None]:
        if self.value.ndim == 2:
            # powers of the entries stay far from overflow at unit scale
            scale = float(np.sqrt(self.value.diagonal().max()))
            interval, w = matrix_norm(self.value / scale**2, p)
            return Interval(scale * interval.lower, scale * interval.upper), w
        if self.value.ndim == 1:
            norm, w = diagonal_norm(np.sqrt(self.value), p)
            return Interval(norm, norm), w
        norm = float(np.sqrt(self.value)) * identity_norm(self.d, p)
        return Interval(norm, norm), None


def gaussian_parameters(
    d: int | None, mean: ArrayLike | None, cov: ArrayLike | None
) -> tuple[int, Float[NDArray, " d"] | None, Covariance]:
    """Return the dimension, the mean (None: the origin) and the covariance, checked."""
    centre = None if mean is None else np.array(real_array("mean", mean, ndim=1))
    spread = np.array(1.0) if cov is None else np.array(real_array("cov", cov))
    if spread.ndim > 2 or (spread.ndim == 2 and len(set(spread.shape)) != 1):
        raise ValueError(
            "cov must be a variance, a vector of variances or a square matrix, "
            f"got shape {spread.shape}"
        )
    sizes = {}
    if d is not None:
        sizes["d"] = integer("d", d, minimum=1)
    if centre is not None:
        sizes["mean"] = centre.shape[0]
    if spread.ndim:
        sizes["cov"] = spread.shape[0]
    if not sizes:
        raise ValueError("give d, or a mean or a covariance that tells it")
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} says {size}" for name, size in sizes.items())
        raise ValueError(f"d, mean and cov must agree on the dimension: {told}")
    dimension = next(iter(sizes.values()))
    if dimension < 1:
        raise ValueError(f"{next(iter(sizes))} must not be empty")
    return dimension, centre, Covariance(dimension, spread)


def _simplest(cov: Float[NDArray, "*s"]) -> Float[NDArray, "..."]:
    """Return a checked covariance in its simplest form: matrix, vector or number."""
    if cov.ndim < 2:
        if not (cov > 0.0).all():
            raise ValueError(f"cov must hold positive variances, got {cov.min():g}")
        return cov if cov.ndim == 0 or (cov != cov[0]).any() else np.asarray(cov[0])
    gap = float(np.abs(cov - cov.T).max())
    if gap > _SYMMETRIC * float(np.abs(cov).max()):
        raise ValueError(
            f"cov must be symmetric, got entries that differ by {gap:g} "
            "from their mirror image"
        )
    if not (cov - np.diag(cov.diagonal())).any():
        return _simplest(cov.diagonal())
    cov = cov / 2.0 + cov.T / 2.0
    values = linalg.eigvalsh(cov)
    if values[0] <= len(cov) * np.finfo(np.float64).eps * values[-1]:
        raise ValueError(
            "cov must be positive definite, got eigenvalues from "
            f"{values[0]:g} to {values[-1]:g}"
        )
    return cov
