from itertools import combinations
from math import comb, log

import mpmath
import pytest

from geomadv.spaces._harper import (
    InitialSegment,
    ball_counts,
    log_fraction,
    points_of_log_mass,
    points_of_mass,
)


def simplicial_order(d):
    """The points as bit masks: by size, then lexicographically by their elements."""
    return [
        sum(1 << i for i in subset)
        for size in range(d + 1)
        for subset in combinations(range(d), size)
    ]


def grow(points, d):
    return points | {x ^ (1 << i) for x in points for i in range(d)}


@pytest.mark.parametrize("d", range(1, 11))
def test_counts_are_those_of_the_explicit_simplicial_order(d):
    order, balls = simplicial_order(d), ball_counts(d)
    sizes = range(1, 2**d + 1) if d <= 8 else range(1, 2**d + 1, 7)
    for size in sizes:
        segment, points, distances = InitialSegment(size, balls), set(order[:size]), 0
        for flips in range(d + 2):
            assert segment.enlarged(flips) == len(points)
            distances += 2**d - len(points)
            points = grow(points, d)
        assert segment.total_distance() == distances


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_no_subset_at_all_grows_less(d):
    """Harper's theorem by brute force over all 2^(2^d) sets, for every t."""
    balls = ball_counts(d)
    neighbours = [
        (1 << x) | sum(1 << (x ^ (1 << i)) for i in range(d)) for x in range(2**d)
    ]
    byte = [[0] * 256 for _ in range(2)]
    for half in range(2):
        for value in range(256):
            for bit in range(8):
                if value >> bit & 1 and 8 * half + bit < 2**d:
                    byte[half][value] |= neighbours[8 * half + bit]
    least = {}
    for start in range(1, 2 ** (2**d)):
        family, size = start, start.bit_count()
        for flips in range(d + 1):
            key, grown = (size, flips), family.bit_count()
            least[key] = min(grown, least.get(key, grown))
            family = byte[0][family & 255] | byte[1][family >> 8]
    for (size, flips), smallest in least.items():
        assert InitialSegment(size, balls).enlarged(flips) == smallest


@pytest.mark.parametrize("d", [3, 50, 333])
def test_a_ball_grows_to_a_ball(d):
    balls = ball_counts(d)
    assert balls == [sum(comb(d, i) for i in range(r + 1)) for r in range(d + 1)]
    for radius in range(0, d + 1, max(1, d // 10)):
        segment = InitialSegment(balls[radius], balls)
        for flips in (0, 1, d // 3, d):
            assert segment.enlarged(flips) == balls[min(d, radius + flips)]


@pytest.mark.parametrize("d", [64, 301])
def test_enlargements_compose_exactly(d):
    balls = ball_counts(d)
    for size in (1, 2, d + 2, 12345, 2**d // 97, 2**d // 2, 2**d - 2**d // 1000):
        segment = InitialSegment(size, balls)
        assert segment.enlarged(0) == size
        for first, second in ((1, 1), (2, 7), (d // 5, d // 4)):
            half = InitialSegment(segment.enlarged(first), balls)
            assert half.enlarged(second) == segment.enlarged(first + second)


def test_total_distance_sums_the_complements():
    d = 120
    balls = ball_counts(d)
    for size in (1, 3, 10**6 + 7, 2**d // 100, 2**d // 2 + 1, 2**d - 5, 2**d):
        segment = InitialSegment(size, balls)
        total = sum(2**d - segment.enlarged(flips) for flips in range(d + 1))
        assert segment.total_distance() == total


def test_reach_is_the_least_number_of_flips():
    balls = ball_counts(40)
    for size in (1, 12345, 2**40 // 100, 2**39, 2**40):
        segment = InitialSegment(size, balls)
        for target in (0.0, 1e-9, 0.01, 0.5, 0.9, 1 - 2**-41, 1.0):
            flips = segment.reach(target)
            assert segment.enlarged(flips) >= target * 2**40
            assert flips == 0 or segment.enlarged(flips - 1) < target * 2**40


def test_points_of_a_mass_are_rounded_up_exactly():
    assert points_of_mass(0.25, 2) == 1
    assert points_of_mass(0.25 + 2**-50, 2) == 2
    assert points_of_mass(5e-324, 3) == 1
    assert points_of_mass(5e-324, 1075) == 2
    assert points_of_mass(0.01, 100) == -(-5764607523034235 * 2**100 // 2**59)
    assert points_of_mass(1.0, 7) == 128
    assert points_of_mass(0.0, 7) == 0


def test_points_of_a_log_mass_are_those_of_the_mass():
    for mass in (1e-300, 1e-9, 0.2, 0.999):
        points = points_of_log_mass(log(mass), 2000)
        assert points / points_of_mass(mass, 2000) == pytest.approx(1, rel=1e-12, abs=0)
    assert points_of_log_mass(0.0, 9) == 512
    assert points_of_log_mass(-1e6, 9) == 1


def test_log_fraction_keeps_its_digits_at_both_ends():
    with mpmath.workdps(1300):
        for d in (4, 1000, 4000):
            counts = (
                1,
                3,
                2 ** (d // 2) + 1,
                2**d // 7,
                2**d // 2,
                2**d // 2 + 1,
                2**d - 1,
            )
            for count in counts:
                truth = float(mpmath.log(mpmath.mpf(count) / mpmath.mpf(2) ** d))
                assert log_fraction(count, d) == pytest.approx(truth, rel=4e-16, abs=0)
    assert log_fraction(0, 5) == -float("inf")
    assert log_fraction(32, 5) == 0.0
