"""Exact distances of nearest neighbours against all quadratic programs, and MNIST.

Run with ``python benchmarks/nearest_neighbour_perturbations.py``; GEOMADV_DATA names
the folder of `mnist.npz`. First n = 5000 points in R^50: against one quadratic program
for each point of another class, with all its constraints, by daqp; that takes seconds a
point, so few are solved. Runs are interleaved, and ratios are of one round. Then 3
against 7 of MNIST, pixels in [0, 1], with all 12 396 training digits: the first 100
test digits, timed once, and the same plain programs, of which a few are solved, their
time taken times as many as there are.

The exact solver of Wang and others (2019), "Evaluating the robustness of nearest
neighbor classifiers: a primal-dual perspective" (arXiv:1906.03972), is on no package
index. Where their repository `knn_robustness` is on PYTHONPATH, it is given the
first of the test digits, with the settings of its `config/exact.ini`.
"""

import importlib
import statistics
import time

import daqp
import numpy as np

from geomadv._typing import NDArray
from geomadv.data import DataUnavailableError, load_mnist
from geomadv.perturbations._forms import Prototypes, decisions
from geomadv.perturbations._neighbours import smallest

ROUNDS = 5
PROGRAMS = 2  # plain programs of MNIST that are solved
DIGITS = 5  # given to the authors' solver


def all_programs(form: Prototypes, x: NDArray) -> float:
    """Return the distance by a quadratic program for each point of another class."""
    d = x.size
    c = decisions(form, x[None])[0]
    own, other = form.points[form.labels == c], form.points[form.labels != c]
    squares = ((own - x) ** 2).sum(axis=1)
    H, f, best = np.eye(d), np.zeros(d), np.inf
    for v in other:
        b = (((v - x) ** 2).sum() - squares) / 2
        step, _, flag, _ = daqp.solve(H, f, v - own, np.full(len(b), 1e30), b)
        if flag == 1:
            best = min(best, float(np.linalg.norm(step)))
    return best


def against_all_programs() -> None:
    """Compare on two classes that overlap: labels by a noisy linear function."""
    rng = np.random.default_rng(0)
    n, d = 5000, 50
    points = rng.standard_normal((n, d))
    labels = (points[:, 0] + 0.3 * rng.standard_normal(n) > 0).astype(int)
    form = Prototypes(points, labels, 1, None, np.zeros(d))
    X = rng.standard_normal((20, d))
    smallest(form, X[:2], 2, None)
    ratios, ours = [], []
    for place, x in enumerate(X[:ROUNDS]):
        begin = time.perf_counter()
        found = smallest(form, X, 2, None)
        ours.append((time.perf_counter() - begin) / len(X))
        begin = time.perf_counter()
        distance = all_programs(form, x)
        ratios.append((time.perf_counter() - begin) / ours[-1])
        mine = found.distance[place]
        if not (found.exact.all() and np.isclose(distance, mine, rtol=1e-5)):
            raise SystemExit(f"the results differ: {distance} and {mine}")
    print(
        f"n = {n}, d = {d}: {1000 * statistics.median(ours):.1f} ms a point; all "
        f"programs take {statistics.median(ratios):.0f} times as long "
        f"[{min(ratios):.0f}, {max(ratios):.0f}]"
    )


def digits() -> None:
    """Time 3 against 7 of MNIST."""
    try:
        data = load_mnist(download=False)
    except DataUnavailableError as reason:
        print(reason)
        return
    train, test = (
        np.isin(labels, (3, 7)) for labels in (data.train_labels, data.test_labels)
    )
    points = data.train_images[train].reshape(-1, 784) / 255.0
    labels = (data.train_labels[train] == 7).astype(int)
    form = Prototypes(points, labels, 1, None, np.zeros(784))
    X = data.test_images[test][:100].reshape(-1, 784) / 255.0
    begin = time.perf_counter()
    found = smallest(form, X, 2, None)
    took = time.perf_counter() - begin
    print(
        f"MNIST 3 against 7, {len(points)} digits: {took:.1f} s for {len(X)} test "
        f"digits, {found.exact.sum()} exact, median distance "
        f"{np.median(found.distance):.4f}"
    )
    plainly(form, X[0], took / len(X))
    by_the_authors(form, X[:DIGITS], found.distance, took / len(X))


def plainly(form: Prototypes, x: NDArray, ours: float) -> None:
    """Compare with a program for each point of another class, all constraints in it."""
    c = decisions(form, x[None])[0]
    own, other = (form.points[form.labels == c], form.points[form.labels != c])
    squares = ((own - x) ** 2).sum(axis=1)
    near = other[np.argsort(((other - x) ** 2).sum(axis=1))[:PROGRAMS]]
    H, f = np.eye(x.size), np.zeros(x.size)
    begin = time.perf_counter()
    for v in near:
        b = (((v - x) ** 2).sum() - squares) / 2
        daqp.solve(H, f, v - own, np.full(len(b), 1e30), b)
    each = (time.perf_counter() - begin) / len(near)
    print(
        f"  plain programs: {each:.3g} s each, {each * len(other):.3g} s for all "
        f"{len(other)} of a digit, {each * len(other) / ours:.3g} times as long"
    )


def by_the_authors(
    form: Prototypes, X: NDArray, distances: NDArray, ours: float
) -> None:
    """Compare with the authors' solver, if there is one."""
    try:
        exact = importlib.import_module("knn_robustness.nn_only").ExactSolver
        utils = importlib.import_module("knn_robustness.utils")
    except ImportError:
        print("  knn_robustness, the authors' solver, is not on PYTHONPATH")
        return
    solver = exact(
        X_train=form.points,
        y_train=form.labels,
        qp_solver=utils.QpSolverFactory().create("gcd"),
        n_pos_for_screen=8,
        bounded=False,
    )
    begin = time.perf_counter()
    found = [np.linalg.norm(solver(x)) for x in X]
    each = (time.perf_counter() - begin) / len(X)
    if not np.allclose(found, distances[: len(X)], rtol=1e-4):
        raise SystemExit(f"the results differ: {found} and {distances[: len(X)]}")
    print(f"  the authors' solver takes {each:.2f} s, {each / ours:.1f} times as long")


if __name__ == "__main__":
    against_all_programs()
    digits()
