"""Laws, rules and manifolds that break a hypothesis, against their definitions."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, optimize, spatial, special, stats

from geomadv._random import spawn
from geomadv.classifiers import LinearClassifier
from geomadv.data import Pancakes
from geomadv.perturbations import minimal_perturbation
from geomadv.theories.dimension import bhagoji2019, mahloujifar2018
from geomadv.theories.manifold import (
    carmon2019,
    khoury2018,
    schmidt2018,
    stutz2019,
    tanay2016,
    uesato2019,
)
from geomadv.theories.manifold._gaussian_model import right_labels
from geomadv.theories.oscillation import (
    _draws,
    belkin2018,
    bubeck2018,
    devroye1998,
    kannan2018,
    nakkiran2019,
    wang2019,
    zhang2019,
    zheng2016,
)


def near(draws, value, errors=5):
    """Tell whether the mean of random numbers is within standard errors of a value."""
    draws = np.asarray(draws, float)
    return abs(draws.mean() - value) < errors * draws.std() / math.sqrt(len(draws))


# --- oscillation ---------------------------------------------------------------------


@pytest.mark.parametrize(("k", "noise"), [(7, 0.3), (2, 0.1)])
def test_labels_with_one_coin(k, noise):
    rng = np.random.default_rng(1)
    w = rng.exponential(size=(200_000, k))
    wrong = _draws.wrong_labels(200_000, rng, k, noise, 0.4)
    share = belkin2018._with_one_coin(belkin2018.error_share(k, noise), noise, 0.4)
    assert near(np.where(wrong, w, -w).sum(axis=1) > 0, share)
    alike = 0.4 + 0.6 * (noise**k + (1 - noise) ** k)
    assert near(wrong.all(axis=1) | ~wrong.any(axis=1), alike)


def test_votes_of_the_hilbert_rule_with_one_coin():
    # Of points near x, |x - x_i|^d is uniform.
    rng = np.random.default_rng(6)
    w = 1.0 / rng.random((200_000, 10))
    wrong = _draws.wrong_labels(200_000, rng, 10, 0.3, 0.4)
    share = devroye1998._with_one_coin(10, 0.3, 0.4)
    assert near(np.where(wrong, w, -w).sum(axis=1) > 0, share)


def test_gaps_of_points_on_a_part_of_the_circle():
    # Two wrong points u < v of [0, 3/4]: gaps v - u and 1 - v + u.
    rng = np.random.default_rng(2)
    drawn = _draws.noisy_gaps(200_000, rng, 2, 0.6, 1.0, empty=0.25)
    # P(v - u > x) = (1 - x/0.75)^2
    share = (1 - 0.6 / 0.75) ** 2 + 1 - (1 - 0.4 / 0.75) ** 2
    assert near(drawn, share)


def test_weights_of_neighbours_that_end_before_the_edge():
    # -ln z is a standard exponential number, divided by d, and -ln(1 - hole).
    rng = np.random.default_rng(3)
    w = rng.exponential(size=(200_000, 3)) / 2 - math.log(1 - 0.4)
    expected = ((w / w.sum(axis=1, keepdims=True)) ** 2).sum(axis=1).mean()
    drawn = _draws.winn_squares(200_000, rng, 3, 2, 0.4)
    assert drawn.max() <= 1
    assert near(drawn, expected)


def test_wrong_labels_far_from_others_are_as_many_and_reach_farther():
    rng = np.random.default_rng(4)
    measure = _draws.line_measure(100_000, rng, 4, 0.3, 1.0)
    # Half of the two gaps of a point, where they are above the quantile of Beta(2, 2).
    around = stats.beta(2, 2)
    reach = around.expect(lambda x: x, lb=around.isf(0.3), ub=1)
    assert near(measure, 4 * reach / 2)


@pytest.mark.parametrize("waves", [1.0, 7.3])
def test_squared_errors_on_the_circle_by_interpolation(waves):
    rng = np.random.default_rng(5)
    squares = []
    for _ in range(4000):
        x = np.sort(rng.random(5))
        x = np.concatenate([x - 1, x, x + 1])
        q = rng.random()
        eta = 0.5 + 0.4 * np.cos(2 * math.pi * waves * (q + (x - q)))
        high = int(np.searchsorted(x, q))
        y = (rng.random(2) < eta[high - 1 : high + 1]).astype(float)
        found = np.interp(q, x[high - 1 : high + 1], y)
        squares.append((found - 0.5 - 0.4 * np.cos(2 * math.pi * waves * q)) ** 2)
    drawn = _draws.simplicial_squares(200_000, rng, 5, 0.8, waves)
    assert near(squares, drawn.mean())


@pytest.mark.parametrize("k", [1, 3, 5])
def test_right_decisions_of_a_majority(k):
    rng = spawn(0, "belkin2018", 12, 2, "k")
    X, y = rng.random((12, 2)), np.where(rng.random(12) < 0.3, -1, 1)
    y[:2] = -1, 1
    order = np.argsort(np.linalg.norm(X[:, None] - X, axis=2), axis=1)[:, :k]
    right = (y[order].sum(axis=1) > 0) & (y == -1)
    assert belkin2018._rightly_decided(12, 2, k) == right.sum()


def test_radii_where_points_are_rare():
    ticks = np.arange(100) / 100
    grid = np.array(list(itertools.product(ticks, ticks)))
    found = []
    for i in range(4):
        P = spawn(0, "belkin2018", 50, 2, i).random((50, 2)) ** [1 / 3, 1]
        found.append(spatial.cKDTree(P, boxsize=1.0).query(grid)[0].max())
    radius = belkin2018._mean_radius(50, 2, 2)
    assert np.mean(found) <= radius <= np.mean(found) + math.sqrt(0.5) / 100


@pytest.mark.parametrize("a", [1, 2, 3])
def test_weights_of_another_exponent(a):
    rng = np.random.default_rng(a)
    w = rng.random((100_000, 5)) ** (-1 / a)
    assert near((w**2).sum(axis=1) / w.sum(axis=1) ** 2, devroye1998._variance(5, a))
    assert near(w[:, 0] > w[:, 1:].sum(axis=1), devroye1998._takeover(5, a))
    drawn = devroye1998._ball(100_000, rng, 5, 3, 1 / a)
    drawn_ratio = (drawn**2).sum(axis=1) / drawn.sum(axis=1) ** 2
    assert near(drawn_ratio, devroye1998._variance(5, a))


def test_other_variances_against_a_quadrature():
    for a, n in itertools.product((1, 2), (2.0, 1e4)):

        def integrand(x, a=a, n=n):
            t = math.exp(x)
            alone = 1 - (1 - math.exp(-t)) - t * special.expn(a, t)
            return n * a * t**2 * special.expn(a - 1, t) * alone ** (n - 1)

        value = integrate.quad(integrand, -40, 4, limit=400, epsabs=1e-13)[0]
        assert devroye1998._variance(n, a) == pytest.approx(value, rel=1e-7)


def test_the_average_of_another_density():
    # P(|x| <= r) = (2 r)^1.9 for the density |x|^0.9; weights |x|^-0.4.
    r = np.random.default_rng(6).random(400_000) ** (1 / 1.9) / 2
    w, eta = r**-0.4, 0.5 + np.cos(2 * math.pi * r) / 2
    value = (w * eta).mean() / w.mean()
    assert devroye1998._average(0.4 - 0.9) == pytest.approx(value, abs=3e-3)


def test_a_cubic_term_against_all_steps():
    w, bend = kannan2018._weights(2), 0.3
    turn = np.linspace(0, 2 * math.pi, 100_001)
    t = 0.7 * np.column_stack([np.cos(turn), np.sin(turn)]) @ w
    value = kannan2018._cubic(kannan2018._worst_pair(2, 2, 0.7), bend)
    assert value == pytest.approx(((t + bend * t**3) ** 2).max(), rel=1e-8)


@pytest.mark.parametrize(("k", "cuts", "bias"), [(3, 1, 0.0), (4, 2, 0.3), (3, 3, 0.5)])
def test_rules_of_the_sum_against_all_bits(k, cuts, bias):
    bits = np.array(list(itertools.product((0, 1), repeat=k)))
    up = (1 + bias) / 2
    mass = np.where(bits == 1, up, 1 - up).prod(axis=1)
    parity = (-1.0) ** bits.sum(axis=1)
    best = 0.0
    for sign, *places in itertools.product((-1, 1), *[np.arange(k + 1) + 0.5] * cuts):
        rule = sign * np.sign(
            np.prod([bits.sum(axis=1) - place for place in places], axis=0)
        )
        best = max(best, float(mass @ (rule * parity)))
    found = nakkiran2019._best_of_sum(k, cuts, bias)
    assert found == pytest.approx(best, abs=1e-14)


def test_parities_that_a_constant_tells():
    means = np.array([0.6 ** sum(s) for s in itertools.product((0, 1), repeat=5)])
    best = max(np.count_nonzero(means >= t) * t**2 for t in means)
    assert nakkiran2019._told_at_once(5, 0.6) == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("order", [2.0, 3.0])
def test_neighbours_by_another_norm(order):
    def norm(x):
        return np.linalg.norm(x, order)

    found = optimize.minimize(
        norm,
        [0.6, -0.3],
        constraints={
            "type": "eq",
            "fun": lambda x: norm(x - [2, 0]) - norm(x - [0, 1]),
        },
        tol=1e-12,
    )
    bound, distance = wang2019._in_norm(order)
    assert distance == pytest.approx(found.fun, rel=1e-5)
    assert bound == pytest.approx(1.5 / norm(np.array([2, -1])), rel=1e-12)


def test_the_ratio_with_an_own_point_moved():
    # Nearer to (0, 2) than to (-1, 0) and (1.5, 0): two half-planes.
    far, s = np.array([[-1.0, 0.0], [1.5, 0.0]]), np.array([0.0, 2.0])
    found = optimize.minimize(
        lambda x: x @ x,
        [0.0, 1.5],
        constraints={
            "type": "ineq",
            "fun": lambda x: ((x - far) ** 2).sum(axis=1) - ((x - s) ** 2).sum(),
        },
        tol=1e-14,
    )
    # The bound is the larger of the distances to the two bisectors.
    lines = [(4 - z @ z) / (2 * np.linalg.norm(s - z)) for z in far]
    expected = math.sqrt(found.fun) / max(lines)
    assert wang2019._measured_ratio(2.0, 0.5) == pytest.approx(expected, rel=1e-6)


def test_features_that_are_not_linear_against_noisy_copies():
    rng = np.random.default_rng(7)
    X, y = zheng2016._data(2, 0)
    z = X + 0.3 * X**2
    u = 1.5 * rng.standard_normal((400_000, 1, 2))
    moved = X[rng.integers(60, size=400_000)][:, None] + u
    start = moved - u
    change = (moved + 0.3 * moved**2 - start - 0.3 * start**2)[:, 0]
    penalty = change.T @ change / 400_000
    Z, t = z - z.mean(axis=0), y - y.mean()
    gram, target = Z.T @ Z / 60 + 5e-3 * np.eye(2), Z.T @ t / 60
    norms = [
        np.linalg.norm(np.linalg.solve(gram + 2.0 * part, target))
        for part in (penalty, 2.25 * np.eye(2))
    ]
    found = zheng2016._curved_norm(2, 1.5, 2.0, 0.3)
    assert found == pytest.approx(norms[0] / norms[1], rel=0.01)


def test_a_cubic_term_and_uneven_noise_against_random_steps():
    A, w, X = zheng2016._quadric(2)
    u = 0.4 * np.random.default_rng(8).standard_normal((400_000, 2)) * [1.5, 1.0]

    def f(x):
        return np.einsum("ij,jk,ik->i", x, A, x) + x @ w + 0.7 * x[:, 0] ** 3

    found = zheng2016._penalty_by_rule(2, 0.4, cubic=0.7, more=0.5)
    assert near((f(X + u) - f(X)) ** 2, found)


@pytest.mark.parametrize("apart", [0.0, 0.3])
def test_pancakes_farther_apart(apart):
    a, w = np.polynomial.hermite_e.hermegauss(3)
    w, r = w / w.sum(), math.sqrt(1 - 0.4**2)
    means = [
        sum(
            share * stats.norm(r * (1 + apart) * at, 0.4).expect(f)
            for at, share in zip(a, w, strict=True)
        )
        for f in (lambda t: t**4, lambda t: special.eval_hermitenorm(4, t))
    ]
    found = bubeck2018._moment_apart(3, 4, 0.4, apart)
    assert found == pytest.approx(means[0], rel=1e-8)
    squares = bubeck2018._squares_apart(3, 0.4, apart)
    assert squares[3] == pytest.approx(means[1] ** 2 / 24, rel=1e-8, abs=1e-15)
    if apart == 0:
        chi2 = float(bubeck2018.correlation(1.0, 3, 0.4))
        assert squares.sum() == pytest.approx(chi2, rel=1e-9)


def test_mistakes_along_a_turned_direction():
    law = Pancakes(2, (1, 2), 0.2)
    one, two = (law.mixture(y) for y in (-1, 1))
    t = np.linspace(-8, 8, 400_001)
    turned = [
        sum(
            share
            * stats.norm.pdf(
                t, math.cos(0.6) * at, math.hypot(0.2 * math.cos(0.6), math.sin(0.6))
            )
            for share, at in zip(z.weights, z.means, strict=True)
        )
        for z in (one, two)
    ]
    second = two.log_density(t) > one.log_density(t)
    value = np.where(second, *turned).sum() * (t[1] - t[0]) / 2
    drawn = bubeck2018._mistakes(200_000, np.random.default_rng(9), (1, 2), 0.6)
    assert near(drawn, value)


def test_least_risks_over_blocks():
    mass, eta, f, _ = zhang2019._problem(4, 1.0)
    grid = np.linspace(-2, 2, 4001)

    def risk(a, q):
        return q * np.maximum(1 - a, 0) + (1 - q) * np.maximum(1 + a, 0)

    least = sum(
        min(mass[i : i + 3] @ risk(a, eta[i : i + 3]) for a in grid)
        for i in range(0, 12, 3)
    )
    found = zhang2019._over_blocks(4, 3)
    assert found == pytest.approx(mass @ risk(f, eta) - least, abs=1e-12)


def test_a_loss_that_is_scaled_but_not_its_transform():
    # For the hinge the transform is the identity.
    excess = zhang2019._excess_surrogate(2, 3.0, "hinge")
    found = zhang2019._rescaled_bound(2, "hinge", 0.75)
    scaled = min(0.25 * excess, 1.0)
    assert found == pytest.approx(scaled + zhang2019._boundary(2, 3.0), rel=1e-12)
    # (1 + f) theta, f = -2^-8, and phi(2^8) = 0
    bound = zhang2019._tight(0.5, 8, "hinge", 0.2)
    assert bound == pytest.approx(0.8 * 0.5 * (1 + 2.0**-8), rel=1e-12)
    assert zhang2019._tight(0.5, 1, "logistic", 1.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rule", ["Bayes", "constant"])
def test_uneven_cells_against_a_grid(rule):
    x = (np.arange(1000) + 0.5) / 1000
    cell = np.searchsorted([0.3, 0.5, 0.75], x)
    decided = np.where(cell % 2, 1, -1) if rule == "Bayes" else np.full(1000, -1)
    lower, upper = (
        np.array([pick(decided[max(i - 100, 0) : i + 101]) for i in range(1000)])
        for pick in (min, max)
    )
    label = np.where(cell % 2, 1, -1)
    robust = np.mean((lower != label) | (upper != label))
    found = zhang2019._uneven(0.2, 0.4, rule)
    assert float(found.robust) == pytest.approx(robust, abs=8e-3)


# --- manifolds -----------------------------------------------------------------------


def test_wrong_labels_against_averages():
    rng, theta = np.random.default_rng(10), np.ones(2000)
    cosines = []
    for _ in range(20):
        noise = 2.0 / math.sqrt(50) * rng.standard_normal(2000)
        average = theta * (40 - 10) / 50 + noise  # 10 of 50 are wrong
        cosines.append(average.sum() / np.linalg.norm(average) / math.sqrt(2000))
    n = right_labels(50, 0.2)
    assert near(cosines, 1 / math.sqrt(1 + 4 / n))


def test_a_longer_mean_against_random_averages():
    d, sigma = carmon2019._setting(0.3, 1.0, 40)
    d, rng = round(d), np.random.default_rng(11)
    w = 1.5 + sigma / math.sqrt(40) * rng.standard_normal((40, d))
    margin = 1.5 * w.sum(axis=1) - 0.3 * np.abs(w).sum(axis=1)
    robust = special.ndtr(-margin / sigma / np.linalg.norm(w, axis=1))
    found = carmon2019._few(0.3, 1.0, 40, longer=1.5)[1]
    assert robust.mean() == pytest.approx(found, rel=0.05)


def test_a_label_that_is_wrong_now_and_then():
    rng = np.random.default_rng(12)
    m = round(4 * 0.5**2 * 64)
    # The negative classifier errs where this one is right.
    right = uesato2019.self_training_errors(4096, 4.0, 1, m, 0.5, 40, rng).mean(axis=0)
    found = uesato2019._mostly_right(4096.0, 0.5, 4.0, 0.1)
    assert 0.9 * right[1] + 0.1 * (1 - right[0]) == pytest.approx(found, rel=0.05)


@pytest.mark.parametrize("heavy", [0.25, 1.0])
def test_noise_with_heavy_tails(heavy):
    w = schmidt2018._weights(20)
    margin = (w.sum() - 0.3 * np.linalg.norm(w)) / np.linalg.norm(w) / 3
    drawn = schmidt2018._attacked(
        100_000, np.random.default_rng(13), 20, 3.0, 0.3, 2.0, heavy
    )
    assert near(drawn, stats.t(1 / heavy).cdf(-margin))


def test_an_average_that_is_longer_and_labels_that_are_wrong():
    rng = np.random.default_rng(14)
    average = 1.5 * 1.4 / 2 * rng.standard_normal((20_000, 30))
    bound = schmidt2018.norm_bound(0.0, 30, 1.5, 4, 0.5)
    share = (np.linalg.norm(average, axis=1) >= bound).mean()
    drawn = schmidt2018._too_long(20_000, rng, 0.0, 30, 0.5, 0.4)
    assert drawn.mean() == pytest.approx(share, abs=0.025)
    bound = schmidt2018.inner_product_bound(3.0, 0.5, 4, 0.1)
    product = (1 - 2 * 0.1) * 9 + 0.5 * 3 / 2 * rng.standard_normal(100_000)
    found = schmidt2018._low_product(3.0, 0.5, 4, 0.1, 0.1)
    assert near(product <= bound, found)


def test_a_classifier_on_a_circle():
    c, normal = 0.6, 0.8
    # The plane of the circle and v; the circle of radius 1/c passes through 0 along t.
    x = np.array([math.sin(c) / c, (1 - math.cos(c)) / c, 0.0])
    w = np.array([1.0, 0.0, normal])
    tangent = np.array([math.cos(c), math.sin(c), 0.0])
    model = LinearClassifier.from_parameters(w, 0.0)
    delta = minimal_perturbation(model, x[None]).delta[0]
    off = np.linalg.norm(delta - delta @ tangent * tangent) / np.linalg.norm(delta)
    fraction, length, defended = stutz2019._on_an_arc(normal, c)
    assert fraction == pytest.approx(off, rel=1e-9)
    assert length == pytest.approx(np.linalg.norm(delta), rel=1e-9)
    # Projected, a point is decided by its angle about the centre: across the line
    # through the centre and 0.
    assert defended == pytest.approx(abs(x[0]), rel=1e-12)


def test_a_quadratic_term_of_the_rule():
    rng = np.random.default_rng(15)
    drawn = stutz2019._bent_errs(200_000, rng, 0.5, 0.8)
    law = stats.multivariate_normal(cov=[[1, math.cos(0.5)], [math.cos(0.5), 1]])
    wrong = 0.0
    # f > 0 outside of [-1.25, 0]
    for low, high, truth in ((-1.25, 0, 1), (0, 9, -1), (-9, -1.25, -1)):
        ends = (0, 9) if truth > 0 else (-9, 0)
        wrong += law.cdf([ends[1], high], lower_limit=[ends[0], low])
    assert near(drawn, wrong)


def test_directions_that_prefer_the_manifold():
    rng = np.random.default_rng(16)
    g = rng.standard_normal((100_000, 12)) * np.repeat([1, math.sqrt(0.6)], [4, 8])
    share = (g[:, 4:] ** 2).sum(axis=1) / (g**2).sum(axis=1)
    drawn = stutz2019._squares(100_000, rng, 4, 12, 0.4)
    assert near(share, drawn.mean(), 8)


@pytest.mark.parametrize("angle", [0.5, 1.4])
def test_the_strength_of_a_circle_against_distances(angle):
    k, c = 0.3, np.array([math.cos(angle), math.sin(angle)])
    to = [1 / k - np.linalg.norm(p - c / k) for p in ([-1.0, 0.0], [1.0, 0.0])]
    # Outside of it for the class -1, inside for +1.
    expected = 2 / (to[1] - to[0])
    found = tanay2016._strength_of_circle(angle, k)
    assert found == pytest.approx(expected, rel=1e-10)


def test_errors_of_a_circle_and_of_heavy_tails():
    rng = np.random.default_rng(17)
    x = np.array([1.0, 0.0]) + rng.standard_normal((200_000, 2)) * np.sqrt([0.25, 0.1])
    centre = np.array([math.cos(1.0), math.sin(1.0)]) / 0.5
    wrong = np.linalg.norm(x - centre, axis=1) > 1 / 0.5
    drawn = tanay2016._errs(200_000, rng, 1.0, 1.0, 0.25, 0.1, 0.5)
    assert near(drawn, wrong.mean(), 8)
    noise = rng.standard_normal((200_000, 2)) * np.sqrt([0.25, 0.1])
    noise /= np.sqrt(rng.chisquare(4, 200_000) / 4)[:, None]
    wrong = (1 + noise[:, 0]) * math.cos(1.0) + noise[:, 1] * math.sin(1.0) < 0
    assert near(wrong, tanay2016._heavy_error(1.0, 1.0, 0.25, 0.1, 0.25))


def test_errors_without_variance_across_a_circle():
    (claim,) = [
        c for c in tanay2016.CLAIMS if c.id == "tanay2016.strength-without-error"
    ]
    x = 1.0 + 0.5 * np.random.default_rng(18).standard_normal(200_000)
    centre = np.array([math.cos(1.4), math.sin(1.4)]) / 0.5
    wrong = np.hypot(x - centre[0], centre[1]) > 1 / 0.5
    found = claim.hypotheses[0].evidence.lhs(angle=1.4, curvature=0.5, thinness=10**9)
    assert near(wrong, found)


def test_classes_of_unequal_variances():
    rng = np.random.default_rng(19)
    mu = np.array([0.3, 0.1])
    w = np.linalg.solve(np.diag([1.0, 0.1]) + 0.2 * np.eye(2), mu)
    wrong = [
        (mu + rng.standard_normal((100_000, 2)) * np.sqrt([v, 0.1])) @ w < 0
        for v in (1.5, 0.5)
    ]
    assert near(np.concatenate(wrong), tanay2016._unequal_error(0.2, 0.5))


def test_wrong_samples_between_others():
    # Samples at multiples of 4, points 0.3 above: halfway between the wrong ones
    # at 0 and 4 the right ones at -4 and 8 are 6 away.
    found = khoury2018._nearest_margin(1.0, 0.3, 2.0, 2)
    assert found == pytest.approx(math.hypot(2, 0.3) - math.hypot(6, 0.3), rel=1e-12)


@pytest.mark.parametrize(("k", "larger", "finer"), [(1, 0.2, 0.0), (2, 0.1, 0.3)])
def test_larger_balls_about_a_finer_grid(k, larger, finer):
    rng = np.random.default_rng(20)
    t = rng.random(200_000) ** (1 / (6 - k))
    cell = (rng.random((200_000, k)) - 0.5) * 2 * (1 - finer) / math.sqrt(k)
    covered = t**2 + (cell**2).sum(axis=1) <= (1 + larger) ** 2
    assert near(covered, khoury2018._covered(k, 6, larger, finer))


def test_l_inf_axes_of_other_spheres():
    # l_inf distance to a surface: the least s at which the cube of size s reaches it.
    def reaches(gap):
        return optimize.brentq(gap, 0, 3)

    s = khoury2018._moved_height(5, 0.4)
    x = np.array([1 + s, 0, 0, 0, 0])
    outer = reaches(lambda r: np.linalg.norm(np.abs(x + 0.4 * (x > 0)) + r) - 3)
    inner = reaches(lambda r: np.linalg.norm(np.maximum(np.abs(x) - r, 0)) - 1)
    assert inner == pytest.approx(outer, rel=1e-9)
    s = khoury2018._height_in_norm(5, 3.0)
    x = np.array([1 + s, 0, 0, 0, 0])
    outer = reaches(lambda r: np.linalg.norm(np.abs(x) + r, 3) - 3)
    inner = reaches(lambda r: np.linalg.norm(np.maximum(np.abs(x) - r, 0), 3) - 1)
    assert inner == pytest.approx(outer, rel=1e-9)


# --- dimension -----------------------------------------------------------------------


@pytest.mark.parametrize("apart", [0.0, 0.7, 2.0])
def test_rules_for_classes_of_two_halves_against_a_grid(apart):
    x = np.linspace(-9, 9, 100_001)
    one, two = (
        (stats.norm.pdf(x, c - apart) + stats.norm.pdf(x, c + apart)) * 9e-5
        for c in (0.6, -0.6)
    )
    threshold, bayes = bhagoji2019._two_humps(apart, 0.4)
    assert bayes == pytest.approx(np.minimum(one, two).sum() / 2, rel=1e-5)
    wrong = (np.cumsum(one) + 1 - np.cumsum(two)).min() / 2
    assert threshold == pytest.approx(wrong, abs=1e-3)


@pytest.mark.parametrize(("values", "least", "first"), [(2, 4, 4), (3, 8, 9)])
def test_growth_with_more_values_than_two(values, least, first):
    # In the square {0, 1, 2}^2 three points of a corner miss one point, those of a line
    # none; the square {0, 1}^2 is as near as its corner.
    assert mahloujifar2018._least_and_first(values, 2, 3) == (least, first)


def test_the_first_points_are_those_of_the_simplicial_order():
    for size in (2, 4, 5):
        count = mahloujifar2018._hamming(3).enlargement_count(size, 1)
        assert mahloujifar2018._least_and_first(2, 3, size) == (count, count)
