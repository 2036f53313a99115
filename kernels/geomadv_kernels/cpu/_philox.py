"""Philox4x32-10 and normal numbers, compiled without fused or reordered arithmetic.

The definitions are in `geomadv_kernels.reference.sphere_sample`, and the results are
those of that module to the bit.
"""

import math
from typing import Any

import numpy as np

from geomadv_kernels.cpu._jit import compiled

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_U = np.uint64
_MASK = _U(0xFFFFFFFF)
_HALF_WORD = _U(32)
_FIRST, _SECOND = _U(0xD2511F53), _U(0xCD9E8D57)
_WEYL, _OTHER_WEYL = _U(0x9E3779B9), _U(0xBB67AE85)
_MANTISSA, _ONE = _U(0xFFFFFFFFFFFFF), _U(0x3FF0000000000000)
_DROP, _LOWER_DROP, _EXPONENT = _U(12), _U(2), _U(52)
_QUADRANT, _TWO = _U(62), _U(2)

_LN2_HI, _LN2_LO = 0.6931471806019545, -4.2009150726810846e-11
_SQRT_TWO = 1.4142135623730951


@compiled
def words(
    seed: _U,
    low: _Array,
    high: _Array,
    pair: _Array,
    stream: _U,
    A: _Array,
    B: _Array,
) -> None:
    """Fill A and B with the 64-bit words of the counters (low, high, pair, stream)."""
    for i in range(A.size):
        key, other = seed & _MASK, seed >> _HALF_WORD
        a, b, c, d = low[i], high[i], pair[i], stream
        for _ in range(10):
            # the upper halves of b and d are not zero; the masks take them off
            first, second = (a & _MASK) * _FIRST, (c & _MASK) * _SECOND
            a, b = (second >> _HALF_WORD) ^ b ^ key, second
            c, d = (first >> _HALF_WORD) ^ d ^ other, first
            key, other = key + _WEYL, other + _OTHER_WEYL
        A[i] = (a & _MASK) | (b << _HALF_WORD)
        B[i] = (c & _MASK) | (d << _HALF_WORD)


@compiled
def unit(word: _U) -> float:
    """Return the uniform number of a word: an odd multiple of 2^-53 in (0, 1)."""
    return (np.float64(word >> _DROP) + 0.5) * 2.220446049250313e-16


@compiled
def log(x: float) -> float:
    """Return the logarithm of a positive double that is not subnormal."""
    bits = np.float64(x).view(np.uint64)
    m = np.uint64((bits & _MANTISSA) | _ONE).view(np.float64)
    e = np.float64(bits >> _EXPONENT) - 1023.0
    large = m >= _SQRT_TWO
    m = 0.5 * m if large else m
    e = e + 1.0 if large else e
    f = m - 1.0
    s = f / (2.0 + f)
    w = s * s
    p = 0.14616449685043406
    p = p * w + 0.15331721600556042
    p = p * w + 0.18182889125261723
    p = p * w + 0.2222221113479508
    p = p * w + 0.28571428625975487
    p = p * w + 0.39999999999899505
    p = p * w + 0.666666666666667
    half = 0.5 * f * f
    rest = half - (s * (half + w * p) + e * _LN2_LO)
    return e * _LN2_HI - (rest - f)


@compiled
def normals(A: _Array, B: _Array, g: _Array) -> None:
    """Fill g, twice as long as A and B, with the normal numbers of the words."""
    for i in range(A.size):
        radius = math.sqrt(-2.0 * log(unit(A[i])))
        t = 0.25 * (unit(B[i] << _LOWER_DROP) - 0.5)
        w = t * t
        sine = 3.7808689593022957
        sine = sine * w - 15.093804209987114
        sine = sine * w + 42.058685020160894
        sine = sine * w - 76.70585970427454
        sine = sine * w + 81.60524927594804
        sine = sine * w - 41.341702240399634
        sine = sine * w + 6.283185307179586
        sine = t * sine
        cosine = -1.6990343940660637
        cosine = cosine * w + 7.903206911569678
        cosine = cosine * w - 26.426253275854723
        cosine = cosine * w + 60.24464135270201
        cosine = cosine * w - 85.4568172066438
        cosine = cosine * w + 64.93939402266824
        cosine = cosine * w - 19.739208802178716
        cosine = 1.0 + w * cosine
        quadrant = B[i] >> _QUADRANT
        odd = (quadrant & _U(1)) != _U(0)
        x = -sine if odd else cosine
        y = cosine if odd else sine
        lower = quadrant >= _TWO
        g[2 * i] = radius * (-x if lower else x)
        g[2 * i + 1] = radius * (-y if lower else y)


@compiled
def tree_sum(values: _Array, spare: _Array, count: int) -> float:
    """Return the sum of the first numbers along the binary tree of neighbours.

    Parameters
    ----------
    values : (more than count,)
        Overwritten.
    spare : (at least (count + 2)/2 + 1,)
    count : int
    """
    if count == 0:
        return 0.0
    while count > 1:
        if count & 1:
            values[count] = 0.0
            count += 1
        count //= 2
        for i in range(count):
            spare[i] = values[2 * i] + values[2 * i + 1]
        values, spare = spare, values
    return float(values[0])
