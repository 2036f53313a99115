"""The table of ``geomadv bench``, and what is said below it."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geomadv.bench import CaseResult, PeerResult, Report, Spread

# Below this share of the processors the machine was not this run's alone.
_BUSY = 0.75
_ABOVE = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def print_bench(out: Console, report: Report) -> None:
    """Print the machine, the table, what could not be timed and the verdict."""
    s, machine = report.settings, report.machine
    place = machine["gpu"] or f"{machine['processor']}, threads {s.threads}"
    out.print(Text(f"{place}; n = {s.n}, m = {s.m}, d = {s.d}", style="bold"))
    runs = f"Medians of {s.runs} interleaved runs, with half their quartile range."
    out.print(Text(runs if s.runs > 1 else "One run.", style="dim"))
    out.print()
    libraries = list(
        dict.fromkeys(
            peer.library
            for case in report.cases
            for peer in case.peers
            if peer.status != "absent"
        )
    )
    cells = [_cells(case, libraries, s.runs) for case in report.cases]
    names = _columns(out, cells, libraries)
    if names:
        out.print(_table(names, cells))
    else:
        for row in cells:
            _stack(out, row, libraries)
    for line in _notes(report):
        out.print(line)
    out.print()
    out.print(_verdict(report))


def _verdict(report: Report) -> Text:
    if not report.agreed:
        wrong = [case.name for case in report.cases if not case.agreed]
        return Text(f"Wrong or different: {', '.join(wrong)}", style="bold red")
    alone = [case.name for case in report.cases if not case.compared]
    if alone:
        found = "The others agree" if len(alone) < len(report.cases) else "Nothing is"
        text = f"Not compared: {', '.join(alone)}. {found}"
        return Text(text + " known" * (found == "Nothing is"), style="bold yellow")
    return Text("All results agree", style="bold green")


def _columns(
    out: Console, rows: Sequence[dict[str, Text]], libraries: Sequence[str]
) -> list[str]:
    """Return the columns that fit, the rates first to go; none if the rest do not."""
    names = ["case", "seconds", "a second", "/ bound", *libraries]
    widths = {
        name: max([len(name), *(row[name].cell_len for row in rows)]) for name in names
    }
    for _ in range(2):
        if sum(widths[name] + 2 for name in names) - 2 <= out.width:
            return names
        names = [name for name in names if name != "a second"]
    return []


def _table(names: Sequence[str], rows: Sequence[dict[str, Text]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        justify: Any = "left" if name == "case" else "right"
        table.add_column(name, justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(row[name] for name in names))
    return table


def _stack(out: Console, row: dict[str, Text], libraries: Sequence[str]) -> None:
    """Print a case below its name, in lines that a narrow terminal can break."""
    out.print(row["case"])
    seconds = row["seconds"]
    own = [seconds if seconds.plain == "FAILED" else seconds + Text(" s")]
    if row["/ bound"]:
        own.append(row["/ bound"] + Text(" / bound"))
    if row["a second"]:
        own.append(row["a second"] + Text(" a second"))
    others = [Text(f"{name} ") + row[name] for name in libraries if row[name]]
    for line in (own, others):
        if line:
            out.print(Padding(Text(", ").join(line), (0, 0, 0, 2)))


def _cells(case: CaseResult, libraries: Sequence[str], runs: int) -> dict[str, Text]:
    peers = {peer.library: peer for peer in case.peers}
    cells = {"case": Text(case.name)}
    if case.seconds is None:
        cells["seconds"] = Text("FAILED", style="bold red")
    else:
        cells["seconds"] = Text(_spread(case.seconds, runs))
    if case.rate is not None:
        cells["a second"] = Text(f"{_rate(case.rate)} {case.unit}")
    if case.bound is not None:
        cells["/ bound"] = Text(_spread(case.bound.ratio, runs))
    for library in libraries:
        cells[library] = _peer(peers.get(library), runs)
    return {name: Text() for name in ("a second", "/ bound")} | cells


def _peer(peer: PeerResult | None, runs: int) -> Text:
    """Return how many times longer a peer takes, or what became of it."""
    if peer is None or peer.status == "absent":
        return Text()
    if peer.ratio is None:
        differs = peer.status == "differs"
        word = "DIFFERS" if differs else "failed"
        return Text(word, style="bold red" if differs else "yellow")
    mark = "*" * peer.serial + "†" * (peer.ratio.rounds < runs)
    style = "green" if peer.ratio.median >= 1 else ""
    return Text(_spread(peer.ratio, runs, mark), style=style)


def _spread(value: Spread, runs: int, mark: str = "") -> str:
    """Return a median and half the distance of the quartiles, in percent of it."""
    text = f"{_short(value.median)}{mark}"
    if runs == 1:
        return text
    half = 0.5 * (value.upper_quartile - value.lower_quartile)
    percent = f"{100 * half / value.median:.0f}"
    return f"{text} ±{percent:>2}%"


def _notes(report: Report) -> Iterator[Text]:
    peers = [(case, peer) for case in report.cases for peer in case.peers]
    yield Text()
    yield Text("Libraries: their seconds over geomadv's of the same round", style="dim")
    if any(peer.serial and peer.ratio for _, peer in peers):
        yield Text("* runs on one thread: the ratio is for each thread", style="dim")
    if any(p.ratio and p.ratio.rounds < report.settings.runs for _, p in peers):
        limit = _short(report.settings.limit)
        text = f"† in fewer rounds: a peer has {limit} seconds in a case (--limit)"
        yield Text(text, style="dim")
    absent = dict.fromkeys(p.library for _, p in peers if p.status == "absent")
    if absent:
        yield Text(f"not installed: {', '.join(absent)}", style="dim")
    rates = {
        name: f"{_rate(rate)}{case.bound.units[name]}/s"
        for case in report.cases
        if case.bound
        for name, rate in case.bound.rates.items()
    }
    if rates:
        text = ", ".join(f"{name} {rate}" for name, rate in rates.items())
        yield Text(f"measured here: {text}", style="dim")
    threads = report.settings.threads
    had = [
        case.bound.processors
        for case in report.cases
        if case.bound and case.bound.processors is not None
    ]
    if had and min(had) < _BUSY * threads:
        text = f"the probes had {min(had):.1f} of {threads} processors at times"
        yield Text(f"{text}: other processes used them", style="yellow")
    for kernel, size in report.memory.items():
        yield Text(f"peak extra memory at a million points: {kernel} {size:.0f} MiB")
    for case in report.cases:
        if case.failure:
            yield Text(f"{case.name}: {case.failure}", style="bold red")
        if case.bound_note:
            yield Text(f"{case.name}: no bound: {case.bound_note}", style="yellow")
        for peer in case.peers:
            if peer.note:
                style = "bold red" if peer.status == "differs" else "yellow"
                line = f"{case.name}: {peer.library} {peer.status}: {peer.note}"
                yield Text(line, style=style)


def _short(value: float) -> str:
    """Return three digits, without an exponent where it can be read."""
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.01 else f"{value:.2g}"


def _rate(value: float) -> str:
    for size, letter in _ABOVE:
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}"
