r"""Expansions without an offset, as shares of the sum of their terms' moduli.

Where beta = 0, G(z) = sum_i a_i k(z, z_i) has the sign of e^s G(z) for any s(z). With
s = g |z - c|^2 - 2 g <z - c, v - c> Gaussian terms become exponentials of linear
functions,

    e^s G = sum_i b_i e^(2 g <z - c, z_i - v>),    b_i = a_i e^(-g |c - z_i|^2),

whose exponents no longer depend on how far away c is: they do not underflow, and boxes
may grow with the distance. If v is the mean of the positive terms' centres with the
weights b_i, the sum P of these is at least P(c) everywhere, by Jensen's inequality; the
sum N of the others is convex. Terms of exp(-g r) are divided by exp(-g |z - v|): in a
ball of radius h the exponents change by at most 2 g h, and by

    g |(|z - z_i| - |z - v|) - (|c - z_i| - |c - v|)| <= 2 g h |z_i - v|/(r_i + r_v),

where r_i, r_v are the least distances, since unit vectors along p and q differ by at
most 2 |p - q|/(|p| + |q|).

Terms of exp(-g |z|_1), times e^(g sum_k z_k), are products of functions of one
coordinate each, which change at z_i and are constants or e^(2 g z_k) elsewhere. So
where no coordinate of a centre is passed their sum is linear in each t_k = e^(2 g z_k),
and least at a corner: G > 0 in a box, or everywhere, if it is at all points whose
coordinates are the box's ends or those of centres.
"""

import itertools

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.perturbations._forms import exponents
from geomadv.perturbations._margins import Margins

NEVER = 1e150  # more than makes up for any share
_CORNERS = 1 << 15  # points at which a function is evaluated
_SPLIT = 3  # dimensions up to which corners are taken


def _shares(
    margins: Margins, Z: Float[NDArray, "n r"], j: int
) -> tuple[Float[NDArray, "n m"], Float[NDArray, " m"]]:
    """Return logarithms of the terms' shares of the sum of moduli, and signs."""
    a = margins.D[:, j]
    with np.errstate(divide="ignore"):
        E = exponents(margins.kernel.options, Z, margins.centres) + np.log(np.abs(a))
    E = E - E.max(axis=1, keepdims=True)
    return E - np.log(np.exp(E).sum(axis=1, keepdims=True)), np.sign(a)


def _share(margins: Margins, Z: Float[NDArray, "n r"], j: int) -> Float[NDArray, " n"]:
    """Return G/sum |a| k at points."""
    logs, signs = _shares(margins, Z, j)
    return np.asarray(np.exp(logs) @ signs)


def positive_at_corners(margins: Margins, j: int) -> bool:
    """Whether a sum of exp(-g |z - z_i|_1) with beta_j = 0 is known to be positive."""
    axes = [np.unique(centres) for centres in margins.centres.T]
    if np.prod([float(len(axis)) for axis in axes]) > _CORNERS:
        return False
    Z = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    apart = float(np.ptp(margins.centres, axis=0).sum())
    lost = (margins.unit + 1e-12) * (1.0 + 2.0 * margins.kernel.gamma * apart)
    return bool((_share(margins, Z, j) > lost).all())


def relative(
    margins: Margins, Z: Float[NDArray, "n r"], j: int
) -> tuple[Float[NDArray, " n"], Float[NDArray, "n r"]]:
    """Return G/sum |a| k at points, and its slopes."""
    kernel, centres = margins.kernel, margins.centres
    logs, signs = _shares(margins, Z, j)
    W = np.exp(logs) * signs
    value = W.sum(axis=1)
    V = W - np.abs(W) * value[:, None]  # sums to 0
    if kernel.name == "gaussian":
        return value, 2.0 * kernel.gamma * V @ (centres - centres.mean(axis=0))
    steps = Z[:, None] - centres
    if kernel.name == "laplace":
        sizes = np.linalg.norm(steps, axis=2, keepdims=True)
        units = steps / np.where(sizes > 0, sizes, 1.0)
    else:
        units = np.sign(steps)
    return value, -kernel.gamma * (V[:, :, None] * units).sum(axis=1)


def bounds(
    margins: Margins,
    Z: Float[NDArray, "n r"],
    width: Float[NDArray, "n r"],
    two: Float[NDArray, " n"],
    error: Float[NDArray, " n"],
    j: int,
) -> tuple[NDArray, ...]:
    """Return value, base, slope, floor, drop and curve of `_tangents.Tangents`.

    Of a positive multiple of G_j with beta_j = 0 where |z - Z|_i <= width_i, |z - Z| <=
    two, and a bound of the errors of Z and of distances, 1 for values at points.
    """
    kernel, centres = margins.kernel, margins.centres
    if kernel.name == "laplacian":
        return _at_corners(margins, Z, width, error, j)
    g, h = kernel.gamma, two[:, None]
    logs, signs = _shares(margins, Z, j)
    W = np.exp(logs)
    plus, minus = W * (signs > 0), W * (signs < 0)
    P = plus.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        v = np.where((P > 0)[:, None], plus @ centres / P[:, None], centres.mean(0))
    steps = centres - v[:, None]
    apart = np.linalg.norm(steps, axis=2)
    if kernel.name == "gaussian":
        along = (width[:, None] * np.abs(steps)).sum(axis=2)
        e = 2.0 * g * np.minimum(along, h * apart)
        size = float(np.linalg.norm(centres, axis=1).max())
        rate = 4.0 * g * (apart.max(axis=1) + size)
    else:
        near = np.linalg.norm(Z[:, None] - centres, axis=2)
        near += np.linalg.norm(Z - v, axis=1)[:, None]
        room = np.maximum(near - 2.0 * h, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            e = 2.0 * g * h * np.where(room > apart, apart / room, 1.0)
        rate = np.full(len(Z), 2.0 * g)
    with np.errstate(over="ignore"):
        grown = np.exp(np.where(signs < 0, logs + e, -np.inf))
    most = grown.sum(axis=1)
    off = 1.0 + rate * (error + apart.max(axis=1))
    lost = np.minimum((margins.unit + 1e-12) * off * (P + most), NEVER)
    value = P - minus.sum(axis=1)
    if kernel.name != "gaussian":
        floor = (plus * np.exp(-e)).sum(axis=1) - most - lost
        nothing, never = np.zeros(Z.shape), np.full(len(Z), NEVER)
        return value, value - lost, nothing, floor, never, never
    slope = -2.0 * g * (minus[:, :, None] * steps).sum(axis=1)
    # e^s <= 1 + s + (e^|s| - 1 - |s|), the difference without cancelling
    small = np.minimum(e, 1.0)
    bend = np.where(e < 1.0, minus * (np.expm1(small) - small), grown)
    curve = 4.0 * g * g * (grown * apart * apart).sum(axis=1)
    return (
        value,
        value - lost,
        slope,
        P - most - lost,
        np.minimum(bend.sum(axis=1), NEVER),
        np.minimum(curve, NEVER),
    )


def _at_corners(
    margins: Margins,
    Z: Float[NDArray, "n r"],
    width: Float[NDArray, "n r"],
    error: Float[NDArray, " n"],
    j: int,
) -> tuple[NDArray, ...]:
    """Return `bounds` for terms of exp(-g |z|_1): the floor has the right sign."""
    n, r = Z.shape
    low, high = Z - width, Z + width
    middle, one = low.copy(), np.full(n, r <= _SPLIT)
    for k in range(r):
        axis = np.unique(margins.centres[:, k])
        first = np.searchsorted(axis, low[:, k], side="right")
        inside = np.searchsorted(axis, high[:, k], side="left") - first
        one &= inside <= 1
        middle[inside == 1, k] = axis[first[inside == 1]]
    floor, value = np.full(n, -NEVER), _share(margins, Z, j)
    rows = np.flatnonzero(one)
    if len(rows):
        places = np.stack([low[rows], middle[rows], high[rows]])
        which = np.array(list(itertools.product(range(3), repeat=r)))
        corners = np.moveaxis(places[which, :, range(r)], 1, -1)  # (3^r, n, r)
        least = np.min([_share(margins, corner, j) for corner in corners], axis=0)
        far = np.abs(corners).sum(axis=2).max(axis=0) + error[rows]
        far += float(np.abs(margins.centres).sum(axis=1).max())
        lost = (margins.unit + 1e-12) * (1.0 + 2.0 * margins.kernel.gamma * far)
        floor[rows] = least - lost
    nothing, never = np.zeros(Z.shape), np.full(n, NEVER)
    return value, np.full(n, -NEVER), nothing, floor, never, never
