"""Spectra of a network's layers: singular values over their rank, both as shares."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.plotting._bench import _ticks
from geomadv.plotting._figure import PALETTE, new_figure
from geomadv.plotting._labels import plain_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DRAWN = 400
_MOST = 24


def spectra_figure(
    spectra: Mapping[str, Float[NDArray, " k"]],
    bounds: Mapping[str, float],
    *,
    title: str = "",
) -> "Figure":
    """Return the figure of the layers' singular values, with their upper bounds.

    Parameters
    ----------
    spectra : mapping of str to (k,) array
        Singular values of each layer, largest first.
    bounds : mapping of str to float
        Upper bounds of the layers' constants, marked on the left.
    title : str
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved in the same `style` block in which it was made.
    """
    import matplotlib as mpl

    figure = new_figure("wide", aspect=0.66)
    axes = figure.add_subplot(yscale="log")
    shown = dict(list(spectra.items())[:_MOST])
    few = len(shown) <= 7
    colours = (
        list(PALETTE.values())
        if few
        else mpl.colormaps["viridis"](np.linspace(0.0, 0.92, len(shown))).tolist()
    )
    for (name, values), colour in zip(shown.items(), colours, strict=False):
        place = np.unique(
            np.round(np.linspace(0, values.size - 1, min(values.size, _DRAWN))).astype(
                int
            )
        )
        share = (place + 0.5) / values.size
        label = f"{_plain(name)} ({values.size})"
        single = values.size < 3
        axes.plot(
            share, values[place], "o" if single else "-", color=colour, label=label
        )
        if np.isfinite(bounds[name]):
            axes.plot(
                [0.0],
                [bounds[name]],
                marker="<",
                color=colour,
                clip_on=False,
                linestyle="none",
                markersize=4,
            )
    axes.set(
        xlabel="rank / number of singular values",
        ylabel="singular value",
        title=title,
        xlim=(0, 1),
    )
    ends = [float(v) for s in shown.values() for v in (s[0], s[-1])] or [1.0]
    top = max([*ends, *(bounds[name] for name in shown if np.isfinite(bounds[name]))])
    axes.set_ylim(max(min(ends) / 1.5, top * 1e-4), top * 1.6)
    axes.set_yticks(_ticks(*axes.get_ylim()))
    plain_ticks(axes.yaxis)
    if shown:
        figure.legend(
            loc="outside right upper",
            title="layer (values)\n◂ upper bound",
            title_fontsize=7,
        )
    return figure


def _plain(name: str) -> str:
    text = name.replace("$", r"\$")
    return text if len(text) <= 24 else f"{text[:21]}..."
