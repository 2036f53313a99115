"""What an estimate of concentration holds: regions and the risks of fresh points."""

from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, Bool, Float, NDArray
from geomadv._validate import points
from geomadv.concentration._frame import Frame
from geomadv.concentration._levels import Region
from geomadv.stats import Interval


@dataclass(frozen=True, eq=False)
class RegionEstimate:
    """A region of one family, and the risks that fresh data give it.

    Parameters
    ----------
    family : str
        "rectangles", "balls" or "halfspaces".
    region : Region
        The score f; its class depends on the family.
    threshold : float
        t: the region is {f >= t}.
    frame : Frame
        Coordinates of both: those of the points, unless entries are huge or tiny, or
        far from 0 compared with their range.
    risk, adversarial_risk : float
        Shares of the test points in the region, and within eps of it.
    risk_interval, adversarial_risk_interval : Interval
        Clopper-Pearson intervals for its measure and that of {f >= t - eps}, each of
        which contains the eps-enlargement.
    selection_risk, selection_adversarial_risk : float
        The same shares of the selection split.
    fit_risk, fit_adversarial_risk : float
        The same shares of the points that the region was fitted to: biased.
    seconds : float
        Time that the search took; with `resume`, whenever its steps were done.
    """

    family: str
    region: Region
    threshold: float
    frame: Frame
    risk: float
    adversarial_risk: float
    risk_interval: Interval
    adversarial_risk_interval: Interval
    selection_risk: float
    selection_adversarial_risk: float
    fit_risk: float
    fit_adversarial_risk: float
    seconds: float

    def contains(self, X: ArrayLike) -> Bool[NDArray, " n"]:
        """Tell which of the points X lie in the region."""
        return np.asarray(self._score(X) >= self.threshold)

    def distance(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return lower bounds of the l_p distances of the points X to the region.

        Equal to the distances for half-spaces, balls and a single rectangle; those to
        cut balls are told up to twice eps.
        """
        depth = np.maximum(self.threshold - self._score(X), 0.0)
        return np.asarray(self.frame.scale * depth)

    def _score(self, X: ArrayLike) -> Float[NDArray, " n"]:
        array = points("X", X, d=self.frame.centre.size)
        return self.region.score(self.frame.enter(array))


@dataclass(frozen=True, eq=False)
class ConcentrationEstimate:
    """What `estimate_concentration` found.

    Parameters
    ----------
    p, eps, alpha : float
        The question.
    results : tuple of RegionEstimate
        One for each family.
    best : str
        The family with the least adversarial risk on the selection split.
    stability : Interval
        Least and greatest adversarial risk on the test points over all repetitions of
        the search with other splits and starts, this one among them, each with the
        family that its own selection split preferred; one point without repetitions.
        It shows what the choices of the search matter, not the error of the test's
        counts, which all repetitions share: that is in the intervals of the results.
    """

    p: float
    eps: float
    alpha: float
    results: tuple[RegionEstimate, ...]
    best: str
    stability: Interval

    def __getitem__(self, family: str) -> RegionEstimate:
        """Return the result of a family."""
        for result in self.results:
            if result.family == family:
                return result
        raise KeyError(family)

    @property
    def adversarial_risk(self) -> float:
        """The adversarial risk of the best family on the test points."""
        return self[self.best].adversarial_risk
