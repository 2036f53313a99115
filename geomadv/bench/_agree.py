"""Whether our result is right, and a peer's the same as far as its rounding allows.

A comparison takes the data, our result and a peer's, and says what is wrong with the
latter, or "". A peer that computes a share of the rows returns the first ones. A check
takes the data and our result alone. Results on a GPU are fetched first.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv.bench._case import Data

# As many pairs are measured anew for the check of our neighbours.
_PAIRS = 2_000_000


def host(value: Any) -> Any:
    """Return arrays of CuPy or torch, or a tuple of them, as NumPy's."""
    if isinstance(value, tuple | list):
        return tuple(host(item) for item in value)
    if hasattr(value, "get") and hasattr(value, "device"):
        return value.get()
    return np.asarray(value)


def close(tolerance: float) -> Callable[[Data, Any, Any], str]:
    """Compare numbers: differences of at most `tolerance` times the largest of ours."""

    def agree(data: Data, ours: Any, theirs: Any) -> str:  # noqa: ARG001
        ours, theirs = host(ours), host(theirs)
        pairs = (
            list(zip(ours, theirs, strict=True))
            if isinstance(ours, tuple)
            else [(ours, theirs)]
        )
        for mine, other in pairs:
            wrong = _wrong_shape(mine, other) or _too_far(mine, other, tolerance)
            if wrong:
                return wrong
        return ""

    return agree


def same_neighbours(metric: str) -> Callable[[Data, Any, Any], str]:
    """Compare neighbours: the exact distances of ours and theirs must be the same.

    Ours are exact (see `exact_neighbours`). Those of both are computed anew from the
    indices, in float64, so that ties may come in any order. Where a library
    rounds x.y in the precision u of the data, squared distances are off by at most
    (d + 4) u (|x| + |y|)^2, and neighbours that are nearer to each other than that
    count as ties. The distances that the peer returns may be off by as much.
    """

    def agree(data: Data, ours: Any, theirs: Any) -> str:
        (_, mine), (distances, other) = host(ours), host(theirs)
        X, Y = host(data["X"]), host(data["Y"])
        rows = len(other)
        wrong = _wrong_shape(mine, other) or _bad_indices(other, len(Y))
        if wrong:
            return wrong
        exact = _measured(X[:rows], Y, mine[:rows], metric)
        found = _measured(X[:rows], Y, other, metric)
        allowed = _rounding(X[:rows], Y, metric)
        power = 2 if metric == "l2" else 1
        for name, values in (("neighbours", found), ("distances", distances)):
            error = np.abs(values.astype(np.float64) ** power - exact**power).max()
            if not error <= allowed:
                square = "squared " if power == 2 else ""
                return f"{name} differ by {error:.3g} in {square}{metric}"
        return ""

    return agree


def exact_neighbours(metric: str) -> Callable[[Data, Any], str]:
    """Check our neighbours, to the bit.

    A distance is defined as a sequence of float64 operations (see `nearest`). Those to
    the neighbours that were found must be the ones returned; on some rows, the nearest
    of all points must be the ones found, equal ones in the order of their indices.
    """

    def check(data: Data, ours: Any) -> str:
        distances, indices = host(ours)
        X, Y = host(data["X"]), host(data["Y"])
        k = indices.shape[1]
        if distances.shape != indices.shape or len(indices) != len(X):
            return f"the shapes are {distances.shape} and {indices.shape}"
        wrong = _bad_indices(indices, len(Y))
        if wrong:
            return wrong
        found = np.stack([_defined(X, Y[i], metric) for i in indices.T], axis=1)
        different = np.count_nonzero(found.astype(X.dtype) != distances)
        if different:
            return f"{different} distances are not those of their neighbours"
        rows = np.unique(np.linspace(0, len(X) - 1, max(1, _PAIRS // len(Y))).round())
        for row in rows.astype(int):
            s = _defined(X[row], Y, metric)
            nearest = np.argsort(s, kind="stable")[:k]
            if not np.array_equal(nearest, indices[row]):
                return f"in row {row} the nearest are {nearest}, not {indices[row]}"
        return ""

    return check


def same_counts(data: Data, ours: Any, theirs: Any) -> str:  # noqa: ARG001
    """Compare whole numbers, which must be equal."""
    ours, theirs = host(ours), host(theirs)
    wrong = _wrong_shape(ours, theirs)
    if wrong:
        return wrong
    different = np.count_nonzero(ours[: len(theirs)] != theirs)
    return f"{different} of {theirs.size} counts differ" if different else ""


def on_sphere(data: Data, ours: Any) -> str:  # noqa: ARG001
    """Check that the norms of our points are 1."""
    norms = np.linalg.norm(host(ours).astype(np.float64), axis=1)
    error = np.abs(norms - 1.0).max()
    return "" if error <= 1e-6 else f"points are off the sphere by {error:.2g}"


def right_law(data: Data, ours: Any) -> str:
    """Check the mean and the second moment of our first coordinate.

    With v = 1/d on the sphere of R^d, and v = 1 for normal vectors (``data["v"]``), the
    even moments of a coordinate are at most those of a normal variable of variance v.
    So for n points and s = 22, each with probability at most e^-s,

    - the mean is above sqrt(2 v s/n) (or below minus that),
    - the mean square is above v (1 + 2 sqrt(s/n) + 2 s/n) (Laurent and Massart 2000),
    - or below v (1 - sqrt(6 s/n)), as E exp(-t x^2) <= exp(-t v + 3 t^2 v^2 / 2).

    A right sample is refused with probability at most 4 e^-22 < 1.2e-9, whatever n.
    """
    sample = host(ours)
    n, v, s = len(sample), data["v"], 22.0
    first = sample[:, 0].astype(np.float64)
    if not abs(first.mean()) <= math.sqrt(2.0 * v * s / n):
        return f"the mean of a coordinate is {first.mean():.3g}"
    excess = np.mean(first**2) / v - 1.0
    if not -math.sqrt(6.0 * s / n) <= excess <= 2.0 * math.sqrt(s / n) + 2.0 * s / n:
        return f"the second moment is off by {v * excess:.3g}"
    return ""


def sphere_law(data: Data, ours: Any) -> str:
    """Check that points lie on the sphere, and their law."""
    return on_sphere(data, ours) or right_law(data, ours)


def by_itself(check: Callable[[Data, Any], str]) -> Callable[[Data, Any, Any], str]:
    """Compare samples, which differ from library to library: each is checked."""

    def agree(data: Data, ours: Any, theirs: Any) -> str:
        return _wrong_shape(host(ours), host(theirs)) or check(data, theirs)

    return agree


def _wrong_shape(ours: NDArray, theirs: NDArray) -> str:
    """Complain of a shape that is not ours, the number of rows apart."""
    if ours.shape[1:] != theirs.shape[1:] or len(theirs) > len(ours):
        return f"the shape is {theirs.shape}, not {ours.shape}"
    return "" if len(theirs) or not len(ours) else "the result is empty"


def _too_far(ours: NDArray, theirs: NDArray, tolerance: float) -> str:
    mine = ours[: len(theirs)].astype(np.float64)
    allowed = tolerance * np.abs(mine).max(initial=0.0)
    error = np.abs(theirs.astype(np.float64) - mine).max(initial=0.0)
    if error <= allowed:  # NaN is not
        return ""
    return f"values differ by {error:.3g}, {allowed:.3g} is allowed"


def _bad_indices(indices: NDArray, m: int) -> str:
    good = (indices >= 0) & (indices < m)
    if not good.all():
        return f"{np.count_nonzero(~good)} indices are none"
    ordered = np.sort(indices, axis=1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        return "an index comes twice"
    return ""


def _defined(X: NDArray, Y: NDArray, metric: str) -> NDArray:
    """Return the distances of rows by the operations that define them."""
    s = np.zeros(max(X.shape[:-1], Y.shape[:-1]))
    for c in range(X.shape[-1]):
        gap = np.abs(X[..., c].astype(np.float64) - Y[..., c].astype(np.float64))
        if metric == "linf":
            s = np.maximum(s, gap)
        else:
            s += gap * gap if metric == "l2" else gap
    return np.sqrt(s) if metric == "l2" else s


def _measured(X: NDArray, Y: NDArray, indices: NDArray, metric: str) -> NDArray:
    """Return the distances of neighbours in float64, ascending."""
    distances = np.empty(indices.shape)
    for column in range(indices.shape[1]):
        gap = np.abs(X.astype(np.float64) - Y[indices[:, column]].astype(np.float64))
        if metric == "l2":
            distances[:, column] = np.sqrt((gap * gap).sum(axis=1))
        else:
            distances[:, column] = gap.sum(axis=1) if metric == "l1" else gap.max(1)
    return np.sort(distances, axis=1)


def _rounding(X: NDArray, Y: NDArray, metric: str) -> float:
    u = float(np.finfo(X.dtype).eps)
    d = X.shape[1]
    if metric == "l2":
        sizes = [np.sqrt((A.astype(np.float64) ** 2).sum(1).max()) for A in (X, Y)]
        return float((d + 4) * u * (sizes[0] + sizes[1]) ** 2)
    largest = float(np.abs(X).max()) + float(np.abs(Y).max())
    return (d + 4) * u * largest * (d if metric == "l1" else 1)
