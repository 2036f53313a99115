r"""Pooling, with its exact l_2 constants, at the size and padding of the image.

**Largest.** With W(p) the window of an output p,

    sum_p (max_{W(p)} x - max_{W(p)} x')^2 <= sum_p max_{W(p)} |x - x'|^2
                                           <= sum_p |x - x'|^2_{W(p)} <= M |x - x'|^2,

M the largest number of windows that hold one pixel. An image that is large at such a
pixel alone attains sqrt(M): windows of 3 x 3 at stride 2 overlap in four, so their
constant is 2, not 1. M is counted; it is the product of the counts of the axes.

**Mean.** A window is a product of intervals and so is the number of its pixels, so the
map is a Kronecker product of one matrix for each axis. Its norm is the product of
theirs, which are computed.

**All pixels.** The mean of n numbers has the norm 1/sqrt(n), the sum sqrt(n), the
largest 1.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv._validate import integer
from geomadv.lipschitz._base import (
    UNIT,
    Array,
    Bound,
    Layer,
    Shape,
    closed_form,
    norms,
    pair,
    unknown,
)
from geomadv.lipschitz._gram import dense_norm
from geomadv.lipschitz._tensors import NO_SHAPE, _root

_DENSE = 2**20
_MOST_ENTRIES = 2**24
_MOST_SPACE = 2**26


class Windows(Layer):
    """Base of pooling: windows along each axis after the channels.

    Parameters
    ----------
    size, stride, dilation : sequence of int
        One number each axis.
    padding : sequence of (int, int), or "same" or "same_lower"
        Pixels before and after, for each axis.
    ceil : bool
        Whether a window may reach over the end.
    """

    def __init__(
        self,
        size: Sequence[int],
        stride: Sequence[int],
        padding: Any,
        dilation: Sequence[int],
        ceil: bool = False,
    ) -> None:
        self.size, self.stride, self.dilation = size, stride, dilation
        self.padding, self.ceil = padding, ceil
        self.kernel, self.steps = tuple(size), tuple(stride)

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the result."""
        shape = shapes[0]
        if len(shape) != 2 + len(self.size):
            raise ValueError(f"pooling takes {2 + len(self.size)} axes, got {shape}")
        counts = [self.geometry(i, n)[2] for i, n in enumerate(shape[2:])]
        for i, n in enumerate(shape[2:]):
            places = self.places(i, n)
            if not ((places >= 0) & (places < n)).any(axis=1).all():
                raise ValueError(f"a window holds no pixel of {shape}")
        if self.space(shapes) > _MOST_SPACE:
            raise ValueError(f"pooling {shape} takes more than {_MOST_SPACE} numbers")
        return (*shape[:2], *counts)

    def space(self, shapes: Sequence[Shape]) -> int:
        """Return the number of entries between one axis and the next."""
        shape, total = list(shapes[0]), 0
        for i, n in enumerate(shapes[0][2:]):
            shape[2 + i] = self.geometry(i, n)[2]
            total += math.prod(shape)
        return total

    def geometry(self, axis: int, n: int) -> tuple[int, int, int]:
        """Return the padding before and after and the number of windows of an axis."""
        s = self.stride[axis]
        reach = self.dilation[axis] * (self.size[axis] - 1) + 1
        if isinstance(self.padding, str):
            p = max((-(-n // s) - 1) * s + reach - n, 0)
            less, more = p // 2, p - p // 2
            before, after = (less, more) if self.padding == "same" else (more, less)
        else:
            before, after = self.padding[axis]
        if max(before, after) >= reach and not isinstance(self.padding, str):
            raise ValueError(f"padding must be below the window {reach}, got {before}")
        rest = n + before + after - reach
        if rest < 0:
            raise ValueError(f"a window of {reach} does not fit into {n} pixels")
        count = rest // s + 1
        if self.ceil and rest % s and count * s < n + before:
            count += 1  # a window that starts inside
        if count * self.size[axis] > _MOST_ENTRIES:
            raise ValueError(f"{count} windows of {self.size[axis]} are too many")
        return before, after, count

    def places(self, axis: int, n: int) -> NDArray:
        """Return (windows, size) indices of pixels; below 0 and from n on: padding."""
        before, _, count = self.geometry(axis, n)
        starts = np.arange(count) * self.stride[axis] - before
        return starts[:, None] + np.arange(self.size[axis]) * self.dilation[axis]

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return the number of pixels seen."""
        return math.prod(out) * sum(self.size) * max(self.stride) + math.prod(shapes[0])


class MaxPool(Windows):
    """The largest pixel of each window.

    The methods are as for `Layer`.

    Parameters
    ----------
    kernel : int or (int, int)
        Size of a window.
    stride : int or (int, int), optional
        That of the window by default.
    padding : int or ((top, bottom), (left, right))
        Pixels around the image that are never the largest.
    dilation : int or (int, int)
        Step within a window.
    ceil : bool
        Whether the last window may reach over the end.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> MaxPool(3, stride=2).bound([(1, 1, 13, 13)], 1e-3).upper
    2.0
    """

    def __init__(
        self,
        kernel: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil: bool = False,
    ) -> None:
        size, steps, pads, spread = _arguments(kernel, stride, padding, dilation)
        super().__init__(size, steps, pads, spread, ceil)

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the root of the largest number of windows that hold one pixel."""
        del rtol
        if shapes is None:
            most = math.prod(
                -(-k // (s // math.gcd(s, d)))
                for k, s, d in zip(self.size, self.stride, self.dilation, strict=True)
            )
            return Bound(0.0, _root(most).upper, "overlap, any size")
        self.shape(*shapes)
        most = 1
        for i, n in enumerate(shapes[0][2:]):
            places = self.places(i, n)
            inside = places[(places >= 0) & (places < n)]
            most *= int(np.bincount(inside).max()) if inside.size else 0
        found = _root(most)
        return Bound(found.lower, found.upper, "overlap")

    def forward(self, *xs: Array) -> Array:
        """Return the largest pixels."""
        y = xs[0]
        for i in range(len(self.size)):
            y = self._axis(y, i)[0]
        return y

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return `vs` at the largest pixels."""
        y, v = xs[0], vs[0]
        for i in range(len(self.size)):
            y, where = self._axis(y, i)
            v = np.take_along_axis(v, where, axis=3 + i)
        return v

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return `u` at the largest pixels."""
        del shapes
        steps = []
        y = xs[0]
        for i in range(len(self.size)):
            before = y.shape
            y, where = self._axis(y, i)
            steps.append((i, before, where))
        for i, shape, where in reversed(steps):
            index = np.indices(where.shape, sparse=True)
            at = (*index[: 3 + i], where, *index[4 + i :])
            flat = np.ravel_multi_index(np.broadcast_arrays(*at), shape)
            sums = np.bincount(flat.ravel(), u.ravel(), minlength=math.prod(shape))
            u = sums.reshape(shape)
        return [u]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return zeros: nothing is rounded."""
        del xs
        return np.zeros(len(y))

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return the pixels seen; a comparison takes as long as many products."""
        return 32 * super().work(shapes, out)

    def _axis(self, x: Array, i: int) -> tuple[Array, NDArray]:
        """Return the largest along one axis and where they are."""
        axis, n = 3 + i, x.shape[3 + i]
        places = self.places(i, n)
        best = np.full((*x.shape[:axis], len(places), *x.shape[axis + 1 :]), -np.inf)
        where = np.zeros(best.shape, dtype=np.intp)
        column = (-1, *(1,) * (x.ndim - axis - 1))
        for at in places.T:
            inside = ((at >= 0) & (at < n)).reshape(column)
            seen = np.take(x, np.clip(at, 0, n - 1), axis=axis)
            larger = inside & (seen > best)
            best = np.where(larger, seen, best)
            where = np.where(larger, at.reshape(column), where)
        return best, where


class AveragePool(Windows):
    """The mean of each window.

    The methods are as for `Layer`.

    Parameters
    ----------
    kernel : int or (int, int)
        Size of a window.
    stride : int or (int, int), optional
        That of the window by default.
    padding : int or ((top, bottom), (left, right))
        Zeros around the image.
    dilation : int or (int, int)
        Step within a window.
    ceil : bool
        Whether the last window may reach over the end.
    include_padding : bool
        Whether the zeros count.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """

    affine = True

    def __init__(
        self,
        kernel: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil: bool = False,
        include_padding: bool = False,
    ) -> None:
        size, steps, pads, spread = _arguments(kernel, stride, padding, dilation)
        super().__init__(size, steps, pads, spread, ceil)
        self.include_padding = include_padding

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the product of the norms of the axes."""
        del rtol
        return self._bound(shapes, _DENSE)

    def bound_work(self, shapes: Sequence[Shape] | None) -> int:
        """Return the cost of the norms of the axes."""
        total = 0
        for i, n in enumerate(() if shapes is None else shapes[0][2:]):
            count = self.geometry(i, n)[2]
            if count * n <= _DENSE:
                total += count * n * min(count, n) + 2 * min(count, n) ** 3
        return total

    def rough_bound(self, shapes: Sequence[Shape] | None) -> Bound:
        """Return Schur's bound."""
        return self._bound(shapes, 0)

    def _bound(self, shapes: Sequence[Shape] | None, dense: int) -> Bound:
        if shapes is None:
            return unknown(NO_SHAPE)
        self.shape(*shapes)
        lower = upper = 1.0
        for i, n in enumerate(shapes[0][2:]):
            A = self._matrix(i, n)
            if A.shape[0] * A.shape[1] <= dense:
                norm = dense_norm(A.toarray())
                low, high = float(norm.lower), float(norm.upper)
            else:
                rows, columns = A.sum(axis=1).max(), A.sum(axis=0).max()
                high = math.sqrt(float(rows) * float(columns)) * (1 + 1e-9)
                ones = np.ones(A.shape[1])
                low = float(np.linalg.norm(A @ ones) / math.sqrt(n)) * (1 - 1e-9)
            lower, upper = lower * low, upper * high
        return Bound(lower * (1 - 8 * UNIT), upper * (1 + 8 * UNIT), "Kronecker")

    def forward(self, *xs: Array) -> Array:
        """Return the means."""
        y = xs[0]
        for i, n in enumerate(xs[0].shape[3:]):
            y = _along(self._matrix(i, n), y, 3 + i)
        return y

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the means."""
        del xs
        return self.forward(*vs)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transpose of the means."""
        del xs
        for i, n in enumerate(shapes[0][2:]):
            u = _along(self._matrix(i, n).T, u, 3 + i)
        return [u]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of sums over the windows."""
        del y
        terms = sum(self.size) + 4.0 * len(self.size)
        # The entries of the matrices are not negative: |A| = A, of norm at most
        # the root of the number of windows over a pixel.
        size = math.sqrt(math.prod(self.size)) * norms(xs[0])
        return terms * UNIT * size * 1.01

    def call_work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return what more it takes that the matrices are sparse."""
        return 16 * self.work(shapes, out)

    def _matrix(self, axis: int, n: int) -> Any:
        """Return the (windows, n) matrix of an axis."""
        from scipy import sparse

        before, after, count = self.geometry(axis, n)
        del before
        places = self.places(axis, n)
        inside = (places >= 0) & (places < n)
        # A window that reaches over the end counts no pixel beyond the padding.
        counted = places < n + after if self.include_padding else inside
        divisor = counted.sum(axis=1)
        rows, columns = np.nonzero(inside)
        values = 1.0 / divisor[rows]
        at = (rows, places[rows, columns])
        return sparse.csr_array((values, at), shape=(count, n))


class Reduction(Layer):
    """The mean, the sum or the largest over whole axes.

    Parameters
    ----------
    kind : {"mean", "sum", "max"}
        What is taken.
    axes : tuple of int, optional
        The axes, not counting the one of the points; all after the channels by default.
    keep : bool
        Whether the axes stay, with length 1.
    name : str
        The name of the operation.
    """

    def __init__(
        self,
        kind: str,
        axes: tuple[int, ...] | None = None,
        keep: bool = True,
        name: str = "",
    ) -> None:
        self.kind, self.axes, self.keep = kind, axes, keep
        self._name = name or f"Reduce{kind.capitalize()}"
        self.affine = kind != "max"

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self._name

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the result."""
        axes = self._axes(shapes[0])
        if any(shapes[0][a] == 0 for a in axes):
            raise ValueError(f"nothing to reduce in the shape {shapes[0]}")
        if self.keep:
            return tuple(1 if i in axes else n for i, n in enumerate(shapes[0]))
        return tuple(n for i, n in enumerate(shapes[0]) if i not in axes)

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return 1/sqrt(n), sqrt(n) or 1."""
        del rtol
        if self.kind == "max":
            return Bound(1.0, 1.0, "closed form")
        if shapes is None:
            return unknown(NO_SHAPE)
        root = math.sqrt(self._count(shapes[0]))
        return closed_form(1.0 / root if self.kind == "mean" else root)

    def forward(self, *xs: Array) -> Array:
        """Return the mean, the sum or the largest."""
        function: Any = {"mean": np.mean, "sum": np.sum, "max": np.max}[self.kind]
        axes = tuple(a + 1 for a in self._axes(xs[0].shape[1:]))
        return np.asarray(function(xs[0], axis=axes, keepdims=self.keep))

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the same of `vs`, or `vs` where `xs` is largest."""
        if self.kind != "max":
            return self.forward(*vs)
        chosen = self._chosen(xs[0]) * vs[0]
        axes = tuple(a + 1 for a in self._axes(xs[0].shape[1:]))
        return np.asarray(chosen.sum(axis=axes, keepdims=self.keep))

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transpose applied to `u`."""
        axes = self._axes(shapes[0])
        kept = tuple(1 if i in axes else n for i, n in enumerate(shapes[0]))
        full = np.broadcast_to(u.reshape(len(u), *kept), (len(u), *shapes[0]))
        if self.kind == "max":
            return [full * self._chosen(xs[0])]
        return [full / self._count(shapes[0]) if self.kind == "mean" else full.copy()]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of the sum."""
        if self.kind == "max":
            return np.zeros(len(y))
        n = self._count(xs[0].shape[1:])
        scale = 1.0 / math.sqrt(n) if self.kind == "mean" else math.sqrt(n)
        return (n + 2.0) * UNIT * scale * norms(xs[0]) * 1.01

    def _axes(self, shape: Shape) -> tuple[int, ...]:
        axes = tuple(range(2, len(shape))) if self.axes is None else self.axes
        if any(not -len(shape) <= a < len(shape) for a in axes):
            raise ValueError(f"there are no axes {axes} in the shape {shape}")
        return tuple(sorted({a % len(shape) for a in axes}))

    def _count(self, shape: Shape) -> int:
        return math.prod(shape[a] for a in self._axes(shape))

    def _chosen(self, x: Array) -> Array:
        """Return 1 at the first largest entry, 0 elsewhere."""
        axes = tuple(a + 1 for a in self._axes(x.shape[1:]))
        rest = [i for i in range(x.ndim) if i not in axes]
        moved = x.transpose(*rest, *axes)
        flat = moved.reshape(*moved.shape[: len(rest)], -1)
        chosen = np.zeros(flat.shape)
        np.put_along_axis(chosen, flat.argmax(axis=-1)[..., None], 1.0, axis=-1)
        back = np.argsort([*rest, *axes])
        return chosen.reshape(moved.shape).transpose(*back)


class GlobalAveragePool(Reduction):
    """The mean of each channel: 1/sqrt(height width) in l_2."""

    def __init__(self) -> None:
        super().__init__("mean", name="GlobalAveragePool")


class GlobalMaxPool(Reduction):
    """The largest pixel of each channel."""

    def __init__(self) -> None:
        super().__init__("max", name="GlobalMaxPool")


def _arguments(kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Return size, stride, padding and dilation as one number for each axis."""
    if np.ndim(kernel) == 0:
        kernel = pair("kernel", kernel, minimum=1)
    axes = len(kernel)

    def each(name: str, value: Any) -> tuple[int, ...]:
        values = (value,) * axes if np.ndim(value) == 0 else tuple(value)
        if len(values) != axes:
            raise ValueError(f"{name} must be {axes} integers, got {values}")
        return tuple(integer(name, v, minimum=1) for v in values)

    if np.ndim(padding) == 0 and not isinstance(padding, str):
        padding = ((padding, padding),) * axes
    if isinstance(padding, str):
        if padding not in ("same", "same_lower"):
            raise ValueError(f"padding must be integers or 'same', got {padding!r}")
    else:
        padding = tuple(pair("padding", p, minimum=0) for p in padding)
        if len(padding) != axes:
            raise ValueError(f"padding must be {axes} pairs, got {padding}")
    size = each("kernel", kernel)
    strides = size if stride is None else each("stride", stride)
    return size, strides, padding, each("dilation", dilation)


def _along(A: Any, x: Array, axis: int) -> Array:
    """Return the matrix applied along one axis."""
    moved = np.moveaxis(x, axis, 0)
    flat = A @ moved.reshape(moved.shape[0], -1)
    return np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
