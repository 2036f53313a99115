"""Certificates: ``verify --certificate``, and ``geomadv check-certificate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geomadv.cli._exits import CONTRADICTED
from geomadv.cli._options import Json
from geomadv.cli._outputs import check_outputs, write_json, write_text

if TYPE_CHECKING:
    from geomadv.claims import Checked, Report


def write_certificate(path: Path, report: "Report") -> str:
    """Write the proofs on boxes of a run and return a line that says so."""
    import json

    from geomadv.claims import Enclosure, certificate
    from geomadv.cli._console import console

    proved = [
        result.claim
        for result in report.results
        if isinstance(result.claim.evidence, Enclosure) and result.as_expected
    ]
    if not proved:
        return "No certificate was written: no claim came out as proved on boxes"
    with console(stderr=True).status("Writing the certificate"):
        document = certificate(proved)
        write_text(path, json.dumps(document, separators=(",", ":")) + "\n")
    claims = f"{len(proved)} claim{'s' if len(proved) != 1 else ''}"
    return f"The proofs of {claims} are in {path}; `geomadv check-certificate` checks"


def check_certificate(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.json", help="What verify --certificate wrote."),
    ],
    own: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE.py",
            help="Files of your own claims, if it has any. They are executed.",
            show_default=False,
        ),
    ] = None,
    json: Json = None,
) -> int:
    """Validate the proofs in a certificate anew, without the search that found them.

    The boxes must cover the domain of each claim exactly, and on each box both sides
    are enclosed again, at another precision. The first thing that is wrong ends the
    command with exit code 1.
    """
    check_outputs(json=json)
    from rich.text import Text

    from geomadv.claims import CertificateError, read_certificate
    from geomadv.claims import check_certificate as check
    from geomadv.cli._console import console, marks
    from geomadv.cli._verify import find_claims
    from geomadv.theories import registry

    claims = (*(find_claims(own) if own else ()), *registry())
    out = console()

    def show(found: "Checked") -> None:
        corrected = " (corrected form)" if found.name == "corrected" else ""
        what = f"proved for {found.scope}" if found.holds else "refuted at a point"
        size = f"{found.boxes:,} box{'es' if found.boxes != 1 else ''}"
        line = Text.assemble(
            (marks(out).good, "green"),
            " ",
            (found.id, "cyan"),
            f"{corrected}  {what}" + (f"  {size}" if found.holds else ""),
        )
        out.print(line)

    try:
        results = check(read_certificate(file), claims, checked=show)
    except CertificateError as error:
        if json is not None:
            write_json(json, {"valid": False, "error": str(error)})
        refused = Text.assemble(marks(out).bad, f" {file}: {error}")
        refused.stylize("bold red")
        out.print(refused)
        return CONTRADICTED
    if json is not None:
        statements = [found._asdict() for found in results]
        write_json(json, {"valid": True, "statements": statements})
    boxes = sum(found.boxes for found in results)
    count = len({found.id for found in results})
    summary = (
        f"{file}: {count} claim{'s' if count != 1 else ''}, {boxes:,} "
        f"box{'es' if boxes != 1 else ''}, all validated"
    )
    out.print(Text(summary, style="bold green"))
    return 0
