"""Distances and gradients by differences of coordinates, without cancellation.

Columns of a block of points stand one coordinate after the other, (d', w), so that the
inner loops run over contiguous memory and are vectorised. d' is the number of
coordinates rounded up to a multiple of four, by zeros.
"""

from typing import Any

from geomadv_kernels.cpu._arrays import Array
from geomadv_kernels.cpu._jit import compiled


def inner(*fastmath: str) -> Any:
    """Compile for calls from compiled functions alone: no wrapper, in less time."""
    return compiled(
        fastmath=set(fastmath) or False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )


def padded(d: int) -> int:
    """Return d rounded up to a multiple of four."""
    return -(-d // 4) * 4


@inner()
def transpose(points: Array, columns: Array) -> None:
    """Write points (w, d') into `columns` (d', w)."""
    for j in range(points.shape[0]):
        for c in range(points.shape[1]):
            columns[c, j] = points[j, c]


@inner("contract", "nnan", "nsz")
def distances(l1: bool, points: Array, columns: Array, out: Array) -> None:
    """Fill `out` (r, w) with l1 distances, or with squared l2 distances.

    Two rows and four coordinates at a time: what is read of `columns` serves twice, and
    an entry of `out` is read and written once for four coordinates.
    """
    rows, wide = points.shape
    for first in range(0, rows, 2):
        second = min(first + 1, rows - 1)
        a, b = points[first], points[second]
        out_a, out_b = out[first], out[second]
        for j in range(out.shape[1]):
            out_a[j] = 0
            out_b[j] = 0
        for c in range(0, wide, 4):
            a0, a1, a2, a3 = a[c], a[c + 1], a[c + 2], a[c + 3]
            b0, b1, b2, b3 = b[c], b[c + 1], b[c + 2], b[c + 3]
            y0, y1, y2, y3 = (
                columns[c],
                columns[c + 1],
                columns[c + 2],
                columns[c + 3],
            )
            if l1:
                for j in range(out.shape[1]):
                    s = (abs(a0 - y0[j]) + abs(a1 - y1[j])) + (
                        abs(a2 - y2[j]) + abs(a3 - y3[j])
                    )
                    t = (abs(b0 - y0[j]) + abs(b1 - y1[j])) + (
                        abs(b2 - y2[j]) + abs(b3 - y3[j])
                    )
                    s, t = s + out_a[j], t + out_b[j]
                    out_a[j] = s
                    out_b[j] = t
            else:
                for j in range(out.shape[1]):
                    d0, d1, d2, d3 = a0 - y0[j], a1 - y1[j], a2 - y2[j], a3 - y3[j]
                    e0, e1, e2, e3 = b0 - y0[j], b1 - y1[j], b2 - y2[j], b3 - y3[j]
                    s = (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
                    t = (e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3)
                    s, t = s + out_a[j], t + out_b[j]
                    out_a[j] = s
                    out_b[j] = t


@inner("contract", "reassoc", "nnan", "nsz")
def _signed(t: float, v: float) -> float:
    """Return v sign(t)."""
    none = v - v
    return (v if t > 0 else none) - (v if t < 0 else none)


@inner("contract", "reassoc", "nnan", "nsz")
def add_differences(
    l1: bool, point: Array, columns: Array, v: Array, total: Array
) -> None:
    """Add sum_j v_j (x - y_j), or sum_j v_j sign(x - y_j), to `total` (d,) float64."""
    d = total.size
    for c in range(0, d, 4):
        x0, x1, x2, x3 = point[c], point[c + 1], point[c + 2], point[c + 3]
        y0, y1, y2, y3 = columns[c], columns[c + 1], columns[c + 2], columns[c + 3]
        zero = v.dtype.type(0)
        s0, s1, s2, s3 = zero, zero, zero, zero
        if l1:
            for j in range(v.size):
                s0 += _signed(x0 - y0[j], v[j])
                s1 += _signed(x1 - y1[j], v[j])
                s2 += _signed(x2 - y2[j], v[j])
                s3 += _signed(x3 - y3[j], v[j])
        else:
            for j in range(v.size):
                s0 += v[j] * (x0 - y0[j])
                s1 += v[j] * (x1 - y1[j])
                s2 += v[j] * (x2 - y2[j])
                s3 += v[j] * (x3 - y3[j])
        total[c] += s0
        if c + 1 < d:
            total[c + 1] += s1
        if c + 2 < d:
            total[c + 2] += s2
        if c + 3 < d:
            total[c + 3] += s3


@inner("contract", "reassoc", "nnan", "nsz")
def squared_distance(x: Array, y: Array) -> float:
    """Return sum_c (x_c - y_c)^2 in the precision of x and y."""
    s = x.dtype.type(0)
    for c in range(x.size):
        t = x[c] - y[c]
        s += t * t
    return s
