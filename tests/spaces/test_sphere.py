"""The sphere: published values, laws of its samplers, isoperimetry."""

import math

import numpy as np
import pytest
from flint import acb, arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.spaces import Isoperimetry, Sphere

FALSE_ALARM = 1e-9  # of each statistical test, deterministic given the seed

# n, mass, mean L2, mean geodesic, median L2 (reference table, section 1.1)
TABLE = [
    (3, 0.01, "1.1939849245", "1.3711301619", "1.2657033717"),
    (10, 0.01, "0.7277455449", "0.7556618172", "0.7369485707"),
    (100, 0.01, "0.2328361454", "0.2336588519", "0.2327946256"),
    (500, 0.01, "0.1041777070", "0.1042507735", "0.1040525388"),
    (500, 0.001, "0.1380539929", "0.1381984977", "0.1380762473"),
    (2000, 0.01, "0.0520931065", "0.0521022276", "0.0520206257"),
    (2000, 0.001, "0.0690862142", "0.0691042795", "0.0690843497"),
    (500, 1e-6, "0.2116451625", None, "0.2116981778"),
    (500, 1e-11, "0.2969224587", None, "0.2969968473"),
    (500, 1e-20, "0.4059762095", None, "0.4060779196"),
]
ANGLES = [
    (3, 0.01, "0.2003348423"),
    (10, 0.01, "0.8160617398"),
    (100, 0.01, "1.3374728071"),
    (500, 0.01, "1.4666967904"),
    (500, 0.001, "1.4326101590"),
    (2000, 0.01, "1.5187698336"),
    (2000, 0.001, "1.5016982316"),
]


@pytest.mark.parametrize(("d", "mass", "mean", "geodesic", "median"), TABLE)
def test_distances_to_published_digits(d, mass, mean, geodesic, median):
    sphere = Sphere(d)
    assert f"{sphere.mean_distance(mass):.10f}" == mean
    assert f"{sphere.median_distance(mass):.10f}" == median
    if geodesic is not None:
        assert f"{sphere.mean_distance(mass, 'geodesic'):.10f}" == geodesic


@pytest.mark.parametrize(("d", "mass", "angle"), ANGLES)
def test_cap_angles_to_published_digits(d, mass, angle):
    assert f"{Sphere(d).cap_angle(mass):.10f}" == angle


def test_the_talk_figure_in_2000_dimensions():
    sphere = Sphere(2000)
    assert f"{sphere.median_distance(0.01):.6f}" == "0.052021"
    assert f"{100 * sphere.enlargement(0.01, 0.05):.3f}" == "46.400"
    assert f"{100 * sphere.enlargement(0.01, 0.052):.3f}" == "49.963"
    assert (
        Sphere(2164).median_distance(0.01) > 0.05 > Sphere(2165).median_distance(0.01)
    )


def test_mean_distance_at_n_500_by_simulation():
    # .104312 +- .000070, section 1.1
    assert abs(Sphere(500).mean_distance(0.01) - 0.104312) < 4 * 7e-5


# Exact identities.


@given(st.floats(-1, 1))
def test_archimedes(height):
    assert Sphere(3).cap_measure(height) == pytest.approx((1 - height) / 2, rel=4e-16)


@given(st.floats(-1, 1))
def test_caps_of_the_circle_are_arcs(height):
    exact = math.atan2(math.sqrt((1 - height) * (1 + height)), height) / math.pi
    assert Sphere(2).cap_measure(height) == pytest.approx(exact, rel=1e-14)


@given(st.integers(2, 10**9), st.floats(-1, 1))
def test_cap_and_complement_sum_to_one(d, height):
    sphere = Sphere(d)
    total = sphere.cap_measure(height) + sphere.cap_measure(-height)
    assert abs(total - 1) <= 2.3e-16


@settings(max_examples=50)
@given(st.integers(2, 10**9), st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_higher_caps_are_smaller(d, heights):
    heights = np.sort(heights)
    log = Sphere(d).log_cap_measure(heights)
    assert np.all(log[1:] <= log[:-1] * (1 - 1e-14))
    angles = Sphere(d).cap_angle(np.sort((1 + heights) / 2))
    assert np.all(np.diff(angles) >= -1e-15)


@given(st.integers(2, 10**9), st.floats(-0.9, 0.9))
def test_height_and_angle_name_the_same_cap(d, height):
    sphere = Sphere(d)
    by_height = sphere.cap_measure(height)
    # arccos is right to an ulp of at most 4e-16, and moves log by the hazard rate
    slack = 4e-16 * d * (abs(height) + 4 / math.sqrt(d)) / (1 - height**2) + 1e-14
    by_angle = sphere.cap_measure_at_angle(math.acos(height))
    assert by_angle == pytest.approx(by_height, rel=slack)


def test_one_dimension_more_is_another_measure():
    for d in (2, 43, 44, 1000):
        ratio = Sphere(d + 1).cap_measure(0.5) / Sphere(d).cap_measure(0.5)
        assert 0.6 < ratio < 0.9


# Enlargements.

masses = st.floats(1e-300, 1, exclude_max=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 10**6), masses, st.floats(0, 2), st.floats(0, 2))
def test_enlarging_twice_is_enlarging_once(d, mass, e, f):
    scale = min(1.0, 4 / math.sqrt(d))
    e, f = e * scale, f * scale
    sphere = Sphere(d)
    twice = sphere.enlargement(sphere.enlargement(mass, e, "geodesic"), f, "geodesic")
    once = sphere.enlargement(mass, e + f, "geodesic")
    assert twice == pytest.approx(once, rel=1e-11)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 10**9), masses, st.floats(0, math.pi))
def test_a_chord_is_twice_the_sine_of_half_the_arc(d, mass, angle):
    sphere = Sphere(d)
    eps = 2 * math.sin(angle / 2)
    euclidean = sphere.log_enlargement(math.log(mass), eps)
    geodesic = sphere.log_enlargement(
        math.log(mass), 2 * math.asin(eps / 2), "geodesic"
    )
    assert euclidean == pytest.approx(geodesic, rel=1e-13)


@pytest.mark.parametrize("d", [2, 3, 20, 500, 10**5, 10**9])
@pytest.mark.parametrize("mass", [1e-200, 1e-9, 0.01, 0.3, 0.5, 0.9, 1 - 1e-12])
def test_enlargement_is_the_cap_with_a_larger_angle(d, mass):
    """The boundary moves by eps: in ball arithmetic, from the cap's own angle."""
    ctx.prec = 160
    sphere, half, a = Sphere(d), arb(1) / 2, arb(d - 1) / 2
    height, angle = float(sphere.cap_height(mass)), float(sphere.cap_angle(mass))
    start = arb(height).acos() if abs(height) < 0.7 else arb(angle)
    # the double next to the boundary has this measure, not quite `mass`
    width = 1 / math.sqrt(d)
    for eps in (0.3 * width, 2.0 * width, 0.7):
        end = start + arb(eps)
        if end >= arb.pi():
            assert sphere.enlargement(mass, eps, "geodesic") == 1
            continue
        part = (end.sin() ** 2).beta_lower(a, half, 1) / 2
        logs = part.log(), (-part).log1p()
        log_above, log_below = logs if end < arb.pi() / 2 else logs[::-1]
        found = sphere.enlargement(mass, eps, "geodesic")
        assert found == pytest.approx(float(log_above.exp()), rel=1e-11)
        log = sphere.log_complement_enlargement(mass, eps, "geodesic")
        assert log == pytest.approx(float(log_below), rel=1e-11)
        log = sphere.log_enlargement(math.log(mass), eps, "geodesic")
        assert log == pytest.approx(float(log_above), rel=1e-10)


def test_levy_on_a_circle_of_arcs():
    sphere = Sphere(2)
    assert sphere.enlargement(0.25, 0.1 * math.pi, "geodesic") == pytest.approx(0.35)
    assert sphere.enlargement(0.25, math.sqrt(2)) == pytest.approx(0.75)


@pytest.mark.parametrize("d", [2, 50, 10**9])
def test_the_ends_of_enlargement(d):
    sphere = Sphere(d)
    assert sphere.enlargement([1e-300, 0.3, 1.0], 2.0).tolist() == [1, 1, 1]
    assert sphere.enlargement(0.3, [2.0, 2.5, 1e300]).tolist() == [1, 1, 1]
    assert sphere.enlargement([1e-300, 0.3, 1.0], 0.0).tolist() == [1e-300, 0.3, 1]
    assert sphere.enlargement(0.0, [0.0, 1.0, 3.0]).tolist() == [0, 0, 0]
    assert sphere.log_enlargement(-np.inf, 3.0) == -np.inf
    assert sphere.log_enlargement(-1e300, 0.0) == -1e300
    assert sphere.log_enlargement(-1e300, 2.0) == 0
    assert sphere.log_complement_enlargement([0.0, 1.0, 0.3], 2.0).tolist() == [
        0,
        -np.inf,
        -np.inf,
    ]
    assert sphere.log_complement_enlargement(0.3, 0.0) == math.log(0.7)


# Distances.


def exact_mean(d, mass, geodesic):
    """Integrate the distance over latitudes in ball arithmetic."""
    ctx.prec = 140
    half, a = arb(1) / 2, arb(d - 1) / 2
    c = ((a + half).lgamma() - a.lgamma()).exp() / arb.pi().sqrt()
    small = min(arb(mass), 1 - arb(mass))
    angle = arb(float(Sphere(d).cap_angle(float(small))))
    for _ in range(3):  # Newton's iteration squares the error of the double
        t, x = angle.cos(), angle.sin() ** 2
        near = half - (t * t).beta_lower(half, a, 1) / 2
        measure = near if t * t < 1e-9 else x.beta_lower(a, half, 1) / 2
        density = c * ((d - 2) * angle.sin().log()).exp()
        angle = (angle + (small - measure) / density).mid()

    def integrand(theta, analytic):
        distance = angle - theta if mass > 0.5 else theta - angle
        chord = distance if geodesic else 2 * (distance / 2).sin()
        if d < 200:
            return chord * theta.sin() ** (d - 2)
        return chord * ((d - 2) * theta.sin().log(analytic=analytic)).exp()

    # where the density is above e^-120 of its largest value
    drop = math.exp(-120 / (d - 2)) if d > 2 else 0.0
    if mass > 0.5:
        first = math.asin(math.sin(float(angle)) * drop)
        ends = arb(first if first > 1e-3 else 0), angle
    else:
        reach = math.acos(drop)
        below = math.pi / 2 - reach
        first = angle if angle > below else arb(below)
        ends = first, arb(math.pi / 2 + reach) if reach < 1.5 else arb.pi()
    total = acb(0)
    for k in range(12):
        left = ends[0] + (ends[1] - ends[0]) * k / 12
        right = ends[0] + (ends[1] - ends[0]) * (k + 1) / 12
        total += acb.integral(
            integrand, left, right, rel_tol=arb(2) ** -60, abs_tol=arb(2) ** -300
        )
    assert total.real.rel_accuracy_bits() > 50
    return float(c * total.real)


@pytest.mark.parametrize("d", [2, 3, 4, 20, 57, 150, 2000, 10**6, 10**9])
@pytest.mark.parametrize("mass", [1e-250, 0.01, 0.4, 0.6, 0.999, 1 - 2.0**-53])
def test_mean_distance_by_certified_quadrature(d, mass):
    for geodesic in (False, True):
        metric = "geodesic" if geodesic else "euclidean"
        found = Sphere(d).mean_distance(mass, metric)
        assert found == pytest.approx(exact_mean(d, mass, geodesic), rel=1e-13)


def test_mean_distance_is_the_integral_of_what_is_left():
    """E dist = int P(dist > r) dr, by the enlargements themselves."""
    nodes, weights = np.polynomial.legendre.leggauss(100)
    for d in (2, 3, 30, 10**4):
        for mass in (0.01, 0.5, 0.8):
            sphere = Sphere(d)
            arc = min(math.pi - float(sphere.cap_angle(mass)), 40 / math.sqrt(d))
            for metric, top in (
                ("euclidean", 2 * math.sin(arc / 2)),
                ("geodesic", arc),
            ):
                left = 1 - sphere.enlargement(mass, top * (nodes + 1) / 2, metric)
                integral = top / 2 * (weights * left).sum()
                found = sphere.mean_distance(mass, metric)
                assert found == pytest.approx(integral, rel=1e-6)


@pytest.mark.parametrize("d", [2, 5, 500, 10**9])
def test_log_masses_name_the_same_caps(d):
    sphere = Sphere(d)
    for mass in (1e-250, 0.01, 0.5, 0.7, 1 - 1e-9):
        for metric in ("euclidean", "geodesic"):
            for quantity in (sphere.mean_distance, sphere.median_distance):
                found = quantity(log_mass=math.log(mass), metric=metric)
                # log(1 - 1e-9) has 7 digits less of 1e-9 than 1 - 1e-9
                assert found == pytest.approx(
                    quantity(mass, metric), rel=1e-6 / mass**0.01
                )
    assert sphere.mean_distance(log_mass=-5000.0) >= sphere.mean_distance(1e-300)
    tiny = sphere.mean_distance(log_mass=-1e-30)
    assert 0 < tiny < 1e-29


@pytest.mark.parametrize("d", [2, 3, 70, 10**9])
def test_mean_and_median_have_their_asymptotic_constants(d):
    from scipy.stats import norm

    a = -norm.ppf(0.01)
    sphere = Sphere(d)
    assert abs(sphere.median_distance(0.01) * math.sqrt(d) / a - 1) < 2 / d**0.9
    constant = a * norm.cdf(a) + norm.pdf(a)
    assert abs(sphere.mean_distance(0.01) * math.sqrt(d) / constant - 1) < 2 / d**0.9


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 10**9), masses, st.floats(0.01, 0.999))
def test_quantile_is_where_the_enlargement_reaches_the_level(d, mass, level):
    sphere = Sphere(d)
    for metric in ("euclidean", "geodesic"):
        r = sphere.distance_quantile(mass, level, metric)
        if level <= mass:
            assert r == 0
        else:
            reached = sphere.enlargement(mass, r, metric)
            assert reached == pytest.approx(level, rel=1e-10)


@pytest.mark.parametrize("d", [2, 3, 10, 10**6])
def test_distances_shrink_to_nothing(d):
    sphere = Sphere(d)
    assert sphere.median_distance([0.5, 0.7, 1.0]).tolist() == [0, 0, 0]
    assert sphere.mean_distance([1.0, 1.0]).tolist() == [0, 0]
    means = sphere.mean_distance([0.01, 0.3, 0.5, 0.7, 0.99, 1.0])
    assert np.all(np.diff(means) < 0)
    assert sphere.distance_quantile(0.3, [0.0, 0.3]) == pytest.approx([0, 0], abs=1e-15)
    far = math.pi - sphere.cap_angle(0.3)
    assert sphere.distance_quantile(0.3, 1.0, "geodesic") == pytest.approx(far)


# Caps are extremal: no other set of the same measure is farther away.


def test_other_sets_of_the_same_measure_are_nearer():
    rng = np.random.default_rng(7)
    for d in (3, 10, 200):
        sphere = Sphere(d)
        heights = sphere.sample_height(100000, rng)
        latitude = np.arcsin(heights)
        two_caps = np.maximum(np.arcsin(sphere.cap_height(0.01)) - np.abs(latitude), 0)
        half_band = np.arcsin(sphere.cap_height(0.49))
        band = np.maximum(np.abs(latitude) - half_band, 0)
        cap = sphere.mean_distance(0.02, "geodesic")
        for distance in (two_caps, band):
            # Hoeffding, distances in [0, pi]
            slack = math.pi * math.sqrt(math.log(1 / FALSE_ALARM) / 2e5)
            assert distance.mean() < cap - slack / 3 or d == 200
            assert distance.mean() - slack < cap


# Samplers.


def largest_deviation(sample, distribution):
    ordered = np.sort(sample)
    n = ordered.size
    cdf = distribution(ordered)
    steps = np.arange(n + 1) / n
    # ties (distance 0) count as one jump
    last = np.append(np.diff(ordered) > 0, True)
    first = np.append(True, np.diff(ordered) > 0)
    above = np.abs(steps[1:] - cdf)[last].max()
    below = np.abs(steps[:-1] - cdf)[first & (ordered > 0) | (first & (ordered < 0))]
    return max(above, below.max(initial=0.0))


def allowed(n):
    """The deviation of Dvoretzky, Kiefer, Wolfowitz and Massart."""
    return math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n))


N = 200_000


@pytest.mark.parametrize("d", [2, 3, 10, 1000, 10**9])
def test_sample_height_follows_the_cap_measure(d):
    sphere = Sphere(d)
    heights = sphere.sample_height(N, rng=d)
    assert largest_deviation(heights, lambda t: sphere.cap_measure(-t)) < allowed(N)
    angles = sphere.sample_angle(N, rng=d)
    assert np.allclose(np.cos(angles), heights, rtol=0, atol=4e-16)
    assert largest_deviation(angles, sphere.cap_measure_at_angle) < allowed(N)


def test_the_height_test_tells_neighbouring_dimensions_apart():
    heights = Sphere(9).sample_height(N, rng=1)
    for d in (8, 10):
        other = Sphere(d)
        deviation = largest_deviation(heights, lambda t, s=other: s.cap_measure(-t))
        assert deviation > allowed(N)


@pytest.mark.parametrize("d", [2, 3, 40, 10**9])
@pytest.mark.parametrize("mass", [0.01, 0.6])
@pytest.mark.parametrize("metric", ["euclidean", "geodesic"])
def test_sample_distance_follows_the_enlargement(d, mass, metric):
    sphere = Sphere(d)
    distance = sphere.sample_distance(mass, N, 5, metric)
    law = largest_deviation(distance, lambda r: sphere.enlargement(mass, r, metric))
    assert law < allowed(N)


@pytest.mark.parametrize("d", [2, 3, 8])
def test_samples_are_uniform_in_every_direction(d):
    sphere = Sphere(d)
    x = sphere.sample(N // 2, rng=11)
    assert np.allclose(np.linalg.norm(x, axis=1), 1, rtol=0, atol=4e-16)
    directions = np.vstack([np.eye(d), sphere.sample(3, rng=12)])
    for u in directions:
        heights = np.clip(x @ u, -1, 1)
        deviation = largest_deviation(heights, lambda t: sphere.cap_measure(-t))
        assert deviation < allowed(N // 2)


def test_sampling_nothing():
    sphere = Sphere(4)
    assert sphere.sample(0, rng=0).shape == (0, 4)
    assert sphere.sample_height(0, rng=0).shape == (0,)
    assert sphere.sample_distance(0.1, 0, rng=0).shape == (0,)


# Points.


@given(st.floats(0, math.pi))
def test_distance_keeps_its_digits_near_and_far(angle):
    x, y = np.array([1.0, 0.0]), np.array([math.cos(angle), math.sin(angle)])
    sphere = Sphere(2)
    assert sphere.distance(x, y, "geodesic") == pytest.approx(angle, rel=1e-15)
    chord = 2 * math.sin(angle / 2)
    assert sphere.distance(x, y) == pytest.approx(chord, rel=1e-15)


def test_distance_broadcasts_over_leading_axes():
    sphere = Sphere(3)
    x, y = sphere.sample(4, 1), sphere.sample(5, 2)
    table = sphere.distance(x[:, None], y, "geodesic")
    assert table.shape == (4, 5)
    assert table[2, 3] == pytest.approx(math.acos(x[2] @ y[3]), rel=1e-12)
    assert isinstance(sphere.distance(x[0], y[0]), np.float64)
    assert sphere.distance(np.empty((0, 3)), y[0]).shape == (0,)


def test_shapes_broadcast_and_scalars_stay_scalars():
    sphere = Sphere(10)
    mass = np.array([[0.1], [0.2]])
    eps = np.array([0.0, 0.1, 0.2])
    assert sphere.enlargement(mass, eps).shape == (2, 3)
    assert sphere.distance_quantile(mass, [0.3, 0.5, 0.7]).shape == (2, 3)
    assert sphere.mean_distance(mass).shape == (2, 1)
    assert sphere.mean_distance([]).shape == (0,)
    assert sphere.cap_measure([]).shape == (0,)
    for value in (
        sphere.cap_measure(0.1),
        sphere.log_cap_measure(0.1),
        sphere.cap_height(0.1),
        sphere.enlargement(0.1, 0.1),
        sphere.mean_distance(0.1),
        sphere.median_distance(0.1),
    ):
        assert isinstance(value, np.float64)


def test_isoperimetry_is_solved():
    known = Sphere(5).isoperimetry("geodesic")
    assert isinstance(known, Isoperimetry)
    assert known.exact
    assert repr(Sphere(5)) == "Sphere(5)"


# Bad arguments.

S = Sphere(5)
POINT = [1.0, 0, 0, 0, 0]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda: Sphere(1), ValueError, "d must be at least 2"),
        (lambda: Sphere(10**9 + 1), ValueError, "d must be at most"),
        (lambda: Sphere(3.0), TypeError, "d must be an integer"),
        (lambda: Sphere(True), TypeError, "d must be an integer"),
        (lambda: S.cap_measure(1.5), ValueError, "height"),
        (lambda: S.cap_measure(np.nan), ValueError, "height"),
        (lambda: S.cap_measure("a"), TypeError, "height"),
        (lambda: S.log_cap_measure([0.1, -1.01]), ValueError, "height"),
        (lambda: S.cap_measure_at_angle(3.15), ValueError, "angle"),
        (lambda: S.log_cap_measure_at_angle(-0.1), ValueError, "angle"),
        (lambda: S.cap_height(-0.1), ValueError, "mass"),
        (lambda: S.cap_height(1.1), ValueError, "mass"),
        (lambda: S.cap_angle(np.nan), ValueError, "mass"),
        (lambda: S.log_cap_height(0.1), ValueError, "log_mass"),
        (lambda: S.log_cap_angle(np.nan), ValueError, "log_mass"),
        (lambda: S.enlargement(0.1, -0.1), ValueError, "eps"),
        (lambda: S.enlargement(0.1, np.inf), ValueError, "eps"),
        (lambda: S.enlargement(1.1, 0.1), ValueError, "mass"),
        (lambda: S.enlargement(0.1, 0.1, "l2"), ValueError, "metric"),
        (lambda: S.enlargement([0.1, 0.2], [0.1] * 3), ValueError, "eps"),
        (lambda: S.log_enlargement(0.5, 0.1), ValueError, "log_mass"),
        (lambda: S.mean_distance(0.0), ValueError, "mass"),
        (lambda: S.mean_distance(0.1, 2), ValueError, "metric"),
        (lambda: S.mean_distance(), ValueError, "mass and log_mass"),
        (lambda: S.mean_distance(0.1, log_mass=-1.0), ValueError, "mass and log_mass"),
        (lambda: S.mean_distance(log_mass=-np.inf), ValueError, "log_mass"),
        (lambda: S.median_distance(0.0), ValueError, "mass"),
        (lambda: S.distance_quantile(0.1, 1.5), ValueError, "level"),
        (lambda: S.distance_quantile([0.1] * 2, [0.5] * 3), ValueError, "level"),
        (lambda: S.isoperimetry("x"), ValueError, "metric"),
        (lambda: S.sample(-1, 0), ValueError, "n must"),
        (lambda: S.sample(2, None), TypeError, "rng"),
        (lambda: S.sample_height(2.5, 0), TypeError, "n must"),
        (lambda: S.sample_angle(2, "seed"), TypeError, "rng"),
        (lambda: S.sample_distance(0.0, 2, 0), ValueError, "mass"),
        (lambda: S.sample_distance([0.1], 2, 0), TypeError, "mass"),
        (lambda: S.distance(POINT, [1.0, 0]), ValueError, "y must have 5"),
        (lambda: S.distance([2.0, 0, 0, 0, 0], POINT), ValueError, "x must .* norm 1"),
        (lambda: S.distance(POINT, [np.nan] * 5), ValueError, "y must"),
        (lambda: S.distance([POINT] * 2, [POINT] * 3), ValueError, "broadcast"),
        (lambda: S.distance(POINT, POINT, "cosine"), ValueError, "metric"),
    ],
)
def test_bad_arguments_are_named(call, error, name):
    with pytest.raises(error, match=name):
        call()
