r"""Smallest latent perturbations of linear classifiers on the flat torus.

f(x) = <w, x> + b at x = g(z), g the decoder of `geomadv.data.FlatTorusDecoder`. With
(r_i, phi_i) the polar form of the i-th pair of core coordinates of w and
t_i = |z_i/a - phi_i| turned into [0, pi], f = b + a sum_i r_i cos(t_i). Let f > 0; the
problem is to minimise a^2 sum (s_i - t_i)^2 subject to b + a sum r_i cos(s_i) <= 0. For
a multiplier m >= 0 the Lagrangian is a sum of functions of one angle,

    a^2 (s - t)^2 + m a r cos(s),

each with its least value in [t, pi], where 2 a (s - t) - m r sin(s), a convex function,
rises from at most 0 to at least 0: its last zero, the minimum, is unique and continuous
in m. So some m makes the constraint an equality, and its minimiser is one of the whole
problem: there is no duality gap, and the perturbation is exact. If b > a sum r_i the
decision is the same on all of the torus.

Part of `stutz2019`.
"""

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.data import FlatTorusDecoder

_STEPS = 100


def torus_steps(
    data: FlatTorusDecoder, w: Float[NDArray, " d"], b: float, z: Float[NDArray, "n k"]
) -> tuple[Float[NDArray, "n k"], Float[NDArray, " n"]]:
    """Return the smallest latent steps to f(g(.)) = 0, and their lengths.

    Steps are 0 and lengths infinite where there are none.
    """
    pairs = data.embedding.coordinates(w[np.newaxis]).reshape(data.k, 2)
    size = np.hypot(pairs[:, 0], pairs[:, 1])
    phase = np.arctan2(pairs[:, 1], pairs[:, 0])
    turned = np.mod(z / data.a - phase + np.pi, 2 * np.pi) - np.pi
    value = b + data.a * (size * np.cos(turned)).sum(axis=1)
    # where f < 0 the problem is that of -f: angles are counted from the other pole
    negative = value < 0
    opposite = turned - np.where(turned < 0, -np.pi, np.pi)
    turned = np.where(negative[:, np.newaxis], opposite, turned)
    offset = np.where(negative, -b, b)
    start = np.abs(turned)
    reached = offset <= data.a * size.sum()
    end = _minimiser(start, size, offset / data.a)
    step = data.a * np.where(turned < 0, -1.0, 1.0) * (end - start)
    step = np.where(reached[:, np.newaxis], step, 0.0)
    length = np.linalg.norm(step, axis=1)
    return step, np.where(reached, length, np.inf)


def _minimiser(
    start: Float[NDArray, "n k"],
    size: Float[NDArray, " k"],
    offset: Float[NDArray, " n"],
) -> Float[NDArray, "n k"]:
    """Return the angles s of the head of this module for a = 1, by bisection in m."""
    low, high = np.full(len(start), -50.0), np.full(len(start), 50.0)
    scale = max(float(size.max(initial=0.0)), 1e-300)
    size, offset = size / scale, offset / scale
    for _ in range(_STEPS):
        middle = (low + high) / 2
        end = _angles(start, np.exp(middle)[:, np.newaxis] * size)
        above = offset + (size * np.cos(end)).sum(axis=1) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return _angles(start, np.exp(high)[:, np.newaxis] * size)


def _angles(
    start: Float[NDArray, "n k"], slope: Float[NDArray, "n k"]
) -> Float[NDArray, "n k"]:
    """Return the last zeros of 2 (s - t) - m r sin(s) in [t, pi], by bisection."""
    low, high = start, np.full(start.shape, np.pi)
    for _ in range(60):
        middle = (low + high) / 2
        below = 2 * (middle - start) < slope * np.sin(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high
