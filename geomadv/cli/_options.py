"""Options that commands share, and the readers of numbers."""

import math
import re
from pathlib import Path
from typing import Annotated

import typer

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def count(value: str | float | int) -> int:
    """Read a whole number; 1e6 is one."""
    text = str(value)
    try:
        return int(text)
    except ValueError:
        real = number(text)
    if not math.isfinite(real) or real != int(real):
        raise typer.BadParameter(f"must be a whole number, got {text}")
    return int(real)


def number(value: str | float | int) -> float:
    """Read a number that is not NaN."""
    try:
        real = float(value)
    except ValueError:
        raise typer.BadParameter(f"must be a number, got {value!r}") from None
    if math.isnan(real):
        raise typer.BadParameter("must be a number, got NaN")
    return real


def positive(value: str | float | int) -> int:
    """Read a whole number of at least 1."""
    return _at_least(1, value)


def seed(value: str | float | int) -> int:
    """Read a whole number of at least 0."""
    return _at_least(0, value)


def error_rate(value: str | float | int) -> float:
    """Read a number in (0, 1)."""
    real = number(value)
    if not 0 < real < 1:
        raise typer.BadParameter(f"must lie in (0, 1), got {value}")
    return real


def duration(value: str | float) -> float:
    """Read a time above 0, in seconds or with a unit: 60, 60s, 2m, 1h."""
    match = re.fullmatch(r"\s*([\d.eE+-]+?)\s*(s|m|min|h|)\s*", str(value))
    try:
        seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise typer.BadParameter(f"must be a time such as 60s or 2m, got {value!r}")
    return seconds


def _at_least(minimum: int, value: str | float | int) -> int:
    whole = count(value)
    if whole < minimum:
        raise typer.BadParameter(f"must be at least {minimum}, got {value}")
    return whole


Selectors = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CLAIM|PAPER|THEORY|FILE.py",
        help="Ids of claims, names of papers and of theories, or Python files of your "
        "own (FILE.py, FILE.py:CLAIM); all of the registry by default.",
        show_default=False,
    ),
]
ErrorRate = Annotated[
    float,
    typer.Option(
        parser=error_rate,
        metavar="RATE",
        help="Probability that any statistical decision of the run is wrong.",
    ),
]
Budget = Annotated[
    int,
    typer.Option(
        parser=positive, metavar="N", help="Random draws for one decision, at most."
    ),
]
Seed = Annotated[
    int, typer.Option(parser=seed, metavar="N", help="Seed of everything random.")
]
Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the result as JSON."),
]
