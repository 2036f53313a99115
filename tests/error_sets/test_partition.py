"""Boxes and balls about a decision that is known: a half-space."""

import numpy as np
import pytest

from geomadv.error_sets._domain import Box
from geomadv.error_sets._partition import OpenBoxes, radii


def right(X):
    return (X[:, 0] > 0.5).astype(int)


def certain(C, R, _):
    return np.abs(C[:, 0] - 0.5) > R


def nothing(C, _R, _code):
    return np.zeros(len(C), bool)


@pytest.mark.parametrize("budget", [1, 20, 100, 1000])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_distances_to_open_boxes_are_below_that_to_the_boundary(d, budget):
    X = np.random.default_rng(0).random((400, d))
    space = Box(d, torus=False)
    known = np.array([[0.1] * d, [0.9] * d])
    boxes = OpenBoxes(right, certain, space, np.zeros(d), np.ones(d), known, budget)
    exact = np.abs(X[:, 0] - 0.5)
    found = boxes.distance(space, X)
    assert (found <= exact + 1e-12).all()
    finest = float(boxes.halves.max())
    assert (found >= exact - (1 + 2 * d**0.5) * finest - 1e-12).all()


@pytest.mark.parametrize("domain", ["cube", None])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_bounds_contain_the_distance_to_the_half_space(d, domain):
    X = np.random.default_rng(1).random((200, d))
    known = np.random.default_rng(2).random((50, d))
    lower, upper = radii(X, right, certain, known, domain, 500)
    exact = np.abs(X[:, 0] - 0.5)
    assert (lower <= exact + 1e-12).all()
    assert (upper >= exact - 1e-12).all()
    assert (lower >= 0.99 * exact).all()  # one ball is enough for a half-space
    if d < 5:
        assert (upper - exact).max() < 0.1


def test_where_nothing_is_certain_only_known_points_bound_distances():
    X, known = np.array([[0.2, 0.5]]), np.array([[0.9, 0.5]])
    lower, upper = radii(X, right, nothing, known, "cube", 200)
    assert lower[0] == 0.0
    assert 0.3 <= upper[0] <= 0.4
    lower, upper = radii(X, lambda X: np.zeros(len(X), int), nothing, known, None, 200)
    assert (lower[0], upper[0]) == (0.0, np.inf)
