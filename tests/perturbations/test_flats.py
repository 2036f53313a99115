"""Gaussian expansions whose centres lie in a flat."""

import math

import numpy as np
import pytest

from geomadv.perturbations import minimal_perturbation
from geomadv.perturbations._flats import _rank, flattened
from geomadv.perturbations._forms import Expansion, values


def gaussian(centres, a, b=0.0, gamma=0.5, T=None):
    centres = np.asarray(centres, float)
    a = np.asarray(a, float).reshape(len(centres), -1)
    options = {"kernel": "gaussian", "gamma": gamma}
    return Expansion(
        centres, a, np.full(a.shape[1], b), options, T, np.zeros(centres.shape[1])
    )


@pytest.mark.parametrize("way", [(1.0, 0.0), (1.0, 2.0), (-3.0, 1.0, 2.0)])
@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_a_sign_that_never_changes_on_a_line(way, p):
    """Two terms over one half-way between them are least there: 2 e^-1/2 = 1.213."""
    way = np.array(way)
    centres, gamma = np.stack([-way, way, 0.0 * way]), 0.5 / (way @ way)
    X = np.array([0.3 * way + np.roll(way, 1), np.roll(way, 1)[::-1]])
    for a, never in ((1.212, True), (1.214, False)):
        form = gaussian(centres, [1.0, 1.0, -a], gamma=gamma)
        found = minimal_perturbation(form, X, p=p)
        assert np.isinf(found.lower).all() == never
        assert np.isinf(found.distance).all() == never
        if not never:
            assert (found.distance <= found.lower * (1 + 1e-3)).all()


def test_the_distance_is_that_along_the_flat():
    """Centres in a plane of R^3: distances do not depend on the height above it."""
    rng = np.random.default_rng(3)
    plane = np.concatenate([rng.standard_normal((6, 2)), np.zeros((6, 1))], axis=1)
    form = gaussian(plane, rng.standard_normal(6))
    X = np.concatenate([rng.standard_normal((4, 2)), np.zeros((4, 1))], axis=1)
    low = minimal_perturbation(form, X)
    high = minimal_perturbation(form, X + np.array([0.0, 0.0, 3.0]))
    near = np.isfinite(low.distance)
    assert near.any()
    assert (high.lower <= low.distance * (1 + 1e-9)).all()
    assert (low.lower <= high.distance * (1 + 1e-9)).all()
    assert high.distance[near] == pytest.approx(low.distance[near], rel=1e-3)


def test_signs_are_kept():
    rng = np.random.default_rng(1)
    way, at = np.array([1.0, -2.0, 0.5]), np.array([0.25, 1.0, -3.0])
    form = gaussian(at + np.arange(-2.0, 3.0)[:, None] * way, rng.standard_normal(5))
    inside, used = flattened(form)
    X = rng.standard_normal((500, 3)) + at
    assert inside.centres.shape == (5, 1)
    assert (np.sign(values(inside, X)) == np.sign(values(form, X))).all()
    # f is the other times the kernel of the distance from the line
    foot = at + ((X - at) @ way)[:, None] / (way @ way) * way
    kernel = np.exp(-0.5 * ((X - foot) ** 2).sum(axis=1))
    expected = values(form, X)[:, 0]
    assert values(inside, X)[:, 0] * kernel == pytest.approx(expected, rel=1e-9)
    assert used >= np.linalg.norm(form.centres - form.centres[0], axis=1).max()


def test_centres_that_are_off_by_rounding_lie_in_no_flat():
    line = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]])
    assert flattened(gaussian(line, [1.0, -1.0, 1.0])) is not None
    line[1, 1] = 1.0 + 2.0**-52
    assert flattened(gaussian(line, [1.0, -1.0, 1.0])) is None
    assert _rank(line) == 2
    assert _rank(np.array([[0.1, 0.2, 0.3]] * 4)) == 0


def test_what_is_not_reduced():
    line = [[0.0, 0.0], [1.0, 1.0]]
    assert flattened(gaussian(line, [1.0, -1.0], b=0.1)) is None
    assert flattened(gaussian(line, [[1.0, 0.0], [0.0, 1.0]], b=0.1)) is not None
    assert flattened(gaussian([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [1, 1, -1])) is None


def test_positive_centres_that_do_not_surround_a_negative_one():
    """Far out on its side the negative term wins: e^(-g (r - 2)^2) > e^(-g r^2)."""
    form = gaussian([[0.0, 0.0], [2.0, 0.0]], [1.0, -1e-3])
    found = minimal_perturbation(form, [[0.0, 1.0]])
    # e^(2 r - 2) = 1000
    assert found.distance[0] == pytest.approx(1 + math.log(1000.0) / 2, rel=1e-4)
    assert found.lower[0] == pytest.approx(found.distance[0], rel=1e-3)
