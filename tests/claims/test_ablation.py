"""Hypotheses are broken one at a time, and only a theorem that needs them stops."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from geomadv.claims import (
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    Verdict,
    ablate,
)
from geomadv.claims._ablation import _decisions
from geomadv.theories import find, papers, registry
from geomadv.theories.dimension.bhagoji2019 import (
    _conflict_in_blocks,
    _interval_risk,
    _threshold_risk,
)
from geomadv.theories.dimension.ford2019 import _mean_to_parts, _near_parts
from geomadv.theories.dimension.gilmer2018 import (
    _tilted_cap_distance,
    _tilted_share_within,
)
from geomadv.theories.dimension.mahloujifar2019 import _corner_in_norm
from geomadv.theories.dimension.prescott2021 import _heavy
from geomadv.theories.oscillation.belkin2018 import _missed_without

PAPERS = [paper.__name__.rpartition(".")[2] for paper in papers()]
BREAK = {"e": Reals(0, 1, (0.0, 0.1, 0.3, 0.5, 1.0))}


def made(*hypotheses, relation="lhs <= rhs"):
    own = Exact(lambda x: x, lambda x: 1.0)
    return Claim(
        id="author2020.claim",
        theory="test",
        title="A claim",
        source=Source("A. Author", "On nothing", 2020),
        statement="$x \\le 1$",
        relation=relation,
        domain={"x": Reals(0, 1)},
        evidence=own,
        twin=Twin("sharpened", own),
        hypotheses=hypotheses,
    )


def without(lhs, rhs=lambda e: 1.0, **more):
    return Hypothesis("a", "b", Exact(lhs, rhs), BREAK, "e", **more)


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("stop", [0.11, 0.2, 0.299])
def test_the_smallest_break_that_refutes_is_found(scale, stop):
    domain = {"e": Reals(0.05, 1, (0.05, 0.1, 0.3, 0.5, 1.0), scale)}
    variant = Exact(lambda e: e, lambda e: stop)
    broken = Hypothesis("a", "b", variant, domain, "e", unbroken=0.05)
    (result,) = ablate([made(broken)])
    assert result.needed
    assert result.before <= stop < result.first.parameters["e"]
    width = result.first.parameters["e"] - result.before
    assert 0 < width <= 0.01 * (result.first.parameters["e"] - 0.05)
    assert result.first.lhs == result.first.parameters["e"]
    assert result.outcome.count == 4
    assert result.unbroken.count == 1


def test_where_the_strength_runs_downwards_the_nearest_failure_is_found():
    domain = {"d": Integers(2, 3072, (2, 10, 1000, 3000, 3072))}
    low = Hypothesis(
        "a",
        "b",
        Exact(lambda d: 1234, lambda d: d),
        domain,
        "d",
        unbroken=3072,
    )
    (result,) = ablate([made(low)])
    assert (result.first.parameters, result.before) == ({"d": 1233}, 1234)


def test_the_smallest_break_over_all_other_parameters_is_found():
    domain = {**BREAK, "k": Integers(1, 9, (1, 2, 3))}
    variant = Exact(lambda e, k: e, lambda e, k: 0.25 - 0.04 * k)
    (result,) = ablate([made(Hypothesis("a", "b", variant, domain, "e"))])
    assert result.first.parameters["k"] == 3
    assert result.before <= 0.13 < result.first.parameters["e"] <= 0.132


def test_bisection_stays_where_the_variant_is_defined():
    broken = Hypothesis(
        "a",
        "b",
        Exact(lambda e: e, lambda e: 0.15),
        BREAK,
        "e",
        where=lambda e: e == 0 or e > 0.2,
    )
    (result,) = ablate([made(broken)])
    assert 0.2 < result.first.parameters["e"] <= 0.202


def test_a_limit_is_broken_along_its_whole_axis():
    domain = {
        "e": Reals(0, 1, (0.0, 0.5, 1.0)),
        "d": Integers(1, 10**6, (10, 10**3, 10**6)),
    }
    curve = Exact(lambda e, d: 1 + e + 1 / d, lambda e, d: 1.0, tolerance=0.2)
    claim = dataclasses.replace(
        made(),
        relation="limit",
        axis="d",
        domain={"d": domain["d"]},
        evidence=Exact(lambda d: 1 + 1 / d, lambda d: 1.0),
        hypotheses=(Hypothesis("a", "b", curve, domain, "e"),),
    )
    (result,) = ablate([claim])
    assert result.before < 0.2 < result.first.parameters["e"] < 0.204
    assert result.first.parameters["d"] == 10**6


def test_a_theorem_that_touches_its_hypothesis_says_so():
    (result,) = ablate([made(without(lambda e: 1 + e))])
    assert result.touching
    assert result.first.parameters["e"] == 0.1 / 2**20
    (apart,) = ablate([made(without(lambda e: 0.8 + e))])
    assert not apart.touching


def test_a_hypothesis_that_is_not_needed_is_not_called_needed():
    (result,) = ablate([made(without(lambda e: e / 2))])
    assert (result.needed, result.first) == (False, None)
    assert result.outcome.verdict is Verdict.HOLDS


def test_a_variant_that_fails_unbroken_shows_nothing():
    (result,) = ablate([made(without(lambda e: 1.1 + e))])
    assert not result.needed
    assert result.unbroken.verdict is Verdict.VIOLATED


def test_the_break_is_measured_from_its_unbroken_value():
    (result,) = ablate([made(without(lambda e: 1 + abs(e - 0.5), unbroken=0.5))])
    assert abs(result.first.parameters["e"] - 0.5) == pytest.approx(
        0.2 / 2**20, rel=1e-6
    )


def test_hypotheses_without_evidence_are_passed_over():
    assert ablate([made(Hypothesis("x is a number"))]) == ()


def test_a_function_that_fails_is_reported():
    def breaks(e):
        raise RuntimeError(f"no {e}")

    (result,) = ablate([made(without(breaks))])
    assert not result.needed
    assert "RuntimeError: no 0" in result.outcome.error


def test_random_variants_share_the_error_rate():
    coin = Statistical(lambda n, rng, e: rng.random(n) < 0.3 + e / 2, lambda e: 0.5)
    random = Hypothesis("a", "b", coin, BREAK, "e")
    (result,) = ablate([made(random)], error_rate=1e-6, budget=2**18)
    assert result.needed
    # With 2^16 draws at a rate of 1e-6 / 26 the mean is known to about 0.013.
    assert 0.4 < result.first.parameters["e"] < 0.43
    assert result.first.interval.lower > 0.5


def test_the_decisions_of_a_bisection_are_counted():
    # Five values of e; as many as 20 more.
    coin = Statistical(lambda n, rng, e: rng.random(n) < e, lambda e: 0.5)
    assert _decisions(Hypothesis("a", "b", coin, BREAK, "e")) == 25
    domain = {"k": Integers(1, 9, (1, 9)), "x": Reals(0, 1, (0.0, 0.5, 1.0))}
    least = Hypothesis("a", "b", coin, domain, "k", unbroken=1)
    assert _decisions(least) == 6 + 4 * 3


@pytest.mark.errors
def test_a_break_needs_its_parameter_and_its_unbroken_value():
    with pytest.raises(ValueError, match="strength must name"):
        Hypothesis("a", "b", Exact(math.exp, math.exp), BREAK, "f")
    with pytest.raises(ValueError, match=r"typical values hold 0\.7"):
        without(lambda e: e, unbroken=0.7)
    with pytest.raises(ValueError, match="why must be empty"):
        without(lambda e: e, why="no")


# --- the registry --------------------------------------------------------------------


@pytest.mark.parametrize("paper", PAPERS)
def test_every_hypothesis_that_is_broken_is_needed(paper):
    broken = [
        (claim.id, one.statement)
        for claim in find([paper])
        for one in claim.hypotheses
        if one.evidence is not None
    ]
    results = ablate(find([paper]), error_rate=1e-6 / len(PAPERS))
    assert [(r.claim.id, r.hypothesis.statement) for r in results] == broken
    assert [r.claim.id for r in results if not r.needed] == []


@pytest.mark.parametrize(
    ("name", "words", "broken", "first"),
    [
        (
            "gilmer2018.median-comparison",
            "should not work in low dimension?",
            "d",
            3071,
        ),
        (
            "belkin2018.sample-size",
            "interpolation + Bayes > 0 is not enough in high dimension",
            "d",
            2,
        ),
    ],
)
def test_the_questions_of_the_talk_are_there_by_name(name, words, broken, first):
    (result,) = [r for r in ablate(find([name])) if words in r.hypothesis.broken]
    assert result.needed
    assert result.first.parameters[broken] == first


def test_what_is_missed_without_noise_or_in_more_cells_against_the_definition():
    # Two cells, n points, each in a given cell with probability a: 2 (1 - a)^n less
    # the probability that none is in either.
    n = math.ceil(math.log(2 / 0.05) / -math.log(1 - 0.2 / 2))
    for lost in (0.0, 0.3):
        a = (1 - lost) * 0.2 / 2
        missed = (2 * (1 - a) ** n - (1 - 2 * a) ** n) / 0.05
        assert _missed_without(0.2, lost, 2, 1) == pytest.approx(missed, rel=1e-12)
    assert _missed_without(0.2, 1.0, 2, 1) == 20


def test_record_of_a_result():
    (result,) = ablate(find(["dohmatob2019.any-set"]))
    record = result.as_json()
    assert record["needed"] is True
    # Exact to one per cent of the break: sigma^2 - 1 is what the bound loses.
    assert record["before"] < record["first"]["parameters"]["sigma"] < 1.12


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("error", [0.001, 0.3])
def test_the_tilted_law_against_random_points(power, error):
    rng = np.random.default_rng(5)
    t = 2 * rng.random(200_000) ** (1 / (power + 1)) - 1
    edge = math.acos(np.quantile(t, error))
    angle = np.arccos(t)
    chord = 2 * np.sin(np.maximum(edge - angle, 0) / 2)
    # The quantile of the cap and the mean err by five standard deviations at most.
    assert _tilted_cap_distance(power, error) == pytest.approx(chord.mean(), abs=0.02)


def test_statements_of_integers_too():
    domain = {"m": Integers(1, 10, (1, 2, 3))}
    split = Hypothesis(
        "a", "b", Exact(lambda m: m, lambda m: 2.0), domain, "m", unbroken=1
    )
    (result,) = ablate([made(split)])
    assert (result.first.parameters, result.before) == ({"m": 3}, 2)


# --- The variants against their definitions ------------------------------------------


@pytest.mark.parametrize("wider", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_rules_for_classes_of_unequal_variance_against_a_grid(wider, share):
    x = np.linspace(-40, 40, 800_001)
    narrow = stats.norm.pdf(x, 1 - share)
    wide = stats.norm.pdf(x, share - 1, 1 + wider)
    bayes = np.minimum(narrow, wide).sum() * 1e-4 / 2
    rules = stats.norm.cdf(x, 1 - share) + stats.norm.sf(x, share - 1, 1 + wider)
    assert _interval_risk(wider, share) == pytest.approx(bayes, rel=1e-6)
    assert _threshold_risk(wider, share) == pytest.approx(rules.min() / 2, rel=1e-6)


def test_conflicts_of_repeated_coordinates_against_random_points():
    rng = np.random.default_rng(1)
    few = rng.standard_normal((2, 100_000, 3))
    few[1] += 2 * 0.8 / math.sqrt(6)
    far = np.repeat(few[0] - few[1], 2, axis=1)
    share = np.mean(np.linalg.norm(far, axis=1) <= 2 * 1.2)
    assert _conflict_in_blocks(2, 6, 1.2, 0.8) == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_two_half_spaces_of_errors_against_random_points(share):
    x = np.random.default_rng(2).standard_normal(400_000)
    upper = stats.norm.isf((1 - share) * 0.1)
    lower = stats.norm.isf(share * 0.1)
    gap = np.maximum(np.minimum(upper - x, x + lower), 0)
    assert _mean_to_parts(share, 0.1) == pytest.approx(gap.mean(), abs=0.008)
    near = np.mean(gap <= stats.norm.isf(0.1))
    assert _near_parts(share, 0.1) == pytest.approx(near, abs=0.004)


@pytest.mark.parametrize("power", [0.0, 2.5])
def test_the_share_near_a_cap_of_the_tilted_law_against_random_points(power):
    rng = np.random.default_rng(3)
    t = 2 * rng.random(200_000) ** (1 / (power + 1)) - 1
    gap = np.maximum(math.acos(np.quantile(t, 0.1)) - np.arccos(t), 0)
    share = np.mean(2 * np.sin(gap / 2) <= 0.7 / math.sqrt(3))
    assert _tilted_share_within(power, 0.1, 0.7) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("over", [0.0, 0.5, 1.0])
def test_a_corner_in_another_norm_against_random_points(over):
    x = np.random.default_rng(4).random((400_000, 2))
    order = math.inf if over == 0 else 1 / over
    gap = np.linalg.norm(np.maximum(x - 0.5, 0), ord=order, axis=1)
    assert _corner_in_norm(over, 0.25, 0.3) == pytest.approx(
        np.mean(gap <= 0.3), abs=0.004
    )


@pytest.mark.parametrize("degrees", [2, 10, 1000])
def test_half_lines_of_t_laws(degrees):
    law = stats.t(degrees)
    assert _heavy(1 / degrees) == pytest.approx(law.cdf(law.ppf(0.05) + 1), rel=1e-9)


def test_every_claim_states_what_it_assumes_and_what_is_not_broken():
    for claim in registry():
        assert claim.hypotheses, claim.id
        for one in claim.hypotheses:
            assert one.statement, claim.id
            assert (one.evidence is None) == bool(one.why), claim.id
