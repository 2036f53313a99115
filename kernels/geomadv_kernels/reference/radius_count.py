"""How many points lie within a radius, and how many lie within it of a set.

Distances are those of `geomadv_kernels.reference.nearest`, to the bit, and a point at
exactly the distance eps counts.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel, copied
from geomadv_kernels.reference import nearest

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]


def _distances(X: _Array, Y: _Array, metric: str, period: float | None) -> _Array:
    s = nearest.order(X, Y, metric, period)
    return np.sqrt(s) if metric == "l2" else s


def radius_count(
    X: _Array,
    Y: _Array,
    eps: _Array,
    *,
    metric: str = "l2",
    period: float | None = None,
) -> _Array:
    """Return how many points of Y lie within each eps of each x.

    Parameters
    ----------
    X : (n, d) float32 or float64
    Y : (m, d) of the dtype of X
    eps : (e,) float64
        Radii, in any order.
    metric, period
        As for `nearest`.

    Returns
    -------
    (n, e) int64
    """
    distance = _distances(X, Y, metric, period)
    return np.stack([(distance <= r).sum(axis=1) for r in eps], axis=1).astype(np.int64)


def enlargement(
    X: _Array,
    A: _Array,
    eps: _Array,
    *,
    metric: str = "l2",
    period: float | None = None,
) -> _Array:
    """Return how many points of X lie within each eps of the set of points A.

    Parameters
    ----------
    X : (n, d) float32 or float64
    A : (m, d) of the dtype of X
    eps : (e,) float64
        Radii, in any order.
    metric, period
        As for `nearest`.

    Returns
    -------
    (e,) int64
    """
    distance = _distances(X, A, metric, period).min(axis=1, initial=np.inf)
    return np.array([(distance <= r).sum() for r in eps], np.int64)


def _inputs(second: str) -> Any:
    def strategy() -> "SearchStrategy[Arguments]":
        from hypothesis import strategies as st

        from geomadv_kernels.strategies import clouds

        return st.builds(
            lambda cloud, count, metric, period: {
                "X": cloud[0],
                second: cloud[1],
                "eps": _radii(cloud, count, metric, period),
                "metric": metric,
                "period": period,
            },
            clouds(),
            st.sampled_from([1, 2, 5, 33]),
            st.sampled_from(nearest.METRICS),
            st.sampled_from([None, None, 1.0, 2.5]),
        )

    return strategy


def _radii(
    cloud: tuple[_Array, _Array, np.random.Generator],
    count: int,
    metric: str,
    period: float | None,
) -> _Array:
    """Return distances that occur, their neighbours, and what is none."""
    X, Y, rng = cloud
    with np.errstate(all="ignore"):
        seen = _distances(X[:8], Y[:64], metric, period).ravel()
    others = [0.0, 1.0, -1.0, np.inf, np.nan]
    pool = np.concatenate([seen, np.nextafter(seen, 0), np.nextafter(seen, 9), others])
    return rng.choice(pool, count)


def _tolerance(arguments: Arguments, expected: Any) -> Any:  # noqa: ARG001
    return 0


def _memory(arguments: Arguments) -> int:
    """Return what `nearest` packs, the search for one neighbour, and copies."""
    n, d = arguments["X"].shape
    searched = 32 * n if "A" in arguments else 64 * len(arguments["eps"])
    return nearest.workspace(d) + searched + copied(arguments)


KERNELS = tuple(
    Kernel(
        function.__name__,
        file="radius_count",
        reference=function,
        inputs=_inputs(second),
        tolerance=_tolerance,
        memory=_memory,
        accelerators=("gpu",),
    )
    for function, second in ((radius_count, "Y"), (enlargement, "A"))
)
