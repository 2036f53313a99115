"""Networks: the interval against the exact constant of small ones, and certificates."""

import itertools
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.lipschitz import (
    Activation,
    BatchNormalization,
    Bound,
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Relu,
    Softmax,
    network_bounds,
)
from geomadv.lipschitz._graph import Graph, Node, upper_ends
from geomadv.lipschitz._tensors import Add, Concat
from geomadv.lipschitz._witness import quotient

seeds = st.integers(0, 2**32 - 1)


def values(layers: list[Layer], X: np.ndarray) -> np.ndarray:
    for layer in layers:
        X = layer.forward(X)
    return X


@given(seeds, st.lists(st.integers(1, 5), min_size=2, max_size=5))
@settings(max_examples=40)
def test_a_linear_network_has_equal_ends(seed: int, widths: list[int]) -> None:
    rng = np.random.default_rng(seed)
    layers = [
        Dense(rng.standard_normal((m, n)), rng.standard_normal(m))
        for n, m in itertools.pairwise(widths)
    ]
    exact = np.linalg.norm(
        np.linalg.multi_dot(
            [
                np.eye(widths[-1]),
                *[layer.W for layer in layers[::-1]],
                np.eye(widths[0]),
            ]
        ),
        2,
    )
    found = network_bounds(layers)
    assert found.lower <= found.upper
    assert found.upper == pytest.approx(exact, rel=1e-8, abs=1e-12)
    assert found.lower == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_a_linear_network_of_images_has_equal_ends() -> None:
    rng = np.random.default_rng(1)
    layers = [
        Conv(rng.standard_normal((3, 2, 3, 3)), rng.standard_normal(3), padding=1),
        BatchNormalization(*rng.standard_normal((3, 3)), rng.random(3)),
        Conv(rng.standard_normal((4, 3, 2, 2)), stride=2),
        GlobalAveragePool(),
        Flatten(),
        Dense(rng.standard_normal((3, 4))),
    ]
    found = network_bounds(layers, shape=(2, 6, 6))
    zero = values(layers, np.zeros((1, 1, 2, 6, 6)))
    rows = values(layers, np.eye(72).reshape(72, 1, 2, 6, 6)) - zero
    exact = np.linalg.norm(rows.reshape(72, -1), 2)
    assert found.upper == pytest.approx(exact, rel=1e-9)
    assert found.lower == pytest.approx(exact, rel=1e-6)
    assert found.product > 1.5 * exact


def exact_constant(W1: np.ndarray, b: np.ndarray, W2: np.ndarray) -> float:
    """Return the constant of x -> W2 relu(W1 x + b) where the input is one number.

    The slope is constant between the kinks -b/w, so a point of each piece decides.
    """
    kinks = np.sort(-b / W1[:, 0])
    middles = np.concatenate(
        [[kinks[0] - 1], (kinks[1:] + kinks[:-1]) / 2, [kinks[-1] + 1]]
    )
    slopes = [W2 @ ((W1[:, 0] * x + b > 0) * W1[:, 0]) for x in middles]
    return float(max(np.linalg.norm(s) for s in slopes))


@given(seeds)
@settings(max_examples=30)
def test_the_interval_holds_the_exact_constant_on_a_line(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W1, b = rng.standard_normal((5, 1)), rng.standard_normal(5)
    W2 = rng.standard_normal((2, 5))
    found = network_bounds([Dense(W1, b), Relu(), Dense(W2)])
    exact = exact_constant(W1, b, W2)
    assert found.lower <= exact * (1 + 1e-12)
    assert exact <= found.upper * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_the_ends_are_about_the_steepest_of_many_jacobians(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, 4).tolist()
    Ws = [rng.standard_normal((m, n)) for n, m in itertools.pairwise(sizes)]
    layers: list[Layer] = [Dense(Ws[0], rng.standard_normal(sizes[1])), Relu()]
    layers += [Dense(Ws[1], rng.standard_normal(sizes[2])), Relu(), Dense(Ws[2])]
    found = network_bounds(layers)
    steepest = 0.0
    for x in rng.standard_normal((300, sizes[0])) * 3:
        h = layers[0].forward(x[None, None])[0, 0]
        k = layers[2].forward(np.maximum(h, 0)[None, None])[0, 0]
        J = Ws[2] @ ((k > 0)[:, None] * Ws[1]) @ ((h > 0)[:, None] * Ws[0])
        steepest = max(steepest, float(np.linalg.norm(J, 2)))
    assert steepest <= found.upper * (1 + 1e-12)
    assert 0.75 * steepest <= found.lower <= found.upper


def test_the_lower_end_is_the_quotient_of_its_pair_at_fifty_digits() -> None:
    rng = np.random.default_rng(2)
    W1, b = rng.standard_normal((8, 4)), rng.standard_normal(8)
    W2 = rng.standard_normal((3, 8))
    found = network_bounds([Dense(W1, b), Relu(), Dense(W2)])

    def f(x: np.ndarray) -> Any:
        h = mpmath.matrix(W1.tolist()) * mpmath.matrix(x.ravel().tolist())
        h = h + mpmath.matrix(b.tolist())
        h = mpmath.matrix([max(v, mpmath.mpf(0)) for v in h])
        return mpmath.matrix(W2.tolist()) * h

    x, y = found.witness
    step = mpmath.matrix(x.ravel().tolist()) - mpmath.matrix(y.ravel().tolist())
    exact = mpmath.norm(f(x) - f(y), 2) / mpmath.norm(step, 2)
    assert found.lower <= exact
    assert found.lower == pytest.approx(float(exact), rel=1e-6)


def test_rounding_is_taken_off_where_it_matters() -> None:
    """At 1e12 the differences of a step of 1e-3 are noise, and prove nothing."""
    graph = network_bounds([Dense([[1.0, 1.0]]), Activation("Tanh")]).graph
    uppers = {"dense1": 1.5, "tanh2": 1.0}
    x = np.array([[1e12, -1e12]])
    assert quotient(graph, uppers, x, x + 1e-4) == 0.0
    near = np.array([[0.1, -0.1]])
    assert quotient(graph, uppers, near, near + 1e-3) == pytest.approx(2**0.5, rel=1e-5)


def joined(layer: Layer, W: np.ndarray, V: np.ndarray) -> Graph:
    nodes = (
        Node("a", Dense(W), ("x",), "a"),
        Node("b", Relu(), ("a",), "b"),
        Node("c", Dense(V), ("x",), "c"),
        Node("d", Relu(), ("c",), "d"),
        Node("y", layer, ("b", "d"), "y"),
    )
    shapes = {"x": (1, W.shape[1])} | dict.fromkeys("abcd", (1, len(W)))
    shapes["y"] = layer.shape(shapes["b"], shapes["d"])
    return Graph(nodes, "x", "y", shapes)


@pytest.mark.parametrize("seed", range(5))
def test_branches_add_and_stacked_squares_add(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W, V = rng.standard_normal((2, 4, 3))
    norms = [np.linalg.norm(M, 2) for M in (W, V)]
    added = network_bounds(joined(Add((1.0, 1.0)), W, V))
    stacked = network_bounds(joined(Concat(-1), W, V))
    assert added.upper == pytest.approx(sum(norms))
    assert stacked.upper == pytest.approx(np.hypot(*norms))
    for found in (added, stacked):
        assert 0.3 * found.upper < found.lower <= found.upper


def test_the_sum_of_equal_branches_is_attained() -> None:
    """Relu(Wx) + Relu(Wx) has twice the constant: sums of squares would miss it."""
    W = np.diag([2.0, 1.0])
    found = network_bounds(joined(Add((1.0, 1.0)), W, W))
    assert found.upper == pytest.approx(4.0)
    assert found.lower == pytest.approx(4.0, rel=1e-6)


def test_affine_branches_are_taken_together() -> None:
    """x - x is constant, though each branch is not."""
    nodes = (
        Node("a", Dense(np.eye(2)), ("x",), "a"),
        Node("b", Dense(np.eye(2)), ("x",), "b"),
        Node("y", Add((1.0, -1.0)), ("a", "b"), "y"),
    )
    graph = Graph(nodes, "x", "y", dict.fromkeys("xaby", (1, 2)))
    found = network_bounds(graph)
    assert found.lower == 0.0
    assert found.upper < 1e-12


def test_data_improve_the_lower_end() -> None:
    """The slope 1 of the unit lives only about 1e3, where no random point is."""
    layers = [Dense([[1.0]], [-1000.0]), Activation("Clip", 0.0, 1e-2)]
    assert network_bounds(layers).lower == 0.0
    assert network_bounds(layers, data=[[1000.005]]).lower > 0.99


def test_equal_seeds_give_equal_numbers() -> None:
    rng = np.random.default_rng(3)
    layers = [Dense(rng.standard_normal((9, 6))), Relu(), Dense(np.ones((2, 9)))]
    first, second = (network_bounds(layers, rng=5) for _ in range(2))
    assert first.lower == second.lower
    np.testing.assert_array_equal(first.witness, second.witness)


# Certificates.


def classifier(seed: int, d: int = 3, classes: int = 4) -> list[Layer]:
    rng = np.random.default_rng(seed)
    return [
        Dense(rng.standard_normal((8, d)), rng.standard_normal(8)),
        Relu(),
        Dense(rng.standard_normal((classes, 8)), rng.standard_normal(classes)),
    ]


@given(seeds)
@settings(max_examples=20)
def test_no_point_within_the_radius_is_decided_otherwise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = classifier(seed)
    X = rng.standard_normal((4, 3))
    found = network_bounds(layers, data=X).certificates
    assert found is not None
    logits = values(layers, X[:, None])[:, 0]
    np.testing.assert_array_equal(found.prediction, logits.argmax(axis=1))
    for x, c, r in zip(X, found.prediction, found.radius, strict=True):
        directions = rng.standard_normal((500, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        Z = x + 0.999999 * r * directions
        assert (values(layers, Z[:, None])[:, 0].argmax(axis=1) == c).all()


def test_radii_of_a_linear_classifier_are_its_distances() -> None:
    W = np.array([[1.0, 0.0], [0.0, 1.0], [-2.0, 1.0]])
    X = np.array([[2.0, 0.5], [-1.0, 0.3], [0.1, 3.0]])
    logits = X @ W.T
    found = network_bounds([Dense(W)], data=X, labels=[0, 2, 0]).certificates
    assert found is not None
    for i, c in enumerate(logits.argmax(axis=1)):
        distance = min(
            (logits[i, c] - logits[i, j]) / np.linalg.norm(W[c] - W[j])
            for j in range(3)
            if j != c
        )
        assert found.radius[i] == pytest.approx(distance, rel=1e-9)
        # By exact arithmetic, no class is nearer than the radius.
        for j in {0, 1, 2} - {int(c)}:
            normal = [Fraction(v) for v in W[c] - W[j]]
            gap = sum(w * Fraction(v) for w, v in zip(normal, X[i], strict=True))
            assert Fraction(found.radius[i]) ** 2 * sum(w * w for w in normal) <= gap**2
    assert found.right is not None
    assert found.right.tolist() == [True, True, False]


def test_the_factor_between_logits_is_the_root_of_two() -> None:
    """f = relu(x): f_1 - f_2 is sqrt(2)-Lipschitz, which (3, 1) attains."""
    layers = [Dense(np.eye(2)), Relu()]
    found = network_bounds(layers, data=[[3.0, 1.0]]).certificates
    assert found is not None
    assert found.radius[0] == pytest.approx(2 / 2**0.5, rel=1e-9)


def test_a_softmax_does_not_change_the_radii() -> None:
    layers, X = classifier(7), np.random.default_rng(1).standard_normal((5, 3))
    plain = network_bounds(layers, data=X).certificates
    for last in (Softmax(), Softmax(log=True)):
        soft = network_bounds([*layers, last], data=X).certificates
        assert plain is not None
        assert soft is not None
        np.testing.assert_allclose(soft.radius, plain.radius, rtol=1e-9)


def test_the_sign_of_one_output_decides() -> None:
    layers = [Dense([[3.0, 4.0]], [-5.0]), Activation("Sigmoid")]
    found = network_bounds(layers, data=[[3.0, 4.0], [0.0, 0.0]]).certificates
    assert found is not None
    assert found.prediction.tolist() == [1, 0]
    np.testing.assert_allclose(found.radius, [4.0, 1.0], rtol=1e-9)


def test_a_tie_has_no_radius() -> None:
    found = network_bounds([Dense(np.eye(2))], data=[[1.0, 1.0]]).certificates
    assert found is not None
    assert found.radius.tolist() == [0.0]


def test_a_batch_normalisation_is_folded_and_named() -> None:
    rng = np.random.default_rng(4)
    layers = [
        Conv(rng.standard_normal((3, 2, 3, 3))),
        BatchNormalization(*rng.standard_normal((3, 3)), rng.random(3)),
        Relu(),
        MaxPool(3, 2),
    ]
    found = network_bounds(layers, shape=(2, 9, 9))
    assert [row.op for row in found.layers] == ["Conv", "Relu", "MaxPool"]
    assert found.layers[0].name == "conv1 + batchnormalization2"
    assert found.layers[2].upper == 2.0


def test_a_product_that_overflows_is_no_bound() -> None:
    layers = [layer for _ in range(3) for layer in (Dense([[1e150]]), Relu())]
    found = network_bounds(layers)
    assert found.upper == np.inf
    assert "overflow" in found.reason


def test_upper_ends_of_tensors_are_those_of_the_chain() -> None:
    found = network_bounds([Dense([[2.0]]), Relu(), Dense([[3.0]])])
    bounds = [Bound(row.lower, row.upper, row.method) for row in found.layers]
    ends = upper_ends(found.graph, bounds)
    assert list(ends.values()) == pytest.approx([1.0, 2.0, 2.0, 6.0])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"model": []}, "model"),
        ({"model": 3}, "model"),
        ({"model": ["Relu"]}, "model"),
        ({"model": [Relu()]}, "shape"),
        ({"model": [Dense(np.eye(2)), Dense(np.eye(3))]}, "layer 2"),
        ({"rtol": 0.0}, "rtol"),
        ({"rtol": 2.0}, "rtol"),
        ({"rng": None}, "rng"),
        ({"data": [[1.0]]}, "data"),
        ({"data": np.zeros((0, 2))}, "data"),
        ({"data": [[np.nan, 1.0]]}, "data"),
        ({"labels": [1]}, "labels"),
        ({"data": [[1.0, 2.0]], "labels": [1, 2]}, "labels"),
        ({"data": [[1.0, 2.0]], "labels": [0.5]}, "labels"),
    ],
)
def test_a_bad_argument_is_named(arguments: dict[str, Any], word: str) -> None:
    given_ = {"model": [Dense(np.eye(2))], **arguments}
    with pytest.raises((ValueError, TypeError), match=f"^{word}"):
        network_bounds(given_.pop("model"), **given_)
