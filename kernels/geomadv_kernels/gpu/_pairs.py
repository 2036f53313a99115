"""What the launchers of kernels over pairs of points share; see ``pairs.cuh``."""

from typing import Any

import numpy as np

METRICS = {"l2": 0, "l1": 1, "linf": 2}
ROWS = 64  # queries of a block
THREADS = 256
_TYPES = {"float32": "float", "float64": "double"}
_COLUMNS = {"float32": 128, "float64": 64}  # points of a block at a time
_LEAST = 8  # tiles of points in a share, so that a block has something to do
_FILL = 4  # blocks for each multiprocessor
_LONGEST = 1 << 30  # points in a share, whose counts have 32 bits


def points(X: Any, Y: Any) -> tuple[Any, Any]:
    """Return two sets of points of the current device as the kernels want them."""
    import cupy

    if X.dtype != Y.dtype or X.dtype.name not in _TYPES:
        raise TypeError(
            "points must be all float32 or all float64, got "
            f"{X.dtype.name} and {Y.dtype.name}"
        )
    return cupy.ascontiguousarray(X), cupy.ascontiguousarray(Y)


def instance(X: Any, metric: str, period: float | None) -> str:
    """Return the arguments of the template for points like X."""
    torus = "false" if period is None else "true"
    return f"{_TYPES[X.dtype.name]}, {METRICS[metric]}, {torus}"


def common(X: Any, Y: Any, period: float | None) -> tuple[Any, ...]:
    """Return the first arguments of each kernel over pairs."""
    n, d = X.shape
    sizes = (np.int64(size) for size in (n, len(Y), d))
    return X, Y, *sizes, np.float64(period or 0.0)


def share(n: int, m: int, dtype: Any, device: Any, most: int) -> int:
    """Return how many points a block goes through.

    All of them, if there are queries enough to fill the device, and else so few that
    there are `_FILL` blocks for each of its multiprocessors; a multiple of the width of
    a tile, and at least 1 / `most` of all.
    """
    width = _COLUMNS[dtype.name]
    blocks = _FILL * device.attributes["MultiProcessorCount"]
    parts = min(-(-blocks // -(-n // ROWS)), -(-m // (width * _LEAST)), most)
    parts = max(parts, -(-m // _LONGEST), 1)
    return -(-m // (parts * width)) * width or width
