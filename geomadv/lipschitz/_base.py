r"""What a layer is: a map of tensors that knows its l_2 Lipschitz constant, two-sided.

A tensor of shape s is stored for b points at once as an array (b, *s). A layer has its
map, its Jacobian and the transpose of it at given points, and `bound`: an interval
that holds the least L with |f(x) - f(x')| <= L |x - x'| for all x and x', in l_2.

A layer of several inputs f(x_1, ..., x_k) is bounded as a map of all of them stacked;
`composed` says what becomes of bounds L_1, ..., L_k of its inputs, as maps of one and
the same x: it returns a bound of x -> f(x_1(x), ..., x_k(x)).

Rounding. `rounding` bounds |fl(f(x)) - f(x)|_2 for the computed map, which carries an
error through the network: e_out <= L e_in + rounding. A sum of n products, in any
order, is off by at most gamma_n |w|'|x| with gamma_n = n u/(1 - n u) and u = 2^-53
(Higham 2002, section 3.1); functions of one number are taken to be right within 16
units in the last place of 1 + |x| + |f(x)|.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._typing import Float, NDArray

UNIT = 2.0**-53

Shape = tuple[int, ...]
Array = NDArray


@dataclass(frozen=True)
class Bound:
    """An interval that holds a Lipschitz constant.

    Parameters
    ----------
    lower : float
        An end that is attained or approached by pairs of points.
    upper : float
        A certified end; infinite where none is known.
    method : str
        How it was found; ``"none: REASON"`` where nothing is known.
    """

    lower: float
    upper: float
    method: str

    @property
    def known(self) -> bool:
        """Whether the upper end is finite."""
        return math.isfinite(self.upper)


def closed_form(constant: float, *, rounded: float = 4.0) -> Bound:
    """Return the interval of a constant that is known up to some units of rounding."""
    slack = rounded * 2.0 * UNIT
    return Bound(constant * (1.0 - slack), constant * (1.0 + slack), "closed form")


def unknown(reason: str) -> Bound:
    """Return the interval of which nothing is known."""
    return Bound(0.0, math.inf, f"none: {reason}")


def norms(x: Array) -> Float[NDArray, " b"]:
    """Return the l_2 norm of each of b tensors."""
    return np.linalg.norm(x.reshape(len(x), -1), axis=1)


class Layer(ABC):
    """A map of tensors with its Jacobian, its Lipschitz constant and its rounding.

    A tensor is given for b points at once, ``(b, *s)``. `shapes` are the shapes s of
    the inputs and `out` that of the result, `xs` the inputs and `y` the result, `vs`
    directions at the inputs and `u` one at the result; `rtol` is the relative width
    that is asked of an interval. `upper` and `constants` are upper ends of the layer
    and of its inputs.
    """

    #: Whether the map is affine; `jvp` then needs no points, ().
    affine = False
    #: Size of the kernel and stride, for tables; None where there is none.
    kernel: Shape | None = None
    steps: Shape | None = None
    #: Multiplications of a matrix product in the time of one entry.
    entry_work = 1

    @property
    def op(self) -> str:
        """The name of the operation."""
        return type(self).__name__

    @abstractmethod
    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the result; ValueError where the inputs do not fit."""

    @abstractmethod
    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval of the constant; shapes are None where not known."""

    @abstractmethod
    def forward(self, *xs: Array) -> Array:
        """Return the values."""

    @abstractmethod
    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the Jacobian at `xs`, applied to `vs`."""

    @abstractmethod
    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transpose of the Jacobian at `xs`, applied to `u`."""

    def composed(
        self, upper: float, constants: Sequence[float], shapes: Sequence[Shape] | None
    ) -> float:
        """Return a bound of the composition with maps that have these constants."""
        del shapes
        some = [c for c in constants if c]
        if upper == 0.0 or not some:
            return 0.0
        if len(some) > 1:
            return upper * math.sqrt(math.fsum(c * c for c in some)) * (1 + 8 * UNIT)
        if 1.0 in (upper, some[0]):
            return upper * some[0]
        return math.nextafter(upper * some[0], math.inf)

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return a bound of the l_2 norm of the rounding errors of `forward`."""
        size = sum(norms(x) for x in xs) + norms(y) + math.sqrt(y[0].size)
        return 16.0 * UNIT * size

    def work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return about how many multiplications `forward` takes for one point."""
        return self.entry_work * (sum(math.prod(s) for s in shapes) + math.prod(out))

    def call_work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return what many small steps take, in multiplications, for one point."""
        del shapes, out
        return 0

    def space(self, shapes: Sequence[Shape]) -> int:
        """Return how many numbers `forward` holds besides its input and its result."""
        del shapes
        return 0

    def bound_work(self, shapes: Sequence[Shape] | None) -> int:
        """Return about how many multiplications `bound` takes, where they matter."""
        del shapes
        return 0

    def rough_bound(self, shapes: Sequence[Shape] | None) -> Bound:
        """Return an interval that takes one look at each weight."""
        return self.bound(shapes, 1.0)


class Rearrangement(Layer):
    """Base of affine maps that compute nothing: their results are exact."""

    affine = True

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return zeros: nothing is rounded."""
        del xs
        return np.zeros(len(y))


class Unknown(Layer):
    """An operator of which nothing is known but its name.

    Parameters
    ----------
    name : str
        The name of the operator.
    reason : str
        Why nothing is known.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason

    @property
    def op(self) -> str:
        """The name of the operator."""
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        """Raise ValueError: it is not known."""
        del shapes
        raise ValueError(f"the shape of the output of {self.name} is not known")

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval [0, inf]."""
        del shapes, rtol
        return unknown(self.reason)

    def forward(self, *xs: Array) -> Array:
        """Raise NotImplementedError."""
        raise NotImplementedError(self.reason)

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Raise NotImplementedError."""
        raise NotImplementedError(self.reason)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Raise NotImplementedError."""
        raise NotImplementedError(self.reason)

    def composed(
        self, upper: float, constants: Sequence[float], shapes: Sequence[Shape] | None
    ) -> float:
        """Return infinity, unless no input depends on anything."""
        del upper, shapes
        return math.inf if any(constants) else 0.0


def pair(name: str, value: Any, *, minimum: int) -> tuple[int, int]:
    """Return one integer twice, or the two that are given."""
    from geomadv._validate import integer

    both = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(both) != 2:
        raise ValueError(f"{name} must be one integer or two, got {value!r}")
    first, second = (integer(name, v, minimum=minimum) for v in both)
    return first, second
