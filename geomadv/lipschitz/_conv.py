r"""Spectral norms and singular values of convolutions.

A kernel w of shape (D, C, kh, kw) acts on images by cross-correlation,

    y_d[a] = sum_{c, u} w_dc[u] x_c[s a + t u],    s the stride, t the dilation.

**Circular padding, n x n images, s = 1.** In Fourier's basis the operator is
block diagonal with the D x C blocks P(xi)_dc = sum_u w_dc[u] exp(2 pi i t <u, xi>/n),
xi in [n]^2: its singular values are theirs (Sedghi, Gupta and Long 2019). Kernels that
are larger than the image wrap by themselves; P(-xi) is the conjugate of P(xi), so that
half of the blocks are enough.

**Strides.** Taking every s-th value folds the spectrum: on the grid of n/s frequencies
y^(xi) = s^-2 sum_l P(xi + l n/s) x^(xi + l n/s), l in [s]^2. By Parseval's identity
(n/s)^2 |y|^2 = sum |y^|^2 and n^2 |x|^2 = sum |x^|^2, so that the blocks are

    A(xi) = s^-1 [P(xi + l n/s)]_l,    a D x C s^2 matrix,

with the factor s^-1, not s^-2 (Szegedy et al. 2013 print the latter).

**All sizes at once.** On the infinite grid xi/n becomes omega in a continuum. Let the
supremum of |A|^2 be attained at omega* by v. Along a line through omega*,
q(r) = |A(omega* + r h) v|^2 is of exponential type tau = sum_i t_i (k_i - 1)|h_i| and
at most q(0), hence q(r) >= q(0) cos(tau r) for tau r <= pi (Duffin and Schaeffer 1938,
for trigonometric polynomials M. Riesz and Szego). A box with centre omega and
half-widths h that contains omega* has therefore

    sup |A|^2 <= |A(omega)|^2 / cos(sum_i t_i (k_i - 1) h_i),

by which boxes are discarded or cut until the bound is as tight as wanted.

**Zeros around the image.** With p zeros added the operator is that of the circular one
on a grid of the padded image's size (or more, to a multiple of s), restricted to images
that vanish on the border and to the outputs that do not wrap. So its norm is at most
that one's, and at most the supremum; it can exceed the circular norm of the same n.
Lanczos iterations bound it from below; small operators are decomposed whole.

**Patches that do not overlap** see each pixel once, where no t u, 0 <= u < k, are equal
modulo s: the norm is that of the D x C kh kw matrix.

Sources: Sedghi, Gupta, Long (2019), "The singular values of convolutional layers",
arXiv:1805.10408; Szegedy et al. (2013), "Intriguing properties of neural networks",
arXiv:1312.6199, section 4.3; Delattre, Barthelemy, Allauzen (2024), "Spectral norm of
convolutional layers with circular and zero paddings", arXiv:2402.00240. Derived anew.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, integer, real, real_array
from geomadv.lipschitz._gram import SMALL, UNIT, Norm, dense_norm, largest_norm

Pair = tuple[int, int]

_ENTRIES = 1 << 22  # of blocks in memory at a time
_PART = 8  # blocks that one core decomposes at a time
_WORK = 1 << 42  # multiplications, about, beyond which not all blocks are looked at
_ITERATIONS = 200  # of Lanczos, at most
_LOOSE = 0.05
_WHOLE = 1200  # rows or columns up to which an operator is decomposed whole
_BOXES = 200_000  # of frequencies, at most
_FLOATS = 1 << 26  # of the blocks of these, at most


@dataclass(frozen=True)
class _Kernel:
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

        Sums of kh kw products with factors of modulus 1 that are right to 16 units.
        """
        total = np.abs(self.w).sum(axis=(3, 4))
        largest = float(np.linalg.norm(total, axis=(1, 2)).max(initial=0.0))
        return 2.0 * (self.sizes[0] * self.sizes[1] + 32) * UNIT * largest

    def norm(self, found: Norm, method: str) -> Norm:
        """Return a norm of the scaled kernel as that of the given one."""
        return Norm(
            found.lower * self.scale * (1 - 4 * UNIT),
            found.upper * self.scale * (1 + 4 * UNIT),
            method,
        )

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


def conv_norm(
    w: ArrayLike,
    n: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    padding: str | tuple[tuple[int, int], tuple[int, int]] = "circular",
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
    *,
    rtol: float = 1e-10,
) -> Norm:
    """Return the spectral norm of a convolution as a certified interval.

    Parameters
    ----------
    w : (D, C/groups, kh, kw) array_like
        The kernel, in the layout of PyTorch and ONNX.
    n : int or (int, int)
        Height and width of the input.
    stride, dilation : int or (int, int)
        At least 1.
    padding : {"circular", "zeros"} or ((top, bottom), (left, right))
        Around the edge; by as many zeros as leave the size as it is with stride 1,
        dilation (k - 1), the odd one at the end; or by so many zeros.
    groups : int
        Groups of channels that do not mix.
    rtol : float
        How far the ends may lie apart, relatively, where the norm is computed exactly
        but for rounding: with circular padding, and for small operators.

    Returns
    -------
    Norm
        As a number the upper end. Circular: exact, that is with ends `rtol` apart. With
        zeros: the lower end is the Rayleigh quotient of an image that was found, the
        upper one the norm on a larger circular grid; equal, but for rounding, for
        operators of up to 1200 rows or columns. Where all blocks would take more than
        about 4e12 multiplications the upper end is the supremum over all sizes.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described; with circular padding the stride must divide
        the sizes of the image.

    Notes
    -----
    Against explicit matrices the ends are right to 1e-12, relatively (measured in the
    tests). A kernel that is larger than the image wraps.

    Examples
    --------
    >>> w = [[[[1.0, -1.0]]]]
    >>> circular = conv_norm(w, (1, 3))
    >>> zeros = conv_norm(w, (1, 3), padding=((0, 0), (0, 1)))
    >>> round(circular, 6), round(zeros, 6), round(conv_norm_sup(w), 6)
    (1.732051, 1.801938, 2.0)
    """
    kernel = _kernel(w, stride, groups, dilation)
    size = _pair("n", n)
    tolerance = real("rtol", rtol, lower=0)
    if isinstance(padding, str):
        choice("padding", padding, ("circular", "zeros"))
    if kernel.scale == 0.0:
        return Norm(0.0, 0.0, "zero")
    if padding == "circular":
        return _circular(kernel, size, tolerance)
    return _zeros(kernel, size, _pads(kernel, size, padding), tolerance)


def conv_norm_sup(
    w: ArrayLike,
    stride: int | tuple[int, int] = 1,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
    *,
    rtol: float | None = None,
) -> Norm:
    """Return the supremum of the norms of a convolution over all sizes of images.

    Parameters
    ----------
    w, stride, groups, dilation
        As for `conv_norm`.
    rtol : float, optional
        How far the ends may lie apart, relatively; by default 1e-9, and 1e-2 where the
        blocks have more than 32 rows and columns. Where the spectrum is flat the work
        is limited, and the ends may lie farther apart.

    Returns
    -------
    Norm
        The upper end bounds the norm for every size, with circular padding as with
        zeros; the lower end is approached by large images.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(conv_norm_sup([[[[1.0, 2.0, 1.0]]]]), 6)
    4.0
    """
    kernel = _kernel(w, stride, groups, dilation)
    small = min(kernel.w.shape[1], kernel.w.shape[2] * math.prod(kernel.stride))
    default = 1e-9 if small <= SMALL else 1e-2
    tolerance = default if rtol is None else real("rtol", rtol, lower=0)
    if kernel.scale == 0.0:
        return Norm(0.0, 0.0, "zero")
    if kernel.patches:
        return _patches(kernel, tolerance)
    found = _supremum(_trimmed(kernel), tolerance)
    return kernel.norm(found, "supremum over frequencies")


def conv_singular_values(
    w: ArrayLike,
    n: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
) -> Float[NDArray, " r"]:
    """Return all singular values of a convolution with circular padding.

    Parameters
    ----------
    w, n, stride, groups, dilation
        As for `conv_norm`.

    Returns
    -------
    (r,) array
        In descending order, as many as the matrix has rows or columns, whichever are
        fewer in each block: r = H W min(D/groups, C s^2/groups) groups/s^2.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Absolute error below 1e-13 of the largest (measured in the tests).

    Examples
    --------
    >>> conv_singular_values([[[[1.0, -1.0]]]], (1, 4)).round(6)
    array([2.      , 1.414214, 1.414214, 0.      ])
    """
    kernel = _kernel(w, stride, groups, dilation)
    found = []
    for blocks, twice in _spectrum(kernel, _divided(kernel, _pair("n", n))):
        values = _values(blocks)
        found += [values.ravel(), values[twice].ravel()]
    every = np.concatenate(found) * kernel.scale
    return -np.sort(-every)


def _values(blocks: NDArray) -> Float[NDArray, "f r"]:
    """Return the singular values of each block."""
    parts = np.array_split(blocks, -(-len(blocks) // _PART))

    def values(i: int) -> NDArray:
        return np.linalg.svd(parts[i], compute_uv=False)

    return np.concatenate(_dispatch.on_all_cores(values, len(parts)))


def _pair(name: str, value: Any, minimum: int = 1) -> Pair:
    both = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(both) != 2:
        raise ValueError(f"{name} must be one integer or two, got {value!r}")
    first, second = (integer(name, v, minimum=minimum) for v in both)
    return first, second


def _kernel(w: ArrayLike, stride: Any, groups: int, dilation: Any) -> _Kernel:
    array = real_array("w", w, ndim=4)
    if 0 in array.shape:
        raise ValueError(f"w must have entries, got shape {array.shape}")
    g = integer("groups", groups, minimum=1)
    if len(array) % g:
        raise ValueError(
            f"groups must divide the {len(array)} channels of the output, got {g}"
        )
    scale = float(np.abs(array).max())
    parts = array.reshape(g, len(array) // g, *array.shape[1:])
    return _Kernel(
        parts / scale if scale > 0.0 else parts,
        scale,
        _pair("stride", stride),
        _pair("dilation", dilation),
    )


def _divided(kernel: _Kernel, size: Pair) -> Pair:
    for n, s in zip(size, kernel.stride, strict=True):
        if n % s:
            raise ValueError(
                f"stride must divide the sizes of the image with circular padding, got "
                f"stride {kernel.stride} for {size}"
            )
    return size


def _pads(kernel: _Kernel, size: Pair, padding: Any) -> tuple[Pair, Pair]:
    """Return the zeros before and after, for both axes."""
    pads = []
    if isinstance(padding, str):
        pads = [(r // 2, r - r // 2) for r in kernel.reach]
    else:
        if np.shape(padding) != (2, 2):
            raise ValueError(
                "padding must be 'circular', 'zeros' or ((top, bottom), (left, right)),"
                f" got {padding!r}"
            )
        pads = [_pair("padding", both, minimum=0) for both in padding]
    for n, (before, after), r in zip(size, pads, kernel.reach, strict=True):
        if before + n + after < r + 1:
            raise ValueError(
                f"n with its padding must be at least {r + 1}, the size of the kernel "
                f"with its dilation, got {before + n + after}"
            )
    return pads[0], pads[1]


def _patches(kernel: _Kernel, rtol: float) -> Norm:
    """Return the norm where no two outputs see one pixel."""
    g, D = kernel.w.shape[:2]
    norms = [dense_norm(kernel.w[k].reshape(D, -1), rtol=rtol) for k in range(g)]
    found = Norm(max(f.lower for f in norms), max(norms), "")
    return kernel.norm(found, "patches that do not overlap")


def _circular(kernel: _Kernel, size: Pair, rtol: float) -> Norm:
    _divided(kernel, size)
    if kernel.patches:
        return _patches(kernel, rtol)
    found, method = _fourier(kernel, size, rtol)
    return kernel.norm(found, method)


def _fourier(kernel: _Kernel, size: Pair, rtol: float) -> tuple[Norm, str]:
    """Return the norm of all blocks, or of some with a bound of the others."""
    D, C = kernel.w.shape[1:3]
    C *= math.prod(kernel.stride)
    count = len(kernel.w) * math.prod(size) // math.prod(kernel.stride) // 2
    step = max(1, math.ceil(count * D * C * min(D, C) / _WORK))
    stacks = (blocks for blocks, _ in _spectrum(kernel, size, step))
    found = largest_norm(stacks, rtol, kernel.error)
    if step == 1:
        return found, "Fourier blocks"
    upper = _supremum(_trimmed(kernel), max(rtol, _LOOSE)).upper
    upper = max(upper, found.lower)
    return Norm(found.lower, upper, ""), "supremum over frequencies; blocks below"


def _spectrum(
    kernel: _Kernel, size: Pair, every: int = 1
) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield stacks of blocks, and which of them stand for their conjugates too.

    Of all blocks, or of every so many.
    """
    (H, W), (sh, sw), (th, tw) = size, kernel.stride, kernel.dilation
    rows, columns = H // sh, W // sw
    half = columns // 2 + 1
    a, b = np.divmod(np.arange(0, rows * half, every), half)
    # -xi lies in the other half, unless its second coordinate is its own negative;
    # there, of xi and -xi both are listed
    twice = (b > 0) & (2 * b < columns)
    first = a[:, None] + rows * np.repeat(np.arange(sh), sw)
    second = b[:, None] + columns * np.tile(np.arange(sw), sh)
    phases = np.stack([(first * th) % H / H, (second * tw) % W / W], axis=2)
    g, D, C = kernel.w.shape[:3]
    step = max(1, _ENTRIES // (D * C * sh * sw))
    for group in range(g):
        for start in range(0, len(phases), step):
            part = slice(start, start + step)
            yield kernel.blocks(group, phases[part]), twice[part]


def _trimmed(kernel: _Kernel) -> _Kernel:
    """Return a kernel of the same supremum that reaches less far.

    Zeros at its edges only shift the image. Along an axis on which no two outputs see
    one pixel, taps are channels.
    """
    used = (kernel.w != 0).any(axis=(0, 1, 2))
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    w = kernel.w[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    less = _Kernel(w, kernel.scale, kernel.stride, kernel.dilation)
    (sh, sw), (g, D) = less.stride, w.shape[:2]
    if not less.overlaps(0):
        w, sh = w.transpose(0, 1, 3, 2, 4).reshape(g, D, -1, 1, w.shape[4]), 1
    if not less.overlaps(1):
        w, sw = w.transpose(0, 1, 4, 2, 3).reshape(g, D, -1, w.shape[3], 1), 1
    return _Kernel(w, kernel.scale, (sh, sw), kernel.dilation)


def _supremum(kernel: _Kernel, rtol: float) -> Norm:
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
    most = max(min(_BOXES, _FLOATS * 16 // size), 4 * len(centres))
    while len(centres):
        narrow = math.cos(2.0 * math.pi * float(degrees @ half))
        widening = 1.0 / math.sqrt(narrow) * (1 + 8 * UNIT)
        bounds = np.empty(len(centres))
        for group in range(g):
            mine = np.flatnonzero(owner == group)
            best, bounds[mine] = _at(kernel, group, centres[mine], best, rtol, widening)
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
    kernel: _Kernel,
    group: int,
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
    for start in range(0, len(centres), step):
        blocks = kernel.blocks(group, phases[start : start + step])
        if min(blocks.shape[1:]) <= SMALL:
            norms = np.linalg.svd(blocks, compute_uv=False)[:, 0]
            slack = 8.0 * UNIT * sum(blocks.shape[1:])
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


def _zeros(kernel: _Kernel, size: Pair, pads: tuple[Pair, Pair], rtol: float) -> Norm:
    """Return an interval of the norm with zeros around the image."""
    out = _outputs(kernel, size, pads)
    if kernel.patches and _sees_whole(kernel, size, pads, out):
        return _patches(kernel, rtol)
    D, C = kernel.w.shape[1:3]
    rows, columns = D * math.prod(out), C * math.prod(size)
    if min(rows, columns) <= _WHOLE and rows * columns <= _FLOATS:
        parts = [
            dense_norm(_matrix(w, kernel, size, pads, out), rtol=rtol) for w in kernel.w
        ]
        found = Norm(max(p.lower for p in parts), max(parts), "")
        return kernel.norm(found, "whole matrix")
    grid = [
        math.ceil((before + n + after) / s) * s
        for n, (before, after), s in zip(size, pads, kernel.stride, strict=True)
    ]
    loose = max(rtol, 1e-6)
    upper = _fourier(kernel, (grid[0], grid[1]), loose)[0].upper
    while rows * C * math.prod(kernel.sizes) * _ITERATIONS > _WORK:
        # a part of the image, whose norm is no larger
        less = [max(n // 2, r + 1) for n, r in zip(size, kernel.reach, strict=True)]
        if (less[0], less[1]) == size:
            break
        size = less[0], less[1]
        out = _outputs(kernel, size, pads)
        rows = D * math.prod(out)
    lower = max(_quotient(w, kernel, size, pads, out, loose) for w in kernel.w)
    found = Norm(min(lower, upper), upper, "")
    return kernel.norm(found, "circular norm of the padded image; Lanczos below")


def _outputs(kernel: _Kernel, size: Pair, pads: tuple[Pair, Pair]) -> list[int]:
    """Return the height and the width of the output."""
    return [
        (before + n + after - r - 1) // s + 1
        for n, (before, after), r, s in zip(
            size, pads, kernel.reach, kernel.stride, strict=True
        )
    ]


def _sees_whole(
    kernel: _Kernel, size: Pair, pads: tuple[Pair, Pair], out: list[int]
) -> bool:
    """Whether some output sees no zeros of the padding."""
    return all(
        ((np.arange(m) * s >= before) & (np.arange(m) * s + r < before + n)).any()
        for n, (before, _), r, s, m in zip(
            size, pads, kernel.reach, kernel.stride, out, strict=True
        )
    )


def _taps(
    w: NDArray, kernel: _Kernel, out: list[int]
) -> Iterator[tuple[NDArray, slice, slice]]:
    """Yield each tap's matrix and the pixels of the padded image that it sees."""
    (kh, kw), (sh, sw), (th, tw) = kernel.sizes, kernel.stride, kernel.dilation
    for i in range(kh):
        for j in range(kw):
            yield (
                w[:, :, i, j],
                slice(i * th, i * th + sh * (out[0] - 1) + 1, sh),
                slice(j * tw, j * tw + sw * (out[1] - 1) + 1, sw),
            )


def _applied(
    x: Float[NDArray, "C H W"],
    w: NDArray,
    kernel: _Kernel,
    pads: tuple[Pair, Pair],
    out: list[int],
) -> Float[NDArray, "D h w"]:
    """Return the convolution of one image."""
    padded = np.pad(x, ((0, 0), *pads))
    y = np.zeros((len(w), math.prod(out)))
    for tap, rows, columns in _taps(w, kernel, out):
        y += tap @ padded[:, rows, columns].reshape(len(x), -1)
    return y.reshape(len(w), *out)


def _transposed(
    y: Float[NDArray, "D h w"],
    w: NDArray,
    kernel: _Kernel,
    size: Pair,
    pads: tuple[Pair, Pair],
) -> Float[NDArray, "C H W"]:
    """Return the transposed convolution of one image."""
    out = list(y.shape[1:])
    (top, bottom), (left, right) = pads
    H, W = size
    padded = np.zeros((w.shape[1], top + H + bottom, left + W + right))
    for tap, rows, columns in _taps(w, kernel, out):
        padded[:, rows, columns] += (tap.T @ y.reshape(len(y), -1)).reshape(-1, *out)
    return padded[:, top : top + H, left : left + W]


def _matrix(
    w: NDArray,
    kernel: _Kernel,
    size: Pair,
    pads: tuple[Pair, Pair],
    out: list[int],
) -> Float[NDArray, "r c"]:
    """Return the whole matrix, or its transpose."""
    D, C = w.shape[:2]
    (top, bottom), (left, right) = pads
    (H, W), outputs = size, math.prod(out)
    M = np.zeros((D, outputs, C, top + H + bottom, left + W + right))
    at = np.arange(outputs)
    a, b = np.divmod(at, out[1])
    (sh, sw), (th, tw), (kh, kw) = kernel.stride, kernel.dilation, kernel.sizes
    for i in range(kh):
        for j in range(kw):
            M[:, at, :, a * sh + i * th, b * sw + j * tw] += w[:, :, i, j]
    inside = M[..., top : top + H, left : left + W]
    return inside.reshape(D * outputs, C * H * W)


def _quotient(
    w: NDArray,
    kernel: _Kernel,
    size: Pair,
    pads: tuple[Pair, Pair],
    out: list[int],
    rtol: float,
) -> float:
    """Return |K x|/|x| for the x that Lanczos iterations end with."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    C = w.shape[1]
    shape = (C, *size)
    count = math.prod(shape)

    def gram(v: NDArray) -> NDArray:
        y = _applied(v.reshape(shape), w, kernel, pads, out)
        return _transposed(y, w, kernel, size, pads).ravel()

    start = np.cos(np.arange(count) + 1.0)
    x = start
    for _ in range(2 if count > 2 else _ITERATIONS):
        x = gram(x)
        x = x / (float(np.linalg.norm(x)) or 1.0)
    if count > 2:
        operator = LinearOperator((count, count), matvec=gram, dtype=np.float64)
        try:
            # the error of the value is about the square of that of the vector
            tolerance = 0.1 * math.sqrt(rtol)
            x = eigsh(operator, 1, v0=start, tol=tolerance, maxiter=10)[1][:, 0]
        except ArpackError as error:
            found = getattr(error, "eigenvectors", np.zeros((count, 0)))
            x = found[:, 0] if found.shape[1] else x
    length = float(np.linalg.norm(x))
    if length == 0.0:
        return 0.0
    y = _applied(x.reshape(shape), w, kernel, pads, out)
    terms = C * math.prod(kernel.sizes) + y.size
    # the products are off by (terms) units of sum |w||x|, at most |w|_F sqrt(k) |x|
    slack = 2.0 * terms * UNIT * float(np.linalg.norm(w)) * math.sqrt(w[0, 0].size)
    return max(float(np.linalg.norm(y)) / length - slack, 0.0)
