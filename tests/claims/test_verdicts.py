"""The verifier decides what it can, says so where it cannot, and can be wrong."""

import json
import math

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    Verdict,
    verify,
)
from geomadv.stats import Interval

SOURCE = Source("A. Author", "On nothing", 2020)
UNIT = {"x": Reals(0.0, 1.0, (0.0, 0.5, 1.0))}


def claim(evidence, twin, relation="lhs <= rhs", domain=None, **more):
    return Claim(
        id=more.pop("id", "author2020.claim"),
        theory="test",
        title="A claim",
        source=SOURCE,
        statement="$l \\le r$",
        relation=relation,
        domain=UNIT if domain is None else domain,
        evidence=evidence,
        twin=Twin("sharpened", twin),
        **more,
    )


def only(result_claim, **options):
    return verify([result_claim], **options).results[0]


def constant(value):
    return lambda **_: value


# --- exact ---------------------------------------------------------------------------


def test_exact_inequality_holds_and_its_twin_is_refuted():
    result = only(
        claim(Exact(lambda x: x, constant(1)), Exact(lambda x: x, constant(0.9)))
    )
    assert result.outcome.verdict is Verdict.HOLDS
    assert result.twin.verdict is Verdict.VIOLATED
    assert result.as_expected
    assert result.outcome.worst.parameters == {"x": 1.0}


@pytest.mark.parametrize(
    ("lhs", "verdict"),
    [(1 + 0.9e-12, Verdict.HOLDS), (1 + 1.2e-12, Verdict.VIOLATED)],
)
def test_exact_inequality_allows_the_stated_error_and_no_more(lhs, verdict):
    judged = Exact(constant(lhs), constant(1.0)).judge("lhs <= rhs", UNIT)
    assert judged.verdict is verdict


@pytest.mark.parametrize("lhs", [1 + 1e-9, 1 - 1e-9])
def test_exact_equality_is_violated_on_both_sides(lhs):
    judged = Exact(constant(lhs), constant(1.0)).judge("lhs == rhs", UNIT)
    assert judged.verdict is Verdict.VIOLATED


@pytest.mark.parametrize("relation", ["lhs <= rhs", "lhs == rhs"])
@pytest.mark.parametrize(
    ("lhs", "rhs"), [(math.nan, 1), (0, math.nan), (math.inf, math.inf)]
)
def test_nan_never_reads_as_success(relation, lhs, rhs):
    judged = Exact(constant(lhs), constant(rhs)).judge(relation, UNIT)
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_one_undecided_point_leaves_the_claim_inconclusive():
    judged = Exact(lambda x: math.nan if x == 0.5 else 0.0, constant(1)).judge(
        "lhs <= rhs", UNIT
    )
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_a_violation_outweighs_undecided_points():
    judged = Exact(lambda x: [math.nan, 0.0, 2.0][int(2 * x)], constant(1)).judge(
        "lhs <= rhs", UNIT
    )
    assert judged.verdict is Verdict.VIOLATED
    assert judged.worst.parameters == {"x": 1.0}


def test_no_points_prove_nothing():
    judged = Exact(constant(0), constant(1)).judge(
        "lhs <= rhs", UNIT, where=lambda x: x > 2
    )
    assert judged.verdict is Verdict.INCONCLUSIVE


D = {"d": Integers(1, 10**6, (10, 1000, 10**5))}


@pytest.mark.parametrize(
    ("exponent", "verdict"),
    [
        (-0.5, Verdict.HOLDS),
        (-0.52, Verdict.VIOLATED),
        (-0.48, Verdict.VIOLATED),
    ],
)
def test_a_rate_is_the_exponent_of_the_curve(exponent, verdict):
    evidence = Exact(lambda d: 3 * d**-0.5, constant(exponent), tolerance=0.01)
    judged = evidence.judge("rate", D, None, "d")
    assert judged.verdict is verdict
    assert judged.worst.lhs == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("curve", "limit", "verdict"),
    [
        (lambda d: 1 + 1 / d, 1.0, Verdict.HOLDS),
        (lambda d: 1 + 1 / d - 999.9 / d**2, 1.0, Verdict.HOLDS),
        (lambda d: 1 + 1 / d - 9.9999 / d**2, 1.0, Verdict.HOLDS),
        (lambda d: 1 + (d > 10) * math.log10(d) * 1e-6, 1.0, Verdict.VIOLATED),
        (lambda d: 1 + 1 / d, 1.001, Verdict.VIOLATED),
        (lambda d: 1 + d * 1e-12, 1.0, Verdict.VIOLATED),
        (lambda d: math.nan, 1.0, Verdict.INCONCLUSIVE),
    ],
)
def test_a_limit_is_approached_along_the_axis(curve, limit, verdict):
    evidence = Exact(curve, constant(limit), tolerance=1e-4)
    assert evidence.judge("limit", D, None, "d").verdict is verdict


# --- enclosures ----------------------------------------------------------------------


def test_enclosure_proves_an_inequality_on_the_whole_interval():
    evidence = Enclosure(lambda x: x * (1 - x), lambda x: arb(0.2501))
    judged = evidence.judge(UNIT)
    assert judged.verdict is Verdict.HOLDS
    assert judged.unit == "boxes"
    assert judged.count > 1
    assert "every real x in [0, 1]" in judged.scope


def test_enclosure_finds_a_violation_between_the_typical_points():
    def bump(x):
        return (-((x - 0.3) ** 2) * 1e4).exp()

    judged = Enclosure(bump, lambda x: arb(0.99)).judge(UNIT)
    assert judged.verdict is Verdict.VIOLATED
    assert abs(judged.worst.parameters["x"] - 0.3) < 0.002


def test_enclosure_of_an_equality_stays_inconclusive():
    judged = Enclosure(lambda x: x - x, lambda x: arb(0), most_boxes=200).judge(UNIT)
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_enclosure_with_undefined_values_stays_inconclusive():
    judged = Enclosure(lambda x: arb("nan"), lambda x: arb(1), most_boxes=50).judge(
        UNIT
    )
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_integers_are_listed_unless_they_are_covered_as_reals():
    listed = {"d": Integers(2, 100, (2, 10))}
    covered = {"d": Integers(2, 100, (2, 10), as_reals=True)}
    evidence = Enclosure(lambda d: 1 / arb(d), lambda d: arb(0.6))
    assert "{2, 10} only" in evidence.judge(listed).scope
    assert "every integer" in evidence.judge(covered).scope


def test_covering_integers_as_reals_sees_what_the_list_leaves_out():
    def wave(d):
        return (arb.pi() * d).sin() ** 2

    covered = {"d": Integers(2, 4, (2, 3), "linear", as_reals=True)}
    assert (
        Enclosure(wave, lambda d: arb(0.5)).judge(covered).verdict is Verdict.VIOLATED
    )


def test_a_wrong_formula_is_caught_by_its_enclosure():
    good = Enclosure(
        lambda x: x.exp(),
        lambda x: arb(3),
        formulas=(lambda x: math.exp(x), constant(3)),
    )
    bad = Enclosure(
        lambda x: x.exp(), lambda x: arb(3), formulas=(lambda x: 1 + x, constant(3))
    )
    assert good.judge(UNIT).verdict is Verdict.HOLDS
    judged = bad.judge(UNIT)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "formula of lhs" in judged.error


def test_precision_of_the_ball_arithmetic_is_restored():
    from flint import ctx

    before = ctx.prec
    Enclosure(lambda x: x, lambda x: arb(2), precision=333).judge(UNIT)
    assert ctx.prec == before


# --- statistical ---------------------------------------------------------------------


def uniform(n, rng, **_):
    return rng.random(n)


def coin(n, rng, **_):
    return rng.random(n) < 0.3


ONE = {"k": Choices((1,))}


@pytest.mark.parametrize("sample", [uniform, coin])
@pytest.mark.parametrize("side", ["lhs", "rhs"])
def test_statistical_inequalities_are_decided_on_either_side(sample, side):
    mean = 0.5 if sample is uniform else 0.3
    sign = 1 if side == "lhs" else -1
    for offset, verdict in ((0.02, Verdict.HOLDS), (-0.02, Verdict.VIOLATED)):
        result = only(
            claim(
                Statistical(sample, constant(mean + sign * offset), side=side),
                Statistical(sample, constant(mean - sign * offset), side=side),
                domain=ONE,
            )
        )
        assert result.outcome.verdict is verdict
        assert (result.outcome.worst.slack > 0) == (verdict is Verdict.HOLDS)
        assert (result.twin.worst.slack > 0) == (verdict is not Verdict.HOLDS)


def test_claims_and_twins_draw_independently():
    evidence = Statistical(uniform, constant(0.6))
    first, second = (claim(evidence, evidence, domain=ONE, id=f"a.{k}") for k in "xy")
    report = verify([first, second])
    means = [
        outcome.points[0].lhs
        for result in report.results
        for outcome in (result.outcome, result.twin)
    ]
    assert len(set(means)) == 4


def test_statistical_equality_holds_within_its_tolerance_and_fails_beyond():
    result = only(
        claim(
            Statistical(coin, constant(0.3), tolerance=0.05),
            Statistical(coin, constant(0.315), tolerance=0.05),
            relation="lhs == rhs",
            domain=ONE,
        )
    )
    assert result.as_expected
    assert 0.3 in result.outcome.points[0].interval
    assert 0.315 not in result.twin.points[0].interval


def test_budget_that_does_not_suffice_is_inconclusive():
    result = only(
        claim(
            Statistical(coin, constant(0.3001)),
            Statistical(coin, constant(0.2)),
            domain=ONE,
        ),
        budget=5000,
    )
    assert result.outcome.verdict is Verdict.INCONCLUSIVE
    assert result.outcome.samples == 5000
    assert verify([result.claim], budget=5000).exit_code == 2


@pytest.mark.parametrize(
    ("side", "relation", "low", "high", "verdict"),
    [
        ("lhs", "lhs <= rhs", 0.1, 0.29, Verdict.HOLDS),
        ("lhs", "lhs <= rhs", 0.2, 0.31, Verdict.INCONCLUSIVE),
        ("lhs", "lhs <= rhs", 0.31, 0.4, Verdict.VIOLATED),
        ("rhs", "lhs <= rhs", 0.1, 0.29, Verdict.VIOLATED),
        ("rhs", "lhs <= rhs", 0.2, 0.31, Verdict.INCONCLUSIVE),
        ("rhs", "lhs <= rhs", 0.31, 0.4, Verdict.HOLDS),
        ("lhs", "lhs == rhs", 0.29, 0.31, Verdict.HOLDS),
        ("lhs", "lhs == rhs", 0.2, 0.31, Verdict.INCONCLUSIVE),
        ("lhs", "lhs == rhs", 0.301, 0.31, Verdict.VIOLATED),
    ],
)
def test_an_interval_is_judged_as_the_draws_would_be(
    side, relation, low, high, verdict
):
    evidence = Statistical(coin, constant(0.3), side=side, tolerance=0.05)
    mean = (low + high) / 2
    point = evidence.point(relation, {"d": 1}, mean, Interval(low, high))
    assert point.verdict is verdict
    assert (point.lhs, point.rhs) == ((mean, 0.3) if side == "lhs" else (0.3, mean))
    if relation == "lhs <= rhs":
        assert (point.slack > 0) == (verdict is Verdict.HOLDS)


def test_draws_outside_the_support_are_an_error_not_a_verdict():
    result = only(
        claim(
            Statistical(uniform, constant(0.9), support=(0.0, 0.5)),
            Statistical(uniform, constant(0.1)),
            domain=ONE,
        )
    )
    assert result.outcome.verdict is Verdict.INCONCLUSIVE
    assert "ValueError" in result.outcome.error


def test_the_run_is_wrong_no_more_often_than_its_error_rate():
    """A true equality is called violated with probability at most the error rate.

    400 runs at error rate .05: more than 44 false alarms have probability below 1e-6
    for a binomial(400, .05) law.
    """
    wrong = 0
    evidence = Statistical(coin, constant(0.3), tolerance=0.2, first=32)
    for seed in range(400):
        outcome = evidence.judge(
            "lhs == rhs", ONE, error_rate=0.05, seed=seed, names=("t",), budget=4096
        )
        wrong += outcome.verdict is Verdict.VIOLATED
    assert wrong <= 44


# --- runs ----------------------------------------------------------------------------

HOLDING = claim(Exact(lambda x: x, constant(1)), Exact(lambda x: x, constant(0.9)))
FALSE = claim(
    Exact(lambda x: x, constant(0.9)),
    Exact(lambda x: x, constant(0.8)),
    id="author2020.false",
)
POWERLESS = claim(
    Exact(lambda x: x, constant(1)),
    Exact(lambda x: x, constant(1)),
    id="author2020.powerless",
)
ERRATUM = claim(
    Exact(lambda x: x, constant(0.9)),
    Exact(lambda x: x, constant(1)),
    id="author2020.erratum",
    expected=Expected.VIOLATED,
)
RAISING = claim(
    Exact(lambda x: 1 / 0, constant(1)),
    Exact(lambda x: x, constant(0.9)),
    id="author2020.raising",
)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ([HOLDING, ERRATUM], 0),
        ([HOLDING, FALSE], 1),
        ([HOLDING, POWERLESS], 2),
        ([HOLDING, RAISING], 2),
        ([FALSE, RAISING], 1),
    ],
)
def test_exit_code(claims, code):
    assert verify(claims).exit_code == code


def test_a_claim_whose_twin_is_not_refuted_has_unproven_power():
    result = only(POWERLESS)
    assert result.outcome.verdict is Verdict.HOLDS
    assert not result.power_shown
    assert not result.as_expected


def test_an_erratum_that_holds_after_all_is_a_contradiction():
    result = only(
        claim(
            Exact(lambda x: x, constant(1)),
            Exact(lambda x: x, constant(1)),
            expected=Expected.VIOLATED,
        )
    )
    assert result.contradicted


def test_one_failing_claim_does_not_lose_the_others():
    report = verify([RAISING, HOLDING])
    assert report.results[0].outcome.verdict is Verdict.INCONCLUSIVE
    assert "ZeroDivisionError" in report.results[0].outcome.error
    assert report.results[1].as_expected


def strip_seconds(value):
    if isinstance(value, dict):
        return {k: strip_seconds(v) for k, v in value.items() if k != "seconds"}
    return [strip_seconds(v) for v in value] if isinstance(value, list) else value


STATISTICAL = claim(
    Statistical(coin, constant(0.35)),
    Statistical(coin, constant(0.29)),
    domain=ONE,
    id="author2020.coin",
)


def test_same_seed_same_json_but_for_seconds():
    first, second, other = (
        strip_seconds(verify([HOLDING, FALSE, STATISTICAL_2], seed=seed).as_json())
        for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other
    json.dumps(first, allow_nan=False)


STATISTICAL_2 = claim(
    Statistical(coin, constant(0.35)),
    Statistical(coin, constant(0.29)),
    domain=ONE,
    id="author2020.statistical",
)


def test_the_draws_of_a_claim_do_not_depend_on_the_other_claims():
    alone = verify([STATISTICAL_2], error_rate=1e-3).results[0]
    together = verify([HOLDING, STATISTICAL_2], error_rate=1e-3).results[1]
    assert alone.outcome == together.outcome


def test_the_error_rate_is_split_over_all_statistical_decisions():
    report = verify([HOLDING, STATISTICAL, STATISTICAL_2], error_rate=1e-3)
    assert report.results[0].error_rate == 0
    assert sum(r.error_rate for r in report.results) == pytest.approx(1e-3)


def test_json_has_the_keys_of_the_interface():
    document = verify([HOLDING]).as_json()
    assert {"error_rate", "seed", "seconds", "claims"} <= document.keys()
    assert {
        "id",
        "theory",
        "source",
        "evidence",
        "points",
        "worst",
        "verdict",
        "expected",
        "twin",
        "seconds",
    } <= document["claims"][0].keys()
    assert {"parameters", "lhs", "rhs", "slack"} == document["claims"][0][
        "worst"
    ].keys()


def test_numbers_that_json_lacks_become_words():
    document = verify(
        [
            claim(
                Exact(constant(-math.inf), constant(np.float64(1.0))),
                Exact(lambda x: x, constant(0.9)),
            )
        ]
    ).as_json()
    assert document["claims"][0]["worst"]["lhs"] == "-inf"
    json.dumps(document, allow_nan=False)


@settings(max_examples=50)
@given(st.data())
def test_the_strategy_of_a_claim_stays_in_its_domain(data):
    domain = {
        "d": Integers(2, 10**9, (2,)),
        "eps": Reals(1e-9, 1.0, (0.1,), "log"),
        "p": Choices((1, 2)),
    }
    stated = claim(
        Exact(constant(0), constant(1)),
        Exact(constant(2), constant(1)),
        domain=domain,
        where=lambda d, eps, p: d * eps < 1e6,
    )
    point = data.draw(stated.strategy())
    assert 2 <= point["d"] <= 10**9
    assert 1e-9 <= point["eps"] <= 1.0
    assert point["p"] in (1, 2)
    assert point["d"] * point["eps"] < 1e6


# --- bad arguments -------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"error_rate": 0}, "error_rate must lie in"),
        ({"error_rate": math.nan}, "error_rate must lie in"),
        ({"error_rate": "small"}, "error_rate must be real numbers"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"seed": 1.5}, "seed must be an integer"),
        ({"budget": 0}, "budget must be at least 1"),
    ],
)
def test_verify_names_the_bad_argument(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        verify([HOLDING], **options)


@pytest.mark.errors
def test_verify_needs_claims_with_different_ids():
    with pytest.raises(ValueError, match="at least one claim"):
        verify([])
    with pytest.raises(ValueError, match=r"author2020\.claim.*twice"):
        verify([HOLDING, HOLDING])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "Nameless"}, "id must look like"),
        ({"relation": "lhs < rhs"}, "relation must be"),
        ({"axis": "y"}, "axis must name a parameter"),
        ({"relation": "rate"}, "needs an axis"),
    ],
)
def test_a_claim_names_what_does_not_fit(changes, message):
    evidence = Exact(constant(0), constant(1))
    with pytest.raises(ValueError, match=message):
        claim(evidence, evidence, **changes)


@pytest.mark.errors
def test_a_twin_needs_the_same_kind_of_evidence():
    with pytest.raises(ValueError, match="same kind of evidence"):
        claim(Exact(constant(0), constant(1)), Statistical(coin, constant(0)))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reals(1, 1, (1,)), "lower must be below upper"),
        (lambda: Reals(0, 1, (0.5,), "log"), "above 0 on a log scale"),
        (lambda: Reals(0, 1, (2,)), "typical must lie in"),
        (lambda: Integers(1, 3, ()), "typical must hold"),
        (lambda: Choices(()), "typical must hold"),
        (lambda: Reals(0, math.inf, (1,)), "both finite"),
    ],
)
def test_a_domain_names_what_does_not_fit(make, message):
    with pytest.raises(ValueError, match=message):
        make()
