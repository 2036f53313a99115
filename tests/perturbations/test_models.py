"""Every known model: its form decides as the model does, and distances have witnesses.

The decision of scikit-learn's own `predict` is what the form is held to.
"""

import numpy as np
import pytest
from sklearn import discriminant_analysis as da
from sklearn import linear_model as lm
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from geomadv.classifiers import (
    KernelExpansion,
    KernelInterpolant,
    LinearClassifier,
    QuadraticClassifier,
)
from geomadv.perturbations import minimal_perturbation
from geomadv.perturbations._forms import Affine, Quadratic, decisions
from geomadv.perturbations._models import form_of

RNG = np.random.default_rng(0)
X = RNG.standard_normal((150, 4)) * [1, 2, 0.5, 3] + [0, 1, 5, -2]
TWO = (X[:, 0] + 0.3 * (X[:, 1] - 1) ** 2 > 0.8).astype(int)
THREE = np.digitize(X[:, 0] + 0.2 * X[:, 3], [-0.9, 0.2])
TEST = RNG.standard_normal((300, 4)) * [1, 2, 0.5, 3] + [0, 1, 5, -2]

LINEAR = {
    "linear": LinearClassifier(),
    "linear SVC": LinearSVC(),
    "logistic": lm.LogisticRegression(),
    "ridge": lm.RidgeClassifier(),
    "SGD": lm.SGDClassifier(random_state=0),
    "perceptron": lm.Perceptron(random_state=0),
    "LDA": da.LinearDiscriminantAnalysis(),
    "LDA, shrunk": da.LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2),
    "centroids": NearestCentroid(),
    "centroids, priors": NearestCentroid(priors="empirical"),
    "centroids, shrunk": NearestCentroid(shrink_threshold=0.8),
    "centroids, shrunk, priors": NearestCentroid(
        shrink_threshold=0.8, priors="empirical"
    ),
    "centroids, scaled, priors": make_pipeline(
        StandardScaler(), NearestCentroid(priors="empirical")
    ),
    "scaled": make_pipeline(StandardScaler(), lm.LogisticRegression()),
    "not centred": make_pipeline(StandardScaler(with_mean=False), LinearSVC()),
    "not scaled": make_pipeline(StandardScaler(with_std=False), LinearSVC()),
    "into a cube": make_pipeline(MinMaxScaler((-1, 2)), LinearSVC()),
    "projected": make_pipeline(PCA(2), lm.LogisticRegression()),
    "whitened": make_pipeline(StandardScaler(), PCA(3, whiten=True), NearestCentroid()),
    "passed": make_pipeline("passthrough", PCA(2), lm.RidgeClassifier()),
}
BINARY = {
    "SVC, linear": SVC(kernel="linear"),
    "SVC, quadratic": SVC(kernel="poly", degree=2, coef0=1.0),
    "SVC, homogeneous": make_pipeline(StandardScaler(), SVC(kernel="poly", degree=2)),
    "quadratic": QuadraticClassifier(),
    "QDA": da.QuadraticDiscriminantAnalysis(),
    "expansion": KernelExpansion("polynomial", gamma=0.1, degree=2),
    "projected QDA": make_pipeline(PCA(2), da.QuadraticDiscriminantAnalysis()),
}
MANY = {
    "QDA": da.QuadraticDiscriminantAnalysis(),
    "expansion": KernelExpansion("polynomial", gamma=0.1, degree=2),
}


@pytest.mark.filterwarnings("ignore:.*converge")
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("name", LINEAR)
def test_linear_models(name, y, witness):
    model = LINEAR[name].fit(X, y)
    assert isinstance(form_of(model), Affine)
    assert (
        model.classes_[decisions(form_of(model), TEST)] == model.predict(TEST)
    ).all()
    for p in (1, 2, np.inf):
        found = minimal_perturbation(model, TEST[:15], p=p)
        witness(model, TEST[:15], found, p=p, samples=60)
        changes(model, found)


def changes(model, found):
    """The model's own prediction changes beyond the boundary, as far as it is found."""
    reached = np.isfinite(found.distance)
    beyond = TEST[: len(reached)] + (1 + 1e-6) * found.delta
    before = model.predict(TEST[: len(reached)])
    assert (model.predict(beyond) != before)[reached].all()


@pytest.mark.parametrize("name", BINARY)
def test_models_of_two_classes(name, witness):
    model = BINARY[name].fit(X, TWO)
    form = form_of(model)
    assert isinstance(form, Affine if name == "SVC, linear" else Quadratic)
    assert (model.classes_[decisions(form, TEST)] == model.predict(TEST)).all()
    found = minimal_perturbation(model, TEST[:30])
    witness(model, TEST[:30], found, samples=100)
    changes(model, found)


@pytest.mark.parametrize("name", MANY)
def test_quadratic_models_of_three_classes(name, witness):
    model = MANY[name].fit(X, THREE)
    form = form_of(model)
    assert isinstance(form, Quadratic)
    assert (model.classes_[decisions(form, TEST)] == model.predict(TEST)).all()
    found = minimal_perturbation(model, TEST[:30])
    witness(model, TEST[:30], found, samples=100)
    changes(model, found)


@pytest.mark.parametrize("kernel", ["linear", "poly"])
def test_the_sign_of_kernel_ridge_regression(kernel, witness):
    model = KernelRidge(kernel=kernel, degree=2, alpha=0.5).fit(X, 2.0 * TWO - 1)
    sign = (model.predict(TEST) > 0).astype(int)
    assert (decisions(form_of(model), TEST) == sign).all()
    witness(model, TEST[:20], minimal_perturbation(model, TEST[:20]), samples=100)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_neighbours_vote_as_in_scikit_learn(k):
    for before in ((), (StandardScaler(),), (PCA(2),)):
        model = make_pipeline(*before, KNeighborsClassifier(k)).fit(X, THREE)
        assert (decisions(form_of(model), TEST) == model.predict(TEST)).all()


@pytest.mark.parametrize("kernel", ["rbf", "laplacian"])
def test_kernels_decide_as_in_scikit_learn(kernel):
    ridge = KernelRidge(kernel=kernel, gamma=0.2).fit(X, 2.0 * TWO - 1)
    sign = (ridge.predict(TEST) > 0).astype(int)
    assert (decisions(form_of(ridge), TEST) == sign).all()
    ours = KernelExpansion("gaussian", gamma=0.2).fit(X, THREE)
    assert (decisions(form_of(ours), TEST) == ours.predict(TEST)).all()
    if kernel == "rbf":
        for gamma in ("scale", "auto", 0.3):
            model = make_pipeline(PCA(3), SVC(gamma=gamma)).fit(X, TWO)
            assert (decisions(form_of(model), TEST) == model.predict(TEST)).all()


@pytest.mark.parametrize("y", [TWO, THREE])
def test_interpolants_are_expansions(y):
    model = KernelInterpolant(gamma=0.5).fit(X, y)
    assert (
        model.classes_[decisions(form_of(model), TEST)] == model.predict(TEST)
    ).all()
    found = minimal_perturbation(model, TEST[:5], budget=0)
    changed = model.predict(TEST[:5] + (1 + 1e-9) * found.delta) != model.predict(
        TEST[:5]
    )
    assert changed.all()
    assert (found.lower > 0).all()


REFUSED = {
    "torus": (KernelInterpolant(domain="torus"), TWO, "domain=None"),
    "sigmoid": (SVC(kernel="sigmoid"), TWO, "must have a linear, poly, rbf"),
    "manhattan": (NearestCentroid(metric="manhattan"), TWO, "Euclidean metric"),
    "no prior, centroids": (NearestCentroid(priors=[0.0, 1.0]), TWO, "no prior of 0"),
    "weights": (KNeighborsClassifier(weights="distance"), TWO, "uniform weights"),
    "l1": (KNeighborsClassifier(p=1), TWO, "Euclidean metric"),
    "weighted coordinates": (
        KNeighborsClassifier(1, metric_params={"w": np.arange(1.0, 5.0)}),
        TWO,
        "Euclidean metric",
    ),
    "half a degree": (
        KernelRidge(kernel="poly", degree=2.5, gamma=0.01, coef0=100.0),
        TWO,
        "a whole degree",
    ),
    "several labels": (
        lm.RidgeClassifier(),
        np.stack([TWO, 1 - TWO, TWO], axis=1),
        "one label for each point",
    ),
    "no prior, quadratic": (
        da.QuadraticDiscriminantAnalysis(priors=[0.0, 1.0]),
        TWO,
        "no prior of 0",
    ),
    "no prior, linear": (
        da.LinearDiscriminantAnalysis(priors=[0.0, 0.5, 0.5]),
        THREE,
        "no prior of 0",
    ),
    "clip": (make_pipeline(MinMaxScaler(clip=True), LinearSVC()), TWO, "clip=False"),
}


def test_pipelines_in_pipelines():
    steps = StandardScaler(), PCA(2), LinearSVC(random_state=0)
    flat = make_pipeline(*steps).fit(X, THREE)
    nested = make_pipeline(make_pipeline(*flat[:2]), flat[2])
    found = minimal_perturbation(nested, TEST[:5])
    np.testing.assert_array_equal(
        found.delta, minimal_perturbation(flat, TEST[:5]).delta
    )
    changes(nested, found)


def test_coincident_centroids_are_one():
    points = [[1, 1], [-1, -1], [1, -1], [-1, 1], [9, 1], [9, -1]]
    model = NearestCentroid().fit(points, [0, 0, 1, 1, 2, 2])
    found = minimal_perturbation(model, [[0.0, 1.0]])
    np.testing.assert_array_equal(found.delta, [[4.5, 0.0]])
    assert found.exact.all()


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("priors", [[1, 9], [0.5, 0.5 + 1e-7], [0.9, 1e-12]])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.filterwarnings("ignore:The priors do not sum")
@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_")
def test_priors_of_centroids_shift_the_boundary(y, priors, constant):
    """Its place on the line of two centroids, solved from the scores by hand."""
    K = 1 + y.max()
    rows = X.copy()
    rows[:, 2] = y if constant else rows[:, 2]  # a feature with deviation 0
    priors = [*priors, 0.3][:K]
    model = NearestCentroid(priors=priors).fit(rows, y)
    tests = TEST.copy()
    tests[:, 2] = RNG.integers(-1, 3, 300) if constant else tests[:, 2]
    form = form_of(model)
    assert (decisions(form, tests) == model.predict(tests)).all()
    if K > 2:
        return
    # log-likelihoods of one diagonal covariance; scikit-learn takes priors that
    # differ by less than 1e-5 for equal, and then no deviations
    equal = abs(priors[0] - priors[1]) < 1e-5
    s2 = np.ones(4) if equal else np.square(model.within_class_std_dev_)
    s2[s2 == 0] = 1.0
    m0, m1 = model.centroids_
    gain = 0.0 if equal else np.log(priors[1] / priors[0])
    w = (m1 - m0) / s2
    f = (tests - (m0 + m1) / 2) @ w + gain
    found = minimal_perturbation(model, tests)
    np.testing.assert_allclose(
        found.distance, np.abs(f) / np.linalg.norm(w), rtol=1e-9, atol=1e-12
    )


def test_on_a_line_the_manhattan_metric_is_the_euclidean_one():
    for priors in ("uniform", [0.1, 0.3, 0.6]):
        model = NearestCentroid(metric="manhattan", priors=priors)
        model.fit(X[:, :1], THREE)
        form = form_of(model)
        assert (decisions(form, TEST[:, :1]) == model.predict(TEST[:, :1])).all()


def test_a_polynomial_of_degree_0_is_constant():
    model = SVC(kernel="poly", degree=0).fit(X, TWO)
    assert np.isinf(minimal_perturbation(model, X[:5]).distance).all()


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning:sklearn")
@pytest.mark.parametrize("case", REFUSED)
def test_settings_for_which_nothing_is_known_are_refused(case):
    model, y, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        form_of(model.fit(X, y))


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning:sklearn")
def test_centroids_without_deviations_are_refused_with_priors():
    points, y = np.eye(4)[:3] + 1.0, np.arange(3)
    model = NearestCentroid(priors=[0.2, 0.3, 0.5]).fit(points, y)
    with pytest.raises(ValueError, match="finite deviations"):
        form_of(model)
    model = NearestCentroid(shrink_threshold=0.5).fit(points, y)
    with pytest.raises(ValueError, match="finite centroids"):
        form_of(model)
    assert isinstance(form_of(NearestCentroid().fit(points, y)), Affine)


@pytest.mark.errors
def test_unknown_models_are_refused():
    tree = DecisionTreeClassifier().fit(X, TWO)
    with pytest.raises(
        TypeError, match=r"got DecisionTreeClassifier\. Known are .*SVC"
    ):
        minimal_perturbation(tree, X)
    turned = make_pipeline(Normalizer(), LinearSVC()).fit(X, TWO)
    with pytest.raises(
        TypeError, match=r"steps of a pipeline must be .* got Normalizer"
    ):
        minimal_perturbation(turned, X)
    with pytest.raises(ValueError, match="not fitted"):
        minimal_perturbation(LinearSVC(), X)
