r"""The cube and the torus of side 1: distances, images, volumes of balls.

**Images.** On the torus the points stand for all their integer translates, on the cube
for all their mirror images in the faces and in the faces of the images, P' in both
cases. For x in the cube |x_j - p_j| is at most |x_j + p_j| and |x_j - (2 - p_j)|, so
that the nearest point of P' is as far as the nearest point: mirror images change no
distance inside, and make the distance to P' a function on all of R^d that repeats
itself. It has a greatest value, at x say, and there is no face to stop at: x is a local
maximum of min |x - q| over R^d, hence in the interior of the convex hull of its nearest
points (a step u away from them would otherwise raise all |x + t u - q|, to the second
order if to none below). It is a vertex of the Voronoi diagram of P'.

**Balls.** If a ball of radius s about a point of the domain has volume v(s) at least,
then v is least at a corner of the cube, where it is P(U_1^2 + ... + U_d^2 <= s^2) for
independent uniform U_j on [0, 1], because |X_j - x_j| is below t <= 1 with probability
at least t for every x_j. On the torus it is U_j / 2. For s <= 1 this is the orthant of
a ball; beyond, squares are rounded up to a grid before they are added, which makes the
volume smaller, never larger.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import gammaln

from geomadv._random import generator
from geomadv._typing import Float, Int, NDArray

_BINS = 2**21


@dataclass(frozen=True)
class Box:
    """The cube [0, 1]^d, or the torus R^d / Z^d."""

    d: int
    torus: bool

    @property
    def diameter(self) -> float:
        """The greatest distance of two points."""
        return math.sqrt(self.d) * (0.5 if self.torus else 1.0)

    def sample(self, n: int, rng: np.random.Generator | int) -> Float[NDArray, "n d"]:
        """Return n independent uniform points."""
        return generator(rng).random((n, self.d))

    def fold(self, X: Float[NDArray, "*s d"]) -> Float[NDArray, "*s d"]:
        """Return the point of [0, 1)^d, or of [0, 1]^d, that each of X stands for."""
        if self.torus:
            X = X - np.floor(X)
            return np.where(X >= 1.0, 0.0, X)
        return np.abs(X - 2 * np.round(X / 2))

    def tree(self, points: Float[NDArray, "n d"]) -> cKDTree:
        """Return a tree of folded points that measures distances of the domain."""
        return cKDTree(points, boxsize=1.0 if self.torus else None)

    def steps(
        self, X: Float[NDArray, "n d"], points: Float[NDArray, "n k d"]
    ) -> Float[NDArray, "n k d"]:
        """Return the shortest steps from each of X to k points."""
        V = points - X[:, None]
        return V - np.round(V) if self.torus else V

    def images(
        self, points: Float[NDArray, "n d"], margin: float
    ) -> Float[NDArray, "m d"]:
        """Return the points and their nearest images within a margin of the cube."""
        for j in range(self.d):
            x = points[:, j]
            low, high = points[x <= margin], points[x >= 1 - margin]
            low, high = low.copy(), high.copy()
            low[:, j] = low[:, j] + 1 if self.torus else -low[:, j]
            high[:, j] = high[:, j] - 1 if self.torus else 2 - high[:, j]
            points = np.concatenate([points, low, high])
        return points

    def farthest(self, points: Float[NDArray, "n d"]) -> float:
        """Return the covering radius of the best single point, an upper bound."""
        if self.torus:
            return self.diameter
        corner = np.maximum(points, 1 - points)
        return float(np.sqrt((corner**2).sum(axis=1).min()))

    def ball_radius(self, volume: float) -> float:
        """Return a radius at which every ball of the domain has at least a volume."""
        radius = orthant_radius(self.d, volume)
        return min(self.diameter, radius / 2 if self.torus else radius)


def corners(d: int) -> Int[NDArray, "c d"]:
    """Return the 2^d corners of [-1, 1]^d."""
    return np.array(list(product((-1, 1), repeat=d)))


def orthant_radius(d: int, volume: float) -> float:
    """Return an s with P(U_1^2 + ... + U_d^2 <= s^2) >= volume; equality if s <= 1."""
    if volume <= 0.0:
        return 0.0
    log_ball = d / 2 * math.log(math.pi) - float(gammaln(d / 2 + 1)) - d * math.log(2)
    radius = math.exp(min((math.log(volume) - log_ball) / d, 1.0))
    if radius <= 1.0:
        return radius
    below, bins = _volumes(d)
    place = int(np.searchsorted(below, volume))
    return math.sqrt(place / bins) if place < len(below) else math.sqrt(d)


@lru_cache(maxsize=4)
def _volumes(d: int) -> tuple[Float[NDArray, " m"], int]:
    """Return lower bounds of P(U_1^2 + ... + U_d^2 <= i / bins), increasing in i."""
    bins = max(1, min(4096, _BINS // d))
    edges = np.sqrt(np.arange(bins + 1) / bins)
    size = d * bins + 1
    spectrum = np.fft.rfft(np.concatenate([[0.0], np.diff(edges)]), n=size) ** d
    below = np.cumsum(np.fft.irfft(spectrum, n=size)) - 1e-13 * math.sqrt(size)
    return np.maximum.accumulate(below), bins
