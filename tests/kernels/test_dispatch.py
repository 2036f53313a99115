"""The door: NumPy to the processor, CuPy to the GPU, no mixture, one precision."""

import inspect
import sys
from types import ModuleType

import numpy as np
import pytest

from geomadv import _dispatch
from geomadv_kernels.contract import registry

# What stands in for CuPy's arrays would not pass the shape checker.
pytestmark = pytest.mark.errors

KERNELS = registry()


class OnDevice:
    """What the door sees of a CuPy array."""

    __module__ = "cupy"

    def __init__(self, array):
        self.array = np.asarray(array)
        self.dtype = self.array.dtype
        self.shape = self.array.shape
        self.device = "a GPU"

    def astype(self, dtype, copy=True):
        return OnDevice(self.array.astype(dtype, copy=copy))


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_has_a_door_with_its_arguments(name):
    """The reference's arguments, and `threads`; options that pass through are free."""
    wanted = set(inspect.signature(KERNELS[name].reference).parameters)
    door = inspect.signature(getattr(_dispatch, name)).parameters
    assert "threads" in door
    free = any(p.kind is p.VAR_KEYWORD for p in door.values())
    assert free or wanted <= set(door)
    assert set(door) - {"threads", "options", "like"} <= wanted


@pytest.mark.parametrize(
    ("call", "file"),
    [
        (
            lambda A: _dispatch.nearest(A(np.ones((2, 3))), A(np.ones((2, 3))), 1),
            "nearest",
        ),
        (
            lambda A: _dispatch.radius_count(
                A(np.ones((2, 3))), A(np.ones((2, 3))), A(np.ones(1))
            ),
            "radius_count",
        ),
        (
            lambda A: _dispatch.linear_margin(
                A(np.ones((2, 3))), A(np.ones(3)), 0.0, p=2
            ),
            "linear_margin",
        ),
    ],
)
def test_arrays_of_cupy_go_to_the_gpu(call, file, monkeypatch):
    asked = {}

    def kernel(*arguments, **options):
        asked["arguments"], asked["options"] = arguments, options
        return "from the GPU"

    module = ModuleType(f"geomadv_kernels.gpu.{file}")
    setattr(module, file, kernel)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert call(OnDevice) == "from the GPU"
    assert isinstance(asked["arguments"][0], OnDevice)
    assert "threads" not in asked["options"]


def test_a_mixture_is_refused():
    X = np.ones((2, 3))
    with pytest.raises(TypeError, match=r"nearest takes arrays of NumPy or of CuPy"):
        _dispatch.nearest(OnDevice(X), X, 1)
    with pytest.raises(TypeError, match=r"got both"):
        _dispatch.linear_margin(X, OnDevice(np.ones(3)), 0.0, p=2)


def test_single_precision_only_where_all_are_single():
    X = np.ones((2, 3))
    single = X.astype(np.float32)
    for first, second, dtype in (
        (X, X, np.float64),
        (single, X, np.float64),
        (single, single, np.float32),
        (X.astype(np.int8), single, np.float64),
    ):
        assert _dispatch.nearest(first, second, 1)[0].dtype == dtype
