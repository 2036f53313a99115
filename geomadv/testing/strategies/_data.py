"""Labelled laws, and data sets with ties, duplicates and degenerate positions."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from geomadv._typing import NDArray
from geomadv._validate import integer
from geomadv.data import ConcentricSpheres, GaussianPair
from geomadv.testing.strategies._vectors import (
    FEW,
    covariances,
    generators,
    noise,
    vectors,
)

_FEW = 24
KINDS = (
    "lattice",
    "duplicates",
    "contradictory",
    "collinear",
    "cospherical",
    "flat",
    "far away",
    "gaussian",
)


class DataSet(NamedTuple):
    """Points with labels.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) int array
        Labels -1 and +1, both present.
    kind : str
        One of `KINDS`.
    """

    X: Any
    y: Any
    kind: str


@st.composite
def labelled_laws(draw: Any, d: int) -> GaussianPair | ConcentricSpheres:
    """Return a strategy of laws of labelled points of R^d.

    Parameters
    ----------
    d : int
        The dimension.

    Returns
    -------
    SearchStrategy of GaussianPair or ConcentricSpheres
        It shrinks to two standard Gaussian laws of equal priors on the first axis, or
        to spheres of radius 1 and 2.

    Raises
    ------
    ValueError
        If d is below 1.
    """
    d = integer("d", d, minimum=1)
    prior = draw(st.sampled_from([0.5, 0.25, 0.9, 0.01]))
    if d >= 2 and draw(st.booleans()):
        return ConcentricSpheres(
            d, radius=draw(st.sampled_from([2.0, 1.3, 1.01])), prior=prior
        )
    mu = draw(vectors(d, nonzero=True))
    cov: Any = draw(st.sampled_from(["identity", "variance", "matrix"]))
    if cov == "matrix":
        return GaussianPair(mu, draw(covariances(d)), prior=prior)
    scale = 1.0 if cov == "identity" else draw(st.sampled_from([0.25, 4.0]))
    return GaussianPair(mu, scale, prior=prior)


@st.composite
def data_sets(
    draw: Any, d: int, *, n: int | None = None, kind: str | None = None
) -> DataSet:
    """Return a strategy of data sets in which methods stumble.

    Parameters
    ----------
    d : int
        The dimension.
    n : int, optional
        How many points, at least 2; from 2 to 12 if None.
    kind : str, optional
        One of: "lattice" (small integers, so that distances tie), "duplicates" (each
        point several times, with one label), "contradictory" (equal points with
        different labels), "collinear", "cospherical" (all at one distance from the
        origin), "flat" (the last coordinate is constant), "far away" (an offset of a
        million), "gaussian"; any of them if None.

    Returns
    -------
    SearchStrategy of DataSet
        It shrinks to two points on a lattice, and every kind but the last to small
        integers, those on a sphere to axes.

    Raises
    ------
    ValueError
        If d is below 1, n below 2 or the kind unknown.
    """
    d = integer("d", d, minimum=1)
    count = draw(st.integers(2, 12)) if n is None else integer("n", n, minimum=2)
    kind = draw(st.sampled_from(KINDS)) if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    y = alternating = np.where(np.arange(count) % 2 == 0, -1, 1)
    if draw(st.booleans()):
        y = np.array(draw(st.permutations(y.tolist())))

    def points(n: int, *, rounded: bool = False) -> NDArray:
        """Return integers, and noise drawn after them, which a failure may lose."""
        if kind == "gaussian":
            return draw(generators(n * d)).standard_normal((n, d))
        found = _integers(draw, n, d) + noise(draw, n, d)
        return np.rint(found) if rounded else found

    match kind:
        case "lattice":
            X = points(count, rounded=True)
        case "duplicates":
            pool = max(2, count // 2)
            distinct = points(pool)
            if len(np.unique(distinct, axis=0)) < pool:
                distinct[:, 0] = np.arange(pool)
            chosen = np.arange(count) % pool
            X, y = distinct[chosen], np.where(chosen == 0, -1, 1)
        case "contradictory":
            X, y = points((count + 1) // 2)[np.arange(count) // 2], alternating
        case "collinear":
            start, step = points(1), points(1)
            if not step.any():
                step[0, 0] = 1.0
            X = start + np.arange(count)[:, None] * step
        case "cospherical":
            axes = st.tuples(st.integers(0, d - 1), st.sampled_from([1.0, -1.0]))
            drawn = draw(st.lists(axes, min_size=1, max_size=min(count, 12)))
            X = np.zeros((count, d))
            for row in range(count):
                axis, sign = drawn[row % len(drawn)]
                X[row, axis] = sign
            random = noise(draw, count, d)
            X = np.where(random.any(axis=1, keepdims=True), random, X)
            X /= np.linalg.norm(X, axis=1, keepdims=True)
        case "flat":
            X = points(count)
            X[:, -1] = 1.0
        case "far away":
            X = 1e6 + points(count)
        case _:
            X = points(count)
    return DataSet(X, y, kind)


def _integers(draw: Any, n: int, d: int) -> NDArray:
    """Draw small integers: of many, a few that are not 0."""
    found = np.zeros((n, d))
    values = st.integers(-2, 2)
    if draw(st.booleans()) and n * d <= _FEW:
        rows = draw(st.lists(values, min_size=n * d, max_size=n * d))
        return np.array(rows, float).reshape(n, d)
    entries = st.tuples(st.integers(0, n - 1), st.integers(0, d - 1), values)
    for i, j, value in draw(st.lists(entries, max_size=FEW)):
        found[i, j] = value
    return found
