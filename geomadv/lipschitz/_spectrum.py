r"""Singular values of a network's layers, for pictures.

Those of a convolution are those of the circular one of the same size, which the
Fourier transform gives (Sedghi, Gupta and Long 2019, arXiv:1805.10408); the image is
enlarged to a multiple of the stride. Those of a large matrix are roots of eigenvalues
of W'W or W W', so values below 1e-8 of the largest one are rounding, and are left out.
"""

import math

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.lipschitz._base import Layer, Shape
from geomadv.lipschitz._conv import conv_singular_values
from geomadv.lipschitz._graph import Graph
from geomadv.lipschitz._layers import BatchNormalization, Conv, ConvTranspose, Dense

_DIRECT = 1024
_MOST_SIDE = 8192
_MOST_WORK = 2**40
_SMALLEST = 1e-8


def layer_spectra(graph: Graph) -> dict[str, Float[NDArray, " k"]]:
    """Return the singular values of the layers with weights, by name, largest first.

    Parameters
    ----------
    graph : Graph
        The network.

    Returns
    -------
    dict of str to (k,) array
        Layers that are too large, or whose input has no known size, are left out.
    """
    found = {}
    for node in graph.nodes:
        shapes = graph.inputs_of(node)
        values = None if shapes is None else _values(node.layer, shapes[0])
        if values is not None and values.size and values.max() > 0:
            found[node.name] = np.sort(values[values > _SMALLEST * values.max()])[::-1]
    return found


def _values(layer: Layer, shape: Shape) -> Float[NDArray, " k"] | None:
    if isinstance(layer, Dense):
        return _of_matrix(layer.W)
    if isinstance(layer, BatchNormalization):
        return np.abs(layer.scale)
    if isinstance(layer, ConvTranspose):
        return _values(layer.conv, layer.shape(shape))
    if isinstance(layer, Conv):
        size = (1, shape[2]) if layer.line else shape[2:]
        n, m = (-(-k // s) * s for k, s in zip(size, layer.stride, strict=True))
        D, C = len(layer.w), layer.w.shape[1] * layer.groups
        work = n * m * D * C * min(D, C) // layer.groups**2
        if work > _MOST_WORK or n * m * max(D, C) > _MOST_WORK // 2**14:
            return None
        spectrum = conv_singular_values(
            layer.w, (n, m), layer.stride, layer.groups, layer.dilation
        )
        return np.asarray(spectrum).ravel()
    return None


def _of_matrix(W: Float[NDArray, "m n"]) -> Float[NDArray, " k"] | None:
    from scipy import linalg

    side = min(W.shape)
    if side > _MOST_SIDE or math.prod(W.shape) == 0:
        return None
    if side <= _DIRECT:
        return np.asarray(linalg.svdvals(W))
    G = W @ W.T if W.shape[0] == side else W.T @ W
    return np.sqrt(np.maximum(linalg.eigvalsh(G), 0.0))
