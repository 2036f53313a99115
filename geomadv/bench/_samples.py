"""Cases: uniform samples of the sphere."""

from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import same_law
from geomadv.bench._case import Case, Data, Peer, Settings

_MORE = 10


def _sizes(settings: Settings, rng: np.random.Generator) -> Data:
    seed = int(rng.integers(2**32))
    return {"seed": seed, "n": _MORE * settings.n, "d": settings.d}


def _numpy(data: Data) -> NDArray:
    rng = np.random.default_rng(data["seed"])
    points = rng.standard_normal((data["n"], data["d"]))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


def _torch(data: Data) -> Any:
    import torch

    generator = torch.Generator().manual_seed(data["seed"])
    shape = (data["n"], data["d"])
    points = torch.randn(shape, generator=generator, dtype=torch.float64)
    return points.div_(torch.linalg.vector_norm(points, dim=1, keepdim=True))


def _coordinates(settings: Settings) -> float:
    return float(_MORE * settings.n * settings.d)


CASES = (
    Case(
        name="sphere_sample.f64",
        kernel="sphere_sample",
        title="uniform points of the sphere",
        make=_sizes,
        ours=lambda data, threads: _dispatch.sphere_sample(
            data["seed"], data["n"], data["d"], threads=threads
        ),
        peers=(
            Peer("NumPy", _numpy, serial=True),
            Peer("torch", _torch, serial=True),
        ),
        agree=same_law,
        work=_coordinates,
        unit="coordinates",
    ),
)
