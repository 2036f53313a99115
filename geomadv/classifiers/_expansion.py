r"""Kernel expansions: f(x) = sum_j a_j k(x, x_j) + b, or one for each class.

The kernels are those of `geomadv_kernels`: with r the Euclidean distance of x and y,

    gaussian     exp(-gamma r^2)
    laplace      exp(-gamma r)
    laplacian    exp(-gamma |x - y|_1)
    polynomial   (gamma <x, y> + coef0)^degree

Fitting is kernel ridge regression of labels -1 and +1 (one class against the rest):
(K + alpha I) a = y, and b = 0.
"""

from typing import Any

import numpy as np
from scipy.linalg import solve
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv import _dispatch
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, integer, points, real, real_array
from geomadv.classifiers._linear import decided, labels_for

KERNELS = ("gaussian", "laplace", "laplacian", "polynomial")


class KernelExpansion(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose decision functions are sums of kernels at centres.

    With two classes there is one function f, and a point with f(x) > 0 gets the second
    class; with more there is one for each class, and the largest decides (the first of
    equal ones).

    Parameters
    ----------
    kernel : {"gaussian", "laplace", "laplacian", "polynomial"}
        See the formulas above.
    gamma : float
        Positive.
    degree : int
        Of the polynomial.
    coef0 : float
        Of the polynomial, at least 0.
    alpha : float
        The ridge penalty of `fit`, positive.

    Attributes
    ----------
    centres_ : (m, d) array
        The x_j.
    coefficients_ : (m, 1) or (m, K) array
        The a_j.
    intercept_ : (1,) or (K,) array
        The offsets b.
    classes_ : (K,) array
        The labels.

    Examples
    --------
    >>> f = KernelExpansion.from_parameters(
    ...     [[0.0, 0.0], [2.0, 0.0]], [1.0, -1.0], kernel="gaussian", gamma=0.5
    ... )
    >>> f.predict([[0.2, 0.1], [1.9, 0.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        kernel: str = "gaussian",
        gamma: float = 1.0,
        degree: int = 3,
        coef0: float = 1.0,
        alpha: float = 1.0,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.alpha = alpha

    @classmethod
    def from_parameters(
        cls,
        centres: ArrayLike,
        coefficients: ArrayLike,
        *,
        kernel: str = "gaussian",
        gamma: float = 1.0,
        b: ArrayLike = 0.0,
        degree: int = 3,
        coef0: float = 1.0,
        classes: ArrayLike | None = None,
    ) -> "KernelExpansion":
        """Return the classifier with given centres and coefficients.

        Parameters
        ----------
        centres : (m, d) array_like
            The points x_j.
        coefficients : (m,) or (m, K) array_like
            One function for two classes, or one column for each of K > 1 classes.
        kernel, gamma, degree, coef0
            As for the class.
        b : float or (K,) array_like
            The offsets.
        classes : array_like, optional
            The labels; by default -1 and +1 for one function, 0 to K - 1 for K.

        Returns
        -------
        KernelExpansion

        Raises
        ------
        ValueError, TypeError
            If the shapes do not fit or an entry is not finite.
        """
        self = cls(kernel=kernel, gamma=gamma, degree=degree, coef0=coef0)
        self._options()
        x = points("centres", centres, minimum=1)
        a = real_array("coefficients", coefficients)
        if a.ndim not in (1, 2) or len(a) != len(x):
            raise ValueError(
                f"coefficients must have shape ({len(x)},) or ({len(x)}, K), got "
                f"{a.shape}"
            )
        columns = a.reshape(len(x), -1)
        offsets = real_array("b", b).ravel()
        if offsets.size not in (1, columns.shape[1]):
            raise ValueError(f"b must be one number or {columns.shape[1]}, got {b!r}")
        self.centres_, self.coefficients_ = x, columns
        self.intercept_ = np.broadcast_to(offsets, columns.shape[1]).copy()
        self.classes_ = labels_for(columns.shape[1], classes)
        self.n_features_in_ = x.shape[1]
        return self

    def _options(self) -> dict[str, Any]:
        """Return the kernel and its parameters, checked."""
        options: dict[str, Any] = {
            "kernel": choice("kernel", self.kernel, KERNELS),
            "gamma": real("gamma", self.gamma, lower=0.0, open_lower=True),
        }
        if self.kernel == "polynomial":
            options["degree"] = integer("degree", self.degree, minimum=1)
            options["coef0"] = real("coef0", self.coef0, lower=0.0)
        return options

    def fit(self, X: ArrayLike, y: ArrayLike) -> "KernelExpansion":
        """Fit by kernel ridge regression.

        Parameters
        ----------
        X : (n, d) array_like
            Points, which become the centres.
        y : (n,) array_like
            Labels.

        Returns
        -------
        KernelExpansion
            Itself.

        Raises
        ------
        ValueError
            If all labels are the same, among other bad input.
        """
        options = self._options()
        alpha = real("alpha", self.alpha, lower=0.0, open_lower=True)
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y must hold at least two classes, got one class")
        targets = 2.0 * (codes[:, None] == np.arange(len(self.classes_))) - 1.0
        if len(self.classes_) == 2:
            targets = targets[:, 1:]
        X = np.ascontiguousarray(X, float)
        K = _dispatch.kernel_expansion(X, X, np.eye(len(X)), **options)
        K[np.diag_indices(len(X))] += alpha
        self.centres_ = X
        self.coefficients_ = solve(K, targets, assume_a="pos")
        self.intercept_ = np.zeros(targets.shape[1])
        return self

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
        check_is_fitted(self, "centres_")
        X = np.asarray(validate_data(self, X, reset=False), float)
        values: NDArray = self.intercept_ + _dispatch.kernel_expansion(
            X, self.centres_, self.coefficients_, **self._options()
        )
        return values[:, 0] if values.shape[1] == 1 else values

    def predict(self, X: ArrayLike) -> Any:
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
