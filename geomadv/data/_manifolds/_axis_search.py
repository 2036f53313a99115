r"""The distance of points of the plane to the zeros of a difference of distances.

g(x) = dist(x, C_+) - dist(x, C_-) has the Lipschitz constant 2, so the disc of radius
|g(x)|/2 about x has no zero of g, and g changes its sign on the way from x to any point
where its sign is another. A search that halves squares keeps those that the first fact
does not clear and that are nearer than the best zero; what it keeps last bounds the
distance from below. Where both feet of x are on one line through it, on its two sides,
g changes at the rate 2 towards the farther class, and the two facts meet at once.
"""

from collections.abc import Callable

import numpy as np

from geomadv._typing import Float, NDArray

Gap = Callable[[Float[NDArray, "m 2"]], Float[NDArray, " m"]]


def zero_distance(
    gap: Gap,
    X: Float[NDArray, "n 2"],
    others: Float[NDArray, "n 2"],
    tolerance: float,
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds on the distances of points to the zeros of g.

    `others` are points where the sign of g differs from that at X. The bounds are
    within `tolerance` of each other.
    """
    values = gap(X)
    upper = np.where(values == 0, 0.0, _crossing(gap, X, others, np.sign(values)))
    lower = np.minimum(np.abs(values) / 2, upper)
    for i in np.flatnonzero(upper - lower > tolerance):
        upper[i] = _search(gap, X[i], float(np.sign(values[i])), upper[i], tolerance)
        lower[i] = max(lower[i], upper[i] - tolerance)
    return lower, upper


def _search(
    gap: Gap, x: Float[NDArray, " 2"], sign: float, upper: float, tolerance: float
) -> float:
    """Return the distance of a zero that none is nearer than by the tolerance."""
    half, centres = upper, x[np.newaxis]
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    while len(centres):
        half /= 2
        centres = (centres[:, np.newaxis] + half * corners).reshape(-1, 2)
        values = gap(centres)
        reached = np.linalg.norm(centres - x, axis=1)
        reached[np.sign(values) == sign] = np.inf
        best = int(reached.argmin())
        if reached[best] < upper:
            end = centres[best : best + 1]
            found = _crossing(gap, x[np.newaxis], end, np.array([sign]))
            upper = min(upper, float(found[0]))
        nearest = np.linalg.norm(np.maximum(np.abs(centres - x) - half, 0.0), axis=1)
        kept = np.abs(values) <= 2 * np.sqrt(2) * half
        centres = centres[kept & (nearest < upper - tolerance)]
    return upper


def _crossing(
    gap: Gap,
    X: Float[NDArray, "n 2"],
    others: Float[NDArray, "n 2"],
    signs: Float[NDArray, " n"],
) -> Float[NDArray, " n"]:
    """Return how far along the ways from X to others the sign has changed."""
    low, high = np.zeros(len(X)), np.ones(len(X))
    for _ in range(54):
        middle = (low + high) / 2
        same = np.sign(gap(X + middle[:, np.newaxis] * (others - X))) == signs
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.asarray(high * np.linalg.norm(others - X, axis=1))
