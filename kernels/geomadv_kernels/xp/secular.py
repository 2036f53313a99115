"""Projections of points onto quadrics, for any array namespace.

The method, the formulas and the error are those of `geomadv_kernels.cpu.secular`.
Nothing depends on values but through `where`, so that a device need not wait: all
points take `_STEPS` steps of the search and `_CORRECTIONS` of Newton's iteration in
twice the precision. Some forty arrays of the size of `z` are in use at a time.

Operations must be rounded one by one, as eager NumPy and CuPy do: a compiler that
contracts ``a * b + c`` or reassociates sums breaks the error terms.
"""

from typing import Any

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


def _negative(p: Pair) -> Pair:
    return -p[0], -p[1]


def _scaled(p: Pair, factor: Any) -> Pair:
    """Return the product with a power of two."""
    return p[0] * factor, p[1] * factor


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


def _search(xp: Any, f: Any, alpha: Any, g: Any, b: Any) -> Any:
    """Return t with P(t) = f to about 12 digits, (n, 1)."""
    t = f / (2.0 * xp.sum(g * g, axis=1, keepdims=True))
    low = xp.zeros_like(t) + 1e-300
    curved = alpha > 0.0
    root = xp.sqrt(xp.where(curved, alpha, 1.0))
    t = xp.where(curved, xp.minimum(t, xp.sqrt(2.0 * t) / root), t)
    high = xp.where(curved, 1e150 / root, 1e270)  # alpha t^2 must not overflow
    for step in range(_STEPS):
        free = t * b <= 1.0
        inverse = 1.0 / (1.0 + t * b)
        part = (g * inverse) ** 2
        across = 1.0 / xp.where(free, 1.0, b)
        near = xp.where(free, t, 0.0)
        p = near * part * (2.0 + near * (alpha + b))
        q = part * across * (1.0 + 2.0 * t * alpha + alpha * across)
        gone = (g * across) ** 2 * (alpha + b)
        slopes = part * inverse
        kinds = (p, ~free), (q, free), (gone, free), (slopes, ~free), (slopes, free)
        rising, falling, lost, rise, fall = (
            xp.sum(xp.where(other, 0.0, values), axis=1, keepdims=True)
            for values, other in kinds
        )
        rest = f - lost
        left = falling + xp.clip(rest, min=0.0)
        right = rising + xp.clip(-rest, min=0.0)
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


def _residual(xp: Any, t: Any, alpha: Pair, f: Pair, g: Pair, b: Pair) -> Pair:
    """Return f - P(t), computed to twice the precision, and P'(t)."""
    zero = xp.zeros_like(g[0])
    one = zero + 1.0
    tb = _times((t, xp.zeros_like(t)), b)
    E = _plus((one, zero), tb)
    free = tb[0] <= 1.0
    both = _plus(b, alpha)
    near = xp.where(free, t, 0.0), zero
    ratio = _over(g, E)
    factor = _plus((2.0 * one, zero), _times(near, both))
    p = _times(_times(ratio, ratio), _times(factor, near))
    own = xp.where(free, 1.0, b[0]), xp.where(free, 0.0, b[1])
    ratio = _over(g, own)
    lost = _times(_times(ratio, ratio), both)
    ratio = _over(ratio, E)
    factor = _plus(b, _times(alpha, _plus((one, zero), _scaled(tb, 2.0))))
    change = _plus(_times(_times(ratio, ratio), factor), _negative(lost))
    terms = tuple(xp.where(free, -u, v) for u, v in zip(p, change, strict=True))
    high, low = _plus(f, _total(xp, (terms[0], terms[1])))
    slope = xp.sum((g[0] / E[0]) ** 2 / E[0], axis=1, keepdims=True)
    return high + low, 2.0 * (1.0 + alpha[0] * t) * slope


def _regular(xp: Any, f: Pair, alpha: Pair, g: Pair, b: Pair) -> tuple[Any, Any, Pair]:
    """Return lam, the distance and delta where the root exists."""
    t = _search(xp, f[0], alpha[0], g[0], b[0])
    zero, one = xp.zeros_like(t), xp.ones_like(t)
    for _ in range(_CORRECTIONS):
        value, slope = _residual(xp, t, alpha, f, g, b)
        step = xp.clip(value / (slope * t), min=-0.5, max=1.0)
        pair = _two_sum(t, step * t)
        t = pair[0]
    lam = _over(pair, _plus((one, zero), _times(alpha, pair)))[0]
    ratio = _over(g, _plus((xp.ones_like(g[0]), xp.zeros_like(g[0])), _times(pair, b)))
    distance = t * _root(xp, _total(xp, _times(ratio, ratio)))
    return lam, distance, _negative(_times(ratio, pair))


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
    point = z * down[0] * down[1]
    g = _plus(_two_product(curved, point), (sloped, zero))
    terms = _times(_plus(g, (sloped, zero)), (point, zero))
    column = xp.zeros_like(constant)
    f = _plus((constant, column), _total(xp, terms))

    sign = xp.where(f[0] < 0.0, -1.0, column + 1.0)
    f, g, curved = _scaled(f, sign), _scaled(g, sign), curved * sign
    highest = xp.clip(xp.max(-curved, axis=1, keepdims=True), min=0.0)
    alpha = (highest, column)
    reach = _two_sum(highest, curved)
    free = reach[0] == 0.0
    across = xp.max(xp.where(free, xp.abs(g[0]), 0.0), axis=1, keepdims=True)
    own = xp.where(free, 1.0, reach[0]), reach[1]
    ratio = _over(g, own)
    ratio = xp.where(free, 0.0, ratio[0]), xp.where(free, 0.0, ratio[1])
    squares = _times(ratio, ratio)
    limit = _total(xp, _times(squares, _plus(reach, alpha)))
    rest = _plus(f, _negative(limit))

    on = f[0] == 0.0
    rooted = ~on & ((across > _TINY) | (rest[0] + rest[1] < 0.0))
    curved_away = highest > 0.0
    ended = ~on & ~rooted & (curved_away | (rest[0] == 0.0))
    empty = ~on & ~rooted & ~ended

    safe = [
        tuple(
            xp.where(rooted, part, other)
            for part, other in zip(p, (u, 0.0), strict=True)
        )
        for p, u in ((f, 0.5), (alpha, 0.0), (g, 1.0), (reach, 1.0))
    ]
    lam, distance, delta = _regular(xp, *safe)

    away = xp.where(curved_away, highest, 1.0)
    lift = _over((xp.where(curved_away, rest[0], 0.0), rest[1]), (away, column))
    lift = tuple(xp.where(ended & curved_away, part, 0.0) for part in lift)
    direction = xp.where(free, g[0], 0.0) / xp.where(across > 0.0, across, 1.0)
    norm = xp.sqrt(xp.sum(direction**2, axis=1, keepdims=True))
    number = xp.cumulative_sum(xp.astype(free, xp.int64), axis=1)
    first = xp.astype(free & (number == 1), xp.float64)
    direction = xp.where(
        norm > 0.0, -direction / xp.where(norm > 0.0, norm, 1.0), first
    )
    end_distance = _root(xp, _plus(_total(xp, squares), lift))
    end_delta = _plus(_negative(ratio), (_root(xp, lift) * direction, zero))

    infinity = column + float("inf")
    end = xp.where(curved_away, 1.0 / away, infinity)
    lam = xp.where(rooted, lam, xp.where(on, 0.0, end))
    distance = xp.where(rooted, distance, xp.where(ended, end_distance, column))
    moved = _plus(
        (point, zero),
        tuple(xp.where(rooted, u, v) for u, v in zip(delta, end_delta, strict=True)),
    )
    x = xp.where(rooted | ended, (moved[0] + moved[1]) * up[0] * up[1], z)
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
