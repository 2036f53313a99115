import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.concentration._levels import (
    adversarial_risk,
    expanded_share,
    expanded_shares,
    needed,
    risk,
    threshold,
)

values = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=30)


@given(values=values, mass=st.floats(0.001, 1))
def test_threshold_is_the_greatest_that_leaves_the_mass(values, mass):
    scores = np.array(values)
    t = threshold(scores, mass)
    reached = [v for v in values if np.mean(scores >= v) >= mass - 1e-9]
    assert t == max(reached)
    assert risk(scores, t) == np.sum(scores >= t)


def test_thresholds_are_found_among_many():
    scores = np.random.default_rng(0).normal(size=1000)
    found = [threshold(scores, k / 1000) for k in range(1, 1001)]
    assert np.array_equal(found, np.sort(scores)[::-1])


@given(k=st.integers(1, 1000), n=st.integers(1, 1000))
def test_a_share_of_k_in_n_needs_k_points(k, n):
    if k <= n:
        assert needed(n, k / n) == k


def test_a_product_that_rounding_spoils_needs_no_point_more():
    assert 0.07 * 100 > 7
    assert [needed(100, percent / 100) for percent in range(1, 101)] == [*range(1, 101)]
    assert (needed(10, 0.01), needed(10, 1.0)) == (1, 10)


def test_points_exactly_at_eps_count_in_spite_of_rounding():
    scores = np.array([0.1 + 0.2, 0.0])
    assert adversarial_risk(scores, 0.3 + 0.3, 0.3) == 1
    assert adversarial_risk(np.array([0.7, 1.0]), 1.0, 0.3) == 2
    assert adversarial_risk(np.array([0.69, 1.0]), 1.0, 0.3) == 1


@pytest.mark.parametrize("mass", [0.02, 0.1, 0.5])
def test_many_scores_at_once_are_the_same_as_one_by_one(mass):
    scores = np.random.default_rng(0).normal(size=(200, 5))
    high, low = expanded_shares(scores, mass, 0.3)
    for j in range(5):
        assert high[j] == expanded_share(scores[:, j], mass, 0.3)
        assert low[j] == expanded_share(-scores[:, j], mass, 0.3)
