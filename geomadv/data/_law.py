"""What the laws of labelled points have in common."""

import abc

import numpy as np

from geomadv._random import generator
from geomadv._typing import Float, NDArray
from geomadv._validate import integer


class LabelledLaw(abc.ABC):
    """A law of points with labels: what can be sampled.

    Examples
    --------
    >>> from geomadv.data import ConcentricSpheres
    >>> isinstance(ConcentricSpheres(500), LabelledLaw)
    True
    """

    def sample(
        self, n: int, rng: np.random.Generator | int
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Return n labelled points.

        Parameters
        ----------
        n : int
            Number of points, at least 0.
        rng : numpy.random.Generator or int
            Generator, or the seed of one.

        Returns
        -------
        X : (n, d) array
            The points.
        y : (n,) array
            Their labels: -1 and +1, and 0 where the law has three classes.
        """
        return self._sample(integer("n", n, minimum=0), generator(rng))

    @abc.abstractmethod
    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw n points and their labels."""
