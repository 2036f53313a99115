"""Peak extra memory of the kernels that go over pairs, with a million points.

A kernel computes its rows in blocks, so what it allocates beside its arguments and its
result depends on the number of points and of threads and hardly on the number of
queries: some thousand queries show it. Each kernel runs in a process of its own, whose
peak is its alone.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from geomadv import _dispatch
from geomadv.bench._case import Settings

POINTS = 10**6
QUERIES = 2048
KERNELS = ("nearest", "radius_count", "kernel_expansion", "kernel_expansion_gradient")


def peak_memory(
    kernel: str, settings: Settings, *, points: int = POINTS, queries: int = QUERIES
) -> float:
    """Return the peak extra memory of a kernel, measured in a process of its own.

    Parameters
    ----------
    kernel : str
        One of "nearest", "radius_count", "kernel_expansion" and
        "kernel_expansion_gradient".
    settings : Settings
        Of which the dimension, the threads and the seed are used.
    points, queries : int
        How many points there are, and how many queries are computed.

    Returns
    -------
    float
        MiB of resident memory at its highest, beyond what was resident before the
        call; the result is included, the arguments are not.

    Raises
    ------
    RuntimeError
        If the process fails, or the system does not tell.
    """
    sizes = (points, queries, settings.d, settings.threads, settings.seed)
    ended = subprocess.run(  # noqa: S603 - this file, by this Python
        [sys.executable, "-m", __name__, kernel, *map(str, sizes)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{kernel}: {last}")
    return float(ended.stdout)


def _call(kernel: str, X: np.ndarray, Y: np.ndarray, threads: int) -> None:
    if kernel == "nearest":
        _dispatch.nearest(X, Y, 10, threads=threads)
    elif kernel == "radius_count":
        eps = np.sqrt(2.0 * X.shape[1]) * np.array([0.6, 0.7])
        _dispatch.radius_count(X, Y, eps, threads=threads)
    else:
        function = getattr(_dispatch, kernel)
        gamma = 1.0 / X.shape[1]
        a = np.ones((len(Y), 1))
        function(X, Y, a, kernel="gaussian", gamma=gamma, threads=threads)


def _measured(
    kernel: str, points: int, queries: int, d: int, threads: int, seed: int
) -> float:
    """Return the MiB beyond what is resident once the kernel has been compiled."""
    rng = np.random.default_rng(seed)
    Y = rng.standard_normal((points, d))
    X = rng.standard_normal((queries, d))
    _call(kernel, X[:16].copy(), Y[:64].copy(), threads)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is now
    _call(kernel, X, Y, threads)
    return (_resident("VmHWM") - before) / 1024.0


def _resident(name: str) -> int:
    """Return a figure of this process in KiB: VmRSS is now, VmHWM its peak."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise RuntimeError(f"the system does not tell {name}")


if __name__ == "__main__":
    _kernel, *_sizes = sys.argv[1:]
    sys.stdout.write(f"{_measured(_kernel, *map(int, _sizes))}\n")
