"""Distances to a hyperplane, free and in a box, in plain NumPy."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel, copied

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Float64 = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]

_U = 2.0**-53
_SUBNORMAL = 2.0**-1074


def _dual(p: float) -> float:
    """Return q with 1/p + 1/q = 1."""
    return math.inf if p == 1 else 1.0 if math.isinf(p) else p / (p - 1.0)


def _largest(w: Float64) -> float:
    """Return the largest absolute value, or 1 if all are 0."""
    return float(np.abs(w).max(initial=0.0)) or 1.0


def _length(v: Float64, p: float) -> float:
    """Return |v|_p, squares of subnormal numbers included."""
    return _largest(v) * float(np.linalg.norm(v / _largest(v), p))


def _signed_distance(X: Float64, w: Float64, b: float, p: float) -> Float64:
    """Return the distances to the hyperplane, with the signs of the margins."""
    scale = _largest(w)  # keeps subnormal w from underflow, and large w from overflow
    margin = X @ (w / scale) + b / scale
    if not w.any():
        return np.where(margin == 0, 0.0, np.copysign(np.inf, margin))
    return margin / np.linalg.norm(w / scale, _dual(p))


def linear_margin(X: Array, w: Array, b: float, *, p: float) -> tuple[Float64, ...]:
    """Return X w + b and the l_p distances of the rows of X to its zero set."""
    X, w = X.astype(float), w.astype(float)
    return X @ w + b, np.abs(_signed_distance(X, w, b, p))


def _unit(w: Float64, p: float) -> Float64:
    """Return the u with |u|_p = 1 that maximises u.w; lowest index at p = 1."""
    if not w.any():
        return np.zeros(len(w))
    size = np.abs(w) / _largest(w)
    if p == 1:
        unit = (np.arange(len(w)) == size.argmax()).astype(float)
    else:
        power = _dual(p) - 1.0
        unit = np.where(size > 0, size**power, 0.0)
        unit /= np.linalg.norm(size, _dual(p)) ** power
    return unit * np.sign(w)


def linear_perturbation(
    X: Array, w: Array, b: float, *, p: float
) -> tuple[Float64, ...]:
    """Return margins, distances and the smallest steps onto the hyperplane."""
    X, w = X.astype(float), w.astype(float)
    distance = _signed_distance(X, w, b, p)
    step = np.where(np.isfinite(distance), -distance, 0.0)
    return X @ w + b, np.abs(distance), step[:, None] * _unit(w, p)


def _clipped(F: float, size: Float64, room: Float64, p: float) -> Float64:
    """Return the least e in [0, room] with size.e = F; the far corner if none is.

    For p > 1 it is min(room, t size^{q-1}) (Lagrange), where t solves an equation
    that is linear between the breakpoints room/size^{q-1}. At p = 1 the steepest
    coordinates are used up first.
    """
    step = np.zeros(len(size))
    if p == 1:
        for i in np.argsort(-size, kind="stable"):
            if size[i] > 0:
                step[i] = min(room[i], F / size[i])
                F = F - size[i] * room[i] if step[i] == room[i] else 0.0
        return np.maximum(step, 0.0)
    moving = np.flatnonzero(size)
    a, most = size[moving], room[moving]
    speed = a ** (_dual(p) - 1.0)
    order = np.argsort(most / speed)
    a, speed, most = a[order], speed[order], most[order]
    slope = np.cumsum((a * speed)[::-1])[::-1]
    gained = np.append(0.0, np.cumsum(a * most)[:-1])  # by those that are at their end
    t = (F - gained) / slope
    reached = np.flatnonzero(t * speed <= most)
    time = t[reached[0]] if reached.size else math.inf
    step[moving[order]] = np.minimum(most, time * speed)
    return step


def _room(
    x: Float64, w: Float64, sign: float, lower: Float64, upper: Float64
) -> Float64:
    """Return how far each coordinate may go in the direction -sign(w) * sign."""
    room = np.where(sign * w > 0, x - lower, upper - x)
    return np.where(w == 0, 0.0, room)


def box_perturbation(
    X: Array, w: Array, b: float, lower: Array, upper: Array, *, p: float
) -> tuple[Float64, ...]:
    """Return margins, distances and smallest steps onto the hyperplane in a box."""
    X, w = X.astype(float), w.astype(float)
    margin = X @ w + b
    distance = np.full(len(X), np.inf)
    delta = np.zeros(X.shape)
    scale = _largest(w)
    size = np.abs(w) / scale
    for i, x in enumerate(X):
        F = x @ (w / scale) + b / scale
        room = _room(x, w, np.sign(F), lower.astype(float), upper.astype(float))
        if F == 0:
            distance[i] = 0.0
        elif (size * room)[w != 0].sum() >= abs(F) < math.inf:
            step = _clipped(abs(F), size, room, p)
            delta[i] = -np.sign(F) * np.sign(w) * step
            distance[i] = _length(step, p)
    return margin, distance, delta


def _gamma(k: int) -> float:
    """Return the relative error of k roundings."""
    return k * _U / (1.0 - k * _U)


def _rounding(arguments: Arguments, value: Float64) -> Float64:
    """Return the error of storing `value` in the precision of the result."""
    single = all(arguments[name].dtype == np.float32 for name in "Xw")
    info = np.finfo(np.float32 if single else np.float64)
    error = np.abs(value) * float(info.eps) + float(info.smallest_subnormal)
    return np.where(np.abs(value) > 0.99 * float(info.max), np.inf, error)


def _margin_error(arguments: Arguments) -> Float64:
    """Bound the difference of two floating-point margins.

    A sum of d products and b, in any order, with or without fused operations, is off by
    at most gamma_{d+1} (sum |x_i w_i| + |b|), and by half the smallest number for each
    product that underflows.
    """
    X, w = arguments["X"].astype(float), arguments["w"].astype(float)
    d = len(w)
    terms = np.abs(X) @ np.abs(w) + abs(arguments["b"])
    return 2.0 * _gamma(d + 2) * terms + (d + 1) * _SUBNORMAL


def _distance_error(arguments: Arguments, expected: Any) -> Float64:
    """Bound the margin's error over the norm, and the rounding of the quotient."""
    X, w = arguments["X"].astype(float), arguments["w"].astype(float)
    d, scale = len(w), _largest(w)
    terms = np.abs(X) @ (np.abs(w) / scale) + abs(arguments["b"]) / scale
    least = np.linalg.norm(w / scale, _dual(arguments["p"])) or 1.0
    error = 2.0 * _gamma(d + 4) * terms / least + 4 * (d + 1) * _SUBNORMAL
    return error + _gamma(2 * d + 60) * np.where(np.isfinite(expected), expected, 0.0)


def _margin_tolerance(arguments: Arguments, expected: Any) -> tuple[Float64, ...]:
    margin, distance = expected[:2]
    return (
        _margin_error(arguments) + _rounding(arguments, margin),
        _distance_error(arguments, distance) + _rounding(arguments, distance),
    )


def _perturbation_tolerance(arguments: Arguments, expected: Any) -> tuple[Float64, ...]:
    """Bound the step: the distance's error, and the direction's, gamma_{2 d + 60}."""
    _, distance, delta = expected
    known = np.isfinite(distance)
    error = np.where(known, _distance_error(arguments, distance), 0.0)
    unit = np.abs(_unit(arguments["w"].astype(float), arguments["p"]))
    exact = error[:, None] * unit + _gamma(2 * len(unit) + 60) * np.abs(delta)
    return (
        *_margin_tolerance(arguments, expected),
        exact + _rounding(arguments, delta),
    )


def _box_tolerance(arguments: Arguments, expected: Any) -> tuple[Float64, ...]:
    """Bound the steps by those for a margin a little larger and smaller.

    The computed step solves the problem exactly for a margin off by the rounding of
    the margin and of the sums over breakpoints, together 2 gamma_{2 d + 8} times
    sum |x_i w_i| + |b|. The exact step is monotone in the margin, entry by entry.
    """
    X, w = arguments["X"].astype(float), arguments["w"].astype(float)
    lower, upper = (arguments[k].astype(float) for k in ("lower", "upper"))
    b, p = arguments["b"], arguments["p"]
    margin, distance, delta = expected
    scale, d = _largest(w), len(w)
    size = np.abs(w) / scale
    steps = np.zeros(X.shape)
    for i, x in enumerate(X):
        F = x @ (w / scale) + b / scale
        terms = np.abs(x) @ size + abs(b) / scale
        eta = 4.0 * _gamma(2 * d + 8) * terms + 8 * (d + 1) * _SUBNORMAL
        ends = []
        for value in (F - eta, F + eta):
            room = _room(x, w, np.sign(value), lower, upper)
            ends.append(np.sign(value) * _clipped(abs(value), size, room, p))
        steps[i] = np.abs(ends[1] - ends[0])
    known = np.isfinite(distance)
    steps = np.where(known[:, None], steps, 0.0) + _gamma(2 * d + 60) * np.abs(delta)
    steps += np.where(delta == 0, 0.0, 4 * _SUBNORMAL)
    lengths = np.array([_length(row, p) for row in steps]).reshape(len(X))
    distance = np.where(known, distance, 0.0)
    return (
        _margin_error(arguments) + _rounding(arguments, margin),
        lengths + _gamma(2 * d + 60) * distance + _rounding(arguments, distance),
        steps + _rounding(arguments, delta),
    )


def _memory(arguments: Arguments) -> int:
    """Ten vectors of length d, two for each thread, and what Python needs.

    Where X is not contiguous or not of the precision of the result, also the rows of a
    block for each thread.
    """
    from geomadv_kernels.cpu._threads import available

    d = len(arguments["w"])
    rows = min(copied(arguments, np.float64), 8 * (2**19 + 2 * d))
    return 8 * (10 + 2 * available()) * d + available() * rows + 2**17


_NORMS = (1.0, 2.0, math.inf, 1.5, 3.0)


def _plane(draw: Any, **options: Any) -> tuple[Arguments, np.random.Generator]:
    """Draw X, w, b and p: w with ties or zeros or like the points, some margins 0."""
    from hypothesis import strategies as st

    from geomadv_kernels.strategies import clouds

    X, Y, rng = draw(clouds(**options))
    d = X.shape[1]
    kinds = ["gaussian", "ties", "zero", "one", *(["point"] if len(Y) else [])]
    w = {
        "gaussian": rng.standard_normal(d),
        "ties": rng.integers(-2, 3, d).astype(float),
        "zero": np.zeros(d),
        "one": np.where(np.arange(d) == d // 2, -3.0, 0.0),
        "point": Y[0] if len(Y) else None,
    }[draw(st.sampled_from(kinds))]
    w = w.astype(X.dtype)
    offsets = [0.0, 1.0, float(rng.standard_normal())]
    if len(X):
        offsets.append(-float(X[0].astype(float) @ w.astype(float)))
    b, p = draw(st.sampled_from(offsets)), draw(st.sampled_from(_NORMS))
    return {"X": X, "w": w, "b": b, "p": p}, rng


def _inputs() -> "SearchStrategy[Arguments]":
    from hypothesis import strategies as st

    return st.composite(lambda draw: _plane(draw)[0])()


def _decided(arguments: Arguments) -> bool:
    """Say whether rounding decides nowhere that the hyperplane meets the box."""
    X, w, b = arguments["X"].astype(float), arguments["w"].astype(float), arguments["b"]
    margin = X @ w + b
    terms = np.abs(X) @ np.abs(w) + abs(b)
    ends = [arguments[name].astype(float) for name in ("lower", "upper")]
    whole = all(np.array_equal(v, np.rint(v)) for v in (X, w, b, *ends))
    for x, m, size in zip(X, margin, terms, strict=True):
        room = _room(x, w, np.sign(m), *ends)
        gain = float((np.abs(w) * room)[w != 0].sum())
        if abs(gain - abs(m)) <= 1e-9 * size and not whole:
            return False
    return True


def _box_inputs() -> "SearchStrategy[Arguments]":
    """Draw boxes about the cloud, hyperplanes through, beside and beyond them.

    In each of these cases some sides may be at infinity, and some points on a side.
    """
    from hypothesis import strategies as st

    from geomadv_kernels.strategies import COUNTS

    few = tuple(count for count in COUNTS if count <= 65)

    @st.composite
    def arguments(draw: Any) -> Arguments:
        given, rng = _plane(draw, counts=few)
        X, w, d = given["X"].astype(float), given["w"].astype(float), len(given["w"])
        low, high = X.min(axis=0, initial=1e30), X.max(axis=0, initial=-1e30)
        spread = np.where(high > low, high - low, 1.0)

        def pad() -> Float64:
            random = np.where(rng.random(d) < 0.3, np.inf, spread * rng.random(d))
            choices = [0 * spread, spread, spread * rng.integers(0, 3, d), random]
            return choices[draw(st.integers(0, 3))]

        given["lower"] = (low - pad()).astype(given["X"].dtype)
        given["upper"] = (high + pad()).astype(given["X"].dtype)
        if draw(
            st.booleans()
        ):  # the hyperplane at a distance that compares with the box
            middle = float(X.mean(axis=0) @ w) if len(X) else 0.0
            shift = draw(st.sampled_from([0.1, 0.5, 2.0])) * rng.standard_normal()
            given["b"] = float(spread @ np.abs(w) * shift) - middle
        return given

    return arguments().filter(_decided)


KERNELS = (
    Kernel(
        name="linear_margin",
        file="linear_margin",
        reference=linear_margin,
        inputs=_inputs,
        tolerance=_margin_tolerance,
        memory=_memory,
        accelerators=("gpu",),
    ),
    Kernel(
        name="linear_perturbation",
        file="linear_margin",
        reference=linear_perturbation,
        inputs=_inputs,
        tolerance=_perturbation_tolerance,
        memory=_memory,
        accelerators=("gpu",),
    ),
    Kernel(
        name="box_perturbation",
        file="linear_margin",
        reference=box_perturbation,
        inputs=_box_inputs,
        tolerance=_box_tolerance,
        memory=_memory,
        accelerators=("gpu",),
    ),
)
