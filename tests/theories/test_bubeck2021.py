import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.theories.lipschitz.bubeck2021 import law_of_robustness, lipschitz_bound


@pytest.mark.parametrize(
    ("n", "d", "p", "size", "bound"),
    [
        (60_000, 784, 10**5, 100, 0.0010722588),
        (1_200_000, 3 * 224**2, 25 * 10**6, 1000, 0.0036927502),
    ],
)
def test_reference_values(n, d, p, size, bound):
    found = lipschitz_bound(n, d, p, eps=0.1, W=size, J=size, c=1, delta=0.05)
    assert found == pytest.approx(bound, abs=5e-11)


@given(
    n=st.integers(1, 10**9),
    d=st.integers(1, 10**9),
    p=st.integers(1, 10**12),
    eps=st.floats(1e-6, 1),
    W=st.floats(0.1, 1e9),
    J=st.floats(0.2, 1e9),
    c=st.floats(1e-3, 1e3),
    delta=st.floats(1e-12, 0.999),
)
def test_the_bound_is_the_formula_in_30_digits(n, d, p, eps, W, J, c, delta):
    with mpmath.workdps(30):
        log = mpmath.log(60 * mpmath.mpf(W) * J / eps)
        inner = n * d / (p * log + mpmath.log(4 / mpmath.mpf(delta)))
        exact = mpmath.mpf(eps) / (512 * mpmath.sqrt(c)) * mpmath.sqrt(inner)
    found = lipschitz_bound(n, d, p, eps=eps, W=W, J=J, c=c, delta=delta)
    assert found == pytest.approx(float(exact), rel=1e-12)


def test_four_times_the_parameters_halve_the_order():
    assert law_of_robustness(10, 20, 50) == 2
    assert law_of_robustness(10, 20, 200) == 1
    assert law_of_robustness(40, 20, 50) == law_of_robustness(10, 80, 50) == 4


def test_bounds_broadcast():
    eps = np.array([0.1, 0.2, 0.4])[:, None]
    found = lipschitz_bound(1000, 100, [10, 1000], eps=eps, W=1, J=1)
    assert found.shape == (3, 2)
    assert (np.diff(found, axis=0) > 0).all()
    assert (np.diff(found, axis=1) < 0).all()


def test_a_linear_fit_of_random_labels_is_far_above_the_bound():
    """N(0, I/d), p = d, error 0 below the noise 1: eps = 1 is allowed."""
    rng = np.random.default_rng(0)
    for n, d in [(50, 100), (200, 300), (10, 1000)]:
        X = rng.standard_normal((n, d)) / math.sqrt(d)
        w = np.linalg.lstsq(X, rng.choice([-1.0, 1.0], n), rcond=None)[0]
        length = np.linalg.norm(w)
        reach = np.linalg.norm(X, axis=1).max()
        bound = lipschitz_bound(n, d, d, eps=1.0, W=2 * length, J=reach)
        assert bound < length


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n must be at least 1, got 0"),
        ({"d": 1.5}, "d must be an integer"),
        ({"p": -1}, "p must be at least 1"),
        ({"eps": 0}, r"eps must lie in \(0, 1\]"),
        ({"eps": math.nan}, "eps must"),
        ({"W": 0}, "W must be above 0"),
        ({"J": math.inf}, "J must be above 0 and finite"),
        ({"c": -1}, "c must be above 0"),
        ({"delta": 1}, r"delta must lie in \(0, 1\)"),
        ({"W": 1e-9}, "60 W J must be above eps"),
    ],
)
def test_bad_arguments_are_named(change, message):
    good = {"n": 10, "d": 10, "p": 10, "eps": 0.1, "W": 1.0, "J": 1.0}
    with pytest.raises((ValueError, TypeError), match=message):
        lipschitz_bound(**(good | change))
