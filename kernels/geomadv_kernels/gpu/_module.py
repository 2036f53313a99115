"""Compile CUDA C++ for the device in use, one instance of a kernel at a time.

A source is ``common.cuh`` followed by ``FILE.cu``, package data both. NVRTC compiles an
instance when it is first asked for, and CuPy keeps the binary in its own cache.
Multiplication and addition are not contracted, so that a kernel's float64 arithmetic is
NumPy's; where a fused operation is wanted, the source says `fmaf` or `fma`.
"""

import functools
import re
from importlib import resources
from typing import Any

OPTIONS = ("-std=c++17", "-fmad=false", "-default-device")

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


@functools.cache
def compiled(file: str, name: str, device: int) -> Any:  # noqa: ARG001
    """Compile a kernel, once for each device."""
    import cupy

    module = cupy.RawModule(
        code=source(file), options=OPTIONS, name_expressions=(name,)
    )
    return module.get_function(name)
