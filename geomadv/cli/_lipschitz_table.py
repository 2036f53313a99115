"""What ``geomadv lipschitz`` prints and writes: the table of layers, the certificates.

Upper ends are rounded up and lower ends down, so that what is shown is true.
"""

import math
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from geomadv.lipschitz import Certificates, LayerBound, NetworkBounds
from geomadv.report._latex import escaped

_DIGITS = 5
_SHOWN = 10
_WITNESS = 4096
_DROPPED = ("s", "op", "method", "stride")


def up(value: float, digits: int = _DIGITS) -> str:
    """Return a number rounded up; "none" for infinity."""
    return "none" if math.isinf(value) else _rounded(value, digits, ROUND_CEILING)


def down(value: float, digits: int = _DIGITS) -> str:
    """Return a number rounded down."""
    return _rounded(value, digits, ROUND_FLOOR)


def _rounded(value: float, digits: int, rounding: str) -> str:
    # An end that is off by rounding alone is shown as the number that is meant.
    value = float(value)
    near = float(f"{value:.12g}")
    if abs(near - value) <= 1e-13 * abs(value):
        value = near
    exact = Context(prec=digits, rounding=rounding).create_decimal(Decimal(repr(value)))
    return f"{float(exact):.{digits}g}"


def size(shape: Sequence[int] | None) -> str:
    """Return the size of a kernel, such as 3x11x11x96."""
    return "" if shape is None else "x".join(map(str, shape))


def stride_text(stride: Sequence[int] | None) -> str:
    """Return a stride, one number where all are equal."""
    if stride is None:
        return ""
    return str(stride[0]) if len(set(stride)) == 1 else size(stride)


def print_bounds(out: Console, found: NetworkBounds) -> None:
    """Print the table, the network's interval and the certificates."""
    rows = [_cells(layer) for layer in found.layers]
    names = ["layer", "op", "kernel", "stride", "upper", "lower", "method", "s"]
    widths = {n: max([len(n), *(r[n].cell_len for r in rows)]) for n in names}
    for dropped in _DROPPED:
        if sum(widths[n] + 2 for n in names) - 2 <= out.width:
            break
        names = [n for n in names if n != dropped]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        right = name in ("stride", "upper", "lower", "s")
        table.add_column(
            name,
            justify="right" if right else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        table.add_row(*(row[name] for name in names))
    out.print(table)
    out.print()
    for layer in found.layers:
        if math.isinf(layer.upper):
            reason = layer.method.removeprefix("none: ")
            out.print(Text(f"{layer.name}: {reason}", style="bold yellow"))
    if not math.isinf(found.product):
        text = f"product of the upper bounds: {up(found.product)}"
        if found.branches:
            text += " (no bound, as branches meet)"
        out.print(Text(text))
    if found.reason:
        out.print(Text("network: no upper bound", style="bold yellow"))
        return
    text = f"network: {down(found.lower)} <= L <= {up(found.upper)}"
    if found.lower > 0:
        text += f", a factor of {up(found.upper / found.lower, 3)}"
    out.print(Text(text, style="bold"))
    if found.certificates is not None:
        out.print()
        for part in _certificates(found.certificates):
            out.print(part)


def _cells(layer: LayerBound) -> dict[str, Text]:
    known = math.isfinite(layer.upper)
    return {
        "layer": Text(layer.name),
        "op": Text(layer.op),
        "kernel": Text(size(layer.shape)),
        "stride": Text(stride_text(layer.stride)),
        "upper": Text(up(layer.upper), style="" if known else "bold yellow"),
        "lower": Text(down(layer.lower)),
        "method": Text(layer.method if known else "none"),
        "s": Text(f"{layer.seconds:.2f}"),
    }


def _certificates(found: Certificates) -> Iterator[Table | Text]:
    n = len(found.radius)
    first = f", the first {_SHOWN} shown" if n > _SHOWN else ""
    yield Text(
        f"decisions at {n} points, certain within an l2 radius{first}", style="bold"
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    names = ["point", "class", *(["right"] if found.right is not None else [])]
    for name in (*names, "margin", "radius"):
        table.add_column(name, justify="right")
    for i in range(min(n, _SHOWN)):
        cells = [str(i), str(found.prediction[i])]
        if found.right is not None:
            cells.append("yes" if found.right[i] else "no")
        table.add_row(*cells, down(found.margin[i], 4), down(found.radius[i], 4))
    yield table
    middle = float(np.median(found.radius))
    text = f"median radius {down(middle, 4)}, largest {down(found.radius.max(), 4)}"
    if found.right is not None:
        text += f"; {np.mean(found.right):.2%} right".replace("%", " %")
    yield Text(text)


def as_json(found: NetworkBounds, model: str, seed: int, rtol: float) -> dict[str, Any]:
    """Return the result as values that JSON can hold; null for no upper end."""
    document: dict[str, Any] = {
        "model": model,
        "seed": seed,
        "rtol": rtol,
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "shape": None if layer.shape is None else list(layer.shape),
                "stride": None if layer.stride is None else list(layer.stride),
                "lower": layer.lower,
                "upper": _finite(layer.upper),
                "method": layer.method,
                "seconds": round(layer.seconds, 4),
            }
            for layer in found.layers
        ],
        "network": {
            "lower": found.lower,
            "upper": _finite(found.upper),
            "product": _finite(found.product),
            "branches": found.branches,
            "reason": found.reason,
        },
    }
    if found.witness is not None and found.witness[0].size <= _WITNESS:
        document["network"]["witness"] = found.witness.tolist()
    made = found.certificates
    if made is not None:
        right = [None] * len(made.radius) if made.right is None else made.right.tolist()
        document["certificates"] = [
            {"class": c, "right": r, "margin": _finite(m), "radius": _finite(e)}
            for c, r, m, e in zip(
                made.prediction.tolist(),
                right,
                made.margin.tolist(),
                made.radius.tolist(),
                strict=True,
            )
        ]
    return document


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def as_latex(found: NetworkBounds) -> str:
    """Return the table for LaTeX, with the package booktabs."""
    lines = [
        r"\begin{tabular}{llrrrl}",
        r"\toprule",
        r"Layer & Size & Stride & Upper bound & Lower bound & Method \\",
        r"\midrule",
    ]
    for layer in found.layers:
        kernel = size(layer.shape).replace("x", r"\times ")
        cells = (
            escaped(layer.name),
            f"${kernel}$" if kernel else "--",
            stride_text(layer.stride).replace("x", r"$\times$") or "--",
            _number(up(layer.upper)),
            _number(down(layer.lower)),
            escaped(layer.method if math.isfinite(layer.upper) else "none"),
        )
        lines.append(" & ".join(cells) + r" \\")
    ends = (_number(up(found.upper)), _number(down(found.lower)))
    lines += [
        r"\midrule",
        f"Network & & & {ends[0]} & {ends[1]} & \\\\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _number(text: str) -> str:
    mantissa, mark, exponent = text.partition("e")
    return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$" if mark else text
