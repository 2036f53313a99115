"""ONNX operators as layers: the attributes and inputs of each, by its version.

A builder gets a `Call` and returns the layers that it stands for, one after the other,
or raises `NotKnownError` with the reason: such an operator bounds nothing, by name.
What contradicts the standard is a ModelFileError.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv.lipschitz._activations import (
    Activation,
    LayerNormalization,
    LocalResponseNormalization,
    PRelu,
    Softmax,
)
from geomadv.lipschitz._base import Layer, Shape
from geomadv.lipschitz._constants import (
    FLOATS,
    checked_size,
    reshaped,
    slices,
    squeezed,
    unsqueezed,
)
from geomadv.lipschitz._layers import BatchNormalization, Conv, ConvTranspose, Dense
from geomadv.lipschitz._pooling import AveragePool, MaxPool, Reduction
from geomadv.lipschitz._tensors import (
    NO_SHAPE,
    Add,
    Concat,
    Extremum,
    Reshape,
    Scale,
    Selection,
)
from geomadv.lipschitz._wire import ModelFileError


class NotKnownError(Exception):
    """An operator of which no bound is known; the message says why."""


@dataclass(frozen=True)
class Call:
    """One node of a file: an operator with its attributes and inputs.

    `inputs` are names, "" where an optional one is absent; `constants` holds those that
    depend on no input, `shapes` the shapes of the others as far as they are known.
    `reals` keeps constants in double precision, so that nodes share them.
    """

    op: str
    version: int
    attributes: Mapping[str, Any]
    inputs: Sequence[str]
    output: int
    outputs: int
    constants: Mapping[str, NDArray]
    shapes: Mapping[str, Shape]
    reals: dict[str, NDArray] = field(default_factory=dict)

    def has(self, i: int) -> bool:
        """Tell whether the input i is given."""
        return i < len(self.inputs) and self.inputs[i] != ""

    def varying(self) -> list[str]:
        """Return the inputs that are not constant."""
        return [t for t in self.inputs if t and t not in self.constants]

    def constant(self, i: int, what: str) -> NDArray:
        """Return a constant input in double precision."""
        if not self.has(i):
            raise ModelFileError(f"its {what} are missing")
        if self.inputs[i] not in self.constants:
            raise NotKnownError(f"its {what} are not constant")
        name = self.inputs[i]
        if name not in self.reals:
            self.reals[name] = real_values(self.constants[name], what)
        return self.reals[name]

    def integers(self, i: int, name: str) -> list[int] | None:
        """Return integers of an attribute, or of a constant input of later versions."""
        if name in self.attributes:
            return list(self.attributes[name])
        if not self.has(i):
            return None
        if self.inputs[i] not in self.constants:
            raise NotKnownError(f"its {name} are not constant")
        values = self.constants[self.inputs[i]]
        if values.dtype.kind not in "iu" or values.size > 64:
            raise ModelFileError(f"its {name} must be a few integers")
        return [int(v) for v in values.ravel()]

    def shape(self, i: int = 0) -> Shape:
        """Return the shape of an input."""
        if not self.has(i):
            raise ModelFileError(f"its input {i} is missing")
        if self.inputs[i] in self.constants:
            return tuple(self.constants[self.inputs[i]].shape)
        if self.inputs[i] not in self.shapes:
            raise NotKnownError(NO_SHAPE)
        return self.shapes[self.inputs[i]]

    def get(self, name: str, default: Any) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)


Builder = Callable[[Call], list[Layer]]


def real_values(array: NDArray, what: str) -> NDArray:
    """Return finite numbers in double precision."""
    if array.dtype.kind not in "buif":
        raise ModelFileError(f"its {what} must be numbers")
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ModelFileError(f"its {what} must be finite, got NaN or infinity")
    return values


def _spatial(call: Call, w: NDArray) -> dict[str, Any]:
    """Return stride, padding and dilation of a convolution."""
    axes = w.ndim - 2
    if axes not in (1, 2):
        raise NotKnownError(f"convolutions over {axes} axes are not known")
    strides = call.get("strides", [1] * axes)
    dilations = call.get("dilations", [1] * axes)
    for name, values in (("strides", strides), ("dilations", dilations)):
        if len(values) != axes:
            raise ModelFileError(f"{name} must be {axes} integers, got {values}")
    if list(call.get("kernel_shape", w.shape[2:])) != list(w.shape[2:]):
        raise ModelFileError(f"kernel_shape must be that of the weights {w.shape}")
    return {
        "stride": strides[0] if axes == 1 else tuple(strides),
        "dilation": dilations[0] if axes == 1 else tuple(dilations),
        "padding": _padding(call, axes),
    }


def _padding(call: Call, axes: int) -> Any:
    auto = call.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return "same" if auto == "SAME_UPPER" else "same_lower"
    if auto not in ("NOTSET", "VALID", ""):
        raise ModelFileError(f"auto_pad must be one of its four words, got {auto!r}")
    pads = call.get("pads", [0] * 2 * axes) if auto != "VALID" else [0] * 2 * axes
    if len(pads) != 2 * axes:
        raise ModelFileError(f"pads must be {2 * axes} integers, got {pads}")
    return tuple(zip(pads[:axes], pads[axes:], strict=True))


def _conv(call: Call) -> list[Layer]:
    w = call.constant(1, "weights")
    b = call.constant(2, "biases") if call.has(2) else None
    options = _spatial(call, w)
    if w.ndim == 3 and not isinstance(options["padding"], str):
        options["padding"] = options["padding"][0]
    return [Conv(w, b, groups=call.get("group", 1), **options)]


def _conv_transpose(call: Call) -> list[Layer]:
    w = call.constant(1, "weights")
    b = call.constant(2, "biases") if call.has(2) else None
    options = _spatial(call, w)
    if "output_shape" in call.attributes or isinstance(options["padding"], str):
        raise NotKnownError("a transposed convolution of a given size is not known")
    groups = call.get("group", 1)
    axes = w.ndim - 2
    extra = call.get("output_padding", [0] * axes)
    if len(extra) != axes:
        raise ModelFileError(f"output_padding must be {axes} integers, got {extra}")
    if axes == 1:
        options["padding"] = options["padding"][0]
        extra = [0, *extra]
    if b is not None and b.shape != (w.shape[1] * groups,):
        raise ModelFileError(f"biases of shape {b.shape} do not fit weights {w.shape}")
    conv = Conv(w, groups=groups, **options)
    if any(e >= s for e, s in zip(extra, conv.stride, strict=True)):
        raise NotKnownError("output padding above the stride is not known")
    return [ConvTranspose(conv, (extra[0], extra[1]), b)]


def _times(factor: float, array: NDArray) -> NDArray:
    """Return a multiple, the array itself where that is the same."""
    return array if factor == 1.0 else np.asarray(factor * array)


def _gemm(call: Call) -> list[Layer]:
    alpha, beta = float(call.get("alpha", 1.0)), float(call.get("beta", 1.0))
    a_const, b_const = (call.inputs[i] in call.constants for i in (0, 1))
    layers: list[Layer] = []
    if b_const:
        B = call.constant(1, "weights")
        if call.get("transA", 0):
            layers.append(_permuted(call.shape(0), (1, 0)))
        W = _times(alpha, B if call.get("transB", 0) else B.T)
        axis = -1
    elif a_const:
        A = call.constant(0, "weights")
        if call.get("transB", 0):
            layers.append(_permuted(call.shape(1), (1, 0)))
        W = _times(alpha, A.T if call.get("transA", 0) else A)
        axis = -2
    else:
        raise NotKnownError("the product of two tensors has no constant")
    if W.ndim != 2:
        raise ModelFileError(f"its weights must be a matrix, got {W.shape}")
    if not call.has(2) or beta == 0.0:
        return [*layers, Dense(W, None, axis)]
    C = _times(beta, call.constant(2, "biases"))
    if axis == -1 and C.size == len(W) and C.shape[-1:] == (len(W),):
        return [*layers, Dense(W, C.ravel())]
    return [*layers, Dense(W, None, axis), Scale(np.ones(()), C, "Add")]


def _matmul(call: Call) -> list[Layer]:
    if len(call.inputs) < 2:
        raise ModelFileError("a product takes two tensors")
    if call.inputs[1] in call.constants:
        W = call.constant(1, "weights")
        while W.ndim > 2 and W.shape[0] == 1:
            W = W[0]
        if W.ndim == 1:
            layers: list[Layer] = [Dense(W[None])]
            return [*layers, Reshape(call.shape(0)[:-1])]
        if W.ndim != 2:
            raise NotKnownError("a batch of matrices is not known")
        return [Dense(W.T)]
    if call.inputs[0] in call.constants:
        A = call.constant(0, "weights")
        if A.ndim != 2 or len(call.shape(1)) < 2:
            raise NotKnownError("a batch of matrices is not known")
        return [Dense(A, None, -2)]
    raise NotKnownError("the product of two tensors has no constant")


def _sum(call: Call, weights: tuple[float, ...]) -> list[Layer]:
    if len(weights) != len(call.inputs):
        raise ModelFileError(f"{call.op} takes {len(weights)} tensors")
    varying = call.varying()
    if len(varying) == 1 and call.inputs.count(varying[0]) == 1:
        shift = np.zeros(())
        factor = 1.0
        for i, (w, t) in enumerate(zip(weights, call.inputs, strict=True)):
            if t == varying[0]:
                factor = w
            else:
                shift = np.asarray(shift + w * call.constant(i, "constants"))
        _fits(call, varying[0], shift)
        return [Scale(np.array(factor), shift, call.op)]
    return [Add(weights, call.op)]


def _fits(call: Call, tensor: str, constant: NDArray) -> None:
    """Check a constant's size against the shape that it is broadcast to."""
    if tensor in call.shapes:
        shapes = (call.shapes[tensor], constant.shape)
        checked_size(np.broadcast_shapes(*shapes))


def _mul(call: Call) -> list[Layer]:
    varying = call.varying()
    if len(varying) != 1 or len(call.inputs) != 2:
        raise NotKnownError("the product of two tensors has no constant")
    c = call.constant(1 - list(call.inputs).index(varying[0]), "constants")
    _fits(call, varying[0], c)
    return [Scale(c, name="Mul")]


def _div(call: Call) -> list[Layer]:
    if len(call.inputs) != 2 or call.inputs[1] not in call.constants:
        raise NotKnownError("the quotient of two tensors has no constant")
    c = call.constant(1, "constants")
    if (c == 0.0).any():
        raise ModelFileError("it divides by 0")
    _fits(call, call.inputs[0], c)
    return [Scale(np.asarray(1.0 / c), name="Div")]


def _batch_normalization(call: Call) -> list[Layer]:
    if call.get("training_mode", 0) or call.outputs > 1 or not call.get("spatial", 1):
        raise NotKnownError("batch normalisation in training is not known")
    names = ("scales", "shifts", "means", "variances")
    s, t, m, v = (call.constant(i, name) for i, name in enumerate(names, 1))
    return [BatchNormalization(s, t, m, v, float(call.get("epsilon", 1e-5)))]


def _pool_options(call: Call) -> dict[str, Any]:
    size = call.get("kernel_shape", None)
    if not size:
        raise ModelFileError("its kernel_shape is missing")
    axes = len(size)
    if axes > 3:
        raise NotKnownError(f"pooling over {axes} axes is not known")
    return {
        "kernel": tuple(size),
        "stride": tuple(call.get("strides", [1] * axes)),
        "padding": _padding(call, axes),
        "dilation": tuple(call.get("dilations", [1] * axes)),
        "ceil": bool(call.get("ceil_mode", 0)),
    }


def _max_pool(call: Call) -> list[Layer]:
    return [MaxPool(**_pool_options(call))]


def _average_pool(call: Call) -> list[Layer]:
    include = bool(call.get("count_include_pad", 0))
    return [AveragePool(**_pool_options(call), include_padding=include)]


def _reduction(kind: str) -> Builder:
    def build(call: Call) -> list[Layer]:
        axes = call.integers(1, "axes")
        if not axes:
            if call.get("noop_with_empty_axes", 0):
                return [Scale(np.ones(()), name=call.op)]
            axes = list(range(len(call.shape(0))))
        keep = bool(call.get("keepdims", 1))
        return [Reduction(kind, tuple(axes), keep, call.op)]

    return build


def _activation(name: str, **defaults: float) -> Builder:
    def build(call: Call) -> list[Layer]:
        values = [float(call.get(k, v)) for k, v in defaults.items()]
        return [Activation(name, *values)]

    return build


def _clip(call: Call) -> list[Layer]:
    limits = []
    for i, (name, default) in enumerate((("min", -math.inf), ("max", math.inf)), 1):
        if name in call.attributes:
            limits.append(float(call.attributes[name]))
        elif call.has(i):
            values = call.constants.get(call.inputs[i])
            if values is None:
                raise NotKnownError(f"its {name} is not constant")
            if values.size != 1 or np.isnan(values.astype(float)).any():
                raise ModelFileError(f"its {name} must be one number")
            limits.append(float(values.ravel()[0]))
        else:
            limits.append(default)
    return [Activation("Clip", *limits)]


def _gelu(call: Call) -> list[Layer]:
    kind = call.get("approximate", "none")
    if kind not in ("none", "tanh"):
        raise ModelFileError(f"approximate must be 'none' or 'tanh', got {kind!r}")
    return [Activation("Gelu" if kind == "none" else "GeluTanh")]


def _softmax(log: bool) -> Builder:
    def build(call: Call) -> list[Layer]:
        if call.version >= 13:
            return [Softmax(call.get("axis", -1), log)]
        shape = call.shape(0)
        axis = call.get("axis", 1)
        if not -len(shape) <= axis <= len(shape):
            raise ModelFileError(f"there is no axis {axis} in the shape {shape}")
        rows = math.prod(shape[: axis % len(shape) if axis < 0 else axis])
        flat = Reshape((rows, math.prod(shape) // max(rows, 1)))
        return [flat, Softmax(-1, log), Reshape(shape)]

    return build


def _normalization(call: Call) -> list[Layer]:
    shape = call.shape(0)
    if call.outputs > 1:
        raise NotKnownError("its further outputs are not known")
    eps = float(call.get("epsilon", 1e-5))
    if eps <= 0:
        raise NotKnownError("without epsilon it has no constant")
    scale = call.constant(1, "scales")
    shift = call.constant(2, "shifts") if call.has(2) else np.zeros(())
    if call.op == "InstanceNormalization":
        column = (-1, *(1,) * (len(shape) - 2))
        scale, shift = scale.reshape(column), shift.reshape(column)
        axes = tuple(range(2, len(shape)))
    else:
        axis = call.get("axis", -1)
        if not -len(shape) <= axis < len(shape):
            raise ModelFileError(f"there is no axis {axis} in the shape {shape}")
        axes = tuple(range(axis % len(shape), len(shape)))
    return [LayerNormalization(axes, eps, scale, shift, call.op)]


def _index(shape: Shape) -> NDArray:
    return np.arange(math.prod(shape)).reshape(shape)


def _permuted(shape: Shape, order: Sequence[int] | None) -> Layer:
    axes = tuple(range(len(shape)))[::-1] if order is None else tuple(order)
    if sorted(axes) != list(range(len(shape))):
        raise ModelFileError(f"perm must order the axes of {shape}, got {axes}")
    new = tuple(shape[a] for a in axes)
    moved = [a for a in axes if shape[a] != 1]
    if moved == sorted(moved):
        return Reshape(new, "Transpose")
    return Selection(_index(shape).transpose(axes), "Transpose")


def _flatten(call: Call) -> list[Layer]:
    shape, axis = call.shape(), call.get("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise ModelFileError(f"there is no axis {axis} in the shape {shape}")
    rows = math.prod(shape[: axis % len(shape) if axis < 0 else axis])
    return [Reshape((rows, math.prod(shape) // max(rows, 1)), "Flatten")]


def _reshape(call: Call) -> list[Layer]:
    wanted = call.integers(1, "shape")
    if wanted is None:
        raise ModelFileError("its shape is missing")
    return [Reshape(reshaped(call.shape(), wanted, bool(call.get("allowzero", 0))))]


def _squeeze(call: Call) -> list[Layer]:
    return [Reshape(squeezed(call.shape(), call.integers(1, "axes")), "Squeeze")]


def _unsqueeze(call: Call) -> list[Layer]:
    axes = call.integers(1, "axes") or []
    return [Reshape(unsqueezed(call.shape(), axes), "Unsqueeze")]


def _identity(call: Call) -> list[Layer]:
    if call.op == "Dropout":
        training = call.has(2) and call.constants.get(call.inputs[2], np.ones(1)).any()
        if training:
            raise NotKnownError("dropout in training is not known")
    if call.op == "Cast" and call.get("to", 0) not in FLOATS:
        raise NotKnownError("rounding to integers has no constant")
    if call.op == "Cast" and call.get("to", 0) not in (1, 11):
        raise NotKnownError("rounding to half precision is not known")
    return [_Same(call.op)]


class _Same(Reshape):
    """The tensor itself, whatever its shape."""

    def __init__(self, name: str) -> None:
        super().__init__((), name)

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input."""
        return shapes[0]

    def forward(self, *xs: NDArray) -> NDArray:
        """Return the input."""
        return xs[0]


def _padded(n: int, before: int, after: int, mode: str) -> NDArray:
    """Return the places of an axis of n pixels that its padded one repeats."""
    at = np.arange(-before, n + after)
    if before + after == 0:
        return at
    if n == 0:
        raise ModelFileError(f"an axis without pixels has none to {mode}")
    if mode == "edge":
        return np.clip(at, 0, n - 1)
    if mode == "wrap":
        return at % n
    return (n - 1) - np.abs(at % max(2 * n - 2, 1) - (n - 1))


def _pad(call: Call) -> list[Layer]:
    shape = call.shape()
    pads = call.integers(1, "pads")
    if pads is None:
        pads = call.get("paddings", None)
    mode = call.get("mode", "constant")
    axes = call.integers(3, "axes") if call.version >= 18 else None
    axes = list(range(len(shape))) if axes is None else axes
    if pads is None or len(pads) != 2 * len(axes):
        raise ModelFileError(f"pads must be {2 * len(axes)} integers, got {pads}")
    if any(not -len(shape) <= a < len(shape) for a in axes):
        raise ModelFileError(f"there are no axes {axes} in the shape {shape}")
    both = [(0, 0)] * len(shape)
    for i, axis in enumerate(axes):
        both[axis] = (pads[i], pads[i + len(axes)])
    constant = float(call.get("value", 0.0))
    if call.has(2):
        constant = float(call.constant(2, "value").ravel()[0])
    checked_size([max(n + a + b, 0) for n, (a, b) in zip(shape, both, strict=True)])
    checked_size(
        [max(a, 0) + max(b, 0) + n for n, (a, b) in zip(shape, both, strict=True)]
    )
    index = _index(shape)
    cut = tuple(
        slice(max(-a, 0), max(n - max(-b, 0), 0))
        for n, (a, b) in zip(shape, both, strict=True)
    )
    index = index[cut]
    width = [(max(a, 0), max(b, 0)) for a, b in both]
    if mode == "constant":
        index = np.pad(index, width, constant_values=-1)
    elif mode in ("reflect", "edge", "wrap"):
        places = [
            _padded(n, before, after, mode)
            for n, (before, after) in zip(index.shape, width, strict=True)
        ]
        index = index[np.ix_(*places)]
    else:
        raise ModelFileError(f"mode must be one of its four words, got {mode!r}")
    return [Selection(index, "Pad", constant)]


def _slice(call: Call) -> list[Layer]:
    shape = call.shape()
    names = ("starts", "ends", "axes", "steps")
    starts, ends, axes, steps = (call.integers(i, k) for i, k in enumerate(names, 1))
    if starts is None or ends is None:
        raise ModelFileError("its starts or ends are missing")
    return [Selection(_index(shape)[slices(shape, starts, ends, axes, steps)], "Slice")]


def _gather(call: Call) -> list[Layer]:
    shape, axis = call.shape(), call.get("axis", 0)
    if call.inputs[1] not in call.constants:
        raise NotKnownError("its indices are not constant")
    where = call.constants[call.inputs[1]]
    if where.dtype.kind not in "iu" or not -len(shape) <= axis < len(shape):
        raise ModelFileError(f"indices must be integers for an axis of {shape}")
    n = shape[axis]
    if where.size and (where.min() < -n or where.max() >= n):
        raise ModelFileError(f"indices must lie in [-{n}, {n}), got {where.max()}")
    axis %= len(shape)
    checked_size((*shape[:axis], where.size, *shape[axis + 1 :]))
    return [Selection(np.take(_index(shape), where, axis=axis), "Gather")]


def _split(call: Call) -> list[Layer]:
    shape, axis = call.shape(), call.get("axis", 0)
    if not -len(shape) <= axis < len(shape):
        raise ModelFileError(f"there is no axis {axis} in the shape {shape}")
    n, parts = shape[axis], call.integers(1, "split")
    if parts is None:
        count = call.get("num_outputs", call.outputs)
        each = -(-n // max(count, 1))
        parts = [each] * (count - 1) + [n - each * (count - 1)]
    if sum(parts) != n or min(parts) < 0 or len(parts) <= call.output:
        raise ModelFileError(f"an axis of {n} cannot be split into {parts}")
    start = sum(parts[: call.output])
    where = np.arange(start, start + parts[call.output])
    return [Selection(np.take(_index(shape), where, axis=axis), "Split")]


def _expand(call: Call) -> list[Layer]:
    shape = call.shape()
    if call.op == "Expand":
        wanted = call.integers(1, "shape")
        if wanted is None or min(wanted, default=1) < 0:
            raise ModelFileError(f"its shape must be lengths, got {wanted}")
        ndim = max(len(shape), len(wanted))
        full = [1] * (ndim - len(shape)) + list(shape)
        other = [1] * (ndim - len(wanted)) + wanted
        if any(a != b and 1 not in (a, b) for a, b in zip(full, other, strict=True)):
            raise ModelFileError(f"{shape} cannot be expanded to {tuple(wanted)}")
        target = [b if a == 1 else a for a, b in zip(full, other, strict=True)]
        return [
            Selection(np.broadcast_to(_index(shape), checked_size(target)), "Expand")
        ]
    repeats = call.integers(1, "repeats")
    if repeats is None or len(repeats) != len(shape) or min(repeats, default=0) < 0:
        raise ModelFileError(f"repeats must be {len(shape)} counts, got {repeats}")
    checked_size([n * r for n, r in zip(shape, repeats, strict=True)])
    return [Selection(np.tile(_index(shape), repeats), "Tile")]


def _depth(call: Call) -> list[Layer]:
    shape, b = call.shape(), int(call.get("blocksize", 0))
    if len(shape) != 4 or b < 1:
        raise ModelFileError(f"blocksize must be at least 1 for {shape}, got {b}")
    n, c, h, w = shape
    index = _index(shape)
    try:
        if call.op == "SpaceToDepth":
            index = index.reshape(n, c, h // b, b, w // b, b)
            index = index.transpose(0, 3, 5, 1, 2, 4)
            return [Selection(index.reshape(n, c * b * b, h // b, w // b), call.op)]
        if call.get("mode", "DCR") == "DCR":
            index = index.reshape(n, b, b, c // (b * b), h, w)
            index = index.transpose(0, 3, 4, 1, 5, 2)
        else:
            index = index.reshape(n, c // (b * b), b, b, h, w)
            index = index.transpose(0, 1, 4, 2, 5, 3)
        return [Selection(index.reshape(n, c // (b * b), h * b, w * b), call.op)]
    except ValueError:
        raise ModelFileError(f"blocks of {b} do not fit {shape}") from None


def _lrn(call: Call) -> list[Layer]:
    if "size" not in call.attributes:
        raise ModelFileError("its size is missing")
    alpha, beta = float(call.get("alpha", 1e-4)), float(call.get("beta", 0.75))
    bias = float(call.get("bias", 1.0))
    if alpha < 0 or beta < 0 or bias <= 0:
        raise NotKnownError("with alpha or beta below 0 or bias 0 it has no constant")
    return [LocalResponseNormalization(call.attributes["size"], alpha, beta, bias)]


BUILDERS: Mapping[str, Builder] = {
    **{
        name: _activation(name)
        for name in (
            *("Abs", "Atan", "Cos", "Erf", "HardSwish", "Relu", "Sigmoid", "Sin"),
            *("Softplus", "Softsign", "Tanh"),
        )
    },
    "Add": lambda call: _sum(call, (1.0, 1.0)),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Cast": _identity,
    "Celu": _activation("Celu", alpha=1.0),
    "Clip": _clip,
    "Concat": lambda call: [Concat(call.get("axis", 1))],
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth,
    "Div": _div,
    "Dropout": _identity,
    "Elu": _activation("Elu", alpha=1.0),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda _: [Reduction("mean", name="GlobalAveragePool")],
    "GlobalMaxPool": lambda _: [Reduction("max", name="GlobalMaxPool")],
    "HardSigmoid": _activation("HardSigmoid", alpha=0.2, beta=0.5),
    "Identity": _identity,
    "InstanceNormalization": _normalization,
    "LRN": _lrn,
    "LayerNormalization": _normalization,
    "LeakyRelu": _activation("LeakyRelu", alpha=0.01),
    "LogSoftmax": _softmax(True),
    "MatMul": _matmul,
    "Max": lambda _: [Extremum(1)],
    "MaxPool": _max_pool,
    "Mean": lambda call: _sum(call, (1.0 / len(call.inputs),) * len(call.inputs)),
    "Min": lambda _: [Extremum(-1)],
    "Mul": _mul,
    "Neg": lambda call: _sum(call, (-1.0,)),
    "PRelu": lambda call: [PRelu(call.constant(1, "slopes"))],
    "Pad": _pad,
    "ReduceMax": _reduction("max"),
    "ReduceMean": _reduction("mean"),
    "ReduceSum": _reduction("sum"),
    "Reshape": _reshape,
    "Selu": _activation(
        "Selu", alpha=1.67326319217681884765625, gamma=1.05070102214813232421875
    ),
    "Slice": _slice,
    "Softmax": _softmax(False),
    "SpaceToDepth": _depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Sub": lambda call: _sum(call, (1.0, -1.0)),
    "Sum": lambda call: _sum(call, (1.0,) * len(call.inputs)),
    "Swish": _activation("Swish", alpha=1.0),
    "Tile": _expand,
    "Transpose": lambda call: [_permuted(call.shape(), call.get("perm", None))],
    "Unsqueeze": _unsqueeze,
}


def layers_of(call: Call) -> list[Layer]:
    """Return the layers of an operator, one after the other.

    Raises
    ------
    NotKnownError
        If no bound is known for it.
    ModelFileError
        If it contradicts the standard.
    """
    if call.op not in BUILDERS:
        raise NotKnownError(f"the operator {call.op} is not known")
    try:
        return BUILDERS[call.op](call)
    except ModelFileError:
        raise
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ModelFileError(str(error)) from None


#: Operators of which a layer takes all tensors; of a sum, where several vary.
SUMS = frozenset({"Add", "Sub", "Sum", "Mean"})
STACKED = SUMS | {"Concat", "Max", "Min"}
