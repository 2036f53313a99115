"""AlexNet's eight layers as an ONNX file, at a part of the channels."""

import json
from pathlib import Path

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations._alexnet", reason="the simulations are not in the wheel"
)
pytest.importorskip("onnx")

from geomadv.cli import main  # noqa: E402
from geomadv.lipschitz._onnx import read_onnx  # noqa: E402
from geomadv.studies import study_names  # noqa: E402

SIZES = {  # of Table 5 of Szegedy et al. (2013), outputs first
    "conv1": (96, 3, 11, 11),
    "conv2": (256, 96, 5, 5),
    "conv3": (384, 256, 3, 3),
    "conv4": (384, 384, 3, 3),
    "conv5": (256, 384, 3, 3),
    "fc1": (4096, 9216),
    "fc2": (4096, 4096),
    "fc3": (1000, 4096),
}


def test_sizes_are_those_of_the_table():
    assert simulation.shapes() == SIZES
    small = simulation.shapes(16)
    assert small["conv1"] == (6, 3, 11, 11)
    assert small["fc1"] == (256, 16 * 36)


def test_it_is_no_study():
    assert "_alexnet" not in study_names()


def test_weights_have_the_scale_of_their_inputs():
    found = simulation.weights(1, 4)
    for w in found.values():
        assert w.dtype == np.float32
        inputs = w[0].size
        assert w.std() == pytest.approx((2 / inputs) ** 0.5, rel=0.05)


def test_images_shrink_as_in_the_paper():
    graph = read_onnx(simulation.onnx_model(simulation.weights(0, 32)))
    sizes = {
        node.output: graph.shapes[node.output][2:]
        for node in graph.nodes
        if node.layer.op in ("Conv", "MaxPool")
    }
    assert list(sizes.values()) == [(n, n) for n in (55, 27, 27, 13, 13, 13, 13, 6)]


def test_the_file_goes_through_the_command(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr("geomadv.lipschitz._witness._BUDGET", 2**30)
    path, result = tmp_path / "small.onnx", tmp_path / "small.json"
    assert simulation.main([str(path), "--width", "32", "--seed", "2"]) == 0
    assert "in 8 layers" in capsys.readouterr().out
    code = main(["lipschitz", str(path), "--json", str(result)])
    assert code == 0, capsys.readouterr().err
    found = json.loads(result.read_text())
    weights = simulation.weights(2, 32)
    rows = {row["name"]: row for row in found["layers"]}
    for name in ("fc1", "fc2", "fc3"):
        exact = np.linalg.norm(weights[name].astype(float), 2)
        assert rows[name]["lower"] <= exact * (1 + 1e-12)
        assert exact <= rows[name]["upper"] <= exact * 1.01
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5"):
        assert rows[name]["lower"] <= rows[name]["upper"] <= 1.05 * rows[name]["lower"]
    pools = [row["upper"] for row in found["layers"] if row["op"] == "MaxPool"]
    assert pools == [2.0, 2.0, 2.0]
    assert found["network"]["branches"] is False
    assert 0 < found["network"]["lower"] <= found["network"]["upper"]
