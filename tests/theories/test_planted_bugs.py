"""A bug in a floating-point formula is caught by the enclosure of its side.

Each formula of every claim that is proved on boxes gets a bug: its sign is turned, a
factor of 1 + 1e-6 is lost, an integer parameter is off by one. Nothing is expected only
where the bug changes no value on the grid but for rounding, as for a side that is 0 or
a parameter that the side does not depend on.
"""

import dataclasses
import math

import pytest

from geomadv.claims import Enclosure, Expected, Integers, Verdict
from geomadv.claims._domain import grid
from geomadv.theories import registry

ENCLOSED = {
    claim.id: claim for claim in registry() if isinstance(claim.evidence, Enclosure)
}
SIDES = ("lhs", "rhs")


def planted(formula, bug, domain):
    """Return a formula with a bug; a bug that is a name is off by one in it."""
    match bug:
        case "-":
            return lambda **point: -formula(**point)
        case "1 + 1e-6":
            return lambda **point: formula(**point) * (1 + 1e-6)
        case _:

            def shifted(**point):
                value = point[bug]
                other = value + 1 if value < domain[bug].upper else value - 1
                return formula(**{**point, bug: other})

            return shifted


def bugs(claim):
    integers = (n for n, p in claim.domain.items() if isinstance(p, Integers))
    return ["-", "1 + 1e-6", *integers]


def values(formula, claim):
    return [float(formula(**p)) for p in grid(claim.domain, claim.where)]


@pytest.mark.parametrize(
    ("name", "side", "bug"),
    [
        (name, side, bug)
        for name, claim in ENCLOSED.items()
        for side in SIDES
        for bug in bugs(claim)
    ],
)
def test_a_planted_bug_makes_the_claim_inconclusive(name, side, bug):
    claim = ENCLOSED[name]
    evidence, index = claim.evidence, SIDES.index(side)
    formulas = list(evidence.formulas)
    formulas[index] = planted(formulas[index], bug, claim.domain)
    before, after = (
        values(f, claim) for f in (evidence.formulas[index], formulas[index])
    )
    if all(
        math.isclose(x, y, rel_tol=1e-11) for x, y in zip(before, after, strict=True)
    ):
        assert bug in claim.domain or not any(after)
        return
    wrong = dataclasses.replace(evidence, formulas=tuple(formulas))
    judged = wrong.judge(claim.domain, claim.where)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.error.startswith(f"the formula of {side} gives")


@pytest.mark.parametrize("name", ENCLOSED)
def test_without_a_bug_the_formulas_agree(name):
    claim = ENCLOSED[name]
    judged = dataclasses.replace(claim.evidence, most_boxes=1).judge(
        claim.domain, claim.where
    )
    assert "formula" not in judged.error
    if claim.expected is Expected.VIOLATED:
        assert judged.verdict is Verdict.VIOLATED
