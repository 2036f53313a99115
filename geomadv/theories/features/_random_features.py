r"""Classifiers with one hidden layer, and their gradients.

    f(x) = V' h(x) + b,    h_j(x) = act(<u_j, x> + o_j)   (random features), or
                           h_j(x) = exp(-gamma |x - z_j|^2)   (Gaussian expansions), or
                           h(x) = x   (linear classifiers).

`network_of` reads all three from fitted classifiers. In a random-feature classifier
(Rahimi and Recht 2008) the hidden layer is drawn and kept, and V is fitted by ridge
regression of labels -1 and +1.

Source: Rahimi, Recht (2008), "Random features for large-scale kernel machines", NIPS.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, integer, points, real

ACTIVATIONS = ("relu", "cosine")


class RandomFeatureClassifier:
    """A linear classifier of random features, fitted by ridge regression.

    Parameters
    ----------
    n_features : int
        The number m of features, at least 1.
    activation : {"relu", "cosine"}
        max(0, <u, x> + o) with u uniform on the unit sphere and o normal of deviation
        `width`, or cos(<u, x> + o) with u normal of deviation 1/`width` and o uniform
        (which approximate a Gaussian kernel of that width).
    width : float
        See above, positive.
    alpha : float
        The ridge penalty, positive.
    seed : int
        Draws the features.

    Attributes
    ----------
    directions_, offsets_ : (m, d) and (m,) arrays
        u_j and o_j.
    coef_ : (m, 1) or (m, K) array
        V: one function for two classes, one a class for more.
    intercept_ : (1,) or (K,) array
        b.
    classes_ : (K,) array
        The labels.

    Examples
    --------
    >>> X, y = [[-2.0], [-1.0], [1.0], [2.0]], [1, 0, 0, 1]
    >>> model = RandomFeatureClassifier(50, alpha=1e-3).fit(X, y)
    >>> model.predict(X)
    array([1, 0, 0, 1])
    """

    def __init__(
        self,
        n_features: int = 200,
        activation: str = "relu",
        width: float = 1.0,
        alpha: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.n_features = n_features
        self.activation = activation
        self.width = width
        self.alpha = alpha
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> "RandomFeatureClassifier":
        """Draw the features and fit V and b; b is not penalised.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels of at least two classes.

        Returns
        -------
        RandomFeatureClassifier
            Itself.

        Raises
        ------
        ValueError
            If there is one class only, among other bad input.
        """
        m = integer("n_features", self.n_features, minimum=1)
        choice("activation", self.activation, ACTIVATIONS)
        width = real("width", self.width, lower=0.0, open_lower=True)
        alpha = real("alpha", self.alpha, lower=0.0, open_lower=True)
        rows, labels = points("X", X, minimum=2), np.asarray(y)
        if labels.shape != (len(rows),):
            raise ValueError(f"y must have shape ({len(rows)},), got {labels.shape}")
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y must hold at least two classes, got one class")
        rng, d = generator(integer("seed", self.seed, minimum=0)), rows.shape[1]
        u = rng.standard_normal((m, d))
        if self.activation == "relu":
            self.directions_ = u / np.linalg.norm(u, axis=1, keepdims=True)
            self.offsets_ = width * rng.standard_normal(m)
        else:
            self.directions_ = u / width
            self.offsets_ = rng.uniform(0.0, 2 * math.pi, m)
        targets = 2.0 * (codes[:, None] == np.arange(len(self.classes_))) - 1.0
        if len(self.classes_) == 2:
            targets = targets[:, 1:]
        h = self._layer()(rows)[0]
        mean, level = h.mean(axis=0), targets.mean(axis=0)
        h = h - mean
        gram = h.T @ h
        gram[np.diag_indices(m)] += alpha
        self.coef_ = linalg.solve(gram, h.T @ (targets - level), assume_a="pos")
        self.intercept_ = level - mean @ self.coef_
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
        if not hasattr(self, "coef_"):
            raise ValueError("model must be fitted before it decides")
        h, _ = self._layer()(points("X", X, d=self.directions_.shape[1]))
        values = h @ self.coef_ + self.intercept_
        return np.asarray(values[:, 0] if values.shape[1] == 1 else values)

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
        f = self.decision_function(X)
        codes = (f > 0.0).astype(int) if f.ndim == 1 else f.argmax(axis=1)
        return np.asarray(self.classes_[codes])

    def _layer(self) -> "Layer":
        u, o, cosine = self.directions_, self.offsets_, self.activation == "cosine"

        def layer(X: NDArray) -> tuple[NDArray, Pull]:
            t = X @ u.T + o
            slope = -np.sin(t) if cosine else (t > 0.0).astype(float)
            value = np.cos(t) if cosine else np.maximum(t, 0.0)
            return value, lambda r: np.asarray((r * slope) @ u)

        return layer


Pull = Callable[[NDArray], NDArray]
Layer = Callable[[NDArray], tuple[NDArray, Pull]]


@dataclass(frozen=True, eq=False)
class Network:
    """A hidden layer and output weights.

    Parameters
    ----------
    layer : callable
        ``layer(X)`` returns h, (n, m), and a function that takes (n, m) weights r to
        sum_j r_ij grad h_j(x_i), (n, d).
    V : (m, K) array
        Output weights, K = 1 for two classes.
    b : (K,) array
        Offsets.
    classes : (C,) array
        Labels.
    linear : bool
        Whether h(x) = x.
    """

    layer: Layer
    V: Float[NDArray, "m K"]
    b: Float[NDArray, " K"]
    classes: NDArray
    linear: bool

    def slope(
        self, X: Float[NDArray, "n d"], codes: NDArray
    ) -> tuple[Float[NDArray, " n"], Float[NDArray, "n d"]]:
        """Return the cross-entropy of labels (as numbers from 0) and its gradient."""
        h, pull = self.layer(X)
        f = h @ self.V + self.b
        if f.shape[1] == 1:
            sign = 2.0 * codes - 1.0
            m = sign * f[:, 0]
            loss = np.logaddexp(0.0, -m)
            r = (-sign * np.exp(-np.logaddexp(0.0, m)))[:, None]
        else:
            f = f - f.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(f).sum(axis=1))
            n = np.arange(len(X))
            loss = log_sum - f[n, codes]
            r = np.exp(f - log_sum[:, None])
            r[n, codes] -= 1.0
        return np.asarray(loss), pull(r @ self.V.T)


def network_of(model: Any) -> Network:
    """Return the network of a linear, Gaussian-kernel or random-feature classifier.

    Raises
    ------
    TypeError
        If the model is of no known type.
    ValueError
        If it is not fitted, or its kernel is not Gaussian.
    """
    from geomadv.perturbations._forms import Affine, Expansion
    from geomadv.perturbations._models import form_of

    if isinstance(model, RandomFeatureClassifier):
        if not hasattr(model, "coef_"):
            raise ValueError("model must be fitted")
        return Network(
            model._layer(), model.coef_, model.intercept_, model.classes_, False
        )
    form = form_of(model)
    classes = np.asarray(getattr(model, "classes_", np.array([-1, 1])))
    if isinstance(form, Affine):
        return Network(lambda X: (X, np.asarray), form.W.T, form.b, classes, True)
    if not isinstance(form, Expansion) or form.options["kernel"] != "gaussian":
        raise ValueError(
            "model must be linear, a Gaussian kernel expansion or a random-feature "
            f"classifier, got {type(model).__name__}"
        )
    return Network(_bumps(form), form.coefficients, form.b, classes, False)


def _bumps(form: Any) -> Layer:
    centres, gamma = form.centres, float(form.options["gamma"])

    def layer(X: NDArray) -> tuple[NDArray, Pull]:
        z = X + form.t if form.T is None else X @ form.T.T + form.t
        square = (z**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
        h = np.exp(-gamma * np.maximum(square - 2 * z @ centres.T, 0.0))

        def pull(r: NDArray) -> NDArray:
            weight = r * h
            gradient = weight @ centres - weight.sum(axis=1)[:, None] * z
            gradient = 2 * gamma * gradient
            return np.asarray(gradient if form.T is None else gradient @ form.T)

        return h, pull

    return layer
