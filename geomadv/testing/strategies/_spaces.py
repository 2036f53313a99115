"""Spaces, points on them, and error sets of a given mass."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st

from geomadv._typing import Bool, Float, NDArray
from geomadv._validate import integer, real
from geomadv.spaces import Cube, Gaussian, HammingCube, Sphere
from geomadv.testing.strategies._numbers import dimensions
from geomadv.testing.strategies._vectors import FEW, directions, generators

Space = Sphere | Gaussian | Cube | HammingCube


def spaces(
    d: st.SearchStrategy[int] | None = None,
) -> st.SearchStrategy[Space]:
    """Return a strategy of metric measure spaces.

    Parameters
    ----------
    d : SearchStrategy of int, optional
        Of the dimension; `dimensions` if None. A sphere has at least 2.

    Returns
    -------
    SearchStrategy of Sphere, Gaussian, Cube or HammingCube
        It shrinks to a sphere of the least dimension.

    Raises
    ------
    TypeError
        If d is no strategy.
    """
    d = dimensions() if d is None else d
    if not isinstance(d, st.SearchStrategy):
        raise TypeError(f"d must be a strategy such as `dimensions()`, got {d!r}")
    return st.one_of(
        d.map(lambda size: Sphere(max(2, size))),
        d.map(Gaussian),
        d.map(Cube),
        d.map(HammingCube),
    )


@st.composite
def points_on(draw: Any, space: Space, *, n: int | None = None) -> NDArray:
    """Return a strategy of points of a space, degenerate ones included.

    Parameters
    ----------
    space : Sphere, Gaussian, Cube or HammingCube
        Where the points lie; of moderate dimension.
    n : int, optional
        How many; from 1 to 8 if None.

    Returns
    -------
    SearchStrategy of (n, d) array
        On axes, antipodes, corners, on a lattice, all equal, or drawn from the law of
        the space, where what fails is tried with the nearest axes, corners or integers;
        it shrinks to one point on the first axis.

    Raises
    ------
    TypeError, ValueError
        If it is no such space, or n below 1.
    """
    if not isinstance(space, Space):
        raise TypeError(
            f"space must be a Sphere, Gaussian, Cube or HammingCube, got {space!r}"
        )
    count = draw(st.integers(1, 8)) if n is None else integer("n", n, minimum=1)
    kind = draw(st.sampled_from(["simple", "equal", "rounded", *2 * ["random"]]))
    if kind in ("rounded", "random"):
        rng = draw(generators(count * (min(space.d, FEW) + 4)))
        X = np.asarray(space.sample(count, rng))
        return X if kind == "random" else _rounded(space, X)
    rows = 1 if kind == "equal" else count
    found = np.stack([draw(_point(space)) for _ in range(rows)])
    return np.repeat(found, count, axis=0) if kind == "equal" else found


def _rounded(space: Space, X: NDArray) -> NDArray:
    """Return the nearest axes, corners or integers."""
    if not isinstance(space, Sphere):
        return np.rint(X).astype(X.dtype)
    largest = np.argmax(np.abs(X), axis=1)[:, None]
    found = np.zeros_like(X)
    sign = np.sign(np.take_along_axis(X, largest, axis=1))
    np.put_along_axis(found, largest, sign, axis=1)
    return found


@st.composite
def _point(draw: Any, space: Space) -> NDArray:
    d = space.d
    if isinstance(space, Sphere):
        return draw(directions(d))
    if isinstance(space, HammingCube):
        like = space.sample(1, np.random.default_rng(0))
        return np.asarray(_coordinates(draw, d, [0, 1]), dtype=like.dtype)
    if isinstance(space, Cube):
        return _coordinates(draw, d, [0.0, 0.5, 1.0, 0.25])
    return _coordinates(draw, d, [0.0, 1.0, -1.0, 3.0])


def _coordinates(draw: Any, d: int, values: list[Any]) -> NDArray:
    if d <= FEW:
        chosen = draw(st.lists(st.sampled_from(values), min_size=d, max_size=d))
        return np.array(chosen, dtype=float)
    return draw(generators(d)).choice(np.array(values, float), d)


@dataclass(frozen=True, eq=False)
class ErrorSet:
    """A set of errors of a given mass on a sphere or under a Gaussian law.

    Parameters
    ----------
    space : Sphere or Gaussian
        A Gaussian law is the standard one.
    kind : {"cap", "two caps", "band"}
        What lies beyond a height in a direction (a half-space under a Gaussian law),
        the same on either side with half of the mass each, or what lies between.
    direction : (d,) array
        A unit vector.
    height : float
        Where the set begins.
    mass : float
        Its measure.
    """

    space: Sphere | Gaussian
    kind: Literal["cap", "two caps", "band"]
    direction: Any
    height: float
    mass: float

    def contains(self, X: Float[NDArray, "n d"]) -> Bool[NDArray, " n"]:
        """Return which points are errors.

        Parameters
        ----------
        X : (n, d) array
            Points of the space.

        Returns
        -------
        (n,) bool array
        """
        t = X @ self.direction
        if self.kind == "cap":
            return np.asarray(t >= self.height)
        if self.kind == "two caps":
            return np.asarray(np.abs(t) >= self.height)
        return np.asarray(np.abs(t) <= self.height)

    def distance(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return the Euclidean distance of points to the set.

        Parameters
        ----------
        X : (n, d) array
            Points of the space.

        Returns
        -------
        (n,) array
            Along the sphere's chords, or in the direction.
        """
        t = X @ self.direction
        if self.kind == "two caps":
            t = np.abs(t)
        gap = self.height - t if self.kind != "band" else np.abs(t) - self.height
        if isinstance(self.space, Gaussian):
            return np.asarray(np.maximum(gap, 0.0))
        angle = np.arccos(np.clip(t, -1, 1))
        edge = math.acos(min(1.0, max(-1.0, self.height)))
        if self.kind == "band":
            beyond = np.maximum(edge - np.minimum(angle, math.pi - angle), 0.0)
        else:
            beyond = np.maximum(angle - edge, 0.0)
        return np.asarray(2 * np.sin(beyond / 2))


@st.composite
def error_sets(draw: Any, space: Sphere | Gaussian, *, mass: float) -> ErrorSet:
    """Return a strategy of error sets of a given mass.

    Parameters
    ----------
    space : Sphere or Gaussian
        A Gaussian law is taken to be standard.
    mass : float
        The measure, in (0, 1/2].

    Returns
    -------
    SearchStrategy of ErrorSet
        It shrinks to a cap, or a half-space, in the direction of the first axis.

    Raises
    ------
    ValueError
        If the mass is out of range.
    """
    mass = real("mass", mass, lower=0, upper=0.5, open_lower=True)
    kinds: list[Literal["cap", "two caps", "band"]] = ["cap", "two caps", "band"]
    kind = draw(st.sampled_from(kinds))
    share = {"cap": mass, "two caps": mass / 2, "band": (1 - mass) / 2}[kind]
    if isinstance(space, Sphere):
        height = float(space.cap_height(share))
    else:
        from scipy.special import ndtri

        height = float(-ndtri(share))
    return ErrorSet(space, kind, draw(directions(space.d)), height, mass)
