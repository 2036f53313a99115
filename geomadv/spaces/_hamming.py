r"""The uniform law on {0, 1}^d with the Hamming distance.

Harper's theorem (1966) solves the isoperimetric problem: among all sets of N points
the first N in the simplicial order have the least t-enlargement, for every t (see
`geomadv.spaces._harper` for the count, which is exact). Up to d = 2^14 every number
here comes from these integers and is rounded once. Above, the integers are too long and
the largest ball inside the extremal set takes its place: if N >= |B_r|, then by
Harper's theorem every set of N points has |E_t| >= |B_{r+t}|. These bounds are binomial
tails in logarithms; `HammingCube.isoperimetry` tells what is exact and what is a bound.

It sharpens the bound of Talagrand that Mahloujifar, Diochnos and Mahmoody 2018,
arXiv:1809.03063, start from.

Conventions: distances and eps count flips (they are not divided by d). A mass is
rounded up to a whole number of points: the double `mass` is the exact binary fraction
that it stores, and N = ceil(mass 2^d).
"""

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, Int, NDArray, Real
from geomadv._validate import broadcast, integer, probability, real, real_array
from geomadv.spaces._extremal import ExtremalSets, one_of, positive_mass
from geomadv.spaces._harper import InitialSegment, points_of_log_mass, points_of_mass
from geomadv.spaces._isoperimetry import Isoperimetry
from geomadv.spaces._lp import coordinates, lp_distance

_MAX = 10**9


class HammingCube:
    r"""The cube {0, 1}^d with the uniform law and the Hamming distance.

    Parameters
    ----------
    d : int
        The dimension, from 1 to 10^9; exact (integer) counts up to 2^14 = 16384.

    Examples
    --------
    The five points of a ball of radius 1 in {0, 1}^4, and what one flip makes of them:

    >>> cube = HammingCube(4)
    >>> cube.points(0.3), cube.enlargement_count(5, 1)
    (5, 11)
    >>> float(cube.enlargement(0.3, 1))   # 11/16
    0.6875
    """

    def __init__(self, d: int) -> None:
        self.d = integer("d", d, minimum=1, maximum=_MAX)
        self._sets = ExtremalSets(self.d)

    def __repr__(self) -> str:
        return f"HammingCube({self.d})"

    def isoperimetry(self) -> Isoperimetry:
        """Return the extremal sets, or the bound that stands for them above 2^14."""
        exact = self._sets.exact
        return Isoperimetry(
            exact=exact,
            extremal=(
                "initial segments of the simplicial order"
                if exact
                else "largest Hamming ball of at most the mass"
            ),
            source="Harper 1966",
        )

    def sample(self, n: int, rng: np.random.Generator | int) -> Int[NDArray, "n d"]:
        """Return n independent uniform points, of dtype int8.

        Parameters
        ----------
        n : int
            At least 0.
        rng : numpy.random.Generator or int
            A generator, or the seed of one.
        """
        size = (integer("n", n, minimum=0), self.d)
        return generator(rng).integers(0, 2, size=size, dtype=np.int8)

    def sample_weight(
        self, n: int, rng: np.random.Generator | int
    ) -> Int[NDArray, " n"]:
        """Return n draws of the number of ones: O(1) a draw in every dimension.

        The distance to the ball of radius r about the origin is max(weight - r, 0).
        """
        size = integer("n", n, minimum=0)
        return generator(rng).binomial(self.d, 0.5, size=size)

    def distance(self, x: ArrayLike, y: ArrayLike) -> Real:
        """Return in how many coordinates points differ.

        Parameters
        ----------
        x, y : array_like, (..., d)
            Points of {0, 1}^d; the leading axes broadcast.

        Examples
        --------
        >>> float(HammingCube(3).distance([0, 1, 1], [1, 1, 0]))
        2.0
        """
        return lp_distance(self._binary("x", x), self._binary("y", y), 1, self.d)

    def points(
        self, mass: float | None = None, *, log_mass: float | None = None
    ) -> int:
        """Return the least number of points whose measure is at least a mass.

        Parameters
        ----------
        mass : float
            In [0, 1], taken as the exact binary fraction that the double is.
        log_mass : float
            Its logarithm, in place of `mass`. The mass is then e^log_mass as far as the
            double tells it, to a relative error of |log_mass| 2e-16.

        Examples
        --------
        >>> HammingCube(10).points(0.01)   # 10.24 points
        11
        >>> HammingCube(10000).points(log_mass=-5000).bit_length()
        2787
        """
        self._sets.counts()
        if (mass is None) == (log_mass is None):
            raise ValueError("give exactly one of mass and log_mass")
        if log_mass is not None:
            return points_of_log_mass(real("log_mass", log_mass, upper=0.0), self.d)
        return points_of_mass(real("mass", mass, lower=0.0, upper=1.0), self.d)

    def ball_count(self, radius: int) -> int:
        """Return how many points a ball has.

        Examples
        --------
        >>> [HammingCube(4).ball_count(radius) for radius in range(5)]
        [1, 5, 11, 15, 16]
        """
        r = integer("radius", radius, minimum=0)
        return self._sets.counts()[min(r, self.d)]

    def ball_measure(self, radius: ArrayLike) -> Real:
        """Return the measure of balls; the parameter is that of `log_ball_measure`.

        >>> float(HammingCube(4).ball_measure(1))   # 5/16
        0.3125
        """
        return self._sets.over_radii(radius, self._sets.ball_measure)

    def log_ball_measure(self, radius: ArrayLike) -> Real:
        """Return the logarithm of the measure of balls.

        Parameters
        ----------
        radius : array_like
            Whole numbers, at least 0; from d on, the ball is everything.

        Notes
        -----
        Up to d = 2^14 from the exact count, above from binomial tails (relative error
        below 1e-12).

        Examples
        --------
        >>> round(float(HammingCube(10**9).log_ball_measure(499 * 10**6)), 6)
        -2005.065546
        """
        return self._sets.over_radii(radius, self._sets.log_ball_measure)

    def enlargement_count(self, points: int, eps: int) -> int:
        """Return the least size of the eps-enlargement of a set of so many points.

        Parameters
        ----------
        points : int
            From 0 to 2^d; 0 gives 0.
        eps : int
            Number of flips, at least 0.

        Examples
        --------
        Two adjacent points share no other neighbour: 2 + 2 (d - 1) within one flip.

        >>> HammingCube(10).enlargement_count(2, 1)
        20
        """
        flips = integer("eps", eps, minimum=0)
        balls = self._sets.counts()
        count = integer("points", points, minimum=0, maximum=balls[-1])
        return InitialSegment(count, balls).enlarged(flips) if count else 0

    def enlargement(self, mass: ArrayLike, eps: ArrayLike) -> Real:
        """Return the least measure of an eps-enlargement over all sets of a mass.

        Parameters
        ----------
        mass : array_like
            Measure of the set, in [0, 1], rounded up to a whole number of points; 0
            gives 0.
        eps : array_like
            Number of flips: whole numbers at least 0, as integers or as floats.

        Notes
        -----
        Up to d = 2^14 the exact rational, correctly rounded; above, a lower bound.

        Examples
        --------
        How many flips turn 1 % into 99 % in {0, 1}^784? Sixty-six.

        >>> HammingCube(784).enlargement(0.01, [65, 66]).round(6)
        array([0.989845, 0.991625])
        """
        m, flips = broadcast(
            mass=probability("mass", mass), eps=self._sets.flips("eps", eps)
        )
        return self._sets.map("mass", m, flips, lambda s, t: s.enlargement(t), 0.0)

    def log_enlargement(self, log_mass: ArrayLike, eps: ArrayLike) -> Real:
        """Return the logarithm of `enlargement`, of the logarithm of the mass.

        How `log_mass` is rounded to whole points is told by `points`; a logarithm of
        -inf gives -inf.

        Examples
        --------
        >>> round(float(HammingCube(10**4).log_enlargement(-5000, 100)), 6)
        -4712.222899
        """
        log_m, flips = broadcast(
            log_mass=real_array("log_mass", log_mass, upper=0.0, infinite=True),
            eps=self._sets.flips("eps", eps),
        )
        return self._sets.map(
            "log_mass", log_m, flips, lambda s, t: s.log_enlargement(t), -np.inf
        )

    def log_complement_enlargement(self, mass: ArrayLike, eps: ArrayLike) -> Real:
        """Return log(1 - enlargement), which keeps its digits near enlargement 1.

        Examples
        --------
        >>> round(float(HammingCube(10**4).log_complement_enlargement(0.5, 4000)), 6)
        -3686.454103
        """
        m, flips = broadcast(
            mass=probability("mass", mass), eps=self._sets.flips("eps", eps)
        )
        return self._sets.map("mass", m, flips, lambda s, t: s.log_complement(t), 0.0)

    def enlargement_radius(
        self, mass: ArrayLike, target: ArrayLike
    ) -> np.int64 | Int[NDArray, "..."]:
        """Return the least number of flips after which every set has a target measure.

        Parameters
        ----------
        mass : array_like
            Measure of the set, in (0, 1], rounded up to a whole number of points.
        target : array_like
            The measure to be reached, in [0, 1].

        Returns
        -------
        array of int64
            The least eps with ``enlargement(mass, eps) >= target``, decided in exact
            arithmetic up to d = 2^14; an upper bound of it above.

        Examples
        --------
        >>> int(HammingCube(784).enlargement_radius(0.01, 0.99))
        66
        """
        m, goals = broadcast(
            mass=positive_mass(mass), target=probability("target", target)
        )
        radii = self._sets.map("mass", m, goals, lambda s, goal: s.reach(goal))
        return np.asarray(radii).astype(np.int64)[()]

    def mean_distance(
        self, mass: ArrayLike | None = None, *, log_mass: ArrayLike | None = None
    ) -> Real:
        """Return the greatest mean distance of a random point to a set of a mass.

        Parameters
        ----------
        mass : array_like
            Measure of the set, in (0, 1], rounded up to a whole number of points.
        log_mass : array_like
            The logarithm of the measure, in place of `mass`.

        Notes
        -----
        The sum of 1 - enlargement over eps = 0, 1, ...: one set attains all of them.
        Up to d = 2^14 the exact rational, correctly rounded; above, an upper bound.

        Examples
        --------
        A point of {0, 1}^2 is at distance 0, 1, 1 and 2 from its points.

        >>> float(HammingCube(2).mean_distance(0.25))
        1.0
        """
        name, values = one_of(mass, log_mass)
        return self._sets.map(name, values, values, lambda s, _: s.mean_distance())

    def median_distance(
        self, mass: ArrayLike | None = None, *, log_mass: ArrayLike | None = None
    ) -> Real:
        """Return the greatest median distance of a random point to a set of a mass.

        The parameters are those of `mean_distance`; the median is the least number of
        flips that reaches measure 1/2, hence 0 from mass 1/2 on.

        Examples
        --------
        >>> float(HammingCube(784).median_distance(0.01))
        33.0
        """
        name, values = one_of(mass, log_mass)
        return self._sets.map(name, values, values, lambda s, _: s.reach(0.5))

    def _binary(self, name: str, value: ArrayLike) -> Float[NDArray, "*s d"]:
        points = coordinates(name, value, self.d)
        wrong = (points != 0.0) & (points != 1.0)
        if wrong.any():
            raise ValueError(f"{name} must hold only 0 and 1, got {points[wrong][0]:g}")
        return points
