"""``geomadv scale``: how a quantity depends on the dimension or another parameter."""

import dataclasses
import difflib
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import Json, Seed, count, number, positive
from geomadv.cli._outputs import write_csv, write_json
from geomadv.cli._quantities import QUANTITIES, Quantity, find_quantity
from geomadv.cli._sampling import Sampling
from geomadv.cli._scale_sides import Wish, check, described, fixed, scale_sides
from geomadv.cli._side_curves import bounds

if TYPE_CHECKING:
    from rich.console import Console

    from geomadv.claims import Claim
    from geomadv.spaces import Isoperimetry
    from geomadv.stats import PowerLaw

_ROWS = 12


EPILOG = "\n".join(
    [
        "\b",
        "Quantities over the dimension (--d):",
        *(f"  {name}" for name in QUANTITIES),
        "The two sides of a claim, or a function, over any parameter (--over, --at):",
        "  the id of a claim, as `geomadv claims` lists them, or FILE.py:CLAIM",
        "  geomadv.MODULE:FUNCTION or FILE.py:FUNCTION",
    ]
)


def scale(
    quantity: Annotated[
        str,
        typer.Argument(
            metavar="QUANTITY", help="What to draw; see below.", show_default=False
        ),
    ],
    d: Annotated[
        str, typer.Option("--d", metavar="LOW:HIGH", help="Range of dimensions.")
    ] = "10:1e6",
    points: Annotated[
        int,
        typer.Option(parser=positive, metavar="N", help="How many dimensions."),
    ] = 25,
    mass: Annotated[
        float | None,
        typer.Option(parser=number, metavar="MASS", help="Measure of the set (0.01)."),
    ] = None,
    eps: Annotated[
        float | None,
        typer.Option(parser=number, metavar="EPS", help="Size of the enlargement."),
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(parser=number, metavar="LEVEL", help="Level of the quantile."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="euclidean or geodesic, on the sphere."),
    ] = None,
    p: Annotated[
        float | None,
        typer.Option("--p", parser=number, metavar="P", help="Order of the norm (2)."),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=LOW:HIGH",
            help="Parameter of a claim or a function; a claim's own axis by default.",
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Value of another parameter."),
    ] = None,
    trivial: Annotated[
        float | None,
        typer.Option(
            parser=number,
            metavar="VALUE",
            help="Say where the right side of a claim, or the theory, is below VALUE: "
            "1 for a probability. A bound that is not is vacuous.",
        ),
    ] = None,
    theory: Annotated[
        str | None,
        typer.Option(
            metavar="EXPONENT|FUNCTION",
            help="What stands beside a quantity or a function: an exponent, or another "
            "function of the same parameters, exact or a bound.",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            parser=positive,
            metavar="N",
            help="How often a function that takes `rng` is called at each point (100); "
            "with --width, draws in all, at most (1000000).",
        ),
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(
            parser=number,
            metavar="W",
            help="Draw where the curve is least certain until every interval is at "
            "most this share of its mean; exit code 2 if the draws do not suffice.",
        ),
    ] = None,
    span: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="LOW:HIGH",
            help="With --width: bounds of what the function returns (0:1).",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw into FILE.png, .svg or .pdf; numbers in FILE.csv.",
        ),
    ] = None,
    seed: Seed = 0,
    json: Json = None,
) -> int:
    """Draw a quantity over the dimension, or a claim over any of its parameters."""
    if quantity not in QUANTITIES and (claim := _claim(quantity, over, at or [])):
        given = {"mass": mass, "eps": eps, "level": level, "metric": metric, "p": p}
        for option, value in given.items():
            if value is not None:
                refuse(f"--{option}", f"is for spaces; use --at {option}={value}")
        sampling = _sampling(draws, width, span)
        wish = Wish(quantity, over, tuple(at or ()), points, trivial, theory, sampling)
        return scale_sides(claim, wish, out, seed, json)
    if over is not None or at:
        refuse("--over", f"{quantity} is drawn over --d, with options of its own")
    found = find_quantity(quantity)
    given = {"mass": mass, "eps": eps, "level": level, "metric": metric, "p": p}
    options = _options(quantity, found, given)
    low, high = _dimensions(d)
    if low < found.least or high > found.most:
        refuse("--d", f"{quantity} is for {found.least}:{found.most}, got {low}:{high}")
    _sampling(draws, width, span).check(quantity)
    if theory is not None:
        rest = tuple(f"{name}={value}" for name, value in options.items())
        wish = Wish(quantity, f"d={low}:{high}", rest, points, trivial, theory)
        return scale_sides(found, wish, out, seed, json)
    if trivial is not None:
        refuse("--trivial", "is for claims, and goes with --theory")
    check(points, out, json)

    curve = _curve(quantity, found, options, low, high, points)
    if json is not None:
        write_json(json, curve.as_json())
    if out is not None:
        from geomadv.plotting import save, style
        from geomadv.plotting._scaling import scaling_figure

        with style():
            figure = scaling_figure(
                curve.d,
                curve.values,
                curve.law,
                label=f"${found.symbol}$",
                title=f"{found.title}\n{described(options)}",
            )
            save(figure, out.with_suffix(""), (out.suffix[1:],))
        rows = zip(curve.d, curve.values, strict=True)
        write_csv(out.with_suffix(".csv"), ["d", quantity], rows)
    from geomadv.cli._console import console

    _print(console(), curve)
    return 0


def _sampling(draws: int | None, width: float | None, span: str | None) -> Sampling:
    if width is not None and not width > 0:
        refuse("--width", f"must be above 0, got {width:g}")
    return Sampling(draws, width, None if span is None else bounds(span, "--range"))


def _claim(name: str, over: str | None, at: list[str]) -> "Claim | str | None":
    """Return the claim of a name, the name of a function, or None for a quantity."""
    if ":" in name:
        return _own_claim(name) or name
    spaces = {quantity.partition(".")[0] for quantity in QUANTITIES}
    if name.partition(".")[0] in spaces:
        return None
    from geomadv.theories import registry

    claims = {claim.id: claim for claim in registry()}
    if name in claims:
        return claims[name]
    if over is not None or at:
        near = difflib.get_close_matches(name, claims, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        refuse("QUANTITY", f"no claim is called {name!r}{hint}")
    return None


def _own_claim(name: str) -> "Claim | None":
    """Return a claim of the user's, if FILE.py:NAME names one."""
    from geomadv.claims import load
    from geomadv.claims._load import is_file

    try:
        return load(name)[0] if is_file(name) else None
    except (ValueError, OSError):
        return None


@dataclass(frozen=True)
class _Curve:
    name: str
    quantity: Quantity
    options: dict[str, Any]
    d: list[int]
    values: list[float]
    law: "PowerLaw"
    solved: "tuple[Isoperimetry, Isoperimetry]"

    def exponents(self) -> list[float | None]:
        """Return the local exponent between each dimension and the one before."""
        pairs = zip(pairwise(self.d), pairwise(self.values), strict=True)
        slopes = [math.log(y / x) / math.log(e / d) for (d, e), (x, y) in pairs]
        return [None, *slopes]

    def as_json(self) -> dict[str, Any]:
        interval = self.law.exponent_interval
        return {
            "quantity": self.name,
            "title": self.quantity.title,
            "options": {
                k: v if v != math.inf else "inf" for k, v in self.options.items()
            },
            "isoperimetry": [dataclasses.asdict(solved) for solved in self.solved],
            "d": self.d,
            "values": self.values,
            "local_exponents": self.exponents(),
            "fit": {
                "lower": self.d[0],
                "upper": self.d[-1],
                "exponent": self.law.exponent,
                "interval": [interval.lower, interval.upper],
                "error_rate": self.law.error_rate,
                "log_prefactor": self.law.log_prefactor,
            },
        }


def _dimensions(text: str) -> tuple[int, int]:
    """Read a range of dimensions such as 10:1e9."""
    first, colon, last = text.partition(":")
    try:
        low, high = count(first), count(last)
    except typer.BadParameter:
        colon = ""
    if not colon:
        refuse("--d", f"must be a range of whole numbers such as 10:1e9, got {text!r}")
    if not 1 <= low < high:
        refuse("--d", f"must rise from at least 1, got {text!r}")
    return low, high


def _options(name: str, quantity: Quantity, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a quantity, given or by default."""
    for option, value in given.items():
        if value is not None and option not in quantity.options:
            takes = ", ".join(f"--{o}" for o in quantity.options)
            refuse(f"--{option}", f"{name} does not depend on it; it takes {takes}")
    return {o: v if given[o] is None else given[o] for o, v in quantity.options.items()}


def _curve(
    name: str, quantity: Quantity, options: dict[str, Any], low: int, high: int, n: int
) -> _Curve:
    """Evaluate a quantity at about n dimensions that are evenly spaced in logarithm."""
    from geomadv.stats import fit_power_law

    steps = (round(low * (high / low) ** (i / (n - 1))) for i in range(n))
    d = sorted({low, high, *(min(max(step, low), high) for step in steps)})
    if len(d) < 3:
        refuse("--d", f"must hold at least 3 dimensions, got {low}:{high}")
    try:
        values = [quantity.value(k, options) for k in d]
        low_known, high_known = (
            quantity.isoperimetry(k, options) for k in (d[0], d[-1])
        )
    except (ValueError, TypeError) as error:
        option = str(error).partition(" ")[0]
        refuse(f"--{option}" if option in options else "QUANTITY", str(error))
    for k, value in zip(d, values, strict=True):
        if not 0 < value < math.inf:
            refuse("QUANTITY", f"is {value:g} at d = {k}, which no power law fits")
    return _Curve(
        name,
        quantity,
        options,
        d,
        values,
        fit_power_law(d, values),
        (low_known, high_known),
    )


def _known(solved: "tuple[Isoperimetry, Isoperimetry]") -> str:
    """Say which sets attain the values, or which bound they are."""
    low, high = (
        f"{'attained by' if known.exact else 'a bound from'} {known.extremal}"
        for known in solved
    )
    both = low if low == high else f"{low} in low dimension, {high} in high dimension"
    return f"{both} ({solved[1].source})"


def _print(out: "Console", curve: _Curve) -> None:
    from rich.table import Table
    from rich.text import Text

    from geomadv.report._words import number as shown

    out.print(Text(f"{curve.name}: {curve.quantity.title}", style="bold"))
    out.print(f"{described(curve.options)}; {_known(curve.solved)}")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in ("d", "value", "local exponent"):
        table.add_column(column, justify="right")
    rows = list(zip(curve.d, curve.values, curve.exponents(), strict=True))
    step = max(1, math.ceil(len(rows) / _ROWS))
    chosen = sorted({*range(0, len(rows), step), len(rows) - 1})
    for d, value, local in (rows[i] for i in chosen):
        table.add_row(str(d), shown(value, 8), "" if local is None else fixed(local))
    out.print(table)
    law, interval = curve.law, curve.law.exponent_interval
    out.print(
        f"fitted exponent {fixed(law.exponent)}, "
        f"{100 * (1 - law.error_rate):g} % interval "
        f"[{fixed(interval.lower)}, {fixed(interval.upper)}], "
        f"over d = {curve.d[0]} to {curve.d[-1]} ({len(curve.d)} dimensions)",
        style="bold",
    )
