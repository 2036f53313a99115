"""``geomadv lipschitz``: how fast a network can change, layer by layer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geomadv.cli import _exits
from geomadv.cli._exits import refuse
from geomadv.cli._options import Json, Seed, number, positive
from geomadv.cli._outputs import check_outputs, write_json, write_text

if TYPE_CHECKING:
    from geomadv.lipschitz import NetworkBounds

_FORMATS = (".png", ".svg", ".pdf")


def _tolerance(value: str | float | int) -> float:
    real = number(value)
    if not 0 < real < 1:
        raise typer.BadParameter(f"must lie in (0, 1), got {value}")
    return real


def _seconds(value: str | float | int) -> float:
    real = number(value)
    if not 0 <= real < float("inf"):
        raise typer.BadParameter(f"must be at least 0 and finite, got {value}")
    return real


def _sizes(value: str | tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(positive(part) for part in str(value).replace("x", ",").split(","))


def lipschitz(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL.onnx", help="A feed-forward network.", show_default=False
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA.npz",
            help="Points X, and labels y if there are some: certify radii at them.",
        ),
    ] = None,
    rtol: Annotated[
        float,
        typer.Option(
            parser=_tolerance, metavar="R", help="Relative width of layers' intervals."
        ),
    ] = 1e-3,
    shape: Annotated[
        Any,
        typer.Option(
            parser=_sizes,
            metavar="3x224x224",
            help="Size of one input, where the file leaves it free.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which output, where there are several."),
    ] = None,
    max_bytes: Annotated[
        int,
        typer.Option(
            parser=positive, metavar="N", help="Refuse a file that is larger."
        ),
    ] = 2**30,
    budget: Annotated[
        float,
        typer.Option(
            parser=_seconds,
            metavar="SECONDS",
            help="Time of two cores for the layers' norms, about; the costliest layers "
            "beyond get rough bounds.",
        ),
    ] = 120.0,
    seed: Seed = 0,
    json: Json = None,
    latex: Annotated[
        Path | None,
        typer.Option("--latex", metavar="FILE", help="Write the table for LaTeX."),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.svg", help="Draw the layers' singular values (.png, .pdf)."
        ),
    ] = None,
) -> int:
    """Bound the Lipschitz constant of a network from both sides, layer by layer.

    Upper ends are certified, lower ends are witnessed by a pair of points. The exit
    code is 2 where an operator is not known, so that there is no upper end. ONNX files
    need `pip install geomadv[onnx]`.
    """
    if figure is not None and figure.suffix not in _FORMATS:
        refuse("--figure", f"must end in {', '.join(_FORMATS)}, got {str(figure)!r}")
    check_outputs(json=json, latex=latex, figure=figure)
    found = _bounds(model, data, rtol, shape, output, max_bytes, budget, seed)
    from geomadv.cli._lipschitz_table import as_json, as_latex, print_bounds

    if json is not None:
        write_json(json, as_json(found, str(model), seed, rtol))
    if latex is not None:
        write_text(latex, as_latex(found))
    if figure is not None:
        _draw(found, model, figure)
    from geomadv.cli._console import console

    print_bounds(console(), found)
    return _exits.INCONCLUSIVE if found.reason else _exits.AS_EXPECTED


def _bounds(
    model: Path,
    data: Path | None,
    rtol: float,
    shape: tuple[int, ...] | None,
    output: str | None,
    max_bytes: int,
    budget: float,
    seed: int,
) -> "NetworkBounds":
    """Read and bound the network, with progress where standard error is a terminal."""
    from contextlib import nullcontext

    from geomadv._random import spawn
    from geomadv.cli._arrays import read_arrays
    from geomadv.cli._console import console
    from geomadv.lipschitz import ModelFileError, network_bounds
    from geomadv.lipschitz._onnx import read_onnx

    arrays: dict[str, Any] = {}
    try:
        graph = read_onnx(model, shape=shape, output=output, max_bytes=max_bytes)
        if data is not None:
            arrays = read_arrays(data, ("X", "y"))
            if "X" not in arrays:
                raise OSError(f"{data} holds no array 'X'")
    except ImportError as error:
        refuse("MODEL.onnx", str(error))
    except ModelFileError as error:
        raise OSError(f"{model} cannot be read: {error}") from error
    except ValueError as error:
        option = str(error).partition(" ")[0]
        if option in ("shape", "output"):
            refuse(f"--{option}", str(error).removeprefix(f"{option} "))
        raise OSError(str(error)) from error
    screen = console(stderr=True)
    shown: Any = screen.status("") if screen.is_terminal else nullcontext()
    with shown as status:
        told = status.update if status is not None else None
        try:
            return network_bounds(
                graph,
                data=arrays.get("X"),
                labels=arrays.get("y"),
                rng=spawn(seed, "lipschitz"),
                rtol=rtol,
                budget=budget,
                told=told,
            )
        except ValueError as error:
            text = str(error)
            word = text.partition(" ")[0]
            if word in ("data", "labels"):
                raise OSError(f"{data}: {text}") from error
            if word == "model":
                raise OSError(text) from error
            raise


def _draw(found: "NetworkBounds", model: Path, path: Path) -> None:
    from geomadv.lipschitz._spectrum import layer_spectra
    from geomadv.plotting import save, style
    from geomadv.plotting._spectra import spectra_figure

    bounds = {layer.name: layer.upper for layer in found.layers}
    with style():
        drawing = spectra_figure(
            layer_spectra(found.graph), bounds, title=model.name.replace("$", r"\$")
        )
        save(drawing, path.with_suffix(""), (path.suffix[1:],))
