"""Verdicts, and the points at which they were reached."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from geomadv.stats import Interval


class Verdict(StrEnum):
    """What verification found; INCONCLUSIVE never counts as HOLDS."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Point:
    """The two sides of a claim at one point of its domain.

    Parameters
    ----------
    parameters : Mapping
    lhs, rhs : float
        The sides; of a random side the estimate.
    slack : float
        How far the relation is from failing, in the units of the sides; negative where
        it fails. Of a random side the pessimistic end of the interval counts. NaN
        where it could not be computed.
    verdict : Verdict
    interval : Interval, optional
        Where the random side lies.
    """

    parameters: Mapping[str, Any]
    lhs: float
    rhs: float
    slack: float
    verdict: Verdict
    interval: Interval | None = None

    @property
    def relative_slack(self) -> float:
        """The slack over the larger of the sides in magnitude."""
        scale = max(abs(self.lhs), abs(self.rhs))
        return self.slack / scale if 0 < scale < math.inf else self.slack


@dataclass(frozen=True)
class Outcome:
    """What one piece of evidence says of one relation.

    Parameters
    ----------
    verdict : Verdict
    points : tuple of Point
    scope : str
        For which parameters the verdict was reached, in words.
    count : int
        How many points or boxes were decided.
    unit : str
        What `count` counts.
    samples : int
        How many random draws were made.
    error : str
        Why it is inconclusive, where a function failed.
    curve : tuple of Point
        The points to draw, where they are not those that were decided.
    """

    verdict: Verdict
    points: tuple[Point, ...]
    scope: str
    count: int
    unit: str = "points"
    samples: int = 0
    error: str = ""
    curve: tuple[Point, ...] = ()

    @property
    def worst(self) -> Point | None:
        """The point of least relative slack, violations first."""
        return worst(self.points)


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """Return VIOLATED if any is; HOLDS if there are some and all hold."""
    seen = set(verdicts)
    if Verdict.VIOLATED in seen:
        return Verdict.VIOLATED
    if seen == {Verdict.HOLDS}:
        return Verdict.HOLDS
    return Verdict.INCONCLUSIVE


def worst(points: Iterable[Point]) -> Point | None:
    """Return the point of least relative slack, violations first, or None."""
    order = [Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.HOLDS]

    def key(point: Point) -> tuple[int, float]:
        slack = point.relative_slack
        return order.index(point.verdict), -math.inf if math.isnan(slack) else slack

    return min(points, key=key, default=None)
