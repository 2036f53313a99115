"""Nearest neighbours: known distances, all cells by another solver, fine grids."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize, nnls
from sklearn.neighbors import KNeighborsClassifier

from geomadv.perturbations import (
    _cells,
    _neighbours,
    _programs,
    _votes,
    minimal_perturbation,
    robust_error,
)
from geomadv.perturbations._forms import Prototypes, decisions, inner
from geomadv.perturbations._models import form_of
from geomadv.perturbations._neighbours import smallest

NORMS = [1.0, 2.0, np.inf]
SAME, OTHER = [(0, 0), (1, 0), (0, 1)], [(2, 2), (3, 0), (-1, -2)]


def prototypes(same, other, k=1):
    points = np.array([*same, *other], float)
    labels = np.repeat([0, 1], [len(same), len(other)])
    return Prototypes(points, labels, k, None, np.zeros(points.shape[1]))


def drawn(rng, m, d, *, classes=2, k=1, T=None, t=None):
    r = d if T is None else len(T)
    labels = rng.permutation(np.arange(m) % classes)
    t = np.zeros(r) if t is None else t
    return Prototypes(rng.standard_normal((m, r)), labels, k, T, t)


def cells(form, x):
    """Return A and b of A delta >= b for each cell of another class, all rows."""
    z, c = inner(form, x[None])[0], decisions(form, x[None])[0]
    own = form.points[form.labels == c]
    T = np.eye(x.size) if form.T is None else form.T
    for v in form.points[form.labels != c]:
        yield (v - own) @ T, (((z - v) ** 2).sum() - ((z - own) ** 2).sum(axis=1)) / 2


def by_least_distance(A, b):
    """Lawson and Hanson: the smallest step is in the residual of one NNLS problem."""
    E = np.vstack([A.T, b])
    f = np.append(np.zeros(A.shape[1]), 1.0)
    u, _ = nnls(E, f)
    r = E @ u - f
    return np.inf if abs(r[-1]) < 1e-12 else np.linalg.norm(r[:-1] / r[-1])


def by_linear_program(A, b, p, lower=-np.inf, upper=np.inf):
    """Step and bounds on its coordinates' sizes: |delta| <= s."""
    d, one = A.shape[1], np.eye(A.shape[1])
    ones = np.ones((d, 1)) if p == np.inf else np.eye(d)
    s = ones.shape[1]
    rows = np.block([[-A, np.zeros((len(A), s))], [one, -ones], [-one, -ones]])
    ends = np.concatenate([-b, np.zeros(2 * d)])
    bounds = np.array([[lower, upper]] * d + [[0, np.inf]] * s)
    found = linprog(np.append(np.zeros(d), np.ones(s)), rows, ends, bounds=bounds)
    return found.fun if found.status == 0 else np.inf


def by_all_cells(form, x, p):
    if p == 2:
        return min((by_least_distance(A, b) for A, b in cells(form, x)), default=np.inf)
    return min((by_linear_program(A, b, p) for A, b in cells(form, x)), default=np.inf)


def changes_near(form, x, delta, box=(-np.inf, np.inf)):
    """Tell whether the decision changes within some 1e-7 of x + delta, in the box.

    On the way ahead it need not: where three cells meet there may be another one.
    """
    rng = np.random.default_rng(0)
    size = 1e-7 * max(1.0, np.abs(x + delta).max())
    nearby = x + delta + size * rng.standard_normal((4000, x.size))
    ahead = x + delta * (1 + np.array([1e-9, 1e-8, 1e-7]))[:, None]
    c = decisions(form, x[None])[0]
    points = np.clip(np.concatenate([nearby, ahead]), *box)
    return (decisions(form, points) != c).any()


def test_known_distances(witness):
    form, X = prototypes(SAME, OTHER), np.array([(0.1, 0.1), (0.9, 0.05), (0, 0.9)])
    found = smallest(form, X, 2, None)
    expected = [1.2521980674, 1.1, 1.1627553483]
    assert np.allclose(found.distance, expected, rtol=0, atol=5e-11)
    assert found.exact.all()
    assert (found.lower == found.distance).all()
    witness(form, X, found)


def test_a_gap_of_the_closed_form():
    """The nearest half-space is at 3/(2 sqrt 5), the cell at 3/4."""
    form = prototypes([(-1, 0), (1, 0)], [(0, 2)])
    found = smallest(form, np.zeros((1, 2)), 2, None)
    assert np.isclose(found.distance[0], 0.75, rtol=1e-14)
    assert np.allclose(found.delta, [[0, 0.75]])
    data, _ = _cells.data_of(form, 2.0)
    at = _cells.At(data, np.array([1.0, 1.0, 4.0]), None)
    apart = at.halfspaces(np.array([2]), data.pulled[2:], np.array([0, 1]))
    assert np.allclose(apart, 3 / (2 * math.sqrt(5)), rtol=1e-12)


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("d", [1, 3, 8])
def test_all_cells_by_another_solver(p, classes, d):
    for seed in range(2):
        rng = np.random.default_rng(seed)
        form = drawn(rng, 30, d, classes=classes)
        X = rng.standard_normal((4, d))
        found = smallest(form, X, p, None)
        expected = [by_all_cells(form, x, p) for x in X]
        assert np.allclose(found.distance, expected, rtol=1e-8, atol=1e-12)
        assert found.exact.all()
        assert np.allclose(np.linalg.norm(found.delta, p, axis=1), found.distance)


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("layout", ["lattice", "line", "sphere", "one of a class"])
def test_degenerate_layouts_by_another_solver(layout, p):
    """Many equidistant points, points on a line or a sphere, a class of one point."""
    rng = np.random.default_rng(NORMS.index(p))
    for d in (2, 4):
        points = rng.standard_normal((25, d))
        if layout == "lattice":
            points = np.unique(rng.integers(-1, 2, (40, d)).astype(float), axis=0)
        elif layout == "line":
            points = np.outer(np.arange(-12.0, 13.0), rng.integers(1, 3, d))
        elif layout == "sphere":
            points /= np.linalg.norm(points, axis=1)[:, None]
        labels = rng.permutation(np.arange(len(points)) % 3)
        labels = np.minimum(np.arange(len(points)), 1) if "one" in layout else labels
        form = Prototypes(points, labels, 1, None, np.zeros(d))
        X = np.concatenate([points[:2], points[:2] + 0.25, np.zeros((1, d))])
        found = smallest(form, X, p, None)
        expected = [by_all_cells(form, x, p) for x in X]
        assert np.allclose(found.distance, expected, rtol=1e-8, atol=1e-12)
        assert found.exact.all()
        assert np.allclose(np.linalg.norm(found.delta, p, axis=1), found.distance)


@pytest.mark.parametrize("shape", [(2, 5), (5, 5), (7, 5)])
@pytest.mark.parametrize("p", NORMS)
def test_a_map_before_it(shape, p):
    """Distances are those of x; the map may lose dimensions or add some."""
    rng = np.random.default_rng(3)
    T, t = rng.standard_normal(shape), rng.standard_normal(shape[0])
    form, X = drawn(rng, 40, 5, T=T, t=t), rng.standard_normal((6, 5))
    found = smallest(form, X, p, None)
    expected = [by_all_cells(form, x, p) for x in X]
    assert np.allclose(found.distance, expected, rtol=1e-8)
    assert found.exact.all()


def test_pipelines_of_scikit_learn(witness):
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(4)
    X = rng.standard_normal((60, 4)) * [1, 5, 0.2, 1] + 3
    y = (X[:, 0] + X[:, 1] / 5 + 0.3 * rng.standard_normal(60) > 3.6).astype(int)
    for step in (StandardScaler(), PCA(2), PCA(3, whiten=True)):
        for k in (1, 3):
            model = make_pipeline(step, KNeighborsClassifier(k)).fit(X, y)
            new = X[:6] + 0.1 * rng.standard_normal((6, 4))
            form = form_of(model)
            found = smallest(form, new, 2, None)
            assert found.exact.all()
            witness(form, new, found, tie=True)
            before = model.predict(new)
            for x, c, delta in zip(new, before, found.delta, strict=True):
                near = x + delta + 1e-7 * rng.standard_normal((4000, 4))
                assert (model.predict(near) != c).any()
                assert (model.predict((x + 0.999 * delta)[None]) == c).all()


def nearest_on_grid(form, x, p, box, radius, n):
    """Return the least distance of a grid point of another decision, and the reach.

    No point of the square is farther from a grid point than the reach.
    """
    s = np.linspace(-radius, radius, n)
    grid = x + np.stack(np.meshgrid(s, s), -1).reshape(-1, 2)
    if box is not None:
        grid = np.clip(grid, *box)
    distance = np.linalg.norm(grid - x, p, axis=1)
    other = decisions(form, grid) != decisions(form, x[None])[0]
    return distance[other].min(initial=np.inf), np.linalg.norm([s[1] - s[0]] * 2, p)


def plane_problem(seed, *, lattice=False):
    rng = np.random.default_rng(seed)
    m, classes = rng.integers(3, 14), rng.integers(1, 5)
    k = int(min(rng.choice([1, 2, 3, 4, 5]), m))
    r = rng.choice([1, 2, 2, 2, 3])
    points = rng.standard_normal((m, r))
    if lattice:
        points = np.round(2 * points) / 2
    T = None if r == 2 and rng.random() < 0.6 else rng.standard_normal((r, 2))
    labels = rng.integers(0, classes, m)
    form = Prototypes(points, labels, k, T, 0.3 * rng.standard_normal(r))
    x = rng.standard_normal(2)
    box = (x - rng.random(2), x + rng.random(2)) if rng.random() < 0.4 else None
    return form, x, NORMS[rng.integers(3)], box


@pytest.mark.parametrize("start", range(0, 80, 20))
def test_fine_grids_in_the_plane(start):
    """All k, numbers of classes, maps, boxes and norms, against a search of a grid."""
    for seed in range(start, start + 20):
        form, x, p, box = plane_problem(seed)
        found = smallest(form, x[None], p, box)
        distance = found.distance[0]
        assert found.exact[0]
        assert found.lower[0] == distance
        radius = min(2.0 * distance, 5.0)
        grid, _ = nearest_on_grid(form, x, p, box, radius, 150)
        assert grid >= distance * (1 - 1e-9)
        if np.isfinite(distance):
            assert np.isclose(np.linalg.norm(found.delta[0], p), distance, rtol=1e-12)
            if box is None:
                assert changes_near(form, x, found.delta[0])
            else:
                inside = np.clip(x + found.delta[0], *box)
                assert np.allclose(inside, x + found.delta[0], rtol=0, atol=1e-15)
                assert changes_near(form, x, found.delta[0], box)


@pytest.mark.parametrize("start", range(0, 80, 40))
def test_places_that_classes_share(start):
    """On a lattice there are duplicates and ties: no point nearer has another class."""
    for seed in range(start, start + 40):
        form, x, p, box = plane_problem(seed, lattice=True)
        found = smallest(form, x[None], p, box)
        assert found.exact[0]
        radius = min(2.0 * found.distance[0], 5.0)
        grid, reach = nearest_on_grid(form, x, p, box, radius, 120)
        assert grid >= found.distance[0] * (1 - 1e-9)
        if form.k == 1 and form.T is None and box is None and radius < 5.0:
            assert grid <= found.distance[0] + 2 * reach


def test_the_first_of_two_in_one_place_has_it():
    points = np.array([[0.0], [2.0], [2.0], [4.0]])
    for labels, expected in (((0, 0, 1, 1), 3.0), ((0, 1, 0, 1), 1.0)):
        form = Prototypes(points, np.array(labels), 1, None, np.zeros(1))
        found = smallest(form, np.zeros((1, 1)), 2, None)
        assert np.allclose(found.distance, expected, rtol=1e-14)
    # with three neighbours both vote
    # with three neighbours the first three in a place vote
    points = np.array([[0.0]] * 3 + [[2.0]] * 4)
    for voters, expected in (((0, 0, 1, 1), np.inf), ((0, 1, 1, 0), 1.0)):
        form = Prototypes(points, np.array([0, 0, 0, *voters]), 3, None, np.zeros(1))
        found = smallest(form, np.zeros((1, 1)), 2, None)
        assert np.isclose(found.distance[0], expected, rtol=1e-14)
        assert found.exact[0]


def test_on_a_bisector_the_distance_is_zero():
    form = prototypes([(0, 0)], [(2, 0)])
    found = smallest(form, np.array([[1.0, 5.0]]), 2, None)
    assert found.distance[0] == 0
    assert found.exact[0]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("p", NORMS)
def test_where_no_other_decision_is_in_reach(k, p):
    form = prototypes(SAME, [], k)
    found = smallest(form, np.zeros((1, 2)), p, None)
    assert np.isinf(found.distance).all()
    assert np.isinf(found.lower).all()
    assert found.exact.all()
    assert not found.delta.any()
    form = prototypes(SAME, OTHER, k)
    box = (np.full(2, -0.1), np.full(2, 0.1))
    found = smallest(form, np.zeros((1, 2)), p, box)
    assert np.isinf(found.distance).all()
    assert found.exact.all()


@pytest.mark.parametrize("k", [1, 3])
def test_boxes(k):
    """A larger box is never worse; the step is in it; SLSQP finds nothing shorter."""
    rng = np.random.default_rng(5)
    form, x = drawn(rng, 20, 3, k=k), np.zeros(3)
    for p in NORMS:
        last = np.inf
        for half in (0.2, 0.4, 0.6, 1.0, 2.0, np.inf):
            box = (np.full(3, -half), np.full(3, half))
            found = smallest(form, x[None], p, box)
            assert found.exact[0]
            assert found.distance[0] <= last * (1 + 1e-9)
            assert (np.abs(found.delta) <= half).all()
            last = found.distance[0]
        assert np.isclose(last, smallest(form, x[None], p, None).distance[0])
    if k == 1:
        box = (np.full(3, -0.4), np.full(3, 0.4))
        expected = np.inf
        for A, b in cells(form, x):
            result = minimize(
                lambda v: v @ v,
                np.zeros(3),
                jac=lambda v: 2 * v,
                bounds=[(-0.4, 0.4)] * 3,
                constraints={
                    "type": "ineq",
                    "fun": lambda v, A=A, b=b: A @ v - b,
                    "jac": lambda v, A=A: A,
                },
                method="SLSQP",
                options={"ftol": 1e-14, "maxiter": 500},
            )
            if result.success:
                expected = min(expected, math.sqrt(result.fun))
        found = smallest(form, x[None], 2, box)
        assert np.isclose(found.distance[0], expected, rtol=1e-6)
        lp = min(by_linear_program(A, b, 1, -0.4, 0.4) for A, b in cells(form, x))
        assert np.isclose(smallest(form, x[None], 1, box).distance[0], lp, rtol=1e-8)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.sampled_from([1, 2, 3]))
def test_equivariance_and_the_order_of_norms(seed, k):
    rng = np.random.default_rng(seed)
    form, X = drawn(rng, 15, 3, classes=3, k=k), rng.standard_normal((2, 3))
    l1, l2, linf = (smallest(form, X, p, None).distance for p in NORMS)
    assert (linf <= l2 * (1 + 1e-9)).all()
    assert (l2 <= l1 * (1 + 1e-9)).all()
    assert (l1 <= math.sqrt(3) * l2 * (1 + 1e-9)).all()
    assert (l2 <= math.sqrt(3) * linf * (1 + 1e-9)).all()
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    shift, scale = 10 * rng.standard_normal(3), 10.0 ** rng.integers(-8, 8)
    turned = Prototypes(
        scale * (form.points @ Q.T + shift), form.labels, k, None, np.zeros(3)
    )
    moved = smallest(turned, scale * (X @ Q.T + shift), 2, None)
    assert np.allclose(moved.distance, scale * l2, rtol=1e-8, atol=1e-12 * scale)
    # the same points, after a map
    mapped = Prototypes(form.points, form.labels, k, Q.T / scale, -Q.T @ shift)
    again = smallest(mapped, scale * (X @ Q.T + Q @ (Q.T @ shift)), 2, None)
    assert np.allclose(again.distance, scale * l2, rtol=1e-8, atol=1e-12 * scale)


def test_far_from_the_origin():
    rng = np.random.default_rng(6)
    form, X = drawn(rng, 200, 5), rng.standard_normal((5, 5))
    far = Prototypes(form.points + 1e6, form.labels, 1, None, np.zeros(5))
    near = smallest(form, X, 2, None).distance
    found = smallest(far, X + 1e6, 2, None)
    assert found.exact.all()
    assert np.allclose(found.distance, near, rtol=1e-7, atol=1e-9)


def test_many_points_in_many_dimensions():
    """Constraints come lazily, from the pool and from beyond it."""
    rng = np.random.default_rng(7)
    form, X = drawn(rng, 800, 30), rng.standard_normal((2, 30))
    form.points[:, 0] += 1.5 * form.labels
    found = smallest(form, X, 2, None)
    assert found.exact.all()
    for x, distance in zip(X, found.distance, strict=True):
        # by the closed form, cells that cannot matter are left out
        bounds = [
            (np.where(b > 0, b / np.linalg.norm(A, axis=1), 0).max(), A, b)
            for A, b in cells(form, x)
        ]
        near = [(A, b) for bound, A, b in bounds if bound <= distance * (1 + 1e-9)]
        best = min(by_least_distance(A, b) for A, b in near)
        assert np.isclose(best, distance, rtol=1e-8)


@pytest.mark.parametrize("pool", [8, 256])
def test_cells_of_many_sides(monkeypatch, pool):
    """Few points among many: a cell needs more constraints than it starts with."""
    monkeypatch.setattr(_neighbours, "_POOL", pool)
    rng = np.random.default_rng(10)
    points, labels = rng.standard_normal((600, 10)), np.zeros(600, int)
    labels[:4] = 1
    form = Prototypes(points, labels, 1, None, np.zeros(10))
    X = rng.standard_normal((4, 10))
    found = smallest(form, X, 2, None)
    expected = [by_all_cells(form, x, 2) for x in X]
    assert np.allclose(found.distance, expected, rtol=1e-8)
    assert found.exact.all()


@pytest.mark.parametrize("k", [3, 4, 5])
def test_votes_by_enumeration(k):
    """All sets of k points whose vote differs: the nearest of their cells (d = 3)."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        form = drawn(rng, 10, 3, classes=3, k=k)
        x = rng.standard_normal(3)
        c = decisions(form, x[None])[0]
        squares = ((form.points - x) ** 2).sum(axis=1)
        expected = np.inf
        for inside in combinations(range(10), k):
            votes = np.bincount(form.labels[list(inside)], minlength=3)
            if votes.argmax() == c:
                continue
            outside = [i for i in range(10) if i not in inside]
            j, i = (v.ravel() for v in np.meshgrid(inside, outside))
            A, b = form.points[j] - form.points[i], (squares[j] - squares[i]) / 2
            expected = min(expected, by_least_distance(A, b))
        found = smallest(form, x[None], 2, None)
        assert found.exact[0]
        assert np.isclose(found.distance[0], expected, rtol=1e-8)


def test_without_budget_there_is_a_bracket(monkeypatch):
    rng = np.random.default_rng(8)
    form, X = drawn(rng, 60, 10, classes=4, k=5), rng.standard_normal((8, 10))
    true = smallest(form, X, 2, None)
    assert true.exact.all()
    monkeypatch.setattr(_votes, "_BUDGET", 5)
    found = smallest(form, X, 2, None)
    assert (~found.exact).any()
    assert (found.lower <= true.distance * (1 + 1e-9)).all()
    assert (found.distance >= true.distance * (1 - 1e-9)).all()
    assert (found.lower[~found.exact] < found.distance[~found.exact]).all()
    for x, delta, distance in zip(X, found.delta, found.distance, strict=True):
        assert np.isinf(distance) or changes_near(form, x, 1.0000001 * delta)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("lie", ["zeros", "long", "short", "noise"])
def test_a_solver_that_lies_is_not_believed(monkeypatch, k, lie):
    rng = np.random.default_rng(9)
    form, X = drawn(rng, 25, 4, k=k), rng.standard_normal((6, 4))
    true = smallest(form, X, 2, None).distance
    honest = _programs._quadratic

    def liar(A, b, room):
        step, multipliers = honest(A, b, room)
        noise = rng.standard_normal(step.size)
        return {
            "zeros": (0 * step, 0 * multipliers),
            "long": (1.5 * step, 3.0 * multipliers + 1.0),
            "short": (0.9 * step, 0.9 * multipliers),
            "noise": (step + 0.1 * noise, rng.random(len(b)) * multipliers),
        }[lie]

    monkeypatch.setattr(_programs, "_quadratic", liar)
    found = smallest(form, X, 2, None)
    assert (found.lower <= true * (1 + 1e-9)).all()
    assert (found.distance >= true * (1 - 1e-9)).all()
    assert np.allclose(found.distance[found.exact], true[found.exact], rtol=1e-8)


def test_other_norms_are_refused():
    with pytest.raises(ValueError, match="p must be 1, 2 or infinity"):
        smallest(prototypes(SAME, OTHER), np.zeros((1, 2)), 3, None)


def test_a_tie_beside_which_nothing_changes_is_not_called_exact():
    """The three votes tie at the origin, and no other decision is near it."""
    P = np.array([[1, -1], [1, 1], [-1, 1], [0, -1], [-1, -1]], float)
    model = KNeighborsClassifier(3, algorithm="brute").fit(P, [0, 1, 0, 1, 1])
    x = np.array([[0.03, -0.47]])
    found = minimal_perturbation(model, x)
    assert not found.exact[0]
    rng = np.random.default_rng(0)
    near = x + rng.uniform(-1.4, 1.4, (40_000, 2))
    sizes = np.linalg.norm(near - x, axis=1)[model.predict(near) != model.predict(x)]
    assert found.lower[0] <= sizes.min()
    assert sizes.min() > 1.05
    assert model.predict(x + (1 + 1e-9) * found.delta) != model.predict(x)
    error = robust_error(model, x, model.predict(x), 0.48)
    assert (error.lower, error.upper) == (0.0, 1.0)


@pytest.mark.parametrize("k", [2, 3])
def test_what_is_exact_on_grids_has_another_decision_beside_it(k):
    rng = np.random.default_rng(k)
    checked = 0
    for _ in range(40):
        P = rng.permutation(np.stack(np.meshgrid(*[range(3)] * 2), -1).reshape(-1, 2))
        P = P[:6].astype(float)
        y = rng.integers(0, 2, 6)
        y[:2] = 0, 1
        model = KNeighborsClassifier(k, algorithm="brute").fit(P, y)
        x = rng.uniform(0, 2, (1, 2))
        found = minimal_perturbation(model, x)
        if not found.exact[0] or not np.isfinite(found.distance[0]):
            continue
        ring = rng.standard_normal((4000, 2)) * 1e-4 * found.distance[0]
        ring += x + found.delta
        form = form_of(model)
        assert (decisions(form, ring) != decisions(form, x)).any()
        checked += 1
    assert checked > 15


@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("power", [-1000, -600, 500, 600])
def test_units_do_not_matter(p, power):
    rng = np.random.default_rng(5)
    P, y, x = rng.standard_normal((12, 2)), rng.integers(0, 2, 12), [[0.1, -0.2]]
    form = Prototypes(P, y, 1, None, np.zeros(2))
    plain = smallest(form, np.array(x), p, None)
    far = Prototypes(np.ldexp(P, power), y, 1, None, np.zeros(2))
    found = smallest(far, np.ldexp(x, power), p, None)
    assert np.array_equal(np.ldexp(found.delta, -power), plain.delta)
    assert np.array_equal(np.ldexp(found.distance, -power), plain.distance)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("power", [8, 13, 17, 100])
def test_far_from_all_points_nothing_is_exact(k, power):
    rng = np.random.default_rng(0)
    Z, labels = rng.standard_normal((40, 2)), rng.integers(2, size=40)
    X = 10.0**power * rng.standard_normal((4, 2))
    for y in (labels, np.zeros(40, int)):
        model = KNeighborsClassifier(k, algorithm="brute").fit(Z, y)
        found = minimal_perturbation(model, X)
        if not y.any():
            assert found.exact.all()
            assert np.isinf(found.lower).all()
            continue
        assert not found.exact.any()
        assert (found.lower == 0).all()
        reached = np.isfinite(found.distance)
        form = form_of(model)
        ends = [decisions(form, X + s * found.delta) for s in (1.0, 1 + 1e-9)]
        assert (ends != decisions(form, X)).any(axis=0)[reached].all()
