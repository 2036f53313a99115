"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` when the block succeeds.

    Parameters
    ----------
    path : Path
        The file to write; its folder is made if need be.

    Yields
    ------
    Path
        A path with the same name in a temporary folder beside `path`. Where the block
        raises, or writes nothing, `path` stays as it was and the folder goes.

    Raises
    ------
    FileNotFoundError
        If the block ends without having written the temporary path.

    Notes
    -----
    The move is `os.replace` within one file system, after an `fsync`: a reader sees the
    old file or the new one, also after a loss of power.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".geomadv-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
