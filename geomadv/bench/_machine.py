"""The machine: what it is, how much of it there is, and its GPU."""

import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from geomadv.bench._case import Data, Settings
from geomadv.bench._libraries import reason, versions


class DeviceUnavailableError(RuntimeError):
    """There is no GPU, or no CuPy that could use it."""


def available_threads() -> int:
    """Return the number of processors that this process may use.

    Returns
    -------
    int
        At least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(settings: Settings, libraries: Iterable[str]) -> dict[str, Any]:
    """Return what the figures depend on, for the JSON document."""
    from threadpoolctl import threadpool_info

    return {
        "processor": _processor(),
        "processors": available_threads(),
        "memory_bytes": total_memory(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "gpu": device_name() if settings.gpu else None,
        "threads": settings.threads,
        "versions": versions(libraries),
        "thread_pools": [
            {
                "library": pool["internal_api"],
                "version": pool["version"],
                "architecture": pool.get("architecture"),
            }
            for pool in threadpool_info()
        ],
    }


def device_name() -> str:
    """Return the name of the GPU.

    Returns
    -------
    str
        As CUDA calls it.

    Raises
    ------
    DeviceUnavailableError
        If there is none, with the reason.
    """
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):
            import cupy

            runtime = cupy.cuda.runtime
            runtime.getDeviceCount()
            name: bytes = runtime.getDeviceProperties(0)["name"]
    except ImportError:
        raise DeviceUnavailableError("CuPy is not installed") from None
    except Exception as error:
        raise DeviceUnavailableError(f"no CUDA device: {reason(error)}") from error
    return name.decode()


def put(data: Data, gpu: bool) -> Data:
    """Return the data with its arrays on the GPU, if that is wanted."""
    if not gpu:
        return data
    import cupy
    import numpy as np

    return {
        name: cupy.asarray(value) if isinstance(value, np.ndarray) else value
        for name, value in data.items()
    }


def finisher(gpu: bool) -> Callable[[], object]:
    """Return what waits until the GPU has done its work; nothing without one."""
    if not gpu:
        return lambda: None
    import cupy

    stream = cupy.cuda.get_current_stream()
    synchronize: Callable[[], object] = stream.synchronize
    return synchronize


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def total_memory() -> int | None:
    """Return the bytes of memory, if the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
