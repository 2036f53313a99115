"""What a study is: a question, a grid, a measurement, the published answer."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv._validate import integer, real

if TYPE_CHECKING:
    from geomadv.studies._result import StudyResult

Value = str | int | float | bool
Cell = Mapping[str, Value]
Row = Mapping[str, Value]
Measure = Callable[[Cell, np.random.Generator], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """A question put to a grid of cells.

    Parameters
    ----------
    name : str
        An identifier, by which ``geomadv simulate`` finds it: letters, digits and
        underscores.
    question : str
        What is asked, with its source.
    expected : str
        The picture that is expected, in words.
    cost : str
        What a run costs: time, memory, data.
    grid : mapping of str to sequence
        The values of each axis; a cell is one value of each. Values are strings,
        numbers or truth values.
    measure : callable
        ``measure(cell, rng)`` returns the measured numbers of one cell by name, the
        same names in every cell. All its randomness comes from `rng`, which depends on
        nothing but the seed, the study and the cell (and the repetition).
    repetitions : int
        How often each cell is measured, each time with a generator of its own. Above 1
        a row is one repetition, and has the further column ``repetition``.
    summary : callable, optional
        ``summary(rows)`` returns the numbers that answer the question, by name: what
        stands beside `published`. Without it they are the means over the rows.
    units : mapping of str to str
        Units of measured and summary numbers.
    published : mapping of str to float
        Numbers in print, under the names of the summary.
    accepted : mapping of str to (float, float)
        The closed range in which a number of the summary must lie for the run to go as
        expected. A number that the summary lacks (for want of data) is not judged.
    data : callable, optional
        ``data()`` returns one sentence that says which data the study runs on.
    figure : callable, optional
        ``figure(result, folder, formats)`` writes the figures into a folder in the
        given formats and returns their paths.

    Raises
    ------
    ValueError, TypeError
        If the name is no identifier, or the grid or a range is not as described.
    """

    name: str
    question: str
    expected: str
    cost: str
    grid: Mapping[str, Sequence[Value]]
    measure: Measure
    repetitions: int = 1
    summary: Callable[[Sequence[Row]], Mapping[str, float]] | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, float] = field(default_factory=dict)
    accepted: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    data: Callable[[], str] | None = None
    figure: Callable[["StudyResult", Path, tuple[str, ...]], Sequence[Path]] | None = (
        None
    )

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(
                f"name must be letters, digits and underscores, got {self.name!r}"
            )
        grid = {axis: checked_axis(axis, v) for axis, v in self.grid.items()}
        integer("repetitions", self.repetitions, minimum=1)
        if self.repetitions > 1 and "repetition" in grid:
            raise ValueError("grid must have no axis 'repetition' beside repetitions")
        for key, value in self.published.items():
            real(f"published[{key!r}]", value)
        for key, (lower, upper) in self.accepted.items():
            if not lower <= upper:
                raise ValueError(
                    f"accepted[{key!r}] must be (lower, upper) with lower <= upper, "
                    f"got {(lower, upper)!r}"
                )
        object.__setattr__(self, "grid", MappingProxyType(grid))

    def cells(
        self, grid: Mapping[str, Sequence[Value]] | None = None
    ) -> Iterator[Cell]:
        """Yield the cells of the grid, the last axis fastest.

        Parameters
        ----------
        grid : mapping of str to sequence, optional
            Other values for some of the axes.

        Yields
        ------
        mapping of str to value
            One value of each axis.
        """
        axes = self.axes(grid)
        for combination in itertools.product(*axes.values()):
            yield MappingProxyType(dict(zip(axes, combination, strict=True)))

    def axes(
        self, grid: Mapping[str, Sequence[Value]] | None = None
    ) -> dict[str, tuple[Value, ...]]:
        """Return the values of each axis.

        Parameters
        ----------
        grid : mapping of str to sequence, optional
            Other values for some of the axes.

        Returns
        -------
        dict of str to tuple
            Plain Python values.

        Raises
        ------
        ValueError
            If the study has no such axis.
        """
        axes = {axis: tuple(values) for axis, values in self.grid.items()}
        for axis, values in (grid or {}).items():
            if axis not in axes:
                known = ", ".join(axes)
                raise ValueError(f"{self.name} has no axis {axis!r}; it has: {known}")
            axes[axis] = checked_axis(axis, values)
        return axes


def with_grid(study: Study, settings: Sequence[str]) -> Study:
    """Return a study with other values for some of its axes.

    Parameters
    ----------
    study : Study
        The study.
    settings : sequence of str
        ``"AXIS=V1,V2,..."``, the values as those of the axis are: numbers, words, or
        true and false.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If there is no such axis, or a value cannot be read.

    Examples
    --------
    >>> toss = Study(
    ...     name="toss",
    ...     question="How often heads?",
    ...     expected="Half of the time.",
    ...     cost="Nothing.",
    ...     grid={"n": [10]},
    ...     measure=lambda cell, rng: {"heads": float(rng.random(cell["n"]).mean())},
    ... )
    >>> dict(with_grid(toss, ["n=100,1e3"]).grid)
    {'n': (100, 1000)}
    """
    axes = dict(study.grid)
    for setting in settings:
        axis, equals, text = setting.partition("=")
        if not equals or axis not in axes:
            known = ", ".join(f"{name}=..." for name in axes)
            raise ValueError(f"must be one of {known}, got {setting!r}")
        try:
            values = [_like(study.grid[axis], word) for word in text.split(",")]
        except ValueError:
            kind = type(study.grid[axis][0]).__name__
            raise ValueError(
                f"{axis} must be values of type {kind} with commas between them, "
                f"got {text!r}"
            ) from None
        axes[axis] = checked_axis(axis, values)
    return replace(study, grid=axes)


def _like(known: Sequence[Value], word: str) -> Value:
    """Read a value of the kind that an axis has."""
    if all(isinstance(value, bool) for value in known):
        if word.lower() not in ("true", "false"):
            raise ValueError(word)
        return word.lower() == "true"
    if any(isinstance(value, str) for value in known):
        return word
    number = float(word)
    if all(isinstance(value, int) for value in known):
        if not number.is_integer():
            raise ValueError(word)
        return int(number)
    return number


def checked_axis(axis: str, values: Any) -> tuple[Value, ...]:
    """Return the values of an axis as plain Python values, all different."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence | np.ndarray):
        raise TypeError(f"grid[{axis!r}] must be a sequence of values, got {values!r}")
    plain: list[Value] = []
    for value in values:
        item = value.item() if isinstance(value, np.generic) else value
        if not isinstance(item, str | int | float):
            raise TypeError(
                f"grid[{axis!r}] must hold strings, numbers or truth values, "
                f"got {item!r}"
            )
        if isinstance(item, float) and math.isnan(item):
            raise ValueError(f"grid[{axis!r}] must not hold NaN")
        plain.append(item)
    if not plain:
        raise ValueError(f"grid[{axis!r}] must hold at least one value, got none")
    if len({repr(item) for item in plain}) < len(plain):
        raise ValueError(f"grid[{axis!r}] must hold different values, got {plain}")
    return tuple(plain)
