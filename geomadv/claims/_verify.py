"""Verification: every claim and its twin, at one error rate for the whole run."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from geomadv._validate import integer, real
from geomadv.claims._claim import Claim, Expected
from geomadv.claims._domain import grid
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._outcome import Outcome, Point, Verdict
from geomadv.claims._statistical import Statistical
from geomadv.claims._thorough import BOXES, BUDGET, further
from geomadv.stats import split_error_rate

NO_TWIN = "no twin was given: nothing shows that the check could have failed"
OPPOSITE = {Expected.HOLDS: Verdict.VIOLATED, Expected.VIOLATED: Verdict.HOLDS}


class Settings(NamedTuple):
    """What all claims of a run have in common.

    Attributes
    ----------
    share : float
        Probability that one statistical decision is wrong.
    seed, budget, thorough
        As for `verify`.
    """

    share: float
    seed: int
    budget: int
    thorough: bool


class Judged(NamedTuple):
    """What came out of a claim.

    Attributes
    ----------
    outcome, twin : Outcome
        Of the claim and of its twin.
    seconds, twin_seconds : float
        Wall time.
    """

    outcome: Outcome
    twin: Outcome
    seconds: float
    twin_seconds: float


#: Judges all claims, and yields the position of each with what came out.
Judging = Callable[[tuple[Claim, ...], Settings], Iterator[tuple[int, Judged]]]


@dataclass(frozen=True)
class Result:
    """What verification found of one claim.

    Parameters
    ----------
    claim : Claim
    outcome, twin : Outcome
        Of the claim and of its twin.
    error_rate : float
        Probability that a decision about the claim or its twin is wrong; 0 where
        nothing is random.
    seconds, twin_seconds : float
        Wall time.
    """

    claim: Claim
    outcome: Outcome
    twin: Outcome
    error_rate: float
    seconds: float
    twin_seconds: float

    @property
    def power_shown(self) -> bool:
        """Whether the twin came out opposite to the claim, as it must."""
        return self.twin.verdict is OPPOSITE[self.claim.expected]

    @property
    def as_expected(self) -> bool:
        """Whether the claim and its twin both came out as expected."""
        return (
            self.outcome.verdict.value == self.claim.expected.value and self.power_shown
        )

    @property
    def contradicted(self) -> bool:
        """Whether the claim was decided, and against what is expected."""
        return self.outcome.verdict is OPPOSITE[self.claim.expected]

    def as_json(self) -> dict[str, Any]:
        """Return the record that `geomadv verify --json` writes."""
        claim = self.claim
        return {
            "id": claim.id,
            "theory": claim.theory,
            "title": claim.title,
            "source": dataclasses.asdict(claim.source),
            "statement": claim.statement,
            "relation": claim.relation,
            "evidence": claim.evidence.level,
            **_outcome_json(self.outcome),
            "expected": str(claim.expected),
            "as_expected": self.as_expected,
            "error_rate": self.error_rate,
            "twin": {
                "statement": claim.twin.statement,
                **_outcome_json(self.twin),
                "expected": str(OPPOSITE[claim.expected]),
                "seconds": self.twin_seconds,
            },
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Report:
    """The results of one run, with what it takes to repeat it.

    Parameters
    ----------
    results : tuple of Result
        In the order of the claims.
    error_rate : float
        Of the whole run.
    seed, budget : int
        As for `verify`.
    seconds : float
        Wall time of the run.
    thorough : bool
        As for `verify`.
    """

    results: tuple[Result, ...]
    error_rate: float
    seed: int
    budget: int
    seconds: float
    thorough: bool = False

    @property
    def exit_code(self) -> int:
        """0 as expected, 1 on a contradiction, 2 when something stayed inconclusive."""
        if any(result.contradicted for result in self.results):
            return 1
        return 0 if all(result.as_expected for result in self.results) else 2

    def as_json(self) -> dict[str, Any]:
        """Return the document that `geomadv verify --json` writes.

        It is the same for two runs with the same seed, but for the keys `seconds`.
        Numbers that JSON lacks are the strings "inf", "-inf" and "nan".
        """
        return {
            "error_rate": self.error_rate,
            "seed": self.seed,
            "budget": self.budget,
            "thorough": self.thorough,
            "exit_code": self.exit_code,
            "seconds": self.seconds,
            "claims": [result.as_json() for result in self.results],
        }


def verify(
    claims: Iterable[Claim],
    *,
    error_rate: float = 1e-6,
    seed: int = 0,
    budget: int = 2**22,
    thorough: bool = False,
    judging: Judging | None = None,
    started: Callable[[Claim], None] | None = None,
    finished: Callable[[Result], None] | None = None,
) -> Report:
    """Verify claims and put their twins to the same test.

    Parameters
    ----------
    claims : iterable of Claim
        At least one; ids must differ.
    error_rate : float
        Probability, in (0, 1), that any statistical decision of the whole run is
        wrong. It is split evenly over all points of all statistical claims and twins.
    seed : int
        Seed of the run. A claim's draws depend on it and on the claim's id alone.
    budget : int
        Random draws for one decision, at most.
    thorough : bool
        Whether to look beyond the grid: claims that are computed or proved are decided
        at 200 random points of their domain too (rates and limits at 5 curves), sixteen
        times as many draws and ten times as many boxes may be used.
    judging : callable, optional
        Takes the claims and the settings and judges each, in any order; one after the
        other in this process by default.
    started, finished : callable, optional
        Called before a claim and after it, to show progress.

    Returns
    -------
    Report
        In the order of the claims. A function of a claim that raises an exception
        leaves that claim INCONCLUSIVE, with the message; the others go on.

    Raises
    ------
    ValueError
        If there is no claim, if two have one id, or if an argument is out of range.
    """
    selected = tuple(claims)
    if not selected:
        raise ValueError("claims must hold at least one claim, got none")
    ids = [claim.id for claim in selected]
    if len(set(ids)) < len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise ValueError(f"claims must have different ids, got {twice!r} twice")
    error_rate = real(
        "error_rate", error_rate, lower=0, upper=1, open_lower=True, open_upper=True
    )
    seed = integer("seed", seed, minimum=0)
    budget = integer("budget", budget, minimum=1)
    decisions = sum(_decisions(claim) for claim in selected)
    share = split_error_rate(error_rate, decisions) if decisions else 0.0

    settings = Settings(share, seed, budget * (BUDGET if thorough else 1), thorough)

    begin = time.perf_counter()
    found: dict[int, Result] = {}
    judge = judging or partial(in_turn, started=started)
    for position, judged in judge(selected, settings):
        claim = selected[position]
        result = Result(
            claim,
            judged.outcome,
            judged.twin,
            share * _decisions(claim),
            judged.seconds,
            judged.twin_seconds,
        )
        found[position] = result
        if finished is not None:
            finished(result)
    results = tuple(found[position] for position in range(len(selected)))
    seconds = time.perf_counter() - begin
    return Report(results, error_rate, seed, budget, seconds, thorough)


def in_turn(
    claims: tuple[Claim, ...],
    settings: Settings,
    started: Callable[[Claim], None] | None = None,
) -> Iterator[tuple[int, Judged]]:
    """Judge one claim after the other."""
    for position, claim in enumerate(claims):
        if started is not None:
            started(claim)
        yield position, judged(claim, settings)


def judged(claim: Claim, settings: Settings) -> Judged:
    """Judge a claim and its twin."""
    outcome, seconds = _timed(_judge, claim, False, settings)
    twin, twin_seconds = _timed(_judge, claim, True, settings)
    return Judged(outcome, twin, seconds, twin_seconds)


def _decisions(claim: Claim) -> int:
    """How many statistical decisions a claim and its twin may take."""
    if not isinstance(claim.evidence, Statistical):
        return 0
    own = sum(1 for _ in grid(claim.domain, claim.where))
    if not claim.twin.given:
        return own
    return own + sum(1 for _ in grid(*_twin_domain(claim)))


def _twin_domain(claim: Claim) -> tuple[Any, Any]:
    twin = claim.twin
    domain = claim.domain if twin.domain is None else twin.domain
    return domain, claim.where if twin.where is None else twin.where


def _timed(function: Callable[..., Outcome], *args: Any) -> tuple[Outcome, float]:
    begin = time.perf_counter()
    outcome = function(*args)
    return outcome, time.perf_counter() - begin


def _judge(claim: Claim, twin: bool, settings: Settings) -> Outcome:
    if twin and not claim.twin.given:
        return Outcome(Verdict.INCONCLUSIVE, (), "", 0, error=NO_TWIN)
    evidence = claim.twin.evidence if twin else claim.evidence
    domain, where = _twin_domain(claim) if twin else (claim.domain, claim.where)
    names = (claim.id, "twin" if twin else "claim")
    if settings.thorough and isinstance(evidence, Enclosure):
        most = evidence.most_boxes * BOXES
        evidence = dataclasses.replace(evidence, most_boxes=most)
    try:
        match evidence:
            case Enclosure():
                outcome = evidence.judge(domain, where)
            case Exact():
                outcome = evidence.judge(claim.relation, domain, where, claim.axis)
            case Statistical():
                return evidence.judge(
                    claim.relation,
                    domain,
                    where,
                    error_rate=settings.share,
                    seed=settings.seed,
                    names=names,
                    budget=settings.budget,
                    stop_at_violation=twin and claim.expected is Expected.HOLDS,
                )
        if settings.thorough and outcome.verdict is Verdict.HOLDS:
            return further(
                outcome,
                claim.relation,
                domain,
                where,
                claim.axis,
                evidence,
                settings.seed,
                names,
            )
        return outcome
    except Exception as error:  # noqa: BLE001 - one claim must not lose the others
        reason = f"{type(error).__name__}: {error}"
        return Outcome(Verdict.INCONCLUSIVE, (), "", 0, error=reason)


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "points": outcome.count,
        "unit": outcome.unit,
        "scope": outcome.scope,
        "samples": outcome.samples,
        "worst": None if outcome.worst is None else point_json(outcome.worst),
        "verdict": str(outcome.verdict),
        **({"error": outcome.error} if outcome.error else {}),
    }


def point_json(point: Point) -> dict[str, Any]:
    """Return a point as JSON holds it."""
    return {
        "parameters": {k: _plain(v) for k, v in point.parameters.items()},
        "lhs": _plain(point.lhs),
        "rhs": _plain(point.rhs),
        "slack": _plain(point.slack),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    return str(value)
