"""Compiling: every kernel once a machine, and again only when the sources change.

numba keeps what it compiles in ``__pycache__`` beside the source, or in the user's
cache folder where that cannot be written; where neither can be, nothing is kept. Its
own check of freshness looks at the file of the compiled function alone; functions call
each other across files, so the check here looks at every file that this one imports
from, and at theirs.
"""

import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event
from numba.core.runtime.nrt import rtsys

_PACKAGE = "geomadv_kernels."
_FOLDER = Path(__file__).parent
_UNKEPT = (
    "for this process alone: no cache folder can be written; NUMBA_CACHE_DIR names one"
)
_IMPORT = re.compile(r"geomadv_kernels\.cpu\.(\w+)")


@functools.cache
def _stamp(name: str) -> tuple[tuple[str, float, int], ...]:
    """Return names, times and sizes of a file of this folder and of what it imports."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        found |= waiting
        waiting = {
            other
            for file in waiting
            for other in _IMPORT.findall((_FOLDER / f"{file}.py").read_text("utf-8"))
            if other not in found and (_FOLDER / f"{other}.py").exists()
        }
    stats = [(file, (_FOLDER / f"{file}.py").stat()) for file in sorted(found)]
    return tuple((file, stat.st_mtime, stat.st_size) for file, stat in stats)


class _Announcer(event.Listener):
    """Says once, on a terminal, that the kernels are being compiled."""

    said = False
    cache: Any = None

    def on_start(self, event: Any) -> None:
        function = getattr(event.data.get("dispatcher"), "py_func", None)
        if self.said or not getattr(function, "__module__", "").startswith(_PACKAGE):
            return
        self.said = True
        if sys.stderr is not None and sys.stderr.isatty():
            place = getattr(self.cache, "cache_path", None)
            sys.stderr.write(
                "geomadv: compiling kernels for this machine, "
                + (f"once; they are kept in {place}" if place else _UNKEPT)
                + "\n"
            )

    def on_end(self, event: Any) -> None:
        """Nothing: one line is enough."""


_announcer = _Announcer()
event.register("numba:compile", _announcer)  # type: ignore[no-untyped-call]


def _load(cache: Any, signature: Any, target: Any) -> Any:
    """Return what numba has kept of a function, or None."""
    rtsys.initialize(target)
    with cache._guard_against_spurious_io_errors():
        return cache._load_overload(signature, target)


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function at its first call, without the interpreter lock, and keep it.

    Used as ``@compiled`` or ``@compiled(fastmath={"contract"})``; options are numba's.
    Arrays are allocated by the caller: what is compiled allocates nothing.
    """
    if function is None:
        return lambda f: compiled(f, **options)
    settings: dict[str, Any] = {"nogil": True, "error_model": "numpy"} | options
    try:
        dispatcher = njit(cache=True, **settings)(function)
    except RuntimeError:  # no folder can be written
        dispatcher = njit(**settings)(function)
    cache: Any = getattr(dispatcher, "_cache", None)
    home, _, name = function.__module__.rpartition(".")
    if home == f"{_PACKAGE}cpu" and hasattr(cache, "_cache_file"):
        cache._cache_file._source_stamp = _stamp(name)
        _announcer.cache = cache
        if hasattr(cache, "_load_overload"):
            cache.load_overload = functools.partial(_load, cache)
    return dispatcher
