"""Labelled distributions with known Bayes rules, and real images.

Labels of two classes are -1 and +1 everywhere.
"""

from geomadv.data._concentric_spheres import ConcentricSpheres as ConcentricSpheres
from geomadv.data._gaussian_pair import GaussianPair as GaussianPair
from geomadv.data._images import ImageData as ImageData
from geomadv.data._images import TwoClasses as TwoClasses
from geomadv.data._loaders import DataUnavailableError as DataUnavailableError
from geomadv.data._loaders import cache_folder as cache_folder
from geomadv.data._loaders import load_digits as load_digits
from geomadv.data._loaders import load_mnist as load_mnist
from geomadv.data._noisy import NoisyLabels as NoisyLabels
from geomadv.data._resize import bilinear_matrix as bilinear_matrix
from geomadv.data._resize import resize as resize
from geomadv.data._resize import resize_isometry as resize_isometry

__all__ = [
    "ConcentricSpheres",
    "DataUnavailableError",
    "GaussianPair",
    "ImageData",
    "NoisyLabels",
    "TwoClasses",
    "bilinear_matrix",
    "cache_folder",
    "load_digits",
    "load_mnist",
    "resize",
    "resize_isometry",
]
