"""Usefulness on samples: intervals that cover, and verdicts that are right."""

import math

import numpy as np
import pytest

from geomadv.data import GaussianPair
from geomadv.theories.features._features import LinearFeature, QuadraticFeature
from geomadv.theories.features._law import (
    LabelledMixture,
    linear_robust_usefulness,
    linear_usefulness,
)
from geomadv.theories.features._usefulness import (
    KINDS,
    _candidates,
    detect_features,
    robust_usefulness,
    usefulness,
)


def test_value_is_the_mean_over_the_points_that_are_counted():
    X, y = np.array([[1.0], [-2.0], [0.5]]), np.array([1.0, -1.0, -1.0])
    f = LinearFeature([2.0])
    rho = usefulness(f, X, y, scale=(0.5, 2.0))
    by_hand = [(2.0 - 0.5) / 2, -(-4.0 - 0.5) / 2, -(1.0 - 0.5) / 2]
    assert rho.value == pytest.approx(np.mean(by_hand))
    assert rho.n == 3
    gamma = robust_usefulness(f, X, y, 0.25, scale=(0.5, 2.0))
    assert gamma.value == pytest.approx(np.mean(by_hand) - 0.25)
    clipped = usefulness(f, X, y, scale=(0.5, 2.0), clip=1.0)
    assert clipped.value == pytest.approx(np.mean(np.clip(by_hand, -1, 1)))


def test_a_function_is_a_feature():
    X, y = GaussianPair([1.0]).sample(100, 0)
    one = usefulness(lambda X: 3 * X[:, 0] - 7, X, y)
    assert one.value == pytest.approx(usefulness([1.0], X, y).value)


def test_intervals_cover_the_values_of_the_law():
    """At an error rate of 1 %, in 60 samples, at most 5 misses (probability 4e-5)."""
    pair, a = GaussianPair([1.0, 0.5], [1.0, 0.25], prior=0.3), np.array([1.0, 1.0])
    truth = linear_usefulness(pair, a), linear_robust_usefulness(pair, a, 0.7, 1)
    t, n = (pair.prior * 2 - 1) * 1.5, 400
    sd = math.sqrt(1.25 + 1.5**2 * 4 * 0.3 * 0.7)
    misses = [0, 0]
    for seed in range(60):
        X, y = pair.sample(n, seed)
        options = {"scale": (t, sd), "error_rate": 0.01, "clip": 6.0}
        found = usefulness(a, X, y, **options)
        worst = robust_usefulness(a, X, y, 0.7, 1, **options)
        for k, (one, value) in enumerate(zip((found, worst), truth, strict=True)):
            misses[k] += value not in one.interval
    assert max(misses) <= 5


def test_wrong_values_are_left_out():
    pair = GaussianPair([1.0, 0.5])
    X, y = pair.sample(40_000, 1)
    rho = usefulness([1.0, 0.0], X, y, error_rate=1e-6)
    gamma = robust_usefulness([1.0, 0.0], X, y, 0.5, error_rate=1e-6)
    assert abs(rho.value - 0.5**0.5) < 0.03
    assert rho.interval.width < 0.12
    assert 1.1 * 0.5**0.5 not in rho.interval
    assert 0.5**0.5 not in gamma.interval


def test_what_is_useful_and_not_robust_is_detected():
    """Coordinates 0: robust; 1: useful and not robust; 2: noise."""
    X, y = GaussianPair([1.0, 0.2, 0.0], [1.0, 0.04, 1.0]).sample(20_000, 2)
    table = detect_features(X, y, 0.4, p=math.inf, error_rate=1e-4)
    verdicts = dict(zip(table.names, table.verdict, strict=True))
    assert verdicts == {
        "coordinate 0": "robust",
        "coordinate 1": "non-robust",
        "coordinate 2": "undecided",
    }
    assert table.robust.sum() == table.non_robust.sum() == 1
    assert len(table) == 3
    assert str(table).count("\n") == 3


def test_signs_are_those_of_the_correlation():
    X, y = GaussianPair([-1.0, 0.5]).sample(4000, 3)
    table = detect_features(X, y, 0.0)
    assert table.names[0] == "coordinate 0"
    assert all(rho.value > 0 for rho in table.rho)
    assert np.sign(table.features[0].values(np.eye(2)))[0] == -1.0


def test_a_threshold_of_usefulness_is_kept():
    X, y = GaussianPair([1.0, 0.1]).sample(20_000, 4)
    table = detect_features(X, y, 0.05, least=0.5)
    assert table.verdict == ("robust", "undecided")


def test_components_find_a_useful_direction_that_no_coordinate_shows():
    law = LabelledMixture([[3.0, 3.0], [-3.0, -3.0]], [1, -1], [[[2, 1], [1, 2]]] * 2)
    X, y = law.sample(4000, 5)
    table = detect_features(X, y, 1.0, kind="components")
    assert table.names[0] == "component 0"
    assert table.verdict[0] == "robust"
    a = table.features[0].values(np.eye(2))
    assert abs(abs(a @ [1, 1]) / math.sqrt(2) - 1) < 0.01


def test_bumps_find_what_no_line_can():
    """The class -1 on both sides of the class +1: rho of every line is 0."""
    law = LabelledMixture(
        [[-4.0, 0], [4.0, 0], [0.0, 0]], [-1, -1, 1], 0.5, [0.25, 0.25, 0.5]
    )
    X, y = law.sample(6000, 6)
    lines = detect_features(X, y, 0.1, error_rate=1e-3)
    bumps = detect_features(X, y, 0.1, kind="kernel", n_features=8, error_rate=1e-3)
    assert lines.verdict == ("undecided", "undecided")
    assert bumps.robust.sum() >= 4
    assert (~detect_features(X, y, 4.0, kind="kernel", error_rate=1e-3).robust).all()


@pytest.mark.parametrize("kind", KINDS)
def test_constants_are_left_out(kind):
    X, y = GaussianPair([1.0, 0.0]).sample(200, 7)
    X = np.column_stack([X, np.full(200, 0.5)])
    table = detect_features(X, y, 0.1, kind=kind, n_features=3)
    assert len(table) == (3 if kind == "kernel" else 2)
    none = detect_features(np.ones((200, 2)), y, 0.1, kind=kind, n_features=2)
    assert len(none) == 0
    assert none.robust.tolist() == []


def test_same_seed_same_table():
    X, y = GaussianPair([1.0, 0.3]).sample(300, 8)
    for kind in KINDS:
        one, two = (detect_features(X, y, 0.1, kind=kind, rng=3) for _ in range(2))
        assert (one.names, one.rho, one.gamma) == (two.names, two.rho, two.gamma)


def test_quadratic_features_of_a_sample():
    law = LabelledMixture([[-2.0], [2.0], [0.0]], [-1, -1, 1], 1.0, [0.25, 0.25, 0.5])
    X, y = law.sample(40_000, 9)
    f = QuadraticFeature([[-1.0]])
    rho = usefulness(f, X, y, error_rate=1e-6)
    assert abs(rho.value - 2 / math.sqrt(14)) < 0.03
    assert robust_usefulness(f, X, y, 0.0).value == pytest.approx(
        usefulness(f, X, y).value
    )


X4, Y4 = np.arange(8.0).reshape(4, 2), np.array([1, -1, 1, -1])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: detect_features(X4, Y4, -1.0), ValueError, "eps must be at least"),
        (lambda: detect_features(X4, Y4, 1.0, kind="x"), ValueError, "kind must be"),
        (lambda: detect_features(X4, [1] * 4, 1.0), ValueError, "y must hold both"),
        (lambda: detect_features(X4[:3], Y4[:3], 1.0), ValueError, "at least 4 points"),
        (
            lambda: detect_features(X4, Y4, 1.0, n_features=3),
            ValueError,
            "n_features must be at most 2",
        ),
        (lambda: usefulness([1.0, 0.0], X4, [0, 1, 1, 1]), ValueError, "y must be -1"),
        (lambda: usefulness([1.0], X4, Y4), ValueError, "X must have 1 columns"),
        (lambda: usefulness(lambda X: X, X4, Y4), ValueError, "finite values of shape"),
        (lambda: usefulness(lambda X: X[:, 0] * 0, X4, Y4), ValueError, "not be const"),
        (lambda: robust_usefulness(np.sum, X4, Y4, 1), TypeError, "feature must have"),
        (
            lambda: usefulness([1.0, 0.0], X4, Y4, scale=(0.0, 0.0)),
            ValueError,
            r"scale\[1\] must be above 0",
        ),
        (
            lambda: usefulness([1.0, 0.0], X4, Y4, error_rate=1.0),
            ValueError,
            "error_rate must lie in",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_one_error_rate_is_split_over_the_table():
    from geomadv.stats import BoundedSequence

    X, y = GaussianPair([1.0, 0.5, 0.0]).sample(400, 10)
    order = np.random.default_rng(0).permutation(400)
    first, second = np.sort(order[:200]), np.sort(order[200:])
    table = detect_features(X, y, 0.1, error_rate=0.06)
    place = table.names.index("coordinate 0")
    half = X[first, 0]
    e, s = half.mean(), half.std()
    bound = np.abs(half - e).max() / s
    sequence = BoundedSequence(0.01, -bound, bound)
    draws = y[second] * (X[second, 0] - e) / s
    sequence.update(np.clip(draws, -bound, bound))
    found = table.rho[place].interval
    assert found.lower == pytest.approx(sequence.interval.lower, abs=1e-9)
    assert found.upper == pytest.approx(sequence.interval.upper, abs=1e-9)


def test_what_the_sample_does_not_decide_is_undecided():
    """At eps near the mean gamma is about 0, and no interval leaves 0 out."""
    X, y = GaussianPair([1.0]).sample(2000, 11)
    verdicts = {
        eps: detect_features(X, y, eps, error_rate=1e-3).verdict[0]
        for eps in (0.7, 0.95, 1.0, 1.05, 1.3)
    }
    assert verdicts == {
        0.7: "robust",
        0.95: "undecided",
        1.0: "undecided",
        1.05: "undecided",
        1.3: "non-robust",
    }


def test_the_sign_of_a_feature_is_that_of_its_covariance_with_the_label():
    """The mean is -4 and most labels are 1: the mean product has the other sign."""
    X = np.array([[-3.0], [-4.0], [-3.5], [-5.5]])
    y, rng = np.array([1.0, 1.0, 1.0, -1.0]), np.random.default_rng(0)
    assert y @ X[:, 0] < 0
    ((_, feature, _, _),) = _candidates("coordinates", X, y, 1, rng)
    np.testing.assert_array_equal(feature.values(X), X[:, 0])


def test_bumps_are_as_wide_as_the_data():
    """Their exponent is 2 over the mean squared distance of two points."""
    X, y = GaussianPair([1.0, 0.5, 0.2]).sample(30, 0)
    ((_, bump, _, _),) = _candidates("kernel", X, y, 1, np.random.default_rng(0))
    squares = ((X[:, None] - X) ** 2).sum(axis=2)
    assert bump.gamma == pytest.approx(2 / squares.mean(), rel=1e-12)
