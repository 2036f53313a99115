"""What is measured: a case is one kernel on one kind of data, with its peers.

A case is written down in a few lines, in `_neighbours`, `_expansions`, `_linear`,
`_quadrics`, `_special` and `_samples`: how its data are made, how geomadv computes the
result, which libraries compute the same, how two results are compared, and of which
parts the machine's own bound consists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Data = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The sizes of a run.

    Parameters
    ----------
    n, m, d : int
        Queries, points and coordinates, at least 1 (d at least 2).
    runs : int
        Rounds of timing, at least 1.
    threads : int
        Threads for geomadv and for every peer that uses more than one.
    seed : int
        Seed of the data.
    gpu : bool
        Whether CuPy's arrays are used in place of NumPy's.
    limit : float
        Seconds that each peer has in a case: a slow one takes part in fewer rounds.
    """

    n: int = 20_000
    m: int = 20_000
    d: int = 50
    runs: int = 7
    threads: int = 1
    seed: int = 0
    gpu: bool = False
    limit: float = 25.0


def _all(settings: Settings) -> float:  # noqa: ARG001
    """Return the share of the work for the settings: all of it."""
    return 1.0


def _clouds(settings: Settings) -> float:
    """Return the bytes of n and m points in float64."""
    return 8.0 * settings.d * (settings.n + settings.m)


@dataclass(frozen=True)
class Peer:
    """One way in which another library computes the result of a case.

    Parameters
    ----------
    library : str
        A key of `geomadv.bench._libraries.LIBRARIES`.
    call : callable
        Computes the result from the data of the case.
    serial : bool
        Whether it runs on one thread whatever the settings. Its seconds are then
        divided by the number of threads: the comparison is for each thread.
    share : callable
        Of the settings: the share of the work that it does, where all of it would
        take too long. Its seconds are divided by it.
    """

    library: str
    call: Callable[[Data], Any]
    serial: bool = False
    share: Callable[[Settings], float] = _all


@dataclass(frozen=True)
class Part:
    """One part of a bound: so many units of what a probe does.

    Parameters
    ----------
    name : str
        What the probe does: "GEMM f64".
    probe : callable
        Of the settings: makes a function that works for a few hundredths of a second,
        and says how many units of work that is.
    units : callable
        Of the settings: how many units the case needs at least.
    unit : str
        What a unit is: "flop".
    """

    name: str
    probe: Callable[[Settings], tuple[Callable[[], object], float]]
    units: Callable[[Settings], float]
    unit: str


@dataclass(frozen=True)
class Case:
    """One kernel on one kind of data.

    Parameters
    ----------
    name : str
        Its name; it begins with the kernel's.
    kernel : str
        The function of `geomadv._dispatch`.
    title : str
        What is computed, in words.
    make : callable
        Makes the data: of the settings and a generator.
    ours : callable
        Computes the result: of the data and the number of threads.
    peers : tuple of Peer
        The other libraries.
    agree : callable
        Of the data, our result and a peer's: what is wrong with the latter, or "".
    work : callable
        Of the settings: how many units the result consists of.
    unit : str
        What `work` counts.
    bound : tuple of Part
        What cannot be avoided; empty where the machine has no simple bound.
    gpu : bool
        Whether the kernel takes CuPy's arrays, and CuPy computes the same.
    check : callable, optional
        Of the data and our result: what is wrong with it whatever the peers say, or "".
    size : callable
        Of the settings: how many bytes the arguments and the result have, roughly.
    """

    name: str
    kernel: str
    title: str
    make: Callable[[Settings, np.random.Generator], Data]
    ours: Callable[[Data, int], Any]
    peers: tuple[Peer, ...]
    agree: Callable[[Data, Any, Any], str]
    work: Callable[[Settings], float]
    unit: str
    bound: tuple[Part, ...] = ()
    gpu: bool = False
    check: Callable[[Data, Any], str] | None = None
    size: Callable[[Settings], float] = _clouds
