r"""The least value of a quadratic form plus a line on a cube or a cross-polytope.

A polytope is the union of the relative interiors of its faces. Where

    q(delta) = <delta, A delta> + 2 <g, delta>

is least in the relative interior of a face, q is convex along the face. If it is
strictly so, delta is the one stationary point of q there; if not, q is constant along a
line through delta, which leads to a smaller face. The minimum is therefore the least
value over the faces along which A is positive definite, at the stationary point of
each, where that lies in the face:

- cube |delta|_inf <= eps, 3^d faces: fixed signs F with delta_F = eps s_F, the rest R
  free, A_RR delta_R = -g_R - A_RF delta_F;
- cross-polytope |delta|_1 <= eps, 3^d faces: delta_R = eps N t with t in the simplex, N
  the diagonal of signs, in coordinates of the plane sum t = 1; and the whole interior.

A point outside its face is moved into it, so that every value is attained and rounding
cannot make the minimum too small. The work is 3^d, so that d is at most `MOST`. In
general no quick method is known: quadratic programs on a cube are NP-hard (Sahni 1974,
"Computationally related problems", SIAM J. Comput. 3).
"""

import itertools

import numpy as np
from scipy import linalg

from geomadv._typing import Float, NDArray

MOST = 8


def least_on_cube(
    A: Float[NDArray, "d d"], G: Float[NDArray, "n d"], eps: float
) -> Float[NDArray, " n"]:
    """Return min <delta, A delta> + 2 <g_i, delta> over |delta|_inf <= eps.

    Parameters
    ----------
    A : (d, d) array
        Symmetric, d at most `MOST`.
    G : (n, d) array
        The vectors g.
    eps : float
        At least 0.

    Examples
    --------
    >>> least_on_cube(np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[0.5, 0.0]]), 1.0)
    array([-1.25])
    """
    least = np.zeros(len(G))
    for signs in itertools.product((-1.0, 0.0, 1.0), repeat=A.shape[0]):
        s = eps * np.array(signs)
        free = s == 0.0
        delta = np.broadcast_to(s, G.shape).copy()
        if free.any():
            factor = _factor(A[np.ix_(free, free)])
            if factor is None:
                continue
            pull = G[:, free] + A[free] @ s
            inner = -linalg.cho_solve(factor, pull.T).T
            delta[:, free] = np.clip(inner, -eps, eps)
        least = np.fmin(least, _value(A, G, delta))
    return least


def least_on_cross_polytope(
    A: Float[NDArray, "d d"], G: Float[NDArray, "n d"], eps: float
) -> Float[NDArray, " n"]:
    """Return min <delta, A delta> + 2 <g_i, delta> over |delta|_1 <= eps.

    Parameters
    ----------
    A, G, eps
        As for `least_on_cube`.

    Examples
    --------
    >>> A = np.array([[1.0, 0.0], [0.0, -1.0]])
    >>> least_on_cross_polytope(A, np.array([[0.5, 0.0]]), 1.0)
    array([-1.])
    """
    d = A.shape[0]
    least = np.zeros(len(G))
    factor = _factor(A)
    if factor is not None:
        delta = -linalg.cho_solve(factor, G.T).T
        sizes = np.abs(delta).sum(axis=1, keepdims=True)
        delta *= np.minimum(1.0, eps / np.maximum(sizes, np.finfo(float).tiny))
        least = np.fmin(least, _value(A, G, delta))
    for signs in itertools.product((-1.0, 0.0, 1.0), repeat=d):
        s = np.array(signs)
        on = np.flatnonzero(s)
        if on.size == 0:
            continue
        B = eps * eps * (s[on, None] * A[np.ix_(on, on)] * s[on])
        t = _on_simplex(B, eps * G[:, on] * s[on])
        if t is None:
            continue
        delta = np.zeros(G.shape)
        delta[:, on] = eps * t * s[on]
        least = np.fmin(least, _value(A, G, delta))
    return least


def _on_simplex(
    B: Float[NDArray, "k k"], h: Float[NDArray, "n k"]
) -> Float[NDArray, "n k"] | None:
    """Return the stationary points of <t, B t> + 2 <h, t> on sum t = 1, moved into it.

    None where the form is not positive definite along that plane.
    """
    k = B.shape[0]
    start = np.full(k, 1.0 / k)
    if k == 1:
        return np.ones(h.shape)
    plane = linalg.helmert(k)  # orthonormal rows, orthogonal to (1, ..., 1)
    factor = _factor(plane @ B @ plane.T)
    if factor is None:
        return None
    moved = -linalg.cho_solve(factor, plane @ (h + B @ start).T).T
    t = np.maximum(start + moved @ plane, 0.0)
    return np.asarray(t / t.sum(axis=1, keepdims=True))


def _factor(A: Float[NDArray, "k k"]) -> tuple[NDArray, bool] | None:
    """Return the Cholesky factor, None where the matrix is not positive definite.

    A matrix that is so only by rounding does no harm, as every value is attained.
    """
    try:
        factor: tuple[NDArray, bool] = linalg.cho_factor(A)
    except linalg.LinAlgError:
        return None
    return factor


def _value(
    A: Float[NDArray, "d d"], G: Float[NDArray, "n d"], delta: Float[NDArray, "n d"]
) -> Float[NDArray, " n"]:
    return np.asarray(((delta @ A + 2.0 * G) * delta).sum(axis=1))
