"""A store: one directory that holds what a study measured, and loses nothing.

    STORE/
      store.json               which study this is
      lock                     held by the one driver that may write
      LAYOUT/                  a seed, a version of `measure` and a grid each
        layout.json            what the records mean; written once, twice
        layout.copy.json
        000001.cells           records, as they were measured, one file a driver
        000001.failed          cells that could not be measured

A driver only ever adds: it opens a new file and appends whole records. At any instant,
whatever is killed, the store is what was measured until then, and perhaps a last record
that is not whole. Nothing that is damaged is believed or deleted: it is named, and its
cells are measured again.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geomadv._files import replacing
from geomadv.studies._layout import Layout, read_layout
from geomadv.studies._lock import Lock, StoreError
from geomadv.studies._records import (
    RecordWriter,
    line,
    salt_of,
    sync_folder,
    unsealed,
)
from geomadv.studies._table import CELLS, FAILED, Damage, Failure, Table

if TYPE_CHECKING:
    import xarray

FORMAT = 1


class StudyStore:
    """The directory in which a study's numbers are kept.

    Parameters
    ----------
    path : path
        The directory.

    Raises
    ------
    StoreError
        If there is no store, or one of a later format.

    Notes
    -----
    Reading needs no lock: a store may be read while a driver writes into it.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not is_store(self.path):
            raise StoreError(f"{self.path} is no store of a study")
        _, number = headline(self.path)
        if number is not None and number > FORMAT:
            raise StoreError(
                f"{self.path} has format {number}; this geomadv reads up to {FORMAT}"
            )

    @property
    def study(self) -> str:
        """Return the name of the study; empty if it cannot be read."""
        name, _ = headline(self.path)
        return name or next((found.study for _, found in self.layouts()), "")

    def layouts(self) -> list[tuple[Path, Layout]]:
        """Return the folders and what their records mean, the oldest first.

        Returns
        -------
        list of (Path, Layout)
            A folder whose layout is lost is left out; `verify` names it.
        """
        found = []
        for folder in folders(self.path):
            layout, _ = read_layout(folder)
            if layout is not None and layout.name == folder.name:
                found.append((folder, layout))
        return sorted(found, key=lambda pair: str(pair[1].about.get("created", "")))

    def table(self, *, seed: int | None = None, layout: str | None = None) -> Table:
        """Return the numbers of one layout, the newest by default.

        Parameters
        ----------
        seed : int, optional
            Only those of this seed.
        layout : str, optional
            The beginning of the name of the layout.

        Returns
        -------
        Table
            With what other grids of the same seed and version have of it.

        Raises
        ------
        ValueError
            If nothing fits.
        """
        known = self.layouts()
        fitting = [
            found
            for _, found in known
            if (seed is None or found.seed == seed)
            and (layout is None or found.name.startswith(layout))
        ]
        if not fitting:
            asked = {"seed": seed, "layout": layout}
            shown = ", ".join(f"{k} {v}" for k, v in asked.items() if v is not None)
            raise ValueError(
                f"{self.path} holds no cells{' of ' + shown if shown else ''}"
            )
        return gathered(self.path, fitting[-1])

    def to_xarray(
        self, *, seed: int | None = None, layout: str | None = None
    ) -> "xarray.Dataset":
        """Return the numbers as a labelled dataset.

        Parameters
        ----------
        seed, layout
            Those of `table`.

        Returns
        -------
        xarray.Dataset
            One dimension an axis (and ``repetition``), one variable a measured number
            with its unit, and ``status`` (0 missing, 1 measured, 2 failed). What is
            missing is NaN. The attributes say where the numbers come from.

        Raises
        ------
        ImportError
            If xarray is not installed.
        """
        from geomadv.studies._export import dataset

        return dataset(self.table(seed=seed, layout=layout))

    def export(
        self,
        file: Path | str,
        *,
        seed: int | None = None,
        layout: str | None = None,
    ) -> int:
        """Write the numbers into a file whose ending names the format.

        Parameters
        ----------
        file : path
            ``.csv``, ``.parquet`` or ``.nc`` (netCDF).
        seed, layout
            Those of `table`.

        Returns
        -------
        int
            The number of rows.

        Raises
        ------
        ValueError
            If the ending is another.
        """
        from geomadv.studies._export import export

        return export(self.table(seed=seed, layout=layout), Path(file))

    def verify(self) -> list[Damage]:
        """Read everything and return what is damaged.

        Returns
        -------
        list of Damage
            Empty for a sound store.
        """
        damage = []
        if None in headline(self.path):
            damage.append(Damage(self.path / "store.json", "cannot be read"))
        for folder in folders(self.path):
            layout, files = read_layout(folder)
            if layout is None or layout.name != folder.name:
                what = "both copies of the layout are lost, and its cells with them"
                damage += [Damage(path, what) for path in files or [folder]]
            else:
                damage += Table(layout, [(folder, layout)], files).damage
        return damage

    def prune(self, *, old: bool = False) -> int:
        """Write what is sound into one file a layout and delete the rest.

        Parameters
        ----------
        old : bool
            Whether to delete the layouts of other versions (or axes) than the newest of
            their seed, too. Other grids of the same version stay: their cells count.

        Returns
        -------
        int
            How many bytes less the store takes.

        Raises
        ------
        StoreError
            If a driver is writing.
        """
        lock = Lock(self.path)
        try:
            before = _size(self.path)
            newest = {found.seed: found for _, found in self.layouts()}
            for folder, found in self.layouts():
                if old and not found.fits(newest[found.seed]):
                    shutil.rmtree(folder)
                else:
                    compact(folder, found)
            sound = {folder for folder, _ in self.layouts()}
            for folder in [*self.path.iterdir(), *self.path.glob("*/.geomadv-*")]:
                if folder.is_dir() and folder not in sound:
                    shutil.rmtree(folder)
            return before - _size(self.path)
        finally:
            lock.release()


def is_store(path: Path) -> bool:
    """Tell whether a directory holds a store, however damaged."""
    return path.is_dir() and ((path / "store.json").is_file() or any(folders(path)))


def gathered(path: Path, layout: Layout, *, any_version: bool = False) -> Table:
    """Return the table of a layout out of all folders of a store that fit it.

    Raises
    ------
    StoreError
        If their columns differ.
    """
    fitting, damaged = [], []
    for folder in folders(path):
        found, files = read_layout(folder)
        if found is None or found.name != folder.name:
            continue
        if found.fits(layout, any_version=any_version):
            fitting.append((folder, found))
            damaged += files
    fitting.sort(
        key=lambda pair: (
            dict(pair[1].version) == dict(layout.version),
            pair[1].name == layout.name,
        )
    )
    columns = {found.columns for _, found in fitting if found.columns}
    if len(columns) > 1:
        raise StoreError(
            f"{path}: the versions of {layout.study} measure different numbers, "
            f"{' and '.join(map(str, sorted(columns)))}; they cannot be mixed"
        )
    return Table(layout.with_columns(next(iter(columns), ())), fitting, damaged)


def folders(path: Path) -> Iterator[Path]:
    """Yield the folders of layouts: those with 16 hexadecimal digits for a name."""
    for folder in sorted(path.iterdir()):
        if len(folder.name) == 16 and not set(folder.name) - set("0123456789abcdef"):
            yield folder


def headline(path: Path) -> tuple[str | None, int | None]:
    """Return the study's name and the format, None where they cannot be read."""
    document = unsealed(path / "store.json")
    if document is None:
        return None, None
    return str(document["study"]), int(document["format"])


def next_number(folder: Path) -> int:
    numbers = [int(p.stem) for p in folder.iterdir() if p.stem.isdigit()]
    return max(numbers, default=0) + 1


def compact(folder: Path, layout: Layout, without: Layout | None = None) -> None:
    """Write the sound records of a folder into one file, then delete the others.

    The cells of the layout `without` are left out.
    """
    table = Table(layout, [(folder, layout)])
    moved = None if without is None else layout.moves(without)
    layout.write(folder)
    old = [p for p in folder.iterdir() if p.suffix in (CELLS, FAILED)]
    if len(old) <= 2 and not table.damage and without is None:
        return
    number = next_number(folder)
    cells = folder / f"{number:06d}{CELLS}"
    with replacing(cells) as path:
        salt = salt_of(f"{layout.name}/{cells.stem}")
        writer = RecordWriter(path, len(layout.columns), salt, sync=True)
        for positions in table.measured.blocks():
            kept = positions if moved is None else positions[moved(positions) < 0]
            found = table.records(kept)
            writer.append(kept, found["seconds"], found["values"])
        writer.close()
    if table.failed:
        with replacing(folder / f"{number:06d}{FAILED}") as path, path.open("wb") as to:
            for position, failure in zip(table.failed, table.failures, strict=True):
                if moved is None or moved(np.array([position]))[0] < 0:
                    to.write(_failure_line(position, failure))
    sync_folder(folder)
    for file in old:
        file.unlink()


def _failure_line(position: int, failure: Failure) -> bytes:
    return line(
        {
            "position": position,
            "attempts": failure.attempts,
            "error": failure.error,
        }
    )


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
