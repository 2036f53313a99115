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
written the other way round, about the coordinate y_i = (alpha z_i - b_i)/r_i that
belongs to t = inf: with v_i(u) = a_i u^2 + 2 b_i u, and for t r_i > 1,

    v_i(z_i) - p_i = v_i(y_i) + q_i,    x_i = y_i + g_i/(r_i E_i),
    q_i = (g_i/(r_i E_i))^2 (r_i + alpha (1 + 2 t r_i)),

so that with S = {i : t r_i > 1} and k = c + sum_S v_i(y_i) + sum_{not S} v_i(z_i) the
equation is

    k + sum_S q_i = sum_{not S} p_i,

in which numbers that are large because z is far away do not occur.

Newton's iteration for the logarithms of both sides (k on the side where it is
positive), as functions of log t, takes 3 to 6 steps in general, 10 for coefficients of
very different sizes; it runs in plain doubles and is kept in a bracket. Its result is
corrected by steps, mostly one, with the residual in twice the precision (Dekker 1971),
from g and f(z) on.

If g_i = 0 wherever r_i = 0, the root exists if and only if k < 0 at t = inf. Otherwise
t is infinite. With alpha > 0 this is the hard case: k is taken up by a coordinate with
a_i = -alpha. With alpha = 0 the quadric is empty, or, if k = 0, it is the set where f
is least.

**Errors.** lam is within 2 ulp of the exact root, the distance within 4, and x within 4
of the larger of |x_i| and |z_i|, where

    kappa = (|c| + sum_S |v_i|(y_i) + sum_{not S} |v_i|(z_i)) / (t P'(t)) < 10^14,

|v_i|(u) = |a_i| u^2 + 2 |b_i u|: kappa is how strongly relative changes of the
coefficients act on t, and k is known to about d 2^-100 times the sum in it. Beyond, the
relative error of t may reach kappa d 2^-100. So it is for points on the quadric up to
rounding, and for quadrics that a change of coefficients in the 15th digit makes empty.
After scaling, an a_i or, where r_i = 0, a g_i below 2^-400 counts as 0.

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
from geomadv_kernels.cpu._quadric import (
    END,
    END_SIZE,
    INVERSE,
    ROWS,
    SIZE,
    TINY,
    G,
    Pair,
    R,
    V,
    Y,
    Z,
    end_value,
    level_at,
    over,
    plus,
    power,
    prepare,
    root_of,
    times,
    turn,
)
from geomadv_kernels.cpu._threads import for_blocks

_BLOCK = 2**13  # coordinates in a block
_REGULAR, _HARD, _EMPTY = 0, 1, 2
_STEPS = 24  # of Newton's iteration before bisection alternates with it


@compiled(fastmath={"reassoc", "contract"})
def _sums(t: float, alpha: float, work: Any) -> tuple[float, ...]:
    """Return the sums of p, q, v, |v|, and those of g^2/E^3 outside S and in it."""
    rising, falling, level, size, rise, fall = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(work.shape[1]):
        tr = t * work[R, j]
        inverse = 1.0 / (1.0 + tr)
        part = (work[G, j] * inverse) ** 2
        free = tr <= 1.0
        rising += part * (2.0 + t * alpha + tr) if free else 0.0
        rise += part * inverse if free else 0.0
        across = work[INVERSE, j]
        beyond = across * (1.0 + 2.0 * t * alpha + alpha * across)
        falling += 0.0 if free else part * beyond
        fall += 0.0 if free else part * inverse
        level += work[V, j] if free else work[END, j]
        size += work[SIZE, j] if free else work[END_SIZE, j]
    return t * rising, falling, level, size, rise, fall


@compiled
def _search(f: float, constant: float, alpha: float, work: Any) -> float:
    """Return t with P(t) = f(z) to about 12 digits."""
    slope = 0.0
    for j in range(work.shape[1]):
        slope += work[G, j] ** 2
    t = f / (2.0 * slope)  # P(t) = (2 t + alpha t^2) sum g^2 for small r
    if alpha > 0.0:
        t = min(t, math.sqrt(2.0 * t / alpha))
    low, high = 0.0, np.inf
    for step in range(400):
        rising, falling, level, size, rise, fall = _sums(t, alpha, work)
        level += constant
        if abs(level) < 1e-3 * (size + abs(constant)):
            level = level_at(constant, t, work)[0]
        left = falling + max(level, 0.0)
        right = rising + max(-level, 0.0)
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
def _residual(
    t: float, constant: float, alpha: float, work: Any
) -> tuple[float, float]:
    """Return f(z) - P(t), computed to twice the precision, and P'(t)."""
    total, low, slope = constant, 0.0, 0.0
    for j in range(work.shape[1]):
        g, r = (work[G, j], work[G + 1, j]), (work[R, j], work[R + 1, j])
        tr = times((t, 0.0), r)
        E = plus((1.0, 0.0), tr)
        ratio = over(g, E)
        slope += ratio[0] ** 2 / E[0]
        if tr[0] <= 1.0:
            base = work[V, j], work[V + 1, j]
            factor = plus((2.0, 0.0), plus(tr, two_product(t, alpha)))
            factor = times(factor, (-t, 0.0))
        else:
            base = end_value(j, work)
            ratio = over(ratio, r)
            factor = plus((1.0, 0.0), (2.0 * tr[0], 2.0 * tr[1]))
            factor = plus(r, times((alpha, 0.0), factor))
        part = times(times(ratio, ratio), factor)
        total, error = two_sum(total, base[0])
        low += error + base[1]
        total, error = two_sum(total, part[0])
        low += error + part[1]
    return total + low, 2.0 * (1.0 + alpha * t) * slope


@compiled
def _refine(t: float, constant: float, alpha: float, work: Any) -> Pair:
    """Return t as a pair after Newton steps with exact residuals."""
    for _ in range(10):
        value, slope = _residual(t, constant, alpha, work)
        move = value / slope
        if abs(move) <= 1e-9 * t:
            return two_sum(t, move)
        t = min(max(t + move, 0.5 * t), 2.0 * t)
    return t, 0.0


@compiled
def _finish(t: Pair, row: int, length: int, work: Any, x: Any) -> Pair:
    """Write x and return the sum of (g/E)^2; at t = inf, that of (g/r)^2."""
    total, low = 0.0, 0.0
    up = power(length)
    for j in range(x.shape[1]):
        g, r = (work[G, j], work[G + 1, j]), (work[R, j], work[R + 1, j])
        ratio, base, move = (0.0, 0.0), (work[Y, j], work[Y + 1, j]), (0.0, 0.0)
        if t[0] < np.inf:
            ratio = over(g, plus((1.0, 0.0), times(t, r)))
            if t[0] * r[0] <= 1.0:
                base, move = (work[Z, j], 0.0), times(ratio, (-t[0], -t[1]))
            else:
                move = over(ratio, r)
        elif r[0] > 0.0:
            ratio = over(g, r)
        square = times(ratio, ratio)
        total, error = two_sum(total, square[0])
        low += error + square[1]
        x[row, j] = plus(base, move)[0] * up[0] * up[1]
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
    curve, length, constant, f = prepare(a, b, c, z, rows, work)
    if f == 0.0:
        return 0.0, 0.0, _REGULAR
    sign = 1.0 if f > 0.0 else -1.0
    constant, f = sign * constant, sign * f
    alpha = turn(sign, work)
    rooted, first, across = False, -1, 0.0
    level, size = constant, abs(constant)
    for j in range(d):
        level += work[END, j]
        size += work[END_SIZE, j]
        if work[R, j] == 0.0:
            first = j if first < 0 else first
            across = max(across, abs(work[G, j]))
            rooted = rooted or abs(work[G, j]) > TINY
    if not rooted and abs(level) <= 1e-10 * size:
        level = level_at(constant, np.inf, work)[0]
    if rooted or level < 0.0:
        start = _search(f, constant, alpha, work)
        t = _refine(start, constant, alpha, work)
        squares = _finish(t, row, length, work, x)
        lam = over(t, plus((1.0, 0.0), times((alpha, 0.0), t)))[0]
        distance = t[0] * root_of(squares)
        return sign * math.ldexp(lam, -curve), math.ldexp(distance, length), _REGULAR
    if alpha == 0.0 and level > 0.0:
        return sign * np.inf, np.inf, _EMPTY
    squares = _finish((np.inf, 0.0), row, length, work, x)
    if alpha == 0.0:
        return sign * np.inf, math.ldexp(root_of(squares), length), _HARD
    rest = over(level_at(constant, np.inf, work), (alpha, 0.0))
    squares = plus(squares, rest)
    move = root_of(rest)
    norm = 0.0
    for j in range(d):
        if work[R, j] == 0.0 and across > 0.0:
            norm += (work[G, j] / across) ** 2
    for j in range(d):
        if work[R, j] == 0.0:
            part = 1.0 if j == first else 0.0
            if across > 0.0:
                part = -(work[G, j] / across) / math.sqrt(norm)
            x[row, j] = z[row, j] + math.ldexp(part * move, length)
    return (
        sign * math.ldexp(1.0 / alpha, -curve),
        math.ldexp(root_of(squares), length),
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
        workspace=lambda: np.empty((ROWS, d)),
    )
    ran("cpu.secular")
    kind = np.float32 if single else np.float64
    with np.errstate(over="ignore"):
        lam, distance, x = (v.astype(kind, copy=False) for v in (lam, distance, x))
    return lam, distance, x, status
