"""``geomadv verify``: the main job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import Budget, ErrorRate, Json, Seed, Selectors, positive
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
    latex: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.tex",
            help="Write the results as a table for LaTeX, a row a claim.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Write the boxes of what is proved; check-certificate validates them.",
        ),
    ] = None,
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough",
            help="Look beyond the grid as well: 200 random points of each domain (5 "
            "curves for a rate or a limit), 16 times the draws, 10 times the boxes.",
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=positive,
            metavar="N",
            help="Processes, which change no number; as many as there are processors, "
            "if the claims are worth it.",
            show_default=False,
        ),
    ] = None,
    ablate: Annotated[
        bool,
        typer.Option("--ablate", help="Break the claims' hypotheses instead."),
    ] = False,
) -> int:
    """Verify claims and refute the sharpened twin of each."""
    check_outputs(json=json, report=report, latex=latex, certificate=certificate)
    selected = find_claims(selectors)
    if ablate:
        from geomadv.cli._ablate import run_ablation

        if certificate is not None:
            refuse("--certificate", "--ablate proves nothing on boxes")
        if thorough:
            refuse("--thorough", "it does not go with --ablate")
        if workers is not None:
            refuse("--workers", "it does not go with --ablate")
        if report is not None:
            refuse("--report", "there is no page of --ablate; it writes --json")
        if latex is not None:
            refuse("--latex", "there is no table of --ablate; it writes --json")
        return run_ablation(
            selected, error_rate=error_rate, budget=budget, seed=seed, json=json
        )
    if certificate is not None and not any(
        claim.evidence.level == "enclosure" for claim in selected
    ):
        refuse("--certificate", "none of these claims is proved on boxes")
    found = run(
        selected,
        error_rate=error_rate,
        budget=budget,
        seed=seed,
        thorough=thorough,
        workers=workers,
    )
    if json is not None:
        write_json(json, found.as_json())
    if report is not None:
        from geomadv.report import html

        write_text(report, html(found))
    if latex is not None:
        from geomadv.report import latex as as_latex

        write_text(latex, as_latex(found))
    from geomadv.cli._console import console
    from geomadv.cli._table import print_report

    out = console()
    print_report(out, found)
    if certificate is not None:
        from geomadv.cli._certificate import write_certificate

        out.print(write_certificate(certificate, found))
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
    claims: "tuple[Claim, ...]",
    *,
    error_rate: float,
    budget: int,
    seed: int,
    thorough: bool = False,
    workers: int | None = None,
) -> "Report":
    """Verify, with progress on the terminal that standard error is."""
    from functools import partial

    from geomadv.claims import verify
    from geomadv.cli._console import console
    from geomadv.cli._progress import VerifyProgress
    from geomadv.cli._workers import in_processes, in_this_process, workers_for

    number = workers_for(len(claims)) if workers is None else workers
    with VerifyProgress(console(stderr=True), len(claims)) as progress:
        judging = (
            partial(in_this_process, started=progress.started)
            if number == 1
            else partial(in_processes, started=progress.started, workers=number)
        )
        return verify(
            claims,
            error_rate=error_rate,
            seed=seed,
            budget=budget,
            thorough=thorough,
            judging=judging,
            finished=progress.finished,
        )
