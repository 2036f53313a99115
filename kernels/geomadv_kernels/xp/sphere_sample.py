"""Gaussian vectors, uniform points of the sphere and their first coordinates.

See `geomadv_kernels.reference.sphere_sample`, whose bits these are. There are no arrays
among the arguments: the keyword `like`, any array, says in which namespace and on which
device the result shall be.
"""

import math
from collections.abc import Callable
from typing import Any

import array_api_compat

from geomadv_kernels.contract import ran
from geomadv_kernels.reference.sphere_sample import (
    ATTEMPTS,
    COS,
    LN2_HI,
    LN2_LO,
    LOG,
    REMAINDER,
    SIN,
    SMALL_EXCESS,
    SQRT_HALF,
)

LOOSER = 1.0  # the contract's tolerance, which is 0

_MASK = 0xFFFFFFFF
_BLOCK = 2**22  # numbers made at a time, unless a row has more: about 1 GB


def _words(
    like: Any, seed: int, first: int, n: int, count: int, stream: int
) -> tuple[Any, Any]:
    """Return the 64-bit words, (n, count), of counters p < count of n rows."""
    xp, device = array_api_compat.array_namespace(like), array_api_compat.device(like)
    low = xp.arange(n, dtype=xp.uint64, device=device)[:, None] + (first & _MASK)
    a: Any = low & _MASK
    b: Any = ((low >> 32) + (first >> 32)) & _MASK
    c: Any = xp.arange(count, dtype=xp.uint64, device=device)[None, :]
    d: Any = stream
    key, other = seed & _MASK, seed >> 32
    for _ in range(10):
        one, two = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = (two >> 32) ^ b ^ key, two & _MASK
        c, d = (one >> 32) ^ d ^ other, one & _MASK
        key, other = (key + 0x9E3779B9) & _MASK, (other + 0xBB67AE85) & _MASK
    return a | (b << 32), c | (d << 32)


def _horner(coefficients: tuple[float, ...], x: Any) -> Any:
    value = x * coefficients[-1] + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        value = value * x + coefficient
    return value


def _log(x: Any) -> Any:
    """Return the logarithm of numbers from 2^-60 up to, but not including, 8.

    The exponent is found by bisection: namespaces have no common frexp.
    """
    xp = array_api_compat.array_namespace(x)
    m = 0.125 * x
    e = xp.zeros_like(x) + 3.0
    for step in (32, 16, 8, 4, 2, 1):
        small = m < 2.0**-step
        m = xp.where(small, m * 2.0**step, m)
        e = xp.where(small, e - step, e)
    small = m < SQRT_HALF
    m = xp.where(small, 2.0 * m, m)
    e = xp.where(small, e - 1.0, e)
    f = m - 1.0
    s = f / (2.0 + f)
    w = s * s
    half = 0.5 * f * f
    rest = half - (s * (half + w * _horner(LOG, w)) + e * LN2_LO)
    return e * LN2_HI - (rest - f)


def _unit(word: Any) -> Any:
    """Return the uniform of a 64-bit word."""
    xp = array_api_compat.array_namespace(word)
    return (xp.astype(word >> 12, xp.float64) + 0.5) * 2.0**-52


def _interleaved(even: Any, odd: Any, d: int) -> Any:
    xp = array_api_compat.array_namespace(even)
    n, count = even.shape
    return xp.reshape(xp.stack([even, odd], axis=2), (n, 2 * count))[:, :d]


def _uniforms(like: Any, seed: int, first: int, n: int, d: int, stream: int) -> Any:
    A, B = _words(like, seed, first, n, (d + 1) // 2, stream)
    return _interleaved(_unit(A), _unit(B), d)


def _normals(like: Any, seed: int, first: int, n: int, d: int, stream: int) -> Any:
    A, B = _words(like, seed, first, n, (d + 1) // 2, stream)
    xp = array_api_compat.array_namespace(A)
    radius = xp.sqrt(-2.0 * _log(_unit(A)))
    quadrant = B >> 62
    t = 0.25 * (_unit(B << 2) - 0.5)
    w = t * t
    sine = t * _horner(SIN, w)
    cosine = 1.0 + w * _horner(COS, w)
    odd, lower = (quadrant & 1) == 1, quadrant >= 2
    x = xp.where(odd, -sine, cosine)
    y = xp.where(odd, cosine, sine)
    x, y = xp.where(lower, -x, x), xp.where(lower, -y, y)
    return _interleaved(radius * x, radius * y, d)


def _sum_of_squares(g: Any) -> Any:
    """Return sums over rows, (n, 1), along the binary tree of neighbours."""
    xp = array_api_compat.array_namespace(g)
    total = g * g
    if total.shape[1] == 0:
        return xp.sum(total, axis=1, keepdims=True)
    while total.shape[1] > 1:
        if total.shape[1] % 2:
            total = xp.concat([total, xp.zeros_like(total[:, :1])], axis=1)
        total = total[:, 0::2] + total[:, 1::2]
    return total


def _chi2(like: Any, seed: int, first: int, n: int, m: int) -> Any:
    """Return values of the law chi^2_m, m >= 3, (n, 1)."""
    xp = array_api_compat.array_namespace(like)
    D = (3 * m - 2) / 6
    t = _normals(like, seed, first, n, ATTEMPTS, 1) / math.sqrt(9.0 * D)
    u = _uniforms(like, seed, first, n, ATTEMPTS, 2)
    positive = 1.0 + t > 0.0
    w = xp.where(positive, 1.0 + t, xp.ones_like(t))
    far = ((_log(w) - t) + 0.5 * t * t) - t * t * t / 3.0
    near = -(t * t * (t * t)) * _horner(REMAINDER, t)
    L = xp.where(xp.abs(t) < 0.125, near, far)
    accepted = positive & (_log(u) < 3.0 * D * L)
    chosen = w[:, -1:]
    for j in range(ATTEMPTS - 2, -1, -1):
        chosen = xp.where(accepted[:, j : j + 1], w[:, j : j + 1], chosen)
    return 2.0 * D * (chosen * chosen * chosen)


def _in_blocks(rows: Callable[[int, int], Any], first: int, n: int, d: int) -> Any:
    """Return the results of ``rows(first, n)`` for blocks of rows, one on the other."""
    size = max(1, _BLOCK // max(d, 2 * ATTEMPTS))
    pieces = [
        rows((first + start) % 2**64, min(size, n - start))
        for start in range(0, max(n, 1), size)
    ]
    if len(pieces) == 1:
        return pieces[0]
    return array_api_compat.array_namespace(pieces[0]).concat(pieces, axis=0)


def gaussian_sample(
    seed: int, n: int, d: int, *, first: int = 0, dtype: str = "float64", like: Any
) -> Any:
    """Return independent standard normal numbers, (n, d).

    Parameters
    ----------
    seed, n, d, first, dtype
        See the reference.
    like : array
        An array of the namespace and on the device of the result.
    """
    xp = array_api_compat.array_namespace(like)

    def rows(first: int, n: int) -> Any:
        return xp.astype(_normals(like, seed, first, n, d, 0), getattr(xp, dtype))

    ran("xp.gaussian_sample")
    return _in_blocks(rows, first, n, d)


def sphere_sample(
    seed: int, n: int, d: int, *, first: int = 0, dtype: str = "float64", like: Any
) -> Any:
    """Return uniform points of S^{d-1}, (n, d): `gaussian_sample`, normalised."""
    xp = array_api_compat.array_namespace(like)

    def rows(first: int, n: int) -> Any:
        g = _normals(like, seed, first, n, d, 0)
        return xp.astype(g / xp.sqrt(_sum_of_squares(g)), getattr(xp, dtype))

    ran("xp.sphere_sample")
    return _in_blocks(rows, first, n, d)


def sphere_heights(
    seed: int, n: int, d: int, k: int, *, first: int = 0, like: Any
) -> Any:
    """Return the first k coordinates of uniform points of S^{d-1}, (n, k) float64."""
    xp = array_api_compat.array_namespace(like)

    def rows(first: int, n: int) -> Any:
        g = _normals(like, seed, first, n, k, 0)
        squares = _sum_of_squares(g) + _chi2(like, seed, first, n, d - k)
        return g / xp.sqrt(squares)

    ran("xp.sphere_heights")
    if d - k <= SMALL_EXCESS:
        return sphere_sample(seed, n, d, first=first, like=like)[:, :k]
    return _in_blocks(rows, first, n, k)
