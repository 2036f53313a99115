"""Smallest steps that change the vote of k > 1 neighbours, by branch and bound.

With k neighbours let n_c be the votes of the class c. The decision c is lost
where some class c' has n_c' >= n_c, or n_c' >= n_c + 1 if c comes first in a tie. That
is: for some w there are n_c <= w and n_c' >= v, v = w or w + 1. Either says that s
points of one side each are at least as near as all but k - s of the others: s = k - w
points of other classes than c, and s = v points of class c'. With two classes the one
follows from the other for the largest w, and for odd k it is s = (k + 1)/2. So s points
have to be chosen and k - s left out. Where j is chosen the step is at least as long as
the (k - s + 1)-th largest distance to a half-space of j, and the s-th smallest of that
over j bounds them all. Branch and bound makes the choices one by one, up to a budget;
what then is left gives the lower bound, the best step found the upper one.
"""

import itertools
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.spatial.distance import cdist

from geomadv._typing import Int, NDArray
from geomadv.perturbations._best_first import best_first
from geomadv.perturbations._cells import Answer, At, Best
from geomadv.perturbations._programs import Solution

_NEAR = 32  # points of class c in the closed-form bound
_FIRST = 8  # constraints to begin with
_ADDED = 6  # constraints added at a time
_BUDGET = 1000  # programs that a vote may take
_ANCHORS = 8  # points of another decision from which a vote's first steps start


@dataclass(frozen=True)
class Side:
    """Those of `other` of which `chosen` must beat all but `left_out` of `own`."""

    other: Int[NDArray, " o"]
    own: Int[NDArray, " s"]
    chosen: int
    left_out: int


def problems_of(labels: NDArray, c: int, k: int) -> list[list[Side]]:
    """Return what changes the decision c: one of these, and all sides of that one."""
    others = [label for label in np.unique(labels).tolist() if label != c]
    mine = labels == c

    def side(first: NDArray, s: int) -> Side:
        return Side(np.flatnonzero(first), np.flatnonzero(~first), s, k - s)

    if len(others) < 2:
        tie = min(others, default=c) < c
        return [[side(~mine, (k + 1) // 2 if tie else k // 2 + 1)]]
    found = []
    for label in others:
        ahead = 0 if label < c else 1
        for w in range((k - ahead) // 2 + 1):
            parts = [side(~mine, k - w)]
            if w + ahead > 0:
                parts.append(side(labels == label, w + ahead))
            found.append(parts)
    return found


@dataclass(frozen=True)
class _Part:
    """Choices for one side: `chosen` beat `kept`, others are out; the next choice."""

    chosen: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    out: tuple[int, ...] = ()
    next: int = 0
    agreed: bool = False  # no more are in the way than may be left out

    def allows(self, at: At) -> bool:
        """Tell whether no kept one is in the place of a chosen one and comes first."""
        place = at.data.place
        return not any(
            place[i] == place[j] and i < j for j in self.chosen for i in self.kept
        )


@dataclass
class _Node:
    """Choices for all sides of one problem, and the solution if they are not new."""

    problem: int
    parts: tuple[_Part, ...]
    solution: Solution | None = None


def vote(at: At, problems: list[list[Side]]) -> Answer:
    """Return the smallest step that changes the vote, or a bracket."""
    best = Best(np.zeros(at.data.pulled.shape[1]))
    possible = [
        sides
        for sides in problems
        if all(len(side.other) >= side.chosen for side in sides)
    ]
    orders = [[_ordered(at, side) for side in sides] for sides in possible]
    _first_steps(at, possible, best)
    roots = [
        (
            max(
                float(least[side.chosen - 1])
                for side, (_, least) in zip(sides, order, strict=True)
            ),
            _Node(number, (_Part(),) * len(sides)),
        )
        for number, (sides, order) in enumerate(zip(possible, orders, strict=True))
    ]
    at.solved, steps = 0, itertools.count()

    def branches(bound: float, node: _Node) -> list[tuple[float, _Node]]:
        sides, order = possible[node.problem], orders[node.problem]
        return _branches(at, sides, order, bound, node, best)

    left = best_first(
        roots,
        branches,
        lambda: best.size,
        lambda: at.solved >= _BUDGET or next(steps) >= 20 * _BUDGET,
    )
    best.floor = min(best.floor, left)
    return best.answer()


def _ordered(at: At, side: Side) -> tuple[NDArray, NDArray]:
    """Return `other` in the order of lower bounds for each, and these."""
    near = side.own[np.argsort(at.squares[side.own], kind="stable")]
    near = near[: _NEAR + side.left_out]
    least = np.zeros(len(side.other))
    if len(near) > side.left_out:
        apart = at.halfspaces(side.other, at.data.pulled[side.other], near)
        least = -np.partition(-apart, side.left_out, axis=1)[:, side.left_out]
    order = np.argsort(least, kind="stable")
    return side.other[order], least[order]


def _branches(
    at: At,
    sides: list[Side],
    orders: list[tuple[NDArray, NDArray]],
    bound: float,
    node: _Node,
    best: Best,
) -> list[tuple[float, _Node]]:
    """Solve a node's program; take its step if all is well there, or make a choice."""
    pairs = [itertools.product(part.chosen, part.kept) for part in node.parts]
    both = np.array(list(itertools.chain(*pairs)), int).reshape(-1, 2)
    program = at.rows(both[:, 0], both[:, 1])
    if node.solution is None:
        found, *solution = at.solve(*program)
        node.solution = (solution[0], solution[1])
        bound = max(bound, found)
        if bound >= best.size:
            return []
    heights = at.heights(node.solution[0])
    outs = []
    for place, (side, part) in enumerate(zip(sides, node.parts, strict=True)):

        def child(new: _Part, same: bool, place: int = place) -> _Node:
            parts = (*node.parts[:place], new, *node.parts[place + 1 :])
            return _Node(node.problem, parts, node.solution if same else None)

        if part.chosen and not part.agreed:
            i = _in_the_way(at, side, part, heights, node.solution[0])
            fresh = [k for k in i if k not in part.kept]
            room = side.left_out - len(part.out)
            if len(fresh) > room:
                more = fresh[:_ADDED] if room == 0 else fresh[:1]
                kept = replace(part, kept=part.kept + tuple(more))
                choices = [(kept, False)] if kept.allows(at) else []
                if room > 0:
                    choices.append((replace(part, out=(*part.out, fresh[0])), True))
                return [(bound, child(new, same)) for new, same in choices]
            part = replace(part, out=part.out + tuple(fresh))
        outs.append(part)
        missing = side.chosen - len(part.chosen)
        if missing == 0:
            continue
        (other, least), after = orders[place], node.parts[place].next + 1
        branches = []
        new = replace(node.parts[place], agreed=False, next=after)
        taken = replace(new, chosen=(*new.chosen, int(other[after - 1])))
        if taken.allows(at):
            level = max(bound, float(least[after + missing - 2]))
            branches.append((level, child(taken, not new.kept)))
        if len(other) - after >= missing:
            level = max(bound, float(least[after + missing - 1]))
            branches.append((level, child(replace(new, agreed=True), True)))
        return branches

    def violation(step: NDArray) -> float:
        return _worst(at, sides, outs, step)

    chosen = [j for part in outs for j in part.chosen]
    best.finish(at, program, node.solution, bound, chosen, violation)
    return []


def _worst(at: At, sides: list[Side], parts: list[_Part], step: NDArray) -> float:
    """Return the largest violation of all chosen ones against all not left out."""
    heights = at.heights(step)
    worst = 0.0
    for side, part in zip(sides, parts, strict=True):
        own = side.own[~np.isin(side.own, part.out)]
        for j in part.chosen:
            worst = max(worst, at.violation(j, own, heights[own], step))
    return worst


def _in_the_way(
    at: At, side: Side, part: _Part, heights: NDArray, step: NDArray
) -> list[int]:
    """Return those not left out that are nearer than a chosen one, nearest first."""
    own, j, place = side.own, np.array(part.chosen), at.data.place
    ahead = heights[own] < (heights[j] - at.slack(j, step)).max()
    for k in part.chosen:
        ahead |= (place[own] == place[k]) & (own < k)
    own = own[ahead & ~np.isin(own, part.out)]
    return own[np.argsort(heights[own], kind="stable")].tolist()


def _first_steps(at: At, problems: list[list[Side]], best: Best) -> None:
    """Take the smallest steps to some cells where enough of one side are nearest.

    For each problem, the cells of points that are near.
    """
    for sides in problems:
        near = sides[-1].other
        near = near[np.argsort(at.squares[near], kind="stable")[:_ANCHORS]]
        for anchor in near:
            _descend(at, sides, int(anchor), best)
    best.floor = np.inf  # other cells may be nearer


def _descend(at: At, sides: list[Side], anchor: int, best: Best) -> None:
    """Take the smallest step to the cell of one point, if it is one that will do."""
    squares = cdist(at.data.points[anchor, None], at.data.points, "sqeuclidean")[0]
    parts = []
    for side in sides:
        order = side.own[np.argsort(squares[side.own], kind="stable")]
        j = side.other[np.argsort(squares[side.other], kind="stable")[: side.chosen]]
        rest = order[side.left_out :]
        if len(rest) and squares[j].max() > squares[rest[0]]:
            return
        out = tuple(order[: side.left_out].tolist())
        parts.append(_Part(tuple(j.tolist()), tuple(rest[:_FIRST].tolist()), out))
    while all(part.allows(at) for part in parts):
        pairs = [itertools.product(part.chosen, part.kept) for part in parts]
        both = np.array(list(itertools.chain(*pairs)), int).reshape(-1, 2)
        program = at.rows(both[:, 0], both[:, 1])
        bound, step, multipliers = at.solve(*program)
        if bound >= best.size:
            return
        heights, changed = at.heights(step), False
        for k, (side, part) in enumerate(zip(sides, parts, strict=True)):
            i = _in_the_way(at, side, part, heights, step)
            new = tuple(x for x in i if x not in part.kept)[:_ADDED]
            changed |= bool(new)
            parts[k] = replace(part, kept=part.kept + new)
        if not changed:
            chosen = [j for part in parts for j in part.chosen]
            check = partial(_worst, at, sides, parts)
            best.finish(at, program, (step, multipliers), bound, chosen, check)
            return
