"""Projections of points onto quadrics, for any array namespace.

The method, the formulas and the error are those of `geomadv_kernels.cpu.secular`.
Nothing depends on values but through `where`, so that a device need not wait: all
points take `_STEPS` steps of the search and `_CORRECTIONS` of Newton's iteration in
twice the precision. Some forty arrays of the size of `z` are in use at a time.

Operations must be rounded one by one, as eager NumPy and CuPy do: a compiler that
contracts ``a * b + c`` or reassociates sums breaks the error terms.
"""

from typing import Any, NamedTuple

import array_api_compat

from geomadv_kernels.contract import ran

_STEPS = 36
_FREE_STEPS = 14  # from here on, every other step is one of bisection
_CORRECTIONS = 3
_TINY = 2.0**-400
_SPLITTER = 134217729.0  # 2^27 + 1
_NONE = -1e6  # the exponent of 0
_REGULAR, _HARD, _EMPTY = 0, 1, 2

Pair = tuple[Any, Any]


def _two_sum(p: Any, q: Any) -> Pair:
    total = p + q
    shadow = total - p
    return total, (p - (total - shadow)) + (q - shadow)


def _halves(p: Any) -> Pair:
    wide = _SPLITTER * p
    high = wide - (wide - p)
    return high, p - high


def _two_product(p: Any, q: Any) -> Pair:
    product = p * q
    (a, b), (c, d) = _halves(p), _halves(q)
    return product, ((a * c - product) + a * d + b * c) + b * d


def _plus(p: Pair, q: Pair) -> Pair:
    high, low = _two_sum(p[0], q[0])
    return _two_sum(high, low + (p[1] + q[1]))


def _times(p: Pair, q: Pair) -> Pair:
    high, low = _two_product(p[0], q[0])
    return _two_sum(high, low + (p[0] * q[1] + p[1] * q[0]))


def _over(p: Pair, q: Pair) -> Pair:
    high = p[0] / q[0]
    product, error = _two_product(high, q[0])
    rest = ((p[0] - product) - error) + (p[1] - high * q[1])
    return _two_sum(high, rest / q[0])


def _total(xp: Any, p: Pair) -> Pair:
    """Return the sums over the last axis, (n, 1), added in pairs."""
    high, low = p
    while high.shape[1] > 1:
        m = high.shape[1] // 2
        left, right = slice(0, m), slice(m, 2 * m)
        pair = _plus((high[:, left], low[:, left]), (high[:, right], low[:, right]))
        high, low = (
            xp.concat([part, whole[:, 2 * m :]], axis=1)
            for part, whole in zip(pair, (high, low), strict=True)
        )
    return high, low


def _root(xp: Any, p: Pair) -> Any:
    """Return the square root of a pair, 0 for one that is not positive."""
    positive = p[0] > 0.0
    value = xp.where(positive, p[0], 1.0)
    root = xp.sqrt(value)
    square, error = _two_product(root, root)
    root = root + (((value - square) - error) + p[1]) / (2.0 * root)
    return xp.where(positive, root, 0.0)


def _exponent(xp: Any, values: Any) -> Any:
    """Return about log2 of the largest value in each row, a whole number."""
    largest = xp.max(xp.abs(values), axis=1, keepdims=True)
    some = largest > 0.0
    return xp.where(some, xp.floor(xp.log2(xp.where(some, largest, 1.0))) + 1.0, _NONE)


def _power(xp: Any, exponent: Any) -> Pair:
    """Return 2^exponent as two factors, exact: no library's power is used."""
    half = xp.floor(exponent / 2.0)
    factors = []
    for part in (half, exponent - half):
        bits = xp.clip(xp.abs(part), max=1022.0)
        power = xp.ones_like(bits)
        for j in range(10):
            odd = bits - 2.0 * xp.floor(bits / 2.0)
            power = xp.where(odd > 0.5, power * 2.0**2**j, power)
            bits = xp.floor(bits / 2.0)
        factors.append(xp.where(part < 0.0, 1.0 / power, power))
    return factors[0], factors[1]


def _scales(xp: Any, a: Any, b: Any, c: Any, z: Any) -> Pair:
    """Return the exponents of curvature and length, (n, 1), as on the CPU."""
    ea, eb, ec, ez = (_exponent(xp, values) for values in (a, b, c, z))
    length = xp.clip(ez, min=-2000.0)
    flat = xp.maximum(ea, eb) == _NONE
    between = xp.minimum(ec - eb, xp.floor((ec - ea) / 2.0) + 1.0)
    far = xp.maximum(length, between)
    length = xp.where(flat | (ec == _NONE), length, far)
    constant = xp.clip(ec, min=-2000.0) - 2.0 * length
    return xp.where(flat, constant, xp.maximum(ea, eb - length)), length


class _Problem(NamedTuple):
    """f(z) > 0 scaled: numbers (n, 1), and pairs (n, d) for each coordinate."""

    f: Any
    constant: Any
    alpha: Any
    g: Pair
    r: Pair
    here: Pair  # v(z)
    end: Pair  # v(y)


def _where(xp: Any, condition: Any, p: Pair, q: Pair) -> Pair:
    return xp.where(condition, p[0], q[0]), xp.where(condition, p[1], q[1])


def _search(xp: Any, problem: _Problem) -> Any:
    """Return t with P(t) = f(z) to about 12 digits, (n, 1)."""
    f, constant, alpha, (g, _), (r, _), here, end = problem
    t = f / (2.0 * xp.sum(g * g, axis=1, keepdims=True))
    low = xp.zeros_like(t) + 1e-300
    curved = alpha > 0.0
    root = xp.sqrt(xp.where(curved, alpha, 1.0))
    t = xp.where(curved, xp.minimum(t, xp.sqrt(2.0 * t) / root), t)
    high = xp.where(curved, 1e150 / root, 1e270)  # alpha t^2 must not overflow
    for step in range(_STEPS):
        free = t * r <= 1.0
        inverse = 1.0 / (1.0 + t * r)
        part = (g * inverse) ** 2
        across = 1.0 / xp.where(free, 1.0, r)
        near = xp.where(free, t, 0.0)
        p = near * part * (2.0 + near * (alpha + r))
        q = part * across * (1.0 + 2.0 * t * alpha + alpha * across)
        slopes = part * inverse
        sums = (p, 0.0), (0.0, q), (here[0], end[0]), (slopes, 0.0), (0.0, slopes)
        rising, falling, level, rise, fall = (
            xp.sum(xp.where(free, u, v), axis=1, keepdims=True) for u, v in sums
        )
        level = level + constant
        left = falling + xp.clip(level, min=0.0)
        right = rising + xp.clip(-level, min=0.0)
        below = left > right
        low, high = xp.where(below, t, low), xp.where(below, high, t)
        slope = 2.0 * t * (1.0 + alpha * t) * (rise / right + fall / left)
        move = xp.log(left / right) / slope
        guess = t * xp.exp(xp.clip(move, min=-50.0, max=50.0))
        settled = xp.abs(move) < 1e-6
        inside = (low < guess) & (guess < high)
        if step >= _FREE_STEPS and step % 2:
            inside = settled
        t = xp.where(inside | settled, guess, xp.sqrt(low) * xp.sqrt(high))
    return t


def _residual(xp: Any, t: Any, problem: _Problem) -> Pair:
    """Return f(z) - P(t), computed to twice the precision, and P'(t)."""
    _, constant, alpha, g, r, here, end = problem
    one, zero = xp.ones_like(g[0]), xp.zeros_like(g[0])
    tr = _times((t, xp.zeros_like(t)), r)
    E = _plus((one, zero), tr)
    free = tr[0] <= 1.0
    near = xp.where(free, t, 0.0)
    factor = _plus((2.0 * one, zero), _plus(tr, _two_product(near, alpha)))
    rising = _times(factor, (-near, zero))
    factor = _plus((one, zero), (2.0 * tr[0], 2.0 * tr[1]))
    falling = _plus(r, _times((alpha, xp.zeros_like(alpha)), factor))
    ratio = _over(g, E)
    slope = xp.sum(ratio[0] ** 2 / E[0], axis=1, keepdims=True)
    ratio = _over(ratio, _where(xp, free, (one, zero), r))
    part = _times(_times(ratio, ratio), _where(xp, free, rising, falling))
    level = _plus((constant, xp.zeros_like(t)), _total(xp, _where(xp, free, here, end)))
    high, low = _plus(level, _total(xp, part))
    return high + low, 2.0 * (1.0 + alpha * t) * slope


def _regular(xp: Any, problem: _Problem) -> tuple[Any, Any, Pair]:
    """Return lam, the distance and t where the root exists."""
    g, r, alpha = problem.g, problem.r, problem.alpha
    t = _search(xp, problem)
    zero, one = xp.zeros_like(t), xp.ones_like(t)
    for _ in range(_CORRECTIONS):
        value, slope = _residual(xp, t, problem)
        step = xp.clip(value / (slope * t), min=-0.5, max=1.0)
        pair = _two_sum(t, step * t)
        t = pair[0]
    lam = _over(pair, _plus((one, zero), _times((alpha, zero), pair)))[0]
    ratio = _over(g, _plus((xp.ones_like(g[0]), xp.zeros_like(g[0])), _times(pair, r)))
    return lam, t * _root(xp, _total(xp, _times(ratio, ratio))), pair


def secular(a: Any, b: Any, c: Any, z: Any) -> tuple[Any, Any, Any, Any]:
    """Return the projections of points onto quadrics in their eigenbases.

    Parameters
    ----------
    a, b : (d,) or (n, d) arrays
        Eigenvalues, and half the coefficients of the linear terms.
    c : (n,) array or float
        Constants.
    z : (n, d) array
        The points.

    Returns
    -------
    lam, distance : (n,) arrays
        As from `geomadv_kernels.cpu.secular.secular`.
    x : (n, d) array
        A nearest point of the quadric; z if there is none.
    status : (n,) array of int64
        0: regular. 1: hard, or a finite distance with an infinite lam. 2: empty.

    Notes
    -----
    Computed in float64; returned as float32 if all arguments are.
    """
    xp = array_api_compat.array_namespace(a, b, z)
    single = all(getattr(v, "dtype", None) == xp.float32 for v in (a, b, c, z))
    z = xp.astype(z, xp.float64)
    zero = xp.zeros_like(z)
    a, b = xp.astype(a, xp.float64) + zero, xp.astype(b, xp.float64) + zero
    c = (zero[:, 0] + c)[:, None]

    curve, length = _scales(xp, a, b, c, z)
    down, up = _power(xp, -length), _power(xp, length)
    values = []
    for value, power in ((a, curve), (b, curve + length), (c, curve + 2.0 * length)):
        factors = _power(xp, -power)
        values.append(value * factors[0] * factors[1])
    curved, sloped, constant = values
    curved = xp.where(xp.abs(curved) > _TINY, curved, 0.0)
    point = z * down[0] * down[1]
    g = _plus(_two_product(curved, point), (sloped, zero))
    here = _times(_plus(g, (sloped, zero)), (point, zero))
    column = xp.zeros_like(constant)
    f = _plus((constant, column), _total(xp, here))[0]

    sign = xp.where(f < 0.0, -1.0, column + 1.0)
    g, here = (g[0] * sign, g[1] * sign), (here[0] * sign, here[1] * sign)
    f, constant, curved, sloped = (v * sign for v in (f, constant, curved, sloped))
    alpha = xp.clip(xp.max(-curved, axis=1, keepdims=True), min=0.0)
    r = _two_sum(alpha, curved)
    free = r[0] == 0.0
    own = xp.where(free, 1.0, r[0]), r[1]
    y = _over(_plus(_two_product(alpha, point), (-sloped, zero)), own)
    y = _where(xp, free, (point, zero), y)
    end = _times(y, _plus(_times((curved, zero), y), (2.0 * sloped, zero)))
    end = _where(xp, free, here, end)
    level = _plus((constant, column), _total(xp, end))
    across = xp.max(xp.where(free, xp.abs(g[0]), 0.0), axis=1, keepdims=True)

    on = f == 0.0
    rooted = ~on & ((across > _TINY) | (level[0] < 0.0))
    lifted = ~on & ~rooted & (alpha > 0.0)
    ended = lifted | (~on & ~rooted & (level[0] == 0.0))
    empty = ~on & ~rooted & ~ended

    one = column + 1.0
    harmless = _Problem(
        *(one / 2.0, one / 2.0, column),
        *((one, column),) * 2,
        (column, column),
        (-one, column),
    )
    problem = _Problem(f, constant, alpha, g, r, here, end)
    chosen = [
        _where(xp, rooted, u, v) if isinstance(u, tuple) else xp.where(rooted, u, v)
        for u, v in zip(problem, harmless, strict=True)
    ]
    lam, distance, t = _regular(xp, _Problem(*chosen))

    ratio = _over(g, own)
    ratio = _where(xp, free, (zero, zero), ratio)
    away = xp.where(alpha > 0.0, alpha, 1.0)
    lift = _where(xp, lifted, _over(level, (away, column)), (column, column))
    end_distance = _root(xp, _plus(_total(xp, _times(ratio, ratio)), lift))
    direction = xp.where(free, g[0], 0.0) / xp.where(across > 0.0, across, 1.0)
    norm = xp.sqrt(xp.sum(direction**2, axis=1, keepdims=True))
    number = xp.cumulative_sum(xp.astype(free, xp.int64), axis=1)
    first = xp.astype(free & (number == 1), xp.float64)
    direction = xp.where(
        norm > 0.0, -direction / xp.where(norm > 0.0, norm, 1.0), first
    )

    t = _where(xp, rooted, t, (one, column))
    ratio = _over(g, _plus((zero + 1.0, zero), _times(t, r)))
    near = t[0] * r[0] <= 1.0
    step = _where(xp, near, _times(ratio, (-t[0], -t[1])), _over(ratio, own))
    x = _plus(_where(xp, near, (point, zero), y), step)[0]
    end_x = y[0] + _root(xp, lift) * direction
    x = xp.where(rooted, x, end_x) * up[0] * up[1]
    x = xp.where(rooted | ended, x, z)

    infinity = column + float("inf")
    last = xp.where(alpha > 0.0, 1.0 / away, infinity)
    lam = xp.where(rooted, lam, xp.where(on, 0.0, last))
    distance = xp.where(rooted, distance, xp.where(ended, end_distance, column))
    factors = _power(xp, -curve)
    lam = sign * lam * factors[0] * factors[1]
    distance = xp.where(empty, infinity, distance * up[0] * up[1])
    status = xp.astype(ended, xp.int64) * _HARD + xp.astype(empty, xp.int64) * _EMPTY
    kind = xp.float32 if single else xp.float64
    ran("xp.secular")
    return (
        xp.astype(lam[:, 0], kind),
        xp.astype(distance[:, 0], kind),
        xp.astype(x, kind),
        status[:, 0],
    )
