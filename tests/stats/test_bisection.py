import math

import numpy as np
import pytest

from geomadv.stats._bisection import least_double

POINTS = [5e-324, 1e-300, 0.1, 1 / 3, 1 - 2**-53, 1.0]


@pytest.mark.parametrize("steps", range(1, 200, 7))
def test_the_least_double_at_or_above_a_point_is_the_point(steps):
    for point in POINTS:
        for upper in (1.0, point + steps * math.ulp(point)):
            found = least_double(lambda x, point=point: x >= point, upper)
            assert found == point


@pytest.mark.parametrize("point", [1e-300, 0.1, 1 / 3])
def test_the_least_double_above_a_point_is_its_neighbour(point):
    assert least_double(lambda x: x > point, 1.0) == math.nextafter(point, 1)


def test_a_condition_that_always_or_never_holds_gives_an_end():
    assert least_double(lambda x: np.ones(x.shape, dtype=bool), 0.7) == 0.0
    assert least_double(lambda x: np.zeros(x.shape, dtype=bool), 0.7) == 0.7
    assert least_double(lambda x: np.zeros(x.shape, dtype=bool), 0.0) == 0.0


def test_the_square_root_of_two_is_correctly_rounded():
    root = least_double(lambda x: x * x >= 2.0, 2.0)
    assert root == math.nextafter(math.sqrt(2), 2) or root == math.sqrt(2)
