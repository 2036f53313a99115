"""Simplicial interpolation: two routes to a simplex, closed forms, degenerate input."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from scipy.interpolate import LinearNDInterpolator
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import SimplicialInterpolant
from geomadv.classifiers import _containing as containing
from geomadv.classifiers._containing import Programs
from geomadv.classifiers._triangulation import PeriodicTriangulation, Triangulation

RNG = np.random.default_rng(0)


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        SimplicialInterpolant(),
        SimplicialInterpolant("prior", method="program"),
        SimplicialInterpolant("uniform", domain="torus"),
    ]
)
def test_it_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def grid(k, d):
    return np.array(list(itertools.product(range(k), repeat=d)), float) / k


def means(found, values):
    vertices, weights = found
    return (values[vertices] * weights).sum(axis=1)


@pytest.mark.parametrize(("d", "n"), [(1, 40), (2, 300), (3, 300), (4, 150), (5, 80)])
def test_programs_find_the_simplices_of_the_triangulation(d, n):
    points, queries = RNG.random((n, d)), RNG.random((500, d))
    values = RNG.standard_normal(n)
    one = Triangulation(points).locate(queries)
    two = Programs(points).locate(queries)
    assert (np.sort(one[0]) == np.sort(two[0])).all()
    assert 0 < (one[0][:, 0] < 0).sum() < 500  # some lie outside
    assert np.allclose(means(one, values), means(two, values), rtol=0, atol=1e-12)


@pytest.mark.parametrize("d", [8, 12])
def test_programs_are_solved_as_by_highs(d):
    """The least height of the lifted points, in dimensions without a triangulation."""
    points = RNG.standard_normal((60, d))
    queries = 0.3 * RNG.standard_normal((25, d))
    vertices, weights = Programs(points).locate(queries)
    squares = (points**2).sum(axis=1)
    outside = 0
    for x, names, w in zip(queries, vertices, weights, strict=True):
        solved = linprog(
            squares, A_eq=np.vstack([points.T, np.ones(60)]), b_eq=np.r_[x, 1.0]
        )
        outside += names[0] < 0
        assert (names[0] < 0) == (solved.x is None)
        if names[0] >= 0:
            assert np.allclose(w @ points[names], x, atol=1e-10)
            assert abs(w @ squares[names] - solved.fun) < 1e-8
    assert 0 < outside < 25


def test_queries_that_the_simplex_method_gives_up_are_solved(monkeypatch):
    points, queries = RNG.random((50, 3)), RNG.random((40, 3))
    values = RNG.standard_normal(50)
    expected = Programs(points).locate(queries)
    monkeypatch.setattr(containing, "_STEPS", 0)
    found = Programs(points).locate(queries)
    assert ((found[0][:, 0] < 0) == (expected[0][:, 0] < 0)).all()
    assert np.allclose(means(found, values), means(expected, values), atol=1e-9)
    with pytest.warns(ConvergenceWarning, match="40 simplices contain their query"):
        _, weights = Programs(points, torus=True).locate(queries)
    assert np.allclose(weights.sum(axis=1), 1.0)


@pytest.mark.parametrize(("d", "n"), [(1, 1), (1, 9), (2, 1), (2, 3), (2, 60), (3, 60)])
def test_both_routes_agree_on_the_torus(d, n):
    points, queries = RNG.random((n, d)), RNG.random((300, d))
    values = RNG.standard_normal(n)
    one = PeriodicTriangulation(points).locate(queries)
    two = Programs(points, torus=True).locate(queries)
    assert (one[0] >= 0).all()
    assert np.allclose(one[1].sum(axis=1), 1.0)
    assert np.allclose(means(one, values), means(two, values), rtol=0, atol=1e-11)


def test_copies_reach_far_enough_around_a_cluster():
    """Circumspheres of a small cluster are as large as the torus allows."""
    points, queries = 0.05 * RNG.random((40, 2)), RNG.random((300, 2))
    values = RNG.standard_normal(40)
    one = PeriodicTriangulation(points).locate(queries)
    two = Programs(points, torus=True).locate(queries)
    assert np.allclose(means(one, values), means(two, values), rtol=0, atol=1e-9)


def test_pricing_by_products_is_that_by_distances(monkeypatch):
    points, queries = RNG.random((100, 3)), RNG.random((100, 3))
    one = Programs(points).locate(queries)
    monkeypatch.setattr(containing, "_FAR", 0.0)
    two = Programs(points).locate(queries)
    assert (np.sort(one[0]) == np.sort(two[0])).all()


def test_cospherical_points_are_triangulated():
    """On a grid any triangulation reproduces affine functions."""
    for d, k in ((2, 6), (3, 4), (4, 3), (7, 2)):
        points = grid(k, d)
        inside = np.vstack(
            [RNG.random((100, d)) * (k - 1) / k, RNG.integers(0, 2 * k - 1, (50, d))]
        )
        inside[100:] /= 2 * k  # on faces
        routes = [Programs] if d > 4 else [Programs, Triangulation]
        for route in routes:
            vertices, weights = route(points).locate(inside)
            assert (vertices >= 0).all()
            middle = (points[vertices] * weights[..., None]).sum(axis=1)
            assert np.abs(middle - inside).max() < 1e-12
            sides = points[vertices][weights.min(axis=1) > 1e-6]
            longest = np.ptp(sides, axis=1).max()
            assert longest < 1.0001 / k  # each within one cell


@pytest.mark.parametrize("method", ["triangulation", "program"])
def test_it_is_piecewise_linear_in_one_dimension(method):
    x = np.sort(RNG.standard_normal(50))
    y = RNG.integers(0, 2, 50)
    queries = RNG.uniform(x[0], x[-1], 200)
    order = RNG.permutation(50)
    model = SimplicialInterpolant(method=method).fit(x[order, None], y[order])
    eta = model.predict_proba(queries[:, None])[:, 1]
    assert np.allclose(eta, np.interp(queries, x, y), rtol=0, atol=1e-12)
    assert (model.predict(queries[:, None]) == (eta > 0.5)).all()


def test_it_is_scipys_interpolant():
    points, y = RNG.random((500, 3)), RNG.integers(0, 3, 500)
    queries = RNG.random((2000, 3))
    model = SimplicialInterpolant("uniform", domain="cube").fit(points, y)
    assert model.method_ == "triangulation"
    eta = model.predict_proba(queries)
    values = (y[:, None] == np.arange(3)).astype(float)
    expected = LinearNDInterpolator(points, values, fill_value=1 / 3)(queries)
    assert np.allclose(eta, expected, rtol=0, atol=1e-11)
    assert np.allclose(model.decision_function(queries), 2 * eta - 1)


@pytest.mark.parametrize(
    ("d", "method"), [(1, "auto"), (3, "auto"), (3, "program"), (9, "auto")]
)
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e150, 1.7e308])
def test_it_interpolates_at_every_scale(scale, d, method):
    points, y = 2 * RNG.random((60, d)) - 1, RNG.integers(0, 3, 60)
    queries = RNG.standard_normal((40, d)) / 2
    queries /= np.abs(queries).max()
    model = SimplicialInterpolant(method=method).fit(points * scale, y)
    eta = model.predict_proba(points * scale)
    assert (eta == (y[:, None] == np.arange(3))).all()
    plain = SimplicialInterpolant(method=method).fit(points, y).predict_proba(queries)
    assert np.allclose(model.predict_proba(queries * scale), plain, atol=1e-9)
    assert np.isfinite(model.predict_proba(np.full((1, d), 1.7e308))).all()


def test_far_from_the_origin():
    points, y = RNG.random((60, 2)), RNG.integers(0, 2, 60)
    points = np.round(points * 2**20) / 2**20
    queries = np.round(RNG.random((50, 2)) * 2**20) / 2**20
    here = SimplicialInterpolant().fit(points, y).predict_proba(queries)
    there = SimplicialInterpolant().fit(points + 2**30, y)
    assert np.allclose(there.predict_proba(queries + 2**30), here, atol=1e-9)


def test_what_is_outside():
    points = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]
    y, x = [0, 1, 0, 0], [[1.1, 0.1], [-5.0, -5.0]]
    expected = {
        "nearest": [[0.0, 1.0], [1.0, 0.0]],
        "uniform": [[0.5, 0.5]] * 2,
        "prior": [[0.75, 0.25]] * 2,
    }
    for outside, eta in expected.items():
        model = SimplicialInterpolant(outside).fit(points, y)
        assert np.allclose(model.predict_proba(x), eta)
    model = SimplicialInterpolant("error").fit(points, y)
    assert np.allclose(model.predict_proba([[0.25, 0.25]]), [[0.75, 0.25]])
    with pytest.raises(ValueError, match=r"convex hull .* got 2 points"):
        model.predict_proba(x)


def test_points_in_a_plane_are_interpolated_there():
    """d + 1 points are needed for a simplex, and not all in a hyperplane."""
    plane = np.linalg.qr(RNG.standard_normal((5, 2)))[0].T
    flat, y = RNG.random((40, 2)), RNG.integers(0, 2, 40)
    queries = RNG.random((30, 2))
    inner = SimplicialInterpolant().fit(flat, y).predict_proba(queries)
    model = SimplicialInterpolant().fit(3.0 + flat @ plane, y)
    assert model.rank_ == 2
    assert np.allclose(model.predict_proba(3.0 + queries @ plane), inner, atol=1e-9)
    beside = SimplicialInterpolant("uniform").fit(3.0 + flat @ plane, y)
    off = np.linalg.svd(plane)[2][-1]
    assert (beside.predict_proba(3.0 + queries @ plane + 0.01 * off) == 0.5).all()
    few = SimplicialInterpolant().fit([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]], ["a", "b"])
    assert few.rank_ == 1
    assert np.allclose(few.predict_proba([[0.5, 0.5, 0.5]]), [[0.75, 0.25]])
    one = SimplicialInterpolant().fit([[1.0, 2.0]] * 3, [0, 1, 1])
    assert one.rank_ == 0
    assert np.allclose(one.predict_proba([[1.0, 2.0], [0.0, 0.0]]), [[1 / 3, 2 / 3]])


def test_labels_of_duplicates_are_averaged():
    points = [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-0.0, 0.0]]
    for method in ("triangulation", "program"):
        model = SimplicialInterpolant(method=method).fit(points, [1, 0, 0, 0, 1])
        eta = model.predict_proba([[0.0, 0.0], [0.5, 0.0]])[:, 1]
        assert np.allclose(eta, [2 / 3, 1 / 3])
        tie = SimplicialInterpolant(method=method).fit(points[:4], [1, 0, 1, 1])
        assert np.allclose(tie.predict_proba([[0.0, 0.0]]), 0.5)
        assert tie.predict([[0.0, 0.0]]) == [0]


@pytest.mark.parametrize(("d", "n"), [(1, 20), (2, 40), (3, 40), (7, 20)])
def test_the_torus_has_no_edge(d, n):
    points = RNG.integers(0, 2**20, (n, d)) / 2**20
    queries = RNG.integers(0, 2**20, (50, d)) / 2**20
    y = RNG.integers(0, 2, n)
    model = SimplicialInterpolant("error", domain="torus").fit(points, y)
    assert model.method_ == ("triangulation" if d <= 3 else "program")
    eta = model.predict_proba(queries)
    shift = RNG.integers(-3, 4, (50, d))
    assert (model.predict_proba(queries + shift) == eta).all()
    turned = SimplicialInterpolant("error", domain="torus").fit(points + 0.375, y)
    assert np.allclose(turned.predict_proba(queries + 0.375), eta, atol=1e-9)


@pytest.mark.parametrize(
    ("d", "wrong"), [(1, 0.2), (2, 0.176), (3, 0.152), (10, 0.0568468686)]
)
def test_the_share_of_wrong_decisions(d, wrong):
    """Labels wrong with probability .2, on the torus; Beta's tail is in the module.

    Queries that share points are dependent. Over 20 seeds the standard deviation of
    the mean of six samples was at most .008, of which four are allowed.
    """
    k = np.arange(1, d + 1)
    tail = stats.binom.pmf(k, d + 1, 0.2) @ stats.beta.sf(0.5, k, d + 1 - k)
    tail += 0.2 ** (d + 1)
    assert abs(tail - wrong) < 1e-9
    rng = np.random.default_rng(5)
    shares, n = [], 2000 if d < 4 else 500
    for _ in range(6):
        model = SimplicialInterpolant("error", domain="torus")
        model.fit(rng.random((n, d)), rng.random(n) < 0.2)
        shares.append(model.predict(rng.random((n // 2, d))).mean())
    assert abs(np.mean(shares) - wrong) < 0.032


BAD = {
    "outside": ({"outside": "hull"}, "outside must be one of 'nearest'"),
    "method": ({"method": "qhull"}, "method must be one of 'auto'"),
    "domain": ({"domain": "ball"}, "domain must be one of 'cube', 'torus'"),
    "too many": (
        {"domain": "torus", "method": "triangulation"},
        "method must be 'program' for these points",
    ),
}


@pytest.mark.errors
@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_are_refused(case):
    options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        SimplicialInterpolant(**options).fit(RNG.random((30, 6)), [0, 1] * 15)


@pytest.mark.errors
def test_bad_points_are_refused():
    with pytest.raises(ValueError, match="X must lie in the cube"):
        SimplicialInterpolant(domain="cube").fit([[0.0], [-1.1]], [0, 1])
    with pytest.raises(ValueError, match="got one class"):
        SimplicialInterpolant().fit([[0.0], [1.0]], [1, 1])
    with pytest.raises(ValueError, match="NaN"):
        SimplicialInterpolant().fit([[0.0], [math.nan]], [0, 1])


def test_the_longest_gap_of_the_circle_may_lie_around_its_zero():
    """Halfway between the last point and the first, whatever the other ones are."""
    rng = np.random.default_rng(0)
    x = np.concatenate([[0.3], 0.5 + 0.1 * rng.random(40), [0.7]])
    y = np.where(np.arange(42) == 41, 1, -1)
    model = SimplicialInterpolant(domain="torus").fit(x[:, None], y)
    queries = np.array([0.85, 0.99, 0.1, 0.29])
    weight = 1 - (queries - 0.7) % 1.0 / 0.6  # of the last point
    found = model.decision_function(queries[:, None])
    assert np.allclose(found, 2 * weight - 1, atol=1e-12)
