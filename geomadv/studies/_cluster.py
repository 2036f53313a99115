"""Cells measured by the workers of a Dask cluster.

Dask moves the batches of a dead worker to others by itself, and gives up one that
killed several. What a worker needs is geomadv; the measurement itself is sent.
"""

import contextlib
import queue
import time
from typing import Any

from geomadv.studies._executors import BATCH_SECONDS, Batch, Finished, short
from geomadv.studies._export import needed
from geomadv.studies._transport import packed
from geomadv.studies._work import Work, work_on


class Cluster:
    """The workers of a Dask cluster.

    Parameters
    ----------
    work : Work
        What is measured.
    client : distributed.Client or str
        A client, or the address of a scheduler.
    threads : int
        Threads of BLAS and OpenMP in each worker.
    patience : float
        How many seconds to wait for a first worker.

    Raises
    ------
    ConnectionError
        If there is no scheduler, or it has no worker.
    """

    batch_seconds = BATCH_SECONDS

    def __init__(
        self, work: Work, client: Any, threads: int, *, patience: float = 30.0
    ) -> None:
        distributed = needed("distributed", "cluster")
        self._parcel, self._threads = packed(work), threads
        self._arrived: queue.SimpleQueue[tuple[Batch, Any]] = queue.SimpleQueue()
        self._futures: set[Any] = set()
        self._own = isinstance(client, str)
        try:
            self._client = (
                distributed.Client(client, timeout=patience, set_as_default=False)
                if self._own
                else client
            )
        except (OSError, ValueError) as error:
            raise ConnectionError(f"no Dask scheduler at {client}: {error}") from error
        self._slots, self._counted = 0, -1e9
        begin = time.monotonic()
        while not self.slots:
            if time.monotonic() - begin > patience:
                self.close()
                raise ConnectionError(f"the Dask scheduler at {client} has no worker")
            time.sleep(0.1)
            self._counted = -1e9

    @property
    def slots(self) -> int:
        """The number of threads of all workers; looked up every other second."""
        if time.monotonic() - self._counted > 2.0:
            self._slots = sum(self._client.nthreads().values())
            self._counted = time.monotonic()
        return self._slots

    def start(self, batch: Batch) -> None:
        """Submit a batch."""
        future = self._client.submit(
            work_on, self._parcel, batch.tasks, self._threads, pure=False
        )
        self._futures.add(future)
        future.add_done_callback(lambda done: self._arrived.put((batch, done)))

    def finished(self, timeout: float) -> list[Finished]:
        """Return batches that came back."""
        try:
            batch, future = self._arrived.get(timeout=timeout)
        except queue.Empty:
            if self._client.status not in ("running", "connecting"):
                raise ConnectionError("the Dask scheduler went away") from None
            return []
        self._futures.discard(future)
        if future.status == "finished":
            return [Finished(batch, future.result())]
        if future.status in ("cancelled", "lost"):
            if self._client.status != "running":
                raise ConnectionError("the Dask scheduler went away")
            return [Finished(batch, None, "the cluster lost the batch")]
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return [Finished(batch, None, f"the workers died: {short(error)}")]
        raise RuntimeError(f"a worker could not start its work: {error}") from error

    def close(self) -> None:
        """Cancel what is left."""
        with contextlib.suppress(Exception):
            if self._futures:
                self._client.cancel(list(self._futures))
        if self._own:
            with contextlib.suppress(Exception):
                self._client.close(timeout=5)
