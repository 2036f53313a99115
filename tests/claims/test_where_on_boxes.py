"""Claims that are restricted by a predicate, proved on boxes."""

import dataclasses

import pytest
from flint import arb

from geomadv.claims import (
    Claim,
    Enclosure,
    Exact,
    Expected,
    Integers,
    Reals,
    Source,
    Twin,
    Verdict,
    verify,
)

SQUARE = {
    "x": Reals(0.0, 1.0, (0.0, 0.25, 0.5, 1.0)),
    "y": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
}


def below(x, y):
    return x <= y


def above(x, y):
    return bool(x > y)


def evidence(rhs=0.125, outside=above, **more):
    """x <= y + rhs is false on the square, and true where x <= y for rhs >= 0."""
    return Enclosure(lambda x, y: x, lambda x, y: y + rhs, outside=outside, **more)


def claim(own, twin=None, where=below, domain=SQUARE, **more):
    return Claim(
        id="author2020.claim",
        theory="test",
        title="A claim",
        source=Source("A. Author", "On nothing", 2020),
        statement="$l \\le r$",
        relation="lhs <= rhs",
        domain=domain,
        evidence=own,
        twin=Twin("sharpened", twin or own),
        where=where,
        **more,
    )


def test_it_is_proved_where_the_predicate_is_true_and_refuted_elsewhere():
    assert evidence().judge(SQUARE, below).verdict is Verdict.HOLDS
    whole = dataclasses.replace(evidence(), outside=None)
    assert whole.judge(SQUARE).verdict is Verdict.VIOLATED
    assert whole.judge(SQUARE, below).verdict is Verdict.INCONCLUSIVE


def test_no_point_is_looked_at_where_the_predicate_is_false():
    judged = evidence().judge(SQUARE, below)
    assert all(below(**point.parameters) for point in judged.points)
    assert all(below(**point.parameters) for point in judged.curve)
    assert len(judged.curve) == 8


def test_a_violation_where_the_predicate_is_true_is_found():
    judged = evidence(rhs=-0.01).judge(SQUARE, below)
    assert judged.verdict is Verdict.VIOLATED
    assert below(**judged.worst.parameters)


def test_the_twin_is_refuted_without_an_outside_of_its_own():
    result = verify([claim(evidence(), evidence(-0.01, None))]).results[0]
    assert result.as_expected


def test_leaving_out_too_much_proves_nothing():
    greedy = evidence(outside=lambda x, y: bool(x > 0.3))
    result = verify([claim(greedy)]).results[0]
    assert result.outcome.verdict is Verdict.INCONCLUSIVE
    assert "outside leaves out" in result.outcome.error


def test_listed_values_that_the_predicate_leaves_out_are_not_decided():
    domain = {"d": Integers(1, 9, (1, 2, 3))}
    odd = Enclosure(
        lambda d: arb(d % 2 == 0), lambda d: arb(0.5), outside=lambda d: d % 2 == 0
    )
    assert odd.judge(domain, lambda d: d % 2 == 1).verdict is Verdict.HOLDS
    every = dataclasses.replace(odd, outside=None)
    assert every.judge(domain, lambda d: d > 1).verdict is Verdict.VIOLATED
    assert odd.judge(domain, lambda d: d > 9).verdict is Verdict.INCONCLUSIVE


@pytest.mark.errors
@pytest.mark.parametrize(("where", "outside"), [(below, None), (None, above)])
def test_where_and_outside_go_together(where, outside):
    with pytest.raises(ValueError, match="where and outside together"):
        claim(evidence(outside=outside), where=where)


# --- why not -----------------------------------------------------------------------


def exact(**more):
    return Exact(lambda x, y: x, lambda x, y: y, **more)


def test_what_is_not_proved_says_why():
    assert claim(evidence()).unproved == ""
    assert claim(exact(unproved="no such function")).unproved == "no such function"
    assert claim(exact()).unproved == ""
    assert "an equality" in relation("lhs == rhs").unproved
    assert "a rate" in relation("rate").unproved
    assert "a limit" in relation("limit").unproved
    wrong = claim(exact(), expected=Expected.VIOLATED)
    assert "one point refutes it" in wrong.unproved


def relation(name):
    return dataclasses.replace(claim(exact()), relation=name, axis="x")
