"""Classifiers: linear, quadratic, kernel expansions and nearest neighbours."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from geomadv._validate import integer
from geomadv.classifiers import (
    KernelExpansion,
    LinearClassifier,
    QuadraticClassifier,
)
from geomadv.testing.strategies._data import data_sets
from geomadv.testing.strategies._vectors import rotations, vectors

_OFFSETS = st.sampled_from([0.0, 1.0, -1.0, 0.5])


@st.composite
def linear_classifiers(draw: Any, d: int, *, classes: int = 2) -> LinearClassifier:
    """Return a strategy of linear classifiers of R^d.

    Parameters
    ----------
    d : int
        The dimension.
    classes : int
        How many classes, at least 2.

    Returns
    -------
    SearchStrategy of LinearClassifier
        No weight vector is 0; it shrinks to the sign of the first coordinate.
    """
    classes = integer("classes", classes, minimum=2)
    if classes == 2:
        w = draw(vectors(d, nonzero=True))
        return LinearClassifier.from_parameters(w, draw(_OFFSETS))
    weights = np.stack([draw(vectors(d, nonzero=True)) for _ in range(classes)])
    return LinearClassifier.from_parameters(
        weights, [draw(_OFFSETS) for _ in range(classes)]
    )


@st.composite
def quadratic_classifiers(draw: Any, d: int) -> QuadraticClassifier:
    """Return a strategy of quadratic classifiers f = x'Ax + 2b'x + c of R^d.

    Parameters
    ----------
    d : int
        The dimension.

    Returns
    -------
    SearchStrategy of QuadraticClassifier
        A is definite, indefinite, singular or 0; it shrinks to the sign of |x|^2 - 1.
    """
    d = integer("d", d, minimum=1)
    kind = draw(st.sampled_from(["definite", "indefinite", "singular", "zero"]))
    s = np.ones(d)
    if kind == "indefinite":
        s[: d // 2] = -1.0
    elif kind == "singular":
        s[: (d + 1) // 2] = 0.0
    elif kind == "zero":
        s[:] = 0.0
    Q = draw(rotations(d))
    A = (Q * s) @ Q.T
    b = draw(vectors(d, nonzero=kind == "zero"))
    c = draw(st.sampled_from([-1.0, 0.0, 1.0]))
    return QuadraticClassifier.from_parameters((A + A.T) / 2, b, c)


@st.composite
def kernel_classifiers(draw: Any, d: int) -> KernelExpansion:
    """Return a strategy of kernel expansions in R^d.

    Parameters
    ----------
    d : int
        The dimension.

    Returns
    -------
    SearchStrategy of KernelExpansion
        With up to six centres, some of which may be equal; it shrinks to two on a
        lattice with a Gaussian kernel.
    """
    data = draw(data_sets(d, n=draw(st.integers(2, 6))))
    kernel = draw(st.sampled_from(["gaussian", "laplacian"]))
    gamma = draw(st.sampled_from([1.0, 0.1, 10.0]))
    sizes = np.array([draw(st.sampled_from([1.0, 2.0, 0.5])) for _ in data.y])
    return KernelExpansion.from_parameters(
        data.X, data.y * sizes, kernel=kernel, gamma=gamma, b=draw(_OFFSETS)
    )


@st.composite
def nearest_neighbours(draw: Any, d: int) -> Any:
    """Return a strategy of fitted nearest-neighbour classifiers in R^d.

    Parameters
    ----------
    d : int
        The dimension.

    Returns
    -------
    SearchStrategy of sklearn.neighbors.KNeighborsClassifier
        With one or three neighbours, fitted on a data set of `data_sets`; it shrinks to
        one neighbour of two points.
    """
    from sklearn.neighbors import KNeighborsClassifier

    data = draw(data_sets(d))
    sizes = [1, 3] if len(data.y) >= 3 else [1]
    k = draw(st.sampled_from(sizes))
    return KNeighborsClassifier(n_neighbors=k).fit(data.X, data.y)


def classifiers(d: int) -> st.SearchStrategy[Any]:
    """Return a strategy of classifiers of R^d for two classes, of every family.

    Parameters
    ----------
    d : int
        The dimension.

    Returns
    -------
    SearchStrategy of classifier
        It shrinks to a linear one.

    Raises
    ------
    ValueError
        If d is below 1.
    """
    d = integer("d", d, minimum=1)
    return st.one_of(
        linear_classifiers(d),
        quadratic_classifiers(d),
        kernel_classifiers(d),
        nearest_neighbours(d),
    )
