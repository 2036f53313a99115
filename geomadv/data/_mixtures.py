"""Mixtures of normal laws of one width on the line, and where one exceeds another.

The laws of `Pancakes` along the hidden direction. Two such mixtures cross between any
two neighbouring centres and beyond the outer ones; crossings are found from signs on a
grid there. Mixtures of the same width cross no more often than the signs of their
weights change along the centres (total positivity of the normal density), so that
between two neighbouring centres there is hardly ever more than one crossing; a pair of
crossings that the grid misses encloses almost no mass.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from geomadv._typing import Float, NDArray

_BETWEEN = 200  # points between two centres at which signs are looked at
_FAR = 40.0  # beyond which a normal law has no mass
_HALVINGS = 60


@dataclass(frozen=True)
class Mixture:
    """A mixture of normal laws of one width, on the line.

    Parameters
    ----------
    weights, means : (k,) array
    width : float
        Standard deviation of all of them; 0 for atoms.
    """

    weights: Float[NDArray, " k"]
    means: Float[NDArray, " k"]
    width: float

    def tilted(self, cosine: float) -> "Mixture":
        """Return the law of cosine t + sine N(0, 1)."""
        rest = (1.0 - cosine) * (1.0 + cosine)
        width = math.sqrt((cosine * self.width) ** 2 + rest)
        return Mixture(self.weights, cosine * self.means, width)

    def log_density(self, t: Float[NDArray, " n"]) -> Float[NDArray, " n"]:
        """Return logarithms of the density; the width is above 0."""
        z = (t[:, None] - self.means) / self.width
        terms = np.log(self.weights) - z**2 / 2.0
        top = terms.max(axis=1)
        total = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
        return np.asarray(total - math.log(self.width))

    def mass(self, low: Float[NDArray, " n"], high: Float[NDArray, " n"]) -> NDArray:
        """Return the probabilities of the closed intervals [low, high]."""
        if self.width == 0.0:
            a = self.means
            inside = (a >= low[:, None]) & (a <= high[:, None])
            return inside @ self.weights
        left = (low[:, None] - self.means) / self.width
        right = (high[:, None] - self.means) / self.width
        upper = left > 0  # both ends on the right: differences of upper tails
        left, right = np.where(upper, -right, left), np.where(upper, -left, right)
        return (special.ndtr(right) - special.ndtr(left)) @ self.weights


def normalised_hermite(x: Float[NDArray, " n"], degree: int) -> Float[NDArray, "j n"]:
    """Return He_j(x) / sqrt(j!) for j = 0, ..., degree, a row for each."""
    rows = [np.ones_like(x), x]
    for j in range(1, degree):
        rows.append((x * rows[j] - math.sqrt(j) * rows[j - 1]) / math.sqrt(j + 1))
    return np.asarray(rows[: degree + 1])


def quadrature(k: int) -> tuple[Float[NDArray, " k"], Float[NDArray, " k"]]:
    """Return the nodes of k-point Gauss-Hermite quadrature, and their weights."""
    nodes, weights = special.roots_hermitenorm(k)
    if k % 2:
        nodes[k // 2] = 0.0
    return nodes, weights / weights.sum()


def pancake_mixture(k: int | None, width: float) -> Mixture:
    """Return the law of sqrt(1 - s^2) a + s N, of k nodes a; N(0, 1) for None."""
    if k is None:
        return Mixture(np.ones(1), np.zeros(1), 1.0)
    nodes, weights = quadrature(k)
    return Mixture(weights, math.sqrt(1.0 - width**2) * nodes, width)


def log_ratio(minus: Mixture, plus: Mixture, t: Float[NDArray, " n"]) -> NDArray:
    """Return the logarithm of the density of `plus` over that of `minus`."""
    return plus.log_density(t) - minus.log_density(t)


def regions(
    minus: Mixture, plus: Mixture
) -> tuple[Float[NDArray, " r"], Float[NDArray, " r1"]]:
    """Return the points where the larger density changes, and the labels between.

    A sign is looked at between all pairs of neighbouring centres and beyond them, and
    each change is halved down to rounding. Atoms meet halfway.
    """
    centres = np.unique(np.concatenate([minus.means, plus.means]))
    if minus.width == 0.0 and plus.width == 0.0:
        labels = np.where(np.isin(centres, plus.means), 1.0, -1.0)
        change = labels[1:] != labels[:-1]
        ends = ((centres[1:] + centres[:-1]) / 2.0)[change]
        return ends, labels[np.append(True, change)]
    knots = np.concatenate([[centres[0] - _FAR], centres, [centres[-1] + _FAR]])
    many = np.full(len(knots) - 1, _BETWEEN)
    many[[0, -1]] = 5 * _BETWEEN
    parts = [
        np.linspace(low, high, k, endpoint=False)
        for low, high, k in zip(knots[:-1], knots[1:], many, strict=True)
    ]
    t = np.append(np.concatenate(parts), knots[-1])
    sign = log_ratio(minus, plus, t) > 0.0
    change = np.flatnonzero(sign[1:] != sign[:-1])
    low, high, after = t[change], t[change + 1], sign[change + 1]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        passed = (log_ratio(minus, plus, middle) > 0.0) == after
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    labels = np.where(np.append(sign[0], after), 1.0, -1.0)
    return (low + high) / 2.0, labels
