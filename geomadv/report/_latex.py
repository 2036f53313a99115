r"""The results as a table for LaTeX, with the package booktabs.

A claim's title and its source are text, in which formulas may stand between dollars.
Outside them the characters that LaTeX reserves are escaped; a text whose dollars or
braces do not pair is taken for plain text altogether, so that what a user writes cannot
break the table.
"""

import re
from collections.abc import Iterator

from geomadv.claims import Report, Result
from geomadv.report._words import number, short_source, size, twin_word

_RESERVED = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
)
_HEAD = ("Claim", "Source", "Evidence", "Decided", "Worst slack", "Verdict", "Twin")
_COLUMNS = r"p{.3\linewidth}p{.2\linewidth}lrrll"


def latex(report: Report) -> str:
    r"""Return the table of a report, one row a claim, for a document with booktabs.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        A ``tabular`` environment.

    Examples
    --------
    >>> from geomadv.claims import Integers, claim, verify
    >>> @claim(source="A & B, Lemma 1", domain={"d": Integers(1, 10)}, twin=0.9)
    ... def root(d):
    ...     r"$\sqrt d$ is at most $d$."
    ...     return (d**0.5, d + 0.01)
    >>> print(latex(verify([root])).splitlines()[4][:54])
    $\sqrt d$ is at most $d$ & A \& B, Lemma 1 & exact & 3
    """
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{_COLUMNS}}}",
            r"\toprule",
            " & ".join(_HEAD) + r" \\",
            r"\midrule",
            *(row(result) for result in report.results),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def row(result: Result) -> str:
    """Return one claim's row of the table."""
    claim, outcome = result.claim, result.outcome
    worst = outcome.worst
    cells = (
        text(claim.title),
        text(short_source(claim.source)),
        claim.evidence.level,
        escaped(size(outcome)),
        "--" if worst is None else power(number(worst.slack, 2)),
        str(outcome.verdict).lower(),
        escaped(twin_word(result)),
    )
    return " & ".join(cells) + r" \\"


def text(words: str) -> str:
    r"""Return text for LaTeX, with what stands between dollars as it is.

    Examples
    --------
    >>> print(text("50% of $x_1$"), text("costs $5 & more"))
    50\% of $x_1$ costs \$5 \& more
    """
    words = " ".join(words.split())
    parts = re.split(r"(?<!\\)\$", words)
    formulas = parts[1::2]
    if len(parts) % 2 == 0 or not all(map(_is_formula, formulas)):
        return escaped(words)
    return "".join(_typeset(parts))


def escaped(words: str) -> str:
    r"""Return plain text for LaTeX.

    Examples
    --------
    >>> print(escaped("100% {a_b}"))
    100\% \{a\_b\}
    """
    return words.translate(_RESERVED)


def power(written: str) -> str:
    r"""Return a number as it was written, with a power of ten where it has one.

    Examples
    --------
    >>> print(power("2.5e-11"), power("-0.1"), power("nan"))
    $2.5 \cdot 10^{-11}$ $-0.1$ --
    """
    if written == "nan":
        return "--"
    mantissa, mark, exponent = written.partition("e")
    if mark:
        return rf"${mantissa} \cdot 10^{{{int(exponent)}}}$"
    if written.lstrip("-") == "inf":
        return "$" + written.replace("inf", r"\infty") + "$"
    return f"${written}$" if written.startswith("-") else written


def _typeset(parts: list[str]) -> Iterator[str]:
    for place, part in enumerate(parts):
        yield f"${part}$" if place % 2 else escaped(part.replace(r"\$", "$"))


def _is_formula(part: str) -> bool:
    """Whether braces pair, and nothing in it would end a cell, a row or a line."""
    depth = 0
    for token in re.findall(r"\\.|[{}&%#]|\\$", part, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0 or token in ("&", "%", "#", "\\\\", "\\"):
            return False
    return depth == 0 and bool(part.strip())
