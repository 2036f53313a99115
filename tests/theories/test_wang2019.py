import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from geomadv.perturbations import minimal_perturbation
from geomadv.theories.oscillation.wang2019 import bisector_bound, gap_ratio

SAME, OTHER = [[0, 0], [1, 0], [0, 1]], [[2, 2], [3, 0], [-1, -2]]


@pytest.mark.parametrize(
    ("x", "distance"),
    [((0.1, 0.1), 1.2521980674), ((0.9, 0.05), 1.1), ((0.0, 0.9), 1.1627553483)],
)
def test_reference_values(x, distance):
    assert bisector_bound([x], SAME, OTHER)[0] == pytest.approx(distance, rel=1e-9)


def test_the_example_of_the_gap():
    own, other = [[-1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0]]
    bound = bisector_bound([[0.0, 0.0]], own, other)[0]
    model = KNeighborsClassifier(1).fit(own + other, [0, 0, 1])
    exact = minimal_perturbation(model, [[0.0, 0.0]]).distance[0]
    assert bound == pytest.approx(0.6708203932, rel=1e-9)
    assert exact == pytest.approx(0.75, rel=1e-9)
    assert exact / bound == pytest.approx(gap_ratio(2.0), rel=1e-9)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_nothing_is_decided_otherwise_within_the_bound(k):
    rng = np.random.default_rng(k)
    own, other = rng.standard_normal((12, 3)), rng.standard_normal((9, 3)) + 1.0
    model = KNeighborsClassifier(k).fit(np.r_[own, other], np.repeat([0, 1], [12, 9]))
    X = rng.standard_normal((60, 3)) - 0.5
    X = X[model.predict(X) == 0]
    bound = bisector_bound(X, own, other, n_neighbors=k)
    assert (bound > 0).all()
    for x, radius in zip(X, bound, strict=True):
        v = rng.standard_normal((400, 3))
        v *= radius * (1 - 1e-9) / np.linalg.norm(v, axis=1)[:, None]
        assert (model.predict(x + v) == 0).all()


@pytest.mark.parametrize("k", [1, 3])
def test_the_order_statistics_are_those_of_the_definition(k):
    rng = np.random.default_rng(10 + k)
    own, other = rng.standard_normal((6, 2)), rng.standard_normal((5, 2)) + 2.0
    x, s = np.zeros(2), (k + 1) // 2
    each = sorted(
        sorted(max(0.0, (w @ w - z @ z) / (2 * np.linalg.norm(w - z))) for z in own)[-s]
        for w in other
    )
    found = bisector_bound([x], own, other, n_neighbors=k)
    assert found == pytest.approx([each[s - 1]])


def test_degenerate_cases():
    assert bisector_bound([[0.0]], [[0.0]], [[0.0]]) == pytest.approx([0.0])
    few = bisector_bound([[0.0]], [[0.0], [1.0]], [[2.0]], n_neighbors=3)
    assert np.isinf(few).all()
    assert not bisector_bound([[0.0]], [[0.0]], [[2.0], [3.0]], n_neighbors=3).any()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: bisector_bound([[0.0]], [[0.0]], [[1.0]], n_neighbors=2),
            "odd, got 2",
        ),
        (lambda: bisector_bound([[0.0]], [[0.0, 1.0]], [[1.0]]), "own must"),
        (lambda: bisector_bound([[np.nan]], [[0.0]], [[1.0]]), "X must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
