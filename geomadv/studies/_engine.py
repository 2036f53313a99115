"""The engine: what is missing goes to an executor, and what comes back into the store.

Tasks go out in grid order, in batches that take about as long as the executor asks
for; two for each worker, so that none waits. What comes back is recorded at once, in
whatever order. A batch that was lost with its worker is given out again task by task,
and a task that was alone when its worker died, or that raised, is tried again a stated
number of times; then it is recorded as failed, and the rest goes on. After many losses
in a row an empty batch goes out: only if that is lost, too, the workers cannot live.
"""

import itertools
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from geomadv._validate import integer, real
from geomadv.studies._cluster import Cluster
from geomadv.studies._executors import (
    Batch,
    Executor,
    Finished,
    InProcess,
    Processes,
)
from geomadv.studies._layout import Layout
from geomadv.studies._work import Outcome, Task, Work

if TYPE_CHECKING:
    import distributed

_LARGEST = 1024
_LOSSES = 20  # so many batches lost one after the other: do the workers live at all?
_PROBE = Batch(())  # which any worker that lives gives back


@dataclass(frozen=True, kw_only=True)
class Execution:
    """Where and how the cells of a study are measured.

    Parameters
    ----------
    workers : int
        Processes; 1 measures in this one.
    cluster : str or distributed.Client, optional
        The address of a Dask scheduler, ``tcp://HOST:PORT``, or a client of one: the
        cells are measured by its workers.
    retries : int
        How often a cell is tried again that raised, took too long or killed its worker.
    time_limit : float, optional
        Seconds for a cell (for a repetition of it).
    threads : int
        Threads of BLAS and OpenMP for each cell. The last bits of the numbers may
        depend on it, so it is the same whatever measures the cells.

    Raises
    ------
    ValueError, TypeError
        If an argument is bad.
    """

    workers: int = 1
    cluster: "str | distributed.Client | None" = None
    retries: int = 1
    time_limit: float | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        integer("workers", self.workers, minimum=1)
        integer("retries", self.retries, minimum=0)
        integer("threads", self.threads, minimum=1)
        if self.time_limit is not None:
            real("time_limit", self.time_limit, lower=0.0, open_lower=True)
        if self.cluster is not None and self.workers > 1:
            raise ValueError("workers must be 1 where a cluster measures the cells")


@dataclass(frozen=True)
class Progress:
    """How far a study has come.

    Attributes
    ----------
    total : int
        Cells, repetitions counted one by one.
    done : int
        Those that have been measured, in this run or before.
    failed : int
        Those that could not be measured.
    """

    total: int
    done: int
    failed: int


@runtime_checkable
class Sink(Protocol):
    """Where outcomes go."""

    def measured(self, outcomes: list[Outcome]) -> None:
        """Keep numbers."""

    def failed(self, outcome: Outcome, attempts: int) -> None:
        """Keep a failure."""


def compute(
    work: Work,
    layout: Layout,
    missing: Collection[int],
    execution: Execution,
    sink: Sink,
    *,
    catching: bool,
) -> None:
    """Measure what is missing.

    Parameters
    ----------
    work : Work
        What is measured.
    layout : Layout
        Turns positions into cells.
    missing : collection of int
        The positions.
    execution : Execution
        Where and how.
    sink : Sink
        Where the outcomes go.
    catching : bool
        Whether the rest goes on where a cell fails. Otherwise the first error ends all.

    Raises
    ------
    RuntimeError
        If workers cannot live or cannot start their work, or if a cell failed in one
        and `catching` is false.
    """
    if not len(missing):
        return
    executor = _executor(execution, work, catching=catching)
    try:
        _Run(layout, missing, execution, sink, executor, catching).run()
    finally:
        executor.close()


def _executor(execution: Execution, work: Work, *, catching: bool) -> Executor:
    if execution.cluster is not None:
        return Cluster(work, execution.cluster, execution.threads)
    if execution.workers > 1:
        return Processes(work, execution.workers, execution.threads)
    return InProcess(work, execution.threads, catching=catching)


class _Run:
    def __init__(
        self,
        layout: Layout,
        missing: Collection[int],
        execution: Execution,
        sink: Sink,
        executor: Executor,
        catching: bool,
    ) -> None:
        self._layout, self._retries = layout, execution.retries
        self._sink, self._executor, self._catching = sink, executor, catching
        self._fresh, self._left = self._tasks(missing), len(missing)
        self._again: deque[Task] = deque()
        self._attempts: dict[int, int] = {}
        self._size, self._mean, self._losses = 1, 0.0, 0
        self._probing = False

    def run(self) -> None:
        out = 0
        while True:
            while out < 2 * self._executor.slots and (batch := self._batch()):
                self._executor.start(batch)
                out += 1
            if not out:
                return
            for finished in self._executor.finished(1.0):
                out -= 1
                self._take(finished)

    def _tasks(self, missing: Collection[int]) -> Iterator[Task]:
        for position in map(int, missing):
            yield Task(position, *self._layout.at(position))

    def _batch(self) -> Batch | None:
        """Return the next batch: what must be tried again goes first, and alone."""
        if self._losses >= _LOSSES * self._executor.slots and not self._probing:
            self._probing = True
            return _PROBE
        if self._again:
            return Batch((self._again.popleft(),))
        share = self._left // (4 * max(1, self._executor.slots))
        size = max(1, min(self._size, share))
        tasks = tuple(itertools.islice(self._fresh, size))
        self._left -= len(tasks)
        return Batch(tasks) if tasks else None

    def _take(self, finished: Finished) -> None:
        tasks = finished.batch.tasks
        if finished.outcomes is None:
            self._lost(finished)
            return
        self._losses = 0
        if not tasks:
            self._probing = False
            return
        good = [o for o in finished.outcomes if o.numbers is not None]
        if good:
            self._sink.measured(good)
        by_position = {task.position: task for task in tasks}
        for outcome in finished.outcomes:
            if outcome.numbers is None:
                self._failed(by_position[outcome.position], outcome)
        self._learn(sum(o.seconds for o in finished.outcomes) / len(tasks))

    def _lost(self, finished: Finished) -> None:
        self._losses += finished.blamed
        tasks = finished.batch.tasks
        if not tasks:
            if finished.blamed:
                raise RuntimeError(f"no worker lives for long: {finished.cause}")
            self._probing = False  # it waited at one that died: another goes out
        if len(tasks) == 1 and finished.blamed:
            self._failed(
                tasks[0], Outcome(tasks[0].position, 0.0, None, finished.cause)
            )
        else:
            self._again.extend(tasks)

    def _failed(self, task: Task, outcome: Outcome) -> None:
        attempts = self._attempts.pop(task.position, 0) + 1
        if not self._catching and not outcome.error.startswith("the worker"):
            raise RuntimeError(
                f"{dict(task.cell)} failed in a worker:\n{outcome.error}"
            )
        if attempts <= self._retries:
            self._attempts[task.position] = attempts
            self._again.append(task)
        elif self._catching:
            self._sink.failed(outcome, attempts)
        else:
            raise RuntimeError(f"{dict(task.cell)} failed: {outcome.error}")

    def _learn(self, seconds: float) -> None:
        """Fit the size of batches to how long a task takes."""
        self._mean = seconds if not self._mean else 0.7 * self._mean + 0.3 * seconds
        wanted = self._executor.batch_seconds / max(self._mean, 1e-6)
        self._size = int(min(_LARGEST, max(1.0, wanted), 4.0 * self._size))
