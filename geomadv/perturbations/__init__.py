"""Smallest perturbations that change a classifier's decision, exact or bracketed."""

from geomadv.perturbations._attacks import SUITES as SUITES
from geomadv.perturbations._attacks import AttackScore as AttackScore
from geomadv.perturbations._attacks import score_attack as score_attack
from geomadv.perturbations._certificates import certified_radii as certified_radii
from geomadv.perturbations._minimal import minimal_perturbation as minimal_perturbation
from geomadv.perturbations._result import Perturbation as Perturbation
from geomadv.perturbations._robust import RobustError as RobustError
from geomadv.perturbations._robust import robust_error as robust_error
from geomadv.perturbations._worst_case import WorstCase as WorstCase
from geomadv.perturbations._worst_case import worst_loss as worst_loss

__all__ = [
    "SUITES",
    "AttackScore",
    "Perturbation",
    "RobustError",
    "WorstCase",
    "certified_radii",
    "minimal_perturbation",
    "robust_error",
    "score_attack",
    "worst_loss",
]
