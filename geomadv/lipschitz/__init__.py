"""Lipschitz constants in l_2, two-sided: of layers, of networks, of ONNX files.

`network_bounds` encloses the constant of a network; `conv_norm` and `dense_norm` those
of single layers. Layers are described by the classes below or read from a file.
"""

from geomadv.lipschitz._activations import Activation as Activation
from geomadv.lipschitz._activations import (
    ContrastNormalization as ContrastNormalization,
)
from geomadv.lipschitz._activations import (
    LocalResponseNormalization as LocalResponseNormalization,
)
from geomadv.lipschitz._activations import Relu as Relu
from geomadv.lipschitz._activations import Softmax as Softmax
from geomadv.lipschitz._alignment import Alignment as Alignment
from geomadv.lipschitz._alignment import alignment as alignment
from geomadv.lipschitz._base import Bound as Bound
from geomadv.lipschitz._base import Layer as Layer
from geomadv.lipschitz._certificates import Certificates as Certificates
from geomadv.lipschitz._conv import conv_norm as conv_norm
from geomadv.lipschitz._conv import conv_norm_sup as conv_norm_sup
from geomadv.lipschitz._conv import conv_singular_values as conv_singular_values
from geomadv.lipschitz._gram import Norm as Norm
from geomadv.lipschitz._gram import dense_norm as dense_norm
from geomadv.lipschitz._gram import gram_bound as gram_bound
from geomadv.lipschitz._gram import gram_bounds as gram_bounds
from geomadv.lipschitz._layers import BatchNormalization as BatchNormalization
from geomadv.lipschitz._layers import Conv as Conv
from geomadv.lipschitz._layers import Dense as Dense
from geomadv.lipschitz._network import LayerBound as LayerBound
from geomadv.lipschitz._network import NetworkBounds as NetworkBounds
from geomadv.lipschitz._network import network_bounds as network_bounds
from geomadv.lipschitz._pooling import AveragePool as AveragePool
from geomadv.lipschitz._pooling import GlobalAveragePool as GlobalAveragePool
from geomadv.lipschitz._pooling import GlobalMaxPool as GlobalMaxPool
from geomadv.lipschitz._pooling import MaxPool as MaxPool
from geomadv.lipschitz._tensors import Flatten as Flatten
from geomadv.lipschitz._wire import ModelFileError as ModelFileError

__all__ = [
    "Activation",
    "Alignment",
    "AveragePool",
    "BatchNormalization",
    "Bound",
    "Certificates",
    "ContrastNormalization",
    "Conv",
    "Dense",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Layer",
    "LayerBound",
    "LocalResponseNormalization",
    "MaxPool",
    "ModelFileError",
    "NetworkBounds",
    "Norm",
    "Relu",
    "Softmax",
    "alignment",
    "conv_norm",
    "conv_norm_sup",
    "conv_singular_values",
    "dense_norm",
    "gram_bound",
    "gram_bounds",
    "network_bounds",
]
