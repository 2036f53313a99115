r"""Functions that are >= 0 where the decision of a kernel expansion stays.

**Votes.** Where pairs of K classes vote, each pair has a function for either side. The
class j takes the decision from c where v_j >= v_c, or v_j > v_c if c comes first. At
worst j has no vote and c has K - 1, so that j lacks K - 1, or K; of the functions that
turn negative, that of the pair (c, j) gains 2, and one by which c loses or j wins
gains 1. So if each function turns no nearer than at its own distance, the decision
turns no nearer than where for some j those that have turned gain what it lacks; and
where it is known which have turned, so is the decision.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.perturbations._forms import Expansion, Pairs
from geomadv.perturbations._kernels import Kernel, expansion_norm, unit_error

_UP = 1.0 + 1e-12


@dataclass(frozen=True)
class Contest:
    """What one other class lacks, and what it gains by functions that turn.

    Parameters
    ----------
    lack : int
    columns : (k,) array of int
        The functions by which it gains.
    gains : (k,) array of int
    """

    lack: int
    columns: Int[NDArray, " k"]
    gains: Int[NDArray, " k"]

    @property
    def lost(self) -> bool:
        """Whether even all together do not gain enough."""
        return int(self.gains.sum()) < self.lack


@dataclass(frozen=True)
class Margins:
    """Functions G_j(x) = sum_i D_ij k(T x + t, z_i) + beta_j that are >= 0 at points.

    All points with all G_j > 0 have the same decision. Of a vote some are negative.

    Parameters
    ----------
    kernel, centres, D, beta, T, t
        As above.
    terms, offset : int and float
        How many roundings enter T and t, if not one for each coordinate of x, and the
        size of what they cancelled.
    contests : tuple of Contest, or None
        Of a vote, for each other class.
    """

    kernel: Kernel
    centres: Float[NDArray, "m r"]
    D: Float[NDArray, "m J"]
    beta: Float[NDArray, " J"]
    T: Float[NDArray, "r d"] | None
    t: Float[NDArray, " r"]
    terms: int = 0
    offset: float = 0.0
    contests: tuple[Contest, ...] | None = None

    def some(self, kept: Bool[NDArray, " J"]) -> "Margins":
        """Return some of the functions; the others never turn."""
        contests = self.contests
        if contests is not None:
            contests = tuple(
                replace(one, columns=one.columns[mine], gains=one.gains[mine])
                for one, mine in ((one, kept[one.columns]) for one in contests)
            )
            contests = tuple(one for one in contests if not one.lost)
            kept = np.zeros(len(kept), bool)
            for one in contests:
                kept[one.columns] = True
            place = np.cumsum(kept) - 1
            contests = tuple(
                replace(one, columns=place[one.columns]) for one in contests
            )
        D = np.ascontiguousarray(self.D[:, kept])
        return replace(self, D=D, beta=self.beta[kept], contests=contests)

    def change(self, away: Float[NDArray, "n J"]) -> Float[NDArray, " n"]:
        """Return where the decision can change if G_j turns at away_j or farther."""
        if self.contests is None:
            return np.asarray(away.min(axis=1, initial=np.inf))
        found = np.full(len(away), np.inf)
        for one in self.contests:
            if one.lack <= 0:
                return np.zeros(len(away))
            mine = away[:, one.columns]
            order = np.argsort(mine, axis=1, kind="stable")
            enough = (np.cumsum(one.gains[order], axis=1) >= one.lack).argmax(axis=1)
            rows = np.arange(len(away))
            found = np.minimum(found, mine[rows, order[rows, enough]])
        return found

    def changed(self, turned: Bool[NDArray, "n J"]) -> Bool[NDArray, " n"]:
        """Return whether the decision can have changed where these have turned."""
        return np.asarray(self.change(np.where(turned, 0.0, np.inf)) == 0.0)

    @cached_property
    def bend(self) -> Float[NDArray, " J"]:
        """Upper bounds of the second derivatives in any direction, of length 1.

        In the space of a Gaussian kernel the second derivative of f along v is the
        inner product with that of k(y, .), whose squared norm is the fourth derivative
        of exp(-g s^2) at 0: |f''| <= |f| g sqrt(12), however large single terms are.
        """
        if self.kernel.name != "gaussian":
            return np.full(self.D.shape[1], np.inf)
        H = expansion_norm(self.centres, self.D, self.kernel)
        return H * (self.kernel.gamma * math.sqrt(12.0) * _UP)

    def inner(self, X: Float[NDArray, "n d"]) -> NDArray:
        """Return T x + t."""
        return X + self.t if self.T is None else X @ self.T.T + self.t

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J"]:
        """Return all G_j at all points."""
        return self.beta + _dispatch.kernel_expansion(
            self.inner(X), self.centres, self.D, **self.kernel.options
        )

    def norms(self, p: float, d: int) -> tuple[float, float]:
        """Bound |T v|_2/|v|_p and |T v|_1/|v|_p.

        By Hölder's inequality for each row, by |v|_2 <= d^(1/2 - 1/p)_+ |v|_p, and
        exactly by the columns for p = 1.
        """
        q = dual(p)
        two = d ** max(0.5 - 1.0 / p, 0.0)
        one = d ** (1.0 - 1.0 / p)
        if self.T is None:
            return two * _UP, one * _UP
        rows = np.linalg.norm(self.T, q, axis=1)
        widest = np.linalg.norm(self.T, 1, axis=0).max(initial=0.0)
        two = min(self.spread * two, float(np.linalg.norm(rows)))
        if p == 1:
            two = min(two, float(np.linalg.norm(self.T, axis=0).max(initial=0.0)))
        return two * _UP, float(min(rows.sum(), widest * one)) * _UP

    @property
    def spread(self) -> float:
        """An upper bound of |T v|_2/|v|_2."""
        if self.T is None:
            return 1.0
        return float(np.linalg.norm(self.T, 2)) * (1.0 + 1e-10)

    @cached_property
    def units(self) -> Float[NDArray, " d"]:
        """Lengths of steps along each coordinate that are as long after the map."""
        if self.T is None:
            return np.ones(self.centres.shape[1])
        columns = np.linalg.norm(self.T, axis=0)
        least = columns[columns > 0].min(initial=1.0 if not columns.any() else np.inf)
        return 1.0 / np.where(columns > 0, columns, least)

    def reach(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return the lengths of |T||x| + |t|, of which T x + t is off by a part."""
        size = np.abs(X) if self.T is None else np.abs(X) @ np.abs(self.T).T
        return np.linalg.norm(size + np.abs(self.t), axis=1) + self.offset

    def blur(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return lengths that T x + t may be off by, with room to spare."""
        return 1e-14 * (self.terms + X.shape[1] + 64) * self.reach(X)

    @property
    def unit(self) -> float:
        """The relative error of sums; see the module."""
        r = self.centres.shape[1]
        d = self.terms or (r if self.T is None else self.T.shape[1])
        return unit_error(len(self.centres), r, d)


def margins_of(form: Expansion | Pairs, kernel: Kernel, c: int) -> Margins:
    """Return the functions that are >= 0 where the class is c, or of its vote.

    Constant ones are left out: they keep their signs. Each is scaled by a power of two
    to coefficients of about 1.
    """
    if isinstance(form, Pairs):
        vote, form = form, merged(expansion_of(form))
        side, contests = _contests(vote, c)
        first, k = side < len(form.b), side % len(form.b)
        sign = np.where(first, 1.0, -1.0)
        D, beta = sign * form.coefficients[:, k], sign * form.b[k]
        constant = (D == 0).all(axis=0)
        # f = 0 is a vote for the second class
        turned = constant & ((beta < 0) | (first & (beta == 0)))
        contests = tuple(
            replace(one, lack=one.lack - int(one.gains[turned[one.columns]].sum()))
            for one in contests
        )
        return _margins(form, kernel, D, beta, contests)
    form = merged(form)
    A, b = form.coefficients, form.b
    if A.shape[1] == 1:
        D, beta = (A, b) if c == 1 else (-A, -b)
    else:
        others = np.delete(np.arange(A.shape[1]), c)
        D, beta = A[:, c, None] - A[:, others], b[c] - b[others]
    return _margins(form, kernel, D, beta, None)


def _margins(
    form: Expansion,
    kernel: Kernel,
    D: Float[NDArray, "m J"],
    beta: Float[NDArray, " J"],
    contests: tuple[Contest, ...] | None,
) -> Margins:
    """Return functions of ordinary size, without constant ones and unused centres."""
    size = np.frexp(np.maximum(np.abs(D).max(axis=0, initial=0.0), np.abs(beta)))[1]
    D, beta = np.ldexp(D, -size), np.ldexp(beta, -size)
    used = (D != 0).any(axis=1)
    found = Margins(
        kernel,
        np.ascontiguousarray(form.centres[used], float),
        np.ascontiguousarray(D[used], float),
        np.asarray(beta, float),
        form.T,
        form.t,
        contests=contests,
    )
    return found.some((D != 0).any(axis=0))


def merged(form: Expansion) -> Expansion:
    """Return the same functions with one coefficient for equal centres."""
    centres, of = np.unique(form.centres, axis=0, return_inverse=True)
    if len(centres) == len(form.centres):
        return form
    sums = np.zeros((len(centres), form.coefficients.shape[1]))
    np.add.at(sums, of.ravel(), form.coefficients)
    return replace(form, centres=centres, coefficients=sums)


def expansion_of(form: Expansion | Pairs) -> Expansion:
    """Return the functions of a form."""
    if isinstance(form, Expansion):
        return form
    if not isinstance(form.functions, Expansion):
        raise TypeError("the functions of the pairs must be expansions")
    return form.functions


def _contests(form: Pairs, c: int) -> tuple[Int[NDArray, " J"], tuple[Contest, ...]]:
    """Return the sides of pairs that matter, and for each class what it gains by them.

    The side k is that of the first class of the pair k, which turns where f <= 0, and
    P + k that of the second.
    """
    holder = np.concatenate([form.first, form.second])
    winner = np.concatenate([form.second, form.first])
    side = np.flatnonzero(winner != c)
    holder, winner, classes = holder[side], winner[side], int(form.second.max()) + 1
    contests = []
    for j in range(classes):
        if j != c:
            gains = (winner == j).astype(int) + (holder == c)
            columns = np.flatnonzero(gains)
            lack = classes - 1 + int(c < j)
            contests.append(Contest(lack, columns, gains[columns]))
    return side, tuple(contests)


def dual(p: float) -> float:
    """Return q with 1/p + 1/q = 1."""
    return np.inf if p == 1 else 1.0 if np.isinf(p) else p / (p - 1.0)
