"""What the records of a store mean: the study, the seed, the version and the grid.

A layout is everything that the numbers of a cell may depend on, with the axes that turn
a position into a cell. The position of a repetition of a cell is its place in the
product of the axes, the last one fastest, with the repetition behind them all. A layout
is named by a digest of all this; the columns of the records, known when the first cell
has been measured, and what is told about them are not part of the name.

Another grid of the same study is another layout. `moves` says where the positions of
one stand in the other, so that a grid that grew keeps what it had.
"""

import functools
import importlib.metadata
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._files import replacing
from geomadv._typing import Int, NDArray
from geomadv.studies._fingerprint import fingerprint
from geomadv.studies._records import digest, sealed, unsealed
from geomadv.studies._study import Cell, Study, Value

FILES = ("layout.json", "layout.copy.json")


@dataclass(frozen=True, eq=False)
class Layout:
    """What the records of a folder mean.

    Attributes
    ----------
    study : str
        The name of the study.
    seed : int
        The seed.
    version : mapping of str to str
        The digest of `measure` and the versions of geomadv and NumPy.
    axes : mapping of str to tuple
        The values of each axis.
    repetitions : int
        How often each cell is measured.
    columns : tuple of str
        The names of the values of a record.
    about : mapping
        What is told with the numbers: question, units, when the layout was made.
    """

    study: str
    seed: int
    version: Mapping[str, str]
    axes: Mapping[str, tuple[Value, ...]]
    repetitions: int
    columns: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def name(self) -> str:
        """Return the digest of all that the numbers may depend on."""
        document = asdict(self)
        del document["columns"], document["about"]
        return digest(document, 8)

    @functools.cached_property
    def _axes(self) -> str:
        return digest(dict(self.axes), 16)

    @functools.cached_property
    def shape(self) -> tuple[int, ...]:
        """Return the numbers of values of the axes, and of the repetitions."""
        return (*map(len, self.axes.values()), self.repetitions)

    @property
    def count(self) -> int:
        """Return the number of positions."""
        return math.prod(self.shape)

    def at(self, position: int) -> tuple[Cell, int]:
        """Return the cell and the repetition at a position."""
        rest, repetition = divmod(position, self.repetitions)
        cell: dict[str, Value] = {}
        for axis, values in reversed(list(self.axes.items())):
            rest, place = divmod(rest, len(values))
            cell[axis] = values[place]
        return dict(reversed(cell.items())), repetition

    def moves(
        self, other: "Layout"
    ) -> Callable[[Int[NDArray, " n"]], Int[NDArray, " n"]]:
        """Return what tells where positions stand in another layout; -1 for nowhere."""
        if self.repetitions == other.repetitions and self._axes == other._axes:
            return lambda positions: positions
        tables = {}
        for axis, values in other.axes.items():
            place = {_exactly(value): k for k, value in enumerate(values)}
            there = [place.get(_exactly(value), -1) for value in self.axes[axis]]
            tables[axis] = np.array(there)

        def moved(positions: Int[NDArray, " n"]) -> Int[NDArray, " n"]:
            *places, repetition = np.unravel_index(positions, self.shape)
            found = dict(zip(self.axes, places, strict=True))
            known = repetition < other.repetitions
            new = np.zeros(positions.shape, np.int64)
            for axis, table in tables.items():
                there = table[found[axis]]
                known &= there >= 0
                new = new * len(other.axes[axis]) + there
            return np.where(known, new * other.repetitions + repetition, -1)

        return moved

    def fits(self, other: "Layout", *, any_version: bool = False) -> bool:
        """Tell whether the numbers of one are those of the other."""
        return (
            (self.study, self.seed) == (other.study, other.seed)
            and self.axes.keys() == other.axes.keys()
            and (any_version or dict(self.version) == dict(other.version))
        )

    def with_columns(self, columns: Sequence[str]) -> "Layout":
        """Return the layout with the names of the values."""
        return replace(self, columns=tuple(columns))

    def write(self, folder: Path) -> None:
        """Write the layout twice into a folder."""
        text = sealed(asdict(self))
        for name in FILES:
            with replacing(folder / name) as path:
                path.write_text(text, encoding="utf-8")


def layout_of(
    study: Study, seed: int, grid: Mapping[str, Sequence[Value]] | None = None
) -> Layout:
    """Return the layout of a study as it is now, without columns."""
    import geomadv

    return Layout(
        study=study.name,
        seed=seed,
        version={
            "measure": fingerprint(study.measure),
            "geomadv": geomadv.__version__,
            "numpy": importlib.metadata.version("numpy"),
        },
        axes=study.axes(grid),
        repetitions=study.repetitions,
        about={"question": study.question, "units": dict(study.units)},
    )


def read_layout(folder: Path) -> tuple[Layout | None, list[Path]]:
    """Return the layout of a folder, None where it is lost, and the damaged files."""
    found, content, damaged = None, b"", []
    for name in FILES:
        path = folder / name
        if content and path.is_file() and path.read_bytes() == content:
            continue
        layout = _read(path)
        if layout is None:
            damaged.append(path)
        elif found is None:
            found, content = layout, path.read_bytes()
    return found, damaged


def _read(path: Path) -> Layout | None:
    content = unsealed(path)
    if content is None:
        return None
    axes = {axis: tuple(values) for axis, values in content["axes"].items()}
    return Layout(**{**content, "axes": axes, "columns": tuple(content["columns"])})


def _exactly(value: Value) -> tuple[str, str]:
    """Return what tells 1, 1.0 and True apart, as the generators do."""
    return type(value).__name__, repr(value)
