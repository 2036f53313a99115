import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from geomadv.claims import Expected, verify
from geomadv.spaces import Cube, Sphere
from geomadv.stats import clopper_pearson
from geomadv.theories.dimension import shafahi2018
from geomadv.theories.dimension.shafahi2018 import (
    cube_bound,
    cube_tail_bound,
    cube_tail_bound_as_circulated,
    sphere_bound,
    sphere_vacuous_radius,
)

CLAIMS = {claim.id: claim for claim in shafahi2018.CLAIMS}
FALSE_ALARM = 1e-6


# Reference values


@pytest.mark.parametrize(
    ("d", "eps", "exact", "bound"),
    [
        (100, 0.1, 0.8397203, 0.6180081),
        (100, 0.3, 0.9986514, 0.9927180),
        (784, 0.1, 0.9974422, 0.9875041),
        (3072, 0.05, 0.9972073, 0.9865140),
    ],
)
def test_the_hemisphere_and_its_bound(d, eps, exact, bound):
    assert round(float(sphere_bound(d, eps)), 7) == bound
    enlarged = Sphere(d).enlargement(0.5, eps, metric="geodesic")
    assert round(float(enlarged), 7) == exact


@pytest.mark.parametrize(
    ("eps", "exact", "normal", "with_eps", "without"),
    [
        (0.1, 0.6, 0.5989626, -0.5423, 0.8457673),
        (0.3, 0.8, 0.7739710, 0.6001427, 0.8800428),
        (0.5, 1.0, 0.8949543, 0.8548704, 0.9274352),
        (1.0, 1.0, 0.9939056, 0.9931223, 0.9931223),
    ],
)
def test_the_half_cube_and_its_bounds(eps, exact, normal, with_eps, without):
    digits = 4 if with_eps < 0 else 7
    assert round(float(cube_bound(784, eps)), 7) == normal
    assert round(float(cube_tail_bound(784, eps)), digits) == with_eps
    assert round(float(cube_tail_bound_as_circulated(eps)), 7) == without
    half = shafahi2018._slab_enlarged("slab at the end", 784, 0.5, eps)
    assert half == pytest.approx(exact, rel=1e-15)


def test_the_circulated_form_fails_up_to_40491_and_follows_from_85769_on():
    fails = optimize.brentq(
        lambda e: cube_tail_bound_as_circulated(e) - (0.5 + e), 0.1, 0.5, xtol=1e-12
    )
    follows = optimize.brentq(
        lambda e: cube_tail_bound_as_circulated(e) - cube_bound(2, e),
        0.5,
        1,
        xtol=1e-12,
    )
    assert round(fails, 8) == 0.40491205
    assert round(follows, 8) == 0.85768505


# The formulas


@given(st.integers(2, 10**6), st.floats(0, 2), st.floats(1, 1e50))
def test_the_sphere_bound_is_its_formula(d, eps, ratio):
    with mpmath.workdps(60):
        e = mpmath.mpf(eps)
        safe = ratio * mpmath.sqrt(mpmath.pi / 8) * mpmath.exp(-(d - 1) * e * e / 2)
        truth = 1 - safe
    error = 1e-15 * (d * eps**2 + 200) * max(1.0, float(safe))
    assert abs(float(sphere_bound(d, eps, ratio)) - float(truth)) <= error


@given(st.integers(2, 10**6), st.floats(1.7, 1e300))
def test_the_sphere_bound_vanishes_at_the_vacuous_radius(d, ratio):
    radius = sphere_vacuous_radius(d, ratio)
    assert abs(sphere_bound(d, radius, ratio)) < 1e-11
    assert sphere_bound(d, 1.01 * radius + 1e-6, ratio) > 0
    assert sphere_bound(d, 0.99 * radius, ratio) < 0


def test_the_uniform_class_has_no_vacuous_radius():
    assert sphere_vacuous_radius(100) == 0
    assert sphere_bound(100, 0) == pytest.approx(1 - math.sqrt(math.pi / 8), rel=1e-15)


def test_the_vacuous_radius_of_a_cap_does_not_shrink():
    """A class in a cap of angle 1 has ln V of about -d ln sin 1."""
    radii = [
        float(sphere_vacuous_radius(d, 1 / Sphere(d).cap_measure(math.cos(1))))
        for d in (10, 100, 1000)
    ]
    assert min(radii) > math.sqrt(-2 * math.log(math.sin(1)))


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, np.inf])
@pytest.mark.parametrize("d", [2, 10, 3072])
def test_the_cube_bound_is_the_enlargement_of_half_of_the_cube(d, p):
    eps = np.linspace(0, 0.9, 7) * d ** max(0, 1 / p - 0.5)
    expected = Cube(d).enlargement(0.5, eps, p)
    np.testing.assert_allclose(cube_bound(d, eps, p), expected, rtol=1e-13)


@pytest.mark.parametrize(("p", "power"), [(1, -0.5), (1.6, -0.125), (2, 0), (7, 0)])
def test_the_cube_bounds_have_the_exponents_of_the_theorem(p, power):
    d, eps, ratio = 81, 3.0, 5.0
    t = math.sqrt(2 * math.pi) * eps * d**power
    normal = 1 - ratio * stats.norm.sf(t)
    assert cube_bound(d, eps, p, ratio) == pytest.approx(normal, rel=1e-13)
    tail = math.exp(-math.pi * d ** (2 * power) * eps**2)
    tail = 1 - ratio * tail / (2 * math.pi * eps * d**power)
    assert cube_tail_bound(d, eps, p, ratio) == pytest.approx(tail, rel=1e-13)


@given(
    st.integers(1, 10**6),
    st.floats(0, 3),
    st.sampled_from([1, 1.3, 2, 5, np.inf]),
    st.floats(1, 1e6),
)
def test_the_tail_form_never_exceeds_the_bound(d, eps, p, ratio):
    bound = cube_bound(d, eps, p, ratio)
    assert cube_tail_bound(d, eps, p, ratio) <= bound + 1e-9 * (1 - bound)


def test_the_tail_form_is_vacuous_without_a_distance():
    assert cube_tail_bound(3, 0.0) == -np.inf
    assert cube_bound(3, 0.0, density_ratio=3) == -0.5


@pytest.mark.parametrize("d", [2, 3, 10, 1000])
def test_one_half_may_stand_for_the_factor_of_the_sphere_bound(d):
    """alpha(eps) <= cos^{d-1}(eps)/2 <= e^{-(d-1) eps^2/2}/2, with equality at 0."""
    eps = np.linspace(0, 1.57, 50)
    exact = Sphere(d).log_complement_enlargement(0.5, eps, metric="geodesic")
    between = (d - 1) * np.log(np.cos(eps)) - math.log(2)
    assert np.all(exact <= between + 1e-13)
    assert np.all(between <= -(d - 1) * eps**2 / 2 - math.log(2) + 1e-13)
    assert exact[0] == between[0]


# The second routes of the claims


@pytest.mark.parametrize("density", shafahi2018._CLASSES)
@pytest.mark.parametrize("d", [3, 10, 100])
def test_the_classes_are_laws_with_the_stated_tails_and_ratios(density, d):
    def uniform(h):
        log_density = (d - 3) / 2 * np.log1p(-(h**2))
        return np.exp(log_density) / special_beta((d - 1) / 2)

    ratio = {
        "uniform": lambda h: 1.0,
        "half-sphere": lambda h: 2.0 * (h > 0),
        "density 1 + x": lambda h: 1 + h,
        "density x^5": lambda h: (
            shafahi2018._density_ratio(density, d) * h**5 * (h > 0)
        ),
        "cap of .001": lambda h: 1000.0 * (h > edge),
    }[density]
    edge = float(Sphere(d).cap_height(0.001))

    def probability(low):
        ends = sorted({low, max(low, 0.0), max(low, edge), 1.0})
        parts = pairwise(ends)
        return sum(
            integrate.quad(lambda h: ratio(h) * uniform(h), a, b, epsabs=1e-13)[0]
            for a, b in parts
        )

    assert probability(-1.0) == pytest.approx(1, rel=1e-8)
    for height in (0.0, 0.1, 0.3):
        tail = shafahi2018._upper_tail(density, d, height)
        assert tail == pytest.approx(probability(height), rel=1e-7, abs=1e-12)
    heights = np.linspace(-1, 1, 1001)
    largest = max(float(ratio(h)) for h in heights)
    assert largest == pytest.approx(shafahi2018._density_ratio(density, d), rel=1e-9)


def special_beta(a):
    """Return B(a, 1/2), what normalises the law of the height."""
    return math.exp(math.lgamma(a) + math.lgamma(0.5) - math.lgamma(a + 0.5))


@pytest.mark.parametrize("shape", shafahi2018._SETS)
@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize("d", [2, 3])
def test_the_sets_in_the_cube_have_their_volumes(shape, p, d):
    n = 200_000
    x = np.random.default_rng(5).random((n, d))
    size = shafahi2018._SIZES[shape]
    inside = int(np.count_nonzero(shafahi2018._set_distance(shape, x, size, p) == 0))
    volume = shafahi2018._set_volume(shape, d, size, p)
    assert volume in clopper_pearson(inside, n, FALSE_ALARM)


@pytest.mark.parametrize("shape", shafahi2018._SETS)
@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_the_distances_to_the_sets_are_those_to_their_nearest_points(shape, p):
    rng = np.random.default_rng(6)
    size = shafahi2018._SIZES[shape]
    side = np.linspace(0, 1, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    members = grid[shafahi2018._set_distance(shape, grid, size, p) <= 1e-12]
    for x in rng.random((20, 2)):
        nearest = np.linalg.norm(members - x, ord=p, axis=1).min()
        distance = shafahi2018._set_distance(shape, x[None], size, p)[0]
        assert distance - 1e-9 <= nearest <= distance + 0.011


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_a_ball_in_the_centre_is_as_far_from_opposite_corners(p):
    corners = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
    distance = shafahi2018._set_distance("ball in the centre", corners, 0.4, p)
    expected = 0.5 * 3 ** (1 / p) - 0.4
    np.testing.assert_allclose(distance, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("region", "steps", "truth"),
    [
        ("half-sphere", 0.5, None),
        ("tilted half-sphere", 0.0, 1 - 0.5 / math.pi),
        ("quadrants", 0.0, 1.0),
        ("band", 0.0, 0.5),
    ],
)
def test_the_safe_points_of_a_class_on_the_sphere(region, steps, truth):
    d, n = 10, 100_000
    safe = shafahi2018._safe_on_sphere(n, np.random.default_rng(7), region, d, steps)
    if truth is None:
        height = math.sin(steps / math.sqrt(d))
        truth = 2 * float(Sphere(d).cap_measure(height))
    count = int(np.count_nonzero(safe))
    if truth == 1:
        assert count == n
    else:
        assert truth in clopper_pearson(count, n, FALSE_ALARM)


# Arrays, scalars, claims, errors


def test_scalars_give_scalars_and_arrays_broadcast():
    for value in (
        sphere_bound(10, 0.1),
        sphere_vacuous_radius(10, 5),
        cube_bound(10, 0.1),
        cube_tail_bound(10, 0.1),
        cube_tail_bound_as_circulated(0.1),
    ):
        assert isinstance(value, np.float64)
    assert sphere_bound([[10], [20]], [0.1, 0.2, 0.3]).shape == (2, 3)
    assert cube_bound(10, [0.1, 0.2], 1, [[1], [2], [3]]).shape == (3, 2)
    assert cube_tail_bound(10, []).shape == (0,)


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_come_out_as_expected_and_their_twins_opposite(name):
    result = verify([CLAIMS[name]]).results[0]
    assert result.as_expected, (result.outcome, result.twin)


def test_the_counterexample_to_the_circulated_form_is_the_half_cube_at_a_tenth():
    claim = CLAIMS["shafahi2018.cube-tail-as-circulated"]
    assert claim.expected is Expected.VIOLATED
    worst = verify([claim]).results[0].outcome.worst
    assert dict(worst.parameters) == {"eps": 0.1}
    assert worst.rhs == pytest.approx(0.6, rel=1e-15)
    assert round(worst.lhs, 7) == 0.8457673


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: sphere_bound(x, 0.1), "d"),
        (lambda x: sphere_bound(10, x), "eps"),
        (lambda x: sphere_bound(10, 0.1, x), "density_ratio"),
        (lambda x: sphere_vacuous_radius(x, 2), "d"),
        (lambda x: sphere_vacuous_radius(10, x), "density_ratio"),
        (lambda x: cube_bound(x, 0.1), "d"),
        (lambda x: cube_bound(10, x), "eps"),
        (lambda x: cube_bound(10, 0.1, 2, x), "density_ratio"),
        (lambda x: cube_tail_bound(10, x), "eps"),
        (lambda x: cube_tail_bound_as_circulated(x), "eps"),
        (lambda x: cube_tail_bound_as_circulated(0.1, x), "density_ratio"),
    ],
)
@pytest.mark.parametrize("value", [math.nan, -1.0, math.inf, "1", 1j])
def test_bad_arguments_are_named(call, name, value):
    with pytest.raises((TypeError, ValueError), match=rf"^{name} must"):
        call(value)


@pytest.mark.errors
@pytest.mark.parametrize("p", [0.5, math.nan, -1])
def test_norms_have_an_order_of_at_least_one(p):
    with pytest.raises(ValueError, match=r"^p must"):
        cube_bound(10, 0.1, p)
