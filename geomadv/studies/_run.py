"""Running a study: every cell with its own generator, then the files of the result."""

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from geomadv._validate import integer
from geomadv.studies._engine import Execution, Progress, compute
from geomadv.studies._export import write_csv
from geomadv.studies._layout import layout_of
from geomadv.studies._result import StudyResult
from geomadv.studies._store import gathered
from geomadv.studies._study import Cell, Row, Study, Value
from geomadv.studies._study_error import blaming
from geomadv.studies._table import Table
from geomadv.studies._work import Outcome, Work, checked_numbers
from geomadv.studies._writer import StoreWriter

FORMATS = ("png", "svg", "pdf")


def run(
    study: Study,
    *,
    seed: int = 0,
    out: Path | str,
    grid: Mapping[str, Sequence[Value]] | None = None,
    formats: tuple[str, ...] = FORMATS,
    store: Path | str | None = None,
    fresh: bool = False,
    any_version: bool = False,
    retry_failed: bool = False,
    execution: Execution | None = None,
    on_cell: Callable[[Cell], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> StudyResult:
    """Measure every cell of a study and write its table and its figures.

    Parameters
    ----------
    study : Study
        The study.
    seed : int
        At least 0; everything random follows from it.
    out : path
        Folder of the files ``NAME.csv`` and the figures; made if need be.
    grid : mapping of str to sequence, optional
        Other values for some of the study's axes.
    formats : tuple of {"png", "svg", "pdf"}
        Formats of the figures; ``()`` for none.
    store : path, optional
        Directory in which every measured cell is kept at once. What it holds of this
        seed and version is not measured again. Without one, nothing is kept.
    fresh : bool
        Whether to discard what the store holds of this seed and version.
    any_version : bool
        Whether cells count that the store has from another version of `measure`, of
        geomadv or of NumPy.
    retry_failed : bool
        Whether cells that the store notes as failed are tried again.
    execution : Execution, optional
        Where and how the cells are measured; in this process by default.
    on_cell : callable, optional
        Called with each cell when it has been measured.
    on_progress : callable, optional
        Called with a `Progress` at the start and whenever cells are done.

    Returns
    -------
    StudyResult

    Raises
    ------
    ValueError, TypeError
        If an argument is bad, or `study.measure` returns something else than the same
        named numbers for every cell.
    StoreError
        If the store cannot be used.
    RuntimeError
        If `study.summary`, `study.data` or `study.figure` raises: the message has the
        line at which it did. The table is written by then, and the store is kept.

    Notes
    -----
    The generator of a cell is spawned from (seed, name of the study, cell), so its
    numbers depend neither on the order of the cells nor on the rest of the grid, nor on
    what measures them. Files appear whole or not at all: figures are made in a folder
    of their own and moved.

    With a store, a cell that cannot be measured, or whose numbers have other names, is
    noted there as failed and the rest goes on; without one, the first error of
    `study.measure` is raised.
    """
    seed = integer("seed", seed, minimum=0)
    for suffix in formats:
        if suffix not in FORMATS:
            raise ValueError(f"formats must be among {FORMATS}, got {suffix!r}")
    layout, folder = layout_of(study, seed, grid), Path(out)
    execution = execution or Execution()
    start = time.perf_counter()
    with _place(store) as place:
        writer = StoreWriter(
            place,
            layout,
            fresh=fresh,
            any_version=any_version,
            sync=store is not None,
        )
        try:
            sink = _Sink(
                study, writer, on_cell, on_progress, catching=store is not None
            )
            compute(
                Work(study.name, study.measure, seed, execution.time_limit),
                layout,
                writer.table.missing(retry_failed=retry_failed),
                execution,
                sink,
                catching=store is not None,
            )
        finally:
            writer.close()
        table = gathered(place, layout, any_version=any_version)
        rows = table.rows() if store is not None else tuple(table.rows())
        path = folder / f"{study.name}.csv"
        write_csv(table, path)
        kept = f". The numbers are in {path}"
        if store is not None:
            kept += f", their cells in {store}: --resume goes on from there"
        with blaming(f"{study.name}.summary", kept):
            measured = _measured(study, rows, table)
        with blaming(f"{study.name}.data", kept):
            data = study.data() if study.data is not None else ""
        seconds = time.perf_counter() - start
    result = StudyResult(
        study=study,
        seed=seed,
        rows=rows,
        measured=measured,
        data=data,
        seconds=seconds,
        csv=path,
        failed=table.failures,
    )
    with blaming(f"{study.name}.figure", kept):
        return _with_figures(result, folder, formats)


class _Sink:
    """Takes outcomes to the store and to those who listen."""

    def __init__(
        self,
        study: Study,
        writer: StoreWriter,
        on_cell: Callable[[Cell], None] | None,
        on_progress: Callable[[Progress], None] | None,
        *,
        catching: bool,
    ) -> None:
        self._catching = catching
        self._study, self._writer, self._on_cell = study, writer, on_cell
        self._on_progress = on_progress
        table = writer.table
        self._layout = table.layout
        self._columns: tuple[str, ...] = table.layout.columns
        self._done, self._failed = len(table.measured), len(table.failed)
        self._tell()

    def measured(self, outcomes: list[Outcome]) -> None:
        """Record numbers; a cell whose names are not those of the others has failed."""
        good, rows = [], []
        for outcome in outcomes:
            try:
                rows.append(self._row(outcome))
            except ValueError as error:
                if not self._catching:
                    raise
                self.failed(outcome._replace(error=f"ValueError: {error}"), 1)
            else:
                good.append(outcome)
        if good:
            self._record(good, rows)

    def _record(self, outcomes: list[Outcome], rows: list[list[float]]) -> None:
        self._writer.record(
            self._columns,
            [outcome.position for outcome in outcomes],
            [outcome.seconds for outcome in outcomes],
            rows,
        )
        self._done += len(outcomes)
        known = self._writer.table
        if known.failed:
            self._failed -= sum(known.has_failed(o.position) for o in outcomes)
        if self._on_cell is not None:
            for outcome in outcomes:
                self._on_cell(self._layout.at(outcome.position)[0])
        self._tell()

    def failed(self, outcome: Outcome, attempts: int) -> None:
        """Note a cell that could not be measured."""
        self._writer.fail(outcome.position, attempts, outcome.error)
        self._failed += not self._writer.table.has_failed(outcome.position)
        self._tell()

    def _row(self, outcome: Outcome) -> list[float]:
        numbers = outcome.numbers or {}
        if not self._columns:
            self._columns = tuple(numbers)
        if numbers.keys() != set(self._columns) or numbers.keys() & (
            {*self._layout.axes, *["repetition"] * (self._layout.repetitions > 1)}
        ):
            raise ValueError(
                f"{self._study.name}.measure must return the same names for every "
                f"cell, and none of the axes' names; got {list(numbers)} at "
                f"{self._layout.at(outcome.position)[0]}"
            )
        return [numbers[name] for name in self._columns]

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(self._layout.count, self._done, self._failed))


@contextmanager
def _place(store: Path | str | None) -> Iterator[Path]:
    """Give the path of the store, or of one that goes afterwards."""
    if store is not None:
        yield Path(store)
        return
    with tempfile.TemporaryDirectory(prefix="geomadv-") as folder:
        yield Path(folder) / "store"


def _measured(study: Study, rows: Sequence[Row], table: Table) -> dict[str, float]:
    """Return the summary, if the cells that are there are enough for it."""
    try:
        if study.summary is None:
            return _means(table)
        return checked_numbers(f"{study.name}.summary", study.summary(rows))
    except Exception:
        if table.failed:
            return {}
        raise


def _means(table: Table) -> dict[str, float]:
    count = len(table.measured)
    return {
        name: math.fsum(x for _, block in table.blocks() for x in block[:, k].tolist())
        / count
        for k, name in enumerate(table.layout.columns)
    }


def _with_figures(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> StudyResult:
    draw = result.study.figure
    if draw is None or not formats:
        return result
    with tempfile.TemporaryDirectory(prefix=".geomadv-", dir=folder) as temporary:
        try:
            drawn = draw(result, Path(temporary), formats)
        except Exception:
            if result.failed:  # what is left is not enough for a picture
                return result
            raise
        paths = tuple(path.replace(folder / path.name) for path in drawn)
    return replace(result, figures=paths)
