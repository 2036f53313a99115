r"""The norm of Sigma^{1/2} from l_2 to l_p, which rules Gaussian isoperimetry in l_p.

With q = p / (p - 1), duality removes the square root:

    N_p = ||Sigma^{1/2}||_{2->p} = max_{||w||_q <= 1} ||Sigma^{1/2} w||_2,
    N_p^2 = max_{||w||_q <= 1} w' Sigma w,

the largest variance of a linear functional whose dual norm is 1. Solved cases:

- p = 2: the largest eigenvalue of Sigma. p = inf (q = 1): a convex function is largest
  at a vertex of the l_1 ball, so N^2 = max_i Sigma_ii. p = 1 (q = inf): at a vertex
  of the cube, so N^2 = max over signs of s' Sigma s, enumerated for d <= 16.
- Sigma = diag(s_i^2): with t_i = w_i^2, maximise sum t_i s_i^2 over ||t||_{q/2} <= 1.
  For p >= 2 (q/2 <= 1) a vertex wins: N = max s_i. For p < 2 Holder's inequality with
  the conjugate r = p / (2 - p) of q/2 gives N = (sum s_i^{2r})^{1/(2r)}, attained at
  |w_i| proportional to s_i^{r-1} = s_i^{(2p-2)/(2-p)}.

Otherwise an interval. Its lower end is attained: w <- the maximiser of <Sigma w, .>
over the unit ball of l_q never lowers the convex w' Sigma w, and is run from many fixed
starts. Its upper end is a certificate; with v_i = Sigma_ii and the matrix
M = diag(v^{(p-2)/4}) Sigma diag(v^{(p-2)/4}):

- p >= 2: |y_i|^p <= y_i^2 v_i^{(p-2)/2} for y = Sigma^{1/2} u, ||u||_2 <= 1, so
  N_p^p <= lambda_max(M). This is at most Holder's interpolation
  N_2^{2/p} N_inf^{1-2/p}, and at most (sum v_i^{p/2})^{1/p}, the trace of M.
- p < 2: for a diagonal D > 0 and c = lambda_max(D^{-1/2} Sigma D^{-1/2}),
  w' Sigma w <= c sum D_i w_i^2 <= c (sum D_i^r)^{1/r}. Tried: D = I, which is
  d^{1/p-1/2} N_2; D = diag(v); D = diag(v^{(2-p)/2}), at most (sum v_i^{p/2})^{1/p};
  and D_i = (Sigma w)_i / w_i at the best w, which closes the interval whenever
  D - Sigma is positive semidefinite (always, where Sigma has no negative entry and
  p > 1: by Perron and Frobenius a positive w is then the leading vector).

Both ends are computed in floating point, to a relative error of about d times the unit
roundoff; ends that agree within 1e-12 are reported as equal.
"""

import numpy as np
from scipy import linalg

from geomadv._typing import Float, NDArray
from geomadv.spaces._lp import lp_norm
from geomadv.stats import Interval

_ENUMERATED = 16
_STARTS = 32
_COMMON_STEPS = 25
_ITERATIONS = 5000
_CLOSED = 1e-12


def dual_order(p: float) -> float:
    """Return q with 1/p + 1/q = 1."""
    if p == 1.0:
        return np.inf
    return 1.0 if np.isinf(p) else p / (p - 1.0)


def diagonal_norm(
    deviations: Float[NDArray, " d"], p: float
) -> tuple[float, Float[NDArray, " d"]]:
    """Return ||diag(deviations)||_{2->p} and the w of dual norm 1 that attains it.

    Examples
    --------
    >>> norm, w = diagonal_norm(np.array([1.0, 2.0, 2.0]), p=1)
    >>> norm, w.tolist()
    (3.0, [1.0, 1.0, 1.0])
    """
    w = np.zeros_like(deviations)
    if p >= 2.0:
        w[np.argmax(deviations)] = 1.0
        return float(deviations.max()), w
    w = (deviations / deviations.max()) ** ((2.0 * p - 2.0) / (2.0 - p))
    norm = lp_norm(deviations, 2.0 * p / (2.0 - p))
    return float(norm), w / lp_norm(w, dual_order(p))


def matrix_norm(
    cov: Float[NDArray, "d d"], p: float
) -> tuple[Interval, Float[NDArray, " d"]]:
    """Return an interval for ||cov^{1/2}||_{2->p}, and a w that attains its lower end.

    Parameters
    ----------
    cov : (d, d) array
        Symmetric positive definite.
    p : float
        In [1, inf].

    Examples
    --------
    >>> interval, w = matrix_norm(np.array([[2.0, 0.9], [0.9, 1.0]]), p=2.0)
    >>> round(interval.lower, 7), interval.exact
    (1.59046, True)
    """
    d = cov.shape[0]
    if p == 2.0:
        value, w = _leading(cov)
        return _point(np.sqrt(value)), w
    if np.isinf(p):
        w = np.zeros(d)
        w[np.argmax(cov.diagonal())] = 1.0
        return _point(np.sqrt(cov.diagonal().max())), w
    if p == 1.0 and d <= _ENUMERATED:
        w = _best_signs(cov)
        return _point(np.sqrt(w @ cov @ w)), w
    w = _ascent(cov, p)
    lower = float(np.sqrt(w @ cov @ w))
    upper = _above_two(cov, p) if p > 2.0 else _below_two(cov, p, w)
    if abs(upper - lower) <= _CLOSED * lower:
        return _point(lower), w
    return Interval(lower, upper), w


def _point(value: float) -> Interval:
    return Interval(float(value), float(value))


def _leading(
    matrix: Float[NDArray, "d d"],
) -> tuple[float, Float[NDArray, " d"]]:
    d = matrix.shape[0]
    values, vectors = linalg.eigh(matrix, subset_by_index=[d - 1, d - 1])
    return float(values[0]), vectors[:, 0]


def _best_signs(cov: Float[NDArray, "d d"]) -> Float[NDArray, " d"]:
    """Return the signs s that maximise s' cov s, by trying all with s_1 = +1."""
    d = cov.shape[0]
    codes = np.arange(2 ** (d - 1))[:, None] >> np.arange(d - 1)
    signs = np.hstack([np.ones((codes.shape[0], 1)), 1.0 - 2.0 * (codes & 1)])
    values = np.einsum("ki,ki->k", signs @ cov, signs)
    best: Float[NDArray, " d"] = signs[np.argmax(values)]
    return best


def _ascent(cov: Float[NDArray, "d d"], p: float) -> Float[NDArray, " d"]:
    """Return the best stationary w of w' cov w over the unit ball of l_q found."""
    d = cov.shape[0]
    first = max(0, d - _STARTS)
    _, vectors = linalg.eigh(cov, subset_by_index=[first, d - 1])
    axes = np.eye(d)[:, np.argsort(-cov.diagonal(), kind="stable")[:_STARTS]]
    many = np.hstack([np.ones((d, 1)), vectors, axes])
    for _ in range(_COMMON_STEPS):
        many = _step(cov @ many, p)
    w = many[:, [np.argmax(np.einsum("ik,ik->k", many, cov @ many))]]
    best = 0.0
    for _ in range(_ITERATIONS):
        gradient = cov @ w
        value = np.vdot(w, gradient)
        if value <= best:  # monotone, so what is left is rounding
            break
        best, w = value, _step(gradient, p)
    return w[:, 0]


def _step(gradient: Float[NDArray, "d k"], p: float) -> Float[NDArray, "d k"]:
    """Return the maximisers of <gradient, .> over the unit ball of l_q, by column."""
    signs = np.where(gradient >= 0.0, 1.0, -1.0)
    if p == 1.0:
        return signs
    size = np.abs(gradient) / np.abs(gradient).max(axis=0)
    w = signs * size ** (p - 1.0)
    return np.asarray(w / lp_norm(w.T, dual_order(p)))


def _above_two(cov: Float[NDArray, "d d"], p: float) -> float:
    # relative to the largest variance, no power overflows
    largest = cov.diagonal().max()
    weight = (cov.diagonal() / largest) ** ((p - 2.0) / 4.0)
    value, _ = _leading(weight[:, None] * (cov / largest) * weight)
    return float(np.sqrt(largest) * value ** (1.0 / p))


def _below_two(cov: Float[NDArray, "d d"], p: float, w: Float[NDArray, " d"]) -> float:
    variances = cov.diagonal()
    candidates = [np.ones_like(variances), variances, variances ** (1.0 - p / 2.0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        stationary = (cov @ w) / w
    if (np.isfinite(stationary) & (stationary > 0.0)).all():
        candidates.append(stationary)
    bounds = []
    for weight in candidates:
        root = np.sqrt(weight)
        value, _ = _leading(cov / root[:, None] / root)
        bounds.append(value * lp_norm(weight, p / (2.0 - p)))
    return float(np.sqrt(min(bounds)))
