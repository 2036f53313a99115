"""Self-training: the exact sampler, its limit, and the constants.

Two-sample tests fail by chance with probability 1e-4 each, at fixed seeds.
"""

import math
import time
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from geomadv.theories.manifold.carmon2019 import (
    hardness,
    label_worth,
    least_hardness,
    noise,
    robust_slope,
    self_training_errors,
    self_training_limit,
    unlabelled_needed,
)
from geomadv.theories.manifold.schmidt2018 import limit_errors, robust_error


def brute_force(d, sigma, n, m, eps, runs, rng):
    """Draw all points, label them, and average."""
    mu, found = np.ones(d), []
    for _ in range(runs):
        y = rng.choice([-1.0, 1.0], (n + m, 1))
        X = y * mu + sigma * rng.standard_normal((n + m, d))
        w = (y[:n] * X[:n]).mean(axis=0)
        pseudo = np.sign(X[n:] @ w)
        final = (pseudo[:, None] * X[n:]).mean(axis=0)
        found.append(robust_error(final, mu, sigma, [0.0, eps]))
    return np.array(found)


@pytest.mark.parametrize(("n", "m"), [(1, 5), (3, 40)])
def test_sampler_has_the_law_of_the_procedure(n, m):
    quick = self_training_errors(12, 3.0, n, m, 0.3, 2000, 0)
    slow = brute_force(12, 3.0, n, m, 0.3, 2000, np.random.default_rng(1))
    for column in (0, 1):
        assert stats.ks_2samp(quick[:, column], slow[:, column]).pvalue > 1e-4


@pytest.mark.parametrize(
    ("d", "eps", "n", "standard", "robust"),
    [
        (1e5, 0.2, 10, 0.159859, 0.725995),
        (1e5, 0.2, 161, 9.809e-5, 0.016783),
        (1e5, 0.1, 10, 0.159859, 0.421857),
        (1e5, 0.1, 41, None, 0.117697),
        (1e6, 0.1, 127, None, 0.018985),
    ],
)
def test_labelled_errors_have_their_reference_values(d, eps, n, standard, robust):
    found = limit_errors(d, noise(d, 10), n, eps)
    if standard is not None:
        assert found[0] == pytest.approx(standard, rel=5e-5)
    assert found[1] == pytest.approx(robust, abs=6e-7)


def test_hardness_has_its_reference_values():
    assert hardness(1e5, 10, 0.2) == pytest.approx(4)
    assert hardness(1e6, 10, 0.1) == pytest.approx(3.1623, abs=5e-5)


def test_self_training_has_its_reference_values():
    sigma = noise(1e5, 10)
    standard, robust = self_training_limit(1e5, sigma, 10, [1000, 10_000], 0.1)
    assert standard[0] == pytest.approx(9e-9, rel=0.15)
    assert robust == pytest.approx([7e-7, 1.8e-16], rel=0.1)
    # with the true mean as classifier
    assert limit_errors(1e5, sigma, 1e12, 0.1)[1] == pytest.approx(1.13e-19, rel=5e-3)


def test_sampled_errors_are_near_the_limit():
    d, sigma = 10**5, noise(10**5, 10)
    begin = time.perf_counter()
    found = self_training_errors(d, sigma, 10, 1000, 0.1, 40, 2)
    assert time.perf_counter() - begin < 5
    quantiles = stats.norm.ppf(found)
    limit = stats.norm.ppf(self_training_limit(d, sigma, 10, 1000, 0.1))
    assert quantiles.mean(axis=0) == pytest.approx(limit, rel=0.01)


def test_a_million_dimensions_take_seconds_and_no_matrix():
    """The matrix of the million unlabelled points would have 8 TB."""
    d = 10**6
    tracemalloc.start()
    begin = time.perf_counter()
    self_training_errors(d, noise(d, 10), 10, 10**6, 0.1, 1, 4)
    assert time.perf_counter() - begin < 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 8 * d


def test_common_error_of_many_pseudo_labels_does_not_average_out():
    """The noise over the signal, from the standard error, is that of the worth."""
    d = 10**5
    sigma = d**0.25
    z = -stats.norm.ppf(self_training_errors(d, sigma, 1, 10**6, 0.1, 10, 3)[:, 0])
    square = d / (sigma * z) ** 2 - 1
    expected = sigma**2 / label_worth(d, sigma, 1, 1e6)
    assert square.mean() == pytest.approx(expected, rel=0.1)
    assert expected > 2 * sigma**2 / 1e6


def test_unlabelled_points_needed_give_the_error():
    for d, n, eps, error in ((1e5, 10, 0.1, 0.001), (1e8, 1, 0.3, 0.2)):
        sigma = noise(d, 10)
        m = unlabelled_needed(d, sigma, n, eps, error)
        found = self_training_limit(d, sigma, n, m, eps)[1]
        assert found == pytest.approx(error, rel=1e-8)


def test_no_number_of_points_is_enough_where_the_labels_are_noise():
    """Pseudo-labels that share a large error do not average it out."""
    d, sigma = 100.0, 10.0
    assert math.isinf(unlabelled_needed(d, sigma, 1, 0.5, 0.3))
    assert self_training_limit(d, sigma, 1, 1e12, 0.5)[1] > 0.3


def test_pseudo_labels_are_worth_less_than_labels():
    m = np.geomspace(1, 1e4, 9)
    worth = label_worth(1e6, noise(1e6, 10), 10, m)
    assert (worth < 0.4672 * m).all()
    assert worth[-1] > 0.46 * m[-1]
    right = label_worth(1e6, noise(1e6, 10), 1e4, m)
    assert right == pytest.approx(m, rel=1e-3)


def test_least_hardness_is_where_four_times_the_labels_are_enough():
    assert least_hardness(1e-4) == pytest.approx(6.6, abs=0.05)
    for eps in (0.01, 0.2, 0.5):
        for factor, enough in ((0.99, False), (1.01, True)):
            rho, n_0 = factor * least_hardness(eps), 10
            d = n_0 * (rho / eps**2) ** 2
            error = limit_errors(d, noise(d, n_0), 4 * n_0 * rho, eps)[1]
            assert (error <= 1e-3) is np.bool_(enough)
    assert robust_slope(0.995) < 0
    assert math.isinf(least_hardness(0.995))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noise(0, 1), "d must be at least 1"),
        (lambda: noise(1, 0), "n_0 must be above 0"),
        (lambda: hardness(1, 1, -1), "eps must be at least 0"),
        (lambda: self_training_errors(1, 1, 1, 1, 0, 1, 0), "d must be at least 2"),
        (lambda: self_training_errors(2, 1, 0, 1, 0, 1, 0), "n must be at least 1"),
        (lambda: self_training_errors(2, 1, 1, 0, 0, 1, 0), "m must be at least 1"),
        (lambda: self_training_errors(2, 1, 1, 1, 0, -1, 0), "runs must be at least"),
        (lambda: label_worth(1, 1, 1, 0), "m must be above 0"),
        (lambda: label_worth(1, 0, 1, 1), "sigma must be above 0"),
        (lambda: unlabelled_needed(1, 1, 1, 0, 0.7), "error must lie in"),
        (lambda: robust_slope(1.0), "eps must lie in"),
        (lambda: least_hardness(0.1, 0.0), "error must lie in"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
