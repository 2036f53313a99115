r"""The optimal robust loss of several classes, by linear programming.

With more than two classes a classifier may gain by drawing lots: let q_i be the
probability with which it gives x_i's own label, at the worst point z of the ball B_i of
radius eps about x_i. At a point that lies in the balls of a set e of points with
different labels these probabilities add up to at most 1, so

    sum of q_i over e <= 1 for every hyperedge e: different labels, balls that meet,

and conversely any q in [0, 1]^n with this property is attained: at z say y_i with
probability max q_i over the balls of that label which hold z. So the least robust loss
is 1 - max (mean of q), a linear program over the *conflict hypergraph*. A pair is a
hyperedge if |x_i - x_j|_p <= 2 eps; a triple, for p = 2, if the smallest ball about the
triangle has a radius of at most eps: half of the longest side a where
a^2 >= b^2 + c^2, else the circumradius

    R^2 = a^2 b^2 c^2 / (4 b^2 c^2 - (b^2 + c^2 - a^2)^2),

where no digits cancel, a being the longest side. For p = infinity boxes meet as soon
as each two of them do (Helly), and for p = 1 three balls do: the median m of each
coordinate has |x_i - m| + |x_j - m| = |x_i - x_j| <= 2 eps for each two, so that at
most one of the three is farther from m than eps, and by s say; the point at s from m
towards it is within eps of all. For other p the midpoints and the centroid of a triple
are tried as common points, and any three pairs in conflict may have one.

**Both sides.** Pairs and triples that are certain give the lower bound 1 - v, v the
value of a feasible point of the *dual*: min sum_e u_e + sum_i (1 - sum_{e with i} u_e)+
over u >= 0. Pairs and triples that are possible give a q, and an upper bound with it:
an e of s > 3 points has sum q <= s/3, the mean over its triples. If k_i - 1 is the
number of labels of the points in conflict with x_i, then s <= k_i for all i in e, and
q_i min(1, 3/k_i) is attained. So is 1[q_i > 1/2]: no two such points are in conflict.
For 3 classes and p = 1, 2 or infinity both bounds agree up to rounding.

Sources: Bhagoji, Cullina, Mittal (2019), arXiv:1909.12272, for two classes; Dai, Ding,
Bhagoji, Cullina, Zheng, Zhao, Mittal (2023), "Characterizing the optimal 0-1 loss for
multi-class classification with a test-time attacker", for the hypergraph and its
truncation (remembered). The statements are derived here.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from geomadv._typing import ArrayLike, Bool, Float, Int, NDArray
from geomadv._validate import norm_order, points, real_array
from geomadv.concentration._conflicts import conflicts
from geomadv.spaces._lp import lp_norm

_TRIPLES = 1 << 14  # that are looked at in one go
_MOST = 10**7  # that are kept, 240 MB


@dataclass(frozen=True, eq=False)
class MulticlassRobustLoss:
    """Bounds of the least robust 0-1 loss on a sample of several classes.

    Axes that `eps` has come first; n is the number of points.

    Parameters
    ----------
    eps : (*s,) array
        Radii.
    lower, upper : (*s,) array
        No classifier has a smaller loss than `lower`, and one, which may draw lots, has
        the loss `upper`.
    gap : (*s,) array
        The duality gap of the linear program behind `lower`: how far the bound is from
        what pairs and triples can give.
    error : (*s, n) array
        The probabilities with which the classifier behind `upper` errs about each
        point under attack.
    pairs, triples : (*s,) int array
        How many conflicts of two and of three points the lower bound knows.
    """

    eps: Float[NDArray, "*s"]
    lower: Float[NDArray, "*s"]
    upper: Float[NDArray, "*s"]
    gap: Float[NDArray, "*s"]
    error: Float[NDArray, "*s n"]
    pairs: Int[NDArray, "*s"]
    triples: Int[NDArray, "*s"]


def multiclass_robust_loss(
    X: ArrayLike, y: ArrayLike, eps: ArrayLike, *, p: float = 2
) -> MulticlassRobustLoss:
    r"""Return bounds of the least robust 0-1 loss on a sample of several classes.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        Labels, whole numbers, at least two different ones.
    eps : array_like
        Radii of the attack, at least 0.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    MulticlassRobustLoss
        Equal bounds for two classes, and for three where p is 1, 2 or infinity.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or more than 10^7 triples of points are in
        conflict pair by pair.

    See Also
    --------
    optimal_robust_loss : for two classes, much faster, with its bias explained.

    Notes
    -----
    One linear program a radius (HiGHS); two for p other than 1, 2 and infinity. The
    duality gap was below 1e-10 in all tests. Meant for some thousands of points with
    sparse conflicts: 600 of scikit-learn's digits, 10 classes and 8500 pairs in
    conflict for p = 2, take about 2 s of one core.

    Examples
    --------
    Three points at the corners of an equilateral triangle of side 1. From eps = .5 on
    each two are in conflict and a rule that draws lots is right half of the time; from
    the circumradius .577 on one point is in all three balls.

    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]]
    >>> found = multiclass_robust_loss(X, [0, 1, 2], [0.4, 0.51, 0.58])
    >>> found.lower.round(6), found.upper.round(6)
    (array([0.      , 0.5     , 0.666667]), array([0.      , 0.5     , 0.666667]))
    """
    array = points("X", X, minimum=2)
    n = len(array)
    label = _classes(y, n)
    sizes = real_array("eps", eps, lower=0.0)
    order = norm_order("p", p)
    levels, which = np.unique(sizes, return_inverse=True)
    bounds, counts = np.zeros((3, levels.size)), np.zeros((2, levels.size), np.int64)
    error = np.zeros((levels.size, n))
    graph = np.empty((0, 2), np.int64)
    with np.errstate(over="ignore"):
        radii = 2.0 * levels
    for k, fresh in enumerate(_edges(array, label, radii, order)):
        graph = np.concatenate([graph, fresh])
        triples = _triangles(graph, n)
        sure, maybe = _meet(array, triples, float(levels[k]), order)
        q, value, dual = _program(graph, triples[sure], n)
        if (maybe & ~sure).any():
            q = _program(graph, triples[maybe], n)[0]
        q = _attained(q, graph, label)
        upper = 1 - q.mean()
        lower = min(max(0.0, 1 - dual / n), upper)  # they may be equal, and are rounded
        bounds[:, k] = lower, upper, (dual - value) / n
        counts[:, k] = len(graph), int(sure.sum())
        error[k] = 1 - q
    which = which.reshape(sizes.shape)
    return MulticlassRobustLoss(
        eps=sizes,
        lower=np.asarray(bounds[0][which]),
        upper=np.asarray(bounds[1][which]),
        gap=np.asarray(bounds[2][which]),
        error=error[which],
        pairs=np.asarray(counts[0][which]),
        triples=np.asarray(counts[1][which]),
    )


def _classes(y: ArrayLike, n: int) -> Int[NDArray, " n"]:
    """Return labels as 0, 1, ..., at least two different ones."""
    array = real_array("y", y)
    if array.shape != (n,):
        raise ValueError(f"y must have shape ({n},), got shape {array.shape}")
    if (array != np.rint(array)).any():
        bad = array[array != np.rint(array)][0]
        raise ValueError(f"y must hold whole numbers, got {bad:g}")
    kinds, label = np.unique(array, return_inverse=True)
    if kinds.size < 2:
        raise ValueError("y must hold at least two classes, got only one")
    return label


def _edges(
    X: Float[NDArray, "n d"],
    label: Int[NDArray, " n"],
    radii: Float[NDArray, " k"],
    p: float,
) -> list[Int[NDArray, "e 2"]]:
    """Return the new pairs in conflict at each radius, smaller index first."""
    found: list[list[NDArray]] = [[np.empty((0, 2), np.int64)] for _ in radii]
    for kind in range(int(label.max())):
        one, others = np.flatnonzero(label == kind), np.flatnonzero(label > kind)
        for k, parts in enumerate(conflicts(X[one], X[others], radii, p)):
            for rows, columns in parts:
                pairs = np.stack([one[rows], others[columns]], axis=1)
                found[k].append(np.sort(pairs, axis=1))
    return [np.concatenate(parts) for parts in found]


def _triangles(graph: Int[NDArray, "e 2"], n: int) -> Int[NDArray, "t 3"]:
    """Return all triples of which each two are in conflict, ascending."""
    ones = np.ones(len(graph), bool)
    upper = sparse.csr_array((ones, (graph[:, 0], graph[:, 1])), shape=(n, n))
    upper.sort_indices()
    found = [np.empty((0, 3), np.int64)]
    total = 0
    for i in np.unique(graph[:, 0]).tolist():
        near = upper.indices[upper.indptr[i] : upper.indptr[i + 1]]
        first, second = upper[near][:, near].nonzero()
        total += first.size
        if total > _MOST:
            raise ValueError(
                f"eps must leave at most {_MOST} triples of points in conflict, got "
                "more: take fewer points or smaller radii"
            )
        triples = [np.full(first.size, i), near[first], near[second]]
        found.append(np.stack(triples, axis=1).astype(np.int64))
    return np.concatenate(found)


def _meet(
    X: Float[NDArray, "n d"], triples: Int[NDArray, "t 3"], eps: float, p: float
) -> tuple[Bool[NDArray, " t"], Bool[NDArray, " t"]]:
    """Tell which triples of balls have a common point, and which may have one."""
    maybe = np.ones(len(triples), bool)
    if p == 1.0 or np.isinf(p):
        return maybe, maybe
    sure = np.zeros(len(triples), bool)
    for begin in range(0, len(triples), _TRIPLES):
        a, b, c = np.swapaxes(X[triples[begin : begin + _TRIPLES]], 0, 1)
        if p == 2.0:
            sure[begin : begin + _TRIPLES] = _enclosing_radius(a, b, c) <= eps
            continue
        for z in ((a + b) / 2, (b + c) / 2, (c + a) / 2, (a + b + c) / 3):
            farthest = np.max([lp_norm(x - z, p) for x in (a, b, c)], axis=0)
            sure[begin : begin + _TRIPLES] |= farthest <= eps
    return sure, sure if p == 2.0 else maybe


def _enclosing_radius(
    a: Float[NDArray, "t d"], b: Float[NDArray, "t d"], c: Float[NDArray, "t d"]
) -> Float[NDArray, " t"]:
    """Return the radii of the smallest balls about three points."""
    sides = [((x - z) ** 2).sum(axis=1) for x, z in ((a, b), (b, c), (c, a))]
    shortest, middle, longest = np.sort(sides, axis=0)
    excess = np.maximum(middle + shortest - longest, 0.0)
    acute = excess > 0
    area = np.where(acute, 4 * middle * shortest - excess**2, 1.0)
    square = longest * np.where(acute, middle * shortest / area, 0.25)
    return np.asarray(np.sqrt(square))


def _program(
    graph: Int[NDArray, "e 2"], triples: Int[NDArray, "t 3"], n: int
) -> tuple[Float[NDArray, " n"], float, float]:
    """Maximise the sum of q subject to the conflicts.

    Returns
    -------
    q : (n,) array
        Feasible, whatever the tolerances of the solver.
    value, dual : float
        Its sum, and the value of a feasible point of the dual.
    """
    members = [graph.ravel(), triples.ravel()]
    sizes = np.concatenate([np.full(len(graph), 2), np.full(len(triples), 3)])
    if not sizes.size:
        return np.ones(n), float(n), float(n)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.concatenate(members)
    holds = sparse.csr_array(
        (np.ones(entries.size), entries, ends), shape=(sizes.size, n)
    )
    solved = optimize.linprog(
        -np.ones(n), A_ub=holds, b_ub=np.ones(sizes.size), bounds=(0, 1), method="highs"
    )
    if solved.status != 0:
        raise RuntimeError(f"the linear program was not solved: {solved.message}")
    q = np.clip(solved.x, 0.0, 1.0)
    q /= np.maximum(1.0, _largest(holds @ q, sizes, entries, n))
    u = np.maximum(-solved.ineqlin.marginals, 0.0)
    dual = float(u.sum() + np.maximum(1.0 - holds.T @ u, 0.0).sum())
    return q, float(q.sum()), dual


def _largest(
    sums: Float[NDArray, " e"],
    sizes: Int[NDArray, " e"],
    entries: Int[NDArray, " s"],
    n: int,
) -> Float[NDArray, " n"]:
    """Return for each point the largest sum of a conflict that holds it."""
    largest = np.zeros(n)
    np.maximum.at(largest, entries, np.repeat(sums, sizes))
    return largest


def _attained(
    q: Float[NDArray, " n"], graph: Int[NDArray, "e 2"], label: Int[NDArray, " n"]
) -> Float[NDArray, " n"]:
    """Return probabilities that a classifier attains, also with more classes."""
    classes = int(label.max()) + 1
    seen = np.zeros((len(q), classes), bool)
    seen[np.arange(len(q)), label] = True
    for i, j in (graph.T, graph.T[::-1]):
        seen[i, label[j]] = True
    drawn = q * np.minimum(1.0, 3.0 / seen.sum(axis=1))
    certain = np.where(q > 0.5 + 1e-9, 1.0, 0.0)
    return drawn if drawn.sum() >= certain.sum() else certain
