"""The optimal robust loss of all of MNIST's 3s against 7s, against SciPy's matching.

Run with ``GEOMADV_DATA=... python benchmarks/transport.py``: 5800 digits a class, l_2,
21 values of eps from 0 to 5, of which the largest has 12 million conflicts. The peer is
what one would write without this library: `scipy.spatial.distance.cdist` once, then
`scipy.sparse.csgraph.maximum_bipartite_matching` for each eps, which proves nothing; a
second peer has the distances by a matrix product. Ours comes with a vertex cover of
the size of each matching, checked. All sizes must agree. Every call runs in a process
of its own, whose peak of resident memory is told; what is resident before the call
(Python, NumPy, SciPy and the digits) is told as well, and so is the time of all
processors, which depends less on what else the machine does. Rounds are interleaved.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial.distance import cdist

from geomadv._typing import NDArray
from geomadv.concentration import optimal_robust_loss
from geomadv.data import load_mnist

POINTS, EPS, ROUNDS = 5800, np.linspace(0, 5, 21), 2
Found = tuple[float, float, float, float, list[int]]


def digits() -> tuple[NDArray, NDArray]:
    """Return the first 3s and 7s of the training set, as rows of pixels in [0, 1]."""
    X, y, _, _ = load_mnist().pair(3, 7)
    return X[y < 0][:POINTS], X[y > 0][:POINTS]


def ours(A: NDArray, B: NDArray) -> list[int]:
    """Return the sizes of the matchings, each with its certificate."""
    y = np.repeat([-1.0, 1.0], [len(A), len(B)])
    found = optimal_robust_loss(np.concatenate([A, B]), y, EPS)
    if (found.cover.sum(axis=1) != found.matching).any():
        raise SystemExit("a vertex cover is not of the size of the matching")
    return [int(size) for size in found.matching]


def by_cdist(A: NDArray, B: NDArray) -> list[int]:
    """Return the sizes by `cdist` and one matching an eps."""
    return _matchings(cdist(A, B))


def by_product(A: NDArray, B: NDArray) -> list[int]:
    """Return the sizes by a matrix product and one matching an eps."""
    square = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2 * A @ B.T
    return _matchings(np.sqrt(np.maximum(square, 0, out=square), out=square))


def _matchings(distance: NDArray) -> list[int]:
    sizes = []
    for eps in EPS:
        pairs = maximum_bipartite_matching(csr_array(distance <= 2 * eps))
        sizes.append(int((pairs >= 0).sum()))
    return sizes


def _measured(call: Callable[[NDArray, NDArray], list[int]]) -> Found:
    A, B = digits()
    unit = 2**20 if sys.platform == "darwin" else 2**10
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    begin, busy = time.perf_counter(), time.process_time()
    sizes = call(A, B)
    took, busy = time.perf_counter() - begin, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return took, busy, before, peak, sizes


def apart(call: Callable[[NDArray, NDArray], list[int]]) -> Found:
    """Return seconds, CPU seconds, MiB before and at the peak, and sizes."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (call,))


def main() -> None:
    """Print seconds, ratios and memory."""
    peers = {"cdist": by_cdist, "a matrix product": by_product}
    times: dict[str, list[tuple[float, float]]] = {"ours": [], "cdist": []}
    times["a matrix product"] = []
    for _ in range(ROUNDS):
        took, busy, before, peak, sizes = apart(ours)
        times["ours"].append((took, busy))
        print(
            f"ours: {took:.2f} s, CPU {busy:.2f} s, peak {peak:.0f} MiB, of which "
            f"{before:.0f} before the call",
            flush=True,
        )
        for name, peer in peers.items():
            took, busy, _, peak, expected = apart(peer)
            times[name].append((took, busy))
            print(
                f"{name}: {took:.2f} s, CPU {busy:.2f} s, peak {peak:.0f} MiB",
                flush=True,
            )
            if sizes != expected:
                raise SystemExit(f"the sizes differ: {sizes} and {expected}")
    mine = np.array(times["ours"])
    print(f"2 x {POINTS} digits, {EPS.size} values of eps; ratios of one round:")
    for name in peers:
        ratios = np.array(times[name]) / mine
        (low, low_busy), (high, high_busy) = ratios.min(axis=0), ratios.max(axis=0)
        print(
            f"{name} and SciPy's matching take {low:.1f} to {high:.1f} times as long, "
            f"and {low_busy:.1f} to {high_busy:.1f} times as much of the processors"
        )
    print(f"matchings: {sizes}")


if __name__ == "__main__":
    main()
