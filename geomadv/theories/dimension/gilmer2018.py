r"""Gilmer, Metz, Faghri, Schoenholz, Raghu, Wattenberg, Goodfellow 2018: spheres.

Data are uniform on two concentric spheres of R^n, of radius 1 and R. Let E be the
misclassified points of the inner sphere, sigma(E) = mu, and d(E) the distance of a
uniform point to E. By Levy's isoperimetric inequality sigma(E_r) is least for caps. The
cap of angular radius theta_0 with measure mu has

    P(d(x, E) <= r) = sigma(cap(theta_0 + 2 asin(r/2)))        (Euclidean r),
    median of d = 2 sin((pi/2 - theta_0)/2),
    mean of d = int_{theta_0}^pi 2 sin((t - theta_0)/2) f(t) dt,

with f(t) = Gamma(n/2) / (sqrt(pi) Gamma((n-1)/2)) sin^{n-2} t. With a = -Phi^{-1}(mu),
sqrt(n) median -> a and sqrt(n) mean -> a Phi(a) + phi(a): the two constants that the
O(1/sqrt n) of the theorem hides. Because the Ricci curvature of S^{n-1} is n - 2, the
comparison theorem of Bakry and Ledoux (1996) bounds both at every n >= 3: enlarging by
r gives at least Phi(Phi^{-1}(mu) + sqrt(n-2) r).

A quadratic network separates the spheres by sum_i alpha_i x_i^2 > 1. With x = u/|u|, u
standard normal, it errs on the inner sphere with probability
P(sum (alpha_i - 1) u_i^2 > 0) and on the outer one with
P(sum (R^2 alpha_i - 1) u_i^2 < 0): tails of weighted chi-square sums.

Conventions: n of the paper is called d; distances are Euclidean unless they are called
geodesic; a point of E has distance 0; the outer sphere scales all distances by R.
"""

import itertools
from typing import Any, Literal

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, choice, real, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.spaces import Gaussian, Sphere
from geomadv.stats import log_weighted_chi2_tail, weighted_chi2_tail

SOURCE = Source(
    "J. Gilmer, L. Metz, F. Faghri, S. S. Schoenholz, M. Raghu, M. Wattenberg, "
    "I. Goodfellow",
    "The relationship between high-dimensional geometry and adversarial examples",
    2018,
    arxiv="1801.02774",
)
TALK = Source("E. Dobriban", "What causes adversarial examples? (talk)", 2020)

RADIUS = 1.3
"""Radius of the outer sphere in the paper's experiments."""


def share_within(d: int, error: ArrayLike, radius: ArrayLike) -> Real:
    r"""Return the share of the sphere within a Euclidean distance of an error cap.

    Parameters
    ----------
    d : int
        Dimension of the ambient space, from 2 to 10^9.
    error : array_like
        Measure mu of the cap, in [0, 1].
    radius : array_like
        Euclidean distance, at least 0, on the sphere of radius 1.

    Returns
    -------
    Real
        The measure of the enlarged cap: the least that any set of measure mu has.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    The figure of the talk, "50 % of the points are within .05 of 1 %", is a rounding:

    >>> round(float(share_within(2000, 0.01, 0.05)), 5)
    0.464
    """
    rates = real_array("error", error, lower=0, upper=1)
    radii = real_array("radius", radius, lower=0)
    rates, radii = broadcast(error=rates, radius=radii)
    return Sphere(d).enlargement(rates, radii)


def asymptotic_median(d: ArrayLike, error: ArrayLike) -> Real:
    r"""Return a/sqrt(d), what the median distance to a cap tends to.

    Parameters
    ----------
    d : array_like
        Dimension, above 0; with d - 2 in its place the value bounds the geodesic
        median at every dimension d >= 3.
    error : array_like
        Measure mu of the cap, in (0, 1].

    Returns
    -------
    Real
        a/sqrt(d) with a = -Phi^{-1}(mu), 0 for mu >= 1/2; on the unit sphere.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(asymptotic_median(500, 0.01)), 5)
    0.10404
    """
    dims, rates = _dimension_and_error(d, error)
    return (Gaussian(1).median_distance(rates) / np.sqrt(dims))[()]


def asymptotic_mean(d: ArrayLike, error: ArrayLike) -> Real:
    r"""Return (a Phi(a) + phi(a))/sqrt(d), what the mean distance to a cap tends to.

    Parameters and errors as for `asymptotic_median`.

    Returns
    -------
    Real
        (a Phi(a) + phi(a))/sqrt(d), on the unit sphere.

    Examples
    --------
    >>> round(float(asymptotic_mean(500, 0.01)), 5)
    0.10419
    """
    dims, rates = _dimension_and_error(d, error)
    return (Gaussian(1).mean_distance(rates) / np.sqrt(dims))[()]


def _dimension_and_error(d: ArrayLike, error: ArrayLike) -> tuple[NDArray, ...]:
    dims = real_array("d", d, lower=0, open_lower=True)
    rates = real_array("error", error, lower=0, upper=1, open_lower=True)
    return broadcast(d=dims, error=rates)


def quadratic_error(
    alpha: ArrayLike,
    *,
    multiplicities: ArrayLike | None = None,
    radius: float = RADIUS,
    sphere: Literal["inner", "outer"] = "inner",
    method: Literal["inversion", "saddlepoint", "clt"] = "inversion",
) -> Real:
    r"""Return the probability that the quadratic network errs on one sphere.

    Parameters
    ----------
    alpha : array_like
        Coefficients of the quadratic form, (k,).
    multiplicities : array_like, optional
        How often each coefficient occurs, (k,); once each if None.
    radius : float
        Radius R of the outer sphere, above 1.
    sphere : {"inner", "outer"}
        Where the error is counted.
    method : {"inversion", "saddlepoint", "clt"}
        As for `geomadv.stats.weighted_chi2_tail`: exact, or one of two approximations.

    Returns
    -------
    Real
        The probability, exactly 0 where no point is misclassified.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    The central limit estimate of the paper is off by a factor of two already at 1e-3:

    >>> network = dict(alpha=[1.5, 0.8], multiplicities=[100, 400])
    >>> print(f"{quadratic_error(**network):.4e}")
    8.5514e-04
    >>> print(f"{quadratic_error(**network, method='clt'):.4e}")
    4.6159e-04
    """
    weights = _weights(alpha, radius, sphere)
    return weighted_chi2_tail(
        weights, 0.0, multiplicities=multiplicities, method=method
    )


def log_quadratic_error(
    alpha: ArrayLike,
    *,
    multiplicities: ArrayLike | None = None,
    radius: float = RADIUS,
    sphere: Literal["inner", "outer"] = "inner",
    method: Literal["inversion", "saddlepoint", "clt"] = "inversion",
) -> Real:
    """Return the logarithm of `quadratic_error`, which does not underflow.

    Parameters and errors as for `quadratic_error`.

    Returns
    -------
    Real
        The logarithm of the probability, -inf where no point is misclassified.

    Examples
    --------
    >>> network = dict(alpha=[1.1, 0.55, 0.8], multiplicities=[200, 194, 106])
    >>> round(float(log_quadratic_error(**network)), 6)
    -85.285579
    """
    weights = _weights(alpha, radius, sphere)
    return log_weighted_chi2_tail(
        weights, 0.0, multiplicities=multiplicities, method=method
    )


def _weights(alpha: ArrayLike, radius: float, sphere: str) -> Float[NDArray, " k"]:
    coefficients = real_array("alpha", alpha, ndim=1)
    radius = real("radius", radius, lower=1, open_lower=True)
    if choice("sphere", sphere, ("inner", "outer")) == "inner":
        return coefficients - 1
    return 1 - radius**2 * coefficients


# --- Second routes: the same quantities without the spaces' own formulas ----------


def _mean_over_angle(d: int, bands: list[tuple[float, float]]) -> float:
    """Return the mean Euclidean distance to a union of bands of angles.

    Composite Gauss-Legendre quadrature against the law of the latitude, split at the
    ends of the bands and halfway between them, where the distance has kinks. Latitudes
    rather than angles, since the law lives within a few 1/sqrt(d) of the equator.
    """
    bands = sorted((low - np.pi / 2, high - np.pi / 2) for low, high in bands)
    kinks = [end for band in bands for end in band]
    kinks += [(a[1] + b[0]) / 2 for a, b in itertools.pairwise(bands)]
    reach = min(np.pi / 2, 12 / np.sqrt(d))
    ends = np.unique(np.clip([-reach, *kinks, reach], -reach, reach))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.unique([np.linspace(a, b, 13) for a, b in itertools.pairwise(ends)])
    left, width = edges[:-1, None], np.diff(edges)[:, None]
    latitude = left + width * (nodes + 1) / 2
    outside = [np.maximum(np.maximum(a - latitude, latitude - b), 0) for a, b in bands]
    near = np.abs(latitude) < 0.5
    log_cosine = np.log1p(-(np.sin(np.where(near, latitude, 0)) ** 2)) / 2
    log_cosine = np.where(near, log_cosine, np.log(np.cos(latitude)))
    log_density = (d - 2) * log_cosine
    density = special.poch((d - 1) / 2, 0.5) / np.sqrt(np.pi) * np.exp(log_density)
    distance = 2 * np.sin(np.min(outside, axis=0) / 2)
    return float(np.sum(width / 2 * weights * density * distance))


def _mean_distance_to(shape: str, d: int, error: float) -> float:
    """Return the mean distance to a set of measure `error` of the given shape."""
    sphere = Sphere(d)

    def cap(mass: float) -> float:
        return float(sphere.cap_angle(mass))

    match shape:
        case "cap":
            bands = [(0.0, cap(error))]
        case "two opposite caps":
            bands = [(0.0, cap(error / 2)), (np.pi - cap(error / 2), np.pi)]
        case "unequal opposite caps":
            bands = [(0.0, cap(0.9 * error)), (np.pi - cap(0.1 * error), np.pi)]
        case _:  # a band around the equator
            edge = cap((1 - error) / 2)
            bands = [(edge, np.pi - edge)]
    return _mean_over_angle(d, bands)


@balls.cached
def _hundredth_angle(d: int) -> Any:
    """Enclose the angular radius of the cap of measure 1/100."""
    from flint import arb

    return balls.cap_height(d, arb(1) / 100).acos()


def _share_ball(d: int, radius: Any) -> Any:
    """Enclose the share of the sphere within a distance of that cap."""
    return balls.cap_measure(d, (_hundredth_angle(d) + 2 * (radius / 2).asin()).cos())


def _within(
    n: int, rng: np.random.Generator, d: int, error: float, steps: float
) -> Any:
    """Draw points, and whether they lie within steps/sqrt(d) of a cap."""
    sphere = Sphere(d)
    if d <= 30:
        pole = sphere.sample(1, rng)[0]
        height = sphere.sample(n, rng) @ pole
    else:
        height = sphere.sample_height(n, rng)
    edge = float(sphere.cap_angle(error))
    gap = np.maximum(np.arccos(np.clip(height, -1, 1)) - edge, 0)
    return 2 * np.sin(gap / 2) <= steps / np.sqrt(d)


def _distance_to_caps(
    n: int, rng: np.random.Generator, d: int, caps: int, error: float
) -> Float[NDArray, " n"]:
    """Draw distances to disjoint equal caps about the first axes, mu together."""
    edge = float(Sphere(d).cap_angle(error / caps))
    if caps > 1 and edge > np.pi / 4:
        raise ValueError("the caps about orthogonal axes overlap")
    height = Sphere(d).sample(n, rng)[:, :caps].max(axis=1)
    gap = np.maximum(np.arccos(np.clip(height, -1, 1)) - edge, 0)
    return np.asarray(2 * np.sin(gap / 2))


_NETWORKS = {
    "100 at 1.5, 400 at .8": ([1.5, 0.8], [100, 400]),
    "250 at 1.1, 250 at .85": ([1.1, 0.85], [250, 250]),
    "200 at 1.1, 194 at .55, 106 at .8": ([1.1, 0.55, 0.8], [200, 194, 106]),
    "4 at 2, 6 at .6": ([2.0, 0.6], [4, 6]),
}


def _network_error(network: str, **options: Any) -> float:
    alpha, counts = _NETWORKS[network]
    return float(quadratic_error(alpha, multiplicities=counts, **options))


def _network_log_error(network: str, sphere: Any, method: Any) -> float:
    alpha, counts = _NETWORKS[network]
    return float(
        log_quadratic_error(alpha, multiplicities=counts, sphere=sphere, method=method)
    )


def _errs(network: str, sphere: str) -> bool:
    """Whether the network errs on the sphere at all."""
    return sphere == "inner" or min(_NETWORKS[network][0]) < RADIUS**-2


def _network_errs(n: int, rng: np.random.Generator, network: str) -> Any:
    """Draw points of the inner sphere, and whether the network calls them outer."""
    alpha, counts = _NETWORKS[network]
    squares = rng.chisquare(counts, size=(n, len(counts)))
    return squares @ alpha > squares.sum(axis=1)


def _both_errors(lowest: float, highest: float, d: int) -> float:
    """Return the sum of both errors, half the alphas lowest and half highest."""
    alpha, counts = [lowest, highest], [d // 2, d - d // 2]
    inner = quadratic_error(alpha, multiplicities=counts, sphere="inner")
    outer = quadratic_error(alpha, multiplicities=counts, sphere="outer")
    return float(inner + outer)


_SHAPES = (
    "cap",
    "two opposite caps",
    "unequal opposite caps",
    "band around the equator",
)
_ERROR = Reals(1e-12, 0.49, (1e-6, 0.001, 0.01, 0.1), "log", r"\mu")
_D = Integers(3, 10**9, (3, 10, 100, 500, 2000, 10**6), symbol="d")
_MODERATE = Reals(1e-6, 0.49, _ERROR.typical, "log", r"\mu")
_LARGE = Integers(10, 10**9, (10**2, 10**4, 10**6, 10**9), symbol="d")


def _tilted_cap_distance(power: float, error: float) -> float:
    r"""Return the mean distance to the emptiest cap of S^2 under a tilted law.

    The density is proportional to (1 + t)^power in the height t = cos(angle), so that
    ((1 + t)/2)^{power + 1} = cos(angle/2)^{2 (power + 1)} is the measure below t, of
    which the cap takes the lower end.
    """
    x, weights = np.polynomial.legendre.leggauss(60)
    edge = 2 * np.arccos(error ** (0.5 / (power + 1)))
    half = edge * (x + 1) / 4  # of the angle
    density = (power + 1) * np.cos(half) ** (2 * power + 1) * np.sin(half)
    chord = 2 * np.sin(edge / 2 - half)
    return float(edge / 2 * np.sum(weights * density * chord))


_SHRINK = Reals(0, 2, (0.0, 0.001, 0.01, 0.1, 1.0), symbol="s")


def _tilted_share_within(power: float, error: float, steps: float) -> float:
    """Return the tilted law's share within steps/sqrt(3) of its emptiest cap."""
    edge = 2 * np.arcsin(error ** (0.5 / (power + 1)))
    angle = min(edge + 2 * np.arcsin(steps / np.sqrt(3) / 2), np.pi)
    return float(np.sin(angle / 2) ** (2 * (power + 1)))


def _stretched_error(stretch: float, network: str) -> float:
    """Return the inner error where the first coordinates are stretched at first."""
    alpha, counts = _NETWORKS[network]
    weights = np.array(alpha) - 1
    weights[0] *= (1 + stretch) ** 2
    return float(weighted_chi2_tail(weights, 0.0, multiplicities=counts))


def _small_network(share: int, method: Any) -> float:
    """Return the log error of a network with 5 coordinates for each of the shares."""
    return float(
        log_quadratic_error(
            [1.5, 0.8], multiplicities=[share, 4 * share], method=method
        )
    )


_POWER = Reals(0, 5, (0.0, 0.001, 0.01, 0.1, 1.0), symbol="k")
_ON_S2 = Hypothesis(
    "the points are uniform on the sphere",
    r"on $S^2$ their density is proportional to $(1 + t)^k$ in the height",
    Exact(
        _tilted_share_within,
        lambda power, error, steps: share_within(3, error, steps / np.sqrt(3)),
        rtol=1e-10,
    ),
    {
        "power": _POWER,
        "error": Reals(0.001, 0.3, (0.01, 0.1), "log", r"\mu"),
        "steps": Reals(0.1, 3, (0.5, 1.0), symbol="s"),
    },
    "power",
)
_WHOLE_MEASURE = Hypothesis(
    r"the caps have the measure $\mu$ together",
    r"two opposite caps have $(1 - s)\,\mu$ together",
    Exact(
        lambda lost, error, d: _mean_distance_to(
            "two opposite caps", d, (1 - lost) * error
        ),
        lambda lost, error, d: Sphere(d).mean_distance(error),
        rtol=1e-10,
    ),
    {
        "lost": Reals(0, 0.99, (0.0, 0.1, 0.5, 0.9), symbol="s"),
        "error": Reals(0.0001, 0.01, (0.01,), "log", r"\mu"),
        "d": Integers(3, 1000, (10, 1000), symbol="d"),
    },
    "lost",
)
_HIGH_DIMENSION = Hypothesis(
    "the dimension is as high as the bound says",
    "low dimension: the bound is that of the 3072 dimensions of small images",
    Exact(
        lambda error, d: Sphere(d).mean_distance(error, metric="geodesic"),
        lambda error, d: asymptotic_mean(3070, error),
        rtol=1e-11,
    ),
    {
        "error": _MODERATE,
        "d": Integers(3, 3072, (3, 10, 100, 1000, 3000, 3060, 3072), symbol="d"),
    },
    "d",
    unbroken=3072,
)
_FALSE = Hypothesis(
    "the points are uniform on the sphere", why="the statement is false even so"
)
_UNIFORM_INPUT = Hypothesis(
    "the points are uniform on the sphere",
    r"the first coordinates are stretched by $1 + s$ before the point is normalised",
    Exact(
        _stretched_error, lambda stretch, network: _network_error(network), rtol=1e-9
    ),
    {
        "stretch": Reals(0, 1, (0.0, 0.001, 0.1, 1.0), symbol="s"),
        "network": Choices(("250 at 1.1, 250 at .85", "4 at 2, 6 at .6")),
    },
    "stretch",
)
_MANY_COORDINATES = Hypothesis(
    "the network has many coordinates",
    r"it has $n$ at 1.5 and $4n$ at .8",
    Exact(
        lambda share: abs(
            _small_network(share, "saddlepoint") - _small_network(share, "inversion")
        ),
        lambda share: 0.001,
    ),
    {"share": Integers(1, 100, (1, 2, 10, 100), symbol="n")},
    "share",
    unbroken=100,
)


CLAIMS = (
    Claim(
        id="gilmer2018.share-within",
        theory="dimension",
        title="The share of the sphere within r of a cap is a larger cap's measure",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For $x$ uniform on $S^{d-1}$ and a cap $E$ of measure $\mu$ and
angular radius $\theta_0$,
$P(d(x, E) \le r) = \sigma(\mathrm{cap}(\theta_0 + 2\arcsin(r/2)))$;
compared with random points at $r = s/\sqrt d$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(3, 10**9, (3, 10, 30, 2000, 10**9), symbol="d"),
            "error": Reals(0.001, 0.3, (0.01, 0.1), "log", r"\mu"),
            "steps": Reals(0.1, 4, (1.0, 2.0), symbol="s"),
        },
        axis="d",
        evidence=Statistical(
            _within,
            lambda d, error, steps: share_within(d, error, steps / np.sqrt(d)),
            tolerance=0.08,
        ),
        twin=Twin(
            r"the sphere of one dimension more is taken, $S^d$ instead of $S^{d-1}$",
            Statistical(
                _within,
                lambda d, error, steps: share_within(d + 1, error, steps / np.sqrt(d)),
                tolerance=0.08,
            ),
        ),
        hypotheses=(_ON_S2,),
    ),
    Claim(
        id="gilmer2018.caps-are-extremal",
        theory="dimension",
        title="Among sets of one measure, caps are on average the farthest away",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For $E \subset S^{d-1}$ of measure $\mu \le \tfrac12$, the mean
distance $\mathbb{E}\,d(x, E)$ of a uniform point is at most that of a cap; checked for
opposite caps of equal and of unequal measure, for bands around the equator, and for the
cap itself by an independent quadrature.""",
        relation="lhs <= rhs",
        domain={"shape": Choices(_SHAPES), "error": _ERROR, "d": _D},
        axis="d",
        evidence=Exact(
            lambda shape, error, d: _mean_distance_to(shape, d, error),
            lambda shape, error, d: Sphere(d).mean_distance(error),
            rtol=1e-10,
            unproved="for the cap the sides are equal: it attains it",
        ),
        twin=Twin(
            r"the mean distance is at most $0.999$ of the cap's",
            Exact(
                lambda shape, error, d: _mean_distance_to(shape, d, error),
                lambda shape, error, d: 0.999 * Sphere(d).mean_distance(error),
                rtol=1e-10,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the points are uniform on the sphere",
                r"on $S^2$ their density is proportional to $(1 + t)^k$ in the height",
                Exact(
                    _tilted_cap_distance,
                    lambda power, error: Sphere(3).mean_distance(error),
                    rtol=1e-9,
                ),
                {
                    "power": Reals(0, 5, (0.0, 0.001, 0.01, 0.1, 1.0), symbol="k"),
                    "error": Reals(1e-6, 0.49, (0.001, 0.1), "log", r"\mu"),
                },
                "power",
            ),
        ),
    ),
    Claim(
        id="gilmer2018.several-caps",
        theory="dimension",
        title="Several disjoint caps are on average nearer than one of their measure",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For $k$ disjoint equal caps of measure $\mu$ together, the mean
distance of random points is at most that of one cap of measure $\mu$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(3, 10, (3, 5, 10), symbol="d"),
            "caps": Integers(2, 4, (2, 3), symbol="k"),
            "error": Reals(0.0001, 0.01, (0.001, 0.01), "log", r"\mu"),
        },
        axis="d",
        evidence=Statistical(
            _distance_to_caps,
            lambda d, caps, error: Sphere(d).mean_distance(error),
            support=(0.0, 2.0),
        ),
        twin=Twin(
            r"the mean distance is at most $0.98$ of one cap's, one cap included",
            Statistical(
                _distance_to_caps,
                lambda d, caps, error: 0.98 * Sphere(d).mean_distance(error),
                support=(0.0, 2.0),
            ),
            domain={
                "d": Integers(3, 10, (5,)),
                "caps": Integers(1, 4, (1,)),
                "error": Reals(0.0001, 0.01, (0.01,), "log"),
            },
        ),
        hypotheses=(_WHOLE_MEASURE,),
    ),
    Claim(
        id="gilmer2018.median-comparison",
        theory="dimension",
        title="The median distance is at most a/sqrt(d - 2) in every dimension",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For $\mu \le \tfrac12$, $a = -\Phi^{-1}(\mu)$ and $d \ge 3$, the
median geodesic distance of a uniform point of $S^{d-1}$ to a set of measure $\mu$ is at
most $a/\sqrt{d-2}$ (Gaussian comparison, Bakry and Ledoux 1996): the theorem's
$O(\Phi^{-1}(p)/\sqrt d)$ with its constant.""",
        relation="lhs <= rhs",
        domain={"error": _ERROR, "d": _D},
        axis="d",
        evidence=Exact(
            lambda error, d: Sphere(d).median_distance(error, metric="geodesic"),
            lambda error, d: asymptotic_median(d - 2, error),
            rtol=1e-11,
            unproved="the sides differ by a part in d, and boxes would have to be as "
            "small",
        ),
        twin=Twin(
            r"$\sqrt d$ stands in place of $\sqrt{d-2}$",
            Exact(
                lambda error, d: Sphere(d).median_distance(error, metric="geodesic"),
                asymptotic_median,
                rtol=1e-11,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the dimension is as high as the bound says",
                "should not work in low dimension? The bound is that of the 3072 "
                "dimensions of small images",
                Exact(
                    lambda error, d: Sphere(d).median_distance(
                        error, metric="geodesic"
                    ),
                    lambda error, d: asymptotic_median(3070, error),
                    rtol=1e-11,
                ),
                {
                    "error": _MODERATE,
                    "d": Integers(
                        3, 3072, (3, 10, 100, 1000, 3000, 3060, 3072), symbol="d"
                    ),
                },
                "d",
                unbroken=3072,
            ),
        ),
    ),
    Claim(
        id="gilmer2018.mean-comparison",
        theory="dimension",
        title="The mean distance is at most (a Phi(a) + phi(a))/sqrt(d - 2)",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For $\mu < 1$, $a = -\Phi^{-1}(\mu)$ and $d \ge 3$, the mean
geodesic distance of a uniform point of $S^{d-1}$ to a set of measure $\mu$ is at most
$(a\,\Phi(a) + \varphi(a))/\sqrt{d-2}$.""",
        relation="lhs <= rhs",
        domain={"error": _ERROR, "d": _D},
        axis="d",
        evidence=Exact(
            lambda error, d: Sphere(d).mean_distance(error, metric="geodesic"),
            lambda error, d: asymptotic_mean(d - 2, error),
            rtol=1e-11,
            unproved="the sides differ by a part in d, and boxes would have to be as "
            "small",
        ),
        twin=Twin(
            r"the term $\varphi(a)$ is dropped, as for the median",
            Exact(
                lambda error, d: Sphere(d).mean_distance(error, metric="geodesic"),
                lambda error, d: asymptotic_median(d - 2, error),
                rtol=1e-11,
            ),
        ),
        hypotheses=(_HIGH_DIMENSION,),
    ),
    Claim(
        id="gilmer2018.median-limit",
        theory="dimension",
        title="sqrt(d) times the median distance to a cap tends to a",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For a cap of measure $\mu$,
$\sqrt d \cdot \mathrm{median}\, d(x, E) \to a = -\Phi^{-1}(\mu)$.""",
        relation="limit",
        domain={"error": _ERROR, "d": _LARGE},
        axis="d",
        evidence=Exact(
            lambda error, d: np.sqrt(d) * Sphere(d).median_distance(error),
            lambda error, d: Gaussian(1).median_distance(error),
            rtol=1e-10,
            tolerance=1e-6,
        ),
        twin=Twin(
            r"the limit is the mean's constant, $a\,\Phi(a) + \varphi(a)$",
            Exact(
                lambda error, d: np.sqrt(d) * Sphere(d).median_distance(error),
                lambda error, d: Gaussian(1).mean_distance(error),
                tolerance=1e-6,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the measure of the errors is fixed",
                r"it is $\mu\,d^{-s}$",
                Exact(
                    lambda error, shrink, d: (
                        np.sqrt(d) * Sphere(d).median_distance(error * d**-shrink)
                    ),
                    lambda error, shrink, d: Gaussian(1).median_distance(error),
                    rtol=1e-10,
                    tolerance=1e-6,
                ),
                {"error": _MODERATE, "shrink": _SHRINK, "d": _LARGE},
                "shrink",
            ),
        ),
    ),
    Claim(
        id="gilmer2018.mean-limit",
        theory="dimension",
        title="sqrt(d) times the mean distance to a cap tends to a Phi(a) + phi(a)",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""For a cap of measure $\mu$ and $a = -\Phi^{-1}(\mu)$,
$\sqrt d \cdot \mathbb{E}\, d(x, E) \to a\,\Phi(a) + \varphi(a)$: not the constant of
the median.""",
        relation="limit",
        domain={"error": _ERROR, "d": _LARGE},
        axis="d",
        evidence=Exact(
            lambda error, d: np.sqrt(d) * Sphere(d).mean_distance(error),
            lambda error, d: Gaussian(1).mean_distance(error),
            rtol=1e-10,
            tolerance=1e-6,
        ),
        twin=Twin(
            r"the limit is the median's constant, $a$",
            Exact(
                lambda error, d: np.sqrt(d) * Sphere(d).mean_distance(error),
                lambda error, d: Gaussian(1).median_distance(error),
                tolerance=1e-6,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the measure of the errors is fixed",
                r"it is $\mu\,d^{-s}$",
                Exact(
                    lambda error, shrink, d: (
                        np.sqrt(d) * Sphere(d).mean_distance(error * d**-shrink)
                    ),
                    lambda error, shrink, d: Gaussian(1).mean_distance(error),
                    rtol=1e-10,
                    tolerance=1e-6,
                ),
                {"error": _MODERATE, "shrink": _SHRINK, "d": _LARGE},
                "shrink",
            ),
        ),
    ),
    Claim(
        id="gilmer2018.square-root-law",
        theory="dimension",
        title="The mean distance to errors of fixed measure falls like d^(-1/2)",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""The mean distance to a cap of fixed measure is
$\Theta(d^{-1/2})$: the exponent fitted over $d$ from $10^2$ to $10^9$ is
$-\tfrac12$.""",
        relation="rate",
        domain={"error": _MODERATE, "d": _LARGE},
        axis="d",
        evidence=Exact(
            lambda error, d: Sphere(d).mean_distance(error),
            lambda error, d: -0.5,
            tolerance=0.002,
        ),
        twin=Twin(
            r"the exponent is $-0.51$",
            Exact(
                lambda error, d: Sphere(d).mean_distance(error),
                lambda error, d: -0.51,
                tolerance=0.002,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the measure of the errors is fixed",
                r"it is $\mu\,d^{-s}$",
                Exact(
                    lambda error, shrink, d: Sphere(d).mean_distance(
                        error * d**-shrink
                    ),
                    lambda error, shrink, d: -0.5,
                    tolerance=0.002,
                ),
                {"error": _MODERATE, "shrink": _SHRINK, "d": _LARGE},
                "shrink",
            ),
        ),
    ),
    Claim(
        id="gilmer2018.quantile-times-constant",
        theory="dimension",
        title="One constant C with mean distance <= C a/sqrt(d) up to error 1/2",
        source=SOURCE.at("Theorem 5.1"),
        statement=r"""As the theorem is quoted: for accuracy $p \in [\tfrac12, 1)$ the
mean distance is at most $C\,\Phi^{-1}(p)/\sqrt d$ with one constant $C$.""",
        relation="lhs <= rhs",
        domain={
            "constant": Reals(1, 1000, (2.0, 10.0, 100.0), "log", "C"),
            "d": Integers(3, 10**9, (500,), symbol="d"),
            "error": Reals(
                0.01, 0.5, (0.01, 0.1, 0.3, 0.45, 0.49, 0.499), symbol=r"\mu"
            ),
        },
        axis="error",
        expected=Expected.VIOLATED,
        evidence=Exact(
            lambda constant, d, error: Sphere(d).mean_distance(error),
            lambda constant, d, error: constant * asymptotic_median(d, error),
        ),
        twin=Twin(
            r"corrected: at most $(a\,\Phi(a) + \varphi(a))/\sqrt{d-2}$",
            Exact(
                lambda constant, d, error: Sphere(d).mean_distance(error),
                lambda constant, d, error: asymptotic_mean(d - 2, error),
            ),
        ),
        note=r"""At $p = \tfrac12$ the right side is 0, while a hemisphere has the mean
distance $\varphi(0)/\sqrt d$. The statement holds for $p$ bounded away from
$\tfrac12$, or for the median. The wording in the paper was not compared.""",
        hypotheses=(_FALSE,),
    ),
    Claim(
        id="gilmer2018.talk-figure",
        theory="dimension",
        title="d = 2000: 50 % of points are within distance .05 from 1 %",
        source=TALK.at("slide 'High dimensionality'", checked=True),
        statement=r"""On $S^{1999}$ at least half of the points lie within $0.05$ of an
error set of measure $0.01$, whatever the set.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2000, 3000, (2000,), "linear", "d"),
            "radius": Reals(0.05, 0.1, (0.05,), symbol="r"),
        },
        axis="radius",
        expected=Expected.VIOLATED,
        evidence=Enclosure(
            lambda d, radius: 0.5,
            _share_ball,
            formulas=(
                lambda d, radius: 0.5,
                lambda d, radius: share_within(d, 0.01, radius),
            ),
            rtol=1e-10,
        ),
        twin=Twin(
            r"corrected: half lie within $0.05203$ (the median is $0.052021$, which "
            r"rounds to $0.05$)",
            Enclosure(lambda d, radius: 0.5, _share_ball),
            domain={
                "d": Integers(2000, 3000, (2000,), "linear"),
                "radius": Reals(0.05203, 0.1, (0.05203,)),
            },
        ),
        note=r"""The exact share within $0.05$ is $46.4\,\%$. The slide rounds the
median to two decimals.""",
        hypotheses=(_FALSE,),
    ),
    Claim(
        id="gilmer2018.wiki-bound",
        theory="dimension",
        title="Mean distance <= sqrt(2 mu/(pi d)), which tends to 0 with mu",
        source=Source("Reading notes in circulation", "after arXiv:1801.02774", 2018),
        statement=r"""The mean distance to errors of measure $\mu$ is at most
$\tfrac{1}{\sqrt d}\sqrt{2\mu/\pi}$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(3, 10**6, (500,), symbol="d"),
            "error": Reals(1e-6, 0.5, (1e-6, 1e-4, 0.01, 0.1, 0.49), "log", r"\mu"),
        },
        axis="error",
        expected=Expected.VIOLATED,
        evidence=Exact(
            lambda d, error: Sphere(d).mean_distance(error),
            lambda d, error: np.sqrt(2 * error / (np.pi * d)),
        ),
        twin=Twin(
            r"corrected: at most $(a\,\Phi(a) + \varphi(a))/\sqrt{d-2}$",
            Exact(
                lambda d, error: Sphere(d).mean_distance(error),
                lambda d, error: asymptotic_mean(d - 2, error),
            ),
        ),
        note=r"""The distance to a cap grows as its measure falls. The formula is quoted
by notes on the paper, not by the paper.""",
        hypotheses=(_FALSE,),
    ),
    Claim(
        id="gilmer2018.perfect-quadratic-network",
        theory="dimension",
        title="A quadratic network with all alpha in [1/R^2, 1] makes no error",
        source=SOURCE.at("section on the quadratic network"),
        statement=r"""If $1/R^2 \le \alpha_i \le 1$ for all $i$, the network
$\sum_i \alpha_i x_i^2 > 1$ errs on neither sphere: both probabilities are 0.""",
        relation="lhs == rhs",
        domain={
            "lowest": Reals(1 / RADIUS**2, 1, (0.592, 0.7, 0.9), symbol=r"\alpha_{-}"),
            "highest": Reals(1 / RADIUS**2, 1, (0.95, 1.0), symbol=r"\alpha_{+}"),
            "d": Integers(2, 500, (2, 10), symbol="d"),
        },
        axis="lowest",
        evidence=Exact(_both_errors, lambda lowest, highest, d: 0.0),
        twin=Twin(
            r"the range is wider by one per cent on either side",
            Exact(_both_errors, lambda lowest, highest, d: 0.0),
            domain={
                "lowest": Reals(0.5, 1, (0.99 / RADIUS**2, 0.7)),
                "highest": Reals(0.5, 1.1, (0.95, 1.01)),
                "d": Integers(2, 500, (2, 10)),
            },
        ),
        hypotheses=(
            Hypothesis(
                r"every coefficient is at least $1/R^2$",
                r"half of them are $(1 - e)/R^2$",
                Exact(
                    lambda excess, d: _both_errors((1 - excess) / RADIUS**2, 1.0, d),
                    lambda excess, d: 0.0,
                ),
                {
                    "excess": Reals(0, 0.5, (0.0, 0.001, 0.01, 0.1), symbol="e"),
                    "d": Integers(2, 500, (2, 10), symbol="d"),
                },
                "excess",
            ),
        ),
    ),
    Claim(
        id="gilmer2018.quadratic-tail",
        theory="dimension",
        title="The quadratic network's error is a weighted chi-square tail",
        source=SOURCE.at("section on the quadratic network"),
        statement=r"""On the inner sphere the network errs with probability
$P\big(\sum_i (\alpha_i - 1) u_i^2 > 0\big)$, $u \sim N(0, I)$; compared with random
points.""",
        relation="lhs == rhs",
        domain={"network": Choices(("250 at 1.1, 250 at .85", "4 at 2, 6 at .6"))},
        evidence=Statistical(
            _network_errs, lambda network: _network_error(network), tolerance=0.15
        ),
        twin=Twin(
            r"the central limit estimate $1 - \Phi(-m/s)$ stands in place of the tail",
            Statistical(
                _network_errs,
                lambda network: _network_error(network, method="clt"),
                tolerance=0.15,
            ),
        ),
        note="The central limit estimate errs in either direction, with the skewness.",
        hypotheses=(_UNIFORM_INPUT,),
    ),
    Claim(
        id="gilmer2018.saddlepoint",
        theory="dimension",
        title="The saddlepoint estimate of the network's error is right to 0.1 %",
        source=Source(
            "R. Lugannani, S. Rice",
            "Saddle point approximation for the distribution of the sum of independent "
            "random variables",
            1980,
        ),
        statement=r"""For the networks of the paper's size, on either sphere, the
Lugannani-Rice estimate $\hat P$ of the error satisfies
$|\log\hat P - \log P| \le 0.001$, down to $P$ of $10^{-50}$.""",
        relation="lhs <= rhs",
        domain={
            "network": Choices(tuple(_NETWORKS)),
            "sphere": Choices(("inner", "outer")),
        },
        where=_errs,
        evidence=Exact(
            lambda network, sphere: abs(
                _network_log_error(network, sphere, "saddlepoint")
                - _network_log_error(network, sphere, "inversion")
            ),
            lambda network, sphere: 0.001,
            unproved="a list of networks, and both estimates of their errors are found "
            "by programs in floating point",
        ),
        twin=Twin(
            r"the central limit estimate has the same accuracy",
            Exact(
                lambda network, sphere: abs(
                    _network_log_error(network, sphere, "clt")
                    - _network_log_error(network, sphere, "inversion")
                ),
                lambda network, sphere: 0.001,
            ),
        ),
        note=r"""Where all coefficients are at least $1/R^2$ the outer error is exactly
0, and no relative accuracy can be asked; the central limit estimate is positive even
there.""",
        hypotheses=(_MANY_COORDINATES,),
    ),
)
