r"""Gaussian vectors, uniform points of the sphere and their first coordinates.

Every number is a pure function of the seed, its row and its column, so that a sample is
the same on any number of threads, in blocks of any size, and on a GPU, to the bit.

**Bits.** Philox4x32-10 (Salmon et al. 2011) is a bijection of 128-bit counters for each
64-bit key. The key is the seed; the counter is (row mod 2^32, row div 2^32, p, stream).
The four words it returns are two 64-bit words, A with the first in its lower half, and
B.

**Uniforms.** (A div 2^12 + 1/2) 2^-52: odd multiples of 2^-53 in (0, 1).

**Normals.** In stream 0, A and B of counter p are the normals of the columns 2p and
2p + 1 of a row by Box and Muller: sqrt(-2 log u) (cos, sin)(2 pi (q/4 + t)), with u
the uniform of A, q the upper two bits of B and t in (-1/8, 1/8) from its next 52. So
their sizes go up to sqrt(106 log 2) = 8.57; the mass beyond is 1e-17. Logarithm, sine
and cosine are made of additions, multiplications, divisions and square roots, each
rounded by itself (no fused ones), and of exact scalings by powers of two: IEEE
arithmetic gives the same bits everywhere. The normals are within 6 units of 2^-53,
relative, of the exact functions of the bits: half of the 2 of the logarithm, 3 of sine
and cosine, and 1 each for root and product. In 4 x 10^7 the largest error is 4.2.

**Norms.** Squares are added along the binary tree of neighbours, padded with zeros. Its
relative error is at most log2(d) + 2 units of 2^-53, so that points have norm 1 to
log2(d)/2 + 3 units: 2e-15 at d = 10^9. Measured: 3e-16 for d from 2 to 10^7.

**Heights.** The first k coordinates of a uniform point of S^{d-1} are
(g_1, ..., g_k) / sqrt(g_1^2 + ... + g_k^2 + s) with the normals of stream 0 and an
independent s of the law chi^2_m, m = d - k. Up to m = 2 they are those of
`sphere_sample`. From m = 3 on s comes from rejection (Marsaglia and Tsang 2000): with
D = m/2 - 1/3, a normal z of stream 1, a uniform u of stream 2, both of column j, and
t = z / sqrt(9 D), the attempt j gives s = 2 D (1 + t)^3 and is accepted if 1 + t > 0
and

    log u < 3 D L(t),   L(t) = log(1 + t) - t + t^2/2 - t^3/3 = -t^4 (1/4 - t/5 + ...),

which is their test without its cancellation. 3.2 % of the attempts fail at m = 3, and
fewer for larger m. The sixteenth attempt counts in any case: that changes the law by
less than 1e-22 in total variation, nothing beside the 2^-53 of the uniforms.

References
----------
Salmon, Moraes, Dror, Shaw, SC11 (2011), doi:10.1145/2063384.2063405. Box, Muller, Ann.
Math. Statist. 29 (1958), 610-611. Marsaglia, Tsang, ACM TOMS 26 (2000), 363-372.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

ATTEMPTS = 16
SMALL_EXCESS = 2  # up to here s is the sum of the squares themselves

LN2_HI, LN2_LO = 0.6931471806019545, -4.2009150726810846e-11  # HI has 32 bits
SQRT_HALF = 0.7071067811865476
# (log((1 + s)/(1 - s)) - 2 s)/s^3, sin(2 pi t)/t and (cos(2 pi t) - 1)/t^2 as
# polynomials of s^2 and t^2 for s^2 < 0.0295 and |t| < 1/8 (Chebyshev; relative errors
# 5e-16, of a term that is 2 % of the logarithm at most, 4e-17 and 6e-17)
LOG = (
    0.666666666666667,
    0.39999999999899505,
    0.28571428625975487,
    0.2222221113479508,
    0.18182889125261723,
    0.15331721600556042,
    0.14616449685043406,
)
SIN = (
    6.283185307179586,
    -41.341702240399634,
    81.60524927594804,
    -76.70585970427454,
    42.058685020160894,
    -15.093804209987114,
    3.7808689593022957,
)
COS = (
    -19.739208802178716,
    64.93939402266824,
    -85.4568172066438,
    60.24464135270201,
    -26.426253275854723,
    7.903206911569678,
    -1.6990343940660637,
)
REMAINDER = tuple((-1.0) ** j / (j + 4) for j in range(16))  # -L(t)/t^4 up to |t| = 1/8

_MASK = 0xFFFFFFFF


def _philox(counter: tuple[Any, ...], seed: int) -> tuple[Any, ...]:
    """Return the four 32-bit words of counters, held in uint64."""
    a, b, c, d = counter
    key, other = seed & _MASK, seed >> 32
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = (second >> 32) ^ b ^ key, second & _MASK
        c, d = (first >> 32) ^ d ^ other, first & _MASK
        key, other = (key + 0x9E3779B9) & _MASK, (other + 0xBB67AE85) & _MASK
    return a, b, c, d


def _words(
    seed: int, first: int, n: int, count: int, stream: int
) -> tuple[_Array, _Array]:
    """Return A and B, (n, count) uint64, of counters p < count of n rows."""
    low = (first & _MASK) + np.arange(n, dtype=np.uint64)[:, None]
    high = ((first >> 32) + (low >> 32)) & _MASK
    p = np.arange(count, dtype=np.uint64)[None, :]
    grid = np.broadcast_arrays(low & _MASK, high, p, np.uint64(stream))
    a, b, c, d = _philox(tuple(grid), seed)
    return a | b << 32, c | d << 32


def _horner(coefficients: tuple[float, ...], x: _Array) -> _Array:
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def _log(x: _Array) -> _Array:
    """Return the logarithm of positive doubles that are not subnormal."""
    m, exponent = np.frexp(x)
    small = m < SQRT_HALF
    m = np.where(small, 2.0 * m, m)
    e = np.where(small, exponent - 1, exponent).astype(np.float64)
    f = m - 1.0
    s = f / (2.0 + f)
    w = s * s
    half = 0.5 * f * f
    rest = half - (s * (half + w * _horner(LOG, w)) + e * LN2_LO)
    return e * LN2_HI - (rest - f)


def _unit(word: _Array) -> _Array:
    """Return the uniform of a 64-bit word."""
    return ((word >> 12).astype(np.float64) + 0.5) * 2.0**-52


def _uniforms(seed: int, first: int, n: int, d: int, stream: int) -> _Array:
    A, B = _words(seed, first, n, (d + 1) // 2, stream)
    return np.stack([_unit(A), _unit(B)], axis=2).reshape(n, 2 * A.shape[1])[:, :d]


def _normals(seed: int, first: int, n: int, d: int, stream: int) -> _Array:
    A, B = _words(seed, first, n, (d + 1) // 2, stream)
    radius = np.sqrt(-2.0 * _log(_unit(A)))
    quadrant = (B >> 62).astype(np.int64)
    t = 0.25 * (_unit(B << 2) - 0.5)
    w = t * t
    sine = t * _horner(SIN, w)
    cosine = 1.0 + w * _horner(COS, w)
    x = np.choose(quadrant, [cosine, -sine, -cosine, sine])
    y = np.choose(quadrant, [sine, cosine, -sine, -cosine])
    return np.stack([radius * x, radius * y], axis=2).reshape(n, 2 * A.shape[1])[:, :d]


def _sum_of_squares(g: _Array) -> _Array:
    """Return sums over rows, (n, 1), along the binary tree of neighbours."""
    n, d = g.shape
    total = np.zeros((n, 1 << max(d - 1, 0).bit_length()))
    total[:, :d] = g * g
    while total.shape[1] > 1:
        total = total[:, 0::2] + total[:, 1::2]
    return total


def _chi2(seed: int, first: int, n: int, m: int) -> _Array:
    """Return values of the law chi^2_m, m >= 3, one a row."""
    D = (3 * m - 2) / 6
    t = _normals(seed, first, n, ATTEMPTS, stream=1) / math.sqrt(9.0 * D)
    u = _uniforms(seed, first, n, ATTEMPTS, stream=2)
    positive = 1.0 + t > 0.0
    w = np.where(positive, 1.0 + t, 1.0)
    far = ((_log(w) - t) + 0.5 * t * t) - t * t * t / 3.0
    near = -(t * t * (t * t)) * _horner(REMAINDER, t)
    L = np.where(np.abs(t) < 0.125, near, far)
    accepted = positive & (_log(u) < 3.0 * D * L)
    accepted[:, -1] = True
    chosen = accepted.argmax(axis=1)[:, None]
    w = np.take_along_axis(w, chosen, axis=1)
    return 2.0 * D * (w * w * w)


def gaussian_sample(
    seed: int, n: int, d: int, *, first: int = 0, dtype: str = "float64"
) -> _Array:
    """Return independent standard normal numbers.

    Parameters
    ----------
    seed : int
        From 0 to 2^64 - 1.
    n, d : int
        The number of rows and of columns; d from 1 to 2^32.
    first : int
        The rows are first, ..., first + n - 1 of a sample without end, modulo 2^64.
    dtype : {"float64", "float32"}
        float32 is the float64 sample, rounded.

    Returns
    -------
    (n, d)
    """
    return _normals(seed, first, n, d, stream=0).astype(dtype)


def sphere_sample(
    seed: int, n: int, d: int, *, first: int = 0, dtype: str = "float64"
) -> _Array:
    """Return uniform points of the unit sphere S^{d-1}: `gaussian_sample`, normalised.

    Parameters
    ----------
    seed, n, d, first, dtype
        As for `gaussian_sample`.

    Returns
    -------
    (n, d)
    """
    g = _normals(seed, first, n, d, stream=0)
    return (g / np.sqrt(_sum_of_squares(g))).astype(dtype)


def sphere_heights(seed: int, n: int, d: int, k: int, *, first: int = 0) -> _Array:
    """Return the first k coordinates of uniform points of S^{d-1}.

    The law is that of ``sphere_sample(seed, n, d)[:, :k]``, at the cost of k + 1
    coordinates; the values are the same only for d <= k + 2.

    Parameters
    ----------
    seed, n, first
        As for `gaussian_sample`.
    d : int
        From 1 to 10^9.
    k : int
        From 0 to d.

    Returns
    -------
    (n, k) float64
    """
    if d - k <= SMALL_EXCESS:
        return sphere_sample(seed, n, d, first=first)[:, :k].copy()
    g = _normals(seed, first, n, k, stream=0)
    return g / np.sqrt(_sum_of_squares(g) + _chi2(seed, first, n, d - k))


_SIZES = (1, 2, 3, 4, 5, 8, 17, 50, 129, 1023, 1024, 1025, 1026, 2047, 3073)


def _inputs(name: str) -> Any:
    def strategy() -> "SearchStrategy[Arguments]":
        from hypothesis import strategies as st

        from geomadv_kernels.strategies import COUNTS

        seed = st.sampled_from([0, 1, _MASK, 2**63, 2**64 - 1])
        first = st.sampled_from([0, 1, 2**31 - 3, 2**32 - 5, 2**53, 2**64 - 9])
        common = {
            "seed": seed | st.integers(0, 2**64 - 1),
            "n": st.sampled_from(COUNTS),
            "first": first | st.integers(0, 2**64 - 1),
        }
        size = st.sampled_from(_SIZES)
        if name == "sphere_heights":
            edges = st.sampled_from([0, 1, 2, 3, 4, 5, 100, 10**6, 10**9 - _SIZES[-1]])
            excess = edges | st.integers(3, 10**9 - _SIZES[-1])
            arguments = st.builds(
                lambda k, excess, **rest: {"d": max(1, k + excess), "k": k, **rest},
                st.just(0) | size,
                excess,
                **common,
            )
        else:
            dtype = st.sampled_from(["float64", "float32"])
            arguments = st.fixed_dictionaries({"d": size, "dtype": dtype, **common})
        return arguments.filter(lambda given: given["n"] * min(given["d"], 4096) < 2e5)

    return strategy


def _tolerance(arguments: Arguments, expected: Any) -> Any:  # noqa: ARG001
    return 0


def _memory(arguments: Arguments) -> int:
    """Return a block of rows in float64, and the workspace, for 64 threads."""
    width = arguments["k"] + SMALL_EXCESS if "k" in arguments else arguments["d"]
    return 64 * (8 * max(2 * width, 2**16) + 2**17)


KERNELS = tuple(
    Kernel(
        function.__name__,
        file="sphere_sample",
        reference=function,
        inputs=_inputs(function.__name__),
        tolerance=_tolerance,
        memory=_memory,
        accelerators=("xp",),
    )
    for function in (gaussian_sample, sphere_sample, sphere_heights)
)
