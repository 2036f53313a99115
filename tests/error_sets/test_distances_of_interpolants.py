"""Distances to another decision of interpolating classifiers, and to their errors."""

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
    distance_to_errors,
    enlargement_profile,
    mean_distance,
    mislabelled_points,
    simplicial_flips,
)
from geomadv.error_sets._constancy import certificate
from geomadv.spaces import Cube


def problem(n, d, seed=0, noise=0.25):
    rng = np.random.default_rng(seed)
    X, y = rng.random((n, d)), np.where(rng.random(n) < noise, -1, 1)
    y[:2] = -1, 1
    return X, y


def three_classes(n, d):
    return problem(n, d)[0], np.random.default_rng(5).integers(3, size=n)


def rules(d, domain):
    return {
        "one neighbour": WeightedInterpolatedNN(1, domain=domain),
        "two, -ln z": WeightedInterpolatedNN(2, domain=domain),
        "nine, -ln z": WeightedInterpolatedNN(9, domain=domain),
        "powers": WeightedInterpolatedNN(6, weights=d / 4, domain=domain),
        "Hilbert": HilbertKernelClassifier(domain),
    }


NAMES = list(rules(1, None))


def moves(rng, n, d):
    """Points of the unit ball, half of them near its sphere."""
    u = rng.standard_normal((n, d))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    return u * np.where(rng.random(n) < 0.5, 0.999, rng.random(n))[:, None]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("domain", [None, "torus"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_no_decision_changes_in_a_ball_that_is_certified(name, domain, d):
    X, y = problem(60, d) if name != "nine, -ln z" else three_classes(60, d)
    model = rules(d, domain)[name].fit(X, y)
    rng = np.random.default_rng(1)
    C, R = rng.random((200, d)), 10 ** rng.uniform(-3, -0.7, 200)
    code = np.searchsorted(model.classes_, model.predict(C))
    good = certificate(model)(C, R, code)
    changed = np.zeros(200, bool)
    for _ in range(15):
        Z = C + R[:, None] * moves(rng, 200, d)
        changed |= model.predict(Z) != model.classes_[code]
    assert not (good & changed).any()
    # and most balls in which none changes are certified
    assert good.sum() > 0.5 * (~changed).sum()
    other = (code + 1) % len(model.classes_)
    assert not certificate(model)(C, R, other).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("domain", [None, "torus"])
def test_distances_on_a_line_are_those_on_a_grid(name, domain):
    X, y = problem(15, 1)
    model = rules(1, domain)[name].fit(X, y)
    Q = np.random.default_rng(2).random((40, 1))
    torus = domain == "torus"
    lower, upper = distance_to_errors(Q, model, 1, torus=torus, budget=20_000)
    line = np.linspace(-1.0, 2.0, 60_001)[:, None]
    errors = np.concatenate([line[model.predict(line) == -1], X[y == -1]])
    if torus:
        errors = np.concatenate([errors - 1.0, errors, errors + 1.0])
    brute = np.abs(Q - errors.T).min(axis=1)
    assert (lower <= brute + 1e-12).all()
    assert (upper >= brute - 5e-5).all()
    assert np.abs(upper - lower).max() < 1e-4
    assert (brute > 0.01).any()


@pytest.mark.parametrize("name", ["nine, -ln z", "powers", "Hilbert"])
def test_distances_in_the_plane_are_bracketed(name):
    X, y = problem(80, 2)
    model = rules(2, "torus")[name].fit(X, y)
    Q = np.random.default_rng(3).random((50, 2))
    lower, upper = distance_to_errors(Q, model, 1, torus=True, budget=10_000)
    ticks = np.arange(250) / 250
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    errors = np.concatenate([Z[model.predict(Z) == -1], X[y == -1]])
    steps = Q[:, None] - errors
    steps -= np.round(steps)
    brute = np.sqrt((steps**2).sum(axis=2)).min(axis=1)
    assert (lower <= brute + 1e-12).all()
    assert (upper <= brute + 0.01).all()
    assert (upper >= brute - 0.01).all()
    assert (lower > 0.6 * upper - 0.01).all()


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("outside", ["uniform", "prior", "error", "torus"])
def test_simplicial_distances_are_exact(d, outside):
    """No change in the open ball, and one near its edge."""
    domain = "torus" if outside == "torus" else None
    X, y = problem(40, d)
    model = SimplicialInterpolant("nearest" if domain else outside, domain=domain)
    model.fit(X, y)
    rng = np.random.default_rng(5)
    Q = 0.4 + 0.2 * rng.random((60, d))
    if outside == "uniform":
        Q = np.concatenate([Q, Q + 0.7])  # outside of the hull
    wanted = -1 if outside == "uniform" else 1
    lower, upper = distance_to_errors(Q, model, wanted, torus=domain == "torus")
    np.testing.assert_allclose(lower, upper, rtol=1e-12)
    if outside == "error":
        Z = (rng.dirichlet(np.ones(len(X)) / 8.0, 40_000)) @ X
    else:
        Z = 1.4 * rng.random((40_000, d)) - 0.2
    errors = np.concatenate([Z[model.predict(Z) != wanted], X[y != wanted]])
    brute = np.array([np.linalg.norm(errors - x, axis=1).min() for x in Q])
    assert (brute >= lower * (1 - 1e-9)).all()
    assert (brute <= upper + {1: 1e-3, 2: 0.03, 3: 0.1}[d]).all()


def test_simplicial_distances_on_a_line_are_those_to_its_flips():
    """The rule flips halfway: an exact union of intervals."""
    X, y = problem(40, 1, seed=3)
    model = SimplicialInterpolant().fit(X, y)
    flips = simplicial_flips(X[:, 0], y)
    first = y[X[:, 0].argmin()]
    rule = PiecewiseRule(flips, first * (-1.0) ** np.arange(len(flips) + 1))
    Q = 1.2 * np.random.default_rng(6).random((500, 1)) - 0.1
    at = np.searchsorted(flips, Q[:, 0])
    ends = np.concatenate([[-np.inf], flips, [np.inf]])
    exact = np.minimum(Q[:, 0] - ends[at], ends[at + 1] - Q[:, 0])
    exact[rule.predict(Q) == -1] = 0.0
    lower, upper = distance_to_errors(Q, model, 1)
    np.testing.assert_allclose(upper, exact, atol=1e-12)
    np.testing.assert_allclose(lower, exact, atol=1e-12)


def test_profile_and_mean_of_the_simplicial_rule_contain_the_exact_ones():
    """On a line, at a false alarm of 1e-9 each."""
    X, y = problem(30, 1, seed=8)
    X = np.concatenate([[[0.0], [1.0]], X])  # the hull is the whole domain
    y = np.concatenate([[1, 1], y])
    model = SimplicialInterpolant(domain="cube").fit(X, y)
    flips = simplicial_flips(X[:, 0], y)
    rule = PiecewiseRule(flips, (-1.0) ** np.arange(len(flips) + 1))
    eps = np.linspace(0.0, 0.2, 30)
    exact = enlargement_profile(rule, PiecewiseRule([], [1]), "cube", eps)
    options = {"rng": 0, "n": 10_000, "error_rate": 1e-9}
    found = enlargement_profile(model, 1, Cube(1), eps, **options)
    assert (found.lower <= exact.lower).all()
    assert (found.upper >= exact.upper).all()
    assert (found.upper - found.lower).max() < 0.08
    mean = mean_distance(model, 1, Cube(1), **options)
    truth = mean_distance(rule, PiecewiseRule([], [1]), "cube").lower
    assert mean.lower <= truth <= mean.upper
    assert truth > 0.01
    assert mean.upper - mean.lower < 0.06  # twice the band, times the diameter


def test_mean_distance_of_weighted_neighbours_has_two_sides():
    X, y = problem(100, 2)
    model = WeightedInterpolatedNN(9, domain="torus").fit(X, y)
    found = mean_distance(
        model,
        1,
        Cube(2),
        error_points=mislabelled_points(X, y, 1),
        torus=True,
        rng=1,
        n=2000,
        error_rate=1e-6,
        budget=20_000,
    )
    Q = np.random.default_rng(7).random((4000, 2))
    ticks = np.arange(200) / 200
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    _, brute = distance_to_errors(
        Q,
        error_points=np.concatenate([Z[model.predict(Z) == -1], X[y == -1]]),
        torus=True,
    )
    assert 0.3 * brute.mean() < found.lower < brute.mean() < found.upper


@pytest.mark.parametrize(("d", "classes"), [(2, 3), (4, 2), (5, 3)])
def test_beyond_the_exact_cases_simplices_bound_distances(d, classes):
    rng = np.random.default_rng(9)
    X, y = rng.random((120, d)), rng.integers(classes, size=120)
    model = SimplicialInterpolant().fit(X, y)
    Q = 0.35 + 0.3 * rng.random((80, d))
    lower, upper = distance_to_errors(Q, model, 0)
    code = model.predict(Q)
    right = code == 0
    assert (lower[right] > 0.0).all()
    assert (lower <= upper).all()
    for _ in range(40):
        Z = Q + lower[:, None] * moves(rng, 80, d)
        assert (model.predict(Z) == code)[right].all()


@pytest.mark.parametrize("d", [4, 8])
def test_beyond_three_dimensions_single_balls_bound_distances(d):
    X, y = problem(80, d)
    rng = np.random.default_rng(10)
    Q = rng.random((40, d))
    for model in (WeightedInterpolatedNN(5), HilbertKernelClassifier()):
        model.fit(X, y)
        lower, upper = distance_to_errors(Q, model, 1)
        right = model.predict(Q) == 1
        assert (lower[right] > 0.0).all()
        assert (lower <= upper).all()
        for _ in range(40):
            Z = Q + lower[:, None] * moves(rng, 40, d)
            assert (model.predict(Z) == 1)[right].all()


def test_more_boxes_bring_bounds_together():
    X, y = problem(80, 2)
    model = WeightedInterpolatedNN(9, domain="torus").fit(X, y)
    Q = np.random.default_rng(11).random((200, 2))
    gaps = []
    for budget in (2_000, 8_000, 32_000):
        lower, upper = distance_to_errors(Q, model, 1, torus=True, budget=budget)
        gaps.append((upper - lower).mean())
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.003


def test_no_points_have_no_distances():
    X, y = problem(20, 2)
    for model in (WeightedInterpolatedNN(3), SimplicialInterpolant()):
        lower, upper = distance_to_errors(np.empty((0, 2)), model.fit(X, y), 1)
        assert lower.shape == upper.shape == (0,)


@pytest.mark.parametrize("name", ["two, -ln z", "Hilbert", "simplicial"])
def test_no_error_outside_of_a_cube_is_counted(name):
    """The Bayes rule changes at x = 1.05, where no rule of the cube is defined."""
    X, y = np.random.default_rng(0).random((40, 2)), np.ones(40)
    X[0], y[0] = 0.02, -1.0
    bayes = LinearClassifier.from_parameters([-1.0, 0.0], 1.05)
    rule = {**rules(2, "cube"), "simplicial": SimplicialInterpolant(domain="cube")}
    model = rule[name].fit(X, y)
    Q = np.array([[0.97, 0.5], [0.9, 0.9]])
    lower, upper = distance_to_errors(Q, model, bayes)
    assert np.isinf(upper).all()
    assert (lower <= np.linalg.norm(Q - X[0], axis=1)).all()
    inner = LinearClassifier.from_parameters([-1.0, 0.0], 0.95)  # one that is there
    lower, upper = distance_to_errors(Q[1:], model, inner)
    assert np.allclose([lower, upper], 0.05)


@pytest.mark.parametrize(("domain", "outside"), [(None, "prior"), ("torus", "nearest")])
@pytest.mark.parametrize("seed", [3, 5, 7])
def test_points_of_a_lattice_bound_distances_too(domain, outside, seed):
    """Cells of four corners, and places on the hull that are not its corners."""
    rng = np.random.default_rng(seed)
    X, y = np.round(rng.random((25, 2)) * 8) / 10, np.where(rng.random(25) < 0.3, -1, 1)
    y[:2] = -1, 1
    Q = rng.random((40, 2))
    model = SimplicialInterpolant(outside, domain).fit(X, y)
    lower, upper = distance_to_errors(Q, model, 1, torus=domain == "torus")
    ticks = np.linspace(0.0, 1.0, 301)[:-1]
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    steps = np.abs(Q[:, None] - Z[model.predict(Z) == -1])
    steps = np.minimum(steps, 1.0 - steps) if domain == "torus" else steps
    brute = np.sqrt((steps**2).sum(axis=2)).min(axis=1)
    assert (lower <= brute + 1e-9).all()
    assert (lower == upper).mean() > 0.4


@pytest.mark.errors
def test_labels_of_two_kinds_are_refused():
    X, y = problem(20, 2)
    model = SimplicialInterpolant().fit(X, (y > 0).astype(int))
    for bayes in (-1, LinearClassifier.from_parameters([1.0, 0.0], -0.5)):
        with pytest.raises(ValueError, match="must be the same ones"):
            distance_to_errors(X[:1], model, bayes)
