"""Oracles: normal, chi-square and cap tails, and exact tails of quadratic forms."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from geomadv.spaces import Sphere
from geomadv.stats import (
    Interval,
    clopper_pearson,
    log_weighted_chi2_tail,
    splitting_tail,
)
from geomadv.stats._splitting import _summary, _Walk

WEIGHTS = np.repeat([0.5, -0.2], [10, 20])


def first(X):
    return X[:, 0]


def squares(X):
    return (X**2).sum(axis=1)


def form(X):
    return (X**2) @ WEIGHTS


def log_form_tail(t):
    return float(log_weighted_chi2_tail([0.5, -0.2], t, multiplicities=[10, 20]))


@pytest.mark.parametrize(
    ("score", "threshold", "d", "law", "log_p"),
    [
        (first, 6.0, 10, "gaussian", float(scipy_stats.norm.logsf(6))),
        (first, 0.95, 10, "sphere", float(Sphere(10).log_cap_measure(0.95))),
        (squares, 80.0, 10, "gaussian", float(scipy_stats.chi2.logsf(80, 10))),
        (form, 30.0, 30, "gaussian", log_form_tail(30.0)),
    ],
)
def test_rare_events_have_their_exact_tails(score, threshold, d, law, log_p):
    # The seed is fixed; another would raise a false alarm once in a thousand.
    tail = splitting_tail(
        score, threshold, d, law=law, rng=0, particles=300, error_rate=1e-3
    )
    assert log_p < math.log(1e-5)
    assert log_p in tail.log_interval
    assert tail.log_interval.width < 1.5
    assert tail.levels[-1] == threshold
    assert list(tail.levels) == sorted(tail.levels)


def test_the_intervals_cover_at_their_nominal_rate():
    threshold = float(scipy_stats.norm.isf(1e-4))
    truth = math.log(1e-4)
    hits = sum(
        truth
        in splitting_tail(
            first, threshold, 3, rng=seed, particles=100, runs=8, sweeps=5
        ).log_interval
        for seed in range(300)
    )
    # A false alarm has probability 1e-6.
    assert clopper_pearson(hits, 300, 2e-6).upper >= 0.95


def test_the_mean_of_single_runs_is_the_probability():
    walk = _Walk(squares, 4, False, np.random.default_rng(3), 2)
    threshold = float(scipy_stats.chi2.isf(1e-3, 4))
    plan = walk.pilot(threshold, 50)
    ratios = np.exp([walk.run(plan, 20) - math.log(1e-3) for _ in range(3000)])
    error = ratios.std(ddof=1) / math.sqrt(ratios.size)
    assert error < 0.05
    assert abs(ratios.mean() - 1) < 5 * error


def test_the_moves_leave_the_conditional_law_unchanged():
    # Exact draws of a normal variable beyond 1, moved thirty times.
    rng = np.random.default_rng(5)
    walk = _Walk(first, 1, False, rng, 1)
    x = scipy_stats.norm.isf(rng.random(4000) * scipy_stats.norm.sf(1.0))[:, None]
    s = x[:, 0]
    for _ in range(30):
        x, s, _ = walk._moved(x, s, 1.0, 0.6)
    uniform = scipy_stats.norm.sf(x[:, 0]) / scipy_stats.norm.sf(1.0)
    assert scipy_stats.kstest(uniform, "uniform").pvalue > 1e-6


def test_the_sphere_keeps_its_points_and_its_law():
    rng = np.random.default_rng(6)
    walk = _Walk(first, 5, True, rng, 1)
    x, s = walk._start(4000)
    for _ in range(5):
        x, s, accepted = walk._moved(x, s, -2.0, 0.5)
        assert accepted == 1.0
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, rtol=1e-14)
    assert scipy_stats.kstest(x[:, 2] ** 2, scipy_stats.beta(0.5, 2).cdf).pvalue > 1e-6


def test_an_event_of_two_parts_keeps_both():
    tail = splitting_tail(
        lambda X: np.abs(X[:, 0]), 5.0, 5, rng=7, particles=300, error_rate=1e-6
    )
    assert math.log(2) + scipy_stats.norm.logsf(5) in tail.log_interval


def test_scores_with_ties_are_climbed():
    tail = splitting_tail(
        lambda X: np.floor(X[:, 0]), 5, 2, rng=8, particles=300, error_rate=1e-6
    )
    assert scipy_stats.norm.logsf(5) in tail.log_interval


def test_what_cannot_be_reached_has_probability_zero_and_no_lower_bound():
    tail = splitting_tail(lambda X: np.tanh(X[:, 0]), 2.0, 2, rng=0, particles=20)
    assert tail.probability == 0
    assert tail.log_interval.lower == -math.inf
    assert tail.interval.lower == 0
    assert tail.interval.upper == 1


def test_a_common_event_is_counted():
    tail = splitting_tail(first, -1.0, 2, rng=0, error_rate=1e-6)
    assert tail.levels == (-1.0,)
    assert scipy_stats.norm.logcdf(1.0) in tail.log_interval
    sure = splitting_tail(squares, 0.0, 2, rng=0)
    assert sure.probability == 1
    assert sure.log_interval.lower == sure.log_interval.upper == 0


def test_the_same_seed_gives_the_same_numbers():
    one, two = (splitting_tail(first, 4.0, 3, rng=11, particles=50) for _ in range(2))
    assert one == two
    calls = []
    counted = splitting_tail(
        lambda X: calls.append(len(X)) or X[:, 0], 4.0, 3, rng=11, particles=50
    )
    assert counted.evaluations == sum(calls)


def test_the_interval_is_that_of_cox():
    logs = np.log([1.0, 2.0, 4.0])
    estimate, interval = _summary(logs, 0.05)
    variance = math.log(2) ** 2
    centre = math.log(2) + variance / 2
    radius = 4.302652729749462 * math.sqrt(variance / 3 + variance**2 / 4)
    assert estimate == pytest.approx(math.log(7 / 3), rel=1e-14)
    assert interval.lower == pytest.approx(centre - radius, rel=1e-12)
    assert interval.upper == 0.0


def test_a_run_without_survivors_counts_as_0():
    estimate, interval = _summary(np.array([-math.inf, math.log(0.5)]), 0.05)
    assert estimate == pytest.approx(math.log(0.25), rel=1e-14)
    assert interval == Interval(-math.inf, 0.0)
    estimate, interval = _summary(np.full(2, -math.inf), 0.05)
    assert (estimate, interval) == (-math.inf, Interval(-math.inf, 0.0))


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda X: X, r"score must return one number for each row.*shape \(1000, 2\)"),
        (lambda X: X[:, 0] * math.nan, "score must return one number.*with NaN"),
    ],
)
def test_a_bad_score_is_refused(score, message):
    with pytest.raises(ValueError, match=message):
        splitting_tail(score, 1.0, 2, rng=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("particles", 19), ("runs", 2), ("sweeps", 0), ("law", "cauchy"), ("d", 0)],
)
def test_bad_arguments_are_refused(name, value):
    arguments = {"d": 2, "rng": 0, name: value}
    with pytest.raises(ValueError, match=f"^{name} must"):
        splitting_tail(first, 1.0, **arguments)
