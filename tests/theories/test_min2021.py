"""More data help or hurt: simulation, 50 digits, programs and enumeration."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from geomadv.theories.statistics.min2021 import (
    bernoulli_clean_loss,
    bernoulli_robust_loss,
    clean_loss,
    regime,
    robust_loss,
    robust_minimiser,
    strong_from,
    turning_point,
    turning_points,
)

# mu = 1, sigma = 2, W = 1; eps and the losses at n = 1, 2, 5, 10, 20, 50
NUMBERS = [1, 2, 5, 10, 20, 50]
LOSSES = {
    0.5: [-0.37208, -0.49374, -0.66516, -0.77655, -0.86783, -0.96145],
    0.9: [-0.34888, -0.43863, -0.52769, -0.56148, -0.58846, -0.63816],
    1.1: [-0.33320, -0.40303, -0.44605, -0.43673, -0.41153, -0.36184],
    1.5: [-0.29564, -0.32329, -0.28548, -0.21456, -0.13178, -0.03855],
}
TURNS = {1.1: 5.5354953413, 1.5: 2.1459172166, 3.0: 0.4620981204}


@pytest.mark.parametrize("eps", LOSSES)
def test_losses_have_their_reference_values(eps):
    assert clean_loss(1.0, 2.0, NUMBERS, eps) == pytest.approx(LOSSES[eps], abs=6e-6)


def test_turning_points_have_their_reference_values():
    for eps, n in TURNS.items():
        assert turning_point(1.0, 2.0, eps) == pytest.approx(n, abs=1e-10)
    assert clean_loss(1.0, 2.0, [1, 2, 5], 3.0) == pytest.approx(
        [-0.13591, -0.07631, -0.01267], abs=6e-6
    )


def by_mpmath(mu, sigma, n, eps):
    with mpmath.workdps(50):
        root = mpmath.sqrt(n) / sigma
        p = mpmath.ncdf(root * (mpmath.mpf(mu) - eps))
        m = mpmath.ncdf(-root * (mpmath.mpf(mu) + eps))
        return -mu * (p - m), (eps - mu) * p + (eps + mu) * m


@pytest.mark.parametrize("mu", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0, 1.5, 10.0])
@pytest.mark.parametrize("n", [0.5, 3.0, 1e4])
def test_losses_have_the_digits_of_50(mu, ratio, n):
    clean, robust = by_mpmath(mu, 0.7, n, mpmath.mpf(ratio * mu))
    assert clean_loss(mu, 0.7, n, ratio * mu) == pytest.approx(
        float(clean), abs=1e-14 * mu
    )
    assert robust_loss(mu, 0.7, n, ratio * mu) == pytest.approx(
        float(robust), abs=1e-13 * mu * (1 + ratio)
    )


@pytest.mark.parametrize("eps", [0.3, 0.8, 1.4])
def test_losses_are_those_of_training_on_samples(eps):
    rng = np.random.default_rng(0)
    mu, sigma, n, W = np.array([1.0, 0.6, -0.2]), np.array([2.0, 1.0, 0.5]), 7, 1.5
    clean, robust = [], []
    for _ in range(6000):
        y = rng.choice([-1, 1], size=n)
        X = y[:, None] * mu + sigma * rng.standard_normal((n, 3))
        w = robust_minimiser(X, y, eps, W)
        clean.append(-(w @ mu))
        robust.append(-(w @ mu) + eps * np.abs(w).sum())
    for found, value in (
        (clean, clean_loss(mu, sigma, n, eps, W)),
        (robust, robust_loss(mu, sigma, n, eps, W)),
    ):
        error = np.std(found) / math.sqrt(6000)
        assert abs(np.mean(found) - value) < 5 * error  # 6e-7


@pytest.mark.parametrize("eps", [0.0, 0.2, 0.7])
def test_a_linear_program_trains_no_better(eps):
    rng = np.random.default_rng(1)
    y = rng.choice([-1, 1], size=9)
    X = y[:, None] * np.array([0.5, -0.3, 0.1, 0.0]) + rng.standard_normal((9, 4))
    u = y @ X / 9
    # w = a - b with a, b in [0, W]; the cost is -(a - b) u + eps (a + b)
    program = optimize.linprog(np.r_[eps - u, eps + u], bounds=(0, 2))
    w = robust_minimiser(X, y, eps, 2.0)
    assert -(w @ u) + eps * np.abs(w).sum() == pytest.approx(program.fun, abs=1e-12)
    moved = X - eps * y[:, None] * np.sign(w)
    assert np.mean(-y * (moved @ w)) == pytest.approx(program.fun, abs=1e-12)


def test_regimes_follow_the_differences_of_the_loss():
    n = np.arange(1, 3000)
    for eps in (0.2, 0.99, 1.05, 1.5, 2.0, 2.2, 5.0):
        steps = np.diff(clean_loss(1.0, 2.0, n, eps))
        kind = regime(1.0, 2.0, eps)
        if kind == "weak":
            assert (steps <= 0).all()
        elif kind == "strong":
            assert (steps >= 0).all()
        else:
            turn = float(turning_point(1.0, 2.0, eps))
            assert (steps[: math.floor(turn) - 1] <= 0).all()
            assert (steps[math.ceil(turn) - 1 :] >= 0).all()
    assert regime(1.0, 2.0, 1.0) == "weak"
    assert regime(1.0, 2.0, 2.0) == "medium"  # n* = log 3


@pytest.mark.parametrize(("mu", "sigma"), [(1.0, 2.0), (1e-6, 3.0), (5.0, 0.1)])
def test_the_strong_regime_begins_where_the_turn_is_at_one(mu, sigma):
    start = strong_from(mu, sigma)
    assert start > mu or mu == 5.0
    if mu < 5.0:
        assert turning_point(mu, sigma, start) == pytest.approx(1.0, rel=1e-9)
    assert regime(mu, sigma, start * 1.001) == "strong"
    assert strong_from(0.0, sigma) == sigma
    assert strong_from(1e-6, 3.0) == pytest.approx(3.0, rel=1e-9)
    assert strong_from(1e-300, 1.0) == pytest.approx(1.0, rel=1e-15)
    for unit in (1e-200, 1e-160, 1e160, 1e300):
        scaled = strong_from(mu * unit, sigma * unit) / unit
        assert scaled == pytest.approx(start, rel=1e-12)


def test_turns_are_where_the_loss_itself_turns():
    mu, sigma, eps = [1.0, 0.5], [200.0, 2.0], 0.7
    first, second = turning_points(mu, sigma, eps)
    n = np.geomspace(1.0, 1e7, 60_000)
    loss = clean_loss(mu, sigma, n, eps)
    signs = np.sign(np.diff(loss))
    at = n[1:-1][np.diff(signs) != 0]
    assert at == pytest.approx([first, second], rel=1e-3)
    assert signs[0] < 0
    one = turning_points(1.0, 2.0, 1.1)
    assert one == pytest.approx([TURNS[1.1]], rel=1e-9)
    assert turning_points(1.0, 2.0, 0.9).size == 0
    assert turning_points(0.0, 2.0, 0.9).size == 0
    assert turning_points(1.0, 2.0, 3.0).size == 0  # it turns before n = 1


@pytest.mark.parametrize("eps", [0.0, 0.25, 1 / 3, 0.5, 0.9, 1.0, 3.0])
@pytest.mark.parametrize("n", [1, 4, 6])
def test_bernoulli_losses_are_sums_over_all_samples(n, eps):
    mu = np.array([0.6, -0.2])
    clean = robust = 0.0
    for one in mu:
        for signs in itertools.product((-1, 1), repeat=n):
            chance = np.prod([(1 + s * one) / 2 for s in signs])
            u = np.array([sum(signs)]) / n
            w = np.sign(u[0]) * (abs(u[0]) > eps + 1e-12)
            clean -= chance * one * w
            robust += chance * (eps * abs(w) - one * w)
    assert bernoulli_clean_loss(mu, n, eps) == pytest.approx(clean, abs=1e-14)
    assert bernoulli_robust_loss(mu, n, eps) == pytest.approx(robust, abs=1e-14)


@pytest.mark.parametrize("n", [10**6, 10**9, 2**31, 10**12, 10**15])
def test_bernoulli_losses_of_many_points(n):
    """By Edgeworth's expansion, whose error is of order 1/n."""
    mu = 0.25
    deviation = math.sqrt(n * (1 - mu * mu)) / 2
    for steps in (-1.0, 0.0, 2.0):
        count = math.floor(n * (1 + mu) / 2 + steps * deviation)
        z = (count + 0.5 - n * (1 + mu) / 2) / deviation
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        above = math.erfc(z / math.sqrt(2)) / 2
        above += -mu / (6 * deviation) * (z * z - 1) * density
        found = bernoulli_clean_loss(mu, n, 2 * count / n - 1)
        assert found == pytest.approx(-mu * above, abs=1e-9 + 1 / n)
    assert bernoulli_clean_loss(mu, n, 0.1) == pytest.approx(-mu, rel=1e-12)


def test_bernoulli_classes_have_the_regimes_too():
    many = [float(bernoulli_clean_loss(0.2, n, 0.1)) for n in range(1, 800, 20)]
    assert many[-1] == pytest.approx(-0.2, abs=1e-3)
    hurt = [float(bernoulli_clean_loss(0.2, n, 0.4)) for n in range(1, 800, 20)]
    assert hurt[-1] == pytest.approx(0.0, abs=1e-6)
    assert hurt[0] < hurt[3]


@given(
    st.floats(-10, 10),
    st.floats(1e-3, 1e3),
    st.floats(1e-3, 1e9),
    st.floats(0, 20),
)
def test_losses_are_bounded_and_even(mu, sigma, n, eps):
    loss = clean_loss(mu, sigma, n, eps)
    assert -abs(mu) <= loss <= 1e-15 * abs(mu)
    assert loss == clean_loss(-mu, sigma, n, eps)
    assert robust_loss(mu, sigma, n, eps) >= loss - 1e-12
    assert float(turning_point(mu, sigma, eps)) > 0.0


def test_functions_broadcast():
    mu = np.array([[1.0, 0.5], [0.2, 0.1], [0.3, 0.0]])
    loss = clean_loss(mu, 2.0, [[1.0], [2.0]], 0.4)
    assert loss.shape == (2, 3)
    assert loss[1, 0] == clean_loss([1.0, 0.5], 2.0, 2.0, 0.4)
    assert turning_point(1.0, [1.0, 2.0], [[1.5], [2.0]]).shape == (2, 2)
    eps = [[0.5], [1.1], [3.0]]
    starts, kinds = strong_from([1.0, -0.2], 2.0), regime([1.0, -0.2], 2.0, eps)
    assert starts.tolist() == [strong_from(1.0, 2.0), strong_from(0.2, 2.0)]
    assert [list(row) for row in kinds] == [
        [regime(1.0, 2.0, one), regime(0.2, 2.0, one)] for (one,) in eps
    ]
    for loss in (bernoulli_clean_loss, bernoulli_robust_loss):
        found = loss([[0.5, -0.1], [0.2, 1.0]], [[1], [4], [7]], 0.3)
        assert found.shape == (3, 2)
        for i, n in enumerate((1, 4, 7)):
            for j, mu in enumerate(([0.5, -0.1], [0.2, 1.0])):
                assert found[i, j] == loss(mu, n, 0.3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clean_loss(1.0, 0.0, 1, 0.1), "sigma must be above 0"),
        (lambda: clean_loss(1.0, 1.0, 0, 0.1), "n must be above 0"),
        (lambda: clean_loss(1.0, 1.0, 1, -0.1), "eps must be at least 0"),
        (lambda: clean_loss(1.0, 1.0, 1, 0.1, 0.0), "bound must be above 0"),
        (lambda: clean_loss([1.0, 2.0], [1.0] * 3, 1, 0.1), "do not broadcast"),
        (lambda: bernoulli_clean_loss(1.5, 1, 0.1), r"mu must lie in \[-1, 1\]"),
        (lambda: bernoulli_clean_loss(0.5, 1.5, 0.1), "n must be whole numbers"),
        (lambda: bernoulli_clean_loss(0.5, 0, 0.1), "n must be at least 1"),
        (lambda: bernoulli_clean_loss(0.5, 1e16, 0.1), "n must be at most"),
        (lambda: bernoulli_clean_loss([[0.5]] * 2, [1] * 3, 0.1), "do not broadcast"),
        (lambda: turning_points([[1.0]], 1.0, 0.1), "mu must be one vector"),
        (lambda: robust_minimiser([[1.0]], [2.0], 0.1), "y must be -1 or"),
        (lambda: strong_from(1.0, -1.0), "sigma must be above 0"),
        (lambda: regime(1.0, 1.0, math.nan), "eps must"),
    ],
)
def test_bad_arguments_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
