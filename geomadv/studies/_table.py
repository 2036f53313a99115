"""The measured numbers of a layout in the order of its grid, wherever they stand.

Records stand in the order in which cells were finished, in as many files as there were
drivers, and perhaps in folders of other grids. A table says for each position where its
record is, or the line that says why it failed: a number of eight bytes a position, in a
temporary file without a name. What is held in memory is a block of it, and a count for
each block, whatever the number of cells; numbers and failures are read from their files
when they are asked for.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, overload

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.studies._filed import Filed, opened, zeros
from geomadv.studies._layout import Layout
from geomadv.studies._records import (
    BLOCK,
    Records,
    read_line,
    read_lines,
    read_records,
    record_type,
    salt_of,
)
from geomadv.studies._study import Row, Value

CELLS, FAILED = ".cells", ".failed"
_SHIFT = 40  # a place is a file's number above that of the record or byte in it
_PLACE = np.dtype(np.int64)

T = TypeVar("T")


@dataclass(frozen=True)
class Damage:
    """Something in a store that cannot be read.

    Attributes
    ----------
    path : Path
        The file.
    what : str
        What is wrong with it, and what that costs.
    """

    path: Path
    what: str


@dataclass(frozen=True)
class Failure:
    """A cell that could not be measured.

    Attributes
    ----------
    cell : mapping
        The cell.
    repetition : int
        Which repetition of it.
    attempts : int
        How often it was tried.
    error : str
        The traceback, or what became of the worker.
    """

    cell: Mapping[str, Value]
    repetition: int
    attempts: int
    error: str


class Table:
    """The numbers of a layout that a store holds.

    Parameters
    ----------
    layout : Layout
        The layout.
    folders : sequence of (Path, Layout)
        Where its numbers may stand; the later ones win.
    damaged : sequence of Path
        Copies of layouts that cannot be read.
    """

    def __init__(
        self,
        layout: Layout,
        folders: Sequence[tuple[Path, Layout]] = (),
        damaged: Sequence[Path] = (),
    ) -> None:
        self.layout = layout
        self.damage = [
            Damage(path, "the layout is damaged; its copy is used") for path in damaged
        ]
        self.seconds = 0.0
        # 0 for nothing, above 0 for a record, below for a failure: 1 + its place.
        self._index = zeros(_PLACE, layout.count)
        self._files: list[Records] = []
        self._notes: list[Filed] = []
        for folder, source in folders:
            if not self.layout.columns:
                self.layout = self.layout.with_columns(source.columns)
            for path in sorted(folder.glob(f"*{CELLS}")):
                self._take(path, source)
            for path in sorted(folder.glob(f"*{FAILED}")):
                self._take_failures(path, source)

    @functools.cached_property
    def measured(self) -> "Positions":
        """The positions that have numbers."""
        return Positions(self._index, lambda places: places > 0)

    @functools.cached_property
    def failed(self) -> "Positions":
        """The positions that have a failure and no numbers."""
        return Positions(self._index, lambda places: places < 0)

    def missing(self, *, retry_failed: bool = False) -> "Positions":
        """Return the positions that have neither numbers nor a failure."""
        if retry_failed:
            return Positions(self._index, lambda places: places <= 0)
        return Positions(self._index, lambda places: places == 0)

    def has_failed(self, position: int) -> bool:
        """Tell whether a position has a failure and no numbers."""
        return bool(self._index.part(position, position + 1)[0] < 0)

    def blocks(
        self,
    ) -> Iterator[tuple[Int[NDArray, " k"], Float[NDArray, "k columns"]]]:
        """Yield positions and values of what has been measured, in grid order."""
        for positions in self.measured.blocks():
            yield positions, self.records(positions)["values"]

    def records(self, positions: Int[NDArray, " k"]) -> NDArray:
        """Return the records of measured positions."""
        places = self._index.take(positions) - 1
        files, numbers = places >> _SHIFT, places & ((1 << _SHIFT) - 1)
        found = np.empty(places.size, record_type(len(self.layout.columns)))
        for file in np.unique(files).tolist():
            mask = files == file
            found[mask] = self._files[file].entries.take(numbers[mask])
        return found

    def rows(self) -> "Lazily[Row]":
        """Return what has been measured as rows."""
        return Lazily(self.measured, self._rows)

    @property
    def failures(self) -> "Lazily[Failure]":
        """What could not be measured."""
        return Lazily(self.failed, self._failures)

    def _rows(self, positions: Int[NDArray, " k"]) -> Iterator[Row]:
        layout = self.layout
        values = self.records(positions)["values"]
        for position, numbers in zip(positions.tolist(), values.tolist(), strict=True):
            cell, repetition = layout.at(position)
            extra = {"repetition": repetition} if layout.repetitions > 1 else {}
            yield {**cell, **extra, **dict(zip(layout.columns, numbers, strict=True))}

    def _failures(self, positions: Int[NDArray, " k"]) -> Iterator[Failure]:
        places = -1 - self._index.take(positions)
        for position, place in zip(positions.tolist(), places.tolist(), strict=True):
            note = read_line(self._notes[place >> _SHIFT], place & ((1 << _SHIFT) - 1))
            cell, repetition = self.layout.at(position)
            yield Failure(cell, repetition, note["attempts"], note["error"])

    def _take(self, path: Path, source: Layout) -> None:
        records = read_records(
            path, len(source.columns), salt_of(f"{source.name}/{path.stem}")
        )
        self._files.append(records)
        moved = source.moves(self.layout)
        base, lost = (len(self._files) - 1) << _SHIFT, 0
        for first, block, sound in records.blocks():
            sound &= block["position"] < source.count
            lost += int((~sound).sum())
            (number,) = np.nonzero(sound)
            there = moved(block["position"][sound].astype(np.int64))
            inside = there >= 0
            self._index.put(there[inside], 1 + base + first + number[inside])
            self.seconds += float(block["seconds"][sound][inside].sum())
        if lost:
            self.damage.append(
                Damage(path, f"{lost} of {len(records.entries)} records are damaged")
            )
        if records.tail:
            self.damage.append(
                Damage(path, f"cut off: {records.tail} bytes of a record at its end")
            )

    def _take_failures(self, path: Path, source: Layout) -> None:
        moved = source.moves(self.layout)
        self._notes.append(opened(path, np.dtype(np.uint8), path.stat().st_size))
        base, damaged = (len(self._notes) - 1) << _SHIFT, 0
        lines = read_lines(path)
        while some := list(itertools.islice(lines, BLOCK)):
            sound = [(place, note["position"]) for place, note in some if note]
            damaged += len(some) - len(sound)
            places, positions = np.array(sound, np.int64).reshape(-1, 2).T
            there = moved(positions)
            new = there >= 0
            new[new] = self._index.take(there[new]) <= 0
            self._index.put(there[new], -1 - base - places[new])
        if damaged:
            self.damage.append(
                Damage(path, f"{damaged} of the failures noted are damaged")
            )


class Positions(Sequence[int]):
    """Positions of a kind in the order of the grid, looked up when they are asked for.

    Parameters
    ----------
    index : Filed
        What is known of each position.
    chosen : callable
        Tells which of these are of the kind.
    """

    def __init__(
        self,
        index: Filed,
        chosen: Callable[[Int[NDArray, " k"]], Bool[NDArray, " k"]],
    ) -> None:
        self._index, self._chosen = index, chosen
        counts = [
            int(chosen(index.part(first, first + BLOCK)).sum())
            for first in range(0, len(index), BLOCK)
        ]
        self._ends = np.cumsum(counts, dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, slice):
            return self.at(_span(len(self), place)).tolist()
        return int(self.at(_span(len(self), place))[0])

    def __iter__(self) -> Iterator[int]:
        for block in self.blocks():
            yield from block.tolist()

    def blocks(self) -> Iterator[Int[NDArray, " k"]]:
        """Yield the positions, some at a time."""
        for block in np.flatnonzero(np.diff(self._ends, prepend=0)).tolist():
            yield self._in(block)

    def at(self, places: Int[NDArray, " k"]) -> Int[NDArray, " k"]:
        """Return the positions that stand at places among these."""
        found = np.empty(places.shape, np.int64)
        which = np.searchsorted(self._ends, places, side="right")
        for block in np.unique(which).tolist():
            mask, before = which == block, self._ends[block - 1] if block else 0
            found[mask] = self._in(block)[places[mask] - before]
        return found

    def _in(self, block: int) -> Int[NDArray, " k"]:
        first = block * BLOCK
        return first + np.flatnonzero(
            self._chosen(self._index.part(first, first + BLOCK))
        )


class Lazily(Sequence[T], Generic[T]):
    """What stands at positions, made when it is asked for.

    Parameters
    ----------
    positions : Positions
        The positions.
    made : callable
        Makes what stands at some of them.
    """

    def __init__(
        self,
        positions: Positions,
        made: Callable[[Int[NDArray, " k"]], Iterable[T]],
    ) -> None:
        self._positions, self._made = positions, made

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        places = _span(len(self), place)
        found = tuple(self._made(self._positions.at(places)))
        return found if isinstance(place, slice) else found[0]

    def __iter__(self) -> Iterator[T]:
        for positions in self._positions.blocks():
            yield from self._made(positions)


def _span(count: int, place: int | slice) -> Int[NDArray, " k"]:
    """Return the places among so many that an index or a slice means."""
    span = range(count)
    if isinstance(place, slice):
        return np.array(span[place], np.int64)
    return np.array([span[place]])


def row_names(layout: Layout) -> list[str]:
    """Return the names of the columns of a row."""
    extra = ["repetition"] if layout.repetitions > 1 else []
    return [*layout.axes, *extra, *layout.columns]
