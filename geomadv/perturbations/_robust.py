r"""Robust error: how many points are misclassified, or become so within eps.

With r_i the distance of x_i to another decision than the model's, and 0 where the model
is wrong already, the robust error at eps is the share of points with r_i <= eps (the
ball is closed, and so is the set of other decisions). One pass gives all r_i, and so
the whole curve. Where a distance is bracketed, l_i <= r_i <= u_i, so is the error:

    #{u_i <= eps}/n  <=  robust error  <=  #{l_i <= eps}/n.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Bool, Float, NDArray
from geomadv._validate import points, real_array, unmasked
from geomadv.perturbations._boxes import BUDGET
from geomadv.perturbations._minimal import minimal_perturbation


@dataclass(frozen=True)
class RobustError:
    """The robust error of a sample at given sizes of perturbations.

    Parameters
    ----------
    eps : array
        The sizes.
    lower, upper : arrays of the shape of `eps`
        Between which the error lies; equal where all distances are exact.
    """

    eps: Float[NDArray, "..."]
    lower: Float[NDArray, "..."]
    upper: Float[NDArray, "..."]

    @property
    def exact(self) -> Bool[NDArray, "..."]:
        """Where the error is known exactly."""
        return np.asarray(self.lower == self.upper)


def robust_error(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    eps: ArrayLike,
    *,
    p: float = 2,
    box: tuple[ArrayLike, ArrayLike] | None = None,
    metric: ArrayLike | str | None = None,
    budget: int = BUDGET,
) -> RobustError:
    """Return the share of points that are wrong, or can be made so within eps.

    Parameters
    ----------
    model : classifier
        One that `minimal_perturbation` knows.
    X : (n, d) array_like
        Points, at least one.
    y : (n,) array_like
        Their labels; of KernelRidge, -1 and +1.
    eps : array_like
        Sizes of perturbations, at least 0, of any shape.
    p, box, metric, budget
        As for `minimal_perturbation`.

    Returns
    -------
    RobustError
        With `lower` and `upper`, which are equal where all distances are exact.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([1.0, 0.0], 0.0)
    >>> error = robust_error(
    ...     f, [[0.5, 0.0], [2.0, 1.0], [-1.0, 0.0]], [1, 1, 1], [0.0, 0.5, 3.0]
    ... )
    >>> error.upper
    array([0.33333333, 0.66666667, 1.        ])
    """
    sizes = real_array("eps", eps, lower=0.0, infinite=True)
    rows = points("X", X, minimum=1)
    unmasked("y", y)
    labels = np.asarray(y)
    if labels.shape != (len(rows),):
        raise ValueError(f"y must have shape ({len(rows)},), got {labels.shape}")
    predicted, known = _predicted(model, rows)
    among = set(known.tolist())
    unknown = [label for label in labels.tolist() if label not in among]
    if unknown:
        raise ValueError(
            f"y must hold labels of the model, {known.tolist()}, got {unknown[0]!r}"
        )
    wrong = predicted != labels
    found = minimal_perturbation(
        model, rows, p=p, box=box, metric=metric, budget=budget
    )

    def share(distance: Float[NDArray, " n"]) -> Float[NDArray, "..."]:
        ordered = np.sort(np.where(wrong, 0.0, distance))
        found = np.searchsorted(ordered, sizes, side="right")
        return np.asarray(found / len(rows))

    return RobustError(sizes, share(found.distance), share(found.lower))


def _predicted(model: Any, X: Float[NDArray, "n d"]) -> tuple[NDArray, NDArray]:
    """Return the model's labels of points, and all; of a regression, the sign."""
    found = np.asarray(model.predict(X))
    if hasattr(model, "classes_"):
        return found, np.asarray(model.classes_)
    return np.where(found.reshape(len(X)) > 0, 1, -1), np.array([-1, 1])
