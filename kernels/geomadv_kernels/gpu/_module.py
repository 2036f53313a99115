"""Compile CUDA C++ for the device in use, one instance of a kernel at a time.

A source is ``common.cuh`` followed by ``FILE.cu``, package data both. NVRTC compiles an
instance when it is first asked for, and the binary is kept in a folder of CuPy's cache.
Multiplication and addition are not contracted, so that a kernel's float64 arithmetic is
NumPy's; where a fused operation is wanted, the source says `fmaf` or `fma`. Subnormal
numbers are kept, too: CuPy's `RawModule` would compile with ``-ftz=true``, whatever its
options say (CuPy issue 9576), and so only loads here what has been compiled.
"""

import contextlib
import functools
import hashlib
import os
import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

OPTIONS = ("-std=c++17", "-fmad=false", "-ftz=false", "-default-device")

_INCLUDE = re.compile(r'^#include "(.+)"$', re.MULTILINE)


def source(file: str) -> str:
    """Return the CUDA C++ of a file, given without its ending, with all it includes."""
    return _text("common.cuh") + _text(f"{file}.cu")


def _text(name: str) -> str:
    text = (resources.files("geomadv_kernels.gpu") / name).read_text("utf-8")

    def included(found: re.Match[str]) -> str:
        line = text.count("\n", 0, found.start()) + 2
        return f'{_text(found[1])}#line {line} "{name}"'

    return f'#line 1 "{name}"\n{_INCLUDE.sub(included, text)}\n'


def function(file: str, name: str) -> Any:
    """Return a kernel for the current device.

    Parameters
    ----------
    file : str
        The source, without its ending.
    name : str
        The function: an instance of a template, "nearest<float, 0>" say.
    """
    import cupy

    return compiled(file, name, cupy.cuda.Device().id)


def device_of(*arrays: Any) -> Any:
    """Return the device of CuPy arrays: a context, in which to work with them."""
    import cupy

    for array in arrays:
        if not isinstance(array, cupy.ndarray):
            raise TypeError(f"arrays must be CuPy arrays, got {type(array).__name__}")
    places = sorted({array.device.id for array in arrays})
    if len(places) > 1:
        named = " and ".join(map(str, places))
        raise ValueError(f"all arrays must be on one device, got devices {named}")
    return arrays[0].device


@functools.cache
def compiled(file: str, name: str, device: int) -> Any:
    """Compile a kernel, once for each device, which is the current one."""
    import cupy

    code = source(file)
    version = cupy.cuda.nvrtc.getVersion()
    architecture = cupy.cuda.Device(device).compute_capability
    parts = repr((code, name, OPTIONS, version, architecture))
    key = hashlib.sha256(parts.encode()).hexdigest()[:32]
    if kept := _kept(key):
        return _loaded(kept)
    binary, names = cupy.cuda.compiler.compile_using_nvrtc(
        code, OPTIONS, name_expressions=(name,), cache_in_memory=True
    )
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{key}-{names[name]}"
        path.write_bytes(binary)
        _keep(path)
        return _loaded(path)


def _cache() -> Path:
    """Return the folder where binaries are kept."""
    home = os.environ.get("CUPY_CACHE_DIR") or "~/.cupy/kernel_cache"
    return Path(home).expanduser() / "geomadv"


def _kept(key: str) -> Path | None:
    """Return the file KEY-NAME that is kept, if there is one."""
    with contextlib.suppress(OSError):
        return next(_cache().glob(f"{key}-*"), None)
    return None


def _keep(path: Path) -> None:
    """Copy a file into the cache, whole or, if that cannot be written, not at all."""
    folder = _cache()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copy = Path(scratch) / path.name
            copy.write_bytes(path.read_bytes())
            copy.replace(folder / path.name)


def _loaded(path: Path) -> Any:
    """Load a kernel now from the file KEY-NAME, NAME that of the binary."""
    import cupy

    name = path.name.partition("-")[2]
    return cupy.RawModule(path=str(path)).get_function(name)
