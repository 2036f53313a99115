"""What `minimal_perturbation` returns, and how its parts are joined."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geomadv._typing import Bool, Float, NDArray
from geomadv.perturbations._forms import Affine, Quadratic, values

Steps = Callable[[NDArray, int, int | None], tuple[NDArray, NDArray]]


@dataclass(frozen=True)
class Perturbation:
    """Smallest perturbations, exact or bracketed.

    Parameters
    ----------
    delta : (n, d) array
        Steps to the boundary, or where no exact step is known, across it; 0 where the
        decision cannot change.
    distance : (n,) array
        The sizes of `delta` in the norm asked for: the distance to the nearest point
        of another decision, or an upper bound. Infinite where there is none, or where
        none was found.
    lower : (n,) array
        A certified lower bound of the distance; equal to `distance` where exact.
    exact : (n,) array of bool
        Whether `distance` is the least one, up to rounding.
    """

    delta: Float[NDArray, "n d"]
    distance: Float[NDArray, " n"]
    lower: Float[NDArray, " n"]
    exact: Bool[NDArray, " n"]


def exactly(
    delta: Float[NDArray, "n d"], distance: Float[NDArray, " n"]
) -> Perturbation:
    """Return exact perturbations."""
    return Perturbation(delta, distance, distance.copy(), np.ones(len(delta), bool))


def least(
    form: Affine | Quadratic, X: Float[NDArray, "n d"], steps: Steps
) -> Perturbation:
    """Return the shortest of the exact steps to the boundaries with other classes.

    Parameters
    ----------
    form : Affine or Quadratic
        One function for two classes, or one for each class.
    X : (n, d) array
    steps : callable
        ``steps(rows, c, j)`` returns distances and steps from points of the class c to
        where f_c = f_j, or where f_c = 0 if j is None. Of equal ones the first j's is
        taken. Where f_c = f_j everywhere the first of the two has all points, and the
        decision does not change.
    """
    functions = len(form.b)
    if functions == 1:
        if _same(form, 0, None):
            return exactly(np.zeros(X.shape), np.full(len(X), np.inf))
        distance, delta = steps(X, 0, None)
        return exactly(delta, distance)
    with np.errstate(over="ignore", invalid="ignore"):
        f = values(form, X)
    if not np.isfinite(f).all():
        raise ValueError(
            "X must lie where all functions of the model are finite, got values "
            f"of {f[~np.isfinite(f)][0]:g}"
        )
    classes = f.argmax(axis=1)
    distance, delta = np.full(len(X), np.inf), np.zeros(X.shape)
    for c in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == c)
        for j in range(functions):
            if j == c or _same(form, c, j):
                continue
            found, step = steps(X[rows], c, j)
            shorter = found < distance[rows]
            distance[rows[shorter]] = found[shorter]
            delta[rows[shorter]] = step[shorter]
    return exactly(delta, distance)


def _same(form: Affine | Quadratic, c: int, j: int | None) -> bool:
    """Tell whether f_c = f_j everywhere, or f_c = 0 if j is None."""
    parts = (form.W, form.b) if isinstance(form, Affine) else (form.A, form.b, form.c)
    return all(
        bool((part[c] == (0.0 if j is None else part[j])).all()) for part in parts
    )
