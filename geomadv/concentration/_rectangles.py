r"""Complements of unions of boxes: the family for l_inf.

For boxes R_1, ..., R_T the score is the signed depth outside of all of them,

    f(x) = min_t max_i max(lower_ti - x_i, x_i - upper_ti),

which is 1-Lipschitz in l_inf, hence in every l_p, since ||v||_inf <= ||v||_p. The
region {f >= t} is the complement of the union of the boxes grown by t; its enlargement
lies outside the boxes grown by t - eps. Inside one box the distance to its complement
is the depth of the nearest face, the same number for every p, so for T = 1 nothing is
lost; for T > 1 a ball may lie in a union and in none of its boxes, and the share is an
upper bound.

Two searches:

- `clustered_boxes`, as published (Mahloujifar, Zhang, Mahmoody, Evans 2019,
  arXiv:1905.12202): rank the points by the distance to their k-th neighbour in l_1,
  keep the densest share q, run k-means with assignment in l_1, and put a box around
  each cluster, symmetric about its mean. Unlike there, k-means stops where no label
  changes (and not where their sum repeats), starts from the given generator, and runs
  on a sample, and distances are to a sample of the points, with k in proportion.
- `greedy_boxes`: one box with faces at few coordinates only, the complement of a union
  of half-spaces {x_i >= u} and {x_i <= l}. Each coordinate offers its upper and
  lower tails of several masses, and a greedy cover takes tails that grow little.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import points, real_array
from geomadv.concentration._cover import greedy_cover, members
from geomadv.concentration._levels import needed

NEIGHBOUR = 50
_REFERENCES = 4000
_ITERATIONS = 30
_WIDTH = 0.005
_CLUSTERED = 5000
_COUNTED = 15_000
TAILS = ((0.02, 0.05, 0.1), (0.05, 0.1, 0.2), (0.1, 0.2, 0.5), (0.5, 1.0))
_BLOCK = 2**18
_SINGLE = 2.5e-7  # a face has its points inside though they are rounded to float32


@dataclass(frozen=True, eq=False)
class Rectangles:
    """The complement of a union of boxes.

    Parameters
    ----------
    lower, upper : (T, d) arrays
        Corners of the boxes, -inf and inf where a box has no face.

    Examples
    --------
    >>> box = Rectangles(np.array([[0.0, -np.inf]]), np.array([[1.0, 1.0]]))
    >>> box.score([[0.5, 0.9], [0.5, 1.5], [3.0, -9.0]]).round(9).tolist()
    [-0.1, 0.5, 2.0]
    """

    lower: Float[NDArray, "T d"]
    upper: Float[NDArray, "T d"]

    def __post_init__(self) -> None:
        lower = real_array("lower", self.lower, ndim=2, infinite=True)
        upper = real_array("upper", self.upper, ndim=2, infinite=True)
        if lower.shape != upper.shape or not lower.shape[0]:
            raise ValueError(
                "lower and upper must hold the corners of the same boxes, got shapes "
                f"{lower.shape} and {upper.shape}"
            )
        if not np.isfinite(lower).any() and not np.isfinite(upper).any():
            raise ValueError("lower and upper must not be infinite everywhere")
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    def score(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the signed depth of points X outside of all boxes."""
        return self.raw_score(points("X", X, d=self.lower.shape[1]))

    def raw_score(self, array: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return the score in the precision of the points."""
        result = np.full(array.shape[0], np.inf, dtype=array.dtype)
        for t in range(self.lower.shape[0]):
            np.minimum(result, self._depth(array, t), out=result)
        return result

    def count_outside(self, array: Float[NDArray, "n d"], t: float) -> int:
        """Return how many points have a score of at least t, without all scores."""
        for i in range(self.lower.shape[0]):
            array = array[self._depth(array, i) >= t]
        return array.shape[0]

    def _depth(self, array: Float[NDArray, "n d"], t: int) -> Float[NDArray, " n"]:
        """Return the signed depth of points outside of box t."""
        lower, upper = self.lower[t], self.upper[t]
        below, above = np.isfinite(lower), np.isfinite(upper)
        least = lower[below].astype(array.dtype)
        most = upper[above].astype(array.dtype)
        depth = np.empty(array.shape[0], dtype=array.dtype)
        for part in _blocks(array.shape[0], array.shape[1]):
            rows = array[part]
            if below.all() and above.all():
                depth[part] = np.maximum(least - rows, rows - most).max(axis=1)
            else:
                depth[part] = np.maximum(
                    (least - rows[:, below]).max(axis=1, initial=-np.inf),
                    (rows[:, above] - most).max(axis=1, initial=-np.inf),
                )
        return depth


def neighbour_distances(
    X: Float[NDArray, "n d"], rng: np.random.Generator, k: int = NEIGHBOUR
) -> Float[NDArray, " n"]:
    """Return an l_1 distance for each point, small where the points are dense.

    The distance to the k-th neighbour or, where there are more than 4000 points, to
    the neighbour of proportional rank among 4000 of them, chosen at random.
    """
    from geomadv._dispatch import nearest

    n = X.shape[0]
    size = min(n, _REFERENCES)
    reference = X if size == n else X[np.sort(rng.choice(n, size, replace=False))]
    rank = min(size, max(1, round(k * size / n)) + 1)  # the first one is x itself
    distances, _ = nearest(X, reference, rank, metric="l1")
    return np.asarray(distances[:, -1], dtype=np.float64)


def k_means_l1(
    X: Float[NDArray, "n d"], clusters: int, rng: np.random.Generator
) -> Float[NDArray, "T d"]:
    """Return means of clusters: the nearest mean in l_1, at most 30 rounds.

    Of more than 5000 points as many are used, chosen at random. A cluster that loses
    all its points is dropped.
    """
    if X.shape[0] > _CLUSTERED:
        X = X[np.sort(rng.choice(X.shape[0], _CLUSTERED, replace=False))]
    X = X.astype(np.float64)
    means = X[rng.choice(X.shape[0], clusters, replace=False)]
    labels = np.full(X.shape[0], -1)
    for _ in range(_ITERATIONS):
        new = _nearest_mean(X, means)
        if np.array_equal(new, labels):
            break
        kinds, labels = np.unique(new, return_inverse=True)
        holds = np.zeros((kinds.size, X.shape[0]))
        holds[labels, np.arange(X.shape[0])] = 1.0
        means = holds @ X / holds.sum(axis=1)[:, None]
        labels = new
    return means


def _nearest_mean(
    X: Float[NDArray, "n d"], means: Float[NDArray, "T d"]
) -> Int[NDArray, " n"]:
    """Return the index of the nearest mean in l_1 of each point."""
    from scipy.spatial.distance import cdist

    labels = np.empty(X.shape[0], dtype=np.int64)
    for part in _blocks(*X.shape):
        labels[part] = cdist(X[part], means, "cityblock").argmin(axis=1)
    return labels


def clustered_boxes(
    X: Float[NDArray, "n d"],
    depth: Float[NDArray, " n"],
    share: float,
    clusters: int,
    rng: np.random.Generator,
) -> Rectangles:
    """Return boxes around clusters of the densest points.

    Parameters
    ----------
    X : (n, d) array
        Points.
    depth : (n,) array
        What `neighbour_distances` gives for them.
    share : float
        Share q of the points that is kept, the densest.
    clusters : int
        Number T of boxes; at most the number of points kept.
    rng : Generator
        Starts k-means.

    Returns
    -------
    Rectangles
        Box t is the mean of cluster t, plus and minus the greatest deviation of each
        coordinate.
    """
    kept = X[np.argsort(depth, kind="stable")[: _kept(share, X.shape[0])]]
    means = k_means_l1(kept, min(clusters, kept.shape[0]), rng)
    labels = _nearest_mean(kept, means)
    lower, upper = [], []
    for t in np.unique(labels):
        cluster = kept[labels == t].astype(np.float64)
        mean = cluster.mean(axis=0)
        reach = np.maximum(cluster.max(axis=0) - mean, mean - cluster.min(axis=0))
        lower.append(mean - reach)
        upper.append(mean + reach)
    return Rectangles(np.stack(lower), np.stack(upper))


def search_shares(
    X: Float[NDArray, "n d"],
    X_select: Float[NDArray, "m d"],
    *,
    eps: float,
    mass: float,
    clusters: int,
    depth: Float[NDArray, " n"],
    rng: np.random.Generator,
) -> Rectangles:
    """Return the boxes of the largest share q that leaves enough points outside.

    Bisection on q, by the share of points outside of the boxes grown by `eps`, which
    must be at least `mass` among the points that the boxes were made from and among
    15 000 others; the test set plays no part.
    """
    low, high = 0.0, 1.0
    start = int(rng.integers(2**63))
    order = np.argsort(depth, kind="stable")
    others = X_select[:_COUNTED]
    best = clustered_boxes(X, depth, _WIDTH, clusters, np.random.default_rng(start))
    while high - low > _WIDTH:
        share = (low + high) / 2
        boxes = clustered_boxes(X, depth, share, clusters, np.random.default_rng(start))
        left = X[order[_kept(share, X.shape[0]) :]]  # the others are in the boxes
        outside = min(
            boxes.count_outside(left, grown(eps)) / X.shape[0],
            boxes.count_outside(others, grown(eps)) / others.shape[0],
        )
        if outside >= mass:
            low, best = share, boxes
        else:
            high = share
    return best


def _kept(share: float, n: int) -> int:
    return max(1, int(share * n))


def grown(eps: float) -> float:
    """Return the threshold of the complement of boxes that are grown by eps.

    A little more than eps: the region is closed, and the boundary of a grown box, where
    a coordinate without spread may put every point, is not to belong to it.
    """
    return eps * (1.0 + 1e-6)


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


def _blocks(n: int, d: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(d, 1))
    for start in range(0, n, step):
        yield slice(start, start + step)
