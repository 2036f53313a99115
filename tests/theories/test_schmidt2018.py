"""The Gaussian and the Bernoulli model: closed forms, lemmas, lower bounds.

Comparisons with simulation fail by chance with probability below 1e-4 each where no
other rate is named (4 standard errors), at fixed seeds.
"""

import itertools
import math
import time
import tracemalloc
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geomadv.data import GaussianPair
from geomadv.stats import fit_power_law
from geomadv.theories.manifold import _gaussian_bounds
from geomadv.theories.manifold.schmidt2018 import (
    agreement_error,
    any_learner_bound,
    bernoulli_error,
    certified_eps,
    cosine_bound,
    cosine_failure,
    inner_product_bound,
    limit_errors,
    log_robust_error,
    margin_tail,
    mean_magnitude,
    necessary_samples,
    norm_bound,
    optimal_error,
    robust_error,
    sample_errors,
    sample_mean,
    sample_optimal_errors,
    samples_needed,
    sufficient_samples,
)

# --- Errors of linear classifiers ----------------------------------------------------


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, math.inf])
def test_robust_error_is_that_of_the_pair_of_gaussians(p):
    rng = np.random.default_rng(0)
    theta, W = rng.normal(size=7), rng.normal(size=(5, 7))
    pair = GaussianPair(theta, 1.7**2)
    expected = [pair.robust_risk((w, 0.0), 0.2, p) for w in W]
    assert robust_error(W, theta, 1.7, 0.2, p) == pytest.approx(expected, rel=1e-12)


def test_robust_error_is_the_share_of_points_with_an_error_in_reach():
    """On 50 random settings; the worst corner of the cube is searched for."""
    rng = np.random.default_rng(1)
    corners = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    misses = 0
    for _ in range(50):
        theta, w = rng.normal(size=3), rng.normal(size=3)
        sigma, eps = rng.uniform(0.5, 2), rng.uniform(0, 0.5)
        y = rng.choice([-1.0, 1.0], 4000)
        X = y[:, None] * theta + sigma * rng.standard_normal((4000, 3))
        margins = y[:, None] * ((X[:, None, :] + eps * corners) @ w)
        wrong = (margins.min(axis=1) < 0).mean()
        error = float(robust_error(w, theta, sigma, eps))
        misses += abs(wrong - error) > 4 * math.sqrt(error * (1 - error) / 4000)
    assert misses == 0


def test_logarithm_does_not_underflow():
    exact = mpmath.log(mpmath.erfc(60 / mpmath.sqrt(2)) / 2)
    assert log_robust_error([2.0], [60.0], 1.0) == pytest.approx(float(exact))
    assert log_robust_error([1.0, 2.0], [1.0, 1.0], 1.0, 0.1) == pytest.approx(
        math.log(robust_error([1.0, 2.0], [1.0, 1.0], 1.0, 0.1))
    )


def test_errors_broadcast_over_weights_and_sizes():
    W = np.ones((4, 1, 3))
    assert robust_error(W, np.ones(3), 1.0, [0.0, 0.5]).shape == (4, 2)
    assert isinstance(robust_error([1.0], [1.0], 1.0), np.float64)
    huge = robust_error(1e300 * np.ones(3), np.ones(3), 1.0, 0.1)
    assert huge == pytest.approx(robust_error(np.ones(3), np.ones(3), 1.0, 0.1))


# --- The average ---------------------------------------------------------------------


def test_sample_mean_has_the_law_of_the_mean_of_n_samples():
    theta, sigma, n = np.array([1.0, -2.0]), 1.5, 7
    rng = np.random.default_rng(2)
    quick = np.array([sample_mean(theta, sigma, n, rng) for _ in range(3000)])
    y = rng.choice([-1.0, 1.0], (3000, n, 1))
    slow = (y * (y * theta + sigma * rng.standard_normal((3000, n, 2)))).mean(axis=1)
    for column in (0, 1):
        assert stats.ks_2samp(quick[:, column], slow[:, column]).pvalue > 1e-4
    assert abs(np.corrcoef(quick.T)[0, 1]) < 4 / math.sqrt(3000)


def test_sampled_errors_are_those_of_averages_of_drawn_samples():
    d, sigma, n, eps = 50, 3.0, 6, 0.3
    quick = sample_errors(d, sigma, n, eps, 2000, 3)
    rng = np.random.default_rng(4)
    theta = np.ones(d)
    W = theta + sigma * rng.standard_normal((2000, n, d)).mean(axis=1)
    slow = [robust_error(W, theta, sigma, e) for e in (0.0, eps)]
    for column in (0, 1):
        assert stats.ks_2samp(quick[:, column], slow[column]).pvalue > 1e-4


@pytest.mark.parametrize(
    ("d", "n", "standard", "robust"),
    [
        (1000, 1, 0.16242, 0.89599),
        (1000, 4, 0.02976, 0.64119),
        (1000, 16, 0.00056, 0.16170),
        (1000, 64, 0.0, 0.01435),
        (10000, 1, 0.15986, 0.99863),
        (10000, 4, 0.02493, 0.97876),
        (10000, 16, 0.00010, 0.61126),
        (10000, 64, 0.0, 0.01445),
        (100000, 64, 0.0, 0.42776),
    ],
)
def test_limit_has_its_reference_values(d, n, standard, robust):
    found = limit_errors(d, d**0.25, n, 0.5)
    assert found[0] == pytest.approx(standard, abs=6e-6)
    assert found[1] == pytest.approx(robust, abs=6e-6)


@pytest.mark.parametrize(("d", "n"), [(1000, 4), (1000, 64), (10_000, 16)])
def test_mean_errors_are_near_the_limit(d, n):
    found = sample_errors(d, d**0.25, n, 0.5, 200, 5)
    limit = np.array(limit_errors(d, d**0.25, n, 0.5))
    spread = 4 * found.std(axis=0) / math.sqrt(200)
    assert (np.abs(found.mean(axis=0) - limit) < 0.005 + spread).all()


def test_robust_error_at_ten_thousand_dimensions_is_as_found_before():
    found = sample_errors(10**4, 10.0, 16, 0.5, 200, 6)[:, 1]
    assert found.mean() == pytest.approx(0.6091, abs=4 * 0.032 * (40**-0.5 + 200**-0.5))
    assert found.std() == pytest.approx(0.032, rel=0.2)


@pytest.mark.parametrize("s", [1e-3, 0.05, 0.3, 1.0, 7.0, 1e3, 1e6])
def test_mean_magnitude_is_the_mean(s):
    with mpmath.workdps(30):
        # E|1 + s g| = 1 + 2 E (-1 - s g)_+ by an integral of the tail
        tail = mpmath.quad(
            lambda t: mpmath.erfc(t / mpmath.sqrt(2)) / 2,
            [1 / mpmath.mpf(s), 1 / mpmath.mpf(s) + 5, mpmath.inf],
        )
        exact = 1 + 2 * mpmath.mpf(s) * tail
    assert float(mean_magnitude(s)) == pytest.approx(float(exact), rel=2e-15)
    assert mean_magnitude(0.0) == 1.0


@given(
    d=st.floats(10, 1e12),
    eps=st.floats(0, 0.9),
    error=st.floats(1e-6, 0.5),
    c=st.floats(0.1, 3),
)
def test_needed_samples_are_where_the_limit_crosses_the_error(d, eps, error, c):
    sigma = c * d**0.25
    n = samples_needed(d, sigma, eps, error)
    if math.isinf(n):
        assert limit_errors(d, sigma, 1e15 * sigma**2, eps)[1] >= error * (1 - 1e-6)
    elif n > 1e-20:
        assert limit_errors(d, sigma, n, eps)[1] == pytest.approx(error, rel=1e-7)
        assert limit_errors(d, sigma, 1.01 * n, eps)[1] < error


def test_exponent_of_the_samples_is_one_half_in_simulation():
    """n at which the sampled robust error crosses 1/2, by interpolation in log n."""
    eps, sizes, needed = 0.5, [2**10, 2**12, 2**14, 2**16], []
    for d in sizes:
        guess = samples_needed(d, d**0.25, eps, 0.5)
        low, high = max(1, int(0.5 * guess)), math.ceil(2 * guess)
        grid = np.unique(np.geomspace(low, high, 9).astype(int))
        levels = [
            stats.norm.ppf(sample_errors(d, d**0.25, int(n), eps, 20, 7)[:, 1]).mean()
            for n in grid
        ]
        needed.append(math.exp(np.interp(0.0, -np.array(levels), np.log(grid))))
    law = fit_power_law(sizes, needed)
    assert law.exponent == pytest.approx(0.5, abs=0.03)
    assert 0.5 in law.exponent_interval
    assert law.exponent_interval.width < 0.2


def test_a_million_dimensions_take_seconds_and_no_matrix():
    tracemalloc.start()
    begin = time.perf_counter()
    sample_errors(10**6, 10**1.5, 10**6, 0.5, 5, 0)
    assert time.perf_counter() - begin < 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 8 * 10**6


# --- Lemmas --------------------------------------------------------------------------


def test_norm_of_the_average_exceeds_its_bound_rarely():
    """The exact law: n |zbar|^2/sigma^2 is a noncentral chi-squared number."""
    for norm, d, sigma, n, delta in itertools.product(
        (0.5, 10.0), (1, 30), (0.5, 3.0), (1, 9), (0.01, 0.5)
    ):
        bound = norm_bound(norm, d, sigma, n, delta)
        scale = n / sigma**2
        assert stats.ncx2.sf(bound**2 * scale, d, norm**2 * scale) <= delta


def test_the_case_of_lemma_14():
    for d, sigma, n in ((1, 0.5, 1), (50, 2.0, 7)):
        bound = norm_bound(math.sqrt(d), d, sigma, n, math.exp(-d / 2))
        assert bound == pytest.approx((1 + 2 * sigma / math.sqrt(n)) * math.sqrt(d))


def test_inner_product_falls_below_its_bound_rarely():
    bound = inner_product_bound(3.0, 2.0, 5, 0.1)
    chance = stats.norm.cdf(bound, loc=9.0, scale=2.0 * 3.0 / math.sqrt(5))
    assert chance == pytest.approx(stats.norm.sf(math.sqrt(2 * math.log(10))))
    assert chance <= 0.1


def test_cosine_has_its_reference_values():
    assert cosine_bound(2.0, 4) == 0.25
    assert cosine_failure(784, 2.0) == pytest.approx(6.15e-9, rel=1e-3)
    zbar = sample_mean(np.ones(784), 2.0, 4, 0)
    cosine = zbar.sum() / np.linalg.norm(zbar) / 28
    assert cosine == pytest.approx(0.70711, abs=4 / 28)


@given(margin=st.floats(0, 30), sigma=st.floats(0.1, 10))
def test_twice_the_error_is_below_the_tail(margin, sigma):
    error = float(robust_error([1.0], [margin], sigma))
    assert 2 * error <= margin_tail(margin, sigma) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("n", "value"),
    [
        (1, 0.35781383),
        (2, 0.50600197),
        (5, 0.65843552),
        (10, 0.74425293),
        (100, 0.90166458),
    ],
)
def test_certified_sizes_have_their_reference_values(n, value):
    assert certified_eps(784, 784**0.25 / 32, n, 0.01) == pytest.approx(value, abs=6e-9)


def test_sufficient_samples_jump_from_one_to_four():
    edge = 16**-0.25 / 4
    assert sufficient_samples(16, edge) == 1.0
    assert sufficient_samples(16, edge * (1 + 1e-12)) == pytest.approx(4.0)


def test_necessary_samples_have_their_reference_value():
    assert necessary_samples(10**4, 10.0, 0.25) == pytest.approx(0.0848, abs=5e-5)


# --- Any learner ---------------------------------------------------------------------


def test_best_learner_is_the_best_robust_classifier_given_the_data():
    """The predictive law is a pair of Gaussians; its optimum is found elsewhere."""
    d, sigma, n, eps = 6, 1.5, 4, 0.4
    rng = np.random.default_rng(8)
    t2 = sigma**2 / (n + sigma**2)
    slow = []
    for _ in range(400):
        theta = rng.standard_normal(d)
        mu = sample_mean(theta, sigma, n, rng) * n / (n + sigma**2)
        pair = GaussianPair(mu, sigma**2 + t2)
        best = pair.optimal_robust_classifier(eps, np.inf)
        slow.append(float(pair.robust_risk(best, eps, np.inf)))
    quick = sample_optimal_errors(4000, 9, d, sigma, n, eps)
    assert stats.ks_2samp(quick, slow).pvalue > 1e-4


def test_no_learner_is_better_than_the_best():
    """Averages and soft thresholds of several sizes, over random theta."""
    d, sigma, n, eps = 200, 4.0, 10, 0.2
    rng = np.random.default_rng(10)
    best = sample_optimal_errors(4000, 11, d, sigma, n, eps)
    floor = best.mean() - 4 * best.std() / math.sqrt(4000)
    for threshold in (0.0, 0.2, 0.4):
        errors = []
        for _ in range(300):
            theta = rng.standard_normal(d)
            mean = sample_mean(theta, sigma, n, rng)
            w = np.sign(mean) * np.maximum(np.abs(mean) - threshold, 0.0)
            errors.append(float(robust_error(w, theta, sigma, eps)))
        assert np.mean(errors) > floor


def test_best_learner_is_near_its_limit():
    for n, eps in ((4, 0.1), (16, 0.5), (64, 0.9)):
        found = sample_optimal_errors(2000, 12, 10**4, 10.0, n, eps)
        limit = float(optimal_error(10**4, 10.0, n, eps))
        assert found.mean() == pytest.approx(limit, abs=0.002)


@pytest.mark.parametrize("a", [0.0, 0.5, 3.0, 19.9, 20.1, 30.0])
def test_mean_of_the_squared_soft_threshold(a):
    with mpmath.workdps(30):
        exact = 2 * mpmath.quad(
            lambda x: (x - a) ** 2 * mpmath.npdf(x), [a, a + 1, a + 5, mpmath.inf]
        )
    found = _gaussian_bounds._soft_square(np.array(a), np.array(1.0))
    assert float(found) == pytest.approx(float(exact), rel=1e-8)


@given(
    d=st.integers(1, 10**6),
    sigma=st.floats(0.1, 100),
    n=st.floats(0.01, 1e4),
    eps=st.floats(0, 2),
)
def test_bound_for_any_learner_is_the_chance_of_no_large_coordinate(d, sigma, n, eps):
    chance = math.erf(eps * math.sqrt((1 + sigma**2 / n) / 2)) ** d / 2
    bound = float(any_learner_bound(d, sigma, n, eps))
    assert bound == pytest.approx(chance, rel=1e-7, abs=1e-300)


def test_without_data_no_learner_knows_anything():
    assert any_learner_bound(100, 1.0, 0, 0.1) == 0.5
    assert optimal_error(100, 1.0, 0, 0.1) == 0.5


# --- The Bernoulli model -------------------------------------------------------------


@pytest.mark.parametrize(
    ("w", "eps", "p"),
    [
        ([1, 1, 1, 1], 0.0, math.inf),
        ([1, -2, 3, 1, 1], 0.0, math.inf),
        ([1, -2, 3, 1, 0], 0.3, math.inf),
        ([2, 2, 1, 5, 1, 1, 1, 4], 0.7, 2.0),
        ([0.5, 1.25, -3.0], 0.2, 1.0),
    ],
)
def test_bernoulli_error_is_the_sum_over_all_points(w, eps, p):
    tau, theta = Fraction(3, 20), np.resize([1, 1, -1], len(w))
    q = {1.0: np.inf, 2.0: 2, math.inf: 1}[p]
    threshold = eps * np.linalg.norm(w, q)
    error = Fraction(0)
    for xi in itertools.product([-1, 1], repeat=len(w)):
        if np.dot(np.multiply(w, theta), xi) <= threshold + 1e-9:
            right = xi.count(1)
            error += (Fraction(1, 2) + tau) ** right * (Fraction(1, 2) - tau) ** (
                len(w) - right
            )
    found = bernoulli_error(np.array(w, float), theta, 0.15, eps, p)
    assert found == pytest.approx(float(error), rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 9, 10, 300])
def test_agreement_error_is_that_of_the_signs(d):
    for agreeing in {0, d // 3, d // 2, d - 1, d}:
        w = np.where(np.arange(d) < agreeing, 1.0, -1.0)
        expected = bernoulli_error(w, np.ones(d), 0.1)
        assert agreement_error(d, agreeing, 0.1) == pytest.approx(expected, rel=1e-10)


def test_agreement_error_of_many_signs_needs_little_memory():
    """Two blocks of terms; about Phi of its margin, with the correction by a half."""
    d, agreeing, tau = 3_000_000, 1_501_500, 0.2
    tracemalloc.start()
    error = agreement_error(d, agreeing, tau)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    mean, spread = 2 * tau * (2 * agreeing - d), math.sqrt(d * (1 - 4 * tau**2))
    assert error == pytest.approx(stats.norm.cdf((1 - mean) / spread), abs=1e-6)
    assert peak < 200e6


def test_error_of_one_bernoulli_sample_agrees_with_simulation():
    d, tau, n = 101, 0.15, 20_000
    rng = np.random.default_rng(13)
    w = np.where(rng.random(d) < 0.5 + tau, 1.0, -1.0)
    xi = np.where(rng.random((n, d)) < 0.5 + tau, 1.0, -1.0)
    for eps in (0.0, 0.1):
        error = bernoulli_error(w, np.ones(d), tau, eps)
        wrong = int((xi @ w <= eps * d).sum())
        assert stats.binomtest(wrong, n, error).pvalue > 1e-4


# --- Arguments -----------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: robust_error([0.0], [1.0], 1.0), ValueError, "w must not be zero"),
        (lambda: robust_error([1.0, 2.0], [1.0], 1.0), ValueError, "w must have 1 wei"),
        (lambda: robust_error([1.0], [1.0], 0.0), ValueError, "sigma must be above 0"),
        (lambda: robust_error([1.0], [1.0], 1.0, -1), ValueError, "eps must be at lea"),
        (lambda: robust_error([1.0], [1.0], 1.0, 0, 0.5), ValueError, "p must be at "),
        (lambda: robust_error([math.nan], [1.0], 1.0), ValueError, "w must be finite"),
        (
            lambda: robust_error([1.0, 1.0], [1e308, 1e308], 1.0, 1e308),
            ValueError,
            "theta and eps must be smaller",
        ),
        (lambda: sample_mean([1.0], 1.0, 0, 0), ValueError, "n must be at least 1"),
        (lambda: sample_mean([1.0], 1.0, 1.5, 0), TypeError, "n must be an integer"),
        (lambda: sample_errors(0, 1.0, 1, 0, 1, 0), ValueError, "d must be at least 1"),
        (lambda: sample_errors(1, 1.0, 1, 0, -1, 0), ValueError, "runs must be at lea"),
        (lambda: mean_magnitude(-1.0), ValueError, "s must be at least 0"),
        (lambda: limit_errors(1, 1, 0, 0), ValueError, "n must be above 0"),
        (lambda: samples_needed(1, 1, 0, 0.6), ValueError, "error must lie in"),
        (lambda: norm_bound(1, 1, 1, 1, 0.0), ValueError, "delta must lie in"),
        (lambda: inner_product_bound(0, 1, 1, 1), ValueError, "norm must be above 0"),
        (lambda: cosine_bound(1.0, 0.5), ValueError, "n must be at least 1"),
        (lambda: margin_tail(-1, 1), ValueError, "margin must be at least 0"),
        (lambda: certified_eps(1, 1, 1, 2), ValueError, "beta must lie in"),
        (lambda: sufficient_samples(1, 0.3), ValueError, "eps must lie in"),
        (lambda: necessary_samples(1, 1, 1), ValueError, "d must be at least 2"),
        (lambda: any_learner_bound(1, 1, -1, 0), ValueError, "n must be at least 0"),
        (lambda: bernoulli_error([1.0], [2.0], 0.1), ValueError, "theta must hold 1"),
        (lambda: bernoulli_error([], [], 0.1), ValueError, "w must not be empty"),
        (lambda: bernoulli_error([1.0], [1.0], 0.6), ValueError, "tau must lie in"),
        (
            lambda: bernoulli_error(np.sqrt(np.arange(1.0, 40)), np.ones(39), 0.1),
            ValueError,
            "few different values",
        ),
        (lambda: agreement_error(3, 4, 0.1), ValueError, "agreeing must be at most 3"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
