"""Labels in characters, and symbols set as mathematics where that is worth its time.

matplotlib takes a hundredth of a second for each formula, so legends and ticks do with
Greek letters and superscripts as characters.
"""

import re
import unicodedata
from typing import Any

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain_symbol(name: str, parameter: Any) -> str:
    """Return a parameter's symbol as characters, if it is a letter, else its name.

    Mathematics takes a hundredth of a second for each entry of a legend.
    """
    symbol = getattr(parameter, "symbol", "")
    symbol = re.sub(r"\\(?:mathrm|text)\{(\w+)\}", r"\1", symbol)
    if symbol.startswith("\\"):
        letter = symbol[1:].removeprefix("var")
        case = "CAPITAL" if letter[:1].isupper() else "SMALL"
        try:
            return unicodedata.lookup(f"GREEK {case} LETTER {letter}")
        except KeyError:
            symbol = ""
    if symbol.isalnum():
        return str(symbol)
    return name.replace("$", r"\$").replace("_", " ")


def symbol_of(name: str, parameter: Any) -> str:
    """Return a parameter's symbol if matplotlib can set it, else its name."""
    from matplotlib.mathtext import MathTextParser

    symbol = f"${getattr(parameter, 'symbol', '')}$"
    if symbol != "$$":
        try:
            MathTextParser("path").parse(symbol)
        except ValueError:
            pass
        else:
            return symbol
    return name.replace("$", r"\$").replace("_", " ")


def value_text(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return str(value).replace("$", r"\$")


def number_text(value: float | int) -> str:
    """Return a number with its power of ten in superscript characters."""
    mantissa, mark, exponent = f"{value:g}".partition("e")
    if not mark:
        return mantissa.replace("-", "−")
    front = {"1": "", "-1": "−"}.get(mantissa, f"{mantissa}×".replace("-", "−"))
    return f"{front}10{str(int(exponent)).translate(_RAISED)}"


def plain_ticks(axis: Any) -> None:
    """Label an axis with characters alone; a logarithmic one at powers of ten."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    if axis.get_scale() == "log":
        axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
        axis.set_minor_locator(NullLocator())


def power_of_ten(value: float | int) -> str:
    if 0.01 <= value <= 1000:
        return f"{value:g}"
    mantissa, _, exponent = f"{value:e}".partition("e")
    front = f"{float(mantissa):g}×" if float(mantissa) != 1 else ""
    return f"{front}10{str(int(exponent)).translate(_RAISED)}"
