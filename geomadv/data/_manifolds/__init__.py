"""Labelled manifolds in R^d, with exact distances, tangent spaces and reach."""

from geomadv.data._manifolds._embedding import Embedding as Embedding
from geomadv.data._manifolds._flats import ParallelFlats as ParallelFlats
from geomadv.data._manifolds._labelled import LabelledManifold as LabelledManifold
from geomadv.data._manifolds._latent import FlatTorusDecoder as FlatTorusDecoder
from geomadv.data._manifolds._latent import LinearDecoder as LinearDecoder
from geomadv.data._manifolds._rolls import SwissRolls as SwissRolls
from geomadv.data._manifolds._spheres import EmbeddedSpheres as EmbeddedSpheres
from geomadv.data._manifolds._torus import NestedTori as NestedTori

__all__ = [
    "EmbeddedSpheres",
    "Embedding",
    "FlatTorusDecoder",
    "LabelledManifold",
    "LinearDecoder",
    "NestedTori",
    "ParallelFlats",
    "SwissRolls",
]
