"""Linear regression under attack: minimisation, the saddle point, and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from geomadv.theories.statistics import _training_limit
from geomadv.theories.statistics.hastie2019 import ridgeless_limit
from geomadv.theories.statistics.javanmard2020 import (
    adversarial_regression,
    adversarial_risk,
    interpolation_threshold,
    trade_off_curve,
    training_limit,
    training_vanishes,
    vanishing_threshold,
)

C = math.sqrt(2 / math.pi)

# noise, |theta_0|, eps, weight; g, SR, AR
POPULATION = [
    (1, 1, 0.5, 0, 0.9327630864, 1.2329085634, 1.7582139785),
    (1, 2, 0.5, 0, 0.3710780148, 1.2929989786, 3.1484032246),
    (0.5, 1, 1, 0, 4.7288279339, 0.9313581685, 1.2306485470),
    (1, 2, 0.5, 1, 0.1889998901, 1.1010693483, 3.2167239239),
    (1, 2, 1, 0, 4.7288279339, 3.7254326742, 4.9225941879),
]


@pytest.mark.parametrize("row", POPULATION)
def test_the_curve_has_its_reference_values(row):
    noise, signal, eps, weight, g, standard, robust = row
    best = trade_off_curve(signal, noise, eps, weight)
    assert best.shrinkage == pytest.approx(g, abs=6e-11)
    assert best.standard == pytest.approx(standard, abs=1.01e-10)
    assert best.robust == pytest.approx(robust, abs=1.01e-10)


@pytest.mark.parametrize("row", POPULATION)
def test_minimisation_in_the_plane_finds_the_same(row):
    noise, signal, eps, weight = row[:4]

    def value(theta):
        standard = noise**2 + (theta[0] - signal) ** 2 + theta[1] ** 2
        norm = math.hypot(*theta)
        robust = standard + 2 * C * eps * norm * math.sqrt(standard) + (eps * norm) ** 2
        return weight * standard + robust

    found = optimize.minimize(
        value,
        (0.3, 0.4),
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 2000},
    )
    best = trade_off_curve(signal, noise, eps, weight)
    assert found.fun == pytest.approx(weight * best.standard + best.robust, rel=1e-11)
    assert found.x == pytest.approx([best.factor * signal, 0.0], abs=1e-5)


def test_no_random_estimator_lies_below_the_curve():
    rng = np.random.default_rng(0)
    theta_0 = np.array([1.0, 0.5, -0.5])
    signal, noise, eps = np.linalg.norm(theta_0), 0.7, 0.6
    for weight in (0.0, 0.5, 3.0):
        best = trade_off_curve(signal, noise, eps, weight)
        scale = rng.choice([1e-4, 1e-2, 1.0], size=(10_000, 1))
        theta = best.factor * theta_0 + scale * rng.standard_normal((10_000, 3))
        standard = noise**2 + ((theta - theta_0) ** 2).sum(axis=1)
        robust = adversarial_risk(standard, np.linalg.norm(theta, axis=1), eps)
        least = weight * best.standard + best.robust
        assert (weight * standard + robust).min() >= least * (1 - 1e-14)


def test_the_curve_is_a_trade_off():
    curve = trade_off_curve(1.0, 0.5, 0.5, np.geomspace(1e-3, 1e3, 50))
    assert (np.diff(curve.standard) < 0).all()
    assert (np.diff(curve.robust) > 0).all()


def test_extreme_arguments_of_the_curve():
    free = trade_off_curve(1.0, 0.0, [0.0, 0.79, 0.81, 1e8])
    a, b = 0.81 * C - 1, 0.81**2 + 1 - 2 * 0.81 * C  # a parabola without noise
    assert free.factor == pytest.approx([1.0, 1.0, -a / b, 0.0], abs=1e-15)
    assert free.standard[[0, 1, 3]].tolist() == [0.0, 0.0, 1.0]
    limit = 1.0 / (C * math.hypot(1.0, 0.5))
    assert float(trade_off_curve(1.0, 0.5, limit * (1 + 1e-9)).factor) == 0.0
    assert float(trade_off_curve(1.0, 0.5, limit * (1 - 1e-6)).factor) > 0.0
    assert math.isinf(trade_off_curve(1.0, 0.5, 2.0).shrinkage)
    assert float(trade_off_curve(1.0, 0.5, 0.0).factor) == 1.0
    assert np.isfinite(trade_off_curve([1e-150, 1e150], 1.0, 0.1).robust).all()


def saddle(signal, noise, eps, delta, x):
    """The program with beta, t and the envelope e, its expectation by quadrature.

    With beta eliminated: max over beta of beta^2 t/2 - beta b/sqrt(delta) + E e(S G; t)
    is minimised over t inside; at its saddle, beta = b/(t sqrt(delta)), which leaves
    max over t of E e(S G; t) - b^2/(2 t delta).
    """
    h, b = x
    S = math.sqrt(noise**2 + (signal - h) ** 2 + b * b)
    k = eps * math.hypot(h, b)

    def dual(log_t):
        t = math.exp(log_t)
        cut = min(t * k / S, 12.0)
        total = 0.0
        for low, high in ((0.0, cut), (cut, 12.0)):
            g = low + (high - low) * (NODES + 1) / 2
            density = np.exp(-g * g / 2) * C * WEIGHTS * (high - low) / 2
            near = k * k / 2 + (S * g) ** 2 / (2 * t)
            far = (S * g + k) ** 2 / (2 * (1 + t))
            total += density @ np.where(S * g <= t * k, near, far)
        return -(total - b * b / (2 * t * delta))

    found = optimize.minimize_scalar(
        dual, bounds=(-12.0, 12.0), method="bounded", options={"xatol": 1e-11}
    )
    return -found.fun


NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)
TRAINING = [(2, 1, 0.5, 2), (2, 1, 0.5, 4), (1, 1, 1, 2), (1, 0.5, 0.4, 0.5)]


@pytest.mark.parametrize("row", TRAINING)
def test_minimisation_of_the_saddle_function_finds_the_same(row):
    found = _training_limit.solve(*row)
    least = optimize.minimize(
        lambda x: saddle(*row, x),
        (found.along * 0.9 + 0.05, found.across + 0.1),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-14, "maxiter": 400},
    )
    assert least.fun == pytest.approx(found.value, rel=1e-9)
    assert least.x == pytest.approx([found.along, found.across], abs=2e-5)


@pytest.mark.parametrize("row", TRAINING)
def test_the_limit_is_what_training_gives(row):
    signal, noise, eps, delta = row
    limit = training_limit(signal, noise, eps, delta)
    rng = np.random.default_rng(1)
    d = round(180 / math.sqrt(delta))
    n, values = round(delta * d), []
    for _ in range(3):
        X = rng.standard_normal((n, d))
        y = signal * X[:, 0] + noise * rng.standard_normal(n)
        fit = adversarial_regression(X, y, eps)
        w = fit.coef
        standard = noise**2 + (w[0] - signal) ** 2 + (w[1:] ** 2).sum()
        robust = adversarial_risk(standard, np.linalg.norm(w), eps)
        values.append((standard, robust, fit.objective, w[0]))
    standard, robust, training, along = np.mean(values, axis=0)
    assert standard == pytest.approx(limit.standard, rel=0.05)
    assert robust == pytest.approx(limit.robust, rel=0.05)
    assert training == pytest.approx(limit.training, rel=0.08)
    assert along == pytest.approx(limit.along, abs=0.1)


def test_without_steps_the_limit_is_ridgeless():
    for delta in (0.4, 2.5):
        plain = ridgeless_limit(1 / delta, 1.0, 0.5)
        for eps in (0.0, 1e-5):
            limit = training_limit(1.0, 0.5, eps, delta)
            assert limit.standard == pytest.approx(plain.standard, rel=1e-4)
            assert limit.norm**2 == pytest.approx(plain.square, rel=1e-4)
            assert limit.training == pytest.approx(
                0.25 * max(1 - 1 / delta, 0), abs=1e-4
            )


def test_the_program_and_the_explicit_interpolator_meet():
    for eps in (0.141, 0.145):  # on either side of where it is used
        limit = training_limit(1.0, 0.5, eps, 0.5)
        assert limit.standard == pytest.approx(1.0, rel=1e-6)
        assert limit.along == pytest.approx(0.5, rel=1e-6)


def test_training_vanishes_where_it_should():
    for signal, noise, delta in ((1, 0.5, 2), (2, 1, 0.5), (0, 1, 3), (1, 1e-3, 1)):
        limit = float(training_vanishes(signal, noise, delta))
        assert float(training_limit(signal, noise, limit, delta).norm) == 0.0
        near = training_limit(signal, noise, 0.99 * limit, delta)
        assert float(near.norm) > 0.0
        assert near.training < (signal**2 + noise**2) * (1 - 1e-6)
    rng = np.random.default_rng(2)
    X = rng.standard_normal((2000, 400))
    y = X[:, 0] + 0.5 * rng.standard_normal(2000)
    assert vanishing_threshold(X, y) == pytest.approx(
        float(training_vanishes(1.0, 0.5, 5.0)), rel=0.05
    )


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.01, 10.0),
    st.floats(0.01, 10.0),
    st.floats(1e-3, 5.0),
    st.floats(0.02, 50.0),
)
def test_the_limit_is_finite_and_no_better_than_the_curve(signal, noise, eps, delta):
    limit = training_limit(signal, noise, eps, delta)
    best = trade_off_curve(signal, noise, eps)
    assert limit.robust >= best.robust * (1 - 1e-9)
    assert 0.0 <= limit.along <= signal
    assert limit.training <= limit.robust * (1 + 1e-6)
    assert limit.training <= (signal**2 + noise**2) * (1 + 1e-9)


def test_functions_broadcast():
    limit = training_limit([[1.0], [2.0]], 0.5, 0.3, [1.0, 2.0, 3.0])
    assert limit.robust.shape == limit.norm.shape == (2, 3)
    assert limit.robust[1, 2] == training_limit(2.0, 0.5, 0.3, 3.0).robust
    curve = trade_off_curve([1.0, 2.0], 0.5, [[0.1], [0.2]])
    assert curve.robust.shape == curve.shrinkage.shape == (2, 2)


def test_interpolation_threshold_falls_as_points_come():
    rng = np.random.default_rng(3)
    found = []
    for n in (10, 40, 160):
        X = rng.standard_normal((n, 2 * n))
        found.append(interpolation_threshold(X, X[:, 0] + rng.standard_normal(n)))
    assert found[0] > found[1] > found[2] > 0.0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trade_off_curve(0.0, 1.0, 0.1), "signal must be above 0"),
        (lambda: trade_off_curve(1.0, 1.0, -0.1), "eps must be at least 0"),
        (lambda: trade_off_curve(1.0, 1.0, 0.1, math.nan), "weight must"),
        (lambda: training_limit(1.0, 0.0, 0.1, 1.0), "noise must be above 0"),
        (lambda: training_limit(1.0, 1.0, 0.1, math.inf), "delta must"),
        (lambda: training_limit([1.0, 2.0], [1.0] * 3, 0.1, 1.0), "do not broadcast"),
        (lambda: training_vanishes(1.0, 1.0, 0.0), "delta must be above 0"),
    ],
)
def test_bad_arguments_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
