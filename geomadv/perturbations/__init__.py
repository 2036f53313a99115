"""Smallest perturbations that change a classifier's decision, exact or bracketed."""

from geomadv.perturbations._minimal import minimal_perturbation as minimal_perturbation
from geomadv.perturbations._result import Perturbation as Perturbation
from geomadv.perturbations._robust import RobustError as RobustError
from geomadv.perturbations._robust import robust_error as robust_error

__all__ = ["Perturbation", "RobustError", "minimal_perturbation", "robust_error"]
