import math

import mpmath
import numpy as np
import pytest
from scipy.stats import norm

from geomadv.theories.lipschitz.fawzi2015 import (
    _large_d_ratio,
    linear_bound,
    quadratic_bound,
    random_ratio,
    random_ratio_bounds,
)

TABLE = [
    (10, 0.01, 1.459650832, 1.0, 2.287804729),
    (100, 0.01, 4.325030207, 3.071963263, 6.904036158),
    (784, 0.01, 12.045313798, 8.601497137, 19.242286267),
    (3072, 0.01, 23.829846155, 17.026548643, 38.070678378),
    (784, 0.05, 17.021204616, 10.308507750, 39.182526239),
]


@pytest.mark.parametrize(("d", "e", "ratio", "lower", "upper"), TABLE)
def test_reference_values(d, e, ratio, lower, upper):
    assert random_ratio(d, e) == pytest.approx(ratio, rel=1e-9)
    found = random_ratio_bounds(d, e)
    assert found == pytest.approx((lower, upper), rel=1e-9)


@pytest.mark.parametrize(("d", "e"), [(2, 0.1), (5, 1e-12), (784, 1e-6)])
def test_the_ratio_is_that_of_the_cap_in_30_digits(d, e):
    """The cap of height 1/ratio has the measure I_(1 - h^2)((d-1)/2, 1/2)/2 = e."""
    with mpmath.workdps(30):
        h = 1 / mpmath.mpf(float(random_ratio(d, e)))
        half = mpmath.mpf(d - 1) / 2
        mass = mpmath.betainc(half, 0.5, 0, 1 - h**2, regularized=True) / 2
        assert float(mass / e) == pytest.approx(1.0, rel=1e-9)


def test_in_the_plane_the_ratio_is_a_secant():
    e = np.array([0.01, 0.1, 0.3])
    assert random_ratio(2, e) == pytest.approx(1 / np.cos(math.pi * e))


def test_the_ratio_tends_to_sqrt_d_over_the_quantile():
    ratio = random_ratio(10**8, 0.01)
    assert ratio == pytest.approx(math.sqrt(1e8) / norm.isf(0.01), rel=1e-6)


def test_the_linear_bound_is_the_formula():
    bound = linear_bound([1.0, 2.0], [0.5, -1.0], radius=3.0, prior=0.7, error=0.1)
    direct = math.hypot(0.7 - 0.15, 1.4 + 0.3) + 3.0 * (0.4 + 0.4)
    assert bound == pytest.approx(direct)


def test_the_quadratic_bound_is_the_formula():
    rng = np.random.default_rng(0)
    up, down = (v @ v.T for v in rng.standard_normal((2, 4, 6)))
    A = np.diag([2.0, 0.5, -0.25, -1.0])
    bound = quadratic_bound(up, down, A, radius=2.0, prior=0.6, error=0.05)
    nuclear = np.linalg.svd(0.6 * up - 0.4 * down, compute_uv=False).sum()
    assert bound == pytest.approx(math.sqrt(2 * nuclear + 2 * 4.0 * 2 * 0.05))


def test_bounds_broadcast():
    lower, upper = random_ratio_bounds([[10], [100]], [0.01, 0.05, 0.08])
    assert lower.shape == upper.shape == (2, 3)
    assert random_ratio([[10], [100]], [0.01, 0.4]).shape == (2, 2)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_ratio(1, 0.1), "d must be at least 2, got 1"),
        (lambda: random_ratio(2, 0.5), r"e must lie in \(0, 0\.5\), got 0\.5"),
        (lambda: random_ratio(2, math.nan), "e must"),
        (lambda: random_ratio_bounds(2, 0.09), "e must"),
        (
            lambda: linear_bound([1.0], [1.0, 2.0], radius=1.0),
            "mean_0 must have the shape",
        ),
        (lambda: linear_bound([1.0], [1.0], radius=-1.0), "radius must be"),
        (
            lambda: quadratic_bound(np.eye(2), np.eye(2), np.eye(2), radius=1.0),
            "eigenvalues of both signs",
        ),
        (
            lambda: quadratic_bound(np.eye(2), [[1, 2], [3, 4]], np.eye(2), radius=1.0),
            "second_0 must be symmetric",
        ),
        (
            lambda: quadratic_bound(np.eye(2), np.eye(3), np.eye(2), radius=1.0),
            "of one shape",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize("e", [0.01, 0.3])
def test_the_ratio_of_many_dimensions_is_the_limit(e: float):
    assert _large_d_ratio(10**9, e) == pytest.approx(random_ratio(10**9, e), rel=1e-7)
