"""The searches of each family, in steps from plain to fitted.

A search is a list of steps. Each step finds candidates, from the data, what the steps
before it found and a generator of its own, so that a step whose result is at hand
already can be left out and nothing else changes.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.concentration import _balls, _cut_ball, _faces, _halfspaces, _rectangles
from geomadv.concentration._levels import Region

_CLUSTERS = (5, 10, 20)
_PUBLISHED_CLUSTERS = (10,)
_MOST_MOVED = 5
_DESCENTS = 4
_CUTS = 4
_CUT_STEPS = (60, 60)

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
    """

    fit: Float[NDArray, "n d"]
    select: Float[NDArray, "m d"]
    p: float
    eps: float
    mass: float
    full: bool
    rng: np.random.Generator


@dataclass(frozen=True)
class Step:
    """One step of a search.

    Parameters
    ----------
    name : str
        What it does, in a few words.
    find : callable
        ``find(found)`` returns candidates; `found` has those of each step before.
    """

    name: str
    find: Callable[[list[list[Candidate]]], list[Candidate]]


def rectangles(task: Task) -> list[Step]:
    """Return steps to complements of boxes: around clusters, and with few faces."""
    fit, eps, mass = task.fit, task.eps, task.mass
    numbers = _CLUSTERS if task.full else _PUBLISHED_CLUSTERS
    first, *others = task.rng.spawn(1 + len(numbers))

    @functools.cache
    def depth() -> Float[NDArray, " n"]:
        return _rectangles.neighbour_distances(fit, first)

    def clustered(
        clusters: int, rng: np.random.Generator, _: list[list[Candidate]]
    ) -> list[Candidate]:
        boxes = _rectangles.search_shares(
            fit,
            task.select.astype(np.float32),
            eps=eps,
            mass=mass,
            clusters=clusters,
            depth=depth(),
            rng=rng,
        )
        return [(boxes, _rectangles.grown(eps))]

    def single(_: list[list[Candidate]]) -> list[Candidate]:
        boxes = _faces.greedy_boxes(fit, eps=eps, mass=mass)
        return [(box, 0.0) for box in boxes]

    steps = [
        Step(f"{n} clusters", functools.partial(clustered, n, rng))
        for n, rng in zip(numbers, others, strict=True)
    ]
    return [*steps, Step("one box with few faces", single)] if task.full else steps


def balls(task: Task) -> list[Step]:
    """Return steps to unions of balls, and to balls cut by the range of the points.

    A cut ball's radius is set by the selection split, since no other threshold of its
    score is a cut ball.
    """
    fit, eps, mass = task.fit, task.eps, task.mass
    rng, other = task.rng.spawn(2)
    box = _cut_ball.box_of(fit)

    @functools.cache
    def starts() -> list[Float[NDArray, " d"]]:
        return _balls.centres_apart(fit, eps=eps, mass=mass, most=_CUTS, rng=other)

    def cut(i: int, _: list[list[Candidate]]) -> list[Candidate]:
        found: list[Candidate] = []
        for centre in starts()[i : i + 1]:
            for steps in _CUT_STEPS:
                centre = _cut_ball.descend(
                    fit, centre, box, eps=eps, mass=mass, steps=steps
                )
                ball = _cut_ball.fitted(task.select, centre, box, eps=eps, mass=mass)
                found += [] if ball is None else [(ball, 0.0)]
        return found

    def around(_: list[list[Candidate]]) -> list[Candidate]:
        unions = _balls.greedy_balls(fit, p=task.p, eps=eps, mass=mass, rng=rng)
        return [(union, None) for union in unions]

    def moved(size: int, found: list[list[Candidate]]) -> list[Candidate]:
        return [
            (union, None)
            for start, _ in found[0]
            if isinstance(start, _balls.Balls) and start.radii.size == size
            for union in _balls.descend(fit, start, eps=eps, mass=mass)
        ]

    euclidean = task.full and task.p == 2.0
    sizes = range(1, _MOST_MOVED + 1) if euclidean else ()
    cuts = range(_CUTS) if euclidean and eps > 0.0 else ()
    return [
        Step("around points", around),
        *(Step(f"descent of {n}", functools.partial(moved, n)) for n in sizes),
        *(
            Step(f"cut ball {i + 1} of {_CUTS}", functools.partial(cut, i))
            for i in cuts
        ),
    ]


def halfspaces(task: Task) -> list[Step]:
    """Return steps to half-spaces: screened, and descended from the best of those."""
    fit, p, eps, mass = task.fit, task.p, task.eps, task.mass

    def screened(_: list[list[Candidate]]) -> list[Candidate]:
        starts = _halfspaces.starts if task.full else _halfspaces.powered_components
        kept = _halfspaces.screened(fit, starts(fit), p=p, eps=eps, mass=mass)
        return [(half_space, None) for half_space in kept]

    def descended(i: int, found: list[list[Candidate]]) -> list[Candidate]:
        return [
            (half_space, None)
            for start, _ in found[0][i : i + 1]
            if isinstance(start, _halfspaces.HalfSpace)
            for half_space in _halfspaces.descend(fit, start, eps=eps, mass=mass)
        ]

    return [
        Step("directions", screened),
        *(
            Step(
                f"descent {i + 1} of {_DESCENTS}",
                functools.partial(descended, i),
            )
            for i in range(_DESCENTS if task.full else 0)
        ),
    ]


SEARCHES: dict[str, Callable[[Task], list[Step]]] = {
    "rectangles": rectangles,
    "balls": balls,
    "halfspaces": halfspaces,
}
