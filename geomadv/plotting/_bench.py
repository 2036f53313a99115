"""The figure of a measurement: seconds over geomadv's, for peers and for the bound."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from geomadv.bench import CaseResult
from geomadv.plotting._figure import PALETTE, new_figure
from geomadv.plotting._labels import plain_ticks

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour and marker of each library: told apart by either alone.
_MARKS = {
    "scikit-learn": ("orange", "s"),
    "faiss": ("purple", "D"),
    "torch": ("vermilion", "^"),
    "NumPy": ("blue", "o"),
    "SciPy": ("green", "v"),
    "KeOps": ("sky", "P"),
    "CuPy": ("blue", "o"),
}
_ROW = 0.24  # inches
_AXIS = "seconds / seconds of geomadv: median and range (hollow: for each thread)"


def bench_figure(cases: Sequence[CaseResult], *, title: str = "") -> "Figure":
    """Return the figure of a measurement: a row a case, on a logarithmic axis.

    Parameters
    ----------
    cases : sequence of CaseResult
        What came out; cases without seconds are left out.
    title : str
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved in the same `style` block in which it was made.
    """
    from matplotlib.ticker import FixedLocator

    shown = [case for case in cases if case.seconds is not None]
    height = 1.3 + _ROW * max(1, len(shown))
    figure = new_figure("page", aspect=height / 7.0)
    axes = figure.add_subplot(xscale="log")
    axes.axvline(1.0, color=PALETTE["black"], linewidth=1.0, label="geomadv")
    for row, case in enumerate(shown):
        _draw(axes, row, case)
    axes.set_yticks(range(len(shown)), [case.title for case in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    low, high = _limits(shown)
    axes.set_xlim(low, high)
    axes.set(xlabel=_AXIS, title=title)
    plain_ticks(axes.xaxis)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(low, high)))
    handles, labels = _legend(axes)
    figure.legend(
        handles, labels, loc="outside lower center", ncols=8, columnspacing=1.2
    )
    return figure


def _draw(axes: "Axes", row: int, case: CaseResult) -> None:
    """Draw one row: a bar from the bound to 1, and a mark with its range for a peer."""
    if case.bound is not None:
        ratio = case.bound.ratio
        axes.plot(
            [1.0 / ratio.high, 1.0 / ratio.low],
            [row, row],
            color=PALETTE["grey"],
            linewidth=1.0,
        )
        axes.plot(
            [1.0 / ratio.median] * 2,
            [row - 0.32, row + 0.32],
            color=PALETTE["grey"],
            linewidth=2.5,
            solid_capstyle="butt",
            label="bound",
        )
    for peer in case.peers:
        if peer.ratio is None:
            continue
        colour, marker = _MARKS[peer.library]
        axes.plot(
            [peer.ratio.low, peer.ratio.high],
            [row, row],
            color=PALETTE[colour],
            linewidth=1.0,
        )
        axes.plot(
            [peer.ratio.median],
            [row],
            linestyle="none",
            marker=marker,
            color=PALETTE[colour],
            markerfacecolor="white" if peer.serial else PALETTE[colour],
            markersize=4.5,
            label=peer.library,
        )


def _limits(shown: Sequence[CaseResult]) -> tuple[float, float]:
    values = [1.0]
    for case in shown:
        if case.bound:
            values += [1.0 / case.bound.ratio.high, 1.0 / case.bound.ratio.low]
        for peer in case.peers:
            values += [peer.ratio.low, peer.ratio.high] if peer.ratio else []
    return min(values) / 1.3, max(values) * 1.3


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten; over four decades and more, the powers."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if high < 1e4 * low else (1,)
    step = max(1, (last - first) // 8)
    ticks = [
        factor * 10.0**power
        for power in range(first - first % step, last + 1, step)
        for factor in factors
    ]
    return [tick for tick in ticks if low <= tick <= high]


def _legend(axes: "Axes") -> "tuple[list[Artist], list[str]]":
    """Return the handles and the labels, each label once."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(reversed(labels), reversed(handles), strict=True))
    ordered = list(dict.fromkeys(labels))
    return [once[label] for label in ordered], ordered
