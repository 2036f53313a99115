r"""Curves of means, sampled where they are least certain.

At each x the mean mu(x) of a law on [lower, upper] is wanted. Every point has its own
confidence sequence at the error rate alpha / k, k the number of points, so that with
probability at least 1 - alpha *all* intervals hold at *all* times: the next draws may
go wherever the present intervals say, and sampling may stop whenever they are narrow
enough (`geomadv.stats.BoundedSequence` has the inequality). Each round doubles the
draws of the point whose interval is widest for its target.

The point's draws come from a generator of its own, in blocks whose sizes are fixed in
advance; they do not depend on how the others were sampled.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import broadcast, integer, real, real_array
from geomadv.stats._bounded_sequence import BoundedSequence
from geomadv.stats._error_rates import checked_error_rate, split_error_rate
from geomadv.stats._interval import Interval
from geomadv.stats._power_law import PowerLaw, fit_power_law

Draw = Callable[[float, int, np.random.Generator], NDArray]

_FIRST = 256


@dataclass(frozen=True, eq=False)
class SampledCurve:
    """Means over a parameter, with intervals that hold together.

    Parameters
    ----------
    x : array, shape (k,)
        The parameter.
    mean : array, shape (k,)
        Means of the draws.
    standard_error : array, shape (k,)
        Standard deviations of the draws over the root of their number.
    intervals : tuple of Interval
        Intervals that contain all true means, but for the error rate.
    draws : tuple of int
        Draws at each point.
    error_rate : float
        The probability with which any interval misses.
    reached : bool
        Whether all intervals are as narrow as was asked.
    """

    x: Float[NDArray, " k"]
    mean: Float[NDArray, " k"]
    standard_error: Float[NDArray, " k"]
    intervals: tuple[Interval, ...]
    draws: tuple[int, ...]
    error_rate: float
    reached: bool

    def fit(self, *, log_factor: bool | str = False) -> PowerLaw:
        """Return the power law through the means, weighted by their standard errors.

        Parameters
        ----------
        log_factor : bool or "auto"
            As for `fit_power_law`.

        Returns
        -------
        PowerLaw
        """
        return fit_power_law(
            self.x,
            self.mean,
            standard_errors=self.standard_error,
            error_rate=self.error_rate,
            log_factor=log_factor,
        )


def sample_curve(
    draw: Draw,
    x: ArrayLike,
    *,
    width: float,
    relative: bool = True,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = 1.0,
    most: int = 10_000_000,
    seed: int = 0,
    error_rate: float = 0.05,
) -> SampledCurve:
    """Sample a curve until every interval is narrow, the widest one first.

    Parameters
    ----------
    draw : callable
        ``draw(x, n, rng)`` returns n independent draws at x, in [lower, upper].
    x : array_like, shape (k,)
        Values of the parameter, all different.
    width : float
        Width of the intervals that is asked for.
    relative : bool
        Whether the width is a share of the mean.
    lower, upper : array_like, shape (k,) or ()
        Bounds of the draws.
    most : int
        The greatest number of draws in all; at least 256 at each point.
    seed : int
        The seed; the generator of a point is spawned from it and from x.
    error_rate : float
        The greatest probability, in (0, 1), that any interval misses.

    Returns
    -------
    SampledCurve

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or a draw lies outside [lower, upper] or is NaN.

    Examples
    --------
    The share of a Gaussian beyond t falls faster than any power:

    >>> curve = sample_curve(
    ...     lambda t, n, rng: rng.standard_normal(n) > t, [0.5, 1, 2], width=0.2
    ... )
    >>> curve.reached, curve.draws[0] < curve.draws[2]
    (True, True)
    >>> 0.0228 in curve.intervals[2]
    True
    """
    points = real_array("x", x)
    if points.ndim != 1 or points.size == 0:
        raise ValueError(f"x must have one axis and a value, got shape {points.shape}")
    if np.unique(points).size < points.size:
        raise ValueError("x must hold different values")
    width = real("width", width, lower=0.0, open_lower=True)
    _, low, high = broadcast(
        x=points, lower=real_array("lower", lower), upper=real_array("upper", upper)
    )
    most = integer("most", most, minimum=_FIRST * points.size)
    share = split_error_rate(checked_error_rate(error_rate), points.size)
    sampled = [
        _Point(draw, v, a, b, share, seed)
        for v, a, b in zip(points.tolist(), low.tolist(), high.tolist(), strict=True)
    ]
    for point in sampled:
        point.add(_FIRST)
    left = most - _FIRST * points.size
    while True:
        widest = max(sampled, key=lambda point: point.need(width, relative))
        reached = widest.need(width, relative) <= 1
        if reached or not left:
            break
        more = min(widest.count, left)
        left -= more
        widest.add(more)
    return SampledCurve(
        x=points,
        mean=np.array([point.mean for point in sampled]),
        standard_error=np.array([point.standard_error for point in sampled]),
        intervals=tuple(point.sequence.interval for point in sampled),
        draws=tuple(point.count for point in sampled),
        error_rate=error_rate,
        reached=reached,
    )


class _Point:
    """One point of the curve: its generator, its sequence and its sums."""

    def __init__(
        self,
        draw: Draw,
        x: float,
        lower: float,
        upper: float,
        error_rate: float,
        seed: int,
    ) -> None:
        self._draw, self._x = draw, x
        self._rng = spawn(seed, "curve", x)
        self.sequence = BoundedSequence(error_rate, lower, upper)
        self._squares = 0.0  # about the mean so far
        self._need: tuple[int, float] = (0, math.inf)

    @property
    def count(self) -> int:
        return self.sequence.count

    @property
    def mean(self) -> float:
        return self.sequence.mean

    @property
    def standard_error(self) -> float:
        return math.sqrt(self._squares / (self.count - 1) / self.count)

    def add(self, n: int) -> None:
        values = np.asarray(self._draw(self._x, n, self._rng), dtype=np.float64)
        if values.shape != (n,):
            raise ValueError(f"draw must return {n} numbers, got shape {values.shape}")
        before = self.mean if self.count else 0.0
        share = self.count * n / (self.count + n)
        self.sequence.update(values)
        gap = float(values.mean()) - before
        self._squares += float(((values - values.mean()) ** 2).sum()) + share * gap**2

    def need(self, width: float, relative: bool) -> float:
        """Return the width of the interval as a multiple of the one asked for."""
        if self._need[0] != self.count:
            target = width * abs(self.mean) if relative else width
            wide = self.sequence.interval.width
            self._need = self.count, wide / target if target else math.inf
        return self._need[1]
