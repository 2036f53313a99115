import math

import numpy as np
import pytest
from scipy.ndimage import correlate

from geomadv.lipschitz import conv_singular_values
from geomadv.theories.lipschitz._matrices import convolution_matrix
from geomadv.theories.lipschitz.sedghi2019 import (
    _kernel_of,
    cropped_singular_values,
    singular_values,
)


def by_scipy(w, n, mode):
    """Return the matrix column by column, by scipy's correlation of unit images."""
    D, C = w.shape[:2]
    columns = []
    for c in range(C):
        for pixel in np.eye(n * n):
            image = pixel.reshape(n, n)
            columns.append(
                np.concatenate(
                    [correlate(image, w[d, c], mode=mode).ravel() for d in range(D)]
                )
            )
    return np.array(columns).T


@pytest.mark.parametrize(("k", "n"), [(1, 4), (3, 5), (5, 6)])
def test_the_explicit_matrix_with_zeros_is_that_of_scipy(k, n):
    w = np.random.default_rng(k).normal(size=(2, 3, k, k))
    matrix = convolution_matrix(w, (n, n), circular=False)
    assert np.allclose(matrix, by_scipy(w, n, "constant"), atol=1e-14)


@pytest.mark.parametrize(("k", "n"), [(1, 4), (3, 5), (5, 6)])
def test_the_values_are_those_of_scipys_circular_correlation(k, n):
    w = np.random.default_rng(k).normal(size=(3, 2, k, k))
    truth = np.linalg.svd(by_scipy(w, n, "wrap"), compute_uv=False)
    assert np.abs(singular_values(w, n) - truth).max() < 1e-13 * truth[0]


@pytest.mark.parametrize(("k", "n"), [(2, 5), (4, 4), (3, 2), (7, 3), (5, 1)])
def test_the_values_are_those_of_the_explicit_matrix_also_where_kernels_wrap(k, n):
    w = np.random.default_rng(k).normal(size=(2, 2, k, k))
    matrix = convolution_matrix(w, (n, n))
    truth = np.linalg.svd(matrix, compute_uv=False)
    assert np.abs(singular_values(w, n) - truth).max() < 1e-13 * truth[0]


def test_rectangular_kernels_and_the_library_agree():
    w = np.random.default_rng(0).normal(size=(3, 4, 2, 5))
    expected = conv_singular_values(w, 7)
    assert singular_values(w, 7) == pytest.approx(expected, abs=1e-12)
    assert singular_values(w, 7).size == 7 * 7 * 3


def test_a_difference_has_its_closed_form():
    """|1 - exp(2 pi i xi/n)| = 2 sin(pi xi/n), n times over."""
    found = singular_values([[[[1.0, -1.0]]]], 5)
    single = -np.sort([-2 * abs(math.sin(math.pi * xi / 5)) for xi in range(5)])
    assert found == pytest.approx(np.repeat(single, 5), abs=1e-14)


def test_the_sum_of_squares_is_parsevals():
    w = np.random.default_rng(1).normal(size=(3, 2, 3, 3))
    assert (singular_values(w, 6) ** 2).sum() == pytest.approx(36 * (w**2).sum())


def test_cut_off_kernels_agree_where_they_fit():
    w = np.random.default_rng(2).normal(size=(2, 2, 3, 3))
    assert np.array_equal(cropped_singular_values(w, 3), singular_values(w, 3))
    assert abs(cropped_singular_values(w, 2) - singular_values(w, 2)).max() > 0.1


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: singular_values([[1.0]], 3), r"w must have shape \(D, C, kh, kw\)"),
        (lambda: singular_values([[[[math.nan]]]], 3), "w must be finite"),
        (lambda: singular_values([[[[1.0]]]], 0), "n must be at least 1"),
        (lambda: cropped_singular_values(np.zeros((0, 1, 2, 2)), 3), "w must have"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_kernels_have_the_channels_and_the_size_of_their_name():
    assert _kernel_of(4, "2 to 3").shape == (3, 2, 4, 4)
    assert _kernel_of(1, "3 to 2").shape == (2, 3, 1, 1)
