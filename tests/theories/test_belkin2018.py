"""Formulas of Belkin, Hsu and Mitra against exact fractions, mpmath and simulation."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats

from geomadv.classifiers import SimplicialInterpolant, WeightedInterpolatedNN
from geomadv.data import NoisyLabels
from geomadv.error_sets import (
    PiecewiseRule,
    covering_radius,
    measure,
    mislabelled_points,
    simplicial_flips,
)
from geomadv.spaces import Cube
from geomadv.theories.oscillation._draws import simplicial_squares
from geomadv.theories.oscillation.belkin2018 import (
    _worst_set,
    empty_cell_probability,
    error_share,
    error_share_bound,
    excess_risk,
    expected_noisy_radius,
    expected_radius,
    gap_tail,
    log_points_needed,
    margin_bound,
    radius_lower_bound,
    radius_scale,
    simplicial_mse_bound,
    sufficient_sample_size,
    variance_factor,
    variance_limit,
    winn_mse_bound,
)


def harmonic(m: int) -> Fraction:
    return sum((Fraction(1, i) for i in range(1, m + 1)), Fraction(0))


# --- Density -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eps", "noise", "d", "n"),
    [
        (0.05, 0.1, 1, 527.18),
        (0.05, 0.1, 2, 7597.10),
        (0.01, 0.2, 1, 1723.48),
    ],
)
def test_sample_size_of_the_proof(eps, noise, d, n):
    cells = math.ceil(1 / (2 * eps)) ** d
    found = sufficient_sample_size(cells, noise / cells, 0.05)
    assert found == pytest.approx(n, abs=0.005)
    # By its definition: the union bound is just met.
    assert cells * (1 - noise / cells) ** found == pytest.approx(0.05, rel=1e-12)


def test_empty_cells_by_enumeration():
    """Three cells of mass 1/4 and a fourth one that does not matter."""
    for n in range(6):
        places = itertools.product(range(4), repeat=n)
        missed = sum(not {0, 1, 2} <= set(place) for place in places)
        found = empty_cell_probability(n, 3, 0.25)
        assert found == pytest.approx(missed / 4**n, abs=1e-15)


def test_empty_cells_where_the_sum_cancels():
    """60 coupons, 60 draws: all are drawn with probability 60!/60^60."""
    got = empty_cell_probability(60, 60, 1 / 60)
    assert got == pytest.approx(1 - math.factorial(60) / 60**60, abs=1e-15)
    assert empty_cell_probability(59, 60, 1 / 60) == 1.0
    union = 60 * (1 - 1 / 60) ** 900
    assert 0.99 * union < empty_cell_probability(900, 60, 1 / 60) < union


@pytest.mark.parametrize(
    ("m", "g", "tail"), [(50, 0.1, 0.2649665861), (20, 0.2, 0.2766838769)]
)
def test_reference_gaps(m, g, tail):
    assert gap_tail(m, g) == pytest.approx(tail, abs=1e-10)


@pytest.mark.parametrize(
    ("n", "g", "nu"), [(30, 0.1, 0.3), (12, 0.45, 0.05), (40, 0.02, 0.9), (1, 0.5, 0.2)]
)
def test_the_finite_sum_is_the_binomial_mixture(n, g, nu):
    """For m points: sum_j (-1)^(j+1) C(m, j) (1 - j g)_+^(m-1), at 60 digits."""
    with mpmath.workdps(60):
        total = (1 - mpmath.mpf(nu)) ** n
        for m in range(1, n + 1):
            inner = sum(
                (-1) ** (j + 1)
                * mpmath.binomial(m, j)
                * max(1 - j * mpmath.mpf(g), 0) ** (m - 1)
                for j in range(1, m + 1)
                if j * g < 1
            )
            weight = mpmath.binomial(n, m) * mpmath.mpf(nu) ** m
            total += weight * (1 - mpmath.mpf(nu)) ** (n - m) * inner
        assert gap_tail(n, g, nu) == pytest.approx(float(total), abs=1e-14)


def test_gaps_of_two_points():
    assert gap_tail(2, 0.3) == 1.0
    assert gap_tail(2, 0.7) == pytest.approx(0.6, abs=1e-15)
    assert gap_tail(2, 0.0) == 1.0


@pytest.mark.parametrize("m", [5, 20, 100, 1000])
def test_mean_radius_is_a_harmonic_number(m):
    values = {5: 0.2283333333, 20: 0.0899434914, 100: 0.0259368876, 1000: 0.0037427354}
    assert expected_radius(m) == pytest.approx(values[m], abs=1e-10)
    assert expected_radius(m) == pytest.approx(float(harmonic(m) / (2 * m)), rel=1e-13)


@pytest.mark.parametrize("m", [3, 9])
def test_mean_radius_is_the_integral_of_the_tail(m):
    """The tail is a polynomial between 1/(j + 1) and 1/j."""
    nodes, weights = np.polynomial.legendre.leggauss(m + 2)
    total = 0.0
    for j in range(1, m):
        low, high = 1 / (j + 1), 1 / j
        at = low + (high - low) * (nodes + 1) / 2
        tails = [gap_tail(m, min(g, 1 - 1e-16)) for g in at.tolist()]
        total += (high - low) / 2 * float(weights @ tails)
    assert (total + 1 / m) / 2 == pytest.approx(expected_radius(m), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "nu", "value"),
    [(100, 0.1, 0.1543066276), (1000, 0.1, 0.0261059155), (10000, 0.05, 0.0068029178)],
)
def test_mean_radius_of_mislabelled_points(n, nu, value):
    assert expected_noisy_radius(n, nu) == pytest.approx(value, abs=1e-10)
    assert expected_noisy_radius(n, 1.0) == pytest.approx(expected_radius(n), rel=1e-9)


def test_radii_of_noisy_samples_on_the_circle():
    """400 samples, errors of six standard deviations: false alarm 2e-9."""
    problem = NoisyLabels.constant_noise("torus", 1, 0.1)
    rng = np.random.default_rng(0)
    radii = []
    for _ in range(400):
        X, y = problem.sample(300, rng)
        radii.append(covering_radius(mislabelled_points(X, y, 1), "torus").upper)
    error = np.std(radii) / 20
    assert abs(np.mean(radii) - expected_noisy_radius(300, 0.1)) < 6 * error
    wide = np.mean(np.asarray(radii) > 0.075)
    exact = gap_tail(300, 0.15, 0.1)
    assert 0.1 < exact < 0.9
    assert abs(wide - exact) < 6 * math.sqrt(exact * (1 - exact) / 400)


def test_the_theorem_in_the_plane():
    """At n >= N all of the square is within a cell's diagonal of the errors."""
    cells, noise, failure = 5**2, 0.3, 0.05
    n = math.ceil(sufficient_sample_size(cells, noise / cells, failure))
    problem = NoisyLabels.constant_noise(Cube(2), 1, noise)
    failures = 0
    for seed in range(60):
        X, y = problem.sample(n, seed)
        radius = covering_radius(mislabelled_points(X, y, 1), "cube").upper
        failures += radius > math.sqrt(2) / 5
    assert stats.binom.sf(failures - 1, 60, failure) > 1e-6


def test_scales_of_the_radius():
    ball = math.pi**2.5 / math.gamma(3.5)
    scale = (math.log(100) / (100 * ball)) ** (1 / 5)
    assert float(radius_scale(100, 5)) == pytest.approx(scale, rel=1e-13)
    low = float(radius_lower_bound(100, 5))
    assert low == pytest.approx((100 * ball) ** (-1 / 5), rel=1e-13)
    assert float(log_points_needed(low, 5)) == pytest.approx(math.log(100), rel=1e-12)
    assert log_points_needed(2.0, 3) == 0.0
    assert radius_scale([10, 100], [[1], [2], [3]]).shape == (3, 2)


# --- Measure -------------------------------------------------------------------------


def exact_share(k: int, nu: Fraction) -> Fraction:
    """sum_j C(k, j) nu^j (1 - nu)^(k - j) P(Beta(j, k - j) > 1/2) in fractions."""
    total = nu**k
    half = Fraction(1, 2)
    for j in range(1, k):
        # int_{1/2}^1 x^(j-1) (1-x)^(k-j-1) dx by the binomial theorem
        integral = sum(
            (
                math.comb(k - j - 1, i) * (-1) ** i * (1 - half ** (j + i)) / (j + i)
                for i in range(k - j)
            ),
            Fraction(0),
        )
        beta = Fraction(
            math.factorial(j - 1) * math.factorial(k - j - 1), math.factorial(k - 1)
        )
        total += math.comb(k, j) * nu**j * (1 - nu) ** (k - j) * integral / beta
    return total


TABLE = {
    1: (0.1, 0.2, 0.3),
    2: (0.082, 0.176, 0.279),
    3: (0.064, 0.152, 0.258),
    5: (0.037855, 0.11336, 0.2218275),
    10: (0.0103752503, 0.0568468686, 0.1576050206),
    20: (0.0008764318, 0.0159602879, 0.0863609869),
}


@pytest.mark.parametrize("d", TABLE)
def test_limits_of_the_simplicial_rule(d):
    found = error_share(d + 1, [0.1, 0.2, 0.3])
    assert found == pytest.approx(TABLE[d], abs=1e-10)
    exact = [float(exact_share(d + 1, Fraction(i, 10))) for i in (1, 2, 3)]
    assert found == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("k", "share"),
    [(5, 0.13112), (11, 0.0568468686), (21, 0.0159602879), (51, 0.00047555788)],
)
def test_shares_of_weighted_neighbours(k, share):
    assert float(error_share(k, 0.2)) == pytest.approx(share, abs=1e-10)


def test_tiny_shares():
    with mpmath.workdps(50):
        nu, k = mpmath.mpf(0.1), 1000
        below, total = mpmath.mpf(0), mpmath.mpf(0)
        for j in range(1, k + 1):
            below += mpmath.binomial(k - 1, j - 1) / mpmath.mpf(2) ** (k - 1)
            total += mpmath.binomial(k, j) * nu**j * (1 - nu) ** (k - j) * below
    assert float(error_share(k, 0.1)) == pytest.approx(float(total), rel=1e-11, abs=0)


def test_shares_at_the_ends():
    assert error_share(7, [0.0, 0.5, 1.0]).tolist() == pytest.approx([0.0, 0.5, 1.0])
    noise = np.linspace(0.0, 0.5, 11)
    assert error_share(6, noise) + error_share(6, 1 - noise) == pytest.approx(1.0)
    assert error_share(1, 0.3) == pytest.approx(0.3)


def test_the_base_of_the_bound_is_the_right_one():
    k = 1000
    base = float(error_share_bound(1, 0.2))
    assert base == pytest.approx(0.5 + math.sqrt(0.16))
    assert float(error_share(k, 0.2)) ** (1 / k) == pytest.approx(base, rel=0.01)
    assert float(error_share(k, 0.2)) < base**k


def test_excess_risk_of_a_rule_is_its_share_of_errors_times_one_minus_two_nu():
    """10^5 fresh labels for random weights: six standard deviations."""
    rng = np.random.default_rng(0)
    w = rng.exponential(size=(100_000, 4))
    wrong = (np.where(rng.random(w.shape) < 0.2, w, -w).sum(axis=1)) > 0
    flipped = rng.random(100_000) < 0.2
    risk = np.mean(wrong != flipped)
    assert abs(risk - 0.2 - float(excess_risk(4, 0.2))) < 6 * 0.5 / math.sqrt(1e5)


def test_margin_bound_is_attained_by_the_lowest_margins():
    problem = NoisyLabels.tsybakov(Cube(1), 2.0)
    x = (np.arange(200_000)[:, None] + 0.5) / 200_000
    margin = np.abs(2 * problem.posterior(x) - 1)
    for t in (0.1, 0.7):
        worst = margin <= t
        excess = margin[worst].sum() / len(x)
        assert worst.mean() == pytest.approx(float(margin_bound(excess, 2.0)), rel=1e-4)
        elsewhere = (margin > t) & (margin <= t + 0.1)
        excess = margin[elsewhere].sum() / len(x)
        assert elsewhere.mean() < float(margin_bound(excess, 2.0))
    assert margin_bound(1.0, 0.5) == 1.0


# --- Mean squared errors -------------------------------------------------------------


@pytest.mark.parametrize(
    ("d", "delta", "limit"),
    [(2, 0.5, 1.125), (5, 1.0, 1.0666667), (5, 2.0, 1.8), (10, 2.0, 1.0666667)],
)
def test_limits_of_the_variance(d, delta, limit):
    assert variance_limit(d, delta) == pytest.approx(limit, abs=5e-8)
    far = 1e9 * variance_factor(1e9, d, delta)
    assert far == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize(
    ("k", "d", "delta"), [(2, 5, 1.0), (20, 5, 1.0), (40, 5, 2.0), (10, 2, 3.0)]
)
def test_variance_against_exponential_integrals(k, d, delta):
    """E e^(-tw) = a E_{a+1}(t), E w^2 e^(-tw) = a E_{a-1}(t), a = d/delta."""
    a = mpmath.mpf(d) / mpmath.mpf(delta)
    with mpmath.workdps(20):
        value = mpmath.quad(
            lambda t: (
                k
                * a
                * t
                * mpmath.expint(a - 1, t)
                * (a * mpmath.expint(a + 1, t)) ** (k - 1)
            ),
            [0, mpmath.mpf("0.1") / k, mpmath.mpf(1) / k, mpmath.mpf(10) / k, 12, 60],
        )
    assert variance_factor(k, d, delta) == pytest.approx(float(value), rel=1e-11)


def test_variance_of_drawn_weights():
    """10^5 draws in [0, 1]: six standard deviations."""
    rng = np.random.default_rng(1)
    z = rng.random((100_000, 5)) ** (1 / 5)
    for w, delta in ((1 / z, 1.0), (-np.log(z), None)):
        squares = (w**2).sum(axis=1) / w.sum(axis=1) ** 2
        error = squares.std() / math.sqrt(1e5)
        assert abs(squares.mean() - variance_factor(5, 5, delta)) < 6 * error
    assert variance_factor(1, 5, 1.0) == 1.0
    # the estimates printed with these facts: 1.0393, 1.0581, 1.0647
    values = [k * variance_factor(k, 5, 1.0) for k in (5, 20, 100)]
    assert values == pytest.approx([1.0393, 1.0581, 1.0647], abs=1e-3)


def test_bound_of_the_simplicial_error():
    # n = 2000 points in the plane and in space, noise .2: the last term alone
    assert simplicial_mse_bound(2, 0.16, 0.0, 0.1, 0.1) == pytest.approx(0.08)
    assert simplicial_mse_bound(3, 0.16, 0.0, 0.1, 0.1) == pytest.approx(0.064)
    whole = simplicial_mse_bound(3, 0.1, 2.0, 0.3, 0.1, outside=0.2)
    assert whole == pytest.approx(0.05 + 0.4 + 0.4 * 0.7)


def test_bound_of_weighted_neighbours():
    n, k, d = 500, 20, 2
    with mpmath.workdps(30):
        ball = mpmath.pi
        p = mpmath.mpf(2) * mpmath.mpf(0.5) / d
        moment = mpmath.gammaprod([k + 1 + p, n + 1], [k + 1, n + 1 + p]) / ball**p
        exact = 4 * moment + mpmath.mpf(0.16) * (
            k * mpmath.exp(-mpmath.mpf(k) / 4) + 2 / (mpmath.mpf(1) * k)
        )
    found = winn_mse_bound(n, k, d, 0.5, holder=2.0, alpha=0.5, variance=0.16)
    assert float(found) == pytest.approx(float(exact), rel=1e-12)
    # E r^2 to neighbour k + 1 on the torus
    rng = np.random.default_rng(0)
    r = np.sort(
        np.linalg.norm(rng.random((4000, n, 2)) - 0.5, axis=2), axis=1, stable=False
    )
    squares = r[:, k] ** 2
    bias = winn_mse_bound(n, k, d, 0.5, variance=0.0)
    assert abs(squares.mean() - float(bias)) < 6 * squares.std() / math.sqrt(4000)


# --- The classifiers themselves ------------------------------------------------------


def test_the_simplicial_rule_on_the_circle_errs_on_nu():
    """The mean of exact measures over 300 samples, six standard deviations."""
    shares = []
    for seed in range(300):
        X, y = NoisyLabels.constant_noise("torus", 1, 0.2).sample(40, seed)
        flips = simplicial_flips(X[:, 0], y, "torus")
        # Every arc between flips holds training points, which have its label.
        arcs = np.searchsorted(flips, X[:, 0]) % len(flips)
        labels = np.array([y[arcs == i].mean() for i in range(len(flips))])
        rule = PiecewiseRule(flips, np.append(labels, labels[0]))
        assert set(labels) == {-1.0, 1.0}
        shares.append(measure(rule, PiecewiseRule([], [1]), "torus").lower)
        if seed < 5:
            model = SimplicialInterpolant(domain="torus", method="program").fit(X, y)
            queries = np.random.default_rng(1000 + seed).random((200, 1))
            assert (model.predict(queries) == rule.predict(queries)).all()
    assert abs(np.mean(shares) - 0.2) < 6 * np.std(shares) / math.sqrt(300)


@pytest.mark.parametrize(("d", "n"), [(2, 1500), (3, 400)])
def test_the_simplicial_rule_on_the_torus(d, n):
    """Shares .176 and .152, squares .08 and .064, from 8 triangulations.

    Their standard deviations were .0126 and .0051 at n = 2000.
    """
    problem = NoisyLabels.constant_noise("torus", 1, 0.2, d=d)
    shares, squares = [], []
    for seed in range(8):
        X, y = problem.sample(n, seed)
        model = SimplicialInterpolant(domain="torus").fit(X, y)
        wrong = model.predict_proba(
            np.random.default_rng(100 + seed).random((4000, d))
        )[:, 0]
        shares.append(np.mean(wrong > 0.5))
        squares.append(np.mean((wrong - 0.2) ** 2))
    assert np.mean(shares) == pytest.approx(float(error_share(d + 1, 0.2)), abs=0.015)
    bound = simplicial_mse_bound(d, 0.16, 0.0, 0.0, 0.0)
    assert np.mean(squares) == pytest.approx(bound, abs=0.006)


@pytest.mark.parametrize(
    ("n", "k", "share", "mse", "radius"),
    [
        (500, 10, 0.025, 0.0189, 0.137),
        (5000, 20, 0.001, 0.0086, 0.0508),
        (5000, 60, 0.0, 0.00286, 0.0496),
    ],
)
def test_weighted_neighbours_on_the_torus(n, k, share, mse, radius):
    """The measure falls with k; the radius of the mislabelled points does not know k.

    Radii of one sample are within a third of those of another one.
    """
    problem = NoisyLabels.constant_noise("torus", 1, 0.2, d=2)
    X, y = problem.sample(n, n)
    queries = np.random.default_rng(1).random((20_000, 2))
    model = WeightedInterpolatedNN(k, weights=0.5, domain="torus").fit(X, y)
    wrong = model.predict_proba(queries)[:, 0]
    predicted = 0.16 * variance_factor(k, 2, 0.5)
    assert predicted == pytest.approx(mse, rel=0.1)  # simulated
    assert np.mean((wrong - 0.2) ** 2) == pytest.approx(predicted, rel=0.25)
    assert np.mean(wrong > 0.5) == pytest.approx(share, rel=0.6, abs=5e-4)
    log = WeightedInterpolatedNN(k, domain="torus").fit(X, y)
    found = measure(log, 1, Cube(2), rng=2, n=20_000, error_rate=1e-6)
    exact = float(error_share(k, 0.2))
    assert found.lower / 1.5 - 0.001 < exact < 1.5 * found.upper + 0.001
    noisy = mislabelled_points(X, y, 1)
    assert (model.predict(noisy) == -1).all()
    assert (log.predict(noisy) == -1).all()
    assert covering_radius(noisy, "torus").upper == pytest.approx(radius, rel=0.35)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sufficient_sample_size(0, 0.1, 0.1), "cells must be at least 1"),
        (lambda: sufficient_sample_size(1, 1.0, 0.1), "mass must"),
        (lambda: sufficient_sample_size(1, 0.1, 0.0), "failure must"),
        (lambda: empty_cell_probability(-1, 2, 0.1), "n must"),
        (lambda: empty_cell_probability(5, 2, 0.6), "mass must"),
        (lambda: gap_tail(0, 0.1), "n must"),
        (lambda: gap_tail(5, 1.0), "g must"),
        (lambda: gap_tail(5, 0.1, 0.0), "noise must"),
        (lambda: expected_radius(0), "m must"),
        (lambda: expected_noisy_radius(10, float("nan")), "noise must"),
        (lambda: radius_scale(1.0, 2), "m must"),
        (lambda: radius_lower_bound(1.0, 0), "d must"),
        (lambda: log_points_needed(0.0, 2), "radius must"),
        (lambda: error_share(0, 0.1), "k must"),
        (lambda: error_share(2, 1.1), "noise must"),
        (lambda: error_share_bound(2, 0.6), "noise must"),
        (lambda: excess_risk(2, 0.6), "noise must"),
        (lambda: margin_bound(-0.1, 1.0), "excess must"),
        (lambda: margin_bound(0.1, 0.0), "exponent must"),
        (lambda: variance_factor(0.5, 2), "k must"),
        (lambda: variance_factor(5, 2, 0.0), "delta must"),
        (lambda: variance_limit(2, 1.0), "delta must"),
        (lambda: simplicial_mse_bound(2, 0.3, 0.0, 0.0, 0.0), "variance must"),
        (lambda: winn_mse_bound(10, 10, 2, 0.5), "n must be above 10"),
        (lambda: winn_mse_bound(10, 5, 2, 1.0), "delta must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_squares_on_the_circle_are_those_of_sorted_samples():
    """Interpolated between the neighbours of 0, with labels drawn from 1/2 + cos/2.

    A two-sample t test at 4.5 standard errors: a false alarm in 10^5.
    """
    rng = np.random.default_rng(0)
    n, size = 60_000, 3
    x, q = np.sort(rng.random((n, size)), axis=1), rng.random(n)
    right, left = x[:, 0], x[:, -1] - 1.0
    labels = [
        rng.random(n) < 0.5 + np.cos(2 * math.pi * (q + at)) / 2 for at in (left, right)
    ]
    found = (right * labels[0] - left * labels[1]) / (right - left)
    explicit = (found - (0.5 + np.cos(2 * math.pi * q) / 2)) ** 2
    drawn = simplicial_squares(n, rng, size, 1.0)
    error = math.sqrt((explicit.var() + drawn.var()) / n)
    assert abs(drawn.mean() - explicit.mean()) < 4.5 * error
    assert error < 0.01 * explicit.mean()


@pytest.mark.parametrize(("low", "high", "a"), [(0.0, 0.5, 1.0), (0.2, 0.9, 2.5)])
def test_the_excess_risk_of_the_worst_set_is_an_integral(low, high, a):
    """The margin t has density a t^(a - 1), and costs t."""
    mass, risk = _worst_set(low, high, a)
    density = lambda t: a * t ** (a - 1)  # noqa: E731
    assert mass == pytest.approx(float(mpmath.quad(density, [low, high])), rel=1e-9)
    truth = mpmath.quad(lambda t: t * density(t), [low, high])
    assert risk == pytest.approx(float(truth), rel=1e-9)
