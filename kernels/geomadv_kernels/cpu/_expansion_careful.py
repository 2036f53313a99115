"""One query at a time, where scaled squares leave the range of numbers.

Distances are a factor times a power of two, so that neither the smallest difference nor
the largest is lost, and every kernel is written so that only its value can overflow or
vanish. Slow: for clouds that reach over hundreds of powers of ten.
"""

import math
from typing import NamedTuple

import numpy as np

from geomadv_kernels.cpu._arrays import Array
from geomadv_kernels.cpu._expansion_tiles import inner
from geomadv_kernels.cpu._expansion_weights import (
    GAUSSIAN,
    HILBERT,
    LAPLACE,
    LAPLACIAN,
    Kernel,
)
from geomadv_kernels.cpu._jit import compiled

_STRIP = 256  # points whose sums are added to the result at a time
_LOG2 = math.log(2.0)


class _Distance(NamedTuple):
    """r = factor 2^power, factor in [1/2, 1) or 0; r = largest length."""

    factor: float
    power: int
    largest: float
    length: float


@inner()
def _difference(x: Array, y: Array, c: int) -> float:
    return np.float64(x[c]) - np.float64(y[c])


@inner()
def _distance(x: Array, y: Array) -> _Distance:
    largest, square = 0.0, 0.0
    for c in range(x.size):
        largest = max(largest, abs(_difference(x, y, c)))
    if largest == 0.0:
        return _Distance(0.0, -9999, 0.0, 1.0)
    for c in range(x.size):
        ratio = _difference(x, y, c) / largest
        square += ratio * ratio
    length = math.sqrt(square)
    part, power = math.frexp(largest)
    factor, more = math.frexp(part * length)
    return _Distance(factor, power + more, largest, length)


@inner()
def _weight(kernel: Kernel, x: Array, y: Array, r: _Distance) -> tuple[float, float]:
    """Return k, and what multiplies the unit vector (the signs) in its gradient.

    For the exponentials the latter lacks a factor, see `_constant`.
    """
    root = math.sqrt(kernel.gamma)
    z = root * r.largest * r.length
    if kernel.code == GAUSSIAN:
        k = math.exp(-z * z)
        return k, (z * k if k > 0.0 else 0.0)
    if kernel.code == LAPLACE:
        k = math.exp(-kernel.gamma * r.largest * r.length)
        return k, k
    if kernel.code == LAPLACIAN:
        s = 0.0
        for c in range(x.size):
            s += abs(_difference(x, y, c))
        k = math.exp(-kernel.gamma * s)
        return k, k
    k = 1.0 / math.hypot(1.0, z)
    return k, (-(root * k) * (z * k) * k if k > 0.0 else 0.0)


@inner()
def _constant(kernel: Kernel) -> float:
    if kernel.code == GAUSSIAN:
        return -2.0 * math.sqrt(kernel.gamma)
    if kernel.code == LAPLACE or kernel.code == LAPLACIAN:
        return -kernel.gamma
    return 1.0


@inner()
def _share(kernel: Kernel, r: _Distance, least: _Distance) -> tuple[float, float]:
    """Return Hilbert's weight relative to the nearest point's, and the ratio of r."""
    quotient, power = least.factor / r.factor, least.power - r.power
    ratio = math.ldexp(quotient, power)
    near = power > -900
    log = math.log(ratio) if near else math.log(quotient) + power * _LOG2
    return math.exp(kernel.exponent * log), ratio


@inner()
def _add(weight: float, slope: float, x: Array, y: Array, r: _Distance, l1: bool,
         line: Array) -> None:  # fmt: skip
    """Add one point's part to a line of value and gradient."""
    line[0] += weight
    if r.largest > 0.0:
        for c in range(1, line.size):
            away = _difference(x, y, c - 1)
            unit = np.sign(away) if l1 else away / r.largest / r.length
            line[c] += slope * unit


@inner()
def _flush(part: Array, value: Array, slope: Array) -> None:
    for q in range(value.size):
        value[q] += part[q, 0]
        for c in range(slope.shape[1]):
            slope[q, c] += part[q, c + 1]
    part[:] = 0.0


@inner()
def _mean(kernel: Kernel, x: Array, Y: Array, a: Array, part: Array, value: Array,
          slope: Array) -> None:  # fmt: skip
    least = _distance(x, Y[0])
    for j in range(1, Y.shape[0]):
        r = _distance(x, Y[j])
        if r.power < least.power or (
            r.power == least.power and r.factor < least.factor
        ):
            least = r
    total, strip = 0.0, 0.0
    for again in range(2):  # the gradient needs the mean
        for j in range(Y.shape[0]):
            r = _distance(x, Y[j])
            if least.factor == 0.0:
                weight, ratio = 1.0 if r.factor == 0.0 else 0.0, 0.0
            else:
                weight, ratio = _share(kernel, r, least)
            for q in range(value.size):
                if again == 0:
                    part[q, 0] += weight * a[q, j]
                else:
                    gap = weight * ratio * (a[q, j] - value[q])
                    _add(0.0, gap, x, Y[j], r, False, part[q])
            if again == 0:
                strip += weight
            if (j + 1) % _STRIP == 0 or j + 1 == Y.shape[0]:
                total, strip = total + strip, 0.0
                _flush(part, value, slope)
        if again == 0:
            value /= total
            if slope.shape[1] == 0 or least.factor == 0.0:
                return
    for q in range(value.size):
        for c in range(slope.shape[1]):
            pull = -kernel.exponent * (slope[q, c] / total) / least.factor
            slope[q, c] = math.ldexp(pull, -least.power)


@compiled
def careful(kernel: Kernel, x: Array, Y: Array, a: Array, part: Array, value: Array,
            slope: Array) -> None:  # fmt: skip
    """Fill the value (q,) and the gradient (q, d), or (q, 0), at x.

    Parameters
    ----------
    a : (>= q, m) float64
    part : (q, d + 1) or (q, 1) float64, scratch
    """
    part[:] = 0.0
    value[:] = 0.0
    slope[:] = 0.0
    if kernel.code == HILBERT:
        _mean(kernel, x, Y, a, part, value, slope)
        return
    for j in range(Y.shape[0]):
        r = _distance(x, Y[j])
        k, steep = _weight(kernel, x, Y[j], r)
        for q in range(value.size):
            _add(k * a[q, j], steep * a[q, j], x, Y[j], r, kernel.code == LAPLACIAN,
                 part[q])  # fmt: skip
        if (j + 1) % _STRIP == 0 or j + 1 == Y.shape[0]:
            _flush(part, value, slope)
    slope *= _constant(kernel)
