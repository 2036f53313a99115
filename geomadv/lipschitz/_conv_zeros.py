"""Convolutions of images with zeros around them.

**Zeros around the image.** A pixel at a and one at a + N are one on a circle of N
pixels. If N >= n + p, p being the larger of the zeros before and after, all zeros fall
on zeros there, and if N is a multiple of s, at least s times the number of outputs, no
two of them fall together. So the operator is that of the circle, restricted to some
images and some outputs: its norm is at most that one's. It can exceed the circular norm
of n.

The same holds on circles after which an image changes its sign, whose frequencies are
(xi + 1/2)/N, along either axis or both: of four norms the smallest is the bound. Where
the largest block's frequency lies on one grid it lies between those of another.

Lanczos iterations bound from below; small operators are decomposed whole.
"""

import math
from collections.abc import Iterator

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray
from geomadv.lipschitz import _fourier
from geomadv.lipschitz._fourier import FLOATS, Kernel, Pair, over_patches
from geomadv.lipschitz._gram import UNIT, Norm, dense_norm

_ITERATIONS = 200  # of Lanczos, at most
_WHOLE = 1200  # rows or columns up to which an operator is decomposed whole


def with_zeros(
    kernel: Kernel, size: Pair, pads: tuple[Pair, Pair], rtol: float
) -> Norm:
    """Return an interval of the norm with zeros around the image."""
    out = _outputs(kernel, size, pads)
    if kernel.patches and _sees_whole(kernel, size, pads, out):
        return over_patches(kernel, rtol)
    D, C = kernel.w.shape[1:3]
    rows, columns = D * math.prod(out), C * math.prod(size)
    if min(rows, columns) <= _WHOLE and rows * columns <= FLOATS:
        parts = [
            dense_norm(_matrix(w, kernel, size, pads, out), rtol=rtol) for w in kernel.w
        ]
        found = Norm(max(p.lower for p in parts), max(parts), "")
        return kernel.norm(found, "whole matrix")
    loose = max(rtol, 1e-6)
    grid = [
        -(-max(n + max(both), m * s) // s) * s
        for n, both, m, s in zip(size, pads, out, kernel.stride, strict=True)
    ]
    circle = grid[0], grid[1]
    around, method = _fourier.fourier(kernel, circle, loose)
    upper = around.upper
    if method == _fourier.BLOCKS:  # else it is the supremum over all circles
        for half in ((0, 1), (1, 0), (1, 1)):
            upper = min(upper, _fourier.fourier(kernel, circle, loose, half)[0].upper)
    while rows * C * math.prod(kernel.sizes) * _ITERATIONS > _fourier.WORK:
        # a part of the image, whose norm is no larger
        less = [
            min(n, max(n // 2, r + 1)) for n, r in zip(size, kernel.reach, strict=True)
        ]
        if (less[0], less[1]) == size:
            break
        size = less[0], less[1]
        out = _outputs(kernel, size, pads)
        rows = D * math.prod(out)

    def quotient(group: int) -> float:
        return _quotient(kernel.w[group], kernel, size, pads, out, loose)

    lower = max(_dispatch.on_all_cores(quotient, len(kernel.w)))
    found = Norm(min(lower, upper), upper, "")
    return kernel.norm(found, "norms on circles of the padded size; Lanczos below")


def _outputs(kernel: Kernel, size: Pair, pads: tuple[Pair, Pair]) -> list[int]:
    """Return the height and the width of the output."""
    return [
        (before + n + after - r - 1) // s + 1
        for n, (before, after), r, s in zip(
            size, pads, kernel.reach, kernel.stride, strict=True
        )
    ]


def _sees_whole(
    kernel: Kernel, size: Pair, pads: tuple[Pair, Pair], out: list[int]
) -> bool:
    """Whether some output sees no zeros of the padding."""
    return all(
        ((np.arange(m) * s >= before) & (np.arange(m) * s + r < before + n)).any()
        for n, (before, _), r, s, m in zip(
            size, pads, kernel.reach, kernel.stride, out, strict=True
        )
    )


def _taps(
    w: NDArray, kernel: Kernel, out: list[int]
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
    kernel: Kernel,
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
    kernel: Kernel,
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
    kernel: Kernel,
    size: Pair,
    pads: tuple[Pair, Pair],
    out: list[int],
) -> Float[NDArray, "r c"]:
    """Return the whole matrix, or its transpose."""
    D, C = w.shape[:2]
    M = np.zeros((D, *out, C, *size))
    for i, j in np.ndindex(kernel.sizes):
        (p, rows), (q, columns) = (
            _seen(kernel.dilation[k] * tap - pads[k][0], kernel.stride[k], m, n)
            for k, (tap, m, n) in enumerate(zip((i, j), out, size, strict=True))
        )
        M[:, p[:, None], q, :, rows[:, None], columns] += w[:, :, i, j]
    return M.reshape(D * math.prod(out), -1)


def _seen(first: int, stride: int, m: int, n: int) -> tuple[NDArray, NDArray]:
    """Return which of m outputs see one of n pixels by a tap, and which pixels."""
    at = first + stride * np.arange(m)
    p = np.flatnonzero((at >= 0) & (at < n))
    return p, at[p]


def _quotient(
    w: NDArray,
    kernel: Kernel,
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
