r"""A network: layers on a directed graph without cycles, from one input to one output.

Nodes stand in an order in which they can be computed. Every tensor t is a function of
the input x, and the upper ends are carried along: L_x = 1, L_constant = 0, and a layer
with the constant U makes of its inputs' constants what `Layer.composed` says: U L for
one input, sums where branches are added, roots of sums of squares where they are put
beside each other.

**Affine parts.** Where several affine layers follow each other, the product of their
norms can be far above the norm of the product. The part from one tensor a to another t,
if small enough, is therefore also written as one matrix M, column by column, and
L_t <= L_a (||M|| + e sqrt(n)), where e bounds the error of a column of the computed M.
A batch normalisation that alone follows a dense or convolutional layer is folded into
its weights.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.lipschitz._base import Array, Bound, Layer, Rearrangement, Shape
from geomadv.lipschitz._gram import dense_norm
from geomadv.lipschitz._layers import BatchNormalization, Conv, Dense

_MOST_MATRIX = 2**21
_MOST_SIDE = 1024
_MOST_COLUMN_WORK = 2**33
_MOST_PARTS = 2**36  # for the matrices of all affine parts together
_NODE = 2**18  # what Python takes for a node's input, in multiplications
_BLOCK = 2**24


@dataclass(frozen=True, eq=False)
class Node:
    """One layer in its place.

    Parameters
    ----------
    name : str
        What it is called.
    layer : Layer
        What it computes.
    inputs : tuple of str
        The tensors that it takes.
    output : str
        The tensor that it makes.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True, eq=False)
class Graph:
    """A network.

    Parameters
    ----------
    nodes : tuple of Node
        In the order in which they are computed.
    input, output : str
        Tensors.
    shapes : mapping of str to tuple of int
        Shapes of the tensors as far as they are known; that of the input is.
    constants : mapping of str to array
        Tensors that do not depend on the input.
    """

    nodes: tuple[Node, ...]
    input: str
    output: str
    shapes: Mapping[str, Shape]
    constants: Mapping[str, NDArray] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every layer and every shape is known, so that it can be computed."""
        return all(n.output in self.shapes for n in self.nodes)

    def inputs_of(self, node: Node) -> list[Shape] | None:
        """Return the shapes of the inputs of a node, or None."""
        if any(t not in self.shapes for t in node.inputs):
            return None
        return [self.shapes[t] for t in node.inputs]

    def work(self) -> int:
        """Return about how many multiplications one point takes."""
        return sum(node.layer.work(s, out) for node, s, out in self._known())

    def call_work(self) -> int:
        """Return what Python takes for an evaluation, in multiplications."""
        steps = sum(node.layer.call_work(s, out) for node, s, out in self._known())
        return steps + _NODE * sum(len(node.inputs) for node in self.nodes)

    def _known(self) -> Iterator[tuple[Node, list[Shape], Shape]]:
        """Yield the nodes whose shapes are known, with those."""
        for node in self.nodes:
            shapes = self.inputs_of(node)
            if shapes is not None and node.output in self.shapes:
                yield node, shapes, self.shapes[node.output]

    def entries(self) -> int:
        """Return the number of entries of all tensors of one point, and of work."""
        total = sum(math.prod(shape) for shape in self.shapes.values())
        return total + max(map(self.space, self.nodes), default=0)

    def space(self, node: Node) -> int:
        """Return how many numbers a node holds besides its input and its result."""
        shapes = self.inputs_of(node)
        return 0 if shapes is None else node.layer.space(shapes)

    def values(self, X: Array) -> dict[str, Array]:
        """Return all tensors at points X of shape (b, *input)."""
        found = {name: value[None] for name, value in self.constants.items()}
        found[self.input] = X
        for node in self.nodes:
            found[node.output] = node.layer.forward(*(found[t] for t in node.inputs))
        return found

    def errors(
        self, values: Mapping[str, Array], uppers: Mapping[str, float]
    ) -> dict[str, Float[NDArray, " b"]]:
        """Return bounds of the l_2 errors of computed tensors; keys are tensors.

        `uppers` are the upper ends of the layers by the names of their outputs.
        """
        b = len(values[self.input])
        found = {name: np.zeros(b) for name in (self.input, *self.constants)}
        for node in self.nodes:
            raw = [values[t] for t in node.inputs]
            xs = [np.broadcast_to(x, (b, *x.shape[1:])) for x in raw]
            own = node.layer.rounding(xs, values[node.output])
            each = np.stack([found[t] for t in node.inputs])
            shapes = self.inputs_of(node)
            carried = [
                node.layer.composed(uppers[node.output], column.tolist(), shapes)
                for column in each.T
            ]
            found[node.output] = (np.array(carried) + own) * (1 + 1e-12)
        return found

    def jvp(self, values: Mapping[str, Array], v: Array) -> Array:
        """Return the Jacobian of the output at computed tensors, applied to v."""
        moved: dict[str, Array | None] = dict.fromkeys(self.constants)
        moved[self.input] = v
        for node in self.nodes:
            moved[node.output] = _pushed(node, values, moved, self.shapes, len(v))
        result = moved[self.output]
        if result is None:
            return np.zeros((len(v), *self.shapes[self.output]))
        return np.broadcast_to(result, (len(v), *result.shape[1:]))

    def vjp(self, values: Mapping[str, Array], u: Array) -> Array:
        """Return the transpose of the Jacobian at computed tensors, applied to u."""
        back: dict[str, Array] = {self.output: u}
        for node in reversed(self.nodes):
            if node.output not in back:
                continue
            shapes = [self.shapes[t] for t in node.inputs]
            xs = [values[t] for t in node.inputs]
            parts = node.layer.vjp(xs, back.pop(node.output), shapes)
            for tensor, part in zip(node.inputs, parts, strict=True):
                if tensor not in self.constants:
                    back[tensor] = back[tensor] + part if tensor in back else part
        x = self.shapes[self.input]
        return back.get(self.input, np.zeros((len(u), *x)))


def chain(layers: Sequence[Layer], shape: Shape) -> Graph:
    """Return the network of layers that follow each other; (1, *shape) goes in."""
    shapes: dict[str, Shape] = {"x": (1, *shape)}
    nodes, last = [], "x"
    for i, layer in enumerate(layers, 1):
        name = f"{layer.op.lower()}{i}"
        try:
            shapes[name] = layer.shape(shapes[last])
        except ValueError as error:
            raise ValueError(f"layer {i} ({layer.op}): {error}") from error
        nodes.append(Node(name, layer, (last,), name))
        last = name
    return Graph(tuple(nodes), "x", last, shapes)


def folded(graph: Graph) -> Graph:
    """Return the network with batch normalisations folded into what they follow."""
    used = Counter(t for node in graph.nodes for t in node.inputs)
    used[graph.output] += 1
    nodes: list[Node] = []
    places: dict[str, int] = {}
    for node in graph.nodes:
        at = next((places[t] for t in node.inputs if t in places), -1)
        before = nodes[at] if at >= 0 else None
        if (
            isinstance(node.layer, BatchNormalization)
            and before is not None
            and used[before.output] == 1
            and isinstance(before.layer, Dense | Conv)
            and _takes_scale(before, graph)
        ):
            nodes[at] = Node(
                f"{before.name} + {node.name}",
                before.layer.scaled(node.layer.scale, node.layer.shift),
                before.inputs,
                node.output,
            )
            places[node.output] = at
        else:
            places[node.output] = len(nodes)
            nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


def _takes_scale(node: Node, graph: Graph) -> bool:
    """Tell whether channels, the axis 1, are what the layer's weights make."""
    if isinstance(node.layer, Conv):
        return True
    out = graph.shapes.get(node.output)
    return (
        isinstance(node.layer, Dense)
        and node.layer.axis == -1
        and out is not None
        and len(out) == 2
    )


def layer_bounds(
    graph: Graph,
    rtol: float,
    told: Callable[[str], None] = lambda name: None,
    budget: float = math.inf,
) -> tuple[list[Bound], list[float]]:
    """Return the interval of each layer, and the seconds that it took.

    The cheapest layers come first to their share of `budget` multiplications. Those
    that are left get bounds that take one look at each weight. So what comes out
    depends on the network alone.
    """
    import time

    works = [node.layer.bound_work(graph.inputs_of(node)) for node in graph.nodes]
    rough, spent = set(), 0
    for i in sorted(range(len(works)), key=lambda i: works[i]):
        spent += works[i]
        if spent > budget and works[i]:
            rough.add(i)
    bounds, seconds = [], []
    for i, node in enumerate(graph.nodes):
        told(node.name)
        start = time.perf_counter()
        shapes, layer = graph.inputs_of(node), node.layer
        bounds.append(
            layer.rough_bound(shapes) if i in rough else layer.bound(shapes, rtol)
        )
        seconds.append(time.perf_counter() - start)
    return bounds, seconds


def upper_ends(graph: Graph, bounds: Sequence[Bound]) -> dict[str, float]:
    """Return upper bounds of the tensors' constants as functions of the input."""
    found = {graph.input: 1.0} | dict.fromkeys(graph.constants, 0.0)
    origin = {graph.input: graph.input}
    sizes = dict.fromkeys(found, 0)  # how many layers that change norms since then
    ends, parts = _ends(graph), _Parts(graph)
    for node, bound in zip(graph.nodes, bounds, strict=True):
        t, shapes = node.output, graph.inputs_of(node)
        constants = [found[i] for i in node.inputs]
        found[t] = node.layer.composed(bound.upper, constants, shapes)
        origin[t], sizes[t] = t, 0
        varying = [i for i in node.inputs if i not in graph.constants]
        sources = {origin[i] for i in varying}
        if not node.layer.affine or len(sources) != 1 or t not in graph.shapes:
            continue
        (source,) = sources
        sizes[t] = sum(sizes[i] for i in varying) + (
            not isinstance(node.layer, Rearrangement)
        )
        origin[t] = source
        if t in ends and sizes[t] > 1 and (nodes := parts.small(source, t)):
            norm = _matrix_norm(graph, bounds, source, t, nodes)
            found[t] = min(found[t], found[source] * norm)
    return found


def _ends(graph: Graph) -> set[str]:
    """Return the tensors at which an affine part may end."""
    ends = {graph.output}
    for node in graph.nodes:
        if not node.layer.affine:
            ends.update(node.inputs)
    return ends


class _Parts:
    """Affine parts, as long as the work for them all is in bounds."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.left = graph, _MOST_PARTS
        self.makers = {node.output: i for i, node in enumerate(graph.nodes)}

    def small(self, source: str, target: str) -> list[Node]:
        """Return the nodes from one tensor to another, none if they are too many."""
        shapes = self.graph.shapes
        n, m = math.prod(shapes[source]), math.prod(shapes[target])
        if n > _MOST_SIDE or n * m > _MOST_MATRIX:
            return []
        nodes = self._between(source, target)
        columns = n * sum(
            node.layer.work([shapes[t] for t in node.inputs], shapes[node.output])
            for node in nodes
        )
        work = columns + n * m * min(n, m) + _NODE * len(nodes)
        if columns > _MOST_COLUMN_WORK or work > self.left:
            return []
        self.left -= work
        return nodes

    def _between(self, source: str, target: str) -> list[Node]:
        """Return the nodes from one tensor to another, all of them affine."""
        found: set[int] = set()
        waiting = [target]
        while waiting and self.left > 0:
            i = self.makers.get(waiting.pop(), -1)
            if i >= 0 and i not in found:
                self.left -= _NODE // 16
                found.add(i)
                waiting += [t for t in self.graph.nodes[i].inputs if t != source]
        return [self.graph.nodes[i] for i in sorted(found)]


def _matrix_norm(
    graph: Graph,
    bounds: Sequence[Bound],
    source: str,
    target: str,
    nodes: Sequence[Node],
) -> float:
    """Return an upper bound of the norm of an affine part, from its matrix."""
    uppers = {n.output: b.upper for n, b in zip(graph.nodes, bounds, strict=True)}
    shape = graph.shapes[source]
    n = math.prod(shape)
    largest = max(
        math.prod(graph.shapes[node.output]) + graph.space(node) for node in nodes
    )
    block = max(1, min(n, _BLOCK // max(largest, 1)))
    part = Graph(
        tuple(nodes),
        source,
        target,
        graph.shapes,
        {k: np.zeros_like(v) for k, v in graph.constants.items()},
    )
    rows, error = [], 0.0
    for start in range(0, n, block):
        V = np.eye(n)[start : start + block].reshape(-1, *shape)
        moved: dict[str, Array | None] = dict.fromkeys(graph.constants)
        moved[source] = V
        for node in nodes:
            moved[node.output] = _pushed(node, None, moved, graph.shapes, len(V))
        full = {
            t: np.zeros((1, *graph.shapes[t])) if v is None else v
            for t, v in moved.items()
        }
        error = max(error, float(part.errors(full, uppers)[target].max(initial=0.0)))
        rows.append(full[target].reshape(len(V), -1))
    M = np.concatenate(rows)
    return (float(dense_norm(M).upper) + error * math.sqrt(n)) * (1 + 1e-15)


def _pushed(
    node: Node,
    values: Mapping[str, Array] | None,
    moved: Mapping[str, Array | None],
    shapes: Mapping[str, Shape],
    b: int,
) -> Array | None:
    """Return the tangent of a node's output; None stands for zero."""
    vs = [moved[t] for t in node.inputs]
    if all(v is None for v in vs):
        return None
    full = [
        np.zeros((b, *shapes[t])) if v is None else v
        for t, v in zip(node.inputs, vs, strict=True)
    ]
    xs = () if values is None else [values[t] for t in node.inputs]
    return node.layer.jvp(xs, full)
