"""The incomplete beta function against ball arithmetic, quadrature and identities."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.cpu import log_betainc as kernel
from geomadv_kernels.cpu import log_cap

# A logarithm has a relative error of some eps; so has the tail of size exp(-700) from
# which a logarithm near 0 is found, times 700.
TOLERANCE = 1e-13
OF_OTHER = 1e-12


def value(a, b, x, *, complement=False):
    return float(kernel.log_betainc(a, b, np.array(x), complement=complement))


def by_balls(a, b, x, *, complement=False):
    """Enclose log I_x(a, b), or the complement's, for moderate parameters."""
    ctx.prec = 400
    a, b, x = arb(a), arb(b), arb(x)
    if complement:
        a, b, x = b, a, 1 - x
    mass = x.beta_lower(a, b, 1)
    if mass > arb(1) / 2:
        return (-(1 - x).beta_lower(b, a, 1)).log1p()
    log = mass.log()
    assert log.rel_accuracy_bits() > 60, "the oracle is too wide"
    return log


def by_quadrature(a, b, x, *, complement=False):
    """Return the logarithm of the tail away from the mean, for a, b >= 1."""
    with mpmath.workdps(32):
        a, b, x = mpmath.mpf(a), mpmath.mpf(b), mpmath.mpf(x)
        y = 1 - x
        if complement:
            a, b, x, y = b, a, y, x
        n = a + b

        def drop(s):
            return a * s + n * mpmath.log1p(x * mpmath.expm1(-s))

        reach = mpmath.mpf("1e-12")
        while drop(reach) < 50:
            reach *= 1.3
        ends = mpmath.linspace(0, reach, 5)
        integral = mpmath.quad(
            lambda s: mpmath.exp(-drop(s)), ends, method="gauss-legendre", maxdegree=5
        )
        power = a * mpmath.log(x) + b * mpmath.log(y)
        gammas = mpmath.loggamma(n) - mpmath.loggamma(a) - mpmath.loggamma(b)
        return power + gammas + mpmath.log(integral)


def relative_error(found, exact):
    """Of a logarithm, against a ball or a number."""
    if isinstance(exact, arb):
        exact = mpmath.mpf(exact.mid().str(60, radius=False))
    return float(abs((mpmath.mpf(found) - exact) / exact))


SMALL = [1e-3, 0.02, 0.5, 1.0, 1.5, 7.0, 40.0, 300.0]


@pytest.mark.parametrize("a", SMALL)
@pytest.mark.parametrize("b", SMALL)
def test_moderate_parameters_lie_by_their_enclosures(a, b):
    mean = a / (a + b)
    for x in (1e-9, mean / 3, mean, 1.01 * mean / (1 + 0.01 * mean), 0.5, 1 - 1e-6):
        for complement in (False, True):
            exact = by_balls(a, b, x, complement=complement)
            found = value(a, b, x, complement=complement)
            if exact < -1e-300:
                assert relative_error(found, exact) < OF_OTHER, (x, complement)
            if exact < -0.1:
                assert relative_error(found, exact) < TOLERANCE, (x, complement)


@pytest.mark.parametrize("a", [1.5, 900.0, 3001.0, 1e9])
@pytest.mark.parametrize("b", [1.0, 2999.0, 4e4, 1e9])
def test_large_parameters_agree_with_quadrature(a, b):
    spread = math.sqrt(1 / a + 1 / b)
    for z in (-30.0, -2.6, -0.5, 0.01, 5.0):
        x = 1 / (1 + math.exp(-(math.log(a / b) + z * spread)))
        if not 0 < x < 1 or (x * (a + b) > a) != (z > 0):
            continue
        exact = by_quadrature(a, b, x, complement=z > 0)
        assert relative_error(value(a, b, x, complement=z > 0), exact) < TOLERANCE, z
        other = mpmath.log1p(-mpmath.exp(exact))
        if other < -1e-300:
            found = value(a, b, x, complement=z < 0)
            assert relative_error(found, other) < OF_OTHER, z


@given(st.floats(-3, 9), st.floats(-12, -1e-12), st.booleans())
def test_a_parameter_of_one_is_a_power(size, depth, complement):
    a, x = 10.0**size, math.exp(depth)
    log = mpmath.mpf(a) * mpmath.log(mpmath.mpf(x))
    exact = mpmath.log1p(-mpmath.exp(log)) if complement else log
    if exact < -1e-300:
        found = value(a, 1.0, x, complement=complement)
        assert relative_error(found, exact) < (OF_OTHER if complement else TOLERANCE)


@given(st.floats(-3, 9))
def test_equal_parameters_have_the_median_one_half(size):
    a = 10.0**size
    for complement in (False, True):
        found = value(a, a, 0.5, complement=complement)
        assert found == pytest.approx(-math.log(2), rel=TOLERANCE)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 15))
@settings(max_examples=40)
def test_whole_parameters_are_binomial_tails(a, b, sixteenths):
    p = Fraction(sixteenths, 16)
    n = a + b - 1
    tail = sum(math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(a, n + 1))
    exact = mpmath.log(mpmath.mpf(tail.numerator) / tail.denominator)
    assert relative_error(value(float(a), float(b), float(p)), exact) < 1e-13


@given(st.integers(2, 10**9), st.floats(-30, 30))
def test_caps_are_beta_tails(d, sigmas):
    height = Fraction(sigmas / math.sqrt(d)).limit_denominator(2**20)
    x = 1 - height**2
    if float(x) != x or x <= 0 or x == 1:
        return
    cap = log_cap.cap_measure(
        float(d), np.array(abs(float(height))), angle=False, log=1
    )
    found = value((d - 1) / 2, 0.5, float(x)) - math.log(2)
    assert found == pytest.approx(float(cap), rel=TOLERANCE)


@given(st.floats(-3, 9), st.floats(-3, 9), st.integers(1, 2**20 - 1))
def test_tails_are_each_others_mirror_images(a, b, x):
    a, b, x = 10.0**a, 10.0**b, x / 2**20
    mirrored = value(b, a, 1 - x, complement=True)
    assert value(a, b, x) == pytest.approx(mirrored, rel=OF_OTHER, abs=1e-300)


def test_ends_of_the_interval():
    for complement, expected in ((False, [-math.inf, 0.0]), (True, [0.0, -math.inf])):
        x = np.array([0.0, 1.0])
        found = kernel.log_betainc(2.0, 1e9, x, complement=complement)
        assert found.tolist() == expected
        back = kernel.log_betainc_inverse(2.0, 1e9, found, complement=complement)
        assert back.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("small", [0.5, 2.0])
def test_nan_ends_and_stays_nan(place, small):
    arguments = [small, small, 0.3]
    arguments[place] = np.nan
    assert np.isnan(kernel.log_betainc(*map(np.array, arguments)))


def test_logarithms_do_not_underflow():
    exact = by_quadrature(1e9, 1e9, 0.25)
    assert exact < -1e8
    assert relative_error(value(1e9, 1e9, 0.25), exact) < 1e-14


@given(
    st.floats(-3, 9), st.floats(-3, 9), st.floats(-9, 4), st.booleans(), st.booleans()
)
@settings(max_examples=200)
def test_inverse_brackets_its_value(a, b, size, complement, near):
    a, b, log_p = 10.0**a, 10.0**b, -(10.0**size)
    log_p = np.array(log_p if near else min(log_p, -0.1))
    x = kernel.log_betainc_inverse(a, b, log_p, complement=complement)
    assert 0.0 <= x <= 1.0
    if 0.0 < x < 1e-300:  # it has lost its last digits, or may be 0
        return
    ends = [np.nextafter(np.nextafter(x, end), end) for end in (-1.0, 2.0)]
    low, high = kernel.log_betainc(a, b, np.clip(ends, 0, 1), complement=complement)
    if complement:
        low, high = high, low
    slack = 1e-12 * max(1.0, -log_p) * min(1.0, -log_p) + 1e-12 * abs(log_p)
    assert low - slack <= log_p <= high + slack


def test_shapes_broadcast_and_precision_is_that_of_x():
    a, b = np.array([0.5, 2.0]), np.array([[1.0], [3.0], [9.0]])
    x = np.array(0.25, dtype=np.float32)
    found = kernel.log_betainc(a, b, x)
    assert found.shape == (3, 2)
    assert found.dtype == np.float32
    assert float(found[0, 1]) == pytest.approx(2 * math.log(0.25), rel=1e-6)
    assert kernel.log_betainc(1.0, 1.0, np.empty((0, 3))).shape == (0, 3)


# The parts.


@given(st.floats(-0.999, 1e3))
def test_excess_of_the_logarithm(u):
    r = 1.0 + u
    u = r - 1.0
    exact = mpmath.mpf(u) - mpmath.log1p(mpmath.mpf(u))
    assert abs(kernel._excess_of_log(u, r) - exact) <= 2e-15 * exact


@given(st.floats(-3, 9))
def test_rest_of_stirlings_formula(size):
    a = 10.0**size
    exact = mpmath.loggamma(a) - (a - mpmath.mpf(1) / 2) * mpmath.log(a) + a
    exact -= mpmath.log(2 * mpmath.pi) / 2
    assert abs(kernel._stirling(a) - exact) <= 2e-15 * max(abs(exact), 0.5)


@given(st.floats(1e-3, 1.0), st.floats(-3, 9))
def test_gamma_functions_keep_the_digits_of_a_small_parameter(a, size):
    b = 10.0**size
    found = kernel._log_gamma_of_one_more(a, kernel._ZETAS)
    assert abs(found - mpmath.loggamma(1 + mpmath.mpf(a))) <= 1e-15 * a
    rise = mpmath.loggamma(mpmath.mpf(a) + b) - mpmath.loggamma(mpmath.mpf(b))
    scale = a * (1 + abs(math.log(b))) + abs(float(rise))
    assert abs(kernel._log_gamma_rise(a, b) - rise) <= 4e-15 * scale


def test_constants_are_values_of_the_zeta_function():
    for k, zeta in enumerate(kernel._ZETAS, start=2):
        assert float(abs(zeta * k / (mpmath.zeta(k) - 1) - 1)) < 4e-16
