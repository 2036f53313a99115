"""Statistics of simulations: intervals, confidence sequences, scaling fits."""

from geomadv.stats._interval import Interval as Interval

__all__ = ["Interval"]
