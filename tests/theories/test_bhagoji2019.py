"""Bhagoji 2019: closed forms at 50 digits, bounds by other routes, the bias."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from geomadv.concentration import optimal_robust_loss
from geomadv.theories.dimension import bhagoji2019
from geomadv.theories.dimension.bhagoji2019 import (
    conflict_probability,
    euclidean_loss,
    gaussian_loss,
    isotropic_loss,
    log_gaussian_loss,
    plug_in_bound,
    transport_bound,
)

INF = math.inf
FALSE_ALARM = 1e-6


def exact_loss(distance):
    return mpmath.erfc(mpmath.mpf(distance) / mpmath.sqrt(2)) / 2


# Gaussians


@pytest.mark.parametrize(
    ("eps", "expected"), [(0.5, 0.0668072013), (1.0, 0.1586552539), (2.0, 0.5)]
)
def test_isotropic_euclidean_loss_has_its_reference_values(eps, expected):
    assert abs(isotropic_loss([2.0, 0.0], eps) - expected) < 5e-11
    assert abs(gaussian_loss([1.2, 1.6], eps) - expected) < 5e-11
    assert abs(euclidean_loss([2.0, 0.0, 0.0], eps, [1.0] * 3) - expected) < 5e-11


@pytest.mark.parametrize(
    ("mu", "eps", "expected"),
    [
        ([0.2] * 100, 0.0, 0.0227501319),
        ([0.2] * 100, 0.05, 0.0668072013),
        ([0.2] * 100, 0.1, 0.1586552539),
        ([0.2] * 100, 0.15, 0.3085375387),
        ([0.2] * 100, 0.2, 0.5),
        ([0.5] * 10 + [0.05] * 90, 0.0, 0.0493940608),
        ([0.5] * 10 + [0.05] * 90, 0.05, 0.0773644617),
        ([0.5] * 10 + [0.05] * 90, 0.1, 0.1029516054),
        ([0.5] * 10 + [0.05] * 90, 0.2, 0.1713908556),
    ],
)
def test_isotropic_loss_in_l_inf_has_its_reference_values(mu, eps, expected):
    assert abs(isotropic_loss(mu, eps, p=INF) - expected) < 5e-11
    assert abs(gaussian_loss(mu, eps, p=INF) - expected) < 5e-11


@pytest.mark.parametrize(
    ("eps", "expected"),
    [
        (0.25, 0.1108975139),
        (0.5, 0.1490919916),
        (1.0, 0.2390379823),
        (2.0, 0.4487015029),
    ],
)
def test_euclidean_loss_of_other_variances_has_its_reference_values(eps, expected):
    assert abs(euclidean_loss([2.0, 1.0], eps, [4.0, 1.0]) - expected) < 5e-11
    assert abs(gaussian_loss([2.0, 1.0], eps, cov=[4.0, 1.0]) - expected) < 5e-11


@given(
    mu=st.lists(st.floats(-5, 5), min_size=1, max_size=6),
    eps=st.floats(0, 8),
    sigma=st.floats(0.2, 5),
)
def test_closed_forms_are_right_at_50_digits(mu, eps, sigma):
    with mpmath.workdps(50):
        norm = mpmath.sqrt(mpmath.fsum(mpmath.mpf(m) ** 2 for m in mu))
        left = max(norm - mpmath.mpf(eps), 0)
        expected = float(exact_loss(left / mpmath.mpf(sigma)))
        each = [max(abs(mpmath.mpf(m)) - mpmath.mpf(eps), 0) for m in mu]
        norm = mpmath.sqrt(mpmath.fsum(x**2 for x in each))
        expected_inf = float(exact_loss(norm / mpmath.mpf(sigma)))
    # The argument t of Phi has a relative error of 1e-15, which counts t^2 times.
    rel = 4e-15 * (1 + max(map(abs, mu)) ** 2 * len(mu) / sigma**2)
    assert isotropic_loss(mu, eps, sigma) == pytest.approx(expected, rel=rel)
    assert isotropic_loss(mu, eps, sigma, p=INF) == pytest.approx(expected_inf, rel=rel)


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, INF])
@pytest.mark.parametrize("seed", range(3))
def test_loss_for_any_covariance_and_norm_is_a_convex_minimum(p, seed):
    """The nearest point of the ball by SciPy's SLSQP, from the definition."""
    rng = np.random.default_rng(seed)
    mu, root = rng.standard_normal(3), rng.standard_normal((3, 3))
    cov = root @ root.T + 0.3 * np.eye(3)
    inverse = np.linalg.inv(cov)
    eps = 0.4 * np.linalg.norm(mu, p)
    # z = a - b with a, b >= 0 makes l_1 and l_inf smooth.
    if p in (1, INF):

        def split(v):
            return v[:3] - v[3:]

        limits = [{"type": "ineq", "fun": lambda v: eps - v.sum()}] if p == 1 else []
        bounds = [(0, eps if p == INF else None)] * 6
    else:

        def split(v):
            return v[:3]

        limits = [
            {"type": "ineq", "fun": lambda v: eps**p - (np.abs(v[:3]) ** p).sum()}
        ]
        bounds = None

    def square(v):
        return (mu - split(v)) @ inverse @ (mu - split(v))

    solved = optimize.minimize(
        square,
        np.full(6, eps / 10),
        method="SLSQP",
        constraints=limits,
        bounds=bounds,
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    expected = stats.norm.sf(math.sqrt(solved.fun))
    assert gaussian_loss(mu, eps, cov=cov, p=p) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_one_equation_agrees_with_the_general_solution(seed):
    rng = np.random.default_rng(seed)
    mu, variances = rng.standard_normal(30), np.exp(2 * rng.standard_normal(30))
    rotation = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    cov = rotation * variances @ rotation.T
    norm = np.linalg.norm(mu)
    for eps in (0.0, 1e-3, 0.1, 0.5 * norm, 0.99 * norm, norm * (1 + 1e-12), 10.0):
        expected = gaussian_loss(rotation @ mu, eps, cov=cov)
        found = euclidean_loss(mu, eps, variances)
        assert found == pytest.approx(expected, rel=1e-10)


def test_nearer_means_and_larger_balls_lose_more():
    eps = np.linspace(0, 2, 9)
    for p in (1, 2, INF):
        loss = gaussian_loss([1.0, 0.3, 0.2], eps, p=p)
        assert (np.diff(loss) >= 0).all()
        assert (gaussian_loss([1.1, 0.4, 0.2], eps, p=p) <= loss).all()
        assert loss[-1] == 0.5 or p == 1


def test_logarithm_of_the_loss_does_not_underflow():
    expected = float(mpmath.log(exact_loss(mpmath.mpf(100))))
    assert log_gaussian_loss([101.0], 1.0) == pytest.approx(expected, rel=1e-12)
    loss = np.exp(log_gaussian_loss([1.0, 2.0], [0.1, 0.2], p=INF))
    assert loss == pytest.approx(isotropic_loss([1.0, 2.0], [0.1, 0.2], p=INF))


def test_losses_have_the_shape_of_the_radii():
    assert gaussian_loss([1.0], np.ones((2, 3))).shape == (2, 3)
    assert isotropic_loss([1.0], np.ones((2, 1)), np.ones(3), p=INF).shape == (2, 3)
    assert isinstance(gaussian_loss([1.0], 0.5), np.float64)
    assert isinstance(isotropic_loss([1.0], 0.5), np.float64)
    assert gaussian_loss([1.0], []).shape == (0,)


# Transport


@pytest.mark.parametrize("r", [1, 2, 3.5])
@pytest.mark.parametrize("p", [1, 2, INF])
def test_transport_bound_is_below_the_loss_of_samples(r, p):
    rng = np.random.default_rng(0)
    y = np.repeat([-1, 1], 40)
    for shift in (0.1, 0.5):
        X = rng.standard_normal((80, 2)) + shift * y[:, None]
        A, B = X[y < 0], X[y > 0]
        cost = np.linalg.norm(A[:, None] - B[None], p, axis=2) ** r
        pairs = optimize.linear_sum_assignment(cost)
        distance = cost[pairs].mean() ** (1 / r)
        eps = distance * np.array([0.3, 0.6, 1.0, 3.0])
        loss = optimal_robust_loss(X, y, eps, p=p).loss
        bound = transport_bound(distance, eps, r)
        assert (bound <= loss).all()
        assert (bound[1:] > 0).all()
        assert bound == pytest.approx(
            np.maximum(0, (1 - cost[pairs].mean() / (2 * eps) ** r) / 2)
        )


# Conflicts


@settings(max_examples=30)
@given(
    d=st.integers(1, 300),
    eps=st.floats(0.05, 10),
    length=st.floats(0, 10),
    sigma=st.sampled_from([1.0, 0.5]),
)
def test_conflict_probability_is_right_at_50_digits(d, eps, length, sigma):
    eps, length = eps * sigma, length * sigma
    with mpmath.workdps(50):
        rate, x = (mpmath.mpf(length) / sigma) ** 2, (mpmath.mpf(eps) / sigma) ** 2
        total, k = mpmath.mpf(0), 0
        while k < rate + 60 + 14 * mpmath.sqrt(rate):
            weight = mpmath.exp(-rate) * rate**k / mpmath.factorial(k)
            lower = mpmath.gammainc(mpmath.mpf(d) / 2 + k, 0, x, regularized=True)
            total += weight * lower
            k += 1
        expected = float(total)
    found = conflict_probability(d, eps, length, sigma)
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-280)


@pytest.mark.parametrize("d", [1, 3, 20])
def test_conflict_probability_is_that_of_a_simulation(d):
    rng = np.random.default_rng(d)
    sigma, n = 0.7, 40_000
    x, z = sigma * rng.standard_normal((2, n, d))
    x[:, 0] += 0.6
    z[:, 0] -= 0.6
    eps = math.sqrt(d) / 2
    near = int((np.linalg.norm(x - z, axis=1) <= 2 * eps).sum())
    q = float(conflict_probability(d, eps, 0.6, sigma))
    assert 0.05 < q < 0.95
    assert stats.binomtest(near, n, q).pvalue > FALSE_ALARM


def test_conflict_probability_broadcasts():
    assert conflict_probability(np.ones((3, 1)), np.ones(4)).shape == (3, 4)
    assert isinstance(conflict_probability(3, 0.5), np.float64)
    assert conflict_probability(3, 0.0) == 0.0


def on_the_line(a, b, reach):
    """Return the size of a maximum matching of two samples of the line, greedily."""
    a, b = np.sort(a), np.sort(b)
    i = j = size = 0
    while i < a.size and j < b.size:
        if abs(a[i] - b[j]) <= reach:
            size, i, j = size + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return size


@pytest.mark.parametrize(("d", "mean"), [(1, 0.2940), (5, None), (10, None)])
def test_plug_in_is_below_the_truth_and_the_bound(d, mean):
    """200 points a class of N(+-e_1, I), eps = 1/2: truth .3085; 100 samples.

    The mean on the line is known from 400 other samples, to .001.
    """
    rng = np.random.default_rng(1)
    y = np.repeat([-1, 1], 200)
    losses = []
    for _ in range(100):
        X = rng.standard_normal((400, d))
        X[:, 0] += y
        losses.append(float(optimal_robust_loss(X, y, 0.5).loss))
        if d == 1:
            size = on_the_line(X[y < 0, 0], X[y > 0, 0], 1.0)
            assert losses[-1] == size / 400
    found, error = np.mean(losses), np.std(losses) / 10
    assert found <= plug_in_bound(200, d, 0.5) + 5 * error
    assert found < 0.3085 - 3 * error
    if mean is not None:
        assert abs(found - mean) < 5 * math.hypot(error, 0.001)


def test_bound_of_the_plug_in_is_the_smaller_one_of_two():
    n = np.array([1, 500, 10**6])
    q = stats.ncx2.cdf(2 * 0.5**2, 5, 2.0)
    expected = np.minimum(stats.norm.cdf(-0.5), n * q / 2)
    assert plug_in_bound(n, 5, 0.5) == pytest.approx(expected)
    assert plug_in_bound(n, 5, 0.5)[0] < plug_in_bound(n, 5, 0.5)[2]


# What the claims compute


def test_means_over_samples_count_every_order():
    """All samples with their orders, one by one."""
    support, n, seed, eps = 3, 2, 4, 0.2
    rng = bhagoji2019.spawn(0, "bhagoji2019", support, seed)
    A, B = rng.random((2, support, 2))
    losses = []
    for i in itertools.product(range(support), repeat=n):
        for j in itertools.product(range(support), repeat=n):
            D = np.linalg.norm(A[list(i), None] - B[None, list(j)], axis=2) <= 2 * eps
            rows, columns = optimize.linear_sum_assignment(~D)
            losses.append(D[rows, columns].sum() / (2 * n))
    found = bhagoji2019._mean_loss(support, n, seed, eps)
    assert found == pytest.approx(np.mean(losses), rel=1e-12)
    assert 0 < found < 0.5


def test_moved_samples_are_as_far_apart_as_said():
    distance, loss = bhagoji2019._moved(20, 0.25, 0.1, 3)
    assert distance == pytest.approx(0.25 * 2.2)
    assert loss == pytest.approx(0.75 / 2)


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gaussian_loss([], 1), ValueError, "mu must not be empty"),
        (lambda: gaussian_loss([1.0], -1), ValueError, "eps must be at least 0"),
        (lambda: gaussian_loss([1.0], 1, p=0.5), ValueError, "p must be at least 1"),
        (lambda: isotropic_loss([1.0], 1, p=3), ValueError, "p must be 2 or inf"),
        (lambda: isotropic_loss([1.0], 1, 0.0), ValueError, "sigma must be above 0"),
        (lambda: isotropic_loss(1.0, 1), ValueError, "mu must have 1 axes"),
        (lambda: euclidean_loss([1.0], 1, [0.0]), ValueError, "variances must be abo"),
        (lambda: euclidean_loss([1.0], math.nan, [1.0]), ValueError, "eps must be at"),
        (lambda: euclidean_loss([1.0] * 2, 1, [1.0] * 3), ValueError, "not broadcast"),
        (lambda: transport_bound(-1, 1), ValueError, "distance must be at least 0"),
        (lambda: transport_bound(1, 0), ValueError, "eps must be above 0"),
        (lambda: transport_bound(1, 1, 0.5), ValueError, "r must be at least 1"),
        (lambda: conflict_probability(0, 1), ValueError, "d must be at least 1"),
        (lambda: conflict_probability(1, "a"), TypeError, "eps must be real numbers"),
        (lambda: plug_in_bound(0, 1, 1), ValueError, "n must be at least 1"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
