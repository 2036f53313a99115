"""Cases: the nearest neighbours, and how many there are within some radii."""

from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import (
    exact_neighbours,
    host,
    same_counts,
    same_neighbours,
)
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._pairs import (
    BLOCK,
    FEW,
    clouds,
    few,
    flops,
    lazy,
    namespace,
    pairs,
    squares,
    torch_squares,
)
from geomadv.bench._probes import gemm


def _numpy(k: int) -> Callable[[Data], Any]:
    def call(data: Data) -> Any:
        xp = namespace(data["X"])
        found = []
        for _, xx, s in squares(data["X"], data["Y"]):
            if k == 1:
                columns = s.argmin(axis=1)[:, None]
            else:
                least = min(k, s.shape[1])
                columns = xp.argpartition(s, least - 1, axis=1)[:, :least]
                near = xp.take_along_axis(s, columns, axis=1)
                order = xp.argsort(near, axis=1)
                columns = xp.take_along_axis(columns, order, axis=1)
            values = xp.take_along_axis(s, columns, axis=1) + xx
            found.append((xp.sqrt(xp.maximum(values, 0)), columns))
        return tuple(xp.concatenate(part) for part in zip(*found, strict=True))

    return call


def _torch(k: int) -> Callable[[Data], Any]:
    def call(data: Data) -> Any:
        import torch

        found = []
        for _, xx, s in torch_squares(data["X"], data["Y"]):
            if k == 1:
                values, columns = s.min(1, keepdim=True)
            else:
                values, columns = s.topk(min(k, s.shape[1]), largest=False)
            found.append(((values + xx).clamp_(min=0).sqrt_(), columns))
        return tuple(torch.cat(part) for part in zip(*found, strict=True))

    return call


def _sklearn(k: int) -> Callable[[Data], Any]:
    def call(data: Data) -> Any:
        from sklearn.neighbors import NearestNeighbors

        least = min(k, len(data["Y"]))
        search = NearestNeighbors(n_neighbors=least, algorithm="brute").fit(data["Y"])
        return search.kneighbors(data["X"])

    return call


def _faiss(k: int) -> Callable[[Data], Any]:
    def call(data: Data) -> Any:
        import faiss

        squared, columns = faiss.knn(data["X"], data["Y"], min(k, len(data["Y"])))
        return np.sqrt(np.maximum(squared, 0)), columns

    return call


def _keops(k: int) -> Callable[[Data], Any]:
    def call(data: Data) -> Any:
        x, y = lazy(data)
        least = min(k, len(data["Y"]))
        squared, columns = ((x - y) ** 2).sum(-1).Kmin_argKmin(least, dim=1)
        return np.sqrt(squared), columns.astype(np.int64)

    return call


def _cdist(metric: str) -> Callable[[Data], Any]:
    """Return scipy's distances and their minima, which add a few percent."""
    name = {"l1": "cityblock", "linf": "chebyshev", "l2": "euclidean"}[metric]

    def call(data: Data) -> Any:
        from scipy.spatial.distance import cdist

        X, Y = data["X"][:FEW], data["Y"]
        found = []
        for start in range(0, len(X), 250):
            s = cdist(X[start : start + 250], Y, name)
            columns = s.argmin(axis=1)[:, None]
            found.append((np.take_along_axis(s, columns, axis=1), columns))
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))

    return call


def _differences(metric: str) -> Callable[[Data], Any]:
    """Return CuPy's way, which has no such distances: coordinate by coordinate."""

    def call(data: Data) -> Any:
        xp = namespace(data["X"])
        found = []
        for start in range(0, len(data["X"]), BLOCK):
            x = data["X"][start : start + BLOCK]
            s = xp.zeros((len(x), len(data["Y"])))
            for a, b in zip(x.T, data["Y"].T, strict=True):
                gap = xp.abs(a[:, None] - b)
                if metric == "l1":
                    s += gap
                else:
                    xp.maximum(s, gap, out=s)
            columns = s.argmin(axis=1)[:, None]
            found.append((xp.take_along_axis(s, columns, axis=1), columns))
        return tuple(xp.concatenate(part) for part in zip(*found, strict=True))

    return call


def _torch_cdist(p: float) -> Callable[[Data], Any]:
    def call(data: Data) -> Any:
        import torch

        X, Y = torch.from_numpy(data["X"][:FEW]), torch.from_numpy(data["Y"])
        found = [torch.cdist(x, Y, p=p).min(1, keepdim=True) for x in X.split(250)]
        return tuple(torch.cat(part) for part in zip(*found, strict=True))

    return call


def _nearest(dtype: type, k: int) -> Case:
    short = f"f{8 * np.dtype(dtype).itemsize}"
    size = Peer("faiss", _faiss(k)) if dtype is np.float32 else None
    return Case(
        name=f"nearest.l2-{short}-k{k}",
        kernel="nearest",
        title=f"{k} nearest, l2, {short}",
        make=clouds(dtype),
        ours=lambda data, threads: _dispatch.nearest(
            data["X"], data["Y"], min(k, len(data["Y"])), metric="l2", threads=threads
        ),
        peers=(
            Peer("scikit-learn", _sklearn(k)),
            *([size] if size else []),
            Peer("torch", _torch(k)),
            Peer("NumPy", _numpy(k)),
            Peer("KeOps", _keops(k)),
            Peer("CuPy", _numpy(k)),
        ),
        agree=same_neighbours("l2"),
        check=exact_neighbours("l2"),
        work=pairs,
        unit="pairs",
        bound=(gemm(dtype, flops),),
        gpu=True,
    )


def _nearest_in(metric: str) -> Case:
    order = {"l1": 1.0, "linf": np.inf}[metric]
    return Case(
        name=f"nearest.{metric}-f64-k1",
        kernel="nearest",
        title=f"1 nearest, {metric}, f64",
        make=clouds(np.float64),
        ours=lambda data, threads: _dispatch.nearest(
            data["X"], data["Y"], 1, metric=metric, threads=threads
        ),
        peers=(
            Peer("SciPy", _cdist(metric), serial=True, share=few),
            Peer("torch", _torch_cdist(order), share=few),
            Peer("CuPy", _differences(metric)),
        ),
        agree=same_neighbours(metric),
        check=exact_neighbours(metric),
        work=pairs,
        unit="pairs",
        gpu=True,
    )


def _with_radii(settings: Settings, rng: np.random.Generator) -> Data:
    """Make clouds, and four radii that up to some percent of the pairs are within."""
    data = clouds(np.float64)(settings, rng)
    return data | {"eps": np.sqrt(2.0 * settings.d) * np.array([0.6, 0.65, 0.7, 0.75])}


def _count(distances: Callable[[Data], Any]) -> Callable[[Data], NDArray]:
    def call(data: Data) -> NDArray:
        counts = [[(s <= r).sum(axis=1) for r in radii] for s, radii in distances(data)]
        xp = namespace(counts[0][0])
        return xp.concatenate([xp.stack(block, axis=1) for block in counts])

    return call


def _numpy_squares(data: Data) -> Any:
    for _, xx, s in squares(data["X"], data["Y"]):
        s += xx
        yield s, [r * r for r in data["eps"]]


def _scipy_distances(data: Data) -> Any:
    from scipy.spatial.distance import cdist

    for start in range(0, min(FEW, len(data["X"])), 250):
        yield cdist(data["X"][start : start + 250], data["Y"]), data["eps"]


def _torch_count(data: Data) -> Any:
    import torch

    found = []
    for _, xx, s in torch_squares(data["X"], data["Y"]):
        s += xx
        columns = [(s <= float(r) ** 2).sum(1) for r in data["eps"]]
        found.append(torch.stack(columns, 1))
    return torch.cat(found)


def _sklearn_count(data: Data) -> NDArray:
    """Ask for the distances within the largest radius, and sort them into radii."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(radius=data["eps"][-1], algorithm="brute").fit(data["Y"])
    counts = []
    for start in range(0, len(data["X"]), BLOCK):
        rows, _ = search.radius_neighbors(data["X"][start : start + BLOCK])
        counts += [[(row <= r).sum() for r in data["eps"]] for row in rows]
    return np.array(counts)


_RADIUS_COUNT = Case(
    name="radius_count.l2-f64",
    kernel="radius_count",
    title="counts in 4 radii, l2, f64",
    make=_with_radii,
    ours=lambda data, threads: _dispatch.radius_count(
        data["X"], data["Y"], data["eps"], metric="l2", threads=threads
    ),
    peers=(
        Peer("scikit-learn", _sklearn_count),
        Peer("torch", _torch_count),
        Peer("NumPy", _count(_numpy_squares)),
        Peer("SciPy", _count(_scipy_distances), serial=True, share=few),
        Peer("CuPy", _count(_numpy_squares)),
    ),
    agree=same_counts,
    work=pairs,
    unit="pairs",
    bound=(gemm(np.float64, flops),),
    gpu=True,
)


def _within(nearest: Callable[[Data], Any]) -> Callable[[Data], NDArray]:
    """Return how many of the least distances are within each radius."""

    def call(data: Data) -> NDArray:
        distances, eps = host(nearest(data)[0]), host(data["eps"])
        counts: NDArray = (distances <= eps).sum(axis=0)
        return counts

    return call


_ENLARGEMENT = Case(
    name="enlargement.l2-f64",
    kernel="enlargement",
    title="points within 4 radii of a set, l2, f64",
    make=_with_radii,
    ours=lambda data, threads: _dispatch.enlargement(
        data["X"], data["Y"], data["eps"], metric="l2", threads=threads
    ),
    peers=(
        Peer("scikit-learn", _within(_sklearn(1))),
        Peer("torch", _within(_torch(1))),
        Peer("NumPy", _within(_numpy(1))),
        Peer("KeOps", _within(_keops(1))),
        Peer("CuPy", _within(_numpy(1))),
    ),
    agree=same_counts,
    work=pairs,
    unit="pairs",
    bound=(gemm(np.float64, flops),),
    gpu=True,
)

CASES = (
    *(_nearest(dtype, k) for dtype in (np.float64, np.float32) for k in (1, 10)),
    _nearest_in("l1"),
    _nearest_in("linf"),
    _RADIUS_COUNT,
    _ENLARGEMENT,
)
