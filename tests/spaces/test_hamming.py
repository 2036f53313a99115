import math
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.spaces import HammingCube

Z = 5.2  # two-sided normal tail 2e-7: the false alarm of each simulation


@pytest.mark.parametrize(
    ("d", "gamma", "flips"),
    [(100, 0.01, 24), (784, 0.01, 66), (784, 0.5, 33), (10000, 0.01, 233)],
)
def test_enlargement_radius_reproduces_the_reference(d, gamma, flips):
    """The reference rounds .01 up to a whole ball, which at d = 10000 saves a flip."""
    cube = HammingCube(d)
    assert cube.enlargement_radius(0.01, 1 - gamma) == flips
    assert cube.enlargement(0.01, flips) >= 1 - gamma
    assert cube.enlargement(0.01, flips - 1) < 1 - gamma
    ball = next(mass for r in range(d) if (mass := cube.ball_measure(r)) >= 0.01)
    published = 232 if d == 10000 else flips
    assert cube.enlargement_radius(ball, 1 - gamma) == published


def test_ball_of_one_percent_reproduces_the_reference():
    cube = HammingCube(784)
    radius = next(r for r in range(784) if cube.ball_measure(r) >= 0.01)
    assert cube.ball_measure(radius) == pytest.approx(0.010103, abs=5e-7)


@given(
    d=st.integers(1, 60),
    numerator=st.integers(1, 10**6),
    flips=st.integers(0, 70),
)
@settings(max_examples=100, deadline=None)
def test_floats_are_the_rounded_counts(d, numerator, flips):
    cube, mass = HammingCube(d), numerator / 10**6
    count = cube.enlargement_count(cube.points(mass), flips)
    assert cube.enlargement(mass, flips) == float(Fraction(count, 2**d))
    rest = float(Fraction(2**d - count, 2**d))
    logarithm = cube.log_complement_enlargement(mass, flips)
    assert math.exp(logarithm) == pytest.approx(rest, rel=1e-13, abs=0)


@given(d=st.integers(1, 40), mass=st.floats(1e-9, 1), flips=st.integers(0, 45))
@settings(max_examples=100, deadline=None)
def test_enlargement_grows_with_mass_and_flips(d, mass, flips):
    cube = HammingCube(d)
    value = cube.enlargement(mass, flips)
    assert mass <= value <= 1.0
    assert value <= cube.enlargement(mass, flips + 1)
    assert value <= cube.enlargement(min(1.0, 1.5 * mass), flips)


@pytest.mark.parametrize("d", [10, 100, 784])
@pytest.mark.parametrize("mass", [1e-6, 0.01, 0.3, 0.5])
def test_talagrand_bound_is_implied(d, mass):
    """mu(S_b) >= 1 - exp(-b^2 / d) / mu(S), the product-space inequality."""
    flips = np.arange(0, d + 1, max(1, d // 25))
    talagrand = 1 - np.exp(-(flips**2) / d) / mass
    assert (HammingCube(d).enlargement(mass, flips) >= talagrand).all()


@pytest.mark.parametrize("d", [1, 2, 9, 100, 301])
@pytest.mark.parametrize("mass", [1e-9, 0.01, 0.3, 0.5, 0.9, 1.0])
def test_distances_are_sums_and_quantiles_of_the_enlargements(d, mass):
    cube = HammingCube(d)
    grown = [cube.enlargement_count(cube.points(mass), flips) for flips in range(d + 1)]
    total = sum(2**d - count for count in grown)
    assert cube.mean_distance(mass) == float(Fraction(total, 2**d))
    median = next(flips for flips, count in enumerate(grown) if 2 * count >= 2**d)
    assert cube.median_distance(mass) == median


def test_distance_to_a_ball_in_simulation():
    """A mass that is a ball: distances of random points, and of their weights."""
    d, radius, n = 40, 14, 40000
    cube = HammingCube(d)
    mass = cube.ball_measure(radius)
    assert cube.points(mass) == cube.ball_count(radius)
    for weight in (cube.sample(n, 1).sum(axis=1), cube.sample_weight(n, 2)):
        distance = np.maximum(weight - radius, 0)
        assert distance.mean() == pytest.approx(
            cube.mean_distance(mass), abs=Z * distance.std() / math.sqrt(n)
        )
        for flips in (0, 3, 6, 10):
            value = cube.enlargement(mass, flips)
            error = Z * math.sqrt(value * (1 - value) / n)
            assert np.mean(distance <= flips) == pytest.approx(value, abs=error)


def test_half_space_and_random_sets_grow_at_least_as_much():
    """A subcube, a band of weights and a random set against the least enlargement."""
    d = 10
    cube = HammingCube(d)
    points = (np.arange(2**d)[:, None] >> np.arange(d)) & 1
    weight = points.sum(axis=1)
    sets = [
        points[:, 0] == 1,
        points[:, :3].sum(axis=1) == 3,
        (weight == 4) | (weight == 5),
        weight % 2 == 0,
        np.random.default_rng(0).random(2**d) < 0.03,
    ]
    for inside in sets:
        grown = inside.copy()
        for flips in range(d + 1):
            assert grown.sum() >= cube.enlargement_count(int(inside.sum()), flips)
            grown = grown | grown[np.arange(2**d)[:, None] ^ (1 << np.arange(d))].any(
                axis=1
            )


def test_nothing_underflows_at_mass_e_to_the_minus_5000():
    cube = HammingCube(10**4)
    points = cube.points(log_mass=-5000.0)
    count = cube.enlargement_count(points, 100)
    with mpmath.workdps(40):
        start = mpmath.log(points) - 10**4 * mpmath.log(2)
        truth = mpmath.log(count) - 10**4 * mpmath.log(2)
    assert float(start) == pytest.approx(-5000, rel=1e-13, abs=0)
    assert cube.log_enlargement(-5000.0, 100) == pytest.approx(
        float(truth), rel=1e-15, abs=0
    )
    assert cube.log_enlargement(-5000.0, 0) == pytest.approx(-5000, rel=1e-13, abs=0)
    half = cube.log_complement_enlargement(0.5, 4000)
    rest = 2**10000 - cube.enlargement_count(2**9999, 4000)
    with mpmath.workdps(40):
        truth = mpmath.log(rest) - 10**4 * mpmath.log(2)
    assert half == pytest.approx(float(truth), rel=1e-15, abs=0)
    assert cube.mean_distance(log_mass=-5000.0) == pytest.approx(
        cube.median_distance(log_mass=-5000.0), abs=1
    )


@pytest.mark.parametrize("d", [16384, 16385, 150528, 10**9])
def test_bound_continues_the_exact_values_across_the_limit(d):
    cube = HammingCube(d)
    known = cube.isoperimetry()
    assert known.exact == (d <= 16384)
    assert ("initial segments" if known.exact else "ball") in known.extremal
    sigma = math.sqrt(d) / 2
    z, shift = -2.3263478740408408, round(2 * sigma) / sigma
    # one flip is 1/sigma standard deviations
    assert cube.enlargement(0.01, round(2 * sigma)) == pytest.approx(
        0.5 * math.erfc(-(z + shift) / math.sqrt(2)), abs=0.5 / sigma
    )
    assert cube.median_distance(0.01) == pytest.approx(-z * sigma, abs=2)
    assert cube.enlargement_radius(0.01, 0.99) == pytest.approx(-2 * z * sigma, abs=2)
    mean = sigma * 2.3297365375
    assert cube.mean_distance(0.01) == pytest.approx(mean, abs=1.5)
    assert cube.log_complement_enlargement(0.5, d) == -math.inf
    assert cube.enlargement([0.0, 1.0], 3).tolist() == [0.0, 1.0]


def test_bound_lies_below_the_exact_enlargement_and_within_one_flip(monkeypatch):
    from geomadv.spaces import _extremal

    exact = HammingCube(300)
    truth = [exact.enlargement(0.01, [0, 10, 20, 300]), exact.mean_distance(0.01)]
    flips = exact.enlargement_radius([0.01, 0.3], 0.9)
    logs = exact.log_ball_measure([0, 100, 150])
    monkeypatch.setattr(_extremal, "MAX_EXACT", 299)
    bound = HammingCube(300)
    assert not bound.isoperimetry().exact
    value = bound.enlargement(0.01, [0, 10, 20, 300])
    assert (value <= truth[0]).all()
    assert value[2] >= exact.enlargement(0.01, 19)
    assert truth[1] <= bound.mean_distance(0.01) < truth[1] + 1
    assert ((bound.enlargement_radius([0.01, 0.3], 0.9) - flips) <= 1).all()
    np.testing.assert_allclose(bound.log_ball_measure([0, 100, 150]), logs, rtol=1e-12)
    np.testing.assert_allclose(
        bound.ball_measure([150]), exact.ball_measure([150]), rtol=1e-12
    )


@pytest.mark.parametrize(("d", "seconds"), [(784, 0.2), (10**4, 6.0)])
def test_time_stays_bounded(d, seconds):
    """Generous limits (ten times what an idle core takes) against slow recounting."""
    start = time.perf_counter()
    cube = HammingCube(d)
    cube.enlargement(0.01, round(math.sqrt(d)))
    cube.mean_distance(0.01)
    cube.enlargement_radius(0.01, 0.99)
    assert time.perf_counter() - start < seconds


def test_masses_and_flips_broadcast():
    cube = HammingCube(12)
    mass, eps = np.array([[0.3], [0.0], [0.01]]), np.array([0, 1, 2, 1])
    table = cube.enlargement(mass, eps)
    assert table.shape == (3, 4)
    for i, j in np.ndindex(table.shape):
        assert table[i, j] == cube.enlargement(mass[i, 0], eps[j])
    assert isinstance(cube.enlargement(0.1, 1), np.float64)
    assert isinstance(cube.mean_distance(0.1), np.float64)
    assert isinstance(cube.enlargement_radius(0.1, 0.5), np.int64)
    assert cube.enlargement([], 1).shape == (0,)
    assert cube.mean_distance([]).shape == (0,)
    assert cube.log_enlargement([-np.inf, 0.0], 1).tolist() == [-np.inf, 0.0]


def test_whole_floats_count_as_flips():
    cube = HammingCube(9)
    assert cube.enlargement(0.1, 2.0) == cube.enlargement(0.1, 2)
    assert cube.enlargement(0.1, 1e300) == 1.0


def test_samples_are_fair_independent_bits():
    x = HammingCube(6).sample(20000, 0)
    assert x.dtype == np.int8
    assert set(np.unique(x)) == {0, 1}
    assert (np.abs(x.mean(axis=0) - 0.5) < Z / (2 * math.sqrt(20000))).all()
    correlation = np.corrcoef(x.T) - np.eye(6)
    assert np.abs(correlation).max() < Z / math.sqrt(20000)
    assert HammingCube(6).sample(0, 0).shape == (0, 6)


def test_distance_counts_the_flips():
    cube = HammingCube(5)
    x, y = cube.sample(7, 1), cube.sample(4, 2)
    table = cube.distance(x[:, None], y)
    assert table.tolist() == [
        [sum(i != j for i, j in zip(a, b, strict=True)) for b in y.tolist()]
        for a in x.tolist()
    ]
    assert cube.distance(np.empty((0, 5)), y[0]).shape == (0,)


def test_repr_names_the_dimension():
    assert repr(HammingCube(3)) == "HammingCube(3)"


@pytest.mark.errors
def test_bad_arguments_are_refused():
    cube, large = HammingCube(4), HammingCube(10**5)
    for call, kind, message in (
        (lambda: HammingCube(0), ValueError, "d must be at least 1, got 0"),
        (lambda: HammingCube(2.0), TypeError, "d must be an integer"),
        (lambda: HammingCube(10**10), ValueError, "d must be at most 1000000000"),
        (lambda: cube.enlargement(0.1, 1.5), ValueError, "eps must be whole numbers"),
        (lambda: cube.enlargement(0.1, -1), ValueError, "eps must be at least 0"),
        (lambda: cube.enlargement(0.1, np.nan), ValueError, "eps must be at least 0"),
        (lambda: cube.enlargement(1.1, 1), ValueError, r"mass must lie in \[0, 1\]"),
        (lambda: cube.enlargement([0.1] * 2, [1] * 3), ValueError, "do not broadcast"),
        (
            lambda: cube.enlargement_radius(0.0, 0.5),
            ValueError,
            r"mass must lie in \(0",
        ),
        (lambda: cube.enlargement_radius(0.1, 1.5), ValueError, "target must lie in"),
        (lambda: cube.mean_distance(0.0), ValueError, r"mass must lie in \(0, 1\]"),
        (
            lambda: cube.median_distance(),
            ValueError,
            "exactly one of mass and log_mass",
        ),
        (
            lambda: cube.log_enlargement(0.1, 1),
            ValueError,
            "log_mass must be at most 0",
        ),
        (lambda: cube.points(), ValueError, "exactly one of mass and log_mass"),
        (lambda: cube.points(0.1, log_mass=-1.0), ValueError, "exactly one of"),
        (lambda: cube.points([0.1]), TypeError, "mass must be one number"),
        (
            lambda: cube.enlargement_count(17, 1),
            ValueError,
            "points must be at most 16",
        ),
        (lambda: cube.enlargement_count(1, 1.0), TypeError, "eps must be an integer"),
        (lambda: cube.ball_count(-1), ValueError, "radius must be at least 0"),
        (lambda: cube.ball_measure(0.5), ValueError, "radius must be whole numbers"),
        (lambda: large.points(0.1), ValueError, "d to be at most 16384, got 100000"),
        (lambda: large.ball_count(1), ValueError, "exact counts need d"),
        (lambda: large.enlargement_count(1, 1), ValueError, "exact counts need d"),
        (
            lambda: cube.distance([0, 1, 2, 0], [0] * 4),
            ValueError,
            "x must hold only 0",
        ),
        (lambda: cube.distance([0] * 3, [0] * 4), ValueError, "x must have 4 entries"),
        (
            lambda: cube.distance(np.zeros((2, 4)), np.zeros((3, 4))),
            ValueError,
            "shapes do not broadcast",
        ),
        (lambda: cube.sample(1, "seed"), TypeError, "rng must be"),
        (lambda: cube.sample_weight(-1, 0), ValueError, "n must be at least 0"),
    ):
        with pytest.raises(kind, match=message):
            call()
