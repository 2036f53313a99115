r"""The covering radius in a cube or a torus of dimension 1, 2 or 3, up to rounding.

The farthest point x* is a vertex of the Voronoi diagram of the points and their images
(see `_domain`). A short branch and bound gives an upper bound U of the radius and boxes
that contain x* (or a point as good). The nearest points of x* are within U of it, so
images within U of the boxes are enough: their Delaunay triangulation contains the
simplex about x*, whose ball is empty among all images and more so among fewer. The
circumcentres of this triangulation are folded back, their distances to the points are
measured (any of them is a lower bound, whether or not the ball is empty among the
images left out), and the greatest one is the radius.

A margin compared with the radius found would prove nothing: where a hole at a face is
wider than the margin, its mirror image is missing, and the hole's vertex moves out of
the cube unseen. The bound U comes first.

Circumcentres are read off the facets of the lifted hull: Qhull keeps one plane for all
simplices of cospherical points, so lattices and repeated points do no harm.
"""

import math

import numpy as np
from scipy.spatial import Delaunay, QhullError, cKDTree

from geomadv._typing import Float, NDArray
from geomadv.error_sets._boxes import search
from geomadv.error_sets._domain import Box

_ROUGH, _BUDGET = 0.03, 2**18
_FINE = 1e-9


def widest_gap(
    domain: Box, points: Float[NDArray, "n 1"]
) -> tuple[float, Float[NDArray, " 1"]]:
    """Return the covering radius in dimension 1 and a point that attains it."""
    x = np.sort(points[:, 0])
    if domain.torus:
        ends = np.append(x, x[0] + 1)
        middles, radii = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    else:
        middles = np.concatenate([[0.0], (x[1:] + x[:-1]) / 2, [1.0]])
        radii = np.concatenate([[x[0]], np.diff(x) / 2, [1 - x[-1]]])
    widest = int(radii.argmax())
    return float(radii[widest]), domain.fold(middles[widest : widest + 1])


def farthest_vertex(
    domain: Box, points: Float[NDArray, "n d"]
) -> tuple[float, float, Float[NDArray, " d"]]:
    """Return the covering radius twice and a point that attains it, or its bounds.

    The two bounds differ, by a relative 1e-9, only where Qhull refuses the points.
    """
    points = np.unique(points, axis=0)
    tree = domain.tree(points)
    rough = search(domain, points, _ROUGH, _BUDGET)
    if len(rough.centres) == 0:
        return rough.lower, rough.upper, rough.witness
    near = domain.images(points, rough.upper)
    reach = rough.upper + rough.halves.max() * math.sqrt(domain.d)
    boxes = cKDTree(rough.centres)
    found, _ = boxes.query(near, distance_upper_bound=reach * (1 + 1e-9), workers=-1)
    near = np.unique(near[np.isfinite(found)], axis=0)
    try:
        triangulation = Delaunay(near)
    except QhullError:
        fine = search(domain, points, _FINE, _BUDGET)
        return fine.lower, fine.upper, fine.witness
    centres = circumcentres(triangulation)
    centres = centres[((centres >= -1) & (centres <= 2)).all(axis=1)]
    centres = domain.fold(centres)
    distances = tree.query(centres, workers=-1)[0]
    if distances.size == 0 or distances.max() < rough.lower * (1 - 1e-12):
        fine = search(domain, points, _FINE, _BUDGET)
        return fine.lower, fine.upper, fine.witness
    best = int(distances.argmax())
    radius = float(distances[best])
    return radius, radius, centres[best]


def circumcentres(triangulation: Delaunay) -> Float[NDArray, "m d"]:
    """Return the centres of the circumscribed balls of a Delaunay triangulation."""
    planes = triangulation.equations
    lowered = planes[planes[:, -2] < 0]
    return -lowered[:, :-2] / (2 * triangulation.paraboloid_scale * lowered[:, -2:-1])
