"""Distances to error sets, enlargement profiles and mean distances."""

import math

import numpy as np
import pytest
from scipy import special

from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.data import ConcentricSpheres, NoisyLabels
from geomadv.error_sets import (
    PiecewiseRule,
    distance_to_errors,
    enlargement_profile,
    mean_distance,
    mislabelled_points,
)
from geomadv.spaces import Cube, Gaussian
from geomadv.stats import dkw_band

LINE = LinearClassifier.from_parameters([1.0, 0.0], -0.3)
TILTED = LinearClassifier.from_parameters([0.8, 0.6], 0.1)
DISC = QuadraticClassifier.from_parameters(np.eye(2), np.zeros(2), -1.0)


def grid(side, reach):
    ticks = np.linspace(-reach, reach, side)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2), ticks[
        1
    ] - ticks[0]


@pytest.mark.parametrize(("f", "g"), [(LINE, TILTED), (LINE, DISC), (DISC, TILTED)])
def test_the_distance_is_that_to_the_nearest_error_on_a_grid(f, g):
    """A grid knows the distance to half of a cell's diagonal, plus the angle of A."""
    Z, step = grid(401, 3.0)
    errors = Z[f.predict(Z) != g.predict(Z)]
    X = np.random.default_rng(0).uniform(-1.5, 1.5, (60, 2))
    lower, upper = distance_to_errors(X, f, g)
    brute = np.array([np.linalg.norm(errors - x, axis=1).min() for x in X])
    assert (brute >= lower - 1e-9).all()
    exact = np.isfinite(upper)
    assert exact.mean() > 0.9
    np.testing.assert_allclose(lower[exact], upper[exact], atol=1e-9)
    # Half a diagonal of a cell, more where the nearest error is at a corner of A.
    assert (brute[exact] <= upper[exact] + 4 * step).all()
    wrong = f.predict(X) != g.predict(X)
    assert wrong.any()
    assert (upper[wrong] == 0).all()


def test_a_common_boundary_is_no_error():
    """f = f*: there is no error, and the bounds say so only from below."""
    X = np.random.default_rng(0).standard_normal((20, 2))
    lower, upper = distance_to_errors(X, LINE, LINE)
    np.testing.assert_allclose(lower, np.abs(X[:, 0] - 0.3), atol=1e-12)
    assert np.isinf(upper).all()
    lower, upper = distance_to_errors(X, LINE, LINE, error_points=[[50.0, 0.0]])
    assert np.allclose(upper, np.linalg.norm(X - [50.0, 0.0], axis=1))


def test_a_constant_bayes_rule_leaves_the_distance_to_the_boundary():
    X = np.array([[-1.0, 5.0], [0.5, 0.0]])
    lower, upper = distance_to_errors(X, LINE, -1)
    np.testing.assert_allclose(lower, [1.3, 0.0], atol=1e-12)
    np.testing.assert_allclose(upper, lower)


def test_a_law_of_one_bayes_label_is_that_label():
    law, X = Cube(2), np.random.default_rng(0).random((50, 2))
    for label in (-1, 1):
        wanted = distance_to_errors(X, LINE, label)
        for noisy in (
            NoisyLabels.constant_noise(law, label, 0.2),
            NoisyLabels.massart(law, label, lambda X: 0.3 * X[:, 0], 0.3),
        ):
            assert noisy.bayes_label == label
            found = distance_to_errors(X, LINE, noisy)
            assert np.array_equal(found, wanted)
            assert (found[0] > 0).any()
    halves = NoisyLabels.constant_noise(law, lambda X: np.sign(X[:, 0] - 0.5), 0.2)
    assert halves.bayes_label is None
    assert not distance_to_errors(X, LINE, halves)[0].any()


def test_a_law_may_know_its_distance_to_the_boundary():
    spheres = ConcentricSpheres(d=2, radius=2.0)
    X = np.array([[1.0, 0.0], [0.0, 2.0]])
    lower, upper = distance_to_errors(X, 1, spheres)
    assert lower.tolist() == [0.0, 0.5]  # the inner point is an error of f = +1
    assert upper.tolist() == [0.0, 0.5]


def test_of_an_unknown_function_only_its_errors_are_known():
    X = np.array([[0.0, 0.0], [1.0, 0.0]])
    lower, upper = distance_to_errors(
        X, lambda X: np.where(X[:, 0] > 0.5, 1, -1), -1, error_points=[[0.6, 0.0]]
    )
    assert lower.tolist() == [0.0, 0.0]
    assert upper.tolist() == [0.6, 0.0]


def test_distances_on_the_torus_go_around_the_edge():
    X, E = np.array([[0.05, 0.5]]), [[0.95, 0.5]]
    assert distance_to_errors(X, error_points=E, torus=True)[1][0] == pytest.approx(0.1)
    assert distance_to_errors(X, error_points=E)[1][0] == pytest.approx(0.9)


def test_the_profile_of_a_half_space_is_the_gaussian_one():
    """mu(A^eps) = Phi(eps - t) for f constant, f* a half-space; false alarm 1e-9."""
    eps = np.linspace(0, 3, 20)
    f = LinearClassifier.from_parameters([0.6, 0.8], -1.5)
    found = enlargement_profile(f, -1, Gaussian(2), eps, rng=0, error_rate=1e-9)
    exact = special.ndtr(eps - 1.5)
    assert ((found.lower <= exact) & (exact <= found.upper)).all()
    assert (found.upper - found.lower).max() < 0.1
    assert found.method == "distances"


def test_bands_of_profiles_and_means_miss_no_more_often_than_they_may(at_most):
    """100 runs at .2 each against the exact profile of intervals; false alarm 2e-6."""
    f, g = PiecewiseRule([0.3, 0.5, 0.8], [-1, 1, -1, 1]), PiecewiseRule([], [-1])
    eps = np.linspace(0.0, 0.3, 40)
    exact = enlargement_profile(f, g, "cube", eps)
    mean = mean_distance(f, g, "cube")
    assert exact.method == mean.method == "intervals"
    nodes = np.linspace(0.3, 0.5, 201)[:, None]
    errors = np.concatenate([nodes, np.linspace(0.8, 1.0, 201)[:, None]])
    profiles, means = 0, 0
    for seed in range(100):
        options = {"error_points": errors, "rng": seed, "n": 200, "error_rate": 0.2}
        found = enlargement_profile(f.predict, g.predict, Cube(1), eps, **options)
        profiles += (found.lower > exact.lower + 1e-12).any()
        bounds = mean_distance(f.predict, g.predict, Cube(1), **options)
        means += bounds.upper < mean.lower - 1e-12
    assert at_most(profiles, 100, 0.1)
    assert at_most(means, 100, 0.1)
    assert profiles + means > 0  # bands this narrow do miss now and then


def test_the_mean_is_bounded_from_both_sides():
    """Distances (1.5 - Z)_+ to a half-space; false alarm 1e-9."""
    f = LinearClassifier.from_parameters([0.6, 0.8], -1.5)
    exact = special.ndtr(1.5) * 1.5 + np.exp(-(1.5**2) / 2) / np.sqrt(2 * np.pi)
    found = mean_distance(f, -1, Gaussian(2), rng=0, error_rate=1e-9)
    assert found.lower <= exact
    assert exact - found.lower < 0.15
    assert found.upper == np.inf  # a Gaussian point can be anywhere


def test_mislabelled_points_bound_profile_and_mean():
    problem = NoisyLabels.constant_noise("torus", 1, 0.2, d=2)
    X, y = problem.sample(500, 0)
    wrong = mislabelled_points(X, y, problem)
    eps = np.linspace(0, 0.2, 5)
    found = enlargement_profile(
        None, None, problem, eps, error_points=wrong, torus=True, rng=1, n=2000
    )
    assert (found.upper == 1.0).all()
    assert found.lower[0] == 0.0
    assert found.lower[-1] > 0.9
    assert (np.diff(found.lower) >= 0).all()
    D = mean_distance(
        None, None, problem, error_points=wrong, torus=True, rng=1, n=2000
    )
    assert D.lower == 0.0
    assert 0.03 < D.upper < 0.1  # 1 / (2 sqrt 100) = .05 in the mean, and the band


def test_bounds_of_the_mean_are_integrals_of_the_band():
    """By a Riemann sum of 1 - F over [0, sqrt 2]."""
    options = {"error_points": [[0.3, 0.4], [0.9, 0.2]], "rng": 4, "n": 30}
    t = (np.arange(200_000) + 0.5) / 200_000 * math.sqrt(2)
    E = np.array(options["error_points"])
    X = Cube(2).sample(30, 4)
    D = np.linalg.norm(X[:, None] - E, axis=2).min(axis=1)
    lower_F, _ = dkw_band(D, t, 0.2)
    found = mean_distance(None, None, Cube(2), error_rate=0.2, **options)
    assert found.upper == pytest.approx((1 - lower_F).mean() * math.sqrt(2), abs=1e-4)
    f = LinearClassifier.from_parameters([1.0, 0.0], -0.9)
    _, upper_F = dkw_band(np.maximum(0, 0.9 - X[:, 0]), t, 0.2)
    found = mean_distance(f, -1, Cube(2), error_rate=0.2, rng=4, n=30)
    assert found.lower == pytest.approx((1 - upper_F).mean() * math.sqrt(2), abs=1e-4)


def test_no_errors_are_infinitely_far():
    D = mean_distance(1, 1, Cube(2), rng=0, n=10)
    assert D.lower == D.upper == np.inf
    found = enlargement_profile(1, 1, Cube(2), [0.0, 9.0], rng=0, n=1000)
    assert found.lower.tolist() == [0.0, 0.0]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distance_to_errors([[0.0]]), "give model and bayes"),
        (lambda: distance_to_errors([[0.0]], 1), "give model and bayes"),
        (
            lambda: distance_to_errors([[0.0]], error_points=[[0.0, 1.0]]),
            "error_points must have 1 columns",
        ),
        (
            lambda: distance_to_errors([[0.0]], error_points=[[1.5]], torus=True),
            r"points must lie in \[0, 1\]",
        ),
        (lambda: distance_to_errors([[np.nan]], 1, 1), "X must"),
        (
            lambda: enlargement_profile(1, 1, Cube(1), [-0.1], rng=0),
            "eps must",
        ),
        (
            lambda: enlargement_profile(1, 1, Cube(1), 0.1, rng=0),
            "eps must have 1 axes",
        ),
        (lambda: mean_distance(1, 1, Cube(1)), "rng must"),
        (lambda: mean_distance(1, 1, 3, rng=0), "law must have sample"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
