"""What the strategies draw, that edges come up, and what they shrink to."""

import math
import random

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from geomadv.data import ConcentricSpheres, GaussianPair
from geomadv.spaces import Cube, Gaussian, HammingCube, Sphere
from geomadv.stats import clopper_pearson
from geomadv.testing import strategies as gst
from geomadv.testing.strategies._data import KINDS

# The shape checker looks at random members of containers while a strategy draws.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

D = gst.dimensions(1, 12)
FEW = settings(max_examples=40)


def simplest(strategy, condition=lambda value: True, *, seed=None):
    """Return what a failure of the condition shrinks to."""
    quiet = settings(
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=2000,
        phases=[Phase.generate, Phase.shrink],
    )
    more = {} if seed is None else {"random": random.Random(seed)}  # noqa: S311
    return find(strategy, condition, settings=quiet, **more)


# --- numbers -------------------------------------------------------------------------


@given(gst.norms())
def test_norms_are_norms(p):
    assert p >= 1


@pytest.mark.parametrize("p", [1.0, 2.0, math.inf, 1.5])
def test_the_named_norms_come_up(p):
    assert simplest(gst.norms(), lambda drawn: drawn == p) == p
    if p != 1.5:
        assert simplest(gst.norms(dual=True), lambda drawn: drawn == p) == p


@pytest.mark.parametrize("d", [1, 2, 3, 12, 10**3, 10**6, 10**9])
def test_the_edges_of_dimension_come_up(d):
    assert simplest(gst.dimensions(huge=True), lambda drawn: drawn == d) == d


@given(gst.dimensions(2, 5))
def test_dimensions_stay_in_their_range(d):
    assert 2 <= d <= 5


@pytest.mark.errors
def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="maximum must be at least 3"):
        gst.dimensions(3, 2)


# --- vectors and matrices ------------------------------------------------------------


@given(D.flatmap(gst.directions))
def test_directions_are_unit_vectors(x):
    assert np.linalg.norm(x) == pytest.approx(1, rel=1e-12)


@given(D.flatmap(gst.rotations))
def test_rotations_are_orthogonal(Q):
    assert np.abs(Q @ Q.T - np.eye(len(Q))).max() < 1e-13 * len(Q)


@given(D, st.sampled_from([1.0, 3.0, 1e4, 1e6]), st.data())
def test_covariances_have_their_condition_number(d, condition, data):
    found = data.draw(gst.covariances(d, condition=condition))
    assert np.array_equal(found, found.T)
    values = np.linalg.eigvalsh(found)
    assert values[0] == pytest.approx(1, rel=1e-14 * d * condition)
    expected = condition if d > 1 else 1.0
    assert values[-1] == pytest.approx(expected, rel=1e-13 * d)


def test_what_vectors_and_matrices_shrink_to():
    assert np.array_equal(simplest(gst.directions(4)), [1, 0, 0, 0])
    assert np.array_equal(simplest(gst.vectors(3)), [0, 0, 0])
    assert np.array_equal(simplest(gst.covariances(3)), np.eye(3))
    off = simplest(gst.covariances(2), lambda C: abs(C[0, 1]) > 0.1)
    assert np.allclose(
        off, np.round(off, 2), atol=1e-12
    )  # a reflection of small integers
    large = simplest(gst.covariances(2), lambda C: C.max() >= 2)
    assert np.array_equal(large, np.diag([1.0, 2.0]))


# --- spaces --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Sphere, Gaussian, Cube, HammingCube])
def test_every_space_comes_up(kind):
    found = simplest(gst.spaces(), lambda space: type(space) is kind)
    assert found.d == (2 if kind is Sphere else 1)


def test_spaces_shrink_to_the_circle():
    found = simplest(gst.spaces())
    assert (type(found), found.d) == (Sphere, 2)


@given(st.data())
@FEW
def test_points_lie_in_their_space(data):
    space = data.draw(gst.spaces())
    X = data.draw(gst.points_on(space))
    assert X.shape == (len(X), space.d)
    like = space.sample(2, np.random.default_rng(0))
    assert X.dtype == like.dtype
    match space:
        case Sphere():
            assert np.linalg.norm(X, axis=1) == pytest.approx(np.ones(len(X)))
        case Cube():
            assert ((X >= 0) & (X <= 1)).all()
        case HammingCube():
            assert np.isin(X, [0, 1]).all()
    assert np.isfinite(np.asarray(space.distance(X, X[::-1]))).all()


def test_points_shrink_to_the_first_axis():
    assert np.array_equal(simplest(gst.points_on(Sphere(3))), [[1, 0, 0]])
    equal = simplest(
        gst.points_on(Sphere(3), n=2), lambda X: not np.array_equal(X[0], X[1])
    )
    assert np.abs(equal).sum() == pytest.approx(2)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [Sphere, Gaussian, Cube, HammingCube])
def test_points_drawn_from_the_law_shrink_to_axes_corners_and_integers(kind, seed):
    X = simplest(gst.points_on(kind(3), n=2), lambda X: (X[0] != X[1]).any(), seed=seed)
    scale = 4 if kind is Cube else 1  # corners, centres, quarters
    assert np.array_equal(scale * X, np.round(scale * X))
    assert np.abs(X).sum() <= 6


# --- error sets ----------------------------------------------------------------------

SPACES = [Sphere(3), Sphere(40), Gaussian(1), Gaussian(40)]
N = 20_000


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("mass", [0.001, 0.2, 0.5])
@pytest.mark.parametrize("kind", ["cap", "two caps", "band"])
def test_error_sets_have_their_mass(space, mass, kind):
    errors = simplest(gst.error_sets(space, mass=mass), lambda e: e.kind == kind)
    X = space.sample(N, np.random.default_rng(7))
    hits = int(errors.contains(X).sum())
    # 36 intervals, wrong with probability 1e-6 in all.
    interval = clopper_pearson(hits, N, 1e-6 / 36)
    assert interval.lower <= mass <= interval.upper


@given(st.data(), st.sampled_from(SPACES), st.sampled_from([0.01, 0.5]))
@FEW
def test_distances_are_those_of_nearest_errors(data, space, mass):
    errors = data.draw(gst.error_sets(space, mass=mass))
    X = space.sample(30, np.random.default_rng([9, data.draw(st.integers(0, 99))]))
    distance = errors.distance(X)
    inside = errors.contains(X)
    assert np.array_equal(distance[inside], np.zeros(inside.sum()))
    assert (distance[~inside] > 0).all()
    # Move each point in the plane of the direction until it is an error: not farther.
    for x, far in zip(X[~inside], distance[~inside], strict=True):
        assert _moved(space, x, errors) == pytest.approx(far, rel=1e-9, abs=1e-9)


def _moved(space, x, errors):
    """Return the least distance to an error among points in the plane of x and u."""
    u = errors.direction
    rest = x - (x @ u) * u
    size = np.linalg.norm(rest)
    if isinstance(space, Gaussian):
        t = np.concatenate([np.linspace(-6, 6, 600), [errors.height, -errors.height]])
        points = t[:, None] * u + rest
    else:
        edge = math.acos(errors.height)
        angles = np.concatenate([np.linspace(0, math.pi, 300), [edge, math.pi - edge]])
        points = np.cos(angles)[:, None] * u + np.sin(angles)[:, None] * rest / size
    heights = points @ u
    slightly = 1e-12
    hit = {
        "cap": heights >= errors.height - slightly,
        "two caps": np.abs(heights) >= errors.height - slightly,
        "band": np.abs(heights) <= errors.height + slightly,
    }[errors.kind]
    return np.linalg.norm(points[hit] - x, axis=1).min()


@pytest.mark.errors
@pytest.mark.parametrize(
    "strategy",
    [
        gst.vectors,
        gst.directions,
        gst.rotations,
        gst.covariances,
        gst.labelled_laws,
        gst.data_sets,
        gst.linear_classifiers,
        gst.quadratic_classifiers,
        gst.kernel_classifiers,
        gst.nearest_neighbours,
        gst.classifiers,
    ],
)
def test_a_dimension_below_1_is_refused(strategy):
    with pytest.raises(ValueError, match="d must be at least 1, got 0"):
        simplest(strategy(0))


@pytest.mark.errors
def test_what_is_no_space_no_strategy_and_no_condition_number_is_refused():
    with pytest.raises(TypeError, match="d must be a strategy"):
        gst.spaces(3)
    with pytest.raises(TypeError, match="space must be a Sphere"):
        simplest(gst.points_on(3))
    with pytest.raises(ValueError, match=r"condition must .* got 0\.5"):
        simplest(gst.covariances(2, condition=0.5))


@pytest.mark.errors
def test_a_mass_beyond_a_half_is_refused():
    with pytest.raises(ValueError, match="mass"):
        simplest(gst.error_sets(Sphere(3), mass=0.6))


# --- laws, data and classifiers ------------------------------------------------------


@given(D.flatmap(gst.labelled_laws))
@FEW
def test_laws_have_two_classes_and_a_posterior(law):
    X, y = law.sample(200, np.random.default_rng(0))
    assert set(np.unique(y)) <= {-1, 1}
    posterior = np.asarray(law.posterior(X))
    assert ((posterior >= 0) & (posterior <= 1)).all()


def test_both_kinds_of_law_come_up():
    assert isinstance(simplest(gst.labelled_laws(2)), GaussianPair)
    spheres = simplest(
        gst.labelled_laws(2), lambda law: isinstance(law, ConcentricSpheres)
    )
    assert spheres.prior == 0.5


@given(D, st.data())
def test_data_sets_have_both_labels(d, data):
    X, y, kind = data.draw(gst.data_sets(d))
    assert X.shape == (len(y), d)
    assert set(y) == {-1, 1}
    assert np.isfinite(X).all()
    assert kind in KINDS


@given(D, st.integers(2, 12), st.sampled_from(KINDS), st.data())
def test_data_sets_are_what_they_are_called(d, n, kind, data):
    check_kind(data.draw(gst.data_sets(d, n=n, kind=kind)), n)


def check_kind(data, n):
    """Assert that a data set of n points is what its kind says."""
    X, y, kind = data
    assert len(X) == n
    assert set(y) == {-1, 1}
    unique = np.unique(X, axis=0)
    match kind:
        case "lattice":
            assert np.array_equal(X, np.round(X))
        case "duplicates":
            assert len(unique) == max(2, n // 2)
            for x in unique:
                assert len(set(y[(x == X).all(axis=1)])) == 1
        case "contradictory":
            for x, label in zip(X[: n - n % 2], y[: n - n % 2], strict=True):
                assert -label in y[(x == X).all(axis=1)]
        case "collinear":
            steps = np.diff(X, axis=0)
            assert np.abs(steps).sum() > 0
            assert np.allclose(steps, steps[0], rtol=1e-9, atol=1e-12)
        case "cospherical":
            assert np.linalg.norm(X, axis=1) == pytest.approx(np.ones(n))
        case "flat":
            assert len(set(X[:, -1])) == 1
        case "far away":
            assert X.min() > 9e5


def test_data_sets_shrink_to_two_points():
    X, y, kind = simplest(gst.data_sets(2))
    assert (X.tolist(), y.tolist(), kind) == ([[0, 0], [0, 0]], [-1, 1], "lattice")


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "gaussian"])
def test_every_kind_shrinks_to_small_integers(kind):
    away = 1e6 if kind == "far away" else 0.0

    def spread(data):
        return len(np.unique(data.X, axis=0)) >= 3

    X = simplest(gst.data_sets(2, n=6, kind=kind), spread).X - away
    assert np.array_equal(X, np.round(X))
    assert np.abs(X).max() <= (5 if kind == "collinear" else 2)


def test_gaussian_data_stay_gaussian():
    for n in (4, 100):
        X = simplest(gst.data_sets(2, n=n, kind="gaussian")).X
        assert len(np.unique(X[:, 0])) == n
        assert not np.array_equal(X[:, 0], np.round(X[:, 0]))


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "gaussian"])
@pytest.mark.parametrize("n", [2, 3, 100])
def test_every_kind_is_what_it_is_called_with_two_and_with_many_points(kind, n):
    for d in (1, 2, 50) if n < 100 else (2,):
        data = simplest(gst.data_sets(d, n=n, kind=kind))
        check_kind(data, n)
        assert np.array_equal(data.X, np.round(data.X))
        if kind != "lattice" and (d > 1 or kind not in ("flat", "cospherical")):

            def rough(data):
                return not np.array_equal(data.X, np.round(data.X))

            check_kind(simplest(gst.data_sets(d, n=n, kind=kind), rough), n)


# False of a set of data in many dimensions and in few: what it shrinks to is small.
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["lattice", "duplicates", "collinear", "flat"])
def test_data_in_many_dimensions_shrink_to_few(kind, seed):
    sets = st.integers(1, 9).flatmap(lambda d: gst.data_sets(d, kind=kind))
    X, _, _ = simplest(sets, lambda s: s.X[s.y == 1].mean(axis=0)[0] < 0.5, seed=seed)
    assert X.shape[0] == 2
    assert X.shape[1] <= 3
    assert np.array_equal(X, np.round(X))
    assert np.abs(X).max() <= 3


@pytest.mark.parametrize("seed", range(4))
def test_vectors_of_many_dimensions_shrink_to_few(seed):
    wide = st.integers(1, 30).flatmap(gst.linear_classifiers)
    for fails in (
        lambda m: np.abs(m.coef_).sum() > 2,
        lambda m: m.decision_function(np.ones_like(m.coef_)) < -1,
    ):
        w = simplest(wide, fails, seed=seed).coef_[0]
        assert len(w) <= 3
        assert np.count_nonzero(w) == 1
        assert np.abs(w).sum() in (1, 2, 3)
    square = st.integers(2, 30).flatmap(gst.quadratic_classifiers)
    saddle = simplest(square, lambda m: np.linalg.eigvalsh(m.A_)[0] < 0, seed=seed)
    assert saddle.A_.tolist() == [[-1, 0], [0, 1]]


def test_what_vectors_come_up_in_a_hundred():
    dense, few, rough = [], [], []

    @settings(
        max_examples=100, database=None, derandomize=True, phases=[Phase.generate]
    )
    @given(gst.vectors(50))
    def collect(x):
        dense.append(np.count_nonzero(x) > 20)
        few.append(0 < np.count_nonzero(x) <= 8)
        rough.append(not np.array_equal(x, np.round(x)))

    collect()
    assert min(map(sum, (dense, few, rough))) >= 10


def test_long_vectors_shrink_to_a_few_integers():
    found = simplest(gst.vectors(1000), lambda x: np.abs(x).sum() > 4)
    assert np.count_nonzero(found) <= 2
    assert np.array_equal(found, np.round(found))
    dense = simplest(gst.vectors(100), lambda x: np.count_nonzero(x) > 50)
    assert np.array_equal(dense, np.round(dense))


@given(D, st.data())
@FEW
def test_classifiers_classify(d, data):
    model = data.draw(gst.classifiers(d))
    X = np.random.default_rng(0).standard_normal((20, d))
    labels = model.predict(X)
    assert labels.shape == (20,)
    assert set(labels) <= {-1, 1}


@pytest.mark.parametrize(
    "name",
    [
        "LinearClassifier",
        "QuadraticClassifier",
        "KernelExpansion",
        "KNeighborsClassifier",
    ],
)
def test_every_family_comes_up(name):
    assert simplest(gst.classifiers(2), lambda model: type(model).__name__ == name)


def test_every_strategy_shrinks_to_what_can_be_read():
    assert simplest(gst.dimensions()) == 1
    assert simplest(gst.dimensions(2, 5)) == 2
    assert simplest(gst.norms()) == 2
    assert np.array_equal(simplest(gst.rotations(3)), np.eye(3))
    law = simplest(gst.labelled_laws(2), lambda law: isinstance(law, GaussianPair))
    assert (law.mu.tolist(), law.prior) == ([1.0, 0.0], 0.5)
    law = simplest(gst.labelled_laws(2), lambda law: not isinstance(law, GaussianPair))
    assert (law.radius, law.prior) == (2.0, 0.5)
    model = simplest(gst.classifiers(2))
    assert model.coef_.tolist() == [[1.0, 0.0]]
    assert model.intercept_.tolist() == [0.0]
    errors = simplest(gst.error_sets(Sphere(3), mass=0.1))
    assert (errors.kind, errors.direction.tolist()) == ("cap", [1, 0, 0])
    law = simplest(gst.labelled_laws(1))
    assert (law.mu.tolist(), law.cov.tolist(), law.prior) == ([1], 1, 0.5)
    near = simplest(gst.nearest_neighbours(2))
    assert (near.n_neighbors, near._fit_X.tolist()) == (1, [[0, 0], [0, 0]])
    kernel = simplest(gst.kernel_classifiers(2))
    assert (kernel.kernel, kernel.gamma) == ("gaussian", 1)
    assert np.array_equal(np.abs(kernel.coefficients_), [[1], [1]])
    assert np.array_equal(kernel.centres_, np.round(kernel.centres_))
    away = simplest(gst.kernel_classifiers(2), lambda m: np.ptp(m.centres_) > 0)
    assert np.array_equal(away.centres_, np.round(away.centres_))


@given(D, st.integers(2, 4), st.data())
@FEW
def test_linear_classifiers_have_their_classes(d, classes, data):
    model = data.draw(gst.linear_classifiers(d, classes=classes))
    assert len(model.classes_) == classes
    assert np.abs(model.coef_).sum(axis=1).min() > 0


def test_classifiers_shrink_to_the_first_coordinate():
    model = simplest(gst.classifiers(3))
    assert (model.coef_.tolist(), model.intercept_.tolist()) == ([[1, 0, 0]], [0])
    wide = simplest(gst.linear_classifiers(3), lambda m: np.count_nonzero(m.coef_) == 2)
    assert np.array_equal(wide.coef_, np.round(wide.coef_))
    quadratic = simplest(gst.quadratic_classifiers(2))
    assert np.array_equal(quadratic.predict([[0, 0.9], [0, 1.1]]), [-1, 1])
