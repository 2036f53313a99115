r"""Complements of unions of boxes: the family for l_inf.

For boxes R_1, ..., R_T the score is the signed depth outside of all of them,

    f(x) = min_t max_i max(lower_ti - x_i, x_i - upper_ti),

which is 1-Lipschitz in l_inf, hence in every l_p, since ||v||_inf <= ||v||_p. The
region {f >= t} is the complement of the union of the boxes grown by t; its enlargement
lies outside the boxes grown by t - eps. Inside one box the distance to its complement
is the depth of the nearest face, the same number for every p, so for T = 1 nothing is
lost; for T > 1 a ball may lie in a union and in none of its boxes, and the share is an
upper bound.

The search is the published one (Mahloujifar, Zhang, Mahmoody, Evans 2019,
arXiv:1905.12202): rank the points by the distance to their k-th neighbour in l_1, keep
the densest share q, run k-means with assignment in l_1, and put a box around each
cluster, symmetric about its mean. Unlike there, k-means stops where no label changes
(and not where their sum repeats), starts from the given generator, and runs on a
sample, and distances are to a sample of the points, with k in proportion. Boxes of
another kind: `geomadv.concentration._faces`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import points, real_array

NEIGHBOUR = 50
_REFERENCES = 4000
_ITERATIONS = 30
_WIDTH = 0.005
_CLUSTERED = 5000
_COUNTED = 15_000
_BLOCK = 2**18


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


def _blocks(n: int, d: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(d, 1))
    for start in range(0, n, step):
        yield slice(start, start + step)
