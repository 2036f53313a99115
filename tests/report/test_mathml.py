import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.report._mathml import inline, math, mathml, paragraphs
from geomadv.theories._registry import registry


def formulas(text: str) -> list[str]:
    return [
        f for pair in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, re.S) for f in pair
    ]


STATEMENTS = [
    text for c in registry() for text in (c.statement, c.twin.statement, c.note)
]
SYMBOLS = sorted(
    {getattr(p, "symbol", "") for c in registry() for p in c.domain.values()} - {""}
)


@pytest.mark.parametrize(
    "latex",
    sorted({f for text in STATEMENTS for f in formulas(text) if f} | set(SYMBOLS)),
)
def test_every_formula_of_the_registry_is_converted(latex: str) -> None:
    tree = ElementTree.fromstring(mathml(latex))  # noqa: S314 - our own
    assert tree.tag == "math"
    shown = "".join(tree.itertext())
    assert "\\" not in shown  # no command is left as text
    assert "{" not in shown or r"\{" in latex


@pytest.mark.parametrize("text", STATEMENTS)
def test_dollar_signs_of_the_registry_come_in_pairs(text: str) -> None:
    assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0
    assert "<code>" not in paragraphs(text)


@given(st.text())
def test_any_text_is_safe(text: str) -> None:
    assert not re.search(r"<(?!/?(p|math|m[a-z]+|code)\b)", paragraphs(text))
    assert "javascript" not in re.sub(r">[^<]*<", "><", inline(f"${text}$"))


@given(st.text(alphabet="<>&\"'$\\{}^_ ab"))
def test_hostile_formulas_are_escaped(text: str) -> None:
    for tag in re.findall(r"<[^>]*>?", inline(text)):
        assert re.fullmatch(r"</?(math|m[a-z]+|code)( [^<>]*)?>", tag)


def test_text_and_paragraphs() -> None:
    assert paragraphs("a < b\n\n c & d") == "<p>a &lt; b</p><p> c &amp; d</p>"
    assert inline(r"at \$5 and \$6") == "at $5 and $6"
    assert 'display="block"' in inline("$$x$$")
    assert 'display="inline"' in inline("$x$")


def test_links_in_formulas_are_dropped() -> None:
    assert "javascript" not in inline(r"$\href{javascript:alert(1)}{x}$")


def test_what_is_no_formula_is_shown_as_written() -> None:
    assert math(r"\begin{x<") == r"<code>\begin{x&lt;</code>"


def test_words_are_upright_and_stand_off() -> None:
    assert "<mi>cap</mi>" in mathml(r"\mathrm{cap}(x)")
    assert '<mi>log</mi><mspace width="0.167em" />' in mathml(r"d \log d")
    assert mathml(r"\log(x)").count("mspace") == 0
    assert '<mi mathvariant="normal">Φ</mi>' in mathml(r"\Phi(x)")
    assert '<mo form="prefix">−</mo>' in mathml(r"x \le -y")
    assert '<mo form="prefix">' not in mathml("x - y")
    assert "𝟏" in mathml(r"\mathbf{1}")
    assert '<mo stretchy="false">∼</mo>' in mathml(r"x \sim y")
