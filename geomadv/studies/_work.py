"""Measuring cells: what every executor does, in whatever process or thread it is.

The generator of a repetition of a cell is spawned from (seed, study, cell, repetition),
and BLAS and OpenMP run on the same number of threads everywhere, since the last bits of
a product may depend on it. So the numbers are the same wherever a cell is measured.
"""

import ctypes
import functools
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from geomadv._random import spawn
from geomadv.studies._study import Cell, Measure
from geomadv.studies._transport import unpacked

_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"),
)


class Task(NamedTuple):
    """One repetition of one cell."""

    position: int
    cell: Cell
    repetition: int


class Outcome(NamedTuple):
    """What came out of a task: numbers, or the traceback of an error."""

    position: int
    seconds: float
    numbers: dict[str, float] | None
    error: str = ""


class Work(NamedTuple):
    """What is measured, as workers get it.

    Attributes
    ----------
    name : str
        The study.
    measure : callable
        Its measurement.
    seed : int
        The seed.
    time_limit : float or None
        Seconds for one task.
    """

    name: str
    measure: Measure
    seed: int
    time_limit: float | None = None

    def numbers(self, task: Task) -> dict[str, float]:
        """Measure a task; whatever is wrong is raised."""
        items = sorted(task.cell.items())
        # The first repetition is the cell's own: more of them change none.
        extra = (task.repetition,) if task.repetition else ()
        rng = spawn(self.seed, self.name, items, *extra)
        call = functools.partial(self.measure, task.cell, rng)
        found = call() if self.time_limit is None else limited(call, self.time_limit)
        return checked_numbers(f"{self.name}.measure", found)

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Measure tasks; whatever is wrong becomes an outcome."""
        for task in tasks:
            start = time.perf_counter()
            numbers, error = None, ""
            try:
                numbers = self.numbers(task)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001 - SystemExit costs its cell alone, too
                error = traceback.format_exc()
            yield Outcome(task.position, time.perf_counter() - start, numbers, error)


def work_on(parcel: bytes, tasks: Sequence[Task], threads: int) -> list[Outcome]:
    """Measure tasks in a worker.

    Parameters
    ----------
    parcel : bytes
        The `Work`, as `packed` gives it.
    tasks : sequence of Task
        What is to be measured.
    threads : int
        Threads of BLAS and OpenMP.

    Returns
    -------
    list of Outcome
    """
    with _THREADS_LOCK:  # of Dask's workers, several may come at once
        _WORKER_THREADS.cap(threads)
        work: Work = unpacked(parcel)
        _WORKER_THREADS.cap(threads)
    return list(work.outcomes(tasks))


class Threads:
    """The number of threads of BLAS and OpenMP in this process."""

    def __init__(self) -> None:
        self._modules = -1
        self._limits: list[Any] = []
        self._old: dict[str, str | None] = {}

    def cap(self, threads: int) -> None:
        """Set the number for the libraries that are loaded, and for those to come."""
        if len(sys.modules) == self._modules:
            return
        from threadpoolctl import threadpool_limits

        if not self._old:
            self._old = {name: os.environ.get(name) for name in _VARIABLES}
            os.environ.update(environment(threads))
        self._limits.append(threadpool_limits(limits=threads))
        self._modules = len(sys.modules)

    def restore(self) -> None:
        """Give back what was found."""
        while self._limits:
            self._limits.pop().restore_original_limits()
        for name, value in self._old.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        self._old, self._modules = {}, -1


_WORKER_THREADS, _THREADS_LOCK = Threads(), threading.Lock()


def environment(threads: int) -> dict[str, str]:
    """Return the variables that tell libraries their number of threads."""
    return dict.fromkeys(_VARIABLES, str(threads))


class TimeLimitExceeded(BaseException):
    """A task took too long; no ``except Exception`` of a measurement catches it."""


def limited(call: Callable[[], Any], seconds: float) -> Any:
    """Return what a call returns, or raise `TimeLimitExceeded` after a time.

    Works in any thread. The exception is raised between two steps of the interpreter: a
    call into compiled code comes to its end first.
    """
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    me, lock, over = ctypes.c_ulong(threading.get_ident()), threading.Lock(), False

    def fire() -> None:
        with lock:
            if not over:
                raise_in(me, ctypes.py_object(TimeLimitExceeded))

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        try:
            return call()
        finally:
            with lock:
                over = True
            raise_in(me, None)  # one that has not been raised yet
            timer.cancel()
    except TimeLimitExceeded:
        raise TimeLimitExceeded(f"took more than {seconds:g} seconds") from None


def checked_numbers(name: str, value: object) -> dict[str, float]:
    """Return a mapping of names to numbers as floats.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must return a mapping of names to numbers")
    numbers: dict[str, float] = {}
    for key, number in value.items():
        if not isinstance(number, int | float | np.integer | np.floating):
            raise TypeError(f"{name} must return numbers, got {number!r} for {key!r}")
        numbers[str(key)] = float(number)
    return numbers
