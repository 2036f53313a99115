"""The study of the trained network: with its file, and without."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.mnist_cnn_lipschitz", reason="the simulations are not in the wheel"
)
pytest.importorskip("onnx")

from geomadv.data import DataUnavailableError  # noqa: E402
from geomadv.lipschitz import Dense, Flatten, Relu, network_bounds  # noqa: E402
from geomadv.lipschitz._onnx import read_onnx  # noqa: E402
from geomadv.studies import run  # noqa: E402


@pytest.fixture(autouse=True)
def _forget():
    simulation.bounds.cache_clear()
    yield
    simulation.bounds.cache_clear()


def test_without_the_file_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    with pytest.raises(DataUnavailableError, match="set GEOMADV_DATA"):
        run(simulation.STUDY, out=tmp_path)
    monkeypatch.delenv("GEOMADV_DATA")
    with pytest.raises(DataUnavailableError, match=r"mnist_cnn\.npz"):
        simulation.weights()


def test_another_file_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    arrays = {k: np.zeros(3, np.float32) for k in simulation.SHAPES}
    np.savez(tmp_path / simulation.FILE, **arrays)
    with pytest.raises(ValueError, match="conv1_w must be float32"):
        simulation.weights()


def test_the_file_has_the_network():
    rng = np.random.default_rng(0)
    arrays = {
        name: (0.1 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in simulation.SHAPES.items()
    }
    graph = read_onnx(simulation.onnx_model(arrays))
    assert graph.shapes[graph.input] == (1, 1, 28, 28)
    assert graph.shapes[graph.output] == (1, 10)
    assert [node.layer.op for node in graph.nodes if "conv" in node.name] == [
        "Conv"
    ] * 3


def test_deepfool_changes_the_decision_of_a_random_network():
    """Jacobians against finite differences; every step ends on the other side."""
    rng = np.random.default_rng(1)
    layers = [
        Flatten(),
        Dense(rng.standard_normal((12, 16))),
        Relu(),
        Dense(rng.standard_normal((10, 12))),
    ]
    X = rng.standard_normal((5, 1, 1, 4, 4))
    found = network_bounds(layers, shape=(1, 4, 4))
    logits, J = simulation.linear_maps(found, X)
    h = 1e-6 * rng.standard_normal(X.shape)
    moved, _ = simulation.linear_maps(found, X + h)
    slopes = np.einsum("nkd,nd->nk", J, h.reshape(5, -1))
    assert moved - logits == pytest.approx(slopes, abs=1e-12)
    delta, first = simulation.perturbations(found, X)
    assert (first == J).all()
    after, _ = simulation.linear_maps(found, X + delta.reshape(X.shape))
    assert (after.argmax(axis=1) != logits.argmax(axis=1)).all()
    values = np.sort(logits, axis=1)
    assert (np.linalg.norm(delta, axis=1) > 0).all()
    assert (values[:, -1] > values[:, -2]).all()


@pytest.mark.mnist
def test_the_trained_network_is_bounded(tmp_path, monkeypatch):
    try:
        simulation.weights()
    except DataUnavailableError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(simulation, "DIGITS", 60)
    result = run(simulation.STUDY, out=tmp_path, formats=("png",))
    assert result.as_expected
    # the whole of the perturbation lies in ten directions of 784, about half in one
    assert 0.2 < result.measured["energy"] < 0.8
    assert abs(result.measured["energy"] - result.measured["spectral"]) < 0.3
    assert 10 < result.measured["lower"] < result.measured["upper"] / 100
    assert (tmp_path / "mnist_cnn.onnx").stat().st_size > 10**6
    assert all(path.stat().st_size > 10_000 for path in result.figures)
