"""Scaling curves: a quantity over the dimension on logarithmic axes, with its fit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from geomadv.plotting._figure import PALETTE, new_figure
from geomadv.stats import PowerLaw

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scaling_figure(
    d: Sequence[int],
    values: Sequence[float],
    law: PowerLaw,
    *,
    label: str,
    title: str = "",
) -> "Figure":
    """Return the figure of a quantity over the dimension, with its power law.

    Parameters
    ----------
    d : sequence of int, length n
        Dimensions, at least 1.
    values : sequence of float, length n
        The quantity, positive.
    law : PowerLaw
        The fit to the same points.
    label : str
        Label of the vertical axis, with mathematics between dollar signs.
    title : str
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved in the same `style` block in which it was made.
    """
    figure = new_figure("wide", aspect=0.64)
    axes = figure.add_subplot(xscale="log", yscale="log")
    line = np.geomspace(d[0], d[-1], 200)
    interval = law.exponent_interval
    fitted = (
        f"fit: exponent {_signed(law.exponent)}\n"
        f"{100 * (1 - law.error_rate):g} % interval "
        f"[{_signed(interval.lower)}, {_signed(interval.upper)}]"
    )
    axes.plot(line, law.predict(line), color=PALETTE["vermilion"], label=fitted)
    axes.plot(
        d,
        values,
        "o",
        color=PALETTE["blue"],
        markersize=3.5,
        label="value",
        zorder=3,
    )
    axes.set(xlabel="dimension $d$", ylabel=label, title=title)
    if max(values) < 10 * min(values):
        low, high = min(values), max(values)
        middle = (low * high) ** 0.5
        axes.set_ylim(min(low / 1.2, middle / 4), max(high * 1.2, middle * 4))
    axes.legend()
    return figure


def _signed(value: float) -> str:
    return f"{value:z.5f}".replace("-", "−")
