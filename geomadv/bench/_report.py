"""What came out: of a peer, of a bound, of a case, of a run."""

from dataclasses import dataclass, field
from typing import Any

from geomadv.bench._case import Settings
from geomadv.bench._timing import Spread

# What became of a peer.
TIMED, ABSENT, FAILED, DIFFERS = "timed", "absent", "failed", "differs"


@dataclass(frozen=True)
class PeerResult:
    """What became of a peer.

    Parameters
    ----------
    library : str
        Its name.
    status : {"timed", "absent", "failed", "differs"}
        Whether it was timed, and why it was not: it is not installed, it raised an
        exception, or its result is another one than ours.
    note : str
        The exception or the difference.
    serial : bool
        Whether it ran on one thread; the ratio is then for each thread.
    share : float
        The share of the work that it did.
    seconds : Spread, optional
        Seconds for all of the work (for a share of it, divided by that share).
    ratio : Spread, optional
        Its seconds over ours of the same round; over ours times the number of threads
        where it is serial.
    """

    library: str
    status: str
    note: str = ""
    serial: bool = False
    share: float = 1.0
    seconds: Spread | None = None
    ratio: Spread | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the record as a document."""
        return _document(self)


@dataclass(frozen=True)
class BoundResult:
    """What the parts of a bound take on this machine.

    Parameters
    ----------
    rates : dict of float
        Units a second (flops, values or bytes) of each part; medians.
    units : dict of str
        What these units are.
    parts : dict of float
        Seconds of each part; medians.
    seconds : Spread
        Their sum.
    ratio : Spread
        Our seconds over that sum in the same round.
    processors : float, optional
        How many processors the probes had, in the middle: fewer than there are threads
        if other processes use them. None on a GPU.
    """

    rates: dict[str, float]
    units: dict[str, str]
    parts: dict[str, float]
    seconds: Spread
    ratio: Spread
    processors: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the record as a document."""
        return _document(self)


@dataclass(frozen=True)
class CaseResult:
    """What came out of a case.

    Parameters
    ----------
    name, kernel, title, unit : str
        Those of the case.
    failure : str
        The exception of the kernel itself, what is wrong with its result, or "".
    seconds : Spread, optional
        Seconds of the kernel.
    rate : float, optional
        Units a second, at the median.
    bound : BoundResult, optional
        The machine's bound, where the case has one.
    bound_note : str
        Why the bound could not be measured, or "".
    peers : tuple of PeerResult
        The peers.
    checked : bool
        Whether the result was found right by itself, not only as the peers'.
    """

    name: str
    kernel: str
    title: str
    unit: str
    failure: str = ""
    seconds: Spread | None = None
    rate: float | None = None
    bound: BoundResult | None = None
    bound_note: str = ""
    peers: tuple[PeerResult, ...] = ()
    checked: bool = False

    @property
    def compared(self) -> bool:
        """Whether a result was held against the kernel's: a peer's or an exact one."""
        return self.checked or any(p.status in (TIMED, DIFFERS) for p in self.peers)

    @property
    def agreed(self) -> bool:
        """Whether the kernel ran, and no peer has another result."""
        return not self.failure and all(p.status != DIFFERS for p in self.peers)

    def as_json(self) -> dict[str, Any]:
        """Return the record as a document."""
        return _document(self)


@dataclass(frozen=True)
class Report:
    """What came out of a run.

    Parameters
    ----------
    machine : dict
        The machine and the versions of all libraries.
    settings : Settings
        The sizes.
    cases : tuple of CaseResult
        What came out of each case.
    memory : dict of float, optional
        Peak extra memory in MiB of each kernel, where it was measured.
    """

    machine: dict[str, Any]
    settings: Settings
    cases: tuple[CaseResult, ...]
    memory: dict[str, float] = field(default_factory=dict)

    @property
    def agreed(self) -> bool:
        """Whether every kernel ran, and no peer has another result."""
        return all(case.agreed for case in self.cases)

    def as_json(self) -> dict[str, Any]:
        """Return the report as a document."""
        return _document(self)


def _document(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _document(item) for name, item in vars(value).items()}
    if isinstance(value, dict):
        return {name: _document(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_document(item) for item in value]
    return value
