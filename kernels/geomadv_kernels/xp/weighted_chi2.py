r"""Tails of weighted sums of chi-square variables over any array namespace.

The path of steepest descent of `geomadv_kernels.cpu.weighted_chi2` is found by Newton
steps whose number depends on the values; here the contour is the hyperbola of
`geomadv_kernels.reference.weighted_chi2`, with its fixed nodes and its accuracy, so
that nothing waits: 3e-12 max(1, |log P|) for some thousand degrees of freedom, and
1e-16 sum_i m_i in absolute terms beyond. The work is proportional to the number of
weights times that of thresholds; arrays have 64 entries a threshold.
"""

import math
from typing import Any

import array_api_compat

from geomadv_kernels.contract import ran

_STEP, _BLOCK, _BLOCKS = 1 / 64, 64, 90
_BISECTIONS = 30  # any contour near the best one gives the same integral


def _crossing(xp: Any, lam: list[Any], m: list[Any], x: Any, largest: Any) -> Any:
    """Return where the contour crosses the real axis, and 1 - 2 l c there."""
    bounded = largest > 0.0
    scale = xp.where(bounded, largest, 0.5)
    low, high = xp.full_like(x, -690.0), xp.full_like(x, 690.0)
    for _ in range(_BISECTIONS + 1):
        middle = 0.5 * (low + high)
        p = xp.exp(middle)
        gap = xp.where(bounded, 1.0 / (1.0 + p), 1.0)
        c = p * gap / (2.0 * scale)
        d = [
            xp.where(v > 0.0, (scale - v) / scale + v / scale * gap, 1.0 - 2.0 * v * c)
            for v in lam
        ]
        slope = -x - 1.0 / c
        for v, count, rest in zip(lam, m, d, strict=True):
            slope = slope + count * v / rest
        low, high = (
            xp.where(slope < 0.0, middle, low),
            xp.where(slope < 0.0, high, middle),
        )
    return c, d


def weighted_chi2_tail(
    weights: Any, multiplicities: Any, thresholds: Any, excess: Any
) -> tuple[Any, Any]:
    """Return the logarithms of the outer tails, as `cpu.weighted_chi2` does."""
    xp = array_api_compat.array_namespace(weights, multiplicities, thresholds, excess)
    upper = excess >= 0.0
    sign = xp.where(upper, xp.ones_like(excess), -xp.ones_like(excess))
    x = sign * thresholds
    k = weights.shape[0]
    lam = [sign * weights[i] for i in range(k)]
    m = [multiplicities[i] for i in range(k)]
    largest = xp.where(upper, xp.max(weights), -xp.min(weights))
    outside = (largest < 0.0) & (x >= 0.0)
    x = xp.where(outside, -1.0, x)
    c, d = _crossing(xp, lam, m, x, largest)
    curvature = 1.0 / (c * c)
    level = -c * x - xp.log(c)
    for v, count, rest in zip(lam, m, d, strict=True):
        curvature = curvature + 2.0 * count * (v / rest) ** 2
        level = level - 0.5 * count * xp.log(rest)
    r = (1.0 / xp.sqrt(curvature))[:, None]
    bend = (xp.sign(x) / 8.0)[:, None]
    device = array_api_compat.device(x)
    nodes = xp.arange(_BLOCK, dtype=xp.float64, device=device)[None, :]
    total = xp.zeros_like(x)
    for block in range(_BLOCKS):
        u = (nodes + (block * _BLOCK + 0.5)) * _STEP
        sinh, cosh = xp.sinh(u), xp.cosh(u)
        # the point s - c and the slope ds / (i du), real and imaginary parts
        right, up = r * bend * (2.0 * xp.sinh(0.5 * u) ** 2), r * sinh
        along, across = r * cosh, -r * bend * sinh
        size, angle = _log_one_plus(xp, right / c[:, None], up / c[:, None])
        size, angle = -x[:, None] * right - size, -x[:, None] * up - angle
        for v, count, rest in zip(lam, m, d, strict=True):
            factor = (-2.0 * v / rest)[:, None]
            s, t = _log_one_plus(xp, factor * right, factor * up)
            size, angle = size - 0.5 * count * s, angle - 0.5 * count * t
        real = along * xp.cos(angle) - across * xp.sin(angle)
        total = total + xp.sum(xp.exp(size) * real, axis=1)
    log_part = level + xp.log(total * (_STEP / math.pi))
    ran("xp.weighted_chi2_tail")
    return xp.where(outside, -math.inf, log_part), upper


def _log_one_plus(xp: Any, re: Any, im: Any) -> tuple[Any, Any]:
    """Return the real and imaginary part of log(1 + re + i im)."""
    square = re * (2.0 + re) + im * im  # |1 + z|^2 - 1
    return 0.5 * xp.log1p(square), xp.atan2(im, 1.0 + re)
