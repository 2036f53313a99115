"""Random ReLU features: worst residuals between an attack and a bound."""

import numpy as np
import pytest

from geomadv.theories.statistics._relu_regression import (
    ReluRegression,
    relu_regression,
)


def drawn(n, d, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, X[:, 0] + 0.1 * rng.standard_normal(n)


@pytest.mark.parametrize("eps", [0.0, 0.1, 1.0])
def test_no_point_of_a_circle_is_worse_than_the_bound(eps):
    X, y = drawn(30, 2)
    fit = relu_regression(X, y, 12, 1)
    lower, upper = fit.worst_residuals(X, y, eps)
    angles = np.linspace(0, 2 * np.pi, 2000)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    worst = np.zeros(len(X))
    for share in np.linspace(0, 1, 9):
        for i, x in enumerate(X):
            f = fit.predict(x + share * eps * circle)
            worst[i] = max(worst[i], np.abs(y[i] - f).max())
    assert (worst <= upper * (1 + 1e-12) + 1e-12).all()
    assert (lower <= upper).all()
    assert (lower <= worst * (1 + 1e-4) + 1e-9).all()
    assert np.median(lower / worst) > 0.95 if eps else np.allclose(lower, worst)


def test_where_no_kink_is_near_both_bounds_are_exact():
    fit = ReluRegression(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([2.0, -1.0]))
    lower, upper = fit.worst_residuals([[3.0, 4.0]], [5.0], 0.5)
    exact = abs(5.0 - 2.0) + 0.5 * np.sqrt(5.0)
    assert lower == pytest.approx([exact])
    assert upper == pytest.approx([exact])


def test_the_remainder_counts_with_its_sign():
    one = ReluRegression(np.array([[1.0]]), np.array([1.0]))
    lower, upper = one.worst_residuals([[-0.1]], [-1.0], 0.5)
    assert lower == pytest.approx([1.0])  # the gradient is 0 there
    assert upper == pytest.approx([1.4])
    assert one.worst_residuals([[-0.1]], [1.0], 0.5)[1] == pytest.approx([1.0])


def test_it_interpolates_with_more_features_than_points():
    X, y = drawn(20, 5)
    assert relu_regression(X, y, 200, 0).predict(X) == pytest.approx(y)
    few = relu_regression(X, y, 3, 0)
    H = np.maximum(X @ few.directions.T, 0)
    assert np.abs(H.T @ (y - few.predict(X))).max() < 1e-10


@pytest.mark.errors
def test_bad_arguments_say_what_is_wrong():
    X, y = drawn(5, 2)
    fit = relu_regression(X, y, 3, 0)
    with pytest.raises(ValueError, match=r"y must have shape \(5,\)"):
        relu_regression(X, y[:3], 3, 0)
    with pytest.raises(ValueError, match="n_features must be at least 1"):
        relu_regression(X, y, 0, 0)
    with pytest.raises(ValueError, match="eps must be at least 0"):
        fit.worst_residuals(X, y, -1.0)
    with pytest.raises(ValueError, match="2 columns"):
        fit.predict(np.ones((1, 3)))
