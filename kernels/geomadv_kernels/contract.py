"""What each kernel promises, and where its implementations are.

A kernel has a plain NumPy reference and one contract, both in
``geomadv_kernels/reference/FILE.py``; the fast implementations stand in files of the
same name and are functions of the same name and arguments:

- ``cpu/FILE.py``: numba, on all cores;
- ``gpu/FILE.py``: CUDA C++ through `cupy.RawModule` (CuPy arrays in and out);
- ``xp/FILE.py``: any array namespace of the array API standard; CuPy's on a GPU.

One generic test, ``tests/kernels/test_contract.py``, draws arguments from `inputs`,
runs every implementation and compares it with the reference.
"""

import pkgutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Kernel:
    """One kernel and its contract.

    Parameters
    ----------
    name : str
        The name of the function in every implementation.
    file : str
        The name of the files that hold it.
    reference : callable
        The plain NumPy version. It computes in float64 whatever the precision of its
        input, and returns an array or a tuple of arrays.
    inputs : callable
        Returns the domain: a Hypothesis strategy of keyword arguments. Arrays among
        them may be handed over in any memory layout.
    tolerance : callable
        Of the arguments and the reference's result: the largest allowed difference,
        entry by entry, in the structure of the result (0 where they must be equal).
        Infinities must agree, and NaN never does.
    memory : callable
        Of the arguments: the bytes that the CPU implementation may allocate beside its
        arguments and its result.
    accelerators : tuple of str
        Which of "gpu" and "xp" there are.
    """

    name: str
    file: str
    reference: Callable[..., Any]
    inputs: Callable[[], "SearchStrategy[Arguments]"]
    tolerance: Callable[[Arguments, Any], Any]
    memory: Callable[[Arguments], int]
    accelerators: tuple[str, ...] = ()

    def implementation(self, backend: str) -> Callable[..., Any]:
        """Return the function of a backend: "cpu", "gpu" or "xp"."""
        if backend != "cpu" and backend not in self.accelerators:
            raise LookupError(f"{self.name} has no implementation for {backend!r}")
        module = import_module(f"geomadv_kernels.{backend}.{self.file}")
        function: Callable[..., Any] = getattr(module, self.name)
        return function


def registry() -> dict[str, Kernel]:
    """Return all kernels by name."""
    from geomadv_kernels import reference

    return {
        kernel.name: kernel
        for file in pkgutil.iter_modules(reference.__path__)
        for kernel in import_module(f"{reference.__name__}.{file.name}").KERNELS
    }


def copied(arguments: Arguments, dtype: Any = None) -> int:
    """Return the bytes of copies of all arrays that are not contiguous.

    With `dtype`, also of those that have another, once they are converted to it.
    """
    arrays = [np.asarray(value) for value in arguments.values() if np.ndim(value)]
    return sum(
        array.size * np.dtype(dtype or array.dtype).itemsize
        for array in arrays
        if not array.flags.c_contiguous or array.dtype != (dtype or array.dtype)
    )


# Which compiled paths ran, for the test that asks whether they did.

_watchers = threading.local()


def ran(path: str) -> None:
    """Note that a fast path ran: "cpu.nearest.l2", say. Costs nothing unwatched."""
    for paths in getattr(_watchers, "stack", ()):
        paths.append(path)


@contextmanager
def watching() -> Iterator[list[str]]:
    """Collect the paths that run in this thread."""
    paths: list[str] = []
    stack = _watchers.__dict__.setdefault("stack", [])
    stack.append(paths)
    try:
        yield paths
    finally:
        stack.remove(paths)
