r"""Brackets of distances for Fourier features, closed by branch and bound over boxes.

The boxes cover all points nearer than the best step. In a box |y - c| <= h about c,
with g = sum_j r_j cos(<u_j, y> - t_j) + b the difference of two functions,

    g(y) >= g(c) - <s, h>,                          s = sum_j r_j |u_j|,
    g(y) >= g(c) + <grad g(c), y - c> - M |h|^2/2,  M = |U^T diag(r) U|_2,

so that a box is dropped where g > 0 for all other functions by the first line, and
otherwise its points of another decision are no nearer than those where the second one
is at most 0, a half-space in a box (`_half_spaces`). The boxes whose bounds are least
are cut in two until the least one is within `GAP` of the step, which is shortened
wherever the centre of a box has another decision, or the budget is used up.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.perturbations._boxes import GAP
from geomadv.perturbations._forms import Waves, decisions
from geomadv.perturbations._half_spaces import nearest_points

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
Shorten = Callable[[NDArray, NDArray], NDArray]

DEEPEST = 8  # dimensions up to which boxes are cut
_TOGETHER = 512  # boxes cut at a time
_DOWN, _UP = 1.0 - 1e-12, 1.0 + 1e-12


def differences(form: Waves) -> tuple[NDArray, NDArray, NDArray]:
    """Return a, c and b of a function for each class, also of two classes."""
    if len(form.b) > 1:
        return form.a, form.c, form.b
    a, c, b = (np.concatenate([-part, part]) / 2.0 for part in (form.a, form.c, form.b))
    return a, c, b


def blur_of(form: Waves, X: Float[NDArray, "n d"]) -> Float[NDArray, "n m"]:
    """Return by how much phases may be off."""
    blur = np.abs(X) @ form.sizes.T + form.reach
    return np.asarray(blur * (form.terms + X.shape[1] + 8) * 2.0**-52)


@dataclass(frozen=True)
class _Rivals:
    """The differences of the function of a class and all others, at any points."""

    U: Float[NDArray, "m d"]
    s: Float[NDArray, " m"]
    A: Float[NDArray, "k m"]
    C: Float[NDArray, "k m"]
    level: Float[NDArray, " k"]
    fall: Float[NDArray, "k d"]
    bend: Float[NDArray, " k"]
    error: Float[NDArray, " k"]
    tilt: Float[NDArray, "k d"]

    @classmethod
    def of(cls, form: Waves, own: int, reach: Float[NDArray, " d"]) -> "_Rivals":
        """Return them, with the errors of values and slopes within a reach of 0."""
        a, c, b = differences(form)
        others = np.arange(len(b)) != own
        A, C, level = a[own] - a[others], c[own] - c[others], b[own] - b[others]
        r = np.hypot(A, C)
        bend = [np.linalg.norm(form.U.T @ (row[:, None] * form.U), 2) for row in r]
        size = r.sum(axis=1) + abs(b[own]) + np.abs(b[others])
        blur = r * blur_of(form, reach[None])
        error, tilt = blur.sum(axis=1), blur @ np.abs(form.U)
        error += (len(form.U) + 8) * 2.0**-50 * size
        fall = r @ np.abs(form.U) * _UP
        tilt += (len(form.U) + 8) * 2.0**-50 * fall
        bends = np.array(bend) * _UP
        return cls(form.U, form.s, A, C, level, fall, bends, error, tilt)

    def bounds(
        self,
        x: Float[NDArray, " d"],
        low: Float[NDArray, "n d"],
        high: Float[NDArray, "n d"],
        p: float,
    ) -> Float[NDArray, " n"]:
        """Return lower bounds of the distances from x within boxes."""
        centre = (low + high) / 2.0
        half = (high - low) / 2.0 * _UP + 1e-15 * np.abs(centre)
        phases = centre @ self.U.T + self.s
        cosines, sines = np.cos(phases), np.sin(phases)
        g = cosines @ self.A.T + sines @ self.C.T + self.level - self.error
        slopes = cosines[:, None] * self.C - sines[:, None] * self.A
        slope = slopes @ self.U  # (boxes, rivals, d)
        square = (half * half).sum(axis=1)[:, None]
        start = np.clip(x, low, high) - centre
        rise = (slope * start[:, None]).sum(axis=2)
        size = np.abs(g) + np.abs(slope * start[:, None]).sum(axis=2)
        height = g + rise - self.bend * square / 2.0 - half @ self.tilt.T
        height -= 1e-13 * size
        wide = np.broadcast_to(low[:, None], slope.shape)
        nearest, _, there = nearest_points(
            np.broadcast_to(x, slope.shape),
            slope,
            height,
            wide,
            np.broadcast_to(high[:, None], slope.shape),
            p,
        )
        away = np.linalg.norm(nearest - x, p, axis=2) * _DOWN
        sure = (g > half @ self.fall.T) | ~there
        return np.asarray(np.where(sure, np.inf, away).min(axis=1))


def branch(
    form: Waves,
    x: Float[NDArray, " d"],
    step: Float[NDArray, " d"],
    lower: float,
    p: float,
    box: Box,
    budget: int,
    shorten: Shorten,
) -> tuple[float, Float[NDArray, " d"]]:
    """Return a lower bound of the distance, and a step, perhaps shorter.

    Parameters
    ----------
    form : Waves
    x : (d,) array
        A point.
    step : (d,) array
        A step to another decision; 0 if none is known, and then the box is finite.
    lower : float
        A lower bound.
    p : float
    box : (lower, upper)
        Arrays of shape (d,), perhaps infinite.
    budget : int
        How many boxes may be bounded.
    shorten : callable
        ``shorten(X, steps)`` returns steps to another decision, no longer.
    """
    best = float(np.linalg.norm(step, p)) if step.any() else np.inf
    own = int(decisions(form, x[None])[0])
    slack = best + 1e-15 * (np.abs(x) + best)
    low = np.maximum(x - slack, box[0])[None]
    high = np.minimum(x + slack, box[1])[None]
    rivals = _Rivals.of(form, own, np.maximum(np.abs(low), np.abs(high))[0])
    bound, spent = np.array([lower]), 0
    aside = np.inf
    while len(bound):
        far = bound >= best * (1.0 - GAP)
        aside = min(aside, float(bound[far].min(initial=np.inf)))
        low, high, bound = low[~far], high[~far], bound[~far]
        if not len(bound) or spent >= budget:
            break
        order = np.argsort(bound, kind="stable")
        first, rest = order[:_TOGETHER], order[_TOGETHER:]
        sides = high[first] - low[first]
        axis, rows = sides.argmax(axis=1), np.arange(len(first))
        middle = (low[first, axis] + high[first, axis]) / 2.0
        left, right = high[first].copy(), low[first].copy()
        left[rows, axis] = right[rows, axis] = middle
        lows = np.concatenate([low[first], right])
        highs = np.concatenate([left, high[first]])
        spent += len(lows)
        found = np.maximum(rivals.bounds(x, lows, highs, p), np.tile(bound[first], 2))
        centre = (lows + highs) / 2.0
        away = np.linalg.norm(centre - x, p, axis=1)
        away[decisions(form, centre) == own] = np.inf
        if away.min() < best:
            trial = shorten(x[None], (centre[away.argmin()] - x)[None])[0]
            size = float(np.linalg.norm(trial, p))
            if trial.any() and size < best:
                best, step = size, trial
        kept = found < best
        low = np.concatenate([low[rest], lows[kept]])
        high = np.concatenate([high[rest], highs[kept]])
        bound = np.concatenate([bound[rest], found[kept]])
    least = min(aside, float(bound.min(initial=np.inf)), best)
    return max(lower, least), step
