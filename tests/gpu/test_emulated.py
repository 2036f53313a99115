"""Every CUDA kernel, emulated, through its launcher, against the reference."""

import math
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.contract import Kernel, registry, watching
from geomadv_kernels.gpu import _module
from geomadv_kernels.gpu import radius_count as radius_file
from geomadv_kernels.gpu.nearest import nearest
from geomadv_kernels.gpu.radius_count import enlargement, radius_count
from geomadv_kernels.reference import nearest as plain_nearest
from geomadv_kernels.reference import radius_count as plain_count

KERNELS = {
    n: kernel for n, kernel in registry().items() if "gpu" in kernel.accelerators
}
SOURCES = sorted(p.name for p in Path(_module.__file__).parent.glob("*.cu*"))
METRICS = ("l2", "l1", "linf")

orders = st.sampled_from([("forward", 0), ("reversed", 0)]) | st.tuples(
    st.just("shuffled"), st.integers(0, 2**32 - 1)
)


def on_device(cupy: ModuleType, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        name: cupy.asarray(value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def check(kernel: Kernel, arguments: dict[str, Any], found: tuple[Any, ...]) -> None:
    with np.errstate(all="ignore"):
        expected = kernel.reference(**arguments)
        allowed = kernel.tolerance(arguments, expected)
    parts = zip(found, as_tuple(expected), as_tuple(allowed), strict=True)
    for ours, plain, tolerance in parts:
        assert ours.shape == plain.shape
        finite = np.isfinite(plain)
        assert np.array_equal(ours[~finite], plain[~finite])
        error = np.abs(ours[finite].astype(float) - plain[finite].astype(float))
        assert (error <= np.broadcast_to(tolerance, plain.shape)[finite]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
def test_the_contract_holds_on_the_emulated_device(cupy: ModuleType, name: str) -> None:
    kernel = KERNELS[name]

    @given(data=st.data(), schedule=orders)
    @settings(max_examples=25)
    def holds(data: st.DataObject, schedule: tuple[str, int]) -> None:
        arguments = data.draw(kernel.inputs())
        with watching() as paths, cupy.running(order=schedule[0], seed=schedule[1]):
            found = as_tuple(kernel.implementation("gpu")(**on_device(cupy, arguments)))
        assert any(path.startswith(f"gpu.{name}") for path in paths)
        assert all(isinstance(part, cupy.ndarray) for part in found)
        check(kernel, arguments, tuple(part.get() for part in found))

    holds()


def integers(n: int, m: int, d: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n + 1000 * m)
    X, Y = (rng.integers(-2, 3, (rows, d)).astype(dtype) for rows in (n, m))
    return X, Y


def same(ours: Any, plain: Any) -> None:
    for found, expected in zip(as_tuple(ours), as_tuple(plain), strict=True):
        assert found.get().dtype == expected.dtype
        assert found.get().tobytes() == expected.tobytes()


@pytest.mark.parametrize("period", [None, 2.5])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_in_every_order_of_the_threads(
    cupy: ModuleType, dtype: Any, metric: str, period: float | None
) -> None:
    X, Y = integers(66, 300, 3, dtype)
    options: dict[str, Any] = {"metric": metric, "period": period}
    eps = np.array([1.0, 0.0, np.sqrt(2.0), np.sqrt(3.0), 2.0, 7.0])
    device = [cupy.asarray(array) for array in (X, Y)]
    for order in ("forward", "reversed", "shuffled"):
        with cupy.running(order=order):
            same(
                nearest(*device, 4, **options),
                plain_nearest.nearest(X, Y, 4, **options),
            )
            for ours, plain in (
                (radius_count, plain_count.radius_count),
                (enlargement, plain_count.enlargement),
            ):
                found = ours(*device, cupy.asarray(eps), **options)
                same(found, plain(X, Y, eps, **options))


@pytest.mark.parametrize(
    ("n", "m", "d", "k"),
    [
        (0, 5, 2, 1),  # no query
        (5, 0, 2, 3),  # no point
        (1, 1, 1, 1),
        (64, 64, 16, 1),  # blocks, tiles and chunks that are full
        (65, 129, 17, 1),  # and one more
        (2, 9, 3, 12),  # fewer points than neighbours
        (3, 1200, 2, 33),  # lists of more than a warp, in several shares
        (2, 5, 0, 2),  # no coordinate
    ],
)
def test_nearest_at_the_edges_of_blocks(
    cupy: ModuleType, n: int, m: int, d: int, k: int
) -> None:
    X, Y = integers(n, m, d, np.float32)
    found = nearest(cupy.asarray(X), cupy.asarray(Y), k)
    same(found, plain_nearest.nearest(X, Y, k))


def test_few_queries_share_the_points_among_blocks(cupy: ModuleType) -> None:
    X, Y = integers(3, 5000, 2, np.float32)
    cupy.launches.clear()
    same(nearest(cupy.asarray(X), cupy.asarray(Y), 5), plain_nearest.nearest(X, Y, 5))
    grid = cupy.launches[0][1]
    assert grid[1] > 1


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1.0, 1e30, 1e38])
def test_estimates_that_underflow_or_overflow_decide_nothing(
    cupy: ModuleType, scale: float
) -> None:
    rng = np.random.default_rng(0)
    X, Y = (
        (scale * rng.uniform(-1, 1, (rows, 3))).astype(np.float32) for rows in (5, 150)
    )
    device = [cupy.asarray(array) for array in (X, Y)]
    for metric in ("l2", "l1"):
        found = nearest(*device, 3, metric=metric)
        same(found, plain_nearest.nearest(X, Y, 3, metric=metric))
        distances = plain_nearest.order(X, Y, metric, None).ravel()[:50]
        eps = np.sqrt(distances) if metric == "l2" else distances
        found = radius_count(*device, cupy.asarray(eps), metric=metric)
        same(found, plain_count.radius_count(X, Y, eps, metric=metric))


def subnormal_ties(cupy: ModuleType) -> bool:
    """Say whether points that differ by subnormal numbers are told apart."""
    X = np.array([[3e-38]], np.float32)
    Y = np.array([[5e-38], [1.1e-38]], np.float32)
    found = nearest(cupy.asarray(X), cupy.asarray(Y), 2, metric="l1")
    expected = plain_nearest.nearest(X, Y, 2, metric="l1")
    return [part.get().tobytes() for part in found] == [e.tobytes() for e in expected]


def test_subnormal_differences_are_kept(cupy: ModuleType) -> None:
    assert subnormal_ties(cupy)


def test_flushing_subnormal_numbers_would_be_noticed(
    cupy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_module, "OPTIONS", (*_module.OPTIONS, "-ftz=true"))
    assert not subnormal_ties(cupy)


@pytest.mark.parametrize("name", KERNELS)
def test_the_device_of_the_arrays_is_used(cupy: ModuleType, name: str) -> None:
    kernel = KERNELS[name]

    @given(data=st.data())
    @settings(max_examples=5)
    def holds(data: st.DataObject) -> None:
        arguments = data.draw(kernel.inputs())
        with cupy.cuda.Device(1):
            device = on_device(cupy, arguments)
        found = as_tuple(kernel.implementation("gpu")(**device))
        assert {part.device.id for part in found} == {1}
        assert cupy.cuda.Device().id == 0
        check(kernel, arguments, tuple(part.get() for part in found))
        for key, value in device.items():
            if not isinstance(value, cupy.ndarray):
                continue
            mixed = {**device, key: cupy.asarray(arguments[key])}
            with pytest.raises(ValueError, match="on one device, got devices 0 and 1"):
                kernel.implementation("gpu")(**mixed)

    holds()


def test_kernels_are_kept_and_need_no_folder(
    cupy: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert subnormal_ties(cupy)
    kept = sorted((tmp_path / "kernels" / "geomadv").iterdir())
    assert len(kept) == 2
    _module.compiled.cache_clear()
    monkeypatch.delattr(cupy.cuda.compiler, "compile_using_nvrtc")
    assert subnormal_ties(cupy)  # with nothing to compile them
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    _module.compiled.cache_clear()
    blocker = tmp_path / "file"
    blocker.touch()
    monkeypatch.setenv("CUPY_CACHE_DIR", str(blocker))
    assert subnormal_ties(cupy)


@pytest.mark.parametrize("section", [32, 64, 1 << 15])
def test_any_number_of_radii(
    cupy: ModuleType, monkeypatch: pytest.MonkeyPatch, section: int
) -> None:
    monkeypatch.setattr(radius_file, "_PASSES", 2)
    monkeypatch.setattr(radius_file, "_SECTION", section)
    X, Y = integers(5, 90, 2, np.float32)
    eps = np.random.default_rng(0).integers(-1, 90, 150) / 16
    cupy.launches.clear()
    found = radius_count(*(cupy.asarray(array) for array in (X, Y, eps)))
    same(found, plain_count.radius_count(X, Y, eps))
    passes = [grid[2] for name, grid, *_ in cupy.launches if len(grid) == 3]
    assert passes == [2, 2, 1]


def test_radii_of_every_kind(cupy: ModuleType) -> None:
    X, Y = integers(7, 90, 2, np.float64)
    eps = np.array([math.inf, -1.0, math.nan, 0.0, -0.0, 5e-324, 1e200, 1e-200, 2.0])
    device = [cupy.asarray(array) for array in (X, Y, eps)]
    same(radius_count(*device), plain_count.radius_count(X, Y, eps))
    same(enlargement(*device), plain_count.enlargement(X, Y, eps))
    nothing = cupy.asarray(Y[:0])
    found = enlargement(device[0], nothing, device[2])
    same(found, plain_count.enlargement(X, Y[:0], eps))


def test_points_must_be_on_the_device_and_of_one_precision(cupy: ModuleType) -> None:
    X, Y = integers(3, 4, 2, np.float32)
    with pytest.raises(TypeError, match="must be CuPy arrays, got ndarray"):
        nearest(X, cupy.asarray(Y), 1)
    with pytest.raises(TypeError, match="got float32 and float64"):
        nearest(cupy.asarray(X), cupy.asarray(Y, np.float64), 1)
    with pytest.raises(TypeError, match="got int64 and int64"):
        nearest(cupy.asarray(X, np.int64), cupy.asarray(Y, np.int64), 1)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        nearest(cupy.asarray(X), cupy.asarray(Y), 0)


# Indices have 64 bits. No launch here has an array of 2^31 entries; so the emulator
# refuses a shorter integer that is made of a longer one, and the sources are read.


@pytest.mark.parametrize("name", SOURCES)
def test_indices_have_64_bits(name: str) -> None:
    text = (Path(_module.__file__).parent / name).read_text("utf-8")
    assert not re.search(r"blockIdx\.\w \* (blockDim|\d|[A-Z]\w*\b(?!\())", text)
    for kernel in re.findall(r"__global__[^{;]*\{", text):
        assert not re.search(r"\b(int|unsigned|size_t) \w+[,)]", kernel), kernel
