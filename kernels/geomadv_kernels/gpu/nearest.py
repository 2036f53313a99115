"""The nearest neighbours of points on a GPU; the definition is the reference's.

Every list of k neighbours is in global memory, so that k has no limit; an entry costs
k / 32 steps of a warp. Where there are few queries, each list is made in shares of the
points, side by side, and the lists are merged.
"""

from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.gpu import _pairs
from geomadv_kernels.gpu._module import device_of, function

_SPACE = 1 << 28  # bytes of the lists that are to be merged
_WARPS = 8


def nearest(
    X: Any, Y: Any, k: int, *, metric: str = "l2", period: float | None = None
) -> tuple[Any, Any]:
    """Return the k smallest distances from each x to the points of Y, and whose.

    Parameters
    ----------
    X : (n, d) CuPy array, float32 or float64
        The queries.
    Y : (m, d) CuPy array of the dtype of X
        The points.
    k : int
        How many neighbours, at least 1.
    metric : {"l2", "l1", "linf"}
    period : float or None
        The side of the torus, if the points lie on one.

    Returns
    -------
    distances : (n, k) CuPy array of the dtype of X
        In ascending order; infinite where there are fewer than k points.
    indices : (n, k) CuPy array of int64
        Of the neighbours; equal distances in the order of the indices; -1 where there
        are fewer than k points.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    with device_of(X, Y):
        X, Y = _pairs.points(X, Y)
        distances, indices, _ = lists(X, Y, k, metric, period)
    ran(f"gpu.nearest.{metric}")
    return distances, indices


def lists(
    X: Any, Y: Any, k: int, metric: str, period: float | None
) -> tuple[Any, Any, Any]:
    """Return distances, indices and s, in float64, of the k nearest: (n, k) each.

    Where there are fewer than k points, s is NaN.
    """
    import cupy

    n, m = len(X), len(Y)
    most = max(1, _SPACE // (16 * max(1, n * k)))
    share = _pairs.share(max(1, n), m, X.dtype, X.device, most)
    shares = max(1, -(-m // share))
    best = cupy.empty((shares, n, k), np.float64)
    who = cupy.empty((shares, n, k), np.int64)
    distances, indices = cupy.empty((n, k), X.dtype), cupy.empty((n, k), np.int64)
    if n == 0:
        return distances, indices, best[0]
    name = _pairs.instance(X, metric, period)
    function("nearest", f"nearest_scan<{name}>")(
        (-(-n // _pairs.ROWS), shares),
        (_pairs.THREADS,),
        (*_pairs.common(X, Y, period), np.int64(k), np.int64(share), best, who),
    )
    name = name.rpartition(",")[0]
    sizes = (np.int64(size) for size in (n, k, shares))
    function("nearest", f"nearest_merge<{name}>")(
        (-(-n // _WARPS),),
        (_pairs.THREADS,),
        (best, who, *sizes, distances, indices),
    )
    return distances, indices, best[0]
