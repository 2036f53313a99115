r"""Concentration of Gaussian laws by half-spaces (Prescott, Zhang and Evans 2021).

For mu = N(m, Sigma) and every p >= 1,

    h(alpha, eps) = inf { mu(E_eps) : mu(E) >= alpha }
                  = Phi( Phi^-1(alpha) + eps / ||Sigma^{1/2}||_{2->p} ).

Lower bound: E_eps = E + eps B_p contains E + Sigma^{1/2} r B_2 for r = eps / N, N the
norm from l_2 to l_p, and Gaussian isoperimetry gives the rest. Attained: the half-space
{<w, x> >= t} moves by eps ||w||_q / ||Sigma^{1/2} w||_2 standard deviations (1/p + 1/q
= 1), at least eps / N, with equality for a w that `geomadv.spaces.Gaussian` returns.

The norm is the one from l_2 to l_p, because isoperimetry is a fact about l_2 balls. For
p >= 2 the induced norm ||A||_{p->p} of A = Sigma^{1/2} is at least as large, since
||x||_p <= ||x||_2: with it in place of N the right side is a lower bound of h, and less
than h unless the two norms agree. For p < 2 it may be smaller, as for Sigma = I, p = 1:
1 against sqrt(d). Then what it gives exceeds h: it is no bound.

Sigma = sigma^2 I: N = sigma for p >= 2, so h does not depend on the dimension; for
p < 2, N = sigma d^{1/p - 1/2} grows, so that a fixed eps weighs less and less.

Other products. Let R(p) = expit(logit(p) + eps/s), what a half-line of measure p of the
logistic law of scale s grows to; no set of the line grows less, as for every symmetric
log-concave law. In a product of logistic laws of scales at most s, with l_inf
distances, half-spaces along a widest coordinate are extremal in every dimension:

    h(alpha, eps) = R(alpha).                                   (`logistic_products`)

Proof by induction. If m(x) is the measure of the section of E at x and G(t) the
measure of {m > t}, then E_eps has at least the measure of R(m) where m is replaced by
its largest value within eps, and that is at least the integral of R(G(t)) dR(t), as
{m > t} grows to R(G(t)). This is concave in G, so it is least at an extreme point among
the decreasing G of integral alpha: 1 on [0, a], q on (a, b], 0 after, where it is

    R(a) + R(q)(R(b) - R(a)) >= R(a + q(b - a)):

cleared of denominators, with c = exp(eps/s), (1 - q)(1 - b) + c a (1 - q) >= 0. For the
uniform law on the square this inequality fails: see `mahloujifar2019`.

Source: Prescott, Zhang, Evans (2021), "Improved estimation of concentration under
l_p-norm distance metrics using half spaces", arXiv:2103.12913. The abstract states the
extension of Gaussian isoperimetry to l_p, p >= 2; how the paper writes the norm was not
compared. Everything here is derived anew.

Conventions: covariances are matrices or scalars as in `Gaussian`; eps is an l_p size.
"""

import functools
import math

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri, stdtr, stdtrit

from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, norm_order, probability, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
)
from geomadv.claims._domain import Domain
from geomadv.spaces import Gaussian
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order

SOURCE = Source(
    "J. Prescott, X. Zhang, D. Evans",
    "Improved estimation of concentration under l_p-norm distance metrics using half "
    "spaces",
    2021,
    arxiv="2103.12913",
)


def gaussian_concentration(
    alpha: ArrayLike, eps: ArrayLike, cov: ArrayLike, p: float
) -> Real:
    r"""Return h(alpha, eps) of N(0, Sigma) in l_p.

    Parameters
    ----------
    alpha : float or array_like
        Measure of the error region, in [0, 1].
    eps : float or array_like
        Size of the perturbation in l_p, at least 0.
    cov : (d,) or (d, d) array_like
        Variances of independent coordinates, or a positive definite matrix.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    numpy.float64 or array
        Phi(Phi^-1(alpha) + eps/||Sigma^{1/2}||_{2->p}); where that norm is not solved
        (`Gaussian.operator_norm`) a lower bound, from its certified upper end.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(gaussian_concentration(0.05, 1.0, [[2, 0.9], [0.9, 1]], 2)), 10)
    0.1547897628
    """
    return Gaussian(cov=cov).enlargement(alpha, eps, p)


def half_space_risk(
    alpha: ArrayLike, eps: ArrayLike, normal: ArrayLike, cov: ArrayLike, p: float
) -> Real:
    r"""Return the adversarial risk of a half-space of Gaussian measure alpha.

    Parameters
    ----------
    alpha : float or array_like
        Its measure, in [0, 1].
    eps : float or array_like
        Size of the perturbation in l_p, at least 0.
    normal : (d,) array_like
        Its normal w, not zero.
    cov : (d, d) array_like
        Covariance Sigma, positive definite.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    numpy.float64 or array
        Phi(Phi^-1(alpha) + eps ||w||_q / sqrt(w' Sigma w)), 1/p + 1/q = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(half_space_risk(0.05, 1.0, [1, 0], [[2, 0.9], [0.9, 1]], 2)), 10)
    0.1741872616
    """
    w = real_array("normal", normal, ndim=1)
    sigma = real_array("cov", cov, ndim=2)
    if sigma.shape != (w.size, w.size):
        raise ValueError(
            f"cov must have shape ({w.size}, {w.size}) like normal, got {sigma.shape}"
        )
    variance = float(w @ sigma @ w)
    if not variance > 0.0:
        raise ValueError(
            f"cov and normal must give a positive variance w' cov w, got {variance!r}"
        )
    shift = lp_norm(w, dual_order(norm_order("p", p))) / math.sqrt(variance)
    moved: Real = ndtr(
        ndtri(probability("alpha", alpha)) + real_array("eps", eps, lower=0) * shift
    )
    return moved


def induced_norm_bound(
    alpha: ArrayLike, eps: ArrayLike, cov: ArrayLike, p: float
) -> Real:
    r"""Return Phi(Phi^-1(alpha) + eps/||Sigma^{1/2}||_{p->p}), for p = 1, 2 or inf.

    Parameters
    ----------
    alpha : float or array_like
        Measure of the error region, in [0, 1].
    eps : float or array_like
        Size of the perturbation in l_p, at least 0.
    cov : (d, d) array_like
        Covariance, positive definite.
    p : {1, 2, numpy.inf}
        Orders at which the induced norm is elementary: the largest sum of sizes in a
        column or row (equal, for a symmetric matrix), and the largest eigenvalue.

    Returns
    -------
    numpy.float64 or array
        A lower bound of h for p = 2 (equal to it) and p = inf; for p = 1 no bound.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    For p = inf the bound is below h, which is .174:

    >>> round(float(induced_norm_bound(0.05, 1, [[2, 0.9], [0.9, 1]], np.inf)), 6)
    0.141307
    """
    order = norm_order("p", p)
    if order not in (1.0, 2.0, np.inf):
        raise ValueError(f"p must be 1, 2 or inf, got {p!r}")
    sigma = real_array("cov", cov, ndim=2)
    values, vectors = np.linalg.eigh(sigma)
    if not values.min() > 0.0:
        raise ValueError(
            f"cov must be positive definite, its least eigenvalue is {values.min()!r}"
        )
    root = (vectors * np.sqrt(values)) @ vectors.T
    norm = math.sqrt(values.max()) if order == 2.0 else np.abs(root).sum(axis=1).max()
    moved: Real = ndtr(
        ndtri(probability("alpha", alpha)) + real_array("eps", eps, lower=0) / norm
    )
    return moved


def logistic_products(alpha: ArrayLike, eps: ArrayLike, scale: ArrayLike) -> Real:
    r"""Return the concentration function of products of logistic laws, in l_inf.

    Parameters
    ----------
    alpha : float or array_like
        Measure of the set, in [0, 1].
    eps : float or array_like
        Radius of the enlargement in l_inf, at least 0.
    scale : float or array_like
        The largest scale s of a coordinate, above 0: its density is proportional to
        1/cosh^2(x/(2 s)).

    Returns
    -------
    numpy.float64 or array
        expit(logit(alpha) + eps/s), whatever the number of coordinates.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    Odds grow by the factor e^{eps/s}: 1 to 19 becomes 1 to 19/e.

    >>> round(float(logistic_products(0.05, 1.0, 1.0)), 6)
    0.125161
    >>> round(1 / (1 + 19 / math.e), 6)
    0.125161
    """
    mass, size, s = broadcast(
        alpha=probability("alpha", alpha),
        eps=real_array("eps", eps, lower=0),
        scale=real_array("scale", scale, lower=0, open_lower=True),
    )
    measure: Real = expit(logit(mass) + size / s)
    return measure


def _correlated(d: int, rho: float, spread: float) -> Float[NDArray, "d d"]:
    """Return a covariance with correlations rho^|i - j| and variances spread^i."""
    i = np.arange(d)
    deviations = spread ** (i / 2.0)
    return np.asarray(rho ** np.abs(i[:, None] - i) * deviations[:, None] * deviations)


def _searched(rho: float, spread: float, p: float) -> float:
    """Return h(.05, 1) as the least risk of half-spaces, by a search of its own.

    In two dimensions all normals are tried on a fine grid of angles and the best one is
    refined by golden section.
    """
    sigma = _correlated(2, rho, spread)

    def risk_at(angle: Float[NDArray, " k"]) -> Float[NDArray, " k"]:
        w = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        shift = lp_norm(w, dual_order(p)) / np.sqrt(
            np.einsum("ki,ij,kj->k", w, sigma, w)
        )
        return np.asarray(ndtr(ndtri(0.05) + shift))

    grid = np.linspace(0.0, np.pi, 4097)
    for _ in range(4):
        best = grid[np.argmin(risk_at(grid))]
        step = grid[1] - grid[0]
        grid = np.linspace(best - step, best + step, 257)
    return float(risk_at(grid).min())


def _tilted(
    d: int, rho: float, spread: float, p: float, angle: float, eps: float
) -> float:
    """Return the risk of a half-space whose normal is turned away from the best."""
    sigma = _correlated(d, rho, spread)
    w = Gaussian(cov=sigma).half_space_normal(p)
    other = np.cos(np.arange(d) + 1.0)
    w = w / np.linalg.norm(w) * math.cos(angle) + other * math.sin(angle)
    return float(half_space_risk(0.05, eps, w, sigma, p))


def _near(n: int, rng: np.random.Generator, d: int, p: float) -> Bool[NDArray, " n"]:
    """Tell which random points lie within 1 of the extremal half-space of mass .05."""
    sigma = _correlated(d, 0.5, 0.8)
    law = Gaussian(cov=sigma)
    w = law.half_space_normal(p)
    t = float(ndtri(0.05)) * math.sqrt(float(w @ sigma @ w))
    return np.asarray(law.sample(n, rng) @ w <= t + 1.0)


def _h(d: int, rho: float, spread: float, p: float, eps: float = 1.0) -> float:
    return float(gaussian_concentration(0.05, eps, _correlated(d, rho, spread), p))


def _induced(d: int, rho: float, spread: float, p: float, eps: float = 1.0) -> float:
    return float(induced_norm_bound(0.05, eps, _correlated(d, rho, spread), p))


def _logistic_shape(shape: str, d: int, alpha: float, eps: float) -> float:
    """Return what a region of a product of logistic laws of scale 1 grows to."""
    if shape == "half-space":
        return float(logistic_products(alpha, eps, 1.0))
    if shape == "orthant":
        return float(logistic_products(alpha ** (1 / d), eps, 1.0)) ** d
    if shape == "union of half-spaces":
        tail = -math.expm1(math.log1p(-alpha) / d)
        outside = math.log1p(-float(logistic_products(tail, eps, 1.0)))
        return -math.expm1(d * outside)
    # a half-space and, beside it, a part of a wider one
    a, b = alpha / 2, (1 + alpha) / 2
    q = (alpha - a) / (b - a)
    grown = [float(logistic_products(p, eps, 1.0)) for p in (a, b, q)]
    return grown[0] + grown[2] * (grown[1] - grown[0])


_RHO = Reals(0.0, 0.9, (0.0, 0.3, 0.8), symbol=r"\rho")
_SPREAD = Reals(0.3, 1.0, (0.5, 1.0), symbol="s")
_LAWS: Domain = {
    "d": Integers(2, 12, (2, 8), symbol="d"),
    "rho": _RHO,
    "spread": _SPREAD,
}
_CORRELATED: Domain = {
    "d": Integers(2, 12, (2, 8), symbol="d"),
    "rho": Reals(0.2, 0.9, (0.3, 0.8), symbol=r"\rho"),
    "spread": _SPREAD,
}


def _heavy(inverse: float) -> float:
    """Return what a half-line of measure .05 of a t law grows to, with 1/s degrees."""
    if inverse == 0.0:
        return float(ndtr(ndtri(0.05) + 1.0))
    return float(stdtr(1 / inverse, stdtrit(1 / inverse, 0.05) + 1.0))


_HEAVY = Reals(0, 1, (0.0, 0.001, 0.1, 0.5), symbol=r"1/\nu")
_NORMAL = Hypothesis(
    "the law is normal",
    r"it is the spherical $t$ law with $\nu$ degrees of freedom, and the half-space "
    r"has the measure $.05$",
    Exact(_heavy, lambda inverse: _h(2, 0.0, 1.0, 2.0), rtol=1e-6),
    {"inverse": _HEAVY},
    "inverse",
)
_NORMAL_BELOW = Hypothesis(
    _NORMAL.statement,
    _NORMAL.broken,
    Exact(lambda inverse: _h(2, 0.0, 1.0, 2.0), _heavy, rtol=1e-6),
    {"inverse": _HEAVY},
    "inverse",
)
_ORDER = Reals(1, 2, (1.0, 1.5, 1.9, 2.0), symbol="p")
_FROM_TWO = Hypothesis(
    r"$p \ge 2$",
    r"$p$ is smaller; $\Sigma = I$, of which the induced norm is 1",
    Exact(
        lambda p, d: float(ndtr(ndtri(0.05) + 1.0)),
        lambda p, d: Gaussian(d).enlargement(0.05, 1.0, p),
        rtol=1e-10,
    ),
    {"p": _ORDER, "d": Integers(2, 10**9, (2, 784), symbol="d")},
    "p",
    unbroken=2,
)
_UP_TO_TWO = Hypothesis(
    r"$p \le 2$",
    r"$p$ is larger",
    Exact(
        lambda p, d: Gaussian(d).median_distance(0.05, p),
        lambda p, d: 1 / p - 0.5,
        tolerance=1e-6,
    ),
    {
        "p": Reals(2, 10, (2.0, 2.1, 3.0, 10.0), symbol="p"),
        "d": Integers(10, 10**8, (10**2, 10**4, 10**6, 10**8), symbol="d"),
    },
    "p",
    unbroken=2,
)
_SCALE = Hypothesis(
    "the coordinates have scales of at most 1",
    r"their scale is $s$, and the region is a half-space",
    Exact(
        lambda scale, alpha, eps: logistic_products(alpha, eps, 1.0),
        lambda scale, alpha, eps: logistic_products(alpha, eps, scale),
        rtol=1e-9,
    ),
    {
        "scale": Reals(1, 10, (1.0, 1.01, 1.5, 3.0), symbol="s"),
        "alpha": Reals(1e-3, 0.9, (0.05, 0.5), symbol=r"\alpha"),
        "eps": Reals(0.05, 3.0, (0.1, 1.0), symbol=r"\varepsilon"),
    },
    "scale",
    unbroken=1,
)


CLAIMS = (
    Claim(
        id="prescott2021.gaussian-optimum",
        theory="dimension",
        title="Gaussian isoperimetry in l_p: the norm from l_2 to l_p sets the shift",
        source=SOURCE.at("main theorem"),
        statement=r"""For $N(m, \Sigma)$ and $p \ge 1$ the least risk of half-spaces of
measure $\alpha$ is
$\Phi(\Phi^{-1}(\alpha) + \varepsilon/\|\Sigma^{1/2}\|_{2\to p})$; compared, in two
dimensions, with a search over all normals at $\alpha = .05$, $\varepsilon = 1$.""",
        relation="lhs == rhs",
        domain={
            "rho": _RHO,
            "spread": _SPREAD,
            "p": Choices((1.0, 1.5, 2.0, math.inf)),
        },
        axis="rho",
        evidence=Exact(_searched, functools.partial(_h, 2), rtol=1e-6),
        twin=Twin(
            r"the norm is $\|\Sigma^{1/2}\|_{p\to p}$, $p = \infty$, $\rho > 0$",
            Exact(_searched, functools.partial(_induced, 2), rtol=1e-6),
            domain={
                "rho": Reals(0.2, 0.9, (0.3, 0.8)),
                "spread": _SPREAD,
                "p": Choices((math.inf,)),
            },
        ),
        note=r"""For $2 < p < \infty$ the norm is bracketed, unless coordinates are
uncorrelated.""",
        hypotheses=(_NORMAL,),
    ),
    Claim(
        id="prescott2021.below-every-half-space",
        theory="dimension",
        title="No half-space has a smaller adversarial risk than the closed form",
        source=SOURCE,
        statement=r"""For every normal $w$,
$\Phi(\Phi^{-1}(\alpha) + \varepsilon\|w\|_q/\|\Sigma^{1/2}w\|_2) \ge h(\alpha,
\varepsilon)$, $1/p + 1/q = 1$; checked for normals at several angles to the best
one.""",
        relation="lhs <= rhs",
        domain={
            **_LAWS,
            "p": Choices((1.0, 1.5, 2.0, 4.0, math.inf)),
            "angle": Reals(0.0, 1.5, (0.0, 0.2, 1.0), symbol=r"\theta"),
            "eps": Reals(0.1, 3.0, (1.0,), symbol=r"\varepsilon"),
        },
        axis="angle",
        evidence=Exact(
            lambda d, rho, spread, p, angle, eps: _h(d, rho, spread, p, eps),
            _tilted,
            rtol=1e-10,
            unproved="at angle 0 the sides are equal; the norm and the best normal are "
            "found by programs",
        ),
        twin=Twin(
            r"$1.001\,h$ in place of $h$, $\theta = 0$",
            Exact(
                lambda d, rho, spread, p, angle, eps: (
                    1.001 * _h(d, rho, spread, p, eps)
                ),
                _tilted,
                rtol=1e-10,
            ),
            domain={
                **_LAWS,
                "p": Choices((2.0, math.inf)),
                "angle": Choices((0.0,)),
                "eps": Reals(0.1, 3.0, (1.0,)),
            },
        ),
        hypotheses=(_NORMAL_BELOW,),
    ),
    Claim(
        id="prescott2021.random-points",
        theory="dimension",
        title="Random points lie near the extremal half-space as often as said",
        source=SOURCE,
        statement=r"""A share $h(.05, 1)$ of random points of $N(0, \Sigma)$ lies within
$l_p$ distance 1 of the half-space of measure $.05$ with the best normal.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 12, (2, 8), symbol="d"),
            "p": Choices((1.0, 2.0, math.inf)),
        },
        axis="d",
        evidence=Statistical(_near, lambda d, p: _h(d, 0.5, 0.8, p), tolerance=0.05),
        twin=Twin(
            r"the norm is $\|\Sigma^{1/2}\|_{p\to p}$, $p = \infty$",
            Statistical(_near, lambda d, p: _induced(d, 0.5, 0.8, p), tolerance=0.05),
            domain={
                "d": Integers(2, 12, (8,)),
                "p": Choices((math.inf,)),
            },
        ),
        hypotheses=(_NORMAL,),
    ),
    Claim(
        id="prescott2021.induced-norm-is-a-bound",
        theory="dimension",
        title="For p >= 2 the norm from l_p to l_p gives a lower bound of h",
        source=SOURCE.at("main theorem"),
        statement=r"""For $p \ge 2$,
$\Phi(\Phi^{-1}(\alpha) + \varepsilon/\|\Sigma^{1/2}\|_{p\to p}) \le h(\alpha,
\varepsilon)$; checked at $p = 2$ and $p = \infty$.""",
        relation="lhs <= rhs",
        domain={
            **_LAWS,
            "p": Choices((2.0, math.inf)),
            "eps": Reals(0.1, 3.0, (1.0,), symbol=r"\varepsilon"),
        },
        axis="rho",
        evidence=Exact(
            _induced,
            _h,
            rtol=1e-10,
            unproved="at p = 2 the sides are equal: the two norms are the same",
        ),
        twin=Twin(
            r"the same for $p = 1$",
            Exact(_induced, _h, rtol=1e-10),
            domain={
                **_LAWS,
                "p": Choices((1.0,)),
                "eps": Reals(0.1, 3.0, (1.0,)),
            },
        ),
        hypotheses=(_FROM_TWO,),
    ),
    Claim(
        id="prescott2021.induced-norm-as-optimum",
        theory="dimension",
        title="With the norm from l_p to l_p the formula is the optimum",
        source=SOURCE.at("main theorem"),
        statement=r"""Read with the induced norm $\|\Sigma^{1/2}\|_{p\to p}$,
the formula $\Phi(\Phi^{-1}(\alpha) + \varepsilon/\|\Sigma^{1/2}\|_p)$ is $h(\alpha,
\varepsilon)$ at $p = \infty$ for correlated coordinates.""",
        relation="lhs == rhs",
        domain={**_CORRELATED, "p": Choices((math.inf,))},
        axis="rho",
        expected=Expected.VIOLATED,
        evidence=Exact(_induced, _h, rtol=1e-6),
        twin=Twin(
            r"corrected: the norm is $\|\Sigma^{1/2}\|_{2\to\infty}$, the largest "
            r"standard deviation, and the best half-space attains it",
            Exact(
                lambda d, rho, spread, p: _tilted(d, rho, spread, p, 0.0, 1.0),
                _h,
                rtol=1e-6,
            ),
        ),
        note=r"""Which norm the paper means was not compared. The induced norm is the
usual reading of $\|\cdot\|_p$ of a matrix.""",
        hypotheses=(
            Hypothesis("the law is normal", why="the statement is false even so"),
        ),
    ),
    Claim(
        id="prescott2021.logistic-products",
        theory="dimension",
        title="Half-spaces are extremal in products of logistic laws, with l_inf",
        source=SOURCE,
        statement=r"""In a product of $d$ logistic laws of scale 1 with $l_\infty$
distances every region of measure $\alpha$ grows to at least
$\mathrm{expit}(\mathrm{logit}(\alpha) + \varepsilon)$: orthants, unions of half-spaces
and steps among them; a half-space grows to it.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(("half-space", "orthant", "union of half-spaces", "step")),
            "d": Integers(2, 1000, (2, 30), symbol="d"),
            "alpha": Reals(1e-3, 0.9, (0.05, 0.5), symbol=r"\alpha"),
            "eps": Reals(0.05, 3.0, (0.1, 1.0), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            lambda shape, d, alpha, eps: float(logistic_products(alpha, eps, 1.0)),
            _logistic_shape,
            rtol=1e-9,
            unproved="for half-spaces the sides are equal: they attain it",
        ),
        twin=Twin(
            r"they grow as if $\varepsilon$ were 1 % larger",
            Exact(
                lambda shape, d, alpha, eps: float(
                    logistic_products(alpha, 1.01 * eps, 1.0)
                ),
                _logistic_shape,
                rtol=1e-9,
            ),
        ),
        note="Derived here; the paper has Gaussian laws.",
        hypotheses=(_SCALE,),
    ),
    Claim(
        id="prescott2021.dimension-free",
        theory="dimension",
        title="For p >= 2 the concentration of N(0, I) does not depend on d",
        source=SOURCE,
        statement=r"""$h(.05, 1) = \Phi(\Phi^{-1}(.05) + 1) = .2595$ for $N(0, I_d)$ in
every dimension and every $p \ge 2$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 10**9, (1, 10, 784, 10**9), symbol="d"),
            "p": Choices((2.0, 3.0, math.inf)),
        },
        axis="d",
        evidence=Exact(
            lambda d, p: Gaussian(d).enlargement(0.05, 1.0, p),
            lambda d, p: float(ndtr(ndtri(0.05) + 1.0)),
        ),
        twin=Twin(
            r"the same for $p = 1.9$, $d \ge 10$",
            Exact(
                lambda d, p: Gaussian(d).enlargement(0.05, 1.0, p),
                lambda d, p: float(ndtr(ndtri(0.05) + 1.0)),
            ),
            domain={
                "d": Integers(10, 10**9, (10, 784)),
                "p": Choices((1.9,)),
            },
        ),
        hypotheses=(_FROM_TWO,),
    ),
    Claim(
        id="prescott2021.below-two",
        theory="dimension",
        title="For p < 2 the scale of concentration grows like d^(1/p - 1/2)",
        source=SOURCE,
        statement=r"""The scale $\|I_d\|_{2\to p}$ at which sets of fixed Gaussian
measure grow is of order $d^{1/p - 1/2}$ for $p < 2$: an $l_1$ perturbation must
be of size $\sqrt d$.""",
        relation="rate",
        domain={
            "d": Integers(10, 10**8, (10**2, 10**4, 10**6, 10**8), symbol="d"),
            "p": Choices((1.0, 1.25, 1.75)),
        },
        axis="d",
        evidence=Exact(
            lambda d, p: Gaussian(d).median_distance(0.05, p),
            lambda d, p: 1 / p - 0.5,
            tolerance=1e-6,
        ),
        twin=Twin(
            r"the exponent is $1/p - 0.51$",
            Exact(
                lambda d, p: Gaussian(d).median_distance(0.05, p),
                lambda d, p: 1 / p - 0.51,
                tolerance=1e-6,
            ),
        ),
        hypotheses=(_UP_TO_TWO,),
    ),
)
