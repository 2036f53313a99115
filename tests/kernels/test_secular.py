"""Projections onto quadrics against 120-digit signs, rays, and known distances."""

import math
from fractions import Fraction

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.optimize import minimize

from geomadv_kernels.contract import watching
from geomadv_kernels.cpu.secular import secular
from geomadv_kernels.reference import secular as reference
from geomadv_kernels.xp import secular as portable

EPS = 2.0**-52


def ulp(value):
    return math.ulp(abs(value))


def exact_value(a, b, c, z, lam):
    """f(x(lam)) in the working precision of mpmath."""
    total = mpf(float(c))
    for ai, bi, zi in zip(a.tolist(), b.tolist(), z.tolist(), strict=True):
        ai, bi = mpf(ai), mpf(bi)
        xi = (zi - lam * bi) / (1 + lam * ai)
        total += ai * xi * xi + 2 * bi * xi
    return total


def end_of_interval(a, sign):
    """Where 1 + lam a_i first vanishes on the side of a sign."""
    extreme = max(-sign * a.max(), 0.0) if sign < 0 else max(-a.min(), 0.0)
    extreme = max(a.max(), 0.0) if sign < 0 else extreme
    return sign / mpf(float(extreme)) if extreme else sign * mp.inf


def assert_within(a, b, c, z, lam, ulps):
    """The exact phi changes its sign within so many ulp of lam."""
    with mp.workdps(260):
        at_0 = exact_value(a, b, c, z, mpf(0))
        if at_0 == 0:
            assert lam == 0
            return
        sign = 1 if at_0 > 0 else -1
        assert sign * lam > 0
        end = end_of_interval(a, sign)
        width = ulps * mpf(ulp(lam))
        inner, outer = abs(mpf(lam)) - width, abs(mpf(lam)) + width
        assert inner < abs(end)
        assert sign * exact_value(a, b, c, z, sign * inner) > 0
        if outer < abs(end):
            assert sign * exact_value(a, b, c, z, sign * outer) < 0


def condition(a, b, c, z, lam):
    """Return kappa, how strongly the coefficients act on t."""
    a, b, lam = np.sign(lam) * a, np.sign(lam) * b, abs(lam)
    alpha = max(0.0, -a.min())
    r = alpha + a
    t = lam / max(1.0 - lam * alpha, 1e-17)
    y = np.where(t * r > 1, (alpha * z - b) / np.where(r > 0, r, 1), z)
    terms = np.sum(np.abs(a) * y**2 + 2 * np.abs(b * y)) + abs(c)
    slope = 2 * (1 + alpha * t) * np.sum((a * z + b) ** 2 / (1 + t * r) ** 3)
    return terms / (t * slope)


@pytest.mark.parametrize("d", [1, 2, 5, 20, 60])
@pytest.mark.parametrize("kind", reference.KINDS)
def test_lam_is_within_2_ulp_of_the_exact_root(kind, d):
    rng = np.random.default_rng(d)
    a, b, c, z = reference.quadrics(kind, 40, d, rng)
    lam, _, _, status = secular(a, b, c, z)
    rows = np.flatnonzero(status == 0)
    assert rows.size or kind in ("integers", "hard", "flat")
    assert kind != "nearly hard" or not (status == 1).any()
    for i in rows:
        assert_within(a[i], b[i], c[i], z[i], float(lam[i]), 2)


def test_a_last_digit_decides_whether_an_ellipsoid_is_empty():
    """sum a x^2 + 2 b x + c with c next to sum b^2 / a: the sign of an exact sum."""
    rng = np.random.default_rng(0)
    seen = set()
    for i in range(900):
        d = int(rng.integers(1, 6))
        a, b = 2.0 ** rng.integers(-3, 4, d), rng.standard_normal(d)
        z = 3.0 * rng.standard_normal((1, d))
        squares = zip(a.tolist(), b.tolist(), strict=True)
        least = sum(Fraction(bi) ** 2 / Fraction(ai) for ai, bi in squares)
        c = np.nextafter(float(least), (0.0, float(least), np.inf)[i % 3])
        expected = 2 if c > least else 1 if c == least else 0
        assert secular(a, b, c, z)[3] == [expected]
        seen.add(expected)
    assert {0, 2} <= seen


@pytest.mark.parametrize("power", [-250, -40, 40, 250])
def test_scales_by_powers_of_two_change_no_digit(power):
    rng = np.random.default_rng(3)
    a, b, c, z = reference.quadrics("gaussian", 50, 7, rng)
    lam, distance, x, status = secular(a, b, c, z)
    s = 2.0**power
    found = secular(a / s, b, c * s, z * s)
    expected = lam * s, distance * s, x * s, status
    for ours, theirs in zip(found, expected, strict=True):
        assert np.array_equal(ours, theirs)
    found = secular(a * s, b * s, c * s, z)
    expected = lam / s, distance, x, status
    for ours, theirs in zip(found, expected, strict=True):
        assert np.array_equal(ours, theirs)


def test_eigenvalues_and_points_of_very_different_scales():
    rng = np.random.default_rng(4)
    n, d = 60, 6
    a = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-12, 13, (n, d))
    b = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-12, 13, (n, d))
    z = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-12, 13, (n, d))
    c = rng.standard_normal(n) * 10.0 ** rng.integers(-12, 13, n)
    lam, _, _, status = secular(a, b, c, z)
    assert (status == 0).sum() > 50
    for i in np.flatnonzero(status == 0):
        assert condition(a[i], b[i], c[i], z[i], lam[i]) < 1e14
        assert_within(a[i], b[i], c[i], z[i], float(lam[i]), 2)


def test_points_on_a_quadric_up_to_rounding_are_as_good_as_their_condition():
    rng = np.random.default_rng(5)
    d, n = 8, 60
    a, b, z = (
        rng.standard_normal(d),
        rng.standard_normal(d),
        rng.standard_normal((n, d)),
    )
    x = secular(a, b, -1.0, z)[2]
    lam, _, _, status = secular(a, b, -1.0, x)
    largest = 0.0
    for i in np.flatnonzero(lam):
        assert status[i] == 0
        kappa = condition(a, b, -1.0, x[i], lam[i])
        largest = max(largest, kappa)
        assert_within(a, b, -1.0, x[i], float(lam[i]), 2 + kappa * d * 2.0**-47)
    assert largest > 1e14


@pytest.mark.parametrize("kind", ["gaussian", "clustered", "definite"])
def test_points_far_away(kind):
    """Where f(z) is 10^20 times the terms of f near the quadric."""
    a, b, c, z = reference.quadrics(kind, 40, 6, np.random.default_rng(9))
    z *= 1e10
    lam, _, x, status = secular(a, b, c, z)
    assert not status.any()
    for i in range(40):
        assert_within(a[i], b[i], c[i], z[i], float(lam[i]), 2)
    on = np.sum(a * x**2 + 2 * b * x, axis=1) + c
    terms = np.sum(np.abs(a) * x**2 + 2 * np.abs(b * x), axis=1) + np.abs(c)
    assert (np.abs(on) <= 30 * EPS * terms).all()
    found = portable.secular(a, b, c, z)
    assert (np.abs(found[0] - lam) <= 4 * EPS * np.abs(lam)).all()
    assert (np.abs(found[2] - x) <= 4 * EPS * np.abs(x)).all()


def test_a_quadric_that_is_nearly_empty():
    a, z = np.array([1.0, 0.25]), np.array([[3.0, 2.0]])
    for gap in 2.0 ** -np.arange(2, 50, 6):
        lam, distance, x, status = secular(a, np.zeros(2), -gap, z)
        assert status == 0
        assert_within(a, np.zeros(2), -gap, z[0], float(lam[0]), 2)
        assert distance[0] < math.hypot(3, 2)
        assert np.abs(x).max() <= 2 * math.sqrt(gap)


KNOWN = [
    ([0.25, 1], [0, 0], -1, [0, 0.5], 0.5, 0),
    ([0.25, 1], [0, 0], -1, [0, 0], 1.0, 1),
    ([0.25, 1], [0, 0], -1, [0.5, 0], math.sqrt(11 / 12), 1),
    ([0.25, 1], [0, 0], -1, [1.9, 0], 0.1, 0),
    ([0.25, 1], [0, 0], -1, [3, 1], 1.2971838278, 0),
    ([1, -1], [0, 0], -1, [0, 0], 1.0, 1),
    ([1, -1], [0, 0], -1, [0, 1], math.sqrt(1.5), 1),
    ([1, -1], [0, 0], -1, [0.3, 1], 0.9534849573, 0),
    ([1, 0], [0, -0.5], 0, [0, 2], math.sqrt(7) / 2, 1),
    ([1, 0], [0, -0.5], 0, [1, 3], 0.7023948626, 0),
    ([0, 0], [3, 4], -5, [0, 0], 0.5, 0),
    ([1, 1], [0, 0], -1, [3, 4], 4.0, 0),
    ([1, 1], [0, 0], -1, [3e-200, 4e-200], 1.0, 1),
    ([1, 0], [0, 0], 0, [2, 7], 2.0, 1),
    ([0, 0], [0, 0], 0, [2, 7], 0.0, 0),
    ([0, 0], [0, 0], 1, [2, 7], math.inf, 2),
    ([1, 1], [0, 0], 1, [2, 7], math.inf, 2),
    ([-1, 0], [0, 0], -1e-300, [2, 7], math.inf, 2),
]


@pytest.mark.parametrize(("a", "b", "c", "z", "distance", "status"), KNOWN)
def test_ellipse_hyperbola_parabola_line_and_empty_sets(a, b, c, z, distance, status):
    a, b, z = (np.array(v, float) for v in (a, b, [z]))
    for function in (secular, portable.secular):
        _, found, x, kind = function(a, b, float(c), z)
        assert found == pytest.approx([distance], rel=1e-9)
        assert kind == status
        if math.isfinite(distance):
            assert np.linalg.norm(x - z) == pytest.approx(
                distance, rel=1e-9, abs=1e-300
            )
            assert abs(a @ x[0] ** 2 + 2 * b @ x[0] + c) < 1e-9
        else:
            assert np.array_equal(x, z)


def test_the_hard_case_keeps_the_direction_of_a_vanishing_gradient():
    _, distance, x, _ = secular(
        np.ones(2), np.zeros(2), -1.0, np.array([[3e-300, 4e-300]])
    )
    assert np.abs(x - [0.6, 0.8]).max() < 2 * EPS
    assert distance == 1


def test_multipliers_at_the_ends_of_the_interval():
    lam, *_ = secular(np.array([0.25, 1.0]), np.zeros(2), -1.0, np.zeros((1, 2)))
    assert lam == -1
    lam, *_ = secular(np.array([0.25, -4.0]), np.zeros(2), 1.0, np.zeros((1, 2)))
    assert lam == 0.25
    lam, *_ = secular(np.array([1.0, 0.0]), np.zeros(2), 0.0, np.ones((1, 2)))
    assert lam == np.inf


@given(
    st.sampled_from(reference.KINDS),
    st.integers(1, 6),
    st.integers(0, 2**32 - 1),
)
def test_no_point_of_the_quadric_on_a_ray_is_nearer(kind, d, seed):
    """On z + s u the quadric has the roots of a quadratic polynomial in s."""
    rng = np.random.default_rng(seed)
    a, b, c, z = reference.quadrics(kind, 3, d, rng)
    _, distance, x, status = secular(a, b, c, z)
    u = rng.standard_normal((3, 200, d))
    ends = np.where(np.isfinite(x), x, 0.0) - z
    u[:, :50] = ends[:, None] + 1e-3 * rng.standard_normal((3, 50, d))
    u[:, 50:100] = rng.integers(-1, 2, (3, 50, d))
    u /= np.maximum(np.linalg.norm(u, axis=2, keepdims=True), 1e-300)
    g = a * z + b
    f = np.sum((g + b) * z, axis=1) + c
    square, slope = np.einsum("nd,nkd->nk", a, u * u), np.einsum("nd,nkd->nk", g, u)
    inside = slope**2 - square * f[:, None]
    with np.errstate(all="ignore"):
        q = -(slope + np.copysign(np.sqrt(inside), slope))
        roots = np.minimum(np.abs(q / square), np.abs(f[:, None] / q))
    scale = np.sum(np.abs(a) * z**2 + 2 * np.abs(b * z), axis=1) + np.abs(c)
    sure = inside > 1e-9 * (slope**2 + np.abs(square) * scale[:, None])
    nearest = np.where(sure & np.isfinite(roots), roots, np.inf).min(axis=1)
    assert (nearest >= distance * (1 - 1e-6) - 1e-6).all()
    assert not (np.isfinite(nearest) & (status == 2)).any()


@given(
    st.sampled_from(reference.KINDS),
    st.sampled_from([1, 2, 3, 10, 33]),
    st.integers(0, 2**32 - 1),
)
def test_x_lies_on_the_quadric_at_the_distance(kind, d, seed):
    a, b, c, z = reference.quadrics(kind, 5, d, np.random.default_rng(seed))
    lam, distance, x, status = secular(a, b, c, z)
    for i in np.flatnonzero(status < 2):
        size = np.abs(x[i]) + np.abs(z[i])
        terms = np.sum(np.abs(a[i]) * size**2 + 2 * np.abs(b[i]) * size) + abs(c[i])
        value = np.sum(a[i] * x[i] ** 2 + 2 * b[i] * x[i]) + c[i]
        assert abs(value) <= (d + 20) * EPS * terms
        error = 4 * EPS * (np.linalg.norm(size) + distance[i])
        assert (
            abs(np.linalg.norm(x[i] - z[i]) - distance[i])
            <= error + d * EPS * distance[i]
        )
        if status[i] == 0:
            lhs = (1 + lam[i] * a[i]) * x[i]
            rhs = z[i] - lam[i] * b[i]
            size = (1 + np.abs(lam[i] * a[i])) * size + np.abs(lam[i] * b[i])
            assert (np.abs(lhs - rhs) <= 20 * EPS * size).all()


@given(st.sampled_from(reference.KINDS), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_the_sign_of_f_changes_the_sign_of_lam_alone(kind, d, seed):
    a, b, c, z = reference.quadrics(kind, 4, d, np.random.default_rng(seed))
    plus, minus = secular(a, b, c, z), secular(-a, -b, -c, z)
    assert np.array_equal(plus[0], -minus[0])
    for k in (1, 2, 3):
        assert np.array_equal(plus[k], minus[k])


@given(st.sampled_from(reference.KINDS), st.integers(1, 20), st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_the_array_namespace_version_agrees_on_a_device(kind, d, seed):
    arguments = reference.quadrics(kind, 6, d, np.random.default_rng(seed))
    expected = secular(*arguments)
    device = array_api_strict.Device("device1")
    strict = [array_api_strict.asarray(v, device=device) for v in arguments]
    with watching() as paths:
        found = portable.secular(*strict)
    assert paths == ["xp.secular"]
    for part in found:
        assert part.device == device
    cpu = array_api_strict.Device("CPU_DEVICE")
    on_host = [np.asarray(part.to_device(cpu)) for part in found]
    for results in (on_host, portable.secular(*arguments)):
        assert np.array_equal(results[3], expected[3])
        size = np.maximum(np.abs(expected[2]), np.abs(arguments[3]))
        for k, unit in enumerate((expected[0], expected[1], size)):
            finite = np.isfinite(expected[k])
            assert np.array_equal(results[k][~finite], expected[k][~finite])
            error = np.abs(results[k][finite] - expected[k][finite])
            assert (error <= 4 * EPS * np.abs(unit[finite]) + 1e-300).all()


@pytest.mark.parametrize("function", [secular, portable.secular])
def test_precision_follows_the_input_and_shared_coefficients_are_broadcast(function):
    rng = np.random.default_rng(6)
    a, b, c, z = reference.quadrics("gaussian", 9, 4, rng)
    single = [v.astype(np.float32) for v in (a, b, c, z)]
    for kind, arguments in ((np.float32, single), (np.float64, (a, b, c, z))):
        assert [v.dtype for v in function(*arguments)] == [kind] * 3 + [np.int64]
    assert function(*single[:3], z)[0].dtype == np.float64
    full = np.broadcast_to(a[0], a.shape), np.broadcast_to(b[1], b.shape)
    expected = function(*full, np.full(9, c[2]), z)
    for shared in (
        function(a[0], b[1], c[2], z),
        function(a[:1], b[1:2], np.full(1, c[2]), z),
    ):
        for ours, theirs in zip(shared, expected, strict=True):
            assert np.array_equal(ours, theirs)


def test_ten_thousand_dimensions():
    a, b, c, z = reference.quadrics("gaussian", 1, 10**4, np.random.default_rng(7))
    lam, _, _, status = secular(a, b, c, z)
    assert status == 0
    assert_within(a[0], b[0], c[0], z[0], float(lam[0]), 2)


def test_a_general_optimiser_finds_nothing_nearer():
    rng = np.random.default_rng(8)
    a, b, z = (
        np.array([2.0, 0.5, -1.0]),
        rng.standard_normal(3),
        rng.standard_normal((4, 3)),
    )
    _, distance, x, _ = secular(a, b, -1.0, z)
    for i in range(4):
        best = min(
            minimize(
                lambda v, i=i: np.sum((v - z[i]) ** 2),
                x[i] + rng.standard_normal(3),
                jac=lambda v, i=i: 2 * (v - z[i]),
                method="SLSQP",
                constraints={
                    "type": "eq",
                    "fun": lambda v: a @ v**2 + 2 * b @ v - 1,
                    "jac": lambda v: 2 * (a * v + b),
                },
                options={"ftol": 1e-14, "maxiter": 300},
            ).fun
            for _ in range(8)
        )
        assert math.sqrt(best) == pytest.approx(distance[i], rel=1e-6)


def test_no_points():
    for function in (secular, portable.secular):
        lam, _, x, status = function(np.ones(3), np.ones(3), 1.0, np.empty((0, 3)))
        assert lam.shape == status.shape == (0,)
        assert x.shape == (0, 3)
