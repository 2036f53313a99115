r"""How close is a point to each class: the distances to all decision regions.

The region of the class j is the closure of the points that are decided for j; a random
image in the region of "cat" has a distance to that of "dog", which is the least size of
a *targeted* perturbation. The talk's test of oscillation asks for it: "how close is a
random image to a dog?" (Dobriban 2020, "What causes adversarial examples?").

Exactly, up to rounding and with certified lower bounds:

- two classes: the smallest perturbation (`minimal_perturbation`);
- several linear functions f_j: the polyhedron {f_j >= f_i for all i}, to which a
  projection is a quadratic program (p = 2) or a linear one (p = 1, infinity);
- one nearest neighbour: the cells of the points of j, whatever the others are called:
  the smallest perturbation of the classifier that only knows "j" and "not j".

Otherwise two-sided bounds. Several quadratic functions or kernel expansions: the region
lies in each {f_j >= f_i}, so that the farthest of these is a lower bound, and exact if
the step to it is decided for j.

**Votes.** Of V votes for K classes, and between equal numbers for the first class, j
(from 0) needs v of them: if all others have as many as they can have without winning,
V <= v + j (v - 1) + (K - 1 - j) v, so that v is at least (V + j)/K, rounded up.

- Pairs: V = K (K - 1)/2, so j is ahead of (K - 1)/2 + j/K others at least; the v-th
  nearest of the sets {f_j >= f_i} is a lower bound. Of linear functions, any v of them
  make a polyhedron, and the nearest of all these (where they are few) is a better one.
  It is exact if the step there is decided for j. Where v = K - 1, as for the second and
  third of three classes, bounds are equal, or a share of 1e-8 apart at corners.
- Neighbours: V = k. A majority of k is enough: steps to the region of "j", of the two
  classes "j" and "not j", are upper bounds, and as exact as the smallest perturbation
  where v is a majority, as for the second and third of three classes and 3 neighbours.
  Else the lower bound is the distance to any other decision, or (s - r)/2, with s the
  distance to the v-th nearest point of j and r that to the (k - v + 1)-st of the
  others: s <= r in the region.

Upper bounds are steps that are decided for j: to these sets, one after the other (not
of expansions, where a step costs too much), then back to where j begins; or towards
known points. `exact` says which distances are.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from scipy.spatial.distance import cdist

from geomadv._typing import ArrayLike, Bool, Float, Int, NDArray
from geomadv._validate import norm_order, points
from geomadv.perturbations import Perturbation, minimal_perturbation
from geomadv.perturbations._forms import (
    Affine,
    Expansion,
    Form,
    Functions,
    Pairs,
    Prototypes,
    Quadratic,
    Waves,
    decisions,
    dimension,
    inner,
    values,
)
from geomadv.perturbations._models import form_of
from geomadv.perturbations._programs import Box, smallest_step

_AGREE = 1e-9  # relative distance of bounds that counts as equal
_TOUCHES = 1e-10  # of a step's length: within a half-space
_PAST = 1.0 + 1e-9  # of a step to a boundary: over it
_TURNS = 30  # sets that are reached one after the other
_FARTHER = 1.5  # of a step to a boundary, in the last turn
_HALVINGS = 60
_INSIDE = 1e-8  # of a step's length: past the corner of a polyhedron
_CHOICES = 130  # sets of linear functions that may be enough to win, at most
_ANCHORS = 10  # given points of a class to which segments are drawn

Steps = Callable[[Form, Float[NDArray, "n d"]], Perturbation]


@dataclass(frozen=True, eq=False)
class RegionDistances:
    """Distances from points to the decision regions of all classes.

    Parameters
    ----------
    classes : (K,) array
        The labels.
    decision : (n,) array of int
        Which of them each point is decided for.
    distance, lower : (n, K) array
        Upper and certified lower bounds, equal where exact; 0 in the own region.
        Infinite where a region is empty; `distance` also where no step was found.
    exact : (n, K) array of bool
        Whether `distance` is the least one, up to rounding.
    delta : (n, K, d) array
        The steps; 0 where there is none.
    """

    classes: NDArray
    decision: Int[NDArray, " n"]
    distance: Float[NDArray, "n K"]
    lower: Float[NDArray, "n K"]
    exact: Bool[NDArray, "n K"]
    delta: Float[NDArray, "n K d"]


def distance_to_regions(
    model: Any,
    X: ArrayLike,
    *,
    p: float = 2,
    box: tuple[ArrayLike, ArrayLike] | None = None,
    anchors: ArrayLike | None = None,
) -> RegionDistances:
    """Return the distances from points to the decision region of each class.

    Parameters
    ----------
    model : classifier
        One that `minimal_perturbation` knows.
    X : (n, d) array_like
        Points, such as random images.
    p : float
        The norm: 1, 2 or inf, or for two classes what `minimal_perturbation` allows.
    box : (lower, upper), optional
        Numbers or (d,) arrays between which the perturbed points must lie, as the
        points do.
    anchors : (m, d) array_like, optional
        Points, such as the training data, towards which steps are tried where the
        distance is not known exactly; the model's own ones if not given.

    Returns
    -------
    RegionDistances

    Raises
    ------
    TypeError, ValueError
        If the model is not known, or an argument is not as described.

    Notes
    -----
    Exact for two classes where `minimal_perturbation` is, for linear functions and for
    one nearest neighbour; certified bounds otherwise, see the module, and `exact` says
    which of them are equal. A region is closed: at ``x + (1 + 1e-9) delta`` other
    classes may tie.

    Examples
    --------
    Three thirds of the plane.

    >>> from geomadv.classifiers import LinearClassifier
    >>> W = [[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]]
    >>> f = LinearClassifier.from_parameters(W, [0.0, 0.0, 0.0])
    >>> distance_to_regions(f, [[2.0, 0.0], [-1.0, 0.0]]).distance.round(6)
    array([[0.      , 1.732051, 1.732051],
           [1.      , 0.      , 0.      ]])
    """
    form = form_of(model)
    X = points("X", X, d=dimension(form))
    p = norm_order("p", p)
    K = _number_of_classes(form)
    if K > 2 and p not in (1, 2, np.inf):
        raise ValueError(f"p must be 1, 2 or inf with more than two classes, got {p:g}")
    near = _anchors(form) if anchors is None else anchors
    near = points("anchors", near, d=X.shape[1])
    cells = isinstance(form, Prototypes) and form.k == 1 and K > 2
    everywhere = minimal_perturbation(form, X[:0] if cells else X, p=p, box=box)
    n, d = X.shape
    ends = _ends(box, d)
    decision = decisions(form, X).astype(int)
    distance, delta = np.full((n, K), np.inf), np.zeros((n, K, d))
    lower, exact = np.zeros((n, K)), np.zeros((n, K), bool)
    at = np.arange(n)
    lower[at, decision] = distance[at, decision] = 0.0
    exact[at, decision] = True

    def steps(one: Form, at: Float[NDArray, "n d"]) -> Perturbation:
        return minimal_perturbation(one, at, p=p, box=box)

    for j in range(K):
        rows = np.flatnonzero(decision != j)
        if not len(rows):
            continue
        if K == 2:
            found = _part(everywhere, rows)
        elif isinstance(form, Affine):
            others = np.arange(K) != j
            A, b = form.W[j] - form.W[others], form.b[j] - form.b[others]
            found = _polyhedron(A, b, X[rows], p, ends)
        elif isinstance(form, Prototypes) and cells:
            only = replace(form, labels=(form.labels == j).astype(int))
            found = steps(only, X[rows])
        else:
            found = _bracket(form, j, X[rows], everywhere.lower[rows], p, ends, steps)
            if isinstance(form, Pairs) and p != 2 and np.isinf(found.distance).any():
                found = _euclidean(form, j, X[rows], p, ends, box, found)
            found = _towards(form, j, X[rows], near, p, ends, found)
        distance[rows, j], lower[rows, j] = found.distance, found.lower
        exact[rows, j], delta[rows, j] = found.exact, found.delta
    return RegionDistances(_labels(model, K), decision, distance, lower, exact, delta)


def _number_of_classes(form: Form) -> int:
    if isinstance(form, Prototypes):
        return max(int(form.labels.max()) + 1, 2)
    if isinstance(form, Pairs):
        return int(form.second.max()) + 1
    return max(len(form.b), 2)


def _labels(model: Any, K: int) -> NDArray:
    found = np.asarray(getattr(model, "classes_", [-1, 1] if K == 2 else range(K)))
    return found if found.shape == (K,) else np.arange(K)


def _anchors(form: Form) -> Float[NDArray, "m d"]:
    """Return the points of a model, where they are inputs."""
    inside = form.functions if isinstance(form, Pairs) else form
    if isinstance(inside, Prototypes | Expansion) and inside.T is None:
        return inside.points if isinstance(inside, Prototypes) else inside.centres
    return np.empty((0, dimension(form)))


def _ends(box: Any, d: int) -> Box | None:
    if box is None:
        return None
    lower, upper = (np.broadcast_to(np.asarray(end, float), d) for end in box)
    return lower, upper


def _part(found: Perturbation, rows: Int[NDArray, " m"]) -> Perturbation:
    return Perturbation(
        found.delta[rows], found.distance[rows], found.lower[rows], found.exact[rows]
    )


def _polyhedron(
    A: Float[NDArray, "c d"],
    b: Float[NDArray, " c"],
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    depth: Float[NDArray, " n"] | None = None,
) -> Perturbation:
    """Return the smallest steps to where A x + b >= 0, or so far inside of that."""
    rises = X @ A.T + b
    n = len(X)
    delta, distance = np.zeros(X.shape), np.full(n, np.inf)
    lower, sizes = np.zeros(n), np.linalg.norm(A, axis=1)
    if depth is not None:
        rises -= np.outer(depth, sizes)
    for row in range(n):
        room = None if box is None else (box[0] - X[row], box[1] - X[row])
        lower[row], step, _ = smallest_step(A, -rises[row], p, room)
        slack = _TOUCHES * sizes * np.linalg.norm(step)
        if np.isfinite(lower[row]) and (A @ step + rises[row] >= -slack).all():
            delta[row], distance[row] = step, np.linalg.norm(step, p)
    return _closed(delta, distance, lower)


def _closed(
    delta: Float[NDArray, "n d"],
    distance: Float[NDArray, " n"],
    lower: Float[NDArray, " n"],
) -> Perturbation:
    """Return bounds as a perturbation, exact where they meet."""
    lower = np.minimum(lower, distance)
    exact = np.isinf(lower)  # and with it the distance
    finite = np.isfinite(distance)
    exact[finite] = distance[finite] - lower[finite] <= _AGREE * distance[finite]
    return Perturbation(delta, distance, np.where(exact, distance, lower), exact)


def _bracket(
    form: Form,
    j: int,
    X: Float[NDArray, "n d"],
    least: Float[NDArray, " n"],
    p: float,
    box: Box | None,
    steps: Steps,
) -> Perturbation:
    """Return bounds of the distances to the region of j, and steps into it.

    `least` bounds those to any other decision.
    """
    lower = least.copy()
    distance, delta = np.full(len(X), np.inf), np.zeros(X.shape)
    if isinstance(form, Affine):
        return _closed(delta, distance, lower)
    if isinstance(form, Prototypes):
        if form.k % 2:  # a majority of k is enough, and may be needed
            mine = replace(form, labels=(form.labels == j).astype(int))
            found = steps(mine, X)
            _take(form, j, X, found.delta, p, delta, distance)
            if 2 * _votes_needed(form.k, j, _number_of_classes(form)) > form.k:
                lower = np.maximum(lower, found.lower)
        lower = np.maximum(lower, _votes_away(form, j, X, p))
        return _closed(delta, distance, lower)
    ahead = _rivals(form, j)
    sets = np.zeros((len(ahead), len(X)))
    for k, rival in enumerate(ahead):
        rows = np.flatnonzero(values(rival, X)[:, 0] <= 0.0)
        found = steps(rival, X[rows])
        sets[k, rows] = found.lower
        trial = np.zeros(X.shape)
        trial[rows] = found.delta
        _take(form, j, X, trial, p, delta, distance)
    if isinstance(form, Pairs):
        K = len(ahead) + 1
        needed = _votes_needed(K * (K - 1) // 2, j, K)
        lower = np.maximum(lower, np.sort(sets, axis=0)[needed - 1])
        linear = [rival for rival in ahead if isinstance(rival, Affine)]
        if len(linear) == len(ahead):
            nearest = np.full(len(X), np.inf)
            for A, b in _enough(linear, needed):
                found = _polyhedron(A, b, X, p, box)
                nearest = np.minimum(nearest, found.lower)
                _take(form, j, X, found.delta, p, delta, distance)
                left = np.flatnonzero(distance > found.lower * (1.0 + _INSIDE))
                if len(A) == len(ahead) and len(left):  # at a corner: a little further
                    trial = np.zeros(X.shape)
                    room = _INSIDE * np.linalg.norm(found.delta[left], axis=1)
                    trial[left] = _polyhedron(A, b, X[left], p, box, room).delta
                    _take(form, j, X, trial, p, delta, distance)
            if math.comb(len(linear), needed) <= _CHOICES:
                lower = np.maximum(lower, nearest)
    else:  # in the region j is ahead of all
        lower = np.maximum(lower, sets.max(axis=0))
    if not isinstance(ahead[0], Expansion):  # their steps cost too much
        rows = np.flatnonzero(distance > lower * (1.0 + _AGREE))
        walked = np.zeros(X.shape)
        walked[rows] = _back(
            form, j, X[rows], _walk(form, j, X[rows], ahead, box, steps)
        )
        _take(form, j, X, walked, p, delta, distance)
    return _closed(delta, distance, lower)


def _rivals(
    form: Quadratic | Expansion | Pairs | Waves, j: int
) -> list[Functions | Waves]:
    """Return for each other class a function that is positive where j is ahead."""
    if isinstance(form, Pairs):
        mine = np.flatnonzero((form.first == j) | (form.second == j))
        signs = np.where(form.first[mine] == j, 1.0, -1.0)
        each = np.eye(len(form.first))[mine] * signs[:, None]
        return [_combined(form.functions, row) for row in each]
    each = np.eye(len(form.b))
    return [_combined(form, each[j] - row) for i, row in enumerate(each) if i != j]


def _euclidean(
    form: Pairs,
    j: int,
    X: Float[NDArray, "n d"],
    p: float,
    ends: Box | None,
    box: Any,
    found: Perturbation,
) -> Perturbation:
    """Return what was found, or steps for p = 2 where none was."""

    def steps(one: Form, at: Float[NDArray, "n d"]) -> Perturbation:
        return minimal_perturbation(one, at, p=2, box=box)

    rows = np.flatnonzero(np.isinf(found.distance))
    other = _bracket(form, j, X[rows], np.zeros(len(rows)), 2, ends, steps)
    delta, distance = found.delta.copy(), found.distance.copy()
    trial = np.zeros(X.shape)
    trial[rows] = other.delta
    _take(form, j, X, trial, p, delta, distance)
    return _closed(delta, distance, found.lower)


def _votes_needed(votes: int, j: int, K: int) -> int:
    """Return how few votes class j, from 0, may win with; ties are for the first."""
    return -(-(votes + j) // K)


def _votes_away(
    form: Prototypes, j: int, X: Float[NDArray, "n d"], p: float
) -> Float[NDArray, " n"]:
    """Return lower bounds of the distances to where j has the votes it needs."""
    v = _votes_needed(form.k, j, _number_of_classes(form))
    mine, other = form.labels == j, form.k - v
    if mine.sum() < v:
        return np.full(len(X), np.inf)
    Z = inner(form, X)
    s = np.partition(cdist(Z, form.points[mine]), v - 1, axis=1)[:, v - 1]
    rest = cdist(Z, form.points[~mine])
    if rest.shape[1] <= other:
        return np.zeros(len(X))
    r = np.partition(rest, other, axis=1)[:, other]
    stretch = 1.0 if form.T is None else float(np.linalg.norm(form.T, 2))
    stretch *= X.shape[1] ** max(0.0, 0.5 - 1.0 / p)  # of l_2 over l_p
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(s > r, (s - r) / (2.0 * stretch), 0.0)
    return np.asarray(found * (1.0 - 1e-12))


def _enough(
    linear: list[Affine], needed: int
) -> Iterator[tuple[Float[NDArray, "c d"], Float[NDArray, " c"]]]:
    """Yield polyhedra: where all are positive, or some, as few as needed."""
    W = np.concatenate([rival.W for rival in linear])
    b = np.concatenate([rival.b for rival in linear])
    yield W, b
    if needed < len(linear) and math.comb(len(linear), needed) <= _CHOICES:
        for chosen in itertools.combinations(range(len(linear)), needed):
            yield W[list(chosen)], b[list(chosen)]


@overload
def _combined(form: Functions, weights: Float[NDArray, " K"]) -> Functions: ...


@overload
def _combined(form: Waves, weights: Float[NDArray, " K"]) -> Waves: ...


def _combined(
    form: Functions | Waves, weights: Float[NDArray, " K"]
) -> Functions | Waves:
    """Return the sum of the functions with these weights."""
    if isinstance(form, Affine):
        return Affine(weights[None] @ form.W, weights[None] @ form.b)
    if isinstance(form, Quadratic):
        parts = (np.tensordot(weights, a, 1)[None] for a in (form.A, form.b, form.c))
        return Quadratic(*parts)
    if isinstance(form, Waves):
        a, c, b = (weights[None] @ part for part in (form.a, form.c, form.b))
        return replace(form, a=a, c=c, b=b)
    a = form.coefficients @ weights
    used = a != 0.0
    used[0] |= not used.any()
    return replace(
        form,
        centres=form.centres[used],
        coefficients=np.ascontiguousarray(a[used, None]),
        b=weights[None] @ form.b,
    )


def _take(
    form: Form,
    j: int,
    X: Float[NDArray, "n d"],
    trial: Float[NDArray, "n d"],
    p: float,
    delta: Float[NDArray, "n d"],
    distance: Float[NDArray, " n"],
) -> None:
    """Keep the trials that are decided for j, or just before it, and are shorter."""
    size = np.linalg.norm(trial, p, axis=1)
    good = (decisions(form, X + _PAST * trial) == j) & (size < distance)
    delta[good], distance[good] = trial[good], size[good]


def _walk(
    form: Form,
    j: int,
    X: Float[NDArray, "n d"],
    ahead: list[Functions | Waves],
    box: Box | None,
    steps: Steps,
) -> Float[NDArray, "n d"]:
    """Step to where j is ahead of the class that is most ahead, again and again.

    Steps are longer from turn to turn: those to boundaries may never arrive.
    """
    Z = X.copy()
    for over in np.linspace(_PAST, _FARTHER, _TURNS):
        left = np.flatnonzero(decisions(form, Z) != j)
        if not len(left):
            break
        lead = np.stack([values(rival, Z[left])[:, 0] for rival in ahead], axis=1)
        for k in np.unique(lead.argmin(axis=1)).tolist():
            rows = left[(lead.argmin(axis=1) == k) & (lead[:, k] <= 0.0)]
            found = steps(ahead[k], Z[rows])
            finite = np.isfinite(found.distance)
            Z[rows[finite]] += over * found.delta[finite]
        if box is not None:
            Z = np.clip(Z, *box)
    return Z


def _back(
    form: Form, j: int, X: Float[NDArray, "n d"], Z: Float[NDArray, "n d"]
) -> Float[NDArray, "n d"]:
    """Return steps from X on the segments to Z, down to where j begins; or 0."""
    total = Z - X
    inside = decisions(form, Z) == j
    low, high = np.zeros(len(X)), np.ones(len(X))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        there = decisions(form, X + middle[:, None] * total) == j
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.asarray(np.where(inside[:, None], high[:, None] * total, 0.0))


def _towards(
    form: Form,
    j: int,
    X: Float[NDArray, "n d"],
    anchors: Float[NDArray, "m d"],
    p: float,
    box: Box | None,
    found: Perturbation,
) -> Perturbation:
    """Return what was found, or shorter steps on segments to the nearest anchors."""
    good = decisions(form, anchors) == j
    if box is not None:
        low, high = box
        good &= ((anchors >= low) & (anchors <= high)).all(axis=1)
    mine = anchors[good]
    delta, distance = found.delta.copy(), found.distance.copy()
    if len(mine):
        nearest = np.argsort(cdist(X, mine), axis=1)[:, :_ANCHORS]
        for k in range(nearest.shape[1]):
            trial = _back(form, j, X, mine[nearest[:, k]])
            _take(form, j, X, trial, p, delta, distance)
    return _closed(delta, distance, found.lower)
