"""Blocks of rows on all cores, with the same result on any number of them."""

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def available() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def for_blocks(
    work: Callable[..., object],
    n: int,
    size: int,
    *,
    threads: int | None = None,
    workspace: Callable[[], Any] | None = None,
    blas: bool = False,
) -> None:
    """Call ``work(start, stop, space)`` for consecutive blocks of ``range(n)``.

    Each block is computed by itself, by whichever thread is free, so that the result
    depends on neither the number of threads nor the order. `work` should release the
    interpreter lock.

    Parameters
    ----------
    work : callable
        Fills its rows of the output.
    n, size : int
        The number of rows, and of those in a block (the last may be smaller).
    threads : int, optional
        How many threads; by default the processors of this process.
    workspace : callable, optional
        Makes the scratch arrays of one thread, the third argument of `work`.
    blas : bool
        Whether `work` calls BLAS, which then runs on one thread a call.
    """
    pieces = -(-n // size)
    count = min(threads or available(), pieces)
    lock = threading.Lock()
    numbers = iter(range(pieces))

    def loop() -> None:
        space = None if workspace is None else workspace()
        while True:
            with lock:
                piece = next(numbers, None)
            if piece is None:
                return
            try:
                work(piece * size, min((piece + 1) * size, n), space)
            except BaseException:
                with lock:
                    for _ in numbers:  # the other threads find nothing more to do
                        pass
                raise

    def alone() -> None:
        with _one_blas_thread:
            loop()

    run = alone if blas and pieces else loop
    if count <= 1:
        run()
        return
    with ThreadPoolExecutor(count - 1) as pool:
        others = [pool.submit(run) for _ in range(count - 1)]
        run()
        for other in others:
            other.result()


@functools.cache
def _blas() -> tuple[list[Any], list[Any]]:
    """Return the BLAS libraries with one pool for all threads, and those of OpenMP.

    With OpenMP a limit is that of the thread that sets it.
    """
    import numpy as np
    from scipy.linalg import cython_blas
    from threadpoolctl import ThreadpoolController

    assert np is not None  # noqa: S101 - both BLAS libraries are loaded by now
    assert cython_blas is not None  # noqa: S101
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    own = [each for each in found if _layer(each) == "openmp"]
    return [each for each in found if _layer(each) != "openmp"], own


def _layer(library: Any) -> str:
    return getattr(library, "threading_layer", "")


def _limit(libraries: list[Any], counts: list[int]) -> list[int]:
    """Set the numbers of threads; return those before."""
    before = [library.get_num_threads() for library in libraries]
    for library, count in zip(libraries, counts, strict=True):
        # it lets one thread of a process set limits, and this may be another one
        getattr(library, "clear_controlling_thread", lambda force: None)(force=True)
        library.set_num_threads(count)
        getattr(library, "clear_controlling_thread", lambda force: None)(force=True)
    return before


class _OneBlasThread:
    """BLAS has one thread while anyone is inside, and its own when all have left.

    Calls that overlap share the limit of the pool; the first sets it, the last lifts
    it, whichever these are. To be entered by each thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before: list[int] = []
        self._mine = threading.local()

    def __enter__(self) -> None:
        shared, own = _blas()
        with self._lock:
            if self._inside == 0:
                self._before = _limit(shared, [1] * len(shared))
            self._inside += 1
        stack = self._mine.__dict__.setdefault("stack", [])
        stack.append(_limit(own, [1] * len(own)))

    def __exit__(self, *_: object) -> None:
        shared, own = _blas()
        _limit(own, self._mine.stack.pop())
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                _limit(shared, self._before)


_one_blas_thread = _OneBlasThread()
