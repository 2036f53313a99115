r"""Rare events by exponential tilting: tails of quadratic forms, with certainty.

Let Q = sum_i (w_i z_i^2 + 2 b_i z_i) for a standard normal vector z, with
M(h) = E exp(h Q) finite for 2 h max(w) < 1. Under the tilted law, with density
exp(h Q) / M(h) against the old one, the z_i are independent normal variables with
variance v_i = 1 / (1 - 2 h w_i) and mean 2 h b_i v_i, and for every h > 0

    P(Q >= t) = M(h) exp(-h t) E_h[ exp(-h (Q - t)); Q >= t ].

The first factor is Chernoff's bound; what is averaged lies in [0, 1] *always*. So the
betting sequences for bounded means apply as they stand: the interval is valid for every
number of draws at once, however rare the event, and nothing about it is asymptotic. The
best h minimises log M(h) - h t; Q then has mean t under the tilted law, and the average
is of order 1 / (h sd(Q)), so that the number of draws for a given relative width grows
like the root of the logarithm of 1 / P.

Equal weights are drawn together: a sum of w (z_i + b_i / w)^2 is w times v times a
noncentral chi-square variable, so that the cost depends on the number of different
weights and not on the dimension.

References
----------
S. Asmussen and P. W. Glynn, Stochastic Simulation, Springer 2007, chapter VI
(numbering unverified). The interval: `geomadv.stats.BoundedSequence`.
"""

import math

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real, real_array
from geomadv.stats._bounded_sequence import BoundedSequence
from geomadv.stats._interval import Interval
from geomadv.stats._splitting import RareEvent

_BLOCK = 1 << 14


def tilted_quadratic_tail(
    weights: ArrayLike,
    threshold: float,
    *,
    linear: ArrayLike | None = None,
    rng: np.random.Generator | int,
    rtol: float = 0.1,
    most: int = 10_000_000,
    error_rate: float = 0.05,
) -> RareEvent:
    r"""Return P(sum_i w_i z_i^2 + 2 b_i z_i >= t) for a standard normal vector z.

    Parameters
    ----------
    weights : array_like of shape (d,)
        The weights w_i, of either sign.
    threshold : float
        The level t.
    linear : array_like of shape (d,), optional
        The coefficients b_i; 0 by default.
    rng : numpy.random.Generator or int
        The source of randomness.
    rtol : float
        Sampling stops when the interval lies within this relative distance of the
        estimate, or after `most` draws.
    most : int
        The greatest number of draws.
    error_rate : float
        The greatest probability, in (0, 1), that the interval misses. The interval is
        a confidence sequence: stopping on its width costs nothing.

    Returns
    -------
    RareEvent
        With probability 0 exactly where the threshold is out of reach.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the shapes differ.

    See Also
    --------
    splitting_tail : any score, with an interval from independent runs.
    weighted_chi2_tail : the value itself to 15 digits, where b = 0.

    Notes
    -----
    On the sphere, ``P(x' A x >= t)`` is the tail at 0 of the form with the eigenvalues
    of A less t. Where the threshold is below the mean of Q nothing is rare, and h = 0:
    plain sampling.

    Examples
    --------
    A chi-square variable with 10 degrees of freedom beyond 80:

    >>> tail = tilted_quadratic_tail(np.ones(10), 80.0, rng=0)
    >>> from scipy.stats import chi2
    >>> truth = float(chi2.sf(80, 10))
    >>> truth in tail.interval, abs(tail.probability / truth - 1) < 0.1
    (True, True)
    """
    w = real_array("weights", weights)
    if w.ndim != 1:
        raise ValueError(f"weights must have one axis, got shape {w.shape}")
    b = np.zeros_like(w) if linear is None else real_array("linear", linear)
    if b.shape != w.shape:
        raise ValueError(f"linear must have the shape of weights, got {b.shape}")
    t = real("threshold", threshold)
    rtol = real("rtol", rtol, lower=0.0, open_lower=True)
    most = integer("most", most, minimum=1)
    random = generator(rng)
    largest = max(float(np.abs(w).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    if largest == 0:
        log_p = 0.0 if t <= 0 else -math.inf
        return RareEvent(log_p, Interval(log_p, log_p), error_rate, 0)
    form = _Form(w / largest, b / largest)
    t /= largest
    if t > form.supremum:
        return RareEvent(-math.inf, Interval(-math.inf, -math.inf), error_rate, 0)
    h = form.best_tilt(t)
    log_bound = form.log_moment(h) - h * t
    sequence = BoundedSequence(error_rate, 0.0, 1.0)
    while sequence.count < most:
        n = min(_BLOCK, most - sequence.count)
        excess = form.draw(h, n, random) - t
        with np.errstate(under="ignore"):
            sequence.update(
                np.where(excess >= 0, np.exp(-h * np.maximum(excess, 0)), 0.0)
            )
        found, mean = sequence.interval, sequence.mean
        if mean > 0 and max(found.upper - mean, mean - found.lower) <= rtol * mean:
            break
    interval = sequence.interval
    return RareEvent(
        log_bound + _log(sequence.mean),
        Interval(
            min(log_bound + _log(interval.lower), 0.0),
            min(log_bound + _log(interval.upper), 0.0),
        ),
        error_rate,
        sequence.count,
    )


class _Form:
    """The form, its equal weights merged: w, multiplicity and sum of b^2 of each."""

    def __init__(self, w: Float[NDArray, " d"], b: Float[NDArray, " d"]) -> None:
        self.w, index = np.unique(w, return_inverse=True)
        self.k = np.bincount(index)
        self.b2 = np.bincount(index, weights=b * b)

    @property
    def supremum(self) -> float:
        """The least upper bound of the form."""
        if (self.w > 0).any() or (self.b2[self.w == 0] > 0).any():
            return math.inf
        below = self.w < 0
        return float((self.b2[below] / -self.w[below]).sum())

    def log_moment(self, h: float) -> float:
        """Return log E exp(h Q)."""
        rest = -2 * h * self.w
        logs = -0.5 * self.k * np.log1p(rest) + 2 * h * h * self.b2 / (1 + rest)
        return math.fsum(logs)

    def mean(self, h: float) -> float:
        """Return the mean of the form under the tilted law: it rises with h."""
        v = 1 / (1 - 2 * h * self.w)
        shift = 4 * h * self.b2 * v + 4 * h * h * self.w * self.b2 * v * v
        return math.fsum(self.k * self.w * v + shift)

    def best_tilt(self, t: float) -> float:
        """Return the h >= 0 whose tilted law has mean t."""
        if self.mean(0.0) >= t:
            return 0.0
        top = float(self.w.max())
        end = 0.5 / top if top > 0 else math.inf
        high = end / 2 if top > 0 else 1.0
        while self.mean(high) < t:
            nearer = (high + end) / 2 if top > 0 else 2 * high
            if nearer in (high, end) or nearer > 1e150:
                return high
            high = nearer
        from scipy import optimize

        return float(optimize.brentq(lambda h: self.mean(h) - t, 0.0, high, rtol=1e-8))

    def draw(self, h: float, n: int, rng: np.random.Generator) -> Float[NDArray, " n"]:
        """Return draws of the form under the tilted law."""
        total = np.zeros(n)
        for w, k, b2 in zip(self.w, self.k, self.b2, strict=True):
            v = 1 / (1 - 2 * h * w)
            if w == 0:
                # The sum of 2 b_i z_i, with z_i of mean 2 h b_i.
                total += 4 * h * b2 + 2 * math.sqrt(b2) * rng.standard_normal(n)
            else:
                # z + b / w has mean b (2 h v + 1 / w) = b v / w.
                squares = v * rng.noncentral_chisquare(k, v * b2 / w**2, n)
                total += w * squares - b2 / w
        return total


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
