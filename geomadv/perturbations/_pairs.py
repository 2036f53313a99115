r"""Distances to another decision where all pairs of classes vote.

The class c with v_c votes loses its decision to j where j has as many votes, or one
more if c comes first in a tie. Let D = v_c - v_j, plus 1 if c < j, be what j lacks.
Where a pair turns its vote, j gains: 2 by the pair (c, j), 1 by any other vote of c or
against j. So the pairs that turn must gain D together, and each turns no nearer than at
its own distance: the least radius within which pairs of gain D can turn is a lower
bound, and the least over j is one for the decision.

Where the functions are linear and p is 1, 2 or infinity, the distance is that to the
nearest of the polyhedra in which the pairs of a set with gain D have all turned and
none by which j loses has, or D is as much larger. Branch and bound takes pairs that
gain into the set or leaves them out, and of those that lose, if they have turned at the
nearest point, keeps them or pays for them; what is left within the budget gives the
lower bound.

As for nearest neighbours, that is the distance to the closure of the points that are
decided otherwise, which in degenerate positions may be nothing but ties.

Of quadratic functions, and in other norms, the ends meet where a single pair decides.
Elsewhere, in up to 10 dimensions, the functions are taken for polynomial expansions,
whose vote is enclosed by branch and bound over boxes (`_expansion`); in more steps are
tried, those of single pairs one after the other until the decision changes.

This is how scikit-learn's SVC decides between more than two classes (one against one).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geomadv._typing import Float, Int, NDArray
from geomadv.perturbations._best_first import best_first
from geomadv.perturbations._boxes import DEEPEST
from geomadv.perturbations._forms import (
    Affine,
    Expansion,
    Pairs,
    Quadratic,
    ballot,
    decisions,
    expanded,
    values,
)
from geomadv.perturbations._programs import Box, smallest_step
from geomadv.perturbations._result import Perturbation

Flat = Affine | Quadratic
Steps = Callable[[Flat, Float[NDArray, "n d"]], Perturbation]
Bracket = Callable[[Pairs, Float[NDArray, "n d"]], Perturbation]

_AGREE = 1e-9  # relative distance of bounds that counts as equal
_BUDGET = 300  # programs for each point
_TOUCHES = 1e-10  # of a step's length: within a half-space
_PAST = 1.0 + 1e-9  # of a step to a boundary: over it
_TURNS = 30  # pairs that are turned one after the other
_HALVINGS = 60


def smallest(
    form: Pairs,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    steps: Steps,
    bracket: Bracket,
) -> Perturbation:
    """Return the smallest steps that change the vote, or brackets.

    Parameters
    ----------
    form : Pairs
        Of linear or quadratic functions.
    X : (n, d) array
    p : float
    box : (lower, upper) or None
    steps : callable
        ``steps(function, X)`` returns the smallest steps of one function in the norm
        and the box.
    bracket : callable
        ``bracket(form, X)`` encloses the distances of pairs of expansions.

    Returns
    -------
    Perturbation
    """
    n, d = X.shape
    functions = form.functions
    if isinstance(functions, Expansion):
        return bracket(form, X)
    f = values(functions, X)
    classes, counts = decisions(form, X), ballot(form, f)
    wants = [_wanted(form, f[i], int(classes[i]), counts[i]) for i in range(n)]
    delta, distance = np.zeros((n, d)), np.full(n, np.inf)
    found = [steps(_one(functions, k), X) for k in range(len(form.first))]
    least = np.stack([pair.lower for pair in found], axis=1)
    _take(form, X, classes, [pair.delta for pair in found], p, delta, distance)
    lower = _least(wants, least)
    open_ = _open(lower, distance)
    if isinstance(functions, Affine) and p in (1, 2, np.inf):
        for row in open_:
            room = None if box is None else (box[0] - X[row], box[1] - X[row])
            A, b = _rows(functions, f[row])
            step, size, bound = _polyhedra(A, b, wants[row], least[row], p, room)
            lower[row] = max(lower[row], bound)
            if size < distance[row]:
                delta[row], distance[row] = step, size
    elif d <= DEEPEST and len(open_):
        expansion = expanded(functions, float(np.abs(X).max(initial=0.0)))
        within = bracket(replace(form, functions=expansion), X[open_])
        lower[open_] = np.maximum(lower[open_], within.lower)
        near = delta[open_], distance[open_]
        _take(form, X[open_], classes[open_], [within.delta], p, *near)
        delta[open_], distance[open_] = near
    else:
        lost = np.flatnonzero(np.isinf(distance) & np.isfinite(lower))
        walked = np.zeros((n, d))
        walked[lost] = _walk(form, functions, X[lost], classes[lost], steps)
        _take(form, X, classes, [walked], p, delta, distance)
    lower = np.minimum(lower, distance)
    exact = np.ones(n, bool)
    exact[_open(lower, distance)] = False
    short = ~exact & (decisions(form, X + delta) == classes)
    delta[short] *= _PAST
    distance = np.where(short, _PAST * distance, distance)
    return Perturbation(delta, distance, np.where(exact, distance, lower), exact)


def _least(
    wants: list[list[tuple[int, NDArray]]], least: Float[NDArray, "n P"]
) -> Float[NDArray, " n"]:
    """Return lower bounds of the distances, of those of the pairs."""
    bounds = [
        min((_reach(lack, gains, row) for lack, gains in wanted), default=np.inf)
        for wanted, row in zip(wants, least, strict=True)
    ]
    return np.array(bounds, float)


def _one(form: Flat, k: int) -> Flat:
    """Return one of the functions."""
    if isinstance(form, Affine):
        return Affine(form.W[k : k + 1], form.b[k : k + 1])
    return Quadratic(form.A[k : k + 1], form.b[k : k + 1], form.c[k : k + 1])


def _wanted(
    form: Pairs, f: Float[NDArray, " P"], c: int, counts: Int[NDArray, " K"]
) -> list[tuple[int, Int[NDArray, " P"]]]:
    """Return for each other class what it lacks, and what it gains by each pair.

    Gains are negative where the class would lose.
    """
    winner = np.where(f > 0, form.first, form.second)
    loser = np.where(f > 0, form.second, form.first)
    found = []
    for j in range(len(counts)):
        if j != c:
            gains = (winner == c).astype(int) + (loser == j)
            gains -= (winner == j).astype(int) + (loser == c)
            found.append((int(counts[c] - counts[j]) + int(c < j), gains))
    return found


def _first(
    lack: int, gains: Int[NDArray, " P"], least: Float[NDArray, " P"]
) -> Int[NDArray, " k"]:
    """Return the pairs that turn first until they gain what lacks, or none."""
    order = np.argsort(least, kind="stable")
    order = order[gains[order] > 0]
    enough = int(np.searchsorted(np.cumsum(gains[order]), lack)) + 1
    return order[:enough] if enough <= len(order) else order[:0]


def _reach(lack: int, gains: Int[NDArray, " P"], least: Float[NDArray, " P"]) -> float:
    """Return the least radius within which pairs can turn that gain what lacks."""
    if lack <= 0:
        return 0.0
    first = _first(lack, gains, least)
    return float(least[first[-1]]) if len(first) else np.inf


def _open(lower: Float[NDArray, " n"], distance: Float[NDArray, " n"]) -> NDArray:
    """Return the rows whose bounds differ."""
    with np.errstate(invalid="ignore"):
        near = distance - lower <= _AGREE * distance
    return np.flatnonzero(np.where(np.isinf(distance), np.isfinite(lower), ~near))


def _take(
    form: Pairs,
    X: Float[NDArray, "n d"],
    classes: Int[NDArray, " n"],
    trials: list[Float[NDArray, "n d"]],
    p: float,
    delta: Float[NDArray, "n d"],
    distance: Float[NDArray, " n"],
) -> None:
    """Keep the trials that change the decision and are shorter."""
    for trial in trials:
        size = np.linalg.norm(trial, p, axis=1)
        changed = decisions(form, X + _PAST * trial) != classes
        changed &= size < distance
        delta[changed], distance[changed] = trial[changed], size[changed]


def _rows(form: Affine, f: Float[NDArray, " P"]) -> tuple[NDArray, NDArray]:
    """Return A and b with A delta >= b where the pairs turn."""
    sign = np.where(f > 0, -1.0, 1.0)
    return sign[:, None] * form.W, -sign * f


@dataclass(frozen=True)
class _Node:
    """Choices for the class j: pairs that turn, those that do not, those paid for."""

    j: int
    rest: Int[NDArray, " r"]  # that may yet be taken
    taken: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    paid: tuple[int, ...] = ()
    solved: bool = True


def _polyhedra(
    A: Float[NDArray, "P d"],
    b: Float[NDArray, " P"],
    wanted: list[tuple[int, Int[NDArray, " P"]]],
    least: Float[NDArray, " P"],
    p: float,
    room: Box | None,
) -> tuple[Float[NDArray, " d"], float, float]:
    """Return the smallest step found with enough pairs turned, its size, and a bound.

    The size is infinite if none was found; the bound is a lower one.
    """
    best, size = np.zeros(A.shape[1]), np.inf
    solved, floor = 0, np.inf
    lengths = np.linalg.norm(A, axis=1)

    def missing(node: _Node) -> int:
        lack, gains = wanted[node.j]
        return lack - int(gains[[*node.taken, *node.paid]].sum())

    def bounded(bound: float, node: _Node) -> tuple[float, _Node]:
        open_ = np.zeros(len(b), int)
        open_[node.rest] = wanted[node.j][1][node.rest]
        reach = _reach(missing(node), open_, least)
        return float(max(bound, reach, *least[list(node.taken)])), node

    def branches(bound: float, node: _Node) -> list[tuple[float, _Node]]:
        nonlocal best, size, solved, floor
        enough = missing(node) <= 0
        if not enough and node.solved:  # take one more; those before it are out
            return [
                bounded(
                    bound,
                    replace(
                        node,
                        rest=node.rest[k + 1 :],
                        taken=(*node.taken, int(pair)),
                        solved=not node.taken and not node.kept,
                    ),
                )
                for k, pair in enumerate(node.rest)
            ]
        solved += 1
        taken, kept = list(node.taken), list(node.kept)
        rows = np.concatenate([A[taken], -A[kept]])
        ends = np.concatenate([b[taken], -b[kept]])
        found, step, _ = smallest_step(rows, ends, p, room)
        bound = max(bound, found)
        if np.isinf(found):
            return []
        if not enough:
            return [bounded(bound, replace(node, solved=True))]
        excess = A @ (_PAST * step) - b
        lost = np.flatnonzero((wanted[node.j][1] < 0) & (excess > 0))
        lost = lost[~np.isin(lost, [*node.kept, *node.paid])]
        if len(lost):
            k = int(lost[excess[lost].argmax()])
            return [
                bounded(bound, replace(node, kept=(*node.kept, k), solved=False)),
                bounded(bound, replace(node, paid=(*node.paid, k))),
            ]
        floor, length = min(floor, bound), float(np.linalg.norm(step, p))
        near = lengths[[*taken, *kept]] * np.linalg.norm(step) * _TOUCHES
        if (rows @ step - ends >= -near).all() and length < size:
            best, size = step, length
        return []

    roots = []
    for j, (_, gains) in enumerate(wanted):
        allowed = np.flatnonzero((gains > 0) & np.isfinite(least))
        order = np.lexsort((least[allowed], -gains[allowed]))
        roots.append(bounded(0.0, _Node(j, allowed[order])))
    left = best_first(roots, branches, lambda: size, lambda: solved >= _BUDGET)
    return best, size, min(floor, left)


def _walk(
    form: Pairs,
    functions: Flat,
    X: Float[NDArray, "n d"],
    classes: Int[NDArray, " n"],
    steps: Steps,
) -> Float[NDArray, "n d"]:
    """Turn the nearest pair again and again until the decision changes; go back.

    Only pairs that have a vote for the first decision are turned. Of the straight line
    to the end the first half is taken again and again while the decision differs there.
    """
    Z, moving = X.copy(), np.ones(len(X), bool)
    for _ in range(_TURNS):
        rows = np.flatnonzero(moving)
        if not len(rows):
            break
        won = np.where(values(functions, Z[rows]) > 0, form.first, form.second)
        won = won == classes[rows, None]
        nearest, step = np.full(len(rows), np.inf), np.zeros((len(rows), X.shape[1]))
        for k in range(len(form.first)):
            mine = np.flatnonzero(won[:, k])
            found = steps(_one(functions, k), Z[rows[mine]])
            shorter = found.distance < nearest[mine]
            at = mine[shorter]
            nearest[at], step[at] = found.distance[shorter], found.delta[shorter]
        Z[rows] += step * _PAST
        moving[rows] = np.isfinite(nearest) & (
            decisions(form, Z[rows]) == classes[rows]
        )
    total = Z - X
    low, high = np.zeros(len(X)), np.ones(len(X))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        changed = decisions(form, X + middle[:, None] * total) != classes
        low, high = np.where(changed, low, middle), np.where(changed, middle, high)
    return high[:, None] * total
