import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geomadv.stats import BoundedSequence, clopper_pearson
from geomadv.stats._capital import log_beta_capital, log_bounded_capital

ERROR_RATE = 0.01
RUNS, LENGTH = 500, 2000


def two_point(low: float, high: float, weight: float):
    """The law on {low, high} with P(high) = weight."""
    return (
        lambda rng, shape: np.where(rng.random(shape) < weight, high, low),
        low + (high - low) * weight,
    )


LAWS = {
    "uniform": (lambda rng, shape: rng.random(shape), 0.5),
    "tiny variance": (lambda rng, shape: 0.3 + 1e-4 * rng.random(shape), 0.30005),
    "skewed": (lambda rng, shape: rng.beta(0.1, 0.9, shape), 0.1),
    "coin": two_point(0, 1, 0.5),
    "rare and far": two_point(0, 1, 0.002),
    "rare and low": two_point(0.9, 0, 0.004),
}


def missed_runs(law: str, misses: Callable[..., np.ndarray]) -> int:
    """How many runs miss after some observation; the states are computed naively."""
    sample, mean = LAWS[law]
    rng = np.random.default_rng(21)
    n = np.arange(1, LENGTH + 1)
    missed = 0
    for _ in range(RUNS // 50):
        x = sample(rng, (50, LENGTH))
        total = np.cumsum(x, axis=1)
        residuals = x - (0.5 + total - x) / n
        variation = np.cumsum(residuals**2, axis=1)
        squares = np.cumsum(x**2, axis=1)
        missed += int(misses(n, total, squares, variation, mean).any(axis=1).sum())
    return missed


@pytest.mark.parametrize("law", LAWS)
def test_it_is_valid_when_looked_at_after_every_observation(law, at_most):
    def misses(n, total, _, variation, mean):
        capital = log_bounded_capital(total, n - total, variation, mean)
        return capital >= -math.log(ERROR_RATE)

    assert at_most(missed_runs(law, misses), RUNS, ERROR_RATE)


@pytest.mark.parametrize("law", ["uniform", "coin", "rare and far"])
def test_a_fixed_n_interval_looked_at_after_every_observation_fails(law, at_most):
    def misses(n, total, squares, _, mean):
        deviation = np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0) / n)
        return (n >= 30) & (
            np.abs(total / n - mean) > stats.norm.isf(0.005) * deviation
        )

    assert not at_most(missed_runs(law, misses), RUNS, ERROR_RATE)


def naive_log_capital(x: list[float], m: float) -> float:
    """The definition, one observation after the other, bet by bet."""
    odds = [2.0**k for k in range(3, -25, -1)]
    weights = [1 / (j + 1) for j in range(len(odds))]
    bets = [o / (1 + o) for o in odds]
    up, down = [1.0] * len(bets), [1.0] * len(bets)
    coin, a, b = 1.0, 0.0, 0.0
    for i, value in enumerate(x):
        prediction = (0.5 + a) / (i + 1)
        for j, bet in enumerate(bets):
            psi = -math.log(1 - bet) - bet
            up[j] *= math.exp(bet * (value - m) - psi * (value - prediction) ** 2)
            down[j] *= math.exp(bet * (m - value) - psi * (value - prediction) ** 2)
        a, b = a + value, b + 1 - value
    coin = math.gamma(a + 0.5) * math.gamma(b + 0.5) / math.gamma(a + b + 1) / math.pi
    coin /= m**a * (1 - m) ** b
    mixed = sum(w * (u + d) / 2 for w, u, d in zip(weights, up, down, strict=True))
    return math.log(coin / 2 + mixed / sum(weights) / 2)


@given(
    st.lists(st.floats(-2, 3), min_size=1, max_size=60),
    st.floats(-1.99, 2.99),
)
@settings(max_examples=50, deadline=None)
def test_the_capital_is_the_definition_bet_by_bet(x, mean):
    sequence = BoundedSequence(0.01, -2, 3)
    sequence.update(x)
    naive = naive_log_capital([(value + 2) / 5 for value in x], (mean + 2) / 5)
    assert sequence.log_capital(mean) == pytest.approx(naive, rel=1e-9, abs=1e-9)


@given(
    st.lists(st.floats(-1, 1), max_size=50), st.lists(st.integers(0, 50), max_size=6)
)
@settings(max_examples=100, deadline=None)
def test_the_state_does_not_depend_on_the_blocks(x, cuts):
    whole, blocks = BoundedSequence(0.01, -1, 1), BoundedSequence(0.01, -1, 1)
    whole.update(x)
    for block in np.split(np.array(x), sorted(cuts)):
        blocks.update(block)
    assert vars(blocks) == vars(whole)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("error_rate", [0.5, 0.01, 1e-300])
@pytest.mark.parametrize("n", [1, 20, 10_000])
def test_the_interval_is_where_the_capital_stays_below_the_threshold(
    law, error_rate, n
):
    sequence = BoundedSequence(error_rate, -1, 3)
    sequence.update(4 * LAWS[law][0](np.random.default_rng(6), n) - 1)
    threshold = -math.log(error_rate)
    interval = sequence.interval
    gap = 1e-6 * interval.width
    assert sequence.mean in interval
    assert -1 <= interval.lower < interval.upper <= 3
    if interval.lower > -1:
        assert sequence.log_capital(interval.lower) >= threshold
    if interval.upper < 3:
        assert sequence.log_capital(interval.upper) >= threshold
    assert sequence.log_capital(interval.lower + gap) < threshold
    assert sequence.log_capital(interval.upper - gap) < threshold


@pytest.mark.parametrize(("error_rate", "factor"), [(1e-2, 1.9), (1e-8, 1.35)])
def test_the_price_of_looking_always_is_a_small_factor_of_the_normal_width(
    error_rate, factor
):
    sequence = BoundedSequence(error_rate, 0, 1)
    sequence.update(np.random.default_rng(7).random(10_000))
    normal = 2 * stats.norm.isf(error_rate / 2) * math.sqrt(1 / 12 / 10_000)
    assert 1 < sequence.interval.width / normal < factor


@pytest.mark.parametrize(("error_rate", "factor"), [(1e-2, 1.75), (1e-8, 1.25)])
@pytest.mark.parametrize("k", [5000, 100])
def test_zeros_and_ones_are_nearly_as_good_as_counts(error_rate, factor, k):
    sequence = BoundedSequence(error_rate, 0, 1)
    x = np.zeros(10_000)
    x[:k] = 1
    sequence.update(np.random.default_rng(8).permutation(x))
    exact = clopper_pearson(k, 10_000, error_rate).width
    assert 1 < sequence.interval.width / exact < factor


def test_a_small_variance_makes_the_interval_short():
    sequence = BoundedSequence(0.01, 0, 1)
    sequence.update(0.3 + 1e-4 * np.random.default_rng(9).random(10_000))
    assert sequence.interval.width < 4 * math.log(2 / 0.01) / 10_000
    # what only the mean tells, as the coin's capital has it, is twenty times longer
    m = sequence.mean + 10 * sequence.interval.width
    assert log_beta_capital(3000.0, 7000.0, m) < math.log(1 / 0.01)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 0.9])
def test_constant_data_stay_inside_for_long(value):
    sequence = BoundedSequence(0.01, 0, 1)
    block = np.full(10**6, value)
    for _ in range(3):
        sequence.update(block)
    assert sequence.mean == value
    assert value in sequence.interval


@pytest.mark.parametrize(
    ("lower", "upper"), [(-3.0, 5.0), (1e6, 1e6 + 1), (0.0, 1e-200)]
)
def test_it_is_equivariant_under_affine_maps(lower, upper):
    x = np.random.default_rng(10).integers(0, 257, 500) / 256
    unit, mapped = BoundedSequence(0.01, 0, 1), BoundedSequence(0.01, lower, upper)
    unit.update(x)
    mapped.update(lower + (upper - lower) * x)
    for name in ("lower", "upper"):
        end = (getattr(mapped.interval, name) - lower) / (upper - lower)
        assert end == pytest.approx(getattr(unit.interval, name), abs=1e-9)


def test_mirrored_data_give_the_mirrored_interval():
    x = np.random.default_rng(12).beta(1, 4, 300)
    left, right = BoundedSequence(0.01, 0, 1), BoundedSequence(0.01, -1, 0)
    left.update(x)
    right.update(-x)
    assert left.interval.lower == pytest.approx(-right.interval.upper, abs=1e-13)
    assert left.interval.upper == pytest.approx(-right.interval.lower, abs=1e-13)


def test_without_observations_nothing_is_known():
    sequence = BoundedSequence(0.01, -1, 4)
    sequence.update([])
    assert sequence.count == 0
    assert (sequence.interval.lower, sequence.interval.upper) == (-1.0, 4.0)
    np.testing.assert_allclose(sequence.log_capital([-1.0, 0.0, 4.0]), 0, atol=1e-15)
    with pytest.raises(ValueError, match="mean needs at least one observation"):
        _ = sequence.mean


@pytest.mark.errors
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([0.5, math.nan], ValueError, r"x must lie in \[0, 1\], got nan"),
        ([0.5, 1.0000001], ValueError, "x must lie in"),
        ([-1e-9], ValueError, "x must lie in"),
        ([math.inf], ValueError, "x must lie in"),
        (0.5, ValueError, "x must have one axis"),
        ([[0.5]], ValueError, "x must have one axis"),
        (["a"], TypeError, "x must be real numbers"),
        ([1j], TypeError, "x must be real numbers"),
    ],
)
def test_bad_data_are_refused_and_change_nothing(x, error, message):
    sequence = BoundedSequence(0.01, 0, 1)
    sequence.update([0.25])
    before = copy.copy(vars(sequence))
    with pytest.raises(error, match=message):
        sequence.update(x)
    assert vars(sequence) == before


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 0, 1), "error_rate must lie in"),
        ((0.1, 1, 1), "upper must be above lower"),
        ((0.1, 2, 1), "upper must be above lower"),
        ((0.1, -1e308, 1e308), "upper must be above lower, by a finite amount"),
        ((0.1, -math.inf, 1), "lower must be finite"),
        ((0.1, 0, math.nan), "upper must be finite"),
    ],
)
def test_bad_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BoundedSequence(*arguments)


@pytest.mark.errors
def test_a_hypothetical_mean_outside_the_bounds_is_refused():
    with pytest.raises(ValueError, match="mean must lie in"):
        BoundedSequence(0.01, 0, 1).log_capital([0.5, 1.5])
