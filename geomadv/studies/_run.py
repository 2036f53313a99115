"""Running a study: every cell with its own generator, then the files of the result."""

import csv
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._files import replacing
from geomadv._random import spawn
from geomadv._validate import integer
from geomadv.studies._study import Cell, Row, Study, Value

FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study measured.

    Attributes
    ----------
    study : Study
        The study.
    seed : int
        The seed of the run.
    rows : tuple of mapping
        One a cell, in the order of the grid: its values and its measured numbers.
    measured : mapping of str to float
        The summary of the rows: what stands beside the published numbers.
    data : str
        Which data the study ran on; empty where it draws its own.
    seconds : float
        Time of all cells.
    csv : Path
        The rows as a table.
    figures : tuple of Path
        The figures.
    """

    study: Study
    seed: int
    rows: tuple[Row, ...]
    measured: Mapping[str, float]
    data: str
    seconds: float
    csv: Path
    figures: tuple[Path, ...] = ()

    @property
    def judged(self) -> dict[str, bool]:
        """Whether each number with an accepted range lies in it; NaN does not."""
        return {
            key: lower <= self.measured[key] <= upper
            for key, (lower, upper) in self.study.accepted.items()
            if key in self.measured
        }

    @property
    def as_expected(self) -> bool:
        """Whether no judged number lies outside its range."""
        return all(self.judged.values())

    def column(self, name: str) -> list[Value]:
        """Return one column of the rows, in their order.

        Parameters
        ----------
        name : str
            An axis or a measured number.

        Returns
        -------
        list
            One value a cell.
        """
        if any(name not in row for row in self.rows):
            known = ", ".join(self.rows[0])
            raise ValueError(f"name must be a column, one of {known}; got {name!r}")
        return [row[name] for row in self.rows]

    def table(self) -> str:
        """Return the summary beside the published numbers, as lines of text.

        Returns
        -------
        str
            One line a number: name, measured, published, accepted range, unit.
        """
        lines = [("quantity", "measured", "published", "accepted", "unit")]
        names = [*self.study.published, *self.measured]
        for name in dict.fromkeys(names):
            accepted = self.study.accepted.get(name)
            verdict = self.judged.get(name)
            shown = "" if accepted is None else f"[{accepted[0]:g}, {accepted[1]:g}]"
            if accepted is not None:
                shown += {None: " not judged", True: "", False: " OUTSIDE"}[verdict]
            lines.append(
                (
                    name,
                    _number(self.measured.get(name)),
                    _number(self.study.published.get(name)),
                    shown,
                    self.study.units.get(name, ""),
                )
            )
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                text.rjust(width) if 0 < place < 3 else text.ljust(width)
                for place, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )

    def as_json(self) -> dict[str, Any]:
        """Return the result as values that JSON can hold.

        Returns
        -------
        dict
            ``name, question, expected, seed, data, published, measured, judged,
            as_expected, units, rows, csv, figures, seconds``. A number that is not
            finite is None. All but `seconds` is equal in two runs with one seed.
        """
        return {
            "name": self.study.name,
            "question": self.study.question,
            "expected": self.study.expected,
            "seed": self.seed,
            "data": self.data,
            "published": dict(self.study.published),
            "measured": _finite(self.measured),
            "judged": self.judged,
            "as_expected": self.as_expected,
            "units": dict(self.study.units),
            "rows": [_finite(row) for row in self.rows],
            "csv": str(self.csv),
            "figures": [str(path) for path in self.figures],
            "seconds": round(self.seconds, 3),
        }


def run(
    study: Study,
    *,
    seed: int = 0,
    out: Path | str,
    grid: Mapping[str, Sequence[Value]] | None = None,
    formats: tuple[str, ...] = FORMATS,
    on_cell: Callable[[Cell], None] | None = None,
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
    on_cell : callable, optional
        Called with each cell when it has been measured.

    Returns
    -------
    StudyResult

    Raises
    ------
    ValueError, TypeError
        If an argument is bad, or `study.measure` returns something else than the same
        named numbers for every cell.

    Notes
    -----
    The generator of a cell is spawned from (seed, name of the study, cell), so its
    numbers depend neither on the order of the cells nor on the rest of the grid. Files
    appear whole or not at all: figures are made in a folder of their own and moved.
    """
    seed = integer("seed", seed, minimum=0)
    for suffix in formats:
        if suffix not in FORMATS:
            raise ValueError(f"formats must be among {FORMATS}, got {suffix!r}")
    cells = list(study.cells(grid))
    folder = Path(out)
    start = time.perf_counter()
    rows: list[Row] = []
    for cell in cells:
        rng = spawn(seed, study.name, sorted(cell.items()))
        numbers = _numbers(f"{study.name}.measure", study.measure(cell, rng))
        rows.append({**cell, **numbers})
        if rows[-1].keys() != rows[0].keys() or numbers.keys() & cell.keys():
            raise ValueError(
                f"{study.name}.measure must return the same names for every cell, and "
                f"none of the axes' names; got {list(numbers)} at {dict(cell)}"
            )
        if on_cell is not None:
            on_cell(cell)
    measured = (
        _numbers(f"{study.name}.summary", study.summary(rows))
        if study.summary is not None
        else _means(rows, frozenset(study.grid))
    )
    seconds = time.perf_counter() - start
    table = folder / f"{study.name}.csv"
    with (
        replacing(table) as path,
        path.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    result = StudyResult(
        study=study,
        seed=seed,
        rows=tuple(rows),
        measured=measured,
        data=study.data() if study.data is not None else "",
        seconds=seconds,
        csv=table,
    )
    return _with_figures(result, folder, formats)


def _with_figures(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> StudyResult:
    draw = result.study.figure
    if draw is None or not formats:
        return result
    with tempfile.TemporaryDirectory(prefix=".geomadv-", dir=folder) as temporary:
        drawn = draw(result, Path(temporary), formats)
        paths = tuple(path.replace(folder / path.name) for path in drawn)
    return replace(result, figures=paths)


def _numbers(name: str, value: object) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must return a mapping of names to numbers")
    numbers: dict[str, float] = {}
    for key, number in value.items():
        if not isinstance(number, int | float | np.integer | np.floating):
            raise TypeError(f"{name} must return numbers, got {number!r} for {key!r}")
        numbers[str(key)] = float(number)
    return numbers


def _means(rows: Sequence[Row], axes: frozenset[str]) -> dict[str, float]:
    names = [name for name in rows[0] if name not in axes]
    return {name: math.fsum(float(r[name]) for r in rows) / len(rows) for name in names}


def _finite(row: Mapping[str, Value]) -> dict[str, Value | None]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
