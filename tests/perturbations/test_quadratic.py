"""Quadratic models: conics with known distances, witnesses, and a general optimiser."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from geomadv.classifiers import QuadraticClassifier
from geomadv.perturbations import minimal_perturbation
from geomadv.perturbations._forms import Quadratic, values

ELLIPSE = QuadraticClassifier.from_parameters(np.diag([0.25, 1.0]), [0, 0], -1.0)
HYPERBOLA = QuadraticClassifier.from_parameters(np.diag([1.0, -1.0]), [0, 0], -1.0)
PARABOLA = QuadraticClassifier.from_parameters(np.diag([1.0, 0.0]), [0, -0.5], 0.0)


@pytest.mark.parametrize(
    ("model", "x", "expected"),
    [
        (ELLIPSE, (0, 0.5), 0.5),
        (ELLIPSE, (0, 0), 1.0),
        (ELLIPSE, (0.5, 0), 0.9574271078),
        (ELLIPSE, (1.9, 0), 0.1),
        (ELLIPSE, (3, 1), 1.2971838278),
        (HYPERBOLA, (0, 0), 1.0),
        (HYPERBOLA, (0, 1), 1.2247448714),
        (HYPERBOLA, (0.3, 1), 0.9534849573),
        (PARABOLA, (0, 2), 1.3228756555),
        (PARABOLA, (1, 3), 0.7023948626),
    ],
)
@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_known_distances(model, x, expected, turn, witness):
    Q = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    turned = QuadraticClassifier.from_parameters(
        Q @ model.A_ @ Q.T, Q @ model.b_, model.c_
    )
    X = [Q @ np.array(x, float)]
    found = minimal_perturbation(turned, X)
    assert abs(found.distance[0] - expected) < 5e-11
    assert found.exact.all()
    witness(turned, X, found)


def test_zero_sets_that_are_empty_or_where_the_sign_stays():
    """x^2 + y^2 + 1 has none; x^2 = 0 is touched, and (x^2 + y^2) - 0 too."""
    X = [[3.0, 4.0], [0.5, 0.0]]
    for A, b, c in (
        (np.eye(2), [0, 0], 1.0),
        (np.diag([1.0, 0.0]), [0, 0], 0.0),
        (np.eye(2), [0, 0], 0.0),
        (np.eye(2), [1.0, -2.0], 5.0),
        (-np.diag([4.0, 0.0]), [2.0, 0.0], -1.0),
    ):
        model = QuadraticClassifier.from_parameters(A, b, c)
        found = minimal_perturbation(model, X)
        keeps = model.decision_function(X) != 0
        assert np.isinf(found.distance[keeps]).all()
        assert not found.delta.any()


def test_a_quadratic_without_squares_is_linear():
    model = QuadraticClassifier.from_parameters(np.zeros((2, 2)), [1.5, -2.0], 0.5)
    found = minimal_perturbation(model, [[1.0, 1.0]])
    assert np.isclose(found.distance[0], abs(3 - 4 + 0.5) / 5)
    flat = QuadraticClassifier.from_parameters(np.zeros((2, 2)), [0, 0], 0.5)
    assert np.isinf(minimal_perturbation(flat, [[1.0, 1.0]]).distance[0])


problems = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 5))


def drawn(seed, d, functions=1):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((functions, d, d))
    form = Quadratic(
        A + A.transpose(0, 2, 1),
        rng.standard_normal((functions, d)),
        rng.standard_normal(functions),
    )
    return form, rng.standard_normal((4, d)), rng


@given(problems, st.sampled_from([1, 3]))
def test_every_distance_has_its_witness(witness, problem, functions):
    form, X, _ = drawn(*problem, functions)
    witness(form, X, minimal_perturbation(form, X), samples=60)


@given(problems)
def test_equivariance(problem):
    form, X, rng = drawn(*problem)
    d = X.shape[1]
    plain = minimal_perturbation(form, X).distance
    Q, v = np.linalg.qr(rng.standard_normal((d, d)))[0], rng.standard_normal(d)
    A = Q @ form.A[0] @ Q.T
    b = Q @ form.b[0] - A @ v
    c = form.c[0] - v @ A @ v - 2 * b @ v
    moved = QuadraticClassifier.from_parameters((A + A.T) / 2, b, c)
    assert np.allclose(
        minimal_perturbation(moved, X @ Q.T + v).distance, plain, rtol=1e-7, atol=1e-9
    )
    scaled = Quadratic(form.A / 9, form.b / 3, form.c)
    assert np.allclose(
        minimal_perturbation(scaled, 3 * X).distance, 3 * plain, rtol=1e-9, atol=1e-12
    )


def test_a_metric_is_a_change_of_coordinates():
    rng = np.random.default_rng(5)
    form, X, _ = drawn(7, 3)
    L = rng.standard_normal((3, 3))
    M = L @ L.T + 0.1 * np.eye(3)
    found = minimal_perturbation(form, X, metric=M)
    lengths = np.sqrt(np.einsum("ni,ij,nj->n", found.delta, M, found.delta))
    assert np.allclose(lengths, found.distance)
    assert np.allclose(values(form, X + found.delta), 0, atol=1e-10)
    steps = rng.standard_normal((4000, 3))
    steps /= np.sqrt(np.einsum("ni,ij,nj->n", steps, M, steps))[:, None]
    for x, r in zip(X, found.distance, strict=True):
        inside = values(form, x + 0.999999 * r * steps)[:, 0]
        assert (inside * values(form, x[None])[0, 0] > 0).all()


def test_a_general_optimiser_finds_nothing_nearer():
    for seed in range(15):
        form, X, rng = drawn(seed, 4)
        found = minimal_perturbation(form, X)
        for x, r in zip(X, found.distance, strict=True):
            best = min(
                minimize(
                    lambda z: z @ z,
                    rng.standard_normal(4),
                    jac=lambda z: 2 * z,
                    constraints={
                        "type": "eq",
                        "fun": lambda z, x=x, f=form: values(f, (x + z)[None])[0, 0],
                    },
                    method="SLSQP",
                    options={"ftol": 1e-14, "maxiter": 300},
                ).fun
                for _ in range(6)
            )
            assert r <= math.sqrt(best) * (1 + 1e-6)
            assert r >= math.sqrt(best) * (1 - 1e-4)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 1}, "p must be 2 for a quadratic model, got 1"),
        ({"box": (-9, 9)}, "box must be None for a quadratic model"),
        ({"metric": "geodesic"}, "metric must not be"),
        ({"metric": np.diag([1.0, 0.0])}, "metric must be positive definite"),
    ],
)
def test_what_is_not_solved_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        minimal_perturbation(ELLIPSE, [[0.5, 0.0]], **options)


@pytest.mark.parametrize("d", [2, 3, 5, 20])
def test_forms_that_are_semidefinite_in_no_axes(d):
    """Eigenvalues of 0 come out as rounding: empty and touched sets stay so."""
    rng = np.random.default_rng(d)
    for _ in range(30):
        v, x = rng.standard_normal((2, d))
        A, none = -np.outer(v, v), np.zeros(d)
        for c in (0.0, -1.0):  # -<v, x>^2 + c is never positive
            model = QuadraticClassifier.from_parameters(A, none, c)
            assert np.isinf(minimal_perturbation(model, x[None]).distance[0])
        model = QuadraticClassifier.from_parameters(A, none, 1.0)
        expected = abs(abs(v @ x) - 1.0) / np.linalg.norm(v)
        found = minimal_perturbation(model, x[None])
        assert found.distance[0] == pytest.approx(expected, rel=1e-9)
        B = rng.standard_normal((d // 2, d))
        model = QuadraticClassifier.from_parameters(B.T @ B, none, 1.0)
        assert np.isinf(minimal_perturbation(model, x[None]).distance[0])
        # a parabola in a direction that A does not see
        model = QuadraticClassifier.from_parameters(A, v[::-1].copy(), 0.0)
        found = minimal_perturbation(model, x[None])
        end = x + (1 + 1e-9) * found.delta[0]
        assert model.predict(x[None])[0] != model.predict(end[None])[0]


@pytest.mark.parametrize("f", [0, -1000, -1040, -1060, -1070, 900])
@pytest.mark.parametrize("x", [0, -300, 300])
def test_units_of_points_and_values_do_not_matter(f, x):
    """Also in the hard case, and where all numbers of f are subnormal."""
    cases = [
        (np.diag([1.0, 4.0]), [0.0, 0.0], -1.0, [0.0, 0.0], 0.5),  # hard
        (np.diag([1.0, 0.0]), [0.0, -0.5], 0.0, [0.0, 2.0], 1.3228756555),  # hard
        (np.diag([1.0, -1.0]), [0.0, 0.0], -1.0, [0.3, 1.0], 0.9534849573),
        (np.zeros((2, 2)), [1.5, 2.0], -1.0, [0.0, 0.0], 0.2),
    ]
    compared = 0
    for A, b, c, at, expected in cases:
        parts = (A, 2), (np.array(b), 1), (c, 0)
        with np.errstate(over="ignore"):
            small = [np.ldexp(part, f - k * x) for part, k in parts]
        back = [
            np.ldexp(part, k * x - f) for part, k in zip(small, (2, 1, 0), strict=True)
        ]
        if not all(map(np.array_equal, back, (A, b, c))):
            continue  # not a number of this size
        form = Quadratic(small[0][None], small[1][None], np.array([small[2]]))
        found = minimal_perturbation(form, np.ldexp([at], x))
        assert np.ldexp(found.distance[0], -x) == pytest.approx(expected, rel=1e-9)
        compared += 1
    assert compared or abs(f - 2 * x) > 300


@pytest.mark.errors
def test_points_so_far_away_that_terms_underflow_are_refused():
    sphere = QuadraticClassifier.from_parameters(np.eye(2), [0.0, 0.0], -4.0)
    found = minimal_perturbation(sphere, [[3e150, 4e150]])
    np.testing.assert_allclose(found.distance, 5e150, rtol=1e-12)
    for size in (1e152, 1e160, 1e300):
        with pytest.raises(ValueError, match=r"X must be at most 6\.5e\+150 in mod"):
            minimal_perturbation(sphere, [[0.0, size]])


@pytest.mark.errors
def test_values_of_several_classes_that_overflow_are_refused():
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((3, 2, 2)), rng.standard_normal((3, 2))
    form = Quadratic(A + A.transpose(0, 2, 1), b, np.zeros(3))
    with pytest.raises(ValueError, match=r"X must lie where .* finite, got values of"):
        minimal_perturbation(form, [[1e160, -1e160]])


@pytest.mark.parametrize("d", [2, 3, 6])
def test_a_slope_in_flat_directions_is_not_made_by_rounding(d):
    """(<u, x> + s)^2 + 1 has no zero; along the kernel of u u^T rounding has some."""
    rng = np.random.default_rng(d)
    for _ in range(20):
        u, s = rng.standard_normal(d), rng.standard_normal()
        model = QuadraticClassifier.from_parameters(np.outer(u, u), s * u, s * s + 1)
        found = minimal_perturbation(model, rng.standard_normal((5, d)))
        assert np.isinf(found.distance).all()
        assert not found.delta.any()
