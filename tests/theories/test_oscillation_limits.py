"""Huge arguments of the formulas of oscillation, and one query's reach."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from geomadv.theories.oscillation import bubeck2018
from geomadv.theories.oscillation.kannan2018 import clean_penalty, pairing_penalty
from geomadv.theories.oscillation.zhang2019 import bayes_boundary, checkerboard_risks
from geomadv.theories.oscillation.zheng2016 import linear_penalty, quadratic_penalty


def test_penalties_are_right_where_only_a_factor_is_huge():
    X = [[1.0], [0.0]]
    assert clean_penalty([1e-200], X, 1e200) == pytest.approx(2.0)
    assert linear_penalty([1e-200], 1e200) == pytest.approx(1.0)
    assert pairing_penalty([1e-200], 1e200) == pytest.approx(1.0)
    A = [[1e-120]]
    assert quadratic_penalty(A, [0.0], [[0.0]], 1e60) == pytest.approx(3.0)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clean_penalty([1.0], [[1.0], [0.0]], 1e200), "w, X and sigma must be"),
        (lambda: clean_penalty([1.0], [[1e200], [0.0]], 1), "w, X and sigma must be"),
        (lambda: pairing_penalty([1e200], 1.0), "w and eps must be"),
        (lambda: linear_penalty([1e200], 1.0), "w and sigma must be"),
        (lambda: quadratic_penalty([[1.0]], [0.0], [[0.0]], 1e200), "A, w, X and"),
        (lambda: bayes_boundary(2, math.inf), "radius must be at least 0 and finite"),
        (lambda: bayes_boundary(2, math.nan), "radius must be at least 0 and finite"),
        (lambda: checkerboard_risks(1, [-1, 1], -1), "radius must be at least 0"),
    ],
)
def test_what_double_precision_cannot_hold_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("width", [0.3, 0.7])
def test_the_reach_of_a_query_to_two_orthogonal_lines(width):
    """One pancake: N(0, s^2), independent coordinates. By nested adaptive rules."""

    def h(t):
        return stats.norm.pdf(t, scale=width) / stats.norm.pdf(t) - 1.0

    grid = np.linspace(-8.0, 8.0, 4001)
    share = stats.norm.pdf(grid)
    inner = np.abs(h(grid)[:, None] + h(grid[::4])) @ share[::4] * (grid[4] - grid[0])
    found = integrate.trapezoid(inner * share, grid) / 2.0
    assert bubeck2018._reach(1, width, 2) == pytest.approx(found, rel=1e-3)


def test_the_claim_of_one_query_can_fail():
    """At s = 0.3 and m = 10 the bound without the correlations is exceeded."""
    assert bubeck2018._reach(1, 0.3, 10) < bubeck2018._reach_bound(1, 0.3, 10)
    assert bubeck2018._reach(1, 0.3, 10) > bubeck2018._reach_bound(
        1, 0.3, 10, alone=True
    )
