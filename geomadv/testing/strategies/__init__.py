"""Hypothesis strategies for norms, spaces, laws, classifiers, data and error sets.

What they draw shrinks to counterexamples that can be read: low dimension, small
integers, along the axes. They need Hypothesis, which the extra ``testing`` brings.
"""

from geomadv.testing.strategies._classifiers import classifiers as classifiers
from geomadv.testing.strategies._classifiers import (
    kernel_classifiers as kernel_classifiers,
)
from geomadv.testing.strategies._classifiers import (
    linear_classifiers as linear_classifiers,
)
from geomadv.testing.strategies._classifiers import (
    nearest_neighbours as nearest_neighbours,
)
from geomadv.testing.strategies._classifiers import (
    quadratic_classifiers as quadratic_classifiers,
)
from geomadv.testing.strategies._data import DataSet as DataSet
from geomadv.testing.strategies._data import data_sets as data_sets
from geomadv.testing.strategies._data import labelled_laws as labelled_laws
from geomadv.testing.strategies._numbers import dimensions as dimensions
from geomadv.testing.strategies._numbers import norms as norms
from geomadv.testing.strategies._spaces import ErrorSet as ErrorSet
from geomadv.testing.strategies._spaces import error_sets as error_sets
from geomadv.testing.strategies._spaces import points_on as points_on
from geomadv.testing.strategies._spaces import spaces as spaces
from geomadv.testing.strategies._vectors import covariances as covariances
from geomadv.testing.strategies._vectors import directions as directions
from geomadv.testing.strategies._vectors import rotations as rotations
from geomadv.testing.strategies._vectors import vectors as vectors

__all__ = [
    "DataSet",
    "ErrorSet",
    "classifiers",
    "covariances",
    "data_sets",
    "dimensions",
    "directions",
    "error_sets",
    "kernel_classifiers",
    "labelled_laws",
    "linear_classifiers",
    "nearest_neighbours",
    "norms",
    "points_on",
    "quadratic_classifiers",
    "rotations",
    "spaces",
    "vectors",
]
