r"""Distances to a hyperplane and the smallest steps onto it, in one pass over points.

For f(x) = <w, x> + b and 1/p + 1/q = 1, Hölder's inequality gives

    dist_p(x, {f = 0}) = |f(x)| / |w|_q,      delta = -sign f(x) dist_p u,
    u_i = sign(w_i) (|w_i| / |w|_q)^{q-1}     (p > 1),

and at p = 1 the step u is one coordinate of largest |w_i|, that of lowest index.

In a box l <= x + delta <= h, write r_i >= 0 for the room of coordinate i in the
direction -sign(f(x) w_i). The smallest step has the sizes

    e_i = min(r_i, t |w_i|^{q-1}),    h(t) = sum_i |w_i| e_i = |f(x)|    (p > 1),

by the Karush-Kuhn-Tucker conditions; at p = 1 the coordinates are used up in the order
of falling |w_i|. The function h is increasing, concave, and linear between the
breakpoints r_i / |w_i|^{q-1}, so Newton's iteration from t = 0 climbs to the root
without passing it and ends there: its last step is exact. It takes a few steps of d
operations; where it takes more than 24, each is followed by one of a bisection of
log t, whose at most 75 steps find the piece of h that holds the root.

Where max|w_i| is below 1 or above 2^900, w is divided by a power of two near it, which
costs no digit: no product with a subnormal w_i vanishes, and |w|_q does not overflow.

**Errors.** Margins accumulate in float64, whatever the precision of X. The computed one
is off by at most gamma_{d+1} (sum |x_i w_i| + |b|), gamma_k = k 2^-53/(1 - k 2^-53),
before it is rounded to the precision of the result; with points far from the origin
(|x| |w| >> |f(x)|) this is a large part of a small margin. Whether a hyperplane within
that error of a corner meets the box is decided either way.
"""

import math
from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import Array, frozen, precision
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._threads import for_blocks

_BLOCK = 2**19  # numbers of X in a block: long enough to forget the cost of a call
_NEWTON = 24  # steps of Newton's iteration before the bisection helps


@compiled(fastmath={"reassoc", "contract"})
def _product(X: Any, i: int, w: Any) -> float:
    total = 0.0
    for j in range(w.size):
        total += X[i, j] * w[j]
    return total


@compiled
def _over(scaled: float, norm: float) -> float:
    """Return |scaled| / norm, and 0 / 0 = 0."""
    return 0.0 if scaled == 0.0 else abs(scaled) / norm


@compiled
def _margins(
    X: Any, w: Any, b: float, norm: float, power: Any, margin: Any, distance: Any
) -> None:
    for i in range(X.shape[0]):
        scaled = _product(X, i, w) + b
        margin[i] = scaled * power[0] * power[1]
        distance[i] = _over(scaled, norm)


@compiled
def _steps(
    X: Any,
    w: Any,
    b: float,
    norm: float,
    power: Any,
    unit: Any,
    margin: Any,
    distance: Any,
    delta: Any,
) -> None:
    for i in range(X.shape[0]):
        scaled = _product(X, i, w) + b
        length = _over(scaled, norm)
        margin[i] = scaled * power[0] * power[1]
        distance[i] = length
        step = 0.0 if length == np.inf else -math.copysign(length, scaled)
        for j in range(unit.size):
            delta[i, j] = step * unit[j] + 0.0  # no -0


@compiled(fastmath={"reassoc", "contract"})
def _gain(room: Any, size: Any) -> float:
    total = 0.0
    for j in range(size.size):
        total += size[j] * room[j]
    return total


@compiled(fastmath={"reassoc", "contract"})
def _state(t: float, room: Any, size: Any, speed: Any) -> tuple[float, float]:
    """Return the gain of coordinates that have reached a side, and the others' rate."""
    gained = 0.0
    rate = 0.0
    for j in range(size.size):
        reached = room[j] <= t * speed[j]
        gained += size[j] * room[j] if reached else 0.0
        rate += 0.0 if reached else size[j] * speed[j]
    return gained, rate


@compiled
def _time(goal: float, room: Any, size: Any, speed: Any) -> float:
    """Return t with h(t) = goal, where h(inf) >= goal > 0."""
    low: Any = 0.0
    high: Any = np.finfo(np.float64).max
    gained, rate = _state(low, room, size, speed)
    steps = 0
    while rate > 0.0:
        t = (goal - gained) / rate
        if not t > low:
            break
        low = t
        gained, rate = _state(low, room, size, speed)
        steps += 1
        if steps > _NEWTON:
            middle = math.sqrt(low) * math.sqrt(high)
            if low < middle < high:
                state = _state(middle, room, size, speed)
                if state[0] + middle * state[1] < goal:
                    low = middle
                    gained, rate = state
                else:
                    high = middle
    return low


@compiled
def _length(step: Any, p: float) -> float:
    """Return |step|_p, without overflow or underflow on the way."""
    largest = 0.0
    for j in range(step.size):
        largest = max(largest, step[j])
    if largest == 0.0 or largest == np.inf or p == np.inf:
        return largest
    total = 0.0
    for j in range(step.size):
        part = step[j] / largest
        total += part if p == 1.0 else part * part if p == 2.0 else part**p
    return largest * (total if p == 1.0 else total ** (1.0 / p))


@compiled
def _box(
    X: Any,
    w: Any,
    b: float,
    lower: Any,
    upper: Any,
    p: float,
    power: Any,
    size: Any,
    speed: Any,
    order: Any,
    room: Any,
    margin: Any,
    distance: Any,
    delta: Any,
) -> None:
    for i in range(X.shape[0]):
        scaled = _product(X, i, w) + b
        margin[i] = scaled * power[0] * power[1]
        goal = abs(scaled)
        for j in range(w.size):
            down = X[i, j] - lower[j]
            up = upper[j] - X[i, j]
            room[j] = (
                0.0 if w[j] == 0.0 else down if (w[j] > 0.0) == (scaled > 0.0) else up
            )
            delta[i, j] = 0.0
        if goal == 0.0:
            distance[i] = 0.0
            continue
        if not _gain(room, size) >= goal:
            distance[i] = np.inf
            continue
        if p == 1.0:
            left = goal
            for k in range(order.size):
                j = order[k]
                if left > size[j] * room[j]:
                    left -= size[j] * room[j]
                else:
                    room[j] = min(room[j], left / size[j])
                    left = 0.0
        else:
            t = _time(goal, room, size, speed)
            for j in range(w.size):
                room[j] = min(room[j], t * speed[j])
        length = _length(room, p)
        distance[i] = length
        if length < np.inf:
            for j in range(w.size):
                if room[j] > 0.0:
                    delta[i, j] = (
                        room[j] if (w[j] > 0.0) == (scaled < 0.0) else -room[j]
                    )


def _scaled(w: Array, b: float) -> tuple[Array, float, Array]:
    """Return w and b over a power of two, near max|w_i|, and its two factors."""
    largest = float(np.abs(w).max(initial=0.0))
    exponent = math.frexp(largest)[1] if largest else 0
    if 0 <= exponent <= 900:  # a smaller w would cost subnormal x their digits
        exponent = 0
    if b:  # so large an offset must not overflow
        exponent = max(exponent, math.frexp(b)[1] - 1000)
    half = exponent // 2
    power = np.array([math.ldexp(1.0, half), math.ldexp(1.0, exponent - half)])
    return np.ldexp(w, -exponent), math.ldexp(b, -exponent), frozen(power)


def _norm_and_unit(w: Array, p: float) -> tuple[float, Array]:
    """Return |w|_q and the u with |u|_p = 1 and <u, w> = |w|_q."""
    size = np.abs(w)
    largest = float(size.max(initial=0.0))
    if largest == 0.0:
        return 0.0, np.zeros(w.shape)
    size = size / largest
    if p == 1.0:
        ratio, unit = 1.0, np.zeros(w.shape)
        unit[size.argmax()] = 1.0
    elif math.isinf(p):
        ratio, unit = math.fsum(size), np.ones(w.shape)
    else:
        q = p / (p - 1.0)
        ratio = math.fsum(size**q) ** (1.0 / q)
        unit = (size / ratio) ** (q - 1.0)
    return largest * ratio, unit * np.sign(w)


def _rows(X: Array, dtype: Any, start: int, stop: int) -> Array:
    """Return rows of X, contiguous and as precise as the result; copied if need be."""
    return frozen(X[start:stop].astype(dtype, copy=False))


def linear_margin(
    X: Array, w: Array, b: float, *, p: float, threads: int | None = None
) -> tuple[Array, Array]:
    """Return values of an affine function and distances to where it is 0.

    Parameters
    ----------
    X : (n, d) array
    w : (d,) array
    b : float
    p : float
        The norm of the distance, at least 1 or infinity.
    threads : int, optional
        How many threads; the result is the same.

    Returns
    -------
    margin : (n,) array
        X w + b.
    distance : (n,) array
        ``|margin| / |w|_q`` with ``1/p + 1/q = 1``. If w = 0, it is infinite, or 0
        where the margin is.

    Notes
    -----
    Reads X once. See the module's docstring for the error.
    """
    dtype = precision(X, w)
    b = float(b)
    margin, distance = np.empty(len(X), dtype), np.empty(len(X), dtype)
    scaled, offset, power = _scaled(w.astype(np.float64), b)
    norm, _ = _norm_and_unit(scaled, p)
    scaled = frozen(scaled)

    def work(start: int, stop: int, _: None) -> None:
        piece = slice(start, stop)
        rows = _rows(X, dtype, start, stop)
        _margins(rows, scaled, offset, norm, power, margin[piece], distance[piece])

    for_blocks(work, len(X), 1 + _BLOCK // (1 + X.shape[1]), threads=threads)
    ran("cpu.linear_margin")
    return margin, distance


def linear_perturbation(
    X: Array, w: Array, b: float, *, p: float, threads: int | None = None
) -> tuple[Array, Array, Array]:
    """Return margins, distances and smallest steps from points onto a hyperplane.

    Parameters
    ----------
    X, w, b, p, threads
        As for `linear_margin`.

    Returns
    -------
    margin, distance : (n,) arrays
        As from `linear_margin`.
    delta : (n, d) array
        The step of smallest l_p norm with ``w.(x + delta) + b = 0``; 0 if w = 0. At
        p = 1 it moves one coordinate, the first of largest ``|w_i|``; at infinity,
        those with w_i != 0 by the same amount.

    Notes
    -----
    Reads X and writes `delta` once.
    """
    dtype = precision(X, w)
    b = float(b)
    margin, distance = np.empty(len(X), dtype), np.empty(len(X), dtype)
    delta = np.empty(X.shape, dtype)
    scaled, offset, power = _scaled(w.astype(np.float64), b)
    norm, unit = _norm_and_unit(scaled, p)
    scaled, unit = frozen(scaled), frozen(unit)

    def work(start: int, stop: int, _: None) -> None:
        piece = slice(start, stop)
        rows = _rows(X, dtype, start, stop)
        out = margin[piece], distance[piece], delta[piece]
        _steps(rows, scaled, offset, norm, power, unit, *out)

    for_blocks(work, len(X), 1 + _BLOCK // (1 + X.shape[1]), threads=threads)
    ran("cpu.linear_perturbation")
    return margin, distance, delta


def box_perturbation(
    X: Array,
    w: Array,
    b: float,
    lower: Array,
    upper: Array,
    *,
    p: float,
    threads: int | None = None,
) -> tuple[Array, Array, Array]:
    """Return margins, distances and smallest steps onto a hyperplane inside a box.

    Parameters
    ----------
    X, w, b, threads
        As for `linear_margin`; the points lie in the box.
    p : float
        1, or at least 1.1, or infinity.
    lower, upper : (d,) arrays
        The sides of the box, which may be infinite.

    Returns
    -------
    margin : (n,) array
        X w + b.
    distance : (n,) array
        The length of `delta`; infinite where the hyperplane misses the box.
    delta : (n, d) array
        The step of smallest l_p norm with ``w.(x + delta) + b = 0`` and
        ``lower <= x + delta <= upper`` (up to the rounding of this sum); 0 where there
        is none. Of several, the one that leaves coordinates with w_i = 0 alone and, at
        p = 1, uses up the first of equal ``|w_i|`` first.

    Notes
    -----
    O(d) operations a point, times the steps of Newton's iteration, 3 to 6 in general.
    For 1 < p < infinity a w_i with (|w_i| / max|w|)^{q-1} < 10^-300 counts as 0.
    """
    dtype = precision(X, w)
    b = float(b)
    margin, distance = np.empty(len(X), dtype), np.empty(len(X), dtype)
    delta = np.empty(X.shape, dtype)
    scaled, offset, power = _scaled(w.astype(np.float64), b)
    size = np.abs(scaled)
    speed = (size > 0.0).astype(np.float64)
    if not math.isinf(p) and p > 1.0:
        speed *= (size / size.max(initial=1e-300)) ** (1.0 / (p - 1.0))
        size[speed < 1e-300] = 0.0
    falling = np.argsort(-size, kind="stable")
    order = frozen(falling[: np.count_nonzero(size)])
    ends = (frozen(np.asarray(end, np.float64)) for end in (lower, upper))
    fixed = (frozen(scaled), offset, *ends, float(p), power)
    fixed = (*fixed, frozen(size), frozen(speed), order)

    def work(start: int, stop: int, room: Array) -> None:
        piece = slice(start, stop)
        rows = _rows(X, dtype, start, stop)
        _box(rows, *fixed, room, margin[piece], distance[piece], delta[piece])

    for_blocks(
        work,
        len(X),
        1 + _BLOCK // (8 + 8 * X.shape[1]),
        threads=threads,
        workspace=lambda: np.empty(X.shape[1]),
    )
    ran("cpu.box_perturbation")
    return margin, distance, delta
