"""The path is checked against its definition, the step against a finer one."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.stats import _steepest_descent as sd
from geomadv.stats import log_weighted_chi2_tail

SUMS = st.lists(
    st.tuples(
        st.floats(-12, 0),
        st.sampled_from([-1, 1]),
        st.sampled_from([1, 2, 3, 10, 10**6]),
    ),
    min_size=1,
    max_size=8,
)


def weights_of(sums):
    weights = np.array([sign * 10.0**size for size, sign, _ in sums])
    return weights, np.array([m for _, _, m in sums])


@pytest.mark.parametrize(
    ("weights", "m", "x", "excess"),
    [
        ([1.0], [1.0], 40.0, 39.0),
        ([0.5, -0.6], [7.0, 9.0], 0.0, 1.9),
        ([1e-6, -1.0, 0.01], [1.0, 2.0, 4.0], 0.0, 1.959999),
    ],
)
def test_path_has_the_prescribed_exponent_and_angle(weights, m, x, excess):
    saddle = sd.saddlepoint(np.array(weights), np.array(m), x, excess)
    path = sd._Path(saddle)
    t = np.arange(0.5, 9.0, 0.5)
    log_z = sd._first_path(path, t)
    assert np.all((log_z.imag > 0) & (log_z.imag < math.pi))
    with mpmath.workdps(40):
        order = np.argsort(-np.abs(saddle.a))
        assert np.array_equal(order, np.arange(order.size))
        for value, point in zip(t, np.exp(log_z), strict=True):
            z = mpmath.mpc(point)
            # phi at c + z c / V, from its definition
            total = -mpmath.mpf(saddle.drift) * z
            for a, n in zip(saddle.a, saddle.m, strict=True):
                total -= mpmath.mpf(n) / 2 * mpmath.log(1 - mpmath.mpf(a) * z)
            assert abs(total + value**2 / 2) < 2e-14 * max(1, value**2)


def test_saddlepoint_solves_its_equation():
    weights, m = np.array([0.7, -0.9, 1e-3]), np.array([5.0, 3.0, 100.0])
    x = 11.0
    saddle = sd.saddlepoint(weights, m, x, x - float(weights @ m))
    c = saddle.V * saddle.drift / x
    assert np.sum(m * weights / (1 - 2 * weights * c)) == pytest.approx(x, rel=1e-13)
    K = -0.5 * np.sum(m * np.log(1 - 2 * weights * c))
    assert saddle.w == pytest.approx(math.sqrt(2 * (c * x - K)), rel=1e-13)
    curvature = np.sum(2 * m * (weights / (1 - 2 * weights * c)) ** 2)
    u = saddle.V * saddle.U
    assert u == pytest.approx(c * math.sqrt(curvature), rel=1e-13)
    assert saddle.skew == pytest.approx(1 / u - 1 / saddle.w, rel=1e-11)


@given(SUMS, st.floats(-14, 14), st.sampled_from([-1, 0, 1]))
@settings(max_examples=60)
def test_step_is_fine_enough_for_any_weights(sums, size, sign):
    weights, m = weights_of(sums)
    x = sign * 10.0**size
    value = log_weighted_chi2_tail(weights, x, multiplicities=m)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sd, "_FINEST", 1 / 128)
        finer = log_weighted_chi2_tail(weights, x, multiplicities=m)
    assert value == pytest.approx(finer, rel=2e-15, abs=2e-15)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_step_follows_the_smaller_multiplicity_beside_the_strip(sign):
    weights = sign * np.array([0.0029, -1.0])
    value = log_weighted_chi2_tail(weights, sign * 2.65, multiplicities=[1000, 1])
    # Split off one of the thousand: now the step is that of a single one on both sides.
    split = sign * np.array([0.0029, np.nextafter(0.0029, 1.0), -1.0])
    finer = log_weighted_chi2_tail(split, sign * 2.65, multiplicities=[999, 1, 1])
    assert value == pytest.approx(finer, rel=2e-14)


def test_newton_finds_the_path_from_any_guess():
    saddle = sd.saddlepoint(np.array([1.0, -0.3]), np.array([3.0, 2.0]), 9.0, 6.6)
    path = sd._Path(saddle)
    t = np.array([2.0])
    exact = sd._first_path(path, np.arange(0.5, 2.25, 0.5))[-1:]
    for size in (-2.0, -0.5, 0.0, 0.5, 1.0):
        for angle in (0.01, 0.3, 1.5, 2.8, 3.13):
            found = sd._descend(path, t, np.array([complex(size, angle)]))
            assert abs(found - exact) < 1e-14, (size, angle)


def test_newton_does_not_cross_into_the_mirror_image():
    saddle = sd.saddlepoint(np.array([1.0]), np.array([1.0]), 3.5, 2.5)
    for t, guess in ((5.66, 3.9 + 1.75j), (4.94, 3.0 + 1.58j), (7.06, 3.47 + 2.0j)):
        found = sd._descend(sd._Path(saddle), np.array([t]), np.array([guess]))
        assert found[0].imag > 0, (t, guess)


def test_a_result_that_half_the_rule_does_not_confirm_is_refused(monkeypatch):
    monkeypatch.setattr(sd, "_SETTLED", -1.0)
    with pytest.raises(ArithmeticError, match="did not converge"):
        log_weighted_chi2_tail([1.0, 1e-3], 4.0)


def test_a_path_that_newton_does_not_find_is_refused():
    saddle = sd.saddlepoint(np.array([1.0]), np.array([1.0]), 2.0, 1.0)
    with pytest.raises(ArithmeticError, match="was lost"):
        sd._descend(sd._Path(saddle), np.array([math.nan]), np.array([0.5j]))


def test_groups_of_terms_agree_with_single_terms(monkeypatch):
    rng = np.random.default_rng(4)
    weights = rng.normal(size=300) * 10.0 ** rng.uniform(-3, 0, 300)
    value = log_weighted_chi2_tail(weights, 30.0)
    monkeypatch.setattr(sd, "_NEAR", 1e-3)
    monkeypatch.setattr(sd, "_BLOCK", 64)
    assert value == pytest.approx(log_weighted_chi2_tail(weights, 30.0), rel=1e-12)
