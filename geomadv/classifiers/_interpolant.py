r"""Minimum-norm kernel interpolants, with the interpolation error that was measured.

Of all functions in the kernel's Hilbert space with f(x_i) = y_i the one of least norm
is f = sum_j a_j k(., x_j) with K a = y, K_ij = k(x_i, x_j), and |f|^2 = <a, K a>. The
labels are -1 and +1 (one class against the rest).

K a = y is solved by Cholesky's method in float64, so how well f interpolates depends on
the condition of K. With q the least distance of two points, the least eigenvalue of the
Laplace kernel's matrix falls like a power of q, and the solution is good to many
digits. That of the Gaussian's falls like exp(-c/(gamma q^2)): with a moderate number of
points, K is singular in float64, the exact interpolant is out of reach, and what is
computed does not interpolate. No jitter is added; where Cholesky's method breaks down,
the least-squares solution of least norm on the eigenvectors whose eigenvalues exceed
rounding is taken. In any case max |f(x_i) - y_i| is measured, by evaluating f as
`decision_function` does, and a warning says that it is above the tolerance.

On the torus of side 1 functions of the distance around the edge are not positive
definite in general. There the kernels are functions of

    r(x, y) = (1/pi) sqrt(sum_c sin^2(pi (x_c - y_c))),

the Euclidean distance after (1/(2 pi)) (cos 2 pi x_c, sin 2 pi x_c), which is that
around the edge up to a relative pi^2 r^2/6 for small r. Kernels that are positive
definite in R^(2d) stay so.
"""

import math
import warnings

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh
from scipy.linalg.lapack import dpocon
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, real
from geomadv.classifiers._expansion import KernelExpansion
from geomadv.classifiers._labels import DOMAINS, Places, on_domain
from geomadv.classifiers._linear import decided

KERNELS = ("laplace", "gaussian", "laplacian")


class KernelInterpolant(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The function of least norm through the labels -1 and +1.

    With two classes there is one function f, and a point with f(x) > 0 gets the second
    class; with more there is one for each class, and the largest decides.

    Parameters
    ----------
    kernel : {"laplace", "gaussian", "laplacian"}
        exp(-gamma r), exp(-gamma r^2), or exp(-gamma |x - y|_1).
    gamma : float
        Positive.
    domain : {"cube", "torus"}, optional
        On the torus of side 1 the kernels are those of the embedding above. "cube"
        refuses points outside [0, 1]^d. By default R^d.
    tol : float
        The interpolation error above which `fit` warns.

    Attributes
    ----------
    classes_ : (K,) array
        The labels.
    interpolation_error_ : float
        max |f(x_i) - y_i| over the places, as measured.
    norm_ : (1,) or (K,) array
        The norms sqrt(<a, K a>) of the functions that were computed.
    condition_ : float
        An estimate of the condition of K in the 1-norm; infinite where K is not
        positive definite in float64.
    expansion_ : KernelExpansion
        The function, in the coordinates of the embedding on the torus.

    Notes
    -----
    Duplicates are merged: the function goes through the mean of their labels, and where
    classes tie there the first of them is decided, whatever rounding says (if the
    function interpolates to `tol`). K is stored: 8 n^2 bytes, n^3/3 operations.

    At n = 1000 uniform points of the square with gamma = 1 and random labels the error
    is 3e-12 for the Laplace kernel, whose condition is 3e5. The Gaussian's K is
    singular in float64 there, up to gamma = 100, and its error is 1.8: it does not
    interpolate. With 2000 points in d = 10 it does, to 1.5e-11.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0]], [-1, 1, -1]
    >>> model = KernelInterpolant("laplace", gamma=1.0).fit(X, y)
    >>> model.decision_function(X).round(12)
    array([-1.,  1., -1.])
    >>> model.interpolation_error_ < 1e-14
    True
    """

    def __init__(
        self,
        kernel: str = "laplace",
        gamma: float = 1.0,
        domain: str | None = None,
        tol: float = 1e-6,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.domain = domain
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> "KernelInterpolant":
        """Solve K a = y.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels.

        Returns
        -------
        KernelInterpolant
            Itself.

        Raises
        ------
        ValueError, TypeError
            If there is only one class, among other bad input.

        Warns
        -----
        ConvergenceWarning
            If the interpolation error is above `tol`.
        """
        choice("kernel", self.kernel, KERNELS)
        gamma = real("gamma", self.gamma, lower=0.0, open_lower=True)
        tol = real("tol", self.tol, lower=0.0)
        if self.domain is not None:
            choice("domain", self.domain, DOMAINS)
        rows: NDArray
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        count = len(self.classes_)
        if count < 2:
            raise ValueError("y must hold at least two classes, got one class")
        places = Places(on_domain(rows, self.domain), codes, count)
        targets = 2.0 * places.shares - 1.0
        targets = targets[:, 1:] if count == 2 else targets
        centres = self._embedded(places.points)
        K = kernel_matrix(centres, self.kernel, gamma)
        coefficients, self.condition_ = _solution(K, targets)
        self.expansion_ = KernelExpansion.from_parameters(
            centres, coefficients, kernel=self.kernel, gamma=gamma
        )
        values = self.expansion_.decision_function(centres).reshape(targets.shape)
        self.interpolation_error_ = float(np.abs(values - targets).max())
        top = places.shares.max(axis=1, keepdims=True)
        self._places, self._targets = places, targets
        self._tied = (places.shares == top).sum(axis=1) > 1
        squares = (coefficients * values).sum(axis=0)
        self.norm_ = np.sqrt(np.maximum(squares, 0.0))
        if not self.interpolation_error_ <= tol:
            warnings.warn(
                f"the function misses labels by up to {self.interpolation_error_:.1e}: "
                f"the kernel's matrix has the condition {self.condition_:.1e}; a "
                "larger gamma or the Laplace kernel makes it smaller",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _embedded(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n D"]:
        if self.domain != "torus":
            return X
        angle = 2.0 * math.pi * X
        return np.hstack([np.cos(angle), np.sin(angle)]) / (2.0 * math.pi)

    def decision_function(self, X: ArrayLike) -> Float[NDArray, "..."]:
        """Return f(x): (n,) for two classes, (n, K) for more.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) or (n, K) array
        """
        check_is_fitted(self, "expansion_")
        rows = np.asarray(validate_data(self, X, dtype=np.float64, reset=False))
        rows = on_domain(rows, self.domain)
        values = self.expansion_.decision_function(self._embedded(rows))
        if self._tied.any() and self.interpolation_error_ <= self.tol:
            hits = self._places.hits(rows)
            at = np.flatnonzero((hits >= 0) & self._tied[hits])
            values[at] = self._targets[hits[at]].reshape(values[at].shape)
        return values

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the labels of points.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        return decided(self.decision_function(X), self.classes_)


def kernel_matrix(
    X: Float[NDArray, "n d"], kernel: str, gamma: float
) -> Float[NDArray, "n n"]:
    """Return k(x_i, x_j) for all pairs, from differences and without overflow.

    The points are multiplied by a power of two, and gamma accordingly.
    """
    power = math.frexp(float(np.abs(X).max()))[1]
    order = 2 if kernel == "gaussian" else 1
    X = np.ldexp(X, -power)
    root = float(np.ldexp(np.sqrt(gamma) if order == 2 else gamma, power))
    K = cdist(X, X, "cityblock" if kernel == "laplacian" else "euclidean")
    with np.errstate(over="ignore"):
        K *= min(root, 1e300)
        K **= order
    np.negative(K, out=K)
    return np.exp(K, out=K)


def _solution(
    K: Float[NDArray, "n n"], y: Float[NDArray, "n q"]
) -> tuple[Float[NDArray, "n q"], float]:
    """Return a with K a = y as nearly as float64 allows, and the condition of K."""
    size = float(np.abs(K).sum(axis=0).max())
    try:
        factor = cho_factor(K)
    except LinAlgError:
        values, vectors = eigh(K)
        kept = values > len(K) * np.finfo(float).eps * values[-1]
        basis = vectors[:, kept]
        return basis @ ((basis.T @ y) / values[kept, None]), math.inf
    reciprocal, _ = dpocon(factor[0], size, "L" if factor[1] else "U")
    a = cho_solve(factor, y)
    return a + cho_solve(
        factor, y - K @ a
    ), 1.0 / reciprocal if reciprocal else math.inf
