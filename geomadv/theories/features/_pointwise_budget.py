r"""Robust maximum likelihood where every point may be moved by eps, at any covariance.

In the setting of `_robust_gaussian`, with |delta| <= eps for each point in place of a
price, the loss of a mean m and of P = S^-1 is, twice,

    -log det P + E max_{|delta| <= eps} <z + delta, P (z + delta)>,    z = y x - m.

It is convex in P, and in m, and does not change as z or one of its coordinates in the
eigenvectors of S* is flipped. So the minimum is at m = mu* and at a P with these
eigenvectors, and, p_i and v_i the eigenvalues of P and S*, what is left to minimise is

    sum_i (p_i v_i - log p_i) + E c(p),

E c the mean fall of the parabola -<z, P z> in a ball (`_euclidean`): an integral over
the multiplier of a trust-region problem. Balls of the Mahalanobis length of S* lead to
the isotropic case, by whitening: S = S* (1 + 2 eps E(chi_d)/d + eps^2/d).

Source: Ilyas et al. (2019), arXiv:1905.02175, section 4; derived here.
"""

from typing import Any

import numpy as np
from scipy import optimize

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import real, real_array
from geomadv.theories.features._euclidean import mean_euclidean_fall
from geomadv.theories.features._features import QuadraticFeature
from geomadv.theories.features._robust_gaussian import (
    penalty_of_budget,
    robust_variances,
)

_STEP = 1e-4  # of the logarithms, in central differences


def pointwise_robust_variances(
    variances: ArrayLike, eps: float
) -> Float[NDArray, " d"]:
    """Return the eigenvalues of the robust covariance if every point moves by eps.

    Parameters
    ----------
    variances : (d,) array_like
        The eigenvalues of the covariance of the data, positive.
    eps : float
        Euclidean size of the perturbation of each point, at least 0.

    Returns
    -------
    (d,) array
        The eigenvalues s_i of S, in the order of `variances`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By minimisation (BFGS with central differences) from the solution of the mean
    budget. Relative error below 1e-5 against the closed form for equal variances,
    `pointwise_robust_variance` (tests). A few seconds in 5 dimensions.

    Examples
    --------
    >>> pointwise_robust_variances([1.0, 1.0], 1.0).round(4)
    array([2.7533, 2.7533])
    """
    v = real_array("variances", variances, lower=0.0, open_lower=True, ndim=1)
    if v.size == 0:
        raise ValueError("variances must have at least one entry, got none")
    size = real("eps", eps, lower=0.0)
    if size == 0.0:
        return v
    unit = float(v.max())
    v, size = v / unit, size / float(np.sqrt(unit))
    start = np.log(robust_variances(v, penalty_of_budget(v, size)))

    def slope(logs: NDArray) -> NDArray:
        steps = _STEP * np.eye(logs.size)
        return np.array(
            [
                (
                    pointwise_loss(v, np.exp(logs + h), size)
                    - pointwise_loss(v, np.exp(logs - h), size)
                )
                / (2 * _STEP)
                for h in steps
            ]
        )

    options: Any = {"gtol": 1e-7}
    found = optimize.minimize(
        lambda logs: pointwise_loss(v, np.exp(logs), size),
        start,
        jac=slope,
        method="BFGS",
        options=options,
    )
    return np.asarray(unit * np.exp(found.x))


def pointwise_loss(
    variances: Float[NDArray, " d"], s: Float[NDArray, " d"], eps: float
) -> float:
    """Return twice the mean worst loss of eigenvalues s, less a constant.

    Parameters
    ----------
    variances, s : (d,) arrays
        Eigenvalues, positive: of the data's covariance, and of the parameter.
    eps : float
        Size of the perturbation of each point, positive.

    Examples
    --------
    In one dimension E (|z| + 1)^2 is 2 + 2 sqrt(2/pi) for z ~ N(0, 1):

    >>> round(pointwise_loss(np.ones(1), np.ones(1), 1.0), 6)
    3.595769
    """
    f = QuadraticFeature(np.diag(1.0 / s))
    fall = mean_euclidean_fall(f, -1.0, np.zeros(s.size), variances, np.array([eps]))
    return float(np.log(s).sum() + (variances / s).sum() + fall[0])
