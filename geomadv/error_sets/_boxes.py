r"""Branch and bound for the covering radius of points in a cube or a torus.

The distance D(x) = min_i |x - p_i| is evaluated at the centre c of a box of half-side
h; the greatest value so far is a lower bound of sup D. On the box, D^2 is at most any
mixture of squares: for weights w >= 0 that sum to 1, with m = sum_i w_i p_i - c,

    D(x)^2 <= sum_i w_i |x - p_i|^2 <= sum_i w_i |c - p_i|^2 + 2 h |m|_1 + d h^2.

One weight gives the farthest corner from the nearest point, a bound that exceeds D(c)
by a multiple of h. Near a maximum c is a mixture of its nearest points, m can be 0, and
the excess is of order h^2. Weights are sought by Frank-Wolfe steps over the nearest
neighbours of c; whichever they are, the bound is one. A box whose bound does not exceed
the lower bound is dropped; those that exceed it by more than the tolerance are halved
in each direction, the highest bounds first.
"""

import math
from dataclasses import dataclass

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.error_sets._domain import Box, corners

_STEPS = 16
_FIRST = 2**14  # boxes to begin with, at most
_CHUNK = 2**13
_ROUND = 2**16  # boxes bounded in one round, about


@dataclass(frozen=True)
class Search:
    """What a search knows: both ends, where D is `lower`, and the boxes that are left.

    Outside of the boxes D is at most `lower`, in them at most `upper`.
    """

    lower: float
    upper: float
    witness: Float[NDArray, " d"]
    centres: Float[NDArray, "m d"]
    halves: Float[NDArray, " m"]


def search(
    domain: Box, points: Float[NDArray, "n d"], rtol: float, budget: int
) -> Search:
    """Return bounds of the greatest distance to points; they differ by rtol or less.

    Parameters
    ----------
    domain : Box
    points : (n, d) array
        Folded, n at least 1.
    rtol : float
        The search ends when ``upper <= lower * (1 + rtol)``.
    budget : int
        Or when so many boxes were bounded.
    """
    d, n = domain.d, len(points)
    tree = domain.tree(points)
    k = min(n, 3 * d)
    side = max(1, int(min(n, _FIRST) ** (1 / d)))
    ticks = (np.arange(side) + 0.5) / side
    centres = np.stack(np.meshgrid(*[ticks] * d, indexing="ij"), axis=-1).reshape(-1, d)
    halves = np.full(len(centres), 0.5 / side)
    kept_centres, kept_halves, kept_bounds = np.empty((0, d)), np.empty(0), np.empty(0)
    lower, witness, used = -1.0, centres[0], 0
    offsets = corners(d) / 2
    while True:
        bounds = np.empty(len(centres))
        for start in range(0, len(centres), _CHUNK):
            part = slice(start, start + _CHUNK)
            c, h = centres[part], halves[part]
            distance, near = tree.query(c, k=range(1, k + 1), workers=-1)
            best = int(distance[:, 0].argmax())
            if distance[best, 0] > lower:
                lower, witness = float(distance[best, 0]), c[best]
            bound = distance[:, 0] + h * math.sqrt(d)
            live = np.flatnonzero(bound > lower)
            steps = domain.steps(c[live], points[near[live]])
            bound[live] = np.minimum(bound[live], mixture_bound(steps, h[live]))
            bounds[part] = bound
        used += len(centres)
        centres = np.concatenate([kept_centres, centres])
        halves = np.concatenate([kept_halves, halves])
        bounds = np.concatenate([kept_bounds, bounds])
        live = np.flatnonzero(bounds > lower)
        centres, halves, bounds = centres[live], halves[live], bounds[live]
        open_ = int(np.count_nonzero(bounds > lower * (1 + rtol)))
        if used >= budget or open_ == 0:
            upper = max(float(bounds.max(initial=0.0)), lower)
            return Search(lower, upper, witness, centres, halves)
        take = max(1, min(open_, _ROUND >> d, (budget - used >> d) + 1))
        order = np.argpartition(-bounds, take - 1)
        split, rest = order[:take], order[take:]
        kept_centres, kept_halves = centres[rest], halves[rest]
        kept_bounds = bounds[rest]
        moved = offsets * halves[split][:, None, None]
        centres = (centres[split][:, None] + moved).reshape(-1, d)
        halves = np.repeat(halves[split] / 2, 2**d)


def mixture_bound(
    V: Float[NDArray, "n k d"], h: Float[NDArray, " n"]
) -> Float[NDArray, " n"]:
    """Return upper bounds of D on boxes from the steps to points near their centres.

    Parameters
    ----------
    V : (n, k, d) array
        Steps from the centres.
    h : (n,) array
        Half-sides.
    """
    d = V.shape[2]
    rows = np.arange(len(V))
    squares = (V**2).sum(axis=2)
    h2 = 2 * h[:, None]
    lengths = np.array([0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2])
    first = (squares + h2 * np.abs(V).sum(axis=2)).argmin(axis=1)
    mean, square = V[rows, first], squares[rows, first]
    best = square + 2 * h * np.abs(mean).sum(axis=1)
    for step in range(_STEPS):
        slope = np.clip(2 * mean / h[:, None], -1.0, 1.0)  # of |.|_1, smoothed
        gradient = squares + h2 * np.matmul(V, slope[:, :, None])[:, :, 0]
        to = gradient.argmin(axis=1)
        turn, rise = V[rows, to] - mean, squares[rows, to] - square
        moved = mean[:, None] + lengths[:, None] * turn[:, None]
        values = square[:, None] + lengths * rise[:, None]
        a = lengths[(values + h2 * np.abs(moved).sum(axis=2)).argmin(axis=1)]
        a = np.where(a == 0.0, 0.25 / (step + 3), a)  # a kink: go on a little
        mean, square = mean + a[:, None] * turn, square + a * rise
        best = np.minimum(best, square + 2 * h * np.abs(mean).sum(axis=1))
    return np.sqrt(best + d * h * h)
