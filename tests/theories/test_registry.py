"""Every claim of the registry: well formed, verified, and true beyond its grid."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from geomadv.claims import Enclosure, Exact, Expected, Verdict, verify
from geomadv.claims._domain import strategy
from geomadv.theories import find, papers, registry

CLAIMS = registry()
BY_ID = {claim.id: claim for claim in CLAIMS}


def test_ids_are_unique_and_name_their_paper():
    assert len(BY_ID) == len(CLAIMS)
    for paper in papers():
        name = paper.__name__.rpartition(".")[2]
        theory = paper.__name__.split(".")[-2]
        for claim in getattr(paper, "CLAIMS", ()):
            assert claim.paper == name
            assert claim.theory == theory


def test_there_are_at_least_25_claims_that_hold():
    assert sum(claim.expected is Expected.HOLDS for claim in CLAIMS) >= 25


@pytest.mark.parametrize("name", BY_ID)
def test_claim_and_twin_come_out_as_expected(name):
    report = verify([BY_ID[name]], error_rate=1e-6)
    result = report.results[0]
    assert result.as_expected, (result.outcome, result.twin)
    assert report.exit_code == 0


EXACT = [
    name
    for name, claim in BY_ID.items()
    if isinstance(claim.evidence, Exact)
    and claim.relation in ("lhs <= rhs", "lhs == rhs")
    and claim.expected is Expected.HOLDS
]


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=25, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_exact_claims_hold_anywhere_in_their_domain(name, data):
    claim = BY_ID[name]
    point = data.draw(strategy(claim.domain))
    assume(claim.where is None or claim.where(**point))
    judged = claim.evidence.at(claim.relation, point)
    assert judged.verdict is Verdict.HOLDS, judged


ENCLOSED = [
    name for name, claim in BY_ID.items() if isinstance(claim.evidence, Enclosure)
]


@pytest.mark.parametrize("name", ENCLOSED)
def test_enclosures_are_tied_to_the_formulas_of_the_library(name):
    assert BY_ID[name].evidence.formulas is not None


def test_at_least_40_claims_are_proved_on_boxes():
    assert len(ENCLOSED) >= 40


@pytest.mark.parametrize("name", [name for name in BY_ID if name not in ENCLOSED])
def test_claims_that_are_not_proved_on_boxes_say_why(name):
    assert BY_ID[name].unproved.strip()


def test_selectors_name_claims_papers_and_theories():
    assert find() == CLAIMS
    assert [c.id for c in find(["ford2019.half-space-mean"])] == [
        "ford2019.half-space-mean"
    ]
    assert {c.paper for c in find(["ford2019", "fawzi2018"])} == {
        "ford2019",
        "fawzi2018",
    }
    assert all(c.theory == "dimension" for c in find(["dimension"]))
    both = find(["ford2019", "ford2019.half-space-mean"])
    assert len(both) == len({c.id for c in both})


@pytest.mark.errors
def test_unknown_selectors_suggest_what_is_near():
    with pytest.raises(ValueError, match=r"ford201.*did you mean ford2019"):
        find(["ford201"])
