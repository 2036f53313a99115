import math

import numpy as np
import pytest
from scipy import stats

from geomadv.stats import clopper_pearson, fit_power_law

X = np.array([2.0, 3.0, 5.0, 10.0, 20.0, 50.0])


def noisy(seed: int, sigma: float = 0.1) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(X.size)
    return 7.0 * X**-0.5 * np.exp(sigma * noise)


def test_the_unweighted_fit_agrees_with_linregress():
    y = noisy(1)
    law = fit_power_law(X, y, error_rate=0.01)
    peer = stats.linregress(np.log(X), np.log(y))
    radius = stats.t.isf(0.005, X.size - 2) * peer.stderr
    assert law.exponent == pytest.approx(peer.slope, rel=1e-12)
    assert law.log_prefactor == pytest.approx(peer.intercept, rel=1e-12)
    assert law.prefactor == pytest.approx(math.exp(peer.intercept), rel=1e-12)
    assert law.exponent_interval.lower == pytest.approx(peer.slope - radius, rel=1e-10)
    assert law.exponent_interval.upper == pytest.approx(peer.slope + radius, rel=1e-10)
    assert law.error_rate == 0.01


def test_the_weighted_fit_agrees_with_polyfit():
    y, errors = noisy(2), np.array([0.1, 0.2, 0.01, 0.03, 0.05, 0.2])
    law = fit_power_law(X, y, standard_errors=errors, error_rate=0.05)
    (slope, height), covariance = np.polyfit(
        np.log(X), np.log(y), 1, w=y / errors, cov="unscaled"
    )
    radius = 1.959963984540054 * math.sqrt(covariance[0, 0])
    assert law.exponent == pytest.approx(slope, rel=1e-10)
    assert law.log_prefactor == pytest.approx(height, rel=1e-10)
    assert law.exponent_interval.lower == pytest.approx(slope - radius, rel=1e-10)
    assert law.exponent_interval.upper == pytest.approx(slope + radius, rel=1e-10)


@pytest.mark.parametrize("exponent", [-2.0, -0.5, 0.0, 1 / 3, 40.0])
def test_exact_data_give_an_interval_of_the_rounding_errors(exponent):
    law = fit_power_law(X, 3.0 * X**exponent, error_rate=0.05)
    assert exponent in law.exponent_interval
    assert law.exponent_interval.width < 2e-14 * (1 + abs(exponent))
    assert law.prefactor == pytest.approx(3.0, rel=1e-12)


def test_the_rounding_errors_of_exact_data_never_push_the_exponent_out():
    # Student's interval alone, at this error rate, would miss every other time.
    for exponent in np.linspace(-3, 3, 241):
        law = fit_power_law(X, 3.0 * X**exponent, error_rate=0.5)
        assert exponent in law.exponent_interval


def test_prediction_is_the_power_law():
    law = fit_power_law(X, noisy(3))
    x = np.array([[1.0, 1e-3], [7.0, 1e12]])
    np.testing.assert_allclose(
        law.predict(x), law.prefactor * x**law.exponent, rtol=1e-12
    )
    assert isinstance(law.predict(2.0), np.float64)
    assert law.predict([]).shape == (0,)


def test_prediction_survives_a_prefactor_beyond_the_floats():
    x = np.array([1e4, 2e4, 4e4])
    law = fit_power_law(x, (x / 1e4) ** -100)
    assert law.prefactor == math.inf
    assert law.predict(3e4) == pytest.approx(3.0**-100, rel=1e-10)


def test_units_change_the_prefactor_only():
    y = noisy(4)
    law, scaled = fit_power_law(X, y), fit_power_law(1000 * X, 5 * y)
    assert scaled.exponent == pytest.approx(law.exponent, rel=1e-12)
    assert scaled.exponent_interval.width == pytest.approx(law.exponent_interval.width)
    assert scaled.predict(3000.0) == pytest.approx(5 * law.predict(3.0))


def test_measured_coverage_without_standard_errors_is_nominal(at_most, at_least):
    runs = 8000
    noise = np.random.default_rng(5).standard_normal((runs, X.size))
    y = 7.0 * X**-0.5 * np.exp(0.3 * noise)
    failures = sum(
        -0.5 not in fit_power_law(X, row, error_rate=0.01).exponent_interval
        for row in y
    )
    assert at_most(failures, runs, 0.01)
    assert at_least(failures, runs, 0.01)


def test_measured_coverage_with_standard_errors_is_nominal(at_most, at_least):
    runs = 8000
    noise = np.random.default_rng(6).standard_normal((runs, X.size))
    true = 7.0 * X**-0.5
    errors = 0.002 * true * np.arange(1, X.size + 1)
    failures = sum(
        -0.5
        not in fit_power_law(
            X, row, standard_errors=errors, error_rate=0.01
        ).exponent_interval
        for row in true + errors * noise
    )
    assert at_most(failures, runs, 0.01)
    assert at_least(failures, runs, 0.01)


def test_the_coverage_check_can_fail(at_most):
    # A normal quantile in place of Student's, with four degrees of freedom.
    runs = 8000
    noise = np.random.default_rng(5).standard_normal((runs, X.size))
    shrink = stats.norm.isf(0.005) / stats.t.isf(0.005, X.size - 2)
    failures = 0
    for row in 7.0 * X**-0.5 * np.exp(0.3 * noise):
        law = fit_power_law(X, row, error_rate=0.01)
        failures += abs(law.exponent + 0.5) > shrink * law.exponent_interval.width / 2
    assert not at_most(int(failures), runs, 0.01)


@pytest.mark.parametrize("n", [3, 6])
def test_a_tiny_error_rate_gives_a_wide_interval(n):
    law = fit_power_law(X[:n], noisy(7)[:n], error_rate=1e-300)
    wider = fit_power_law(X[:n], noisy(7)[:n], error_rate=1e-10)
    assert wider.exponent_interval.width < law.exponent_interval.width


def test_extreme_standard_errors_do_not_break_the_fit():
    tiny = fit_power_law(X, noisy(8), standard_errors=np.full(X.size, 1e-300))
    huge = fit_power_law(X, noisy(8), standard_errors=np.full(X.size, 1e300))
    assert tiny.exponent == pytest.approx(huge.exponent, rel=1e-12)
    assert tiny.exponent_interval.width < 1e-12
    assert huge.exponent_interval.width > 1e290


@pytest.mark.errors
@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([1, 2], [1, 2], {}, "x must hold at least three different values, got 2"),
        ([1, 2, 2, 1], [1, 2, 2, 1], {}, "x must hold at least three different values"),
        ([], [], {}, "x must hold at least three different values, got 0"),
        ([1, 2, 0], [1, 2, 3], {}, "x must be above 0"),
        ([1, 2, 3], [1, -2, 3], {}, "y must be above 0"),
        ([1, 2, 3], [1, 2, math.nan], {}, "y must be above 0 and finite, got nan"),
        ([1, 2, math.inf], [1, 2, 3], {}, "x must be above 0 and finite"),
        ([1, 2, 3], [1, 2], {}, r"y must have the shape \(3,\) of x"),
        ([[1, 2, 3]], [1, 2, 3], {}, "x must have one axis"),
        (
            [1, 2, 3],
            [1, 2, 3],
            {"standard_errors": [1, 0, 1]},
            "standard_errors must be above 0",
        ),
        (
            [1, 2, 3],
            [1, 2, 3],
            {"standard_errors": [1, 1]},
            "standard_errors must have the shape",
        ),
        (
            [1, 2, 3],
            [1, 2, 3],
            {"standard_errors": [1e-300, 1, 1]},
            "all others are negl",
        ),
        ([1, 2, 3], [1, 2, 3], {"error_rate": 0.0}, "error_rate must lie in"),
    ],
)
def test_bad_arguments_are_refused(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(x, y, **options)


@pytest.mark.errors
def test_prediction_needs_positive_x():
    with pytest.raises(ValueError, match="x must be above 0"):
        fit_power_law(X, noisy(1)).predict([1.0, 0.0])


def test_the_log_factor_agrees_with_lstsq():
    y = noisy(4)
    law = fit_power_law(X, y, log_factor=True, error_rate=0.05)
    design = np.stack([np.ones(X.size), np.log(X), np.log(np.log(X))], axis=1)
    solution, residual, *_ = np.linalg.lstsq(design, np.log(y), rcond=None)
    covariance = residual[0] / (X.size - 3) * np.linalg.inv(design.T @ design)
    radius = stats.t.isf(0.025, X.size - 3) * np.sqrt(np.diag(covariance))
    assert law.log_prefactor == pytest.approx(solution[0], rel=1e-8)
    assert law.exponent == pytest.approx(solution[1], rel=1e-8)
    assert law.log_exponent == pytest.approx(solution[2], rel=1e-8)
    assert law.exponent_interval.width == pytest.approx(2 * radius[1], rel=1e-8)
    assert law.log_exponent_interval.width == pytest.approx(2 * radius[2], rel=1e-8)
    np.testing.assert_allclose(law.predict(X), np.exp(design @ solution), rtol=1e-9)


def test_the_weighted_log_factor_agrees_with_lstsq():
    y, errors = noisy(5), np.array([0.1, 0.2, 0.01, 0.03, 0.05, 0.2])
    law = fit_power_law(X, y, standard_errors=errors, log_factor=True)
    design = np.stack([np.ones(X.size), np.log(X), np.log(np.log(X))], axis=1)
    weighted = design * (y / errors)[:, None]
    solution = np.linalg.lstsq(weighted, np.log(y) * y / errors, rcond=None)[0]
    covariance = np.linalg.inv(weighted.T @ weighted)
    assert law.exponent == pytest.approx(solution[1], rel=1e-8)
    assert law.log_exponent == pytest.approx(solution[2], rel=1e-8)
    radius = 1.959963984540054 * math.sqrt(covariance[2, 2])
    assert law.log_exponent_interval.width == pytest.approx(2 * radius, rel=1e-8)


def test_auto_keeps_a_log_factor_that_is_there():
    x = np.logspace(1, 6, 12)
    noise = np.exp(0.01 * np.random.default_rng(1).standard_normal(x.size))
    law = fit_power_law(x, x**-0.5 * np.log(x) * noise, log_factor="auto")
    assert 1.0 in law.log_exponent_interval
    assert -0.5 in law.exponent_interval
    assert law.log_exponent != 0


def test_auto_drops_a_log_factor_that_is_not_there():
    x = np.logspace(1, 6, 12)
    noise = np.exp(0.01 * np.random.default_rng(2).standard_normal(x.size))
    y = x**-0.5 * noise
    law, plain = fit_power_law(x, y, log_factor="auto"), fit_power_law(x, y)
    full = fit_power_law(x, y, log_factor=True)
    assert law.log_exponent == 0
    assert law.log_exponent_interval.lower < 0 < law.log_exponent_interval.upper
    assert (law.exponent, law.log_prefactor) == (plain.exponent, plain.log_prefactor)
    assert law.exponent_interval == full.exponent_interval
    assert law.exponent in law.exponent_interval


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.3])
def test_auto_covers_the_exponent_whatever_it_chooses(gamma, known, at_most, at_least):
    x, runs = np.logspace(1, 6, 12), 1000
    noise = np.random.default_rng(int(100 * gamma)).standard_normal((runs, x.size))
    failures, chosen = 0, 0
    for row in x**-0.5 * np.log(x) ** gamma * np.exp(0.1 * noise):
        errors = 0.1 * row if known else None
        law = fit_power_law(x, row, standard_errors=errors, log_factor="auto")
        failures += -0.5 not in law.exponent_interval
        chosen += law.log_exponent != 0
        assert law.exponent in law.exponent_interval
    assert 0 < chosen < runs
    assert at_most(failures, runs, 0.05)
    assert at_least(failures, runs, 0.05)


def test_auto_invents_a_log_factor_at_its_error_rate():
    x = np.logspace(1, 4, 10)
    rng = np.random.default_rng(3)
    found = sum(
        fit_power_law(
            x,
            x**0.5 * np.exp(0.1 * rng.standard_normal(x.size)),
            log_factor="auto",
            error_rate=0.1,
        ).log_exponent
        != 0
        for _ in range(600)
    )
    # Each side of the interval raises a false alarm with probability 1e-6.
    assert 0.1 in clopper_pearson(found, 600, 2e-6)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([1, 2, 3, 4], {"log_factor": True}, "x must"),
        ([2, 3, 4], {"log_factor": "auto"}, "x must hold at least four"),
        ([2, 3, 4, 5], {"log_factor": "yes"}, "log_factor must be"),
    ],
)
def test_bad_log_factors_are_refused(x, options, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(x, np.ones(len(x)), **options)
