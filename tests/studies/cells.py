"""Cells for the tests of the engine: they mark that they were measured, or misbehave.

A mark is a line in a file of its own, written at once, so that no kill loses it.
"""

import os
import signal
import time
from collections import Counter
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from geomadv.studies import Study

BIG = np.arange(200_000.0)


def mark(folder, n):
    """Note that a cell was measured, by which process."""
    with (Path(folder) / f"marks-{os.getpid()}").open("a") as file:
        file.write(f"{n}\n")


def marks(folder):
    """Return how often each cell was measured."""
    counts = Counter()
    for path in Path(folder).glob("marks-*"):
        counts.update(int(line) for line in path.read_text().split())
    return counts


@lru_cache
def matrix():
    """Return a matrix whose square, by BLAS, has bits that threads could change."""
    return np.random.default_rng(0).standard_normal((64, 64))


def good(cell, rng, *, folder, seconds=0.0):
    """Measure well."""
    mark(folder, cell["n"])
    time.sleep(seconds)
    A = matrix() * rng.random()
    return {"draw": rng.random(), "norm": float((A @ A).sum()), "big": float(BIG[-1])}


def bad(cell, rng, *, folder, kind):
    """Misbehave in cell 5 (the kinds "once" only at first)."""
    n = cell["n"]
    mark(folder, n)
    if n == 5 and (kind != "once" or marks(folder)[5] == 1):
        if kind in ("kill", "once"):
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "exit":
            raise SystemExit(3)
        if kind == "raise":
            raise ArithmeticError("five")
        if kind == "sleep":
            time.sleep(600)
        while kind == "spin":
            pass
    return {"draw": rng.random()}


def study(measure, folder, cells=40, **options):
    """Return a study of so many cells."""
    return Study(
        name="cells",
        question="?",
        expected="",
        cost="",
        grid={"n": tuple(range(cells))},
        measure=partial(measure, folder=str(folder), **options),
        repetitions=1,
    )
