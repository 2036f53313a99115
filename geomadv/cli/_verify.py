"""``geomadv verify``: the main job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import Budget, ErrorRate, Json, Seed, Selectors
from geomadv.cli._outputs import check_outputs, write_json, write_text

if TYPE_CHECKING:
    from geomadv.claims import Claim, Report


def verify(
    selectors: Selectors = None,
    error_rate: ErrorRate = 1e-6,
    budget: Budget = 2**22,
    seed: Seed = 0,
    json: Json = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write a self-contained page."),
    ] = None,
    ablate: Annotated[
        bool,
        typer.Option("--ablate", help="Break the claims' hypotheses instead."),
    ] = False,
) -> int:
    """Verify claims and refute the sharpened twin of each."""
    check_outputs(json=json, report=report)
    selected = find_claims(selectors)
    if ablate:
        from geomadv.cli._ablate import run_ablation

        if report is not None:
            refuse("--report", "there is no page of --ablate; it writes --json")
        return run_ablation(
            selected, error_rate=error_rate, budget=budget, seed=seed, json=json
        )
    found = run(selected, error_rate=error_rate, budget=budget, seed=seed)
    if json is not None:
        write_json(json, found.as_json())
    if report is not None:
        from geomadv.report import html

        write_text(report, html(found))
    from geomadv.cli._console import console
    from geomadv.cli._table import print_report

    print_report(console(), found)
    return found.exit_code


def find_claims(selectors: list[str] | None) -> "tuple[Claim, ...]":
    """Return the claims that the arguments name: the files' first, then the registry's.

    A file is executed as it is named; without arguments it is the whole registry.
    """
    from geomadv.claims._load import is_file, load
    from geomadv.theories import _registry

    given = list(selectors or ())
    files = [name for name in given if is_file(name)]
    names = [name for name in given if not is_file(name)]
    try:
        own = [claim for name in files for claim in load(name)]
        found = () if files and not names else _registry.find(names)
    except (ValueError, OSError) as error:
        refuse("CLAIM|PAPER|THEORY|FILE.py", str(error))
    ids = [claim.id for claim in (*own, *found)]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        refuse("CLAIM|PAPER|THEORY|FILE.py", f"two claims have the id {twice!r}")
    return (*own, *found)


def run(
    claims: "tuple[Claim, ...]", *, error_rate: float, budget: int, seed: int
) -> "Report":
    """Verify, with progress on the terminal that standard error is."""
    from geomadv.claims import verify
    from geomadv.cli._console import console
    from geomadv.cli._progress import VerifyProgress

    with VerifyProgress(console(stderr=True), len(claims)) as progress:
        return verify(
            claims,
            error_rate=error_rate,
            seed=seed,
            budget=budget,
            started=progress.started,
            finished=progress.finished,
        )
