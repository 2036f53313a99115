r"""Evidence by ball arithmetic: the sign of rhs - lhs is certain on whole boxes.

Both sides are evaluated by Arb (Johansson 2017, "Arb: efficient arbitrary-precision
midpoint-radius interval arithmetic") on a box of parameters, which gives intervals that
contain every value on it. A box on which the sign is certain is done; any other is
split along its widest side, in the parameter's own scale. A violation is certain too:
it is found at a point, where the intervals are narrow.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from geomadv.claims._beyond import Beyond, above_and_below, missing
from geomadv.claims._boxes import Box, Inequality, centre, subdivide
from geomadv.claims._domain import Choices, Domain, Integers, Parameter, Reals, grid
from geomadv.claims._outcome import Outcome, Point, Verdict, combined


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
        point they must agree with the enclosures to within the stated errors; where
        they do not, nothing is proved or refuted.
    rtol, atol : float
        Bounds of the relative and of the absolute error of the formulas.
    precision : int
        Bits of the ball arithmetic.
    most_boxes : int
        Boxes to look at, for one combination of the enumerated parameters, at most.
    outside : callable, optional
        For a claim with `where`: a function of a box, given as for the sides, that is
        True only where no point of the box satisfies `where`. Such boxes are done.
    beyond : tuple of Beyond
        Inequalities that imply the claim where parameters leave their ranges towards
        infinity or 0. They must cover every combination of such parameters.
    """

    lhs: Callable[..., Any]
    rhs: Callable[..., Any]
    formulas: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    rtol: float = 1e-12
    atol: float = 0.0
    precision: int = 96
    most_boxes: int = 20_000
    outside: Callable[..., bool] | None = None
    beyond: tuple[Beyond, ...] = ()

    level: ClassVar[str] = "enclosure"

    def judge(
        self, domain: Domain, where: Callable[..., bool] | None = None
    ) -> Outcome:
        """Decide lhs <= rhs on the whole domain, or where the predicate is true."""
        from flint import ctx

        precision, ctx.prec = ctx.prec, self.precision
        try:
            boxed, listed = _split(domain)
            curve = tuple(self._point(point, boxed) for point in grid(domain, where))
            doubt = self.disagreement(curve)
            searches: list[tuple[Point | None, int]] = []
            further = 0
            if not doubt:
                cells = grid(listed, None if boxed else where)
                searches = [self._search(cell, boxed, where) for cell in cells]
                doubt, further = self._doubt_beyond(domain)
                doubt = "" if _violated(point for point, _ in searches) else doubt
        finally:
            ctx.prec = precision
        points = (*(point for point, _ in searches if point), *curve)
        verdict = combined(point.verdict for point in points)
        if not doubt and verdict is Verdict.INCONCLUSIVE:
            doubt = self._not_proved(searches)
        return Outcome(
            Verdict.INCONCLUSIVE if doubt else verdict,
            points,
            scope_of(domain, self.beyond),
            sum(boxes for _, boxes in searches) + further,
            unit="boxes",
            error=doubt,
            curve=curve,
        )

    def _not_proved(self, searches: list[tuple[Point | None, int]]) -> str:
        """Say where the boxes were used up, if they were."""
        for point, _ in searches:
            if point and point.verdict is Verdict.INCONCLUSIVE:
                return (
                    f"not proved with {self.most_boxes} boxes, near "
                    f"{dict(point.parameters)}: the enclosures there are too wide for "
                    "the slack, or there is none"
                )
        return ""

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

    def disagreement(self, curve: tuple[Point, ...]) -> str:
        """Say where a formula of the library differs from its enclosure, if it does.

        Parameters
        ----------
        curve : tuple of Point
            Where the enclosures were evaluated.
        """
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
        self,
        cell: dict[str, Any],
        boxed: dict[str, Reals],
        where: Callable[..., bool] | None,
    ) -> tuple[Point | None, int]:
        """Return the point that tells the verdict, and the number of boxes.

        There is no point where the predicate is true at the centre of no box.
        """
        least: Point | None = None
        boxes = 0
        for found in subdivide(self.inequality(cell), boxed, self.most_boxes):
            boxes += 1
            if found.state == "proved" and least:
                continue
            if found.state == "outside":
                _check_outside(cell, found.box, where)
                continue
            middle = centre(boxed, found.box)
            point = self._point({**cell, **middle}, boxed)
            if where is None or where(**cell, **middle):
                if least is None or point.relative_slack < least.relative_slack:
                    least = point
                if point.verdict is Verdict.VIOLATED:
                    return point, boxes
            if found.state == "stuck":
                doubt = dataclasses.replace(
                    point, slack=math.nan, verdict=Verdict.INCONCLUSIVE
                )
                return doubt, boxes
        if least is None:
            return None, boxes
        return dataclasses.replace(least, verdict=Verdict.HOLDS), boxes

    def inequality(self, cell: dict[str, Any]) -> Inequality:
        """Return what is to be proved.

        Parameters
        ----------
        cell : dict
            The values of the listed parameters.
        """
        return Inequality(self.lhs, self.rhs, self.outside, cell)

    def _doubt_beyond(self, domain: Domain) -> tuple[str, int]:
        """Return which unbounded part is not proved, if any, and how many boxes."""
        lacking = missing(domain, self.beyond)
        boxes = 0
        for piece in self.beyond:
            ranges = piece.ranges(domain)
            for cell in piece.cells(domain):
                for found in subdivide(piece.inequality(cell), ranges, self.most_boxes):
                    boxes += 1
                    if found.state == "stuck":
                        return f"not proved for {piece}, near {found.box}", boxes
        return (f"no proof covers {lacking}" if lacking else ""), boxes


def _check_outside(
    cell: dict[str, Any], box: Box, where: Callable[..., bool] | None
) -> None:
    """Raise if some point inside a box that was left out belongs to the claim."""
    inner = [
        (low + (high - low) / 4, high - (high - low) / 4) for low, high in box.values()
    ]
    for values in itertools.product(*inner):
        point = {**cell, **dict(zip(box, values, strict=True))}
        if where is not None and where(**point):
            raise ValueError(f"outside leaves out {point}, where the claim applies")


def _violated(points: Iterable[Point | None]) -> bool:
    return any(point and point.verdict is Verdict.VIOLATED for point in points)


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


def scope_of(domain: Domain, beyond: tuple[Beyond, ...] = ()) -> str:
    """Say for which parameters the inequality is proved."""
    above, below = above_and_below(beyond)
    parts = []
    for name, parameter in domain.items():
        if isinstance(parameter, Choices):
            parts.append(f"{name} in {{{_listed(parameter.typical)}}} only")
            continue
        low, high = f"{parameter.lower:g}", f"{parameter.upper:g}"
        interval = f"[{low}, {high}]"
        everywhere = isinstance(parameter, Reals) or parameter.as_reals
        if name in above and name in below:
            interval, everywhere = "> 0", True
        elif name in above:
            interval, everywhere = f">= {low}", True
        elif name in below:
            interval = f"(0, {high}]"
        elif isinstance(parameter, Integers) and _all_listed(parameter):
            everywhere = True
        joined = f"in {interval}" if interval[0] in "[(" else interval
        if not everywhere:
            parts.append(f"{name} in {{{_listed(parameter.typical)}}} only")
        elif isinstance(parameter, Reals):
            parts.append(f"every real {name} {joined}")
        elif parameter.as_reals and name not in above:
            parts.append(f"every real, hence every integer, {name} {joined}")
        else:
            parts.append(f"every integer {name} {joined}")
    return "; ".join(parts)


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(str(v) for v in values)


def _all_listed(parameter: Integers) -> bool:
    count = parameter.upper - parameter.lower + 1
    return len(set(parameter.typical)) == count
