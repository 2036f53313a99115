"""Broken variants of claims on two and three classes, against other routes."""

import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from geomadv.theories.statistics import dobriban2020, min2021
from geomadv.theories.statistics.dobriban2020 import best_on_the_line


def near(draws, value, errors=5):
    """Tell whether the mean of random numbers is within standard errors of a value."""
    draws = np.asarray(draws, float)
    return abs(draws.mean() - value) < errors * stats.sem(draws)


def claim_of(paper, name):
    (claim,) = [c for c in paper.CLAIMS if c.id.endswith("." + name)]
    return claim


def broken(paper, name, strength):
    (found,) = [
        h for h in claim_of(paper, name).hypotheses if h.strength.startswith(strength)
    ]
    return found


@pytest.mark.parametrize("paper", [dobriban2020, min2021])
def test_no_hypothesis_has_only_a_reason(paper):
    for claim in paper.CLAIMS:
        assert all(h.evidence is not None for h in claim.hypotheses), claim.id


# --- More data -----------------------------------------------------------------------


def covariance(n, common):
    return (1 - common) * np.eye(n) + common


def noise_of(weights, covariance):
    """Return the deviation of a mean of correlated numbers of variance 1."""
    return math.sqrt(weights @ covariance @ weights)


def loss_of(mu, s, eps):
    """The loss without steps if u ~ N(mu, s^2)."""
    law = stats.norm(mu, s)
    return -mu * (law.sf(eps) - law.cdf(-eps))


def loss_with_steps(mu, s, eps):
    law = stats.norm(mu, s)
    return loss_of(mu, s, eps) + eps * (law.sf(eps) + law.cdf(-eps))


@pytest.mark.parametrize("common", [0.0, 0.05, 0.4])
def test_points_of_common_noise_are_worth_fewer(common):
    n = 7
    s = noise_of(np.full(n, 1 / n), covariance(n, common))
    assert min2021._worth(n, common) == pytest.approx(1 / s**2, rel=1e-12)


@pytest.mark.parametrize("copied", [0.0, 0.5, 0.6, 1.0])
@pytest.mark.parametrize("n", [1, 4, 30])
def test_losses_of_a_copied_point_by_its_covariance(n, copied):
    mu, sigma, ratio = 0.7, 1.3, 0.9
    links = np.eye(n + 1)
    links[0, n] = links[n, 0] = copied
    s = sigma * noise_of(np.full(n + 1, 1 / (n + 1)), links)
    point = {"mu": mu, "sigma": sigma, "n": n, "copied": copied}
    for name, loss in (
        ("weak-adversary", loss_of),
        ("robust-loss-falls", loss_with_steps),
    ):
        evidence = broken(min2021, name, "copied").evidence
        fall = loss(mu, sigma / math.sqrt(n), ratio * mu) - loss(mu, s, ratio * mu)
        assert evidence.rhs(**point, ratio=ratio) == pytest.approx(
            fall / mu, rel=1e-9, abs=1e-14
        )
        assert (fall < -1e-12) == (copied > (n + 1) / (2 * n))
    evidence = broken(min2021, "strong-adversary", "copied").evidence
    eps = 1.5 * min2021.strong_from(mu, sigma)
    rise = loss_of(mu, s, eps) - loss_of(mu, sigma / math.sqrt(n), eps)
    found = evidence.rhs(**point, share=1.5)
    assert found == pytest.approx(rise / mu, rel=1e-9, abs=1e-14)
    assert (rise < -1e-12) == (copied > (n + 1) / (2 * n))


@pytest.mark.parametrize("common", [0.0, 0.01, 0.1])
def test_best_number_of_points_of_common_noise(common):
    mu, sigma, ratio = 0.5, 2.0, 1.5
    eps = ratio * mu
    # From s^2 (c + (1 - c)/n) = s^2/n*.
    turn = sigma**2 * math.log((eps + mu) / (eps - mu)) / (2 * eps * mu)
    want = (1 - common) / (1 / turn - common)
    assert want > 0
    found = min2021._least_n(mu, sigma, ratio, common)
    assert found == pytest.approx(want, rel=1e-4)
    ns = np.geomspace(want / 10, 10 * want, 100_001)
    losses = loss_of(mu, sigma * np.sqrt(common + (1 - common) / ns), eps)
    assert ns[np.argmin(losses)] == pytest.approx(want, rel=1e-3)


@pytest.mark.parametrize("common", [0.0, 1e-5, 1e-3, 0.1])
@pytest.mark.parametrize("sigma", [200.0, 1000.0])
def test_turns_with_common_noise_are_those_of_the_losses(sigma, common):
    eps = 0.6
    n = np.geomspace(1, 1e7, 40_001)
    spread = np.sqrt(common + (1 - common) / n)
    losses = loss_of(1.0, sigma * spread, eps) + loss_of(0.5, 2.0 * spread, eps)
    steps = np.diff(losses)
    moved = np.sign(steps[np.abs(steps) > 1e-11])
    assert min2021._turns(sigma, eps, common) == (np.diff(moved) != 0).sum()


@pytest.mark.parametrize("copied", [0.0, 0.3, 1.0])
def test_copied_bernoulli_points_against_draws(copied):
    mu, n, eps, draws = 0.5, 5, 0.2, 200_000
    rng = np.random.default_rng(1)
    fresh = np.where(rng.random((draws, n)) < (1 + mu) / 2, 1, -1)
    points = fresh.copy()
    again = rng.random((draws, n)) < copied
    for i in range(1, n):
        points[:, i] = np.where(again[:, i], points[:, i - 1], fresh[:, i])
    u = points.mean(axis=1)
    losses = -mu * np.sign(u) * (np.abs(u) > eps + 1e-9)
    assert near(losses, min2021._enumerated(mu, n, eps, copied))
    if copied == 1.0:
        single = min2021.bernoulli_clean_loss(mu, 1, eps)
        assert min2021._enumerated(mu, n, eps, 1.0) == pytest.approx(single, abs=1e-14)


# --- Robust training -----------------------------------------------------------------


def drawn(d):
    rng = min2021.spawn(0, "min2021", d)
    return rng.standard_normal((10, d)) + 0.3


@pytest.mark.parametrize("bend", [0.1, 1.0, 10.0])
def test_bent_losses_by_hand(bend):
    X, eps = drawn(3), 0.3
    u = X.mean(axis=0)
    w = np.sign(u) * (np.abs(u) > eps)

    def loss(t):
        total = 0.0
        for x in X:
            z = min(
                sum(w[j] * t * (x[j] + sign * eps) for j in range(3) if w[j])
                for sign in (-1, 1)
            )
            total += -min(z, 1 / bend)
        return total / 10

    assert (w >= 0).all()  # so that the worst step is one of the two
    assert min2021._bent(3, eps, bend) == pytest.approx(loss(1.0), abs=1e-12)
    least = min(loss(t) for t in np.linspace(0, 1, 101))
    assert min2021._shorter(3, eps, bend) == pytest.approx(least, abs=1e-12)


@pytest.mark.parametrize("inverse", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize(("d", "eps"), [(1, 0.3), (10, 0.3), (10, 0.0)])
def test_kept_signs_under_other_steps(d, eps, inverse):
    sizes = np.sort(np.abs(drawn(d).mean(axis=0)))[::-1]
    losses = [
        eps * k ** (1 - inverse) * (k > 0) - sizes[:k].sum() for k in range(d + 1)
    ]
    kept = (sizes > eps).sum()
    assert min2021._other_steps(d, eps, inverse) == pytest.approx(losses[kept])
    assert min2021._largest_kept(d, eps, inverse) == pytest.approx(min(losses))


@pytest.mark.parametrize("inverse", [0.1, 0.5])
def test_worst_loss_by_its_worst_step(inverse):
    X, eps = drawn(3), 0.3
    w = np.array([1.0, -0.5, 0.25])
    p = 1 / inverse
    found = optimize.minimize(
        lambda z: w @ z,
        [-0.1, 0.1, -0.1],
        constraints={"type": "ineq", "fun": lambda z: eps**p - (np.abs(z) ** p).sum()},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    want = -(X @ w).mean() - found.fun
    assert min2021._worst_loss(X, w, eps, inverse) == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("inverse", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(("d", "eps"), [(1, 0.3), (10, 0.3), (10, 0.0), (3, 5.0)])
def test_wider_weights_attain_the_dual_norm(d, eps, inverse):
    over = np.maximum(np.abs(drawn(d).mean(axis=0)) - eps, 0.0)
    want = -(d**inverse) * np.linalg.norm(over, ord=1 / (1 - inverse))
    assert min2021._wider(d, eps, inverse) == pytest.approx(want, abs=1e-12)


# --- Two classes ---------------------------------------------------------------------


def cut(m, prior, h):
    """The best threshold of N(m, 1 + h) above N(-m, 1 - h).

    The densities are equal where h t^2 + 2 m t + m^2 h = (1 - h^2) (q + artanh h).
    """
    side = (1 - h * h) * (math.log((1 - prior) / prior) + math.atanh(h)) - m * m * h
    return side / (m + math.sqrt(m * m + h * side))


def errors(m, prior, t, h, eps=0.0):
    """Of the class above t, of variance 1 + h, and the one below, of 1 - h."""
    above = stats.norm(m, math.sqrt(1 + h)).cdf(t + eps)
    below = stats.norm(-m, math.sqrt(1 - h)).sf(t - eps)
    return prior * above + (1 - prior) * below


@pytest.mark.parametrize("h", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    ("m", "eps", "prior"), [(1.3, 0.4, 0.3), (1.0, 0.0, 0.5), (2.0, 0.5, 0.4)]
)
def test_thresholds_of_two_variances_in_closed_form(m, eps, prior, h):
    t = cut(m - eps, prior, h)
    risk = dobriban2020._unequal_risk
    assert dobriban2020._best_cut(risk, m, eps, prior, h) == pytest.approx(t, abs=1e-13)
    want = min(errors(m, prior, t, h, eps), prior)
    found = dobriban2020._least_unequal(m, eps, prior, h)
    assert found == pytest.approx(want, abs=1e-13)
    ratio = dobriban2020._found_shift(m, eps, prior, h, risk) if prior < 0.5 else None
    if ratio is not None:
        assert ratio == pytest.approx(t / cut(m, prior, h), rel=1e-5)


@pytest.mark.parametrize("h", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_the_best_interval_of_two_variances_in_closed_form(h, eps):
    """The class -1 has [t_1, t_2], with the roots for m + eps and m - eps."""
    m, prior = 1.0, 0.4
    up, down = math.sqrt(1 + h), math.sqrt(1 - h)
    side = (1 - h * h) * (math.log((1 - prior) / prior) + math.atanh(h))
    ends = [
        (s * math.sqrt(k * k * (1 - h * h) + h * side) - k) / h
        for s, k in ((-1, m + eps), (1, m - eps))
    ]
    assert ends[1] - ends[0] > 2 * eps
    above, below = stats.norm(m, up), stats.norm(-m, down)
    right = below.cdf(ends[1] - eps) - below.cdf(ends[0] + eps)
    wrong = above.cdf(ends[1] + eps) - above.cdf(ends[0] - eps)
    want = prior * wrong + (1 - prior) * (1 - right)
    found = dobriban2020._least_on_line(m, eps, prior, 0.004, [down, up])
    assert found.width < 3e-3
    assert found.lower - 1e-12 <= want <= found.upper + 1e-12
    assert found.upper == pytest.approx(want, abs=2e-6)
    apart = dobriban2020._apart(h)
    assert apart == pytest.approx([down, up], rel=1e-15)


@pytest.mark.parametrize("h", [0.0, 0.5, 0.9])
def test_mixtures_on_the_line_by_quadrature(h):
    m, prior = 1.0, 0.3
    parts = [math.sqrt(1 + h), math.sqrt(1 - h)]
    assert dobriban2020._blend(h) == pytest.approx(np.array([parts, parts]).T)
    x = np.linspace(-14, 14, 2_000_001)
    plus, minus = (
        sum(stats.norm.pdf(x, mean, s) for s in parts) / 2 for mean in (m, -m)
    )
    want = np.minimum(prior * plus, (1 - prior) * minus).sum() * (x[1] - x[0])
    found = dobriban2020._least_on_line(m, 0.0, prior, 0.004, dobriban2020._blend(h))
    assert found.upper == pytest.approx(want, abs=1e-5)
    assert found.upper >= want - 1e-9


@pytest.mark.parametrize("step", [0.5, 0.1, 0.004])
@pytest.mark.parametrize("eps", [0.0, 0.001])
def test_steps_shorter_than_half_a_cell_are_enclosed(step, eps):
    """Both classes count within one cell, so that the best cells are no bound."""
    for m, prior in [(1.0, 0.4), (0.3, 0.2), (2.0, 0.5)]:
        want = dobriban2020.optimal_robust_risk(m, eps, prior)
        found = best_on_the_line([-m, m], [1 - prior, prior], eps, step=step)
        assert found.lower - 1e-13 <= want <= found.upper + 1e-13
        if eps == 0.0:
            assert found.lower > want - 0.3 * step**2 - 1e-12


@pytest.mark.parametrize("step", [1.0, 0.25, 0.05])
def test_bayes_risk_of_three_mixtures_is_enclosed(step):
    means, priors = [-1.0, 0.2, 1.5], [0.3, 0.4, 0.3]
    rows = np.array([[0.5, 1.0, 2.0], [1.5, 0.3, 1.0]])
    x = np.linspace(-20, 20, 2_000_001)
    density = stats.norm.pdf(x[:, None], means, rows[0])
    density = priors * (density + stats.norm.pdf(x[:, None], means, rows[1])) / 2
    want = 1 - density.max(axis=1).sum() * (x[1] - x[0])
    found = best_on_the_line(means, priors, 0.0, step=step, deviations=rows)
    assert found.lower <= want + 1e-9
    assert want <= found.upper + 1e-9
    assert found.lower > want - 2 * step**2


def test_a_line_in_other_units_has_the_same_risks():
    law = ([-1.0, 0.5, 2.0], [0.2, 0.3, 0.5])
    one = best_on_the_line(*law, 0.25, step=0.03125, deviations=[1.0, 0.5, 2.0])
    means, priors = law
    other = best_on_the_line(
        [2 * x for x in means],
        priors,
        0.5,
        step=0.0625,
        deviations=[[2.0, 1.0, 4.0]] * 2,
    )
    assert other.lower == pytest.approx(one.lower, abs=1e-14)
    assert other.upper == pytest.approx(one.upper, abs=1e-14)
    same = best_on_the_line(*law, 0.25, step=0.03125, deviations=3.0)
    each = best_on_the_line(*law, 0.25, step=0.03125, deviations=[3.0, 3.0, 3.0])
    assert same == each


@pytest.mark.parametrize("found", [[1.0, 1.0, 1.0], [[[1.0, 1.0]]], [], [[1.0]]])
def test_deviations_of_other_shapes_are_refused(found):
    with pytest.raises(ValueError, match=r"deviations must be a number, or have shape"):
        best_on_the_line([-1, 1], [0.5, 0.5], 0.1, deviations=found)


@pytest.mark.parametrize("found", [0.0, -1.0, math.nan, [1.0, math.inf]])
def test_deviations_out_of_range_are_refused(found):
    with pytest.raises(ValueError, match=r"deviations must be"):
        best_on_the_line([-1, 1], [0.5, 0.5], 0.1, deviations=found)


@pytest.mark.parametrize("h", [0.0, 0.5, 0.9])
def test_harmed_points_of_two_variances(h):
    m, eps, prior = 1.0, 0.5, 0.3
    rng = np.random.default_rng(2)
    drawn = dobriban2020._harmed(200_000, rng, m, eps, prior, h, by_class=True)
    t = math.log((1 - prior) / prior) / (2 * (m - eps))
    assert near(drawn, errors(m, prior, t, h, eps))


def test_steps_beyond_the_means_leave_one_class():
    m, eps = 1.5, 1.65
    evidence = broken(dobriban2020, "no-price-for-equal-classes", "share").evidence
    assert evidence.lhs(d=3, share=1.1) == 0.5
    assert evidence.rhs(d=3, share=1.1) == pytest.approx(stats.norm.cdf(-m))
    # Bayes' rule is worse than a constant, and no classifier is better.
    assert errors(m, 0.5, 0.0, 0.0, eps) == pytest.approx(stats.norm.cdf(eps - m))
    found = best_on_the_line([-m, m], [0.5, 0.5], eps, step=0.002)
    assert found.upper == pytest.approx(0.5, abs=1e-12)
    assert found.lower > 0.499


def best_half_space(mu, cov, q, eps, prior, h):
    """The half-space of least robust risk, by descent from several starts."""

    def risk(z, size=eps):
        w, b = z[:-1], z[-1]
        step, length = size * np.linalg.norm(w, ord=q), math.sqrt(w @ cov @ w)
        above = stats.norm.cdf((step - w @ mu - b) / length / math.sqrt(1 + h))
        below = stats.norm.cdf((step - w @ mu + b) / length / math.sqrt(1 - h))
        return prior * above + (1 - prior) * below

    rng = np.random.default_rng(3)
    found = [
        optimize.minimize(
            risk,
            np.append(np.linalg.solve(cov, mu) + 0.3 * rng.standard_normal(mu.size), b),
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-15, "maxiter": 20_000},
        )
        for b in (0.0, 0.5, -0.5)
    ]
    best = min(found, key=lambda one: one.fun)
    return best.fun, risk(best.x, 0.0)


@pytest.mark.parametrize("p", [1.0, 2.0, np.inf])
def test_best_half_space_of_two_covariances_by_descent(p):
    pair = dobriban2020._drawn_pair(3, 0.4)
    eps = 0.6 * np.linalg.norm(pair.mu, ord=p)
    q = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}[p]
    want, _ = best_half_space(pair.mu, pair.cov, q, eps, 0.4, 0.3)
    found = dobriban2020._any_norm_unequal(3, p, 0.6, 0.4, 0.3)
    assert found == pytest.approx(want, rel=1e-6)
    assert found <= want + 1e-10


@pytest.mark.parametrize("h", [0.0, 0.5])
def test_turned_normal_of_two_variances_by_descent(h):
    spread, eps = 0.5, 0.4
    mu = np.array([1 - spread, 1.0, -1 - spread])
    _, want = best_half_space(mu, np.eye(3), 1.0, eps, 0.5, h)
    assert dobriban2020._turned_unequal(spread, eps, h) == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("h", [0.0, 0.1, 0.5])
def test_prices_of_two_variances_in_closed_form(h):
    m, share = 1.0, 0.5

    def price(prior):
        robust, bayes = (cut(k, prior, h) for k in (m * (1 - share), m))
        return errors(m, prior, robust, h) - errors(m, prior, bayes, h)

    risk = dobriban2020._unequal_risk
    found = dobriban2020._price_between(m, share, 0.2, h, risk)
    assert found == pytest.approx(price(0.2) / price(0.18), rel=1e-9)
    assert (found > 1) == (h > 0)


@pytest.mark.parametrize(
    ("m", "share", "prior", "h"), [(2.0, 0.5, 0.4, 0.9), (1.0, 0.05, 0.2, 0.5)]
)
def test_prices_of_mixtures_on_a_grid(m, share, prior, h):
    t = np.linspace(-3, 3, 600_001)

    def wrong(p, size):
        return sum(
            p * special.ndtr((t - m + size) / s)
            + (1 - p) * special.ndtr((size - t - m) / s)
            for s in (math.sqrt(1 + h), math.sqrt(1 - h))
        )

    def price(p):
        standard = wrong(p, 0.0)
        return standard[np.argmin(wrong(p, share * m))] - standard.min()

    risk = dobriban2020._mixed_risk
    found = dobriban2020._price_between(m, share, prior, h, risk)
    assert found == pytest.approx(price(prior) / price(0.9 * prior), rel=2e-3)


# --- Three classes -------------------------------------------------------------------


def slabs_risk(m, eps, priors, s, low, high):
    """Of -1 below low and +1 above high, if the classes have the deviations s."""
    minus, zero, plus = (stats.norm(x, d) for x, d in zip((-m, 0.0, m), s, strict=True))
    middle = np.maximum(zero.cdf(high - eps) - zero.cdf(low + eps), 0.0)
    parts = minus.cdf(low - eps), middle, plus.sf(high + eps)
    return 1 - sum(w * part for w, part in zip(priors, parts, strict=True))


@pytest.mark.parametrize("h", [0.0, 0.2, 0.5])
def test_best_thresholds_of_three_variances_on_a_grid(h):
    m, eps, priors = 2.0, 0.3, np.array([0.3, 0.4, 0.3])
    s = np.sqrt([1 - h, 1.0, 1 + h])
    low = np.linspace(-m, 0, 801)[:, None]
    high = np.linspace(0, m, 801)
    best = np.where(high >= low, slabs_risk(m, eps, priors, s, low, high), 1.0).min()
    found = dobriban2020._cuts_risk(m, eps, priors, h)
    assert best - 5e-6 < found <= best + 1e-12
    if h == 0.0:
        optimum = dobriban2020.three_class_optimum(m, eps, priors).risk
        assert found == pytest.approx(optimum, abs=1e-13)
    line = dobriban2020._three_found(m, 0.15, 0.4, 0.0, h)
    same = best_on_the_line([-m, 0, m], priors, eps, step=0.02, deviations=s).upper
    assert line == same
    assert line < found + 1e-4


@pytest.mark.parametrize("p", [1.0, 2.0, np.inf])
@pytest.mark.parametrize("d", [1, 3])
def test_slabs_of_three_covariances_by_their_points(d, p):
    h, share, zero = 0.5, 0.1, 0.3
    triple, least, eps = dobriban2020._triple(d, p, share, zero)
    w = triple.optimal_robust_rule(eps, p).w
    q = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}[p]
    step = eps * np.linalg.norm(w, ord=q)
    rng, n = np.random.default_rng(4), 400_000
    y = rng.choice([-1, 0, 1], n, p=triple.priors)
    root = np.linalg.cholesky(np.atleast_2d(triple.cov))
    noise = (rng.standard_normal((n, d)) @ root.T) * np.sqrt(1 + h * y)[:, None]
    level = (y[:, None] * triple.mu + noise) @ w
    span = np.linspace(-w @ triple.mu, w @ triple.mu, 201)
    lows = [((level < t - step) & (y == -1)).mean() for t in span]
    lows = np.array(lows) - [((level <= t + step) & (y == 0)).mean() for t in span]
    highs = [((level > t + step) & (y == 1)).mean() for t in span]
    highs = np.array(highs) - [((level >= t - step) & (y == 0)).mean() for t in span]
    want = 1 - lows.max() - highs.max() - (y == 0).mean()  # s.e. below 8e-4
    found = dobriban2020._unequal_slab(d, p, share, zero, h)
    assert found == pytest.approx(want, abs=4e-3)
    whole = dobriban2020._unequal_slab(d, p, share, zero, 0.0)
    assert whole == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("law", ["one", "apart", "blend"])
def test_bounds_of_other_laws_by_moved_densities(law):
    m, share, zero = 3.0, 0.15, 1 / 3
    eps, h = share * m, 0.4
    rows = {
        "one": np.ones((1, 3)),
        "apart": np.sqrt([[1 - h, 1, 1 + h]]),
        "blend": np.sqrt([[1 + h] * 3, [1 - h] * 3]),
    }[law]
    x = np.linspace(-18, 18, 360_001)

    def density(x, column):
        return sum(stats.norm.pdf(x, 0.0, s) for s in rows[:, column]) / len(rows)

    outer = np.maximum(
        density(x + m - eps, 0) * (1 - zero) / 2,
        density(x - m + eps, 2) * (1 - zero) / 2,
    )

    def risk(half):
        """Of Bayes' rule, the class 0 moved by eps times a clipped line."""
        start = np.linspace(-18, 18, 20_001)
        end = start + eps * np.clip(start / half, -1, 1)
        back = np.interp(x, end, start)
        jacobian = np.where(np.abs(back) < half, half / (half + eps), 1.0)
        middle = zero * density(back, 1) * jacobian
        return 1 - np.maximum(outer, middle).sum() * (x[1] - x[0])

    want = max(risk(half) for half in np.geomspace(1e-3, m + 1, 60))
    found = dobriban2020._three_bounded(m, share, zero, rows)
    assert found == pytest.approx(want, abs=2e-4)
    every = best_on_the_line(
        [-m, 0, m],
        [(1 - zero) / 2, zero, (1 - zero) / 2],
        eps,
        step=0.005,
        deviations=rows,
    )
    assert found <= every.upper + 1e-9
