"""Least values of lines, parabolas and bumps within balls, against searches."""

import math

import numpy as np
import pytest
from scipy import optimize

from geomadv.theories.features._features import (
    _BLOCK,
    BumpFeature,
    Feature,
    LinearFeature,
    QuadraticFeature,
    blocks,
    fall,
)

ORDERS = (1.0, 1.5, 2.0, 3.0, math.inf)


def in_the_ball(d, eps, p, n, rng):
    """Draw points of the ball, most of them on its surface."""
    z = rng.standard_normal((n, d)) * (rng.random((n, d)) < rng.random((n, 1)))
    norm = np.linalg.norm(z, ord=p, axis=1)
    radius = np.where(rng.random(n) < 0.8, 1.0, rng.random(n))
    return eps * radius[:, None] * z / np.where(norm > 0, norm, 1.0)[:, None]


def searched(f, x, y, eps, p):
    """Return the least y f(x + delta) by SLSQP from many starts, for p = 2 or inf."""
    rng = np.random.default_rng(0)

    def value(delta):
        return float(y * f.values((x + delta)[None])[0])

    best = math.inf
    for start in in_the_ball(len(x), eps, p, 6, rng):
        if p == 2:
            limit = {"type": "ineq", "fun": lambda z: eps**2 - z @ z}
            found = optimize.minimize(value, start, method="SLSQP", constraints=limit)
            delta = found.x * min(1.0, eps / np.linalg.norm(found.x))
        else:
            box = [(-eps, eps)] * len(x)
            found = optimize.minimize(value, start, method="L-BFGS-B", bounds=box)
            delta = found.x
        best = min(best, value(delta))
    return best


def quadratic(kind, d, rng):
    if kind == "full":
        A = rng.standard_normal((d, d))
        return QuadraticFeature(A + A.T, rng.standard_normal(d))
    if kind == "diagonal":
        return QuadraticFeature(np.diag(rng.standard_normal(d)), rng.standard_normal(d))
    if kind == "hard":  # the gradient has no part along the least eigenvector
        A = np.diag(np.concatenate([[-3.0, 0.0], rng.random(d - 2)]))
        return QuadraticFeature(A)
    u = rng.standard_normal(d)
    return QuadraticFeature(1.7 * np.outer(u, u), -0.6 * u)


@pytest.mark.parametrize("p", ORDERS)
def test_no_point_of_the_ball_is_below_the_infimum(p):
    rng = np.random.default_rng(1)
    d, eps = 3, 0.7
    u = rng.standard_normal(d)
    features = [
        LinearFeature(u),
        QuadraticFeature(np.outer(u, u), 0.3 * u),
        QuadraticFeature(-np.outer(u, u), 0.3 * u),
    ]
    if p == 2:
        features += [quadratic("full", d, rng), quadratic("hard", d, rng)]
    if math.isinf(p):
        features.append(quadratic("diagonal", d, rng))
    if p in (1, 2, math.inf):
        features += [BumpFeature(u, 0.8), BumpFeature(u, 0.8, sign=-1)]
    X = rng.standard_normal((6, d))
    y = np.where(np.arange(6) % 2, 1.0, -1.0)
    steps = in_the_ball(d, eps, p, 40_000, rng)
    for f in features:
        assert isinstance(f, Feature)
        worst = f.worst(X, y, eps, p)
        for x, label, least in zip(X, y, worst, strict=True):
            values = label * f.values(x + steps)
            assert values.min() >= least - 1e-9 * (1 + abs(least))
            spread = np.ptp(values)
            assert values.min() - least < 0.08 * spread + 1e-9


@pytest.mark.parametrize("kind", ["full", "hard", "ridge"])
def test_infimum_over_the_euclidean_ball_is_attained(kind):
    rng = np.random.default_rng(2)
    f = quadratic(kind, 4, rng)
    X = rng.standard_normal((2, 4))
    if kind == "hard":
        X[:, 0] = 0.0
    for eps in (0.05, 0.6, 3.0):
        for y in (-1.0, 1.0):
            worst = f.worst(X, np.full(2, y), eps, 2)
            for x, least in zip(X, worst, strict=True):
                found = searched(f, x, y, eps, 2)
                assert found == pytest.approx(least, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kind", ["diagonal", "ridge"])
def test_infimum_over_the_cube_is_attained(kind):
    rng = np.random.default_rng(3)
    f = quadratic(kind, 4, rng)
    X = rng.standard_normal((2, 4))
    for eps in (0.05, 0.6, 3.0):
        for y in (-1.0, 1.0):
            worst = f.worst(X, np.full(2, y), eps, math.inf)
            for x, least in zip(X, worst, strict=True):
                found = searched(f, x, y, eps, math.inf)
                assert found == pytest.approx(least, rel=1e-6, abs=1e-6)


def test_fall_is_that_of_a_grid_search():
    s = np.linspace(-1.3, 1.3, 200_001)
    for a in (-2.0, -1e-12, 0.0, 1e-12, 0.4, 3.0):
        for g in (-5.0, -0.2, 0.0, 0.7):
            found = float(fall(a, g, 1.3))
            assert -(a * s**2 + 2 * g * s).min() == pytest.approx(found, abs=1e-9)


def test_a_ball_of_size_zero_changes_nothing():
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((4, 3)), np.array([1.0, -1.0, 1.0, -1.0])
    for f in (
        LinearFeature([1.0, 2.0, 0.0]),
        quadratic("full", 3, rng),
        BumpFeature(np.zeros(3), 2.0),
    ):
        assert np.allclose(f.worst(X, y, 0.0, 2), y * f.values(X), rtol=1e-14)


def test_forms_are_recognised():
    u = np.array([0.6, -0.8])
    assert QuadraticFeature(np.zeros((2, 2)), u).ridge() is not None
    assert QuadraticFeature(np.outer(u, u), 2 * u).ridge() is not None
    assert QuadraticFeature(np.outer(u, u), [1.0, 1.0]).ridge() is None
    assert QuadraticFeature(np.eye(2)).ridge() is None
    assert QuadraticFeature(np.eye(2)).diagonal is not None
    assert QuadraticFeature(np.outer(u, u)).diagonal is None


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e200, 1e300])
def test_ridges_are_recognised_at_any_scale(scale):
    u = np.array([0.6, -0.8])
    for f, a, slope in (
        (QuadraticFeature(np.zeros((2, 2)), scale * u), 0.0, scale),
        (QuadraticFeature(scale * np.outer(u, u), 2 * scale * u), scale, 2 * scale),
    ):
        found = f.ridge()
        assert found is not None
        assert np.abs(found[0]) == pytest.approx([0.6, 0.8], rel=1e-12)
        assert found[1] == pytest.approx(a, rel=1e-12)
        assert abs(found[2]) == pytest.approx(slope, rel=1e-12)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LinearFeature([0.0, 0.0]), "a must not be zero"),
        (lambda: QuadraticFeature([[0.0, 1.0], [2.0, 0.0]]), "A must be a symmetric"),
        (lambda: QuadraticFeature([[0.0]]), "must not both be zero"),
        (lambda: QuadraticFeature([[1.0]], [1.0, 2.0]), "b must have shape"),
        (lambda: BumpFeature([0.0], gamma=0.0), "gamma must be above 0"),
        (lambda: BumpFeature([0.0], sign=2), "sign must be -1 or"),
        (
            lambda: BumpFeature([0.0]).worst(np.ones((1, 1)), np.ones(1), 1.0, 3.0),
            "p must be 1, 2 or infinity",
        ),
        (
            lambda: QuadraticFeature([[1.0]]).worst([[1.0]], [1.0], -0.5, 1.0),
            "eps must be at least 0",
        ),
        (
            lambda: LinearFeature([1.0]).worst([[1.0], [2.0]], [1.0], 0.5, 2.0),
            "y must have shape",
        ),
        (
            lambda: BumpFeature([1.0]).worst([[1.0]], [0.0], 0.5, 2.0),
            "y must be -1 or",
        ),
        (
            lambda: LinearFeature([1.0]).worst([[1.0]], [1.0], 0.5, 0.5),
            "p must be at least 1",
        ),
        (
            lambda: QuadraticFeature(np.diag([1.0, 2.0])).worst(
                np.ones((1, 2)), np.ones(1), 1.0, 3.0
            ),
            "p must be 2",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("p", [1.0, 2.0, math.inf])
def test_bumps_attain_their_extremes(p):
    """At the explicit points of the ball that are farthest from the centre, nearest."""
    rng = np.random.default_rng(8)
    z, eps, d = rng.standard_normal(4), 0.6, 4
    X = z + rng.standard_normal((20, d))
    gap = X - z
    if p == 1:
        far = eps * np.sign(gap) * (np.abs(gap) == np.abs(gap).max(axis=1)[:, None])
    elif p == 2:
        far = eps * gap / np.linalg.norm(gap, axis=1)[:, None]
    else:
        far = eps * np.sign(gap)
    for sign in (1, -1):
        f = BumpFeature(z, 0.4, sign)
        worst = f.worst(X, np.full(20, float(sign)), eps, p)
        assert np.allclose(worst, sign * f.values(X + far), rtol=1e-12)
    f = BumpFeature(z, 0.4)
    best = -f.worst(X, -np.ones(20), eps, p)
    for i in range(20):
        split = {"type": "ineq", "fun": lambda s: eps - s.sum()}
        found = optimize.minimize(
            lambda s, i=i: ((np.abs(gap[i]) - s) ** 2).sum(),
            np.full(d, eps / 8),
            bounds=[(0, a if p == 1 else min(a, eps)) for a in np.abs(gap[i])],
            constraints=[split]
            if p == 1
            else [{"type": "ineq", "fun": lambda s: eps**2 - s @ s}]
            if p == 2
            else [],
            method="SLSQP",
            tol=1e-12,
        )
        assert best[i] == pytest.approx(math.exp(-0.4 * found.fun), rel=1e-6)


@pytest.mark.parametrize("n", [0, 1, 5, 6, 7, 23])
def test_blocks_are_all_rows_once(n: int):
    rows = np.arange(n)
    parts = [rows[part] for part in blocks(n, _BLOCK // 3)]
    assert np.concatenate([*parts, []]).tolist() == rows.tolist()
    assert all(0 < part.size <= 3 for part in parts)
