"""Cases: distances to hyperplanes and least steps onto them, free and in a box."""

from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import close
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._pairs import BLOCK, namespace
from geomadv.bench._probes import reading

# So many times n rows: one pass over n takes a fraction of a millisecond.
_MORE = 10
_NORMS = {"l1": 1.0, "l2": 2.0, "linf": np.inf}


def _hyperplane(settings: Settings, rng: np.random.Generator) -> Data:
    return {
        "X": rng.standard_normal((_MORE * settings.n, settings.d)),
        "w": rng.standard_normal(settings.d),
        "b": 0.5,
    }


def _boxed(settings: Settings, rng: np.random.Generator) -> Data:
    """Make points in [-1, 1]^d, and a hyperplane that meets the box [-2, 2]^d."""
    return {
        "X": rng.uniform(-1.0, 1.0, (settings.n, settings.d)),
        "w": rng.standard_normal(settings.d),
        "b": 0.0,
        "lower": np.full(settings.d, -2.0),
        "upper": np.full(settings.d, 2.0),
    }


def _dual(p: float) -> float:
    return {1.0: np.inf, 2.0: 2.0}.get(p, 1.0)


def _free(p: float, library: str, steps: bool) -> Callable[[Data], Any]:
    """Return margins, distances and steps, with NumPy, CuPy or torch."""

    def call(data: Data) -> Any:
        if library == "torch":
            import torch as xp
        else:
            xp = namespace(data["X"])
        X, w = xp.asarray(data["X"]), xp.asarray(data["w"])
        margins = X @ w + data["b"]
        signed = margins / xp.linalg.norm(w, ord=_dual(p))
        if not steps:
            return margins, xp.abs(signed)
        if p == 2:
            unit = w / xp.linalg.norm(w)
        elif p == 1:
            unit = xp.zeros_like(w)
            steepest = int(xp.abs(w).argmax())
            unit[steepest] = xp.sign(w[steepest])
        else:
            unit = xp.sign(w)
        return margins, xp.abs(signed), signed[:, None] * -unit

    return call


def _in_box(p: float) -> Callable[[Data], Any]:
    """Return the same in a box, by the breakpoints of all rows of a block at once."""

    def call(data: Data) -> Any:
        X, w = data["X"], data["w"]
        xp = namespace(X)
        found = []
        for start in range(0, len(X), BLOCK):
            x = X[start : start + BLOCK]
            margin = x @ w + data["b"]
            signs = xp.sign(margin)[:, None] * xp.sign(w)
            room = xp.where(signs > 0, x - data["lower"], data["upper"] - x)
            clipped = _steepest if p == 1 else _clipped
            steps = clipped(xp, xp.abs(margin)[:, None], xp.abs(w), room, p)
            distance = xp.linalg.norm(steps, ord=p, axis=1)
            found.append((margin, distance, -signs * steps))
        return tuple(xp.concatenate(part) for part in zip(*found, strict=True))

    return call


def _steepest(xp: Any, F: Any, size: Any, room: Any, p: float) -> Any:  # noqa: ARG001
    """Use up the steepest coordinates first."""
    order = xp.argsort(-size)
    gains = (size * room)[:, order]
    left = F - (xp.cumsum(gains, axis=1) - gains)
    steps = xp.empty_like(room)
    steps[:, order] = xp.clip(left / size[order], 0.0, room[:, order])
    return steps


def _clipped(xp: Any, F: Any, size: Any, room: Any, p: float) -> Any:
    """Return min(room, t speed) with the t at which size.steps is F."""
    speed = size if p == 2 else xp.ones_like(size)
    order = xp.argsort(room / speed, axis=1)
    ends = xp.take_along_axis(room / speed, order, axis=1)
    gains = xp.take_along_axis(size * room, order, axis=1)
    slopes = (size * speed)[order]
    gained = xp.cumsum(gains, axis=1) - gains
    slope = xp.cumsum(slopes[:, ::-1], axis=1)[:, ::-1]
    times = (F - gained) / slope
    first = xp.argmax(times <= ends, axis=1)[:, None]
    return xp.minimum(room, xp.take_along_axis(times, first, axis=1) * speed)


def _rows(settings: Settings) -> float:
    return float(_MORE * settings.n)


def _case(metric: str, steps: bool) -> Case:
    p, kernel = _NORMS[metric], "linear_perturbation" if steps else "linear_margin"

    def ours(data: Data, threads: int) -> Any:
        function = getattr(_dispatch, kernel)
        return function(data["X"], data["w"], data["b"], p=p, threads=threads)

    def size(settings: Settings) -> float:
        return 8.0 * _rows(settings) * settings.d * (2 if steps else 1)

    return Case(
        name=f"{kernel}.{metric}-f64",
        kernel=kernel,
        title=f"{'steps to' if steps else 'distances to'} a hyperplane, {metric}, f64",
        make=_hyperplane,
        ours=ours,
        peers=tuple(
            Peer(library, _free(p, library, steps))
            for library in ("NumPy", "torch", "CuPy")
        ),
        agree=close(1e-12),
        work=_rows,
        unit="rows",
        bound=(reading(size),),
        gpu=True,
        size=size,
    )


def _box_case(metric: str) -> Case:
    p = _NORMS[metric]

    def ours(data: Data, threads: int) -> tuple[NDArray, ...]:
        arguments = (data[name] for name in ("X", "w", "b", "lower", "upper"))
        return _dispatch.box_perturbation(*arguments, p=p, threads=threads)

    return Case(
        name=f"box_perturbation.{metric}-f64",
        kernel="box_perturbation",
        title=f"steps to a hyperplane in a box, {metric}, f64",
        make=_boxed,
        ours=ours,
        peers=(Peer("NumPy", _in_box(p), serial=True), Peer("CuPy", _in_box(p))),
        agree=close(1e-11),
        work=lambda settings: float(settings.n),
        unit="rows",
        gpu=True,
    )


CASES = (
    *(_case(metric, steps) for steps in (False, True) for metric in _NORMS),
    *(_box_case(metric) for metric in _NORMS),
)
