r"""The covering radius from random probes: certain from below, confident from above.

Draw N independent uniform points of the domain and let D_(1) >= ... >= D_(N) be their
distances to the given points. Each is a lower bound of the radius R. From above, for k
fixed in advance, the share of the domain farther than r = D_(k) is at most q_k with
probability at least 1 - a, where q_k is the (1 - a)-quantile of Beta(k, N - k + 1) (for
k = 1: 1 - a^(1/N)), because the share beyond the k-th largest of N draws is
stochastically at most so distributed, whatever the law of D.

A share becomes a radius: distance is 1-Lipschitz, so that every point within R - r of
the farthest one is farther than r. If every ball of radius s(q) has measure q at least,

    R <= D_(k) + s(q_k).

The best of k = 1, 2, 4, ... is taken, with the error rate split evenly among them. In
high dimension s(q) is of the order of the diameter: 2^d corners cannot be seen by N
probes, and the bound says so.
"""

import math

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import betaincinv

from geomadv._typing import Float, NDArray
from geomadv.error_sets._domain import Box
from geomadv.spaces import Sphere


class Surface:
    """The unit sphere of R^d with its chords."""

    def __init__(self, d: int) -> None:
        self.space = Sphere(d)

    def sample(self, n: int, rng: np.random.Generator | int) -> Float[NDArray, "n d"]:
        """Return n independent uniform points."""
        return self.space.sample(n, rng)

    def tree(self, points: Float[NDArray, "n d"]) -> cKDTree:
        """Return a tree that measures chords."""
        return cKDTree(points)

    def farthest(self, points: Float[NDArray, "n d"]) -> float:
        """Return the covering radius of one point, the diameter."""
        return 2.0 if len(points) else math.inf

    def ball_radius(self, volume: float) -> float:
        """Return the chord from the centre of a cap of a measure to its edge."""
        return 2 * math.sin(float(self.space.cap_angle(min(volume, 1.0))) / 2)


def probe(
    domain: Box | Surface,
    points: Float[NDArray, "n d"],
    probes: int,
    error_rate: float,
    rng: np.random.Generator,
) -> tuple[float, float, Float[NDArray, " d"]]:
    """Return a certain lower and a confident upper bound, and the farthest probe."""
    X = domain.sample(probes, rng)
    tree = domain.tree(points)
    D = tree.query(X, workers=-1)[0]
    ranks = 2 ** np.arange(probes.bit_length())
    shares = betaincinv(ranks, probes - ranks + 1, 1 - error_rate / len(ranks))
    kth = np.sort(D)[::-1][ranks - 1]
    upper = min(
        float(r) + domain.ball_radius(float(share))
        for r, share in zip(kth, shares, strict=True)
    )
    if isinstance(domain, Box) and not domain.torus:  # corners count for the lower end
        X = np.concatenate([X, rng.integers(0, 2, (min(probes, 4096), domain.d))])
        D = np.append(D, tree.query(X[probes:], workers=-1)[0])
    best = int(D.argmax())
    lower = float(D[best])
    return lower, max(lower, min(upper, domain.farthest(points))), X[best]
