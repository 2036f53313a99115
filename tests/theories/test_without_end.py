"""Proofs that reach to infinity or 0: each inequality against what it stands for."""

import math

import mpmath
import numpy as np
import pytest
from flint import arb

from geomadv.claims import Integers
from geomadv.spaces import Sphere
from geomadv.theories import find, registry
from geomadv.theories.dimension import bhagoji2019, fawzi2018
from geomadv.theories.lipschitz import bubeck2021, goodfellow2014
from geomadv.theories.manifold import schmidt2018, stutz2019
from geomadv.theories.oscillation import (
    _label_balls,
    _variance_balls,
    belkin2018,
    bubeck2018,
    nakkiran2019,
)
from geomadv.theories.statistics import min2021

mpf = mpmath.mpf
ENDLESS = [c for c in registry() if getattr(c.evidence, "beyond", ())]


def piece_of(name, which=0):
    (claim,) = find([name])
    return claim.evidence.beyond[which]


# --- What lies beyond the ranges ------------------------------------------------------


def beyond(claim, piece, rng):
    """Return a point of that part of the domain, as far as the formulas go."""
    point = {}
    for name, p in claim.domain.items():
        far = 10 ** rng.uniform(0, 0.5)
        if name in piece.since:
            value = piece.since[name] * far
        elif name in piece.until:
            value = piece.until[name] / far
        elif name in piece.free:
            value = max(p.lower, p.lower + (p.upper - p.lower) / far)
        elif name in piece.scales:
            value = p.lower / far if rng.random() < 0.5 else p.upper * far
        else:
            value = p.typical[rng.integers(len(p.typical))]
        point[name] = math.ceil(value) if isinstance(p, Integers) else value
    return point


#: Their sides are quotients of numbers that floats no longer tell from 0 there.
QUOTIENTS = {
    "shafahi2018.cube-tail",
    "shafahi2018.circulated-tail-from-0858",
    "schmidt2018.margin",
}


@pytest.mark.parametrize(
    "claim", [c for c in ENDLESS if c.id not in QUOTIENTS], ids=lambda c: c.id
)
def test_the_formulas_agree_beyond_the_ranges(claim):
    rng = np.random.default_rng(0)
    left, right = claim.evidence.formulas
    for piece in claim.evidence.beyond:
        for _ in range(4):
            point = beyond(claim, piece, rng)
            lhs, rhs = float(left(**point)), float(right(**point))
            assert lhs <= rhs + claim.evidence.atol + 1e-9 * abs(rhs), point


# --- oscillation ----------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 7, 10**4])
@pytest.mark.parametrize("ratio", [0.01, 0.2, 0.45])
def test_what_all_variance_factors_leave(k, ratio):
    a = 1 / mpf(ratio)
    rise = mpmath.quad(lambda w: w**-a, [1, 1.05, 2])  # E min(w, 2) - 1
    gain = float(_variance_balls.gain(1 / arb(k), ratio))
    assert math.isclose(gain, (1 - 1 / k) * 0.75 * float(rise) / ratio, rel_tol=1e-12)
    factor = belkin2018.variance_factor(k, 1, ratio)
    left = (1 - (1 - 2 * ratio) * k * factor) / ratio
    assert 0.15 * left < gain < left
    ball = _variance_balls.gain(arb(0).union(arb(1) / k), arb(0).union(arb(ratio)))
    assert ball.contains(gain)


@pytest.mark.parametrize("noise", [0.001, 0.1, 0.45])
def test_the_share_of_a_bound_on_votes(noise):
    t = mpmath.findroot(
        lambda t: noise / (1 - t) ** 2 - (1 - noise) / (1 + t) ** 2, (0.01, 0.999),
        solver="anderson",
    )  # fmt: skip
    share = _label_balls.share_of_bound(arb(noise))
    assert math.isclose(float(share), float(1 - t), rel_tol=1e-10)
    for k in (1, 2, 9, 200):
        bound = belkin2018.error_share_bound(k, noise)
        found = belkin2018.error_share(k, noise) / bound / float(share)
        assert 0 < found < 1
    found = belkin2018._mean_excess(8, noise) / belkin2018.error_share_bound(9, noise)
    assert found < share
    assert _label_balls.share_of_bound(arb(0).union(arb(noise))).contains(share)


@pytest.mark.parametrize("cells", [2, 3, 50])
@pytest.mark.parametrize("noise", [0.01, 0.5])
@pytest.mark.parametrize("failure", [0.001, 0.5])
def test_what_missed_cells_leave(cells, noise, failure):
    gain = float(_label_balls.cells_gain(1 / arb(cells), arb(noise), arb(failure)))
    a = noise / cells
    q = math.log1p(-2 * a) / math.log1p(-a)
    left = 1 - belkin2018._missed(cells, noise, failure, 1.0)
    bound = gain / 2 * failure ** (q - 1) * cells ** (2 - q)
    assert 0 < bound < left
    everywhere = _label_balls.cells_gain(
        arb(0).union(1 / arb(cells)), arb(0).union(arb(noise)), arb(0).union(failure)
    )
    assert everywhere.contains(gain)


def test_the_rate_of_few_examples():
    for e in (1e-9, 0.1, 0.5):
        truth = (-mpmath.log1p(-mpf(e)) / mpf(e) - 1) / mpf(e)
        ball = bubeck2018._rate_gain_ball(arb(e))
        assert math.isclose(float(ball), float(truth), rel_tol=1e-6)
        assert bubeck2018._rate_gain_ball(arb(0).union(arb(e))).contains(ball.mid())
    for H in (1, 10**12):
        rate = 1 + 0.3 * float(bubeck2018._rate_gain_ball(arb(0.3)))
        assert bubeck2018._survival(H, 0.3, 0.2, 1.0) <= (0.2 / H) ** (rate - 1)


@pytest.mark.parametrize("ratio", [0.01, 0.5, 1.0])
def test_the_exponents_of_uniform_noise(ratio):
    x = 3 * mpf(ratio)
    with mpmath.workdps(40):
        truth = (x**2 / 6 - mpmath.log(mpmath.sinh(x) / x)) / x**4
    bound = float(nakkiran2019._exponents_ball(arb(ratio)))
    assert float(truth) / 2 < bound < truth


@pytest.mark.parametrize("a", [0.01, 1.0, 300.0])
def test_the_excess_of_a_margin_for_all_exponents(a):
    r = 0.98
    x = r**a
    found = belkin2018._margin_excess(0.49, 0.5, a)
    assert found >= (1 - x) * math.expm1(x * (1 - r)) * (1 - 1e-9) > 0


# --- lipschitz ------------------------------------------------------------------------


@pytest.mark.parametrize("d", [2, 3, 20, 10**6])
def test_caps_of_all_dimensions(d):
    for t in (1e-3, 0.3, 0.9):
        share = bubeck2021._share_of_tail_ball("sphere", d, arb(t))
        bound = piece_of("bubeck2021.isoperimetry").lhs("sphere", arb(t))
        assert share < bound
    least = piece_of("fawzi2015.random-noise-upper").rhs(arb(0.01))
    most = piece_of("fawzi2015.random-noise-lower").lhs(arb(0.01))
    assert math.isclose(float(least), 6 / math.sqrt(math.pi))
    assert math.isclose(float(most), math.exp(0.5) / 4)
    a = (d - 1) / 2
    for e in (1e-12, 0.01, 0.083):
        x = (12 * e) ** (1 / d)
        cap = float(Sphere(d).cap_measure(math.sqrt(-math.expm1(math.log(x)))))
        part = x**a / 2 / math.sqrt(math.pi * (1 + a * (1 - x)))
        assert part < cap < 1.8 * part  # sqrt(pi) at t = 0
        assert cap / e > least
        height = math.sqrt(2 * math.log(2 / e) / d)
        if height < 1:
            assert Sphere(d).cap_measure(height) / e < most


def test_the_law_of_robustness_for_at_least_as_many_parameters():
    for eps in (1e-4, 0.1):
        most = bubeck2021._most_with_n_parameters_ball(arb(10**6), arb(eps))
        with_n = bubeck2021._capped_bound(10**12, 10**6, 1.0, eps, 1.0)
        assert math.isclose(float(most), with_n, rel_tol=1e-9)
        assert bubeck2021._capped_bound(10, 10**6, 3.0, eps, 7.0) < most


@pytest.mark.parametrize("eps", [0.01, 0.7])
def test_what_a_penalty_is_above_the_worst_loss(eps):
    d, share, name = 5, 0.5, "goodfellow2014.penalty-overestimates"
    E = eps * np.abs(goodfellow2014._problem(d, share)[2]).sum()
    near = piece_of(name, 0).rhs(d, share, arb(eps))
    assert math.isclose(float(near.lower()), -math.expm1(-E) / E, rel_tol=1e-8)
    far = piece_of(name, 1).rhs(d, share, arb(eps))
    least = -math.expm1(-E / eps**2)
    assert math.isclose(float(far.lower()), least, rel_tol=1e-8)
    assert near.contains(1)
    assert far.contains(1)


# --- dimension and manifold -----------------------------------------------------------


@pytest.mark.parametrize("classes", [10**6, 10**30, 10**300])
def test_quantiles_of_very_many_classes(classes):
    with mpmath.workdps(700):
        a = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 / mpf(classes))
        least = mpmath.log(2 * mpmath.pi * a**2) * (1 - 2 / a**2)
        s = mpf(classes) ** 2 / (4 * mpmath.pi * mpmath.log(classes))
        assert least > 2
        assert a**2 > mpmath.log(s)
    found = fawzi2018._quantile_square_ball(arb(0).union(1 / arb(classes)))
    assert math.isclose(float(found), float(least), rel_tol=1e-8)


@pytest.mark.parametrize("d", [1, 2, 50])
@pytest.mark.parametrize("eps", [0.01, 1.0, 3.0])
def test_what_the_volume_leaves_of_conflicts(d, eps):
    gap = piece_of("bhagoji2019.volume").rhs(arb(eps)).lower()
    left = (1 - bhagoji2019._conflict_share(d, eps, 0.0)) / eps**2
    assert left / 4 < gap <= left * (1 + 1e-6)
    far = piece_of("bhagoji2019.volume", 1).lhs(1 / arb(eps)).upper()
    assert math.isclose(float(far), math.exp(-(eps**2)), rel_tol=1e-8)


@pytest.mark.parametrize("d", [1.0, 784.0, 1e18])
@pytest.mark.parametrize("eps", [0.0, 0.01, 0.25])
def test_what_enough_samples_leave(d, eps):
    u, share = d**-0.25, 0.7
    left = schmidt2018._left_over(d, eps, share) / (u if eps <= u / 4 else eps)
    bound = schmidt2018._least_left_over_ball(1 / arb(d), arb(eps), arb(share))
    assert 0.1 < bound <= left


@pytest.mark.parametrize("angle", [1e-3, 0.5, 1.5])
def test_what_the_circle_leaves(angle):
    room = stutz2019._room_on_circle_ball(arb(angle))
    t = mpf(angle)
    truth = (mpmath.cos(t / 2) - 1 + mpmath.sin(t)) / mpmath.sin(t)
    assert math.isclose(float(room), float(truth), rel_tol=1e-9)


def test_tubes_of_all_reaches():
    for name, side in (("nearest-neighbours", "rhs"), ("balls", "lhs")):
        (claim,) = find([f"khoury2018.{name}"])
        whole = getattr(claim.evidence, side)
        alone = getattr(claim.evidence.beyond[0], side)(arb(0.3))
        for reach in (1e-9, 1e9):
            assert abs(whole(arb(reach), arb(0.3)) - alone) < 1e-12


# --- statistics -----------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_the_far_term_of_what_a_point_takes_off(ratio):
    """sqrt(n + 1) - sqrt(n) times mu/sigma, (1 + ratio) and the least density."""
    mu, sigma, n = 0.3, 2.0, 7
    step = (math.sqrt(n + 1) - math.sqrt(n)) * mu / sigma
    x = math.sqrt(n + 1) * mu / sigma * (1 + ratio)
    least = step * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    clean = min2021._change(min2021.clean_loss, mu, sigma, ratio, n)
    assert clean >= least * piece_of("min2021.weak-adversary").rhs(arb(ratio))
    robust = min2021._change(min2021.robust_loss, mu, sigma, ratio, n)
    assert robust >= least * piece_of("min2021.robust-loss-falls").rhs(arb(ratio))
