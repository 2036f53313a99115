import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from geomadv.stats import clopper_pearson


def tail(n: int, k: int, p: float) -> mpmath.mpf:
    """P(Bin(n, p) >= k), summed to 50 digits until the terms no longer count."""
    p = mpmath.mpf(p)
    term = mpmath.binomial(n, k) * p**k * (1 - p) ** (n - k)
    total = term
    while k < n and term > total * mpmath.mpf(10) ** -30:
        term *= mpmath.mpf(n - k) / (k + 1) * p / (1 - p)
        k += 1
        total += term
    return total


@pytest.mark.parametrize("error_rate", [0.5, 0.01, 1e-10, 1e-300])
@pytest.mark.parametrize(
    ("k", "n"), [(1, 1), (3, 10), (3, 1000), (500, 1000), (20, 10**6), (10**3, 10**12)]
)
def test_each_end_leaves_half_the_error_rate_in_its_tail(k, n, error_rate):
    with mpmath.workdps(50):
        lower = clopper_pearson(k, n, error_rate).lower
        assert float(tail(n, k, lower) / error_rate) == pytest.approx(0.5, rel=1e-8)
        if k <= n / 2:  # by symmetry P(Bin(n, p) <= k) = P(Bin(n, 1-p) >= n-k)
            upper = clopper_pearson(k, n, error_rate).upper
            if upper == 1:
                return
            below = sum_below(n, k, mpmath.mpf(upper))
            spacing = n * math.ulp(1.0) / (1 - upper) if upper > 0.99 else 0.0
            assert float(below / error_rate) == pytest.approx(0.5, rel=1e-8 + spacing)


def sum_below(n: int, k: int, p: mpmath.mpf) -> mpmath.mpf:
    term = mpmath.binomial(n, k) * p**k * (1 - p) ** (n - k)
    total = mpmath.mpf(0)
    while k >= 0 and term > total * mpmath.mpf(10) ** -30:
        total += term
        term *= mpmath.mpf(k) / (n - k + 1) * (1 - p) / p
        k -= 1
    return total


@pytest.mark.parametrize("n", [1, 5, 40, 10**12])
@pytest.mark.parametrize("error_rate", [0.05, 1e-6, 1e-300])
def test_without_successes_the_upper_end_is_closed_form(n, error_rate):
    interval = clopper_pearson(0, n, error_rate)
    assert interval.lower == 0.0
    with mpmath.workdps(50):
        exact = 1 - mpmath.mpf(error_rate / 2) ** (mpmath.mpf(1) / n)
        assert interval.upper == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("n", [1, 5, 40, 10**6])
def test_without_failures_the_interval_is_mirrored(n):
    none, all_ = clopper_pearson(0, n, 0.01), clopper_pearson(n, n, 0.01)
    assert all_.upper == 1.0
    assert all_.lower == pytest.approx(1 - none.upper, rel=1e-12)


@pytest.mark.parametrize(("k", "n"), [(0, 7), (2, 7), (7, 7), (130, 1000)])
def test_it_agrees_with_scipy(k, n):
    peer = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    interval = clopper_pearson(k, n, 0.05)
    assert interval.lower == pytest.approx(peer.low, rel=1e-11)
    assert interval.upper == pytest.approx(peer.high, rel=1e-11)


@pytest.mark.parametrize("n", [1, 10, 60])
def test_exact_coverage_is_at_least_nominal_for_every_probability(n):
    intervals = [clopper_pearson(k, n, 0.01) for k in range(n + 1)]
    p = np.linspace(0, 1, 2001)[:, None]
    inside = np.array([(i.lower <= p[:, 0]) & (p[:, 0] <= i.upper) for i in intervals])
    coverage = (stats.binom.pmf(np.arange(n + 1), n, p) * inside.T).sum(axis=1)
    assert coverage.min() >= 0.99 - 1e-12
    assert coverage.min() < 0.996  # not needlessly wide


@pytest.mark.parametrize("p", [0.5, 0.05, 0.001])
def test_measured_coverage(p, at_most):
    n, runs = 2000, 20_000
    k = np.random.default_rng(1).binomial(n, p, runs)
    values, times = np.unique(k, return_counts=True)
    missed = [p not in clopper_pearson(int(v), n, 0.01) for v in values]
    failures = int(times[missed].sum())
    assert at_most(failures, runs, 0.01)
    assert failures > 0.002 * runs


def test_the_coverage_check_can_fail(at_most):
    n, p, runs = 2000, 0.001, 20_000
    k = np.random.default_rng(1).binomial(n, p, runs)
    radius = stats.norm.isf(0.005) * np.sqrt(k / n * (1 - k / n) / n)
    failures = int((np.abs(k / n - p) > radius).sum())  # Wald's interval
    assert not at_most(failures, runs, 0.01)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1, 0), ValueError, "trials must be at least 1, got 0"),
        ((-1, 5), ValueError, "successes must be at least 0, got -1"),
        ((6, 5), ValueError, "successes must be at most 5, got 6"),
        ((0.5, 5), TypeError, "successes must be an integer"),
        ((math.nan, 5), TypeError, "successes must be an integer"),
        ((1, "5"), TypeError, "trials must be an integer"),
        ((1, 5, 0.0), ValueError, "error_rate must lie in"),
        ((1, 5, 1.0), ValueError, "error_rate must lie in"),
        ((1, 5, math.nan), ValueError, "error_rate must lie in"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        clopper_pearson(*arguments)
