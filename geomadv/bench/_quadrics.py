"""Case: projections onto a quadric."""

from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import close
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._pairs import FEW, few, namespace


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


def _newton(data: Data) -> Any:
    """Solve all rows at once: f falls and is convex, so no step from 0 overshoots."""
    xp = namespace(data["z"])
    a, b, c, z = (data[name] for name in "abcz")
    t = xp.zeros((len(z), 1))
    for _ in range(100):
        below = 1.0 + t * a
        x = (z - t * b) / below
        slope = a * x + b
        value = ((slope + b) * x).sum(axis=1, keepdims=True) + c
        step = 0.5 * value / (slope * slope / below).sum(axis=1, keepdims=True)
        t += step
        if bool((xp.abs(step) <= 1e-9 * t).all()):  # the next would be its square
            break
    return t[:, 0], xp.linalg.norm(t * (a * z + b) / (1.0 + t * a), axis=1)


CASES = (
    Case(
        name="secular.ellipsoid-f64",
        kernel="secular",
        title="projections onto an ellipsoid",
        make=_ellipsoid,
        ours=lambda data, threads: _dispatch.secular(
            data["a"], data["b"], data["c"], data["z"], threads=threads
        )[:2],
        peers=(
            Peer("SciPy", _brentq, serial=True, share=few),
            Peer("NumPy", _newton, serial=True),
            Peer("CuPy", _newton),
        ),
        agree=close(1e-11),
        work=lambda settings: float(settings.n),
        unit="points",
        gpu=True,
    ),
)
