import math

import numpy as np
import pytest

from geomadv.stats import spend_error_rate, split_error_rate


@pytest.mark.parametrize("n", [1, 3, 50, 10**6])
def test_equal_shares_sum_to_the_whole(n):
    assert n * split_error_rate(1e-6, n) == pytest.approx(1e-6, rel=1e-15)


def test_shares_of_a_sequence_sum_to_the_whole():
    shares = np.array([spend_error_rate(0.01, k) for k in range(1, 2001)])
    # sum over k > N of 1/k^2 lies between 1/(N+1) and 1/N
    tails = [0.01 * 6 / math.pi**2 / n for n in (2001, 2000)]
    assert 0.01 - tails[1] < shares.sum() < 0.01 - tails[0]


def test_the_third_decision_gets_a_ninth_of_the_first():
    assert spend_error_rate(0.01, 3) == pytest.approx(spend_error_rate(0.01, 1) / 9)


@pytest.mark.errors
@pytest.mark.parametrize("share", [split_error_rate, spend_error_rate])
@pytest.mark.parametrize("error_rate", [0.0, 1.0, -0.1, math.nan, math.inf])
def test_an_error_rate_outside_its_range_is_refused(share, error_rate):
    with pytest.raises(ValueError, match="error_rate must lie in"):
        share(error_rate, 2)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("share", "name"), [(split_error_rate, "n"), (spend_error_rate, "k")]
)
def test_a_number_of_decisions_below_one_is_refused(share, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        share(0.01, 0)
    with pytest.raises(TypeError, match=f"{name} must be an integer"):
        share(0.01, 2.0)


@pytest.mark.errors
@pytest.mark.parametrize("n", [10**300, 10**400])
def test_a_share_too_small_for_a_float_is_refused(n):
    with pytest.raises(ValueError, match="share above 0"):
        split_error_rate(1e-100, n)
