r"""All pairs of two sets of points by blocks: a quick estimate, a rigorous filter.

`nearest`, `radius_count` and `enlargement` must return what the float64 definition of
`geomadv_kernels.reference.nearest` says, to the bit, but need it only for the few pairs
near a threshold. So a block of pairs is first estimated in float32, with a proven bound
of the error, and only what the bound cannot decide is computed by definition.

The coordinates a of x and b of y are those of `geomadv_kernels.cpu._frame`, and |.| is
their norm in the metric.

**Product** (l2): -2 a.b by BLAS, |b|^2 added to it. The error is at most
gamma_d 2|a||b| for the product in any order of summation (Higham 2002, section 3.1),
2 u (|a| + |b|)^2 for the rounded coordinates and u (2|a||b| + |b|^2) for the sum. As
2|a||b| and (|a| + |b|)^2/2 are at most S = |a|^2 + |b|^2, it is no more than
(gamma_d + 6u) S, which is a part for x and a part for y.

**Differences** (any metric): sum_c g(|a_c - b_c|) in float32. No cancellation: the
relative error is gamma_{d+2}, after an error of the distance from the coordinates of
u (|a| + |b|) in the same norm; on a torus it is that of the reduction, `Frame.error` a
coordinate. They take over where the product leaves too many pairs undecided (clusters
far apart), and where d is so small that they are quicker.

The definition's own rounding, (d + 3) 2^-53 s and, on a torus, 2^-51 (|x| + |y|) + P
2^-52 a coordinate, is part of the bounds. Underflow: every product, coordinate or sum
that is below 2^-126 may be lost, which a margin of d 2^-120 covers.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from geomadv_kernels.cpu._arrays import Array
from geomadv_kernels.cpu._frame import (
    ROWS,
    WIDTH,
    Frame,
    Panel,
    U,
    frame,
    pack_rows,
    padded,
    panels,
)
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._threads import available, for_blocks

UNDECIDED = WIDTH // 16  # pairs a row beyond which the product is given up
_MARGIN = 2.0**-120  # of underflow, a coordinate
_LARGE = 1e38  # no estimate is
_HOPELESS = 1 << 21  # so many coordinates that float32 decides nothing


class Block(NamedTuple):
    """Rows of X against one panel of Y.

    Parameters
    ----------
    X, Y : (n, d) and (m, d)
    start, stop : int
        Which rows of X.
    packed, norm : (rows, d') float32 and (rows,) float64
        Their coordinates, and the norms of these.
    panel : Panel
    possible, certain : (2, blocks, WIDTH) float32
        What `columns` returns.
    out : (rows, WIDTH) float32
        Where estimates go.
    """

    X: Array
    Y: Array
    start: int
    stop: int
    packed: Array
    norm: Array
    panel: Panel
    possible: Array
    certain: Array
    out: Array


def for_pairs(
    visit: Callable[[Frame, Block], object],
    X: Array,
    Y: Array,
    metric: str,
    period: float | None,
    threads: int | None,
) -> None:
    """Call `visit` for all blocks of rows and all panels, on all cores.

    X (n, d) and Y (m, d) are frozen, neither of them empty. For a block of rows the
    panels come in order.
    """
    given, centre = frame(X, Y, metric, period)
    n, d = X.shape
    size = max(1, min(ROWS, -(-n // (threads or available()))))

    def workspace() -> tuple[Array, Array, Array]:
        packed = np.zeros((size, padded(d)), np.float32)
        return packed, np.empty(size), np.empty((size, WIDTH), np.float32)

    for panel in panels(Y, given, centre, threads):

        def work(
            start: int,
            stop: int,
            space: tuple[Array, Array, Array],
            panel: Panel = panel,
            column: tuple[Array, Array] = columns(panel, given, d),
        ) -> None:
            packed, norm, out = space
            pack_rows(X, start, stop, centre, given, packed, norm)
            visit(given, Block(X, Y, start, stop, packed, norm, panel, *column, out))

        for_blocks(work, n, size, threads=threads, workspace=workspace, blas=True)


@compiled(fastmath={"nnan", "nsz"})
def _max(p: float, q: float) -> float:
    return p if p > q else q


@compiled(fastmath={"nnan", "nsz"})
def _min(p: float, q: float) -> float:
    return p if p < q else q


@compiled(fastmath={"contract", "nnan", "nsz"})
def differences(
    metric: int, torus: bool, rows: int, a: Array, b: Array, out: Array
) -> None:
    """Fill `out` with the estimates of `rows` rows by sums of differences.

    Four coordinates at a time: an entry of `out` is read and written once for them.

    Parameters
    ----------
    a : (., d') float32
    b : (d', WIDTH) float32
    out : (., WIDTH) float32
    """
    d = b.shape[0]
    width = b.shape[1]
    one, none = np.float32(1.0), np.float32(0.0)
    for i in range(rows):
        line = out[i]
        for j in range(width):
            line[j] = none
        for c in range(0, d, 4):
            a0, a1, a2, a3 = a[i, c], a[i, c + 1], a[i, c + 2], a[i, c + 3]
            b0, b1, b2, b3 = b[c], b[c + 1], b[c + 2], b[c + 3]
            if torus:
                for j in range(width):
                    d0, d1 = abs(a0 - b0[j]), abs(a1 - b1[j])
                    d2, d3 = abs(a2 - b2[j]), abs(a3 - b3[j])
                    d0, d1 = _min(d0, one - d0), _min(d1, one - d1)
                    d2, d3 = _min(d2, one - d2), _min(d3, one - d3)
                    if metric == 0:
                        line[j] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
                    elif metric == 1:
                        line[j] += (d0 + d1) + (d2 + d3)
                    else:
                        line[j] = _max(_max(_max(_max(line[j], d0), d1), d2), d3)
            elif metric == 0:
                for j in range(width):
                    d0, d1 = a0 - b0[j], a1 - b1[j]
                    d2, d3 = a2 - b2[j], a3 - b3[j]
                    line[j] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
            elif metric == 1:
                for j in range(width):
                    d0, d1 = abs(a0 - b0[j]), abs(a1 - b1[j])
                    d2, d3 = abs(a2 - b2[j]), abs(a3 - b3[j])
                    line[j] += (d0 + d1) + (d2 + d3)
            else:
                for j in range(width):
                    d0, d1 = abs(a0 - b0[j]), abs(a1 - b1[j])
                    d2, d3 = abs(a2 - b2[j]), abs(a3 - b3[j])
                    line[j] = _max(_max(_max(_max(line[j], d0), d1), d2), d3)


@compiled
def estimate(
    given: Frame, product: bool, rows: int, a: Array, b: Array, out: Array
) -> None:
    """Fill `out` (., WIDTH) with a.b, or with the sums of differences."""
    if product:
        np.dot(a[:rows], b, out[:rows])
    else:
        differences(given.metric, given.period > 0.0, rows, a, b, out)


@compiled
def product_error(d: int) -> float:
    """Return gamma_d + 7u: the error of the product as a part of |a|^2 + |b|^2."""
    return d * U / (1.0 - d * U) + 7.0 * U


@compiled
def below(value: float) -> np.float32:
    """Return a finite float32 that is at most `value`."""
    if value > _LARGE:
        return np.float32(_LARGE)
    return np.float32(value - abs(value) * 2.0**-22 - 2.0**-140)


@compiled
def above(value: float) -> np.float32:
    """Return a float32 that is at least `value`."""
    return np.float32(value + abs(value) * 2.0**-22 + 2.0**-140)


def columns(panel: Panel, given: Frame, d: int) -> tuple[Array, Array]:
    """Return what is added to each column, for pairs that may and that must be within.

    Parameters
    ----------
    d : int
        The number of coordinates.

    Returns
    -------
    possible, certain : (2, blocks, WIDTH) float32
        At 0 for differences: nothing; at 1 for the product: the squared norms, less and
        more their part of the product's error. Infinite where there is no point.
    """
    missing = panel.square == np.inf
    square = np.where(missing, 0.0, panel.square)
    results = []
    for sign in (-1.0, 1.0):
        column = np.zeros((2, *square.shape), np.float32)
        if given.product and d <= _HOPELESS:
            wider = square * (1.0 + sign * product_error(d))
            column[1] = wider + sign * (np.abs(wider) * 2.0**-22 + 2.0**-140)
        column[:, missing] = np.inf
        results.append(column)
    return results[0], results[1]


@compiled(fastmath={"contract"})
def hits(factor: np.float32, line: Array, plus: Array, limit: np.float32) -> np.int32:
    """Return how many estimates do not exceed the limit.

    The casts keep the sum in 32 bits, as wide as the comparison: it is vectorised.
    """
    count = np.int32(0)
    for j in range(line.size):
        count = np.int32(count + np.int32(factor * line[j] + plus[j] <= limit))
    return count


@compiled
def _coordinates_error(given: Frame, d: int, norm: float, other: float) -> float:
    """Return what a distance is off by because of the coordinates."""
    if given.period > 0.0:
        if given.metric == 0:
            return given.error * math.sqrt(d)
        return given.error * d if given.metric == 1 else given.error
    return 1.01 * U * (norm + other)


@compiled
def upper(
    given: Frame, product: bool, d: int, s: float, norm: float, other: float
) -> np.float32:
    """Return what the estimate does not exceed where the definition gives at most s.

    Parameters
    ----------
    d : int
        The number of coordinates.
    norm, other : float
        The norm of x's coordinates, and the largest one of the block's.
    """
    if s == np.inf or d > _HOPELESS:
        return np.float32(np.inf)
    wider = 1.0 + (d + 4) * 2.0**-52
    margin = d * _MARGIN
    r = (math.sqrt(s) if given.metric == 0 else s) * given.scale
    if product:
        kept = 1.0 - product_error(d)
        return above(r * r * wider - norm * norm * kept + margin)
    r += _coordinates_error(given, d, norm, other)
    grown = wider * (1.0 + 1.1 * (d + 3) * U)
    return above((r * r if given.metric == 0 else r) * grown + margin)


@compiled
def lower(
    given: Frame, product: bool, d: int, s: float, norm: float, other: float
) -> np.float32:
    """Return up to where the estimate shows that the definition gives at most s.

    Parameters as for `upper`.
    """
    if s < 0.0 or d > _HOPELESS:
        return np.float32(-np.inf)
    wider = 1.0 - (d + 4) * 2.0**-52
    margin = d * _MARGIN
    r = (math.sqrt(s) if given.metric == 0 else s) * given.scale
    if product:
        grown = 1.0 + product_error(d)
        return below(r * r * wider - norm * norm * grown - margin)
    r -= _coordinates_error(given, d, norm, other)
    if r < 0.0:
        return np.float32(-np.inf)
    shrunk = wider * (1.0 - 1.1 * (d + 3) * U)
    return below((r * r if given.metric == 0 else r) * shrunk - margin)


@compiled
def defined(
    metric: int, period: float, X: Array, i: int, Y: Array, j: int, limit: float
) -> float:
    """Return s of X[i] and Y[j] by definition; more than `limit` as soon as it is."""
    s = 0.0
    for c in range(X.shape[1]):
        delta = np.float64(X[i, c]) - np.float64(Y[j, c])
        if period > 0.0:
            delta -= period * np.rint(delta / period)
        if metric == 0:
            s += delta * delta
        elif metric == 1:
            s += abs(delta)
        else:
            s = max(s, abs(delta))
        if c % 16 == 15 and s > limit:
            return s
    return s
