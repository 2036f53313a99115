"""Nearest points of half-spaces in boxes, against samples and a solver."""

import numpy as np
import pytest
from scipy.optimize import minimize

from geomadv.perturbations._half_spaces import nearest_points

NORMS = (1, 1.5, 2, 3, np.inf)


def drawn(rng):
    """Draw a point, a half-space and a box, slopes over six orders of magnitude."""
    d = int(rng.integers(1, 5))
    slope = rng.standard_normal(d) * 10.0 ** rng.integers(-3, 4, d)
    slope[rng.random(d) < 0.2] = 0.0
    middle, half = rng.standard_normal(d), rng.random(d)
    height = 0.5 * rng.standard_normal() * np.abs(slope).max()
    return 2.0 * rng.standard_normal(d), slope, height, middle - half, middle + half


@pytest.mark.parametrize("p", NORMS)
def test_no_point_of_the_half_space_is_nearer(p):
    rng = np.random.default_rng(0)
    reached = missed = 0
    for _ in range(150):
        x, slope, height, low, high = drawn(rng)
        start = np.clip(x, low, high)
        found, _, there = nearest_points(
            x[None], slope[None], np.array([height]), low[None], high[None], p
        )
        y, left = found[0], height + slope @ (found[0] - start)
        assert ((y >= low) & (y <= high)).all()
        if not there[0]:
            assert left > 0
            lowest = np.where(slope > 0, low, np.where(slope < 0, high, start))
            assert (y == lowest).all()
            missed += 1
            continue
        assert left <= 1e-9 * (1 + abs(height))
        Z = low + (high - low) * rng.random((3000, x.size))
        Z = np.concatenate([Z, y + (Z - y) * rng.random((3000, 1)) ** 4])
        Z = Z[height + (Z - start) @ slope <= 0]
        nearest = np.linalg.norm(Z - x, p, axis=1).min(initial=np.inf)
        assert nearest >= np.linalg.norm(y - x, p) * (1 - 1e-9)
        reached += height > 0
    assert min(reached, missed) > 5


def test_the_answer_is_that_of_a_solver():
    rng = np.random.default_rng(1)
    compared = 0
    for _ in range(60):
        x, slope, height, low, high = drawn(rng)
        slope = np.sign(slope) * np.abs(slope) ** 0.3  # of similar sizes
        height = abs(height) ** 0.3
        start = np.clip(x, low, high)
        found, t, there = nearest_points(
            x[None], slope[None], np.array([height]), low[None], high[None], 2
        )
        if not there[0]:
            continue
        other = minimize(
            lambda y, x=x: ((y - x) ** 2).sum(),
            found[0] + 0.01,
            jac=lambda y, x=x: 2 * (y - x),
            bounds=list(zip(low, high, strict=True)),
            constraints={
                "type": "ineq",
                "fun": lambda y, s=slope, h=height, a=start: -h - s @ (y - a),
            },
            options={"ftol": 1e-14, "maxiter": 200},
        )
        assert np.linalg.norm(found[0] - x) ** 2 == pytest.approx(other.fun, abs=1e-6)
        # with the multiplier 2 t, no point of the box has a lower value
        Z = low + (high - low) * rng.random((2000, x.size))
        value = ((Z - x) ** 2).sum(axis=1) + 2 * t[0] * (height + (Z - start) @ slope)
        assert value.min() >= ((found[0] - x) ** 2).sum() - 1e-9
        compared += 1
    assert compared > 20


def test_a_cheap_coordinate_is_used_up():
    """From (0, 0) to y_0 + y_1 >= 3 with y_0 <= 1: (1, 2) in all norms."""
    x, slope = np.zeros((1, 2)), np.array([[-1.0, -1.0]])
    for p in (1.5, 2, 3, np.inf):
        y, _, there = nearest_points(
            x, slope, np.array([3.0]), np.full((1, 2), -9.0), np.array([[1.0, 9.0]]), p
        )
        assert there[0]
        assert y[0] == pytest.approx([1.0, 2.0])


def test_slopes_as_small_as_numbers_can_be_do_not_overflow():
    x, slope = np.zeros((1, 2)), np.array([[1e-300, -1.0]])
    with np.errstate(all="raise", under="ignore"):
        for p in NORMS:
            y, _, there = nearest_points(
                x, slope, np.array([0.5]), np.full((1, 2), -1e9), np.ones((1, 2)), p
            )
            assert there[0]
            assert y[0, 1] == pytest.approx(0.5)
