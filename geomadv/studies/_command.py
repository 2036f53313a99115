"""The command ``simulate``, shared by the command line and ``python -m``."""

import argparse
import json as json_module
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geomadv._files import replacing
from geomadv.studies._engine import Execution, Progress
from geomadv.studies._find import find
from geomadv.studies._layout import layout_of
from geomadv.studies._lock import StoreError
from geomadv.studies._result import StudyResult
from geomadv.studies._run import FORMATS, run
from geomadv.studies._store import gathered, is_store
from geomadv.studies._study import Study, with_grid
from geomadv.studies._study_error import StudyError
from geomadv.studies._writer import forget

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN_FAILURES = 3
_INTERRUPTED = 130  # the exit code of the shell


def simulate(
    study: Study | str | Path,
    *,
    seed: int = 0,
    out: Path | str | None = None,
    json: Path | str | None = None,
    formats: tuple[str, ...] = FORMATS,
    resume: bool = False,
    fresh: bool = False,
    any_version: bool = False,
    retry_failed: bool = False,
    execution: Execution | None = None,
    console: "Console | None" = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> StudyResult:
    """Run a study and tell what it measured.

    Parameters
    ----------
    study : Study, str or Path
        A study, its name, or a Python file that defines ``STUDY``.
    seed : int
        Seed of everything random, at least 0.
    out : path, optional
        Folder of the table, the figures and the store; ``out/NAME`` by default.
    json : path, optional
        File for the result as JSON.
    formats : tuple of {"png", "svg", "pdf"}
        Formats of the figures; ``()`` for none.
    resume : bool
        Whether the cells count that the store has from an earlier run. Otherwise those
        of a complete run are measured anew, and cells of other grids stay.
    fresh : bool
        Whether all that the store has of this seed and version is discarded, other
        grids and an unfinished run included.
    any_version, retry_failed, execution
        Those of `run`.
    console : rich.console.Console, optional
        Where the text goes; standard output by default. Progress is shown on a
        terminal alone.
    on_progress : callable, optional
        Called with a `Progress` in place of what is shown.

    Returns
    -------
    StudyResult
        Its `as_expected` says whether the command should exit with 0 or with 1.

    Raises
    ------
    StoreError
        If the store has an unfinished run and neither `resume` nor `fresh` is given,
        or if it cannot be used.
    """
    from rich.console import Console

    from geomadv.studies._progress import shown

    found = study if isinstance(study, Study) else find(study)
    folder = Path("out") / found.name if out is None else Path(out)
    store = folder / f"{found.name}.store"
    if not resume and not fresh:
        _begin_anew(found, seed, store)
    console = Console() if console is None else console
    console.print(
        found.question, style="bold", highlight=False, markup=False, soft_wrap=True
    )
    with shown(console, found.name, on_progress) as tell:
        result = run(
            found,
            seed=seed,
            out=folder,
            formats=formats,
            store=store,
            fresh=fresh and not resume,
            any_version=any_version,
            retry_failed=retry_failed,
            execution=execution,
            on_progress=tell,
        )
    if json is not None:
        text = json_module.dumps(result.as_json(), indent=2, allow_nan=False)
        with replacing(Path(json)) as path:
            path.write_text(text + "\n", encoding="utf-8")
    lines = ["", *_told(result, json)]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    return result


def main(study: Study, arguments: Sequence[str] | None = None) -> int:
    """Run a study from the command line: ``python -m simulations.NAME``.

    Parameters
    ----------
    study : Study
        The study.
    arguments : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0 as expected, 1 if not, 2 if an argument is bad or the study's own
        code fails, 130 if it was interrupted.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m simulations.{study.name}",
        description=f"{study.question} Expected: {study.expected} Cost: {study.cost}",
    )
    parser.add_argument("--seed", type=int, default=0, help="an integer >= 0 (0)")
    parser.add_argument(
        "--out", type=Path, help=f"folder of the files (out/{study.name})"
    )
    parser.add_argument("--json", type=Path, help="file for the result as JSON")
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="AXIS=V1,V2,...",
        help="other values for an axis: "
        + "; ".join(
            f"{k}={','.join(map(str, v))}" for k, v in study.grid.items()
        ).replace("%", "%%"),
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--scheduler", help="a Dask scheduler, tcp://HOST:PORT")
    parser.add_argument(
        "--resume", action="store_true", help="go on with what the store has"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="discard what the store has"
    )
    given = parser.parse_args(arguments)
    out = Path("out") / study.name if given.out is None else given.out
    try:
        result = simulate(
            with_grid(study, given.grid),
            seed=given.seed,
            out=out,
            json=given.json,
            resume=given.resume,
            fresh=given.fresh,
            execution=Execution(workers=given.workers, cluster=given.scheduler),
        )
    except (ValueError, OSError, ImportError, StudyError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 2
    except KeyboardInterrupt:
        left = what_is_left(out / f"{study.name}.store")
        sys.stderr.write(f"{parser.prog}: interrupted: {left}\n")
        return _INTERRUPTED
    return 0 if result.as_expected else 1


def what_is_left(store: Path) -> str:
    """Say what an interrupted run leaves behind."""
    if not is_store(store):
        return "nothing was measured"
    return f"{store} has what was measured; --resume goes on"


def _begin_anew(study: Study, seed: int, store: Path) -> None:
    """Forget the cells of a run that came to its end, and those alone."""
    if not is_store(store):
        return
    layout = layout_of(study, seed)
    table = gathered(store, layout)
    done, count = len(table.measured), table.layout.count
    if done and table.missing():
        raise StoreError(
            f"{store} has {done} of these {count} cells, of a run that is unfinished "
            "or had another grid: resume (--resume) to keep them, or begin anew "
            "(--fresh) to discard them"
        )
    forget(store, layout)


def _told(result: StudyResult, json: Path | str | None) -> list[str]:
    """Return the lines that tell what came out."""
    lines = [f"data: {result.data}", ""] if result.data else []
    lines += [result.table(), ""]
    lines += [f"wrote {path}" for path in (result.csv, *result.figures)]
    if json is not None:
        lines.append(f"wrote {json}")
    for failure in result.failed[:_SHOWN_FAILURES]:
        last = failure.error.strip().splitlines()[-1]
        cell = ", ".join(f"{axis} {value}" for axis, value in failure.cell.items())
        lines.append(f"failed: {cell}: {last} (tried {failure.attempts} times)")
    wrong = [key for key, good in result.judged.items() if not good]
    verdict = f"NOT as expected: {', '.join(wrong)}" if wrong else "as expected"
    if not result.judged:
        verdict = "nothing to judge it by" if result.study.accepted else "done"
    if result.failed:
        verdict += f", {len(result.failed)} of the cells FAILED"
    lines.append(f"{result.study.name}: {verdict}, {result.seconds:.1f} s")
    return lines
