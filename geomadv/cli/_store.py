"""``geomadv store``: what studies measured, and whether it is sound."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geomadv.cli._exits import AS_EXPECTED, CONTRADICTED, TABLE, refuse
from geomadv.cli._options import seed as whole
from geomadv.cli._outputs import check_output

if TYPE_CHECKING:
    from geomadv.studies import StudyStore
    from geomadv.studies._table import Table

_FAILURES = 5

app = typer.Typer(
    help="List, show, export, verify and prune the stores of `geomadv simulate`.",
    rich_markup_mode=None,
    epilog=TABLE,
)

Store = Annotated[Path, typer.Argument(metavar="STORE", help="Its directory.")]
ForSeed = Annotated[
    int | None,
    typer.Option("--seed", parser=whole, metavar="N", help="Numbers of this seed."),
]
ForLayout = Annotated[
    str | None,
    typer.Option("--layout", metavar="ID", help="Numbers of the layout of this name."),
]


@app.command("ls")
def list_stores(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to look.")
    ] = Path("out"),
) -> int:
    """List the stores below a folder."""
    from rich.table import Table as Grid

    from geomadv.cli._console import console
    from geomadv.studies import StudyStore

    if not folder.is_dir():
        refuse("DIR", f"{folder} is no folder")
    out = console()
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in ("store", "study", "seed", "layout"):
        grid.add_column(column)
    for column in ("cells", "of", "failed", "seconds"):
        grid.add_column(column, justify="right")
    for path in sorted(_below(folder)):
        store = StudyStore(path)
        for _, layout in store.layouts():
            table = store.table(layout=layout.name)
            grid.add_row(
                str(path),
                layout.study,
                str(layout.seed),
                layout.name,
                str(len(table.measured)),
                str(layout.count),
                str(len(table.failed)),
                f"{table.seconds:.1f}",
            )
    if not grid.row_count:
        out.print(f"there is no store in {folder}")
        return AS_EXPECTED
    out.print(grid)
    return AS_EXPECTED


@app.command()
def show(path: Store, seed: ForSeed = None, layout: ForLayout = None) -> int:
    """Show what a store holds: grid, numbers, versions, failures."""
    from geomadv.cli._console import console
    from geomadv.studies._export import provenance

    out = console()
    store, table = _opened(path, seed, layout)
    found = table.layout
    for name, value in provenance(found).items():
        out.print(f"{name}: {value}")
    out.print(f"begun: {found.about.get('created', 'unknown')}")
    for axis, values in found.axes.items():
        shown = ", ".join(map(str, values[:6])) + (", ..." if len(values) > 6 else "")
        out.print(f"axis {axis}: {len(values)} values: {shown}")
    if found.repetitions > 1:
        out.print(f"repetitions: {found.repetitions}")
    units = found.about.get("units", {})
    for name in found.columns:
        out.print(f"number {name}" + (f" [{units[name]}]" if name in units else ""))
    out.print(
        f"cells: {len(table.measured)} of {found.count}, "
        f"{len(table.failed)} failed, {table.seconds:.1f} s of measuring"
    )
    for failure in table.failures[:_FAILURES]:
        cell = ", ".join(f"{axis} {value}" for axis, value in failure.cell.items())
        out.print(f"failed: {cell}, repetition {failure.repetition}:")
        for text in failure.error.strip().splitlines():
            out.print(f"  {text}")
    others = len(store.layouts()) - 1
    if others:
        out.print(f"{others} more layouts: geomadv store ls {store.path.parent}")
    return AS_EXPECTED


@app.command()
def export(
    path: Store,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends in .csv, .parquet or .nc.")
    ],
    seed: ForSeed = None,
    layout: ForLayout = None,
) -> int:
    """Write the numbers as CSV, Parquet or netCDF."""
    from geomadv.cli._console import console
    from geomadv.studies._export import FORMATS
    from geomadv.studies._export import export as exported

    if file.suffix not in FORMATS:
        refuse("FILE", f"must end in {', '.join(FORMATS)}, got {str(file)!r}")
    check_output("FILE", file)
    _, table = _opened(path, seed, layout)
    try:
        rows = exported(table, file)
    except ImportError as error:
        refuse("FILE", str(error))
    console().print(f"wrote {file}: {rows} rows")
    return AS_EXPECTED


@app.command()
def verify(path: Store) -> int:
    """Read everything in a store; exit with 1 if something is damaged."""
    from geomadv.cli._console import console

    out, damage = console(), _found(path).verify()
    for item in damage:
        out.print(f"{item.path}: {item.what}")
    if damage:
        out.print("what is damaged is measured again by `geomadv simulate --resume`")
    else:
        out.print(f"{path} is sound")
    return CONTRADICTED if damage else AS_EXPECTED


@app.command()
def prune(
    path: Store,
    old: Annotated[
        bool,
        typer.Option(
            "--old", help="Delete other versions than the newest of each seed, too."
        ),
    ] = False,
) -> int:
    """Write what is sound into few files; delete what is damaged."""
    from geomadv.cli._console import console

    saved = _found(path).prune(old=old)
    console().print(f"{path} takes {saved} bytes less")
    return AS_EXPECTED


def _below(folder: Path) -> Iterator[Path]:
    from geomadv.studies._store import is_store

    if is_store(folder):
        yield folder
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)


def _found(path: Path) -> "StudyStore":
    from geomadv.studies import StoreError, StudyStore

    try:
        return StudyStore(path)
    except StoreError as error:
        refuse("STORE", str(error))


def _opened(
    path: Path, seed: int | None, layout: str | None
) -> "tuple[StudyStore, Table]":
    store = _found(path)
    try:
        return store, store.table(seed=seed, layout=layout)
    except ValueError as error:
        refuse("STORE", str(error))
