"""What the secular equation of a quadric is made of, scaled and to twice the precision.

The symbols are those of `geomadv_kernels.cpu.secular`. Pairs are unevaluated sums of
two doubles; arithmetic on them has a relative error of a few 2^-104, in a sum relative
to its larger term.
"""

import math
from typing import Any

from geomadv_kernels.cpu._double_double import two_product, two_sum
from geomadv_kernels.cpu._jit import compiled

TINY = 2.0**-400
_NONE = -(10**6)  # the exponent of 0

# Rows of the workspace: g, r, y and v(z), which are pairs; 1/r, v(y), |v|(z), |v|(y),
# and a, b, z scaled.
G, R, Y, V = 0, 2, 4, 6
INVERSE, END, SIZE, END_SIZE, A, B, Z = range(8, 15)
ROWS = 15

Pair = tuple[float, float]


@compiled
def _joined(high: float, low: float) -> Pair:
    """Return high + low as a pair, for |low| < |high|."""
    total = high + low
    return total, low - (total - high)


@compiled
def plus(p: Pair, q: Pair) -> Pair:
    """Return p + q."""
    high, low = two_sum(p[0], q[0])
    return two_sum(high, low + (p[1] + q[1]))


@compiled
def times(p: Pair, q: Pair) -> Pair:
    """Return p q."""
    high, low = two_product(p[0], q[0])
    return _joined(high, low + (p[0] * q[1] + p[1] * q[0]))


@compiled
def over(p: Pair, q: Pair) -> Pair:
    """Return p / q."""
    high = p[0] / q[0]
    product, error = two_product(high, q[0])
    rest = ((p[0] - product) - error) + (p[1] - high * q[1])
    return _joined(high, rest / q[0])


@compiled
def root_of(p: Pair) -> float:
    """Return the square root of a pair, and 0 for one that is not positive."""
    if not p[0] > 0.0:
        return 0.0
    root = math.sqrt(p[0])
    square, error = two_product(root, root)
    return root + (((p[0] - square) - error) + p[1]) / (2.0 * root)


@compiled
def _exponent(values: Any, row: int) -> int:
    """Return e with 2^(e-1) <= max |values[row]| < 2^e."""
    largest = 0.0
    for j in range(values.shape[1]):
        largest = max(largest, abs(values[row, j]))
    return math.frexp(largest)[1] if largest > 0.0 else _NONE


@compiled
def power(exponent: int) -> Pair:
    """Return 2^exponent as two factors: it may be beyond the range of a double."""
    half = exponent // 2
    return math.ldexp(1.0, half), math.ldexp(1.0, exponent - half)


@compiled
def prepare(
    a: Any, b: Any, c: float, z: Any, rows: tuple[int, int, int], work: Any
) -> tuple[int, int, float, float]:
    """Fill in what does not depend on alpha; return both scales, c and f(z).

    x is measured in 2^length and f in 2^(curve + 2 length), so that all coefficients
    and coordinates are at most 1.
    """
    ia, ib, iz = rows
    d = z.shape[1]
    ea, eb, ez = _exponent(a, ia), _exponent(b, ib), _exponent(z, iz)
    ec = math.frexp(c)[1] if c != 0.0 else _NONE
    length = max(ez, -2000)
    if max(ea, eb) == _NONE:
        curve = max(ec, -2000) - 2 * length
    else:
        if ec != _NONE:
            length = max(length, min(ec - eb, (ec - ea) // 2 + 1))
        curve = max(ea, eb - length)
    constant = math.ldexp(c, -curve - 2 * length)
    f, low = constant, 0.0
    pa, pb, pz = power(-curve), power(-curve - length), power(-length)
    for j in range(d):
        aj = a[ia, j] * pa[0] * pa[1]
        aj = aj if abs(aj) > TINY else 0.0
        bj = b[ib, j] * pb[0] * pb[1]
        zj = z[iz, j] * pz[0] * pz[1]
        g = plus(two_product(aj, zj), (bj, 0.0))
        value = times(plus(g, (bj, 0.0)), (zj, 0.0))
        f, error = two_sum(f, value[0])
        low += error + value[1]
        work[G, j], work[G + 1, j] = g
        work[V, j], work[V + 1, j] = value
        work[A, j], work[B, j], work[Z, j] = aj, bj, zj
        work[SIZE, j] = abs(zj) * (abs(aj * zj) + 2.0 * abs(bj))
    return curve, length, constant, f + low


@compiled
def turn(sign: float, work: Any) -> float:
    """Make f(z) positive and fill in what depends on alpha, which is returned."""
    alpha = 0.0
    for j in range(work.shape[1]):
        for k in (G, G + 1, V, V + 1, A, B):
            work[k, j] *= sign
        alpha = max(alpha, -work[A, j])
    for j in range(work.shape[1]):
        r = two_sum(alpha, work[A, j])
        work[R, j], work[R + 1, j] = r
        if r[0] > 0.0:
            a, b = work[A, j], work[B, j]
            y = over(plus(two_product(alpha, work[Z, j]), (-b, 0.0)), r)
            work[Y, j], work[Y + 1, j] = y
            work[INVERSE, j] = 1.0 / r[0]
            work[END, j] = y[0] * (a * y[0] + 2.0 * b)
            work[END_SIZE, j] = abs(y[0]) * (abs(a * y[0]) + 2.0 * abs(b))
        else:
            work[Y, j] = work[Z, j]
            work[Y + 1, j] = work[INVERSE, j] = 0.0
            work[END, j], work[END_SIZE, j] = work[V, j], work[SIZE, j]
    return alpha


@compiled
def end_value(j: int, work: Any) -> Pair:
    """Return v(y) of a coordinate."""
    y = work[Y, j], work[Y + 1, j]
    return times(y, plus(times((work[A, j], 0.0), y), (2.0 * work[B, j], 0.0)))


@compiled
def level_at(constant: float, t: float, work: Any) -> Pair:
    """Return k as a pair."""
    total, low = constant, 0.0
    for j in range(work.shape[1]):
        if work[R, j] > 0.0 and t * work[R, j] > 1.0:
            part = end_value(j, work)
        else:
            part = work[V, j], work[V + 1, j]
        total, error = two_sum(total, part[0])
        low += error + part[1]
    return two_sum(total, low)
