r"""The covering radius of the error set itself, from both sides.

rho(A) = sup over x of dist(x, A), A = {f != f*}. Known points of A bound it from above:
the mislabelled training points of an interpolant, as in Theorem 5.1 of Belkin, Hsu and
Mitra (2018), and errors that were seen. From below any x does: a ball about x that is
certainly free of A (`distance_to_errors`) cannot hold an error, so rho(A) is at least
its radius. Good x are local maxima of the distance to the known errors; they are found
by steps that become shorter, from the best of many random points. On the segments from
there to known errors the first error that bisection sees is another known one.
"""

from typing import Any

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer
from geomadv._validate import points as checked
from geomadv.error_sets._bracket import Bracket
from geomadv.error_sets._covering import box_and_points, covering_radius
from geomadv.error_sets._distances import distance_to_errors
from geomadv.error_sets._domain import Box
from geomadv.error_sets._measure import exact_errors
from geomadv.error_sets._partition import BUDGET
from geomadv.error_sets._rules import rule
from geomadv.spaces import Cube

_STARTS = 256
_CLIMBS, _SHRINK = 40, 0.8
_ROUNDS, _NEAREST, _BISECTIONS = 4, 8, 12
_KNOWN = 100_000  # errors that are kept, at most


def error_covering_radius(
    model: Any,
    bayes: Any,
    domain: Any,
    *,
    error_points: ArrayLike | None = None,
    d: int | None = None,
    probes: int = 20_000,
    budget: int = BUDGET,
    rng: Any = 0,
) -> Bracket:
    """Return bounds of how far a point of a domain can be from a classifier's errors.

    Parameters
    ----------
    model, bayes, budget
        As for `distance_to_errors`; two `PiecewiseRule` on a line are exact.
    domain : "torus", "cube" or Cube
        As for `covering_radius`.
    error_points : (m, d) array_like, optional
        Known errors: `mislabelled_points`, for an interpolating f; those at which f
        does not err are left out. Errors among the probes are added.
    d : int, optional
        The dimension, where neither error points nor a Cube tell it.
    probes : int
        How many random points are looked at, at least 1.
    rng : numpy.random.Generator or int
        Of the probes; a generator, or the seed of one.

    Returns
    -------
    Bracket
        `lower` is certain and attained near `witness`; `upper` is that of
        `covering_radius` for the known errors, and as sure as that. It is infinite
        where no errors are known.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    For 500 points with a fifth of the labels wrong on the torus in d = 2, the bounds
    were .142 and .143 for 20 neighbours with weights "log", .118 and .123 for 5, .133
    and .134 for Hilbert's kernel, .108 and .111 for the simplicial rule, and the
    mislabelled points alone gave .146. In d = 3 the lower ones were .55, .48, .78 and
    .88 of the upper ones; more boxes bring them together. It took 4 to 24 s.

    Examples
    --------
    >>> from geomadv.error_sets import PiecewiseRule
    >>> f, g = PiecewiseRule([0.4], [-1, 1]), PiecewiseRule([0.5], [-1, 1])
    >>> error_covering_radius(f, g, "cube").upper
    0.5
    """
    exact = exact_errors(model, bayes, domain)
    if exact is not None:
        radius = exact.covering_radius
        return Bracket(radius, radius, "intervals")
    probes = integer("probes", probes, minimum=1)
    known = np.empty((0, 0))
    if error_points is not None:
        known = checked("error_points", error_points)
    d = known.shape[1] if len(known) else d
    d = domain.d if isinstance(domain, Cube) else d
    if d is None:
        raise TypeError("d must be given where there are no error points")
    d, rng = integer("d", d, minimum=1), generator(rng)
    box, _ = box_and_points(known if len(known) else np.zeros((1, d)), domain)
    X = rng.random((probes, d))
    wrong = rule("model", model)(X) != rule("bayes", bayes)(X)
    known = box.fold(known.reshape(-1, d))
    if len(known):  # of several labels at one point f may decide for the right one
        known = known[rule("model", model)(known) != rule("bayes", bayes)(known)]
    E = np.concatenate([known, X[wrong]])[:_KNOWN]
    if not len(E):
        lower, _ = distance_to_errors(X, model, bayes, torus=box.torus, budget=budget)
        best = int(lower.argmax())
        return Bracket(float(lower[best]), np.inf, "no errors known", 0.0, X[best])
    E = box.fold(E)
    for _ in range(_ROUNDS):
        far = _local_maxima(box, E, X, rng)
        new = _nearer_errors(box, E, far, model, bayes)
        E = np.concatenate([E, new])[-_KNOWN:]
    above = covering_radius(E, domain, rng=rng)
    if above.witness is not None:
        far = np.concatenate([far, above.witness[None]])
    lower, _ = distance_to_errors(
        far, model, bayes, error_points=E, torus=box.torus, budget=budget
    )
    best = int(lower.argmax())
    radius = min(float(lower[best]), above.upper)
    return Bracket(radius, above.upper, above.method, above.error_rate, far[best])


def _local_maxima(
    box: Box, E: Float[NDArray, "m d"], X: Float[NDArray, "n d"], rng: Any
) -> Float[NDArray, "k d"]:
    """Return points that are far from E, climbed to from the best of X."""
    tree = box.tree(box.fold(E))
    height = tree.query(X, workers=-1)[0]
    order = np.argsort(-height, kind="stable")[:_STARTS]
    x, height = X[order], height[order]
    step = np.full(len(x), float(height.max()) / 2.0)
    for _ in range(_CLIMBS):
        turns = rng.standard_normal((8, *x.shape))
        trial = x + step[:, None] * turns
        trial = box.fold(trial) if box.torus else np.clip(trial, 0.0, 1.0)
        found = tree.query(trial.reshape(-1, box.d), workers=-1)[0].reshape(8, -1)
        best = found.argmax(axis=0)
        rows = np.arange(len(x))
        better = found[best, rows] > height
        x = np.where(better[:, None], trial[best, rows], x)
        height = np.maximum(height, found[best, rows])
        step = np.where(better, step, step * _SHRINK)
    return x


def _nearer_errors(
    box: Box,
    E: Float[NDArray, "m d"],
    x: Float[NDArray, "n d"],
    model: Any,
    bayes: Any,
) -> Float[NDArray, "k d"]:
    """Return errors on segments from x to the nearest of E, near where they begin."""
    f, g = rule("model", model), rule("bayes", bayes)
    _, near = box.tree(E).query(x, k=range(1, min(_NEAREST, len(E)) + 1), workers=-1)
    x = np.repeat(x, near.shape[1], axis=0)
    steps = box.steps(x, E[near.ravel()][:, None])[:, 0]
    low, high = np.zeros(len(x)), np.ones(len(x))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        at = x + middle[:, None] * steps
        at = box.fold(at) if box.torus else at
        wrong = f(at) != g(at)
        low, high = np.where(wrong, low, middle), np.where(wrong, middle, high)
    seen = high < 1.0
    found = x[seen] + high[seen, None] * steps[seen]
    return box.fold(found) if box.torus else found
