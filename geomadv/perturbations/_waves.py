r"""Brackets of the distances to the boundary for linear functions of Fourier features.

The difference of two functions is g(x) = sum_j r_j cos(<u_j, x> - t_j) + b, r_j >= 0.

**From below.** With 1/p + 1/q = 1 and |v|_2 <= k |v|_p, a step of l_p length s changes
g by at most L s, L = min(k |U|_2 |r|_2, sum_j r_j |u_j|_q), and by at most
|grad g(x)|_q s + M k^2 s^2/2, M = |U^T diag(r) U|_2: the greater radius counts. Where
b > sum_j r_j there is no zero. Phases are off by at most some roundings of
sum_i |u_ji x_i| + |s_j|, and g by r_j times that.

In up to `_wave_boxes.DEEPEST` dimensions branch and bound over boxes then closes the
bracket within its budget.

**From above.** Along rays the first change of decision that is seen is bisected, then
the function is linearised there again and again: the step is the nearest point of the
half-space, in the box and in a box of trust.
"""

import itertools

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.perturbations._expansion import _result
from geomadv.perturbations._forms import Waves, decisions, values
from geomadv.perturbations._half_spaces import nearest_points
from geomadv.perturbations._result import Perturbation
from geomadv.perturbations._wave_boxes import DEEPEST, blur_of, branch, differences

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
_DOWN = 1.0 - 1e-9
_RAYS = 24
_KEPT = 4  # starts that are refined
_LOOKS = np.linspace(0.0, 1.0, 41)[1:]
_SCALES = np.array([0.5, 0.8, 0.9, 0.97, 0.99, 0.999, 1.0, 1.001, 1.01, 1.1])


def bracket(
    form: Waves, X: Float[NDArray, "n d"], p: float, box: Box | None, budget: int
) -> Perturbation:
    """Return certified lower bounds of the distances, and witnesses."""
    least = certified(form, X, p)
    d = X.shape[1]
    ends = box if box is not None else (np.full(d, -np.inf), np.full(d, np.inf))
    delta = np.zeros(X.shape)
    rows = np.flatnonzero(np.isfinite(least))
    if len(rows):
        delta[rows] = nearest(form, X[rows], p, ends)
    if d <= DEEPEST:

        def shorter(x: NDArray, ways: NDArray) -> NDArray:
            steps = _along(form, x, ways, _LOOKS, ends)
            return _refined(form, x, steps, p, ends)

        bounded = np.isfinite(ends).all()
        open_ = np.isfinite(least) & (delta.any(axis=1) | bounded) & (least > 0.0)
        for i in np.flatnonzero(open_):
            least[i], delta[i] = branch(
                form, X[i], delta[i], float(least[i]), p, ends, budget, shorter
            )
    return _result(delta, least, p)


def certified(form: Waves, X: Float[NDArray, "n d"], p: float) -> Float[NDArray, " n"]:
    """Return certified radii, infinite where no point has another decision."""
    q = np.inf if p == 1 else 1.0 if np.isinf(p) else p / (p - 1.0)
    d, m = X.shape[1], len(form.U)
    two = d ** max(0.5 - 1.0 / p, 0.0)
    a, c, b = differences(form)
    phases = X @ form.U.T + form.s
    cosines, sines = np.cos(phases), np.sin(phases)
    f = cosines @ a.T + sines @ c.T + b
    blur = blur_of(form, X)
    widest = float(np.linalg.norm(form.U, 2))
    lengths = np.linalg.norm(form.U, q, axis=1)
    decided, found = decisions(form, X), np.full(len(X), np.inf)
    for i, k in itertools.permutations(range(len(b)), 2):
        at = decided == i
        A, C, level = a[i] - a[k], c[i] - c[k], b[i] - b[k]
        r = np.hypot(A, C)
        total = float(r.sum())
        if level > total * (1.0 + 1e-12) or not at.any():
            continue
        error = blur[at] @ r + (m + 8) * 2.0**-50 * (total + abs(b[i]) + abs(b[k]))
        g = np.maximum(f[at, i] - f[at, k] - error, 0.0)
        slope = (cosines[at] * C - sines[at] * A) @ form.U
        steep = np.linalg.norm(slope, q, axis=1)
        # of the slope itself, by the phases
        steep += blur[at] @ (r * lengths) + (m + 8) * 2.0**-50 * float(r @ lengths)
        limit = min(two * widest * float(np.linalg.norm(r)), float(r @ lengths))
        bend = two**2 * float(np.linalg.norm(form.U.T @ (r[:, None] * form.U), 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            flat = np.where(g > 0.0, g / limit, 0.0)
            root = steep + np.sqrt(steep**2 + 2.0 * bend * g)
            curved = np.where(g > 0.0, 2.0 * g / root, 0.0)
        found[at] = np.minimum(found[at], np.maximum(flat, curved))
    return np.asarray(found * _DOWN)


def nearest(
    form: Waves, X: Float[NDArray, "n d"], p: float, box: Box
) -> Float[NDArray, "n d"]:
    """Return the shortest steps to another decision that are found, 0 if none is."""
    n, d = X.shape
    rays = np.concatenate([_downhill(form, X), _fixed(n, d)], axis=1)
    count = rays.shape[1]
    widest = float(np.linalg.norm(form.U, axis=1).max(initial=0.0)) or 1.0
    kept = np.zeros((n, _KEPT, d))
    # short rays first: all waves turn within a few lengths of the shortest
    for reach in (4.0, 40.0, 400.0):
        left = np.flatnonzero(~kept.any(axis=(1, 2)))
        if not len(left):
            break
        ways = rays[left].reshape(-1, d) * (reach / widest)
        steps = _along(form, np.repeat(X[left], count, axis=0), ways, _LOOKS, box)
        order = np.argsort(_size(steps, p).reshape(-1, count), axis=1, kind="stable")
        order = order[:, :_KEPT, None]
        kept[left] = np.take_along_axis(steps.reshape(-1, count, d), order, axis=1)
    steps = _refined(form, np.repeat(X, _KEPT, axis=0), kept.reshape(-1, d), p, box)
    shortest = _size(steps, p).reshape(n, _KEPT).argmin(axis=1)
    return np.asarray(steps.reshape(n, _KEPT, d)[np.arange(n), shortest])


def _size(steps: Float[NDArray, "n d"], p: float) -> Float[NDArray, " n"]:
    """Return the lengths of steps, infinite where there is none."""
    lengths = np.linalg.norm(steps, p, axis=1)
    return np.where(steps.any(axis=1), lengths, np.inf)


def _downhill(form: Waves, X: NDArray) -> NDArray:
    """Return unit steps down the differences to the other functions."""
    phases = X @ form.U.T + form.s
    G = _slopes(form, phases)
    of = decisions(form, X)
    if len(form.b) == 1:
        ways = np.where(of == 1, -1.0, 1.0)[:, None, None] * G
    else:
        ways = G - G[np.arange(len(X)), of][:, None]
    sizes = np.linalg.norm(ways, axis=2, keepdims=True)
    return np.asarray(ways / np.where(sizes > 0, sizes, 1.0))


def _slopes(form: Waves, phases: NDArray) -> NDArray:
    parts = np.cos(phases)[:, None] * form.c - np.sin(phases)[:, None] * form.a
    return np.asarray(parts @ form.U)


def _fixed(n: int, d: int) -> NDArray:
    noise = np.random.default_rng(0).standard_normal((_RAYS, d))
    noise /= np.linalg.norm(noise, axis=1)[:, None]
    axes = np.eye(d)[:8]
    return np.broadcast_to(
        np.concatenate([noise, axes, -axes]), (n, _RAYS + 2 * len(axes), d)
    )


def _along(
    form: Waves, X: NDArray, ways: NDArray, scales: NDArray, box: Box
) -> NDArray:
    """Return steps to the first changes seen on rays, 0 if none is."""
    n, d = X.shape
    own = decisions(form, X)

    def at(s: NDArray) -> NDArray:
        return np.clip(X + s[:, None] * ways, *box)

    looked = np.clip(X[:, None] + scales[:, None] * ways[:, None], *box)
    other = decisions(form, looked.reshape(-1, d)).reshape(n, -1) != own[:, None]
    some, first = other.any(axis=1), other.argmax(axis=1)
    high = scales[first]
    low = np.where(first > 0, scales[first - 1], 0.0)
    for _ in range(52):
        middle = (low + high) / 2.0
        turned = decisions(form, at(middle)) != own
        high, low = np.where(turned, middle, high), np.where(turned, low, middle)
    steps = at(high) - X
    some &= decisions(form, X + steps) != own
    return np.where(some[:, None], steps, 0.0)


def _refined(form: Waves, X: NDArray, steps: NDArray, p: float, box: Box) -> NDArray:
    """Return shorter steps by linear constraints in boxes of trust."""
    steps, own = steps.copy(), decisions(form, X)
    size = _size(steps, p)
    trust = 0.5 * np.abs(steps).max(axis=1, initial=0.0)
    for _ in range(30):
        rows = np.flatnonzero(np.isfinite(size) & (trust > 1e-9 * size))
        if not len(rows):
            break
        x, y = X[rows], X[rows] + steps[rows]
        f, G = values(form, y), _slopes(form, y @ form.U.T + form.s)
        at = np.arange(len(rows))
        if len(form.b) == 1:
            sign = np.where(own[rows] == 1, 1.0, -1.0)
            height, slope = sign * f[:, 0], sign[:, None] * G[:, 0]
        else:
            rival = decisions(form, y)
            height = f[at, own[rows]] - f[at, rival]
            slope = G[at, own[rows]] - G[at, rival]
        low = np.maximum(y - trust[rows, None], box[0])
        high = np.minimum(y + trust[rows, None], box[1])
        height = height + (slope * (np.clip(x, low, high) - y)).sum(axis=1)
        ends, _, _ = nearest_points(x, slope, height, low, high, p)
        new = _along(form, x, ends - x, _SCALES, box)
        length = _size(new, p)
        better = length < size[rows]
        factor = np.where(length < size[rows] * (1.0 - 1e-3), 1.5, 1.0)
        factor[length >= size[rows] * (1.0 - 1e-8)] = 1.0 / 3.0
        steps[rows[better]] = new[better]
        size[rows[better]] = length[better]
        trust[rows] *= factor
    return steps
