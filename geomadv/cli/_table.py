"""The table of results: full where there is room, grouped by paper elsewhere."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geomadv.claims import Report, Result, Verdict
from geomadv.cli._console import marks
from geomadv.report._words import (
    cited,
    complaints,
    place,
    short_source,
    size,
    summary,
    twin_word,
    worst_slack,
)

_FULL = (
    *("theory", "claim", "source", "evidence", "points", "worst slack"),
    *("verdict", "twin", "seconds"),
)
_GROUPED = ("claim", "evidence", "points", "slack", "verdict", "twin", "s")
_PLACED = ("claim", "where", *_GROUPED[1:])
_SHORT_LEVELS = {"enclosure": "encl.", "exact": "exact", "statistical": "stat."}
_STYLES = {True: "green", False: "bold red", None: "yellow"}


def print_report(out: Console, report: Report) -> None:
    """Print the table, what did not come out as expected, and the summary."""
    parts = list(_tables(out, report.results))
    for part in parts:
        out.print(part)
    places = {place(result.claim.source)[-1:] for result in report.results}
    shown = {c.header for p in parts if isinstance(p, Table) for c in p.columns}
    if "*" in places and shown & {"source", "where"}:
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


def _tables(out: Console, results: Sequence[Result]) -> Iterator[Table | Text]:
    """Lay the results out: one table, or one for each source under its name."""
    rows = [_cells(out, result) for result in results]
    if _width(rows, _FULL, 2) <= out.width:
        yield _table(rows, _FULL, _widths(rows, _FULL), 2)
        return
    roomy = out.width >= 100
    gap = 2 if roomy else 1
    names = _PLACED if _width(rows, _PLACED, gap) <= out.width else _GROUPED
    if not roomy:
        for row in rows:
            row["evidence"] = Text(_SHORT_LEVELS[row["evidence"].plain])
    widths = _widths(rows, names)
    spare = out.width - _width(rows, names, gap)
    claim = names.index("claim")
    widths[claim] = max(12, min(widths[claim], widths[claim] + spare))
    for row in rows:
        row["claim"] = Text(_broken(row["claim"].plain, widths[claim]))
    header = True
    for heading, group in groupby(zip(results, rows, strict=True), key=_heading):
        yield Text(f"{heading}" if header else f"\n{heading}", style="bold")
        yield _table([row for _, row in group], names, widths, gap, header=header)
        header = False


def _cells(out: Console, result: Result) -> dict[str, Text]:
    claim = result.claim
    seconds = result.seconds + result.twin_seconds
    return {
        "theory": Text(claim.theory),
        "claim": Text(claim.id),
        "source": Text(short_source(claim.source)),
        "where": Text(place(claim.source)),
        "evidence": Text(claim.evidence.level),
        "points": Text(size(result.outcome)),
        "worst slack": Text(worst_slack(result.outcome)),
        "slack": Text(worst_slack(result.outcome)),
        "verdict": verdict_text(out, result),
        "twin": twin_text(result),
        "seconds": Text(f"{seconds:.2f}"),
        "s": Text(f"{seconds:.1f}"),
    }


def _broken(name: str, width: int) -> str:
    """Return an id in lines of a width, broken after its dot and its hyphens."""
    lines = [""]
    for part in re.split(r"(?<=[.-])", name):
        if lines[-1].strip() and len(lines[-1]) + len(part) > width:
            lines.append("  ")
        lines[-1] += part
    return "\n".join(lines)


def _widths(rows: Sequence[dict[str, Text]], names: Sequence[str]) -> list[int]:
    return [max(len(name), *(row[name].cell_len for row in rows)) for name in names]


def _width(rows: Sequence[dict[str, Text]], names: Sequence[str], gap: int) -> int:
    return sum(_widths(rows, names)) + gap * (len(names) - 1)


def _table(
    rows: Sequence[dict[str, Text]],
    names: Sequence[str],
    widths: Sequence[int],
    gap: int,
    *,
    header: bool = True,
) -> Table:
    table = Table(
        box=None,
        padding=(0, gap, 0, 0),
        pad_edge=False,
        header_style="dim",
        show_header=header,
    )
    for name, width in zip(names, widths, strict=True):
        right = name in ("points", "slack", "worst slack", "s", "seconds")
        table.add_column(
            name,
            width=width,
            justify="right" if right else "left",
            no_wrap=name != "claim",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(row[name] for name in names))
    return table


def _heading(pair: tuple[Result, dict[str, Text]]) -> str:
    source = pair[0].claim.source
    arxiv = f", arXiv:{source.arxiv}" if source.arxiv else ""
    return f"{pair[0].claim.theory}: {cited(source)}{arxiv}"
