"""The CUDA sources compile for every architecture, within a budget of its resources."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from geomadv_kernels.gpu import _module

ARCHITECTURES = (70, 80, 90, 100)
ADDED = ("--device-as-default-execution-space",)  # by CuPy, for CUDA 12
THREADS = 256  # of a block, in all kernels
REGISTERS = 64 << 10  # of a block
SHARED = 48 << 10

_REALS = ("float", "double")
_FLAGS = ("false", "true")
_PAIRS = [
    f"{t}, {metric}, {flag}" for t in _REALS for metric in range(3) for flag in _FLAGS
]
_FUNCTIONS = (
    "GAUSSIAN",
    "LAPLACE",
    "LAPLACIAN",
    "POLYNOMIAL",
    "INVERSE_MULTIQUADRIC",
    "HILBERT",
)

INSTANCES = {
    "nearest": [
        *(f"nearest_scan<{pairs}>" for pairs in _PAIRS),
        *(f"nearest_merge<{t}, {metric}>" for t in _REALS for metric in range(3)),
    ],
    "radius_count": [
        *(f"radius_count<{pairs}>" for pairs in _PAIRS),
        *(f"radius_limits<{metric}>" for metric in range(3)),
        "radius_order",
        "enlargement_count",
    ],
    "linear_margin": [
        *(f"{kernel}<{t}>" for kernel in ("margins", "boxed") for t in _REALS),
        "plane",
        "ranks",
    ],
    "kernel_expansion": [
        *(f"expand<{t}, {f}, {g}>" for t in _REALS for f in _FUNCTIONS for g in _FLAGS),
        *(f"finish<{t}, {flag}>" for t in _REALS for flag in _FLAGS),
    ],
}

# The most registers of a thread, and bytes of static shared memory, of any instance on
# any architecture.
BUDGETS = {
    "nearest_scan": (128, 44 << 10),
    "nearest_merge": (64, 0),
    "radius_count": (128, 44 << 10),
    "radius_limits": (48, 0),
    "radius_order": (48, 0),
    "enlargement_count": (32, 0),
    "margins": (128, 16 << 10),
    "boxed": (128, 16 << 10),
    "plane": (128, 16 << 10),
    "ranks": (64, 16 << 10),
    "expand": (255, 48 << 10),
    "finish": (128, 16 << 10),
}


def test_the_table_names_every_source() -> None:
    sources = Path(_module.__file__).parent.glob("*.cu")
    assert {path.stem for path in sources} == set(INSTANCES)


@pytest.mark.nvrtc
@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("file", INSTANCES)
def test_every_kernel_keeps_its_budget(
    nvrtc: ModuleType, file: str, architecture: int
) -> None:
    names = INSTANCES[file]
    options = (*_module.OPTIONS, *ADDED)
    uses = nvrtc.compiled(_module.source(file), names, options, architecture)
    assert len(uses) == len(names)
    for mangled, use in uses.items():
        found = re.match(r"_Z(\d+)(\w+)", mangled)
        kernel = found[2][: int(found[1])] if found else mangled
        registers, shared = BUDGETS[kernel]
        assert use.spilled == 0, (mangled, use)
        assert use.registers <= registers <= REGISTERS // THREADS, (mangled, use)
        assert use.shared <= shared <= SHARED, (mangled, use)


@pytest.mark.cupy
@pytest.mark.nvrtc
@pytest.mark.parametrize("file", INSTANCES)
def test_cupy_compiles_with_these_options_and_keeps_subnormals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str
) -> None:
    """What `_module` asks of CuPy, up to loading, for which there must be a device."""
    import cupy
    from cupy.cuda import compiler

    used = []
    compile_program = compiler.nvrtc.compileProgram

    def recorded(program: object, options: tuple[str, ...]) -> None:
        used.append(options)
        compile_program(program, options)

    class Device:
        compute_capability = "80"

        def __init__(self, number: int) -> None: ...

    target = "-arch=compute_80"
    monkeypatch.setattr(compiler.nvrtc, "compileProgram", recorded)
    monkeypatch.setattr(
        compiler, "_get_arch_for_options_for_nvrtc", lambda _arch: (target, "ptx")
    )
    monkeypatch.setattr(cupy.cuda, "Device", Device)
    monkeypatch.setattr(_module, "_loaded", Path.read_text)
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path))
    name = next(name for name in INSTANCES[file] if "float" in name)
    code = _module.compiled.__wrapped__(file, name, 0)
    ((*options,),) = used
    assert options == [*_module.OPTIONS, target, *ADDED]
    assert ".f32" in code
    flushing = re.findall(r"(\w+(?:\.\w+)*?)\.ftz", code)
    assert set(flushing) <= {"ex2.approx", "rcp.approx"}  # of exp, and of float64
    (kept,) = (tmp_path / "geomadv").iterdir()
    assert kept.read_text() == code
    assert kept.name.partition("-")[2] in code
    assert _module.compiled.__wrapped__(file, name, 0) == code
    assert len(used) == 1  # the second time from the cache
