r"""Exact confidence intervals for a probability.

For k successes in n independent trials of probability p the interval of Clopper and
Pearson collects the p that neither one-sided binomial test of size alpha/2 rejects:

    lower = sup { p : P_p(Bin(n, p) >= k) <= alpha/2 },
    upper = inf { p : P_p(Bin(n, p) <= k) <= alpha/2 }.

Both tails are incomplete beta functions, P_p(Bin >= k) = I_p(k, n - k + 1), monotone
in p, so the interval covers p with probability at least 1 - alpha for every n and p.
It is valid for an n fixed in advance only. For an n that depends on the data, such as
"until it is clear", use `BernoulliSequence`.
"""

from scipy import special

from geomadv._validate import integer
from geomadv.stats._bisection import least_double
from geomadv.stats._error_rates import checked_error_rate
from geomadv.stats._interval import Interval


def clopper_pearson(successes: int, trials: int, error_rate: float = 0.05) -> Interval:
    """Return the Clopper-Pearson confidence interval for a probability.

    Parameters
    ----------
    successes : int
        The number of successes, from 0 to `trials`.
    trials : int
        The number of independent trials, at least 1, fixed before looking.
    error_rate : float
        The greatest probability, in (0, 1), that the interval misses. Half of it is
        spent on each side, so one end alone is a bound at ``error_rate / 2``.

    Returns
    -------
    Interval
        A subset of [0, 1]; the lower end is 0 without successes, the upper end 1
        without failures.

    Raises
    ------
    TypeError
        If a count is not an integer.
    ValueError
        If a count or `error_rate` lies outside its range.

    Notes
    -----
    SciPy's inverse of the incomplete beta function gives NaN at small error rates (for
    instance for 3 successes in 1000 trials at 1e-300), so the ends are found by
    bisection over the floating-point numbers. Against 40-digit arithmetic, the tail at
    the ends has a relative error below 1e-8 for up to 10^12 trials and error rates
    down to 1e-300, unless an end is so near 1 that the spacing of the floats decides.

    References
    ----------
    C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits
    illustrated in the case of the binomial", Biometrika 26 (1934) 404-413.

    Examples
    --------
    With no success in n trials the upper end solves (1 - p)^n = alpha/2.

    >>> clopper_pearson(0, 1, error_rate=0.5)
    Interval(lower=0.0, upper=0.75)
    >>> interval = clopper_pearson(5, 10, error_rate=0.05)
    >>> round(interval.lower, 4), round(interval.upper, 4)
    (0.1871, 0.8129)
    """
    n = integer("trials", trials, minimum=1)
    k = integer("successes", successes, minimum=0, maximum=n)
    tail = checked_error_rate(error_rate) / 2
    a, b = float(k), float(n - k)
    lower = (
        least_double(lambda p: special.betainc(a, b + 1, p) >= tail, 1.0) if k else 0
    )
    upper = least_double(lambda p: special.betaincc(a + 1, b, p) <= tail, 1.0)
    return Interval(float(lower), upper if k < n else 1.0)
