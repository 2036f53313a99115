"""The l_p distance, against sums over the coordinates."""

import numpy as np
import pytest

from geomadv.spaces._lp import lp_distance


@pytest.mark.parametrize(
    ("p", "expected"), [(1, 7.0), (2, 5.0), (3, 91 ** (1 / 3)), (np.inf, 4.0)]
)
def test_the_distance_is_the_norm_of_the_difference(p, expected):
    found = lp_distance([[1.0, 2.0], [0.0, 0.0]], [[4.0, -2.0], [0.0, 0.0]], p, 2)
    assert found == pytest.approx([expected, 0.0], rel=1e-15)
