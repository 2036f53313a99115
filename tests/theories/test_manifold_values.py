"""Printed reference values of the theory, by a second route in 40 digits.

Each value is computed from its definition by mpmath, without the library: it must round
to the printed digits, and the library must agree with it to 1e-9.
"""

import math

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from geomadv.theories.manifold import (
    carmon2019,
    khoury2018,
    schmidt2018,
    stutz2019,
    tanay2016,
)


@pytest.fixture(autouse=True)
def _digits():
    with mpmath.workdps(40):
        yield


def check(printed, exact, found, tolerance=1e-9):
    """Compare a printed number, as text, its exact value and the library's."""
    exact = mpf(exact)
    digits = printed.lower().split("e")
    last = len(digits[0].partition(".")[2])
    scale = mpf(10) ** (int(digits[1]) if len(digits) > 1 else 0)
    unit = scale * mpf(10) ** -last
    assert abs(exact - mpf(printed)) <= unit * mpf("0.5000001"), (printed, exact)
    assert abs(mpf(float(found)) / exact - 1) < tolerance, (found, exact)


def cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


# --- Tilting -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degrees", "printed"),
    [
        (30, "1.154701"),
        (45, "1.414214"),
        (60, "2"),
        (80, "5.758770"),
        (85, "11.473713"),
        (89, "57.298688"),
    ],
)
def test_strengths(degrees, printed):
    exact = 1 / mpmath.cos(mp.pi * degrees / 180)
    check(printed, exact, tanay2016.adversarial_strength(math.radians(degrees)))


@pytest.mark.parametrize(
    ("degrees", "error", "distance"),
    [
        (0, ".0227501", "1"),
        (45, ".0227717", ".7071"),
        (80, ".0234469", ".1736"),
        (89, ".0942397", ".0175"),
    ],
)
def test_tilted_gaussians(degrees, error, distance):
    t = mp.pi * degrees / 180
    spread = mpmath.sqrt(
        mpf("0.25") * mpmath.cos(t) ** 2 + mpf("1e-4") * mpmath.sin(t) ** 2
    )
    radians = math.radians(degrees)
    found = tanay2016.tilted_error(radians, 1, 0.25, 1e-4)
    check(error, cdf(-mpmath.cos(t) / spread), found)
    check(distance, mpmath.cos(t), tanay2016.tilted_mean_distance(radians, 1))


def test_published_sizes_are_in_proportion_to_the_side_but_for_six_per_cent():
    """31 for 200 pixels where 4.6 for 28 makes 32.857: inside the accepted range."""
    assert round(4.6 * 200 / 28, 3) == 32.857
    assert round(31 / 4.6, 3) == 6.739
    assert round(200 / 28, 3) == 7.143
    assert round(100 * (31 / (4.6 * 200 / 28) - 1), 1) == -5.7
    z = [
        mpmath.findroot(lambda x, p=p: cdf(x) - p, start)
        for p, start in ((mpf(".99"), 2), (mpf(".027"), -2))
    ]
    assert round(float(z[0] - z[1]), 5) == 4.25318
    assert round(float(mpf("4.6") / (z[0] - z[1])), 5) == 1.08154
    assert round(float(-z[1] * mpf("4.6") / (z[0] - z[1])), 5) == 2.08396


# --- Codimension ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "d", "printed"),
    [
        (1, 2, ".78539816"),
        (1, 3, ".66666667"),
        (1, 100, ".12501848"),
        (1, 501, ".055966012"),
        (2, 10, ".31415927"),
        (2, 102, ".030799928"),
        (2, 502, ".0062581527"),
        (5, 105, ".001586582"),
        (2, 3, "1.0471976"),
    ],
)
def test_coverage(k, d, printed):
    """As a ratio of volumes of balls and a count of cells."""

    def ball(m):
        return mp.pi ** (mpf(m) / 2) / mpmath.gamma(mpf(m) / 2 + 1)

    exact = (mpmath.sqrt(k) / 2) ** k * ball(d) / ball(d - k)
    check(printed, exact, khoury2018.grid_coverage(k, d))


@pytest.mark.parametrize(
    ("d", "printed", "scaled"),
    [
        (2, ".92665", "1.31"),
        (10, ".64556", "2.04"),
        (100, ".25995", "2.60"),
        (500, ".12220", "2.73"),
        (1000, ".08734", "2.76"),
    ],
)
def test_axis_along_a_coordinate(d, printed, scaled):
    """By the equation of the two l_inf distances, along a coordinate."""

    def equation(t):
        root = mpmath.sqrt(t**2 - d * (t**2 - 9))
        return (root - t) / d - (t - 1)

    t = mpmath.findroot(equation, (mpf(1), mpf(2)), solver="anderson")
    check(printed, t - 1, khoury2018.inf_axis_height(d))
    assert round(float((t - 1) * mpmath.sqrt(d)), 2) == float(scaled)


# --- On and off the manifold ---------------------------------------------------------


def test_null():
    exact = mpmath.sqrt(1 - mpf(10) / 784)
    check(".993602", exact, stutz2019.null_fraction(10, 784))


# --- Sample complexity ---------------------------------------------------------------


def limits(d, sigma, n, eps):
    """Return both errors from E|1 + s g| by quadrature."""
    s = sigma / mpmath.sqrt(n)
    magnitude = mpmath.quad(
        lambda g: abs(1 + s * g) * mpmath.npdf(g), [-mp.inf, -10, -1 / s, 10, mp.inf]
    )
    scale = mpmath.sqrt(d) / (sigma * mpmath.sqrt(1 + s**2))
    return cdf(-scale), cdf(-scale * (1 - eps * magnitude))


@pytest.mark.parametrize(
    ("d", "n", "standard", "robust"),
    [
        (1000, 1, ".16242", ".89599"),
        (1000, 4, ".02976", ".64119"),
        (1000, 16, ".00056", ".16170"),
        (1000, 64, None, ".01435"),
        (10_000, 1, ".15986", ".99863"),
        (10_000, 4, ".02493", ".97876"),
        (10_000, 16, ".00010", ".61126"),
        (10_000, 64, None, ".01445"),
        (100_000, 64, None, ".42776"),
    ],
)
def test_limit(d, n, standard, robust):
    exact = limits(mpf(d), mpf(d) ** mpf(".25"), n, mpf(".5"))
    found = schmidt2018.limit_errors(d, d**0.25, n, 0.5)
    if standard:
        check(standard, exact[0], found[0])
    check(robust, exact[1], found[1])


@pytest.mark.parametrize(
    ("n", "printed"),
    [
        (1, ".35781383"),
        (2, ".50600197"),
        (5, ".65843552"),
        (10, ".74425293"),
        (100, ".90166458"),
    ],
)
def test_certified_sizes(n, printed):
    d = mpf(784)
    sigma = d ** mpf(".25") / 32
    assert round(float(sigma), 5) == 0.16536
    root = 2 * mpmath.sqrt(n)
    exact = (root - 1) / (root + 4 * sigma) - sigma * mpmath.sqrt(
        2 * mpmath.log(100)
    ) / mpmath.sqrt(d)
    check(printed, exact, schmidt2018.certified_eps(784, float(sigma), n, 0.01))


def test_lemmas_and_lower_bound():
    check("6.15e-9", 2 * mpmath.exp(-mpf(784) / 40), schmidt2018.cosine_failure(784, 2))
    check(".25", mpf(3) / 12, schmidt2018.cosine_bound(2.0, 4))
    exact = mpf(".25") ** 2 * 100 / (8 * mpmath.log(10_000))
    check(".0848", exact, schmidt2018.necessary_samples(10**4, 10.0, 0.25))


def test_conditions_of_the_corollaries_are_vacuous():
    """Errors 0 in double precision for one sample; lower bounds below one sample."""
    for d in (784, 10**4, 10**6):
        sigma = d**0.25 / 32
        standard, robust = schmidt2018.limit_errors(d, sigma, 1, d**-0.25 / 4)
        assert standard < 2.0**-1022
        assert robust < 2.0**-1022
    for d in np.geomspace(10, 1e8, 30):
        assert schmidt2018.necessary_samples(int(d), d**0.25, 0.25) < 40
    assert schmidt2018.necessary_samples(10**6, 10**1.5, 0.25) < 1


# --- Unlabelled data -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("d", "eps", "n", "standard", "robust"),
    [
        ("1e5", ".2", 10, ".159859", ".725995"),
        ("1e5", ".2", 161, "9.809e-5", ".016783"),
        ("1e5", ".1", 10, ".159859", ".421857"),
        ("1e5", ".1", 41, None, ".117697"),
        ("1e6", ".1", 127, None, ".018985"),
    ],
)
def test_labels_alone(d, eps, n, standard, robust):
    sigma = (mpf(d) * 10) ** mpf(".25")
    exact = limits(mpf(d), sigma, n, mpf(eps))
    found = schmidt2018.limit_errors(
        float(d), carmon2019.noise(float(d), 10), n, float(eps)
    )
    if standard:
        check(standard, exact[0], found[0])
    check(robust, exact[1], found[1])


def test_hardness_and_the_true_mean():
    check("4", mpf(".04") * 100, carmon2019.hardness(1e5, 10, 0.2))
    exact = mpf(".01") * mpmath.sqrt(100_000)
    check("3.1623", exact, carmon2019.hardness(1e6, 10, 0.1))
    sigma = mpf(1_000_000) ** mpf(".25")
    exact = cdf(-mpmath.sqrt(100_000) * mpf(".9") / sigma)
    found = schmidt2018.robust_error(
        np.ones(10**5), np.ones(10**5), float(sigma), 0.1, np.inf
    )
    check("1.13e-19", exact, found)


def test_slope_for_small_steps():
    """1.2 and 6.6: 4 n_0 rho labels have s = 1/(2 eps), and m(s) ~ s sqrt(2/pi)."""
    eps = mpf("1e-4")
    s = 1 / (2 * eps)
    magnitude = s * mpmath.sqrt(2 / mp.pi) * mpmath.exp(-1 / (2 * s**2)) + mpmath.erf(
        1 / (s * mpmath.sqrt(2))
    )
    slope = (1 - eps * magnitude) / (eps * mpmath.sqrt(1 + s**2))
    check("1.2", slope, carmon2019.robust_slope(1e-4), 1e-6)
    level = mpmath.findroot(lambda x: cdf(-x) - mpf(".001"), 3)
    check("6.6", (level / slope) ** 2, carmon2019.least_hardness(1e-4), 1e-6)
