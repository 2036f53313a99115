"""Cap measures and their inverses against ball arithmetic (python-flint)."""

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import mp

from geomadv import _dispatch
from geomadv_kernels.cpu import _double_double as double_double
from geomadv_kernels.cpu import log_cap
from geomadv_kernels.reference import log_cap as reference

TOLERANCE = 2e-14
DIMENSIONS = [2, 3, 4, 5, 7, 9, 10, 11, 28, 43, 44, 45, 100, 501, 10**4, 10**6, 10**9]


def exact(d, coordinate, *, angle):
    """Enclose the measure of a cap and its logarithm (None at measure 0)."""
    ctx.prec = 160
    half, a = arb(1) / 2, arb(d - 1) / 2
    value = arb(coordinate)
    t = value.cos() if angle else value
    x = value.sin() ** 2 if angle else 1 - t * t
    if t * t < 1e-9:
        part = half - (t * t).beta_lower(half, a, 1) / 2
    else:
        part = x.beta_lower(a, half, 1) / 2
    if t > 0:
        return part, part.log() if part > 0 else None
    return 1 - part, (-part).log1p()


def relative_error(value, enclosure):
    if enclosure == 0:
        return abs(value)
    assert enclosure.rel_accuracy_bits() > 60, "the oracle is too wide"
    return float(abs(arb(float(value)) - enclosure) / abs(enclosure))


def check(d, coordinate, *, angle):
    measure, log = exact(d, coordinate, angle=angle)
    array = np.array(coordinate)
    if measure > 1e-300:
        value = _dispatch.cap_measure(d, array, angle=angle, log=False)
        assert relative_error(value, measure) <= TOLERANCE
    value = _dispatch.cap_measure(d, array, angle=angle, log=True)
    if log is None:
        assert value == -math.inf
    elif abs(log) > 2.3e-308:
        assert relative_error(value, log) <= TOLERANCE


def heights(d):
    sigmas = [1e-12, 0.3, 1.0, 1.7, 1.74, 7.0, 36.0]
    near = [s / math.sqrt(d) for s in sigmas if s * s < d]
    fixed = [0.2, 0.5, 0.54, 0.55, 0.7, 0.71, 0.9, 0.99, 1 - 1e-9, 1 - 2**-53]
    return [sign * t for t in near + fixed for sign in (1.0, -1.0)]


@pytest.mark.parametrize("d", DIMENSIONS)
def test_measures_at_heights_lie_by_their_enclosures(d):
    for height in heights(d):
        check(d, height, angle=False)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_measures_at_angles_lie_by_their_enclosures(d):
    for angle in [math.acos(t) for t in heights(d)]:
        if 0 < angle < math.pi:
            check(d, angle, angle=True)


@pytest.mark.parametrize("d", [2, 3, 50, 10**9])
@pytest.mark.parametrize("angle", [5e-324, 1e-300, 1e-150, 1e-9, 1.1e-9, 1e-3, 0.78])
def test_measures_near_the_poles_lie_by_their_enclosures(d, angle):
    check(d, angle, angle=True)
    check(d, math.pi - angle, angle=True)


dimension = st.one_of(
    st.integers(2, 60),
    st.integers(2, 10**9),
    st.floats(2, 1e9).map(lambda x: int(2 + math.exp(math.log(1e9) * x / 1e9))),
).map(lambda d: min(max(d, 2), 10**9))
in_sigmas = st.tuples(dimension, st.floats(-40, 40)).filter(
    lambda pair: pair[1] ** 2 < pair[0]
)


@settings(max_examples=60, deadline=None)
@given(dimension, st.floats(-1, 1, exclude_min=True, exclude_max=True))
@example(10**5, 0.99)
@example(10**6, 0.2)
@example(6, 0.7069098335336123)
@example(22, 0.3461026235145007)
def test_measures_at_any_height_lie_by_their_enclosures(d, height):
    if abs(height) > 1e-20:
        check(d, height, angle=False)


@settings(max_examples=60, deadline=None)
@given(in_sigmas)
def test_measures_near_the_equator_lie_by_their_enclosures(pair):
    d, sigmas = pair
    if abs(sigmas) > 1e-15:
        check(d, sigmas / math.sqrt(d), angle=False)


@settings(max_examples=60, deadline=None)
@given(dimension, st.floats(0, math.pi, exclude_min=True))
def test_measures_at_any_angle_lie_by_their_enclosures(d, angle):
    check(d, angle, angle=True)


def test_the_quoted_logarithm():
    value = _dispatch.cap_measure(10**5, np.array(0.99), angle=False, log=True)
    assert f"{value:.9f}" == "-195856.484193444"


@pytest.mark.parametrize("d", [2, 3, 17, 10**9])
def test_the_whole_the_half_and_nothing(d):
    t = np.array([-1.0, 0.0, 1.0])
    half = math.log(0.5)
    measure = _dispatch.cap_measure(d, t, angle=False, log=False)
    assert measure.tolist() == [1.0, 0.5, 0.0]
    log = _dispatch.cap_measure(d, t, angle=False, log=True)
    assert log.tolist() == [0.0, half, -math.inf]
    height = _dispatch.cap_coordinate(d, measure, angle=False, log=False)
    assert height.tolist() == t.tolist()
    angle = _dispatch.cap_coordinate(d, measure, angle=True, log=False)
    assert angle.tolist() == [math.pi, math.pi / 2, 0.0]
    ends = _dispatch.cap_coordinate(d, log[[0, 2]], angle=False, log=True)
    assert ends.tolist() == [-1.0, 1.0]


# Inverses: the exact value of the measure at the double that came back may differ from
# the measure asked for by what a few units in the last place of that double amount to.


def in_ulps(d, coordinate, log_target, *, angle):
    """Return by how many ulps the coordinate (of a small cap) misses its target."""
    _, log = exact(d, coordinate, angle=angle)
    a, c = 0.5 * (d - 1), log_cap._normalisation(float(d))
    if angle:
        slope = log_cap._tail_at_angle(a, c, coordinate)[3] / math.sin(coordinate)
    else:
        x, tail = log_cap._tail_at_height(a, c, coordinate)
        slope = tail[3] / x
    return float(abs(log - log_target)) / slope / math.ulp(coordinate)


MASSES = [0.49, 0.2, 0.07, 0.01, 1e-8, 1e-280]


@pytest.mark.parametrize("angle", [False, True])
@pytest.mark.parametrize("d", DIMENSIONS)
def test_inverses_are_right_to_a_few_ulps(d, angle):
    for mass in MASSES:
        for target, value, log in (
            (arb(mass).log(), mass, False),
            (arb(math.log(mass)), math.log(mass), True),
        ):
            found = _dispatch.cap_coordinate(d, np.array(value), angle=angle, log=log)
            if 1 - found**2 > 1e-6 or angle:
                # at .49 the height is small: its last digits are those of 1/2 - mass
                assert in_ulps(d, float(found), target, angle=angle) <= 12


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("rest", [0.4, 0.1, 1e-3, 2.0**-50])
def test_inverses_of_large_masses_mirror_those_of_small_ones(d, rest):
    mass = 1 - rest
    rest = 1 - mass
    small = _dispatch.cap_coordinate(d, np.array(rest), angle=False, log=False)
    large = _dispatch.cap_coordinate(d, np.array(mass), angle=False, log=False)
    log = _dispatch.cap_coordinate(
        d, np.array(math.log1p(-rest)), angle=False, log=True
    )
    assert large == -small
    assert log == pytest.approx(-small, rel=1e-13)
    angle = _dispatch.cap_coordinate(d, np.array([mass, rest]), angle=True, log=False)
    assert angle.sum() == pytest.approx(math.pi, rel=3e-16)


@pytest.mark.parametrize("d", [10, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("log_mass", [-1e-3, -1e-50, -1e-280])
def test_logarithms_near_zero_come_back_with_their_digits(d, log_mass):
    height = _dispatch.cap_coordinate(d, np.array(log_mass), angle=False, log=True)
    back = _dispatch.cap_measure(d, height, angle=False, log=True)
    if (d - 1) * height**2 < 8000 * (1 - height**2):
        assert back == pytest.approx(log_mass, rel=1e-12)
    else:
        assert d == 10


coordinates = st.tuples(dimension, st.floats(-300, -0.31)).map(
    lambda pair: (pair[0], 10.0 ** pair[1])
)


@settings(max_examples=100, deadline=None)
@given(coordinates)
@example((3, 1e-10))
@example((1000, 1e-300))
def test_heights_or_angles_give_the_measure_back(pair):
    d, mass = pair
    value = np.array(mass)
    height = _dispatch.cap_coordinate(d, value, angle=False, log=False)
    angle = _dispatch.cap_coordinate(d, value, angle=True, log=False)
    if (d - 1) * height**2 < 8000 * (1 - height**2):
        back = _dispatch.cap_measure(d, height, angle=False, log=False)
        assert back == pytest.approx(mass, rel=1e-12)
    if height > 0.7 or d < 2000:
        back = _dispatch.cap_measure(d, angle, angle=True, log=False)
        assert back == pytest.approx(mass, rel=1e-12)
    # half an ulp of the height is all that is lost
    back = _dispatch.cap_measure(d, height, angle=False, log=False)
    neighbours = _dispatch.cap_measure(
        d, np.nextafter(height, [2, -2]).clip(-1, 1), angle=False, log=False
    )
    assert neighbours[0] * (1 - 1e-12) <= mass <= neighbours[1] * (1 + 1e-12)


@settings(max_examples=100, deadline=None)
@given(dimension, st.floats(-9, 9).map(lambda x: -(10.0**x)))
def test_heights_or_angles_give_the_logarithm_back(d, log_mass):
    value = np.array(log_mass)
    height = _dispatch.cap_coordinate(d, value, angle=False, log=True)
    angle = _dispatch.cap_coordinate(d, value, angle=True, log=True)
    if 0 <= height < 0.999:
        back = _dispatch.cap_measure(d, height, angle=False, log=True)
        assert back == pytest.approx(log_mass, rel=1e-12)
    if height > 0.7 and angle > 0:
        back = _dispatch.cap_measure(d, angle, angle=True, log=True)
        assert back == pytest.approx(log_mass, rel=1e-12)


# The parts.


@given(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100))
def test_sums_and_products_of_doubles_are_exact(p, q):
    total, error = double_double.two_sum(p, q)
    assert Fraction(total) + Fraction(error) == Fraction(p) + Fraction(q)
    product, error = double_double.two_product(p, q)
    if abs(product) > 1e-200:
        assert Fraction(product) + Fraction(error) == Fraction(p) * Fraction(q)


@given(st.floats(1e-32, 1.0, exclude_max=True), st.floats(-1e-16, 1e-16))
def test_logarithm_to_twice_the_precision(x, relative):
    hi, lo = double_double.two_sum(x, x * relative)
    found = double_double.log_of(hi, lo, 0)
    mp.prec = 200
    truth = mp.log(mp.mpf(hi) + mp.mpf(lo))
    if truth != 0:
        assert abs(mp.mpf(found[0]) + mp.mpf(found[1]) - truth) <= 1e-17 * abs(truth)


@given(st.floats(1e-100, math.pi / 4))
def test_squared_sine_to_twice_the_precision(angle):
    found = double_double.sine_squared(angle, angle * 1e-17)
    mp.prec = 200
    truth = mp.sin(mp.mpf(angle) + mp.mpf(angle * 1e-17)) ** 2
    assert abs(mp.mpf(found[0]) + mp.mpf(found[1]) - truth) <= 1e-17 * truth


@pytest.mark.parametrize("d", DIMENSIONS)
def test_normalisation_is_the_inverse_of_the_beta_function(d):
    ctx.prec = 160
    a = arb(d - 1) / 2
    c = ((a + arb(0.5)).lgamma() - a.lgamma()).exp() / arb.pi().sqrt()
    assert relative_error(log_cap._normalisation(float(d)), c) < 4e-16


@pytest.mark.parametrize("d", DIMENSIONS)
def test_the_plain_reference_is_as_accurate_as_it_says(d):
    for height in heights(d):
        measure, log = exact(d, height, angle=False)
        if log is None or measure < 1e-300 or abs(log) < 1e-300:
            continue
        size = np.array(d), np.array(height)
        plain = reference.cap_measure(*size, angle=False, log=True)
        assert abs(float(arb(float(plain)) - log)) <= 2e-14 * (5 + abs(float(log)))
        small = abs(float(plain)) < 1e-3
        assert not small or relative_error(plain, log) < 2e-12


@pytest.mark.parametrize("d", [3, 1000])
def test_the_plain_mean_distance_agrees(d):
    angle = _dispatch.cap_coordinate(d, np.array(0.01), angle=True, log=False)
    mean = _dispatch.mean_cap_distance(
        d,
        np.array(0.99),
        np.array(np.cos(angle)),
        angle,
        np.array(False),
        geodesic=True,
    )
    plain = reference.mean_cap_distance(d, float(angle))
    assert plain == pytest.approx(float(mean), rel=1e-8)


def test_the_number_of_threads_does_not_matter():
    rng = np.random.default_rng(1)
    t = rng.uniform(-1, 1, 50001)
    d = rng.integers(2, 10**9, t.size).astype(float)
    one = _dispatch.cap_measure(d, t, angle=False, log=True, threads=1)
    three = _dispatch.cap_measure(d, t, angle=False, log=True, threads=3)
    assert np.array_equal(one, three)
    each = _dispatch.cap_measure(d[:7], t[:7, None], angle=False, log=True)
    assert each.shape == (7, 7)
    assert np.array_equal(np.diag(each), one[:7])


def test_an_empty_query_has_an_empty_answer():
    for shape in [(0,), (0, 3)]:
        for call in (_dispatch.cap_measure, _dispatch.cap_coordinate):
            assert call(3, np.empty(shape), angle=True, log=False).shape == shape


def test_an_import_compiles_nothing():
    code = (
        "import sys, geomadv.spaces, geomadv._dispatch, geomadv_kernels\n"
        "assert 'numba' not in sys.modules\n"
        "from geomadv_kernels.cpu import log_cap\n"
        "assert not log_cap._measure.signatures\n"
        "assert not log_cap._normalisation.signatures\n"
    )
    path = ":".join(entry for entry in sys.path if entry)
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": path})
