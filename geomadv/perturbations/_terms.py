"""Bounds of an expansion's terms in regions, one function for each kind of kernel."""

import numpy as np

from geomadv._typing import NDArray
from geomadv.perturbations._margins import Margins

# value, base, slope, floor, drop, curve; the sum of |D| k at its largest and that of
# moduli in curve; a bound of |k'|/k, and the largest distance
Parts = tuple[NDArray, ...]


def _signs(margins: Margins) -> tuple[NDArray, NDArray]:
    return np.maximum(margins.D, 0.0), np.maximum(-margins.D, 0.0)


def radial(
    margins: Margins,
    Z: NDArray,
    width: NDArray,
    two: NDArray,
    one: NDArray,
    outer: NDArray,
) -> Parts:
    """Bound terms of a distance r in [nearest, farthest], by curvatures there.

    A term a k with a > 0 is at least its tangent less a (-phi'/r) |step|^2/2 at the
    nearest r; with a < 0, less |a| (largest phi'') |step|^2/2. At the tip of
    exp(-g r), where -phi'/r is infinite, a > 0 takes its least value instead.
    """
    del one, outer
    kernel, g, D = margins.kernel, margins.kernel.gamma, margins.D
    plus, minus = _signs(margins)
    square = np.zeros((len(Z), len(D)))
    inside, outside = np.zeros_like(square), np.zeros_like(square)
    for i in range(Z.shape[1]):
        step = np.abs(Z[:, i, None] - margins.centres[:, i])
        w = width[:, i, None]
        square += step * step
        inside += np.maximum(step - w, 0.0) ** 2
        outside += (step + w) ** 2
    r = np.sqrt(square)
    near = np.maximum(np.sqrt(inside), r - two[:, None])
    far = np.minimum(np.sqrt(outside), r + two[:, None])
    most, least = kernel.profile(near), kernel.profile(far)
    floor = least @ plus - most @ minus
    half = (two * two / 2.0)[:, None]
    if kernel.name == "gaussian":
        value = np.exp(-g * square)
        u = np.clip(1.5, g * near * near, g * far * far)
        low, high = most * (-2.0 * g), (4.0 * u - 2.0) * g * np.exp(-u)
        factor = -2.0 * g * value
        at = base = value @ D
        parts = [(factor, D)]
    else:
        value = np.exp(-g * r)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(r > 0, -g * value / r, 0.0)
            bend = np.where(near > 0, -g * most / near, -np.inf)
            falls = value - least + g * value * two[:, None]
            blunt = ~(falls >= -bend * half)
        low, high = np.where(blunt, 0.0, bend), g * g * most
        at = value @ D
        base = np.where(blunt, least, value) @ plus - value @ minus
        parts = [(np.where(blunt, 0.0, factor), plus), (factor, -minus)]
    slope = np.empty((len(Z), D.shape[1], Z.shape[1]))
    for i in range(Z.shape[1]):
        step = Z[:, i, None] - margins.centres[:, i]
        slope[:, :, i] = sum((f * step) @ a for f, a in parts)
    curve = np.maximum(high @ minus - low @ plus, 0.0)
    rough = np.abs(high) @ minus - low @ plus
    mass = most @ (plus + minus)
    longest = far.max(axis=1, initial=0.0)
    rate = np.full(len(Z), g) if kernel.name == "laplace" else 2.0 * g * longest
    drop = curve * half
    return at, base, slope, floor, drop, curve, mass, rough, rate, longest


def laplacian(
    margins: Margins,
    Z: NDArray,
    width: NDArray,
    two: NDArray,
    one: NDArray,
    outer: NDArray,
) -> Parts:
    """Bound terms of exp(-g |z - z_j|_1).

    With the signs s of Z - z_j, k <= exp(-g <s, z - z_j>) everywhere, whose curvature
    along s is that of exp; this serves a < 0. For a > 0, k is convex where no sign
    changes; coordinates in which one may are set to their worst.
    """
    del two, outer
    g, D = margins.kernel.gamma, margins.D
    plus, minus = _signs(margins)
    total = np.zeros((len(Z), len(D)))
    inside, outside, worst = (np.zeros_like(total) for _ in range(3))
    for i in range(Z.shape[1]):
        step = np.abs(Z[:, i, None] - margins.centres[:, i])
        w = width[:, i, None]
        total += step
        inside += np.maximum(step - w, 0.0)
        outside += step + w
        worst += np.where(step > w, step, step + w)
    span = one[:, None]
    value, lowered = np.exp(-g * total), np.exp(-g * worst)
    most = np.exp(-g * np.maximum(inside, total - span))
    least = np.exp(-g * np.minimum(outside, total + span))
    bend = (g * span) ** 2 / 2.0 * np.exp(-g * (total - span))
    slope = np.empty((len(Z), D.shape[1], Z.shape[1]))
    for i in range(Z.shape[1]):
        step = Z[:, i, None] - margins.centres[:, i]
        sure = np.where(np.abs(step) > width[:, i, None], np.sign(step), 0.0)
        slope[:, :, i] = -g * (
            (lowered * sure) @ plus - (value * np.sign(step)) @ minus
        )
    # <s, u>^2 <= r |u|^2 in r coordinates
    curve = g * g * Z.shape[1] * np.exp(-g * (total - span)) @ minus
    base, floor = lowered @ plus - value @ minus, least @ plus - most @ minus
    mass, longest = most @ (plus + minus), outside.max(axis=1, initial=0.0)
    # |.|_1 <= sqrt(r) |.|_2
    rate = np.full(len(Z), g * np.sqrt(Z.shape[1]))
    return (
        value @ D,
        base,
        slope,
        floor,
        bend @ minus,
        curve,
        mass,
        np.zeros_like(mass),
        rate,
        longest,
    )


def polynomial(
    margins: Margins,
    Z: NDArray,
    width: NDArray,
    two: NDArray,
    one: NDArray,
    outer: NDArray,
) -> Parts:
    """Bound terms of s^n with s = g <z, z_j> + c by the range of s."""
    del one
    kernel, D = margins.kernel, margins.D
    plus, minus = _signs(margins)
    n, g, centres = kernel.degree, kernel.gamma, margins.centres
    s = g * (Z @ centres.T) + kernel.coef0
    lengths = np.linalg.norm(centres, axis=1)
    e = abs(g) * np.minimum(width @ np.abs(centres).T, two[:, None] * lengths)
    least, most = _powers(s - e, s + e, n)
    low, high = _powers(s - e, s + e, n - 2)
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    bend, whole = n * (n - 1) / 2.0 * e * e, n * (n - 1) * (g * lengths) ** 2
    drop = (bend * high) @ minus - (bend * low) @ plus
    curve = (whole * high) @ minus - (whole * low) @ plus
    factor = n * g * s ** (n - 1)
    slope = np.stack(
        [factor @ (D * centres[:, i, None]) for i in range(Z.shape[1])], axis=2
    )
    value, floor = s**n @ D, least @ plus - most @ minus
    size = abs(g) * lengths * outer[:, None] + abs(kernel.coef0)
    mass = (2 * n + 2) * size**n @ (plus + minus)
    none = np.zeros(len(Z))
    rough = np.zeros_like(mass)
    return value, value, slope, floor, drop, curve, mass, rough, none, none


def _powers(low: NDArray, high: NDArray, n: int) -> tuple[NDArray, NDArray]:
    """Return the least and the largest s^n for low <= s <= high."""
    a, b = low**n, high**n
    if n % 2:
        return a, b
    return np.where((low <= 0.0) & (high >= 0.0), 0.0**n, np.minimum(a, b)), np.maximum(
        a, b
    )
