"""Where a monotone condition on floating-point numbers begins to hold.

Non-negative doubles are ordered as the integers with the same 64 bits. A search over
these integers takes the same few steps whatever the scale of the answer, and ends at
neighbouring doubles: no tolerance and no starting point is needed.
"""

from collections.abc import Callable

import numpy as np

from geomadv._typing import Bool, Float, NDArray

_SECTIONS = 64


def least_double(
    holds: Callable[[Float[NDArray, " n"]], Bool[NDArray, " n"]], upper: float
) -> float:
    """Return the least double in [0, upper] where a condition holds.

    Parameters
    ----------
    holds : callable
        The condition, vectorised and monotone: once true, it stays true.
    upper : float
        The end of the range, at least 0, where the condition is taken to hold.

    Returns
    -------
    float
        The least double where it holds, or 0.0 where it holds everywhere.
    """
    if upper == 0.0 or bool(holds(np.zeros(1))[0]):
        return 0.0
    low, high = 0, int(np.float64(upper).view(np.int64))  # fails at low, holds at high
    while high - low > 1:
        step = max(1, (high - low) // _SECTIONS)
        nodes = np.arange(low + step, high, step, dtype=np.int64)
        held = np.flatnonzero(holds(nodes.view(np.float64)))
        first = int(held[0]) if held.size else nodes.size
        if first > 0:
            low = int(nodes[first - 1])
        if first < nodes.size:
            high = int(nodes[first])
    return float(np.int64(high).view(np.float64))
