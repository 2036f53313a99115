r"""Lower ends of a network's constant: pairs of points, with their rounding errors.

For every x, y the quotient |f(x) - f(y)|/|x - y| is a lower bound. Good pairs lie along
the leading right singular vector v of a Jacobian J(x), y = x + t v: the power iteration
v <- J'J v runs at many points at once (random ones at several scales, and the data),
and Lanczos' method finishes at the best of them. The Jacobian only proposes; what is
reported is the quotient of a pair, computed in double precision and lowered by the
bounds e(x), e(y) of the errors of f that `Graph.errors` carries through the layers:

    (|fl f(x) - fl f(y)| - e(x) - e(y))/|x - y|, less a few units of rounding.

A large t makes the errors small beside the difference, a small t stays where the
Jacobian is that of x; several are tried.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.lipschitz._base import UNIT, Array, norms
from geomadv.lipschitz._graph import Graph

_STEPS = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6)
_SCALES = (0.1, 1.0, 10.0)
_POINTS = 256
_DATA = 32
_ITERATIONS = 12
_ROUNDS = 6
_TOP = 16
_SEARCHED, _CALLS = 100, 850  # passes and calls below which one pair is tried
_LANCZOS = 3
_BLOCK = 2**25
_BUDGET = 2**35  # multiplications of the whole search, about a quarter of a minute


class Witness(NamedTuple):
    """A pair of points and the quotient that it proves."""

    lower: float
    x: Array
    y: Array


def best_pair(
    graph: Graph,
    uppers: Mapping[str, float],
    rng: np.random.Generator,
    data: Float[NDArray, "n ..."] | None = None,
) -> Witness:
    """Return the best pair of points that is found, at least the trivial one."""
    shape = graph.shapes[graph.input]
    zero = np.zeros(shape)
    if math.prod(shape) == 0 or math.prod(graph.shapes[graph.output]) == 0:
        return Witness(0.0, zero, zero)
    # Forward, tangent and transpose: one iteration is about three evaluations.
    passes = _BUDGET // max(3 * graph.work(), 1)
    calls = 2 * _BUDGET // max(graph.call_work(), 1)
    count = int(np.clip(passes // (8 * _ITERATIONS), 1, _POINTS))
    starts = [
        rng.standard_normal(shape) * _SCALES[i % len(_SCALES)] for i in range(count)
    ]
    starts[0] = zero if count > 1 else starts[0]
    if data is not None and len(data):
        most = int(np.clip(passes // (2 * _ITERATIONS), 1, _DATA))
        chosen = rng.choice(len(data), min(most, len(data)), replace=False)
        starts += [data[i] for i in np.sort(chosen)]
    X = np.array(starts)
    few = int(np.clip(min(passes // 4, calls // 8), 2, _ITERATIONS))
    V, sizes = _iterated(graph, X, rng.standard_normal(X.shape), few)
    best = Witness(0.0, zero, zero)
    order = np.argsort(-sizes, kind="stable")
    if min(passes, calls // _CALLS * _SEARCHED) < _SEARCHED:
        steps = _STEPS[1 : 1 + max(1, min(passes, calls) // 16)]
        return _pair(graph, uppers, X[order[0]], V[order[0]], steps)
    for i in order[: 2 * _LANCZOS]:
        best = max(best, _pair(graph, uppers, X[i], V[i]), key=lambda w: w.lower)
    for i in range(_ROUNDS if passes > 16 * _ITERATIONS * count else 0):
        near, along = _near(X[order[:_TOP]], V[order[:_TOP]], count, 0.5**i, rng)
        W, found = _iterated(graph, near, along)
        X, V = np.concatenate([X, near]), np.concatenate([V, W])
        sizes = np.concatenate([sizes, found])
        order = np.argsort(-sizes, kind="stable")
    for i in order[:_LANCZOS]:
        best = max(best, _pair(graph, uppers, X[i], V[i]), key=lambda w: w.lower)
    if passes > 30 * _ITERATIONS:
        for at in X[order[:_LANCZOS]]:
            v = _leading(graph, at, rng)
            if v is not None:
                pair = _pair(graph, uppers, at, v)
                best = max(best, pair, key=lambda w: w.lower)
    return best


def _near(
    X: Array, V: Array, count: int, share: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return points about some of the points, and directions to begin with."""
    chosen = rng.integers(len(X), size=count)
    some = X[chosen]
    scale = share * np.maximum(norms(some), 1.0) / math.sqrt(X[0].size)
    noise = rng.standard_normal(some.shape)
    return some + scale.reshape(-1, *(1,) * (X.ndim - 1)) * noise, V[chosen]


def _iterated(
    graph: Graph, X: Array, V: Array, iterations: int = _ITERATIONS
) -> tuple[Array, Float[NDArray, " b"]]:
    """Return directions of steep change at each point, and how steep they are."""
    block = max(1, _BLOCK // max(graph.entries(), 1))
    directions, sizes = [], []
    for start in range(0, len(X), block):
        part = slice(start, start + block)
        values = graph.values(X[part])
        v, size = _unit(V[part]), np.zeros(len(X[part]))
        for _ in range(iterations):
            moved = graph.jvp(values, v)
            size = norms(moved)
            v = _unit(graph.vjp(values, moved), instead=v)
        directions.append(v)
        sizes.append(size)
    return np.concatenate(directions), np.nan_to_num(np.concatenate(sizes), nan=0.0)


def _leading(graph: Graph, x: Array, rng: np.random.Generator) -> Array | None:
    """Return the leading right singular vector of the Jacobian at a point."""
    from scipy.sparse import linalg

    if x.size < 3:
        return None
    values = graph.values(x[None])

    def squared(v: Array) -> Array:
        moved = graph.jvp(values, v.reshape(1, *x.shape))
        return graph.vjp(values, moved).ravel()

    operator = linalg.LinearOperator((x.size, x.size), matvec=squared, dtype=np.float64)
    start = rng.standard_normal(x.size)
    if not np.any(squared(start)):
        return None
    try:
        _, vectors = linalg.eigsh(operator, k=1, v0=start, maxiter=60, tol=1e-12)
    except linalg.ArpackNoConvergence as error:
        vectors = error.eigenvectors
        if vectors.shape[1] == 0:
            return None
    return vectors[:, 0].reshape(x.shape)


def _pair(
    graph: Graph,
    uppers: Mapping[str, float],
    x: Array,
    v: Array,
    steps: Sequence[float] = _STEPS,
) -> Witness:
    """Return the best pair x, x + t v."""
    scale = max(float(np.linalg.norm(x)), 1.0)
    best = Witness(0.0, x, x)
    for t in steps:
        for sign in (1.0, -1.0):
            y = x + sign * t * scale * v
            found = quotient(graph, uppers, x, y)
            if found > best.lower:
                best = Witness(found, x, y)
    return best


def quotient(graph: Graph, uppers: Mapping[str, float], x: Array, y: Array) -> float:
    """Return a certain lower bound of |f(x) - f(y)|/|x - y|; 0 where nothing is."""
    values = graph.values(np.stack([x, y]))
    out = values[graph.output]
    out = np.broadcast_to(out, (2, *out.shape[1:]))
    errors = graph.errors(values, uppers)[graph.output]
    distance = float(np.linalg.norm(x - y))
    if not (distance > 0.0 and np.isfinite(out).all() and np.isfinite(errors).all()):
        return 0.0
    change = float(np.linalg.norm(out[0] - out[1]))
    slack = (x.size + out[0].size + 16.0) * UNIT
    certain = change * (1.0 - slack) - float(errors.sum())
    return max(certain / (distance * (1.0 + slack)), 0.0)


def _unit(V: Array, instead: Array | None = None) -> Array:
    """Return each tensor over its norm; where that is 0, another one."""
    size = norms(V).reshape(-1, *(1,) * (V.ndim - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = V / size
    return np.where(size > 0, unit, V if instead is None else instead)
