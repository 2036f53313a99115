"""Least values of quadratic forms on cubes and cross-polytopes, by other routes."""

import math

import numpy as np
import pytest
from scipy import optimize

from geomadv.theories.features._faces import (
    MOST,
    least_on_cross_polytope,
    least_on_cube,
)
from geomadv.theories.features._features import QuadraticFeature, fall

LEAST = {1.0: least_on_cross_polytope, math.inf: least_on_cube}


def form(d, rng, kind="full"):
    A = rng.standard_normal((d, d))
    A = {"convex": A @ A.T, "concave": -A @ A.T, "full": A + A.T}[kind]
    return A, rng.standard_normal((3, d))


def searched(A, g, eps, p):
    """Return the least value by local searches from many starts."""
    d = g.size
    rng = np.random.default_rng(0)

    def split(z):
        return z[:d] - z[d:]

    def value(delta):
        return float(delta @ A @ delta + 2 * g @ delta)

    best = 0.0
    for i in range(25 + 2 * d):
        if math.isinf(p):
            start = rng.uniform(-eps, eps, d)
            box = [(-eps, eps)] * d
            found = optimize.minimize(value, start, method="L-BFGS-B", bounds=box)
            best = min(best, found.fun)
        else:
            start = rng.dirichlet(np.ones(2 * d)) * eps
            if i < 2 * d:  # a corner
                start = eps * np.eye(2 * d)[i]
            limit = {"type": "ineq", "fun": lambda z: eps - z.sum()}
            found = optimize.minimize(
                lambda z: value(split(z)),
                start,
                method="SLSQP",
                bounds=[(0, eps)] * (2 * d),
                constraints=limit,
            )
            delta = split(found.x)
            delta *= min(1.0, eps / max(np.abs(delta).sum(), 1e-300))
            best = min(best, value(delta))
    return best


@pytest.mark.parametrize("kind", ["full", "convex", "concave"])
@pytest.mark.parametrize("p", LEAST)
@pytest.mark.parametrize("d", [1, 2, 4])
def test_the_least_value_is_what_many_searches_find(p, d, kind):
    rng = np.random.default_rng(d)
    A, G = form(d, rng, kind)
    for eps in (0.05, 0.8, 4.0):
        found = LEAST[p](A, G, eps)
        for g, least in zip(G, found, strict=True):
            best = searched(A, g, eps, p)
            assert best == pytest.approx(least, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("p", LEAST)
def test_no_point_is_below(p):
    rng = np.random.default_rng(5)
    d, eps = 5, 0.9
    A, G = form(d, rng)
    Z = rng.standard_normal((50_000, d)) * (rng.random((50_000, d)) < 0.6)
    Z *= eps / np.maximum(np.linalg.norm(Z, ord=p, axis=1, keepdims=True), 1e-300)
    values = (Z @ A * Z).sum(axis=1)
    for g, least in zip(G, LEAST[p](A, G, eps), strict=True):
        assert (values + 2 * Z @ g).min() >= least - 1e-12


def test_a_square_is_a_turned_cross_polytope():
    """With u = (a + b)/2 and v = (a - b)/2, |u| + |v| = max(|a|, |b|)."""
    rng = np.random.default_rng(6)
    M = np.array([[0.5, 0.5], [0.5, -0.5]])
    for kind in ("full", "convex", "concave"):
        A, G = form(2, rng, kind)
        for eps in (0.1, 1.0, 10.0):
            turned = least_on_cube(M.T @ A @ M, G @ M, eps)
            assert least_on_cross_polytope(A, G, eps) == pytest.approx(turned, rel=1e-9)


def test_a_diagonal_form_on_a_cube_is_a_sum():
    rng = np.random.default_rng(7)
    a, G = rng.standard_normal(6), rng.standard_normal((20, 6))
    found = least_on_cube(np.diag(a), G, 0.7)
    assert found == pytest.approx(-fall(a, G, 0.7).sum(axis=1), rel=1e-12)


@pytest.mark.parametrize("p", LEAST)
def test_forms_that_are_flat_along_a_line(p):
    """The faces along which a form is only semidefinite are not needed."""
    rng = np.random.default_rng(8)
    u = rng.standard_normal(3)
    A = np.outer(u, u)
    G = np.outer([0.0, 0.1, -2.0], u)
    G[2, 0] += 0.1
    for g, least in zip(G, LEAST[p](A, G, 1.0), strict=True):
        assert searched(A, g, 1.0, p) == pytest.approx(least, rel=1e-6, abs=1e-7)
    zero = np.zeros((3, 3))
    dual = np.abs(G).sum(axis=1) if math.isinf(p) else np.abs(G).max(axis=1)
    assert LEAST[p](zero, G, 0.5) == pytest.approx(-dual, rel=1e-14)


@pytest.mark.parametrize("p", LEAST)
def test_features_use_it_for_either_label(p):
    rng = np.random.default_rng(9)
    A, X = form(3, rng)
    b, y = rng.standard_normal(3), np.array([1.0, -1.0, 1.0])
    f = QuadraticFeature(A, b)
    found = f.worst(X, y, 0.6, p)
    for x, label, least in zip(X, y, found, strict=True):
        base = float(label * f.values(x[None])[0])
        best = searched(label * A, label * (A @ x + b), 0.6, p)
        assert base + best == pytest.approx(least, rel=1e-7, abs=1e-7)
    small, bound = f.worst(X, y, 1e-7, p), f.worst(X, y, 0.0, p)
    assert bound == pytest.approx(y * f.values(X), rel=1e-14)
    assert (small <= bound).all()


@pytest.mark.parametrize("condition", [1e6, 1e12, 1e15])
@pytest.mark.parametrize("p", LEAST)
def test_ill_conditioned_forms_keep_the_minimum_within(p, condition):
    """condition (t + h s)^2 + s^2 - .2 s is least at s = .1, with -.01."""
    h = 2.0**-10
    A = condition * np.array([[1.0, h], [h, h * h]])
    A[1, 1] += 1.0
    found = LEAST[p](A, np.array([[0.0, -0.1]]), 1.0)
    assert found[0] == pytest.approx(-0.01, rel=1e-3)
    found = LEAST[p](np.diag([condition, 1.0]), np.array([[0.0, -0.1]]), 1.0)
    assert found[0] == pytest.approx(-0.01, rel=1e-12)


def test_many_dimensions_are_refused():
    A = np.ones((MOST + 1, MOST + 1)) + np.diag(np.arange(MOST + 1.0))
    f = QuadraticFeature(A)
    with pytest.raises(ValueError, match="1 or infinity in at most 8 dimensions"):
        f.worst(np.ones((1, MOST + 1)), np.ones(1), 1.0, math.inf)
    small = QuadraticFeature(A[:MOST, :MOST])
    assert np.isfinite(small.worst(np.ones((1, MOST)), np.ones(1), 1.0, math.inf)).all()
