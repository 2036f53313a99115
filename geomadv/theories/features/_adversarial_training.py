r"""Adversarial training of classifiers with a hidden layer, by fictitious play.

Each round perturbs all points against the classifier fitted so far, adds them to the
training set and fits anew. With the loss linear in the adversary's mixture this is
fictitious play (Brown 1951): the classifier answers the average of all adversaries it
has met, so that no round undoes another, as it can where each fits to the last one
alone. For linear classifiers `geomadv.classifiers.AdversarialLinearClassifier` solves
the problem itself, with a certificate.

The ridge penalty grows with the number r of rounds, so that it weighs the same. A
kernel expansion keeps the clean points as centres, and only its coefficients A are
fitted anew, to all z met so far: they minimise
sum |K(z, x) A - Y|^2/r + alpha tr A' K(x, x) A.
"""

import copy
from typing import Any

import numpy as np
from scipy import linalg

from geomadv._typing import ArrayLike, NDArray
from geomadv._validate import integer, points
from geomadv.theories.features._datasets import Box, attacked
from geomadv.theories.features._random_features import network_of

_RIDGE = 1e-9  # of the mean eigenvalue


def adversarially_trained(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    eps: float,
    p: float = 2,
    *,
    rounds: int = 16,
    box: Box = None,
    steps: int = 10,
) -> Any:
    """Return a copy of a classifier, fitted to points and their perturbations.

    Parameters
    ----------
    model : classifier
        Linear, a Gaussian `KernelExpansion` or a `RandomFeatureClassifier`, with its
        settings; fitted or not.
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        Their labels.
    eps : float
        Size of the perturbations, at least 0.
    p : float
        Order of their norm, 2 or infinity.
    rounds : int
        How often the points are perturbed; the last fit is to rounds * n points (the
        clean ones serve in the first fit alone).
    box : (lower, upper), optional
        Bounds of the coordinates.
    steps : int
        Gradient steps of each perturbation.

    Returns
    -------
    classifier
        Fitted.

    Raises
    ------
    TypeError, ValueError
        If the model is not known, or an argument is not as described.

    Examples
    --------
    >>> from geomadv.data import GaussianPair
    >>> from geomadv.theories.features._random_features import RandomFeatureClassifier
    >>> X, y = GaussianPair([1.0, 0.2], [1.0, 0.01]).sample(1000, 0)
    >>> usual = RandomFeatureClassifier(50).fit(X, y)
    >>> robust = adversarially_trained(usual, X, y, 0.4)
    >>> for f in (usual, robust):
    ...     print(bool((f.predict(attacked(f, X, y, 0.4)) == y).mean() > 0.6))
    False
    True
    """
    from geomadv.classifiers import KernelExpansion

    rows, labels = points("X", X, minimum=2), np.asarray(y)
    count = integer("rounds", rounds, minimum=1)
    fitted = copy.deepcopy(model).fit(rows, labels)
    refit = (
        _Coefficients(fitted, labels) if isinstance(model, KernelExpansion) else None
    )
    met = []
    for k in range(count):
        moved = attacked(fitted, rows, labels, eps, p, box=box, steps=steps)
        if refit is not None:
            fitted = refit.with_points(moved)
        else:
            met.append(moved)
            fitted = copy.deepcopy(model)
            fitted.alpha = model.alpha * (k + 1)
            fitted.fit(np.concatenate(met), np.tile(labels, k + 1))
    return fitted


class _Coefficients:
    """A kernel expansion with fixed centres, fitted to more and more points."""

    def __init__(self, model: Any, labels: NDArray) -> None:
        self._model, self._layer = model, network_of(model).layer
        targets = 2.0 * (labels[:, None] == model.classes_) - 1.0
        self._targets = targets[:, 1:] if len(model.classes_) == 2 else targets
        self._penalty = model.alpha * self._layer(model.centres_)[0]
        self._gram: Any = 0.0
        self._right: Any = 0.0
        self._rounds = 0

    def with_points(self, Z: NDArray) -> Any:
        H = self._layer(Z)[0]
        self._rounds += 1
        self._gram, self._right = (
            self._gram + H.T @ H,
            self._right + H.T @ self._targets,
        )
        gram = self._gram / self._rounds + self._penalty
        gram[np.diag_indices(len(gram))] += _RIDGE * np.trace(gram) / len(gram)
        found = copy.deepcopy(self._model)
        found.coefficients_ = linalg.solve(
            gram, self._right / self._rounds, assume_a="pos"
        )
        return found
