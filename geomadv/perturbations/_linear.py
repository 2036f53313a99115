r"""Distances to the boundary of linear classifiers, in closed form.

**Norms.** For f(x) = <w, x> + b and 1/p + 1/q = 1, Hölder's inequality gives
dist_p(x, {f = 0}) = |f(x)|/|w|_q; in a box the smallest step uses up the room of some
coordinates (see `geomadv_kernels.cpu.linear_margin`).

**Mahalanobis.** In the length sqrt(<delta, M delta>) it is |f|/sqrt(<w, M^-1 w>), by
the Cauchy-Schwarz inequality, with delta = -f M^-1 w/<w, M^-1 w>. For singular M: if w
is in the range of M, the same with the pseudo-inverse; otherwise w has a part u in the
kernel of M, and the step -f u/|u|^2 has length 0.

**On the sphere** |x| = R, by great circles: with theta the angle between x and w and
t = -b/(R |w|), the hyperplane cuts the sphere in the cap boundary at angle arccos t, at
distance R |theta - arccos t|, if |t| <= 1, and misses it otherwise.

**Several classes.** The points of another decision than c are the union of the
half-spaces {f_j >= f_c}, j != c, so that the distance is the least of those to each.

Sources: Moosavi-Dezfooli, Fawzi, Frossard (2016), "DeepFool", arXiv:1511.04599 (the
linear step); the rest is derived here.
"""

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray
from geomadv.perturbations._forms import Affine
from geomadv.perturbations._result import Perturbation, least

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
_RANK = 1e-12  # relative size below which an eigenvalue of a metric is 0


def in_norm(
    form: Affine, X: Float[NDArray, "n d"], p: float, box: Box | None
) -> Perturbation:
    """Return the smallest steps in an l_p norm, inside a box if there is one."""

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        w, b = _difference(form, c, j)
        if box is None:
            _, distance, delta = _dispatch.linear_perturbation(rows, w, b, p=p)
        else:
            _, distance, delta = _dispatch.box_perturbation(rows, w, b, *box, p=p)
        return distance, delta

    return least(form, X, steps)


def in_metric(
    form: Affine, X: Float[NDArray, "n d"], M: Float[NDArray, "d d"]
) -> Perturbation:
    """Return the smallest steps in the length sqrt(<delta, M delta>)."""
    eigenvalues, V = np.linalg.eigh(M)
    ranged = eigenvalues > _RANK * eigenvalues[-1]
    roots = np.where(ranged, np.sqrt(np.maximum(eigenvalues, 0.0)), 1.0)

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        w, b = _difference(form, c, j)
        parts = V.T @ w
        free = np.where(ranged, 0.0, parts)
        f = rows @ w + b
        if np.linalg.norm(free) > _RANK * np.linalg.norm(w):
            direction, length = V @ free / (free @ free), 0.0
        else:
            scaled = np.where(ranged, parts / roots, 0.0)
            size = float(np.linalg.norm(scaled))
            if size == 0.0:
                return np.where(f == 0.0, 0.0, np.inf), np.zeros(rows.shape)
            direction, length = V @ (scaled / roots) / size**2, 1.0 / size
        return np.abs(f) * length, -f[:, None] * direction

    return least(form, X, steps)


def on_sphere(form: Affine, X: Float[NDArray, "n d"]) -> Perturbation:
    """Return the shortest arcs on the spheres |x| = const; `delta` is the chord."""

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        w, b = _difference(form, c, j)
        R = np.linalg.norm(rows, axis=1)
        norm = np.linalg.norm(w)
        f = rows @ w + b
        if norm == 0.0:
            return np.where(f == 0.0, 0.0, np.inf), np.zeros(rows.shape)
        u = w / norm
        height = rows @ u
        across = rows - height[:, None] * u
        radius = np.linalg.norm(across, axis=1)
        pole = radius <= 1e-15 * R  # any direction will do there
        across[pole] = _perpendicular(u)
        across /= np.linalg.norm(across, axis=1)[:, None]
        level = -b / norm  # the height of the hyperplane
        meets = np.abs(level) <= R
        other = np.sqrt(np.maximum((R - level) * (R + level), 0.0))
        angle = np.arctan2(radius, height) - np.arctan2(other, level)
        # level - height = -f/|w|, which keeps its digits near the hyperplane
        rise = -f / norm
        delta = rise[:, None] * u + (other - radius)[:, None] * across
        near = np.abs(angle) < 1e-4
        chord = np.linalg.norm(delta, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            small = 2.0 * R * np.arcsin(np.minimum(chord / (2.0 * R), 1.0))
        arc = np.where(near, small, R * np.abs(angle))
        arc = np.where(meets, arc, np.inf)
        arc[f == 0.0] = 0.0
        delta[~meets | (f == 0.0)] = 0.0
        return arc, delta

    return least(form, X, steps)


def _perpendicular(u: NDArray) -> NDArray:
    """Return a unit vector perpendicular to a unit vector."""
    axis = np.zeros(u.size)
    axis[np.abs(u).argmin()] = 1.0
    rest = axis - u[np.abs(u).argmin()] * u
    size = np.linalg.norm(rest)
    return rest / size if size > 0 else rest


def _difference(form: Affine, c: int, j: int | None) -> tuple[NDArray, float]:
    """Return w and b of f_c - f_j, or of f_c."""
    if j is None:
        return form.W[c], float(form.b[c])
    return form.W[c] - form.W[j], float(form.b[c] - form.b[j])
