r"""Domains of claims: named parameters with their range and typical values.

A domain yields the grid on which a claim is evaluated, the boxes on which it is proved,
the Hypothesis strategy that extends the grid, and the axis of its curve.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geomadv._validate import integer

Scale = Literal["linear", "log"]

#: Stands for typical values that are taken from the range.
_FROM_RANGE: tuple[Any, ...] = ("from the range",)


@dataclass(frozen=True)
class Reals:
    """A real parameter in [lower, upper].

    Parameters
    ----------
    lower, upper : float
        The range, with ``lower < upper``; positive on a logarithmic scale.
    typical : tuple of float, optional
        The values of the grid, inside the range; its two ends and three values between
        them, even in the scale, if not given.
    scale : {"linear", "log"}
        How the range is subdivided and drawn.
    symbol : str
        LaTeX name for figures and pages; the parameter's own name if empty.
    """

    lower: float
    upper: float
    typical: tuple[float, ...] = _FROM_RANGE
    scale: Scale = "linear"
    symbol: str = ""

    def __post_init__(self) -> None:
        if self.typical is _FROM_RANGE:
            typical = _typical_reals(self.lower, self.upper, self.scale)
            object.__setattr__(self, "typical", typical)
        _check_range(self.lower, self.upper, self.typical, self.scale)

    def split(self, lower: float, upper: float) -> float:
        """Return where the part [lower, upper] of the range is halved."""
        if self.scale == "log":
            return math.exp((math.log(lower) + math.log(upper)) / 2)
        return lower + (upper - lower) / 2

    def share(self, lower: float, upper: float) -> float:
        """Return the part of the range that [lower, upper] takes, in its scale."""
        if self.scale == "log":
            return math.log(upper / lower) / math.log(self.upper / self.lower)
        return (upper - lower) / (self.upper - self.lower)


@dataclass(frozen=True)
class Integers:
    """An integer parameter in [lower, upper]; arguments as for `Reals`.

    Typical values that are not given are the two least, the largest and, between them,
    the powers of ten (on a linear scale, three values that are as even as can be).
    Proofs on boxes hold at the typical values alone, which are enumerated, unless
    `as_reals` is true: then the whole range is covered as if it were real, which proves
    more than the claim says.
    """

    lower: int
    upper: int
    typical: tuple[int, ...] = _FROM_RANGE
    scale: Scale = "log"
    symbol: str = ""
    as_reals: bool = False

    def __post_init__(self) -> None:
        if self.typical is _FROM_RANGE:
            typical = _typical_integers(self.lower, self.upper, self.scale)
            object.__setattr__(self, "typical", typical)
        _check_range(self.lower, self.upper, self.typical, self.scale)
        for name in ("lower", "upper"):
            integer(name, getattr(self, name))
        for value in self.typical:
            integer("typical", value)

    def reals(self) -> Reals:
        """Return the same range as real numbers."""
        return Reals(self.lower, self.upper, self.typical, self.scale, self.symbol)


@dataclass(frozen=True)
class Choices:
    """A parameter with finitely many values, such as the name of a family of sets.

    Parameters
    ----------
    typical : tuple
        All of its values, at least one.
    symbol : str
        LaTeX name for figures and pages; the parameter's own name if empty.
    """

    typical: tuple[Any, ...]
    symbol: str = ""

    def __post_init__(self) -> None:
        if not self.typical:
            raise ValueError("typical must hold at least one value, got none")


Parameter = Reals | Integers | Choices
Domain = Mapping[str, Parameter]


def _check_range(
    lower: float, upper: float, typical: tuple[float, ...], scale: Scale
) -> None:
    if not lower < upper or math.isinf(lower) or math.isinf(upper):
        raise ValueError(
            f"lower must be below upper and both finite, got [{lower}, {upper}]"
        )
    if scale == "log" and lower <= 0:
        raise ValueError(f"lower must be above 0 on a log scale, got {lower}")
    if not typical:
        raise ValueError("typical must hold at least one value, got none")
    for value in typical:
        if not lower <= value <= upper:
            raise ValueError(
                f"typical must lie in [{lower:g}, {upper:g}], got {value:g}"
            )


def _typical_reals(lower: float, upper: float, scale: Scale) -> tuple[float, ...]:
    """Return the ends of a range and the quarters between them, in the scale."""
    if not lower < upper or (scale == "log" and lower <= 0):
        return (lower,)  # the check of the range says what is wrong
    if scale == "log":
        inner = (lower * (upper / lower) ** share for share in (0.25, 0.5, 0.75))
    else:
        inner = (lower + (upper - lower) * share for share in (0.25, 0.5, 0.75))
    rounded = (float(f"{x:.12g}") for x in inner)
    inside = (min(max(x, lower), upper) for x in rounded)
    return (float(lower), *inside, float(upper))


def _typical_integers(lower: int, upper: int, scale: Scale) -> tuple[int, ...]:
    """Return the ends of a range, what follows the lower one, and some between."""
    if not lower < upper or math.isinf(upper - lower):
        return (lower,)
    if scale == "log":
        powers = (10**k for k in range(len(str(abs(upper)))))
        inner = [ten for ten in powers if lower < ten < upper]
    else:
        inner = [lower + (upper - lower) * k // 4 for k in (1, 2, 3)]
    return tuple(sorted({lower, lower + 1, *inner, upper}))


def grid(
    domain: Domain, where: Callable[..., bool] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the points of the grid: all combinations of typical values.

    The last parameter varies fastest; `where` leaves points out.
    """
    for values in itertools.product(*(p.typical for p in domain.values())):
        point = dict(zip(domain, values, strict=True))
        if where is None or where(**point):
            yield point


def strategy(domain: Domain, where: Callable[..., bool] | None = None) -> Any:
    """Return a Hypothesis strategy of points anywhere in the domain."""
    from hypothesis import strategies as st

    def one(parameter: Parameter) -> Any:
        match parameter:
            case Choices() if hasattr(parameter, "strategy"):
                return parameter.strategy
            case Choices():
                return st.sampled_from(parameter.typical)
            case Integers():
                return st.integers(parameter.lower, parameter.upper)
            case Reals(scale="log"):
                exponents = st.floats(
                    math.log(parameter.lower), math.log(parameter.upper)
                )
                low, high = parameter.lower, parameter.upper
                return exponents.map(lambda e: min(max(math.exp(e), low), high))
            case Reals():
                return st.floats(parameter.lower, parameter.upper)

    points = st.fixed_dictionaries({name: one(p) for name, p in domain.items()})
    return points if where is None else points.filter(lambda point: where(**point))
