"""Distances to a hyperplane, free and in a box: CuPy arrays in and out.

The mathematics is in `geomadv_kernels.cpu.linear_margin`, and the arithmetic the same:
margins accumulate in float64 whatever the precision of X, and what all rows share
(|w|_q, the direction of the step) is computed on the device, so that no value travels.
"""

from typing import Any

import numpy as np

from geomadv_kernels.contract import ran
from geomadv_kernels.gpu._module import device_of, function

_FILE = "linear_margin"
_THREADS = 256
_BLOCKS = 1 << 14  # at most; more rows than these take have several turns


def _lanes(d: int) -> int:
    """Return how many threads share a row: about four coordinates for each, at most 32.

    Where each of 32 would have more than 64, the whole block shares the row.
    """
    if d > 64 * 32:
        return _THREADS
    return min(32, 1 << max(0, (d - 1) // 4).bit_length())


def _blocks(n: int, lanes: int) -> tuple[int]:
    return (min(_BLOCKS, -(-n * lanes // _THREADS)),)


def _start(X: Any, w: Any, b: float, p: float) -> tuple[Any, ...]:
    """Return X in the precision of the result, and what `plane` computes."""
    import cupy

    single = X.dtype == np.float32 and w.dtype == np.float32
    X = cupy.ascontiguousarray(X, np.float32 if single else np.float64)
    w = cupy.ascontiguousarray(w, np.float64)
    d = X.shape[1]
    scaled, unit, speed = (cupy.empty(d, np.float64) for _ in range(3))
    scalars = cupy.empty(4, np.float64)
    arguments = (w, float(b), float(p), np.int64(d), scaled, unit, speed, scalars)
    function(_FILE, "plane")((1,), (_THREADS,), arguments)
    return X, scaled, unit, speed, scalars


def _instance(kernel: str, X: Any) -> Any:
    real = "float" if X.dtype == np.float32 else "double"
    return function(_FILE, f"{kernel}<{real}>")


def _results(X: Any, steps: bool = True) -> tuple[Any, Any, Any]:
    """Return memory for margins, distances and, if wanted, steps."""
    import cupy

    n, d = X.shape
    shapes = (n, n, (n, d) if steps else (0, d))
    margin, distance, delta = (cupy.empty(shape, X.dtype) for shape in shapes)
    return margin, distance, delta


def _margins(X: Any, w: Any, b: float, p: float, steps: bool) -> tuple[Any, Any, Any]:
    with device_of(X, w):
        X, scaled, unit, _, scalars = _start(X, w, b, p)
        results = _results(X, steps)
        n, d = X.shape
        if n:
            lanes = _lanes(d)
            sizes = (np.int64(size) for size in (n, d, lanes))
            _instance("margins", X)(
                _blocks(n, lanes),
                (_THREADS,),
                (X, scaled, unit, scalars, *sizes, steps, *results),
            )
    return results


def linear_margin(X: Any, w: Any, b: float, *, p: float) -> tuple[Any, Any]:
    """Return values of an affine function and distances to where it is 0.

    Parameters
    ----------
    X : (n, d) CuPy array
    w : (d,) CuPy array
    b : float
    p : float
        The norm of the distance, at least 1 or infinity.

    Returns
    -------
    margin : (n,) CuPy array
        X w + b.
    distance : (n,) CuPy array
        ``|margin| / |w|_q`` with ``1/p + 1/q = 1``. If w = 0, it is infinite, or 0
        where the margin is.

    Notes
    -----
    Reads X once. Float32 if X and w are, float64 otherwise.
    """
    margin, distance, _ = _margins(X, w, b, p, False)
    ran("gpu.linear_margin")
    return margin, distance


def linear_perturbation(X: Any, w: Any, b: float, *, p: float) -> tuple[Any, Any, Any]:
    """Return margins, distances and smallest steps from points onto a hyperplane.

    Parameters
    ----------
    X, w, b, p
        As for `linear_margin`.

    Returns
    -------
    margin, distance : (n,) CuPy arrays
        As from `linear_margin`.
    delta : (n, d) CuPy array
        The step of smallest l_p norm with ``w.(x + delta) + b = 0``; 0 if w = 0. At
        p = 1 it moves one coordinate, the first of largest ``|w_i|``; at infinity,
        those with w_i != 0 by the same amount.

    Notes
    -----
    One kernel reads X and writes `delta`.
    """
    results = _margins(X, w, b, p, True)
    ran("gpu.linear_perturbation")
    return results


def box_perturbation(
    X: Any, w: Any, b: float, lower: Any, upper: Any, *, p: float
) -> tuple[Any, Any, Any]:
    """Return margins, distances and smallest steps onto a hyperplane inside a box.

    Parameters
    ----------
    X, w, b, p
        As for `linear_margin`; the points lie in the box.
    lower, upper : (d,) CuPy arrays
        The sides of the box, which may be infinite.

    Returns
    -------
    margin : (n,) CuPy array
        X w + b.
    distance : (n,) CuPy array
        The length of `delta`; infinite where the hyperplane misses the box.
    delta : (n, d) CuPy array
        The step of smallest l_p norm with ``w.(x + delta) + b = 0`` and
        ``lower <= x + delta <= upper`` (up to the rounding of this sum); 0 where there
        is none. Of several, the one that leaves coordinates with w_i = 0 alone and, at
        p = 1, uses up the first of equal ``|w_i|`` first.

    Notes
    -----
    For p > 1 Newton's iteration on the piecewise linear equation of the breakpoints,
    exact after its last step; at p = 1 a running sum over the coordinates by falling
    ``|w_i|``, whose order takes d^2 comparisons.
    """
    import cupy

    with device_of(X, w, lower, upper):
        X, scaled, _, speed, scalars = _start(X, w, b, p)
        results = _results(X)
        n, d = X.shape
        ends = (cupy.ascontiguousarray(end, np.float64) for end in (lower, upper))
        order = cupy.empty(d if p == 1 else 0, np.int64)
        if order.size:
            grid = (-(-d // _THREADS),)
            function(_FILE, "ranks")(grid, (_THREADS,), (scaled, np.int64(d), order))
        if n:
            lanes = _lanes(d)
            sizes = (np.int64(size) for size in (n, d, lanes))
            _instance("boxed", X)(
                _blocks(n, lanes),
                (_THREADS,),
                (X, scaled, speed, scalars, *ends, order, float(p), *sizes, *results),
            )
    ran("gpu.box_perturbation")
    return results
