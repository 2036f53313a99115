"""Compile CUDA C++ with NVIDIA's run-time compiler, which needs no device."""

import ctypes
import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Use(NamedTuple):
    """What a kernel takes of the device."""

    registers: int
    spilled: int
    shared: int


def library() -> ctypes.CDLL:
    """Load the compiler of the package nvidia-cuda-nvrtc-cu12."""
    spec = importlib.util.find_spec("nvidia")
    assert spec
    places = spec.submodule_search_locations or ()
    (path,) = (
        f
        for place in places
        for f in Path(place).glob("cuda_nvrtc/lib/libnvrtc.so.*")
        if re.search(r"\.so\.\d+$", f.name)
    )
    return ctypes.CDLL(str(path))


def compiled(
    code: str, names: Sequence[str], options: Sequence[str], architecture: int
) -> dict[str, Use]:
    """Compile to machine code; return what each kernel uses, by its mangled name."""
    nvrtc = library()
    program = ctypes.c_void_p()

    def call(name: str, *arguments: object) -> int:
        return nvrtc[f"nvrtc{name}"](*arguments)

    def log() -> str:
        size = ctypes.c_size_t()
        call("GetProgramLogSize", program, ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value)
        call("GetProgramLog", program, text)
        return text.value.decode()

    source = code.encode()
    assert not call("CreateProgram", ctypes.byref(program), source, None, 0, None, None)
    for name in names:
        assert not call("AddNameExpression", program, name.encode())
    given = [*options, f"--gpu-architecture=sm_{architecture}", "--ptxas-options=-v"]
    array = (ctypes.c_char_p * len(given))(*(option.encode() for option in given))
    failed = call("CompileProgram", program, len(given), array)
    text = log()
    call("DestroyProgram", ctypes.byref(program))
    assert not failed, text
    return _uses(text)


def _uses(text: str) -> dict[str, Use]:
    found = {}
    for part in re.split(r"Compiling entry function '", text)[1:]:
        spills = re.findall(r"(\d+) bytes spill (?:stores|loads)", part)
        registers = re.search(r"Used (\d+) registers", part)
        shared = re.search(r"(\d+) bytes smem", part)
        assert registers
        found[part.split("'")[0]] = Use(
            int(registers[1]), sum(map(int, spills)), int(shared[1]) if shared else 0
        )
    return found
