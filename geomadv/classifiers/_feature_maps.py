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
How far points are from another decision is said by `KernelFeatures.expansion`, and
bounded by `FourierFeatures.certified_radius`.

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

import itertools
import math
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real
from geomadv.classifiers._expansion import KernelExpansion

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

    def expansion(self, model: Any) -> KernelExpansion:
        """Return a linear function of these features as the expansion that it is.

        <w, B' k(x)> + b, with the basis B, has the coefficients B w at the sample.
        `minimal_perturbation` knows the expansion.

        Parameters
        ----------
        model : classifier
            With `coef_`, `intercept_` and `classes_`, fitted to features.

        Returns
        -------
        KernelExpansion
            With the same decisions, but for rounding.

        Raises
        ------
        ValueError
            If the model has not as many weights as there are features.

        Examples
        --------
        >>> from geomadv.classifiers import LinearClassifier
        >>> features = KernelFeatures(gamma=0.5).fit([[0.0], [1.0], [3.0]])
        >>> linear = LinearClassifier.from_parameters([1.0, 2.0, 0.0], 0.5)
        >>> Z = features.transform([[0.7]])
        >>> f = features.expansion(linear).decision_function([[0.7]])
        >>> bool(abs(f - linear.decision_function(Z)) < 1e-12)
        True
        """
        check_is_fitted(self, "basis_")
        W, b, classes = _linear_parts(model, self.basis_.shape[1])
        return KernelExpansion.from_parameters(
            self.points_,
            self.basis_ @ (W[0] if len(W) == 1 else W.T),
            gamma=self.gamma,
            b=b[0] if len(W) == 1 else b,
            classes=classes,
        )

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

    def certified_radius(self, model: Any, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return radii of balls in which a linear function keeps its decision.

        Parameters
        ----------
        model : classifier
            With `coef_`, `intercept_` and `classes_`, fitted to features.
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            Infinite where no point has another decision.

        Raises
        ------
        ValueError
            If the model has not as many weights as there are features.

        Notes
        -----
        For two classes the difference is g = sum_j r_j cos(<u_j, x> - t_j) + b, with
        r_j >= 0. Its gradient is at most L = min(|U| |r|_2, sum r_j |u_j|), its second
        derivative at most M = |U' diag(r) U|, so that a step of length s changes it by
        at most L s, and by at most |grad g(x)| s + M s^2/2: the greater radius counts.
        Where |b| > sum r_j the sign of g never changes.

        Examples
        --------
        One frequency, u = 1: sin x has its zeros at multiples of pi.

        >>> from geomadv.classifiers import LinearClassifier
        >>> features = FourierFeatures(1, random_state=0).fit([[0.0]])
        >>> features.frequencies_ = np.ones((1, 1))
        >>> sine = LinearClassifier.from_parameters([0.0, 1.0])
        >>> features.certified_radius(sine, [[0.1], [1.5]]).round(3)
        array([0.1  , 1.343])
        """
        check_is_fitted(self, "frequencies_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        U, m = self.frequencies_, len(self.frequencies_)
        W, b, _ = _linear_parts(model, 2 * m)
        if len(W) == 1:
            W, b = np.vstack([-W, W]) / 2.0, np.array([-b[0], b[0]]) / 2.0
        phases = rows @ U.T
        cosines, sines = np.cos(phases), np.sin(phases)
        values = np.hstack([cosines, sines]) @ W.T / math.sqrt(m) + b
        decided = values.argmax(axis=1)
        found = np.full(len(rows), np.inf)
        for i, k in itertools.permutations(range(len(W)), 2):
            at = decided == i
            a, c = (W[i, :m] - W[k, :m]), (W[i, m:] - W[k, m:])
            a, c, g = (
                a / math.sqrt(m),
                c / math.sqrt(m),
                (values[at, i] - values[at, k]),
            )
            r = np.hypot(a, c)
            if b[i] - b[k] > r.sum() * (1.0 + 1e-12):
                continue
            slopes = np.linalg.norm((cosines[at] * c - sines[at] * a) @ U, axis=1)
            steepest = min(
                float(np.linalg.norm(U, 2) * np.linalg.norm(r)),
                float(r @ np.linalg.norm(U, axis=1)),
            )
            bend = float(np.linalg.norm(U.T @ (r[:, None] * U), 2))
            with np.errstate(divide="ignore", invalid="ignore"):
                flat = np.where(g > 0.0, g / steepest, 0.0)
                root = slopes + np.sqrt(slopes**2 + 2.0 * bend * g)
                curved = np.where(g > 0.0, 2.0 * g / root, 0.0)
            found[at] = np.minimum(found[at], np.maximum(flat, curved))
        return found * (1.0 - 1e-9)


def _linear_parts(model: Any, features: int) -> tuple[NDArray, NDArray, NDArray]:
    """Return the weights, offsets and classes of a linear classifier."""
    W = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    if W.shape[1] != features:
        raise ValueError(
            f"model must have {features} weights, one a feature, got {W.shape[1]}"
        )
    b = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64).ravel(), len(W))
    return W, b, np.asarray(model.classes_)
