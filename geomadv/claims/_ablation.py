"""Ablation: each hypothesis of a claim in turn is broken, until the claim fails.

A broken variant has one parameter more, which says how strongly the hypothesis is
broken. Where it takes its unbroken value the variant is the claim, and must hold; the
least of the other values at which it is refuted is where the theorem stops.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geomadv._validate import integer, real
from geomadv.claims._domain import Domain, grid
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._outcome import Outcome, Point, Verdict, combined, worst
from geomadv.claims._statistical import Statistical
from geomadv.stats import split_error_rate

if TYPE_CHECKING:
    from geomadv.claims._claim import Claim


@dataclass(frozen=True)
class Hypothesis:
    """What a claim assumes, and what becomes of it without.

    Parameters
    ----------
    statement : str
        What is assumed, as LaTeX text.
    broken : str
        How it is broken, as LaTeX text; empty where it is not.
    evidence : Enclosure, Exact or Statistical, optional
        The claim's relation without the hypothesis.
    domain : Mapping of str to Reals, Integers or Choices, optional
        The parameters of the broken variant.
    strength : str
        The parameter that says how strongly the hypothesis is broken.
    unbroken : number
        Its value at which nothing is broken.
    where : callable, optional
        Predicate on the parameters that restricts the domain.

    Raises
    ------
    ValueError
        If there is evidence without a domain, or no such parameter in it.
    """

    statement: str
    broken: str = ""
    evidence: Enclosure | Exact | Statistical | None = None
    domain: Domain | None = None
    strength: str = ""
    unbroken: float = 0.0
    where: Callable[..., bool] | None = None

    def __post_init__(self) -> None:
        if self.evidence is None:
            return
        values: tuple[Any, ...] = ()
        if self.domain is not None and self.strength in self.domain:
            values = self.domain[self.strength].typical
        if self.unbroken not in values:
            raise ValueError(
                "strength must name a parameter of the domain whose typical values "
                f"hold {self.unbroken}, got {self.strength!r}"
            )


@dataclass(frozen=True)
class Ablated:
    """What became of a claim without one of its hypotheses.

    Parameters
    ----------
    claim : Claim
    hypothesis : Hypothesis
    outcome : Outcome
        Of all points at which the hypothesis is broken.
    unbroken : Outcome
        Of those at which it is not: the claim itself.
    first : Point, optional
        The violation at the weakest break; None where nothing was refuted.
    seconds : float
        Wall time.
    """

    claim: "Claim"
    hypothesis: Hypothesis
    outcome: Outcome
    unbroken: Outcome
    first: Point | None
    seconds: float

    @property
    def needed(self) -> bool:
        """Whether the claim holds with the hypothesis and fails without."""
        return self.first is not None and self.unbroken.verdict is Verdict.HOLDS

    def as_json(self) -> dict[str, Any]:
        """Return the record that `geomadv verify --ablate --json` writes."""
        from geomadv.claims._verify import point_json

        return {
            "id": self.claim.id,
            "hypothesis": self.hypothesis.statement,
            "broken": self.hypothesis.broken,
            "strength": self.hypothesis.strength,
            "verdict": str(self.outcome.verdict),
            "unbroken": str(self.unbroken.verdict),
            "needed": self.needed,
            "first": None if self.first is None else point_json(self.first),
            "error": self.outcome.error,
            "seconds": self.seconds,
        }


def ablate(
    claims: "Iterable[Claim]",
    *,
    error_rate: float = 1e-6,
    seed: int = 0,
    budget: int = 2**22,
) -> tuple[Ablated, ...]:
    """Break the hypotheses of claims, one at a time.

    Parameters
    ----------
    claims : iterable of Claim
        Those whose hypotheses have no broken variant are passed over.
    error_rate : float
        Probability, in (0, 1), that any random decision is wrong.
    seed : int
        Seed of the run.
    budget : int
        Random draws for one decision, at most.

    Returns
    -------
    tuple of Ablated
        One for each hypothesis that is broken, in the order of the claims.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    Beyond one half of the mass, two classes are fooled less often than the bound says.

    >>> from geomadv.theories import find
    >>> (result,) = ablate(find(["fawzi2018.simple-bound"]))
    >>> result.needed, result.first.parameters["mass"]
    (True, 0.9)
    """
    error_rate = real(
        "error_rate", error_rate, lower=0, upper=1, open_lower=True, open_upper=True
    )
    seed = integer("seed", seed, minimum=0)
    budget = integer("budget", budget, minimum=1)
    pairs = [
        (claim, place, hypothesis)
        for claim in claims
        for place, hypothesis in enumerate(claim.hypotheses)
        if hypothesis.evidence is not None
    ]
    decisions = sum(
        sum(1 for _ in grid(hypothesis.domain or {}, hypothesis.where))
        for _, _, hypothesis in pairs
        if isinstance(hypothesis.evidence, Statistical)
    )
    share = split_error_rate(error_rate, decisions) if decisions else error_rate
    return tuple(
        _ablated(
            claim, hypothesis, (claim.id, "without", str(place)), share, seed, budget
        )
        for claim, place, hypothesis in pairs
    )


def _ablated(
    claim: "Claim",
    hypothesis: Hypothesis,
    names: tuple[str, ...],
    share: float,
    seed: int,
    budget: int,
) -> Ablated:
    begin = time.perf_counter()
    try:
        points = _points(claim, hypothesis, names, share, seed, budget)
        error = ""
    except Exception as failure:  # noqa: BLE001 - one must not lose the others
        points, error = (), f"{type(failure).__name__}: {failure}"
    strength, unbroken = hypothesis.strength, hypothesis.unbroken

    def size(point: Point) -> float:
        return abs(float(point.parameters[strength]) - unbroken)

    whole = [p for p in points if size(p) == 0]
    broken = [p for p in points if size(p) > 0]
    failed = [p for p in broken if p.verdict is Verdict.VIOLATED]
    least = min(map(size, failed), default=0.0)
    return Ablated(
        claim,
        hypothesis,
        _outcome(broken, error),
        _outcome(whole, error),
        worst(p for p in failed if size(p) == least),
        time.perf_counter() - begin,
    )


def _points(
    claim: "Claim",
    hypothesis: Hypothesis,
    names: tuple[str, ...],
    share: float,
    seed: int,
    budget: int,
) -> tuple[Point, ...]:
    domain: Mapping[str, Any] = hypothesis.domain or {}
    match hypothesis.evidence:
        case Enclosure() as evidence:
            return tuple(evidence.at(point, domain) for point in grid(domain))
        case Exact() as evidence:
            return evidence.judge(
                claim.relation, domain, hypothesis.where, claim.axis
            ).points
        case Statistical() as evidence:
            return evidence.judge(
                claim.relation,
                domain,
                hypothesis.where,
                error_rate=share,
                seed=seed,
                names=names,
                budget=budget,
            ).points
    return ()


def _outcome(points: list[Point], error: str) -> Outcome:
    verdict = combined(point.verdict for point in points)
    return Outcome(verdict, tuple(points), "", len(points), error=error)
