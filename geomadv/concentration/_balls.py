r"""Unions of balls: the family for l_2.

The score max_t (r_t - ||x - c_t||_p) is 1-Lipschitz in l_p; {f >= -s} is the union
of the balls of radii r_t + s, and its eps-enlargement is the union of those of radii
r_t + s + eps, exactly, since the nearest point of a union is in the nearest ball.

Two searches:

- `greedy_balls`, after the published one (Mahloujifar, Zhang, Mahmoody, Evans 2019,
  arXiv:1905.12202): T balls centred at points, taken one by one, each covering at least
  its part of what is still wanted, with the least cost: newly enlarged points for each
  newly covered one (published: their difference). Centres are tried from a sample.
- `descend`: centres and radii move against the gradient of the share near the union at
  a fixed share in it. For a score f with parameters c, a change dc moves the threshold
  by E[df/dc | f = t] dc, so that the share in the union stays, and the share near it
  changes by a positive multiple of (E[df/dc | f = t - eps] - E[df/dc | f = t]) dc; here
  df/dc = (x - c)/||x - c||. As its centre goes to infinity a ball becomes a half-space.
  For p = 2 alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import norm_order, points, real_array
from geomadv.concentration._cover import greedy_cover
from geomadv.concentration._levels import expanded_share, needed, threshold
from geomadv.spaces._lp import lp_norm

COUNTS = (1, 2, 5, 10)
_PARTS = (1.0, 1.5, 2.5)
_CENTRES = 1000
_BUDGET = 1e10
_ROWS = 64
_KEPT = 150
_GROWN = 20
_SHARED = 0.3
_STEPS = 40
_REPORTED = (5, 10, 20, 40)
_BANDWIDTH = 0.1
_CUT = 4.0
_DESCENT = 20_000
_BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class Balls:
    """A union of l_p balls.

    Parameters
    ----------
    centres : (T, d) array
        Their centres.
    radii : (T,) array
        Their radii, up to a common shift: the threshold of the score.
    p : float
        Order of the norm.

    Examples
    --------
    >>> two = Balls(np.array([[0.0, 0], [10, 0]]), np.array([1.0, 2]), p=2)
    >>> two.score([[3.0, 4.0], [7.0, 4.0]]).round(9).tolist()
    [-4.0, -3.0]
    """

    centres: Float[NDArray, "T d"]
    radii: Float[NDArray, " T"]
    p: float

    def __post_init__(self) -> None:
        centres = points("centres", self.centres, minimum=1)
        radii = real_array("radii", self.radii, ndim=1)
        if radii.shape[0] != centres.shape[0]:
            raise ValueError(
                f"radii must be one for each of the {centres.shape[0]} centres, "
                f"got {radii.shape[0]}"
            )
        norm_order("p", self.p)
        object.__setattr__(self, "centres", centres)
        object.__setattr__(self, "radii", radii)

    def score(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the depth of each of the points X in the union, negative outside."""
        array = points("X", X, d=self.centres.shape[1])
        result = np.full(array.shape[0], -np.inf)
        step = max(1, _BLOCK // max(array.shape[1], 1))
        for first in range(0, array.shape[0], step):
            rows, part = array[first : first + step], slice(first, first + step)
            for centre, radius in zip(self.centres, self.radii, strict=True):
                depth = radius - lp_norm(rows - centre, self.p)
                result[part] = np.maximum(result[part], depth)
        return result


def greedy_balls(
    X: Float[NDArray, "n d"],
    *,
    p: float,
    eps: float,
    mass: float,
    rng: np.random.Generator,
) -> list[Balls]:
    """Return unions of 1, 2, 5 and 10 balls centred at points, or those there are.

    Parameters
    ----------
    X : (n, d) array
        Points.
    p, eps : float
        Order of the norm and size of the enlargement.
    mass : float
        Share of the points that a union covers, about.
    rng : Generator
        Chooses the centres that are tried.

    Notes
    -----
    At most 1000 centres are tried, fewer where distances cost more than 10^10
    operations (p = 2 excepted); the distances of 64 centres at a time are held.
    """
    n, d = X.shape
    wanted = needed(n, mass)
    tried = _CENTRES if p == 2.0 else min(_CENTRES, max(20, int(_cost(p) / (n * d))))
    chosen = np.sort(rng.choice(n, min(n, tried), replace=False))
    counts = sorted({max(1, round(f * wanted / t)) for t in COUNTS for f in _PARTS})
    counts = [k for k in counts if k <= min(1.25 * wanted, n)]
    found = _candidates(X, X[chosen], p, eps, counts, wanted)
    unions: list[Balls] = []
    for most in COUNTS if found else ():
        inside = sparse.csc_array(sparse.hstack([c[3] for c in found]))
        near = sparse.csc_array(sparse.hstack([c[4] for c in found]))
        taken = greedy_cover(inside, near, wanted, most, even=1.5)
        if taken:
            centres = X[chosen[[found[j][1] for j in taken]]].astype(np.float64)
            unions.append(Balls(centres, np.array([found[j][2] for j in taken]), p))
    if not unions:  # where many distances are equal, no ball has the wanted size
        unions.append(Balls(X[chosen[:1]].astype(np.float64), np.zeros(1), p))
    return unions


def centres_apart(
    X: Float[NDArray, "n d"],
    *,
    eps: float,
    mass: float,
    most: int,
    rng: np.random.Generator,
) -> list[Float[NDArray, " d"]]:
    """Return the centres of single l_2 balls that grow little, best first.

    Each ball holds `mass` of the points, and has at most 30 % of its points in common
    with any of those before it.
    """
    n = X.shape[0]
    chosen = np.sort(rng.choice(n, min(n, _CENTRES), replace=False))
    wanted = needed(n, mass)
    found = _candidates(X, X[chosen], 2.0, eps, [wanted], wanted)
    centres: list[Float[NDArray, " d"]] = []
    before: list[NDArray] = []
    for _, c, _, held, _ in found:
        shared = max((np.isin(held.indices, one).sum() for one in before), default=0)
        if shared <= _SHARED * held.indices.size and len(centres) < most:
            centres.append(X[chosen[c]].astype(np.float64))
            before.append(held.indices)
    return centres


def _cost(p: float) -> float:
    return _BUDGET if p in (1.0, np.inf) else _BUDGET / 20


def _candidates(
    X: Float[NDArray, "n d"],
    centres: Float[NDArray, "m d"],
    p: float,
    eps: float,
    counts: list[int],
    wanted: int,
) -> list[tuple[float, int, float, sparse.csc_array, sparse.csc_array]]:
    """Return (ratio, centre, radius, inside, near) of the best balls of each size.

    Balls that hold more than is wanted, or near which far more points lie, are left
    out.
    """
    n = X.shape[0]
    kept: dict[int, list[tuple[float, int, float, NDArray, NDArray]]] = {}
    for first in range(0, centres.shape[0], _ROWS):
        block = distances(centres[first : first + _ROWS], X, p)
        reach = np.partition(block, [k - 1 for k in counts], axis=1)
        for k in counts:
            radius = reach[:, k - 1]
            size = (block <= radius[:, None]).sum(axis=1)
            grown = (block <= radius[:, None] + eps).sum(axis=1)
            ratio = grown / size
            items = kept.setdefault(k, [])
            worst = items[-1][0] if len(items) == _KEPT else np.inf
            small = (grown <= _GROWN * wanted) & (size <= 1.25 * wanted)
            for row in np.flatnonzero(small & (ratio < worst)):
                r = float(radius[row])
                held = np.flatnonzero(block[row] <= r).astype(np.int32)
                around = np.flatnonzero(block[row] <= r + eps).astype(np.int32)
                items.append((float(ratio[row]), first + int(row), r, held, around))
        for items in kept.values():
            items.sort(key=lambda item: item[:2])
            del items[_KEPT:]
    return [
        (ratio, c, r, _column(held, n), _column(around, n))
        for items in kept.values()
        for ratio, c, r, held, around in items
    ]


def distances(
    X: Float[NDArray, "m d"], Y: Float[NDArray, "n d"], p: float
) -> Float[NDArray, "m n"]:
    """Return the l_p distances between two sets of points, to float32 for p = 2."""
    if p == 2.0:
        squares = (X**2).sum(axis=1)[:, None] + (Y**2).sum(axis=1) - 2 * (X @ Y.T)
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
    from scipy.spatial.distance import cdist

    if p == 1.0:
        return np.asarray(cdist(X, Y, "cityblock"))
    if np.isinf(p):
        return np.asarray(cdist(X, Y, "chebyshev"))
    return np.asarray(cdist(X, Y, "minkowski", p=p))


def _column(rows: NDArray, n: int) -> sparse.csc_array:
    pointers = np.array([0, rows.size], dtype=np.int32)
    ones = np.ones(rows.size, dtype=np.int8)
    return sparse.csc_array((ones, rows, pointers), shape=(n, 1))


def descend(
    X: Float[NDArray, "n d"], start: Balls, *, eps: float, mass: float
) -> list[Balls]:
    """Return l_2 balls on the way of a gradient descent of centres and radii.

    Parameters
    ----------
    X : (n, d) array
        Points; 20 000 of them are used at most.
    start : Balls
        Where it starts; not among those returned.
    eps : float
        Size of the enlargement.
    mass : float
        Share of the points in the union, kept.

    Returns
    -------
    list of Balls
        After 5, 10, 20 and 40 steps.
    """
    X = X[:_DESCENT]
    centres, radii = start.centres.copy(), start.radii.copy()
    length, before = 0.3, np.inf
    found: list[Balls] = []
    for step in range(1, _STEPS + 1):
        to = distances(centres.astype(X.dtype), X, 2.0)
        depth = radii[:, None] - to
        nearest = depth.argmax(axis=0)
        scores = depth[nearest, np.arange(nearest.size)]
        share = expanded_share(scores, mass, eps)
        if share > before + np.sqrt(before / X.shape[0]):
            length /= 2
        before = share
        t = threshold(scores, mass)
        width = max(_BANDWIDTH * float(to.std()), 1e-12)
        moves, grows = _means(X, centres, to, nearest, scores, t - eps, width)
        inner_moves, inner_grows = _means(X, centres, to, nearest, scores, t, width)
        moves, grows = moves - inner_moves, grows - inner_grows
        size = float(np.linalg.norm(moves))
        if not size > 0.0:
            break
        scale = length * float((radii - t).mean()) / max(size, 0.5)
        centres = centres - scale * moves
        radii = radii - scale * grows
        if step in _REPORTED:
            found.append(Balls(centres, radii, 2.0))
    return found


def _means(
    X: Float[NDArray, "n d"],
    centres: Float[NDArray, "T d"],
    to: Float[NDArray, "T n"],
    nearest: NDArray,
    scores: Float[NDArray, " n"],
    at: float,
    width: float,
) -> tuple[Float[NDArray, "T d"], Float[NDArray, " T"]]:
    """Return the means of the score's gradients where the score is about a value.

    By its centre, the gradient is (x - c)/||x - c||, and by its radius 1, for the ball
    that gives the score, and 0 for the others.
    """
    z = np.abs(scores - at) / width
    z -= z.min()
    moves, grows = np.zeros_like(centres), np.zeros(centres.shape[0])
    weights = np.where(z < _CUT, np.exp(-0.5 * np.minimum(z, _CUT) ** 2), 0.0)
    for t, centre in enumerate(centres):
        chosen = np.flatnonzero((nearest == t) & (weights > 0.0) & (to[t] > 0.0))
        scaled = weights[chosen] / to[t, chosen]
        total = scaled @ X[chosen].astype(np.float64)
        moves[t] = (total - scaled.sum() * centre) / weights.sum()
        grows[t] = weights[chosen].sum() / weights.sum()
    return moves, grows
