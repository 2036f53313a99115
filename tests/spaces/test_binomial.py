import mpmath
import numpy as np
import pytest

from geomadv.spaces import _binomial
from geomadv.spaces._harper import ball_counts, log_fraction


def tail(r, d):
    """P(X <= r) to 40 digits, term by term from the largest down."""
    with mpmath.workdps(40):
        log_top = mpmath.loggamma(d + 1) - mpmath.loggamma(r + 1)
        log_top -= mpmath.loggamma(d - r + 1) + d * mpmath.log(2)
        total = term = mpmath.mpf(1)
        for j in range(r):
            term = term * (r - j) / (d - r + 1 + j)
            total += term
            if term < total * mpmath.mpf(10) ** -35:
                break
        return log_top + mpmath.log(total)


@pytest.mark.parametrize("d", [1, 2, 5, 40, 333, 4001])
def test_ball_measures_agree_with_the_exact_counts(d):
    balls = ball_counts(d)
    for r in sorted({0, 1, d // 3, d // 2 - 1, d // 2, d // 2 + 1, 3 * d // 4, d - 1}):
        if not 0 <= r < d:
            continue
        assert _binomial.log_ball_measure(r, d) == pytest.approx(
            log_fraction(balls[r], d), rel=1e-12, abs=0
        )
        assert _binomial.log_ball_complement(r, d) == pytest.approx(
            log_fraction(balls[d] - balls[r], d), rel=1e-12, abs=0
        )
    assert _binomial.log_ball_measure(-1, d) == -np.inf
    assert _binomial.log_ball_measure(d, d) == 0.0
    assert _binomial.log_ball_complement(d, d) == -np.inf


@pytest.mark.parametrize(
    ("d", "r"),
    [
        (10**5, 0),
        (10**5, 7),
        (10**5, 40000),
        (10**6, 499000),
        (10**9, 499 * 10**6),
        (10**9, 10),
        (10**9 + 7, 10**8),
    ],
)
def test_ball_measures_agree_with_40_digits(d, r):
    truth = float(tail(r, d))
    assert _binomial.log_ball_measure(r, d) == pytest.approx(truth, rel=1e-12, abs=0)
    assert _binomial.log_ball_complement(d - r - 1, d) == pytest.approx(
        truth, rel=1e-12, abs=0
    )


def test_median_ball_of_an_odd_cube_is_one_half():
    for d in (10**5 + 1, 10**9 - 1):
        assert _binomial.log_ball_measure((d - 1) // 2, d) == pytest.approx(
            -np.log(2), rel=1e-12, abs=0
        )


def test_ball_radius_and_reaching_radius_invert_the_measure():
    d = 10**6
    for mass in (1e-300, 0.01, 0.4, 0.5, 0.6, 0.99, 1 - 1e-12):
        r = _binomial.ball_radius(np.log(mass), d)
        assert np.exp(_binomial.log_ball_measure(r, d)) <= mass * (1 + 1e-12)
        assert np.exp(_binomial.log_ball_measure(r + 1, d)) > mass
        r = _binomial.reaching_radius(mass, d)
        assert np.exp(_binomial.log_ball_complement(r, d)) <= (1 - mass) * (1 + 1e-9)
        assert np.exp(_binomial.log_ball_measure(r - 1, d)) < mass
    assert _binomial.reaching_radius(0.0, d) == 0
    assert _binomial.reaching_radius(1.0, d) == d
    assert _binomial.ball_radius(0.0, d) == d
    assert _binomial.ball_radius(-1e9, d) == -1


@pytest.mark.parametrize("d", [1, 2, 9, 100, 2001])
def test_mean_excess_agrees_with_the_exact_sum(d):
    balls = ball_counts(d)
    for r in sorted({0, 1, d // 3, d // 2, d // 2 + int(d**0.5), d}):
        truth = sum(balls[d] - balls[j] for j in range(r, d)) / 2**d
        assert _binomial.mean_excess(r, d) == pytest.approx(
            truth, rel=1e-12 if 2 * r <= d else 1e-10, abs=1e-300
        )


def test_largest_ball_bounds_what_the_initial_segment_attains():
    from geomadv.spaces._harper import InitialSegment, points_of_mass

    d = 501
    balls = ball_counts(d)
    for mass in (1e-9, 0.01, 0.3, 0.7):
        ball = _binomial.LargestBall(np.log(mass), d)
        segment = InitialSegment(points_of_mass(mass, d), balls)
        assert ball.radius == segment.radius
        for flips in (0, 1, 20, 300):
            inner = balls[min(d, segment.radius + flips)] / balls[d]
            assert ball.enlargement(flips) == pytest.approx(inner, rel=1e-11, abs=0)
            assert inner <= segment.enlargement(flips)
            assert ball.log_complement(flips) >= segment.log_complement(flips) - 1e-9
        assert 0 <= ball.mean_distance() - segment.mean_distance() < 1
        for target in (0.2, 0.5, 0.99):
            assert ball.reach(target) - segment.reach(target) in (0, 1)
