"""Kernel expansions: independent oracles, conventions, and the contract's sharpness."""

import math
import tracemalloc
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import laplacian_kernel, polynomial_kernel, rbf_kernel

from geomadv_kernels.contract import registry
from geomadv_kernels.cpu import kernel_expansion as module
from geomadv_kernels.cpu._expansion_block import merge
from geomadv_kernels.cpu.kernel_expansion import (
    kernel_expansion,
    kernel_expansion_gradient,
)
from geomadv_kernels.reference import kernel_expansion as reference

KERNELS = (
    "gaussian",
    "laplace",
    "laplacian",
    "polynomial",
    "inverse_multiquadric",
    "hilbert",
)
SMOOTH = ("gaussian", "polynomial", "inverse_multiquadric")


def normal(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def exact(x: np.ndarray, Y: np.ndarray, kernel: str, gamma: float) -> list[Any]:
    """The kernel's values at one point, from exact distances, to 60 digits."""
    values = []
    for y in Y:
        pairs = [(Fraction(p), Fraction(q)) for p, q in zip(x, y, strict=True)]
        square = sum((p - q) ** 2 for p, q in pairs)
        r2 = mpmath.mpf(square.numerator) / square.denominator
        r = mpmath.sqrt(r2)
        one = sum(abs(p - q) for p, q in pairs)
        dot = sum(p * q for p, q in pairs)
        values.append(
            {
                "gaussian": lambda r2=r2: mpmath.exp(-gamma * r2),
                "laplace": lambda r=r: mpmath.exp(-gamma * r),
                "laplacian": lambda s=one: mpmath.exp(-gamma * mpmath.mpf(float(s))),
                "polynomial": lambda s=dot: (gamma * mpmath.mpf(float(s)) + 1) ** 3,
                "inverse_multiquadric": lambda r2=r2: 1 / mpmath.sqrt(1 + gamma * r2),
                "hilbert": lambda r=r: r ** -len(x),
            }[kernel]()
        )
    return values


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("d", [3, 20])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_values_to_13_digits(kernel: str, d: int, offset: float) -> None:
    if kernel == "polynomial":
        offset /= 1e6
    X, Y, a = normal(d, (4, d), (300, d), (300, 2))
    X, Y = X + offset, Y + offset
    X[0] = Y[0] + 1e-6  # much nearer to a point than to the centre
    found = kernel_expansion(X, Y, a, kernel=kernel, gamma=0.5 / d)
    for x, value in zip(X, found, strict=True):
        k = exact(x, Y, kernel, 0.5 / d)
        total = sum(k) if kernel == "hilbert" else mpmath.mpf(1)
        for q in range(2):
            true = mpmath.fdot(k, a[:, q].tolist()) / total
            scale = mpmath.fdot(k, np.abs(a[:, q]).tolist()) / total
            assert abs(value[q] - true) <= 2e-14 * d * scale


@pytest.mark.parametrize("d", [2, 30])
@pytest.mark.parametrize("q", [1, 3])
def test_values_of_scikit_learn(d: int, q: int) -> None:
    X, Y, a = normal(1, (70, d), (600, d), (600, q))
    peers = {
        "gaussian": rbf_kernel(X, Y, gamma=0.1),
        "laplacian": laplacian_kernel(X, Y, gamma=0.1),
        "polynomial": polynomial_kernel(X, Y, gamma=0.1, degree=4, coef0=0.5),
    }
    for kernel, K in peers.items():
        found = kernel_expansion(X, Y, a, kernel=kernel, gamma=0.1, degree=4, coef0=0.5)
        scale = np.abs(K) @ np.abs(a)
        assert (np.abs(found - K @ a) <= 1e-13 * scale).all()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("d", [1, 4, 12])
def test_gradient_is_that_of_the_values(kernel: str, d: int) -> None:
    X, Y, a = normal(2, (9, d), (400, d), (400, 2))
    given = {"kernel": kernel, "gamma": 0.7 / d, "exponent": 2.5}
    _, gradient = kernel_expansion_gradient(X, Y, a, **given)
    step = 1e-4
    if d == 1 and kernel not in SMOOTH:  # no kink within the steps
        assert cdist(X, Y).min() > 2 * step or kernel == "hilbert"
    for c in range(d):
        shift = step * np.eye(d)[c]
        f = [kernel_expansion(X + s * shift, Y, a, **given) for s in (-2, -1, 1, 2)]
        slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * step)
        if kernel in SMOOTH or d > 1:
            near = np.abs(X[:, None, c] - Y[None, :, c]).min(axis=1) < 3 * step
            rough = near if kernel == "laplacian" else np.zeros(len(X), bool)
            error = np.abs(slope - gradient[:, :, c])[~rough]
            assert (error <= 1e-5 * (1 + np.abs(gradient[:, :, c])[~rough])).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_values_with_and_without_gradient_agree(kernel: str) -> None:
    X, Y, a = normal(3, (300, 20), (700, 20), (700, 2))
    given = {"kernel": kernel, "gamma": 0.05}
    values, gradients = kernel_expansion_gradient(X, Y, a, **given)
    assert gradients.shape == (300, 2, 20)
    assert np.allclose(values, kernel_expansion(X, Y, a, **given), rtol=1e-12)


@pytest.mark.parametrize("d", [1, 3, 40])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_hilbert_interpolates(d: int, offset: float) -> None:
    Y, a = normal(4, (300, d), (300, 2))
    Y[1] = Y[0]  # a point that is there twice
    Y = Y + offset
    values, gradients = kernel_expansion_gradient(Y, Y, a, kernel="hilbert")
    expected = a.copy()
    expected[:2] = a[:2].mean(axis=0)
    assert np.array_equal(values, expected)
    assert not gradients.any()


def test_hilbert_in_high_dimension_does_not_overflow() -> None:
    d = 10_000
    X, Y, a = normal(5, (3, d), (5, d), (5, 1))
    X[0] = Y[2] + 1e-3
    found = kernel_expansion(1e30 * X, 1e30 * Y, a, kernel="hilbert")
    assert math.isclose(found[0, 0], a[2, 0], rel_tol=1e-12)
    r = cdist(X[1:], Y)
    weight = (r / r.min(axis=1, keepdims=True)) ** -float(d)
    mean = weight @ a / weight.sum(axis=1, keepdims=True)
    assert np.allclose(found[1:], mean, rtol=1e-8)


@pytest.mark.parametrize("kernel", ["gaussian", "laplace", "laplacian"])
@pytest.mark.parametrize("d", [2, 30])
def test_gradient_at_a_data_point_is_0_by_convention(kernel: str, d: int) -> None:
    Y = np.arange(d, dtype=float)[None]
    values, gradients = kernel_expansion_gradient(
        np.concatenate([Y, Y]), Y, np.ones((1, 1)), kernel=kernel
    )
    assert values.tolist() == [[1.0], [1.0]]
    assert not gradients.any()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nothing_to_sum_or_nowhere_to_evaluate(kernel: str, dtype: Any) -> None:
    for n, m, q in ((0, 3, 2), (3, 0, 2), (3, 3, 0), (0, 0, 1)):
        X, Y, a = (np.ones(s, dtype) for s in ((n, 4), (m, 4), (m, q)))
        values, gradients = kernel_expansion_gradient(X, Y, a, kernel=kernel)
        assert values.dtype == gradients.dtype == dtype
        assert np.array_equal(values, np.zeros((n, q)))
        assert np.array_equal(gradients, np.zeros((n, q, 4)))


def test_precision_of_the_result() -> None:
    X, Y, a = normal(6, (5, 20), (9, 20), (9, 1))
    single = [array.astype(np.float32) for array in (X, Y, a)]
    for kernel in KERNELS:
        assert kernel_expansion(*single, kernel=kernel).dtype == np.float32
        for wide in range(3):
            mixed = list(single)
            mixed[wide] = mixed[wide].astype(np.float64)
            found = kernel_expansion(*mixed, kernel=kernel)
            assert found.dtype == np.float64
            plain = kernel_expansion(
                *(array.astype(np.float64) for array in mixed), kernel=kernel
            )
            assert np.allclose(found, plain, rtol=1e-13)


def test_clusters_far_apart_lose_no_digits() -> None:
    # half of all pairs cancel in the product, by a factor of 10^10
    X, Y, a = normal(7, (300, 30), (300, 30), (300, 1))
    side = np.where(np.arange(300) % 2 == 0, 1e5, -1e5)[:, None]
    X, Y = X + side, Y + side
    K = np.exp(-0.02 * cdist(X, Y, "sqeuclidean"))
    values, gradients = kernel_expansion_gradient(
        X, Y, a, kernel="gaussian", gamma=0.02
    )
    slope = -0.04 * np.einsum("ij,j,ijc->ic", K, a[:, 0], X[:, None] - Y)
    assert (np.abs(values - K @ a) <= 1e-13 * (K @ np.abs(a))).all()
    assert np.allclose(gradients[:, 0], slope, rtol=1e-10, atol=1e-14)


def test_rounding_of_float32_does_not_grow_with_the_number_of_points() -> None:
    X, Y = (array.astype(np.float32) for array in normal(8, (3, 20), (50_000, 20)))
    ones = np.ones((len(Y), 1), np.float32)
    found = kernel_expansion(X, Y, ones, kernel="gaussian", gamma=0.01)
    square = cdist(X.astype(float), Y.astype(float), "sqeuclidean")
    true = np.exp(-0.01 * square).sum(axis=1)
    assert np.allclose(found[:, 0], true, rtol=1e-6)


@pytest.mark.parametrize("d", [1, 10])
@pytest.mark.parametrize("e", [1e-140, 1e-153, 1e-156, 1e-165, 1e-300, 1e-307])
def test_hilbert_near_a_point_of_another_scale(d: int, e: float) -> None:
    X, a = np.zeros((2, d)), np.array([[1.0], [0.0], [0.0]])
    X[1] = e
    Y = np.stack([np.full(d, e), np.full(d, 3 * e), np.ones(d)])
    values, gradients = kernel_expansion_gradient(
        X, Y, a, kernel="hilbert", exponent=1.0
    )
    assert np.allclose(values[:, 0], [0.75, 1.0], rtol=1e-14)
    # f = (1 + r_1/r_2)^-1, whose derivative by r_1 and r_2 is -3/16, 1/16 over e sqrt d
    assert np.allclose(gradients[0, 0] * e, (3 / 16 - 1 / 16) / d, rtol=1e-14)
    assert not gradients[1].any()
    alone = kernel_expansion(X, Y, a, kernel="hilbert", exponent=1.0)
    assert np.array_equal(values, alone)


def test_hilbert_at_and_near_subnormal_points() -> None:
    tiny = 5e-324
    Y = np.array([[tiny, 0.0], [tiny, tiny], [1e300, 0.0], [0.0, 2 * tiny]])
    a = np.arange(4.0)[:, None] ** 2
    found = kernel_expansion(
        np.array([[0.0, 0.0], [1e300, 0.0]]), Y, a, kernel="hilbert"
    )
    weight = np.array([1.0, 0.5, 0.0, 0.25])
    assert math.isclose(found[0, 0], weight @ a[:, 0] / 1.75, rel_tol=1e-14)
    assert found[1, 0] == 4.0


def test_hilbert_of_a_small_exponent_over_all_scales() -> None:
    X, Y, a = np.zeros((1, 1)), np.array([[1e-300], [1e300]]), np.array([[1.0], [0.0]])
    found = kernel_expansion(X, Y, a, kernel="hilbert", exponent=1e-3)
    assert math.isclose(found[0, 0], 1 / (1 + 10**-0.6), rel_tol=1e-14)


@pytest.mark.parametrize("kernel", ["laplace", "hilbert"])
@pytest.mark.parametrize("d", [3, 12])
def test_a_tiny_coordinate_changes_nothing_elsewhere(kernel: str, d: int) -> None:
    X, Y, a = normal(17, (40, d), (900, d), (900, 2))
    given = {"X": X, "Y": Y, "coefficients": a, "kernel": kernel}
    plain = kernel_expansion_gradient(**given)
    X[3], Y[5] = 0.0, 0.0
    without = kernel_expansion_gradient(**given)
    Y[5, 0] = 1e-200
    found = kernel_expansion_gradient(**given)
    far = np.arange(40) != 3
    for ours, other in zip(found, without, strict=True):
        assert np.allclose(ours[far], other[far], rtol=1e-13, atol=1e-13)
    assert not np.array_equal(plain[0], found[0])


@pytest.mark.parametrize(
    ("dtype", "r"),
    [
        (np.float32, 3e-44),
        (np.float32, 7.3e-31),
        (np.float64, 3e-320),
        (np.float64, 1e-170),
    ],
)
@pytest.mark.parametrize("d", [2, 12])
def test_laplace_has_a_slope_however_near(dtype: Any, r: float, d: int) -> None:
    X, Y = np.zeros((2, d), dtype), np.zeros((2, d), dtype)
    Y[0, 0], Y[1, 1] = -r, 1
    X[1] = Y[0]
    a = np.array([[1.0], [-1.0]], dtype)
    _, gradients = kernel_expansion_gradient(X, Y, a, kernel="laplace", gamma=2.0)
    slope = 2 * math.exp(-2.0)
    assert np.allclose(gradients[0, 0, :2], [-2, -slope], rtol=1e-6)
    assert np.allclose(gradients[1, 0, :2], [0, -slope], rtol=1e-6)


STEEP = (
    ("inverse_multiquadric", 1e15, 1e10),
    ("inverse_multiquadric", 1e15, 1e-25),
    ("inverse_multiquadric", 1e-30, 1e55),
    ("inverse_multiquadric", 1e100, 1e150),
    ("inverse_multiquadric", 1e-150, 1e305),
    ("inverse_multiquadric", 1e-200, 1e300),
    ("gaussian", 1e-20, 2e40),
    ("gaussian", 1e-25, 1e30),
    ("gaussian", 1e-152, 2e304),
    ("laplace", 1e-30, 2e30),
    ("laplace", 1e-300, 2e300),
    ("laplace", 1e-300, 1e100),
    ("laplacian", 1e-30, 2e30),
    ("laplacian", 1e-300, 2e300),
    ("laplacian", 1e300, 2e-300),
)


@pytest.mark.parametrize("d", [1, 12])
@pytest.mark.parametrize(
    ("kernel", "r", "gamma", "dtype"),
    [
        (*case, dtype)
        for case in STEEP
        for dtype in (np.float64, np.float32)
        if dtype == np.float64 or 1e-37 < case[1] < 1e37
    ],
)
def test_steep_and_flat_kernels(
    kernel: str, r: float, gamma: float, dtype: Any, d: int
) -> None:
    X, Y = np.zeros((2, d), dtype), np.zeros((3, d), dtype)
    Y[0, 0], Y[1, -1], X[1, 0] = r, max(r, 1.0), 1.0
    a = np.eye(3, 1, dtype=dtype)
    values, gradients = kernel_expansion_gradient(X, Y, a, kernel=kernel, gamma=gamma)
    r, gamma = mpmath.mpf(float(dtype(r))), mpmath.mpf(gamma)
    value, slope = {
        "gaussian": lambda: (mpmath.exp(-gamma * r**2), 2 * gamma * r),
        "laplace": lambda: (mpmath.exp(-gamma * r), gamma),
        "laplacian": lambda: (mpmath.exp(-gamma * r), gamma),
        "inverse_multiquadric": lambda: (
            1 / mpmath.sqrt(1 + gamma * r**2),
            gamma * r / (1 + gamma * r**2),
        ),
    }[kernel]()
    precise = 1e-12 if dtype == np.float64 else 1e-5
    assert abs(values[0, 0] / float(value) - 1) < precise
    if float(slope * value) < np.finfo(dtype).max:
        assert abs(gradients[0, 0, 0] - float(slope * value)) <= precise * float(
            slope * value
        ) + 5 * float(np.finfo(dtype).tiny)
    alone = kernel_expansion(X, Y, a, kernel=kernel, gamma=gamma)
    assert np.allclose(alone, values, rtol=precise, atol=0.0)
    given = {"X": X, "Y": Y, "coefficients": a, "kernel": kernel, "gamma": float(gamma)}
    with np.errstate(over="ignore"):
        plain = reference.kernel_expansion_gradient(**given)
    assert abs(plain[0][0, 0] / float(value) - 1) < precise


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_block_and_batch_counts(
    kernel: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SIDE", 32)
    monkeypatch.setattr(module, "_BATCH", 1 << 14)
    n, m, d = 4200, 700, 20
    side, rows, batch = module.block_sizes(n, m, d)
    assert n > rows >= 4 * side
    assert m > 5 * batch
    X, Y, a = (x.astype(dtype) for x in normal(10, (n, d), (m, d), (m, 2)))
    at = np.array([0, 31, 32, 63, 64, 95, 127, 128, 255, 4095, 4096, n - 1])
    X[at[2]], X[at[3]], X[-1] = Y[7], Y[5 * batch], Y[-1]
    X[at[4]] = Y[4 * batch + 3] + dtype(1e-4)
    found = kernel_expansion_gradient(X, Y, a, kernel=kernel, gamma=0.05)
    alone = kernel_expansion(X, Y, a, kernel=kernel, gamma=0.05)
    given = {"Y": Y, "coefficients": a, "kernel": kernel, "gamma": 0.05}
    some = given | {"X": X[at]}
    expected = reference.kernel_expansion_gradient(**some)
    allowed = registry()["kernel_expansion_gradient"].tolerance(some, expected)
    for ours, plain, bound in zip(found, expected, allowed, strict=True):
        assert (np.abs(ours[at].astype(float) - plain) <= bound).all()
    bound = registry()["kernel_expansion"].tolerance(some, expected[0])
    assert (np.abs(alone[at].astype(float) - expected[0]) <= bound).all()
    # the same sums as if the queries were alone, in parts of Y
    assert np.allclose(alone, found[0], rtol=1e-3, atol=1e-3)


def test_blocks_of_the_usual_size() -> None:
    n, m, d = 17_000, 14_000, 20
    X, Y, a = normal(11, (n, d), (m, d), (m, 1))
    assert module.block_sizes(n, m, d)[1] == 512
    assert m > 2 * module.block_sizes(n, m, d)[2]
    at = np.array([0, 255, 256, 511, 512, 16_383, 16_384, n - 1])
    found = kernel_expansion(X, Y, a, kernel="gaussian", gamma=0.05)[at]
    K = np.exp(-0.05 * cdist(X[at], Y, "sqeuclidean"))
    assert (np.abs(found - K @ a) <= 1e-13 * (K @ np.abs(a))).all()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n", [1, 3, 40])
def test_few_queries_share_out_the_points(
    kernel: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 1 << 15)
    X, Y, a = normal(12, (n, 12), (6000, 12), (6000, 2))
    X[0] = Y[5500]
    X[n // 2] = Y[4000] + 1e-5
    given = {"X": X, "Y": Y, "coefficients": a, "kernel": kernel, "gamma": 0.05}
    parts: list[None] = []
    monkeypatch.setattr(module, "merge", lambda *sums: parts.append(merge(*sums)))
    found = kernel_expansion_gradient(**given, threads=2)
    assert len(parts) >= 7
    expected = reference.kernel_expansion_gradient(**given)
    allowed = registry()["kernel_expansion_gradient"].tolerance(given, expected)
    for ours, plain, bound in zip(found, expected, allowed, strict=True):
        assert (np.abs(ours - plain) <= bound).all()
    for threads in (1, 3):
        again = kernel_expansion_gradient(**given, threads=threads)
        assert all(
            p.tobytes() == q.tobytes() for p, q in zip(found, again, strict=True)
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cancelled", [9, 20, 60, 200, 500])
def test_pairs_that_cancel_are_precise(dtype: Any, cancelled: float) -> None:
    # coefficients are unit vectors, so that each value is that of one pair
    count, d = 60, 20
    Y, move = normal(13, (count, d), (count, d))
    length = np.sqrt(2 * (Y**2).sum(axis=1) / cancelled)
    move *= (length / np.sqrt((move**2).sum(axis=1)))[:, None]
    X, Y = (Y + move).astype(dtype), Y.astype(dtype)
    a = np.eye(count, dtype=dtype)
    gamma = float(4.0 / np.mean(length**2))
    r = np.sqrt(((X.astype(float) - Y) ** 2).sum(axis=1))
    u = float(np.finfo(dtype).eps) / 2
    for kernel, gamma_of, true, error in (
        ("gaussian", gamma, np.exp(-gamma * r**2), gamma * r**2),
        ("laplace", gamma**0.5, np.exp(-(gamma**0.5) * r), gamma**0.5 * r / 2),
        ("inverse_multiquadric", gamma, (1 + gamma * r**2) ** -0.5, 0.5),
    ):
        allowed = (error * (d + 8 + 8) + 8) * u
        values, gradients = kernel_expansion_gradient(
            X, Y, a, kernel=kernel, gamma=gamma_of
        )
        value = np.diagonal(values).astype(float)
        assert (np.abs(value / true - 1) <= allowed).all()
        factor = {
            "gaussian": -2 * gamma * true,
            "laplace": -(gamma**0.5) * true / r,
            "inverse_multiquadric": -gamma * true**3,
        }[kernel]
        slope = factor[:, None] * (X.astype(float) - Y)
        ours = gradients[np.arange(count), np.arange(count)]
        size = np.abs(slope).max(axis=1, keepdims=True)
        assert (np.abs(ours - slope) <= (3 * np.max(allowed) + 40 * u) * size).all()


@pytest.mark.parametrize("gamma", [2, np.float32(0.1), np.int64(2), np.float64(0.1)])
@pytest.mark.parametrize("kernel", KERNELS)
def test_gamma_of_any_type(kernel: str, gamma: Any) -> None:
    X, Y, a = normal(14, (5, 12), (9, 12), (9, 1))
    for function in (kernel_expansion_gradient, reference.kernel_expansion_gradient):
        found = function(X, Y, a, kernel=kernel, gamma=gamma, coef0=1)
        plain = function(X, Y, a, kernel=kernel, gamma=float(gamma), coef0=1.0)
        assert all(np.array_equal(p, q) for p, q in zip(found, plain, strict=True))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_polynomial_of_degree_0_is_1(dtype: Any) -> None:
    X, Y, a = (x.astype(dtype) for x in normal(15, (5, 12), (9, 12), (9, 1)))
    X[0] = 0
    for function in (kernel_expansion_gradient, reference.kernel_expansion_gradient):
        values, gradients = function(
            X, Y, a, kernel="polynomial", degree=0, coef0=0.0, gamma=-2.0
        )
        assert np.allclose(values, a.sum(dtype=float), rtol=1e-5)
        assert not gradients.any()


@pytest.mark.parametrize("kernel", [name for name in KERNELS if name != "polynomial"])
def test_the_largest_points(kernel: str) -> None:
    X, Y, a = normal(16, (5, 12), (30, 12), (30, 1))
    X[0] = Y[3]
    scale = 2.0**990
    plain = kernel_expansion_gradient(X, Y, a, kernel=kernel, gamma=2.0**-20)
    if kernel not in SMOOTH:
        large = kernel_expansion_gradient(
            X * scale, Y * scale, a, kernel=kernel, gamma=2.0**-20 / scale
        )
        assert np.array_equal(plain[0], large[0])
        assert np.array_equal(plain[1], large[1] * scale)
    for function in (kernel_expansion, reference.kernel_expansion):
        for points in ((X * 1e301, Y), (X, Y * 1e301)):
            with pytest.raises(ValueError, match="modulus"):
                function(*points, a, kernel=kernel)


@pytest.mark.parametrize(("dtype", "limit"), [(np.float64, 7e-14), (np.float32, 3e-5)])
def test_the_contract_is_sharp(dtype: Any, limit: float) -> None:
    # where gamma r^2 is about 1 the tolerance is a small part of sum |a| k
    X, Y, a = (x.astype(dtype) for x in normal(9, (20, 50), (2000, 50), (2000, 1)))
    for kernel in ("gaussian", "laplace", "laplacian", "inverse_multiquadric"):
        gamma = 0.01 if kernel != "laplace" else 0.1
        given = {"X": X, "Y": Y, "coefficients": a, "kernel": kernel, "gamma": gamma}
        size = reference.kernel_expansion(**given | {"coefficients": np.abs(a)})
        value = reference.kernel_expansion(**given)
        allowed = registry()["kernel_expansion"].tolerance(given, value)
        assert (allowed <= limit * size).all()


def test_memory_does_not_grow_with_the_points() -> None:
    n = 200_000
    X = np.zeros((n, 5))
    kernel_expansion(X[:9], X[:9], X[:9, :1], kernel="gaussian")
    peaks = []
    for m in (1000, n):
        tracemalloc.start()
        kernel_expansion(X[:40], X[:m], X[:m, :1], kernel="gaussian", threads=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 8 * n + (16 << 20)  # a copy of the coefficients


def test_blocks_do_not_depend_on_the_threads() -> None:
    for n, m, d in ((1, 1, 1), (20_000, 20_000, 50), (10**6, 7, 10_000)):
        side, rows, batch = module.block_sizes(n, m, d)
        assert rows <= n
        assert batch <= m
        assert rows <= side or rows % side == 0
        assert side * d * 8 <= 4 << 20
