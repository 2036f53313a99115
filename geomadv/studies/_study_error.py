"""Errors in a study's own code: told with the line at which they happened."""

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


class StudyError(RuntimeError):
    """A function of a study failed; the message says which, and where in it."""


@contextlib.contextmanager
def blaming(name: str, kept: str) -> Iterator[None]:
    """Turn what a study's own function raises into one message.

    Parameters
    ----------
    name : str
        The function, such as ``toss.summary``.
    kept : str
        What is left of the run.

    Raises
    ------
    StudyError
        If the function raises an `Exception`, which is its cause.
    """
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(f"{name} failed: {told(error)}{kept}") from error


def told(error: BaseException) -> str:
    """Return an error, and the last line outside geomadv and its libraries, as text."""
    text = " ".join(traceback.format_exception_only(error)[-1].split())
    if isinstance(error, SyntaxError):
        return f"{text} at {error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not _is_ours(frame.filename)]
    if not theirs:
        return text
    first = theirs[0].filename  # the study's file: what it calls is not at fault
    last = [frame for frame in theirs if frame.filename == first][-1]
    return f"{text}, at {last.filename}, line {last.lineno}: {last.line}"


def _is_ours(file: str) -> bool:
    return file.startswith("<") or Path(file).is_relative_to(_PACKAGE)
