r"""Shafahi, Huang, Studer, Feizi, Goldstein 2018: inevitable adversarial examples.

Let class c have the density rho_c with respect to the uniform law of the sphere or the
cube, at most V_c everywhere, and let the classifier label at most half of the space c.
A point of the class is safe if all points within eps of it are labelled c: then it lies
outside of A_eps, where A is what is not labelled c and has at least half of the
measure. Hence P(safe) <= V_c (1 - measure(A_eps)), and isoperimetry bounds the rest.

Sphere S^{d-1}, geodesic distance. Half-spheres are extremal (Levy 1951), and

    1 - sigma(A_eps) <= alpha(eps) = sigma(cap(pi/2 - eps))
                     <= cos^{d-1}(eps)/2 <= sqrt(pi/8) e^{-(d-1) eps^2/2}.

The second step: alpha(eps) = C int_eps^{pi/2} cos^{d-2}, so the derivative of
cos^{d-1}(eps)/2 - alpha(eps) is cos^{d-2}(eps) (C - (d-1) sin(eps)/2), positive and
then negative, and the difference vanishes at both ends of [0, pi/2]. So the theorem
holds with 1/2 in place of sqrt(pi/8) = .627 too.

For all d the ratio alpha(eps) e^{(d-1) eps^2/2} falls: its derivative has the sign of
(d-1) eps int_eps^{pi/2} cos^{d-2} - cos^{d-2}(eps), and since sin theta is at least
sin eps there, the integral is at most cos^{d-1}(eps)/((d-1) sin eps). So it is enough
that eps cos eps <= sin eps, or 0 <= (sin eps - eps cos eps)/eps^3 =
0F1(5/2; -eps^2/4)/3, and that at eps = 0 the ratio, 1/2, is at most sqrt(pi/8).

Cube [0,1]^d, l_p distance, p* = min(p, 2). The map Phi in each coordinate takes N(0, I)
to the uniform law and shrinks distances by sqrt(2 pi) at least, so that Gaussian
isoperimetry gives

    vol(A_eps) >= Phi(Phi^{-1}(vol A) + t),   t = sqrt(2 pi) eps d^{1/2 - 1/p*},

hence P(safe) <= U_c (1 - Phi(t)). Mills's inequality 1 - Phi(t) <= phi(t)/t turns this
into the tail form U_c e^{-t^2/2}/(sqrt(2 pi) t), for p >= 2 the bound
U_c e^{-pi eps^2}/(2 pi eps). A form without the eps in the denominator circulates; it
is false for small eps (see `cube_tail_bound_as_circulated`).

For all eps, with x = sqrt(2 pi) eps and m = (1 - Phi)/phi: Laplace's continued fraction
x m(x) = 1/(1 + w F(w)), w = 1/x^2, has an F > 0 that is enclosed on balls of w that
contain 0, where x is infinite. Mills's inequality is (1 - x m)/w = F/(1 + w F) >= 0.

Conventions: d is the dimension of the ambient space; a class's density ratio V_c or U_c
is at least 1; bounds at or below 0 are vacuous and are returned as they are.
"""

import functools
import math
from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, norm_order, real_array
from geomadv.claims import (
    Beyond,
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
from geomadv.spaces import Cube, Sphere

SOURCE = Source(
    "A. Shafahi, W. R. Huang, C. Studer, S. Feizi, T. Goldstein",
    "Are adversarial examples inevitable?",
    2018,
    arxiv="1809.02104",
)

_SQRT_2PI = math.sqrt(2 * math.pi)
_LOG_FACTOR = math.log(math.pi / 8) / 2


def sphere_bound(d: ArrayLike, eps: ArrayLike, density_ratio: ArrayLike = 1.0) -> Real:
    r"""Return a lower bound of the probability of an error within eps on the sphere.

    Parameters
    ----------
    d : array_like
        Dimension of the ambient space, at least 2.
    eps : array_like
        Geodesic distance, at least 0.
    density_ratio : array_like
        Greatest density V of the class relative to the uniform law, at least 1.

    Returns
    -------
    Real
        1 - V sqrt(pi/8) e^{-(d-1) eps^2/2}, for a class whose label at most half of the
        sphere gets; at or below 0 it is vacuous.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(sphere_bound(784, 0.1)), 7)
    0.9875041

    A class that fills a 10^-100 of the sphere escapes the bound at that distance:

    >>> bool(sphere_bound(784, 0.1, density_ratio=1e100) < 0)
    True
    """
    dims, distance, ratio = _arguments(d, eps, density_ratio, least=2)
    return -np.expm1(_log_sphere_safe(dims, distance, ratio))[()]


def sphere_vacuous_radius(d: ArrayLike, density_ratio: ArrayLike = 1.0) -> Real:
    r"""Return the distance up to which `sphere_bound` is vacuous.

    Parameters
    ----------
    d : array_like
        Dimension of the ambient space, at least 2.
    density_ratio : array_like
        Greatest density V of the class relative to the uniform law, at least 1.

    Returns
    -------
    Real
        sqrt(2 ln(V sqrt(pi/8))/(d - 1)), and 0 where V sqrt(pi/8) <= 1. A class in a
        cap of constant angle has ln V proportional to d, and a radius that does not
        shrink.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(sphere_vacuous_radius(784, 1e100)), 4)
    0.7661
    """
    dims = real_array("d", d, lower=2)
    ratio = real_array("density_ratio", density_ratio, lower=1)
    dims, ratio = broadcast(d=dims, density_ratio=ratio)
    return np.sqrt(2 * np.maximum(np.log(ratio) + _LOG_FACTOR, 0) / (dims - 1))[()]


def cube_bound(
    d: ArrayLike, eps: ArrayLike, p: float = 2, density_ratio: ArrayLike = 1.0
) -> Real:
    r"""Return a lower bound of the probability of an error within eps in the cube.

    Parameters
    ----------
    d : array_like
        Dimension, at least 1; it matters for p < 2 only.
    eps : array_like
        l_p distance, at least 0.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.
    density_ratio : array_like
        Greatest density U of the class, at least 1.

    Returns
    -------
    Real
        1 - U (1 - Phi(t)) with t = sqrt(2 pi) eps d^{1/2 - 1/min(p, 2)}, for a class
        whose label at most half of the cube gets; at or below 0 it is vacuous.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    The half-cube {x_1 < 1/2} has .6 within .1:

    >>> round(float(cube_bound(784, 0.1)), 7)
    0.5989626
    >>> round(float(cube_bound(784, 2.8, p=1)), 7)  # 2.8 = .1 sqrt(784)
    0.5989626
    """
    t, ratio = _steps(d, eps, p, density_ratio)
    return (1 - ratio * special.ndtr(-t))[()]


def cube_tail_bound(
    d: ArrayLike, eps: ArrayLike, p: float = 2, density_ratio: ArrayLike = 1.0
) -> Real:
    r"""Return `cube_bound` with Mills's inequality in place of the normal tail.

    Parameters and errors as for `cube_bound`.

    Returns
    -------
    Real
        1 - U e^{-t^2/2}/(sqrt(2 pi) t) with t = sqrt(2 pi) eps d^{1/2 - 1/min(p, 2)};
        for p >= 2 this is 1 - U e^{-pi eps^2}/(2 pi eps). Never above `cube_bound`;
        minus infinity at eps = 0.

    Examples
    --------
    >>> cube_tail_bound(784, [0.1, 0.3, 0.5]).round(7)  # the first one is vacuous
    array([-0.5423267,  0.6001427,  0.8548704])
    """
    t, ratio = _steps(d, eps, p, density_ratio)
    with np.errstate(divide="ignore", over="ignore"):
        return (1 - ratio * np.exp(-(t**2) / 2) / (_SQRT_2PI * t))[()]


def cube_tail_bound_as_circulated(
    eps: ArrayLike, density_ratio: ArrayLike = 1.0
) -> Real:
    r"""Return 1 - U e^{-pi eps^2}/(2 pi), which is no bound for small eps.

    Parameters
    ----------
    eps : array_like
        l_p distance with p >= 2, at least 0.
    density_ratio : array_like
        Greatest density U of the class, at least 1.

    Returns
    -------
    Real
        The tail form of the cube's bound with the factor 1/eps lost.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Notes
    -----
    With U = 1 the half-cube {x_1 < 1/2}, whose enlargement has the volume 1/2 + eps,
    contradicts it for eps < .40491204. From eps = .85768505 on it follows from
    `cube_bound`.

    Examples
    --------
    >>> round(float(cube_tail_bound_as_circulated(0.1)), 7)  # the half-cube has .6
    0.8457673
    """
    distance = real_array("eps", eps, lower=0)
    ratio = real_array("density_ratio", density_ratio, lower=1)
    distance, ratio = broadcast(eps=distance, density_ratio=ratio)
    return (1 - ratio * np.exp(-math.pi * distance**2) / (2 * math.pi))[()]


def _arguments(
    d: ArrayLike, eps: ArrayLike, density_ratio: ArrayLike, least: int
) -> tuple[NDArray, NDArray, NDArray]:
    dims = real_array("d", d, lower=least)
    distance = real_array("eps", eps, lower=0)
    ratio = real_array("density_ratio", density_ratio, lower=1)
    dims, distance, ratio = broadcast(d=dims, eps=distance, density_ratio=ratio)
    return dims, distance, ratio


def _steps(
    d: ArrayLike, eps: ArrayLike, p: float, density_ratio: ArrayLike
) -> tuple[NDArray, NDArray]:
    """Return the length t of the step in the Gaussian space, and the ratio."""
    dims, distance, ratio = _arguments(d, eps, density_ratio, least=1)
    exponent = 0.5 - 1 / min(norm_order("p", p), 2.0)
    return np.asarray(_SQRT_2PI * distance * dims**exponent), ratio


def _log_sphere_safe(d: Any, eps: Any, density_ratio: Any) -> Any:
    """Return the logarithm of the bound of P(safe) on the sphere."""
    return np.log(density_ratio) + _LOG_FACTOR - (d - 1) * eps**2 / 2


# --- Second routes: classes and classifiers whose safe part is known --------------


def _share_of_bound(d: int, eps: float) -> float:
    """Return what is farther than eps from a half-sphere, over its bound."""
    log_alpha = Sphere(d).log_complement_enlargement(0.5, eps, metric="geodesic")
    return math.exp(log_alpha - _log_sphere_safe(d, eps, 1.0))


def _share_of_bound_ball(d: int, eps: Any, percent: int = 100) -> Any:
    """Enclose the same, with the exponent of the bound multiplied by percent/100."""
    bound = (type(eps).pi() / 8).sqrt() * (-(d - 1) * percent * eps * eps / 200).exp()
    return balls.cap_measure(d, eps.sin()) / bound


def _decrease_ball(eps: Any) -> Any:
    """Enclose the lesser of (sin eps - eps cos eps)/eps^3 and 1 - sqrt(2/pi)."""
    slope = (-(eps * eps) / 4).hypgeom_0f1(2.5) / 3
    return slope.min(1 - (2 / eps.pi()).sqrt())


_CLASSES = ("uniform", "half-sphere", "density 1 + x", "density x^5", "cap of .001")


def _upper_tail(density: str, d: int, height: float) -> float:
    """Return P(<x, u> >= height) under a class, symmetric about u, for height >= 0."""
    a, rest = (d - 1) / 2, 1 - height**2
    uniform = special.betainc(a, 0.5, rest) / 2
    match density:
        case "uniform":
            return float(uniform)
        case "half-sphere":
            return float(2 * uniform)
        case "density 1 + x":  # int_h^1 t (1 - t^2)^{(d-3)/2} dt = (1-h^2)^a/(2 a)
            return float(uniform + rest**a / (2 * a * special.beta(a, 0.5)))
        case "density x^5":
            return float(special.betainc(a, 3.0, rest))
        case _:
            return min(1.0, float(uniform) / 0.001)


def _density_ratio(density: str, d: int) -> float:
    match density:
        case "uniform":
            return 1.0
        case "half-sphere" | "density 1 + x":
            return 2.0
        case "density x^5":  # 1/E[x_+^5] = 2 B((d-1)/2, 1/2)/B((d-1)/2, 3)
            a = (d - 1) / 2
            return float(2 * special.beta(a, 0.5) / special.beta(a, 3.0))
        case _:
            return 1000.0


def _class_safe_bound(
    density: str, d: int, steps: float, power: float = 1.0
) -> np.float64:
    ratio = _density_ratio(density, d) ** power
    return np.float64(np.exp(_log_sphere_safe(d, steps / math.sqrt(d), ratio)))


def _beyond_the_pole(d: int, steps: Any) -> bool:
    """Tell whether steps/sqrt(d) is above pi/2 for certain."""
    return bool(steps**2 / d > steps.pi() ** 2 / 4)


def _class_bounded(density: str, d: int, steps: float) -> bool:
    """Tell whether the bound says anything."""
    radius = sphere_vacuous_radius(d, _density_ratio(density, d))
    return bool(steps / math.sqrt(d) > radius)


def _class_share_ball(density: str, d: int, steps: Any, root: bool = False) -> Any:
    r"""Enclose the upper tail over the bound, with sqrt(V) in it if `root`.

    All but the density x^5 fall with the steps: the hazard of a cap is at least
    (d-1) tan(eps) >= (d-1) eps, since sin(t) >= sin(eps) in its integral, and so is
    that of cos^{d-1}(eps). For the density x^5 the tail is, with a = (d-1)/2,
    cos^{2a}(eps) (1 + a sin^2(eps) + a (a+1) sin^4(eps)/2), of which a part rises.
    Next to the pole the cap is only known to have at most cos^{2a}(eps)/2.
    """
    pi, a = steps.pi(), (steps * 0 + d - 1) / 2
    half = a * 0 + 0.5

    def eps(s: Any) -> Any:
        return (s / (half * 2 * d).sqrt()).min(pi / 2)

    def bound(s: Any) -> Any:
        return (pi / 8).sqrt() * (-a * eps(s) ** 2).exp()

    def cap(s: Any) -> Any:
        if not pi / 2 - eps(s) > 1e-6:
            return (power(s) / 2).union(0)
        return balls.cap_measure(d, eps(s).sin()) / bound(s)

    def power(s: Any) -> Any:
        return eps(s).cos().nonnegative_part() ** (d - 1) / bound(s)

    beta = half.gamma() * a.gamma() / (a + half).gamma()
    match density:
        case "uniform":
            found, ratio = balls.decreasing(cap, steps), half * 2
        case "half-sphere":
            found, ratio = 2 * balls.decreasing(cap, steps), half * 4
        case "density 1 + x":
            found = balls.decreasing(
                lambda s: cap(s) + power(s) / (2 * a * beta), steps
            )
            ratio = half * 4
        case "density x^5":
            square = eps(steps).sin() ** 2
            growth = 1 + a * square + a * (a + 1) * square**2 / 2
            found = balls.decreasing(power, steps) * growth
            ratio = beta * a * (a + 1) * (a + 2)
        case _:
            most = 1 / balls.decreasing(bound, steps)
            found = (1000 * balls.decreasing(cap, steps)).min(most)
            ratio = half * 2000
    return found / (ratio.sqrt() if root else ratio)


def _half_class_bound(d: int, steps: float, ratio: float) -> float:
    return math.exp(_log_sphere_safe(d, steps / math.sqrt(d), ratio))


def _safe_on_sphere(
    n: int, rng: np.random.Generator, region: str, d: int, steps: float
) -> Bool[NDArray, " n"]:
    """Draw points of a class, and whether they are safe from a classifier.

    Only the first two coordinates matter; the rest has a chi-square squared norm. The
    class is uniform on a half of the sphere; what is labelled as it is the region.
    """
    z = rng.standard_normal((n, 2))
    length = np.sqrt((z**2).sum(axis=1) + rng.chisquare(d - 2, n))
    x, y = (z / length[:, None]).T
    margin = math.sin(min(steps / math.sqrt(d), math.pi / 2))
    match region:
        case "half-sphere":  # the class is its own region
            return np.asarray(np.abs(x) >= margin)
        case "tilted half-sphere":  # the class is x > 0
            tilted = math.cos(0.5) * np.abs(x) + math.sin(0.5) * y
            return np.asarray(tilted >= margin)
        case "quadrants":  # the class is its own region, x y > 0
            return np.asarray(np.minimum(np.abs(x), np.abs(y)) >= margin)
        case _:  # a band around an equator of measure 1/2; the class is x > 0
            edge = math.asin(float(Sphere(d).cap_height(0.25)))
            return np.asarray(np.arcsin(np.abs(x)) <= edge - steps / math.sqrt(d))


def _slab_enlarged(shape: str, d: int, mass: float, eps: float) -> float:
    """Return the volume of the enlargement of a set that is known for its p."""
    match shape:
        case "slab at the end":
            return min(1.0, mass + eps)
        case "slab in the middle":
            return min(1.0, mass + 2 * eps)
        case "two slabs at the ends":
            return min(1.0, mass + 2 * eps)
        case _:  # the box [0, s]^d in the maximum norm
            return min(1.0, math.exp(math.log(mass) / d) + eps) ** d


_SETS = ("box in a corner", "ball in a corner", "ball in the centre")


def _set_distance(
    shape: str, x: Float[NDArray, "n d"], size: float, p: float
) -> Float[NDArray, " n"]:
    """Return the l_p distances of points to a set of the given size."""
    match shape:
        case "box in a corner":
            gap, radius = np.maximum(x - size, 0), 0.0
        case "ball in a corner":
            gap, radius = x, size
        case "ball in the centre":
            gap, radius = x - 0.5, size
        case _:
            gap, radius = x[:, :1], size
    return np.asarray(np.maximum(np.linalg.norm(gap, ord=p, axis=1) - radius, 0))


def _set_volume(shape: str, d: int, size: float, p: float) -> float:
    """Return the volume; l_p balls have (2 Gamma(1 + 1/p))^d r^d/Gamma(1 + d/p)."""
    log_ball = d * special.gammaln(1 + 1 / p) - special.gammaln(1 + d / p)
    match shape:
        case "box in a corner":
            return size**d
        case "ball in a corner":
            return math.exp(log_ball + d * math.log(size))
        case "ball in the centre":
            return math.exp(log_ball + d * math.log(2 * size))
        case _:
            return size


_SIZES = {"box in a corner": 0.7, "ball in a corner": 0.9, "ball in the centre": 0.4}


def _in_enlargement(
    n: int, rng: np.random.Generator, shape: str, p: float, d: int, eps: float
) -> Bool[NDArray, " n"]:
    size = _SIZES.get(shape, 0.5)
    return _set_distance(shape, rng.random((n, d)), size, p) <= eps


@functools.cache
def _least_volume(shape: str, p: float, d: int, eps: float) -> float:
    """Return what isoperimetry gives for the enlargement of the set."""
    volume = _set_volume(shape, d, _SIZES.get(shape, 0.5), p)
    return float(Cube(d).enlargement(volume, eps, p))


def _mills_ball(eps: Any) -> Any:
    """Enclose the Mills ratio (1 - Phi(t))/phi(t) at t = sqrt(2 pi) eps."""
    return balls.mills_ratio((2 * type(eps).pi()).sqrt() * eps)


def _mills_gap_ball(over_eps: Any) -> Any:
    """Enclose (1 - x m(x)) x^2 = F/(1 + F/x^2) for large x = sqrt(2 pi) eps."""
    w = over_eps**2 / (2 * over_eps.pi())
    rest = balls.mills_remainder(w)
    return rest / (1 + w * rest)


def _far_mills_ball(over_eps: Any) -> Any:
    """Enclose m(x) = 1/(x + F/x) for large x = sqrt(2 pi) eps."""
    over = over_eps / (2 * over_eps.pi()).sqrt()
    w = over**2
    return over / (1 + w * balls.mills_remainder(w))


def _class_bound_share(k: int, eps: float) -> float:
    """Return the bound for the density 2 (k+1) (2 x_1 - 1)^k over (2 eps)^(k+1)."""
    return float(cube_bound(2, eps, 2, 2 * (k + 1)) / (2 * eps) ** (k + 1))


def _class_bound_ball(k: int, eps: Any, power: float = 1.0) -> Any:
    """Enclose 1 - U^power (1 - Phi(t))."""
    ratio = (eps * 0 + 2 * (k + 1)) ** power
    return 1 - ratio * balls.normal_tail((2 * eps.pi()).sqrt() * eps)


def _class_bound_share_ball(k: int, eps: Any, power: float = 1.0) -> Any:
    """Enclose the share; erf(sqrt(pi) eps)/(2 eps), where k = 0, falls."""

    def share(e: Any) -> Any:
        return _class_bound_ball(k, e, power) / (2 * e) ** (k + 1)

    return balls.decreasing(share, eps) if k == 0 and power == 1 else share(eps)


def _over_density(bound: Any, eps: float) -> float:
    """Return (1 - bound)/phi(t) at t = sqrt(2 pi) eps, for a bound of a probability."""
    return float((1 - bound) * _SQRT_2PI * np.exp(math.pi * eps**2))


def _tail_ball(eps: Any, denominator: Any) -> Any:
    """Enclose the tail form with eps or 1 in its denominator."""
    pi = type(eps).pi()
    return 1 - (-pi * eps * eps).exp() / (2 * pi * denominator)


_EPS = Reals(1e-4, 1, (0.001, 0.01, 0.1, 0.3, 0.5), "log", r"\epsilon")

_SMALL_CLASS = Hypothesis(
    "the class is uniform on half of the sphere",
    r"it is uniform on a cap of the measure $(1 - c)/2$ in the half-sphere of its "
    r"label",
    Exact(
        lambda lacking, d, steps: min(
            1.0,
            _upper_tail("uniform", d, math.sin(steps / math.sqrt(d)))
            / ((1 - lacking) / 2),
        ),
        lambda lacking, d, steps: _half_class_bound(d, steps, 2.0),
        rtol=1e-10,
    ),
    {
        "lacking": Reals(0, 0.999, (0.0, 0.1, 0.5, 0.9, 0.99), symbol="c"),
        "d": Integers(3, 10**6, (3, 10, 100, 784), symbol="d"),
        "steps": Reals(0.1, 1.6, (0.5, 1.0, 1.5), symbol="s"),
    },
    "lacking",
)
_SIDE = Hypothesis(
    "the cube has side 1",
    r"it has side $1 + s$, and the set is a slab at its end",
    Exact(
        lambda longer, mass, eps: Cube(2).enlargement(mass, eps, 2),
        lambda longer, mass, eps: _slab_enlarged(
            "slab at the end", 2, mass, eps / (1 + longer)
        ),
        rtol=1e-12,
    ),
    {
        "longer": Reals(0, 1, (0.0, 0.01, 0.1, 1.0), symbol="s"),
        "mass": Reals(1e-9, 0.99, (0.01, 0.5, 0.9), "log", r"\mathrm{vol}"),
        "eps": _EPS,
    },
    "longer",
)
_FALSE = Hypothesis("the class is uniform", why="the statement is false even so")
_FAR = Hypothesis(
    r"$\epsilon$ is at least $0.858$",
    "it is smaller",
    Exact(
        lambda eps: _over_density(cube_bound(2, eps), eps),
        lambda eps: _over_density(cube_tail_bound_as_circulated(eps), eps),
        rtol=1e-10,
    ),
    {"eps": Reals(0.01, 0.858, (0.1, 0.5, 0.8, 0.85, 0.858), symbol=r"\epsilon")},
    "eps",
    unbroken=0.858,
)
_POSITIVE = Hypothesis(r"$\epsilon$ is above 0", why="there is no tail form elsewhere")


CLAIMS = (
    Claim(
        id="shafahi2018.sphere-isoperimetry",
        theory="dimension",
        title="At most sqrt(pi/8) e^(-(d-1) eps^2/2) is far from a half-sphere",
        source=SOURCE.at("Theorem 1"),
        statement=r"""On $S^{d-1}$ the measure $\alpha(\epsilon)$ of the points whose
geodesic distance to a half-sphere exceeds $\epsilon$, the largest that any set of
measure $\tfrac12$ leaves, is at most $\sqrt{\pi/8}\; e^{-(d-1)\epsilon^2/2}$; shown is
the ratio of the two, which is to be at most 1.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 10**9, (2, 3, 10, 100, 784), symbol="d"),
            "eps": Reals(0, 1.57, (0.0, 0.1, 0.3, 1.0), symbol=r"\epsilon"),
        },
        axis="eps",
        evidence=Enclosure(
            _share_of_bound_ball,
            lambda d, eps: 1,
            formulas=(_share_of_bound, lambda d, eps: 1.0),
            rtol=1e-11,
            beyond=(Beyond(lambda eps: 0, _decrease_ball, free=("d",)),),
        ),
        twin=Twin(
            r"the exponent is $-1.05\,(d-1)\epsilon^2/2$",
            Enclosure(
                lambda d, eps: _share_of_bound_ball(d, eps, percent=105),
                lambda d, eps: 1,
            ),
            domain={
                "d": Integers(2, 10**9, (10**4,)),
                "eps": Reals(0.01, 0.3, (0.15,)),
            },
        ),
        note=r"""The ratio is largest at $\epsilon = 0$, where it is
$0.798$: the factor $\tfrac12$ in place of $\sqrt{\pi/8}$ is valid as well.""",
        hypotheses=(
            Hypothesis(
                r"the set has at least half of the measure",
                r"it has the measure $\tfrac12 - s$",
                Exact(
                    lambda lacking, d, eps: math.exp(
                        Sphere(d).log_complement_enlargement(
                            0.5 - lacking, eps, metric="geodesic"
                        )
                        - _log_sphere_safe(d, eps, 1.0)
                    ),
                    lambda lacking, d, eps: 1.0,
                    rtol=1e-10,
                ),
                {
                    "lacking": Reals(0, 0.49, (0.0, 0.01, 0.1, 0.3, 0.4), symbol="s"),
                    "d": Integers(2, 10**9, (2, 10, 784), symbol="d"),
                    "eps": Reals(0, 1.57, (0.1, 0.3, 1.0), symbol=r"\epsilon"),
                },
                "lacking",
            ),
        ),
    ),
    Claim(
        id="shafahi2018.sphere-densities",
        theory="dimension",
        title="The share of safe points is at most V times that of the uniform law",
        source=SOURCE.at("Theorem 1"),
        statement=r"""A class of density at most $V$ on $S^{d-1}$ whose label a
half-sphere gets has at most the share
$V\sqrt{\pi/8}\; e^{-(d-1)\epsilon^2/2}$ of points without an error
within $\epsilon = s/\sqrt d$; for classes that are symmetric about the centre of the
half-sphere, by incomplete beta functions.""",
        relation="lhs <= rhs",
        domain={
            "density": Choices(_CLASSES),
            "d": Integers(3, 10**6, (3, 10, 100, 784), symbol="d"),
            "steps": Reals(0.1, 10, (0.5, 1.0, 2.0, 4.0), symbol="s"),
        },
        axis="d",
        where=lambda density, d, steps: (
            steps / math.sqrt(d) < math.pi / 2 and _class_bounded(density, d, steps)
        ),
        evidence=Enclosure(
            _class_share_ball,
            lambda density, d, steps: 1,
            formulas=(
                lambda density, d, steps: (
                    _upper_tail(density, d, math.sin(steps / math.sqrt(d)))
                    / _class_safe_bound(density, d, steps)
                ),
                lambda density, d, steps: 1.0,
            ),
            rtol=1e-10,
            outside=lambda density, d, steps: _beyond_the_pole(d, steps),
        ),
        twin=Twin(
            r"the density ratio enters as $\sqrt V$",
            Enclosure(
                lambda density, d, steps: _class_share_ball(
                    density, d, steps, root=True
                ),
                lambda density, d, steps: 1,
                outside=lambda density, d, steps: _beyond_the_pole(d, steps),
            ),
            domain={
                "density": Choices(("cap of .001",)),
                "d": Integers(3, 10**6, (100,)),
                "steps": Reals(0.1, 10, (4.0,)),
            },
        ),
        note=r"""Shown is the ratio of the two. Only where the bound is below 1. Up to
$\epsilon = \sqrt{2\ln(V\sqrt{\pi/8})/(d-1)}$ it is vacuous, and for data that
concentrate $\ln V$ grows with $d$.""",
        hypotheses=(
            Hypothesis(
                r"the density is at most $V$",
                r"for $V = 1$ the class is uniform on a cap of the measure $1 - c$",
                Exact(
                    lambda lacking, d, steps: min(
                        1.0,
                        _upper_tail("uniform", d, math.sin(steps / math.sqrt(d)))
                        / (1 - lacking),
                    ),
                    lambda lacking, d, steps: _half_class_bound(d, steps, 1.0),
                    rtol=1e-10,
                ),
                {
                    "lacking": Reals(0, 0.999, (0.0, 0.1, 0.5, 0.9, 0.99), symbol="c"),
                    "d": Integers(3, 10**6, (3, 10, 100, 784), symbol="d"),
                    "steps": Reals(0.1, 1.6, (0.5, 1.0, 1.5), symbol="s"),
                },
                "lacking",
            ),
        ),
    ),
    Claim(
        id="shafahi2018.sphere-classifiers",
        theory="dimension",
        title="Whatever shape the classifier gives a class, few of its points are safe",
        source=SOURCE.at("Theorem 1"),
        statement=r"""For a class that is uniform on half of $S^{d-1}$ ($V = 2$) and
classifiers that give its label to the same half-sphere, to a tilted one, to opposite
quadrants or to a band of measure $\tfrac12$, the share of points without an error
within $\epsilon = s/\sqrt d$ is at most $2\sqrt{\pi/8}\; e^{-(d-1)\epsilon^2/2}$.""",
        relation="lhs <= rhs",
        domain={
            "region": Choices(
                ("half-sphere", "tilted half-sphere", "quadrants", "band")
            ),
            "d": Integers(3, 10**9, (3, 10, 1000), symbol="d"),
            "steps": Reals(0.1, 10, (1.0, 2.0), symbol="s"),
        },
        axis="d",
        evidence=Statistical(
            _safe_on_sphere,
            lambda region, d, steps: _half_class_bound(d, steps, 2.0),
        ),
        twin=Twin(
            r"the factor $V$ is dropped",
            Statistical(
                _safe_on_sphere,
                lambda region, d, steps: _half_class_bound(d, steps, 1.0),
            ),
            domain={
                "region": Choices(("half-sphere",)),
                "d": Integers(3, 10**9, (10,)),
                "steps": Reals(0.1, 10, (0.3,)),
            },
        ),
        hypotheses=(_SMALL_CLASS,),
    ),
    Claim(
        id="shafahi2018.cube-slabs",
        theory="dimension",
        title="Enlarged slabs and boxes of the cube have at least Phi(Phi^-1(vol) + t)",
        source=SOURCE.at("Theorem 2"),
        statement=r"""In $[0,1]^d$ with the $\ell_p$ distance and $p^* = \min(p, 2)$,
$\mathrm{vol}(A_\epsilon) \ge \Phi(\Phi^{-1}(\mathrm{vol}\,A) + t)$ with
$t = \sqrt{2\pi}\,\epsilon\, d^{1/2 - 1/p^*}$; checked for slabs at the end, at both
ends and in the middle (every $p$) and for the box in a corner ($p = \infty$), whose
enlargements are known.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(
                (
                    "slab at the end",
                    "slab in the middle",
                    "two slabs at the ends",
                    "box in a corner",
                )
            ),
            "p": Choices((1, 2, np.inf), "p"),
            "d": Integers(2, 10**9, (2, 10, 784), symbol="d"),
            "mass": Reals(1e-9, 0.99, (1e-6, 0.01, 0.5, 0.9), "log", r"\mathrm{vol}"),
            "eps": _EPS,
        },
        axis="eps",
        where=lambda shape, p, d, mass, eps: shape != "box in a corner" or p == np.inf,
        evidence=Exact(
            lambda shape, p, d, mass, eps: Cube(d).enlargement(mass, eps, p),
            lambda shape, p, d, mass, eps: _slab_enlarged(shape, d, mass, eps),
            unproved="at vol 1/2 the sides differ by eps^3, and boxes would have to be "
            "as small",
        ),
        twin=Twin(
            r"the constant $\sqrt{2\pi}$ is raised by one per cent",
            Exact(
                lambda shape, p, d, mass, eps: Cube(d).enlargement(mass, 1.01 * eps, p),
                lambda shape, p, d, mass, eps: _slab_enlarged(shape, d, mass, eps),
            ),
        ),
        note=r"""The half-cube shows that $\sqrt{2\pi}$ is the best constant: its
enlargement has $\tfrac12 + \epsilon$, and
$\Phi(\sqrt{2\pi}\,\epsilon) = \tfrac12 + \epsilon - O(\epsilon^3)$.""",
        hypotheses=(_SIDE,),
    ),
    Claim(
        id="shafahi2018.cube-sets",
        theory="dimension",
        title="Enlarged boxes and balls in the cube have at least Phi(Phi^-1(vol) + t)",
        source=SOURCE.at("Theorem 2"),
        statement=r"""The same inequality for the box $[0, 0.7]^d$ and for $\ell_p$
balls in a corner (radius $0.9$) and in the centre (radius $0.4$) of the cube, whose
volumes are known and whose enlargements are measured with random points.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(_SETS),
            "p": Choices((1, 2, np.inf), "p"),
            "d": Integers(2, 100, (2, 5, 10), symbol="d"),
            "eps": Reals(0.01, 1, (0.05, 0.2), "log", r"\epsilon"),
        },
        axis="d",
        where=lambda shape, p, d, eps: _set_volume(shape, d, _SIZES[shape], p) > 0.002,
        evidence=Statistical(_in_enlargement, _least_volume, side="rhs"),
        twin=Twin(
            r"the constant $\sqrt{2\pi}$ is raised by ten per cent, the half-cube "
            r"included",
            Statistical(
                _in_enlargement,
                lambda shape, p, d, eps: _least_volume(shape, p, d, 1.1 * eps),
                side="rhs",
            ),
            domain={
                "shape": Choices(("half-cube",)),
                "p": Choices((2,)),
                "d": Integers(2, 100, (2,)),
                "eps": Reals(0.01, 1, (0.1,), "log"),
            },
            where=lambda **point: True,
        ),
        hypotheses=(_SIDE,),
    ),
    Claim(
        id="shafahi2018.cube-densities",
        theory="dimension",
        title="In the cube, too, the density ratio multiplies the safe share at most",
        source=SOURCE.at("Theorem 2"),
        statement=r"""A class of density at most $U$ in $[0,1]^d$ whose label half of
the cube gets has, within $\epsilon$ in $\ell_p$, $p \ge 2$, at least the share
$1 - U\,(1 - \Phi(\sqrt{2\pi}\,\epsilon))$ of points with an error; checked for the
density $2(k+1)(2x_1 - 1)^k$ on $x_1 > \tfrac12$, of which
$1 - (2\epsilon)^{k+1}$ is safe and for which $U = 2(k+1)$.""",
        relation="lhs <= rhs",
        domain={
            "k": Integers(0, 100, (0, 1, 2, 5), "linear", symbol="k"),
            "eps": Reals(0.01, 0.5, (0.1, 0.2, 0.3, 0.4, 0.5), symbol=r"\epsilon"),
        },
        axis="eps",
        where=lambda k, eps: bool(cube_bound(2, eps, 2, 2 * (k + 1)) > 0),
        evidence=Enclosure(
            _class_bound_share_ball,
            lambda k, eps: 1,
            formulas=(_class_bound_share, lambda k, eps: 1.0),
            atol=1e-12,
            outside=lambda k, eps: _class_bound_ball(k, eps) < 0,
        ),
        twin=Twin(
            r"the density ratio enters as $U^{0.9}$",
            Enclosure(
                lambda k, eps: _class_bound_share_ball(k, eps, 0.9),
                lambda k, eps: 1,
                outside=lambda k, eps: _class_bound_ball(k, eps) < 0,
            ),
        ),
        note=r"""Shown is the ratio of the two, only where the bound is above 0;
elsewhere it is vacuous.""",
        hypotheses=(
            Hypothesis(
                r"the density is at most $U$",
                r"for $U = 2$ it is $2(k+1)(2x_1 - 1)^k$",
                Exact(
                    lambda k, eps: cube_bound(2, eps, 2, 2),
                    lambda k, eps: (2 * eps) ** (k + 1),
                ),
                {
                    "k": Integers(0, 100, (0, 1, 2, 5), "linear", symbol="k"),
                    "eps": Reals(0.01, 0.5, (0.1, 0.3, 0.5), symbol=r"\epsilon"),
                },
                "k",
            ),
        ),
    ),
    Claim(
        id="shafahi2018.cube-tail",
        theory="dimension",
        title="The tail form of the cube's bound, with eps in its denominator, follows",
        source=SOURCE.at("Theorem 2"),
        statement=r"""By Mills's inequality
$1 - \Phi(\sqrt{2\pi}\,\epsilon) \le e^{-\pi\epsilon^2}/(2\pi\epsilon)$: the tail form
is never above the bound that it comes from. Both sides are divided by the normal
density, which leaves the Mills ratio and $1/(\sqrt{2\pi}\,\epsilon)$. For $p < 2$ read
$\epsilon\,d^{1/2 - 1/p}$.""",
        relation="lhs <= rhs",
        domain={
            "eps": Reals(
                0.01, 10, (0.01, 0.1, 0.3, 0.5, 1.0), "log", symbol=r"\epsilon"
            )
        },
        axis="eps",
        evidence=Enclosure(
            _mills_ball,
            lambda eps: 1 / ((2 * type(eps).pi()).sqrt() * eps),
            formulas=(
                lambda eps: _over_density(cube_bound(2, eps), eps),
                lambda eps: _over_density(cube_tail_bound(2, eps), eps),
            ),
            beyond=(
                Beyond(
                    lambda over_eps: 0,
                    lambda over_eps: _mills_gap_ball(over_eps),
                    since={"eps": 10},
                ),
                Beyond(
                    lambda eps: (2 * eps.pi()).sqrt() * eps * _mills_ball(eps),
                    lambda eps: 1,
                    until={"eps": 0.01},
                ),
            ),
        ),
        twin=Twin(
            r"$6.3$ stands in place of $2\pi = 6.2832$ in the tail form",
            Enclosure(
                _mills_ball,
                lambda eps: (2 * type(eps).pi()).sqrt() / (type(eps)(63) / 10 * eps),
            ),
        ),
        hypotheses=(_POSITIVE,),
    ),
    Claim(
        id="shafahi2018.cube-tail-as-circulated",
        theory="dimension",
        title="The cube's tail bound without eps in its denominator",
        source=SOURCE.at("Theorem 2"),
        statement=r"""Within $\epsilon$ of the half-cube $\{x_1 < \tfrac12\}$, of which
the class that is uniform on the cube ($U = 1$) has the share
$\tfrac12 + \epsilon$, lies at least the share $1 - e^{-\pi\epsilon^2}/(2\pi)$.""",
        relation="lhs <= rhs",
        domain={"eps": Reals(0.01, 0.5, (0.1, 0.2, 0.3, 0.4), symbol=r"\epsilon")},
        axis="eps",
        expected=Expected.VIOLATED,
        evidence=Enclosure(
            lambda eps: _tail_ball(eps, 1),
            lambda eps: 0.5 + eps,
            formulas=(
                cube_tail_bound_as_circulated,
                lambda eps: _slab_enlarged("slab at the end", 2, 0.5, eps),
            ),
        ),
        twin=Twin(
            r"the bound is $1 - e^{-\pi\epsilon^2}/(2\pi\epsilon)$",
            Enclosure(
                lambda eps: _tail_ball(eps, eps),
                lambda eps: 0.5 + eps,
                formulas=(
                    lambda eps: cube_tail_bound(2, eps),
                    lambda eps: _slab_enlarged("slab at the end", 2, 0.5, eps),
                ),
            ),
        ),
        note=r"""This form circulates; whether the paper prints it is unverified. The
half-cube contradicts it for $\epsilon < 0.40491204$.""",
        hypotheses=(_FALSE,),
    ),
    Claim(
        id="shafahi2018.circulated-tail-from-0858",
        theory="dimension",
        title="The form without eps in the denominator follows from eps = .858 on",
        source=SOURCE.at("Theorem 2"),
        statement=r"""For $\epsilon \ge 0.858$,
$1 - \Phi(\sqrt{2\pi}\,\epsilon) \le e^{-\pi\epsilon^2}/(2\pi)$, so that the form
without $\epsilon$ in the denominator is a bound there. Both sides are divided by the
normal density, which leaves the Mills ratio and $1/\sqrt{2\pi}$.""",
        relation="lhs <= rhs",
        domain={"eps": Reals(0.858, 10, (0.858, 1.0, 1.5), symbol=r"\epsilon")},
        axis="eps",
        evidence=Enclosure(
            _mills_ball,
            lambda eps: 1 / (2 * type(eps).pi()).sqrt(),
            formulas=(
                lambda eps: _over_density(cube_bound(2, eps), eps),
                lambda eps: _over_density(cube_tail_bound_as_circulated(eps), eps),
            ),
            rtol=1e-10,
            beyond=(
                Beyond(
                    _far_mills_ball,
                    lambda over_eps: 1 / (2 * over_eps.pi()).sqrt(),
                    since={"eps": 10},
                ),
            ),
        ),
        twin=Twin(
            r"it follows from $\epsilon = 0.857$ on",
            Enclosure(_mills_ball, lambda eps: 1 / (2 * type(eps).pi()).sqrt()),
            domain={"eps": Reals(0.857, 10, (0.857, 1.0, 1.5))},
        ),
        hypotheses=(_FAR,),
    ),
)
