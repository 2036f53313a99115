r"""Ridge regression as n and p grow, half of the features' variances 1 + h, half 1 - h.

y = <x, beta> + noise with |beta| = 1 spread over the first half, t_1 = 1 + h, noise of
deviation s, p/n -> gamma, penalty L; E is the mean over t = 1 + h and 1 - h. With S the
Gram matrix over n and T the covariance, L (S + L)^{-1} is like k (T + k)^{-1}, where

    1 - L/k = gamma E t/(t + k),  dk/dL = 1/(1 - u),  u = gamma E (t/(t + k))^2.

Bias and variance are k^2 t_1/(t_1 + k)^2/(1 - u) and s^2 u/(1 - u); from w = beta - L
(S + L)^{-1} beta without noise, and L^2 (S + L)^{-2} as a slope in L,

    <w, beta> = t_1/(t_1 + k),
    |w|^2 = t_1/(t_1 + k) + (s^2 gamma E t/(t + k)^2 - L t_1/(t_1 + k)^2)/(1 - u).
"""

from typing import NamedTuple

import numpy as np


class Limits(NamedTuple):
    """Bias, variance, |w|^2 and <w, beta>."""

    bias: float
    variance: float
    square: float
    overlap: float

    @property
    def excess(self) -> float:
        """The standard risk above s^2."""
        return self.bias + self.variance


def limits(gamma: float, penalty: float, noise: float, unequal: float) -> Limits:
    """Return them for L > 0 or gamma > 1."""
    from scipy.optimize import brentq

    t = np.array([1.0 + unequal, 1.0 - unequal])

    def left(k: float) -> float:
        return 1.0 - penalty / k - gamma * float(np.mean(t / (t + k)))

    k = brentq(left, max(penalty, 1e-12), penalty + gamma, xtol=1e-15, rtol=1e-14)
    rest = 1.0 - gamma * float(np.mean((t / (t + k)) ** 2))
    spread = noise**2 * gamma * float(np.mean(t / (t + k) ** 2))
    overlap = float(t[0] / (t[0] + k))
    first = overlap / (t[0] + k)
    return Limits(
        float(first * k**2 / rest),
        noise**2 * (1.0 - rest) / rest,
        float(overlap + (spread - penalty * first) / rest),
        overlap,
    )
