"""``geomadv errata``: what is wrong as printed, each with its correction."""

from typing import TYPE_CHECKING

from geomadv.cli._exits import refuse
from geomadv.cli._options import Budget, ErrorRate, Json, Seed, Selectors
from geomadv.cli._outputs import check_outputs, write_json
from geomadv.cli._verify import find_claims, run

if TYPE_CHECKING:
    from rich.console import Console

    from geomadv.claims import Result


def errata(
    selectors: Selectors = None,
    error_rate: ErrorRate = 1e-6,
    budget: Budget = 2**22,
    seed: Seed = 0,
    json: Json = None,
) -> int:
    """Refute the statements that are wrong as printed, verify their corrected forms."""
    check_outputs(json=json)
    selected = tuple(c for c in find_claims(selectors) if c.expected == "VIOLATED")
    if not selected:
        refuse(
            "CLAIM|PAPER|THEORY", "none of these claims is known to be wrong in print"
        )
    found = run(selected, error_rate=error_rate, budget=budget, seed=seed)
    if json is not None:
        write_json(json, found.as_json())
    from rich.text import Text

    from geomadv.cli._console import console
    from geomadv.report._words import summary

    out = console()
    for result in found.results:
        _print(out, result)
    style = {0: "bold green", 1: "bold red", 2: "bold yellow"}[found.exit_code]
    out.print(Text(summary(found), style=style))
    return found.exit_code


def _print(out: "Console", result: "Result") -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from geomadv.cli._console import hanging
    from geomadv.cli._table import verdict_text
    from geomadv.report._words import (
        complaints,
        point_sentence,
        size,
        twin_statement,
        twin_word,
    )

    claim, worst = result.claim, result.outcome.worst
    out.print(hanging(out, Text.assemble((claim.id, "bold"), f"  {claim.title}")))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    table.add_row("source", Text(str(claim.source)))
    table.add_row("as printed", Text(" ".join(claim.statement.split())))
    table.add_row("verdict", verdict_text(out, result))
    if worst is not None:
        table.add_row("counterexample", Text(point_sentence(claim.relation, worst)))
    table.add_row("corrected", Text(" ".join(twin_statement(claim).split())))
    table.add_row(
        "", Text(f"{twin_word(result)} ({size(result.twin)}: {result.twin.scope})")
    )
    if claim.note:
        table.add_row("note", Text(" ".join(claim.note.split())))
    for line in complaints(result):
        table.add_row("", Text(line, style="bold red"))
    out.print(Padding(table, (0, 0, 1, 2), expand=False))
