"""Distances to the decision regions of all classes."""

import math

import numpy as np
import pytest
from scipy import optimize
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from geomadv.classifiers import FourierFeatures, KernelExpansion, LinearClassifier
from geomadv.data import load_digits
from geomadv.error_sets import distance_to_regions
from geomadv.perturbations import minimal_perturbation


def three_blobs(n=60, d=2, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    centres = 2.0 * rng.standard_normal((3, d))
    return centres[y] + rng.standard_normal((n, d)), np.array(["a", "b", "c"])[y]


def linear(K, d, seed):
    rng = np.random.default_rng(seed)
    W, b = rng.standard_normal((K, d)), rng.standard_normal(K)
    return LinearClassifier.from_parameters(W, b), W, b, rng.standard_normal((8, d))


def on_a_grid(model, x, j, p, reach=6.0, m=401):
    """The least distance from x of a point of a fine grid of the plane decided for j.

    At most half a diagonal of a cell above the distance, where regions are thick.
    """
    axis = np.linspace(-reach, reach, m)
    u, v = np.meshgrid(x[0] + axis, x[1] + axis)
    Z = np.column_stack([u.ravel(), v.ravel()])
    there = Z[model.predict(Z) == j] - x
    return np.linalg.norm(there, p, axis=1).min() if len(there) else np.inf


def check_steps(model, X, found, p):
    """Each step has its size and leads to its class, a little further on."""
    for row, x in enumerate(X):
        for j, label in enumerate(found.classes):
            size, step = found.distance[row, j], found.delta[row, j]
            if np.isinf(size):
                continue
            assert np.linalg.norm(step, p) == pytest.approx(size, rel=1e-9, abs=1e-12)
            tries = [x + t * step for t in (1.0, 1 + 1e-7, 1 + 1e-4)]
            assert label in model.predict(np.array(tries))


# Linear functions


@pytest.mark.parametrize(("K", "d"), [(3, 2), (5, 4), (10, 30)])
def test_linear_steps_are_projections(K, d):
    """Kuhn and Tucker: feasible, and a nonnegative sum of normals of active faces."""
    model, W, b, X = linear(K, d, K)
    found = distance_to_regions(model, X)
    assert found.exact.all()
    for row, x in enumerate(X):
        f = W @ x + b
        assert found.decision[row] == f.argmax()
        for j in range(K):
            step = found.delta[row, j]
            g = W @ (x + step) + b
            assert g[j] >= g.max() - 1e-9
            active = (g >= g[j] - 1e-8) & (np.arange(K) != j)
            normals = (W[j] - W[active]).T
            residual = optimize.nnls(normals, step)[1] if active.any() else 0.0
            assert residual < 1e-7
            assert found.distance[row, j] == pytest.approx(np.linalg.norm(step))


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_nearest_other_region_is_the_smallest_perturbation(p):
    for K, d in ((3, 2), (6, 10)):
        model, _, _, X = linear(K, d, 7)
        found = distance_to_regions(model, X, p=p)
        others = np.where(
            np.arange(K) == found.decision[:, None], np.inf, found.distance
        )
        closed = minimal_perturbation(model, X, p=p).distance
        assert others.min(axis=1) == pytest.approx(closed, rel=1e-8)


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_linear_distances_are_those_on_a_grid(p):
    model, _, _, X = linear(4, 2, 3)
    found = distance_to_regions(model, X[:3], p=p)
    for row in range(3):
        for j in range(4):
            grid = on_a_grid(model, X[row], j, p)
            if np.isfinite(grid):
                assert grid - 0.05 <= found.distance[row, j] <= grid + 1e-9


def test_region_without_points_is_infinitely_far():
    W = [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]]
    model = LinearClassifier.from_parameters(W, [0.0, 0.0, -1.0])
    found = distance_to_regions(model, [[2.0, 1.0]])
    assert found.distance[0].tolist() == [0.0, 2.0, np.inf]
    assert found.lower[0, 2] == np.inf
    assert found.exact.all()


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_box_is_kept_and_its_linear_programs_are_solved(p):
    model, W, b, X = linear(5, 6, 11)
    X = np.clip(X, -1, 1)
    found = distance_to_regions(model, X, p=p, box=(-1.0, 1.0))
    free = distance_to_regions(model, X, p=p)
    assert (found.distance >= free.distance * (1 - 1e-9)).all()
    assert (found.distance > free.distance * 1.001).any()
    assert (np.abs(X[:, None] + found.delta) <= 1 + 1e-9).all()
    assert found.exact.all()
    for row, x in enumerate(X):
        for j in range(5):
            A, f = W[j] - np.delete(W, j, 0), (W @ x + b)
            lacks = np.delete(f, j) - f[j]
            bounds = list(zip(-1 - x, 1 - x, strict=True))
            result = optimize.linprog(np.zeros(6), -A, -lacks, bounds=bounds)
            assert (result.status == 0) == np.isfinite(found.distance[row, j])
    if p == 2:
        row, j = 0, int(np.argmin(free.distance[0] == 0))
        best = optimize.minimize(
            lambda s: s @ s,
            np.zeros(6),
            jac=lambda s: 2 * s,
            bounds=list(zip(-1 - X[row], 1 - X[row], strict=True)),
            constraints={
                "type": "ineq",
                "fun": lambda s: (
                    (W[j] - np.delete(W, j, 0)) @ (X[row] + s) + b[j] - np.delete(b, j)
                ),
            },
            options={"ftol": 1e-12},
        )
        assert found.distance[row, j] == pytest.approx(math.sqrt(best.fun), rel=1e-4)


# One nearest neighbour


def test_cells_on_the_line_are_exact():
    """Between neighbours of different classes the middle is the boundary."""
    points = np.array([0.0, 1.0, 3.0, 6.0, 7.0])
    labels = np.array([0, 1, 2, 0, 1])
    model = KNeighborsClassifier(1).fit(points[:, None], labels)
    x = np.array([-2.0, 0.2, 1.9, 5.0, 30.0])
    ends = np.array([-np.inf, 0.5, 2.0, 4.5, 6.5, np.inf])
    exact = np.full((5, 3), np.inf)
    for i, label in enumerate(labels):
        gap = np.maximum(np.maximum(ends[i] - x, x - ends[i + 1]), 0.0)
        exact[:, label] = np.minimum(exact[:, label], gap)
    found = distance_to_regions(model, x[:, None])
    assert found.exact.all()
    assert found.distance == pytest.approx(exact, abs=1e-12)


def test_cells_in_space_are_exact():
    """By a quadratic program for each point of a class, solved by SLSQP."""
    rng = np.random.default_rng(5)
    Z, y = rng.standard_normal((12, 3)), np.arange(12) % 3
    model = KNeighborsClassifier(1).fit(Z, y)
    X = rng.standard_normal((3, 3))
    found = distance_to_regions(model, X)
    assert found.exact.all()
    for row, x in enumerate(X):
        for j in range(3):
            if found.decision[row] == j:
                assert found.distance[row, j] == 0.0
                continue
            best = np.inf
            for z in Z[y == j]:
                others = Z[y != j]
                A = 2 * (z - others)
                b = (z**2).sum() - (others**2).sum(axis=1)
                result = optimize.minimize(
                    lambda s: s @ s,
                    z - x,
                    jac=lambda s: 2 * s,
                    constraints={
                        "type": "ineq",
                        "fun": lambda s, A=A, b=b, x=x: A @ (x + s) - b,
                    },
                    options={"ftol": 1e-13, "maxiter": 500},
                )
                best = min(best, math.sqrt(result.fun))
            assert found.distance[row, j] == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_cells_in_the_plane_are_those_on_a_grid(p):
    X, y = three_blobs(20)
    model = KNeighborsClassifier(1).fit(X, y)
    Q = np.random.default_rng(6).standard_normal((2, 2)) * 2
    found = distance_to_regions(model, Q, p=p)
    check_steps(model, Q, found, p)
    for row in range(2):
        for j, label in enumerate("abc"):
            grid = on_a_grid(model, Q[row], label, p)
            assert grid - 0.05 <= found.distance[row, j] <= grid + 1e-9


def test_distances_of_a_pipeline_are_those_of_its_input():
    X, y = three_blobs(20)
    scale = np.array([4.0, 4.0])
    scaler = StandardScaler(with_mean=False).fit(X)
    scaler.scale_ = scale
    inside = KNeighborsClassifier(1).fit(X / scale, y)
    found = distance_to_regions(make_pipeline(scaler, inside), X[:4] + 0.3)
    apart = distance_to_regions(inside, (X[:4] + 0.3) / scale)
    assert found.exact.all()
    assert found.distance == pytest.approx(4.0 * apart.distance, rel=1e-8)


def test_points_of_a_class_may_be_nearer_to_each_other_than_to_x():
    """A cell of j counts also where another point of j is the nearest one."""
    model = KNeighborsClassifier(1).fit([[0.0], [2.0], [2.2], [9.0]], [0, 1, 1, 2])
    found = distance_to_regions(model, [[0.0]])
    assert found.distance[0] == pytest.approx([0.0, 1.0, 5.6])


# Two classes


def test_two_classes_are_the_smallest_perturbations():
    X, y = three_blobs()
    X, y = X[y != "c"], y[y != "c"]
    Q = np.random.default_rng(7).standard_normal((5, 2))
    models = [
        LogisticRegression().fit(X, y),
        KNeighborsClassifier(3).fit(X, y),
        make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y),
        LinearClassifier.from_parameters([3.0, -4.0], 1.0),
    ]
    for model in models:
        found = distance_to_regions(model, Q)
        expected = minimal_perturbation(model, Q)
        rows = np.arange(5)
        assert (found.distance[rows, 1 - found.decision] == expected.distance).all()
        assert (found.lower[rows, 1 - found.decision] == expected.lower).all()
        assert (found.distance[rows, found.decision] == 0).all()
        assert (found.classes[found.decision] == model.predict(Q)).all()


# Bounds


def other_models():
    X, y = three_blobs(45)
    return {
        "quadratic": QuadraticDiscriminantAnalysis().fit(X, y),
        "kernel": KernelExpansion(kernel="gaussian", gamma=0.3, alpha=0.1).fit(
            X[:20], y[:20]
        ),
        "votes of neighbours": KNeighborsClassifier(3).fit(X, y),
        "votes of pairs": SVC(kernel="linear").fit(X, y),
    }


@pytest.mark.parametrize("name", other_models())
def test_bounds_of_other_models_contain_the_distance_on_a_grid(name):
    model = other_models()[name]
    Q = np.random.default_rng(8).standard_normal((3, 2))[
        : 3 if name == "quadratic" else 1
    ]
    Q *= 1.5
    found = distance_to_regions(model, Q)
    assert (found.classes[found.decision] == model.predict(Q)).all()
    check_steps(model, Q, found, 2)
    for row in range(len(Q)):
        for j, label in enumerate(found.classes):
            grid = on_a_grid(model, Q[row], label, 2, reach=8.0, m=301)
            assert found.lower[row, j] <= grid + 1e-9
            if np.isfinite(grid):
                assert found.distance[row, j] >= grid - 0.05
                assert found.distance[row, j] <= 2.0 * grid + 0.05
            if found.exact[row, j] and np.isfinite(grid):
                assert found.distance[row, j] <= grid + 1e-9


def five_blobs(n=100):
    rng = np.random.default_rng(12)
    y = rng.integers(5, size=n)
    X = rng.standard_normal((5, 2))[y] + rng.standard_normal((n, 2)) * [0.8, 1.5]
    return X, y


@pytest.mark.parametrize(
    "model",
    [QuadraticDiscriminantAnalysis(), SVC(kernel="linear"), SVC(kernel="linear", C=30)],
    ids=["quadratic", "pairs", "more pairs"],
)
def test_bounds_hold_where_classes_need_not_be_ahead_of_all_others(model):
    """Five overlapping classes: regions that are cut off, and cycles of votes."""
    X, y = five_blobs()
    model = model.fit(X, y)
    Q = X[:12]
    found = distance_to_regions(model, Q)
    check_steps(model, Q, found, 2)
    axis = np.linspace(-9, 9, 601)
    Z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    labels = model.predict(Z)
    assert not found.exact.all()
    for j in range(5):
        there = Z[labels == j]
        for row, x in enumerate(Q):
            if len(there) == 0 or found.decision[row] == j:
                continue
            grid = np.linalg.norm(there - x, axis=1).min()
            assert found.lower[row, j] <= grid + 1e-9
            assert grid - 0.05 <= found.distance[row, j] <= 1.5 * grid + 0.05
            if found.exact[row, j]:
                assert found.distance[row, j] <= grid + 1e-9


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_steps_of_pairs_stay_in_the_box(p):
    X, y = five_blobs()
    model = SVC(kernel="linear").fit(X, y)
    box = X[:12].min(axis=0) - 0.3, X[:12].max(axis=0) + 0.3
    found = distance_to_regions(model, X[:12], p=p, box=box)
    free = distance_to_regions(model, X[:12], p=p)
    moved = X[:12, None] + found.delta
    assert np.clip(moved, *box) == pytest.approx(moved, abs=1e-9)
    check_steps(model, X[:12], found, p)
    assert (found.distance >= free.lower * (1 - 1e-9)).all()
    assert np.isfinite(found.distance).any()


def test_most_distances_of_quadratic_functions_are_exact():
    found = distance_to_regions(
        other_models()["quadratic"], np.random.default_rng(9).standard_normal((20, 2))
    )
    assert found.exact.mean() > 0.8


def test_votes_of_neighbours_are_no_farther_than_known_points_in_the_box():
    X, y = three_blobs(48)
    model = KNeighborsClassifier(3).fit(X, y)
    low, high = X[:2].min(axis=0) - 0.5, X[:2].max(axis=0) + 0.5
    for ends in ((-99.0, 99.0), (low, high)):
        found = distance_to_regions(model, X[:2], box=ends)
        moved = X[:2, None] + found.delta
        assert np.clip(moved, *ends) == pytest.approx(moved)
        within = (np.clip(X, *ends) == X).all(axis=1)
        for j, label in enumerate(found.classes):
            known = X[(model.predict(X) == label) & within]
            if len(known):
                apart = np.linalg.norm(X[:2, None] - known, axis=2).min(axis=1)
                assert (found.distance[:, j] <= apart + 1e-12).all()


def test_anchors_give_upper_bounds_where_nothing_else_does():
    X, y = three_blobs(24)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(4)).fit(X, y)
    Q = X[:2]
    without = distance_to_regions(model, Q)
    found = distance_to_regions(model, Q, anchors=X)
    assert np.isinf(without.distance).any()
    assert np.isfinite(found.distance).all()
    assert (found.lower == without.lower)[~found.exact].all()
    apart = np.linalg.norm(Q[:, None] - X, axis=2)
    for j, label in enumerate(found.classes):
        nearest = apart[:, model.predict(X) == label].min(axis=1)
        assert (found.distance[:, j] <= nearest + 1e-12).all()


# Votes


@pytest.mark.parametrize(
    ("model", "p"),
    [
        (KNeighborsClassifier(3), 2),
        (SVC(kernel="linear"), 1),
        (SVC(kernel="linear"), 2),
        (SVC(kernel="linear"), math.inf),
    ],
)
def test_votes_that_need_a_majority_are_exact(model, p):
    """The second and the third of three classes, by 3 neighbours and by 3 pairs."""
    X, y = three_blobs(40, seed=3)
    Q = 1.5 * np.random.default_rng(13).standard_normal((3, 2))
    found = distance_to_regions(model.fit(X, y), Q, p=p)
    assert (found.distance[:, 1:] <= found.lower[:, 1:] * (1 + 1e-6)).all()
    for row in range(3):
        for j in (1, 2):
            grid = on_a_grid(model, Q[row], "abc"[j], p, reach=9.0, m=601)
            if np.isfinite(grid):
                assert grid - 0.05 <= found.distance[row, j] <= grid + 1e-9


def test_the_first_of_three_classes_can_win_a_cycle_of_single_votes():
    """Its lower bounds are below the distances on a grid, not those of a majority."""
    X, y = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.7]]), np.array([0, 1, 2])
    model = KNeighborsClassifier(3).fit(X, y)
    Q = np.array([[1.0, 0.6], [5.0, 5.0]])
    found = distance_to_regions(model, Q)
    assert (found.decision == 0).all()  # one vote each: the first one everywhere
    assert np.isinf(found.lower[:, 1:]).all()
    X, y = three_blobs(30, seed=5)
    model = KNeighborsClassifier(3).fit(X, y)
    Q = 2.0 * np.random.default_rng(14).standard_normal((6, 2))
    found = distance_to_regions(model, Q)
    for row in range(6):
        grid = on_a_grid(model, Q[row], "a", 2)
        assert found.lower[row, 0] <= grid + 1e-9
        assert found.distance[row, 0] >= grid - 0.05
    assert found.lower[:, 0].max() > 0.1


@pytest.mark.parametrize(
    ("model", "p", "most"),
    [
        (SVC(kernel="linear"), 1, 8.0),
        (SVC(kernel="linear"), 2, 8.0),
        (SVC(kernel="linear"), math.inf, 8.0),
        (KNeighborsClassifier(3), 2, 8.0),
        (KNeighborsClassifier(5), 2, 12.0),
    ],
)
def test_all_regions_are_reached_and_bounds_are_near(model, p, most):
    X, y = five_blobs() if isinstance(model, SVC) else three_blobs(30)
    model = model.fit(X, y)
    found = distance_to_regions(model, X[:5], p=p)
    check_steps(model, X[:5], found, p)
    away = found.distance > 0
    assert np.isfinite(found.distance).all()
    assert (found.distance[away] <= most * found.lower[away]).all()


# Digits


def test_random_images_have_exact_distances_to_all_digits():
    digits = load_digits()
    X = digits.train_images.reshape(-1, 64) / 16.0
    noise = np.random.default_rng(10).random((3, 64))
    for model in (
        LogisticRegression(max_iter=500).fit(X[:400], digits.train_labels[:400]),
        KNeighborsClassifier(1).fit(X[:400], digits.train_labels[:400]),
    ):
        found = distance_to_regions(model, noise, box=(0.0, 1.0))
        assert found.exact.all()
        assert found.delta.shape == (3, 10, 64)
        check_steps(model, noise, found, 2)
        moved = noise[:, None] + found.delta
        assert moved.min() >= -1e-9
        assert moved.max() <= 1 + 1e-9


def test_no_points_have_no_distances():
    model, _, _, _ = linear(3, 2, 0)
    found = distance_to_regions(model, np.empty((0, 2)))
    assert found.distance.shape == (0, 3)
    assert found.delta.shape == (0, 3, 2)


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 3}, "p must be 1, 2 or inf"),
        ({"p": 0.5}, "p must be at least 1"),
        ({"box": (0.0, 1.0)}, "X must lie in the box"),
        ({"box": 1.0}, "box must be a pair"),
        ({"anchors": [[1.0]]}, "anchors must"),
    ],
)
def test_bad_arguments_are_named(options, message):
    model, _, _, _ = linear(3, 2, 0)
    with pytest.raises(ValueError, match=message):
        distance_to_regions(model, [[2.0, 2.0]], **options)


@pytest.mark.errors
def test_models_that_are_not_known_are_refused():
    with pytest.raises(TypeError, match="model must be one of the known"):
        distance_to_regions(object(), [[1.0]])


def test_functions_of_fourier_features_against_a_grid():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 2))
    y = np.digitize(np.hypot(*X.T), [0.8, 1.5])
    features = FourierFeatures(40, random_state=0)
    model = make_pipeline(features, LogisticRegression(C=100)).fit(X, y)
    found = distance_to_regions(model, X[:6])
    ticks = np.linspace(-4, 4, 401)
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    labels, half = model.predict(Z), 0.02 / np.sqrt(2)
    for k in range(3):
        grid = np.linalg.norm(Z[labels == k] - X[:6, None], axis=2).min(axis=1)
        away = found.decision != k
        assert (found.lower[away, k] <= grid[away]).all()
        assert (grid[away] <= found.distance[away, k] + 2 * half).all()
        assert (found.distance[away, k] <= 1.1 * grid[away]).all()
        assert (found.lower[away, k] > 0).all()
        steps = X[:6] + (1 + 1e-6) * found.delta[:, k]
        assert (model.predict(steps[away]) == k).all()
