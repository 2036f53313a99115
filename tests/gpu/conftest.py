"""CUDA kernels without a GPU: the same sources and launchers on an emulated device."""

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def load(name: str) -> ModuleType:
    """Import a file of this folder, given without its ending."""
    full = f"geomadv_tests_gpu_{name.replace('/', '_')}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A stand-in for CuPy, whose kernels run on the CPU."""
    if not shutil.which("g++"):
        pytest.skip("g++ is not installed")
    from geomadv_kernels.gpu import _module

    fake = load("emulator/fake_cupy")
    monkeypatch.setitem(sys.modules, "cupy", fake)
    _module.compiled.cache_clear()
    yield fake
    _module.compiled.cache_clear()
