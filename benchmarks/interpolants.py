"""Interpolating classifiers against scipy and scikit-learn, in one run.

Run with ``python benchmarks/interpolants.py``. First weighted interpolated
nearest neighbours, n = 1e5 points in R^10, 1e5 queries, k = 10 and -log z, against
`KNeighborsClassifier(weights=callable, algorithm="brute")` with the same rule, and the
most memory that the process has held by then. Then simplicial interpolation, n = 20000
points in R^3 and 1e5 queries, against `scipy.interpolate.LinearNDInterpolator`, with
and without the triangulation, which is Qhull's for both. Runs are interleaved, and
ratios are of one round, of wall and of processor time. Last the Hilbert kernel and
linear programs, timed once.
"""

import resource
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay
from sklearn.neighbors import KNeighborsClassifier

from geomadv._typing import NDArray
from geomadv.classifiers import (
    HilbertKernelClassifier,
    SimplicialInterpolant,
    WeightedInterpolatedNN,
)

ROUNDS = 3
NEIGHBOURS = 10


def timed(call: Callable[[], Any]) -> tuple[NDArray, Any]:
    """Return the wall and the processor time of one call, and what it returns."""
    wall, processor = time.perf_counter(), time.process_time()
    found = call()
    took = [time.perf_counter() - wall, time.process_time() - processor]
    return np.array(took), found


def compare(name: str, ours: list[NDArray], theirs: list[NDArray]) -> None:
    """Print medians, and the least and greatest ratio of a round."""
    for kind, a, b in zip(
        ("wall", "processor"), np.transpose(ours), np.transpose(theirs), strict=True
    ):
        print(
            f"{name}, {kind}: {np.median(a):.2f} s against {np.median(b):.2f} s, "
            f"{np.median(b / a):.1f} times [{(b / a).min():.1f}, {(b / a).max():.1f}]",
            flush=True,
        )


def simplicial(rng: np.random.Generator) -> None:
    """Time 1e5 queries."""
    X, queries = rng.random((20_000, 3)), rng.random((100_000, 3))
    y = rng.integers(0, 2, len(X))
    SimplicialInterpolant().fit(X[:99], y[:99]).predict(queries[:99] * 3.0)
    fits: list[list[NDArray]] = [[], []]
    runs: list[list[NDArray]] = [[], []]
    for _ in range(ROUNDS):
        took, model = timed(lambda: SimplicialInterpolant().fit(X, y))
        fits[0].append(took)
        took, mine = timed(partial(model.predict_proba, queries))
        runs[0].append(took)
        took, peer = timed(lambda: LinearNDInterpolator(Delaunay(X), y.astype(float)))
        fits[1].append(took)
        took, other = timed(partial(peer, queries))
        runs[1].append(took)
        inside = ~np.isnan(other)
        if np.abs(mine[:, 1] - other)[inside].max() > 1e-9:
            raise SystemExit("the interpolants differ")
    compare("simplicial, fit", *fits)
    compare("simplicial, queries", *runs)
    sums = [
        [a + b for a, b in zip(*pair, strict=True)]
        for pair in zip(fits, runs, strict=True)
    ]
    compare("simplicial, both", *sums)


def minus_log(r: NDArray) -> NDArray:
    """Return the weights -log(r_i/r_{k+1}), the last of which is 0."""
    return -np.log(r / r[:, -1:])


def neighbours(rng: np.random.Generator) -> None:
    """Time 1e5 queries, and ask for the memory before the peer runs."""
    X, queries = rng.random((100_000, 10)), rng.random((100_000, 10))
    y = rng.integers(0, 2, len(X))
    model = WeightedInterpolatedNN(NEIGHBOURS).fit(X, y)
    peer = KNeighborsClassifier(
        NEIGHBOURS + 1, weights=minus_log, algorithm="brute", n_jobs=-1
    ).fit(X, y)
    model.predict_proba(queries[:10])
    ours: list[NDArray] = []
    theirs: list[NDArray] = []
    for number in range(ROUNDS):
        took, mine = timed(lambda: model.predict_proba(queries))
        ours.append(took)
        if number == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"wiNN: at most {peak:.2f} GiB held so far")
        took, other = timed(lambda: peer.predict_proba(queries))
        theirs.append(took)
        if np.abs(mine - other).max() > 1e-6:
            raise SystemExit("the neighbours' estimates differ")
    compare("wiNN, queries", ours, theirs)


def others(rng: np.random.Generator) -> None:
    """Time what has no peer."""
    X = rng.random((10_000, 10))
    y = rng.integers(0, 2, len(X))
    for domain in (None, "torus"):
        hilbert = HilbertKernelClassifier(domain).fit(X, y)
        queries = rng.random((1000, 10))
        hilbert.predict_proba(queries[:10])
        took, _ = timed(partial(hilbert.predict_proba, queries))
        print(f"Hilbert, n = 10000, d = 10, 1000 queries, {domain}: {took[0]:.2f} s")
        programs = SimplicialInterpolant("prior", domain).fit(X, y)
        took, _ = timed(partial(programs.predict_proba, queries))
        print(f"programs, n = 10000, d = 10, 1000 queries, {domain}: {took[0]:.2f} s")


if __name__ == "__main__":
    neighbours(np.random.default_rng(0))
    simplicial(np.random.default_rng(0))
    others(np.random.default_rng(0))
