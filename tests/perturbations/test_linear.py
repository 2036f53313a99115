"""Linear models: known distances, witnesses, and what other routes find."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from geomadv.classifiers import LinearClassifier
from geomadv.perturbations import minimal_perturbation
from geomadv.perturbations._forms import Affine

MODEL = LinearClassifier.from_parameters([3.0, -4.0, 12.0], 1.0)
POINT = [[0.5, 0.2, 0.1]]
THREE = LinearClassifier.from_parameters([[1, 0], [0, 1], [-1, -1]], [0, 0.1, 0.2])
INF = math.inf


def distance(model, X, **options):
    return minimal_perturbation(model, X, **options).distance


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (2, 0.2230769231),
        (INF, 0.1526315789),
        (1, 0.2416666667),
        (3, 0.2010916191),
    ],
)
def test_known_distances(p, expected, witness):
    found = minimal_perturbation(MODEL, POINT, p=p)
    assert abs(found.distance[0] - expected) < 5e-11
    assert found.exact.all()
    assert (found.lower == found.distance).all()
    witness(MODEL, POINT, found, p=p)


@pytest.mark.parametrize(("p", "expected"), [(2, 0.4242640687), (INF, 0.3), (1, 0.6)])
def test_known_distance_of_three_classes(p, expected, witness):
    found = minimal_perturbation(THREE, [[1.0, 0.3]], p=p)
    assert abs(found.distance[0] - expected) < 5e-11
    witness(THREE, [[1.0, 0.3]], found, p=p)


@pytest.mark.parametrize("options", [{"p": 1}, {}, {"p": INF}, {"box": (-3, 3)}])
def test_of_equally_near_classes_the_first_is_taken(options):
    lines = LinearClassifier.from_parameters([[0, 0], [0, 1], [0, -1]], [0, -1, -1])
    found = minimal_perturbation(lines, [[2.0, 0.0]], **options)
    np.testing.assert_array_equal(found.delta, [[0.0, 1.0]])


@pytest.mark.parametrize(
    ("b", "x", "p", "expected"),
    [
        (1.0, (0.5, 0.2, 0.1), INF, 0.2428571429),
        (1.0, (0.5, 0.2, 0.1), 2, 0.3544009029),
        (1.0, (0.5, 0.2, 0.1), 1, 0.525),
        (-0.5, (0.9, 0.1, 0.05), INF, 0.2571428571),
        (-0.5, (0.9, 0.1, 0.05), 2, 0.3634556369),
        (-0.5, (0.9, 0.1, 0.05), 1, 0.5),
        (6.0, (0.5, 0.2, 0.1), 2, INF),
    ],
)
def test_known_distances_in_the_unit_cube(b, x, p, expected, witness):
    model = LinearClassifier.from_parameters([3.0, -4.0, 12.0], b)
    found = minimal_perturbation(model, [x], p=p, box=(0, 1))
    if math.isinf(expected):
        assert np.isinf(found.distance[0])
    else:
        assert abs(found.distance[0] - expected) < 5e-11
    moved = np.array([x]) + found.delta
    assert ((moved > -1e-12) & (moved < 1 + 1e-12)).all()
    witness(model, [x], found, p=p, box=(0, 1))


def test_known_mahalanobis_distance():
    found = minimal_perturbation(MODEL, POINT, metric=np.diag([1.0, 4.0, 9.0]))
    assert abs(found.distance[0] - 0.5385164807) < 5e-11
    assert abs(MODEL.decision_function(POINT + found.delta)[0]) < 1e-12


def test_singular_metrics():
    """A free direction costs nothing; one that the model does not see is no help."""
    free = minimal_perturbation(MODEL, POINT, metric=np.diag([1.0, 0.0, 9.0]))
    assert free.distance[0] == 0
    assert abs(MODEL.decision_function(POINT + free.delta)[0]) < 1e-12
    blind = LinearClassifier.from_parameters([3.0, 0.0, 12.0], 1.0)
    held = minimal_perturbation(blind, POINT, metric=np.diag([1.0, 0.0, 9.0]))
    f = blind.decision_function(POINT)[0]
    assert np.isclose(held.distance[0], f / np.sqrt(9 + 144 / 9))
    assert abs(blind.decision_function(POINT + held.delta)[0]) < 1e-12


@pytest.mark.parametrize(
    ("x", "f", "m"), [(0, 0, 500), (400, -300, -400), (-500, 400, 0)]
)
def test_units_of_points_values_and_metric_do_not_matter(x, f, m):
    M = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
    model = LinearClassifier.from_parameters(
        np.ldexp([3.0, -4.0, 12.0], f - x), np.ldexp(1.0, f)
    )
    points = np.ldexp(POINT, x)
    for other in (M, "geodesic"):
        plain = minimal_perturbation(MODEL, POINT, metric=other)
        metric = np.ldexp(M, 2 * m) if other is M else other
        found = minimal_perturbation(model, points, metric=metric)
        assert np.array_equal(np.ldexp(found.delta, -x), plain.delta)
        scale = x + m if other is M else x
        assert np.array_equal(np.ldexp(found.distance, -scale), plain.distance)


def test_metrics_of_coordinates_of_very_different_units_are_not_singular():
    """With m_i delta_i^2 the distance is |f|/sqrt(sum w_i^2/m_i)."""
    m = np.array([1e-40, 1.0, 1e30])
    found = minimal_perturbation(MODEL, POINT, metric=np.diag(m))
    f = MODEL.decision_function(POINT)[0]
    true = f / math.sqrt((np.array([9.0, 16.0, 144.0]) / m).sum())
    assert found.distance[0] == pytest.approx(true, rel=1e-13)
    roots = np.sqrt(m)
    M = roots[:, None] * (np.eye(3) + 0.5) * roots
    found = minimal_perturbation(MODEL, POINT, metric=M)
    w = np.array([3.0, -4.0, 12.0]) / roots
    true = f / math.sqrt(w @ np.linalg.solve(np.eye(3) + 0.5, w))
    assert found.distance[0] == pytest.approx(true, rel=1e-12)
    assert MODEL.decision_function(POINT + found.delta)[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("power", [2, 6, 10, 13, 14, 15])
def test_ill_conditioned_metrics_are_bracketed(power):
    """Against 60 digits; exact only if that is so to 1e-6."""
    rng = np.random.default_rng(power)
    for d in (2, 3, 5):
        Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
        M = Q @ np.diag(np.geomspace(1.0, 10.0**power, d)) @ Q.T
        M = (M + M.T) / 2
        w, x = rng.standard_normal(d), rng.standard_normal((1, d))
        found = minimal_perturbation(LinearClassifier.from_parameters(w), x, metric=M)
        with mpmath.workdps(60):
            v = mpmath.lu_solve(mpmath.matrix(M.tolist()), mpmath.matrix(w.tolist()))
            square = sum(a * b for a, b in zip(w.tolist(), v, strict=True))
            f = sum(a * b for a, b in zip(w.tolist(), x[0].tolist(), strict=True))
            if square <= 0:  # rounding has made it indefinite
                continue
            true = float(abs(f) / mpmath.sqrt(square))
        assert found.lower[0] <= true * (1 + 1e-9)
        if found.exact[0]:
            assert found.distance[0] == pytest.approx(true, rel=1e-6)
        else:
            assert power >= 6
        assert power > 6 or found.exact[0]


def test_metrics_that_are_positive_definite_by_cholesky_alone():
    """Eigenvalues of 1e-16 come out as negative ones: the least is unknown, not 0."""
    rng, negative = np.random.default_rng(0), 0
    for _ in range(300):
        A = rng.standard_normal((3, 3))
        A[:, 0] = A[:, 1] + 1e-8 * rng.standard_normal(3)
        M = A @ A.T
        M /= np.sqrt(np.outer(np.diag(M), np.diag(M)))
        M = (M + M.T) / 2
        try:
            np.linalg.cholesky(M)
        except np.linalg.LinAlgError:
            continue
        negative += np.linalg.eigvalsh(M)[0] <= 0
        w = rng.standard_normal(3)
        model = LinearClassifier.from_parameters(w, 0.5)
        found = minimal_perturbation(model, [[1.0, 2.0, 3.0]], metric=M)
        assert np.isfinite(found.delta).all()
        assert model.decision_function([[1.0, 2.0, 3.0] + found.delta[0]])[0] == (
            pytest.approx(0.0, abs=1e-6 * np.abs(found.delta).max())
        )
        with mpmath.workdps(60):
            exact = mpmath.matrix(M.tolist())
            if mpmath.det(exact) <= 0:
                continue
            v = mpmath.matrix(w.tolist())
            square = (v.T * mpmath.lu_solve(exact, v))[0]
            f = mpmath.fdot(w.tolist(), [1, 2, 3]) + mpmath.mpf(0.5)
            true = abs(f) / mpmath.sqrt(square)
        assert found.lower[0] <= true * (1 + 1e-9)
        assert not found.exact[0] or abs(found.distance[0] - true) <= 1e-6 * true
    assert negative > 5


@pytest.mark.parametrize(
    ("theta", "t", "arc", "chord"),
    [
        (0.3, 0.5, 0.7471975512, 0.7299366399),
        (1.2, 0.5, 0.1528024488, None),
        (2.5, -0.2, 0.7278457524, None),
    ],
)
@pytest.mark.parametrize("radius", [1.0, 2.5])
def test_known_arcs(theta, t, arc, chord, radius):
    w = np.array([0.6, 0.8])
    x = radius * (math.cos(theta) * w + math.sin(theta) * np.array([-0.8, 0.6]))
    model = LinearClassifier.from_parameters(3.0 * w, -3.0 * t * radius)
    found = minimal_perturbation(model, [x], metric="geodesic")
    assert abs(found.distance[0] / radius - arc) < 5e-11
    assert abs(np.linalg.norm(x + found.delta[0]) - radius) < 1e-12
    assert abs(model.decision_function([x + found.delta[0]])[0]) < 1e-12
    if chord:
        assert abs(np.linalg.norm(found.delta[0]) / radius - chord) < 5e-11


def test_arcs_from_the_pole_to_the_hyperplane_and_past_it():
    model = LinearClassifier.from_parameters([0.0, 1.0, 0.0], -0.5)
    pole = minimal_perturbation(model, [[0.0, 1.0, 0.0]], metric="geodesic")
    assert np.isclose(pole.distance[0], math.acos(0.5))
    assert np.isclose(np.linalg.norm([0, 1, 0] + pole.delta[0]), 1)
    far = LinearClassifier.from_parameters([0.0, 1.0, 0.0], -1.5)
    missed = minimal_perturbation(far, [[0.0, 1.0, 0.0]], metric="geodesic")
    assert np.isinf(missed.distance[0])
    assert not missed.delta.any()
    x = [math.cos(1e-9), 0.5 * math.sin(1e-9), 0]  # an arc of some 1e-9 keeps digits
    flat = LinearClassifier.from_parameters([0.0, 2.0, 0.0], 0.0)
    near = minimal_perturbation(flat, [x], metric="geodesic").distance[0]
    assert abs(near / 0.5e-9 - 1) < 1e-12
    opposite = minimal_perturbation(flat, [[0.0, 0.0, 1.0]], metric="geodesic")
    assert opposite.distance[0] == 0
    south = LinearClassifier.from_parameters([0.0, 1.0, 0.0], 1 - 1e-15)
    whole = minimal_perturbation(south, [[0.0, 1.0, 0.0]], metric="geodesic")
    assert abs(whole.distance[0] - math.acos(1e-15 - 1)) < 1e-12


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("classes", [1, 2, 5])
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e280])
def test_no_point_of_a_circle_is_nearer_than_the_arc(seed, classes, scale):
    """All of S^1 in steps of 1e-4: the first other decision on either side."""
    rng = np.random.default_rng(seed)
    W, b = rng.standard_normal((classes, 2)), rng.choice([0, 0.5, 1.5])
    b *= rng.standard_normal(classes)
    x, start = 1.3, rng.uniform(-np.pi, np.pi)
    turns = np.linspace(-np.pi, np.pi, 62833)
    circle = x * np.stack([np.cos(start + turns), np.sin(start + turns)], axis=1)
    f = circle @ W.T + b
    other = (f > 0)[:, 0] if classes == 1 else f.argmax(axis=1)
    own = other[31416]  # at the turn 0
    form = Affine(W, b * scale)
    found = minimal_perturbation(form, circle[31416:31417] * scale, metric="geodesic")
    arcs = x * np.abs(turns[other != own])
    got = found.distance[0] / scale
    if len(arcs):
        assert arcs.min() - 1.3 * 1e-4 < got <= arcs.min() * (1 + 1e-9)
    else:  # at most a cap of less than a step
        assert got == INF or other[np.abs(x * turns - got).argmin()] == own
    if got < INF:
        beyond = circle[31416] + (1 + 1e-9) * found.delta[0] / scale
        f = beyond @ W.T + b
        assert ((f > 0)[0] if classes == 1 else f.argmax()) != own


@pytest.mark.parametrize("turn", [1e-2, 1e-4, 1e-6, 1e-8, 0.0, math.pi - 1e-6])
@pytest.mark.parametrize("bits", [10, 20, 30, 40, 50])
@pytest.mark.parametrize("side", [1, -1])
def test_arcs_near_the_poles_keep_their_digits(turn, bits, side):
    """The circle at height +-(1 - 2^-bits), from points near either pole."""
    x = np.array([math.sin(turn), math.cos(turn)])
    level = side * (1.0 - 2.0**-bits)
    model = LinearClassifier.from_parameters([0.0, 1.0], -level)
    with mpmath.workdps(60):
        radius = mpmath.hypot(mpmath.mpf(x[0]), mpmath.mpf(x[1]))
        angle = mpmath.atan2(mpmath.mpf(x[0]), mpmath.mpf(x[1]))
        true = radius * abs(angle - mpmath.acos(level / radius))
        found = minimal_perturbation(model, [x], metric="geodesic")
        # half of the rounding of s^2 and f(x) f(-x), over s'
        rounding = 2.0**-52 * x[0] ** 2 / mpmath.sin(mpmath.acos(level / radius))
        assert abs(found.distance[0] - true) <= 1e-12 * true + rounding
    end = x + found.delta[0]
    assert abs(end[1] - level) < 1e-15
    assert abs(np.linalg.norm(end) - np.linalg.norm(x)) < 1e-15


def test_steps_from_poles_that_rounding_has_moved_stay_on_the_sphere():
    """x = w in floating-point numbers: what is left across w is noise, in no plane."""
    rng = np.random.default_rng(0)
    for d in (2, 3, 10):
        for w in rng.standard_normal((100, d)):
            model = LinearClassifier.from_parameters(w, -0.5 * w @ w)
            found = minimal_perturbation(model, [w], metric="geodesic")
            radius = np.linalg.norm(w)
            assert found.distance[0] == pytest.approx(math.pi / 3 * radius, rel=1e-13)
            end = w + found.delta[0]
            assert np.linalg.norm(end) == pytest.approx(radius, rel=1e-13)
            assert abs(model.decision_function([end])[0]) < 1e-13 * radius**2


def test_a_sphere_that_is_only_touched_keeps_its_decision():
    """Where the sign changes nowhere; at the touched point itself there is a tie."""
    for w, b in (([0.0, 2.0], -2.0), ([0.0, 2.0], 2.0), ([1.0, 0.0], 1.0)):
        model = LinearClassifier.from_parameters(w, b)
        found = minimal_perturbation(
            model, [[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], metric="geodesic"
        )
        assert np.isinf(found.distance).all()
        assert not found.delta.any()
    centre = minimal_perturbation(THREE, [[0.0, 0.0]], metric="geodesic")
    assert np.isinf(centre.distance).all()


@pytest.mark.errors
def test_two_points_have_no_arc_between_them():
    line = LinearClassifier.from_parameters([1.0], 0.0)
    with pytest.raises(ValueError, match=r'metric must not be "geodesic" in R\^1'):
        minimal_perturbation(line, [[2.0]], metric="geodesic")


def test_arcs_where_products_and_offsets_overflow():
    steep = LinearClassifier.from_parameters([1e200, 0.0], 1.0)
    found = minimal_perturbation(steep, [[1e200, 1e200]], metric="geodesic")
    assert found.distance[0] == pytest.approx(math.sqrt(2) * math.pi / 4 * 1e200)
    np.testing.assert_allclose(
        found.delta[0], [-1e200, (math.sqrt(2) - 1) * 1e200], rtol=1e-12
    )
    far = LinearClassifier.from_parameters([1e-300, 0.0], 1.0)
    found = minimal_perturbation(far, [[1e-300, 1e-300]], metric="geodesic")
    assert np.isinf(found.distance[0])
    assert not found.delta.any()
    flat = LinearClassifier.from_parameters([0.0, 0.0], 1e-300)
    assert np.isinf(distance(flat, [[1e300, 1e300]], metric="geodesic")[0])


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("options", [{"p": 1}, {}, {"p": INF}, {"metric": np.eye(2)}])
def test_products_that_overflow_are_no_infinite_distances(options):
    """f is beyond 1e308, or infinity less infinity; f/|w| is not."""
    rows = np.array([[1e200, 1e200], [3e200, -2e200], [1e-150, 1.0]])
    model = LinearClassifier.from_parameters([2e200, 1e200], 1.0)
    one = LinearClassifier.from_parameters([2.0, 1.0], 1e-200)
    found, plain = (minimal_perturbation(m, rows, **options) for m in (model, one))
    assert found.exact.all()
    np.testing.assert_allclose(found.distance, plain.distance, rtol=1e-14)
    np.testing.assert_allclose(found.delta, plain.delta, rtol=1e-14)
    with pytest.raises(ValueError, match="X must be finite"):
        minimal_perturbation(model, [[np.inf, 0.0]], **options)


@pytest.mark.parametrize("p", [1, 2, INF])
def test_constant_models(p):
    constant = LinearClassifier.from_parameters([0.0, 0.0], 2.0)
    assert np.isinf(distance(constant, [[1.0, 2.0]], p=p)[0])
    zero = LinearClassifier.from_parameters([0.0, 0.0], 0.0)  # all in the first class
    assert np.isinf(distance(zero, [[1.0, 2.0]], p=p)[0])
    for metric in (np.eye(2), "geodesic"):
        assert np.isinf(distance(constant, [[1.0, 2.0]], metric=metric)[0])
        assert np.isinf(distance(zero, [[1.0, 2.0]], metric=metric)[0])
    same = LinearClassifier.from_parameters([[1, 0], [1, 0]], [1, 0])
    assert np.isinf(distance(same, [[1.0, 2.0]], p=p)[0])


@pytest.mark.parametrize("p", [1, 2, INF])
@pytest.mark.parametrize("box", [None, (-9.0, 9.0)])
def test_a_class_that_equals_an_earlier_one_takes_no_points(p, box):
    model = LinearClassifier.from_parameters([[1, 0], [1, 0], [-1, 0]], [0, 0, 1])
    found = minimal_perturbation(model, [[2.0, 3.0]], p=p, box=box)
    np.testing.assert_allclose(found.delta, [[-1.5, 0.0]])
    assert found.distance[0] == 1.5


models = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from([1, 2, 4])
)


def drawn(seed, d, functions):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((functions, d))
    W = W[0] if functions == 1 else W
    model = LinearClassifier.from_parameters(W, rng.standard_normal(functions))
    return model, rng.standard_normal((5, d)), rng


@given(models, st.sampled_from([1, 1.7, 2, 4, INF]))
def test_every_distance_has_its_witness(witness, drawn_from, p):
    model, X, _ = drawn(*drawn_from)
    found = minimal_perturbation(model, X, p=p)
    witness(model, X, found, p=p, samples=50)


@given(models)
def test_equivariance_and_relations_between_norms(drawn_from):
    model, X, rng = drawn(*drawn_from)
    d = X.shape[1]
    one, two, top = (distance(model, X, p=p) for p in (1, 2, INF))
    assert (top <= two * (1 + 1e-12)).all()
    assert (two <= one * (1 + 1e-12)).all()
    assert (one <= math.sqrt(d) * two * (1 + 1e-12)).all()
    Q, shift = np.linalg.qr(rng.standard_normal((d, d)))[0], rng.standard_normal(d)
    W, b = model.coef_, model.intercept_
    turned = LinearClassifier.from_parameters(
        (W @ Q.T)[0] if len(W) == 1 else W @ Q.T,
        (b - W @ Q.T @ shift),
    )
    assert np.allclose(distance(turned, X @ Q.T + shift), two, rtol=1e-9, atol=1e-12)
    scaled = LinearClassifier.from_parameters(W[0] / 3 if len(W) == 1 else W / 3, b)
    assert np.allclose(distance(scaled, 3 * X, p=1), 3 * one, rtol=1e-12)


@given(models, st.sampled_from([1, 2, INF]))
def test_a_larger_box_is_no_farther(drawn_from, p):
    model, X, _ = drawn(*drawn_from)
    X = np.clip(X, -1, 1)
    small, large, free = (distance(model, X, p=p, box=(-s, s)) for s in (1.0, 2.0, INF))
    assert (large <= small * (1 + 1e-12)).all()
    assert (free <= large * (1 + 1e-12)).all()
    assert np.allclose(free, distance(model, X, p=p))


@pytest.mark.parametrize("p", [1, INF])
def test_a_linear_program_finds_the_same_in_a_box(p):
    rng = np.random.default_rng(2)
    for _ in range(20):
        model, X, _ = drawn(int(rng.integers(2**32)), 4, 3)
        X = np.clip(X, -1, 1)
        ours = distance(model, X, p=p, box=(-1, 1))
        for x, found in zip(X, ours, strict=True):
            assert np.isclose(found, by_program(model, x, p), rtol=1e-8)


def by_program(model, x, p):
    """The distance by a linear program for each other class: delta = u - v."""
    W, b = model.coef_, model.intercept_
    c, d = int((W @ x + b).argmax()), len(x)
    best = INF
    for j in range(len(W)):
        if j == c:
            continue
        w, f = W[c] - W[j], (W[c] - W[j]) @ x + b[c] - b[j]
        room = [(0, 1 - xi) for xi in x] + [(0, xi + 1) for xi in x]
        rows, limits, cost, extra = [np.r_[w, -w]], [-f], np.ones(2 * d), []
        if p == INF:
            cost, extra = np.r_[np.zeros(2 * d), 1.0], [(0, None)]
            rows = [np.r_[w, -w, 0.0]]
            for i in range(d):
                row = np.zeros(2 * d + 1)
                row[[i, d + i]], row[-1] = 1.0, -1.0
                rows.append(row)
                limits.append(0.0)
        found = linprog(cost, np.array(rows), limits, bounds=room + extra)
        best = min(best, found.fun) if found.status == 0 else best
    return best


def test_a_general_optimiser_finds_the_same_mahalanobis_distance():
    rng = np.random.default_rng(3)
    for _ in range(10):
        model, X, _ = drawn(int(rng.integers(2**32)), 3, 1)
        L = rng.standard_normal((3, 3))
        M = L @ L.T + 0.1 * np.eye(3)
        ours = minimal_perturbation(model, X, metric=M)
        for x, length, delta in zip(X, ours.distance, ours.delta, strict=True):
            other = minimize(
                lambda z, M=M: z @ M @ z,
                -x,
                constraints={
                    "type": "eq",
                    "fun": lambda z, x=x, m=model: m.decision_function([x + z])[0],
                },
                method="SLSQP",
                options={"ftol": 1e-14, "maxiter": 200},
            )
            assert np.isclose(length, math.sqrt(delta @ M @ delta), rtol=1e-10)
            assert np.isclose(length, math.sqrt(other.fun), rtol=1e-5)


BAD = {
    "p": ({"p": 0.5}, "p must be at least 1"),
    "p near 1": ({"p": 1.05, "box": (-9, 9)}, "p must be 1, or at least 1.1"),
    "box": ({"box": 1.0}, r"box must be a pair \(lower, upper\)"),
    "order": ({"box": (1, 0)}, "box must have lower <= upper, got 1 > 0"),
    "outside": ({"box": (0, 0.3)}, "X must lie in the box"),
    "shape": ({"box": (np.zeros(2), 1)}, "box must hold numbers or arrays"),
    "metric": ({"metric": "arc"}, 'metric must be a matrix, "geodesic" or None'),
    "diagonal": (
        {"metric": np.diag([1.0, -1e-300, 1.0])},
        "metric must be positive semidefinite, got the diagonal entry -1e-300",
    ),
    "matrix": ({"metric": np.eye(2)}, r"metric must have shape \(3, 3\)"),
    "sign": (
        {"metric": 2 * np.ones((3, 3)) - np.eye(3)},
        "metric must be positive semidefinite, got the eigenvalue -0.25",
    ),
    "symmetry": (
        {"metric": np.triu(np.ones((3, 3)))},
        r"metric must be symmetric, got 1 at \(0, 1\) and 0 at \(1, 0\)",
    ),
    "both": ({"metric": np.eye(3), "p": 1}, "p must be 2 with a metric"),
    "two": ({"metric": np.eye(3), "box": (0, 1)}, "box must be None with a metric"),
}


@pytest.mark.errors
@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_refused(case):
    options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        minimal_perturbation(MODEL, POINT, **options)


@pytest.mark.errors
def test_points_of_another_dimension_are_refused():
    with pytest.raises(ValueError, match="X must have 3 columns"):
        minimal_perturbation(MODEL, [[1.0, 2.0]])


@pytest.mark.errors
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_points_that_are_not_finite_are_refused(bad, p):
    """Also where the weight is 0."""
    model = LinearClassifier.from_parameters([1.0, 0.0], 0.3)
    for place in (0, 1):
        X = np.zeros((3, 2))
        X[1, place] = bad
        with pytest.raises(ValueError, match="X must be finite"):
            minimal_perturbation(model, X, p=p)
    found = minimal_perturbation(model, np.full((1, 2), 1e308), p=p)
    assert found.distance[0] == pytest.approx(1e308)
