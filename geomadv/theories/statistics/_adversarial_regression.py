r"""Adversarial training of linear regression, solved and certified.

    minimise F(w) = 1/n sum_i (|y_i - <x_i, w>| + eps |w|)^2,

which is the mean of the largest squared residuals under l2 steps of size eps. As
(|r| + k)^2 = max 2 b r + 2 a k - a^2 over |b| <= a, the dual is

    maximise (2 <b, y> - |a|^2)/n  over |b_i| <= a_i, |X'b| <= eps sum_i a_i,

and every feasible (a, b) bounds the minimum from below. Scaling a and b by one factor,
the best value is <b, y>^2/(n |a|^2). Two ends are explicit:

- w = 0 is optimal from eps = |X'y|/sum_i |y_i| on (b = y, a = |y|);
- an interpolating w of least norm, w = X'z, is optimal up to
  eps = |w|/(n max_i |z_i|) (b = z and every a_i the same): Ribeiro, Zachariah, Bach and
  Schon (2023).

Between them a cone program is solved, in the span of the points.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import points, real, real_array

NEGLIGIBLE = 1e-100  # a step this small, over the largest coordinate, changes nothing
CLOSED = 2e-6  # a relative gap that is small enough

Answer = tuple[NDArray, NDArray, NDArray]  # w and multipliers b and a


@dataclass(frozen=True, eq=False)
class AdversarialRegression:
    """A linear regression trained against l2 steps.

    Parameters
    ----------
    coef : (d,) array
        w.
    objective : float
        F(w), its training risk under attack.
    lower : float
        A lower bound of the least F, from a feasible point of the dual.
    """

    coef: Float[NDArray, " d"]
    objective: float
    lower: float


def adversarial_regression(
    X: ArrayLike, y: ArrayLike, eps: float
) -> AdversarialRegression:
    """Minimise the mean of (|y - <x, w>| + eps |w|)^2.

    Parameters
    ----------
    X : (n, d) array_like
        Points, at least one.
    y : (n,) array_like
        Responses.
    eps : float
        l2 size of the steps, at least 0; 0 is least squares, of minimum norm.

    Returns
    -------
    AdversarialRegression

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    `objective` exceeds `lower` by less than 2e-6 of it on Gaussian data of up to 300
    points, by up to 5e-5 where n is near d and eps below .01. For eps = 0, `lower` is
    the objective less a multiple of rounding errors.

    Examples
    --------
    >>> fit = adversarial_regression([[1.0], [2.0], [-1.0]], [1.0, 3.0, -1.5], 0.25)
    >>> fit.coef.round(6), round(fit.objective, 6)
    (array([1.46988]), 0.34739)
    """
    rows, targets, size = _checked(X, y, eps)
    d = rows.shape[1]
    largest = float(np.abs(targets).max())
    scale = float(np.abs(rows).max())
    if largest == 0.0 or scale == 0.0:
        value = float(np.mean(targets**2))
        return AdversarialRegression(np.zeros(d), value, value)
    A, r = rows / scale, targets / largest
    step = size / scale if size / scale > NEGLIGIBLE else 0.0
    basis = np.linalg.qr(A.T).Q if d > len(A) else np.eye(d)
    A = A @ basis
    w, b, a = _solved(A, r, step)
    objective = _objective(A, r, step, w)
    lower = min(_lower(A, r, step, b, a), objective)
    square = largest**2
    return AdversarialRegression(
        basis @ w * (largest / scale), square * objective, square * lower
    )


def interpolation_threshold(X: ArrayLike, y: ArrayLike) -> float:
    """Return the eps up to which the minimum-norm interpolator is optimal.

    Parameters
    ----------
    X : (n, d) array_like
        Linearly independent points.
    y : (n,) array_like
        Responses, not all 0.

    Returns
    -------
    float
        |w|/(n max |z_i|), w = X'z the minimum-norm interpolator; 0 where none exists.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(interpolation_threshold([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0]), 12)
    0.707106781187
    """
    rows, targets, _ = _checked(X, y, 0.0)
    if not targets.any():
        raise ValueError("y must not be all 0")
    if len(rows) > rows.shape[1] or np.linalg.matrix_rank(rows) < len(rows):
        return 0.0
    z = np.linalg.solve(rows @ rows.T, targets)
    w = rows.T @ z
    return float(np.linalg.norm(w) / (len(rows) * np.abs(z).max()))


def vanishing_threshold(X: ArrayLike, y: ArrayLike) -> float:
    """Return the eps from which w = 0 is optimal.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        Responses, not all 0.

    Returns
    -------
    float
        |X'y|/sum |y_i|.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> vanishing_threshold([[1.0], [2.0]], [1.0, 3.0])
    1.75
    """
    rows, targets, _ = _checked(X, y, 0.0)
    if not targets.any():
        raise ValueError("y must not be all 0")
    return float(np.linalg.norm(rows.T @ targets) / np.abs(targets).sum())


def _checked(X: ArrayLike, y: ArrayLike, eps: float) -> tuple[NDArray, NDArray, float]:
    rows = points("X", X, minimum=1)
    targets = real_array("y", y)
    if rows.shape[1] == 0:
        raise ValueError("X must have at least one column, got 0")
    if targets.shape != (len(rows),):
        raise ValueError(f"y must have shape ({len(rows)},), got {targets.shape}")
    return rows, targets, real("eps", eps, lower=0.0)


def _solved(A: NDArray, r: NDArray, eps: float) -> Answer:
    """Return w and multipliers b and a."""
    n, m = A.shape
    if eps * np.abs(r).sum() >= np.linalg.norm(A.T @ r):
        return np.zeros(m), r, np.abs(r)
    if m == n and np.linalg.matrix_rank(A) == n:
        z = np.linalg.solve(A @ A.T, r)
        w = A.T @ z
        if eps > 0.0 and eps * n * np.abs(z).max() <= np.linalg.norm(w):
            return w, z, np.full(n, np.linalg.norm(w) / eps / n)
    if eps == 0.0:
        w = np.linalg.lstsq(A, r, rcond=None)[0]
        return w, r - A @ w, np.abs(r - A @ w)
    best = _by_cone_program(A, r, eps, 1e-9)
    if _gap(A, r, eps, best) > CLOSED:
        other = _by_cone_program(A, r, eps, 1e-7)
        best = min(best, other, key=lambda answer: _gap(A, r, eps, answer))
    return best


def _gap(A: NDArray, r: NDArray, eps: float, answer: Answer) -> float:
    """Return by how much the objective exceeds its lower bound, relatively."""
    w, b, a = answer
    value = _objective(A, r, eps, w)
    return 1.0 - _lower(A, r, eps, b, a) / value if value > 0.0 else 0.0


def _objective(A: NDArray, r: NDArray, eps: float, w: NDArray) -> float:
    return float(np.mean((np.abs(r - A @ w) + eps * np.linalg.norm(w)) ** 2))


def _by_cone_program(A: NDArray, r: NDArray, eps: float, tolerance: float) -> Answer:
    """Return an answer by a cone program in w, t >= |w| and u >= eps t + |r - A w|."""
    import clarabel
    from scipy import sparse

    n, m = A.shape
    eye, shift = sparse.eye(n), np.full((n, 1), eps)
    limits: list[Any] = [
        sparse.hstack([sparse.csc_matrix(-A), shift, -eye]),
        sparse.hstack([sparse.csc_matrix(A), shift, -eye]),
        sparse.csc_matrix(([-1.0], ([0], [m])), shape=(1, m + 1 + n)),
        sparse.hstack([-sparse.eye(m), sparse.csc_matrix((m, n + 1))]),
    ]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    solution = clarabel.DefaultSolver(
        sparse.diags(np.r_[np.zeros(m + 1), np.ones(n)]).tocsc(),
        np.zeros(m + 1 + n),
        sparse.vstack(limits).tocsc(),
        np.r_[-r, r, np.zeros(m + 1)],
        [clarabel.NonnegativeConeT(2 * n), clarabel.SecondOrderConeT(m + 1)],
        settings,
    ).solve()
    z = np.array(solution.z)
    above, below = z[:n], z[n : 2 * n]
    return np.array(solution.x)[:m], above - below, above + below


def _lower(A: NDArray, r: NDArray, eps: float, b: NDArray, a: NDArray) -> float:
    """Return the value of the dual at the multipliers, made feasible."""
    a = np.maximum(a, np.abs(b))
    length, room = float(np.linalg.norm(A.T @ b)), eps * float(a.sum())
    if length > room:
        if eps == 0.0:  # the residuals of least squares, orthogonal up to rounding
            return max(float(b @ r - length * np.linalg.norm(r)), 0.0) / len(r)
        a = a * (length / room)
    size = float(a @ a)
    value = max(float(b @ r), 0.0)
    return value**2 / (size * len(r)) if size > 0.0 else 0.0
