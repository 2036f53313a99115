import mpmath
import numpy as np
import pytest

from geomadv.spaces import _normal

MASSES = [1e-300, 1e-100, 1e-20, 1e-5, 0.01, 0.3, 0.5, 0.7, 0.99, 1 - 1e-10, 1 - 2**-53]
LOG_MASSES = [-5000.0, -800.0, -100.0, -5.0, -0.7, -0.1, -1e-3, -1e-10]
SHIFTS = [1e-8, 0.1, 1.0, 7.5, 100.0]


def cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def log_cdf(x):
    return mpmath.log(cdf(x)) if x < 0 else mpmath.log1p(-cdf(-x))


def quantile(log_mass):
    """Solve log Phi(z) = log_mass by Newton's method (log Phi is concave)."""
    z = mpmath.mpf(-1) - mpmath.sqrt(-2 * mpmath.mpf(log_mass))
    for _ in range(300):
        step = (log_cdf(z) - log_mass) * cdf(z) / mpmath.npdf(z)
        z -= step
        if abs(step) < mpmath.mpf(10) ** -50:
            return z
    raise AssertionError(log_mass)


def relative(value, truth):
    return float(abs((mpmath.mpf(float(value)) - truth) / truth))


def test_log_complement_keeps_its_digits_far_out():
    for shift in (50.0, 100.0, 1e5):
        got = _normal.log_shifted_complement(0.5, np.array(shift))
        assert relative(got, log_cdf(mpmath.mpf(-shift))) < 1e-15


@pytest.mark.parametrize("mass", MASSES)
@pytest.mark.parametrize("shift", SHIFTS)
def test_shifted_measure_and_log_complement_match_60_digits(mass, shift):
    z = quantile(mpmath.log(mpmath.mpf(mass)))
    assert relative(_normal.shifted(mass, np.array(shift)), cdf(z + shift)) < 4e-13
    got = _normal.log_shifted_complement(mass, np.array(shift))
    assert relative(got, log_cdf(-(z + shift))) < 4e-13


@pytest.mark.parametrize("log_mass", LOG_MASSES)
@pytest.mark.parametrize("shift", [0.1, 1.0, 7.5])
def test_log_shifted_measure_matches_60_digits(log_mass, shift):
    truth = log_cdf(quantile(mpmath.mpf(log_mass)) + shift)
    assert relative(_normal.log_shifted(log_mass, np.array(shift)), truth) < 2e-13


def test_no_shift_changes_no_digit():
    masses = np.array([0.0, *MASSES, 1.0])
    assert (_normal.shifted(masses, np.array(0.0)) == masses).all()
    logs = np.array([-np.inf, *LOG_MASSES, 0.0])
    assert (_normal.log_shifted(logs, np.array(0.0)) == logs).all()


@pytest.mark.parametrize(
    "a", [-37.0, -20.0, -8.0, -3.0, -2.001, -2.0, -1.999, -1.0, -1e-9, 0.5, 3.0, 1e3]
)
def test_mean_excess_matches_60_digits(a):
    truth = a * cdf(mpmath.mpf(a)) + mpmath.npdf(a)
    assert relative(_normal.mean_excess(np.array(a)), truth) < (
        5e-15 if a >= -8 else 1e-13
    )


def test_mean_excess_is_continuous_in_the_limit_of_mass_one():
    assert _normal.mean_excess(np.array([-np.inf, -40.0])).tolist()[0] == 0.0


def test_half_space_offset_agrees_from_mass_and_from_its_logarithm():
    from_mass = _normal.half_space_offset(MASSES[:-2], None)
    from_log = _normal.half_space_offset(None, np.log(MASSES[:-2]))
    np.testing.assert_allclose(from_log, from_mass, rtol=1e-13, atol=1e-15)
    assert _normal.half_space_offset(None, -5000.0) == pytest.approx(
        float(-quantile(mpmath.mpf(-5000))), rel=1e-14, abs=0
    )


@pytest.mark.errors
def test_half_space_offset_needs_exactly_one_mass():
    for pair in ((None, None), (0.1, -1.0)):
        with pytest.raises(ValueError, match="exactly one of mass and log_mass"):
            _normal.half_space_offset(*pair)
    with pytest.raises(ValueError, match=r"mass must lie in \(0, 1\], got 0.0"):
        _normal.half_space_offset(0.0, None)
    with pytest.raises(ValueError, match="log_mass must be at most 0"):
        _normal.half_space_offset(None, 0.1)
