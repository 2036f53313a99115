"""Convolutions as explicit matrices, and kernels for the claims.

The matrix is written entry by entry, without any Fourier transform: it is the
independent side of every claim about convolutions.
"""

import numpy as np

from geomadv._random import spawn
from geomadv._typing import Float, NDArray


def convolution_matrix(
    w: Float[NDArray, "D C kh kw"],
    n: tuple[int, int],
    stride: int = 1,
    *,
    circular: bool = True,
) -> Float[NDArray, "rows columns"]:
    """Return the matrix of y[a] = sum_u w[u] x[stride a + u].

    Circular: indices are taken modulo n, which the stride divides. Otherwise zeros lie
    around the image, (k - 1)//2 of them before it, and y has ceil(n/stride) entries.
    """
    D, C, kh, kw = w.shape
    rows, columns = (-(-size // stride) for size in n)
    matrix = np.zeros((D, rows, columns, C, *n))
    for u in range(kh):
        for v in range(kw):
            a, b = stride * np.arange(rows) + u, stride * np.arange(columns) + v
            if circular:
                a, b = a % n[0], b % n[1]
            else:
                a, b = a - (kh - 1) // 2, b - (kw - 1) // 2
            i = np.flatnonzero((a >= 0) & (a < n[0]))
            j = np.flatnonzero((b >= 0) & (b < n[1]))
            place = i[:, None], j, slice(None), a[i][:, None], b[j]
            matrix[:, *place] += w[:, :, u, v]
    return matrix.reshape(D * rows * columns, -1)


def cosine_kernel(
    size: int, outputs: int = 2, inputs: int = 2
) -> Float[NDArray, "D C k k"]:
    """Return w[d, c, u, v] = cos(1 + d + 2 c + 3 u + 5 v)."""
    d, c, u, v = np.ogrid[:outputs, :inputs, :size, :size]
    kernel: NDArray = np.cos(1.0 + d + 2 * c + 3 * u + 5 * v)
    return kernel


def random_kernel(
    size: int, outputs: int = 2, inputs: int = 2
) -> Float[NDArray, "D C k k"]:
    """Return a kernel of independent normal numbers, always the same."""
    rng = spawn(0, "kernel", size, outputs, inputs)
    return rng.standard_normal((outputs, inputs, size, size))
