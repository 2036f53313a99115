r"""Adversarial training of linear regression as n and d grow: a scalar program.

y = <x, theta_0> + w, x ~ N(0, I_d), w ~ N(0, s^2), n/d -> delta, and theta minimises
the mean of (|y - <x, theta>| + eps |theta|)^2. By Gordon's comparison in its convex
form, with theta of length h along theta_0 and b across it,

    k = eps sqrt(h^2 + b^2),   S^2 = s^2 + (|theta_0| - h)^2 + b^2,

the residuals behave as the r = r(G), G ~ N(0, 1), of least E (|r| + k)^2/2 among those
with E (S G - r)^2 <= b^2/delta: a fit that moves by b has so much room to bend
residuals. With a multiplier 1/(2 t) of that,

    r = 0 where |S G| <= t k,  r = sign(G) (|S G| - t k)/(1 + t) elsewhere,

and t > 0 solves E (S G - r)^2 = b^2/delta, whose left side rises from 0 to S^2; beyond
S^2, r = 0. The value phi(h, b) is jointly convex, since (|r| + k)^2 is convex in
(r, k) and E |S G - r| in (S, r) (as a maximum over beta >= 0 it is the usual
convex-concave program). Its slopes are, by the envelope theorem,

    phi_h = P eps h/|theta| - Q (|theta_0| - h)/S,
    phi_b = P eps b/|theta| + Q b/S - b/(t delta),
    P = E (|r| + k),  Q = E G (S G - r)/t,

all moments of a cut normal law. Every step is a bracketed root of a monotone function:
t inside, b for fixed h, and h outside. For delta < 1 and small
eps, t is near (1/delta - 1)/eps^2, all but a share exp(-t^2 k^2/(2 S^2)) of the
residuals are 0, and theta is the minimum-norm interpolator. theta = 0 is optimal from

    eps = sqrt(pi/2) sqrt(|theta_0|^2/(|theta_0|^2 + s^2) + 1/delta)

on: at 0 the slope in the direction (h, b)/|(h, b)| is eps sqrt(2/pi) S, less
(|theta_0| h + S b/sqrt(delta))/|(h, b)|.

**Scales.** If a point is (sqrt(f) x, <sqrt(f) x, theta_0> + sqrt(v) w) for random f and
v of mean 1, the comparison is with r = r(Z), Z = S G, S^2 = v s^2 + f ((|theta_0| -
h)^2 + b^2), and the room is E (Z - r)^2/f <= b^2/delta: t is t f in r, Q/S is E f Q/S,
and theta vanishes from sqrt(pi/2) sqrt(|theta_0|^2 + E f S^2/delta)/E S on. The
interpolator's noise is E v/f times as large.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.optimize import brentq

FARTHEST = 300.0  # of log t
INTERPOLATES = 6.0  # standard deviations of a residual that is bent to 0

Scales = tuple[tuple[float, float], ...]  # of (v, f), equally likely
NORMAL: Scales = ((1.0, 1.0),)


@dataclass(frozen=True)
class Solution:
    """Where the scalar program has its minimum: h, b, t, S^2 and phi."""

    along: float
    across: float
    step: float
    standard: float
    value: float


def vanishing_size(
    signal: float, noise: float, delta: float, scales: Scales = NORMAL
) -> float:
    """Return the eps from which training gives theta = 0 (noise or signal positive)."""
    sizes = _sizes(signal, noise, scales)
    mean = _mean(sizes)
    share = (signal / mean) ** 2
    room = _mean(f * (S / mean) ** 2 for (_, f), S in zip(scales, sizes, strict=True))
    return math.sqrt(math.pi / 2.0 * (share + room / delta))


def solve(
    signal: float, noise: float, eps: float, delta: float, scales: Scales = NORMAL
) -> Solution:
    """Return the minimum for positive noise and eps."""
    if eps >= vanishing_size(signal, noise, delta, scales):
        S = signal**2 + noise**2
        return Solution(0.0, 0.0, math.inf, S, S / 2.0)
    program = _Program(signal, noise, eps, delta, scales)
    if delta < 1.0:
        limit = program.interpolator()
        length = eps * math.hypot(limit.along, limit.across)
        sizes = program.sizes(limit.along, limit.across)
        if all(
            limit.step * f * length > INTERPOLATES * S
            for (_, f), S in zip(scales, sizes, strict=True)
        ):
            return limit
    if signal == 0.0:
        h = 0.0
    else:
        h = float(brentq(program.slope, 0.0, signal, xtol=1e-14 * signal, rtol=1e-14))
    b = program.across(h)
    t, sizes, k = program.inner(h, b)
    value = program.means(t, sizes, k)[3]
    return Solution(h, b, t, _mean(S * S for S in sizes), value)


def _mean(values: Iterable[float]) -> float:
    every = tuple(values)
    return sum(every) / len(every)


def _sizes(off: float, noise: float, scales: Scales) -> tuple[float, ...]:
    """Return every S at the distance `off` from theta_0."""
    return tuple(
        math.hypot(math.sqrt(v) * noise, math.sqrt(f) * off) for v, f in scales
    )


@dataclass(frozen=True)
class _Program:
    signal: float
    noise: float
    eps: float
    delta: float
    scales: Scales = NORMAL

    def interpolator(self) -> Solution:
        """Return the minimum-norm interpolator, where r = 0 always."""
        signal, delta = self.signal, self.delta
        noise = self.noise**2 * _mean(v / f for v, f in self.scales)
        h = signal * delta
        across = math.sqrt(
            delta / (1.0 - delta) * (noise + signal**2 * (1.0 - delta) ** 2)
        )
        S = self.noise**2 + (signal - h) ** 2 + across**2
        step = (1.0 / delta - 1.0) / self.eps**2
        value = (self.eps * math.hypot(h, across)) ** 2 / 2.0
        return Solution(h, across, step, S, value)

    def sizes(self, h: float, b: float) -> tuple[float, ...]:
        """Return every S."""
        return _sizes(math.hypot(self.signal - h, b), self.noise, self.scales)

    def means(
        self, t: float, sizes: tuple[float, ...], k: float
    ) -> tuple[float, float, float, float]:
        """Return E (Z - r)^2/f, P, E f Q/S and E (|r| + k)^2/2."""
        if self.scales is NORMAL:  # one law: in half the time
            bent, P, Q, value = self.moments(t, sizes[0], k)
            return bent, P, Q / sizes[0], value
        bent = P = lean = value = 0.0
        for (_, f), S in zip(self.scales, sizes, strict=True):
            one = self.moments(t * f, S, k)
            bent += one[0] / f
            P += one[1]
            lean += f * one[2] / S
            value += one[3]
        m = len(sizes)
        return bent / m, P / m, lean / m, value / m

    def moments(
        self, t: float, S: float, k: float
    ) -> tuple[float, float, float, float]:
        """Return E (S G - r)^2, P, Q and E (|r| + k)^2/2."""
        if math.isinf(t):
            return S * S, k, 0.0, k * k / 2.0
        u = t / (1.0 + t)
        cut = t * k / S
        density = math.exp(-cut * cut / 2.0) / math.sqrt(2.0 * math.pi)
        q0 = math.erfc(cut / math.sqrt(2.0))
        q1 = 2.0 * density
        q2 = q0 + 2.0 * cut * density if density > 0.0 else 0.0
        inside = math.erf(cut / math.sqrt(2.0)) - 2.0 * min(cut, 100.0) * density
        outer = S * S * q2 + 2.0 * S * k * q1 + k * k * q0
        bent = S * S * inside + u * u * outer
        P = k * (1.0 - q0) + (S * q1 + k * q0) / (1.0 + t)
        Q = S * inside / t + (S * q2 + k * q1) / (1.0 + t)
        value = (k * k * (1.0 - q0) + outer / (1.0 + t) ** 2) / 2.0
        return bent, P, Q, value

    def inner(self, h: float, b: float) -> tuple[float, tuple[float, ...], float]:
        """Return t, every S and k."""
        sizes = self.sizes(h, b)
        k = self.eps * math.hypot(h, b)
        room = b * b / self.delta
        if room >= self.means(math.inf, sizes, k)[0]:
            return math.inf, sizes, k

        def left(log_t: float) -> float:
            return self.means(math.exp(log_t), sizes, k)[0] - room

        if left(FARTHEST) <= 0.0:
            return math.inf, sizes, k
        low = -1.0
        while left(low) > 0.0:
            low *= 2.0
        log_t = brentq(left, low, FARTHEST, xtol=1e-14, rtol=1e-14)
        return math.exp(float(log_t)), sizes, k

    def across_slope(self, log_b: float, h: float) -> float:
        """Return phi_b/b."""
        b = math.exp(log_b)
        t, sizes, k = self.inner(h, b)
        _, P, lean, _ = self.means(t, sizes, k)
        return P * self.eps / math.hypot(h, b) + lean - 1.0 / (t * self.delta)

    def across(self, h: float) -> float:
        """Return the best b for fixed h."""
        low, high = (math.log(x) for x in (self.noise, max(self.noise, self.signal)))
        while self.across_slope(low, h) > 0.0:
            low -= 3.0
        while self.across_slope(high, h) < 0.0:
            high += 1.0
        if low == high:
            return math.exp(low)
        root = brentq(self.across_slope, low, high, (h,), xtol=1e-14, rtol=1e-14)
        return math.exp(float(root))

    def slope(self, h: float) -> float:
        """Return phi_h at the best b; at h = 0 it is negative, as theta is not 0."""
        if h == 0.0:
            return -1.0
        b = self.across(h)
        t, sizes, k = self.inner(h, b)
        _, P, lean, _ = self.means(t, sizes, k)
        return P * self.eps * h / math.hypot(h, b) - lean * (self.signal - h)
