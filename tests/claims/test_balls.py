"""Ball arithmetic: enclosures contain 60-digit values, and are narrow."""

import mpmath
import pytest
from flint import arb, ctx

from geomadv.claims import balls

HEIGHTS = (0.0, 1e-300, 1e-12, 1e-5, 0.1, 0.3, 0.49, 0.51, 0.9, 0.999)


@pytest.fixture(autouse=True)
def _precision():
    before, ctx.prec = ctx.prec, 96
    yield
    ctx.prec = before


def cap(d, t):
    """Return the measure of a cap, the incomplete beta function of mpmath."""
    a, x = mpmath.mpf(d - 1) / 2, 1 - mpmath.mpf(t) ** 2
    return mpmath.betainc(a, 0.5, 0, x, regularized=True) / 2


@pytest.mark.parametrize("d", [2, 3, 4, 7, 20, 100, 784])
@pytest.mark.parametrize("height", HEIGHTS)
def test_the_enclosure_of_a_cap_contains_its_measure(d, height):
    ball = balls.cap_measure(d, height)
    with mpmath.workdps(60):
        truth = cap(d, height)
        middle, radius = (
            mpmath.mpf(end.str(60, radius=False)) for end in (ball.mid(), ball.rad())
        )
        assert abs(middle - truth) <= radius + truth * mpmath.mpf(10) ** -50
        assert radius <= 1e-20 * truth


@pytest.mark.parametrize("d", [2, 3, 50])
@pytest.mark.parametrize("height", [1e-9, 0.2, 0.7, 1.0])
def test_opposite_caps_make_up_the_sphere(d, height):
    total = balls.cap_measure(d, height) + balls.cap_measure(d, -height)
    assert total.contains(1)
    assert total.rad() < 1e-24


def test_an_enclosure_over_heights_contains_both_ends_and_little_more():
    ball = balls.cap_measure(100, arb(0.1).union(arb(0.2)))
    high, low = balls.cap_measure(100, 0.1), balls.cap_measure(100, 0.2)
    assert ball.contains(high.mid())
    assert ball.contains(low.mid())
    assert ball.rad() <= 0.51 * (high - low).upper()


@pytest.mark.parametrize(
    ("d", "mass"), [(2, 0.3), (3, 0.25), (100, 1e-9), (2000, 0.01)]
)
def test_the_height_of_a_cap_has_its_measure(d, mass):
    ball = balls.cap_height(d, mass)
    assert ball.rad() < 1e-18
    with mpmath.workdps(40):
        low, high = (
            mpmath.mpf(e.str(35, radius=False)) for e in (ball.lower(), ball.upper())
        )
        step = mpmath.mpf(10) ** -24
        assert cap(d, low - step) >= mass >= cap(d, high + step)
