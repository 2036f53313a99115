"""Vectors and matrices that shrink to axes and small integers.

A vector is drawn as a kind and its numbers, one by one, so that a failure shrinks to
the simplest. What is random in every coordinate is added to them and drawn after them,
from a seed: a failure that does not need it loses it, and one that does is rounded.
Hypothesis takes what was drawn in fewer choices for simpler, so a seed is drawn in more
choices than what can be read. The same choices are made in every dimension: a failure
in a high one then stays one when its dimension is lowered.
"""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from geomadv._typing import Float, NDArray
from geomadv._validate import integer, real

FEW = 8
_MOST = 40


def generators(readable: int) -> st.SearchStrategy[np.random.Generator]:
    """Return a strategy of generators, less simple than so many readable choices.

    Of more than 40 no more is asked.
    """
    size = min(readable, _MOST) + 6
    seeds = st.lists(st.integers(0, 3), min_size=size, max_size=size)
    return seeds.map(lambda digits: np.random.default_rng(digits))


def noise(draw: Any, *shape: int) -> NDArray:
    """Draw what is random in every coordinate: nothing, integers, or Gaussian numbers.

    The integers are the Gaussian numbers of the same seed, rounded, their signs, ones
    instead of them, or the largest of each row alone: what fails with all of these is
    then tried with those.
    """
    rounded = ["largest", "ones", "signs", "integers"]
    kind = draw(st.sampled_from([*3 * ["none"], *rounded, *3 * ["gaussian"]]))
    if kind == "none":
        return np.zeros(shape)
    found = draw(generators(math.prod(shape))).standard_normal(shape)
    if kind == "largest":
        largest = np.argmax(np.abs(found), axis=-1, keepdims=True)
        size = np.take_along_axis(found, largest, axis=-1)
        found = np.zeros(shape)
        away = np.copysign(np.ceil(np.abs(size)), size)
        np.put_along_axis(found, largest, away, axis=-1)
    if kind == "ones":
        found = np.ones(shape)
    if kind == "signs":
        found = np.sign(found)
    return np.rint(found) if kind == "integers" else found


@st.composite
def _readable(draw: Any, d: int) -> Float[NDArray, " d"]:
    """Return a vector along an axis, or of small integers of which few are not 0."""
    found = np.zeros(d)
    kind = draw(st.sampled_from(["axis", "few", "all"]))
    if kind == "axis":
        size = draw(st.sampled_from([0.0, 1.0, -1.0]))
        found[draw(st.integers(0, d - 1))] = size
    elif kind == "all" and d <= FEW:
        found[:] = draw(st.lists(st.integers(-3, 3), min_size=d, max_size=d))
    else:
        entries = st.tuples(st.integers(0, d - 1), st.integers(-3, 3))
        for i, value in draw(st.lists(entries, max_size=FEW)):
            found[i] = value
    return found


@st.composite
def vectors(draw: Any, d: int, *, nonzero: bool = False) -> Float[NDArray, " d"]:
    """Return a strategy of vectors of R^d.

    Parameters
    ----------
    d : int
        The dimension.
    nonzero : bool
        Whether the zero vector is left out.

    Returns
    -------
    SearchStrategy of (d,) float64 array
        Along an axis or of small integers, of which in more than eight dimensions
        eight at most are not 0, or the sum of such a vector and a Gaussian one or one
        of integers; it shrinks to the first axis, or to 0 where that is allowed.

    Raises
    ------
    ValueError
        If d is below 1.
    """
    d = integer("d", d, minimum=1)
    found = draw(_readable(d)) + noise(draw, d)
    if nonzero and not found.any():
        found[0] = 1.0
    return found


def directions(d: int) -> st.SearchStrategy[Any]:
    """Return a strategy of unit vectors of R^d.

    Parameters
    ----------
    d : int
        The dimension, at least 1.

    Returns
    -------
    SearchStrategy of (d,) float64 array
        It shrinks to the first axis.

    Raises
    ------
    ValueError
        If d is below 1.
    """
    d = integer("d", d, minimum=1)
    return vectors(d, nonzero=True).map(lambda x: x / np.linalg.norm(x))


@st.composite
def rotations(draw: Any, d: int) -> Float[NDArray, "d d"]:
    """Return a strategy of orthogonal matrices.

    Parameters
    ----------
    d : int
        The dimension.

    Returns
    -------
    SearchStrategy of (d, d) float64 array
        The identity, a reflection that exchanges two directions of small integers, or
        uniform; it shrinks to the identity.

    Raises
    ------
    ValueError
        If d is below 1.
    """
    d = integer("d", d, minimum=1)
    kind = draw(st.sampled_from(["identity", "reflection", "uniform"]))
    if kind == "identity":
        return np.eye(d)
    if kind == "reflection":
        v = draw(_readable(d))
        if not v.any():
            v[0] = 1.0
        return np.asarray(np.eye(d) - 2 * np.outer(v, v) / (v @ v))
    Q, R = np.linalg.qr(draw(generators(d + 4)).standard_normal((d, d)))
    return np.asarray(Q * np.where(np.diag(R) < 0, -1.0, 1.0))


@st.composite
def covariances(
    draw: Any, d: int, *, condition: float | None = None
) -> Float[NDArray, "d d"]:
    """Return a strategy of covariances Q diag(s) Q^T of a given condition number.

    Parameters
    ----------
    d : int
        The dimension; in dimension 1 the condition number is 1.
    condition : float, optional
        The largest eigenvalue over the least, at least 1; any of 1, 2, 10, 10^3, 10^6
        if None. The least eigenvalue is 1.

    Returns
    -------
    SearchStrategy of (d, d) float64 array
        Symmetric and positive definite; it shrinks towards the identity.

    Raises
    ------
    ValueError
        If d or the condition number is below 1.

    Notes
    -----
    The eigenvalues are right to a relative error of d times 1e-15 times the condition
    number.
    """
    d = integer("d", d, minimum=1)
    if condition is not None:
        condition = real("condition", condition, lower=1)
    else:
        condition = draw(st.sampled_from([1.0, 2.0, 10.0, 1e3, 1e6]))
    s = np.ones(d)
    if d > 1:
        spectrum = draw(st.sampled_from(["one large", "one small", "even"]))
        if spectrum == "one large":
            s[-1] = condition
        elif spectrum == "one small":
            s[1:] = condition
        else:
            s = condition ** np.linspace(0, 1, d)
    Q = draw(rotations(d))
    found = (Q * s) @ Q.T
    return np.asarray((found + found.T) / 2)
