r"""Spherical caps of given measure: their enlargements, and distances to them.

A cap of S^{d-1} is kept as its smaller part (the cap or its complement) by height and
by polar angle: near the equator of a high-dimensional sphere the height has the digits,
near the pole the angle. With the boundary at height t_0 and angle theta_0, the cap
enlarged by the angle e has

    t_1 = t_0 cos e - sin(theta_0) sin e,     theta_1 = theta_0 + e,

and the measure is taken of the smaller part again, so that neither a tiny measure nor
the logarithm of one that is almost 1 is the difference of nearly equal numbers.

Conventions: angles in radians; a latitude is pi/2 minus the polar angle.
"""

import numpy as np

from geomadv import _dispatch
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import real_array

# Heights below take latitudes, above polar angles: at 45 degrees half an ulp of either
# moves the measure equally much.
_NEAR_EQUATOR = 0.7


class Caps:
    """Caps of S^{d-1} of given measures, from exactly one of `mass` and `log_mass`.

    Parameters
    ----------
    d : int
        The ambient dimension.
    mass, log_mass : array_like
        Measures in (0, 1] or their logarithms.
    empty : bool
        Whether a measure of 0 is allowed, as the empty set.

    Attributes
    ----------
    height, angle : (...) float64
        Height in [0, 1] and polar angle in [0, pi/2] of the smaller part.
    larger, empty : (...) bool
        Whether the cap is the larger part; whether it is the empty set.
    outside : (...) float64
        The measure of the complement.
    """

    def __init__(
        self,
        d: int,
        mass: ArrayLike | None = None,
        log_mass: ArrayLike | None = None,
        *,
        empty: bool = False,
    ) -> None:
        if (mass is None) == (log_mass is None):
            raise ValueError("give exactly one of mass and log_mass")
        self.d = d
        if mass is None:
            assert log_mass is not None  # noqa: S101  for the type checker
            values = real_array("log_mass", log_mass, upper=0.0, infinite=empty)
            self.larger = np.asarray(values > -np.log(2.0))
            self.outside = np.asarray(-np.expm1(values))
            self.empty = np.asarray(np.isneginf(values))
            height = _dispatch.cap_coordinate(d, values, angle=False, log=True)
            angle = np.where(
                self.larger,
                _dispatch.cap_coordinate(d, self.outside, angle=True, log=False),
                _dispatch.cap_coordinate(d, values, angle=True, log=True),
            )
        else:
            values = real_array(
                "mass", mass, lower=0.0, upper=1.0, open_lower=not empty
            )
            self.larger = np.asarray(values > 0.5)
            self.outside = np.asarray(1.0 - values)
            self.empty = np.asarray(values == 0.0)
            small = np.asarray(np.minimum(values, self.outside))
            height = _dispatch.cap_coordinate(d, small, angle=False, log=False)
            angle = _dispatch.cap_coordinate(d, small, angle=True, log=False)
        self.values = values
        self.height, self.angle = np.asarray(np.abs(height)), angle

    @property
    def latitude(self) -> Float[NDArray, "*s"]:
        """The latitude of the boundary, negative for a cap that is the larger part."""
        latitude = np.where(
            self.height < _NEAR_EQUATOR, np.arcsin(self.height), np.pi / 2 - self.angle
        )
        return np.where(self.larger, -latitude, latitude)

    def enlarged(
        self, eps: Float[NDArray, "*e"], *, log: bool, complement: bool = False
    ) -> Float[NDArray, "*s"]:
        """Return the measures of the caps enlarged by the angles `eps`.

        Parameters
        ----------
        eps : array
            Angles, at least 0; pi and more cover the sphere.
        log : bool
            Whether the logarithm is wanted.
        complement : bool
            Whether the measure of what is left is wanted.
        """
        toward = np.where(self.larger, -self.height, self.height)
        height = toward * np.cos(eps) - np.sin(self.angle) * np.sin(eps)
        smaller = height >= 0.0
        # the polar angle of what is left, and of the smaller part
        left = np.where(self.larger, self.angle, np.pi - self.angle) - eps
        angle = np.where(smaller, self.angle + eps, left)
        whole = ~self.empty & ((left <= 0.0) | (eps >= np.pi))
        height = np.minimum(np.abs(height), 1.0)
        angle = np.clip(angle, 0.0, np.pi)
        part = np.where(
            height < _NEAR_EQUATOR,
            _dispatch.cap_measure(self.d, np.asarray(height), angle=False, log=log),
            _dispatch.cap_measure(self.d, np.asarray(angle), angle=True, log=log),
        )
        with np.errstate(divide="ignore"):
            other = np.log1p(-np.exp(part)) if log else 1.0 - part
        nothing, everything = (-np.inf, 0.0) if log else (0.0, 1.0)
        if complement:
            nothing, everything = everything, nothing
            smaller = ~smaller
            with np.errstate(divide="ignore"):
                before = np.log(self.outside) if log else self.outside
        else:
            before = self.values
        result = np.where(smaller, part, other)
        # an inverse and back may differ from the measure in the last digits
        grown = np.minimum if complement else np.maximum
        result = np.where(eps == 0.0, before, grown(result, before))
        result = np.where(whole, everything, result)
        return np.where(self.empty, nothing, result)

    def mean_distance(self, *, geodesic: bool) -> Float[NDArray, "*s"]:
        """Return the mean distances of uniform points to the caps."""
        return _dispatch.mean_cap_distance(
            self.d,
            self.outside,
            self.height,
            self.angle,
            self.larger,
            geodesic=geodesic,
        )

    def separation(
        self, latitude: Float[NDArray, "*p"], pole: Float[NDArray, "*p"]
    ) -> Float[NDArray, "*s"]:
        """Return the angles by which points lie outside the caps, 0 inside.

        Parameters
        ----------
        latitude : array
            The latitudes of the points.
        pole : array
            Their angles to the nearer pole: the same with digits near the poles.
        """
        mine = self.latitude
        equatorial = (np.abs(mine) < np.pi / 4) & (np.abs(latitude) < np.pi / 4)
        opposite = self.larger != (latitude < 0.0)
        polar = np.where(self.larger, self.angle - pole, pole - self.angle)
        angle = np.where(equatorial | opposite, mine - latitude, polar)
        return np.asarray(np.maximum(angle, 0.0))


def chord(angle: Float[NDArray, "*s"]) -> Float[NDArray, "*s"]:
    """Return the Euclidean distance of points of the unit sphere at an angle."""
    return np.asarray(2.0 * np.sin(angle / 2.0))


def arc(chord: Float[NDArray, "*s"]) -> Float[NDArray, "*s"]:
    """Return the angle of points at a Euclidean distance; pi from distance 2 on."""
    return np.asarray(2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0)))
