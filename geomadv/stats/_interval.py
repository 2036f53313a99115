"""Closed intervals of real numbers."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A closed interval [lower, upper]; the two ends are equal where it is exact.

    Parameters
    ----------
    lower, upper : float
        The ends, with ``lower <= upper``. Infinite ends say that nothing is known on
        that side; NaN is refused.

    Examples
    --------
    >>> interval = Interval(0.25, 0.5)
    >>> 0.3 in interval, 0.6 in interval, interval.width
    (True, False, 0.25)
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:  # also catches NaN
            raise ValueError(
                f"lower must be at most upper, got [{self.lower!r}, {self.upper!r}]"
            )

    def __contains__(self, value: float) -> bool:
        return bool(self.lower <= value <= self.upper)

    @property
    def width(self) -> float:
        """The distance between the ends; infinite where an end is."""
        if self.lower == self.upper:  # also where both are the same infinity
            return 0.0 if self.exact else math.inf
        return self.upper - self.lower

    @property
    def midpoint(self) -> float:
        """The number halfway between two finite ends."""
        return self.lower + (self.upper - self.lower) / 2

    @property
    def exact(self) -> bool:
        """Whether the interval is one finite number."""
        return self.lower == self.upper and math.isfinite(self.lower)
