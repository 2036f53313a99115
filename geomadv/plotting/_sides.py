"""The sides of a claim, or a function, over one parameter, with their power laws."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from geomadv.plotting._figure import PALETTE, new_figure
from geomadv.plotting._labels import plain_ticks
from geomadv.stats import PowerLaw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOKS = {
    "lhs": ("blue", "o"),
    "rhs": ("vermilion", "s"),
    "value": ("blue", "o"),
    "theory": ("vermilion", "s"),
}
_WORDS = {"lhs": "left side", "rhs": "right side", "value": "value", "theory": "theory"}


def sides_figure(
    x: Sequence[float],
    sides: Mapping[str, Sequence[float]],
    laws: Mapping[str, PowerLaw],
    *,
    xlabel: str,
    title: str,
    log: bool,
    intervals: Sequence[tuple[float, float]] | None = None,
    trivial: float | None = None,
    exponent: float | None = None,
) -> "Figure":
    """Return the figure of one or two quantities over a parameter.

    Parameters
    ----------
    x : sequence of float, length n
        Values of the parameter.
    sides : mapping of str to sequence of float
        "lhs" and "rhs", or "value" and "theory"; what is not finite is left out.
    laws : mapping of str to PowerLaw
        Fits, for the legend.
    xlabel, title : str
        Labels.
    log : bool
        Whether the horizontal axis is logarithmic.
    intervals : sequence of (float, float), optional
        Where the left side lies, if it was sampled.
    trivial : float, optional
        A level above which the right side says nothing.
    exponent : float, optional
        That of the theory; a line of it goes through the last value.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved in the same `style` block in which it was made.
    """
    figure = new_figure("wide", aspect=0.64)
    axes = figure.add_subplot(xscale="log" if log else "linear")
    finite = [v for values in sides.values() for v in values if math.isfinite(v)]
    if finite and min(finite) > 0 and max(finite) >= 100 * min(finite):
        axes.set_yscale("log")
    for side, values in sides.items():
        colour, marker = _LOOKS[side]
        label = _WORDS[side]
        law = laws.get(side)
        if law is not None:
            label += f": exponent {_signed(law.exponent)}"
            if law.log_exponent:
                label += f", times log to the {_signed(law.log_exponent)}"
        shown = np.where(np.isfinite(values), values, np.nan)
        axes.plot(
            x, shown, marker=marker, ms=3.5, lw=1, color=PALETTE[colour], label=label
        )
    if intervals is not None:
        low, high = zip(*intervals, strict=True)
        axes.fill_between(x, low, high, color=PALETTE["blue"], alpha=0.2, lw=0)
    if trivial is not None:
        axes.axhline(trivial, color=PALETTE["grey"], ls=":", label="trivial")
    if exponent is not None and min(x) > 0 and math.isfinite(sides["value"][-1]):
        line = sides["value"][-1] * (np.asarray(x) / x[-1]) ** exponent
        label = f"theory: exponent {_signed(exponent)}"
        axes.plot(x, line, "--", lw=1, color=PALETTE["vermilion"], label=label)
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis)
    axes.set(xlabel=xlabel, title=title)
    axes.legend()
    return figure


def _signed(value: float) -> str:
    return f"{value:z.4g}".replace("-", "−")
