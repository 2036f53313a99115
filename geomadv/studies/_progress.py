"""Progress on a terminal: how much is done, and how long the rest will take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geomadv.studies._engine import Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

_PERIOD = 600.0  # seconds over which the speed is taken: a cell may be long

Tell = Callable[[Progress], None]


def bars(console: "Console") -> "Bars":
    """Return bars with what is done, the time taken and the time left."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=_PERIOD,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def shown(console: "Console", name: str, tell: Tell | None) -> Iterator[Tell]:
    """Give what shows progress: a bar of its own, unless `tell` does it.

    Parameters
    ----------
    console : Console
        Where it is drawn, if that is a terminal.
    name : str
        What runs.
    tell : callable or None
        What is given in its place.

    Yields
    ------
    callable
        Takes a `Progress`.
    """
    if tell is not None:
        yield tell
        return
    with bars(console) as drawn:
        yield teller(drawn, drawn.add_task(name, total=None), name)


def teller(
    drawn: "Bars", task: int, name: str, *, whole: int | None = None, place: int = 0
) -> Tell:
    """Return what sets a bar to a progress, and the bar of all studies beside it.

    `whole` is that bar, and `place` the number of studies that are done: the share of
    the current one counts, so that the time left is known before the first has ended.
    """
    from rich.progress import TaskID

    def told(progress: Progress) -> None:
        failed = f" ({progress.failed} failed)" if progress.failed else ""
        done = progress.done + progress.failed
        drawn.update(
            TaskID(task),
            description=name + failed,
            total=progress.total,
            completed=done,
        )
        if whole is not None:
            drawn.update(TaskID(whole), completed=place + done / progress.total)

    return told
