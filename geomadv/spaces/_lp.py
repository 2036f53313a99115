r"""The l_p distance of R^d, and the norm of the identity from l_2 to l_p.

||v||_p = (sum_i |v_i|^p)^{1/p}, ||v||_inf = max_i |v_i|, for 1 <= p <= inf. Holder's
inequality gives ||v||_p <= d^{max(0, 1/p - 1/2)} ||v||_2, with equality for v = e_1
where p >= 2 and for v = (1, ..., 1) where p <= 2.
"""

from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import norm_order, real_array


def lp_norm(x: Float[NDArray, "*s d"], p: float) -> Float[NDArray, "*s"]:
    """Return the l_p norm along the last axis, scaled so that no power overflows.

    Examples
    --------
    >>> [round(float(lp_norm(np.array([3.0, 4.0]), p)), 9) for p in (1, 2, np.inf)]
    [7.0, 5.0, 4.0]
    """
    size: NDArray = np.abs(x)
    if p == 1.0:
        return np.asarray(size.sum(axis=-1))
    largest = size.max(axis=-1, initial=0.0)
    if np.isinf(p):
        return np.asarray(largest)
    scale = np.where(largest > 0.0, largest, 1.0)
    total = ((size / scale[..., None]) ** p).sum(axis=-1)
    return np.asarray(scale * total ** (1.0 / p))


def lp_distance(x: ArrayLike, y: ArrayLike, p: float, d: int, **limits: Any) -> Real:
    """Return ||x - y||_p for points of R^d, broadcast over the leading axes."""
    order = norm_order("p", p)
    left, right = coordinates("x", x, d, **limits), coordinates("y", y, d, **limits)
    try:
        difference = left - right
    except ValueError as error:
        raise ValueError(
            f"shapes do not broadcast: x {left.shape}, y {right.shape}"
        ) from error
    return lp_norm(difference, order)[()]


def coordinates(
    name: str, value: ArrayLike, d: int, **limits: Any
) -> Float[NDArray, "*s d"]:
    """Return points of R^d as an array whose last axis has d entries."""
    array = real_array(name, value, **limits)
    if array.ndim == 0 or array.shape[-1] != d:
        raise ValueError(
            f"{name} must have {d} entries along its last axis, got shape {array.shape}"
        )
    return array


def identity_norm(d: int, p: float) -> float:
    """Return ||I_d||_{2->p} = d^{max(0, 1/p - 1/2)}.

    Examples
    --------
    >>> identity_norm(784, 1), identity_norm(784, 2), identity_norm(784, np.inf)
    (28.0, 1.0, 1.0)
    """
    return float(np.power(float(d), max(0.0, 1.0 / p - 0.5)))
