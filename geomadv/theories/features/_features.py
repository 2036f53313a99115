r"""Features of points, and their least value within a ball: lines, parabolas, bumps.

A feature is a function f: R^d -> R, here with `values(X)` and
`worst(X, y, eps, p)` = inf { y f(x + delta) : |delta|_p <= eps }. Exact infima:

**Lines** f = <a, x>, by Hölder's inequality: y f(x) - eps |a|_q, 1/p + 1/q = 1.

**Parabolas** f = <x, A x> + 2 <b, x>. In one dimension, with y f = a t^2 + 2 b t and
half the slope g = a t + b,

    inf_{|s| <= e} (a (t + s)^2 + 2 b (t + s)) = a t^2 + 2 b t - c,
    c = 2 e |g| - a e^2 + (a e - |g|)_+^2 / a     (the last term for a > 0 alone),

from which follow *ridges* (functions of one projection t = <u, x>, which a step of
length eps moves by up to e = eps |u|_q, for every p) and, for p = infinity, diagonal A
(one coordinate at a time, e = eps). For p = 2 and any A the infimum is that of a
trust-region problem, which equals its dual (Yakubovich's S-lemma),

    sup_{l >= max(0, -min L)} - sum_i g_i^2/(L_i + l) - l eps^2,

L and g the eigenvalues of y A and the coordinates of y (A x + b); it is concave in l,
and any l gives a lower bound. For p = 1 and infinity and any A, faces are enumerated
(`_faces`), in at most 8 dimensions.

**Bumps** f = exp(-gamma |x - z|_2^2) decrease in |x - z|_2, so that what is needed is
the smallest and the largest Euclidean distance to z within the l_p ball: for p = 2 they
are (r - eps)_+ and r + eps, for p = infinity each coordinate's (|x_i - z_i| -/+ eps);
for p = 1 the point of the ball that is nearest to z (soft thresholding) and one whole
step along the largest coordinate.
"""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from scipy import linalg

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import labels, norm_order, points, real, real_array
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order
from geomadv.theories.features._faces import (
    MOST,
    least_on_cross_polytope,
    least_on_cube,
)

_HALVINGS = 120
_BLOCK = 2**22  # numbers held at once
_SAME = 1e-12  # of the largest entry: what counts as zero in a matrix


@runtime_checkable
class Feature(Protocol):
    """A function of points whose infimum over a ball is known.

    Notes
    -----
    ``values(X)`` returns f(x_i), ``worst(X, y, eps, p)`` the infima of y_i f(x_i +
    delta) over |delta|_p <= eps; both have shape (n,).
    """

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return f(x_i), shape (n,)."""

    def worst(
        self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"], eps: float, p: float
    ) -> Float[NDArray, " n"]:
        """Return the infima of y_i f(x_i + delta), shape (n,)."""


@dataclass(frozen=True, eq=False)
class LinearFeature:
    """The feature <a, x>.

    Parameters
    ----------
    a : (d,) array_like
        Not zero.

    Raises
    ------
    ValueError, TypeError
        If `a` is not as described.

    Examples
    --------
    >>> f = LinearFeature([3.0, -4.0])
    >>> X, y = np.array([[1.0, 0.0]]), np.ones(1)
    >>> f.worst(X, y, 0.5, p=2), f.worst(X, y, 0.5, p=np.inf)
    (array([0.5]), array([-0.5]))
    """

    a: ArrayLike
    _a: Float[NDArray, " d"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_a", vector("a", self.a))

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return <a, x_i>."""
        return np.asarray(points("X", X, d=self._a.size) @ self._a)

    def worst(
        self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"], eps: float, p: float
    ) -> Float[NDArray, " n"]:
        """Return y_i <a, x_i> - eps |a|_q."""
        X, y, eps, p = _attack(X, y, eps, p, self._a.size)
        return np.asarray(y * self.values(X) - eps * lp_norm(self._a, dual_order(p)))


@dataclass(frozen=True, eq=False)
class QuadraticFeature:
    """The feature <x, A x> + 2 <b, x>.

    Parameters
    ----------
    A : (d, d) array_like
        Symmetric.
    b : (d,) array_like, optional
        0 by default; A and b are not both 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    `worst` knows p = 2 for every A, p = infinity for diagonal A, and every p for
    ridges, A = c u u' and b a multiple of u; p = 1 and infinity for every A in at most
    8 dimensions (NP-hard in general). Relative error below 1e-10 against a search on a
    grid (tests).

    Examples
    --------
    >>> f = QuadraticFeature(np.diag([1.0, -1.0]))
    >>> X = np.array([[2.0, 0.0]])
    >>> f.worst(X, np.ones(1), 1.0, p=np.inf).round(12)
    array([0.])
    >>> f.worst(X, np.ones(1), 1.0, p=2).round(12)
    array([1.])
    """

    A: ArrayLike
    b: ArrayLike | None = None
    _A: Float[NDArray, "d d"] = field(init=False, repr=False)
    _b: Float[NDArray, " d"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        A = real_array("A", self.A, ndim=2)
        d = A.shape[0]
        if A.shape != (d, d) or d == 0 or not _close(A, A.T, A):
            raise ValueError(f"A must be a symmetric matrix, got shape {A.shape}")
        b = np.zeros(d) if self.b is None else real_array("b", self.b, ndim=1)
        if b.shape != (d,):
            raise ValueError(f"b must have shape ({d},), got shape {b.shape}")
        if not (A.any() or b.any()):
            raise ValueError("A and b must not both be zero")
        object.__setattr__(self, "_A", (A + A.T) / 2)
        object.__setattr__(self, "_b", b)

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return <x_i, A x_i> + 2 <b, x_i>."""
        X = points("X", X, d=self._b.size)
        return np.asarray(np.einsum("ni,ni->n", X, X @ self._A + 2 * self._b))

    def worst(
        self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"], eps: float, p: float
    ) -> Float[NDArray, " n"]:
        """Return the infima of y_i f(x_i + delta) over |delta|_p <= eps."""
        X, y, eps, p = _attack(X, y, eps, p, self._b.size)
        found = self.ridge()
        if found is not None:
            u, a, b = found
            e = eps * float(lp_norm(u, dual_order(p)))
            return y * self.values(X) - fall(y * a, y * (a * (X @ u) + b), e)
        if np.isinf(p) and self.diagonal is not None:
            slopes = y[:, None] * (X * self.diagonal + self._b)
            each = fall(np.multiply.outer(y, self.diagonal), slopes, eps)
            return np.asarray(y * self.values(X) - each.sum(axis=1))
        if p == 2.0:
            return y * self.values(X) + self._trust_region(X, y, eps)
        if p in (1.0, np.inf) and self._b.size <= MOST:
            return y * self.values(X) + self._on_faces(X, y, eps, p)
        raise ValueError(
            "p must be 2, infinity for a diagonal A, 1 or infinity in at most "
            f"{MOST} dimensions, or any for a function of one projection, got {p:g}"
        )

    @property
    def diagonal(self) -> Float[NDArray, " d"] | None:
        """The diagonal of A, if all other entries are 0."""
        diagonal = self._A.diagonal()
        return diagonal if _close(self._A, np.diag(diagonal), self._A) else None

    def ridge(self) -> tuple[Float[NDArray, " d"], float, float] | None:
        """Return u, a, b if f = a t^2 + 2 b t of t = <u, x>, |u|_2 = 1; else None."""
        A, b = self._A, self._b
        if not A.any():
            u = _direction(b)
            return u, 0.0, float(u @ b)
        column = A[:, np.argmax(np.abs(A.diagonal()))]
        if not column.any():
            return None
        u = _direction(column)
        a, slope = float(u @ A @ u), float(u @ b)
        if _close(A, a * np.outer(u, u), A) and _close(b, slope * u, b):
            return u, a, slope
        return None

    def _on_faces(
        self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"], eps: float, p: float
    ) -> Float[NDArray, " n"]:
        """Return min <delta, y A delta> + 2 <y (A x + b), delta> over |delta|_p <= eps.

        For p = 1 or infinity.
        """
        least = least_on_cube if np.isinf(p) else least_on_cross_polytope
        out = np.empty(len(X))
        for label in np.unique(y):
            rows = np.flatnonzero(y == label)
            for part in blocks(rows.size, 4 * self._b.size):
                at = rows[part]
                G = label * (X[at] @ self._A + self._b)
                out[at] = least(label * self._A, G, eps)
        return out

    def _trust_region(
        self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"], eps: float
    ) -> Float[NDArray, " n"]:
        """Return min <delta, y A delta> + 2 <y (A x + b), delta> over |delta|_2 <= eps.

        The dual's slope falls in l; bisection keeps it above 0 at the lower end.
        """
        if eps == 0.0:
            return np.zeros(len(X))
        L, Q = linalg.eigh(self._A)
        out = np.empty(len(X))
        for rows in blocks(len(X), 4 * L.size):
            g = (y[rows, None] * (X[rows] @ self._A + self._b)) @ Q
            bent = np.multiply.outer(y[rows], L)
            low = np.maximum(0.0, -bent.min(axis=1))
            high = low + np.linalg.norm(g, axis=1) / eps
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                steep = _ratio(g, bent + middle[:, None])
                up = (steep**2).sum(axis=1) > eps**2
                low, high = np.where(up, middle, low), np.where(up, high, middle)
            steep = _ratio(g, bent + high[:, None])
            out[rows] = -(g * steep).sum(axis=1) - high * eps**2
        return out


@dataclass(frozen=True, eq=False)
class BumpFeature:
    """The feature exp(-gamma |x - z|_2^2), a Gaussian kernel at one centre.

    Parameters
    ----------
    z : (d,) array_like
        The centre.
    gamma : float
        Positive.
    sign : int
        +1, or -1 for the feature's negative.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    `worst` knows p = 1, 2 and infinity.

    Examples
    --------
    >>> f = BumpFeature([0.0, 0.0], gamma=1.0)
    >>> X = np.array([[1.0, 0.0]])
    >>> for p in (1, 2, np.inf):
    ...     print(np.sqrt(-np.log(f.worst(X, np.ones(1), 1.0, p))))
    [2.]
    [2.]
    [2.23606798]
    """

    z: ArrayLike
    gamma: float = 1.0
    sign: int = 1
    _z: Float[NDArray, " d"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_z", real_array("z", self.z, ndim=1))
        real("gamma", self.gamma, lower=0.0, open_lower=True)
        if self.sign not in (-1, 1):
            raise ValueError(f"sign must be -1 or +1, got {self.sign!r}")

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return the kernel's values."""
        gaps = points("X", X, d=self._z.size) - self._z
        return np.asarray(self.sign * np.exp(-self.gamma * (gaps**2).sum(axis=1)))

    def worst(
        self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"], eps: float, p: float
    ) -> Float[NDArray, " n"]:
        """Return the infima of y_i f(x_i + delta) over |delta|_p <= eps."""
        X, y, eps, p = _attack(X, y, eps, p, self._z.size)
        gaps = np.abs(X - self._z)
        if p == 2.0:
            r = np.linalg.norm(gaps, axis=1)
            near, far = np.maximum(r - eps, 0.0), r + eps
        elif np.isinf(p):
            near = np.linalg.norm(np.maximum(gaps - eps, 0.0), axis=1)
            far = np.linalg.norm(gaps + eps, axis=1)
        elif p == 1.0:
            near = np.linalg.norm(_beyond_l1(gaps, eps), axis=1)
            top = gaps.max(axis=1, initial=0.0)
            far = np.sqrt((gaps**2).sum(axis=1) + 2 * eps * top + eps**2)
        else:
            raise ValueError(f"p must be 1, 2 or infinity, got {p:g}")
        sign = y * self.sign
        return np.asarray(
            sign * np.exp(-self.gamma * np.where(sign > 0, far, near) ** 2)
        )


def fall(a: ArrayLike, g: ArrayLike, e: ArrayLike) -> Float[NDArray, "*s"]:
    """Return how far the infimum of a parabola over [t - e, t + e] is below its value.

    Parameters
    ----------
    a, g : array_like
        The curvature's half and the slope's half at t.
    e : array_like
        At least 0.

    Examples
    --------
    >>> fall([1.0, -1.0, 0.0], 0.0, 1.0).tolist()
    [0.0, 1.0, 0.0]
    """
    a, g, e = np.asarray(a, float), np.abs(g), np.asarray(e, float)
    a, g, e = np.broadcast_arrays(a, g, e)
    inside = (a > 0) & (g < a * e)
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom = g / a * g
    return np.where(inside, bottom, e * (2 * g - a * e))


def _attack(
    X: ArrayLike, y: ArrayLike, eps: float, p: float, d: int
) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"], float, float]:
    """Return what `worst` is given, once it has been checked."""
    rows = points("X", X, d=d)
    size, order = real("eps", eps, lower=0.0), norm_order("p", p)
    return rows, labels("y", y, len(rows), classes=0), size, order


def _direction(x: Float[NDArray, " d"]) -> Float[NDArray, " d"]:
    """Return x/|x|_2 at any scale; x is not zero."""
    scaled = x / np.abs(x).max()
    return np.asarray(scaled / np.linalg.norm(scaled))


def vector(name: str, value: ArrayLike) -> Float[NDArray, " d"]:
    """Return a vector that is not zero."""
    array = real_array(name, value, ndim=1)
    if not array.any():
        raise ValueError(f"{name} must not be zero")
    return array


def blocks(n: int, width: int) -> list[slice]:
    """Return slices of 0 .. n - 1 of few enough rows of this width."""
    step = max(1, _BLOCK // max(1, width))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def _ratio(g: NDArray, slope: NDArray) -> NDArray:
    """Return g / slope, 0 where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(g == 0.0, 0.0, g / slope)


def _close(x: NDArray, y: NDArray, scale: NDArray) -> bool:
    return bool((np.abs(x - y) <= _SAME * np.abs(scale).max(initial=0.0)).all())


def _beyond_l1(gaps: Float[NDArray, "n d"], eps: float) -> Float[NDArray, "n d"]:
    """Return the least (gap - step)_+ in l_2 over steps of l_1 length eps."""
    falling = -np.sort(-gaps, axis=1)
    levels = (np.cumsum(falling, axis=1) - eps) / np.arange(1, gaps.shape[1] + 1)
    kept = np.maximum((falling > levels).sum(axis=1), 1)
    level = np.maximum(np.take_along_axis(levels, kept[:, None] - 1, axis=1), 0.0)
    return np.minimum(gaps, level)
