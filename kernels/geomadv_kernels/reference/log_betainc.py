r"""The regularised incomplete beta function: two integrals.

In v = log(x / (1 - x)) the law of Beta(a, b) has a density proportional to
x^a (1 - x)^b, with its top at x = p = a / (a + b). For x <= p the lower tail is

    I_x(a, b) = M(a, b, x) / (M(a, b, p) + M(b, a, 1 - p)),   M(a, b, x) = int_0^x ...,

and I_x(a, b) = 1 - I_{1-x}(b, a). M is found by Gauss-Legendre on panels, over the v at
which the density is above e^-45 of its value at x; for a < 1 from M(a + 1, b, x) by
parts (DLMF 8.17.20). The inverse is bisection.

Accuracy. With d = (a + b) x - a the density relative to its top is
exp(-a h(d/a) - b h(-d/b)), h(u) = u - log(1 + u), and the difference in h costs eps |d|
in absolute terms: less than 1e-12 (1 + |log|) for parameters up to 10^6, from where the
contract takes them. The quadrature is closer than that (measured).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_DROP = 45.0
_PANELS, _ORDER = 16, 16


def _rule() -> tuple[_Array, _Array]:
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    nodes = (np.arange(_PANELS)[:, None] + (nodes + 1.0) / 2.0) / _PANELS
    return nodes.ravel(), np.tile(weights, _PANELS) / (2.0 * _PANELS)


def _excess_of_log(u: _Array, r: _Array) -> _Array:
    """Return h = u - log(r), r = 1 + u."""
    return u - np.where(np.abs(u) < 0.5, np.log1p(u), np.log(r))


def _log_mean(a: _Array, b: _Array, x: _Array, y: _Array) -> _Array:
    """Return log(M(a, b, x) / (x^a y^b)) for x <= p."""
    raised = np.where(a < 1.0, a + 1.0, a)

    def drop(s: _Array) -> _Array:
        left = raised * s + (raised + b) * np.log1p(x * np.expm1(-s))
        right = (raised + b) * np.log1p(y * np.expm1(s)) - b * s  # the same
        return np.where(x < y, left, right)

    low, high = np.zeros_like(x), (_DROP - (raised + b) * np.log(y)) / raised
    for _ in range(25):  # the end need not be exact
        middle = (low + high) / 2.0
        inside = drop(middle) < _DROP
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    nodes, weights = _rule()
    mean = high * (weights @ np.exp(-drop(high * nodes[:, None])))
    # int u^(a-1) (1-u)^(b-1) = (x^a y^b + (a + b) int u^a (1-u)^(b-1)) / a
    return np.log(np.where(a < 1.0, (1.0 + (a + b) * x * mean) / a, mean))


def _log_total(a: _Array, b: _Array) -> _Array:
    """Return log(B(a, b) / (p^a (1 - p)^b))."""
    p, q = a / (a + b), b / (a + b)
    return np.logaddexp(_log_mean(a, b, p, q), _log_mean(b, a, q, p))


def _log_small(
    a: _Array, b: _Array, x: _Array, y: _Array, log_total: _Array
) -> tuple[_Array, _Array, _Array]:
    """Return the smaller tail's logarithm, its slope by v, and whether it is lower."""
    lower = x * (a + b) <= a
    a, b = np.where(lower, a, b), np.where(lower, b, a)
    x, y = np.where(lower, x, y), np.where(lower, y, x)
    n = a + b
    above = np.where(x < y, n * x - a, b - n * y)
    density = -a * _excess_of_log(above / a, n * x / a)
    density -= b * _excess_of_log(-above / b, n * y / b)
    density = np.where(x == 0.0, -np.inf, density)
    mean = _log_mean(a, b, x, y)
    return density + mean - log_total, np.exp(-mean), lower


def _flat(*arrays: Any) -> tuple[list[_Array], tuple[int, ...]]:
    full = np.broadcast_arrays(*arrays)
    return [array.ravel().astype(float) for array in full], full[0].shape


def _of_other(log_mass: _Array) -> _Array:
    near = log_mass > -0.5
    far = np.log1p(-np.exp(np.where(near, -1.0, log_mass)))
    return np.where(near, np.log(-np.expm1(np.where(near, log_mass, -1.0))), far)


def log_betainc(a: Any, b: Any, x: Any, *, complement: bool = False) -> _Array:
    """Return log I_x(a, b), or with `complement` log(1 - I_x(a, b))."""
    (a, b, x), shape = _flat(a, b, x)
    with np.errstate(all="ignore"):
        log_small, _, lower = _log_small(a, b, x, 1.0 - x, _log_total(a, b))
        result = np.where(lower != complement, log_small, _of_other(log_small))
    return result.reshape(shape)


def log_betainc_inverse(
    a: Any, b: Any, log_p: Any, *, complement: bool = False
) -> _Array:
    """Return the x at which `log_betainc` is `log_p`, by bisection in v."""
    (a, b, log_p), shape = _flat(a, b, log_p)
    low, high = np.full_like(a, -740.0), np.full_like(a, 740.0)
    with np.errstate(all="ignore"):
        log_total = _log_total(a, b)
        for _ in range(70):
            v = (low + high) / 2.0
            x, y = 1.0 / (1.0 + np.exp(-v)), 1.0 / (1.0 + np.exp(v))
            log_small, _, lower = _log_small(a, b, x, y, log_total)
            same = lower != complement
            target = np.where(same, log_p, _of_other(log_p))
            above = (log_small > target) == lower
            low, high = np.where(above, low, v), np.where(above, v, high)
    x = 1.0 / (1.0 + np.exp(-low))
    x = np.where(np.isinf(log_p), float(complement), x)
    return np.where(log_p == 0.0, 1.0 - float(complement), x).reshape(shape)


def _inputs(inverse: bool) -> "SearchStrategy[Arguments]":
    from hypothesis import strategies as st

    @st.composite
    def arguments(draw: Any) -> Arguments:
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        n = draw(st.sampled_from([0, 1, 2, 7, 12]))
        low, high = draw(st.sampled_from([(-3, 0), (-3, 6), (0, 3), (3.5, 6)]))
        a, b = 10.0 ** rng.uniform(low, high, (2, n))
        a = np.where(rng.random(n) < 0.2, rng.choice([0.5, 1.0, 2.0], n), a)
        b = np.where(rng.random(n) < 0.2, a, b)
        complement = draw(st.booleans())
        if inverse:
            log_p = -(10.0 ** rng.uniform(-9.0, 3.0, n))
            log_p = np.where(rng.random(n) < 0.1, rng.choice([0.0, -np.inf], n), log_p)
            # x itself is far from both ends of the doubles
            log_p = np.where(
                np.minimum(a, b) < 0.1, np.log(rng.uniform(0.3, 0.7)), log_p
            )
            a, b = np.maximum(a, 0.02), np.maximum(b, 0.02)
            return {"a": a, "b": b, "log_p": log_p, "complement": complement}
        z = rng.standard_normal(n) * rng.choice([0.1, 1.0, 5.0], n)
        v = np.log(a / b) + z * np.sqrt(1.0 / a + 1.0 / b)
        x = 1.0 / (1.0 + np.exp(-np.clip(v, -600.0, 600.0)))
        x = np.where(rng.random(n) < 0.1, rng.choice([0.0, 1.0], n), x)
        x = np.where(rng.random(n) < 0.2, rng.random(n), x)
        dtype = draw(st.sampled_from([np.float64, np.float32]))
        return {"a": a, "b": b, "x": x.astype(dtype), "complement": complement}

    return arguments()


def _log_error(log_mass: _Array) -> _Array:
    """Return the allowed error of the logarithm, given either tail."""
    size = np.abs(log_mass)
    depth = np.maximum(size, np.abs(np.log(np.maximum(size, 1e-320))))
    return 1e-12 * ((1.0 + depth) * np.minimum(size, 1.0) + size)


def _tolerance(arguments: Arguments, expected: _Array) -> _Array:
    size = np.abs(expected)
    if arguments["x"].dtype == np.float32:
        return _log_error(expected) + 2.0**-23 * size + 2.0**-149
    return _log_error(expected) + 1e-307


def _inverse_tolerance(arguments: Arguments, expected: _Array) -> _Array:
    (a, b, x, log_p), shape = _flat(
        arguments["a"], arguments["b"], expected, arguments["log_p"]
    )
    y = 1.0 - x
    log_small, slope, _ = _log_small(a, b, x, y, _log_total(a, b))
    in_v = 2e-12 * (1.0 + np.abs(log_small)) / slope + 1e-13
    in_v = np.where(np.isinf(log_p) | (log_p == 0.0) | (x == 0.0), 0.0, in_v)
    return (x * np.maximum(y, 1e-16) * in_v + 3e-16 * x).reshape(shape)


KERNELS = (
    Kernel(
        name="log_betainc",
        file="log_betainc",
        reference=log_betainc,
        inputs=lambda: _inputs(False),
        tolerance=_tolerance,
        memory=lambda _: 2**19,
        accelerators=("xp",),
    ),
    Kernel(
        name="log_betainc_inverse",
        file="log_betainc",
        reference=log_betainc_inverse,
        inputs=lambda: _inputs(True),
        tolerance=_inverse_tolerance,
        memory=lambda _: 2**19,
        accelerators=("xp",),
    ),
)
