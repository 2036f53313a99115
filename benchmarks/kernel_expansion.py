"""A Gaussian kernel expansion against scikit-learn's, as ratios in one run.

Run with ``python benchmarks/kernel_expansion.py``. The peer is ``rbf_kernel(X, Y) @ a``
in one call, as `sklearn.kernel_ridge.KernelRidge.predict` does it, which stores n x m
numbers, and the same over blocks of 1024 rows, the fastest form of it. Rounds are
interleaved, ratios are of one round, and results must agree.
"""

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._timing import Spread, rounds

N, M, D, ROUNDS, BLOCK = 20_000, 20_000, 50, 7, 1024
GAMMA = 0.5 / D


def main() -> None:
    """Print the seconds of each and the ratios, medians with their range."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((N, D)), rng.standard_normal((M, D))
    a = rng.standard_normal((M, 1))

    def ours() -> NDArray:
        return _dispatch.kernel_expansion(X, Y, a, kernel="gaussian", gamma=GAMMA)

    def whole() -> NDArray:
        return np.asarray(rbf_kernel(X, Y, gamma=GAMMA) @ a)

    def blocks() -> NDArray:
        parts = (X[i : i + BLOCK] for i in range(0, N, BLOCK))
        return np.concatenate([rbf_kernel(part, Y, gamma=GAMMA) @ a for part in parts])

    calls = {"geomadv": ours, "in one call": whole, "in blocks": blocks}
    truth = whole()
    apart = max(float(np.abs(call() - truth).max()) for call in calls.values())
    scale = float(np.abs(truth).max())
    print(f"largest difference {apart / scale:.1e} of the largest value")
    seconds = rounds(calls, ROUNDS, finish=lambda: None, told=lambda line: None)
    mine = np.array(seconds["geomadv"])
    print(f"{'':14}seconds   ratio")
    for name, values in seconds.items():
        taken, ratio = Spread.of(values), Spread.of(np.array(values) / mine)
        print(
            f"{name:12} {taken.median:8.3f} {ratio.median:7.2f} "
            f"[{ratio.low:.2f}, {ratio.high:.2f}]"
        )


if __name__ == "__main__":
    main()
