"""Compile CUDA C++ for the CPU, and run it a block at a time (see cuda_on_cpu.h)."""

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ORDERS = {"forward": 0, "reversed": 1, "shuffled": 2}
MARGIN = 4096  # bytes of nonsense around each array

# Floating point as on the device: nothing is contracted or reordered.
FLAGS = ("-std=c++17", "-fPIC", "-ffp-contract=off", "-Wconversion", "-g1")
SANITIZERS = {
    "address": (
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "-DUNDER_ASAN",
    ),
    "thread": ("-fsanitize=thread", "-DUNDER_TSAN"),
}

_ALIGN = r"(?:__align__\(\w+\)\s+)?"
_DYNAMIC = re.compile(rf"extern\s+__shared__\s+{_ALIGN}([\w ]+?)\s+(\w+)\[\]\s*;")
_STATIC = re.compile(
    rf"__shared__\s+{_ALIGN}([\w<>,: ]+?)\s+(\w+)((?:\s*\[[^\]]*\])*)\s*;"
)
_NARROWING = re.compile(r".*conversion from .*long.* to '.*(?:int|short|char)'.*")
_PLAIN = re.compile(
    r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s+)?(\w+)\s*\('
)


class EmulationError(Exception):
    """A kernel did what no device allows."""


class CompilationError(Exception):
    """A source is no CUDA C++ that this folder knows."""


class _Launch(ctypes.Structure):
    _fields_ = [
        ("grid", ctypes.c_uint * 3),
        ("block", ctypes.c_uint * 3),
        ("shared", ctypes.c_uint64),
        ("order", ctypes.c_int),
        ("seed", ctypes.c_uint),
        ("flush", ctypes.c_int),
        ("message", ctypes.c_char * 256),
    ]


def _cached(name: str, key: Sequence[str], build: Any) -> Path:
    """Return the path of what `build(path)` makes, made once for each key."""
    folder = Path(tempfile.gettempdir()) / f"cuda-on-cpu-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:24]
    path = folder / f"{digest}-{name}"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / name
            build(made)
            made.replace(path)
    return path


class NarrowingError(Exception):
    """An integer of 64 bits becomes a shorter one, unasked."""


def _gcc(*arguments: str | Path, text: str | None = None) -> str:
    command = [shutil.which("g++") or "g++", *map(str, arguments)]
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C", "LD_PRELOAD": ""},
    )
    if done.returncode:
        raise CompilationError(done.stderr)
    return done.stderr


def _unit(code: str, names: Sequence[str]) -> str:
    """Return C++ for the code, with an entry for each kernel."""
    code = _DYNAMIC.sub(r"\1* const \2 = (\1*)emulator::dynamic();", code)
    code = _STATIC.sub(r"auto& \2 = emulator::shared<\1\3, __LINE__>();", code)
    entries = "\n".join(f"EMULATOR_ENTRY({i}, {name})" for i, name in enumerate(names))
    return f'#include "cuda_on_cpu.h"\n#line 1 "kernel.cu"\n{code}\n{entries}\n'


class Module:
    """A compiled source.

    Parameters
    ----------
    code : str
        CUDA C++.
    names : sequence of str
        Instances of templates to compile, `nearest<float>` say. Functions declared
        `extern "C" __global__ void` are always there.
    options : sequence of str
        Of which the -D count here, and -ftz=true, for float64 as well as for float32.
    sanitizer : {None, "address", "thread"}
        Of g++. The process must have loaded its library first (`LD_PRELOAD`).
    optimise : str
        The level, -O1 say.
    """

    def __init__(
        self,
        code: str,
        names: Sequence[str] = (),
        *,
        options: Sequence[str] = (),
        sanitizer: str | None = None,
        optimise: str = "-O2",
    ) -> None:
        plain = [name for name in _PLAIN.findall(code) if name not in names]
        self.names = [*names, *plain]
        unit = _unit(code, self.names)
        extra = SANITIZERS[sanitizer] if sanitizer else ()
        flags = [*FLAGS, *extra, optimise, *(o for o in options if o.startswith("-D"))]
        header, runtime = (
            (HERE / name).read_text() for name in ("cuda_on_cpu.h", "cuda_on_cpu.cpp")
        )

        def build_runtime(path: Path) -> None:
            defines = [flag for flag in extra if flag.startswith("-D")]
            source = HERE / "cuda_on_cpu.cpp"
            _gcc(*FLAGS, *defines, "-O2", "-c", source, "-o", path)

        def build(path: Path) -> None:
            key = [header, runtime, *extra]
            fibers = _cached("fibers.o", key, build_runtime)
            link = ("-xc++", "-", "-xnone", fibers, "-shared", "-o", path)
            warnings = _gcc(*flags, f"-isystem{HERE}", *link, text=unit)
            if short := _NARROWING.findall(warnings):
                raise NarrowingError("\n".join(short))

        path = _cached(
            "kernel.so", [header, runtime, unit, *flags, _NARROWING.pattern], build
        )
        self._library = ctypes.CDLL(str(path))
        self._sanitized = sanitizer == "address"
        self._flush = [o for o in options if o.startswith("-ftz=")][-1:] == [
            "-ftz=true"
        ]

    def signature(self, name: str) -> list[str]:
        """Return the types of the parameters: "f8" for double, "*i4" for int*."""
        get = self._library[f"signature_{self.names.index(name)}"]
        get.restype = ctypes.c_char_p
        return get().decode().split()

    def launch(
        self,
        name: str,
        grid: Sequence[int],
        block: Sequence[int],
        args: Sequence[Any],
        *,
        shared: int = 0,
        order: str = "forward",
        seed: int = 0,
    ) -> None:
        """Run a kernel on NumPy arrays and scalars, which must have its types.

        The kernel works on copies with margins, and what it wrote is copied back: a
        write beyond an array is an error, and a read there finds nonsense.
        """
        types = self.signature(name)
        if len(types) != len(args):
            raise TypeError(f"{name} takes {len(types)} arguments, got {len(args)}")
        memory: list[Any] = []
        arrays = []
        for position, (value, wanted) in enumerate(zip(args, types, strict=True)):
            array = np.asarray(_plain(value))
            got = ("*" if isinstance(value, np.ndarray) else "") + array.dtype.str[1:]
            if got != wanted:
                raise TypeError(f"{name}: argument {position} is {got}, not {wanted}")
            if not isinstance(value, np.ndarray):
                memory.append(array)
                continue
            if not value.flags.c_contiguous:
                raise TypeError(f"{name}: argument {position} is not contiguous")
            margin = 0 if self._sanitized else MARGIN
            buffer = np.full(array.nbytes + 2 * margin, 0xFF, np.uint8)
            inside = buffer[margin : margin + array.nbytes]
            inside[:] = array.reshape(-1).view(np.uint8)
            arrays.append((position, value, buffer, inside))
            memory.append(np.array(inside.ctypes.data, np.uint64))
        pointers = (ctypes.c_void_p * len(memory))(*(m.ctypes.data for m in memory))
        how = _Launch(
            _three(grid), _three(block), shared, ORDERS[order], seed, self._flush
        )
        entry = self._library[f"entry_{self.names.index(name)}"]
        if entry(pointers, ctypes.byref(how)):
            raise EmulationError(f"{name}: {how.message.decode()}")
        for position, value, buffer, inside in arrays:
            outside = buffer.size - inside.size
            if (
                outside
                and np.count_nonzero(buffer == 0xFF) - np.count_nonzero(inside == 0xFF)
                < outside
            ):
                raise EmulationError(f"{name} writes beyond argument {position}")
            if value.flags.writeable:
                value.reshape(-1).view(np.uint8)[:] = inside
            elif not np.array_equal(inside, value.reshape(-1).view(np.uint8)):
                raise EmulationError(f"{name} writes to argument {position}")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value
    return np.array(value, {bool: "?", int: "i8", float: "f8"}[type(value)])


def _three(sizes: Sequence[int]) -> Any:
    return (ctypes.c_uint * 3)(*sizes, *[1] * (3 - len(sizes)))
