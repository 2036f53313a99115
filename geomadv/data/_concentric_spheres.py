r"""Two concentric spheres: the distribution of Gilmer et al. (2018).

With probability `prior` the label is y = +1 and x is uniform on the sphere of radius
R > 1 about the origin of R^d; otherwise y = -1 and x is uniform on the unit sphere. The
classes are a positive distance R - 1 apart, so the Bayes risk is 0 and stays 0 under
perturbations of size below (R - 1) / 2, while a classifier of tiny error has errors
close to typical points: the O(1/sqrt d) law (Gilmer et al. 2018, section 5, numbering
unverified).

Conventions: d is the ambient dimension, distances are Euclidean; -1 is the inner and +1
the outer sphere (the paper calls them 0 and 1); d = 500, R = 1.3 and equal priors are
the paper's.
"""

from dataclasses import dataclass

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real
from geomadv.data._law import LabelledLaw


@dataclass(frozen=True)
class ConcentricSpheres(LabelledLaw):
    r"""The uniform laws on two concentric spheres, one a class.

    Parameters
    ----------
    d : int
        Ambient dimension, at least 2.
    radius : float
        Radius R > 1 of the outer sphere, the class +1; the inner one has radius 1.
    prior : float
        P(y = +1), in (0, 1).

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    References
    ----------
    Gilmer, Metz, Faghri, Schoenholz, Raghu, Wattenberg, Goodfellow (2018), "The
    Relationship Between High-Dimensional Geometry and Adversarial Examples",
    arXiv:1801.02774.

    Examples
    --------
    >>> spheres = ConcentricSpheres(d=3, radius=2.0)
    >>> spheres.bayes_predict([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]])
    array([-1.,  1.])
    >>> spheres.distance_to_boundary([[0.0, 0.0, 1.0]])
    array([0.5])
    """

    d: int = 500
    radius: float = 1.3
    prior: float = 0.5

    def __post_init__(self) -> None:
        radius = real("radius", self.radius, lower=1.0, open_lower=True)
        prior = real(
            "prior", self.prior, lower=0, upper=1, open_lower=True, open_upper=True
        )
        object.__setattr__(self, "d", integer("d", self.d, minimum=2))
        object.__setattr__(self, "radius", radius)
        object.__setattr__(self, "prior", prior)

    @property
    def threshold(self) -> float:
        """The radius (1 + R) / 2 of the Bayes boundary, equally far from both classes.

        Every radius in (1, R) separates the classes without error. This one is the only
        one whose least distance to a class is as large as it can be, and it is the
        limit of the Bayes boundaries of the same spheres with vanishing Gaussian noise.
        """
        return 1.0 + (self.radius - 1.0) / 2

    @property
    def bayes_risk(self) -> float:
        """The least possible error: 0, because the classes do not meet."""
        return 0.0

    def sample_norms(
        self, n: int, rng: np.random.Generator | int
    ) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
        """Return the norms and the labels of n points, without drawing the points.

        Parameters
        ----------
        n : int
            Number of points, at least 0.
        rng : numpy.random.Generator or int
            Generator, or the seed of one.

        Returns
        -------
        norms : (n,) array
            Distances from the origin: 1 or `radius`.
        y : (n,) array
            Labels, -1 or +1.

        Notes
        -----
        Time and memory are O(n) in any dimension. The labels are the ones that `sample`
        draws from a generator in the same state.
        """
        n = integer("n", n, minimum=0)
        outer = generator(rng).random(n) < self.prior
        return np.where(outer, self.radius, 1.0), np.where(outer, 1.0, -1.0)

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw labels, then points.

        A standard normal vector over its norm is uniform on the sphere, exactly; in
        floating point the norms of the points are right to a few units of 2^-53.
        """
        norms, y = self.sample_norms(n, rng)
        X = rng.standard_normal((norms.size, self.d))
        X *= (norms / np.linalg.norm(X, axis=1))[:, np.newaxis]
        return X, y

    def posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | x).

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            1 outside the Bayes boundary, 0 inside, 1/2 on it.

        Notes
        -----
        Off the two spheres the posterior is a convention; this one extends it by the
        nearer sphere (see `threshold`).
        """
        return np.heaviside(self._norms("X", X) - self.threshold, 0.5)

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels: +1 where |x| is at least `threshold`.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            Labels, -1 or +1.
        """
        return np.where(self._norms("X", X) >= self.threshold, 1.0, -1.0)

    def distance_to_class(self, X: ArrayLike, label: int) -> Float[NDArray, " n"]:
        """Return the Euclidean distance of each point to the sphere of a class.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        label : int
            -1 (inner sphere) or +1 (outer sphere).

        Returns
        -------
        (n,) array
            ``abs(|x| - r)`` with r the radius of that sphere: the nearest point is
            r x / |x|, and every point of the sphere where x = 0.

        Examples
        --------
        >>> ConcentricSpheres(d=2, radius=2.0).distance_to_class([[0.0, 1.25]], 1)
        array([0.75])
        """
        label = integer("label", label)
        if label not in (-1, 1):
            raise ValueError(f"label must be -1 or +1, got {label}")
        return np.abs(self._norms("X", X) - (self.radius if label == 1 else 1.0))

    def distance_to_boundary(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Euclidean distance of each point to the Bayes boundary.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            Size of the smallest perturbation that reaches the sphere of radius
            `threshold`; (R - 1) / 2 for every point of either class.
        """
        return np.abs(self._norms("X", X) - self.threshold)

    def _norms(self, name: str, X: ArrayLike) -> Float[NDArray, " n"]:
        array = points(name, X, d=self.d)
        largest = np.abs(array).max(axis=1, initial=0.0)
        # Scaled, so that squares neither overflow nor underflow.
        scale = np.where((largest > 1e100) | (largest < 1e-100), largest, 1.0)
        scale[scale == 0] = 1.0
        norms: NDArray = scale * np.linalg.norm(array / scale[:, np.newaxis], axis=1)
        return norms
