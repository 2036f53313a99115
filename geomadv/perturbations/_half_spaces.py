r"""Nearest points of half-spaces in boxes, one half-space and one box for each point.

Of the points y of a box where h + <s, y - start> <= 0, start being the box's point
nearest to x and h > 0, the nearest to x in the l_p norm has the coordinates

    y_i(t) = x_i - sign(s_i) (t |s_i|)^(1/(p - 1)), but within the box,

for the t where the left-hand side is 0 (Lagrange); for p = infinity all go t far. The
left-hand side is linear in t between the 2 d sizes at which some coordinate leaves one
side of the box or arrives at the other, for p = 2 and infinity; for other p t is found
by bisection, and for p = 1 coordinates move one after another, the largest |s_i| first.
"""

import numpy as np

from geomadv._typing import Bool, Float, NDArray

_HALVINGS = 64
_LARGEST = 1e300


def nearest_points(
    x: Float[NDArray, "*n d"],
    slope: Float[NDArray, "*n d"],
    height: Float[NDArray, "*n"],
    lower: Float[NDArray, "*n d"],
    upper: Float[NDArray, "*n d"],
    p: float,
) -> tuple[Float[NDArray, "*n d"], Float[NDArray, "*n"], Bool[NDArray, "*n"]]:
    """Return the nearest points, t (0 for p = 1), and whether there are any.

    Where there are none, the points are those of the box that are lowest.

    Parameters
    ----------
    x, slope : (..., d) arrays
        The points, and s.
    height : (...,) array
        h; where it is at most 0, the start is the answer.
    lower, upper : (..., d) arrays
        The boxes, finite.
    p : float
        The norm, in [1, inf].
    """
    start, steep = np.clip(x, lower, upper), np.abs(slope)
    end = np.where(slope > 0, lower, np.where(slope < 0, upper, start))
    need = np.maximum(height, 0.0)
    gains = steep * np.abs(start - end)
    there = gains.sum(axis=-1) >= need
    if p == 1:
        return _in_turn(start, end, steep, gains, need), np.zeros(need.shape), there
    near, far = np.abs(x - start), np.abs(x - end)
    # of a side that is behind x no coordinate moves
    far = np.where((x - start) * (start - end) < 0, near, far)
    if p in (2, np.inf):
        speed = steep if p == 2 else (steep > 0).astype(float)
        t = _crossing(near, far, steep, speed, need)
    else:
        t, speed = _bisected(near, far, steep, need, p)
    way = np.clip(speed * t[..., None], near, far)
    moved = x - np.sign(slope) * way
    moved = np.clip(moved, np.minimum(start, end), np.maximum(start, end))
    still = (steep == 0) | (need == 0.0)[..., None]
    moved = np.where(still, start, moved)
    return np.where(there[..., None], moved, end), t, there


def _in_turn(
    start: NDArray, end: NDArray, steep: NDArray, gains: NDArray, need: NDArray
) -> NDArray:
    """Move the steepest coordinates first, the last as far as is needed."""
    order = np.argsort(-steep, axis=-1, kind="stable")
    ranked = np.take_along_axis(gains, order, -1)
    before = np.cumsum(ranked, axis=-1) - ranked
    part = np.clip(need[..., None] - before, 0.0, ranked)
    moves = np.empty_like(gains)
    np.put_along_axis(moves, order, part, -1)
    full = moves >= gains
    moves = np.minimum(moves / np.where(steep > 0, steep, 1.0), np.abs(start - end))
    return np.where(full & (steep > 0), end, start + np.sign(end - start) * moves)


def _crossing(
    near: NDArray, far: NDArray, steep: NDArray, speed: NDArray, need: NDArray
) -> NDArray:
    """Return the t where what is gained is what is needed, or the largest.

    At t coordinate i has gone from near_i on to speed_i t, up to far_i.
    """
    safe = np.where(speed > 0, speed, 1.0)
    with np.errstate(over="ignore"):
        turns = np.concatenate(
            [np.where(speed > 0, side / safe, 0.0) for side in (near, far)], axis=-1
        )
        turns = np.sort(np.minimum(turns, _LARGEST), axis=-1)
        gone = speed[..., None, :] * turns[..., None]
    first = near[..., None, :]
    gained = steep[..., None, :] * (np.clip(gone, first, far[..., None, :]) - first)
    left = need[..., None] - gained.sum(axis=-1)
    after = (left <= 0).argmax(axis=-1)
    after = np.where((left <= 0).any(axis=-1), after, left.shape[-1] - 1)
    before = np.maximum(after - 1, 0)

    def at(array: NDArray, place: NDArray) -> NDArray:
        return np.take_along_axis(array, place[..., None], -1)[..., 0]

    low, high = at(turns, before), at(turns, after)
    rest, over = at(left, before), at(left, after)
    span = rest - over
    part = np.where(span > 0, rest / np.where(span > 0, span, 1.0), 1.0)
    return np.where(need > 0, low + np.clip(part, 0.0, 1.0) * (high - low), 0.0)


def _bisected(
    near: NDArray, far: NDArray, steep: NDArray, need: NDArray, p: float
) -> tuple[NDArray, NDArray]:
    """Return a t from below, with speeds that make it a length."""
    most = steep.max(axis=-1, keepdims=True, initial=0.0)
    unit = steep / np.where(most > 0, most, 1.0)
    speed = np.where(unit > 0, unit ** (1.0 / (p - 1.0)), 0.0)
    # way - near <= speed t, and all are at their ends in time
    rate = (steep * speed).sum(axis=-1)
    low = np.where(rate > 0, need / np.where(rate > 0, rate, 1.0), 0.0)
    with np.errstate(over="ignore"):
        ends = np.where(speed > 0, far / np.where(speed > 0, speed, 1.0), 0.0)
    high = np.maximum(np.minimum(ends.max(axis=-1, initial=0.0), _LARGEST), low)
    for _ in range(_HALVINGS):
        t = np.sqrt(low) * np.sqrt(high)
        way = np.clip(speed * t[..., None], near, far)
        enough = (steep * (way - near)).sum(axis=-1) >= need
        high, low = np.where(enough, t, high), np.where(enough, low, t)
    return low, speed
