"""Progress on a terminal: how much is done, and how long the rest will take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geomadv.studies._engine import Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

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


def teller(drawn: "Bars", task: int, name: str) -> Tell:
    """Return what sets a bar to a progress."""
    from rich.progress import TaskID

    def told(progress: Progress) -> None:
        failed = f" ({progress.failed} failed)" if progress.failed else ""
        drawn.update(
            TaskID(task),
            description=name + failed,
            total=progress.total,
            completed=progress.done + progress.failed,
        )

    return told
