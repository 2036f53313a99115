r"""The share of a cubic cell that a ball about its centre covers, in any dimension.

V_k(s) = P[u_1^2 + ... + u_k^2 <= s], u_i uniform on [-1/2, 1/2], is

    V_k(s) = 2 int_0^(1/2) V_(k-1)(s - x^2) dx.

V_k is smooth but at s = j/4, j = 0, ..., k, where it gains half-integer powers of
s - j/4 on the right: it is smooth in w, s = j/4 + w^2. So on each piece it is stored as
a polynomial in w at Chebyshev points. In the integral put s - x^2 = j/4 + w^2 and
w = A sin(a), A^2 = s - j/4: then x = A cos(a), and the integrand is smooth in a.
"""

import functools
import math

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray

_DEGREE = 32
_NODES = 32


def cell_share(k: int, square: ArrayLike) -> Float[NDArray, "*s"]:
    """Return V_k at squared radii, for a cell of side 1; absolute error below 1e-12."""
    s = np.asarray(square, float)
    if k == 1:
        return np.asarray(np.minimum(1.0, 2 * np.sqrt(np.maximum(s, 0.0))))
    if k == 2:
        return _square_share(np.asarray(np.maximum(s, 0.0)))
    pieces = _pieces(k)
    inside = np.clip(s, 0.0, k / 4)
    piece = np.minimum(np.floor(4 * inside), k - 1).astype(int)
    w = np.sqrt(np.maximum(inside - piece / 4, 0.0))
    x = np.atleast_1d(4 * w - 1)
    powers = np.polynomial.chebyshev.chebvander(x, _DEGREE).reshape(*w.shape, -1)
    found = (powers * pieces[piece]).sum(axis=-1)
    return np.asarray(np.where(s >= k / 4, 1.0, np.clip(found, 0.0, 1.0)))


def _square_share(s: NDArray) -> NDArray:
    radius = np.sqrt(s)
    safe = np.clip(radius, 0.5, math.sqrt(0.5))
    cut = 4 * (s * np.arccos(0.5 / safe) - 0.5 * np.sqrt(safe**2 - 0.25))
    share = math.pi * s - np.where(radius > 0.5, cut, 0.0)
    return np.asarray(np.where(s >= 0.5, 1.0, share))


@functools.cache
def _pieces(k: int) -> Float[NDArray, "k degree"]:
    """Return Chebyshev coefficients in w of V_k on its k pieces."""
    nodes = np.cos(math.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    w = (nodes + 1) / 4
    return np.stack(
        [
            np.polynomial.chebyshev.chebfit(
                nodes, _convolved(k, j, j / 4 + w * w), _DEGREE
            )
            for j in range(k)
        ]
    )


def _convolved(k: int, piece: int, s: Float[NDArray, " m"]) -> Float[NDArray, " m"]:
    """Return V_k by the integral, at squared radii of one piece."""
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    total = np.zeros_like(s)
    for j in range(max(piece - 1, 0), min(piece, k - 2) + 1):
        start, stop = np.maximum(s - 0.25, j / 4), np.minimum(s, (j + 1) / 4)
        A = np.sqrt(s - j / 4)
        low, high = (
            np.arcsin(np.minimum(1.0, np.sqrt(np.maximum(y - j / 4, 0.0)) / A))
            for y in (start, stop)
        )
        half = np.maximum(high - low, 0.0)[:, np.newaxis] / 2
        sine = A[:, np.newaxis] * np.sin(low[:, np.newaxis] + half * (1 + points))
        values = cell_share(k - 1, j / 4 + sine**2)
        total += 2 * (half * weights * values * sine).sum(axis=1)
    # beyond the largest square V_(k-1) is 1
    rest = np.maximum(s - (k - 1) / 4, 0.0)
    return total + 2 * np.minimum(np.sqrt(rest), 0.5)
