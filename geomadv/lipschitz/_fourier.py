r"""Convolutions in Fourier's basis: blocks, and their supremum over frequencies.

**All sizes at once.** On the infinite grid xi/n becomes omega in a continuum. Let the
supremum of |A|^2 be attained at omega* by v. Along a line through omega*,
q(r) = |A(omega* + r h) v|^2 is of exponential type tau = sum_i t_i (k_i - 1)|h_i| and
at most q(0), hence q(r) >= q(0) cos(tau r) for tau r <= pi (Duffin and Schaeffer 1938,
for trigonometric polynomials M. Riesz and Szego). A box with centre omega and
half-widths h that contains omega* has therefore

    sup |A|^2 <= |A(omega)|^2 / cos(sum_i t_i (k_i - 1) h_i),

by which boxes are discarded or cut until the bound is as tight as wanted.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.lipschitz._gram import (
    SMALL,
    UNIT,
    Norm,
    decomposed,
    dense_norm,
    largest_norm,
    scaled,
)
from geomadv.lipschitz._gram_polynomial import GramPolynomial, below, largest, worth

Pair = tuple[int, int]

FLOATS = 1 << 26  # of matrices in memory, at most
WORK = 1 << 42  # multiplications, about, beyond which not all blocks are looked at
_ENTRIES = 1 << 22  # of blocks in memory at a time
BLOCKS = "Fourier blocks"
_LOOSE = 0.05
_BOXES = 200_000  # of frequencies, at most


@dataclass(frozen=True)
class Kernel:
    """A kernel in groups, with its largest entry 1, and how it is applied."""

    w: Float[NDArray, "g D C kh kw"]
    scale: float
    stride: Pair
    dilation: Pair

    @property
    def sizes(self) -> Pair:
        """Sizes of the kernel."""
        return self.w.shape[3], self.w.shape[4]

    @property
    def reach(self) -> Pair:
        """Distances from the first to the last tap."""
        (kh, kw), (th, tw) = self.sizes, self.dilation
        return th * (kh - 1), tw * (kw - 1)

    def overlaps(self, axis: int) -> bool:
        """Whether a pixel may be seen by two taps, along an axis: two t u = mod s."""
        taps = self.dilation[axis] * np.arange(self.sizes[axis]) % self.stride[axis]
        return len(np.unique(taps)) < len(taps)

    @property
    def patches(self) -> bool:
        """Whether no two outputs see one pixel."""
        return not (self.overlaps(0) or self.overlaps(1))

    @property
    def error(self) -> float:
        """A bound of the norms of the rounding errors of blocks.

        Sums of kh kw products with factors of modulus 1 that are right to
        16 (kh + kw) + 8 units: <u, omega> turns, |u|_1 < kh + kw, are rounded thrice.
        """
        kh, kw = self.sizes
        total = np.abs(self.w).sum(axis=(3, 4))
        largest = float(np.linalg.norm(total, axis=(1, 2)).max(initial=0.0))
        return 2.0 * (kh * kw + 16 * (kh + kw) + 8) * UNIT * largest

    def norm(self, found: Norm, method: str) -> Norm:
        """Return a norm of the scaled kernel as that of the given one."""
        return scaled(found, self.scale, method)

    def blocks(self, group: int, phases: NDArray) -> NDArray:
        """Return s^-1 [P]_l of one group; phases (f, l, 2) are in turns, for one tap.

        The result has the shape (f, D, l C).
        """
        w = self.w[group]
        D, C, kh, kw = w.shape
        f, aliases, _ = phases.shape
        turns = (
            phases[:, :, 0, None, None] * np.arange(kh)[:, None]
            + phases[:, :, 1, None, None] * np.arange(kw)
        ).reshape(f * aliases, kh * kw)
        angles = 2.0 * np.pi * (turns - np.rint(turns))
        flat = w.reshape(D * C, kh * kw).T
        P = np.cos(angles) @ flat + 1j * (np.sin(angles) @ flat)
        P = P.reshape(f, aliases, D, C).transpose(0, 2, 1, 3)
        return P.reshape(f, D, aliases * C) / math.sqrt(aliases)


def over_patches(kernel: Kernel, rtol: float) -> Norm:
    """Return the norm where no two outputs see one pixel."""
    g, D = kernel.w.shape[:2]
    norms = [dense_norm(kernel.w[k].reshape(D, -1), rtol=rtol) for k in range(g)]
    found = Norm(max(f.lower for f in norms), max(norms), "")
    return kernel.norm(found, "patches that do not overlap")


def fourier(
    kernel: Kernel, size: Pair, rtol: float, half: Pair = (0, 0)
) -> tuple[Norm, str]:
    """Return the norm of all blocks, or of some with a bound of the others.

    With `half` = 1 the frequencies of an axis are (xi + 1/2)/n, those of images that
    change their sign from period to period.
    """
    D, C = kernel.w.shape[1:3]
    C *= math.prod(kernel.stride)
    count = len(kernel.w) * math.prod(size) // math.prod(kernel.stride) // 2
    step = max(1, math.ceil(count * D * C * min(D, C) / WORK))
    if worth(kernel.w[0], kernel.stride, count // (len(kernel.w) * step)):
        found = _by_polynomials(kernel, size, rtol, step, half)
    else:
        stacks = (blocks for blocks, _ in spectrum(kernel, size, step, half))
        found = largest_norm(stacks, rtol, kernel.error)
    if step == 1:
        return found, BLOCKS
    upper = supremum(trimmed(kernel), max(rtol, _LOOSE)).upper
    upper = max(upper, found.lower)
    return Norm(found.lower, upper, ""), "supremum over frequencies; blocks below"


def _by_polynomials(
    kernel: Kernel, size: Pair, rtol: float, every: int, half: Pair
) -> Norm:
    """Return the norm of all blocks, or of every so many."""
    phases, _ = _frequencies(kernel, size, every, half)
    best, upper = 0.0, 0.0
    for group, w in enumerate(kernel.w):
        gram = GramPolynomial(w, kernel.stride, kernel.dilation)
        block = partial(_block, kernel, group, phases)
        best, bound = largest(gram, phases[:, 0], block, rtol, best)
        upper = max(upper, bound)
    lower = max(best - kernel.error, 0.0)
    return Norm(lower, max(upper + kernel.error, lower), "")


def _block(kernel: Kernel, group: int, phases: NDArray, i: int) -> NDArray:
    (found,) = kernel.blocks(group, phases[i : i + 1])
    return np.asarray(found)


def spectrum(
    kernel: Kernel, size: Pair, every: int = 1, half: Pair = (0, 0)
) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield stacks of blocks, and which of them stand for their conjugates too.

    Of all blocks, or of every so many.
    """
    phases, twice = _frequencies(kernel, size, every, half)
    g, D, C = kernel.w.shape[:3]
    step = max(1, _ENTRIES // (D * C * math.prod(kernel.stride)))
    for group in range(g):
        for start in range(0, len(phases), step):
            part = slice(start, start + step)
            yield kernel.blocks(group, phases[part]), twice[part]


def _frequencies(
    kernel: Kernel, size: Pair, every: int, half: Pair
) -> tuple[NDArray, NDArray]:
    """Return t omega and its aliases, (f, l, 2), and which stand for -omega too."""
    (H, W), (sh, sw), (th, tw) = size, kernel.stride, kernel.dilation
    rows, columns = H // sh, W // sw
    some = (columns + 1) // 2 if half[1] else columns // 2 + 1
    a, b = np.divmod(np.arange(0, rows * some, every), some)
    # -xi lies in the other half, unless its second coordinate is its own negative;
    # there, of xi and -xi both are listed
    twice = (2 * b + half[1] > 0) & (2 * b + half[1] < columns)
    first = 2 * (a[:, None] + rows * np.repeat(np.arange(sh), sw)) + half[0]
    second = 2 * (b[:, None] + columns * np.tile(np.arange(sw), sh)) + half[1]
    turns = first * th % (2 * H) / (2 * H), second * tw % (2 * W) / (2 * W)
    return np.stack(turns, axis=2), twice


def trimmed(kernel: Kernel) -> Kernel:
    """Return a kernel of the same supremum that reaches less far.

    Zeros at its edges only shift the image. Along an axis on which no two outputs see
    one pixel, taps are channels.
    """
    used = (kernel.w != 0).any(axis=(0, 1, 2))
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    w = kernel.w[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    less = Kernel(w, kernel.scale, kernel.stride, kernel.dilation)
    (sh, sw), (g, D) = less.stride, w.shape[:2]
    if not less.overlaps(0):
        w, sh = w.transpose(0, 1, 3, 2, 4).reshape(g, D, -1, 1, w.shape[4]), 1
    if not less.overlaps(1):
        w, sw = w.transpose(0, 1, 4, 2, 3).reshape(g, D, -1, w.shape[3], 1), 1
    return Kernel(w, kernel.scale, (sh, sw), kernel.dilation)


def supremum(kernel: Kernel, rtol: float) -> Norm:
    """Return the supremum over frequencies by branch and bound."""
    (sh, sw), g = kernel.stride, len(kernel.w)
    degrees = np.array(kernel.reach, float)
    # omega/(2 pi) in [0, 1/sh) x [0, 1/(2 sw)]: the rest are aliases and conjugates
    spans = np.array([1.0 / sh, 0.5 / sw])
    counts = np.maximum(1, np.ceil(8.0 * degrees * spans)).astype(int)
    half = spans / counts / 2.0
    grid = [(np.arange(c) + 0.5) * 2.0 * h for c, h in zip(counts, half, strict=True)]
    centres = np.stack(np.meshgrid(*grid, indexing="ij"), -1).reshape(-1, 2)
    centres, owner = np.tile(centres, (g, 1)), np.repeat(np.arange(g), len(centres))
    best, aside, spent, error = 0.0, 0.0, 0, kernel.error
    size = 2 * kernel.w.shape[1] * kernel.w.shape[2] * sh * sw
    most = max(min(_BOXES, FLOATS * 16 // size), 4 * len(centres))
    grams: list[GramPolynomial | None] = [None] * g
    if worth(kernel.w[0], kernel.stride, len(centres) // g):
        grams = [GramPolynomial(w, kernel.stride, kernel.dilation) for w in kernel.w]
    while len(centres):
        narrow = math.cos(2.0 * math.pi * float(degrees @ half))
        widening = 1.0 / math.sqrt(narrow) * (1 + 8 * UNIT)
        bounds = np.empty(len(centres))
        for group in range(g):
            mine = np.flatnonzero(owner == group)
            best, bounds[mine] = _at(
                kernel, group, grams[group], centres[mine], best, rtol, widening
            )
        spent += len(centres)
        bounds = bounds * widening
        open_ = bounds > best * (1.0 + rtol)
        aside = max(aside, float(bounds[~open_].max(initial=0.0)))
        if spent + 4 * int(open_.sum()) > most:
            aside = max(aside, float(bounds.max()))
            break
        half = half / 2.0
        moves = np.array([[i, j] for i in (-1, 1) for j in (-1, 1)]) * half
        moves = np.unique(np.where(degrees > 0, moves, 0.0), axis=0)
        centres = (centres[open_, None] + moves).reshape(-1, 2)
        owner = np.repeat(owner[open_], len(moves))
    return Norm(max(best - error, 0.0), max(aside + error, best), "")


def _at(
    kernel: Kernel,
    group: int,
    gram: GramPolynomial | None,
    centres: Float[NDArray, "f 2"],
    best: float,
    rtol: float,
    widening: float,
) -> tuple[float, Float[NDArray, " f"]]:
    """Return the best norm so far, and upper bounds of the norms at frequencies.

    Bounds of large blocks are no better than it takes to discard their boxes.
    """
    (sh, sw), (th, tw) = kernel.stride, kernel.dilation
    first = centres[:, :1] + np.repeat(np.arange(sh), sw) / sh
    second = centres[:, 1:] + np.tile(np.arange(sw), sh) / sw
    phases = np.stack([first * th, second * tw], axis=2)
    D, C = kernel.w.shape[1:3]
    step = max(1, _ENTRIES // (D * C * sh * sw))
    bounds = np.empty(len(centres))
    if gram is not None and best > 0.0 and len(centres):
        target = best * (1.0 + rtol) / widening
        bounds[:] = target
        left = np.flatnonzero(~below(gram, phases[:, 0], target))
        best, bounds[left] = _at(
            kernel, group, None, centres[left], best, rtol, widening
        )
        return best, bounds
    for start in range(0, len(centres), step):
        blocks = kernel.blocks(group, phases[start : start + step])
        if min(blocks.shape[1:]) <= SMALL:
            norms = np.linalg.svd(blocks, compute_uv=False)[:, 0]
            slack = decomposed(blocks)
            best = max(best, float(norms.max()) * (1.0 - slack))
            bounds[start : start + step] = norms * (1.0 + slack)
            continue
        for i, block in enumerate(blocks):
            # enough if the box goes, else the norm itself to an eighth of rtol
            least = best * (1.0 + rtol) / (1.0 + rtol / 8.0) / widening
            found = largest_norm([block[None]], rtol / 4.0, seen=least)
            if found.lower > least:
                best = max(best, found.lower)
            bounds[start + i] = found.upper
    return best, bounds
