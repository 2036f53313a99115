r"""A confidence sequence for a probability, valid whenever one stops.

Observations are 0 or 1 and the conditional probability of a 1 given the past is p (for
instance independent trials). After n observations with k ones the interval is

    { p : B(k + 1/2, n - k + 1/2) / (B(1/2, 1/2) p^k (1-p)^{n-k}) < 1/alpha },

the beta-binomial mixture of Robbins (1970) under Jeffreys' prior. The ratio is a
martingale of mean 1 at the true p, so by Ville's inequality the intervals of *all* n
contain p with probability at least 1 - alpha: it may be looked at after every
observation, and sampling may stop for any reason (`geomadv.stats._capital` has the
derivation).

References
----------
H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals
of Mathematical Statistics 41 (1970) 1397-1409. S. R. Howard, A. Ramdas, J. McAuliffe
and J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals
of Statistics 49 (2021) 1055-1080.
"""

import math

from geomadv._typing import ArrayLike, Real
from geomadv._validate import integer, probability
from geomadv.stats._capital import confidence_set, log_beta_capital
from geomadv.stats._error_rates import checked_error_rate
from geomadv.stats._interval import Interval

_LARGEST_COUNT = 2**53  # beyond it a float does not count every trial


class BernoulliSequence:
    """A time-uniform confidence sequence for a probability, in constant memory.

    Parameters
    ----------
    error_rate : float
        The greatest probability, in (0, 1), that any interval of the whole infinite
        sequence misses the probability.

    Notes
    -----
    The interval depends on the two counts only, so blocks may be of any size. Width
    over that of `clopper_pearson` at p = 1/2 (which is valid at one fixed n only):

    ==========  ========  =========  =========
    error rate  n = 100   n = 10^4   n = 10^6
    ==========  ========  =========  =========
    1e-2        1.39      1.68       1.88
    1e-8        1.09      1.19       1.25
    ==========  ========  =========  =========

    The logarithm of the capital has an absolute error below 1e-9 for n up to 10^12
    against 60-digit arithmetic.

    Examples
    --------
    >>> sequence = BernoulliSequence(error_rate=0.05)
    >>> sequence.interval
    Interval(lower=0.0, upper=1.0)
    >>> sequence.update(successes=480, trials=1000)
    >>> sequence.update(successes=0, trials=1)
    >>> sequence.count, sequence.mean == 480 / 1001, 0.5 in sequence.interval
    (1001, True, True)
    """

    def __init__(self, error_rate: float) -> None:
        self._log_threshold = -math.log(checked_error_rate(error_rate))
        self._successes = 0
        self._trials = 0

    def update(self, successes: int, trials: int) -> None:
        """Add a block of observations.

        Parameters
        ----------
        successes : int
            The number of ones, from 0 to `trials`.
        trials : int
            The number of observations, at least 0; 2^53 in total at most.

        Raises
        ------
        TypeError
            If a count is not an integer.
        ValueError
            If a count lies outside its range; the sequence is then unchanged.
        """
        room = _LARGEST_COUNT - self._trials
        trials = integer("trials", trials, minimum=0, maximum=room)
        self._successes += integer("successes", successes, minimum=0, maximum=trials)
        self._trials += trials

    @property
    def count(self) -> int:
        """The number of observations so far."""
        return self._trials

    @property
    def mean(self) -> float:
        """The observed frequency; a ValueError without observations."""
        if self._trials == 0:
            raise ValueError("mean needs at least one observation, got none")
        return self._successes / self._trials

    @property
    def interval(self) -> Interval:
        """The confidence interval now; [0, 1] without observations."""
        if self._trials == 0:
            return Interval(0.0, 1.0)
        a, b = float(self._successes), float(self._trials - self._successes)
        lower, upper = confidence_set(
            lambda p: log_beta_capital(a, b, p), self.mean, self._log_threshold
        )
        return Interval(lower, upper)

    def log_capital(self, mean: ArrayLike) -> Real:
        """Return the logarithm of the evidence against a hypothetical probability.

        Parameters
        ----------
        mean : array_like, shape (*s,)
            Hypothetical probabilities p, in [0, 1].

        Returns
        -------
        array, shape (*s,)
            The logarithm of the martingale at p. The interval is where it stays below
            ``-log(error_rate)``.
        """
        p = probability("mean", mean)
        a, b = float(self._successes), float(self._trials - self._successes)
        return log_beta_capital(a, b, p)
