r"""Half-spaces between prototypes, and the programs of steps from a point.

With z = T x + t, D_i = |z - z_i|^2 and q_i = T^T z_i, the step delta makes z_j at least
as near as z_i where

    <q_j - q_i, delta> >= (D_j - D_i)/2,

a half-space at the distance ((D_j - D_i)/2)_+ / |q_j - q_i|_q from x, 1/p + 1/q = 1.

**Proofs.** No solver is believed. Of multipliers lambda >= 0 any solver's will do: all
steps satisfy <A^T lambda, delta> >= <b, lambda>, one half-space, and the distance to it
(in the box, if there is one) is a lower bound. A step is an upper bound if it is within
1e-10 of its length, or the rounding of the data, of all its half-spaces. "Exact" says
that the two bounds differ by less than 1e-9 of the distance, or by less than the
rounding of the data: 1e-13 times some |x - z_j|^2 / |z_j - z_i|.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from geomadv._typing import Float, Int, NDArray, Real
from geomadv.perturbations._forms import Prototypes
from geomadv.perturbations._programs import (
    Box,
    Solution,
    halfspace,
    length,
    smallest_step,
)

Program = tuple[NDArray, NDArray]  # A and b
Answer = tuple[NDArray, float, float, bool]

_AGREE = 1e-9  # relative distance of bounds that counts as equal
_ROUNDING = 1e-13  # of squared distances


@dataclass(frozen=True)
class Data:
    """What is the same for all x.

    Parameters
    ----------
    p, q : float
        The norm and the dual one.
    T : (r, d) array or None
    points : (m, r) array
    pulled : (m, d) array
        T^T z_i, up to a common summand.
    place : (m,) array of int
        The first point in the same place.
    lengths : (m,) array
        Squared Euclidean ones of the rows of `pulled`.
    reach : float
        The largest dual norm of these rows.
    """

    p: float
    q: float
    T: Float[NDArray, "r d"] | None
    points: Float[NDArray, "m r"]
    pulled: Float[NDArray, "m d"]
    place: Int[NDArray, " m"]
    lengths: Float[NDArray, " m"]
    reach: float


def data_of(form: Prototypes, p: float) -> tuple[Data, NDArray]:
    """Return the data and the labels.

    With one neighbour all but the first in a place have no say and are left out.
    """
    points = np.asarray(form.points, float) + 0.0  # there is no -0.0
    first: dict[bytes, int] = {}
    place = np.array([first.setdefault(v.tobytes(), i) for i, v in enumerate(points)])
    labels = form.labels
    if form.k == 1 and len(first) < len(points):
        kept = np.unique(place)
        points, labels, place = points[kept], labels[kept], np.arange(len(kept))
    pulled = points if form.T is None else points @ form.T
    pulled = pulled - pulled.mean(axis=0)
    q = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}[p]
    reach = float(length(pulled, q).max())
    lengths = (pulled**2).sum(axis=1)
    return Data(p, q, form.T, points, pulled, place, lengths, reach), labels


@dataclass
class At:
    """A point x, and the programs of steps from it.

    Parameters
    ----------
    data : Data
    squares : (m,) array
        |z - z_i|^2.
    room : (lower, upper) or None
        The box, about x.
    """

    data: Data
    squares: Float[NDArray, " m"]
    room: Box | None
    solved: int = 0

    def halfspaces(self, other: NDArray, rows: NDArray, near: NDArray) -> NDArray:
        """Return lower bounds of the distances to the half-spaces of j and i.

        Those of all j of `other`, a row for each, and all i of `near`. Lengths from
        the products of a matrix are made longer by their rounding.
        """
        rises = (self.squares[other][:, None] - self.squares[near]) / 2.0
        near_rows, lengths = self.data.pulled[near], self.data.lengths
        if self.data.p == 2:
            squared = lengths[other][:, None] + lengths[near]
            sizes = np.maximum(squared - 2.0 * (rows @ near_rows.T), 0.0)
            sizes = np.sqrt(sizes + 1e-14 * squared)
        else:
            metric = "chebyshev" if self.data.p == 1 else "cityblock"
            sizes = cdist(rows, near_rows, metric)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rises > 0.0, rises / sizes, 0.0)

    def rows(self, j: Any, i: NDArray) -> tuple[NDArray, NDArray]:
        """Return A and b of the constraints A delta >= b."""
        b = (self.squares[j] - self.squares[i]) / 2.0
        return self.data.pulled[j] - self.data.pulled[i], b

    def heights(self, steps: NDArray) -> NDArray:
        """Return half of |z + T delta - z_i|^2 - |T delta|^2, a row for each step."""
        return self.squares / 2.0 - steps @ self.data.pulled.T

    def slack(self, j: Any, steps: NDArray) -> Real:
        """Return the rounding of heights."""
        return _ROUNDING * (
            self.squares[j] + self.data.reach * length(steps, self.data.p)
        )

    def solve(self, A: NDArray, b: NDArray) -> tuple[float, NDArray, NDArray]:
        """Return what `smallest_step` does."""
        self.solved += 1
        return smallest_step(A, b, self.data.p, self.room)

    def polished(
        self, A: NDArray, b: NDArray, step: NDArray, multipliers: NDArray
    ) -> tuple[float, NDArray]:
        """Return a bound and the step on the planes of all positive multipliers."""
        active = multipliers > 1e-9 * multipliers.max(initial=0.0)
        if self.data.p != 2 or not active.any():
            return 0.0, step
        free = np.ones(step.size, bool)
        if self.room is not None:
            free = (step > self.room[0]) & (step < self.room[1])
        planes = A[active]
        inside = planes[:, free]
        rest = b[active] - planes[:, ~free] @ step[~free]
        part = np.linalg.lstsq(inside, rest)[0]
        weights = np.linalg.lstsq(inside.T, part)[0]
        better = step.copy()
        better[free] = part
        if self.room is not None:
            better = np.clip(better, *self.room)
        bound = halfspace(
            planes, b[active], np.maximum(weights, 0.0), self.data.p, self.room
        )
        return bound, better

    def violation(self, j: int, own: NDArray, heights: NDArray, step: NDArray) -> float:
        """Return how far beyond rounding a step is from the worst half-space of j.

        `heights` are those of `own`. Where they leave no doubt of a constraint it
        holds; others are computed by definition.
        """
        moved = step if self.data.T is None else self.data.T @ step
        slack = float(self.slack(j, step))
        level = self.squares[j] / 2.0 - float(self.data.pulled[j] @ step)
        doubtful = own[heights < level + 10.0 * slack]
        A, b = self.rows(j, doubtful)
        lacks = b - slack - (self.data.points[j] - self.data.points[doubtful]) @ moved
        sizes = np.asarray(length(A, self.data.q))
        with np.errstate(divide="ignore"):
            return float((lacks[lacks > 0.0] / sizes[lacks > 0.0]).max(initial=0.0))


@dataclass
class Best:
    """The shortest step so far, and the least bound among programs that are done."""

    step: NDArray
    size: float = np.inf
    floor: float = np.inf
    rounding: float = 0.0

    def answer(self) -> Answer:
        floor = min(self.floor, self.size)
        if np.isinf(floor) or (
            np.isfinite(self.size)
            and self.size - floor <= _AGREE * self.size + self.rounding
        ):
            return self.step, self.size, self.size, True
        return self.step, self.size, floor, False

    def finish(
        self,
        at: At,
        program: Program,
        solution: Solution,
        bound: float,
        chosen: list[int],
        violation: Callable[[NDArray], float],
    ) -> None:
        """Take the solution of a program, polished, if there is no violation."""
        A, b = program
        step, multipliers = solution
        certified, better = at.polished(A, b, step, multipliers)
        for candidate in (better, step):
            size = float(length(candidate, at.data.p))
            if violation(candidate) <= _AGREE / 10.0 * size:
                self.floor = min(self.floor, max(bound, certified))
                if size < self.size:
                    self.step, self.size = candidate, size
                    sizes = length(A[multipliers > 0.0], at.data.q)
                    slack = at.slack(np.array(chosen), candidate).max()
                    self.rounding = float(slack / sizes.min(initial=np.inf))
                return
        self.floor = min(self.floor, bound)
