r"""Text with LaTeX between dollar signs, as HTML with MathML.

``\$`` is a dollar sign, ``$$...$$`` a displayed formula, a blank line ends a paragraph.
Everything else is text and escaped. A formula that cannot be converted is shown as it
was written, in a ``<code>`` element.
"""

import html
import itertools
import re
from functools import cache
from xml.etree.ElementTree import Element, tostring

_MATH = re.compile(r"\$\$(.+?)\$\$|(?<!\\)\$(.+?)(?<!\\)\$", re.DOTALL)


# What the converter takes for identifiers, with what stands for it.
_OPERATORS = {**{sign: sign for sign in ":±∓⟨⟩⌊⌋⌈⌉"}, "~": "∼"}


def paragraphs(text: str) -> str:
    """Return text as HTML paragraphs.

    Examples
    --------
    >>> paragraphs("for all $x$ & more")[:11]
    '<p>for all '
    """
    parts = re.split(r"\n\s*\n", text.strip())
    return "".join(f"<p>{inline(part)}</p>" for part in parts if part.strip())


def inline(text: str) -> str:
    """Return text as HTML without paragraphs.

    Examples
    --------
    >>> inline("a < b")
    'a &lt; b'
    """
    pieces, end = [], 0
    for match in _MATH.finditer(text):
        pieces.append(_text(text[end : match.start()]))
        displayed, formula = match.groups()
        pieces.append(math(displayed or formula, display=displayed is not None))
        end = match.end()
    return "".join([*pieces, _text(text[end:])])


@cache
def math(latex: str, *, display: bool = False) -> str:
    """Return a formula as a ``<math>`` element, or as code if it is no LaTeX."""
    try:
        return mathml(latex, display=display)
    except Exception:  # noqa: BLE001 - the converter has no base class of errors
        return f"<code>{html.escape(latex)}</code>"


def mathml(latex: str, *, display: bool = False) -> str:
    """Return a formula as a ``<math>`` element.

    The converter writes characters as entities into the text of its elements, and its
    own serialisation would let markup in a formula through. Here the entities are
    resolved and the tree is serialised with all text escaped.
    """
    from latex2mathml.converter import Converter

    converter = Converter(display="block" if display else "inline")
    tree = converter.convert_to_element(" ".join(latex.split()))
    for element in tree.iter():
        element.text = _resolved(element.text)
        element.tail = _resolved(element.tail)
        element.attrib = {
            key: html.unescape(value)
            for key, value in element.attrib.items()
            if key not in ("xmlns", "href")
        }
    for row in reversed(list(tree.iter())):
        _tidy(row)
        _embolden(row)
    return tostring(tree, encoding="unicode")


def _resolved(text: str | None) -> str | None:
    return None if text is None else html.unescape(text)


def _tidy(row: Element) -> None:
    r"""Mend what a browser would draw differently from LaTeX in one row.

    The letters of ``\mathrm{cap}`` become one word, and a word stands off from what it
    is applied to; a sign after a relation is unary; capital Greek letters are upright;
    what is no operator (infinity) is not spaced like one, and what is one is.
    """
    before: Element | None = None
    for element in list(row):
        text = element.text or ""
        if element.tag == "mi" and text in _OPERATORS:
            element.tag, element.text = "mo", _OPERATORS[text]
            element.set("stretchy", "false")
        elif text in (r"\{", r"\}"):
            element.text = text[1]
        elif element.tag == "mo" and (text == "∞" or _is_word(element)):
            element.tag = "mi"
        elif element.tag == "mi" and "Α" <= text <= "Ω":
            element.set("mathvariant", "normal")
        upright = element.tag == "mi" and element.get("mathvariant") == "normal"
        if upright and before is not None and before.get("class") == "word":
            before.text = (before.text or "") + text
            row.remove(element)
            continue
        if upright and text.isascii():
            element.set("class", "word")
        if element.tag == "mo" and text in "−+±" and _is_open(before):
            element.set("form", "prefix")
        before = element
    for element in row:
        if element.get("class") == "word":
            del element.attrib["class"]
            if len(element.text or "") > 1:
                del element.attrib["mathvariant"]
    if row.tag in ("mrow", "math", "mstyle"):
        _space(row)


def _embolden(element: Element) -> None:
    """Set bold letters and digits as characters, as browsers know no bold variant."""
    if element.get("mathvariant") == "bold":
        del element.attrib["mathvariant"]
        element.text = "".join(map(_bold, element.text or ""))


def _bold(character: str) -> str:
    for first, last, start in (("A", "Z", 0x1D400), ("a", "z", 0x1D41A)):
        if first <= character <= last:
            return chr(start + ord(character) - ord(first))
    if character.isdigit() and character.isascii():
        return chr(0x1D7CE + int(character))
    return character


def _is_word(element: Element) -> bool:
    text = element.text or ""
    return element.tag in ("mi", "mo") and len(text) > 1 and text.isalpha()


def _is_open(before: Element | None) -> bool:
    """Tell whether a sign after `before` has nothing on its left to apply to."""
    if before is None:
        return False
    return before.tag == "mo" and (before.text or "") in "([{⟨=<>≤≥∼∈→↦,:/"


def _space(row: Element) -> None:
    """Set a thin space between a function word and an operand beside it."""
    children = list(row)
    for element, after in reversed(list(itertools.pairwise(children))):
        named = [e for e in (element, after) if _names_function(e)]
        beside = [e for e in (element, after) if e.tag in ("mo", "mspace")]
        if named and not beside:
            space = Element("mspace", {"width": "0.167em"})
            row.insert(list(row).index(after), space)


def _names_function(element: Element) -> bool:
    if element.tag in ("msub", "msup", "msubsup", "munder") and len(element):
        return _names_function(element[0])
    if element.tag == "mrow" and len(element) == 1:
        return _names_function(element[0])
    return element.tag == "mi" and _is_word(element)


def _text(text: str) -> str:
    return html.escape(text.replace(r"\$", "$"))
