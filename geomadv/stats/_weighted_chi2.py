r"""Tails of weighted sums of independent chi-square variables.

Let Q = sum_i l_i X_i with independent X_i ~ chi2(m_i) and weights l_i of either sign.
The error rate of a quadratic network on concentric spheres is P(Q > 0) (Gilmer et al.
2018), and so is every probability that a quadratic form of a Gaussian vector exceeds a
level. Write

    K(s) = log E exp(s Q) = -1/2 sum_i m_i log(1 - 2 l_i s),   phi(s) = K(s) - s x.

**Inversion.** For x >= E Q let c >= 0 solve K'(c) = x (the saddlepoint). Then

    P(Q > x) = (1 / 2 pi i) int_{c - i inf}^{c + i inf} exp(phi(s)) ds / s.

In the upper half-plane Im phi' > 0, because phi'(s) = -x - sum_i (m_i/2) / (s - 1/2l_i)
and -1/(s - b) maps that half-plane into itself. A function whose derivative has a
positive imaginary part on a convex set is univalent there (Noshiro 1934, Warschawski
1935), so exactly one curve s(t), t > 0, in the upper half-plane satisfies

    phi(s(t)) = phi(c) - t^2/2,      s(0) = c:

the steepest-descent path, which meets no other saddlepoint (all of them are real). On
it, and on its mirror image, the integrand is exp(-w^2/2 - t^2/2) d log s with
w = sqrt(-2 phi(c)), and one integration by parts gives, with theta(t) = arg s(t),

    P(Q > x) = exp(-w^2/2) (1/pi) int_0^inf t exp(-t^2/2) theta(t) dt.           (*)

Since 0 < theta < pi there is no cancellation whatever the depth of the tail, the bound
P <= exp(-w^2/2) (Chernoff) is visible, and the logarithm never underflows. The even
function t theta(t) is analytic but for t = +-iw, where s = 0, and for the other
saddlepoints, whose phi differs from phi(c) by an imaginary part of at least pi/2; the
trapezoidal rule of step h therefore errs by about exp(-min_t (t^2/2 + pi^2 / (t h))) or
less, which is 1e-12 at h = 1/8 and 1e-19 at h = 1/16, for all weights, multiplicities
and thresholds. Near the mean w is small; there the logarithmic singularity is removed
by subtracting atan(t/w), whose integral (*) is the normal tail Phi(-w).

**Saddlepoint.** With s(t) replaced by its tangent at t = 0 the same formula is the one
of Lugannani and Rice, Phi(-w) + phi(w) (1/u - 1/w), u = c sqrt(K''(c)).

References
----------
Lugannani, Rice, Adv. Appl. Probab. 12 (1980), 475-490. Daniels, Int. Stat. Rev. 55
(1987), 37-48. Imhof, Biometrika 48 (1961), 419-426, whose integral along the imaginary
axis has an absolute and not a relative accuracy. Trefethen, Weideman, SIAM Rev. 56
(2014), 385-458 (trapezoidal rule).
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import choice, real_array

METHODS = ("inversion", "saddlepoint", "clt")

_T_MAX = 9.0  # exp(-T^2/2) = 3e-18
_AGREEMENT = 1e-10  # the finer of two rules that agree to e errs by about e^1.6
_FINEST = 1 / 64
_BLOCK = 1 << 18  # entries of the largest temporary array
_RANGE = 1e280  # ratios of threshold to weight that the root finder spans
_ATANH = 1.0 / np.arange(3, 27, 2)[::-1]


def weighted_chi2_tail(
    weights: ArrayLike,
    threshold: ArrayLike = 0.0,
    *,
    multiplicities: ArrayLike | None = None,
    method: str = "inversion",
) -> Real:
    r"""Return P(sum_i l_i chi2(m_i) > x) for independent chi-square variables.

    Parameters
    ----------
    weights : array_like of shape (k,)
        The weights l_i, of either sign; zeros are ignored. Without any (other) weight
        the sum is 0.
    threshold : array_like, optional
        The level x; any shape.
    multiplicities : array_like of int, of shape (k,), optional
        The degrees of freedom m_i, at least 1; 1 by default. The cost does not depend
        on them, and equal weights are merged.
    method : {"inversion", "saddlepoint", "clt"}, optional
        Exact inversion along the path of steepest descent, the formula of Lugannani
        and Rice, or the normal approximation with the exact mean and variance.

    Returns
    -------
    numpy.float64 or ndarray
        The probability, of the shape of `threshold`. It is exactly 0 or 1 where the
        threshold lies outside the support (except for "clt").

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape or range; if a threshold lies between
        0 and the end 0 of the support, closer than 1e-280 times the largest weight.
    ArithmeticError
        If the quadrature does not converge; not known to happen.

    See Also
    --------
    log_weighted_chi2_tail : the logarithm, for tails below 1e-300.

    Examples
    --------
    Two equal pairs: Q / 2 is the difference of two exponentials of mean 1 and 3, which
    is positive with probability 1/4.

    >>> float(round(weighted_chi2_tail([1, 1, -3, -3]), 14))
    0.25

    A network that is wrong on the inner sphere with probability 8.55e-4, and the
    estimate of the central limit theorem:

    >>> sums = dict(weights=[0.5, -0.2], multiplicities=[100, 400])
    >>> f"{weighted_chi2_tail(**sums):.4e}"
    '8.5514e-04'
    >>> f"{weighted_chi2_tail(**sums, method='clt'):.4e}"
    '4.6159e-04'
    """
    upper, log_part = _log_parts(weights, threshold, multiplicities, method)
    return np.where(upper, np.exp(log_part), -np.expm1(log_part))[()]


def log_weighted_chi2_tail(
    weights: ArrayLike,
    threshold: ArrayLike = 0.0,
    *,
    multiplicities: ArrayLike | None = None,
    method: str = "inversion",
) -> Real:
    r"""Return the logarithm of P(sum_i l_i chi2(m_i) > x), which never underflows.

    Parameters, exceptions and methods are those of `weighted_chi2_tail`.

    Returns
    -------
    numpy.float64 or ndarray
        The logarithm of the probability, of the shape of `threshold`; minus infinity
        where the probability is exactly 0.

    Examples
    --------
    >>> float(log_weighted_chi2_tail([2.0, 2.0], 10_000.0))
    -2500.0
    """
    upper, log_part = _log_parts(weights, threshold, multiplicities, method)
    with np.errstate(divide="ignore"):  # log1p(-1): the probability is exactly 0
        complement = np.log1p(-np.exp(np.where(upper, -1.0, log_part)))
    return np.where(upper, log_part, complement)[()]


def _log_parts(
    weights: ArrayLike,
    threshold: ArrayLike,
    multiplicities: ArrayLike | None,
    method: str,
) -> tuple[NDArray, NDArray]:
    """Return log P(Q > x) where x >= E Q, else log P(Q < x), and which it is."""
    l, m = _merge(weights, multiplicities)
    x = real_array("threshold", threshold)
    choice("method", method, METHODS)
    if l.size == 0:
        return np.ones(x.shape, dtype=bool), np.where(x < 0, 0.0, -np.inf)
    _, exponent = np.frexp(np.abs(l).max())
    l = np.ldexp(l, -exponent)
    l, m = l[l != 0], m[l != 0]
    with np.errstate(over="ignore"):
        levels = np.ldexp(x, -exponent)
    upper = np.empty(x.shape, dtype=bool)
    log_part = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        level = float(levels[index])
        excess = _excess(l, m, level)
        sign = 1.0 if excess >= 0 else -1.0
        upper[index] = excess >= 0
        log_part[index] = _log_tail(sign * l, m, sign * level, sign * excess, method)
    return upper, log_part


def _merge(
    weights: ArrayLike, multiplicities: ArrayLike | None
) -> tuple[Float[NDArray, " k"], Float[NDArray, " k"]]:
    """Return the distinct nonzero weights and their total multiplicities."""
    l = real_array("weights", weights, ndim=1)
    if multiplicities is None:
        m = np.ones(l.size)
    else:
        counts = real_array("multiplicities", multiplicities, lower=1.0)
        if counts.size and np.asarray(multiplicities).dtype.kind not in "iu":
            raise TypeError(
                "multiplicities must be integers, "
                f"got dtype {np.asarray(multiplicities).dtype}"
            )
        if counts.shape != l.shape:
            raise ValueError(
                f"multiplicities must have the shape of weights, {l.shape}, "
                f"got {counts.shape}"
            )
        m = counts
    distinct, inverse = np.unique(l, return_inverse=True)
    total = np.bincount(inverse, weights=m, minlength=distinct.size)
    return distinct[distinct != 0], total[distinct != 0]


def _excess(l: Float[NDArray, " k"], m: Float[NDArray, " k"], x: float) -> float:
    """Return x - sum l m, correctly rounded (Dekker's exact products, Shewchuk's sum).

    Near the mean of many terms the rounding of an ordinary sum is what limits the
    accuracy: it is multiplied by sum(|l| m) / sd(Q), about 1e6 for 1e12 equal weights.
    """
    if math.isinf(x):
        return x

    def split(a: NDArray) -> tuple[NDArray, NDArray]:
        scaled = 134217729.0 * a  # 2^27 + 1
        high = scaled - (scaled - a)
        return high, a - high

    product = l * m
    (l1, l2), (m1, m2) = split(l), split(m)
    error = ((l1 * m1 - product) + l1 * m2 + l2 * m1) + l2 * m2
    return -math.fsum([*product, *error, -x])


def _log_tail(
    l: Float[NDArray, " k"], m: Float[NDArray, " k"], x: float, excess: float, how: str
) -> float:
    """Return log P(Q > x) for x = E Q + excess, excess >= 0 and max |l| in [1/2, 1]."""
    if how == "clt":
        return float(log_ndtr(-excess / math.sqrt(2.0 * float(np.sum(m * l * l)))))
    largest = float(l.max())
    if largest < 0:
        if x >= 0:
            return -math.inf
        if -x < 1 / _RANGE:
            raise ValueError(
                "threshold must be 0 or at least 1e-280 times the largest weight, "
                "got one that is smaller"
            )
    elif x > _RANGE * largest:
        return -x / (2.0 * largest)  # the other terms are below its rounding error
    saddle = _saddlepoint(l, m, x, excess)
    return _log_inversion(saddle) if how == "inversion" else _log_lugannani_rice(saddle)


class _Saddle(NamedTuple):
    """The saddlepoint c in scaled form: 2 l_i c / (1 - 2 l_i c) = V a_i, max |a_i| = 1.

    In the variable z = (s - c) V / c the exponent is
    phi(s) - phi(c) = sum_i (m_i/2) (-log(1 - a_i z) - a_i z), and sum_i m_i a_i / 2 is
    `drift` = x c / V.
    """

    V: float
    a: Float[NDArray, " k"]
    m: Float[NDArray, " k"]
    drift: float
    W: float  # w / V
    U: float  # u / V
    skew: float  # (1/u - 1/w), finite at the mean


def _saddlepoint(
    l: Float[NDArray, " k"], m: Float[NDArray, " k"], x: float, excess: float
) -> _Saddle:
    """Solve K'(c) = x for c >= 0.

    The unknown is p = c / (b - c) with b = 1 / (2 max l) the end of the strip (p = c if
    no weight is positive), so that both c and b - c keep all their digits. The residual
    is K'(c) - x or (K'(c) - K'(0)) - excess, whichever rounds less: the former far from
    the mean, the latter, a sum of positive terms, near it.
    """
    largest = float(l.max())
    positive = l > 0
    share = np.where(positive, l / largest, 0.0)
    rest = np.where(positive, (largest - l) / largest, 1.0)
    pull = np.where(positive, 0.0, -2.0 * l)

    def at(p: float) -> tuple[float, float, NDArray]:
        gap = 1.0 / (1.0 + p) if largest > 0 else 1.0
        c = p * gap / (2.0 * largest) if largest > 0 else p
        return c, gap, rest + share * gap + pull * c

    low, high, p = 1e-300, 1e300, 0.0
    if excess > 0:
        p = excess / (2.0 * float(np.sum(m * l * l))) * max(2.0 * largest, 1.0)
        p = min(max(p, 1e-290), 1e290)
    for _ in range(400 if excess > 0 else 0):
        c, gap, d = at(p)
        tilted = m * l / d
        rise = float(np.sum(2.0 * tilted * l * c))
        slope = float(np.sum(2.0 * tilted * c * (l * gap / d)))
        if rise + excess < float(np.sum(np.abs(tilted))) + abs(x):
            residual = rise - excess
        else:
            residual = math.fsum([*tilted, -x])
        if residual > 0:
            high = p
        else:
            low = p
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
    ratio = l / d
    kappa = float(np.abs(ratio).max())
    a, V = ratio / kappa, 2.0 * kappa * c
    squares = float(np.sum(m * _second(V * a, d) * a * a))
    W, U = math.sqrt(squares), math.sqrt(float(np.sum(m * a * a)) / 2.0)
    skew = float(np.sum(m * _third(V * a, d) * a**3)) / (U * W * (U + W))
    return _Saddle(V, a, m, x / (2.0 * kappa), W, U, skew)


def _atanh_tail(q2: NDArray) -> NDArray:
    """Return (atanh(q) - q) / q^3 as a series in q^2; complete for |q| <= 1/7."""
    return np.polyval(_ATANH, q2)


def _second(v: NDArray, d: NDArray) -> NDArray:
    """Return (v - log(1 + v)) / v^2, where 1 + v = 1/d; 1/2 at v = 0."""
    near = np.abs(v) <= 0.25
    series = np.where(near, v, 0.0)
    tail = _atanh_tail((series / (2.0 + series)) ** 2)
    safe = np.where(near, 1.0, v)
    return np.where(
        near,
        1.0 / (2.0 + series) - 2.0 * series * tail / (2.0 + series) ** 3,
        (safe + np.log(d)) / safe / safe,
    )


def _third(v: NDArray, d: NDArray) -> NDArray:
    """Return (v - log(1 + v) - v^2/2) / v^3, where 1 + v = 1/d; -1/3 at v = 0."""
    near = np.abs(v) <= 0.25
    series = np.where(near, v, 0.0)
    tail = _atanh_tail((series / (2.0 + series)) ** 2)
    return np.where(
        near,
        -0.5 / (2.0 + series) - 2.0 * tail / (2.0 + series) ** 3,
        (_second(v, d) - 0.5) / np.where(near, 1.0, v),
    )


def _log_lugannani_rice(saddle: _Saddle) -> float:
    w = saddle.V * saddle.W
    mills = math.sqrt(math.pi / 2.0) * float(erfcx(w / math.sqrt(2.0)))
    return -0.5 * w * w - 0.5 * math.log(2.0 * math.pi) + math.log(mills + saddle.skew)


def _log_inversion(saddle: _Saddle) -> float:
    """Evaluate the integral (*), halving the step until two rules agree."""
    w = saddle.V * saddle.W
    h = 0.5
    t = np.arange(h, _T_MAX, h)
    log_z = np.empty(t.size, dtype=complex)
    guess = np.array([complex(math.log(h / saddle.U), math.pi / 2.0)])
    for j in range(t.size):
        log_z[j : j + 1] = guess = _descend(saddle, t[j : j + 1], guess)
        if j:
            guess = 2.0 * guess - log_z[j - 1]
            guess.imag = np.clip(guess.imag, 0.5 * log_z[j].imag, math.pi)
    previous = math.nan
    while h >= _FINEST:
        z = np.exp(log_z)
        angle = np.arctan2(z.imag, saddle.V + z.real)
        if w < 2.0:
            angle = angle - np.arctan2(t, w)
        mean = h / math.pi * float(np.sum(t * np.exp(-0.5 * t * t) * angle))
        if w < 2.0:
            mean += math.exp(0.5 * w * w) * float(ndtr(-w))
        if abs(mean - previous) <= _AGREEMENT * mean:
            return math.log(mean) - 0.5 * w * w
        previous = mean
        h /= 2.0
        middle = np.arange(h, _T_MAX, 2.0 * h)
        guess = np.interp(middle, t, log_z)
        guess[0] = log_z[0] + math.log(0.5)
        new = _descend(saddle, middle, guess)
        t, log_z = np.append(t, middle), np.append(log_z, new)
        order = np.argsort(t)
        t, log_z = t[order], log_z[order]
    raise ArithmeticError("the inversion integral did not converge")


def _descend(saddle: _Saddle, t: NDArray, log_z: NDArray) -> NDArray:
    """Return log z(t) on the path of steepest descent by damped Newton steps.

    A step is halved until it decreases the residual and stays in the upper half-plane.
    The path is where the exponent is real, so a damped step follows it and cannot leave
    for another solution: there is none.
    """
    target = -0.5 * t * t
    value, slope = _exponent(saddle, np.exp(log_z))
    error = value - target
    scale = np.ones(t.size)
    step = -error / slope
    for _ in range(200):
        small = np.abs(step) < 1e-9
        length = scale / np.maximum(1.0, np.abs(step))
        trial = log_z + length * step
        inside = (trial.imag > 0.0) & (trial.imag < math.pi)
        trial = np.where(inside, trial, log_z)
        value, new_slope = _exponent(saddle, np.exp(trial))
        better = inside & (small | (np.abs(value - target) < np.abs(error)))
        log_z = np.where(better, trial, log_z)
        if small.all():
            return log_z
        error = np.where(better, value - target, error)
        slope = np.where(better, new_slope, slope)
        scale = np.where(better, 1.0, 0.5 * scale)
        step = -error / slope
    raise ArithmeticError("the path of steepest descent was lost")


def _exponent(saddle: _Saddle, z: NDArray) -> tuple[NDArray, NDArray]:
    """Return the exponent phi(s) - phi(c) at z and its derivative by log z.

    Terms of large |a z| are summed as logarithms, and their linear parts together: the
    sum of m a / 2 over them, or the drift less the sum over the others, whichever
    rounds less (for x = 0 the linear parts cancel, and far out on the path each alone
    would drown the sum).
    """
    a, m = saddle.a, 0.5 * saddle.m
    value = np.zeros(z.size, dtype=complex)
    slope = np.zeros(z.size, dtype=complex)
    far = np.zeros((2, z.size))
    near = np.zeros((2, z.size))
    width = max(1, _BLOCK // z.size)
    for start in range(0, a.size, width):
        block = slice(start, start + width)
        w = z[:, None] * a[block]
        large = np.abs(w) > 0.25
        tiny = np.where(large, 0.0, w)
        q = tiny / (2.0 - tiny)
        series = q * tiny + 2.0 * q**3 * _atanh_tail(q * q)
        value += np.where(large, -np.log(1.0 - w), series) @ m[block]
        slope += (np.where(large, w, w * w) / (1.0 - w)) @ m[block]
        linear = np.stack([m[block] * a[block], m[block] * np.abs(a[block])])
        far += linear @ large.T
        near += linear @ ~large.T
    drift = saddle.drift
    direct = far[1] <= near[1] + abs(drift)
    remainder = np.where(direct, far[0], drift - near[0]) * z
    return value - remainder, slope - remainder
