"""The program: its commands, and how it ends."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from geomadv.cli import _exits
from geomadv.cli._bench import EPILOG as BENCH_EPILOG
from geomadv.cli._bench import bench
from geomadv.cli._certificate import check_certificate
from geomadv.cli._claims import claims
from geomadv.cli._concentration import concentration
from geomadv.cli._errata import errata
from geomadv.cli._falsify import falsify
from geomadv.cli._lipschitz import lipschitz
from geomadv.cli._scale import EPILOG, scale
from geomadv.cli._simulate import simulate
from geomadv.cli._store import app as store
from geomadv.cli._verify import verify

_INTERRUPTED = "Interrupted: unfinished output was discarded"

app = typer.Typer(
    name="geomadv",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help costs a fifth of a second
)
app.command(epilog=_exits.TABLE)(verify)
app.command(epilog=_exits.TABLE)(check_certificate)
app.command()(claims)
app.command()(errata)
app.command(epilog=_exits.TABLE)(falsify)
app.command(epilog=EPILOG)(scale)
app.command()(simulate)
app.command()(lipschitz)
app.command()(concentration)
app.command(epilog=BENCH_EPILOG)(bench)
app.add_typer(store, name="store")


def _show_version(asked: bool) -> bool:
    if asked:
        import geomadv

        typer.echo(f"geomadv {geomadv.__version__}")
        raise typer.Exit
    return asked


@app.callback(epilog=_exits.TABLE)
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Put the theories of adversarial examples to the test.

    `geomadv verify` is the main job: it verifies every claim of every paper and refutes
    a sharpened twin of each.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        The exit code; ``geomadv --help`` lists them. An unforeseen exception prints its
        traceback and gives 70: it must not look like a verdict.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name must not fail in a C locale
            stream.reconfigure(errors="replace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(given or ["--help"], prog_name="geomadv", standalone_mode=False)
        if code == _exits.INTERRUPTED:  # what typer makes of it
            return _failed(_INTERRUPTED, _exits.INTERRUPTED)
        sys.stdout.flush()
        return int(code or _exits.AS_EXPECTED)
    except _exits.UsageError as error:
        return _failed(_usage(error), _exits.USAGE)
    except _exits.Interrupted as error:
        return _failed(f"Interrupted: {error}", _exits.INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        return _failed(_INTERRUPTED, _exits.INTERRUPTED)
    except BrokenPipeError:
        return _broken_pipe()
    except OSError as error:
        return _failed(f"Error: {error}", _exits.INPUT_OUTPUT)
    except Exception:  # noqa: BLE001 - whatever it is, 1 would be a verdict
        import traceback

        traceback.print_exc()
        return _failed("Error: this is a bug in geomadv", _exits.SOFTWARE)


def _usage(error: Exception) -> str:
    """Return one line that names the argument and where to read on."""
    text = " ".join(getattr(error, "format_message", error.__str__)().split())
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "geomadv")
    return f"Error: {text.rstrip('.')} (see `{path} --help`)"


def _failed(line: str, code: int) -> int:
    sys.stderr.write(f"{line}\n")
    return code


def _broken_pipe() -> int:
    """Leave quietly, as programs do whose reader has gone."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _exits.BROKEN_PIPE
