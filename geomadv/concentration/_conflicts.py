r"""Pairs of points within given distances, in order of length, without a matrix.

Points a and b of two samples are in *conflict* at eps if their balls of radius eps
meet, |a - b|_p <= 2 eps. For increasing radii r_0 < r_1 < ... the level of a pair is
the first k with |a - b|_p <= r_k. Pairs come level by level. All levels are found in
one pass over blocks of rows; if there are more pairs than memory is meant for, the
longest ones are forgotten again and found in a later pass, which is needed only if
somebody asks for them.

**Distances.** For p = 2 s = |a|^2 + |b|^2 - 2<a, b> by a matrix product of centred
points. With u = 2^-53 each of the three is off by at most gamma_d (|a|^2 + |b|^2), the
centred coordinates by u of themselves, and the definition, sqrt(sum (a_c - b_c)^2) as
computed, by (d + 3) u of its square: in all less than

    (4 d + 32) u (|a|^2 + |b|^2).

A pair that is closer than that to some r_k^2 is computed by definition. So a pair has
the level that its computed distance has, ties included. For other p SciPy's `cdist`
computes the definition of a block. Coordinates are scaled by a power of two first, so
that no square overflows; where the p-th power of a distance leaves the range of floats,
its coordinates are divided by the largest.
"""

import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from geomadv._dispatch import on_all_cores
from geomadv._typing import Float, Int, NDArray
from geomadv.spaces._lp import lp_norm

_ENTRIES = 1 << 20  # of a block of distances: 8 MiB
_GROUP = 8  # blocks after which pairs are counted
BUDGET = 1 << 25  # pairs of 8 bytes that are kept at a time


class Pairs(NamedTuple):
    """Pairs of one level, by rows.

    Parameters
    ----------
    rows, columns : (e,) int32
        Indices of the points of A and of B.
    """

    rows: Int[NDArray, " e"]
    columns: Int[NDArray, " e"]


def conflicts(
    A: Float[NDArray, "n d"],
    B: Float[NDArray, "m d"],
    radii: Float[NDArray, " k"],
    p: float,
    budget: int = BUDGET,
) -> Iterator[list[Pairs]]:
    """Yield for each radius the pairs that are within it and not within a smaller one.

    Parameters
    ----------
    A, B : (n, d) and (m, d) array
        Finite points.
    radii : (k,) array
        Strictly increasing, at least 0.
    p : float
        In [1, inf].
    budget : int
        How many pairs to keep: a single level may have more.

    Yields
    ------
    list of Pairs
        The pairs of the next level, each once.

    Examples
    --------
    >>> A, B = np.array([[0.0], [5.0]]), np.array([[1.0], [3.0]])
    >>> for part in conflicts(A, B, np.array([1.0, 2.5]), 2):
    ...     print([(pair.rows.tolist(), pair.columns.tolist()) for pair in part])
    [([0], [0])]
    [([1], [1])]
    """
    left, right, limits = _scaled(A, B, radii)
    size = max(1, _ENTRIES // max(1, len(B)))
    starts = range(0, len(A), size)
    find = _Products(left, right) if p == 2.0 else functools.partial(_by_cdist, p=p)
    first = 0
    while first < len(limits):
        stop, kept = len(limits), 0
        found: dict[int, list[Pairs]] = {k: [] for k in range(first, stop)}
        for group in range(0, len(starts), _GROUP):
            some = starts[group : group + _GROUP]
            wanted = limits[:stop]

            def work(
                i: int,
                some: range = some,
                wanted: Float[NDArray, " k"] = wanted,
                first: int = first,
            ) -> list[Pairs]:
                begin = some[i]
                parts = find(left[begin : begin + size], right, wanted, begin)
                return _by_level(*parts, first, len(wanted))

            for parts in on_all_cores(work, len(some)):
                for k, part in enumerate(parts, first):
                    if part.rows.size:
                        found[k].append(part)
                        kept += part.rows.size
            while kept > budget and stop > first + 1:
                stop -= 1
                kept -= sum(part.rows.size for part in found.pop(stop))
        for k in range(first, stop):
            yield found.pop(k)
        first = stop


def _scaled(
    A: Float[NDArray, "n d"], B: Float[NDArray, "m d"], radii: Float[NDArray, " k"]
) -> tuple[Float[NDArray, "n d"], Float[NDArray, "m d"], Float[NDArray, " k"]]:
    """Return all with the coordinates at most 1 in size, by a power of two."""
    largest = max(np.abs(A).max(initial=0.0), np.abs(B).max(initial=0.0))
    exponent = -int(np.frexp(largest)[1])
    if -200 < exponent < 200:
        return A, B, radii
    with np.errstate(over="ignore"):  # an infinite radius is one beyond all pairs
        return np.ldexp(A, exponent), np.ldexp(B, exponent), np.ldexp(radii, exponent)


class _Products:
    """Find pairs by a matrix product; see the module."""

    def __init__(self, A: Float[NDArray, "n d"], B: Float[NDArray, "m d"]) -> None:
        self.centre = (
            np.concatenate([A.mean(axis=0)[None], B.mean(axis=0)[None]]).mean(axis=0)
            if len(A) and len(B)
            else np.zeros(A.shape[1])
        )
        self.B = B - self.centre
        self.square = np.einsum("jc,jc->j", self.B, self.B)
        self.error = (4 * A.shape[1] + 32) * 2.0**-53

    def __call__(
        self,
        A: Float[NDArray, "n d"],
        B: Float[NDArray, "m d"],
        radii: Float[NDArray, " k"],
        begin: int,
    ) -> tuple[Int[NDArray, " e"], Int[NDArray, " e"], Int[NDArray, " e"]]:
        centred = A - self.centre
        square = np.einsum("ic,ic->i", centred, centred)
        s = centred @ self.B.T
        s *= -2.0
        s += square[:, None]
        s += self.square
        with np.errstate(over="ignore"):
            limits = radii * radii
        largest = square.max(initial=0.0) + self.square.max(initial=0.0)
        rows, columns = np.nonzero(s <= limits[-1] + 2.0 * self.error * largest)
        value = s[rows, columns]
        margin = self.error * (square[rows] + self.square[columns])
        level = np.searchsorted(limits, value + margin)
        unsure = np.flatnonzero(np.searchsorted(limits, value - margin) != level)
        for part in np.array_split(unsure, unsure.size * A.shape[1] // _ENTRIES + 1):
            difference = A[rows[part]] - B[columns[part]]
            distance = np.sqrt((difference * difference).sum(axis=1))
            level[part] = np.searchsorted(radii, distance)
        return rows + begin, columns, level


def _by_cdist(
    A: Float[NDArray, "n d"],
    B: Float[NDArray, "m d"],
    radii: Float[NDArray, " k"],
    begin: int,
    *,
    p: float,
) -> tuple[Int[NDArray, " e"], Int[NDArray, " e"], Int[NDArray, " e"]]:
    """Return rows, columns and levels of pairs by definition."""
    if p == 1.0:
        distance = cdist(A, B, "cityblock")
    elif np.isinf(p):
        distance = cdist(A, B, "chebyshev")
    else:
        distance = _minkowski(A, B, p)
    rows, columns = np.nonzero(distance <= radii[-1])
    return rows + begin, columns, np.searchsorted(radii, distance[rows, columns])


def _minkowski(
    A: Float[NDArray, "n d"], B: Float[NDArray, "m d"], p: float
) -> Float[NDArray, "n m"]:
    """Return l_p distances, with care where p-th powers leave the range of floats."""
    distance = cdist(A, B, "minkowski", p=p)
    doubtful = (distance < 2.0 ** (-900 / p)) | (distance > 2.0 ** (900 / p))
    for i in np.flatnonzero(doubtful.any(axis=1)):
        some = np.flatnonzero(doubtful[i])
        distance[i, some] = lp_norm(A[i] - B[some], p)
    return np.asarray(distance)


def _by_level(
    rows: Int[NDArray, " e"],
    columns: Int[NDArray, " e"],
    level: Int[NDArray, " e"],
    first: int,
    stop: int,
) -> list[Pairs]:
    """Return the pairs of each level from `first` to before `stop`."""
    kind = level.astype(np.uint16) if stop < 2**16 else level
    order = np.argsort(kind, kind="stable")
    rows = rows[order].astype(np.int32)
    columns = columns[order].astype(np.int32)
    ends = np.searchsorted(level[order], np.arange(first, stop + 1))
    return [
        Pairs(rows[a:b].copy(), columns[a:b].copy())
        for a, b in itertools.pairwise(ends)
    ]
