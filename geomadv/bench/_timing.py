"""Rounds: everything that is compared runs once a round, and ratios are of one round.

A machine that others use is slow for seconds at a time. Contestants that take turns see
the same slow seconds, and the ratio of two times of one round hardly depends on them.

The threads of a library may spin for a while after its last call (those of OpenMP for
up to a fifth of a second, by default), and would slow down whoever comes next: nothing
is timed before they are quiet.
"""

import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from geomadv._typing import NDArray

# What takes less than this is repeated within a round.
_SHORTEST = 0.02
_MOST_CALLS = 10_000
# Threads are quiet if in such a time the process computes for less than a fifth of it.
_WINDOW = 0.003
_LONGEST_WAIT = 0.5

Call = Callable[[], object]


@dataclass(frozen=True)
class Spread:
    """A median with its spread.

    Parameters
    ----------
    median, low, high : float
        The median, the least and the largest value.
    lower_quartile, upper_quartile : float
        Half of the values lie between them.
    rounds : int
        How many values there are.
    """

    median: float
    low: float
    high: float
    lower_quartile: float
    upper_quartile: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float] | NDArray) -> "Spread":
        """Return the spread of at least one value."""
        levels = np.quantile(values, [0.5, 0.0, 1.0, 0.25, 0.75])
        median, low, high, lower, upper = (float(level) for level in levels)
        return cls(median, low, high, lower, upper, len(values))

    def as_json(self) -> dict[str, float]:
        """Return the numbers by name."""
        return dict(vars(self))


def rounds(
    calls: Mapping[str, Call],
    runs: int,
    *,
    finish: Call,
    told: Callable[[str], None],
    limited: Collection[str] = (),
    limit: float = np.inf,
) -> dict[str, list[float]]:
    """Return the seconds that each call took in each round.

    Parameters
    ----------
    calls : mapping
        What is timed, by name. Each has run before.
    runs : int
        How many rounds. Each begins one place further on in the order of `calls`.
    finish : callable
        Waits for the device.
    told : callable
        Hears which call runs.
    limited : collection of str
        Those that take part in no further round once they have had `limit` seconds.
    limit : float
        Seconds of each of these.

    Returns
    -------
    dict of list of float
        Seconds of one call, a round each; those of one round have the same index.
    """
    names = list(calls)
    counts = {name: _count(calls[name], finish) for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with _without_garbage():
        for run in range(runs):
            shift = run % len(names)
            for name in names[shift:] + names[:shift]:
                if name in limited and counts[name] * sum(seconds[name]) > limit:
                    continue
                told(f"{name}, run {run + 1} of {runs}")
                taken = _timed(calls[name], counts[name], finish)
                seconds[name].append(taken / counts[name])
    return seconds


def _count(call: Call, finish: Call) -> int:
    """Return how often to call what is short, so that a round takes long enough."""
    taken = _timed(call, 1, finish)
    return min(_MOST_CALLS, max(1, round(_SHORTEST / max(taken, 1e-9))))


def _timed(call: Call, count: int, finish: Call) -> float:
    finish()
    settle()
    started = time.perf_counter()
    for _ in range(count):
        call()
    finish()
    return time.perf_counter() - started


def settle() -> None:
    """Wait until no thread of this process computes, for half a second at most."""
    end = time.perf_counter() + _LONGEST_WAIT
    while time.perf_counter() < end:
        wall, cpu = time.perf_counter(), time.process_time()
        time.sleep(_WINDOW)
        taken = time.process_time() - cpu
        if taken < 0.2 * (time.perf_counter() - wall):
            return


@contextmanager
def _without_garbage() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
