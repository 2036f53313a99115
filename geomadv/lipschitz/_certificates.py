r"""Radii in which a network provably keeps its decision, from its Lipschitz constant.

Let f have the constant L, and let c be the class of the largest logit at x. For every
other class j

    |(f_c - f_j)(x) - (f_c - f_j)(x')| = |<e_c - e_j, f(x) - f(x')>|
                                       <= sqrt(2) L |x - x'|

so the decision is c wherever |x - x'| < min_j (f_c - f_j)(x)/(sqrt(2) L). Where the
last layer is z -> W z + b and z has the constant L', the difference is also
|w_c - w_j| L'-Lipschitz, which is the sharper of the two as a rule (Tsuzuku, Sato and
Sugiyama 2018, arXiv:1802.04034). A softmax or a logarithm of it after the logits does
not change their order and is left out; of a single output the sign decides (for a
sigmoid: of what is before it), and the radius is |f(x)|/L.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.lipschitz._activations import Activation, Softmax
from geomadv.lipschitz._base import UNIT, Array
from geomadv.lipschitz._graph import Graph, Node
from geomadv.lipschitz._layers import Dense
from geomadv.lipschitz._tensors import Reshape

_BLOCK = 2**24


@dataclass(frozen=True, eq=False)
class Certificates:
    """What is certain about the decisions at n points.

    Parameters
    ----------
    prediction : (n,) array of int
        The class decided for; of one output 1 where it is positive, else 0.
    margin : (n,) array
        The largest logit less the second, or |f|; 0 where rounding decides.
    radius : (n,) array
        Radii in l_2 within which the decision is the same, rounding included.
    right : (n,) array of bool, optional
        Whether the decision is the label, where labels were given.
    """

    prediction: Int[NDArray, " n"]
    margin: Float[NDArray, " n"]
    radius: Float[NDArray, " n"]
    right: Bool[NDArray, " n"] | None = None


def certify(
    graph: Graph,
    layer_uppers: Mapping[str, float],
    uppers: Mapping[str, float],
    X: Float[NDArray, "n ..."],
    y: NDArray | None,
) -> Certificates:
    """Return the certificates at points.

    `layer_uppers` are upper ends of layers, `uppers` of the maps from the input to each
    tensor, both by the names of tensors.
    """
    graph, sign_only = _decisive(graph)
    K = math.prod(graph.shapes[graph.output])
    steep = _steepness(graph, uppers, K)
    prediction = np.zeros(len(X), dtype=np.int64)
    margin, radius = np.zeros(len(X)), np.zeros(len(X))
    block = max(1, _BLOCK // max(graph.entries(), 1))
    for start in range(0, len(X), block):
        part = slice(start, start + block)
        values = graph.values(X[part])
        n = len(X[part])
        raw = values[graph.output]
        logits = np.broadcast_to(raw, (n, *raw.shape[1:])).reshape(n, K)
        error = graph.errors(values, layer_uppers)[graph.output]
        if sign_only or K == 1:
            prediction[part] = logits[:, 0] > 0
            gaps = np.abs(logits)
            certain = gaps - error[:, None]
            limits = np.full((n, 1), steep[0, 0])
        else:
            best = logits.argmax(axis=1)
            prediction[part] = best
            gaps = logits[np.arange(n), best][:, None] - logits
            doubt = math.sqrt(2.0) * error[:, None] + 4 * UNIT * np.abs(logits).max(
                axis=1, keepdims=True
            )
            certain = gaps - doubt
            limits = steep[best]
            own = np.arange(K) == best[:, None]
            certain = np.where(own, np.inf, certain)
            gaps = np.where(own, np.inf, gaps)
        margin[part] = gaps.min(axis=1)
        radius[part] = _radii(certain, limits).min(axis=1)
    right = None if y is None else prediction == y
    return Certificates(prediction, margin, radius, right)


def _radii(certain: Array, limits: Array) -> Array:
    """Return certain/limits rounded down; infinite where a function is constant."""
    with np.errstate(divide="ignore", invalid="ignore"):
        radii = certain / limits * (1.0 - 4 * UNIT)
    radii = np.where(np.isnan(radii), 0.0, radii)
    return np.maximum(np.where(certain > 0, radii, 0.0), 0.0)


def _decisive(graph: Graph) -> tuple[Graph, bool]:
    """Leave out what changes no decision at the end; tell if a sign decides."""
    made = {node.output: node for node in graph.nodes}
    K = math.prod(graph.shapes[graph.output])
    output = graph.output
    while output in made:
        node = made[output]
        layer = node.layer
        flat = isinstance(layer, Reshape)
        shape = graph.shapes[node.inputs[0]]
        soft = isinstance(layer, Softmax) and shape[layer.axis] == K
        squash = K == 1 and isinstance(layer, Activation) and layer.op == "Sigmoid"
        if not (flat or (soft and K > 1) or squash):
            break
        output = node.inputs[0]
    needed: set[str] = {output}
    nodes: list[Node] = []
    for node in reversed(graph.nodes):
        if node.output in needed:
            nodes.append(node)
            needed.update(node.inputs)
    cut = Graph(tuple(nodes[::-1]), graph.input, output, graph.shapes, graph.constants)
    return cut, K == 1


def _steepness(
    graph: Graph, uppers: Mapping[str, float], K: int
) -> Float[NDArray, "k k"]:
    """Return bounds of the constants of f_c - f_j, the diagonal left out."""
    if K == 1:
        return np.full((1, 1), uppers[graph.output])
    steep = np.full((K, K), math.sqrt(2.0) * uppers[graph.output])
    last = next((n for n in graph.nodes if n.output == graph.output), None)
    if (
        last is not None
        and isinstance(last.layer, Dense)
        and last.layer.axis == -1
        and len(last.layer.W) == K
    ):
        W, before = last.layer.W, uppers[last.inputs[0]]
        for c in range(K):
            rows = np.linalg.norm(W - W[c], axis=1) * before
            steep[c] = np.minimum(steep[c], rows)
    return steep * (1.0 + 1e-12)  # the norms of up to 2^12 numbers, rounded
