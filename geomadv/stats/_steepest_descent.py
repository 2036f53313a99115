r"""Steepest descent for the tail of a weighted sum of chi-square variables.

Let Q = sum_i l_i X_i with independent X_i ~ chi2(m_i) and weights l_i of either sign,

    K(s) = log E exp(s Q) = -1/2 sum_i m_i log(1 - 2 l_i s),   phi(s) = K(s) - s x.

For x >= E Q let c >= 0 solve K'(c) = x (the saddlepoint). Then

    P(Q > x) = (1 / 2 pi i) int_{c - i inf}^{c + i inf} exp(phi(s)) ds / s.

In the upper half-plane Im phi' > 0, because phi'(s) = -x - sum_i (m_i/2) / (s - 1/2l_i)
and -1/(s - b) maps that half-plane into itself. A function whose derivative has a
positive imaginary part on a convex set is univalent there (Noshiro, Warschawski), so
one curve s(t), t > 0, in the upper half-plane satisfies

    phi(s(t)) = phi(c) - t^2/2,      s(0) = c:

the path of steepest descent, which meets no other saddlepoint (all of them are real).
On it and its mirror image the integrand is exp(-w^2/2 - t^2/2) d log s with
w = sqrt(-2 phi(c)); one integration by parts gives, with theta(t) = arg s(t),

    P(Q > x) = exp(-w^2/2) (1/pi) int_0^inf t exp(-t^2/2) theta(t) dt.           (*)

Since 0 < theta < pi nothing cancels, however deep the tail: the accuracy is relative,
the logarithm never underflows, and Chernoff's bound P <= exp(-w^2/2) is visible. The
even function t theta(t) is analytic but for t = +-iw, where s = 0, and for the other
saddlepoints, at which phi - phi(c) has an imaginary part of at least pi/2, so that they
keep a distance of about pi/2t from the real axis. The trapezoidal rule of step h
therefore errs by about exp(-min_t (t^2/2 + pi^2/(t h))) or less: 1e-12 at h = 1/8 and
1e-19 at h = 1/16, for all weights, multiplicities and thresholds. Near the mean w is
small; there the logarithmic singularity at iw is removed by subtracting atan(t/w), for
which (*) is the normal tail Phi(-w).

Replacing s(t) by its tangent at t = 0 in what remains gives the formula of Lugannani
and Rice, Phi(-w) + Phi'(w) (1/u - 1/w) with u = c sqrt(K''(c)).

References
----------
Daniels, Int. Stat. Rev. 55 (1987), 37-48; Lugannani, Rice, Adv. Appl. Probab. 12
(1980), 475-490 (the tail by saddlepoints). Trefethen, Weideman, SIAM Rev. 56 (2014),
385-458 (the trapezoidal rule). Duren, Univalent Functions (1983), section 2.6 (the
theorem of Noshiro and Warschawski).
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, ndtr

from geomadv._typing import Float, NDArray

_T_MAX = 9.0  # exp(-T^2/2) = 3e-18
_FINEST = 1 / 16
_SETTLED = 1e-4  # the rule of twice the step errs by at most about 1e-8
_NEAR = 0.5  # up to here log(1 + v) is a power series of v
_TERMS = 52  # 2^-52 is the last
_BLOCK = 1 << 18  # entries of the largest temporary array


class Saddlepoint(NamedTuple):
    """The saddlepoint c, scaled such that nothing overflows.

    The numbers 2 l_i c / (1 - 2 l_i c) are V a_i with max |a_i| = 1. In the variable
    z = (s - c) V / c the exponent is

        phi(s) - phi(c) = sum_i (m_i/2) (-log(1 - a_i z) - a_i z).
    """

    V: float
    a: Float[NDArray, " k"]  # in decreasing order of |a|
    m: Float[NDArray, " k"]
    drift: float  # sum_i m_i a_i / 2 = x c / V
    W: float  # w / V
    U: float  # u / V
    skew: float  # 1/u - 1/w, finite at the mean

    @property
    def w(self) -> float:
        """The signed root sqrt(-2 phi(c)) of the Chernoff exponent."""
        return self.V * self.W


def saddlepoint(
    lam: Float[NDArray, " k"], m: Float[NDArray, " k"], x: float, excess: float
) -> Saddlepoint:
    """Solve K'(c) = x = E Q + excess for c >= 0, where max |lam| is in [1/2, 1].

    The unknown is p = c / (b - c) with b = 1 / (2 max lam) the end of the strip (p = c
    if no weight is positive), so that both c and b - c keep all their digits. The
    residual is K'(c) - x or K'(c) - K'(0) - excess, whichever rounds less: the former
    far from the mean, the latter, a sum of terms of one sign, near it.
    """
    largest = float(lam.max())
    positive = lam > 0
    share = np.where(positive, lam / largest, 0.0)
    rest = np.where(positive, (largest - lam) / largest, 1.0)
    pull = np.where(positive, 0.0, -2.0 * lam)

    def at(p: float) -> tuple[float, float, NDArray]:
        """Return c, (b - c) / b and 1 - 2 l c without a difference."""
        gap = 1.0 / (1.0 + p) if largest > 0 else 1.0
        c = p * gap / (2.0 * largest) if largest > 0 else p
        return c, gap, rest + share * gap + pull * c

    low, high, p = 1e-300, 1e300, 0.0
    if excess > 0:
        p = excess / (2.0 * float(np.sum(m * lam * lam))) * max(2.0 * largest, 1.0)
        p = min(max(p, 1e-290), 1e290)
    for _ in range(400 if excess > 0 else 0):
        c, gap, d = at(p)
        tilted = m * lam / d
        rise = float(np.sum(2.0 * tilted * lam * c))
        slope = float(np.sum(2.0 * tilted * c * (lam / d * gap)))
        if rise + excess < float(np.sum(np.abs(tilted))) + abs(x):
            residual = rise - excess
        else:
            residual = math.fsum([*tilted, -x])
        low, high = (low, p) if residual > 0 else (p, high)
        step = -residual / slope
        if abs(step) < 1e-15:
            break
        following = p * math.exp(step) if abs(step) < 1.0 else 0.0
        if not low < following < high:
            following = math.sqrt(low) * math.sqrt(high)
        if following in (low, high):
            break
        p = following
    c, _, d = at(p)
    ratio = lam / d
    order = np.argsort(-np.abs(ratio))
    ratio, d, m = ratio[order], d[order], m[order]
    kappa = abs(float(ratio[0]))
    a, V = ratio / kappa, 2.0 * kappa * c
    second, third = _remainders(V * a, d)
    W = math.sqrt(float(np.sum(m * second * a**2)))
    U = math.sqrt(float(np.sum(m * a**2)) / 2.0)
    skew = float(np.sum(m * third * a**3)) / (U * W * (U + W))
    return Saddlepoint(V, a, m, x / (2.0 * kappa), W, U, skew)


def _remainders(v: NDArray, d: NDArray) -> tuple[NDArray, NDArray]:
    """Return (v - log(1 + v)) / v^2 and (v - log(1 + v) - v^2/2) / v^3, 1 + v = 1/d.

    At v = 0 they are 1/2 and -1/3.
    """
    near = np.abs(v) <= _NEAR
    far = np.where(near, 1.0, v)
    second = (far + np.log(d)) / far / far
    third = np.polyval(
        [(-1.0) ** n / n for n in range(_TERMS, 2, -1)], np.where(near, v, 0.0)
    )
    return (
        np.where(near, 0.5 + v * third, second),
        np.where(near, third, (second - 0.5) / far),
    )


def log_lugannani_rice(saddle: Saddlepoint) -> float:
    """Return the logarithm of Phi(-w) + Phi'(w) (1/u - 1/w).

    Where w is large and u much larger, Phi(-w) / Phi'(w) - 1/w is a series in 1/w.
    """
    w = saddle.w
    density = -0.5 * w * w - 0.5 * math.log(2.0 * math.pi)
    if w < 40.0:
        mills = math.sqrt(math.pi / 2.0) * float(erfcx(w / math.sqrt(2.0)))
        return density + math.log(mills + saddle.skew)
    series = np.polyval([-10395.0, 945.0, -105.0, 15.0, -3.0, 1.0], 1.0 / w / w)
    return density + math.log(1.0 / (saddle.V * saddle.U) - float(series) / w / w / w)


class _Path:
    """The exponent phi(s) - phi(c), prepared for evaluation at many points.

    The terms are collected by the power of two 2^e that bounds |a|. Where 2^e |z| is at
    most 1/2 a group is a power series in 2^e z whose coefficients are the group's power
    sums, however many terms it has; the others are evaluated one by one.
    """

    def __init__(self, saddle: Saddlepoint) -> None:
        self.saddle = saddle
        self.half = 0.5 * saddle.m
        fraction, exponent = np.frexp(saddle.a)
        starts = np.flatnonzero(np.diff(exponent, prepend=exponent[0] + 1))
        self.ends = np.append(starts[1:], saddle.a.size)
        self.bound = np.ldexp(1.0, exponent[starts])
        self.sums = np.empty((_TERMS, starts.size))
        power = self.half
        for n in range(_TERMS):
            power = power * fraction
            self.sums[n] = np.add.reduceat(power, starts)
        self.linear = self.bound * self.sums[0]
        self.size = np.add.reduceat(self.half * np.abs(saddle.a), starts)

    def exponent(self, z: NDArray) -> tuple[NDArray, NDArray]:
        """Return phi(s) - phi(c) at z and its derivative by log z.

        The linear parts of terms of large |a z| are summed first: as the sum of
        m a / 2, or as the drift less the sum over the others, whichever rounds less
        (for x = 0 they cancel, and far out each alone would drown the sum).
        """
        y = z[:, None] * self.bound
        near = np.abs(y) <= _NEAR
        powers = np.cumprod(
            np.repeat(np.where(near, y, 0.0)[None], _TERMS, axis=0), axis=0
        )
        slopes = np.einsum("njb,nb->nj", powers[1:], self.sums[1:])
        value = np.sum(slopes / np.arange(2, _TERMS + 1)[:, None], axis=0)
        slope = np.sum(slopes, axis=0)
        count = np.append(0, self.ends)[(~near).sum(axis=1)]
        width = max(1, _BLOCK // z.size)
        for start in range(0, int(count.max()), width):
            block = slice(start, min(start + width, int(count.max())))
            far = np.arange(block.start, block.stop) < count[:, None]
            w = np.where(far, z[:, None] * self.saddle.a[block], 0.0)
            value = value - np.log(1.0 - w) @ self.half[block]
            slope = slope + (w / (1.0 - w)) @ self.half[block]
        drift = self.saddle.drift
        direct = ~near @ self.size <= near @ self.size + abs(drift)
        linear = np.where(direct, ~near @ self.linear, drift - near @ self.linear) * z
        return value - linear, slope - linear


def log_inversion(saddle: Saddlepoint) -> float:
    """Return the logarithm of the integral (*) by the trapezoidal rule.

    With M the smaller multiplicity of the two weights that bound the strip the other
    saddlepoints keep a distance of about M pi / 2t, hence the step M / 16. Raises
    ArithmeticError if the rule of twice the step does not confirm the result.
    """
    path = _Path(saddle)
    a, m = saddle.a, saddle.m
    multiplicity = min(m[a.argmax()], m[a.argmin()] if a.min() < 0 else math.inf)
    h = 0.5
    t = np.arange(h, _T_MAX, h)
    log_z = _first_path(path, t)
    while h > min(0.25, _FINEST * multiplicity):
        h /= 2.0
        middle = np.arange(h, _T_MAX, 2.0 * h)
        guess = np.interp(middle, t, log_z)
        guess[0] = log_z[0] - math.log(2.0)
        log_z = np.append(log_z, _descend(path, middle, guess))
        t = np.append(t, middle)
        order = np.argsort(t)
        t, log_z = t[order], log_z[order]
    z = np.exp(log_z)
    angle = np.arctan2(z.imag, saddle.V + z.real)
    w, normal = saddle.w, 0.0
    if w < 2.0:
        angle = angle - np.arctan2(t, w)
        normal = math.exp(0.5 * w * w) * float(ndtr(-w))
    terms = t * np.exp(-0.5 * t * t) * angle
    mean = normal + h / math.pi * float(np.sum(terms))
    coarse = normal + 2.0 * h / math.pi * float(np.sum(terms[1::2]))
    if not abs(mean - coarse) <= _SETTLED * mean:
        raise ArithmeticError("the inversion integral did not converge")
    return math.log(mean) - 0.5 * w * w


def _first_path(path: _Path, t: NDArray) -> NDArray:
    """Return log z(t) at equidistant t, each found from the two before it."""
    log_z = np.empty(t.size, dtype=complex)
    guess = np.array([complex(math.log(float(t[0]) / path.saddle.U), math.pi / 2.0)])
    for j in range(t.size):
        if j:
            guess = 2.0 * log_z[j - 1 : j] - log_z[max(j - 2, 0) : max(j - 1, 1)]
            guess.imag = np.clip(guess.imag, 0.5 * log_z[j - 1].imag, 0.99 * math.pi)
        log_z[j : j + 1] = _descend(path, t[j : j + 1], guess)
    return log_z


def _descend(path: _Path, t: NDArray, log_z: NDArray) -> NDArray:
    """Return log z(t) on the path of steepest descent by damped Newton steps.

    A step is halved until it decreases the residual and stays in the upper half-plane,
    where the solution is unique.
    """
    target = -0.5 * t * t
    value, slope = path.exponent(np.exp(log_z))
    error = value - target
    scale = np.ones(t.size)
    step = -error / slope
    for _ in range(200):
        small = np.abs(step) < 1e-9
        if small.all():
            return log_z + step  # the error of Newton's method is now about 1e-18
        trial = log_z + scale / np.maximum(1.0, np.abs(step)) * step
        inside = (trial.imag > 0.0) & (trial.imag < math.pi)
        trial = np.where(inside, trial, log_z)
        value, new_slope = path.exponent(np.exp(trial))
        better = inside & (small | (np.abs(value - target) < np.abs(error)))
        log_z = np.where(better, trial, log_z)
        error = np.where(better, value - target, error)
        slope = np.where(better, new_slope, slope)
        scale = np.where(better, 1.0, 0.5 * scale)
        step = -error / slope
    raise ArithmeticError("the path of steepest descent was lost")
