r"""Measures of spherical caps, their logarithms and their inverses.

Write a = (d - 1)/2, x = 1 - t^2 and c = 1/B(a, 1/2) = Gamma(a + 1/2)/(sqrt(pi)
Gamma(a)). The cap {x in S^{d-1} : <x, u> >= t} has the uniform measure

    Q(t) = c int_t^1 (1 - u^2)^{a-1} du = 1/2 I_{1-t^2}(a, 1/2)        (t >= 0)

and Q(-t) = 1 - Q(t). In the variable v = artanh t the density is c sech^{2a}(v).

**Tail** (t^2 > min(3/d, 0.3)). I_x(a, 1/2) = x^a / (a B sqrt(1 - x)) times
F(1/2, 1; a + 1; -x/(1 - x)), and Gauss's continued fraction of that function (DLMF
15.7.5), cleared of denominators, is

    Q(t) = c x^a / (2 K),   K = t a + k_1 x/(t(a+1) + k_2 x/(t(a+2) + ...)),
    k_n = (n/2) (a + (n-1)/2).

All terms are positive: nothing cancels, two successive convergents enclose K, and
2 K is the hazard rate, minus the derivative of log Q with respect to v. For a -> inf it
is Laplace's fraction for the Gaussian tail.

**Centre** (otherwise). 1/2 - Q(t) = c t x^a sum_n (a+1/2)_n/(3/2)_n t^{2n} (DLMF
8.17.7 with 15.8.1), again with positive terms.

**Digits.** Q has the relative error of a log x in absolute terms, and |a log x| reaches
700 before Q underflows, so x and its logarithm are carried as unevaluated sums of two
doubles (Dekker 1971) with a relative error of about 1e-18. c comes from

    log(Gamma(a+1/2)/Gamma(a)) = log(w)/2 - sum_j E_{2j} / (j 4^{2j+1} w^{2j}),

w = a - 1/4, E_{2j} the Euler numbers (DLMF 5.11.8 with h = 1/4, 3/4), and for d < 44
from a table of exact fractions: c = 1/pi, 1/2 at d = 2, 3, and c_{d+2} = c_d d/(d - 1).

**Inverse.** log Q is concave and decreasing in v, because sech^{2a} is log-concave. So
Newton's iteration for log Q(v) = l lands to the right of the root and then descends to
it, whatever the start. The start is Wallace's normal approximation of Student's t
(1959), the iteration Halley's, and a last Newton step is taken in the coordinate that
is returned, against the measure to full precision.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._double_double import (
    log_of,
    sine_squared,
    two_product,
    two_sum,
)
from geomadv_kernels.cpu._entrywise import entrywise
from geomadv_kernels.cpu._jit import compiled

_Array = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
_Tail = tuple[float, float, float, float]

_PI_HI, _PI_LO = 3.141592653589793, 1.2246467991473532e-16
_HALF_PI_HI, _HALF_PI_LO = 1.5707963267948966, 6.123233995736766e-17
_LN2, _LN2_ERROR = 0.6931471805599453, 2.3190468138462996e-17
_LOG_QUARTER, _LOG_THREE_QUARTERS = -1.3862943611198906, -0.2876820724517809
_MAX_STEPS = 250  # 157 were the most needed in 10^7 random cases
_ENCLOSED = 4e-16  # rounding keeps two convergents up to 2e-16 apart for ever
_START = 1e-120  # numerators and denominators grow like the square root of n!/2^n


def _table(size: int) -> _Array:
    """Return the correctly rounded normalisations c at d = 2, ..., size - 1."""
    pi = Fraction(_PI_HI) + Fraction(_PI_LO)
    exact = [Fraction(0), Fraction(0), 1 / pi, Fraction(1, 2)]
    for d in range(4, size):
        exact.append(exact[d - 2] * Fraction(d - 2, d - 3))
    return np.array([float(c) for c in exact])


_TABLE = _table(44)


@compiled
def _normalisation(d: float) -> float:
    """Return c = Gamma(d/2)/(sqrt(pi) Gamma((d - 1)/2)), the density at height 0."""
    if d < _TABLE.size:
        return float(_TABLE[int(d)])
    w = 0.5 * d - 0.75
    q = 1.0 / (w * w)
    # -E_{2j} / (j 4^{2j+1}) for j = 6, ..., 1
    series = -2702765.0 / 402653184.0
    series = series * q + 50521.0 / 20971520.0
    series = series * q - 1385.0 / 1048576.0
    series = series * q + 61.0 / 49152.0
    series = series * q - 5.0 / 2048.0
    series = series * q + 1.0 / 64.0
    root = math.sqrt(w / math.pi)
    return root + root * math.expm1(series * q)


@compiled
def _hazard(a: float, t: float, x: float) -> float:
    """Return 2 K by the continued fraction, scaled by sqrt(a) against underflow."""
    root = math.sqrt(a)
    u = t * root
    slope = u / a
    inverse = 0.5 / a
    p_old, q_old = _START, 0.0
    p, q = u * _START, _START
    for n in range(1, _MAX_STEPS, 2):
        numerator = 0.5 * n * (1.0 + (n - 1) * inverse) * x
        denominator = u + n * slope
        p_old = denominator * p + numerator * p_old
        q_old = denominator * q + numerator * q_old
        numerator = 0.5 * (n + 1) * (1.0 + n * inverse) * x
        denominator = u + (n + 1) * slope
        p = denominator * p_old + numerator * p
        q = denominator * q_old + numerator * q
        if abs(p * q_old - p_old * q) <= _ENCLOSED * p * q_old:
            break
    return 2.0 * root * p / q


@compiled
def _centre(a: float, c: float, t: float) -> tuple[float, float]:
    """Return 1/2 - Q(t) by the series, and x^a."""
    y = t * t
    power = math.exp(a * math.log1p(-y))
    term = total = 1.0
    n = 0.0
    while term > 1e-17 * total:
        term *= y * (a + 0.5 + n) / (1.5 + n)
        total += term
        n += 1.0
    return c * t * power * total, power


@compiled
def _tail(
    a: float, c: float, t: float, x: float, log_hi: float, log_lo: float
) -> _Tail:
    """Return (e, f, r, h): Q = exp(e) (1 + f) r, and the hazard h = 2 K, for t >= 0.

    `log_hi` + `log_lo` is the logarithm of x = 1 - t^2.
    """
    if t * t <= min(3.0 / (2.0 * a + 1.0), 0.3):
        half, power = _centre(a, c, t)
        return 0.0, 0.0, 0.5 - half, c * power / (0.5 - half)
    hazard = _hazard(a, t, x)
    exponent, rest = two_product(a, log_hi)
    return exponent, rest + a * log_lo, c / hazard, hazard


@compiled
def _tail_at_height(a: float, c: float, t: float) -> tuple[float, _Tail]:
    """Return x and `_tail` at a height in [0, 1)."""
    square, error = two_product(t, t)
    x, rest = two_sum(1.0, -square)
    x, rest = two_sum(x, rest - error)
    log_hi, log_lo = log_of(x, rest, 0)
    return x, _tail(a, c, t, x, log_hi, log_lo)


@compiled
def _tail_at_angle(a: float, c: float, angle: float) -> _Tail:
    """Return `_tail` at the acute one of an angle in (0, pi] and its supplement."""
    t = abs(math.cos(angle))
    latitude, error = two_sum(_HALF_PI_HI - angle, _HALF_PI_LO)
    if 2.0 * abs(latitude) < _HALF_PI_HI:
        square, error = sine_squared(latitude, error)
        x, rest = two_sum(1.0, -square)
        log_hi, log_lo = log_of(x, rest - error, 0)
        return _tail(a, c, t, x, log_hi, log_lo)
    error = 0.0
    if latitude < 0.0:
        angle, error = two_sum(_PI_HI - angle, _PI_LO)
    x, rest = sine_squared(angle, error)
    if angle > 1e-9:
        log_hi, log_lo = log_of(x, rest, 0)
    else:  # the sine is the angle to 1e-18, and its square may underflow
        m, k = math.frexp(angle)
        square, rest = two_product(m, m)
        log_hi, log_lo = log_of(square, rest + 2.0 * m * math.ldexp(error, -k), 2 * k)
    return _tail(a, c, t, x, log_hi, log_lo)


@compiled
def _measure(
    d: _Array, coordinate: _Array, is_angle: bool, want_log: bool, out: _Array
) -> None:
    """Fill `out` with the measures, or their logarithms, of n caps.

    Parameters
    ----------
    d : (n,) float64
        Ambient dimensions, at least 2, whole numbers.
    coordinate : (n,) float64
        Heights in [-1, 1], or angular radii in [0, pi].
    is_angle, want_log : bool
        What `coordinate` holds, and what `out` shall hold.
    out : (n,) float64
        The result.
    """
    for i in range(out.size):
        a = 0.5 * (d[i] - 1.0)
        c = _normalisation(d[i])
        value = coordinate[i]
        if is_angle:
            small = value <= _HALF_PI_HI
            nothing = value == 0.0
        else:
            small = value >= 0.0
            value = abs(value)
            nothing = value >= 1.0
        if nothing:
            e, f, r = -math.inf, 0.0, 1.0
        elif is_angle:
            e, f, r, _ = _tail_at_angle(a, c, value)
        else:
            _, (e, f, r, _) = _tail_at_height(a, c, value)
        if want_log and small:
            out[i] = e + (f + math.log(r))
        else:
            mass = math.exp(e) * (1.0 + f) * r
            if small:
                out[i] = mass
            elif want_log:
                out[i] = math.log1p(-mass)
            else:
                out[i] = 1.0 - mass


@compiled
def _solve_centre(a: float, c: float, half: float) -> float:
    """Return the height t >= 0 at which 1/2 - Q(t) = half <= 1/4."""
    t = half / c
    for _ in range(20):
        value, power = _centre(a, c, t)
        x = 1.0 - t * t
        step = (half - value) * x / (c * power)
        t += step / (1.0 - step * (a - 1.0) * t / x)
        if abs(step) <= 1e-6 * t:
            break
    return t


@compiled
def _solve_tail(a: float, c: float, log_mass: float) -> float:
    """Return v = artanh(t) at which log Q = log_mass <= log(1/4), to about 1e-14."""
    if log_mass < -1600.0 * a:
        return math.inf  # the angle underflows
    nu = 2.0 * a
    w = math.sqrt(-2.0 * log_mass)  # Abramowitz and Stegun 26.2.23
    z = w - (2.515517 + w * (0.802853 + w * 0.010328)) / (
        1.0 + w * (1.432788 + w * (0.189269 + w * 0.001308))
    )
    z *= (8.0 * nu + 3.0) / (8.0 * nu + 1.0)
    log_cosh = z * z / (2.0 * nu)
    v = log_cosh + math.log1p(math.sqrt(-math.expm1(-2.0 * log_cosh)))
    for _ in range(60):
        decay = math.exp(-2.0 * v)
        t = -math.expm1(-2.0 * v) / (1.0 + decay)
        if t * t < 0.5:
            log_x = math.log1p(-t * t)
        else:
            log_x = 2.0 * (_LN2 - v - math.log1p(decay))
        x = 4.0 * decay / (1.0 + decay) ** 2
        e, f, r, hazard = _tail(a, c, t, x, log_x, 0.0)
        step = (e - log_mass + (f + math.log(r))) / hazard
        bend = 0.5 * step * (hazard - nu * t)
        v += step / (1.0 + bend) if abs(bend) < 0.5 else step
        if abs(step) * hazard <= 1e-5:
            break
    return v


@compiled
def _excess(e: float, f: float, r: float, mass: float, log_mass: float) -> float:
    """Return log(Q/mass), from the masses where they are given and do not underflow."""
    if mass > 1e-290:
        return (math.exp(e) * (1.0 + f) * r - mass) / mass
    return (e - log_mass) + (f + math.log(r))


@compiled
def _coordinate(
    d: _Array, value: _Array, want_angle: bool, is_log: bool, out: _Array
) -> None:
    """Fill `out` with the heights, or the angular radii, of n caps of given measure.

    Parameters
    ----------
    d : (n,) float64
        Ambient dimensions, at least 2, whole numbers.
    value : (n,) float64
        Measures in [0, 1], or their logarithms in [-inf, 0].
    want_angle, is_log : bool
        What `out` shall hold, and what `value` holds.
    out : (n,) float64
        The result: heights in [-1, 1] or angles in [0, pi].
    """
    for i in range(out.size):
        a = 0.5 * (d[i] - 1.0)
        c = _normalisation(d[i])
        small, central = True, False
        half, mass, log_mass = 0.0, 0.0, 0.0
        if is_log:
            log_mass = value[i]
            if log_mass > _LOG_THREE_QUARTERS:
                small = False
                mass = -math.expm1(log_mass)
            elif log_mass > _LOG_QUARTER:
                central = True
                half = -0.5 * math.expm1((log_mass + _LN2) + _LN2_ERROR)
        else:
            mass = value[i]
            if mass > 0.75:
                small = False
                mass = 1.0 - mass
            elif mass > 0.25:
                central = True
                half = 0.5 - mass
        if central:
            t = math.copysign(_solve_centre(a, c, abs(half)), half)
            if want_angle:
                out[i] = _HALF_PI_HI - (math.asin(t) - _HALF_PI_LO)
            else:
                out[i] = t
            continue
        if not (is_log and small):
            log_mass = math.log(mass) if mass > 0.0 else -math.inf
        v = _solve_tail(a, c, log_mass)
        if want_angle:
            result = 2.0 * math.atan(math.exp(-v))
            if result > 0.0:
                e, f, r, hazard = _tail_at_angle(a, c, result)
                excess = _excess(e, f, r, mass, log_mass)
                result -= excess * math.sin(result) / hazard
            out[i] = result if small else _PI_HI - (result - _PI_LO)
        else:
            decay = math.exp(-2.0 * v)
            result = 1.0 - 2.0 * decay / (1.0 + decay)
            if decay > 1e-6:  # beyond, the height is right to its last digit
                x, (e, f, r, hazard) = _tail_at_height(a, c, result)
                result += _excess(e, f, r, mass, log_mass) * x / hazard
            out[i] = result if small else -result


def cap_measure(
    d: _Array | float,
    coordinate: _Array,
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> _Array:
    """Return the measures of caps, or their logarithms.

    Parameters
    ----------
    d : array
        Ambient dimensions, whole numbers from 2 to 10^9.
    coordinate : array
        Heights in [-1, 1], or with `angle` angular radii in [0, pi]. Broadcast.
    angle, log : bool
        What `coordinate` holds; whether logarithms are wanted.
    threads : int, optional
        How many threads to use; by default as many as there are processors.

    Returns
    -------
    array of the precision of `coordinate`
        Relative error of the double: below 2e-14 against ball arithmetic.
    """
    result = entrywise(_measure, (d, coordinate), (bool(angle), bool(log)), threads)
    ran("cpu.cap_measure")
    return result


def cap_coordinate(
    d: _Array | float,
    mass: _Array,
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> _Array:
    """Return heights of caps, or with `angle` angular radii: `cap_measure` inverted.

    `mass` holds measures in [0, 1], or with `log` their logarithms. The results are
    right to ten units in the last place.
    """
    result = entrywise(_coordinate, (d, mass), (bool(angle), bool(log)), threads)
    ran("cpu.cap_coordinate")
    return result
