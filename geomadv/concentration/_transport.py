r"""The optimal robust loss of a labelled sample, by transport (Bhagoji et al. 2019).

An adversary moves each point by at most eps in l_p. A classifier is right about x_i
under attack if it says y_i on the whole ball B_i of radius eps about x_i. It can be
right about a set I of the n points together if and only if no balls of two points of I
with different labels meet: |x_i - x_j|_p > 2 eps for all of them. So the points about
which it errs cover all edges of the bipartite *conflict graph*, and the least robust
0-1 loss that any classifier has on the sample is

    (size of a minimum vertex cover) / n = M / n,   M = size of a maximum matching,

by the theorem of Konig: the discrete form of

    inf_h R_eps(h) = (1 - C)/2,   C = min over couplings of P(|x - x'|_p > 2 eps),

for N points a class, where an optimal coupling has M pairs that are not farther apart
than 2 eps, so that C = 1 - M/N and the loss is M/(2 N).

**An optimal classifier** gives each point the label of its nearest point outside the
cover: on the ball of a point x_i outside the cover that is the label y_i, because
|z - x_i| <= eps and |z - x_j| <= eps with y_j != y_i would make the two a conflict.

**What the number is.** It is exact for the sample, and says nothing about one
classifier. As an estimate of the loss that is optimal for the law behind the sample it
is biased downwards, since the mean of a minimum is at most the minimum of the means;
in high dimension it collapses: for N(+-e_1, I), eps = 1/2 and 500 points a class it is
about .302 in dimension 1, .16 in dimension 5, .001 in dimension 10 and 0 in dimension
20, where the truth is .3085 in all of them.

Source: Bhagoji, Cullina, Mittal (2019), "Lower bounds on adversarial robustness from
optimal transport", arXiv:1909.12272; the statements are derived here.
"""

from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, Bool, Float, Int, NDArray
from geomadv._validate import labels, norm_order, points, real_array
from geomadv.concentration._conflicts import conflicts
from geomadv.concentration._matching import Matching


@dataclass(frozen=True, eq=False)
class OptimalRobustLoss:
    """The least robust 0-1 loss on a sample, with the proof that it is the least.

    Axes that `eps` has come first; n is the number of points.

    Parameters
    ----------
    eps : (*s,) array
        Radii.
    loss : (*s,) array
        The least share of points about which a classifier errs under attack.
    matching : (*s,) int array
        How many pairs of conflicting points are disjoint, at most: ``loss`` times n.
    partner : (*s, n) int array
        The index of the point that a point is matched with, -1 for none: so many
        conflicts, no two of which share a point, force as many errors.
    cover : (*s, n) bool array
        The points about which an optimal classifier errs: as many. It has a point of
        every conflict, so that the others can be classified rightly together.
    decisions : (*s, n) int array
        What an optimal classifier says of a point under attack: its label, or the other
        one where `cover` is true.
    """

    eps: Float[NDArray, "*s"]
    loss: Float[NDArray, "*s"]
    matching: Int[NDArray, "*s"]
    partner: Int[NDArray, "*s n"]
    cover: Bool[NDArray, "*s n"]
    decisions: Int[NDArray, "*s n"]


def optimal_robust_loss(
    X: ArrayLike, y: ArrayLike, eps: ArrayLike, *, p: float = 2
) -> OptimalRobustLoss:
    r"""Return the least robust 0-1 loss that any classifier has on a labelled sample.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        Labels -1 and +1, both present.
    eps : array_like
        Radii of the attack, at least 0; one, or many in any order, which cost hardly
        more.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    OptimalRobustLoss
        The loss at each eps with the matching and the vertex cover that prove it. The
        latter is checked against all conflicts.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    See Also
    --------
    multiclass_robust_loss : for more than two classes.

    Notes
    -----
    Exact for the sample. **As an estimate for a law it is biased downwards**, and 0 in
    moderate dimension unless the sample is exponentially large: a loss of 0 on images
    is an effect of the sample's size as much as a robustness fact.

    A conflict is |x_i - x_j|_p <= 2 eps, as computed in float64 by the definition. The
    conflicts are taken in order of length, and the matching grows with them. All of
    MNIST's 3s and 7s (5800 a class) at 21 values of eps up to 5, where 12 million pairs
    are in conflict, take 3.6 s of processor time. Memory: 8 bytes a conflict, of which
    no more than 2^25 are kept at a time where eps has many values, and a bit a pair.

    An optimal classifier is the nearest neighbour among ``X[~cover]``: see the example.

    References
    ----------
    Bhagoji, Cullina, Mittal (2019), "Lower bounds on adversarial robustness from
    optimal transport", arXiv:1909.12272.

    Examples
    --------
    The points at 1 and 2 are in conflict as soon as eps is 1/2.

    >>> X, y = [[0.0], [1.0], [2.0], [4.0]], [-1, -1, 1, 1]
    >>> found = optimal_robust_loss(X, y, [0.4, 0.5, 1.0, 1.5])
    >>> found.loss
    array([0.  , 0.25, 0.25, 0.5 ])
    >>> found.partner[1]
    array([-1,  2,  1, -1], dtype=int32)

    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> kept = ~found.cover[1]
    >>> model = KNeighborsClassifier(1, p=2)
    >>> model = model.fit(np.array(X)[kept], np.array(y)[kept])
    """
    array = points("X", X, minimum=2)
    n = len(array)
    label = labels("y", y, n)
    sizes = real_array("eps", eps, lower=0.0)
    order = norm_order("p", p)
    levels, which = np.unique(sizes, return_inverse=True)
    matching = np.zeros(levels.shape, np.int64)
    partner = np.full((*levels.shape, n), -1, np.int32)
    cover = np.zeros((*levels.shape, n), bool)
    left, right = np.flatnonzero(label < 0), np.flatnonzero(label > 0)
    if len(left) > len(right):
        left, right = right, left
    grown = Matching(len(left), len(right))
    with np.errstate(over="ignore"):
        radii = 2.0 * levels
    found = conflicts(array[left], array[right], radii, order)
    for k in range(levels.size):
        if grown.size < len(left):
            for pairs in next(found):
                grown.add(*pairs)
        matching[k] = grown.augment()
        of_left, of_right = grown.partners
        partner[k, left] = np.where(of_left >= 0, right[of_left], -1)
        partner[k, right] = np.where(of_right >= 0, left[of_right], -1)
        cover[k, left], cover[k, right] = grown.cover()
    which = which.reshape(sizes.shape)
    errs = cover[which]
    sign = label.astype(np.int8)
    return OptimalRobustLoss(
        eps=sizes,
        loss=np.asarray(matching[which] / n),
        matching=np.asarray(matching[which]),
        partner=partner[which],
        cover=errs,
        decisions=np.where(errs, -sign, sign),
    )
