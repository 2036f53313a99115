r"""Robust classification of normal classes on the line, searched to the end.

A point x counts as right if all of (x - eps, x + eps) has its label. A classifier of
which each class is a union of intervals thus gets right what is left of each interval
after eps is cut off at its ends, and points of different classes that count are 2 eps
apart. The best choice of intervals with ends on a grid is found by dynamic programming;
with distances that are two cells shorter it bounds all measurable classifiers, since
sets that are 2 eps apart are so far apart once they are widened to whole cells. Where
2 eps is less than a cell, classes may share it, and what counts of densities g_j is

    int max_j g_j <= int g_k + sum_{j != k} int (g_j - g_k)_+    for every k.

In R^d, with means on one line through 0 along a unit vector and the identity for
covariance, slabs across the line have these risks.
"""

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import real, real_array
from geomadv.stats import Interval


def intervals_risk(
    ends: ArrayLike, labels: ArrayLike, means: ArrayLike, priors: ArrayLike, eps: float
) -> float:
    """Return the robust risk of a classifier of the line that is a union of intervals.

    Parameters
    ----------
    ends : (r,) array_like
        Where the label changes, in ascending order.
    labels : (r + 1,) array_like of int
        The label of each piece, as an index of `means`.
    means, priors : (k,) array_like
        Means and weights of the classes N(mean, 1), as for `best_on_the_line`.
    eps : float
        Size of the perturbations, at least 0.

    Returns
    -------
    float
        In R^d it is the risk of slabs along a unit vector u if the means are <u, mu>.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(intervals_risk([-1.5, 1.5], [0, 1, 2], [-3, 0, 3], [1 / 3] * 3, 0.5), 10)
    0.2115403386
    """
    centres, weights, size = _line(means, priors, eps)
    cuts = real_array("ends", ends, ndim=1)
    if (np.diff(cuts) < 0).any():
        raise ValueError("ends must be in ascending order")
    names = real_array("labels", labels)
    if names.shape != (cuts.size + 1,):
        raise ValueError(
            f"labels must have shape ({cuts.size + 1},), got shape {names.shape}"
        )
    if not np.isin(names, np.arange(centres.size)).all():
        raise ValueError(f"labels must be whole numbers below {centres.size}")
    changes = names[1:] != names[:-1]
    kept = np.append(names[:-1][changes], names[-1]).astype(int)
    cuts = cuts[changes]
    left = np.append(-np.inf, cuts + size) - centres[kept]
    right = np.append(cuts - size, np.inf) - centres[kept]
    mass = np.where(right > left, special.ndtr(right) - special.ndtr(left), 0.0)
    return float(1.0 - weights[kept] @ mass)


def best_on_the_line(
    means: ArrayLike,
    priors: ArrayLike,
    eps: float,
    *,
    step: float = 0.01,
    deviations: ArrayLike = 1.0,
) -> Interval:
    """Enclose the least robust risk of all classifiers of normal classes on the line.

    Parameters
    ----------
    means : (k,) array_like
        Means of the classes.
    priors : (k,) array_like
        Their weights: at least 0, of sum 1.
    eps : float
        Size of the perturbations, at least 0.
    step : float
        Distance of the grid's points, above 0; eps is rounded to a multiple, up for the
        upper end and down for the lower.
    deviations : float, (k,) or (c, k) array_like
        Standard deviations of the classes, positive. Of c rows, each class is the equal
        mixture of the c normal laws of its column.

    Returns
    -------
    Interval
        `upper` is the least robust risk of any union of intervals for each class whose
        ends are on the grid (of the eps that is rounded up), and so is attained. No
        measurable classifier has less than `lower`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    A point counts where its whole neighbourhood has its label, so that the points of
    different classes that count are at least 2 eps apart. Dynamic programming finds the
    best such choice of cells, exactly. For the lower end cells of different classes
    need only be 2 eps - 2 step apart, which all sets satisfy once they are widened to
    whole cells; for eps below step/2 they may share a cell. O(1/step) time and memory.

    Examples
    --------
    >>> found = best_on_the_line([-1.0, 1.0], [0.8, 0.2], 0.5)  # 0.1861562268
    >>> 0.1861562268 in found, found.width < 0.02
    (True, True)
    """
    centres, weights, size = _line(means, priors, eps)
    h = real("step", step, lower=0.0, open_lower=True)
    spreads = class_deviations(deviations, centres.size)
    low = np.floor((centres - 9.0 * spreads).min() / h)
    high = np.ceil((centres + 9.0 * spreads).max() / h)
    edges = h * np.arange(low, high + 1.0)
    edges[0], edges[-1] = -np.inf, np.inf
    tails = special.ndtr((edges[:, None, None] - centres) / spreads).mean(axis=1)
    mass = weights * np.diff(tails, axis=0)
    wide = int(np.ceil(2.0 * size / h - 1e-9))
    narrow = max(int(np.floor(2.0 * size / h + 1e-9)) - 2, 0)
    upper, lower = (1.0 - _best_right(mass, gap) for gap in (wide, narrow))
    if 2.0 * size / h + 1e-9 < 1.0:
        lower = 1.0 - _shared(mass, edges, centres, weights, spreads)
    return Interval(min(max(lower, 0.0), upper), upper)


def _best_right(mass: Float[NDArray, "n k"], gap: int) -> float:
    """Return the largest mass of cells, those of different classes `gap` cells apart.

    open_j(i) is the best of the first i cells if a class j is being counted, and a
    class may be taken up where the best of all was reached `gap` cells before.
    """
    n, k = mass.shape
    rows = mass.tolist()
    best = [0.0] * (n + 1)
    counted = [0.0] * k
    for i, row in enumerate(rows):
        start = best[i - gap] if i >= gap else 0.0
        counted = [
            (c if c > start else start) + g for c, g in zip(counted, row, strict=True)
        ]
        best[i + 1] = max(best[i], *counted)
    return best[n]


def _shared(
    mass: Float[NDArray, "n k"],
    edges: Float[NDArray, " n+1"],
    centres: Float[NDArray, " k"],
    weights: Float[NDArray, " k"],
    spreads: Float[NDArray, "c k"],
) -> float:
    """Return a mass above what any classifier gets right, by the bound above."""
    ends = edges[:-1, None, None], edges[1:, None, None]
    far = np.maximum(abs(ends[0] - centres), abs(ends[1] - centres))
    near = abs(np.clip(centres, *ends) - centres)
    least, most = (
        weights * (np.exp(-((x / spreads) ** 2) / 2.0) / spreads).mean(axis=1)
        for x in (far, near)
    )
    gap = np.maximum(most[:, :, None] - least[:, None, :], 0.0)  # of cell, j and k
    with np.errstate(invalid="ignore"):
        over = gap * (np.diff(edges) / np.sqrt(2.0 * np.pi))[:, None, None]
    extra = np.fmin(over, mass[:, :, None])
    extra[:, np.arange(centres.size), np.arange(centres.size)] = 0.0
    return float((mass + extra.sum(axis=1)).min(axis=1).sum())


def _line(
    means: ArrayLike, priors: ArrayLike, eps: float
) -> tuple[Float[NDArray, " k"], Float[NDArray, " k"], float]:
    centres = real_array("means", means, ndim=1)
    weights = real_array("priors", priors, lower=0.0)
    if weights.shape != centres.shape or centres.size == 0:
        raise ValueError(
            f"priors must have the shape of means, {centres.shape}, and not be empty, "
            f"got shape {weights.shape}"
        )
    check_sum(weights)
    return centres, weights, real("eps", eps, lower=0.0)


def class_deviations(deviations: ArrayLike, classes: int) -> Float[NDArray, "c k"]:
    """Return the deviations of the parts of each class, one row a part."""
    found = real_array("deviations", deviations, lower=0.0, open_lower=True)
    if found.ndim > 2 or found.size == 0 or (found.ndim and found.shape[-1] != classes):
        raise ValueError(
            f"deviations must be a number, or have shape ({classes},) or "
            f"(c, {classes}), got shape {found.shape}"
        )
    rows = np.atleast_2d(found)
    return rows * np.ones((len(rows), classes))


def check_sum(weights: NDArray) -> None:
    """Refuse weights whose sum along the last axis is not 1."""
    total = weights.sum(axis=-1)
    if not np.allclose(total, 1.0, rtol=0.0, atol=1e-9):
        raise ValueError(f"priors must sum to 1, got {float(np.ravel(total)[0])!r}")
