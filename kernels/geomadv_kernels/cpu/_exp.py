r"""The exponential and the logarithm inside vectorised loops.

`exp` and `log` are for compiled functions of any file. They are short, without branches
or calls, so that LLVM inlines them and computes four (float64) or eight (float32) at a
time with AVX2; the type of the argument decides the precision.

**exp**: with k the integer nearest to x log2(e), r = x - k log 2, where log 2 = H + L
and k H is exact, as H has few bits. On |r| <= 1.0005 log(2)/2 the minimax polynomial P
of exp(r) = 1 + r + r^2 P(r) is off by at most 0.072 units in the last place (ulp). With
h = x - k H, the rounding error of q = 1 + h is known exactly (Fast2Sum), and
exp(r) = q + ((1 - q + h) + (r^2 P(r) - k L)) adds hardly more than the last rounding.
The power 2^k is an integer added to the bits of the exponent.

**log**: x = 2^k v with v in [sqrt(1/2), sqrt 2), log v = 2 artanh z, z = (v-1)/(v+1).

**Errors**, with fused multiplication and addition. In float64 exp is off by at most
0.8 ulp: for r < 0, where an ulp is 2^-53, the last rounding costs 0.5; the rounding of
r, times exp(r) - 1, 0.074; those of r^2, of P (the last two) and of both sums 0.028,
0.061, 0.031 and 0.032, all others together 0.002; and P itself 0.072. For r >= 0 it is
less. The largest error found among 10^8 arguments is 0.753 ulp. In float32 exp is off
by at most 0.689 ulp, as all arguments show. log is off by at most 2 ulp of the larger
of |log x| and |log v|, measured on 10^4 arguments. exp(0) = 1 exactly, exp(-inf) = 0,
and NaN stays NaN.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from geomadv_kernels.cpu._jit import compiled

LEAST_64 = -708.0  # below, exp is 0: the result would be less than 3.4e-308
LEAST_32 = np.float32(-87.0)  # ... less than 1.7e-38
GREATEST_64 = 709.0  # above, exp is not defined here
GREATEST_32 = np.float32(88.0)

_LOG2E = 1.4426950408889634
_ROUND = 1.5 * 2.0**52  # x + _ROUND ends with the integer nearest to x
_HIGH = float.fromhex("0x1.62e42fefa0000p-1")  # of log 2, 37 bits
_LOW = 1.64659495828970813e-12  # log 2 - _HIGH
_P0 = 0.5000000000000011
_P1 = 0.1666666666666641
_P2 = 0.04166666666652973
_P3 = 0.008333333333494961
_P4 = 0.001388888894375978
_P5 = 0.00019841269505802478
_P6 = 2.4801492949750686e-05
_P7 = 2.755758678327844e-06
_P8 = 2.763030624035653e-07
_P9 = 2.5000023940316513e-08

_LOG2E_32 = np.float32(_LOG2E)
_ROUND_32 = np.float32(1.5 * 2.0**23)
_HIGH_32 = np.float32(float.fromhex("0x1.62e4p-1"))  # of log 2, 15 bits
_LOW_32 = np.float32(1.42860682030941723e-06)  # log 2 - _HIGH_32
_Q0 = np.float32(0.4999999403953552)
_Q1 = np.float32(0.1666652113199234)
_Q2 = np.float32(0.04166839271783829)
_Q3 = np.float32(0.00836874544620514)
_Q4 = np.float32(0.0013814535923302174)
_ONE_32 = np.float32(1.0)
_ZERO_32 = np.float32(0.0)
_SHIFT_32 = np.int32(23)

_SQRT_HALF = np.int64(np.float64(np.sqrt(0.5)).view(np.int64))
_L0 = 0.6666666666666735
_L1 = 0.3999999999941107
_L2 = 0.285714287432672
_L3 = 0.22222198475592317
_L4 = 0.18183569758077103
_L5 = 0.15313902814304153
_L6 = 0.147975118147476


@compiled(fastmath={"contract"})
def _exp64(x: float) -> float:
    z = x * _LOG2E + _ROUND
    k = z - _ROUND
    h = x - k * _HIGH
    low = k * _LOW
    r = h - low
    q = 1.0 + h
    s = r * r
    p = (((_P9 * r + _P8) * s + (_P7 * r + _P6)) * s + (_P5 * r + _P4)) * s
    p = (p + (_P3 * r + _P2)) * s + (_P1 * r + _P0)
    p = q + (((1.0 - q) + h) + (s * p - low))
    power = np.float64(z).view(np.int64) << 52
    value = np.int64(np.float64(p).view(np.int64) + power).view(np.float64)
    return 0.0 if x < LEAST_64 else value


@compiled(fastmath={"contract"})
def _exp32(x: np.float32) -> np.float32:
    z = x * _LOG2E_32 + _ROUND_32
    k = z - _ROUND_32
    h = x - k * _HIGH_32
    low = k * _LOW_32
    r = h - low
    q = _ONE_32 + h
    p = (((_Q4 * r + _Q3) * r + _Q2) * r + _Q1) * r + _Q0
    p = q + (((_ONE_32 - q) + h) + (r * r * p - low))
    power = np.int32(np.float32(z).view(np.int32) << _SHIFT_32)
    value = np.int32(np.float32(p).view(np.int32) + power).view(np.float32)
    return _ZERO_32 if x < LEAST_32 else value


@compiled(fastmath={"contract"})
def log(x: float) -> float:
    """Return the logarithm of a positive, normal, finite float64."""
    bits = np.float64(x).view(np.int64)
    k = (bits - _SQRT_HALF) >> 52
    v = np.int64(bits - (k << 52)).view(np.float64)
    z = (v - 1.0) / (v + 1.0)
    t = z * z
    p = ((((((_L6 * t + _L5) * t + _L4) * t + _L3) * t) + _L2) * t + _L1) * t + _L0
    return k * _HIGH + (2.0 * z + (z * t * p + k * _LOW))


def exp(x: Any) -> Any:
    """Return e^x for x <= 709 in float64 or x <= 88 in float32, inside compiled code.

    Results below 3.4e-308 (float64) and 1.7e-38 (float32) are 0.
    """
    return np.exp(x)


@overload(exp, strict=False)
def _(x: Any) -> Callable[..., Any]:
    if x == types.float32:
        return lambda x: _exp32(x)
    return lambda x: _exp64(x)


@compiled(fastmath={"contract"})
def exponential(values: Any, out: Any) -> None:
    """Fill `out` with the exponentials of `values`, both flat and of one precision."""
    for i in range(values.size):
        out[i] = exp(values[i])
