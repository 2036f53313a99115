r"""How much a Euclidean ball takes from a parabola, on average over a Gaussian law.

For f = <x, A x> + 2 <b, x> and a label y, the infimum of y f over the ball of radius e
about x is y f(x) - c, where

    c = -min_{|delta| <= e} (<delta, y A delta> + 2 <g, delta>),    g = y (A x + b),

which depends on x through the span V of b and the range of A alone, and so does the
best delta. With t the coordinates of x in eigenvectors of y A in V, the eigenvalues
ascending, E c is an integral over as many standard normal numbers as V has dimensions:
t = mean + C z, C lower triangular. Where the least eigenvalue L_1 is negative the best
delta jumps as g_1 changes its sign, and c has a kink there; as t_1 depends on z_1
alone, it is at one z_1, where the rule of Gauss and Legendre is cut.
"""

import numpy as np
from scipy import linalg

from geomadv._typing import Float, NDArray
from geomadv.theories.features._features import QuadraticFeature

MOST = 3
_REACH = 9.0  # in standard deviations
_PANELS = {1: 12, 2: 12, 3: 5}  # on either side of the kink, and by dimension
_NODES = {1: 10, 2: 8, 3: 6}
_RANK = 1e-12  # of the largest singular value


def span(f: QuadraticFeature) -> Float[NDArray, "d r"]:
    """Return orthonormal columns of the span of b and the range of A."""
    columns = np.column_stack([f._A, f._b])
    scales = np.abs(columns).max(axis=0)
    columns = columns[:, scales > 0.0] / scales[scales > 0.0]
    left, sizes, _ = linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, sizes > _RANK * sizes[0]])


def mean_euclidean_fall(
    f: QuadraticFeature,
    y: float,
    m: Float[NDArray, " d"],
    S: Float[NDArray, "..."],
    sizes: Float[NDArray, "*s"],
) -> Float[NDArray, "*s"]:
    """Return E c for x ~ N(m, S) and balls of some sizes.

    Parameters
    ----------
    f : QuadraticFeature
        With a `span` of at most `MOST` dimensions.
    y : float
        The label, -1 or +1.
    m : (d,) array
        The mean.
    S : () , (d,) or (d, d) array
        The covariance: a number, variances or a matrix.
    sizes : array
        Radii, at least 0.

    Notes
    -----
    Error below 1e-5 of the standard deviation of f, reached where the least eigenvalue
    is a double one and the kink a point or a line; else mostly below 1e-7 (tests).
    """
    V = span(f)
    bent = y * (V.T @ f._A @ V)
    L, Q = linalg.eigh((bent + bent.T) / 2)
    W = V @ Q
    cov = W.T @ (S @ W if S.ndim == 2 else np.asarray(S)[..., None] * W)
    C = linalg.cholesky((cov + cov.T) / 2, lower=True)
    centre, slope = W.T @ m, y * (W.T @ f._b)
    z, weights = _rule(L.size, _kink(L, slope, centre, C))
    flat = QuadraticFeature(np.diag(L), slope)
    t = centre + z @ C.T
    plain = flat.values(t)
    ones = np.ones(len(t))
    means = [
        float(weights @ (plain - flat.worst(t, ones, float(e), 2.0)))
        for e in sizes.flat
    ]
    return np.reshape(np.asarray(means, dtype=float), sizes.shape)


def _kink(L: NDArray, slope: NDArray, centre: NDArray, C: NDArray) -> float:
    """Return the z_1 at which g_1 = 0, or 0 where that is far away or no kink."""
    if L[0] >= 0.0:
        return 0.0
    z = (-slope[0] / L[0] - centre[0]) / C[0, 0]
    return float(z) if abs(z) < _REACH else 0.0


def _rule(d: int, kink: float) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
    """Return points and weights for d standard normal numbers, cut at z_1 = kink."""
    count, nodes = _PANELS[d], _NODES[d]
    # panels that grow from the kink to the ends of the range
    shares = np.linspace(0.0, 1.0, count + 1) ** 2
    below = kink - (kink + _REACH) * shares[::-1]
    above = kink + (_REACH - kink) * shares
    first = _line(np.concatenate([below, above[1:]]), nodes)
    other = _line(np.linspace(-_REACH, _REACH, 2 * count + 1), nodes)
    axes = [first, *[other] * (d - 1)]
    points = np.stack(np.meshgrid(*[x for x, _ in axes], indexing="ij"), axis=-1)
    weights = np.ones(())
    for _, w in axes:
        weights = np.multiply.outer(weights, w)
    kept = weights.ravel() > 1e-22
    return points.reshape(-1, d)[kept], weights.ravel()[kept]


def _line(cuts: Float[NDArray, " k"], nodes: int) -> tuple[NDArray, NDArray]:
    """Return points and weights of the normal law, panel by panel."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    half = np.diff(cuts)[:, None] / 2
    points = (cuts[:-1, None] + half * (x + 1)).ravel()
    weights = (half * w).ravel() * np.exp(-(points**2) / 2) / np.sqrt(2 * np.pi)
    return points, weights
