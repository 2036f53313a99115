"""The curve of a claim: its two sides over the axis that the claim names.

The left side is drawn with dots and a line, the right side dashed in the same colour,
one colour for each combination of the other parameters. A rate is drawn as the curve
itself, with the stated slope through its last point as the dashed line.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv.claims import Choices, Claim, Point, Result
from geomadv.plotting._figure import PALETTE
from geomadv.plotting._labels import plain_symbol, plain_ticks, symbol_of, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 6


@dataclass(frozen=True)
class Curve:
    """The sides of a claim over its axis, all other parameters fixed.

    Parameters
    ----------
    label : str
        The fixed parameters, as text with mathematics between dollar signs.
    x : tuple
        Values of the axis: numbers, or the words of a choice.
    lhs, rhs : tuple of float
        The sides; NaN where a side is not finite.
    bars : tuple of (float, float), or None
        Where the random side lies.
    exponent : float, optional
        The fitted exponent, for a rate.
    """

    label: str
    x: tuple[Any, ...]
    lhs: tuple[float, ...]
    rhs: tuple[float, ...]
    bars: tuple[tuple[float, float], ...] | None = None
    exponent: float | None = None


def claim_curves(result: Result, *, most: int = _MOST) -> tuple[Curve, ...]:
    """Return what there is to draw of a result.

    Parameters
    ----------
    result : Result
        What verification found.
    most : int
        How many curves at most; those left out lie between those that stay, and the
        one with the worst point always stays.

    Returns
    -------
    tuple of Curve
        Empty where the claim names no axis, or no point could be evaluated.
    """
    claim, outcome = result.claim, result.outcome
    axis, groups = claim.axis, _groups(result)
    exponents = {}
    if claim.relation == "rate":
        exponents = {_key(p.parameters, axis): p.lhs for p in outcome.points}
    worst = None if outcome.worst is None else _key(outcome.worst.parameters, axis)
    curves = []
    for key in _chosen(list(groups), worst, most):
        curve = _curve(claim, groups[key])
        if len(curve.x) > 1 and any(math.isfinite(v) for v in curve.lhs + curve.rhs):
            curves.append(replace(curve, exponent=exponents.get(key)))
    return tuple(curves)


def curve_count(result: Result) -> int:
    """Return how many combinations of the other parameters there are.

    Parameters
    ----------
    result : Result
        What verification found.

    Returns
    -------
    int
        0 where the claim names no axis.
    """
    return len(_groups(result))


def draw_claim_curve(axes: "Axes", result: Result, *, most: int = _MOST) -> bool:
    """Draw the curves of a result into axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Empty axes; the legend is put to their right.
    result : Result
        What verification found.
    most : int
        As for `claim_curves`.

    Returns
    -------
    bool
        Whether there was something to draw.
    """
    curves = claim_curves(result, most=most)
    claim = result.claim
    if not curves or claim.axis is None:
        return False
    parameter = claim.domain[claim.axis]
    words = isinstance(parameter, Choices)
    if not words and getattr(parameter, "scale", "linear") == "log":
        axes.set_xscale("log")
    if words:
        axes.set_xticks(range(len(parameter.typical)), map(str, parameter.typical))
    values = [v for c in curves for v in c.lhs + c.rhs if math.isfinite(v)]
    if claim.relation == "rate":
        values = [v for c in curves for v in c.lhs if math.isfinite(v)]
    if min(values) > 0 and max(values) >= 100 * min(values):
        axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis)
    colours = [PALETTE[n] for n in ("blue", "vermilion", "green", "purple", "orange")]
    colours.append(PALETTE["sky"])
    handles = []
    for place, curve in enumerate(curves):
        x = [parameter.typical.index(v) for v in curve.x] if words else curve.x
        handles.append(_draw(axes, x, curve, claim, colours[place % len(colours)]))
    _ring(axes, result)
    axes.set_xlabel(symbol_of(claim.axis, parameter))
    _legend(axes, handles, claim)
    return True


def _groups(result: Result) -> dict[tuple[str, ...], list[Point]]:
    """Return the points by all parameters but the axis."""
    axis, outcome = result.claim.axis, result.outcome
    groups: dict[tuple[str, ...], list[Point]] = {}
    for point in (outcome.curve or outcome.points) if axis is not None else ():
        groups.setdefault(_key(point.parameters, axis), []).append(point)
    return groups


def _key(parameters: Mapping[str, Any], axis: str | None) -> tuple[str, ...]:
    return tuple(f"{k}={v!r}" for k, v in parameters.items() if k != axis)


def _chosen(
    keys: list[tuple[str, ...]], worst: tuple[str, ...] | None, most: int
) -> list[tuple[str, ...]]:
    if len(keys) <= most:
        return keys
    places = {round(i * (len(keys) - 1) / (most - 1)) for i in range(most)}
    if worst in keys and keys.index(worst) not in places:
        near = min(places, key=lambda p: (abs(p - keys.index(worst)), p))
        places = places - {near} | {keys.index(worst)}
    return [keys[place] for place in sorted(places)]


def _curve(claim: Claim, points: Sequence[Point]) -> Curve:
    axis = str(claim.axis)
    parameter = claim.domain.get(axis)
    if not isinstance(parameter, Choices):
        points = sorted(points, key=lambda point: float(point.parameters[axis]))
    fixed = {k: v for k, v in points[0].parameters.items() if k != axis}
    label = ", ".join(
        f"{plain_symbol(name, claim.domain.get(name))} = {value_text(value)}"
        if not isinstance(value, str)
        else value_text(value)
        for name, value in fixed.items()
    )
    bars = [(p.interval.lower, p.interval.upper) for p in points if p.interval]
    return Curve(
        label,
        tuple(p.parameters[axis] for p in points),
        tuple(_finite(p.lhs) for p in points),
        tuple(_finite(p.rhs) for p in points),
        tuple(bars) if len(bars) == len(points) else None,
    )


def _draw(
    axes: "Axes", x: Sequence[float | int], curve: Curve, claim: Claim, colour: str
) -> Any:
    (line,) = axes.plot(
        x, curve.lhs, label=_entry(curve), color=colour, marker="o", markersize=3.2
    )
    if claim.relation == "rate":
        last = max((i for i, v in enumerate(curve.lhs) if v > 0), default=None)
        if last is not None:
            with np.errstate(over="ignore", under="ignore"):
                slope = (np.array(x) / x[last]) ** curve.rhs[last]
            axes.plot(x, curve.lhs[last] * slope, "--", color=colour, linewidth=1)
    else:
        axes.plot(x, curve.rhs, "--", color=colour, linewidth=1)
    if curve.bars is not None:
        random = getattr(claim.evidence, "side", "lhs")
        centre = np.array(curve.lhs if random == "lhs" else curve.rhs)
        low, high = np.clip(np.array(curve.bars).T, -1e300, 1e300)
        sizes = np.maximum([centre - low, high - centre], 0)
        axes.errorbar(x, centre, sizes, fmt="none", ecolor=colour, elinewidth=1)
    return line


def _ring(axes: "Axes", result: Result) -> None:
    """Put a ring around the worst point."""
    worst, axis = result.outcome.worst, result.claim.axis
    if worst is None or axis is None or axis not in worst.parameters:
        return
    if not math.isfinite(worst.lhs):
        return
    parameter = result.claim.domain.get(axis)
    x = worst.parameters[axis]
    if isinstance(parameter, Choices):
        x = parameter.typical.index(x)
    axes.plot([x], [worst.lhs], "o", mfc="none", mec=PALETTE["grey"], markersize=9)


def _legend(axes: "Axes", handles: list[Any], claim: Claim) -> None:
    from matplotlib.lines import Line2D

    dashed = "stated slope" if claim.relation == "rate" else "right side"
    grey = PALETTE["grey"]
    sides = [
        Line2D([], [], color=grey, marker="o", markersize=3.2, label="left side"),
        Line2D([], [], color=grey, linestyle="--", linewidth=1, label=dashed),
    ]
    shown = [handle for handle in handles if handle.get_label().strip()]
    axes.legend(
        handles=[*sides, *shown],
        loc="upper left",
        bbox_to_anchor=(1.02, 1.02),
        borderaxespad=0,
        handlelength=2.2,
    )


def _entry(curve: Curve) -> str:
    """Return the entry of a curve in the legend; a space where there is nothing."""
    if curve.exponent is None or not math.isfinite(curve.exponent):
        return curve.label or " "
    fitted = f"fitted exponent {curve.exponent:.4g}"
    return f"{curve.label}: {fitted}" if curve.label else fitted


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
