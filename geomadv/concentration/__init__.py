"""How little regions of data grow: concentration of a sample, and transport."""

from geomadv.concentration._balls import Balls as Balls
from geomadv.concentration._cut_ball import CutBall as CutBall
from geomadv.concentration._estimate import (
    estimate_concentration as estimate_concentration,
)
from geomadv.concentration._halfspaces import HalfSpace as HalfSpace
from geomadv.concentration._hypergraph import (
    MulticlassRobustLoss as MulticlassRobustLoss,
)
from geomadv.concentration._hypergraph import (
    multiclass_robust_loss as multiclass_robust_loss,
)
from geomadv.concentration._rectangles import Rectangles as Rectangles
from geomadv.concentration._results import (
    ConcentrationEstimate as ConcentrationEstimate,
)
from geomadv.concentration._results import RegionEstimate as RegionEstimate
from geomadv.concentration._transport import OptimalRobustLoss as OptimalRobustLoss
from geomadv.concentration._transport import optimal_robust_loss as optimal_robust_loss

__all__ = [
    "Balls",
    "ConcentrationEstimate",
    "CutBall",
    "HalfSpace",
    "MulticlassRobustLoss",
    "OptimalRobustLoss",
    "Rectangles",
    "RegionEstimate",
    "estimate_concentration",
    "multiclass_robust_loss",
    "optimal_robust_loss",
]
