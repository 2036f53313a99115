r"""Falsification: search for a violation, confirm it, and make it simple.

A violation is what the claim's own evidence calls one. A floating-point violation
exceeds the stated error of the sides and what rounding does to them nearby. A certain
one is found by ball arithmetic at the point. A random one is looked for with few draws
and then decided by fresh ones, at the k-th such decision with the error rate
6 a/(pi^2 k^2), so that a true claim is accused with probability at most a, however long
the search.
"""

import contextlib
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._validate import integer, real
from geomadv.claims._claim import Claim
from geomadv.claims._code import code
from geomadv.claims._evaluate import at, domain_of
from geomadv.claims._exact import Exact
from geomadv.claims._family import has_family, shrunk
from geomadv.claims._outcome import Point, Verdict
from geomadv.claims._rounding import LARGE, rounding
from geomadv.claims._search import Objective, Stop, search
from geomadv.claims._shrink import simplest
from geomadv.claims._statistical import Statistical
from geomadv.claims._verify import NO_TWIN, OPPOSITE, point_json
from geomadv.stats import spend_error_rate

_LOOK = 4096  # draws with which a random side is looked at
_LOOSE = 0.01
_HOW = {
    "enclosure": "ball arithmetic at this point",
    "exact": "floating point, beyond its stated error",
    "statistical": "fresh random draws",
}


@dataclass(frozen=True)
class Falsification:
    """What the search for a violation came to.

    Parameters
    ----------
    claim : Claim
    twin : bool
        Whether the twin was searched and not the claim.
    violation : Point, optional
        The simplest violation; None where none was found, which proves nothing.
    found : Point, optional
        The violation as it was first found.
    points, undecided : int
        Where the sides were evaluated, and at how many of these points in vain.
    exhausted : bool
        Whether the domain is finite and every point of it was decided.
    error : str
        The first exception of the claim's functions, if there was one.
    error_rate : float
        Probability that a random violation is none.
    seed : int
    seconds : float
        Wall time.
    """

    claim: Claim
    twin: bool
    violation: Point | None
    found: Point | None
    points: int
    undecided: int
    exhausted: bool
    error: str
    error_rate: float
    seed: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 as expected, 1 on a contradiction, 2 where nothing is shown."""
        expected = Verdict(self.claim.expected)
        if self.twin:
            expected = OPPOSITE[self.claim.expected]
        if self.violation is not None:
            return 0 if expected is Verdict.VIOLATED else 1
        searched = self.points > self.undecided
        return 0 if expected is Verdict.HOLDS and searched else 2

    @property
    def how(self) -> str:
        """What confirms the violation, in words."""
        return _HOW[self.claim.evidence.level]

    def snippet(self) -> str:
        """Return a program that shows the violation."""
        if self.violation is None:
            return ""
        name = self.claim.id
        if self.claim.file:
            head = "from geomadv.claims import evaluate, load"
            line = f"(claim,) = load({f'{self.claim.file}:{name}'!r})"
        else:
            head = (
                "from geomadv.claims import evaluate\nfrom geomadv.theories import find"
            )
            line = f"(claim,) = find([{name!r}])"
        twin = ", twin=True" if self.twin else ""
        written = {
            key: code(value)
            for key, value in self.violation.parameters.items()
            if not (self.claim.relation in ("rate", "limit") and key == self.claim.axis)
        }
        needed = {head for _, imports in written.values() for head in imports}
        head = "\n".join([*sorted(needed, key=_order), head])
        inside = ", ".join(f"{key!r}: {text}" for key, (text, _) in written.items())
        call = f"point = evaluate(claim, {{{inside}}}{twin})"
        report = "print(point.verdict, point.lhs, point.rhs, point.slack)"
        return f"{head}\n\n{line}\n{call}\n{report}\n"

    def as_json(self) -> dict[str, Any]:
        """Return the record that `geomadv falsify --json` writes."""
        return {
            "id": self.claim.id,
            "twin": self.twin,
            "violated": self.violation is not None,
            "violation": None if self.violation is None else point_json(self.violation),
            "found": None if self.found is None else point_json(self.found),
            "confirmed_by": self.how if self.violation else None,
            "points": self.points,
            "undecided": self.undecided,
            "exhausted": self.exhausted,
            "error": self.error,
            "error_rate": self.error_rate,
            "seed": self.seed,
            "exit_code": self.exit_code,
            "snippet": self.snippet(),
            "seconds": self.seconds,
        }


def falsify(
    claim: Claim,
    *,
    twin: bool = False,
    budget: float = 60.0,
    error_rate: float = 1e-6,
    seed: int = 0,
    draws: int = 2**22,
) -> Falsification:
    """Search the whole domain of a claim for the simplest violation.

    Parameters
    ----------
    claim : Claim
    twin : bool
        Whether to search the twin instead.
    budget : float
        Seconds for the search, which ends earlier where it finds something or has seen
        a finite domain whole. Making a violation simple takes as long again at most.
    error_rate : float
        Probability, in (0, 1), that a random violation is none.
    seed : int
        Seed of the search and of the draws.
    draws : int
        Random draws for one decision, at most.

    Returns
    -------
    Falsification

    Raises
    ------
    ValueError
        If an argument is out of range, or the claim has no twin to search.

    Notes
    -----
    What is not found is not excluded, unless the result says `exhausted`.

    Examples
    --------
    >>> from geomadv.claims import Integers, claim
    >>> @claim(source="my draft, Lemma 1", domain={"d": Integers(1, 10**6)})
    ... def grows_slowly(d):
    ...     return (d**0.5, 1000 * (1 + d) / (1000 + d))
    >>> dict(falsify(grows_slowly, budget=5).violation.parameters)
    {'d': 998002}
    """
    budget = real("budget", budget, lower=0, open_lower=True)
    error_rate = real(
        "error_rate", error_rate, lower=0, upper=1, open_lower=True, open_upper=True
    )
    seed = integer("seed", seed, minimum=0)
    draws = integer("draws", draws, minimum=1)
    if twin and not claim.twin.given:
        raise ValueError(f"twin must be False for {claim.id}: {NO_TWIN}")
    return _Hunt(claim, twin, error_rate, seed, draws).run(budget)


class _Hunt:
    """One search: how points are decided, and what was found."""

    def __init__(
        self, claim: Claim, twin: bool, error_rate: float, seed: int, draws: int
    ) -> None:
        self.claim, self.twin = claim, twin
        self.error_rate, self.seed, self.draws = error_rate, seed, draws
        self.domain, self.where = domain_of(claim, twin=twin)
        self.axis = claim.axis if claim.relation in ("rate", "limit") else None
        self.random = isinstance(claim.evidence, Statistical)
        self.found: Point | None = None
        self.decisions = self.looks = 0

    def run(self, budget: float) -> Falsification:
        begin = time.monotonic()
        rng = spawn(self.seed, "falsify", self.claim.id, self.twin)
        objective = Objective(self.score, begin + budget)
        if self.random:
            objective.deadline = begin + budget / 2
            objective.first_look = lambda: self._decide_leaders(objective, 3)
        exhausted = False
        # A point where a side overflows is undecided, and no descent stops there.
        with contextlib.suppress(Stop), np.errstate(all="ignore"):
            exhausted = search(objective, self.domain, self.where, self.axis, rng)
        if self.random and self.found is None:
            objective.deadline = begin + budget
            with contextlib.suppress(Stop):
                self._decide_leaders(objective)
        violation = self.found
        if violation is not None:
            violation = self._simplest(violation, time.monotonic() + budget)
        return Falsification(
            self.claim,
            self.twin,
            violation,
            self.found,
            objective.evaluations,
            objective.undecided,
            exhausted and objective.undecided == 0 and not self.random,
            objective.first_error,
            self.error_rate if self.random else 0.0,
            self.seed,
            time.monotonic() - begin,
        )

    def score(self, point: dict[str, Any]) -> float:
        """Return the relative slack; stop the search at a confirmed violation."""
        if not self.random:
            judged = self._judged(point)
            if judged.verdict is Verdict.VIOLATED:
                self.found = judged
                raise Stop
            return judged.relative_slack
        self.looks += 1
        names = ("falsify", "look", str(self.looks))
        judged = self._at(point, _LOOSE, names, min(_LOOK, self.draws))
        if judged.verdict is Verdict.VIOLATED and self._decided(point):
            raise Stop
        gap = judged.rhs - judged.lhs
        if self.claim.relation == "lhs == rhs":
            gap = -abs(gap)
        scale = max(abs(judged.lhs), abs(judged.rhs))
        return gap / scale if 0 < scale < math.inf else gap

    def _decided(self, point: dict[str, Any]) -> bool:
        """Whether fresh draws confirm that the relation fails at a point."""
        self.decisions += 1
        rate = spend_error_rate(self.error_rate, self.decisions)
        names = ("falsify", "decide", str(self.decisions))
        judged = self._at(point, rate, names, self.draws)
        if judged.verdict is not Verdict.VIOLATED:
            return False
        self.found = judged
        return True

    def _decide_leaders(self, objective: Objective, most: int | None = None) -> None:
        """Decide the points of least slack; stop the search at a violation."""
        for point in objective.leaders()[:most]:
            if time.monotonic() > objective.deadline or self._decided(point):
                raise Stop

    def _simplest(self, violation: Point, deadline: float) -> Point:
        kept = self.found
        latest = violation

        def fails(point: dict[str, Any]) -> bool:
            nonlocal latest
            if time.monotonic() > deadline or not self._allowed(point):
                return False
            try:
                if self.random:
                    self.found = None
                    failed = self._decided(point) and self.found is not None
                    judged = self.found
                else:
                    judged = self._judged(point)
                    failed = judged.verdict is Verdict.VIOLATED
            except Exception:  # noqa: BLE001 - a point that cannot be judged
                return False
            if failed and judged is not None:
                latest = judged
            return failed

        start = {
            name: value
            for name, value in violation.parameters.items()
            if name != self.axis
        }
        if has_family(self.domain):
            searched = {n: p for n, p in self.domain.items() if n != self.axis}
            start = shrunk(start, searched, fails, self.seed)
        simplest(start, self.domain, fails)
        self.found = kept
        return latest

    def _allowed(self, point: dict[str, Any]) -> bool:
        if self.where is None or self.axis is not None:
            return True
        return bool(self.where(**point))

    def _judged(self, point: dict[str, Any]) -> Point:
        """Decide without draws; raise where rounding could be all that fails."""
        judged = self._at(point, self.error_rate, ("falsify",), self.draws)
        evidence = self.claim.twin.evidence if self.twin else self.claim.evidence
        largest = max(1.0, abs(judged.lhs), abs(judged.rhs))
        excess = -judged.slack
        small = judged.verdict is Verdict.VIOLATED and excess <= LARGE * largest
        if not (small and isinstance(evidence, Exact)) or self.axis is not None:
            return judged

        def gap(near: dict[str, Any]) -> float:
            with contextlib.suppress(Exception):
                if self._allowed(near):
                    return float(evidence.lhs(**near)) - float(evidence.rhs(**near))
            return math.nan

        moved = rounding(gap, point, self.domain, excess)
        if moved < excess:
            return judged
        raise ArithmeticError(
            f"the relation fails by {excess:.2g}, and rounding moves the sides by "
            f"{moved:.2g}: state atol, or subtract no near numbers"
        )

    def _at(
        self, point: dict[str, Any], rate: float, names: tuple[str, ...], draws: int
    ) -> Point:
        own = (self.claim.id, "twin" if self.twin else "claim", *names)
        return at(self.claim, point, self.twin, rate, self.seed, own, draws)


def _order(line: str) -> tuple[bool, str]:
    """Sort plain imports before those from a module."""
    return line.startswith("from"), line
