"""Work in bounds: rough intervals, budgets, and graphs of very many nodes."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.lipschitz import (
    AveragePool,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Relu,
    network_bounds,
)
from geomadv.lipschitz._activations import (
    Activation,
    LocalResponseNormalization,
    Softmax,
)
from geomadv.lipschitz._base import Layer, Shape
from geomadv.lipschitz._graph import Graph, Node, _Parts, chain, folded, upper_ends
from geomadv.lipschitz._layers import ConvTranspose
from geomadv.lipschitz._tensors import Add, Scale, Selection

seeds = st.integers(0, 2**32 - 1)


def matrix(layer: Layer, shape: Shape) -> np.ndarray:
    n = math.prod(shape)
    images = np.eye(n).reshape(n, *shape)
    return layer.jvp((), [images]).reshape(n, -1).T


@given(
    seeds,
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 2),
    st.integers(0, 2),
)
@settings(max_examples=60)
def test_rough_intervals_of_convolutions_hold_the_norm(
    seed: int,
    groups: int,
    D: int,
    C: int,
    kernel: tuple[int, int],
    stride: int,
    pad: int,
) -> None:
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((D * groups, C, *kernel))
    layer = Conv(w, stride=stride, padding=pad, groups=groups)
    shape = (1, C * groups, 5, 6)
    exact = np.linalg.norm(matrix(layer, shape), 2)
    found = layer.rough_bound([shape])
    assert 0 < found.lower <= exact * (1 + 1e-12)
    assert exact <= found.upper * (1 + 1e-12)
    # Schur's bound, and that of Frobenius' norms of the taps
    taps = np.linalg.norm(w.reshape(groups, D, C, *kernel), axis=(1, 2))
    assert found.upper <= taps.sum(axis=(1, 2)).max() * (1 + 1e-12)
    back = ConvTranspose(layer)
    small = layer.shape(shape)
    size = back.shape(small)
    exact = np.linalg.norm(matrix(back, small), 2)
    found = back.rough_bound([small])
    assert found.lower <= exact * (1 + 1e-12)
    assert exact <= found.upper * (1 + 1e-12)
    assert size[1] == C * groups


def test_a_row_in_the_padding_alone_witnesses_nothing() -> None:
    w = np.zeros((1, 1, 3, 3))
    w[0, 0, 0, 0] = 1.0  # the corner, which only the padding is seen by
    layer = Conv(w, padding=1)
    assert layer.rough_bound([(1, 1, 1, 1)]).lower == 0.0
    assert layer.rough_bound([(1, 1, 3, 3)]).lower == pytest.approx(1.0)


@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_rough_intervals_of_matrices_hold_the_norm(seed: int, m: int, n: int) -> None:
    W = np.random.default_rng(seed).standard_normal((m, n))
    found = Dense(W).rough_bound(None)
    exact = np.linalg.norm(W, 2)
    assert found.lower <= exact * (1 + 1e-12)
    assert exact <= found.upper * (1 + 1e-12)
    assert found.upper <= np.linalg.norm(W) * (1 + 1e-12)


def test_rough_intervals_of_means_hold_the_norm() -> None:
    pool = AveragePool(3, 2, padding=1)
    exact = np.linalg.norm(matrix(pool, (1, 1, 7, 6)), 2)
    found = pool.rough_bound([(1, 1, 7, 6)])
    assert found.lower <= exact * (1 + 1e-12)
    assert exact <= found.upper * (1 + 1e-12)


def test_the_costliest_layers_are_the_first_to_get_rough_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("geomadv.lipschitz._witness._BUDGET", 2**28)
    rng = np.random.default_rng(0)
    layers = [
        Conv(rng.standard_normal((6, 2, 3, 3)), padding=1),
        Relu(),
        Flatten(),
        Dense(rng.standard_normal((4, 6 * 64)) / 20),
    ]
    shape = (2, 8, 8)
    full = network_bounds(layers, shape=shape)
    tight = network_bounds(layers, shape=shape, budget=1e-3)
    nothing = network_bounds(layers, shape=shape, budget=0)
    rough = "rough: row and column sums"
    methods = [
        [row.method == rough for row in b.layers] for b in (full, tight, nothing)
    ]
    assert methods == [
        [False, False, False, False],
        [True, False, False, False],
        [True, False, False, True],
    ]
    for better, worse in ((full, tight), (tight, nothing)):
        assert better.upper < worse.upper
    for found in (full, tight, nothing):
        assert 0 < found.lower <= full.upper
    again = network_bounds(layers, shape=shape, budget=1e-3)
    assert (again.lower, again.upper) == (tight.lower, tight.upper)


@pytest.mark.errors
@pytest.mark.parametrize("budget", [-1.0, math.nan, "1"])
def test_a_bad_budget_is_refused(budget: object) -> None:
    with pytest.raises((ValueError, TypeError), match="budget"):
        network_bounds([Dense([[1.0]])], budget=budget)


def test_a_matrix_and_its_transpose_are_as_much_work() -> None:
    for m, n in [(1, 7), (30, 20), (5, 1000)]:
        works = [Dense(np.ones(s)).bound_work(None) for s in ((m, n), (n, m))]
        assert works[0] == works[1] >= m * n * min(m, n)


def test_means_over_an_image_are_as_much_work_as_the_matrices_of_its_axes() -> None:
    layer = AveragePool(3, stride=2)  # 9 entries to 4, 17 to 8
    found = layer.bound_work([(1, 1, 9, 17)])
    matrices = [Dense(np.ones(size)).bound_work(None) for size in ((4, 9), (8, 17))]
    assert found == sum(matrices) - 2 * Dense(np.ones((0, 1))).bound_work(None)


def test_images_of_padding_take_their_memory_and_their_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One pixel in a field of zeros, of which few are seen."""
    layer = Conv(np.ones((1, 1, 2, 2)), stride=800, padding=800)
    graph = chain([layer], (1, 1, 1))
    assert graph.entries() == 1 + 9 + 1601**2 - 5
    assert graph.work() > 1601**2
    assert layer.bound_work([(1, 1, 1, 1)]) > 2 * layer.work([(1, 1, 1, 1)], ())
    largest = 0
    real = Conv.forward

    def forward(self: Conv, *xs: np.ndarray) -> np.ndarray:
        nonlocal largest
        largest = max(largest, len(xs[0]))
        return real(self, *xs)

    monkeypatch.setattr(Conv, "forward", forward)
    found = network_bounds([layer], shape=(1, 1, 1), budget=0)
    assert found.lower == pytest.approx(1.0)
    assert 1 <= largest <= 2**25 // 1601**2
    back = ConvTranspose(Conv(np.ones((1, 1, 2, 2)), stride=800, padding=[(9, 9)] * 2))
    assert back.space([(1, 1, 2, 2)]) == 802**2


def test_pools_and_paddings_that_take_too_much_are_refused() -> None:
    wide = MaxPool((64, 1), (1, 64), ((3969, 3969), (0, 0)), dilation=(63, 1))
    assert wide.space([(1, 1, 4032, 64)]) == 8001 * 64 + 8001
    with pytest.raises(ValueError, match="takes more than"):
        wide.shape((1, 1, 4032, 2**14))
    with pytest.raises(ValueError, match="padding"):
        Conv(np.ones((1, 1, 1, 1)), stride=4000, padding=4100).shape((1, 1, 1, 1))


def test_comparisons_and_moves_are_no_small_work() -> None:
    shape = (1, 1, 2000, 2000)
    pool = MaxPool(200, 1, padding=199)
    assert pool.work([shape], pool.shape(shape)) > 2**35  # which a network may take
    moved = Selection(np.arange(10**6).reshape(1, -1)[:, ::-1], "Slice")
    assert moved.work([(1, 10**6)], (1, 10**6)) == 16 * 2 * 10**6


@pytest.mark.parametrize(
    ("layer", "cost"),
    [
        (Softmax(), 256),
        (LocalResponseNormalization(3), 256),
        (Activation("Tanh"), 128),
        (Activation("Relu"), 1),
    ],
)
def test_exponentials_and_roots_are_no_small_work(layer: Layer, cost: int) -> None:
    shape = (2, 4, 4)
    assert layer.work([shape], shape) == cost * 2 * 32


def test_wide_windows_of_channels_are_no_small_work() -> None:
    """A sum over w channels is w additions: 4095 for each of 2^24 numbers, say."""
    shape = (1, 4096, 64, 64)
    narrow, wide = (LocalResponseNormalization(k) for k in (5, 4095))
    assert wide.call_work([shape], shape) > 8 * 4095 * 2**24 > 2**35
    assert wide.call_work([(1, 8, 1, 1)], (1, 8, 1, 1)) < 2**20  # 15 steps
    assert narrow.call_work([shape], shape) < narrow.work([shape], shape)


def test_thin_convolutions_and_large_kernels_are_no_small_work() -> None:
    """Numbers that are copied take longer than those that a product takes from it."""
    thin, shape = Conv(np.ones((1, 1, 11, 11)), padding=5), (1, 1, 2000, 2000)
    copied = 121 * 2 * 2000**2
    assert thin.call_work([shape], shape) > 2e-10 * 2**34 * copied
    assert ConvTranspose(thin).call_work([shape], shape) == thin.call_work(
        [shape], shape
    )
    taps = 10**5
    row, line = (
        Conv(np.ones((1, 1, 1, taps)), padding=((0, 0), (5, taps))),
        (1, 1, 1, 1),
    )
    assert row.call_work([line], row.shape(line)) > 4e-6 * 2**33 * taps
    graph = chain([row], line[1:])
    assert graph.call_work() == row.call_work([line], row.shape(line)) + 2**18


def test_the_making_of_blocks_of_many_taps_is_no_small_work() -> None:
    taps, side = 2000, 33
    layer = Conv(np.ones((side, side, 1, taps)), padding=((0, 0), (1000, 1000)))
    blocks = 4 * 2040 // 2
    assert layer.bound_work([(1, side, 1, 40)]) > blocks * taps * 2 * side**2


def test_the_singular_values_of_wide_blocks_are_no_small_work() -> None:
    """Of an s x t matrix, a bidiagonal one alone takes 4 s^2 t multiplications."""
    layer = Conv(np.ones((32, 1024, 1, 1)))
    blocks = 4 * 20**2 // 2
    assert layer.bound_work([(1, 1024, 20, 20)]) > blocks * 4 * 32**2 * 1024


def test_thin_layers_take_long_for_a_lower_end() -> None:
    """Forty times there and back, each number of each tap."""
    layer = Conv(np.ones((1, 512, 3, 3)), padding=1)
    moved = 9 * 513 * 56**2
    assert layer.bound_work([(1, 512, 56, 56)]) > 40 * moved * 1e-9 * 2**33


def test_a_small_operator_in_wide_zeros_is_small_in_memory() -> None:
    rng = np.random.default_rng(3)
    layer = Conv(rng.standard_normal((2, 1, 3, 3)), dilation=60, padding=60)
    whole = matrix(layer, (1, 1, 12, 12))
    found = layer.bound([(1, 1, 12, 12)], 1e-9)
    tracemalloc.start()
    layer.bound([(1, 1, 12, 12)], 1e-9)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.lower == pytest.approx(np.linalg.norm(whole, 2), rel=1e-8)
    assert found.upper == pytest.approx(found.lower, rel=1e-8)
    assert peak < 20 * whole.nbytes


def test_many_small_blocks_are_no_small_work() -> None:
    """Singular values of 3 x 4 take microseconds each, not a few multiplications."""
    layer = Conv(np.ones((4, 3, 3, 3)), padding=1)
    blocks = 4 * 1001**2 // 2
    assert layer.bound_work([(1, 3, 1000, 1000)]) > blocks * 2e-6 * 2**34


def test_a_graph_of_many_nodes_is_evaluated_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 0

    def counted(name: str) -> None:
        real = getattr(Graph, name)

        def call(self: Graph, *given: object) -> object:
            nonlocal count
            count += 1
            return real(self, *given)

        monkeypatch.setattr(Graph, name, call)

    for name in ("values", "errors", "jvp", "vjp"):
        counted(name)
    found = network_bounds([Dense(np.eye(4)), *[Relu()] * 5000])
    assert 0.8 < found.lower <= found.upper < 1.0001
    assert 4 <= count <= 60
    before, count = count, 0
    network_bounds([Dense(np.eye(4)), *[Relu()] * 20])
    assert count > 10 * before


def test_work_for_affine_parts_is_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tensor of a long affine chain ends a part: together they are a square."""
    n = 300
    nodes = [
        Node(
            f"s{i}", Scale(np.full((1, 2), 1.01)), (f"s{i - 1}" if i else "x",), f"s{i}"
        )
        for i in range(n)
    ]
    nodes += [Node(f"r{i}", Relu(), (f"s{i}",), f"r{i}") for i in range(n)]
    nodes.append(Node("o", Add((1.0,) * n), tuple(f"r{i}" for i in range(n)), "o"))
    shapes = {"x": (1, 2)} | {node.output: (1, 2) for node in nodes}
    graph = Graph(tuple(nodes), "x", "o", shapes)
    bounds = [node.layer.bound(graph.inputs_of(node), 1e-3) for node in nodes]
    seen = 0
    real = _Parts._between

    def between(self: _Parts, source: str, target: str) -> list[Node]:
        nonlocal seen
        found = real(self, source, target)
        seen += len(found)
        return found

    monkeypatch.setattr(_Parts, "_between", between)
    monkeypatch.setattr("geomadv.lipschitz._graph._MOST_PARTS", 2**28)
    found = upper_ends(graph, bounds)
    assert n <= seen < 2**28 / 2**14 + n
    assert found["s5"] == pytest.approx(1.01**6)
    assert found["o"] == pytest.approx(sum(1.01 ** (i + 1) for i in range(n)), rel=1e-9)


def test_folding_takes_the_layer_before_and_no_other() -> None:
    from geomadv.lipschitz import BatchNormalization

    rng = np.random.default_rng(3)
    norm = BatchNormalization([2.0, 3.0], [0.0, 1.0], [0.0, 0.5], [1.0, 4.0], 0.1)
    layers = [Dense(rng.standard_normal((2, 2))), norm, norm, Relu(), norm]
    graph = chain(layers, (2,))
    found = folded(graph)
    assert [type(node.layer).__name__ for node in found.nodes] == [
        "Dense",
        "Relu",
        "BatchNormalization",
    ]
    X = rng.standard_normal((7, 1, 2))
    expected = graph.values(X)[graph.output]
    assert np.allclose(found.values(X)[found.output], expected, rtol=1e-13)
