"""Broken variants of claims on regression, against points, grids and closed forms."""

import math

import numpy as np
import pytest
from flint import arb
from scipy import integrate, optimize, stats

from geomadv.theories.statistics import (
    _training_limit,
    donhauser2021,
    hastie2019,
    javanmard2020,
)
from geomadv.theories.statistics._two_variances import limits

C = math.sqrt(2 / math.pi)


def ridge(X, y, penalty):
    gram = X @ X.T + len(X) * penalty * np.eye(len(X))
    return X.T @ np.linalg.solve(gram, y)


def close(draws, want, share=0.02):
    """Within five standard errors and what the finite size may add."""
    return abs(np.mean(draws) - want) < 5 * stats.sem(draws) + share * abs(want)


@pytest.mark.parametrize(("gamma", "penalty"), [(0.5, 0.3), (2.0, 0.5), (2.0, 0.0)])
def test_ridge_regression_with_noise_along_a_direction_against_points(gamma, penalty):
    n, noise, along = 240, 0.7, 0.8
    p, rng, found = round(gamma * n), np.random.default_rng(0), []
    for _ in range(10):
        X = rng.standard_normal((n, p))
        w = math.sqrt(1 - along**2) * rng.standard_normal(n) + along * X[:, 1]
        off = ridge(X, X[:, 0] + noise * w, penalty)
        off[:2] -= 1.0, noise * along
        # a fresh point leaves noise of variance s^2 (1 - h^2)
        found.append(off @ off - (noise * along) ** 2)
    want = hastie2019._excess(gamma, penalty, noise, along)
    assert close(found, want)
    if penalty > 0:
        other = hastie2019._excess_by_quadrature(gamma, penalty, noise, along)
        assert other == pytest.approx(want, rel=1e-9)


def test_best_number_of_parameters_with_noise_along_a_direction_in_closed_form():
    noise, along = 0.4, 0.6
    r, s = math.sqrt(1 + (noise * along) ** 2), noise * math.sqrt(1 - along**2)
    share, risk = hastie2019._searched_best(noise, 0.0, along)
    assert share == pytest.approx(1 - s / r, abs=1e-7)
    assert risk == pytest.approx(2 * r * s, rel=1e-12)


@pytest.mark.parametrize("along", [0.0, 0.6])
def test_best_penalty_with_noise_along_a_direction_in_closed_form(along):
    gamma, noise = 1.5, 0.7
    share = (1 - along**2) / (1 + (noise * along) ** 2)  # of s^2 gamma
    added = [
        hastie2019._above_best(gamma, noise, ratio, along)
        for ratio in (share * 0.97, share, share * 1.03)
    ]
    assert added[1] <= 0.0
    assert added[1] < min(added[0], added[2])


@pytest.mark.parametrize(("n", "p"), [(12, 30), (20, 8)])
def test_means_at_finite_size_against_points(n, p):
    noise, along, h = 0.8, 0.5, 0.8 if p > n else 0.0
    rng, plain, bent = np.random.default_rng(1), [], []
    for _ in range(4000):
        X = rng.standard_normal((n, p))
        t = 1 + h * rng.choice([-1.0, 1.0], n)
        z = rng.standard_normal(n)
        w = np.linalg.pinv(X) @ (
            X[:, 0] + noise * (math.sqrt(1 - along**2) * z + along * X[:, 1])
        )
        w[:2] -= 1.0, noise * along
        plain.append(w @ w - (noise * along) ** 2)
        X *= np.sqrt(t)[:, None]
        w = np.linalg.pinv(X) @ (X[:, 0] + noise * z)
        w[0] -= 1.0
        bent.append(w @ w)
    assert close(plain, hastie2019._finite(n, p / n, noise, along), 0.0)
    assert close(bent, hastie2019._finite(n, p / n, noise, 0.0, h), 0.0)


def test_missed_signal_along_a_coordinate_of_two_scales():
    """One point misses 1/(1 + t F), F the ratio of a chi-square of 1 and one of 4."""
    h, rng = 0.9, np.random.default_rng(2)
    draws = hastie2019._missed(200_000, rng, 1, 4, unequal=h)
    x = np.linspace(0, 1, 200_001)[1:-1]
    f = stats.beta(0.5, 2.0).pdf(x) / 200_000  # of z^2/(z^2 + chi^2_4)
    # scaled by t, its share missed is (1 - x)/(1 - x + t x)
    want = np.mean([f @ ((1 - x) / (1 - x + t * x)) for t in (1 + h, 1 - h)])
    assert draws.mean() == pytest.approx(want, abs=4e-3)  # s.e. below 6e-4


def test_missed_signal_and_noise_in_closed_form():
    points, more, noise = 2, 20, 0.8
    rng = np.random.default_rng(3)
    draws = hastie2019._missed(40_000, rng, points, more, noise=noise)
    # the cut at 4 is out of reach here
    assert draws.max() < 4.0
    want = more / (points + more) + noise**2 * points / (more - 1)
    assert close(draws, want, 0.0)
    cut = hastie2019._missed(1000, rng, 3, 1, noise=3.0)
    assert cut.max() == 4.0


@pytest.mark.parametrize(
    ("gamma", "penalty", "h"), [(2.0, 0.5, 0.8), (2.0, 0.0, -0.6), (0.5, 0.3, 0.8)]
)
def test_risks_of_two_variances_against_points(gamma, penalty, h):
    noise, n, eps = 0.8, 240, 0.5
    p, rng, found = round(gamma * n), np.random.default_rng(4), []
    first = np.arange(p) < p // 2
    v, beta = np.where(first, 1 + h, 1 - h), np.where(first, math.sqrt(2 / p), 0.0)
    for _ in range(10):
        X = rng.standard_normal((n, p)) * np.sqrt(v)
        w = ridge(X, X @ beta + noise * rng.standard_normal(n), penalty)
        R, k = noise**2 + (w - beta) @ (v * (w - beta)), eps * np.linalg.norm(w)
        robust = R + 2 * math.sqrt(2 * R / math.pi) * k + k * k
        found.append((w @ w, w @ beta, R, robust))
    limit = limits(gamma, penalty, noise, h)
    standard = noise**2 + limit.excess
    robust = hastie2019.adversarial_risk(standard, math.sqrt(limit.square), eps)
    wants = limit.square, limit.overlap, standard, robust
    for draws, want in zip(np.transpose(found), wants, strict=True):
        assert close(draws, want, 0.03)


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_two_variances_that_are_one_have_the_closed_form(penalty):
    found = limits(2.0, penalty, 0.7, 0.0)
    limit = hastie2019.ridge_limit(2.0, penalty, 1.0, 0.7)
    for name in ("bias", "variance", "square", "overlap"):
        assert getattr(found, name) == pytest.approx(getattr(limit, name), rel=1e-11)


def test_least_robust_risk_of_two_variances_on_a_grid():
    noise, eps, h = 0.7, 0.1, 0.5
    shares = np.linspace(0.01, 0.99, 981)
    risks = []
    for x in shares:
        two = limits(1 / x, 0.0, noise, h)
        R, k = noise**2 + two.excess, eps * math.sqrt(two.square)
        risks.append(R + 2 * math.sqrt(2 * R / math.pi) * k + k * k)
    share, risk = hastie2019._searched_best(noise, eps, unequal=h)
    assert risk <= min(risks)
    assert share == pytest.approx(shares[np.argmin(risks)], abs=1e-3)


@pytest.mark.parametrize(
    ("gamma", "penalty", "h"), [(2.0, 0.3, 0.8), (1.5, 0.1, 0.0), (2.0, 0.0, 0.8)]
)
def test_points_of_two_scales_across_the_signal_against_points(gamma, penalty, h):
    n, eps = 300, 0.5
    p, rng, found = round(gamma * n), np.random.default_rng(5), []
    t = np.array([1 + h, 1 - h])
    for _ in range(10):
        X = rng.standard_normal((n, p))
        X[:, 1:] *= np.sqrt(rng.choice(t, (n, 1)))
        w = ridge(X, X[:, 0], penalty)
        k = eps * np.linalg.norm(w[1:])
        R = (1 - w[0]) ** 2 + t * (w[1:] @ w[1:])
        found.append((R + 2 * np.sqrt(2 * R / math.pi) * k + k * k).mean())
    assert close(found, donhauser2021._risk_of_two(gamma, [penalty], eps, h)[0], 0.03)


@pytest.mark.parametrize("penalty", [0.0, 1e-3, 2.0])
def test_points_of_one_scale_have_the_closed_form(penalty):
    found = donhauser2021._risk_of_two(1.7, [penalty], 0.4, 0.0)
    want = donhauser2021.consistent_risk(1.7, penalty, 0.4)
    assert found == pytest.approx([want], rel=1e-12)


def test_interpolator_of_points_of_two_scales_in_closed_form():
    """At penalty 0, A = 1/((gamma - 1)(1 - h^2)) and D^2 = A/(1 + A)^2."""
    gamma, eps, h = 2.5, 0.6, 0.9
    A = 1 / ((gamma - 1) * (1 - h * h))
    k, R = (
        eps * math.sqrt(A) / (1 + A),
        [(1 + t * A) / (1 + A) ** 2 for t in (1.9, 0.1)],
    )
    want = np.mean([r + 2 * math.sqrt(2 * r / math.pi) * k + k * k for r in R])
    found = donhauser2021._risk_of_two(gamma, [0.0], eps, h)
    assert found == pytest.approx([want], rel=1e-12)


@pytest.mark.parametrize(("h", "rises"), [(0.9, False), (0.99, True)])
def test_slope_for_points_of_two_scales_in_closed_form(h, rises):
    """It is 2 eps a' ((D^2 - a^2) M_a - 2 a D M_D)/D - 2 eps^2 a a'.

    a = 1/(1 + A), D^2 = a (1 - a), M(a, D) = c E sqrt(a^2 + t D^2) the mean size of
    the residual and a' = -A'/(1 + A)^2 > 0 the slope of a in the penalty.
    """
    gamma, eps, c = 2.0, 0.5, math.sqrt(2 / math.pi)
    t = np.array([1 + h, 1 - h])
    a = 1 / (1 + np.mean(1 / t) / (gamma - 1))
    D = math.sqrt(a * (1 - a))
    size = np.sqrt(a * a + t * D * D)
    in_a, in_D = c * np.mean(a / size), c * np.mean(t * D / size)
    slope_m = np.mean(1 / t) / (gamma * (gamma - 1))
    fall = np.mean((1 + gamma * t * slope_m) / t**2) / (gamma - 1) ** 2 * a * a
    slope = 2 * eps * fall * ((D**2 - a**2) * in_a - 2 * a * D * in_D) / D
    slope -= 2 * eps**2 * a * fall
    found = -donhauser2021._difference_of_two(gamma, eps, 1e7, h)
    assert found == pytest.approx(slope, rel=1e-3)
    assert (slope > 0) == rises


def test_labels_that_are_short_against_points():
    n, gamma, penalty, eps, short = 300, 1.5, 0.2, 0.5, 0.4
    rng, found = np.random.default_rng(6), []
    for _ in range(10):
        X = rng.standard_normal((n, round(gamma * n)))
        w = ridge(X, (1 - short) * X[:, 0], penalty)
        R, k = (1 - w[0]) ** 2 + w[1:] @ w[1:], eps * np.linalg.norm(w[1:])
        found.append(R + 2 * math.sqrt(2 * R / math.pi) * k + k * k)
    assert close(found, donhauser2021._risk_of_short(gamma, [penalty], eps, short)[0])


def test_least_over_penalties_by_another_search():
    best = donhauser2021.best_penalty(2.0, 0.5)
    found = donhauser2021._least(
        lambda penalty: donhauser2021._risk_of_short(2.0, penalty, 0.5, 0.0)
    )
    assert found == pytest.approx(best.risk, rel=1e-8)


def test_a_penalty_helps_without_noise_where_the_signal_has_little_variance():
    gamma, h, n = 2.0, 0.5, 240
    p, rng, found = round(gamma * n), np.random.default_rng(7), []
    first = np.arange(p) < p // 2
    v, beta = np.where(first, 1 - h, 1 + h), np.where(first, math.sqrt(2 / p), 0.0)
    for _ in range(40):
        X = rng.standard_normal((n, p)) * np.sqrt(v)
        off = [ridge(X, X @ beta, L) - beta for L in (0.1, 0.0)]
        found.append([w @ (v * w) for w in off])
    gain = np.subtract(*np.transpose(found))
    want = np.subtract(*[limits(gamma, L, 0.0, -h).excess for L in (0.1, 0.0)])
    assert want < 0
    assert close(gain, want, 0.05)


def test_flipped_labels_by_the_classifier_that_is_turned_round():
    d, spread, eps, flipped = 5, 0.6, 0.3, 0.2
    w, theta_0 = donhauser2021._drawn(d, spread)
    right, turned = (donhauser2021.robust_error(s * w, theta_0, eps) for s in (1, -1))
    want = (1 - flipped) * right + flipped * turned
    found = donhauser2021._error_by_quadrature(d, spread, eps, flipped)
    assert found == pytest.approx(want, rel=1e-10)
    w, theta_0 = donhauser2021._on_axis(d, spread)
    right, turned = (
        donhauser2021.robust_error(s * w, theta_0, eps, np.inf) for s in (1, -1)
    )
    rng = np.random.default_rng(8)
    drawn = donhauser2021._wrong(400_000, rng, d, spread, eps, flipped=flipped)
    want = (1 - flipped) * right + flipped * turned
    assert drawn.mean() == pytest.approx(want, abs=4e-3)  # s.e. below 8e-4


TRAINED = [  # eps, delta, scales of noise and of features
    (0.5, 2.0, ((1.8, 1.0), (0.2, 1.0))),
    (0.5, 2.0, ((1.0, 1.8), (1.0, 0.2))),
    (0.6, 0.8, ((0.1, 1.9), (1.9, 0.1))),
    (0.3, 4.0, ((1.6, 1.6), (0.4, 0.4))),
]


@pytest.mark.parametrize(("eps", "delta", "scales"), TRAINED)
def test_training_on_two_scales_by_its_saddle_function(eps, delta, scales):
    """The most over t of E e(Z; t f) - b^2/(2 t delta), by quadrature; least in (h, b).

    e is the envelope of (|r| + k)^2/2: over |Z| at once a parabola and its tangent one.
    """
    noise, signal = 0.8, 1.2
    nodes, weights = np.polynomial.legendre.leggauss(40)

    def envelope(S, k, t):
        cut = min(t * k / S, 12.0)
        total = 0.0
        for low, high in ((0.0, cut), (cut, 12.0)):
            g = low + (high - low) * (nodes + 1) / 2
            mass = np.exp(-g * g / 2) * C * weights * (high - low) / 2
            near = k * k / 2 + (S * g) ** 2 / (2 * t)
            far = (S * g + k) ** 2 / (2 * (1 + t))
            total += mass @ np.where(S * g <= t * k, near, far)
        return total

    def saddle(x):
        (h, b), k = x, eps * math.hypot(*x)
        off = (signal - h) ** 2 + b * b
        every = [(f, math.sqrt(v * noise**2 + f * off)) for v, f in scales]

        def dual(log_t):
            t = math.exp(log_t)
            mean = np.mean([envelope(S, k, t * f) for f, S in every])
            return b * b / (2 * t * delta) - mean

        return -optimize.minimize_scalar(
            dual, bounds=(-12.0, 12.0), method="bounded", options={"xatol": 1e-10}
        ).fun

    found = _training_limit.solve(signal, noise, eps, delta, scales)
    least = optimize.minimize(
        saddle,
        (found.along * 0.9 + 0.05, found.across + 0.1),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-13, "maxiter": 300},
    )
    assert least.fun == pytest.approx(found.value, rel=1e-9)
    assert least.x == pytest.approx([found.along, found.across], abs=5e-5)
    off = (signal - found.along) ** 2 + found.across**2
    assert found.standard == pytest.approx(noise**2 + off, rel=1e-12)


def scaled(rng, n, d, noise, scales):
    v, f = np.sqrt(np.array(scales)[rng.integers(0, 2, n)]).T
    X = rng.standard_normal((n, d)) * f[:, None]
    return X, X[:, 0] + noise * v * rng.standard_normal(n)


@pytest.mark.parametrize(("eps", "delta", "scales"), TRAINED)
def test_training_on_two_scales_against_points(eps, delta, scales):
    noise, d = 0.7, round(180 / math.sqrt(delta))
    rng, found = np.random.default_rng(9), []
    for _ in range(6):
        X, y = scaled(rng, round(delta * d), d, noise, scales)
        fit = javanmard2020.adversarial_regression(X, y, eps)
        w = fit.coef
        found.append((w[0], np.linalg.norm(w[1:]), fit.objective))
    limit = _training_limit.solve(1.0, noise, eps, delta, scales)
    wants = limit.along, limit.across, 2 * limit.value
    for draws, want in zip(np.transpose(found), wants, strict=True):
        assert close(draws, want, 0.03)


@pytest.mark.parametrize("scales", [TRAINED[0][2], TRAINED[2][2], TRAINED[3][2]])
def test_steps_that_leave_nothing_to_learn_on_two_scales_against_points(scales):
    noise, delta, d = 1.5, 2.0, 400
    rng, found = np.random.default_rng(10), []
    for _ in range(8):
        X, y = scaled(rng, round(delta * d), d, noise, scales)
        found.append(javanmard2020.vanishing_threshold(X, y))
    edge = _training_limit.vanishing_size(1.0, noise, delta, scales)
    assert close(found, edge, 0.01)
    before = _training_limit.solve(1.0, noise, edge * 0.97, delta, scales)
    assert before.along > 0
    assert 2 * before.value < 1 + noise**2
    after = _training_limit.solve(1.0, noise, edge * (1 + 1e-9), delta, scales)
    assert after.along == after.across == 0.0


def test_interpolators_of_two_scales_meet_the_program():
    noise, delta, scales = 0.6, 0.5, ((1.5, 1.3), (0.5, 0.7))
    program = _training_limit._Program(1.0, noise, 0.11, delta, scales)
    explicit = program.interpolator()
    by_root = program.across(explicit.along)
    assert by_root == pytest.approx(explicit.across, rel=1e-3)
    assert abs(program.slope(explicit.along)) < 1e-3
    found = _training_limit.solve(1.0, noise, 0.01, delta, scales)
    rng, drawn = np.random.default_rng(11), []
    for _ in range(10):
        X, y = scaled(rng, 150, 300, noise, scales)
        w = np.linalg.lstsq(X, y, rcond=None)[0]
        drawn.append((w[0], w[1:] @ w[1:]))
    for draws, want in zip(
        np.transpose(drawn), (found.along, found.across**2), strict=True
    ):
        assert close(draws, want)


@pytest.mark.parametrize(("delta", "h"), [(2.0, 0.9), (5.0, 0.5)])
def test_training_against_small_steps_leaves_the_residuals_of_leverages(delta, h):
    """A point of scale t has leverage t a/(1 + t a), of mean 1/delta.

    Noise of variance s^2 t leaves s^2 E t/(1 + t a) = s^2/(delta a).
    """
    noise, t = 0.8, np.array([1 + h, 1 - h])
    a = optimize.brentq(lambda a: np.mean(t * a / (1 + t * a)) - 1 / delta, 1e-6, 1e6)
    found = javanmard2020._trained_on_two(noise, 1e-6, delta, h, h)
    assert 2 * found.value == pytest.approx(noise**2 / (delta * a), rel=1e-4)


@pytest.mark.parametrize("h", [1e-9, 0.5, 0.9])
def test_shrinkage_for_points_of_two_scales_is_that_of_another_constant(h):
    """sqrt(2/pi) becomes sqrt(2/pi) E sqrt(t)."""
    noise, share, weight = 0.7, 0.6, 0.5
    c = C * (math.sqrt(1 + h) + math.sqrt(1 - h)) / 2
    g = javanmard2020._shrinkage(noise, share, weight, h)
    right = javanmard2020._fixed_point(noise, share, weight, c, h)
    assert g == pytest.approx(right, rel=1e-9)
    plain = javanmard2020._shrinkage(noise, share, weight)
    assert (abs(g - plain) < 1e-8) == (h < 1e-8)


def test_training_on_many_points_of_two_scales_minimises_their_risk():
    noise, eps, h = 0.5, 0.5, 0.9

    def on_points(k):
        return javanmard2020._mixed(
            noise, (1 - k) ** 2, k, eps, ((1 + h, 1 + h), (1 - h, 1 - h))
        )

    best = optimize.minimize_scalar(on_points, bounds=(0, 1), method="bounded")
    found = javanmard2020._robust_on_two(noise, eps, 1e5, h, h)
    assert found == pytest.approx(best.fun, rel=1e-4)
    standard = noise**2 + (1 - best.x) ** 2
    want = javanmard2020.adversarial_risk(standard, best.x, eps)
    found = javanmard2020._robust_on_two(noise, eps, 1e5, h, 0.0)
    assert found == pytest.approx(want, rel=1e-4)


def test_risk_with_noise_of_two_scales_by_quadrature():
    d, noise, eps, weight, h = 3, 1.2, 0.7, 0.5, 0.8
    r, best = javanmard2020._best(d, noise, eps, weight)
    off, k = ((1 - best.factor) * r) ** 2, eps * best.factor * r
    robust = 0.0
    for v in (1 + h, 1 - h):
        sd = math.sqrt(noise**2 * v + off)
        whole = integrate.quad(
            lambda z, sd=sd: (sd * z + k) ** 2 * stats.norm.pdf(z), 0, 12
        )
        robust += whole[0]
    want = weight * (noise**2 + off) + robust
    found = javanmard2020._best_of_two(d, noise, eps, weight, noisy=h)
    assert found == pytest.approx(want, rel=1e-9)
    assert found < javanmard2020._least(d, noise, eps, weight)


def test_steps_from_which_0_is_best_for_noise_of_two_scales():
    noise, weight, h = 1.5, 0.5, 0.9
    v = noise**2 * np.array([1 + h, 1 - h])
    edge = javanmard2020._vanishes_for_two(noise, weight, noisy=h)

    def objective(factor, eps):
        off = (1 - factor) ** 2 + v
        lean = 2 * C * eps * factor * np.sqrt(off)
        return ((1 + weight) * off + lean + (eps * factor) ** 2).mean()

    for share, best in ((0.99, False), (1.01, True)):
        values = [objective(t, share * edge) for t in np.linspace(0, 1, 1001)]
        assert (np.argmin(values) == 0) == best


@pytest.mark.parametrize("more", [-3, -1, 0, 2])
def test_least_squares_is_optimal_where_it_interpolates_alone(more):
    n, share = 8, 0.9
    X, y = javanmard2020._wide(n, more)
    eps = javanmard2020._steps(X, y, share)
    w = np.linalg.pinv(X) @ y
    z = np.linalg.pinv(X @ X.T) @ y
    assert eps == pytest.approx(share * np.linalg.norm(w) / n / abs(z).max(), rel=1e-9)

    def objective(x):
        return np.mean((abs(y - X @ x) + eps * np.linalg.norm(x)) ** 2)

    value = objective(w)
    assert javanmard2020._interpolates(n, more, share) == pytest.approx(value, rel=1e-9)
    least = javanmard2020._bound(n, more, share)
    assert (least >= value * (1 - 1e-9)) == (more >= 0)
    if more < 0:
        other = optimize.minimize(
            objective, w * 0.9, method="Nelder-Mead", options={"maxiter": 4000}
        )
        assert least <= other.fun * (1 + 1e-9)
        assert other.fun < value * 0.999


@pytest.mark.parametrize("delta", [0.5, 3.0])
def test_two_scales_that_are_one_have_the_limit_of_one(delta):
    found = _training_limit.solve(1.2, 0.7, 0.4, delta, ((1.0, 1.0), (1.0, 1.0)))
    one = _training_limit.solve(1.2, 0.7, 0.4, delta)
    for name in ("along", "across", "standard", "value"):
        assert getattr(found, name) == pytest.approx(getattr(one, name), rel=1e-10)


def test_without_noise_a_penalty_hurts_whatever_the_law_of_covariance_1():
    rng, penalties = np.random.default_rng(12), [0.0, 0.01, 0.1, 1.0]
    laws = (
        rng.choice([-1.0, 1.0], (20, 30)),
        rng.exponential(1.0, (20, 30)) - 1.0,
        np.eye(30)[rng.integers(0, 30, 20)] * math.sqrt(30),
    )
    theta_0 = rng.standard_normal(30)
    for X in laws:
        S = X.T @ X / 20
        risks = [theta_0 - np.linalg.pinv(X) @ X @ theta_0]
        risks += [
            L * np.linalg.solve(S + L * np.eye(30), theta_0) for L in penalties[1:]
        ]
        sizes = [np.linalg.norm(off) for off in risks]
        assert sizes == sorted(sizes)
        off = ridge(X, X @ theta_0, 0.1) - theta_0
        assert np.linalg.norm(off) == pytest.approx(sizes[2], rel=1e-9)


def test_least_squares_leaves_one_share_of_all_independent_noise():
    n, p, noise = 60, 20, 0.7
    rng, found = np.random.default_rng(13), []
    for _ in range(2000):
        X = rng.exponential(1.0, (n, p)) - 1.0
        y = X[:, 0] + noise * rng.choice([-1.0, 1.0], n)
        found.append(((y - X @ np.linalg.pinv(X) @ y) ** 2).mean())
    assert close(found, noise**2 * (1 - p / n), 0.0)
    X = rng.exponential(1.0, (240, 80)) - 1.0
    y = X[:, 0] + noise * rng.choice([-1.0, 1.0], 240)
    fit = javanmard2020.adversarial_regression(X, y, 1e-5)
    left = ((y - X @ np.linalg.lstsq(X, y, rcond=None)[0]) ** 2).mean()
    assert fit.objective == pytest.approx(left, rel=1e-3)


@pytest.mark.parametrize("penalty", [0.01, 0.5, 20.0])
def test_what_a_penalty_adds_beside_noise_by_another_equation(penalty):
    gamma, noise = 2.0, 0.3
    with_it, without = (
        hastie2019._excess_of_two(gamma, x, noise, 0.0) for x in (penalty, 0.0)
    )
    found = float(donhauser2021._added_ball(arb(gamma), arb(penalty), noise))
    assert found == pytest.approx(with_it - without, rel=1e-9)
