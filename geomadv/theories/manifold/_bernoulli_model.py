r"""Linear classifiers in the Bernoulli model of Schmidt et al. (2018).

theta is in {-1, +1}^d, y is -1 or +1, and each coordinate of x is y theta_i with
probability 1/2 + tau, else -y theta_i. For a linear classifier sign <w, x> write
a_i = w_i theta_i. The margin y <w, x> has the law of

    S = sum_i a_i xi_i,    xi_i = +1 with probability 1/2 + tau, else -1,

and a step of l_p length at most eps lowers it by at most eps |w|_q, which is attained.
So the robust error is P[S <= eps |w|_q]: a margin of 0 counts as an error. Coordinates
with one value of a_i add up to a_i (2 B - m), B binomial, so that the law of S is a
convolution of as many lattice laws as a has values, all terms positive.
"""

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import integer, norm_order, real, real_array
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order

_LARGEST = 4_000_000
_BLOCK = 1 << 20  # terms added at a time


def bernoulli_error(
    w: ArrayLike, theta: ArrayLike, tau: float, eps: float = 0.0, p: float = np.inf
) -> float:
    """Return the l_p robust error of a linear classifier in the Bernoulli model.

    Parameters
    ----------
    w : (d,) array_like
        Weights, with few different values of w_i theta_i, or few of them.
    theta : (d,) array_like
        The signs -1 and +1.
    tau : float
        Each coordinate is y theta_i with probability 1/2 + tau; in [0, 1/2].
    eps : float
        Length of the steps, at least 0.
    p : float
        Order of their norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    float
        P[y <w, x> <= eps |w|_q], the standard error for eps = 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or if the margin takes more than 4 000 000
        values on the way.

    Notes
    -----
    Values of the margin within 1e-12 |w|_1 of the threshold count as errors. Relative
    error below 1e-11 against the sum over all 2^d points in exact arithmetic, d up to
    12 (measured in the tests).

    Examples
    --------
    One coordinate errs with probability 1/2 - tau, three with a majority:

    >>> round(bernoulli_error([1.0], [1.0], 0.1), 12)
    0.4
    >>> round(bernoulli_error([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 0.1), 12)
    0.352
    """
    weights, signs = real_array("w", w, ndim=1), real_array("theta", theta, ndim=1)
    if weights.size == 0:
        raise ValueError("w must not be empty")
    if signs.shape != weights.shape or not np.isin(signs, (-1.0, 1.0)).all():
        raise ValueError(
            f"theta must hold {weights.size} signs -1 or +1, got shape {signs.shape}"
        )
    t = real("tau", tau, lower=0, upper=0.5)
    size = real("eps", eps, lower=0)
    threshold = size * float(lp_norm(weights, dual_order(norm_order("p", p))))
    slack = 1e-12 * float(np.abs(weights).sum())
    values, masses = _law(weights * signs, t)
    return float(masses[values <= threshold + slack].sum())


def agreement_error(d: int, agreeing: int, tau: float) -> float:
    """Return the standard error of weights of one size, by how many signs are right.

    Parameters
    ----------
    d : int
        Dimension, at least 1.
    agreeing : int
        How many of the d signs of w are those of theta, from 0 to d.
    tau : float
        In [0, 1/2].

    Returns
    -------
    float
        P[S <= 0] of the margin S in O(d) operations and constant memory.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    All terms are positive. Relative error below 1e-10 against `bernoulli_error`, d up
    to 300.

    Examples
    --------
    >>> round(agreement_error(3, 3, 0.1), 12)
    0.352
    """
    size = integer("d", d, minimum=1)
    right = integer("agreeing", agreeing, minimum=0, maximum=size)
    t = real("tau", tau, lower=0, upper=0.5)
    # S = 2 (B + C) - d, B of the agreeing and C of the others
    found = 0.0
    for start in range(0, min(right, size // 2) + 1, _BLOCK):
        b = np.arange(start, min(start + _BLOCK, right + 1, size // 2 + 1))
        most = np.minimum(size // 2 - b, size - right).astype(float)
        below = np.where(
            most >= size - right, 1.0, special.bdtr(most, size - right, 0.5 - t)
        )
        found += float(np.exp(_log_binomial(right, 0.5 + t, b)) @ below)
    return found


def _log_binomial(
    n: int, probability: float, k: Int[NDArray, " m"]
) -> Float[NDArray, " m"]:
    choose = (
        special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    )
    log: NDArray = (
        choose + special.xlogy(k, probability) + special.xlog1py(n - k, -probability)
    )
    return log


def _law(
    a: Float[NDArray, " d"], tau: float
) -> tuple[Float[NDArray, " m"], Float[NDArray, " m"]]:
    """Return the values of S and their probabilities."""
    values, masses = np.zeros(1), np.ones(1)
    tolerance = 1e-13 * max(float(np.abs(a).sum()), 1e-300)
    for level, count in zip(*np.unique(a, return_counts=True), strict=True):
        if level == 0.0:
            continue
        steps = level * (2.0 * np.arange(count + 1) - count)
        chances = np.exp(_log_binomial(int(count), 0.5 + tau, np.arange(count + 1)))
        if values.size * steps.size > _LARGEST:
            raise ValueError(
                "w must have few different values of w_i theta_i, got a margin of more "
                f"than {_LARGEST} values"
            )
        values = np.add.outer(values, steps).ravel()
        masses = np.multiply.outer(masses, chances).ravel()
        order = np.argsort(values)
        values, masses = values[order], masses[order]
        starts = np.flatnonzero(np.r_[True, np.diff(values) > tolerance])
        values, masses = values[starts], np.add.reduceat(masses, starts)
    return values, masses
