"""``geomadv simulate``: run a study, or all of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geomadv.cli._exits import (
    AS_EXPECTED,
    CONTRADICTED,
    INCONCLUSIVE,
    Interrupted,
    refuse,
)
from geomadv.cli._options import Json, Seed, number, positive
from geomadv.cli._options import seed as whole
from geomadv.cli._outputs import check_output, check_outputs, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from geomadv.studies import Study, StudyResult

_VERDICTS = {
    AS_EXPECTED: "as expected",
    CONTRADICTED: "NOT as expected",
    INCONCLUSIVE: "cells FAILED",
}


def simulate(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|FILE.py",
            help="A study of simulations/, or a Python file that defines STUDY.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Run all studies of simulations/.")
    ] = False,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the files; out/NAME by default. With --all: of a folder "
            "for each study; out by default.",
        ),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AXIS=V1,V2,...",
            help="Other values for an axis of the study; may be given for several.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(parser=positive, metavar="N", help="Processes.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT", help="Measure on the workers of this Dask."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Measure only what the store lacks.")
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Discard what the store has of this seed and version."
        ),
    ] = False,
    any_version: Annotated[
        bool,
        typer.Option(
            "--any-version", help="With --resume: mix with cells of other versions."
        ),
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="With --resume: try failed cells again."),
    ] = False,
    retries: Annotated[
        int,
        typer.Option(parser=whole, metavar="N", help="Further attempts at a cell."),
    ] = 1,
    time_limit: Annotated[
        float | None,
        typer.Option(parser=number, metavar="SECONDS", help="Time for each cell."),
    ] = None,
    json: Json = None,
) -> int:
    """Run a study and set what it measures beside what is published.

    Every measured cell is kept at once in the store out/NAME/NAME.store, which loses
    nothing when the run is killed; `--resume` goes on from there, and `geomadv store`
    shows, exports and checks it.
    """
    check_outputs(json=json)
    if every == (study is not None):
        from geomadv.studies import study_names

        known = ", ".join(study_names()) or "none on this machine"
        refuse(
            "NAME|FILE.py",
            f"must be a study, or --all in its place; there are: {known}",
        )
    if resume and fresh:
        refuse("--fresh", "is the opposite of --resume")
    for option, given in (
        ("--any-version", any_version),
        ("--retry-failed", retry_failed),
    ):
        if given and not resume:
            refuse(option, "goes with --resume")
    if scheduler is not None and workers > 1:
        refuse("--workers", "must be 1 where --scheduler is given")
    from geomadv import studies
    from geomadv.studies._study_error import told

    try:
        execution = studies.Execution(
            workers=workers, cluster=scheduler, retries=retries, time_limit=time_limit
        )
        names = studies.study_names() if every else []
        found = None if names else studies.find(study or "")
    except (ValueError, TypeError, FileNotFoundError) as error:
        option = "--time-limit" if "time_limit" in str(error) else "NAME|FILE.py"
        refuse(option, str(error))
    except Exception as error:
        if study is None or not study.endswith(".py"):
            raise
        refuse("NAME|FILE.py", f"{study} failed: {told(error)}")
    if grid and found is None:
        refuse("--grid", "is for one study, not for --all")
    if grid and found is not None:
        try:
            found = studies.with_grid(found, grid)
        except ValueError as error:
            refuse("--grid", str(error))
    root = Path("out") if out is None else out
    folders = {name: root / name for name in names}
    if found is not None:
        folders = {found.name: root / found.name if out is None else out}
    for name, folder in folders.items():
        check_output("--out", folder / f"{name}.csv")
    options = {
        "seed": seed,
        "resume": resume,
        "fresh": fresh,
        "any_version": any_version,
        "retry_failed": retry_failed,
        "execution": execution,
    }
    from geomadv.cli._console import console

    if found is None:
        return _all(console(), folders, options, json)
    result = _one(console(), found, folders[found.name], json=json, **options)
    return _code(result)


def _one(out: "Console", study: "Study", folder: Path, **options: Any) -> "StudyResult":
    """Run a study; what is wrong with its store or its cluster is not a bug."""
    from geomadv import studies
    from geomadv.studies._command import what_is_left
    from geomadv.studies._study_error import StudyError

    try:
        return studies.simulate(study, out=folder, console=out, **options)
    except StudyError as error:
        raise OSError(str(error)) from None
    except KeyboardInterrupt:
        left = what_is_left(folder / f"{study.name}.store")
        raise Interrupted(left) from None
    except ImportError as error:
        if "pip install" not in str(error):
            raise
        refuse("--scheduler", str(error))
    except RuntimeError as error:
        if not str(error).startswith("no worker lives"):
            raise
        raise ChildProcessError(str(error)) from None


def _code(result: "StudyResult") -> int:
    if result.failed:
        return INCONCLUSIVE
    return AS_EXPECTED if result.as_expected else CONTRADICTED


def _all(
    out: "Console", folders: dict[str, Path], options: dict[str, Any], json: Path | None
) -> int:
    """Run studies one after the other; one that breaks does not stop the others."""
    from geomadv import studies
    from geomadv.studies._progress import bars, teller

    codes, documents, summary = [], [], []
    with bars(out) as drawn:
        whole = drawn.add_task("all studies", total=len(folders))
        for place, (name, folder) in enumerate(folders.items()):
            current = drawn.add_task(name, total=None)
            tell = teller(drawn, current, name, whole=whole, place=place)
            try:
                study = studies.find(name)
                result = _one(out, study, folder, on_progress=tell, **options)
            except Exception as error:  # noqa: BLE001 - told, and in the exit code
                codes.append(INCONCLUSIVE)
                summary.append(f"{name}: {type(error).__name__}: {error}")
                out.print(summary[-1], style="red", markup=False)
                documents.append({"name": name, "error": str(error)})
            else:
                codes.append(_code(result))
                documents.append(result.as_json())
                summary.append(
                    f"{name}: {_VERDICTS[codes[-1]]}, {result.seconds:.1f} s"
                )
            out.print()
            drawn.remove_task(current)
            drawn.update(whole, completed=place + 1)
    out.print("\n".join(summary), markup=False, highlight=False)
    good = codes.count(AS_EXPECTED)
    out.print(f"{good} of {len(folders)} studies as expected", style="bold")
    if json is not None:
        write_json(json, {"studies": documents})
        out.print(f"wrote {json}", markup=False)
    return CONTRADICTED if CONTRADICTED in codes else max(codes)
