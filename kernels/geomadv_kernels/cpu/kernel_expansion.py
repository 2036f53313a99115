"""Kernel expansions and their gradients: a product, an exponential, a sum, in cache.

Queries are taken in blocks, each by one thread, which packs the points of Y anew in
batches; how a block is computed is told in `geomadv_kernels.cpu._expansion_block`.
Where the blocks are few, Y is shared out too, and the sums are added in its order.

All points are multiplied by a power of two, so that no squared distance overflows, and
those of subnormal points do not vanish. Hilbert's kernel is computed in float64 also
for points in float32, because its exponent multiplies rounding. What leaves the range
of float32 is computed in float64, and what leaves that of float64 query by query
(`geomadv_kernels.cpu._expansion_careful`):

- a rate above `_STEEPEST`, at which the underflow of r^2 would count;
- queries so near to a point that r^2 < `_NEAREST`, where r is divided by. Different
  numbers differ by at least half the unit roundoff times the smaller modulus, so this
  is looked for only where some coordinate is less than `_SMALLEST`, after the scaling,
  and elsewhere r^2 is 0 for equal points alone.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._arrays import Array, frozen, precision
from geomadv_kernels.cpu._expansion_block import (
    CANCELLED,
    Block,
    Points,
    Space,
    Sums,
    add_sums,
    merge,
    pack,
)
from geomadv_kernels.cpu._expansion_careful import careful
from geomadv_kernels.cpu._expansion_tiles import padded
from geomadv_kernels.cpu._expansion_weights import (
    GAUSSIAN,
    HILBERT,
    LAPLACE,
    LAPLACIAN,
    MULTIQUADRIC,
    POLYNOMIAL,
    Form,
    Kernel,
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
_PIECES = 16  # of the work, if there are points enough
_SHARED = 1 << 23  # bytes of sums that are waiting to be added
_FEW_PAIRS = 16  # a block with more than 1/16 of its pairs cancelled is done again
_LARGEST = 1e300  # coordinate

_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
_REACH = {_SINGLE: 30, _DOUBLE: 0}  # scaled coordinates about the centre: at most 2^30
_STEEPEST = {_SINGLE: 2.0**40, _DOUBLE: 2.0**400}
_SMALLEST = {_SINGLE: 2.0**-26, _DOUBLE: 2.0**-427}
_NEAREST = 2.0**-960


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
    given = _kernel(kernel, X.shape[1], gamma, degree, coef0, exponent)
    values, _ = _expansion(X, Y, coefficients, given, False, threads)
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
    given = _kernel(kernel, X.shape[1], gamma, degree, coef0, exponent)
    result = _expansion(X, Y, coefficients, given, True, threads)
    ran(f"cpu.kernel_expansion_gradient.{kernel}")
    return result


def _kernel(
    name: str, d: int, gamma: float, degree: int, offset: float, exponent: float | None
) -> Kernel:
    """Return the kernel, its parameters of the types that are compiled for."""
    power = float(d if exponent is None else exponent)
    return Kernel(CODES[name], float(gamma), int(degree), float(offset), power)


class _Task(NamedTuple):
    """What the threads share.

    Parameters
    ----------
    X, Y : (n, d) and (m, d)
    a : (Q, m)
        The coefficients; for Hilbert's kernel the last row is 1.
    centre : (d,)
        Times the scale.
    scale : float
        What X and Y are multiplied by.
    kernel : Kernel
    form : Form
        The kernel of scaled points.
    values, gradients : (n, q) and (n, q, d), or (n, q, 0)
        The result.
    """

    X: Array
    Y: Array
    a: Array
    centre: Array
    scale: float
    kernel: Kernel
    form: Form
    values: Array
    gradients: Array


def _expansion(
    X: Array,
    Y: Array,
    coefficients: Array,
    kernel: Kernel,
    gradient: bool,
    threads: int | None,
) -> tuple[Array, Array]:
    (n, d), (m, q) = X.shape, coefficients.shape
    result = precision(X, Y, coefficients)
    values = np.zeros((n, q), result)
    gradients = np.zeros((n, q, d if gradient else 0), result)
    if n and m and q:
        task = _task(X, Y, coefficients, kernel, values, gradients)
        if _steep(kernel.code, task.form.rate, task.a.dtype):
            for_blocks(lambda i, *_: _careful(task, (i,)), n, 1, threads=threads)
        else:
            _all_sums(task, threads)
    return values, gradients


def _all_sums(task: _Task, threads: int | None) -> None:
    """Fill the result, one block of queries and one part of Y at a time."""
    (n, d), (columns, m), wide = task.X.shape, task.a.shape, task.gradients.shape[2]
    side, rows, batch = block_sizes(n, m, d)
    blocks = -(-n // rows)
    parts = _parts(blocks, -(-m // batch), n * columns * (wide + 2))
    apart = _empty_sums((parts, n), columns, wide) if parts > 1 else None

    def fill(piece: int, _: int, made: tuple[Points, Points, Space, Sums]) -> None:
        number, part = divmod(piece, parts)
        start, stop = number * rows, min((number + 1) * rows, n)
        x, y, space, own = made
        sums = (
            Sums(*(total[: stop - start] for total in own))
            if apart is None
            else Sums(*(total[part, start:stop] for total in apart))
        )
        for total, first_value in zip(sums, (0.0, 0.0, np.inf), strict=True):
            total[:] = first_value
        queries = _packed(task, task.X, start, stop, x)
        for first in range(part * batch, m, parts * batch):
            last = min(first + batch, m)
            points = _packed(task, task.Y, first, last, y)
            block = Block(queries, points, task.a[:, first:last], sums)
            add_sums(task.form, side, block, space)
        if apart is None:
            _finish(task, start, sums)

    def workspace() -> tuple[Points, Points, Space, Sums]:
        return _workspaces(task, rows if apart is None else 0)

    for_blocks(fill, blocks * parts, 1, threads=threads, workspace=workspace, blas=True)
    if apart is not None:
        whole = Sums(*(total[0] for total in apart))
        for part in range(1, parts):
            merge(task.form, whole, Sums(*(total[part] for total in apart)))
        _finish(task, 0, whole)


def _packed(task: _Task, points: Array, start: int, stop: int, out: Points) -> Points:
    pack(points, start, stop, task.centre, task.scale, out)
    return Points(*(array[: stop - start] for array in out))


def _task(
    X: Array,
    Y: Array,
    coefficients: Array,
    kernel: Kernel,
    values: Array,
    gradients: Array,
) -> _Task:
    """Choose the scale and the precision."""
    X, Y = frozen(X), frozen(Y)
    if X.dtype != Y.dtype:
        X, Y = (frozen(points.astype(np.float64)) for points in (X, Y))
    d, (m, q) = X.shape[1], coefficients.shape
    gradient = gradients.shape[2] > 0
    centre, largest, smallest = np.zeros(d), 0.0, math.inf
    if kernel.code != POLYNOMIAL:
        add_rows(Y, 1.0 / m, centre)
        for points in (X, Y):
            largest, smallest = extent(points, centre, largest, smallest)
    if not largest <= 2.0 * _LARGEST:
        raise ValueError(f"the coordinates must be at most {_LARGEST} in modulus")
    work = _DOUBLE if kernel.code == HILBERT else values.dtype
    divides = kernel.code == HILBERT or (kernel.code == LAPLACE and gradient)
    scale = _scale(largest, X.dtype, work)
    if work == _SINGLE and (
        (divides and smallest * scale < _SMALLEST[work])
        or _steep(kernel.code, _rate(kernel, scale), work)
    ):
        work = _DOUBLE
        scale = _scale(largest, X.dtype, work)
    close = divides and X.dtype == work and smallest * scale < _SMALLEST[work]
    a = np.ones((q + (kernel.code == HILBERT), m), work)
    a[:q] = coefficients.T
    form = Form(
        kernel.code,
        _rate(kernel, scale),
        kernel.offset,
        kernel.degree,
        -1.0 if gradient or kernel.code in (LAPLACE, HILBERT) else CANCELLED,
        kernel.code == POLYNOMIAL or (kernel.code != LAPLACIAN and d > FEW),
        kernel.code == HILBERT or close,
        close,
    )
    return _Task(X, Y, a, centre * scale, scale, kernel, form, values, gradients)


def _scale(largest: float, given: "np.dtype[Any]", work: "np.dtype[Any]") -> float:
    """Return the power of two by which points are multiplied."""
    if largest == 0.0:
        return 1.0
    top = 1023 if given == _DOUBLE else 126
    power = _REACH[work] - math.frexp(largest)[1]
    return math.ldexp(1.0, min(max(power, -top), top))


def _rate(kernel: Kernel, scale: float) -> float:
    """Return what multiplies r^2, r, the l1 distance, the product of scaled points."""
    if kernel.code == HILBERT:
        return kernel.exponent / 2.0
    if kernel.code == POLYNOMIAL:
        return kernel.gamma
    rate = kernel.gamma / scale
    return rate if kernel.code in (LAPLACE, LAPLACIAN) else rate / scale


def _steep(code: int, rate: float, work: "np.dtype[Any]") -> bool:
    return code not in (POLYNOMIAL, HILBERT) and rate > _STEEPEST[work]


def _finish(task: _Task, start: int, sums: Sums) -> None:
    """Write the results of consecutive queries from their sums."""
    value, slope, nearest = sums
    stop = start + len(value)
    form, kernel, q = task.form, task.kernel, task.values.shape[1]
    if form.code == HILBERT:
        slope = _mean(value, slope, nearest)
        value = value[:, :q]
        factor, power = -kernel.exponent * task.scale, 0
    else:
        # gamma/scale can leave the range even where the gradient does not
        factor, power = math.frexp(kernel.gamma * _factor(form))
        squares = form.code in (GAUSSIAN, MULTIQUADRIC)
        power -= math.frexp(task.scale)[1] - 1 if squares else 0
    task.values[start:stop] = value
    if slope.size:
        slope *= factor
        task.gradients[start:stop] = np.ldexp(slope, power) if power else slope
    if form.close:
        _careful(task, start + np.nonzero(nearest < _NEAREST)[0])


def _factor(form: Form) -> float:
    """Return what multiplies the gradient's sums, but for gamma and the scale."""
    if form.code == POLYNOMIAL:
        return float(form.degree)
    return -2.0 if form.code == GAUSSIAN else -1.0


def _mean(value: Array, slope: Array, nearest: Array) -> Array:
    """Turn Hilbert's sums (., q + 1) into means; return the gradients' (., q, d).

    All weights are relative to the nearest point's, those of the gradient to its
    inverse square distance too. At data points the gradient is 0.
    """
    total = value[:, -1:]
    value[:, :-1] /= total
    divisor = np.where(nearest >= _NEAREST, nearest, np.inf)[:, None, None]
    slope = (slope[:, :-1] - value[:, :-1, None] * slope[:, -1:]) / divisor
    slope /= total[:, :, None]
    return slope


def _careful(task: _Task, rows: Iterable[int]) -> None:
    q, wide = task.gradients.shape[1:]
    part, value, slope = (np.empty(shape) for shape in ((q, wide + 1), q, (q, wide)))
    for i in rows:
        careful(task.kernel, task.X[i], task.Y, task.a, part, value, slope)
        task.values[i], task.gradients[i] = value, slope


def block_sizes(n: int, m: int, d: int) -> tuple[int, int, int]:
    """Return the side of a block of pairs, and the queries and points packed at a time.

    They depend on the shapes alone, so that results do not depend on the threads.
    """
    side = max(32, min(_SIDE, (1 << 17) // max(d, 1) // 16 * 16))
    rows = side * min(4, n // (32 * side))
    rows = max(rows, min(side, max(32, -(-n // 16))))
    batch = max(side, _BATCH // (8 * max(d, 1)) // side * side)
    return side, min(rows, n), min(batch, m)


def _parts(blocks: int, batches: int, numbers: int) -> int:
    """Return in how many parts Y is taken, for so many numbers in the sums of each."""
    return max(1, min(_PIECES // blocks, batches, _SHARED // (8 * numbers)))


def _empty_sums(shape: tuple[int, ...], columns: int, wide: int) -> Sums:
    return Sums(
        np.empty((*shape, columns)), np.empty((*shape, columns, wide)), np.empty(shape)
    )


def _workspaces(task: _Task, summed: int) -> tuple[Points, Points, Space, Sums]:
    """Return the scratch arrays of one thread, with sums of so many queries."""
    (n, d), (columns, m), wide = task.X.shape, task.a.shape, task.gradients.shape[2]
    work = task.a.dtype
    side, rows, batch = block_sizes(n, m, d)
    height, width = min(side, rows), min(side, batch)
    full = padded(d)

    def points(count: int) -> Points:
        centred = count if task.form.product else 0
        return Points(
            np.empty((count, full), work),
            np.empty((centred, d), work),
            np.empty(centred, work),
        )

    space = Space(
        np.empty(height * width, work),
        np.empty(height * width if wide else width, work),
        np.empty(full * width, work),
        np.empty(width * (d + 1) if wide else 0, work),
        np.empty(height * max(d + 1 if wide else 0, columns), work),
        np.empty((columns + 1) * width, work),
        np.empty((height * width // _FEW_PAIRS, 2), np.int32),
    )
    return points(rows), points(batch), space, _empty_sums((summed,), columns, wide)


@compiled
def add_rows(points: Array, factor: float, total: Array) -> None:
    """Add the points (m, d), times a factor, to `total` (d,)."""
    for i in range(points.shape[0]):
        for c in range(points.shape[1]):
            total[c] += points[i, c] * factor


@compiled(fastmath={"nnan", "nsz", "reassoc"})
def extent(
    points: Array, centre: Array, most: float, least: float
) -> tuple[float, float]:
    """Return the largest |points - centre| and the least |points| but 0, if beyond."""
    for i in range(points.shape[0]):
        for c in range(points.shape[1]):
            size = abs(np.float64(points[i, c]))
            away = abs(np.float64(points[i, c]) - centre[c])
            most = away if away > most else most
            least = size if 0.0 < size < least else least
    return most, least
