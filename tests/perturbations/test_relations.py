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
SAME = 1e-3  # twice the relative gap of brackets, and more


@functools.cache
def case(name):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((30, 2)) * [1.0, 1.5]
    curve = X[:, 0] + 0.6 * X[:, 1] ** 2 + 0.3 * rng.standard_normal(30)
    y = np.digitize(curve, np.quantile(curve, [1 / 3, 2 / 3]))
    return form_of(MODELS[name].fit(X, y)), X[:3]


@functools.cache
def distances(name, p, width=np.inf):
    form, X = case(name)
    box = None if np.isinf(width) else (X.min(axis=0) - width, X.max(axis=0) + width)
    return minimal_perturbation(form, X, p=p, box=box, budget=3000)


@pytest.mark.parametrize("size", [0.01, 3.0])
@pytest.mark.parametrize("name", MODELS)
def test_moved_turned_and_scaled_distances_scale(name, size):
    form, X = case(name)
    R = np.array([[0.6, -0.8], [0.8, 0.6]])
    shift = size * np.array([2.0, -1.0])
    moved = after(form, R.T / size, -R.T @ shift / size)
    Y = size * X @ R.T + shift
    assert (decisions(moved, Y) == decisions(form, X)).all()
    there, here = minimal_perturbation(moved, Y, budget=3000), distances(name, 2)
    np.testing.assert_allclose(there.distance, size * here.distance, rtol=SAME)
    np.testing.assert_allclose(there.lower, size * here.lower, rtol=SAME)


@pytest.mark.parametrize("name", NORMED)
def test_norms_are_ordered(name):
    one, two, most = (distances(name, p) for p in (1, 2, np.inf))
    for less, more in ((most, two), (two, one)):
        assert (less.lower <= more.distance).all()
        assert (more.lower <= np.sqrt(2.0) * less.distance).all()
        assert (more.distance <= np.sqrt(2.0) * (1 + SAME) * less.distance).all()
        assert (less.distance <= (1 + SAME) * more.distance).all()


@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize("name", NORMED)
def test_a_larger_box_is_no_farther(name, p):
    narrow, wide, free = (distances(name, p, width) for width in (0.1, 0.6, np.inf))
    for less, more in ((free, wide), (wide, narrow)):
        assert (less.lower <= more.lower * (1 + SAME)).all()
        assert (less.distance <= more.distance * (1 + SAME)).all()
    assert (narrow.distance > free.distance * (1 + SAME)).any()
