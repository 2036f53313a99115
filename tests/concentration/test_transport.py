"""Optimal robust loss against all classifiers, linear programs and SciPy's matching."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse, stats
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier

from geomadv.concentration import (
    _conflicts,
    _hypergraph,
    _transport,
    multiclass_robust_loss,
    optimal_robust_loss,
)
from geomadv.concentration._conflicts import conflicts
from geomadv.concentration._matching import Matching

INF = math.inf
NORMS = (1, 1.5, 2, 3, INF)
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])


def distances(A, B, p):
    """Return l_p distances from the definition."""
    return np.linalg.norm(A[:, None] - B[None], ord=p, axis=2)


def sample(n, m, d, seed=0, shift=0.5):
    """Return n points of the class -1 and m of +1, mixed."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([-1, 1], [n, m]))
    return rng.standard_normal((n + m, d)) + shift * y[:, None], y


def fewest_errors(X, y, eps, p):
    """Return the least number of errors over all sets of points that are right."""
    n = len(y)
    clash = (distances(X, X, p) <= 2 * eps) & (y[:, None] != y)
    right = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    possible = np.einsum("si,ij,sj->s", right, clash, right, optimize=True) == 0
    return n - right[possible].sum(axis=1).max()


# Two classes


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("seed", range(4))
def test_loss_is_the_least_over_all_sets_that_can_be_right(p, seed):
    X, y = sample(5, 6, 2, seed)
    eps = np.array([0.0, 0.2, 0.5, 0.8, 1.2, 3.0])
    found = optimal_robust_loss(X, y, eps, p=p)
    expected = [fewest_errors(X, y, e, p) for e in eps]
    assert found.matching.tolist() == expected
    assert found.loss.tolist() == [m / 11 for m in expected]


@pytest.mark.parametrize("p", NORMS)
def test_loss_is_the_value_of_the_transport_problem(p):
    """1 - C by SciPy's assignment with the cost 1[|x - x'| > 2 eps]."""
    X, y = sample(60, 60, 3)
    for eps in (0.1, 0.4, 0.8):
        cost = distances(X[y < 0], X[y > 0], p) > 2 * eps
        C = cost[optimize.linear_sum_assignment(cost)].mean()
        found = optimal_robust_loss(X, y, eps, p=p)
        assert float(found.loss) == pytest.approx((1 - C) / 2, abs=1e-15)


@pytest.mark.parametrize(("n", "m"), [(40, 90), (90, 40)])
def test_loss_is_the_value_of_the_linear_program(n, m):
    X, y = sample(n, m, 4, 1)
    for eps in (0.5, 0.8, 1.1):
        i, j = np.nonzero((cdist(X, X) <= 2 * eps) & (y[:, None] < y))
        holds = np.zeros((i.size, n + m))
        holds[np.arange(i.size), i] = holds[np.arange(i.size), j] = 1
        cover = optimize.linprog(np.ones(n + m), -holds, -np.ones(i.size))
        found = optimal_robust_loss(X, y, eps)
        assert int(found.matching) == round(cover.fun)


@pytest.mark.parametrize("p", NORMS)
def test_certificates_prove_the_loss(p):
    X, y = sample(70, 50, 2, 2)
    eps = np.linspace(0, 1, 11)
    found = optimal_robust_loss(X, y, eps, p=p)
    apart = distances(X, X, p)
    for k in range(eps.size):
        clash = (apart <= 2 * eps[k]) & (y[:, None] != y)
        cover, partner = found.cover[k], found.partner[k]
        assert not clash[np.ix_(~cover, ~cover)].any()
        some = np.flatnonzero(partner >= 0)
        assert clash[some, partner[some]].all()
        assert (partner[partner[some]] == some).all()
        assert some.size == 2 * cover.sum() == 2 * found.matching[k]
        assert (cover[some] ^ cover[partner[some]]).all()
        assert not cover[partner < 0].any()
        assert (found.decisions[k] == np.where(cover, -y, y)).all()


@pytest.mark.parametrize("p", NORMS)
def test_nearest_neighbour_outside_the_cover_has_the_loss(p):
    """No point of its ball deceives the rule about a point outside the cover."""
    X, y = sample(40, 40, 2, 3)
    eps = 0.3
    found = optimal_robust_loss(X, y, eps, p=p)
    kept = ~found.cover
    model = KNeighborsClassifier(1, metric="minkowski", p=p)
    if math.isinf(p):
        model = KNeighborsClassifier(1, metric="chebyshev")
    model.fit(X[kept], y[kept])
    rng = np.random.default_rng(4)
    step = rng.standard_normal((200, *X.shape))
    step *= eps / np.linalg.norm(step, ord=p, axis=2, keepdims=True) * (1 - 1e-12)
    said = model.predict((X + step).reshape(-1, 2)).reshape(200, -1)
    assert (said[:, kept] == y[kept]).all()
    # Towards the partner, which is not in the cover, at half of the way.
    wrong = np.flatnonzero(~kept)
    halfway = (X[wrong] + X[found.partner[wrong]]) / 2
    assert (model.predict(halfway) == -y[wrong]).all()


def test_a_sweep_is_what_each_radius_gives_alone():
    X, y = sample(200, 150, 3, 5)
    eps = np.random.default_rng(0).permutation(np.linspace(0, 2, 40))
    sweep = optimal_robust_loss(X, y, eps)
    alone = [int(optimal_robust_loss(X, y, e).matching) for e in eps]
    assert sweep.matching.tolist() == alone
    assert sweep.matching.max() == 150
    assert (np.diff(sweep.loss[np.argsort(eps)]) >= 0).all()


def test_matching_agrees_with_scipy_on_a_larger_sample():
    X, y = sample(700, 800, 6, 6, shift=0.3)
    eps = np.linspace(0.3, 1.5, 9)
    found = optimal_robust_loss(X, y, eps)
    D = cdist(X[y < 0], X[y > 0])
    for k, e in enumerate(eps):
        pairs = maximum_bipartite_matching(sparse.csr_array(2 * e >= D))
        assert found.matching[k] == (pairs >= 0).sum()
    assert 0 < found.matching[0] < found.matching[-1]


def test_arrays_have_the_shape_of_eps():
    X, y = sample(4, 5, 2)
    for shape in ((), (3,), (2, 2), (0,)):
        found = optimal_robust_loss(X, y, np.full(shape, 0.5))
        assert found.eps.shape == found.loss.shape == found.matching.shape == shape
        assert found.cover.shape == found.partner.shape == (*shape, 9)
        assert found.decisions.shape == (*shape, 9)


def test_touching_balls_are_a_conflict():
    """On a grid many distances are 2 eps to the bit, in every norm."""
    X = np.array([[0.0, 0.0], [3.0, 4.0]]) + 1000.0
    for p, size in ((1, 7.0), (2, 5.0), (INF, 4.0)):
        half = size / 2
        below = np.nextafter(half, 0)
        found = optimal_robust_loss(X, [-1, 1], [below, half], p=p)
        assert found.loss.tolist() == [0.0, 0.5]


def test_same_point_with_both_labels_is_lost_at_radius_zero():
    found = optimal_robust_loss([[0.1, 0.7]] * 3 + [[5.0, 5.0]], [1, -1, 1, -1], 0.0)
    assert float(found.loss) == 0.25


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1.0, 1e170, 1e300])
@pytest.mark.parametrize("p", [1, 2, 3, INF])
def test_loss_does_not_depend_on_the_unit(scale, p):
    X, y = sample(20, 20, 3, 7)
    eps = np.array([0.2, 0.5, 0.9])
    expected = optimal_robust_loss(X, y, eps, p=p).matching
    found = optimal_robust_loss(scale * X, y, scale * eps, p=p).matching
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 255.0, 1e100])
def test_high_orders_do_not_leave_the_range_of_floats(scale):
    # on the line every l_p is the same; .01^200 would be 0 and 255^200 infinite
    X, y = scale * np.array([[0.0], [0.01], [5.0], [5.5]]), [-1, 1, -1, 1]
    eps = scale * np.array([0.004, 0.006, 0.2, 0.3, 9.0])
    for p in (2, 50, 200, 1e6):
        found = optimal_robust_loss(X, y, eps, p=p)
        assert found.matching.tolist() == [0, 1, 1, 2, 2]


def test_loss_does_not_depend_on_the_origin():
    X, y = sample(100, 100, 4, 8)
    X = np.round(X * 1024) / 1024
    found = optimal_robust_loss(X + 2.0**30, y, [0.5, 0.75])
    assert (found.matching == optimal_robust_loss(X, y, [0.5, 0.75]).matching).all()


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=9),
    st.integers(0, 8),
    st.sampled_from((1, 2, INF)),
    st.integers(1, 8),
)
@settings(max_examples=60)
def test_loss_on_a_grid_is_the_least(cells, twice, p, cut):
    X = np.array(cells, float)
    y = np.where(np.arange(len(X)) < min(cut, len(X) - 1), -1, 1)
    found = optimal_robust_loss(X, y, twice / 2, p=p)
    assert int(found.matching) == fewest_errors(X, y, twice / 2, p)


def test_plug_in_is_biased_downwards_and_collapses_with_the_dimension():
    """N(+-e_1, I), eps = 1/2, 500 points a class: the truth is .3085 throughout."""
    for d, low, high in ((1, 0.27, 0.315), (2, 0.25, 0.31), (5, 0.15, 0.21)):
        rng = np.random.default_rng(d)
        y = np.repeat([-1, 1], 500)
        X = rng.standard_normal((1000, d))
        X[:, 0] += y
        assert low < float(optimal_robust_loss(X, y, 0.5).loss) < high
    X = np.random.default_rng(0).standard_normal((1000, 10))
    X[:, 0] += y
    assert float(optimal_robust_loss(X, y, 0.5).loss) < 0.004
    assert stats.norm.cdf(-0.5) == pytest.approx(0.3085375)


# Conflicts and the matching


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("budget", [1, 50, 10**9])
def test_conflicts_are_all_pairs_by_level_whatever_the_memory(p, budget, monkeypatch):
    monkeypatch.setattr(_conflicts, "_ENTRIES", 128)
    rng = np.random.default_rng(9)
    A, B = rng.random((37, 3)), rng.random((29, 3))
    radii = np.array([0.0, 0.3, 0.31, 0.7, 5.0])
    level = np.searchsorted(radii, distances(A, B, p))
    for k, parts in enumerate(conflicts(A, B, radii, p, budget)):
        none = np.empty((2, 0), int)
        found = np.concatenate([none, *(np.stack(pairs) for pairs in parts)], axis=1)
        assert found.T.tolist() == np.argwhere(level == k).tolist()
    assert k == 4


@pytest.mark.parametrize("below", [False, True])
def test_levels_are_those_of_the_definition_where_the_product_cannot_tell(below):
    """Radii that are distances to the bit, or the numbers just below."""
    rng = np.random.default_rng(10)
    A = rng.integers(0, 4, (60, 5)).astype(float) + 1e6
    B = rng.integers(0, 4, (60, 5)).astype(float) + 1e6
    radii = np.sqrt(np.arange(1, 47))
    if below:
        radii = np.nextafter(radii, 0)
    D = cdist(A, B)
    level = np.searchsorted(radii, D)
    found = np.full(D.shape, radii.size)
    for k, parts in enumerate(conflicts(A, B, radii, 2)):
        for rows, columns in parts:
            found[rows, columns] = k
    assert (found == level).all()


@pytest.mark.parametrize("seed", range(20))
def test_matching_grows_to_the_maximum_with_every_batch_of_edges(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 40, 2)
    matching, dense = Matching(int(n), int(m)), np.zeros((n, m), bool)
    for _ in range(6):
        rows = np.sort(rng.integers(0, n, n // 2 + 1))
        columns = rng.integers(0, m, rows.size)
        dense[rows, columns] = True
        matching.add(rows, columns)
        expected = (maximum_bipartite_matching(sparse.csr_array(dense)) >= 0).sum()
        assert matching.augment() == expected
        left, right = matching.cover()
        assert left.sum() + right.sum() == expected
        assert not dense[np.ix_(~left, ~right)].any()


def test_a_chain_is_matched_through_its_longest_path():
    """Each added edge makes an augmenting path through all vertices."""
    n = 200
    matching = Matching(n, n)
    matching.add(np.arange(n - 1), np.arange(1, n))
    assert matching.augment() == n - 1
    matching.add(np.arange(1, n), np.arange(1, n))
    assert matching.augment() == n - 1
    matching.add(np.array([n - 1]), np.array([0]))
    assert matching.augment() == n


def test_a_wrong_certificate_is_refused():
    matching = Matching(2, 2)
    matching.add(np.array([0, 1]), np.array([0, 1]))
    matching.augment()
    matching.add(np.array([0]), np.array([1]))
    matching._right_of[0] = -1
    with pytest.raises(RuntimeError, match="certificate of the matching failed"):
        matching.cover()


# Several classes


@pytest.mark.parametrize("p", NORMS)
def test_two_classes_by_linear_programming_are_those_by_matching(p):
    X, y = sample(40, 50, 3, 11)
    eps = [0.2, 0.5, 0.9]
    expected = optimal_robust_loss(X, y, eps, p=p).loss
    found = multiclass_robust_loss(X, y, eps, p=p)
    assert found.lower == pytest.approx(expected, abs=1e-12)
    assert found.upper == pytest.approx(expected, abs=1e-12)
    assert np.abs(found.gap).max() < 1e-10
    assert (found.triples == 0).all()


def _least_radius(corners, p):
    """Return the radius of the smallest ball about three points of the plane.

    For p = 2 the least circle about two or three of them that holds all; for p =
    infinity half of the longer side of the bounding box, and for p = 1 the same after a
    rotation by 45 degrees.
    """
    if p != 2:
        turned = corners @ [[1, 1], [1, -1]] if p == 1 else corners
        return np.ptp(turned, axis=0).max() / 2
    centres = [(a + b) / 2 for a, b in itertools.combinations(corners, 2)]
    sides = corners[1:] - corners[0]
    if abs(np.linalg.det(sides)) > 1e-12:
        centres.append(corners[0] + np.linalg.solve(2 * sides, (sides**2).sum(axis=1)))
    return min(np.linalg.norm(corners - z, axis=1).max() for z in centres)


@pytest.mark.parametrize("p", [1, 2, INF])
def test_a_triangle_loses_a_half_until_its_balls_meet(p):
    reach, meet = distances(CORNERS, CORNERS, p).max() / 2, _least_radius(CORNERS, p)
    eps = [0.49, reach + 1e-9, meet - 1e-9, meet + 1e-9, 1.01]
    found = multiclass_robust_loss(CORNERS, [5, -2, 9], eps, p=p)
    assert (found.lower <= found.upper).all()
    assert found.lower[-2:] == pytest.approx([2 / 3, 2 / 3])
    assert found.upper[-2:] == pytest.approx([2 / 3, 2 / 3])
    if p == 2:
        assert meet == pytest.approx(3**-0.5)
        assert found.lower == pytest.approx([0, 0.5, 0.5, 2 / 3, 2 / 3])
        assert found.upper == pytest.approx([0, 0.5, 0.5, 2 / 3, 2 / 3])


@pytest.mark.parametrize("p", [1.5, 3])
def test_other_norms_bracket_a_triangle(p):
    """The least radius by a search for the centre of the triangle."""
    search = optimize.minimize(
        lambda z: distances(CORNERS, z[None], p).max(),
        CORNERS.mean(axis=0) + 0.01,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 2000},
    )
    meet, reach = search.fun, distances(CORNERS, CORNERS, p).max() / 2
    assert reach < 0.99 * meet
    eps = [0.999 * meet, 1.001 * meet, 1.1 * meet]
    found = multiclass_robust_loss(CORNERS, [0, 1, 2], eps, p=p)
    assert found.lower == pytest.approx([0.5, found.lower[1], 2 / 3])
    assert found.upper == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert found.triples[0] == 0
    assert found.triples[2] == 1


@pytest.mark.parametrize("d", [3, 10])
def test_three_balls_of_l_1_meet_if_each_two_do(d):
    """The least common radius by a linear program is half of the longest distance."""
    rng = np.random.default_rng(d)
    X = rng.standard_normal((3, d)) * rng.exponential(size=(3, 1))
    # z, |x_i - z| by coordinates, radius
    z, t = np.kron(np.ones((3, 1)), np.eye(d)), np.eye(3 * d)
    none = np.zeros((3 * d, 1))
    sums = np.hstack(
        [np.zeros((3, d)), np.kron(np.eye(3), np.ones(d)), -np.ones((3, 1))]
    )
    A = np.vstack([np.hstack([z, -t, none]), np.hstack([-z, -t, none]), sums])
    b = np.concatenate([X.ravel(), -X.ravel(), np.zeros(3)])
    cost = np.r_[np.zeros(4 * d), 1.0]
    radius = optimize.linprog(cost, A, b, bounds=(None, None)).fun
    half = distances(X, X, 1).max() / 2
    assert radius == pytest.approx(half)
    found = multiclass_robust_loss(X, [0, 1, 2], half * (1 + 1e-12), p=1)
    assert int(found.triples) == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("p", [2, INF, 1])
def test_three_classes_are_bracketed_by_the_whole_linear_program(seed, p):
    """All hyperedges by smallest enclosing balls found another way."""
    rng = np.random.default_rng(seed)
    n, eps = 24, {2: 0.13, INF: 0.12, 1: 0.16}[p]
    X, y = rng.random((n, 2)), np.arange(n) % 3
    edges = [
        e
        for e in itertools.combinations(range(n), 2)
        if y[e[0]] != y[e[1]] and distances(X[[e[0]]], X[[e[1]]], p)[0, 0] <= 2 * eps
    ]
    triples = [
        e
        for e in itertools.combinations(range(n), 3)
        if len(set(y[list(e)])) == 3 and _least_radius(X[list(e)], p) <= eps
    ]
    holds = np.zeros((len(edges) + len(triples), n))
    for row, e in zip(holds, [*edges, *triples], strict=True):
        row[list(e)] = 1
    right = optimize.linprog(-np.ones(n), holds, np.ones(len(holds)), bounds=(0, 1))
    truth = 1 + right.fun / n
    found = multiclass_robust_loss(X, y, eps, p=p)
    assert float(found.lower) - 1e-9 <= truth <= float(found.upper) + 1e-9
    assert int(found.pairs) == len(edges)
    assert int(found.triples) == len(triples) > 0
    assert float(found.lower) == pytest.approx(truth, abs=1e-9)
    assert float(found.upper) == pytest.approx(truth, abs=1e-9)
    assert 0.05 < truth < 0.65
    assert (holds @ (1 - found.error) <= 1 + 1e-9).all()


@pytest.mark.errors
def test_too_many_triples_are_refused_before_they_are_kept(monkeypatch):
    monkeypatch.setattr(_hypergraph, "_MOST", 999)
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = np.repeat([0, 1, 2], 10)
    assert int(multiclass_robust_loss(X[:-1], y[:-1], 9.0).triples) == 900
    with pytest.raises(ValueError, match="eps must leave at most 999 triples"):
        multiclass_robust_loss(X, y, 9.0)


def test_without_triples_the_bound_would_be_lower():
    rng = np.random.default_rng(0)
    X, y = rng.random((30, 2)), np.arange(30) % 3
    both = multiclass_robust_loss(X, y, 0.4)
    pairs = [
        (i, j)
        for i, j in itertools.combinations(range(30), 2)
        if y[i] != y[j] and math.dist(X[i], X[j]) <= 0.8
    ]
    holds = np.zeros((len(pairs), 30))
    for row, pair in zip(holds, pairs, strict=True):
        row[list(pair)] = 1
    right = optimize.linprog(-np.ones(30), holds, np.ones(len(pairs)), bounds=(0, 1))
    assert float(both.lower) > 1 + right.fun / 30 + 0.01


def test_four_classes_in_one_point_lose_three_quarters_within_the_bounds():
    found = multiclass_robust_loss(np.zeros((4, 2)), [0, 1, 2, 3], 0.1)
    assert float(found.lower) <= 0.75 <= float(found.upper) + 1e-12
    assert float(found.lower) == pytest.approx(2 / 3)
    assert float(found.upper) == pytest.approx(0.75)
    assert found.error == pytest.approx(np.full(4, 0.75))


@pytest.mark.parametrize("seed", range(3))
def test_many_classes_are_right_as_often_as_promised(seed):
    """All sets of balls of a class each that hold a drawn point respect q."""
    rng = np.random.default_rng(seed)
    X, y, eps = rng.random((60, 2)), rng.integers(0, 6, 60), 0.15
    found = multiclass_robust_loss(X, y, eps)
    q = 1 - found.error
    assert float(found.upper) == pytest.approx(1 - q.mean())
    z = rng.random((4000, 2))
    inside = cdist(z, X) <= eps
    most = [
        np.where(inside[:, y == k], q[y == k], 0).max(axis=1, initial=0)
        for k in range(6)
    ]
    total = np.sum(most, axis=0)
    assert total.max() <= 1 + 1e-9
    assert total.max() > 0.99


def test_multiclass_arrays_have_the_shape_of_eps():
    X, y = sample(4, 5, 2)
    for shape in ((), (2, 2), (0,)):
        found = multiclass_robust_loss(X, y, np.full(shape, 0.5))
        assert found.lower.shape == found.upper.shape == found.gap.shape == shape
        assert found.pairs.shape == found.triples.shape == shape
        assert found.error.shape == (*shape, 9)


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize("function", [optimal_robust_loss, multiclass_robust_loss])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"X": [[0.0]], "y": [1]}, ValueError, "X must have at least 2 points"),
        ({"X": [[math.nan], [0.0]]}, ValueError, "X must be finite"),
        ({"X": [0.0, 1.0]}, ValueError, "X must be points of shape"),
        ({"y": [1, 1]}, ValueError, "y must hold .* classes, got only one"),
        ({"y": [1]}, ValueError, "y must have shape"),
        ({"y": [-1, 0.5]}, ValueError, "y must"),
        ({"eps": -1.0}, ValueError, "eps must be at least 0"),
        ({"eps": math.nan}, ValueError, "eps must be at least 0"),
        ({"eps": "a"}, TypeError, "eps must be real numbers"),
        ({"p": 0.5}, ValueError, "p must be at least 1"),
    ],
)
def test_bad_arguments_are_named(function, arguments, error, message):
    given = {"X": [[0.0], [1.0]], "y": [-1, 1], "eps": 0.5, "p": 2} | arguments
    with pytest.raises(error, match=message):
        function(given.pop("X"), given.pop("y"), given.pop("eps"), **given)


@pytest.mark.errors
def test_three_labels_are_refused_where_two_are_meant():
    with pytest.raises(ValueError, match="y must be -1 or \\+1, got 3"):
        _transport.optimal_robust_loss([[0.0], [1.0]], [3, 7], 0.5)
