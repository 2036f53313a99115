"""Ablation: each hypothesis of a claim in turn is broken, until the claim fails.

A broken variant has one parameter more, which says how strongly the hypothesis is
broken. Where it takes its unbroken value the variant is the claim, and must hold. The
least of the other typical values at which it is refuted, and the typical value before
it, enclose where the theorem stops; bisection between them finds the smallest break
that refutes it, exactly for integers and to one per cent of the break for reals. Points
that were not refuted at a larger break are taken to hold at a smaller one.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geomadv._validate import integer, real
from geomadv.claims._domain import Choices, Domain, Integers, Reals, grid
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._outcome import Outcome, Point, Verdict, combined, worst
from geomadv.claims._statistical import Statistical
from geomadv.stats import split_error_rate

if TYPE_CHECKING:
    from geomadv.claims._claim import Claim

#: Values of a real strength that bisection tries, and draws for each, at most.
_STEPS = 20
_DRAWS = 2**16


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
    why : str
        Why it is not broken, as LaTeX text.

    Raises
    ------
    ValueError
        If there is evidence without a domain, or no such parameter in it, or a reason
        why the hypothesis is not broken although it is.
    """

    statement: str
    broken: str = ""
    evidence: Enclosure | Exact | Statistical | None = None
    domain: Domain | None = None
    strength: str = ""
    unbroken: float = 0.0
    where: Callable[..., bool] | None = None
    why: str = ""

    def __post_init__(self) -> None:
        if self.evidence is None:
            return
        if self.why:
            raise ValueError(
                f"why must be empty for a hypothesis that is broken, got {self.why!r}"
            )
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
        The violation at the smallest break; None where nothing was refuted.
    before : float, optional
        The strength next to it, nearer to the unbroken value, at which nothing was
        refuted.
    seconds : float
        Wall time.
    """

    claim: "Claim"
    hypothesis: Hypothesis
    outcome: Outcome
    unbroken: Outcome
    first: Point | None
    before: float | None
    seconds: float

    @property
    def needed(self) -> bool:
        """Whether the claim holds with the hypothesis and fails without."""
        return self.first is not None and self.unbroken.verdict is Verdict.HOLDS

    @property
    def touching(self) -> bool:
        """Whether nothing but the unbroken value was found to hold below `first`."""
        return self.first is not None and self.before == self.hypothesis.unbroken

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
            "before": self.before,
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
    A bound for 3072 dimensions fails in 3071.

    >>> from geomadv.theories import find
    >>> (result,) = ablate(find(["gilmer2018.median-comparison"]))
    >>> result.needed, result.first.parameters["d"], result.before
    (True, 3071, 3072)
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
        _decisions(hypothesis)
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


def _decisions(hypothesis: Hypothesis) -> int:
    """Return how often, at most, the variant of a hypothesis is decided."""
    domain, strength = hypothesis.domain or {}, hypothesis.strength
    values = [point[strength] for point in grid(domain, hypothesis.where)]
    at_once = max(map(values.count, set(values)), default=0)
    parameter = domain[strength]
    steps = _STEPS
    if isinstance(parameter, Integers):
        steps = (parameter.upper - parameter.lower).bit_length()
    return len(values) + steps * at_once


def _ablated(
    claim: "Claim",
    hypothesis: Hypothesis,
    names: tuple[str, ...],
    share: float,
    seed: int,
    budget: int,
) -> Ablated:
    begin = time.perf_counter()
    first: Point | None = None
    before: float | None = None
    error = ""
    points: tuple[Point, ...] = ()

    def decide(domain: Domain, draws: int) -> tuple[Point, ...]:
        return _points(claim, hypothesis, domain, names, share, seed, draws)

    try:
        points = decide(hypothesis.domain or {}, budget)
        first, before = _smallest(hypothesis, points, decide, min(budget, _DRAWS))
    except Exception as failure:  # noqa: BLE001 - one must not lose the others
        error = f"{type(failure).__name__}: {failure}"
    size = _size(hypothesis)
    whole = [p for p in points if size(p) == 0]
    broken = [p for p in points if size(p) > 0]
    return Ablated(
        claim,
        hypothesis,
        _outcome(broken, error),
        _outcome(whole, error),
        first,
        before,
        time.perf_counter() - begin,
    )


def _size(hypothesis: Hypothesis) -> Callable[[Point], float]:
    def size(point: Point) -> float:
        value = float(point.parameters[hypothesis.strength])
        return abs(value - hypothesis.unbroken)

    return size


def _smallest(
    hypothesis: Hypothesis,
    points: tuple[Point, ...],
    decide: Callable[[Domain, int], tuple[Point, ...]],
    draws: int,
) -> tuple[Point | None, float | None]:
    """Return the violation at the smallest break, and the strength before it."""
    domain, strength = hypothesis.domain or {}, hypothesis.strength
    size = _size(hypothesis)
    failed = [p for p in points if size(p) > 0 and p.verdict is Verdict.VIOLATED]
    if not failed:
        return None, None
    least = min(map(size, failed))
    failed = [p for p in failed if size(p) == least]
    refuted = failed[0].parameters[strength]
    failed = [p for p in failed if p.parameters[strength] == refuted]
    weaker = [
        value
        for value in domain[strength].typical
        if abs(value - hypothesis.unbroken) < least
        and (value - hypothesis.unbroken) * (refuted - hypothesis.unbroken) >= 0
    ]
    held = max(weaker, key=lambda value: abs(value - hypothesis.unbroken))
    for _ in range(_STEPS if isinstance(domain[strength], Reals) else 2**10):
        middle = _between(domain[strength], held, refuted, hypothesis.unbroken)
        if middle is None:
            break
        found = [
            point
            for old in failed
            for point in decide(_at(domain, old, strength, middle), draws)
            if point.verdict is Verdict.VIOLATED
        ]
        if found:
            failed, refuted = found, middle
        else:
            held = middle
    return worst(failed), held


def _between(
    parameter: Any, held: float, refuted: float, unbroken: float
) -> float | None:
    """Return the next strength to try, or None where the two are close enough."""
    lower, upper = min(held, refuted), max(held, refuted)
    if isinstance(parameter, Integers):
        return None if upper - lower <= 1 else (lower + upper) // 2
    if not isinstance(parameter, Reals):
        return None
    close = upper - lower <= 0.01 * abs(refuted - unbroken)
    if parameter.scale == "log":
        close = close and math.log(upper / lower) <= 0.01
    return None if close else parameter.split(lower, upper)


def _at(domain: Domain, point: Point, strength: str, value: float) -> Domain:
    """Return the domain of one point at another strength; an axis stays whole."""
    fixed = {**point.parameters, strength: value}
    return {
        name: Choices((fixed[name],)) if name in fixed else parameter
        for name, parameter in domain.items()
    }


def _points(
    claim: "Claim",
    hypothesis: Hypothesis,
    domain: Domain,
    names: tuple[str, ...],
    share: float,
    seed: int,
    budget: int,
) -> tuple[Point, ...]:
    axis = claim.axis
    match hypothesis.evidence:
        case Enclosure() as evidence:
            whole = hypothesis.domain or {}
            cells = grid(domain, hypothesis.where)
            return tuple(evidence.at(point, whole) for point in cells)
        case Exact() as evidence:
            if axis and claim.relation == "limit" and hypothesis.domain:
                domain = {**domain, axis: hypothesis.domain[axis]}
            return evidence.judge(claim.relation, domain, hypothesis.where, axis).points
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
