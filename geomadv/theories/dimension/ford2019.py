r"""Ford, Gilmer, Carlini, Cubuk 2019: test error in noise implies near errors.

Let x be drawn from N(x0, sigma^2 I) and let E be a set of errors with probability mu
under that law, mu <= 1/2. By Gaussian isoperimetry (Borell 1975; Sudakov and Tsirelson
1974) the enlargement of E by r has at least the measure of an enlarged half-space,

    P(d(x, E) <= r) >= Phi(Phi^{-1}(mu) + r/sigma),

so the median of the distance d(x, E) is at most sigma a with a = -Phi^{-1}(mu), and its
mean at most E[(sigma (a - Z))_+] = sigma (a Phi(a) + phi(a)), with equality exactly for
half-spaces. The error of x0 itself under a half-space lies at the distance sigma a.

Conventions: distances are Euclidean and in the units of sigma; mu is a probability.
"""

from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Real
from geomadv._validate import broadcast, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
)
from geomadv.spaces import Gaussian

SOURCE = Source(
    "N. Ford, J. Gilmer, N. Carlini, E. D. Cubuk",
    "Adversarial examples are a natural consequence of test error in noise",
    2019,
    arxiv="1901.10513",
)


def median_distance(error: ArrayLike, sigma: ArrayLike = 1.0) -> Real:
    r"""Return the largest median distance from noise to a set of errors.

    Parameters
    ----------
    error : array_like
        Probability mu of the set under the noise, in (0, 1].
    sigma : array_like
        Standard deviation of the noise in each coordinate, above 0.

    Returns
    -------
    Real
        sigma a with a = -Phi^{-1}(mu), and 0 for mu >= 1/2; in the units of sigma.

    Raises
    ------
    ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    One per cent of errors lies at most 2.33 standard deviations away, in any dimension:

    >>> round(float(median_distance(0.01)), 4)
    2.3263
    """
    return _scaled(Gaussian(1).median_distance, error, sigma)


def mean_distance(error: ArrayLike, sigma: ArrayLike = 1.0) -> Real:
    r"""Return the largest mean distance from noise to a set of errors.

    Parameters and errors as for `median_distance`.

    Returns
    -------
    Real
        sigma (a Phi(a) + phi(a)) with a = -Phi^{-1}(mu); in the units of sigma.

    Examples
    --------
    >>> round(float(mean_distance(0.5)), 4)  # 1/sqrt(2 pi)
    0.3989
    """
    return _scaled(Gaussian(1).mean_distance, error, sigma)


def noise_ratio(d: ArrayLike, error: ArrayLike) -> Real:
    r"""Return how much farther the noise goes than half of it needs to reach an error.

    The noise has typical length sigma sqrt(d), the median distance is at most sigma a.

    Parameters
    ----------
    d : array_like
        Dimension, at least 1.
    error : array_like
        Probability of the errors under the noise, in (0, 1/2).

    Returns
    -------
    Real
        sqrt(d)/a.

    Raises
    ------
    ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(noise_ratio(3072, 0.01)), 3)
    23.825
    """
    dims = real_array("d", d, lower=1)
    rates = real_array(
        "error", error, lower=0, upper=0.5, open_lower=True, open_upper=True
    )
    dims, rates = broadcast(d=dims, error=rates)
    return np.sqrt(dims)[()] / median_distance(rates)


def _scaled(distance: Any, error: ArrayLike, sigma: ArrayLike) -> Real:
    rates = real_array("error", error, lower=0, upper=1, open_lower=True)
    scales = real_array("sigma", sigma, lower=0, open_lower=True)
    rates, scales = broadcast(error=rates, sigma=scales)
    return (scales * distance(rates))[()]


def _median_of(shape: str, d: int, error: float) -> float:
    """Return the median distance of N(0, I_d) to a set of probability `error`.

    The distances are monotone in one coordinate or in the norm, so the median of the
    distance is the distance of the median: a difference of quantiles.
    """
    match shape:
        case "half-space":
            return -float(special.ndtri(error))
        case "outside of a slab":
            return float(-special.ndtri(error / 2) - special.ndtri(0.75))
        case "slab":
            return float(special.ndtri(0.75) - special.ndtri((1 + error) / 2))
        case "ball":
            low, half = special.gammaincinv(d / 2, [error, 0.5])
            return float(np.sqrt(2 * half) - np.sqrt(2 * low))
        case _:  # the outside of a ball
            high, half = special.gammainccinv(d / 2, [error, 0.5])
            return float(np.sqrt(2 * high) - np.sqrt(2 * half))


def _near_half_space(
    n: int, rng: np.random.Generator, d: int, error: float
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Draw noise in R^d, and whether it is nearer to a half-space than the bound."""
    normal = rng.standard_normal(d)
    threshold = -special.ndtri(error) * np.linalg.norm(normal)
    gap = threshold - rng.standard_normal((n, d)) @ normal
    distance = np.maximum(gap, 0) / np.linalg.norm(normal)
    return np.asarray(distance <= median_distance(error))


def _mean_by_quadrature(error: float) -> float:
    """Integrate P(d(x, E) > r) = Phi(a - r) over r, for a half-space E."""
    from scipy.integrate import quad

    a = -special.ndtri(error)
    value, _ = quad(lambda r: special.ndtr(a - r), 0, a + 40, epsabs=0, points=[a])
    return float(value)


_SHAPES = ("half-space", "outside of a slab", "slab", "ball", "outside of a ball")
_ERROR = Reals(1e-12, 0.5, (1e-12, 1e-6, 0.001, 0.01, 0.1), "log", r"\mu")
_DIMENSION = Integers(1, 10**6, (1, 2, 10, 100, 3072, 150528), symbol="d")


def _parts(share: float, error: float) -> tuple[float, float]:
    """Return how far from 0 two opposite half-spaces of one measure together begin."""
    lower = min(-float(special.ndtri(share * error)), 40.0)
    return -float(special.ndtri((1 - share) * error)), lower


def _near_parts(share: float, error: float) -> float:
    """Return the probability that one of two half-spaces is within the median."""
    reach = float(median_distance(error))
    return float(sum(special.ndtr(reach - a) for a in _parts(share, error)))


def _mean_to_parts(share: float, error: float) -> float:
    """Return the mean distance to the nearer of two half-spaces."""
    upper, lower = _parts(share, error)
    middle = (upper - lower) / 2
    density = np.exp(-(np.array([upper, lower, middle]) ** 2) / 2) / np.sqrt(2 * np.pi)
    at = special.ndtr([upper, -lower, middle])
    return float(
        upper * (at[0] - at[2])
        + lower * (at[2] - at[1])
        + density[0]
        + density[1]
        - 2 * density[2]
    )


_SPLIT: dict[str, Any] = {
    "share": Reals(0, 0.5, (0.0, 0.001, 0.1, 0.5), symbol="s"),
    "error": Reals(1e-6, 0.4, (0.001, 0.01, 0.1), "log", r"\mu"),
}
_HALF_SPACE = Hypothesis(
    "the errors are a half-space",
    "a share $s$ of them is on the opposite side",
    Exact(_near_parts, lambda share, error: 0.5, rtol=1e-10),
    _SPLIT,
    "share",
)
_HALF_SPACE_MEAN = Hypothesis(
    "the errors are a half-space",
    "a share $s$ of them is on the opposite side",
    Exact(_mean_to_parts, lambda share, error: mean_distance(error), rtol=1e-10),
    _SPLIT,
    "share",
)
_ALL_NOISY = Hypothesis(
    r"every coordinate has noise of the variance $\sigma^2$",
    "a share $s$ of them has none",
    Exact(
        lambda still, error, d: (
            _mean_norm(round((1 - still) * d))
            / median_distance(error)
            / noise_ratio(d, error)
        ),
        lambda still, error, d: 1.0,
        tolerance=1e-5,
    ),
    {
        "still": Reals(0, 0.9, (0.0, 0.001, 0.1, 0.5), symbol="s"),
        "error": Reals(1e-6, 0.4, (0.01,), "log", r"\mu"),
        "d": Integers(1, 10**9, (10, 784, 3072, 150528), symbol="d"),
    },
    "still",
)


CLAIMS = (
    Claim(
        id="ford2019.half-space-median",
        theory="dimension",
        title="Half of the noise lies within sigma a of a half-space of errors",
        source=SOURCE,
        statement=r"""For $x \sim N(x_0, \sigma^2 I_d)$ and a half-space $E$ with
$P(x \in E) = \mu \le \tfrac12$, in every dimension
$P\big(d(x, E) \le -\sigma\,\Phi^{-1}(\mu)\big) = \tfrac12$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 10**4, (1, 10, 100), symbol="d"),
            "error": Reals(1e-6, 0.4, (0.001, 0.01, 0.1), "log", r"\mu"),
        },
        axis="error",
        evidence=Statistical(_near_half_space, lambda d, error: 0.5, tolerance=0.05),
        twin=Twin(
            r"the probability is $0.53$ instead of $\tfrac12$",
            Statistical(_near_half_space, lambda d, error: 0.53, tolerance=0.05),
        ),
        hypotheses=(_HALF_SPACE,),
    ),
    Claim(
        id="ford2019.half-spaces-are-extremal",
        theory="dimension",
        title="No set of errors lies farther from the noise than a half-space",
        source=SOURCE,
        statement=r"""For $x \sim N(x_0, \sigma^2 I_d)$ and every measurable $E$ with
$P(x \in E) = \mu \le \tfrac12$, the median of $d(x, E)$ is at most
$-\sigma\,\Phi^{-1}(\mu)$; checked for half-spaces, slabs, balls and their outsides.""",
        relation="lhs <= rhs",
        domain={"shape": Choices(_SHAPES), "d": _DIMENSION, "error": _ERROR},
        axis="d",
        evidence=Exact(
            lambda shape, d, error: _median_of(shape, d, error),
            lambda shape, d, error: median_distance(error),
            rtol=1e-9,
            unproved="for half-spaces the sides are equal: they attain it",
        ),
        twin=Twin(
            r"the bound is lowered by one thousandth",
            Exact(
                lambda shape, d, error: _median_of(shape, d, error),
                lambda shape, d, error: 0.999 * median_distance(error),
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the errors have at most half of the mass",
                r"they have more: then half of the points are errors themselves, and "
                r"$-\Phi^{-1}(\mu)$ is negative",
                Exact(
                    lambda error: max(0.0, -float(special.ndtri(error))),
                    lambda error: -float(special.ndtri(error)),
                ),
                {"error": Reals(0.1, 0.9, (0.5, 0.501, 0.51, 0.6), symbol=r"\mu")},
                "error",
                unbroken=0.5,
            ),
        ),
    ),
    Claim(
        id="ford2019.half-space-mean",
        theory="dimension",
        title="The mean distance to a half-space is sigma (a Phi(a) + phi(a))",
        source=SOURCE,
        statement=r"""For a half-space $E$ with $P(x \in E) = \mu$ and
$a = -\Phi^{-1}(\mu)$, the mean distance is
$\mathbb{E}\,d(x, E) = \int_0^\infty \Phi(a - r)\,dr = a\,\Phi(a) + \varphi(a)$
(in units of $\sigma$).""",
        relation="lhs == rhs",
        domain={"error": _ERROR},
        axis="error",
        evidence=Exact(_mean_by_quadrature, mean_distance, rtol=1e-10),
        twin=Twin(
            r"the term $\varphi(a)$ is dropped and $\Phi(a)$ set to 1, which gives the "
            r"median",
            Exact(_mean_by_quadrature, median_distance, rtol=1e-10),
        ),
        hypotheses=(_HALF_SPACE_MEAN,),
    ),
    Claim(
        id="ford2019.noise-goes-farther",
        theory="dimension",
        title="Noise is sqrt(d)/a times longer than its distance to the errors",
        source=SOURCE,
        statement=r"""The mean length of the noise over the median distance to a
half-space of errors, $\mathbb{E}\|x - x_0\| / (\sigma a)$, tends to
$\sqrt d / a$ as the dimension grows.""",
        relation="limit",
        domain={
            "d": Integers(1, 10**9, (10, 784, 3072, 150528), symbol="d"),
            "error": Reals(1e-6, 0.4, (0.001, 0.01, 0.1), "log", r"\mu"),
        },
        axis="d",
        evidence=Exact(
            lambda d, error: (
                _mean_norm(d) / median_distance(error) / noise_ratio(d, error)
            ),
            lambda d, error: 1.0,
            tolerance=1e-5,
        ),
        twin=Twin(
            r"the limit is $1.0001$ instead of $1$",
            Exact(
                lambda d, error: (
                    _mean_norm(d) / median_distance(error) / noise_ratio(d, error)
                ),
                lambda d, error: 1.0001,
                tolerance=1e-5,
            ),
        ),
        hypotheses=(_ALL_NOISY,),
    ),
)


def _mean_norm(d: int) -> float:
    """Return E|z| for z ~ N(0, I_d), sqrt(2) Gamma((d+1)/2)/Gamma(d/2)."""
    return float(np.sqrt(2) * special.poch(d / 2, 0.5))
