r"""Points as float32 coordinates in blocks, for estimates of their distances.

Coordinates are a = s (x - c), with c the mean of Y and s the power of two that makes
all |a| <= 1; on a torus of side P, a = x/P - floor(x/P), of period 1. Rounded to
float32, each moves by at most u |a| + 2^-149, u = 2^-24. The number of coordinates is
rounded up to a multiple of four, by zeros on both sides.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from geomadv_kernels.cpu._arrays import Array
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._threads import for_blocks

METRICS = {"l2": 0, "l1": 1, "linf": 2}
WIDTH = 512  # columns of a block of pairs
ROWS = 128
U = 2.0**-24
_PANEL = 32 << 20  # bytes of Y that are packed at a time
_STEEPEST = 450  # a larger scale than 2^450: the definition's squares underflow first
_USELESS = 1e300  # error of an estimate that decides nothing
_FEW = 10  # dimensions up to which differences are quicker than the product


class Frame(NamedTuple):
    """How points become float32 coordinates, and how far these can be trusted.

    Parameters
    ----------
    metric : int
        A value of `METRICS`.
    period : float
        The side of the torus, or 0.
    scale : float
        A power of two, or 1/period; at most 2^450.
    error : float
        On a torus, what a coordinate's difference is off by at most; 0 elsewhere.
    product : bool
        Whether the estimate is the product, as long as that decides most pairs.
    """

    metric: int
    period: float
    scale: float
    error: float
    product: bool


def frame(X: Array, Y: Array, metric: str, period: float | None) -> tuple[Frame, Array]:
    """Return the frame and the centre c (d,) for X (n, d) and Y (m, d), not empty."""
    code, d = METRICS[metric], Y.shape[1]
    centre = np.zeros(d)
    largest = np.zeros(1)
    if period is None:
        _add_columns(Y, centre)
        centre /= len(Y)
    for points in (X, Y):
        _largest(points, centre, largest)
    if period is not None:
        error = 2.0**-50 * (largest[0] / period + 1.0) + 4.0 * U
        if period * 2.0**_STEEPEST < 1.0:
            error = _USELESS
        scale = min(1.0 / period, 2.0**_STEEPEST)
        return Frame(code, period, scale, error, product=False), centre
    _, exponent = math.frexp(largest[0])
    scale = math.ldexp(1.0, min(max(-exponent, -1000), _STEEPEST))
    return Frame(code, 0.0, scale, 0.0, product=code == 0 and d > _FEW), centre


class Panel(NamedTuple):
    """Consecutive points of Y as blocks of `WIDTH` columns.

    Parameters
    ----------
    first : int
        The index of the first point.
    size : int
        The number of points.
    packed : (blocks, d', WIDTH) float32
        Their coordinates; d' is d rounded up to a multiple of four.
    norm : (blocks,) float64
        The largest norm in each block.
    square : (blocks, WIDTH) float64
        The squared norms; infinite where there is no point.
    """

    first: int
    size: int
    packed: Array
    norm: Array
    square: Array


def panels(
    Y: Array, given: Frame, centre: Array, threads: int | None
) -> Iterator[Panel]:
    """Yield the panels of Y (m, d), each of which takes the place of the last."""
    m, d = Y.shape
    wide = padded(d)
    blocks = max(1, min(-(-m // WIDTH), _PANEL // (4 * WIDTH * max(1, wide))))
    packed = np.zeros((blocks, wide, WIDTH), np.float32)
    norm, square = np.empty(blocks), np.empty((blocks, WIDTH))
    for first in range(0, m, blocks * WIDTH):
        count = min(blocks * WIDTH, m - first)
        used = -(-count // WIDTH)

        def pack(start: int, stop: int, _: None, first: int = first) -> None:
            b = start // WIDTH
            pack_columns(
                Y,
                first + start,
                first + stop,
                centre,
                given,
                packed[b],
                norm[b : b + 1],
                square[b],
            )

        for_blocks(pack, count, WIDTH, threads=threads)
        yield Panel(first, count, packed[:used], norm[:used], square[:used])


def padded(d: int) -> int:
    """Return d rounded up to a multiple of four."""
    return -(-d // 4) * 4


@compiled
def _add_columns(Y: Array, total: Array) -> None:
    for j in range(Y.shape[0]):
        for c in range(Y.shape[1]):
            total[c] += Y[j, c]


@compiled
def _largest(points: Array, centre: Array, largest: Array) -> None:
    top = largest[0]
    for i in range(points.shape[0]):
        for c in range(points.shape[1]):
            top = max(top, abs(points[i, c] - centre[c]))
    largest[0] = top


@compiled
def _coordinate(x: float, c: float, given: Frame) -> float:
    if given.period > 0.0:
        turns = x / given.period
        return turns - np.floor(turns)  # math.floor would be a 64-bit integer
    return (x - c) * given.scale


@compiled
def pack_columns(
    Y: Array,
    start: int,
    stop: int,
    centre: Array,
    given: Frame,
    packed: Array,
    norm: Array,
    square: Array,
) -> None:
    """Write the points from `start` to `stop` as one block of columns.

    Parameters
    ----------
    packed : (d', WIDTH) float32
        The coordinates, transposed; columns beyond the points are 0.
    norm : (1,) float64
        The largest norm in the metric.
    square : (WIDTH,) float64
        The squared norms; infinite beyond the points.
    """
    norm[0] = 0.0
    count = stop - start
    for j in range(packed.shape[1]):
        square[j] = 0.0 if j < count else np.inf
    for c in range(centre.size):
        for j in range(count, packed.shape[1]):
            packed[c, j] = 0.0
    for j in range(count):
        size = 0.0
        for c in range(centre.size):
            b = np.float32(_coordinate(Y[start + j, c], centre[c], given))
            packed[c, j] = b
            wide = np.float64(b)
            square[j] += wide * wide
            if given.metric == 1:
                size += abs(wide)
            elif given.metric == 2:
                size = max(size, abs(wide))
        if given.metric == 0:
            size = math.sqrt(square[j])
        norm[0] = max(norm[0], size)


@compiled
def pack_rows(
    X: Array,
    start: int,
    stop: int,
    centre: Array,
    given: Frame,
    packed: Array,
    norm: Array,
) -> None:
    """Write the points from `start` to `stop` into the first rows of `packed`.

    `norm` gets their norms in the metric.
    """
    for i in range(stop - start):
        size = 0.0
        for c in range(centre.size):
            a = np.float32(_coordinate(X[start + i, c], centre[c], given))
            packed[i, c] = a
            wide = abs(np.float64(a))
            if given.metric == 0:
                size += wide * wide
            elif given.metric == 1:
                size += wide
            else:
                size = max(size, wide)
        norm[i] = math.sqrt(size) if given.metric == 0 else size
