import math

import numpy as np
import pytest
from scipy import stats

from geomadv.stats import dkw_band, dkw_radius, quantile_interval


def test_the_radius_inverts_massarts_bound():
    r = dkw_radius(137, 0.01)
    assert 2 * math.exp(-2 * 137 * r**2) == pytest.approx(0.01, rel=1e-13)


def test_a_tiny_error_rate_does_not_break_the_radius():
    assert dkw_radius(1, 1e-300) == pytest.approx(
        math.sqrt((300 * math.log(10) + math.log(2)) / 2)
    )


def test_the_band_is_the_fraction_below_plus_or_minus_the_radius():
    rng = np.random.default_rng(0)
    sample = rng.integers(0, 10, 200).astype(float)
    x = np.array([[-1.0, 0.0, 3.5], [4.0, 9.0, math.inf]])
    lower, upper = dkw_band(sample, x, 0.1)
    fraction = np.array([[(sample <= point).mean() for point in row] for row in x])
    np.testing.assert_allclose(lower, np.clip(fraction - dkw_radius(200, 0.1), 0, 1))
    np.testing.assert_allclose(upper, np.clip(fraction + dkw_radius(200, 0.1), 0, 1))


def test_the_band_at_one_point_is_a_pair_of_numbers_and_at_none_is_empty():
    lower, upper = dkw_band([1.0, 2.0], 1.5)
    assert isinstance(lower, np.float64)
    assert isinstance(upper, np.float64)
    assert dkw_band([1.0, 2.0], [])[0].shape == (0,)


@pytest.mark.parametrize("n", [10, 300])
def test_measured_coverage_of_the_band(n, at_most):
    runs = 20_000
    draws = np.sort(np.random.default_rng(2).random((runs, n)), axis=1)
    above = (np.arange(1, n + 1) / n - draws).max(axis=1)
    below = (draws - np.arange(n) / n).max(axis=1)
    failures = int((np.maximum(above, below) > dkw_radius(n, 0.01)).sum())
    assert at_most(failures, runs, 0.01)
    assert failures > 0.005 * runs  # Massart's constant is tight


def test_the_band_check_can_fail(at_most):
    n, runs = 300, 20_000
    draws = np.sort(np.random.default_rng(2).random((runs, n)), axis=1)
    above = (np.arange(1, n + 1) / n - draws).max(axis=1)
    below = (draws - np.arange(n) / n).max(axis=1)
    one_sided = math.sqrt(math.log(1 / 0.01) / (2 * n))  # the factor 2 forgotten
    failures = int((np.maximum(above, below) > one_sided).sum())
    assert not at_most(failures, runs, 0.01)


def ranks(n: int, q: float, error_rate: float) -> tuple[int, int]:
    """The tightest ranks by summing the binomial law term by term."""
    pmf = [math.comb(n, j) * q**j * (1 - q) ** (n - j) for j in range(n + 1)]
    r = max(r for r in range(n + 1) if math.fsum(pmf[:r]) <= error_rate / 2)
    s = min(s for s in range(1, n + 2) if math.fsum(pmf[s:]) <= error_rate / 2)
    return r, s


@pytest.mark.parametrize("n", [1, 2, 5, 12, 50])
@pytest.mark.parametrize("q", [0.0, 0.03, 0.5, 0.71, 1.0])
@pytest.mark.parametrize("error_rate", [0.3, 0.011])
def test_the_ranks_are_the_tightest(n, q, error_rate):
    interval = quantile_interval(np.arange(1, n + 1), q, error_rate)
    r, s = ranks(n, q, error_rate)
    assert interval.lower == (r if r >= 1 else -math.inf)
    assert interval.upper == (s if s <= n else math.inf)


def test_the_order_of_the_sample_does_not_matter():
    rng = np.random.default_rng(3)
    sample = rng.random(500)
    expected = quantile_interval(np.sort(sample), 0.3, 0.01)
    assert quantile_interval(sample, 0.3, 0.01) == expected


@pytest.mark.parametrize("q", [0.5, 0.05, 0.99])
@pytest.mark.parametrize("law", ["continuous", "atoms"])
def test_measured_coverage_of_the_quantile(q, law, at_most):
    n, runs = 400, 6000
    rng = np.random.default_rng(4)
    draws = (
        rng.standard_normal((runs, n))
        if law == "continuous"
        else rng.poisson(3, (runs, n))
    )
    true = stats.norm.ppf(q) if law == "continuous" else stats.poisson.ppf(q, 3)
    failures = sum(true not in quantile_interval(row, q, 0.01) for row in draws)
    assert at_most(failures, runs, 0.01)
    if law == "continuous":
        assert failures > 0.001 * runs


def test_the_interval_is_inside_the_band():
    sample = np.arange(1.0, 1001.0)
    for q in (0.05, 0.5, 0.99):
        interval = quantile_interval(sample, q, 0.01)
        radius = 1000 * dkw_radius(1000, 0.01)
        assert 1000 * q - radius < interval.lower < interval.upper < 1000 * q + radius


def test_infinite_values_are_ordered_like_others():
    sample = [1.0, 2.0, 3.0, 4.0, 5.0, math.inf, math.inf]
    assert quantile_interval(sample, 0.5, 0.2).upper == math.inf
    assert quantile_interval([math.inf] * 9, 0.5, 0.2).lower == math.inf


@pytest.mark.parametrize("error_rate", [1e-12, 1e-300])
def test_tiny_error_rates_keep_their_meaning(error_rate):
    interval = quantile_interval(np.arange(1, 10_001), 0.5, error_rate)
    tails = [
        stats.binom.logcdf(interval.lower - 1, 10_000, 0.5),
        stats.binom.logcdf(interval.lower, 10_000, 0.5),
    ]
    assert tails[0] <= math.log(error_rate / 2) < tails[1]
    assert interval.upper == 10_001 - interval.lower


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dkw_radius(0, 0.1), "n must be at least 1"),
        (lambda: dkw_radius(5, 0.0), "error_rate must lie in"),
        (lambda: dkw_band([], 0.0), "sample must be a non-empty"),
        (lambda: dkw_band([1.0], math.nan), "x must not be NaN"),
        (lambda: quantile_interval([], 0.5), "sample must be a non-empty"),
        (lambda: quantile_interval([[1.0]], 0.5), "sample must be a non-empty"),
        (lambda: quantile_interval([1.0, math.nan], 0.5), "sample must not be NaN"),
        (lambda: quantile_interval([1.0], 1.5), "level must lie in"),
        (lambda: quantile_interval([1.0], math.nan), "level must lie in"),
        (lambda: quantile_interval([1.0], 0.5, 2.0), "error_rate must lie in"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
