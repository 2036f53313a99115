r"""The nearest neighbours of points, and what an exact answer is.

The distance of x and y is *defined* as a sequence of float64 operations, so that every
implementation can return the same bits: with the coordinates cast to float64,

    delta_c = x_c - y_c,    on a torus  delta_c -= P round(delta_c / P)

(halves to even), and then, over c = 0, ..., d - 1 in this order and without fused
multiplication, s += delta_c^2 (l2), s += |delta_c| (l1) or s = max(s, |delta_c|)
(linf). The distance is sqrt(s) for l2 and s otherwise. Neighbours are ordered by s, and
equal ones by their index.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel, copied

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

METRICS = ("l2", "l1", "linf")


def order(X: _Array, Y: _Array, metric: str, period: float | None) -> _Array:
    """Return s for all pairs: squared distances for l2, distances otherwise.

    Parameters
    ----------
    X : (n, d)
    Y : (m, d)
    metric : {"l2", "l1", "linf"}
    period : float or None
        The side of the torus.
    """
    s = np.zeros((len(X), len(Y)))
    for c in range(X.shape[1]):
        delta = X[:, c, None].astype(float) - Y[None, :, c].astype(float)
        if period is not None:
            delta = delta - period * np.rint(delta / period)
        if metric == "l2":
            s = s + delta * delta
        elif metric == "l1":
            s = s + np.abs(delta)
        else:
            s = np.maximum(s, np.abs(delta))
    return s


def nearest(
    X: _Array, Y: _Array, k: int, *, metric: str = "l2", period: float | None = None
) -> tuple[_Array, _Array]:
    """Return the k smallest distances from each x to the points of Y, and whose.

    Parameters
    ----------
    X : (n, d) float32 or float64
        The queries.
    Y : (m, d) of the dtype of X
        The points.
    k : int
        How many neighbours, at least 1.
    metric : {"l2", "l1", "linf"}
    period : float or None
        The side of the torus, if the points lie on one.

    Returns
    -------
    distances : (n, k) of the dtype of X
        In ascending order; infinite where there are fewer than k points.
    indices : (n, k) int64
        Of the neighbours; equal distances in the order of the indices; -1 where there
        are fewer than k points.
    """
    s = order(X, Y, metric, period)
    found = min(k, len(Y))
    distances = np.full((len(X), k), np.inf, X.dtype)
    indices = np.full((len(X), k), -1)
    indices[:, :found] = np.argsort(s, axis=1, kind="stable")[:, :found]
    s = np.take_along_axis(s, indices[:, :found], axis=1)
    distances[:, :found] = np.sqrt(s) if metric == "l2" else s
    return distances, indices


def _inputs() -> "SearchStrategy[Arguments]":
    from hypothesis import strategies as st

    from geomadv_kernels.strategies import clouds

    return st.builds(
        lambda cloud, k, metric, period: {
            "X": cloud[0],
            "Y": cloud[1],
            "k": k,
            "metric": metric,
            "period": period,
        },
        clouds(),
        st.sampled_from([1, 2, 3, 10, 70]),
        st.sampled_from(METRICS),
        st.sampled_from([None, None, 1.0, 2.5]),
    )


def _tolerance(arguments: Arguments, expected: Any) -> Any:  # noqa: ARG001
    return 0.0, 0.0


def workspace(d: int) -> int:
    """Return the bytes of what a search on 64 threads packs.

    That is 32 MiB of Y, or a block of 512 points, and for each thread 128 queries.
    """
    return max(32 << 20, 8 * 512 * (d + 4)) + 64 * 128 * (4 * d + 2064) + (1 << 20)


def _memory(arguments: Arguments) -> int:
    """Return the packed points, the n k results in float64, and copies."""
    n, d = arguments["X"].shape
    return workspace(d) + 16 * n * arguments["k"] + copied(arguments)


KERNELS = (
    Kernel(
        "nearest",
        file="nearest",
        reference=nearest,
        inputs=_inputs,
        tolerance=_tolerance,
        memory=_memory,
        accelerators=("gpu",),
    ),
)
