"""A thorough run looks beyond the grid, at points that depend on the seed alone."""

import math

import pytest
from flint import arb

from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    Verdict,
    verify,
)
from geomadv.claims._thorough import draw

DOMAIN = {
    "d": Integers(1, 1000, (1, 10)),
    "x": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
    "kind": Choices(("a", "b")),
}


def claim(evidence, twin=None, domain=DOMAIN, relation="lhs <= rhs", **more):
    return Claim(
        id="author2020.claim",
        theory="test",
        title="A claim",
        source=Source("A. Author", "On nothing", 2020),
        statement="$l \\le r$",
        relation=relation,
        domain=domain,
        evidence=evidence,
        twin=Twin("sharpened", twin or evidence),
        **more,
    )


def outcomes(one, **options):
    return [
        verify([one], thorough=thorough, **options).results[0].outcome
        for thorough in (False, True)
    ]


def test_a_violation_between_the_points_of_the_grid_is_found():
    narrow = Exact(lambda d, x, kind: 0.01 < x < 0.4, lambda d, x, kind: 0)
    quick, thorough = outcomes(claim(narrow))
    assert quick.verdict is Verdict.HOLDS
    assert thorough.verdict is Verdict.VIOLATED
    assert 0.01 < thorough.worst.parameters["x"] < 0.4


def test_what_holds_everywhere_holds_at_200_points_more():
    quick, thorough = outcomes(claim(Exact(lambda d, x, kind: x, lambda **_: 1)))
    assert thorough.verdict is Verdict.HOLDS
    assert thorough.count == quick.count + 200 == 212
    assert thorough.scope == quick.scope + "; 200 random points of the domain"
    assert thorough.curve == quick.points or thorough.curve == quick.curve


def test_nan_beyond_the_grid_is_no_success():
    broken = Exact(lambda d, x, kind: math.nan if 0 < x < 0.4 else 0.0, lambda **_: 1)
    quick, thorough = outcomes(claim(broken))
    assert quick.verdict is Verdict.HOLDS
    assert thorough.verdict is Verdict.INCONCLUSIVE


def test_only_points_that_the_claim_speaks_of_are_drawn():
    below = Exact(lambda d, x, kind: x, lambda **_: 0.5)
    _, thorough = outcomes(claim(below, where=lambda d, x, kind: x <= 0.5))
    assert thorough.verdict is Verdict.HOLDS


def test_a_rate_is_fitted_to_further_curves():
    domain = {"d": Integers(1, 10**6, (10, 1000, 10**5)), "x": Reals(0.0, 1.0, (1.0,))}
    rate = Exact(lambda d, x: d ** (-x), lambda d, x: -1.0)
    quick, thorough = outcomes(claim(rate, relation="rate", axis="d", domain=domain))
    assert quick.verdict is Verdict.HOLDS
    assert thorough.verdict is Verdict.VIOLATED


def test_more_boxes_and_more_draws_may_be_used():
    domain = {"x": Reals(0.0, 1.0, (0.0, 1.0))}
    hard = Enclosure(lambda x: x * (1 - x), lambda x: arb("0.26"), most_boxes=20)
    quick, thorough = outcomes(claim(hard, domain=domain))
    assert quick.verdict is Verdict.INCONCLUSIVE
    assert thorough.verdict is Verdict.HOLDS
    near = Statistical(lambda n, rng, d: rng.random(n) < 0.5, lambda d: 0.51)
    one = claim(near, domain={"d": Choices((1,))})
    quick, thorough = outcomes(one, budget=20_000)
    assert quick.verdict is Verdict.INCONCLUSIVE
    assert thorough.verdict is Verdict.HOLDS


def test_points_depend_on_the_seed_alone():
    def points(seed):
        drawn = draw(DOMAIN, None, None, seed, ("a",))
        return [next(drawn) for _ in range(5)]

    assert points(1) == points(1)
    assert points(1) != points(2)


def test_a_twin_that_is_refuted_is_not_looked_at_again():
    evidence = Exact(lambda d, x, kind: x, lambda **_: 1)
    twin = Exact(lambda d, x, kind: x, lambda **_: 0.4)
    result = verify([claim(evidence, twin)], thorough=True).results[0]
    assert result.twin.count == 12
    assert result.as_expected


@pytest.mark.parametrize("thorough", [False, True])
def test_the_report_says_whether_it_was_thorough(thorough):
    one = claim(Exact(lambda d, x, kind: x, lambda **_: 1))
    assert verify([one], thorough=thorough).as_json()["thorough"] is thorough
