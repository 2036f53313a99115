"""The exponential and logarithm of the kernels, against 60 digits."""

import re
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb
from numba import njit

from geomadv_kernels.cpu import _exp
from geomadv_kernels.cpu._exp import LEAST_32, LEAST_64, exp, log
from geomadv_kernels.cpu._jit import compiled

BOUNDS = {np.float64: 0.8, np.float32: 0.689}  # ulp, as the module states

# Where errors in float64 of more than 0.73 ulp were found.
HARD = (
    -253.3345403437886,
    324.0562846438706,
    387.13341175695217,
    324.05605373304434,
    -464.0481952558188,
    -527.1251526904846,
    209.6886515982318,
    -611.6916327404994,
)


@compiled
def exps(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = exp(x[i])


@compiled
def logs(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = log(x[i])


def of(function: Callable[..., None], x: Any) -> np.ndarray:
    out = np.empty_like(x)
    function(x, out)
    return out


def ulps(x: np.ndarray, found: np.ndarray) -> float:
    """The largest error in units in the last place of the true exponential."""
    worst = 0.0
    for argument, value in zip(x.tolist(), found, strict=True):
        true = arb(argument).exp()
        unit = float(np.spacing(found.dtype.type(float(true))))
        worst = max(worst, abs(float((arb(float(value)) - true) / unit)))
    return worst


def arguments(dtype: Any, rng: np.random.Generator) -> np.ndarray:
    """Random arguments, and the neighbours of the ends of every reduced interval."""
    low = float(LEAST_64 if dtype is np.float64 else LEAST_32)
    high = 709.0 if dtype is np.float64 else 88.0
    k = np.arange(int(low / np.log(2)) + 1, int(high / np.log(2)))
    ends = ((k + 0.5) * np.log(2)).astype(dtype)
    whole = (k * np.log(2)).astype(dtype)
    parts = [
        rng.uniform(low, high, 10_000),
        rng.uniform(-20.0, 0.0, 10_000),
        rng.uniform(-0.4, 0.4, 10_000),
        -(2.0 ** rng.uniform(-60.0, 6.0, 5000)),
    ]
    worst = np.array([-5.890594005584717, 4.506159782409668, *HARD[-2:]])
    parts.append(np.clip(worst, low, high))
    near = [np.nextafter(p, dtype(side)) for p in (ends, whole) for side in (-1e4, 1e4)]
    return np.concatenate([*(p.astype(dtype) for p in parts), ends, whole, *near])


@pytest.mark.parametrize("dtype", BOUNDS)
def test_exp_is_off_by_no_more_than_stated(dtype: Any) -> None:
    x = arguments(dtype, np.random.default_rng(0))
    assert ulps(x, of(exps, x)) <= BOUNDS[dtype]


def test_exp_in_float32_at_every_argument_of_two_binades() -> None:
    # all of [-1, -1/4], where k is -1 and 0 in turn; float64 is exact enough to compare
    x = -np.arange(0x3E800000, 0x3F800000, dtype=np.int32).view(np.float32)
    true = np.exp(x.astype(np.float64))
    unit = np.spacing(true.astype(np.float32)).astype(np.float64)
    assert np.abs((of(exps, x) - true) / unit).max() <= BOUNDS[np.float32]


def test_exp_at_the_hardest_arguments_of_many() -> None:
    # wide and near the lower ends of reduced intervals, where errors are the largest
    rng = np.random.default_rng(2)
    k = rng.integers(-1020, 1023, 1_000_000)
    x = k * np.log(2) + rng.uniform(-0.34658, -0.30, k.size)
    x = x[(x > LEAST_64) & (x < 709.0)]
    found, true = of(exps, x), np.exp(x.astype(np.longdouble))
    error = np.abs((found - true) / np.spacing(true.astype(float)))
    hard = np.concatenate([HARD, x[np.argsort(error)[-100:]]])
    assert ulps(hard, of(exps, hard)) <= 0.755


def test_the_polynomial_is_as_near_as_stated() -> None:
    powers = [mpmath.mpf(getattr(_exp, f"_P{i}")) for i in range(10)]
    for r in map(mpmath.mpf, np.linspace(-0.3468, 0.3468, 2001).tolist()):
        with mpmath.workdps(30):
            short = 1 + r + r * r * sum(p * r**i for i, p in enumerate(powers))
            unit = 2.0 ** (-53 if r < 0 else -52)
            assert abs(short - mpmath.exp(r)) <= 0.072 * unit


@pytest.mark.parametrize("dtype", BOUNDS)
def test_exp_at_special_arguments(dtype: Any) -> None:
    x = np.array([0.0, -0.0, -np.inf, np.finfo(dtype).min, np.nan], dtype)
    found = of(exps, x)
    assert found[:4].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert np.isnan(found[4])


@pytest.mark.parametrize(("dtype", "least"), [(np.float64, -708), (np.float32, -87)])
def test_exp_is_zero_just_below_the_stated_argument(dtype: Any, least: float) -> None:
    x = np.array([least, np.nextafter(dtype(least), dtype(-1e4))], dtype)
    found = of(exps, x)
    assert found[0] > 0.0
    assert found[1] == 0.0


@pytest.mark.parametrize("dtype", BOUNDS)
def test_exp_is_vectorised(dtype: Any) -> None:
    loop = njit(exps.py_func)  # compiled here: code from the cache cannot be read
    loop(np.zeros(1, dtype), np.zeros(1, dtype))
    code = loop.inspect_llvm(loop.signatures[0])
    kind = "double" if dtype is np.float64 else "float"
    assert re.search(rf"fadd .*<\d+ x {kind}>", code)


def test_log_is_off_by_no_more_than_stated() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [
            np.exp(rng.uniform(-700, 700, 5000)),
            rng.uniform(0.5, 2.5, 10_000),
            1.0 + rng.standard_normal(2000) * 1e-6,
            [1.0, np.sqrt(0.5), np.sqrt(2.0), 2.0],
        ]
    )
    for argument, value in zip(x.tolist(), of(logs, x).tolist(), strict=True):
        true = mpmath.log(argument)
        k = mpmath.floor(mpmath.log(argument * mpmath.sqrt(2)) / mpmath.log(2))
        size = max(abs(true), abs(true - k * mpmath.log(2)))
        assert abs(value - true) <= 2.0 * np.spacing(float(size))


def test_log_of_1_is_0() -> None:
    assert of(logs, np.ones(1)).tolist() == [0.0]
