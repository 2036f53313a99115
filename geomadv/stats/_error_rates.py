r"""One error rate for a whole run, divided over its decisions.

A run that makes decisions 1, 2, ... and allows decision k an error with probability at
most a_k makes any error at all with probability at most sum_k a_k (the union bound,
Boole 1847; as a procedure Bonferroni 1936), whatever the dependence between them. For
n decisions known in advance a_k = a / n. For a sequence without a known end

    a_k = 6 a / (pi^2 k^2),     sum_{k >= 1} a_k = a     (Euler 1735).
"""

import math

from geomadv._validate import integer, real


def checked_error_rate(error_rate: float) -> float:
    """Return `error_rate` if it lies strictly between 0 and 1."""
    return real(
        "error_rate", error_rate, lower=0.0, upper=1.0, open_lower=True, open_upper=True
    )


def split_error_rate(error_rate: float, n: int) -> float:
    """Return the error rate of each of n decisions that share one equally.

    Parameters
    ----------
    error_rate : float
        The probability, in (0, 1), with which any of the decisions may be wrong.
    n : int
        The number of decisions, at least 1.

    Returns
    -------
    float
        ``error_rate / n``.

    Raises
    ------
    ValueError
        If `error_rate` lies outside (0, 1), n is below 1, or the share is too small
        for a float.

    Examples
    --------
    >>> split_error_rate(1e-6, 50)
    2e-08
    """
    return _share(checked_error_rate(error_rate), integer("n", n, minimum=1))


def spend_error_rate(error_rate: float, k: int) -> float:
    """Return the error rate of the k-th decision of a sequence without a known end.

    Parameters
    ----------
    error_rate : float
        The probability, in (0, 1), with which any decision may ever be wrong.
    k : int
        The place of the decision, counted from 1.

    Returns
    -------
    float
        ``6 error_rate / (pi^2 k^2)``; the sum over all k is `error_rate`.

    Raises
    ------
    ValueError
        If `error_rate` lies outside (0, 1), k is below 1, or the share is too small
        for a float.

    Examples
    --------
    The first decision may spend 61 % of the whole.

    >>> round(spend_error_rate(0.01, 1), 6), round(spend_error_rate(0.01, 10), 8)
    (0.006079, 6.079e-05)
    """
    k = integer("k", k, minimum=1)
    return _share(checked_error_rate(error_rate) * (6 / math.pi**2), k * k)


def _share(error_rate: float, parts: int) -> float:
    try:
        share = error_rate / parts
    except OverflowError:  # an integer beyond the floats
        share = 0.0
    if share == 0.0:
        raise ValueError(
            f"error_rate must leave each decision a share above 0, got {error_rate!r}"
        )
    return share
