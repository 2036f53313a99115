"""Hypotheses are broken one at a time, and only a theorem that needs them stops."""

import math

import numpy as np
import pytest

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
from geomadv.theories import find, registry
from geomadv.theories.dimension.gilmer2018 import _tilted_cap_distance
from geomadv.theories.oscillation.belkin2018 import _missed_without

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


def test_the_least_break_that_refutes_is_found():
    (result,) = ablate([made(without(lambda e: 0.8 + e))])
    assert result.needed
    assert result.first.parameters == {"e": 0.3}
    assert result.outcome.count == 4
    assert result.unbroken.count == 1


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
    assert result.first.parameters == {"e": 0.3}


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
    assert result.first.parameters == {"e": 0.5}


@pytest.mark.errors
def test_a_break_needs_its_parameter_and_its_unbroken_value():
    with pytest.raises(ValueError, match="strength must name"):
        Hypothesis("a", "b", Exact(math.exp, math.exp), BREAK, "f")
    with pytest.raises(ValueError, match=r"typical values hold 0\.7"):
        without(lambda e: e, unbroken=0.7)


# --- the registry --------------------------------------------------------------------


def test_a_dozen_claims_of_the_registry_stop_where_a_hypothesis_breaks():
    results = ablate(registry())
    assert len({result.claim.id for result in results}) >= 12
    assert [r.claim.id for r in results if not r.needed] == []


@pytest.mark.parametrize(
    ("name", "words", "broken", "first"),
    [
        (
            "gilmer2018.median-comparison",
            "should not work in low dimension?",
            "d",
            3060,
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
    assert record["first"]["parameters"]["sigma"] == 1.5


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
    assert result.first.parameters == {"m": 3}
