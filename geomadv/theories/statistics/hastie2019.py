r"""Risk of ridgeless least squares, and under attack (Hastie et al. 2019).

y = <x, beta> + noise with x ~ N(0, I_p), |beta| = r, noise of deviation s, and n
points; gamma = lim p/n. Ridge regression with penalty L |w|^2 and loss
|y - X w|^2/n has w = (S + L)^{-1} X'y/n, S = X'X/n, so that, by the invariance of X
under rotations,

    bias = r^2 E L^2/(v + L)^2,  variance = s^2 gamma E v/(v + L)^2,
    |w|^2 = r^2 E v^2/(v + L)^2 + variance,  <w, beta> = r^2 E v/(v + L),

v an eigenvalue of S, by the law of Marchenko and Pastur. Its Stieltjes transform
solves a quadratic, and with D = sqrt((1 - gamma + L)^2 + 4 gamma L)

    c = E v/(v + L) = 2/(1 + gamma + L + D),  a = E L/(v + L) = 1 - c,
    E v/(v + L)^2 = c/D,  E v^2/(v + L)^2 = c (1 - L/D),
    E L^2/(v + L)^2 = a (L + gamma a)/D.

The excess risk grows with |L - s^2 gamma| for r = 1: with P(L) = 2 E v/(v + L)^3, which
is -(c/D)' > 0, its slope is (L - s^2 gamma) P(L), so that what L = q s^2 gamma adds to
the least value is (q - 1)^2 s^4 gamma^2 times a mean of P/2 between the two.

At L = 0 this is the *minimum-norm* least squares solution: bias 0 and variance
s^2 gamma/(1 - gamma) for gamma < 1; bias r^2 (1 - 1/gamma), variance s^2/(gamma - 1)
and |w|^2 = r^2/gamma + variance for gamma > 1. The variance is infinite at gamma = 1:
the risk descends twice. For finite n and p the expectations are exact as well, as S is
a Wishart matrix (`ridgeless_means`).

**Attacks.** A residual y - <x, w> is N(0, R), R = s^2 + bias + variance, and an l2
step of size eps adds eps |w| to its absolute value. Hence

    E (|y - <x, w>| + eps |w|)^2 = R + 2 sqrt(2/pi) eps |w| sqrt(R) + eps^2 |w|^2.

|w| is infinite at gamma = 1 too, and falls on either side of it: the robust risk has
the same peak, and its second descent goes on for longer, as |w| falls to 0.

**Random features.** Of m <= p orthonormal directions B, drawn at random, <B' x, .> is
again such a problem, with m parameters, signal r sqrt(m/p) and noise
sqrt(s^2 + r^2 (1 - m/p)): what B misses is Gaussian, and independent of B' x.
`relu_regression` has features max(0, <u, x>), of minimum norm alone and without theory:
of its robust risk there are bounds.

Source: Hastie, Montanari, Rosset, Tibshirani (2019), "Surprises in high-dimensional
ridgeless least squares interpolation", arXiv:1903.08560 (Ann. Statist. 50, 2022): the
limits for identity covariance, from memory (numbering unverified), derived here. The
robust risk is not in the paper.

Conventions: `signal` is r, `noise` is the deviation s; a standard risk counts the noise
of a fresh point, s^2; risks are limits as n, p -> infinity unless they say means.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, probability, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.theories.statistics._relu_regression import ReluRegression, relu_regression
from geomadv.theories.statistics._two_variances import limits

__all__ = [
    "CLAIMS",
    "SOURCE",
    "RegressionRisks",
    "ReluRegression",
    "adversarial_risk",
    "best_overparametrisation",
    "optimal_penalty",
    "relu_regression",
    "ridge_limit",
    "ridgeless_limit",
    "ridgeless_means",
    "subspace_problem",
]

SOURCE = Source(
    "T. Hastie, A. Montanari, S. Rosset, R. Tibshirani",
    "Surprises in high-dimensional ridgeless least squares interpolation",
    2019,
    arxiv="1903.08560",
)


@dataclass(frozen=True, eq=False)
class RegressionRisks:
    """What a linear regression is worth.

    Parameters
    ----------
    bias, variance : numpy.float64 or array
        The parts of E <x, w - beta>^2.
    square : numpy.float64 or array
        |w|^2.
    overlap : numpy.float64 or array
        <w, beta>.
    standard : numpy.float64 or array
        The risk on a fresh point, with its noise: s^2 + bias + variance.
    """

    bias: Real
    variance: Real
    square: Real
    overlap: Real
    standard: Real

    def robust(self, eps: ArrayLike) -> Real:
        """Return the risk under l2 steps.

        Parameters
        ----------
        eps : array_like
            Size of the steps, at least 0.

        Returns
        -------
        numpy.float64 or array

        Examples
        --------
        >>> round(float(ridgeless_limit(2.0, 1.0).robust(0.5)), 10)
        1.0239422804
        """
        return adversarial_risk(self.standard, np.sqrt(self.square), eps)


def adversarial_risk(standard: ArrayLike, norm: ArrayLike, eps: ArrayLike) -> Real:
    """Return E (|g| + eps |w|)^2 for g ~ N(0, R): the risk of w under l2 steps.

    Parameters
    ----------
    standard : array_like
        R, the standard risk of w, at least 0; may be infinite.
    norm : array_like
        |w|, at least 0; may be infinite.
    eps : array_like
        Size of the steps, at least 0.

    Returns
    -------
    numpy.float64 or array
        A few units of rounding from the exact value.

    Raises
    ------
    ValueError, TypeError
        If an argument is negative, NaN or no number.

    Examples
    --------
    >>> round(float(adversarial_risk(1.0, 2.0, [0.0, 0.5])[1]), 10)
    3.5957691216
    """
    R, norms, size = broadcast(
        standard=real_array("standard", standard, lower=0.0, infinite=True),
        norm=real_array("norm", norm, lower=0.0, infinite=True),
        eps=real_array("eps", eps, lower=0.0),
    )
    with np.errstate(invalid="ignore", over="ignore"):
        k = np.where(size == 0.0, 0.0, size * norms)
        cross = np.where((k == 0.0) | (R == 0.0), 0.0, k * np.sqrt(R))
        return np.asarray(R + 2.0 * math.sqrt(2.0 / math.pi) * cross + k * k)[()]


def ridge_limit(
    gamma: ArrayLike, penalty: ArrayLike, signal: ArrayLike, noise: ArrayLike = 0.0
) -> RegressionRisks:
    """Return what ridge regression is worth as n and p = gamma n grow.

    Parameters
    ----------
    gamma : array_like
        Parameters a point, positive.
    penalty : array_like
        L, at least 0; 0 is the minimum-norm least squares solution.
    signal, noise : array_like
        |beta| and the deviation of the noise, at least 0.

    Returns
    -------
    RegressionRisks
        Infinite variance at gamma = 1 and penalty 0, if there is noise.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    Relative error below 1e-13 against 50 digits for penalties from 1e-12 to 1e12 and
    gamma from .01 to 100; no difference of nearly equal numbers is taken, but
    1 - gamma + L, which is as uncertain as gamma.

    Examples
    --------
    >>> limit = ridge_limit(2.0, [0.0, 1.0], 1.0)
    >>> limit.bias.round(6), limit.square.round(6)
    (array([0.5     , 0.603553]), array([0.5    , 0.18934]))
    """
    g, L, r, s = broadcast(
        gamma=real_array("gamma", gamma, lower=0.0, open_lower=True),
        penalty=real_array("penalty", penalty, lower=0.0),
        signal=real_array("signal", signal, lower=0.0),
        noise=real_array("noise", noise, lower=0.0),
    )
    D = np.hypot(1.0 - g + L, 2.0 * np.sqrt(g * L))
    c = 2.0 / (1.0 + g + L + D)
    below = 1.0 - g - L
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = np.where(below > 0.0, 4.0 * L / (D + below), D - below)
        a = left / (1.0 + g + L + D)
        lost = np.where(D > 0.0, a * ((L + g * a) / D), 0.0)
        kept = np.where(
            D > 0.0, c * (((1.0 - g) ** 2 + 2.0 * L * (1.0 + g)) / (D + L) / D), c
        )
        spread = np.where(s > 0.0, s * s * (g * c / D), 0.0)
    bias = r * r * lost
    return RegressionRisks(
        bias[()],
        spread[()],
        (r * r * kept + spread)[()],
        (r * r * c)[()],
        (s * s + bias + spread)[()],
    )


def ridgeless_limit(
    gamma: ArrayLike, signal: ArrayLike, noise: ArrayLike = 0.0
) -> RegressionRisks:
    """Return what minimum-norm least squares is worth as n and p = gamma n grow.

    Parameters
    ----------
    gamma, signal, noise : array_like
        As for `ridge_limit`.

    Returns
    -------
    RegressionRisks

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> limit = ridgeless_limit([0.5, 2.0], 1.0, 0.5)
    >>> limit.standard.round(12), limit.square.round(12)
    (array([0.5, 1. ]), array([1.25, 0.75]))
    """
    return ridge_limit(gamma, 0.0, signal, noise)


def ridgeless_means(n: int, p: int, signal: float, noise: float) -> RegressionRisks:
    """Return the expectations of minimum-norm least squares from n points of R^p.

    Parameters
    ----------
    n, p : int
        Points and parameters, at least 1.
    signal, noise : float
        |beta| and the deviation of the noise, at least 0.

    Returns
    -------
    RegressionRisks
        Infinite variance for |n - p| <= 1, if there is noise. `robust` of it is the
        risk of a w with these numbers, not an expectation.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    From E tr (X'X)^{-1} = p/(n - p - 1) for p < n - 1, and E of the projection onto
    n < p rows, n/p.

    Examples
    --------
    >>> means = ridgeless_means(10, 21, 1.0, 1.0)
    >>> round(float(means.bias), 6), float(means.variance)
    (0.52381, 1.0)
    """
    n, p = integer("n", n, minimum=1), integer("p", p, minimum=1)
    r = float(real_array("signal", signal, lower=0.0, ndim=0))
    s = float(real_array("noise", noise, lower=0.0, ndim=0))
    small, large = min(n, p), max(n, p)
    room = large - small - 1
    share = min(1.0, n / p)
    spread = s * s * small / room if room > 0 else math.inf
    spread = spread if s > 0.0 else 0.0
    values = (
        r * r * (max(p - n, 0) / p),
        spread,
        r * r * share + spread,
        r * r * share,
        s * s + r * r * (max(p - n, 0) / p) + spread,
    )
    return RegressionRisks(*map(np.float64, values))


def optimal_penalty(gamma: ArrayLike, signal: ArrayLike, noise: ArrayLike) -> Real:
    """Return the ridge penalty of least standard risk, s^2 gamma/r^2.

    Parameters
    ----------
    gamma, signal, noise : array_like
        As for `ridge_limit`; the signal is positive.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> float(optimal_penalty(2.0, 1.0, 0.5))
    0.5
    """
    g, r, s = broadcast(
        gamma=real_array("gamma", gamma, lower=0.0, open_lower=True),
        signal=real_array("signal", signal, lower=0.0, open_lower=True),
        noise=real_array("noise", noise, lower=0.0),
    )
    with np.errstate(over="ignore"):
        return np.asarray(g * np.square(s / r))[()]


def best_overparametrisation(signal: ArrayLike, noise: ArrayLike) -> Real:
    """Return the gamma > 1 of least standard risk without a penalty, r/(r - s).

    Parameters
    ----------
    signal, noise : array_like
        As for `ridge_limit`; the signal is positive.

    Returns
    -------
    numpy.float64 or array
        Infinite where s >= r: there the risk falls to that of w = 0, without end.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> best_overparametrisation(1.0, [0.0, 0.5, 1.0])
    array([ 1.,  2., inf])
    """
    r, s = broadcast(
        signal=real_array("signal", signal, lower=0.0, open_lower=True),
        noise=real_array("noise", noise, lower=0.0),
    )
    with np.errstate(divide="ignore"):
        return np.where(s < r, r / np.maximum(r - s, 0.0), np.inf)[()]


def subspace_problem(
    signal: ArrayLike, noise: ArrayLike, kept: ArrayLike
) -> tuple[Real, Real]:
    """Return signal and noise of the regression on some directions drawn at random.

    Parameters
    ----------
    signal, noise : array_like
        |beta| and the deviation of the noise, at least 0.
    kept : array_like
        The share m/p of directions that are kept, in [0, 1].

    Returns
    -------
    signal, noise : numpy.float64 or array
        r sqrt(m/p) and sqrt(s^2 + r^2 (1 - m/p)).

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> [float(x) for x in subspace_problem(2.0, 1.0, 0.25)]
    [1.0, 2.0]
    """
    r, s, share = broadcast(
        signal=real_array("signal", signal, lower=0.0),
        noise=real_array("noise", noise, lower=0.0),
        kept=probability("kept", kept),
    )
    return (r * np.sqrt(share))[()], np.hypot(s, r * np.sqrt(1.0 - share))[()]


# --- Claims --------------------------------------------------------------------------


def _spectral_mean(gamma: float, penalty: float, power: int) -> float:
    """Return E v^power/(v + L)^2 under Marchenko and Pastur's law, by quadrature.

    The density sqrt((b - v)(v - a))/(2 pi gamma v) is that of Chebyshev polynomials of
    the second kind, but for 1/v; for gamma > 1 an atom of 1 - 1/gamma lies at 0.
    """
    half = 2.0 * math.sqrt(gamma)
    t = math.pi * np.arange(1, 4000) / 4000
    v = 1.0 + gamma + half * np.cos(t)
    weight = half**2 * np.sin(t) ** 2 / (2.0 * gamma * v) / 4000
    mean = float(weight @ (v**power / (v + penalty) ** 2))
    if power == 0 and gamma > 1.0:
        mean += (1.0 - 1.0 / gamma) / penalty**2
    return mean


def _with_noise_along(noise: float, along: float) -> tuple[float, float]:
    """Return signal and noise if the noise is s (sqrt(1 - h^2) z + h <x, b>), |b| = 1.

    With b across beta, |beta| = 1, this is the regression on beta + s h b with the
    noise s sqrt(1 - h^2), which is independent of x.
    """
    return math.hypot(1.0, noise * along), noise * math.sqrt(1.0 - along**2)


def _excess_by_quadrature(
    gamma: float, penalty: float, noise: float, along: float = 0.0
) -> float:
    r, s = _with_noise_along(noise, along)
    bias = (r * penalty) ** 2 * _spectral_mean(gamma, penalty, 0)
    variance = s**2 * gamma * _spectral_mean(gamma, penalty, 1)
    return bias + variance - (noise * along) ** 2


def _excess(gamma: float, penalty: float, noise: float, along: float = 0.0) -> float:
    """Return the standard risk above s^2."""
    limit = ridge_limit(gamma, penalty, *_with_noise_along(noise, along))
    return float(limit.bias + limit.variance) - (noise * along) ** 2


def _excess_of_two(gamma: float, penalty: float, noise: float, unequal: float) -> float:
    return limits(gamma, penalty, noise, unequal).excess


def _least_of_two(noise: float, unequal: float) -> float:
    """Return the least of them over gamma > 1 at penalty 0, by search."""
    return _searched_best(noise, 0.0, unequal=unequal)[1] - noise**2


def _above_best_of_two(
    gamma: float, noise: float, ratio: float, unequal: float
) -> float:
    best = gamma * noise**2
    at, least = (
        _excess_of_two(gamma, penalty, noise, unequal)
        for penalty in (ratio * best, best)
    )
    return at - least


def _missed(
    n: int,
    rng: np.random.Generator,
    points: int,
    more: int,
    wider: float = 0.0,
    unequal: float = 0.0,
    noise: float = 0.0,
) -> Float[NDArray, " n"]:
    """Draw |w - beta|^2 for |beta| = 1: without noise, the share that a span misses.

    The coordinate of the signal has 1 + wider times the deviation of the others, and in
    every point its variance is 1 + h or 1 - h times as large. With X' = Q R, what noise
    adds is |X^+ z|^2 = |R'^{-1} z|^2; the sum is cut off at 4.
    """
    p = points + more
    rows = rng.standard_normal((n, p, points))
    rows[:, 0] *= 1.0 + wider
    if unequal:
        rows[:, 0] *= np.sqrt(1.0 + unequal * rng.choice([-1.0, 1.0], (n, points)))
    Q, R = np.linalg.qr(rows)
    drawn = 1.0 - (Q[:, 0, :] ** 2).sum(axis=1)
    if noise:
        z = noise * rng.standard_normal((n, points, 1))
        added = np.linalg.solve(R.transpose(0, 2, 1), z)
        drawn = np.minimum(drawn + (added**2).sum(axis=(1, 2)), _CUT)
    return np.asarray(drawn)


def _finite(
    n: int, gamma: float, noise: float, along: float = 0.0, unequal: float = 0.0
) -> float:
    """Return the mean excess risk; for gamma > 1, of points of two scales.

    If the points are sqrt(t_i) z_i, t_i = 1 + h or 1 - h, their span is that of the
    z_i, and E tr (X X')^{-1} is E 1/t = 1/(1 - h^2) times as large.
    """
    means = ridgeless_means(n, round(gamma * n), *_with_noise_along(noise, along))
    variance = means.variance / (1.0 - unequal**2)
    return float(means.bias + variance) - (noise * along) ** 2


def _searched_best(
    noise: float, eps: float, along: float = 0.0, unequal: float = 0.0
) -> tuple[float, float]:
    """Return the share 1/gamma < 1 of least robust risk, and that risk, by search."""
    from scipy.optimize import minimize_scalar

    problem = _with_noise_along(noise, along)

    def risk(share: float) -> float:
        if unequal:
            two = limits(1.0 / share, 0.0, noise, unequal)
            standard = noise**2 + two.excess
            return float(adversarial_risk(standard, math.sqrt(two.square), eps))
        return float(ridgeless_limit(1.0 / share, *problem).robust(eps))

    shares = np.linspace(1e-6, 1.0 - 1e-9, 41 if unequal else 401)
    if unequal:
        values = np.array([risk(float(share)) for share in shares])
    else:
        values = np.asarray(ridgeless_limit(1.0 / shares, *problem).robust(eps))
    at = int(np.argmin(values))
    ends = shares[max(at - 1, 0)], shares[min(at + 1, len(shares) - 1)]
    found = minimize_scalar(
        risk, bounds=ends, method="bounded", options={"xatol": 1e-12}
    )
    return float(found.x), float(found.fun)


def _above_best(gamma: float, noise: float, ratio: float, along: float = 0.0) -> float:
    """Return what a multiple of the best penalty adds to the least excess risk."""
    best = noise**2 * gamma
    at, least = (
        _excess(gamma, penalty, noise, along) for penalty in (ratio * best, best)
    )
    return at - least


def _above_best_ball(gamma: Any, noise: Any, ratio: Any, least: Any = 1) -> Any:
    """Enclose the same, above the risk at `least` times the best penalty."""
    best = balls.positive_product(balls.positive_product(noise, noise), gamma)
    direct = _excess_ball(gamma, ratio * best, best) - _excess_ball(
        gamma, least * best, best
    )
    if direct > 0 or least != 1:
        return direct
    ends = (best.lower() * ratio.min(1).lower(), best.upper() * ratio.max(1).upper())
    weight = _weight_ball(gamma, ends[0].union(ends[1]))
    step = abs(ratio - 1).nonnegative_part()
    if not weight > 0:
        return direct
    return balls.span(
        weight.lower() / 2 * (step.lower() * best.lower()) ** 2,
        weight.upper() / 2 * (step.upper() * best.upper()) ** 2,
    )


def _excess_ball(gamma: Any, penalty: Any, best: Any) -> Any:
    """Enclose bias and variance for r = 1, where s^2 gamma is known."""
    D = ((1 - gamma + penalty) ** 2 + 4 * gamma * penalty).sqrt()
    c = 2 / (1 + gamma + penalty + D)
    a = 1 - c
    return (a * (penalty + gamma * a) + best * c) / D


def _weight_ball(gamma: Any, penalty: Any) -> Any:
    """Enclose P(L) = c^2 (1 + D')/(2 D) + c D'/D^2 with D' = (1 + gamma + L)/D."""
    below, above = balls.ends(1 - gamma + penalty)
    least = below**2 if below > 0 else above**2 if above < 0 else 0
    most = below.max(-below).max(above.max(-above)) ** 2
    low, high = balls.ends(balls.positive_product(gamma, penalty))
    D = ((least + 4 * low).sqrt()).union((most + 4 * high).sqrt())
    over = balls.decreasing(lambda x: 1 / x, D)
    total = 1 + gamma + penalty
    slope = balls.positive_product(total, over)
    c = balls.decreasing(lambda x: 2 / x, total + D)
    first = balls.positive_product(balls.positive_product(c, c), (1 + slope) / 2)
    second = balls.positive_product(balls.positive_product(c, slope), over)
    return balls.positive_product(first + second, over)


_GAMMA = Reals(0.05, 20.0, (0.2, 0.9, 1.5, 5.0), "log", r"\gamma")
_NOISE = Reals(0.01, 0.9, (0.1, 0.3, 0.7), symbol="s")

_FEW_POINTS: dict[str, Parameter] = {
    "points": Integers(1, 8, (1, 3), symbol="n"),
    "more": Integers(1, 8, (4,), symbol="p - n"),
}
_CUT = 4.0  # of |w - beta|^2, where there is noise
_UNEQUAL = Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5), symbol="h")
_INDEPENDENT = "features are independent and normal with one variance"


def _noise_apart(evidence: Exact, domain: dict[str, Parameter]) -> Hypothesis:
    return Hypothesis(
        "noise is independent of the features",
        r"the noise is $\sigma(\sqrt{1 - h^2}\,z + h\langle x, b\rangle)$, $b$ a "
        r"direction across $\beta$: of the same variance, and correlated with $x$",
        evidence,
        {**domain, "along": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="h")},
        "along",
    )


def _one_variance(
    evidence: Exact,
    domain: dict[str, Parameter],
    statement: str = "features have one variance",
) -> Hypothesis:
    return Hypothesis(
        statement,
        "half of the variances are $1 + h$, half $1 - h$, and the signal is spread "
        "over the larger ones",
        evidence,
        {**domain, "unequal": _UNEQUAL},
        "unequal",
    )


CLAIMS = (
    Claim(
        id="hastie2019.ridge-by-quadrature",
        theory="statistics",
        title="The risk of ridge regression is an integral over the spectrum",
        source=SOURCE,
        statement=r"""For $|\beta| = 1$, bias and variance of ridge regression in the
limit, $E\,\lambda^2/(v+\lambda)^2 + \sigma^2\gamma\,E\,v/(v+\lambda)^2$ with $v$ by
Marchenko and Pastur's law, are $a(\lambda + \gamma a)/D + \sigma^2\gamma(1-a)/D$, $D^2
= (1-\gamma+\lambda)^2 + 4\gamma\lambda$, $1 - a = 2/(1+\gamma+\lambda+D)$.""",
        relation="lhs == rhs",
        domain={
            "gamma": _GAMMA,
            "penalty": Reals(0.01, 100.0, (0.01, 1.0, 30.0), "log", r"\lambda"),
            "noise": _NOISE,
        },
        axis="gamma",
        where=lambda gamma, **_: abs(gamma - 1.0) > 0.01,
        evidence=Exact(_excess_by_quadrature, _excess, rtol=1e-9),
        twin=Twin(
            "the penalty is a thousandth larger",
            Exact(
                _excess_by_quadrature,
                lambda gamma, penalty, noise: _excess(gamma, 1.001 * penalty, noise),
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            _one_variance(
                Exact(
                    _excess_of_two,
                    lambda gamma, penalty, noise, unequal: _excess(
                        gamma, penalty, noise
                    ),
                    rtol=1e-9,
                ),
                {
                    "gamma": Reals(0.05, 20.0, (0.2, 1.5, 5.0), "log", r"\gamma"),
                    "penalty": Reals(0.01, 100.0, (0.01, 1.0), "log", r"\lambda"),
                    "noise": _NOISE,
                },
            ),
            _noise_apart(
                Exact(
                    _excess_by_quadrature,
                    lambda gamma, penalty, noise, along: _excess(gamma, penalty, noise),
                    rtol=1e-9,
                ),
                {
                    "gamma": Reals(0.05, 20.0, (0.2, 1.5, 5.0), "log", r"\gamma"),
                    "penalty": Reals(0.01, 100.0, (0.01, 1.0), "log", r"\lambda"),
                    "noise": _NOISE,
                },
            ),
        ),
    ),
    Claim(
        id="hastie2019.ridgeless-means",
        theory="statistics",
        title="Exact means at finite n tend to the limits",
        source=SOURCE,
        statement=r"""For $|\beta| = 1$ the expected excess risk of minimum-norm least
squares, $\sigma^2 p/(n-p-1)$ for $p < n - 1$ and $1 - n/p + \sigma^2 n/(p-n-1)$ for
$p > n + 1$, tends to $\sigma^2\gamma/(1-\gamma)$ and $1 - 1/\gamma +
\sigma^2/(\gamma-1)$.""",
        relation="limit",
        domain={
            "n": Integers(10, 10**6, (100, 1000, 10**4, 10**5), symbol="n"),
            "gamma": Choices((0.2, 0.8, 1.5, 5.0), r"\gamma"),
            "noise": _NOISE,
        },
        axis="n",
        evidence=Exact(
            _finite,
            lambda n, gamma, noise: _excess(gamma, 0.0, noise),
            tolerance=1e-3,
        ),
        twin=Twin(
            "the variance is a hundredth larger",
            Exact(
                _finite,
                lambda n, gamma, noise: _excess(gamma, 0.0, noise * math.sqrt(1.01)),
                tolerance=1e-3,
            ),
        ),
        hypotheses=(
            Hypothesis(
                _INDEPENDENT,
                "with probability one half each the features of a point have the "
                "variance $1 + h$ and $1 - h$: they are of one variance, uncorrelated, "
                "and neither independent nor normal",
                Exact(
                    _finite,
                    lambda n, gamma, noise, unequal: _excess(gamma, 0.0, noise),
                    tolerance=1e-3,
                ),
                {
                    "n": Integers(10, 10**6, (100, 1000, 10**4, 10**5), symbol="n"),
                    "gamma": Choices((1.5, 5.0), r"\gamma"),
                    "noise": _NOISE,
                    "unequal": _UNEQUAL,
                },
                "unequal",
            ),
            _noise_apart(
                Exact(
                    _finite,
                    lambda n, gamma, noise, along: _excess(gamma, 0.0, noise),
                    tolerance=1e-3,
                ),
                {
                    "n": Integers(10, 10**6, (100, 1000, 10**4, 10**5), symbol="n"),
                    "gamma": Choices((0.2, 0.8, 1.5, 5.0), r"\gamma"),
                    "noise": _NOISE,
                },
            ),
        ),
    ),
    Claim(
        id="hastie2019.missed-signal",
        theory="statistics",
        title="Fewer points than parameters miss the share 1 - n/p of the signal",
        source=SOURCE,
        statement=r"""Without noise the minimum-norm interpolator of $n < p$ Gaussian
points has $E|w - \beta|^2 = (1 - n/p)|\beta|^2$, exactly.""",
        relation="lhs == rhs",
        domain={
            "points": Integers(1, 8, (1, 3, 8), symbol="n"),
            "more": Integers(1, 8, (1, 4), symbol="p - n"),
        },
        evidence=Statistical(
            _missed, lambda points, more: more / (points + more), tolerance=0.05
        ),
        twin=Twin(
            r"the share is $1 - n/(p + 1)$",
            Statistical(
                _missed,
                lambda points, more: (more + 1) / (points + more + 1),
                tolerance=0.05,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "all directions have one variance",
                r"along $\beta$ the deviation is $1 + h$ times that of the others",
                Statistical(
                    _missed,
                    lambda points, more, wider: more / (points + more),
                    tolerance=0.05,
                ),
                {
                    **_FEW_POINTS,
                    "wider": Reals(0.0, 3.0, (0.0, 0.5, 1.0, 3.0), symbol="h"),
                },
                "wider",
            ),
            Hypothesis(
                "points are normal",
                r"the variance of a point along $\beta$ is $1 + h$ or $1 - h$, each "
                "with probability one half: the law is not normal, of the same "
                "covariance",
                Statistical(
                    _missed,
                    lambda points, more, unequal: more / (points + more),
                    tolerance=0.05,
                ),
                {
                    **_FEW_POINTS,
                    "unequal": Reals(0.0, 0.99, (0.0, 0.9, 0.99), symbol="h"),
                },
                "unequal",
            ),
            Hypothesis(
                "labels are without noise",
                r"noise of deviation $\sigma$; $|w - \beta|^2$ is cut off at 4, which "
                "makes its mean no larger",
                Statistical(
                    _missed,
                    lambda points, more, noise: more / (points + more),
                    support=(0.0, _CUT),
                    tolerance=0.05,
                ),
                {
                    **_FEW_POINTS,
                    "noise": Reals(0.0, 1.0, (0.0, 0.3, 1.0), symbol="s"),
                },
                "noise",
            ),
        ),
    ),
    Claim(
        id="hastie2019.best-overparametrisation",
        theory="statistics",
        title="Overparametrised, the least risk is 2 r s - s^2 above the noise",
        source=SOURCE,
        statement=r"""For $\sigma < |\beta| = 1$ the least excess risk over
$\gamma > 1$ is $2\sigma - \sigma^2$, at $\gamma = 1/(1-\sigma)$.""",
        relation="lhs == rhs",
        domain={"noise": _NOISE},
        axis="noise",
        evidence=Exact(
            lambda noise: _searched_best(noise, 0.0)[1] - noise**2,
            lambda noise: 2.0 * noise - noise**2,
            rtol=1e-9,
        ),
        twin=Twin(
            r"it is $2\sigma - 1.01\,\sigma^2$",
            Exact(
                lambda noise: _searched_best(noise, 0.0)[1] - noise**2,
                lambda noise: 2.0 * noise - 1.01 * noise**2,
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the noise is below the signal, $\sigma < |\beta|$",
                "more noise than signal",
                Exact(
                    lambda noise: _searched_best(noise, 0.0)[1] - noise**2,
                    lambda noise: 2.0 * noise - noise**2,
                    rtol=1e-9,
                ),
                {"noise": Reals(0.7, 2.0, (0.7, 0.9, 1.1, 1.5), symbol="s")},
                "noise",
                unbroken=0.7,
            ),
            _one_variance(
                Exact(
                    _least_of_two,
                    lambda noise, unequal: 2.0 * noise - noise**2,
                    rtol=1e-9,
                ),
                {"noise": _NOISE},
            ),
            _noise_apart(
                Exact(
                    lambda noise, along: (
                        _searched_best(noise, 0.0, along)[1] - noise**2
                    ),
                    lambda noise, along: 2.0 * noise - noise**2,
                    rtol=1e-9,
                ),
                {"noise": _NOISE},
            ),
        ),
    ),
    Claim(
        id="hastie2019.attacks-ask-for-more-parameters",
        theory="statistics",
        title="Under attack the second descent goes on for longer",
        source=SOURCE,
        statement=r"""The $\gamma > 1$ of least robust risk is larger than that of least
standard risk: $1/\gamma_\varepsilon \le 1/\gamma_0 = 1 - \sigma$ for
$|\beta| = 1$.""",
        relation="lhs <= rhs",
        domain={
            "noise": _NOISE,
            "eps": Reals(0.01, 2.0, (0.01, 0.1, 1.0), "log", r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            lambda noise, eps: _searched_best(noise, eps)[0],
            lambda noise, eps: 1.0 / best_overparametrisation(1.0, noise),
            rtol=1e-6,
            unproved="the best gamma is found by a search",
        ),
        twin=Twin(
            r"$1/\gamma_\varepsilon \ge 0.999\,(1 - \sigma)$",
            Exact(
                lambda noise, eps: 0.999 / best_overparametrisation(1.0, noise),
                lambda noise, eps: _searched_best(noise, eps)[0],
                rtol=1e-6,
            ),
        ),
        note="Not in the paper: both terms of the robust risk fall up to there.",
        hypotheses=(
            _one_variance(
                Exact(
                    lambda noise, eps, unequal: _searched_best(
                        noise, eps, unequal=unequal
                    )[0],
                    lambda noise, eps, unequal: (
                        1.0 / best_overparametrisation(1.0, noise)
                    ),
                    rtol=1e-6,
                ),
                {"noise": _NOISE, "eps": Reals(0.01, 2.0, (0.01, 0.1), "log")},
                _INDEPENDENT,
            ),
            _noise_apart(
                Exact(
                    lambda noise, eps, along: _searched_best(noise, eps, along)[0],
                    lambda noise, eps, along: (
                        1.0 / best_overparametrisation(1.0, noise)
                    ),
                    rtol=1e-6,
                ),
                {"noise": _NOISE, "eps": Reals(0.01, 2.0, (0.01, 0.1), "log")},
            ),
        ),
    ),
    Claim(
        id="hastie2019.optimal-penalty",
        theory="statistics",
        title="The best penalty is s^2 gamma/r^2",
        source=SOURCE,
        statement=r"""For $|\beta| = 1$ no ridge penalty has less standard risk than
$\sigma^2\gamma$. Shown is the difference.""",
        relation="lhs <= rhs",
        domain={
            "gamma": _GAMMA,
            "noise": _NOISE,
            "ratio": Reals(0.01, 100.0, (0.1, 0.9, 1.0, 1.1, 10.0), "log"),
        },
        axis="ratio",
        evidence=Enclosure(
            lambda gamma, noise, ratio: 0,
            _above_best_ball,
            formulas=(lambda gamma, noise, ratio: 0.0, _above_best),
            rtol=1e-11,
            atol=1e-15,
        ),
        twin=Twin(
            r"than $1.2\,\sigma^2\gamma$",
            Enclosure(
                lambda gamma, noise, ratio: 0,
                functools.partial(_above_best_ball, least=1.2),
            ),
        ),
        hypotheses=(
            _one_variance(
                Exact(
                    lambda gamma, noise, ratio, unequal: 0.0,
                    _above_best_of_two,
                    atol=1e-12,
                ),
                {
                    "gamma": Reals(0.05, 20.0, (0.2, 1.5, 5.0), "log", r"\gamma"),
                    "noise": _NOISE,
                    "ratio": Reals(0.01, 100.0, (0.1, 0.9, 1.1, 10.0), "log"),
                },
            ),
            _noise_apart(
                Exact(
                    lambda gamma, noise, ratio, along: 0.0,
                    _above_best,
                    atol=1e-12,
                ),
                {
                    "gamma": Reals(0.05, 20.0, (0.2, 1.5, 5.0), "log", r"\gamma"),
                    "noise": _NOISE,
                    "ratio": Reals(0.01, 100.0, (0.1, 0.9, 1.1, 10.0), "log"),
                },
            ),
        ),
    ),
)
