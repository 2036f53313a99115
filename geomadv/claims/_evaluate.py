"""One claim at one point of its domain."""

from collections.abc import Mapping
from typing import Any

from geomadv.claims._claim import Claim
from geomadv.claims._domain import Choices, Domain, Integers
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._family import Family
from geomadv.claims._outcome import Point, worst


def evaluate(
    claim: Claim,
    parameters: Mapping[str, Any],
    *,
    twin: bool = False,
    error_rate: float = 1e-6,
    seed: int = 0,
    budget: int = 2**22,
) -> Point:
    """Decide a claim at one point.

    Parameters
    ----------
    claim : Claim
    parameters : Mapping of str to value
        All parameters, within their ranges; of a `Family` any value. For a rate or a
        limit, the axis is not one of them: its typical values are taken.
    twin : bool
        Whether to decide the twin instead.
    error_rate : float
        Probability that a statistical decision is wrong.
    seed : int
        Of the draws, where the evidence is statistical.
    budget : int
        Random draws, at most.

    Returns
    -------
    Point
        The sides, the slack and the verdict.

    Raises
    ------
    ValueError
        If a parameter is missing, unknown or out of its range.

    Examples
    --------
    >>> from geomadv.theories import find
    >>> (wiki,) = find(["gilmer2018.wiki-bound"])
    >>> str(evaluate(wiki, {"d": 3, "error": 0.01}).verdict)
    'VIOLATED'
    """
    domain, _ = domain_of(claim, twin=twin)
    given = dict(parameters)
    axis = claim.axis if claim.relation in ("rate", "limit") else None
    expected = [name for name in domain if name != axis]
    if set(given) - {axis} != set(expected):
        raise ValueError(
            f"parameters must be {', '.join(expected)}, got {', '.join(given)}"
        )
    for name in expected:
        _check(name, given[name], domain)
    given = {name: given[name] for name in expected}
    names = (claim.id, "point")
    return at(claim, given, twin, error_rate, seed, names, budget)


def domain_of(claim: Claim, *, twin: bool) -> tuple[Domain, Any]:
    """Return the domain of a claim or of its twin, and the predicate on it."""
    if not twin:
        return claim.domain, claim.where
    return (
        claim.domain if claim.twin.domain is None else claim.twin.domain,
        claim.where if claim.twin.where is None else claim.twin.where,
    )


def at(
    claim: Claim,
    parameters: dict[str, Any],
    twin: bool,
    error_rate: float,
    seed: int,
    names: tuple[str, ...],
    budget: int,
) -> Point:
    """Decide a claim at a point that is known to lie in the domain."""
    evidence = claim.twin.evidence if twin else claim.evidence
    domain, where = domain_of(claim, twin=twin)
    one = {
        name: Choices(
            (parameters[name],) if name in parameters else domain[name].typical
        )
        for name in domain
    }
    match evidence:
        case Enclosure():
            return evidence.at(parameters, domain)
        case Exact() if claim.relation in ("rate", "limit"):
            found = evidence.judge(claim.relation, one, where, claim.axis)
        case Exact():
            return evidence.at(claim.relation, parameters)
        case _:
            found = evidence.judge(
                claim.relation,
                one,
                error_rate=error_rate,
                seed=seed,
                names=names,
                budget=budget,
            )
    point = worst(found.points)
    if point is None:
        raise ValueError("where leaves no point of the axis at these parameters")
    return point


def _check(name: str, value: Any, domain: Domain) -> None:
    parameter = domain[name]
    if isinstance(parameter, Family):
        return  # whether a strategy can draw a value cannot be told
    if isinstance(parameter, Choices):
        if not any(value is v or value == v for v in parameter.typical):
            allowed = ", ".join(map(str, parameter.typical))
            raise ValueError(f"{name} must be one of {allowed}, got {value!r}")
        return
    integer = isinstance(parameter, Integers)
    inside = parameter.lower <= value <= parameter.upper
    if not inside or (integer and value != int(value)):
        kind = "an integer " if integer else ""
        raise ValueError(
            f"{name} must be {kind}in [{parameter.lower:g}, {parameter.upper:g}], "
            f"got {value!r}"
        )
