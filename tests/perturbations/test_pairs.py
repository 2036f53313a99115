"""Votes of pairs of classes: distances against the enumeration of all cells."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import linprog, nnls
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from geomadv.perturbations import _pairs, minimal_perturbation
from geomadv.perturbations._forms import (
    Affine,
    Expansion,
    Pairs,
    Quadratic,
    ballot,
    decisions,
    expanded,
    values,
)
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import Margins, _contests
from geomadv.perturbations._models import form_of

RNG = np.random.default_rng(0)
X = RNG.standard_normal((160, 3)) * [1.0, 2.0, 0.5]
FIVE = np.digitize(X[:, 0] + 0.3 * X[:, 1], [-1.0, -0.3, 0.2, 0.9]) * 3 - 4
_FEW = 2000  # boxes, which alone do not find corners
TEST = RNG.standard_normal((400, 3)) * [1.5, 3.0, 1.0]


def hyperplanes(rng, K, d):
    """Random planes for all pairs, whose votes agree with no order of the classes."""
    first, second = np.triu_indices(K, 1)
    W, b = rng.standard_normal((len(first), d)), rng.standard_normal(len(first))
    return Pairs(Affine(W, b), first, second)


def smallest_in_cell(A, b, p):
    """Return the length of the smallest step with A delta >= b, inf if none."""
    if p == 2:
        u, _ = nnls(np.vstack([A.T, b]), np.append(np.zeros(A.shape[1]), 1.0))
        rest = 1.0 - b @ u
        return np.linalg.norm(u @ A / rest) if rest > 1e-10 else np.inf
    n, d = A.shape
    if p == 1:
        found = linprog(np.ones(2 * d), np.hstack([-A, A]), -b)
    else:
        one = np.ones((d, 1))
        rows = np.vstack(
            [
                np.hstack([-A, np.zeros((n, 1))]),
                np.hstack([np.eye(d), -one]),
                np.hstack([-np.eye(d), -one]),
            ]
        )
        bounds = [(None, None)] * d + [(0, None)]
        costs = np.append(np.zeros(d), 1.0)
        found = linprog(costs, rows, np.append(-b, np.zeros(2 * d)), bounds=bounds)
    return found.fun if found.status == 0 else np.inf


def by_cells(form, x, p):
    """Return the distance by all patterns of signs whose vote is for another class."""
    f = form.functions.W @ x + form.functions.b
    c, best = decisions(form, x[None])[0], np.inf
    for signs in product([1.0, -1.0], repeat=len(f)):
        s = np.array(signs)
        winners = np.where(s > 0, form.first, form.second)
        if np.bincount(winners, minlength=form.second.max() + 1).argmax() != c:
            A, b = s[:, None] * form.functions.W, -s * f
            best = min(best, smallest_in_cell(A, b, p))
    return best


@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize(("K", "d"), [(3, 2), (4, 2), (4, 5)])
def test_linear_votes_are_exact(K, d, p, witness):
    rng = np.random.default_rng(K + d)
    for _ in range(3):
        form = hyperplanes(rng, K, d)
        points = 2.0 * rng.standard_normal((6, d))
        found = minimal_perturbation(form, points, p=p)
        assert found.exact.all()
        expected = [by_cells(form, x, p) for x in points]
        assert found.distance == pytest.approx(expected, rel=1e-7)
        # beyond a corner of the cell the pairs that may not turn have turned
        witness(form, points, found, p=p, tie=True)
        beyond = decisions(form, points + (1 + 1e-9) * found.delta)
        assert (beyond != decisions(form, points)).mean() > 0.5


def test_more_than_one_pair_may_have_to_turn():
    """Class 0 has three votes of three; class 3 lacks two, or three if it comes last.

    All planes are vertical, the pair (0, j) turns at x = j and the others never.
    """
    first, second = np.triu_indices(4, 1)
    W, b = np.zeros((6, 2)), np.ones(6)
    W[:3, 0], b[:3] = -1.0, [1.0, 2.0, 3.0]
    form = Pairs(Affine(W, b), first, second)
    found = minimal_perturbation(form, [[0.0, 0.0]])
    # at x = 1 the votes are 2, 3 for the classes 0, 1
    assert found.distance == pytest.approx([1.0])
    b[3:] = -1.0  # and 1 loses against 2, which loses against 3
    found = minimal_perturbation(Pairs(Affine(W, b), first, second), [[0.0, 0.0]])
    # at x = 1 the votes are 2, 1, 1, 2, and 0 comes first; at x = 2 it has one
    assert found.distance == pytest.approx([2.0])
    assert found.exact.all()


def test_a_decision_that_cannot_change_has_no_distance():
    first, second = np.triu_indices(3, 1)
    form = Pairs(Affine(np.zeros((3, 2)), np.ones(3)), first, second)
    found = minimal_perturbation(form, np.zeros((2, 2)))
    assert np.isinf(found.distance).all()
    assert np.isinf(found.lower).all()
    assert found.exact.all()
    assert not found.delta.any()


def test_a_box_may_forbid_the_turn():
    rng = np.random.default_rng(5)
    form, points = hyperplanes(rng, 4, 3), rng.uniform(-1, 1, (20, 3))
    free = minimal_perturbation(form, points)
    for p in (1, 2, np.inf):
        boxed = minimal_perturbation(form, points, p=p, box=(-1.0, 1.0))
        if p == 2:
            assert (boxed.distance >= free.distance * (1 - 1e-9)).all()
        ends = (points + boxed.delta)[np.isfinite(boxed.distance)]
        assert (np.abs(ends) <= 1.0 + 1e-12).all()
        grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 25)] * 3), -1).reshape(-1, 3)
        other = decisions(form, grid)
        for x, c, low in zip(points, decisions(form, points), boxed.lower, strict=True):
            away = np.linalg.norm(grid[other != c] - x, p, axis=1)
            assert away.min(initial=np.inf) >= low * (1 - 1e-9)


def test_a_small_budget_leaves_a_bracket(monkeypatch):
    rng = np.random.default_rng(6)
    form, points = hyperplanes(rng, 5, 4), 2.0 * rng.standard_normal((40, 4))
    true = minimal_perturbation(form, points)
    assert true.exact.all()
    monkeypatch.setattr(_pairs, "_BUDGET", 2)
    found = minimal_perturbation(form, points)
    assert not found.exact.all()
    assert (found.lower <= true.distance * (1 + 1e-9)).all()
    assert (found.distance >= true.distance * (1 - 1e-9)).all()
    same = found.distance[found.exact]
    assert same == pytest.approx(true.distance[found.exact], rel=1e-8)


SVCS = {
    "linear": SVC(kernel="linear"),
    "quadratic": SVC(kernel="poly", degree=2, coef0=1.0),
    "cubic": SVC(kernel="poly"),
    "rbf": SVC(gamma=0.5),
    "scaled": make_pipeline(StandardScaler(), SVC(kernel="linear")),
    "scaled rbf": make_pipeline(StandardScaler(), SVC(C=10.0)),
}


@pytest.mark.parametrize("name", SVCS)
@pytest.mark.parametrize("classes", [3, 5])
def test_svcs_of_many_classes_decide_as_in_scikit_learn(name, classes):
    y = np.minimum(FIVE, 2) if classes == 3 else FIVE
    model = SVCS[name].fit(X, y)
    form = form_of(model)
    assert isinstance(form, Pairs)
    labels = model.classes_[decisions(form, TEST)]
    assert (labels == model.predict(TEST)).all()
    found = minimal_perturbation(model, TEST[:8], budget=50)
    if name in ("linear", "scaled"):
        assert isinstance(form.functions, Affine)
        assert found.exact.all()
    elif "rbf" in name:
        assert isinstance(form.functions, Expansion)
    near = np.isfinite(found.distance)
    assert near.any()
    beyond = TEST[:8] + found.delta * (1 + 1e-9)
    changed = model.predict(beyond) != model.predict(TEST[:8])
    assert (changed == near).all()
    rng = np.random.default_rng(2)
    for x, low in zip(TEST[:8], found.lower, strict=True):
        if np.isfinite(low):
            v = rng.standard_normal((500, 3))
            v *= low * (1 - 1e-6) / np.linalg.norm(v, axis=1)[:, None]
            assert (model.predict(x + v) == model.predict(x[None])).all()


def test_steps_are_walked_where_no_single_pair_decides():
    """Three bumps that beat the class 0 one by one, with each pair a bump of its own.

    By the first bump alone the class 0 still comes first.
    """
    centres = np.array([[2.0, 0.0], [3.0, 0.0]])
    first, second = np.triu_indices(4, 1)
    a = np.zeros((2, 6))
    a[0, 0], a[1, 1] = -2.0, -2.0
    b = np.array([1.0, 1.0, 1.0, -1.0, 1.0, -1.0])
    # 1 loses against 2, 2 against 3, 3 against 1; two pairs of 0 have to turn
    form = Pairs(
        Expansion(
            centres, a, b, {"kernel": "gaussian", "gamma": 1.0}, None, np.zeros(2)
        ),
        first,
        second,
    )
    found = minimal_perturbation(form, [[0.0, 0.0]], budget=200)
    both = 3.0 - np.sqrt(np.log(2.0))  # where the second bump is 1/2
    assert found.distance[0] == pytest.approx(both, rel=1e-4)
    assert both * (1 - 1e-3) <= found.lower[0] <= both * (1 + 1e-9)
    assert decisions(form, found.delta)[0] != 0


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_the_nearest_point_may_be_a_corner_of_two_pairs(p):
    """The class 0 loses in a lens, where two discs of radius sqrt(log 2) meet.

    In either disc alone it has 2 votes, as many as 1 or 2, and comes first.
    """
    first, second = np.triu_indices(4, 1)
    centres = np.array([[2.0, 0.6], [2.0, -0.6]])
    a, b = np.zeros((2, 6)), np.array([0.5, 0.5, 1.0, 1.0, -1.0, 1.0])
    a[0, 0], a[1, 1] = -1.0, -1.0
    options = {"kernel": "gaussian", "gamma": 1.0}
    form = Pairs(Expansion(centres, a, b, options, None, np.zeros(2)), first, second)
    found = minimal_perturbation(form, [[0.05, 0.1]], p=p, budget=_FEW)
    way = np.array([1.95 - np.sqrt(np.log(2.0) - 0.36), -0.1])
    corner = np.linalg.norm(way, p)
    assert found.distance[0] == pytest.approx(corner, rel=1e-6)
    assert corner * (1 - 1e-3) <= found.lower[0] <= corner * (1 + 1e-9)


def interleaved(K, d, seed=0, **options):
    """Fit an SVC to classes that no single pair separates."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((8 * K, d))
    return SVC(C=3, **options).fit(points, np.arange(8 * K) % K), rng


def grid_distance(model, x, radius, p, steps=200):
    """Return the least distance of a grid's points of another decision (d = 2)."""
    line = np.linspace(-radius, radius, steps)
    ways = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    other = model.predict(x + ways) != model.predict(x[None])
    return np.linalg.norm(ways[other], p, axis=1).min(initial=np.inf)


@pytest.mark.parametrize(("K", "p"), [(4, 1), (4, 2), (5, np.inf), (6, 2)])
def test_votes_of_interleaved_classes_close(K, p):
    model, rng = interleaved(K, 2, gamma=1)
    points = rng.standard_normal((3, 2))
    found = minimal_perturbation(model, points, p=p)
    assert (found.distance <= found.lower * (1 + 1e-3)).all()
    beyond = points + (1 + 1e-9) * found.delta
    assert (model.predict(beyond) != model.predict(points)).all()
    for x, low, size in zip(points, found.lower, found.distance, strict=True):
        nearest = grid_distance(model, x, 1.2 * size, p)
        assert low <= nearest <= size * (1 + 0.05)


@pytest.mark.parametrize("K", [4, 5])
def test_votes_close_in_three_dimensions(K):
    model, rng = interleaved(K, 3, gamma=1)
    points = rng.standard_normal((2, 3))
    found = minimal_perturbation(model, points)
    assert (found.distance <= found.lower * (1 + 1e-3)).all()
    beyond = points + (1 + 1e-9) * found.delta
    assert (model.predict(beyond) != model.predict(points)).all()
    v = rng.standard_normal((20000, 3))
    v *= ((1 - 1e-6) / np.linalg.norm(v, axis=1) * rng.random(20000) ** 0.1)[:, None]
    for x, low in zip(points, found.lower, strict=True):
        assert (model.predict(x + low * v) == model.predict(x[None])).all()


def test_brackets_that_are_wrong_by_some_percent_are_refuted():
    model, rng = interleaved(5, 2, gamma=1)
    points = rng.standard_normal((3, 2))
    found = minimal_perturbation(model, points)
    short = points + 0.98 * found.delta
    assert (model.predict(short) == model.predict(points)).all()
    nearest = [
        grid_distance(model, x, 1.1 * size, 2)
        for x, size in zip(points, found.distance, strict=True)
    ]
    # a distance of 1.05 times the lower bound is refuted by the grid alone
    assert (np.array(nearest) < 1.05 * found.lower).all()


@pytest.mark.parametrize(("K", "d"), [(4, 2), (6, 3)])
def test_votes_of_quadratic_functions_close(K, d):
    model, rng = interleaved(K, d, kernel="poly", degree=2, coef0=1.0)
    points = rng.standard_normal((5, d))
    found = minimal_perturbation(model, points)
    assert (found.distance <= found.lower * (1 + 1e-3)).all()
    beyond = points + (1 + 1e-9) * found.delta
    assert (model.predict(beyond) != model.predict(points)).all()
    v = rng.standard_normal((5000, d))
    v *= ((1 - 1e-6) / np.linalg.norm(v, axis=1))[:, None]
    for x, low in zip(points, found.lower, strict=True):
        assert (model.predict(x + low * v) == model.predict(x[None])).all()


def test_polynomials_of_degree_2_are_expansions():
    rng = np.random.default_rng(7)
    A = rng.standard_normal((3, 4, 4))
    form = Quadratic(
        A + A.transpose(0, 2, 1), rng.standard_normal((3, 4)), rng.standard_normal(3)
    )
    points = 5.0 * rng.standard_normal((20, 4))
    for given in (form, Affine(form.b, form.c)):
        expected = values(given, points)
        found = values(expanded(given, 15.0), points)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("K", [3, 4, 5])
def test_a_vote_changes_where_one_gains_what_it_lacks(K):
    """Against the vote itself, for all patterns of signs."""
    first, second = np.triu_indices(K, 1)
    P = len(first)
    options = {"kernel": "gaussian", "gamma": 1.0}
    # the sign of f_k is that of x_k: what matters is which functions have turned
    form = Pairs(
        Expansion(
            np.zeros((1, 1)), np.ones((1, P)), np.zeros(P), options, None, np.zeros(1)
        ),
        first,
        second,
    )
    signs = np.array(list(product([1.0, -1.0], repeat=P)))
    classes = ballot(form, signs).argmax(axis=1)
    for c in range(K):
        side, contests = _contests(form, c)
        sign = np.where(side < P, 1.0, -1.0)
        turned = sign * signs[:, side % P] < 0
        away = np.where(turned, 0.0, np.inf)
        margins = Margins(
            Kernel("gaussian"),
            np.zeros((1, 1)),
            np.ones((1, len(side))),
            np.zeros(len(side)),
            None,
            np.zeros(1),
            contests=contests,
        )
        assert (margins.changed(turned) == (classes != c)).all()
        assert (margins.change(away) == np.where(classes != c, 0.0, np.inf)).all()
        # of ranks the least r with enough of those up to r turned
        ranks = np.random.default_rng(c).random((5, len(side)))
        for row, r in zip(ranks, margins.change(ranks), strict=True):
            assert margins.changed((row <= r)[None])[0]
            assert not margins.changed((row < r)[None])[0]


@pytest.mark.parametrize("classes", [2, 3])
def test_features_of_very_different_scales_are_no_harder(classes):
    """Distances are those of the input: the first feature is by far the cheapest."""
    rng = np.random.default_rng(8)
    scales = np.array([1.0, 1e4, 1e8])
    Z = rng.standard_normal((120, 3))
    y = np.floor(3 * np.sin(2 * Z[:, 0]) + Z[:, 1] * Z[:, 2]).astype(int) % classes
    model = make_pipeline(StandardScaler(), SVC()).fit(Z * scales, y)
    points = rng.standard_normal((4, 3)) * scales
    for p in (1, 2) if classes == 2 else (2,):
        found = minimal_perturbation(model, points, p=p)
        assert (found.distance <= found.lower * (1 + 1e-3)).all()
        beyond = points + (1 + 1e-9) * found.delta
        assert (model.predict(beyond) != model.predict(points)).all()
    assert found.distance.max() > 2 * found.distance.min()


@pytest.mark.errors
def test_broken_ties_are_refused():
    model = SVC(break_ties=True, decision_function_shape="ovr").fit(X, FIVE)
    with pytest.raises(ValueError, match="break_ties=False, got break_ties=True"):
        form_of(model)
    with pytest.raises(ValueError, match="p must be 2"):
        minimal_perturbation(SVCS["quadratic"].fit(X, FIVE), X[:1], p=1)


def test_the_pairs_are_in_order():
    form = form_of(SVC(kernel="linear").fit(X, FIVE))
    pairs = list(zip(form.first.tolist(), form.second.tolist(), strict=True))
    assert pairs == list(combinations(range(5), 2))


def test_a_point_on_the_boundary_has_distance_0():
    model = SVC(kernel="linear").fit([[-1.0, 0.0], [1.0, 0.0], [0.0, 5.0]], [0, 1, 2])
    found = minimal_perturbation(model, [[0.0, 0.0]])
    assert found.distance[0] == 0.0
    assert found.exact[0]


def test_bounds_that_are_infinitely_apart_are_open():
    lower = np.array([1.0, 1.0, np.inf, 0.9, 0.0])
    distance = np.array([np.inf, 1.0 + 1e-12, np.inf, 1.0, 0.0])
    assert _pairs._open(lower, distance).tolist() == [0, 3]
