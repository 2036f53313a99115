"""Exit codes of the program, and the errors that carry one.

0, 1 and 2 are verdicts: all as expected, a contradiction, something inconclusive. What
goes wrong with the program itself ends with a code of sysexits.h or of the shell, so
that no bad option and no bug can be taken for a verdict.
"""

from typing import NoReturn

import typer

AS_EXPECTED = 0
CONTRADICTED = 1
INCONCLUSIVE = 2
USAGE = 64
SOFTWARE = 70
INPUT_OUTPUT = 74
INTERRUPTED = 130
BROKEN_PIPE = 141

TABLE = """\b
Exit codes:
  0    all as expected
  1    something came out against what is expected
  2    something stayed inconclusive, or a twin was not refuted
  64   bad usage; nothing was run or written
  70   a bug in geomadv
  74   data or a file could not be read or written
  130  interrupted"""

#: What typer raises for options and arguments that are wrong, in all its versions.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class Interrupted(BaseException):
    """Ctrl-C in a command that keeps what it has; the message says where."""


def refuse(name: str, problem: str) -> NoReturn:
    """End the command because the option or argument `name` is wrong."""
    raise typer.BadParameter(problem, param_hint=f"'{name}'")
