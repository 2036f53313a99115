"""Cap measures against SciPy's incomplete beta function, as a ratio in one run.

Run with ``python benchmarks/cap_measure.py``. Both compute the measures of caps of 10^6
random heights within a few standard deviations of the equator; their difference is
printed, and the runs are interleaved. Below 1e-308 SciPy's function returns 0, where
`log_cap_measure` goes on; that one is timed too.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import special

from geomadv._typing import NDArray
from geomadv.spaces import Sphere

COUNT = 10**6
ROUNDS = 7


def seconds(function: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def peer(d: int, height: NDArray) -> NDArray:
    """Return the measures by SciPy, for heights of either sign."""
    tail = special.betaincc(0.5, (d - 1) / 2, height**2) / 2
    result: NDArray = np.where(height >= 0, tail, 1 - tail)
    return result


def compare(d: int, height: NDArray) -> str:
    """Return one row of the table."""
    sphere = Sphere(d)
    contestants = (
        lambda: peer(d, height),
        lambda: sphere.cap_measure(height),
        lambda: sphere.log_cap_measure(height),
    )
    theirs, ours = contestants[0](), contestants[1]()
    seen = theirs > 1e-300
    apart = float(np.max(np.abs(ours[seen] / theirs[seen] - 1)))
    times = [[seconds(run) for run in contestants] for _ in range(ROUNDS)]
    a, b, c = (statistics.median(column) for column in zip(*times, strict=True))
    return f"{d:>10} {a:9.3f} {b:10.3f} {c:8.3f} {a / b:6.2f} {apart:12.1e}"


def main() -> None:
    """Print one row a dimension: seconds of each, their ratio and their difference."""
    rng = np.random.default_rng(0)
    print("         d   scipy s  geomadv s    log s  ratio   difference")
    for d in (3, 100, 10**4, 10**6, 10**9):
        height = np.clip(rng.standard_normal(COUNT) * 3 / np.sqrt(d), -1, 1)
        print(compare(d, height))


if __name__ == "__main__":
    main()
