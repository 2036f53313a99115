"""Counts of points within radii, exact to the bit, for many radii in one pass.

How pairs are estimated is told in `geomadv_kernels.cpu._pairs`: what an estimate cannot
decide for a radius is computed by definition.
"""

import math

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
    lower,
    upper,
)
from geomadv_kernels.cpu.nearest import fill_heaps


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
    largest = _largest_orders(eps, metric)

    def visit(given: Frame, block: Block) -> None:
        _count(given, block, largest, counts)

    for_pairs(visit, frozen(X), frozen(Y), metric, period, threads)
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
    x that is within the smallest one. An infinite eps holds all, whatever A is.
    """
    counts = np.where(np.isposinf(eps), len(X), 0).astype(np.int64)
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
    return np.maximum(counts, np.searchsorted(found, largest, side="right"))


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
def _count(given: Frame, rows: Block, largest: Array, counts: Array) -> None:
    """Add to the counts what one panel has, for a block of queries."""
    X, Y, panel, out = rows.X, rows.Y, rows.panel, rows.out
    start, stop = rows.start, rows.stop
    d = X.shape[1]
    product = given.product
    for block in range(panel.norm.size):
        estimate(given, product, stop - start, rows.packed, panel.packed[block], out)
        kind = 1 if product else 0
        maybe, surely = rows.possible[kind, block], rows.certain[kind, block]
        factor = np.float32(-2.0) if product else np.float32(1.0)
        first = panel.first + block * WIDTH
        computed = 0
        for i in range(start, stop):
            line, size, other = out[i - start], rows.norm[i - start], panel.norm[block]
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
        if product and computed > UNDECIDED * (stop - start) * largest.size:
            product = False
