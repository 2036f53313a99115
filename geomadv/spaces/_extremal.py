"""The extremal sets of the Hamming cube, one for each mass.

Up to `MAX_EXACT` dimensions they are initial segments, counted exactly; above, the
largest balls within the mass, which bound them. Both answer the same questions.
"""

from collections.abc import Callable
from functools import cached_property
from math import log
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import real_array
from geomadv.spaces._binomial import LargestBall
from geomadv.spaces._harper import (
    InitialSegment,
    ball_counts,
    points_of_log_mass,
    points_of_mass,
)

MAX_EXACT = 2**14

_Extremal = InitialSegment | LargestBall


class ExtremalSets:
    """The extremal sets of {0, 1}^d.

    Parameters
    ----------
    d : int
        The dimension.
    """

    def __init__(self, d: int) -> None:
        self.d = d

    @property
    def exact(self) -> bool:
        """Whether the extremal sets are counted, not bounded."""
        return self.d <= MAX_EXACT

    @cached_property
    def balls(self) -> list[int]:
        """The sizes of the balls (33 MB at the largest exact dimension)."""
        return ball_counts(self.d)

    def of(self, name: str, value: float) -> _Extremal:
        """Return the extremal set of a ``"mass"`` or of a ``"log_mass"``."""
        if not self.exact:
            return LargestBall(value if name == "log_mass" else log(value), self.d)
        count = points_of_log_mass if name == "log_mass" else points_of_mass
        return InitialSegment(count(value, self.d), self.balls)

    def map(
        self,
        name: str,
        masses: Float[NDArray, "*s"],
        others: NDArray,
        answer: Callable[[_Extremal, Any], float],
        empty: float = np.nan,
    ) -> Real:
        """Return the answers of the extremal sets of some masses; `empty` for no mass.

        The masses are taken in order, so that one set is kept at a time.
        """
        values, arguments = masses.ravel(), others.ravel().tolist()
        nothing = -np.inf if name == "log_mass" else 0.0
        result = np.full(values.shape, empty)
        current, extremal = np.nan, None
        for index in np.argsort(values, kind="stable").tolist():
            value = float(values[index])
            if value == nothing:
                continue
            if extremal is None or value != current:
                current, extremal = value, self.of(name, value)
            result[index] = answer(extremal, arguments[index])
        return result.reshape(masses.shape)[()]


def positive_mass(mass: ArrayLike) -> Float[NDArray, "*s"]:
    """Return masses in (0, 1]: no point is at a distance from the empty set."""
    return real_array("mass", mass, lower=0.0, upper=1.0, open_lower=True)


def one_of(
    mass: ArrayLike | None, log_mass: ArrayLike | None
) -> tuple[str, Float[NDArray, "*s"]]:
    """Return which of the two was given, and its values."""
    if mass is not None and log_mass is None:
        return "mass", positive_mass(mass)
    if log_mass is not None and mass is None:
        return "log_mass", real_array("log_mass", log_mass, upper=0.0)
    raise ValueError("give exactly one of mass and log_mass")
