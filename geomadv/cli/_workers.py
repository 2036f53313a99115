"""Claims of the registry, verified in several processes.

A worker looks a claim up by its id, since its functions cannot be sent, and sends back
what came out. BLAS and OpenMP have one thread everywhere, so that the numbers are the
same to the bit however many workers there are.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

from geomadv.claims import Claim
from geomadv.claims._verify import Judged, Settings, judged

#: A worker needs seconds to import the theories: this many claims are worth one.
WORTH = 40


def workers_for(claims: int) -> int:
    """Return how many processes to use, if nobody says."""
    return max(1, min(available_cores(), claims // WORTH))


def available_cores() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_this_process(
    claims: tuple[Claim, ...],
    settings: Settings,
    started: Callable[[Claim], None],
) -> Iterator[tuple[int, Judged]]:
    """Judge one claim after the other, with one thread of BLAS."""
    from geomadv.studies._work import Threads

    threads = Threads()
    try:
        for position, claim in enumerate(claims):
            threads.cap(1)
            started(claim)
            yield position, judged(claim, settings)
    finally:
        threads.restore()


def in_processes(
    claims: tuple[Claim, ...],
    settings: Settings,
    started: Callable[[Claim], None],
    workers: int,
) -> Iterator[tuple[int, Judged]]:
    """Judge claims as workers come free; those that they cannot know in this process.

    If a worker dies, what is left is judged here.
    """
    from concurrent.futures import as_completed

    from geomadv.studies._executors import _is_loss, _kill
    from geomadv.theories import registry

    known = {id(claim) for claim in registry()}
    left = dict(enumerate(claims))
    pool = _pool(workers)
    try:
        futures = {
            pool.submit(_judged, claim.id, tuple(settings)): position
            for position, claim in left.items()
            if id(claim) in known
        }
        own = [n for n, claim in left.items() if id(claim) not in known]
        yield from _here(own, left, settings, started)
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and _is_loss(error):
                break
            position = futures[future]
            yield position, Judged(*future.result())
            del left[position]
            if left:
                started(next(iter(left.values())))
    finally:
        _kill(pool, wait=True)
    yield from _here(list(left), left, settings, started)


def _here(
    positions: list[int],
    left: dict[int, Claim],
    settings: Settings,
    started: Callable[[Claim], None],
) -> Iterator[tuple[int, Judged]]:
    chosen = tuple(left[position] for position in positions)
    for n, found in in_this_process(chosen, settings, started):
        yield positions[n], found
        del left[positions[n]]


def _pool(workers: int) -> Any:
    from joblib.externals.loky import (  # type: ignore[import-untyped]
        ProcessPoolExecutor,
    )

    from geomadv.studies._executors import _begin_worker
    from geomadv.studies._work import environment

    return ProcessPoolExecutor(
        max_workers=workers,
        initializer=_begin_worker,
        initargs=(os.getpid(),),
        env=environment(1),
    )


def _judged(name: str, settings: tuple[Any, ...]) -> tuple[Any, ...]:
    """Judge a claim of the registry, in a worker."""
    from geomadv.studies._work import Threads
    from geomadv.theories import find

    (claim,) = find([name])
    threads = Threads()
    threads.cap(1)
    try:
        return tuple(judged(claim, Settings(*settings)))
    finally:
        threads.restore()
