r"""Oscillation itself: how often a decision flips along a segment.

Along a segment the decision is evaluated at steps of length h at most, and where
neighbours differ the flip is enclosed by bisection. What is found is there. Flips
closer together than h may be missed, in pairs (one missed flip between two neighbours
would change the label of the second), so counts are lower bounds of the right parity
for two classes. With the indicator of f != f* in place of a decision, the pieces are
the components of the error set on the segment.

**The simplicial rule on a line** joins the labels -1 and +1 of neighbouring points by
straight lines and takes the sign: it flips once, halfway, between neighbours of
different labels, and nowhere else. For n independent uniform points on [0, 1] with
P(y = +1 | x) = eta(x), the place s of the left neighbour and the gap t to the next have
the density n (n - 1) (1 - t)^{n-2}, 0 <= s <= 1 - t, for the n - 1 pairs together, so

    E flips = (n - 1) E_T [ average over s in [0, 1 - T] of phi(s, s + T) ],
    T ~ Beta(1, n),   phi(s, t) = eta(s) (1 - eta(t)) + (1 - eta(s)) eta(t).

A constant noise rate nu gives 2 nu (1 - nu) (n - 1), or n on the circle. The rule's
errors are as many as its flips are dense: n -> infinity oscillates without end.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import roots_legendre

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import choice, integer, probability, real, real_array
from geomadv.error_sets._rules import Rule, draw, rule

_EVALUATIONS = 2**18
_NODES, _LONGEST = 64, 40.0


@dataclass(frozen=True, eq=False)
class Flips:
    """Where a decision flips along segments, and the pieces in between.

    Parameters
    ----------
    counts : (m,) array
        How many flips were found on each segment.
    segment, position : (k,) array
        The flips: the row of the segment, and the distance from its start.
    piece_segment : (k + m,) array
        The row of the segment of each piece, in order.
    piece_length : (k + m,) array
        The lengths of the pieces between flips and ends.
    piece_label : (k + m,) array
        The decision on each piece.
    whole : (k + m,) array of bool
        Whether a piece lies between two flips, so that no end of a segment cuts it.
    """

    counts: Int[NDArray, " m"]
    segment: Int[NDArray, " k"]
    position: Float[NDArray, " k"]
    piece_segment: Int[NDArray, " q"]
    piece_length: Float[NDArray, " q"]
    piece_label: NDArray
    whole: NDArray


def decision_flips(
    model: Any, segments: ArrayLike, *, resolution: float, tolerance: float = 1e-12
) -> Flips:
    """Return where a classifier's decision flips along segments.

    Parameters
    ----------
    model : classifier or function
        With `predict`, or a function of (n, d) arrays that returns a label a point;
        ``lambda X: f(X) != g(X)`` for the components of an error set.
    segments : (m, 2, d) array_like
        Starts and ends.
    resolution : float
        The greatest distance of neighbouring evaluations, above 0.
    tolerance : float
        Flips are bisected down to intervals shorter than this, in distance.

    Returns
    -------
    Flips

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    Two flips closer than the resolution may both be missed: a count is a lower bound.

    Examples
    --------
    >>> found = decision_flips(
    ...     lambda X: np.sign(np.sin(10 * X[:, 0])), [[[0.1], [0.8]]], resolution=0.05
    ... )
    >>> found.counts, (10 * found.position + 1).round(6)
    (array([2]), array([3.141593, 6.283185]))
    """
    f = rule("model", model)
    ends = real_array("segments", segments)
    if ends.ndim != 3 or ends.shape[1] != 2:
        raise ValueError(f"segments must have shape (m, 2, d), got {ends.shape}")
    h = real("resolution", resolution, lower=0.0, open_lower=True)
    tolerance = real("tolerance", tolerance, lower=0.0, open_lower=True)
    starts, steps = ends[:, 0], ends[:, 1] - ends[:, 0]
    sizes = np.linalg.norm(steps, axis=1)
    parts: list[tuple[NDArray, ...]] = []
    for i in range(len(starts)):
        cells = max(1, math.ceil(sizes[i] / h))
        t, labels = _along(f, starts[i], steps[i], cells)
        before = np.flatnonzero(labels[1:] != labels[:-1])
        places, after = _bisected(
            f,
            starts[i],
            steps[i],
            t[before],
            t[before + 1],
            labels[before],
            tolerance / max(sizes[i], tolerance),
        )
        cuts = np.concatenate([[0.0], places, [1.0]]) * sizes[i]
        inner = np.ones(len(cuts) - 1, dtype=bool)
        inner[[0, -1]] = False
        parts.append(
            (places * sizes[i], np.diff(cuts), np.append(labels[:1], after), inner)
        )
    counts = np.array([len(part[0]) for part in parts], dtype=np.int64)
    rows = np.arange(len(parts))
    joined = [
        np.concatenate([part[j] for part in parts]) if parts else np.empty(0)
        for j in range(4)
    ]
    return Flips(
        counts,
        np.repeat(rows, counts),
        joined[0],
        np.repeat(rows, counts + 1),
        joined[1],
        joined[2],
        joined[3].astype(bool),
    )


def _along(
    f: Rule, start: Float[NDArray, " d"], step: Float[NDArray, " d"], cells: int
) -> tuple[Float[NDArray, " k"], NDArray]:
    """Return places in [0, 1] and the labels there, in blocks of bounded memory."""
    t = np.linspace(0.0, 1.0, cells + 1)
    block = max(1, _EVALUATIONS // max(1, start.size))
    blocks = [f(start + t[i : i + block, None] * step) for i in range(0, len(t), block)]
    return t, np.concatenate(blocks)


def _bisected(
    f: Rule,
    start: Float[NDArray, " d"],
    step: Float[NDArray, " d"],
    low: Float[NDArray, " k"],
    high: Float[NDArray, " k"],
    labels: NDArray,
    tolerance: float,
) -> tuple[Float[NDArray, " k"], NDArray]:
    """Return where the label at `low` is left, and the label just beyond.

    A third label may be met on the way to `high`; the flip found is the one from the
    label at `low`, and what follows is not searched again.
    """
    low, high = low.copy(), high.copy()
    if not len(low):
        return low, labels
    for _ in range(64):
        middle = (low + high) / 2
        same = f(start + middle[:, None] * step) == labels
        low, high = np.where(same, middle, low), np.where(same, high, middle)
        if (high - low).max() <= tolerance:
            break
    return high, f(start + high[:, None] * step)


def random_segments(
    law: Any, m: int, rng: Any, *, length: float | None = None
) -> Float[NDArray, "m 2 d"]:
    """Return segments between random points, or from them in random directions.

    Parameters
    ----------
    law : object with ``sample(n, rng)``
        As for `measure`.
    m : int
        How many, at least 0.
    rng : numpy.random.Generator or int
        A generator, or the seed of one.
    length : float, optional
        None for segments between two independent points; else a length above 0, with
        uniform directions; such a segment may leave the support of the law.

    Returns
    -------
    (m, 2, d) array
        Starts and ends.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from geomadv.spaces import Cube
    >>> random_segments(Cube(3), 5, 0).shape
    (5, 2, 3)
    """
    m, rng = integer("m", m, minimum=0), generator(rng)
    starts = draw(law, m, rng)
    if length is None:
        return np.stack([starts, draw(law, m, rng)], axis=1)
    length = real("length", length, lower=0.0, open_lower=True)
    steps = rng.standard_normal(starts.shape)
    steps *= length / np.linalg.norm(steps, axis=1, keepdims=True)
    return np.stack([starts, starts + steps], axis=1)


def simplicial_flips(
    x: ArrayLike, y: ArrayLike, domain: str = "cube"
) -> Float[NDArray, " k"]:
    """Return where the simplicial rule on a line flips: halfway, closed form.

    Parameters
    ----------
    x : (n,) array_like
        Different training points; on the circle in [0, 1).
    y : (n,) array_like
        Labels -1 or +1.
    domain : "cube" or "torus"
        A line, or the circle of length 1, where the last point is joined to the first.

    Returns
    -------
    (k,) array
        The flips in increasing order.

    Raises
    ------
    TypeError, ValueError
        If the arguments are not as described, or a point occurs twice.

    Examples
    --------
    >>> simplicial_flips([0.1, 0.5, 0.6, 0.9], [-1, 1, 1, -1])
    array([0.3 , 0.75])
    >>> simplicial_flips([0.1, 0.5, 0.6, 0.8], [-1, -1, 1, 1], "torus").round(12)
    array([0.55, 0.95])
    """
    choice("domain", domain, ("cube", "torus"))
    x = real_array("x", x, ndim=1)
    labels = real_array("y", y)
    if labels.shape != x.shape or not np.isin(labels, (-1, 1)).all():
        raise ValueError(f"y must be {len(x)} labels of -1 or +1")
    order = np.argsort(x)
    x, labels = x[order], labels[order]
    if (np.diff(x) == 0).any():
        raise ValueError("x must be different points, got one twice")
    if domain == "torus":
        if len(x) and not (x[0] >= 0 and x[-1] < 1):
            raise ValueError("x must lie in [0, 1) on the torus")
        x, labels = np.append(x, x[:1] + 1), np.append(labels, labels[:1])
    flips = ((x[1:] + x[:-1]) / 2)[labels[1:] != labels[:-1]]
    return np.sort(flips % 1.0) if domain == "torus" else flips


def expected_flips(n: int, eta: Any, domain: str = "cube") -> float:
    """Return the expected number of flips of the simplicial rule on a line.

    Parameters
    ----------
    n : int
        Number of independent uniform training points, at least 1.
    eta : float or function
        P(y = +1 | x): a constant, such as a noise rate, or a smooth function of an
        (n, 1) array of points of [0, 1].
    domain : "cube" or "torus"
        [0, 1], flips between the outermost points; or the circle of length 1.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    Closed form for a constant; otherwise Gauss quadrature with 64 nodes in each
    variable: right to 1e-12 for eta(x) = x^2 and n = 2, and of the order of 1/64 off
    for a function that jumps inside of [0, 1].

    Examples
    --------
    >>> round(expected_flips(1001, 0.1), 12), round(expected_flips(1000, 0.1, "torus"))
    (180.0, 180)
    >>> round(expected_flips(2, lambda X: X[:, 0]), 12)  # E[x (1 - y) + (1 - x) y]
    0.5
    """
    n = integer("n", n, minimum=1)
    torus = choice("domain", domain, ("cube", "torus")) == "torus"
    pairs = n if torus and n > 1 else n - 1
    if not callable(eta):
        nu = float(probability("eta", real("eta", eta)))
        return 2 * nu * (1 - nu) * pairs
    if pairs == 0:
        return 0.0
    return pairs * _mean_disagreement(n, eta, torus)


def _mean_disagreement(n: int, eta: Any, torus: bool) -> float:
    """Return the mean of phi(S, S + T) by Gauss quadrature.

    On the circle a gap has the law Beta(1, n - 1) and S is uniform on it.
    """
    nodes, weights = roots_legendre(_NODES)
    u, w = (nodes + 1) / 2, weights / 2
    # T = 1 - exp(-L / b) for an exponential L: smooth on the scale of T, 1 / b.
    L, at = _LONGEST * u, w * np.exp(-_LONGEST * u)
    T = -np.expm1(-L / (n - 1 if torus else n))[:, None]
    mean = _phi(eta, (1 - T) * u, T) @ w
    if torus:  # and the pairs on both sides of 0
        mean = (1 - T[:, 0]) * mean + T[:, 0] * (_phi(eta, 1 - T * u, T - 1) @ w)
    return float(at @ mean / at.sum())


def _phi(
    eta: Any, S: Float[NDArray, "a b"], T: Float[NDArray, "a 1"]
) -> Float[NDArray, "a b"]:
    left, right = _at(eta, S), _at(eta, S + T)
    return left * (1 - right) + (1 - left) * right


def _at(eta: Any, x: Float[NDArray, "a b"]) -> Float[NDArray, "a b"]:
    values = np.asarray(eta(x.reshape(-1, 1)), dtype=np.float64)
    if values.shape != (x.size,):
        raise ValueError(f"eta must return one number a point, got {values.shape}")
    return probability("eta", values).reshape(x.shape)
