import math

import numpy as np
import pytest

from geomadv.lipschitz import conv_norm
from geomadv.theories.lipschitz._matrices import convolution_matrix
from geomadv.theories.lipschitz.delattre2024 import (
    difference_norms,
    grid_bound,
    larger_grid_bound,
)


@pytest.mark.parametrize(
    ("n", "circular", "zeros"),
    [
        (3, 1.7320508076, 1.8019377358),
        (5, 1.9021130326, 1.9189859472),
        (9, 1.9696155060, 1.9727226068),
    ],
)
def test_reference_values(n, circular, zeros):
    assert difference_norms(n) == pytest.approx((circular, zeros), abs=5e-11)


@pytest.mark.parametrize("n", [2, 3, 4, 7, 30])
def test_closed_forms_are_norms_of_explicit_matrices(n):
    zero = np.eye(n) - np.eye(n, k=1)
    circular = np.eye(n) - np.roll(np.eye(n), 1, axis=1)
    expected = [np.linalg.norm(matrix, 2) for matrix in (circular, zero)]
    assert difference_norms(n) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("n", "norm"), [(4, 3.618033988750), (8, 3.879385241572)])
def test_a_positive_kernel_with_zeros(n, norm):
    w = [[[[1.0, 2.0, 1.0]]]]
    assert norm == pytest.approx(2 + 2 * math.cos(math.pi / (n + 1)), abs=1e-11)
    assert conv_norm(w, (1, n), padding="zeros") == pytest.approx(norm, abs=1e-9)
    assert larger_grid_bound(w, n) == pytest.approx(4.0, abs=1e-9)


@pytest.mark.parametrize(("kh", "kw", "n"), [(2, 2, 5), (3, 1, 4), (3, 4, 6)])
def test_the_larger_grid_bounds_the_zero_padded_matrix(kh, kw, n):
    rng = np.random.default_rng(kh)
    for _ in range(5):
        w = rng.normal(size=(2, 3, kh, kw))
        zero = np.linalg.norm(convolution_matrix(w, (n, n), circular=False), 2)
        grid = convolution_matrix(w, (n + kh - 1, n + kw - 1))
        assert larger_grid_bound(w, n) == pytest.approx(np.linalg.norm(grid, 2))
        assert zero <= larger_grid_bound(w, n)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_grid_bounds_a_much_finer_grid_and_tends_to_it(k):
    w = np.random.default_rng(k).normal(size=(2, 2, k, k))
    blocks = np.fft.fft2(w, (400, 400)).transpose(2, 3, 0, 1)
    fine = np.linalg.svd(blocks, compute_uv=False).max()
    assert all(grid_bound(w, N) >= fine for N in (6, 10, 30))
    assert grid_bound(w, 1000) == pytest.approx(fine, rel=0.02)


def test_on_a_coarse_grid_the_bound_is_attained():
    """Two channels that turn by a quarter: |1 +- i z^2|, on a grid of 4."""
    eye, turn = np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]])
    w = np.zeros((4, 4, 3, 3))
    for u, first in ((0, eye), (2, turn)):
        for v, second in ((0, eye), (2, turn)):
            w[:, :, u, v] = np.kron(first, second)
    assert grid_bound(w, 4) == pytest.approx(4.0)
    assert conv_norm(w, 8) == pytest.approx(4.0)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: difference_norms(1), "n must be at least 2, got 1"),
        (lambda: larger_grid_bound(np.ones((2, 2)), 4), r"w must have shape \(D, C"),
        (lambda: larger_grid_bound(np.ones((1, 1, 2, 2)), 0), "n must be at least 1"),
        (lambda: grid_bound(np.ones((1, 1, 3, 3)), 2), "N must be above 2"),
        (lambda: grid_bound(np.ones((1, 1, 2, 3)), 9), "w must have square kernels"),
        (lambda: grid_bound([[[[math.nan]]]], 9), "w must be finite"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
