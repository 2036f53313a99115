r"""Measures of spherical caps over any array namespace.

The formulas are those of `geomadv_kernels.cpu.log_cap` (series near the equator,
Gauss's continued fraction elsewhere, Halley's iteration for the inverse) with fixed
numbers of terms and steps, and without the arithmetic of twice the precision: the
logarithm l of a measure has a relative error of some eps, a measure one of some
eps |l|, and a coordinate of cap_coordinate the error that this is in the coordinate.
Compared with the reference it keeps the contract's tolerance.
"""

import math
from typing import Any

import array_api_compat

from geomadv_kernels.contract import ran

_TERMS = 56  # of the series
_STEPS = 160  # of the continued fraction
_ROUNDS = 5  # of Halley's iteration: 3 were enough in 10^5 random cases
_START = 1e-120
_LN2 = math.log(2.0)
_PI_LO = 1.2246467991473532e-16
_TABLE_END = 44.0


def _normalisation(xp: Any, d: Any) -> Any:
    """Return Gamma(d/2) / (sqrt(pi) Gamma((d - 1)/2)): by a series from d = 44 on."""
    factor = xp.ones_like(d)
    for _ in range(21):
        below = d < _TABLE_END
        factor = xp.where(below, factor * ((d - 1.0) / d), factor)
        d = xp.where(below, d + 2.0, d)
    w = 0.5 * d - 0.75
    q = 1.0 / (w * w)
    series = xp.zeros_like(d)
    for top, bottom in (
        (-2702765.0, 402653184.0),
        (50521.0, 20971520.0),
        (-1385.0, 1048576.0),
        (61.0, 49152.0),
        (-5.0, 2048.0),
        (1.0, 64.0),
    ):
        series = series * q + top / bottom
    return factor * xp.sqrt(w / math.pi) * xp.exp(series * q)


def _log_tail(xp: Any, a: Any, c: Any, t: Any, x: Any, log_x: Any) -> tuple[Any, Any]:
    """Return log Q and its hazard by v at heights t >= 0, with x = 1 - t^2."""
    central = t * t <= xp.minimum(1.5 / (a + 0.5), xp.full_like(a, 0.3))
    y = xp.where(central, t * t, 0.0)
    term, total = xp.ones_like(y), xp.ones_like(y)
    for n in range(_TERMS):
        term = term * (y * ((a + (0.5 + n)) / (1.5 + n)))
        total = total + term
    power = xp.exp(a * xp.where(central, log_x, 0.0))
    half = 0.5 - c * xp.where(central, t, 0.0) * power * total
    root = xp.sqrt(a)
    u = xp.where(central, 1.0, t) * root
    scale = xp.where(u > 1.0, u, 1.0)  # against overflow of u^160
    slope, inverse = u / a / scale, 0.5 / a
    u, level = u / scale, 0.5 * x / scale / scale
    p_old, q_old = xp.full_like(u, _START), xp.zeros_like(u)
    p, q = u * _START, xp.full_like(u, _START)
    for n in range(1, _STEPS, 2):
        numerator = n * (1.0 + (n - 1) * inverse) * level
        denominator = u + n * slope
        p_old = denominator * p + numerator * p_old
        q_old = denominator * q + numerator * q_old
        numerator = (n + 1) * (1.0 + n * inverse) * level
        denominator = u + (n + 1) * slope
        p = denominator * p_old + numerator * p
        q = denominator * q_old + numerator * q
    hazard = 2.0 * root * scale * p / q
    return (
        xp.where(central, xp.log(half), a * log_x + xp.log(c / hazard)),
        xp.where(central, c * power / half, hazard),
    )


def _broadcast(d: Any, value: Any) -> tuple[Any, Any, Any, Any]:
    xp = array_api_compat.array_namespace(d, value)
    like = value if array_api_compat.is_array_api_obj(value) else d
    device = array_api_compat.device(like)
    d, value = (
        xp.astype(v, xp.float64)
        if array_api_compat.is_array_api_obj(v)
        else xp.asarray(v, dtype=xp.float64, device=device)
        for v in (d, value)
    )
    d, value = xp.broadcast_arrays(d, value)
    return xp, d, value, like.dtype if like.dtype == xp.float32 else xp.float64


def cap_measure(d: Any, coordinate: Any, *, angle: bool, log: bool) -> Any:
    """Return the measures of caps, or their logarithms, as `cpu.log_cap` does."""
    xp, d, value, dtype = _broadcast(d, coordinate)
    a = 0.5 * (d - 1.0)
    if angle:
        t, sine = xp.abs(xp.cos(value)), xp.sin(value)
        # beyond pi lies the rest of pi itself
        sine = xp.where(value >= math.pi, _PI_LO, xp.abs(sine))
        small = value <= math.pi / 2.0
        nothing = value == 0.0
        log_x = 2.0 * xp.log(sine)
    else:
        t = xp.minimum(xp.abs(value), xp.ones_like(value))
        small = value >= 0.0
        nothing = t >= 1.0
        log_x = xp.log(1.0 - t) + xp.log1p(t)
    log_x = xp.where(t < 0.7, xp.log1p(-xp.where(t < 0.7, t * t, 0.0)), log_x)
    x = xp.exp(log_x)
    log_mass, _ = _log_tail(xp, a, _normalisation(xp, d), t, x, log_x)
    log_mass = xp.where(nothing, -math.inf, log_mass)
    mass = xp.exp(log_mass)
    if log:
        result = xp.where(small, log_mass, xp.log1p(-mass))
    else:
        result = xp.where(small, mass, 1.0 - mass)
    ran("xp.cap_measure")
    return xp.astype(result, dtype)


def cap_coordinate(d: Any, mass: Any, *, angle: bool, log: bool) -> Any:
    """Return heights of caps, or with `angle` their angles: `cap_measure` inverted."""
    xp, d, value, dtype = _broadcast(d, mass)
    a = 0.5 * (d - 1.0)
    c = _normalisation(xp, d)
    if log:
        small = value <= -_LN2
        target = xp.where(small, value, xp.log(-xp.expm1(value)))
    else:
        small = value <= 0.5
        target = xp.log(xp.where(small, value, 1.0 - value))
    vanishing = target < -1600.0 * a
    target = xp.where(vanishing, -1.0, target)
    nu = 2.0 * a
    w = xp.sqrt(-2.0 * target)  # Abramowitz and Stegun 26.2.23, then Wallace
    z = w - (2.515517 + w * (0.802853 + w * 0.010328)) / (
        1.0 + w * (1.432788 + w * (0.189269 + w * 0.001308))
    )
    z = z * ((8.0 * nu + 3.0) / (8.0 * nu + 1.0))
    level = z * z / (2.0 * nu)
    v = level + xp.log1p(xp.sqrt(-xp.expm1(-2.0 * level)))
    for _ in range(_ROUNDS):
        decay = xp.exp(-2.0 * v)
        t = -xp.expm1(-2.0 * v) / (1.0 + decay)
        far = 2.0 * (_LN2 - v - xp.log1p(decay))
        near = t * t < 0.5
        log_x = xp.where(near, xp.log1p(-xp.where(near, t * t, 0.0)), far)
        x = 4.0 * decay / (1.0 + decay) ** 2
        log_mass, hazard = _log_tail(xp, a, c, t, x, log_x)
        step = (log_mass - target) / hazard
        bend = 0.5 * step * (hazard - nu * t)
        v = v + xp.where(xp.abs(bend) < 0.5, step / (1.0 + bend), step)
        v = xp.where(v > 0.0, v, 0.0)
    v = xp.where(vanishing, math.inf, v)
    if angle:
        result = 2.0 * xp.atan(xp.exp(-v))
        result = xp.where(small, result, math.pi - (result - _PI_LO))
    else:
        result = xp.where(small, xp.tanh(v), -xp.tanh(v))
    ran("xp.cap_coordinate")
    return xp.astype(result, dtype)
