"""Perturbations of linear and quadratic models against NumPy and SciPy, as ratios.

Run with ``python benchmarks/perturbations.py``. The linear model has 10^6 points in
R^100: against NumPy making the same distances and steps, and against a pass of
``X @ w`` with the norms of the rows, which writes no steps. The quadratic one has 10^5
points in R^20: against SLSQP, which runs on the first of them from a start on the
zero set's side, its time taken times as many as there are; how often SLSQP's answer is
the nearest point is printed too. Runs are interleaved; ratios are of one round. Of the
linear model also the ratio of the least CPU times, which a busy machine disturbs less.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from geomadv._typing import NDArray
from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.perturbations import minimal_perturbation

ROUNDS = 7
SOLVED = 40  # points for SLSQP


def seconds(function: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    return both(function)[0]


def both(function: Callable[[], object]) -> tuple[float, float]:
    """Return the wall time and the CPU time of one call."""
    begin, busy = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - begin, time.process_time() - busy


def compare(title: str, calls: dict[str, Callable[[], object]]) -> None:
    """Print medians, and the ratio of the first to each of the others."""
    for call in calls.values():
        call()
    rounds = [{name: both(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    first = next(iter(calls))
    print(title)
    for name in calls:
        ratios = [one[first][0] / one[name][0] for one in rounds]
        took = statistics.median(one[name][0] for one in rounds)
        busy = [min(one[key][1] for one in rounds) for key in (first, name)]
        print(
            f"  {name:32} {took:8.3f} s   ratio {statistics.median(ratios):.2f} "
            f"[{min(ratios):.2f}, {max(ratios):.2f}]   CPU {busy[0] / busy[1]:.2f}"
        )


def linear() -> None:
    """Compare the linear model."""
    rng = np.random.default_rng(0)
    X, w, b = rng.standard_normal((10**6, 100)), rng.standard_normal(100), 0.3
    model = LinearClassifier.from_parameters(w, b)

    def same() -> tuple[NDArray, NDArray]:
        f, size = X @ w + b, np.linalg.norm(w)
        return np.abs(f) / size, np.outer(f, w / -(size**2))

    ours, theirs = minimal_perturbation(model, X), same()
    if not all(map(np.allclose, (ours.distance, ours.delta), theirs)):
        raise SystemExit("the results differ")
    del ours, theirs
    compare(
        "linear, 10^6 points in R^100",
        {
            "minimal_perturbation": lambda: minimal_perturbation(model, X),
            "NumPy, distances and steps": same,
            "X @ w + b and norms of rows": lambda: (
                X @ w + b,
                np.einsum("ij,ij->i", X, X),
            ),
        },
    )


def quadratic() -> None:
    """Compare the quadratic model."""
    rng = np.random.default_rng(1)
    d, n = 20, 10**5
    A = rng.standard_normal((d, d))
    A = (A + A.T) / 2
    b, X = rng.standard_normal(d), rng.standard_normal((n, d))
    model = QuadraticClassifier.from_parameters(A, b, 0.5)
    found = minimal_perturbation(model, X).distance

    def loop() -> NDArray:
        answers = []
        for x in X[:SOLVED]:
            result = minimize(
                lambda z: z @ z,
                rng.standard_normal(d),
                jac=lambda z: 2 * z,
                constraints={
                    "type": "eq",
                    "fun": lambda z, x=x: (x + z) @ (A @ (x + z) + 2 * b) + 0.5,
                    "jac": lambda z, x=x: 2 * (A @ (x + z) + b),
                },
                method="SLSQP",
                options={"ftol": 1e-12, "maxiter": 300},
            )
            answers.append(np.sqrt(result.fun))
        return np.array(answers)

    right = np.isclose(loop(), found[:SOLVED], rtol=1e-4).mean()
    ratios = []
    for _ in range(ROUNDS):
        ours = seconds(lambda: minimal_perturbation(model, X)) / n
        ratios.append(seconds(loop) / SOLVED / ours)
    print("quadratic, 10^5 points in R^20")
    print(
        f"  SLSQP takes {statistics.median(ratios):.0f} times as long a point "
        f"[{min(ratios):.0f}, {max(ratios):.0f}] and is right at {100 * right:.0f} %"
    )


if __name__ == "__main__":
    linear()
    quadratic()
