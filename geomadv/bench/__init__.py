"""Measurements: each kernel against its peers and against the bound of the machine.

`find` returns cases by name, `bench` measures them, and ``geomadv bench`` is both. No
other library is imported before a measurement begins.
"""

from geomadv.bench._case import Case as Case
from geomadv.bench._case import Part as Part
from geomadv.bench._case import Peer as Peer
from geomadv.bench._case import Settings as Settings
from geomadv.bench._cases import find as find
from geomadv.bench._cases import kernels as kernels
from geomadv.bench._machine import DeviceUnavailableError as DeviceUnavailableError
from geomadv.bench._machine import available_threads as available_threads
from geomadv.bench._machine import device_name as device_name
from geomadv.bench._memory import peak_memory as peak_memory
from geomadv.bench._report import BoundResult as BoundResult
from geomadv.bench._report import CaseResult as CaseResult
from geomadv.bench._report import PeerResult as PeerResult
from geomadv.bench._report import Report as Report
from geomadv.bench._run import bench as bench
from geomadv.bench._timing import Spread as Spread

__all__ = [
    "BoundResult",
    "Case",
    "CaseResult",
    "DeviceUnavailableError",
    "Part",
    "Peer",
    "PeerResult",
    "Report",
    "Settings",
    "Spread",
    "available_threads",
    "bench",
    "device_name",
    "find",
    "kernels",
    "peak_memory",
]
