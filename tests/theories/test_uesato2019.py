"""Self-training from a single label."""

import math

import numpy as np
import pytest
from scipy import stats

from geomadv.stats import fit_power_law
from geomadv.theories.manifold.carmon2019 import self_training_errors
from geomadv.theories.manifold.uesato2019 import (
    unlabelled_constant,
    worth_from_one_label,
)


def test_worth_is_the_squared_surplus_of_right_labels():
    d, a = 10**6, 1.0
    rng = np.random.default_rng(0)
    w = 1 + a * d**0.25 * rng.standard_normal(d)
    kappa = w.sum() / np.linalg.norm(w) / (a * d**0.25)
    right = stats.norm.cdf(kappa)
    assert worth_from_one_label(a) == pytest.approx((2 * right - 1) ** 2, rel=0.1)
    assert (np.diff(worth_from_one_label([0.3, 0.5, 1.0, 2.0])) < 0).all()


def test_constant_is_enough_in_simulation():
    """Sampled robust errors at half, once and twice the number that is needed."""
    d, a, eps = 2**12, 0.75, 0.6
    m = unlabelled_constant(d, a, eps, 0.1) * eps**2 * math.sqrt(d)
    half, once, twice = (
        self_training_errors(d, a * d**0.25, 1, round(f * m), eps, 100, 1)[:, 1].mean()
        for f in (0.5, 1, 2)
    )
    assert half > 0.3 > once
    assert once == pytest.approx(0.1, abs=0.04)
    assert twice < 0.02


def test_constant_tends_to_one_number_as_d_grows():
    d = np.array([1e8, 1e10, 1e12, 1e14])
    c = [unlabelled_constant(x, 0.5, 0.1, 0.5) for x in d]
    assert fit_power_law(d, c).exponent == pytest.approx(0.0, abs=1e-4)
    # (2/pi) a^2 over what a pseudo-label is worth, for small eps
    small = unlabelled_constant(1e12, 0.5, 0.01, 0.5)
    assert small == pytest.approx(0.25 * 2 / math.pi / worth_from_one_label(0.5), 1e-3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: worth_from_one_label(0.0), "a must be above 0"),
        (lambda: unlabelled_constant(0, 1, 1), "d must be at least 1"),
        (lambda: unlabelled_constant(10, 0, 1), "a must be above 0"),
        (lambda: unlabelled_constant(10, 1, 0), "eps must be above 0"),
        (lambda: unlabelled_constant(10, 1, 1, 0.0), "error must lie in"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
