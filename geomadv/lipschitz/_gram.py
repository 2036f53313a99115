r"""Spectral norms of matrices with certificates, by Gram matrices.

**Gram iteration.** With G_1 = G and G_{t+1} = G_t* G_t the largest singular value obeys
sigma_1(G)^(2^(t-1)) = sigma_1(G_t) <= |G_t|_F, so that |G_t|_F^(2^(1-t)) is an upper
bound for every t, does not increase (|A* A|_F <= |A|_F^2), and is at most
rank^(2^-t) sigma_1: every step squares the excess. Power iteration bounds from below.

**Certificates.** If the Cholesky factorisation of lambda^2 I - G* G succeeds, lambda
bounds sigma_1. In floating point it shows that lambda^2 I - G* G >= -e I with

    e = 2 u (m + 2) |G|_F^2 + 2 u (r + 2) r lambda^2,

for complex entries twice as much, r being the size of the Gram matrix and m the number
of terms of its entries: the rounding of the products, and that of the factorisation,
at most (r + 1) u times the trace (Higham 2002, "Accuracy and Stability of Numerical
Algorithms", theorems 3.5 and 10.3). A factorisation costs r^3/3 operations, where the
singular values take many times that: of many matrices only those that fail at the best
value so far have their largest eigenvalue computed.

Sources: Delattre, Barthelemy, Araujo, Allauzen (2023), "Efficient bound of Lipschitz
constant for convolutional layers by Gram iteration", arXiv:2305.16173; Rump (2006),
"Verification of positive definiteness", BIT 46 (the factorisation as a proof).
"""

import math
from collections.abc import Iterable

import numpy as np
from scipy import linalg

from geomadv import _dispatch
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import integer, real, real_array

UNIT = 2.0**-53
SMALL = 32  # sides up to which singular values are as fast as factorisations
_TOGETHER = 16  # matrices that are held to one and the same level
_LANCZOS = 256  # sides from which the largest eigenvalue is iterated first


class Norm(float):
    """A norm with an interval that holds it; as a number, the certified upper end.

    Parameters
    ----------
    lower, upper : float
        The ends: the lower one is attained, or approached, by a vector that was found.
    method : str
        How the upper end is known.

    Examples
    --------
    >>> norm = Norm(1.0, 1.5, "fourier")
    >>> norm
    Norm(1.5, lower=1, method='fourier')
    >>> norm / 3
    0.5
    """

    __slots__ = ("lower", "method")

    lower: float
    method: str

    def __new__(cls, lower: float, upper: float, method: str) -> "Norm":
        """Return the interval; NaN and a lower end above the upper one are errors."""
        if not 0.0 <= lower <= upper:
            raise ValueError(f"0 <= lower <= upper must hold, got {lower} and {upper}")
        norm = super().__new__(cls, upper)
        object.__setattr__(norm, "lower", float(lower))
        object.__setattr__(norm, "method", method)
        return norm

    def __reduce__(self) -> tuple[type["Norm"], tuple[float, float, str]]:
        return Norm, (self.lower, self.upper, self.method)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of a norm cannot be changed")

    def __repr__(self) -> str:
        return f"Norm({self.upper:g}, lower={self.lower:g}, method={self.method!r})"

    @property
    def upper(self) -> float:
        """The certified upper end."""
        return float(self)


def gram_bounds(G: ArrayLike, steps: int = 6) -> Float[NDArray, "..."]:
    """Return the upper bounds of the spectral norm after 1, 2, ... steps.

    Parameters
    ----------
    G : (..., m, k) array_like
        Matrices.
    steps : int
        How many bounds, at least 1; the first is the Frobenius norm.

    Returns
    -------
    (steps, ...) array
        |G_t|_F^(2^(1-t)) for t = 1, ..., steps. Rounding is accounted for: each is at
        least the norm.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> gram_bounds([[1.0, 2.0], [3.0, 4.0]], 4).round(9).tolist()
    [5.477225575, 5.465013179, 5.464985704, 5.464985704]
    """
    A = real_array("G", G)
    count = integer("steps", steps, minimum=1)
    if A.ndim < 2:
        raise ValueError(f"G must have two axes or more, got shape {A.shape}")
    if A.shape[-2] < A.shape[-1]:
        A = np.swapaxes(A, -1, -2)
    m = A.shape[-2]
    log_scale, power, found = np.zeros(A.shape[:-2]), 1.0, []
    error = np.zeros(A.shape[:-2])  # relative, of the norm of G_t
    for t in range(count):
        largest = np.abs(A).max(axis=(-2, -1), initial=0.0)
        safe = np.where(largest > 0, largest, 1.0)
        A = A / safe[..., None, None]
        size = np.sqrt((A * A).sum(axis=(-2, -1)))
        log_scale = log_scale + np.log(safe) / power
        rest = np.maximum(size, 1.0) * (1.0 + error) * (1.0 + 4 * A.size * UNIT)
        with np.errstate(over="ignore"):
            bound = np.exp(log_scale + np.log(rest) / power) * (
                1.0 + (64 + 8 * np.abs(log_scale)) * UNIT
            )
        found.append(np.where(largest > 0, np.nextafter(bound, np.inf), 0.0))
        if t + 1 < count:
            # |fl(A'A) - A'A|_F <= m u |A|_F^2, and |A|_F^2 <= rank |A'A|
            error = 2.0 * error + 4.0 * m * UNIT * size**2
            A = np.swapaxes(A, -1, -2) @ A
            m, power = A.shape[-2], 2.0 * power
    return np.minimum.accumulate(np.stack(found), axis=0)


def gram_bound(G: ArrayLike, steps: int = 6) -> Real:
    """Return the upper bound of the spectral norm after so many steps.

    G and steps are as for `gram_bounds`, whose last row it is.

    Examples
    --------
    >>> round(float(gram_bound([[1.0, 2.0], [3.0, 4.0]], 5)), 9)
    5.464985704
    """
    bound: Real = gram_bounds(G, steps)[-1][()]
    return bound


def dense_norm(W: ArrayLike, *, rtol: float = 1e-10) -> Norm:
    """Return the spectral norm of a matrix, as a certified interval.

    Parameters
    ----------
    W : (m, k) array_like
        The matrix of a dense layer.
    rtol : float
        How far the ends may lie apart, relatively; rounding may leave more, about
        1e-16 times the product of the sides' sizes.

    Returns
    -------
    Norm

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> norm = dense_norm([[1.0, 2.0], [3.0, 4.0]])
    >>> round(norm, 9), round(norm.lower, 9)
    (5.464985704, 5.464985704)
    """
    A = real_array("W", W, ndim=2)
    tolerance = real("rtol", rtol, lower=0)
    scale = float(np.abs(A).max(initial=0.0))
    if scale == 0.0:
        return Norm(0.0, 0.0, "zero")
    found = largest_norm([(A / scale)[None]], tolerance)
    return scaled(found, scale, found.method)


def scaled(found: Norm, scale: float, method: str) -> Norm:
    """Return the norm of a multiple, rounded outwards.

    A product that overflows is at least the largest number; one that underflows is off
    by up to half of the smallest.
    """
    lower = math.nextafter(found.lower * scale * (1 - 4 * UNIT), 0.0)
    upper = found.upper * scale * (1 + 4 * UNIT)
    if found.upper > 0.0:
        upper = math.nextafter(upper, math.inf)
    return Norm(lower, upper, method)


def largest_norm(
    stacks: Iterable[NDArray], rtol: float, error: float = 0.0, seen: float = 0.0
) -> Norm:
    """Return the largest spectral norm of many matrices.

    Parameters
    ----------
    stacks : iterable of (f, m, k) arrays
        Real or complex, entries about 1; a stack at a time is in memory.
    rtol : float
        By how much the upper end may be above the best norm found.
    error : float
        A bound of the norms of the matrices' own errors.
    seen : float
        A norm that is known to be attained, to begin with.
    """
    best, upper, method = seen, 0.0, "singular values"
    for stack in stacks:
        if min(stack.shape[1:]) <= SMALL:
            norms = np.linalg.svd(stack, compute_uv=False)[:, 0]
            slack = decomposed(stack)
            best = max(best, float(norms.max(initial=0.0)) * (1.0 - slack))
            upper = max(upper, float(norms.max(initial=0.0)) * (1.0 + slack))
            continue
        method = "Cholesky factorisation"
        for start in range(0, len(stack), _TOGETHER):
            part = stack[start : start + _TOGETHER]
            bounds = [math.inf] * len(part)
            if len(stack) > 1 and best > 0.0:
                bounds = _screened(part, best, rtol)
            for A, bound in zip(part, bounds, strict=True):
                if math.isinf(bound):
                    best, bound = tested(A, best, rtol)
                upper = max(upper, bound)
    lower = max(best - error, 0.0)
    return Norm(lower, max(upper + error, lower), method)


def decomposed(stack: NDArray) -> float:
    """Return a bound of the relative errors of LAPACK's largest singular values.

    Of (f, m, k) arrays, m and k small. The reduction to a bidiagonal matrix is off by a
    few (m + k) units. Off-diagonal entries, fewer than min(m, k), are set to zero below
    eps^(-1/8) = 99 units, the tolerance of xBDSQR: errors of more than 150 units do
    occur for 36 x 18 matrices.
    """
    m, k = stack.shape[1:]
    return UNIT * (8.0 * (m + k) + 128.0 * min(m, k))


def _screened(stack: NDArray, best: float, rtol: float) -> list[float]:
    """Return bounds of the norms, infinite where they are above `best`."""

    def bound(i: int) -> float:
        return _Gram(stack[i]).bound(best, rtol)

    return _dispatch.on_all_cores(bound, len(stack))


def tested(A: NDArray, best: float, rtol: float) -> tuple[float, float]:
    """Return the best norm so far, and a bound of the norm of A.

    At most two factorisations fail: at what was best before, and at the best of a few
    iterations.
    """
    gram = _Gram(A)
    bound = gram.bound(best, rtol)
    for improved in (gram.iterated, gram.largest):
        if math.isfinite(bound):
            break
        best = max(best, improved(rtol))
        bound = gram.bound(best, rtol)
    if math.isfinite(bound):
        return best, bound
    # rounding: the sum of all singular values' squares is no less
    return best, math.sqrt(gram.trace * (1.0 + gram.unit * (gram.terms + 2)))


def certified(G: NDArray, rounding: float, norm: float) -> bool:
    """Whether a factorisation proves that G, up to an error, is at most norm^2.

    Parameters
    ----------
    G : (r, r) array
        Complex and Hermitian.
    rounding : float
        A bound of the spectral norm of its error.
    norm : float
        The bound to be proved, of the norm of the factor of G.
    """
    factor = 1.0 + 4.0 * UNIT * (len(G) + 2) * len(G)
    level = (norm**2 - rounding) / factor * (1.0 - 8.0 * UNIT)
    return level > 0.0 and _dominated(G, level)


class _Gram:
    """The smaller Gram matrix G of A, and what it says of the norm."""

    def __init__(self, A: NDArray) -> None:
        self.A = A.conj().T if A.shape[0] < A.shape[1] else A
        self.G = self.A.conj().T @ self.A
        self.terms, self.side = self.A.shape
        self.trace = float(np.trace(self.G).real)
        self.unit = 4.0 * UNIT if np.iscomplexobj(A) else 2.0 * UNIT

    def bound(self, best: float, rtol: float) -> float:
        """Return a bound of the norm a little above `best`, or infinity."""
        # so far above that it is proved of a norm found by `_attained`
        margin = 4.0 * self.unit * (self.terms + self.side)
        level = best * (1.0 + rtol / 2.0) * (1.0 + margin)
        if not (level > 0.0 and _dominated(self.G, level**2)):
            return math.inf
        square = level**2 * (1.0 + self.unit * (self.side + 2) * self.side)
        square += self.unit * (self.terms + 2) * self.trace
        return math.sqrt(square) * (1.0 + 4.0 * UNIT)

    def iterated(self, rtol: float) -> float:
        """Return |A v|/|v| for the v that Lanczos iterations end with."""
        from scipy.sparse.linalg import ArpackError, eigsh

        if self.side < _LANCZOS:
            return 0.0
        start = np.cos(np.arange(self.side) + 1.0).astype(self.G.dtype)
        tolerance = max(rtol / 4.0, 1e-14)
        try:
            v = eigsh(self.G, 1, v0=start, tol=tolerance, maxiter=100)[1][:, 0]
        except ArpackError:
            return 0.0
        return self._attained(v)

    def largest(self, rtol: float) -> float:
        """Return |A v|/|v| for an eigenvector v of the largest eigenvalue."""
        del rtol
        last = [self.side - 1, self.side - 1]
        return self._attained(linalg.eigh(self.G, subset_by_index=last)[1][:, 0])

    def _attained(self, v: NDArray) -> float:
        """Return |A v|/|v|, less its rounding."""
        norm = float(np.linalg.norm(self.A @ v) / np.linalg.norm(v))
        return norm * (1.0 - self.unit * (self.terms + self.side + 8))


def _dominated(G: NDArray, square: float) -> bool:
    """Whether square I - G has a Cholesky factorisation."""
    shifted = -G
    shifted[np.diag_indices_from(shifted)] += square
    (potrf,) = linalg.get_lapack_funcs(("potrf",), (shifted,))
    # the transpose has LAPACK's order in memory, so that nothing is copied
    return bool(potrf(shifted.T, lower=False, clean=False, overwrite_a=True)[1] == 0)
