"""Points of another decision near given ones: the upper ends of brackets.

Along rays the first change of decision is bisected, and from there the constraint is
linearised again and again in a box of trust around the best point so far. Of a vote
that is the function that turns there, and then, since the nearest point may be a corner
of several, all that have to turn.
"""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, NDArray
from geomadv.perturbations._faces import exposed, negative_far_away
from geomadv.perturbations._forms import Expansion, Pairs, ballot, unlost, values
from geomadv.perturbations._half_spaces import nearest_points
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import Margins, expansion_of
from geomadv.perturbations._programs import smallest_step
from geomadv.perturbations._shares import relative

_PAST = 1.0 + 1e-9  # of a step to a boundary: over it
_CORNERED = 16  # linearisations at a corner
_FAR = 8  # points far away to start from, for each function
_HULL = 4  # dimensions up to which convex hulls are taken
_PATTERNS = 12  # sets of functions that turn there


@dataclass
class Search:
    """The search for points of another decision than c."""

    form: Expansion | Pairs
    kernel: Kernel
    c: int
    margins: Margins
    lower: NDArray
    upper: NDArray
    p: float

    def flips(self, Y: Float[NDArray, "n d"]) -> Bool[NDArray, " n"]:
        """Whether decisions differ from c, for another reason than underflow."""
        functions = expansion_of(self.form)
        f, b = values(functions, Y), functions.b
        if not isinstance(self.form, Pairs):
            f = unlost(functions, Y, f)
        level = f == b  # perhaps since all terms are too small for numbers
        if isinstance(self.form, Pairs):
            other = ballot(self.form, f).argmax(axis=1) != self.c
            lost = (level & (b == 0)).any(axis=1)
        elif f.shape[1] == 1:
            other = (f[:, 0] > 0) != (self.c == 1)
            lost = level[:, 0] & (b[0] == 0)
        else:
            first = f.argmax(axis=1)
            other = first != self.c
            lost = level[np.arange(len(Y)), first] & level[:, self.c]
            lost &= b[first] == b[self.c]
        return other if self.kernel.name == "polynomial" else other & ~lost

    def along(
        self, X: NDArray, ends: NDArray, scales: NDArray, halvings: int
    ) -> Float[NDArray, "n d"]:
        """Return steps to the first changes found at x + s (end - x), 0 if none is."""
        n, d = X.shape
        ways = ends - X
        points = X[:, None] + scales[:, None] * ways[:, None]
        points = np.clip(points, self.lower, self.upper).reshape(-1, d)
        flipped = self.flips(points).reshape(n, len(scales))
        some, first = np.asarray(flipped.any(axis=1)), flipped.argmax(axis=1)
        high = scales[first]
        low = np.where(first > 0, scales[first - 1], 0.0)
        for _ in range(halvings):
            middle = (low + high) / 2.0
            other = self.flips(self._at(X, middle, ways))
            high, low = np.where(other, middle, high), np.where(other, low, middle)
        steps = self._at(X, high, ways) - X
        return np.where(some[:, None], steps, 0.0)

    def _at(self, X: NDArray, s: NDArray, ways: NDArray) -> NDArray:
        return np.clip(X + s[:, None] * ways, self.lower, self.upper)

    def nearest(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n d"]:
        """Return the shortest steps found from many starts."""
        steps = self._from(X, self._starts(X))
        lost = ~steps.any(axis=1)
        if lost.any() and len(self._beyond):
            x = X[lost][:, None]
            ways = self._outer(self._beyond - self.margins.inner(X[lost])[:, None])
            steps[lost] = self._from(X[lost], np.clip(x + ways, self.lower, self.upper))
        return steps

    def _from(
        self, X: Float[NDArray, "n d"], starts: Float[NDArray, "n s d"]
    ) -> Float[NDArray, "n d"]:
        """Return the shortest steps found from some starts."""
        (n, d), count = X.shape, starts.shape[1]
        own = np.repeat(np.arange(n), count)
        scales = np.concatenate([np.linspace(0.0, 1.0, 25)[1:], [1.5, 2.0, 4.0]])
        steps = self.along(X[own], starts.reshape(-1, d), scales, 12)
        size = np.linalg.norm(steps, self.p, axis=1)
        size = np.where(steps.any(axis=1), size, np.inf).reshape(n, count)
        kept = np.argsort(size, axis=1, kind="stable")[:, :6]
        steps = steps.reshape(n, count, d)[np.arange(n)[:, None], kept]
        own = np.repeat(np.arange(n), kept.shape[1])
        steps = self.refined(X[own], steps.reshape(-1, d))
        return self.cornered(X, self.shortest(steps, own, np.zeros((n, d))))

    def shortest(self, steps: NDArray, own: NDArray, best: NDArray) -> NDArray:
        """Return the shortest of steps and of the best so far, 0 being no step."""
        best = best.copy()
        size = np.linalg.norm(steps, self.p, axis=1)
        size = np.where(steps.any(axis=1), size, np.inf)
        held = np.linalg.norm(best, self.p, axis=1)
        held = np.where(best.any(axis=1), held, np.inf)
        for i in np.argsort(-size, kind="stable"):
            if size[i] < held[own[i]]:
                best[own[i]] = steps[i]
        return best

    def _starts(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n s d"]:
        """Return ends of rays: down the slopes, to the centres, at random."""
        n, d = X.shape
        Z = self.margins.inner(X)
        centres = self.margins.centres
        count = min(8, len(centres))
        _, near = _dispatch.nearest(Z, centres, count)
        against = np.flatnonzero((self.margins.D < 0).any(axis=1))
        if len(against):
            few = min(8, len(against))
            _, more = _dispatch.nearest(Z, centres[against], few)
            near = np.concatenate([near, against[more]], axis=1)
        ways = np.concatenate([centres[near], self._far + 0.0 * Z[:, None]], axis=1)
        ways = self._outer(ways - Z[:, None])
        # in coordinates in which the map has columns of length 1
        units = self.margins.units
        lengths = np.linalg.norm(ways / units, axis=2)[:, : near.shape[1]]
        far = lengths.max(axis=1, initial=0.0) + self.width() * self.margins.spread
        slopes = self._slopes(X).reshape(n, -1, d)
        rng = np.random.default_rng(0)
        noise = units * rng.standard_normal((8, d)) + np.zeros((n, 1, 1))
        axes = np.diag(units)[:8] + np.zeros((n, 1, 1))
        turns = np.concatenate(
            [-slopes, -slopes * units**2, noise, axes, -axes], axis=1
        )
        sizes = np.linalg.norm(turns / units, axis=2, keepdims=True)
        turns = turns / np.where(sizes > 0, sizes, 1.0)
        rays = np.concatenate([ways, turns * far[:, None, None]], axis=1)
        return np.clip(X[:, None] + rays, self.lower, self.upper)

    def _outer(self, ways: Float[NDArray, "n s r"]) -> Float[NDArray, "n s d"]:
        """Return the shortest steps of x that are steps of z."""
        T = self.margins.T
        return ways if T is None else ways @ np.linalg.pinv(T).T

    def width(self) -> float:
        """Return a length over which a kernel changes, in the space of x."""
        scale = self.margins.spread or 1.0
        g = abs(self.kernel.gamma) or 1.0
        if self.kernel.name == "gaussian":
            return 6.0 / np.sqrt(g) / scale
        if self.kernel.name == "polynomial":
            size = float(np.abs(self.margins.centres).max(initial=0.0)) or 1.0
            return 4.0 * (abs(self.kernel.coef0) + 1.0) / (g * size) / scale
        return 30.0 / g / scale

    def _slopes(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J d"]:
        _, slopes = self._gradients(X)
        return slopes

    def _gradients(self, X: NDArray) -> tuple[NDArray, NDArray]:
        f, slopes = _dispatch.kernel_expansion_gradient(
            self.margins.inner(X),
            self.margins.centres,
            self.margins.D,
            **self.kernel.options,
        )
        f = f + self.margins.beta
        for j in self._level():
            f[:, j], slopes[:, j] = relative(self.margins, self.margins.inner(X), j)
        if self.margins.T is not None:
            slopes = slopes @ self.margins.T
        return f, slopes

    def _level(self) -> list[int]:
        """Return the functions without an offset, which are best seen as shares."""
        if self.kernel.name == "polynomial":
            return []
        return [int(j) for j in np.flatnonzero(self.margins.beta == 0)]

    @cached_property
    def _far(self) -> Float[NDArray, "k r"]:
        """Points far from the centres where functions without an offset are negative.

        Along directions at random, and for Gaussian terms from each negative centre on
        the surface of the centres' hull along the mean of the normals there: of a sum
        of exponentials that at a vertex has the last word in its normal cone.
        """
        margins, found = self.margins, []
        centres, r = margins.centres, margins.centres.shape[1]
        rng = np.random.default_rng(1)
        lengths = self.width() * (margins.spread or 1.0) * 2.0 ** np.arange(-3, 28)
        for j in self._level():
            ways = rng.standard_normal((64, r))
            feet = np.zeros((64, r)) + centres.mean(axis=0)
            if self.kernel.name == "gaussian" and r <= _HULL:
                ends, normals = exposed(centres, margins.D[:, j])
                feet = np.concatenate([ends, feet])
                ways = np.concatenate([normals, ways])
            ways /= np.linalg.norm(ways, axis=1, keepdims=True)
            points = feet[:, None] + lengths[:, None] * ways[:, None]
            value, _ = relative(margins, points.reshape(-1, r), j)
            turned = (value < 0).reshape(points.shape[:2])
            first = turned.argmax(axis=1)
            rows = np.flatnonzero(turned.any(axis=1))
            rows = rows[np.argsort(first[rows], kind="stable")[:_FAR]]
            found.append(points[rows, first[rows]])
        return np.concatenate([np.zeros((0, r)), *found])

    @cached_property
    def _beyond(self) -> Float[NDArray, "k r"]:
        """Points still farther, of Gaussian terms that are outweighed on a face."""
        margins, g = self.margins, self.kernel.gamma
        centres, columns = margins.centres, self._level()
        if self.kernel.name != "gaussian" or centres.shape[1] > _HULL:
            columns = []
        middle = centres.mean(axis=0)
        return np.concatenate(
            [np.zeros((0, len(middle)))]
            + [negative_far_away(centres, middle, margins.D[:, j], g) for j in columns]
        )

    def refined(
        self, X: Float[NDArray, "n d"], steps: Float[NDArray, "n d"]
    ) -> Float[NDArray, "n d"]:
        """Return shorter steps by linear constraints in boxes of trust."""
        done = ~steps.any(axis=1)
        steps = steps.copy()
        rows = np.flatnonzero(~done)
        if len(rows) == 0:
            return steps
        x, s = X[rows], steps[rows]
        size = np.linalg.norm(s, self.p, axis=1)
        units = self.margins.units
        trust, enough = _trust(s, units)
        scales = np.array([0.5, 0.8, 0.9, 0.97, 0.99, 0.999, 1.0, 1.001, 1.01, 1.1])
        for _ in range(24):
            y = x + s
            G, slopes = self._gradients(y)
            j = self._turning(G, slopes)
            w, value = slopes[np.arange(len(x)), j], G[np.arange(len(x)), j]
            low = np.maximum(y - trust[:, None] * units, self.lower)
            high = np.minimum(y + trust[:, None] * units, self.upper)
            height = value + (w * (np.clip(x, low, high) - y)).sum(axis=1)
            ends, _, _ = nearest_points(x, w, height, low, high, self.p)
            new = self.along(x, ends, scales, 16)
            length = np.linalg.norm(new, self.p, axis=1)
            better = new.any(axis=1) & (length < size)
            s = np.where(better[:, None], new, s)
            gain = np.where(better, length, size) < size * (1 - 1e-3)
            size = np.where(better, length, size)
            trust = np.where(better & gain, trust * 1.5, trust / 3.0)
            if (trust < 1e-9 * enough).all():
                break
        steps[rows] = self.along(x, x + s * (1 + 1e-4), np.array([1 - 1e-3, 1.0]), 60)
        lost = ~steps[rows].any(axis=1)
        steps[rows[lost]] = s[lost]
        return steps

    def cornered(
        self, X: Float[NDArray, "n d"], steps: Float[NDArray, "n d"]
    ) -> Float[NDArray, "n d"]:
        """Return shorter steps of a vote, to where several functions turn together."""
        if self.margins.contests is None or self.p not in (1, 2, np.inf):
            return steps
        steps = steps.copy()
        for i in np.flatnonzero(steps.any(axis=1)):
            steps[i] = self._cornered(X[i], steps[i])
        return steps

    def _turning(self, G: NDArray, slopes: NDArray) -> NDArray:
        """Return the function to linearise: the least, or of a vote that nearest 0."""
        if self.margins.contests is None:
            return G.argmin(axis=1)
        steep = np.linalg.norm(slopes, axis=2)
        return (np.abs(G) / np.where(steep > 0, steep, 1e-300)).argmin(axis=1)

    def _cornered(self, x: Float[NDArray, " d"], step: NDArray) -> NDArray:
        """Return a shorter step to where enough functions have turned together."""
        p, scales = self.p, np.array([0.9, 0.99, 0.999, 1 - 1e-5, 1.0, 1.0001, 1.01])
        size, units = np.linalg.norm(step, p), self.margins.units
        trust, enough = (float(found[0]) for found in _trust(step[None], units))
        for _ in range(_CORNERED):
            y = x + step * _PAST
            G, slopes = (found[0] for found in self._gradients(y[None]))
            # x moves by delta: G + <slope, x + delta - y> <= 0
            A, b = -slopes, G + slopes @ (x - y)
            room = (
                np.maximum(y - trust * units, self.lower) - x,
                np.minimum(y + trust * units, self.upper) - x,
            )
            ends = []
            for columns in _enough(self.margins, G, b):
                _, end, _ = smallest_step(A[columns], b[columns], p, room)
                if 0.0 < np.linalg.norm(end, p) < size * (1 - 1e-6):
                    ends.append(x + end)
            if not ends or trust < 1e-7 * enough:
                break
            X = np.repeat(x[None], len(ends), axis=0)
            found = self.along(X, np.array(ends), scales, 30)
            new = self.shortest(found, np.zeros(len(ends), int), step[None])[0]
            length = np.linalg.norm(new, p)
            trust *= 1.0 if length < size * (1 - 1e-5) else 0.1
            if length < size:
                step, size = new, length
        return step


def _trust(steps: NDArray, units: NDArray) -> tuple[NDArray, NDArray]:
    """Return half of the largest coordinate in its unit, and what that is half of."""
    most = np.abs(steps / units).max(axis=1)
    return 0.5 * most, most


def _enough(margins: Margins, G: NDArray, heights: NDArray) -> list[list[int]]:
    """Return least sets of functions whose turning changes the decision.

    Of those that have turned at a point with the values G; the first are those that
    turn within the least of `heights`.
    """
    found: list[tuple[float, list[int]]] = []
    for one in margins.contests or ():
        turned = G[one.columns] <= 0
        columns, gains = one.columns[turned], one.gains[turned]
        spare = int(gains.sum()) - one.lack
        if spare < 0:
            continue
        for count in range(spare + 1):
            for out in itertools.combinations(range(len(columns)), count):
                left = spare - int(gains[list(out)].sum())
                kept = np.delete(np.arange(len(columns)), list(out))
                if left >= 0 and not (gains[kept] <= left).any():
                    worst = float(heights[columns[kept]].max(initial=0.0))
                    found.append((worst, columns[kept].tolist()))
    return [columns for _, columns in sorted(found)[:_PATTERNS]]
