import dataclasses
import math

import pytest

from geomadv.claims import Point, Report, Source, Verdict
from geomadv.report._words import (
    authors,
    complaints,
    number,
    place,
    point_sentence,
    short_source,
    size,
    summary,
    twin_statement,
    twin_word,
    work,
)
from geomadv.stats import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-6, "1e-6"),
        (1e12, "1e12"),
        (0.25, "0.25"),
        (0.0, "0"),
        (150528, "150528"),
        (10**9, "1e9"),
        (-1234.5, "-1.23e3"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ("E. Dohmatob", "Dohmatob"),
        ("T. Tanay, L. Griffin", "Tanay & Griffin"),
        ("T. Tanay and L. Griffin", "Tanay & Griffin"),
        ("S. S. One, L. Two, M. Three", "One et al."),
        ("A. One et al.", "One et al."),
        ("Reading notes", "Reading notes"),
    ],
)
def test_authors(given: str, short: str) -> None:
    assert authors(Source(given, "On x", 2018)) == short


def test_a_star_marks_unverified_numbering() -> None:
    source = Source("E. One", "On x", 2018, "Theorem 1")
    assert short_source(source) == "One 2018, Thm 1*"
    assert place(source.at("Theorem 1", checked=True)) == "Thm 1"
    assert short_source(source.at("")) == "One 2018"


def test_a_paper_is_named_after_its_own_work(report: Report) -> None:
    claims = [result.claim for result in report.results]
    assert work(claims[4:]).authors == "Z. One, Y. Two"
    other = dataclasses.replace(claims[4], source=claims[0].source)
    assert work([other, other, claims[4]]).authors == "Z. One, Y. Two"
    assert work([other, other]).authors == claims[0].source.authors


def test_words_for_twins(report: Report) -> None:
    words = {r.claim.id: twin_word(r) for r in report.results}
    assert words["levy1951.holds"] == "refuted"
    assert words["levy1951.misprint"] == "holds"
    assert words["levy1951.breaks"] == "unproven power"


def test_boxes_are_named(report: Report) -> None:
    sizes = {r.claim.id: size(r.outcome) for r in report.results}
    assert sizes["levy1951.holds"] == "6"
    assert sizes["one2020.boxes"].endswith((" boxes", " box"))


def test_complaints_say_why(report: Report) -> None:
    found = {r.claim.id: complaints(r) for r in report.results}
    assert found["levy1951.holds"] == found["levy1951.misprint"] == []
    assert found["levy1951.contradicted"][0] == "the claim came out VIOLATED"
    assert found["levy1951.breaks"][1].startswith("RuntimeError: <script>")


def test_a_point_is_told_with_its_interval() -> None:
    point = Point({"d": 10}, 0.5, 0.6, 0.05, Verdict.HOLDS, Interval(0.4, 0.55))
    assert point_sentence("lhs <= rhs", point) == (
        "at d = 10: lhs 0.5, rhs 0.6 (the estimate lies in [0.4, 0.55]), slack 0.05"
    )
    assert "exponent 0.5 where 0.6 is stated" in point_sentence("rate", point)


def test_the_summary_adds_up(report: Report) -> None:
    assert summary(report).startswith(
        "8 claims: 5 hold, 1 wrong as printed, 1 contradicted, 1 inconclusive, "
        "6 of 8 as expected; 7 of 8 twins came out as they must; error rate 1e-6; "
        "seed 0; "
    )


def test_a_heading_is_not_said_twice(report: Report) -> None:
    claim = report.results[0].claim
    twin = dataclasses.replace(claim.twin, statement="corrected: the root")
    assert twin_statement(dataclasses.replace(claim, twin=twin)) == "the root"
