"""Oracles: exact means of Bernoulli and beta laws, numpy's standard deviations."""

import math

import numpy as np
import pytest

from geomadv._random import spawn
from geomadv.stats import clopper_pearson, fit_power_law, sample_curve

RATES = np.array([0.5, 0.1, 0.02])


def bernoulli(p, n, rng):
    return rng.random(n) < p


def test_the_widest_point_gets_the_draws_until_all_are_narrow():
    curve = sample_curve(bernoulli, RATES, width=0.2, error_rate=1e-6)
    assert curve.reached
    for rate, mean, interval in zip(RATES, curve.mean, curve.intervals, strict=True):
        assert rate in interval
        assert interval.width <= 0.2 * mean
    assert curve.draws[0] < curve.draws[1] < curve.draws[2]
    # The widths of Bernoulli means are as sqrt((1 - p) / p / n).
    assert 20 < curve.draws[2] / curve.draws[0] < 150


def test_absolute_widths_spend_where_the_variance_is():
    curve = sample_curve(bernoulli, RATES, width=0.02, relative=False)
    assert curve.reached
    assert curve.draws[0] > curve.draws[1] > curve.draws[2]
    assert max(interval.width for interval in curve.intervals) <= 0.02


def test_the_budget_ends_the_sampling():
    curve = sample_curve(bernoulli, RATES, width=1e-4, most=20_000)
    assert not curve.reached
    assert sum(curve.draws) == 20_000


def test_standard_errors_are_those_of_all_draws():
    curve = sample_curve(
        lambda p, n, rng: rng.beta(p, 2, n), [0.5, 3.0], width=0.05, seed=4
    )
    for x, n, mean, error in zip(
        curve.x, curve.draws, curve.mean, curve.standard_error, strict=True
    ):
        rng, blocks, size = spawn(4, "curve", float(x)), [], 256
        while sum(map(len, blocks)) < n:
            blocks.append(rng.beta(x, 2, size))
            size = sum(map(len, blocks))
        draws = np.concatenate(blocks)
        assert draws.size == n
        assert mean == pytest.approx(draws.mean(), rel=1e-12)
        assert error == pytest.approx(draws.std(ddof=1) / math.sqrt(n), rel=1e-10)


def test_all_intervals_hold_together():
    hits = 0
    for seed in range(40):
        curve = sample_curve(
            bernoulli, RATES, width=0.6, seed=seed, error_rate=0.2, most=40_000
        )
        hits += all(p in i for p, i in zip(RATES, curve.intervals, strict=True))
    assert clopper_pearson(hits, 40, 2e-6).upper >= 0.8


def test_a_point_does_not_depend_on_the_others():
    alone = sample_curve(bernoulli, RATES[:1], width=0.1, error_rate=0.01)
    among = sample_curve(bernoulli, RATES, width=0.1, error_rate=0.03)
    assert alone.draws[0] == among.draws[0]
    assert alone.mean[0] == among.mean[0]


def test_each_point_may_have_bounds_of_its_own():
    x = np.array([1.0, 10.0, 100.0])

    def draw(top, n, rng):
        return top * rng.random(n)

    curve = sample_curve(draw, x, width=0.1, upper=x)
    assert curve.reached
    assert curve.draws[0] == curve.draws[1] == curve.draws[2]
    assert all(top / 2 in i for top, i in zip(x, curve.intervals, strict=True))
    with pytest.raises(ValueError, match=r"x must lie in \[0, 99\]"):
        sample_curve(draw, x, width=0.1, upper=[1.0, 10.0, 99.0])


def test_the_fit_finds_the_exponent():
    x = np.array([4.0, 8.0, 16.0, 32.0, 64.0])
    curve = sample_curve(
        lambda d, n, rng: rng.random(n) < d**-0.5, x, width=0.1, error_rate=1e-4
    )
    law = curve.fit()
    assert -0.5 in law.exponent_interval
    assert law.exponent_interval.width < 0.1
    assert law == fit_power_law(
        x, curve.mean, standard_errors=curve.standard_error, error_rate=1e-4
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": []}, "x must have one axis and a value"),
        ({"x": [1.0, 1.0]}, "x must hold different values"),
        ({"width": 0.0}, "width must"),
        ({"most": 100}, "most must"),
        (
            {"upper": [1.0, 1.0]},
            r"shapes do not broadcast: x \(3,\), lower \(\), upper",
        ),
        ({"lower": 1.0}, "upper must be above lower"),
        ({"upper": 0.5}, r"x must lie in \[0, 0.5\]"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    arguments = {"x": RATES, "width": 0.1, **options}
    with pytest.raises(ValueError, match=message):
        sample_curve(bernoulli, arguments.pop("x"), **arguments)


def test_a_draw_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="draw must return 256 numbers"):
        sample_curve(lambda x, n, rng: rng.random(2), [0.5], width=0.1)
