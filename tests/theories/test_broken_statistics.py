"""Broken variants of claims on features and statistics, against other routes."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from geomadv.theories.features import ilyas2019, tsipras2019
from geomadv.theories.statistics import (
    dobriban2020,
    donhauser2021,
    hastie2019,
    javanmard2020,
    min2021,
)


@pytest.mark.parametrize("unequal", [0.0, 0.5])
def test_gradient_of_two_covariances_by_differences(unequal):
    v = ilyas2019._spectrum(4, 9.0)
    first, second = v.copy(), v.copy()
    first[0] *= 1 + unequal
    second[0] *= 1 - unequal
    effective = v * np.array([1 - unequal**2, 1, 1, 1])
    mu = ilyas2019.least_aligned_mean(effective)

    def ratio(x):
        plus = stats.norm.logpdf(x, mu, np.sqrt(first)).sum()
        return plus - stats.norm.logpdf(x, -mu, np.sqrt(second)).sum()

    steps = 1e-5 * np.eye(4)
    g = np.array([ratio(step) - ratio(-step) for step in steps])
    cosine = (g @ mu) / np.linalg.norm(g)
    assert ilyas2019._unequal_cosine(4, 9.0, unequal) == pytest.approx(cosine, abs=1e-8)


def test_correlated_features_against_points():
    (claim,) = [c for c in tsipras2019.CLAIMS if c.id.endswith("three-deviations")]
    evidence = claim.hypotheses[0].evidence
    weak, r, c, n = 10, 0.1, 3.0, 400_000
    rng = np.random.default_rng(0)
    common, own = rng.standard_normal((n, 1)), rng.standard_normal((n, weak))
    x = c / math.sqrt(weak) + math.sqrt(r) * common + math.sqrt(1 - r) * own
    right = (x.mean(axis=1) > 0).mean()  # s.e. 2.5e-4
    assert evidence.rhs(c=c, weak=weak, r=r) == pytest.approx(right, abs=1.5e-3)


def test_short_steps_against_points():
    (claim,) = [c for c in tsipras2019.CLAIMS if c.id.endswith(".trade-off")]
    evidence = claim.hypotheses[0].evidence
    point = {"agreement": 0.8, "c": 1.5, "t": 1.0, "ratio": 1.2}
    rng, n = np.random.default_rng(1), 400_000
    first = np.where(rng.random(n) < 0.8, 1.0, -1.0)  # x_1 y
    u = rng.standard_normal(n)
    error, after = (
        (np.sign(first * 1.0 + (1 - rho) * 1.5 + u) != 1).mean() for rho in (0.0, 1.2)
    )
    assert evidence.lhs(**point) == pytest.approx(1 - after, abs=4e-3)
    assert evidence.rhs(**point) == pytest.approx(4 * error, abs=1e-2)


@pytest.mark.parametrize("unequal", [0.0, 0.5])
def test_best_threshold_of_unequal_variances_on_a_grid(unequal):
    m, eps, prior = 1.3, 0.4, 0.3
    t = np.linspace(-6, 6, 200_001)
    wrong = prior * stats.norm(m, math.sqrt(1 + unequal)).cdf(t + eps)
    wrong += (1 - prior) * stats.norm(-m, math.sqrt(1 - unequal)).sf(t - eps)
    found = dobriban2020._least_unequal(m, eps, prior, unequal)
    assert found == pytest.approx(min(wrong.min(), prior), abs=1e-9)


def test_price_of_unequal_classes_in_the_plane():
    risks = dobriban2020._isotropic(2, 0.5, 0.3)
    extra = risks.robust_standard - risks.bayes_standard
    price = dobriban2020.price_of_robustness(1.5, 0.75, 0.3)
    assert extra == pytest.approx(price, abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_noise_of_signs_by_quadrature(share):
    d, noise, eps = 3, 1.5, 0.7
    theta, theta_0 = javanmard2020.spawn(0, "javanmard2020", d).standard_normal((2, d))
    off, k = (theta - theta_0) @ (theta - theta_0), eps * np.linalg.norm(theta)
    m, sd = noise * share, math.sqrt(off + noise**2 * (1 - share**2))

    def risk(z):
        sizes = (abs(m + sd * z) + k) ** 2 + (abs(-m + sd * z) + k) ** 2
        return sizes / 2 * stats.norm.pdf(z)

    cuts = [-12, -m / sd, m / sd, 12]
    want = sum(integrate.quad(risk, *cuts[i : i + 2])[0] for i in range(3))
    got = javanmard2020._risk_with_signs(d, noise, eps, share)
    assert got == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("wider", [0.0, 2.0])
def test_missed_signal_of_one_wide_coordinate_in_the_plane(wider):
    """The direction is uniform: 1/(1 + a) is missed, a the ratio of deviations."""
    draws = hastie2019._missed(200_000, np.random.default_rng(3), 1, 1, wider)
    # s.e. below 1e-3
    assert draws.mean() == pytest.approx(1 / (2 + wider), abs=4e-3)


def test_noise_makes_a_penalty_worth_while():
    (claim,) = [c for c in donhauser2021.CLAIMS if "standard-risk" in c.id]
    evidence = claim.hypotheses[0].evidence
    gamma, penalty, noise, n = 2.0, 0.5, 0.8, 300
    rng, found = np.random.default_rng(4), []
    for _ in range(6):
        X = rng.standard_normal((n, round(gamma * n)))
        y = X[:, 0] + noise * rng.standard_normal(n)
        risks = []
        for weight in (penalty, 0.0):
            gram = X @ X.T + n * weight * np.eye(n)
            w = X.T @ np.linalg.solve(gram, y)
            w[0] -= 1.0
            risks.append(w @ w)
        found.append(risks[0] - risks[1])
    want = evidence.rhs(gamma=gamma, penalty=penalty, noise=noise)
    assert np.mean(found) == pytest.approx(want, abs=0.06)


def test_longer_steps_hurt_with_more_points():
    (claim,) = [c for c in min2021.CLAIMS if c.id.endswith("weak-adversary")]
    evidence = claim.hypotheses[0].evidence
    mu, sigma, ratio, n = 1.0, 1.0, 1.5, 4

    def loss(count):
        law = stats.norm(mu, sigma / math.sqrt(count))
        return law.cdf(-ratio * mu) - law.sf(ratio * mu)

    want = loss(n) - loss(n + 1)
    got = evidence.rhs(mu=mu, sigma=sigma, ratio=ratio, n=n)
    assert got == pytest.approx(want, abs=1e-12)


def test_smaller_isotropic_covariances_are_more_vulnerable():
    (claim,) = [c for c in ilyas2019.CLAIMS if "isotropic" in c.id]
    evidence = claim.hypotheses[0].evidence
    k = 2.0 * 0.9  # delta = z/(k - 1), in units of the deviation
    want = 5 * ((1 + 1 / (k - 1)) ** 2 - 1)
    assert evidence.lhs(d=5, less=0.1) == pytest.approx(want, rel=1e-12)


def test_more_noise_than_signal_has_no_best_number_of_parameters():
    share, risk = hastie2019._searched_best(1.5, 0.0)
    assert share < 1e-3
    assert risk == pytest.approx(1 + 1.5**2, abs=1e-2)


def test_steps_beyond_the_threshold_by_another_program():
    from scipy import optimize

    X, y = javanmard2020._wide(3, 2)
    eps = 1.5 * javanmard2020.interpolation_threshold(X, y)

    def objective(z):  # of w, the sizes of the residuals, and the length of w
        return np.mean((z[5:8] + eps * z[8]) ** 2)

    limits = [
        {"type": "ineq", "fun": lambda z: z[5:8] - (y - X @ z[:5])},
        {"type": "ineq", "fun": lambda z: z[5:8] + (y - X @ z[:5])},
        {"type": "ineq", "fun": lambda z: z[8] ** 2 - z[:5] @ z[:5]},
    ]
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    start = np.concatenate([w, np.zeros(3), [np.linalg.norm(w)]])
    assert objective(start) == pytest.approx(javanmard2020._interpolates(3, 2, 1.5))
    found = optimize.minimize(
        objective, start + 0.1, method="SLSQP", constraints=limits, tol=1e-13
    )
    assert javanmard2020._bound(3, 2, 1.5) == pytest.approx(found.fun, rel=1e-6)


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_usefulness_of_moved_classes_in_closed_form(shift):
    d, mean, eps = 3, 0.5, 0.2
    a = np.array([1.0, 4 / 3, 5 / 3])
    t, s = a.sum() * mean / d, math.sqrt(a @ a)
    expected = (t - eps * a.sum()) / math.sqrt(s**2 + t**2 + (shift * s) ** 2)
    found = ilyas2019._by_quadrature("inf", d, mean, eps, shift)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("h", [0.0, 0.6])
def test_pointwise_budgets_of_two_variances_against_points(h):
    d, c, v = 3, 0.4, 2.0
    rng = np.random.default_rng(8)
    scale = np.sqrt(v * (1 + h * rng.choice([-1.0, 1.0], 200_000)))
    length = scale * np.sqrt(rng.chisquare(d, 200_000))
    squares = (length + c * math.sqrt(d)) ** 2 / d
    found = ilyas2019._pointwise_of_two(v, c, h, d)
    assert abs(squares.mean() - found) < 5 * stats.sem(squares)


@pytest.mark.parametrize("common", [0.0, 0.3, 1.0])
def test_losses_of_dependent_points_against_the_normal_law(common):
    n, eps, sigma = 5, 0.5, 2.0
    drawn = min2021._losses(100_000, np.random.default_rng(9), n, eps, sigma, common)
    s = sigma * math.sqrt((1 + (n - 1) * common) / n)
    mean = stats.norm.cdf(-eps, 1, s) - stats.norm.sf(eps, 1, s)
    assert abs(drawn.mean() - mean) < 5 * stats.sem(drawn)


def two_scales(rng, n, unequal):
    return np.sqrt(1 + unequal * rng.choice([-1.0, 1.0], (n, 1)))


def test_half_spaces_of_two_scales_against_points():
    m, eps, prior, h = 1.0, 0.3, 0.3, 0.9
    rng, n = np.random.default_rng(10), 400_000
    y = np.where(rng.random(n) < prior, 1.0, -1.0)
    x = y * m + (two_scales(rng, n, h) * rng.standard_normal((n, 1)))[:, 0]
    t = dobriban2020.optimal_threshold(m, eps, prior)
    wrong = (y * (x - t) <= eps).mean()  # s.e. below 1e-3
    assert dobriban2020._mixed_half_space(m, eps, prior, h) == pytest.approx(
        wrong, abs=4e-3
    )
    drawn = dobriban2020._harmed(n, rng, m, eps, prior, h).mean()
    assert drawn == pytest.approx(wrong, abs=5e-3)


def test_best_shift_of_two_scales_on_a_grid():
    m, eps, prior, h = 2.0, 0.4, 0.2, 0.9
    t = np.linspace(-2, 2, 400_001)

    def best(size):
        wrong = 0.0
        for s in (math.sqrt(1 + h), math.sqrt(1 - h)):
            wrong = wrong + prior * stats.norm(m - size, s).cdf(t)
            wrong = wrong + (1 - prior) * stats.norm(size - m, s).sf(t)
        return t[np.argmin(wrong)]

    found = dobriban2020._found_shift(m, eps, prior, h)
    assert found == pytest.approx(best(eps) / best(0.0), abs=1e-3)


def test_linear_rules_of_two_scales_against_points():
    d, p, h = 3, 2.0, 0.8
    pair = dobriban2020._drawn_pair(d, 0.4)
    eps = 0.3 * np.linalg.norm(pair.mu)
    rule = pair.optimal_robust_classifier(eps, p)
    rng, n = np.random.default_rng(11), 400_000
    y = np.where(rng.random(n) < 0.4, 1.0, -1.0)
    noise = rng.standard_normal((n, d)) @ np.linalg.cholesky(pair.cov).T
    X = y[:, None] * pair.mu + two_scales(rng, n, h) * noise
    w = rule.coef_[0]
    wrong = (y * (X @ w + rule.intercept_[0]) <= eps * np.linalg.norm(w)).mean()
    found = dobriban2020._mixed_linear(d, p, 0.3, 0.4, h)
    assert found == pytest.approx(wrong, abs=4e-3)


def test_rules_for_three_classes_of_two_scales_against_points():
    m, share, zero, h = 2.0, 0.1, 0.3, 0.8
    rule = dobriban2020.three_class_optimum(m, share * m, [0.35, 0.3, 0.35])
    rng, n = np.random.default_rng(12), 400_000
    y = rng.choice([-1, 0, 1], n, p=[0.35, 0.3, 0.35])
    x = m * y + (two_scales(rng, n, h) * rng.standard_normal((n, 1)))[:, 0]
    eps = share * m
    low, high = x - eps, x + eps
    right = np.where(
        y == 0,
        (low > rule.lower) & (high < rule.upper),
        np.where(y == 1, low > rule.upper, high < rule.lower),
    )
    found = dobriban2020._three_mixed(m, share, zero, 0.0, h)
    assert found == pytest.approx(1 - right.mean(), abs=4e-3)
    # In one dimension a slab rule is the same rule.
    triple, _, eps = dobriban2020._triple(1, 2.0, 0.1, 0.3)
    rule = triple.optimal_robust_rule(eps, 2.0)
    y = rng.choice([-1, 0, 1], n, p=triple.priors)
    s = two_scales(rng, n, h)[:, 0] * math.sqrt(float(triple.cov.ravel()[0]))
    x = (triple.mu[0] * y + s * rng.standard_normal(n)) * np.sign(rule.w[0])
    low, high = ((x + step) * abs(rule.w[0]) for step in (-eps, eps))
    right = np.where(
        y == 0,
        (low > rule.lower) & (high < rule.upper),
        np.where(y == 1, low > rule.upper, high < rule.lower),
    )
    found = dobriban2020._mixed_slab(1, 2.0, 0.1, 0.3, h)
    assert found == pytest.approx(1 - right.mean(), abs=4e-3)


def test_risks_of_features_of_two_scales_against_points():
    d, noise, eps, h, n = 3, 0.5, 0.7, 0.9, 400_000
    rng = np.random.default_rng(13)
    X = two_scales(rng, n, h) * rng.standard_normal((n, d))
    w = noise * rng.standard_normal(n)

    def robust(theta, theta_0):
        sizes = abs(w + X @ (theta_0 - theta)) + eps * np.linalg.norm(theta)
        return (sizes**2).mean()

    theta, theta_0 = javanmard2020.spawn(0, "javanmard2020", d).standard_normal((2, d))
    found = javanmard2020._risk_of_two(d, noise, eps, h)
    assert found == pytest.approx(robust(theta, theta_0), rel=0.01)
    theta_0 = javanmard2020.spawn(0, "javanmard2020", d, "other").standard_normal(d)
    best = javanmard2020.trade_off_curve(np.linalg.norm(theta_0), noise, eps, 2.0)
    theta = float(best.factor) * theta_0
    plain = ((w + X @ (theta_0 - theta)) ** 2).mean()
    found = javanmard2020._best_of_two(d, noise, eps, 2.0, h)
    assert found == pytest.approx(2 * plain + robust(theta, theta_0), rel=0.01)


@pytest.mark.parametrize(("gamma", "penalty"), [(2.0, 0.5), (2.0, 0.0), (0.5, 0.3)])
def test_ridge_regression_of_two_variances_against_points(gamma, penalty):
    noise, h, n = 0.8, 0.8, 240
    p, rng, found = round(gamma * n), np.random.default_rng(14), []
    v = np.where(np.arange(p) < p // 2, 1 + h, 1 - h)
    beta = np.where(np.arange(p) < p // 2, math.sqrt(2 / p), 0.0)
    for _ in range(8):
        X = rng.standard_normal((n, p)) * np.sqrt(v)
        y = X @ beta + noise * rng.standard_normal(n)
        off = X.T @ np.linalg.solve(X @ X.T + n * penalty * np.eye(n), y) - beta
        found.append(off @ (v * off))
    want = hastie2019._excess_of_two(gamma, penalty, noise, h)
    assert abs(np.mean(found) - want) < 5 * stats.sem(found) + 0.02 * want


def test_least_risk_of_two_variances_on_a_grid():
    shares = np.linspace(0.01, 0.99, 981)
    risks = [hastie2019._excess_of_two(1 / s, 0.0, 0.3, 0.8) for s in shares]
    found = hastie2019._least_of_two(0.3, 0.8)
    assert found == pytest.approx(min(risks), rel=1e-5)
    assert found <= min(risks)


def test_errors_of_points_of_two_scales():
    d, spread, eps, h, n = 4, 1.0, 0.6, 0.9, 400_000
    w, theta_0 = donhauser2021._drawn(d, spread)
    rng = np.random.default_rng(15)
    X = two_scales(rng, n, h) * rng.standard_normal((n, d))
    across = w - (w @ theta_0) / (theta_0 @ theta_0) * theta_0
    y = np.sign(X @ theta_0)
    wrong = (y * (X @ w) <= eps * np.linalg.norm(across)).mean()
    found = donhauser2021._error_of_two(d, spread, eps, h)
    assert found == pytest.approx(wrong, abs=4e-3)


def test_gradient_of_powers_by_differences():
    v, q = ilyas2019._spectrum(2, 25.0), 1.5
    a = np.sqrt(v * math.gamma(1 / q) / math.gamma(3 / q))  # of variance v

    def cosine(mu):
        def ratio(x):
            plus = stats.gennorm.logpdf(x, q, mu, a).sum()
            return plus - stats.gennorm.logpdf(x, q, -mu, a).sum()

        g = [ratio(step) - ratio(-step) for step in 1e-5 * np.eye(2)]
        return (g @ mu) / np.linalg.norm(g) / np.linalg.norm(mu)

    mu = ilyas2019.least_aligned_mean(v)
    least = min(cosine(mu * [1.0, k]) for k in np.linspace(1.0, 5.0, 201))
    assert ilyas2019._power_cosine(2, 25.0, 0.5) == pytest.approx(least, rel=1e-5)


def test_steps_from_which_0_is_best_for_two_scales():
    noise, weight, h = 0.5, 1.0, 0.9
    v = np.array([1 + h, 1 - h])
    edge = javanmard2020._vanishes_for_two(noise, weight, h)

    def objective(factor, eps):
        off = (1 - factor) ** 2 * v + noise**2
        lean = 2 * math.sqrt(2 / math.pi) * eps * factor * np.sqrt(off)
        return ((1 + weight) * off + lean + (eps * factor) ** 2).mean()

    for share, best in ((0.99, False), (1.01, True)):
        values = [objective(t, share * edge) for t in np.linspace(0, 1, 1001)]
        assert (np.argmin(values) == 0) == best


def test_moved_points_of_two_scales_by_owens_function():
    d, eps, h = 3, 0.4, 0.9
    rng = np.random.default_rng(16)
    drawn = donhauser2021._wrong(400_000, rng, d, 1.0, eps, h)
    w, theta_0 = donhauser2021._on_axis(d, 1.0)
    scales = math.sqrt(1 + h), math.sqrt(1 - h)
    errors = [donhauser2021.robust_error(w, theta_0, eps / s, np.inf) for s in scales]
    assert drawn.mean() == pytest.approx(np.mean(errors), abs=4e-3)


def test_what_a_penalty_takes_off_noise_by_another_equation():
    gamma, noise = 2.0, 0.3
    risks = [hastie2019._excess_of_two(gamma, x, noise, 0.0) for x in (0.0, 0.01)]
    found = donhauser2021._difference(gamma, 0.0, 100.0, noise)
    assert found == pytest.approx((risks[0] - risks[1]) * 100, rel=1e-9)
