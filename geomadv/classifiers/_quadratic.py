r"""Quadratic classifiers: f(x) = <x, A x> + 2 <b, x> + c.

Fitting is quadratic discriminant analysis with shrunk covariances: with
S_k = (1 - alpha) cov_k + alpha tr(cov_k)/d I, the mean m_k and the share pi_k of a
class, f is the logarithm of the ratio of the Gaussian densities times the shares, so

    A = (S_0^-1 - S_1^-1)/2,    b = (S_1^-1 m_1 - S_0^-1 m_0)/2,
    c = (<m_0, S_0^-1 m_0> - <m_1, S_1^-1 m_1> + log |S_0| - log |S_1|)/2
        + log(pi_1/pi_0).
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import points, real, real_array
from geomadv.classifiers._linear import decided, labels_for


class QuadraticClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of two classes whose decision function is a quadratic polynomial.

    A point with f(x) = <x, A x> + 2 <b, x> + c > 0 gets the second class.

    Parameters
    ----------
    alpha : float
        How far `fit` shrinks covariances to multiples of the identity, in [0, 1].

    Attributes
    ----------
    A_ : (d, d) array
        Symmetric.
    b_ : (d,) array
        Half the linear coefficients.
    c_ : float
        The constant.
    classes_ : (2,) array
        The labels.

    Examples
    --------
    >>> ellipse = QuadraticClassifier.from_parameters([[0.25, 0], [0, 1]], [0, 0], -1)
    >>> ellipse.decision_function([[0.0, 0.5], [2.0, 1.0]])
    array([-0.75,  1.  ])
    """

    def __init__(self, alpha: float = 0.1) -> None:
        self.alpha = alpha

    @classmethod
    def from_parameters(
        cls,
        A: ArrayLike,
        b: ArrayLike,
        c: float = 0.0,
        *,
        classes: ArrayLike | None = None,
    ) -> "QuadraticClassifier":
        """Return the classifier with given coefficients.

        Parameters
        ----------
        A : (d, d) array_like
            Symmetric up to rounding.
        b : (d,) array_like
            Half the linear coefficients.
        c : float
            The constant.
        classes : array_like, optional
            The two labels; by default -1 and +1.

        Returns
        -------
        QuadraticClassifier

        Raises
        ------
        ValueError, TypeError
            If the shapes do not fit, A is not symmetric or an entry is not finite.
        """
        A, b = points("A", A, minimum=1), real_array("b", b)
        d = len(A)
        if A.shape != (d, d) or b.shape != (d,):
            raise ValueError(
                f"A must have shape (d, d) and b (d,), got {A.shape} and {b.shape}"
            )
        if np.abs(A - A.T).max() > 1e-12 * np.abs(A).max():
            raise ValueError("A must be symmetric, got entries that differ from A.T")
        return cls()._with((A + A.T) / 2, b, real("c", c), labels_for(1, classes))

    def _with(
        self, A: NDArray, b: NDArray, c: float, classes: NDArray
    ) -> "QuadraticClassifier":
        self.A_, self.b_, self.c_, self.classes_ = A, b, c, classes
        self.n_features_in_ = len(b)
        return self

    def fit(self, X: ArrayLike, y: ArrayLike) -> "QuadraticClassifier":
        """Fit by quadratic discriminant analysis.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels of two classes.

        Returns
        -------
        QuadraticClassifier
            Itself.

        Raises
        ------
        ValueError
            If there are not two classes, among other bad input.
        """
        alpha = real("alpha", self.alpha, lower=0.0, upper=1.0)
        rows: NDArray
        rows, y = validate_data(self, X, y)
        check_classification_targets(y)
        if type_of_target(y) not in ("binary", "multiclass"):
            raise ValueError(f"Unknown label type: {type_of_target(y)}")
        classes = np.unique(y)
        if len(classes) != 2:
            raise ValueError(
                "Only binary classification is supported. The number of classes is "
                f"{len(classes)}: y must hold two classes, not one class or more than "
                "two"
            )
        inverses, shifts, constants = [], [], []
        for label in classes:
            group = rows[y == label]
            mean, d = group.mean(axis=0), rows.shape[1]
            cov = (group - mean).T @ (group - mean) / len(group)
            scale = np.trace(cov) / d or 1.0
            cov = (1.0 - alpha) * cov + max(alpha, 1e-12) * scale * np.eye(d)
            inverse = np.linalg.inv(cov)
            inverses.append(inverse)
            shifts.append(inverse @ mean)
            constants.append(
                np.log(len(group) / len(rows))
                - (mean @ inverse @ mean + np.linalg.slogdet(cov)[1]) / 2
            )
        A = (inverses[0] - inverses[1]) / 2
        return self._with(
            (A + A.T) / 2,
            (shifts[1] - shifts[0]) / 2,
            float(constants[1] - constants[0]),
            classes,
        )

    def decision_function(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return f(x) for each point.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        check_is_fitted(self, "A_")
        rows: NDArray = validate_data(self, X, reset=False)
        values = ((rows @ self.A_ + 2.0 * self.b_) * rows).sum(axis=1) + self.c_
        return np.asarray(values)

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

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes, for scikit-learn's own checks."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
