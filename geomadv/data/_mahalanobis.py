r"""The point of an l_p ball that is nearest to mu in the Mahalanobis length of S.

    z* = argmin { <mu - z, S^-1 (mu - z)> : |z|_p <= eps },    w* = S^-1 (mu - z*).

With 1/p + 1/q = 1 it is the dual of max_w (<w, mu> - eps |w|_q)/sqrt(<w, S w>): where
mu lies outside the ball, w* is a maximiser, and both have the value
m* = sqrt(<mu - z*, S^-1 (mu - z*)>). Any w bounds m* from below and any z from above,
which certifies a solution. At the optimum mu = S w + eps h with h a subgradient of
|w|_q, and z* = eps h.

**Diagonal S**, variances v_i. With z_i = eps zeta_i, signs left out and l = |w|_q,

    eps zeta_i + l v_i zeta_i^{p-1} = |mu_i|,    w_i = l zeta_i^{p-1},

one increasing equation a coordinate, and |zeta|_p = 1 gives l; for p = infinity
z_i = min(|mu_i|, eps) at once. No digits cancel in w.

**Other S.** For p = 2 the same in the eigenvectors of S. Else a cone program in u, with
S = L L' and mu - z = L u, which is then polished: for p = infinity w lives on the
coordinates with |z_i| = eps, and for p = 1 w_i = +-l where z_i != 0, so that w = E y
with E' S E y = E' mu - eps c; for other p by Newton's method, in w for p < 2 and in
zeta for p > 2, where the curvatures are finite.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from geomadv._typing import Float, NDArray
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order

_GAP = 1e-9  # of the value at eps = 0
_NOTHING = 2.0**-52  # of the norm of mu: a ball that rounding fills
_LEAST = 1e-30
_STEPS = 100
_UNITS = 4
_HALVINGS = 20


def nearest_in_ball(
    mu: Float[NDArray, " d"],
    cov: Float[NDArray, "*s"],
    factor: Float[NDArray, "*s"],
    eps: float,
    p: float,
) -> tuple[Float[NDArray, " d"], Float[NDArray, " d"]]:
    """Return z* and w*; w* is 0 where mu lies in the ball.

    Parameters
    ----------
    mu : (d,) array
    cov : (), (d,) or (d, d) array
        The covariance S: a variance, variances or a positive definite matrix.
    factor : array of the shape of `cov`
        Its root, or its lower Cholesky factor.
    eps : float
    p : float
        In [1, inf].

    Warns
    -----
    RuntimeWarning
        If the certified gap is above 10^-9 of the value at eps = 0.

    Examples
    --------
    >>> one = np.ones(())
    >>> z, w = nearest_in_ball(np.array([1.0, 0.5, 0.2]), one, one, 0.3, np.inf)
    >>> z.tolist(), w.tolist()
    ([0.3, 0.3, 0.2], [0.7, 0.2, 0.0])
    """
    size = float(lp_norm(mu, p))
    if size <= eps:
        return mu.copy(), np.zeros(mu.shape)
    if eps <= _NOTHING * size:
        return np.zeros(mu.shape), _solved(factor, mu)
    if cov.ndim < 2:
        return _diagonal(mu, np.broadcast_to(cov, mu.shape), eps, p)
    if p == 2.0:
        v, V = linalg.eigh(cov)
        z, w = _diagonal(V.T @ mu, v, eps, p)
        return V @ z, V @ w
    far = float(np.linalg.norm(linalg.solve_triangular(factor, mu, lower=True)))
    ratio = far / size  # in these units the ball's radius is below 1, and m* as well
    m, L, e = mu / size, factor * ratio, eps / size
    w = _dense(m, L, e, p)
    z = m - L @ (L.T @ w)
    return size * z, w * (far * ratio)


def _solved(factor: NDArray, x: NDArray) -> NDArray:
    """Return S^-1 x."""
    if factor.ndim < 2:
        return np.asarray(x / factor / factor)
    return np.asarray(linalg.cho_solve((factor, True), x))


def _diagonal(
    mu: Float[NDArray, " d"], v: Float[NDArray, " d"], eps: float, p: float
) -> tuple[NDArray, NDArray]:
    """Return z* and w* for uncorrelated coordinates."""
    from scipy import optimize

    sign, m = np.sign(mu), np.abs(mu)
    if math.isinf(p):
        return sign * np.minimum(m, eps), sign * np.maximum(m - eps, 0.0) / v
    size = float(lp_norm(mu, p))
    e = min(eps / size, 1.0)
    if p == 2.0 and (v == v[0]).all():
        return mu * e, mu * (1.0 - e) / v[0]
    scale = float(v.max()) / size
    m, v = m / size, v / v.max()

    def parts(level: float) -> tuple[NDArray, NDArray]:
        """Return zeta and zeta^(p - 1) at a level l."""
        if p == 1.0:
            return np.maximum(m - level * v, 0.0) / e, np.minimum(m / v / level, 1.0)
        if p >= 2.0:
            zeta = _root(np.full(m.shape, e), level * v, p - 1.0, m)
            return zeta, zeta ** (p - 1.0)
        power = _root(level * v, np.full(m.shape, e), dual_order(p) - 1.0, m)
        return power ** (dual_order(p) - 1.0), power

    def excess(level: float) -> float:
        if level == 0.0:
            return 1.0 / e - 1.0
        return float(lp_norm(parts(level)[0], p)) - 1.0

    top = 1.0
    while excess(top) > 0.0:
        top *= 4.0
    level = optimize.brentq(excess, 0.0, top, xtol=_LEAST, rtol=1e-15, maxiter=1000)
    level = max(level, _LEAST)
    zeta, power = parts(level)
    return sign * zeta * eps, sign * power * (level / scale)


def _root(c: NDArray, k: NDArray, r: float, m: NDArray) -> NDArray:
    """Return the x >= 0 with c x + k x^r = m, for c, k > 0 and r >= 1.

    Newton's method from above: the left side is convex, so that it falls throughout.
    """
    with np.errstate(over="ignore"):
        x = np.minimum(m / c, (m / k) ** (1.0 / r))
    for _ in range(_STEPS):
        power = k * x ** (r - 1.0)
        less = np.maximum(x - (c * x + power * x - m) / (c + r * power), 0.0)
        done = (np.abs(less - x) <= 1e-16 * x).all()
        x = np.minimum(x, less)
        if done:
            break
    return x


def _dense(
    mu: Float[NDArray, " d"], L: Float[NDArray, "d d"], eps: float, p: float
) -> Float[NDArray, " d"]:
    """Return w* by a cone program that is polished, and warn if it is not optimal."""
    S, q = L @ L.T, dual_order(p)

    def value(w: NDArray) -> float:
        length = float(np.linalg.norm(L.T @ w))
        if not (np.isfinite(length) and length > 0.0):
            return -math.inf
        return float(w @ mu - eps * lp_norm(w, q)) / length

    w = linalg.solve_triangular(L.T, _shortest(mu, L, eps, p))
    z = mu - S @ w
    if p in (1.0, math.inf):
        better = _on_faces(mu, S, eps, p, w, value)
    elif p < 2.0:
        better = _newton(_in_weights(mu, S, eps, q), w)
    else:
        zeta = z / (float(lp_norm(z, p)) or 1.0)
        start = np.append(zeta, lp_norm(w, q))
        *zeta, level = _newton(_in_point(mu, S, eps, p), start)
        better = level * np.sign(zeta) * np.abs(zeta) ** (p - 1.0)
    if value(better) >= value(w) - 1e-14:
        w = better
    z = mu - S @ w
    z *= min(1.0, eps / (float(lp_norm(z, p)) or 1.0))
    above = float(np.linalg.norm(linalg.solve_triangular(L, mu - z, lower=True)))
    if not above - value(w) <= _GAP:
        warnings.warn(
            f"the optimum is known to {above - value(w):.1e} of its value at eps = 0 "
            f"only, for p = {p:g}",
            RuntimeWarning,
            stacklevel=4,
        )
    return w


def _shortest(
    mu: Float[NDArray, " d"], L: Float[NDArray, "d d"], eps: float, p: float
) -> Float[NDArray, " d"]:
    """Return the shortest u with |mu - L u|_p <= eps, about, in units that suit it."""
    unit = 1.0
    for _ in range(_UNITS):
        u = unit * _cone(mu, unit * L, eps, p)
        length = float(np.linalg.norm(u))
        if not 0.0 < length < 0.1 * unit:
            break
        unit = length
    return u


def _cone(
    mu: Float[NDArray, " d"], L: Float[NDArray, "d d"], eps: float, p: float
) -> Float[NDArray, " d"]:
    """Return the shortest u with |mu - L u|_p <= eps, about."""
    import clarabel
    from scipy import sparse

    d = len(mu)
    one = np.ones((1, d))
    if math.isinf(p):
        rows = np.vstack([L, -L])
        right = np.concatenate([eps + mu, eps - mu])
        cones = [clarabel.NonnegativeConeT(2 * d)]
    elif p == 1.0:  # |mu - L u| <= a, sum a <= eps
        eye = np.eye(d)
        rows = np.block([[L, -eye], [-L, -eye], [0.0 * one, one]])
        right = np.concatenate([mu, -mu, [eps]])
        cones = [clarabel.NonnegativeConeT(2 * d + 1)]
    else:  # a_i^(1/p) eps^(1 - 1/p) >= |mu - L u|_i, sum a <= eps
        rows = np.zeros((3 * d + 1, 2 * d))
        rows[np.arange(0, 3 * d, 3), d + np.arange(d)] = -1.0
        rows[2 : 3 * d : 3, :d] = L
        rows[3 * d, d:] = 1.0
        right = np.full(3 * d + 1, eps)
        right[0 : 3 * d : 3] = 0.0
        right[2 : 3 * d : 3] = mu
        cones = [clarabel.PowerConeT(1.0 / p)] * d + [clarabel.NonnegativeConeT(1)]
    quadratic = np.zeros(rows.shape[1])
    quadratic[:d] = 1.0
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    solution = clarabel.DefaultSolver(
        sparse.diags(quadratic).tocsc(),
        np.zeros(rows.shape[1]),
        sparse.csc_matrix(rows),
        right,
        cones,
        settings,
    ).solve()
    return np.array(solution.x)[:d]


def _on_faces(
    mu: NDArray,
    S: NDArray,
    eps: float,
    p: float,
    w: NDArray,
    value: Callable[[NDArray], float],
) -> NDArray:
    """Return the best of the optima on the faces that follow from w, p = 1 or infinity.

    At the optimum alone z is the point of the ball nearest to z + g w, for any g > 0
    (for p = infinity, a g for each coordinate). That point names the next face, and the
    optimum on it the next w, until a face comes back.
    """
    d, best, cube = len(mu), w, math.isinf(p)
    scale = S.diagonal() if cube else S.diagonal().mean()
    z = mu - S @ w
    bound = eps if cube else float(np.abs(z).max()) or 1.0
    signs = np.sign(w)
    tight = np.abs(w) / np.abs(w).max() + np.abs(z) / bound > 1.0
    seen = set()
    for _ in range(_STEPS):
        face = (tight * signs).tobytes()
        if face in seen or not tight.any():
            break
        seen.add(face)
        if cube:
            E = np.eye(d)[:, tight] * signs[tight]
            c = np.ones(E.shape[1])
        else:
            E = np.column_stack([np.eye(d)[:, ~tight], tight * signs])
            c = np.append(np.zeros(E.shape[1] - 1), 1.0)
        w = E @ linalg.solve(E.T @ S @ E, E.T @ mu - eps * c, assume_a="pos")
        if value(w) >= value(best) - 1e-14:
            best = w
        moved = mu - S @ w + scale * w
        level = eps if cube else _threshold(np.abs(moved), eps)
        tight, signs = np.abs(moved) > level, np.sign(moved)
    return best


def _threshold(size: NDArray, radius: float) -> float:
    """Return the t with sum max(size - t, 0) = radius."""
    falling = np.sort(size)[::-1]
    levels = (np.cumsum(falling) - radius) / np.arange(1, len(size) + 1)
    return float(levels[np.flatnonzero(falling >= levels)[-1]])


Equations = Callable[[NDArray], tuple[NDArray, NDArray]]


def _newton(equations: Equations, x: NDArray) -> NDArray:
    """Return where Newton's steps, halved where need be, no more lower the residual."""
    residual, slope = equations(x)
    for _ in range(_STEPS):
        try:
            step = np.linalg.solve(slope, residual)
        except np.linalg.LinAlgError:
            return x
        for _ in range(_HALVINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                found, new = equations(x - step)
                less = np.linalg.norm(found) < np.linalg.norm(residual)
            if less:
                break
            step /= 2.0
        else:
            return x
        x, residual, slope = x - step, found, new
    return x


def _in_weights(mu: NDArray, S: NDArray, eps: float, q: float) -> Equations:
    """Return S w + eps h(w) - mu and its slope; h is the gradient of |w|_q, q >= 2."""

    def equations(w: NDArray) -> tuple[NDArray, NDArray]:
        size = float(lp_norm(w, q))
        part = np.abs(w) / size
        h = np.sign(w) * part ** (q - 1.0)
        curved = np.diag(part ** (q - 2.0)) - np.outer(h, h)
        return S @ w + eps * h - mu, S + (eps * (q - 1.0) / size) * curved

    return equations


def _in_point(mu: NDArray, S: NDArray, eps: float, p: float) -> Equations:
    """Return eps zeta + l S g(zeta) - mu and (|zeta|_p^p - 1)/p, and their slope."""

    def equations(x: NDArray) -> tuple[NDArray, NDArray]:
        zeta, level = x[:-1], x[-1]
        g = np.sign(zeta) * np.abs(zeta) ** (p - 1.0)
        slope: Any = np.zeros((len(x), len(x)))
        bent = (p - 1.0) * np.abs(zeta) ** (p - 2.0)
        slope[:-1, :-1] = eps * np.eye(len(zeta)) + level * S * bent
        slope[:-1, -1] = S @ g
        slope[-1, :-1] = g
        first = eps * zeta + level * S @ g - mu
        return np.append(first, (g @ zeta - 1.0) / p), slope

    return equations
