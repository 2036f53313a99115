"""Records of a fixed size with a checksum each: what a store's files consist of.

A file of records has no header. Record k is

    position (uint64) | seconds (float32) | check (uint32) | values (float64 each)

in little-endian order, and its check is the CRC-32 of its other bytes, begun with
``salt + k``. The salt comes from the place of the file in the store. So every byte of a
file belongs to one record, and what is wrong with it (a flipped bit, a block of zeros
after a loss of power, a record in another's place) costs that record and no other; a
file that was cut off has lost its last records. CRC-32 sees every change within 32
neighbouring bits, and any other with probability 1 - 2^-32.

Failures are lines of text, each with its checksum in front, in a file of their own.
What is written once, and whole, is JSON that carries its digest.
"""

import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.studies._filed import Filed, opened

BLOCK = 1 << 14
SYNC_SECONDS = 1.0


def record_type(columns: int) -> np.dtype[Any]:
    """Return the type of a record with so many values."""
    return np.dtype(
        [
            ("position", "<u8"),
            ("seconds", "<f4"),
            ("check", "<u4"),
            ("values", "<f8", (columns,)),
        ]
    )


def salt_of(place: str) -> int:
    """Return the salt of the file that stands at a place in its store."""
    return zlib.crc32(place.encode())


def checks(records: NDArray, salt: int, first: int) -> Int[NDArray, " n"]:
    """Return the checksums that records ``first``, ``first + 1``, ... must have."""
    bare = records.copy()
    bare["check"] = 0
    data, size = memoryview(bare.tobytes()), records.dtype.itemsize
    start = salt + first
    return np.array(
        [
            zlib.crc32(data[k * size : (k + 1) * size], (start + k) & 0xFFFFFFFF)
            for k in range(len(records))
        ],
        dtype=np.int64,
    )


@dataclass(frozen=True, eq=False)
class Records:
    """A file of records.

    Attributes
    ----------
    path : Path
        The file.
    entries : Filed
        Its whole records.
    salt : int
        Where its checksums begin.
    tail : int
        How many bytes stand behind the last whole record.
    """

    path: Path
    entries: Filed
    salt: int
    tail: int

    def blocks(self) -> Iterator[tuple[int, NDArray, Bool[NDArray, " n"]]]:
        """Yield the first number, the records and which are sound, block by block."""
        for first in range(0, len(self.entries), BLOCK):
            block = self.entries.part(first, first + BLOCK)
            yield first, block, block["check"] == checks(block, self.salt, first)


def read_records(path: Path, columns: int, salt: int) -> Records:
    """Return the records of a file, without reading them yet."""
    kind = record_type(columns)
    count, tail = divmod(path.stat().st_size, kind.itemsize)
    return Records(path, opened(path, kind, count), salt, tail)


class Appender:
    """A new file that grows by whole pieces, and is never left with half a piece.

    Parameters
    ----------
    path : Path
        The file; it must not be there.
    sync : bool
        Whether what is written must survive a loss of power, too: it is forced to the
        disk after a second at most, and at the end.
    """

    def __init__(self, path: Path, *, sync: bool = True) -> None:
        self.path, self.size = path, 0
        self._sync, self._synced = sync, time.monotonic()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        self._file = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
        if sync:
            sync_folder(path.parent)

    def append(self, piece: bytes) -> None:
        """Write a piece whole, or leave the file as it was and raise OSError."""
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except BaseException:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(piece)
        if self._sync and time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._file)
            self._synced = time.monotonic()

    def close(self) -> None:
        """Force what was written to the disk, and close the file."""
        try:
            if self._sync:
                os.fsync(self._file)
        finally:
            os.close(self._file)


class RecordWriter:
    """A new file of records.

    Parameters
    ----------
    path, columns, salt, sync
        Those of `Appender` and `read_records`.
    """

    def __init__(self, path: Path, columns: int, salt: int, *, sync: bool) -> None:
        self._file = Appender(path, sync=sync)
        self._kind, self._salt, self._count = record_type(columns), salt, 0

    def append(
        self,
        positions: Sequence[int] | Int[NDArray, " n"],
        seconds: Sequence[float] | Float[NDArray, " n"],
        values: Sequence[Sequence[float]] | Float[NDArray, "n columns"],
    ) -> None:
        """Write records, all or none."""
        records = np.zeros(len(positions), self._kind)
        records["position"], records["seconds"] = positions, seconds
        records["values"] = np.reshape(values, records["values"].shape)
        records["check"] = checks(records, self._salt, self._count)
        self._file.append(records.tobytes())
        self._count += len(records)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def line(document: Mapping[str, Any]) -> bytes:
    """Return a document as a line with its checksum."""
    text = json.dumps(document, ensure_ascii=True).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield where each line of a file begins, and its document; None if damaged."""
    place = 0
    with path.open("rb") as file:
        for piece in file:
            yield place, _document(piece)
            place += len(piece)


def read_line(file: Filed, place: int) -> dict[str, Any]:
    """Return the document of the sound line that begins at a byte of a file."""
    size = 1 << 12
    while True:
        piece, end, _ = file.part(place, place + size).tobytes().partition(b"\n")
        if end or place + size >= len(file):
            break
        size *= 4
    document = _document(piece)
    if document is None:
        raise OSError("a file of the store has changed since it was read")
    return document


def _document(piece: bytes) -> dict[str, Any] | None:
    check, _, text = piece.removesuffix(b"\n").partition(b" ")
    return json.loads(text) if check == b"%08x" % zlib.crc32(text) else None


def sealed(content: Mapping[str, Any]) -> str:
    """Return a document as JSON that carries its digest."""
    return json.dumps({"digest": digest(content, 16), "content": content}) + "\n"


def unsealed(path: Path) -> dict[str, Any] | None:
    """Return the document of a file; None where it is damaged or not there."""
    try:
        document = json.loads(path.read_bytes())
        content = dict(document["content"])
        return content if document["digest"] == digest(content, 16) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def digest(document: object, size: int) -> str:
    """Return so many bytes of a digest of a document, in hexadecimal."""
    text = json.dumps(document)
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
