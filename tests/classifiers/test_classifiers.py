"""Classifiers from parameters, fitted ones, and scikit-learn's rules."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import RidgeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import KernelExpansion, LinearClassifier, QuadraticClassifier

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
Y = np.sign(X[:, 0] + X[:, 1] ** 2 - 0.5)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([LinearClassifier(), QuadraticClassifier(), KernelExpansion()])
def test_they_keep_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def test_linear_is_ridge_regression():
    for y in (Y, THREE):
        ours, theirs = LinearClassifier(2.0).fit(X, y), RidgeClassifier(2.0).fit(X, y)
        assert np.allclose(ours.decision_function(X), theirs.decision_function(X))
        assert (ours.predict(X) == theirs.predict(X)).all()


def test_quadratic_without_shrinking_is_discriminant_analysis():
    ours = QuadraticClassifier(0.0).fit(X, Y)
    theirs = QuadraticDiscriminantAnalysis().fit(X, Y)
    # scikit-learn divides by n - 1
    sizes = [(label == Y).sum() for label in ours.classes_]
    covs = [np.cov(X[label == Y].T, ddof=0) for label in ours.classes_]
    means = [X[label == Y].mean(axis=0) for label in ours.classes_]

    def log_density(x, k):
        z = np.linalg.solve(np.linalg.cholesky(covs[k]), x - means[k])
        return -(z @ z) / 2 - np.linalg.slogdet(covs[k])[1] / 2 + np.log(sizes[k] / 60)

    expected = [log_density(x, 1) - log_density(x, 0) for x in X]
    assert np.allclose(ours.decision_function(X), expected, atol=1e-10)
    assert (ours.predict(X) == theirs.predict(X)).mean() > 0.95


@pytest.mark.parametrize(
    ("kernel", "theirs"), [("gaussian", "rbf"), ("laplacian",) * 2]
)
def test_expansion_is_kernel_ridge_regression(kernel, theirs):
    ours = KernelExpansion(kernel, gamma=0.3, alpha=0.1).fit(X, Y)
    plain = KernelRidge(kernel=theirs, gamma=0.3, alpha=0.1).fit(X, Y)
    assert np.allclose(ours.decision_function(X), plain.predict(X))
    three = KernelExpansion(kernel, gamma=0.3, alpha=0.1).fit(X, THREE)
    assert (three.predict(X) == THREE).mean() > 0.8


def test_from_parameters():
    linear = LinearClassifier.from_parameters([[1, 0], [0, 1], [-1, -1]], [0, 0.1, 0.2])
    assert np.allclose(linear.decision_function([[1.0, 0.3]]), [[1, 0.4, -1.1]])
    assert linear.predict([[1.0, 0.3]]) == [0]
    quadric = QuadraticClassifier.from_parameters(
        [[1, 2], [2, -1]], [0.5, -1], 3, classes=["in", "out"]
    )
    x = np.array([0.3, -0.7])
    value = 0.09 - 0.49 + 4 * 0.3 * -0.7 + 0.3 + 1.4 + 3
    assert np.allclose(quadric.decision_function([x]), value)
    assert quadric.predict([x]) == ["out"]
    expansion = KernelExpansion.from_parameters(
        [[0, 0], [2, 0], [1, 1.5]], [1, -1, 0.7], gamma=0.5, b=-0.1
    )
    assert abs(expansion.decision_function([[0.2, 0.1]])[0] - 0.8691704919) < 1e-9


BAD = {
    "w": (lambda: LinearClassifier.from_parameters(3.0), "w must have shape"),
    "b": (lambda: LinearClassifier.from_parameters([1, 2], [1, 2]), "b must be one"),
    "classes": (
        lambda: LinearClassifier.from_parameters([1, 2], classes=[1, 1]),
        "classes must be 2 different labels",
    ),
    "A": (
        lambda: QuadraticClassifier.from_parameters([[1, 2], [0, 1]], [0, 0]),
        "A must be symmetric",
    ),
    "shape": (
        lambda: QuadraticClassifier.from_parameters(np.eye(2), [0, 0, 1]),
        "A must have shape",
    ),
    "kernel": (
        lambda: KernelExpansion.from_parameters([[1.0]], [1.0], kernel="rbf"),
        "kernel must be one of 'gaussian'",
    ),
    "gamma": (
        lambda: KernelExpansion.from_parameters([[1.0]], [1.0], gamma=0.0),
        "gamma must be above 0",
    ),
    "coefficients": (
        lambda: KernelExpansion.from_parameters([[1.0]], [1.0, 2.0]),
        "coefficients must have shape",
    ),
}


@pytest.mark.errors
@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_are_refused(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
