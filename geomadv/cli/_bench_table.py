"""The table of ``geomadv bench``, and what is said below it."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from geomadv.bench import CaseResult, PeerResult, Report

_ABOVE = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def print_bench(out: Console, report: Report) -> None:
    """Print the machine, the table, what could not be timed and the verdict."""
    s, machine = report.settings, report.machine
    place = machine["gpu"] or f"{machine['processor']}, threads {s.threads}"
    out.print(Text(f"{place}; n = {s.n}, m = {s.m}, d = {s.d}", style="bold"))
    out.print(Text(f"Medians of {s.runs} interleaved runs.", style="dim"))
    out.print()
    out.print(_table(out, report.cases))
    for line in _notes(report):
        out.print(line)
    out.print()
    if report.agreed:
        out.print(Text("All results agree", style="bold green"))
    else:
        wrong = [case.name for case in report.cases if not case.agreed]
        out.print(Text(f"Wrong or different: {', '.join(wrong)}", style="bold red"))


def _table(out: Console, cases: Sequence[CaseResult]) -> Table:
    """Lay the results out; a narrow terminal does without the rates and the spread."""
    libraries = list(
        dict.fromkeys(
            peer.library
            for case in cases
            for peer in case.peers
            if peer.status != "absent"
        )
    )
    names = ["case", "seconds", "spread", "a second", "/ bound", *libraries]
    rows = [_cells(case, libraries) for case in cases]
    widths = {
        name: max([len(name), *(row[name].cell_len for row in rows)]) for name in names
    }
    for dropped in ("a second", "spread"):
        if sum(widths[name] + 2 for name in names) - 2 > out.width:
            names.remove(dropped)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(name, justify="left" if name == "case" else "right")
    for row in rows:
        table.add_row(*(row[name] for name in names))
    return table


def _cells(case: CaseResult, libraries: Sequence[str]) -> dict[str, Text]:
    peers = {peer.library: peer for peer in case.peers}
    cells = {"case": Text(case.name)}
    if case.seconds is None:
        cells["seconds"] = Text("FAILED", style="bold red")
    else:
        cells["seconds"] = Text(_short(case.seconds.median))
        half = 0.5 * (case.seconds.upper_quartile - case.seconds.lower_quartile)
        cells["spread"] = Text(f"±{100 * half / case.seconds.median:.0f} %")
    if case.rate is not None:
        cells["a second"] = Text(f"{_rate(case.rate)} {case.unit}")
    if case.bound is not None:
        cells["/ bound"] = Text(f"{case.bound.ratio.median:.2f}")
    for library in libraries:
        cells[library] = _peer(peers.get(library))
    names = ("spread", "a second", "/ bound")
    return {name: Text() for name in names} | cells


def _peer(peer: PeerResult | None) -> Text:
    """Return how many times longer a peer takes, or what became of it."""
    if peer is None or peer.status == "absent":
        return Text()
    if peer.ratio is None:
        differs = peer.status == "differs"
        word = "DIFFERS" if differs else "failed"
        return Text(word, style="bold red" if differs else "yellow")
    mark = "*" if peer.serial else " "
    style = "green" if peer.ratio.median >= 1 else ""
    return Text(f"{_short(peer.ratio.median)}{mark}", style=style)


def _notes(report: Report) -> Iterator[Text]:
    peers = [(case, peer) for case in report.cases for peer in case.peers]
    yield Text()
    yield Text("Libraries: their seconds over geomadv's of the same round", style="dim")
    if any(peer.serial and peer.ratio for _, peer in peers):
        yield Text("* runs on one thread: the ratio is for each thread", style="dim")
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
