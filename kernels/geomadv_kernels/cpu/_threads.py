"""Blocks of rows on all cores, with the same result on any number of them."""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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

    with _one_blas_thread() if blas and pieces else _nothing():
        if count <= 1:
            loop()
            return
        with ThreadPoolExecutor(count - 1) as pool:
            others = [pool.submit(loop) for _ in range(count - 1)]
            loop()
            for other in others:
                other.result()


@functools.cache
def _controller() -> Any:
    import numpy as np
    from scipy.linalg import cython_blas
    from threadpoolctl import ThreadpoolController

    assert np is not None  # noqa: S101 - both BLAS libraries are loaded by now
    assert cython_blas is not None  # noqa: S101
    return ThreadpoolController()


def _one_blas_thread() -> Any:
    return _controller().limit(limits=1, user_api="blas")


@contextmanager
def _nothing() -> Iterator[None]:
    yield
