"""The speed at which prices of robustness change, between the ends of its enclosure."""

import mpmath
import pytest
from flint import arb

from geomadv.theories.statistics._price_balls import _fastest, _slowest


def speed(m, h, q):
    """Return d/dq log G, by quadrature and a difference."""

    def log_price(q):
        def integrand(v):
            return mpmath.exp(-((q * (1 + v) / m) ** 2) / 8) * mpmath.sinh(q * v / 2)

        whole = mpmath.quad(integrand, [0, h])
        return mpmath.log(q / mpmath.cosh(q / 2) * whole)

    return mpmath.diff(log_price, q)


@pytest.mark.parametrize(("m", "h"), [(0.8, 0.2), (1.5, 1.0), (2.4, 0.6)])
@pytest.mark.parametrize(("low", "high"), [(0.3, 0.4), (2.0, 2.1), (4.0, 4.01)])
def test_the_speed_is_enclosed(m, h, low, high):
    ends = arb(m), arb(h), arb(low), arb(high)
    slowest, fastest = float(_slowest(*ends)), float(_fastest(*ends))
    for q in (low, (low + high) / 2, high):
        assert slowest <= float(speed(m, h, q)) <= fastest
