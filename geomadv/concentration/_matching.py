r"""Maximum matching and minimum vertex cover of a bipartite graph that grows.

A matching stays one when edges are added, so that it is never found anew: an augmenting
path is an alternating path between two free vertices, and exchanging its edges makes
the matching larger by one. In a *phase* a search starts from each free vertex on the
left, and no search enters a vertex on the right twice, whether by the same search or
by another one: paths found in a phase are disjoint (Pothen and Fan 1990). Phases take
the first and the last neighbour in turn, which halves their number (Duff, Kaya and
Ucar 2011). A phase without a path proves that the matching is maximum. Let Z be the
vertices that this phase reached from the free ones on the left. Then

    (left vertices that are not in Z) + (right vertices that are in Z)

is a vertex cover (Konig 1931): an edge from a left vertex in Z leads into Z. Each of
its vertices is matched, no two of them to one another, so it has the size of the
matching; and no cover is smaller, because a cover has a vertex of every matched edge.

Neighbours are the bits of one integer a vertex. So a step of a search, "is there a
neighbour that is free, or one that no search has entered?", is an operation on whole
words, and a phase takes O(n) of them: about 10 ms for 6000 against 6000 points,
however many edges there are. Memory: at most a bit a pair.
"""

import numpy as np

from geomadv._typing import Bool, Int, NDArray

_FLAGS = 1 << 24  # flags of neighbours before they are packed to bits


class Matching:
    """A maximum matching of n left and m right vertices, without edges at first.

    Parameters
    ----------
    n, m : int
        How many vertices there are. Phases search from the left: n <= m is cheaper.

    Attributes
    ----------
    size : int
        How many edges are matched.

    Examples
    --------
    >>> matching = Matching(2, 2)
    >>> matching.add(np.array([0, 1, 1]), np.array([0, 0, 1]))
    >>> matching.augment()
    2
    """

    def __init__(self, n: int, m: int) -> None:
        self.size = 0
        self._n, self._m = n, m
        self._neighbours = [0] * n
        self._right_of = [-1] * n
        self._left_of = [-1] * m
        self._free = (1 << m) - 1
        self._entered: list[int] = []
        self._last = False

    def add(self, rows: Int[NDArray, " e"], columns: Int[NDArray, " e"]) -> None:
        """Add edges between left vertices `rows`, ascending, and `columns`."""
        lefts, place = np.unique(rows, return_inverse=True)
        step = max(1, _FLAGS // max(1, self._m))
        for begin in range(0, len(lefts), step):
            a, b = np.searchsorted(place, (begin, begin + step))
            some = lefts[begin : begin + step].tolist()
            flags = np.zeros((len(some), self._m), bool)
            flags[place[a:b] - begin, columns[a:b]] = True
            for u, row in zip(
                some, np.packbits(flags, axis=1, bitorder="little"), strict=True
            ):
                self._neighbours[u] |= int.from_bytes(row.tobytes(), "little")

    def augment(self) -> int:
        """Make the matching maximum, and return its size."""
        while self._phase():
            pass
        return self.size

    @property
    def partners(self) -> tuple[Int[NDArray, " n"], Int[NDArray, " m"]]:
        """The partner of each vertex on the left and on the right, -1 for none."""
        return np.array(self._right_of, np.int32), np.array(self._left_of, np.int32)

    def cover(self) -> tuple[Bool[NDArray, " n"], Bool[NDArray, " m"]]:
        """Return a minimum vertex cover; `augment` has come before.

        Returns
        -------
        left, right : (n,) and (m,) bool array
            Which vertices it has.

        Raises
        ------
        RuntimeError
            If it leaves an edge uncovered, or is not of the size of the matching.
        """
        left = np.array(self._right_of, np.int64) >= 0
        right = np.zeros(self._m, bool)
        right[self._entered] = True
        left[[self._left_of[v] for v in self._entered]] = False
        outside = _bits(~right)
        uncovered = any(
            self._neighbours[u] & outside for u in np.flatnonzero(~left).tolist()
        )
        if uncovered or int(left.sum() + right.sum()) != self.size:
            raise RuntimeError(
                "the certificate of the matching failed: no vertex cover of size "
                f"{self.size}"
            )
        return left, right

    def _phase(self) -> int:
        """Exchange the edges of disjoint augmenting paths, and return their number."""
        neighbours, left_of, right_of = self._neighbours, self._left_of, self._right_of
        unseen = (1 << self._m) - 1
        entered: list[int] = []
        found = 0
        self._last = not self._last
        for root in range(self._n):
            if right_of[root] >= 0 or not neighbours[root]:
                continue
            lefts, rights = [root], list[int]()
            while lefts:
                options = neighbours[lefts[-1]] & unseen
                if not options:
                    lefts.pop()
                    if rights:
                        rights.pop()
                    continue
                free = options & self._free
                choice = free or options
                if not self._last:
                    choice &= -choice
                v = choice.bit_length() - 1
                bit = 1 << v
                unseen ^= bit
                entered.append(v)
                rights.append(v)
                if free:
                    self._free ^= bit
                    for u, w in zip(lefts, rights, strict=True):
                        right_of[u], left_of[w] = w, u
                    found += 1
                    break
                lefts.append(left_of[v])
        self._entered = entered
        self.size += found
        return found


def _bits(flags: Bool[NDArray, " m"]) -> int:
    """Return the integer whose bits are the flags."""
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
