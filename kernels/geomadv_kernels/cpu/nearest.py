"""The k nearest neighbours, exact to the bit: a float32 filter, a heap a query.

How pairs are estimated, and why none is lost, is told in `geomadv_kernels.cpu._pairs`.
A pair that may be nearer than the k-th of those seen so far is computed by definition
and enters the heap of its query. Points come in the order of their indices, so of two
at one distance the later never displaces the earlier.
"""

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import Array, frozen
from geomadv_kernels.cpu._frame import WIDTH, Frame
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._pairs import (
    UNDECIDED,
    Block,
    defined,
    estimate,
    for_pairs,
    hits,
    upper,
)
from geomadv_kernels.cpu._threads import for_blocks

_NOBODY = np.iinfo(np.int64).max
_STRIP = 64  # columns that are passed over if none of them is a hit


def nearest(
    X: Array,
    Y: Array,
    k: int,
    *,
    metric: str = "l2",
    period: float | None = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Return the k smallest distances from each x to the points of Y, and whose.

    Parameters and results as for `geomadv_kernels.reference.nearest.nearest`; `threads`
    is the number of threads, by default that of the processors.
    """
    n, m = len(X), len(Y)
    kept = min(k, m)
    s = np.full((n, kept), np.inf)
    indices = np.full((n, k), -1)
    distances = np.full((n, k), np.inf, X.dtype)
    if n and kept:
        who = np.full((n, kept), _NOBODY)
        fill_heaps(frozen(X), frozen(Y), s, who, metric, period, threads=threads)

        def finish(start: int, stop: int, _: None) -> None:
            piece = slice(start, stop)
            order, names = s[piece], who[piece]
            sort_heaps(order, names)
            names[names == _NOBODY] = -1  # a distance that overflowed is nobody's
            indices[piece, :kept] = names
            distances[piece, :kept] = np.sqrt(order) if metric == "l2" else order

        for_blocks(finish, n, 1024, threads=threads)
    return distances, indices


def fill_heaps(
    X: Array,
    Y: Array,
    s: Array,
    who: Array,
    metric: str,
    period: float | None,
    *,
    floor: float = -1.0,
    threads: int | None = None,
) -> None:
    """Put the points of Y that are nearer than what is there into the heaps of X.

    Parameters
    ----------
    X : (n, d)
    Y : (m, d)
        Frozen, neither of them empty.
    s : (n, k) float64
        Max-heaps of s (see the reference); infinite where a place is free.
    who : (n, k) int64
        The indices that belong to `s`.
    floor : float
        A query whose s is no larger is finished.
    """

    def visit(given: Frame, block: Block) -> None:
        _search(given, block, s, who, floor)

    for_pairs(visit, X, Y, metric, period, threads)
    ran(f"cpu.nearest.{metric}{'' if period is None else '.torus'}")


@compiled
def _search(given: Frame, rows: Block, s: Array, who: Array, floor: float) -> None:
    """Search one panel for the neighbours of a block of queries."""
    X, Y, panel, out = rows.X, rows.Y, rows.panel, rows.out
    start, stop = rows.start, rows.stop
    d = X.shape[1]
    product = given.product
    k = s.shape[1]
    for block in range(panel.norm.size):
        waiting = False
        for i in range(start, stop):
            waiting = waiting or s[i, 0] > floor
        if not waiting:
            return
        estimate(given, product, stop - start, rows.packed, panel.packed[block], out)
        plus = rows.possible[1 if product else 0, block]
        factor = np.float32(-2.0) if product else np.float32(1.0)
        first = panel.first + block * WIDTH
        computed = 0
        for i in range(start, stop):
            heap, names = s[i], who[i]
            if heap[0] <= floor:
                continue
            line, size, other = out[i - start], rows.norm[i - start], panel.norm[block]
            limit = upper(given, product, d, heap[0], size, other)
            if hits(factor, line, plus, limit) == 0:
                continue
            for strip in range(0, WIDTH, _STRIP):
                end = strip + _STRIP
                if hits(factor, line[strip:end], plus[strip:end], limit) == 0:
                    continue
                for j in range(strip, end):
                    if factor * line[j] + plus[j] > limit or plus[j] == np.inf:
                        continue
                    computed += 1
                    exact = defined(
                        given.metric, given.period, X, i, Y, first + j, heap[0]
                    )
                    if exact < heap[0]:
                        replace_top(heap, names, k, exact, first + j)
                        limit = upper(given, product, d, heap[0], size, other)
        if product and block > 0 and computed > UNDECIDED * (stop - start):
            product = False


@compiled
def _after(p: float, a: int, q: float, b: int) -> bool:
    return p > q or (p == q and a > b)


@compiled
def replace_top(heap: Array, names: Array, count: int, s: float, name: int) -> None:
    """Put (s, name) in the place of the last of a max-heap of `count` pairs."""
    i = 0
    while True:
        child = 2 * i + 1
        if child >= count:
            break
        if child + 1 < count and _after(
            heap[child + 1], names[child + 1], heap[child], names[child]
        ):
            child += 1
        if not _after(heap[child], names[child], s, name):
            break
        heap[i], names[i] = heap[child], names[child]
        i = child
    heap[i], names[i] = s, name


@compiled
def sort_heaps(s: Array, who: Array) -> None:
    """Sort each row of max-heaps, the nearest first."""
    for i in range(s.shape[0]):
        for count in range(s.shape[1] - 1, 0, -1):
            last, name = s[i, count], who[i, count]
            s[i, count], who[i, count] = s[i, 0], who[i, 0]
            replace_top(s[i], who[i], count, last, name)
