"""Every known model, in every norm, box and metric: the model itself is the witness.

Whether a decision has changed is asked of the model's own `predict`, never of its form.
"""

import functools
import itertools

import numpy as np
import pytest
from sklearn import discriminant_analysis as da
from sklearn import linear_model as lm
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC

from geomadv.classifiers import (
    FourierFeatures,
    KernelExpansion,
    KernelFeatures,
    KernelInterpolant,
    LinearClassifier,
    QuadraticClassifier,
)
from geomadv.perturbations import _models, minimal_perturbation

LINEAR = {
    "LinearClassifier": LinearClassifier(),
    "LinearSVC": LinearSVC(),
    "LogisticRegression": lm.LogisticRegression(),
    "LogisticRegressionCV": lm.LogisticRegressionCV(
        Cs=2, cv=2, l1_ratios=(0.0,), scoring="accuracy", use_legacy_attributes=False
    ),
    "RidgeClassifier": lm.RidgeClassifier(),
    "RidgeClassifierCV": lm.RidgeClassifierCV(),
    "SGDClassifier": lm.SGDClassifier(random_state=0),
    "Perceptron": lm.Perceptron(random_state=0),
    "LDA": da.LinearDiscriminantAnalysis(),
    "NearestCentroid": NearestCentroid(),
    "scaled": make_pipeline(StandardScaler(), lm.LogisticRegression()),
    "into a cube": make_pipeline(MinMaxScaler((-1, 2)), LinearSVC()),
    "projected": make_pipeline(PCA(1), lm.LogisticRegression()),
    "whitened": make_pipeline(StandardScaler(), PCA(2, whiten=True), NearestCentroid()),
}
# two classes; of three, pairs vote
VOTES = {
    "SVC, linear": SVC(kernel="linear"),
    "projected SVC": make_pipeline(PCA(1), SVC(kernel="linear")),
}
REGRESSION = {"KernelRidge, linear": KernelRidge(kernel="linear")}
QUADRATIC = {
    "QuadraticClassifier": QuadraticClassifier(),
    "QDA": da.QuadraticDiscriminantAnalysis(),
    "KernelExpansion, quadratic": KernelExpansion("polynomial", gamma=0.3, degree=2),
    "SVC, quadratic": SVC(kernel="poly", degree=2, coef0=1.0),
    "KernelRidge, quadratic": KernelRidge(kernel="poly", degree=2, gamma=0.3),
    "projected QDA": make_pipeline(PCA(1), da.QuadraticDiscriminantAnalysis()),
    "scaled SVC": make_pipeline(StandardScaler(), SVC(kernel="poly", degree=2)),
}
NEIGHBOURS = {
    "1-NN": KNeighborsClassifier(1),
    "3-NN": KNeighborsClassifier(3),
    "4-NN": KNeighborsClassifier(4),
    "scaled 1-NN": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
    "projected 1-NN": make_pipeline(PCA(1), KNeighborsClassifier(1)),
}
CURVED = {
    "KernelExpansion": KernelExpansion("gaussian", gamma=0.5, alpha=0.1),
    "KernelExpansion, laplacian": KernelExpansion("laplacian", gamma=0.5, alpha=0.1),
    "KernelInterpolant": KernelInterpolant(gamma=1.0),
    "SVC": SVC(gamma=0.5),
    "SVC, cubic": SVC(kernel="poly", coef0=1.0),
    "KernelRidge": KernelRidge(kernel="rbf", gamma=0.5, alpha=0.1),
    "scaled SVC, Gaussian": make_pipeline(StandardScaler(), SVC(gamma=0.5)),
    "kernel features": make_pipeline(KernelFeatures(0.5), lm.LogisticRegression(C=10)),
    "Fourier features": make_pipeline(
        FourierFeatures(20, 0.5, random_state=0), lm.LogisticRegression(C=10)
    ),
}
MODELS = LINEAR | VOTES | REGRESSION | QUADRATIC | NEIGHBOURS | CURVED
BINARY = {name for name in MODELS if "KernelRidge" in name or name.startswith("Quad")}
EXACT = set(LINEAR | VOTES | REGRESSION | QUADRATIC) | {
    name for name in NEIGHBOURS if "1-NN" in name
}
CASES = [
    (name, classes)
    for name in MODELS
    for classes in (2, 3)
    if classes == 2 or name not in BINARY | {"3-NN"}
]
WAYS = [*itertools.product((1, 2, 3, np.inf), ("free", "box")), (2, "metric")]
# what is only bracketed takes long, and is never called exact
SOME = {2: [(1, "box"), (2, "metric")], 3: [(np.inf, "box")]}
TRIALS = [
    (*case, *way)
    for case in CASES
    for way in (SOME[case[1]] if case[0] in CURVED else WAYS)
]
CORNERS = {"3-NN", "4-NN"}  # where the decision may change beside the way alone
POINTS = 2


@functools.cache
def case(name, classes):
    """Return the fitted model of some points with as many coordinates as classes."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((24, classes)) * np.array([1.0, 1.5, 0.7])[:classes]
    curve = X[:, 0] + 0.6 * X[:, 1] ** 2 + 0.3 * rng.standard_normal(24)
    y = np.digitize(curve, np.quantile(curve, np.arange(1, classes) / classes))
    X += [0.3, -0.2, 0.1][:classes]
    model = clone(MODELS[name]).fit(X, 2.0 * y - 1 if "Ridge, " in name else y)
    return model, X[:POINTS]


def decided(model, X):
    found = model.predict(X)
    return found if hasattr(model, "classes_") else found.ravel() > 0


def refused(name, p, way):
    """Say how the documentation refuses a combination, or nothing."""
    if name in QUADRATIC:
        if p != 2:
            return "p must be 2 for a quadratic model"
        return "box must be None for a quadratic model" if way == "box" else ""
    if name in NEIGHBOURS and p == 3:
        return "p must be 1, 2 or inf for nearest neighbours"
    return ""


def neighbours_tie(model, x):
    """Tell whether the k-th and two more neighbours are equally far: in a corner."""
    k = model.n_neighbors
    distances = np.sort(np.linalg.norm(model._fit_X - x, axis=1))
    return (np.abs(distances / distances[k - 1] - 1) < 1e-7).sum() >= 3


def ball(x, size, p, M, count, rng):
    """Return points that are nearer to x than some size, most of them only just."""
    v = rng.standard_normal((count, x.size))
    v[: 4 * x.size] = np.repeat([*np.eye(x.size), *-np.eye(x.size)], 2, axis=0)
    lengths = np.linalg.norm(v, p, axis=1)
    if M is not None:
        lengths = np.sqrt(np.einsum("ni,ij,nj->n", v, M, v))
    share = rng.random(count) ** (1 / (4 * x.size)) * (1 - 1e-6)
    return x + (share * size / lengths)[:, None] * v


@pytest.mark.filterwarnings("ignore:.*converge")
@pytest.mark.parametrize(("name", "classes", "p", "way"), TRIALS)
def test_the_decision_changes_beyond_delta_and_nowhere_nearer(name, classes, p, way):
    model, X = case(name, classes)
    d, rng = X.shape[1], np.random.default_rng(2)
    box = (X.min(axis=0) - 0.4, X.max(axis=0) + 0.4) if way == "box" else None
    M = np.eye(d) + 0.5 if way == "metric" else None
    options = {"p": p, "box": box, "metric": M, "budget": 60}
    message = refused(name, p, way)
    if message:
        with pytest.raises(ValueError, match=message):
            minimal_perturbation(model, X, **options)
        return
    found = minimal_perturbation(model, X, **options)
    pairs = classes == 3 and "SVC" in name  # one may have to turn after another
    assert found.exact.all() or name not in EXACT or (pairs and name in QUADRATIC)
    np.testing.assert_array_equal(found.lower[found.exact], found.distance[found.exact])
    own = decided(model, X)
    for x, c, delta, distance, lower in zip(
        X, own, found.delta, found.distance, found.lower, strict=True
    ):
        size = np.sqrt(delta @ M @ delta) if M is not None else np.linalg.norm(delta, p)
        if np.isfinite(distance):
            assert size == pytest.approx(distance, rel=1e-9)
            beyond = x + (1 + 1e-9) * delta
            if name in CORNERS and decided(model, beyond[None])[0] == c:
                assert neighbours_tie(model, beyond)
                beside = rng.standard_normal((200, d)) * 1e-8 * size
                assert (decided(model, beyond + beside) != c).any()
            else:
                assert decided(model, beyond[None])[0] != c
        else:
            assert size == 0
        near = ball(x, min(lower, 20.0), p, M, 400, rng)
        if box is not None:
            assert (x + delta >= box[0]).all()
            assert (x + delta <= box[1]).all()
            near = np.clip(near, *box)
        assert (decided(model, near) == c).all()


@pytest.mark.filterwarnings("ignore:.*converge")
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", LINEAR)
def test_no_point_of_the_sphere_is_nearer_than_the_arc(name, classes):
    model, X = case(name, classes)
    rng = np.random.default_rng(3)
    found = minimal_perturbation(model, X, metric="geodesic")
    assert found.exact.all()
    own = decided(model, X)
    for x, c, delta, arc in zip(X, own, found.delta, found.distance, strict=True):
        radius = np.linalg.norm(x)
        angle = 1.0 if np.isinf(arc) else arc / radius / np.pi
        if np.isfinite(arc):
            chord = 2 * radius * np.sin(arc / radius / 2)
            assert np.linalg.norm(delta) == pytest.approx(chord, rel=1e-9)
            assert np.linalg.norm(x + delta) == pytest.approx(radius, rel=1e-9)
            assert decided(model, (x + (1 + 1e-9) * delta)[None])[0] != c
        tangent = rng.standard_normal((400, x.size))
        tangent -= np.outer(tangent @ x, x) / radius**2
        tangent *= radius / np.linalg.norm(tangent, axis=1)[:, None]
        turn = np.pi * angle * (1 - 1e-6) * rng.random(400)[:, None] ** (1 / 8)
        assert (decided(model, np.cos(turn) * x + np.sin(turn) * tangent) == c).all()


@pytest.mark.parametrize("name", VOTES | REGRESSION | QUADRATIC | NEIGHBOURS | CURVED)
def test_arcs_are_of_linear_models(name):
    for classes in (2, 3):
        if (name, classes) not in CASES or (name not in QUADRATIC and classes == 2):
            continue
        model, X = case(name, classes)
        with pytest.raises(ValueError, match='must not be "geodesic"'):
            minimal_perturbation(model, X, metric="geodesic")


def test_every_type_that_is_known_is_tried():
    known = {one for types, _ in _models._table() for one in types}
    tried = {type(model) for model in MODELS.values()}
    assert known <= tried
