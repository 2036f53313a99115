"""Consoles: how wide, and which marks their encoding can show."""

from typing import Any, NamedTuple, NoReturn

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from geomadv.cli._exits import BROKEN_PIPE

# Wide enough for every table: what reads a pipe wants whole lines.
PIPE_WIDTH = 10_000


class Marks(NamedTuple):
    """Signs that stand before a verdict."""

    good: str
    bad: str
    open: str


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise SystemExit(BROKEN_PIPE)


def console(*, stderr: bool = False, file: Any = None) -> Console:
    """Return the console of standard output; lines are never broken in a pipe."""
    out = _Console(stderr=stderr, file=file, highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        out.width = PIPE_WIDTH
    return out


def hanging(out: Console, line: Text, left: int = 0) -> Padding:
    """Return a line of which what does not fit is indented by two more."""
    lines = line.wrap(out, out.width - left - 2)
    return Padding(Text("\n  ").join(lines), (0, 0, 0, left), expand=False)


def marks(out: Console) -> Marks:
    """Return signs that the console's encoding has."""
    try:
        "✓✗".encode(out.encoding)
    except (LookupError, UnicodeEncodeError):
        return Marks("+", "x", "?")
    return Marks("✓", "✗", "?")
