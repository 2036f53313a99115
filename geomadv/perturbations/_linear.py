r"""Distances to the boundary of linear classifiers, in closed form.

**Norms.** For f(x) = <w, x> + b and 1/p + 1/q = 1, Hölder's inequality gives
dist_p(x, {f = 0}) = |f(x)|/|w|_q; in a box the smallest step uses up the room of some
coordinates (see `geomadv_kernels.cpu.linear_margin`).

**Mahalanobis.** In the length sqrt(<delta, M delta>) it is |f|/sqrt(<w, M^-1 w>), by
the Cauchy-Schwarz inequality, with delta = -f M^-1 w/<w, M^-1 w>. For singular M: if w
is in the range of M, the same with the pseudo-inverse; otherwise w has a part u in the
kernel of M, and the step -f u/|u|^2 has length 0. Coordinates are first scaled by
powers of two to M_ii of about 1 (the condition number that matters is then within d of
the least by any scaling: van der Sluis 1969), and eigenvalues below some d 2^-48 of the
largest are 0 unless Cholesky's factorisation succeeds. Where the inverse may be off by
more than 1e-6, the distance is not called exact, and the lower bound is less by that.

**On the sphere** |x| = R, by great circles: with theta the angle between x and w and
t = -b/(R |w|), the hyperplane cuts the sphere in the cap boundary at angle arccos t, at
distance R |theta - arccos t|, if |t| < 1. If |t| > 1 it misses the sphere, and if
|t| = 1 it touches it in a point where no sign changes: the distance is infinite. The
circle in which they meet has the radius

    s' = sqrt(s^2 - f(x) f(-x)/|w|^2),    s = |x - <x, w> w/|w|^2|,

since f(x) f(-x) = b^2 - <w, x>^2, and s' - s = -f(x) f(-x)/(|w|^2 (s + s')): these keep
their digits where R^2 - (b/|w|)^2 has lost them, near the poles +-R w/|w|.

**Several classes.** The points of another decision than c are the union of the
half-spaces {f_j >= f_c}, j != c, so that the distance is the least of those to each.

Sources: Moosavi-Dezfooli, Fawzi, Frossard (2016), "DeepFool", arXiv:1511.04599 (the
linear step); the rest is derived here.
"""

from dataclasses import replace

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.perturbations._forms import Affine, exponent
from geomadv.perturbations._result import Perturbation, least

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
_RANK = 2.0**-48  # times d: of the largest eigenvalue, the rounding of the others
_LOOSE = 1e-6  # relative error up to which a distance counts as exact


def in_norm(
    form: Affine, X: Float[NDArray, "n d"], p: float, box: Box | None
) -> Perturbation:
    """Return the smallest steps in an l_p norm, inside a box if there is one."""

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        w, b = _difference(form, c, j)
        if box is None:
            _, distance, delta = _dispatch.linear_perturbation(rows, w, b, p=p)
            lost = ~np.isfinite(distance)
            if lost.any() and w.any():  # <w, x> may have overflown
                small, v, a, far, _ = _small(rows[lost], w, b)
                _, *found = _dispatch.linear_perturbation(small, v, a, p=p)
                distance[lost] = np.ldexp(found[0], far)
                delta[lost] = np.ldexp(found[1], far)
        else:
            _, distance, delta = _dispatch.box_perturbation(rows, w, b, *box, p=p)
        return distance, delta

    return least(form, X, steps)


def _small(
    rows: Float[NDArray, "n d"], w: Float[NDArray, " d"], b: float
) -> tuple[NDArray, NDArray, float, int, int]:
    """Return 2^-j x, 2^-k w and 2^-(j + k) b of size 1 or less, j and k."""
    far, size = (exponent(array) for array in (rows, w))
    b = float(np.ldexp(b, -far - size))
    return np.ldexp(rows, -far), np.ldexp(w, -size), b, far, size


def balanced(M: Float[NDArray, "d d"]) -> tuple[Int[NDArray, " d"], NDArray]:
    """Return exponents s and C with M_ij = 2^(s_i + s_j) C_ij and C_ii about 1.

    Where M_ii is 0, so are its row and column.
    """
    s = (np.frexp(np.diag(M))[1] + 1) // 2
    return s, np.ldexp(M, -(s[:, None] + s))


def ranges(eigenvalues: Float[NDArray, " d"]) -> Bool[NDArray, " d"]:
    """Return which eigenvalues are not 0, up to rounding."""
    return np.asarray(eigenvalues > _RANK * len(eigenvalues) * eigenvalues.max())


def in_metric(
    form: Affine, X: Float[NDArray, "n d"], M: Float[NDArray, "d d"]
) -> Perturbation:
    """Return the smallest steps in the length sqrt(<delta, M delta>)."""
    scale, C = balanced(M)
    eigenvalues, V = np.linalg.eigh(C)
    ranged = ranges(eigenvalues) | _definite(C)
    if ranged.all():
        eigenvalues = np.maximum(eigenvalues, 2.0**-53 * eigenvalues[-1])
    roots = np.where(ranged, np.sqrt(np.maximum(eigenvalues, 0.0)), 1.0)

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        w, b = _difference(form, c, j)
        with np.errstate(over="ignore", invalid="ignore"):
            f, power = rows @ w + b, np.zeros(len(rows), int)
        lost = ~np.isfinite(f)
        if lost.any():
            small, v, a, far, around = _small(rows[lost], w, b)
            f[lost], power[lost] = small @ v + a, far + around
        parts = V.T @ np.ldexp(w, -scale)
        size = np.frexp(np.abs(parts).max(initial=0.0))[1]
        parts, f = np.ldexp(parts, -size), np.ldexp(f, power - size)
        free = np.where(ranged, 0.0, parts)
        if np.linalg.norm(free) > _RANK * len(w) * np.linalg.norm(parts):
            direction, length = V @ free / (free @ free), 0.0
        else:
            scaled = np.where(ranged, parts / roots, 0.0)
            norm = float(np.linalg.norm(scaled))
            if norm == 0.0:
                return np.where(f == 0.0, 0.0, np.inf), np.zeros(rows.shape)
            direction, length = V @ (scaled / roots) / norm**2, 1.0 / norm
        return np.abs(f) * length, np.ldexp(-f[:, None] * direction, -scale)

    found = least(form, X, steps)
    # by how much the inverse may be off
    error = _RANK * len(C) * eigenvalues.max() / eigenvalues[ranged].min(initial=np.inf)
    if error <= _LOOSE:
        return found
    sure = np.where(np.isfinite(found.distance), max(1.0 - error, 0.0), 1.0)
    lower = found.distance * sure
    return replace(found, lower=lower, exact=lower == found.distance)


def _definite(C: Float[NDArray, "d d"]) -> bool:
    """Whether Cholesky's factorisation says that C is positive definite."""
    try:
        np.linalg.cholesky(C)
    except np.linalg.LinAlgError:
        return False
    return True


def on_sphere(form: Affine, X: Float[NDArray, "n d"]) -> Perturbation:
    """Return the shortest arcs on the spheres |x| = const; `delta` is the chord."""

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        w, b = _difference(form, c, j)
        # w and each point at a size of about 1
        size = np.frexp(np.abs(w).max(initial=0.0))[1]
        far = np.frexp(np.abs(rows).max(axis=1, initial=0.0))[1]
        w, rows = np.ldexp(w, -size), np.ldexp(rows, -far[:, None])
        norm = np.linalg.norm(w)
        if norm == 0.0:
            return np.full(len(rows), np.inf), np.zeros(rows.shape)
        R, u = np.linalg.norm(rows, axis=1), w / norm
        height = rows @ u
        across = rows - height[:, None] * u
        radius = np.linalg.norm(across, axis=1)
        pole = radius <= 1e-15 * R  # any direction will do there
        across[pole] = _perpendicular(u)
        across /= np.linalg.norm(across, axis=1)[:, None]
        # b may be far beyond the sphere, and overflow
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            b = np.ldexp(b, -size - far)
            f, opposite = (rows @ w + b) / norm, (b - rows @ w) / norm
            square = radius**2 - f * opposite
            meets = square > 0.0
            other = np.sqrt(np.maximum(square, 0.0))
            angle = np.arctan2(radius, height) - np.arctan2(other, -b / norm)
            wider = -f * opposite / (other + radius)
            delta = -f[:, None] * u + wider[:, None] * across
            chord = np.linalg.norm(delta, axis=1)
            small = 2.0 * R * np.arcsin(np.minimum(chord / (2.0 * R), 1.0))
        arc = np.where(np.abs(angle) < 1e-4, small, R * np.abs(angle))
        arc[f == 0.0] = 0.0
        arc[~meets] = np.inf
        delta[~meets | (f == 0.0)] = 0.0
        return np.ldexp(arc, far), np.ldexp(delta, far[:, None])

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
