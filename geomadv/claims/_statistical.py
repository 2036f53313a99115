"""Evidence by sampling, with time-uniform confidence sequences.

One side of the claim is the mean of bounded random draws, the other a number. Draws are
added in blocks that double, and sampling stops as soon as the confidence sequence
decides; because the sequence is valid at all times at once, stopping early costs
nothing. What is decided is wrong with probability at most the error rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from geomadv._random import spawn
from geomadv.claims._domain import Domain, grid
from geomadv.claims._exact import scope
from geomadv.claims._outcome import Outcome, Point, Verdict, combined
from geomadv.stats import BernoulliSequence, BoundedSequence, Interval


@dataclass(frozen=True)
class Statistical:
    """One side is the mean of a bounded law that can be sampled.

    Parameters
    ----------
    sample : callable
        ``sample(n, rng, **parameters)`` returns n independent draws, as booleans or as
        numbers in the support.
    value : callable
        The other side, a function of the parameters.
    side : {"lhs", "rhs"}
        Which side of the relation is the random one.
    support : tuple of float, or callable of the parameters
        Bounds of the draws, unless they are booleans.
    tolerance : float
        An equality holds once the interval lies within this relative distance of the
        value, and is violated once the interval leaves the value out.
    first : int
        Size of the first block; each later one doubles the number of draws.
    """

    sample: Callable[..., Any]
    value: Callable[..., Any]
    side: Literal["lhs", "rhs"] = "lhs"
    support: tuple[float, float] | Callable[..., tuple[float, float]] = (0.0, 1.0)
    tolerance: float = 0.05
    first: int = 1024

    level: ClassVar[str] = "statistical"

    def judge(
        self,
        relation: str,
        domain: Domain,
        where: Callable[..., bool] | None = None,
        *,
        error_rate: float,
        seed: int,
        names: tuple[str, ...],
        budget: int,
        stop_at_violation: bool = False,
    ) -> Outcome:
        """Decide the relation at every point of the grid.

        Parameters
        ----------
        relation : {"lhs <= rhs", "lhs == rhs"}
            What is decided.
        domain, where
            As for a claim.
        error_rate : float
            Probability of a wrong decision at one point.
        seed, names
            What the generator of a point is spawned from, with the point itself.
        budget : int
            Draws at one point, at most.
        stop_at_violation : bool
            Whether the first violation settles the matter.
        """
        points, samples = [], 0
        for parameters in grid(domain, where):
            rng = spawn(seed, *names, sorted(parameters.items()))
            point, drawn = self._decide(relation, parameters, rng, error_rate, budget)
            points.append(point)
            samples += drawn
            if stop_at_violation and point.verdict is Verdict.VIOLATED:
                break
        verdict = combined(point.verdict for point in points)
        return Outcome(
            verdict, tuple(points), scope(domain), len(points), samples=samples
        )

    def _decide(
        self,
        relation: str,
        parameters: dict[str, Any],
        rng: np.random.Generator,
        error_rate: float,
        budget: int,
    ) -> tuple[Point, int]:
        value = float(self.value(**parameters))
        threshold = -math.log(error_rate)
        support = (0.0, 1.0)
        sequence: BernoulliSequence | BoundedSequence | None = None
        drawn = 0
        while True:
            block = min(max(self.first, drawn), budget - drawn)
            draws = np.asarray(self.sample(block, rng, **parameters))
            if draws.shape != (block,):
                raise ValueError(
                    f"a sampler must return as many draws as it is asked for, {block}, "
                    f"got an array of shape {draws.shape}"
                )
            drawn += block
            if sequence is None:
                if draws.dtype == np.bool_:
                    sequence = BernoulliSequence(error_rate)
                else:
                    support = self.bounds(parameters)
                    sequence = BoundedSequence(error_rate, *support)
            if isinstance(sequence, BernoulliSequence):
                sequence.update(int(np.count_nonzero(draws)), block)
            else:
                sequence.update(draws)
            verdict = self._compare(relation, sequence, support, value, threshold)
            if verdict is not Verdict.INCONCLUSIVE or drawn >= budget:
                break
        mean = float(sequence.mean)
        lhs, rhs = (mean, value) if self.side == "lhs" else (value, mean)
        interval = sequence.interval
        slack = self._slack(relation, interval, value)
        return Point(parameters, lhs, rhs, slack, verdict, interval), drawn

    def point(
        self, relation: str, parameters: dict[str, Any], mean: float, interval: Interval
    ) -> Point:
        """Return what an interval for the random side says at one point.

        Parameters
        ----------
        relation : {"lhs <= rhs", "lhs == rhs"}
            What is decided.
        parameters : dict
            The point.
        mean : float
            The estimate.
        interval : Interval
            Where the random side lies.

        Returns
        -------
        Point
        """
        value = float(self.value(**parameters))
        slack = self._slack(relation, interval, value)
        verdict = Verdict.HOLDS if slack >= 0 else Verdict.INCONCLUSIVE
        if value not in interval and (relation == "lhs == rhs" or slack < 0):
            verdict = Verdict.VIOLATED
        lhs, rhs = (mean, value) if self.side == "lhs" else (value, mean)
        return Point(parameters, lhs, rhs, slack, verdict, interval)

    def bounds(self, parameters: dict[str, Any]) -> tuple[float, float]:
        """Return the bounds of the draws at a point."""
        return self.support(**parameters) if callable(self.support) else self.support

    def _compare(
        self,
        relation: str,
        sequence: BernoulliSequence | BoundedSequence,
        support: tuple[float, float],
        value: float,
        threshold: float,
    ) -> Verdict:
        """Decide from the evidence against the value and its neighbours alone.

        The ends of the interval cost a root search each; whether it leaves a number
        out costs one evaluation.
        """

        def left_out(mean: float) -> bool:
            outside = not support[0] <= mean <= support[1]
            return outside or bool(sequence.log_capital(mean) >= threshold)

        if relation == "lhs == rhs":
            margin = self.tolerance * abs(value)
            if left_out(value):
                return Verdict.VIOLATED
            close = left_out(value - margin) and left_out(value + margin)
            return Verdict.HOLDS if close else Verdict.INCONCLUSIVE
        if not left_out(value):
            return Verdict.INCONCLUSIVE
        below = sequence.mean < value
        return Verdict.HOLDS if below == (self.side == "lhs") else Verdict.VIOLATED

    def _slack(self, relation: str, interval: Interval, value: float) -> float:
        low, high = interval.lower, interval.upper
        if relation == "lhs == rhs":
            return self.tolerance * abs(value) - max(high - value, value - low)
        return value - high if self.side == "lhs" else low - value
