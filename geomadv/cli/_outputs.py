"""Output files: checked before the work starts, written whole or not at all."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from geomadv.cli._exits import refuse


def check_output(option: str, path: Path | None) -> None:
    """Refuse a path at which no file can be written; leave nothing behind.

    The file and the folders that are missing on its way are made, for the test, in a
    temporary folder beside the nearest folder that is there.
    """
    if path is None:
        return
    if not path.name or path.name == "-":
        refuse(option, f"must name a file, got {str(path)!r}")
    try:
        if path.is_dir():
            refuse(option, f"{path} is a folder, not a file")
        if path.exists() and not path.is_file():
            refuse(option, f"{path} is no regular file")
        missing = [path.name]
        folder = path.parent
        while not folder.exists():
            missing.insert(0, folder.name)
            folder = folder.parent
        if not folder.is_dir():
            refuse(option, f"{folder} is a file, not a folder")
        with tempfile.TemporaryDirectory(prefix=".geomadv-", dir=folder) as trial:
            place = Path(trial, *missing)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    except (OSError, ValueError) as error:  # ValueError: a null character
        reason = getattr(error, "strerror", None) or str(error)
        refuse(option, f"cannot write {str(path)!r}: {reason}")


def check_outputs(**paths: Path | None) -> None:
    """Refuse paths that cannot be written, or two that are one; keys are options."""
    seen: dict[Path, str] = {}
    for name, path in paths.items():
        option = f"--{name}"
        check_output(option, path)
        other = option if path is None else seen.setdefault(path.resolve(), option)
        if other != option:
            refuse(option, f"{path} is the file of {other} too")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from geomadv._files import replacing

    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, document: Any) -> None:
    """Write a document as JSON, which knows no NaN."""
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def write_csv(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table with a line of names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    write_text(path, text.getvalue())
