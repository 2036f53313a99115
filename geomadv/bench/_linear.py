"""Cases: distances to hyperplanes, and projections onto quadrics."""

from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import close
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._pairs import FEW, few, namespace
from geomadv.bench._probes import reading

# So many times n rows: one pass over n takes a fraction of a millisecond.
_MORE = 10


def _hyperplane(settings: Settings, rng: np.random.Generator) -> Data:
    return {
        "X": rng.standard_normal((_MORE * settings.n, settings.d)),
        "w": rng.standard_normal(settings.d),
        "b": 0.5,
    }


def _numpy(data: Data) -> tuple[NDArray, NDArray]:
    xp = namespace(data["X"])
    margins = data["X"] @ data["w"] + data["b"]
    return margins, xp.abs(margins) / xp.linalg.norm(data["w"])


def _torch(data: Data) -> Any:
    import torch

    w = torch.from_numpy(data["w"])
    margins = torch.from_numpy(data["X"]) @ w + data["b"]
    return margins, margins.abs() / torch.linalg.vector_norm(w)


def _rows(settings: Settings) -> float:
    return float(_MORE * settings.n)


_MARGIN = Case(
    name="linear_margin.l2-f64",
    kernel="linear_margin",
    title="margins and distances, l2, f64",
    make=_hyperplane,
    ours=lambda data, threads: _dispatch.linear_margin(
        data["X"], data["w"], data["b"], p=2.0, threads=threads
    ),
    peers=(Peer("NumPy", _numpy), Peer("torch", _torch), Peer("CuPy", _numpy)),
    agree=close(1e-12),
    work=_rows,
    unit="rows",
    bound=(reading(lambda settings: 8.0 * _rows(settings) * settings.d),),
    gpu=True,
)


def _ellipsoid(settings: Settings, rng: np.random.Generator) -> Data:
    """Make sum a_i x_i^2 + 2 b_i x_i = 1, and points outside."""
    directions = rng.standard_normal((settings.n, settings.d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return {
        "a": rng.uniform(0.5, 2.0, settings.d),
        "b": 0.1 * rng.standard_normal(settings.d) / np.sqrt(settings.d),
        "c": -1.0,
        "z": directions * rng.uniform(2.0, 9.0, (settings.n, 1)),
    }


def _brentq(data: Data) -> tuple[NDArray, NDArray]:
    """Solve the first rows one by one: f((z - t b) / (1 + t a)) falls in t."""
    from scipy.optimize import brentq

    a, b, c = data["a"], data["b"], data["c"]
    multipliers, distances = [], []
    for z in data["z"][:FEW]:

        def value(t: float, z: NDArray = z) -> float:
            x = (z - t * b) / (1.0 + t * a)
            return float((a * x + 2.0 * b) @ x + c)

        end = 1.0
        while value(end) > 0:
            end *= 4.0
        t = brentq(value, 0.0, end, xtol=1e-14, rtol=1e-14)
        multipliers.append(t)
        distances.append(np.linalg.norm(t * (a * z + b) / (1.0 + t * a)))
    return np.array(multipliers), np.array(distances)


_SECULAR = Case(
    name="secular.ellipsoid-f64",
    kernel="secular",
    title="projections onto an ellipsoid",
    make=_ellipsoid,
    ours=lambda data, threads: _dispatch.secular(
        data["a"], data["b"], data["c"], data["z"], threads=threads
    )[:2],
    peers=(Peer("SciPy", _brentq, serial=True, share=few),),
    agree=close(1e-11),
    work=lambda settings: float(settings.n),
    unit="points",
    gpu=True,
)

CASES = (_MARGIN, _SECULAR)
