r"""Certified robustness of nearest neighbours (Wang et al. 2019, Yang et al. 2020).

The point x has the label of the nearest of its own points z_i against the others w_j.
It is decided for w_j where |x - w_j| <= |x - z_i| for *every* i: a polyhedron, whose
distance is a quadratic program, and the distance to another decision is the least one.
Each of its half-spaces alone contains it, so the distance to the farthest of them is a
lower bound in closed form,

    min_j max_i (|x - w_j|^2 - |x - z_i|^2)_+ / (2 |w_j - z_i|).

With k neighbours and s = (k + 1)/2, another decision needs s points of another label
each of which is nearer than all but s - 1 of the own ones: the minimum becomes the s-th
smallest over j and the maximum the s-th largest over i.

**The gap.** Own points (-1, 0) and (1, 0), another (0, h), x = 0, h > 1: the polyhedron
touches the axis at (0, t) with t^2 + 1 = (h - t)^2, so that the distance is
(h^2 - 1)/(2 h), while each half-space is at (h^2 - 1)/(2 sqrt(h^2 + 1)): their ratio is
sqrt(1 + h^-2), up to sqrt(2).

Sources: Wang, Liu, Yi, Zhou, Hsieh (2019), "Evaluating the robustness of nearest
neighbor classifiers: a primal-dual perspective", arXiv:1906.03972 (the bound); Yang,
Rashtchian, Wang, Chaudhuri (2020), "Robustness for non-parametric classification: a
generic attack and defense", arXiv:1906.03310 (the union of polyhedra). Derived anew.
"""

import math

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Twin,
)
from geomadv.perturbations import minimal_perturbation

SOURCE = Source(
    "L. Wang, X. Liu, J. Yi, Z. Zhou, C. Hsieh",
    "Evaluating the robustness of nearest neighbor classifiers: a primal-dual "
    "perspective",
    2019,
    arxiv="1906.03972",
)


def bisector_bound(
    X: ArrayLike, own: ArrayLike, other: ArrayLike, *, n_neighbors: int = 1
) -> Float[NDArray, " n"]:
    """Return lower bounds of the l_2 distance to another decision.

    Parameters
    ----------
    X : (n, d) array_like
        Points that are decided for their own label.
    own, other : (m, d) and (o, d) array_like
        Training points of that label, and of another one.
    n_neighbors : int
        k, an odd number.

    Returns
    -------
    (n,) array
        The bound of the module; infinite where there are fewer than (k + 1)/2 others.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> bisector_bound([[0.0, 0.0]], [[-1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0]]).round(6)
    array([0.67082])
    """
    x = points("X", X)
    d = x.shape[1]
    mine, theirs = points("own", own, d=d), points("other", other, d=d)
    k = integer("n_neighbors", n_neighbors, minimum=1)
    if k % 2 == 0:
        raise ValueError(f"n_neighbors must be odd, got {k}")
    s = (k + 1) // 2
    bound = np.full(len(x), np.inf)
    if len(theirs) < s:
        return bound
    if len(mine) < s:
        return np.zeros(len(x))
    apart = np.linalg.norm(theirs[:, None] - mine, axis=2)
    for row, point in enumerate(x):
        near = ((point - mine) ** 2).sum(axis=1)
        far = ((point - theirs) ** 2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.maximum(far[:, None] - near, 0.0) / (2.0 * apart)
        heights[apart == 0] = 0.0
        each = np.sort(heights, axis=1)[:, -s]
        bound[row] = np.sort(each)[s - 1]
    return bound


def gap_ratio(h: float) -> float:
    """Return the distance over its bound for the example of the module.

    Parameters
    ----------
    h : float
        Height of the other point, above 1.

    Returns
    -------
    float
        sqrt(1 + h^-2).

    Examples
    --------
    >>> round(gap_ratio(2.0), 6)
    1.118034
    """
    return math.hypot(1.0, 1.0 / h)


# --- Claims --------------------------------------------------------------------------


def _neighbours(own: NDArray, other: NDArray, k: int) -> object:
    from sklearn.neighbors import KNeighborsClassifier

    y = np.repeat([0, 1], [len(own), len(other)])
    return KNeighborsClassifier(k).fit(np.concatenate([own, other]), y)


def _problem(d: int, m: int, k: int) -> tuple[NDArray, NDArray, NDArray]:
    """Return x, its own points and others, which are farther away."""
    rng = spawn(0, "wang2019", d, m, k)
    own = rng.standard_normal((max(m, k), d))
    other = rng.standard_normal((max(m, k), d)) + 3.0 * np.eye(d)[0]
    return own[:1] - 0.5 * np.eye(d)[0], own, other


def _decided(d: int, m: int, k: int) -> bool:
    x, own, other = _problem(d, m, k)
    return bool(_neighbours(own, other, k).predict(x)[0] == 0)  # type: ignore[attr-defined]


def _bound(d: int, m: int, k: int) -> float:
    x, own, other = _problem(d, m, k)
    return float(bisector_bound(x, own, other, n_neighbors=k)[0])


def _distance(d: int, m: int, k: int) -> float:
    x, own, other = _problem(d, m, k)
    return float(minimal_perturbation(_neighbours(own, other, k), x).distance[0])


def _measured_ratio(h: float, farther: float = 0.0) -> float:
    """Return the ratio of distance and bound, the own point on the right moved."""
    own = np.array([[-1.0, 0.0], [1.0 + farther, 0.0]])
    other = np.array([[0.0, h]])
    x = np.zeros((1, 2))
    found = minimal_perturbation(_neighbours(own, other, 1), x)
    return float(found.distance[0] / bisector_bound(x, own, other)[0])


_HEIGHT = Reals(1.001, 100.0, (1.001, 1.5, 2.0, 10.0), scale="log")


def _bound_without(d: int, m: int, hidden: int) -> float:
    """Return the bound of the nearest neighbour, the nearest others left out."""
    x, own, other = _problem(d, m, 1)
    order = np.argsort(((other - x) ** 2).sum(axis=1))
    return float(bisector_bound(x, own, other[order[hidden:]])[0])


def _in_norm(
    order: float,
    own: tuple[tuple[float, float], ...] = ((0.0, -1.0),),
    other: tuple[float, float] = (2.0, 0.0),
) -> tuple[float, float]:
    """Return the bound and the distance of 0 for neighbours by an l_p norm.

    Steps go to the right and up, where the other point is. The distance is the least of
    those along 401 directions, and so never too small.
    """
    mine, other_point = np.array(own), np.array(other)

    def norm(x: NDArray) -> NDArray:
        return np.asarray(np.linalg.norm(x, order, axis=-1))

    angle = np.linspace(0.0, math.pi / 2, 401)
    step = np.column_stack([np.cos(angle), np.sin(angle)])
    step /= norm(step)[:, None]
    far = norm(other_point)
    low, high = np.zeros((401, 1)), np.full((401, 1), far)
    for _ in range(60):
        middle = (low + high) / 2
        at = middle * step
        nearest = norm(at[:, None] - mine).min(axis=1)
        before = (norm(at - other_point) > nearest)[:, None]
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    bounds = (far**2 - norm(mine) ** 2) / (2.0 * norm(other_point - mine))
    return float(bounds.max()), float(high.min())


def _ratio_in_norm(h: float, order: float) -> float:
    """Return the ratio of distance and bound of the example by an l_p norm."""
    bound, distance = _in_norm(order, ((-1.0, 0.0), (1.0, 0.0)), (0.0, h))
    return distance / bound


_EUCLIDEAN = "distances are Euclidean"
_IN_NORM = r"steps and neighbours are by the $\ell_p$ norm, and so the expression"
_ORDER = Reals(1.0, 50.0, (2.0, 3.0, 10.0, 50.0), symbol="p")
_DECIDED = (
    Hypothesis(
        _EUCLIDEAN,
        _IN_NORM,
        Exact(
            lambda order: _in_norm(order)[0],
            lambda order: _in_norm(order)[1],
            rtol=1e-9,
        ),
        {"order": _ORDER},
        "order",
        unbroken=2.0,
    ),
    Hypothesis(
        "the bound knows all training points of other labels",
        "it does not know the $c$ nearest of 20",
        Exact(_bound_without, lambda d, m, hidden: _distance(d, m, 1), rtol=1e-9),
        {
            "d": Choices((1, 2, 20), symbol="d"),
            "m": Choices((20,), symbol="m"),
            "hidden": Integers(0, 19, (0, 1, 5, 19), "linear", symbol="c"),
        },
        "hidden",
        unbroken=0,
        where=lambda d, m, hidden: _decided(d, m, 1),
    ),
)
_EXAMPLE = (
    Hypothesis(
        _EUCLIDEAN,
        _IN_NORM,
        Exact(_ratio_in_norm, lambda h, order: gap_ratio(h), rtol=1e-9),
        {"h": Choices((1.5, 2.0), symbol="h"), "order": _ORDER},
        "order",
        unbroken=2.0,
    ),
    Hypothesis(
        "the own points lie at the same distance on both sides",
        "the one on the right is farther away, by $s$",
        Exact(_measured_ratio, lambda h, farther: gap_ratio(h), rtol=1e-9),
        {
            "h": Choices((1.5, 2.0), symbol="h"),
            "farther": Reals(0.0, 10.0, (0.0, 0.1, 1.0, 10.0), symbol="s"),
        },
        "farther",
    ),
)

CLAIMS = (
    Claim(
        id="wang2019.bisector-bound",
        theory="oscillation",
        title="The bound by bisectors never exceeds the distance of nearest neighbours",
        source=SOURCE,
        statement=r"""The $s$-th smallest over $j$ of the $s$-th largest over $i$ of
$(\|x - w_j\|^2 - \|x - z_i\|^2)_+/(2\|w_j - z_i\|)$ is at most the distance to another
decision of $k = 2s - 1$ neighbours.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 100, (1, 2, 20), symbol="d"),
            "m": Integers(1, 30, (1, 5, 20), symbol="m"),
            "k": Choices((1, 3)),
        },
        where=_decided,
        axis="d",
        evidence=Exact(
            _bound,
            _distance,
            rtol=1e-9,
            unproved="sides are distances of a sample, found by a program",
        ),
        twin=Twin(
            r"the bound is multiplied by $1.001$",
            Exact(
                lambda d, m, k: 1.001 * _bound(d, m, k),
                _distance,
                rtol=1e-9,
            ),
        ),
        hypotheses=_DECIDED,
    ),
    Claim(
        id="wang2019.gap",
        theory="oscillation",
        title="The bound by bisectors is up to sqrt(2) below the distance",
        source=SOURCE,
        statement=r"""For own points $(\pm 1, 0)$ and another $(0, h)$, the distance of
$0$ is $\sqrt{1 + h^{-2}}$ times the bound by bisectors.""",
        relation="lhs == rhs",
        domain={"h": _HEIGHT},
        axis="h",
        evidence=Exact(_measured_ratio, gap_ratio, rtol=1e-9),
        twin=Twin(
            "the bound is attained: the ratio is 1",
            Exact(_measured_ratio, lambda h: 1.0, rtol=1e-9),
        ),
        hypotheses=_EXAMPLE,
    ),
)
