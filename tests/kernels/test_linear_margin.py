"""Steps onto hyperplanes against fractions, linear programs and 60 digits."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from scipy.optimize import linprog

from geomadv_kernels.contract import watching
from geomadv_kernels.cpu import linear_margin as kernels
from geomadv_kernels.cpu.linear_margin import (
    box_perturbation,
    linear_margin,
    linear_perturbation,
)

U = 2.0**-53
NORMS = [1.0, 2.0, math.inf]


def exact_margins(X, w, b):
    W = [Fraction(v) for v in w.tolist()]
    return [
        sum((Fraction(v) * u for v, u in zip(x, W, strict=True)), Fraction(b))
        for x in X.tolist()
    ]


KNOWN = [(2.0, 0.2230769231), (math.inf, 0.1526315789), (1.0, 0.2416666667)]


@pytest.mark.parametrize(("p", "distance"), [*KNOWN, (3.0, 0.2010916191)])
def test_a_plane_in_space(p, distance):
    X, w = np.array([[0.5, 0.2, 0.1]]), np.array([3.0, -4.0, 12.0])
    margin, found, delta = linear_perturbation(X, w, 1.0, p=p)
    assert margin == pytest.approx([2.9])
    assert found == pytest.approx([distance], rel=1e-9)
    assert np.linalg.norm(delta[0], p) == pytest.approx(distance, rel=1e-9)
    assert np.allclose((X + delta) @ w + 1.0, 0.0, atol=1e-14)
    assert np.array_equal(linear_margin(X, w, 1.0, p=p)[1], found)


@pytest.mark.parametrize(
    ("x", "b", "linf", "l2", "l1"),
    [
        ([0.5, 0.2, 0.1], 1.0, 0.2428571429, 0.3544009029, 0.525),
        ([0.9, 0.1, 0.05], -0.5, 0.2571428571, 0.3634556369, 0.5),
        ([0.5, 0.2, 0.1], 6.0, math.inf, math.inf, math.inf),
    ],
)
def test_a_plane_in_a_cube(x, b, linf, l2, l1):
    w = np.array([3.0, -4.0, 12.0])
    for p, distance in ((math.inf, linf), (2.0, l2), (1.0, l1)):
        _, found, delta = box_perturbation(
            np.array([x]), w, b, np.zeros(3), np.ones(3), p=p
        )
        assert found == pytest.approx([distance], rel=1e-9)
        assert delta.any() == math.isfinite(distance)


@given(
    st.integers(1, 40),
    st.sampled_from([1.0, 1e3, 1e8]),
    st.sampled_from([np.float64, np.float32]),
    st.integers(0, 2**32 - 1),
)
def test_margins_are_within_the_stated_bound_of_the_exact_ones(d, offset, dtype, seed):
    rng = np.random.default_rng(seed)
    X = (offset + rng.standard_normal((5, d))).astype(dtype)
    w = rng.standard_normal(d).astype(dtype)
    b = -float(X[0].astype(float) @ w.astype(float)) + float(rng.standard_normal())
    gamma = (d + 1) * U / (1 - (d + 1) * U)
    terms = np.abs(X).astype(float) @ np.abs(w).astype(float) + abs(b)
    margin, distance = linear_margin(X, w, b, p=2.0)
    norm = math.sqrt(sum(Fraction(v) ** 2 for v in w.tolist()))
    eps = float(np.finfo(dtype).eps)
    for i, exact in enumerate(exact_margins(X, w, b)):
        bound = Fraction(gamma * terms[i] + eps * abs(float(exact)))
        assert abs(Fraction(float(margin[i])) - exact) <= bound
        error = abs(float(distance[i]) - abs(float(exact)) / norm)
        assert error <= gamma * terms[i] / norm + 3 * eps * float(distance[i])


def exact_box(m, w, room, p):
    """Return the sizes of the smallest step in fractions, for p = 1, 2, inf."""
    size = [abs(v) for v in w]
    if p == 1.0:
        step, left = [Fraction(0)] * len(w), abs(m)
        for i in sorted(range(len(w)), key=lambda i: -size[i]):
            if size[i]:
                step[i] = min(room[i], left / size[i])
                left -= size[i] * step[i]
        return step if left == 0 else None
    speed = [Fraction(bool(v)) if p == math.inf else v for v in size]
    if sum(s * r for s, r in zip(size, room, strict=True)) < abs(m):
        return None
    moving = [i for i in range(len(w)) if size[i]]
    for t0 in sorted(
        {room[i] / speed[i] for i in moving} | {Fraction(0)}, reverse=True
    ):
        fixed = [i for i in moving if room[i] <= t0 * speed[i]]
        gained = sum(size[i] * room[i] for i in fixed)
        rate = sum(size[i] * speed[i] for i in moving if i not in fixed)
        t = (abs(m) - gained) / rate if rate else t0
        if t >= t0 and (rate or abs(m) == gained):
            steps = (min(r, t * s) for r, s in zip(room, speed, strict=True))
            return list(steps)
    raise AssertionError


@given(st.sampled_from(NORMS), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_steps_in_boxes_of_integers_are_the_exact_ones(p, d, seed):
    """With ties, zeros, points on sides, and hyperplanes through corners."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (8, d)).astype(float)
    w = rng.integers(-3, 4, d).astype(float)
    b = float(rng.integers(-12, 13))
    lower, upper = X.min(axis=0) - rng.integers(0, 2, d), X.max(axis=0) + 1.0
    margin, distance, delta = box_perturbation(X, w, b, lower, upper, p=p)
    for i, m in enumerate(exact_margins(X, w, b)):
        assert margin[i] == m
        sign = 1 if m > 0 else -1
        room = [
            Fraction(0) if v == 0 else Fraction(x - lo if sign * v > 0 else hi - x)
            for x, v, lo, hi in zip(X[i], w, lower, upper, strict=True)
        ]
        step = exact_box(m, [Fraction(v) for v in w], room, p)
        if step is None:
            assert distance[i] == np.inf
            assert not delta[i].any()
            continue
        expected = -sign * np.sign(w) * [float(s) for s in step]
        assert np.abs(delta[i] - expected).max() <= 1e-15 * (1 + np.abs(expected).max())
        assert distance[i] == pytest.approx(np.linalg.norm(expected, p), rel=1e-14)


@pytest.mark.parametrize("p", [1.0, math.inf])
def test_a_linear_program_finds_the_same_distance(p):
    rng = np.random.default_rng(1)
    d = 7
    X, w = rng.random((12, d)), rng.standard_normal(d)
    lower, upper = np.zeros(d), np.where(rng.random(d) < 0.4, np.inf, 1.0)
    b = -0.8
    margin, distance, delta = box_perturbation(X, w, b, lower, upper, p=p)
    assert np.isfinite(distance).sum() > 3
    for i in range(len(X)):
        many = d if p == 1.0 else 1  # bounds on each |delta_i|, or one for all
        tie = -np.eye(d) if p == 1.0 else -np.ones((d, 1))
        result = linprog(
            np.append(np.zeros(d), np.ones(many)),
            A_ub=np.block([[np.eye(d), tie], [-np.eye(d), tie]]),
            b_ub=np.zeros(2 * d),
            A_eq=np.append(w, np.zeros(many))[None],
            b_eq=[-margin[i]],
            bounds=[
                *zip(lower - X[i], upper - X[i], strict=True),
                *[(0, None)] * many,
            ],
        )
        if result.status == 2:
            assert distance[i] == np.inf
        else:
            assert distance[i] == pytest.approx(result.fun, rel=1e-9, abs=1e-12)
            assert abs((X[i] + delta[i]) @ w + b) < 1e-13
            inside = (X[i] + delta[i] >= lower - 1e-15) & (
                X[i] + delta[i] <= upper + 1e-15
            )
            assert inside.all()


@pytest.mark.parametrize(("p", "power"), [(2.0, 1), (1.5, 2), (3.0, 0.5)])
def test_bisection_in_60_digits_finds_the_same_step(p, power):
    rng = np.random.default_rng(2)
    d = 40
    X, w = rng.random((10, d)), rng.standard_normal(d) * 10.0 ** rng.uniform(-2, 0, d)
    b = float(-0.85 * np.maximum(w, 0).sum() - 0.15 * np.minimum(w, 0).sum())
    _, distance, delta = box_perturbation(X, w, b, np.zeros(d), np.ones(d), p=p)
    assert np.isfinite(distance).all()
    for i, m in enumerate(exact_margins(X, w, b)):
        room = [
            mpf(x) if (m > 0) == (v > 0) else 1 - mpf(x)
            for x, v in zip(X[i].tolist(), w.tolist(), strict=True)
        ]
        goal = abs(mpf(m.numerator) / m.denominator)
        size = [abs(mpf(v)) for v in w.tolist()]
        speed = [s ** mpf(power) for s in size]

        def steps(t, room=room, speed=speed):
            return [min(r, t * s) for r, s in zip(room, speed, strict=True)]

        low, high = mpf(0), mpf(10) ** 9
        for _ in range(200):
            t = (low + high) / 2
            gain = sum(s * e for s, e in zip(size, steps(t), strict=True))
            low, high = (t, high) if gain < goal else (low, t)
        exact = np.array([float(e) for e in steps(low)])
        clipped = sum(e == r for e, r in zip(steps(low), room, strict=True))
        assert 0 < clipped < d
        assert np.abs(np.abs(delta[i]) - exact).max() <= 1e-13
        assert distance[i] == pytest.approx(np.linalg.norm(exact, p), rel=1e-13)


def test_ties_go_to_the_lowest_index():
    w = np.array([1.0, -2.0, 2.0, 0.0])
    X = np.zeros((1, 4))
    _, distance, delta = linear_perturbation(X, w, 1.0, p=1.0)
    assert np.array_equal(delta, [[0, 0.5, 0, 0]])
    assert distance == 0.5
    side = np.full(4, 0.375)
    _, distance, delta = box_perturbation(X, w, 1.0, -side, side, p=1.0)
    assert np.array_equal(delta, [[0, 0.375, -0.125, 0]])
    assert distance == 0.5


@pytest.mark.parametrize("p", NORMS)
def test_a_constant_function_is_zero_nowhere_or_everywhere(p):
    X, zero, far = np.ones((2, 3)), np.zeros(3), np.full(3, np.inf)
    for b, expected in ((2.0, np.inf), (0.0, 0.0)):
        for results in (
            linear_perturbation(X, zero, b, p=p),
            box_perturbation(X, zero, b, -far, far, p=p),
        ):
            assert np.array_equal(results[0], [b, b])
            assert np.array_equal(results[1], [expected] * 2)
            assert not results[2].any()


@pytest.mark.parametrize("p", [*NORMS, 1.5])
def test_points_on_the_hyperplane_stay(p):
    X, w = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([1.0, 2.0])
    for results in (
        linear_perturbation(X, w, -5.0, p=p),
        box_perturbation(X, w, -5.0, X.min(axis=0), X.max(axis=0), p=p),
    ):
        for part in results:
            assert not part.any()
        assert not np.signbit(results[2]).any()


@pytest.mark.parametrize("p", [*NORMS, 1.5])
@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-600, 2.0**600, 2.0**1010])
def test_very_small_and_very_large_w_give_the_same_steps(p, scale):
    rng = np.random.default_rng(4)
    X, w = rng.integers(-8, 8, (6, 20)) / 8.0, rng.integers(-15, 16, 20).astype(float)
    side = np.full(20, 1.0)
    for call in (
        lambda w, b: linear_perturbation(X, w, b, p=p),
        lambda w, b: box_perturbation(X, w, b, -side, side, p=p),
    ):
        margin, distance, delta = call(w, 3.0)
        found = call(w * scale, 3.0 * scale)
        assert np.array_equal(found[0], margin * scale)
        assert np.allclose(found[1], distance, rtol=1e-15, atol=0)
        assert np.allclose(found[2], delta, rtol=1e-14, atol=0)


@pytest.mark.parametrize("p", [*NORMS, 1.5])
def test_an_infinite_box_is_no_box(p):
    rng = np.random.default_rng(5)
    X, w = rng.standard_normal((50, 30)), rng.standard_normal(30)
    far = np.full(30, np.inf)
    free = linear_perturbation(X, w, 0.3, p=p)
    boxed = box_perturbation(X, w, 0.3, -far, far, p=p)
    for ours, theirs in zip(boxed, free, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-13, atol=1e-16)


def test_breakpoints_that_mislead_newton_cost_few_steps(monkeypatch):
    """Newton's iteration alone takes 64 steps, a breakpoint or two with each."""
    room, ones = 4.0 ** np.arange(-200.0, 0.0), np.ones(200)
    size = 1.0 / room
    calls = []
    state = kernels._state.py_func

    def counted(*arguments):
        calls.append(1)
        return state(*arguments)

    monkeypatch.setattr(kernels, "_state", counted)
    goal = float(size @ room) * 0.999
    t = kernels._time.py_func(goal, room, size, ones)
    assert 24 < len(calls) < 50
    assert float(size @ np.minimum(room, t)) == pytest.approx(goal, rel=1e-14)


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_no_other_step_in_the_box_is_shorter(d, seed):
    """Random steps in the box onto the hyperplane: steps scaled from other weights."""
    rng = np.random.default_rng(seed)
    X, w = rng.random((1, d)), rng.standard_normal(d)
    b = float(-rng.random(d) @ w)
    lower, upper = np.zeros(d), np.ones(d)
    for p in NORMS:
        margin, distance, _ = box_perturbation(X, w, b, lower, upper, p=p)
        for _ in range(10):
            end = np.where(margin[0] * w > 0, lower, upper) * (rng.random(d) < 0.8)
            move = (end - X[0]) * rng.random(d)
            gain = float(move @ w)
            if gain * -margin[0] > 0 and abs(gain) >= abs(margin[0]):
                other = move * (-margin[0] / gain)
                assert np.linalg.norm(other, p) >= distance[0] * (1 - 1e-12)


def test_a_mixture_of_precisions_gives_double_precision():
    rng = np.random.default_rng(6)
    X, w = rng.standard_normal((2000, 30), dtype=np.float32), rng.standard_normal(30)
    side = np.full(30, 4.0)
    for mixed, full in (
        (
            linear_margin(X, w, 0.1, p=2.0),
            linear_margin(X.astype(float), w, 0.1, p=2.0),
        ),
        (
            box_perturbation(X, w, 0.1, -side, side, p=2.0),
            box_perturbation(X.astype(float), w, 0.1, -side, side, p=2.0),
        ),
    ):
        for ours, theirs in zip(mixed, full, strict=True):
            assert ours.dtype == np.float64
            assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_empty_arrays_and_the_compiled_path(dtype):
    w = np.ones(3, dtype)
    for n in (0, 4):
        X = np.zeros((n, 3), dtype)
        with watching() as paths:
            parts = [
                *linear_margin(X, w, 1.0, p=2.0),
                *linear_perturbation(X, w, 1.0, p=2.0),
                *box_perturbation(X, w, 1.0, -w, w, p=2.0),
            ]
        assert all(part.dtype == dtype and len(part) == n for part in parts)
        assert paths == [
            f"cpu.{name}"
            for name in ("linear_margin", "linear_perturbation", "box_perturbation")
        ]


def test_large_weights_cost_subnormal_points_no_digit():
    margin, _ = linear_margin(
        np.array([[3 * 2.0**-1074]]), np.array([2.0**40]), 0.0, p=2.0
    )
    assert margin == 3 * 2.0**-1034
