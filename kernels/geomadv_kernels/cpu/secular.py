r"""Projections of points onto quadrics: batches of secular equations, to 2 ulp.

In the eigenbasis of A a quadric is f(x) = sum_i a_i x_i^2 + 2 b_i x_i + c = 0. Write
g_i = a_i z_i + b_i, and let f(z) > 0 (or change the signs of a, b and c). The
stationary points of |x - z| on f = 0 are x = z + delta with

    delta_i = -lam g_i / (1 + lam a_i),      phi(lam) = f(x(lam)) = 0,
    phi'(lam) = -2 sum_i g_i^2 / (1 + lam a_i)^3.

On the interval where all 1 + lam a_i > 0 the function phi falls, and its root there is
the nearest point (Moré 1993): lam in (0, 1/alpha), alpha = max(0, -min a_i). Put

    lam = t/(1 + alpha t),    r_i = alpha + a_i >= 0,    E_i = 1 + t r_i,

which maps t in (0, inf) onto the interval and gives delta_i = -t g_i/E_i and

    f(z) = P(t) = sum_i p_i,    p_i = t g_i^2 (2 + t (alpha + r_i)) / E_i^2,
    P'(t) = 2 (1 + alpha t) sum_i g_i^2 / E_i^3.

Every term is positive: nothing cancels, not even at the pole. What saturates is
written the other way round: for t r_i > 1,

    p_i = l_i - q_i,    l_i = g_i^2 (alpha + r_i)/r_i^2,
    q_i = (g_i/(r_i E_i))^2 (r_i + alpha (1 + 2 t r_i)),

so that with S = {i : t r_i > 1} and k = f(z) - sum_S l_i the equation is

    k + sum_S q_i = sum_{not S} p_i.

Newton's iteration for the logarithms of both sides (k on the side where it is
positive), as functions of log t, takes 3 to 6 steps in general, 10 for coefficients of
very different sizes; it runs in plain doubles and is kept in a bracket. Its result is
corrected by steps, mostly one, with the residual in twice the precision (Dekker 1971),
from g and f(z) on.

If g_i = 0 wherever r_i = 0, the root exists if and only if f(z) < sum_i l_i. Otherwise
t is infinite. With alpha > 0 this is the hard case: the missing f(z) - sum l_i is taken
up by a coordinate with a_i = -alpha. With alpha = 0 the quadric is empty, or, if the
two are equal, it is the set where f is least.

**Errors.** lam, the distance and x are within 2 ulp of the exact ones, in x of the
larger of |x_i| and |z_i|, where

    kappa = (sum_i |a_i| z_i^2 + 2 |b_i z_i| + |c|) / (|lam| |phi'(lam)|) < 10^14:

kappa is how strongly relative changes of the coefficients act on lam, and f(z) is known
to about d 2^-100 times the sum in it. Beyond, the relative error of lam may reach
kappa d 2^-100. So it is for points on the quadric up to rounding, and for quadrics that
a change of coefficients in the 15th digit makes empty. A gradient g_i below 2^-400 of
the scale counts as 0 in the decision for the hard case.

References
----------
Moré, Optim. Methods Softw. 2 (1993), 189-209. Dekker, Numer. Math. 18 (1971), 224-242.
"""

import math
from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import Array, frozen
from geomadv_kernels.cpu._double_double import two_product, two_sum
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._threads import for_blocks

_BLOCK = 2**13  # coordinates in a block
_TINY = 2.0**-400
_NONE = -(10**6)  # the exponent of 0
_REGULAR, _HARD, _EMPTY = 0, 1, 2
_STEPS = 24  # of Newton's iteration before bisection alternates with it

Pair = tuple[float, float]


@compiled
def _plus(p: Pair, q: Pair) -> Pair:
    high, low = two_sum(p[0], q[0])
    return two_sum(high, low + (p[1] + q[1]))


@compiled
def _times(p: Pair, q: Pair) -> Pair:
    high, low = two_product(p[0], q[0])
    return two_sum(high, low + (p[0] * q[1] + p[1] * q[0]))


@compiled
def _over(p: Pair, q: Pair) -> Pair:
    high = p[0] / q[0]
    product, error = two_product(high, q[0])
    rest = ((p[0] - product) - error) + (p[1] - high * q[1])
    return two_sum(high, rest / q[0])


@compiled
def _root(p: Pair) -> float:
    """Return the square root of a positive pair."""
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
def _power(exponent: int) -> Pair:
    """Return 2^exponent as two factors: it may be beyond the range of a double."""
    half = exponent // 2
    return math.ldexp(1.0, half), math.ldexp(1.0, exponent - half)


@compiled
def _prepare(
    a: Any, b: Any, c: float, z: Any, rows: tuple[int, int, int], work: Any
) -> tuple[int, int, Pair]:
    """Fill g and a scaled, as pairs; return the scales and f(z).

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
    f, low = math.ldexp(c, -curve - 2 * length), 0.0
    pa, pb, pz = _power(-curve), _power(-curve - length), _power(-length)
    for j in range(d):
        aj = a[ia, j] * pa[0] * pa[1]
        bj = b[ib, j] * pb[0] * pb[1]
        zj = z[iz, j] * pz[0] * pz[1]
        square = two_product(aj, zj)
        g = _plus(square, (bj, 0.0))
        value = _times(_plus(g, (bj, 0.0)), (zj, 0.0))
        f, error = two_sum(f, value[0])
        low += error + value[1]
        work[0, j], work[1, j] = g
        work[2, j] = aj
    return curve, length, two_sum(f, low)


@compiled
def _excess(f: Pair, t: float, alpha: float, work: Any) -> Pair:
    """Return f(z) minus the sum of l_i over t r_i > 1, as a pair."""
    total, low = f
    for j in range(work.shape[1]):
        if work[2, j] > 0.0 and t * work[2, j] > 1.0:
            b = work[2, j], work[3, j]
            ratio = _over((work[0, j], work[1, j]), b)
            part = _times(_times(ratio, ratio), _plus(b, (alpha, 0.0)))
            total, error = two_sum(total, -part[0])
            low += error - part[1]
    return two_sum(total, low)


@compiled(fastmath={"reassoc", "contract"})
def _sums(
    t: float, alpha: float, work: Any
) -> tuple[float, float, float, float, float]:
    """Return the sums of p, q and l, and those of g^2/E^3 outside S and in it."""
    rising, falling, gone, rise, fall = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(work.shape[1]):
        inverse = 1.0 / (1.0 + t * work[2, j])
        part = (work[0, j] * inverse) ** 2
        free = t * work[2, j] <= 1.0
        rising += part * (2.0 + t * (alpha + work[2, j])) if free else 0.0
        rise += part * inverse if free else 0.0
        beyond = work[4, j] * (1.0 + 2.0 * t * alpha + alpha * work[4, j])
        falling += 0.0 if free else part * beyond
        fall += 0.0 if free else part * inverse
        gone += 0.0 if free else work[5, j]
    return t * rising, falling, gone, rise, fall


@compiled
def _search(f: Pair, alpha: float, work: Any) -> float:
    """Return t with P(t) = f to about 12 digits."""
    slope = 0.0
    for j in range(work.shape[1]):
        slope += work[0, j] ** 2
    t = f[0] / (2.0 * slope)  # P(t) = (2 t + alpha t^2) sum g^2 for small b
    if alpha > 0.0:
        t = min(t, math.sqrt(2.0 * t / alpha))
    low, high = 0.0, np.inf
    for step in range(400):
        rising, falling, gone, rise, fall = _sums(t, alpha, work)
        rest = f[0] - gone
        if abs(rest) < 1e-3 * f[0]:
            rest = _excess(f, t, alpha, work)[0]
        left = falling + max(rest, 0.0)
        right = rising + max(-rest, 0.0)
        if left > right:
            low = t
        else:
            high = t
        slope = 2.0 * t * (1.0 + alpha * t) * (rise / right + fall / left)
        move = math.log(left / right) / slope
        if abs(move) < 1e-6:
            return t * (1.0 + move)
        move = min(max(move, -50.0), 50.0)
        t *= math.exp(move)
        if (step > _STEPS and step % 2) or not low < t < high:
            t = math.sqrt(max(low, 1e-300)) * math.sqrt(min(high, 1e300))
            if t <= low or t >= high:
                return t
    return t


@compiled
def _residual(t: float, alpha: float, f: Pair, work: Any) -> tuple[float, float]:
    """Return f - P(t), computed to twice the precision, and P'(t)."""
    total, low = f
    slope = 0.0
    for j in range(work.shape[1]):
        g, b = (work[0, j], work[1, j]), (work[2, j], work[3, j])
        high, error = two_product(t, b[0])
        tb = two_sum(high, error + t * b[1])
        E = _plus((1.0, 0.0), tb)
        both = _plus(b, (alpha, 0.0))
        slope += (g[0] / E[0]) ** 2 / E[0]
        if tb[0] <= 1.0:
            ratio = _over(g, E)
            factor = _plus((2.0, 0.0), _times((t, 0.0), both))
            part = _times(_times(ratio, ratio), _times(factor, (-t, 0.0)))
        else:
            ratio = _over(g, b)
            part = _times(_times(ratio, ratio), both)
            total, error = two_sum(total, -part[0])
            low += error - part[1]
            ratio = _over(ratio, E)
            factor = _times((alpha, 0.0), _plus((1.0, 0.0), (2.0 * tb[0], 2.0 * tb[1])))
            part = _times(_times(ratio, ratio), _plus(b, factor))
        total, error = two_sum(total, part[0])
        low += error + part[1]
    return total + low, 2.0 * (1.0 + alpha * t) * slope


@compiled
def _refine(t: float, alpha: float, f: Pair, work: Any) -> Pair:
    """Return t as a pair after Newton steps with exact residuals."""
    for _ in range(10):
        value, slope = _residual(t, alpha, f, work)
        move = value / slope
        if abs(move) <= 1e-9 * t:
            return two_sum(t, move)
        t = min(max(t + move, 0.5 * t), 2.0 * t)
    return t, 0.0


@compiled
def _finish(t: Pair, z: Any, row: int, length: int, work: Any, x: Any) -> Pair:
    """Write x = z - t g/E, return the sum of (g/E)^2; at t = inf, g/r for t g/E."""
    total, low = 0.0, 0.0
    down, up = _power(-length), _power(length)
    for j in range(x.shape[1]):
        g, b = (work[0, j], work[1, j]), (work[2, j], work[3, j])
        if t[0] < np.inf:
            ratio = _over(g, _plus((1.0, 0.0), _times(t, b)))
            move = _times(ratio, t)
        elif b[0] > 0.0:
            ratio = _over(g, b)
            move = ratio
        else:
            ratio = move = (0.0, 0.0)
        square = _times(ratio, ratio)
        total, error = two_sum(total, square[0])
        low += error + square[1]
        high, error = two_sum(z[row, j] * down[0] * down[1], -move[0])
        x[row, j] = (high + (error - move[1])) * up[0] * up[1]
    return two_sum(total, low)


@compiled
def _project(
    a: Any, b: Any, c: float, z: Any, rows: tuple[int, int, int], work: Any, x: Any
) -> tuple[float, float, int]:
    """Write the nearest point; return lam, the distance and the status."""
    row = rows[2]
    d = z.shape[1]
    for j in range(d):
        x[row, j] = z[row, j]
    curve, length, f = _prepare(a, b, c, z, rows, work)
    if f[0] == 0.0:
        return 0.0, 0.0, _REGULAR
    sign = 1.0 if f[0] > 0.0 else -1.0
    f = sign * f[0], sign * f[1]
    alpha = 0.0
    for j in range(d):
        work[0, j] *= sign
        work[1, j] *= sign
        work[2, j] *= sign
        alpha = max(alpha, -work[2, j])
    rooted = False
    limit, first, across = 0.0, -1, 0.0
    for j in range(d):
        work[2, j], work[3, j] = two_sum(alpha, work[2, j])
        if work[2, j] > 0.0:
            work[4, j] = 1.0 / work[2, j]
            work[5, j] = (work[0, j] * work[4, j]) ** 2 * (alpha + work[2, j])
            limit += work[5, j]
        else:
            work[4, j] = work[5, j] = 0.0
            first = j if first < 0 else first
            across = max(across, abs(work[0, j]))
            rooted = rooted or abs(work[0, j]) > _TINY
    excess = -1.0 if rooted else f[0] - limit
    if abs(excess) <= 1e-10 * f[0]:
        excess = _excess(f, np.inf, alpha, work)[0]
    if excess < 0.0:
        t = _refine(_search(f, alpha, work), alpha, f, work)
        squares = _finish(t, z, row, length, work, x)
        lam = _over(t, _plus((1.0, 0.0), _times((alpha, 0.0), t)))[0]
        distance = t[0] * _root(squares)
        return sign * math.ldexp(lam, -curve), math.ldexp(distance, length), _REGULAR
    if alpha == 0.0 and excess > 0.0:
        return sign * np.inf, np.inf, _EMPTY
    squares = _finish((np.inf, 0.0), z, row, length, work, x)
    if alpha == 0.0:
        return sign * np.inf, math.ldexp(_root(squares), length), _HARD
    rest = _over(_excess(f, np.inf, alpha, work), (alpha, 0.0))
    squares = _plus(squares, rest)
    move = _root(rest) if rest[0] > 0.0 else 0.0
    norm = 0.0
    for j in range(d):
        if work[2, j] == 0.0 and across > 0.0:
            norm += (work[0, j] / across) ** 2
    for j in range(d):
        if work[2, j] == 0.0:
            part = 1.0 if j == first else 0.0
            if across > 0.0:
                part = -(work[0, j] / across) / math.sqrt(norm)
            x[row, j] = z[row, j] + math.ldexp(part * move, length)
    return (
        sign * math.ldexp(1.0 / alpha, -curve),
        math.ldexp(_root(squares), length),
        _HARD,
    )


@compiled
def _rows(
    a: Any,
    b: Any,
    c: Any,
    z: Any,
    start: int,
    stop: int,
    work: Any,
    lam: Any,
    distance: Any,
    x: Any,
    status: Any,
) -> None:
    for i in range(start, stop):
        rows = (min(i, a.shape[0] - 1), min(i, b.shape[0] - 1), i)
        constant = c[min(i, c.size - 1)]
        lam[i], distance[i], status[i] = _project(a, b, constant, z, rows, work, x)


def secular(
    a: Array, b: Array, c: Array | float, z: Array, *, threads: int | None = None
) -> tuple[Array, Array, Array, Array]:
    """Return the projections of points onto quadrics in their eigenbases.

    Parameters
    ----------
    a : (d,) or (n, d) array
        Eigenvalues: the coefficients of the squares, of any sign, or 0.
    b : (d,) or (n, d) array
        Half the coefficients of the linear terms.
    c : (n,) array or float
        Constants.
    z : (n, d) array
        The points.
    threads : int, optional
        How many threads; the result is the same.

    Returns
    -------
    lam : (n,) array
        The multiplier: ``x = (z - lam b) / (1 + lam a)`` in the regular case. In the
        others, the end of the interval where all ``1 + lam a > 0``, maybe infinite.
    distance : (n,) array
        From z to the quadric; infinite if that is empty.
    x : (n, d) array
        A nearest point of the quadric; z if there is none.
    status : (n,) array of int64
        0: regular. 1: the hard case, where the nearest point is not unique (x moves the
        first coordinate that is free to move, upwards); with an infinite lam, the
        case of a quadric where f does not change its sign. 2: empty.

    Notes
    -----
    Computed in float64; returned as float32 if all arguments are. See the module's
    docstring for the method and the error.
    """
    given = [np.asarray(value) for value in (a, b, c, z)]
    single = all(value.dtype == np.float32 for value in given)
    points = frozen(given[3].astype(np.float64, copy=False))
    n, d = points.shape
    curves, slopes = (
        frozen(np.atleast_2d(value).astype(np.float64, copy=False))
        for value in given[:2]
    )
    constants = frozen(np.atleast_1d(given[2]).astype(np.float64, copy=False))
    lam: Array = np.empty(n)
    distance: Array = np.empty(n)
    x: Array = np.empty((n, d))
    status = np.empty(n, np.int64)

    def work(start: int, stop: int, space: Array) -> None:
        inputs = curves, slopes, constants, points
        _rows(*inputs, start, stop, space, lam, distance, x, status)

    for_blocks(
        work,
        n,
        1 + _BLOCK // (1 + d),
        threads=threads,
        workspace=lambda: np.empty((6, d)),
    )
    ran("cpu.secular")
    kind = np.float32 if single else np.float64
    with np.errstate(over="ignore"):
        lam, distance, x = (v.astype(kind, copy=False) for v in (lam, distance, x))
    return lam, distance, x, status
