r"""Layers that move entries or combine tensors, and their exact constants.

An index map y_k = x_{i(k)} has the norm sqrt(max_j #{k : i(k) = j}), attained at the
entry that is copied most often: 1 for a slice or a transposition. A weighted one,
y_k = c_k x_{i(k)}, has the norm sqrt(max_j sum_{k : i(k) = j} c_k^2).

The sum of k tensors, each copied m_i times by broadcasting, is as a map of all of them
of norm sqrt(sum m_i); composed with maps of constants L_i it has sum sqrt(m_i) L_i.
Where tensors are put beside each other or the largest entry is taken, squares add:
sqrt(sum m_i L_i^2), by |max_i a_i - max_i b_i| <= max_i |a_i - b_i|.
"""

import math
from collections.abc import Sequence

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.lipschitz._base import (
    UNIT,
    Array,
    Bound,
    Layer,
    Rearrangement,
    Shape,
    closed_form,
    norms,
    unknown,
)

NO_SHAPE = "the shape of its input is not known"


class Reshape(Rearrangement):
    """The same entries in another shape.

    Parameters
    ----------
    target : tuple of int
        The shape.
    name : str
        The name of the operation.
    """

    def __init__(self, target: Shape, name: str = "Reshape") -> None:
        self.target, self._name = target, name

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self._name

    def shape(self, *shapes: Shape) -> Shape:
        """Return the target, which must have as many entries."""
        if math.prod(shapes[0]) != math.prod(self.target):
            raise ValueError(f"{shapes[0]} cannot be reshaped to {self.target}")
        return self.target

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return 1."""
        del shapes, rtol
        return Bound(1.0, 1.0, "isometry")

    def forward(self, *xs: Array) -> Array:
        """Return the entries in the new shape."""
        return xs[0].reshape(len(xs[0]), *self.target)

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the entries in the new shape."""
        del xs
        return self.forward(*vs)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the entries in the old shape."""
        del xs
        return [u.reshape(len(u), *shapes[0])]


class Flatten(Reshape):
    """The entries of each point as one row.

    The methods are as for `Layer`.
    """

    def __init__(self) -> None:
        super().__init__((), "Flatten")

    def shape(self, *shapes: Shape) -> Shape:
        """Return (1, number of entries)."""
        return (1, math.prod(shapes[0]))

    def forward(self, *xs: Array) -> Array:
        """Return one row a point."""
        return xs[0].reshape(len(xs[0]), 1, -1)


class Selection(Rearrangement):
    """An index map: slices, transpositions, padding, copies.

    Parameters
    ----------
    index : array of int
        For each entry of the result, the flat index of the entry that it copies; -1
        where it is the constant.
    name : str
        The name of the operation.
    constant : float
        The constant.
    """

    def __init__(self, index: NDArray, name: str, constant: float = 0.0) -> None:
        self.index, self._name, self.constant = index, name, constant

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self._name

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the index."""
        del shapes
        return tuple(self.index.shape)

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the root of the largest number of copies."""
        del shapes, rtol
        taken = self.index[self.index >= 0]
        copies = int(np.bincount(taken).max()) if taken.size else 0
        return _root(copies)

    def forward(self, *xs: Array) -> Array:
        """Return the chosen entries."""
        return self._take(xs[0], self.constant)

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the chosen entries, 0 for the constant."""
        del xs
        return self._take(vs[0], 0.0)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the sum over the copies of each entry."""
        del xs
        kept = self.index.ravel() >= 0
        size = math.prod(shapes[0])
        where = self.index.ravel()[kept]
        rows = [
            np.bincount(where, row[kept], minlength=size)
            for row in u.reshape(len(u), -1)
        ]
        return [np.array(rows).reshape(len(u), *shapes[0])]

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return the entries; one that is moved takes as long as many products."""
        return 16 * super().work(shapes, out)

    def _take(self, x: Array, constant: float) -> Array:
        flat = x.reshape(len(x), -1)
        if flat.shape[1] == 0:
            return np.full((len(x), *self.index.shape), constant)
        taken = flat[:, np.maximum(self.index, 0)]
        return np.where(self.index >= 0, taken, constant)


class Scale(Layer):
    """y = c x + s, with c and s broadcast against x.

    Parameters
    ----------
    factor, shift : array
        c and s.
    name : str
        The name of the operation.
    """

    affine = True

    def __init__(
        self, factor: NDArray, shift: NDArray | float = 0.0, name: str = "Mul"
    ) -> None:
        self.factor, self._name = factor, name
        self.shift = np.asarray(shift, dtype=np.float64)

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self._name

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape after broadcasting."""
        both = (shapes[0], self.factor.shape, self.shift.shape)
        return tuple(np.broadcast_shapes(*both))

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the root of the largest sum of c^2 over the copies of an entry."""
        del rtol
        if shapes is None:
            if self.factor.size == 1:
                return closed_form(float(np.abs(self.factor).max(initial=0.0)))
            return unknown(NO_SHAPE)
        squares = np.broadcast_to(self.factor**2, self.shape(*shapes))
        sums = _summed(squares[None], shapes[0])
        return closed_form(math.sqrt(float(sums.max(initial=0.0))), rounded=64.0)

    def forward(self, *xs: Array) -> Array:
        """Return c x + s."""
        return self._broadcast(xs[0]) * self.factor + self.shift

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return c v."""
        del xs
        v = self._broadcast(vs[0]) * self.factor
        return np.broadcast_to(v, (len(v), *self.shape(vs[0].shape[1:])))

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the sums of c u over the copies."""
        del xs
        return [_summed(u * self.factor, shapes[0])]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return two roundings of c x + s."""
        product = norms(self.jvp((), xs))
        return 2.0 * UNIT * (product + norms(y)) * (1.0 + 1e-9)

    def _broadcast(self, x: Array) -> Array:
        """Put the axes of a point where NumPy aligns them: at the end."""
        ndim = max(x.ndim - 1, self.factor.ndim, self.shift.ndim)
        return _aligned(x, ndim)


class Add(Layer):
    """A weighted sum of tensors, broadcast against each other.

    Parameters
    ----------
    weights : tuple of float
        One weight of each tensor: (1, -1) for a difference.
    name : str
        The name of the operation.
    """

    affine = True

    def __init__(self, weights: tuple[float, ...], name: str = "Add") -> None:
        self.weights, self._name = weights, name

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self._name

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape after broadcasting."""
        return tuple(np.broadcast_shapes(*shapes))

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the norm as a map of all tensors stacked."""
        del rtol
        if shapes is None:
            return unknown(NO_SHAPE)
        squares = [
            w * w * m for w, m in zip(self.weights, self._copies(shapes), strict=True)
        ]
        return closed_form(math.sqrt(math.fsum(squares)), rounded=8.0)

    def composed(
        self, upper: float, constants: Sequence[float], shapes: Sequence[Shape] | None
    ) -> float:
        """Return the sum of the constants, each times the root of its copies."""
        del upper
        if shapes is None:
            return math.inf if any(constants) else 0.0
        parts = zip(self.weights, constants, self._copies(shapes), strict=True)
        total = math.fsum(abs(w) * c * math.sqrt(m) for w, c, m in parts if c)
        return total * (1.0 + 8 * UNIT)

    def forward(self, *xs: Array) -> Array:
        """Return the sum."""
        ndim = max(x.ndim for x in xs) - 1
        total = sum(
            w * _aligned(x, ndim) for w, x in zip(self.weights, xs, strict=True)
        )
        return np.asarray(total)

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the sum."""
        del xs
        return self.forward(*vs)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the weighted sums over the copies, one for each tensor."""
        del xs
        return [w * _summed(u, s) for w, s in zip(self.weights, shapes, strict=True)]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of a sum."""
        copies = self._copies([x.shape[1:] for x in xs])
        size = sum(
            abs(w) * math.sqrt(m) * norms(x)
            for w, m, x in zip(self.weights, copies, xs, strict=True)
        )
        del y
        return np.asarray((len(xs) + 1) * UNIT * size * (1.0 + 1e-9))

    def _copies(self, shapes: Sequence[Shape]) -> list[float]:
        out = math.prod(self.shape(*shapes))
        return [out / max(math.prod(s), 1) for s in shapes]


class Concat(Rearrangement):
    """Tensors one after the other along an axis.

    Parameters
    ----------
    axis : int
        The axis, not counting the one of the points.
    """

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape with the lengths along the axis added."""
        first = shapes[0]
        if not -len(first) <= self.axis < len(first):
            raise ValueError(f"there is no axis {self.axis} in the shape {first}")
        axis = self.axis % len(first)
        for s in shapes:
            if len(s) != len(first) or any(
                a != b
                for i, (a, b) in enumerate(zip(s, first, strict=True))
                if i != axis
            ):
                raise ValueError(f"shapes {shapes} do not fit beside each other")
        total = sum(s[axis] for s in shapes)
        return (*first[:axis], total, *first[axis + 1 :])

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return 1: stacked, the tensors are the same."""
        del shapes, rtol
        return Bound(1.0, 1.0, "isometry")

    def forward(self, *xs: Array) -> Array:
        """Return the tensors beside each other."""
        most = max(len(x) for x in xs)
        full = [np.broadcast_to(x, (most, *x.shape[1:])) for x in xs]
        return np.concatenate(full, axis=self.axis % (xs[0].ndim - 1) + 1)

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the tensors beside each other."""
        del xs
        return self.forward(*vs)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the parts."""
        del xs
        axis = self.axis % len(shapes[0])
        ends = np.cumsum([s[axis] for s in shapes])[:-1]
        return list(np.split(u, ends, axis=axis + 1))


class Extremum(Layer):
    """The largest or the smallest entry of tensors that are broadcast.

    Parameters
    ----------
    sign : int
        1 for the largest, -1 for the smallest.
    """

    def __init__(self, sign: int) -> None:
        self.sign = sign

    @property
    def op(self) -> str:
        """The name of the operation."""
        return "Max" if self.sign > 0 else "Min"

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape after broadcasting."""
        return tuple(np.broadcast_shapes(*shapes))

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the root of the largest number of copies."""
        del rtol
        if shapes is None:
            return unknown(NO_SHAPE)
        out = math.prod(self.shape(*shapes))
        return _root(max(out // max(math.prod(s), 1) for s in shapes))

    def forward(self, *xs: Array) -> Array:
        """Return the extreme entries."""
        ndim = max(x.ndim for x in xs) - 1
        full = np.broadcast_arrays(*(_aligned(x, ndim) for x in xs))
        return self.sign * np.max([self.sign * x for x in full], axis=0)

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the entries of `vs` where those of `xs` are extreme."""
        ndim = max(x.ndim for x in xs) - 1
        stacked = np.stack(np.broadcast_arrays(*(_aligned(v, ndim) for v in vs)))
        return np.take_along_axis(stacked, self._where(xs)[None], axis=0)[0]

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return `u` where each tensor is extreme."""
        where = self._where(xs)
        return [_summed(u * (where == i), s) for i, s in enumerate(shapes)]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return zeros: nothing is rounded."""
        del xs
        return np.zeros(len(y))

    def _where(self, xs: Sequence[Array]) -> NDArray:
        ndim = max(x.ndim for x in xs) - 1
        full = np.broadcast_arrays(*(_aligned(x, ndim) for x in xs))
        return np.argmax([self.sign * x for x in full], axis=0)


def _root(copies: int) -> Bound:
    """Return the square root of a whole number, exactly where it is one."""
    root = math.isqrt(copies)
    if root * root == copies:
        return Bound(float(root), float(root), "closed form")
    return closed_form(math.sqrt(copies))


def _aligned(x: Array, ndim: int) -> Array:
    """Return points whose shapes have `ndim` axes, ones put before the others."""
    return x.reshape(len(x), *(1,) * (ndim - x.ndim + 1), *x.shape[1:])


def _summed(u: Array, shape: Shape) -> Array:
    """Return the sums of u over the axes along which `shape` was broadcast."""
    extra = u.ndim - 1 - len(shape)
    axes = [*range(1, 1 + extra)]
    axes += [
        1 + extra + i
        for i, n in enumerate(shape)
        if n == 1 and u.shape[1 + extra + i] != 1
    ]
    return u.sum(axis=tuple(axes)).reshape(len(u), *shape) if axes else u
