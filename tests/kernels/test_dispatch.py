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


class Device:
    """A device, and how often it has been entered."""

    entered = 0

    def __enter__(self):
        Device.entered += 1

    def __exit__(self, *_):
        Device.entered -= 1


class OnDevice:
    """What the door sees of a CuPy array."""

    __module__ = "cupy"

    def __init__(self, array):
        self.array = np.asarray(array)
        self.dtype = self.array.dtype
        self.shape = self.array.shape
        self.device = Device()

    def astype(self, dtype, copy=True):
        assert Device.entered, "CuPy would convert on another device"
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


X, Y, W = np.zeros((3, 2)), np.zeros((4, 2)), np.zeros(2)
BAD = {
    "d of Y": (lambda: _dispatch.nearest(X, np.zeros((4, 5)), 1), "Y must have the sh"),
    "axes of X": (lambda: _dispatch.nearest(W, Y, 1), r"X must have .* got \(2,\)"),
    "metric": (lambda: _dispatch.nearest(X, Y, 1, metric="l3"), "metric must be one"),
    "eps": (lambda: _dispatch.radius_count(X, Y, 1.0 * X), "eps must have the shape"),
    "A": (lambda: _dispatch.enlargement(X, X.T, W), r"with d = 2 as in X, got \(2, 3"),
    "w": (lambda: _dispatch.linear_margin(X, np.ones(9), 0.0, p=2), r"got \(9,\)"),
    "step": (lambda: _dispatch.linear_perturbation(X, X, 0.0, p=2), r"shape \(d,\)"),
    "box": (
        lambda: _dispatch.box_perturbation(X, W, 0.0, W, np.ones(3), p=2),
        "upper must have",
    ),
    "p": (
        lambda: _dispatch.box_perturbation(X, W, 0.0, W, W, p=1.01),
        "p must be 1, or at least 1.1, in a box, got 1.01",
    ),
    "coefficients": (
        lambda: _dispatch.kernel_expansion(X, Y, np.ones((5, 1)), kernel="hilbert"),
        r"coefficients must .* with m = 4 as in Y, got \(5, 1\)",
    ),
    "kernel": (
        lambda: _dispatch.kernel_expansion(X, Y, np.ones((4, 1)), kernel="cosine"),
        "kernel must be one of",
    ),
    "degree": (
        lambda: _dispatch.kernel_expansion_gradient(
            X, Y, np.ones((4, 1)), kernel="polynomial", degree=-1
        ),
        "degree must be at least 0, got -1",
    ),
    "c": (
        lambda: _dispatch.secular(W, W, np.ones(2), X),
        r"c must broadcast to the shape \(3,\), got \(2,\)",
    ),
    "a": (lambda: _dispatch.secular(np.ones((4, 2)), W, 1.0, X), "a must broadcast"),
}


@pytest.mark.parametrize("case", BAD)
def test_shapes_that_do_not_fit_are_refused(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
