"""The Lipschitz constant of a trained network for MNIST, and what it certifies.

Claim: the product of the layers' bounds of a trained network is far above what any pair
of points shows, so that the radii that it certifies are far below the distances at
which the decision changes (Szegedy et al. 2013, arXiv:1312.6199, section 4.3: "large
bounds do not automatically translate into existence of adversarial examples"). And the
perturbations that change decisions follow the top singular vector of the network's
linear map at the digit more than isotropic ones would, and about as much as its
spectrum says (the test of Dobriban's talk, 2020; `geomadv.lipschitz.alignment`).

Grid: one network, three convolutions and two dense layers, 99 % right on the test
digits; 200 digits of the test part, and those pairs of points that a search finds.
Cost: under a minute of one core and 1 GB of memory; MNIST and the file of the network,
`mnist_cnn.npz`, both in the folder that GEOMADV_DATA names.
Picture: singular values of the five layers; certified radii below the distances that
the gradient of the margin suggests.

Choices. A pixel x in [0, 1] enters the network as (x - .1307)/.3081; that layer is part
of the network here, so all radii are in l2 with pixels in [0, 1]. The network is
written as an ONNX file into the folder of the results and read from there, as
`geomadv lipschitz` does. Perturbations are DeepFool's: its step for the linear map at
the point where the last one ended, until the decision changes. They are no shorter than
the smallest.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomadv.data import DataUnavailableError, load_mnist
from geomadv.lipschitz import (
    Certificates,
    NetworkBounds,
    alignment,
    network_bounds,
)
from geomadv.lipschitz._spectrum import layer_spectra
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.plotting._spectra import spectra_figure
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.lipschitz.moosavi2016 import linear_step

Value = str | int | float | bool

FILE = "mnist_cnn.npz"
MEAN, DEVIATION = 0.1307, 0.3081
SHAPES: Mapping[str, tuple[int, ...]] = {
    "conv1_w": (32, 1, 3, 3),
    "conv1_b": (32,),
    "conv2_w": (64, 32, 3, 3),
    "conv2_b": (64,),
    "conv3_w": (128, 64, 3, 3),
    "conv3_b": (128,),
    "fc1_w": (256, 1152),
    "fc1_b": (256,),
    "fc2_w": (10, 256),
    "fc2_b": (10,),
}
DIGITS = 200
ALIGNED, STEPS, OVERSHOOT = 100, 20, 0.02  # digits that DeepFool moves, and how


def weights() -> dict[str, np.ndarray]:
    """Return the network's weights.

    Raises
    ------
    DataUnavailableError
        If the file is not in the folder GEOMADV_DATA.
    """
    folder = os.environ.get("GEOMADV_DATA")
    path = Path(folder or ".", FILE)
    if not folder or not path.is_file():
        raise DataUnavailableError(
            f"the trained network is not on this machine: set GEOMADV_DATA to a folder "
            f"with {FILE} (arrays {', '.join(SHAPES)})"
        )
    with np.load(path, allow_pickle=False) as file:
        found = {name: file[name] for name in SHAPES}
    for name, shape in SHAPES.items():
        if found[name].shape != shape or found[name].dtype != np.float32:
            raise ValueError(f"{path}: {name} must be float32 of shape {shape}")
    return found


def onnx_model(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the network as an ONNX file, from pixels in [0, 1] to ten logits."""
    from onnx import TensorProto, helper, numpy_helper

    def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
        return helper.make_node(op, inputs.split(), [output], output, **attributes)

    constants = dict(arrays) | {
        "mean": np.array(MEAN, np.float32),
        "deviation": np.array(DEVIATION, np.float32),
    }
    nodes = [
        node("Sub", "x mean", "centred"),
        node("Div", "centred deviation", "pool0"),
    ]
    for i in (1, 2, 3):
        taken = f"pool{i - 1} conv{i}_w conv{i}_b"
        nodes.append(node("Conv", taken, f"conv{i}", pads=[1, 1, 1, 1]))
        nodes.append(node("Relu", f"conv{i}", f"relu{i}"))
        pooled = {"kernel_shape": [2, 2], "strides": [2, 2]}
        nodes.append(node("MaxPool", f"relu{i}", f"pool{i}", **pooled))
    nodes += [
        node("Flatten", "pool3", "flat"),
        node("Gemm", "flat fc1_w fc1_b", "fc1", transB=1),
        node("Relu", "fc1", "relu4"),
        node("Gemm", "relu4 fc2_w fc2_b", "logits", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "mnist_cnn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(model.SerializeToString())


@functools.cache
def bounds(seed: int) -> tuple[NetworkBounds, np.ndarray, np.ndarray]:
    """Return the network's interval, the radii that gradients suggest, and digits."""
    rng = np.random.default_rng(seed)
    arrays = weights()
    digits = load_mnist(download=False)
    chosen = np.sort(rng.choice(len(digits.test_labels), DIGITS, replace=False))
    X = digits.test_images[chosen, None] / digits.maximum
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mnist_cnn.onnx")
        path.write_bytes(onnx_model(arrays))
        found = network_bounds(path, data=X, labels=digits.test_labels[chosen], rng=rng)
    return found, _suggested(found, X[:, None]), X[:, None]


def _suggested(found: NetworkBounds, X: np.ndarray) -> np.ndarray:
    """Return the least of (f_c - f_j)/|grad (f_c - f_j)| over the other classes."""
    values = found.graph.values(X)
    logits = values[found.graph.output][:, 0]
    best = logits.argmax(axis=1)
    rows = np.arange(len(X))
    least = np.full(len(X), np.inf)
    for j in range(10):
        u = np.zeros((len(X), 1, 10))
        u[rows, 0, best] += 1.0
        u[:, 0, j] -= 1.0
        steep = np.linalg.norm(found.graph.vjp(values, u).reshape(len(X), -1), axis=1)
        other = best != j
        gap = logits[rows, best] - logits[:, j]
        least[other] = np.minimum(least[other], gap[other] / steep[other])
    return least


def linear_maps(found: NetworkBounds, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits (n, 10) and the Jacobians (n, 10, 784) at points."""
    values = found.graph.values(X)
    logits = values[found.graph.output][:, 0]
    rows = []
    for j in range(logits.shape[1]):
        u = np.zeros((len(X), 1, logits.shape[1]))
        u[:, 0, j] = 1.0
        rows.append(found.graph.vjp(values, u).reshape(len(X), -1))
    return logits, np.stack(rows, axis=1)


def perturbations(found: NetworkBounds, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return steps (n, 784) that change decisions, NaN where none was found, and J."""
    logits, first = linear_maps(found, X)
    decisions = logits.argmax(axis=1)
    delta = np.zeros((len(X), X[0].size))
    left, maps = np.arange(len(X)), first
    for _ in range(STEPS):
        for i, f, J in zip(left, logits, maps, strict=True):
            delta[i] += (1 + OVERSHOOT) * linear_step(f, J, int(decisions[i]))
        moved = X[left] + delta[left].reshape(-1, *X.shape[1:])
        logits, maps = linear_maps(found, moved)
        stays = logits.argmax(axis=1) == decisions[left]
        left, logits, maps = left[stays], logits[stays], maps[stays]
        if len(left) == 0:
            break
    delta[left] = np.nan
    return delta, first


def _talk(found: NetworkBounds, X: np.ndarray) -> dict[str, float]:
    """Return the talk's two tests: energies, and distance against the top value."""
    from scipy.stats import spearmanr

    delta, maps = perturbations(found, X[:ALIGNED])
    done = np.isfinite(delta).all(axis=1)
    delta, maps = delta[done], maps[done]
    test = alignment(delta, maps)
    top = np.linalg.norm(maps - maps.mean(axis=1, keepdims=True), 2, axis=(1, 2))
    lengths = np.linalg.norm(delta, axis=1)
    together = spearmanr(top, lengths)
    return {
        "changed": float(done.mean()),
        "energy": float(test.energy.mean()),
        "isotropic": test.isotropic_mean,
        "spectral": float(test.spectral_mean.mean()),
        "surprising_isotropic": float((test.isotropic_pvalue < 0.01).mean()),
        "surprising_spectral": float((test.spectral_pvalue < 0.01).mean()),
        "median_distance": float(np.median(lengths)),
        "rank_correlation_top": float(together.statistic),
        "rank_correlation_top_pvalue": float(together.pvalue),
    }


def _certified(found: NetworkBounds) -> Certificates:
    if found.certificates is None:
        raise ValueError(f"the network is not known: {found.reason}")
    return found.certificates


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Bound the network and certify the digits."""
    del cell  # there is one
    seed = int(rng.integers(2**31))
    found, suggested, X = bounds(seed)
    made = _certified(found)
    return {
        "drawn": seed,
        **{
            f"upper_{row.name}": row.upper
            for row in found.layers
            if row.op in ("Conv", "Dense")
        },
        "lower": found.lower,
        "upper": found.upper,
        "right": float(np.mean(np.asarray(made.right))),
        "median_radius": float(np.median(made.radius)),
        "median_suggested": float(np.median(suggested)),
        "radii_below_suggested": float(np.mean(made.radius <= suggested)),
        **_talk(found, X),
    }


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the layers' singular values and the radii; keep the network's file."""
    found, suggested, _ = bounds(int(result.rows[0]["drawn"]))
    made = _certified(found)
    (folder.parent / "mnist_cnn.onnx").write_bytes(onnx_model(weights()))
    uppers = {row.name: row.upper for row in found.layers}
    with style():
        spectra = spectra_figure(
            layer_spectra(found.graph), uppers, title="MNIST network"
        )
        paths = save(spectra, folder / f"{result.study.name}_spectra", formats)
        drawing = new_figure("column", aspect=0.75)
        axes = drawing.add_subplot(xscale="log")
        share = (np.arange(len(suggested)) + 1) / len(suggested)
        for radii, colour, name in (
            (made.radius, "blue", "certified"),
            (suggested, "vermilion", "margin over its gradient"),
        ):
            axes.plot(np.sort(radii), share, color=PALETTE[colour], label=name)
        axes.set(
            xlabel="$\\ell_2$ radius, pixels in [0, 1]",
            ylabel="share of the test digits",
            ylim=(0, 1),
            title=f"{len(suggested)} digits of MNIST",
        )
        axes.legend(loc="center", bbox_to_anchor=(0.55, 0.5))
        return [*paths, *save(drawing, folder / result.study.name, formats)]


STUDY = Study(
    name="mnist_cnn_lipschitz",
    question=(
        "How far apart are the ends of a trained network's Lipschitz constant, and "
        "which radii does it certify? (Szegedy et al. 2013, arXiv:1312.6199)"
    ),
    expected=(
        "An upper end hundreds of times above the lower one; certified radii far below "
        "what the gradients suggest, and above 0. Energies in the top direction far "
        "above 1/784, about as the spectrum says; distances that do not follow the top "
        "singular value."
    ),
    cost="Under a minute of one core and 1 GB of memory.",
    grid={"network": (FILE,)},
    measure=measure,
    summary=lambda rows: {
        k: float(v) for k, v in rows[0].items() if k not in ("network", "drawn")
    },
    units={
        "median_radius": "l2, pixels in [0, 1]",
        "median_suggested": "l2, pixels in [0, 1]",
        "right": "share",
        "radii_below_suggested": "share",
    },
    accepted={
        "right": (0.95, 1.0),
        "radii_below_suggested": (1.0, 1.0),
        "changed": (0.95, 1.0),
        "surprising_isotropic": (0.7, 1.0),
        "surprising_spectral": (0.0, 0.1),
    },
    data=lambda: f"MNIST and {FILE}, from the folder GEOMADV_DATA",
    figure=figure,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
