"""Hilbert's kernel against 50-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import HilbertKernelClassifier
from geomadv.classifiers import _hilbert as module

RNG = np.random.default_rng(0)


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([HilbertKernelClassifier(), HilbertKernelClassifier("torus")])
def test_it_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def exact(points, labels, x, torus):
    """Return eta of the class 1."""
    total = mpmath.mpf(0)
    ones = mpmath.mpf(0)
    for p, label in zip(points, labels, strict=True):
        delta = [
            mpmath.mpf(float(a)) - mpmath.mpf(float(b))
            for a, b in zip(x, p, strict=True)
        ]
        if torus:
            delta = [min(abs(v), 1 - abs(v)) for v in delta]
        w = mpmath.fsum(v**2 for v in delta) ** (-mpmath.mpf(len(x)) / 2)
        total += w
        ones += w * int(label == 1)
    return float(ones / total)


@pytest.mark.parametrize("domain", [None, "torus"])
@pytest.mark.parametrize("d", [1, 2, 5, 20, 100])
def test_eta_is_that_of_long_arithmetic(d, domain):
    points, labels = RNG.random((60, d)), RNG.integers(0, 2, 60)
    queries = RNG.random((8, d))
    queries[0] = points[3] + 1e-9  # very near to a point
    model = HilbertKernelClassifier(domain).fit(points, labels)
    expected = [exact(points, labels, x, domain == "torus") for x in queries]
    eta = model.predict_proba(queries)
    assert np.abs(eta[:, 1] - expected).max() < 1e-12
    assert np.allclose(eta.sum(axis=1), 1.0, rtol=0, atol=1e-15)
    assert (model.predict(queries) == (np.array(expected) > 0.5)).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1.0, 1e150, 1e307])
@pytest.mark.parametrize("d", [1, 10])
def test_it_interpolates_at_every_scale(d, scale):
    points, labels = RNG.random((100, d)), RNG.integers(0, 3, 100)
    queries = RNG.random((20, d))
    model = HilbertKernelClassifier().fit(points * scale, labels)
    eta = model.predict_proba(points * scale)
    assert (eta == (labels[:, None] == np.arange(3))).all()
    plain = HilbertKernelClassifier().fit(points, labels).predict_proba(queries)
    assert np.allclose(model.predict_proba(queries * scale), plain, atol=1e-9)
    far = model.predict_proba(np.full((1, d), 1e308))
    assert np.isfinite(far).all()


def test_labels_of_duplicates_are_averaged_and_count_each():
    points = np.array([[0.0], [0.0], [0.5], [0.0]])
    labels = ["b", "a", "b", "a"]
    for domain in (None, "torus"):
        model = HilbertKernelClassifier(domain).fit(points, labels)
        assert np.allclose(model.predict_proba([[0.0]]), [[2 / 3, 1 / 3]])
        # at the middle all four weigh alike
        assert np.allclose(model.predict_proba([[0.25]]), [[0.5, 0.5]])
    tie = HilbertKernelClassifier().fit([[0.0], [0.0], [1.0]], ["b", "a", "b"])
    assert tie.predict([[0.0]]) == ["a"]


def test_the_torus_has_no_edge():
    points = RNG.integers(0, 1024, (200, 2)) / 1024.0
    queries = RNG.integers(0, 4096, (50, 2)) / 4096.0 + 1 / 8192
    labels = RNG.integers(0, 2, 200)
    model = HilbertKernelClassifier("torus").fit(points, labels)
    eta = model.predict_proba(queries)
    assert (model.predict_proba(queries + RNG.integers(-3, 4, (50, 2))) == eta).all()
    turned = HilbertKernelClassifier("torus").fit(points + 0.25, labels)
    again = turned.predict_proba(queries + 0.25)
    assert np.allclose(again, eta, rtol=0, atol=1e-13)


def test_blocks_do_not_matter_on_the_torus(monkeypatch):
    points, labels = RNG.random((50, 3)), RNG.integers(0, 2, 50)
    queries = RNG.random((20, 3))
    model = HilbertKernelClassifier("torus").fit(points, labels)
    eta = model.predict_proba(queries)
    monkeypatch.setattr(module, "_ROWS", 7)
    monkeypatch.setattr(module, "_COLUMNS", 3)
    assert np.allclose(model.predict_proba(queries), eta, rtol=0, atol=1e-14)


def test_the_variance_falls_like_one_over_log_n():
    """E sum w^2, d = 2, at n = 100, 1000, 10 000: .1692, .1105, .0855.

    A sum of squared weights is the variance of eta for labels that are noise alone.
    The figures were simulated elsewhere. Over 12 seeds the
    relative standard deviation was 4 %, so that 25 % is six of them.
    """
    rng = np.random.default_rng(3)
    for n, expected in ((100, 0.1692), (1000, 0.1105)):
        points, values = rng.random((n, 2)), []
        for _ in range(20):
            labels = rng.integers(0, 2, n)
            model = HilbertKernelClassifier("torus").fit(points, labels)
            values.append(model.predict_proba(rng.random((200, 2)))[:, 1] - 0.5)
        found = 4 * np.mean(np.square(values))
        assert abs(found / expected - 1) < 0.25


@pytest.mark.errors
def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="domain must be one of"):
        HilbertKernelClassifier("ball").fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="X must lie in the cube"):
        HilbertKernelClassifier("cube").fit([[0.0], [1.1]], [0, 1])
    with pytest.raises(ValueError, match="got one class"):
        HilbertKernelClassifier().fit([[0.0], [1.0]], [1, 1])
