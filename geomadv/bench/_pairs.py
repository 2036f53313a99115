"""How other libraries go over all pairs of points: in blocks of rows, where they can.

No library is asked for an n x m matrix, which would be 3 GB: each gets blocks of rows,
and squared distances come the cheapest way, as ``|y|^2 - 2 x.y`` through its matrix
product, where it has no better function of its own. NumPy's functions serve CuPy too.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv.bench._case import Data, Settings

BLOCK = 1024

# So many rows are enough of what runs on one thread and takes long.
FEW = 1000


def few(settings: Settings) -> float:
    """Return the share of the rows that a slow peer computes."""
    return min(FEW, settings.n) / settings.n


def namespace(array: Any) -> Any:
    """Return NumPy, or CuPy for its arrays."""
    if type(array).__module__.startswith("cupy"):
        import cupy

        return cupy
    return np


def block_rows(array: Any) -> int:
    """Return the rows of a block: more on a GPU."""
    return BLOCK if namespace(array) is np else 4 * BLOCK


def squares(X: NDArray, Y: NDArray) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
    """Yield blocks of X, their |x|^2, and |y|^2 - 2 x.y for all y."""
    xp = namespace(X)
    yy = (Y * Y).sum(axis=1)
    for start in range(0, len(X), block_rows(X)):
        x = X[start : start + block_rows(X)]
        s = xp.matmul(x, Y.T)
        s *= -2.0
        s += yy
        yield x, (x * x).sum(axis=1, keepdims=True), s


def torch_squares(X: NDArray, Y: NDArray) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the same with torch, which shares the memory of the arrays."""
    import torch

    points = torch.from_numpy(Y)
    yy = (points * points).sum(1)
    for x in torch.from_numpy(X).split(BLOCK):
        yield x, (x * x).sum(1, keepdim=True), torch.addmm(yy, x, points.T, alpha=-2)


def products(X: NDArray, Y: NDArray, xp: Any) -> Iterator[tuple[Any, Any]]:
    """Yield blocks of X and x.y for all y, with NumPy, CuPy or torch."""
    rows = block_rows(X)
    X, Y = xp.asarray(X), xp.asarray(Y)
    for start in range(0, len(X), rows):
        x = X[start : start + rows]
        yield x, xp.matmul(x, Y.T)


def lazy(data: Data) -> tuple[Any, Any]:
    """Return KeOps's symbolic points x_i and y_j."""
    from pykeops.numpy import LazyTensor

    return LazyTensor(data["X"][:, None, :]), LazyTensor(data["Y"][None, :, :])


def clouds(dtype: type) -> Callable[[Settings, np.random.Generator], Data]:
    """Return the maker of two standard normal clouds."""

    def make(settings: Settings, rng: np.random.Generator) -> Data:
        shapes = {"X": settings.n, "Y": settings.m}
        return {
            name: rng.standard_normal((count, settings.d)).astype(dtype)
            for name, count in shapes.items()
        }

    return make


def pairs(settings: Settings) -> float:
    """Return how many pairs there are."""
    return float(settings.n * settings.m)


def flops(settings: Settings) -> float:
    """Return the operations of one product of all pairs."""
    return 2.0 * settings.d * pairs(settings)
