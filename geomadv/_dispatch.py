"""The only door to `geomadv_kernels`: arrays of any shape in, flat loops below.

The kernels are imported when they are first called: importing geomadv neither imports
numba nor compiles anything. Arguments arrive checked. Large arrays are cut into one
piece a thread (the kernels release the interpreter lock); every value is computed on
its own, so results do not depend on the number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from geomadv._typing import Bool, Float, NDArray

_WORTH_A_THREAD = 8192


def _threads() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _map(
    kernel: Callable[..., None],
    d: int | Float[NDArray, "*#shape"],
    values: Float[NDArray, "*#shape"],
    flags: tuple[bool, bool],
    threads: int | None,
) -> Float[NDArray, "*shape"]:
    shape = np.broadcast_shapes(np.shape(d), np.shape(values))
    # copies, so that numba meets one type: contiguous and writable
    flat_d = np.array(np.broadcast_to(d, shape), dtype=np.float64).ravel()
    flat = np.array(np.broadcast_to(values, shape), dtype=np.float64).ravel()
    out = np.empty_like(flat)
    pieces = min(threads or _threads(), 1 + flat.size // _WORTH_A_THREAD)
    if pieces == 1:
        kernel(flat_d, flat, *flags, out)
        return out.reshape(shape)
    edges = np.linspace(0, flat.size, 4 * pieces + 1).astype(int)
    with ThreadPoolExecutor(pieces) as pool:
        done = [
            pool.submit(kernel, flat_d[i:j], flat[i:j], *flags, out[i:j])
            for i, j in pairwise(edges)
        ]
        for future in done:
            future.result()
    return out.reshape(shape)


def cap_measure(
    d: int | Float[NDArray, "*#shape"],
    coordinate: Float[NDArray, "*#shape"],
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return measures of caps of S^{d-1}, or their logarithms.

    Parameters
    ----------
    d : int or array
        Ambient dimensions, whole numbers from 2 to 10^9.
    coordinate : array
        Heights in [-1, 1], or with `angle` angular radii in [0, pi].
    angle, log : bool
        What `coordinate` holds; whether logarithms are wanted.
    threads : int, optional
        How many threads to use; by default as many as there are processors.
    """
    from geomadv_kernels.cpu import log_cap

    return _map(log_cap.measure, d, coordinate, (angle, log), threads)


def cap_coordinate(
    d: int | Float[NDArray, "*#shape"],
    mass: Float[NDArray, "*#shape"],
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return heights of caps, or with `angle` angular radii: `cap_measure` inverted.

    `mass` holds measures in [0, 1], or with `log` their logarithms.
    """
    from geomadv_kernels.cpu import log_cap

    return _map(log_cap.coordinate, d, mass, (angle, log), threads)


def mean_cap_distance(
    d: int,
    outside: Float[NDArray, "*shape"],
    height: Float[NDArray, "*shape"],
    angle: Float[NDArray, "*shape"],
    larger: Bool[NDArray, "*shape"],
    *,
    geodesic: bool,
) -> Float[NDArray, "*shape"]:
    """Return mean distances to caps; see `geomadv_kernels.cpu.cap_distance`."""
    from geomadv_kernels.cpu import cap_distance

    return cap_distance.mean_distance(
        float(d),
        outside.ravel(),
        height.ravel(),
        angle.ravel(),
        larger.ravel(),
        geodesic,
    ).reshape(outside.shape)
