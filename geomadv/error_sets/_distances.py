r"""Distances to the error set, from distances to the two decision boundaries.

Let A = {f != f*}, let x be outside of A, and let r_f and r_* be the distances from x to
the nearest points with another decision of f and of f*. Before either changes both are
as at x, hence equal:

    dist(x, A) >= min(r_f, r_*).

If r_f < r_*, the point where f changes first still has the old f*, and is in A: the
distance is r_f. If r_* < r_f it is r_*, for the same reason. With brackets of r_f and
r_*, dist(x, A) <= upper(r_f) wherever upper(r_f) < lower(r_*), and conversely. Where
the two cannot be told apart f and f* may change together, at no error, and the nearest
known error bounds the distance from above: a mislabelled training point, say.

Distances to the boundary of f come from `minimal_perturbation` where it knows f. Of
interpolants they are computed here: the simplicial rule's exactly in d <= 3, where its
decision changes on a union of polytopes (`_level_sets`), those of weighted neighbours
and of Hilbert's kernel between bounds (`_partition`).

Every function of dist(x, A) that a sample bounds, its distribution function
mu(A^eps) = P(dist <= eps) and its mean, is bounded through the band of Dvoretzky,
Kiefer and Wolfowitz: F_upper from the sample of lower bounds, F_lower from that of
upper bounds, each at half of the error rate.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real_array
from geomadv.classifiers import SimplicialInterpolant
from geomadv.error_sets._bracket import Bracket
from geomadv.error_sets._constancy import certificate
from geomadv.error_sets._covering import box_and_points
from geomadv.error_sets._domain import Box
from geomadv.error_sets._level_sets import known_level_set, level_radii, simplex_radii
from geomadv.error_sets._measure import exact_errors
from geomadv.error_sets._partition import BUDGET, Codes, radii
from geomadv.error_sets._rules import (
    all_labels,
    comparable,
    diameter,
    draw,
    is_label,
    rule,
)
from geomadv.perturbations import minimal_perturbation
from geomadv.stats import dkw_band, dkw_radius


def distance_to_errors(
    X: ArrayLike,
    model: Any = None,
    bayes: Any = None,
    *,
    error_points: ArrayLike | None = None,
    torus: bool = False,
    budget: int = BUDGET,
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds of the Euclidean distances from points to the error set.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    model : classifier, function or label, optional
        f. Distances to its boundary are used where `minimal_perturbation` knows it,
        and of the interpolants in `geomadv.classifiers`.
    bayes : Bayes rule, optional
        f*, likewise; a law with `distance_to_boundary` is asked for that. A label is
        a constant rule, and so is a law with a `bayes_label`. To be given together with
        `model`.
    error_points : (m, d) array_like, optional
        Known points of the error set: `mislabelled_points`, for an interpolating f.
        They are believed: of points that occur with several labels, leave out those
        that f decides as f* does.
    torus : bool
        Whether distances go around the edge of the unit cube. Then boundaries are known
        only of interpolants with ``domain="torus"``, and of f* if it is a label.
    budget : int
        How many boxes to look at, about, for weighted neighbours and Hilbert's kernel
        in d <= 3; beyond, the lower bound is the largest ball about x that is certain
        to have one decision.

    Returns
    -------
    lower, upper : (n,) array
        Equal where the distance is exact; 0 and infinity where nothing is known.

    Raises
    ------
    TypeError, ValueError
        If neither `model` and `bayes` nor `error_points` are given, if their labels are
        not the same ones, or an argument is not as described.

    Notes
    -----
    Errors anywhere in R^d count, also outside of a law's support; on the torus, and for
    interpolants with ``domain="cube"``, those in the cube. What exactness is worth is
    said by `minimal_perturbation`.

    For 500 points with a fifth of the labels wrong on the torus in d = 2, the default
    budget gave means of lower and upper bounds of .0457 and .0461 for 20 neighbours
    with weights "log", .0278 and .0305 for 5, and .0369 and .0376 for Hilbert's kernel;
    in d = 1 they agreed to 1e-4. In d = 3 they differed by factors of 1.5 to 4; with
    800 000 boxes that for 5 neighbours fell from 4 to 2.1. The simplicial rule's are
    equal up to rounding in d <= 3 (but for points nearest to the edge of the hull with
    ``outside="nearest"``, at the edge of a cube, or beyond the edge of the unit cube
    from the point on a torus where points of a lattice make cells that are not
    simplices).

    Examples
    --------
    The rule x > .5 and the Bayes rule x > 0 differ in (0, .5].

    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([1.0], -0.5)
    >>> g = LinearClassifier.from_parameters([1.0], 0.0)
    >>> distance_to_errors([[-0.25], [0.25], [2.0]], f, g)[1]
    array([0.25, 0.  , 1.5 ])
    """
    X = points("X", X)
    if (model is None) != (bayes is None) or (model is None and error_points is None):
        raise ValueError("give model and bayes, or error_points, or all of them")
    n, d = X.shape
    lower, upper = np.zeros(n), np.full(n, np.inf)
    budget = integer("budget", budget, minimum=1)
    if not n:
        return lower, upper
    X = Box(d, True).fold(X) if torus else X
    if error_points is not None:
        E = points("error_points", error_points, d=d)
        if torus and len(E):
            E = box_and_points(E, "torus")[1]
        if len(E):
            upper = Box(d, torus).tree(E).query(X, workers=-1)[0]
    if model is None:
        return lower, upper
    found, wanted = rule("model", model)(X), rule("bayes", bayes)(X)
    comparable(all_labels(model, found), all_labels(bayes, wanted))
    wrong = found != wanted
    f_low, f_high = _radii(model, X, torus, budget)
    g_low, g_high = _radii(bayes, X, torus, budget)
    lower = np.minimum(f_low, g_low)
    if "cube" in (getattr(model, "domain", None), getattr(bayes, "domain", None)):
        edge = np.minimum(X, 1.0 - X).min(axis=1)  # farther steps may leave the cube
        f_high, g_high = (
            high if getattr(one, "domain", None) == "cube" else _within(high, edge)
            for one, high in ((model, f_high), (bayes, g_high))
        )
    upper = np.minimum(upper, np.where(f_high < g_low, f_high, np.inf))
    upper = np.minimum(upper, np.where(g_high < f_low, g_high, np.inf))
    lower[wrong], upper[wrong] = 0.0, 0.0
    return lower, np.maximum(lower, upper)


def _radii(
    model: Any, X: Float[NDArray, "n d"], torus: bool, budget: int
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
    """Return bounds of the distances to another decision of one rule."""
    nothing = np.zeros(len(X)), np.full(len(X), np.inf)
    one = getattr(model, "bayes_label", None)
    if one is not None or is_label(model):
        never = np.full(len(X), np.inf)
        return never, never
    certain = certificate(model)
    if certain is not None or known_level_set(model):
        if (model.domain == "torus") != torus:
            return nothing
        if certain is None:
            return level_radii(model, X)
        known = model._places.points
        return radii(X, _codes(model), certain, known, model.domain, budget)
    if torus:
        return nothing
    if isinstance(model, SimplicialInterpolant) and model.domain != "torus":
        return simplex_radii(model, X)
    known = getattr(model, "distance_to_boundary", None)
    if callable(known):
        found = np.asarray(known(X), dtype=np.float64)
        return found, found
    try:
        step = minimal_perturbation(model, X)
    except TypeError:
        return nothing
    return step.lower, step.distance


def _within(
    high: Float[NDArray, " n"], edge: Float[NDArray, " n"]
) -> Float[NDArray, " n"]:
    return np.where(high <= edge, high, np.inf)


def _codes(model: Any) -> Codes:
    return lambda X: np.searchsorted(model.classes_, model.predict(X))


@dataclass(frozen=True, eq=False)
class EnlargementProfile:
    """Bounds of the measure of the eps-enlargements of a set.

    Parameters
    ----------
    eps : (k,) array
        Radii.
    lower, upper : (k,) array
        Bounds of mu(A^eps) at these radii, valid at all of them together.
    method : str
        "intervals" where exact, else which distances bound which end.
    error_rate : float
        The greatest probability that a bound fails anywhere; 0 where exact.
    """

    eps: Float[NDArray, " k"]
    lower: Float[NDArray, " k"]
    upper: Float[NDArray, " k"]
    method: str
    error_rate: float


def enlargement_profile(
    model: Any,
    bayes: Any,
    law: Any,
    eps: ArrayLike,
    *,
    error_points: ArrayLike | None = None,
    torus: bool = False,
    rng: Any = None,
    n: int = 10_000,
    error_rate: float = 0.05,
    budget: int = BUDGET,
) -> EnlargementProfile:
    """Return bounds of the measure of the points near errors, as a function of eps.

    Parameters
    ----------
    model, bayes, error_points, torus, budget
        As for `distance_to_errors`; with error points alone, `model` and `bayes` are
        None.
    law : object with ``sample(n, rng)``
        As for `measure`; for two `PiecewiseRule` with "cube", "torus" or Cube(1) the
        profile is exact.
    eps : (k,) array_like
        Radii, at least 0.
    rng : numpy.random.Generator or int
        A generator, or the seed of one; not needed where exact.
    n : int
        How many points to draw, at least 1.
    error_rate : float
        The greatest probability, in (0, 1), that a bound fails at any radius.

    Returns
    -------
    EnlargementProfile

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    A^eps is the set of points within eps, eps included. Where distances are only
    bracketed the bounds are too, however large n is: an upper bound of 1 says that no
    lower bounds of the distances were found.

    Examples
    --------
    >>> from geomadv.error_sets import PiecewiseRule
    >>> f, g = PiecewiseRule([0.4], [-1, 1]), PiecewiseRule([0.5], [-1, 1])
    >>> enlargement_profile(f, g, "cube", [0.0, 0.2, 0.6]).lower.round(12)
    array([0.1, 0.5, 1. ])
    """
    radii = real_array("eps", eps, lower=0.0, ndim=1)
    errors = exact_errors(model, bayes, law)
    if errors is not None:
        exact = np.asarray(errors.enlarged_measure(radii))
        return EnlargementProfile(radii, exact, exact, "intervals", 0.0)
    low, high, _ = _sampled(model, bayes, law, error_points, torus, rng, n, budget)
    lower, _ = dkw_band(high, radii, error_rate)
    _, upper = dkw_band(low, radii, error_rate)
    known = "distances" if np.array_equal(low, high) else "brackets of distances"
    return EnlargementProfile(
        radii, np.asarray(lower), np.asarray(upper), known, error_rate
    )


def mean_distance(
    model: Any,
    bayes: Any,
    law: Any,
    *,
    error_points: ArrayLike | None = None,
    torus: bool = False,
    rng: Any = None,
    n: int = 10_000,
    error_rate: float = 0.05,
    budget: int = BUDGET,
) -> Bracket:
    """Return bounds of the mean distance of a point of a law to the error set.

    Parameters and errors are as for `enlargement_profile`.

    Returns
    -------
    Bracket
        The upper end is infinite where the distances have no known bound: they have
        one on the cube, the torus and the sphere if there are error points.

    Notes
    -----
    The mean is the integral of 1 - F for the distribution function F of the distance
    (Anderson's bounds): the band of F bounds it.

    Examples
    --------
    >>> from geomadv.error_sets import PiecewiseRule
    >>> f, g = PiecewiseRule([0.4], [-1, 1]), PiecewiseRule([0.5], [-1, 1])
    >>> round(mean_distance(f, g, "cube").lower, 12)
    0.205
    """
    errors = exact_errors(model, bayes, law)
    if errors is not None:
        return Bracket(errors.mean_distance, errors.mean_distance, "intervals")
    low, high, longest = _sampled(
        model, bayes, law, error_points, torus, rng, n, budget
    )
    slack = dkw_radius(len(low), error_rate)
    lower = _integral(low, slack, 0.0)
    upper = _integral(np.minimum(high, longest), -slack, longest)
    return Bracket(lower, max(lower, upper), "distances", error_rate)


def _integral(values: Float[NDArray, " n"], shift: float, longest: float) -> float:
    """Return the integral of 1 - F from 0 to the longest value, F moved by a shift.

    F is cut to [0, 1]. Where F stays below 1 up to `longest`, an infinite one makes
    the integral infinite.
    """
    n = len(values)
    x = np.maximum.accumulate(np.concatenate([[0.0], np.sort(values), [longest]]))
    left = 1.0 - np.clip(np.arange(n + 1) / n + shift, 0.0, 1.0)
    some = left > 0.0
    if np.isinf(x[1:][some]).any():
        return np.inf
    return float((left[some] * (x[1:][some] - x[:-1][some])).sum())


def _sampled(
    model: Any,
    bayes: Any,
    law: Any,
    error_points: ArrayLike | None,
    torus: bool,
    rng: Any,
    n: int,
    budget: int,
) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"], float]:
    """Return bounds of the distances of n points, and a bound of all distances."""
    X = draw(law, integer("n", n, minimum=1), generator(rng))
    low, high = distance_to_errors(
        X, model, bayes, error_points=error_points, torus=torus, budget=budget
    )
    some = error_points is not None and len(np.asarray(error_points)) > 0
    some |= bool((high == 0.0).any() or (torus and np.isfinite(high).any()))
    return low, high, diameter(law, X.shape[1], torus) if some else np.inf
