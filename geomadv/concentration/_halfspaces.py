r"""Half-spaces: the extremal sets of Gaussian laws, in every l_p.

The score <w, x> with dual norm ||w||_q = 1, 1/p + 1/q = 1, is 1-Lipschitz in l_p, and
the eps-enlargement of {<w, x> >= t} is exactly {<w, x> >= t - eps}. For N(mu, Sigma)
the best normal maximises w' Sigma w over the dual ball (`geomadv.spaces.Gaussian`).

Where w moves, at a fixed mass alpha, the share near the region changes by

    d P(<w, x> >= t - eps) = f_w(t - eps) < E[x | <w, x> = t - eps]
                              - E[x | <w, x> = t] + eps grad ||w||_q , dw >,

f_w the density of <w, x>: the threshold moves by E[x | <w, x> = t], so that alpha
stays, and the length of w by the last term. The two conditional means are averages of
the points with a normal weight in <w, x>. Descent runs in u with w_i = sign(u_i)
|u_i|^{2/q} for q < 2, where ||w||_q = 1 is the sphere ||u||_2 = 1 and steps keep small
coordinates small (for p = inf it finds sparse normals), and in w itself for q >= 2.

Starts: for p = 2 and others the principal components v, and the columns of the
covariance, as they are and to powers, sign(v)|v|^e (Prescott, Zhang and Evans 2021,
arXiv:2103.12913, who stop there), and the coordinate axes, all in both directions.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import norm_order, points, real_array
from geomadv.concentration._levels import expanded_share, expanded_shares, threshold
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order

POWERS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
_COMPONENTS = 256
_SCREENED = 10_000
_BLOCK = 256
_DENSE = 4096
_ENTRIES = 2**24
_KEPT = 12
_ZERO = 1e-5
_UNIT = 1e-13
_STEPS = 40
_REPORTED = (0, 5, 10, 20, 40)
_BANDWIDTH = 0.1


@dataclass(frozen=True, eq=False)
class HalfSpace:
    """A half-space {x : <normal, x> >= t}, the normal of dual norm 1.

    Parameters
    ----------
    normal : (d,) array
        Any vector but zero; it is scaled to dual norm 1.
    p : float
        Order of the norm of the enlargement.

    Examples
    --------
    >>> HalfSpace(np.array([3.0, 4.0]), p=2).score([[5.0, 0.0]]).round(9).tolist()
    [3.0]
    >>> HalfSpace(np.array([3.0, 4.0]), p=np.inf).score([[7.0, 0.0]]).round(9).tolist()
    [3.0]
    """

    normal: Float[NDArray, " d"]
    p: float

    def __post_init__(self) -> None:
        normal = real_array("normal", self.normal, ndim=1)
        size = float(lp_norm(normal, dual_order(norm_order("p", self.p))))
        if not size > 0.0:
            raise ValueError("normal must not be zero")
        if abs(size - 1.0) > _UNIT:  # what was scaled before stays as it is
            normal = normal / size
        object.__setattr__(self, "normal", normal)

    def score(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return <normal, x> for each of the points X."""
        scores: NDArray = points("X", X, d=self.normal.size) @ self.normal
        return scores


def powered_components(
    X: Float[NDArray, "n d"], powers: tuple[float, ...] = POWERS
) -> Iterator[Float[NDArray, "d m"]]:
    """Yield powers of the leading principal components, sign(v)|v|^e, by columns.

    Entries of at most 1e-5 of the sum of sizes become 0, as published.
    """
    vectors = _components(X)
    for e in powers:
        v = _power(vectors, e)
        v /= np.abs(v).sum(axis=0)
        v[np.abs(v) <= _ZERO] = 0.0
        yield v


def starts(X: Float[NDArray, "n d"]) -> Iterator[Float[NDArray, "d m"]]:
    """Yield normals to begin with: axes, powered components and covariances."""
    d = X.shape[1]
    for first in range(0, d, _BLOCK):
        width = min(_BLOCK, d - first)
        yield np.eye(d, width, -first)
    yield from powered_components(X)
    widest = np.argsort(-X.var(axis=0, dtype=np.float64), kind="stable")[:_COMPONENTS]
    columns = _covariance(X, widest)
    for e in (1.0, 3.0):
        yield _power(columns, e)


def screened(
    X: Float[NDArray, "n d"],
    candidates: Iterator[Float[NDArray, "d m"]],
    *,
    p: float,
    eps: float,
    mass: float,
    keep: int = _KEPT,
) -> list[HalfSpace]:
    """Return the half-spaces whose enlargements hold least, best first.

    The candidates are compared on the first 10 000 points, in both directions, and the
    best ones of each block on all points.
    """
    few = X[:_SCREENED]
    rough: list[tuple[float, int, Float[NDArray, " d"]]] = []
    for block in candidates:
        size = lp_norm(block.T, dual_order(p))
        normals = block[:, size > 0.0] / size[size > 0.0]
        if not normals.shape[1]:
            continue
        shares = expanded_shares(few @ normals.astype(X.dtype), mass, eps)
        for sign, share in zip((1.0, -1.0), shares, strict=True):
            for j in np.argsort(share, kind="stable")[:4]:
                rough.append((float(share[j]), len(rough), sign * normals[:, j]))
    rough.sort(key=lambda item: item[:2])
    fine: list[tuple[float, int, HalfSpace]] = []
    for rank, (_, _, w) in enumerate(rough[: 2 * keep]):
        near = expanded_share(X @ w.astype(X.dtype), mass, eps)
        fine.append((near, rank, HalfSpace(w, p)))
    fine.sort(key=lambda item: item[:2])
    return [region for _, _, region in fine[:keep]]


def descend(
    X: Float[NDArray, "n d"], start: HalfSpace, *, eps: float, mass: float
) -> list[HalfSpace]:
    """Return half-spaces on the way of a gradient descent from one of them.

    Parameters
    ----------
    X : (n, d) array
        Points.
    start : HalfSpace
        Where it starts; not among those returned.
    eps : float
        Size of the enlargement.
    mass : float
        Share of the points in the half-space, kept.

    Returns
    -------
    list of HalfSpace
        After 5, 10, 20 and 40 steps: later ones fit these points better, and others
        perhaps worse.

    Notes
    -----
    Steps are normalised; a step that raises the share of these points near the
    half-space by more than a standard error halves the next ones.
    """
    q = dual_order(start.p)
    power = 2.0 / q if q < 2.0 else 1.0
    u = _power(start.normal, 1.0 / power)
    # a coordinate of size 0 would stay there
    u = u + 1e-2 * np.abs(u).max() * np.where(u == 0.0, _tilt(X, start), 0.0)
    u /= np.linalg.norm(u)
    length, before = 0.3, math.inf
    found: list[HalfSpace] = []
    for step in range(1, _STEPS + 1):
        region = HalfSpace(_power(u, power), start.p)
        scores = X @ region.normal.astype(X.dtype)
        share = expanded_share(scores, mass, eps)
        if share > before + math.sqrt(before / X.shape[0]):
            length /= 2
        before = share
        g = _gradient(X, scores, region, eps, mass)
        g *= power * np.abs(u) ** (power - 1.0)
        g -= (g @ u) / (u @ u) * u
        size = float(np.linalg.norm(g))
        if not size > 0.0:
            break
        u = u - length * min(1.0 / size, 1.0 / max(eps, 1e-12)) * g
        u /= np.linalg.norm(u)
        if step in _REPORTED:
            found.append(HalfSpace(_power(u, power), start.p))
    return found


def _gradient(
    X: Float[NDArray, "n d"],
    scores: Float[NDArray, " n"],
    region: HalfSpace,
    eps: float,
    mass: float,
) -> Float[NDArray, " d"]:
    t = threshold(scores, mass)
    width = max(_BANDWIDTH * float(scores.std()), 1e-12)
    outer = local_mean(X, scores, t - eps, width)
    inner = local_mean(X, scores, t, width)
    return outer - inner + eps * _norm_gradient(region.normal, region.p)


def local_mean(
    X: Float[NDArray, "n d"], scores: Float[NDArray, " n"], at: float, width: float
) -> Float[NDArray, " d"]:
    """Return the mean of the points with scores near a value, normally weighted."""
    z = (scores - at) / width
    z = np.abs(z) - np.abs(z).min()  # where no point is near, the nearest counts
    chosen = np.flatnonzero(z < 4.0)
    weights = np.exp(-0.5 * z[chosen] ** 2)
    mean: NDArray = (weights @ X[chosen]) / weights.sum()
    return mean.astype(np.float64)


def _norm_gradient(w: Float[NDArray, " d"], p: float) -> Float[NDArray, " d"]:
    """Return a subgradient of ||w||_q where it is 1."""
    q = dual_order(p)
    if np.isinf(q):
        top = np.abs(w) >= 1.0 - 1e-9
        return np.where(top, np.sign(w), 0.0) / top.sum()
    return np.asarray(np.sign(w) * np.abs(w) ** (q - 1.0))


def _tilt(X: Float[NDArray, "n d"], start: HalfSpace) -> Float[NDArray, " d"]:
    """Return the correlations of the coordinates with the score, at most 1 in size."""
    scores = X @ start.normal.astype(X.dtype)
    cov = ((scores - scores.mean()) @ X).astype(np.float64)
    largest = float(np.abs(cov).max())
    return np.asarray(cov / largest if largest > 0.0 else cov)


def _components(X: Float[NDArray, "n d"]) -> Float[NDArray, "d m"]:
    """Return the leading principal components, by columns.

    In more than 4096 dimensions those of at most 4096 points, by their products.
    """
    d = X.shape[1]
    if d <= _DENSE:
        cov = _covariance(X, np.arange(d))
        return np.asarray(np.linalg.eigh(cov)[1][:, ::-1][:, :_COMPONENTS])
    few = X[:_DENSE].astype(np.float64)
    few -= few.mean(axis=0)
    values, vectors = np.linalg.eigh(few @ few.T)
    kept = values[::-1] > 1e-12 * values[-1]
    found = few.T @ vectors[:, ::-1][:, kept][:, :_COMPONENTS]
    return np.asarray(found / np.linalg.norm(found, axis=0))


def _covariance(
    X: Float[NDArray, "n d"], columns: Int[NDArray, " m"]
) -> Float[NDArray, "d m"]:
    """Return columns of the covariance of the points, by blocks of points."""
    mean = X.mean(axis=0, dtype=np.float64)
    total = np.zeros((X.shape[1], columns.size))
    step = max(1, _ENTRIES // X.shape[1])
    for first in range(0, X.shape[0], step):
        rows = X[first : first + step] - mean
        total += rows.T @ rows[:, columns]
    return np.asarray(total / max(X.shape[0] - 1, 1))


def _power(v: Float[NDArray, "*s"], e: float) -> Float[NDArray, "*s"]:
    return np.asarray(np.sign(v) * np.abs(v) ** e)
