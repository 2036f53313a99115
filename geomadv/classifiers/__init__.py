"""Classifiers after the manner of scikit-learn, fitted or made from parameters."""

from geomadv.classifiers._adversarial import (
    AdversarialLinearClassifier as AdversarialLinearClassifier,
)
from geomadv.classifiers._expansion import KernelExpansion as KernelExpansion
from geomadv.classifiers._linear import LinearClassifier as LinearClassifier
from geomadv.classifiers._quadratic import QuadraticClassifier as QuadraticClassifier

__all__ = [
    "AdversarialLinearClassifier",
    "KernelExpansion",
    "LinearClassifier",
    "QuadraticClassifier",
]
