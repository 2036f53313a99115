"""One driver a store: the second one is refused by name.

The lock is the operating system's, on a file in the store: it goes with the process
that holds it, however that ends, so no lock is ever stale. The file says who holds it.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path


class StoreError(OSError):
    """A store cannot be used; the message names it and says what would be right."""


class Lock:
    """The right to write into a store.

    Parameters
    ----------
    folder : Path
        The store.

    Raises
    ------
    StoreError
        If another process has it; the message names the process.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not _locked(self._file):
            holder = _holder(path)
            os.close(self._file)
            raise StoreError(
                f"{folder} is written by another driver{holder}; wait for it, stop it, "
                "or name another store"
            )
        me = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        os.ftruncate(self._file, 0)
        os.write(self._file, json.dumps(me).encode())

    def release(self) -> None:
        """Give the store free."""
        os.close(self._file)


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text(encoding="utf-8"))
        return f": process {who['pid']} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


if sys.platform == "win32":
    import msvcrt

    def _locked(file: int) -> bool:
        """Lock a byte far behind the text, which others may then still read."""
        os.lseek(file, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(file, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _locked(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
