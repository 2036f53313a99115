"""Labelled distributions with known Bayes rules, and real images.

Labels of two classes are -1 and +1 everywhere.
"""

from geomadv.data._concentric_spheres import ConcentricSpheres as ConcentricSpheres
from geomadv.data._gaussian_pair import GaussianPair as GaussianPair
from geomadv.data._gaussian_triple import GaussianTriple as GaussianTriple
from geomadv.data._gaussian_triple import SlabRule as SlabRule
from geomadv.data._images import ImageData as ImageData
from geomadv.data._images import TwoClasses as TwoClasses
from geomadv.data._law import LabelledLaw as LabelledLaw
from geomadv.data._loaders import DataUnavailableError as DataUnavailableError
from geomadv.data._loaders import cache_folder as cache_folder
from geomadv.data._loaders import load_digits as load_digits
from geomadv.data._loaders import load_fashion_mnist as load_fashion_mnist
from geomadv.data._loaders import load_mnist as load_mnist
from geomadv.data._manifolds import EmbeddedSpheres as EmbeddedSpheres
from geomadv.data._manifolds import Embedding as Embedding
from geomadv.data._manifolds import FlatTorusDecoder as FlatTorusDecoder
from geomadv.data._manifolds import LabelledManifold as LabelledManifold
from geomadv.data._manifolds import LinearDecoder as LinearDecoder
from geomadv.data._manifolds import NestedTori as NestedTori
from geomadv.data._manifolds import ParallelFlats as ParallelFlats
from geomadv.data._manifolds import SwissRolls as SwissRolls
from geomadv.data._noisy import NoisyLabels as NoisyLabels
from geomadv.data._pancakes import Pancakes as Pancakes
from geomadv.data._parity import Parity as Parity
from geomadv.data._resize import bilinear_matrix as bilinear_matrix
from geomadv.data._resize import resize as resize
from geomadv.data._resize import resize_isometry as resize_isometry
from geomadv.data._tsipras import RobustWeakFeatures as RobustWeakFeatures

__all__ = [
    "ConcentricSpheres",
    "DataUnavailableError",
    "EmbeddedSpheres",
    "Embedding",
    "FlatTorusDecoder",
    "GaussianPair",
    "GaussianTriple",
    "ImageData",
    "LabelledLaw",
    "LabelledManifold",
    "LinearDecoder",
    "NestedTori",
    "NoisyLabels",
    "Pancakes",
    "ParallelFlats",
    "Parity",
    "RobustWeakFeatures",
    "SlabRule",
    "SwissRolls",
    "TwoClasses",
    "bilinear_matrix",
    "cache_folder",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "resize",
    "resize_isometry",
]
