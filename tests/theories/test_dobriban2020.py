"""Trade-offs between Gaussian classes: quadrature, searches and simulations."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from geomadv.data import GaussianPair
from geomadv.theories.statistics.dobriban2020 import (
    best_on_the_line,
    boundary_shift,
    effective_mean,
    intervals_risk,
    optimal_robust_risk,
    optimal_threshold,
    price_of_robustness,
    robust_risk,
    three_class_lower_bound,
    three_class_optimum,
    three_class_price,
    three_class_risk,
    trade_off,
)

FALSE_ALARM = 1e-6
INF = math.inf

# m, prior, eps; optimal robust risk, its standard risk, Bayes' standard and robust
# risk; thresholds of Bayes' rule and of the optimal robust one
TWO = [
    (1, 0.5, 0.5, 0.3085375387, 0.1586552539, 0.1586552539, 0.3085375387, 0, 0),
    (
        *(1, 0.2, 0.5, 0.1861562268, 0.1368797814, 0.1120665225, 0.2084403243),
        *(0.6931471806, 1.3862943611),
    ),
    (
        *(2, 0.1, 0.5, 0.0336510851, 0.0130764816, 0.0122004439, 0.0352824751),
        *(0.5493061443, 0.7324081924),
    ),
    (
        *(2, 0.1, 1, 0.0700606859, 0.0192440424, 0.0122004439, 0.0871991751),
        *(0.5493061443, 1.0986122887),
    ),
    (
        *(1.5, 0.3, 0.75, 0.1939628196, 0.0660853417, 0.0596458110, 0.2016684236),
        *(0.2824326201, 0.5648652403),
    ),
]
THREE = [
    (3, [1 / 3] * 3, 0, -1.5, 1.5, 0.0890762684),
    (3, [1 / 3] * 3, 0.5, -1.5, 1.5, 0.2115403386),
    (3, [0.2, 0.6, 0.2], 0.5, -2.0493061443, 2.0493061443, 0.2032269283),
    (4, [0.1, 0.7, 0.2], 1, -2.9729550745, 2.6263814842, 0.1731192336),
]


def right_mass(centre, low, high):
    """The mass of N(centre, 1) between two ends, by quadrature of its density."""
    low, high = max(low, centre - 12), min(high, centre + 12)
    if low >= high:
        return 0.0

    def density(x):
        return math.exp(-((x - centre) ** 2) / 2) / math.sqrt(2 * math.pi)

    return integrate.quad(density, low, high, epsabs=1e-13)[0]


def unions_risk(ends, labels, means, priors, eps):
    """Robust risks of many unions of intervals whose neighbours differ in label.

    Ends are (n, r), labels (n, r + 1), means (n, k); an interval keeps what is left of
    it after eps is cut off at its ends.
    """
    far = np.full((len(ends), 1), INF)
    left, right = np.hstack([-far, ends + eps]), np.hstack([ends - eps, far])
    centre = np.take_along_axis(means, labels, axis=1)
    kept = special.ndtr(right - centre) - special.ndtr(left - centre)
    return 1 - (np.take(priors, labels) * np.maximum(kept, 0)).sum(axis=1)


# Two classes


@pytest.mark.parametrize("row", TWO)
def test_two_classes_have_their_reference_values(row):
    m, prior, eps, best, dear, bayes, harmed, plain, shifted = row
    digits = 5.1e-11
    t0, t1 = (optimal_threshold(m, e, prior) for e in (0, eps))
    assert abs(optimal_robust_risk(m, eps, prior) - best) < digits
    assert abs(robust_risk(m, 0, prior, t1) - dear) < digits
    assert abs(robust_risk(m, 0, prior, t0) - bayes) < digits
    assert abs(robust_risk(m, eps, prior, t0) - harmed) < digits
    assert abs(t0 - plain) < digits
    assert abs(t1 - shifted) < digits
    assert abs(boundary_shift(m, eps, prior) - (shifted - plain)) < 2 * digits
    assert abs(price_of_robustness(m, eps, prior) - (dear - bayes)) < 2 * digits


@pytest.mark.parametrize("row", TWO)
def test_two_class_risks_agree_with_quadrature_and_minimisation(row):
    m, prior, eps = row[:3]

    def risk(t, e):
        plus = prior * right_mass(m, t + e, INF)
        return 1 - plus - (1 - prior) * right_mass(-m, -INF, t - e)

    for e in (0, eps):
        found = optimize.minimize_scalar(
            risk, bounds=(-3, 3), args=(e,), method="bounded", options={"xatol": 1e-9}
        )
        t = optimal_threshold(m, e, prior)
        assert found.fun == pytest.approx(optimal_robust_risk(m, e, prior), abs=1e-11)
        assert found.x == pytest.approx(t, abs=1e-4)
        assert risk(float(t), e) == pytest.approx(
            robust_risk(m, e, prior, t), abs=1e-11
        )
    t = optimal_threshold(m, eps, prior)
    assert risk(float(t), 0) == pytest.approx(robust_risk(m, 0, prior, t), abs=1e-11)


def test_price_is_that_of_the_issue():
    assert price_of_robustness(1, 0.5, 0.2) == pytest.approx(0.0248132589, abs=5.1e-11)


@pytest.mark.parametrize(("m", "prior", "eps"), [row[:3] for row in TWO[1:4]])
def test_ten_thousand_half_spaces_slabs_and_unions_do_no_better(m, prior, eps):
    """In R^d across random directions: the line then has means +-m cos(angle)."""
    rng = np.random.default_rng(0)
    least = float(optimal_robust_risk(m, eps, prior))
    best, n = float(optimal_threshold(m, eps, prior)), 2500
    found = []
    for pieces in (1, 2, 3, 4):
        cosine = np.where(np.arange(n) % 2, 1.0, np.cos(rng.uniform(0, math.pi, n)))
        ends = rng.normal(scale=2.5, size=(n, pieces))
        near = np.arange(n) % 4 == 1
        ends[near, 0] = best + 0.2 * rng.normal(size=near.sum())
        ends[near, 1:] *= 3
        labels = (np.arange(pieces + 1) + rng.integers(2, size=(n, 1))) % 2
        means = np.stack([-m * cosine, m * cosine], axis=1)
        ends.sort(axis=1)
        found.append(unions_risk(ends, labels, means, [1 - prior, prior], eps))
        one = intervals_risk(ends[7], labels[7], means[7], [1 - prior, prior], eps)
        assert one == pytest.approx(found[-1][7], rel=1e-12)
    assert np.concatenate(found).size == 10_000
    assert np.min(found) >= least * (1 - 1e-12)
    assert np.min(found) < least * 1.001  # the search comes near


@pytest.mark.parametrize(("m", "prior", "eps"), [row[:3] for row in TWO])
def test_all_measurable_classifiers_are_enclosed(m, prior, eps):
    found = best_on_the_line([-m, m], [1 - prior, prior], eps, step=0.0025)
    assert found.lower <= optimal_robust_risk(m, eps, prior)
    assert found.upper == pytest.approx(optimal_robust_risk(m, eps, prior), rel=1e-5)
    assert found.width < 1.5e-3


def test_simulated_points_agree_with_the_robust_risk():
    n, prior, eps = 1_000_000, 0.2, 0.5
    pair = GaussianPair([0.6, 0.8], prior=prior)
    X, y = pair.sample(n, 5)
    t = float(optimal_threshold(1.0, eps, prior))
    margin = y * (X @ [0.6, 0.8] - t)
    for e in (0.0, eps):
        wrong = int((margin < e).sum())
        risk = float(robust_risk(1.0, e, prior, t))
        assert stats.binomtest(wrong, n, risk).pvalue > FALSE_ALARM


@given(
    m=st.floats(0, 50),
    share=st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 2)),
    log_prior=st.floats(-700, -1e-3),
    mirrored=st.booleans(),
)
def test_extreme_arguments_give_limits(m, share, log_prior, mirrored):
    prior = math.exp(log_prior)
    prior = min(1 - prior, 1 - 1e-16) if mirrored else prior
    eps = share * m
    least = optimal_robust_risk(m, eps, prior)
    t = optimal_threshold(m, eps, prior)
    majority = min(prior, 1 - prior)
    assert 0 <= least <= majority * (1 + 1e-12)
    assert not math.isnan(t)
    assert robust_risk(m, eps, prior, t) == pytest.approx(least, rel=1e-9, abs=1e-300)
    if eps >= m:
        assert least == majority
        assert math.isinf(t)
    assert not math.isnan(boundary_shift(m, eps, prior))
    assert 0 <= price_of_robustness(m, eps, prior) <= majority


def test_limits_by_name():
    assert optimal_threshold(1.0, 1.0, 0.5) == -INF  # +1 of equally frequent ones
    assert optimal_threshold(1.0, [1.0, 2.0], 0.4).tolist() == [INF, INF]
    assert optimal_threshold(0.0, 0.0, 0.6) == -INF
    assert boundary_shift(1.0, 0.0, 0.3) == 0.0
    assert boundary_shift(1.0, 0.999, 0.5) == 0.0
    assert boundary_shift(1.0, 1.0, 0.3) == INF
    assert optimal_robust_risk(0.0, 0.0, 0.5) == 0.5
    assert price_of_robustness(1.0, 2.0, 0.5) == pytest.approx(0.5 - stats.norm.cdf(-1))
    ends = robust_risk(1e308, [0.0, 1e308], 0.3, [[-1e308], [1e308]])
    assert ends.tolist() == [[0.35, 0.7], [0.15, 0.3]]
    assert three_class_optimum(1.0, [2.0, 1e308], [0.2, 0.5, 0.3]).risk.tolist() == [
        0.5,
        0.5,
    ]


def test_boundary_shift_is_the_difference_of_the_thresholds():
    m, eps, prior = np.meshgrid([0.5, 1, 3], [0, 0.1, 0.4], [0.01, 0.5, 0.7])
    far = optimal_threshold(m, eps, prior) - optimal_threshold(m, 0, prior)
    assert np.allclose(boundary_shift(m, eps, prior), far, rtol=1e-12, atol=1e-14)
    grown = optimal_threshold(m, 0, prior) * m / (m - eps)
    assert np.allclose(optimal_threshold(m, eps, prior), grown, rtol=1e-12)


def test_two_class_functions_broadcast():
    m, eps, prior = np.ones((3, 1)), np.array([0.1, 0.2]), 0.3
    for function in (optimal_threshold, optimal_robust_risk, boundary_shift):
        assert function(m, eps, prior).shape == (3, 2)
        assert function(1.0, [], prior).shape == (0,)
        assert isinstance(function(1.0, 0.1, prior), np.float64)
    assert price_of_robustness(m, eps, prior).shape == (3, 2)
    assert robust_risk(m, eps, prior, np.zeros((4, 1, 1))).shape == (4, 3, 2)


# Other norms and covariances


@pytest.mark.parametrize(
    ("eps", "m", "half", "fifth", "bayes"),
    [
        (0.1, 0.9899494937, 0.1610994031, 0.1136005321, 0.1620407915),
        (0.3, 0.7280109889, 0.2333034297, 0.1549054850, 0.2461196035),
        (0.6, 0.4, 0.3445782584, 0.1949167099, 0.4060484586),
    ],
)
def test_soft_thresholds_have_their_reference_values(eps, m, half, fifth, bayes):
    mu = [1.0, 0.5, 0.2]
    digits = 5.1e-11
    assert abs(effective_mean(GaussianPair(mu), eps, INF) - m) < digits
    for prior, value in ((0.5, half), (0.2, fifth)):
        pair = GaussianPair(mu, prior=prior)
        assert abs(trade_off(pair, eps, INF).robust_robust - value) < digits
        reduced = optimal_robust_risk(effective_mean(pair, eps, INF), 0, prior)
        assert abs(reduced - value) < digits
    both = trade_off(GaussianPair(mu), eps, INF)
    assert abs(both.bayes_robust - bayes) < digits
    w = np.maximum(np.array(mu) - eps, 0)  # its own standard risk, that of Bayes' rule
    turned = stats.norm.cdf(-(w @ mu) / np.linalg.norm(w))
    plain = stats.norm.cdf(-np.linalg.norm(mu))
    assert both.robust_standard == pytest.approx(turned, rel=1e-12)
    assert both.bayes_standard == pytest.approx(plain, rel=1e-12)
    assert both.price == pytest.approx(turned - plain, rel=1e-9)
    assert both.gain == pytest.approx(bayes - half, abs=2 * digits)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, INF])
@pytest.mark.parametrize("cov", [1.0, [0.5, 2.0, 1.0], "matrix"])
def test_effective_mean_is_the_distance_to_the_ball(cov, p):
    """Against a general minimiser, with z split into two parts."""
    mu = np.array([1.0, -0.6, 0.3])
    S = np.diag(np.broadcast_to(cov, 3)) if not isinstance(cov, str) else None
    if S is None:
        A = np.array([[1.0, 0.4, 0.0], [0.2, 0.8, -0.5], [0.0, 0.1, 0.7]])
        S = cov = A @ A.T
    inverse = np.linalg.inv(S)
    eps = 0.4

    def lost(parts):  # z = parts[:3] - parts[3:], both at least 0
        z = parts[:3] - parts[3:]
        return (mu - z) @ inverse @ (mu - z)

    def room(parts):
        return eps - np.linalg.norm(parts[:3] + parts[3:], ord=p)

    found = optimize.minimize(
        lost,
        np.full(6, 0.01),
        method="SLSQP",
        bounds=[(0, eps)] * 6,
        constraints=[] if p == INF else {"type": "ineq", "fun": room},
        options={"ftol": 1e-14, "maxiter": 500},
    ).fun
    m = effective_mean(GaussianPair(mu, cov), eps, p)
    assert m == pytest.approx(math.sqrt(found), rel=1e-5)


@pytest.mark.parametrize("p", [1, INF])
def test_ten_thousand_linear_classifiers_do_no_better_in_any_norm(p):
    rng = np.random.default_rng(1)
    A = rng.normal(size=(4, 4))
    pair = GaussianPair(rng.normal(size=4), A @ A.T + np.eye(4), prior=0.3)
    eps = 0.3 * np.linalg.norm(pair.mu, ord=p)
    best = pair.optimal_robust_classifier(eps, p)
    least = trade_off(pair, eps, p).robust_robust
    size = np.where(np.arange(10_000) % 2, 0.02, 1.0)
    length = np.linalg.norm(best.coef_)
    W = best.coef_ + (size * length)[:, None] * rng.normal(size=(10_000, 4))
    b = float(best.intercept_[0]) + size * rng.normal(size=10_000)
    spread = np.sqrt(np.einsum("ni,ij,nj->n", W, pair.cov, W))
    m = (
        W @ pair.mu - eps * np.linalg.norm(W, ord=1 if p == INF else INF, axis=1)
    ) / spread
    risks = 0.3 * special.ndtr(-m - b / spread) + 0.7 * special.ndtr(-m + b / spread)
    assert pair.robust_risk((W[3], b[3]), eps, p) == pytest.approx(risks[3], rel=1e-12)
    assert least * (1 - 1e-9) <= risks.min() < least * 1.01


def test_trade_offs_broadcast_over_sizes():
    pair = GaussianPair([1.0, 0.5, 0.2], prior=0.3)
    sizes = np.array([[0.0, 0.1], [0.4, 2.0]])
    means, both = effective_mean(pair, sizes, INF), trade_off(pair, sizes, INF)
    assert means.shape == both.price.shape == both.gain.shape == (2, 2)
    one = trade_off(pair, 0.4, INF)
    assert effective_mean(pair, 0.4, INF) == means[1, 0]
    assert one.robust_robust == both.robust_robust[1, 0]
    assert one.bayes_robust == pytest.approx(both.bayes_robust[1, 0], rel=1e-15)
    for value in (effective_mean(pair, 0.4), one.price, one.bayes_standard):
        assert isinstance(value, np.float64)
    assert (both.price >= -1e-16).all()
    assert both.price[0, 0] == 0.0
    assert trade_off(pair, [], 2).price.shape == (0,)


def test_ill_conditioned_effective_means_keep_their_digits():
    """A rotated covariance of condition 1e12, against 60 digits, without steps."""
    Q = np.linalg.qr(np.random.default_rng(4).standard_normal((3, 3)))[0]
    S = Q * [1e-6, 1.0, 1e6] @ Q.T
    S = (S + S.T) / 2
    mu = np.array([1.0, 0.5, 0.2])
    exact = mpmath.matrix(S.tolist())
    x = mpmath.lu_solve(exact, mpmath.matrix(mu.tolist()))
    expected = mpmath.sqrt(sum(u * v for u, v in zip(x, mu.tolist(), strict=True)))
    found = effective_mean(GaussianPair(mu, S), 0.0)
    assert found == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("p", [1, 1.5, 2, INF])
def test_condition_of_1e12_gives_finite_trade_offs(p):
    pair = GaussianPair([1.0, 0.5, 0.2], [1e-6, 1.0, 1e6], prior=0.3)
    for eps in (0.0, 1e-9, 0.3, 1.7, 5.0):
        result = trade_off(pair, eps, p)
        values = np.array(
            [
                result.bayes_standard,
                result.bayes_robust,
                result.robust_standard,
                result.robust_robust,
            ]
        )
        assert ((values >= 0) & (values <= 1)).all()
        assert result.gain >= -1e-12
        assert result.price >= -1e-12
    assert trade_off(pair, 5.0, p).robust_robust == pytest.approx(0.3)
    assert effective_mean(pair, 5.0, p) == 0.0


# Three classes


@pytest.mark.parametrize(("m", "priors", "eps", "lower", "upper", "risk"), THREE)
def test_three_classes_have_their_reference_values(m, priors, eps, lower, upper, risk):
    rule = three_class_optimum(m, eps, priors)
    assert abs(rule.lower - lower) < 5.1e-11
    assert abs(rule.upper - upper) < 5.1e-11
    assert abs(rule.risk - risk) < 5.1e-11


@pytest.mark.parametrize(("m", "priors", "eps"), [row[:3] for row in THREE])
def test_three_class_optimum_agrees_with_minimisation_of_quadratures(m, priors, eps):
    def risk(ends):
        low, high = ends
        right = (
            priors[0] * right_mass(-m, -INF, low - eps)
            + priors[1] * right_mass(0, low + eps, high - eps)
            + priors[2] * right_mass(m, high + eps, INF)
        )
        return 1 - right

    found = optimize.minimize(
        risk,
        [-m / 2 - 0.1, m / 2 + 0.2],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-13},
    )
    rule = three_class_optimum(m, eps, priors)
    assert found.fun == pytest.approx(rule.risk, abs=1e-10)
    assert found.x == pytest.approx([rule.lower, rule.upper], abs=1e-4)
    for e in (0.0, eps, 0.3):
        eps = e
        value = three_class_risk(m, e, priors, -1.1, 0.9)
        assert risk((-1.1, 0.9)) == pytest.approx(value, abs=1e-11)


@pytest.mark.parametrize(
    ("m", "priors", "eps"),
    [
        *(row[:3] for row in THREE),
        (2, [0.3, 0.4, 0.3], 0.9),  # the class 0 is given up
        (3, [0.2, 0.3, 0.5], 0.9),
        (1, [0.2, 0.7, 0.1], 0.6),  # the outer ones are given up
        (1, [0.2, 0.1, 0.7], 1.2),  # all but the largest
    ],
)
def test_all_classifiers_of_three_classes_are_enclosed(m, priors, eps):
    rule = three_class_optimum(m, eps, priors)
    found = best_on_the_line([-m, 0, m], priors, eps, step=0.005)
    assert found.lower <= rule.risk * (1 + 1e-12)
    assert found.upper == pytest.approx(rule.risk, rel=2e-5)
    assert found.width < 4e-3


@pytest.mark.parametrize(("m", "priors", "eps"), [row[:3] for row in THREE])
def test_no_classifier_of_three_classes_is_below_two_thresholds(m, priors, eps):
    risk = three_class_optimum(m, eps, priors).risk
    assert three_class_lower_bound(m, eps, priors) == pytest.approx(risk, rel=1e-12)


def test_lower_bound_is_one():
    """It is below the optimum of the line, which a search knows, in all cases."""
    rng = np.random.default_rng(2)
    for _ in range(40):
        m, priors = rng.uniform(1, 6), rng.dirichlet([2, 2, 2])
        eps = 0.49 * m * rng.uniform()
        bound = three_class_lower_bound(m, eps, priors)
        best = best_on_the_line([-m, 0, m], priors, eps, step=0.02)
        assert bound <= best.upper * (1 + 1e-9)
        assert bound <= three_class_optimum(m, eps, priors).risk * (1 + 1e-9)


def test_ten_thousand_unions_of_intervals_of_three_classes_do_no_better():
    rng = np.random.default_rng(3)
    m, priors, eps = THREE[2][:3]
    rule = three_class_optimum(m, eps, priors)
    found, n = [], 2000
    for pieces in (1, 2, 3, 4, 5):
        ends = rng.normal(scale=3, size=(n, pieces))
        steps = 1 + rng.integers(2, size=(n, pieces + 1))
        labels = np.cumsum(steps, axis=1) % 3
        if pieces == 2:
            ends[::2] = [rule.lower, rule.upper] + 0.1 * rng.normal(size=(n // 2, 2))
            labels[::2] = [0, 1, 2]
        ends.sort(axis=1)
        cosine = np.where(np.arange(n) % 4, 1.0, np.cos(rng.uniform(0, math.pi, n)))
        means = np.stack([-m * cosine, 0 * cosine, m * cosine], axis=1)
        found.append(unions_risk(ends, labels, means, priors, eps))
        one = intervals_risk(ends[8], labels[8], means[8], priors, eps)
        assert one == pytest.approx(found[-1][8], rel=1e-12)
    assert np.concatenate(found).size == 10_000
    assert rule.risk * (1 - 1e-12) <= np.min(found) < rule.risk * 1.001


@given(
    m=st.floats(0, 20),
    share=st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 2)),
    logs=st.tuples(st.floats(-300, 0), st.floats(-300, 0)),
)
def test_extreme_three_classes_give_limits(m, share, logs):
    weights = np.exp([logs[0], 0.0, logs[1]])
    priors = weights / weights.sum()
    for order in ([0, 1, 2], [1, 0, 2], [0, 2, 1]):
        rule = three_class_optimum(m, share * m, priors[order])
        assert 0 <= rule.risk <= 1 - priors.max() + 1e-12
        assert rule.lower <= rule.upper
        value = three_class_risk(m, share * m, priors[order], rule.lower, rule.upper)
        assert value == pytest.approx(rule.risk, abs=1e-12)


def test_price_of_three_classes_is_that_of_the_thresholds():
    """Standard risks of reference thresholds, by quadrature."""
    m, priors, eps, lower, upper = THREE[3][:5]
    bayes = (-m / 2 - math.log(7) / m, m / 2 + math.log(3.5) / m)

    def risk(ends):
        low, high = ends
        right = priors[0] * right_mass(-m, -INF, low)
        right += priors[1] * right_mass(0, low, high)
        return 1 - right - priors[2] * right_mass(m, high, INF)

    expected = risk((lower, upper)) - risk(bayes)
    assert three_class_price(m, eps, priors) == pytest.approx(expected, abs=1e-9)
    assert expected > 1e-4
    assert three_class_price(3, [0, 0.5, 0.8], [1 / 3] * 3) == pytest.approx([0] * 3)


def test_three_class_functions_broadcast():
    eps = np.array([[0.1], [0.5]])
    priors = np.array([[0.2, 0.6, 0.2], [0.1, 0.7, 0.2], [1 / 3] * 3])
    rule = three_class_optimum(3.0, eps, priors)
    assert rule.lower.shape == rule.upper.shape == rule.risk.shape == (2, 3)
    one = three_class_optimum(3.0, 0.5, priors[1])
    assert rule.risk[1, 1] == one.risk
    assert rule.lower[1, 1] == one.lower
    assert isinstance(one.risk, np.float64)
    values = three_class_risk(3.0, eps, priors, rule.lower, rule.upper)
    assert np.allclose(values, rule.risk, rtol=1e-13)


# The line


def test_intervals_risk_is_counted_on_a_grid():
    """A point counts if all neighbours within eps have its label."""
    means, priors, eps = [-1.0, 0.3, 2.0], [0.3, 0.3, 0.4], 0.3
    ends, labels = [-1.0, -0.5, 0.6, 1.5], [0, 1, 1, 2, 0]
    x = np.arange(-12, 12, 1e-3) + 5e-4
    label = np.array(labels)[np.searchsorted(ends, x)]
    right = 0.0
    for k, (mean, weight) in enumerate(zip(means, priors, strict=True)):
        other = label != k
        near = np.array(
            [other[max(i - 300, 0) : i + 301].any() for i in range(x.size)], dtype=bool
        )
        right += weight * 1e-3 * stats.norm(mean).pdf(x[~near]).sum()
    assert intervals_risk(ends, labels, means, priors, eps) == pytest.approx(
        1 - right, abs=1e-3
    )


def test_search_on_the_line_agrees_with_trying_everything():
    """Few cells: all labellings of them are tried."""

    means, priors, eps, step = [-1.0, 0.5, 1.0], [0.3, 0.3, 0.4], 0.5, 4.0
    found = best_on_the_line(means, priors, eps, step=step).upper
    low, high = math.floor(-10 / step), math.ceil(10 / step)
    ends = step * np.arange(low, high + 1)[1:-1]
    # eps is rounded up to half a cell, so that every end costs half a cell a side
    tried = min(
        1 - _cells_right(ends, names, means, priors)
        for names in itertools.product(range(-1, 3), repeat=ends.size + 1)
    )
    assert found == pytest.approx(tried, rel=1e-12)


def _cells_right(ends, names, means, priors):
    """The mass of cells that count; -1 counts for none, neighbours must agree."""
    for one, two in itertools.pairwise(names):
        if one != two and -1 not in (one, two):
            return 0.0
    edges = np.concatenate([[-INF], ends, [INF]])
    return sum(
        priors[k]
        * (stats.norm.cdf(edges[i + 1] - means[k]) - _below(edges[i], means, k))
        for i, k in enumerate(names)
        if k >= 0
    )


def _below(edge, means, k):
    return stats.norm.cdf(edge - means[k])


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optimal_threshold(-1, 0, 0.5), ValueError, "m must be at least 0"),
        (lambda: optimal_threshold(1, -1, 0.5), ValueError, "eps must be at least 0"),
        (lambda: optimal_robust_risk(1, 0, 0), ValueError, "prior must lie in"),
        (lambda: price_of_robustness(1, 0, 1.0), ValueError, "prior must lie in"),
        (lambda: boundary_shift(math.nan, 0, 0.5), ValueError, "m must be"),
        (lambda: robust_risk(1, 0, 0.5, math.nan), ValueError, "threshold must not be"),
        (lambda: robust_risk([1, 1], 0, 0.5, [1] * 3), ValueError, "do not broadcast"),
        (lambda: effective_mean([1.0], 0.1), TypeError, "pair must be a GaussianPair"),
        (lambda: trade_off("x", 0.1), TypeError, "pair must be a GaussianPair"),
        (
            lambda: trade_off(GaussianPair([1.0]), -1),
            ValueError,
            "eps must be at least",
        ),
        (lambda: three_class_optimum(3, 0, [0.5, 0.5]), ValueError, "priors must have"),
        (lambda: three_class_optimum(3, 0, [0.5] * 3), ValueError, "priors must sum"),
        (
            lambda: three_class_optimum(3, 0, [0, 0.5, 0.5]),
            ValueError,
            "priors must be",
        ),
        (
            lambda: three_class_risk(3, 0, [1 / 3] * 3, 1, -1),
            ValueError,
            "lower must be at most upper",
        ),
        (
            lambda: three_class_lower_bound(3, 1.5, [1 / 3] * 3),
            ValueError,
            "eps must be below m/2",
        ),
        (
            lambda: three_class_lower_bound(3, 1, [[1 / 3] * 3]),
            ValueError,
            "priors must have shape",
        ),
        (lambda: best_on_the_line([0], [0.5], 1), ValueError, "priors must sum to 1"),
        (lambda: best_on_the_line([0, 1], [1], 1), ValueError, "priors must have the"),
        (
            lambda: best_on_the_line([0], [1], 1, step=0),
            ValueError,
            "step must be abov",
        ),
        (lambda: intervals_risk([0], [0], [0], [1], 0), ValueError, "labels must have"),
        (
            lambda: intervals_risk([0], [0, 2], [0], [1], 0),
            ValueError,
            "labels must be",
        ),
        (lambda: intervals_risk([1, 0], [0] * 3, [0], [1], 0), ValueError, "ascending"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_lower_end_on_the_line_uses_all_whole_cells():
    """A hundred cells of .01 lie within 2 eps = 1, as within 1.005."""
    law = [-1.0, 1.0], [0.8, 0.2]
    one, more = (best_on_the_line(*law, eps, step=0.01) for eps in (0.5, 0.5025))
    assert one.lower == more.lower
    assert best_on_the_line(*law, 0.4975, step=0.01).lower < one.lower
