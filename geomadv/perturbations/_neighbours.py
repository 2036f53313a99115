r"""Distances to another decision of nearest neighbours, by programs over cells.

With z = T x + t, D_i = |z - z_i|^2 and q_i = T^T z_i, the step delta makes z_j at least
as near as z_i where

    <q_j - q_i, delta> >= (D_j - D_i)/2,

a half-space at the distance ((D_j - D_i)/2)_+ / |q_j - q_i|_q from x, 1/p + 1/q = 1.

**One neighbour.** A point of decision c changes it where some z_j of another class is
at least as near as all z_i of class c: a union of polyhedra, one for each j. That of j
is no nearer than the farthest of its half-spaces, the closed-form bound. The polyhedra
are taken in the order of their bounds, and a bound beyond the best step found ends the
search. Each is a quadratic program (p = 2) or a linear one, whose constraints are added
as they are violated; a step counts once it satisfies all.

**Votes.** With k neighbours let n_c be the votes of the class c. The decision c is lost
where some class c' has n_c' >= n_c, or n_c' >= n_c + 1 if c comes first in a tie. That
is: for some w there are n_c <= w and n_c' >= v, v = w or w + 1. Either says that s
points of one side each are at least as near as all but k - s of the others: s = k - w
points of other classes than c, and s = v points of class c'. With two classes the one
follows from the other for the largest w, and for odd k it is s = (k + 1)/2. So s points
have to be chosen and k - s left out. Where j is chosen the step is at least as long as
the (k - s + 1)-th largest distance to a half-space of j, and the s-th smallest of that
over j bounds them all. Branch and bound makes the choices one by one, up to a budget;
what then is left gives the lower bound, the best step found the upper one.

**Proofs.** No solver is believed. Of multipliers lambda >= 0 any solver's will do: all
steps satisfy <A^T lambda, delta> >= <b, lambda>, one half-space, and the distance to it
(in the box, if there is one) is a lower bound. A step is an upper bound if it is within
1e-10 of its length, or the rounding of the data, of all its half-spaces. "Exact" says
that the two bounds differ by less than 1e-9 of the distance, or by less than the
rounding of the data: 1e-13 times some |x - z_j|^2 / |z_j - z_i|.

**Ties.** The decision is that of `decisions`. The distance is that to the nearest point
where ties of distances can be broken so that the decision changes: to the closure of
the points of another decision and, in degenerate positions with k > 1 or singular T, to
points that are nothing but ties. Of points in one place the first in order is the
nearer one, so that of classes that share a place the first has it, everywhere.

Sources: Yang, Rashtchian, Wang, Chaudhuri (2020), "Robustness for non-parametric
classification", arXiv:1906.03310 (cells as programs); Wang, Liu, Yi, Zhou, Hsieh
(2019), "Evaluating the robustness of nearest neighbor classifiers", arXiv:1906.03972
(bounds by duality); Sitawarin, Kornaropoulos, Song, Wagner (2021),
arXiv:2011.09719 (k > 1).
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from geomadv import _dispatch
from geomadv._typing import Float, Int, NDArray, Real
from geomadv.perturbations._forms import Prototypes, decisions, inner
from geomadv.perturbations._result import Perturbation

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
Program = tuple[NDArray, NDArray]  # A and b
Solution = tuple[NDArray, NDArray]  # the step and the multipliers

_AGREE = 1e-9  # relative distance of bounds that counts as equal
_ROUNDING = 1e-13  # of squared distances
_NEVER = 1e9  # times the distance to the farthest half-space: no step at all
_NEAR = 32  # points of class c in the closed-form bound
_POOL = 256  # points of class c that are looked at before all are
_FIRST = 8  # constraints to begin with
_ADDED = 6  # constraints added at a time
_TOGETHER = 16  # cells whose constraints are looked at in one product
_BUDGET = 1000  # programs that a vote may take
_ANCHORS = 8  # points of another decision from which a vote's first steps start


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
    data, labels = _data(form, float(p))
    classes, z = decisions(form, X), inner(form, X)
    delta, distance = np.zeros(X.shape), np.full(len(X), np.inf)
    lower, exact = np.full(len(X), np.inf), np.ones(len(X), bool)
    for c in np.unique(classes).tolist():
        if form.k == 1:
            other, own = np.flatnonzero(labels != c), np.flatnonzero(labels == c)
            rows = data.pulled[other], data.pulled[own]
            solve = partial(_one, cells=_Cells(other, own, *rows))
        else:
            solve = partial(_vote, problems=_problems(labels, c, form.k))
        for row in np.flatnonzero(classes == c):
            room = None if box is None else (box[0] - X[row], box[1] - X[row])
            squares = cdist(z[row : row + 1], data.points, "sqeuclidean")[0]
            at = _At(data, squares, room)
            delta[row], distance[row], lower[row], exact[row] = solve(at)
    return Perturbation(delta, distance, lower, exact)


@dataclass(frozen=True)
class _Data:
    """What is the same for all x.

    Parameters
    ----------
    p, q : float
        The norm and the dual one.
    T : (r, d) array or None
    points : (m, r) array
    pulled : (m, d) array
        T^T z_i, up to a common summand.
    place : (m,) array of int
        The first point in the same place.
    lengths : (m,) array
        Squared Euclidean ones of the rows of `pulled`.
    reach : float
        The largest dual norm of these rows.
    """

    p: float
    q: float
    T: Float[NDArray, "r d"] | None
    points: Float[NDArray, "m r"]
    pulled: Float[NDArray, "m d"]
    place: Int[NDArray, " m"]
    lengths: Float[NDArray, " m"]
    reach: float


def _data(form: Prototypes, p: float) -> tuple[_Data, NDArray]:
    """Return the data and the labels.

    With one neighbour all but the first in a place have no say and are left out.
    """
    points = np.asarray(form.points, float) + 0.0  # there is no -0.0
    first: dict[bytes, int] = {}
    place = np.array([first.setdefault(v.tobytes(), i) for i, v in enumerate(points)])
    labels = form.labels
    if form.k == 1 and len(first) < len(points):
        kept = np.unique(place)
        points, labels, place = points[kept], labels[kept], np.arange(len(kept))
    pulled = points if form.T is None else points @ form.T
    pulled = pulled - pulled.mean(axis=0)
    q = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}[p]
    reach = float(_size(pulled, q).max())
    lengths = (pulled**2).sum(axis=1)
    return _Data(p, q, form.T, points, pulled, place, lengths, reach), labels


@dataclass(frozen=True)
class _Cells:
    """For one neighbour: the points of other classes, of the class, their rows."""

    other: Int[NDArray, " o"]
    own: Int[NDArray, " s"]
    other_rows: Float[NDArray, "o d"]
    own_rows: Float[NDArray, "s d"]


@dataclass(frozen=True)
class _Side:
    """Those of `other` of which `chosen` must beat all but `left_out` of `own`."""

    other: Int[NDArray, " o"]
    own: Int[NDArray, " s"]
    chosen: int
    left_out: int


def _problems(labels: NDArray, c: int, k: int) -> list[list[_Side]]:
    """Return what changes the decision c: one of these, and all sides of that one."""
    others = [label for label in np.unique(labels).tolist() if label != c]
    mine = labels == c

    def side(first: NDArray, s: int) -> _Side:
        return _Side(np.flatnonzero(first), np.flatnonzero(~first), s, k - s)

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


def _size(v: NDArray, p: float) -> Real:
    """Return the l_p norms of rows."""
    return np.linalg.norm(v, p, axis=-1)


@dataclass
class _At:
    """A point x, and the programs of steps from it.

    Parameters
    ----------
    data : _Data
    squares : (m,) array
        |z - z_i|^2.
    room : (lower, upper) or None
        The box, about x.
    """

    data: _Data
    squares: Float[NDArray, " m"]
    room: Box | None
    solved: int = 0

    def halfspaces(self, other: NDArray, rows: NDArray, near: NDArray) -> NDArray:
        """Return lower bounds of the distances to the half-spaces of j and i.

        Those of all j of `other`, a row for each, and all i of `near`. Lengths from
        the products of a matrix are made longer by their rounding.
        """
        rises = (self.squares[other][:, None] - self.squares[near]) / 2.0
        near_rows, lengths = self.data.pulled[near], self.data.lengths
        if self.data.p == 2:
            squared = lengths[other][:, None] + lengths[near]
            sizes = np.maximum(squared - 2.0 * (rows @ near_rows.T), 0.0)
            sizes = np.sqrt(sizes + 1e-14 * squared)
        else:
            metric = "chebyshev" if self.data.p == 1 else "cityblock"
            sizes = cdist(rows, near_rows, metric)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rises > 0.0, rises / sizes, 0.0)

    def rows(self, j: Any, i: NDArray) -> tuple[NDArray, NDArray]:
        """Return A and b of the constraints A delta >= b."""
        b = (self.squares[j] - self.squares[i]) / 2.0
        return self.data.pulled[j] - self.data.pulled[i], b

    def heights(self, steps: NDArray) -> NDArray:
        """Return half of |z + T delta - z_i|^2 - |T delta|^2, a row for each step."""
        return self.squares / 2.0 - steps @ self.data.pulled.T

    def slack(self, j: Any, steps: NDArray) -> Real:
        """Return the rounding of heights."""
        return _ROUNDING * (
            self.squares[j] + self.data.reach * _size(steps, self.data.p)
        )

    def solve(self, A: NDArray, b: NDArray) -> tuple[float, NDArray, NDArray]:
        """Return a lower bound, the smallest step with A delta >= b, and multipliers.

        The bound is certified, whatever the solver does, and infinite if there is no
        step; the step is no better than the solver's tolerance.
        """
        self.solved += 1
        sizes = np.linalg.norm(A, axis=1)
        if ((sizes == 0.0) & (b > 0.0)).any():
            return np.inf, np.zeros(A.shape[1]), np.zeros(len(b))
        sizes[sizes == 0.0] = 1.0
        unit = float((b / sizes).max(initial=0.0))
        if unit <= 0.0:
            return 0.0, np.zeros(A.shape[1]), np.zeros(len(b))
        A, b = A / sizes[:, None], b / sizes / unit
        room = None
        if self.room is not None:
            room = (self.room[0] / unit, self.room[1] / unit)
        step, multipliers = (
            _quadratic(A, b, room)
            if self.data.p == 2
            else _linear(A, b, self.data.p, room)
        )
        bound = self.bound(A, b, multipliers, room)
        if bound > _NEVER:
            bound = np.inf
        return unit * bound, unit * step, multipliers * unit / sizes

    def bound(
        self, A: NDArray, b: NDArray, multipliers: NDArray, room: Box | None
    ) -> float:
        """Return the distance to the half-space that the multipliers make."""
        total, normal = float(b @ multipliers), multipliers @ A
        total -= 1e-15 * float(np.abs(b) @ multipliers)  # its rounding
        if total <= 0.0:
            return 0.0
        if room is not None:
            start = np.zeros((1, normal.size))
            _, distance, _ = _dispatch.box_perturbation(
                start, normal, -total, *room, p=self.data.p
            )
            found = float(distance[0])
        else:
            size = float(_size(normal, self.data.q))
            found = total / size if size > 0.0 else np.inf
        return found

    def polished(
        self, A: NDArray, b: NDArray, step: NDArray, multipliers: NDArray
    ) -> tuple[float, NDArray]:
        """Return a bound and the step on the planes of all positive multipliers."""
        active = multipliers > 1e-9 * multipliers.max(initial=0.0)
        if self.data.p != 2 or not active.any():
            return 0.0, step
        free = np.ones(step.size, bool)
        if self.room is not None:
            free = (step > self.room[0]) & (step < self.room[1])
        planes = A[active]
        inside = planes[:, free]
        rest = b[active] - planes[:, ~free] @ step[~free]
        part = np.linalg.lstsq(inside, rest)[0]
        weights = np.linalg.lstsq(inside.T, part)[0]
        better = step.copy()
        better[free] = part
        if self.room is not None:
            better = np.clip(better, *self.room)
        return self.bound(
            planes, b[active], np.maximum(weights, 0.0), self.room
        ), better

    def violation(self, j: int, own: NDArray, heights: NDArray, step: NDArray) -> float:
        """Return how far beyond rounding a step is from the worst half-space of j.

        `heights` are those of `own`. Where they leave no doubt of a constraint it
        holds; others are computed by definition.
        """
        moved = step if self.data.T is None else self.data.T @ step
        slack = float(self.slack(j, step))
        level = self.squares[j] / 2.0 - float(self.data.pulled[j] @ step)
        doubtful = own[heights < level + 10.0 * slack]
        A, b = self.rows(j, doubtful)
        lacks = b - slack - (self.data.points[j] - self.data.points[doubtful]) @ moved
        sizes = np.asarray(_size(A, self.data.q))
        with np.errstate(divide="ignore"):
            return float((lacks[lacks > 0.0] / sizes[lacks > 0.0]).max(initial=0.0))


def _quadratic(A: NDArray, b: NDArray, room: Box | None) -> Solution:
    """Minimise |delta|_2 subject to A delta >= b, in the box.

    Without a box delta = A^T lambda: with A = L Q^T, L square, y = Q^T delta has as
    many coordinates as there are constraints.
    """
    import daqp

    n, d = A.shape
    reduced = room is None and n < d
    L = _factor(A) if reduced else A
    ends = [np.full(n, 1e30), b]
    if room is not None:
        ends = [np.concatenate([room[1], ends[0]]), np.concatenate([room[0], b])]
    size = L.shape[1]
    step, _, flag, info = daqp.solve(
        np.eye(size), np.zeros(size), np.ascontiguousarray(L), *ends, primal_tol=1e-11
    )
    if flag != 1:
        return _least_distance(A, b, room)
    multipliers = np.maximum(-np.array(info["lam"])[-n:], 0.0)
    return (multipliers @ A if reduced else np.array(step)), multipliers


def _factor(A: NDArray) -> NDArray:
    """Return L with L L^T = A A^T."""
    try:
        L = np.linalg.cholesky(A @ A.T)
        if L.diagonal().min() > 1e-4:
            return L
    except np.linalg.LinAlgError:
        pass
    return np.asarray(np.linalg.qr(A.T, mode="r")).T


def _linear(
    A: NDArray, b: NDArray, p: float, room: Box | None
) -> tuple[NDArray, NDArray]:
    """Minimise |delta|_1 or |delta|_inf subject to A delta >= b, in the box."""
    from scipy.optimize import linprog

    n, d = A.shape
    lower, upper = (np.full(d, -np.inf), np.full(d, np.inf)) if room is None else room
    if p == 1:  # delta = u - v
        costs, rows = np.ones(2 * d), np.hstack([-A, A])
        limits, bounds = (
            -b,
            np.stack([np.zeros(2 * d), np.concatenate([upper, -lower])], axis=1),
        )
    else:  # -s <= delta <= s
        from scipy.sparse import csr_array, eye_array, hstack, vstack

        one, ones = eye_array(d), csr_array(np.ones((d, 1)))
        rows = vstack(
            [
                hstack([csr_array(-A), csr_array((n, 1))]),
                hstack([one, -ones]),
                hstack([-one, -ones]),
            ]
        ).tocsr()
        costs = np.append(np.zeros(d), 1.0)
        limits = np.concatenate([-b, np.zeros(2 * d)])
        bounds = np.stack([np.append(lower, 0.0), np.append(upper, np.inf)], axis=1)
    tolerances = {"primal_feasibility_tolerance": 1e-10}
    tolerances["dual_feasibility_tolerance"] = 1e-10
    found = linprog(costs, rows, limits, bounds=bounds, options=tolerances)
    if found.status != 0:
        return _least_distance(A, b, room)
    step = found.x[:d] - found.x[d:] if p == 1 else found.x[:d]
    if room is not None:
        step = np.clip(step, *room)
    return step, np.maximum(-found.ineqlin.marginals[:n], 0.0)


def _least_distance(A: NDArray, b: NDArray, room: Box | None) -> Solution:
    """Solve the same as `_quadratic`, or show that there is no step.

    Lawson and Hanson (1974), "Solving least squares problems", chapter 23: of
    u >= 0 that minimise |A^T u|^2 + (1 - <b, u>)^2, the step is A^T u/(1 - <b, u>). If
    there is none, both squares are 0 and u is a proof of that (Farkas).
    """
    from scipy.optimize import nnls

    rows, ends = A, b
    if room is not None:
        one = np.eye(A.shape[1])
        rows = np.concatenate([A, one, -one])
        ends = np.concatenate([b, room[0], -room[1]])
        finite = np.isfinite(ends)
        rows, ends = rows[finite], ends[finite]
    try:
        u, _ = nnls(np.vstack([rows.T, ends]), np.append(np.zeros(A.shape[1]), 1.0))
    except RuntimeError:  # too many iterations
        u = np.zeros(len(ends))
    u /= max(1.0 - float(ends @ u), 1e-14)
    return u @ rows, u[: len(b)]


Answer = tuple[NDArray, float, float, bool]


@dataclass
class _Best:
    """The shortest step so far, and the least bound among programs that are done."""

    step: NDArray
    size: float = np.inf
    floor: float = np.inf
    rounding: float = 0.0

    def answer(self) -> Answer:
        floor = min(self.floor, self.size)
        if np.isinf(floor) or (
            np.isfinite(self.size)
            and self.size - floor <= _AGREE * self.size + self.rounding
        ):
            return self.step, self.size, self.size, True
        return self.step, self.size, floor, False

    def finish(
        self,
        at: _At,
        program: Program,
        solution: Solution,
        bound: float,
        chosen: list[int],
        violation: Callable[[NDArray], float],
    ) -> None:
        """Take the solution of a program, polished, if there is no violation."""
        A, b = program
        step, multipliers = solution
        certified, better = at.polished(A, b, step, multipliers)
        for candidate in (better, step):
            size = float(_size(candidate, at.data.p))
            if violation(candidate) <= _AGREE / 10.0 * size:
                self.floor = min(self.floor, max(bound, certified))
                if size < self.size:
                    self.step, self.size = candidate, size
                    sizes = _size(A[multipliers > 0.0], at.data.q)
                    slack = at.slack(np.array(chosen), candidate).max()
                    self.rounding = float(slack / sizes.min(initial=np.inf))
                return
        self.floor = min(self.floor, bound)


def _one(at: _At, cells: _Cells) -> Answer:
    """Return the smallest step to the cells of the other classes."""
    best = _Best(np.zeros(at.data.pulled.shape[1]))
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
    at: _At, cells: _Cells, batch: list[_Cell], work: dict[int, NDArray], pool: NDArray
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


@dataclass(frozen=True)
class _Part:
    """Choices for one side: `chosen` beat `kept`, others are out; the next choice."""

    chosen: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    out: tuple[int, ...] = ()
    next: int = 0
    agreed: bool = False  # no more are in the way than may be left out

    def allows(self, at: _At) -> bool:
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


def _vote(at: _At, problems: list[list[_Side]]) -> Answer:
    """Return the smallest step that changes the vote, or a bracket."""
    best = _Best(np.zeros(at.data.pulled.shape[1]))
    possible = [
        sides
        for sides in problems
        if all(len(side.other) >= side.chosen for side in sides)
    ]
    orders = [[_ordered(at, side) for side in sides] for sides in possible]
    _first_steps(at, possible, best)
    count = itertools.count()
    heap = [
        (
            max(
                float(least[side.chosen - 1])
                for side, (_, least) in zip(sides, order, strict=True)
            ),
            next(count),
            _Node(number, (_Part(),) * len(sides)),
        )
        for number, (sides, order) in enumerate(zip(possible, orders, strict=True))
    ]
    heapq.heapify(heap)
    at.solved, steps = 0, 0
    while heap and heap[0][0] < best.size:
        if at.solved >= _BUDGET or steps >= 20 * _BUDGET:
            break
        steps += 1
        bound, _, node = heapq.heappop(heap)
        sides, order = possible[node.problem], orders[node.problem]
        for more, child in _branches(at, sides, order, bound, node, best):
            if more < best.size:
                heapq.heappush(heap, (more, next(count), child))
    best.floor = min(best.floor, heap[0][0] if heap else np.inf)
    return best.answer()


def _ordered(at: _At, side: _Side) -> tuple[NDArray, NDArray]:
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
    at: _At,
    sides: list[_Side],
    orders: list[tuple[NDArray, NDArray]],
    bound: float,
    node: _Node,
    best: _Best,
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


def _worst(at: _At, sides: list[_Side], parts: list[_Part], step: NDArray) -> float:
    """Return the largest violation of all chosen ones against all not left out."""
    heights = at.heights(step)
    worst = 0.0
    for side, part in zip(sides, parts, strict=True):
        own = side.own[~np.isin(side.own, part.out)]
        for j in part.chosen:
            worst = max(worst, at.violation(j, own, heights[own], step))
    return worst


def _in_the_way(
    at: _At, side: _Side, part: _Part, heights: NDArray, step: NDArray
) -> list[int]:
    """Return those not left out that are nearer than a chosen one, nearest first."""
    own, j, place = side.own, np.array(part.chosen), at.data.place
    ahead = heights[own] < (heights[j] - at.slack(j, step)).max()
    for k in part.chosen:
        ahead |= (place[own] == place[k]) & (own < k)
    own = own[ahead & ~np.isin(own, part.out)]
    return own[np.argsort(heights[own], kind="stable")].tolist()


def _first_steps(at: _At, problems: list[list[_Side]], best: _Best) -> None:
    """Take the smallest steps to some cells where enough of one side are nearest.

    For each problem, the cells of points that are near.
    """
    for sides in problems:
        near = sides[-1].other
        near = near[np.argsort(at.squares[near], kind="stable")[:_ANCHORS]]
        for anchor in near:
            _descend(at, sides, int(anchor), best)
    best.floor = np.inf  # other cells may be nearer


def _descend(at: _At, sides: list[_Side], anchor: int, best: _Best) -> None:
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
