"""Broken variants of claims on features, linear scores and radii, against oracles."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from scipy import optimize, special, stats
from scipy.ndimage import correlate

from geomadv._random import spawn
from geomadv.data import RobustWeakFeatures
from geomadv.theories.features import ilyas2019, tsipras2019
from geomadv.theories.lipschitz import goodfellow2014, hein2017, sedghi2019
from geomadv.theories.lipschitz._matrices import cosine_kernel
from geomadv.theories.oscillation import devroye1998, wang2019


def hypothesis(paper, name, words):
    """Return the hypothesis of a claim that says these words."""
    (claim,) = [c for c in paper.CLAIMS if c.id.endswith("." + name)]
    (found,) = [h for h in claim.hypotheses if words in h.statement]
    return found


def sides(paper, name, words, **point):
    """Return both sides of the broken variant of a claim at a point."""
    evidence = hypothesis(paper, name, words).evidence
    return float(evidence.lhs(**point)), float(evidence.rhs(**point))


def near(draws, value, errors=5):
    """Tell whether the mean of random numbers is within standard errors of a value."""
    draws = np.asarray(draws, float)
    return abs(draws.mean() - value) < errors * draws.std() / math.sqrt(len(draws))


# --- Correlated weak features --------------------------------------------------------


def correlated(n, rng, weak, r):
    """Draw normal numbers of unit variance, any two of the correlation r."""
    cov = np.full((weak, weak), r) + (1.0 - r) * np.eye(weak)
    return rng.multivariate_normal(np.zeros(weak), cov, n, method="eigh")


@pytest.mark.parametrize(("weak", "r"), [(1, 0.7), (25, 0.3), (10, -0.1), (4, 1.0)])
def test_the_deviation_of_the_sum_is_that_of_the_covariance(weak, r):
    cov = np.full((weak, weak), r)
    np.fill_diagonal(cov, 1.0)
    one = np.ones(weak)
    found = tsipras2019._deviation(weak, r)
    assert found == pytest.approx(math.sqrt(one @ cov @ one / weak), rel=1e-12)


@pytest.mark.parametrize("r", [0.0, 0.2, 1.0])
def test_attacks_on_the_rule_of_independent_features_where_they_are_correlated(r):
    a, c, ratio = 0.8, 1.5, 0.5
    t = math.log(a / (1 - a)) / (2 * c)
    drawn = tsipras2019._attacked(
        200_000, np.random.default_rng(1), a, c, ratio, **({"r": r} if r else {})
    )
    rng = np.random.default_rng(2)
    y = rng.choice([-1.0, 1.0], 200_000)
    x = np.where(rng.random(y.size) < a, y, -y)
    noise = correlated(y.size, rng, 25, r).sum(axis=1) / 5
    u = (1 - ratio) * c * y + noise
    assert near(drawn, ((t * x + u) * y > 0).mean(), errors=7)
    s = math.sqrt(1 + 24 * r)
    left = (1 - ratio) * c
    exact = a * stats.norm.cdf((left + t) / s)
    exact += (1 - a) * stats.norm.cdf((left - t) / s)
    assert near(drawn, exact)


def test_drawn_features_have_the_covariance_that_is_asked(monkeypatch):
    seen = []

    class Law(RobustWeakFeatures):
        def bayes_predict(self, X):
            seen.append(X)
            return X[:, 0]

    monkeypatch.setattr(tsipras2019, "_law", lambda c, k, a: Law(k, c / k**0.5, a))
    tsipras2019._attacked(100_000, np.random.default_rng(3), 0.5, 0.0, 0.0, 0.4)
    found = np.cov(seen[0][:, 1:], rowvar=False)
    expected = np.full((25, 25), 0.4) + 0.6 * np.eye(25)
    assert np.abs(found - expected).max() < 0.02


@pytest.mark.parametrize("seed", [1, 2, 5])
@pytest.mark.parametrize("wider", [1.0, 1.5])
def test_drawn_rules_where_one_class_has_a_wider_noise_against_draws(seed, wider):
    a, c, t, noise = 0.7, 1.0, 0.5, 1.0
    error, right = tsipras2019._drawn_rule(a, c, t, noise, seed, wider)
    # The rule again, as a function of x_1 and u.
    rng = spawn(0, "tsipras2019", seed)
    ends = {}
    for x in (1.0, -1.0):
        start, gap, hole = rng.standard_normal(3)
        low = -x * t + noise * start
        high = low + 3 * abs(gap)
        ends[x] = low, high, high + noise * abs(hole)

    def rule(x, u):
        low, high, rest = np.array([ends[v] for v in (1.0, -1.0)]).T[
            :, np.where(x > 0, 0, 1)
        ]
        return np.where(((low < u) & (u < high)) | (u > rest), 1.0, -1.0)

    draw = np.random.default_rng(seed)
    y = draw.choice([-1.0, 1.0], 400_000)
    x = np.where(draw.random(y.size) < a, y, -y)
    z = draw.standard_normal(y.size) * np.where(y > 0, 1.0, wider)
    assert near(rule(x, c * y + z) != y, error)
    assert near(rule(x, -c * y + z) == y, right)


def test_a_wide_noise_of_one_class_lets_a_rule_be_right_before_and_after():
    """|u| small is the class of little noise, wherever its mean is moved."""
    lhs, rhs = sides(
        tsipras2019,
        "trade-off",
        "noise",
        agreement=0.5,
        c=0.5,
        t=0.5,
        noise=1.0,
        seed=3,
        wider=3.0,
    )
    assert lhs > rhs + 0.05
    # At p = 1/2 the bound is the error itself; a rule by |u| has the same both ways.
    inside = stats.norm.cdf(4 - 1) - stats.norm.cdf(-4 - 1)
    outside = 1 - (stats.norm.cdf(3 / 8) - stats.norm.cdf(-5 / 8))
    assert (inside + outside) / 2 > 1 - (inside + outside) / 2


@pytest.mark.parametrize("r", [0.0, -0.05, -0.1])
def test_trade_offs_of_features_against_each_other(r):
    point = {"agreement": 0.7, "c": 1.0, "t": 3.5, "noise": 0.0, "seed": 1}
    lhs, rhs = sides(
        tsipras2019, "best-trade-off", "independent", **point, weak=10, r=r
    )
    # Without noise the rule is u/s > -t x_1, an interval of u and what is above it.
    s = math.sqrt(1 + 9 * r)
    error = 0.7 * stats.norm.sf(3.5 + 1 / s) + 0.3 * stats.norm.sf(1 / s - 3.5)
    right = 0.7 * stats.norm.sf(1 / s - 3.5) + 0.3 * stats.norm.sf(1 / s + 3.5)
    assert lhs == pytest.approx(right, rel=1e-12)

    # The best rule of independent features with this error.
    t = optimize.brentq(
        lambda t: 0.7 * stats.norm.sf(1 + t) + 0.3 * stats.norm.sf(1 - t) - error,
        math.log(7 / 3) / 2,
        20,
        xtol=1e-14,
    )
    best = 0.7 * stats.norm.cdf(t - 1) + 0.3 * stats.norm.cdf(-t - 1)
    assert rhs == pytest.approx(best, rel=1e-9)
    assert (lhs > rhs + 1e-6) == (r < 0)


def test_trade_offs_of_features_with_each_other_are_no_better():
    """Noise may be added to independent features to make them correlated."""
    found = [
        sides(
            tsipras2019,
            "best-trade-off",
            "independent",
            agreement=a,
            c=c,
            t=t,
            noise=noise,
            seed=1,
            weak=10,
            r=r,
        )
        for a, c, t, noise, r in itertools.product(
            (0.7, 0.95), (1.0, 2.0), (1.0, 2.0), (0.0, 0.1), (0.1, 0.5)
        )
        if tsipras2019._drawn_correlated(a, c, t, noise, 1, 10, r)[0] < 1 - a
    ]
    assert len(found) > 5
    assert all(lhs <= rhs + 1e-12 for lhs, rhs in found)


@pytest.mark.parametrize("r", [0.0, 0.05])
def test_the_ratio_at_the_sharp_rule_against_its_four_parts(r):
    a, c = 0.8, 3.0
    z = 2 * c / math.sqrt(1 + (225 - 1) * r)  # eta = 1/5: 225 features
    far = special.ndtr(-z)
    after = a / 2 + (1 - a) * far
    error = a * far + (1 - a) / 2
    found = tsipras2019._sharpness(a, c, r)
    assert found == pytest.approx(after / error, rel=1e-12)


@pytest.mark.parametrize(("eps", "r"), [(0.0, -0.1), (0.1, -0.05), (0.9, -0.1)])
def test_the_optimum_of_correlated_features_against_the_likelihood_ratio(eps, r):
    weak, strength, a, n = 10, 0.4, 0.8, 200_000
    rng = np.random.default_rng(4)
    mean = max(strength / math.sqrt(weak) - eps, 0.0)
    y = rng.choice([-1.0, 1.0], n)
    x = np.where(rng.random(n) < a, y, -y)
    V = correlated(n, rng, weak, r) + mean * y[:, None]
    cov = np.full((weak, weak), r) + (1 - r) * np.eye(weak)
    odds = 2 * V @ np.linalg.solve(cov, np.full(weak, mean))
    odds += math.log(a / (1 - a)) * x
    found = tsipras2019._correlated_optimum(strength, weak, a, eps, r)
    assert near(odds * y > 0, found)


@pytest.mark.parametrize("agreement", [0.7, 0.95])
@pytest.mark.parametrize("r", [0.0, 0.01, 0.1])
def test_the_svm_of_correlated_features_against_a_search_over_two_angles(agreement, r):
    strength, weak = 4.0, 300
    s = math.sqrt(1 + (weak - 1) * r)
    # v is alpha along (1, ..., 1) and beta across, of variance s^2 and 1 - r.
    alpha, beta = np.meshgrid(*(np.linspace(0, 1, 301),) * 2, indexing="ij")
    left = 1 - alpha**2 - beta**2
    first = np.sqrt(np.maximum(left, 0))
    scale = np.hypot(s * alpha, math.sqrt(1 - r) * beta) + 1e-12

    def hinge(mean):
        z = (1 - mean) / scale
        return scale * (z * stats.norm.cdf(z) + stats.norm.pdf(z))

    loss = agreement * hinge(strength * alpha + first)
    loss += (1 - agreement) * hinge(strength * alpha - first)
    loss[left < 0] = np.inf
    at = np.unravel_index(loss.argmin(), loss.shape)
    assert beta[at] == 0
    found = tsipras2019._least_hinge(agreement, strength, 0.0, s)
    assert found[1] == pytest.approx(alpha[at], abs=0.005)
    for ratio in (0.0, 2.0):
        size = ratio * strength / math.sqrt(weak)
        mean = (1 - ratio) * strength * found[1] - size * found[0]
        sd = max(s * found[1], 1e-300)
        expected = agreement * stats.norm.cdf((mean + found[0]) / sd)
        expected += (1 - agreement) * stats.norm.cdf((mean - found[0]) / sd)
        accuracy = tsipras2019._correlated_svm_accuracy(
            strength, weak, agreement, ratio, r
        )
        assert accuracy == pytest.approx(expected, rel=1e-12)


def test_the_svm_without_correlation_is_that_of_the_claims():
    for ratio in (0.0, 1.4, 2.0):
        found = tsipras2019._correlated_svm_accuracy(4.0, 300, 0.95, ratio, 0.0)
        expected = tsipras2019._svm_accuracy(4.0, 300, 0.95, ratio)
        # both angles are found to 1e-8
        assert found == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("stronger", "alone"), [(0.0, True), (0.1, True), (2.0, 0)])
def test_the_svm_with_one_stronger_feature_against_draws(stronger, alone):
    eta, a, eps = 0.4, 0.75, 0.8
    rng = np.random.default_rng(5)
    y = rng.choice([-1.0, 1.0], 200_000)
    x = np.where(rng.random(y.size) < a, y, -y)
    V = rng.standard_normal((y.size, 3)) + eta * y[:, None]
    V[:, 0] += stronger * eta * y

    def margins(w):
        score = w[0] * x + V @ w[1:]
        return y * score - eps * np.abs(w).sum()

    def loss(w):
        return np.maximum(0, 1 - margins(w / np.linalg.norm(w))).mean()

    starts = [np.eye(4)[0], np.eye(4)[1], np.ones(4), np.array([1.0, 1.0, 0, 0])]
    best = min(
        (optimize.minimize(loss, w, method="Nelder-Mead") for w in starts),
        key=lambda found: found.fun,
    )
    w = best.x / np.linalg.norm(best.x)
    found = tsipras2019._stronger_svm_accuracy(eta, a, eps, stronger)
    assert (abs(w[0]) > 0.999) == alone
    assert found == pytest.approx((margins(w) > 0).mean(), abs=0.01)
    assert (found == pytest.approx(a)) == alone


# --- Scores that are not linear ------------------------------------------------------


@pytest.mark.parametrize("density", [1.0, 0.5, 0.0])
def test_the_vertex_of_sparse_weights_against_all_points_of_a_grid(density):
    d, eps, curvature = 6, 0.1, 0.8
    w = goodfellow2014._weights(d, density)
    cube = eps * np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=d)))
    change = cube @ w + curvature * (cube**2).sum(axis=1) / 2
    lhs, rhs = sides(
        goodfellow2014, "linear-growth", "linear", density=density, curvature=0.8, d=d
    )
    assert lhs == pytest.approx(np.abs(change).max(), rel=1e-13)
    # a term grows like d, however few weights there are
    linear = 0.1 * np.abs(w).sum()
    assert lhs == pytest.approx(linear + 0.01 * d * 0.8 / 2, rel=1e-12)
    assert rhs == density


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, math.inf])
@pytest.mark.parametrize("s", [0.0, 0.3])
def test_changes_of_a_score_that_saturates_against_directions(p, s):
    d = 2
    w = goodfellow2014._weights(d)
    angle = np.linspace(0, 2 * math.pi, 40_001)
    step = np.stack([np.cos(angle), np.sin(angle)])
    step *= 0.1 / np.linalg.norm(step, p, axis=0)
    change = w @ step
    if s:
        change = (1 - np.exp(-2 * s * change)) / (1 + np.exp(-2 * s * change)) / s
    lhs, rhs = sides(goodfellow2014, "growth-by-norm", "linear", p=p, saturation=s, d=d)
    assert lhs == pytest.approx(np.abs(change).max(), rel=1e-6)
    assert rhs == pytest.approx(1 - 1 / p)
    assert goodfellow2014._saturated(math.inf, 2.0, 10**4) == pytest.approx(0.5)


@pytest.mark.parametrize("shape", ["spread", "equal"])
def test_a_curved_score_changes_more_than_the_length_explains(shape):
    d, eps, c = 9, 0.2, 0.5
    w = goodfellow2014._weights(d) if shape == "spread" else np.full(d, 2.0)
    lhs, rhs = sides(
        goodfellow2014, "l2-size", "linear", shape=shape, d=d, eps=eps, curvature=c
    )
    # |eta|^2 = eps^2 d
    assert lhs == pytest.approx(eps * np.abs(w).sum() + c * eps**2 * d / 2, rel=1e-12)
    assert rhs == pytest.approx(eps * 3 * math.sqrt(math.fsum(w**2)), rel=1e-12)


@pytest.mark.parametrize(("d", "c"), [(1, 0.7), (3, 0.7), (3, 0.0), (10, 0.1)])
def test_worst_losses_of_a_concave_score_against_its_expansion(d, c):
    eps = 0.6
    X, _, w, b = goodfellow2014._problem(d, 0.0)
    worst, tangent, slopes, now = [], [], [], []
    for x in X:
        f = w @ x + b - c * (x @ x) / 2
        g = w - c * x
        # f(x + eta) = f + <g, eta> - c |eta|^2/2 is least at -eps sign(g)
        least = f - eps * np.abs(g).sum() - c * eps**2 * d / 2
        worst.append(math.log1p(math.exp(-least)))
        tangent.append(math.log1p(math.exp(-(f - eps * np.abs(g).sum()))))
        slopes.append(eps * np.abs(g).sum())
        now.append(math.log1p(math.exp(-f)))
    point = {"d": d, "eps": eps, "curvature": c}
    lhs, rhs = sides(goodfellow2014, "adversarial-loss", "linear", **point)
    assert lhs == pytest.approx(np.mean(worst), rel=1e-12)
    assert rhs == pytest.approx(np.mean(tangent), rel=1e-12)
    lhs, rhs = sides(goodfellow2014, "penalty-overestimates", "linear", **point)
    assert lhs == pytest.approx(np.mean(worst) - np.mean(slopes), rel=1e-12)
    assert rhs == pytest.approx(np.mean(now), rel=1e-12)


def test_the_loss_without_curvature_is_that_of_the_claims():
    problem = goodfellow2014._problem(5, 0.0)
    found = goodfellow2014._tangent_loss(5, 0.25, 0.0)
    assert found == pytest.approx(goodfellow2014.printed_loss(*problem, 0.25))
    less = goodfellow2014._less_slopes(5, 0.25, 0.0)
    assert less == pytest.approx(goodfellow2014._less_penalty(5, 0.0, 0.25))


# --- Slopes and functions of Hein and Andriushchenko ---------------------------------


@pytest.mark.parametrize("short", [0.0, 0.25])
def test_the_radius_by_a_norm_that_is_short(short):
    gamma, step = 4.0, -math.expm1(-(0.05**2))  # 1 - k(z, z')
    # f = 2 step and H^2 = 2 step, so that f^2/(2 H^2) = step
    drop = step / (1 - short) ** 2
    lhs, rhs = sides(
        hein2017, "norm-radius", "slope", case="pair", d=2, gamma=gamma, short=short
    )
    assert lhs == pytest.approx(math.sqrt(-math.log1p(-drop) / gamma), rel=1e-9)
    # the boundary is at the other centre
    assert rhs == pytest.approx(0.05 / math.sqrt(gamma), rel=1e-6)


@pytest.mark.parametrize("short", [0.0, 0.1, 0.5])
def test_the_radius_by_a_local_slope_that_is_short(short):
    """One term: L(R) is an extreme over pairs, here of one."""
    gamma, d = 0.5, 2
    r = math.sqrt(0.5 / gamma)  # the distance of x and the centre
    value = math.exp(-0.5) - math.exp(-((math.sqrt(0.5) + 1e-4) ** 2))

    def slope(R):
        # |y - z|^2 <= (r + R)^2 and |y - z| >= r - R: each factor at its extreme
        return 2 * gamma * (r + R) * math.exp(-gamma * (r - R) ** 2)

    expected = optimize.brentq(
        lambda R: (1 - short) * slope(R) * R - value, 0, r, xtol=1e-16
    )
    lhs, rhs = sides(
        hein2017,
        "local-radius",
        "slope",
        case="inflection",
        d=d,
        gamma=gamma,
        short=short,
    )
    assert lhs == pytest.approx(expected, rel=1e-7)
    assert rhs == pytest.approx(1e-4 / math.sqrt(gamma), rel=1e-6)
    assert (lhs > rhs) == (short > 0)


@pytest.mark.parametrize("p", [1.0, 2.0, math.inf])
@pytest.mark.parametrize("c", [0.0, 1.0])
def test_distances_of_a_curved_function_against_all_directions(p, c):
    W, b, x = hein2017._affine_case(2)
    f = W @ x + b
    best = int(f.argmax())
    turns = np.linspace(0, 2 * math.pi, 40_001)
    steps = np.stack([np.cos(turns), np.sin(turns)])
    steps /= np.linalg.norm(steps, p, axis=0)
    # the corners of the balls of p = 1 and infinity are among the directions
    half = c * (steps**2).sum(axis=0) / 2
    found = np.inf
    for j in set(range(len(W))) - {best}:
        gap, fall = f[best] - f[j], (W[j] - W[best]) @ steps
        # half t^2 + fall t = gap for the first t > 0
        with np.errstate(divide="ignore"):
            t = 2 * gap / (fall + np.sqrt(fall**2 + 4 * half * gap))
        found = min(found, t.min())
    lhs, rhs = sides(hein2017, "affine", "affine", d=2, p=p, curvature=c)
    assert rhs == pytest.approx(found, rel=1e-7)
    assert lhs == pytest.approx(hein2017._affine_distance(2, p), rel=1e-9)
    assert (lhs > rhs * (1 + 1e-6)) == (c > 0)


def test_the_constant_of_a_short_slope_leaves_the_sign():
    for case, short in itertools.product(("pair", "inflection", "many"), (0.3, 0.9)):
        model, X = hein2017._expansion(case, 3, 2.0)
        value = float(model.decision_function(X)[0])
        raised = float(
            hein2017._expansion(case, 3, 2.0, short)[0].decision_function(X)[0]
        )
        assert raised == pytest.approx(value / (1 - short), rel=1e-9)


# --- Robust gradients, neighbours, kernels of convolutions ---------------------------


@pytest.mark.parametrize(
    ("condition", "h"), [(1.25, 0.0), (1.25, math.sqrt(0.2)), (4.0, 0.5)]
)
def test_robust_gradients_of_two_covariances_against_their_definition(condition, h):
    eps = 0.3
    # the classes' variances, and s of both from one penalty that spends eps^2
    v = np.array([[1.0, condition * (1 + h)], [1.0, condition * (1 - h)]])

    def robust(penalty):
        def excess(s, variance):
            return (s - 1 / penalty) ** 2 - variance * s

        return np.array(
            [
                [optimize.brentq(excess, 1 / penalty, 1e9, (x,), 1e-13) for x in row]
                for row in v
            ]
        )

    def spent(log_penalty):
        s = robust(math.exp(log_penalty))
        delta = v / (math.exp(log_penalty) * s - 1) ** 2
        return delta.sum(axis=1).mean() - eps**2

    penalty = math.exp(optimize.brentq(spent, -5, 8, xtol=1e-13))

    def least_cosine(variances):
        def cosine(angle):
            mu = np.array([math.cos(angle), math.sin(angle)])
            gradient = (mu / variances).sum(axis=0)
            return gradient @ mu / np.linalg.norm(gradient)

        found = optimize.minimize_scalar(
            cosine, bounds=(0, math.pi / 2), method="bounded", options={"xatol": 1e-10}
        )
        return found.fun

    lhs, rhs = sides(
        ilyas2019,
        "alignment-of-robust-gradients",
        "one covariance",
        d=2,
        condition=condition,
        eps=eps,
        unequal=h,
    )
    assert lhs == pytest.approx(least_cosine(v), abs=1e-9)
    assert rhs == pytest.approx(least_cosine(robust(penalty)), abs=1e-9)
    if condition == 1.25 and h:
        assert lhs == pytest.approx(1, abs=1e-15)
        assert rhs < 1 - 1e-6


@pytest.mark.parametrize("h", [1.5, 3.0])
@pytest.mark.parametrize("order", [2.0, 3.0, 10.0])
def test_the_ratio_of_distance_and_bound_in_another_norm(h, order):
    # By symmetry and convexity (0, t) is nearest: |(1, t)| = h - t.
    t = optimize.brentq(
        lambda t: (1 + t**order) ** (1 / order) - (h - t), 0, h, xtol=1e-14
    )
    bound = (h * h - 1) / (2 * (1 + h**order) ** (1 / order))
    lhs, rhs = sides(wang2019, "gap", "Euclidean", h=h, order=order)
    assert lhs == pytest.approx(t / bound, rel=1e-9)
    assert rhs == pytest.approx(math.sqrt(1 + 1 / h**2), rel=1e-14)
    assert (lhs == pytest.approx(rhs, rel=1e-9)) == (order == 2)


@pytest.mark.parametrize("order", [2.0, 4.0])
def test_the_example_of_the_norms_has_no_nearer_step_off_the_axis(order):
    """All steps of a grid that are nearer than the distance keep the decision."""
    ticks = np.linspace(-1.5, 1.5, 301)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)

    def norm(x):
        return np.linalg.norm(x, order, axis=1)

    own = ((-1.0, 0.0), (1.0, 0.0))
    distance = wang2019._in_norm(order, own, (0.0, 2.0))[1]
    inside = grid[norm(grid) < distance - 1e-9]
    nearest = np.minimum(norm(inside - own[0]), norm(inside - own[1]))
    assert len(inside) > 1000
    assert (norm(inside - [0.0, 2.0]) > nearest).all()


@pytest.mark.parametrize("weaker", [0.0, 0.3, 1.0])
def test_the_code_for_kernels_that_fit_against_padded_correlations(weaker):
    k, n = 3, 4
    kernel = cosine_kernel(k)
    # y[d] = sum w[d, c, u] x[c, . + u - 1], pixels beyond the edge weakened
    columns = []
    for unit in np.eye(2 * n * n):
        x = unit.reshape(2, n, n)
        y = [
            sum(
                (1 - weaker) * correlate(x[c], kernel[d, c], mode="wrap")
                + weaker * correlate(x[c], kernel[d, c], mode="constant")
                for c in range(2)
            )
            for d in range(2)
        ]
        columns.append(np.ravel(y))
    truth = np.linalg.svd(np.array(columns), compute_uv=False)
    values = sedghi2019.cropped_singular_values(kernel, n)
    expected = np.abs(values - truth).max() / truth[0]
    lhs, rhs = sides(sedghi2019, "cropped-kernels", "circular", k=k, n=n, weaker=weaker)
    assert lhs == pytest.approx(expected, abs=1e-13)
    assert (lhs <= rhs) == (weaker == 0)


# --- Weights heavier than those of the Hilbert kernel --------------------------------


@pytest.mark.parametrize("ratio", [1.0, 1.2, 2.0])
def test_shares_of_errors_of_heavier_weights_against_draws(ratio):
    rng = np.random.default_rng(7)
    drawn = [
        np.where(rng.random((4000, 1000)) < 0.2, w, -w).sum(axis=1) > 0
        for w in (rng.random((4000, 1000)) ** -ratio for _ in range(5))
    ]
    assert near(np.ravel(drawn), devroye1998._share(1000, 0.2, ratio))


@pytest.mark.parametrize("ratio", [1.2, 1.5, 2.0])
@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_shares_of_errors_tend_to_that_of_a_stable_law(ratio, noise):
    # P(D > 0) of the stable law of index a and skewness -(1 - 2 nu), by Zolotarev
    a = 1 / ratio
    tail = math.atan(-(1 - 2 * noise) * math.tan(math.pi * a / 2)) / (math.pi * a)
    found = devroye1998._share(1e100, noise, ratio)
    assert found == pytest.approx(0.5 + tail, abs=1e-11)


@pytest.mark.parametrize("n", [1e3, 1e10, 1e100])
def test_shares_of_errors_join_those_of_the_hilbert_kernel(n):
    found = [devroye1998._share(n, 0.1, 1 + s) for s in (2e-5, 1e-5)]
    expected = devroye1998.hilbert_error_share(n, 0.1)
    assert 2 * found[1] - found[0] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("n", [1e3, 1e6])
def test_shares_of_errors_by_the_law_of_one_weight(n):
    """The characteristic function by 30-digit integrals in place of the series."""
    ratio, noise = 1.5, 0.2
    a = 1 / ratio

    def at(log_tau):
        t = mpmath.exp(log_tau - math.log(n) / a)
        one = a * mpmath.expint(a + 1, -1j * t)
        phi = one.real - 1j * (1 - 2 * noise) * one.imag
        return float((phi**n).imag)

    step = 0.1
    with mpmath.workdps(30):
        found = 0.5 + step * sum(map(at, np.arange(-69, 6.5, step))) / math.pi
    assert devroye1998._share(n, noise, ratio) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("words", ["density", "exponent"])
def test_the_rate_of_errors_of_heavier_weights_is_that_of_their_share(words):
    lhs, rhs = sides(devroye1998, "error-rate", words, noise=0.2, ratio=1.5, n=1e30)
    share = 0.5 + math.atan(-0.6 * math.tan(math.pi / 3)) / (math.pi * 2 / 3)
    assert lhs == pytest.approx(share * 30 * math.log(10) / 0.2, rel=1e-9)
    assert rhs == pytest.approx(1 / 0.6)


# --- Classes that are moved ----------------------------------------------------------


def moved_moments(d, condition, shift):
    """Return a covariance, and the second moments of y x - mu of moved classes."""
    S = ilyas2019._rotated(d, condition)[1]
    rng = np.random.default_rng(8)
    m = np.full(d, shift / math.sqrt(d))
    y = rng.choice([-1.0, 1.0], 400_000)
    x = y[:, None] + m + rng.multivariate_normal(np.zeros(d), S, y.size)
    z = y[:, None] * x - 1  # mu = (1, ..., 1)
    return S, S + np.outer(m, m), z.T @ z / len(z)


def test_second_moments_of_classes_that_are_moved():
    S, exact, drawn = moved_moments(3, 4.0, 2.0)
    assert drawn == pytest.approx(exact, abs=0.05)
    z = ilyas2019._points(S, 2.0)
    assert z.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert z.T @ z / len(z) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_steps_at_classes_that_are_moved_against_traces(shift):
    d, condition, C, eye = 3, 4.0, 2.0, np.eye(3)
    S, second, _ = moved_moments(d, condition, shift)
    inverse = np.linalg.inv(S)
    # delta = A z with (C - S^-1) A = S^-1; the loss grows by z'(B' S^-1 B - S^-1) z
    A = np.linalg.inv(C * S - eye)
    B = eye + A
    grown = np.trace((B.T @ inverse @ B - inverse) @ second)
    lhs, rhs = sides(
        ilyas2019,
        "vulnerability",
        "means",
        d=d,
        condition=condition,
        excess=C - 1,
        shift=shift,
    )
    assert lhs == pytest.approx(grown, rel=1e-9)
    assert (rhs == pytest.approx(lhs, rel=1e-8)) == (shift == 0)
    robust = ilyas2019.robust_covariance(S, 1.5)
    A = np.linalg.inv(1.5 * robust - eye)
    lhs, rhs = sides(
        ilyas2019,
        "penalty-and-budget",
        "means",
        d=d,
        condition=condition,
        penalty=1.5,
        shift=shift,
    )
    assert lhs == pytest.approx(np.trace(A @ A @ second), rel=1e-9)
    assert (rhs == pytest.approx(lhs, rel=1e-8)) == (shift == 0)


@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_the_isotropic_covariance_if_classes_are_moved(shift):
    d, condition, C = 4, 9.0, 2.0
    v = ilyas2019._spectrum(d, condition)
    expected = []
    for u in (np.full(d, v.mean()), v):
        second = np.diag(u)
        second[-1, -1] += shift**2
        B = np.eye(d) + np.diag(1 / (C * u - 1))
        expected.append(np.trace((B @ B - np.eye(d)) @ np.diag(1 / u) @ second))
    found = sides(
        ilyas2019,
        "isotropic-is-least-vulnerable",
        "means",
        d=d,
        condition=condition,
        excess=C - 1,
        shift=shift,
    )
    assert found == pytest.approx(expected, rel=1e-10)
    assert (found[0] > found[1]) == (shift > 0)


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_the_robust_variance_if_classes_are_moved(shift):
    v, penalty = 2.0, 0.5
    found = optimize.minimize_scalar(
        lambda s: math.log(s) + (v + shift**2) / (s - 1 / penalty),
        bounds=(1 / penalty + 1e-6, 100),
        method="bounded",
        options={"xatol": 1e-10},
    )
    lhs, rhs = sides(
        ilyas2019,
        "robust-parameters",
        "means",
        variance=v,
        penalty=penalty,
        shift=shift,
    )
    assert lhs == pytest.approx(found.x, rel=1e-6)
    assert (rhs == pytest.approx(lhs, rel=1e-9)) == (shift == 0)
