"""Tensors of an ONNX file, and the arithmetic on those that depend on no input.

Shapes are checked before memory is taken: the declared number of entries must be the
stored one, and the result of an operation on constants may not be above a limit.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv.lipschitz._wire import ModelFileError

MOST_ENTRIES = 2**24  # of a tensor that is computed
_MOST_STORED = 2**28

# Number of the type in ONNX: the type in memory, the field that holds it.
_TYPES: Mapping[int, tuple[str, str]] = {
    1: ("<f4", "float_data"),
    2: ("<u1", "int32_data"),
    3: ("<i1", "int32_data"),
    4: ("<u2", "int32_data"),
    5: ("<i2", "int32_data"),
    6: ("<i4", "int32_data"),
    7: ("<i8", "int64_data"),
    9: ("|b1", "int32_data"),
    10: ("<f2", "int32_data"),
    11: ("<f8", "double_data"),
    12: ("<u4", "uint64_data"),
    13: ("<u8", "uint64_data"),
}
_BFLOAT16 = 16
FLOATS = (1, 10, 11, _BFLOAT16)


class NotConstantError(Exception):
    """An operation on constants that is not known."""


def checked_size(shape: Sequence[int], most: int = MOST_ENTRIES) -> tuple[int, ...]:
    """Return a shape whose number of entries is in bounds."""
    plain = tuple(int(n) for n in shape)
    if len(plain) > 16 or any(n < 0 for n in plain):
        raise ModelFileError(f"a tensor cannot have the shape {plain[:16]}")
    # Zeros first would hide the overflow of other lengths.
    if math.prod(max(n, 1) for n in plain) > most:
        raise ModelFileError(f"a tensor of shape {plain} has more than {most} entries")
    return plain


def stored(tensor: Any, name: str) -> NDArray:
    """Return the array of a TensorProto, which must hold its numbers itself."""
    if tensor.data_location == 1 or len(tensor.external_data):
        raise ModelFileError(
            f"tensor {name!r} lies in another file, which is not read; "
            "save the model with its tensors inside"
        )
    try:
        shape = checked_size(tensor.dims, _MOST_STORED)
    except ModelFileError as error:
        raise ModelFileError(f"tensor {name!r}: {error}") from None
    kind = int(tensor.data_type)
    if kind != _BFLOAT16 and kind not in _TYPES:
        raise ModelFileError(f"tensor {name!r} has the type {kind}, which is not read")
    code, place = ("<u2", "int32_data") if kind == _BFLOAT16 else _TYPES[kind]
    dtype, count = np.dtype(code), math.prod(shape)
    if tensor.HasField("raw_data"):
        found = len(tensor.raw_data) / dtype.itemsize
        raw: Any = tensor.raw_data
    else:
        raw = getattr(tensor, place)
        found = len(raw)
    if found != count:
        raise ModelFileError(
            f"tensor {name!r} of shape {shape} must hold {count} numbers, got {found:g}"
        )
    if tensor.HasField("raw_data"):
        array = np.frombuffer(raw, dtype=dtype)
    elif code == "<f2":
        array = np.array(raw, dtype=np.int64).astype("<u2").view("<f2")
    else:
        array = np.array(raw, dtype=np.int64 if place == "int32_data" else None)
        array = array.astype(dtype)
    if kind == _BFLOAT16:
        array = (array.astype("<u4") << 16).view("<f4")
    return array.reshape(shape)


def reshaped(shape: Sequence[int], wanted: Sequence[int], allow_zero: bool) -> Any:
    """Return the target of Reshape, with 0 (as before) and -1 (the rest) filled in."""
    target = [int(n) for n in wanted]
    if len(target) > 16:
        raise ModelFileError(f"a tensor cannot have {len(target)} axes")
    for i, n in enumerate(target):
        if n == 0 and not allow_zero:
            if i >= len(shape):
                raise ModelFileError(f"there is no axis {i} in the shape {shape}")
            target[i] = shape[i]
    if target.count(-1) > 1 or min(target, default=0) < -1:
        raise ModelFileError(f"a tensor cannot have the shape {tuple(target)}")
    if -1 in target:
        rest = math.prod(n for n in target if n != -1)
        if rest == 0 or math.prod(shape) % rest:
            raise ModelFileError(f"{shape} cannot be reshaped to {tuple(target)}")
        target[target.index(-1)] = math.prod(shape) // rest
    if math.prod(target) != math.prod(shape):
        raise ModelFileError(f"{shape} cannot be reshaped to {tuple(target)}")
    return checked_size(target)


def squeezed(shape: Sequence[int], axes: Sequence[int] | None) -> tuple[int, ...]:
    """Return the shape without axes of length 1."""
    ndim = len(shape)
    if axes is None:
        return tuple(n for n in shape if n != 1)
    if any(not -ndim <= a < ndim for a in axes):
        raise ModelFileError(f"there are no axes {tuple(axes)} in {tuple(shape)}")
    gone = {a % ndim for a in axes}
    if any(shape[a] != 1 for a in gone):
        raise ModelFileError(f"axes {tuple(axes)} of {tuple(shape)} are not 1")
    return tuple(n for i, n in enumerate(shape) if i not in gone)


def unsqueezed(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape with axes of length 1 put in."""
    ndim = len(shape) + len(axes)
    if ndim > 16 or any(not -ndim <= a < ndim for a in axes):
        raise ModelFileError(f"axes {tuple(axes)[:16]} cannot be put into {shape}")
    places = {a % ndim for a in axes}
    if len(places) != len(axes):
        raise ModelFileError(f"axes {tuple(axes)} must differ")
    rest = iter(shape)
    return tuple(1 if i in places else next(rest) for i in range(ndim))


def slices(
    shape: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None,
    steps: Sequence[int] | None,
) -> tuple[slice, ...]:
    """Return the slices of the operator Slice."""
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise ModelFileError("starts, ends, axes and steps must be of one length")
    result = [slice(None)] * len(shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -len(shape) <= axis < len(shape) or step == 0:
            raise ModelFileError(f"axis {axis}, step {step} do not fit {shape}")
        n = shape[axis]
        if step < 0:
            last = None if end < -n else end
            result[axis] = slice(start, last, step)
        else:
            result[axis] = slice(start, end, step)
    return tuple(result)


def _shape_like(array: NDArray, wanted: NDArray) -> NDArray:
    target = checked_size(np.broadcast_shapes(array.shape, tuple(wanted.tolist())))
    return np.broadcast_to(array, target)


def fold(op: str, attributes: Mapping[str, Any], xs: Sequence[NDArray]) -> NDArray:
    """Return the result of an operation on constants.

    Raises
    ------
    NotConstantError
        If the operation is not among those that are computed.
    ModelFileError
        If its result would be too large, or the inputs do not fit.
    """
    if op not in _FOLDED:
        raise NotConstantError
    if op in _ELEMENTWISE:
        try:
            checked_size(np.broadcast_shapes(*(x.shape for x in xs)))
        except ModelFileError:
            raise
        except ValueError as error:
            raise ModelFileError(str(error)) from None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(_FOLDED[op](attributes, *xs))
    except ModelFileError:
        raise
    except (ValueError, IndexError, TypeError, OverflowError, KeyError) as error:
        raise ModelFileError(f"constants do not fit {op}: {error}") from None


def _axes(attributes: Mapping[str, Any], given: Sequence[NDArray]) -> list[int] | None:
    if given:
        return [int(a) for a in given[0].ravel()[:16]]
    return attributes.get("axes")


def _cast(attributes: Mapping[str, Any], x: NDArray) -> NDArray:
    to = int(attributes["to"])
    if to not in _TYPES:
        raise NotConstantError
    return x.astype(_TYPES[to][0])


def _filled(attributes: Mapping[str, Any], shape: NDArray) -> NDArray:
    target = checked_size(shape.tolist())
    value = attributes.get("value", np.zeros(1, dtype=np.float32))
    return np.full(target, value.ravel()[0])


def _concat(attributes: Mapping[str, Any], *xs: NDArray) -> NDArray:
    if sum(x.size for x in xs) > MOST_ENTRIES:
        raise ModelFileError(f"a tensor has more than {MOST_ENTRIES} entries")
    return np.concatenate(xs, axis=int(attributes["axis"]))


def _gather(attributes: Mapping[str, Any], x: NDArray, index: NDArray) -> NDArray:
    axis = int(attributes.get("axis", 0))
    checked_size((*np.delete(x.shape, axis), index.size))
    return np.asarray(np.take(x, index, axis=axis))


def _slice(attributes: Mapping[str, Any], x: NDArray, *rest: NDArray) -> NDArray:
    if rest:
        given = [[int(v) for v in r.ravel()[:16]] for r in rest]
        padded = [*given, *[None] * (4 - len(given))]
    else:
        padded = [attributes.get(k) for k in ("starts", "ends", "axes", "steps")]
    starts, ends, axes, steps = padded
    if starts is None or ends is None:
        raise ModelFileError("its starts or ends are missing")
    return x[slices(x.shape, starts, ends, axes, steps)]


def _divided(_: Mapping[str, Any], a: NDArray, b: NDArray) -> NDArray:
    if a.dtype.kind in "iu":
        return np.asarray(np.trunc(a / b)).astype(a.dtype)
    return np.asarray(a / b)


_ELEMENTWISE: Mapping[str, Callable[..., NDArray]] = {
    "Add": lambda _, a, b: a + b,
    "Div": _divided,
    "Mul": lambda _, a, b: a * b,
    "Neg": lambda _, a: -a,
    "Sqrt": lambda _, a: np.sqrt(a),
    "Sub": lambda _, a, b: a - b,
}

_FOLDED: Mapping[str, Callable[..., NDArray]] = {
    **_ELEMENTWISE,
    "Cast": _cast,
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Expand": lambda _, x, shape: _shape_like(x, shape),
    "Gather": _gather,
    "Identity": lambda _, x: x,
    "Reshape": lambda at, x, shape: x.reshape(
        reshaped(x.shape, shape.tolist(), bool(at.get("allowzero", 0)))
    ),
    "Shape": lambda at, x: np.array(x.shape, dtype=np.int64)[
        at.get("start", 0) : at.get("end")
    ],
    "Slice": _slice,
    "Squeeze": lambda at, x, *a: x.reshape(squeezed(x.shape, _axes(at, a))),
    "Transpose": lambda at, x: x.transpose(at.get("perm")),
    "Unsqueeze": lambda at, x, *a: x.reshape(unsqueezed(x.shape, _axes(at, a) or [])),
}
