import math

import pytest

from geomadv.stats import Interval


def test_the_ends_belong_to_the_interval():
    interval = Interval(0.25, 0.5)
    assert 0.25 in interval
    assert 0.5 in interval
    assert math.nextafter(0.25, 0) not in interval
    assert math.nextafter(0.5, 1) not in interval
    assert math.nan not in interval


def test_width_midpoint_and_exactness():
    assert Interval(1.0, 4.0).width == 3.0
    assert Interval(1.0, 4.0).midpoint == 2.5
    assert not Interval(1.0, 4.0).exact
    assert Interval(2.0, 2.0).width == 0.0
    assert Interval(2.0, 2.0).exact


@pytest.mark.parametrize("ends", [(-math.inf, 0.0), (math.inf, math.inf)])
def test_an_infinite_end_makes_the_width_infinite(ends):
    assert Interval(*ends).width == math.inf
    assert not Interval(*ends).exact


@pytest.mark.errors
@pytest.mark.parametrize("ends", [(1.0, 0.0), (math.nan, 1.0), (0.0, math.nan)])
def test_ends_in_the_wrong_order_are_refused(ends):
    with pytest.raises(ValueError, match="lower must be at most upper"):
        Interval(*ends)
