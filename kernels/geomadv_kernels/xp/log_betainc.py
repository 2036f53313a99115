r"""Logarithm of the regularised incomplete beta function over any array namespace.

The formulas are those of `geomadv_kernels.cpu.log_betainc`: the continued fraction, the
integral near the mean of two large parameters and the power series for small ones,
each with a fixed number of terms, and `where` between them. Some thirty arrays of the
size of the result are in use at a time. Compared with the reference it keeps the
contract's tolerance.

Operations must be rounded one by one, as eager NumPy and CuPy do: a compiler that
contracts ``a * b + c`` or reassociates sums breaks the error terms.
"""

import math
from typing import Any

import array_api_compat
import numpy as np

from geomadv_kernels.contract import ran

_LARGE, _SLOW, _DROP = 3000.0, 4.0, 42.0
_STEPS = 128  # of the continued fraction
_TERMS = 100  # of the power series
_NEWTON = 24
_SPLITTER = 134217729.0  # 2^27 + 1
_EULER = 0.5772156649015329
_LOG_HALF = -math.log(2.0)
_HALF_LOG_TWO_PI = 0.9189385332046727
_LEGENDRE = np.polynomial.legendre.leggauss(40)
_RULE = tuple(zip(*(map(float, part) for part in _LEGENDRE), strict=True))
_ZETAS = tuple(  # (zeta(k) - 1)/k, by the formula of Euler and Maclaurin
    (
        math.fsum(j**-k for j in range(2, 1000))
        + 1e3**-k * (1e3 / (k - 1) + 0.5 + k / 12e3)
    )
    / k
    for k in map(float, range(2, 32))
)


def _excess_of_log(xp: Any, u: Any, r: Any) -> Any:
    """Return h = u - log(r), r = 1 + u."""
    small = xp.abs(u) <= 0.4
    return xp.where(small, _series_of_excess(xp.where(small, u, 0.0)), u - xp.log(r))


def _series_of_excess(u: Any) -> Any:
    z = u / (2.0 + u)  # log(1 + u) = 2 artanh(z)
    q = z * z
    series = q * 0.0 + 1.0 / 29.0
    for odd in range(27, 1, -2):
        series = series * q + 1.0 / odd
    return z * (u - 2.0 * q * series)


def _stirling(xp: Any, a: Any) -> Any:
    """Return log Gamma(a) - (a - 1/2) log a + a - log(2 pi)/2."""
    total = xp.zeros_like(a)
    for _ in range(10):
        below = a < 10.0
        step = (a + 0.5) * xp.log1p(1.0 / a) - 1.0
        total = xp.where(below, total + step, total)
        a = xp.where(below, a + 1.0, a)
    inverse = 1.0 / a
    q = inverse * inverse
    series = xp.zeros_like(a)
    for top, bottom in (
        (1.0, 156.0),
        (-691.0, 360360.0),
        (1.0, 1188.0),
        (-1.0, 1680.0),
        (1.0, 1260.0),
        (-1.0, 360.0),
        (1.0, 12.0),
    ):
        series = series * q + top / bottom
    return total + series * inverse


def _fraction(xp: Any, a: Any, b: Any, x: Any, d: Any) -> Any:
    """Return the continued fraction K in I_x(a, b) = x^a y^b / (B K)."""
    inverse = 1.0 / (a + 1.0)
    value = a * (1.0 - d) * inverse
    c, q = value, xp.zeros_like(a)
    for m in range(1, _STEPS):
        before, inverse = inverse, 1.0 / (a + (2 * m + 1))
        step = m * (b - m) * x * before
        alpha = (a + (m - 1)) * (a + b + (m - 1)) * x * before * step
        beta = m + step + (a + m) * ((1.0 - d) + m * (2.0 - x)) * inverse
        q = 1.0 / (beta + alpha * q)
        c = beta + alpha / c
        value = value * (c * q)
    return value


def _mean_of_exponential(xp: Any, a: Any, b: Any, x: Any, y: Any, d: Any) -> Any:
    """Return int_0^x exp(G(s)) ds / ((x - s)(y + s)) for large a and b."""
    linear = -d / (x * y)
    bend = a / (x * x) + b / (y * y)
    reach = 2.2 * _DROP / (linear + xp.sqrt(linear * linear + 2.0 * _DROP * bend))
    total = xp.zeros_like(x)
    for node, weight in _RULE:
        s = reach * (0.5 + 0.5 * node)
        exponent = s * linear + a * _series_of_excess(-s / x)
        exponent = exponent + b * _series_of_excess(s / y)
        total = total + 0.5 * weight * xp.exp(-exponent) / ((x - s) * (y + s))
    return total * reach


def _power_series(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """Return log I_x(a, b) for a <= 1 and x (a + b + 2) < a + 1."""
    term, total = xp.ones_like(a), xp.zeros_like(a)
    for k in range(1, _TERMS):
        term = term * ((k - b) / k * x)
        total = total + term / (a + k)
    shifted, rise = b, a * 0.0
    for _ in range(10):
        below = shifted < 10.0
        rise = xp.where(below, rise - xp.log1p(a / shifted), rise)
        shifted = xp.where(below, shifted + 1.0, shifted)
    rise = rise + (shifted - 0.5) * xp.log1p(a / shifted)
    rise = rise + a * (xp.log(a + shifted) - 1.0)
    rise = rise + (_stirling(xp, a + shifted) - _stirling(xp, shifted))
    upper = a > 0.5
    small = xp.where(upper, a - 1.0, a)
    series = xp.zeros_like(a)
    for zeta in reversed(_ZETAS):
        series = (zeta - series) * small
    gamma = small * (1.0 - _EULER) - xp.log1p(small) + small * series
    gamma = xp.where(upper, xp.log(a) + gamma, gamma)
    return a * xp.log(x) + rise - gamma + xp.log1p(a * total)


def _prefactor(xp: Any, a: Any, b: Any, x: Any, y: Any, d: Any) -> tuple[Any, Any]:
    """Return f and e with f - e the logarithm of x^a y^b / B(a, b), and e >= 0."""
    n = a + b
    exponent = a * _excess_of_log(xp, d / a, n * x / a)
    exponent = exponent + b * _excess_of_log(xp, -d / b, n * y / b)
    front = _stirling(xp, n) - _stirling(xp, a) - _stirling(xp, b) - _HALF_LOG_TWO_PI
    return front + 0.5 * xp.log(a / n * b), exponent


def _log_tail(xp: Any, a: Any, b: Any, x: Any, y: Any, d: Any) -> Any:
    """Return log I_x(a, b) for x (a + b + 2) < a + 1."""
    front, exponent = _prefactor(xp, a, b, x, y, d)
    one = xp.ones_like(a)
    slow = (exponent < _SLOW) & (a >= _LARGE) & (b >= _LARGE)
    mean = _mean_of_exponential(
        xp,
        xp.where(slow, a, one),
        xp.where(slow, b, one),
        xp.where(slow, x, 0.5 * one),
        xp.where(slow, y, 0.5 * one),
        xp.where(slow, d, 0.0 * one),
    )
    fraction = _fraction(
        xp, xp.where(slow, one, a), xp.where(slow, one, b), xp.where(slow, 0.5, x), d
    )
    fraction = xp.where(slow, one, fraction)
    log = (front + xp.where(slow, xp.log(mean), -xp.log(fraction))) - exponent
    few = a <= 1.0
    return xp.where(
        few,
        _power_series(
            xp, xp.where(few, a, one), xp.where(few, b, one), xp.where(few, x, 0.5)
        ),
        log,
    )


def _above_mean(a: Any, b: Any, x: Any) -> Any:
    """Return d = (a + b) x - a with its last digits."""

    def halves(p: Any) -> tuple[Any, Any]:
        wide = _SPLITTER * p
        high = wide - (wide - p)
        return high, p - high

    n = a + b
    shadow = n - a
    n_error = (a - (n - shadow)) + (b - shadow)
    product = n * x
    (n1, n2), (x1, x2) = halves(n), halves(x)
    error = ((n1 * x1 - product) + n1 * x2 + n2 * x1) + n2 * x2
    return (product - a) + (error + n_error * x)


def _doubles(*values: Any) -> tuple[Any, Any, list[Any]]:
    """Return the namespace, the dtype of the first array, and all in float64."""
    given = [v for v in values if array_api_compat.is_array_api_obj(v)]
    xp = array_api_compat.array_namespace(*given)
    device = array_api_compat.device(given[0])
    dtype = xp.float32 if given[0].dtype == xp.float32 else xp.float64
    arrays = [
        xp.astype(v, xp.float64)
        if array_api_compat.is_array_api_obj(v)
        else xp.asarray(v, dtype=xp.float64, device=device)
        for v in values
    ]
    return xp, dtype, list(xp.broadcast_arrays(*arrays))


def _other(xp: Any, log_mass: Any) -> Any:
    """Return log(1 - exp(log_mass))."""
    near = log_mass > _LOG_HALF
    return xp.where(
        near,
        xp.log(-xp.expm1(xp.where(near, log_mass, -1.0))),
        xp.log1p(-xp.exp(xp.where(near, -1.0, log_mass))),
    )


def _log_part(xp: Any, a: Any, b: Any, x: Any, y: Any, d: Any) -> Any:
    """Return log I_x(a, b) for 0 < x < 1; d is (a + b) x - a."""
    lower = d < 1.0 - 2.0 * x
    log_mass = _log_tail(
        xp,
        xp.where(lower, a, b),
        xp.where(lower, b, a),
        xp.where(lower, x, y),
        xp.where(lower, y, x),
        xp.where(lower, d, -d),
    )
    return xp.where(lower, log_mass, _other(xp, log_mass))


def log_betainc(a: Any, b: Any, x: Any, *, complement: bool = False) -> Any:
    """Return log I_x(a, b), or of its complement, as `cpu.log_betainc` does."""
    xp, dtype, (x, a, b) = _doubles(x, a, b)
    nothing, everything = x <= 0.0, x >= 1.0
    inner = xp.where(nothing | everything, 0.5, x)
    d = _above_mean(a, b, inner)
    if complement:  # 1 - I_x(a, b) = I_{1-x}(b, a)
        result = _log_part(xp, b, a, 1.0 - inner, inner, -d)
        nothing, everything = everything, nothing
    else:
        result = _log_part(xp, a, b, inner, 1.0 - inner, d)
    result = xp.where(nothing, -math.inf, xp.where(everything, 0.0, result))
    ran("xp.log_betainc")
    return xp.astype(result, dtype)


def log_betainc_inverse(a: Any, b: Any, log_p: Any, *, complement: bool = False) -> Any:
    """Return the x at which `log_betainc` is `log_p`, as `cpu.log_betainc` does.

    The lower tail of v = log(x/(1 - x)) is log-concave, so that Newton's iteration for
    its logarithm lands to the left of the root at once and then climbs to it; 24 steps
    are taken.
    """
    xp, _, (log_p, a, b) = _doubles(log_p, a, b)
    sure, never = log_p == 0.0, log_p == -math.inf
    target = xp.where(sure | never, -1.0, log_p)
    # the smaller tail: the lower one of the law of v, or of -v
    large = target > _LOG_HALF
    mirrored = ~large if complement else large
    target = xp.where(large, _other(xp, xp.where(large, target, -0.1)), target)
    p, q = xp.where(mirrored, b, a), xp.where(mirrored, a, b)
    n = p + q
    front, _ = _prefactor(xp, p, q, p / n, q / n, xp.zeros_like(p))
    log_beta = -p * xp.log1p(q / p) - q * xp.log1p(p / q) - front
    bound = (target + log_beta + xp.log(p)) / p  # I <= (x/y)^p / (p B)
    least = xp.where(bound > -800.0, bound, -800.0)
    bound = xp.where(bound > -700.0, bound, -700.0)
    v = xp.where(bound > xp.log(p / q), bound, xp.log(p / q))
    for _ in range(_NEWTON):
        x, y = 1.0 / (1.0 + xp.exp(-v)), 1.0 / (1.0 + xp.exp(v))
        d = xp.where(v < 0.0, _above_mean(p, q, x), -_above_mean(q, p, y))
        front, exponent = _prefactor(xp, p, q, x, y, d)
        found = _log_part(xp, p, q, x, y, d)
        v = v + (target - found) / xp.exp((front - found) - exponent)
        v = xp.where(v > bound, v, bound)
    # so far out the bound is the root, to the last digit
    v = xp.where(v > -699.0, v, least)
    x = xp.where(mirrored, 1.0 / (1.0 + xp.exp(v)), xp.exp(v) / (1.0 + xp.exp(v)))
    nothing, everything = (sure, never) if complement else (never, sure)
    ran("xp.log_betainc_inverse")
    return xp.where(nothing, 0.0, xp.where(everything, 1.0, x))
