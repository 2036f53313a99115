"""The candidates of each family, in an order from plain to fitted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.concentration import _balls, _halfspaces, _rectangles
from geomadv.concentration._levels import Region

_CLUSTERS = (5, 10, 20)
_PUBLISHED_CLUSTERS = (10,)
_MOST_MOVED = 5
_DESCENTS = 4

#: A region, and the threshold that it was made for where it was made for one.
Candidate = tuple[Region, float | None]


@dataclass(frozen=True, eq=False)
class Task:
    """What a search is given.

    Parameters
    ----------
    fit, select : (n, d) and (m, d) arrays
        Points that regions are fitted to (of float32), and the selection split.
    p, eps, mass : float
        Order of the norm, size of the enlargement, and share of the points wanted.
    full : bool
        Whether to go beyond what the papers do.
    rng : Generator
        Source of all randomness.
    say : callable
        Told what is done next.
    """

    fit: Float[NDArray, "n d"]
    select: Float[NDArray, "m d"]
    p: float
    eps: float
    mass: float
    full: bool
    rng: np.random.Generator
    say: Callable[[str], None]


def rectangles(task: Task) -> list[Candidate]:
    """Return complements of boxes: around clusters, and with few faces."""
    fit, eps, mass = task.fit, task.eps, task.mass
    task.say("rectangles: distances to neighbours")
    depth = _rectangles.neighbour_distances(fit, task.rng)
    found: list[Candidate] = []
    narrow = task.select.astype(np.float32)
    for clusters in _CLUSTERS if task.full else _PUBLISHED_CLUSTERS:
        task.say(f"rectangles: {clusters} clusters")
        boxes = _rectangles.search_shares(
            fit,
            narrow,
            eps=eps,
            mass=mass,
            clusters=clusters,
            depth=depth,
            rng=task.rng,
        )
        found.append((boxes, _rectangles.grown(eps)))
    for tails in _rectangles.TAILS if task.full else ():
        task.say("rectangles: one box with few faces")
        boxes_of_tails = _rectangles.greedy_boxes(fit, eps=eps, mass=mass, tails=tails)
        found += [(box, 0.0) for box in boxes_of_tails]
    return found


def balls(task: Task) -> list[Candidate]:
    """Return unions of balls: around points, and moved from there."""
    fit, eps, mass = task.fit, task.eps, task.mass
    task.say("balls: around points")
    unions = _balls.greedy_balls(fit, p=task.p, eps=eps, mass=mass, rng=task.rng)
    moved: list[_balls.Balls] = []
    if task.full and task.p == 2.0:
        for union in unions:
            if union.radii.size <= _MOST_MOVED:
                task.say(f"balls: descent of {union.radii.size}")
                moved += _balls.descend(fit, union, eps=eps, mass=mass)
    return [(union, None) for union in (*unions, *moved)]


def halfspaces(task: Task) -> list[Candidate]:
    """Return half-spaces: screened, and descended from the best of those."""
    fit, p, eps, mass = task.fit, task.p, task.eps, task.mass
    task.say("halfspaces: directions")
    starts = _halfspaces.starts if task.full else _halfspaces.powered_components
    found = _halfspaces.screened(fit, starts(fit), p=p, eps=eps, mass=mass)
    first = found[:_DESCENTS] if task.full else []
    for i, start in enumerate(first):
        task.say(f"halfspaces: descent {i + 1} of {len(first)}")
        found = found + _halfspaces.descend(fit, start, eps=eps, mass=mass)
    return [(half_space, None) for half_space in found]


SEARCHES: dict[str, Callable[[Task], list[Candidate]]] = {
    "rectangles": rectangles,
    "balls": balls,
    "halfspaces": halfspaces,
}
