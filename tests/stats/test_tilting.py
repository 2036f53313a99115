"""Oracles: chi-square and normal tails, exact tails of quadratic forms, caps."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from geomadv.spaces import Sphere
from geomadv.stats import log_weighted_chi2_tail, tilted_quadratic_tail
from geomadv.stats._tilting import _Form


def in_interval(tail, log_p):
    return log_p in tail.log_interval


@pytest.mark.parametrize(("t", "rtol"), [(0.0, 0.03), (50.0, 0.03), (1000.0, 0.1)])
def test_quadratic_forms_have_their_exact_tails(t, rtol):
    weights = np.repeat([0.5, -0.2], [100, 400])
    tail = tilted_quadratic_tail(weights, t, rng=0, rtol=rtol, error_rate=1e-6)
    truth = log_weighted_chi2_tail([0.5, -0.2], t, multiplicities=[100, 400])
    assert in_interval(tail, truth)
    assert tail.log_interval.width < 2.3 * rtol
    assert tail.evaluations < 2_000_000


def test_linear_forms_are_normal():
    b = np.array([3.0, 4.0, 0.0])
    for t in (80.0, 300.0):
        tail = tilted_quadratic_tail(np.zeros(3), t, linear=b, rng=1, error_rate=1e-6)
        assert in_interval(tail, scipy_stats.norm.logsf(t / 10))


def test_noncentral_forms_are_noncentral_chi_square():
    # sum z^2 + 2 b z = |z + b|^2 - |b|^2.
    b = np.array([1.0, -2.0, 0.5])
    truth = math.log(scipy_stats.ncx2.sf(60 + b @ b, 3, b @ b))
    tail = tilted_quadratic_tail(np.ones(3), 60.0, linear=b, rng=2, error_rate=1e-6)
    assert truth < math.log(1e-6)
    assert in_interval(tail, truth)


def test_mixed_forms_agree_with_quadrature():
    # Q = z_1^2 - z_2^2 / 2 + 3 z_3 + z_2, by integrals over the square-free parts.
    w, b = np.array([1.0, -0.5, 0.0]), np.array([0.0, 0.5, 1.5])
    x, dx = np.linspace(-12, 12, 1201, retstep=True)
    density = scipy_stats.norm.pdf(x) * dx
    rest = 25.0 - x[:, None] ** 2 - (x - x**2 / 2)[None, :]
    truth = density @ scipy_stats.norm.sf(rest / 3) @ density
    tail = tilted_quadratic_tail(w, 25.0, linear=b, rng=3, rtol=0.05, error_rate=1e-6)
    assert truth < 1e-5
    assert in_interval(tail, math.log(truth))


def test_caps_are_tails_of_forms_with_a_negative_eigenvalue():
    # <x, e_1>^2 >= t^2 on the sphere: two caps.
    d, t = 50, 0.8
    weights = np.r_[1.0, np.zeros(d - 1)] - t * t
    tail = tilted_quadratic_tail(weights, 0.0, rng=4, error_rate=1e-6)
    assert in_interval(tail, math.log(2) + Sphere(d).log_cap_measure(t))


def test_the_units_of_the_form_do_not_matter():
    tails = [
        tilted_quadratic_tail(np.ones(4) * s, 60.0 * s, rng=5)
        for s in (1.0, 2.0**300, 2.0**-300)
    ]
    assert tails[0] == tails[1] == tails[2]


def test_the_tilt_gives_the_form_the_mean_of_the_threshold():
    form = _Form(np.array([1.0, 0.5, -0.3]), np.array([0.2, -1.0, 0.4]))
    h = form.best_tilt(40.0)
    draws = form.draw(h, 200_000, np.random.default_rng(6))
    assert form.mean(h) == pytest.approx(40.0, rel=1e-6)
    error = draws.std() / math.sqrt(draws.size)
    assert abs(draws.mean() - 40.0) < 5 * error
    step = 1e-6
    slope = (form.log_moment(h + step) - form.log_moment(h - step)) / (2 * step)
    assert slope == pytest.approx(40.0, rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "linear", "t", "log_p"),
    [
        ([-1.0, -2.0], None, 1e-9, -math.inf),
        ([-1.0], [1.0], 1.0 + 1e-9, -math.inf),
        ([0.0, 0.0], None, 0.0, 0.0),
        ([0.0], None, 1.0, -math.inf),
    ],
)
def test_what_is_certain_is_exact(weights, linear, t, log_p):
    tail = tilted_quadratic_tail(weights, t, linear=linear, rng=0)
    assert tail.log_probability == log_p
    assert tail.log_interval.lower == tail.log_interval.upper == log_p
    assert tail.evaluations == 0


def test_near_the_end_of_a_bounded_form():
    # -z^2 >= -s means |z| <= sqrt(s).
    s = 1e-8
    tail = tilted_quadratic_tail([-1.0], -s, rng=7, rtol=0.05, error_rate=1e-6)
    assert in_interval(tail, math.log(math.erf(math.sqrt(s / 2))))
    assert tail.log_interval.width < 0.2


def test_sampling_stops_at_the_width_or_at_the_most_draws():
    close = tilted_quadratic_tail(np.ones(3), 50.0, rng=8, rtol=0.02)
    assert close.log_interval.width < 0.045
    few = tilted_quadratic_tail(np.ones(3), 50.0, rng=8, rtol=1e-6, most=1000)
    assert few.evaluations == 1000


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="linear must have the shape of weights"):
        tilted_quadratic_tail([1.0, 2.0], 1.0, linear=[1.0], rng=0)
    with pytest.raises(ValueError, match="weights must have one axis"):
        tilted_quadratic_tail([[1.0]], 1.0, rng=0)
    with pytest.raises(ValueError, match="rtol must"):
        tilted_quadratic_tail([1.0], 1.0, rng=0, rtol=0.0)
