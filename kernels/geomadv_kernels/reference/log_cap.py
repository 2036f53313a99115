r"""The measure of a spherical cap, and its inverse: one integral.

In v = artanh(height) the uniform measure of S^{d-1} has a density proportional to
sech^{d-1}(v) = exp(-(d-1) log cosh v), so with M(v) its integral over (v, inf)

    measure(v) = M(v) / (2 M(0))   for v >= 0,   and   measure(-v) = 1 - measure(v).

M is found by Gauss-Legendre on panels, over the v at which the density is above e^-45
of its first value. The inverse is bisection. An angle has v = -log tan(angle/2).

Accuracy. The panels are at most 45/16 wide where the density is analytic up to pi/2
from the real axis: their error is below 1e-14 (measured). Rounding leaves a relative
error of some eps in (d-1) log cosh v, which is at most |log measure| + 1, and as much
in M: together 1e-15 (|l| + 10) in the logarithm l. The contract allows 2e-14 (|l| + 5),
relative to |l| too, and what that means for v through dl/dv, which is at least as large
in size as at v = 0 and as (d-1) tanh v.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]

_DROP = 45.0
_PANELS, _ORDER = 16, 16
_LARGEST = 760.0  # artanh(cos(angle)) at the smallest angle is 745


def _rule() -> tuple[_Array, _Array]:
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    nodes = (np.arange(_PANELS)[:, None] + (nodes + 1.0) / 2.0) / _PANELS
    return nodes.ravel(), np.tile(weights, _PANELS) / (2.0 * _PANELS)


def _log_cosh(v: _Array) -> _Array:
    near = 2.0 * np.sinh(np.minimum(v, 1.0) / 2.0) ** 2
    return np.where(v < 1.0, np.log1p(near), v + np.log1p(np.exp(-2.0 * v)) - np.log(2))


def _log_integral(d: _Array, v: _Array) -> _Array:
    """Return log int_v^inf sech^{d-1}, for v >= 0."""
    first = _log_cosh(v)
    last = first + _DROP / (d - 1.0)
    reach = last + np.log1p(np.sqrt(-np.expm1(-2.0 * last))) - v
    nodes, weights = _rule()
    levels = _log_cosh(v[:, None] + reach[:, None] * nodes) - first[:, None]
    mean = np.exp(-(d[:, None] - 1.0) * levels) @ weights
    return np.log(reach * mean) - (d - 1.0) * first


def _log_total(d: _Array) -> _Array:
    """Return log(2 M(0))."""
    return _log_integral(d, np.zeros_like(d)) + np.log(2.0)


def _flat(d: _Array, value: _Array) -> tuple[_Array, _Array, tuple[int, ...]]:
    d, value = np.broadcast_arrays(d, value)
    return d.ravel().astype(float), value.ravel().astype(float), value.shape


def cap_measure(d: _Array, coordinate: _Array, *, angle: bool, log: bool) -> _Array:
    """Return the measures of caps, or their logarithms."""
    d, coordinate, shape = _flat(d, coordinate)
    with np.errstate(divide="ignore"):
        height = np.cos(coordinate) if angle else coordinate
        v = np.arctanh(height)
        if angle:
            v = np.where(np.abs(height) > 0.7, -np.log(np.tan(coordinate / 2.0)), v)
            near_pi = np.abs(
                np.tan((np.pi - coordinate + 1.2246467991473532e-16) / 2.0)
            )
            v = np.where(height < -0.7, np.log(near_pi), v)
    log_small = _log_integral(d, np.minimum(np.abs(v), _LARGEST)) - _log_total(d)
    log_small = np.where(np.isinf(v), -np.inf, log_small)
    log_large = np.log1p(-np.exp(log_small))
    result = np.where(v >= 0.0, log_small, log_large)
    if not log:
        mass = np.exp(log_small)
        result = np.where(v >= 0.0, mass, 1.0 - mass)
    return result.reshape(shape)


def cap_coordinate(d: _Array, mass: _Array, *, angle: bool, log: bool) -> _Array:
    """Return the heights, or with `angle` the angles, of caps of given measure."""
    d, mass, shape = _flat(d, mass)
    with np.errstate(divide="ignore"):
        if log:
            large = mass > np.log(0.5)
            target = np.where(large, np.log(-np.expm1(mass)), mass)
        else:
            large = mass > 0.5
            target = np.log(np.where(large, 1.0 - mass, mass))
    low, high = np.zeros_like(d), np.full_like(d, _LARGEST)
    target = target + _log_total(d)
    for _ in range(80):
        middle = (low + high) / 2.0
        above = _log_integral(d, middle) > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    if angle:
        part = np.where(low > 750.0, 0.0, 2.0 * np.arctan(np.exp(-low)))
        part = np.where(np.isinf(target), 0.0, part)
        return np.where(large, np.pi - part, part).reshape(shape)
    return np.where(large, -np.tanh(low), np.tanh(low)).reshape(shape)


def mean_cap_distance(d: int, angle: float) -> float:
    """Return the mean geodesic distance of a uniform point to a cap, by Simpson's rule.

    The relative error is 1e-8 for 3 <= d <= 10^4.
    """
    grid = np.linspace(1e-9, np.pi - 1e-9, 400001)
    density = np.exp((d - 2) * np.log(np.sin(grid)))
    distance = np.maximum(grid - angle, 0.0)
    return float((density * distance).sum() / density.sum())


def _inputs(of_measures: bool) -> "SearchStrategy[Arguments]":
    from hypothesis import strategies as st

    @st.composite
    def arguments(draw: Any) -> Arguments:
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        n = draw(st.sampled_from([0, 1, 2, 7, 20]))
        angle, log = draw(st.booleans()), draw(st.booleans())
        d = np.floor(2.0 * np.exp(rng.uniform(0.0, np.log(5e8), n)))
        if draw(st.booleans()):
            d = np.minimum(d, 60.0)
        if of_measures:
            value = 10.0 ** -rng.uniform(0.0, 12.0 if log else 300.0, n)
            value = np.where(rng.random(n) < 0.2, 1.0 - value * rng.random(n), value)
            value = np.where(rng.random(n) < 0.2, rng.choice([0.0, 0.5, 1.0], n), value)
            if log:
                value = -(10.0 ** rng.uniform(-12.0, 6.0, n))
            return {"d": d, "mass": value, "angle": angle, "log": log}
        near = rng.standard_normal(n) * rng.choice([1e-6, 1.0, 5.0], n) / np.sqrt(d)
        height = np.where(rng.random(n) < 0.7, near, rng.uniform(-1.0, 1.0, n))
        height = np.where(rng.random(n) < 0.1, rng.choice([-1.0, 0.0, 1.0], n), height)
        value = np.clip(height, -1.0, 1.0)
        if angle:
            value = np.arccos(value)
        dtype = draw(st.sampled_from([np.float64, np.float32]))
        value = np.clip(
            value.astype(dtype), dtype(-1), dtype(3.1415925 if angle else 1)
        )
        return {"d": d, "coordinate": value, "angle": angle, "log": log}

    return arguments()


def _rounding(arguments: Arguments, name: str) -> float:
    """Return the relative rounding of the result's precision."""
    return float(np.finfo(np.result_type(arguments[name], np.float32)).eps)


def _measure_tolerance(arguments: Arguments, expected: _Array) -> _Array:
    size = np.abs(expected)
    rounding = _rounding(arguments, "coordinate")
    smallest = 2e-45 if rounding > 1e-10 else 1e-307
    with np.errstate(divide="ignore"):
        depth = np.abs(np.log(np.maximum(size, 1e-320)))
    if arguments["log"]:  # near 0 it is the measure of the rest
        near = np.minimum(size, 1.0) * (depth + 5.0)
        return 2e-14 * (near + size) + rounding * size + smallest
    return 2e-14 * (depth + 5.0) * size + rounding * size + smallest


def _coordinate_tolerance(arguments: Arguments, expected: _Array) -> _Array:
    d, mass, _ = _flat(arguments["d"], arguments["mass"])
    d, mass = d.reshape(expected.shape), mass.reshape(expected.shape)
    with np.errstate(divide="ignore"):
        small = np.where(mass < -1.0, mass, np.log(np.abs(np.expm1(mass))))
        log = small if arguments["log"] else np.log(np.minimum(mass, 1.0 - mass))
    log = np.where(np.isfinite(log), np.abs(log), 0.0)
    height = np.cos(expected) if arguments["angle"] else expected
    slope = np.maximum((d - 1.0) * np.abs(height), np.sqrt(d - 1.5))
    in_v = 2e-14 * (log + 5.0) / slope + 4e-16 * np.minimum(log / slope, 800.0)
    if arguments["angle"]:
        return np.sin(expected) * in_v + 4e-16 * expected + 1e-323
    return (1.0 - height**2 + 1e-15) * in_v + 4e-16


KERNELS = (
    Kernel(
        name="cap_measure",
        file="log_cap",
        reference=cap_measure,
        inputs=lambda: _inputs(False),
        tolerance=_measure_tolerance,
        memory=lambda arguments: 2**19,
        accelerators=("xp",),
    ),
    Kernel(
        name="cap_coordinate",
        file="log_cap",
        reference=cap_coordinate,
        inputs=lambda: _inputs(True),
        tolerance=_coordinate_tolerance,
        memory=lambda arguments: 2**19,
        accelerators=("xp",),
    ),
)
