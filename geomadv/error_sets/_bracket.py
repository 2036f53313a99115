"""Intervals that say how they were found and how sure they are."""

from dataclasses import dataclass, field

from geomadv._typing import Float, NDArray
from geomadv.stats import Interval


@dataclass(frozen=True)
class Bracket(Interval):
    """An interval, the method that gave it and the probability that it misses.

    Parameters
    ----------
    lower, upper : float
        The ends; equal where the value is known up to rounding.
    method : str
        How the ends were found.
    error_rate : float
        The greatest probability that the value lies outside; 0 where no chance is
        involved.
    witness : (d,) array, optional
        A point that attains the lower end.
    """

    method: str = ""
    error_rate: float = 0.0
    witness: Float[NDArray, " d"] | None = field(
        default=None, compare=False, repr=False
    )
