"""Live progress on a terminal; silence elsewhere."""

from collections import deque
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from geomadv.claims import Claim, Result
from geomadv.cli._table import twin_text, verdict_text

_SHOWN = 10


class VerifyProgress:
    """The last results, the claim that runs, a bar and the time; then nothing.

    Parameters
    ----------
    out : Console
        Where it is drawn, if that is a terminal.
    total : int
        How many claims there are.
    """

    def __init__(self, out: Console, total: int) -> None:
        self._out = out
        self._recent: deque[Text] = deque(maxlen=max(1, min(_SHOWN, out.height - 3)))
        self._progress = Progress(
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=out,
        )
        self._task = self._progress.add_task("", total=total)
        self._live = Live(console=out, transient=True, refresh_per_second=8)

    def __enter__(self) -> "VerifyProgress":
        if self._out.is_terminal:
            self._show()
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._out.is_terminal:
            self._live.stop()

    def started(self, claim: Claim) -> None:
        """Name the claim that runs."""
        self._progress.update(self._task, description=claim.id)
        self._show()

    def finished(self, result: Result) -> None:
        """Show what came out and move on."""
        line = Text.assemble(
            verdict_text(self._out, result),
            f"  {result.claim.id}  twin ",
            twin_text(result),
            (f"  {result.seconds + result.twin_seconds:.1f} s", "dim"),
            no_wrap=True,
            overflow="crop",
        )
        self._recent.append(line)
        self._progress.advance(self._task)
        self._show()

    def _show(self) -> None:
        self._live.update(Group(*self._recent, self._progress))
