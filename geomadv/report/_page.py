"""The page of a run, filled into its template."""

import platform
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

import geomadv
from geomadv.claims import Expected, Outcome, Report, Result, Verdict
from geomadv.report import _words
from geomadv.report._mathml import inline, paragraphs

_RELATIONS = {
    "lhs <= rhs": r"$\mathrm{lhs} \le \mathrm{rhs}$",
    "lhs == rhs": r"$\mathrm{lhs} = \mathrm{rhs}$",
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
    environment.filters["svg"] = Markup  # made by matplotlib, labels escaped
    environment.filters["number"] = _words.number
    return environment.get_template("report.html").render(_context(report))


def _context(report: Report) -> dict[str, Any]:
    from geomadv.report._svg import CurveDrawer

    drawer = CurveDrawer()
    results = [_result(result, drawer) for result in report.results]
    total = len(results)
    random = sum(result.claim.evidence.level == "statistical" for result in report.results)
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
        "versions": {
            "geomadv": geomadv.__version__,
            "NumPy": np.__version__,
            "Python": platform.python_version(),
        },
    }


def _headline(report: Report) -> str:
    total = len(report.results)
    good = sum(result.as_expected for result in report.results)
    claims = "claim" if total == 1 else "claims"
    return {
        0: f"{total} {claims}, all as expected",
        1: f"{total - good} of {total} {claims} came out against what is expected",
        2: f"{total - good} of {total} {claims} stayed undecided",
    }[report.exit_code]


def _counts(results: Sequence[Result]) -> list[tuple[str, int]]:
    kinds = [_words.kind(result) for result in results]
    named = {
        "hold": "hold",
        "wrong as printed": "are wrong as printed, as expected",
        "contradicted": "came out against what is expected",
        "inconclusive": "stayed inconclusive",
    }
    counts = [(text, kinds.count(kind)) for kind, text in named.items() if kind in kinds]
    unproven = sum(not result.power_shown for result in results)
    return [*counts, ("have a twin that was not refuted", unproven)][: len(counts) + 1]


def _grouped(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group the results by theory and, within it, by paper."""
    theories = []
    for theory, members in groupby(results, key=lambda r: r["claim"].theory):
        papers = []
        for paper, group in groupby(members, key=lambda r: r["claim"].paper):
            claims = list(group)
            papers.append(
                {"name": paper, "source": claims[0]["claim"].source, "results": claims}
            )
        theories.append({"name": theory, "papers": papers})
    return theories


def _result(result: Result, drawer: Any) -> dict[str, Any]:
    claim = result.claim
    erratum = claim.expected is Expected.VIOLATED
    inconclusive = result.outcome.verdict is Verdict.INCONCLUSIVE
    tone = "bad" if result.contradicted else "open" if inconclusive else "good"
    label = f"{claim.title}: both sides over {claim.axis}"
    return {
        "claim": claim,
        "anchor": claim.id.replace(".", "-"),
        "result": result,
        "tone": tone,
        "mark": {"good": "✓", "bad": "✗", "open": "?"}[tone],
        "verdict": str(result.outcome.verdict),
        "erratum": erratum,
        "relation": _RELATIONS[claim.relation],
        "twin_word": _words.twin_word(result),
        "twin_name": "Corrected form" if erratum else "Twin",
        "short_source": _words.short_source(claim.source),
        "size": _words.size(result.outcome),
        "slack": _words.worst_slack(result.outcome),
        "worst": _worst(result.outcome),
        "effort": _effort(result.outcome),
        "twin_effort": _effort(result.twin),
        "twin_worst": _worst(result.twin),
        "complaints": _words.complaints(result),
        "svg": drawer.svg(result, label),
        "caption": _caption(result),
        "seconds": f"{result.seconds + result.twin_seconds:.2f}",
    }


def _worst(outcome: Outcome) -> dict[str, str] | None:
    worst = outcome.worst
    if worst is None:
        return None
    interval = worst.interval
    return {
        "parameters": _words.parameters(worst.parameters),
        "lhs": _words.number(worst.lhs, 8),
        "rhs": _words.number(worst.rhs, 8),
        "slack": _words.number(worst.slack),
        "interval": ""
        if interval is None
        else f"[{_words.number(interval.lower, 6)}, {_words.number(interval.upper, 6)}]",
    }


def _effort(outcome: Outcome) -> str:
    unit = outcome.unit if outcome.count != 1 else outcome.unit.rstrip("es")
    unit = {"box": "box", "boxes": "boxes", "point": "point"}.get(unit, outcome.unit)
    effort = f"{outcome.count} {unit}"
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
    return f"The left side, with dots, and {dashed}, over {axis}{bars}{ring}."
