"""The extremal sets of the Hamming cube, one for each mass.

Up to `MAX_EXACT` dimensions they are initial segments, counted exactly; above, the
largest balls within the mass, which bound them. Both answer the same questions.
"""

from collections.abc import Callable
from functools import cached_property
from math import exp, log
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, Int, NDArray, Real
from geomadv._validate import real_array
from geomadv.spaces._binomial import LargestBall, log_ball_measure
from geomadv.spaces._harper import (
    InitialSegment,
    ball_counts,
    log_fraction,
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

    def counts(self) -> list[int]:
        """Return `balls`, or refuse where the dimension is too large to count."""
        if not self.exact:
            raise ValueError(
                f"exact counts need d to be at most {MAX_EXACT}, got {self.d}; "
                "enlargement and log_ball_measure work in every dimension"
            )
        return self.balls

    def ball_measure(self, radius: int) -> float:
        """Return the measure of a ball."""
        if self.exact:
            return self.balls[radius] / self.balls[-1]
        return exp(log_ball_measure(radius, self.d))

    def log_ball_measure(self, radius: int) -> float:
        """Return the logarithm of the measure of a ball."""
        if self.exact:
            return log_fraction(self.balls[radius], self.d)
        return log_ball_measure(radius, self.d)

    def over_radii(self, radius: ArrayLike, measure: Callable[[int], float]) -> Real:
        """Return the measures of balls whose radii are an array."""
        radii = self.flips("radius", radius)
        values = [measure(r) for r in radii.ravel().tolist()]
        return np.array(values, dtype=np.float64).reshape(radii.shape)[()]

    def flips(self, name: str, value: ArrayLike) -> Int[NDArray, "..."]:
        """Return whole numbers of flips, at most d, which reach everything."""
        flips = real_array(name, value, lower=0.0)
        broken = flips != np.floor(flips)
        if broken.any():
            raise ValueError(
                f"{name} must be whole numbers of flips, got {flips[broken][0]:g}"
            )
        return np.asarray(np.minimum(flips, self.d)).astype(np.int64)

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
