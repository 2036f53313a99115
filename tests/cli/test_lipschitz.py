import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geomadv.cli._lipschitz_table import down, up

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

Run = Callable[..., Any]


def written(path: Path, last: str = "Relu", name: str = "end") -> Path:
    """Write conv, ReLU, max-pool, dense and one more operator."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node(
            "Conv", ["x", "w"], ["a"], "conv_1", pads=[1] * 4, strides=[2, 2]
        ),
        helper.make_node("Relu", ["a"], ["b"], "relu_1"),
        helper.make_node(
            "MaxPool", ["b"], ["c"], "pool", kernel_shape=[3, 3], strides=[2, 2]
        ),
        helper.make_node("Flatten", ["c"], ["d"], "flat"),
        helper.make_node("Gemm", ["d", "v", "k"], ["e"], "fc", transB=1),
        helper.make_node(last, ["e"], ["y"], name),
    ]
    constants = {
        "w": rng.standard_normal((4, 3, 3, 3)),
        "v": rng.standard_normal((5, 36)),
        "k": rng.standard_normal(5),
    }
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["n", 3, 14, 14])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def test_the_document_has_layers_and_the_network(run: Run, tmp_path: Path) -> None:
    model, path = written(tmp_path / "a.onnx"), tmp_path / "a.json"
    ended = run("lipschitz", model, "--json", path)
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(path.read_text(encoding="utf-8"))
    keys = {"name", "op", "shape", "stride", "lower", "upper", "method"}
    assert all(keys <= layer.keys() for layer in found["layers"])
    first, pool = found["layers"][0], found["layers"][2]
    assert (first["name"], first["op"]) == ("conv_1", "Conv")
    assert (first["shape"], first["stride"]) == ([3, 3, 3, 4], [2, 2])
    assert (pool["lower"], pool["upper"]) == (2.0, 2.0)
    network = found["network"]
    assert network["branches"] is False
    assert 0 < network["lower"] <= network["upper"]
    product = np.prod([layer["upper"] for layer in found["layers"]])
    assert network["upper"] == pytest.approx(product)
    assert network["product"] == pytest.approx(product)
    x, y = (np.array(p) for p in network["witness"])
    assert x.shape == y.shape == (1, 3, 14, 14)


def test_the_table_has_a_line_for_each_layer(run: Run, tmp_path: Path) -> None:
    ended = run("lipschitz", written(tmp_path / "a.onnx"))
    lines = ended.out.splitlines()
    assert re.split(r"\s\s+", lines[0].strip()) == [
        *("layer", "op", "kernel", "stride", "upper", "lower", "method", "s")
    ]
    assert re.match(r"conv_1\s+Conv\s+3x3x3x4\s+2\s", lines[1])
    assert re.match(r"pool\s+MaxPool\s+3x3\s+2\s+2\s+2\s", lines[3])
    assert "product of the upper bounds" in ended.out
    assert re.search(r"network: [\d.]+ <= L <= [\d.]+", ended.out)


def test_points_are_certified(run: Run, tmp_path: Path) -> None:
    model, path = written(tmp_path / "a.onnx", "Identity"), tmp_path / "a.json"
    X = np.random.default_rng(2).standard_normal((15, 3, 14, 14))
    np.savez(tmp_path / "d.npz", X=X, y=np.arange(15) % 5)
    ended = run("lipschitz", model, "--data", tmp_path / "d.npz", "--json", path)
    assert ended.code == 0
    assert "decisions at 15 points" in ended.out
    assert "the first 10 shown" in ended.out
    made = json.loads(path.read_text(encoding="utf-8"))["certificates"]
    assert len(made) == 15
    assert all(0 < c["radius"] < c["margin"] for c in made)
    assert [c["right"] for c in made] == [
        c["class"] == i % 5 for i, c in enumerate(made)
    ]
    np.savez(tmp_path / "rows.npz", X=X.reshape(15, -1))
    run("lipschitz", model, "--data", tmp_path / "rows.npz", "--json", path)
    rows = json.loads(path.read_text(encoding="utf-8"))["certificates"]
    assert [c["radius"] for c in rows] == [c["radius"] for c in made]
    assert {c["right"] for c in rows} == {None}


def test_an_unknown_operator_leaves_it_inconclusive(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    ended = run("lipschitz", written(tmp_path / "a.onnx", "Floor"), "--json", path)
    assert ended.code == 2
    assert "end: the operator Floor is not known" in ended.out
    assert "no upper bound" in ended.out
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["network"]["upper"] is None
    assert found["layers"][-1]["upper"] is None
    assert found["layers"][-1]["method"].startswith("none")
    assert found["layers"][0]["upper"] > 0


def test_the_seed_decides_the_lower_end(run: Run, tmp_path: Path) -> None:
    model = written(tmp_path / "a.onnx")
    found = []
    for seed in (3, 3, 4):
        run("lipschitz", model, "--seed", seed, "--json", tmp_path / "a.json")
        document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
        found.append(document["network"]["lower"])
    assert found[0] == found[1] != found[2]


def test_latex_is_escaped(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.tex"
    model = written(tmp_path / "a.onnx", name=r"a_%\b")
    assert run("lipschitz", model, "--latex", path).code == 0
    text = path.read_text(encoding="utf-8")
    assert r"conv\_1 & $3\times 3\times 3\times 4$ & 2 &" in text
    assert r"a\_\%\textbackslash{}b" in text
    assert text.count(r"\\") == 8
    assert text.startswith(r"\begin{tabular}")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_spectra_are_drawn(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new/a.b.{suffix}"
    assert run("lipschitz", written(tmp_path / "a.onnx"), "--figure", path).code == 0
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["absent.onnx"], 74, "absent.onnx"),
        (["."], 74, "."),
        (["broken.onnx"], 74, "broken.onnx cannot be read"),
        (["a.onnx", "--max-bytes", "100"], 74, "limit 100"),
        (["a.onnx", "--data", "absent.npz"], 74, "absent.npz"),
        (["a.onnx", "--data", "a.onnx"], 74, "a.onnx cannot be read"),
        (["a.onnx", "--data", "other.npz"], 74, "'X'"),
        (["a.onnx", "--data", "words.npz"], 74, "real numbers"),
        (["a.onnx", "--data", "size.npz"], 74, "(3, 14, 14)"),
        (["a.onnx", "--data", "nan.npz"], 74, "nan"),
        (["a.onnx", "--rtol", "0"], 64, "--rtol"),
        (["a.onnx", "--rtol", "nan"], 64, "--rtol"),
        (["a.onnx", "--shape", "3x4"], 64, "--shape"),
        (["a.onnx", "--shape", "3xa"], 64, "--shape"),
        (["a.onnx", "--output", "z"], 64, "--output"),
        (["a.onnx", "--figure", "a.gif"], 64, "--figure"),
        (["a.onnx", "--json", "a.onnx/b"], 64, "--json"),
        ([], 64, "MODEL"),
    ],
)
def test_a_bad_argument_is_named(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = written(tmp_path / "a.onnx").read_bytes()
    (tmp_path / "broken.onnx").write_bytes(data[: len(data) // 2])
    np.savez("other.npz", Z=np.ones(3))
    np.savez("words.npz", X=np.array(["a"]))
    np.savez("size.npz", X=np.ones((2, 5)))
    np.savez("nan.npz", X=np.full((2, 3 * 14 * 14), np.nan))
    before = sorted(tmp_path.iterdir())
    ended = run("lipschitz", *arguments)
    assert ended.code == code
    assert named in ended.err
    assert ended.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.errors
def test_without_onnx_the_message_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = written(tmp_path / "a.onnx")
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    ended = run("lipschitz", model)
    assert ended.code == 64
    assert "pip install geomadv[onnx]" in ended.err


def test_ends_are_rounded_outwards() -> None:
    assert (up(1.000001), down(1.999999)) == ("1.0001", "1.9999")
    assert (up(2.0), down(2.0), up(np.inf)) == ("2", "2", "none")
    assert (up(123456.7), down(1e-9 / 3)) == ("1.2346e+05", "3.3333e-10")
    assert up(4.0 * (1 + 4e-16)) == "4"


def test_a_product_over_branches_is_not_called_a_bound(
    run: Run, tmp_path: Path
) -> None:
    """The constant of x -> (x, x) is sqrt(2), the layer's own is 1."""
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 4]), ("y", [1, 8]))
    )
    node = helper.make_node("Concat", ["x", "x"], ["y"], axis=1)
    opset = [helper.make_opsetid("", 17)]
    graph = helper.make_graph([node], "twice", [x], [y])
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    path = tmp_path / "twice.onnx"
    path.write_bytes(model.SerializeToString())
    document = tmp_path / "twice.json"
    ended = run("lipschitz", path, "--json", document)
    assert json.loads(document.read_text())["network"]["branches"] is True
    assert "network: 1.4142 <= L <= 1.4143" in ended.out
    assert "product of the upper bounds: 1 (no bound" in ended.out
    assert "no bound" not in run("lipschitz", written(tmp_path / "a.onnx")).out


def test_without_a_budget_costly_layers_have_rough_bounds(
    run: Run, tmp_path: Path
) -> None:
    model, path = written(tmp_path / "a.onnx"), tmp_path / "a.json"
    found = []
    for budget in ("120", "0"):
        assert run("lipschitz", model, "--json", path, "--budget", budget).code == 0
        found.append(json.loads(path.read_text(encoding="utf-8")))
    rough = [layer["method"].startswith("rough") for layer in found[1]["layers"]]
    assert rough == [True, False, False, False, True, False]
    assert not any(layer["method"].startswith("rough") for layer in found[0]["layers"])
    uppers = [document["network"]["upper"] for document in found]
    assert found[0]["network"]["lower"] <= uppers[0] < uppers[1]
    assert run("lipschitz", model, "--budget", "-1").code == 64
