"""Arrays as compiled functions want them: one type for each precision."""

from typing import Any

import numpy as np

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]


def frozen(array: Array) -> Array:
    """Return a C-contiguous, read-only view; a copy only where it is not contiguous.

    numba compiles once for each combination of precision, layout and writability;
    inputs that come through here have one combination a precision.
    """
    view = np.ascontiguousarray(array).reshape(np.shape(array)).view()
    view.flags.writeable = False
    return view


def precision(*arrays: Array) -> np.dtype[Any]:
    """Return float32 where all arrays have it, and float64 otherwise."""
    single = all(array.dtype == np.float32 for array in arrays)
    return np.dtype(np.float32 if single else np.float64)
