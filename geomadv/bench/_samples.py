"""Cases: normal vectors, uniform points of the sphere, and their first coordinates."""

from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import by_itself, right_law, sphere_law
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._pairs import namespace

_MORE = 10
# Coordinates of points of a sphere that is too large for whole points.
_FEW, _LARGE = 3, 10**6


def _data(
    d: Callable[[Settings], int], variance: Callable[[int], float]
) -> Callable[[Settings, np.random.Generator], Data]:
    """Return the maker of sizes; `like` says on which device the sample is made."""

    def make(settings: Settings, rng: np.random.Generator) -> Data:
        seed, dimension = int(rng.integers(2**32)), d(settings)
        sizes = {"seed": seed, "n": _MORE * settings.n, "d": dimension}
        return sizes | {"v": variance(dimension), "like": np.empty(1)}

    return make


def _normal(data: Data) -> NDArray:
    rng = namespace(data["like"]).random.default_rng(data["seed"])
    sample: NDArray = rng.standard_normal((data["n"], data["d"]))
    return sample


def _sphere(data: Data) -> NDArray:
    points = _normal(data)
    points /= namespace(points).linalg.norm(points, axis=1, keepdims=True)
    return points


def _heights(data: Data) -> NDArray:
    rng = namespace(data["like"]).random.default_rng(data["seed"])
    normal: NDArray = rng.standard_normal((data["n"], _FEW))
    rest = rng.chisquare(data["d"] - _FEW, data["n"])
    normal /= namespace(normal).sqrt((normal * normal).sum(axis=1) + rest)[:, None]
    return normal


def _torch_normal(data: Data) -> Any:
    import torch

    generator = torch.Generator().manual_seed(data["seed"])
    shape = (data["n"], data["d"])
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _torch_sphere(data: Data) -> Any:
    import torch

    points = _torch_normal(data)
    return points.div_(torch.linalg.vector_norm(points, dim=1, keepdim=True))


def _ours(kernel: str, *more: int) -> Callable[[Data, int], Any]:
    def call(data: Data, threads: int) -> Any:
        sizes = (data["seed"], data["n"], data["d"], *more)
        function = getattr(_dispatch, kernel)
        return function(*sizes, like=data["like"], threads=threads)

    return call


def _coordinates(settings: Settings) -> float:
    return float(_MORE * settings.n * settings.d)


def _bytes(settings: Settings) -> float:
    return 8.0 * _coordinates(settings)


CASES = (
    Case(
        name="sphere_sample.f64",
        kernel="sphere_sample",
        title="uniform points of the sphere",
        make=_data(lambda settings: settings.d, lambda d: 1.0 / d),
        ours=_ours("sphere_sample"),
        peers=(
            Peer("NumPy", _sphere, serial=True),
            Peer("torch", _torch_sphere, serial=True),
            Peer("CuPy", _sphere),
        ),
        agree=by_itself(sphere_law),
        check=sphere_law,
        work=_coordinates,
        unit="coordinates",
        gpu=True,
        size=_bytes,
    ),
    Case(
        name="gaussian_sample.f64",
        kernel="gaussian_sample",
        title="normal vectors",
        make=_data(lambda settings: settings.d, lambda d: 1.0),
        ours=_ours("gaussian_sample"),
        peers=(
            Peer("NumPy", _normal, serial=True),
            Peer("torch", _torch_normal, serial=True),
            Peer("CuPy", _normal),
        ),
        agree=by_itself(right_law),
        check=right_law,
        work=_coordinates,
        unit="coordinates",
        gpu=True,
        size=_bytes,
    ),
    Case(
        name="sphere_heights.f64",
        kernel="sphere_heights",
        title=f"{_FEW} coordinates of the sphere, d = 1e6",
        make=_data(lambda settings: _LARGE, lambda d: 1.0 / d),
        ours=_ours("sphere_heights", _FEW),
        peers=(Peer("NumPy", _heights, serial=True), Peer("CuPy", _heights)),
        agree=by_itself(right_law),
        check=right_law,
        work=lambda settings: float(_FEW * _MORE * settings.n),
        unit="coordinates",
        gpu=True,
        size=lambda settings: 8.0 * _FEW * _MORE * settings.n,
    ),
)
