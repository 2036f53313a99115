"""More than the grid: what `verify --thorough` adds to a claim that holds on it."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from geomadv._random import spawn
from geomadv.claims._domain import Choices, Domain
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._outcome import Outcome, Point, combined
from geomadv.claims._space import cells

POINTS = 200
CURVES = 5
BUDGET = 16
BOXES = 10
_ATTEMPTS = 50


def further(
    outcome: Outcome,
    relation: str,
    domain: Domain,
    where: Callable[..., bool] | None,
    axis: str | None,
    evidence: Enclosure | Exact,
    seed: int,
    names: tuple[str, ...],
) -> Outcome:
    """Add random points of the whole domain to an outcome.

    A rate or a limit gets whole curves instead.
    """
    curves = relation in ("rate", "limit")
    drawn = draw(domain, where, axis if curves else None, seed, names)
    count = CURVES if curves else POINTS
    points: list[Point] = []
    for parameters in itertools.islice(drawn, count):
        match evidence:
            case Enclosure():
                points.append(evidence.at(parameters, domain))
            case Exact() if curves:
                one = {
                    name: Choices((parameters[name],)) if name in parameters else p
                    for name, p in domain.items()
                }
                points += evidence.judge(relation, one, where, axis).points
            case Exact():
                points.append(evidence.at(relation, parameters))
    verdict = combined([outcome.verdict, *(point.verdict for point in points)])
    kind = "curves" if curves else "points"
    return dataclasses.replace(
        outcome,
        verdict=verdict,
        points=(*outcome.points, *points),
        scope=f"{outcome.scope}; {count} random {kind} of the domain",
        count=outcome.count + (0 if outcome.unit == "boxes" else len(points)),
        curve=outcome.curve or outcome.points,
    )


def draw(
    domain: Domain,
    where: Callable[..., bool] | None,
    axis: str | None,
    seed: int,
    names: tuple[str, ...],
) -> Iterator[dict[str, Any]]:
    """Yield random points, evenly over the choices and over each range in its scale."""
    rng = spawn(seed, *names, "thorough")
    combinations = list(cells(domain, where, axis))
    for _ in range(POINTS * _ATTEMPTS):
        cell = combinations[int(rng.integers(len(combinations)))]
        point = cell.point(rng.random(len(cell.free)))
        if cell.allows(point):
            yield point
