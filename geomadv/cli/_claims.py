"""``geomadv claims``: what can be verified."""

import dataclasses
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import Json, Selectors
from geomadv.cli._outputs import check_outputs, write_json, write_text
from geomadv.cli._verify import find_claims

if TYPE_CHECKING:
    from rich.console import Console

    from geomadv.claims import Claim


def claims(
    selectors: Selectors = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show statements, domains and twins too.")
    ] = False,
    json: Json = None,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.py", help="Write three claims of one's own to begin with."
        ),
    ] = None,
) -> int:
    """List the claims with their sources."""
    check_outputs(json=json, template=template)
    if template is not None:
        return _begin(template)
    selected = find_claims(selectors)
    if json is not None:
        write_json(json, {"claims": [_record(claim) for claim in selected]})
    from geomadv.cli._console import console

    _print(console(), selected, full=full)
    return 0


def _begin(path: Path) -> int:
    """Write a file of claims of one's own."""
    from importlib.resources import files

    from geomadv.cli._console import console

    if path.suffix != ".py" or not path.stem.isidentifier():
        refuse("--template", f"must be named like a module, NAME.py, got {path.name!r}")
    if path.exists():
        refuse("--template", f"{path} is there already")
    source = files("geomadv.claims") / "template.txt"
    write_text(path, source.read_text(encoding="utf-8"))
    console().print(f"wrote {path}: three claims; `geomadv verify {path}` decides them")
    return 0


def _print(out: "Console", selected: "tuple[Claim, ...]", *, full: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from geomadv.cli._console import hanging
    from geomadv.report._words import work

    for (theory, paper), group in groupby(selected, key=lambda c: (c.theory, c.paper)):
        members = list(group)
        source = work(members)
        arxiv = f", arXiv:{source.arxiv}" if source.arxiv else ""
        out.print(Text(f"{theory}: {paper}", style="bold"))
        year = "" if source.year is None else f" {source.year}"
        title = "" if source.title == source.authors else f", {source.title}"
        where = f"{source.authors}{year}{title}{arxiv}"
        out.print(Padding(Text(where, style="dim"), (0, 0, 0, 2), expand=False))
        for claim in members:
            line = Text.assemble((claim.id, "cyan"), f"  {claim.title}")
            if claim.expected == "VIOLATED":
                line.append("  [wrong as printed]", style="yellow")
            out.print(hanging(out, line, 2))
            for text in _details(claim) if full else ():
                out.print(Padding(Text(text), (0, 0, 0, 6), expand=False))
        out.print()
    papers = len({claim.paper for claim in selected})
    out.print(
        f"{len(selected)} claim{'s' if len(selected) != 1 else ''} of {papers} "
        f"paper{'s' if papers != 1 else ''}; `geomadv verify ID` verifies one"
    )


def _details(claim: "Claim") -> list[str]:
    from geomadv.report._words import twin_statement

    domain = "; ".join(_range(name, p) for name, p in claim.domain.items())
    twin = "corrected" if claim.expected == "VIOLATED" else "twin"
    return [
        str(claim.source),
        " ".join(claim.statement.split()),
        f"{claim.relation}, {claim.evidence.level}: {domain}",
        f"{twin}: {' '.join(twin_statement(claim).split())}",
        _proof(claim),
        *([f"note: {' '.join(claim.note.split())}"] if claim.note else []),
    ]


def _proof(claim: "Claim") -> str:
    from geomadv.claims._enclosure import Enclosure, scope_of

    if not isinstance(claim.evidence, Enclosure):
        return f"not proved on boxes: {claim.unproved}"
    if claim.expected == "VIOLATED":
        return "refuted by ball arithmetic"
    return f"proved on boxes: {scope_of(claim.domain, claim.evidence.beyond)}"


def _range(name: str, parameter: Any) -> str:
    if hasattr(parameter, "lower"):
        return f"{name} in [{parameter.lower:g}, {parameter.upper:g}]"
    return f"{name} in {{{', '.join(map(str, parameter.typical))}}}"


def _record(claim: "Claim") -> dict[str, Any]:
    return {
        "id": claim.id,
        "theory": claim.theory,
        "paper": claim.paper,
        "title": claim.title,
        "source": dataclasses.asdict(claim.source),
        "statement": claim.statement,
        "relation": claim.relation,
        "evidence": claim.evidence.level,
        "unproved": claim.unproved,
        "expected": str(claim.expected),
        "twin": claim.twin.statement,
        "axis": claim.axis,
        "domain": {
            name: {"kind": type(p).__name__.lower(), **_plain(dataclasses.asdict(p))}
            for name, p in claim.domain.items()
        },
        "note": claim.note,
    }


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Make typical values such that JSON can hold them; p may be infinite."""
    typical = [
        v
        if isinstance(v, str | int) or (isinstance(v, float) and isfinite(v))
        else str(v)
        for v in fields["typical"]
    ]
    return {**fields, "typical": typical}
