r"""Concentration measured on data (Mahloujifar, Zhang, Mahmoody and Evans 2019).

For a law mu and a collection G of sets,

    h(mu, alpha, eps, G) = inf { mu(E_eps) : E in G, mu(E) >= alpha },

and h(mu, alpha, eps) is the infimum over all measurable sets: the least adversarial
risk of a classifier with risk alpha. Of mu only a sample S of m points is at hand.

What a sample tells. Let D bound |mu_S - mu| over the sets of G and over their
enlargements. Then for every alpha > D,

    h(mu, alpha - D, eps, G) - D <= h(mu_S, alpha, eps, G)
                                 <= h(mu, alpha + D, eps, G) + D:

a set with mu_S(E) >= alpha has mu(E) >= alpha - D and mu(E_eps) <= mu_S(E_eps) + D, and
a set with mu(E) >= alpha + D has mu_S(E) >= alpha. For half-spaces along N axes, whose
enlargements are half-spaces of the same axes, the inequality of Dvoretzky, Kiefer and
Wolfowitz, with Massart's constant, on each axis gives

    P( D >= delta ) <= 2 N exp(-2 m delta^2):                     (`sandwich_failure`)

one event covers both. But within this range h(mu_S) errs to one side: it is a minimum
over N noisy values, so it is biased low. A set that was chosen on a sample must be
measured on another one.

What a set tells. mu(E_eps) of any E with mu(E) >= alpha is at least h. It bounds h from
above; the robustness that concentration leaves to a classifier is at least 1 minus it.
It is not a lower bound of anybody's adversarial risk: another set may grow less. For
N(0, I_d) and the complement of a centred cube the growth is

    1 - (1 - 2 Phi(-(c - eps)))^d,  (1 - 2 Phi(-c))^d = 1 - alpha,   (`cube_complement`)

against Phi(Phi^-1(alpha) + eps) of a half-space.

Several boxes. A point inside a union of boxes is at least as far from its complement as
from that of one box that holds it. For two boxes with a common face the difference is
the whole distance, so the shares that the boxes' faces give are upper bounds.

Boxes may be extremal themselves. For the uniform law on [0, 1]^2 with l_inf distances

    h(alpha, eps) = min( alpha + eps,  (sqrt(alpha) + eps)^2,
                         1 - (sqrt(1 - alpha) - eps)^2 ),    (`square_concentration`)

attained by half-squares, by squares in a corner where alpha is small, and by the
complements of these. Proof: on the line R(p) = min(1, p + eps) for p > 0, R(0) = 0, and
as in `prescott2021` h is the least of R(a) + R(q)(R(b) - R(a)) over a + q(b - a) =
alpha, 0 <= a <= alpha <= b <= 1. Where 0 < a and b + eps <= 1 it is a + eps +
R(q)(b - a) >= alpha + eps (if R(q) = 1, since b >= alpha). Where b + eps > 1 already
R(b) = 1, and raising b to 1 lowers q, hence the value: so b = 1, which has the
complements 1 - (1 - a - eps)(1 - q - eps) of boxes with sides 1 - a and 1 - q; a = 0
has boxes with sides q and b. Of equal area the square has the least sum of sides, so of
either kind a square is best, or a half-square where R reaches 1.

In the cube [0, 1]^d, with l_inf, corners that fill k coordinates and their complements
grow to

    H_d(alpha) = min over k <= d of (alpha^{1/k} + eps)^k
                               and 1 - ((1 - alpha)^{1/k} - eps)^k

(`cube_concentration`), so h <= H_d, with equality for d = 1, 2. By the same induction
h_d is at least the least of H_{d-1}(a) + R(q)(H_{d-1}(b) - H_{d-1}(a)) if h_{d-1} =
H_{d-1}; that this is H_d is the claim `mahloujifar2019.cube-step`, checked at points
and not proved here for d >= 3.

Source: Mahloujifar, Zhang, Mahmoody, Evans (2019), "Empirically measuring
concentration: fundamental limits on intrinsic robustness", arXiv:1905.12202, Theorem
3.3 for the sandwich (numbering unverified). Everything here is derived anew; the paper
states it with complexity penalties of general collections.

Conventions: eps is an l_p size; mass, alpha, delta are probabilities.
"""

import math

import numpy as np
from scipy.special import gammaln, ndtr, ndtri

from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, integer, points, real, real_array
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
from geomadv.concentration import Rectangles
from geomadv.spaces import Gaussian

SOURCE = Source(
    "S. Mahloujifar, X. Zhang, M. Mahmoody, D. Evans",
    "Empirically measuring concentration: fundamental limits on intrinsic robustness",
    2019,
    arxiv="1905.12202",
)
_HIGHEST = 10_000

TALK = Source(
    "E. Dobriban", "What causes adversarial examples? (talk)", 2020, "table of limits"
)


def sandwich_failure(m: ArrayLike, delta: ArrayLike, axes: ArrayLike) -> Real:
    r"""Return a bound of the probability that a sample's concentration is off by delta.

    Parameters
    ----------
    m : float or array_like
        Size of the sample, at least 1.
    delta : float or array_like
        Greatest error of a measure, at least 0.
    axes : float or array_like
        Number N of axes along which half-spaces are taken, at least 1.

    Returns
    -------
    numpy.float64 or array
        min(1, 2 N exp(-2 m delta^2)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(sandwich_failure(60_000, 0.02, 784)), 10)
    0.0
    >>> round(float(sandwich_failure(1000, 0.05, 10)), 6)
    0.134759
    """
    size, error, number = broadcast(
        m=real_array("m", m, lower=1),
        delta=real_array("delta", delta, lower=0),
        axes=real_array("axes", axes, lower=1),
    )
    bound: Real = np.minimum(2 * number * np.exp(-2 * size * error**2), 1.0)
    return bound


def cube_complement(alpha: ArrayLike, eps: ArrayLike, d: ArrayLike) -> Real:
    r"""Return how far the complement of a centred cube grows, in N(0, I_d).

    Parameters
    ----------
    alpha : float or array_like
        Gaussian measure of the complement, in (0, 1).
    eps : float or array_like
        Size of the enlargement, at least 0, in any l_p: the way out of a box is along
        one coordinate.
    d : float or array_like
        Dimension, at least 1.

    Returns
    -------
    numpy.float64 or array
        Measure of the enlargement; 1 once eps reaches half of the side.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    In one dimension the complement of an interval is two half-lines, each of half the
    mass:

    >>> round(float(cube_complement(0.05, 1.0, 1)), 6)   # 2 Phi(Phi^-1(.025) + 1)
    0.337073
    """
    mass, size, n = broadcast(
        alpha=real_array(
            "alpha", alpha, lower=0, upper=1, open_lower=True, open_upper=True
        ),
        eps=real_array("eps", eps, lower=0),
        d=real_array("d", d, lower=1),
    )
    tail = -np.expm1(np.log1p(-mass) / n) / 2
    c = -ndtri(tail)
    inner = np.clip(2 * ndtr(-(c - size)), 0.0, 1.0)
    with np.errstate(divide="ignore"):
        measure: Real = -np.expm1(n * np.log1p(-inner))
    return measure


def square_concentration(alpha: ArrayLike, eps: ArrayLike) -> Real:
    r"""Return the concentration function of the uniform law on [0, 1]^2, in l_inf.

    Parameters
    ----------
    alpha : float or array_like
        Measure of the set, in (0, 1).
    eps : float or array_like
        Radius of the enlargement in l_inf, at least 0.

    Returns
    -------
    numpy.float64 or array
        The least measure of an enlargement.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    A corner beats the half-square where alpha is small:

    >>> square_concentration([0.01, 0.5], 0.1).round(9).tolist()  # .2^2 and .5 + .1
    [0.04, 0.6]
    """
    mass, size = broadcast(
        alpha=real_array(
            "alpha", alpha, lower=0, upper=1, open_lower=True, open_upper=True
        ),
        eps=real_array("eps", eps, lower=0),
    )
    half = np.minimum(mass + size, 1.0)
    corner = np.minimum(np.sqrt(mass) + size, 1.0) ** 2
    hole = np.maximum(np.sqrt(1.0 - mass) - size, 0.0) ** 2
    measure: Real = np.minimum(np.minimum(half, corner), 1.0 - hole)
    return measure


def cube_concentration(alpha: ArrayLike, eps: ArrayLike, d: int) -> Real:
    r"""Return what corners of [0, 1]^d and their complements grow to, in l_inf.

    Parameters
    ----------
    alpha : float or array_like
        Measure of the set, in (0, 1).
    eps : float or array_like
        Radius of the enlargement in l_inf, at least 0.
    d : int
        Dimension, from 1 to 10 000.

    Returns
    -------
    numpy.float64 or array
        The least measure of an enlargement of [0, s]^k x [0, 1]^{d-k} or of the
        complement of such a set: the concentration function for d = 1 and 2, from
        above for d >= 3.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    For d >= 3 it is the concentration function if the claim
    `mahloujifar2019.cube-step` holds everywhere. At 800 000 random points in each of
    the dimensions 2, 3, 4, 5, 8, 15 and 30 it held, with equality at best (to 1e-16).

    Examples
    --------
    >>> cube_concentration([0.001, 0.01, 0.5], 0.1, 3).round(6).tolist()
    [0.008, 0.031388, 0.6]
    """
    number = integer("d", d, minimum=1, maximum=_HIGHEST)
    mass, size = broadcast(
        alpha=real_array(
            "alpha", alpha, lower=0, upper=1, open_lower=True, open_upper=True
        ),
        eps=real_array("eps", eps, lower=0),
    )
    measure: Real = np.asarray(_corners(mass, size, number))[()]
    return measure


def _corners(
    mass: Float[NDArray, "*s"], eps: Float[NDArray, "*s"], d: int
) -> Float[NDArray, "*s"]:
    """Return H_d for masses in [0, 1]; an empty set stays empty."""
    least = np.ones(mass.shape)
    for k in range(1, d + 1):
        corner = np.minimum(mass ** (1 / k) + eps, 1.0) ** k
        hole = np.maximum((1.0 - mass) ** (1 / k) - eps, 0.0) ** k
        least = np.minimum(least, np.minimum(corner, 1.0 - hole))
    return np.where(mass > 0.0, least, 0.0)


def _step(alpha: float, eps: float, low: float, high: float, d: int) -> float:
    """Return what the induction gives for sections of two measures.

    These are a = low alpha, and b = alpha + high (1 - alpha) on a share q of [0, 1].
    """
    a, b = low * alpha, alpha + high * (1.0 - alpha)
    q = (alpha - a) / (b - a) if b > a else 1.0
    share = min(1.0, q + eps) if q > 0.0 else 0.0
    inner, outer = _corners(np.array([a, b]), np.array([eps, eps]), d - 1)
    return float(inner + share * (outer - inner))


def two_half_spaces(alpha: ArrayLike, eps: ArrayLike, share: ArrayLike) -> Real:
    r"""Return how far {x_1 <= a or x_1 >= b} grows, in a Gaussian law of variance 1.

    Parameters
    ----------
    alpha : float or array_like
        Measure of both half-spaces together, in (0, 1).
    eps : float or array_like
        Size of the enlargement in l_2, at least 0.
    share : float or array_like
        Part of the measure that lies on the lower side, in [0, 1].

    Returns
    -------
    numpy.float64 or array
        min(1, Phi(Phi^-1(share alpha) + eps) + Phi(Phi^-1((1 - share) alpha) + eps)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(two_half_spaces(0.05, 1.0, 0.5)), 6)
    0.337073
    >>> round(float(two_half_spaces(0.05, 1.0, 0.0)), 10)
    0.2595110228
    """
    mass, size, part = broadcast(
        alpha=real_array(
            "alpha", alpha, lower=0, upper=1, open_lower=True, open_upper=True
        ),
        eps=real_array("eps", eps, lower=0),
        share=real_array("share", share, lower=0, upper=1),
    )
    lower = ndtr(ndtri(part * mass) + size)
    upper = ndtr(ndtri((1 - part) * mass) + size)
    measure: Real = np.minimum(lower + upper, 1.0)[()]
    return measure


def sample_concentration(
    X: ArrayLike, alpha: float, eps: float
) -> tuple[np.float64, int]:
    r"""Return h(mu_S, alpha, eps) over the half-spaces {x_i >= t}, and the axis.

    Parameters
    ----------
    X : (m, d) array_like
        The sample S.
    alpha : float
        Share of the points that the half-space is to hold at least, in (0, 1].
    eps : float
        Size of the enlargement in l_inf (or any l_p: the axes cost the same), at least
        0.

    Returns
    -------
    value : numpy.float64
        The least share of points within eps: biased low as an estimate of h(mu).
    axis : int
        The first coordinate that attains it.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> sample_concentration([[1.0, 9.0], [2.0, 0.0], [3.0, 1.0]], 1 / 3, 1.5)
    (np.float64(0.3333333333333333), 1)
    """
    sample = points("X", X, minimum=1)
    mass = real("alpha", alpha, lower=0, upper=1, open_lower=True)
    size = real("eps", eps, lower=0)
    m = sample.shape[0]
    k = min(m, max(1, math.ceil(mass * m - 1e-9)))
    t = np.partition(sample, m - k, axis=0)[m - k]
    shares = (sample >= t - size).mean(axis=0)
    axis = int(np.argmin(shares))
    return np.float64(shares[axis]), axis


def _outside_sandwich(
    n: int, rng: np.random.Generator, m: int, axes: int, lower: float, delta: float
) -> Bool[NDArray, " n"]:
    """Tell for which of n samples h(mu_S) lies outside, on the low side by `lower`."""
    low = float(_optimum(0.3 - lower, 1.0)) - lower
    high = float(_optimum(0.3 + delta, 1.0)) + delta
    result = np.empty(n, dtype=bool)
    for i in range(n):
        value, _ = sample_concentration(rng.standard_normal((m, axes)), 0.3, 1.0)
        result[i] = not low <= value <= high
    return result


def _train_risk(
    n: int, rng: np.random.Generator, m: int, axes: int
) -> Float[NDArray, " n"]:
    """Draw n values of h(mu_S), for mu = N(0, I)."""
    values = np.empty(n)
    for i in range(n):
        sample = rng.standard_normal((m, axes))
        values[i] = sample_concentration(sample, 0.05, 1.0)[0]
    return values


def _optimum(alpha: float, eps: float) -> float:
    return float(Gaussian(1).enlargement(alpha, eps))


def _shape(shape: str, alpha: float, eps: float, d: int) -> float:
    if shape == "half-space":
        return _optimum(alpha, eps)
    if shape == "slab's complement":
        return float(two_half_spaces(alpha, eps, 0.5))
    if shape == "unequal half-spaces":
        return float(two_half_spaces(alpha, eps, 0.01))
    return float(cube_complement(alpha, eps, d))


def _depth_and_distance(gap: float, x: float) -> tuple[float, float]:
    """Return depth and distance of (x, 0) in [-1, 0] x [-1, 1] and [-gap, 1] x [-1, 1].

    The union is [-1, 1] x [-1, 1] for gap >= 0.
    """
    boxes = Rectangles(
        np.array([[-1.0, -1.0], [-gap, -1.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    )
    depth = -float(boxes.score([[x, 0.0]])[0])
    return depth, 1.0 - abs(x)


def _part_of_the_square(shape: str, alpha: float, eps: float) -> float:
    """Return what a part of [0, 1]^2 of measure alpha grows to in l_inf."""
    if shape == "half-square":
        return min(alpha + eps, 1.0)
    if shape == "square in a corner":
        return min(math.sqrt(alpha) + eps, 1.0) ** 2
    if shape == "square in the middle":
        return min(math.sqrt(alpha) + 2 * eps, 1.0) ** 2
    if shape == "box in a corner":
        long = (1 + math.sqrt(alpha)) / 2
        return min(long + eps, 1.0) * min(alpha / long + eps, 1.0)
    return 1.0 - max(math.sqrt(1.0 - alpha) - eps, 0.0) ** 2


_ALPHA = Reals(1e-6, 0.5, (0.01, 0.05, 0.5), "log", r"\alpha")
_EPS = Reals(0.01, 3.0, (0.1, 1.0, 2.0), symbol=r"\varepsilon")
_D = Integers(2, 10**6, (2, 100, 784), symbol="d")


def _corner_in_norm(over: float, alpha: float, eps: float) -> float:
    """Return what a square in a corner grows to in l_p, p = 1/over."""
    side = math.sqrt(alpha)
    quarter = math.exp(2 * gammaln(1 + over) - gammaln(1 + 2 * over))
    return alpha + 2 * side * eps + quarter * eps**2


def _depth_in_longer(longer: float, x: float) -> float:
    """Return the depth of (x, 0) where the second box reaches out by `longer`."""
    boxes = Rectangles(
        np.array([[-1.0, -1.0], [0.0, -1.0]]),
        np.array([[0.0, 1.0], [1.0 + longer, 1.0]]),
    )
    return -float(boxes.score([[x, 0.0]])[0])


def _outside_repeated(
    n: int, rng: np.random.Generator, copies: int, m: int, axes: int, delta: float
) -> Bool[NDArray, " n"]:
    """Tell for which samples of m/copies points, each repeated, h lies outside."""
    size = m // copies
    place = size - math.ceil(0.3 * size - 1e-9)
    low = _optimum(0.3 - delta, 1.0) - delta
    high = _optimum(0.3 + delta, 1.0) + delta
    result = np.empty(n, dtype=bool)
    for i in range(0, n, 256):
        sample = rng.standard_normal((min(256, n - i), size, axes))
        t = np.partition(sample, place, axis=1)[:, place]
        share = (sample >= t[:, None] - 1.0).mean(axis=1).min(axis=1)
        result[i : i + 256] = (share < low) | (share > high)
    return result


_UNIT_VARIANCE = Hypothesis(
    "the variance of every coordinate is 1",
    r"it is $\sigma^2$, and the region is a half-space",
    Exact(
        lambda sigma, alpha, eps: _optimum(alpha, eps),
        lambda sigma, alpha, eps: _optimum(alpha, eps / sigma),
        rtol=1e-9,
    ),
    {
        "sigma": Reals(1, 10, (1.0, 1.01, 1.5, 3.0), symbol=r"\sigma"),
        "alpha": _ALPHA,
        "eps": _EPS,
    },
    "sigma",
    unbroken=1,
)
_MAXIMUM_NORM = Hypothesis(
    r"distances are $\ell_\infty$",
    r"they are $\ell_p$, and the set is a square in a corner",
    Exact(
        lambda over, alpha, eps: square_concentration(alpha, eps),
        _corner_in_norm,
    ),
    {
        "over": Reals(0, 1, (0.0, 0.01, 0.1, 0.5, 1.0), symbol="1/p"),
        "alpha": Reals(1e-3, 0.5, (0.001, 0.01, 0.1), symbol=r"\alpha"),
        "eps": Reals(0.001, 0.29, (0.01, 0.1), symbol=r"\varepsilon"),
    },
    "over",
)
_WHOLE_SECTIONS = Hypothesis(
    r"the sections have the measure $\alpha = a + q\,(b - a)$ together",
    r"they have $(1 - s)\,\alpha$",
    Exact(
        lambda lost, alpha, eps, low, high, d: float(cube_concentration(alpha, eps, d)),
        lambda lost, alpha, eps, low, high, d: _step(
            (1 - lost) * alpha, eps, low, high, d
        ),
    ),
    {
        "lost": Reals(0, 0.9, (0.0, 0.01, 0.1, 0.5), symbol="s"),
        "alpha": Reals(1e-3, 0.999, (0.01, 0.3, 0.9), symbol=r"\alpha"),
        "eps": Reals(0.001, 0.5, (0.01, 0.1), symbol=r"\varepsilon"),
        "low": Reals(0.0, 1.0, (0.0, 0.3, 1.0), symbol="a/\\alpha"),
        "high": Reals(0.0, 1.0, (0.0, 0.2)),
        "d": Integers(2, 50, (2, 3, 10), symbol="d"),
    },
    "lost",
)
_INDEPENDENT = Hypothesis(
    "the points of the sample are independent",
    r"every point is there $k$ times",
    Statistical(
        _outside_repeated,
        lambda copies, m, axes, delta: sandwich_failure(m, delta, axes),
    ),
    {
        "copies": Integers(1, 60, (1, 10, 60), symbol="k"),
        "m": Integers(300, 600, (300,), symbol="m"),
        "axes": Integers(1, 30, (4,), symbol="N"),
        "delta": Reals(0.08, 0.15, (0.08,), symbol=r"\delta"),
    },
    "copies",
    unbroken=1,
)
_CHOSEN = Hypothesis(
    "the half-space is chosen among many on the points on which it is measured",
    "it is chosen among $N$; for $N = 1$ nothing is chosen",
    Statistical(
        lambda n, rng, axes: _train_risk(n, rng, 500, axes),
        lambda axes: _optimum(0.05, 1.0) - 0.02,
        support=(0.0, 1.0),
    ),
    {"axes": Choices((50, 1), symbol="N")},
    "axes",
    unbroken=50,
)
_INSIDE = Hypothesis(
    "the boxes lie in the set",
    r"two boxes share a face, and one reaches out by $s$",
    Exact(_depth_in_longer, lambda longer, x: 1.0 - abs(x), rtol=1e-12),
    {
        "longer": Reals(0, 0.5, (0.0, 0.001, 0.1, 0.5), symbol="s"),
        "x": Reals(-0.9, 0.9, (-0.4, 0.05, 0.6, 0.9)),
    },
    "longer",
)
_FALSE = Hypothesis(
    "the variance of every coordinate is 1", why="the statement is false even so"
)


CLAIMS = (
    Claim(
        id="mahloujifar2019.h-is-below-every-region",
        theory="dimension",
        title="Every region of measure alpha grows to h(alpha, eps) or more",
        source=SOURCE,
        statement=r"""In $N(0, I_d)$ with $l_2$ distances the complement of a cube,
that of a slab, and pairs of unequal half-spaces grow to at least $h(\alpha,
\varepsilon) = \Phi(\Phi^{-1}(\alpha) + \varepsilon)$; a half-space grows to it.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(
                (
                    "half-space",
                    "slab's complement",
                    "unequal half-spaces",
                    "cube's complement",
                )
            ),
            "alpha": _ALPHA,
            "eps": _EPS,
            "d": _D,
        },
        axis="eps",
        evidence=Exact(
            lambda shape, alpha, eps, d: _optimum(alpha, eps),
            _shape,
            rtol=1e-9,
            unproved="for half-spaces the sides are equal: they attain it",
        ),
        twin=Twin(
            r"all of them grow to at least $1.02\,h(\alpha, \varepsilon)$",
            Exact(
                lambda shape, alpha, eps, d: 1.02 * _optimum(alpha, eps),
                _shape,
                rtol=1e-9,
            ),
        ),
        hypotheses=(_UNIT_VARIANCE,),
    ),
    Claim(
        id="mahloujifar2019.square",
        theory="dimension",
        title="In the square a corner may grow less than every half-square",
        source=SOURCE,
        statement=r"""On $[0, 1]^2$ with $l_\infty$ distances boxes of measure $\alpha$
and complements of boxes grow to at least $\min(\alpha + \varepsilon,
(\sqrt\alpha + \varepsilon)^2, 1 - (\sqrt{1 - \alpha} - \varepsilon)^2)$.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(
                (
                    "half-square",
                    "square in a corner",
                    "square in the middle",
                    "box in a corner",
                    "complement of a square in a corner",
                )
            ),
            "alpha": Reals(1e-3, 0.999, (0.01, 0.1, 0.5, 0.9), symbol=r"\alpha"),
            "eps": Reals(0.001, 0.5, (0.01, 0.1), symbol=r"\varepsilon"),
        },
        axis="alpha",
        evidence=Exact(
            lambda shape, alpha, eps: float(square_concentration(alpha, eps)),
            _part_of_the_square,
            rtol=1e-12,
            unproved="the sides are equal wherever the shape is extremal",
        ),
        twin=Twin(
            r"half-squares are extremal: at least $\alpha + \varepsilon$",
            Exact(
                lambda shape, alpha, eps: min(alpha + eps, 1.0),
                _part_of_the_square,
                rtol=1e-12,
            ),
        ),
        note="Derived here for all measurable sets.",
        hypotheses=(_MAXIMUM_NORM,),
    ),
    Claim(
        id="mahloujifar2019.cube-step",
        theory="dimension",
        title="The step from d - 1 to d dimensions for corners of the cube",
        source=SOURCE,
        statement=r"""With $H_d(\alpha) = \min_{k \le d} \min((\alpha^{1/k} +
\varepsilon)^k, 1 - ((1 - \alpha)^{1/k} - \varepsilon)^k)$, for all $a \le \alpha \le b$
with $\alpha = a + q(b - a)$: $H_d(\alpha) \le H_{d-1}(a) + \min(1, q +
\varepsilon)\,(H_{d-1}(b) - H_{d-1}(a))$. With it $H_d$ is the concentration function of
$[0, 1]^d$ in $l_\infty$.""",
        relation="lhs <= rhs",
        domain={
            "alpha": Reals(1e-3, 0.999, (0.01, 0.3, 0.9), symbol=r"\alpha"),
            "eps": Reals(0.001, 0.5, (0.01, 0.1, 0.4), symbol=r"\varepsilon"),
            "low": Reals(0.0, 1.0, (0.0, 0.3, 1.0), symbol="a/\\alpha"),
            "high": Reals(0.0, 1.0, (0.0, 0.2, 1.0)),
            "d": Integers(2, 50, (2, 3, 10), symbol="d"),
        },
        axis="high",
        evidence=Exact(
            lambda alpha, eps, low, high, d: float(cube_concentration(alpha, eps, d)),
            _step,
            rtol=1e-12,
            unproved="for b = alpha the sides are equal wherever H_d is H_{d-1}",
        ),
        twin=Twin(
            r"half-cubes are extremal: $\alpha + \varepsilon$ for $H_d(\alpha)$",
            Exact(
                lambda alpha, eps, low, high, d: min(alpha + eps, 1.0),
                _step,
                rtol=1e-12,
            ),
        ),
        note="Found by computation. Proved for d = 2, see the module.",
        hypotheses=(_WHOLE_SECTIONS,),
    ),
    Claim(
        id="mahloujifar2019.empirical-sandwich",
        theory="dimension",
        title="The concentration of a sample is within delta of the law's",
        source=SOURCE.at("Theorem 3.3"),
        statement=r"""For half-spaces along $N$ axes and $m$ points of $N(0, I_N)$, the
probability that $h(\mu_S, \alpha)$ lies outside of $[h(\mu, \alpha - \delta) -
\delta,\ h(\mu, \alpha + \delta) + \delta]$ is at most $2N e^{-2m\delta^2}$; at
$\alpha = .3$, $\varepsilon = 1$.""",
        relation="lhs <= rhs",
        domain={
            "m": Integers(300, 600, (400,), symbol="m"),
            "axes": Integers(1, 30, (4, 20), symbol="N"),
            "delta": Reals(0.08, 0.15, (0.1,), symbol=r"\delta"),
        },
        axis="axes",
        evidence=Statistical(
            lambda n, rng, m, axes, delta: _outside_sandwich(
                n, rng, m, axes, delta, delta
            ),
            sandwich_failure,
        ),
        twin=Twin(
            r"the lower end is $h(\mu, \alpha)$, without $\delta$",
            Statistical(
                lambda n, rng, m, axes, delta: _outside_sandwich(
                    n, rng, m, axes, 0.0, delta
                ),
                sandwich_failure,
            ),
        ),
        note="Samples are biased low, so the lower end is the one that matters.",
        hypotheses=(_INDEPENDENT,),
    ),
    Claim(
        id="mahloujifar2019.sample-is-biased-low",
        theory="dimension",
        title="On the sample that chose it a region grows less than is possible",
        source=SOURCE,
        statement=r"""For $m = 500$ points of $N(0, I_{50})$ the best half-space along
an axis has, on the same points, a mean adversarial risk below $h - .02$, at $\alpha =
.05$, $\varepsilon = 1$, $h = .2595$.""",
        relation="lhs <= rhs",
        domain={
            "m": Integers(400, 600, (500,), symbol="m"),
            "axes": Integers(40, 100, (50,), symbol="N"),
        },
        evidence=Statistical(
            _train_risk, lambda m, axes: _optimum(0.05, 1.0) - 0.02, support=(0.0, 1.0)
        ),
        twin=Twin(
            r"with one axis, where nothing is chosen",
            Statistical(
                _train_risk,
                lambda m, axes: _optimum(0.05, 1.0) - 0.02,
                support=(0.0, 1.0),
            ),
            domain={"m": Integers(400, 600, (500,)), "axes": Choices((1,))},
        ),
        hypotheses=(_CHOSEN,),
    ),
    Claim(
        id="mahloujifar2019.talk-lower-bound",
        theory="dimension",
        title="The adversarial risk of one region bounds that of every classifier",
        source=TALK,
        statement=r"""The adversarial risk of the best region of a family (the
complement of a cube, say) is a lower bound of the adversarial risk of every classifier
with the same risk, as the table's title has it.""",
        relation="lhs <= rhs",
        domain={"alpha": _ALPHA, "eps": _EPS, "d": _D},
        axis="eps",
        expected=Expected.VIOLATED,
        evidence=Exact(
            lambda alpha, eps, d: _shape("cube's complement", alpha, eps, d),
            lambda alpha, eps, d: _optimum(alpha, eps),
            rtol=1e-9,
        ),
        twin=Twin(
            r"corrected: it is an upper bound of the least adversarial risk",
            Exact(
                lambda alpha, eps, d: _optimum(alpha, eps),
                lambda alpha, eps, d: _shape("cube's complement", alpha, eps, d),
                rtol=1e-9,
            ),
        ),
        note=r"""The classifier that errs on a half-space is the counterexample. The
number limits what concentration can force, not what a classifier suffers.""",
        hypotheses=(_FALSE,),
    ),
    Claim(
        id="mahloujifar2019.boxes-bound-distances",
        theory="dimension",
        title="The faces of several boxes bound the distance to their complement",
        source=SOURCE,
        statement=r"""For a point in a union of boxes, the greatest depth in one of
them is at most its distance to the complement of the union; checked for two boxes that
share a strip of width $g$ and make a square.""",
        relation="lhs <= rhs",
        domain={
            "gap": Reals(0.0, 1.0, (0.0, 0.3, 1.0), symbol="g"),
            "x": Reals(-0.9, 0.9, (-0.4, 0.0, 0.05, 0.5)),
        },
        axis="x",
        evidence=Exact(
            lambda gap, x: _depth_and_distance(gap, x)[0],
            lambda gap, x: _depth_and_distance(gap, x)[1],
            unproved="the sides are equal wherever an outer face is nearest",
        ),
        twin=Twin(
            r"the distance is at most the depth",
            Exact(
                lambda gap, x: _depth_and_distance(gap, x)[1],
                lambda gap, x: _depth_and_distance(gap, x)[0],
            ),
        ),
        hypotheses=(_INSIDE,),
    ),
)
