"""Evidence by deterministic floating point with a stated error."""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from geomadv.claims._domain import Domain, Integers, grid
from geomadv.claims._outcome import Outcome, Point, Verdict, combined
from geomadv.stats import fit_power_law


@dataclass(frozen=True)
class Exact:
    """Both sides are computed, with a relative error of at most `rtol`.

    An inequality is violated where the left side exceeds the right one by more than
    the error, and holds elsewhere; an equality holds where the sides differ by no more
    than the error. A side that is NaN, or two equal infinities, decides nothing.

    Parameters
    ----------
    lhs, rhs : callable
        Functions of the parameters by name, with one number as value.
    rtol : float
        Bound of the relative error of either side.
    atol : float
        Bound of the absolute error, for sides that may vanish.
    tolerance : float
        For a rate: how far the fitted exponent may lie from the stated one. For a
        limit: how far the last point of the axis may lie from it, relatively. From the
        farthest on, none may lie farther from it than both of the two before.
    unproved : str
        Why no enclosure proves it on boxes, for inequalities: what ball arithmetic
        lacks.
    """

    lhs: Callable[..., Any]
    rhs: Callable[..., Any]
    rtol: float = 1e-12
    atol: float = 0.0
    tolerance: float = 0.01
    unproved: str = ""

    level: ClassVar[str] = "exact"

    def judge(
        self,
        relation: str,
        domain: Domain,
        where: Callable[..., bool] | None = None,
        axis: str | None = None,
    ) -> Outcome:
        """Decide the relation on the grid of the domain."""
        drawn = tuple(self.at(relation, p) for p in grid(domain, where))
        if axis is None or relation not in ("rate", "limit"):
            points = drawn
        else:
            decide = self._rate if relation == "rate" else self._limit
            points = tuple(decide(curve, axis) for curve in curves(drawn, axis))
        return Outcome(
            combined(point.verdict for point in points),
            points,
            scope(domain),
            len(drawn),
            curve=drawn,
        )

    def at(self, relation: str, parameters: dict[str, Any]) -> Point:
        """Decide the relation at one point."""
        lhs = float(self.lhs(**parameters))
        rhs = float(self.rhs(**parameters))
        error = self.atol + self.rtol * max(abs(lhs), abs(rhs))
        gap = lhs - rhs if relation == "lhs <= rhs" else abs(lhs - rhs)
        slack = error - gap if math.isfinite(error) else -gap
        return Point(parameters, lhs, rhs, slack, _sign(slack))

    def _rate(self, curve: list[Point], axis: str) -> Point:
        others = {k: v for k, v in curve[0].parameters.items() if k != axis}
        stated = curve[0].rhs
        if len(curve) < 3 or not all(0 < p.lhs < math.inf for p in curve):
            return Point(others, math.nan, stated, math.nan, Verdict.INCONCLUSIVE)
        x = [p.parameters[axis] for p in curve]
        exponent = fit_power_law(x, [p.lhs for p in curve]).exponent
        slack = self.tolerance - abs(exponent - stated)
        return Point(others, exponent, stated, slack, _sign(slack))

    def _limit(self, curve: list[Point], axis: str) -> Point:
        curve = sorted(curve, key=lambda point: float(point.parameters[axis]))
        last = curve[-1]
        gaps = [abs(p.lhs - p.rhs) for p in curve]
        error = self.atol + self.rtol * max(abs(last.lhs), abs(last.rhs))
        # A curve that crosses its limit is nearer there than at the points that follow.
        fall = gaps[gaps.index(max(gaps)) :]
        before = [fall[0], *map(max, itertools.pairwise(fall))]
        slack = min(
            self.tolerance * abs(last.rhs) - gaps[-1],
            max(gaps[:-1], default=math.inf) - gaps[-1] + error,
            *(near - far + error for near, far in zip(before, fall[1:], strict=False)),
        )
        slack = math.nan if any(map(math.isnan, gaps)) else slack
        return Point(last.parameters, last.lhs, last.rhs, slack, _sign(slack))


def _sign(slack: float) -> Verdict:
    if math.isnan(slack):
        return Verdict.INCONCLUSIVE
    return Verdict.HOLDS if slack >= 0 else Verdict.VIOLATED


def curves(points: Iterable[Point], axis: str) -> list[list[Point]]:
    """Return the points by the values of all parameters but `axis`."""
    grouped: dict[tuple[Any, ...], list[Point]] = {}
    for point in points:
        others = tuple(v for k, v in point.parameters.items() if k != axis)
        grouped.setdefault(others, []).append(point)
    return list(grouped.values())


def scope(domain: Domain) -> str:
    """Say at which values of each parameter the grid lies."""
    parts = []
    for name, parameter in domain.items():
        values = [
            f"{v:g}" if isinstance(v, int | float) else str(v)
            for v in parameter.typical
        ]
        if len(values) > 6:
            values = [*values[:2], "...", values[-1]]
        kind = "the integers" if isinstance(parameter, Integers) else "the values"
        parts.append(f"{name} at {kind} {', '.join(values)}")
    return "; ".join(parts)
