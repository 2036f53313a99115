r"""Two parallel flats: the cubes [0, side]^k x {0} and [0, side]^k x {gap} in R^d.

The core is R^(k+1). The nearest point is found by clipping the first k coordinates; the
decision axis is the hyperplane z_(k+1) = gap/2. Each cube is convex, so that only the
gap limits the reach: reach = decision_reach = gap/2.
"""

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real
from geomadv.data._manifolds._labelled import LabelledManifold, fair_labels


class ParallelFlats(LabelledManifold):
    """Two parallel k-dimensional cubes in R^d.

    Parameters
    ----------
    k : int
        Dimension, at least 1.
    d : int
        Ambient dimension, at least k + 1.
    gap : float
        Their distance, above 0; the class +1 is the upper one.
    side : float
        Length of the edges, above 0.
    noise : float
        Standard deviation of isotropic noise, at least 0.
    rotation : int, optional
        Seed of a rotation; None leaves them in the first k + 1 coordinates.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> planes = ParallelFlats(2, 4, gap=2.0)
    >>> planes.distance([[0.5, 0.5, 0.5, 0.0]]), planes.decision_reach
    (array([0.5]), 1.0)
    """

    def __init__(
        self,
        k: int = 2,
        d: int = 3,
        *,
        gap: float = 2.0,
        side: float = 1.0,
        noise: float = 0.0,
        rotation: int | None = None,
    ) -> None:
        k = integer("k", k, minimum=1)
        super().__init__(k, k + 1, d, noise, rotation)
        self.gap = real("gap", gap, lower=0, open_lower=True)
        self.side = real("side", side, lower=0, open_lower=True)

    @property
    def decision_reach(self) -> float:
        """Half the gap."""
        return self.gap / 2

    @property
    def reach(self) -> float:
        """Half the gap."""
        return self.gap / 2

    def axis_distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the distances of points to the decision axis.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        return np.abs(self.embedding.coordinates(X)[:, -1] - self.gap / 2)

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        y = fair_labels(n, rng)
        Z = self.side * rng.random((n, self.k + 1))
        Z[:, -1] = np.where(y < 0, 0.0, self.gap)
        return Z, y

    def _nearest(self, Z: NDArray, label: int) -> NDArray:
        P = np.clip(Z, 0.0, self.side)
        P[:, -1] = 0.0 if label < 0 else self.gap
        return P

    def _frames(self, P: NDArray) -> NDArray:
        frame = np.eye(self.k + 1)[:, : self.k]
        return np.broadcast_to(frame, (P.shape[0], *frame.shape)).copy()

    def _tangent_part(self, P: NDArray, V: NDArray) -> NDArray:
        part = np.zeros_like(P)
        part[:, :-1] = V[:, :-1]
        return part
