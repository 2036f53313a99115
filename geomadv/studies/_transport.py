"""Sending a measurement to workers: by value, with its large arrays in files.

A function of an installed package is named, and one of a user's file, of a notebook or
of ``simulations/`` is sent as it is, with what it names: nothing but geomadv and its
dependencies must be there. For workers on the same machine, arrays of a megabyte or
more that come along are written once into a folder and mapped into memory, read-only,
so that all workers share them.
"""

import functools
import io
import pickle
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._typing import NDArray

SHARED_BYTES = 1 << 20


def packed(value: Any, folder: Path | None = None) -> bytes:
    """Return a value as workers get it.

    Parameters
    ----------
    value : object
        Functions and what they name.
    folder : Path, optional
        Where large arrays are put, for workers that can read it.

    Returns
    -------
    bytes

    Raises
    ------
    TypeError
        If something of it cannot be sent.
    """
    import cloudpickle  # type: ignore[import-untyped]

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, item: Any) -> Any:
            if isinstance(item, functools._lru_cache_wrapper):
                kept = item.cache_parameters()
                return _cached, (item.__wrapped__, kept["maxsize"], kept["typed"])
            if folder is not None and _is_large(item):
                path = folder / f"{len(list(folder.iterdir()))}.npy"
                np.save(path, item, allow_pickle=False)
                return _mapped, (str(path),)
            return super().reducer_override(item)

    file = io.BytesIO()
    with _by_value(cloudpickle):
        try:
            Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise TypeError(f"measure cannot be sent to workers: {error}") from error
    return file.getvalue()


@functools.lru_cache(maxsize=4)
def unpacked(parcel: bytes) -> Any:
    """Return what was sent; the same object for the same bytes."""
    return pickle.loads(parcel)  # noqa: S301 - it comes from the driver


@contextmanager
def _by_value(cloudpickle: Any) -> Iterator[None]:
    """Send the modules that workers may lack by value."""
    sent = []
    for name, module in list(sys.modules.items()):
        if is_foreign(name, module) and module not in sent:
            try:
                cloudpickle.register_pickle_by_value(module)
            except ValueError:  # under another name in sys.modules
                continue
            sent.append(module)
    try:
        yield
    finally:
        for module in sent:
            cloudpickle.unregister_pickle_by_value(module)


def is_foreign(name: str, module: Any) -> bool:
    """Tell whether a module is neither installed nor part of geomadv."""
    root = name.partition(".")[0]
    file = getattr(module, "__file__", None)
    if root in ("geomadv", "geomadv_kernels", "__main__") or not file:
        return False
    return not any(Path(file).is_relative_to(place) for place in _places())


@functools.cache
def _places() -> list[Path]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [Path(paths[name]) for name in names]


def _is_large(item: Any) -> bool:
    plain = type(item) is np.ndarray and not item.dtype.hasobject
    return plain and item.nbytes >= SHARED_BYTES


def _mapped(path: str) -> NDArray:
    array: NDArray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _cached(function: Any, maxsize: int | None, typed: bool) -> Any:
    return functools.lru_cache(maxsize=maxsize, typed=typed)(function)
