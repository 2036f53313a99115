r"""Error sets on a line, exactly: piecewise constant rules and unions of intervals.

On Omega = [0, 1], or on the circle of length 1, with the uniform law, let A be a union
of intervals and let its gaps have lengths g_i. A gap between two intervals is eaten
from both ends, a gap at an end of [0, 1] from one. With k_i in {1, 2} ends,

    mu(A^eps) = 1 - sum_i max(0, g_i - k_i eps),
    E dist(X, A) = sum_i g_i^2 / (2 k_i),
    covering radius = max_i g_i / k_i,

the second being the integral of 1 - mu(A^eps). Sets are taken closed: single points
count as intervals of length 0, and values of rules at their breaks do not count.
"""

import math
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, Int, NDArray, Real
from geomadv._validate import choice, real_array

_DOMAINS = ("cube", "torus")


class PiecewiseRule:
    """A classifier on the line that is constant between its breaks.

    Parameters
    ----------
    breaks : (k,) array_like
        Where it may change, increasing.
    values : (k + 1,) array_like
        Its labels from left to right; at a break, the one to the right.

    Raises
    ------
    TypeError, ValueError
        If the breaks do not increase, or the numbers do not match.

    Examples
    --------
    >>> rule = PiecewiseRule([0.25, 0.75], [-1, 1, -1])
    >>> rule.predict([[0.1], [0.25], [0.8]])
    array([-1.,  1., -1.])
    """

    def __init__(self, breaks: ArrayLike, values: ArrayLike) -> None:
        self.breaks = real_array("breaks", breaks, ndim=1)
        self.values = real_array("values", values, ndim=1)
        if (np.diff(self.breaks) < 0).any():
            raise ValueError("breaks must increase")
        if len(self.values) != len(self.breaks) + 1:
            raise ValueError(
                f"values must be one more than the {len(self.breaks)} breaks, "
                f"got {len(self.values)}"
            )

    def predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the labels of points.

        Parameters
        ----------
        X : (n, 1) or (n,) array_like

        Returns
        -------
        (n,) array
        """
        x = real_array("X", X)
        if x.ndim == 2 and x.shape[1] == 1:
            x = x[:, 0]
        if x.ndim != 1:
            raise ValueError(f"X must have shape (n, 1) or (n,), got {x.shape}")
        return self.values[np.searchsorted(self.breaks, x, side="right")]


class IntervalSet:
    """A union of closed intervals in [0, 1], or on the circle of length 1.

    Parameters
    ----------
    ends : (m, 2) array_like
        The intervals in [0, 1]; they may touch or overlap. On the circle one that
        passes through 0 is given in two parts.
    domain : "cube" or "torus"
        [0, 1], or the circle.

    Raises
    ------
    TypeError, ValueError
        If the ends are not as described.

    Examples
    --------
    >>> errors = IntervalSet([[0.2, 0.3], [0.7, 0.7]])
    >>> round(errors.measure, 12), round(errors.covering_radius, 12)
    (0.1, 0.3)
    >>> errors.enlarged_measure([0.1, 0.25]).round(12)
    array([0.5 , 0.95])
    """

    def __init__(self, ends: ArrayLike, domain: str = "cube") -> None:
        self.domain = choice("domain", domain, _DOMAINS)
        ends = real_array("ends", ends, lower=0.0, upper=1.0)
        if ends.size == 0:
            ends = ends.reshape(0, 2)
        if ends.ndim != 2 or ends.shape[1] != 2:
            raise ValueError(f"ends must have shape (m, 2), got {ends.shape}")
        if (ends[:, 0] > ends[:, 1]).any():
            raise ValueError("ends must have lower <= upper in every row")
        ends = ends[np.argsort(ends[:, 0], kind="stable")]
        if len(ends):
            reach = np.maximum.accumulate(ends[:, 1])
            first = np.append(True, ends[1:, 0] > reach[:-1])
            last = np.append(np.flatnonzero(first)[1:] - 1, len(ends) - 1)
            ends = np.column_stack([ends[first, 0], reach[last]])
        self.ends: Float[NDArray, "m 2"] = ends

    @property
    def gaps(self) -> tuple[Float[NDArray, " g"], Int[NDArray, " g"]]:
        """The lengths of the gaps, and how many of their ends are in the set."""
        if not len(self.ends):
            return np.array([math.inf]), np.array([1])
        lower, upper = self.ends.T
        inner = lower[1:] - upper[:-1]
        first, last = lower[0], 1 - upper[-1]
        if self.domain == "torus":
            return np.append(inner, first + last), np.full(len(inner) + 1, 2)
        lengths = np.concatenate([[first], inner, [last]])
        return lengths, np.array([1, *[2] * len(inner), 1])

    @property
    def lengths(self) -> Float[NDArray, " c"]:
        """The lengths of the components; on the circle one may pass through 0."""
        lengths = self.ends[:, 1] - self.ends[:, 0]
        if (
            self.domain == "torus"
            and len(lengths) > 1
            and self.ends[0, 0] == 0.0
            and self.ends[-1, 1] == 1.0
        ):
            return np.append(lengths[1:-1], lengths[0] + lengths[-1])
        return lengths

    @property
    def measure(self) -> float:
        """The total length."""
        return float((self.ends[:, 1] - self.ends[:, 0]).sum())

    @property
    def covering_radius(self) -> float:
        """How far a point can be from the set; infinite if it is empty."""
        lengths, ends = self.gaps
        return float((lengths / ends).max())

    @property
    def mean_distance(self) -> float:
        """How far a uniform point is on average; infinite if the set is empty."""
        lengths, ends = self.gaps
        return float((lengths**2 / (2 * ends)).sum())

    def enlarged_measure(self, eps: ArrayLike) -> Real:
        """Return the length of the set of points within a distance of the set.

        Parameters
        ----------
        eps : array_like, (*s,)
            Distances, at least 0.

        Returns
        -------
        (*s,) array
        """
        eps = real_array("eps", eps, lower=0.0)
        if not len(self.ends):
            return np.zeros(eps.shape)[()]
        lengths, ends = self.gaps
        left = np.maximum(0.0, lengths - eps[..., None] * ends).sum(axis=-1)
        return (1.0 - left)[()]


def disagreement(f: Any, g: Any, domain: str = "cube") -> IntervalSet:
    """Return where two piecewise rules on [0, 1] or the circle differ.

    Parameters
    ----------
    f, g : PiecewiseRule
        A classifier and the Bayes rule, say.
    domain : "cube" or "torus"
        [0, 1], or the circle of length 1.

    Returns
    -------
    IntervalSet
        The closure of the set; where breaks coincide no points are left over.

    Raises
    ------
    TypeError, ValueError
        If f and g are not piecewise rules, or the domain is another.

    Examples
    --------
    >>> f = PiecewiseRule([0.3, 0.6, 0.65], [-1, 1, -1, 1])
    >>> disagreement(f, PiecewiseRule([0.5], [-1, 1])).ends
    array([[0.3 , 0.5 ],
           [0.6 , 0.65]])
    """
    for name, rule in (("f", f), ("g", g)):
        if not isinstance(rule, PiecewiseRule):
            raise TypeError(
                f"{name} must be a PiecewiseRule, got {type(rule).__name__}"
            )
    choice("domain", domain, _DOMAINS)
    breaks = np.concatenate([f.breaks, g.breaks])
    breaks = np.unique(np.append(breaks[(breaks > 0) & (breaks < 1)], [0.0, 1.0]))
    middles = (breaks[1:] + breaks[:-1]) / 2
    differ = f.predict(middles) != g.predict(middles)
    return IntervalSet(np.column_stack([breaks[:-1], breaks[1:]])[differ], domain)
