import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from geomadv.claims import Report, verify
from geomadv.report import html
from geomadv.report._page import typeset
from geomadv.theories._registry import registry

VOID = {"meta", "link", "img", "br", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and whether its tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def attributes(self, name: str) -> list[str]:
        return [str(a[name]) for _, a in self.elements if name in a]


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    return html(report)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_well_formed(page: Page) -> None:
    assert page.open == []
    ids = page.attributes("id")
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_references_inside_the_page_are_found(page: Page, text: str) -> None:
    ids = set(page.attributes("id"))
    for target in (*page.attributes("href"), *re.findall(r"url\((#[^)]*)\)", text)):
        if not target.startswith("https://arxiv.org/abs/"):
            assert target.removeprefix("#") in ids
    for target in page.attributes("aria-labelledby"):
        assert target in ids


def test_the_page_loads_nothing(page: Page, text: str) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert page.attributes("src") == []
    assert "@import" not in text
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", text))
    links = [a["href"] for tag, a in page.elements if tag == "a" and a.get("href")]
    away = [link for link in links if not str(link).startswith("#")]
    assert set(away) == {"https://arxiv.org/abs/2001.00001"}
    elsewhere = [a for tag, a in page.elements if tag != "a" and "href" in a]
    assert all(str(a["href"]).startswith("#") for a in elsewhere)
    assert not [name for _, a in page.elements for name in a if name.startswith("on")]


def test_text_is_escaped_wherever_it_comes_from(page: Page, text: str) -> None:
    assert "<script" not in text
    assert "<b>" not in text
    assert "<i>" not in text
    shown = "".join(page.words)
    assert shown.count("<script>alert(1)</script>") >= 4 * 8  # title, note, twin, ...
    assert "Problèmes & <i>more</i>" in shown
    assert "at $5." in shown


def test_every_claim_has_its_parts(page: Page, report: Report) -> None:
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["article"] == len(report.results)
    assert tags["math"] >= 3 * len(report.results)
    assert tags["figure"] == len(report.results) - 1  # one has no point
    anchors = set(page.attributes("id"))
    assert {r.claim.id.replace(".", "-") for r in report.results} <= anchors
    figures = [a for tag, a in page.elements if tag == "svg" and "role" in a]
    assert len(figures) == tags["figure"]
    assert all(a["role"] == "img" and a["aria-label"] for a in figures)


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(t[1]) for t, _ in page.elements if re.fullmatch(r"h[1-6]", t)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_verdicts_and_summary_are_told(page: Page) -> None:
    shown = " ".join("".join(page.words).split())
    assert "1 of 8 claims came out against what is expected" in shown
    assert "expected: wrong as printed" in shown
    assert "Counterexample. d = 1, μ = 0.1: left side 0.1, right side 0.045" in shown
    assert "every real x in [1, 10]" in shown
    assert "fitted" not in shown  # letters of figures are outlines
    assert "Error rate" in shown
    assert "random draws" in shown


def test_equal_runs_give_equal_pages_but_for_seconds(report: Report) -> None:
    claims = [result.claim for result in report.results]
    other = html(verify(claims, budget=4096))

    def timeless(text: str) -> str:
        return re.sub(r'(class="[^"]*seconds">)[^<]*', r"\1", text)

    assert timeless(html(report)) == timeless(other)


def test_the_name_of_a_claim_cannot_end_an_attribute(report: Report) -> None:
    page = Page(html(report))
    labels = [a["aria-label"] for _, a in page.elements if "aria-label" in a]
    assert any('src="http://evil.example/x.png"' in str(label) for label in labels)


def test_numbers_are_set_as_in_print() -> None:
    assert typeset("slack -2.5e-6") == "slack −2.5 × 10<sup>−6</sup>"
    assert typeset("at 1e9, 1e-300") == "at 10<sup>9</sup>, 10<sup>−300</sup>"
    assert typeset("half-space 2e5x") == "half-space 2e5x"


def test_the_registry_makes_a_page_of_moderate_size() -> None:
    """All claims on their own grids, nothing random, with the real statements."""
    claims = [c for c in registry() if c.evidence.level == "exact"][:10]
    text = html(verify(claims))
    assert len(Page(text).open) == 0
    assert len(text.encode()) < 80_000 * len(claims)
