"""The path is checked against its definition, the step against a finer one."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.cpu import weighted_chi2 as kernel
from geomadv_kernels.reference import weighted_chi2 as reference

SUMS = st.lists(
    st.tuples(
        st.floats(-12, 0),
        st.sampled_from([-1, 1]),
        st.sampled_from([1, 2, 3, 10, 10**6]),
    ),
    min_size=1,
    max_size=8,
)


def arguments(weights, m, x):
    """The arguments of the kernel; x - E Q by exact fractions."""
    total = {}
    for weight, count in zip(weights, m, strict=True):
        total[weight] = total.get(weight, 0) + int(count)
    mean = sum(Fraction(weight) * count for weight, count in total.items())
    x = np.atleast_1d(np.asarray(x, dtype=float))
    return {
        "weights": np.array(list(total), dtype=float),
        "multiplicities": np.array(list(total.values()), dtype=float),
        "thresholds": x,
        "excess": np.array([float(Fraction(float(level)) - mean) for level in x]),
    }


class Path:
    """The compiled parts at one threshold x >= E Q."""

    def __init__(self, weights, m, x):
        given = arguments(weights, m, x)
        order = np.argsort(given["weights"])
        k = order.size
        self.a, self.half = np.empty(k), np.empty(k)
        self.V, self.drift, self.W, self.U, self.skew = kernel._saddlepoint(
            given["weights"][order],
            given["multiplicities"][order],
            float(x),
            given["excess"][0],
            self.a,
            self.half,
        )
        self.ends = np.empty(k, dtype=np.int64)
        self.bound, self.size, self.sums = np.empty(k), np.empty(k), np.empty((k, 52))
        groups = kernel._group(
            self.a, self.half, self.ends, self.bound, self.size, self.sums
        )
        self.terms = (self.drift, self.a, self.half, groups, self.ends)
        self.terms += (self.bound, self.size, self.sums)

    def exponent(self, z):
        return kernel._exponent(complex(z), *self.terms)

    def descend(self, t, guess):
        return kernel._descend(float(t), complex(guess), *self.terms)

    def walk(self, h):
        path = np.full(200, np.nan, dtype=complex)
        value, status = kernel._log_inversion(
            self.V, self.drift, self.W, self.U, h, *self.terms[1:], path
        )
        return value, status, path

    def exact(self, z):
        """phi(s) - phi(c), from its definition."""
        total = -mpmath.mpf(self.drift) * z
        for a, half in zip(self.a, self.half, strict=True):
            total -= mpmath.mpf(half) * mpmath.log(1 - mpmath.mpf(a) * z)
        return total


@pytest.mark.parametrize(
    ("weights", "m", "x"),
    [
        ([1.0], [1], 40.0),
        ([0.5, -0.6], [7, 9], 0.0),
        ([1e-6, -1.0, 0.01], [1, 2, 4], 0.0),
    ],
)
def test_path_has_the_prescribed_exponent_and_angle(weights, m, x):
    path = Path(weights, m, x)
    _, status, log_z = path.walk(1 / 16)
    assert status == 0
    assert np.all(np.diff(np.abs(path.a)) <= 0)
    for j in range(1, 144):
        point = log_z[j]
        assert 0 < point.imag < math.pi
        total = path.exact(mpmath.exp(mpmath.mpc(point)))
        half_square = (j / 16) ** 2 / 2
        assert abs(total + half_square) < 2e-14 * max(1, half_square)


def test_saddlepoint_solves_its_equation():
    weights, m = np.array([0.7, -0.9, 1e-3]), np.array([5.0, 3.0, 100.0])
    x = 11.0
    path = Path(weights, m, x)
    c = path.V * path.drift / x
    assert np.sum(m * weights / (1 - 2 * weights * c)) == pytest.approx(x, rel=1e-13)
    K = -0.5 * np.sum(m * np.log(1 - 2 * weights * c))
    w, u = path.V * path.W, path.V * path.U
    assert w == pytest.approx(math.sqrt(2 * (c * x - K)), rel=1e-13)
    curvature = np.sum(2 * m * (weights / (1 - 2 * weights * c)) ** 2)
    assert u == pytest.approx(c * math.sqrt(curvature), rel=1e-13)
    assert path.skew == pytest.approx(1 / u - 1 / w, rel=1e-11)
    row = kernel.saddlepoints(**arguments(weights, m, x))[0]
    assert row.tolist() == [path.V, path.W, path.U, path.skew]


@given(SUMS, st.floats(-14, 14), st.sampled_from([-1, 0, 1]))
@settings(max_examples=60)
def test_step_is_fine_enough_for_any_weights(sums, size, sign):
    weights = [sign * 10.0**size for size, sign, _ in sums]
    weights = np.array(weights) / np.exp2(np.frexp(np.abs(weights).max())[1])
    given = arguments(weights.tolist(), [m for _, _, m in sums], sign * 10.0**size)
    value, upper = kernel.weighted_chi2_tail(**given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "_FINEST", 1 / 128)
        finer, same = kernel.weighted_chi2_tail(**given)
    assert upper == same
    assert value == pytest.approx(finer, rel=2e-15, abs=2e-15)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_step_follows_the_smaller_multiplicity_beside_the_strip(sign):
    small = 0.0029 / 2
    given = arguments([sign * small, -sign / 2], [1000, 1], sign * 1.325)
    value, _ = kernel.weighted_chi2_tail(**given)
    # Split off one of the thousand: now the step is that of a single one on both sides.
    beside = np.nextafter(small, 1.0)
    split = [sign * small, sign * beside, -sign / 2]
    given = arguments(split, [999, 1, 1], sign * 1.325)
    finer, _ = kernel.weighted_chi2_tail(**given)
    assert value == pytest.approx(finer, rel=2e-14)


def test_newton_finds_the_path_from_any_guess():
    path = Path([1.0, -0.3], [3, 2], 9.0)
    exact = path.walk(1 / 16)[2][32]
    for size in (-2.0, -0.5, 0.0, 0.5, 1.0):
        for angle in (0.01, 0.3, 1.5, 2.8, 3.13):
            point, found = path.descend(2.0, complex(size, angle))
            assert found
            assert abs(point - exact) < 1e-14, (size, angle)


def test_newton_does_not_cross_into_the_mirror_image():
    path = Path([1.0], [1], 3.5)
    for t, guess in ((5.66, 3.9 + 1.75j), (4.94, 3.0 + 1.58j), (7.06, 3.47 + 2.0j)):
        point, found = path.descend(t, guess)
        assert found
        assert point.imag > 0, (t, guess)


def test_a_path_that_newton_does_not_find_is_noted():
    path = Path([1.0], [1], 2.0)
    assert not path.descend(math.nan, 0.5j)[1]
    assert kernel._log_inversion(
        path.V, path.drift, path.W, math.nan, 0.25, *path.terms[1:], np.empty(99, "c16")
    )[1:] == (kernel._LOST,)


def test_a_result_that_half_the_rule_does_not_confirm_is_noted():
    path = Path([1.0], [1], 2.0)
    assert path.walk(1 / 16)[1] == 0
    path.V = math.nan
    assert path.walk(1 / 16)[1] == kernel._UNSETTLED


@pytest.mark.parametrize(
    ("status", "message"),
    [(kernel._LOST, "was lost"), (kernel._UNSETTLED, "did not converge")],
)
def test_what_is_noted_is_refused(monkeypatch, status, message):
    monkeypatch.setattr(kernel, "_solve", lambda *args: args[-1].fill(status))
    with pytest.raises(ArithmeticError, match=message):
        kernel.weighted_chi2_tail(**arguments([0.5], [1], [4.0, 5.0]))


def test_groups_of_terms_agree_with_single_terms():
    rng = np.random.default_rng(4)
    weights = rng.normal(size=300) * 10.0 ** rng.uniform(-3, 0, 300)
    path = Path(weights, np.ones(300), 30.0)
    for z in (0.01 + 0.02j, 0.3 + 0.3j, 2.0 + 3.0j, 40.0 + 1.0j, 1e3 + 1e3j):
        value, slope = path.exponent(z)
        exact = path.exact(mpmath.mpc(z))
        assert abs(value - exact) < 1e-14 * max(abs(exact), 1)
        terms = z * path.a
        derivative = np.sum(path.half * (terms / (1 - terms))) - path.drift * z
        assert slope == pytest.approx(derivative, rel=1e-11)


def test_reference_is_the_incomplete_gamma_function():
    for m, x in ((1, 4.5), (3, 1e-3), (8, 300.0), (8, 2.0)):
        given = arguments([0.75], [m], 0.75 * x)
        with np.errstate(all="ignore"):
            value, upper = reference.weighted_chi2_tail(**given)
        ends = (x / 2, mpmath.inf) if upper[0] else (0, x / 2)
        exact = mpmath.log(mpmath.gammainc(mpmath.mpf(m) / 2, *ends, regularized=True))
        assert float(value[0]) == pytest.approx(float(exact), rel=3e-13)


@settings(max_examples=20)
@given(reference._inputs())
def test_reference_does_not_depend_on_its_step(drawn):
    with np.errstate(all="ignore"):
        value, _ = reference.weighted_chi2_tail(**drawn)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reference, "_STEP", 1 / 100)
            other, _ = reference.weighted_chi2_tail(**drawn)
    assert value == pytest.approx(other, rel=2e-12, abs=2e-12)
