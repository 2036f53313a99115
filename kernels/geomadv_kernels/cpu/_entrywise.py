"""Functions of numbers over broadcast arrays, block by block, on all cores."""

from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv_kernels.cpu._arrays import Array, frozen
from geomadv_kernels.cpu._threads import for_blocks

_BLOCK = 4096  # values at a time: a millisecond or more


def entrywise(
    driver: Callable[..., None],
    arrays: tuple[Array | float, ...],
    settings: tuple[Any, ...],
    threads: int | None,
) -> Array:
    """Return what a driver makes of broadcast arrays, as precise as the last of them.

    ``driver(*values, *settings, out)`` is called for blocks in float64.
    """
    full = np.broadcast_arrays(*arrays)
    single = full[-1].dtype == np.float32
    out: Array = np.empty(full[0].shape, np.float32 if single else np.float64)
    flat, flat_out = [array.reshape(-1) for array in full], out.reshape(-1)

    def work(start: int, stop: int, space: Array) -> None:
        block = slice(start, stop)
        rows = space[: stop - start]
        values = (frozen(array[block].astype(np.float64)) for array in flat)
        driver(*values, *settings, rows)
        flat_out[block] = rows

    for_blocks(
        work, out.size, _BLOCK, threads=threads, workspace=lambda: np.empty(_BLOCK)
    )
    return out
