"""Linear functions of Fourier and kernel features, behind scalers, in pipelines."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from geomadv.classifiers import FourierFeatures, KernelFeatures, LinearClassifier
from geomadv.perturbations import minimal_perturbation, robust_error
from geomadv.perturbations._boxes import GAP
from geomadv.perturbations._forms import Waves, decisions
from geomadv.perturbations._models import form_of

RNG = np.random.default_rng(0)
SCALES = np.array([1.0, 20.0])


def sample(classes, n=60):
    y = RNG.integers(classes, size=n)
    centres = 2.0 * RNG.standard_normal((classes, 2))
    return (centres[y] + RNG.standard_normal((n, 2))) * SCALES + [3.0, -40.0], y


def fitted(classes, m=30):
    X, y = sample(classes)
    steps = StandardScaler(), FourierFeatures(m, 0.3, random_state=1)
    return make_pipeline(*steps, LogisticRegression(C=10)).fit(X, y), X


def sine():
    """Return sin <u, x> + b, and its angle |u| = 2."""
    features = FourierFeatures(1, random_state=0).fit([[0.0, 0.0]])
    features.frequencies_ = np.array([[1.2, 1.6]])
    linear = LinearClassifier.from_parameters([0.0, 1.0], 0.5)
    return make_pipeline(features, linear)


@pytest.mark.parametrize("p", [1, 1.5, 2, np.inf])
def test_one_wave_has_its_zeros_at_known_distances(p):
    X = RNG.standard_normal((40, 2))
    phase = X @ [1.2, 1.6]
    zeros = np.array([-np.pi / 6, 7 * np.pi / 6])[:, None] + 2 * np.pi * np.arange(
        -3, 4
    )
    q = np.inf if p == 1 else 1.0 if np.isinf(p) else p / (p - 1)
    exact = np.abs(phase[:, None] - zeros.ravel()).min(axis=1)
    exact /= np.linalg.norm([1.2, 1.6], q)
    found = minimal_perturbation(sine(), X, p=p)
    np.testing.assert_allclose(found.distance, exact, rtol=1e-7)
    assert (found.lower <= exact).all()
    assert (found.lower >= 0.9998 * exact).all()
    radii = minimal_perturbation(sine(), X, p=p, budget=0).lower
    assert (radii >= 0.3 * exact).all()
    assert (radii < 0.99 * exact).any()


@pytest.mark.parametrize("classes", [2, 3])
def test_brackets_hold_what_a_dense_grid_finds(classes):
    model, X = fitted(classes)
    assert isinstance(form_of(model), Waves)
    ticks = np.linspace(-8.0, 8.0, 801)
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    Z = Z * model[0].scale_ + model[0].mean_
    labels, Q = model.predict(Z), X[:8]
    ours = model.classes_[decisions(form_of(model), Z)]
    assert (ours == labels).mean() > 0.99999
    own = model.predict(Q)
    step = 0.02 * model[0].scale_
    for p in (1, 2, np.inf):
        found = minimal_perturbation(model, Q, p=p)
        assert (model.predict(Q + (1 + 1e-7) * found.delta) != own).all()
        np.testing.assert_allclose(
            found.distance, np.linalg.norm(found.delta, p, axis=1), rtol=1e-12
        )
        for x, low, high, c in zip(Q, found.lower, found.distance, own, strict=True):
            brute = np.linalg.norm((Z - x)[labels != c], p, axis=1).min()
            assert 0.0 < low <= brute
            assert brute - np.linalg.norm(step, p) <= high <= 1.1 * brute


def waves(d, classes, count=4):
    rng = np.random.default_rng(d)
    X = 1.5 * rng.standard_normal((60, d))
    curve = X[:, 0] + X[:, -1] ** 2
    y = np.digitize(curve, np.quantile(curve, np.arange(1, classes) / classes))
    features = FourierFeatures(30, 0.3, random_state=0)
    return make_pipeline(features, LogisticRegression(C=10)).fit(X, y), X[:count]


@pytest.mark.parametrize("p", [1, 2, 3, np.inf])
@pytest.mark.parametrize(("d", "classes"), [(1, 2), (2, 3), (3, 2), (4, 3)])
def test_brackets_close_in_few_dimensions(d, classes, p):
    model, X = waves(d, classes)
    found = minimal_perturbation(model, X, p=p)
    assert (found.distance <= found.lower * (1 + 1.01 * GAP)).all()
    assert (model.predict(X + (1 + 1e-9) * found.delta) != model.predict(X)).all()
    few = minimal_perturbation(model, X, p=p, budget=40)
    assert (few.lower <= found.distance).all()
    assert (found.lower <= few.distance).all()
    box = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5
    inside = minimal_perturbation(model, X, p=p, box=box)
    assert (inside.distance >= found.lower).all()


@pytest.mark.parametrize(("classes", "d"), [(2, 3), (3, 2)])
def test_a_general_optimiser_finds_nothing_nearer(classes, d):
    model, X = waves(d, classes, 2)
    f, rng = model.decision_function, np.random.default_rng(0)
    found = minimal_perturbation(model, X)

    def lead(y, own, k):
        values = f(y[None])
        return values[0] * (-1) ** own if classes == 2 else np.diff(values[0, [own, k]])

    for x, own, low, high in zip(
        X, model.predict(X), found.lower, found.distance, strict=True
    ):
        sizes = []
        for k in set(range(classes)) - {own}:
            rule = {"type": "ineq", "fun": lead, "args": (own, k)}
            for start in x + high * rng.standard_normal((5, d)):
                solved = minimize(
                    lambda y, x: (y - x) @ (y - x), start, (x,), constraints=rule
                )
                if solved.success and lead(solved.x, own, k) > -1e-7:
                    sizes.append(np.linalg.norm(solved.x - x))
        assert low <= min(sizes) * (1 + 1e-5)
        assert min(sizes) <= high * (1 + 1e-5)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("p", [1, 2, 3, np.inf])
def test_no_decision_changes_within_the_lower_bound(classes, p):
    model, X = fitted(classes)
    found = minimal_perturbation(model, X[:20], p=p)
    u = RNG.standard_normal((2000, 1, 2))
    u /= np.linalg.norm(u, p, axis=2, keepdims=True)
    Z = X[:20] + u * found.lower[:, None]
    own = np.tile(model.predict(X[:20]), len(u))
    assert (model.predict(Z.reshape(-1, 2)) == own).all()


def test_the_lower_bound_is_that_of_the_features():
    X, y = sample(3)
    model = make_pipeline(
        FourierFeatures(30, 0.01, random_state=1), LogisticRegression()
    )
    model.fit(X, y)
    np.testing.assert_allclose(
        minimal_perturbation(model, X, budget=0).lower,
        model[0].certified_radius(model[-1], X),
        rtol=1e-6,
    )


def test_where_no_wave_is_as_high_as_the_offset_no_decision_changes():
    model = sine()
    model[-1].intercept_ = np.array([1.5])
    found = minimal_perturbation(model, RNG.standard_normal((5, 2)))
    assert np.isinf(found.lower).all()
    assert found.exact.all()
    model[-1].intercept_ = np.array([0.95])
    assert np.isfinite(minimal_perturbation(model, [[0.1, 0.2]]).distance).all()


def test_perturbed_points_stay_in_the_box():
    model, X = fitted(3)
    box, X = (X.min(axis=0), X.max(axis=0)), X[::3]
    for p in (1, 2, np.inf):
        found = minimal_perturbation(model, X, p=p, box=box, budget=100)
        Z = X + found.delta
        np.testing.assert_allclose(np.clip(Z, *box), Z, atol=1e-12)
        free = minimal_perturbation(model, X, p=p, budget=100)
        assert (free.lower <= found.distance).all()


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_a_box_may_hold_no_change(p):
    model, X = waves(2, 3, 2)
    for x, far in zip(X, minimal_perturbation(model, X, p=np.inf).lower, strict=True):
        for size in (0.0, 0.99 * far):
            box = x - size, x + size
            found = minimal_perturbation(model, x[None], p=p, box=box)
            assert np.isinf(found.lower).all()
            assert found.exact.all()
        box = x - 1.01 * far, x + 1.01 * far
        found = minimal_perturbation(model, x[None], p=p, box=box)
        assert np.isfinite(found.distance).all()


def test_a_metric_measures_in_its_length():
    model, X = fitted(2)
    M = np.diag(1.0 / model[0].scale_ ** 2)
    for budget, agree in ((0, 1e-9), (2000, 2e-4)):
        outside = minimal_perturbation(model, X[:10], metric=M, budget=budget)
        inner = model[0].transform(X[:10])
        inside = minimal_perturbation(model[1:], inner, budget=budget)
        np.testing.assert_allclose(outside.lower, inside.lower, rtol=agree)
        np.testing.assert_allclose(outside.distance, inside.distance, rtol=1e-2)


def test_the_robust_error_is_bracketed():
    model, X = fitted(2)
    error = robust_error(model, X, model.predict(X), [0.0, 1e-3, 1e9])
    assert error.lower[0] == error.upper[0] == 0.0
    assert error.lower[2] == error.upper[2] == 1.0


@pytest.mark.parametrize(
    ("last", "classes"),
    [
        *itertools.product([LogisticRegression(C=10)], [2, 3]),
        (SVC(kernel="linear"), 3),
    ],
    ids=str,
)
def test_kernel_features_in_a_pipeline_are_expansions(last, classes):
    X, y = sample(classes, 30)
    steps = StandardScaler(), PCA(2), KernelFeatures(0.4), StandardScaler()
    model = make_pipeline(*steps, last).fit(X, y)
    same = model.classes_[decisions(form_of(model), X)] == model.predict(X)
    assert same.all()
    Q = X[:4]
    found = minimal_perturbation(model, Q, budget=300)
    assert (model.predict(Q + (1 + 1e-6) * found.delta) != model.predict(Q)).all()
    u = RNG.standard_normal((2000, 1, 2))
    u /= np.linalg.norm(u, axis=2, keepdims=True)
    Z = Q + u * found.lower[:, None] * (1 - 1e-6)
    own = np.tile(model.predict(Q), len(u))
    assert (model.predict(Z.reshape(-1, 2)) == own).all()


@pytest.mark.errors
def test_what_is_not_linear_in_the_features_is_refused():
    X, y = sample(3)
    for step in (FourierFeatures(10), KernelFeatures(0.1)):
        curved = make_pipeline(step, SVC(gamma=1.0)).fit(X, y)
        with pytest.raises(ValueError, match="linear classifier after them"):
            form_of(curved)
    votes = make_pipeline(FourierFeatures(10), SVC(kernel="linear")).fit(X, y)
    with pytest.raises(ValueError, match="without pairs that vote"):
        form_of(votes)
    with pytest.raises(TypeError, match="KernelFeatures or FourierFeatures"):
        form_of(make_pipeline(FourierFeatures(10), GaussianNB()).fit(X, y))
