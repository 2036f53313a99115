"""As much of CuPy as the launchers use, on NumPy's memory and the emulated kernels.

The arrays are a type of their own: a launcher that hands one to NumPy, or reads a value
on the host, fails here as it would with CuPy. Memory that CuPy leaves as it is found
holds nonsense.
"""

import importlib.util
import json
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


class WrongDeviceError(Exception):
    """An array of another device than the current one was used."""


class Device:
    """One of two devices; a context manager. By default, the current one."""

    attributes = {"MultiProcessorCount": 2}  # noqa: RUF012 - read only
    compute_capability = "80"

    def __init__(self, device: int | None = None) -> None:
        self.id = _entered[-1] if device is None else device

    def __enter__(self) -> "Device":
        _entered.append(self.id)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _entered.pop()


_entered = [0]


def _here(*arrays: Any) -> None:
    for array in arrays:
        if isinstance(array, ndarray) and array.place != _entered[-1]:
            message = f"an array of device {array.place} on device {_entered[-1]}"
            raise WrongDeviceError(message)


def _refuse(*_: Any, **__: Any) -> Any:
    raise HostTransferError("a device array was read on the host")


class ndarray(numpy.ndarray):  # noqa: N801 - CuPy's name
    """An array on the device: `get` is the only way off it."""

    place: int
    device = property(lambda self: Device(self.place))
    __float__ = __int__ = __bool__ = __index__ = __complex__ = _refuse
    __iter__ = item = tolist = tobytes = __array_function__ = _refuse

    def __array_finalize__(self, source: Any) -> None:
        """Be where the array is that this one is made of, or on the current device."""
        self.place = getattr(source, "place", _entered[-1])

    def astype(self, dtype: Any, copy: bool = True) -> "ndarray":
        """Convert on the current device."""
        if self.dtype == dtype and not copy:
            return self
        _here(self)
        return _ours(self.get().astype(dtype))

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, **options: Any
    ) -> Any:
        """Compute with numbers and arrays of this type."""
        if any(type(value) is numpy.ndarray for value in inputs):
            raise TypeError("a NumPy array meets a CuPy array")
        _here(*inputs)
        plain = [i.get() if isinstance(i, ndarray) else i for i in inputs]
        out = options.pop("out", None)
        if out is not None:
            options["out"] = tuple(value.view(numpy.ndarray) for value in out)
        result = getattr(ufunc, method)(*plain, **options)
        return out[0] if out is not None else _ours(result)

    def __getitem__(self, key: Any) -> Any:
        """Return a view, of no dimension where NumPy returns a number."""
        if isinstance(key, ndarray):
            _here(self, key)
        result = super().__getitem__(key)
        return result if isinstance(result, ndarray) else _ours(result)

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
    _here(array)
    return _ours(host.astype(dtype or host.dtype, copy=True))


def ascontiguousarray(array: ndarray, dtype: Any = None) -> ndarray:
    """Return a C-contiguous array, the same one where it is that."""
    array = asarray(array, dtype)
    if array.flags.c_contiguous:
        return array
    _here(array)
    return _ours(numpy.ascontiguousarray(array.get()))


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
    _here(condition, x, y)
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
        self._module, self._name, self._place = module, name, _entered[-1]

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
        _here(*args)
        if self._place != _entered[-1]:
            raise WrongDeviceError(f"{self._name} was loaded on device {self._place}")
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
    """A file of `compile_using_nvrtc`, compiled for the CPU now."""

    def __init__(self, *, path: str) -> None:
        code, names, options = json.loads(Path(path).read_text("utf-8"))
        self._module = loader.Module(
            settings.edit(code),
            names,
            options=options,
            sanitizer=settings.sanitizer,
            optimise=settings.optimise,
        )

    def get_function(self, name: str) -> Kernel:
        """Return a kernel."""
        return Kernel(self._module, bytes.fromhex(name).decode())


def compile_using_nvrtc(
    source: str,
    options: tuple[str, ...] = (),
    *,
    name_expressions: Sequence[str],
    cache_in_memory: bool,
) -> tuple[bytes, dict[str, str]]:
    """Return the source and how to compile it; names are "mangled" to digits."""
    if not cache_in_memory:
        raise ValueError("CuPy would write the source to a file")
    text = json.dumps([source, list(name_expressions), options])
    return text.encode(), {name: name.encode().hex() for name in name_expressions}


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


cuda = SimpleNamespace(
    Device=Device,
    compiler=SimpleNamespace(compile_using_nvrtc=compile_using_nvrtc),
    nvrtc=SimpleNamespace(getVersion=lambda: (0, 0)),
)


def __getattr__(name: str) -> Any:
    """Return one of NumPy's ufuncs, which take arrays of this module's type."""
    if isinstance(function := getattr(numpy, name, None), numpy.ufunc):
        return function
    raise AttributeError(f"the stand-in for CuPy has no {name!r}")
