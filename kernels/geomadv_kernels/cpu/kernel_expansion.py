"""Kernel expansions and their gradients: a product, an exponential, a sum, in cache.

Queries are taken in blocks, each by one thread, which packs the points of Y anew in
batches; how a block is computed is told in `geomadv_kernels.cpu._expansion_block`. All
points are multiplied by a power of two, so that no squared distance overflows, and
those of subnormal points do not vanish. Hilbert's kernel is computed in float64 also
for points in float32, because its exponent multiplies rounding.
"""

import math

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import Array, frozen, precision
from geomadv_kernels.cpu._expansion_block import (
    CANCELLED,
    Points,
    Space,
    Sums,
    add_sums,
    pack,
)
from geomadv_kernels.cpu._expansion_tiles import padded
from geomadv_kernels.cpu._expansion_weights import (
    GAUSSIAN,
    HILBERT,
    LAPLACE,
    LAPLACIAN,
    MULTIQUADRIC,
    POLYNOMIAL,
    Form,
)
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._threads import for_blocks

CODES = {
    "gaussian": GAUSSIAN,
    "laplace": LAPLACE,
    "laplacian": LAPLACIAN,
    "polynomial": POLYNOMIAL,
    "inverse_multiquadric": MULTIQUADRIC,
    "hilbert": HILBERT,
}
FEW = 8  # coordinates up to which differences are quicker than the product
_SIDE = 256  # of a block of pairs
_BATCH = 1 << 20  # bytes of Y that are packed at a time
_FEW_PAIRS = 16  # a block with more than 1/16 of its pairs cancelled is done again


def kernel_expansion(
    X: Array,
    Y: Array,
    coefficients: Array,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
    threads: int | None = None,
) -> Array:
    """Return sum_j coefficients[j] k(x, y_j) for each x; Hilbert's kernel: the mean.

    Parameters and results as for
    `geomadv_kernels.reference.kernel_expansion.kernel_expansion`; `threads` is the
    number of threads, by default that of the processors.
    """
    values, _ = _expansion(
        X, Y, coefficients, kernel, gamma, degree, coef0, exponent, threads, False
    )
    ran(f"cpu.kernel_expansion.{kernel}")
    return values


def kernel_expansion_gradient(
    X: Array,
    Y: Array,
    coefficients: Array,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Return the values of `kernel_expansion` and their gradients with respect to x.

    Parameters and results as for
    `geomadv_kernels.reference.kernel_expansion.kernel_expansion_gradient`.
    """
    result = _expansion(
        X, Y, coefficients, kernel, gamma, degree, coef0, exponent, threads, True
    )
    ran(f"cpu.kernel_expansion_gradient.{kernel}")
    return result


def _expansion(
    X: Array,
    Y: Array,
    coefficients: Array,
    kernel: str,
    gamma: float,
    degree: int,
    coef0: float,
    exponent: float | None,
    threads: int | None,
    gradient: bool,
) -> tuple[Array, Array]:
    (n, d), (m, q) = X.shape, coefficients.shape
    code = CODES[kernel]
    result = precision(X, Y, coefficients)
    work = np.dtype(np.float64) if code == HILBERT else result
    values = np.zeros((n, q), result)
    gradients = np.zeros((n, q, d) if gradient else (0, q, d), result)
    if n == 0 or m == 0 or q == 0:
        return values, gradients
    X, Y = frozen(X), frozen(Y)
    if X.dtype != Y.dtype:
        X, Y = (frozen(points.astype(np.float64)) for points in (X, Y))
    if X.dtype == np.float32 and work == np.float64 and code != HILBERT:
        X, Y = (frozen(points.astype(np.float64)) for points in (X, Y))
    columns = q + (code == HILBERT)
    a = np.ones((columns, m), work)
    a[:q] = coefficients.T
    centre, scale = _frame(X, Y, code)
    form = _form(code, d, gamma, degree, coef0, exponent, scale, work, gradient)
    side, rows, batch = block_sizes(n, m, d)

    def workspace() -> tuple[Points, Points, Space, Sums]:
        return workspaces(n, m, d, columns, work, form.product, gradient)

    def fill(start: int, stop: int, made: tuple[Points, Points, Space, Sums]) -> None:
        x, y, space, sums = made
        count = stop - start
        pack(X, start, stop, centre, scale, x)
        for total, first_value in zip(sums, (0.0, 0.0, np.inf), strict=True):
            total[:] = first_value
        for first in range(0, m, batch):
            last = min(first + batch, m)
            pack(Y, first, last, centre, scale, y)
            part = a[:, first:last]
            add_sums(form, side, count, x, last - first, y, part, space, sums)
        value, slope, nearest = (total[:count] for total in sums)
        if code == HILBERT:
            value, slope = _mean(form, scale, value, slope, nearest)
        else:
            slope *= _constant(form, gamma, scale)
        values[start:stop] = value
        if gradient:
            gradients[start:stop] = slope

    for_blocks(fill, n, rows, threads=threads, workspace=workspace, blas=True)
    return values, gradients


def _frame(X: Array, Y: Array, code: int) -> tuple[Array, float]:
    """Return the centre (d,) and a power of two that makes coordinates at most 1."""
    centre = np.zeros(Y.shape[1])
    if code == POLYNOMIAL:
        return centre, 1.0
    add_rows(Y, centre)
    centre /= len(Y)
    largest = max(farthest(X, centre), farthest(Y, centre))
    if largest == 0.0:
        return centre, 1.0
    top = 1023 if X.dtype == np.float64 else 126
    return centre, math.ldexp(1.0, min(max(-math.frexp(largest)[1], -top), top))


def _form(
    code: int,
    d: int,
    gamma: float,
    degree: int,
    coef0: float,
    exponent: float | None,
    scale: float,
    work: "np.dtype[np.float64]",
    gradient: bool,
) -> Form:
    """Return the kernel function of scaled points."""
    if code == HILBERT:
        rate = (d if exponent is None else exponent) / 2.0
    elif code in (LAPLACE, LAPLACIAN):
        rate = gamma / scale
    elif code == POLYNOMIAL:
        rate = gamma
    else:
        rate = gamma / scale / scale
    if code != POLYNOMIAL:
        rate = min(rate, float(np.finfo(work).max) / 8.0)
    limit = -1.0 if gradient or code in (LAPLACE, HILBERT) else CANCELLED
    product = code == POLYNOMIAL or (code != LAPLACIAN and d > FEW)
    return Form(code, rate, coef0, degree, limit, product)


def _constant(form: Form, gamma: float, scale: float) -> float:
    """Return what multiplies the gradient's sums."""
    return {
        GAUSSIAN: -2.0 * gamma / scale,
        LAPLACE: -gamma,
        LAPLACIAN: -gamma,
        POLYNOMIAL: gamma * form.degree,
        MULTIQUADRIC: -gamma / scale,
    }[form.code]


def _mean(
    form: Form, scale: float, value: Array, slope: Array, nearest: Array
) -> tuple[Array, Array]:
    """Return Hilbert's weighted means and gradients from sums (., q + 1) and (., ., d).

    All weights are relative to the nearest point's, those of the gradient to its
    inverse square distance too. At data points the gradient is 0.
    """
    total = value[:, -1:]
    mean = value[:, :-1] / total
    away = nearest > 0.0
    divisor = np.where(away, nearest, np.inf)[:, None, None]
    slope = (slope[:, :-1] - mean[:, :, None] * slope[:, -1:]) / divisor
    slope /= total[:, :, None]
    return mean, slope * (-2.0 * form.rate) * scale


def block_sizes(n: int, m: int, d: int) -> tuple[int, int, int]:
    """Return the side of a block of pairs, and the queries and points packed at a time.

    They depend on the shapes alone, so that results do not depend on the threads.
    """
    side = max(32, min(_SIDE, (1 << 17) // max(d, 1) // 16 * 16))
    rows = side * min(4, n // (32 * side))
    rows = max(rows, min(side, max(32, -(-n // 16))))
    batch = max(side, _BATCH // (8 * max(d, 1)) // side * side)
    return side, min(rows, n), min(batch, m)


def workspaces(
    n: int,
    m: int,
    d: int,
    columns: int,
    work: "np.dtype[np.float64]",
    product: bool,
    gradient: bool,
) -> tuple[Points, Points, Space, Sums]:
    """Return the scratch arrays of one thread."""
    side, rows, batch = block_sizes(n, m, d)
    height, width = min(side, rows), min(side, batch)
    wide = padded(d)

    def points(count: int) -> Points:
        centred = count if product else 0
        return Points(
            np.empty((count, wide), work),
            np.empty((centred, d), work),
            np.empty(centred, work),
        )

    space = Space(
        np.empty(height * width, work),
        np.empty(height * width if gradient else width, work),
        np.empty(wide * width, work),
        np.empty(width * (d + 1) if gradient else 0, work),
        np.empty(height * max(d + 1 if gradient else 0, columns), work),
        np.empty((columns + 1) * width, work),
        np.empty((height * width // _FEW_PAIRS, 2), np.int32),
    )
    sums = Sums(
        np.empty((rows, columns)),
        np.empty((rows, columns, d if gradient else 0)),
        np.empty(rows),
    )
    return points(rows), points(batch), space, sums


@compiled
def add_rows(points: Array, total: Array) -> None:
    """Add all points (m, d) to `total` (d,)."""
    for i in range(points.shape[0]):
        for c in range(points.shape[1]):
            total[c] += points[i, c]


@compiled(fastmath={"nnan", "nsz", "reassoc"})
def farthest(points: Array, centre: Array) -> float:
    """Return the largest |points - centre|."""
    most = 0.0
    for i in range(points.shape[0]):
        for c in range(points.shape[1]):
            away = abs(np.float64(points[i, c]) - centre[c])
            most = away if away > most else most
    return most
