"""Metric measure spaces: sampling, distance, and how fast sets must grow."""

from geomadv.spaces._cube import Cube as Cube
from geomadv.spaces._gaussian import Gaussian as Gaussian
from geomadv.spaces._hamming import HammingCube as HammingCube
from geomadv.spaces._isoperimetry import Isoperimetry as Isoperimetry
from geomadv.spaces._sphere import Sphere as Sphere

__all__ = ["Cube", "Gaussian", "HammingCube", "Isoperimetry", "Sphere"]
