"""Checks of arguments: one clear message that names the argument and its value.

A value of the wrong kind (a string, a complex number, a ragged list) is a TypeError; a
value of the right kind outside its range (NaN and the infinities included, unless they
are allowed) is a ValueError. Arrays are converted here, at the door, and nowhere else.
"""

import math
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray

_SHOWN = 60


def _show(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def integer(
    name: str, value: Any, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return `value` as an int; a bool, a float and a string are not integers."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {_show(value)}")
    result = int(value)
    if minimum is not None and result < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {result}")
    if maximum is not None and result > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {result}")
    return result


def unmasked(name: str, value: Any) -> None:
    """Refuse an array of `numpy.ma` that hides entries: `asarray` would show them."""
    if np.ma.isMaskedArray(value) and np.ma.getmaskarray(value).any():
        hidden = np.ma.getmaskarray(value)
        raise ValueError(
            f"{name} must have no masked entries, got {int(hidden.sum())} of "
            f"{hidden.size}: leave out their rows, or fill them"
        )


def real_array(
    name: str,
    value: ArrayLike,
    *,
    lower: float = -math.inf,
    upper: float = math.inf,
    open_lower: bool = False,
    open_upper: bool = False,
    infinite: bool = False,
    ndim: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return `value` as a float64 array whose entries all lie in the given range.

    NaN never passes. An infinity passes only with ``infinite=True`` and inside the
    range. Integers and booleans are numbers; strings, objects and complex numbers are
    not, and masked entries are none. The array that comes back may share memory with
    `value`.
    """
    unmasked(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:  # a ragged sequence
        raise TypeError(
            f"{name} must be a number or an array of numbers, got {_show(value)}"
        ) from error
    if array.size == 0 and array.dtype == object:
        array = array.astype(np.float64)
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{name} must be real numbers, got {_show(value)} of dtype {array.dtype}"
        )
    if array.dtype != np.float64:
        array = array.astype(np.float64)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {array.shape}")
    if _plainly_finite(array) and math.isinf(lower) and math.isinf(upper):
        return array
    inside = (array > lower if open_lower else array >= lower) & (
        array < upper if open_upper else array <= upper
    )
    if not infinite:
        inside &= np.isfinite(array)
    if not inside.all():
        bad = float(array[~inside].flat[0])
        raise ValueError(
            f"{name} must {_range(lower, upper, open_lower, open_upper, infinite)}, "
            f"got {bad!r}"
        )
    return array


def _plainly_finite(array: Float[NDArray, "..."]) -> bool:
    """Tell whether the sum of all entries is finite, and so is each of them.

    One pass without temporary arrays. A sum may overflow, which decides nothing.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(array.sum())


def _range(
    lower: float, upper: float, open_lower: bool, open_upper: bool, infinite: bool
) -> str:
    if math.isinf(lower) and math.isinf(upper):
        return "not be NaN" if infinite else "be finite"
    if math.isinf(upper):
        limit = f"be {'above' if open_lower else 'at least'} {lower:g}"
        return limit if infinite else f"{limit} and finite"
    if math.isinf(lower):
        limit = f"be {'below' if open_upper else 'at most'} {upper:g}"
        return limit if infinite else f"{limit} and finite"
    left, right = "(" if open_lower else "[", ")" if open_upper else "]"
    return f"lie in {left}{lower:g}, {upper:g}{right}"


def real(name: str, value: Any, **limits: Any) -> float:
    """Return `value` as a float; the limits are those of `real_array`."""
    array = real_array(name, value, **limits)
    if array.ndim != 0:
        raise TypeError(f"{name} must be one number, got shape {array.shape}")
    return float(array)


def probability(name: str, value: ArrayLike) -> Float[NDArray, "*shape"]:
    """Return `value` as an array of numbers in [0, 1]."""
    return real_array(name, value, lower=0.0, upper=1.0)


def norm_order(name: str, value: Any) -> float:
    """Return the order p of an l_p norm, a number in [1, inf]."""
    return real(name, value, lower=1.0, infinite=True)


def points(
    name: str, value: ArrayLike, *, d: int | None = None, minimum: int = 0
) -> Float[NDArray, "n d"]:
    """Return `value` as n points in R^d: a finite float64 array with two axes.

    `minimum` is the least number of points; 0 allows an empty query.
    """
    array = real_array(name, value)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must be points of shape (n, d), got shape {array.shape}"
        )
    if d is not None and array.shape[1] != d:
        raise ValueError(
            f"{name} must have {d} columns (its points lie in R^{d}), "
            f"got shape {array.shape}"
        )
    if array.shape[0] < minimum:
        raise ValueError(
            f"{name} must have at least {minimum} points, got {array.shape[0]}"
        )
    return array


def labels(
    name: str, value: ArrayLike, n: int, *, classes: int = 2
) -> Float[NDArray, " n"]:
    """Return n labels of -1 and +1, with at least `classes` different ones."""
    array = real_array(name, value)
    if array.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), got shape {array.shape}")
    if not np.isin(array, (-1.0, 1.0)).all():
        bad = array[~np.isin(array, (-1.0, 1.0))][0]
        raise ValueError(f"{name} must be -1 or +1, got {bad:g}")
    if np.unique(array).size < classes:
        raise ValueError(f"{name} must hold both classes, got only one")
    return array


def choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value`, one of the words in `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"{name} must be one of {words}, got {_show(value)}")
    return value


def broadcast(**arrays: NDArray) -> tuple[NDArray, ...]:
    """Return the arrays broadcast against each other (read-only views)."""
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"shapes do not broadcast: {shapes}") from error
