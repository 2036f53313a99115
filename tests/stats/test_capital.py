"""The capitals are what they are called: supermartingales, exactly."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.stats._capital import (
    log_bernstein_capital,
    log_beta_capital,
    log_bounded_capital,
)

UNIT = st.integers(0, 64).map(lambda k: k / 64)  # so that means are exact


def beta_capital(a: float, b: float, m: float) -> mpmath.mpf:
    """B(a + 1/2, b + 1/2) / (B(1/2, 1/2) m^a (1-m)^b), in logarithms."""
    a, b, m, half = (mpmath.mpf(v) for v in (a, b, m, 0.5))
    log_beta = mpmath.loggamma(a + half) + mpmath.loggamma(b + half)
    log_beta -= mpmath.loggamma(a + b + 1)
    return log_beta - mpmath.log(mpmath.pi) - a * mpmath.log(m) - b * mpmath.log(1 - m)


@pytest.mark.parametrize("n", [1, 7, 1000, 10**6, 10**9, 10**12])
@pytest.mark.parametrize("share", [0.0, 1e-3, 1 / 3, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("deviations", [-6.0, -0.01, 0.0, 0.5, 9.0])
def test_beta_capital_agrees_with_50_digits(n, share, deviations):
    a = float(math.floor(n * share))
    b = n - a
    p = (a + 0.5) / (n + 1)
    m = min(max(p + deviations * math.sqrt(p * (1 - p) / n), 1e-14), 1 - 2**-40)
    with mpmath.workdps(50):
        exact = float(beta_capital(a, b, m))
    assert float(log_beta_capital(a, b, m)) == pytest.approx(exact, rel=1e-12, abs=2e-9)


@pytest.mark.parametrize("a", [1e-250, 1e-20, 1e-3, 0.7, 15.999, 16.001])
@pytest.mark.parametrize("m", [1e-300, 1e-9, 0.4])
def test_beta_capital_takes_fractions_and_tiny_means(a, m):
    with mpmath.workdps(400):
        exact = float(beta_capital(a, 3.25, m))
    assert float(log_beta_capital(a, 3.25, m)) == pytest.approx(
        exact, rel=1e-12, abs=1e-13
    )


def test_beta_capital_is_infinite_at_an_excluded_end_and_0_without_data():
    capital = log_beta_capital(
        [1.0, 0.0, 0.0, 0.0], [4.0, 4.0, 4.0, 0.0], [0, 0, 1, 0.3]
    )
    assert capital[0] == math.inf
    assert capital[1] < 0
    assert capital[2] == math.inf
    assert capital[3] == 0


@pytest.mark.parametrize("p", [0.5, 0.05, 0.001])
@pytest.mark.parametrize("n", [1, 2, 10, 60])
def test_beta_capital_has_mean_one_under_the_binomial_law(n, p):
    k = np.arange(n + 1)
    law = np.array([math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in k])
    capital = np.exp(log_beta_capital(k, n - k, p))
    assert law @ capital == pytest.approx(1, abs=1e-12)


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(1e-6, 1 - 1e-6))
@settings(max_examples=100, deadline=None)
def test_beta_capital_is_a_martingale_for_coins(a, b, p):
    now, one, zero = log_beta_capital([a, a + 1, a], [b, b, b + 1], p)
    after = np.logaddexp(math.log(p) + one, math.log1p(-p) + zero)
    assert after == pytest.approx(now, rel=1e-11, abs=1e-11)


def moved(history: list[float], x: float) -> tuple[float, float, float]:
    """S, n - S and V after a history and one more observation, one by one."""
    total, variation = 0.0, 0.0
    for i, value in enumerate([*history, x]):
        variation += (value - (0.5 + total) / (i + 1)) ** 2
        total += value
    return total, len(history) + 1 - total, variation


@given(st.lists(UNIT, max_size=30), UNIT, UNIT, UNIT)
@settings(max_examples=100, deadline=None)
def test_capitals_shrink_on_average_under_every_two_point_law(history, x, y, weight):
    m = weight * x + (1 - weight) * y
    now = moved(history[:-1], history[-1]) if history else (0.0, 0.0, 0.0)
    up, down = moved(history, x), moved(history, y)
    for capital, arguments in (
        (log_beta_capital, lambda state: state[:2]),
        (log_bernstein_capital, lambda state: state),
        (log_bounded_capital, lambda state: state),
    ):
        before, at_x, at_y = (float(capital(*arguments(s), m)) for s in (now, up, down))
        if before == math.inf:  # the history has excluded m
            continue
        mean = sum(
            w * math.exp(c - before)
            for w, c in ((weight, at_x), (1 - weight, at_y))
            if w
        )
        assert mean <= 1 + 1e-9


@pytest.mark.parametrize("m", [0.98, 0.985, 0.99])
def test_bernstein_capital_hardly_loses_where_its_inequality_is_tight(m):
    # After many ones the prediction is near 1, and a 0 is the equality y = -1 of
    # exp(l y - psi(l) y^2) <= 1 + l y: with 0.9 psi the mean would exceed 1.
    history = [1.0] * 400
    before = float(log_bernstein_capital(*moved(history[:-1], 1.0), m))
    at_0, at_1 = (
        math.exp(float(log_bernstein_capital(*moved(history, x), m)) - before)
        for x in (0.0, 1.0)
    )
    assert 0.9997 < (1 - m) * at_0 + m * at_1 <= 1


def test_bernstein_capital_is_the_stated_mixture():
    odds = [mpmath.mpf(2) ** k for k in range(3, -25, -1)]
    weights = [1 / mpmath.mpf(j + 1) for j in range(len(odds))]
    for a, b, V, m in [
        (3.0, 7.0, 1.5, 0.9),
        (3e5, 7e5, 2e4, 0.31),
        (1e11, 9e11, 1e10, 0.1001),
    ]:
        with mpmath.workdps(50):
            total = mpmath.mpf(0)
            surplus = mpmath.mpf(a + b) * mpmath.mpf(m) - mpmath.mpf(a)
            for o, w in zip(odds, weights, strict=True):
                bet = o / (1 + o)
                psi = -mpmath.log(1 - bet) - bet
                total += w * mpmath.exp(-psi * V) * mpmath.cosh(bet * surplus)
            exact = float(mpmath.log(total / sum(weights)))
        assert float(log_bernstein_capital(a, b, V, m)) == pytest.approx(
            exact, rel=1e-10
        )


def test_bounded_capital_is_the_mean_of_the_two():
    a, b, V, m = 300.0, 700.0, 20.0, 0.33
    parts = np.exp([log_beta_capital(a, b, m), log_bernstein_capital(a, b, V, m)])
    assert math.exp(log_bounded_capital(a, b, V, m)) == pytest.approx(parts.mean())
