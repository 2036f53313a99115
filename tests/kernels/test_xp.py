"""The kernels over an array namespace, on NumPy and where nothing becomes NumPy.

`array_api_strict` has the functions of the array API standard and no others, and its
device "device1" refuses silent conversions to NumPy, as CuPy's arrays do. Masks as
indices and shapes that depend on values, which make a GPU wait, are switched off.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.contract import Kernel, registry
from geomadv_kernels.xp.weighted_chi2 import weighted_chi2_tail

KERNELS = {name: k for name, k in registry().items() if "xp" in k.accelerators}
DEVICE = array_api_strict.Device("device1")


@pytest.fixture(scope="module", autouse=True)
def strict() -> Iterator[None]:
    """Switch off what makes a GPU wait for the processor, for this file."""
    before = array_api_strict.get_array_api_strict_flags()
    array_api_strict.set_array_api_strict_flags(
        boolean_indexing=False, data_dependent_shapes=False
    )
    yield
    array_api_strict.set_array_api_strict_flags(
        boolean_indexing=before["boolean_indexing"],
        data_dependent_shapes=before["data_dependent_shapes"],
    )


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def run(kernel: Kernel, arguments: dict[str, Any], convert: Any) -> tuple[Any, ...]:
    """Run a kernel on arrays converted at the door; `like` is one where it is taken."""
    function = kernel.implementation("xp")
    given = {
        key: convert(value) if isinstance(value, np.ndarray) else value
        for key, value in arguments.items()
    }
    if "like" in inspect.signature(function).parameters:
        given["like"] = convert(np.zeros(0))
    with np.errstate(all="ignore"):
        return as_tuple(function(**given))


def to_strict(array: np.ndarray) -> Any:
    return array_api_strict.asarray(array.copy(), device=DEVICE)


def to_numpy(array: Any) -> np.ndarray:
    if isinstance(array, np.ndarray):
        return array
    if hasattr(array, "get"):  # CuPy's
        return array.get()
    assert array.device == DEVICE
    cpu = array_api_strict.Device("CPU_DEVICE")
    return np.asarray(array_api_strict.asarray(array, device=cpu))


def check(kernel: Kernel, arguments: dict[str, Any], found: tuple[Any, ...]) -> None:
    """Compare with the reference; `LOOSER` in a module multiplies the tolerance."""
    looser = getattr(import_module(f"geomadv_kernels.xp.{kernel.file}"), "LOOSER", 1.0)
    with np.errstate(all="ignore"):
        expected = kernel.reference(**arguments)
        allowed = kernel.tolerance(arguments, expected)
    parts = zip(found, as_tuple(expected), as_tuple(allowed), strict=True)
    for ours, plain, tolerance in parts:
        ours, plain = to_numpy(ours), np.asarray(plain)
        assert ours.shape == plain.shape
        finite = np.isfinite(plain)
        assert np.array_equal(ours[~finite], plain[~finite])
        error = np.abs(ours[finite].astype(float) - plain[finite].astype(float))
        bound = looser * np.broadcast_to(tolerance, plain.shape)[finite]
        assert (error <= bound).all(), (
            f"{kernel.name} is off by {error[~(error <= bound)].max()}"
        )


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
@settings(max_examples=30)
def test_on_numpy_it_agrees_with_the_reference(name: str, data: st.DataObject) -> None:
    kernel = KERNELS[name]
    arguments = data.draw(kernel.inputs())
    before = {k: np.copy(v) for k, v in arguments.items() if isinstance(v, np.ndarray)}
    found = run(kernel, arguments, lambda array: array)
    for key, value in before.items():
        assert np.array_equal(arguments[key], value)
    check(kernel, arguments, found)


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
@settings(max_examples=4)
def test_on_a_strict_device_it_agrees_and_stays_there(
    name: str, data: st.DataObject
) -> None:
    kernel = KERNELS[name]
    arguments = data.draw(kernel.inputs())
    found = run(kernel, arguments, to_strict)
    assert all(part.device == DEVICE for part in found)
    check(kernel, arguments, found)


@pytest.mark.gpu
@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
@settings(max_examples=30)
def test_on_a_gpu_it_agrees_and_stays_there(name: str, data: st.DataObject) -> None:
    import cupy

    kernel = KERNELS[name]
    arguments = data.draw(kernel.inputs())
    found = run(kernel, arguments, cupy.asarray)
    assert all(isinstance(part, cupy.ndarray) for part in found)
    check(kernel, arguments, found)


@pytest.mark.parametrize("name", KERNELS)
def test_it_takes_the_arguments_of_the_reference(name: str) -> None:
    kernel = KERNELS[name]
    plain = inspect.signature(kernel.reference).parameters
    ours = dict(inspect.signature(kernel.implementation("xp")).parameters)
    ours.pop("like", None)
    assert list(ours) == list(plain)
    for key, parameter in plain.items():
        assert ours[key].kind == parameter.kind
        assert ours[key].default == parameter.default


def test_the_tail_from_the_mean_on_is_known_for_two_squares() -> None:
    one, two = np.array([1.0]), np.array([2.0])
    found, upper = weighted_chi2_tail(one, two, two, np.array([0.0]))
    assert upper.all()
    assert found[0] == pytest.approx(-1.0, abs=3e-12)


def test_the_strict_device_refuses_what_a_gpu_refuses() -> None:
    x = to_strict(np.arange(3.0))
    with pytest.raises((RuntimeError, TypeError), match=r"device1|CPU"):
        np.asarray(x)
    with pytest.raises(RuntimeError, match="boolean"):
        x[x > 1.0]
    with pytest.raises(RuntimeError, match="data"):
        array_api_strict.nonzero(x)
    with pytest.raises(AttributeError):
        array_api_strict.frexp  # noqa: B018
