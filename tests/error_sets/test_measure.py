import numpy as np
import pytest

from geomadv.data import NoisyLabels
from geomadv.error_sets import PiecewiseRule, measure, mislabelled_points
from geomadv.spaces import Cube, Gaussian, Sphere

HALF = PiecewiseRule([0.5], [-1, 1])
STRIPES = PiecewiseRule([0.3, 0.5, 0.56], [-1, 1, -1, 1])  # differs on .26


def test_piecewise_rules_are_measured_exactly():
    for law in ("cube", "torus", Cube(1), NoisyLabels.checkerboard(Cube(1), 1)):
        found = measure(STRIPES, HALF, law)
        assert found.lower == found.upper == pytest.approx(0.26, abs=1e-15)
        assert (found.method, found.error_rate) == ("intervals", 0.0)


def test_the_interval_misses_no_more_often_than_it_may(at_most):
    """200 runs at an error rate of .1; false alarm below 1e-6."""
    exact = measure(STRIPES, HALF, "cube").lower
    runs = [
        measure(
            lambda X: STRIPES.predict(X), HALF, Cube(1), rng=seed, n=300, error_rate=0.1
        )
        for seed in range(200)
    ]
    assert at_most(sum(exact not in found for found in runs), 200, 0.1)
    # An interval that never misses might be [0, 1]: it is as wide as it has to be.
    assert max(found.width for found in runs) < 0.1


def test_caps_of_the_sphere():
    """f* is constant, f is wrong on a cap of known measure; false alarm 1e-9."""
    sphere = Sphere(5)
    found = measure(
        lambda X: np.where(X[:, 0] >= 0.5, 1, -1), -1, sphere, rng=0, error_rate=1e-9
    )
    assert float(sphere.cap_measure(0.5)) in found
    assert found.width < 0.1


def test_rules_come_in_many_forms():
    problem = NoisyLabels.constant_noise(Gaussian(2), lambda X: np.sign(X[:, 0]), 0.1)

    class Model:
        def predict(self, X):
            return np.sign(X[:, 0])

    for model in (Model(), Model().predict, problem):
        assert measure(model, problem, problem, rng=0, n=100).lower == 0.0
    flipped = measure(lambda X: -Model().predict(X), problem, problem, rng=0, n=100)
    assert flipped.upper == 1.0


def test_mislabelled_points_are_a_share_of_the_noise():
    problem = NoisyLabels.constant_noise(Cube(3), 1, 0.25)
    X, y = problem.sample(4000, 0)
    wrong = mislabelled_points(X, y, problem)
    assert len(wrong) == (y == -1).sum()
    assert abs(len(wrong) - 1000) < 6 * np.sqrt(750)  # false alarm 2e-9
    assert mislabelled_points(X, y, lambda X: y).shape == (0, 3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measure("f", 1, Cube(1), rng=0), "model must be a classifier"),
        (lambda: measure(1, None, Cube(1), rng=0), "bayes must be a classifier"),
        (lambda: measure(1, float("nan"), Cube(1), rng=0), "bayes must be"),
        (lambda: measure(1, 1, "cube", rng=0), "law must have sample"),
        (lambda: measure(1, 1, Cube(1)), "rng must be"),
        (lambda: measure(1, 1, Cube(1), rng=0, n=0), "n must be at least 1"),
        (lambda: measure(1, 1, Cube(1), rng=0, error_rate=2.0), "error_rate"),
        (lambda: measure(lambda X: X, 1, Cube(2), rng=0), "model must return one"),
        (
            lambda: measure(lambda X: X[:, 0] * np.nan, 1, Cube(2), rng=0),
            "model must return labels, got nan",
        ),
        (lambda: mislabelled_points([[1.0]], [1, 1], 1), "y must have shape"),
        (lambda: mislabelled_points([[np.nan]], [1], 1), "X must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("ours", "theirs"), [((0, 1), (-1, 1)), ((-1, 1), (0, 1)), (("a", "b"), (-1, 1))]
)
def test_labels_of_different_kinds_are_refused(ours, theirs):
    points = np.linspace(0.0, 1.0, 21)[:, None]

    def rule(labels):
        return lambda X: np.where(X[:, 0] > 0.5, labels[1], labels[0])

    with pytest.raises(ValueError, match="must be the same ones"):
        measure(rule(ours), rule(theirs), Cube(1), rng=0)
    with pytest.raises(ValueError, match="must be the same ones"):
        mislabelled_points(points, rule(ours)(points), rule(theirs))
    assert len(mislabelled_points(points, np.ones(21), -1)) == 21
