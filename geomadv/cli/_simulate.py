"""``geomadv simulate``: run a study."""

from pathlib import Path
from typing import Annotated

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import Json, Seed
from geomadv.cli._outputs import check_output, check_outputs


def simulate(
    study: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE.py",
            help="A study of simulations/, or a Python file that defines STUDY.",
            show_default=False,
        ),
    ],
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the files; out/NAME by default."),
    ] = None,
    json: Json = None,
) -> int:
    """Run a study and set what it measures beside what is published."""
    check_outputs(json=json)
    from geomadv import studies

    try:
        found = studies.find(study)
    except (ValueError, TypeError, FileNotFoundError) as error:
        refuse("NAME|FILE.py", str(error))
    folder = Path("out", found.name) if out is None else out
    check_output("--out", folder / f"{found.name}.csv")
    from geomadv.cli._console import console

    result = studies.simulate(
        found, seed=seed, out=folder, json=json, console=console()
    )
    return 0 if result.as_expected else 1
