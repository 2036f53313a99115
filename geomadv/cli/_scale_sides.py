"""The other half of ``geomadv scale``: claims, and functions beside their theory."""

import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geomadv.cli._exits import AS_EXPECTED, INCONCLUSIVE, refuse
from geomadv.cli._outputs import check_outputs, write_csv, write_json
from geomadv.cli._quantities import Quantity
from geomadv.cli._sampling import Sampling

if TYPE_CHECKING:
    from rich.console import Console

    from geomadv.claims import Claim
    from geomadv.cli._side_curves import SideCurves
    from geomadv.stats import SampledCurve

_FORMATS = (".png", ".svg", ".pdf")
_ROWS = 12
_PLAIN = Sampling()


@dataclass(frozen=True)
class Wish:
    """What is to be drawn, as it was asked for.

    Parameters
    ----------
    name : str
        The claim, the function or the quantity.
    over : str or None
        The parameter and its range.
    at : tuple of str
        Values of the others.
    points : int
        How many.
    trivial : float or None
        The level above which a bound says nothing.
    theory : str or None
        An exponent or a function.
    sampling : Sampling
        How often a function of random numbers is called.
    """

    name: str
    over: str | None
    at: tuple[str, ...]
    points: int
    trivial: float | None
    theory: str | None = None
    sampling: Sampling = _PLAIN


def check(points: int, out: Path | None, json: Path | None) -> None:
    """Refuse what no curve can be made or written with."""
    if points < 3:
        refuse("--points", f"a fit needs at least 3, got {points}")
    if out is not None and out.suffix not in _FORMATS:
        refuse("--out", f"must end in {', '.join(_FORMATS)}, got {str(out)!r}")
    csv = None if out is None else out.with_suffix(".csv")
    check_outputs(out=out, csv=csv, json=json)


def scale_sides(
    subject: "Claim | Quantity | str",
    wish: Wish,
    out: Path | None,
    seed: int,
    json: Path | None,
) -> int:
    """Draw a claim, a quantity or a function over one of its parameters."""
    from geomadv.cli._console import console

    check(wish.points, out, json)
    curves = _curves(subject, wish, seed)
    if json is not None:
        write_json(json, curves.as_json())
    if out is not None:
        _draw(curves, wish.trivial, out)
    _print(console(), curves, wish.trivial)
    done = curves.curve is None or curves.curve.reached
    return AS_EXPECTED if done else INCONCLUSIVE


def _curves(subject: "Claim | Quantity | str", wish: Wish, seed: int) -> "SideCurves":
    from geomadv.cli._function_curve import function_curve
    from geomadv.cli._side_curves import claim_curves

    if isinstance(subject, str | Quantity):
        if wish.trivial is not None and (wish.theory is None or ":" not in wish.theory):
            refuse("--trivial", f"{wish.name} is no claim: name a bound by --theory")
        return function_curve(
            wish.name,
            subject,
            wish.over,
            wish.at,
            wish.points,
            theory=wish.theory,
            sampling=wish.sampling,
            seed=seed,
        )
    if wish.theory is not None:
        refuse("--theory", f"{wish.name} is a claim, which has its own sides")
    return claim_curves(subject, wish.over, wish.at, wish.points, seed, wish.sampling)


def _draw(curves: "SideCurves", trivial: float | None, out: Path) -> None:
    from geomadv.plotting import save, style
    from geomadv.plotting._sides import sides_figure

    known = described(curves.fixed)
    with style():
        figure = sides_figure(
            curves.x,
            curves.sides,
            curves.laws(),
            xlabel=curves.axis,
            title=textwrap.fill(curves.title, 60) + (f"\n{known}" if known else ""),
            log=curves.log,
            intervals=curves.intervals,
            trivial=trivial,
            exponent=curves.exponent,
        )
        save(figure, out.with_suffix(""), (out.suffix[1:],))
    columns = dict(curves.sides)
    if curves.errors is not None and curves.intervals is not None:
        low, high = zip(*curves.intervals, strict=True)
        columns |= {"lower": list(low), "upper": list(high)}
    rows = zip(curves.x, *columns.values(), strict=True)
    write_csv(out.with_suffix(".csv"), [curves.axis, *columns], rows)


def _print(out: "Console", curves: "SideCurves", trivial: float | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from geomadv.report._words import number as shown

    out.print(Text(f"{curves.name}: {curves.title}", style="bold"))
    if curves.fixed:
        out.print(Text(described(curves.fixed)))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    names = [curves.axis, *curves.sides]
    if curves.slack is not None:
        names.append("slack")
    if curves.curve is not None:
        names.append("draws")
    if curves.verdicts is not None:
        names.append("verdict")
    for column in names:
        table.add_column(column, justify="left" if column == "verdict" else "right")
    step = max(1, math.ceil(len(curves.x) / _ROWS))
    for i in sorted({*range(0, len(curves.x), step), len(curves.x) - 1}):
        row = [f"{curves.x[i]:.7g}", *(shown(v[i], 8) for v in curves.sides.values())]
        if curves.slack is not None:
            row.append(shown(curves.slack[i], 3))
        if curves.curve is not None:
            row.append(str(curves.curve.draws[i]))
        if curves.verdicts is not None:
            row.append(curves.verdicts[i])
        table.add_row(*row)
    out.print(table)
    if curves.curve is not None:
        out.print(_sampled(curves.curve))
    for side, law in curves.laws().items():
        interval = law.exponent_interval
        text = (
            f"{side}: exponent {fixed(law.exponent)}, "
            f"{100 * (1 - law.error_rate):g} % interval "
            f"[{fixed(interval.lower)}, {fixed(interval.upper)}]"
        )
        if law.log_exponent:
            text += f", times (log {curves.axis})^{fixed(law.log_exponent)}"
        out.print(text, style="bold")
    fitted = curves.laws().get("value")
    if curves.exponent is not None:
        text = f"theory: exponent {fixed(curves.exponent)}"
        if fitted is not None:
            inside = curves.exponent in fitted.exponent_interval
            text += f", {'inside' if inside else 'outside'} the interval of the value"
        out.print(text, style="bold")
    if trivial is not None:
        places = curves.informative(trivial)
        says = (
            f"at {len(places)} of {len(curves.x)} points, "
            f"{curves.axis} from {places[0]:.7g} to {places[-1]:.7g}"
            if places
            else "nowhere: it is vacuous on the whole range"
        )
        side = "right side" if "rhs" in curves.sides else "theory"
        out.print(f"the {side} is below {trivial:g} {says}")


def _sampled(curve: "SampledCurve") -> str:
    """Say what the draws of a curve have reached."""
    wide = max(
        i.width / abs(m) if m else math.inf
        for i, m in zip(curve.intervals, curve.mean.tolist(), strict=True)
    )
    text = (
        f"{sum(curve.draws)} draws: the intervals hold together at "
        f"{100 * (1 - curve.error_rate):g} %, the widest is {wide:.3g} of its mean"
    )
    return text if curve.reached else f"{text}: NOT narrow enough, raise --draws"


def described(options: dict[str, Any]) -> str:
    return ", ".join(
        f"{k} = {v:g}" if isinstance(v, int | float) else f"{k} = {v}"
        for k, v in options.items()
    )


def fixed(value: float) -> str:
    """Return five decimals, without a sign before zero."""
    return f"{value:z.5f}"
