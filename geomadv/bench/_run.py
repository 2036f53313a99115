"""A run: for each case make the data, check the peers, and time all that agree."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._validate import integer
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._libraries import LIBRARIES, installed, limited, load, reason
from geomadv.bench._machine import (
    describe,
    device_name,
    finisher,
    put,
    total_memory,
)
from geomadv.bench._report import (
    ABSENT,
    DIFFERS,
    FAILED,
    TIMED,
    BoundResult,
    CaseResult,
    PeerResult,
    Report,
)
from geomadv.bench._timing import Spread, rounds

_OURS = "geomadv"

Tell = Callable[[str], None]


def bench(
    cases: Sequence[Case], settings: Settings, *, told: Tell | None = None
) -> Report:
    """Measure kernels against their peers and against the bound of the machine.

    Parameters
    ----------
    cases : sequence of Case
        What to measure; see `find`.
    settings : Settings
        The sizes, the number of rounds and of threads.
    told : callable, optional
        Hears what is done, a short line at a time.

    Returns
    -------
    Report
        What came out; `Report.agreed` says whether all results were the same.

    Raises
    ------
    TypeError, ValueError
        If a size is no whole number or too small.
    DeviceUnavailableError
        If a GPU is asked for and there is none.

    Notes
    -----
    Our result is checked, and the others are compared with it, before anything is
    timed; a peer with another result is not. Then the kernel, the peers and the probes
    of the bound take turns; ratios are of one round. A peer that has had
    `Settings.limit` seconds in a case takes part in no further round of it. Everything
    has run before the first round, so that no compilation is timed.

    Examples
    --------
    >>> from geomadv.bench import find
    >>> settings = Settings(n=100, m=100, d=3, runs=1)
    >>> report = bench(find(["cap_measure"]), settings)
    >>> [case.name for case in report.cases]
    ['cap_measure.log', 'cap_measure.linear']
    >>> report.agreed
    True
    """
    for name, least in (("n", 1), ("m", 1), ("d", 2), ("runs", 1), ("threads", 1)):
        integer(name, getattr(settings, name), minimum=least)
    if settings.gpu:
        device_name()
        cases = [case for case in cases if case.gpu]
    tell = told or (lambda line: None)
    wanted = [
        library
        for library in LIBRARIES
        if any(
            peer.library == library for case in cases for peer in _peers(case, settings)
        )
    ]
    tell("loading the libraries")
    broken = load(library for library in wanted if installed(library))
    with limited(settings.threads):
        results = tuple(
            _measure(
                case,
                settings,
                broken,
                lambda line, i=i, case=case: tell(  # type: ignore[misc]
                    f"{case.name} ({i} of {len(cases)}): {line}"
                ),
            )
            for i, case in enumerate(cases, 1)
        )
    return Report(describe(settings, wanted), settings, results)


def _peers(case: Case, settings: Settings) -> tuple[Peer, ...]:
    """Return the peers that take arrays of NumPy, or those that take CuPy's."""
    return tuple(p for p in case.peers if (p.library == "CuPy") == settings.gpu)


def _measure(
    case: Case, settings: Settings, broken: dict[str, str], tell: Tell
) -> CaseResult:
    """Check and time one case."""
    named = (case.name, case.kernel, case.title, case.unit)
    finish = finisher(settings.gpu)
    tell("warming up")
    try:
        wrong = too_large(case, settings)
        if not wrong:
            made = case.make(settings, spawn(settings.seed, case.name))
            data = put(made, settings.gpu)
            ours = case.ours(data, settings.threads)
            finish()
            tell("checking the result")
            wrong = case.check(data, ours) if case.check else ""
    except Exception as error:  # noqa: BLE001 - it goes into the table, and exit code 1
        wrong = reason(error)
    if wrong:
        return CaseResult(*named, failure=wrong)
    calls: dict[str, Callable[[], object]] = {
        _OURS: lambda: case.ours(data, settings.threads)
    }
    checked = []
    for peer in _peers(case, settings):
        tell(f"checking {peer.library}")
        checked.append((peer, *_check(case, peer, data, ours, broken)))
        if checked[-1][1] == TIMED:
            calls[peer.library] = lambda call=peer.call: call(data)  # type: ignore[misc]
    del ours
    units, note, busy = _probes(case, settings, calls)
    seconds = {
        name: np.array(values)
        for name, values in rounds(
            calls,
            settings.runs,
            finish=finish,
            told=tell,
            limited=[peer.library for peer, status, _ in checked if status == TIMED],
            limit=settings.limit,
        ).items()
    }
    mine = seconds[_OURS]
    return CaseResult(
        *named,
        seconds=Spread.of(mine),
        rate=case.work(settings) / float(np.median(mine)),
        bound=_bound(case, settings, units, seconds, busy),
        bound_note=note,
        peers=tuple(
            _peer(peer, status, note, seconds, settings)
            for peer, status, note in checked
        ),
        checked=case.check is not None,
    )


def too_large(case: Case, settings: Settings) -> str:
    """Say why a case cannot be measured in the memory that there is, or ""."""
    size, memory = case.size(settings), total_memory()
    if memory is None or size <= memory:
        return ""
    sizes = f"n = {settings.n}, m = {settings.m}, d = {settings.d}"
    have = f"this machine has {memory / 1e9:.3g} GB"
    return f"{case.name} needs {size / 1e9:.3g} GB for {sizes}; {have}"


def _check(
    case: Case, peer: Peer, data: Data, ours: Any, broken: dict[str, str]
) -> tuple[str, str]:
    """Return what becomes of a peer, and why."""
    if not installed(peer.library):
        return ABSENT, ""
    if peer.library in broken:
        return FAILED, broken[peer.library]
    try:
        theirs = peer.call(data)
        difference = case.agree(data, ours, theirs)
    except Exception as error:  # noqa: BLE001 - the peer's problem is the answer
        return FAILED, reason(error)
    return (DIFFERS, difference) if difference else (TIMED, "")


def _probes(
    case: Case, settings: Settings, calls: dict[str, Callable[[], object]]
) -> tuple[dict[str, float], str, list[float]]:
    """Add the probes of the bound to the calls.

    Returns
    -------
    Their units of work; why there are none; and a list that, once they have run, holds
    how many processors each run had.
    """
    units: dict[str, float] = {}
    probes: dict[str, Callable[[], object]] = {}
    busy: list[float] = []
    try:
        for part in case.bound:
            probe, units[part.name] = part.probe(settings)
            probe()
            probes[part.name] = _watched(probe, busy)
    except Exception as error:  # noqa: BLE001 - a bound less, and the table says why
        return {}, reason(error), busy
    calls.update(probes)
    return units, "", busy


def _watched(probe: Callable[[], object], busy: list[float]) -> Callable[[], object]:
    def run() -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        probe()
        cpu = time.process_time() - cpu
        busy.append(cpu / (time.perf_counter() - wall))

    return run


def _bound(
    case: Case,
    settings: Settings,
    units: dict[str, float],
    seconds: dict[str, Any],
    busy: list[float],
) -> BoundResult | None:
    if not units:
        return None
    parts = {
        part.name: seconds[part.name] / units[part.name] * part.units(settings)
        for part in case.bound
    }
    total = sum(parts.values())
    return BoundResult(
        rates={name: units[name] / float(np.median(seconds[name])) for name in units},
        units={part.name: part.unit for part in case.bound},
        parts={name: float(np.median(values)) for name, values in parts.items()},
        seconds=Spread.of(total),
        ratio=Spread.of(seconds[_OURS] / total),
        processors=None if settings.gpu or not busy else float(np.median(busy)),
    )


def _peer(
    peer: Peer, status: str, note: str, seconds: dict[str, Any], settings: Settings
) -> PeerResult:
    share = peer.share(settings)
    if status != TIMED:
        return PeerResult(peer.library, status, note, peer.serial, share)
    taken = seconds[peer.library] / share
    threads = settings.threads if peer.serial else 1
    return PeerResult(
        peer.library,
        status,
        note,
        peer.serial,
        share,
        Spread.of(taken),
        Spread.of(taken / threads / seconds[_OURS][: taken.size]),
    )
