r"""Domains of claims: named parameters with their range and typical values.

A domain yields the grid on which a claim is evaluated, the boxes on which it is proved,
the Hypothesis strategy that extends the grid, and the axis of its curve.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Reals:
    """A real parameter in [lower, upper].

    Parameters
    ----------
    lower, upper : float
        The range, with ``lower < upper``; positive on a logarithmic scale.
    typical : tuple of float
        The values of the grid, inside the range.
    scale : {"linear", "log"}
        How the range is subdivided and drawn.
    symbol : str
        LaTeX name for figures and pages; the parameter's own name if empty.
    """

    lower: float
    upper: float
    typical: tuple[float, ...]
    scale: Scale = "linear"
    symbol: str = ""

    def __post_init__(self) -> None:
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

    Proofs on boxes hold at the typical values alone, which are enumerated, unless
    `as_reals` is true: then the whole range is covered as if it were real, which proves
    more than the claim says.
    """

    lower: int
    upper: int
    typical: tuple[int, ...]
    scale: Scale = "log"
    symbol: str = ""
    as_reals: bool = False

    def __post_init__(self) -> None:
        _check_range(self.lower, self.upper, self.typical, self.scale)

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
