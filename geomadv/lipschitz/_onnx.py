r"""Networks from ONNX files, which are not trusted.

A file is read in four steps, each of which may refuse it with one clear message:

1. its size, and that it is a plain file;
2. its bytes (`_wire`): no graph within a node, nothing that would take far more memory
   than the file;
3. its tensors (`_constants`): stored in the file itself, as large as they declare;
4. its graph: every tensor made once, no cycle, one input of floating point, sizes of
   all results checked before anything is computed.

Nothing in the file is run: the operators are those of `_operators`, and another one
bounds nothing, by name. The first axis, the batch, counts as 1 where it is free.
"""

import math
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv._validate import integer
from geomadv.lipschitz._activations import Activation
from geomadv.lipschitz._base import Layer, Shape, Unknown
from geomadv.lipschitz._constants import (
    FLOATS,
    MOST_ENTRIES,
    NotConstantError,
    checked_size,
    fold,
    stored,
)
from geomadv.lipschitz._graph import Graph, Node
from geomadv.lipschitz._operators import (
    STACKED,
    SUMS,
    Call,
    NotKnownError,
    layers_of,
    real_values,
)
from geomadv.lipschitz._wire import ModelFileError, check_wire

_MOST_NODES = 10_000
_MOST_TOTAL = 2**27
_MOST_WEIGHTS = 2**28
_SHOWN = 60


def read_onnx(
    model: "str | os.PathLike[str] | bytes | bytearray | memoryview",
    *,
    shape: tuple[int, ...] | None = None,
    output: str | None = None,
    max_bytes: int = 2**30,
) -> Graph:
    """Return the network of an ONNX file.

    Parameters
    ----------
    model : path or bytes
        The file, or what is in it.
    shape : tuple of int, optional
        Shape of one input, where the file leaves sizes free; without the batch.
    output : str, optional
        Which output, where there are several.
    max_bytes : int
        Size of the file at most.

    Returns
    -------
    Graph

    Raises
    ------
    ModelFileError
        If the file is not one that is read.
    ImportError
        If onnx is not installed.
    OSError
        If the file cannot be opened.
    """
    max_bytes = integer("max_bytes", max_bytes, minimum=1)
    data = _bytes(model, max_bytes)
    check_wire(data)
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "reading a network needs onnx: pip install geomadv[onnx]"
        ) from error
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except Exception as error:  # noqa: BLE001 - the class is that of the parser
        raise ModelFileError(f"it is no ONNX file: {error}") from None
    return _Reader(proto, shape).graph(output)


def shown(name: str) -> str:
    """Return a name of the file as printable characters, cut short."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _bytes(model: Any, max_bytes: int) -> bytes:
    if isinstance(model, bytes | bytearray | memoryview):
        data = bytes(model)
    else:
        path = Path(model)
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ModelFileError(f"{path} is no plain file")
            if status.st_size > max_bytes:
                raise ModelFileError(
                    f"it has {status.st_size} bytes, above the limit {max_bytes}"
                )
            data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ModelFileError(f"it has more bytes than the limit {max_bytes}")
    return data


class _Reader:
    """The steps from the parsed file to the network."""

    def __init__(self, proto: Any, shape: tuple[int, ...] | None) -> None:
        self.proto, self.given = proto.graph, shape
        versions = [
            o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")
        ]
        if not versions or not 1 <= versions[0] <= 1000:
            raise ModelFileError("it names no version of the operators")
        self.version = int(versions[0])
        self.constants: dict[str, NDArray] = {}
        self.shapes: dict[str, Shape] = {}
        self.made: dict[str, tuple[str, Sequence[str]]] = {}
        self.nodes: list[Node] = []
        self.total = 0
        self.reals: dict[str, NDArray] = {}
        self.weights = 0
        self.held: set[int] = set()
        self.named: set[str] = set()
        self.repeated: dict[str, int] = {}

    def graph(self, output: str | None) -> Graph:
        if len(self.proto.node) > _MOST_NODES:
            raise ModelFileError(f"it has more than {_MOST_NODES} nodes")
        for tensor in self.proto.initializer:
            if tensor.name in self.constants:
                raise ModelFileError(f"tensor {shown(tensor.name)!r} is stored twice")
            self.constants[tensor.name] = stored(tensor, shown(tensor.name))
        x = self._input()
        out = self._output(output)
        for proto in self._ordered(out, x):
            try:
                self._node(proto)
            except ModelFileError as error:
                name = shown(proto.name or (proto.output[0] if proto.output else ""))
                raise ModelFileError(
                    f"node {name!r} ({shown(proto.op_type)}): {error}"
                ) from None
        if out not in self.constants and out not in {n.output for n in self.nodes} | {
            x
        }:
            raise ModelFileError(f"nothing makes its output {shown(out)!r}")
        used = {t for node in self.nodes for t in node.inputs} | {out}
        constants = {
            t: real_values(value, f"constants {shown(t)!r}")
            for t, value in self.constants.items()
            if t in used
        }
        shapes = self.shapes | {t: tuple(c.shape) for t, c in constants.items()}
        return Graph(tuple(self.nodes), x, out, shapes, constants)

    def _input(self) -> str:
        inputs = [v for v in self.proto.input if v.name not in self.constants]
        if len(inputs) != 1:
            names = ", ".join(shown(v.name) for v in inputs[:5]) or "none"
            raise ModelFileError(f"it must have one input, got {len(inputs)}: {names}")
        (value,) = inputs
        tensor = value.type.tensor_type
        if tensor.elem_type not in FLOATS:
            raise ModelFileError(
                f"its input {shown(value.name)!r} must be of floating point, "
                f"got the type {tensor.elem_type}"
            )
        self.shapes[value.name] = self._input_shape(value.name, tensor)
        return str(value.name)

    def _input_shape(self, name: str, tensor: Any) -> Shape:
        known = tensor.HasField("shape")
        dims = [
            int(d.dim_value) if d.HasField("dim_value") and d.dim_value > 0 else 0
            for d in tensor.shape.dim[:17]
        ]
        if any(d.dim_value < 0 for d in tensor.shape.dim):
            raise ModelFileError(f"its input {shown(name)!r} has a size below 0")
        if known and dims and dims[0] == 0:
            dims[0] = 1
        if self.given is not None:
            given = tuple(integer("shape", n, minimum=1) for n in self.given)
            options = [(dims[0] if known and dims else 1, *given), given]
            fits = [
                o
                for o in options
                if not known
                or (
                    len(o) == len(dims)
                    and all(d in (0, n) for d, n in zip(dims, o, strict=True))
                )
            ]
            if not fits:
                raise ValueError(
                    f"shape must fit the input {tuple(dims)} (0: free), got {given}"
                )
            return checked_size(fits[0])
        if not known or 0 in dims:
            raise ValueError(
                f"shape must be given: the input {shown(name)!r} has free sizes"
            )
        return checked_size(dims)

    def _output(self, output: str | None) -> str:
        names = [v.name for v in self.proto.output]
        if output is not None:
            if output not in names:
                known = ", ".join(map(shown, names[:10]))
                raise ValueError(f"output must be one of {known}; got {output!r}")
            return output
        if len(names) != 1:
            listed = ", ".join(map(shown, names[:10])) or "none"
            raise ModelFileError(
                f"it must have one output, got {len(names)} ({listed}); name one"
            )
        return str(names[0])

    def _ordered(self, output: str, x: str) -> list[Any]:
        """Return the nodes that the output needs, in an order of computation."""
        makers: dict[str, int] = {}
        for i, node in enumerate(self.proto.node):
            for t in node.output:
                if t and (t in makers or t in self.constants or t == x):
                    raise ModelFileError(f"tensor {shown(t)!r} is made twice")
                if t:
                    makers[t] = i
        needed: set[int] = set()
        waiting = [output]
        while waiting:
            i = makers.get(waiting.pop(), -1)
            if i >= 0 and i not in needed:
                needed.add(i)
                waiting.extend(t for t in self.proto.node[i].input if t)
        open_inputs = {}
        users: dict[int, list[int]] = {}
        for i in sorted(needed):
            sources = {makers[t] for t in self.proto.node[i].input if t in makers}
            open_inputs[i] = len(sources)
            for source in sources:
                users.setdefault(source, []).append(i)
            for t in self.proto.node[i].input:
                if t and t not in makers and t not in self.constants and t != x:
                    raise ModelFileError(
                        f"node {shown(self.proto.node[i].name)!r} takes "
                        f"{shown(t)!r}, which nothing makes"
                    )
        ready = [i for i in sorted(needed) if open_inputs[i] == 0]
        order = []
        for i in ready:  # grows
            order.append(i)
            for user in users.get(i, ()):
                open_inputs[user] -= 1
                if open_inputs[user] == 0:
                    ready.append(user)
        if len(order) < len(needed):
            name = shown(self.proto.node[min(needed - set(order))].name)
            raise ModelFileError(f"its graph has a cycle through the node {name!r}")
        return [self.proto.node[i] for i in order]

    def _node(self, proto: Any) -> None:
        attributes = {a.name: _attribute(a) for a in proto.attribute}
        if len(attributes) != len(proto.attribute):
            raise ModelFileError("it has two attributes of one name")
        outputs = [t for t in proto.output if t]
        if not outputs:
            raise ModelFileError("it makes nothing")
        op = proto.op_type
        if proto.domain not in ("", "ai.onnx"):
            op = f"{shown(proto.domain)}.{op}"
        inputs = list(proto.input)
        if op == "Constant":
            self._hold(outputs[0], _constant(attributes))
            return
        if op == "Shape" and inputs and inputs[0] in self.shapes:
            known = np.array(self.shapes[inputs[0]], dtype=np.int64)
            start, end = attributes.get("start", 0), attributes.get("end")
            self._hold(outputs[0], known[start:end])
            return
        present = [t for t in inputs if t]
        if all(t in self.constants for t in present):
            try:
                xs = [self.constants[t] for t in present]
                self._hold(outputs[0], fold(op, attributes, xs))
            except NotConstantError:
                pass
            else:
                return
        for place, name in enumerate(proto.output):
            if name:
                self._layers(proto, op, attributes, inputs, place, name)

    def _layers(
        self,
        proto: Any,
        op: str,
        attributes: Mapping[str, Any],
        inputs: list[str],
        place: int,
        output: str,
    ) -> None:
        count = sum(1 for t in proto.output if t)
        call = Call(
            op,
            self.version,
            attributes,
            inputs,
            place,
            count,
            self.constants,
            self.shapes,
            self.reals,
        )
        varying = call.varying()
        layers: list[Layer]
        takes: Sequence[str]
        try:
            if place and op != "Split":
                raise NotKnownError(f"its output {place + 1} is not known")
            gate = self._gate(op, inputs)
            if gate is not None:
                layers, takes = gate
            else:
                layers = layers_of(call)
                stacked = len(varying) > (op in SUMS) if op in STACKED else False
                takes = [t for t in inputs if t] if stacked else varying[:1]
                if not stacked and len(varying) > 1:
                    raise NotKnownError("only its first input may vary")
                if not takes:
                    raise NotKnownError("it takes nothing that is known")
        except NotKnownError as error:
            reason = shown(str(error)) if len(str(error)) > 200 else str(error)
            layers = [Unknown(shown(op), reason)]
            takes = varying or [t for t in inputs if t][:1]
        self.made[output] = (op, inputs)
        base = self._name(shown(proto.name or output))
        for i, layer in enumerate(layers):
            last = i == len(layers) - 1
            tensor = output if last else f"{output}\0{i}"
            name = base if last else f"{base}.{i + 1}"
            self._place(Node(name, layer, tuple(takes), tensor))
            takes = [tensor]

    def _place(self, node: Node) -> None:
        self._weigh(node.layer)
        self.nodes.append(node)
        shapes = [
            self.shapes[t] if t in self.shapes else tuple(self.constants[t].shape)
            for t in node.inputs
            if t in self.shapes or t in self.constants
        ]
        if isinstance(node.layer, Unknown) or len(shapes) < len(node.inputs):
            return
        try:
            shape = checked_size(node.layer.shape(*shapes))
        except ModelFileError:
            raise
        except (ValueError, IndexError) as error:
            raise ModelFileError(str(error)) from None
        self._count(math.prod(shape))
        self.shapes[node.output] = shape

    def _weigh(self, layer: Layer) -> None:
        """Count the numbers that a layer holds, those that are shared once."""
        for value in vars(layer).values():
            if isinstance(value, Layer):
                self._weigh(value)
            if not isinstance(value, np.ndarray):
                continue
            whole = value if value.base is None else value.base
            if id(whole) not in self.held:
                self.held.add(id(whole))
                self.weights += whole.size if isinstance(whole, np.ndarray) else 0
        if self.weights > _MOST_WEIGHTS:
            raise ModelFileError(f"its layers hold more than {_MOST_WEIGHTS} numbers")

    def _gate(self, op: str, inputs: list[str]) -> tuple[list[Layer], list[str]] | None:
        """Return x s(x), written as a product of two tensors, as one layer."""
        if op != "Mul" or len(inputs) != 2:
            return None
        for x, gated in (inputs, inputs[::-1]):
            made, source = self.made.get(gated, ("", ()))
            if made == "Sigmoid" and list(source) == [x] and x not in self.constants:
                return [Activation("Swish", 1.0)], [x]
        return None

    def _hold(self, name: str, value: NDArray) -> None:
        self._count(value.size)
        self.constants[name] = value

    def _count(self, entries: int) -> None:
        self.total += entries
        if self.total > _MOST_TOTAL:
            raise ModelFileError(
                f"its tensors have more than {_MOST_TOTAL} entries together"
            )

    def _name(self, name: str) -> str:
        plain = name
        while name in self.named:
            self.repeated[plain] = self.repeated.get(plain, 1) + 1
            name = f"{plain} ({self.repeated[plain]})"
        self.named.add(name)
        return name


def _attribute(proto: Any) -> Any:
    """Return the value of an attribute that is a number, a word, a tensor or a list."""
    kind = int(proto.type)
    if kind == 0:  # files of the first version do not say
        kind = next((k for k, f in _FIELDS.items() if _holds(proto, f)), 7)
    if kind not in _FIELDS:
        raise ModelFileError(f"its attribute {shown(proto.name)!r} is not read")
    value = getattr(proto, _FIELDS[kind])
    if kind == 3:
        return value.decode("utf-8", "replace")
    if kind == 4:
        return stored(value, shown(proto.name))
    if kind in (6, 7):
        return [float(v) if kind == 6 else int(v) for v in value]
    if kind == 8:
        return [v.decode("utf-8", "replace") for v in value]
    return value


_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}


def _holds(proto: Any, name: str) -> bool:
    if name in ("floats", "ints", "strings"):
        return len(getattr(proto, name)) > 0
    return bool(proto.HasField(name))


def _constant(attributes: Mapping[str, Any]) -> NDArray:
    if isinstance(attributes.get("value"), np.ndarray):
        value: NDArray = attributes["value"]
        checked_size(value.shape, max(MOST_ENTRIES, value.size))
        return value
    for name, dtype in (
        ("value_float", np.float64),
        ("value_floats", np.float64),
        ("value_int", np.int64),
        ("value_ints", np.int64),
    ):
        if name in attributes:
            return np.array(attributes[name], dtype=dtype)
    raise ModelFileError("a constant without a number in it is not read")
