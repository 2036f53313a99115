"""Aliases for the types of arrays.

Shapes are written with jaxtyping (``Float[NDArray, "n d"]``): documentation for the
reader, checked at run time in the tests alone. ``Real`` is what a function that
broadcasts returns: an array, or a NumPy scalar where every argument was a scalar.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

NDArray = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Real = np.float64 | NDArray

__all__ = ["ArrayLike", "Bool", "Float", "Int", "NDArray", "Real"]
