"""Ridgeless regression: large random matrices, 50 digits, quadrature and search."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize

from geomadv.theories.statistics.hastie2019 import (
    adversarial_risk,
    best_overparametrisation,
    optimal_penalty,
    ridge_limit,
    ridgeless_limit,
    ridgeless_means,
    subspace_problem,
)

NAMES = ("bias", "variance", "square", "overlap", "standard")


def by_mpmath(gamma, penalty, signal, noise):
    """The same numbers from the Stieltjes transform and its numerical derivative."""
    with mpmath.workdps(60):
        g, L, r, s = map(mpmath.mpf, (gamma, penalty, signal, noise))

        def m(x):
            u = 1 - g + x
            return (-u + mpmath.sqrt(u * u + 4 * g * x)) / (2 * g * x)

        one, two = m(L), -mpmath.diff(m, L, h=L * mpmath.mpf(10) ** -20)
        bias, spread = r * r * L * L * two, s * s * g * (one - L * two)
        square = r * r * (1 - 2 * L * one + L * L * two) + spread
        return bias, spread, square, r * r * (1 - L * one), s * s + bias + spread


@pytest.mark.parametrize("gamma", [0.01, 0.3, 0.99, 1.5, 7.0, 100.0])
@pytest.mark.parametrize("penalty", [1e-12, 1e-4, 0.7, 50.0, 1e12])
def test_ridge_has_13_digits(gamma, penalty):
    limit = ridge_limit(gamma, penalty, 1.5, 0.5)
    for name, truth in zip(NAMES, by_mpmath(gamma, penalty, 1.5, 0.5), strict=True):
        relative = abs(mpmath.mpf(float(getattr(limit, name))) / truth - 1)
        assert relative < 1e-12, name


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_ridge_is_what_a_large_matrix_has(gamma, penalty):
    rng = np.random.default_rng(0)
    n = 300
    p = round(gamma * n)
    beta = np.zeros(p)
    beta[0] = 1.5
    values = []
    for _ in range(16):
        X = rng.standard_normal((n, p))
        y = X @ beta + 0.5 * rng.standard_normal(n)
        if penalty == 0.0:
            w = np.linalg.lstsq(X, y, rcond=None)[0]
        else:
            w = np.linalg.solve(X.T @ X / n + penalty * np.eye(p), X.T @ y / n)
        values.append((((w - beta) ** 2).sum(), w @ w, w @ beta))
    excess, square, overlap = np.mean(values, axis=0)
    limit = ridge_limit(gamma, penalty, 1.5, 0.5)
    assert excess == pytest.approx(limit.bias + limit.variance, rel=0.12)
    assert square == pytest.approx(limit.square, rel=0.05)
    assert overlap == pytest.approx(limit.overlap, rel=0.05)


@pytest.mark.parametrize(("n", "p"), [(4, 12), (12, 4), (3, 6), (6, 3)])
def test_means_are_exact_at_small_sizes(n, p):
    rng = np.random.default_rng(1)
    draws, beta = 200_000, 2.0 * np.eye(p)[0]
    X = rng.standard_normal((draws, n, p))
    y = X @ beta + rng.standard_normal((draws, n))
    gram = X @ X.mT if n < p else X.mT @ X
    side = y if n < p else (X.mT @ y[..., None])[..., 0]
    w = np.linalg.solve(gram, side[..., None])
    w = ((X.mT @ w) if n < p else w)[..., 0]
    means = ridgeless_means(n, p, 2.0, 1.0)
    for drawn, value in (
        (((w - beta) ** 2).sum(axis=1), means.bias + means.variance),
        ((w**2).sum(axis=1), means.square),
        (w @ beta, means.overlap),
    ):
        assert drawn.mean() == pytest.approx(value, rel=0.04)


def test_ridgeless_limits_are_those_of_the_paper():
    for gamma in (0.2, 0.7):
        limit = ridgeless_limit(gamma, 2.0, 0.5)
        assert float(limit.bias) == 0.0
        assert limit.variance == pytest.approx(0.25 * gamma / (1 - gamma), rel=1e-14)
        assert limit.square == pytest.approx(4 + limit.variance, rel=1e-14)
    for gamma in (1.3, 8.0):
        limit = ridgeless_limit(gamma, 2.0, 0.5)
        assert limit.bias == pytest.approx(4 * (1 - 1 / gamma), rel=1e-14)
        assert limit.variance == pytest.approx(0.25 / (gamma - 1), rel=1e-14)
        assert limit.square == pytest.approx(4 / gamma + limit.variance, rel=1e-14)
        assert limit.overlap == pytest.approx(4 / gamma, rel=1e-14)


def test_at_the_peak_the_risk_is_infinite_and_never_nan():
    peak = ridgeless_limit(1.0, 1.0, 0.1)
    assert math.isinf(peak.standard)
    assert math.isinf(peak.robust(0.3))
    assert math.isinf(peak.robust(0.0))
    calm = ridgeless_limit(1.0, 1.0, 0.0)
    assert float(calm.standard) == 0.0
    assert float(calm.square) == 1.0
    for n, p in ((5, 5), (5, 6), (6, 5)):
        assert math.isinf(ridgeless_means(n, p, 1.0, 0.1).variance)
        assert float(ridgeless_means(n, p, 1.0, 0.0).variance) == 0.0


def test_extreme_arguments_give_the_limit():
    heavy = ridge_limit(2.0, 1e300, 1.0, 1.0)
    assert float(heavy.bias) == 1.0
    assert 0.0 <= float(heavy.square) < 1e-200
    wide = ridgeless_limit(1e15, 1.0, 1.0)
    assert float(wide.standard) == pytest.approx(2.0, rel=1e-12)
    assert float(wide.robust(10.0)) == pytest.approx(2.0, rel=1e-5)
    few = ridgeless_limit(1e-15, 1.0, 1.0)
    assert float(few.standard) == pytest.approx(1.0, rel=1e-12)


@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.floats(0.0, 3.0))
def test_adversarial_risk_is_an_integral(R, norm, eps):
    k = eps * norm
    density = lambda g: (  # noqa: E731
        (math.sqrt(R) * g + k) ** 2 * math.exp(-g * g / 2) * math.sqrt(2 / math.pi)
    )
    integral = integrate.quad(density, 0.0, 12.0, epsrel=1e-11)[0]
    assert adversarial_risk(R, norm, eps) == pytest.approx(integral, rel=1e-9)


def test_adversarial_risk_is_that_of_moved_points():
    rng = np.random.default_rng(2)
    w, beta = np.array([1.0, -0.5, 0.2]), np.array([0.6, 0.1, 0.4])
    X = rng.standard_normal((400_000, 3))
    y = X @ beta + 0.3 * rng.standard_normal(400_000)
    side = -np.sign(y - X @ w)
    moved = X + 0.4 * side[:, None] * w / np.linalg.norm(w)
    R = 0.09 + ((w - beta) ** 2).sum()
    risk = adversarial_risk(R, np.linalg.norm(w), 0.4)
    assert ((y - moved @ w) ** 2).mean() == pytest.approx(risk, rel=0.01)


def test_the_best_penalty_is_found_by_search():
    for gamma, noise in ((0.5, 0.3), (2.0, 0.8)):
        found = optimize.minimize_scalar(
            lambda t, g=gamma, s=noise: float(
                ridge_limit(g, math.exp(t), 1.5, s).standard
            ),
            bounds=(-8.0, 5.0),
            method="bounded",
            options={"xatol": 1e-9},
        )
        best = optimal_penalty(gamma, 1.5, noise)
        assert math.exp(found.x) == pytest.approx(best, rel=1e-3)
    assert best_overparametrisation(1.5, 0.5) == pytest.approx(1.5)


def test_random_directions_are_such_a_problem():
    rng = np.random.default_rng(3)
    n, p, m = 100, 400, 150
    beta = 1.5 * np.eye(p)[0]
    values = []
    for _ in range(24):
        B = np.linalg.qr(rng.standard_normal((p, m))).Q
        X = rng.standard_normal((n, p))
        y = X @ beta + 0.5 * rng.standard_normal(n)
        z = np.linalg.lstsq(X @ B, y, rcond=None)[0]
        values.append((0.25 + ((B @ z - beta) ** 2).sum(), z @ z))
    signal, noise = subspace_problem(1.5, 0.5, m / p)
    means = ridgeless_means(n, m, float(signal), float(noise))
    standard, square = np.mean(values, axis=0)
    assert standard == pytest.approx(means.standard, rel=0.1)
    assert square == pytest.approx(means.square, rel=0.12)
    assert [float(x) for x in subspace_problem(1.5, 0.5, 1.0)] == [1.5, 0.5]


def test_functions_broadcast():
    limit = ridge_limit(np.array([[0.5], [2.0]]), [0.1, 1.0, 3.0], 1.0, 0.5)
    assert limit.standard.shape == limit.robust(0.1).shape == (2, 3)
    assert limit.standard[1, 2] == ridge_limit(2.0, 3.0, 1.0, 0.5).standard


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ridge_limit(0.0, 1.0, 1.0), "gamma must be above 0"),
        (lambda: ridge_limit(1.0, -1.0, 1.0), "penalty must be at least 0"),
        (lambda: ridge_limit(1.0, 1.0, math.nan), "signal must"),
        (lambda: ridge_limit([1.0, 2.0], [1.0] * 3, 1.0), "do not broadcast"),
        (lambda: ridgeless_means(0, 1, 1.0, 1.0), "n must be at least 1"),
        (lambda: adversarial_risk(-1.0, 1.0, 1.0), "standard must be at least 0"),
        (lambda: adversarial_risk(1.0, 1.0, math.inf), "eps must"),
        (lambda: optimal_penalty(1.0, 0.0, 1.0), "signal must be above 0"),
    ],
)
def test_bad_arguments_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
