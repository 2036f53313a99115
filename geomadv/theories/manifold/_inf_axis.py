r"""The l_inf decision axis of two concentric spheres.

The formulas of `khoury2018` on norms, of which this is a part; they are derived there.
"""

import math

import numpy as np
from scipy import optimize

from geomadv._typing import ArrayLike
from geomadv._validate import integer, real, real_array


def inf_axis_radius(
    direction: ArrayLike, inner: float = 1.0, outer: float = 3.0
) -> float:
    """Return where a ray meets the l_inf decision axis of two concentric spheres.

    Parameters
    ----------
    direction : (d,) array_like
        Direction of the ray from the centre, not zero.
    inner, outer : float
        Radii of the spheres, 0 < inner < outer.

    Returns
    -------
    float
        The distance from the centre at which the l_inf distances to both spheres are
        equal.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The point x has l_inf distance s to the inner sphere where |(|x_i| - s)_+|_2 is the
    inner radius, to the outer one where ||x_i| + s|_2 is the outer radius. Brent's
    method, to 1e-12 times the inner radius.

    Examples
    --------
    >>> round(inf_axis_radius([1.0, 1.0]), 9), round(inf_axis_radius([1.0, 0.0]), 9)
    (2.0, 1.926649916)
    """
    vector = np.abs(real_array("direction", direction, ndim=1))
    largest = float(vector.max(initial=0.0))
    if largest == 0:
        raise ValueError("direction must not be zero")
    vector = vector / largest
    u = vector / np.linalg.norm(vector)
    unit, b = _radii(inner, outer)
    a, b = 1.0, b / unit

    def surplus(rho: float) -> float:
        x = rho * u
        if rho <= a:
            return rho - b
        s = optimize.brentq(
            lambda s: float(np.linalg.norm(np.maximum(x - s, 0.0))) - a,
            0.0,
            rho,
            xtol=1e-14,
        )
        return float(np.linalg.norm(x + s)) - b

    return unit * float(optimize.brentq(surplus, a, b, xtol=1e-13))


def inf_axis_height(d: int, inner: float = 1.0, outer: float = 3.0) -> float:
    """Return how far above the inner sphere the l_inf decision axis is, along e_1.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    inner, outer : float
        Radii of the spheres, 0 < inner < outer.

    Returns
    -------
    float
        `inf_axis_radius` of e_1 minus the inner radius, in closed form.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(inf_axis_height(d), 5) for d in (2, 10, 100, 500, 1000)]
    [0.92665, 0.64556, 0.25995, 0.1222, 0.08734]
    """
    size = integer("d", d, minimum=2)
    a, b = _radii(inner, outer)
    root = math.sqrt(b * b * (size + 3) - a * a * (size - 1))
    return (root - 2 * a) / (size + 3)


def inf_axis_reach(d: int, inner: float = 1.0, outer: float = 3.0) -> float:
    """Return the l_2 distance of the inner of two spheres to their l_inf axis.

    The arguments are as for `inf_axis_height`.

    Returns
    -------
    float
        rch_2(Lambda_inf), about sqrt((outer^2 - inner^2)/d).

    Notes
    -----
    That no point with another pattern of coordinates is nearer is not proved here but
    searched for, in the tests.

    Examples
    --------
    >>> [round(inf_axis_reach(d), 5) for d in (2, 10, 100, 500, 1000)]
    [0.90274, 0.61628, 0.25488, 0.12116, 0.08682]
    """
    size = integer("d", d, minimum=2) - 1
    a, b = _radii(inner, outer)

    def height(s: float) -> float:
        h = math.sqrt(max(b * b - (a + 2 * s) ** 2, 0.0) / size) - s
        square = size * h * h
        return s + square / (math.hypot(a + s, math.sqrt(square)) + a + s)

    top = inf_axis_height(d, a, b)
    found = optimize.minimize_scalar(
        height, bounds=(0.0, top), method="bounded", options={"xatol": 1e-11 * top}
    )
    return float(found.fun)


def _radii(inner: float, outer: float) -> tuple[float, float]:
    a = real("inner", inner, lower=0, open_lower=True)
    return a, real("outer", outer, lower=a, open_lower=True)
