"""The page of a run, filled into its template."""

import platform
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

import geomadv
from geomadv.claims import Claim, Expected, Outcome, Report, Result, Verdict
from geomadv.plotting._claim_curve import claim_curves, curve_count
from geomadv.report import _words
from geomadv.report._mathml import inline, paragraphs

_RELATIONS = {
    "lhs <= rhs": "left side ≤ right side",
    "lhs == rhs": "left side = right side",
    "rate": "a rate: the exponent of the curve",
    "limit": "a limit along the axis",
}


def html(report: Report) -> str:
    """Return the page of a run.

    Parameters
    ----------
    report : Report
        What `geomadv.claims.verify` returned.

    Returns
    -------
    str
        One HTML document that loads nothing: formulas are MathML, curves are SVG, the
        style sheet is inside. Two runs with one seed give the same page but for the
        elements of class ``seconds``.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("geomadv.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["paragraphs"] = lambda text: Markup(paragraphs(text))  # noqa: S704
    environment.filters["inline"] = lambda text: Markup(inline(text))  # noqa: S704
    environment.filters["number"] = lambda value: Markup(  # noqa: S704
        typeset(_words.number(value))
    )
    environment.filters["typeset"] = lambda text: Markup(typeset(text))  # noqa: S704
    return environment.get_template("report.html").render(_context(report))


def _context(report: Report) -> dict[str, Any]:
    from geomadv.report._svg import curve_svgs

    labels = [
        f"{result.claim.title}: both sides over {result.claim.axis}"
        for result in report.results
    ]
    svgs, glyphs = curve_svgs(report.results, labels)
    pairs = zip(report.results, svgs, strict=True)
    results = [_result(result, svg) for result, svg in pairs]
    total = len(results)
    random = sum(
        result.claim.evidence.level == "statistical" for result in report.results
    )
    return {
        "theories": _grouped(results),
        "results": results,
        "good": report.exit_code == 0,
        "exit_code": report.exit_code,
        "headline": _headline(report),
        "total": total,
        "random": random,
        "counts": _counts(report.results),
        "run": report,
        "draws": sum(r.outcome.samples + r.twin.samples for r in report.results),
        "glyphs": glyphs,
        "version": geomadv.__version__,
        "versions": f"geomadv {geomadv.__version__}, NumPy {np.__version__}, "
        f"Python {platform.python_version()}",
    }


def _headline(report: Report) -> str:
    total = len(report.results)
    against = sum(result.contradicted for result in report.results)
    unsettled = sum(not result.as_expected for result in report.results)
    claims = "claim" if total == 1 else "claims"
    return {
        0: f"{total} {claims}, all as expected",
        1: f"{against} of {total} {claims} came out against what is expected",
        2: f"{unsettled} of {total} {claims} not settled",
    }[report.exit_code]


def _counts(results: Sequence[Result]) -> list[tuple[str, int]]:
    kinds = [_words.kind(result) for result in results]
    named = {
        "hold": "hold",
        "wrong as printed": "are wrong as printed, as expected",
        "contradicted": "came out against what is expected",
        "inconclusive": "stayed inconclusive",
    }
    counts = [
        (text, kinds.count(kind)) for kind, text in named.items() if kind in kinds
    ]
    unproven = sum(not result.power_shown for result in results)
    if unproven:
        counts.append(("have a twin that did not come out as it must", unproven))
    return counts


def _grouped(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group the results by theory and, within it, by paper."""
    theories = []
    for theory, members in groupby(results, key=lambda r: r["claim"].theory):
        papers = []
        for paper, group in groupby(members, key=lambda r: r["claim"].paper):
            claims = list(group)
            papers.append(
                {
                    "name": paper,
                    "source": _words.work([r["claim"] for r in claims]),
                    "results": claims,
                }
            )
        theories.append({"name": theory, "papers": papers})
    return theories


def _result(result: Result, svg: str | None) -> dict[str, Any]:
    claim = result.claim
    erratum = claim.expected is Expected.VIOLATED
    inconclusive = result.outcome.verdict is Verdict.INCONCLUSIVE
    tone = "bad" if result.contradicted else "open" if inconclusive else "good"
    return {
        "claim": claim,
        "anchor": claim.id.replace(".", "-"),
        "result": result,
        "tone": tone,
        "mark": {"good": "✓", "bad": "✗", "open": "?"}[tone],
        "verdict": str(result.outcome.verdict),
        "erratum": erratum,
        "relation": _RELATIONS[claim.relation],
        "twin_statement": _words.twin_statement(claim),
        "twin_word": _words.twin_word(result),
        "twin_name": "Corrected form" if erratum else "Twin",
        "short_source": _words.short_source(claim.source),
        "size": _words.size(result.outcome),
        "slack": typeset(_words.worst_slack(result.outcome)),
        "scope": typeset(_with_symbols(result.outcome.scope, claim)),
        "worst": _worst(claim, result.outcome),
        "effort": _effort(result.outcome),
        "twin_effort": _effort(result.twin),
        "twin_worst": _worst(claim, result.twin),
        "complaints": _words.complaints(result),
        "svg": svg,
        "caption": _caption(result),
        "seconds": f"{result.seconds + result.twin_seconds:.2f}",
    }


def _worst(claim: Claim, outcome: Outcome) -> str:
    """Return the worst point as a sentence of HTML; empty where there is none."""
    point = outcome.worst
    if point is None:
        return ""
    values = {name: _plain(value) for name, value in point.parameters.items()}
    where = _words.parameters(values, lambda name: _symbol(claim, name))
    text = (
        f"left side {_words.number(point.lhs, 8)}, "
        f"right side {_words.number(point.rhs, 8)}, slack {_words.number(point.slack)}"
    )
    if point.interval is not None:
        low, high = point.interval.lower, point.interval.upper
        ends = f"[{_words.number(low, 6)}, {_words.number(high, 6)}]"
        text += f"; the random side lies in {ends}"
    return typeset(f"{where}: {text}." if where else f"{text}.")


def _plain(value: Any) -> Any:
    """Keep dollar signs in words from starting a formula."""
    return value.replace("$", r"\$") if isinstance(value, str) else value


def _symbol(claim: Claim, name: str) -> str:
    symbol = getattr(claim.domain.get(name), "symbol", "")
    return f"${symbol}$" if symbol else name


def _with_symbols(scope: str, claim: Claim) -> str:
    """Write the symbol of each parameter in place of its name."""
    parts = str(_plain(scope)).split("; ")
    for place, part in enumerate(parts):
        for name in claim.domain:
            changed = re.sub(
                rf"(?<!\w){re.escape(name)}(?= (at|in|>=?) )",
                lambda _, name=name: _symbol(claim, name),  # type: ignore[misc]
                part,
                count=1,
            )
            if changed != part:
                parts[place] = changed.replace(" >= ", " ≥ ")
                break
    return "; ".join(parts)


def typeset(text: str) -> str:
    """Return text as HTML, with powers of ten and minus signs as in print.

    Examples
    --------
    >>> typeset("slack -2.5e-6 at 1e9")
    'slack −2.5 × 10<sup>−6</sup> at 10<sup>9</sup>'
    """

    def power(match: re.Match[str]) -> str:
        mantissa = "" if match[1] == "1" else f"{match[1]} × "
        return f"{mantissa}10<sup>{int(match[2])}</sup>"

    found = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)e([-+]?\d+)\b", power, inline(text))
    return re.sub(r"(?<![\w\d.)])-(?=\d)", "−", found)


def _effort(outcome: Outcome) -> str:
    singular = {"points": "point", "boxes": "box"}
    unit = (
        singular.get(outcome.unit, outcome.unit) if outcome.count == 1 else outcome.unit
    )
    effort = f"{outcome.count:,} {unit}"
    return f"{effort}, {outcome.samples:,} random draws" if outcome.samples else effort


def _caption(result: Result) -> str:
    claim = result.claim
    dashed = {
        "rate": "the stated slope through the last point, dashed",
        "limit": "the limit, dashed",
    }.get(claim.relation, "the right side, dashed")
    bars = "; bars: where the random side lies" if result.outcome.samples else ""
    symbol = getattr(claim.domain.get(claim.axis or ""), "symbol", "")
    axis = f"${symbol}$" if symbol else claim.axis
    ring = "" if claim.relation == "rate" else "; the ring marks the worst point"
    drawn, all_curves = len(claim_curves(result)), curve_count(result)
    few = (
        f" {drawn} of {all_curves} combinations are drawn."
        if drawn < all_curves
        else ""
    )
    return f"The left side, with dots, and {dashed}, over {axis}{bars}{ring}.{few}"
