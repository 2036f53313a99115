"""Balls of the claims on manifolds: against mpmath, and against planted changes."""

import mpmath
import pytest
from flint import arb, ctx
from mpmath import mpf

from geomadv.claims import Enclosure, verify
from geomadv.theories import find
from geomadv.theories.manifold import schmidt2018
from tests.theories._enclosed import check_that_changes_are_noticed, middle, tail

CLAIMS = {
    claim.id: claim
    for claim in find(["manifold"])
    if isinstance(claim.evidence, Enclosure)
}
PLACES = 30


@pytest.fixture(autouse=True)
def _precision():
    before, ctx.prec = ctx.prec, 128
    with mpmath.workdps(50):
        yield
    ctx.prec = before


def side(name, which, **point):
    return middle(CLAIMS[name], which, rtol=1e-30, **point)


def agrees(value, truth):
    return abs(value - truth) <= abs(truth) * mpf(10) ** -28


def mean_magnitude(s):
    """Return E|1 + s g| by quadrature."""
    kink = -1 / s
    return mpmath.quad(
        lambda g: abs(1 + s * g) * mpmath.npdf(g),
        [-14, min(max(kink, -14), 14), 0, 14],
    )


def average_error(d, sigma, n, eps):
    s = sigma / mpmath.sqrt(n)
    margin = 1 - eps * mean_magnitude(s) if eps else 1
    return tail(mpmath.sqrt(d) * margin / (sigma * mpmath.sqrt(1 + s * s)))


def self_trained_error(d, sigma, n, m, eps):
    """Follow the head of `carmon2019`, in its own parameters."""
    cosine = 1 / mpmath.sqrt(1 + sigma**2 / n)
    kappa = cosine * mpmath.sqrt(d) / sigma
    right = 1 - 2 * tail(kappa)
    A = right + 2 * kappa * mpmath.npdf(kappa) * sigma**2 / d
    common = 4 * sigma**2 * mpmath.npdf(kappa) ** 2 * (1 - cosine**2) / d
    return average_error(d, sigma, (sigma * A) ** 2 / (common + sigma**2 / m), eps)


@pytest.mark.parametrize(("eps", "rho"), [(0.001, 1.0), (0.125, 40.0), (0.5, 1000.0)])
def test_errors_of_labels_are_those_of_the_gaussian_model(eps, rho):
    d = mpf(10) * (mpf(rho) / mpf(eps) ** 2) ** 2
    sigma = (d * 10) ** mpf(0.25)
    point = {"eps": eps, "rho": rho, "n_0": 10}
    e = mpf(eps)
    for name, which, n, size in (
        ("standard", "lhs", 10, 0),
        ("labels-alone", "rhs", 10, e),
        ("labelled", "lhs", 40 * mpf(rho), e),
    ):
        truth = average_error(d, sigma, n, size)
        assert abs(side(f"carmon2019.{name}", which, **point) / truth - 1) < 1e-14


@pytest.mark.parametrize(("eps", "rho"), [(0.01, 1.0), (0.2, 1.0), (0.1, 5.0)])
def test_the_error_after_self_training_is_that_of_its_moments(eps, rho):
    d = mpf(10) * (mpf(rho) / mpf(eps) ** 2) ** 2
    sigma = (d * 10) ** mpf(0.25)
    truth = self_trained_error(d, sigma, 10, 2880 * mpf(rho), mpf(eps))
    value = side("carmon2019.self-training", "lhs", eps=eps, rho=rho, n_0=10)
    assert abs(value / truth - 1) < 1e-14


@pytest.mark.parametrize(("d", "eps"), [(1e4, 0.1), (1e6, 0.25), (1e9, 0.01)])
def test_the_error_from_one_label_is_that_of_its_moments(d, eps):
    sigma, m = mpf(d) ** mpf(0.25) / 2, mpf(11) / 10 * mpf(eps) ** 2 * mpmath.sqrt(d)
    truth = self_trained_error(mpf(d), sigma, 1, m, mpf(eps))
    value = side("uesato2019.one-label", "lhs", d=d, eps=eps)
    assert abs(value / truth - 1) < 1e-12


@pytest.mark.parametrize("delta", [1e-9, 0.1, 0.9])
def test_the_inner_product_is_a_normal_number(delta):
    norm, spread = mpf(28), 2 / mpmath.sqrt(100)
    score = mpmath.sqrt(2 * mpmath.log(1 / mpf(delta)))
    bound = norm**2 - norm * spread * score
    truth = tail((norm**2 - bound) / (spread * norm)) / mpf(delta)
    point = {"norm": 28.0, "sigma": 2.0, "samples": 100.0, "delta": delta}
    assert agrees(side("schmidt2018.inner-product", "lhs", **point), truth)


@pytest.mark.parametrize(("d", "share", "sigma"), [(2, 0.0, 0.5), (50, 0.75, 2.0)])
def test_the_margin_is_that_of_the_weights(d, share, sigma):
    w = [mpf(float(v)) for v in schmidt2018._weights(d)]
    r = (1 - share) * mpmath.fsum(w) / mpmath.norm(w)
    truth = tail(r / sigma) * mpmath.exp(r**2 / (2 * mpf(sigma) ** 2))
    point = {"d": d, "p": 1.0, "share": share, "sigma": sigma}
    assert agrees(side("schmidt2018.margin", "lhs", **point), truth)


@pytest.mark.parametrize(
    ("d", "eps", "share"), [(1.0, 0.25, 1.0), (16.0, 0.125, 0.5), (1e12, 0.2, 1.0)]
)
def test_what_is_left_of_the_certified_size(d, eps, share):
    d, eps = mpf(d), mpf(eps)
    sigma = share * d ** mpf(0.25) / 32
    n = 1 if eps <= d ** mpf(-0.25) / 4 else 64 * eps**2 * mpmath.sqrt(d)
    cosine = (2 * mpmath.sqrt(n) - 1) / (2 * mpmath.sqrt(n) + 4 * sigma)
    truth = cosine - sigma * mpmath.sqrt(2 * mpmath.log(100) / d) - eps
    point = {"d": float(d), "eps": float(eps), "share": share}
    assert agrees(side("schmidt2018.sufficient", "rhs", **point), truth)


def test_the_left_over_size_is_enclosed_on_a_box_across_the_kink():
    box = [arb(16).union(arb(10**4)), arb(0.01).union(arb(0.2)), arb(0.1).union(arb(1))]
    ball = schmidt2018._left_over_ball(*box)
    for d in (16.0, 81.0, 10.0**4):
        for eps in (0.01, 0.025, 0.05, 0.2):
            for share in (0.1, 1.0):
                assert ball.contains(schmidt2018._left_over(d, eps, share))


@pytest.mark.parametrize(("reach", "share"), [(1.0, 0.001), (0.5, 0.25), (7.0, 0.9)])
def test_margins_of_neighbours_and_balls_on_lines(reach, share):
    r, e = mpf(reach), mpf(reach) * mpf(share)
    point = {"reach": reach, "share": share}
    # the worst point is over the middle between two samples of its own class
    margin = (2 * r - e) - mpmath.hypot(2 * (r - e), e)
    assert agrees(side("khoury2018.nearest-neighbours", "rhs", **point), margin / e)
    out = mpmath.hypot(r - e, e) - r
    assert agrees(side("khoury2018.balls", "lhs", **point), out / e)


@pytest.mark.parametrize("k", [2, 3, 10, 100])
def test_the_coverage_at_codimension_1(k):
    ratio = mpmath.gamma(mpf(3) / 2) / mpmath.gamma(mpf(k + 3) / 2)
    truth = mpmath.pi ** (mpf(k) / 2) * ratio * (mpmath.sqrt(k) / 2) ** k
    assert agrees(side("khoury2018.vacuous", "rhs", k=float(k)), truth)


@pytest.mark.parametrize("k", [4, 100, 10**6])
def test_the_far_coverage_is_bounded_from_below(k):
    (piece,) = CLAIMS["khoury2018.vacuous"].evidence.beyond
    bound = mpf(piece.rhs(over_k=1 / arb(k)).lower().str(40, radius=False))
    truth = k / mpf(2) * mpmath.log(mpmath.pi * k / 4) + mpmath.log(mpmath.pi) / 2
    truth -= mpmath.log(2) + mpmath.loggamma(mpf(k + 3) / 2)
    gap = truth / k - bound  # Stirling's next term is 1/(360 z^3)
    rounding = mpf(10) ** -8 * mpmath.log(k) / k  # of the radius of a union
    assert 0 <= gap <= mpf(1) / (300 * (mpf(k + 3) / 2) ** 3 * k) + rounding


@pytest.mark.parametrize(("eta", "angle"), [(0.01, 1e-3), (0.5, 0.25), (2.0, 1.0)])
def test_the_robust_error_on_the_manifold_is_a_bivariate_normal_law(eta, angle):
    h, t = mpf(eta), mpf(angle)
    width = mpmath.tan(t)
    quadrant = mpmath.quad(
        lambda x: mpmath.npdf(x) * tail((h - x * mpmath.cos(t)) / mpmath.sin(t)),
        [h, h + width, h + 4 * width, h + 20 * width, h + 20 * width + 14],
    )
    value = side("stutz2019.on-manifold-robustness", "lhs", eta=eta, angle=angle)
    assert abs(value / (1 - 2 * quadrant) - 1) < 1e-12


@pytest.mark.parametrize("angle", [0.01, 0.5, 1.5])
def test_the_bound_on_a_circle_is_that_of_its_chord(angle):
    t, a = mpf(angle), mpf(2)
    chord = mpmath.sqrt((a - a * mpmath.cos(t)) ** 2 + (a * mpmath.sin(t)) ** 2)
    truth = a * chord / (a + chord) / (a * mpmath.sin(t))
    point = {"d": 3.0, "a": 2.0, "angle": angle, "normal": 1.0}
    assert agrees(side("stutz2019.projection-curved", "lhs", **point), truth)


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("which", ["lhs", "rhs"])
def test_a_change_of_a_ball_or_of_a_formula_is_noticed(name, which):
    check_that_changes_are_noticed(CLAIMS[name], which)


def test_enough_claims_are_enclosed_and_quick():
    import time

    assert len(CLAIMS) >= 15
    start = time.process_time()
    report = verify(list(CLAIMS.values()), error_rate=1e-6)
    assert report.exit_code == 0
    assert time.process_time() - start < 0.5 * len(CLAIMS)
