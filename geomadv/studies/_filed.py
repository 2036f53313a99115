"""An array in a file, of which only what is asked for comes into memory.

Places are sorted and cut where more than 512 bytes lie between two of them; what lies
between two cuts is read, or read and written, at once. In the usual case, places that
nearly follow each other, that is one call of the system. Nothing is mapped into memory:
a mapping counts as memory of the process wherever it was touched, and a file that is
too short or a full disk would kill it instead of raising OSError.
"""

import itertools
import os
import sys
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._typing import Int, NDArray

_GAP = 512


class Filed:
    """An array in a file.

    Parameters
    ----------
    file : int
        The descriptor of the file, which is closed when the array goes.
    kind : dtype
        The type of its entries.
    count : int
        How many there are.
    """

    def __init__(self, file: int, kind: "np.dtype[Any]", count: int) -> None:
        self._file, self._kind, self._count = file, kind, count
        weakref.finalize(self, os.close, file)

    def __len__(self) -> int:
        return self._count

    def part(self, first: int, last: int) -> NDArray:
        """Return a copy of the entries from `first` on, up to `last`, it left out."""
        first, last = max(first, 0), min(last, self._count)
        size = self._kind.itemsize
        data = bytearray()
        while len(data) < (last - first) * size:
            wanted = (last - first) * size - len(data)
            piece = _read_at(self._file, wanted, first * size + len(data))
            if not piece:
                raise OSError("a file of the store has become shorter than it was")
            data += piece
        return np.frombuffer(data, self._kind)

    def take(self, places: Int[NDArray, " n"]) -> NDArray:
        """Return the entries at places."""
        found = np.empty(places.size, self._kind)
        for some in _runs(places, _GAP // self._kind.itemsize):
            first, last = int(places[some[0]]), int(places[some[-1]]) + 1
            found[some] = self.part(first, last)[places[some] - first]
        return found

    def put(self, places: Int[NDArray, " n"], values: NDArray) -> None:
        """Write entries at places; of several at one place the last one stays."""
        for some in _runs(places, _GAP // self._kind.itemsize):
            first, last = int(places[some[0]]), int(places[some[-1]]) + 1
            entries = self.part(first, last)
            entries[places[some] - first] = values[some]
            rest = memoryview(entries.tobytes())
            offset = first * self._kind.itemsize
            while rest:
                done = _write_at(self._file, rest, offset)
                rest, offset = rest[done:], offset + done


def opened(path: Path, kind: "np.dtype[Any]", count: int) -> Filed:
    """Return the array that a file begins with."""
    return Filed(os.open(path, os.O_RDONLY | _BINARY), kind, count)


def zeros(kind: "np.dtype[Any]", count: int) -> Filed:
    """Return an array of zeros in a temporary file without a name.

    Raises
    ------
    OSError
        If there is no room for it.
    """
    with tempfile.TemporaryFile(prefix="geomadv-", buffering=0) as file:
        copy = os.dup(file.fileno())
    found = Filed(copy, kind, count)
    size = count * kind.itemsize
    try:
        if sys.platform == "linux":
            os.posix_fallocate(copy, 0, size)
        else:
            os.ftruncate(copy, size)
    except OSError as error:
        raise OSError(
            f"{tempfile.gettempdir()} has no room for an index of {size} bytes "
            f"({error.strerror}); set TMPDIR to another folder"
        ) from error
    return found


def _runs(places: Int[NDArray, " n"], gap: int) -> Iterator[Int[NDArray, " k"]]:
    """Yield the indices of places, sorted, in groups that lie close together."""
    order = np.argsort(places, kind="stable")
    cuts = np.flatnonzero(np.diff(places[order]) > gap) + 1
    for first, last in itertools.pairwise([0, *cuts.tolist(), len(order)]):
        if last > first:
            yield order[first:last]


_BINARY: int = getattr(os, "O_BINARY", 0)

if sys.platform == "win32":

    def _read_at(file: int, size: int, offset: int) -> bytes:
        os.lseek(file, offset, os.SEEK_SET)
        return os.read(file, size)

    def _write_at(file: int, data: memoryview, offset: int) -> int:
        os.lseek(file, offset, os.SEEK_SET)
        return os.write(file, data)

else:
    _read_at, _write_at = os.pread, os.pwrite
