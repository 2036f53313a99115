"""Distances to a ball cut by a box, and the descent of its centre."""

import numpy as np
import pytest

from geomadv.concentration import Balls, CutBall, estimate_concentration
from geomadv.concentration import _balls as balls
from geomadv.concentration import _cut_ball as cut

LOWER, UPPER = np.zeros(3), np.array([1.0, 1.0, 0.4])


def a_ball(rng):
    """Return a ball whose centre is often outside of the box, and which meets it."""
    centre = rng.uniform(-1.5, 2.5, 3)
    least = np.linalg.norm(np.clip(centre, LOWER, UPPER) - centre)
    return CutBall(centre, least + rng.uniform(0.05, 0.6), LOWER, UPPER)


def by_alternation(x, ball):
    """Return the distances of points to the cut ball by Dykstra's algorithm."""
    z, to_ball, to_box = x.copy(), np.zeros_like(x), np.zeros_like(x)
    for _ in range(3000):
        y = z + to_ball
        off = y - ball.centre
        size = np.linalg.norm(off, axis=1, keepdims=True)
        w = ball.centre + off * np.minimum(1.0, ball.radius / size)
        to_ball = y - w
        z = np.clip(w + to_box, LOWER, UPPER)
        to_box = w + to_box - z
    return np.linalg.norm(x - z, axis=1)


def test_distances_are_those_of_alternating_projections():
    rng = np.random.default_rng(0)
    longer = 0
    for _ in range(12):
        ball = a_ball(rng)
        x = rng.uniform(-0.3, 1.3, (20, 3))
        expected = by_alternation(x, ball)
        assert -ball.score(x) == pytest.approx(expected, abs=1e-5)
        plain = np.linalg.norm(x - ball.centre, axis=1) - ball.radius
        out = np.linalg.norm(x - np.clip(x, LOWER, UPPER), axis=1)
        longer += np.sum(expected > np.maximum(np.maximum(plain, out), 0.0) + 1e-3)
    assert longer > 20  # neither the ball nor the box alone would do


def test_nearest_points_lie_in_the_ball_and_in_the_box():
    rng = np.random.default_rng(1)
    for _ in range(40):
        ball = a_ball(rng)
        x = rng.uniform(-3, 3, (50, 3))
        x = x[np.linalg.norm(x - ball.centre, axis=1) > ball.radius]
        z, s = cut.nearest_points(x, ball.centre, ball.radius, LOWER, UPPER)
        assert ((z >= LOWER) & (z <= UPPER)).all()
        to = np.linalg.norm(z - ball.centre, axis=1)
        assert (to <= ball.radius * (1 + 1e-12)).all()
        assert ((s >= 0) & (s <= 1)).all()
        single = cut.nearest_points(
            x.astype(np.float32),
            ball.centre.astype(np.float32),
            ball.radius,
            LOWER.astype(np.float32),
            UPPER.astype(np.float32),
        )
        assert single[0] == pytest.approx(z, abs=2e-3)


def test_the_score_is_lipschitz_and_zero_just_inside():
    rng = np.random.default_rng(2)
    for _ in range(20):
        ball = a_ball(rng)
        x = rng.uniform(-0.5, 1.5, (300, 3))
        step = rng.normal(size=x.shape) * 0.2
        change = np.abs(ball.score(x + step) - ball.score(x))
        assert (change <= np.linalg.norm(step, axis=1) + 1e-9).all()
        inside = (x >= LOWER).all(axis=1) & (x <= UPPER).all(axis=1)
        inside &= np.linalg.norm(x - ball.centre, axis=1) <= ball.radius
        assert ((ball.score(x) == 0.0) == inside).all()


def test_without_a_box_it_is_a_ball():
    rng = np.random.default_rng(3)
    centre, everywhere = rng.normal(size=5), np.full(5, np.inf)
    ball = CutBall(centre, 1.5, -everywhere, everywhere)
    x = 3 * rng.normal(size=(200, 5))
    plain = Balls(centre[None], np.array([1.5]), 2).score(x)
    assert ball.score(x) == pytest.approx(np.minimum(plain, 0.0), abs=1e-12)
    near = CutBall(centre, 1.5, -everywhere, everywhere, reach=0.7)
    assert near.score(x) == pytest.approx(np.clip(plain, -0.7, 0.0), abs=1e-12)


def test_a_fitted_ball_holds_the_mass_and_what_is_outside_the_box_is_not_in_it():
    X = np.random.default_rng(4).random((1000, 3))
    X[::2, 2] += 0.5
    box = (LOWER, UPPER)
    ball = cut.fitted(X, np.array([0.5, 0.5, 0.5]), box, eps=0.1, mass=0.05)
    assert np.sum(ball.score(X) >= 0.0) == 50
    assert (X[ball.score(X) >= 0.0, 2] <= 0.4).all()
    assert cut.fitted(X, np.zeros(3), box, eps=0.1, mass=0.3) is None
    assert cut.fitted(np.zeros((9, 3)), np.zeros(3), box, eps=0.1, mass=0.3) is None


def test_the_box_of_single_precision_holds_the_doubles_that_were_rounded():
    X = np.random.default_rng(5).random((200, 7))
    lower, upper = cut.box_of(X.astype(np.float32))
    assert ((lower <= X) & (upper >= X)).all()
    assert upper == pytest.approx(X.max(axis=0), rel=1e-6)


def test_descent_finds_the_corner_of_the_square_that_grows_least():
    """A share of .02 of the unit square in l_2: a quarter disc in a corner.

    r = sqrt(.08/pi) = .1596 and it grows to pi (r + .1)^2/4 = .0529; a disc about a
    point has pi (.0798 + .1)^2 = .1015, a strip at an edge .12.
    """
    X = np.random.default_rng(6).random((20_000, 2)).astype(np.float32)
    fresh = np.random.default_rng(7).random((40_000, 2))
    box = cut.box_of(X)

    def grown(centre):
        ball = cut.fitted(fresh, centre, box, eps=0.1, mass=0.02)
        return np.mean(ball.score(fresh) >= -0.1)

    start = np.array([0.25, 0.2])
    assert grown(start) > 0.09
    end = cut.descend(X, start, box, eps=0.1, mass=0.02, steps=200)
    # a disc about a point outside, and its part near the corner, come close
    assert grown(end) < 0.0529 + 4 * np.sqrt(0.053 / 40_000)


def test_multipliers_are_the_derivatives_of_the_distance():
    rng = np.random.default_rng(8)
    tried = 0
    for _ in range(20):
        ball = a_ball(rng)
        x = rng.uniform(0.0, 0.4, (1, 3))
        z, s = cut.nearest_points(x, ball.centre, ball.radius, LOWER, UPPER)
        distance = -ball.score(x)[0]
        if not distance > 0.05 or s[0] > 0.999:
            continue
        (m,) = cut.multipliers(s, np.array([distance]), ball.radius)
        if m == 5.0:
            continue
        wider = CutBall(ball.centre, ball.radius + 1e-6, LOWER, UPPER).score(x)[0]
        assert (wider + distance) / 1e-6 == pytest.approx(m, rel=1e-3)
        tried += 1
        direction = rng.normal(size=3)
        h = 1e-6

        def at(t, ball=ball, direction=direction, x=x):
            moved = CutBall(ball.centre + t * direction, ball.radius, LOWER, UPPER)
            return -moved.score(x)[0]

        slope = (at(h) - at(-h)) / (2 * h)
        expected = -m * (z[0] - ball.centre) @ direction / ball.radius
        assert slope == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert tried > 5


def test_centres_apart_have_balls_with_little_in_common():
    X = np.random.default_rng(9).normal(size=(3000, 3)).astype(np.float32)
    found = balls.centres_apart(
        X, eps=0.5, mass=0.02, most=4, rng=np.random.default_rng(0)
    )
    assert len(found) == 4
    held = [set(np.argsort(np.linalg.norm(X - c, axis=1))[:60]) for c in found]
    for i, one in enumerate(held):
        for other in held[:i]:
            assert len(one & other) <= 0.3 * 60


def test_a_cut_ball_is_chosen_where_many_coordinates_are_0_and_counts_are_right():
    X = np.maximum(np.random.default_rng(10).normal(size=(12_000, 20)), 0.0)
    options = {"p": 2, "eps": 0.5, "alpha": 0.03, "family": "balls", "rng": 0}
    (r,) = estimate_concentration(X[:6000], X[6000:], **options).results
    assert isinstance(r.region, CutBall)
    fresh, region = X[6000:], r.region
    assert r.risk == np.mean(r.contains(fresh))
    assert r.adversarial_risk == np.mean(r.distance(fresh) <= 0.5)
    inside = np.linalg.norm(fresh - region.centre, axis=1) <= region.radius
    inside &= (fresh >= region.lower).all(axis=1) & (fresh <= region.upper).all(axis=1)
    assert (r.contains(fresh) == inside).all()
    # to the whole ball more points are near
    plain = np.linalg.norm(fresh - region.centre, axis=1) <= region.radius + 0.5
    assert r.adversarial_risk < 0.95 * plain.mean()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"centre": np.ones((2, 2))}, "centre must"),
        ({"centre": [np.nan, 0.0]}, "centre must be finite"),
        ({"radius": 0.0}, "radius must be above 0"),
        ({"radius": 0.9, "centre": [3.0, 0.0]}, "radius must be at least .*2.0"),
        ({"lower": [0.0]}, "lower and upper must be corners of a box in R.2"),
        ({"lower": [2.0, 0.0]}, "lower must be at most upper"),
        ({"reach": 0.0}, "reach must be above 0"),
        ({"reach": np.nan}, "reach must be above 0"),
    ],
)
def test_what_is_no_cut_ball_is_refused(changes, message):
    arguments = {"centre": [0.5, 0.5], "radius": 1.0, "lower": [0, 0], "upper": [1, 1]}
    with pytest.raises(ValueError, match=message):
        CutBall(**(arguments | changes))
