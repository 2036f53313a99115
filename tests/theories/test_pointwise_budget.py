"""Robust maximum likelihood with a budget for every point, at any covariance."""

import numpy as np
import pytest

from geomadv.theories.features._pointwise_budget import (
    pointwise_loss,
    pointwise_robust_variances,
)
from geomadv.theories.features.ilyas2019 import (
    penalty_of_budget,
    pointwise_robust_variance,
    robust_variances,
)

V, EPS = np.array([1.0, 9.0]), 1.5


@pytest.fixture(scope="module")
def optimum():
    return pointwise_robust_variances(V, EPS)


@pytest.mark.parametrize(("v", "d", "eps"), [(1.0, 1, 1.0), (4.0, 3, 0.5)])
def test_equal_variances_have_the_closed_form(v, d, eps):
    found = pointwise_robust_variances(np.full(d, v), eps)
    assert found == pytest.approx(pointwise_robust_variance(v, d, eps), rel=1e-5)


def test_variances_are_second_moments_of_moved_points(optimum):
    """The slope in p_i is v_i - 1/p_i, of the worst points: sampled, 1 per cent."""
    p = 1 / optimum
    z = np.random.default_rng(0).standard_normal((200_000, 2)) * np.sqrt(V)
    low, high = np.full(len(z), p.max()), np.full(len(z), p.max() + 100.0)
    for _ in range(60):
        middle = (low + high) / 2
        delta = p * z / (middle[:, None] - p)
        long = (delta**2).sum(axis=1) > EPS**2
        low, high = np.where(long, middle, low), np.where(long, high, middle)
    moved = z + p * z / (high[:, None] - p)
    assert optimum == pytest.approx((moved**2).mean(axis=0), rel=0.01)


def test_no_other_covariance_is_better(optimum):
    least = pointwise_loss(V, optimum, EPS)
    rng = np.random.default_rng(1)
    for scale in np.geomspace(1e-3, 1.0, 30):
        other = optimum * np.exp(scale * rng.standard_normal(2))
        assert pointwise_loss(V, other, EPS) > least


def test_the_mean_budget_costs_more(optimum):
    """It allows the same mean, so that its total variance is larger."""
    mean = robust_variances(V, penalty_of_budget(V, EPS))
    assert V.sum() < optimum.sum() < mean.sum()
    assert (optimum > V).all()


def test_units_and_no_steps(optimum):
    scaled = pointwise_robust_variances(1e6 * V, 1e3 * EPS)
    assert scaled == pytest.approx(1e6 * optimum, rel=1e-6)
    assert pointwise_robust_variances(V, 0.0).tolist() == V.tolist()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("args", "name"), [(([], 1.0), "variances"), (([1.0], -1.0), "eps")]
)
def test_bad_arguments_are_named(args, name):
    with pytest.raises(ValueError, match=name):
        pointwise_robust_variances(*args)
