import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.claims import verify
from geomadv.spaces import HammingCube, Sphere
from geomadv.theories.dimension import mahloujifar2018
from geomadv.theories.dimension.mahloujifar2018 import (
    hamming_concentration,
    hamming_two_step_distance,
    levy_concentration,
    sphere_concentration,
    sphere_two_step_distance,
    talagrand_distance,
    talagrand_enlargement,
    talagrand_ratio,
    two_step_distance,
    two_step_risk,
)

MASSES = st.floats(1e-300, 0.5)
CLAIMS = {claim.id: claim for claim in mahloujifar2018.CLAIMS}


# Reference values


@pytest.mark.parametrize(
    ("d", "gamma", "talagrand", "two_step", "between_balls", "harper"),
    [
        (100, 0.01, 30.3485, 30.3485, 24, 24),
        (784, 0.01, 84.9759, 84.9759, 66, 66),
        (784, 0.5, 64.4506, 58.9717, 33, 33),
        (10_000, 0.01, 303.4854, 303.4854, 232, 233),
    ],
)
def test_distances_from_one_per_cent_on_the_hamming_cube(
    d, gamma, talagrand, two_step, between_balls, harper
):
    """The least ball of at least 1 % has more than 1 %: a set of 1 % is farther."""
    assert round(float(talagrand_distance(d, 0.01, gamma)), 4) == talagrand
    assert round(float(hamming_two_step_distance(d, 0.01, gamma)), 4) == two_step
    assert binomial_quantile(d, 1 - gamma) - binomial_quantile(d, 0.01) == between_balls
    assert int(HammingCube(d).enlargement_radius(0.01, 1 - gamma)) == harper


def binomial_quantile(d, level):
    """Return the least radius of a ball of at least the level, counted exactly."""
    total, term, goal = 0, 1, Fraction(level).limit_denominator(100) * 2**d
    for radius in range(d + 1):
        total += term
        if total >= goal:
            return radius
        term = term * (d - radius) // (radius + 1)
    raise AssertionError("the whole cube has measure 1")


@pytest.mark.parametrize(
    ("gamma", "bound", "truth"), [(0.5, 0.15902, 0.10410), (0.01, 0.25782, 0.20820)]
)
def test_distances_from_one_per_cent_on_the_sphere(gamma, bound, truth):
    assert round(float(sphere_two_step_distance(500, 0.01, gamma)), 5) == bound
    exact = Sphere(500).distance_quantile(0.01, 1 - gamma, metric="geodesic")
    assert round(float(exact), 5) == truth


@pytest.mark.parametrize(
    ("error", "gamma"), [(0.01, 0.01), (0.01, 0.5), (1e-12, 0.3), (1e-300, 1e-5)]
)
def test_the_ratio_is_that_of_normal_quantiles(error, gamma):
    with mpmath.workdps(330):
        a, c = (
            mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(m))
            for m in (error, gamma)
        )
        truth = 2 * mpmath.sqrt(-mpmath.log(mpmath.mpf(error) * gamma)) / (a + c)
    assert abs(float(talagrand_ratio(error, gamma)) / float(truth) - 1) < 1e-12


# Brute force


def enlarged(subset, d, flips):
    return {x for x in range(2**d) if any((x ^ y).bit_count() <= flips for y in subset)}


@pytest.mark.parametrize("one", [Fraction(1, 2), Fraction(1, 5), Fraction(1, 50)])
def test_talagrand_holds_for_every_set_of_a_product_measure(one):
    d = 3
    weight = [one ** x.bit_count() * (1 - one) ** (d - x.bit_count()) for x in range(8)]
    for code in range(1, 2**8):
        subset = [x for x in range(8) if code >> x & 1]
        mass = sum(weight[x] for x in subset)
        for flips in range(d + 1):
            measure = sum(weight[x] for x in enlarged(subset, d, flips))
            bound = talagrand_enlargement(d, float(mass), flips)
            assert measure >= bound - 1e-15


def alpha(d, flips):
    """Return the concentration function of {0, 1}^d: balls of half measure, d odd."""
    rest = sum(math.comb(d, k) for k in range((d + 1) // 2 + flips, d + 1))
    return Fraction(rest, 2**d)


@pytest.mark.parametrize("d", [1, 3, 5, 11, 51, 101])
def test_the_hamming_concentration_bounds_the_half_ball_at_every_distance(d):
    for flips in range(d + 1):
        bound = float(hamming_concentration(d, flips))
        assert float(alpha(d, flips)) <= bound
        assert bound == pytest.approx(math.exp(-2 * flips**2 / d), rel=1e-14)


@pytest.mark.parametrize("d", [2, 3])
def test_the_least_enlargements_are_those_of_sets_of_points(d):
    rows = mahloujifar2018._least_enlargements(d)
    for flips, row in enumerate(rows):
        least = [2**d + 1] * (2**d + 1)
        for code in range(2 ** (2**d)):
            subset = {x for x in range(2**d) if code >> x & 1}
            size = len(enlarged(subset, d, flips))
            least[len(subset)] = min(least[len(subset)], size)
        assert list(row) == least


@pytest.mark.parametrize("error", [0.01, 0.2, 0.5])
def test_the_two_step_risk_is_below_the_exact_one_at_every_budget(error):
    flips = np.arange(101)
    bound = two_step_risk(flips, error, 1, 2 / 100)
    assert np.all(bound <= HammingCube(100).enlargement(error, flips))
    assert bound.max() > 0.999


@pytest.mark.parametrize("d", [3, 10, 500, 10**6])
def test_the_sphere_concentration_bounds_the_cap(d):
    eps = np.linspace(0, 1.57, 40)
    exact = Sphere(d).log_complement_enlargement(0.5, eps, metric="geodesic")
    k1, k2 = math.sqrt(math.pi / 8), (d - 2) / 2
    assert np.all(exact <= math.log(k1) - k2 * eps**2)
    bound = k1 * np.exp(-k2 * eps**2)
    np.testing.assert_allclose(sphere_concentration(d, eps), bound, rtol=1e-13)


# What the formulas have to do with each other


@given(st.integers(1, 10**9), MASSES, MASSES)
def test_two_steps_never_exceed_talagrand_and_meet_it_for_equal_masses(d, error, gamma):
    talagrand = talagrand_distance(d, error, gamma)
    assert hamming_two_step_distance(d, error, gamma) <= talagrand * (1 + 1e-14)
    same = hamming_two_step_distance(d, error, error)
    assert same == pytest.approx(float(talagrand_distance(d, error, error)), rel=1e-14)


@given(st.floats(1e-10, 0.5), st.floats(1e-10, 0.4), st.floats(0.5, 2), MASSES)
def test_the_risk_at_the_two_step_distance_is_one_minus_gamma(error, gamma, k1, k2):
    b = two_step_distance(error, gamma, k1, k2)
    assert two_step_risk(b, error, k1, k2) == pytest.approx(1 - gamma, abs=1e-9)


@given(st.floats(1e-10, 0.9), st.floats(1e-10, 0.9), st.integers(1, 10**6))
def test_talagrand_leaves_gamma_at_its_own_distance(error, gamma, d):
    b = talagrand_distance(d, error, gamma)
    assert talagrand_enlargement(d, error, b) == pytest.approx(1 - gamma, abs=1e-9)


@given(MASSES, MASSES, st.floats(0.1, 10), st.floats(1e-3, 1e3))
def test_the_concentration_is_the_mass_after_either_step(error, gamma, k1, k2):
    first = two_step_distance(error, 1.0, k1, k2) - two_step_distance(1.0, 1.0, k1, k2)
    if k1 >= 1:
        first += math.sqrt(math.log(k1) / k2)
    if error < k1:
        left = levy_concentration(float(first), k1, k2)
        assert left == pytest.approx(error, rel=1e-9)
    both = two_step_distance(error, gamma, k1, k2)
    assert both == two_step_distance(gamma, error, k1, k2)


def test_no_step_is_needed_from_more_than_half_of_the_mass():
    assert two_step_distance(0.9, 0.9, 0.6, 1.0) == 0
    assert two_step_distance(0.9, 0.01, 0.6, 1.0) == math.sqrt(math.log(60))


def test_the_risk_starts_at_the_error_and_grows_with_the_budget():
    risk = two_step_risk(np.linspace(0, 10, 200), 0.01, 1, 1)
    assert risk[0] == 0.01
    assert all(a <= b for a, b in pairwise(risk))
    assert risk[-1] > 1 - 1e-15


def test_a_binary_segment_is_a_subcube_at_powers_of_two():
    assert mahloujifar2018._binary_segment_enlarged(4, 4, 1) == 4 + 4 * 2
    assert mahloujifar2018._binary_segment_enlarged(4, 5, 1) == 13


# Arrays, scalars, claims, errors


def test_scalars_give_scalars_and_arrays_broadcast():
    assert isinstance(talagrand_distance(10, 0.1, 0.1), np.float64)
    assert isinstance(two_step_risk(1, 0.1, 1, 1), np.float64)
    assert isinstance(talagrand_enlargement(10, 0.1, 1), np.float64)
    assert isinstance(talagrand_ratio(0.1, 0.1), np.float64)
    assert hamming_two_step_distance([[1], [2]], [0.1, 0.2, 0.3], 0.1).shape == (2, 3)
    assert sphere_concentration([], 0.1).shape == (0,)


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_hold_and_their_twins_do_not(name):
    result = verify([CLAIMS[name]]).results[0]
    assert result.as_expected, (result.outcome, result.twin)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: levy_concentration(x, 1, 1), "b"),
        (lambda x: levy_concentration(1, x, 1), "k1"),
        (lambda x: levy_concentration(1, 1, x), "k2"),
        (lambda x: two_step_distance(x, 0.1, 1, 1), "error"),
        (lambda x: two_step_distance(0.1, x, 1, 1), "gamma"),
        (lambda x: two_step_risk(x, 0.1, 1, 1), "b"),
        (lambda x: two_step_risk(1, x, 1, 1), "error"),
        (lambda x: hamming_concentration(x, 1), "d"),
        (lambda x: hamming_concentration(10, x), "flips"),
        (lambda x: hamming_two_step_distance(x, 0.1, 0.1), "d"),
        (lambda x: talagrand_distance(x, 0.1, 0.1), "d"),
        (lambda x: talagrand_distance(10, x, 0.1), "error"),
        (lambda x: talagrand_enlargement(x, 0.1, 1), "d"),
        (lambda x: talagrand_enlargement(10, x, 1), "mass"),
        (lambda x: talagrand_enlargement(10, 0.1, x), "flips"),
        (lambda x: sphere_concentration(x, 0.1), "d"),
        (lambda x: sphere_concentration(10, x), "eps"),
        (lambda x: sphere_two_step_distance(x, 0.1, 0.1), "d"),
        (lambda x: talagrand_ratio(x, 0.1), "error"),
        (lambda x: talagrand_ratio(0.1, x), "gamma"),
    ],
)
@pytest.mark.parametrize("value", [math.nan, -1.0, math.inf, "1", 1j])
def test_bad_arguments_are_named(call, name, value):
    with pytest.raises((TypeError, ValueError), match=rf"^{name} must"):
        call(value)


@pytest.mark.errors
def test_the_ratio_needs_a_distance_to_go():
    with pytest.raises(ValueError, match="must not both be"):
        talagrand_ratio(0.5, [0.1, 0.5])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_equal_blocks_of_coordinates_are_a_smaller_cube(size: int):
    """A ball of radius 1 of 6 bits and one pair more, two flips of blocks later.

    They have grown to the ball of radius 3 and the 6 sets of four that hold the pair.
    """
    grown = sum(math.comb(6, j) for j in range(4)) + math.comb(4, 2)
    left = mahloujifar2018._log_untouched_blocks(size, 6 * size, 8 / 64, 2 * size)
    assert math.exp(left) == pytest.approx(1 - grown / 64, rel=1e-12)
