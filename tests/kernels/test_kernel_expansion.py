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
    wide = (array.astype(np.float64) for array in (X, Y, ones))
    true = kernel_expansion(*wide, kernel="gaussian", gamma=0.01)
    assert np.allclose(found, true, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "limit"), [(np.float64, 2e-13), (np.float32, 1e-4)])
def test_the_contract_is_sharp(dtype: Any, limit: float) -> None:
    # where gamma r^2 is about 1 the tolerance is a small part of sum |a| k
    X, Y, a = (x.astype(dtype) for x in normal(9, (20, 50), (2000, 50), (2000, 1)))
    for kernel in ("gaussian", "laplace", "laplacian", "inverse_multiquadric"):
        gamma = 0.01 if kernel != "laplace" else 0.1
        given = {"X": X, "Y": Y, "coefficients": a, "kernel": kernel, "gamma": gamma}
        size = reference.kernel_expansion(**given | {"coefficients": np.abs(a)})
        value = reference.kernel_expansion(**given)
        allowed = registry()["kernel_expansion"].tolerance(given, value)
        assert (allowed <= 2 * limit * size).all()


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
