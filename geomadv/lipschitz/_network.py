r"""Two-sided bounds of a network's l_2 Lipschitz constant.

    L(f) = sup_{x != x'} |f(x) - f(x')|/|x - x'|

is enclosed: above by the layers' constants, carried through the network (`_graph`),
below by a pair of points (`_witness`). Computing L is NP-hard already for two layers
(Virmaux and Scaman 2018, arXiv:1805.10965), so the ends are apart as a rule; they meet
for affine networks. A layer of which nothing is known makes the upper end infinite, and
is named.

The network is the map of real numbers that the stored weights define, not its copy in
single precision.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import real, real_array
from geomadv.lipschitz._base import UNIT, Layer, Shape
from geomadv.lipschitz._certificates import Certificates, certify
from geomadv.lipschitz._graph import Graph, chain, folded, layer_bounds, upper_ends
from geomadv.lipschitz._layers import Dense
from geomadv.lipschitz._witness import best_pair

_MOST_ENTRIES = 2**27  # of all tensors of one point
_MOST_WORK = 2**35  # multiplications of one evaluation
_RATE = 2**34  # multiplications a second, about, of two cores


@dataclass(frozen=True)
class LayerBound:
    """One layer of a network and the interval of its constant.

    Parameters
    ----------
    name, op : str
        What it is called and what it does.
    shape : tuple of int, optional
        Size of its kernel: inputs, then the window, then outputs.
    stride : tuple of int, optional
        Its stride.
    lower, upper : float
        The ends; `upper` is infinite where nothing is known.
    method : str
        How they were found; ``"none: REASON"`` where nothing is known.
    seconds : float
        Time that it took.
    """

    name: str
    op: str
    shape: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    lower: float
    upper: float
    method: str
    seconds: float


@dataclass(frozen=True, eq=False)
class NetworkBounds:
    """The interval of a network's constant, and of those of its layers.

    Parameters
    ----------
    layers : tuple of LayerBound
        The layers in the order of computation.
    lower : float
        The quotient |f(x) - f(x')|/|x - x'| of the pair `witness`, rounding taken off.
    upper : float
        Certified; infinite where a layer is not known.
    reason : str
        Why the upper end is infinite, or the lower one 0; empty otherwise.
    witness : (2, ...) array, optional
        The pair of points; None where the network cannot be evaluated.
    certificates : Certificates, optional
        Radii at the data, where some were given.
    graph : Graph
        The network as it was read.
    """

    layers: tuple[LayerBound, ...]
    lower: float
    upper: float
    reason: str
    witness: Float[NDArray, "2 ..."] | None
    certificates: Certificates | None
    graph: Graph = field(repr=False)

    @property
    def product(self) -> float:
        """The product of the layers' upper ends, as in a table of them.

        No bound where `branches`.
        """
        return math.prod(layer.upper for layer in self.layers)

    @property
    def branches(self) -> bool:
        """Whether some layer takes more than one tensor that varies."""
        constants = self.graph.constants
        return any(
            sum(tensor not in constants for tensor in node.inputs) > 1
            for node in self.graph.nodes
        )


def network_bounds(
    model: Any,
    *,
    data: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    rng: "np.random.Generator | int" = 0,
    shape: tuple[int, ...] | None = None,
    rtol: float = 1e-3,
    output: str | None = None,
    max_bytes: int = 2**30,
    budget: float = 120.0,
    told: Callable[[str], None] | None = None,
) -> NetworkBounds:
    r"""Return two-sided bounds of a network's l_2 Lipschitz constant.

    Parameters
    ----------
    model : path, bytes, or sequence of layers
        An ONNX file or its content, or layers such as `Dense` and `Relu`, one after
        the other.
    data : (n, ...) array_like, optional
        Points at which radii are certified, and where the lower end is looked for as
        well; each of the input's shape, or in a row.
    labels : (n,) array_like of int, optional
        The classes of the points.
    rng : numpy.random.Generator or int
        For the points of the lower end.
    shape : tuple of int, optional
        Shape of one input, without the axis of the batch. Needed for layers that do
        not begin with a `Dense` one, and for files whose input has free sizes.
    rtol : float
        Relative width of the layers' intervals that is asked for, in (0, 1).
    output : str, optional
        Which output of the file is meant, where it has several.
    max_bytes : int
        Size of the file at most.
    budget : float
        About how many seconds of two cores the norms of all layers may take. They are
        counted as 2^34 multiplications each, so that nothing depends on the machine;
        the costliest layers beyond get rough intervals, by row and column sums.
    told : callable, optional
        Called with the name of each layer before it is bounded.

    Returns
    -------
    NetworkBounds

    Raises
    ------
    ModelFileError
        If the file is no ONNX network, is damaged or hostile, or too large.
    ImportError
        If a file is given and onnx is not installed.
    OSError
        If the file cannot be read.
    ValueError, TypeError
        If another argument is not as described.

    Notes
    -----
    The upper end holds for real arithmetic with the stored weights, rounding included.
    The lower end is that of a pair of points, and therefore right however badly the
    search goes. On 60 random ReLU networks of three dense layers of two to four units
    the ends were apart by a factor of 1.1 to 5.0, of 2.0 in the median.

    Examples
    --------
    An affine network has equal ends:

    >>> layers = [Dense([[3.0, 0.0], [0.0, 1.0]]), Dense([[0.0, 1.0], [1.0, 0.0]])]
    >>> found = network_bounds(layers)
    >>> round(found.lower, 9), round(found.upper, 9)
    (3.0, 3.0)
    """
    rtol = real("rtol", rtol, lower=0.0, upper=1.0, open_lower=True, open_upper=True)
    seconds_left = real("budget", budget, lower=0.0)
    rng = generator(rng)
    graph = folded(_graph(model, shape, output, max_bytes))
    _check_size(graph)
    X, y = _data(graph, data, labels)
    tell = told if told is not None else (lambda name: None)
    bounds, seconds = layer_bounds(graph, rtol, tell, _RATE * seconds_left)
    uppers = upper_ends(graph, bounds)
    rows = tuple(
        LayerBound(
            node.name,
            node.layer.op,
            node.layer.kernel,
            node.layer.steps,
            bound.lower,
            bound.upper,
            bound.method,
            spent,
        )
        for node, bound, spent in zip(graph.nodes, bounds, seconds, strict=True)
    )
    upper = uppers[graph.output]
    unknown = [f"{row.name} ({row.method})" for row in rows if row.upper == math.inf]
    reason = "" if math.isfinite(upper) else "; ".join(unknown)
    if not math.isfinite(upper) and not reason:
        reason = "the product of the layers' constants overflows"
    lower, witness, certificates = 0.0, None, None
    if graph.complete and not unknown:
        tell("pairs of points")
        layer_uppers = {
            node.output: bound.upper
            for node, bound in zip(graph.nodes, bounds, strict=True)
        }
        with np.errstate(over="ignore", invalid="ignore"):
            # small products, at which threads of BLAS wait more than they work
            (pair,) = _dispatch.on_all_cores(
                lambda _: best_pair(graph, layer_uppers, rng, X), 1
            )
            lower, first, second = pair
            witness = np.stack([first, second])
            if X is not None:
                certificates = certify(graph, layer_uppers, uppers, X, y)
    if lower > upper:  # a few units of rounding, or a bug
        if lower > upper * (1.0 + 1e3 * UNIT):
            raise AssertionError(f"lower {lower!r} exceeds upper {upper!r}")
        lower = upper
    return NetworkBounds(rows, lower, upper, reason, witness, certificates, graph)


def _graph(
    model: Any, shape: tuple[int, ...] | None, output: str | None, max_bytes: int
) -> Graph:
    if isinstance(model, Graph):
        return model
    if isinstance(model, bytes | bytearray | memoryview | str | Path):
        from geomadv.lipschitz._onnx import read_onnx

        return read_onnx(model, shape=shape, output=output, max_bytes=max_bytes)
    if not isinstance(model, Sequence):
        raise TypeError(
            f"model must be a path, bytes or layers, got {type(model).__name__}"
        )
    if not model:
        raise ValueError("model must have at least one layer, got none")
    for layer in model:
        if not isinstance(layer, Layer):
            raise TypeError(f"model must hold layers, got {type(layer).__name__}")
    if shape is None:
        if not isinstance(model[0], Dense):
            raise ValueError("shape must be given where the first layer is not Dense")
        shape = (model[0].W.shape[1],)
    return chain(model, tuple(shape))


def _check_size(graph: Graph) -> None:
    for what, found, most in (
        ("numbers in its tensors", graph.entries(), _MOST_ENTRIES),
        ("multiplications", graph.work() + graph.call_work(), _MOST_WORK),
    ):
        if found > most:
            raise ValueError(f"model takes {found} {what} for one point, above {most}")


def _data(
    graph: Graph, data: ArrayLike | None, labels: ArrayLike | None
) -> tuple[NDArray | None, NDArray | None]:
    if data is None:
        if labels is not None:
            raise ValueError("labels need data")
        return None, None
    shape = graph.shapes[graph.input]
    X = real_array("data", data)
    size = math.prod(shape)
    if X.ndim == 0 or X[:1].size != min(len(X), 1) * size or len(X) == 0:
        inner = _inner(shape)
        raise ValueError(
            f"data must be points of shape {inner}, or rows of {size} numbers; "
            f"got shape {X.shape}"
        )
    X = X.reshape(len(X), *shape)
    if labels is None:
        return X, None
    y = real_array("labels", labels)
    if y.shape != (len(X),) or not np.array_equal(y, np.round(y)):
        raise ValueError(f"labels must be {len(X)} integers, got shape {y.shape}")
    return X, y.astype(np.int64)


def _inner(shape: Shape) -> Shape:
    return shape[1:] if shape[:1] == (1,) else shape
