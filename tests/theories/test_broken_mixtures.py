"""Broken variants of claims on two and three classes, against other routes."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from geomadv.theories.statistics import min2021


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


@pytest.mark.parametrize("paper", [min2021])
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
