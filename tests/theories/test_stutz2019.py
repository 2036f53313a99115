"""On and off the manifold: fractions, latent perturbations, robust errors.

Tests with random points fail by chance with probability below 1e-4 each.
"""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.data import (
    EmbeddedSpheres,
    FlatTorusDecoder,
    LinearDecoder,
    NestedTori,
    SwissRolls,
)
from geomadv.perturbations import minimal_perturbation
from geomadv.theories.manifold.stutz2019 import (
    ProjectedClassifier,
    adaptive_bounds,
    fraction_probability,
    normal_fraction,
    null_fraction,
    on_manifold_error,
    on_manifold_model,
    on_manifold_perturbation,
    projected_model,
)


def test_null_has_its_reference_value():
    assert null_fraction(10, 784) == pytest.approx(0.993602, abs=5e-7)
    assert null_fraction(0, 5) == 1.0
    assert null_fraction(5, 5) == 0.0


@pytest.mark.parametrize(("k", "d"), [(1, 2), (3, 12), (9, 10)])
def test_fractions_of_random_directions_have_the_null_law(k, d):
    data = LinearDecoder(k, d, rotation=0)
    rng = np.random.default_rng(0)
    delta = rng.standard_normal((4000, d))
    found = normal_fraction(data, data.sample(4000, rng)[0], delta)
    assert (found**2).mean() == pytest.approx(null_fraction(k, d) ** 2, abs=0.03)
    chance = fraction_probability(found, k, d)
    assert stats.kstest(chance, "uniform").pvalue > 1e-4


def test_fractions_on_a_curved_manifold_are_those_of_the_explicit_projection():
    spheres = EmbeddedSpheres(2, 6, rotation=1)
    rng = np.random.default_rng(1)
    X, _ = spheres.sample(50, rng)
    delta = rng.standard_normal((50, 6))
    T = spheres.tangent(X)
    rest = delta - np.einsum("nij,nkj,nk->ni", T, T, delta)
    expected = np.linalg.norm(rest, axis=1) / np.linalg.norm(delta, axis=1)
    assert normal_fraction(spheres, X, delta) == pytest.approx(expected)


def test_no_perturbation_has_no_fraction():
    data = LinearDecoder(1, 2)
    assert np.isnan(normal_fraction(data, [[1.0, 0.0]], [[0.0, 0.0]])).all()


def test_classifier_that_is_constant_in_normal_directions_stays_on_the_manifold():
    data = LinearDecoder(3, 20, rotation=2)
    w = data.decode(np.array([[1.0, -2.0, 0.5]]))[0]
    X, _ = data.sample(30, 3)
    found = minimal_perturbation(LinearClassifier.from_parameters(w, 0.2), X)
    assert normal_fraction(data, X, found.delta).max() < 1e-12


@pytest.mark.parametrize("kind", ["linear", "classes", "quadratic"])
def test_latent_model_decides_as_the_model_of_decoded_points(kind):
    rng = np.random.default_rng(4)
    data = LinearDecoder(3, 8, scales=[2.0, 1.0, 0.3], rotation=5)
    if kind == "quadratic":
        A = rng.standard_normal((8, 8))
        model = QuadraticClassifier.from_parameters(A + A.T, rng.normal(size=8), -0.5)
    elif kind == "linear":
        model = LinearClassifier.from_parameters(rng.normal(size=8), 0.3)
    else:
        model = LinearClassifier.from_parameters(
            rng.normal(size=(4, 8)), rng.normal(size=4)
        )
    z = rng.standard_normal((200, 3))
    latent = on_manifold_model(model, data)
    assert np.allclose(
        latent.decision_function(z), model.decision_function(data.decode(z))
    )
    assert (latent.predict(z) == model.predict(data.decode(z))).all()


@pytest.mark.parametrize("kind", ["linear", "quadratic"])
def test_no_latent_perturbation_that_crosses_is_shorter(kind):
    """Steps of that length in very many directions do not cross; the found one does."""
    rng = np.random.default_rng(6)
    data = LinearDecoder(2, 7, scales=[1.5, 0.5], rotation=7)
    if kind == "linear":
        model = LinearClassifier.from_parameters(rng.normal(size=7), 0.4)
    else:
        A = rng.standard_normal((7, 7))
        model = QuadraticClassifier.from_parameters(A + A.T, rng.normal(size=7), 0.2)
    z = rng.standard_normal((10, 2))
    latent, delta = on_manifold_perturbation(model, data, z)
    assert latent.exact.all()
    before = model.predict(data.decode(z))
    assert (model.predict(data.decode(z) + 1.000001 * delta) != before).all()
    angle = np.linspace(0, 2 * math.pi, 2000)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    for i in range(10):
        for share in (0.5, 0.999):
            near = z[i] + share * latent.distance[i] * circle
            assert (model.predict(data.decode(near)) == before[i]).all()


@pytest.mark.parametrize(
    ("k", "a", "b"), [(1, 0.5, 0.1), (2, 1.0, -0.4), (3, 2.0, 1.0)]
)
def test_steps_on_the_flat_torus_are_the_smallest_of_many_descents(k, a, b):
    """SLSQP from many starts, on the constraint f(g(z + step)) = 0."""
    data = FlatTorusDecoder(k, 2 * k + 3, a=a, rotation=k)
    rng = np.random.default_rng(14)
    w = rng.normal(size=data.d)
    model = LinearClassifier.from_parameters(w, b)
    z = rng.uniform(-4, 4, (6, k))
    latent, delta = on_manifold_perturbation(model, data, z)
    level = model.decision_function(data.decode(z) + delta)
    assert level == pytest.approx(np.zeros(6), abs=1e-9)
    before = model.predict(data.decode(z))
    further = z + 1.0001 * latent.delta
    assert (model.predict(data.decode(further)) != before).all()
    assert np.linalg.norm(latent.delta, axis=1) == pytest.approx(latent.distance)
    for i in range(6):
        best = math.inf
        for start in rng.normal(scale=2 * a, size=(12, k)):
            found = optimize.minimize(
                lambda s: s @ s,
                start,
                method="SLSQP",
                constraints={
                    "type": "eq",
                    "fun": lambda s, i=i: model.decision_function(
                        data.decode(z[i : i + 1] + s)
                    )[0],
                },
            )
            if found.success:
                best = min(best, math.sqrt(found.fun))
        assert latent.distance[i] <= best + 1e-6
        assert best - latent.distance[i] < 1e-4


def test_no_step_where_the_torus_is_on_one_side():
    data = FlatTorusDecoder(2, 4)
    for sign in (-1.0, 1.0):
        model = LinearClassifier.from_parameters([0.3, 0.4, 0.6, 0.8], sign * 1.6)
        latent, delta = on_manifold_perturbation(model, data, [[0.0, 1.0]])
        assert latent.distance[0] == math.inf
        assert not delta.any()
    model = LinearClassifier.from_parameters([0.3, 0.4, 0.6, 0.8], 1.4)
    latent, _ = on_manifold_perturbation(model, data, [[0.0, 1.0], [0.0, 0.0]])
    assert (latent.distance < math.pi * math.sqrt(2)).all()


def test_points_at_a_pole_of_the_torus_have_steps():
    """Where the gradient is 0 the step leaves the pole, to either side."""
    circle = FlatTorusDecoder(1, 2)
    model = LinearClassifier.from_parameters([1.0, 0.0], 0.3)
    latent, _ = on_manifold_perturbation(model, circle, [[0.0], [math.pi]])
    assert latent.distance == pytest.approx(
        [math.acos(-0.3), math.pi - math.acos(-0.3)], abs=1e-9
    )


def test_regular_perturbations_are_shorter_by_the_cosine():
    data = LinearDecoder(4, 30, rotation=8)
    w = np.random.default_rng(9).standard_normal(30)
    model = LinearClassifier.from_parameters(w, 0.1)
    X, _ = data.sample(20, 10)
    regular = minimal_perturbation(model, X)
    phi = normal_fraction(data, X, regular.delta)
    latent, _ = on_manifold_perturbation(model, data, data.encode(X))
    assert latent.distance == pytest.approx(regular.distance / np.sqrt(1 - phi**2))
    defended = projected_model(model, data)
    assert (defended.predict(X) == model.predict(X)).all()
    # what was found for the undefended model no longer crosses, what is found anew does
    assert (defended.predict(X + 1.001 * regular.delta) == model.predict(X)).all()
    adaptive = minimal_perturbation(defended, X)
    assert adaptive.distance == pytest.approx(latent.distance)
    assert normal_fraction(data, X, adaptive.delta).max() < 1e-10


@pytest.mark.parametrize(("angle", "eta"), [(0.3, 0.2), (1.5, 0.7), (2.5, 0.1)])
def test_on_manifold_error_is_the_share_near_an_error(angle, eta):
    """The nearest error is searched for over a fine disc of steps."""
    rng = np.random.default_rng(11)
    n = 20_000
    z = rng.standard_normal((n, 2))
    a = np.array([math.cos(angle), math.sin(angle)])
    found = np.zeros(n, bool)
    for radius in np.linspace(0, eta, 12):
        for turn in np.linspace(0, 2 * math.pi, 120, endpoint=False):
            step = radius * np.array([math.cos(turn), math.sin(turn)])
            found |= np.sign((z + step) @ a) != np.sign(z[:, 0] + step[0])
    share = float(on_manifold_error(angle, eta))
    assert found.mean() == pytest.approx(
        share, abs=0.004 + 4 * math.sqrt(share * (1 - share) / n)
    )


def test_on_manifold_error_without_steps_is_the_error():
    t = np.array([0.01, 1.0, 3.0])
    assert on_manifold_error(t, 0.0) == pytest.approx(t / math.pi, rel=1e-12)
    small = on_manifold_error(1e-9, 0.5)
    assert small == pytest.approx(stats.norm.cdf(0.5) - stats.norm.cdf(-0.5), rel=1e-7)


# --- Projection ----------------------------------------------------------------------


def test_projected_classifier_is_that_of_the_subspace_for_a_linear_decoder():
    data = LinearDecoder(3, 12, rotation=1)
    rng = np.random.default_rng(12)
    model = LinearClassifier.from_parameters(rng.normal(size=12), 0.3)
    X = rng.normal(size=(200, 12))
    defended = ProjectedClassifier(model, data)
    assert (defended.predict(X) == projected_model(model, data).predict(X)).all()
    assert (defended.classes_ == model.classes_).all()
    assert defended.decision_function(X) == pytest.approx(
        projected_model(model, data).decision_function(X)
    )


@pytest.mark.parametrize(
    "data",
    [
        NestedTori(4, rotation=0),
        SwissRolls(5, rotation=1),
        EmbeddedSpheres(2, 4, rotation=2),
        FlatTorusDecoder(2, 6, rotation=3),
    ],
)
def test_no_perturbation_below_the_bound_changes_the_projected_decision(data):
    """D from the points of a net that are decided otherwise, which is a bit too large.

    Adaptive steps: towards those points, and in random directions.
    """
    rng = np.random.default_rng(13)
    w = rng.normal(size=data.d)
    net, _ = data.sample(20_000, rng)
    level = float(np.quantile(net @ w, 0.4))
    model = LinearClassifier.from_parameters(w, -level)
    defended = ProjectedClassifier(model, data)
    X, _ = data.sample(30, rng)
    decided, around = model.predict(X), model.predict(net)
    for x, label in zip(X, decided, strict=True):
        others = net[around != label]
        gaps = np.linalg.norm(others - x, axis=1)
        D = gaps.min()
        lower, upper = adaptive_bounds(D, data.reach)
        assert lower < upper == D
        # the net may miss nearer points by its spacing
        size = 0.95 * max(float(lower) - 0.15, 0.0)
        aim = others[np.argsort(gaps)[:300]] - x
        steps = np.vstack([aim, rng.normal(size=(300, data.d))])
        steps *= size / np.linalg.norm(steps, axis=1, keepdims=True)
        assert (defended.predict(x + steps) == label).all()
        assert defended.predict(others[gaps.argmin()][None])[0] != label


@pytest.mark.parametrize("t", [0.1, 0.8, 1.5])
def test_on_a_circle_the_smallest_adaptive_perturbation_is_the_sine(t):
    """Steps in all directions of the plane, at a share of that length and beyond it."""
    a = 1.5
    data = FlatTorusDecoder(1, 2, a=a)
    # decided by the side of a line through the centre, an angle t from x
    model = LinearClassifier.from_parameters([math.sin(t), -math.cos(t)], 0.0)
    defended = ProjectedClassifier(model, data)
    x = np.array([[a, 0.0]])
    turn = np.linspace(0, 2 * math.pi, 20_001)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    changed = [
        (defended.predict(x + share * a * math.sin(t) * circle) != 1).any()
        for share in (0.9, 0.999, 1.001)
    ]
    assert changed == [False, False, True]
    lower, upper = adaptive_bounds(2 * a * math.sin(t / 2), data.reach)
    assert lower < a * math.sin(t) < upper


def test_bounds_meet_on_subspaces_and_say_nothing_of_what_is_not_there():
    assert adaptive_bounds(0.7, math.inf) == (0.7, 0.7)
    assert adaptive_bounds(0.0, 2.0) == (0.0, 0.0)
    assert adaptive_bounds(math.inf, 2.0) == (2.0, math.inf)
    assert adaptive_bounds(math.inf, math.inf) == (math.inf, math.inf)
    assert adaptive_bounds(1e-310, math.inf) == (1e-310, 1e-310)
    assert adaptive_bounds(1e-310, 1e-310)[0] == pytest.approx(5e-311)
    assert adaptive_bounds(1e300, 1e-300)[0] == 1e-300


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: null_fraction(3, 2), ValueError, "k must be at most 2"),
        (lambda: null_fraction(0, 0), ValueError, "d must be at least 1"),
        (lambda: fraction_probability(0.5, 2, 2), ValueError, "k must lie in"),
        (lambda: fraction_probability(1.5, 1, 2), ValueError, "fraction must lie in"),
        (lambda: normal_fraction(1, [[1.0]], [[1.0]]), TypeError, "data must be a Lab"),
        (
            lambda: on_manifold_model(object(), LinearDecoder(1, 2)),
            TypeError,
            "model must be a linear or a quadratic",
        ),
        (
            lambda: on_manifold_perturbation(
                LinearClassifier.from_parameters(np.eye(3, 2), np.zeros(3)),
                FlatTorusDecoder(1, 2),
                [[0.0]],
            ),
            TypeError,
            "model must be linear, of two classes",
        ),
        (lambda: on_manifold_model(object(), 1), TypeError, "data must be a LinearDec"),
        (
            lambda: projected_model(object(), EmbeddedSpheres()),
            TypeError,
            "data must be a LinearDec",
        ),
        (
            lambda: ProjectedClassifier(1, LinearDecoder(1, 2)),
            TypeError,
            "model must be a fitted classifier",
        ),
        (
            lambda: ProjectedClassifier(LinearClassifier(), 1),
            TypeError,
            "data must be a LabelledManifold",
        ),
        (lambda: adaptive_bounds(-1.0, 1.0), ValueError, "distance must be at least"),
        (lambda: adaptive_bounds(1.0, 0.0), ValueError, "reach must be above 0"),
        (lambda: on_manifold_error(0.0, 0.1), ValueError, "angle must lie in"),
        (lambda: on_manifold_error(0.1, -1), ValueError, "eta must be at least 0"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
