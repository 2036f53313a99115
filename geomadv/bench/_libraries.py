"""The libraries that kernels are compared with: which are there, and their threads."""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

#: Name of a library: its module, and the names that its distribution may have.
LIBRARIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "NumPy": ("numpy", "numpy"),
        "SciPy": ("scipy", "scipy"),
        "scikit-learn": ("sklearn", "scikit-learn"),
        "faiss": ("faiss", "faiss-cpu"),
        "torch": ("torch", "torch"),
        "KeOps": ("pykeops", "pykeops"),
        "CuPy": ("cupy", "cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
    }
)

_ALSO = ("geomadv", "numba")


def installed(library: str) -> bool:
    """Tell whether a library can be imported, without importing it."""
    return importlib.util.find_spec(LIBRARIES[library][0]) is not None


def versions(libraries: Iterable[str]) -> dict[str, str | None]:
    """Return the versions of libraries and of what geomadv runs on; None if absent."""
    found: dict[str, str | None] = {name: _version(name, name) for name in _ALSO}
    for library in libraries:
        found[library] = _version(*LIBRARIES[library]) if installed(library) else None
    return found


def _version(module: str, *distributions: str) -> str:
    for distribution in distributions:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return str(getattr(sys.modules.get(module), "__version__", "unknown"))


def load(libraries: Iterable[str]) -> dict[str, str]:
    """Import libraries; return why, for those that cannot be.

    All of them are imported before threads are limited: a pool of threads that is
    loaded later would not be.
    """
    for name in ("KEOPS_VERBOSE", "PYKEOPS_VERBOSE"):
        os.environ.setdefault(name, "0")  # it would write to standard output
    failed = {}
    for library in libraries:
        try:
            importlib.import_module(LIBRARIES[library][0])
        except Exception as error:  # noqa: BLE001 - whatever it is, the peer is out
            failed[library] = reason(error)
    return failed


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Give every library that is loaded so many threads, for the block."""
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    faiss = sys.modules.get("faiss")
    before = torch.get_num_threads() if torch else 0
    before_faiss = faiss.omp_get_max_threads() if faiss else 0
    with threadpool_limits(limits=threads):
        if torch:
            torch.set_num_threads(threads)
        if faiss:
            faiss.omp_set_num_threads(threads)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)
            if faiss:
                faiss.omp_set_num_threads(before_faiss)


def reason(error: BaseException) -> str:
    """Return an exception as one short line."""
    text = " ".join(str(error).split())
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return line if len(line) <= 120 else f"{line[:117]}..."
