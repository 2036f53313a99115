r"""Robust maximum likelihood of a Gaussian pair, by penalty and by budget.

y = -1, +1 equally likely, x ~ N(y mu*, S*), and the loss of the parameters (m, S) is
that of the density, l = log det(S)/2 + <z, S^-1 z>/2, z = y x - m. An adversary adds
delta, at a price: the *penalised* loss is

    L(m, S) = E sup_delta { l(x + delta) - lambda |delta|^2/2 }.

With S > I/lambda the supremum is at delta = (lambda S - I)^-1 z, and

    L(m, S) = log det(S)/2 + E <z, (S - I/lambda)^-1 z>/2.

In P = S^-1 every (z + delta)' P (z + delta) is linear and -log det P convex, so L is
convex in P, and in m; flipping z, or one coordinate of it in the eigenvectors of S*,
changes nothing. So the minimum is at m = mu* and at a P with these eigenvectors, and
for each eigenvalue v of S* its s minimises log(s) + v/(s - 1/lambda):

    (s - 1/lambda)^2 = v s,    s = v/2 + 1/lambda + sqrt(v/lambda + v^2/4).

**Penalty and budget.** At the optimum E|delta|^2 = sum_i v_i/(lambda s_i - 1)^2 =
sum_i 1/(lambda^2 s_i), which falls from infinity to 0 as lambda grows: for every
eps > 0 one lambda has the *mean* budget E|delta|^2 = eps^2, and (m, S) then solves the
problem with this constraint in place of the price. With k = lambda v a term is
1/(lambda (1 + k/2 + sqrt(k + k^2/4))), which lies between 1 and 2 times
1/(sqrt(lambda) + lambda sqrt(v))^2. So, with x(c, v) = 2c/(1 + sqrt(1 + 4 c sqrt(v))),

    x(sqrt(d)/eps, max v)^2 <= lambda <= x(sqrt(2 d)/eps, min v)^2:

lambda is of the order 1/eps for small eps and 1/eps^2 for large.

**Budget of every point.** With |delta| <= eps for each x there is a closed form for
S* = v I (else see `_pointwise_budget`): by the same argument P is a multiple of the
identity and

    s = E(|z| + eps)^2/d = v + 2 eps sqrt(v) E(chi_d)/d + eps^2/d;

the mean budget gives v + 2 eps sqrt(v/d) + eps^2/d, which is more, as E(chi_d) <
sqrt(d), and is its limit for large d.

Source: Ilyas et al. (2019), arXiv:1905.02175, section 4; derived here.
"""

import math
from typing import Any

import numpy as np
from scipy import linalg, optimize, special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, labels, points, real, real_array

_HALVINGS = 70
_AHEAD = 1.0 + 2.0**-20


def robust_variances(variances: ArrayLike, penalty: ArrayLike) -> Float[NDArray, "..."]:
    """Return the eigenvalues of the robust covariance, at a penalty.

    Parameters
    ----------
    variances : (..., d) array_like
        The eigenvalues of the covariance of the data, positive.
    penalty : float or array_like
        lambda, positive; infinity (no adversary) is allowed. Broadcast against the
        leading axes of `variances`.

    Returns
    -------
    (..., d) array
        s = v/2 + 1/lambda + sqrt(v/lambda + v^2/4).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Nothing cancels: relative error below 1e-15 at any condition (tests).

    Examples
    --------
    >>> robust_variances([1.0], 1.0).round(10)
    array([2.61803399])
    """
    v, price = _with_axis(variances, penalty=_penalty(penalty))
    with np.errstate(over="ignore"):
        step = 1.0 / price
        return np.asarray(v / 2 + step + np.sqrt(v) * np.sqrt(step + v / 4))


def robust_covariance(cov: ArrayLike, penalty: float) -> Float[NDArray, "d d"]:
    """Return the robust covariance S/2 + I/lambda + sqrt(S/lambda + S^2/4).

    Parameters
    ----------
    cov : (d, d) array_like
        The covariance S of the data, positive definite.
    penalty : float
        lambda, positive; infinity is allowed.

    Returns
    -------
    (d, d) array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> robust_covariance([[4.0, 0.0], [0.0, 1.0]], 10.0).round(6)
    array([[4.197618, 0.      ],
           [0.      , 1.191608]])
    """
    S = _matrix(cov)
    v, Q = linalg.eigh(S)
    if not v[0] > 0.0:
        raise ValueError(
            f"cov must be positive definite, its least eigenvalue is {v[0]:g}"
        )
    found = (Q * robust_variances(v, real("penalty", penalty, infinite=True))) @ Q.T
    return np.asarray((found + found.T) / 2)


def budget_of_penalty(variances: ArrayLike, penalty: ArrayLike) -> Real:
    """Return the mean budget eps, sqrt(E|delta|^2), that a penalty leads to.

    Parameters
    ----------
    variances : (..., d) array_like
        The eigenvalues of the covariance of the data, positive.
    penalty : float or array_like
        lambda, positive; infinity is allowed.

    Returns
    -------
    numpy.float64 or array
        sqrt(sum_i 1/(lambda^2 s_i)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(budget_of_penalty([1.0, 4.0, 25.0], 0.7084661)), 6)
    1.0
    """
    v, price = _with_axis(variances, penalty=_penalty(penalty))
    return _budget(v, price)[()]


def penalty_of_budget(variances: ArrayLike, eps: ArrayLike) -> Real:
    """Return the penalty lambda whose mean budget is eps.

    Parameters
    ----------
    variances : (..., d) array_like
        The eigenvalues of the covariance of the data, positive.
    eps : float or array_like
        sqrt(E|delta|^2), at least 0; broadcast against the leading axes.

    Returns
    -------
    numpy.float64 or array
        lambda; infinity where eps is 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By bisection between the bounds of the module's docstring and a step of Newton's.
    The relative error was below 1e-13 for conditions up to 1e12 and eps from 1e-12 to
    1e12 (tests).

    Examples
    --------
    >>> penalty_of_budget([1.0, 4.0, 25.0], [0.1, 0.5, 1.0, 2.0]).round(7)
    array([10.6080178,  1.7151034,  0.7084661,  0.2705067])
    """
    v, size = _with_axis(variances, eps=real_array("eps", eps, lower=0.0))
    target = size[..., 0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = (np.log(bound) for bound in _bounds(v, size))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            more = _budget(v, np.exp(middle)[..., None]) > target
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        found = np.exp(low)
        now, ahead = (np.log(_budget(v, (found * f)[..., None])) for f in (1, _AHEAD))
        slope = (ahead - now) / math.log(_AHEAD)
        better = found * (1 + (np.log(target) - now) / slope)
    return np.asarray(np.where(np.isfinite(better), better, found))[()]


def penalty_bounds(variances: ArrayLike, eps: ArrayLike) -> tuple[Real, Real]:
    """Return bounds of the penalty of a mean budget, in closed form.

    The arguments are as for `penalty_of_budget`.

    Returns
    -------
    lower, upper : numpy.float64 or array
        x(sqrt(d)/eps, max v)^2 and x(sqrt(2 d)/eps, min v)^2.

    Examples
    --------
    >>> lower, upper = penalty_bounds([1.0, 4.0, 25.0], 1.0)
    >>> round(float(lower), 6), round(float(upper), 6)
    (0.24701, 1.306477)
    """
    v, size = _with_axis(variances, eps=real_array("eps", eps, lower=0.0))
    lower, upper = _bounds(v, size)
    return lower[()], upper[()]


def pointwise_robust_variance(
    variance: ArrayLike, d: ArrayLike, eps: ArrayLike
) -> Real:
    """Return s if every point may be moved by eps, for an isotropic covariance.

    Parameters
    ----------
    variance : float or array_like
        The variance v of each coordinate, positive.
    d : int or array_like
        The dimension, at least 1.
    eps : float or array_like
        Size of the perturbation of each point, at least 0.

    Returns
    -------
    numpy.float64 or array
        v + 2 eps sqrt(v) E(chi_d)/d + eps^2/d.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    In one dimension E|z| = sqrt(2/pi):

    >>> round(float(pointwise_robust_variance(1.0, 1, 1.0)), 9)
    3.595769122
    """
    v, dimension, size = broadcast(
        variance=real_array("variance", variance, lower=0.0, open_lower=True),
        d=real_array("d", d, lower=1.0),
        eps=real_array("eps", eps, lower=0.0),
    )
    chi = math.sqrt(2.0) * special.poch(dimension / 2, 0.5)
    with np.errstate(over="ignore"):
        return np.asarray(v + size * (2 * np.sqrt(v) * chi + size) / dimension)[()]


def robust_maximum_likelihood(
    X: ArrayLike, y: ArrayLike, penalty: float
) -> tuple[Float[NDArray, " d"], Float[NDArray, "d d"]]:
    """Return the robust mean and covariance of a sample, by numerical minimisation.

    Parameters
    ----------
    X : (n, d) array_like
        Points, n above d.
    y : (n,) array_like
        Labels -1 and +1.
    penalty : float
        lambda, positive and finite.

    Returns
    -------
    mean : (d,) array
        m, the mean of the class +1; that of the class -1 is -m.
    cov : (d, d) array
        S.

    Raises
    ------
    ValueError
        If the second moments of y x - m are singular, among other bad input.

    Notes
    -----
    BFGS over m and the Cholesky factor of S - I/lambda, from the identity, in the
    unit of the sample's mean variance. It knows nothing of the closed form, which is
    `robust_covariance` of the sample's covariance; they agree to 1e-6 (tests).

    Examples
    --------
    >>> X, y = [[1.0], [3.0], [-1.0], [-3.0]], [1, 1, -1, -1]
    >>> mean, cov = robust_maximum_likelihood(X, y, 1.0)
    >>> mean.round(6), cov.round(6)
    (array([2.]), array([[2.618034]]))
    """
    rows = points("X", X, minimum=2)
    label = labels("y", y, len(rows))
    price = real("penalty", penalty, lower=0.0, open_lower=True)
    signed = label[:, None] * rows
    n, d = signed.shape
    centre = signed.mean(axis=0)
    second = signed.T @ signed / n
    spread = second - np.outer(centre, centre)
    unit = float(np.trace(spread)) / d
    if n <= d or linalg.eigvalsh(spread)[0] <= 1e-12 * unit:
        raise ValueError("X must have covariance of full rank within the classes")
    lower = np.tril_indices(d)
    root, step = math.sqrt(unit), 1.0 / (price * unit)

    def loss(theta: NDArray) -> tuple[float, NDArray]:
        m, C = theta[:d], np.zeros((d, d))
        C[lower] = theta[d:]
        M = C @ C.T + 1e-14 * np.eye(d)
        inner = linalg.inv(M)
        outer = linalg.inv(M + step * np.eye(d))
        off = m - centre / root
        T = spread / unit + np.outer(off, off)
        value = -np.linalg.slogdet(outer)[1] / 2 + np.trace(inner @ T) / 2
        slope = (outer - inner @ T @ inner) @ C
        return float(value), np.concatenate([inner @ off, slope[lower]])

    start = np.concatenate([np.zeros(d), np.eye(d)[lower]])
    options: Any = {"gtol": 1e-10, "maxiter": 5000}
    found = optimize.minimize(loss, start, jac=True, method="BFGS", options=options).x
    C = np.zeros((d, d))
    C[lower] = found[d:]
    return found[:d] * root, unit * (C @ C.T + step * np.eye(d))


def _penalty(penalty: ArrayLike) -> Float[NDArray, "..."]:
    return real_array("penalty", penalty, lower=0.0, open_lower=True, infinite=True)


def variances_array(variances: ArrayLike) -> Float[NDArray, "*s d"]:
    """Return eigenvalues as an array with at least one axis, of at least one entry."""
    v = real_array("variances", variances, lower=0.0, open_lower=True)
    if v.ndim == 0 or v.shape[-1] == 0:
        raise ValueError(f"variances must have shape (..., d), got shape {v.shape}")
    return v


def _with_axis(
    variances: ArrayLike, **others: NDArray
) -> tuple[Float[NDArray, "*s d"], Float[NDArray, "*s 1"]]:
    """Return the eigenvalues and the other argument, broadcast, with one axis more."""
    v = variances_array(variances)
    ((name, other),) = others.items()
    _, full = broadcast(variances=np.asarray(v[..., 0]), **{name: other})
    return np.broadcast_to(v, (*full.shape, v.shape[-1])), full[..., None]


def _budget(v: NDArray, price: NDArray) -> NDArray:
    """Return the root of sum_i 1/(lambda^2 s_i)."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        k = price * v
        term = 1.0 / (1.0 + k / 2 + np.sqrt(k) * np.sqrt(1.0 + k / 4))
        root = np.sqrt(term.sum(axis=-1)) / np.sqrt(price[..., 0])
    return np.asarray(np.where(np.isinf(price[..., 0]), 0.0, root))


def _bounds(v: NDArray, size: NDArray) -> tuple[NDArray, NDArray]:
    d = v.shape[-1]
    ends = []
    for factor, variance in ((d, v.max(axis=-1)), (2 * d, v.min(axis=-1))):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            c = math.sqrt(factor) / size[..., 0]
            x = 2.0 / (1.0 / c + np.sqrt(1.0 / c**2 + 4 * np.sqrt(variance) / c))
            ends.append(np.asarray(np.where(size[..., 0] == 0.0, np.inf, x**2)))
    return ends[0], ends[1]


def _matrix(cov: ArrayLike) -> Float[NDArray, "d d"]:
    S = real_array("cov", cov, ndim=2)
    allowed = 1e-10 * np.abs(S).max(initial=0.0)
    if S.size == 0 or S.shape != S.T.shape or (np.abs(S - S.T) > allowed).any():
        raise ValueError(f"cov must be a symmetric matrix, got shape {S.shape}")
    return np.asarray((S + S.T) / 2)
