"""The covering radius of the error set itself."""

import numpy as np
import pytest

from geomadv.classifiers import (
    HilbertKernelClassifier,
    LinearClassifier,
    SimplicialInterpolant,
    WeightedInterpolatedNN,
)
from geomadv.error_sets import (
    PiecewiseRule,
    covering_radius,
    disagreement,
    error_covering_radius,
    mislabelled_points,
    simplicial_flips,
)
from geomadv.spaces import Cube


def problem(n, d, seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.random((n, d)), np.where(rng.random(n) < 0.25, -1, 1)
    y[:2] = -1, 1
    return X, y


def test_simplicial_radius_on_a_line_is_that_of_its_intervals():
    X, y = problem(40, 1)
    X = np.concatenate([[[0.0], [1.0]], X])
    y = np.concatenate([[1, 1], y])
    flips = simplicial_flips(X[:, 0], y)
    rule = PiecewiseRule(flips, (-1.0) ** np.arange(len(flips) + 1))
    exact = disagreement(rule, PiecewiseRule([], [1])).covering_radius
    model = SimplicialInterpolant(domain="cube").fit(X, y)
    known = mislabelled_points(X, y, 1)
    found = error_covering_radius(model, 1, "cube", error_points=known)
    assert found.lower <= exact + 1e-12
    assert found.upper >= exact - 1e-12
    assert found.upper - found.lower < 1e-3
    assert covering_radius(known, "cube").upper > exact + 1e-3


@pytest.mark.parametrize("name", ["neighbours", "Hilbert", "simplicial"])
def test_radius_in_the_plane_is_that_on_a_grid(name):
    X, y = problem(80, 2)
    model = {
        "neighbours": WeightedInterpolatedNN(9, domain="torus"),
        "Hilbert": HilbertKernelClassifier("torus"),
        "simplicial": SimplicialInterpolant(domain="torus"),
    }[name].fit(X, y)
    known = mislabelled_points(X, y, 1)
    found = error_covering_radius(
        model, 1, "torus", error_points=known, probes=4000, budget=10_000
    )
    ticks = np.arange(400) / 400
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    errors = np.concatenate([known, Z[model.predict(Z) == -1]])
    brute = covering_radius(errors, "torus").upper  # at least the exact one
    assert found.lower <= brute + 1e-9
    assert found.upper >= brute - 0.005
    assert 0.75 * found.upper < found.lower <= found.upper
    assert found.upper <= covering_radius(known, "torus").upper + 1e-12
    steps = errors - found.witness
    apart = np.linalg.norm(steps - np.round(steps), axis=1).min()
    assert apart >= found.lower * (1 - 1e-9)


def test_half_a_square_is_half_a_square_away():
    """f errs where x < 1/2 alone: 1/2 from the right edge."""
    f = LinearClassifier.from_parameters([1.0, 0.0], -0.5)
    found = error_covering_radius(f, 1, Cube(2), probes=2000)
    assert found.lower == pytest.approx(0.5, abs=0.01)
    assert found.lower <= 0.5 <= found.upper + 1e-12
    assert found.upper < 0.6


def test_where_no_errors_are_known_the_radius_has_no_upper_bound():
    f = LinearClassifier.from_parameters([1.0, 0.0], 3.0)
    found = error_covering_radius(f, 1, Cube(2), probes=2000)
    assert found.lower == pytest.approx(4.0, abs=0.05)
    assert found.upper == np.inf


def test_piecewise_rules_are_exact():
    f, g = PiecewiseRule([0.4], [-1, 1]), PiecewiseRule([0.5], [-1, 1])
    found = error_covering_radius(f, g, "torus")
    assert found.lower == found.upper == pytest.approx(0.45)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": "torus"}, "d must be given"),
        ({"domain": "ball", "d": 2}, "domain must be"),
        ({"domain": "torus", "d": 0}, "d must be at least 1"),
        ({"domain": "torus", "d": 2, "probes": 0}, "probes must"),
        ({"domain": "torus", "d": 2, "budget": 0}, "budget must"),
        ({"domain": "cube", "error_points": [[2.0]]}, "points must lie"),
    ],
)
def test_bad_arguments_are_named(options, message):
    domain = options.pop("domain")
    with pytest.raises((TypeError, ValueError), match=message):
        error_covering_radius(-1, 1, domain, **options)


def test_mislabelled_copies_that_are_outvoted_are_no_errors():
    """Four places on a line, at one of which the wrong label has two against it."""
    X = np.array([[0.1], [0.5], [0.5], [0.5], [0.9], [0.95]])
    y = np.array([1, 1, 1, -1, -1, -1])
    known = mislabelled_points(X, y, 1)
    assert 0.5 in known
    model = WeightedInterpolatedNN(1, domain="cube").fit(X, y)
    found = error_covering_radius(model, 1, "cube", error_points=known)
    assert found.lower <= 0.7 <= found.upper < 0.7 + 1e-3
    assert covering_radius(known, "cube").upper == pytest.approx(0.5)
