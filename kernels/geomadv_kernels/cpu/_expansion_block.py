"""One block of queries against consecutive points: distances, weights, sums.

The points come in strips of `WIDTH`. For each strip there is one block of squared
distances (l1 distances, inner products), which the weights replace in place while it is
in cache; the sums over the strip, taken in the precision of the block, are added to
float64 accumulators, so that rounding does not grow with the number of points.

Squared distances are |a|^2 + |b|^2 - 2 a.b, by BLAS, in coordinates about the mean.
Where r^2 < (|a|^2 + |b|^2)/`CANCELLED`, they are computed again from the differences of
the given coordinates, and so is the pair's part of the gradient: any relative error of
r^2 that remains is at most `CANCELLED` times that of the product. If a strip has many
such pairs (clusters far apart), or the coordinates are few, all its distances are sums
of differences (`geomadv_kernels.cpu._expansion_tiles`).
"""

from typing import NamedTuple

import numpy as np

from geomadv_kernels.cpu._arrays import Array
from geomadv_kernels.cpu._expansion_tiles import (
    add_differences,
    distances,
    inner,
    squared_distance,
    transpose,
)
from geomadv_kernels.cpu._expansion_weights import (
    GAUSSIAN,
    HILBERT,
    LAPLACIAN,
    POLYNOMIAL,
    Form,
    dot,
    gaussian_sum,
    greatest_of,
    least_of,
    weigh,
)
from geomadv_kernels.cpu._jit import compiled

CANCELLED = 8.0


class Points(NamedTuple):
    """Packed points, in the precision of the computation.

    Parameters
    ----------
    plain : (., d')
        The coordinates, times the scale; zeros from d to d'.
    centred : (., d)
        The same less the centre, if the product is used.
    square : (.,)
        The squared norms of `centred`.
    """

    plain: Array
    centred: Array
    square: Array


class Space(NamedTuple):
    """The scratch arrays of one thread: blocks of S x S pairs, Q columns."""

    weights: Array  # (S S,)
    slopes: Array  # (S S,), or (S,) without a gradient
    columns: Array  # (d' S,)
    scaled: Array  # (S (d + 1),), or none without a gradient
    part: Array  # (S max(d + 1, Q),)
    coefficients: Array  # ((Q + 1) S,)
    pairs: Array  # (S S / 16, 2) int32: the pairs whose distance was computed again


class Sums(NamedTuple):
    """What is accumulated for R queries, in float64."""

    values: Array  # (R, Q)
    gradients: Array  # (R, Q, d), or (R, Q, 0) if there are none
    nearest: Array  # (R,): the least squared distance so far, where it is tracked


class Block(NamedTuple):
    """Queries against points.

    Parameters
    ----------
    X, Y : Points
    coefficients : (Q, m)
        Of these points; for Hilbert's kernel the last row is 1.
    sums : Sums
        Of these queries.
    """

    X: Points
    Y: Points
    coefficients: Array
    sums: Sums


@compiled(fastmath={"contract", "reassoc", "nsz"})
def pack(
    points: Array, start: int, stop: int, centre: Array, scale: float, out: Points
) -> None:
    """Write the points from `start` to `stop` into the first rows of `out`.

    The centre is multiplied by the scale already.
    """
    d = centre.size
    for i in range(stop - start):
        given, plain = points[start + i], out.plain[i]
        for c in range(d):
            plain[c] = np.float64(given[c]) * scale
        for c in range(d, plain.size):
            plain[c] = 0
        if out.square.size > 0:
            centred = out.centred[i]
            for c in range(d):
                centred[c] = np.float64(given[c]) * scale - centre[c]
            square = 0.0
            for c in range(d):
                square += np.float64(centred[c]) * np.float64(centred[c])
            out.square[i] = square


@inner()
def _strip(flat: Array, rows: int, columns: int) -> Array:
    return flat[: rows * columns].reshape((rows, columns))


@inner("contract", "reassoc", "nsz")
def _squares(line: Array, own: float, others: Array) -> bool:
    """Replace a.b by the squared distances, and say whether any of them cancelled."""
    kind = line.dtype.type
    zero, factor, cancelled = kind(0), kind(CANCELLED), kind(0)
    for j in range(line.size):
        both = own + others[j]
        s = both - (line[j] + line[j])
        s = s if s > zero else zero
        line[j] = s
        excess = both - factor * s
        cancelled += excess if excess > zero else zero
    return cancelled > zero


@inner()
def _restore(
    i: int, line: Array, own: float, x: Array, Y: Points, pairs: Array, count: int
) -> int:
    """Compute cancelled squared distances by differences, as long as they are few.

    Returns how many pairs there are in the list now; -1 if they are too many.
    """
    factor = line.dtype.type(CANCELLED)
    for j in range(line.size):
        if own + Y.square[j] - factor * line[j] > 0:
            if count == pairs.shape[0]:
                return -1
            line[j] = squared_distance(x, Y.plain[j])
            pairs[count, 0], pairs[count, 1] = i, j
            count += 1
    return count


@inner()
def _approach(form: Form, sums: Sums, i: int, least: float) -> None:
    """Note a nearer point; Hilbert's sums are then expressed in its power."""
    ratio = least / sums.nearest[i]
    sums.nearest[i] = least
    if form.code != HILBERT:
        return
    factor = ratio**form.rate
    for q in range(sums.values.shape[1]):
        sums.values[i, q] *= factor
        for c in range(sums.gradients.shape[2]):
            sums.gradients[i, q, c] *= factor * ratio


@inner("contract")
def _measure(form: Form, X: Points, Y: Points, space: Space, E: Array) -> int:
    """Fill E with what the kernel is a function of.

    Returns how many pairs were computed again and are in the list; -1 if all distances
    are sums of differences.
    """
    rows, w = E.shape
    count = 0
    if form.product:
        np.dot(X.centred, Y.centred.T, E)
        if form.code == POLYNOMIAL:
            return 0
        most = greatest_of(Y.square)
        for i in range(rows):
            own = X.square[i]
            if (
                _squares(E[i], own, Y.square)
                and count >= 0
                and form.rate * (own + most) > form.limit
            ):
                count = _restore(i, E[i], own, X.plain[i], Y, space.pairs, count)
        if count >= 0:
            return count
    columns = _strip(space.columns, X.plain.shape[1], w)
    transpose(Y.plain, columns)
    distances(form.code == LAPLACIAN, X.plain, columns, E)
    return -1


@inner("contract")
def _add_gradients(
    form: Form, count: int, block: Block, slopes: Array, space: Space
) -> None:
    """Add the part of one strip to the gradients, up to the kernel's constant.

    With slopes v this is sum_j a_j v_j (x - y_j), for the polynomial sum_j a_j v_j y_j.
    """
    X, Y, a, sums = block
    gradients = sums.gradients
    rows, w = slopes.shape
    d = gradients.shape[2]
    if count < 0:
        columns = _strip(space.columns, X.plain.shape[1], w)
        line = space.coefficients[a.size : a.size + w]
        for q in range(a.shape[0]):
            for i in range(rows):
                for j in range(w):
                    line[j] = slopes[i, j] * a[q, j]
                add_differences(
                    form.code == LAPLACIAN, X.plain[i], columns, line, gradients[i, q]
                )
        return
    for p in range(count):
        i, j = space.pairs[p, 0], space.pairs[p, 1]
        for q in range(a.shape[0]):
            total = gradients[i, q]
            factor = np.float64(slopes[i, j]) * np.float64(a[q, j])
            for c in range(d):
                total[c] += factor * (X.plain[i, c] - Y.plain[j, c])
        slopes[i, j] = 0
    scaled = _strip(space.scaled, w, d + 1)
    part = _strip(space.part, rows, d + 1)
    for q in range(a.shape[0]):
        for j in range(w):
            for c in range(d):
                scaled[j, c] = a[q, j] * Y.centred[j, c]
            scaled[j, d] = a[q, j]
        np.dot(slopes, scaled, part)
        for i in range(rows):
            total = gradients[i, q]
            if form.code == POLYNOMIAL:
                for c in range(d):
                    total[c] += part[i, c]
            else:
                whole = np.float64(part[i, d])
                for c in range(d):
                    total[c] += whole * X.centred[i, c] - part[i, c]


@inner()
def _add_block(form: Form, block: Block, space: Space) -> None:
    """Add the sums over the points of one strip to those of its queries."""
    X, Y, a, sums = block
    rows, w = X.plain.shape[0], Y.plain.shape[0]
    Q = a.shape[0]
    gradient = sums.gradients.shape[2] > 0
    E = _strip(space.weights, rows, w)
    if (
        form.code == GAUSSIAN
        and form.product
        and Q == 1
        and not gradient
        and form.rate * (greatest_of(X.square) + greatest_of(Y.square)) <= form.limit
    ):
        np.dot(X.centred, Y.centred.T, E)
        for i in range(rows):
            sums.values[i, 0] += gaussian_sum(
                E[i], X.square[i], Y.square, form.rate, a[0]
            )
        return
    count = _measure(form, X, Y, space, E)
    apart = gradient and form.code != GAUSSIAN and form.code != LAPLACIAN
    slopes = _strip(space.slopes, rows, w) if apart else E
    for i in range(rows):
        if form.track:
            least = np.float64(least_of(E[i]))
            if least < sums.nearest[i]:
                _approach(form, sums, i, least)
        slope = slopes[i] if apart else space.slopes[:w]
        weigh(form, E[i], slope, gradient, sums.nearest[i])
        if Q == 1:
            sums.values[i, 0] += dot(E[i], a[0])
    if Q > 1:
        part = _strip(space.part, rows, Q)
        np.dot(E, a.T, part)
        for i in range(rows):
            for q in range(Q):
                sums.values[i, q] += part[i, q]
    if gradient:
        _add_gradients(form, count, block, slopes, space)


@inner()
def _part(points: Points, start: int, stop: int) -> Points:
    return Points(
        points.plain[start:stop], points.centred[start:stop], points.square[start:stop]
    )


@compiled
def add_sums(form: Form, side: int, whole: Block, space: Space) -> None:
    """Add the sums over all points, `side` of them and of the queries at a time."""
    rows, (Q, count) = whole.sums.nearest.size, whole.coefficients.shape
    sums = whole.sums
    for first in range(0, count, side):
        last = min(first + side, count)
        w = last - first
        a = _strip(space.coefficients, Q, w)
        for q in range(Q):
            for j in range(w):
                a[q, j] = whole.coefficients[q, first + j]
        Y = _part(whole.Y, first, last)
        for top in range(0, rows, side):
            end = min(top + side, rows)
            part = Sums(
                sums.values[top:end], sums.gradients[top:end], sums.nearest[top:end]
            )
            _add_block(form, Block(_part(whole.X, top, end), Y, a, part), space)


@compiled
def merge(form: Form, sums: Sums, others: Sums) -> None:
    """Add the sums over other points, which are overwritten, for the same queries."""
    for i in range(sums.nearest.size):
        if form.track:
            least = min(sums.nearest[i], others.nearest[i])
            if least < sums.nearest[i]:
                _approach(form, sums, i, least)
            if least < others.nearest[i]:
                _approach(form, others, i, least)
        for q in range(sums.values.shape[1]):
            sums.values[i, q] += others.values[i, q]
            for c in range(sums.gradients.shape[2]):
                sums.gradients[i, q, c] += others.gradients[i, q, c]
