"""A random network of AlexNet's eight layers, written as an ONNX file.

    python -m simulations._alexnet FILE.onnx
    geomadv lipschitz FILE.onnx

The layers are those of Table 5 of Szegedy et al. (2013, arXiv:1312.6199), at their real
sizes and without groups: 62 million weights, 249 MB. Images are 3 x 227 x 227; ReLUs
follow all layers but the last, max-pooling of 3 x 3 at stride 2 the first, second and
fifth. Weights are Gaussian of variance 2 over the number of inputs, biases 0.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simulations.szegedy2013_layers import CONVOLUTIONS, DENSE, POOLED

SIZE = 227
PADS = {"conv1": 0, "conv2": 2, "conv3": 1, "conv4": 1, "conv5": 1}
_CLASSES = DENSE["fc3"][1]


def shapes(width: int = 1) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights, with 1/width of all inner channels."""
    found: dict[str, tuple[int, ...]] = {}
    channels = 3
    for name, (_, k, D, _, _) in CONVOLUTIONS.items():
        found[name] = (D // width, channels, k, k)
        channels = D // width
    inputs = channels * (DENSE["fc1"][0] // CONVOLUTIONS["conv5"][2])
    for name, (_, m) in DENSE.items():
        outputs = m if m == _CLASSES else m // width
        found[name] = (outputs, inputs)
        inputs = outputs
    return found


def weights(seed: int, width: int = 1) -> dict[str, np.ndarray]:
    """Return random weights in single precision."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes(width).items():
        scale = np.float32((2.0 / np.prod(shape[1:])) ** 0.5)
        found[name] = rng.standard_normal(shape, dtype=np.float32) * scale
    return found


def onnx_model(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the network as the bytes of an ONNX file."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    last = "image"

    def follow(op: str, output: str, *more: str, **attributes: Any) -> None:
        nonlocal last
        nodes.append(
            helper.make_node(op, [last, *more], [output], output, **attributes)
        )
        last = output

    for name, (_, _, _, stride, _) in CONVOLUTIONS.items():
        pads = [PADS[name]] * 4
        follow("Conv", name, f"{name}_w", strides=[stride] * 2, pads=pads)
        follow("Relu", f"{name}_relu")
        if name in POOLED:
            options = {"kernel_shape": [3, 3], "strides": [2, 2]}
            follow("MaxPool", f"{name}_pool", **options)
    follow("Flatten", "flat")
    for name in DENSE:
        follow("Gemm", name, f"{name}_w", transB=1)
        if name != "fc3":
            follow("Relu", f"{name}_relu")
    classes = len(arrays["fc3"])
    image = helper.make_tensor_value_info(
        "image", TensorProto.FLOAT, ["n", 3, SIZE, SIZE]
    )
    logits = helper.make_tensor_value_info("fc3", TensorProto.FLOAT, ["n", classes])
    stored = [numpy_helper.from_array(w, f"{name}_w") for name, w in arrays.items()]
    graph = helper.make_graph(nodes, "alexnet", [image], [logits], stored)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(model.SerializeToString())


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m simulations._alexnet",
        description="Write a random network of AlexNet's eight layers as ONNX.",
    )
    parser.add_argument("file", type=Path, help="the file, .onnx")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (0)")
    parser.add_argument(
        "--width", type=int, default=1, help="divisor of all inner channels (1)"
    )
    given = parser.parse_args(arguments)
    if not 1 <= given.width <= 96 or given.seed < 0:
        parser.error("--width must lie in [1, 96] and --seed be at least 0")
    arrays = weights(given.seed, given.width)
    given.file.write_bytes(onnx_model(arrays))
    count = sum(array.size for array in arrays.values())
    sys.stdout.write(f"wrote {given.file}: {count} weights in {len(arrays)} layers\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
