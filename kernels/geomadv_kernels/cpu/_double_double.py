r"""Arithmetic to twice the precision: unevaluated sums of two doubles (Dekker 1971).

References
----------
Dekker, Numer. Math. 18 (1971), 224-242. Knuth, TAOCP 2, section 4.2.2.
"""

import math
from typing import Any

from numba import types
from numba.extending import intrinsic

from geomadv_kernels.cpu._jit import compiled

# ln 2 with 12 trailing zero bits, so that k ln 2 is exact for |k| < 4096, and the rest
_LN2_HI, _LN2_LO = 0.693147180559663, 2.8235290563031577e-13
_THIRD_HI, _THIRD_LO = 0.3333333333333333, 1.850371707708594e-17
_SQRT_HALF = 0.7071067811865476


@compiled
def two_sum(p: float, q: float) -> tuple[float, float]:
    """Return p + q rounded, and the rounding error."""
    total = p + q
    shadow = total - p
    return total, (p - (total - shadow)) + (q - shadow)


@intrinsic
def _multiply_add(_: Any, p: Any, q: Any, s: Any) -> Any:  # noqa: ARG001 - types, for numba
    """Return p q + s rounded once; an instruction of most processors."""

    def build(_: Any, builder: Any, __: Any, numbers: Any) -> Any:
        return builder.fma(*numbers)

    return types.float64(types.float64, types.float64, types.float64), build


_fused: Any = _multiply_add  # called without the first argument


@compiled
def two_product(p: float, q: float) -> tuple[float, float]:
    """Return p q rounded, and the rounding error."""
    product = p * q
    return product, _fused(p, q, -product)


@compiled
def log_of(hi: float, lo: float, exponent: int) -> tuple[float, float]:
    """Return log((hi + lo) 2^exponent) as a sum of two doubles.

    With m in [sqrt(1/2), sqrt 2] and z = (m - 1)/(m + 1), log m = 2 artanh z: the
    first term of the series is carried to twice the precision, the others, which are
    smaller by z^2/3 <= 1/100, in doubles.
    """
    m, k = math.frexp(hi)
    if m < _SQRT_HALF:
        m *= 2.0
        k -= 1
    below, below_error = two_sum(m - 1.0, math.ldexp(lo, -k))
    above, above_error = two_sum(m, 1.0)
    above_error += math.ldexp(lo, -k)
    z = below / above
    product, error = two_product(z, above)
    rest = (((below - product) - error) + below_error - z * above_error) / above
    q = z * z
    series = 1.0 / 25.0
    for odd in range(23, 1, -2):
        series = series * q + 1.0 / odd
    k += exponent
    hi, lo = two_sum(k * _LN2_HI, 2.0 * z)
    lo += k * _LN2_LO + 2.0 * (rest + z * (q * series))
    return two_sum(hi, lo)


@compiled
def sine_squared(hi: float, lo: float) -> tuple[float, float]:
    """Return sin^2(hi + lo) as a sum of two doubles, for an angle in [0, pi/4].

    With p the square of the angle it is p (1 - p/3 + 2 p^2/45 - ...), the n-th
    coefficient being (-1)^(n+1) 2^(2n-1)/(2n)!.
    """
    p, p_error = two_product(hi, hi)
    p_error += 2.0 * hi * lo
    coefficient = 1.8657923862260506e-15
    coefficient = coefficient * p - 2.1549902060910883e-13
    coefficient = coefficient * p + 2.0472406957865337e-11
    coefficient = coefficient * p - 1.5661391322766984e-9
    coefficient = coefficient * p + 9.39683479366019e-8
    coefficient = coefficient * p - 4.275559831115387e-6
    coefficient = coefficient * p + 1.4109347442680775e-4
    coefficient = coefficient * p - 3.1746031746031746e-3
    coefficient = coefficient * p + 4.4444444444444446e-2
    slope, slope_error = two_product(p, -_THIRD_HI)
    slope_error -= p * _THIRD_LO + p_error * _THIRD_HI
    factor, factor_error = two_sum(1.0, slope)
    factor_error += slope_error + p * p * coefficient
    result, error = two_product(p, factor)
    return two_sum(result, error + p * factor_error + p_error * factor)
