"""The command ``simulate``, shared by the command line and ``python -m``."""

import argparse
import json as json_module
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geomadv._files import replacing
from geomadv.studies._find import find
from geomadv.studies._run import FORMATS, StudyResult, run
from geomadv.studies._study import Cell, Study

if TYPE_CHECKING:
    from rich.console import Console


def simulate(
    study: Study | str | Path,
    *,
    seed: int = 0,
    out: Path | str | None = None,
    json: Path | str | None = None,
    formats: tuple[str, ...] = FORMATS,
    console: "Console | None" = None,
) -> StudyResult:
    """Run a study and tell what it measured.

    Parameters
    ----------
    study : Study, str or Path
        A study, its name, or a Python file that defines ``STUDY``.
    seed : int
        Seed of everything random, at least 0.
    out : path, optional
        Folder of the table and the figures; ``out/NAME`` by default.
    json : path, optional
        File for the result as JSON.
    formats : tuple of {"png", "svg", "pdf"}
        Formats of the figures; ``()`` for none.
    console : rich.console.Console, optional
        Where the text goes; standard output by default. Progress is shown on a
        terminal alone.

    Returns
    -------
    StudyResult
        Its `as_expected` says whether the command should exit with 0 or with 1.
    """
    from rich.console import Console

    found = study if isinstance(study, Study) else find(study)
    folder = Path("out") / found.name if out is None else Path(out)
    console = Console() if console is None else console
    console.print(
        found.question, style="bold", highlight=False, markup=False, soft_wrap=True
    )
    with console.status(f"{found.name} ...") as status:
        result = run(
            found,
            seed=seed,
            out=folder,
            formats=formats,
            on_cell=_teller(status.update),
        )
    if json is not None:
        text = json_module.dumps(result.as_json(), indent=2, allow_nan=False)
        with replacing(Path(json)) as path:
            path.write_text(text + "\n", encoding="utf-8")
    lines = [""]
    if result.data:
        lines += [f"data: {result.data}", ""]
    lines += [result.table(), ""]
    lines += [f"wrote {path}" for path in (result.csv, *result.figures)]
    if json is not None:
        lines.append(f"wrote {json}")
    wrong = [key for key, good in result.judged.items() if not good]
    verdict = f"NOT as expected: {', '.join(wrong)}" if wrong else "as expected"
    if not result.judged:
        verdict = "nothing to judge it by" if found.accepted else "done"
    lines.append(f"{found.name}: {verdict}, {result.seconds:.1f} s")
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
        Exit status: 0 as expected, 1 if not, 2 if an argument is bad.
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
    given = parser.parse_args(arguments)
    try:
        result = simulate(study, seed=given.seed, out=given.out, json=given.json)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 2
    return 0 if result.as_expected else 1


def _teller(tell: Callable[[str], None]) -> Callable[[Cell], None]:
    def told(cell: Cell) -> None:
        tell(", ".join(f"{axis} {value}" for axis, value in cell.items()) + " done")

    return told
