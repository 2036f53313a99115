r"""Feature maps for the Gaussian kernel, and how far perturbations move features.

k(x, y) = exp(-gamma |x - y|_2^2) is an inner product of features with

    |phi(x) - phi(y)|^2 = 2 - 2 k(x, y),

which grows with |x - y| alone: a step of l_2 length at most eps moves phi(x) by at most
radius(eps), and noise N(0, sigma^2 I) by a mean square of

    2 - 2 E k = 2 - 2 (1 + 2 gamma sigma^2)^(-d/2).

A linear function of the features with weights v therefore changes by at most
radius(eps) |v|_2, and by a mean square of at most noise(sigma)^2 |v|_2^2. A classifier
that is trained against l_2 perturbations of the *features* of size radius(eps) pays at
least for those of size eps of the points: its objective is a certified upper bound.

**Kernel features.** The coordinates of the projection of phi(x) onto the span of the
features of the sample: with K = V Lambda V', Lambda^(-1/2) V' k(x). Projections bring
points no farther apart. |v|_2 is the norm of the function in the kernel's space.

**Fourier features** (Rahimi, Recht 2007, "Random features for large-scale kernel
machines"): cos <u_j, x> and sin <u_j, x>, over sqrt(m), with u_j ~ N(0, 2 gamma I); the
mean of their inner products is k. Here

    |phi(x + delta) - phi(x)|^2 = (2/m) sum_j (1 - cos <u_j, delta>)
                               <= min(4, |U|^2 |delta|^2/m),

with |U| the largest singular value; the mean square under noise is
(2/m) sum_j (1 - exp(-sigma^2 |u_j|^2/2)), exactly and at every x.
"""

import math
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real

_RANK = 1e-10  # relative size below which an eigenvalue counts as 0


class KernelFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Coordinates of points in the span of a sample's Gaussian-kernel features.

    Parameters
    ----------
    gamma : float
        Of the kernel exp(-gamma |x - y|^2), positive.

    Attributes
    ----------
    points_ : (n, d) array
        The sample.
    basis_ : (n, r) array
        V Lambda^(-1/2), without eigenvalues below 1e-10 of the largest.

    Examples
    --------
    >>> features = KernelFeatures(gamma=0.5).fit([[0.0], [1.0], [3.0]])
    >>> Z = features.transform([[0.0], [1.0]])
    >>> bool(abs(Z[0] @ Z[1] - np.exp(-0.5)) < 1e-12)
    True
    >>> round(features.radius(1.0), 6)
    0.887096
    """

    def __init__(self, gamma: float = 1.0) -> None:
        self.gamma = gamma

    def fit(self, X: ArrayLike, y: Any = None) -> "KernelFeatures":  # noqa: ARG002
        """Fit the basis.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : ignored

        Returns
        -------
        KernelFeatures
            Itself.

        Raises
        ------
        ValueError
            If gamma is not positive, among other bad input.
        """
        real("gamma", self.gamma, lower=0.0, open_lower=True)
        self.points_ = validate_data(self, X, dtype=np.float64)
        values, vectors = np.linalg.eigh(self._kernel(self.points_))
        kept = values > _RANK * values[-1]
        self.basis_ = vectors[:, kept] / np.sqrt(values[kept])
        return self

    def transform(self, X: ArrayLike) -> Float[NDArray, "n r"]:
        """Return the coordinates of points.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, r) array
        """
        check_is_fitted(self, "basis_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(self._kernel(rows) @ self.basis_)

    def radius(self, eps: float) -> float:
        """Return how far steps of l_2 length eps move features, at most.

        Parameters
        ----------
        eps : float
            The length, at least 0.

        Returns
        -------
        float
            sqrt(2 - 2 exp(-gamma eps^2)).
        """
        size, gamma = real("eps", eps, lower=0.0), real("gamma", self.gamma, lower=0.0)
        return math.sqrt(-2.0 * math.expm1(-gamma * size * size))

    def noise(self, sigma: float) -> float:
        """Return how far noise N(0, sigma^2 I) moves features, in root mean square.

        Parameters
        ----------
        sigma : float
            The deviation, at least 0.

        Returns
        -------
        float
            sqrt(2 - 2 (1 + 2 gamma sigma^2)^(-d/2)), an upper bound.
        """
        check_is_fitted(self, "basis_")
        deviation = real("sigma", sigma, lower=0.0)
        spread = 2.0 * self.gamma * deviation * deviation
        d = self.points_.shape[1]
        return math.sqrt(-2.0 * math.expm1(-d / 2.0 * math.log1p(spread)))

    def _kernel(self, rows: NDArray) -> NDArray:
        return np.exp(-self.gamma * cdist(rows, self.points_, "sqeuclidean"))


class FourierFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Random Fourier features of the Gaussian kernel, in pairs of cosine and sine.

    Parameters
    ----------
    frequencies : int
        m, at least 1: there are 2 m features.
    gamma : float
        Of the kernel exp(-gamma |x - y|^2), positive.
    random_state : int, RandomState or None
        Of the draw.

    Attributes
    ----------
    frequencies_ : (m, d) array
        The vectors u_j.

    Examples
    --------
    >>> features = FourierFeatures(50, gamma=0.5, random_state=0).fit([[0.0, 0.0]])
    >>> features.transform([[0.3, -0.2]]).shape
    (1, 100)
    >>> round(features.radius(10.0), 6)
    2.0
    """

    def __init__(
        self, frequencies: int = 100, gamma: float = 1.0, random_state: Any = None
    ) -> None:
        self.frequencies = frequencies
        self.gamma = gamma
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> "FourierFeatures":  # noqa: ARG002
        """Draw the frequencies.

        Parameters
        ----------
        X : (n, d) array_like
            Points; only d is used.
        y : ignored

        Returns
        -------
        FourierFeatures
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter is not as described, among other bad input.
        """
        m = integer("frequencies", self.frequencies, minimum=1)
        gamma = real("gamma", self.gamma, lower=0.0, open_lower=True)
        d = validate_data(self, X, dtype=np.float64).shape[1]
        draws = check_random_state(self.random_state).standard_normal((m, d))
        self.frequencies_ = math.sqrt(2.0 * gamma) * draws
        return self

    def transform(self, X: ArrayLike) -> Float[NDArray, "n m"]:
        """Return the features of points.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, 2 m) array
            Cosines, then sines.
        """
        check_is_fitted(self, "frequencies_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        phases = rows @ self.frequencies_.T
        return np.hstack([np.cos(phases), np.sin(phases)]) / math.sqrt(
            len(self.frequencies_)
        )

    def radius(self, eps: float) -> float:
        """Return how far steps of l_2 length eps move features, at most.

        Parameters
        ----------
        eps : float
            The length, at least 0.

        Returns
        -------
        float
            min(2, |U| eps/sqrt(m)), an upper bound.
        """
        check_is_fitted(self, "frequencies_")
        size, U = real("eps", eps, lower=0.0), self.frequencies_
        return min(2.0, size * float(np.linalg.norm(U, 2)) / math.sqrt(len(U)))

    def noise(self, sigma: float) -> float:
        """Return how far noise N(0, sigma^2 I) moves features, in root mean square.

        Parameters
        ----------
        sigma : float
            The deviation, at least 0.

        Returns
        -------
        float
            Exactly, at every point.
        """
        check_is_fitted(self, "frequencies_")
        sizes = np.linalg.norm(self.frequencies_, axis=1)
        with np.errstate(over="ignore"):
            halves = (real("sigma", sigma, lower=0.0) * sizes) ** 2 / 2.0
        return math.sqrt(-2.0 * float(np.expm1(-halves).mean()))
