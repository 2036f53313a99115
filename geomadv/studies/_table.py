"""The measured numbers of a layout in the order of its grid, wherever they stand.

Records stand in the order in which cells were finished, in as many files as there were
drivers, and perhaps in folders of other grids. A table says for each position where its
record is: eight bytes a position are all that is held in memory, and the values are
read from the files, block by block.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv.studies._layout import Layout
from geomadv.studies._records import Records, read_lines, read_records, salt_of
from geomadv.studies._study import Row, Value

CELLS, FAILED = ".cells", ".failed"
_SHIFT = 40  # a place is a file's number above the number of the record in it


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
        self.where = np.full(layout.count, -1, np.int64)
        self.failures: dict[int, Failure] = {}
        self.damage = [
            Damage(path, "the layout is damaged; its copy is used") for path in damaged
        ]
        self.seconds = 0.0
        self._files: list[Records] = []
        for folder, source in folders:
            if not self.layout.columns:
                self.layout = self.layout.with_columns(source.columns)
            for path in sorted(folder.glob(f"*{CELLS}")):
                self._take(path, source)
            for path in sorted(folder.glob(f"*{FAILED}")):
                self._take_failures(path, source)
        for position in [p for p in self.failures if self.where[p] >= 0]:
            del self.failures[position]  # a later attempt came to an end

    @property
    def done(self) -> Bool[NDArray, " n"]:
        """Tell which positions have been measured."""
        return self.where >= 0

    def missing(self, *, retry_failed: bool = False) -> Int[NDArray, " m"]:
        """Return the positions that have neither numbers nor a failure."""
        wanted = self.where < 0
        if self.failures and not retry_failed:
            wanted[list(self.failures)] = False
        return np.flatnonzero(wanted)

    def blocks(
        self, size: int = 4096
    ) -> Iterator[tuple[Int[NDArray, " k"], Float[NDArray, "k columns"]]]:
        """Yield positions and values of what has been measured, in grid order."""
        for first in range(0, self.where.size, size):
            where = self.where[first : first + size]
            (here,) = np.nonzero(where >= 0)
            if here.size:
                yield first + here, self.values(where[here])

    def values(self, where: Int[NDArray, " k"]) -> Float[NDArray, "k columns"]:
        """Return the values at places of files."""
        values = np.empty((where.size, len(self.layout.columns)))
        self._fetch("values", where, values)
        return values

    def seconds_at(self, positions: Int[NDArray, " k"]) -> Float[NDArray, " k"]:
        """Return how long the measurements at positions took."""
        seconds = np.empty(positions.size)
        self._fetch("seconds", self.where[positions], seconds)
        return seconds

    def _fetch(self, name: str, where: Int[NDArray, " k"], into: NDArray) -> None:
        files, numbers = where >> _SHIFT, where & ((1 << _SHIFT) - 1)
        for file in np.unique(files).tolist():
            mask = files == file
            into[mask] = self._files[file].array[name][numbers[mask]]

    def rows(self) -> "Rows":
        """Return what has been measured as rows."""
        return Rows(self)

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
            self.where[there[inside]] = base + first + number[inside]
            self.seconds += float(block["seconds"][sound][inside].sum())
        if lost:
            self.damage.append(
                Damage(path, f"{lost} of {len(records.array)} records are damaged")
            )
        if records.tail:
            self.damage.append(
                Damage(path, f"cut off: {records.tail} bytes of a record at its end")
            )

    def _take_failures(self, path: Path, source: Layout) -> None:
        found, damaged = read_lines(path)
        moved = source.moves(self.layout)
        for item in found:
            (there,) = moved(np.array([item["position"]])).tolist()
            if there >= 0:
                cell, repetition = self.layout.at(there)
                self.failures[there] = Failure(
                    cell, repetition, item["attempts"], item["error"]
                )
        if damaged:
            self.damage.append(
                Damage(path, f"{len(damaged)} of the failures noted are damaged")
            )


class Rows(Sequence[Row]):
    """Rows of a table, read when they are asked for.

    Parameters
    ----------
    table : Table
        The table.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._positions = np.flatnonzero(table.done)

    def __len__(self) -> int:
        return int(self._positions.size)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        positions = np.atleast_1d(self._positions[place])
        values = self._table.values(self._table.where[positions])
        rows = tuple(self._made(positions, values))
        return rows if isinstance(place, slice) else rows[0]

    def __iter__(self) -> Iterator[Row]:
        for positions, values in self._table.blocks():
            yield from self._made(positions, values)

    def _made(
        self, positions: Int[NDArray, " k"], values: Float[NDArray, "k columns"]
    ) -> Iterator[Row]:
        layout = self._table.layout
        pairs = zip(positions.tolist(), values.tolist(), strict=True)
        for position, numbers in pairs:
            cell, repetition = layout.at(position)
            extra = {"repetition": repetition} if layout.repetitions > 1 else {}
            yield {**cell, **extra, **dict(zip(layout.columns, numbers, strict=True))}


def row_names(layout: Layout) -> list[str]:
    """Return the names of the columns of a row."""
    extra = ["repetition"] if layout.repetitions > 1 else []
    return [*layout.axes, *extra, *layout.columns]
