"""Every kernel on every backend against its plain reference, on all kinds of input."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.contract import Kernel, registry, watching

KERNELS = registry()


def strided(array: np.ndarray) -> np.ndarray:
    """Every second entry along each axis of a larger array of NaN."""
    wide = np.full([2 * n for n in array.shape], 0, array.dtype)
    if array.dtype.kind == "f":
        wide[...] = np.nan
    view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def read_only(array: np.ndarray) -> np.ndarray:
    view = array.copy()
    view.flags.writeable = False
    return view


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda array: array[::-1].copy()[::-1],
    "read-only": read_only,
}


def laid_out(arguments: dict[str, Any], layout: str) -> dict[str, Any]:
    return {
        name: LAYOUTS[layout](value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def as_tuple(value: Any) -> tuple[np.ndarray, ...]:
    return value if isinstance(value, tuple) else (value,)


def compiled_functions(kernel: Kernel) -> list[str]:
    """Return what numba has compiled of a kernel's file: nothing where it is off."""
    module = vars(import_module(kernel.implementation("cpu").__module__))
    return [
        name for name, f in module.items() if getattr(f, "nopython_signatures", None)
    ]


def check(kernel: Kernel, arguments: dict[str, Any], found: Any) -> None:
    """Compare a result with the reference's, entry by entry."""
    with np.errstate(all="ignore"):
        expected = kernel.reference(**arguments)
        allowed = kernel.tolerance(arguments, expected)
    parts = zip(as_tuple(found), as_tuple(expected), as_tuple(allowed), strict=True)
    for ours, plain, tolerance in parts:
        assert ours.shape == plain.shape
        finite = np.isfinite(plain)
        assert np.array_equal(ours[~finite], plain[~finite])
        error = np.abs(ours[finite].astype(float) - plain[finite].astype(float))
        bound = np.broadcast_to(tolerance, plain.shape)[finite]
        assert (error <= bound).all(), (
            f"{kernel.name} is off by {error[~(error <= bound)].max()}"
        )


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data(), layout=st.sampled_from(list(LAYOUTS)))
@settings(max_examples=60)
def test_the_cpu_agrees_with_the_reference(
    name: str, data: st.DataObject, layout: str
) -> None:
    kernel = KERNELS[name]
    arguments = data.draw(kernel.inputs())
    before = {k: np.copy(v) for k, v in arguments.items() if isinstance(v, np.ndarray)}
    with watching() as paths:
        found = kernel.implementation("cpu")(**laid_out(arguments, layout))
    if all(part.size for part in (*as_tuple(found), *before.values())):
        assert any(path.startswith(f"cpu.{name}") for path in paths)
        assert compiled_functions(kernel)
    for key, value in before.items():
        assert arguments[key].tobytes() == value.tobytes()
    check(kernel, arguments, found)


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
@settings(max_examples=20)
def test_any_number_of_threads_gives_the_same_bits(
    name: str, data: st.DataObject
) -> None:
    kernel = KERNELS[name]
    arguments = data.draw(kernel.inputs())
    one, three = (
        as_tuple(kernel.implementation("cpu")(**arguments, threads=threads))
        for threads in (1, 3)
    )
    for a, b in zip(one, three, strict=True):
        assert a.tobytes() == b.tobytes()
