"""Parities and weak coordinates: simple rules, their robustness, and queries."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from geomadv.data import Parity
from geomadv.perturbations import robust_error
from geomadv.theories.oscillation.nakkiran2019 import (
    _bent,
    _correlations,
    linear_accuracy,
    log_queries,
    random_noise_bound,
    random_noise_risk,
    simple_robust_accuracy,
)

SAMPLES = 20_000
FALSE_ALARM = 1e-6


@pytest.mark.parametrize("sigma", [0.0, 0.2])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_linear_accuracy_is_that_of_the_worst_steps(sigma, noise):
    law = Parity(4, 2, noise, weak=5, tau=0.1, sigma=sigma, hidden=[1, 3])
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal(9), 0.3
    w[4:] = np.abs(w[4:]) + 1.0
    X, y = law.sample(SAMPLES, 1)
    for eps in (0.0, 0.05, 0.2):
        right = np.sign((X - eps * y[:, None] * np.sign(w)) @ w + b) == y
        exact = float(linear_accuracy(law, w, b, eps))
        assert stats.binomtest(int(right.sum()), SAMPLES, exact).pvalue > FALSE_ALARM


def test_linear_accuracy_agrees_with_distances_of_a_fitted_rule():
    """The share of points by the exact l_inf distances of `minimal_perturbation`."""
    law = Parity(3, 2, weak=4, tau=0.3, sigma=0.3)
    X, y = law.sample(4000, 2)
    fitted = LogisticRegression().fit(X[:500], y[:500])
    eps = np.array([0.0, 0.1, 0.3, 0.6])
    errors = robust_error(fitted, X[500:], y[500:], eps, p=np.inf)
    exact = 1 - linear_accuracy(law, fitted.coef_[0], fitted.intercept_[0], eps)
    for share, risk in zip(errors.upper, exact, strict=True):
        test = stats.binomtest(round(share * 3500), 3500, min(risk, 1.0))
        assert test.pvalue > FALSE_ALARM


def test_sum_of_weak_coordinates_has_its_closed_form():
    law = Parity(3, 3, 0.1, weak=25, tau=0.2, sigma=0.7)
    w = np.concatenate([np.zeros(3), np.ones(25)])
    for eps in (0.0, 0.1, 0.4):
        exact = 1 - stats.norm.cdf(5 * (eps - 0.2) / 0.7)
        assert linear_accuracy(law, w, 0.0, eps) == pytest.approx(exact, rel=1e-12)
        assert 1 - law.weak_risk(eps) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8])
def test_threshold_of_the_bits_attains_the_bound_also_under_steps(k):
    law = Parity(k, k, 0.1, weak=3, tau=0.05)
    w = np.concatenate([np.ones(k), np.zeros(3)])
    b = 0.0 if k % 2 else -1.0
    found = linear_accuracy(law, w, b, [0.0, 0.05, 0.99 / k])
    attained = np.maximum(found, 1 - found)
    assert attained[0] == pytest.approx(simple_robust_accuracy(k, 0.1), rel=1e-14)
    if found[0] > 0.5:
        assert found == pytest.approx(attained[0])


def test_trade_off_is_tight_at_both_ends():
    law = Parity(2, 2, weak=4, tau=0.05)
    weak = linear_accuracy(law, [0, 0, 1, 1, 1, 1], 0.0, [0.0, 0.1])
    bits = linear_accuracy(law, [1, 1, 0, 0, 0, 0], -1.0, [0.0, 0.1])
    assert weak.tolist() == [1.0, 0.0]
    assert bits.sum() == 1.5 == 2 * simple_robust_accuracy(2)


# Random noise


@pytest.mark.parametrize("m", [1, 3, 10])
def test_random_noise_risk_is_that_of_a_sample(m):
    rng = np.random.default_rng(3)
    for ratio in (0.1, 0.4):
        wrong = int((rng.uniform(-1, 1, (SAMPLES, m)).sum(axis=1) >= m * ratio).sum())
        exact = random_noise_risk(m, ratio)
        assert stats.binomtest(wrong, SAMPLES, exact).pvalue > FALSE_ALARM


def test_random_noise_risk_has_its_ends():
    assert random_noise_risk(7, 0.0) == 0.5
    assert random_noise_risk(7, 1.0) == 0.0
    assert random_noise_risk(3, 2 / 3) == pytest.approx(1 / 48)
    assert random_noise_bound(30, 0.5) < 2e-5


# Queries


def test_correlations_with_all_parities_are_their_means():
    rng = np.random.default_rng(4)
    g = rng.uniform(-1, 1, 32)
    cube = np.array(list(itertools.product([0, 1], repeat=5)))
    brute = [(g * (-1.0) ** (cube @ S)).mean() for S in cube]
    assert _correlations(g) == pytest.approx(np.array(brute), abs=1e-15)
    assert (_correlations(g) ** 2).sum() == pytest.approx((g**2).mean())


def test_queries_count_the_sets():
    assert log_queries(10, 3, 1.0) == pytest.approx(math.log(120))
    assert log_queries(10, 3, 0.1) == pytest.approx(math.log(1.2))


def test_accuracies_have_their_values():
    assert [simple_robust_accuracy(k) for k in (1, 2, 4, 6)] == [
        1,
        0.75,
        0.6875,
        0.65625,
    ]
    assert simple_robust_accuracy(3, 0.1) == pytest.approx(0.7)
    k = 10_001
    limit = 0.5 + 0.5 * math.sqrt(2 / (math.pi * k))
    assert simple_robust_accuracy(k) == pytest.approx(limit, rel=1e-6)


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: simple_robust_accuracy(0), ValueError, "k must be at least 1"),
        (lambda: simple_robust_accuracy(2, 0.5), ValueError, "noise must lie in"),
        (lambda: linear_accuracy(Parity(2, 1), [1.0], 0), ValueError, "w must have sh"),
        (
            lambda: linear_accuracy(Parity(17, 1), np.ones(17), 0),
            ValueError,
            "law must have at most 16 bits",
        ),
        (
            lambda: linear_accuracy(Parity(2, 1), [1.0, 1.0], 0, -1),
            ValueError,
            "eps must be at least 0",
        ),
        (lambda: random_noise_risk(31, 0.1), ValueError, "m must be at most 30"),
        (lambda: random_noise_risk(3, 1.1), ValueError, "ratio must lie in"),
        (lambda: log_queries(3, 4, 0.1), ValueError, "k must be at most 3"),
        (lambda: log_queries(3, 2, 0.0), ValueError, "tolerance must"),
        (lambda: log_queries(3.0, 2, 0.1), TypeError, "d must be an integer"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_inner_product_is_equally_far_from_all_parities(m: int):
    points = np.array(list(itertools.product((0, 1), repeat=2 * m)))
    parities = (-1.0) ** (points @ points.T)
    correlations = parities @ _bent(m) / len(points)
    np.testing.assert_allclose(np.abs(correlations), 2.0**-m, rtol=1e-12)
