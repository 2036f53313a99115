"""The house style, figures without pyplot, and saving them whole."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from geomadv._files import replacing
from geomadv._validate import choice, real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")

#: Okabe and Ito's colours by name; the first seven are the style's cycle.
PALETTE: Mapping[str, str] = MappingProxyType(
    {
        "blue": "#0072B2",
        "vermilion": "#D55E00",
        "green": "#009E73",
        "purple": "#CC79A7",
        "orange": "#E69F00",
        "sky": "#56B4E9",
        "black": "#000000",
        "grey": "#7F7F7F",
    }
)

#: Widths of figures in inches: one column, a column and a half, two columns.
WIDTHS: Mapping[str, float] = MappingProxyType(
    {"column": 3.4, "wide": 5.0, "page": 7.0}
)

# Without these, two runs would differ in their dates.
_UNDATED: Mapping[str, dict[str, None]] = MappingProxyType(
    {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
)


@contextmanager
def style() -> Iterator[None]:
    """Draw what the block draws in the house style.

    Making and saving a figure both belong in the block: some settings (fonts, salts of
    identifiers) are read when it is written.

    Yields
    ------
    None

    Examples
    --------
    >>> with style():
    ...     figure = new_figure("column", aspect=0.7)
    >>> figure.get_size_inches().round(2).tolist()
    [3.4, 2.38]
    """
    import matplotlib.style

    with (
        as_file(files("geomadv.plotting") / "geomadv.mplstyle") as path,
        matplotlib.style.context(["default", str(path)]),
    ):
        yield


def new_figure(
    width: str = "column", *, aspect: float = 0.7, layout: str = "constrained"
) -> "Figure":
    """Return an empty figure that belongs to no window.

    Parameters
    ----------
    width : {"column", "wide", "page"}
        A name in `WIDTHS`.
    aspect : float
        Height over width, in (0, 10].
    layout : {"constrained", "none"}
        Whether matplotlib makes room for labels, or the axes are placed by hand.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """
    from matplotlib.figure import Figure

    inches = WIDTHS[choice("width", width, tuple(WIDTHS))]
    ratio = real("aspect", aspect, lower=0, upper=10, open_lower=True)
    choice("layout", layout, ("constrained", "none"))
    figure = Figure(figsize=(inches, inches * ratio))
    figure.set_layout_engine("constrained" if layout == "constrained" else "none")
    return figure


def save(
    figure: "Figure",
    stem: str | os.PathLike[str],
    formats: tuple[str, ...] = FORMATS,
) -> list[Path]:
    """Write a figure in each format, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    stem : path
        Path without a suffix; its folder is made if need be.
    formats : tuple of {"png", "svg", "pdf"}
        The formats.

    Returns
    -------
    list of Path
        The files, in the order of `formats`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Dates are left out and identifiers are salted, so equal figures are equal files
    where matplotlib and its fonts are the same.
    """
    paths = []
    for suffix in formats:
        choice("formats", suffix, FORMATS)
    for suffix in formats:
        path = Path(f"{os.fspath(stem)}.{suffix}")
        with replacing(path) as temporary:
            figure.savefig(temporary, format=suffix, metadata=_UNDATED[suffix])
        paths.append(path)
    return paths
