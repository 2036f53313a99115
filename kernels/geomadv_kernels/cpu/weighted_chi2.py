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
saddlepoints, at which phi - phi(c) has an imaginary part of at least M pi/2, with M the
smaller multiplicity of the two weights that bound the strip of analyticity: they keep a
distance of about M pi/2t from the real axis. The trapezoidal rule of step h therefore
errs by about exp(-min_t (t^2/2 + M pi^2/(t h))) or less: 1e-12 at h = 1/8 and 1e-19 at
h = 1/16, for all weights, multiplicities and thresholds. Near the mean w is small;
there the logarithmic singularity at iw is removed by subtracting atan(t/w), for which
(*) is the normal tail Phi(-w).

**Scale.** With 2 l_i c / (1 - 2 l_i c) = V a_i, max |a_i| = 1, and z = (s - c) V / c

    phi(s) - phi(c) = sum_i (m_i/2) (-log(1 - a_i z) - a_i z).

The terms are collected by the power of two 2^e that bounds |a|. Where 2^e |z| is at
most 1/2 a group is a power series in 2^e z whose coefficients are the group's power
sums, however many terms it has; the others are evaluated one by one.

References
----------
Daniels, Int. Stat. Rev. 55 (1987), 37-48 (the tail by saddlepoints). Trefethen,
Weideman, SIAM Rev. 56 (2014), 385-458 (the trapezoidal rule).
"""

import math
from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import frozen
from geomadv_kernels.cpu._double_double import two_sum
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._threads import for_blocks

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_T_MAX = 9.0  # exp(-T^2/2) = 3e-18
_FINEST = 1 / 16
_FIRST = 0.5  # the step of the first walk along the path
_SETTLED = 1e-4  # the rule of twice the step errs by at most about 1e-8
_NEAR = 0.5  # up to here log(1 + v) is a power series of v
_TERMS = 52  # 2^-52 is the last
_GROUPS = 2200  # more powers of two than doubles have
_RANGE = 1e280  # ratios of threshold to weight that the root finder spans
_CHUNK = 64  # partial sums of so many terms: rounding stays small
_WORTH_A_BLOCK = 32  # thresholds times weights of a block: a millisecond or more
_LOST, _UNSETTLED = 1, 2


@compiled
def _remainders(v: float, d: float) -> tuple[float, float]:
    """Return (v - log(1 + v)) / v^2 and (v - log(1 + v) - v^2/2) / v^3, 1 + v = 1/d.

    At v = 0 they are 1/2 and -1/3.
    """
    if abs(v) <= _NEAR:
        third = 0.0
        for n in range(_TERMS, 2, -1):
            third = third * v + (1.0 - 2.0 * (n % 2)) / n
        return 0.5 + v * third, third
    second = (v + math.log(d)) / v / v
    return second, (second - 0.5) / v


@compiled
def _saddlepoint(
    lam: _Array, m: _Array, x: float, excess: float, a: _Array, half: _Array
) -> tuple[float, float, float, float, float]:
    """Solve K'(c) = x = E Q + excess for c >= 0; return (V, drift, W, U, skew).

    `lam` ascends and has its largest size in [1/2, 1]. `a` and `half` are filled with
    a_i and m_i/2 in decreasing order of |a_i|. drift = sum_i m_i a_i / 2 = x c / V;
    V W = w; V U = u = c sqrt(K''(c)); skew = 1/u - 1/w, finite at the mean.

    The unknown is p = c / (b - c) with b = 1 / (2 max lam) the end of the strip (p = c
    if no weight is positive), so that both c and b - c keep all their digits. The
    residual is K'(c) - x or K'(c) - K'(0) - excess, whichever rounds less: the former
    far from the mean, the latter, a sum of terms of one sign, near it.
    """
    k = lam.size
    largest = lam[k - 1]
    low, high, p = 1e-300, 1e300, 0.0
    if excess > 0.0:
        variance = 0.0
        for i in range(k):
            variance += 2.0 * m[i] * lam[i] * lam[i]
        p = min(max(excess / variance * max(2.0 * largest, 1.0), 1e-290), 1e290)
    searching = excess > 0.0
    for _ in range(400):
        if not searching:
            break
        gap, c = 1.0, p
        if largest > 0.0:
            gap = 1.0 / (1.0 + p)
            c = p * gap / (2.0 * largest)
        rise = rise_rest = slope = size = 0.0
        total, total_rest = -x, 0.0
        for i in range(k):
            weight = lam[i]
            if weight > 0.0:
                d = (largest - weight) / largest + weight / largest * gap
            else:
                d = 1.0 - 2.0 * weight * c
            tilted = m[i] * weight / d
            rise, error = two_sum(rise, 2.0 * tilted * weight * c)
            rise_rest += error
            slope += 2.0 * tilted * c * (weight / d * gap)
            size += abs(tilted)
            total, error = two_sum(total, tilted)
            total_rest += error
        rise += rise_rest
        if rise + excess < size + abs(x):
            residual = rise - excess
        else:
            residual = total + total_rest
        if residual > 0.0:
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
    gap, c = 1.0, p
    if largest > 0.0:
        gap = 1.0 / (1.0 + p)
        c = p * gap / (2.0 * largest)
    # |l / (1 - 2 l c)| grows with |l| on either side: merge the two sides
    first, last = 0, k - 1
    kappa = V = 0.0
    W = W_rest = U = U_rest = cube = cube_rest = 0.0
    for i in range(k):
        right = left = 0.0
        d_right = d_left = 1.0
        if lam[last] > 0.0:
            share = lam[last] / largest
            d_right = (largest - lam[last]) / largest + share * gap
            right = lam[last] / d_right
        if lam[first] < 0.0:
            d_left = 1.0 - 2.0 * lam[first] * c
            left = lam[first] / d_left
        if right >= -left:
            ratio, d, j = right, d_right, last
            last -= 1
        else:
            ratio, d, j = left, d_left, first
            first += 1
        if i == 0:
            kappa = abs(ratio)
            V = 2.0 * kappa * c
        a[i] = ratio / kappa
        half[i] = 0.5 * m[j]
        second, third = _remainders(V * a[i], d)
        square = m[j] * a[i] * a[i]
        W, error = two_sum(W, second * square)
        W_rest += error
        U, error = two_sum(U, 0.5 * square)
        U_rest += error
        cube, error = two_sum(cube, third * square * a[i])
        cube_rest += error
    W, U = math.sqrt(W + W_rest), math.sqrt(U + U_rest)
    skew = (cube + cube_rest) / (U * W * (U + W))
    return V, x / (2.0 * kappa), W, U, skew


@compiled
def _group(
    a: _Array, half: _Array, ends: _Array, bound: _Array, size: _Array, sums: _Array
) -> int:
    """Collect the terms by the power of two that bounds |a|; return how many groups.

    `ends` is where the groups end, `size` holds sum (m/2) |a|, and `sums` (groups, 52)
    the power sums of a / bound.
    """
    count = 0
    previous = -5000
    for i in range(a.size):
        fraction, exponent = math.frexp(a[i])
        if i > 0 and exponent > previous:  # |a| decreases, but for its last digits
            fraction = math.ldexp(fraction, exponent - previous)
            exponent = previous
        if exponent != previous or i == 0:
            previous = exponent
            bound[count] = math.ldexp(1.0, exponent)
            size[count] = 0.0
            sums[count, :] = 0.0
            count += 1
        group = count - 1
        ends[group] = i + 1
        size[group] += half[i] * abs(a[i])
        power = half[i]
        for n in range(_TERMS):
            power *= fraction
            sums[group, n] += power
    return count


@compiled
def _exponent(
    z: complex,
    drift: float,
    a: _Array,
    half: _Array,
    groups: int,
    ends: _Array,
    bound: _Array,
    size: _Array,
    sums: _Array,
) -> tuple[complex, complex]:
    """Return phi(s) - phi(c) at z and its derivative by log z.

    The linear parts of terms of large |a z| are summed first: as the sum of m a / 2, or
    as the drift less the sum over the others, whichever rounds less (for x = 0 they
    cancel, and far out each alone would drown the sum).
    """
    zr, zi = z.real, z.imag
    radius = math.hypot(zr, zi)
    vr = vi = sr = si = 0.0
    far_size = near_size = far_linear = near_linear = 0.0
    far = 0
    for g in range(groups):
        y = radius * bound[g]
        if y > _NEAR:
            far = ends[g]
            far_size += size[g]
            far_linear += bound[g] * sums[g, 0]
            continue
        near_size += size[g]
        near_linear += bound[g] * sums[g, 0]
        if y == 0.0:
            continue
        terms = min(_TERMS, 3 + int(60.0 / -math.log2(y)))
        yr, yi = zr * bound[g], zi * bound[g]
        pr = pi = qr = qi = 0.0
        for n in range(terms, 1, -1):
            coefficient = sums[g, n - 1]
            pr, pi = (
                pr * yr - pi * yi + coefficient / n,
                pr * yi + pi * yr,
            )
            qr, qi = qr * yr - qi * yi + coefficient, qr * yi + qi * yr
        y2r, y2i = yr * yr - yi * yi, 2.0 * yr * yi
        vr += pr * y2r - pi * y2i
        vi += pr * y2i + pi * y2r
        sr += qr * y2r - qi * y2i
        si += qr * y2i + qi * y2r
    for start in range(0, far, _CHUNK):
        v0 = v1 = s0 = s1 = 0.0
        for i in range(start, min(start + _CHUNK, far)):
            wr, wi = zr * a[i], zi * a[i]
            ur = 1.0 - wr
            norm = ur * ur + wi * wi
            v0 -= half[i] * 0.5 * math.log(norm)
            v1 += half[i] * math.atan2(wi, ur)
            # w / (1 - w) = w conj(1 - w) / |1 - w|^2
            s0 += half[i] * ((wr * ur - wi * wi) / norm)
            s1 += half[i] * (wi / norm)
        vr += v0
        vi += v1
        sr += s0
        si += s1
    direct = far_size <= near_size + abs(drift)
    linear = far_linear if direct else drift - near_linear
    return (
        complex(vr - linear * zr, vi - linear * zi),
        complex(sr - linear * zr, si - linear * zi),
    )


@compiled
def _exp(z: complex) -> complex:
    size = math.exp(z.real)
    return complex(size * math.cos(z.imag), size * math.sin(z.imag))


@compiled
def _descend(
    t: float,
    log_z: complex,
    drift: float,
    a: _Array,
    half: _Array,
    groups: int,
    ends: _Array,
    bound: _Array,
    size: _Array,
    sums: _Array,
) -> tuple[complex, bool]:
    """Return log z(t) on the path of steepest descent by damped Newton steps.

    A step is halved until it decreases the residual and stays in the upper half-plane,
    where the solution is unique. The second value says whether it was found.
    """
    target = -0.5 * t * t
    value, slope = _exponent(
        _exp(log_z), drift, a, half, groups, ends, bound, size, sums
    )
    error = value - target
    scale = 1.0
    step = -error / slope
    for _ in range(200):
        length = abs(step)
        if length < 1e-9:
            return log_z + step, True  # the error of Newton's method is about 1e-18
        trial = log_z + scale / max(1.0, length) * step
        better = False
        if 0.0 < trial.imag < math.pi:
            value, new_slope = _exponent(
                _exp(trial), drift, a, half, groups, ends, bound, size, sums
            )
            better = abs(value - target) < abs(error)
        if better:
            log_z, error, slope, scale = trial, value - target, new_slope, 1.0
        else:
            scale *= 0.5
        step = -error / slope
    return log_z, False


@compiled
def _log_inversion(
    V: float,
    drift: float,
    W: float,
    U: float,
    h: float,
    a: _Array,
    half: _Array,
    groups: int,
    ends: _Array,
    bound: _Array,
    size: _Array,
    sums: _Array,
    path: _Array,
) -> tuple[float, int]:
    """Return the logarithm of (*) by the trapezoidal rule of step h, and 0.

    A second value of `_LOST` says that the path was not found, one of `_UNSETTLED` that
    the rule of twice the step does not confirm the result. `path` is filled with
    log z(j h), j >= 1: first at steps of 1/2, each guessed from the two before it, then
    by halving.
    """
    count = math.ceil(_T_MAX / h) - 1
    stride = round(_FIRST / h)
    guess = complex(math.log(stride * h / U), math.pi / 2.0)
    for j in range(stride, count + 1, stride):
        if j > stride:
            older = path[j - 2 * stride] if j > 2 * stride else path[stride]
            before = path[j - stride]
            guess = 2.0 * before - older
            angle = min(max(guess.imag, 0.5 * before.imag), 0.99 * math.pi)
            guess = complex(guess.real, angle)
        path[j], found = _descend(
            j * h, guess, drift, a, half, groups, ends, bound, size, sums
        )
        if not found:
            return math.nan, _LOST
    while stride > 1:
        wide, stride = stride, stride // 2
        for j in range(stride, count + 1, wide):
            left, right = j - stride, j + stride
            if left == 0:
                guess = path[right] - math.log(2.0)
            elif right > count:
                guess = path[left]
            elif left == wide or right + wide > count:
                guess = 0.5 * (path[left] + path[right])
            else:
                inner = path[left] + path[right]
                outer = path[left - wide] + path[right + wide]
                guess = 0.5625 * inner - 0.0625 * outer
            path[j], found = _descend(
                j * h, guess, drift, a, half, groups, ends, bound, size, sums
            )
            if not found:
                return math.nan, _LOST
    w = V * W
    total = coarse = normal = 0.0
    for j in range(1, count + 1):
        t = j * h
        z = _exp(path[j])
        angle = math.atan2(z.imag, V + z.real)
        if w < 2.0:
            angle -= math.atan2(t, w)
        term = t * math.exp(-0.5 * t * t) * angle
        total += term
        if j % 2 == 0:
            coarse += term
    if w < 2.0:
        normal = 0.5 * math.exp(0.5 * w * w) * math.erfc(w / math.sqrt(2.0))
    mean = normal + h / math.pi * total
    coarse = normal + 2.0 * h / math.pi * coarse
    if not abs(mean - coarse) <= _SETTLED * mean:
        return math.nan, _UNSETTLED
    return math.log(mean) - 0.5 * w * w, 0


@compiled
def _solve(
    lam: _Array,
    m: _Array,
    x: _Array,
    excess: _Array,
    invert: bool,
    finest: float,
    real: _Array,
    sums: _Array,
    ends: _Array,
    path: _Array,
    saddles: _Array,
    log_part: _Array,
    status: _Array,
) -> None:
    """Fill `log_part`, or without `invert` the rows (V, W, U, skew) of `saddles`.

    `lam` and `m` (2, k) hold the weights in ascending order, and those of -Q. `real`
    (4, max(k, groups)), `sums`, `ends` and `path` are scratch.
    """
    k = lam.shape[1]
    for row in range(x.size):
        side = 0 if excess[row] >= 0.0 else 1
        level, rest = x[row], excess[row]
        if side:
            level, rest = -level, -rest
        weights, counts = lam[side], m[side]
        largest = weights[k - 1]
        status[row] = 0
        if largest < 0.0 and level >= 0.0:
            log_part[row] = -math.inf
            continue
        if largest > 0.0 and level > _RANGE * largest:
            # the other terms are below its rounding error
            log_part[row] = -level / (2.0 * largest)
            continue
        a, half = real[0, :k], real[1, :k]
        V, drift, W, U, skew = _saddlepoint(weights, counts, level, rest, a, half)
        if not invert:
            saddles[row, 0] = V
            saddles[row, 1] = W
            saddles[row, 2] = U
            saddles[row, 3] = skew
            continue
        bound, size = real[2], real[3]
        groups = _group(a, half, ends, bound, size, sums)
        multiplicity = counts[k - 1] if largest > 0.0 else math.inf
        if weights[0] < 0.0:
            multiplicity = min(multiplicity, counts[0])
        h = _FIRST
        while h > min(0.25, finest * multiplicity):
            h *= 0.5
        log_part[row], status[row] = _log_inversion(
            V, drift, W, U, h, a, half, groups, ends, bound, size, sums, path
        )


def _run(
    weights: _Array,
    multiplicities: _Array,
    thresholds: _Array,
    excess: _Array,
    invert: bool,
    threads: int | None,
) -> tuple[_Array, _Array]:
    order = np.argsort(weights)
    lam = np.asarray(weights, dtype=np.float64)[order]
    m = np.asarray(multiplicities, dtype=np.float64)[order]
    both = frozen(np.stack([lam, -lam[::-1]])), frozen(np.stack([m, m[::-1]]))
    x = frozen(np.asarray(thresholds, dtype=np.float64))
    rest = frozen(np.asarray(excess, dtype=np.float64))
    n, k = x.size, lam.size
    log_part, status = np.empty(n), np.zeros(n, dtype=np.int64)
    saddles = np.empty((0 if invert else n, 4))
    groups = min(k, _GROUPS)

    def workspace() -> tuple[_Array, ...]:
        return (
            np.empty((4, k)),
            np.empty((groups, _TERMS)),
            np.empty(groups, dtype=np.int64),
            np.empty(int(_T_MAX / _FINEST) + 2, dtype=np.complex128),
        )

    def work(start: int, stop: int, space: tuple[_Array, ...]) -> None:
        rows = slice(start, stop)
        _solve(
            *both,
            x[rows],
            rest[rows],
            invert,
            _FINEST,
            *space,
            saddles[rows],
            log_part[rows],
            status[rows],
        )

    for_blocks(
        work,
        n,
        max(1, _WORTH_A_BLOCK // k),
        threads=threads,
        workspace=workspace,
    )
    if np.any(status == _LOST):
        raise ArithmeticError("the path of steepest descent was lost")
    if np.any(status == _UNSETTLED):
        raise ArithmeticError("the inversion integral did not converge")
    return log_part, saddles


def weighted_chi2_tail(
    weights: _Array,
    multiplicities: _Array,
    thresholds: _Array,
    excess: _Array,
    *,
    threads: int | None = None,
) -> tuple[_Array, _Array]:
    """Return the logarithms of the outer tails of Q = sum_i l_i chi2(m_i).

    Parameters
    ----------
    weights : (k,) float64
        The weights l_i, k >= 1: distinct, nonzero, the largest in size in [1/2, 1], the
        smallest at least 1e-280.
    multiplicities : (k,) float64
        The degrees of freedom m_i, whole numbers from 1 on.
    thresholds : (n,) float64
        The levels x; of size 0, or at least 1e-280 where all weights have one sign.
    excess : (n,) float64
        x - E Q = x - sum_i l_i m_i, correctly rounded.
    threads : int, optional
        How many threads to use; by default as many as there are processors.

    Returns
    -------
    log_part : (n,) float64
        log P(Q > x) where `upper`, else log P(Q < x); minus infinity outside the
        support. Measured error: 1e-15 max(1, |log_part|).
    upper : (n,) bool
        Whether x >= E Q.

    Raises
    ------
    ArithmeticError
        If a quadrature does not converge; not known to happen.
    """
    log_part, _ = _run(weights, multiplicities, thresholds, excess, True, threads)
    ran("cpu.weighted_chi2_tail")
    return log_part, np.asarray(excess) >= 0.0


def saddlepoints(
    weights: _Array,
    multiplicities: _Array,
    thresholds: _Array,
    excess: _Array,
    *,
    threads: int | None = None,
) -> _Array:
    """Return the saddlepoints as rows (V, W, U, skew), of the outer tails.

    V W = w is the root of Chernoff's exponent, V U = u = c sqrt(K''(c)), and skew is
    1/u - 1/w. The arguments are those of `weighted_chi2_tail`, with thresholds inside
    the support and at most 1e280.
    """
    return _run(weights, multiplicities, thresholds, excess, False, threads)[1]
