"""What a process pays for its first call of each kernel, once numba's cache is full.

Run with ``python benchmarks/cold_start.py``. A first process fills the cache, if need
be; then each of the next ones calls every kernel twice on small arrays and tells the
time of the first call less that of the second. Medians are printed, and by themselves
the imports of numba and SciPy's BLAS and what numba does once a process.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from geomadv import _dispatch

PROCESSES = 7


def first_calls() -> dict[str, float]:
    """Return the seconds that first calls take more than second ones."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((50, 20)), rng.standard_normal((60, 20))
    w, a, half = X[0], rng.standard_normal((60, 1)), np.array([0.5])
    one, box = np.array([1.0]), (X.min(axis=0), X.max(axis=0))
    cap = {"angle": False, "log": False}
    calls = {
        "nearest": lambda: _dispatch.nearest(X, Y, 3),
        "radius_count": lambda: _dispatch.radius_count(X, Y, one),
        "enlargement": lambda: _dispatch.enlargement(X, Y, one),
        "kernel_expansion": lambda: _dispatch.kernel_expansion(
            X, Y, a, kernel="gaussian"
        ),
        "kernel_expansion_gradient": lambda: _dispatch.kernel_expansion_gradient(
            X, Y, a, kernel="gaussian"
        ),
        "linear_margin": lambda: _dispatch.linear_margin(X, w, 0.0, p=2),
        "linear_perturbation": lambda: _dispatch.linear_perturbation(X, w, 0.0, p=2),
        "box_perturbation": lambda: _dispatch.box_perturbation(X, w, 0.0, *box, p=2),
        "secular": lambda: _dispatch.secular(w, X[1], 1.0, X),
        "log_betainc": lambda: _dispatch.log_betainc(half, half, half),
        "log_betainc_inverse": lambda: _dispatch.log_betainc_inverse(half, half, -half),
        "cap_measure": lambda: _dispatch.cap_measure(5, half, **cap),
        "cap_coordinate": lambda: _dispatch.cap_coordinate(5, half, **cap),
        "weighted_chi2_tail": lambda: _dispatch.weighted_chi2_tail(
            one, one, 2 * one, one
        ),
        "gaussian_sample": lambda: _dispatch.gaussian_sample(1, 5, 5),
        "sphere_sample": lambda: _dispatch.sphere_sample(1, 5, 5),
        "sphere_heights": lambda: _dispatch.sphere_heights(1, 5, 50, 2),
    }

    def seconds(call: Callable[[], object]) -> float:
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin

    def imports() -> object:
        import numba
        import scipy.linalg.cython_blas

        return numba, scipy

    def once() -> None:
        """Call the smallest kernel file: the rest of its time is numba's."""
        _dispatch.exponential(np.zeros(1), np.zeros(1))

    result = {"imports": seconds(imports), "numba, once a process": seconds(once)}
    for name, call in calls.items():
        result[name] = seconds(call) - seconds(call)
    return result


def main() -> None:
    """Run the processes and print the table."""
    if sys.argv[1:] == ["--child"]:
        print(json.dumps(first_calls()))
        return
    runs = [
        json.loads(
            subprocess.run(  # noqa: S603 - this file
                [sys.executable, __file__, "--child"],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )
        for _ in range(PROCESSES + 1)
    ][1:]
    for name in runs[0]:
        print(f"{name:28} {1e3 * statistics.median(run[name] for run in runs):6.0f} ms")
    totals = [sum(run.values()) - run["imports"] for run in runs]
    print(f"{'all but the imports':28} {1e3 * statistics.median(totals):6.0f} ms")


if __name__ == "__main__":
    main()
