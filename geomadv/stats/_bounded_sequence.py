r"""A confidence sequence for the mean of bounded observations.

Observations lie in [lower, upper] and each has conditional mean mu given the past (for
instance independent draws of one law); nothing else is assumed. After scaling to [0, 1]
the interval is { m : K_n(m) < 1/alpha } with

    K_n(m) = 1/2 exp(n KL(p^, m) - R)
             + 1/2 sum_j w_j exp(-psi(l_j) V) cosh(l_j n (m - p^)),

p^ the mean so far, R the regret of the Krichevsky-Trofimov mixture and
V = sum_i (x_i - c_i)^2 about the predictions c_i = (1/2 + x_1 + ... + x_{i-1}) / i.
Each half is a convex mixture of test supermartingales, hence so is K_n, and Ville's
inequality makes the intervals of all n contain mu with probability at least 1 - alpha
(`geomadv.stats._capital` has the derivation). The first half is as good as the sequence
for 0/1 data, the second adapts to a small variance; having both costs log 2.

This is betting in the sense of Waudby-Smith and Ramdas (2024) with fixed bets that are
mixed rather than plugged in. Mixtures keep the capital a function of (n, p^, V): memory
is constant and any m can be asked, where hedged capital needs all data or a grid of m.

References
----------
I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
betting", Journal of the Royal Statistical Society B 86 (2024) 1-27, arXiv:2010.09686.
S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, "Time-uniform, nonparametric,
nonasymptotic confidence sequences", Annals of Statistics 49 (2021) 1055-1080. X. Fan,
I. Grama and Q. Liu, "Exponential inequalities for martingales with applications",
Electronic Journal of Probability 20 (2015) 1-22.
"""

import math

import numpy as np

from geomadv._typing import ArrayLike, Real
from geomadv._validate import real, real_array
from geomadv.stats._capital import confidence_set, log_bounded_capital
from geomadv.stats._error_rates import checked_error_rate
from geomadv.stats._interval import Interval


class BoundedSequence:
    """A time-uniform confidence sequence for a bounded mean, in constant memory.

    Parameters
    ----------
    error_rate : float
        The greatest probability, in (0, 1), that any interval of the whole infinite
        sequence misses the mean.
    lower, upper : float
        Finite bounds that every observation satisfies, with ``lower < upper``.

    Notes
    -----
    The sums are taken one observation after the other, relative to the first one, so
    the state is the same to the last bit however the data are cut into blocks.

    Examples
    --------
    >>> import numpy as np
    >>> sequence = BoundedSequence(0.05, lower=-1, upper=1)
    >>> sequence.update([0.25, 0.25])
    >>> sequence.update(np.full(998, 0.25))
    >>> sequence.count, sequence.mean
    (1000, 0.25)
    >>> interval = sequence.interval
    >>> 0.25 in interval, interval.width < 0.04
    (True, True)
    """

    def __init__(self, error_rate: float, lower: float, upper: float) -> None:
        self._log_threshold = -math.log(checked_error_rate(error_rate))
        self._lower = real("lower", lower)
        self._upper = real("upper", upper)
        self._span = self._upper - self._lower
        if not 0 < self._span < math.inf:
            raise ValueError(
                "upper must be above lower, by a finite amount, got "
                f"lower={self._lower!r}, upper={self._upper!r}"
            )
        self._count = 0
        self._first = 0.5  # the first observation, in units of [0, 1]
        self._drift = 0.0  # the sum of x_i - first
        self._variation = 0.0  # V

    def update(self, x: ArrayLike) -> None:
        """Add a block of observations.

        Parameters
        ----------
        x : array_like, shape (n,)
            Observations in [lower, upper], in the order in which they were made; none
            is allowed.

        Raises
        ------
        ValueError
            If x is NaN or outside [lower, upper] anywhere, or has not one axis; the
            sequence is then unchanged.
        """
        x = real_array("x", x, lower=self._lower, upper=self._upper)
        if x.ndim != 1:
            raise ValueError(f"x must have one axis, got shape {x.shape}")
        if x.size == 0:
            return
        unit = np.minimum((x - self._lower) / self._span, 1.0)
        first = self._first if self._count else float(unit[0])
        offsets = unit - first
        drifts = np.cumsum(np.concatenate([[self._drift], offsets]))
        places = np.arange(self._count + 1, self._count + x.size + 1)
        residuals = offsets - (0.5 - first + drifts[:-1]) / places
        variations = np.cumsum(np.concatenate([[self._variation], residuals**2]))
        self._count += x.size
        self._first = first
        self._drift = float(drifts[-1])
        self._variation = float(variations[-1])

    @property
    def count(self) -> int:
        """The number of observations so far."""
        return self._count

    @property
    def mean(self) -> float:
        """The mean of the observations; a ValueError without observations."""
        if self._count == 0:
            raise ValueError("mean needs at least one observation, got none")
        mean = self._lower + self._span * self._unit_mean
        return min(max(mean, self._lower), self._upper)

    @property
    def _unit_mean(self) -> float:
        if self._count == 0:
            return 0.5
        return min(max(self._first + self._drift / self._count, 0.0), 1.0)

    @property
    def interval(self) -> Interval:
        """The confidence interval now; [lower, upper] without observations."""
        if self._count == 0:
            return Interval(self._lower, self._upper)
        ends = confidence_set(
            self._log_unit_capital, self._unit_mean, self._log_threshold
        )
        lower, upper = (self._lower + self._span * end for end in ends)
        return Interval(
            max(math.nextafter(lower, -math.inf), self._lower),
            min(math.nextafter(upper, math.inf), self._upper),
        )

    def log_capital(self, mean: ArrayLike) -> Real:
        """Return the logarithm of the evidence against a hypothetical mean.

        Parameters
        ----------
        mean : array_like, shape (*s,)
            Hypothetical means, in [lower, upper].

        Returns
        -------
        array, shape (*s,)
            The logarithm of K_n; 0 without observations. The interval is where it
            stays below ``-log(error_rate)``.
        """
        m = real_array("mean", mean, lower=self._lower, upper=self._upper)
        unit = np.minimum((m - self._lower) / self._span, 1.0)
        return self._log_unit_capital(unit)

    def _log_unit_capital(self, mean: Real) -> Real:
        successes = self._count * self._unit_mean
        failures = self._count * (1 - self._unit_mean)
        return log_bounded_capital(successes, failures, self._variation, mean)
