"""The measure of the set where a classifier differs from the Bayes rule.

A_n = {x : f(x) != f*(x)}. From n independent points of the law the measure has an exact
(Clopper-Pearson) confidence interval. For piecewise rules on a line it is a sum of
lengths.
"""

from typing import Any

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points
from geomadv.error_sets._bracket import Bracket
from geomadv.error_sets._intervals import IntervalSet, PiecewiseRule, disagreement
from geomadv.error_sets._rules import comparable, draw, rule
from geomadv.spaces import Cube
from geomadv.stats import clopper_pearson


def measure(
    model: Any,
    bayes: Any,
    law: Any,
    *,
    rng: Any = None,
    n: int = 10_000,
    error_rate: float = 0.05,
) -> Bracket:
    """Return an interval of the measure of a classifier's error set.

    Parameters
    ----------
    model : classifier, function or label
        f: with `predict`, or a function of (n, d) arrays, or one label for all points.
    bayes : Bayes rule
        f*, in one of the same forms, or a law with `bayes_predict`.
    law : object with ``sample(n, rng)``
        A space, or a law of labelled points (the labels are not used). For two
        `PiecewiseRule` also "cube" or "torus": then the measure is exact, as for
        Cube(1).
    rng : numpy.random.Generator or int
        A generator, or the seed of one; not needed where the measure is exact.
    n : int
        How many points to draw, at least 1.
    error_rate : float
        The greatest probability, in (0, 1), that the interval misses.

    Returns
    -------
    Bracket
        The interval; both ends equal, and an error rate of 0, for piecewise rules.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a rule does not give a label a point.

    Notes
    -----
    The points must not be those that trained the classifier: give another seed than for
    the training set.

    The measure may be tiny where the set is dense (`covering_radius`), so an interval
    that begins at 0 does not say that there are no errors.

    Examples
    --------
    >>> from geomadv.spaces import Cube
    >>> half = PiecewiseRule([0.5], [-1, 1])
    >>> measure(PiecewiseRule([0.25], [-1, 1]), half, Cube(1)).upper
    0.25
    >>> found = measure(lambda X: np.sign(X[:, 0] - 0.25), half, Cube(1), rng=0)
    >>> 0.25 in found, found.method
    (True, 'Clopper-Pearson')
    """
    errors = exact_errors(model, bayes, law)
    if errors is not None:
        return Bracket(errors.measure, errors.measure, "intervals")
    f, g = rule("model", model), rule("bayes", bayes)
    n = integer("n", n, minimum=1)
    X = draw(law, n, generator(rng))
    found, wanted = f(X), g(X)
    comparable(found, wanted)
    wrong = int(np.count_nonzero(found != wanted))
    share = clopper_pearson(wrong, n, error_rate)
    return Bracket(share.lower, share.upper, "Clopper-Pearson", error_rate)


def exact_errors(model: Any, bayes: Any, law: Any) -> IntervalSet | None:
    """Return the error set of piecewise rules under the uniform law on [0, 1]."""
    base = getattr(law, "base", law)
    if isinstance(base, Cube) and base.d == 1:
        base = "cube"
    if not isinstance(base, str) or not (
        isinstance(model, PiecewiseRule) and isinstance(bayes, PiecewiseRule)
    ):
        return None
    return disagreement(model, bayes, base)


def mislabelled_points(X: ArrayLike, y: ArrayLike, bayes: Any) -> Float[NDArray, "m d"]:
    """Return the training points whose labels differ from the Bayes rule's.

    Parameters
    ----------
    X : (n, d) array_like
        Training points.
    y : (n,) array_like
        Their labels.
    bayes : Bayes rule
        As for `measure`: with `bayes_predict` or `predict`, a function, or one label.

    Returns
    -------
    (m, d) array
        Points of the error set of every classifier that interpolates the labels, but
        for points that occur with several labels: no classifier returns them all.

    Raises
    ------
    TypeError, ValueError
        If the arguments are not as described.

    Examples
    --------
    >>> mislabelled_points([[0.1], [0.2], [0.9]], [-1, 1, 1], -1)
    array([[0.2],
           [0.9]])
    """
    X = points("X", X)
    labels = np.asarray(y)
    if labels.shape != (len(X),):
        raise ValueError(f"y must have shape ({len(X)},), got {labels.shape}")
    wanted = rule("bayes", bayes)(X)
    comparable(labels, wanted)
    return X[labels != wanted]
