import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geomadv.data import ConcentricSpheres

SAMPLES = 4000
FALSE_ALARM = 1e-6


def test_defaults_are_those_of_the_paper():
    spheres = ConcentricSpheres()
    assert (spheres.d, spheres.radius, spheres.prior) == (500, 1.3, 0.5)


@pytest.mark.parametrize("d", [2, 3, 500])
def test_points_lie_on_the_sphere_of_their_class(d):
    X, y = ConcentricSpheres(d=d).sample(200, 1)
    norms = np.sqrt(np.array([math.fsum(row**2) for row in X]))
    assert np.abs(norms / np.where(y > 0, 1.3, 1.0) - 1).max() < 1e-15 * 8


@pytest.mark.parametrize("d", [2, 7, 50])
@pytest.mark.parametrize("label", [-1, 1])
def test_direction_is_uniform(d, label):
    """The square of a coordinate of a uniform direction is Beta(1/2, (d-1)/2)."""
    X, y = ConcentricSpheres(d=d).sample(SAMPLES, 2)
    coordinate = X[y == label, 0] / (1.3 if label > 0 else 1.0)
    law = stats.beta(0.5, (d - 1) / 2)
    assert stats.kstest(coordinate**2, law.cdf).pvalue > FALSE_ALARM
    positive = stats.binomtest(int((coordinate > 0).sum()), coordinate.size)
    assert positive.pvalue > FALSE_ALARM


@pytest.mark.parametrize("prior", [0.1, 0.5, 0.8])
def test_prior_is_the_probability_of_the_outer_sphere(prior):
    norms, y = ConcentricSpheres(prior=prior).sample_norms(SAMPLES, 3)
    outer = stats.binomtest(int((y > 0).sum()), SAMPLES, prior)
    assert outer.pvalue > FALSE_ALARM
    assert (norms == np.where(y > 0, 1.3, 1.0)).all()


def test_norms_cost_no_points():
    norms, _ = ConcentricSpheres(d=10**9).sample_norms(1000, 4)
    assert norms.size == 1000


def test_norms_and_points_have_the_same_labels():
    spheres = ConcentricSpheres(d=5)
    assert (spheres.sample(100, 5)[1] == spheres.sample_norms(100, 5)[1]).all()


def test_same_seed_gives_the_same_points():
    spheres = ConcentricSpheres(d=5)
    first, second = spheres.sample(10, 6), spheres.sample(10, np.random.default_rng(6))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


def test_bayes_rule_makes_no_error():
    spheres = ConcentricSpheres(d=20)
    X, y = spheres.sample(SAMPLES, 7)
    assert (spheres.bayes_predict(X) == y).mean() == 1 - spheres.bayes_risk
    assert (spheres.posterior(X) == (y + 1) / 2).all()


def test_bayes_rule_withstands_perturbations_below_half_the_gap():
    spheres = ConcentricSpheres(d=20)
    X, y = spheres.sample(50, 8)
    towards = X * (-y / np.linalg.norm(X, axis=1))[:, None]
    assert (spheres.bayes_predict(X + 0.1499999 * towards) == y).all()
    assert (spheres.bayes_predict(X + 0.1500001 * towards) == -y).all()


@given(
    x=st.lists(st.floats(-3, 3), min_size=2, max_size=2),
    radius=st.floats(1.01, 4),
    label=st.sampled_from([-1, 1]),
)
@settings(max_examples=50, deadline=None)
def test_distance_to_a_class_is_the_least_distance_to_its_points(x, radius, label):
    angle = np.linspace(0, 2 * np.pi, 20_001)
    sphere = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if label > 0:
        sphere *= radius
    nearest = np.linalg.norm(sphere - np.array(x), axis=1).min()
    distance = ConcentricSpheres(d=2, radius=radius).distance_to_class([x], label)
    # The grid is 3.2e-4 apart on the unit circle, so never more than 1.6e-4 * r off.
    assert distance[0] <= nearest + 1e-12
    assert nearest <= distance[0] + 1.6e-4 * max(radius, 1)


def test_distance_to_the_boundary_is_half_the_gap_on_both_spheres():
    spheres = ConcentricSpheres(d=30, radius=1.5)
    X, _ = spheres.sample(100, 9)
    assert np.allclose(spheres.distance_to_boundary(X), 0.25, rtol=0, atol=1e-14)
    assert spheres.distance_to_boundary(np.zeros((1, 30)))[0] == 1.25


def test_boundary_is_where_the_distances_to_the_classes_are_equal():
    spheres = ConcentricSpheres(d=2, radius=2.0)
    point = [[0.0, spheres.threshold]]
    assert spheres.distance_to_class(point, -1) == spheres.distance_to_class(point, 1)
    assert spheres.posterior(point) == 0.5


def test_huge_and_tiny_points_neither_overflow_nor_underflow():
    spheres = ConcentricSpheres(d=2)
    distance = spheres.distance_to_class([[3e200, 4e200], [3e-200, 4e-200]], -1)
    assert np.allclose(distance, [5e200, 1.0], rtol=1e-15)


def test_empty_query_gives_an_empty_answer():
    spheres = ConcentricSpheres(d=3)
    none = np.empty((0, 3))
    assert spheres.posterior(none).shape == (0,)
    assert spheres.bayes_predict(none).shape == (0,)
    assert spheres.distance_to_class(none, 1).shape == (0,)
    X, y = spheres.sample(0, 1)
    assert X.shape == (0, 3)
    assert y.shape == (0,)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"d": 1}, ValueError, "d must be at least 2, got 1"),
        ({"d": 2.0}, TypeError, "d must be an integer"),
        ({"radius": 1.0}, ValueError, "radius must be above 1"),
        ({"radius": math.nan}, ValueError, "radius must be above 1"),
        ({"radius": math.inf}, ValueError, "radius must be above 1"),
        ({"prior": 0.0}, ValueError, r"prior must lie in \(0, 1\), got 0.0"),
        ({"prior": 1.0}, ValueError, r"prior must lie in \(0, 1\), got 1.0"),
        ({"prior": "half"}, TypeError, "prior must be real numbers"),
    ],
)
def test_bad_parameters_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        ConcentricSpheres(**arguments)


@pytest.mark.errors
def test_bad_queries_are_named():
    spheres = ConcentricSpheres(d=3)
    with pytest.raises(ValueError, match="X must have 3 columns"):
        spheres.posterior([[1.0, 2.0]])
    with pytest.raises(ValueError, match="X must be finite, got nan"):
        spheres.bayes_predict([[1.0, 2.0, math.nan]])
    with pytest.raises(ValueError, match="label must be -1 or \\+1, got 0"):
        spheres.distance_to_class([[1.0, 2.0, 3.0]], 0)
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        spheres.sample(-1, 0)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        spheres.sample(1, None)
