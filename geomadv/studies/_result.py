"""What a study measured, beside what is published."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from geomadv.studies._study import Row, Study, Value
from geomadv.studies._table import Failure


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study measured.

    Attributes
    ----------
    study : Study
        The study.
    seed : int
        The seed of the run.
    rows : sequence of mapping
        One a cell (and repetition), in the order of the grid: its values and its
        measured numbers. With a store they are read when they are asked for.
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
    failed : sequence of Failure
        The cells that could not be measured, read when they are asked for.
    """

    study: Study
    seed: int
    rows: Sequence[Row]
    measured: Mapping[str, float]
    data: str
    seconds: float
    csv: Path
    figures: tuple[Path, ...] = ()
    failed: Sequence[Failure] = ()

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
        """Whether no judged number lies outside its range, and no cell failed."""
        return all(self.judged.values()) and not self.failed

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
            known = ", ".join(next(iter(self.rows)))
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
            as_expected, units, rows, failed, csv, figures, seconds``. A number that is
            not finite is None. All but `seconds` is equal in two runs with one seed.
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
            "failed": [asdict(failure) for failure in self.failed],
            "csv": str(self.csv),
            "figures": [str(path) for path in self.figures],
            "seconds": round(self.seconds, 3),
        }


def _finite(row: Mapping[str, Value]) -> dict[str, Value | None]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
