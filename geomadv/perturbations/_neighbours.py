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

**Votes.** With k neighbours the decision c is lost where s points of other classes each
are at least as near as all but k - s points of class c: s = (k + 1)/2 for odd k; for
even k, k/2 where another class comes first in a tie, else k/2 + 1. So s points have to
be chosen and k - s left out. Where x_j is chosen the step is at least as long as the
(k - s + 1)-th largest distance to a half-space of j, and the s-th smallest of that over
j bounds them all. Branch and bound makes the choices one by one, up to a budget; what
then is left gives the lower bound, the best step found the upper one. With three
classes or more, "c against the rest" bounds the distance from below, "one class against
the rest" from above, and where they agree it is exact.

**Proofs.** No solver is believed. Of multipliers lambda >= 0 any solver's will do: all
steps satisfy <A^T lambda, delta> >= <b, lambda>, one half-space, and the distance to it
(in the box, if there is one) is a lower bound. A step is an upper bound if it is within
1e-10 of its length, or the rounding of the data, of all its half-spaces. "Exact" says
that the two bounds differ by less than 1e-9 of the distance, or by less than the
rounding of the data: 1e-13 times some |x - z_j|^2 / |z_j - z_i|.

**Ties.** The decision is that of `decisions`. Distances are those to the closure: at a
tie of distances the other class has it. Of points in one place the first in order is
the nearer one, so that of classes that share a place the first has it, everywhere.

Sources: Yang, Rashtchian, Wang, Chaudhuri (2020), "Robustness for non-parametric
classification", arXiv:1906.03310 (cells as programs); Wang, Liu, Yi, Zhou, Hsieh
(2019), "Evaluating the robustness of nearest neighbor classifiers", arXiv:1906.03972
(bounds by duality); Sitawarin, Kornaropoulos, Song, Wagner (2021),
arXiv:2011.09719 (k > 1).
"""

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from geomadv import _dispatch
from geomadv._typing import Float, Int, NDArray
from geomadv.perturbations._forms import Prototypes, decisions, inner
from geomadv.perturbations._result import Perturbation

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]

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
        sides = _sides(data, labels, c, form.k)
        for row in np.flatnonzero(classes == c):
            room = None if box is None else (box[0] - X[row], box[1] - X[row])
            squares = cdist(z[row : row + 1], data.points, "sqeuclidean")[0]
            at = _At(data, squares, room)
            found = _one(at, sides[0]) if form.k == 1 else _votes(at, sides)
            delta[row], distance[row], lower[row], exact[row] = found
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
    reach : float
        The largest size of a row of `pulled`.
    """

    p: float
    q: float
    T: Float[NDArray, "r d"] | None
    points: Float[NDArray, "m r"]
    pulled: Float[NDArray, "m d"]
    place: Int[NDArray, " m"]
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
    return _Data(p, q, form.T, points, pulled, place, reach), labels


@dataclass(frozen=True)
class _Side:
    """Those of `other` of which `chosen` must beat all but `left_out` of `own`.

    With their rows of `pulled`, and the squared lengths of those.
    """

    other: Int[NDArray, " o"]
    own: Int[NDArray, " s"]
    chosen: int
    left_out: int
    other_rows: Float[NDArray, "o d"]
    own_rows: Float[NDArray, "s d"]
    other_squares: Float[NDArray, " o"]


def _sides(data: _Data, labels: NDArray, c: int, k: int) -> list[_Side]:
    """Return what has to happen for another decision than c, then what will do.

    First c against all others, then with three classes or more and k > 1 each of the
    others against all.
    """
    others = [label for label in np.unique(labels).tolist() if label != c]

    def side(against: list[int]) -> _Side:
        # the votes that others need, all together or one alone: c loses a tie to a
        # class before it
        s = (k + 1) // 2 if min(against, default=c) < c else k // 2 + 1
        mine = np.isin(labels, against)
        rows, squares = data.pulled[mine], (data.pulled[mine] ** 2).sum(axis=1)
        return _Side(
            np.flatnonzero(mine),
            np.flatnonzero(~mine),
            s,
            k - s,
            rows,
            data.pulled[~mine],
            squares,
        )

    all_others = side(others)
    if k == 1 or len(others) < 2:
        # other classes than c are no obstacle
        return [all_others]
    return [all_others, *(side([label]) for label in others)]


def _size(v: NDArray, p: float) -> NDArray:
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

    def halfspaces(self, side: _Side, near: NDArray) -> NDArray:
        """Return lower bounds of the distances to the half-spaces of j and i.

        Those of all j of `other`, a row for each, and all i of `near`. Lengths from
        the products of a matrix are made longer by their rounding.
        """
        rises = (self.squares[side.other][:, None] - self.squares[near]) / 2.0
        Q, R = side.other_rows, self.data.pulled[near]
        if self.data.p == 2:
            squared = side.other_squares[:, None] + (R**2).sum(axis=1)
            lengths = np.maximum(squared - 2.0 * (Q @ R.T), 0.0)
            lengths = np.sqrt(lengths + 1e-14 * squared)
        else:
            metric = "chebyshev" if self.data.p == 1 else "cityblock"
            lengths = cdist(Q, R, metric)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rises > 0.0, rises / lengths, 0.0)

    def rows(self, j: NDArray | int, i: NDArray) -> tuple[NDArray, NDArray]:
        """Return A and b of the constraints A delta >= b."""
        b = (self.squares[j] - self.squares[i]) / 2.0
        return self.data.pulled[j] - self.data.pulled[i], b

    def heights(self, steps: NDArray, who: NDArray, rows: NDArray) -> NDArray:
        """Return half of |z + T delta - z_i|^2 - |T delta|^2, a row for each step.

        `rows` are those of `pulled` for `who`.
        """
        return self.squares[who] / 2.0 - steps @ rows.T

    def slack(self, j: NDArray | int, steps: NDArray) -> NDArray:
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

    def violation(self, j: int, side: _Side, out: list[int], step: NDArray) -> float:
        """Return how far beyond rounding a step is from the worst half-space of j.

        Those of `own` that are not left out count. Where a product of matrices leaves
        no doubt of a constraint it holds; others are computed by definition.
        """
        moved = step if self.data.T is None else self.data.T @ step
        slack = float(self.slack(j, step))
        level = self.squares[j] / 2.0 - float(self.data.pulled[j] @ step)
        heights = self.heights(step, side.own, side.own_rows)
        doubtful = side.own[heights < level + 10.0 * slack]
        doubtful = doubtful[~np.isin(doubtful, out)]
        A, b = self.rows(j, doubtful)
        lacks = b - slack - (self.data.points[j] - self.data.points[doubtful]) @ moved
        sizes = _size(A, self.data.q)
        with np.errstate(divide="ignore"):
            return float((lacks[lacks > 0.0] / sizes[lacks > 0.0]).max(initial=0.0))


def _quadratic(A: NDArray, b: NDArray, room: Box | None) -> tuple[NDArray, NDArray]:
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
        return np.zeros(d), _impossible(A, b, room)
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
        return np.zeros(d), _impossible(A, b, room)
    step = found.x[:d] - found.x[d:] if p == 1 else found.x[:d]
    if room is not None:
        step = np.clip(step, *room)
    return step, np.maximum(-found.ineqlin.marginals[:n], 0.0)


def _impossible(A: NDArray, b: NDArray, room: Box | None) -> NDArray:
    """Return multipliers with A^T lambda ~ 0 and <b, lambda> = 1 (Farkas), or zeros."""
    from scipy.optimize import nnls

    rows, ends = A, b
    if room is not None:
        one = np.eye(A.shape[1])
        rows = np.concatenate([A, one, -one])
        ends = np.concatenate([b, room[0], -room[1]])
        rows, ends = rows[np.isfinite(ends)], ends[np.isfinite(ends)]
    try:
        found, _ = nnls(np.vstack([rows.T, ends]), np.append(np.zeros(A.shape[1]), 1.0))
    except RuntimeError:  # too many iterations
        return np.zeros(len(b))
    return found[: len(b)]


Answer = tuple[NDArray, float, float, bool]


@dataclass
class _Best:
    """The shortest step so far, and the least bound among cells that are done."""

    step: NDArray
    size: float = np.inf
    floor: float = np.inf
    rounding: float = 0.0

    def answer(self) -> Answer:
        floor = min(self.floor, self.size)
        if self.size - floor <= _AGREE * self.size + self.rounding or (
            np.isinf(floor) and np.isinf(self.size)
        ):
            return self.step, self.size, self.size, True
        return self.step, self.size, floor, False

    def finish(
        self,
        at: _At,
        side: _Side,
        chosen: list[int],
        out: list[int],
        program: tuple[NDArray, NDArray],
        solution: tuple[NDArray, NDArray],
        bound: float,
    ) -> None:
        """Take the solution of a program, polished, if the chosen points win there.

        They have to beat all of `own` but those left out.
        """
        A, b = program
        step, multipliers = solution
        certified, better = at.polished(A, b, step, multipliers)
        for candidate in (better, step):
            size = float(_size(candidate, at.data.p))
            if all(
                at.violation(j, side, out, candidate) <= _AGREE / 10 * size
                for j in chosen
            ):
                self.floor = min(self.floor, max(bound, certified))
                if size < self.size:
                    sizes = _size(A, at.data.q)
                    slack = at.slack(np.array(chosen), candidate).max()
                    self.step, self.size = candidate, size
                    self.rounding = slack / sizes[sizes > 0.0].min(initial=np.inf)
                return
        self.floor = min(self.floor, bound)


def _one(at: _At, side: _Side) -> Answer:
    """Return the smallest step to the cells of the other classes."""
    best = _Best(np.zeros(at.data.pulled.shape[1]))
    if not len(side.other):
        return best.answer()
    pool = side.own[np.argsort(at.squares[side.own], kind="stable")[:_POOL]]
    near = pool[:_NEAR]
    apart = at.halfspaces(side, near)
    heap = sorted(zip(apart.max(axis=1).tolist(), range(len(apart)), strict=True))
    work: dict[int, NDArray] = {}
    while heap and heap[0][0] < best.size:
        batch: list[tuple[int, float, NDArray, NDArray]] = []
        while heap and heap[0][0] < best.size and len(batch) < _TOGETHER:
            bound, cell = heapq.heappop(heap)
            if cell not in work:
                work[cell] = near[np.argsort(-apart[cell])[:_FIRST]]
            found, step, multipliers = at.solve(*at.rows(side.other[cell], work[cell]))
            if max(bound, found) < best.size:
                batch.append((cell, max(bound, found), step, multipliers))
        for (cell, bound, step, multipliers), i in zip(
            batch, _against(at, side, batch, work, pool), strict=True
        ):
            if bound >= best.size:
                continue
            if len(i):
                work[cell] = np.append(work[cell], i)
                pool = np.union1d(pool, i)
                heapq.heappush(heap, (bound, cell))
                continue
            j = int(side.other[cell])
            program = at.rows(j, work[cell])
            best.finish(at, side, [j], [], program, (step, multipliers), bound)
    return best.answer()


def _against(
    at: _At,
    side: _Side,
    batch: list[tuple[int, float, NDArray, NDArray]],
    work: dict[int, NDArray],
    pool: NDArray,
) -> list[NDArray]:
    """Return violated constraints to add to each cell's; none if there are none.

    The nearest ones, of the pool if it has any.
    """
    if not batch:
        return []
    cells = [cell for cell, *_ in batch]
    steps = np.array([step for _, _, step, _ in batch])
    j = side.other[cells]
    level = at.squares[j] / 2.0 - (steps * at.data.pulled[j]).sum(axis=1)
    level -= at.slack(j, steps)
    found = [pool[:0]] * len(batch)
    left = np.arange(len(batch))
    for who, rows in ((pool, at.data.pulled[pool]), (side.own, side.own_rows)):
        heights = at.heights(steps[left], who, rows)
        for k, row in zip(left, heights, strict=True):
            i = np.flatnonzero(row < level[k])
            i = i[np.argsort(row[i])]
            i = who[i[: _ADDED + len(work[cells[k]])]]
            found[k] = i[~np.isin(i, work[cells[k]])][:_ADDED]
        left = np.array([k for k in left if not len(found[k])], int)
        if not len(left):
            break
    return found


def _votes(at: _At, sides: list[_Side]) -> Answer:
    """Return the smallest step to another majority, or a bracket."""
    answers = [_vote(at, side) for side in sides]
    if len(answers) == 1:
        return answers[0]
    step, size, _, _ = min(answers[1:], key=lambda answer: answer[1])
    return _Best(step, size, answers[0][2]).answer()


@dataclass
class _Node:
    """Choices made: `chosen` beat `kept`; those left out; the next one to choose."""

    chosen: list[int]
    kept: list[int]
    out: list[int]
    next: int
    solution: tuple[NDArray, NDArray] | None = None
    agreed: bool = False  # no more than may be left out are in the way


def _vote(at: _At, side: _Side) -> Answer:
    """Return the smallest step after which enough of one side are nearest."""
    best = _Best(np.zeros(at.data.pulled.shape[1]))
    other, own, need, spare = side.other, side.own, side.chosen, side.left_out
    if len(other) < need:
        return best.answer()
    by_distance = own[np.argsort(at.squares[own], kind="stable")]
    near = by_distance[: _NEAR + spare]
    least = np.zeros(len(other))
    if len(near) > spare:
        apart = at.halfspaces(side, near)
        least = -np.partition(-apart, spare, axis=1)[:, spare]
    order = np.argsort(least, kind="stable")
    other, least = other[order], least[order]
    _first_steps(at, side, best)
    count = itertools.count()
    heap = [(float(least[need - 1]), next(count), _Node([], [], [], 0))]
    at.solved = 0
    while heap and heap[0][0] < best.size and at.solved < _BUDGET:
        bound, _, node = heapq.heappop(heap)
        for more, child in _branches(at, side, other, least, bound, node, best):
            if more < best.size:
                heapq.heappush(heap, (more, next(count), child))
    best.floor = min(best.floor, heap[0][0] if heap else np.inf)
    return best.answer()


def _branches(
    at: _At,
    side: _Side,
    other: NDArray,
    least: NDArray,
    bound: float,
    node: _Node,
    best: _Best,
) -> list[tuple[float, _Node]]:
    """Solve a node's program; offer its step if all is well there, or make a choice."""
    chosen, kept, out = node.chosen, node.kept, node.out
    pairs = np.array(list(itertools.product(chosen, kept)), int).reshape(-1, 2)
    program = at.rows(pairs[:, 0], pairs[:, 1])
    if node.solution is None:
        found, *solution = at.solve(*program)
        node.solution = (solution[0], solution[1])
        bound = max(bound, found)
        if bound >= best.size:
            return []
    step, _ = node.solution
    if not node.agreed and chosen:
        i = _in_the_way(at, side, chosen, step)
        i = i[~np.isin(i, out)]
        room = side.left_out - len(out)
        fresh = i[~np.isin(i, kept)]
        if len(i) > room and len(fresh):
            if room == 0:
                keep = [int(k) for k in fresh[:_ADDED]]
                allowed = not any(_twins(at, j, k) for j in chosen for k in keep)
                child = _Node(chosen, kept + keep, out, node.next)
                return [(bound, child)] if allowed else []
            k = int(fresh[0])
            children = [_Node(chosen, kept, [*out, k], node.next, node.solution)]
            if not any(_twins(at, j, k) for j in chosen):
                children.append(_Node(chosen, [*kept, k], out, node.next))
            return [(bound, child) for child in children]
        out = [*out, *(int(k) for k in fresh[:room])]
    missing = side.chosen - len(chosen)
    if missing == 0:
        best.finish(at, side, chosen, out, program, node.solution, bound)
        return []
    j, after = int(other[node.next]), node.next + 1
    choices = []
    if not any(_twins(at, j, k) for k in kept):
        child = _Node([*chosen, j], kept, node.out, after)
        choices.append((max(bound, float(least[after + missing - 2])), child))
    if len(other) - after >= missing:
        child = _Node(chosen, kept, node.out, after, node.solution, True)
        choices.append((max(bound, float(least[after + missing - 1])), child))
    return choices


def _twins(at: _At, j: int, i: int) -> bool:
    """Tell whether i is in j's place and comes first."""
    return bool(at.data.place[i] == at.data.place[j]) and i < j


def _in_the_way(at: _At, side: _Side, chosen: list[int], step: NDArray) -> NDArray:
    """Return those of `own` that are nearer than one of the chosen, nearest first."""
    own, j = side.own, np.array(chosen)
    heights = at.heights(step, own, side.own_rows)
    levels = at.heights(step, j, at.data.pulled[j]) - at.slack(j, step)
    ahead = heights < levels.max()
    for k in chosen:
        ahead |= (at.data.place[own] == at.data.place[k]) & (own < k)
    i = np.flatnonzero(ahead)
    return own[i[np.argsort(heights[i], kind="stable")]]


def _first_steps(at: _At, side: _Side, best: _Best) -> None:
    """Offer the smallest steps to some cells where enough of one side are nearest."""
    other, own, data = side.other, side.own, at.data
    for anchor in other[np.argsort(at.squares[other], kind="stable")[:_ANCHORS]]:
        squares = cdist(data.points[anchor, None], data.points, "sqeuclidean")[0]
        j = other[np.argsort(squares[other], kind="stable")[: side.chosen]]
        by_distance = own[np.argsort(squares[own], kind="stable")]
        out = by_distance[: side.left_out].tolist()
        kept = by_distance[side.left_out :][:_FIRST]
        chosen = j.tolist()
        while not any(_twins(at, a, i) for a in chosen for i in kept.tolist()):
            program = at.rows(np.repeat(j, len(kept)), np.tile(kept, len(j)))
            bound, step, multipliers = at.solve(*program)
            if bound >= best.size:
                break
            i = _in_the_way(at, side, chosen, step)
            i = i[~np.isin(i, out) & ~np.isin(i, kept)]
            if not len(i):
                solution = (step, multipliers)
                best.finish(at, side, chosen, out, program, solution, bound)
                break
            kept = np.append(kept, i[:_ADDED])
    best.floor = np.inf  # other cells may be nearer
