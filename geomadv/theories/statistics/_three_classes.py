r"""Three normal classes at -m, 0 and m along a line: two thresholds, and all others.

The formulas, and the adversary behind `three_class_lower_bound`, are derived in
`geomadv.theories.statistics.dobriban2020`.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, real, real_array
from geomadv.data._gaussian_triple import (
    bayes_threshold,
    slab_risk,
    three_weights,
    thresholds,
)
from geomadv.theories.statistics._line import class_deviations

_HALVES = 60


@dataclass(frozen=True)
class ThreeClassRule:
    """The optimal thresholds between three classes, and their robust risk.

    Parameters
    ----------
    lower, upper : array or numpy.float64
        Below `lower` the label is -1, above `upper` +1, between them 0. They are equal
        where the class 0 is given up, and infinite where an outer one is.
    risk : array or numpy.float64
        The robust risk.
    """

    lower: Real
    upper: Real
    risk: Real


def three_class_risk(
    m: ArrayLike,
    eps: ArrayLike,
    priors: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
) -> Real:
    """Return the robust risk of two thresholds between three classes.

    Parameters
    ----------
    m, eps : array_like
        Distance of neighbouring means and l2 size, in standard deviations.
    priors : (..., 3) array_like
        Weights of the classes at -m, 0 and m: positive, of sum 1.
    lower, upper : array_like
        Thresholds, lower <= upper; they may be infinite.

    Returns
    -------
    numpy.float64 or array
        With eps = 0 the standard risk.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(three_class_risk(3.0, 0.5, [1 / 3] * 3, -1.5, 1.5)), 10)
    0.2115403386
    """
    m, eps, priors = _three(m, eps, priors)
    m, eps, low, high = broadcast(
        m=m,
        eps=eps,
        lower=real_array("lower", lower, infinite=True),
        upper=real_array("upper", upper, infinite=True),
    )
    if not (low <= high).all():
        raise ValueError("lower must be at most upper, got lower above upper")
    with np.errstate(over="ignore"):
        return slab_risk(m, eps, np.moveaxis(priors, -1, 0), low, high)[()]


def three_class_optimum(
    m: ArrayLike, eps: ArrayLike, priors: ArrayLike
) -> ThreeClassRule:
    """Return the thresholds of least robust risk between three classes.

    Parameters
    ----------
    m, eps, priors : array_like
        As for `three_class_risk`.

    Returns
    -------
    ThreeClassRule

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> rule = three_class_optimum(4.0, 1.0, [0.1, 0.7, 0.2])
    >>> [round(float(v), 10) for v in (rule.lower, rule.upper, rule.risk)]
    [-2.9729550745, 2.6263814842, 0.1731192336]
    """
    m, eps, priors = _three(m, eps, priors)
    weights = np.moveaxis(priors, -1, 0)
    m, eps, minus, zero, plus = np.broadcast_arrays(m, eps, *weights)
    weights = np.stack([minus, zero, plus])
    with np.errstate(over="ignore"):
        low, high = thresholds(m - 2.0 * eps, weights)
    inside = low <= high
    outer = bayes_threshold(m - eps, np.log(minus) - np.log(plus))
    rules = [
        (np.where(inside, low - eps, -np.inf), np.where(inside, high + eps, np.inf)),
        (outer, outer),
        (np.full(m.shape, -np.inf), np.full(m.shape, np.inf)),
    ]
    risks = np.stack([slab_risk(m, eps, weights, *rule) for rule in rules])
    best = risks.argmin(axis=0)[None]

    def chosen(options: list[NDArray]) -> Real:
        return np.asarray(np.take_along_axis(np.stack(options), best, axis=0)[0])[()]

    return ThreeClassRule(
        chosen([rule[0] for rule in rules]),
        chosen([rule[1] for rule in rules]),
        risks.min(axis=0)[()],
    )


def three_class_price(m: ArrayLike, eps: ArrayLike, priors: ArrayLike) -> Real:
    """Return what the optimal robust thresholds have more of standard risk than Bayes'.

    Parameters
    ----------
    m, eps, priors : array_like
        As for `three_class_risk`.

    Returns
    -------
    numpy.float64 or array
        At least 0, and 0 for equal classes while no class is given up.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    A difference of two risks: right to 1e-15, not relatively.

    Examples
    --------
    >>> price = three_class_price(3.0, 0.5, [[1 / 3, 1 / 3, 1 / 3], [0.2, 0.6, 0.2]])
    >>> price.round(6)
    array([0.      , 0.004028])
    """
    bayes = three_class_optimum(m, 0.0, priors)
    robust = three_class_optimum(m, eps, priors)
    more = three_class_risk(m, 0.0, priors, robust.lower, robust.upper)
    return np.maximum(more - bayes.risk, 0.0)[()]


def three_class_lower_bound(
    m: float, eps: float, priors: ArrayLike, *, deviations: ArrayLike = 1.0
) -> float:
    """Return a robust risk that no classifier of three classes is below, in any R^d.

    Parameters
    ----------
    m, eps : float
        As for `three_class_risk`, with eps < m/2.
    priors : (3,) array_like
        Weights of the classes at -m, 0 and m.
    deviations : float, (3,) or (c, 3) array_like
        Along the means, as for `best_on_the_line`; the adversary is the one for 1.

    Returns
    -------
    float
        The Bayes risk after the moves of the adversary above, for the best of 60
        lengths of its interval. Mostly the optimum where no class is given up; in other
        cases it was up to a tenth below.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By Gauss-Legendre quadrature, whose error was below 1e-12 where the bound is the
    optimum, and below 1e-4 else.

    Examples
    --------
    >>> round(three_class_lower_bound(4.0, 1.0, [0.1, 0.7, 0.2]), 10)
    0.1731192336
    """
    m, eps = real("m", m, lower=0.0), real("eps", eps, lower=0.0)
    if not eps < m / 2.0:
        raise ValueError(f"eps must be below m/2 = {m / 2.0:g}, got {eps:g}")
    _, _, weights = _three(m, eps, priors)
    if weights.shape != (3,):
        raise ValueError(f"priors must have shape (3,), got shape {weights.shape}")
    spreads = class_deviations(deviations, 3).T
    reach = m + 10.0 * max(float(spreads.max()), 1.0)
    minus, zero, plus = weights.tolist()
    q = np.log(minus) - np.log(plus)
    centre = float(bayes_threshold(np.asarray(m - eps), q))
    rule = three_class_optimum(m, eps, weights)
    ends = (-reach, float(rule.lower), float(rule.upper), reach)
    nodes, shares = np.polynomial.legendre.leggauss(40)

    def right(half: float, cells: int) -> float:
        """Return the mass that Bayes' rule gets right if s rises within +-half."""
        stretch = half / (half + eps)

        def best(x: Float[NDArray, "*s"]) -> Float[NDArray, "*s"]:
            off = x - centre
            inside = np.abs(off) < half + eps
            back = np.where(inside, stretch * off, off - eps * np.sign(off))
            middle = zero * _pdf(centre + back, spreads[1])
            middle *= np.where(inside, stretch, 1.0)
            outer = (
                minus * _pdf(x + m - eps, spreads[0]),
                plus * _pdf(x - m + eps, spreads[2]),
            )
            return np.asarray(np.maximum(middle, np.maximum(*outer)))

        corners = {*ends, centre - half - eps, centre + half + eps}
        points = sorted(c for c in corners if abs(c) <= reach)
        parts = [np.linspace(u, v, cells + 1) for u, v in itertools.pairwise(points)]
        cuts = np.unique(np.concatenate(parts))
        radius = np.diff(cuts)[:, None] / 2.0
        x = cuts[:-1, None] + radius + radius * nodes
        return float((best(x) @ shares) @ radius[:, 0])

    halves = np.geomspace(1e-3, m + 1.0, _HALVES)
    half = min(halves, key=lambda value: right(float(value), 2))
    return 1.0 - right(float(half), 20)


def _pdf(
    x: Float[NDArray, "*s"], deviations: Float[NDArray, " c"]
) -> Float[NDArray, "*s"]:
    """Return the density of an equal mixture of centred normal laws."""
    z = x[..., None] / deviations
    return np.asarray(
        (np.exp(-z * z / 2.0) / deviations).mean(axis=-1) / np.sqrt(2.0 * np.pi)
    )


def _three(
    m: ArrayLike, eps: ArrayLike, priors: ArrayLike
) -> tuple[NDArray, NDArray, NDArray]:
    distance, size = broadcast(
        m=real_array("m", m, lower=0.0), eps=real_array("eps", eps, lower=0.0)
    )
    return distance, size, three_weights("priors", priors)
