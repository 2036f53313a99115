"""Smallest perturbations that change a classifier's decision, exact or bracketed."""

from geomadv.perturbations._minimal import minimal_perturbation as minimal_perturbation
from geomadv.perturbations._result import Perturbation as Perturbation

__all__ = ["Perturbation", "minimal_perturbation"]
