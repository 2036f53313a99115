"""The LaTeX table: one row a claim, and nothing a user writes breaks it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.claims import Integers, Reals, claim, verify
from geomadv.claims._verify import Report
from geomadv.report import latex
from geomadv.report._latex import escaped, power, text
from geomadv.theories import find

CELLS = 7
CHARACTERS = st.text("ab $\\{}&%#_^~<>|é\n", max_size=30)


def parsed(table):
    """Return the rows of a tabular as lists of cells; fail where TeX would."""
    lines = table.splitlines()
    assert lines[0].startswith(r"\begin{tabular}{")
    assert lines[1:4:2] == [r"\toprule", r"\midrule"]
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [cells(line) for line in (lines[2], *lines[4:-2])]
    assert {len(row) for row in rows} == {CELLS}
    return rows


def cells(line):
    """Split a row, with braces, dollars and reserved characters checked as TeX does."""
    assert line.endswith(r" \\")
    found, depth, formula = [""], 0, False
    for piece in re.findall(r"\\[a-zA-Z]+|\\.|.", line[:-3]):
        assert piece not in ("%", "#", r"\\"), line
        if piece == "$":
            assert formula or depth == 0, line
            formula = not formula
        elif piece in ("{", "}"):
            depth += 1 if piece == "{" else -1
            assert depth >= 0, line
        elif piece == "&":
            assert (depth, formula) == (0, False), line
            found.append("")
            continue
        elif piece in ("_", "^"):
            assert formula, line
        found[-1] += piece
    assert (depth, formula) == (0, False), line
    return [cell.strip() for cell in found]


def read(words):
    """Return the characters that TeX prints for escaped text."""
    names = {
        r"\textbackslash{}": "\\",
        r"\textasciitilde{}": "~",
        r"\textasciicircum{}": "^",
        r"\textless{}": "<",
        r"\textgreater{}": ">",
        r"\textbar{}": "|",
    }
    pattern = r"\\text[a-z]+\{\}|\\.|."
    return "".join(names.get(t, t[-1]) for t in re.findall(pattern, words, re.DOTALL))


def results(title, **options):
    made = claim(
        source="A_B & C, Lemma #1",
        domain={"d": Integers(1, 100), "e": Reals(0, 1)},
        title=title,
        **options,
    )(lambda d, e: (d**0.5 + e, (d + 1) / 2 + 1))
    return verify([made])


@given(CHARACTERS)
def test_any_title_leaves_the_table_whole(title):
    (result,) = results("a", twin=0.9).results
    shown = replace(result, claim=replace(result.claim, title=title))
    report = Report((shown,), 1e-6, 0, 1, 0.0)
    assert len(parsed(latex(report))) == 2


@given(st.text(max_size=30))
def test_escaped_text_is_printed_as_it_was(words):
    assert read(escaped(words)) == words


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (r"at most $\sqrt{d}$", r"at most $\sqrt{d}$"),
        ("50% & more", r"50\% \& more"),
        (r"$\frac{1$", r"\$\textbackslash{}frac\{1\$"),
        ("$a & b$", r"\$a \& b\$"),
        (r"$a \\ b$", r"\$a \textbackslash{}\textbackslash{} b\$"),
        (r"\$5", r"\$5"),
        ("$$", r"\$\$"),
    ],
)
def test_formulas_stay_and_what_is_none_is_escaped(words, written):
    assert text(words) == written


def test_numbers():
    given = ["0.25", "-3", "1e-6", "-2.5e11", "inf", "-inf", "nan"]
    assert [power(one) for one in given] == [
        "0.25",
        "$-3$",
        r"$1 \cdot 10^{-6}$",
        r"$-2.5 \cdot 10^{11}$",
        r"$\infty$",
        r"$-\infty$",
        "--",
    ]


def test_the_row_of_a_users_claim():
    rows = parsed(latex(results("The root $\\sqrt d$", twin=0.5)))
    assert rows[1][:3] == [r"The root $\sqrt d$", r"A\_B \& C, Lemma \#1", "exact"]
    assert rows[1][5:] == ["holds", "refuted"]


def test_a_claim_without_a_twin_says_so():
    assert parsed(latex(results("a")))[1][-1] == "unproven power"


def test_rows_of_the_registry():
    ids = ["gilmer2018.wiki-bound", "tanay2016", "ford2019", "fawzi2018"]
    report = verify(find(ids), error_rate=1e-3, budget=2**10)
    rows = parsed(latex(report))
    assert len(rows) == 1 + len(report.results)
    place = [result.claim.id for result in report.results].index(ids[0]) + 1
    assert rows[place][5:] == ["violated", "holds"]


def test_every_title_and_source_of_the_registry_is_typeset():
    (result,) = results("a", twin=0.5).results
    for one in find():
        shown = replace(result.claim, title=one.title, source=one.source)
        report = Report((replace(result, claim=shown),), 1e-6, 0, 1, 0.0)
        assert len(parsed(latex(report))) == 2
