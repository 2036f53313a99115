"""Points of another decision near given ones: the upper ends of brackets.

Along rays the first change of decision is bisected, and from there the constraint is
linearised again and again in a box of trust around the best point so far.
"""

from dataclasses import dataclass

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, NDArray
from geomadv.perturbations._forms import Expansion, values
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import Margins


@dataclass
class Search:
    """The search for points of another decision than c."""

    form: Expansion
    kernel: Kernel
    c: int
    margins: Margins
    lower: NDArray
    upper: NDArray
    p: float

    def flips(self, Y: Float[NDArray, "n d"]) -> Bool[NDArray, " n"]:
        """Whether decisions differ from c, for another reason than underflow."""
        f, b = values(self.form, Y), self.form.b
        level = f == b  # perhaps since all terms are too small for numbers
        if f.shape[1] == 1:
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
        n, d = X.shape
        starts = self._starts(X)
        count = starts.shape[1]
        own = np.repeat(np.arange(n), count)
        scales = np.concatenate([np.linspace(0.0, 1.0, 25)[1:], [1.5, 2.0, 4.0]])
        steps = self.along(X[own], starts.reshape(-1, d), scales, 12)
        size = np.linalg.norm(steps, self.p, axis=1)
        size = np.where(steps.any(axis=1), size, np.inf).reshape(n, count)
        kept = np.argsort(size, axis=1, kind="stable")[:, :6]
        steps = steps.reshape(n, count, d)[np.arange(n)[:, None], kept]
        own = np.repeat(np.arange(n), kept.shape[1])
        steps = self.refined(X[own], steps.reshape(-1, d))
        return self.shortest(steps, own, np.zeros((n, d)))

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
        ways = centres[near] - Z[:, None]
        if self.form.T is not None:
            ways = ways @ np.linalg.pinv(self.form.T).T
        lengths = np.linalg.norm(ways, axis=2).max(axis=1, initial=0.0)
        far = lengths + self.width()
        slopes = self._slopes(X).reshape(n, -1, d)
        rng = np.random.default_rng(0)
        noise = rng.standard_normal((8, d)) + np.zeros((n, 1, 1))
        turns = np.concatenate(
            [
                -slopes,
                noise,
                np.eye(d)[:8] + np.zeros((n, 1, 1)),
                -np.eye(d)[:8] + np.zeros((n, 1, 1)),
            ],
            axis=1,
        )
        sizes = np.linalg.norm(turns, axis=2, keepdims=True)
        turns = turns / np.where(sizes > 0, sizes, 1.0)
        rays = np.concatenate([ways, turns * far[:, None, None]], axis=1)
        return np.clip(X[:, None] + rays, self.lower, self.upper)

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
        if self.form.T is not None:
            slopes = slopes @ self.form.T
        return f + self.margins.beta, slopes

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
        trust = 0.5 * np.abs(s).max(axis=1)
        scales = np.array([0.5, 0.8, 0.9, 0.97, 0.99, 0.999, 1.0, 1.001, 1.01, 1.1])
        for _ in range(24):
            y = x + s
            G, slopes = self._gradients(y)
            j = G.argmin(axis=1)
            w, value = slopes[np.arange(len(x)), j], G[np.arange(len(x)), j]
            low = np.maximum(y - trust[:, None], self.lower)
            high = np.minimum(y + trust[:, None], self.upper)
            ends = _linear_step(x, w, (w * y).sum(axis=1) - value, low, high, self.p)
            new = self.along(x, ends, scales, 16)
            length = np.linalg.norm(new, self.p, axis=1)
            better = new.any(axis=1) & (length < size)
            s = np.where(better[:, None], new, s)
            gain = np.where(better, length, size) < size * (1 - 1e-3)
            size = np.where(better, length, size)
            trust = np.where(better & gain, trust * 1.5, trust / 3.0)
            if (trust < 1e-9 * size).all():
                break
        steps[rows] = self.along(x, x + s * (1 + 1e-4), np.array([1 - 1e-3, 1.0]), 60)
        lost = ~steps[rows].any(axis=1)
        steps[rows[lost]] = s[lost]
        return steps


def _linear_step(
    X: NDArray, w: NDArray, level: NDArray, lower: NDArray, upper: NDArray, p: float
) -> NDArray:
    """Return the points of boxes nearest to X where <w, y> <= level, or the lowest.

    From the nearest point of the box, coordinates move along -sign w: for p = infinity
    all by as much as a common size lets them, for p = 1 in the order of |w|, otherwise
    to |y - x| = (c |w|)^(q - 1), up to the box in all cases; the size is bisected.
    """
    start = np.clip(X, lower, upper)
    a, sign = np.abs(w), np.sign(w)
    need = (w * start).sum(axis=1) - level
    lowest = np.where(w > 0, lower, np.where(w < 0, upper, start))
    rooms = np.abs(lowest - start)
    if p == 1:
        order = np.argsort(-a, axis=1, kind="stable")
        rows = np.arange(len(X))[:, None]
        gains = (a * rooms)[rows, order]
        before = np.cumsum(gains, axis=1) - gains
        left = np.clip(need[:, None] - before, 0.0, gains)
        moves = np.zeros_like(a)
        slopes = a[rows, order]
        moves[rows, order] = left / np.where(slopes > 0, slopes, 1.0)
        return np.clip(start - sign * moves, lower, upper)
    unit = a / np.where(a.max(axis=1) > 0, a.max(axis=1), 1.0)[:, None]
    power = 0.0 if np.isinf(p) else 1.0 / (p - 1.0)
    shape = np.where(a > 0, unit**power, 0.0)

    def at(t: NDArray) -> NDArray:
        return np.clip(X - sign * shape * t[:, None], lower, upper)

    low = np.zeros(len(X))
    high = np.abs(X - lowest).max(axis=1) / np.where(shape > 0, shape, 1.0).min(axis=1)
    for _ in range(50):
        t = (low + high) / 2.0
        enough = (w * at(t)).sum(axis=1) <= level
        high, low = np.where(enough, t, high), np.where(enough, low, t)
    return at(high)
