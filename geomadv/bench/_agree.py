"""Whether two results are the same, as far as the peer's rounding lets one tell.

Each comparison takes the data, our result and a peer's, and says what is wrong with the
latter, or "". A peer that computes a share of the rows returns the first ones. Results
on a GPU are fetched first.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv.bench._case import Data


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

    Distances are computed anew from the indices, in float64, so that ties may come in
    any order. Where a library rounds x.y in the precision u of the data, squared
    distances are off by (d + 4) u (|x| + |y|)^2 at most, and neighbours that are
    nearer to each other than that count as ties. The distances that the peer returns
    may be off by as much.
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


def same_counts(data: Data, ours: Any, theirs: Any) -> str:  # noqa: ARG001
    """Compare whole numbers, which must be equal."""
    ours, theirs = host(ours), host(theirs)
    wrong = _wrong_shape(ours, theirs)
    if wrong:
        return wrong
    different = np.count_nonzero(ours[: len(theirs)] != theirs)
    return f"{different} of {theirs.size} counts differ" if different else ""


def same_law(data: Data, ours: Any, theirs: Any) -> str:  # noqa: ARG001
    """Compare two samples from the sphere by norm, mean and second moment.

    The bounds are six standard deviations of the mean of the first coordinate (variance
    1/(n d)) and of its square (at most 2/(n d^2)): false alarms have probability below
    1e-8.
    """
    for name, sample in (("our", host(ours)), ("the", host(theirs))):
        n, d = sample.shape
        norms = np.linalg.norm(sample.astype(np.float64), axis=1)
        first = sample[:, 0].astype(np.float64)
        if not np.abs(norms - 1.0).max() <= 1e-6:
            return f"{name} points are off the sphere by {np.abs(norms - 1).max():.2g}"
        if not abs(first.mean()) <= 6.0 / np.sqrt(n * d):
            return f"{name} mean of a coordinate is {first.mean():.3g}"
        excess = np.mean(first**2) - 1.0 / d
        if not abs(excess) <= 6.0 * np.sqrt(2.0 / n) / d:
            return f"{name} second moment is off by {excess:.3g}"
    return ""


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
