"""Statistics of simulations: intervals, confidence sequences, fits, rare events."""

from geomadv.stats._bernoulli_sequence import BernoulliSequence as BernoulliSequence
from geomadv.stats._binomial import clopper_pearson as clopper_pearson
from geomadv.stats._bounded_sequence import BoundedSequence as BoundedSequence
from geomadv.stats._empirical_cdf import dkw_band as dkw_band
from geomadv.stats._empirical_cdf import dkw_radius as dkw_radius
from geomadv.stats._empirical_cdf import quantile_interval as quantile_interval
from geomadv.stats._error_rates import spend_error_rate as spend_error_rate
from geomadv.stats._error_rates import split_error_rate as split_error_rate
from geomadv.stats._interval import Interval as Interval
from geomadv.stats._power_law import PowerLaw as PowerLaw
from geomadv.stats._power_law import fit_power_law as fit_power_law
from geomadv.stats._sampled_curve import SampledCurve as SampledCurve
from geomadv.stats._sampled_curve import sample_curve as sample_curve
from geomadv.stats._splitting import RareEvent as RareEvent
from geomadv.stats._splitting import splitting_tail as splitting_tail
from geomadv.stats._tilting import tilted_quadratic_tail as tilted_quadratic_tail
from geomadv.stats._weighted_chi2 import (
    log_weighted_chi2_tail as log_weighted_chi2_tail,
)
from geomadv.stats._weighted_chi2 import weighted_chi2_tail as weighted_chi2_tail

__all__ = [
    "BernoulliSequence",
    "BoundedSequence",
    "Interval",
    "PowerLaw",
    "RareEvent",
    "SampledCurve",
    "clopper_pearson",
    "dkw_band",
    "dkw_radius",
    "fit_power_law",
    "log_weighted_chi2_tail",
    "quantile_interval",
    "sample_curve",
    "spend_error_rate",
    "split_error_rate",
    "splitting_tail",
    "tilted_quadratic_tail",
    "weighted_chi2_tail",
]
