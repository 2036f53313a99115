"""Oracles: exact finite sums, incomplete gamma and beta functions, 2-d integrals."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.stats import (
    clopper_pearson,
    log_weighted_chi2_tail,
    weighted_chi2_tail,
)

# (weights, multiplicities): a quadratic network's inner and outer error at n = 500 and
# R = 1.3, as P(Q > 0).
INNER_A = ([0.5, -0.2], [100, 400])
INNER_B = ([0.1, -0.15], [250, 250])
INNER_C = ([0.1, -0.45, -0.2], [200, 194, 106])
OUTER_C = ([1 - 1.69 * 1.1, 1 - 1.69 * 0.55, 1 - 1.69 * 0.8], [200, 194, 106])


def log_error(log_value, exact):
    """Return the difference, relative where the logarithm exceeds 1."""
    return float(abs(exact - mpmath.mpf(float(log_value))) / max(1, abs(exact)))


def relative_error(value, exact):
    return float(abs(mpmath.mpf(float(value)) / exact - 1))


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


def negative_binomial_tail(sums):
    """Return log P(sum > 0) for one positive weight l and even multiplicities.

    With 2a degrees of freedom for l, the chance is that of fewer than a points of a
    Poisson process up to the time Y = (the sum of the others) / 2l, whose number has
    the generating function E exp(-(1 - u) Y), a product of negative binomial ones. All
    the terms that are added are positive.
    """
    weights, multiplicities = sums
    first = next(i for i, w in enumerate(weights) if w > 0)
    number = multiplicities[first] // 2
    chances = [mpmath.mpf(1)] + [mpmath.mpf(0)] * (number - 1)
    for i, (w, m) in enumerate(zip(weights, multiplicities, strict=True)):
        if i == first:
            continue
        ratio = -mpmath.mpf(w) / mpmath.mpf(weights[first])
        term = (1 + ratio) ** (-m // 2)
        law = []
        for k in range(number):
            law.append(term)
            term *= ratio / (1 + ratio) * (mpmath.mpf(m) / 2 + k) / (k + 1)
        chances = [
            mpmath.fdot(chances[: k + 1], law[k::-1]) for k in range(len(chances))
        ]
    return mpmath.log(mpmath.fsum(chances))


def imhof(weights, multiplicities, x):
    """Return P(Q > x) by 25-digit quadrature of Imhof's integral."""

    def integrand(u):
        angle, log_rho = -x * u / 2, mpmath.mpf(0)
        for w, m in zip(weights, multiplicities, strict=True):
            angle += mpmath.mpf(m) / 2 * mpmath.atan(mpmath.mpf(w) * u)
            log_rho += mpmath.mpf(m) / 4 * mpmath.log1p((mpmath.mpf(w) * u) ** 2)
        return mpmath.sin(angle) / (u * mpmath.exp(log_rho))

    nodes = [0, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2, 3, 5, 8, 15, 40, 200, 2000]
    with mpmath.workdps(25):
        return mpmath.mpf(1) / 2 + mpmath.quad(integrand, nodes) / mpmath.pi


def erlang_mixture(weights, x):
    """Return log P(sum_i l_i chi2(2) > x), x >= 0, by partial fractions."""
    with mpmath.workdps(400):
        exact = [mpmath.mpf(w) for w in weights]
        total = mpmath.mpf(0)
        for i, w in enumerate(exact):
            if w > 0:
                others = exact[:i] + exact[i + 1 :]
                coefficient = mpmath.fprod(w / (w - v) for v in others)
                total += coefficient * mpmath.exp(-mpmath.mpf(x) / (2 * w))
        return mpmath.log(total)


def log_f_tail(w, a, v, b):
    """Return log P(w chi2(2a) > v chi2(2b)) as an exact binomial tail."""
    p = Fraction(w) / (Fraction(w) + Fraction(v))
    n = a + b - 1
    total = sum(math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(b, n + 1))
    with mpmath.workdps(60):
        return mpmath.log(mpmath.mpf(total.numerator) / total.denominator)


@pytest.mark.parametrize("m", [1, 2, 3, 8, 101])
@pytest.mark.parametrize("ratio", [1e-9, 0.01, 0.5, 1 - 1e-7, 1.0, 1.2, 7.0, 1e3, 1e6])
def test_one_weight_is_the_incomplete_gamma_function(m, ratio):
    x = ratio * m
    half_m, half_x = mpmath.mpf(m) / 2, mpmath.mpf(x) / 2
    with mpmath.workdps(80):
        exact = mpmath.log(mpmath.gammainc(half_m, half_x) / mpmath.gamma(half_m))
    value = log_weighted_chi2_tail([3.0], 3.0 * x, multiplicities=[m])
    assert log_error(value, exact) < 2e-15


@pytest.mark.parametrize("m", [1, 2, 5, 40])
@pytest.mark.parametrize("x", [1e-200, 1e-30, 1e-4, 0.3])
def test_small_balls_keep_their_relative_accuracy(m, x):
    half_m = mpmath.mpf(m) / 2
    exact = mpmath.log(mpmath.gammainc(half_m, 0, mpmath.mpf(x) / 2, regularized=True))
    value = log_weighted_chi2_tail([-1.0], -x, multiplicities=[m])
    assert log_error(value, exact) < 2e-15


@pytest.mark.parametrize("x", [0.0, 1e-3, 1.0, 30.0, 4_000.0, 1e6, 1e9])
@pytest.mark.parametrize(
    "weights",
    [
        [1.0, 2.0, 3.5],
        [1.0, -1.0],
        [1.0, 1e-12, -0.25, -7.0],
        [1e-6, -1.0, -3.0],
        [0.999, 1.0, 1.001, -1e-4, -50.0, -51.0],
        [1e-12, 1.0],
    ],
)
def test_pairs_of_equal_weights_are_sums_of_exponentials(weights, x):
    if x == 0.0 and min(weights) > 0:
        assert weighted_chi2_tail(weights, x) == 1.0
        return
    exact = erlang_mixture(weights, x)
    value = log_weighted_chi2_tail(weights, x, multiplicities=[2] * len(weights))
    # log P near 0 is -P(Q < x), whose accuracy is relative as well.
    assert relative_error(value, exact) < 2e-14 if exact < -1e-300 else value == 0.0


def test_tails_of_a_thousand_digits_keep_twelve_of_the_mantissa():
    x = 7000.0 * math.log(10.0)
    value = log_weighted_chi2_tail([1.0, 3.5, -2.0], x, multiplicities=[2, 2, 2])
    exact = erlang_mixture([1.0, 3.5, -2.0], x)
    assert exact < -1000 * mpmath.log(10)
    assert abs(float(value - exact)) < 1e-12


@pytest.mark.parametrize("a", [1, 2, 30, 200])
@pytest.mark.parametrize("b", [1, 3, 25, 300])
@pytest.mark.parametrize("v", [1e-6, 0.125, 0.75, 1.0, 1.5, 8.0, 1e6])
def test_ratios_of_chi_squares_have_binomial_tails(a, b, v):
    exact = log_f_tail(1.0, a, v, b)
    value = log_weighted_chi2_tail([1.0, -v], multiplicities=[2 * a, 2 * b])
    assert log_error(value, exact) < 2e-15


@pytest.mark.parametrize("v", [1e-100, 1e-12, 0.01, 1.0, 3.0, 1e12, 1e100])
def test_two_degrees_of_freedom_at_zero_are_an_angle(v):
    exact = 2 / mpmath.pi * mpmath.atan(1 / mpmath.sqrt(mpmath.mpf(v)))
    assert relative_error(weighted_chi2_tail([1.0, -v]), exact) < 2e-14


@pytest.mark.parametrize("m", [1, 7, 1001])
@pytest.mark.parametrize("n", [1, 4, 1000])
@pytest.mark.parametrize("v", [0.1, 1.0, 2.0])
def test_ratios_of_odd_chi_squares_are_ball_arithmetic_beta_functions(m, n, v):
    from flint import arb, ctx

    precision = ctx.prec
    try:
        ctx.prec = 3000
        p = arb(1) / (1 + arb(v))
        exact = p.beta_lower(arb(n) / 2, arb(m) / 2, True).log()
        assert exact.rel_accuracy_bits() > 100
        digits = exact.mid().str(60, radius=False)
    finally:
        ctx.prec = precision
    value = log_weighted_chi2_tail([1.0, -v], multiplicities=[m, n])
    assert log_error(value, mpmath.mpf(digits)) < 2e-15


@pytest.mark.parametrize(("w", "v"), [(1.0, 0.3), (1.0, 1e-4), (2.0, 1.999)])
@pytest.mark.parametrize("x", [1e-3, 0.5, 2.0, 60.0, 2_000.0])
def test_two_weights_of_one_degree_are_an_integral_over_the_circle(w, v, x):
    def integrand(angle):
        form = w * mpmath.cos(angle) ** 2 + v * mpmath.sin(angle) ** 2
        return mpmath.exp(x / mpmath.mpf(2 * w) - x / (2 * form))

    nodes = [0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 0.7, 1, 1.4, 1.5, 1.55, mpmath.pi / 2]
    integral = mpmath.quad(integrand, nodes) * 2 / mpmath.pi
    exact = mpmath.log(integral) - x / mpmath.mpf(2 * w)
    assert log_error(log_weighted_chi2_tail([w, v], x), exact) < 2e-15


@pytest.mark.parametrize("x", [-3.0, 0.0, 4.5, 11.0])
def test_inversion_agrees_with_imhof(x):
    weights, multiplicities = [1.0, 0.31, -0.7, -0.05], [9, 5, 7, 3]
    exact = imhof(weights, multiplicities, x)
    value = weighted_chi2_tail(weights, x, multiplicities=multiplicities)
    assert relative_error(value, exact) < 2e-14


@pytest.mark.parametrize("m", [10**4, 10**6, 10**9, 10**12])
def test_chance_of_exceeding_the_mean_follows_ramanujan(m):
    a = mpmath.mpf(m) / 2
    theta = mpmath.mpf(1) / 3 + 4 / (135 * a) - 8 / (2835 * a**2)
    exact = mpmath.mpf(1) / 2 - theta * mpmath.exp(
        a * mpmath.log(a) - a - mpmath.loggamma(a + 1)
    )
    value = weighted_chi2_tail([0.1], m * 0.1, multiplicities=[m])
    # The mean of the weight 0.1 as a double is not the double m * 0.1.
    mean = Fraction(0.1) * m
    shift = float((Fraction(m * 0.1) - mean) / Fraction(0.1)) / math.sqrt(2.0 * m)
    exact -= shift / mpmath.sqrt(2 * mpmath.pi)
    assert relative_error(value, exact) < 1e-14


@pytest.mark.parametrize("x", [-1.0, 0.0, 1.0, 10.0])
def test_multiplicities_of_a_billion_give_a_binomial_of_their_normal_limit(x):
    weights, m = [1.0, -1.0], [2 * 10**9, 2 * 10**9]
    z = x / math.sqrt(2.0 * 4e9)
    # The sum is symmetric with excess kurtosis 12 / 4e9, Edgeworth's first correction.
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    exact = 0.5 * math.erfc(z / math.sqrt(2)) + density * (z**3 - 3 * z) / 8e9
    assert weighted_chi2_tail(weights, x, multiplicities=m) == pytest.approx(
        exact, rel=1e-15
    )


@pytest.mark.parametrize(
    ("sums", "clt", "exact"),
    [
        (INNER_A, 4.6159e-4, 8.5514e-4),
        (INNER_B, 9.6477e-4, 7.0787e-4),
        (INNER_C, 8.8999e-21, 9.1400e-38),
        (OUTER_C, 8.15e-28, 8.3065e-88),
    ],
)
def test_quadratic_network_of_the_reference(sums, clt, exact):
    weights, multiplicities = sums
    value = weighted_chi2_tail(weights, multiplicities=multiplicities)
    estimate = weighted_chi2_tail(weights, multiplicities=multiplicities, method="clt")
    assert value == pytest.approx(exact, rel=6e-5)
    assert estimate == pytest.approx(clt, rel=6e-4)


@pytest.mark.parametrize("sums", [INNER_A, INNER_B, INNER_C, OUTER_C])
def test_quadratic_network_is_a_sum_of_negative_binomials(sums):
    weights, multiplicities = sums
    exact = negative_binomial_tail(sums)
    value = log_weighted_chi2_tail(weights, multiplicities=multiplicities)
    assert log_error(value, exact) < 2e-15


@pytest.mark.parametrize("alphas", [(1.5, 0.8), (1.1, 0.85)])
def test_outer_error_is_zero_where_every_alpha_exceeds_its_bound(alphas):
    weights = [1 - 1.69 * alpha for alpha in alphas]
    assert weighted_chi2_tail(weights, multiplicities=[100, 400]) == 0.0
    assert weighted_chi2_tail(weights, multiplicities=[100, 400], method="clt") > 0.0


@given(
    weights=st.lists(
        st.floats(-12, 0).flatmap(lambda e: st.sampled_from([10**e, -(10**e)])),
        min_size=1,
        max_size=6,
    ),
    multiplicity=st.integers(1, 10**9),
    position=st.floats(-6, 6),
)
@settings(max_examples=60)
def test_tail_and_complement_sum_to_one(weights, multiplicity, position):
    weights = np.array(weights)
    m = np.arange(weights.size) * multiplicity + 1
    x = float(weights @ m + position * math.sqrt(weights**2 @ m))
    upper = weighted_chi2_tail(weights, x, multiplicities=m)
    lower = weighted_chi2_tail(-weights, -x, multiplicities=m)
    assert upper + lower == pytest.approx(1.0, abs=1e-15)


@given(st.floats(1e-80, 1e80), st.floats(-50, 50))
@settings(max_examples=40)
def test_tail_is_homogeneous_in_weights_and_threshold(factor, x):
    weights = np.array([1.0, 0.3, -0.2, -2.0])
    one = log_weighted_chi2_tail(weights, x)
    other = log_weighted_chi2_tail(factor * weights, factor * x)
    assert other == pytest.approx(one, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("method", ["inversion", "saddlepoint", "clt"])
def test_tail_decreases_continuously_through_the_mean(method):
    mean = 3.0 + 4 * 0.5 - 2.0
    steps = np.array([-1e-3, -1e-7, -1e-11, 0.0, 1e-11, 1e-7, 1e-3])
    tail = weighted_chi2_tail(
        [1.0, 0.5, -2.0], mean + steps, multiplicities=[3, 4, 1], method=method
    )
    assert np.all(np.diff(tail) < 0)
    # The slope is minus the density, the same on both sides of the mean.
    slopes = np.diff(tail) / np.diff(mean + steps)
    np.testing.assert_allclose(slopes[[0, 1, 4]], slopes[-1], rtol=1e-3)


def test_equal_weights_merge_and_zeros_are_ignored():
    rng = np.random.default_rng(1)
    weights = rng.permutation(np.repeat([0.5, -0.2, 0.0], [100, 400, 7]))
    assert weighted_chi2_tail(weights) == weighted_chi2_tail(
        INNER_A[0], multiplicities=INNER_A[1]
    )


def test_many_distinct_weights_agree_with_few_that_they_surround():
    # Weights l (1 +- e) are l to first order: the cumulants differ by O(k e^2).
    spread = 1e-9 * np.linspace(-1, 1, 2_001)
    weights = np.concatenate([1.0 + spread, -1.2 * (1.0 + spread)])
    value = log_weighted_chi2_tail(weights, 100.0)
    few = log_weighted_chi2_tail([1.0, -1.2], 100.0, multiplicities=[2_001, 2_001])
    assert value == pytest.approx(few, rel=1e-13)


def test_ten_thousand_distinct_weights_agree_with_a_second_route():
    rng = np.random.default_rng(2)
    weights = rng.normal(size=10_000)
    x, c = 800.0, 0.035
    y = 2e-4 * np.arange(1, 2_000)
    s = np.append(complex(c), c + 1j * y)
    K = np.array([-0.5 * np.sum(np.log(1 - 2 * weights * v)) for v in s])
    terms = (np.exp(K - K[0].real - (s - c) * x) / s).real
    exact = (
        K[0].real - c * x + math.log((terms[0] / 2 + terms[1:].sum()) * 2e-4 / np.pi)
    )
    assert log_weighted_chi2_tail(weights, x) == pytest.approx(exact, rel=1e-12)


def test_simulation_stays_within_its_interval():
    rng = np.random.default_rng(3)
    weights, m = np.array([1.0, 0.4, -0.3, -1.5]), np.array([1, 3, 20, 2])
    n = 1_000_000
    sums = rng.chisquare(m, size=(n, 4)) @ weights
    for x in (-20.0, -5.0, 0.0, 3.0, 10.0):
        interval = clopper_pearson(int((sums > x).sum()), n, error_rate=1e-7)
        assert float(weighted_chi2_tail(weights, x, multiplicities=m)) in interval


@pytest.mark.parametrize(
    ("sums", "bound"),
    [(INNER_A, 1e-4), (INNER_B, 6e-6), (INNER_C, 3e-4), (OUTER_C, 4e-4)],
)
def test_saddlepoint_formula_is_close_where_the_clt_is_not(sums, bound):
    weights, multiplicities = sums
    exact = weighted_chi2_tail(weights, multiplicities=multiplicities)
    formula = weighted_chi2_tail(
        weights, multiplicities=multiplicities, method="saddlepoint"
    )
    assert 0 < abs(formula / exact - 1) < bound


def lugannani_rice(m, x):
    """Return log P(chi2(m) > x) by the formula of Lugannani and Rice."""
    # c = (1 - m/x) / 2, K(c) = -m/2 log(m/x), K''(c) = 2 x^2 / m.
    m, x = mpmath.mpf(m), mpmath.mpf(x)
    c = (1 - m / x) / 2
    w = mpmath.sign(c) * mpmath.sqrt(2 * (c * x + m / 2 * mpmath.log(m / x)))
    u = c * x * mpmath.sqrt(2 / m)
    tail = mpmath.erfc(w / mpmath.sqrt(2)) / 2 + mpmath.npdf(w) * (1 / u - 1 / w)
    return mpmath.log(tail)


@pytest.mark.parametrize("x", [0.01, 0.7, 2.5, 40.0, 1.7e3, 2.1e3, 1e6])
def test_saddlepoint_formula_of_lugannani_and_rice(x):
    value = log_weighted_chi2_tail([1.0], x, multiplicities=[3], method="saddlepoint")
    assert log_error(value, lugannani_rice(3, x)) < 1e-14


@pytest.mark.parametrize("deviations", [-30.0, -2.0, -1e-3, 0.1, 2.0, 8.0, 300.0])
def test_saddlepoint_formula_is_exact_for_a_trillion_degrees_of_freedom(deviations):
    m = 10**12  # the formula errs by less than 1 / m
    x = m + deviations * math.sqrt(2.0 * m)
    value = log_weighted_chi2_tail([0.25], 0.25 * x, multiplicities=[m])
    assert log_error(value, lugannani_rice(m, x)) < 5e-15


def test_saddlepoint_formula_at_the_mean_is_half_less_the_skewness():
    weights, m = np.array([1.0, 0.5, -0.25]), np.array([3, 4, 8])
    k2, k3 = 2 * weights**2 @ m, 8 * weights**3 @ m
    exact = 0.5 - k3 / k2**1.5 / (6 * math.sqrt(2 * math.pi))
    value = weighted_chi2_tail(
        weights, weights @ m, multiplicities=m, method="saddlepoint"
    )
    assert value == pytest.approx(exact, rel=1e-14)


def test_clt_is_the_normal_tail_of_mean_and_variance():
    value = weighted_chi2_tail([1.0, -2.0], 5.0, multiplicities=[3, 4], method="clt")
    z = (5.0 - (3 - 8)) / math.sqrt(2 * (3 + 16))
    assert value == pytest.approx(0.5 * math.erfc(z / math.sqrt(2)), rel=1e-14)


@pytest.mark.parametrize("method", ["inversion", "saddlepoint"])
def test_tail_outside_the_support_is_exactly_zero_or_one(method):
    for function, zero, one in (
        (weighted_chi2_tail, 0.0, 1.0),
        (log_weighted_chi2_tail, -math.inf, 0.0),
    ):
        assert function([-1.0, -2.0], [0.0, 1.0], method=method).tolist() == [zero] * 2
        assert function([1.0, 2.0], [0.0, -1.0], method=method).tolist() == [one] * 2
        assert function([], [-1.0, 0.0, 1.0], method=method).tolist() == [
            one,
            zero,
            zero,
        ]
        assert function([0.0], method=method) == zero


def test_result_has_the_shape_of_the_threshold():
    assert weighted_chi2_tail([1.0], np.empty((0, 3))).shape == (0, 3)
    grid = weighted_chi2_tail([1.0, -1.0], [[0.0, 1.0], [2.0, -2.0]])
    assert grid.shape == (2, 2)
    assert grid[1, 0] + grid[1, 1] == pytest.approx(1.0, rel=1e-15)
    assert isinstance(weighted_chi2_tail([1.0], 1), np.float64)


def test_threshold_far_beyond_the_range_of_the_root_finder():
    assert log_weighted_chi2_tail([2.0, -1.0], 1e300) == -2.5e299
    near, far = log_weighted_chi2_tail([1.0], [0.99e280, 1.01e280])
    assert far / near == pytest.approx(1.01 / 0.99, rel=1e-14)
    assert log_weighted_chi2_tail([1e-200], 1e200) == -math.inf


@given(
    weights=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    x=st.floats(allow_nan=False, allow_infinity=False),
    method=st.sampled_from(["inversion", "saddlepoint", "clt"]),
)
@settings(max_examples=100)
def test_any_finite_numbers_give_a_probability_or_a_clear_refusal(weights, x, method):
    size = np.abs([w for w in weights if w])
    extreme = size.size and min(size.min(), abs(x) or math.inf) < 2e-280 * size.max()
    try:
        tail = weighted_chi2_tail(weights, x, method=method)
    except ValueError:
        assert extreme
        return
    log_tail = log_weighted_chi2_tail(weights, x, method=method)
    assert 0.0 <= tail <= 1.0
    assert math.exp(log_tail) == pytest.approx(tail, rel=1e-12, abs=1e-300)


@pytest.mark.errors
@pytest.mark.parametrize("function", [weighted_chi2_tail, log_weighted_chi2_tail])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"weights": [math.nan]}, ValueError, "weights must be finite, got nan"),
        ({"weights": [math.inf]}, ValueError, "weights must be finite, got inf"),
        ({"weights": 1.0}, ValueError, "weights must have 1 axes"),
        ({"weights": ["a"]}, TypeError, "weights must be real"),
        (
            {"weights": [1.0, 1e-300]},
            ValueError,
            "weights must be 0 or at least 1e-280",
        ),
        ({"threshold": math.nan}, ValueError, "threshold must be finite, got nan"),
        ({"threshold": 1e-300}, ValueError, "threshold must be 0 or .*got 1e-300"),
        (
            {"weights": [-1e200], "threshold": -1e-300},
            ValueError,
            "threshold must be 0 or at least 1e-280 times",
        ),
        ({"multiplicities": [0]}, ValueError, "multiplicities must be at least 1"),
        ({"multiplicities": [2.0]}, TypeError, "multiplicities must be integers"),
        ({"multiplicities": [True]}, TypeError, "multiplicities must be integers"),
        ({"multiplicities": [1, 1]}, ValueError, r"the shape of weights, \(1,\)"),
        ({"method": "imhof"}, ValueError, "method must be one of 'inversion'"),
    ],
)
def test_bad_arguments_are_named(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(**({"weights": [1.0], "threshold": 1.0} | arguments))


def test_weights_that_are_one_to_the_last_digit_need_no_order():
    """Two of the scaled weights are 1/2 up to an ulp, the smaller one first."""
    lam = [1.5661391322766984e-09, -1768813352803791.0, -4899344978496821.0]
    found = [log_weighted_chi2_tail([c * lam[0], *lam[1:]]) for c in (1.0, 1e6)]
    # P(Q > 0) is c^(1/2 + 1/2) times a constant: both others are negligible
    assert found[1] - found[0] == pytest.approx(np.log(1e6), rel=1e-13)
