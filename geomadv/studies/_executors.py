"""Where cells are measured: in this process or in others.

An executor takes batches of tasks and gives each back: measured, or lost with its
worker. What to do then is the engine's business. `Processes` has a worker a slot, each
with a pool of its own (loky's, which notices that a worker died): the death of one
disturbs no other, and it is known which batch it had.
"""

import contextlib
import os
import queue
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from geomadv.studies._transport import packed
from geomadv.studies._work import (
    Outcome,
    Task,
    Threads,
    Work,
    environment,
    work_on,
)

GRACE = 2.0
BATCH_SECONDS = 0.25


class Batch(NamedTuple):
    """Tasks that are measured one after the other by one worker."""

    tasks: tuple[Task, ...]


class Finished(NamedTuple):
    """A batch that came back.

    Attributes
    ----------
    batch : Batch
        The batch.
    outcomes : sequence of Outcome or None
        What was measured; None where the batch was lost.
    cause : str
        How it was lost.
    blamed : bool
        Whether its worker was at it then.
    """

    batch: Batch
    outcomes: Sequence[Outcome] | None
    cause: str = ""
    blamed: bool = True


@runtime_checkable
class Executor(Protocol):
    """Something that measures batches."""

    #: How long a batch should take; 0 for single tasks.
    batch_seconds: float

    @property
    def slots(self) -> int:
        """How many batches are measured at once."""

    def start(self, batch: Batch) -> None:
        """Take a batch."""

    def finished(self, timeout: float) -> list[Finished]:
        """Return batches that came back, after some time none."""

    def close(self) -> None:
        """Stop, with whatever is being measured."""


class InProcess:
    """One task after the other, in this process.

    Parameters
    ----------
    work : Work
        What is measured.
    threads : int
        Threads of BLAS and OpenMP.
    catching : bool
        Whether errors become outcomes.
    """

    batch_seconds, slots = 0.0, 1

    def __init__(self, work: Work, threads: int, *, catching: bool) -> None:
        self._work, self._number, self._catching = work, threads, catching
        self._waiting: deque[Batch] = deque()
        self._threads = Threads()

    def start(self, batch: Batch) -> None:
        """Take a batch."""
        self._waiting.append(batch)

    def finished(self, timeout: float) -> list[Finished]:  # noqa: ARG002
        """Measure the next batch."""
        batch = self._waiting.popleft()
        self._threads.cap(self._number)
        if self._catching:
            return [Finished(batch, list(self._work.outcomes(batch.tasks)))]
        outcomes = []
        for task in batch.tasks:
            start = time.perf_counter()
            numbers = self._work.numbers(task)
            seconds = time.perf_counter() - start
            outcomes.append(Outcome(task.position, seconds, numbers))
        return [Finished(batch, outcomes)]

    def close(self) -> None:
        """Give the threads back."""
        self._threads.restore()


@dataclass(eq=False)
class _Slot:
    """A worker, the batches it has, and since when it is at the first.

    `ready` comes back when the worker has started, which takes a while: until then no
    batch is overdue.
    """

    pool: Any
    batches: deque[tuple[Batch, Any]]
    since: float = 0.0
    ready: Any = None

    def begun(self, _: Any = None) -> None:
        """Count the time from now."""
        self.since = time.monotonic()


class Processes:
    """Worker processes on this machine.

    Parameters
    ----------
    work : Work
        What is measured.
    workers : int
        How many.
    threads : int
        Threads of BLAS and OpenMP in each.
    """

    batch_seconds = BATCH_SECONDS

    def __init__(self, work: Work, workers: int, threads: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="geomadv-")
        self._limit, self._threads = work.time_limit, threads
        self._arrived: queue.SimpleQueue[tuple[_Slot, Any]] = queue.SimpleQueue()
        try:
            self._parcel = packed(work, Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise
        self._slots = [_Slot(self._pool(), deque()) for _ in range(workers)]

    @property
    def slots(self) -> int:
        """The number of workers."""
        return len(self._slots)

    def start(self, batch: Batch) -> None:
        """Give a batch to the worker that has the fewest."""
        slot = min(self._slots, key=lambda slot: len(slot.batches))
        try:
            future = self._submitted(slot, batch)
        except RuntimeError:  # it died with nothing to do
            slot.pool, slot.ready = self._pool(), None
            future = self._submitted(slot, batch)
        if not slot.batches:
            slot.begun()
        slot.batches.append((batch, future))
        future.add_done_callback(lambda done: self._arrived.put((slot, done)))

    def finished(self, timeout: float) -> list[Finished]:
        """Return batches that came back, those of a dead worker included."""
        found = self._overdue()
        if found:
            return found
        if self._limit is not None:
            timeout = min(timeout, GRACE / 4)
        try:
            slot, future = self._arrived.get(timeout=timeout)
        except queue.Empty:
            return []
        if not any(future is other for _, other in slot.batches):
            return []  # of a worker that was replaced since
        error = future.exception()
        if error is None:
            return [self._taken(slot, future)]
        if _is_loss(error):
            return self._replaced(slot, f"the worker died: {short(error)}")
        raise RuntimeError(f"a worker could not start its work: {error}") from error

    def close(self) -> None:
        """Kill the workers."""
        for slot in self._slots:
            _kill(slot.pool, wait=True)
        self._folder.cleanup()

    def _pool(self) -> Any:
        from joblib.externals.loky import (  # type: ignore[import-untyped]
            ProcessPoolExecutor,
        )

        return ProcessPoolExecutor(
            max_workers=1,
            initializer=_begin_worker,
            initargs=(os.getpid(),),
            env=environment(self._threads),
        )

    def _submitted(self, slot: _Slot, batch: Batch) -> Any:
        if slot.ready is None:
            slot.ready = slot.pool.submit(work_on, self._parcel, (), self._threads)
            slot.ready.add_done_callback(slot.begun)
        return slot.pool.submit(work_on, self._parcel, batch.tasks, self._threads)

    def _taken(self, slot: _Slot, future: Any) -> Finished:
        batch = next(batch for batch, other in slot.batches if other is future)
        slot.batches = deque(pair for pair in slot.batches if pair[1] is not future)
        slot.begun()
        return Finished(batch, future.result())

    def _overdue(self) -> list[Finished]:
        """Replace a worker that is in compiled code far beyond the time limit.

        A batch of several tasks takes no time to speak of, so it has the time of one:
        if it takes longer, the engine gives out its tasks one by one, at no cost of
        attempts, and the one that hangs is found then.
        """
        if self._limit is None:
            return []
        for slot in self._slots:
            if not slot.batches or not slot.ready.done():
                continue
            late = time.monotonic() - slot.since > self._limit + GRACE
            if late and not slot.batches[0][1].done():
                cause = f"took more than {self._limit:g} seconds, in compiled code"
                return self._replaced(slot, cause)
        return []

    def _replaced(self, slot: _Slot, cause: str) -> list[Finished]:
        """Give a slot a new worker, and return the batches of the old one."""
        batches, slot.batches = slot.batches, deque()
        _kill(slot.pool, wait=False)
        slot.pool, slot.ready = self._pool(), None
        found, blamed = [], True
        for batch, future in batches:
            if future.done() and not future.cancelled() and not future.exception():
                found.append(Finished(batch, future.result()))
            else:
                found.append(Finished(batch, None, cause, blamed))
                blamed = False
        return found


def _kill(pool: Any, *, wait: bool) -> None:
    """Kill the worker of a pool.

    loky (joblib 1.4 to 1.6) drops what waits and then looks up what it has not handed
    out yet, by its numbers, which ends its thread with a KeyError on standard error:
    they are taken away before. It has no public name for them. Where they are called
    otherwise, nothing is taken and the message may appear; no result depends on it,
    since the batches are given out again by `_replaced`.
    """
    numbers: queue.Queue[int] = getattr(pool, "_work_ids", queue.Queue())
    with contextlib.suppress(queue.Empty):
        while True:
            numbers.get(block=False)
    pool.shutdown(wait=wait, kill_workers=True)


def _begin_worker(driver: int) -> None:
    """Leave Ctrl-C to the driver, and end when it has."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        threading.Thread(target=_watch, args=(driver,), daemon=True).start()


def _watch(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(0.25)
    os._exit(1)


def _is_loss(error: BaseException) -> bool:
    """Tell whether an error says that a worker went, not that the work failed."""
    from concurrent.futures.process import BrokenProcessPool

    return isinstance(error, BrokenProcessPool) or type(error).__name__ in (
        "TerminatedWorkerError",
        "ShutdownExecutorError",
        "CancelledError",
    )


def short(error: BaseException | None) -> str:
    return " ".join(str(error).split())[:300]
