r"""Sampling manifolds of low dimension: balls and nearest neighbours (Khoury 2018).

The classes lie on manifolds of dimension k in R^d, M is their union, r = rch_p the
distance of M to the decision axis Lambda_p (the points p-equidistant to two classes),
and M^e the tube of radius e < r. Samples X are a delta-cover of M: every point of M has
a sample of its own class within delta.

**Nearest neighbours against balls.** For x in M^e let p be its nearest point of M, and
q a sample within delta of p. Then |x - q| <= e + delta, while samples of another class
are at least 2 r - e away. So 1-NN is right on M^e if delta < 2 (r - e), whereas balls
of radius r about the samples, on which a learner was trained to be right, cover M^e if
delta <= r - e: a factor 2 in delta, 2^k in samples. On parallel flats, with samples
opposite to each other, Pythagoras makes both exact,

    nearest neighbours  delta < 2 sqrt(r (r - e)),    balls  delta <= sqrt(r^2 - e^2).

**Coverage of the tube.** A ball of radius delta has the volume omega_d delta^d, the
tube of radius delta over a flat of volume V has V omega_(d-k) delta^(d-k),
omega_m = pi^(m/2)/Gamma(m/2 + 1). So n balls cover at most the share

    pi^(k/2) Gamma((d - k)/2 + 1)/Gamma(d/2 + 1) n delta^k/V

of it. A grid of spacing 2 delta/sqrt(k) is a delta-cover with
n = (sqrt(k)/(2 delta))^k V points; its share is about (pi k/(2 d))^(k/2): whatever
delta, samples that cover the manifold leave its tube bare as d grows. Exactly, a point
of the tube is a normal distance t, with t^(d-k) uniform, and a uniform position in a
cell of the grid at distance u of its centre: covered if t^2 + u^2 <= delta^2. For k = 1
the balls do not overlap, and the bound is the value. A bound of 1 or more is *vacuous*.

**Norms.** Spheres of radii a < b have Lambda_2 of radius (a + b)/2. Take a point with
one coordinate a + s and all others h <= s. Its l_inf distance to the inner sphere is s,
and that to the outer one too if (a + 2 s)^2 + (d - 1) (h + s)^2 = b^2. For h = 0, on an
axis, this gives

    a + s = (a (d + 1) + sqrt(b^2 (d + 3) - a^2 (d - 1)))/(d + 3).

That is not where Lambda_inf is nearest to the inner sphere: a small h lowers s in first
order and adds to |x| in second order only. Among points with the same sum of the h_i^2
equal h_i are best, and rch_2(Lambda_inf) is the least of sqrt((a+s)^2 + (d-1) h^2) - a,
one minimisation over s. Both are about sqrt((b^2 - a^2)/d): no classifier is at the
reach for both norms.

Source: Khoury, Hadfield-Menell (2018), "On the geometry of adversarial examples",
arXiv:1811.00525. The three statements are those of the abstract; everything is derived
here, and numbers of theorems are left out.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np
from scipy import optimize

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, NDArray, Real
from geomadv._validate import integer, real, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
)

SOURCE = Source(
    "M. Khoury, D. Hadfield-Menell",
    "On the geometry of adversarial examples",
    2018,
    arxiv="1811.00525",
)


def nearest_neighbour_cover(reach: float, eps: float) -> float:
    """Return below which delta a delta-cover makes 1-NN right on the tube.

    Parameters
    ----------
    reach : float
        Distance of the classes to the decision axis, above 0.
    eps : float
        Radius of the tube, in [0, reach].

    Returns
    -------
    float
        2 (reach - eps).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> nearest_neighbour_cover(1.0, 0.25), ball_cover(1.0, 0.25)
    (1.5, 0.75)
    """
    r, e = _tube(reach, eps)
    return 2 * (r - e)


def ball_cover(reach: float, eps: float) -> float:
    """Return up to which delta balls of radius `reach` about a cover hold the tube.

    The arguments are as for `nearest_neighbour_cover`.

    Returns
    -------
    float
        reach - eps, half as much: 2^k times the samples.
    """
    r, e = _tube(reach, eps)
    return r - e


def flat_nearest_neighbour_cover(reach: float, eps: float) -> float:
    """Return the largest delta for 1-NN on parallel flats, which is exact.

    The arguments are as for `nearest_neighbour_cover`.

    Returns
    -------
    float
        2 sqrt(reach (reach - eps)), if samples of the classes may be opposite.

    Examples
    --------
    >>> flat_nearest_neighbour_cover(1.0, 0.75), flat_ball_cover(1.0, 0.6)
    (1.0, 0.8)
    """
    r, e = _tube(reach, eps)
    return 2 * math.sqrt(r * (r - e))


def flat_ball_cover(reach: float, eps: float) -> float:
    """Return the largest delta for balls of radius `reach` on flats, which is exact.

    The arguments are as for `nearest_neighbour_cover`.

    Returns
    -------
    float
        sqrt(reach^2 - eps^2).
    """
    r, e = _tube(reach, eps)
    return math.sqrt((r - e) * (r + e))


def covering_bounds(k: int, delta: float, volume: float = 1.0) -> tuple[float, float]:
    """Return bounds on the least size of a delta-cover of a flat torus.

    Parameters
    ----------
    k : int
        Dimension, at least 1.
    delta : float
        Radius of the cover, above 0.
    volume : float
        Volume of the flat, above 0.

    Returns
    -------
    lower, upper : float
        V/(omega_k delta^k) by volume, and (sqrt(k)/(2 delta))^k V by a grid (which
        fits if the sides are multiples of its spacing).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(bound, 9) for bound in covering_bounds(1, 0.05)]
    [10.0, 10.0]
    """
    size = integer("k", k, minimum=1)
    radius = real("delta", delta, lower=0, open_lower=True)
    V = real("volume", volume, lower=0, open_lower=True)
    ball = math.exp(_log_ball(size) + size * math.log(radius))
    return V / ball, V * (math.sqrt(size) / (2 * radius)) ** size


def coverage_bound(
    k: int, d: int, n: float, delta: float, volume: float = 1.0
) -> float:
    """Return the bound on the share of the tube that n balls of radius delta cover.

    Parameters
    ----------
    k : int
        Dimension of the flat, at least 1.
    d : int
        Ambient dimension, above k.
    n : float
        Number of balls, at least 0.
    delta : float
        Radius of the balls and of the tube, above 0.
    volume : float
        Volume of the flat, above 0.

    Returns
    -------
    float
        pi^(k/2) Gamma((d-k)/2 + 1)/Gamma(d/2 + 1) n delta^k/volume; from 1 on it is
        vacuous (`is_vacuous`).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(coverage_bound(1, 100, 50, 0.01), 8)
    0.12501848
    """
    size, ambient = _dimensions(k, d)
    radius = real("delta", delta, lower=0, open_lower=True)
    V = real("volume", volume, lower=0, open_lower=True)
    return real("n", n, lower=0) * math.exp(
        _log_one_ball(size, ambient) + size * math.log(radius) - math.log(V)
    )


def grid_coverage(k: int, d: int) -> float:
    """Return `coverage_bound` of the coarsest grid that is a delta-cover.

    Parameters
    ----------
    k : int
        Dimension of the flat, at least 1.
    d : int
        Ambient dimension, above k.

    Returns
    -------
    float
        The same for every delta, about (pi k/(2 d))^(k/2); exact for k = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Relative error below 1e-11 for d up to 10^4 and 1e-8 up to 10^6, against 50-digit
    arithmetic; a difference of logarithms of gamma functions.

    Examples
    --------
    >>> [round(grid_coverage(k, d), 8) for k, d in ((1, 2), (2, 10), (2, 3))]
    [0.78539816, 0.31415927, 1.04719755]
    >>> bool(is_vacuous(grid_coverage(2, 3)))
    True
    """
    size, ambient = _dimensions(k, d)
    return math.exp(_log_one_ball(size, ambient) + size * math.log(size) / 2) / 2**size


def is_vacuous(bound: ArrayLike) -> Bool[NDArray, "*s"]:
    """Tell whether a bound on a share says nothing, being at least 1.

    Parameters
    ----------
    bound : float or array_like
        Bounds, at least 0.

    Returns
    -------
    array of bool

    Raises
    ------
    ValueError, TypeError
        If bound is not as described.

    Examples
    --------
    >>> is_vacuous([0.5, 1.05])
    array([False,  True])
    """
    return np.asarray(real_array("bound", bound, lower=0, infinite=True) >= 1.0)


def balls_needed(k: int, d: int, delta: float, volume: float = 1.0) -> float:
    """Return how many balls of radius delta are needed to cover the tube, at least.

    Parameters
    ----------
    k, d, delta, volume
        As for `coverage_bound`.

    Returns
    -------
    float
        The n at which `coverage_bound` is 1: it grows like (d/(2 pi))^(k/2), while the
        size of a delta-cover of the flat does not depend on d.

    Examples
    --------
    >>> round(balls_needed(2, 502, 0.1), 6), round(covering_bounds(2, 0.1)[1], 6)
    (7989.578143, 50.0)
    """
    return 1 / coverage_bound(k, d, 1.0, delta, volume)


def tube_coverage(
    k: int, d: int, *, spacing: float, radius: float, eps: float
) -> float:
    """Return the share of a tube over a flat that balls about a grid cover, exactly.

    Parameters
    ----------
    k : int
        Dimension of the flat, 1 or 2, without boundary (a flat torus).
    d : int
        Ambient dimension, above k.
    spacing : float
        Spacing of the grid, above 0.
    radius : float
        Radius of the balls, above 0.
    eps : float
        Radius of the tube, above 0.

    Returns
    -------
    float
        P[t^2 + u^2 <= radius^2], see the head of this module.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    An integral over t by adaptive quadrature, split at its kinks; absolute error below
    1e-9.

    Examples
    --------
    >>> round(tube_coverage(1, 100, spacing=2.0, radius=1.0, eps=1.0), 8)
    0.12501848
    """
    size, ambient = _dimensions(k, d)
    if size > 2:
        raise ValueError(f"k must be 1 or 2, got {size}")
    s, R, e = (
        real(name, value, lower=0, open_lower=True)
        for name, value in (("spacing", spacing), ("radius", radius), ("eps", eps))
    )
    power = ambient - size
    top = min(e, R)

    def integrand(t: float) -> float:
        weight = math.exp((power - 1) * math.log(t / e)) if t > 0 else float(power == 1)
        flat = math.sqrt(max(R * R - t * t, 0.0))
        return weight * power / e * _cell_share(size, flat / s)

    kinks = [R * R - s * s / 4, R * R - s * s / 2]
    breaks = {math.sqrt(kink) for kink in kinks if 0 < kink < top * top}
    breaks |= {top * max(1 - x / power, 0.0) for x in (1.0, 5.0, 40.0)}
    return min(1.0, _integral(integrand, sorted({0.0, top, *breaks})))


def sample_covered(
    n: int, rng: np.random.Generator, k: int, d: int
) -> Bool[NDArray, " n"]:
    """Draw points of the tube and whether the balls of the coarsest grid cover them.

    Parameters
    ----------
    n : int
        Number of points, at least 0.
    rng : numpy.random.Generator
        Generator.
    k : int
        Dimension of the flat, at least 1.
    d : int
        Ambient dimension, above k.

    Returns
    -------
    (n,) array of bool

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    k + 1 numbers a point, whatever d: the distance to the flat and the position in a
    cell.

    Examples
    --------
    >>> float(sample_covered(100_000, np.random.default_rng(0), 1, 3).mean().round(2))
    0.67
    """
    size, ambient = _dimensions(k, d)
    count = integer("n", n, minimum=0)
    t = rng.random(count) ** (1 / (ambient - size))
    cell = (2 * rng.random((count, size)) - 1) / math.sqrt(size)
    return np.asarray(t * t + (cell * cell).sum(axis=1) <= 1.0)


def inf_axis_radius(
    direction: ArrayLike, inner: float = 1.0, outer: float = 3.0
) -> float:
    """Return where a ray meets the l_inf decision axis of two concentric spheres.

    Parameters
    ----------
    direction : (d,) array_like
        Direction of the ray from the centre, not zero.
    inner, outer : float
        Radii of the spheres, 0 < inner < outer.

    Returns
    -------
    float
        The distance from the centre at which the l_inf distances to both spheres are
        equal.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The point x has l_inf distance s to the inner sphere where |(|x_i| - s)_+|_2 is the
    inner radius, to the outer one where ||x_i| + s|_2 is the outer radius. Brent's
    method, to 1e-12.

    Examples
    --------
    >>> round(inf_axis_radius([1.0, 1.0]), 9), round(inf_axis_radius([1.0, 0.0]), 9)
    (2.0, 1.926649916)
    """
    vector = np.abs(real_array("direction", direction, ndim=1))
    length = float(np.linalg.norm(vector)) if vector.size else 0.0
    if length == 0:
        raise ValueError("direction must not be zero")
    u = vector / length
    a, b = _radii(inner, outer)

    def surplus(rho: float) -> float:
        x = rho * u
        if rho <= a:
            return rho - b
        s = optimize.brentq(
            lambda s: float(np.linalg.norm(np.maximum(x - s, 0.0))) - a,
            0.0,
            rho,
            xtol=1e-14,
        )
        return float(np.linalg.norm(x + s)) - b

    return float(optimize.brentq(surplus, a, b, xtol=1e-13))


def inf_axis_height(d: int, inner: float = 1.0, outer: float = 3.0) -> float:
    """Return how far above the inner sphere the l_inf decision axis is, along e_1.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    inner, outer : float
        Radii of the spheres, 0 < inner < outer.

    Returns
    -------
    float
        `inf_axis_radius` of e_1 minus the inner radius, in closed form.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(inf_axis_height(d), 5) for d in (2, 10, 100, 500, 1000)]
    [0.92665, 0.64556, 0.25995, 0.1222, 0.08734]
    """
    size = integer("d", d, minimum=2)
    a, b = _radii(inner, outer)
    root = math.sqrt(b * b * (size + 3) - a * a * (size - 1))
    return (root - 2 * a) / (size + 3)


def inf_axis_reach(d: int, inner: float = 1.0, outer: float = 3.0) -> float:
    """Return the l_2 distance of the inner of two spheres to their l_inf axis.

    The arguments are as for `inf_axis_height`.

    Returns
    -------
    float
        rch_2(Lambda_inf), about sqrt((outer^2 - inner^2)/d).

    Notes
    -----
    That no point with another pattern of coordinates is nearer is not proved here but
    searched for, in the tests.

    Examples
    --------
    >>> [round(inf_axis_reach(d), 5) for d in (2, 10, 100, 500, 1000)]
    [0.90274, 0.61628, 0.25488, 0.12116, 0.08682]
    """
    size = integer("d", d, minimum=2) - 1
    a, b = _radii(inner, outer)

    def height(s: float) -> float:
        h = math.sqrt(max(b * b - (a + 2 * s) ** 2, 0.0) / size) - s
        square = size * h * h
        return s + square / (math.hypot(a + s, math.sqrt(square)) + a + s)

    top = inf_axis_height(d, a, b)
    found = optimize.minimize_scalar(
        height, bounds=(0.0, top), method="bounded", options={"xatol": 1e-11 * top}
    )
    return float(found.fun)


def _tube(reach: float, eps: float) -> tuple[float, float]:
    r = real("reach", reach, lower=0, open_lower=True)
    return r, real("eps", eps, lower=0, upper=r)


def _dimensions(k: int, d: int) -> tuple[int, int]:
    size = integer("k", k, minimum=1)
    return size, integer("d", d, minimum=size + 1)


def _radii(inner: float, outer: float) -> tuple[float, float]:
    a = real("inner", inner, lower=0, open_lower=True)
    return a, real("outer", outer, lower=a, open_lower=True)


def _log_ball(m: int) -> float:
    """Return the logarithm of the volume of the unit ball of R^m."""
    return m / 2 * math.log(math.pi) - math.lgamma(m / 2 + 1)


def _log_one_ball(k: int, d: int) -> float:
    gap = math.lgamma((d - k) / 2 + 1) - math.lgamma(d / 2 + 1)
    return k / 2 * math.log(math.pi) + gap


def _cell_share(k: int, ratio: float) -> float:
    """Return the share of the unit cell [-1/2, 1/2]^k within `ratio` of its centre."""
    if k == 1:
        return min(1.0, 2 * ratio)
    if ratio <= 0.5:
        return math.pi * ratio**2
    if ratio >= math.sqrt(0.5):
        return 1.0
    half = math.acos(0.5 / ratio)
    return math.pi * ratio**2 - 4 * (ratio**2 * half - 0.5 * math.sqrt(ratio**2 - 0.25))


def _integral(function: Callable[[float], float], breaks: list[float]) -> float:
    from scipy.integrate import quad

    return sum(
        float(quad(function, low, high, epsabs=1e-12, epsrel=1e-11, limit=200)[0])
        for low, high in itertools.pairwise(breaks)
    )


# --- Claims --------------------------------------------------------------------------


def _nearest_margin(reach: float, share: float, delta: float) -> float:
    """Return by how much 1-NN is right on the tube over two lines, in the worst case.

    Samples are a distance 2 delta apart on each line, and opposite to each other.
    """
    eps = share * reach
    samples = 2 * delta * np.arange(-3, 4)
    x = np.linspace(0, 2 * delta, 101)
    own = np.hypot(np.abs(x[:, None] - samples).min(axis=1), eps)
    other = np.hypot(np.abs(x[:, None] - samples).min(axis=1)[:, None], 2 * reach - eps)
    shifted = 2 * delta * (np.arange(-3, 4) + 0.5)  # opposite to the gaps
    against = np.hypot(np.abs(x[:, None] - shifted).min(axis=1), 2 * reach - eps)
    return float(min((against - own).min(), (other.min(axis=1) - own).min()))


def _uncovered(reach: float, share: float, delta: float) -> float:
    """Return how far the tube over a line sticks out of balls of radius reach."""
    samples = 2 * delta * np.arange(-3, 4)
    x = np.linspace(0, 2 * delta, 101)
    gap = np.hypot(np.abs(x[:, None] - samples).min(axis=1), share * reach)
    return float(gap.max()) - reach


def _above(d: int, tilt: float, seed: int) -> float:
    """Return the height of the l_inf axis along a direction that is tilted off e_1."""
    u = tilt * (1 + 0.1 * spawn(0, "khoury2018", d, seed).standard_normal(d))
    u[0] = 1.0
    return inf_axis_radius(u) - 1.0


def _flat_share(k: int, d: int) -> float:
    return tube_coverage(k, d, spacing=2 / math.sqrt(k), radius=1.0, eps=1.0)


def _value(k: int, d: int) -> Real:
    return np.float64(grid_coverage(k, d))


_REACH = Reals(0.1, 10.0, (0.5, 1.0), symbol="r")
_SHARE = Reals(0.0, 0.95, (0.0, 0.3, 0.9), symbol=r"\varepsilon/r")
CLAIMS = (
    Claim(
        id="khoury2018.nearest-neighbours",
        theory="manifold",
        title="A cover of radius 2 (r - eps) makes nearest neighbours robust",
        source=SOURCE,
        statement=r"""If the samples are a $\delta$-cover with $\delta \le
2(r - \varepsilon)$, 1-NN is right on the tube of radius $\varepsilon$: its margin is
not negative.""",
        relation="lhs <= rhs",
        domain={"reach": _REACH, "share": _SHARE},
        axis="share",
        evidence=Exact(
            lambda reach, share: 0.0,
            lambda reach, share: _nearest_margin(
                reach, share, nearest_neighbour_cover(reach, share * reach)
            ),
            atol=1e-12,
        ),
        twin=Twin(
            r"$\delta \le 2.05(r - \varepsilon)$",
            Exact(
                lambda reach, share: 0.0,
                lambda reach, share: _nearest_margin(
                    reach, share, 1.025 * nearest_neighbour_cover(reach, share * reach)
                ),
                atol=1e-12,
            ),
        ),
        note=r"""On parallel lines, where the samples of one class are opposite to the
gaps of the other; there $\delta \le 2\sqrt{r(r - \varepsilon)}$ is enough, which at
$\varepsilon = 0$ is the same.""",
    ),
    Claim(
        id="khoury2018.nearest-neighbours-flat",
        theory="manifold",
        title="On flats the cover that nearest neighbours need is known exactly",
        source=SOURCE,
        statement=r"""On parallel flats 1-NN is right on the tube of radius
$\varepsilon$ for $\delta = 2\sqrt{r(r - \varepsilon)}$.""",
        relation="lhs <= rhs",
        domain={"reach": _REACH, "share": _SHARE},
        axis="share",
        evidence=Exact(
            lambda reach, share: 0.0,
            lambda reach, share: _nearest_margin(
                reach, share, flat_nearest_neighbour_cover(reach, share * reach)
            ),
            atol=1e-12,
        ),
        twin=Twin(
            r"for $\delta = 2.002\sqrt{r(r - \varepsilon)}$",
            Exact(
                lambda reach, share: 0.0,
                lambda reach, share: _nearest_margin(
                    reach,
                    share,
                    1.001 * flat_nearest_neighbour_cover(reach, share * reach),
                ),
                atol=1e-12,
            ),
        ),
    ),
    Claim(
        id="khoury2018.balls",
        theory="manifold",
        title="Balls about samples need a cover of half that radius",
        source=SOURCE,
        statement=r"""If the samples are a $\delta$-cover with $\delta \le
r - \varepsilon$, balls of radius $r$ about them cover the tube of radius
$\varepsilon$.""",
        relation="lhs <= rhs",
        domain={"reach": _REACH, "share": _SHARE},
        axis="share",
        evidence=Exact(
            lambda reach, share: _uncovered(
                reach, share, ball_cover(reach, share * reach)
            ),
            lambda reach, share: 0.0,
            atol=1e-12,
        ),
        twin=Twin(
            r"with $\delta \le 1.01(r - \varepsilon)$",
            Exact(
                lambda reach, share: _uncovered(
                    reach, share, 1.01 * ball_cover(reach, share * reach)
                ),
                lambda reach, share: 0.0,
                atol=1e-12,
            ),
        ),
        note=r"""On a line, where $\delta \le \sqrt{r^2 - \varepsilon^2}$ is enough.""",
    ),
    Claim(
        id="khoury2018.coverage",
        theory="manifold",
        title="A cover of the manifold leaves its tube bare",
        source=SOURCE,
        statement=r"""Balls of radius $\delta$ about the coarsest grid that is a
$\delta$-cover of a $k$-flat cover at most the share $\pi^{k/2}
\frac{\Gamma((d-k)/2+1)}{\Gamma(d/2+1)}(\sqrt k/2)^k$ of its tube of radius
$\delta$.""",
        relation="lhs <= rhs",
        domain={"k": Choices((1, 2, 3)), "d": Choices((5, 6, 10, 30))},
        where=lambda k, d: k > 1 and d <= 10 and not is_vacuous(grid_coverage(k, d)),
        axis="d",
        evidence=Statistical(sample_covered, _value, first=4096),
        twin=Twin(
            r"at most $0.9$ of this, for $k = 1$ as well",
            Statistical(
                sample_covered, lambda k, d: 0.9 * grid_coverage(k, d), first=4096
            ),
            where=lambda k, d: k == 1,
        ),
        note=r"""Where the bound is at least 1 it is vacuous, and left out.""",
    ),
    Claim(
        id="khoury2018.coverage-of-a-curve",
        theory="manifold",
        title="For curves the bound on the coverage is the value",
        source=SOURCE,
        statement=r"""For $k = 1$ the share of the tube that is covered is
$\sqrt\pi\,\Gamma((d+1)/2)/(2\,\Gamma(d/2+1))$.""",
        relation="lhs == rhs",
        domain={"d": Integers(2, 10**4, (2, 3, 100, 501, 10**4), symbol="d")},
        axis="d",
        evidence=Exact(
            lambda d: _flat_share(1, d), lambda d: grid_coverage(1, d), rtol=1e-8
        ),
        twin=Twin(
            r"$(\pi/(2d))^{1/2}$",
            Exact(
                lambda d: _flat_share(1, d),
                lambda d: math.sqrt(math.pi / (2 * d)),
                rtol=1e-8,
            ),
        ),
        note=r"""The left side is an integral over the tube.""",
    ),
    Claim(
        id="khoury2018.coverage-of-a-surface",
        theory="manifold",
        title="For surfaces the bound on the coverage is above the value",
        source=SOURCE,
        statement=r"""For $k = 2$ the share of the tube that balls about the coarsest
grid cover is at most $\pi\,\Gamma(d/2)/(2\,\Gamma(d/2+1)) = \pi/d$.""",
        relation="lhs <= rhs",
        domain={"d": Integers(4, 10**4, (4, 10, 102, 502, 10**4), symbol="d")},
        axis="d",
        evidence=Exact(
            lambda d: _flat_share(2, d), lambda d: grid_coverage(2, d), rtol=1e-8
        ),
        twin=Twin(
            r"at most $0.99\,\pi/d$",
            Exact(
                lambda d: _flat_share(2, d),
                lambda d: 0.99 * grid_coverage(2, d),
                rtol=1e-8,
            ),
        ),
    ),
    Claim(
        id="khoury2018.vacuous",
        theory="manifold",
        title="At codimension 1 the bound on the coverage says nothing",
        source=SOURCE,
        statement=r"""For $d = k + 1$ and $k \ge 2$ the bound on the share that is
covered is at least 1.""",
        relation="lhs <= rhs",
        domain={"k": Integers(2, 100, (2, 3, 10, 100), symbol="k")},
        axis="k",
        evidence=Exact(lambda k: 1.0, lambda k: grid_coverage(k, k + 1)),
        twin=Twin(
            r"for $k = 1$ as well",
            Exact(lambda k: 1.0, lambda k: grid_coverage(k, k + 1)),
            domain={"k": Choices((1, 2))},
        ),
    ),
    Claim(
        id="khoury2018.balls-needed",
        theory="manifold",
        title="The balls that cover the tube are d^(k/2) in number",
        source=SOURCE,
        statement=r"""The bound on the number of balls of radius $\delta$ that cover the
tube grows like $d^{k/2}$.""",
        relation="rate",
        domain={
            "half": Choices((0.5, 1.0, 2.5), symbol="k/2"),
            "d": Integers(100, 10**6, (10**4, 10**5, 10**6), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda half, d: balls_needed(round(2 * half), d, 0.1),
            lambda half, d: half,
        ),
        twin=Twin(
            r"like $d^{k/2 + 0.02}$",
            Exact(
                lambda half, d: balls_needed(round(2 * half), d, 0.1),
                lambda half, d: half + 0.02,
            ),
        ),
    ),
    Claim(
        id="khoury2018.norms",
        theory="manifold",
        title="How near the l_inf decision axis comes to the inner sphere",
        source=SOURCE,
        statement=r"""For spheres of radii 1 and 3 no direction has the
$\ell_\infty$ decision axis nearer to the inner sphere than
$\mathrm{rch}_2(\Lambda_\infty) = \min\sqrt{(1+s)^2 + (d-1)h^2} - 1$, subject to
$(1+2s)^2 + (d-1)(h+s)^2 = 9$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 300, (2, 10, 100), symbol="d"),
            "tilt": Reals(0.0, 1.0, (0.0, 0.02, 0.05, 0.15, 1.0)),
            "seed": Integers(1, 1000, (1, 2)),
        },
        axis="tilt",
        evidence=Exact(
            lambda d, tilt, seed: inf_axis_reach(d),
            _above,
            atol=1e-9,
        ),
        twin=Twin(
            r"no direction has it nearer than $e_1$: $(\sqrt{8d + 28} - 2)/(d + 3)$",
            Exact(
                lambda d, tilt, seed: inf_axis_height(d),
                _above,
                atol=1e-9,
            ),
        ),
        note=r"""$\Lambda_2$ is at distance 1; along $(1, \dots, 1)$ the two axes meet.
At $d = 2$ the axis is at 0.9266 along $e_1$, and at 0.9028 some 10 degrees off.""",
    ),
    Claim(
        id="khoury2018.norms-rate",
        theory="manifold",
        title="The l_inf decision axis is within O(1/sqrt d) of the inner sphere",
        source=SOURCE,
        statement=r"""$\mathrm{rch}_2(\Lambda_\infty)$ of spheres of radii 1 and 3
tends to $\sqrt{8/d}$: it falls like $d^{-1/2}$.""",
        relation="rate",
        domain={
            "outer": Choices((1.5, 3.0)),
            "d": Integers(100, 10**9, (10**5, 10**7, 10**9), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda outer, d: inf_axis_reach(d, 1.0, outer), lambda outer, d: -0.5
        ),
        twin=Twin(
            r"like $d^{-0.48}$",
            Exact(
                lambda outer, d: inf_axis_reach(d, 1.0, outer), lambda outer, d: -0.48
            ),
        ),
    ),
)
