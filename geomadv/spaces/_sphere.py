r"""The uniform law on the unit sphere, and its caps.

Write sigma for the uniform probability measure on S^{d-1} = {x in R^d : |x| = 1}. The
cap {x : <x, u> >= t} has the measure 1/2 I_{1-t^2}((d-1)/2, 1/2) for t >= 0, I the
regularised incomplete beta function, and 1 minus that of the opposite cap for t < 0.
Among sets of equal measure caps have the smallest enlargements (Levy 1951, "Problemes
concrets d'analyse fonctionnelle"; Schmidt 1948; Figiel, Lindenstrauss and Milman 1977),
so the distances of random points to a cap are the largest that any set of that measure
allows, in the sense of their laws: P(distance > r) = 1 - sigma(E_r) for every r. This
is the device of Gilmer et al. 2018, "Adversarial Spheres", arXiv:1801.02774.

Conventions: d is the ambient dimension; the Euclidean distance is the chord, the
geodesic one the angle in radians; measures are probabilities.
"""

import numpy as np

from geomadv import _dispatch
from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, choice, integer, probability, real_array
from geomadv.spaces._caps import Caps, arc, chord
from geomadv.spaces._isoperimetry import Isoperimetry
from geomadv.spaces._lp import coordinates

MAX_DIMENSION = 10**9
_METRICS = ("euclidean", "geodesic")
_UNIT = 1e-6


class Sphere:
    r"""The uniform law on the unit sphere S^{d-1} of R^d.

    Parameters
    ----------
    d : int
        The ambient dimension, from 2 to 10^9.

    Notes
    -----
    A cap is given by its height t = <x, u> or by its angle theta = arccos t. Both are
    doubles, and each has digits where the other has none: half an ulp moves the measure
    in relative terms by about 1e-16 (d - 1) t^2/(1 - t^2) for heights and
    1e-16 (d - 1) theta / tan(theta) for angles (lower tail). So in high dimension and
    near the equator use heights, near the pole angles. The last digits count: in d = 3
    the cap of measure 1e-10 has height 1 - 2e-10, and half an ulp of it is 2.7e-7 of
    the measure.

    The functions themselves have full accuracy for 2 <= d <= 1e9: against ball
    arithmetic, at 10^4 random heights and angles in all regimes, relative errors were
    below 9e-15 for measures above 1e-300 and below 7e-15 for logarithms (above 2e-308
    in size, where doubles end).

    Examples
    --------
    On the 2-sphere the height of a random point is uniform (Archimedes):

    >>> float(Sphere(3).cap_measure(0.5))
    0.25

    In high dimension almost every point is near a set of measure .01:

    >>> [round(float(Sphere(d).median_distance(0.01)), 6) for d in (3, 2000, 10**9)]
    [1.265703, 0.052021, 7.4e-05]
    """

    def __init__(self, d: int) -> None:
        self.d = integer("d", d, minimum=2, maximum=MAX_DIMENSION)

    def __repr__(self) -> str:
        return f"Sphere({self.d})"

    def isoperimetry(self, metric: str = "euclidean") -> Isoperimetry:
        """Return the extremal sets: caps, for both metrics."""
        choice("metric", metric, _METRICS)
        return Isoperimetry(
            exact=True, extremal="spherical caps", source="Levy 1951; Schmidt 1948"
        )

    def sample(self, n: int, rng: np.random.Generator | int) -> Float[NDArray, "n d"]:
        """Return n independent uniform points: normalised Gaussian vectors."""
        size = (integer("n", n, minimum=0), self.d)
        points = generator(rng).standard_normal(size)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        return points

    def sample_height(
        self, n: int, rng: np.random.Generator | int
    ) -> Float[NDArray, " n"]:
        """Return n draws of <x, u>, x uniform and u fixed, each in O(1).

        With g standard normal and r^2 chi-square with d - 1 degrees of freedom it is
        g / sqrt(g^2 + r^2).

        Examples
        --------
        >>> heights = Sphere(10**9).sample_height(10**5, rng=0)
        >>> round(float(np.std(heights) * np.sqrt(1e9)), 2)
        1.0
        """
        along, across = self._split(n, rng)
        return np.asarray(along / np.hypot(along, across))

    def sample_angle(
        self, n: int, rng: np.random.Generator | int
    ) -> Float[NDArray, " n"]:
        """Return n draws of the angle between x and u, each in O(1).

        The same draws as `sample_height` for the same seed, with digits near the poles.
        """
        along, across = self._split(n, rng)
        return np.asarray(np.arctan2(across, along))

    def sample_distance(
        self,
        mass: float,
        n: int,
        rng: np.random.Generator | int,
        metric: str = "euclidean",
    ) -> Float[NDArray, " n"]:
        """Return n draws of the distance of a uniform point to the cap of a mass.

        O(1) a draw in every dimension; 0 in the cap.

        Examples
        --------
        Half of all points lie within the median distance.

        >>> sphere = Sphere(10**9)
        >>> distances = sphere.sample_distance(0.01, 10**5, rng=0)
        >>> round(float(np.mean(distances <= sphere.median_distance(0.01))), 2)
        0.5
        """
        geodesic = self._geodesic(metric)
        caps = Caps(self.d, mass)
        if caps.values.ndim != 0:
            raise TypeError(f"mass must be one number, got shape {caps.values.shape}")
        along, across = self._split(n, rng)
        angle = caps.separation(
            np.arctan2(along, across), np.arctan2(across, np.abs(along))
        )
        return angle if geodesic else chord(angle)

    def distance(self, x: ArrayLike, y: ArrayLike, metric: str = "euclidean") -> Real:
        """Return the distance between points of the sphere.

        Parameters
        ----------
        x, y : array_like, (..., d)
            Points of norm 1 (to 1e-6); the leading axes broadcast.
        metric : {"euclidean", "geodesic"}
            The chord |x - y|, or the angle 2 arctan(|x - y| / |x + y|), which has full
            precision for near and for antipodal points (Kahan), unlike arccos <x, y>.

        Examples
        --------
        >>> float(Sphere(2).distance([1, 0], [1, 1e-9], metric="geodesic"))
        1e-09
        """
        geodesic = self._geodesic(metric)
        left, right = self._points("x", x), self._points("y", y)
        try:
            difference = left - right
        except ValueError as error:
            raise ValueError(
                f"shapes do not broadcast: x {left.shape}, y {right.shape}"
            ) from error
        apart = np.linalg.norm(difference, axis=-1)
        if not geodesic:
            return np.asarray(apart)[()]
        return np.asarray(2 * np.arctan2(apart, np.linalg.norm(left + right, axis=-1)))[
            ()
        ]

    def cap_measure(self, height: ArrayLike) -> Real:
        """Return the measure of {x : <x, u> >= height}.

        Parameters
        ----------
        height : array_like
            In [-1, 1].

        Examples
        --------
        >>> f"{Sphere(1000).cap_measure(0.5):.13g}"
        '9.859563897714e-65'
        """
        return self._measure("height", height, angle=False, log=False)

    def log_cap_measure(self, height: ArrayLike) -> Real:
        """Return the logarithm of `cap_measure`; it keeps its digits near 0.

        Examples
        --------
        >>> round(float(Sphere(10**5).log_cap_measure(0.99)), 9)
        -195856.484193444
        """
        return self._measure("height", height, angle=False, log=True)

    def cap_measure_at_angle(self, angle: ArrayLike) -> Real:
        """Return the measure of the points within an angle in [0, pi] of u.

        Examples
        --------
        A cap of the 2-sphere is almost a disc:

        >>> float(Sphere(3).cap_measure_at_angle(2e-100))
        1e-200
        """
        return self._measure("angle", angle, angle=True, log=False)

    def log_cap_measure_at_angle(self, angle: ArrayLike) -> Real:
        """Return the logarithm of `cap_measure_at_angle`."""
        return self._measure("angle", angle, angle=True, log=True)

    def cap_height(self, mass: ArrayLike) -> Real:
        """Return the height of the cap of a mass: 1 at mass 0, -1 at mass 1.

        Parameters
        ----------
        mass : array_like
            In [0, 1].

        Notes
        -----
        Right to 10 ulp, in the tail to one. So ``cap_measure(cap_height(m))`` is m up
        to what half an ulp of the height does to the measure, hence to 1e-12 where
        (d - 1) t^2 / (1 - t^2) < 8000. The rest is the small-cap tail beyond t = .7,
        where `cap_angle` has the digits: for every d and m >= 1e-290 one of the two
        gives m back to 5e-13. For logarithms the height does so for 0 <= t < .999
        (5.5e-13 measured), the angle beyond.

        Examples
        --------
        >>> float(Sphere(3).cap_height(0.25))
        0.5
        """
        return self._coordinate("mass", mass, angle=False, log=False)

    def log_cap_height(self, log_mass: ArrayLike) -> Real:
        """Return the height of the cap of a log mass in [-inf, 0].

        Examples
        --------
        >>> round(float(Sphere(10**5).log_cap_height(-195856.484193443722)), 14)
        0.99
        """
        return self._coordinate("log_mass", log_mass, angle=False, log=True)

    def cap_angle(self, mass: ArrayLike) -> Real:
        """Return the angular radius of the cap of a mass: 0 at mass 0, pi at mass 1.

        Examples
        --------
        >>> round(float(Sphere(500).cap_angle(0.01)), 10)
        1.4666967904
        """
        return self._coordinate("mass", mass, angle=True, log=False)

    def log_cap_angle(self, log_mass: ArrayLike) -> Real:
        """Return the angular radius of the cap of a log mass in [-inf, 0]."""
        return self._coordinate("log_mass", log_mass, angle=True, log=True)

    def enlargement(
        self, mass: ArrayLike, eps: ArrayLike, metric: str = "euclidean"
    ) -> Real:
        """Return the least measure of an eps-enlargement over all sets of a mass.

        Parameters
        ----------
        mass : array_like
            Measure of the set, in [0, 1]; 0 gives 0, the empty set being one such set.
        eps : array_like
            Radius, at least 0. A Euclidean one of 2 or a geodesic one of pi covers
            the sphere.
        metric : {"euclidean", "geodesic"}
            What `eps` measures.

        Examples
        --------
        The fraction of points of the 2000-dimensional sphere within .05 of a set of
        measure .01:

        >>> round(float(Sphere(2000).enlargement(0.01, 0.05)), 5)
        0.464
        """
        return self._enlarged(mass, None, eps, metric, log=False)

    def log_enlargement(
        self, log_mass: ArrayLike, eps: ArrayLike, metric: str = "euclidean"
    ) -> Real:
        """Return the logarithm of `enlargement`, of the logarithm of the mass.

        Examples
        --------
        >>> round(float(Sphere(10**5).log_enlargement(-5000, 0.1)), 6)
        -2299.344881
        """
        return self._enlarged(None, log_mass, eps, metric, log=True)

    def log_complement_enlargement(
        self, mass: ArrayLike, eps: ArrayLike, metric: str = "euclidean"
    ) -> Real:
        """Return log(1 - enlargement), which keeps its digits near enlargement 1.

        Examples
        --------
        >>> round(float(Sphere(10**5).log_complement_enlargement(0.5, 0.3)), 6)
        -4609.807957
        """
        return self._enlarged(mass, None, eps, metric, log=True, complement=True)

    def mean_distance(
        self,
        mass: ArrayLike | None = None,
        metric: str = "euclidean",
        *,
        log_mass: ArrayLike | None = None,
    ) -> Real:
        """Return the greatest mean distance of a random point to a set of a mass.

        Parameters
        ----------
        mass : array_like
            Measure of the set, in (0, 1]; points of the set count with distance 0.
        metric : {"euclidean", "geodesic"}
            The distance.
        log_mass : array_like
            The logarithm of the measure, in place of `mass`.

        Notes
        -----
        Gauss-Legendre quadrature over the latitudes of the complement: relative error
        below 1e-13 against ball arithmetic, also where the mean is tiny.

        Examples
        --------
        >>> round(float(Sphere(500).mean_distance(0.01)), 9)
        0.104177707
        """
        geodesic = self._geodesic(metric)
        return Caps(self.d, mass, log_mass).mean_distance(geodesic=geodesic)[()]

    def median_distance(
        self,
        mass: ArrayLike | None = None,
        metric: str = "euclidean",
        *,
        log_mass: ArrayLike | None = None,
    ) -> Real:
        """Return the greatest median distance of a random point to a set of a mass.

        The parameters are those of `mean_distance`. From mass 1/2 on it is 0.

        Examples
        --------
        >>> round(float(Sphere(500).median_distance(0.01)), 10)
        0.1040525388
        """
        return self.distance_quantile(mass, 0.5, metric, log_mass=log_mass)

    def distance_quantile(
        self,
        mass: ArrayLike | None = None,
        level: ArrayLike = 0.5,
        metric: str = "euclidean",
        *,
        log_mass: ArrayLike | None = None,
    ) -> Real:
        """Return the least r with enlargement(mass, r) >= level.

        The greatest quantile of the distance of a random point to a set of that mass.

        Parameters
        ----------
        mass, log_mass, metric
            Those of `mean_distance`.
        level : array_like
            The level of the quantile, in [0, 1].

        Examples
        --------
        >>> round(float(Sphere(2000).distance_quantile(0.01, 0.99)), 4)
        0.104
        """
        geodesic = self._geodesic(metric)
        caps = Caps(self.d, mass, log_mass)
        other = Caps(self.d, probability("level", level), empty=True)
        broadcast(mass=caps.outside, level=other.outside)
        angle = caps.separation(other.latitude, other.angle)
        return (angle if geodesic else chord(angle))[()]

    def _geodesic(self, metric: str) -> bool:
        return choice("metric", metric, _METRICS) == "geodesic"

    def _points(self, name: str, value: ArrayLike) -> Float[NDArray, "*s d"]:
        array = coordinates(name, value, self.d)
        norm = np.linalg.norm(array, axis=-1)
        if np.any(np.abs(norm - 1.0) > _UNIT):
            bad = float(norm[np.abs(norm - 1.0) > _UNIT].flat[0])
            raise ValueError(f"{name} must have points of norm 1, got norm {bad!r}")
        return array

    def _split(
        self, n: int, rng: np.random.Generator | int
    ) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
        # a Gaussian vector's component along u, and the norm of the rest
        size, source = integer("n", n, minimum=0), generator(rng)
        along = source.standard_normal(size)
        return along, np.asarray(np.sqrt(source.chisquare(self.d - 1, size)))

    def _measure(self, name: str, value: ArrayLike, *, angle: bool, log: bool) -> Real:
        lower, upper = (0.0, np.pi) if angle else (-1.0, 1.0)
        array = real_array(name, value, lower=lower, upper=upper)
        return _dispatch.cap_measure(self.d, array, angle=angle, log=log)[()]

    def _coordinate(
        self, name: str, value: ArrayLike, *, angle: bool, log: bool
    ) -> Real:
        if log:
            array = real_array(name, value, upper=0.0, infinite=True)
        else:
            array = probability(name, value)
        return _dispatch.cap_coordinate(self.d, array, angle=angle, log=log)[()]

    def _enlarged(
        self,
        mass: ArrayLike | None,
        log_mass: ArrayLike | None,
        eps: ArrayLike,
        metric: str,
        *,
        log: bool,
        complement: bool = False,
    ) -> Real:
        geodesic = self._geodesic(metric)
        radius = real_array("eps", eps, lower=0.0)
        caps = Caps(self.d, mass, log_mass, empty=True)
        broadcast(mass=caps.outside, eps=radius)
        if not geodesic:
            radius = arc(radius)
        return caps.enlarged(radius, log=log, complement=complement)[()]
