"""The set of errors against the Bayes rule: how large, how near, how dense it is."""

from geomadv.error_sets._bracket import Bracket as Bracket
from geomadv.error_sets._covering import covering_radius as covering_radius
from geomadv.error_sets._distances import EnlargementProfile as EnlargementProfile
from geomadv.error_sets._distances import distance_to_errors as distance_to_errors
from geomadv.error_sets._distances import enlargement_profile as enlargement_profile
from geomadv.error_sets._distances import mean_distance as mean_distance
from geomadv.error_sets._error_radius import (
    error_covering_radius as error_covering_radius,
)
from geomadv.error_sets._intervals import IntervalSet as IntervalSet
from geomadv.error_sets._intervals import PiecewiseRule as PiecewiseRule
from geomadv.error_sets._intervals import disagreement as disagreement
from geomadv.error_sets._measure import measure as measure
from geomadv.error_sets._measure import mislabelled_points as mislabelled_points
from geomadv.error_sets._regions import RegionDistances as RegionDistances
from geomadv.error_sets._regions import distance_to_regions as distance_to_regions
from geomadv.error_sets._segments import Flips as Flips
from geomadv.error_sets._segments import decision_flips as decision_flips
from geomadv.error_sets._segments import expected_flips as expected_flips
from geomadv.error_sets._segments import random_segments as random_segments
from geomadv.error_sets._segments import simplicial_flips as simplicial_flips

__all__ = [
    "Bracket",
    "EnlargementProfile",
    "Flips",
    "IntervalSet",
    "PiecewiseRule",
    "RegionDistances",
    "covering_radius",
    "decision_flips",
    "disagreement",
    "distance_to_errors",
    "distance_to_regions",
    "enlargement_profile",
    "error_covering_radius",
    "expected_flips",
    "mean_distance",
    "measure",
    "mislabelled_points",
    "random_segments",
    "simplicial_flips",
]
