"""Adversarially trained regression: other solvers, brute force and explicit ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from geomadv.theories.statistics._adversarial_regression import (
    _lower,
    adversarial_regression,
    interpolation_threshold,
    vanishing_threshold,
)


def drawn(n, d, seed=0, noise=0.5):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, X[:, 0] + noise * rng.standard_normal(n)


def objective(X, y, w, eps):
    return np.mean((np.abs(y - X @ w) + eps * np.linalg.norm(w)) ** 2)


@pytest.mark.parametrize(("n", "d"), [(30, 8), (12, 12), (10, 40)])
@pytest.mark.parametrize("eps", [0.01, 0.1, 0.4, 0.9])
def test_the_gap_is_closed(n, d, eps):
    X, y = drawn(n, d)
    fit = adversarial_regression(X, y, eps)
    assert fit.objective == pytest.approx(objective(X, y, fit.coef, eps), rel=1e-12)
    assert fit.lower <= fit.objective <= fit.lower * (1 + 2e-6)


@pytest.mark.parametrize("eps", [0.1, 0.6])
def test_no_descent_finds_less(eps):
    X, y = drawn(25, 3, seed=1)
    fit = adversarial_regression(X, y, eps)
    for seed in range(5):
        start = np.random.default_rng(seed).standard_normal(3)
        found = optimize.minimize(
            lambda w: objective(X, y, w, eps),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000},
        )
        assert found.fun >= fit.lower
        assert found.fun == pytest.approx(fit.objective, rel=1e-6)


def test_attacked_training_points_have_the_objective_as_their_risk():
    X, y = drawn(20, 5, seed=2)
    fit = adversarial_regression(X, y, 0.3)
    unit = fit.coef / np.linalg.norm(fit.coef)
    moved = X - 0.3 * np.sign(y - X @ fit.coef)[:, None] * unit
    assert np.mean((y - moved @ fit.coef) ** 2) == pytest.approx(fit.objective)


def test_without_steps_it_is_least_squares_of_minimum_norm():
    for n, d in ((20, 5), (5, 20)):
        X, y = drawn(n, d, seed=3)
        fit = adversarial_regression(X, y, 0.0)
        assert np.allclose(fit.coef, np.linalg.pinv(X) @ y)
        assert fit.lower == pytest.approx(fit.objective, abs=1e-12)


def test_small_steps_leave_the_interpolator_and_larger_ones_do_not():
    X, y = drawn(10, 40, seed=4)
    w, limit = np.linalg.pinv(X) @ y, interpolation_threshold(X, y)
    inside = adversarial_regression(X, y, 0.999 * limit)
    outside = adversarial_regression(X, y, 1.02 * limit)
    assert np.allclose(inside.coef, w)
    assert np.abs(outside.coef - w).max() > 1e-4
    assert inside.lower == pytest.approx(inside.objective, rel=1e-10)
    assert objective(X, y, w, 1.02 * limit) > outside.objective * (1 + 1e-7)
    assert interpolation_threshold(*drawn(10, 5)) == 0.0
    assert interpolation_threshold([[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0]) == 0.0


@pytest.mark.parametrize(("n", "d"), [(30, 8), (10, 40)])
def test_large_steps_leave_nothing(n, d):
    X, y = drawn(n, d, seed=5)
    limit = vanishing_threshold(X, y)
    assert not adversarial_regression(X, y, 1.001 * limit).coef.any()
    below = adversarial_regression(X, y, 0.98 * limit)
    assert below.objective < np.mean(y**2) * (1 - 1e-6)


def test_infeasible_multipliers_are_made_feasible():
    X, y = drawn(15, 4, seed=6)
    rng = np.random.default_rng(7)
    for eps in (0.05, 0.3):
        least = adversarial_regression(X, y, eps).objective
        for b in (y, y - X[:, 0], rng.standard_normal(15)):
            assert _lower(X, y, eps, b, np.abs(b)) <= least * (1 + 1e-12)


@settings(max_examples=20)
@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.floats(0.0, 2.0),
    st.sampled_from([1e-100, 1.0, 1e100]),
)
def test_units_do_not_matter(n, d, eps, unit):
    X, y = drawn(n, d, seed=n + 10 * d)
    one = adversarial_regression(X, y, eps)
    other = adversarial_regression(X * unit, y * 3.0, eps * unit)
    assert one.lower <= one.objective
    assert np.allclose(other.coef * (unit / 3.0), one.coef, atol=1e-4)


def test_zero_data_are_no_special_case():
    fit = adversarial_regression(np.zeros((3, 2)), [1.0, 2.0, 3.0], 0.1)
    assert not fit.coef.any()
    assert fit.objective == fit.lower == pytest.approx(14 / 3)
    assert not adversarial_regression(np.ones((3, 2)), np.zeros(3), 0.1).coef.any()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: adversarial_regression([[1.0]], [1.0, 2.0], 0.1), "y must have shape"),
        (lambda: adversarial_regression([[1.0]], [1.0], -0.1), "eps must be at least"),
        (lambda: adversarial_regression(np.ones((0, 2)), [], 0.1), "at least 1 point"),
        (lambda: adversarial_regression(np.ones((2, 0)), [1.0, 1.0], 0.1), "column"),
        (lambda: adversarial_regression([[np.nan]], [1.0], 0.1), "X must"),
        (lambda: interpolation_threshold([[1.0]], [0.0]), "y must not be all 0"),
        (lambda: vanishing_threshold([[1.0]], [0.0]), "y must not be all 0"),
    ],
)
def test_bad_arguments_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
