"""How ``geomadv scale`` samples: a number of draws at each point, or to a width.

With a width the intervals of all points hold together at 95 %, the widest one is drawn
from next, and the number of draws is the budget of the whole curve (`sample_curve`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geomadv.cli._exits import refuse

if TYPE_CHECKING:
    from geomadv.stats import SampledCurve
    from geomadv.stats._sampled_curve import Draw

_DRAWS = 100  # with 30, a fit that trusts their standard errors covers 93.5 % of 95
_BUDGET = 1_000_000
_FIRST = 256  # at each point, of `sample_curve`


@dataclass(frozen=True)
class Sampling:
    """How a curve is sampled.

    Parameters
    ----------
    draws : int or None
        At each point; with a width, in all.
    width : float or None
        The width of the intervals that is asked for, as a share of the mean.
    span : (float, float) or None
        Bounds of the draws.
    """

    draws: int | None = None
    width: float | None = None
    span: tuple[float, float] | None = None

    def check(self, name: str) -> None:
        """Refuse what says how to sample, for something that is not sampled."""
        for option, value in (
            ("--draws", self.draws),
            ("--width", self.width),
            ("--range", self.span),
        ):
            if value is not None:
                refuse(option, f"{name} is not sampled")

    @property
    def each(self) -> int:
        """The number of draws at each point, where there is no width."""
        if self.span is not None:
            refuse("--range", "goes with --width")
        draws = _DRAWS if self.draws is None else self.draws
        if draws < 2:
            refuse("--draws", f"must be at least 2, got {draws}")
        return draws

    def curve(
        self,
        draw: "Draw",
        x: Sequence[float],
        seed: int,
        spans: Sequence[tuple[float, float]],
    ) -> "SampledCurve":
        """Sample a curve to the width."""
        from geomadv.stats import sample_curve

        if self.width is None:
            raise ValueError("there is no width to sample to")
        most = _BUDGET if self.draws is None else self.draws
        least = _FIRST * len(x)
        if most < least:
            refuse("--draws", f"must be at least {least} for {len(x)} points")
        lower, upper = zip(*spans, strict=True)
        return sample_curve(
            draw, x, width=self.width, lower=lower, upper=upper, most=most, seed=seed
        )
