r"""Losses of one decision value under perturbations, with two derivatives.

A perturbed point changes the value f = <w, x> + b by at most r = eps |w|_q, or by a
normal number of deviation r = sigma |w|_2. What a point then costs is a function
h(f, r), or the larger one of two; each function here returns its branches as a `Jet`:
values, (k, n), and derivatives by f and r. With A(f) = log(1 + e^f), A' = s = 1/(1 +
e^-f), two logits have the divergence

    KL(s(f) || s(f')) = A(f') - A(f) - s(f) (f' - f),

- **TRADES**: max over |f' - f| <= r of KL, at f' = f - r for f >= 0 and at f' = f + r
  otherwise, since s is concave on [0, inf) and s - 1/2 odd;
- **stability**: the mean of KL over f' = f + r g, g normal: E A(f + r g) - A(f);
- **pairing**: (f' - f)^2 = r^2 at the worst f', and the worst loss.

All increase with r >= 0. E A(f + r g) is a sum over equidistant nodes: in g for r < 1
and, as A(x) = int A''(u) (x - u)_+ du, in u for r >= 1. The poles of A are at distance
pi from the line, so that steps of 1/2 leave an error of exp(-4 pi^2), about 1e-17.

The divergences are even in f and are taken at -|f|, where A is small; what is left of
their cancellation at small r is avoided, with d = f' - f, by

    KL = d^2 int_0^1 (1 - t) A''(f + t d) dt,        E KL = sum_k (r^2/2)^k A^(2k)(f)/k!

for r < 1/10 (4 Gauss-Legendre nodes) and for r < 1/20 (5 terms).
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from scipy import special

from geomadv._typing import Float, NDArray

_NODES = np.arange(-18, 19) / 2.0
_WEIGHTS = np.exp(-(_NODES**2) / 2) / (2.0 * math.sqrt(2 * math.pi))
_WIDE = np.arange(-80, 81) / 2.0
_SLOPES = special.expit(_WIDE) * special.expit(-_WIDE) / 2.0
_INNER, _SHARES = (part / 2.0 for part in np.polynomial.legendre.leggauss(4))
_INNER = _INNER + 0.5
_SMALL, _SMALL_MEAN, _TERMS = 0.1, 0.05, 5


class Jet(NamedTuple):
    """Values of k branches at n points, and their derivatives by f and r."""

    h: Float[NDArray, "k n"]
    f: Float[NDArray, "k n"]
    r: Float[NDArray, "k n"]
    ff: Float[NDArray, "k n"]
    fr: Float[NDArray, "k n"]
    rr: Float[NDArray, "k n"]


def logistic(f: Float[NDArray, " n"], y: Float[NDArray, " n"]) -> Jet:
    """Return log(1 + exp(-y f))."""
    up, bend = special.expit(-y * f), special.expit(f) * special.expit(-f)
    return _jet(np.logaddexp(0.0, -y * f), -y * up, 0.0, bend, 0.0, 0.0)


def worst_logistic(f: Float[NDArray, " n"], y: Float[NDArray, " n"], r: float) -> Jet:
    """Return log(1 + exp(r - y f))."""
    m = r - y * f
    up, bend = special.expit(m), special.expit(m) * special.expit(-m)
    return _jet(np.logaddexp(0.0, m), -y * up, up, bend, -y * bend, bend)


def squared(f: Float[NDArray, " n"], y: Float[NDArray, " n"]) -> Jet:
    """Return (y - f)^2."""
    return _jet((y - f) ** 2, 2.0 * (f - y), 0.0, 2.0, 0.0, 0.0)


def worst_squared(f: Float[NDArray, " n"], y: Float[NDArray, " n"], r: float) -> Jet:
    """Return (f - y + r)^2 and (f - y - r)^2, whose maximum is (|f - y| + r)^2."""
    c = np.array([[1.0], [-1.0]])
    gap = f - y + c * r
    return _jet(gap**2, 2.0 * gap, 2.0 * c * gap, 2.0, 2.0 * c, 2.0)


def square(f: Float[NDArray, " n"], r: float) -> Jet:
    """Return r^2, the worst squared difference of two logits and its mean."""
    return _jet(np.full(f.shape, r * r), 0.0, 2.0 * r, 0.0, 0.0, 2.0)


def worst_kl(f: Float[NDArray, " n"], r: float) -> Jet:
    """Return KL(s(f) || s(f + r)) and KL(s(f) || s(f - r))."""
    c = np.array([[1.0], [-1.0]])
    sign = np.where(f > 0.0, -1.0, 1.0)
    f, d = -np.abs(f), c * r * sign
    s, moved = special.expit(f), special.expit(f + d)
    bend = s * special.expit(-f)
    there = moved * special.expit(-f - d)
    if r < _SMALL:
        x = f[:, None] + d[:, :, None] * _INNER
        up, down = special.expit(x), special.expit(-x)
        second = up * down
        third = second * (down - up)
        fourth = second * (1.0 - 6.0 * second)
        late = _SHARES * (1.0 - _INNER)
        return _jet(
            d * d * (second @ late),
            sign * d * d * (third @ late),
            r * (second @ _SHARES),
            d * d * (fourth @ late),
            r * sign * (third @ _SHARES),
            there,
        )
    return _jet(
        np.logaddexp(0.0, f + d) - np.logaddexp(0.0, f) - d * s,
        sign * (moved - s - d * bend),
        c * sign * (moved - s),
        there - bend - d * bend * (1.0 - 2.0 * s),
        c * (there - bend),
        there,
    )


def mean_kl(f: Float[NDArray, " n"], r: float) -> Jet:
    """Return E A(f + r g) - A(f), g normal."""
    sign = np.where(f > 0.0, -1.0, 1.0)
    f = -np.abs(f)
    if r < _SMALL_MEAN:
        jet = _series(f, r)
    else:
        s = special.expit(f)
        bend = s * special.expit(-f)
        plain = _jet(np.logaddexp(0.0, f), s, 0.0, bend, 0.0, 0.0)
        jet = add((1.0, _mean_softplus(f, r)), (-1.0, plain))
    return jet._replace(f=sign * jet.f, fr=sign * jet.fr)


def _series(f: Float[NDArray, " n"], r: float) -> Jet:
    """Return the first terms of E A(f + r g) - A(f) for small r."""
    parts = np.zeros((6, len(f)))
    s = special.expit(f)
    a = [np.polynomial.polynomial.polyval(s, c) for c in _derivatives()]
    for k in range(1, _TERMS + 1):
        c = 0.5**k / math.factorial(k)
        even, odd, next_even = a[2 * k], a[2 * k + 1], a[2 * k + 2]
        power, slope = r ** (2 * k), 2 * k * r ** (2 * k - 1)
        bend = 2 * k * (2 * k - 1) * r ** (2 * k - 2)
        parts += c * np.array(
            [
                power * even,
                power * odd,
                slope * even,
                power * next_even,
                slope * odd,
                bend * even,
            ]
        )
    return _jet(parts[0], *parts[1:])


@functools.cache
def _derivatives() -> tuple[Float[NDArray, " c"], ...]:
    """Return the derivatives of A as polynomials in s, from the first on at place 1."""
    found = [np.zeros(1), np.array([0.0, 1.0])]
    while len(found) < 2 * _TERMS + 3:
        slope = np.polynomial.polynomial.polyder(found[-1])
        found.append(np.polynomial.polynomial.polymul(slope, [0.0, 1.0, -1.0]))
    return tuple(found)


def _mean_softplus(f: Float[NDArray, " n"], r: float) -> Jet:
    """Return E A(f + r g), g normal."""
    if r < 1.0:
        x = f[:, None] + r * _NODES
        s = special.expit(x)
        bend = s * special.expit(-x) * _WEIGHTS
        s = s * _WEIGHTS
        return _jet(
            np.logaddexp(0.0, x) @ _WEIGHTS,
            s.sum(axis=1),
            s @ _NODES,
            bend.sum(axis=1),
            bend @ _NODES,
            bend @ _NODES**2,
        )
    z = (f[:, None] - _WIDE) / r
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = special.ndtr(z)
    bend = density / r
    return _jet(
        (r * (z * below + density)) @ _SLOPES,
        below @ _SLOPES,
        density @ _SLOPES,
        bend @ _SLOPES,
        -(z * bend) @ _SLOPES,
        (z * z * bend) @ _SLOPES,
    )


def add(*parts: tuple[float, Jet]) -> Jet:
    """Return a sum of jets with factors; a single branch goes with each of two."""
    columns = [[c * part for part in jet] for c, jet in parts]
    return Jet(
        *(functools.reduce(np.add, column) for column in zip(*columns, strict=True))
    )


def _jet(h: NDArray, *derivatives: NDArray | float) -> Jet:
    shape = np.atleast_2d(h).shape
    return Jet(np.atleast_2d(h), *(np.broadcast_to(d, shape) for d in derivatives))
