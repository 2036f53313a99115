"""``geomadv concentration``: how little a region of the data can grow."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geomadv.cli import _exits
from geomadv.cli._exits import refuse
from geomadv.cli._options import Json, Seed, error_rate, number, positive
from geomadv.cli._outputs import check_output, check_outputs, write_json

if TYPE_CHECKING:
    from geomadv._typing import NDArray
    from geomadv.concentration import ConcentrationEstimate

_FAMILIES = ("rectangles", "balls", "halfspaces", "all")
_FORMATS = (".npz", ".npy", ".csv")
_MOST_REPEATS = 10_000


def _order(value: str | float | int) -> float:
    real = number(value)
    if not real >= 1:
        raise typer.BadParameter(f"must be at least 1, or inf, got {value}")
    return real


def _radius(value: str | float | int) -> float:
    real = number(value)
    if not 0 <= real < float("inf"):
        raise typer.BadParameter(f"must be at least 0 and finite, got {value}")
    return real


def _word(*allowed: str) -> Any:
    def read(value: str) -> str:
        if value not in allowed:
            raise typer.BadParameter(f"must be {' or '.join(allowed)}, got {value!r}")
        return value

    return read


def concentration(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA.npz",
            help="Points X, one a row (.npz; also .npy and .csv). If the file holds "
            "X_test too, those are the fresh points.",
            show_default=False,
        ),
    ],
    p: Annotated[
        float,
        typer.Option("--p", parser=_order, metavar="P", help="Order of the norm."),
    ] = 2.0,
    eps: Annotated[
        float,
        typer.Option(parser=_radius, metavar="EPS", help="Size of the enlargement."),
    ] = 1.0,
    alpha: Annotated[
        float,
        typer.Option(
            parser=error_rate, metavar="A", help="Least measure of the region."
        ),
    ] = 0.05,
    family: Annotated[
        str,
        typer.Option(
            parser=_word(*_FAMILIES),
            metavar="|".join(_FAMILIES),
            help="Where regions are looked for.",
        ),
    ] = "all",
    search: Annotated[
        str,
        typer.Option(
            parser=_word("full", "published"),
            metavar="full|published",
            help="Whether to go beyond what the papers do.",
        ),
    ] = "full",
    margin: Annotated[
        float,
        typer.Option(
            parser=_radius,
            metavar="M",
            help="The region is to hold A and M standard errors of what is counted.",
        ),
    ] = 1.0,
    fresh: Annotated[
        float,
        typer.Option(
            parser=error_rate,
            metavar="SHARE",
            help="Share of the points kept fresh, where there is no X_test.",
        ),
    ] = 0.5,
    repeats: Annotated[
        int,
        typer.Option(
            parser=positive, metavar="N", help="Searches, with other splits and starts."
        ),
    ] = 1,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep finished steps in a folder, and go on from those that it has.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    json: Json = None,
) -> int:
    """Bound the concentration of data from above, by regions that grow little.

    A region of measure A or more is searched with one part of the points, and counted
    with fresh ones: how many lie in it (risk) and within EPS of it (adversarial risk).
    The adversarial risk is an upper bound of what concentration forces on the best
    imperfect classifier. It is no lower bound for any classifier.

    With --resume the same command goes on where it was interrupted, with the result
    that it would have had.
    """
    if repeats > _MOST_REPEATS:
        refuse("--repeats", f"must be at most {_MOST_REPEATS}, got {repeats}")
    check_outputs(json=json)
    if resume is not None:
        check_output("--resume", resume / "step.json")
    train, test = _points(data, fresh, seed)
    found = _estimate(data, train, test, seed, locals())
    if json is not None:
        write_json(json, as_json(found))
    from geomadv.cli._console import console

    _print(console(), found, train.shape, test.shape[0])
    return _exits.AS_EXPECTED


def _points(data: Path, fresh: float, seed: int) -> "tuple[NDArray, NDArray]":
    """Return the points to search with and the fresh ones."""
    from geomadv._random import spawn

    arrays = _read(data)
    X = arrays["X"]
    if X.ndim < 2:
        raise OSError(
            f"{data}: X must be points, one a row, got an array of shape {X.shape}"
        )
    X = _rows(X)
    if "X_test" in arrays:
        return X, _rows(arrays["X_test"])
    order = spawn(seed, "concentration", "fresh").permutation(X.shape[0])
    kept = max(1, round(fresh * X.shape[0]))
    return X[order[kept:]], X[order[:kept]]


def _rows(array: "NDArray") -> "NDArray":
    """Return an array with one row for each point, also without points."""
    if array.ndim < 2:
        return array
    return array.reshape(array.shape[0], math.prod(array.shape[1:]))


def _read(data: Path) -> "dict[str, NDArray]":
    from geomadv.cli._arrays import read_arrays

    if data.suffix not in _FORMATS:
        refuse("DATA.npz", f"must end in {', '.join(_FORMATS)}, got {str(data)!r}")
    try:
        if data.suffix == ".npz":
            arrays = read_arrays(data, ("X", "X_test"))
            if "X" not in arrays:
                raise ValueError(f"{data} holds no array 'X'")
            return arrays
        return {"X": _read_plain(data)}
    except (EOFError, OverflowError, ValueError) as error:
        text = str(error)
        if str(data) not in text:
            text = f"{data} cannot be read: {text}"
        raise OSError(text) from error


def _read_plain(data: Path) -> "NDArray":
    import numpy as np

    if data.suffix == ".csv":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no rows: what counts them says so
            rows: NDArray = np.loadtxt(data, delimiter=",", ndmin=2, dtype=np.float64)
        return rows
    array = np.load(data, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        kind = getattr(array, "dtype", type(array).__name__)
        raise ValueError(f"{data} must hold real numbers, got {kind}")
    return np.array(array)


def _estimate(
    data: Path, train: "NDArray", test: "NDArray", seed: int, options: dict[str, Any]
) -> "ConcentrationEstimate":
    from geomadv._random import spawn
    from geomadv.concentration import estimate_concentration

    names = ("p", "eps", "alpha", "family", "search", "margin", "repeats", "resume")
    with _progress() as told:
        try:
            return estimate_concentration(
                train,
                test,
                rng=spawn(seed, "concentration"),
                told=told,
                **{name: options[name] for name in names},
            )
        except KeyboardInterrupt:
            kept = options["resume"]
            if kept is not None and kept.is_dir():
                typer.echo(
                    f"Finished steps are in {kept}: the same command goes on from "
                    "there",
                    err=True,
                )
            raise
        except ValueError as error:
            if str(error).partition(" ")[0] in ("X_train", "X_test"):
                raise OSError(f"{data}: {error}") from error
            raise


@contextmanager
def _progress() -> Iterator[Any]:
    """Yield what draws a bar where standard error is a terminal; warnings are lines."""
    from geomadv.cli._console import console

    screen = console(stderr=True)

    def line(message: Warning | str, *_: object, **__: object) -> None:
        screen.print(f"Warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = line
        if not screen.is_terminal:
            yield None
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        bar = Progress(
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=screen,
            transient=True,
        )
        task = bar.add_task("", total=None)

        def told(text: str, done: int, total: int) -> None:
            bar.update(task, description=text, completed=done, total=total)

        with bar:
            yield told


def as_json(found: "ConcentrationEstimate") -> dict[str, Any]:
    """Return the document that ``--json`` writes; the order inf is a word."""
    return {
        "p": "inf" if found.p == float("inf") else found.p,
        "eps": found.eps,
        "alpha": found.alpha,
        "bounds": "concentration function, from above",
        "results": [
            {
                "family": r.family,
                "risk": r.risk,
                "adversarial_risk": r.adversarial_risk,
                "risk_interval": [r.risk_interval.lower, r.risk_interval.upper],
                "adversarial_risk_interval": [
                    r.adversarial_risk_interval.lower,
                    r.adversarial_risk_interval.upper,
                ],
                "fit_risk": r.fit_risk,
                "fit_adversarial_risk": r.fit_adversarial_risk,
                "seconds": r.seconds,
            }
            for r in found.results
        ],
        "best": found.best,
        "stability": [found.stability.lower, found.stability.upper],
    }


def _print(
    out: Any, found: "ConcentrationEstimate", shape: tuple[int, ...], fresh: int
) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("family", no_wrap=True)
    for name in ("risk", "95 %", "adversarial risk", "95 %", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    for r in found.results:
        mark = " *" if r.family == found.best and len(found.results) > 1 else ""
        a, b = r.risk_interval, r.adversarial_risk_interval
        table.add_row(
            r.family + mark,
            f"{r.risk:.2%}",
            f"{a.lower:.2%} to {a.upper:.2%}",
            f"{r.adversarial_risk:.2%}",
            f"{b.lower:.2%} to {b.upper:.2%}",
            f"{r.seconds:.1f}",
        )
    out.print(table)
    best = found[found.best]
    out.print(
        f"p = {found.p:g}, eps = {found.eps:g}, alpha = {found.alpha:g}; searched with "
        f"{shape[0]} points in {shape[1]} dimensions, counted with {fresh} fresh ones"
    )
    if found.stability.width:
        low, high = found.stability.lower, found.stability.upper
        out.print(f"other splits and starts: {low:.2%} to {high:.2%}")
    if best.risk < found.alpha:
        out.print(
            f"the region's risk is below alpha on the fresh points: {best.risk:.2%}"
        )
    out.print(
        f"concentration forces an adversarial risk of at most "
        f"{best.adversarial_risk_interval.upper:.2%} on the best classifier with a "
        f"risk of {best.risk_interval.lower:.2%} (the safe ends of both intervals); "
        "a classifier may have more"
    )
