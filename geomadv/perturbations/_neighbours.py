r"""Distances to another decision of nearest neighbours, by programs over cells.

**One neighbour.** A point of decision c changes it where some z_j of another class is
at least as near as all z_i of class c: a union of polyhedra, one for each j. That of j
is no nearer than the farthest of its half-spaces, the closed-form bound. The polyhedra
are taken in the order of their bounds, and a bound beyond the best step found ends the
search. Each is a quadratic program (p = 2) or a linear one, whose constraints are added
as they are violated; a step counts once it satisfies all.

**Votes** of more neighbours are in `_votes`; half-spaces, programs and what is proved
of them in `_cells` and `_programs`.

**Ties.** The decision is that of `decisions`. The distance is that to the nearest point
where ties of distances can be broken so that the decision changes: to the closure of
the points of another decision and, in degenerate positions with k > 1 or singular T, to
points that are nothing but ties. Of points in one place the first in order is the
nearer one, so that of classes that share a place the first has it, everywhere.

**Far away**, at more than 1e6 times the radius of all z_i, squared distances tell the
z_i apart too badly: there, of two or more classes, nothing is exact and the lower bound
is 0.

Sources: Yang, Rashtchian, Wang, Chaudhuri (2020), "Robustness for non-parametric
classification", arXiv:1906.03310 (cells as programs); Wang, Liu, Yi, Zhou, Hsieh
(2019), "Evaluating the robustness of nearest neighbor classifiers", arXiv:1906.03972
(bounds by duality); Sitawarin, Kornaropoulos, Song, Wagner (2021),
arXiv:2011.09719 (k > 1).
"""

import heapq
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.spatial.distance import cdist

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.perturbations._cells import Answer, At, Best, data_of
from geomadv.perturbations._forms import Prototypes, decisions, inner
from geomadv.perturbations._programs import Box
from geomadv.perturbations._result import Perturbation
from geomadv.perturbations._votes import problems_of, vote

_NEAR = 32  # points of class c in the closed-form bound
_POOL = 256  # points of class c that are looked at before all are
_FIRST = 8  # constraints to begin with
_ADDED = 6  # constraints added at a time
_TOGETHER = 16  # cells whose constraints are looked at in one product

_FAR = 1e6  # radii of all points from where on distances are not exact
_BESIDE = 48  # points beside a step's end where the decision should differ


def smallest(
    form: Prototypes, X: Float[NDArray, "n d"], p: float, box: Box | None
) -> Perturbation:
    """Return the smallest steps in an l_p norm, p = 1, 2 or infinity.

    Parameters
    ----------
    form : Prototypes
    X : (n, d) array
        Points, in the box if there is one.
    p : float
    box : (lower, upper) or None
        Arrays of shape (d,) between which the perturbed points lie.

    Returns
    -------
    Perturbation
        Exact with one neighbour; with more, where the budget suffices.

    Raises
    ------
    ValueError
        If p is another number.
    """
    if p not in (1, 2, np.inf):
        raise ValueError(
            f"p must be 1, 2 or infinity for nearest neighbours, got {p:g}"
        )
    # points at a size of about 1
    scale = -int(np.frexp(np.abs(form.points).max(initial=0.0))[1])
    at_scale = replace(
        form, points=np.ldexp(form.points, scale), t=np.ldexp(form.t, scale)
    )
    if box is not None:
        box = np.ldexp(box[0], scale), np.ldexp(box[1], scale)
    found = _at_scale(at_scale, np.ldexp(X, scale), p, box)
    return Perturbation(
        np.ldexp(found.delta, -scale),
        np.ldexp(found.distance, -scale),
        np.ldexp(found.lower, -scale),
        found.exact,
    )


def _at_scale(
    form: Prototypes, X: Float[NDArray, "n d"], p: float, box: Box | None
) -> Perturbation:
    data, labels = data_of(form, float(p))
    classes, z = decisions(form, X), inner(form, X)
    delta, distance = np.zeros(X.shape), np.full(len(X), np.inf)
    lower, exact = np.full(len(X), np.inf), np.ones(len(X), bool)
    for c in np.unique(classes).tolist():
        if form.k == 1:
            other, own = np.flatnonzero(labels != c), np.flatnonzero(labels == c)
            rows = data.pulled[other], data.pulled[own]
            solve = partial(_one, cells=_Cells(other, own, *rows))
        else:
            solve = partial(vote, problems=problems_of(labels, c, form.k))
        for row in np.flatnonzero(classes == c):
            room = None if box is None else (box[0] - X[row], box[1] - X[row])
            squares = cdist(z[row : row + 1], data.points, "sqeuclidean")[0]
            at = At(data, squares, room)
            delta[row], distance[row], lower[row], exact[row] = solve(at)
    away = form.points - form.points.mean(axis=0)
    radius = float(np.linalg.norm(away, axis=1).max())
    far = np.linalg.norm(z - form.points.mean(axis=0), axis=1) > _FAR * radius
    far &= bool((labels != labels[0]).any())
    lower[far], exact[far] = 0.0, False
    found = Perturbation(delta, distance, lower, exact)
    if form.k > 1 or far.any():
        return _attained(form, X, found, np.asarray(far), p, box)
    return found


def _attained(
    form: Prototypes,
    X: Float[NDArray, "n d"],
    found: Perturbation,
    far: Bool[NDArray, " n"],
    p: float,
    box: Box | None,
) -> Perturbation:
    """Return what was found, but where no decision changes near the step's end.

    In degenerate positions a vote may be tied at a point and lost nowhere beside it.
    The lower bound holds there; the upper one is a way to a point of another decision.
    Far away the decision has to change at the end itself.
    """
    classes = decisions(form, X)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((_BESIDE, X.shape[1]))
    noise /= np.linalg.norm(noise, axis=1)[:, None]
    noise *= np.geomspace(1e-9, 1e-5, _BESIDE)[:, None]
    delta, distance = found.delta.copy(), found.distance.copy()
    exact = found.exact.copy()
    for i in np.flatnonzero(np.isfinite(distance) & ((distance > 0) | far)):
        end = X[i] + (1.0 + 1e-9) * delta[i]
        beside = np.vstack([end, end + np.linalg.norm(delta[i]) * noise])
        beside = beside[:1] if far[i] else beside
        if box is not None:
            beside = np.clip(beside, *box)
        if (decisions(form, beside) != classes[i]).any():
            continue
        exact[i] = False
        delta[i] = _walked(form, X[i], int(classes[i]), p, box)
        moved = delta[i].any()
        distance[i] = np.linalg.norm(delta[i], p) if moved else np.inf
    return Perturbation(delta, distance, np.minimum(found.lower, distance), exact)


def _walked(
    form: Prototypes, x: Float[NDArray, " d"], c: int, p: float, box: Box | None
) -> Float[NDArray, " d"]:
    """Return the shortest step towards a prototype that changes the decision, or 0."""
    ends = form.points - form.t
    if form.T is not None:
        ends = x + (form.points - (form.T @ x + form.t)) @ np.linalg.pinv(form.T).T
    ends = x + np.array([1.0, 2.0])[:, None, None] * (ends - x)
    ends = ends.reshape(-1, len(x))
    ends = ends if box is None else np.clip(ends, *box)
    ends = ends[decisions(form, ends) != c]
    if not len(ends):
        return np.zeros(len(x))
    low, high = np.zeros(len(ends)), np.ones(len(ends))
    for _ in range(60):
        middle = (low + high) / 2.0
        other = decisions(form, x + middle[:, None] * (ends - x)) != c
        low, high = np.where(other, low, middle), np.where(other, middle, high)
    steps = high[:, None] * (ends - x)
    return np.asarray(steps[np.linalg.norm(steps, p, axis=1).argmin()])


@dataclass(frozen=True)
class _Cells:
    """For one neighbour: the points of other classes, of the class, their rows."""

    other: Int[NDArray, " o"]
    own: Int[NDArray, " s"]
    other_rows: Float[NDArray, "o d"]
    own_rows: Float[NDArray, "s d"]


def _one(at: At, cells: _Cells) -> Answer:
    """Return the smallest step to the cells of the other classes."""
    best = Best(np.zeros(at.data.pulled.shape[1]))
    other, own = cells.other, cells.own
    if not len(other):
        return best.answer()
    pool = own[np.argsort(at.squares[own], kind="stable")[:_POOL]]
    near = pool[:_NEAR]
    apart = at.halfspaces(other, cells.other_rows, near)
    heap = sorted(zip(apart.max(axis=1).tolist(), range(len(apart)), strict=True))
    work: dict[int, NDArray] = {}

    def violation(step: NDArray, j: int) -> float:
        heights = at.squares[own] / 2.0 - cells.own_rows @ step
        return at.violation(j, own, heights, step)

    while heap and heap[0][0] < best.size:
        batch: list[_Cell] = []
        while heap and heap[0][0] < best.size and len(batch) < _TOGETHER:
            bound, cell = heapq.heappop(heap)
            if cell not in work:
                work[cell] = near[np.argsort(-apart[cell])[:_FIRST]]
            found, *solution = at.solve(*at.rows(other[cell], work[cell]))
            if max(bound, found) < best.size:
                batch.append((cell, max(bound, found), solution[0], solution[1]))
        added = _against(at, cells, batch, work, pool)
        for (cell, bound, step, multipliers), i in zip(batch, added, strict=True):
            if len(i):
                work[cell] = np.append(work[cell], i)
                pool = np.union1d(pool, i)
                heapq.heappush(heap, (bound, cell))
            elif bound < best.size:
                j = int(other[cell])
                program = at.rows(j, work[cell])
                pair = (step, multipliers)
                check = partial(violation, j=j)
                best.finish(at, program, pair, bound, [j], check)
    return best.answer()


_Cell = tuple[int, float, NDArray, NDArray]


def _against(
    at: At, cells: _Cells, batch: list[_Cell], work: dict[int, NDArray], pool: NDArray
) -> list[NDArray]:
    """Return violated constraints to add to each cell's; none if there are none.

    The nearest ones, of the pool if it has any.
    """
    found = [pool[:0]] * len(batch)
    if not batch:
        return found
    names = [cell for cell, *_ in batch]
    steps = np.array([step for _, _, step, _ in batch])
    j = cells.other[names]
    level = at.squares[j] / 2.0 - (steps * at.data.pulled[j]).sum(axis=1)
    level -= at.slack(j, steps)
    left = np.arange(len(batch))
    for who, rows in ((pool, at.data.pulled[pool]), (cells.own, cells.own_rows)):
        heights = at.squares[who] / 2.0 - steps[left] @ rows.T
        for k, row in zip(left, heights, strict=True):
            i = np.flatnonzero(row < level[k])
            i = i[np.argsort(row[i])]
            i = who[i[: _ADDED + len(work[names[k]])]]
            found[k] = i[~np.isin(i, work[names[k]])][:_ADDED]
        left = np.array([k for k in left if not len(found[k])], int)
        if not len(left):
            break
    return found
