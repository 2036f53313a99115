r"""Sums of kernels over points, with gradients: CuPy arrays in and out.

With A the coefficients, f_c(x) = sum_j A_jc k(x, y_j), or for "hilbert" the mean

    f_c(x) = sum_j A_jc r_j^-e / sum_j r_j^-e,    r_j = |x - y_j|,

whose gradient is -e sum_j p_j (A_jc - f_c(x)) (x - y_j) / r_j^2 for the weights p_j.

**Errors.** The arithmetic is that of the result, and float64 for "hilbert". Differences
of coordinates are exact up to one rounding, so a common offset costs nothing. With u
half the distance from 1 to the next number, a sum over d coordinates is taken in slices
of 16 and is off by at most (d / 16 + 17) u of the sum of its terms' absolute values; a
sum over m points in tiles of at most 64, added up in float64, by 64 u of the same, and
for float64 by another m u / 32. Neither is near: the bounds for d = 10^4 are 4e-5 and
7e-14 in float32 and float64, and errors 300 times smaller are typical.
"""

from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.gpu._module import device_of, function

_FILE = "kernel_expansion"
_THREADS, _ROWS = 256, 64
_TILES = {False: 64, True: 32}  # points in a tile, without and with gradients
_BLOCKS = 1024  # enough to fill a device
_SPACE = 1 << 28  # bytes of float64 sums at a time


def _plan(n: int, m: int, width: int, tile: int) -> tuple[int, int]:
    """Return how many rows to take at a time, and how many points a block walks over.

    `width` is how many sums a row has. The plan depends on the shapes alone, and so do
    the order of summation and the bits of the result.
    """
    most = max(1, _SPACE // (8 * width * _ROWS))  # groups of rows in memory
    groups = min(most, -(-n // _ROWS))
    tiles = -(-m // tile)
    parts = max(1, min(_BLOCKS // groups, most // groups, tiles))
    return groups * _ROWS, -(-tiles // parts) * tile


def _expansion(
    X: Any,
    Y: Any,
    coefficients: Any,
    *,
    gradient: bool,
    kernel: str,
    gamma: float,
    degree: int,
    coef0: float,
    exponent: float | None,
) -> tuple[Any, Any]:
    import cupy

    single = all(a.dtype == np.float32 for a in (X, Y, coefficients))
    dtype = np.float32 if single else np.float64
    X, Y, A = (cupy.ascontiguousarray(a, dtype) for a in (X, Y, coefficients))
    (n, d), (m, q) = X.shape, A.shape
    if not (n and m and q):
        return cupy.zeros((n, q), dtype), cupy.zeros((n, q, d), dtype)
    mean = kernel == "hilbert"
    gamma, coef0 = float(gamma), float(coef0)
    power = float(d if exponent is None else exponent)
    real = "float" if single else "double"
    flag = "true" if gradient else "false"
    expand = function(_FILE, f"expand<{real}, {kernel.upper()}, {flag}>")
    finish = function(_FILE, f"finish<{real}, {'true' if mean else 'false'}>")

    factor = {
        "gaussian": -2.0 * gamma,
        "polynomial": gamma * int(degree),
        "hilbert": -power,
    }.get(kernel, -gamma)
    columns = q + 1 if mean else q
    rows, each = _plan(n, m, columns * (1 + d * gradient), _TILES[gradient])
    rows, parts = min(n, rows), -(-m // each)
    sums = cupy.empty((parts, rows, columns), np.float64)
    slopes = cupy.empty((parts, rows, columns, d if gradient else 0), np.float64)
    nearest = cupy.empty((parts, rows if mean else 0), np.float64)
    values = cupy.empty((n, q), dtype)
    gradients = cupy.empty((n, q, d if gradient else 0), dtype)
    options = (gamma, coef0, np.int64(degree), power)
    for start in range(0, n, rows):
        block = slice(start, min(n, start + rows))
        count = block.stop - start
        sizes = (np.int64(size) for size in (count, m, d, q, each))
        expand(
            (-(-count // _ROWS), parts),
            (_THREADS,),
            (X[block], Y, A, *sizes, *options, sums, slopes, nearest),
        )
        sizes = (np.int64(size) for size in (parts, count, d, q))
        results = values[block], gradients[block]
        numbers = count * q * (1 + d * gradient)
        finish(
            (min(1 << 16, -(-numbers // _THREADS)),),
            (_THREADS,),
            (sums, slopes, nearest, *sizes, power, factor, gradient, *results),
        )
    return values, gradients


def kernel_expansion(
    X: Any,
    Y: Any,
    coefficients: Any,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
) -> Any:
    """Return values of functions that are sums of kernels.

    Parameters
    ----------
    X : (n, d) CuPy array
        Where.
    Y : (m, d) CuPy array
        The points.
    coefficients : (m, q) CuPy array
        One column a function.
    kernel : str
        "gaussian", exp(-gamma r^2); "laplace", exp(-gamma r); "laplacian",
        exp(-gamma |x - y|_1); "polynomial", (gamma <x, y> + coef0)^degree;
        "inverse_multiquadric", (1 + gamma r^2)^(-1/2); or "hilbert", the mean with the
        weights r^-exponent, at a point (or several) that of its coefficients.
    gamma, coef0 : float
    degree : int
        At least 0.
    exponent : float or None
        d if None.

    Returns
    -------
    (n, q) CuPy array
        Float32 if all arrays are, float64 otherwise.
    """
    with device_of(X, Y, coefficients):
        values, _ = _expansion(
            X,
            Y,
            coefficients,
            gradient=False,
            kernel=kernel,
            gamma=gamma,
            degree=degree,
            coef0=coef0,
            exponent=exponent,
        )
    ran(f"gpu.kernel_expansion.{kernel}")
    return values


def kernel_expansion_gradient(
    X: Any,
    Y: Any,
    coefficients: Any,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
) -> tuple[Any, Any]:
    """Return values and gradients of functions that are sums of kernels.

    Parameters
    ----------
    X, Y, coefficients, kernel, gamma, degree, coef0, exponent
        As for `kernel_expansion`.

    Returns
    -------
    values : (n, q) CuPy array
    gradients : (n, q, d) CuPy array
        A kernel with a corner at y_j adds nothing there; the "hilbert" mean has the
        gradient 0 at its points.
    """
    with device_of(X, Y, coefficients):
        result = _expansion(
            X,
            Y,
            coefficients,
            gradient=True,
            kernel=kernel,
            gamma=gamma,
            degree=degree,
            coef0=coef0,
            exponent=exponent,
        )
    ran(f"gpu.kernel_expansion_gradient.{kernel}")
    return result
