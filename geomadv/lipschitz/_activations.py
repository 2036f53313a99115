r"""Layers that are not affine: functions of each entry, softmax, normalisation.

**Functions of one number.** The constant is sup |f'|: 1 for ReLU, 1/4 for the sigmoid,
1.5 for the hard swish x min(max(x/6 + 1/2, 0), 1), whose slope (2x + 3)/6 is largest
at 3. The Gaussian unit x Phi(x) has the slope Phi(x) + x phi(x), largest at sqrt(2)
since its derivative is (2 - x^2) phi(x).

**Softmax.** Its Jacobian at p is diag(p) - p p', and v'(diag(p) - p p')v is the
variance of v under p, at most (max v - min v)^2/4 <= |v|^2/2 (Popoviciu 1935). So the
constant is 1/2, approached at p = (1/2, 1/2, 0, ..., 0). The Jacobian of its logarithm
is I - 1 p'. This is a projection; its norm is that of the complementary projection 1 p'
(both differ from 0 and I), sqrt(n) |p|, so the constant is sqrt(n), approached as p
tends to a vertex.

**Contrast normalisation** x/(eps + |x|^2)^gamma (Szegedy et al. 2013, arXiv:1312.6199,
section 4.3). With s = r^2/(eps + r^2) the Jacobian's eigenvalues, over eps^-gamma, are
(1 - s)^gamma across x and (1 - 2 gamma s)(1 - s)^gamma along it. The first is at most
1. The second is at most 1 where positive, and where negative its size is largest at
s = 3/(2 (1 + gamma)), where it is 2 (1 - 3/(2 m))^m with m = gamma + 1, which rises to
2 e^{-3/2} < 0.45. So the constant is eps^-gamma for every gamma >= 0, attained at 0.
A layer normalisation is sqrt(n) times that for gamma = 1/2 and n eps in place of eps,
after the mean is taken off: its constant is max |scale|/sqrt(eps), at most.

**Local response normalisation** y_c = x_c D_c^-b with D_c = k + a |x_{W(c)}|^2 over a
window W(c) of at most s channels. J = diag(D^-b) - 2 a b M, M_ci = x_c x_i D_c^{-b-1}
for i in W(c). The row c of M has a norm of at most |x_W|^2 D_c^{-b-1} =
((D - k)/a) D^{-b-1}, which is largest at D = k (b + 1)/b, where it is
k^-b (b/(b + 1))^{b+1}/(a b). Each column meets at most s rows, so |M| is at most
sqrt(s) times that, and

    k^-b <= L <= k^-b (1 + 2 sqrt(s) (b/(b + 1))^{b+1}),

whatever a is. The lower end is the slope at 0.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from geomadv._typing import Float, NDArray
from geomadv._validate import integer, real
from geomadv.lipschitz._base import (
    UNIT,
    Array,
    Bound,
    Layer,
    Shape,
    closed_form,
    norms,
    unknown,
)
from geomadv.lipschitz._tensors import NO_SHAPE

Function = Callable[[Array], Array]

_SELU = (1.67326319217681884765625, 1.05070102214813232421875)
_SQRT_HALF = math.sqrt(0.5)
_TANH_GELU = math.sqrt(2.0 / math.pi)


@dataclass(frozen=True)
class Scalar:
    """A function of one number: itself, its derivative, sup |f'| in an interval."""

    value: Function
    slope: Function
    bound: Bound


def _density(x: Array) -> Array:
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _leaky(alpha: float) -> Scalar:
    return Scalar(
        lambda x: np.where(x < 0, alpha * x, x),
        lambda x: np.where(x < 0, alpha, 1.0),
        closed_form(max(1.0, abs(alpha)), rounded=0.0),
    )


def _elu(alpha: float, gamma: float = 1.0) -> Scalar:
    return Scalar(
        lambda x: gamma * np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),
        lambda x: gamma * np.where(x < 0, alpha * np.exp(np.minimum(x, 0)), 1.0),
        closed_form(abs(gamma) * max(1.0, abs(alpha))),
    )


def _celu(alpha: float) -> Scalar:
    if alpha <= 0:
        raise ValueError(f"alpha must be above 0, got {alpha:g}")
    return Scalar(
        lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0) / alpha), x),
        lambda x: np.where(x < 0, np.exp(np.minimum(x, 0) / alpha), 1.0),
        closed_form(1.0, rounded=0.0),
    )


def _clip(low: float, high: float) -> Scalar:
    return Scalar(
        lambda x: np.minimum(np.maximum(x, low), high),
        lambda x: ((x >= low) & (x < high)).astype(np.float64),
        closed_form(1.0 if low < high else 0.0, rounded=0.0),
    )


def _hard_sigmoid(alpha: float, beta: float) -> Scalar:
    def inside(x: Array) -> Array:
        y = alpha * x + beta
        return alpha * ((y >= 0) & (y < 1))

    return Scalar(
        lambda x: np.clip(alpha * x + beta, 0.0, 1.0),
        inside,
        closed_form(abs(alpha), rounded=0.0),
    )


def _gelu() -> Scalar:
    root = math.sqrt(2.0)
    density = math.exp(-1.0) / math.sqrt(2.0 * math.pi)
    top = float(special.ndtr(root)) + root * density
    return Scalar(
        lambda x: x * special.ndtr(x),
        lambda x: special.ndtr(x) + x * _density(x),
        closed_form(top, rounded=32.0),
    )


def _tanh_gelu() -> Scalar:
    c, k = 0.044715, _TANH_GELU

    def slope(x: Array) -> Array:
        t = np.tanh(k * (x + c * x**3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * k * (1 + 3 * c * x * x)

    # The slope is largest near 1.4; tests/lipschitz encloses it by ball arithmetic.
    return Scalar(
        lambda x: 0.5 * x * (1 + np.tanh(k * (x + c * x**3))),
        slope,
        Bound(1.12899, 1.12901, "enclosed"),
    )


def _swish(alpha: float) -> Scalar:
    def slope(x: Array) -> Array:
        s = special.expit(alpha * x)
        return s + alpha * x * s * (1 - s)

    # x s(x) has its steepest slope at the root of 1 + e^-x + x e^-x = x, about 2.4.
    return Scalar(
        lambda x: x * special.expit(alpha * x),
        slope,
        Bound(1.09983, 1.09985, "enclosed") if alpha else closed_form(0.5),
    )


def _softplus() -> Scalar:
    # The supremum 1 is a limit: e^x/(1 + e^x) is 1 - 2e-18 at 40.
    return Scalar(
        lambda x: np.logaddexp(0.0, x),
        special.expit,
        Bound(1.0 - UNIT, 1.0, "closed form"),
    )


def _plain(value: Function, slope: Function, constant: float) -> Callable[[], Scalar]:
    rounded = 0.0 if math.log2(constant).is_integer() else 4.0
    return lambda: Scalar(value, slope, closed_form(constant, rounded=rounded))


FUNCTIONS: Mapping[str, Callable[..., Scalar]] = {
    "Abs": _plain(np.abs, lambda x: np.where(x < 0, -1.0, 1.0), 1.0),
    "Atan": _plain(np.arctan, lambda x: 1.0 / (1.0 + x * x), 1.0),
    "Celu": _celu,
    "Clip": _clip,
    "Cos": _plain(np.cos, lambda x: -np.sin(x), 1.0),
    "Elu": _elu,
    "Erf": _plain(
        special.erf,
        lambda x: 2.0 / math.sqrt(math.pi) * np.exp(-x * x),
        2.0 / math.sqrt(math.pi),
    ),
    "Gelu": _gelu,
    "GeluTanh": _tanh_gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _plain(
        lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0),
        lambda x: np.where(x < -3, 0.0, np.where(x < 3, (2 * x + 3) / 6.0, 1.0)),
        1.5,
    ),
    "LeakyRelu": _leaky,
    "Relu": lambda: _leaky(0.0),
    "Selu": lambda alpha=_SELU[0], gamma=_SELU[1]: _elu(alpha, gamma),
    "Sigmoid": _plain(
        special.expit, lambda x: special.expit(x) * special.expit(-x), 0.25
    ),
    "Sin": _plain(np.sin, np.cos, 1.0),
    "Softplus": _softplus,
    "Softsign": _plain(
        lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2, 1.0
    ),
    "Swish": _swish,
    "Tanh": _plain(np.tanh, lambda x: 1.0 - np.tanh(x) ** 2, 1.0),
}


_EXACT = ("Relu", "Abs", "Clip")  # nothing is rounded
_CALL = 2**16  # what Python takes for a step over channels, in multiplications


class Activation(Layer):
    """A function of each entry.

    The methods are as for `Layer`.

    Parameters
    ----------
    name : str
        Its name in ONNX: "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh",
        "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Clip", "Gelu", "GeluTanh",
        "Swish", "Abs", "Erf", "Atan", "Sin" or "Cos".
    *parameters : float
        Its parameters: alpha of LeakyRelu, Elu, Celu and Swish, alpha and beta of
        HardSigmoid, the limits of Clip, alpha and gamma of Selu.

    Raises
    ------
    ValueError
        If the name is not known or a parameter is out of range.

    Examples
    --------
    >>> Activation("Sigmoid").constant().upper
    0.25
    """

    def __init__(self, name: str, *parameters: float) -> None:
        if name not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise ValueError(f"name must be one of {known}; got {name!r}")
        values = [real("parameters", p, infinite=name == "Clip") for p in parameters]
        try:
            inspect.signature(FUNCTIONS[name]).bind(*values)
        except TypeError as error:
            raise ValueError(
                f"parameters must be those of {name}, got {len(values)}"
            ) from error
        self._scalar = FUNCTIONS[name](*values)
        self.name = name
        self.entry_work = 1 if name in (*_EXACT, "LeakyRelu") else 128

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self.name

    def constant(self) -> Bound:
        """Return the interval of sup |f'|."""
        return self._scalar.bound

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input."""
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval of sup |f'|; shapes and rtol do not matter."""
        del shapes, rtol
        return self._scalar.bound

    def forward(self, *xs: Array) -> Array:
        """Return f of every entry of `xs`."""
        return self._scalar.value(xs[0])

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return f' times `vs`."""
        return self._scalar.slope(xs[0]) * vs[0]

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return f' times `u`."""
        del shapes
        return [self._scalar.slope(xs[0]) * u]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return zeros where nothing is rounded, else as for every layer."""
        if self.name in _EXACT:
            return np.zeros(len(y))
        return super().rounding(xs, y)


class Relu(Activation):
    """max(x, 0), the most common activation.

    Examples
    --------
    >>> Relu().constant().upper
    1.0
    """

    def __init__(self) -> None:
        super().__init__("Relu")


class PRelu(Layer):
    """x where it is positive, else a slope for each channel times x.

    Parameters
    ----------
    slopes : array
        The slopes, broadcast against x.
    """

    def __init__(self, slopes: NDArray) -> None:
        self.slopes = slopes

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input, against which the slopes must fit."""
        if np.broadcast_shapes(shapes[0], self.slopes.shape) != shapes[0]:
            raise ValueError(f"slopes {self.slopes.shape} do not fit {shapes[0]}")
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return max(1, |slopes|)."""
        del shapes, rtol
        top = max(1.0, float(np.abs(self.slopes).max(initial=0.0)))
        return Bound(top, top, "closed form")

    def forward(self, *xs: Array) -> Array:
        """Return the values."""
        return np.where(xs[0] < 0, self.slopes * xs[0], xs[0])

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the slopes times `vs`."""
        return np.where(xs[0] < 0, self.slopes, 1.0) * vs[0]

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the slopes times `u`."""
        del shapes
        return [self.jvp(xs, [u])]


class Softmax(Layer):
    """Softmax along an axis, or its logarithm.

    The methods are as for `Layer`.

    Parameters
    ----------
    axis : int
        The axis, not counting the one of the points.
    log : bool
        Whether the logarithm is taken.
    """

    entry_work = 256

    def __init__(self, axis: int = -1, log: bool = False) -> None:
        self.axis, self.log = integer("axis", axis), log

    @property
    def op(self) -> str:
        """The name of the operation."""
        return "LogSoftmax" if self.log else "Softmax"

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input."""
        _length(shapes[0], self.axis)
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return 1/2, or the root of the number of classes for the logarithm."""
        del rtol
        n = None if shapes is None else _length(shapes[0], self.axis)
        if n == 1:
            return Bound(0.0, 0.0, "closed form")
        if not self.log:
            # At (0, 0, -1000, ...) the slope is 1/2 up to e^-1000.
            return Bound(0.5 * (1 - 4 * UNIT), 0.5, "closed form")
        return unknown(NO_SHAPE) if n is None else closed_form(math.sqrt(n))

    def forward(self, *xs: Array) -> Array:
        """Return the values along the axis."""
        axis = self._axis()
        if self.log:
            return np.asarray(special.log_softmax(xs[0], axis=axis))
        return np.asarray(special.softmax(xs[0], axis=axis))

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the Jacobian times `vs`."""
        axis, v = self._axis(), vs[0]
        p = special.softmax(xs[0], axis=axis)
        mean = (p * v).sum(axis=axis, keepdims=True)
        return v - mean if self.log else p * (v - mean)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transpose of the Jacobian times `u`."""
        del shapes
        if not self.log:
            return [self.jvp(xs, [u])]
        axis = self._axis()
        p = special.softmax(xs[0], axis=axis)
        return [u - p * u.sum(axis=axis, keepdims=True)]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings, which grow with the number of classes."""
        n = _length(y.shape[1:], self.axis)
        return (n + 4.0) * super().rounding(xs, y)

    def _axis(self) -> int:
        return self.axis if self.axis < 0 else self.axis + 1


class ContrastNormalization(Layer):
    """x/(eps + |x|^2)^gamma over all entries of a point.

    The methods are as for `Layer`.

    Parameters
    ----------
    eps : float
        Above 0.
    gamma : float
        At least 0; 1/2 by default.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """

    entry_work = 256

    def __init__(self, eps: float, gamma: float = 0.5) -> None:
        self.eps = real("eps", eps, lower=0.0, open_lower=True)
        self.gamma = real("gamma", gamma, lower=0.0)

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input."""
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return eps^-gamma."""
        del shapes, rtol
        return closed_form(self.eps**-self.gamma, rounded=8.0)

    def forward(self, *xs: Array) -> Array:
        """Return the values."""
        return xs[0] * self._size(xs[0]) ** -self.gamma

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the Jacobian times `vs`; it is symmetric."""
        x, v = xs[0], vs[0]
        size = self._size(x)
        axes = tuple(range(1, x.ndim))
        along = (x * v).sum(axis=axes, keepdims=True)
        return size**-self.gamma * (v - 2.0 * self.gamma * along / size * x)

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the Jacobian times `u`."""
        del shapes
        return [self.jvp(xs, [u])]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings, which grow with the number of entries."""
        del xs
        return (1.0 + self.gamma) * (y[0].size + 16.0) * UNIT * norms(y) * 2.0

    def _size(self, x: Array) -> Array:
        axes = tuple(range(1, x.ndim))
        return self.eps + (x * x).sum(axis=axes, keepdims=True)


class LocalResponseNormalization(Layer):
    """x_c/(k + a sum over neighbouring channels of x^2)^b, on the axis 1.

    The methods are as for `Layer`.

    Parameters
    ----------
    size : int
        Number of channels in a window.
    alpha, beta, bias : float
        a is alpha/size, b is beta, k is bias.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """

    entry_work = 256

    def __init__(
        self, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
    ) -> None:
        self.size = integer("size", size, minimum=1)
        self.alpha = real("alpha", alpha, lower=0.0)
        self.beta = real("beta", beta, lower=0.0)
        self.bias = real("bias", bias, lower=0.0, open_lower=True)

    @property
    def op(self) -> str:
        """The name of the operation."""
        return "LRN"

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input, which must have channels."""
        _length(shapes[0], 1)
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return the interval that the module derives."""
        del rtol
        b, steepest = self.beta, self.bias**-self.beta
        width = self.size if shapes is None else min(self.size, shapes[0][1])
        more = 2.0 * math.sqrt(width) * (b / (b + 1.0)) ** (b + 1.0)
        lower, upper = steepest, steepest * (1.0 + more * (self.alpha > 0))
        return Bound(lower * (1 - 16 * UNIT), upper * (1 + 16 * UNIT), "row norms")

    def forward(self, *xs: Array) -> Array:
        """Return the values."""
        return xs[0] * self._divisor(xs[0]) ** -self.beta

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the Jacobian times `vs`."""
        x, v = xs[0], vs[0]
        D = self._divisor(x)
        change = 2.0 * self.alpha / self.size * self._windows(x * v)
        return v * D**-self.beta - self.beta * x * D ** (-self.beta - 1.0) * change

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transpose of the Jacobian times `u`."""
        del shapes
        x = xs[0]
        D = self._divisor(x)
        inner = u * self.beta * x * D ** (-self.beta - 1.0)
        back = 2.0 * self.alpha / self.size * self._windows(inner, back=True)
        return [u * D**-self.beta - x * back]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings, which grow with the size of a window."""
        del xs
        return (1.0 + self.beta) * (self.size + 16.0) * UNIT * norms(y) * 2.0

    def _divisor(self, x: Array) -> Array:
        return self.bias + self.alpha / self.size * self._windows(x * x)

    def call_work(self, shapes: Sequence[Shape], out: Shape) -> int:
        """Return what the sums over wide windows take."""
        return len(self._steps(out[1])) * (_CALL + 8 * math.prod(shapes[0]))

    def _steps(self, channels: int, *, back: bool = False) -> range:
        """Return the places of a window's channels about its own."""
        before, after = (self.size - 1) // 2, self.size // 2
        if back:
            before, after = after, before
        return range(-min(before, channels - 1), min(after, channels - 1) + 1)

    def _windows(self, x: Array, *, back: bool = False) -> Array:
        """Return the sums over the windows of channels, or over those that hold one."""
        channels = x.shape[2]
        total = np.zeros_like(x)
        for step in self._steps(channels, back=back):
            to = slice(max(0, -step), channels - max(0, step))
            source = slice(max(0, step), channels - max(0, -step))
            total[:, :, to] += x[:, :, source]
        return total


class LayerNormalization(Layer):
    """(x - mean)/sqrt(variance + eps) over some axes, times a scale, plus a shift.

    Parameters
    ----------
    axes : tuple of int
        The axes, not counting the one of the points.
    eps : float
        Above 0.
    scale, shift : array
        Broadcast against x.
    name : str
        The name of the operation.
    """

    entry_work = 256

    def __init__(
        self,
        axes: tuple[int, ...],
        eps: float,
        scale: NDArray,
        shift: NDArray,
        name: str,
    ) -> None:
        self.axes = tuple(a + 1 for a in axes)
        self.eps = real("epsilon", eps, lower=0.0, open_lower=True)
        self.scale, self.shift, self._name = scale, shift, name

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self._name

    def shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the input."""
        for part in (self.scale, self.shift):
            if np.broadcast_shapes(shapes[0], part.shape) != shapes[0]:
                raise ValueError(f"a scale {part.shape} does not fit {shapes[0]}")
        return shapes[0]

    def bound(self, shapes: Sequence[Shape] | None, rtol: float) -> Bound:
        """Return max |scale|/sqrt(eps) above; below 0 where scales differ."""
        del rtol
        sizes = np.abs(self.scale)
        top = float(sizes.max(initial=0.0)) / math.sqrt(self.eps)
        same = sizes.size > 0 and float(sizes.min()) == float(sizes.max())
        many = shapes is not None and all(shapes[0][a - 1] > 1 for a in self.axes)
        lower = top * (1 - 16 * UNIT) if same and many else 0.0
        return Bound(lower, top * (1 + 16 * UNIT), "closed form" if same else "bound")

    def forward(self, *xs: Array) -> Array:
        """Return the values."""
        centred, size = self._parts(xs[0])
        return centred / size * self.scale + self.shift

    def jvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> Array:
        """Return the Jacobian times `vs`."""
        return self._core(xs[0], vs[0]) * self.scale

    def vjp(
        self, xs: Sequence[Array], u: Array, shapes: Sequence[Shape]
    ) -> list[Array]:
        """Return the transpose of the Jacobian times `u`."""
        del shapes
        return [self._core(xs[0], u * self.scale)]

    def rounding(self, xs: Sequence[Array], y: Array) -> Float[NDArray, " b"]:
        """Return the roundings of the mean, the variance and the quotient."""
        n = math.prod(xs[0].shape[a] for a in self.axes)
        top = float(np.abs(self.scale).max(initial=0.0)) / math.sqrt(self.eps)
        return (4.0 * n + 64.0) * UNIT * (norms(y) + (top + 1.0) * norms(xs[0]))

    def _parts(self, x: Array) -> tuple[Array, Array]:
        centred = x - x.mean(axis=self.axes, keepdims=True)
        variance = (centred**2).mean(axis=self.axes, keepdims=True)
        return centred, np.sqrt(variance + self.eps)

    def _core(self, x: Array, v: Array) -> Array:
        """Apply the Jacobian of the normalisation itself, which is symmetric."""
        centred, size = self._parts(x)
        v = v - v.mean(axis=self.axes, keepdims=True)
        along = (centred * v).mean(axis=self.axes, keepdims=True)
        return v / size - centred * along / size**3


def _length(shape: Shape, axis: int) -> int:
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"there is no axis {axis} in the shape {shape}")
    return shape[axis]
