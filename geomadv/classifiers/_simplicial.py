r"""Simplicial interpolation: labels interpolated affinely on Delaunay's simplices.

If x lies in the simplex with the vertices x_0, ..., x_d of the Delaunay triangulation
of the training points, and l_i are its barycentric coordinates, x = sum l_i x_i, then

    eta(x) = sum_i l_i y_i.

Belkin, Hsu, Mitra (2018), Overfitting or perfect fitting?, arXiv:1806.05161, section 3
(numbering unverified). The coordinates of a uniform point in a simplex are uniform on
the probability simplex, so that E sum l_i^2 = 2/(d + 2). With labels that are wrong
independently with probability nu and a Bayes classifier that is constant, eta at such a
point is Beta(k, d + 1 - k), k the binomial number of wrong vertices, and the share of
wrong decisions is

    sum_k C(d + 1, k) nu^k (1 - nu)^(d + 1 - k) P(Beta(k, d + 1 - k) > 1/2),

.176 for nu = .2 in the plane: not consistent in any fixed d (at d = 1 it is nu), but
exponentially close to it as d grows. In d = 1 the function is piecewise linear.

Random points have about 2, 7, 32, 186 and 1300 simplices each for d = 2, ..., 6. Beyond
d = 6, and where the triangulation would take more than about a quarter of a gigabyte
(400 points in d = 6, 3600 in d = 5), the simplex of a query comes from a linear program
of its own; so it does on the torus beyond d = 3, where 3^d copies may be needed.
"""

from typing import Any

import numpy as np
from scipy.spatial import QhullError

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice
from geomadv.classifiers._containing import Programs
from geomadv.classifiers._labels import Interpolant
from geomadv.classifiers._triangulation import (
    PeriodicTriangulation,
    TooManySimplicesError,
    Triangulation,
    affordable,
)
from geomadv.classifiers._weighted_neighbours import neighbours

OUTSIDE = ("nearest", "uniform", "prior", "error")
METHODS = ("auto", "triangulation", "program")
_FLAT = 1e-9  # the distance from the points' plane, in their size, that counts as 0


class SimplicialInterpolant(Interpolant):
    """Interpolate labels affinely on the simplices of the Delaunay triangulation.

    Parameters
    ----------
    outside : {"nearest", "uniform", "prior", "error"}
        What is estimated outside the convex hull of the points: the labels of the
        nearest one, 1/K for each class (the decision is the first one), the shares of
        the classes among all labels, or a ValueError.
    domain : {"cube", "torus"}, optional
        The triangulation of the torus of side 1 has no outside. "cube" refuses points
        outside [0, 1]^d. By default R^d.
    method : {"auto", "triangulation", "program"}
        Whether all simplices are made by `fit`, or one for each query when it comes, by
        a linear program. "auto" triangulates up to d = 6 (on the torus 3) if it is not
        too large.

    Attributes
    ----------
    classes_ : (K,) array
        The labels.
    method_ : str
        "triangulation" or "program".
    rank_ : int
        The dimension of the points' affine hull.

    Notes
    -----
    Duplicates are merged: a place has the mean of its labels, and the decision there is
    their majority (of equal ones the first class). If all points lie in a plane of
    fewer dimensions, they are triangulated there, and what is off the plane by more
    than 1e-9 of their size is outside. Where more than d + 1 points lie on a sphere the
    triangulation is not unique; Qhull's is taken, or one for each query by programs. On
    the torus it may then differ at opposite edges of the cube, where estimates jump.
    Points that Qhull cannot tell from others keep their label at the point alone.

    The two methods agree to 1e-14 on random points for d up to 5. In d = 10 with 1000
    points a program takes about .7 ms, with 10 000 points 4 ms.

    Examples
    --------
    >>> X, y = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0, 1, 0]
    >>> model = SimplicialInterpolant(outside="uniform").fit(X, y)
    >>> model.predict_proba([[0.25, 0.25], [1.0, 0.0], [1.0, 1.0]])
    array([[0.75, 0.25],
           [0.  , 1.  ],
           [0.5 , 0.5 ]])
    """

    def __init__(
        self,
        outside: str = "nearest",
        domain: str | None = None,
        method: str = "auto",
    ) -> None:
        self.outside = outside
        self.domain = domain
        self.method = method

    def fit(self, X: ArrayLike, y: ArrayLike) -> "SimplicialInterpolant":
        """Triangulate the points, or keep them for linear programs.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Labels.

        Returns
        -------
        SimplicialInterpolant
            Itself.

        Raises
        ------
        ValueError, TypeError
            If there is only one class, among other bad input, or if the triangulation
            that `method` demands is not possible.
        """
        choice("outside", self.outside, OUTSIDE)
        choice("method", self.method, METHODS)
        _, codes = self._sample(X, y)
        self._prior = np.bincount(codes) / len(codes)
        torus, places = self.domain == "torus", self._places.points
        self._frame = None if torus else _Frame(places)
        inner = places if self._frame is None else self._frame(places)[0]
        self.rank_ = inner.shape[1]
        self._inner: Any = None
        moderate = affordable(len(inner), self.rank_) and not (torus and self.rank_ > 3)
        if self.method == "triangulation" or (self.method == "auto" and moderate):
            try:
                if self.rank_ > 0:
                    self._inner = (
                        PeriodicTriangulation(inner) if torus else Triangulation(inner)
                    )
            except (QhullError, TooManySimplicesError) as error:
                if self.method != "auto":
                    reason = " ".join(str(error).split())[:100]
                    raise ValueError(
                        "method must be 'program' for these points, got "
                        f"'triangulation', which fails: {reason}"
                    ) from error
        self.method_ = "program" if self._inner is None else "triangulation"
        if self._inner is None and self.rank_ > 0:
            self._inner = Programs(inner, torus=torus)
        return self

    def _means(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n K"]:
        means = np.zeros((len(X), len(self.classes_)))
        inside, inner = np.ones(len(X), bool), X
        if self._frame is not None:
            inner, inside = self._frame(X)
        if self.rank_ == 0:
            inside[:] = False
        if inside.any():
            vertices, weights = self._inner.locate(inner[inside])
            for c in range(means.shape[1]):
                shares = self._places.shares[:, c]
                means[inside, c] = (shares[vertices] * weights).sum(axis=1)
            inside[inside] = vertices[:, 0] >= 0
        if not inside.all():
            means[~inside] = self._beyond(X[~inside])
        return means

    def _beyond(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "*n K"]:
        """Return the estimates outside the hull."""
        if self.outside == "error":
            raise ValueError(
                "X must lie in the convex hull of the training points, got "
                f"{len(X)} points outside: outside='nearest' allows them"
            )
        if self.outside == "nearest":
            torus = self.domain == "torus"
            _, near = neighbours(X, self._places.points, 1, torus)
            return self._places.shares[near[:, 0]]
        if self.outside == "prior":
            return self._prior
        return np.full(len(self.classes_), 1.0 / len(self.classes_))


class _Frame:
    """Coordinates of about 1 in the affine hull of points."""

    def __init__(self, points: Float[NDArray, "m d"]) -> None:
        self.centre = points.min(axis=0) / 2.0 + points.max(axis=0) / 2.0
        self.power = -int(np.frexp(np.abs(points / 2.0 - self.centre / 2.0).max())[1])
        self.basis: NDArray | None = None
        moved = self._moved(points)
        moved = moved - moved.mean(axis=0)
        _, values, rows = np.linalg.svd(moved, full_matrices=False)
        limit = max(moved.shape) * np.finfo(float).eps * values.max(initial=0.0)
        rank = int((values > limit).sum())
        if rank < points.shape[1]:
            self.basis, self.origin = rows[:rank], self._moved(points[:1])[0]

    def _moved(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n d"]:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.ldexp(X / 2.0 - self.centre / 2.0, self.power)

    def __call__(self, X: Float[NDArray, "n d"]) -> tuple[NDArray, NDArray]:
        """Return coordinates, and whether the points lie in the hull's plane."""
        moved = self._moved(X)
        # What is farther is outside anyway
        inside = np.asarray((np.abs(moved) < 2.0).all(axis=1))
        moved = np.where(inside[:, None], moved, 0.0)
        if self.basis is None:
            return moved, inside
        flat = (moved - self.origin) @ self.basis.T
        off = moved - self.origin - flat @ self.basis
        return flat, inside & (np.abs(off).max(axis=1) <= _FLAT)
