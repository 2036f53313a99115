"""Counts within radii on a GPU; the definition is the reference's.

The radii become limits of s, so that no root is taken for a pair, and are sorted, so
that a pair is counted once, at the smallest radius that holds it. A pass over the pairs
counts 32 radii, which must be sorted among themselves; that neighbouring ones come
together saves time, and more than 2^15 are sorted in sections of as many.
"""

from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.gpu import _pairs
from geomadv_kernels.gpu._module import device_of, function
from geomadv_kernels.gpu.nearest import lists

_RADII = 32
_MOST = 1 << 15  # shares, of a grid's 65535
_PASSES = 1 << 15  # of one launch
_SECTION = 1 << 15  # radii, a multiple of those of a pass


def radius_count(
    X: Any, Y: Any, eps: Any, *, metric: str = "l2", period: float | None = None
) -> Any:
    """Return how many points of Y lie within each eps of each x.

    Parameters
    ----------
    X : (n, d) CuPy array, float32 or float64
    Y : (m, d) CuPy array of the dtype of X
    eps : (e,) CuPy array of float64
        Radii, in any order.
    metric, period
        As for `nearest`.

    Returns
    -------
    (n, e) CuPy array of int64
    """
    import cupy

    with device_of(X, Y, eps):
        X, Y = _pairs.points(X, Y)
        n, m, radii = len(X), len(Y), len(eps)
        counts = cupy.zeros((n, radii), np.int64)
        if counts.size and m:
            share = _pairs.share(n, m, X.dtype, X.device, _MOST)
            limits, place = _sorted(_limits(eps, metric))
            count = function(
                "radius_count", f"radius_count<{_pairs.instance(X, metric, period)}>"
            )
            for start in range(0, radii, _PASSES * _RADII):
                passes = min(_PASSES, -(-(radii - start) // _RADII))
                sizes = (np.int64(size) for size in (radii, start, share))
                count(
                    (-(-n // _pairs.ROWS), -(-m // share), passes),
                    (_pairs.THREADS,),
                    (
                        *_pairs.common(X, Y, period),
                        limits,
                        *sizes,
                        counts.view(np.uint64),
                    ),
                )
            counts = counts[:, place]
    ran(f"gpu.radius_count.{metric}")
    return counts


def enlargement(
    X: Any, A: Any, eps: Any, *, metric: str = "l2", period: float | None = None
) -> Any:
    """Return how many points of X lie within each eps of the set of points A.

    Parameters
    ----------
    X : (n, d) CuPy array, float32 or float64
    A : (m, d) CuPy array of the dtype of X
    eps : (e,) CuPy array of float64
        Radii, in any order.
    metric, period
        As for `nearest`.

    Returns
    -------
    (e,) CuPy array of int64
    """
    import cupy

    with device_of(X, A, eps):
        X, A = _pairs.points(X, A)
        n, radii = len(X), len(eps)
        counts = cupy.zeros((radii,), np.int64)
        if n and radii:
            _, indices, s = lists(X, A, 1, metric, period)
            function("radius_count", "enlargement_count")(
                (-(-n // _pairs.THREADS),),
                (_pairs.THREADS,),
                (
                    s,
                    indices,
                    np.int64(n),
                    _limits(eps, metric),
                    np.int64(radii),
                    counts.view(np.uint64),
                ),
            )
    ran(f"gpu.enlargement.{metric}")
    return counts


def _limits(eps: Any, metric: str) -> Any:
    """Return the largest s within each radius."""
    import cupy

    eps = cupy.ascontiguousarray(eps, np.float64)
    limits = cupy.empty(eps.shape, np.float64)
    function("radius_count", f"radius_limits<{_pairs.METRICS[metric]}>")(
        (-(-len(eps) // _pairs.THREADS),),
        (_pairs.THREADS,),
        (eps, np.int64(len(eps)), limits),
    )
    return limits


def _sorted(limits: Any) -> tuple[Any, Any]:
    """Return the limits, each section in ascending order, and where each of them is."""
    import cupy

    ordered, place = (
        cupy.empty(limits.shape, np.float64),
        cupy.empty(limits.shape, np.int64),
    )
    function("radius_count", "radius_order")(
        (-(-len(limits) // _pairs.THREADS),),
        (_pairs.THREADS,),
        (limits, np.int64(len(limits)), np.int64(_SECTION), ordered, place),
    )
    return ordered, place
