"""Every kernel on a real GPU, through CuPy, against the plain reference."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.contract import Kernel, registry

pytestmark = pytest.mark.gpu

PAIRS = [
    (kernel, backend)
    for kernel in registry().values()
    for backend in kernel.accelerators
]


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
@pytest.mark.parametrize(
    ("kernel", "backend"), PAIRS, ids=[f"{k.name}-{backend}" for k, backend in PAIRS]
)
def test_the_contract_holds_on_the_device(kernel: Kernel, backend: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        import cupy

    @given(data=st.data())
    @settings(max_examples=100)
    def holds(data: st.DataObject) -> None:
        arguments = data.draw(kernel.inputs())
        device = {
            name: cupy.asarray(value) if isinstance(value, np.ndarray) else value
            for name, value in arguments.items()
        }
        function = kernel.implementation(backend)
        found = as_tuple(function(**device))
        assert all(isinstance(part, cupy.ndarray) for part in found)
        check(kernel, arguments, tuple(part.get() for part in found))
        if backend == "gpu":
            # A stream that is being captured refuses to copy to the host, or to wait.
            stream = cupy.cuda.Stream(non_blocking=True)
            with stream:
                stream.begin_capture(cupy.cuda.runtime.streamCaptureModeRelaxed)
                function(**device)
                stream.end_capture()

    holds()


def test_large_indices_have_64_bits() -> None:
    """The 2^31-th coordinate is read where it is."""
    with warnings.catch_warnings(action="ignore"):
        import cupy

    from geomadv_kernels.gpu.nearest import nearest

    d, m = 1 << 16, (1 << 15) + 5
    free, _ = cupy.cuda.runtime.memGetInfo()
    if free < 12 << 30:
        pytest.skip("less than 12 GiB of free device memory")
    Y = cupy.zeros((m, d), np.float32)
    Y[: m - 1, 0] = 2
    _, indices = nearest(cupy.zeros((1, d), np.float32), Y, 1)
    assert int(indices[0, 0]) == m - 1
