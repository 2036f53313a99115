"""The CUDA kernels of linear_margin, emulated, against the plain reference."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.contract import Kernel, watching
from geomadv_kernels.gpu import linear_margin as gpu
from geomadv_kernels.reference.linear_margin import KERNELS

ORDERS = ("forward", "reversed", "shuffled")
NORMS = (1.0, 1.5, 2.0, 3.0, math.inf)


def on_device(cupy: Any, kernel: Kernel, arguments: dict[str, Any]) -> list[Any]:
    given = {
        name: cupy.asarray(value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }
    with watching() as paths:
        found = getattr(gpu, kernel.name)(**given)
    assert paths == [f"gpu.{kernel.name}"]
    return [part.get() for part in found]


def check(kernel: Kernel, arguments: dict[str, Any], found: list[Any]) -> None:
    with np.errstate(all="ignore"):
        expected = kernel.reference(**arguments)
        allowed = kernel.tolerance(arguments, expected)
    for ours, plain, tolerance in zip(found, expected, allowed, strict=True):
        assert ours.shape == plain.shape
        finite = np.isfinite(plain)
        np.testing.assert_array_equal(ours[~finite], plain[~finite])
        bound = np.broadcast_to(tolerance, plain.shape)[finite]
        assert (np.abs(ours[finite].astype(float) - plain[finite]) <= bound).all()


def scene(n: int, d: int, dtype: Any = np.float64, seed: int = 0) -> dict[str, Any]:
    """Points among small integers in a box that contains them; ties everywhere."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (n, d)).astype(dtype)
    w = rng.integers(-2, 3, d).astype(dtype)
    w[0] = -2
    lower, upper = (np.full(d, side, dtype) for side in (-5, 4))
    return {"X": X, "w": w, "b": 3.0, "lower": lower, "upper": upper}


def arguments_of(kernel: Kernel, scene: dict[str, Any], p: float) -> dict[str, Any]:
    boxed = kernel.name == "box_perturbation"
    keep = {k: v for k, v in scene.items() if boxed or k not in ("lower", "upper")}
    return {**keep, "p": p}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_contract_holds(cupy: Any, kernel: Kernel) -> None:
    @given(kernel.inputs(), st.sampled_from(ORDERS))
    @settings(max_examples=25)
    def holds(arguments: dict[str, Any], order: str) -> None:
        with cupy.running(order=order):
            check(kernel, arguments, on_device(cupy, kernel, arguments))

    holds()


# One lane to a row, several, a warp, and a block.
@pytest.mark.parametrize("d", [1, 4, 5, 8, 33, 130, 2048, 2049])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_teams_of_every_size_agree_with_the_reference(
    cupy: Any, kernel: Kernel, d: int
) -> None:
    for p in NORMS:
        arguments = arguments_of(
            kernel, scene(257 if d < 10 else 19 if d < 1000 else 3, d), p
        )
        check(kernel, arguments, on_device(cupy, kernel, arguments))


@pytest.mark.parametrize("d", [3, 40, 2049])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_order_of_threads_changes_no_bit(cupy: Any, kernel: Kernel, d: int) -> None:
    rng = np.random.default_rng(d)
    arguments = arguments_of(kernel, scene(7, d), 3.0)
    arguments["X"] = arguments["X"] + 0.1 * rng.standard_normal((7, d))
    arguments["w"] = rng.standard_normal(d)
    results = []
    for order in ORDERS:
        with cupy.running(order=order, seed=5):
            results.append(on_device(cupy, kernel, arguments))
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_blocks_take_several_turns(
    cupy: Any, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "_BLOCKS", 1)
    for d in (7, 2049):
        arguments = arguments_of(kernel, scene(300 if d == 7 else 2, d), 2.0)
        check(kernel, arguments, on_device(cupy, kernel, arguments))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_one_launch_reads_the_points(cupy: Any, kernel: Kernel, dtype: Any) -> None:
    cupy.launches.clear()
    on_device(cupy, kernel, arguments_of(kernel, scene(10, 6, dtype), 1.0))
    real = {np.float32: "float", np.float64: "double"}[dtype]
    boxed = ["ranks", f"boxed<{real}>"]
    scans = boxed if kernel.name == "box_perturbation" else [f"margins<{real}>"]
    assert [launch[0] for launch in cupy.launches] == ["plane", *scans]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_float32_and_float64_give_float64(cupy: Any, kernel: Kernel) -> None:
    arguments = arguments_of(kernel, scene(10, 6, np.float32), 2.0)
    arguments["w"] = arguments["w"].astype(float) / 3
    found = on_device(cupy, kernel, arguments)
    assert {part.dtype for part in found} == {np.dtype(float)}
    check(kernel, arguments, found)


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e200])
def test_no_norm_overflows_or_vanishes(cupy: Any, p: float, size: float) -> None:
    arguments = {**scene(5, 3), "p": p}
    arguments = {k: arguments[k] for k in ("X", "w", "b", "p")}
    arguments["w"], arguments["b"] = arguments["w"] * size, 3 * size
    for kernel in KERNELS[:2]:
        check(kernel, arguments, on_device(cupy, kernel, arguments))


def test_an_offset_beyond_the_range_of_w_overflows_nowhere(cupy: Any) -> None:
    arguments = {"X": np.ones((2, 2)), "w": np.full(2, 1e-5), "b": 1e306, "p": 2.0}
    margin, distance = on_device(cupy, KERNELS[0], arguments)
    np.testing.assert_array_equal(margin, 1e306)
    np.testing.assert_array_equal(distance, np.inf)


def test_the_first_of_the_steepest_coordinates_moves(cupy: Any) -> None:
    w = np.array([1.0, -4.0, 4.0, 2.0] * 150)
    X = np.zeros((2, 600))
    arguments = {"X": X, "w": w, "b": 8.0, "p": 1.0}
    delta = on_device(cupy, KERNELS[1], arguments)[2]
    assert [(row.nonzero()[0].tolist(), row[1]) for row in delta] == [([1], 2.0)] * 2
    sides = {"lower": np.full(600, -0.75), "upper": np.full(600, 0.75)}
    delta = on_device(cupy, KERNELS[2], {**arguments, **sides})[2]
    for row in delta:  # 3 + 3 + 2 in the order of the indices
        assert row.nonzero()[0].tolist() == [1, 2, 5]
        assert row[[1, 2, 5]].tolist() == [0.75, -0.75, 0.5]


def steep(d: int, growth: float) -> dict[str, Any]:
    """A box whose breakpoints lie so that Newton's iteration passes them one by one."""
    w = growth ** -np.arange(d)
    room = growth ** (2.0 * np.arange(d))
    goal = float(w @ room) - 0.5 * float(w[-1] * room[-1])
    return {"X": np.zeros((1, d)), "w": w, "b": goal, "lower": -room, "upper": room}


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("growth", [1.5, 4.0, 30.0])
def test_the_iteration_ends_with_many_breakpoints(
    cupy: Any, p: float, growth: float
) -> None:
    arguments = {**steep(60, growth), "p": p}
    check(KERNELS[2], arguments, on_device(cupy, KERNELS[2], arguments))


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_no_rows_and_a_flat_function(cupy: Any, kernel: Kernel, p: float) -> None:
    arguments = arguments_of(kernel, scene(0, 4), p)
    assert all(part.shape[0] == 0 for part in on_device(cupy, kernel, arguments))
    arguments = arguments_of(kernel, scene(3, 4), p)
    arguments["w"] = np.zeros(4)
    for b, distance in ((0.0, 0.0), (-1.0, math.inf)):
        found = on_device(cupy, kernel, {**arguments, "b": b})
        assert found[0].tolist() == [b] * 3
        assert found[1].tolist() == [distance] * 3
        assert not any(part.any() for part in found[2:])


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[::-1][::-1]])
def test_points_in_any_layout(
    cupy: Any, layout: Callable[[np.ndarray], np.ndarray]
) -> None:
    arguments = arguments_of(KERNELS[1], scene(12, 5), 2.0)
    expected = on_device(cupy, KERNELS[1], arguments)
    arguments["X"] = layout(arguments["X"])
    found = on_device(cupy, KERNELS[1], arguments)
    for ours, plain in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, plain)
