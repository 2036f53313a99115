"""Sides that are proved on boxes: against mpmath, and with planted errors."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from flint import arb, ctx

from geomadv.spaces import Sphere
from geomadv.theories import find
from geomadv.theories.lipschitz.fawzi2015 import random_ratio
from geomadv.theories.lipschitz.goodfellow2014 import _problem
from tests.theories._enclosed import check_that_changes_are_noticed, middle, tail

mp = mpmath.mp
PAPERS = (
    "dobriban2020",
    "bubeck2021",
    "fawzi2015",
    "goodfellow2014",
    "belkin2018",
    "bubeck2018",
    "kannan2018",
    "nakkiran2019",
    "zheng2016",
    "ilyas2019",
    "tsipras2019",
    "donhauser2021",
    "hastie2019",
    "min2021",
)
ENCLOSED = [c for c in find(PAPERS) if c.evidence.level == "enclosure"]
BY_ID = {c.id: c for c in ENCLOSED}


@pytest.fixture(autouse=True)
def _precision():
    before, ctx.prec = ctx.prec, 192
    with mpmath.workdps(60):
        yield
    ctx.prec = before


def side(name, which, listed=(), **point):
    return middle(BY_ID[name], which, listed, **point)


def close(found, truth, rtol=1e-25):
    truth = mpmath.mpf(truth)
    return abs(found - truth) <= rtol * abs(truth)


# --- Planted errors -------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("which", ["lhs", "rhs"])
@pytest.mark.parametrize("claim", ENCLOSED, ids=lambda c: c.id)
def test_a_planted_change_of_a_side_is_noticed(claim, which, sign):
    check_that_changes_are_noticed(claim, which, sign)


# --- lipschitz ------------------------------------------------------------------------


@pytest.mark.parametrize("d", [2, 10, 784])
@pytest.mark.parametrize("t", [1e-3, 0.1, 0.9])
def test_the_tail_of_a_linear_function(d, t):
    name = "bubeck2021.isoperimetry"
    cap = mpmath.betainc(mpmath.mpf(d - 1) / 2, 0.5, 0, 1 - mpmath.mpf(t) ** 2)
    whole = mpmath.beta(mpmath.mpf(d - 1) / 2, 0.5)
    share = cap / whole / 2 * mpmath.exp(d * mpmath.mpf(t) ** 2 / 2)
    assert close(side(name, "lhs", ("law", "d"), law="sphere", d=d, t=t), share, 1e-15)
    share = tail(t * mpmath.sqrt(d)) * mpmath.exp(d * mpmath.mpf(t) ** 2 / 2)
    assert close(side(name, "lhs", ("law", "d"), law="normal", d=d, t=t), share)


@pytest.mark.parametrize("excess", [1.0, 1.25])
def test_the_law_of_robustness(excess):
    n, d, eps, WJ = 10, 784, 0.1, 1000.0
    found = side(
        "bubeck2021.needs-its-dimension", "lhs", n=n, d=d, excess=excess, eps=eps, WJ=WJ
    )
    p = math.ceil(excess * n)
    log = mpmath.log(60 * WJ / mpmath.mpf(eps))
    root = mpmath.sqrt(
        mpmath.mpf(n) * d / (p * log + mpmath.log(4 / mpmath.mpf("0.05")))
    )
    assert close(found, mpmath.mpf(eps) / 2**9 * root)


@pytest.mark.parametrize("d", [2, 10, 784])
@pytest.mark.parametrize("e", [1e-15, 0.01, 0.08])
def test_noise_of_the_lengths_of_the_bounds(d, e):
    def cap(t):
        a = mpmath.mpf(d - 1) / 2
        return mpmath.betainc(a, 0.5, 0, 1 - t * t) / mpmath.beta(a, 0.5) / 2

    mass = mpmath.mpf(e)
    low = mpmath.sqrt(2 * mpmath.log(2 / mass) / d)
    found = side("fawzi2015.random-noise-lower", "lhs", ("d",), d=d, e=e)
    assert found == 0 if low >= 1 else close(found, cap(low) / mass, 1e-14)
    high = mpmath.sqrt(1 - (12 * mass) ** (mpmath.mpf(1) / d))
    found = side("fawzi2015.random-noise-upper", "rhs", ("d",), d=d, e=e)
    assert close(found, cap(high) / mass, 1e-14)


@pytest.mark.parametrize("d", [2, 100, 10**9])
def test_the_ratio_of_random_noise_is_that_of_a_cap(d):
    height = 1 / float(random_ratio(d, 0.01))
    assert math.isclose(float(Sphere(d).cap_measure(height)), 0.01, rel_tol=1e-9)
    ball = BY_ID["bubeck2021.isoperimetry"].evidence.lhs("sphere", d, arb(height))
    cap = float(ball * (-arb(d) * height * height / 2).exp())
    assert math.isclose(cap, 0.01, rel_tol=1e-9)


@pytest.mark.parametrize("eps", [0.01, 1.0, 1e4])
def test_the_worst_logistic_loss_less_the_penalty(eps):
    X, y, w, b = _problem(5, 0.5)
    E = mpmath.mpf(eps) * mpmath.fsum(abs(mpmath.mpf(x)) for x in w)
    margins = [
        mpmath.mpf(s) * (mpmath.fdot(map(mpmath.mpf, r), map(mpmath.mpf, w)) + b)
        for r, s in zip(X.tolist(), y, strict=True)
    ]
    worst = mpmath.fsum(mpmath.log(1 + mpmath.exp(E - m)) for m in margins) / 8 - E
    name = "goodfellow2014.penalty-overestimates"
    found = side(name, "lhs", ("d", "share"), d=5, share=0.5, eps=eps)
    assert close(found, worst, 1e-20)


# --- oscillation ----------------------------------------------------------------------


def wrong_share(k, nu):
    def below(j):
        return mpmath.fsum(mpmath.binomial(k - 1, i) for i in range(j))

    terms = (
        mpmath.binomial(k, j) * nu**j * (1 - nu) ** (k - j) * below(j)
        for j in range(1, k + 1)
    )
    return mpmath.fsum(terms) / 2 ** (k - 1)


@pytest.mark.parametrize("k", [1, 2, 21, 60])
@pytest.mark.parametrize("noise", [0.01, 0.3, 0.45])
def test_the_share_of_wrong_decisions(k, noise):
    nu = mpmath.mpf(noise)
    name = "belkin2018.measure-vanishes"
    assert close(side(name, "lhs", ("k",), k=k, noise=noise), wrong_share(k, nu))
    bound = (mpmath.mpf(1) / 2 + mpmath.sqrt(nu * (1 - nu))) ** k
    assert close(side(name, "rhs", ("k",), k=k, noise=noise), bound)


@pytest.mark.parametrize("d", [1, 2, 10])
def test_the_mean_excess_risk_is_an_integral(d):
    b = mpmath.mpf(0.3)
    mean = mpmath.quad(lambda nu: (1 - 2 * nu) * wrong_share(d + 1, nu), [0, b]) / b
    found = side("belkin2018.massart", "lhs", ("d",), d=d, bound=0.3)
    assert close(found, mean, 1e-20)


@pytest.mark.parametrize(("noise", "failure"), [(0.1, 0.05), (0.4, 0.5)])
def test_missed_cells_and_gaps(noise, failure):
    K, nu, f = 10, mpmath.mpf(noise), mpmath.mpf(failure)
    n = int(mpmath.ceil(mpmath.log(K / f) / -mpmath.log(1 - nu / K)))
    missed = mpmath.fsum(
        (-1) ** (j + 1) * mpmath.binomial(K, j) * (1 - j * nu / K) ** n
        for j in range(1, K + 1)
    )
    point = {"cells": K, "noise": noise, "failure": failure}
    found = side("belkin2018.sample-size", "lhs", ("cells",), **point)
    assert close(found, missed / f)
    g = mpmath.mpf(2) / K
    gap = (1 - nu) ** n + mpmath.fsum(
        (-1) ** (j + 1)
        * mpmath.binomial(n, j)
        * nu**j
        * (1 - j * g) ** (j - 1)
        * (1 - j * nu * g) ** (n - j)
        for j in range(1, K // 2)
    )
    assert close(side("belkin2018.density", "lhs", ("cells",), **point), gap)


@pytest.mark.parametrize("low", [0.0, 1e-9, 0.2, 0.49])
@pytest.mark.parametrize("a", [0.1, 1.0, 10.0])
def test_the_excess_of_the_margin_bound(low, a):
    s, t, b = mpmath.mpf(low), mpmath.mpf(0.5), mpmath.mpf(a)
    bound = (t ** (b + 1) - s ** (b + 1)) ** (b / (b + 1))
    truth = (bound - (t**b - s**b)) / t**b
    found = side("belkin2018.margin", "rhs", low=low, high=0.5, exponent=a)
    assert abs(found - truth) <= 1e-30


def test_survivors_of_few_examples():
    H, e, delta = 100, mpmath.mpf(0.1), mpmath.mpf(0.05)
    n = int(mpmath.ceil((mpmath.log(H) - mpmath.log(delta)) / e))
    truth = (1 - (1 - (1 - e) ** n) ** H) / delta
    point = {"hypotheses": H, "error": 0.1, "delta": 0.05}
    found = side("bubeck2018.few-examples", "lhs", ("hypotheses",), **point)
    assert close(found, truth)


@pytest.mark.parametrize("f", [-8.0, -0.1, 0.0, 3.0])
@pytest.mark.parametrize("r", [0.01, 1.0, 20.0])
def test_the_divergence_over_the_pairing_penalty(f, r):
    def kl(x, y):
        p, q = (1 / (1 + mpmath.exp(-mpmath.mpf(z))) for z in (x, y))
        return p * mpmath.log(p / q) + (1 - p) * mpmath.log((1 - p) / (1 - q))

    r = mpmath.mpf(r)
    truth = max(kl(f, f - r), kl(f, f + r)) * 8 / r**2
    found = side("kannan2018.pairing-bounds-trades", "lhs", f=f, r=float(r))
    assert close(found, truth)


@pytest.mark.parametrize(("f", "r"), [(-8.0, 0.01), (0.5, 1.0), (0.0, 20.0)])
def test_the_mean_divergence_over_its_bound(f, r):
    def entropy(p):
        return -p * mpmath.log(p) - (1 - p) * mpmath.log(1 - p)

    def logistic(z):
        return 1 / (1 + mpmath.exp(-z))

    def cross(z):
        return -p * mpmath.log(logistic(z)) - (1 - p) * mpmath.log(logistic(-z))

    f, s = mpmath.mpf(f), mpmath.mpf(r)
    with mpmath.workdps(30):
        p, cut = logistic(f), min(max(-f / s, -14), 14)
        ends = [-14, cut - 1 / s, cut, cut + 1 / s, 14]
        mean = mpmath.quad(lambda g: cross(f + s * g) * mpmath.npdf(g), sorted(ends))
        truth = 8 * (mean - entropy(p)) / s**2
    found = side("zheng2016.divergence-bound", "lhs", f=float(f), spread=r)
    assert close(found, truth, 1e-13)


@pytest.mark.parametrize("ratio", [0.005, 0.2, 0.2**0.5])
def test_the_variance_factor_of_two_weights_is_a_mean_over_laplace_s_law(ratio):
    a = mpmath.mpf(ratio)  # the log weights differ by ratio times a Laplace number
    lost = mpmath.quad(
        lambda y: mpmath.exp(-y) / mpmath.cosh(a * y / 2) ** 2, [0, 4, 16, 140]
    )
    name = "belkin2018.variance-bound"
    found = side(name, "lhs", ("k", "d"), k=2, d=1, ratio=ratio)
    assert close(found, 1 - lost / 2, 1e-12)


def test_the_variance_factor_is_an_integral():
    k, ratio = 30, 0.4
    with mpmath.workdps(15):
        a = 1 / mpmath.mpf(ratio)

        def weighted(s):
            t = mpmath.exp(s)
            second = a * t**2 * mpmath.expint(a - 1, t)
            return second * (a * mpmath.expint(a + 1, t)) ** (k - 1)

        truth = k * mpmath.quad(weighted, [-20, -7, -4, -2, 0.5])
    name = "belkin2018.variance-bound"
    found = side(name, "lhs", ("k", "d"), k=k, d=5, ratio=ratio)
    assert close(found, truth, 1e-12)
    bound = k * mpmath.exp(-mpmath.mpf(k) / 4) + 1 / (1 - 2 * mpmath.mpf(ratio)) / k
    found = side(name, "rhs", ("k", "d"), k=k, d=5, ratio=ratio)
    assert close(found, bound)


@pytest.mark.parametrize("m", [1, 5, 12])
@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.9])
def test_the_tail_of_uniform_noise(m, ratio):
    x = m * (1 - mpmath.mpf(ratio)) / 2
    truth = mpmath.fsum(
        (-1) ** j * mpmath.binomial(m, j) * (x - j) ** m for j in range(int(x) + 1)
    ) / mpmath.factorial(m)
    name = "nakkiran2019.weak-rule-and-random-noise"
    assert close(side(name, "lhs", ("m",), m=m, ratio=ratio), truth)


# --- features and statistics ----------------------------------------------------------


def test_features():
    found = side("tsipras2019.three-deviations", "rhs", c=4.0)
    assert close(found, mpmath.ncdf(4))
    found = side("ilyas2019.talk-equals-zero", "lhs", mean=0.5, ratio=2.0)
    assert close(found, mpmath.mpf(0.5) / mpmath.sqrt(1.25))


@pytest.mark.parametrize("share", [0.05, 0.5])
@pytest.mark.parametrize(("m", "prior"), [(1.0, 0.2), (4.0, 0.45)])
def test_the_prices_of_robustness_at_two_priors(m, share, prior):
    def price(prior):
        def risk(t):
            return prior * mpmath.ncdf(t - m) + (1 - prior) * mpmath.ncdf(-t - m)

        q = mpmath.log((1 - prior) / prior)
        return risk(q / 2 / (m - mpmath.mpf(share) * m)) - risk(q / 2 / m)

    p = mpmath.mpf(prior)
    truth = price(p) / price(9 * p / 10)
    name = "dobriban2020.price-grows-with-imbalance"
    found = side(name, "lhs", m=m, share=share, prior=prior)
    assert close(found, truth, 1e-24)


def test_the_ratio_of_prices_on_a_box_is_above_that_at_its_corners():
    ball = BY_ID["dobriban2020.price-grows-with-imbalance"].evidence.lhs
    ends = {"m": (1, 1.3), "share": (0.3, 0.45), "prior": (0.2, 0.22)}
    box = ball(
        **{name: arb(low).union(arb(high)) for name, (low, high) in ends.items()}
    )
    corners = itertools.product(*ends.values())
    values = [ball(**dict(zip(ends, map(arb, c), strict=True))) for c in corners]
    assert all(value < box.upper() for value in values)
    assert max(map(float, values)) > 0.95 * float(box.upper())


def spectral(gamma, penalty, power):
    """Return E v^power/(v + L)^2 over v > 0 by Marchenko and Pastur's density."""
    a, b = (1 - mpmath.sqrt(gamma)) ** 2, (1 + mpmath.sqrt(gamma)) ** 2

    def at(theta):
        v = (a + b) / 2 + (b - a) / 2 * mpmath.cos(theta)
        weight = ((b - a) / 2 * mpmath.sin(theta)) ** 2 / (2 * mpmath.pi * gamma * v)
        return weight * v**power / (v + penalty) ** 2

    return mpmath.quad(at, mpmath.linspace(0, mpmath.pi, 5))


def excess(gamma, penalty, noise):
    bias = penalty**2 * spectral(gamma, penalty, 0)
    if gamma > 1:
        bias += 1 - 1 / gamma
    return bias + noise**2 * gamma * spectral(gamma, penalty, 1)


@pytest.mark.parametrize("gamma", [0.5, 3.0])
@pytest.mark.parametrize("ratio", [0.1, 0.9, 10.0])
def test_what_another_penalty_adds(gamma, ratio):
    g, s = mpmath.mpf(gamma), mpmath.mpf(0.5)
    with mpmath.workdps(25):
        truth = excess(g, ratio * s * s * g, s) - excess(g, s * s * g, s)
    point = {"gamma": gamma, "noise": 0.5, "ratio": ratio}
    assert close(side("hastie2019.optimal-penalty", "rhs", **point), truth, 1e-12)


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_what_a_penalty_adds_without_noise(penalty):
    g, L = mpmath.mpf(3), mpmath.mpf(penalty)
    with mpmath.workdps(25):
        truth = L**2 * spectral(g, L, 0)
    name = "donhauser2021.standard-risk-interpolates"
    assert close(side(name, "rhs", gamma=3.0, penalty=penalty), truth, 1e-12)


def losses(mu, sigma, n, eps):
    root = mpmath.sqrt(n) / sigma
    p, m = tail(root * (eps - mu)), tail(root * (mu + eps))
    return -mu * (p - m), -mu * (p - m) + eps * (p + m)


@pytest.mark.parametrize("n", [1, 5, 100])
@pytest.mark.parametrize("ratio", [0.0, 0.9, 1.0, 2.0])
def test_losses_that_fall(n, ratio):
    mu, sigma = mpmath.mpf(0.5), mpmath.mpf(2)
    now, then = (losses(mu, sigma, k, ratio * mu) for k in (n, n + 1))
    point = {"mu": 0.5, "sigma": 2.0, "ratio": ratio, "n": n}
    found = side("min2021.robust-loss-falls", "rhs", **point)
    assert close(found, (now[1] - then[1]) / mu, 1e-20)
    if ratio <= 1:
        found = side("min2021.weak-adversary", "rhs", **point)
        assert close(found, (now[0] - then[0]) / mu, 1e-20)


@pytest.mark.parametrize("n", [1, 5, 100])
@pytest.mark.parametrize("share", [1.0, 1.5])
def test_losses_that_rise(n, share):
    mu, sigma = mpmath.mpf(0.5), mpmath.mpf(2)
    size = mpmath.findroot(
        lambda e: sigma**2 * mpmath.log((e + mu) / (e - mu)) - 2 * e * mu, 2.05
    )
    now, then = (losses(mu, sigma, k, share * size)[0] for k in (n, n + 1))
    found = side("min2021.strong-adversary", "rhs", mu=0.5, sigma=2.0, share=share, n=n)
    assert close(found, (then - now) / mu, 1e-12)


@pytest.mark.parametrize("claim", ENCLOSED, ids=lambda c: c.id)
def test_random_points_lie_in_the_enclosure_of_their_box(claim):
    from geomadv.claims._enclosure import _split

    boxed, listed = _split(claim.domain)
    rng = np.random.default_rng(0)
    given = {k: p.typical[-1] for k, p in listed.items()}
    for width in (1.0, 0.05):
        for _ in range(6):
            box, point = {}, {}
            for key, p in boxed.items():
                low = p.lower + (p.upper - p.lower) * (1 - width) * rng.random()
                high = min(low + (p.upper - p.lower) * width, p.upper)
                box[key] = arb(low).union(arb(high))
                point[key] = arb(low + (high - low) * rng.random())
            for which in (claim.evidence.lhs, claim.evidence.rhs):
                inside, wide = arb(which(**given, **point)), arb(which(**given, **box))
                assert not wide.is_finite() or wide.overlaps(inside)
