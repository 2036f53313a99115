r"""Usefulness of lines and parabolas under Gaussian mixtures, exactly.

The law: component k has weight w_k, label y_k, and x ~ N(m_k, S_k). A feature f is
normalised to mean 0 and variance 1, that is to (f - e)/s, and then

    usefulness          rho   = E[y (f(x) - e)]/s,
    robust usefulness   gamma = E[inf_{|delta|_p <= eps} y (f(x + delta) - e)]/s.

**Lines** f = <a, x>: with t_k = <a, m_k>, rho = sum_k w_k y_k (t_k - e)/s, e =
sum_k w_k t_k, s^2 = sum_k w_k (<a, S_k a> + (t_k - e)^2), and gamma = rho - eps |a|_q/s
with 1/p + 1/q = 1, as the worst step is the same at all points of a class.

**Parabolas** f = <x, A x> + 2 <b, x>: component k has mean tr(A S_k) + f(m_k) and
variance 2 tr(A S_k A S_k) + 4 <A m_k + b, S_k (A m_k + b)>. The infimum is f(x) less

- for ridges (any p) and, coordinate by coordinate, for diagonal A with p = infinity:
  c = 2 e |g| - a e^2 + (a e - |g|)_+^2/a of `_features`, with a Gaussian g = a t + b;
  E|g| and E(k - |g|)_+^2 are closed forms in Phi and its density;
- for p = 2 else, in any dimension: the value of a trust-region problem, whose mean is
  an integral over its multiplier (`_euclidean`).

For other p and A the infimum has no law that is known (for p = infinity to find it is
NP-hard), and `robust_usefulness` gives an interval from a sample.

Source of the definitions: Ilyas, Santurkar, Tsipras, Engstrom, Tran, Madry (2019),
arXiv:1905.02175, section 2. The formulas are derived here.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, norm_order, real_array
from geomadv.data import GaussianPair, LabelledLaw
from geomadv.spaces._covariance import Covariance
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order
from geomadv.theories.features._euclidean import mean_euclidean_fall
from geomadv.theories.features._features import QuadraticFeature


@dataclass(frozen=True, eq=False)
class LabelledMixture(LabelledLaw):
    """A mixture of Gaussian laws, each of one label.

    Parameters
    ----------
    means : (k, d) array_like
        The means m_j of the components.
    labels : (k,) array_like
        Their labels, -1 and +1, both present.
    covs : array_like, or list of k of them
        The covariance of all components, or of each: a variance, (d,) variances or a
        positive definite (d, d) matrix. A list or tuple has one entry a component.
    weights : (k,) array_like, optional
        Positive, of sum 1; equal ones by default.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    The class -1 lies on both sides of the class +1: a line is useless, a parabola not.

    >>> law = LabelledMixture(
    ...     [[-2.0], [2.0], [0.0]], [-1, -1, 1], weights=[0.25, 0.25, 0.5]
    ... )
    >>> float(linear_usefulness(law, [1.0]))
    0.0
    >>> round(float(quadratic_usefulness(law, [[-1.0]])), 6)
    0.534522
    """

    means: ArrayLike
    labels: ArrayLike
    covs: Any = 1.0
    weights: ArrayLike | None = None
    _m: Float[NDArray, "k d"] = field(init=False, repr=False)
    _y: Float[NDArray, " k"] = field(init=False, repr=False)
    _w: Float[NDArray, " k"] = field(init=False, repr=False)
    _S: tuple[Float[NDArray, "..."], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from geomadv._validate import labels, points

        m = points("means", self.means, minimum=2)
        k, d = m.shape
        y = labels("labels", self.labels, k)
        w = np.full(k, 1 / k)
        if self.weights is not None:
            w = real_array("weights", self.weights, lower=0.0, open_lower=True, ndim=1)
        if w.shape != (k,) or abs(w.sum() - 1.0) > 1e-9:
            raise ValueError(
                f"weights must be {k} positive numbers of sum 1, got {w.tolist()}"
            )
        covs = (
            list(self.covs) if isinstance(self.covs, list | tuple) else [self.covs] * k
        )
        if len(covs) != k:
            raise ValueError(
                f"covs must be one covariance or a list of {k}, got {len(covs)} of them"
            )
        spread = []
        for value in covs:
            one = real_array("covs", value)
            if one.shape not in ((), (d,), (d, d)):
                raise ValueError(
                    f"covs must be numbers or have shape ({d},) or ({d}, {d}), got "
                    f"shape {one.shape}"
                )
            spread.append(Covariance(d, np.array(one)).value)
        for name, found in (("_m", m), ("_y", y), ("_w", w), ("_S", tuple(spread))):
            object.__setattr__(self, name, found)

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw labels, then points."""
        which = rng.choice(len(self._w), size=n, p=self._w / self._w.sum())
        d = self._m.shape[1]
        X = np.empty((n, d))
        for k, S in enumerate(self._S):
            rows = which == k
            z = rng.standard_normal((int(rows.sum()), d))
            X[rows] = self._m[k] + Covariance(d, S).colour(z)
        return X, self._y[which]


Law = GaussianPair | LabelledMixture


def linear_usefulness(law: Law, a: ArrayLike) -> Real:
    """Return the usefulness rho of lines <a, x>, normalised.

    Parameters
    ----------
    law : GaussianPair or LabelledMixture
        The law of the labelled points.
    a : (..., d) array_like
        Directions, not zero.

    Returns
    -------
    numpy.float64 or array
        One number for each direction, in [-1, 1].

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(linear_usefulness(GaussianPair([3.0, 0.0]), [1.0, 0.0])), 12)
    0.948683298051
    """
    return linear_robust_usefulness(law, a, 0.0)


def linear_robust_usefulness(
    law: Law, a: ArrayLike, eps: ArrayLike, p: float = 2
) -> Real:
    """Return the robust usefulness gamma of lines <a, x>, normalised.

    Parameters
    ----------
    law : GaussianPair or LabelledMixture
        The law of the labelled points.
    a : (..., d) array_like
        Directions, not zero.
    eps : float or array_like
        Sizes of perturbations, at least 0; broadcast against the directions.
    p : float
        Order of their norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    numpy.float64 or array
        One number for each direction and size.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Exact up to rounding; relative error of rho below 1e-12 for covariances of condition
    up to 1e12 (tests, against 50-digit arithmetic).

    Examples
    --------
    >>> pair = GaussianPair([1.0, 0.1])
    >>> linear_robust_usefulness(pair, np.eye(2), 0.5, p=np.inf).round(6)
    array([ 0.353553, -0.398015])
    """
    law = mixture(law)
    w = real_array("a", a)
    d = law._m.shape[1]
    if w.ndim == 0 or w.shape[-1] != d:
        raise ValueError(f"a must have {d} entries in each row, got shape {w.shape}")
    size = np.abs(w).max(axis=-1, keepdims=True)
    if not (size > 0.0).all():
        raise ValueError("a must not be zero: a constant cannot be normalised")
    w = w / size
    sizes = real_array("eps", eps, lower=0.0)
    means = w @ law._m.T
    variances = np.stack([_along(w, S) for S in law._S], axis=-1)
    rho, sd = _normalised(law, means, variances)
    shift = np.asarray(lp_norm(w, dual_order(norm_order("p", p))) / sd)
    rho, shift, sizes = broadcast(a=rho, scale=shift, eps=sizes)
    return np.asarray(rho - sizes * shift)[()]


def quadratic_usefulness(law: Law, A: ArrayLike, b: ArrayLike | None = None) -> Real:
    """Return the usefulness rho of the parabola <x, A x> + 2 <b, x>, normalised.

    Parameters
    ----------
    law : GaussianPair or LabelledMixture
        The law of the labelled points.
    A : (d, d) array_like
        Symmetric.
    b : (d,) array_like, optional
        0 by default; A and b are not both 0.

    Returns
    -------
    numpy.float64
        A number in [-1, 1].

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    Classes that are mirror images of each other are alike to an even function.

    >>> float(quadratic_usefulness(GaussianPair([1.0, 2.0]), np.eye(2)))
    0.0
    """
    law, f = _checked(law, A, b)
    return np.float64(_normalised(law, *_moments(law, f))[0])


def quadratic_robust_usefulness(
    law: Law, A: ArrayLike, b: ArrayLike | None, eps: ArrayLike, p: float = 2
) -> Real:
    """Return the robust usefulness gamma of <x, A x> + 2 <b, x>, normalised.

    Parameters
    ----------
    law, A, b
        As for `quadratic_usefulness`.
    eps : float or array_like
        Sizes of perturbations, at least 0.
    p : float
        Order of their norm: 2 for every A, infinity for diagonal A, any for a function
        of one projection.

    Returns
    -------
    numpy.float64 or array
        One number for each size.

    Raises
    ------
    ValueError
        If p is none of these, among other bad input: `robust_usefulness` then gives an
        interval from a sample, with exact infima for p = 1 and infinity in at most 8
        dimensions.

    Notes
    -----
    Absolute error below 1e-9: against quadrature of a grid search, and for p = 2
    against adaptive quadrature in the plane, closed forms and finer rules (tests).

    Examples
    --------
    >>> pair = GaussianPair([1.0])
    >>> gamma = quadratic_robust_usefulness(pair, [[0.0]], [1.0], [0.0, 0.5, 1.0])
    >>> gamma.round(6)
    array([0.707107, 0.353553, 0.      ])
    """
    law, f = _checked(law, A, b)
    sizes = real_array("eps", eps, lower=0.0)
    means, variances = _moments(law, f)
    rho, sd = _normalised(law, means, variances)
    q = dual_order(norm_order("p", p))
    falls = np.zeros(sizes.shape)
    found = f.ridge()
    for S, m, y, w in zip(law._S, law._m, law._y, law._w, strict=True):
        if found is not None:
            u, a, slope = found
            g, e = a * float(u @ m) + slope, np.asarray(sizes * lp_norm(u, q))
            falls += w * _mean_fall(y * a, y * g, _along(u, S), e)
        elif math.isinf(p) and f.diagonal is not None:
            spread = Covariance(m.size, S).variances
            parts = zip(f.diagonal, f._b, m, spread, strict=True)
            for a, slope, centre, v in parts:
                falls += w * _mean_fall(y * a, y * (a * centre + slope), v, sizes)
        elif p == 2:
            falls += w * mean_euclidean_fall(f, y, m, S, sizes)
        else:
            raise ValueError(
                f"gamma is known exactly for p = 2, for p = infinity and a diagonal A, "
                "and for every p if A is of rank one with b in its range; "
                f"`robust_usefulness` gives an interval from a sample, got p = {p:g}"
            )
    return np.asarray(rho - falls / sd)[()]


def mixture(law: Any) -> LabelledMixture:
    """Return a pair of classes as a mixture, and a mixture as it is."""
    if isinstance(law, LabelledMixture):
        return law
    if isinstance(law, GaussianPair):
        means = np.stack([law.mu, -law.mu])
        weights = [law.prior, 1.0 - law.prior]
        return LabelledMixture(means, [1.0, -1.0], [law.cov] * 2, weights)
    raise TypeError(
        f"law must be a GaussianPair or a LabelledMixture, got {type(law).__name__}"
    )


def _checked(
    law: Law, A: ArrayLike, b: ArrayLike | None
) -> tuple[LabelledMixture, QuadraticFeature]:
    law, f = mixture(law), QuadraticFeature(A, b)
    if f._b.size != law._m.shape[1]:
        raise ValueError(
            f"A must have {law._m.shape[1]} rows, as the law says, got {f._b.size}"
        )
    return law, f


def _normalised(
    law: LabelledMixture, means: NDArray, variances: NDArray
) -> tuple[NDArray, NDArray]:
    """Return rho and the standard deviation from the components' moments."""
    e = means @ law._w
    off = means - e[..., None]
    sd = np.sqrt((variances + off**2) @ law._w)
    return np.asarray(off @ (law._w * law._y) / sd), np.asarray(sd)


def _moments(law: LabelledMixture, f: QuadraticFeature) -> tuple[NDArray, NDArray]:
    means, variances = [], []
    for m, S in zip(law._m, law._S, strict=True):
        AS = f._A @ S if S.ndim == 2 else f._A * S
        slope = f._A @ m + f._b
        means.append(np.trace(AS) + m @ f._A @ m + 2 * f._b @ m)
        variances.append(2 * np.einsum("ij,ji->", AS, AS) + 4 * _along(slope, S))
    return np.array(means), np.array(variances)


def _along(w: Float[NDArray, "*s d"], S: Float[NDArray, "..."]) -> NDArray:
    """Return <w, S w> along the last axis."""
    moved = w @ S if S.ndim == 2 else w * S
    return np.asarray((w * moved).sum(axis=-1))


def _mean_fall(a: float, mu: float, v: ArrayLike, e: Float[NDArray, "*s"]) -> NDArray:
    """Return E[c] for g ~ N(mu, a^2 v)."""
    s = abs(a) * float(np.sqrt(v))
    folded = abs(mu)
    if s > 0.0:
        folded = s * math.sqrt(2 / math.pi) * math.exp(-0.5 * (mu / s) ** 2)
        folded += mu * float(special.erf(mu / s / math.sqrt(2)))
    plain = e * (2 * folded - a * e)
    if a <= 0.0:
        return np.asarray(plain)
    k, square = np.asarray(a * e), mu**2 + s**2
    if s == 0.0:
        return np.asarray((square - np.maximum(abs(mu) - k, 0.0) ** 2) / a)
    inside = _half(k, mu, s) + _half(k, -mu, s)
    beyond = _past(k, mu, s) + _past(k, -mu, s)
    small = plain + np.clip(inside, 0.0, k**2) / a
    return np.asarray(np.where(k**2 < square, small, (square - beyond) / a))


def _past(k: NDArray, mu: float, s: float) -> NDArray:
    """Return E[(g - k)_+^2] for g ~ N(mu, s^2)."""
    z = (k - mu) / s
    return np.asarray(s * s * ((1 + z**2) * special.ndtr(-z) - z * _density(z)))


def _half(k: NDArray, mu: float, s: float) -> NDArray:
    """Return E[(k - g)^2; 0 < g < k] for g ~ N(mu, s^2)."""
    low, h = -mu / s, k - mu
    high = h / s
    mass = np.where(
        low > 0.0,
        special.ndtr(-low) - special.ndtr(-high),
        special.ndtr(high) - special.ndtr(low),
    )
    at_low, at_high = _density(low), _density(high)
    return np.asarray((h**2 + s**2) * mass + s * (h * at_high - (2 * h + mu) * at_low))


def _density(z: ArrayLike) -> NDArray:
    return np.asarray(np.exp(-0.5 * np.square(z)) / math.sqrt(2 * math.pi))
