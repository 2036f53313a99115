"""Weighted interpolated nearest neighbours against brute force and closed forms."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import WeightedInterpolatedNN
from geomadv.classifiers._labels import wrapped
from geomadv.classifiers._weighted_neighbours import neighbour_weights

RNG = np.random.default_rng(0)
X = RNG.random((300, 3))
Y = RNG.integers(0, 3, 300)
QUERIES = RNG.random((100, 3))


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        WeightedInterpolatedNN(),
        WeightedInterpolatedNN(1),
        WeightedInterpolatedNN(weights=0.5, domain="torus"),
    ]
)
def test_it_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def brute_force(queries, k, weights, torus):
    """Return eta by the definition, from all distances."""
    delta = queries[:, None] - X
    if torus:
        delta = np.abs(delta) % 1.0
        delta = np.minimum(delta, 1.0 - delta)
    r = np.sqrt((delta**2).sum(axis=2))
    order = np.argsort(r, axis=1)[:, : k + 1]
    near = np.take_along_axis(r, order, axis=1)
    z = near[:, :k] / near[:, k:]
    w = -np.log(z) if weights == "log" else z**-weights
    w /= w.sum(axis=1, keepdims=True)
    codes = Y[order[:, :k]]
    return np.stack([(w * (codes == c)).sum(axis=1) for c in range(3)], axis=1)


@pytest.mark.parametrize("domain", [None, "cube", "torus"])
@pytest.mark.parametrize("weights", ["log", 0.7, 2.0])
@pytest.mark.parametrize("k", [1, 2, 10])
def test_eta_is_that_of_brute_force(k, weights, domain):
    model = WeightedInterpolatedNN(k, weights, domain).fit(X, Y)
    expected = brute_force(QUERIES, k, weights, domain == "torus")
    assert np.allclose(model.predict_proba(QUERIES), expected, rtol=0, atol=1e-12)
    assert (model.predict(QUERIES) == expected.argmax(axis=1)).all()
    signed = model.decision_function(QUERIES)
    assert np.allclose(signed, 2 * expected - 1, rtol=0, atol=1e-12)


def test_one_neighbour_is_the_nearest_one():
    expected = KNeighborsClassifier(1).fit(X, Y).predict(QUERIES)
    for weights in ("log", 1.5):
        model = WeightedInterpolatedNN(1, weights).fit(X, Y)
        assert (model.predict(QUERIES) == expected).all()


@pytest.mark.parametrize("weights", ["log", 0.5, 40.0])
@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e150, 1e307])
def test_it_interpolates_at_every_scale(scale, weights):
    model = WeightedInterpolatedNN(10, weights).fit(X * scale, Y)
    eta = model.predict_proba(X * scale)
    assert (eta == (Y[:, None] == np.arange(3))).all()
    plain = WeightedInterpolatedNN(10, weights).fit(X, Y).predict_proba(QUERIES)
    assert np.allclose(model.predict_proba(QUERIES * scale), plain, atol=1e-9)


def test_points_of_two_scales_are_told_apart():
    tiny = 1e-250 * np.array([[0.0], [1.0], [3.0]])
    points = np.vstack([tiny, [[1.0], [1e100]]])
    model = WeightedInterpolatedNN(2, 1.0).fit(points, [0, 1, 0, 1, 0])
    assert (model.predict(points) == [0, 1, 0, 1, 0]).all()
    # r = .25, .75 of the two nearest, whose squares are below the least number
    eta = model.predict_proba([[0.25e-250]])
    assert np.allclose(eta, [[0.75, 0.25]], atol=1e-12)
    far = model.predict_proba([[1e300], [-1e300], [1.7e308]])
    assert np.isfinite(far).all()


@settings(max_examples=50)
@given(
    logs=st.lists(st.floats(-600, 600), min_size=3, max_size=6),
    delta=st.one_of(st.none(), st.floats(0.1, 50)),
)
def test_weights_are_those_of_long_arithmetic(logs, delta):
    r = np.exp(np.sort(logs))
    found = neighbour_weights(r[None], delta)[0]
    exact = [mpmath.mpf(float(v)) for v in r]
    if delta is None:
        w = [mpmath.log(exact[-1] / v) for v in exact[:-1]]
        if not any(w):
            w = [mpmath.mpf(1)] * len(w)
    else:
        w = [(v / exact[-1]) ** -delta for v in exact[:-1]]
    total = mpmath.fsum(w)
    assert np.abs(found - [float(v / total) for v in w]).max() < 1e-11


def test_equal_distances_weigh_alike():
    square = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    for weights in ("log", 1.0):
        model = WeightedInterpolatedNN(3, weights).fit(square, [0, 1, 1, 0])
        assert np.allclose(model.predict_proba([[0.0, 0.0]]), [[1 / 3, 2 / 3]])


def test_labels_of_duplicates_are_averaged():
    """The mean decides, of equal shares the first class; also beyond k of them."""
    points = [[0.0]] * 4 + [[1.0]] * 3 + [[2.0]]
    labels = [0, 1, 1, 1, 2, 1, 2, 0]
    model = WeightedInterpolatedNN(2, "log").fit(points, labels)
    eta = model.predict_proba([[0.0], [-0.0], [1.0]])
    assert np.allclose(eta, [[0.25, 0.75, 0], [0.25, 0.75, 0], [0, 1 / 3, 2 / 3]])
    assert (model.predict([[0.0], [1.0]]) == [1, 2]).all()
    tie = WeightedInterpolatedNN(2).fit(points, [1, 0, 0, 1, 2, 1, 2, 0])
    assert tie.predict([[0.0]]) == [0]


def test_the_torus_has_no_edge():
    """Dyadic points and shifts, so that nothing is rounded."""
    points = RNG.integers(0, 1024, (200, 2)) / 1024.0
    queries = RNG.integers(0, 4096, (50, 2)) / 4096.0
    labels = RNG.integers(0, 2, 200)
    model = WeightedInterpolatedNN(5, domain="torus").fit(points, labels)
    shift = RNG.integers(-3, 4, (50, 2))
    eta = model.predict_proba(queries)
    assert (model.predict_proba(queries + shift) == eta).all()
    moved = points + RNG.integers(-3, 4, (200, 2))
    again = WeightedInterpolatedNN(5, domain="torus").fit(moved, labels)
    assert (again.predict_proba(queries) == eta).all()
    assert (wrapped(np.array([[-1e-20, 1.0, -0.25]])) == [[0.0, 0.0, 0.75]]).all()
    two = WeightedInterpolatedNN(1, domain="torus").fit([[0.1], [0.6]], [0, 1])
    assert (two.predict([[0.95], [-1e-20], [0.37], [7.95]]) == [0, 0, 1, 0]).all()


@pytest.mark.parametrize(
    ("d", "k", "weights", "factor"),
    [(2, 20, "log", 20 * 2 / 21), (5, 100, 1.0, 1.0647), (5, 20, 1.0, 1.0581)],
)
def test_the_variance_factor(d, k, weights, factor):
    """k V_k for z_i independent with P(z <= t) = t^d.

    The second and third were simulated elsewhere to 4 digits. 40 000 samples; six
    standard errors are allowed, which fails with a probability below 1e-8.
    """
    rng = np.random.default_rng(1)
    z = np.sort(rng.random((40_000, k)) ** (1.0 / d), axis=1)
    r = np.column_stack([z, np.ones(len(z))])
    w = neighbour_weights(r, None if weights == "log" else weights)
    v = k * (w**2).sum(axis=1)
    assert abs(v.mean() - factor) < 6 * v.std() / math.sqrt(len(v)) + 1e-4


@pytest.mark.parametrize(
    ("k", "wrong"), [(5, 0.13112), (11, 0.0568468686), (21, 0.0159602879)]
)
def test_the_share_of_wrong_decisions(k, wrong):
    """Labels wrong with probability .2 about a query, weights -log z: known for any d.

    The neighbours are simulated. Six standard errors: a false alarm is rarer than 1e-8.
    """
    rng = np.random.default_rng(2)
    trials = 20_000
    r = np.sort(rng.random((trials, k + 1)) ** 0.5, axis=1)
    noisy = rng.random((trials, k)) < 0.2
    eta = (neighbour_weights(r, None) * noisy).sum(axis=1)
    errors = int((eta > 0.5).sum())
    assert abs(errors / trials - wrong) < 6 * math.sqrt(wrong * (1 - wrong) / trials)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_the_variance_of_eta_on_the_torus(d):
    """E (eta - .2)^2 = .16 * 2/(k + 1) where all is noise, whatever d is.

    40 samples with 300 queries each, k = 10; over 12 seeds the relative standard
    deviation was 2 %, so that 12 % is six of them.
    """
    rng = np.random.default_rng(4)
    squares = []
    for _ in range(40):
        points, labels = rng.random((1000, d)), rng.random(1000) < 0.2
        model = WeightedInterpolatedNN(10, domain="torus").fit(points, labels)
        eta = model.predict_proba(rng.random((300, d)))[:, 1]
        squares.append(np.mean((eta - 0.2) ** 2))
    assert abs(np.mean(squares) / (0.16 * 2 / 11) - 1) < 0.12


BAD = {
    "k": ({"n_neighbors": 0}, "n_neighbors must be at least 1"),
    "many": ({"n_neighbors": 300}, "n_neighbors must be less than the number of"),
    "word": ({"weights": "exp"}, "weights must be one of 'log'"),
    "delta": ({"weights": 0.0}, "weights must be above 0"),
    "nan": ({"weights": math.nan}, "weights must be above 0"),
    "domain": ({"domain": "sphere"}, "domain must be one of 'cube', 'torus'"),
}


@pytest.mark.errors
@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_are_refused(case):
    options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        WeightedInterpolatedNN(**options).fit(X, Y)


@pytest.mark.errors
def test_what_is_not_in_the_cube_is_refused():
    model = WeightedInterpolatedNN(domain="cube")
    with pytest.raises(ValueError, match=r"X must lie in the cube .* got 1.5"):
        model.fit(np.where(X[3, 1] == X, 1.5, X), Y)
    with pytest.raises(ValueError, match=r"X must lie in the cube .* got -0.5"):
        model.fit(X, Y).predict([[0.5, -0.5, 0.5]])
    with pytest.raises(ValueError, match="got one class"):
        model.fit(X, np.ones(300))
