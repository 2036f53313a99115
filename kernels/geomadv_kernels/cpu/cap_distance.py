r"""Mean distance of a uniform point of the sphere to a cap.

The cap has its boundary at the latitude psi_0 above the equator. A point at the
latitude psi < psi_0 has the geodesic distance psi_0 - psi and the Euclidean distance
2 sin((psi_0 - psi)/2), and latitudes have a density proportional to cos^{d-2}(psi). So,
with g(r) = r or 2 sin(r/2), the mean distance is

    (1 - mass) int g(psi_0 - psi) cos^{d-2}(psi) dpsi / int cos^{d-2}(psi) dpsi,

both integrals over psi < psi_0: no normalising constant is needed. The integrands are
entire functions of psi. They are integrated by Gauss-Legendre on panels that cover the
latitudes where the density is above e^{-45} of its largest value there. Where the cap
is the larger part, latitudes are counted from its boundary, so that a mean distance of
1e-30 has as many digits as any other; near the pole the polar angle takes their place.
"""

from functools import cache
from typing import Any

import numpy as np

_Array = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]

_DROP = 45.0  # the density beyond is below e^-45 = 3e-20 of its largest value
_PANELS, _ORDER = 5, 24
_NEAR_EQUATOR = 0.7  # heights below take latitudes, above polar angles
_BLOCK = 4096


@cache
def _rule() -> tuple[_Array, _Array]:
    """Return nodes and weights of the composite rule on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    nodes = (np.arange(_PANELS)[:, None] + (nodes + 1.0) / 2.0) / _PANELS
    return nodes.ravel(), np.tile(weights, _PANELS)


def mean_distance(
    d: float,
    outside: _Array,
    height: _Array,
    angle: _Array,
    larger: np.ndarray[tuple[Any, ...], np.dtype[np.bool_]],
    geodesic: bool,
) -> _Array:
    """Return the mean distances of uniform points to n caps.

    Parameters
    ----------
    d : float
        Ambient dimension.
    outside : (n,) float64
        Measures of the complements of the caps.
    height, angle : (n,) float64
        Height in [0, 1] and polar angle in [0, pi/2] of the smaller of cap and
        complement.
    larger : (n,) bool
        Whether the cap is the larger one.
    geodesic : bool
        Whether distances are angles; otherwise they are chords.
    """
    result = np.zeros_like(outside)
    for chosen, conditional in (
        (np.flatnonzero(~larger), _beyond_small_cap),
        (np.flatnonzero(larger & (outside > 0.0)), _beyond_large_cap),
    ):
        for start in range(0, chosen.size, _BLOCK):
            rows = chosen[start : start + _BLOCK]
            distance, density = conditional(d, height[rows], angle[rows])
            if not geodesic:
                distance = 2.0 * np.sin(distance / 2.0)
            weighted = _rule()[1] * density
            mean = (weighted * distance).sum(axis=1) / weighted.sum(axis=1)
            result[rows] = outside[rows] * mean
    return result


def _beyond_small_cap(d: float, height: _Array, angle: _Array) -> tuple[_Array, _Array]:
    """Return geodesic distances and densities at the nodes: the equator is outside."""
    boundary = np.where(height < _NEAR_EQUATOR, np.arcsin(height), np.pi / 2.0 - angle)[
        :, None
    ]
    reach = np.pi / 2.0
    if d > 2.0:
        reach = np.arcsin(np.sqrt(-np.expm1(-2.0 * _DROP / (d - 2.0))))
    top = np.minimum(boundary, reach)
    latitude = top - (top + reach) * _rule()[0]
    density = np.exp(0.5 * (d - 2.0) * np.log1p(-(np.sin(latitude) ** 2)))
    return boundary - latitude, density


def _beyond_large_cap(d: float, height: _Array, angle: _Array) -> tuple[_Array, _Array]:
    """Return the same where the complement of the cap is a cap around a pole."""
    angle = angle[:, None]
    if d == 2.0:  # the uniform law on an arc
        distance = angle * _rule()[0]
        return distance, np.ones_like(distance)
    equatorial = height[:, None] < _NEAR_EQUATOR
    t = np.where(equatorial, height[:, None], 0.0)
    latitude = np.arcsin(t)
    shrink = np.exp(-2.0 * _DROP / (d - 2.0))
    # the squared sine of the latitude at which the density has dropped by e^-45
    last = t * t - (1.0 - t * t) * np.expm1(-2.0 * _DROP / (d - 2.0))
    depth = np.where(
        equatorial,
        np.arcsin(np.sqrt(np.minimum(last, 1.0))) - latitude,
        angle - np.arcsin(np.sin(angle) * np.sqrt(shrink)),
    )
    distance = depth * _rule()[0]
    log_cosine = np.where(
        equatorial,
        0.5 * np.log1p(-(np.sin(latitude + distance) ** 2)),
        np.log(np.sin(angle - distance)),
    )
    log_first = np.where(equatorial, 0.5 * np.log1p(-t * t), np.log(np.sin(angle)))
    return distance, np.exp((d - 2.0) * (log_cosine - log_first))
