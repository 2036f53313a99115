"""Classifiers, Bayes rules and laws, in whatever form they come."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.spaces import Cube, Sphere

Rule = Callable[[Float[NDArray, "n d"]], NDArray]


def rule(name: str, value: Any) -> Rule:
    """Return the labels as a function of points.

    `value` has `bayes_predict` or `predict`, or is a function, or one label.
    """
    for method in ("bayes_predict", "predict"):
        if callable(getattr(value, method, None)):
            return _checked(name, getattr(value, method))
    if callable(value):
        return _checked(name, value)
    if is_label(value):
        return lambda X: np.full(len(X), value)
    raise TypeError(
        f"{name} must be a classifier with predict, a law with bayes_predict, a "
        f"function of points or one label, got {type(value).__name__}"
    )


def is_label(value: Any) -> bool:
    """Tell whether a value is one label: a number but nan, or a bool."""
    number = isinstance(value, int | float | np.number | np.bool_)
    return number and not math.isnan(float(value))


def all_labels(value: Any, found: NDArray) -> NDArray:
    """Return the labels that a rule is known to have, or those that were found."""
    return np.asarray(getattr(value, "classes_", found))


def _checked(name: str, function: Callable[..., Any]) -> Rule:
    def labels(X: Float[NDArray, "n d"]) -> NDArray:
        found = np.asarray(function(X))
        if found.shape != (len(X),):
            raise ValueError(
                f"{name} must return one label a point, shape ({len(X)},), got "
                f"{found.shape}"
            )
        if found.dtype.kind == "f" and np.isnan(found).any():
            raise ValueError(f"{name} must return labels, got nan")
        return found

    return labels


def draw(law: Any, n: int, rng: np.random.Generator) -> Float[NDArray, "n d"]:
    """Return n points of a space, or of a law that returns labels too."""
    if not callable(getattr(law, "sample", None)):
        raise TypeError(
            "law must have sample(n, rng), such as Cube(2) or NoisyLabels, got "
            f"{law!r:.60}"
        )
    found = law.sample(n, rng)
    X = np.asarray(found[0] if isinstance(found, tuple) else found, dtype=np.float64)
    if X.ndim != 2 or len(X) != n:
        raise ValueError(f"law must sample points of shape ({n}, d), got {X.shape}")
    return X


def diameter(law: Any, d: int, torus: bool) -> float:
    """Return the greatest distance in the support of a law, infinite if not known."""
    base = getattr(law, "base", law)
    if torus or base == "torus":
        return math.sqrt(d) * (0.5 if torus else 1.0)
    if isinstance(base, Cube):
        return math.sqrt(d)
    return 2.0 if isinstance(base, Sphere) else math.inf


def comparable(first: NDArray, second: NDArray) -> None:
    """Refuse labels of different kinds: -1, +1 and 0, 1, or words and numbers."""
    if not len(first) or not len(second):
        return
    words = [np.asarray(labels).dtype.kind in "USO" for labels in (first, second)]
    seen = [set(np.unique(labels).tolist()) for labels in (first, second)]
    mixed = any(
        one <= {0, 1} and 0 in one and other <= {-1, 1} and -1 in other
        for one, other in (seen, seen[::-1])
        if not any(words)
    )
    if mixed or words[0] != words[1]:
        raise ValueError(
            "the labels of the classifier and of the Bayes rule must be the same ones, "
            f"got {sorted(seen[0])[:3]} and {sorted(seen[1])[:3]}"
        )
