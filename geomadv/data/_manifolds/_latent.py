r"""Data made by a decoder: x = g(z) + noise, z in R^k, with a known g.

**Linear**: g(z) = U S z, U orthonormal (d, k), S diagonal, z standard normal. The label
is the sign of z_1. The manifold is a subspace (of infinite reach), the classes are its
halves, and touch.

**The flat torus**: g(z) = B (a cos(z_i/a), a sin(z_i/a))_i, a circle of radius a for
each coordinate, in R^(2k). g preserves lengths of curves, |g(z) - g(z')|^2 =
sum_i 4 a^2 sin^2((z_i - z'_i)/(2a)), and as sin^2(sqrt(u)) is concave for
sqrt(u) <= pi/2 the sum is largest at equal differences: the *modulus of continuity* is

    omega(delta) = sup_{|z - z'| <= delta} |g(z) - g(z')|
                 = 2 a sqrt(k) sin(delta/(2 a sqrt(k)))

up to delta = pi a sqrt(k), and 2 a sqrt(k) beyond. It has reach a. The label is the
sign of sin(z_1/a). z is standard normal, the generative model of Fawzi, Fawzi and Fawzi
(2018), "Adversarial vulnerability for any classifier", arXiv:1802.08686, or uniform on
one period, so that x is uniform in volume.
"""

import math

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import choice, integer, points, real, real_array
from geomadv.data._manifolds._embedding import lengths
from geomadv.data._manifolds._labelled import LabelledManifold


class LinearDecoder(LabelledManifold):
    """A Gaussian on a k-dimensional subspace of R^d.

    Parameters
    ----------
    k : int
        Dimension of the latent z, at least 1.
    d : int
        Ambient dimension, at least k.
    scales : (k,) array_like, optional
        Standard deviations along the columns of U, above 0; 1 by default.
    noise : float
        Standard deviation of isotropic noise, at least 0.
    rotation : int, optional
        Seed of U; None takes the first k axes.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> data = LinearDecoder(2, 4, scales=[3.0, 1.0])
    >>> X = data.decode([[1.0, 2.0]])
    >>> X, data.encode(X)
    (array([[3., 2., 0., 0.]]), array([[1., 2.]]))
    """

    def __init__(
        self,
        k: int,
        d: int,
        *,
        scales: ArrayLike | None = None,
        noise: float = 0.0,
        rotation: int | None = None,
    ) -> None:
        k = integer("k", k, minimum=1)
        super().__init__(k, k, d, noise, rotation)
        spread = real_array(
            "scales", np.ones(k) if scales is None else scales, lower=0, open_lower=True
        )
        if spread.shape != (k,):
            raise ValueError(f"scales must have shape ({k},), got {spread.shape}")
        self.scales = spread.copy()

    @property
    def decision_reach(self) -> float:
        """0: the classes touch."""
        return 0.0

    @property
    def reach(self) -> float:
        """Infinite: a subspace has no medial axis."""
        return math.inf

    def decode(self, z: ArrayLike) -> Float[NDArray, "n d"]:
        """Return g(z).

        Parameters
        ----------
        z : (n, k) array_like
            Latent points.

        Returns
        -------
        (n, d) array
        """
        return self.embedding.lift(points("z", z, d=self.k) * self.scales)

    def encode(self, X: ArrayLike) -> Float[NDArray, "n k"]:
        """Return the latent points of the projections of points.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, k) array
        """
        return np.asarray(self.embedding.coordinates(X) / self.scales)

    def modulus(self, delta: ArrayLike) -> Real:
        """Return the modulus of continuity of g, max(scales) delta.

        Parameters
        ----------
        delta : float or array_like
            Latent distances, at least 0.

        Returns
        -------
        numpy.float64 or array
        """
        size = real_array("delta", delta, lower=0)
        largest: Real = (size * self.scales.max())[()]
        return largest

    def axis_distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the distances of points to the decision axis, z_1 = 0.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        return np.abs(self.embedding.coordinates(X)[:, 0])

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        z = rng.standard_normal((n, self.k))
        return z * self.scales, np.where(z[:, 0] < 0, -1.0, 1.0)

    def _nearest(self, Z: NDArray, label: int) -> NDArray:
        P = Z.copy()
        P[:, 0] = np.minimum(P[:, 0], 0.0) if label < 0 else np.maximum(P[:, 0], 0.0)
        return P

    def _frames(self, P: NDArray) -> NDArray:
        frames = np.broadcast_to(np.eye(self.k), (P.shape[0], self.k, self.k))
        return frames.copy()

    def _tangent_part(self, P: NDArray, V: NDArray) -> NDArray:
        return V.reshape(P.shape)


class FlatTorusDecoder(LabelledManifold):
    """A flat torus of dimension k in R^d, decoded from R^k without stretching.

    Parameters
    ----------
    k : int
        Dimension of the latent z, at least 1.
    d : int
        Ambient dimension, at least 2 k.
    a : float
        Radius of the circles, above 0: the reach.
    latent : {"uniform", "gaussian"}
        The law of z: uniform on [0, 2 pi a)^k, so that x is uniform in volume, or
        standard normal.
    noise : float
        Standard deviation of isotropic noise, at least 0.
    rotation : int, optional
        Seed of a rotation; None leaves the torus in the first 2 k coordinates.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> torus = FlatTorusDecoder(1, 2)
    >>> torus.decode([[np.pi / 2]]).round(12), round(float(torus.modulus(np.pi)), 12)
    (array([[0., 1.]]), 2.0)
    """

    def __init__(
        self,
        k: int,
        d: int,
        *,
        a: float = 1.0,
        latent: str = "uniform",
        noise: float = 0.0,
        rotation: int | None = None,
    ) -> None:
        k = integer("k", k, minimum=1)
        super().__init__(k, 2 * k, d, noise, rotation)
        self.a = real("a", a, lower=0, open_lower=True)
        self.latent = choice("latent", latent, ("uniform", "gaussian"))

    @property
    def decision_reach(self) -> float:
        """0: the classes touch."""
        return 0.0

    @property
    def reach(self) -> float:
        """The radius of the circles, a."""
        return self.a

    def decode(self, z: ArrayLike) -> Float[NDArray, "n d"]:
        """Return g(z).

        Parameters
        ----------
        z : (n, k) array_like
            Latent points.

        Returns
        -------
        (n, d) array
        """
        return self.embedding.lift(self._core(points("z", z, d=self.k)))

    def encode(self, X: ArrayLike) -> Float[NDArray, "n k"]:
        """Return latent points of the nearest points on the torus.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n, k) array
            In (-pi a, pi a].
        """
        Z = self.embedding.coordinates(X)
        return np.asarray(self.a * np.arctan2(Z[:, 1::2], Z[:, ::2]))

    def modulus(self, delta: ArrayLike) -> Real:
        """Return the modulus of continuity of g.

        Parameters
        ----------
        delta : float or array_like
            Latent distances, at least 0.

        Returns
        -------
        numpy.float64 or array
            2 a sqrt(k) sin(delta/(2 a sqrt(k))), constant from pi a sqrt(k) on.
        """
        scale = 2 * self.a * math.sqrt(self.k)
        angle = np.minimum(real_array("delta", delta, lower=0) / scale, math.pi / 2)
        omega: Real = (scale * np.sin(angle))[()]
        return omega

    def _core(self, z: NDArray) -> NDArray:
        core = np.empty((z.shape[0], 2 * self.k))
        core[:, ::2] = self.a * np.cos(z / self.a)
        core[:, 1::2] = self.a * np.sin(z / self.a)
        return core

    def axis_distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the distances of points to the decision axis.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            To the hyperplane that halves the first circle, its mirror.
        """
        return np.abs(self.embedding.coordinates(X)[:, 1])

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        if self.latent == "uniform":
            z = rng.uniform(0, 2 * math.pi * self.a, (n, self.k))
        else:
            z = rng.standard_normal((n, self.k))
        core = self._core(z)
        return core, np.where(core[:, 1] < 0, -1.0, 1.0)

    def _nearest(self, Z: NDArray, label: int) -> NDArray:
        pairs = Z.reshape(-1, self.k, 2)
        size = lengths(pairs)[..., np.newaxis]
        P = self.a * np.where(
            size > 0, pairs / np.where(size > 0, size, 1.0), [1.0, 0.0]
        )
        wrong = P[:, 0, 1] > 0 if label < 0 else P[:, 0, 1] < 0
        end = np.where(P[:, 0, 0] < 0, -self.a, self.a)
        P[:, 0, 0] = np.where(wrong, end, P[:, 0, 0])
        P[:, 0, 1] = np.where(wrong, 0.0, P[:, 0, 1])
        return P.reshape(Z.shape)

    def _frames(self, P: NDArray) -> NDArray:
        frames = np.zeros((P.shape[0], 2 * self.k, self.k))
        i = np.arange(self.k)
        frames[:, 2 * i, i] = -P[:, 1::2] / self.a
        frames[:, 2 * i + 1, i] = P[:, ::2] / self.a
        return frames

    def _tangent_part(self, P: NDArray, V: NDArray) -> NDArray:
        sine, cosine = P[:, 1::2] / self.a, P[:, ::2] / self.a
        speed = cosine * V[:, 1::2] - sine * V[:, ::2]
        part = np.empty_like(V)
        part[:, ::2], part[:, 1::2] = -sine * speed, cosine * speed
        return part
