"""Ridge paths between Gaussian classes, against scikit-learn and explicit formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import Ridge

from geomadv.theories.manifold.tanay2016 import (
    boundary_types,
    deviation_angle,
    excess_strength,
    gaussian_error,
    necessary_angle,
    ridge_path,
    tilted_error,
    tilted_normal,
)


def covariance(d, rng):
    factor = rng.standard_normal((d, d)) * np.geomspace(1, 1e-2, d)[:, None]
    return factor @ factor.T


@pytest.mark.parametrize("shares", [(30, 30), (10, 50)])
def test_weights_are_those_that_ridge_regression_fits(shares):
    """Of a sample, by scikit-learn, with classes of equal and of unequal size."""
    rng = np.random.default_rng(0)
    y = np.repeat([-1.0, 1.0], shares)
    X = rng.standard_normal((60, 5)) @ rng.standard_normal((5, 5)) + 0.3 * y[:, None]
    i, j = (X[y == label].mean(axis=0) for label in (-1, 1))
    within = X - np.where(y < 0, i[:, None], j[:, None]).T
    V = within.T @ within / 60
    penalties = np.array([1e-6, 1e-2, 1.0, 50.0])
    path = ridge_path((j - i) / 2, V, penalties)
    for w, penalty in zip(path.weights, penalties, strict=True):
        fitted = Ridge(alpha=60 * penalty).fit(X, y).coef_
        assert w == pytest.approx(fitted / np.linalg.norm(fitted), abs=1e-9)


def test_path_goes_from_fisher_to_the_nearest_centroid():
    rng = np.random.default_rng(1)
    mean, V = rng.standard_normal(6), covariance(6, rng)
    path = ridge_path(mean, V, [1e-14, 1e14])
    fisher = np.linalg.solve(V, mean)
    assert path.weights[0] == pytest.approx(fisher / np.linalg.norm(fisher), abs=1e-8)
    assert path.weights[1] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-12)
    score = math.sqrt(mean @ fisher)
    assert path.error[0] == pytest.approx(stats.norm.sf(score), rel=1e-7)


def test_angles_and_errors_are_those_of_the_weights():
    rng = np.random.default_rng(2)
    mean, V = 0.1 * rng.standard_normal(6), covariance(6, rng)
    path = ridge_path(mean, V, np.geomspace(1e-3, 1e3, 8))
    assert path.angle == pytest.approx(deviation_angle(path.weights, mean), abs=1e-14)
    assert path.error == pytest.approx(gaussian_error(path.weights, mean, V), rel=1e-9)
    assert (np.diff(path.angle) < 0).all()
    assert (np.diff(path.error) > 0).all()


def test_singular_covariances_and_extreme_penalties():
    path = ridge_path([1.0, 0.0], np.diag([1.0, 0.0]), [1e-300, 1e300])
    assert path.angle == pytest.approx([0.0, 0.0])
    assert path.error == pytest.approx(stats.norm.cdf(-1.0))
    # the classes differ where nothing varies: no error, and the least tilt is of use
    free = ridge_path([1.0, 0.1], np.diag([1.0, 0.0]), [1e-12])
    assert free.error[0] == 0.0


def test_error_of_a_boundary_is_that_of_drawn_points():
    rng = np.random.default_rng(3)
    mean, V, w = rng.standard_normal(4), covariance(4, rng), rng.standard_normal(4)
    n = 40_000
    X = mean + rng.multivariate_normal(np.zeros(4), V, n)
    error = float(gaussian_error(w, mean, V))
    assert stats.binomtest(int((X @ w < 0).sum()), n, error).pvalue > 1e-4


@given(t=st.floats(0, 1.5), a=st.floats(0.1, 3), v=st.floats(0.1, 2))
def test_error_of_a_tilted_boundary_is_the_closed_form(t, a, v):
    w = tilted_normal([1.0, 0.0], [0.0, 1.0], t)
    found = gaussian_error(w, [a, 0.0], np.diag([v, 0.3]))
    assert found == pytest.approx(tilted_error(t, a, v, 0.3), rel=1e-9)


def test_boundaries_along_which_nothing_varies_err_by_their_sign():
    V = np.diag([1.0, 0.0])
    errors = gaussian_error([[0.0, 1.0], [0.0, -1.0]], [1.0, 2.0], V)
    assert errors.tolist() == [0.0, 1.0]
    assert gaussian_error([0.0, 1.0], [1.0, 0.0], V) == 0.5


@given(
    family=st.lists(
        st.tuples(st.floats(0, 1.5), st.sampled_from([0.01, 0.02, 0.03, 0.1])),
        min_size=1,
        max_size=8,
    ),
    tolerance=st.sampled_from([0.0, 0.015, 1.0]),
)
def test_types_say_which_boundaries_buy_no_error(family, tolerance):
    """By going through the family one by one."""
    angle, error = np.array(family).T
    good = [t for t, e in family if e <= min(error) + tolerance]
    needed = necessary_angle(angle, error, tolerance)
    assert needed == min(good)
    for (t, _), kind in zip(family, boundary_types(angle, error, tolerance), strict=1):
        assert kind == (0 if t == 0 else 1 if t <= needed else 2)
    strength = excess_strength(angle, error, tolerance) / math.cos(needed)
    assert strength == pytest.approx(1 / np.cos(angle), rel=1e-12)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ridge_path([0.0], [[1.0]], [1.0]), "mean must not be zero"),
        (lambda: ridge_path([1.0], [[1.0, 0.0]], [1.0]), "covariance must have shape"),
        (lambda: ridge_path([1.0], [[-1.0]], [1.0]), "covariance must be positive"),
        (
            lambda: ridge_path([1.0, 0.0], [[1.0, 1.0], [0.0, 1.0]], [1.0]),
            "covariance must be symmetric",
        ),
        (lambda: ridge_path([1.0], [[1.0]], [0.0]), "penalty must be above 0"),
        (lambda: gaussian_error([0.0], [1.0], [[1.0]]), "w must not be zero"),
        (lambda: gaussian_error([1.0, 2.0], [1.0], [[1.0]]), "w must have 1"),
        (lambda: necessary_angle([], []), "angle must hold at least one"),
        (lambda: necessary_angle([0.1], [1.1]), "error must lie in"),
        (lambda: necessary_angle([2.0], [0.1]), "angle must lie in"),
        (lambda: boundary_types([0.1], [0.1], -1), "tolerance must be at least 0"),
        (lambda: excess_strength([0.1, 0.2], [0.1, 0.2, 0.3]), "do not broadcast"),
        (lambda: necessary_angle([0.1], [[0.1], [0.2]]), "error must have 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
