"""Pancakes: correlations, queries, the oracle and linear rules."""

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from geomadv.data import Pancakes
from geomadv.theories.oscillation.bubeck2018 import (
    correlation,
    correlation_bound,
    linear_accuracy,
    log_queries,
    oracle_risk_bound,
    robust_sample_size,
)

SAMPLES = 20_000
FALSE_ALARM = 1e-6


def mehler(cosine, k, width):
    """The correlation by Mehler's closed form, at 90 digits."""
    mpmath.mp.dps = 90

    def he(j, x):
        old, new = mpmath.mpf(1), x
        for i in range(1, j):
            old, new = new, x * new - i * old
        return new if j else mpmath.mpf(1)

    x = [mpmath.mpf(float(z)) for z in np.polynomial.hermite_e.hermegauss(k)[0]]
    for _ in range(5):
        x = [z - he(k, z) / (k * he(k - 1, z)) for z in x]
    w = [mpmath.factorial(k - 1) / (k * he(k - 1, z) ** 2) for z in x]
    r = (1 - mpmath.mpf(width) ** 2) * mpmath.mpf(cosine)
    total = sum(
        a * b * mpmath.exp(-(r * r * (p * p + q * q) - 2 * r * p * q) / (2 - 2 * r * r))
        for p, a in zip(x, w, strict=True)
        for q, b in zip(x, w, strict=True)
    )
    return total / mpmath.sqrt(1 - r * r) - 1


# Correlations


@pytest.mark.parametrize("k", [1, 2, 5, 12])
@pytest.mark.parametrize("width", [0.05, 0.5, 0.95])
def test_correlation_is_mehlers_closed_form(k, width):
    for cosine in (1.0, 0.9, 0.1, -0.5):
        exact = mehler(cosine, k, width)
        value = float(correlation(cosine, k, width))
        assert abs(value / exact - 1) < 1e-12


def test_correlation_is_the_integral_of_the_ratio_of_densities():
    """In the plane of u and v, for the definition itself."""
    k, s, angle = 2, 0.6, 0.4
    grid = np.linspace(-9, 9, 1801)
    x, y = np.meshgrid(grid, grid)

    def ratio(t):
        shrink = math.sqrt(1 - s**2)
        parts = [stats.norm.pdf(t, a * shrink, s) / 2 for a in (-1, 1)]
        return sum(parts) / stats.norm.pdf(t)

    normal = stats.norm.pdf(x) * stats.norm.pdf(y)
    other = math.cos(angle) * x + math.sin(angle) * y
    total = (ratio(x) * ratio(other) * normal).sum() * (grid[1] - grid[0]) ** 2
    found = float(correlation(math.cos(angle), k, s))
    assert total - 1 == pytest.approx(found, rel=1e-6)


def test_correlation_vanishes_for_orthogonal_directions_and_is_bounded():
    cosines = np.linspace(-1, 1, 41)
    values = correlation(cosines, 3, 0.3)
    assert values[20] == 0.0
    assert (values <= correlation_bound(cosines, 3, 0.3) * (1 + 1e-12)).all()
    assert values[-1] == correlation_bound(1.0, 3, 0.3)
    small = correlation([1e-3, 1e-2], 3, 0.3)
    assert small[1] / small[0] == pytest.approx(1e6, rel=1e-3)


# Examples and queries


@pytest.mark.parametrize(
    ("hypotheses", "error", "delta"), [(1000, 0.01, 0.05), (7, 0.3, 0.2)]
)
def test_sample_size_is_the_least_of_the_union_bound(hypotheses, error, delta):
    n = robust_sample_size(hypotheses, error, delta)
    assert hypotheses * math.exp(-error * n) <= delta
    assert hypotheses * math.exp(-error * (n - 1)) > delta


def test_surviving_rules_are_as_rare_as_stated():
    """Rules of robust error .2, each tried on its own examples."""
    rng = np.random.default_rng(0)
    n = robust_sample_size(50, 0.2, 0.1)
    errors = rng.binomial(n, 0.2, size=(4000, 50))
    failures = int((errors == 0).any(axis=1).sum())
    assert stats.binomtest(failures, 4000, 0.1, "greater").pvalue > FALSE_ALARM


def test_queries_are_exponentially_many_in_the_dimension():
    dimensions = np.array([10_000, 20_000, 40_000])
    logs = [log_queries(d, 4, 0.2, 0.01, 0.1) for d in dimensions.tolist()]
    assert np.diff(logs) == pytest.approx(0.01 / 4 * np.diff(dimensions))
    assert log_queries(1000, 1, 0.2, 0.01, 0.5) == -math.inf
    chi2 = float(mehler(1.0, 3, 0.4))
    left = (0.1**2 - 0.2**6 * chi2) / chi2
    found = log_queries(5000, 3, 0.4, 0.1, 0.2)
    assert found == pytest.approx(0.2**2 * 5000 / 4 + math.log(left), rel=1e-12)


def test_random_signs_are_as_far_apart_as_the_packing_says():
    d, c = 400, 0.3
    m = int(math.exp(c**2 * d / 4))
    assert m > 1000
    v = np.random.default_rng(1).choice([-1.0, 1.0], size=(1000, d)) / math.sqrt(d)
    gram = v @ v.T - np.eye(1000)
    assert np.abs(gram).max() <= c


def test_no_query_tells_more_directions_than_counted():
    """The best query for m directions of R^2, a sign, measured on a grid."""
    k, s = 1, 0.5
    grid = np.linspace(-7, 7, 701)
    x, y = np.meshgrid(grid, grid)
    cell = (grid[1] - grid[0]) ** 2
    normal = stats.norm.pdf(x) * stats.norm.pdf(y) * cell
    for m in (2, 3, 6):
        angles = np.pi * np.arange(m) / m
        h = []
        for t in angles:
            along = math.cos(t) * x + math.sin(t) * y
            h.append(stats.norm.pdf(along, 0, s) / stats.norm.pdf(along) - 1)
        g = np.sign(sum(h))
        told = min(abs((g * one * normal).sum()) for one in h)
        gamma = float(correlation(math.cos(math.pi / m), k, s))
        chi2 = float(correlation(1.0, k, s))
        assert m * (told**2 - gamma) <= chi2


# The oracle


@pytest.mark.parametrize("orders", [(2, 3), (3, 4), (4, 7)])
def test_oracle_bound_holds_and_is_of_the_right_order(orders):
    for width in (0.02, 0.05, 0.1):
        law = Pancakes(3, orders, width)
        for eps in (0.0, 0.5 * law.margin, 0.8 * law.margin):
            risk, bound = float(law.oracle_risk(eps)), oracle_risk_bound(law, eps)
            assert risk <= bound
            if eps == 0.0 and width == 0.02 and orders == (2, 3):
                assert math.log(bound) > 1.1 * math.log(risk)


def test_oracle_withstands_a_sample_of_worst_steps():
    law = Pancakes(20, (2, 3), 0.08, tau=0.05)
    X, y = law.sample(SAMPLES, 2)
    eps, wrong = 0.15, np.zeros(SAMPLES, bool)
    for size in (-eps, 0.0, eps):
        wrong |= law.oracle_predict(X + size * law.direction) != y
    test = stats.binomtest(
        int(wrong.sum()), SAMPLES, oracle_risk_bound(law, eps), "greater"
    )
    assert test.pvalue > FALSE_ALARM


# Linear rules


@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("width", [0.0, 0.3])
def test_linear_accuracy_is_that_of_the_worst_steps(p, width):
    law = Pancakes(4, (2, 3), width, tau=0.4, direction=[0, 1.0, 2.0, -1.0])
    w, b = np.array([1.0, 0.5, 0.7, -0.2]), 0.3
    X, y = law.sample(SAMPLES, 3)
    if p == 1:
        step = np.sign(w) * (np.abs(w) == np.abs(w).max())
    else:
        step = np.sign(w) if p == math.inf else w / np.linalg.norm(w)
    for eps in (0.0, 0.1, 0.5):
        right = np.sign((X - eps * y[:, None] * step) @ w + b) == y
        exact = float(linear_accuracy(law, w, b, eps, p))
        assert stats.binomtest(int(right.sum()), SAMPLES, exact).pvalue > FALSE_ALARM


def test_easy_coordinate_is_perfect_and_lost_at_tau():
    law = Pancakes(4, (2, 3), 0.1, tau=0.1)
    w = [1.0, 0.0, 0.0, 0.0]
    assert linear_accuracy(law, w, 0.0, [0.0, 0.0999, 0.1, 0.2]).tolist() == [
        1,
        1,
        0,
        0,
    ]


def test_best_linear_rule_along_the_direction_reaches_two_thirds():
    law = Pancakes(4, (2, 3), 0.01, tau=0.1)
    found = [
        float(linear_accuracy(law, [0.0, 0.0, 0.0, 1.0], b, 0.15))
        for b in np.linspace(-2, 2, 81)
    ]
    assert max(found) == pytest.approx(2 / 3, abs=1e-12)
    assert max(found) <= 1 - law.linear_risk() + 1e-12


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: robust_sample_size(0, 0.1, 0.1), "hypotheses must be at least 1"),
        (lambda: robust_sample_size(1, 0.0, 0.1), "error must lie in"),
        (lambda: robust_sample_size(1, 0.1, math.nan), "delta must"),
        (lambda: correlation(1.1, 2, 0.1), "cosine must lie in"),
        (lambda: correlation(0.1, 0, 0.1), "order must be at least 1"),
        (lambda: correlation(0.1, 2, 0.0), "width must lie in"),
        (lambda: log_queries(10, 2, 0.1, 0.0, 0.1), "tolerance must be above 0"),
        (lambda: log_queries(10, 2, 0.1, 0.1, 1.0), "cosine must lie in"),
        (lambda: oracle_risk_bound(Pancakes(3), 0.1), "law must have pancakes"),
        (lambda: oracle_risk_bound(Pancakes(3, width=0.1), -1), "eps must be at least"),
        (lambda: linear_accuracy(Pancakes(2), [1.0], 0), "w must have 2 entries"),
        (lambda: linear_accuracy(Pancakes(2), [0.0, 0.0], 0), "w must have 2 entries"),
        (lambda: linear_accuracy(Pancakes(2), [1.0, 0.0], 0, -1), "eps must be at le"),
        (lambda: linear_accuracy(Pancakes(2), [1.0, 0], 0, 1, 0.5), "p must be at le"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
