"""Subdivision: a region is halved until an inequality is certain on every part.

A region is a box of named ranges. A box on which ball arithmetic makes the sign of
rhs - lhs certain is done; any other is split along its widest side, in the parameter's
own scale, the widest boxes first.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from geomadv.claims._domain import Reals

Box = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Inequality:
    """lhs <= rhs, with both sides as functions of balls.

    Parameters
    ----------
    lhs, rhs : callable
        Functions of the parameters by name.
    outside : callable, optional
        True only for boxes without a point to which the inequality applies.
    given : dict
        Parameters that are no sides of the boxes, by name.
    """

    lhs: Callable[..., Any]
    rhs: Callable[..., Any]
    outside: Callable[..., bool] | None = None
    given: dict[str, Any] = field(default_factory=dict)

    def excluded(self, box: Box) -> bool:
        """Tell whether the inequality applies nowhere on the box."""
        return self.outside is not None and bool(
            self.outside(**self.given, **balls_of(box))
        )

    def slack(self, box: Box) -> Any:
        """Enclose rhs - lhs on the box."""
        from flint import arb

        balls = balls_of(box)
        rhs = arb(self.rhs(**self.given, **balls))
        return rhs - self.lhs(**self.given, **balls)


class Found(NamedTuple):
    """A box that was looked at.

    Attributes
    ----------
    box : dict
        The box.
    slack : arb or None
        Encloses rhs - lhs; None where the inequality applies nowhere on the box.
    state : {"proved", "outside", "split", "stuck"}
        What became of it; "stuck" where it was to be split but the budget was spent.
    """

    box: Box
    slack: Any
    state: Literal["proved", "outside", "split", "stuck"]

    @property
    def is_leaf(self) -> bool:
        """Whether it is done with."""
        return self.state in ("proved", "outside")


def balls_of(box: Box) -> dict[str, Any]:
    """Return balls that contain the sides of a box."""
    from flint import arb

    return {name: arb(low).union(arb(high)) for name, (low, high) in box.items()}


def certain(slack: Any) -> bool:
    """Tell whether a ball has no negative number in it, and is finite."""
    return bool(slack.is_finite() and slack >= 0)


def whole(ranges: dict[str, Reals]) -> Box:
    """Return the box that is not yet divided."""
    return {name: (p.lower, p.upper) for name, p in ranges.items()}


def centre(ranges: dict[str, Reals], box: Box) -> dict[str, float]:
    """Return the point at which the sides of a box would be split."""
    return {name: ranges[name].split(*box[name]) for name in ranges}


def halves(ranges: dict[str, Reals], box: Box) -> tuple[str, float, Box, Box]:
    """Return the widest side, where it is split, and the two parts."""
    side = max(ranges, key=lambda name: ranges[name].share(*box[name]))
    low, high = box[side]
    cut = ranges[side].split(low, high)
    return side, cut, {**box, side: (low, cut)}, {**box, side: (cut, high)}


def subdivide(
    inequality: Inequality, ranges: dict[str, Reals], most: int
) -> Iterator[Found]:
    """Yield every box that is looked at; a box that is stuck is the last."""
    order = itertools.count()
    todo = [(-1.0, next(order), whole(ranges))]
    seen = 0
    while todo:
        _, _, box = heapq.heappop(todo)
        seen += 1
        if inequality.excluded(box):
            yield Found(box, None, "outside")
            continue
        slack = inequality.slack(box)
        if certain(slack):
            yield Found(box, slack, "proved")
            continue
        if seen + len(todo) >= most or not ranges:
            yield Found(box, slack, "stuck")
            return
        yield Found(box, slack, "split")
        *_, left, right = halves(ranges, box)
        for part in (left, right):
            share = max(ranges[name].share(*part[name]) for name in ranges)
            heapq.heappush(todo, (-share, next(order), part))
