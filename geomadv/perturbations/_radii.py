"""Certified radii in closed form or by bisection, and signs that never change."""

import numpy as np
from scipy.spatial.distance import cdist

from geomadv._typing import Bool, Float, NDArray
from geomadv.perturbations._faces import dominated_beyond
from geomadv.perturbations._kernels import (
    expansion_norm,
    local_lipschitz_radius,
    rkhs_radius,
)
from geomadv.perturbations._margins import Margins, dual
from geomadv.perturbations._shares import positive_at_corners
from geomadv.perturbations._tangents import certain, tangents

_DOWN, _UP = 1.0 - 1e-12, 1.0 + 1e-12
_HALVINGS = 48
_FEW = 128  # centres up to which the local Lipschitz bound of all pairs is taken
_CELLS = 1 << 14  # of directions
_PLANS = 1 << 14  # pairs of terms up to which a plan is looked for


def ball_radii(
    margins: Margins, X: Float[NDArray, "n d"], p: float
) -> Float[NDArray, " n"]:
    """Return l_p radii certified by the terms' ranges and by second-order expansions.

    Both lower bounds of G_j in a ball fall as its radius grows, which is bisected.
    """
    d = X.shape[1]
    q = dual(p)
    two, one = margins.norms(p, d)
    rows = np.ones(d) if margins.T is None else np.linalg.norm(margins.T, q, axis=1)
    Z, reach = margins.inner(X), margins.reach(X)

    def kept(R: NDArray) -> tuple[NDArray, NDArray]:
        # what overflows in a large ball is no number, or infinite, and not kept
        with np.errstate(over="ignore", invalid="ignore"):
            found = tangents(
                margins,
                Z,
                R[:, None] * rows * _UP,
                two * R,
                one * R,
                reach,
                two * R,
            )
        slope = found.slope if margins.T is None else found.slope @ margins.T
        falls = np.linalg.norm(slope, q, axis=2) * (R * _UP)[:, None]
        with np.errstate(invalid="ignore"):
            stays = found.floor > 0, found.base - found.drop - falls > 0
        return ~margins.changed(~stays[0]), ~margins.changed(~stays[1])

    best = np.zeros(len(X))
    if not len(X):
        return best
    for which in (0, 1):
        low, high = np.zeros(len(X)), np.ones(len(X))
        growing = np.ones(len(X), bool)
        for k in range(40 + _HALVINGS):
            R = np.where(growing, high, (low + high) / 2.0)
            holds = kept(R)[which]
            low = np.where(holds, R, low)
            high = np.where(holds, np.where(growing, 2.0 * R, high), R)
            growing &= holds & (k < 40)
        best = np.maximum(best, low)
    return best * _DOWN


def norm_radii(
    margins: Margins, X: Float[NDArray, "n d"], p: float
) -> Float[NDArray, " n"]:
    """Return the radii that need no search: by the functions' norms."""
    kernel = margins.kernel
    if kernel.name == "polynomial":
        return ball_radii(margins, X, p)
    two, one = margins.norms(p, X.shape[1])
    H = expansion_norm(margins.centres, margins.D, kernel)
    found = margins.change(rkhs_radius(certain(margins, X), H, kernel))
    return found / (one if kernel.name == "laplacian" else two) * _DOWN


def radii(margins: Margins, X: Float[NDArray, "n d"], p: float) -> Float[NDArray, " n"]:
    """Return the best of the certified radii in closed form."""
    kernel, D = margins.kernel, margins.D
    best = np.maximum(ball_radii(margins, X, p), norm_radii(margins, X, p))
    if kernel.name == "gaussian" and len(D) <= _FEW:
        two, _ = margins.norms(p, X.shape[1])
        m, Z = certain(margins, X), margins.inner(X)
        blur = margins.blur(X)
        for i in np.flatnonzero(np.isfinite(best)):
            local = [
                local_lipschitz_radius(value, Z[i], margins.centres, a, kernel.gamma)
                for value, a in zip(m[i], D.T, strict=True)
            ]
            turns = float(margins.change(np.array([local]))[0])
            best[i] = max(best[i], (turns - float(blur[i])) / two)
    return best * _DOWN


def never_negative(margins: Margins) -> Bool[NDArray, " J"]:
    """Return which functions are proven to be >= 0 everywhere.

    Since 0 < k <= 1, G > beta - sum_j (-D_j)_+. For the kernels exp(-g |z - z_j|) also
    where k_i >= k_j exp(-g |z_i - z_j|) by the triangle inequality: G >= beta if each
    negative term is outweighed by positive ones, which is a problem of transport; or,
    for exp(-g |z - z_j|_1) and beta = 0, by the values at all corners (`_shares`).
    """
    kernel, D, beta = margins.kernel, margins.D, margins.beta
    if kernel.name == "polynomial":
        return np.zeros(D.shape[1], bool)
    negative = np.maximum(-D, 0.0).sum(axis=0)
    never = np.where(negative > 0, beta * _DOWN > negative * _UP, beta >= 0)
    if kernel.name in ("laplace", "laplacian"):
        corners = kernel.name == "laplacian"
        for j in np.flatnonzero(~never & (beta >= 0)):
            never[j] = _outweighed(margins, D[:, j]) or (
                corners and beta[j] == 0 and positive_at_corners(margins, int(j))
            )
    return never


def _outweighed(margins: Margins, a: Float[NDArray, " m"]) -> bool:
    """Whether positive terms can be shared out to make up for each negative one.

    Shares w_ij >= 0 with sum_j w_ij <= a_i and sum_i w_ij e^(-g |z_i - z_j|) >= |a_j|;
    found by linear programming, then checked.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    up, down = np.flatnonzero(a > 0), np.flatnonzero(a < 0)
    if len(up) * len(down) > _PLANS or a.sum() <= 0:
        return False
    metric = "cityblock" if margins.kernel.name == "laplacian" else "euclidean"
    apart = cdist(margins.centres[up], margins.centres[down], metric)
    gain = np.exp(-margins.kernel.gamma * apart) * _DOWN
    owners = sparse.kron(sparse.eye(len(up)), np.ones((1, len(down))))
    needs = sparse.kron(np.ones((1, len(up))), sparse.eye(len(down)))
    found = linprog(
        -gain.ravel(),
        A_ub=sparse.vstack([owners, -needs @ sparse.diags(gain.ravel())]),
        b_ub=np.concatenate([a[up], a[down] * _UP]),
        method="highs",
    )
    if found.x is None:
        return False
    share = np.maximum(found.x.reshape(gain.shape), 0.0)
    used = share.sum(axis=1)
    share *= np.minimum(1.0, a[up] / np.where(used > 0, used, 1.0) * _DOWN)[:, None]
    return bool(((share * gain).sum(axis=0) * _DOWN > -a[down]).all())


def positive_beyond(margins: Margins, c: Float[NDArray, " r"]) -> float:
    r"""Return an R such that no function is negative where |z - c| > R, or infinity.

    If beta > 0, since the sum of |a_j| k over the negative terms falls with the
    distance from all centres. If beta = 0, by `_faces` for a Gaussian kernel and by
    `_directed_beyond` for exp(-g |z|).
    """
    kernel, D, beta = margins.kernel, margins.D, margins.beta
    if kernel.name == "polynomial":
        return np.inf
    radius = float(np.linalg.norm(margins.centres - c, axis=1).max(initial=0.0))
    R = 0.0
    for j, level in enumerate(beta):
        a = D[:, j]
        if level > 0:
            # the largest kernel that leaves half of beta
            share = level / 2.0 / max(float(np.maximum(-a, 0.0).sum()), level)
            s = -np.log(share) / kernel.gamma
            R = max(R, radius + float(np.sqrt(s) if kernel.name == "gaussian" else s))
        elif level == 0 and kernel.name == "gaussian":
            R = max(R, dominated_beyond(margins.centres, c, a, kernel.gamma))
        elif level == 0 and kernel.name == "laplace":
            R = max(R, _directed_beyond(margins.centres - c, a, kernel.gamma))
        else:
            return np.inf
    return R * (1.0 + 1e-9)


def _directed_beyond(
    z: Float[NDArray, "m r"], a: Float[NDArray, " m"], g: float
) -> float:
    r"""Return the R of `positive_beyond` for beta = 0, c = 0 and exp(-g |z|).

    With y = r u, |u| = 1, and all |z_i| <= s < r,

        r - <u, z_i> <= |y - z_i| <= r - <u, z_i> + s^2/(2 (r - s)),

    so that the sign is that of sum_i a_i e^(g <u, z_i>) unless the logarithms of its
    positive and negative parts differ by less than g s^2/(2 (r - s)). Their difference
    is at least m if it is at the centres of cells of directions, less g |z_i - z_j|
    times the cells' radii, which are cut in parts until this is half of it.
    """
    up, down = a > 0, a < 0
    if not down.any():
        return 0.0
    if not up.any():
        return np.inf
    steep = g * float(cdist(z[up], z[down]).max())
    least = np.inf
    U, h = np.concatenate([np.eye(len(z[0])), -np.eye(len(z[0]))]), 1.0
    for _ in range(_HALVINGS):
        lengths = np.linalg.norm(U, axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(a)) + g * (U / lengths) @ z.T
        gain = np.logaddexp.reduce(logs[:, up], axis=1)
        gain -= np.logaddexp.reduce(logs[:, down], axis=1)
        sure = gain - 1e-12 * np.abs(logs).max(axis=1)
        # radial projection onto the sphere from the cube's surface is no expansion
        sure -= steep * h * np.sqrt(z.shape[1] - 1)
        if (gain <= 0).any():
            return np.inf
        done = sure >= gain / 2.0
        least = min(least, float(sure[done].min(initial=np.inf)))
        U = _quarters(U[~done], h)
        h /= 2.0
        if not len(U):
            break
        if len(U) > _CELLS:
            return np.inf
    else:
        return np.inf
    s = float(np.linalg.norm(z, axis=1).max())
    return (s + g * s * s / (2.0 * least)) * (1.0 + 1e-9)


def _quarters(U: Float[NDArray, "n r"], h: float) -> Float[NDArray, "k r"]:
    """Return the centres of the parts of cells |v - U| <= h on the cube's surface."""
    for i in range(U.shape[1]):
        cut = np.abs(U[:, i]) < 1.0
        step = np.zeros(U.shape[1])
        step[i] = h / 2.0
        U = np.concatenate([U[~cut], U[cut] - step, U[cut] + step])
    return U
