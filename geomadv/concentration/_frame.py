"""Coordinates in which points have the digits of single precision.

Searches work in float32, which has seven digits and no numbers beyond 1e38. So a column
whose values lie far from 0, compared with their range, is shifted by a value c in the
middle, and all columns are divided by one power of two where the largest entry is above
2^30 or below 2^-30. Both are exact: x - c has no rounding error where x and c differ by
a factor of at most 2, and so has a division by a power of two. Columns of pixels stay
as they are.
"""

from dataclasses import dataclass

import numpy as np

from geomadv._typing import Float, NDArray

_FAR = 8.0
_USUAL = 30  # powers of two


@dataclass(frozen=True, eq=False)
class Frame:
    """The coordinates (x - centre) / scale.

    Parameters
    ----------
    centre : (d,) array
        What is subtracted.
    scale : float
        A power of two.
    """

    centre: Float[NDArray, " d"]
    scale: float

    def enter(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n d"]:
        """Return points in these coordinates; the same array where nothing changes."""
        if self.centre.any():
            X = X - self.centre
        return X if self.scale == 1.0 else X / self.scale


def frame_of(X: Float[NDArray, "n d"]) -> Frame:
    """Return coordinates that suit the points X."""
    low, high = X.min(axis=0), X.max(axis=0)
    with np.errstate(over="ignore"):
        width = high - low
        middle = low + width / 2
        far = np.abs(middle) > _FAR * width
    centre = np.where(far, middle, 0.0)
    largest = float(np.maximum(np.abs(low - centre), np.abs(high - centre)).max())
    power = np.frexp(largest)[1] if largest > 0.0 else 0
    if abs(int(power)) <= _USUAL:
        return Frame(centre, 1.0)
    return Frame(centre, float(np.ldexp(1.0, min(max(int(power), -1000), 1023))))
