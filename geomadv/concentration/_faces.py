"""Single boxes with faces at few coordinates only.

The complement of such a box is a union of half-spaces {x_i >= u} and {x_i <= l}. Each
coordinate offers its upper and lower tails of several masses, and a greedy cover takes
tails that grow little.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from geomadv._typing import Float, Int, NDArray
from geomadv.concentration._cover import greedy_cover, members
from geomadv.concentration._levels import needed
from geomadv.concentration._rectangles import Rectangles

TAILS = ((0.02, 0.05, 0.1), (0.05, 0.1, 0.2), (0.1, 0.2, 0.5), (0.5, 1.0))
_SINGLE = 2.5e-7  # a face has its points inside though they are rounded to float32


def greedy_boxes(
    X: Float[NDArray, "n d"],
    *,
    eps: float,
    mass: float,
    choices: tuple[tuple[float, ...], ...] = TAILS,
) -> list[Rectangles]:
    """Return boxes whose few faces cut off tails that grow little.

    Parameters
    ----------
    X : (n, d) array
        Points.
    eps : float
        Size of the enlargement.
    mass : float
        Share of the points that is to lie outside of a box, about.
    choices : tuple of tuple of float
        Masses of the tails, relative to `mass`; each tuple gives boxes of its own.

    Returns
    -------
    list of Rectangles
        For each choice boxes with more and more faces, which leave from .8 to 2 times
        `mass` of the points outside, at the threshold 0: other points may find fewer.
    """
    wanted = needed(X.shape[0], mass)
    sizes = [{max(1, round(wanted * t)) for t in choice} for choice in choices]
    tails = _tails(X, eps, sorted(set().union(*sizes)), 20 * wanted)
    boxes: list[Rectangles] = []
    for some in sizes:
        faces = {tail.face: tail for tail in tails if tail.size in some}
        if faces:
            boxes += _grown_boxes(list(faces.values()), X.shape, wanted)
    return boxes


class _Tail(NamedTuple):
    """A tail {sign x_i >= level} of about `size` points: they, and those near it."""

    size: int
    sign: int
    column: int
    level: float
    inside: sparse.csc_array
    near: sparse.csc_array

    @property
    def face(self) -> tuple[int, int, float]:
        return self.sign, self.column, self.level


def _grown_boxes(
    tails: list[_Tail], shape: tuple[int, ...], wanted: int
) -> list[Rectangles]:
    n, d = shape
    inside = sparse.csc_array(sparse.hstack([tail.inside for tail in tails]))
    near = sparse.csc_array(sparse.hstack([tail.near for tail in tails]))
    lower, upper = np.full((1, d), -np.inf), np.full((1, d), np.inf)
    covered = np.zeros(n, dtype=bool)
    boxes: list[Rectangles] = []
    reached = 0.8
    for c in greedy_cover(inside, near, 2 * wanted, at_most=n):
        covered[members(inside, c)] = True
        sign, i, level = tails[c].face
        if sign > 0:
            upper[0, i] = min(upper[0, i], level)
        else:
            lower[0, i] = max(lower[0, i], -level)
        if covered.sum() >= reached * wanted:
            boxes.append(Rectangles(lower.copy(), upper.copy()))
            reached = max(1.03 * covered.sum() / wanted, reached)
    return boxes


def _tails(
    X: Float[NDArray, "n d"], eps: float, counts: list[int], most: int
) -> list[_Tail]:
    """Return the tails of about the given counts of points.

    Of a value that many points share, a tail has all or none. Tails near which more
    than `most` points lie are left out.
    """
    n, d = X.shape
    found: list[_Tail] = []
    for i in range(d):
        order = np.argsort(X[:, i], kind="stable")
        ascending = X[order, i].astype(np.float64)
        for sign in (1, -1):
            values = ascending if sign > 0 else -ascending[::-1]
            rows = order if sign > 0 else order[::-1]
            for count in counts:
                first = n - count
                if first > 0 and values[first - 1] == values[first]:
                    first = int(np.searchsorted(values, values[first], side="right"))
                if first == n:
                    continue
                level = float(values[first] - _SINGLE * abs(values[first]))
                start = int(np.searchsorted(values, level - eps * (1.0 + _SINGLE)))
                if n - start > most:
                    continue
                inside, near = _column(rows[first:], n), _column(rows[start:], n)
                found.append(_Tail(count, sign, i, level, inside, near))
    return found


def _column(rows: Int[NDArray, " k"], n: int) -> sparse.csc_array:
    rows = np.sort(rows)
    pointers = np.array([0, rows.size])
    ones = np.ones(rows.size, dtype=np.int8)
    return sparse.csc_array((ones, rows, pointers), shape=(n, 1))
