r"""Smallest steps into polyhedra, with bounds that believe no solver.

The step delta is to have A delta >= b, within a box about x if there is one, and to be
smallest in the l_p norm: a quadratic program for p = 2, a linear one for p = 1 and
infinity. Of multipliers lambda >= 0 any solver's will do: all steps satisfy
<A^T lambda, delta> >= <b, lambda>, one half-space, and the distance to it (in the box)
is a lower bound.
"""

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray, Real

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
Solution = tuple[NDArray, NDArray]  # the step and the multipliers

_NEVER = 1e9  # times the distance to the farthest half-space: no step at all


def length(v: NDArray, p: float) -> Real:
    """Return the l_p norms of rows."""
    return np.linalg.norm(v, p, axis=-1)


def smallest_step(
    A: Float[NDArray, "c d"], b: Float[NDArray, " c"], p: float, room: Box | None
) -> tuple[float, NDArray, NDArray]:
    """Return a lower bound, the smallest step with A delta >= b, and multipliers.

    The bound is certified, whatever the solver does, and infinite if there is no step;
    the step is no better than the solver's tolerance. p is 1, 2 or infinity.
    """
    sizes = np.linalg.norm(A, axis=1)
    if ((sizes == 0.0) & (b > 0.0)).any():
        return np.inf, np.zeros(A.shape[1]), np.zeros(len(b))
    sizes[sizes == 0.0] = 1.0
    unit = float((b / sizes).max(initial=0.0))
    if unit <= 0.0:
        return 0.0, np.zeros(A.shape[1]), np.zeros(len(b))
    A, b = A / sizes[:, None], b / sizes / unit
    scaled = None if room is None else (room[0] / unit, room[1] / unit)
    step, multipliers = _quadratic(A, b, scaled) if p == 2 else _linear(A, b, p, scaled)
    bound = halfspace(A, b, multipliers, p, scaled)
    if bound > _NEVER:
        bound = np.inf
    return unit * bound, unit * step, multipliers * unit / sizes


def halfspace(
    A: NDArray, b: NDArray, multipliers: NDArray, p: float, room: Box | None
) -> float:
    """Return the distance to the half-space that the multipliers make."""
    total, normal = float(b @ multipliers), multipliers @ A
    total -= 1e-15 * float(np.abs(b) @ multipliers)  # its rounding
    if total <= 0.0:
        return 0.0
    if room is not None:
        start = np.zeros((1, normal.size))
        _, distance, _ = _dispatch.box_perturbation(start, normal, -total, *room, p=p)
        return float(distance[0])
    q = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}[p]
    norm = float(length(normal, q))
    return total / norm if norm > 0.0 else np.inf


def _quadratic(A: NDArray, b: NDArray, room: Box | None) -> Solution:
    """Minimise |delta|_2 subject to A delta >= b, in the box.

    Without a box delta = A^T lambda: with A = L Q^T, L square, y = Q^T delta has as
    many coordinates as there are constraints.
    """
    import daqp

    n, d = A.shape
    reduced = room is None and n < d
    L = _factor(A) if reduced else A
    ends = [np.full(n, 1e30), b]
    if room is not None:
        ends = [np.concatenate([room[1], ends[0]]), np.concatenate([room[0], b])]
    size = L.shape[1]
    step, _, flag, info = daqp.solve(
        np.eye(size), np.zeros(size), np.ascontiguousarray(L), *ends, primal_tol=1e-11
    )
    if flag != 1:
        return _least_distance(A, b, room)
    multipliers = np.maximum(-np.array(info["lam"])[-n:], 0.0)
    return (multipliers @ A if reduced else np.array(step)), multipliers


def _factor(A: NDArray) -> NDArray:
    """Return L with L L^T = A A^T."""
    try:
        L = np.linalg.cholesky(A @ A.T)
        if L.diagonal().min() > 1e-4:
            return L
    except np.linalg.LinAlgError:
        pass
    return np.asarray(np.linalg.qr(A.T, mode="r")).T


def _linear(
    A: NDArray, b: NDArray, p: float, room: Box | None
) -> tuple[NDArray, NDArray]:
    """Minimise |delta|_1 or |delta|_inf subject to A delta >= b, in the box."""
    from scipy.optimize import linprog

    n, d = A.shape
    lower, upper = (np.full(d, -np.inf), np.full(d, np.inf)) if room is None else room
    if p == 1:  # delta = u - v
        costs, rows = np.ones(2 * d), np.hstack([-A, A])
        limits, bounds = (
            -b,
            np.stack([np.zeros(2 * d), np.concatenate([upper, -lower])], axis=1),
        )
    else:  # -s <= delta <= s
        from scipy.sparse import csr_array, eye_array, hstack, vstack

        one, ones = eye_array(d), csr_array(np.ones((d, 1)))
        rows = vstack(
            [
                hstack([csr_array(-A), csr_array((n, 1))]),
                hstack([one, -ones]),
                hstack([-one, -ones]),
            ]
        ).tocsr()
        costs = np.append(np.zeros(d), 1.0)
        limits = np.concatenate([-b, np.zeros(2 * d)])
        bounds = np.stack([np.append(lower, 0.0), np.append(upper, np.inf)], axis=1)
    tolerances = {"primal_feasibility_tolerance": 1e-10}
    tolerances["dual_feasibility_tolerance"] = 1e-10
    found = linprog(costs, rows, limits, bounds=bounds, options=tolerances)
    if found.status != 0:
        return _least_distance(A, b, room)
    step = found.x[:d] - found.x[d:] if p == 1 else found.x[:d]
    if room is not None:
        step = np.clip(step, *room)
    return step, np.maximum(-found.ineqlin.marginals[:n], 0.0)


def _least_distance(A: NDArray, b: NDArray, room: Box | None) -> Solution:
    """Solve the same as `_quadratic`, or show that there is no step.

    Lawson and Hanson (1974), "Solving least squares problems", chapter 23: of
    u >= 0 that minimise |A^T u|^2 + (1 - <b, u>)^2, the step is A^T u/(1 - <b, u>). If
    there is none, both squares are 0 and u is a proof of that (Farkas).
    """
    from scipy.optimize import nnls

    rows, ends = A, b
    if room is not None:
        one = np.eye(A.shape[1])
        rows = np.concatenate([A, one, -one])
        ends = np.concatenate([b, room[0], -room[1]])
        finite = np.isfinite(ends)
        rows, ends = rows[finite], ends[finite]
    try:
        u, _ = nnls(np.vstack([rows.T, ends]), np.append(np.zeros(A.shape[1]), 1.0))
    except RuntimeError:  # too many iterations
        u = np.zeros(len(ends))
    u /= max(1.0 - float(ends @ u), 1e-14)
    return u @ rows, u[: len(b)]
