"""Robust risks of ridge regression and classifiers: matrices, programs, points."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special

from geomadv.theories.statistics.donhauser2021 import (
    best_penalty,
    consistent_reach,
    consistent_risk,
    robust_error,
    slope_at_interpolation,
)

C = math.sqrt(2 / math.pi)


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_limits_are_those_of_large_matrices(penalty):
    rng = np.random.default_rng(0)
    n, d, eps, values = 250, 500, 0.5, []
    theta_0 = 1.5 * np.eye(d)[0]
    for _ in range(6):
        X = rng.standard_normal((n, d))
        gram = X @ X.T / n + penalty * np.eye(n)
        w = X.T @ np.linalg.solve(gram, X @ theta_0) / n
        off, rest = np.linalg.norm(w - theta_0), np.linalg.norm(w[1:])
        values.append(off**2 + 2 * C * eps * off * rest + (eps * rest) ** 2)
    risk = consistent_risk(2.0, penalty, eps, 1.5)
    assert np.mean(values) == pytest.approx(risk, rel=0.05)


def test_the_interpolator_has_its_explicit_risk():
    for gamma in (1.2, 2.0, 10.0):
        R, D = 1 - 1 / gamma, math.sqrt(1 / gamma - 1 / gamma**2)
        risk = R + 2 * C * 0.4 * math.sqrt(R) * D + 0.16 * D**2
        assert consistent_risk(gamma, 0.0, 0.4) == pytest.approx(risk, rel=1e-12)


@pytest.mark.parametrize("gamma", [1.5, 2.0, 8.0])
@pytest.mark.parametrize("eps", [0.05, 0.5, 2.0])
def test_the_slope_at_interpolation_is_that_of_differences(gamma, eps):
    h = 1e-5 * (gamma - 1) ** 2
    r0, r1, r2 = consistent_risk(gamma, [0.0, h, 2 * h], eps, 2.0)
    slope = (4 * r1 - 3 * r0 - r2) / (2 * h)
    assert slope_at_interpolation(gamma, eps, 2.0) == pytest.approx(slope, rel=1e-4)
    assert slope_at_interpolation(gamma, eps) < 0.0


@pytest.mark.parametrize("gamma", [0.5, 1.5, 5.0])
@pytest.mark.parametrize("eps", [0.1, 0.8])
def test_no_penalty_of_a_fine_grid_is_better(gamma, eps):
    for noise in (0.0, 0.5):
        best = best_penalty(gamma, eps, 1.0, noise)
        grid = consistent_risk(gamma, np.geomspace(1e-9, 1e6, 20_000), eps, 1.0, noise)
        assert best.risk <= grid.min() * (1 + 1e-12)
        assert best.risk <= best.interpolating
        there = min(best.penalty, 1e9)  # infinite where w = 0 is best
        risk = consistent_risk(gamma, there, eps, 1.0, noise)
        assert best.risk == pytest.approx(float(risk), rel=1e-7)


def test_extreme_steps_give_the_limits():
    assert best_penalty(2.0, 0.0).penalty == 0.0
    assert best_penalty(2.0, 0.0).price == 0.0
    far = best_penalty(2.0, 1e4)
    assert far.risk <= 1.0
    assert far.penalty > 10.0
    assert best_penalty(1.5, 0.3).price > best_penalty(1.5, 0.1).price > 0.0
    assert best_penalty(0.5, 0.3).penalty == 0.0  # theta_0 itself is found
    assert best_penalty(0.5, 0.3).price == 0.0  # both risks are 0
    assert math.isinf(best_penalty(1.0, 0.1, 1.0, 0.5).interpolating)


@pytest.mark.parametrize("p", [2, np.inf])
def test_reach_is_that_of_a_program(p):
    rng = np.random.default_rng(1)
    for d in (2, 3, 7):
        w, theta_0 = rng.standard_normal((2, d))
        if p == 2:
            unit = theta_0 / np.linalg.norm(theta_0)
            Q = np.linalg.svd(np.eye(d) - np.outer(unit, unit))[0][:, : d - 1]
            truth = np.linalg.norm(Q.T @ w)
        else:
            truth = -optimize.linprog(
                -w, A_eq=theta_0[None], b_eq=[0.0], bounds=(-1, 1)
            ).fun
        assert consistent_reach(w, theta_0, p) == pytest.approx(truth, rel=1e-9)
    sparse = consistent_reach([2.0, -1.0, 4.0], [0.0, 0.0, -3.0], p)
    assert sparse == pytest.approx(3.0 if p == np.inf else math.sqrt(5.0))


@pytest.mark.parametrize("eps", [0.0, 0.02, 0.3, 3.0])
def test_errors_are_integrals(eps):
    rng = np.random.default_rng(2)
    for p in (2, np.inf):
        w, theta_0 = rng.standard_normal((2, 6))
        unit = theta_0 / np.linalg.norm(theta_0)
        along, reach = w @ unit, consistent_reach(w, theta_0, p)
        across = np.linalg.norm(w - along * unit)
        truth = integrate.quad(
            lambda u, a=along, b=across, k=eps * reach: (
                C * math.exp(-u * u / 2) * special.ndtr((k - a * u) / b)
            ),
            0,
            12,
            epsabs=1e-13,
        )[0]
        assert robust_error(w, theta_0, eps, p) == pytest.approx(truth, abs=1e-11)


def test_errors_are_those_of_moved_points():
    rng = np.random.default_rng(3)
    theta_0, w = np.array([1.0, 1.0, 0.5]), np.array([1.0, 0.2, 0.9])
    X = rng.standard_normal((200_000, 3))
    y = np.sign(X @ theta_0)
    best = optimize.linprog(-w, A_eq=theta_0[None], b_eq=[0.0], bounds=(-1, 1)).x
    moved = X - 0.3 * y[:, None] * best
    assert (np.sign(moved @ theta_0) == y).all()
    error = np.mean(y * (moved @ w) <= 0)
    value = robust_error(w, theta_0, 0.3, np.inf)
    assert abs(error - value) < 5 * math.sqrt(0.25 / 200_000)


def test_errors_without_steps_are_angles():
    for angle in (0.0, 0.4, 1.2, 2.5, math.pi):
        w = [math.cos(angle), math.sin(angle)]
        error = robust_error(w, [1.0, 0.0], 0.0)
        assert error == pytest.approx(angle / math.pi, abs=1e-14)
    assert float(robust_error([2.0, 0.0], [1.0, 0.0], 5.0)) == 0.0
    assert float(robust_error([-2.0, 0.0], [1.0, 0.0], 5.0)) == 1.0
    assert float(robust_error([1.0, 1.0], [1.0, 0.0], 1e9)) == 1.0


@given(st.floats(0.1, 50.0), st.floats(0.0, 1e6), st.floats(0.0, 5.0))
def test_risks_are_finite_and_rise_with_the_steps(gamma, penalty, eps):
    risk = consistent_risk(gamma, penalty, [0.0, eps, 2 * eps])
    assert np.isfinite(risk).all()
    assert (np.diff(risk) >= -1e-15).all()
    assert risk[0] <= 1.0 + 1e-12


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: consistent_risk(0.0, 1.0, 0.1), "gamma must be above 0"),
        (lambda: consistent_risk(2.0, 1.0, 0.1, 0.0), "signal must be above 0"),
        (lambda: slope_at_interpolation(1.0, 0.1), "gamma must be above 1"),
        (lambda: best_penalty(2.0, -0.1), "eps must be at least 0"),
        (lambda: robust_error([0.0], [1.0], 0.1), "w must not be 0"),
        (lambda: robust_error([1.0], [0.0], 0.1), "theta_0 must not be 0"),
        (lambda: robust_error([1.0], [1.0, 2.0], 0.1), "one shape"),
        (lambda: consistent_reach([1.0], [1.0], 1), "p must be 2 or infinity"),
        (lambda: robust_error([1.0], [1.0], math.nan), "eps must"),
    ],
)
def test_bad_arguments_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
