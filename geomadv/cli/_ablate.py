"""``geomadv verify --ablate``: where each theorem stops."""

from typing import TYPE_CHECKING, Any

from geomadv.cli._exits import refuse

if TYPE_CHECKING:
    from pathlib import Path

    from geomadv.claims import Ablated, Claim, Hypothesis


def run_ablation(
    claims: "tuple[Claim, ...]",
    *,
    error_rate: float,
    budget: int,
    seed: int,
    json: "Path | None",
) -> int:
    """Break the hypotheses of claims, print what happens, and return the exit code."""
    from geomadv.claims import ablate
    from geomadv.cli._outputs import write_json

    results = ablate(claims, error_rate=error_rate, seed=seed, budget=budget)
    if not results:
        refuse("--ablate", "none of these claims has a hypothesis that is broken")
    kept = [(c, one) for c in claims for one in c.hypotheses if one.evidence is None]
    code = 0 if all(result.needed for result in results) else 2
    if json is not None:
        document = {
            "error_rate": error_rate,
            "seed": seed,
            "exit_code": code,
            "ablations": [result.as_json() for result in results],
            "not_broken": [
                {"id": claim.id, "hypothesis": one.statement, "why": one.why}
                for claim, one in kept
            ],
        }
        write_json(json, document)
    _print(results, kept, code)
    return code


def _print(
    results: "tuple[Ablated, ...]", kept: "list[tuple[Claim, Hypothesis]]", code: int
) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from geomadv.cli._console import console, hanging

    out = console()
    last = ""
    for result in results:
        claim = result.claim
        if claim.id != last:
            title = Text.assemble((claim.id, "bold"), f"  {claim.title}")
            out.print(hanging(out, title))
        last = claim.id
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        table.add_row("if", Text(result.hypothesis.statement))
        table.add_row("broken", Text(result.hypothesis.broken))
        style = "green" if result.needed else "bold yellow"
        table.add_row("then", Text(_sentence(result), style=style))
        out.print(Padding(table, (0, 0, 1, 2), expand=False))
    needed = sum(result.needed for result in results)
    style = "bold green" if code == 0 else "bold yellow"
    total = f"{len(results)} hypotheses" if len(results) > 1 else "1 hypothesis"
    out.print(Text(f"{total} broken: {needed} needed", style=style))
    for claim, one in kept:
        words = f"{claim.id} keeps: {one.statement}"
        line = Text(f"{words}; {one.why}" if one.why else words, style="dim")
        out.print(hanging(out, line))


def _sentence(result: "Ablated") -> str:
    from geomadv.report._words import number, point_sentence

    if result.outcome.error:
        return " ".join(result.outcome.error.split())
    if result.unbroken.verdict != "HOLDS":
        return f"the unbroken claim came out {result.unbroken.verdict}"
    if result.first is None:
        return f"it came out {result.outcome.verdict} all the same"
    value: Any = result.first.parameters[result.hypothesis.strength]
    told = point_sentence(result.claim.relation, result.first)
    if result.touching and isinstance(value, float):
        least = number(abs(value - result.hypothesis.unbroken))
        return f"it fails however little is broken, down to {least}, {told}"
    digits = 3
    while float(number(value, digits)) == result.hypothesis.unbroken:
        digits += 1
    shown = number(value, digits)
    return f"it fails from {result.hypothesis.strength} = {shown} on, {told}"
