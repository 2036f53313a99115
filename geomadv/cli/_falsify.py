"""``geomadv falsify``: search for a violation."""

from typing import TYPE_CHECKING, Annotated

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import ErrorRate, Json, Seed, duration
from geomadv.cli._outputs import check_outputs, write_json
from geomadv.cli._verify import find_claims

if TYPE_CHECKING:
    from rich.console import Console

    from geomadv.claims import Falsification


def falsify(
    selectors: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE.py:CLAIM|CLAIM|PAPER|THEORY",
            help="Claims of a Python file of yours, or of the registry.",
            show_default=False,
        ),
    ],
    budget: Annotated[
        float,
        typer.Option(
            parser=duration,
            metavar="TIME",
            help="How long to search for one claim: 60s, 2m.",
        ),
    ] = 60.0,
    twin: Annotated[
        bool, typer.Option("--twin", help="Search the twins, not the claims.")
    ] = False,
    error_rate: ErrorRate = 1e-6,
    seed: Seed = 0,
    json: Json = None,
) -> int:
    """Search for a violation, confirm it, and print the simplest one as a program."""
    check_outputs(json=json)
    selected = find_claims(selectors)
    if twin:
        bare = [claim.id for claim in selected if not claim.twin.given]
        if bare:
            refuse("--twin", f"no twin was given for {', '.join(bare)}")
    from geomadv.claims import falsify as search
    from geomadv.cli._console import console

    out = console()
    share = error_rate / len(selected)
    results = []
    for claim in selected:
        result = search(
            claim,
            twin=twin,
            budget=budget,
            error_rate=share,
            seed=seed,
        )
        _print(out, result)
        results.append(result)
    if json is not None:
        document = {
            "error_rate": error_rate,
            "seed": seed,
            "budget": budget,
            "claims": [result.as_json() for result in results],
        }
        write_json(json, document)
    codes = {result.exit_code for result in results}
    return 1 if 1 in codes else max(codes)


def _print(out: "Console", result: "Falsification") -> None:
    from rich.text import Text

    from geomadv.report._words import number, point_sentence

    claim, violation = result.claim, result.violation
    name = f"the twin of {claim.id}" if result.twin else claim.id
    out.print(Text.assemble((name, "bold"), f"  {claim.title}"))
    looked = f"{result.points} points in {number(result.seconds, 2)} s"
    if result.undecided:
        looked += f", {result.undecided} of them not decided"
    if violation is None:
        rest = "every point of its domain" if result.exhausted else looked
        style = {0: "green", 2: "yellow"}.get(result.exit_code, "bold red")
        out.print(Text(f"  no violation found at {rest}", style=style))
    else:
        style = "green" if result.exit_code == 0 else "bold red"
        out.print(Text("  VIOLATED", style=style))
        out.print(Text(f"  {point_sentence(claim.relation, violation)}"))
        rate = f", error rate {number(result.error_rate)}" if result.error_rate else ""
        out.print(Text(f"  confirmed by {result.how}{rate}; {looked}", style="dim"))
        out.print()
        for line in result.snippet().splitlines():
            out.print(Text(f"    {line}"))
    if result.error:
        out.print(Text(f"  {' '.join(result.error.split())}", style="yellow"))
    out.print()
