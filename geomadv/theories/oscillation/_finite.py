"""Results that double precision cannot hold get one clear message."""

import numpy as np

from geomadv._typing import Real


def finite(names: str, value: Real) -> Real:
    """Return a result, or say which arguments are too large for it."""
    if not np.isfinite(value).all():
        raise ValueError(
            f"{names} must be small enough for a result below 1.8e308, got an overflow"
        )
    return value
