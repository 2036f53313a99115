"""Counts of points within radii, exact to the bit, for many radii in one pass.

How pairs are estimated is told in `geomadv_kernels.cpu._pairs`: what an estimate cannot
decide for a radius is computed by definition.
"""

import math

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import Array, frozen
from geomadv_kernels.cpu._frame import (
    ROWS,
    WIDTH,
    Frame,
    Panel,
    frame,
    pack_rows,
    padded,
    panels,
)
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._pairs import (
    columns,
    defined,
    estimate,
    hits,
    lower,
    upper,
)
from geomadv_kernels.cpu._threads import available, for_blocks
from geomadv_kernels.cpu.nearest import fill_heaps

_UNDECIDED = WIDTH // 16  # pairs a row and radius beyond which the product is given up


def radius_count(
    X: Array,
    Y: Array,
    eps: Array,
    *,
    metric: str = "l2",
    period: float | None = None,
    threads: int | None = None,
) -> Array:
    """Return how many points of Y lie within each eps of each x.

    Parameters and results as for
    `geomadv_kernels.reference.radius_count.radius_count`.
    """
    eps = frozen(eps)
    counts = np.zeros((len(X), len(eps)), np.int64)
    if not (counts.size and len(Y)):
        return counts
    X, Y = frozen(X), frozen(Y)
    given, centre = frame(X, Y, metric, period)
    n, d = X.shape
    largest = _largest_orders(eps, metric)
    size = max(1, min(ROWS, -(-n // (threads or available()))))

    def workspace() -> tuple[Array, Array, Array]:
        wide = padded(d)
        return (
            np.zeros((size, wide), np.float32),
            np.empty(size),
            np.empty((size, WIDTH), np.float32),
        )

    for panel in panels(Y, given, centre, threads):
        possible, certain = columns(panel, given, d)

        def work(
            start: int,
            stop: int,
            space: tuple[Array, Array, Array],
            panel: Panel = panel,
            possible: Array = possible,
            certain: Array = certain,
        ) -> None:
            pack_rows(X, start, stop, centre, given, *space[:2])
            _count(
                given,
                X,
                Y,
                start,
                stop,
                panel,
                possible,
                certain,
                *space,
                largest,
                counts,
            )

        for_blocks(work, n, size, threads=threads, workspace=workspace, blas=True)
    ran(f"cpu.radius_count.{metric}{'' if period is None else '.torus'}")
    return counts


def enlargement(
    X: Array,
    A: Array,
    eps: Array,
    *,
    metric: str = "l2",
    period: float | None = None,
    threads: int | None = None,
) -> Array:
    """Return how many points of X lie within each eps of the set of points A.

    Parameters and results as for `geomadv_kernels.reference.radius_count.enlargement`.

    Notes
    -----
    The search for the nearest point of A starts at the largest eps, and is over for an
    x that is within the smallest one.
    """
    counts = np.zeros(len(eps), np.int64)
    if not (len(X) and len(A) and len(eps)):
        return counts
    largest = _largest_orders(frozen(eps), metric)
    s = np.full((len(X), 1), np.nextafter(largest.max(), np.inf))
    who = np.full((len(X), 1), -1)
    floor = float(largest.min())
    fill_heaps(
        frozen(X), frozen(A), s, who, metric, period, floor=floor, threads=threads
    )
    found = np.sort(s[who >= 0])
    ran(f"cpu.enlargement.{metric}{'' if period is None else '.torus'}")
    return np.searchsorted(found, largest, side="right").astype(np.int64)


def _largest_orders(eps: Array, metric: str) -> Array:
    """Return the largest s that is within each eps: for l2, with sqrt(s) <= eps.

    The square of eps and the two numbers on each side of it are tried; a negative eps
    and NaN have none.
    """
    result = np.full(eps.shape, -1.0)
    for e, radius in enumerate(eps):
        if metric != "l2":
            result[e] = radius if radius >= 0 else -1.0
        elif radius >= 0:
            s = radius * radius
            for _ in range(3):
                s = np.nextafter(s, np.inf)
            while math.sqrt(s) > radius:
                s = np.nextafter(s, -np.inf)
            result[e] = s
    return result


@compiled
def _count(
    given: Frame,
    X: Array,
    Y: Array,
    start: int,
    stop: int,
    panel: Panel,
    possible: Array,
    certain: Array,
    packed: Array,
    norm: Array,
    out: Array,
    largest: Array,
    counts: Array,
) -> None:
    """Add to the counts what one panel has, for the queries from `start` to `stop`."""
    d = X.shape[1]
    product = given.product
    for block in range(panel.norm.size):
        estimate(given, product, stop - start, packed, panel.packed[block], out)
        kind = 1 if product else 0
        maybe, surely = possible[kind, block], certain[kind, block]
        factor = np.float32(-2.0) if product else np.float32(1.0)
        first = panel.first + block * WIDTH
        computed = 0
        for i in range(start, stop):
            line, size, other = out[i - start], norm[i - start], panel.norm[block]
            for e in range(largest.size):
                s = largest[e]
                outer = upper(given, product, d, s, size, other)
                within = hits(factor, line, maybe, outer)
                if within == 0:
                    continue
                inner = lower(given, product, d, s, size, other)
                sure = hits(factor, line, surely, inner)
                counts[i, e] += sure
                if sure == within:
                    continue
                for j in range(WIDTH):
                    if factor * line[j] + maybe[j] <= outer and maybe[j] < np.inf:
                        if factor * line[j] + surely[j] <= inner:
                            continue
                        computed += 1
                        exact = defined(
                            given.metric, given.period, X, i, Y, first + j, s
                        )
                        counts[i, e] += exact <= s
        if product and computed > _UNDECIDED * (stop - start) * largest.size:
            product = False
