"""Linear functions of kernel and Fourier features, and how far they are certain."""

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from geomadv.classifiers import FourierFeatures, KernelFeatures, LinearClassifier
from geomadv.perturbations import minimal_perturbation


def blobs(classes, n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    return rng.standard_normal((classes, 2))[y] * 2 + rng.standard_normal((n, 2)), y


@pytest.mark.parametrize("classes", [2, 3])
def test_a_linear_function_of_kernel_features_is_an_expansion(classes):
    X, y = blobs(classes)
    model = make_pipeline(KernelFeatures(0.4), LogisticRegression(C=10)).fit(X, y)
    found = model[0].expansion(model[-1])
    Q = 2.0 * np.random.default_rng(1).standard_normal((500, 2))
    np.testing.assert_allclose(
        found.decision_function(Q), model.decision_function(Q), atol=1e-7
    )
    assert (found.predict(Q) == model.predict(Q)).mean() > 0.999
    assert set(found.predict(Q)) == set(range(classes))


def test_the_distance_of_a_pipeline_is_that_of_its_expansion():
    X, y = blobs(2)
    model = make_pipeline(KernelFeatures(0.4), LogisticRegression()).fit(X, y)
    Q = X[:6]
    found = minimal_perturbation(model[0].expansion(model[-1]), Q)
    ticks = np.linspace(-6, 6, 601)
    Z = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    labels = model.predict(Z)
    for x, low, high, own in zip(
        Q, found.lower, found.distance, model.predict(Q), strict=True
    ):
        brute = np.linalg.norm(Z[labels != own] - x, axis=1).min()
        assert low <= brute + 1e-9
        assert high >= brute - 0.03


@pytest.mark.parametrize("classes", [2, 3])
def test_no_decision_changes_within_the_radius_of_fourier_features(classes):
    X, y = blobs(classes)
    features = FourierFeatures(30, 0.4, random_state=2)
    model = make_pipeline(features, LogisticRegression(C=10)).fit(X, y)
    rng = np.random.default_rng(3)
    Q = 2.0 * rng.standard_normal((300, 2))
    radius = model[0].certified_radius(model[-1], Q)
    code = model.predict(Q)
    u = rng.standard_normal((200, 1, 2))
    u /= np.linalg.norm(u, axis=2, keepdims=True)
    Z = Q + u * (0.999 * radius)[:, None]
    assert (model.predict(Z.reshape(-1, 2)).reshape(200, -1) == code).all()
    assert (radius > 0).all()
    # and at three times the radius most decisions change somewhere
    Z = Q + u * (3.0 * radius)[:, None]
    changed = (model.predict(Z.reshape(-1, 2)).reshape(200, -1) != code).any(axis=0)
    assert changed.mean() > 0.6


def test_the_radius_of_one_wave_is_known():
    """To first order g/|g'|, to second order the root; at a peak sqrt(2 g/M)."""
    features = FourierFeatures(1, random_state=0).fit([[0.0]])
    features.frequencies_ = np.full((1, 1), 2.0)
    wave = LinearClassifier.from_parameters([1.0, 0.0], 0.25)  # 1/4 + cos 2x
    found = features.certified_radius(wave, [[0.0], [math.pi / 2]])
    assert found == pytest.approx([math.sqrt(2 * 1.25 / 4), math.sqrt(2 * 0.75 / 4)])
    always = LinearClassifier.from_parameters([1.0, 0.0], 1.5)
    assert np.isinf(features.certified_radius(always, [[0.3]])).all()


@pytest.mark.parametrize("size", [1e160, 1e308])
def test_huge_steps_and_noise_have_the_limits(size):
    X, _ = blobs(2)
    kernel, fourier = KernelFeatures(0.5).fit(X), FourierFeatures(5, 0.5, 0).fit(X)
    for found in (kernel.radius(size), kernel.noise(size), fourier.noise(size)):
        assert found == pytest.approx(math.sqrt(2))
    assert fourier.radius(size) == 2.0


@pytest.mark.errors
def test_models_of_other_features_are_refused():
    X, _ = blobs(2)
    other = LinearClassifier.from_parameters([1.0, 2.0])
    with pytest.raises(ValueError, match="model must have 60 weights"):
        KernelFeatures(50.0).fit(X).expansion(other)
    with pytest.raises(ValueError, match="model must have 10 weights"):
        FourierFeatures(5).fit(X).certified_radius(other, X)
