r"""The uniform law on the cube [0, 1]^d.

No set is known to be extremal for d >= 2, but for the square in l_inf (corners, see
`geomadv.concentration.cube_concentration`), so enlargements are bounded below by
transport from the Gaussian. The map T(z)_i = Phi(z_i) takes
N(0, I_d) to the uniform law, and |Phi'| <= 1 / sqrt(2 pi), so that
||T(z) - T(z')||_p <= ||z - z'||_p / sqrt(2 pi) for every p. If E has volume m, then
T^-1(E) has Gaussian measure m, and whatever lies within sqrt(2 pi) eps of T^-1(E) is
mapped into the eps-enlargement of E. Gaussian isoperimetry, in which the l_p ball of
radius r holds the Euclidean ball of radius r / ||I||_{2->p}, gives

    vol(E_eps) >= Phi( Phi^-1(m) + sqrt(2 pi) eps / kappa ),
    kappa = ||I_d||_{2->p} = d^{max(0, 1/p - 1/2)},

and, trivially, vol(E_eps) = 1 once eps reaches the diameter d^{1/p}. This is the
isoperimetry of Shafahi et al. 2018, "Are adversarial examples inevitable?",
arXiv:1809.02104, Theorem 2 (numbering unverified). For d = 1 an interval at an end of
[0, 1] is extremal, and everything is exact: vol(E_eps) >= min(1, m + eps).

Conventions: `mass` and volumes are probabilities; eps is an l_p distance.
"""

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, norm_order, probability, real_array
from geomadv.spaces._isoperimetry import Isoperimetry
from geomadv.spaces._lp import identity_norm, lp_distance
from geomadv.spaces._normal import (
    half_space_offset,
    log_shifted,
    log_shifted_complement,
    mean_excess,
    shifted,
)

_SQRT_2PI = 2.5066282746310002


class Cube:
    r"""The cube [0, 1]^d with the uniform law and the l_p distances.

    Parameters
    ----------
    d : int
        The dimension, at least 1.

    Examples
    --------
    Half of the cube, enlarged by .1: at least .59896, whatever its shape and d.
    The half-cube {x_1 < 1/2} has .6.

    >>> cube = Cube(3072)
    >>> round(float(cube.enlargement(0.5, 0.1)), 7)
    0.5989626
    >>> cube.isoperimetry().exact
    False
    """

    def __init__(self, d: int) -> None:
        self.d = integer("d", d, minimum=1)

    def __repr__(self) -> str:
        return f"Cube({self.d})"

    def isoperimetry(self, p: float = 2) -> Isoperimetry:
        """Return which bound the enlargements are, and whether it is attained."""
        norm_order("p", p)
        if self.d == 1:
            return Isoperimetry(
                exact=True, extremal="interval [0, mass]", source="elementary"
            )
        return Isoperimetry(
            exact=False,
            extremal="Gaussian transport bound",
            source="Shafahi, Huang, Studer, Feizi and Goldstein 2018, arXiv:1809.02104",
        )

    def sample(self, n: int, rng: np.random.Generator | int) -> Float[NDArray, "n d"]:
        """Return n independent uniform points of [0, 1)^d.

        Parameters
        ----------
        n : int
            At least 0.
        rng : numpy.random.Generator or int
            A generator, or the seed of one.
        """
        size = (integer("n", n, minimum=0), self.d)
        return generator(rng).random(size)

    def distance(self, x: ArrayLike, y: ArrayLike, p: float = 2) -> Real:
        """Return the l_p distance between points of the cube.

        Parameters
        ----------
        x, y : array_like, (..., d)
            Points of [0, 1]^d; the leading axes broadcast.
        p : float
            Order of the norm, at least 1; `numpy.inf` is allowed.

        Examples
        --------
        >>> float(Cube(2).distance([0, 0], [[0.6, 0.8], [1, 0]], p=1)[0])
        1.4
        """
        return lp_distance(x, y, p, self.d, lower=0.0, upper=1.0)

    def enlargement(self, mass: ArrayLike, eps: ArrayLike, p: float = 2) -> Real:
        """Return a lower bound of the volume of every eps-enlargement.

        Parameters
        ----------
        mass : array_like
            Volume of the set, in [0, 1]; 0 gives 0.
        eps : array_like
            Radius of the enlargement in the l_p distance, at least 0.
        p : float
            Order of the norm, at least 1; `numpy.inf` is allowed.

        Notes
        -----
        Exact for d = 1, the Gaussian transport bound otherwise (see the module).
        Relative error below 4e-13 against 50-digit arithmetic.

        Examples
        --------
        >>> round(float(Cube(1).enlargement(0.25, 0.5)), 9)
        0.75
        """
        order = norm_order("p", p)
        m, e = self._mass_and_eps(mass, eps)
        if self.d == 1:
            return np.where(m > 0.0, np.minimum(1.0, m + e), 0.0)[()]
        bound = shifted(m, self._shift(e, order))
        return np.where((m > 0.0) & self._everything(e, order), 1.0, bound)[()]

    def log_enlargement(
        self, log_mass: ArrayLike, eps: ArrayLike, p: float = 2
    ) -> Real:
        """Return the logarithm of `enlargement`, of the logarithm of the mass.

        Nothing underflows: a mass of e^-5000 is ``log_mass=-5000``.

        Examples
        --------
        >>> round(float(Cube(10).log_enlargement(-5000, 1.0)), 6)
        -4752.591866
        """
        order = norm_order("p", p)
        log_m = real_array("log_mass", log_mass, upper=0.0, infinite=True)
        log_m, e = broadcast(log_mass=log_m, eps=real_array("eps", eps, lower=0.0))
        if self.d == 1:
            with np.errstate(divide="ignore"):
                added = np.logaddexp(log_m, np.log(e))
            return np.where(log_m > -np.inf, np.minimum(0.0, added), log_m)[()]
        bound = log_shifted(log_m, self._shift(e, order))
        whole = (log_m > -np.inf) & self._everything(e, order)
        return np.where(whole, 0.0, bound)[()]

    def log_complement_enlargement(
        self, mass: ArrayLike, eps: ArrayLike, p: float = 2
    ) -> Real:
        """Return log(1 - enlargement), which keeps its digits near enlargement 1.

        Examples
        --------
        >>> round(float(Cube(10**6).log_complement_enlargement(0.5, 40)), 6)
        -5032.075102
        """
        order = norm_order("p", p)
        m, e = self._mass_and_eps(mass, eps)
        if self.d == 1:
            left = np.maximum(0.0, (1.0 - m) - e)
            with np.errstate(divide="ignore"):
                return np.where(m > 0.0, np.log(left), 0.0)[()]
        bound = log_shifted_complement(m, self._shift(e, order))
        whole = (m > 0.0) & self._everything(e, order)
        return np.where(whole, -np.inf, bound)[()]

    def mean_distance(
        self,
        mass: ArrayLike | None = None,
        p: float = 2,
        *,
        log_mass: ArrayLike | None = None,
    ) -> Real:
        r"""Return an upper bound of the mean distance to a set of given volume.

        Parameters
        ----------
        mass : array_like
            Volume of the set, in (0, 1].
        p : float
            Order of the norm, at least 1; `numpy.inf` is allowed.
        log_mass : array_like
            The logarithm of the volume, in place of `mass`.

        Notes
        -----
        The mean is the integral of 1 - vol(E_eps) over eps from 0 to the diameter D,
        at most s (psi(a) - psi(a - D / s)) with a = -Phi^-1(mass),
        psi(a) = a Phi(a) + phi(a) and s = kappa / sqrt(2 pi). For d = 1 the mean
        (1 - mass)^2 / 2 is exact.

        Examples
        --------
        >>> round(float(Cube(784).mean_distance(0.01)), 10)
        0.929430407
        """
        order = norm_order("p", p)
        if self.d == 1:
            return (0.5 * _rest(mass, log_mass) ** 2)[()]
        a, scale = half_space_offset(mass, log_mass), self._scale(order)
        diameter = self._diameter(order)
        bound = scale * (mean_excess(a) - mean_excess(a - diameter / scale))
        return np.minimum(bound, diameter)[()]

    def median_distance(
        self,
        mass: ArrayLike | None = None,
        p: float = 2,
        *,
        log_mass: ArrayLike | None = None,
    ) -> Real:
        """Return an upper bound of the median distance to a set of given volume.

        The parameters are those of `mean_distance`; the bound is where `enlargement`
        reaches 1/2, hence 0 from volume 1/2 on, and at most the diameter.

        Examples
        --------
        >>> round(float(Cube(784).median_distance(0.01)), 10)
        0.9280785259
        >>> float(Cube(1).median_distance(0.125))
        0.375
        """
        order = norm_order("p", p)
        if self.d == 1:
            return np.maximum(0.0, _rest(mass, log_mass) - 0.5)[()]
        bound = self._scale(order) * np.maximum(half_space_offset(mass, log_mass), 0.0)
        return np.minimum(bound, self._diameter(order))[()]

    def _mass_and_eps(
        self, mass: ArrayLike, eps: ArrayLike
    ) -> tuple[Float[NDArray, "*s"], Float[NDArray, "*s"]]:
        m, e = broadcast(
            mass=probability("mass", mass), eps=real_array("eps", eps, lower=0.0)
        )
        return m, e

    def _scale(self, p: float) -> float:
        return identity_norm(self.d, p) / _SQRT_2PI

    def _shift(self, eps: Float[NDArray, "*s"], p: float) -> Float[NDArray, "*s"]:
        return np.asarray(eps / self._scale(p))

    def _diameter(self, p: float) -> float:
        return float(np.power(float(self.d), 1.0 / p))

    def _everything(self, eps: Float[NDArray, "*s"], p: float) -> NDArray:
        # a diameter rounded down must not claim the whole cube too early
        return np.asarray(eps > self._diameter(p) * (1.0 + 1e-15))


def _rest(mass: ArrayLike | None, log_mass: ArrayLike | None) -> Float[NDArray, "*s"]:
    """Return 1 - mass, from exactly one of mass and log_mass."""
    half_space_offset(mass, log_mass)  # checks the arguments
    if log_mass is None:
        return np.asarray(1.0 - np.asarray(mass, dtype=np.float64))
    return np.asarray(0.0 - np.expm1(np.asarray(log_mass, dtype=np.float64)))
