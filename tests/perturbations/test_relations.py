"""Votes of pairs and Fourier features: equivariance, boxes and the order of norms.

The same of other families is in their own tests.
"""

import functools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from geomadv.classifiers import FourierFeatures
from geomadv.perturbations import minimal_perturbation
from geomadv.perturbations._forms import after, decisions
from geomadv.perturbations._models import form_of

MODELS = {
    "linear votes": SVC(kernel="linear"),
    "quadratic votes": SVC(kernel="poly", degree=2, coef0=1.0),
    "Gaussian votes": SVC(gamma=0.5),
    "waves": make_pipeline(
        FourierFeatures(20, 0.5, random_state=0), LogisticRegression(C=10)
    ),
}
NORMED = [name for name in MODELS if name != "quadratic votes"]
ROUNDING = 1 + 1e-7
BUDGET = 600


@functools.cache
def case(name):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((30, 2)) * [1.0, 1.5]
    curve = X[:, 0] + 0.6 * X[:, 1] ** 2 + 0.3 * rng.standard_normal(30)
    y = np.digitize(curve, np.quantile(curve, [1 / 3, 2 / 3]))
    return form_of(MODELS[name].fit(X, y)), X[:2]


@functools.cache
def distances(name, p):
    form, X = case(name)
    return minimal_perturbation(form, X, p=p, budget=BUDGET)


@pytest.mark.parametrize("size", [0.01, 3.0])
@pytest.mark.parametrize("name", MODELS)
def test_moved_turned_and_scaled_distances_scale(name, size):
    form, X = case(name)
    R = np.array([[0.6, -0.8], [0.8, 0.6]])
    shift = size * np.array([2.0, -1.0])
    moved = after(form, R.T / size, -R.T @ shift / size)
    Y = size * X @ R.T + shift
    assert (decisions(moved, Y) == decisions(form, X)).all()
    there, here = minimal_perturbation(moved, Y, budget=BUDGET), distances(name, 2)
    assert (there.lower <= size * here.distance * ROUNDING).all()
    assert (size * here.lower <= there.distance * ROUNDING).all()
    # exact, or closed but for a few percent
    assert (there.distance <= 1.05 * there.lower).all()


@pytest.mark.parametrize("name", NORMED)
def test_norms_are_ordered(name):
    one, two, most = (distances(name, p) for p in (1, 2, np.inf))
    for less, more in ((most, two), (two, one)):
        assert (less.lower <= more.distance * ROUNDING).all()
        assert (more.lower <= np.sqrt(2.0) * less.distance * ROUNDING).all()


@pytest.mark.parametrize("p", [1, np.inf])
@pytest.mark.parametrize("name", NORMED)
def test_a_larger_box_is_no_farther(name, p):
    form, X = case(name)
    free, far = distances(name, p), np.abs(distances(name, p).delta[0]).max()
    wide, narrow = (
        minimal_perturbation(
            form, X[:1], p=p, budget=BUDGET, box=(X[0] - size, X[0] + size)
        )
        for size in (1.5 * far, 0.7 * far)
    )
    assert free.lower[0] <= wide.distance[0] * ROUNDING
    assert wide.lower[0] <= narrow.distance[0] * ROUNDING
    assert narrow.lower[0] > free.distance[0] * ROUNDING
