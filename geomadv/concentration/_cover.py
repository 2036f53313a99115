r"""Greedy unions of candidate sets that grow little.

Given candidates C_j with their eps-enlargements D_j, choose a union of C_j that covers
a share `mass` of the points while the union of the D_j covers few. Greedy: take the
candidate with the least ratio of newly enlarged to newly covered points, until enough
is covered; a candidate that overshoots what is wanted by more than a quarter of it is
passed over. (A cover of cost per gain; the exact problem contains minimum set cover.)

Counts are kept up to date: a point that becomes covered is taken off the counts of the
candidates that hold it, once, so all steps together cost the number of memberships.
"""

import numpy as np
from scipy import sparse

from geomadv._typing import Int, NDArray

_OVERSHOOT = 1.25


def greedy_cover(
    inside: sparse.csc_array,
    near: sparse.csc_array,
    wanted: int,
    at_most: int,
    *,
    even: float = np.inf,
) -> list[int]:
    """Return the candidates of a greedy union.

    Parameters
    ----------
    inside, near : (n, m) sparse arrays
        Which of n points lie in each of m candidates and in its enlargement.
    wanted : int
        How many points are to be covered.
    at_most : int
        The greatest number of candidates; each of the first takes its share of what is
        still wanted, so that the last need not take all.
    even : float
        The greatest gain of a candidate, relative to that share.

    Returns
    -------
    list of int
        Columns, in the order taken. They cover fewer than `wanted` points where no
        candidate that may be taken is left.

    Examples
    --------
    >>> near = sparse.csc_array(np.array([[1, 1], [1, 0], [0, 1], [0, 1]]))
    >>> inside = sparse.csc_array(np.array([[1, 1], [1, 0], [0, 0], [0, 1]]))
    >>> greedy_cover(inside, near, 2, 1)
    [0]
    """
    rows_inside, rows_near = inside.tocsr(), near.tocsr()
    gain, cost = _column_counts(inside), _column_counts(near)
    covered = np.zeros(inside.shape[0], dtype=bool)
    grown = np.zeros(inside.shape[0], dtype=bool)
    chosen: list[int] = []
    while (left := wanted - int(covered.sum())) > 0 and len(chosen) < at_most:
        least = -(-left // (at_most - len(chosen)))
        most = min(max(_OVERSHOOT * left, left + 1), max(even * least, least + 1))
        ratio = np.where(
            (gain >= least) & (gain <= most),
            cost / np.maximum(gain, 1),
            np.inf,
        )
        # of equal ratios the one that covers most
        best = int(np.lexsort((-gain, ratio))[0])
        if not np.isfinite(ratio[best]):
            break
        chosen.append(best)
        gain -= _newly(rows_inside, inside, best, covered)
        cost -= _newly(rows_near, near, best, grown)
    return chosen


def members(sets: sparse.csc_array, column: int) -> Int[NDArray, " k"]:
    """Return the points of one candidate."""
    start, stop = sets.indptr[column], sets.indptr[column + 1]
    rows: NDArray = sets.indices[start:stop]
    return rows


def _column_counts(sets: sparse.csc_array) -> Int[NDArray, " m"]:
    return np.diff(sets.indptr).astype(np.int64)


def _newly(
    rows: sparse.csr_array, sets: sparse.csc_array, column: int, held: NDArray
) -> Int[NDArray, " m"]:
    """Mark a candidate's points as held; return how many new ones each set has."""
    points = members(sets, column)
    new = points[~held[points]]
    held[new] = True
    columns = rows[new].indices
    return np.bincount(columns, minlength=sets.shape[1]).astype(np.int64)
