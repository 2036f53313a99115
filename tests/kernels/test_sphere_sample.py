"""Bits, functions of the bits, and laws of Gaussian and spherical samples.

The seeds are fixed. The probability that a perfect generator fails is at most ALPHA for
each statistical decision, and below 1e-3 for all of them. But for the moments, which
lean on the central limit theorem, it holds without approximations (Hoeffding's
inequality; Massart's constant in that of Dvoretzky, Kiefer and Wolfowitz).
"""

import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special

from geomadv_kernels.cpu import _philox
from geomadv_kernels.cpu import sphere_sample as cpu
from geomadv_kernels.reference import sphere_sample as reference

ALPHA = 1e-6
SEED = 20240229
UNIT = 2.0**-53


def philox(counter: list[int], key: list[int], width: int) -> list[int]:
    """Philox4 x `width`, ten rounds, in Python's integers."""
    factors, weyl = {
        32: ((0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)),
        64: (
            (0xD2E7470EE14C6C93, 0xCA5A826395121157),
            (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B),
        ),
    }[width]
    mask = 2**width - 1
    c, k = list(counter), list(key)
    for _ in range(10):
        one, two = c[0] * factors[0], c[2] * factors[1]
        c = [
            (two >> width) ^ c[1] ^ k[0],
            two & mask,
            (one >> width) ^ c[3] ^ k[1],
            one & mask,
        ]
        k = [(k[0] + weyl[0]) & mask, (k[1] + weyl[1]) & mask]
    return c


KNOWN = [  # Random123, tests/kat_vectors
    ("00000000 " * 4, "00000000 " * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff " * 4, "ffffffff " * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def bits(counter: list[int], key: list[int]) -> list[int]:
    """The four words of the compiled generator."""
    low, high, pair = (np.array([word], np.uint64) for word in counter[:3])
    A, B = np.empty(1, np.uint64), np.empty(1, np.uint64)
    seed, stream = np.uint64(key[0] | key[1] << 32), np.uint64(counter[3])
    _philox.words(seed, low, high, pair, stream, A, B)
    a, b = int(A[0]), int(B[0])
    return [a & 0xFFFFFFFF, a >> 32, b & 0xFFFFFFFF, b >> 32]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_known_answers_of_philox(counter: str, key: str, result: str) -> None:
    c, k, r = (
        [int(word, 16) for word in text.split()] for text in (counter, key, result)
    )
    assert bits(c, k) == philox(c, k, 32) == r


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=4, max_size=4),
    st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=2),
)
def test_the_integer_version_is_numpys_where_words_have_64_bits(
    counter: list[int], key: list[int]
) -> None:
    number = sum(word << 64 * i for i, word in enumerate(counter))
    before = (number - 1) % 2**256  # NumPy counts before it calls the function
    generator = np.random.Philox(counter=before, key=key[0] | key[1] << 64)
    assert philox(counter, key, 64) == generator.random_raw(4).tolist()


@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4),
    st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=2),
)
def test_the_compiled_version_is_the_integer_version(
    counter: list[int], key: list[int]
) -> None:
    assert bits(counter, key) == philox(counter, key, 32)


def exact_normals(A: int, B: int) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Box and Muller's functions of two 64-bit words, to 60 digits."""
    u = ((A >> 12) + mpmath.mpf(1) / 2) / 2**52
    inner = ((B & (2**62 - 1)) >> 10) + mpmath.mpf(1) / 2
    angle = (B >> 62) + inner / 2**52 - mpmath.mpf(1) / 2
    radius = mpmath.sqrt(-2 * mpmath.log(u))
    # angles in quarter turns: cospi and sinpi are exact at the axes
    return radius * mpmath.cospi(angle / 2), radius * mpmath.sinpi(angle / 2)


word = st.integers(0, 2**64 - 1)


@settings(max_examples=300)
@given(word, word)
@example(0, 0)
@example(2**64 - 1, 2**64 - 1)
@example(2**63, 2**61)
@example(2**63 - 4096, 2**62 - 1)
@example(0xB504F333F9DE6484, 2**62)
@example(0xB504F333F9DE7000, 3 << 60)
def test_normals_are_the_functions_of_the_bits(A: int, B: int) -> None:
    g = np.empty(2)
    _philox.normals(np.array([A], np.uint64), np.array([B], np.uint64), g)
    for ours, exact in zip(g.tolist(), exact_normals(A, B), strict=True):
        assert abs(ours - exact) <= 6 * UNIT * abs(exact)


@pytest.mark.parametrize(
    ("seed", "row", "column"),
    [(0, 0, 0), (2**64 - 1, 2**64 - 1, 1), (3, 2**32, 2), (2**40 + 1, 5, 2047)],
)
def test_a_number_depends_on_seed_row_and_column_alone(
    seed: int, row: int, column: int
) -> None:
    key = [seed & 0xFFFFFFFF, seed >> 32]
    a, b, c, d = philox([row & 0xFFFFFFFF, row >> 32, column // 2, 0], key, 32)
    exact = exact_normals(a | b << 32, c | d << 32)[column % 2]
    found = cpu.gaussian_sample(seed, 1, column + 1, first=row)[0, column]
    assert abs(float(found) - exact) <= 6 * UNIT * abs(exact)


def test_sizes_of_normals_go_from_one_end_of_the_uniforms_to_the_other() -> None:
    g = np.empty(4)
    A = np.array([0, 2**64 - 1], np.uint64)
    _philox.normals(A, np.array([2**61, 2**61], np.uint64), g)
    assert g[0] == pytest.approx(math.sqrt(106 * math.log(2)), rel=1e-15)
    assert g[2] == pytest.approx(math.sqrt(-2 * math.log1p(-UNIT)), rel=1e-15)
    assert g[0] > 8


@given(st.floats(2.0**-60, 7.99))
@example(1.0)
@example(math.sqrt(0.5))
@example(1 - UNIT)
@example(1 + 2 * UNIT)
def test_logarithm_is_within_one_unit_in_the_last_place(x: float) -> None:
    exact = mpmath.log(x)
    assert abs(_philox.log(x) - exact) <= np.spacing(abs(float(exact)))


@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from([1, 2, 7, 1025, 2060]),
)
def test_a_sample_can_be_cut_anywhere(
    seed: int, first: int, n: int, m: int, d: int
) -> None:
    for sample in (
        cpu.gaussian_sample,
        cpu.sphere_sample,
        lambda seed, n, d, first: cpu.sphere_heights(seed, n, d + 9, 2, first=first),
    ):
        whole = sample(seed, n + m, d, first=first)
        one = sample(seed, n, d, first=first)
        other = sample(seed, m, d, first=(first + n) % 2**64)
        assert whole.tobytes() == one.tobytes() + other.tobytes()


def test_columns_of_gaussian_samples_do_not_depend_on_their_number() -> None:
    wide = cpu.gaussian_sample(SEED, 30, 3000)
    for d in (1, 2, 1023, 1024, 1025, 2999):
        assert np.array_equal(cpu.gaussian_sample(SEED, 30, d), wide[:, :d])


@pytest.mark.parametrize("sample", [cpu.gaussian_sample, cpu.sphere_sample])
@pytest.mark.parametrize("d", [1, 3, 1500])
def test_single_precision_is_double_precision_rounded(
    sample: Callable[..., np.ndarray], d: int
) -> None:
    double, single = (sample(SEED, 100, d, dtype=t) for t in ("float64", "float32"))
    assert single.dtype == np.float32
    assert np.array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize(
    ("n", "d"), [(999, 2), (99, 3), (99, 100), (9, 4097), (2, 10**6)]
)
def test_points_have_norm_one(n: int, d: int) -> None:
    for x in cpu.sphere_sample(SEED, n, d):
        assert abs(math.fsum(x * x) - 1) <= 1e-15


def test_points_of_the_zero_sphere_are_plus_and_minus_one() -> None:
    x = cpu.sphere_sample(SEED, 1000, 1)
    assert np.array_equal(np.unique(x), [-1.0, 1.0])


def test_a_long_row_is_normalised_along_the_same_tree() -> None:
    d = 3_000_001  # 2930 tiles
    g, x = cpu.gaussian_sample(SEED, 1, d), cpu.sphere_sample(SEED, 1, d)
    assert np.array_equal(x, g / np.sqrt(reference._sum_of_squares(g)))


@given(st.integers(0, 2**64 - 1), st.integers(1, 30), st.integers(0, 2))
def test_heights_are_coordinates_where_little_is_left(
    seed: int, d: int, rest: int
) -> None:
    k = max(0, d - rest)
    heights = cpu.sphere_heights(seed, 20, d, k)
    assert np.array_equal(heights, cpu.sphere_sample(seed, 20, d)[:, :k])


def test_no_heights() -> None:
    assert cpu.sphere_heights(SEED, 5, 10**9, 0).shape == (5, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n": 3, "d": 10**6, "dtype": "float32"},
        {"n": 10**5, "d": 20},
        {"n": 10**6, "d": 10**9, "k": 1},
    ],
)
def test_memory_beside_the_result(arguments: dict[str, Any]) -> None:
    name = "sphere_heights" if "k" in arguments else "sphere_sample"
    (kernel,) = (kernel for kernel in reference.KERNELS if kernel.name == name)
    sample = kernel.implementation("cpu")
    sample(SEED, **arguments | {"n": 1})
    tracemalloc.start()
    result = sample(SEED, **arguments, threads=2)
    extra = tracemalloc.get_traced_memory()[1] - result.nbytes
    tracemalloc.stop()
    assert extra <= kernel.memory(arguments) / 32 + 2**16  # that is for 64 threads


# Chi-squares


@settings(max_examples=200)
@given(
    st.one_of(st.integers(3, 30), st.integers(3, 10**9)),
    st.floats(-8.57, 8.57),
    st.integers(0, 2**64 - 1),
)
@example(3, -8.5, 0)
@example(3, -3.3, 2**40)
@example(1200, 7.2, 2**63)
def test_an_attempt_is_that_of_marsaglia_and_tsang(m: int, z: float, word: int) -> None:
    D = mpmath.mpf(m) / 2 - mpmath.mpf(1) / 3
    v = (1 + z / mpmath.sqrt(9 * D)) ** 3
    u = ((word >> 12) + mpmath.mpf(1) / 2) / 2**52
    D_double = (3 * m - 2) / 6
    root = math.sqrt(9 * D_double)
    found = cpu._attempt(D_double, root, z, np.uint64(word), False)
    if v <= 1e-30:
        assert found == -1
        return
    bound = mpmath.mpf(z) ** 2 / 2 + D - D * v + D * mpmath.log(v)
    if abs(mpmath.log(u) - bound) > 1e-12:
        assert (found >= 0) == (mpmath.log(u) < bound)
    always = cpu._attempt(D_double, root, z, np.uint64(word), True)
    # the error of 1 + z/root is at most 2^-53, and its cube is taken
    cube_root = mpmath.cbrt(v)
    assert abs(always - 2 * D * v) <= 2 * D * v * UNIT * (8 + 4 / cube_root)


@pytest.mark.parametrize("m", [3, 4, 9, 10**3, 10**9])
def test_attempts_fail_as_often_as_stated(m: int) -> None:
    D = mpmath.mpf(m) / 2 - mpmath.mpf(1) / 3

    def accepted(z: mpmath.mpf) -> mpmath.mpf:
        t = z / mpmath.sqrt(9 * D)
        if t <= -1:
            return mpmath.mpf(0)
        L = mpmath.log1p(t) - t + t**2 / 2 - t**3 / 3
        return mpmath.npdf(z) * mpmath.exp(3 * D * L)

    failing = 1 - mpmath.quad(accepted, [-12, -3, 0, 3, 12])
    assert failing < 0.033
    assert failing**16 < 1e-22


@pytest.mark.parametrize(
    ("first", "n", "used"),
    [(0, 200_000, {0, 1, 2, 3}), (449_654, 1, {4}), (3_981_060, 1, {4})],
)
def test_all_attempts_are_read_in_their_order(
    first: int, n: int, used: set[int]
) -> None:
    m = 3
    D = (3 * m - 2) / 6
    root = math.sqrt(9 * D)
    z = reference._normals(SEED, first, n, 16, stream=1)
    A, B = reference._words(SEED, first, n, 8, stream=2)
    words = np.stack([A, B], axis=2).reshape(n, 16)
    found = chi2_rows(n, m, first)
    accepted_at = set()
    for row in range(n):
        for attempt in range(16):
            value = cpu._attempt(D, root, z[row, attempt], words[row, attempt], False)
            if value >= 0:
                break
        assert value == found[row]
        accepted_at.add(attempt)
    assert used <= accepted_at
    assert np.array_equal(found, reference._chi2(SEED, first, n, m)[:, 0])


def chi2_rows(n: int, m: int, first: int = 0) -> np.ndarray:
    found = np.empty(n)
    space = np.empty((5, 512), np.uint64)
    cpu._chi2_rows(np.uint64(SEED), np.uint64(first), m, space, np.empty(1024), found)
    return found


# Laws


def assert_law(values: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> None:
    """Kolmogorov and Smirnov's test; a true law fails with probability ALPHA."""
    n = values.size
    F = cdf(np.sort(values))
    steps = np.arange(n + 1) / n
    distance = max(np.max(steps[1:] - F), np.max(F - steps[:-1]))
    assert distance <= math.sqrt(math.log(2 / ALPHA) / (2 * n))


def height_cdf(d: int) -> Callable[[np.ndarray], np.ndarray]:
    """The law of one coordinate: t^2 is beta((1, d - 1)/2), and signs are fair."""

    def cdf(t: np.ndarray) -> np.ndarray:
        half = 0.5 * special.betainc(0.5, 0.5 * (d - 1), t * t)
        return 0.5 + np.sign(t) * half

    return cdf


def test_the_test_of_laws_sees_a_wrong_dimension() -> None:
    heights = cpu.sphere_heights(SEED, 10**6, 20, 1).ravel()
    assert_law(heights, height_cdf(20))
    with pytest.raises(AssertionError):
        assert_law(heights, height_cdf(21))


def test_law_of_gaussian_samples() -> None:
    assert_law(cpu.gaussian_sample(SEED, 10**4, 100).ravel(), special.ndtr)
    assert_law(cpu.gaussian_sample(SEED + 1, 10**6, 1).ravel(), special.ndtr)


def test_moments_of_gaussian_samples() -> None:
    g = cpu.gaussian_sample(SEED, 10**4, 100).ravel()
    # odd moments vanish; (2k)! / (2^k k!) are 1, 3, 15; central limit theorem
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        deviation = abs(np.mean(g**power) - mean) / math.sqrt(variance / g.size)
        assert deviation <= special.ndtri(1 - ALPHA / 2)


@pytest.mark.parametrize("d", [2, 3, 7, 100])
def test_law_of_points_in_any_direction(d: int) -> None:
    x = cpu.sphere_sample(SEED, 200_000, d)
    u = np.random.default_rng(SEED).standard_normal(d)
    assert_law(x @ (u / np.linalg.norm(u)), height_cdf(d))
    assert_law(x[:, -1], height_cdf(d))
    angle = np.arctan2(x[:, 1], x[:, 0])
    assert_law(angle, lambda t: t / (2 * math.pi) + 0.5)


@pytest.mark.parametrize("d", [4, 5, 12, 1000, 10**6, 10**9])
def test_law_of_heights(d: int) -> None:
    x = cpu.sphere_heights(SEED, 200_000, d, 2)
    assert_law(x[:, 0], height_cdf(d))
    assert_law(x[:, 1], height_cdf(d))
    assert_law((x[:, 0] - x[:, 1]) / math.sqrt(2), height_cdf(d))
    # x_1^2 + x_2^2 is beta(1, (d - 2)/2), and 1 - (1 - s)^(d/2 - 1) its cdf
    s = (x * x).sum(axis=1)
    assert_law(s, lambda s: -np.expm1((0.5 * d - 1) * np.log1p(-s)))
    assert_law(np.arctan2(x[:, 1], x[:, 0]), lambda t: t / (2 * math.pi) + 0.5)


@pytest.mark.parametrize("m", [3, 4, 5, 31, 1000, 10**9])
def test_law_of_chi_squares(m: int) -> None:
    values = chi2_rows(500_000, m)
    assert_law(values, lambda s: special.gammainc(0.5 * m, 0.5 * s))


# Independence


def assert_uncorrelated(x: np.ndarray, y: np.ndarray) -> None:
    """Products of independent numbers in [-1, 1], one of mean 0; Hoeffding."""
    mean = abs(np.mean(x * y))
    assert mean <= math.sqrt(2 * math.log(2 / ALPHA) / x.size)


def features(g: np.ndarray) -> list[np.ndarray]:
    """Uniform on [-1, 1] under the normal law: the number, and its size."""
    return [2 * special.ndtr(g) - 1, 4 * special.ndtr(np.abs(g)) - 3]


def neighbours() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    g = cpu.gaussian_sample(SEED, 2000, 500)
    many = cpu.gaussian_sample(SEED, 10**6, 1)
    return {
        "columns": (g[:, :-1], g[:, 1:]),
        "the two of a counter": (g[:, 0::2], g[:, 1::2]),
        "rows": (g[:-1], g[1:]),
        "diagonal": (g[:-1, :-1], g[1:, 1:]),
        "rows far apart": (g, cpu.gaussian_sample(SEED, 2000, 500, first=2**32)),
        "seeds": (g, cpu.gaussian_sample(SEED + 1, 2000, 500)),
        "seeds far apart": (g, cpu.gaussian_sample(SEED + 2**32, 2000, 500)),
        "rows of one column": (many[:-1], many[1:]),
        "normals and chi-squares": (many, reference._normals(SEED, 0, 10**6, 1, 1)),
    }


def test_neighbours_are_uncorrelated() -> None:
    for x, y in neighbours().values():
        for one in features(x):
            for other in features(y):
                assert_uncorrelated(one, other)


def test_columns_of_heights_are_signed_independently() -> None:
    signs = np.sign(cpu.sphere_heights(SEED, 200_000, 1000, 5))
    for i in range(5):
        for j in range(i):
            assert_uncorrelated(signs[:, i], signs[:, j])


def test_each_bit_and_each_pair_of_neighbouring_bits_is_fair() -> None:
    A, B = reference._words(SEED, 0, 2**17, 1, stream=0)
    words = np.concatenate([A, B], axis=1).view(np.uint8)
    signs = 2.0 * np.unpackbits(words, axis=1) - 1.0
    bound = math.sqrt(2 * math.log(2 * 128 / ALPHA) / len(signs))
    assert np.abs(signs.mean(axis=0)).max() <= bound
    assert np.abs((signs[:, 1:] * signs[:, :-1]).mean(axis=0)).max() <= bound
    assert np.abs((signs[1:] * signs[:-1]).mean(axis=0)).max() <= bound


def test_one_bit_of_seed_or_counter_changes_half_of_the_bits() -> None:
    rng = np.random.default_rng(SEED)
    changes = []
    for bit in range(192):
        for _ in range(20):
            number = int.from_bytes(rng.bytes(24), "little")
            results = []
            for value in (number, number ^ 1 << bit):
                c = [value >> 32 * i & 0xFFFFFFFF for i in range(6)]
                results.append(bits(c[:4], c[4:]))
            pairs = zip(*results, strict=True)
            changes.append(sum((a ^ b).bit_count() for a, b in pairs) / 64 - 1)
        # a mean of 20 x 128 signs
        assert abs(np.mean(changes[-20:])) <= math.sqrt(2 * math.log(2 / ALPHA) / 2560)
