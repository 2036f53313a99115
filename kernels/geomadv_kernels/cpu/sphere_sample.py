"""Gaussian vectors, uniform points of the sphere and their first coordinates.

See `geomadv_kernels.reference.sphere_sample`, whose bits these are. Normal numbers are
made 1024 at a time, the bits of all of them first and then the functions of the bits,
so that both loops run in vector registers.
"""

import math
from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._philox import log, normals, tree_sum, unit, words
from geomadv_kernels.cpu._threads import for_blocks

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_ATTEMPTS = 16
_SMALL_EXCESS = 2
_PAIRS = 512  # counters at a time: their words and normals stay in the first cache
_BLOCK = 2**16  # numbers that a thread makes at a time, unless a row has more

_U = np.uint64
_MASK, _HALF_WORD = _U(0xFFFFFFFF), _U(32)
_STREAM, _CHI2_NORMALS, _CHI2_UNIFORMS = _U(0), _U(1), _U(2)


class _Workspace:
    """Scratch arrays of one thread, for rows of d numbers.

    `bits` holds three words of the counters and the two that come of them, `reals`
    normals and two rows for sums, `sums` two rows for the sums of tiles of 1024
    squares, and `excess` the chi^2 of the rows of a block.
    """

    def __init__(self, d: int, rows: int, width: int) -> None:
        self.bits = np.empty((5, _PAIRS), np.uint64)
        self.reals = np.empty((3, 2 * _PAIRS + 2))
        self.sums = np.empty((2, d // (2 * _PAIRS) + 3))
        self.squares = np.empty(rows)
        self.excess = np.empty(rows)
        self.g = np.empty((rows, width))


@compiled
def _gaussian_rows(
    seed: _U,
    first: _U,
    bits: _Array,
    reals: _Array,
    sums: _Array,
    g: _Array,
    squares: _Array,
) -> None:
    """Fill g (n, d) with normal numbers and `squares` (n,) with their sums of squares.

    `seed` is the key and `first` the number of the first row; `bits`, `reals` and
    `sums` are those of `_Workspace`.
    """
    n, d = g.shape
    pairs = (d + 1) // 2
    width = max(1, min(pairs, _PAIRS))
    group = _PAIRS // width
    low, high, pair = bits[0], bits[1], bits[2]
    z, values, spare = reals[0], reals[1], reals[2]
    if d == 0:
        squares[:] = 0.0
    for start in range(0, n, group):
        stop = min(n, start + group)
        for left in range(0, pairs, width):
            right = min(pairs, left + width)
            count = 0
            for row in range(start, stop):
                number = first + _U(row)
                for p in range(left, right):
                    low[count] = number & _MASK
                    high[count] = number >> _HALF_WORD
                    pair[count] = _U(p)
                    count += 1
            A, B = bits[3, :count], bits[4, :count]
            words(seed, low, high, pair, _STREAM, A, B)
            normals(A, B, z)
            columns = min(2 * right, d) - 2 * left
            for row in range(start, stop):
                offset = 2 * (right - left) * (row - start)
                for j in range(columns):
                    value = z[offset + j]
                    g[row, 2 * left + j] = value
                    values[j] = value * value
                squares[row] = tree_sum(values, spare, columns)
            sums[0, left // _PAIRS] = squares[start]
        if pairs > width:  # then the group is one row
            squares[start] = tree_sum(sums[0], sums[1], -(-pairs // width))


@compiled
def _divide_rows(g: _Array, squares: _Array) -> None:
    """Divide the rows of g (n, d) by the square roots of `squares` (n,)."""
    n, d = g.shape
    for row in range(n):
        root = math.sqrt(squares[row])
        for j in range(d):
            g[row, j] = g[row, j] / root


@compiled
def _chi2_rows(
    seed: _U, first: _U, m: int, bits: _Array, z: _Array, out: _Array
) -> None:
    """Fill `out` (n,) with values of the law chi^2_m, m >= 3.

    `bits` is that of `_Workspace`, and z (at least 1024,) holds normal numbers.
    """
    D = (3 * m - 2) / 6.0
    root = math.sqrt(9.0 * D)
    low, high, pair = bits[0], bits[1], bits[2]
    for start in range(0, out.size, _PAIRS):
        count = min(out.size - start, _PAIRS)
        for i in range(count):
            number = first + _U(start + i)
            low[i], high[i], pair[i] = number & _MASK, number >> _HALF_WORD, _U(0)
        A, B = bits[3, :count], bits[4, :count]
        words(seed, low, high, pair, _CHI2_NORMALS, A, B)
        normals(A, B, z)
        words(seed, low, high, pair, _CHI2_UNIFORMS, A, B)
        for i in range(count):
            out[start + i] = _attempt(D, root, z[2 * i], A[i], False)
        for i in range(count):
            if out[start + i] < 0.0:
                out[start + i] = _attempt(D, root, z[2 * i + 1], B[i], False)
        for i in range(count):
            number = first + _U(start + i)
            attempt = 2
            while out[start + i] < 0.0:
                low[0], high[0] = number & _MASK, number >> _HALF_WORD
                pair[0] = _U(attempt // 2)
                one, other = bits[3, :1], bits[4, :1]
                words(seed, low, high, pair, _CHI2_NORMALS, one, other)
                normals(one, other, z)
                words(seed, low, high, pair, _CHI2_UNIFORMS, one, other)
                out[start + i] = _attempt(D, root, z[0], one[0], False)
                if out[start + i] < 0.0:
                    last = attempt + 2 == _ATTEMPTS
                    out[start + i] = _attempt(D, root, z[1], other[0], last)
                attempt += 2


@compiled
def _attempt(D: float, root: float, z: float, word: _U, last: bool) -> float:
    """Return a value of chi^2 from a normal number and a word, or -1 if refused."""
    t = z / root
    positive = 1.0 + t > 0.0
    w = 1.0 + t if positive else 1.0
    value = 2.0 * D * (w * w * w)
    if abs(t) < 0.125:
        series = 0.0
        for j in range(15, -1, -1):
            series = series * t + (1.0 - 2.0 * (j & 1)) / (j + 4)
        L = -(t * t * (t * t)) * series
    else:
        L = ((log(w) - t) + 0.5 * t * t) - t * t * t / 3.0
    if last or (positive and log(unit(word)) < 3.0 * D * L):
        return value
    return -1.0


def gaussian_sample(
    seed: int,
    n: int,
    d: int,
    *,
    first: int = 0,
    dtype: str = "float64",
    threads: int | None = None,
) -> _Array:
    """Return independent standard normal numbers, (n, d).

    Rows first, ..., first + n - 1 (modulo 2^64) of a sample without end that depends on
    `seed`, from 0 to 2^64 - 1, alone. `dtype` is "float64" or "float32".
    """
    out = _sample(seed, n, d, d, first, dtype, threads, normalised=False)
    ran("cpu.gaussian_sample")
    return out


def sphere_sample(
    seed: int,
    n: int,
    d: int,
    *,
    first: int = 0,
    dtype: str = "float64",
    threads: int | None = None,
) -> _Array:
    """Return uniform points of S^{d-1}, (n, d): `gaussian_sample`, normalised."""
    out = _sample(seed, n, d, d, first, dtype, threads, normalised=True)
    ran("cpu.sphere_sample")
    return out


def sphere_heights(
    seed: int, n: int, d: int, k: int, *, first: int = 0, threads: int | None = None
) -> _Array:
    """Return the first k coordinates of uniform points of S^{d-1}, (n, k) float64.

    The law is that of ``sphere_sample(seed, n, d)[:, :k]``, without the other d - k.
    """
    out = _sample(seed, n, d, k, first, "float64", threads, normalised=True)
    ran("cpu.sphere_heights")
    return out


def _sample(
    seed: int,
    n: int,
    d: int,
    k: int,
    first: int,
    dtype: str,
    threads: int | None,
    *,
    normalised: bool,
) -> _Array:
    """Return the first k of d normal numbers a row, normalised or not."""
    out = np.empty((n, k), dtype)
    excess = d - k if d - k > _SMALL_EXCESS else 0
    width = k if excess else d
    direct = out.dtype == np.float64 and width == k
    rows = min(max(1, _BLOCK // max(width, 16)), max(1, n))
    key = _U(seed)

    def work(start: int, stop: int, space: _Workspace) -> None:
        block = out[start:stop]
        g = block if direct else space.g[: stop - start]
        squares = space.squares[: stop - start]
        row = _U((first + start) % 2**64)
        _gaussian_rows(key, row, space.bits, space.reals, space.sums, g, squares)
        if excess:
            rest = space.excess[: stop - start]
            _chi2_rows(key, row, excess, space.bits, space.reals[0], rest)
            np.add(squares, rest, out=squares)
        if normalised:
            _divide_rows(g, squares)
        if not direct:
            block[...] = g[:, :k]

    for_blocks(
        work,
        n,
        rows,
        threads=threads,
        workspace=lambda: _Workspace(width, rows, 0 if direct else width),
    )
    return out
