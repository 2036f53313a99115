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

**Patches that do not overlap** see each pixel once, where no t u, 0 <= u < k, are equal
modulo s: the norm is that of the D x C kh kw matrix.

Sources: Sedghi, Gupta, Long (2019), "The singular values of convolutional layers",
arXiv:1805.10408; Szegedy et al. (2013), "Intriguing properties of neural networks",
arXiv:1312.6199, section 4.3; Delattre, Barthelemy, Allauzen (2024), "Spectral norm of
convolutional layers with circular and zero paddings", arXiv:2402.00240. Derived anew.
"""

import math
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, integer, real, real_array
from geomadv.lipschitz._conv_zeros import with_zeros
from geomadv.lipschitz._fourier import (
    Kernel,
    Pair,
    fourier,
    over_patches,
    spectrum,
    supremum,
    trimmed,
)
from geomadv.lipschitz._gram import SMALL, Norm

_PART = 8  # blocks that one core decomposes at a time


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
        upper one the smallest of the norms on four circles of about the padded size;
        equal, but for rounding, for operators of up to 1200 rows or columns, and about
        .1 to 1 % apart for usual random kernels. Where all blocks would take more than
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
    size = pair("n", n)
    tolerance = real("rtol", rtol, lower=0)
    if isinstance(padding, str):
        choice("padding", padding, ("circular", "zeros"))
    if kernel.scale == 0.0:
        return Norm(0.0, 0.0, "zero")
    if padding == "circular":
        return _circular(kernel, size, tolerance)
    return with_zeros(kernel, size, _pads(kernel, size, padding), tolerance)


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
        return over_patches(kernel, tolerance)
    found = supremum(trimmed(kernel), tolerance)
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
    for blocks, twice in spectrum(kernel, _divided(kernel, pair("n", n))):
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


def pair(name: str, value: Any, minimum: int = 1) -> Pair:
    both = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(both) != 2:
        raise ValueError(f"{name} must be one integer or two, got {value!r}")
    first, second = (integer(name, v, minimum=minimum) for v in both)
    return first, second


def _kernel(w: ArrayLike, stride: Any, groups: int, dilation: Any) -> Kernel:
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
    return Kernel(
        parts / scale if scale > 0.0 else parts,
        scale,
        pair("stride", stride),
        pair("dilation", dilation),
    )


def _divided(kernel: Kernel, size: Pair) -> Pair:
    for n, s in zip(size, kernel.stride, strict=True):
        if n % s:
            raise ValueError(
                f"stride must divide the sizes of the image with circular padding, got "
                f"stride {kernel.stride} for {size}"
            )
    return size


def _pads(kernel: Kernel, size: Pair, padding: Any) -> tuple[Pair, Pair]:
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
        pads = [pair("padding", both, minimum=0) for both in padding]
    for n, (before, after), r in zip(size, pads, kernel.reach, strict=True):
        if before + n + after < r + 1:
            raise ValueError(
                f"n with its padding must be at least {r + 1}, the size of the kernel "
                f"with its dilation, got {before + n + after}"
            )
    return pads[0], pads[1]


def _circular(kernel: Kernel, size: Pair, rtol: float) -> Norm:
    _divided(kernel, size)
    if kernel.patches:
        return over_patches(kernel, rtol)
    found, method = fourier(kernel, size, rtol)
    return kernel.norm(found, method)
