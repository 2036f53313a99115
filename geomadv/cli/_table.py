"""The table of results: full where there is room, grouped by paper elsewhere."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geomadv.claims import Report, Result, Verdict
from geomadv.cli._console import marks
from geomadv.report._words import (
    authors,
    complaints,
    short_source,
    size,
    summary,
    twin_word,
    worst_slack,
)

_STYLES = {True: "green", False: "bold red", None: "yellow"}


def print_report(out: Console, report: Report) -> None:
    """Print the table, what did not come out as expected, and the summary."""
    for part in _tables(out, report.results):
        out.print(part)
    if any(
        r.claim.source.locator and not r.claim.source.checked for r in report.results
    ):
        out.print("* numbering unverified", style="dim")
    for result in report.results:
        lines = complaints(result)
        if lines:
            out.print()
            out.print(Text(result.claim.id, style="bold red"))
            for line in lines:
                out.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
    out.print()
    style = {0: "bold green", 1: "bold red", 2: "bold yellow"}[report.exit_code]
    out.print(Text(summary(report), style=style))


def verdict_text(out: Console, result: Result) -> Text:
    """Return the verdict behind a mark that says whether it was expected."""
    verdict = result.outcome.verdict
    good = None if verdict is Verdict.INCONCLUSIVE else not result.contradicted
    signs = marks(out)
    mark = {True: signs.good, False: signs.bad, None: signs.open}[good]
    return Text(f"{mark} {verdict}", style=_STYLES[good])


def twin_text(result: Result) -> Text:
    """Return what became of the twin."""
    return Text(twin_word(result), style="green" if result.power_shown else "bold red")


def _tables(out: Console, results: Sequence[Result]) -> Iterator[Table]:
    full = _table(out, results, full=True)
    if Measurement.get(out, out.options, full).maximum < out.width:
        yield full
    else:
        yield _table(out, results, full=False)


def _table(out: Console, results: Sequence[Result], *, full: bool) -> Table:
    """Lay the results out; where not `full`, theory and source head their rows."""
    roomy = full or out.width >= 100
    table = Table(
        box=None,
        padding=(0, 2 if roomy else 1, 0, 0),
        pad_edge=False,
        header_style="dim",
    )
    if full:
        table.add_column("theory", no_wrap=True)
    table.add_column("claim", overflow="fold", min_width=16)
    if full:
        table.add_column("source", no_wrap=True)
    table.add_column("evidence" if roomy else "ev.", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("worst slack" if full else "slack", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("twin", no_wrap=roomy)
    table.add_column("s" if not full else "seconds", justify="right", no_wrap=True)
    for heading, group in groupby(results, key=_heading):
        if not full:
            table.add_row(*[""] * 7) if table.row_count else None
            table.add_row(Text(heading, style="bold"))
        for result in group:
            claim = result.claim
            level = claim.evidence.level
            seconds = f"{result.seconds + result.twin_seconds:.{2 if full else 1}f}"
            cells: list[str | Text] = [
                *([claim.theory] if full else []),
                claim.id,
                *([short_source(claim.source)] if full else []),
                level if roomy else level[:5],
                size(result.outcome),
                worst_slack(result.outcome),
                verdict_text(out, result),
                twin_text(result),
                seconds,
            ]
            table.add_row(*cells)
    return table


def _heading(result: Result) -> str:
    source = result.claim.source
    arxiv = f", arXiv:{source.arxiv}" if source.arxiv else ""
    return f"{result.claim.theory}: {authors(source)} {source.year}{arxiv}"
