"""The one driver that adds to a store: it makes it, locks it and appends to it."""

import itertools
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from geomadv._files import replacing
from geomadv.studies._layout import Layout, read_layout
from geomadv.studies._lock import Lock, StoreError
from geomadv.studies._records import (
    Appender,
    RecordWriter,
    line,
    salt_of,
    sealed,
    sync_folder,
)
from geomadv.studies._store import (
    FORMAT,
    compact,
    folders,
    gathered,
    headline,
    is_store,
    next_number,
)
from geomadv.studies._table import CELLS, FAILED, Table


class StoreWriter:
    """The one driver that adds to a store.

    Parameters
    ----------
    path : Path
        The store; made if need be.
    layout : Layout
        What is measured, without columns.
    fresh : bool
        Whether what there is of this seed and version is discarded.
    any_version : bool
        Whether cells that another version of `measure`, of geomadv or of NumPy measured
        count, too.
    sync : bool
        Whether what is recorded must survive a loss of power.

    Raises
    ------
    StoreError
        If the directory is no store or another study's, or a driver is writing.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        *,
        fresh: bool = False,
        any_version: bool = False,
        sync: bool = True,
    ) -> None:
        self.path, self._sync = path, sync
        self._records: RecordWriter | None = None
        self._failed: Appender | None = None
        _claim(path, layout.study)
        self._lock = Lock(path)
        try:
            if fresh:
                _discard(path, layout)
            self.table = gathered(path, layout, any_version=any_version)
            self.layout = self.table.layout
            self._folder = path / layout.name
        except BaseException:
            self._lock.release()
            raise

    def record(
        self,
        columns: Sequence[str],
        positions: Sequence[int],
        seconds: Sequence[float],
        values: Sequence[Sequence[float]],
    ) -> None:
        """Add measured numbers.

        Raises
        ------
        StoreError
            If the disk takes no more; what was added before is kept.
        """
        try:
            if self._records is None:
                self.layout = self.layout.with_columns(columns)
                path = self._new(CELLS)
                salt = salt_of(f"{self.layout.name}/{path.stem}")
                self._records = RecordWriter(path, len(columns), salt, sync=self._sync)
            self._records.append(positions, seconds, values)
        except OSError as error:
            raise self._full(error) from error

    def fail(self, position: int, attempts: int, error: str) -> None:
        """Add a cell that could not be measured."""
        document = {"position": position, "attempts": attempts, "error": error}
        try:
            if self._failed is None:
                self._failed = Appender(self._new(FAILED), sync=self._sync)
            self._failed.append(line(document))
        except OSError as problem:
            raise self._full(problem) from problem

    def close(self) -> None:
        """Force everything to the disk and give the store free."""
        try:
            for file in (self._records, self._failed):
                if file is not None:
                    file.close()
        finally:
            self._records = self._failed = None
            self._lock.release()

    def _new(self, suffix: str) -> Path:
        """Return the path of a new file in the folder of the layout."""
        found, damaged = read_layout(self._folder)
        if self._folder.exists() and found is None:
            _set_aside(self._folder)
        if found is None or damaged or found.columns != self.layout.columns:
            created = datetime.now(UTC).isoformat(timespec="milliseconds")
            about = {"created": created, **(found.about if found else {})}
            layout = replace(self.layout, about={**self.layout.about, **about})
            if found is None:  # it appears whole
                temporary = self.path / f".geomadv-{layout.name}-{os.getpid()}"
                layout.write(temporary)
                temporary.rename(self._folder)
            else:
                layout.write(self._folder)
            sync_folder(self.path)
        return self._folder / f"{next_number(self._folder):06d}{suffix}"

    def _full(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self.path} takes no more: {error.strerror or error}. What was recorded "
            "is kept; make room and resume"
        )


def forget(path: Path, layout: Layout) -> None:
    """Delete the cells of a layout from all folders that fit; keep other grids'.

    Raises
    ------
    StoreError
        If a driver is writing.
    """
    lock = Lock(path)
    try:
        for folder in list(folders(path)):
            found, _ = read_layout(folder)
            if found is None or found.name != folder.name or not found.fits(layout):
                continue
            moved = found.moves(layout)
            table = Table(found, [(folder, found)])
            blocks = itertools.chain(table.measured.blocks(), table.failed.blocks())
            known = len(table.measured) + len(table.failed)
            inside = sum(int((moved(positions) >= 0).sum()) for positions in blocks)
            if found.name == layout.name or 0 < inside == known:
                _gone(folder)
            elif inside:
                compact(folder, found, without=layout)
    finally:
        lock.release()


def _claim(path: Path, study: str) -> None:
    """Make a directory the store of a study, or refuse it."""
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file; a store is a directory")
    path.mkdir(parents=True, exist_ok=True)
    name, number = headline(path)
    if name is None and not is_store(path):
        others = [p.name for p in path.iterdir() if p.name != "lock"]
        if any(not other.startswith(".geomadv-") for other in others):
            raise StoreError(
                f"{path} holds other files, such as {others[0]}; a store is a "
                "directory of its own"
            )
    known = name or next((f.study for f in map(_layout, folders(path)) if f), study)
    if known != study:
        raise StoreError(f"{path} is the store of {known}, not of {study}")
    if number is not None and number > FORMAT:
        raise StoreError(f"{path} has format {number}; this geomadv writes {FORMAT}")
    if name is None:
        with replacing(path / "store.json") as file:
            text = sealed({"format": FORMAT, "study": study})
            file.write_text(text, encoding="utf-8")


def _layout(folder: Path) -> Layout | None:
    return read_layout(folder)[0]


def _discard(path: Path, layout: Layout) -> None:
    for folder in list(folders(path)):
        found = _layout(folder)
        if found is not None and found.fits(layout):
            _gone(folder)


def _gone(folder: Path) -> None:
    """Delete a folder at once: no half of it is ever read."""
    gone = folder.with_name(f".geomadv-{folder.name}-{os.getpid()}")
    folder.rename(gone)
    shutil.rmtree(gone)


def _set_aside(folder: Path) -> None:
    number = 1
    while (aside := folder.with_name(f"damaged-{folder.name}-{number}")).exists():
        number += 1
    folder.rename(aside)
