r"""The covering radius on the unit sphere, by the support function of the points.

|x - p|^2 = 2 - 2 <x, p>, so the farthest x has the least h(x) = max_i <x, p_i>, the
support function of the convex hull P, and the radius is sqrt(2 - 2 min h).

- If 0 is not in P, min h = -|z| with z the nearest point of P to 0, at x = -z/|z|:
  the points lie in a cap of less than half of the sphere. It is a convex problem.
- If 0 is in P, min h is the radius of the largest ball about 0 in P, hence the least
  distance from 0 to a facet, at its normal; 0 where P is flat.

z is found among few points at a time, by non-negative least squares: of all w >= 0,
|A w|^2 + (1 - sum w)^2 is least at a multiple of the mixture with the least |A w|.
"""

import math

import numpy as np
from scipy.optimize import nnls
from scipy.spatial import ConvexHull, QhullError

from geomadv._typing import Float, NDArray

_ZERO = 1e-12


def widest_arc(
    points: Float[NDArray, "n 2"],
) -> tuple[float, Float[NDArray, " 2"]]:
    """Return the covering radius on the circle and a point that attains it."""
    angles = np.sort(np.arctan2(points[:, 1], points[:, 0]))
    gaps = np.diff(np.append(angles, angles[0] + 2 * math.pi))
    widest = int(gaps.argmax())
    middle = angles[widest] + gaps[widest] / 2
    radius = 2 * math.sin(gaps[widest] / 4)
    return radius, np.array([math.cos(middle), math.sin(middle)])


def deepest_facet(
    points: Float[NDArray, "n d"],
) -> tuple[float, Float[NDArray, " d"]]:
    """Return the covering radius on the sphere and a point that attains it."""
    points = np.unique(points, axis=0)
    z = nearest_of_hull(points)
    size = float(np.linalg.norm(z))
    if size > _ZERO:
        x = -z / size
    else:
        try:
            planes = ConvexHull(points).equations
            x = planes[planes[:, -1].argmax(), :-1]
        except (QhullError, ValueError):  # flat, or fewer than d + 1 points
            x = np.linalg.svd(points)[2][-1]
    return float(np.sqrt(((points - x) ** 2).sum(axis=1).min())), x


def nearest_of_hull(points: Float[NDArray, "n d"]) -> Float[NDArray, " d"]:
    """Return the point of the convex hull that is nearest to 0, or 0."""
    active, z = [0], points[0]
    for _ in range(100 * points.shape[1]):
        heights = points @ z
        new = int(heights.argmin())
        square = float(z @ z)
        if square <= _ZERO**2 or heights[new] >= square - _ZERO or new in active:
            break
        active.append(new)
        A = points[active].T
        goal = np.append(np.zeros(len(A)), 1.0)
        w, _ = nnls(np.vstack([A, np.ones(len(active))]), goal)
        z = A @ (w / w.sum())
        active = [i for i, weight in zip(active, w, strict=True) if weight > 0]
    return z if z @ z > _ZERO**2 else np.zeros_like(z)
