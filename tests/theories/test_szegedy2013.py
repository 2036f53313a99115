import math

import numpy as np
import pytest

from geomadv.lipschitz import ContrastNormalization, MaxPool, conv_norm, conv_norm_sup
from geomadv.theories.lipschitz._matrices import convolution_matrix, cosine_kernel
from geomadv.theories.lipschitz.szegedy2013 import (
    TABLE_5,
    contrast_normalised,
    max_pool,
    pool_constant,
    printed_norm,
    relu_network,
    support_norm,
    table_product,
)

COSINES = [
    (8, 1, 8.524798149789, 8.192038731372),
    (8, 2, 5.620299755573, 5.172038662649),
    (9, 1, 8.668910023071, 8.302229261395),
    (9, 3, 3.633925231249, 3.633925231249),
]


@pytest.mark.parametrize(("n", "stride", "circular", "zeros"), COSINES)
def test_reference_norms(n, stride, circular, zeros):
    w = cosine_kernel(3)
    printed = printed_norm(w, n, stride)
    assert printed * stride == pytest.approx(circular, abs=1e-11)
    assert conv_norm(w, n, stride) == pytest.approx(circular, abs=1e-9)
    for wraps, expected in ((True, circular), (False, zeros)):
        matrix = convolution_matrix(w, (n, n), stride, circular=wraps)
        assert np.linalg.norm(matrix, 2) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(
    ("outputs", "inputs", "k", "n", "stride"),
    [(1, 1, 2, 6, 2), (3, 2, 3, 6, 3), (4, 3, 4, 12, 4), (2, 5, 5, 10, 2)],
)
def test_the_printed_norm_is_too_small_by_the_stride(outputs, inputs, k, n, stride):
    w = np.random.default_rng(k).normal(size=(outputs, inputs, k, k))
    truth = np.linalg.norm(convolution_matrix(w, (n, n), stride), 2)
    assert printed_norm(w, n, stride) == pytest.approx(truth / stride, rel=1e-12)


def test_the_frequencies_of_the_kernel_miss_the_supremum():
    assert support_norm(cosine_kernel(3)) == pytest.approx(5.2077, abs=5e-5)
    assert conv_norm_sup(cosine_kernel(3)) == pytest.approx(8.8417, abs=1e-4)
    assert support_norm(cosine_kernel(3)) == pytest.approx(
        np.linalg.norm(convolution_matrix(cosine_kernel(3), (3, 3)), 2)
    )


def test_the_products_of_table_5():
    assert table_product(convolutions_only=True) == 15881.25
    assert table_product() == 792792
    assert table_product(convolutions_only=True, correct_stride=True) == 63525
    assert table_product(correct_stride=True) == 3171168
    assert [row.bound for row in TABLE_5] == [2.75, 10, 7, 7.5, 11, 3.12, 4, 4]


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (3, 1), (2, 3)])
def test_pooling_is_the_loop(window, stride):
    X = np.random.default_rng(0).normal(size=(2, 9, 10))
    rows = range(0, 9 - window + 1, stride)
    columns = range(0, 10 - window + 1, stride)
    expected = [
        [[x[i : i + window, j : j + window].max() for j in columns] for i in rows]
        for x in X
    ]
    assert np.array_equal(max_pool(X, window, stride), expected)


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, 2), (3, 2), (5, 2), (2, 3)])
def test_the_pool_constant_is_that_of_the_library(window, stride):
    bound = MaxPool(window, stride=stride).bound([(1, 1, 40, 40)], 1e-6)
    assert pool_constant(window, stride) == pytest.approx(bound.upper, rel=1e-12)


def test_one_pixel_changes_four_windows():
    x = np.zeros((5, 5))
    x[2, 2] = 1.0
    change = max_pool(x, 3, 2) - max_pool(np.zeros((5, 5)), 3, 2)
    assert np.linalg.norm(change) == 2.0 * np.linalg.norm(x)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.75, 1.0, 2.0, 5.0, 20.0])
def test_contrast_normalisation_has_the_constant_at_the_origin_and_nowhere_more(gamma):
    """The Jacobian by differences; its eigenvalues are at most eps^-gamma."""
    eps, h = 0.3, 1e-6
    rng = np.random.default_rng(1)
    for length in (0.0, 0.05, 0.3, 0.6, 1.5):
        x = rng.normal(size=3)
        x *= length / np.linalg.norm(x)
        ends = [contrast_normalised(x + s * h * np.eye(3), eps, gamma) for s in (1, -1)]
        norm = np.linalg.norm((ends[0] - ends[1]) / (2 * h), 2)
        assert norm <= eps**-gamma * (1 + 1e-8)
        if length == 0:
            assert norm == pytest.approx(eps**-gamma, rel=1e-7)


def test_contrast_normalisation_is_that_of_the_library():
    X = np.random.default_rng(2).normal(size=(4, 5))
    expected = ContrastNormalization(0.7, 0.75).forward(X)
    assert contrast_normalised(X, 0.7, 0.75) == pytest.approx(expected)


def test_the_network_is_the_formula():
    rng = np.random.default_rng(3)
    X, W1, W2 = (
        rng.normal(size=(6, 4)),
        rng.normal(size=(5, 4)),
        rng.normal(size=(2, 5)),
    )
    b1, b2 = rng.normal(size=5), rng.normal(size=2)
    expected = [np.maximum(W2 @ np.maximum(W1 @ x + b1, 0) + b2, 0) for x in X]
    assert relu_network(X, [W1, W2], [b1, b2]) == pytest.approx(np.array(expected))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: printed_norm(np.ones((1, 1, 2, 2)), 5, 2), "n must be a multiple"),
        (lambda: printed_norm(np.ones((1, 1, 3, 3)), 2), "n must be at least 3"),
        (lambda: printed_norm(np.ones((2, 2)), 4), r"w must have shape \(D, C"),
        (lambda: support_norm([[[[math.nan]]]]), "w must be finite"),
        (lambda: max_pool(np.ones((2, 5)), 3, 1), "at least 3 x 3 pixels"),
        (lambda: max_pool(np.ones((5, 5)), 3, 0), "stride must be at least 1"),
        (lambda: pool_constant(3, 0), "stride must be at least 1"),
        (lambda: contrast_normalised([[1.0]], 0.0, 1.0), "eps must be above 0"),
        (lambda: contrast_normalised([[1.0]], 1.0, -1.0), "gamma must be at least 0"),
        (lambda: relu_network([[1.0]], [[[1.0]]], []), "offsets must be as many"),
        (lambda: relu_network([[1.0]], [[[1.0]]], [[1.0, 2.0]]), "offsets must hold 1"),
        (lambda: relu_network([[1.0]], [[[1.0, 2.0]]], [[1.0]]), "weights must have 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
