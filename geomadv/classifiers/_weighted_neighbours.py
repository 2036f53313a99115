r"""Weighted interpolated nearest neighbours (wiNN).

With r_1 <= r_2 <= ... the distances of x to the training points, and k neighbours,

    eta(x) = sum_{i <= k} w_i y_(i) / sum_{i <= k} w_i,    w_i = phi(r_i / r_{k+1}),
    phi(z) = z^-delta    or    phi(z) = -log z,

which interpolates because phi(0) is infinite. Belkin, Hsu, Mitra (2018), Overfitting or
perfect fitting?, arXiv:1806.05161, section 4 (numbering unverified).

Where the density is constant, the z_i are independent with P(z <= t) = t^d. Hence
-d log z_i is exponential, the normalised weights of -log z are uniform on the simplex,
and the variance factor V_k = E sum w^2 / (sum w)^2 is 2/(k + 1), whatever d is. For
z^-delta, E w = d/(d - delta) and E w^2 = d/(d - 2 delta), so that
k V_k -> (d - delta)^2/(d (d - 2 delta)): delta < d/2 is needed. For k = 1 the rule is
that of the nearest neighbour.

The powers are taken in logarithms, w_i / w_1 = exp(-delta log(r_i/r_1)): nothing
overflows. If r_1 = r_{k+1}, the limit is taken, equal weights; a point at the distance
r_{k+1} has weight 0 for -log z otherwise.
"""

import math

import numpy as np

from geomadv import _dispatch
from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import choice, integer, real
from geomadv.classifiers._labels import Interpolant

_REACH = 400  # the exponent of the largest coordinate after scaling
_FAR = 460  # that of the largest of a query
_NEAR = 2.0**-400  # a distance below which the kernel's squares may underflow
_ENTRIES = 1 << 21  # neighbours at a time


class WeightedInterpolatedNN(Interpolant):
    """Interpolate the labels of the k nearest neighbours, near ones without bound.

    Parameters
    ----------
    n_neighbors : int
        k, at least 1 and less than the number of points. 1 is the nearest neighbour.
    weights : "log" or float
        -log z, or delta > 0 for z^-delta. The theory needs delta < d/2.
    domain : {"cube", "torus"}, optional
        On the torus of side 1 distances go around the edge. "cube" refuses points
        outside [0, 1]^d. By default R^d.

    Attributes
    ----------
    classes_ : (K,) array
        The labels.

    Notes
    -----
    Duplicates are neighbours of their own. At a training point the estimate is the mean
    of all labels there (of equal shares the first class decides). Of points at one
    distance the earlier is nearer. With one neighbour this is scikit-learn's
    ``KNeighborsClassifier(1)``, but for duplicates. Distances are those of float64, and
    differ from the true ones by at most (d + 3)/2 roundings.

    Examples
    --------
    >>> model = WeightedInterpolatedNN(n_neighbors=2, weights=1.0)
    >>> model.fit([[0.0], [1.0], [4.0]], ["a", "b", "a"]).predict_proba([[0.25], [1.0]])
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        weights: str | float = "log",
        domain: str | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.domain = domain

    def fit(self, X: ArrayLike, y: ArrayLike) -> "WeightedInterpolatedNN":
        """Keep the points.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels.

        Returns
        -------
        WeightedInterpolatedNN
            Itself.

        Raises
        ------
        ValueError, TypeError
            If there are no more than k points or only one class, among other bad input.
        """
        k = integer("n_neighbors", self.n_neighbors, minimum=1)
        self._delta()
        self._X, self._codes = self._sample(X, y)
        if k >= len(self._X):
            raise ValueError(
                f"n_neighbors must be less than the number of points, n_samples = "
                f"{len(self._X)}, got {k}"
            )
        return self

    def _delta(self) -> float | None:
        if isinstance(self.weights, str):
            choice("weights", self.weights, ("log",))
            return None
        return real("weights", self.weights, lower=0.0, open_lower=True)

    def _means(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n K"]:
        k, delta = self.n_neighbors, self._delta()
        means = np.empty((len(X), len(self.classes_)))
        size = max(1, _ENTRIES // (k + 1))
        for start in range(0, len(X), size):
            piece = slice(start, start + size)
            r, near = neighbours(X[piece], self._X, k + 1, self.domain == "torus")
            w = neighbour_weights(r, delta)
            codes = self._codes[near[:, :k]]
            for c in range(means.shape[1]):
                means[piece, c] = np.where(codes == c, w, 0.0).sum(axis=1)
        return means


def neighbour_weights(
    r: Float[NDArray, "n k1"], delta: float | None
) -> Float[NDArray, "n k"]:
    """Return weights that sum to 1 for ascending distances to k + 1 neighbours.

    `delta` None is -log z. Rows with distances of 0 weigh these alone.
    """
    outer, inner = r[:, -1:], r[:, :-1]
    zero = inner[:, 0] == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        if delta is None:
            w = np.where(
                inner > outer / 2.0,
                -np.log1p((inner - outer) / outer),
                np.log(outer) - np.log(inner),
            )
            w[inner[:, 0] == outer[:, 0]] = 1.0
        else:
            w = np.exp(delta * (np.log(inner[:, :1]) - np.log(inner)))
    w[zero] = inner[zero] == 0.0
    found: NDArray = w / w.sum(axis=1, keepdims=True)
    return found


def neighbours(
    X: Float[NDArray, "n d"], Y: Float[NDArray, "m d"], k: int, torus: bool
) -> tuple[Float[NDArray, "n k"], Int[NDArray, "n k"]]:
    """Return distances to the k nearest points in one scale, and which they are.

    Distances within a row are in proportion to the true ones: the points are multiplied
    by a power of two, and queries so far away that all points are at one distance are
    drawn nearer. Distances whose squares would underflow are computed anew.
    """
    if torus:
        r, near = _dispatch.nearest(X, Y, k, period=1.0)
    else:
        power = _REACH - math.frexp(float(np.abs(Y).max()))[1]
        Y = np.ldexp(Y, power)
        tops = np.frexp(np.abs(X).max(axis=1))[1]
        X = np.ldexp(X, np.minimum(power, _FAR - tops)[:, None])
        r, near = _dispatch.nearest(X, Y, k)
    for i in np.flatnonzero(r[:, 0] < _NEAR):
        delta = X[i] - Y[near[i]]
        if torus:
            delta -= np.rint(delta)
        top = np.abs(delta).max(axis=1)
        unit = delta / np.where(top > 0.0, top, 1.0)[:, None]
        exact = top * np.sqrt((unit**2).sum(axis=1))
        order = np.argsort(exact, kind="stable")
        r[i], near[i] = exact[order], near[i][order]
    return r, near
