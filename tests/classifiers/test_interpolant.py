"""Minimum-norm interpolants: closed forms, long arithmetic, and honest errors."""

import mpmath
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import KernelInterpolant

RNG = np.random.default_rng(0)


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        KernelInterpolant(),
        KernelInterpolant("gaussian"),
        KernelInterpolant("laplacian", gamma=3.0, domain="torus"),
    ]
)
def test_it_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def test_two_points_in_closed_form():
    """K = (1 k; k 1), y = (-1, 1): a = y/(1 - k), |f|^2 = 2/(1 - k)."""
    for kernel, exponent in (("laplace", 1), ("gaussian", 2), ("laplacian", 1)):
        model = KernelInterpolant(kernel, gamma=0.5).fit([[0.0], [3.0]], ["a", "b"])
        k = np.exp(-0.5 * 3.0**exponent)
        assert np.allclose(model.norm_, np.sqrt(2 / (1 - k)), rtol=1e-14)
        x = np.array([[1.0], [2.5], [-7.0]])
        r = np.abs(x - [[0.0, 3.0]])
        f = np.exp(-0.5 * r**exponent) @ [-1.0, 1.0] / (1 - k)
        assert np.allclose(model.decision_function(x), f, rtol=1e-13)
        assert np.isclose(model.condition_, (1 + k) / (1 - k), rtol=1e-12)
        assert (model.predict([[0.0], [3.0], [9.0]]) == ["a", "b", "b"]).all()


@pytest.mark.parametrize(
    ("kernel", "metric", "power"),
    [
        ("laplace", "euclidean", 1),
        ("gaussian", "euclidean", 2),
        ("laplacian", "cityblock", 1),
    ],
)
def test_the_function_is_that_of_long_arithmetic(kernel, metric, power):
    points, y = RNG.random((15, 2)), RNG.integers(0, 2, 15)
    queries = RNG.random((10, 2))
    model = KernelInterpolant(kernel, gamma=4.0).fit(points, y)

    def matrix(x):
        r = cdist(x, points, metric)
        return mpmath.matrix(r.tolist()).apply(lambda v: mpmath.exp(-4 * v**power))

    a = mpmath.lu_solve(matrix(points), mpmath.matrix((2.0 * y - 1).tolist()))
    norm = mpmath.sqrt(mpmath.fsum(a[i] * (2 * int(y[i]) - 1) for i in range(15)))
    expected = np.array((matrix(queries) * a).tolist(), float)[:, 0]
    # the distances are float64's, which the condition multiplies
    tolerance = 1e-15 * model.condition_
    assert tolerance < 1e-4
    assert np.abs(model.decision_function(queries) - expected).max() < tolerance
    assert abs(model.norm_[0] / norm - 1) < tolerance


@pytest.mark.parametrize("domain", ["cube", "torus"])
@pytest.mark.parametrize(
    ("kernel", "gamma", "n"), [("laplace", 1.0, 400), ("gaussian", 300.0, 60)]
)
def test_it_interpolates(kernel, gamma, n, domain):
    points, y = RNG.random((n, 2)), RNG.integers(0, 3, n)
    model = KernelInterpolant(kernel, gamma, domain).fit(points, y)
    wanted = 2.0 * (y[:, None] == np.arange(3)) - 1
    error = np.abs(model.decision_function(points) - wanted).max()
    assert model.interpolation_error_ == pytest.approx(error, rel=0.5, abs=1e-15)
    assert error < 1e-8
    assert (model.predict(points) == y).all()
    assert model.norm_.shape == (3,)


@pytest.mark.parametrize("kernel", ["laplace", "gaussian"])
@pytest.mark.parametrize("scale", [1e-150, 1e140])
def test_it_interpolates_at_every_scale(scale, kernel):
    points, y = RNG.random((50, 2)), RNG.integers(0, 2, 50)
    gamma = 30.0 / scale ** (2 if kernel == "gaussian" else 1)
    with np.errstate(all="raise", under="ignore"):
        model = KernelInterpolant(kernel, gamma).fit(points * scale, y)
    plain = KernelInterpolant(kernel, 30.0).fit(points, y)
    assert model.condition_ == pytest.approx(plain.condition_, rel=1e-2)
    assert (model.predict(points * scale) == y).all()


def test_a_singular_matrix_is_said_to_be_one():
    """The Gaussian's matrix, n = 200 and gamma = 1: what is computed misses labels."""
    points, y = RNG.random((200, 2)), RNG.integers(0, 2, 200)
    with pytest.warns(ConvergenceWarning, match=r"misses labels by up to .*condition"):
        model = KernelInterpolant("gaussian").fit(points, y)
    assert model.condition_ == np.inf
    found = np.abs(model.decision_function(points) - (2.0 * y - 1)).max()
    assert model.interpolation_error_ == pytest.approx(found)
    assert found > 0.1
    assert np.isfinite(model.decision_function(RNG.random((9, 2)))).all()
    KernelInterpolant("gaussian", tol=2.5).fit(points, y)  # without a warning


def test_no_other_interpolant_has_a_smaller_norm():
    """Adding functions that vanish at the points makes the norm larger."""
    points, y = RNG.random((20, 2)), RNG.integers(0, 2, 20)
    model = KernelInterpolant("laplace", 2.0).fit(points, y)
    more = RNG.random((5, 2))
    both = np.vstack([points, more])
    K = np.exp(-2.0 * cdist(both, both))
    a = np.linalg.solve(K[:20, :20], 2.0 * y - 1)
    assert np.allclose(model.norm_[0] ** 2, a @ K[:20, :20] @ a)
    for _ in range(5):
        values = model.decision_function(more) + 0.1 * RNG.standard_normal(5)
        target = np.concatenate([2.0 * y - 1, values])
        assert target @ np.linalg.solve(K, target) > model.norm_[0] ** 2


def test_labels_of_duplicates_are_averaged():
    points = [[0.0], [0.0], [1.0], [0.0], [2.0], [2.0]]
    model = KernelInterpolant().fit(points, [0, 1, 0, 1, 1, 0])
    assert np.allclose(model.decision_function([[0.0], [1.0]]), [1 / 3, -1])
    assert model.expansion_.centres_.shape == (3, 1)
    assert abs(model.decision_function([[2.0]])[0]) < 1e-14  # a tie
    assert model.interpolation_error_ < 1e-14


def test_the_torus_has_no_edge():
    points = RNG.integers(0, 1024, (80, 2)) / 1024.0
    queries, y = RNG.integers(0, 4096, (50, 2)) / 4096.0, RNG.integers(0, 2, 80)
    model = KernelInterpolant(gamma=2.0, domain="torus").fit(points, y)
    f = model.decision_function(queries)
    assert (model.decision_function(queries + RNG.integers(-3, 4, (50, 2))) == f).all()
    turned = KernelInterpolant(gamma=2.0, domain="torus").fit(points + 0.375, y)
    assert np.allclose(turned.decision_function(queries + 0.375), f, atol=1e-9)
    # two points: K has exp(-gamma r) with r = |sin(pi/4)| sqrt(2)/pi = 1/pi
    two = KernelInterpolant(gamma=2.0, domain="torus").fit(
        [[0.9, 0], [0.15, 0.25]], [0, 1]
    )
    k = np.exp(-2.0 / np.pi)
    assert np.isclose(two.norm_[0], np.sqrt(2 / (1 - k)))


@pytest.mark.parametrize("domain", [None, "torus"])
@pytest.mark.parametrize("kernel", ["laplace", "gaussian", "laplacian"])
def test_of_classes_that_tie_at_a_point_the_first_is_decided(kernel, domain):
    """Rounding would decide for the second one at about half of these points."""
    rng = np.random.default_rng(0)
    points, y = rng.random((30, 2)), rng.integers(0, 3, 30)
    y[10:] %= 2
    both, labels = np.vstack([points, points[:10]]), np.append(y, (y[:10] + 1) % 3)
    model = KernelInterpolant(kernel, 30.0, domain).fit(both, labels)
    first = np.minimum(y[:10], (y[:10] + 1) % 3)
    assert (model.predict(points) == np.append(first, y[10:])).all()
    two = KernelInterpolant(kernel, 30.0, domain).fit(
        np.vstack([points, points[:10]]), np.append(y > 0, y[:10] == 0)
    )
    assert (two.decision_function(points[:10]) == 0.0).all()
    assert not two.predict(points[:10]).any()
    assert (two.predict(points[10:]) == (y[10:] > 0)).all()


BAD = {
    "kernel": ({"kernel": "polynomial"}, "kernel must be one of 'laplace'"),
    "gamma": ({"gamma": 0.0}, "gamma must be above 0"),
    "tol": ({"tol": -1.0}, "tol must be at least 0"),
    "domain": ({"domain": "ball"}, "domain must be one of 'cube', 'torus'"),
    "cube": ({"domain": "cube"}, "X must lie in the cube"),
}


@pytest.mark.errors
@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_are_refused(case):
    options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        KernelInterpolant(**options).fit([[0.0], [3.0]], [0, 1])
    with pytest.raises(ValueError, match="got one class"):
        KernelInterpolant().fit([[0.0], [3.0]], [1, 1])
