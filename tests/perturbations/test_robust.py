"""Robust error: counted by hand, bracketed, and of one-dimensional Gaussians."""

import math

import numpy as np
import pytest
from scipy.stats import binom, norm
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression

from geomadv.classifiers import KernelExpansion, LinearClassifier
from geomadv.perturbations import (
    Perturbation,
    _robust,
    minimal_perturbation,
    robust_error,
    worst_loss,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 3))
Y = np.sign(X[:, 0] + 0.5 * RNG.standard_normal(200))


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_it_is_what_an_adversary_does_to_each_point(p):
    """A linear model is wrong after the worst shift iff y f <= eps |w|_q."""
    model = LogisticRegression().fit(X, Y)
    q = {1: math.inf, 2: 2, math.inf: 1}[p]
    margins = Y * model.decision_function(X) / np.linalg.norm(model.coef_[0], q)
    eps = np.linspace(0, 2, 9).reshape(3, 3)
    error = robust_error(model, X, Y, eps, p=p)
    expected = (margins[:, None] <= eps.ravel()).mean(axis=0).reshape(3, 3)
    assert np.array_equal(error.lower, expected)
    assert error.exact.all()
    assert robust_error(model, X, Y, 0.0).upper == (model.predict(X) != Y).mean()
    assert robust_error(model, X, Y, np.inf).lower == 1


def test_gaussians_have_the_error_of_the_formula():
    """x = y + noise, f = x: wrong within eps with probability Phi(eps - 1)."""
    rng, n = np.random.default_rng(1), 20000
    y = rng.choice([-1, 1], n)
    x = y[:, None] + rng.standard_normal((n, 1))
    model = LinearClassifier.from_parameters([1.0])
    for eps in (0.0, 0.5, 1.5):
        count = robust_error(model, x, y, eps).lower * n
        low, high = binom.interval(1 - 1e-9, n, norm.cdf(eps - 1))
        assert low <= count <= high


def test_labels_of_any_kind_and_the_sign_of_a_regression():
    names = np.where(Y > 0, "cat", "dog")
    model = LogisticRegression().fit(X, names)
    wrong = (model.predict(X) != names).mean()
    assert robust_error(model, X, names, 0.0).lower == wrong
    ridge = KernelRidge(kernel="linear").fit(X, Y)
    wrong = (np.sign(ridge.predict(X)) != Y).mean()
    assert robust_error(ridge, X, Y, 0.0).lower == wrong
    column = KernelRidge(kernel="linear").fit(X, Y[:, None])
    assert robust_error(column, X, Y, 0.3).lower == robust_error(ridge, X, Y, 0.3).lower


def test_brackets_of_distances_are_brackets_of_the_error(monkeypatch):
    def bracketed(_model, X, **_):
        lower, upper = np.array([0.1, 0.2, 0.5, 0.0]), np.array([0.1, 0.6, np.inf, 0.0])
        return Perturbation(np.zeros(X.shape), upper, lower, lower == upper)

    monkeypatch.setattr(_robust, "minimal_perturbation", bracketed)
    model = LinearClassifier.from_parameters([1.0])
    error = robust_error(model, [[1.0]] * 4, [1, 1, 1, -1], [0.0, 0.1, 0.3, 0.7])
    assert error.lower.tolist() == [0.25, 0.5, 0.5, 0.75]
    assert error.upper.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert error.exact.tolist() == [True, True, False, False]


def test_the_budget_narrows_the_bracket():
    model = KernelExpansion.from_parameters(
        [[0.0, 0.0], [2.0, 0.0], [1.0, 1.5]], [1.0, -1.0, 0.7], gamma=0.5, b=-0.1
    )
    points = np.random.default_rng(2).standard_normal((20, 2))
    y, eps = model.predict(points), np.linspace(0, 2, 50)
    few, many = (robust_error(model, points, y, eps, budget=b) for b in (0, 4000))
    assert (few.upper - few.lower).sum() > 10 * (many.upper - many.lower).sum()
    assert (many.lower <= few.upper).all()
    assert (few.lower <= many.upper).all()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("X", "y", "eps", "message"),
    [
        ([[1.0]], [1], -0.1, "eps must be at least 0"),
        ([[1.0]], [1, 1], 0.1, r"y must have shape \(1,\)"),
        (np.zeros((0, 1)), [], 0.1, "X must"),
        ([[1.0]], [0], 0.1, r"y must hold labels of the model, \[-1, 1\], got 0"),
        ([[1.0], [2.0]], [1, None], 0.1, r"y must hold labels .* got None"),
        ([[1.0], [2.0]], [1, "1"], 0.1, r"y must hold labels .* got '1'"),
    ],
)
def test_bad_arguments_are_refused(X, y, eps, message):
    with pytest.raises(ValueError, match=message):
        robust_error(LinearClassifier.from_parameters([1.0]), X, y, eps)


@pytest.mark.errors
def test_masked_entries_are_refused():
    """`numpy.asarray` shows what a mask hides."""
    model = LinearClassifier.from_parameters([1.0, 2.0])
    hidden = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])
    y, no_y = np.array([1, 1]), np.ma.array([1, 1], mask=[0, 1])
    for rows in (hidden, hidden.astype(np.float32)):
        with pytest.raises(ValueError, match="X must have no masked entries, got 1 of"):
            minimal_perturbation(model, rows)
    for call in (robust_error, worst_loss):
        with pytest.raises(ValueError, match="X must have no masked entries, got 1 of"):
            call(model, hidden, y, 0.1)
        with pytest.raises(ValueError, match="y must have no masked entries, got 1 of"):
            call(model, hidden.data, no_y, 0.1)
    shown = np.ma.array(hidden.data, mask=False)
    np.testing.assert_array_equal(
        minimal_perturbation(model, shown).distance,
        minimal_perturbation(model, hidden.data).distance,
    )
