r"""Dense and convolutional layers, and the batch normalisation that follows them.

A dense layer x -> W x + b has the constant ||W||, and so has its map of every row of a
matrix of points. A convolution

    y_d(p) = b_d + sum_{c, q} w_{d,c}(q) x_c(S p + D q - P)

with stride S, dilation D and P zeros before the image is a matrix of the size of the
image, whose norm `conv_norm` encloses; where the size of the image is not known,
`conv_norm_sup` bounds it for all sizes. The transposed convolution is the transpose of
that matrix, plus a bias, so it has the same norm.

A batch normalisation in use is x -> s x + t for each channel, with
s = scale/sqrt(variance + eps). After a dense or a convolutional layer it is folded into
its weights: ||diag(s) W|| is at most, and mostly below, max |s| ||W||.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real, real_array
from geomadv.lipschitz._base import (
    UNIT,
    Array,
    Bound,
    Layer,
    Shape,
    closed_form,
    norms,
    pair,
)
from geomadv.lipschitz._conv import conv_norm, conv_norm_sup
from geomadv.lipschitz._gram import SMALL, dense_norm

_MOST_ENTRIES = 2**26
_WHOLE = 1200  # rows or columns up to which the matrix of a convolution is made
_FEW_BOXES, _MANY_BOXES = 512, 200_000  # of frequencies, where the size is not known
_OVERHEAD = 2**28  # what a small norm takes, in multiplications
_ROW, _TAP = 2**14, 2**11  # what a row of a small block takes, and a tap's phase
_MOVED = 4  # what a number takes that is copied and added
_CALL = 2**18  # what Python takes for a tap, there and back, of one image

Pads = tuple[tuple[int, int], tuple[int, int]]


def _rough(lower: float, upper: float, terms: int) -> Bound:
    """Return ends that were summed over so many terms, rounded outwards."""
    slack = 4.0 * (terms + 8) * UNIT
    upper = upper * (1.0 + slack)
    lower = min(lower * (1.0 - slack), upper)
    return Bound(lower, upper, "rough: row and column sums")


class Dense(Layer):
    """x -> W x + b for the last axis.

    The methods are as for `Layer`.

    Parameters
    ----------
    W : (m, n) array_like
        The weights.
    b : (m,) array_like, optional
        The bias.
    axis : int
        -1, or -2 where columns are mapped.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """

    affine = True

    def __init__(
        self, W: ArrayLike, b: ArrayLike | None = None, axis: int = -1
    ) -> None:
        self.W = real_array("W", W, ndim=2)
        self.b = None if b is None else real_array("b", b)
        if self.b is not None and self.b.shape != (len(self.W),):
            raise ValueError(f"b must have shape ({len(self.W)},), got {self.b.shape}")
        self.axis = axis
        self.kernel = (self.W.shape[1], self.W.shape[0])

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape with n replaced by m."""
        m, n = self.W.shape
        if len(shapes[0]) < -self.axis or shapes[0][self.axis] != n:
            raise ValueError(f"a dense layer takes {n} numbers, got {shapes[0]}")
        out = list(shapes[0])
        out[self.axis] = m
        return tuple(out)

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval of ||W||."""
        del shapes
        norm = dense_norm(self.W, rtol=rtol)
        return Bound(float(norm.lower), float(norm.upper), norm.method)

    def bound_work(self, shapes: Sequence[Shape] | None) -> int:
        """Return the cost of a Gram matrix and of its factorisations."""
        del shapes
        m, n = self.W.shape
        return m * n * min(m, n) + 2 * min(m, n) ** 3 + _OVERHEAD // 256

    def rough_bound(self, shapes: Sequence[Shape] | None) -> Bound:
        """Return the longest row or column, and Schur's or Frobenius' bound."""
        del shapes
        if self.W.size == 0:
            return Bound(0.0, 0.0, "zero")
        longest = max(
            float(np.linalg.norm(self.W, axis=0).max()),
            float(np.linalg.norm(self.W, axis=1).max()),
        )
        return _rough(longest, self._absolute, self.W.size)

    def forward(self, *xs: Array) -> Array:
        """Return W x + b."""
        y = self._times(self.W, xs[0])
        if self.b is None:
            return y
        return y + (self.b if self.axis == -1 else self.b[:, None])

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return W v."""
        del xs
        return self._times(self.W, vs[0])

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return W' u."""
        del xs, shapes
        return [self._times(self.W.T, u)]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return gamma_{n + 1} || |W| || |x| + u |y|."""
        n = self.W.shape[1] + 2.0
        return n * UNIT * self._absolute * norms(xs[0]) * 1.01 + UNIT * norms(y)

    @functools.cached_property
    def _absolute(self) -> float:
        """A bound of || |W| ||, by Frobenius' norm and by Schur's test."""
        if self.W.size == 0:
            return 0.0
        frobenius = float(np.linalg.norm(self.W))
        rows = float(np.linalg.norm(self.W, np.inf))
        return min(frobenius, math.sqrt(rows * float(np.linalg.norm(self.W, 1))))

    def scaled(self, scale: NDArray, shift: NDArray) -> "Dense":
        """Return the layer followed by y -> scale y + shift."""
        b = shift if self.b is None else self.b * scale + shift
        return Dense(self.W * scale[:, None], b, self.axis)

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return the number of multiplications."""
        return math.prod(out) * self.W.shape[1] + math.prod(shapes[0])

    def _times(self, W: Array, x: Array) -> Array:
        return x @ W.T if self.axis == -1 else W @ x


class Conv(Layer):
    """A convolution of images (1, channels, height, width), or of signals.

    The methods are as for `Layer`.

    Parameters
    ----------
    w : (D, C/groups, kh, kw) or (D, C/groups, k) array_like
        The kernel, which is not turned round: a cross-correlation, as in ONNX.
    b : (D,) array_like, optional
        The bias.
    stride, dilation : int or (int, int)
        At least 1.
    padding : int or ((top, bottom), (left, right)) or "same" or "same_lower"
        Zeros around the image; "same" pads so that the result has 1/stride of the size.
    groups : int
        Number of groups of channels that do not mix.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """

    affine = True

    def __init__(
        self,
        w: ArrayLike,
        b: ArrayLike | None = None,
        stride: Any = 1,
        padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> None:
        w = real_array("w", w)
        self.line = w.ndim == 3
        if w.ndim not in (3, 4) or w.size == 0:
            raise ValueError(f"w must be of shape (D, C/groups, kh, kw), got {w.shape}")
        if self.line:
            stride, dilation = (1, stride), (1, dilation)
            stride, dilation = _flat(stride), _flat(dilation)
            w = w[:, :, None, :]
        self.w = w
        self.b = None if b is None else real_array("b", b)
        self.stride = pair("stride", stride, minimum=1)
        self.dilation = pair("dilation", dilation, minimum=1)
        self.groups = integer("groups", groups, minimum=1)
        if len(w) % self.groups:
            raise ValueError(f"groups must divide {len(w)}, got {self.groups}")
        if self.b is not None and self.b.shape != (len(w),):
            raise ValueError(f"b must have shape ({len(w)},), got {self.b.shape}")
        self.padding = padding if isinstance(padding, str) else self._pads(padding)
        if isinstance(padding, str) and padding not in ("same", "same_lower"):
            raise ValueError(f"padding must be zeros or 'same', got {padding!r}")
        channels = w.shape[1] * self.groups
        self.kernel = (channels, *(w.shape[3:] if self.line else w.shape[2:]), len(w))
        self.steps = self.stride[1:] if self.line else self.stride

    def _pads(self, padding: Any) -> Pads:
        if np.ndim(padding) == 0:
            p = integer("padding", padding, minimum=0)
            return ((0, 0) if self.line else (p, p)), (p, p)
        if self.line and np.shape(padding) == (2,):
            padding = ((0, 0), padding)
        first, second = padding
        return pair("padding", first, minimum=0), pair("padding", second, minimum=0)

    def geometry(self, size: Shape) -> tuple[Pads, Shape]:
        """Return the padding and the size of the result for images of a size."""
        pads, out = [], []
        for i in range(2):
            n, s = size[i], self.stride[i]
            reach = self.dilation[i] * (self.w.shape[2 + i] - 1) + 1
            if isinstance(self.padding, str):
                wanted = -(-n // s)
                p = max((wanted - 1) * s + reach - n, 0)
                less, more = p // 2, p - p // 2
                both = (less, more) if self.padding == "same" else (more, less)
            else:
                both = self.padding[i]
            length = (n + sum(both) - reach) // s + 1
            if length < 1:
                raise ValueError(f"a kernel of reach {reach} does not fit into {size}")
            pads.append(both)
            out.append(length)
        return (pads[0], pads[1]), tuple(out)

    def shape(self, *shapes: Shape) -> Shape:
        """Return (N, D, height, width), or (N, D, length)."""
        pads, size = self.geometry(self._size(shapes[0]))
        if self.space(shapes) > _MOST_ENTRIES:
            raise ValueError(f"padding {pads} makes more than {_MOST_ENTRIES} numbers")
        return (shapes[0][0], len(self.w), *(size[1:] if self.line else size))

    def space(self, shapes: Sequence[Shape]) -> int:
        """Return the number of entries of the images with their padding."""
        size = self._size(shapes[0])
        pads, _ = self.geometry(size)
        padded = math.prod(n + sum(p) for n, p in zip(size, pads, strict=True))
        return padded * math.prod(shapes[0][:2])

    def _size(self, shape: Shape) -> Shape:
        channels = self.w.shape[1] * self.groups
        axes = 3 if self.line else 4
        if len(shape) != axes or shape[1] != channels:
            raise ValueError(
                f"a convolution of {channels} channels takes {axes} axes, got {shape}"
            )
        return (1, shape[2]) if self.line else shape[2:]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval of the norm, for images of any size where unknown."""
        if shapes is None:
            norm = conv_norm_sup(self.w, self.stride, self.groups, self.dilation)
            return Bound(0.0, float(norm.upper), f"{norm.method}, any size")
        size = self._size(shapes[0])
        norm = conv_norm(
            self.w,
            (size[0], size[1]),
            stride=self.stride,
            padding=self.geometry(size)[0],
            groups=self.groups,
            dilation=self.dilation,
            rtol=rtol,
        )
        return Bound(float(norm.lower), float(norm.upper), norm.method)

    def bound_work(self, shapes: Sequence[Shape] | None) -> int:
        """Return the cost of all Fourier blocks on four circles, and of Lanczos.

        Or of the whole matrix, where it is small; or of the boxes of frequencies.
        """
        D, C = len(self.w) // self.groups, self.w.shape[1]
        taps = math.prod(self.w.shape[2:])
        side, other = sorted((D, C * math.prod(self.stride)))
        made = taps * math.prod(self.stride) * (_TAP + 2 * D * C)
        plain, gram = 4 * side**2 * other + made, 2 * side**3 + 8 * taps * side**2
        if side <= SMALL:  # singular values, on one core
            plain = 16 * side**2 * other + _ROW * side + made
            gram = plain
        once = taps**2 * side**2 * other
        if shapes is None:
            boxes = _FEW_BOXES if side > 32 else _MANY_BOXES
            each = min(boxes * plain, boxes * gram + once)
            return self.groups * (each + _OVERHEAD)
        size = self._size(shapes[0])
        pads, out = self.geometry(size)
        rows, columns = D * math.prod(out), C * math.prod(size)
        least = min(rows, columns)
        whole = least * rows * columns + 2 * least**3
        padded = math.prod(n + sum(both) for n, both in zip(size, pads, strict=True))
        places = math.prod(
            max(-(-(n + max(both)) // s), m)
            for n, both, s, m in zip(size, pads, self.stride, out, strict=True)
        )
        blocks = 4 * (places // 2 + 1)
        around = min(blocks * plain, blocks * gram + once)
        seen = math.prod(out) * taps
        once = seen * (D * C + 4 * _MOVED * (D + C)) + 4 * C * padded + _CALL * taps
        around += 40 * once
        each = max(whole, around) if least <= _WHOLE else around
        return self.groups * (each + _OVERHEAD)

    def rough_bound(self, shapes: Sequence[Shape] | None) -> Bound:
        """Return the row of an output in the middle, and Schur's or the taps' bound."""
        taps = np.linalg.norm(
            self.w.reshape(self.groups, -1, *self.w.shape[1:]), axis=(1, 2)
        )
        upper = min(self._absolute, float(taps.sum(axis=(1, 2)).max()))
        if shapes is None:
            return _rough(0.0, upper, self.w.size)
        size = self._size(shapes[0])
        pads, out = self.geometry(size)
        rows, columns = (
            (at >= 0) & (at < n)
            for n, both, m, s, d, k in zip(
                size,
                pads,
                out,
                self.stride,
                self.dilation,
                self.w.shape[2:],
                strict=True,
            )
            for at in [m // 2 * s - both[0] + d * np.arange(k)]
        )
        seen = self.w[:, :, rows][..., columns]
        longest = float(np.sqrt((seen**2).sum(axis=(1, 2, 3))).max())
        return _rough(longest, upper, self.w.size)

    def forward(self, *xs: Array) -> Array:
        """Return the convolution."""
        y = self.jvp((), xs)
        if self.b is None:
            return y
        return y + self.b.reshape(-1, *(1,) * (y.ndim - 3))

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the convolution without the bias."""
        del xs
        v = vs[0]
        pads, out = self.geometry(self._size(v.shape[1:]))
        images = v.reshape(-1, self.groups, self.w.shape[1], *self._size(v.shape[1:]))
        images = np.pad(images, ((0, 0), (0, 0), (0, 0), *pads))
        count = math.prod(out)
        total = np.zeros((len(images), self.groups, len(self.w) // self.groups, count))
        for part, rows, columns in self._taps(out):
            seen = images[..., rows, columns].reshape(*images.shape[:3], count)
            total += part @ seen
        return total.reshape(len(v), *self.shape(v.shape[1:]))

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transposed convolution."""
        del xs
        size = self._size(shapes[0])
        pads, out = self.geometry(size)
        (top, bottom), (left, right) = pads
        groups, D = self.groups, len(self.w) // self.groups
        flat = u.reshape(-1, groups, D, math.prod(out))
        whole = (size[0] + top + bottom, size[1] + left + right)
        images = np.zeros((len(flat), groups, self.w.shape[1], *whole))
        for part, rows, columns in self._taps(out):
            seen = part.swapaxes(1, 2) @ flat
            images[..., rows, columns] += seen.reshape(*images.shape[:3], *out)
        inner = images[..., top : top + size[0], left : left + size[1]]
        return [inner.reshape(len(u), *shapes[0])]

    def _taps(self, out: Shape) -> list[tuple[Array, slice, slice]]:
        """Return the matrix of each place in the kernel, and which pixels it meets."""
        w = self.w.reshape(self.groups, -1, *self.w.shape[1:])
        slices = [
            [
                slice(k * d, k * d + (m - 1) * s + 1, s)
                for k in range(self.w.shape[2 + i])
            ]
            for i, (m, s, d) in enumerate(
                zip(out, self.stride, self.dilation, strict=True)
            )
        ]
        return [
            (np.ascontiguousarray(w[..., i, j]), rows, columns)
            for i, rows in enumerate(slices[0])
            for j, columns in enumerate(slices[1])
        ]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of sums of C k^2 products."""
        n = math.prod(self.w.shape[1:]) + 2.0
        return n * UNIT * self._absolute * norms(xs[0]) * 1.01 + UNIT * norms(y)

    @functools.cached_property
    def _absolute(self) -> float:
        """A bound of the norm of the convolution with |w|, by Schur's test."""
        w = np.abs(self.w)
        grouped = w.reshape(self.groups, -1, *w.shape[1:])
        rows = float(w.sum(axis=(1, 2, 3)).max())
        columns = float(grouped.sum(axis=(1, 3, 4)).max())
        return math.sqrt(rows * columns)

    def scaled(self, scale: NDArray, shift: NDArray) -> "Conv":
        """Return the layer followed by y -> scale y + shift for each channel."""
        b = shift if self.b is None else self.b * scale + shift
        w = self.w * scale[:, None, None, None]
        padding: Any = self.padding
        if self.line:
            w = w[:, :, 0]
            padding = padding if isinstance(padding, str) else padding[1]
            step, spread = self.stride[1], self.dilation[1]
            return Conv(w, b, step, padding, self.groups, spread)
        return Conv(w, b, self.stride, padding, self.groups, self.dilation)

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return the multiplications, the padded pixels and the places of the kernel.

        A pixel that is copied takes as long as a few multiplications.
        """
        each = math.prod(self.w.shape[1:])
        places = math.prod(self.w.shape[2:])
        return math.prod(out) * each + 4 * self.space(shapes) + 4096 * places

    def call_work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return what a call and a copy for each place of the kernel take."""
        del shapes
        channels = self.w.shape[1] * self.groups + len(self.w)
        seen = out[0] * channels * math.prod(out[2:])
        return math.prod(self.w.shape[2:]) * (_CALL // 4 + _MOVED * seen)


class ConvTranspose(Layer):
    """The transpose of a convolution, plus a bias.

    Parameters
    ----------
    conv : Conv
        The convolution, with explicit padding.
    extra : (int, int)
        Rows and columns that the result has beyond the least size whose convolution
        has the size of the input; each below the stride.
    b : array, optional
        The bias.
    """

    affine = True

    def __init__(
        self, conv: Conv, extra: tuple[int, int] = (0, 0), b: NDArray | None = None
    ) -> None:
        self.conv, self.extra, self.b = conv, extra, b
        if any(not 0 <= e < s for e, s in zip(extra, conv.stride, strict=True)):
            raise ValueError(f"output_padding must be below the stride, got {extra}")
        first, *inner, last = conv.kernel or ()
        self.kernel = (last, *inner, first)
        self.steps = conv.steps

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape whose convolution has the shape of the input."""
        conv, shape = self.conv, shapes[0]
        axes = 3 if conv.line else 4
        if len(shape) != axes or shape[1] != len(conv.w):
            raise ValueError(
                f"a transposed convolution takes {len(conv.w)} channels, got {shape}"
            )
        size = (1, shape[2]) if conv.line else shape[2:]
        out = []
        for i in range(2):
            reach = conv.dilation[i] * (conv.w.shape[2 + i] - 1) + 1
            padding = sum(conv.padding[i])  # type: ignore[arg-type]
            n = (size[i] - 1) * conv.stride[i] + reach - padding + self.extra[i]
            if n < 1:
                raise ValueError(f"the padding leaves nothing of {shape}")
            out.append(n)
        result = out[1:] if conv.line else out
        return (shape[0], conv.w.shape[1] * conv.groups, *result)

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval of the norm of the convolution."""
        if shapes is None:
            return self.conv.bound(None, rtol)
        return self.conv.bound([self.shape(*shapes)], rtol)

    def bound_work(self, shapes: Sequence[Shape] | None) -> int:
        """Return the cost of the norm of the convolution."""
        return self.conv.bound_work(shapes and [self.shape(*shapes)])

    def rough_bound(self, shapes: Sequence[Shape] | None) -> Bound:
        """Return the rough interval of the convolution."""
        return self.conv.rough_bound(shapes and [self.shape(*shapes)])

    def forward(self, *xs: Array) -> Array:
        """Return the transposed convolution."""
        y = self.jvp((), xs)
        if self.b is None:
            return y
        return y + self.b.reshape(-1, *(1,) * (y.ndim - 3))

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the transposed convolution without the bias."""
        del xs
        return self.conv.vjp((), vs[0], [self.shape(vs[0].shape[1:])])[0]

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the convolution."""
        del xs, shapes
        return [self.conv.jvp((), [u])]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of sums of D k^2 products."""
        n = float(self.conv.w.size)
        return n * self.conv.rounding(xs, y)

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return the work of the convolution."""
        return self.conv.work([out], shapes[0])

    def call_work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return that of the convolution."""
        return self.conv.call_work([out], shapes[0])

    def space(self, shapes: Sequence[Shape]) -> int:
        """Return the number of entries of the images with their padding."""
        return self.conv.space([self.shape(*shapes)])


class BatchNormalization(Layer):
    """scale (x - mean)/sqrt(variance + eps) + shift for each channel, the axis 1.

    The methods are as for `Layer`.

    Parameters
    ----------
    scale, shift, mean, variance : (C,) array_like
        One number each channel; variances are at least 0.
    eps : float
        At least 0; variance + eps must be above 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """

    affine = True

    def __init__(
        self,
        scale: ArrayLike,
        shift: ArrayLike,
        mean: ArrayLike,
        variance: ArrayLike,
        eps: float = 1e-5,
    ) -> None:
        eps = real("eps", eps, lower=0.0)
        parts = {"scale": scale, "shift": shift, "mean": mean}
        s, t, m = (real_array(k, v, ndim=1) for k, v in parts.items())
        v = real_array("variance", variance, lower=0.0, ndim=1)
        if not s.shape == t.shape == m.shape == v.shape:
            raise ValueError("scale, shift, mean and variance must be of one length")
        if v.size and float((v + eps).min()) == 0.0:
            raise ValueError("variance + eps must be above 0, got 0")
        self.scale = s / np.sqrt(v + eps)
        self.shift = t - m * self.scale

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input."""
        if len(shapes[0]) < 2 or shapes[0][1] != self.scale.size:
            raise ValueError(f"there must be {self.scale.size} channels: {shapes[0]}")
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return max |s|."""
        del shapes, rtol
        return closed_form(float(np.abs(self.scale).max(initial=0.0)))

    def forward(self, *xs: Array) -> Array:
        """Return s x + t."""
        return self._column(self.scale, xs[0]) * xs[0] + self._column(self.shift, xs[0])

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return s v."""
        del xs
        return self._column(self.scale, vs[0]) * vs[0]

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return s u."""
        del xs, shapes
        return [self._column(self.scale, u) * u]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of s x + t."""
        return 2.0 * UNIT * (norms(self.jvp((), xs)) + norms(y)) * 1.01

    def _column(self, values: Array, x: Array) -> Array:
        return values.reshape(-1, *(1,) * (x.ndim - 3))


def _flat(value: Any) -> tuple[Any, Any]:
    first, second = value
    return first, second[0] if np.ndim(second) else second
