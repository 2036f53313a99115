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
        list[str] | None,
        typer.Argument(
            metavar="FILE.py:CLAIM|CLAIM|PAPER|THEORY",
            help="Claims of a Python file of yours, or of the registry; with --false "
            "or --true, all of the registry if there are none.",
            show_default=False,
        ),
    ] = None,
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
    false: Annotated[
        bool,
        typer.Option(
            "--false",
            help="Search what is false: the twins of claims that hold, and statements "
            "that are wrong as printed.",
        ),
    ] = False,
    true: Annotated[
        bool,
        typer.Option(
            "--true",
            help="Search what is true: claims that hold, and corrected forms.",
        ),
    ] = False,
    error_rate: ErrorRate = 1e-6,
    seed: Seed = 0,
    json: Json = None,
) -> int:
    """Search for a violation, confirm it, and print the simplest one as a program."""
    check_outputs(json=json)
    if twin + false + true > 1:
        refuse("--twin", "it does not go with --false or --true, nor these together")
    if not (selectors or false or true):
        refuse("FILE.py:CLAIM|CLAIM|PAPER|THEORY", "name at least one claim")
    selected = find_claims(selectors)
    holds = {claim.id: claim.expected == "HOLDS" for claim in selected}
    twins = {
        claim.id
        for claim in selected
        if twin or (false and holds[claim.id]) or (true and not holds[claim.id])
    }
    bare = [c.id for c in selected if c.id in twins and not c.twin.given]
    if bare:
        option = "--twin" if twin else "--false" if false else "--true"
        refuse(option, f"no twin was given for {', '.join(bare)}")
    from geomadv.claims import falsify as search
    from geomadv.cli._console import console

    out = console()
    share = error_rate / len(selected)
    results = []
    for claim in selected:
        result = search(
            claim,
            twin=claim.id in twins,
            budget=budget,
            error_rate=share,
            seed=seed,
        )
        _print(out, result)
        results.append(result)
    if len(results) > 1:
        found = sum(result.violation is not None for result in results)
        seconds = [result.seconds for result in results]
        out.print(
            f"{len(results)} searched, {found} violated; {sum(seconds):.0f} s in all, "
            f"at most {max(seconds):.1f} s for one"
        )
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

    from geomadv.cli._console import hanging
    from geomadv.report._words import number, point_sentence

    claim, violation = result.claim, result.violation
    name = f"the twin of {claim.id}" if result.twin else claim.id
    out.print(hanging(out, Text.assemble((name, "bold"), f"  {claim.title}")))
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
