import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from geomadv.stats import BernoulliSequence, clopper_pearson
from geomadv.stats._capital import log_beta_capital

ERROR_RATE = 0.01
RUNS, LENGTH = 1000, 4000


def paths(p: float) -> tuple[np.ndarray, np.ndarray]:
    """The number of ones after each of LENGTH observations, in RUNS runs."""
    rng = np.random.default_rng(11)
    ones = np.cumsum(rng.random((RUNS, LENGTH)) < p, axis=1)
    return ones, np.arange(1, LENGTH + 1)


def ever(
    missed_in: Callable[[np.ndarray], np.ndarray], ones: np.ndarray, chunk: int = 100
) -> int:
    """How many runs miss at least once."""
    return sum(
        int(missed_in(ones[i : i + chunk]).any(axis=1).sum())
        for i in range(0, RUNS, chunk)
    )


@pytest.mark.parametrize("p", [0.5, 0.05, 0.001])
def test_it_is_valid_when_looked_at_after_every_observation(p, at_most):
    ones, n = paths(p)
    missed = ever(
        lambda k: log_beta_capital(k, n - k, p) >= -math.log(ERROR_RATE), ones
    )
    assert at_most(missed, RUNS, ERROR_RATE)


@pytest.mark.parametrize("p", [0.5, 0.05])
def test_a_fixed_n_interval_looked_at_after_every_observation_fails(p, at_most):
    ones, n = paths(p)
    ones, n = ones[:, :2000], n[:2000]

    def clopper_pearson_misses(k):
        low = stats.binom.cdf(k, n, p) < ERROR_RATE / 2
        return low | (stats.binom.sf(k - 1, n, p) < ERROR_RATE / 2)

    assert not at_most(ever(clopper_pearson_misses, ones), RUNS, ERROR_RATE)


@pytest.mark.parametrize("p", [0.5, 0.05])
def test_a_likelihood_ratio_without_its_regret_fails(p, at_most):
    def chernoff_misses(k):  # n KL(k/n, p) >= log(1/alpha), the maximum for a mixture
        divergence = special.rel_entr(k / n, p) + special.rel_entr(1 - k / n, 1 - p)
        return n * divergence >= -math.log(ERROR_RATE)

    ones, n = paths(p)
    assert not at_most(ever(chernoff_misses, ones), RUNS, ERROR_RATE)


@pytest.mark.parametrize(
    "state", [(0, 1), (3, 10), (500, 1000), (7, 10**6), (10**9, 10**12)]
)
@pytest.mark.parametrize("error_rate", [0.5, 0.01, 1e-12, 1e-300])
def test_the_interval_is_where_the_capital_stays_below_the_threshold(state, error_rate):
    sequence = BernoulliSequence(error_rate)
    sequence.update(*state)
    threshold = -math.log(error_rate)
    interval = sequence.interval
    gap = 1e-7 * interval.width
    assert sequence.log_capital(interval.upper) >= threshold or interval.upper == 1
    assert sequence.log_capital(interval.upper - gap) < threshold
    if interval.lower > 0:
        assert sequence.log_capital(interval.lower) >= threshold
    assert sequence.log_capital(interval.lower + gap) < threshold
    assert sequence.mean in interval


def test_the_interval_covers_at_every_look_of_one_long_run():
    rng = np.random.default_rng(5)
    sequence = BernoulliSequence(0.01)
    for x in rng.random(100) < 0.3:
        sequence.update(int(x), 1)
        assert 0.3 in sequence.interval


@pytest.mark.parametrize(
    ("error_rate", "factor"), [(1e-2, 1.69), (1e-8, 1.2), (1e-100, 1.03)]
)
@pytest.mark.parametrize("p", [0.5, 0.05])
def test_the_price_of_looking_always_is_a_small_factor(error_rate, factor, p):
    n = 10_000
    sequence = BernoulliSequence(error_rate)
    sequence.update(int(n * p), n)
    ratio = sequence.interval.width / clopper_pearson(int(n * p), n, error_rate).width
    assert 1 < ratio < factor


def test_without_successes_the_upper_end_is_closed_form():
    # B(1/2, n+1/2) / B(1/2, 1/2) = (2n choose n) / 4^n, so (1-p)^n = that times alpha.
    sequence = BernoulliSequence(0.01)
    sequence.update(0, 100)
    level = 0.01 * math.comb(200, 100) / 4**100
    assert sequence.interval.lower == 0.0
    assert sequence.interval.upper == pytest.approx(1 - level ** (1 / 100), rel=1e-12)


def test_successes_and_failures_are_symmetric():
    left, right = BernoulliSequence(0.01), BernoulliSequence(0.01)
    left.update(30, 400)
    right.update(370, 400)
    assert left.interval.lower == pytest.approx(1 - right.interval.upper, abs=1e-14)
    assert left.interval.upper == pytest.approx(1 - right.interval.lower, abs=1e-14)


def test_blocks_add_up():
    whole, blocks = BernoulliSequence(0.01), BernoulliSequence(0.01)
    whole.update(30, 400)
    for successes, trials in [(0, 0), (29, 99), (0, 300), (1, 1)]:
        blocks.update(successes, trials)
    assert blocks.interval == whole.interval
    assert (blocks.count, blocks.mean) == (400, 0.075)


def test_without_observations_nothing_is_known():
    sequence = BernoulliSequence(0.01)
    assert sequence.count == 0
    assert (sequence.interval.lower, sequence.interval.upper) == (0.0, 1.0)
    np.testing.assert_array_equal(sequence.log_capital([0.0, 0.3, 1.0]), np.zeros(3))
    with pytest.raises(ValueError, match="mean needs at least one observation"):
        _ = sequence.mean


def test_a_probability_of_zero_is_refuted_by_one_success():
    sequence = BernoulliSequence(1e-300)
    sequence.update(1, 10)
    assert sequence.log_capital(0.0) == math.inf
    assert isinstance(sequence.log_capital(0.1), np.float64)
    assert 0 < sequence.interval.lower < 1e-290


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((-1, 5), ValueError, "successes must be at least 0"),
        ((6, 5), ValueError, "successes must be at most 5, got 6"),
        ((0, -1), ValueError, "trials must be at least 0"),
        ((0, 2**53 + 1), ValueError, "trials must be at most"),
        ((0.0, 5), TypeError, "successes must be an integer"),
        ((True, 5), TypeError, "successes must be an integer"),
        ((1, math.nan), TypeError, "trials must be an integer"),
    ],
)
def test_bad_counts_are_refused_and_change_nothing(arguments, error, message):
    sequence = BernoulliSequence(0.01)
    with pytest.raises(error, match=message):
        sequence.update(*arguments)
    assert sequence.count == 0
    assert sequence.interval.width == 1.0


@pytest.mark.errors
def test_bad_rates_and_probabilities_are_refused():
    for error_rate in (0.0, 1.0, math.nan, -1.0):
        with pytest.raises(ValueError, match="error_rate must lie in"):
            BernoulliSequence(error_rate)
    for mean in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="mean must lie in"):
            BernoulliSequence(0.01).log_capital(mean)
