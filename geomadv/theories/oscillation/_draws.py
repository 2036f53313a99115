"""Random training sets, and what interpolating rules make of them.

Every function returns n independent draws, as the evidence of `belkin2018` needs them.
What is 0 or 1 by default breaks a hypothesis elsewhere.
"""

import math

import numpy as np
from scipy import special

from geomadv._typing import Bool, Float, NDArray
from geomadv.classifiers._weighted_neighbours import neighbour_weights


def wrong_labels(
    n: int, rng: np.random.Generator, size: int, noise: float, shared: float = 0.0
) -> Bool[NDArray, "n size"]:
    """Draw which labels are wrong, all or none with the probability `shared`."""
    coins = rng.random((n, size))
    if shared > 0.0:
        coins = np.where(rng.random((n, 1)) < shared, coins[:, :1], coins)
    return np.asarray(coins < noise)


def noisy_gaps(
    n: int,
    rng: np.random.Generator,
    size: int,
    gap: float,
    noise: float,
    *,
    empty: float = 0.0,
    shared: float = 0.0,
) -> Bool[NDArray, " n"]:
    """Draw n training sets of the circle, and whether their largest gap is larger.

    No point is on a part of the circle of length `empty`.
    """
    x = np.sort((1.0 - empty) * rng.random((n, size)), axis=1)
    wrong = wrong_labels(n, rng, size, noise, shared)
    places = np.where(wrong, x, -np.inf)
    before = np.maximum.accumulate(places, axis=1)
    gaps = np.where(wrong[:, 1:], x[:, 1:] - before[:, :-1], 0.0)
    last = before[:, -1]
    around = np.where(wrong, x, np.inf).min(axis=1) + 1.0 - last
    gaps = np.where(np.isfinite(gaps), gaps, 0.0)
    return np.asarray(np.maximum(gaps.max(axis=1), around) > gap)


def circle_radii(n: int, rng: np.random.Generator, m: int) -> Float[NDArray, " n"]:
    """Draw sets of m points of the circle, and their covering radii."""
    x = np.sort(rng.random((n, m)), axis=1)
    gaps = np.diff(np.column_stack([x, x[:, 0] + 1.0]), axis=1)
    return np.asarray(gaps.max(axis=1) / 2.0)


def winn_weights(
    n: int,
    rng: np.random.Generator,
    k: int,
    d: int,
    delta: float | None,
    hole: float = 0.0,
) -> Float[NDArray, "n k"]:
    """Draw the weights of k uniform points of the unit ball, neighbour k + 1 on it.

    There is none of them farther out than 1 - hole.
    """
    g = rng.standard_normal((n, k, d + 2))  # on the sphere of R^(d+2), cut to R^d
    r = np.sqrt((g[..., :d] ** 2).sum(axis=2) / (g**2).sum(axis=2))
    r = np.column_stack([(1.0 - hole) * np.sort(r, axis=1), np.ones(n)])
    return neighbour_weights(r, delta)


def winn_errs(
    n: int, rng: np.random.Generator, k: int, d: int, noise: float
) -> Bool[NDArray, " n"]:
    """Draw whether wiNN with weights -ln z is wrong."""
    w = winn_weights(n, rng, k, d, None)
    return np.asarray(np.where(rng.random((n, k)) < noise, w, -w).sum(axis=1) > 0)


def winn_squares(
    n: int, rng: np.random.Generator, k: int, d: int, hole: float = 0.0
) -> Float[NDArray, " n"]:
    """Draw sums of squared weights -ln z, normalised."""
    return np.asarray((winn_weights(n, rng, k, d, None, hole) ** 2).sum(axis=1))


def simplicial_errs(
    n: int, rng: np.random.Generator, d: int, noise: float
) -> Bool[NDArray, " n"]:
    """Draw points of the cube, cut by the order of the coordinates into d! simplices.

    Their vertices are the corners from 0 to (1, ..., 1) that raise the coordinates from
    0 to 1 in this order: the gaps of the sorted coordinates are barycentric.
    """
    x = np.sort(rng.random((n, d)), axis=1)
    w = np.diff(np.column_stack([np.zeros(n), x, np.ones(n)]), axis=1)
    return np.asarray(np.where(rng.random(w.shape) < noise, w, -w).sum(axis=1) > 0)


def line_measure(
    n: int, rng: np.random.Generator, size: int, noise: float, apart: float = 0.0
) -> Float[NDArray, " n"]:
    """Draw training sets of the circle; the simplicial rule flips halfway.

    With the probability `apart` the wrong labels are those of the points whose two gaps
    are longer together than those of a share `noise` of the points.
    """
    x = np.sort(rng.random((n, size)), axis=1)
    gaps = np.diff(np.column_stack([x, x[:, 0] + 1.0]), axis=1)
    wrong = rng.random((n, size)) < noise
    if apart > 0.0:
        around = gaps + np.roll(gaps, 1, axis=1)  # Beta(2, size - 2)
        far = around > special.betaincinv(2.0, size - 2.0, 1.0 - noise)
        wrong = np.where(rng.random((n, 1)) < apart, far, wrong)
    half = 0.5 * wrong
    return np.asarray((gaps * (half + np.roll(half, -1, axis=1))).sum(axis=1))


def simplicial_squares(
    n: int, rng: np.random.Generator, size: int, strength: float, waves: float = 1.0
) -> Float[NDArray, " n"]:
    """Draw squared errors at random points of the circle, for a cosine as posterior."""
    q, u, v = rng.random((3, n))
    high = 1.0 - u ** (1.0 / size)  # the least of the distances to the right
    low = high + (1.0 - high) * v ** (1.0 / (size - 1)) - 1.0  # the greatest, less 1

    def eta(at: NDArray) -> NDArray:
        return 0.5 + strength / 2 * np.cos(2 * math.pi * waves * at)

    left_label = rng.random(n) < eta(q + low)
    right_label = rng.random(n) < eta(q + high)
    found = (high * left_label - low * right_label) / (high - low)
    return np.asarray((found - eta(q)) ** 2)
