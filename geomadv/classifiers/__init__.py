"""Classifiers after the manner of scikit-learn, fitted or made from parameters."""

from geomadv.classifiers._adversarial import (
    AdversarialLinearClassifier as AdversarialLinearClassifier,
)
from geomadv.classifiers._expansion import KernelExpansion as KernelExpansion
from geomadv.classifiers._feature_maps import FourierFeatures as FourierFeatures
from geomadv.classifiers._feature_maps import KernelFeatures as KernelFeatures
from geomadv.classifiers._hilbert import (
    HilbertKernelClassifier as HilbertKernelClassifier,
)
from geomadv.classifiers._interpolant import KernelInterpolant as KernelInterpolant
from geomadv.classifiers._linear import LinearClassifier as LinearClassifier
from geomadv.classifiers._quadratic import QuadraticClassifier as QuadraticClassifier
from geomadv.classifiers._regularised import (
    LogitPairingClassifier as LogitPairingClassifier,
)
from geomadv.classifiers._regularised import StabilityClassifier as StabilityClassifier
from geomadv.classifiers._regularised import TradesClassifier as TradesClassifier
from geomadv.classifiers._simplicial import (
    SimplicialInterpolant as SimplicialInterpolant,
)
from geomadv.classifiers._weighted_neighbours import (
    WeightedInterpolatedNN as WeightedInterpolatedNN,
)

__all__ = [
    "AdversarialLinearClassifier",
    "FourierFeatures",
    "HilbertKernelClassifier",
    "KernelExpansion",
    "KernelFeatures",
    "KernelInterpolant",
    "LinearClassifier",
    "LogitPairingClassifier",
    "QuadraticClassifier",
    "SimplicialInterpolant",
    "StabilityClassifier",
    "TradesClassifier",
    "WeightedInterpolatedNN",
]
