"""Layers: their constants against explicit matrices, Jacobians and closed forms."""

import math
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.lipschitz import (
    Activation,
    AveragePool,
    BatchNormalization,
    ContrastNormalization,
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    LocalResponseNormalization,
    MaxPool,
    Relu,
    Softmax,
)
from geomadv.lipschitz._activations import FUNCTIONS
from geomadv.lipschitz._tensors import Add


def matrix(layer: Layer, shape: tuple[int, ...]) -> np.ndarray:
    """Return the explicit matrix of an affine layer, from its values alone."""
    d = math.prod(shape)
    zero = layer.forward(np.zeros((1, *shape)))
    Y = layer.forward(np.eye(d).reshape(d, *shape)) - zero
    return Y.reshape(d, -1).T


def jacobian(layer: Layer, x: np.ndarray) -> np.ndarray:
    d = x.size
    X = np.repeat(x[None], d, axis=0)
    return layer.jvp([X], [np.eye(d).reshape(d, *x.shape)]).reshape(d, -1).T


AFFINE: dict[str, tuple[Layer, tuple[int, ...]]] = {
    "dense": (Dense([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]], [1.0, 2.0]), (1, 3)),
    "conv": (
        Conv(np.cos(np.arange(54.0)).reshape(3, 2, 3, 3), stride=2, padding=1),
        (1, 2, 7, 6),
    ),
    "conv-same": (
        Conv(np.cos(np.arange(24.0)).reshape(3, 2, 2, 2), padding="same"),
        (1, 2, 5, 4),
    ),
    "batch-normalisation": (
        BatchNormalization([2.0, -3.0], [0.0, 1.0], [1.0, 0.0], [3.0, 8.0], 1.0),
        (1, 2, 3, 3),
    ),
    "average-pool": (AveragePool(2), (1, 2, 4, 6)),
    "average-pool-overlap": (AveragePool(3, 2, 1), (1, 1, 7, 8)),
    "average-pool-counted": (
        AveragePool(3, 2, 1, ceil=True, include_padding=True),
        (1, 1, 6, 8),
    ),
    "global-average": (GlobalAveragePool(), (1, 3, 4, 5)),
    "flatten": (Flatten(), (1, 3, 4)),
}


@pytest.mark.parametrize("name", AFFINE)
def test_the_interval_holds_the_norm_of_the_explicit_matrix(name: str) -> None:
    layer, shape = AFFINE[name]
    exact = np.linalg.norm(matrix(layer, shape), 2)
    found = layer.bound([shape], 1e-9)
    assert found.lower * (1 - 1e-12) <= exact <= found.upper * (1 + 1e-12)
    assert found.upper == pytest.approx(found.lower, rel=1e-8)


@pytest.mark.parametrize("name", AFFINE)
def test_the_transposed_map_is_the_transposed_matrix(name: str) -> None:
    layer, shape = AFFINE[name]
    A = matrix(layer, shape)
    images = np.eye(len(A)).reshape(-1, *layer.shape(shape))
    (found,) = layer.vjp([np.zeros((len(A), *shape))], images, [shape])
    np.testing.assert_allclose(found.reshape(A.shape), A, rtol=0, atol=1e-13)


def test_known_norms_of_pooling() -> None:
    assert AveragePool(2).bound([(1, 1, 8, 8)], 1e-3).upper == pytest.approx(0.5)
    rough = AveragePool(2).rough_bound([(1, 1, 8, 8)])
    assert rough.lower <= 0.5 <= rough.upper <= 0.5 + 1e-8
    found = GlobalAveragePool().bound([(1, 7, 4, 9)], 1e-3)
    assert found.upper == pytest.approx(1 / 6)
    assert GlobalMaxPool().bound([(1, 7, 4, 9)], 1e-3).upper == 1.0


# Windows 3 x 3 at stride 2 overlap in four; windows side by side in one.
@pytest.mark.parametrize(
    ("kernel", "stride", "n", "padding", "ceil", "windows"),
    [
        (3, 2, 13, 0, False, 4),
        (2, 2, 8, 0, False, 1),
        (3, 1, 9, 0, False, 9),
        (3, 1, 4, 0, False, 4),  # only two windows fit along an axis
        (3, 2, 3, 0, False, 1),
        (3, 2, 3, 1, False, 4),
        (5, 2, 12, 0, False, 9),
        (2, 3, 9, 0, False, 1),
        (3, 2, 4, 0, True, 4),
        (2, 2, 3, 1, True, 1),  # a third window would see the padding alone
    ],
)
def test_max_pooling_attains_the_root_of_the_overlap(
    kernel: int, stride: int, n: int, padding: int, ceil: bool, windows: int
) -> None:
    layer = MaxPool(kernel, stride, padding, ceil=ceil)
    shape = (1, 1, n, n)
    found = layer.bound([shape], 1e-3)
    assert found.upper == pytest.approx(math.sqrt(windows), rel=1e-15)
    spikes = np.eye(n * n).reshape(-1, *shape)
    change = layer.forward(spikes) - layer.forward(np.zeros((1, *shape)))
    attained = np.linalg.norm(change.reshape(n * n, -1), axis=1).max()
    assert attained == pytest.approx(found.lower, rel=1e-15)
    assert layer.bound(None, 1e-3).upper >= found.upper * (1 - 1e-15)


@given(st.integers(0, 2**32 - 1))
def test_max_pooling_never_exceeds_its_constant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, s = rng.integers(1, 5, 2).tolist()
    layer = MaxPool(k, s, int(rng.integers(0, k)))
    x, y = rng.standard_normal((2, 1, 2, 7, 9))
    change = layer.forward(x[None]) - layer.forward(y[None])
    top = layer.bound([x.shape], 1e-3).upper
    assert np.linalg.norm(change) <= top * np.linalg.norm(x - y) * (1 + 1e-12)


PARAMETERS: dict[str, tuple[float, ...]] = {
    "LeakyRelu": (0.1,),
    "Elu": (2.0,),
    "Celu": (0.5,),
    "Clip": (-1.0, 1.0),
    "HardSigmoid": (0.2, 0.5),
    "Swish": (1.5,),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_steepest_slope_of_an_activation_is_in_its_interval(name: str) -> None:
    layer = Activation(name, *PARAMETERS.get(name, ()))
    x = np.linspace(-50, 50, 2_000_001)
    slope = np.abs(np.diff(layer.forward(x[None])[0]) / np.diff(x)).max()
    found = layer.constant()
    assert slope <= found.upper * (1 + 1e-9)
    assert slope >= found.lower * (1 - 1e-4)
    assert found.upper <= found.lower * 1.0002


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_derivative_of_an_activation_is_the_limit_of_quotients(name: str) -> None:
    layer = Activation(name, *PARAMETERS.get(name, ()))
    x, h = np.linspace(-4.03, 4.01, 41)[None], 1e-5
    quotient = (layer.forward(x + h) - layer.forward(x - h)) / (2 * h)
    found = layer.jvp([x], [np.ones_like(x)])
    np.testing.assert_allclose(found, quotient, rtol=0, atol=1e-9)


def test_the_leaky_unit_is_steepest_where_its_slope_is() -> None:
    assert Activation("LeakyRelu", -3.0).constant().upper == 3.0
    assert Activation("Relu").constant().upper == 1.0
    assert Relu().constant() == Activation("Relu").constant()
    assert Activation("Sigmoid").constant().lower == 0.25
    assert Activation("Clip", 1.0, 1.0).constant().upper == 0.0


@pytest.mark.parametrize("name", ["Gelu", "GeluTanh", "Swish"])
def test_enclosed_constants_hold_in_ball_arithmetic(name: str) -> None:
    """The largest slope is enclosed on a fine partition of [-8, 8]; beyond, by hand."""

    def slope(x: Any) -> Any:
        if name == "Gelu":
            pi = flint.arb.pi()
            cdf = (1 + (x / flint.arb(2).sqrt()).erf()) / 2
            return cdf + x * (-x * x / 2).exp() / (2 * pi).sqrt()
        if name == "Swish":
            s = 1 / (1 + (-x).exp())
            return s + x * s * (1 - s)
        k = (2 / flint.arb.pi()).sqrt()
        c = flint.arb("0.044715")
        t = (k * (x + c * x**3)).tanh()
        return (1 + t) / 2 + x * (1 - t * t) * k * (1 + 3 * c * x * x) / 2

    found = Activation(name, *([1.0] if name == "Swish" else [])).constant()
    step = flint.arb("0.00002")
    top = highest = flint.arb(-10)
    for i in range(60_000, 150_000):  # [1.2, 3]: the slope's derivative is below 1
        middle = slope((i + flint.arb(0.5)) * step)
        highest = highest.max(middle)
        top = top.max(middle + step / 2)
    for i in range(-800, 800):
        if not 120 <= i < 300:
            x = flint.arb(i) / 100 + flint.arb(0.005, 0.005)
            assert abs(slope(x)) < found.lower + 0.05
    assert highest >= found.lower - 1e-9
    assert top <= found.upper + (step if name == "Gelu" else 0)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_softmax_halves_at_least_and_comes_close(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(-5, 5) * rng.standard_normal(n)
    layer, log = Softmax(), Softmax(log=True)
    assert np.linalg.norm(jacobian(layer, z[None]), 2) <= 0.5 + 1e-12
    assert np.linalg.norm(jacobian(log, z[None]), 2) <= math.sqrt(n) * (1 + 1e-12)


def test_softmax_approaches_its_constants() -> None:
    z = np.array([[0.0, 0.0, -800.0, -800.0]])
    assert np.linalg.norm(jacobian(Softmax(), z), 2) == pytest.approx(0.5)
    z = np.array([[0.0, -40.0, -40.0, -40.0]])
    found = Softmax(log=True).bound([(1, 4)], 1e-3)
    assert np.linalg.norm(jacobian(Softmax(log=True), z), 2) == pytest.approx(2.0)
    assert found.upper == pytest.approx(2.0)
    assert Softmax().bound([(1, 1)], 1e-3).upper == 0.0


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0])
def test_contrast_normalisation_is_steepest_at_zero(gamma: float) -> None:
    layer = ContrastNormalization(0.25, gamma)
    found = layer.bound(None, 1e-3)
    assert found.upper == pytest.approx(0.25**-gamma)
    rng = np.random.default_rng(1)
    direction = rng.standard_normal((1, 4))
    direction /= np.linalg.norm(direction)
    for r in (0.0, 0.05, 0.3, 0.5, 1.0, 3.0, 10.0):
        J = jacobian(layer, r * direction)
        size = mpmath.mpf(0.25) + mpmath.mpf(r) ** 2
        across = size**-gamma
        along = across * (1 - 2 * gamma * mpmath.mpf(r) ** 2 / size)
        expected = sorted([abs(along), *[across] * 3])
        np.testing.assert_allclose(
            np.linalg.svd(J, compute_uv=False)[::-1],
            np.array(expected, float),
            rtol=1e-9,
            atol=1e-13,
        )
        assert np.linalg.norm(J, 2) <= found.upper * (1 + 1e-12)


@pytest.mark.parametrize("beta", [0.25, 0.75, 2.0])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_local_response_normalisation_stays_in_its_interval(
    beta: float, size: int
) -> None:
    layer = LocalResponseNormalization(size, alpha=3.0, beta=beta, bias=0.5)
    found = layer.bound([(1, 8, 1, 1)], 1e-3)
    rng = np.random.default_rng(2)
    top = 0.0
    for scale in np.geomspace(1e-3, 1e3, 100):
        J = jacobian(layer, scale * rng.standard_normal((1, 8, 1, 1)))
        top = max(top, float(np.linalg.norm(J, 2)))
    assert top <= found.upper
    assert top >= found.lower * (1 - 1e-4)
    assert found.upper <= 3.5 * found.lower


def test_folding_a_batch_normalisation_keeps_the_map() -> None:
    rng = np.random.default_rng(3)
    after = BatchNormalization(*rng.standard_normal((3, 4)), rng.random(4))
    x = rng.standard_normal((2, 1, 3, 6, 6))
    conv = Conv(rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4), padding=1)
    line = Conv(rng.standard_normal((4, 3, 3)), stride=2, padding=(1, 2))
    dense = Dense(rng.standard_normal((4, 5)))
    for layer, at in (
        (conv, x),
        (line, x[..., 0]),
        (dense, rng.standard_normal((2, 1, 5))),
    ):
        both = after.forward(layer.forward(at))
        folded = layer.scaled(after.scale, after.shift)
        np.testing.assert_allclose(folded.forward(at), both, rtol=1e-12, atol=1e-12)


def test_rounding_bounds_hold_against_fifty_digits() -> None:
    rng = np.random.default_rng(4)
    W, b = rng.standard_normal((6, 40)), rng.standard_normal(6)
    x = rng.standard_normal((1, 1, 40)) * 1e3
    layer = Dense(W, b)
    y = layer.forward(x)
    exact = mpmath.matrix(W.tolist()) * mpmath.matrix(x.ravel().tolist())
    off = [mpmath.mpf(v) - e - c for v, e, c in zip(y.ravel(), exact, b, strict=True)]
    error = float(mpmath.norm(mpmath.matrix(off), 2))
    assert 0 < error <= layer.rounding([x], y)[0] < 1e4 * error


@pytest.mark.errors
@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Dense([1.0]), "W"),
        (lambda: Dense([[np.nan]]), "W"),
        (lambda: Dense([[1.0]], [1.0, 2.0]), "b"),
        (lambda: Conv(np.ones((2, 2))), "w"),
        (lambda: Conv(np.ones((2, 2, 1, 1)), stride=0), "stride"),
        (lambda: Conv(np.ones((2, 2, 1, 1)), padding=-1), "padding"),
        (lambda: Conv(np.ones((2, 2, 1, 1)), padding="valid"), "padding"),
        (lambda: Conv(np.ones((2, 2, 1, 1)), groups=3), "groups"),
        (lambda: Conv(np.ones((2, 2, 1, 1)), dilation=(1, 2, 3)), "dilation"),
        (lambda: MaxPool(0), "kernel"),
        (lambda: MaxPool(2, stride=(1, 2, 3)), "stride"),
        (lambda: AveragePool(2, padding="full"), "padding"),
        (lambda: BatchNormalization([1.0], [0.0], [0.0], [-1.0]), "variance"),
        (lambda: BatchNormalization([1.0], [0.0], [0.0], [0.0], 0.0), "variance"),
        (lambda: ContrastNormalization(0.0), "eps"),
        (lambda: ContrastNormalization(1.0, -1.0), "gamma"),
        (lambda: LocalResponseNormalization(0), "size"),
        (lambda: Activation("Floor"), "name"),
        (lambda: Activation("Relu", 1.0), "parameters"),
        (lambda: Activation("Celu", 0.0), "alpha"),
        (lambda: Activation("Elu", math.nan), "parameters"),
    ],
)
def test_a_bad_argument_is_named(make: Any, word: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{word}"):
        make()


def test_local_response_normalisation_takes_the_steepest_row() -> None:
    b, k, size = 0.75, 2.0, 5
    D = np.linspace(k, 30 * k, 2_000_001)
    row = float((2 * b * (D - k) * D ** (-b - 1)).max())
    layer = LocalResponseNormalization(size, beta=b, bias=k)
    expected = k**-b + math.sqrt(size) * row
    assert layer.bound([(1, 8, 1, 1)], 1e-3).upper == pytest.approx(expected, rel=1e-9)


def test_a_copied_branch_counts_by_the_root_of_its_copies() -> None:
    """A number added to each of four has the constant 2."""
    shapes = [(1, 4), (1, 1)]
    layer = Add((1.0, 1.0))
    assert layer.composed(1.0, [0.0, 1.0], shapes) == pytest.approx(2.0)
    assert layer.bound(shapes, 1e-3).upper == pytest.approx(math.sqrt(5.0))
