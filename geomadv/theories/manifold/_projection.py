r"""Projection onto a manifold as a defence, and what adaptive perturbations it leaves.

f(pi(x)), pi the nearest point of a manifold M of reach tau, decides on M as f does.
Take x on M and let D be its distance to the points of M that f decides otherwise. A
perturbation along M has length D, so the smallest that changes f(pi(.)) has at most
that. Conversely |delta| = rho < tau leaves x + delta within rho of M, where pi has the
Lipschitz constant tau/(tau - rho) (Federer 1959, theorem 4.8), so that
|pi(x + delta) - x| <= tau rho/(tau - rho), which must be at least D:

    tau D/(tau + D) <= rho <= D.

For a subspace tau is infinite and rho = D. On a circle of radius a with the decision
changing at an angle t < pi/2 from x, D = 2 a sin(t/2) and rho = a sin t: the projection
turns a point faster than it is moved, and the defence is worth less than its name.

Part of `stutz2019`.
"""

from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, NDArray, Real
from geomadv._validate import real, real_array
from geomadv.data import LabelledManifold


class ProjectedClassifier:
    """A classifier that replaces points by the nearest ones of a manifold.

    Parameters
    ----------
    model : classifier
        f, fitted: anything with `predict`.
    data : LabelledManifold
        M, both classes together.

    Raises
    ------
    TypeError
        If an argument is not as described.

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> from geomadv.data import EmbeddedSpheres
    >>> f = LinearClassifier.from_parameters([0.0, 1.0, 10.0], 0.0)
    >>> defended = ProjectedClassifier(f, EmbeddedSpheres(1, 3))
    >>> X = [[0.6, 0.8, 0.0], [0.6, 0.8, -1.0]]
    >>> f.predict(X), defended.predict(X)
    (array([ 1, -1]), array([1, 1]))
    """

    def __init__(self, model: Any, data: LabelledManifold) -> None:
        if not hasattr(model, "predict"):
            raise TypeError(
                f"model must be a fitted classifier, got {type(model).__name__}"
            )
        if not isinstance(data, LabelledManifold):
            raise TypeError(
                f"data must be a LabelledManifold, got {type(data).__name__}"
            )
        self.model = model
        self.data = data

    @property
    def classes_(self) -> NDArray:
        """The classes of the model."""
        return np.asarray(self.model.classes_)

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the decisions at the nearest points of the manifold.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        return np.asarray(self.model.predict(self.data.project(X)))

    def decision_function(self, X: ArrayLike) -> NDArray:
        """Return the model's values at the nearest points of the manifold.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) or (n, classes) array
        """
        return np.asarray(self.model.decision_function(self.data.project(X)))


def adaptive_bounds(distance: ArrayLike, reach: float) -> tuple[Real, Real]:
    """Return how small perturbations that know of the projection may be.

    Parameters
    ----------
    distance : float or array_like
        D, the distances of points of the manifold to those that are decided otherwise
        on it, at least 0; infinite where there are none.
    reach : float
        tau, above 0; `numpy.inf` for a subspace.

    Returns
    -------
    lower, upper : numpy.float64 or array
        tau D/(tau + D) and D.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> adaptive_bounds([0.5, np.inf], 1.0)
    (array([0.33333333, 1.        ]), array([0.5, inf]))
    """
    D = real_array("distance", distance, lower=0, infinite=True)
    tau = real("reach", reach, lower=0, open_lower=True, infinite=True)
    small, large = np.minimum(D, tau), np.maximum(D, tau)
    with np.errstate(invalid="ignore"):
        ratio = np.where(np.isinf(large), 0.0, small / large)
    lower: Real = (small / (1 + ratio))[()]
    return lower, D[()]
