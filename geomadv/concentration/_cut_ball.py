r"""A ball cut by a box: what is left of an l_2 ball in the range of the data.

Where all points lie in a box K, a region E outside of K holds nothing, and its
enlargement may be wide there. So E = B(c, r) & K has the measure of the ball, and only
those points lie within eps of it that reach the ball without leaving K: fewer, where
the way to c leads out of K. Pixels are an example, many of which are black and cannot
become blacker.

Distance. B(c, r) & K is convex. The nearest point to x minimises, for some s in [0, 1],
(1 - s)||z - x||^2 + s||z - c||^2 over z in K, coordinate by coordinate:

    z(s) = clip(x + s(c - x), lower, upper),   s the least with ||z(s) - c|| <= r.

||z(s) - c|| falls with s. While the clipped coordinates stay the same ones, it is
sqrt((1 - s)^2 A + B), A = sum (x_i - c_i)^2 over the others and B = sum (z_i - c_i)^2
over the clipped, so that s = 1 - sqrt((r^2 - B)/A); this is repeated until it settles,
inside a bracket that bisection closes where it does not.

The score -||x - z|| is 1-Lipschitz as every distance is; {score >= 0} is E, and
{score >= -eps} its enlargement, exactly.

Descent. By the envelope theorem the distance D has the derivatives -m in r and
-m (z - c)/r in c, m = s r/(D (1 - s)) the multiplier of the ball: 1 without a box, more
where the box is in the way. With r set by the mass, the share near E changes by

    < E[m (z - c)/r | D = eps] - E[m | D = eps] E[(x - c)/r | ||x - c|| = r], dc >

times the density of D at eps. Conditional means are averages over fitted points with a
normal weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import points, real, real_array
from geomadv.concentration._levels import needed

_ITERATIONS = 80
_SETTLED = 1e-14
_SINGLE = 1e-6
_BLOCK = 2**17
_DESCENT = 20_000
_BANDWIDTH = 0.4  # of eps
_SPREAD = 0.1  # of the standard deviation of distances
_CUT = 2.5
_LENGTH = 0.2
_MOMENTUM = 0.9
_STEEPEST = 5.0


@dataclass(frozen=True, eq=False)
class CutBall:
    """The part of an l_2 ball in a box.

    Parameters
    ----------
    centre : (d,) array
        Its centre, anywhere.
    radius : float
        Its radius, above 0.
    lower, upper : (d,) arrays
        Corners of the box, which the ball must meet; -inf and inf are allowed.
    reach : float
        Distances are told up to this one: farther points all have the score -reach.

    Examples
    --------
    The disc of radius 5 about (0, -4) meets the upper half-plane in a segment's bulge
    from (-3, 0) to (3, 0):

    >>> cap = CutBall(np.array([0.0, -4]), 5.0, np.array([-9.0, 0]), np.array([9.0, 9]))
    >>> cap.score([[0.0, 1.0], [0.0, 2.0], [4.0, 0.0], [0.0, -2.0]]).round(9).tolist()
    [0.0, -1.0, -1.0, -2.0]
    """

    centre: Float[NDArray, " d"]
    radius: float
    lower: Float[NDArray, " d"]
    upper: Float[NDArray, " d"]
    reach: float = np.inf

    def __post_init__(self) -> None:
        centre = real_array("centre", self.centre, ndim=1)
        radius = real("radius", self.radius, lower=0.0, open_lower=True)
        lower = real_array("lower", self.lower, ndim=1, infinite=True)
        upper = real_array("upper", self.upper, ndim=1, infinite=True)
        if not lower.shape == upper.shape == centre.shape:
            raise ValueError(
                f"lower and upper must be corners of a box in R^{centre.size}, got "
                f"shapes {lower.shape} and {upper.shape}"
            )
        if not (lower <= upper).all():
            raise ValueError("lower must be at most upper in each coordinate")
        nearest = np.clip(centre, lower, upper) - centre
        if not np.linalg.norm(nearest) <= radius:
            raise ValueError(
                f"radius must be at least {np.linalg.norm(nearest)!r}, the distance of "
                f"the centre to the box, got {radius!r}"
            )
        if not self.reach > 0.0:
            raise ValueError(f"reach must be above 0, got {self.reach!r}")
        object.__setattr__(self, "centre", centre)
        object.__setattr__(self, "radius", radius)
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    def score(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return minus the distance of each of the points X, at least -reach."""
        array = points("X", X, d=self.centre.size)
        result = np.full(array.shape[0], -self.reach)
        for rows in _blocks(*array.shape):
            result[rows] = np.maximum(self._score(array[rows]), -self.reach)
        return result

    def _score(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        far = from_centre(X, self.centre) - self.radius
        result = -far
        close = np.flatnonzero(far < self.reach)
        rows = X[close]
        out = np.linalg.norm(rows - np.clip(rows, self.lower, self.upper), axis=1)
        result[close] = np.where(out > 0.0, -np.inf, 0.0)
        close = close[((far[close] > 0.0) | (out > 0.0)) & (out < self.reach)]
        z, _ = nearest_points(
            X[close], self.centre, self.radius, self.lower, self.upper
        )
        result[close] = -np.linalg.norm(X[close] - z, axis=1)
        return result


def from_centre(
    X: Float[NDArray, "n d"], centre: Float[NDArray, " d"]
) -> Float[NDArray, " n"]:
    """Return the l_2 distances of points to a centre, each by itself."""
    result = np.empty(X.shape[0], dtype=np.result_type(X, centre))
    for rows in _blocks(*X.shape):
        result[rows] = np.linalg.norm(X[rows] - centre, axis=1)
    return result


def nearest_points(
    X: Float[NDArray, "n d"],
    centre: Float[NDArray, " d"],
    radius: float,
    lower: Float[NDArray, " d"],
    upper: Float[NDArray, " d"],
) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
    """Return the nearest points of B(centre, radius) & box, and their s.

    Notes
    -----
    In double precision s settles to 1e-14; float32 is enough for gradients.
    """
    way = centre - X
    squares = way**2
    low, high = np.zeros(X.shape[0]), np.ones(X.shape[0])
    size = np.sqrt(squares.sum(axis=1, dtype=np.float64))
    s = np.clip(1.0 - radius / np.maximum(size, 1e-300), 0.0, 1.0)
    left = np.arange(X.shape[0])
    close = _SETTLED if X.dtype == np.float64 else _SINGLE
    for _ in range(_ITERATIONS):
        if not left.size:
            break
        at = s[left]
        line = X[left] + at[:, None].astype(X.dtype) * way[left]
        z = np.clip(line, lower, upper)
        free = z == line
        offset = np.where(free, 0.0, (z - centre) ** 2).sum(axis=1, dtype=np.float64)
        slope = np.where(free, squares[left], 0.0).sum(axis=1, dtype=np.float64)
        inside = (1.0 - at) ** 2 * slope + offset <= radius**2
        high[left] = np.where(inside, np.minimum(at, high[left]), high[left])
        low[left] = np.where(inside, low[left], np.maximum(at, low[left]))
        rest = np.maximum(radius**2 - offset, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = 1.0 - np.sqrt(rest / slope)
        settled = np.abs(new - at) <= close
        within = (new > low[left]) & (new < high[left])
        s[left] = np.where(settled, at, np.where(within, new, (low + high)[left] / 2))
        left = left[~settled & (high[left] - low[left] > _SETTLED)]
    nearest = np.clip(X + s[:, None].astype(X.dtype) * way, lower, upper)
    return np.asarray(nearest), s


def box_of(X: Float[NDArray, "n d"]) -> tuple[NDArray, NDArray]:
    """Return corners of the range of points of float32, rounded outwards."""
    lower, upper = X.min(axis=0), X.max(axis=0)
    return (
        np.nextafter(lower, -np.inf, dtype=lower.dtype).astype(np.float64),
        np.nextafter(upper, np.inf, dtype=upper.dtype).astype(np.float64),
    )


def fitted(
    X: Float[NDArray, "n d"],
    centre: Float[NDArray, " d"],
    box: tuple[NDArray, NDArray],
    *,
    eps: float,
    mass: float,
) -> CutBall | None:
    """Return the cut ball about a centre that holds a share of the points.

    None where fewer points lie in the box, or all of those at the centre.
    """
    lower, upper = box
    to = from_centre(X, centre)
    for rows in _blocks(*X.shape):
        part = X[rows]
        to[rows][~((lower <= part) & (upper >= part)).all(axis=1)] = np.inf
    k = needed(X.shape[0], mass)
    radius = float(np.partition(to, k - 1)[k - 1])
    if not 0.0 < radius < np.inf:
        return None
    return CutBall(centre, radius, lower, upper, 2.0 * eps)


def descend(
    X: Float[NDArray, "n d"],
    centre: Float[NDArray, " d"],
    box: tuple[NDArray, NDArray],
    *,
    eps: float,
    mass: float,
    steps: int,
) -> Float[NDArray, " d"]:
    """Return the centre after a gradient descent of the share near the cut ball.

    Parameters
    ----------
    X : (n, d) array
        Points in the box; 20 000 of them are used at most.
    centre : (d,) array
        Where it starts.
    box : pair of (d,) arrays
        Corners of the box.
    eps : float
        Size of the enlargement, above 0.
    mass : float
        Share of the points in the region, kept.
    steps : int
        How many steps; their length falls to 0.
    """
    X = X[:_DESCENT]
    k = needed(X.shape[0], mass)
    lower, upper = (corner.astype(X.dtype) for corner in box)
    centre = centre.copy()
    speed = np.zeros_like(centre)
    squares = np.einsum("ij,ij->i", X, X)
    for step in range(steps):
        c = centre.astype(X.dtype)
        to = np.sqrt(np.maximum(squares - 2 * (X @ c) + c @ c, 0)).astype(np.float64)
        radius = float(np.partition(to, k - 1)[k - 1])
        width = max(_BANDWIDTH * eps, _SPREAD * float(to.std()))
        inner = _weights(to - radius, width)
        close = np.flatnonzero((to > radius) & (to < radius + eps + _CUT * width))
        if not close.size or not radius > 0.0:
            break
        z, s = nearest_points(X[close], c, radius, lower, upper)
        distance = np.linalg.norm(X[close] - z, axis=1).astype(np.float64)
        outer = _weights(distance - eps, width)
        outer *= multipliers(s, distance, radius)
        near = (outer @ z - outer.sum() * centre) / radius
        turned = np.divide(inner, to, out=np.zeros_like(to), where=to > 0.0)
        on = np.flatnonzero(turned)
        held = turned[on].astype(X.dtype) @ X[on] - turned.sum() * centre
        speed = _MOMENTUM * speed + near - outer.sum() * held
        centre = centre - _LENGTH * (1.0 - step / steps) * radius * speed
    return centre


def _blocks(n: int, d: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(d, 1))
    for start in range(0, n, step):
        yield slice(start, start + step)


def multipliers(
    s: Float[NDArray, " n"], distance: Float[NDArray, " n"], radius: float
) -> Float[NDArray, " n"]:
    """Return by how much distances fall as the radius grows, 5 where it is more."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = s * radius / (distance * (1.0 - s))
    return np.where(steep < _STEEPEST, steep, _STEEPEST)


def _weights(z: Float[NDArray, " n"], width: float) -> Float[NDArray, " n"]:
    """Return normal weights of sum 1, where no point is near those of the nearest."""
    z = np.abs(z) / width
    z = z - z.min()
    weights = np.where(z < _CUT, np.exp(-0.5 * np.minimum(z, _CUT) ** 2), 0.0)
    return np.asarray(weights / weights.sum())
