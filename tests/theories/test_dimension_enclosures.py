"""Balls of the claims on dimension: against mpmath, and against planted changes."""

import mpmath
import pytest
from flint import arb, ctx
from mpmath import mpf

from geomadv.claims import Enclosure
from geomadv.theories import find
from geomadv.theories.dimension.bhagoji2019 import _conflict_share_ball
from geomadv.theories.dimension.shafahi2018 import _class_share_ball
from tests.theories._enclosed import check_that_changes_are_noticed, middle, tail

CLAIMS = {
    claim.id: claim
    for claim in find(["dimension"])
    if isinstance(claim.evidence, Enclosure)
}


@pytest.fixture(autouse=True)
def _precision():
    before, ctx.prec = ctx.prec, 128
    with mpmath.workdps(40):
        yield
    ctx.prec = before


def side(name, which, **point):
    return middle(CLAIMS[name], which, rtol=1e-18, **point)


DENSITIES = {  # relative to the uniform law, up to a factor, and the greatest value
    "uniform": (lambda t: mpf(1), 1),
    "half-sphere": (lambda t: mpf(t > 0), 1),
    "density 1 + x": (lambda t: 1 + t, 2),
    "density x^5": (lambda t: max(t, 0) ** 5, 1),
}


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize(("d", "steps"), [(3, 2.0), (10, 0.5), (100, 4.0)])
def test_the_safe_share_of_a_class_is_an_integral_of_its_density(density, d, steps):
    function, greatest = DENSITIES[density]
    eps = mpf(steps) / mpmath.sqrt(d)

    def mass(low):
        return mpmath.quad(
            lambda u: function(mpmath.sin(u)) * mpmath.cos(u) ** (d - 2),
            [low, *(c for c in (0, eps) if c > low), mpmath.pi / 2],
        )

    sphere = mpmath.quad(lambda u: mpmath.cos(u) ** (d - 2), [-mpmath.pi / 2, 0])
    whole = mass(-mpmath.pi / 2)
    V = greatest * 2 * sphere / whole
    bound = V * mpmath.sqrt(mpmath.pi / 8) * mpmath.exp(-(d - 1) * eps**2 / 2)
    value = side(
        "shafahi2018.sphere-densities", "lhs", density=density, d=d, steps=steps
    )
    assert abs(value / (mass(eps) / whole / bound) - 1) < 1e-20


@pytest.mark.parametrize("density", [*DENSITIES, "cap of .001"])
@pytest.mark.parametrize("ends", [(0.1, 1.0), (2.0, 3.0), (2.7, 10.0)])
def test_the_safe_share_is_enclosed_on_boxes(density, ends):
    low, high = ends
    box = _class_share_ball(density, 3, arb(low).union(arb(high)))
    for k in range(5):
        s = arb(low + (high - low) * k / 4)
        if s > 2.7207:  # the pole is at sqrt(3) pi/2
            continue
        assert box.contains(_class_share_ball(density, 3, s).mid())
    assert box.is_finite()


@pytest.mark.parametrize(("k", "eps"), [(0, 0.01), (1, 0.3), (5, 0.5)])
def test_the_bound_in_the_cube_over_the_share_of_a_density(k, eps):
    e = mpf(eps)
    truth = 1 - 2 * (k + 1) * tail(mpmath.sqrt(2 * mpmath.pi) * e)
    # the density 2 (k+1) (2 x - 1)^k on x > 1/2, up to 1/2 + eps
    share = mpmath.quad(
        lambda x: 2 * (k + 1) * (2 * x - 1) ** k, [mpf(1) / 2, mpf(1) / 2 + e]
    )
    value = side("shafahi2018.cube-densities", "lhs", k=k, eps=eps)
    assert abs(value - truth / share) < 1e-20 * abs(truth / share)


@pytest.mark.parametrize(("d", "eps", "length"), [(1, 0.05, 1.0), (3, 1.0, 0.5)])
def test_conflicts_are_an_integral_over_a_ball(d, eps, length):
    e, L = mpf(eps), mpf(length)
    if d == 1:  # x - x' is N(2 L, 2)
        chance = tail((2 * L - 2 * e) / mpmath.sqrt(2))
        chance -= tail((2 * L + 2 * e) / mpmath.sqrt(2))
    else:  # in shells, by the mean of exp(2 L r cos) over the sphere of R^3
        chance = mpmath.quad(
            lambda r: (
                4
                * mpmath.pi
                * r**2
                * (4 * mpmath.pi) ** mpf(-1.5)
                * mpmath.exp(-(r**2 + 4 * L**2) / 4)
                * mpmath.sinh(L * r)
                / (L * r)
            ),
            [0, e, 2 * e],
        )
    truth = chance * mpmath.gamma(mpf(d) / 2 + 1) / e**d
    value = side("bhagoji2019.volume", "lhs", d=d, eps=eps, length=length)
    assert abs(value / truth - 1) < 1e-20


@pytest.mark.parametrize("d", [1, 10])
def test_conflicts_are_enclosed_on_boxes(d):
    box = _conflict_share_ball(d, arb(0.5).union(arb(2)), arb(0.25).union(arb(1.5)))
    for eps in (0.5, 1.0, 2.0):
        for length in (0.25, 1.0, 1.5):
            assert box.contains(_conflict_share_ball(d, arb(eps), arb(length)).mid())


@pytest.mark.parametrize("radius", [0.05, 0.0625, 0.1])
def test_the_share_within_a_distance_of_a_cap(radius):
    def mass(angle):
        return (
            mpmath.betainc(
                mpf(1999) / 2, 0.5, 0, mpmath.sin(angle) ** 2, regularized=True
            )
            / 2
        )

    edge = mpmath.findroot(
        lambda t: mass(t) - mpf(1) / 100, (1.5, 1.54), solver="illinois"
    )
    angle = edge + 2 * mpmath.asin(mpf(radius) / 2)
    truth = mass(angle) if angle < mpmath.pi / 2 else 1 - mass(angle)
    value = side("gilmer2018.talk-figure", "rhs", d=2000, radius=radius)
    assert abs(value / truth - 1) < 1e-17


@pytest.mark.parametrize(("error", "eps"), [(0.01, 0.5), (0.1, 0.25), (0.4, 2.0)])
def test_logarithms_of_the_linf_bound(error, eps):
    point = {"error": error, "eps": eps, "d": 784}
    a = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpf(error))
    truth = mpmath.log(1 - tail(a - eps))
    assert abs(side("dohmatob2019.linf-gain", "lhs", **point) / truth - 1) < 1e-20
    start = mpmath.sqrt(2 * mpmath.log(1 / mpf(error)))
    bound = -mpf(784) / 2 * max(eps - start / 28, 0) ** 2
    assert abs(side("dohmatob2019.linf-gain", "rhs", **point) / bound - 1) < 1e-20


@pytest.mark.parametrize(
    "name",
    [
        "bhagoji2019.volume",
        "dohmatob2019.linf-gain",
        "gilmer2018.talk-figure",
        "shafahi2018.cube-densities",
        "shafahi2018.sphere-densities",
    ],
)
@pytest.mark.parametrize("which", ["lhs", "rhs"])
def test_a_change_of_a_ball_or_of_a_formula_is_noticed(name, which):
    check_that_changes_are_noticed(CLAIMS[name], which)
