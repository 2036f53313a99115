"""As much of CuPy as the launchers use, on NumPy's memory and the emulated kernels.

The arrays are a type of their own: a launcher that hands one to NumPy, or reads a value
on the host, fails here as it would with CuPy. Memory that CuPy leaves as it is found
holds nonsense.
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import numpy

_spec = importlib.util.spec_from_file_location(
    "cuda_on_cpu_loader", Path(__file__).with_name("loader.py")
)
assert _spec
assert _spec.loader
loader = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(loader)

float32, float64, int32, int64 = (
    numpy.float32,
    numpy.float64,
    numpy.int32,
    numpy.int64,
)
uint64, int8, uint8, bool_ = numpy.uint64, numpy.int8, numpy.uint8, numpy.bool_
inf, newaxis = numpy.inf, None


class HostTransferError(Exception):
    """A value of a device array was read on the host."""


class Device:
    """The only device; a context manager."""

    attributes = {"MultiProcessorCount": 2}  # noqa: RUF012 - read only

    def __init__(self, device: int = 0) -> None:
        self.id = device

    def __enter__(self) -> "Device":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def _refuse(*_: Any, **__: Any) -> Any:
    raise HostTransferError("a device array was read on the host")


class ndarray(numpy.ndarray):  # noqa: N801 - CuPy's name
    """An array on the device: `get` is the only way off it."""

    device = property(lambda self: Device())
    __float__ = __int__ = __bool__ = __index__ = __complex__ = _refuse
    __iter__ = item = tolist = tobytes = __array_function__ = _refuse

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, **options: Any
    ) -> Any:
        """Compute with numbers and arrays of this type."""
        if any(type(value) is numpy.ndarray for value in inputs):
            raise TypeError("a NumPy array meets a CuPy array")
        plain = [i.get() if isinstance(i, ndarray) else i for i in inputs]
        out = options.pop("out", None)
        if out is not None:
            options["out"] = tuple(value.view(numpy.ndarray) for value in out)
        result = getattr(ufunc, method)(*plain, **options)
        return out[0] if out is not None else _ours(result)

    def __getitem__(self, key: Any) -> Any:
        """Return a view, of no dimension where NumPy returns a number."""
        return _ours(super().__getitem__(key))

    def __repr__(self) -> str:
        return f"cupy.{self.get()!r}"

    __str__ = __repr__

    def get(self) -> numpy.ndarray:
        """Return the array on the host."""
        return self.view(numpy.ndarray)


def _ours(array: Any) -> Any:
    return numpy.asarray(array).view(ndarray)


def asarray(array: Any, dtype: Any = None) -> ndarray:
    """Return the array on the device."""
    host = array.get() if isinstance(array, ndarray) else numpy.asarray(array)
    if isinstance(array, ndarray) and dtype in (None, array.dtype):
        return array
    return _ours(host.astype(dtype or host.dtype, copy=True))


def ascontiguousarray(array: ndarray, dtype: Any = None) -> ndarray:
    """Return a C-contiguous array, the same one where it is that."""
    shape = array.shape
    host = asarray(array, dtype).view(numpy.ndarray)
    return _ours(numpy.ascontiguousarray(host).reshape(shape))


def empty(shape: Any, dtype: Any = float) -> ndarray:
    """Return an array of nonsense."""
    host = numpy.empty(shape, dtype)
    if host.size:
        filler = 0xFF if host.dtype.kind == "f" else 0x5A
        host.reshape(-1).view(numpy.uint8)[:] = filler
    return _ours(host)


def empty_like(array: ndarray, dtype: Any = None) -> ndarray:
    """Return an array of nonsense of the same shape."""
    return empty(array.shape, dtype or array.dtype)


def zeros(shape: Any, dtype: Any = float) -> ndarray:
    """Return an array of zeros."""
    return _ours(numpy.zeros(shape, dtype))


def ones(shape: Any, dtype: Any = float) -> ndarray:
    """Return an array of ones."""
    return _ours(numpy.ones(shape, dtype))


def full(shape: Any, value: Any, dtype: Any = None) -> ndarray:
    """Return a constant array."""
    return _ours(numpy.full(shape, value, dtype))


def where(condition: ndarray, x: Any, y: Any) -> ndarray:
    """Choose between two arrays."""
    plain = [i.get() if isinstance(i, ndarray) else i for i in (condition, x, y)]
    return _ours(numpy.where(*plain))


def arange(*limits: Any, dtype: Any = None) -> ndarray:
    """Return a range."""
    return _ours(numpy.arange(*limits, dtype=dtype))


dtype = numpy.dtype


class Kernel:
    """A function of a module, called like CuPy's `RawKernel`."""

    max_dynamic_shared_size_bytes = 48 << 10

    def __init__(self, module: Any, name: str) -> None:
        self._module, self._name = module, name

    def __call__(
        self,
        grid: Sequence[int],
        block: Sequence[int],
        args: Sequence[Any],
        *,
        shared_mem: int = 0,
    ) -> None:
        """Run it now."""
        if shared_mem > self.max_dynamic_shared_size_bytes:
            raise ValueError(f"{self._name}: {shared_mem} bytes of shared memory")
        if any(type(value) is numpy.ndarray for value in args):
            raise TypeError(f"{self._name}: an array of the host")
        launches.append((self._name, tuple(grid), tuple(block), shared_mem))
        self._module.launch(
            self._name,
            grid,
            block,
            [a.get() if isinstance(a, ndarray) else a for a in args],
            shared=shared_mem,
            order=settings.order,
            seed=settings.seed,
        )


class RawModule:
    """CUDA C++ source, compiled for the CPU when a function is asked for."""

    def __init__(
        self,
        *,
        code: str,
        options: tuple[str, ...] = (),
        name_expressions: Sequence[str] = (),
    ) -> None:
        self._given = (settings.edit(code), tuple(name_expressions))
        self._options = options
        self._module: Any = None

    def get_function(self, name: str) -> Kernel:
        """Return a kernel."""
        if self._module is None:
            code, names = self._given
            self._module = loader.Module(
                code,
                names,
                options=self._options,
                sanitizer=settings.sanitizer,
                optimise=settings.optimise,
            )
        return Kernel(self._module, name)


# How the kernels run: the order of their threads, and what is done to their source.
settings = SimpleNamespace(
    order="forward",
    seed=0,
    sanitizer=None,
    optimise="-O1",
    edit=lambda code: code,
)
launches: list[tuple[str, tuple[int, ...], tuple[int, ...], int]] = []


@contextmanager
def running(
    *,
    order: str = "forward",
    seed: int = 0,
    sanitizer: str | None = None,
    optimise: str = "-O1",
    edit: Callable[[str], str] = lambda code: code,
) -> Iterator[None]:
    """Run kernels so within the block."""
    before = dict(vars(settings))
    vars(settings).update(
        order=order, seed=seed, sanitizer=sanitizer, optimise=optimise, edit=edit
    )
    try:
        yield
    finally:
        vars(settings).update(before)


cuda = SimpleNamespace(Device=Device)


def __getattr__(name: str) -> Any:
    """Return one of NumPy's ufuncs, which take arrays of this module's type."""
    if isinstance(function := getattr(numpy, name, None), numpy.ufunc):
        return function
    raise AttributeError(f"the stand-in for CuPy has no {name!r}")
