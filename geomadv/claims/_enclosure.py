r"""Evidence by ball arithmetic: the sign of rhs - lhs is certain on whole boxes.

Both sides are evaluated by Arb (Johansson 2017, "Arb: efficient arbitrary-precision
midpoint-radius interval arithmetic") on a box of parameters, which gives intervals that
contain every value on it. A box on which the sign is certain is done; any other is
split along its widest side, in the parameter's own scale. A violation is certain too:
it is found at a point, where the intervals are narrow.
"""

import dataclasses
import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from geomadv.claims._domain import Choices, Domain, Integers, Parameter, Reals, grid
from geomadv.claims._outcome import Outcome, Point, Verdict, combined

Box = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Enclosure:
    """An inequality that is proved on boxes of the real parameters.

    Parameters
    ----------
    lhs, rhs : callable
        Enclosures of the sides: functions of the parameters by name. A real parameter
        comes as an `arb` that contains a whole interval, an integer as an `int` (or as
        an `arb`, where its domain says `as_reals`).
    formulas : tuple of two callables, optional
        The same sides as the library computes them in floating point. At every typical
        point they must agree with the enclosures to within the stated errors.
    rtol, atol : float
        Bounds of the relative and of the absolute error of the formulas.
    precision : int
        Bits of the ball arithmetic.
    most_boxes : int
        Boxes to look at, for one combination of the enumerated parameters, at most.
    """

    lhs: Callable[..., Any]
    rhs: Callable[..., Any]
    formulas: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    rtol: float = 1e-12
    atol: float = 0.0
    precision: int = 96
    most_boxes: int = 20_000

    level: ClassVar[str] = "enclosure"

    def judge(self, domain: Domain) -> Outcome:
        """Decide lhs <= rhs on the whole domain."""
        from flint import ctx

        precision, ctx.prec = ctx.prec, self.precision
        try:
            boxed, listed = _split(domain)
            curve = tuple(self._point(point, boxed) for point in grid(domain))
            disagreement = self._disagreement(curve)
            searches = [self._search(cell, boxed) for cell in grid(listed)]
        finally:
            ctx.prec = precision
        points = (*(point for point, _ in searches), *curve)
        verdict = combined(point.verdict for point in points)
        if disagreement and verdict is Verdict.HOLDS:
            verdict = Verdict.INCONCLUSIVE
        return Outcome(
            verdict,
            points,
            _scope(domain),
            sum(boxes for _, boxes in searches),
            unit="boxes",
            error=disagreement,
            curve=curve,
        )

    def at(self, parameters: dict[str, Any], domain: Domain) -> Point:
        """Decide the inequality at one point of a domain."""
        from flint import ctx

        precision, ctx.prec = ctx.prec, self.precision
        try:
            return self._point(parameters, boxed(domain))
        finally:
            ctx.prec = precision

    def _point(self, parameters: dict[str, Any], boxed: dict[str, Reals]) -> Point:
        from flint import arb

        exact = {k: arb(v) if k in boxed else v for k, v in parameters.items()}
        lhs, rhs = arb(self.lhs(**exact)), arb(self.rhs(**exact))
        slack = rhs - lhs
        verdict = Verdict.INCONCLUSIVE
        if slack.is_finite():
            if slack >= 0:
                verdict = Verdict.HOLDS
            elif slack < 0:
                verdict = Verdict.VIOLATED
        return Point(parameters, float(lhs), float(rhs), float(slack), verdict)

    def _disagreement(self, curve: tuple[Point, ...]) -> str:
        for point in curve if self.formulas else ():
            for side, formula in zip(("lhs", "rhs"), self.formulas or (), strict=True):
                value, truth = float(formula(**point.parameters)), getattr(point, side)
                if not abs(value - truth) <= self.atol + self.rtol * abs(truth):
                    return (
                        f"the formula of {side} gives {value!r} at "
                        f"{dict(point.parameters)}, its enclosure {truth!r}"
                    )
        return ""

    def _search(
        self, cell: dict[str, Any], boxed: dict[str, Reals]
    ) -> tuple[Point, int]:
        """Return the point that tells the verdict, and the number of boxes."""
        start: Box = {name: (p.lower, p.upper) for name, p in boxed.items()}
        order = itertools.count()
        todo: list[tuple[float, int, Box]] = [(-1.0, next(order), start)]
        least: Point | None = None
        boxes = 0
        while todo:
            _, _, box = heapq.heappop(todo)
            boxes += 1
            centre = {n: boxed[n].split(*box[n]) for n in boxed}
            proved = self._holds(cell, box)
            if proved and least is not None:
                continue
            point = self._point({**cell, **centre}, boxed)
            if least is None or point.relative_slack < least.relative_slack:
                least = point
            if point.verdict is Verdict.VIOLATED:
                return point, boxes
            if proved:
                continue
            if boxes + len(todo) >= self.most_boxes or not boxed:
                doubt = dataclasses.replace(
                    point, slack=math.nan, verdict=Verdict.INCONCLUSIVE
                )
                return doubt, boxes
            side = max(boxed, key=lambda n: boxed[n].share(*box[n]))
            low, high = box[side]
            for part in ((low, centre[side]), (centre[side], high)):
                half = {**box, side: part}
                share = max(boxed[n].share(*half[n]) for n in boxed)
                heapq.heappush(todo, (-share, next(order), half))
        if least is None:
            raise AssertionError("the first box always leaves a point")
        return dataclasses.replace(least, verdict=Verdict.HOLDS), boxes

    def _holds(self, cell: dict[str, Any], box: Box) -> bool:
        """Whether ball arithmetic proves the inequality on the whole box."""
        from flint import arb

        balls = {name: arb(low).union(arb(high)) for name, (low, high) in box.items()}
        slack = arb(self.rhs(**cell, **balls)) - self.lhs(**cell, **balls)
        return bool(slack.is_finite() and slack >= 0)


def boxed(domain: Domain) -> dict[str, Reals]:
    """Return the parameters that are covered by boxes, and so come as balls."""
    return _split(domain)[0]


def _split(domain: Domain) -> tuple[dict[str, Reals], dict[str, Parameter]]:
    """Return the parameters that are covered by boxes, and those that are listed."""
    boxed: dict[str, Reals] = {}
    listed: dict[str, Parameter] = {}
    for name, parameter in domain.items():
        if isinstance(parameter, Reals):
            boxed[name] = parameter
        elif isinstance(parameter, Integers) and parameter.as_reals:
            boxed[name] = parameter.reals()
        else:
            listed[name] = parameter
    return boxed, listed


def _scope(domain: Domain) -> str:
    parts = []
    for name, parameter in domain.items():
        match parameter:
            case Choices() | Integers(as_reals=False):
                values = ", ".join(str(v) for v in parameter.typical)
                parts.append(f"{name} in {{{values}}} only")
            case Integers():
                parts.append(
                    f"every real, hence every integer, {name} in "
                    f"[{parameter.lower:g}, {parameter.upper:g}]"
                )
            case Reals():
                parts.append(
                    f"every real {name} in [{parameter.lower:g}, {parameter.upper:g}]"
                )
    return "; ".join(parts)
