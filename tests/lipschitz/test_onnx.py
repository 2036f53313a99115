"""Reading of ONNX: every operator as onnx itself computes it, and hostile files.

The oracle of the values is `onnx.reference.ReferenceEvaluator`; that of the bounds is
the explicit Jacobian at random points, by central differences.
"""

import contextlib
import os
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geomadv.lipschitz import ModelFileError, network_bounds
from geomadv.lipschitz._onnx import read_onnx

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

VERSION = 18


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng((seed, *shape))
    return rng.standard_normal(shape)


def model(
    nodes: Sequence[Any],
    constants: dict[str, np.ndarray],
    shape: Sequence[int | str],
    version: int = VERSION,
    outputs: Sequence[str] = ("y",),
) -> Any:
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, list(shape))],
        [helper.make_tensor_value_info(o, TensorProto.DOUBLE, None) for o in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    opset = [helper.make_opsetid("", version)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


def one(
    op: str,
    shape: Sequence[int],
    *constants: np.ndarray | None,
    version: int = VERSION,
    first: int = 0,
    **attributes: Any,
) -> Any:
    """Return a model of one operator, its varying input at the place `first`."""
    names, stored = [], {}
    for i, c in enumerate(constants):
        names.append("" if c is None else f"c{i}")
        if c is not None:
            stored[f"c{i}"] = c
    names.insert(first, "x")
    node = helper.make_node(op, names, ["y"], name="it", **attributes)
    return model([node], stored, shape, version)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


IMAGE = (1, 4, 6, 5)
OPERATORS: dict[str, Any] = {
    "conv": one("Conv", IMAGE, weights(3, 4, 3, 2), weights(3)),
    "conv-pads": one("Conv", IMAGE, weights(3, 4, 3, 3), pads=[2, 0, 1, 1]),
    "conv-strides": one(
        "Conv", IMAGE, weights(2, 4, 3, 2), strides=[2, 3], pads=[1, 1, 1, 1]
    ),
    "conv-dilations": one("Conv", IMAGE, weights(2, 4, 2, 2), dilations=[3, 2]),
    "conv-groups": one("Conv", IMAGE, weights(6, 2, 3, 3), weights(6), group=2),
    "conv-depthwise": one("Conv", IMAGE, weights(4, 1, 3, 3), group=4),
    "conv-same": one(
        "Conv", IMAGE, weights(3, 4, 3, 2), auto_pad="SAME_UPPER", strides=[2, 2]
    ),
    "conv-same-lower": one(
        "Conv", IMAGE, weights(3, 4, 2, 4), auto_pad="SAME_LOWER", strides=[1, 2]
    ),
    "conv-valid": one("Conv", IMAGE, weights(3, 4, 3, 3), auto_pad="VALID"),
    "conv-line": one("Conv", (1, 3, 9), weights(2, 3, 4), strides=[2], pads=[1, 2]),
    "conv-transpose": one(
        "ConvTranspose",
        (1, 4, 3, 4),
        weights(4, 3, 3, 2),
        weights(3),
        strides=[2, 2],
        pads=[1, 0, 1, 1],
        output_padding=[1, 0],
    ),
    "conv-transpose-groups": one(
        "ConvTranspose", (1, 4, 3, 4), weights(4, 2, 2, 2), group=2
    ),
    "gemm": one("Gemm", (1, 5), weights(5, 3), weights(3), alpha=0.5, beta=2.0),
    "gemm-trans-b": one("Gemm", (1, 5), weights(3, 5), weights(1, 3), transB=1),
    "gemm-trans-a": one("Gemm", (5, 2), weights(5, 3), weights(2, 3), transA=1),
    "gemm-left": one("Gemm", (5, 2), weights(3, 5), weights(3, 1), first=1),
    "matmul": one("MatMul", (1, 5), weights(5, 3)),
    "matmul-rows": one("MatMul", (1, 4, 5), weights(5, 3)),
    "matmul-left": one("MatMul", (1, 5, 2), weights(3, 5), first=1),
    "matmul-vector": one("MatMul", (1, 5), weights(5)),
    "add": one("Add", IMAGE, weights(4, 1, 1)),
    "add-broadcast": one("Add", (1, 1, 3), weights(2, 4, 1)),
    "sub": one("Sub", IMAGE, weights(5)),
    "sub-from": one("Sub", IMAGE, weights(5), first=1),
    "mul": one("Mul", IMAGE, weights(4, 1, 1)),
    "mul-broadcast": one("Mul", (1, 1, 3), weights(2, 4, 1)),
    "div": one("Div", IMAGE, 1.0 + weights(5) ** 2),
    "neg": one("Neg", IMAGE),
    "sum": one("Sum", IMAGE, weights(5), weights(6, 1)),
    "mean": one("Mean", IMAGE, weights(5), weights(6, 1)),
    "max": one("Max", IMAGE, weights(5)),
    "min": one("Min", IMAGE, weights(5), weights(6, 1)),
    "batch-normalisation": one(
        "BatchNormalization",
        IMAGE,
        weights(4),
        weights(4, seed=1),
        weights(4, seed=2),
        weights(4, seed=3) ** 2,
        epsilon=0.1,
    ),
    "layer-normalisation": one(
        "LayerNormalization", (1, 3, 5), weights(5), weights(5), epsilon=0.3
    ),
    "instance-normalisation": one(
        "InstanceNormalization", IMAGE, weights(4), weights(4), epsilon=0.3
    ),
    # The reference looks at as many channels as there are points in the batch.
    "lrn": one("LRN", (4, 4, 3, 2), size=3, alpha=0.7, beta=0.6, bias=1.5),
    "lrn-even": one("LRN", (4, 4, 3, 2), size=2, alpha=2.0, beta=0.75, bias=1.0),
    "max-pool": one("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2]),
    "max-pool-pads": one(
        "MaxPool", IMAGE, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 2, 1]
    ),
    "max-pool-ceil": one(
        "MaxPool", IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1
    ),
    "max-pool-dilations": one(
        "MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 3], strides=[1, 1]
    ),
    "max-pool-same": one(
        "MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"
    ),
    "max-pool-line": one("MaxPool", (1, 2, 9), kernel_shape=[3], strides=[2]),
    "average-pool": one("AveragePool", IMAGE, kernel_shape=[3, 2], strides=[1, 2]),
    "average-pool-pads": one(
        "AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]
    ),
    "average-pool-counted": one(
        "AveragePool",
        IMAGE,
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        count_include_pad=1,
    ),
    "average-pool-ceil": one(
        "AveragePool", IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1
    ),
    "global-average": one("GlobalAveragePool", IMAGE),
    "global-max": one("GlobalMaxPool", IMAGE),
    "reduce-mean": one("ReduceMean", IMAGE, ints(2, 3), keepdims=0),
    "reduce-mean-attribute": one("ReduceMean", IMAGE, version=13, axes=[-1]),
    "reduce-sum": one("ReduceSum", IMAGE, ints(1), keepdims=1),
    "reduce-max": one("ReduceMax", IMAGE, ints(2, -1), keepdims=0),
    "relu": one("Relu", IMAGE),
    "leaky-relu": one("LeakyRelu", IMAGE, alpha=0.2),
    "p-relu": one("PRelu", IMAGE, weights(4, 1, 1)),
    "elu": one("Elu", IMAGE, alpha=1.7),
    "selu": one("Selu", IMAGE),
    "celu": one("Celu", (1, 7), alpha=1.7),
    "sigmoid": one("Sigmoid", IMAGE),
    "tanh": one("Tanh", IMAGE),
    "softplus": one("Softplus", IMAGE),
    "softsign": one("Softsign", IMAGE),
    "hard-sigmoid": one("HardSigmoid", IMAGE, alpha=0.3, beta=0.4),
    "hard-swish": one("HardSwish", IMAGE),
    "clip": one("Clip", IMAGE, np.array(-0.5), np.array(0.7)),
    "clip-above": one("Clip", IMAGE, None, np.array(0.7)),
    "clip-attributes": one("Clip", IMAGE, version=6, min=-0.5, max=0.7),
    "gelu": one("Gelu", IMAGE, version=20),
    "gelu-tanh": one("Gelu", IMAGE, version=20, approximate="tanh"),
    "abs": one("Abs", IMAGE),
    "erf": one("Erf", IMAGE),
    "atan": one("Atan", IMAGE),
    "sin": one("Sin", IMAGE),
    "cos": one("Cos", IMAGE),
    "softmax": one("Softmax", (1, 5)),
    "softmax-axis": one("Softmax", IMAGE, axis=1),
    "softmax-flat": one("Softmax", (2, 3, 4), version=11, axis=1),
    "log-softmax": one("LogSoftmax", (1, 5)),
    "flatten": one("Flatten", IMAGE),
    "flatten-axis": one("Flatten", IMAGE, axis=3),
    "reshape": one("Reshape", IMAGE, ints(0, -1, 10)),
    "squeeze": one("Squeeze", (1, 3, 1, 2), ints(2)),
    "squeeze-attribute": one("Squeeze", (1, 3, 1, 2), version=11, axes=[2]),
    "unsqueeze": one("Unsqueeze", (1, 3), ints(1, 3)),
    "transpose": one("Transpose", IMAGE, perm=[0, 2, 3, 1]),
    "identity": one("Identity", IMAGE),
    "dropout": one("Dropout", IMAGE),
    "cast": one("Cast", IMAGE, to=TensorProto.DOUBLE),
    "pad": one("Pad", IMAGE, ints(0, 1, 2, 0, 0, 0, 1, 3), np.array(0.5)),
    "pad-cut": one("Pad", IMAGE, ints(0, 0, -1, 1, 0, 0, -2, 0)),
    "pad-reflect": one("Pad", IMAGE, ints(0, 0, 2, 1, 0, 0, 1, 2), mode="reflect"),
    "pad-reflect-often": one("Pad", (1, 3), ints(0, 7, 0, 6), mode="reflect"),
    "pad-edge": one("Pad", IMAGE, ints(0, 0, 2, 1, 0, 0, 1, 2), mode="edge"),
    "slice": one("Slice", IMAGE, ints(1, 0), ints(9, 5), ints(2, 3), ints(2, 1)),
    "slice-back": one("Slice", IMAGE, ints(-1), ints(-99), ints(2), ints(-2)),
    "gather": one("Gather", IMAGE, ints(2, 0, 2, -1), axis=1),
    "gather-scalar": one("Gather", IMAGE, np.array(1), axis=2),
    "expand": one("Expand", (1, 3, 1), ints(2, 1, 4)),
    "tile": one("Tile", (1, 3, 2), ints(2, 1, 3)),
    "depth-to-space": one("DepthToSpace", IMAGE, blocksize=2),
    "depth-to-space-crd": one("DepthToSpace", IMAGE, blocksize=2, mode="CRD"),
    "space-to-depth": one("SpaceToDepth", (1, 2, 4, 6), blocksize=2),
}


def _node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), output.split(), output, **attributes)


GRAPHS: dict[str, Any] = {
    "residual": model(
        [
            _node("Conv", "x w", "a", pads=[1, 1, 1, 1]),
            _node("Relu", "a", "b"),
            _node("Add", "b x", "y"),
        ],
        {"w": 0.2 * weights(2, 2, 3, 3)},
        ("n", 2, 4, 4),
    ),
    "concat": model(
        [
            _node("Gemm", "x v", "a"),
            _node("Tanh", "a", "b"),
            _node("Concat", "b x k", "y", axis=-1),
        ],
        {"v": weights(4, 3), "k": weights(1, 2)},
        (1, 4),
    ),
    "exported-flatten": model(
        [
            _node("Shape", "x", "s"),
            _node("Gather", "s zero", "n", axis=0),
            _node("Unsqueeze", "n axes", "n1"),
            _node("Concat", "n1 rest", "t", axis=0),
            _node("Reshape", "x t", "r"),
            _node("MatMul", "r w", "m"),
            _node("Add", "m b", "y"),
        ],
        {
            "zero": np.array(0),
            "axes": ints(0),
            "rest": ints(-1),
            "w": weights(12, 3),
            "b": weights(3),
        },
        ("batch", 3, 2, 2),
    ),
    "swish": model([_node("Sigmoid", "x", "s"), _node("Mul", "x s", "y")], {}, (1, 6)),
    "constant-nodes": model(
        [
            helper.make_node(
                "Constant",
                [],
                ["w"],
                value=numpy_helper.from_array(weights(4, 3), "w"),
            ),
            helper.make_node("Constant", [], ["c"], value_float=2.0),
            _node("Cast", "c", "d", to=TensorProto.DOUBLE),
            _node("MatMul", "x w", "a"),
            _node("Mul", "a d", "y"),
        ],
        {},
        (1, 4),
    ),
    "split": model(
        [
            _node("Split", "x parts", "a b", axis=1),
            _node("Relu", "b", "c"),
            _node("Max", "a c", "d"),
            _node("Sub", "d a", "e"),
            _node("Sum", "e d c", "y"),
        ],
        {"parts": ints(3, 3)},
        (1, 6),
    ),
    "unsorted": model(
        [_node("Relu", "a", "y"), _node("MatMul", "x w", "a")],
        {"w": weights(4, 3)},
        (1, 4),
    ),
}
MODELS = OPERATORS | GRAPHS

# What the reference cannot compute or gets wrong; each has a test of its own.
OTHERWISE = {"conv-transpose-groups", "softmax-flat", "pad-cut", "unsorted"}


def computed(proto: Any, X: np.ndarray) -> np.ndarray:
    graph = read_onnx(proto.SerializeToString())
    values = graph.values(X)[graph.output]
    return np.broadcast_to(values, (len(X), *values.shape[1:]))


def points(proto: Any, n: int = 3) -> np.ndarray:
    graph = read_onnx(proto.SerializeToString())
    return 2.0 * weights(n, *graph.shapes["x"], seed=5)


@pytest.mark.parametrize("name", sorted(MODELS.keys() - OTHERWISE))
def test_values_are_those_of_the_reference(name: str) -> None:
    proto = MODELS[name]
    X = points(proto)
    evaluator = ReferenceEvaluator(proto)
    expected = np.stack([evaluator.run(None, {"x": x})[0] for x in X])
    found = computed(proto, X)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_groups_of_a_transposed_convolution_do_not_mix() -> None:
    X = points(MODELS["conv-transpose-groups"])
    w = weights(4, 2, 2, 2)
    parts = [
        computed(one("ConvTranspose", (1, 2, 3, 4), w[i : i + 2]), X[:, :, i : i + 2])
        for i in (0, 2)
    ]
    found = computed(MODELS["conv-transpose-groups"], X)
    np.testing.assert_allclose(found, np.concatenate(parts, axis=2), rtol=1e-13)


def test_an_early_softmax_takes_all_later_axes_together() -> None:
    X = points(MODELS["softmax-flat"])
    e = np.exp(X)
    expected = e / e.sum(axis=(2, 3), keepdims=True)
    found = computed(MODELS["softmax-flat"], X)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_padding_below_zero_cuts() -> None:
    X = points(MODELS["pad-cut"])
    expected = np.pad(X[:, :, :, 1:4], [(0, 0)] * 4 + [(1, 0)])
    np.testing.assert_array_equal(computed(MODELS["pad-cut"], X), expected)


def test_nodes_may_stand_in_any_order() -> None:
    X = points(MODELS["unsorted"])
    expected = np.maximum(X @ weights(4, 3), 0)
    np.testing.assert_allclose(computed(MODELS["unsorted"], X), expected, rtol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_a_jacobian_is_that_of_differences_and_its_transpose_fits(name: str) -> None:
    graph = read_onnx(MODELS[name].SerializeToString())
    X = points(MODELS[name])
    V = weights(*X.shape, seed=6)
    values = graph.values(X)
    moved = graph.jvp(values, V)
    h = 1e-6
    two = [graph.values(X + s * h * V)[graph.output] for s in (1, -1)]
    np.testing.assert_allclose(moved, (two[0] - two[1]) / (2 * h), atol=2e-7, rtol=1e-6)
    U = weights(*moved.shape, seed=7)
    back = graph.vjp(values, U)
    left = (moved * U).reshape(len(X), -1).sum(axis=1)
    right = (back * V).reshape(len(X), -1).sum(axis=1)
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)


def jacobian_norms(graph: Any, X: np.ndarray) -> np.ndarray:
    d = X[0].size
    found = []
    for x in X:
        values = graph.values(np.repeat(x[None], d, axis=0))
        J = graph.jvp(values, np.eye(d).reshape(d, *x.shape)).reshape(d, -1)
        found.append(np.linalg.norm(J, 2))
    return np.array(found)


@pytest.mark.parametrize("name", MODELS)
def test_bounds_hold_the_steepest_jacobian(name: str) -> None:
    data = MODELS[name].SerializeToString()
    graph = read_onnx(data)
    X = points(MODELS[name], 12) * np.geomspace(0.05, 3, 12).reshape(
        -1, *(1,) * len(graph.shapes["x"])
    )
    steepest = jacobian_norms(graph, X).max()
    found = network_bounds(data)
    assert found.lower <= found.upper
    assert steepest <= found.upper * (1 + 1e-9)
    assert found.lower > 0
    x, y = found.witness
    change = computed(MODELS[name], np.stack([x, y]))
    quotient = np.linalg.norm(change[0] - change[1]) / np.linalg.norm(x - y)
    assert found.lower == pytest.approx(quotient, rel=1e-7)
    assert found.lower <= quotient * (1 + 1e-9)


AFFINE = [
    name
    for name in MODELS
    if all(
        node.layer.affine for node in read_onnx(MODELS[name].SerializeToString()).nodes
    )
]


@pytest.mark.parametrize("name", AFFINE)
def test_affine_operators_have_equal_ends(name: str) -> None:
    found = network_bounds(MODELS[name].SerializeToString(), rtol=1e-8)
    graph = found.graph
    exact = jacobian_norms(graph, np.zeros((1, *graph.shapes["x"])))[0]
    assert found.upper == pytest.approx(exact, rel=1e-7)
    assert found.lower == pytest.approx(exact, rel=1e-7)


def test_most_operators_are_affine_or_have_known_layers() -> None:
    assert len(AFFINE) > 50
    for name, proto in MODELS.items():
        rows = network_bounds(proto.SerializeToString()).layers
        assert not [r for r in rows if r.method.startswith("none")], name


# Operators of which nothing is known.


def test_an_unknown_operator_is_named_and_bounds_nothing() -> None:
    proto = model(
        [
            _node("MatMul", "x w", "a"),
            _node("Floor", "a", "b"),
            _node("MatMul", "b w", "y"),
        ],
        {"w": weights(4, 4)},
        (1, 4),
    )
    found = network_bounds(proto.SerializeToString(), data=np.zeros((2, 4)))
    assert found.upper == np.inf
    assert (found.lower, found.witness, found.certificates) == (0.0, None, None)
    assert "Floor" in found.reason
    first, middle, last = found.layers
    exact = np.linalg.norm(weights(4, 4), 2)
    assert first.upper == last.upper == pytest.approx(exact)
    assert (middle.lower, middle.upper) == (0.0, np.inf)
    assert middle.method == "none: the operator Floor is not known"


@pytest.mark.parametrize(
    ("node", "word"),
    [
        (_node("Mul", "x x", "y"), "product"),
        (_node("MatMul", "x x", "y"), "product"),
        (_node("Div", "w x", "y"), "quotient"),
        (_node("Exp", "x", "y"), "Exp"),
        (_node("LpNormalization", "x", "y"), "LpNormalization"),
        (_node("Cast", "x", "y", to=TensorProto.INT64), "integers"),
        (helper.make_node("Relu", ["x"], ["y"], domain="evil"), "evil.Relu"),
        (_node("Conv", "x x", "y"), "weights"),
        (_node("Gather", "w x", "y"), "ndices"),
    ],
)
def test_what_has_no_constant_is_never_taken_for_one(node: Any, word: str) -> None:
    proto = model([node], {"w": weights(4, 4)}, (4, 4))
    found = network_bounds(proto.SerializeToString())
    assert found.upper == np.inf
    assert word in found.reason


def test_a_size_free_bound_stands_after_an_unknown_operator() -> None:
    proto = model(
        [_node("Floor", "x", "a"), _node("Conv", "a w", "y", pads=[1, 1, 1, 1])],
        {"w": weights(2, 2, 3, 3)},
        (1, 2, 5, 5),
    )
    found = network_bounds(proto.SerializeToString())
    known = network_bounds(
        one("Conv", (1, 2, 5, 5), weights(2, 2, 3, 3), pads=[1] * 4).SerializeToString()
    )
    row = found.layers[1]
    assert known.upper <= row.upper < 3 * known.upper
    assert row.method.endswith("any size")


# Files that are damaged or hostile.


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    data = GRAPHS["residual"].SerializeToString()
    path.write_bytes(data)
    assert network_bounds(path).upper == network_bounds(data).upper
    with pytest.raises(ModelFileError, match="limit 10"):
        network_bounds(path, max_bytes=10)
    with pytest.raises(FileNotFoundError):
        network_bounds(tmp_path / "b.onnx")


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises((ModelFileError, IsADirectoryError)):
        network_bounds(tmp_path)
    if Path("/dev/zero").exists():
        with pytest.raises(ModelFileError, match="plain file"):
            network_bounds("/dev/zero")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(share: float) -> None:
    data = GRAPHS["exported-flatten"].SerializeToString()
    with pytest.raises(ModelFileError):
        network_bounds(data[: int(share * len(data))])


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"no model", b"\xff" * 100, b"PK\x03\x04" + bytes(50)]
)
def test_what_is_no_onnx_file_is_refused(data: bytes) -> None:
    with pytest.raises(ModelFileError):
        network_bounds(data)


def test_random_damage_never_ends_in_another_error() -> None:
    rng = np.random.default_rng(3)
    for name in ("exported-flatten", "residual", "constant-nodes"):
        data = GRAPHS[name].SerializeToString()
        for _ in range(150):
            broken = bytearray(data)
            for place in rng.integers(0, len(data), 2):
                broken[place] = rng.integers(0, 256)
            with contextlib.suppress(ValueError):  # ModelFileError among them
                read_onnx(bytes(broken))


def _external(path: str) -> Any:
    proto = one("MatMul", (1, 2), np.eye(2))
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=path)
    return proto


def _subgraph(op: str) -> Any:
    inner = helper.make_graph([_node("Relu", "x", "y")], "inner", [], [])
    return model([_node(op, "x", "y", body=inner)], {}, (1, 2))


def _sized(dims: Sequence[int], raw: bytes = b"\0" * 8) -> Any:
    proto = one("MatMul", (1, 2), np.eye(2))
    tensor = proto.graph.initializer[0]
    del tensor.dims[:]
    tensor.dims.extend(dims)
    tensor.raw_data = raw
    return proto


def _twice(what: str) -> Any:
    proto = one("MatMul", (1, 2), np.eye(2))
    if what == "tensor":
        proto.graph.initializer.append(proto.graph.initializer[0])
    elif what == "node":
        proto.graph.node.append(proto.graph.node[0])
    elif what == "input":
        proto.graph.input.add().CopyFrom(proto.graph.input[0])
        proto.graph.input[1].name = "z"
    else:
        proto.graph.output.add().CopyFrom(proto.graph.output[0])
    return proto


def _functions() -> Any:
    proto = one("Relu", (1, 2))
    proto.functions.add(name="f")
    return proto


def _nan() -> Any:
    return one("MatMul", (1, 2), np.array([[np.nan, 1.0]] * 2))


HOSTILE: dict[str, tuple[Any, str]] = {
    "external": (_external("../../secret"), "another file"),
    "if": (_subgraph("If"), "'If'"),
    "loop": (_subgraph("Loop"), "'Loop'"),
    "scan": (_subgraph("Scan"), "'Scan'"),
    "functions": (_functions(), "functions"),
    "declared-large": (_sized([10**6, 10**6]), "more than"),
    "declared-overflow": (_sized([2**62, 4]), "more than"),
    "declared-hidden-by-zero": (_sized([0, 2**62]), "more than"),
    "declared-negative": (_sized([-1, -1]), "cannot have the shape"),
    "declared-other": (_sized([2, 2]), "must hold 4"),
    "nan": (_nan(), "NaN"),
    "input-large": (one("Relu", (1, 10**9, 10**9)), "more than"),
    "expand": (one("Expand", (1, 1), ints(10**9, 10**9)), "more than"),
    "tile": (one("Tile", (1, 2), ints(10**9, 10**9)), "more than"),
    "pad": (one("Pad", (1, 2), ints(0, 10**12, 0, 0)), "more than"),
    "pad-cut": (one("Pad", (1, 2), ints(0, -(10**12), 0, 10**12)), "more than"),
    "reshape": (one("Reshape", (1, 4), ints(2, 10**12)), "reshaped"),
    "conv-pads": (
        one("Conv", (1, 1, 3, 3), np.ones((1, 1, 1, 1)), pads=[10**9] * 4),
        "more than",
    ),
    "conv-pads-hidden": (
        one(
            "Conv",
            (1, 1, 3, 3),
            np.ones((1, 1, 1, 1)),
            pads=[10**9] * 4,
            strides=[10**9, 10**9],
        ),
        "more than",
    ),
    "pool-window": (
        one("MaxPool", (1, 1, 3, 3), kernel_shape=[10**9] * 2, pads=[10**9 - 3] * 4),
        "many",
    ),
    "stride-zero": (
        one("Conv", (1, 1, 3, 3), np.ones((1, 1, 1, 1)), strides=[0, 0]),
        "stride",
    ),
    "constant-of-shape": (
        model(
            [_node("ConstantOfShape", "s", "c"), _node("Add", "x c", "y")],
            {"s": ints(10**6, 10**6)},
            (1, 2),
        ),
        "more than",
    ),
    "many-constants": (
        model(
            [
                *(_node("ConstantOfShape", "s", f"c{i}") for i in range(20)),
                _node("Sum", "x " + " ".join(f"c{i}" for i in range(20)), "y"),
            ],
            {"s": ints(2**12, 2**12)},
            (1, 1),
        ),
        "together",
    ),
    "constants-outer": (
        model(
            [_node("Mul", "a b", "c"), _node("Add", "x c", "y")],
            {"a": np.ones((1, 10**5)), "b": np.ones((10**5, 1))},
            (1, 1),
        ),
        "more than",
    ),
    "add-outer": (
        model(
            [_node("Add", "x b", "y")],
            {"b": np.ones((10**5, 1))},
            (1, 10**5),
        ),
        "more than",
    ),
    "cycle": (
        model(
            [
                _node("Add", "x b", "a"),
                _node("Relu", "a", "b"),
                _node("Relu", "b", "y"),
            ],
            {},
            (1, 2),
        ),
        "cycle",
    ),
    "nothing-makes-it": (model([_node("Relu", "z", "y")], {}, (1, 2)), "nothing makes"),
    "no-output": (model([_node("Relu", "x", "z")], {}, (1, 2)), "nothing makes"),
    "tensor-twice": (_twice("tensor"), "stored twice"),
    "made-twice": (_twice("node"), "made twice"),
    "two-inputs": (_twice("input"), "one input"),
    "two-outputs": (_twice("output"), "one output"),
    "shapes-differ": (one("MatMul", (1, 3), np.eye(2)), "takes 2 numbers"),
    "channels-differ": (one("Conv", (1, 3, 4, 4), np.ones((1, 2, 1, 1))), "channels"),
    "gather-outside": (one("Gather", (1, 3), ints(7), axis=1), "indices"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_bounded_memory(name: str) -> None:
    proto, word = HOSTILE[name]
    data = proto.SerializeToString()
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=word):
            network_bounds(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < (3e9 if name == "many-constants" else 3e8)


def _field(number: int, content: bytes) -> bytes:
    length, size = len(content), b""
    while length >= 128:
        size += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


BYTES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty-nodes": (lambda: _field(7, b"\x0a\x00" * 1_200_000), "fields"),
    "empty-attributes": (
        lambda: _field(7, _field(1, b"\x2a\x00" * 1_200_000)),
        "fields",
    ),
    "packed": (lambda: _field(7, _field(5, _field(7, bytes(2**26 + 1)))), "packed"),
    "long-name": (lambda: _field(7, _field(1, _field(4, b"a" * 5000))), "longer"),
    "long-field": (lambda: b"\x3a\xff\xff\xff\xff\x7f", "cut off"),
    "long-number": (lambda: b"\xff" * 11, "no ONNX file"),
    "group": (lambda: _field(7, b"\x0b" * 100), "no ONNX file"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_are_refused_before_objects_are_made_of_them(name: str) -> None:
    make, word = BYTES[name]
    with pytest.raises(ModelFileError, match=word):
        network_bounds(make())


def test_deeply_nested_types_are_refused() -> None:
    inner = b""
    for _ in range(2000):
        inner = _field(4, _field(1, inner))
    data = _field(7, _field(11, _field(1, b"x") + _field(2, inner)))
    with pytest.raises(ModelFileError, match="sequence"):
        network_bounds(data)


def test_names_are_shown_without_control_characters() -> None:
    proto = model([_node("Floor", "x", "y")], {}, (1, 2))
    proto.graph.node[0].name = "\x1b[31mred\nline" + "x" * 500
    found = network_bounds(proto.SerializeToString())
    (row,) = found.layers
    assert row.name.startswith("?[31mred?line")
    assert len(row.name) <= 60
    assert "\x1b" not in found.reason


def test_free_sizes_are_asked_for() -> None:
    proto = model([_node("Relu", "x", "y")], {}, ("n", 2, "h", "w"))
    data = proto.SerializeToString()
    with pytest.raises(ValueError, match="shape must be given"):
        network_bounds(data)
    with pytest.raises(ValueError, match="shape must fit"):
        network_bounds(data, shape=(3, 4, 4))
    found = network_bounds(data, shape=(2, 4, 4))
    assert found.graph.shapes["x"] == (1, 2, 4, 4)


def test_an_output_is_chosen_by_name() -> None:
    proto = model(
        [_node("MatMul", "x w", "a"), _node("Relu", "a", "y")],
        {"w": 3 * np.eye(2)},
        (1, 2),
        outputs=("a", "y"),
    )
    data = proto.SerializeToString()
    assert [r.name for r in network_bounds(data, output="a").layers] == ["a"]
    with pytest.raises(ValueError, match="output must be one of a, y"):
        network_bounds(data, output="b")


def test_what_the_output_does_not_need_is_left_out() -> None:
    proto = model([_node("Floor", "x", "z"), _node("Relu", "x", "y")], {}, (1, 2))
    found = network_bounds(proto.SerializeToString())
    assert [row.op for row in found.layers] == ["Relu"]
    assert found.upper == 1.0


def test_a_constant_network_has_the_constant_zero() -> None:
    proto = model([_node("Relu", "c", "y")], {"c": weights(1, 2)}, (1, 2))
    with pytest.raises(ModelFileError, match="nothing"):
        read_onnx(model([], {}, (1, 2)).SerializeToString())
    zero = model([_node("Mul", "x c", "y")], {"c": np.zeros(2)}, (1, 2))
    assert network_bounds(zero.SerializeToString()).upper == 0.0
    assert network_bounds(proto.SerializeToString()).upper in (0.0, np.inf)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_no_code_or_file_is_touched_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(_external(str(tmp_path / "secret")).SerializeToString())
    (tmp_path / "secret").write_bytes(bytes(32))
    with pytest.raises(ModelFileError, match="another file"):
        network_bounds(path)


def _stacked(op: str, count: int, size: int, **attributes: Any) -> bytes:
    """Return a chain of nodes that share one matrix."""
    nodes = [
        helper.make_node(op, [f"t{i}" if i else "x", "w"], [f"t{i + 1}"], **attributes)
        for i in range(count)
    ]
    graph = helper.make_graph(
        nodes,
        "shared",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, size])],
        [helper.make_tensor_value_info(f"t{count}", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.eye(size, dtype=np.float32), "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    proto = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize("op", ["MatMul", "Gemm"])
def test_weights_that_many_nodes_share_are_in_memory_once(op: str) -> None:
    size = 512
    data = _stacked(op, 100, size)
    tracemalloc.start()
    read_onnx(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 8 * size**2


def test_copies_of_weights_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geomadv.lipschitz._onnx._MOST_WEIGHTS", 20 * 64**2)
    read_onnx(_stacked("Gemm", 100, 64))
    with pytest.raises(ModelFileError, match="hold more than"):
        read_onnx(_stacked("Gemm", 100, 64, alpha=2.0))
