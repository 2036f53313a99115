r"""What the interpolating classifiers share: labels at places, and decisions.

An interpolating classifier estimates eta_c(x) = P(Y = c | x) by a weighted mean of the
labels of training points, and all the weight is on x_i where x = x_i:

    eta_c(x) = sum_i w_i(x) 1{y_i = c},    sum_i w_i(x) = 1,    w_i >= 0.

Equal points are one place. Where their labels differ no function can return all of
them, and the rule is: eta at a place is the share of each class among the labels there,
and the decision is their majority, of equal ones the first in `classes_`. The decision
elsewhere is the largest eta, and of equal ones again the first.

A query counts as a hit if it equals a place in all coordinates, which is looked up and
not computed from a distance that may underflow. On the torus of side 1 coordinates are
reduced to [0, 1) first.
"""

from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import choice
from geomadv.classifiers._linear import decided

DOMAINS = ("cube", "torus")


class Places:
    """The different points of a sample, and the labels there.

    Parameters
    ----------
    X : (n, d) array
        Finite points.
    codes : (n,) int array
        Their classes, 0 to K - 1.
    count : int
        K.

    Attributes
    ----------
    points : (m, d) array
        The places in the order in which they occur first.
    shares : (m, K) array
        Of each class among the labels at a place.
    weights : (m,) array
        How many labels there are.
    """

    def __init__(
        self, X: Float[NDArray, "n d"], codes: Int[NDArray, " n"], count: int
    ) -> None:
        self._salt = 0
        while True:  # until different points have different hashes
            known, first, inverse = np.unique(
                _hashes(X, self._salt), return_index=True, return_inverse=True
            )
            if (X[first[inverse]] == X).all():
                break
            self._salt += 1
        order = np.argsort(first)
        place = np.empty(len(order), int)
        place[order] = np.arange(len(order))
        self._known, self._place = known, place
        self.points = X[first[order]]
        table = np.zeros((len(order), count))
        np.add.at(table, (place[inverse], codes), 1.0)
        self.weights = table.sum(axis=1)
        self.shares = table / self.weights[:, None]

    def hits(self, X: Float[NDArray, "n d"]) -> Int[NDArray, " n"]:
        """Return which place each point equals, or -1."""
        hashes = _hashes(X, self._salt)
        spots = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        found = self._place[spots]
        same = (self._known[spots] == hashes) & (self.points[found] == X).all(axis=1)
        return np.where(same, found, -1)


def _hashes(X: Float[NDArray, "n d"], salt: int) -> NDArray:
    """Return 64 bits for each row; equal rows have equal ones, +0 and -0 too."""
    bits = np.ascontiguousarray(X + 0.0).view(np.uint64)
    found = np.full(len(X), salt, np.uint64)
    for column in bits.T:
        found = (found ^ column) * np.uint64(0x9E3779B97F4A7C15)
        found ^= found >> np.uint64(29)
    return found


def wrapped(X: Float[NDArray, "n d"]) -> Float[NDArray, "n d"]:
    """Return points of the torus in [0, 1)^d."""
    X = X - np.floor(X)
    return np.where(X < 1.0, X, 0.0)


class Interpolant(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that decides by estimates of P(Y = c | x): see the module."""

    domain: str | None
    classes_: NDArray
    _places: Places

    def _sample(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray, NDArray]:
        """Return the checked points and the codes of their labels."""
        if self.domain is not None:
            choice("domain", self.domain, DOMAINS)
        rows: NDArray
        with np.errstate(all="ignore"):  # scikit-learn looks at the sum, for speed
            rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y must hold at least two classes, got one class")
        rows = on_domain(rows, self.domain)
        self._places = Places(rows, codes, len(self.classes_))
        return rows, codes

    @abstractmethod
    def _means(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n K"]:
        """Return the means of the labels' indicators; at hits anything finite."""

    def predict_proba(self, X: ArrayLike) -> Float[NDArray, "n K"]:
        """Return the estimates of P(Y = c | x), each class in its column.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, K) array
            In [0, 1], with rows that sum to 1.
        """
        check_is_fitted(self, "_places")
        with np.errstate(all="ignore"):
            rows = np.asarray(validate_data(self, X, dtype=np.float64, reset=False))
        rows = on_domain(rows, self.domain)
        found, hits = np.empty((len(rows), len(self.classes_))), self._places.hits(rows)
        new = hits < 0
        found[~new] = self._places.shares[hits[~new]]
        if new.any():
            found[new] = np.clip(self._means(rows[new]), 0.0, 1.0)
        if found.shape[1] == 2:  # so that the two columns cannot contradict each other
            found[:, 0] = 1.0 - found[:, 1]
        return found

    def decision_function(self, X: ArrayLike) -> Float[NDArray, "..."]:
        """Return 2 eta - 1, in [-1, 1]: (n,) for two classes, (n, K) for more.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) or (n, K) array
            With two classes that of the second one, eta = P(Y = second | x).
        """
        values = 2.0 * self.predict_proba(X) - 1.0
        return values[:, 1] if values.shape[1] == 2 else values

    def predict(self, X: ArrayLike) -> Any:
        """Return the labels of points; between equal estimates the first class.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        return decided(self.decision_function(X), self.classes_)


def on_domain(X: Float[NDArray, "n d"], domain: str | None) -> Float[NDArray, "n d"]:
    """Return points as they lie on the domain; refuse those outside the cube."""
    if domain == "torus":
        return wrapped(X)
    if domain == "cube" and X.size and not 0.0 <= X.min() <= X.max() <= 1.0:
        bad = float(X[(X < 0.0) | (X > 1.0)][0])
        raise ValueError(f"X must lie in the cube [0, 1]^d, got {bad!r}")
    return X
