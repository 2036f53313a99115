"""Tools for enclosures: they contain what they claim to, and are narrow."""

import pytest
from flint import arb, ctx

from geomadv.claims import balls


@pytest.mark.parametrize("low", [0.0, 0.3, 1.2])
def test_a_concave_function_is_enclosed_by_its_ends(low):
    box = arb(low).union(arb(low + 0.5))
    ball = balls.concave(lambda t: t.sin(), box)
    assert all(ball.contains(arb(low + 0.05 * i).sin()) for i in range(11))
    least = min(arb(low).sin(), arb(low + 0.5).sin(), key=float)
    assert ball.lower() > least - 1e-6


def test_a_decreasing_function_is_enclosed_by_its_ends():
    ball = balls.decreasing(lambda t: 1 / (1 + t) - t, arb(1).union(arb(2)))
    assert ball.contains(-0.5)
    assert ball.contains(arb(1) / 3 - 2)
    assert ball.rad() < 0.59


def test_a_product_of_positive_balls_is_positive():
    ball = balls.positive_product(arb(1).union(arb(100)), arb(2).union(arb(300)))
    assert ball > 1.99
    assert ball.contains(2)
    assert ball.contains(30_000)
    assert balls.positive_product(arb(-1).union(arb(1)), 2).contains(-2)


@pytest.mark.parametrize("low", ["0", "1e-300", "0.1", "-0.1"])
@pytest.mark.parametrize("high", ["0.3", "1e9"])
def test_a_span_contains_its_ends_and_keeps_its_sign(low, high):
    ball = balls.span(arb(low), arb(high))
    assert ball.contains(arb(low).lower())
    assert ball.contains(arb(high).upper())
    assert (ball >= 0) == (not low.startswith("-"))


def test_values_are_kept_for_each_precision_and_argument():
    seen = []

    @balls.cached
    def over(n):
        seen.append((ctx.prec, n))
        return arb(1) / n

    before = ctx.prec
    try:
        radii = []
        for ctx.prec in (64, 128, 64):
            radii.append(over(3).rad())
            over(7)
    finally:
        ctx.prec = before
    assert seen == [(64, 3), (64, 7), (128, 3), (128, 7)]
    assert radii[0] > radii[1]
    assert radii[0].overlaps(radii[2])


@pytest.mark.parametrize("value", [3, 0.1, arb(0.1).union(arb(0.2))])
def test_a_number_becomes_a_ball_and_a_ball_stays(value):
    ball = balls.as_ball(value)
    assert ball.contains(value)
    assert isinstance(value, arb) is not ball.is_exact()
    assert not isinstance(value, arb) or ball is value
