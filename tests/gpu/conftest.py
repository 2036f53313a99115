"""CUDA kernels without a GPU: the same sources and launchers on an emulated device.

`cupy` is a stand-in for CuPy (``emulator/fake_cupy.py``) for the time of a test;
`trial` runs the check of a file ``mutants_FILE.py`` in a process of its own, under a
sanitizer or with a planted bug.
"""

import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import geomadv_kernels

HERE = Path(__file__).parent
LIBRARIES = {"address": "libasan.so", "thread": "libtsan.so"}

Trial = Callable[..., "subprocess.CompletedProcess[str]"]


@functools.cache
def load(name: str) -> ModuleType:
    """Import a file of this folder, given without its ending."""
    full = f"geomadv_tests_gpu_{name.replace('/', '_')}"
    spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


def compiler() -> str:
    path = shutil.which("g++")
    return path or pytest.skip("g++ is not installed")


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """A stand-in for CuPy, whose kernels run on the CPU."""
    compiler()
    from geomadv_kernels.gpu import _module

    fake = load("emulator/fake_cupy")
    # modules of the real CuPy, of another test, would look for their like in this one
    for name in [n for n in sys.modules if n.partition(".")[0] in ("cupy", "cupyx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cupy", fake)
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path / "kernels"))
    _module.compiled.cache_clear()
    yield fake
    _module.compiled.cache_clear()


@pytest.fixture
def nvrtc() -> ModuleType:
    """NVIDIA's run-time compiler."""
    return load("nvrtc")


@functools.cache
def sanitized(sanitizer: str) -> tuple[tuple[str, ...], str] | None:
    """Return how to start Python under a sanitizer: a command and what to preload.

    ThreadSanitizer may need memory at fixed addresses; None where it does not start.
    """
    name = LIBRARIES[sanitizer]
    command = [compiler(), f"-print-file-name={name}"]
    library = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    for prefix in ((), ("setarch", platform.machine(), "-R")):
        if not Path(library).is_absolute() or not (
            prefix == () or shutil.which("setarch")
        ):
            continue
        start = [*prefix, sys.executable, "-c", "import numpy"]
        environment = {**os.environ, "LD_PRELOAD": library, **OPTIONS}
        if not subprocess.run(start, capture_output=True, env=environment).returncode:
            return prefix, library
    return None


OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
    "TSAN_OPTIONS": "halt_on_error=1:report_thread_leaks=0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


@pytest.fixture(scope="session")
def trial() -> Trial:
    """Return a function of a file, a sanitizer ("" for none) and a mutant."""
    compiler()

    def run(
        file: str, sanitizer: str = "", mutant: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        prefix, library = (), ""
        if sanitizer:
            how = sanitized(sanitizer)
            if how is None:
                pytest.skip(f"g++'s {LIBRARIES[sanitizer]} does not run here")
            prefix, library = how
        script = str(HERE / "emulator" / "trial.py")
        command = [*prefix, sys.executable, script, file, sanitizer, mutant]
        environment = {
            **os.environ,
            **OPTIONS,
            "PYTHONPATH": str(Path(geomadv_kernels.__file__).parents[1]),
            "LD_PRELOAD": library,
        }
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=120
        )

    return run
