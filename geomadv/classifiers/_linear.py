r"""Linear classifiers: f(x) = <w, x> + b, or one such function for each class.

Fitting is ridge regression of labels -1 and +1 (one class against the rest), by
scikit-learn. What makes the class useful here is `from_parameters`.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import RidgeClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import real_array


class LinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose decision functions are affine.

    With two classes there is one function f, and a point with f(x) > 0 gets the second
    class; with more there is one for each class, and the largest decides (the first of
    equal ones).

    Parameters
    ----------
    alpha : float
        The ridge penalty of `fit`, at least 0.

    Attributes
    ----------
    coef_ : (1, d) or (K, d) array
        The weights w.
    intercept_ : (1,) or (K,) array
        The offsets b.
    classes_ : (K,) array
        The labels.

    Examples
    --------
    >>> f = LinearClassifier.from_parameters([3.0, -4.0], 1.0)
    >>> f.decision_function([[1.0, 0.5], [0.0, 2.0]])
    array([ 2., -7.])
    >>> f.predict([[1.0, 0.5], [0.0, 2.0]])
    array([ 1, -1])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    @classmethod
    def from_parameters(
        cls, w: ArrayLike, b: ArrayLike = 0.0, *, classes: ArrayLike | None = None
    ) -> "LinearClassifier":
        """Return the classifier with given weights.

        Parameters
        ----------
        w : (d,) or (K, d) array_like
            One function for two classes, or one for each of K > 1 classes.
        b : float or (K,) array_like
            The offsets.
        classes : array_like, optional
            The labels in the order of the functions; by default -1 and +1 for one
            function, 0 to K - 1 for K.

        Returns
        -------
        LinearClassifier

        Raises
        ------
        ValueError, TypeError
            If the shapes do not fit or an entry is not finite.
        """
        weights = real_array("w", w)
        if weights.ndim not in (1, 2) or weights.shape[0] == 0:
            raise ValueError(f"w must have shape (d,) or (K, d), got {weights.shape}")
        rows = np.atleast_2d(weights)
        offsets = real_array("b", b)
        if offsets.ndim > 1 or offsets.size not in (1, len(rows)):
            raise ValueError(
                f"b must be one number or have shape ({len(rows)},), got shape "
                f"{offsets.shape}"
            )
        return cls()._with(
            rows, np.broadcast_to(offsets.ravel(), len(rows)).copy(), classes
        )

    def _with(
        self, rows: NDArray, offsets: NDArray, classes: ArrayLike | None
    ) -> "LinearClassifier":
        self.coef_, self.intercept_ = rows, offsets
        self.classes_ = labels_for(len(rows), classes)
        self.n_features_in_ = rows.shape[1]
        return self

    def fit(self, X: ArrayLike, y: ArrayLike) -> "LinearClassifier":
        """Fit by ridge regression.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels.

        Returns
        -------
        LinearClassifier
            Itself.
        """
        fitted = RidgeClassifier(alpha=self.alpha).fit(*validate_data(self, X, y))
        self.classes_ = fitted.classes_
        self.coef_ = np.atleast_2d(fitted.coef_)
        self.intercept_ = np.atleast_1d(fitted.intercept_)
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
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, reset=False)
        values: NDArray = X @ self.coef_.T + self.intercept_
        return values[:, 0] if len(self.coef_) == 1 else values

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


def labels_for(functions: int, classes: ArrayLike | None) -> NDArray:
    """Return the labels for so many functions; one function has two."""
    count = 2 if functions == 1 else functions
    if classes is None:
        return np.array([-1, 1]) if functions == 1 else np.arange(count)
    labels = np.asarray(classes)
    if labels.shape != (count,) or len(np.unique(labels)) != count:
        raise ValueError(f"classes must be {count} different labels, got {classes!r}")
    return labels


def decided(values: NDArray, classes: NDArray) -> NDArray:
    """Return the labels for values of the decision functions."""
    chosen = (values > 0).astype(int) if values.ndim == 1 else values.argmax(axis=1)
    return classes[chosen]


def two_classes(
    model: Any, X: ArrayLike, y: ArrayLike
) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"], NDArray]:
    """Return checked points, their labels as -1 and +1, and the two classes."""
    rows, labels = validate_data(model, X, y, dtype=np.float64)
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(
            "Only binary classification is supported. The number of classes is "
            f"{len(classes)}: y must hold two classes, not one class or more than two"
        )
    return rows, 2.0 * codes - 1.0, classes
