r"""Mahloujifar, Diochnos, Mahmoody 2018: the curse of concentration.

In a metric probability space the concentration function is

    alpha(b) = 1 - inf { mu(S_b) : mu(S) >= 1/2 },   S_b = { x : d(x, S) <= b }.

Let E be the misclassified points; the adversarial risk at budget b is mu(E_b). Two
steps bound it. If mu(E) > alpha(b1), then mu(E_b1) >= 1/2: otherwise S, the complement
of E_b1, has more than half of the mass, and E misses S_b1, so that mu(E) <= alpha(b1).
If moreover alpha(b2) <= gamma, then mu(E_{b1+b2}) >= 1 - gamma. Where the concentration
is normal, alpha(b) <= k1 e^{-k2 b^2}, this gives mu(E_b) >= 1 - gamma for

    b = ( sqrt(ln(k1/mu(E))) + sqrt(ln(k1/gamma)) ) / sqrt(k2).

Two spaces. On {0, 1}^d with the Hamming distance, Harper's theorem (1966) makes the
half-ball extremal and alpha a binomial tail, at most e^{-2 b^2/d} by Hoeffding (1963):
(k1, k2) = (1, 2/d). On the sphere S^{d-1} with the geodesic distance alpha(b) is the
measure of the cap of angle pi/2 - b, at most sqrt(pi/8) e^{-(d-2) b^2/2} (Milman and
Schechtman 1986): (k1, k2) = (sqrt(pi/8), (d-2)/2).

For all d: alpha(b) e^{(d-2) b^2/2} <= alpha(b) e^{(d-1) b^2/2}, which falls in b. Its
derivative has the sign of (d-1) b int_b^{pi/2} cos^{d-2} - cos^{d-2}(b), the integral
is at most cos^{d-1}(b)/((d-1) sin b), as sin theta >= sin b there, and b cos b is at
most sin b: 0 <= (sin b - b cos b)/b^3 = 0F1(5/2; -b^2/4)/3. At b = 0 it is 1/2.

In one step, Talagrand (1995) gives mu(S_b) >= 1 - e^{-b^2/d}/mu(S) for every product
measure, hence b = sqrt(d ln(1/(mu(E) gamma))). On {0, 1}^d this is never less than the
two-step distance, since (sqrt(u) + sqrt(v))^2/2 <= u + v, and equal for mu(E) = gamma.

Conventions: b is in the units of the space's own distance, on {0, 1}^d flips. The paper
calls a family (k1, k2)-normal Levy in a distance that is divided by its diameter: its
k2 n with b/n in place of b is k2 here. Mixing the two is off by a factor of n.
"""

import functools
import itertools
import math
import operator
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, real_array
from geomadv.claims import (
    Beyond,
    Choices,
    Claim,
    Enclosure,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Twin,
    balls,
)
from geomadv.spaces import Gaussian, HammingCube, Sphere

SOURCE = Source(
    "S. Mahloujifar, D. I. Diochnos, M. Mahmoody",
    "The curse of concentration in robust learning: evasion and poisoning attacks from "
    "concentration of measure",
    2018,
    arxiv="1809.03063",
)
HARPER = Source(
    "L. H. Harper",
    "Optimal numberings and isoperimetric problems on graphs",
    1966,
)


def levy_concentration(b: ArrayLike, k1: ArrayLike, k2: ArrayLike) -> Real:
    r"""Return the bound k1 e^{-k2 b^2} of a normal concentration function.

    Parameters
    ----------
    b : array_like
        Distance, at least 0, in the units of the space.
    k1 : array_like
        Factor, above 0.
    k2 : array_like
        Rate, above 0, per squared unit of the distance.

    Returns
    -------
    Real
        An upper bound of alpha(b); above 1/2 it says nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(levy_concentration(10, 1, 2 / 100)), 6)  # e^-2
    0.135335
    """
    distance = real_array("b", b, lower=0)
    factor, rate = _constants(k1, k2)
    distance, factor, rate = broadcast(b=distance, k1=factor, k2=rate)
    return (factor * np.exp(-rate * distance**2))[()]


def two_step_distance(
    error: ArrayLike, gamma: ArrayLike, k1: ArrayLike, k2: ArrayLike
) -> Real:
    r"""Return a distance within which all but gamma of the space has an error.

    Parameters
    ----------
    error : array_like
        Measure of the errors, in (0, 1].
    gamma : array_like
        Measure of what may stay farther away, in (0, 1].
    k1, k2 : array_like
        Constants of the concentration, as for `levy_concentration`.

    Returns
    -------
    Real
        (sqrt(ln(k1/error)) + sqrt(ln(k1/gamma)))/sqrt(k2), where a logarithm below 0
        counts as 0: no step is needed from or to a measure that alpha(0) cannot reach.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Notes
    -----
    Where distances are integers each of the two steps must be one, so round up.

    Examples
    --------
    >>> round(float(two_step_distance(0.01, 0.5, 1, 2 / 784)), 4)
    58.9717
    """
    start, rest = _mass("error", error), _mass("gamma", gamma)
    factor, rate = _constants(k1, k2)
    start, rest, factor, rate = broadcast(error=start, gamma=rest, k1=factor, k2=rate)
    steps = [
        np.sqrt(np.maximum(np.log(factor) - np.log(mass), 0)) for mass in (start, rest)
    ]
    return ((steps[0] + steps[1]) / np.sqrt(rate))[()]


def two_step_risk(b: ArrayLike, error: ArrayLike, k1: ArrayLike, k2: ArrayLike) -> Real:
    r"""Return a lower bound of the adversarial risk at a budget.

    Parameters
    ----------
    b : array_like
        The budget, at least 0, in the units of the space.
    error : array_like
        Measure of the errors, in (0, 1].
    k1, k2 : array_like
        Constants of the concentration, as for `levy_concentration`.

    Returns
    -------
    Real
        1 - k1 e^{-k2 (b - b1)^2} once b exceeds the first step b1, and at least 1/2
        then; `error` before.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    One per cent of errors in {0, 1}^784; at most 85 flips make it 99 per cent:

    >>> two_step_risk([0, 42, 43, 85], 0.01, 1, 2 / 784).round(4)
    array([0.01  , 0.01  , 0.5   , 0.9901])
    """
    budget, start = real_array("b", b, lower=0), _mass("error", error)
    factor, rate = _constants(k1, k2)
    budget, start, factor, rate = broadcast(b=budget, error=start, k1=factor, k2=rate)
    first = np.sqrt(np.maximum(np.log(factor) - np.log(start), 0) / rate)
    second = np.maximum(budget - first, 0)
    reached = np.maximum(1 - factor * np.exp(-rate * second**2), 0.5)
    return np.where(budget > first, np.maximum(reached, start), start)[()]


def hamming_concentration(d: ArrayLike, flips: ArrayLike) -> Real:
    r"""Return the bound e^{-2 b^2/d} of the concentration function of {0, 1}^d.

    Parameters
    ----------
    d : array_like
        Dimension, at least 1.
    flips : array_like
        The distance b, a number of flips, at least 0.

    Returns
    -------
    Real
        An upper bound of alpha(b) for integer b.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(hamming_concentration(100, 10)), 6)
    0.135335
    """
    dims = real_array("d", d, lower=1)
    distance = real_array("flips", flips, lower=0)
    dims, distance = broadcast(d=dims, flips=distance)
    return levy_concentration(distance, 1, 2 / dims)


def hamming_two_step_distance(d: ArrayLike, error: ArrayLike, gamma: ArrayLike) -> Real:
    r"""Return `two_step_distance` on {0, 1}^d, with (k1, k2) = (1, 2/d).

    Parameters
    ----------
    d : array_like
        Dimension, at least 1.
    error : array_like
        Measure of the errors, in (0, 1].
    gamma : array_like
        Measure of what may stay farther away, in (0, 1].

    Returns
    -------
    Real
        A number of flips; rounded up, all but gamma is within it of an error.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(hamming_two_step_distance(784, 0.01, 0.01)), 4)
    84.9759
    """
    return two_step_distance(error, gamma, 1, 2 / real_array("d", d, lower=1))


def talagrand_distance(d: ArrayLike, error: ArrayLike, gamma: ArrayLike) -> Real:
    r"""Return sqrt(d ln(1/(error gamma))), the distance by Talagrand's inequality.

    Parameters and errors as for `hamming_two_step_distance`.

    Returns
    -------
    Real
        A Hamming distance within which all but gamma has an error, for every product
        measure on d coordinates.

    Examples
    --------
    >>> round(float(talagrand_distance(784, 0.01, 0.5)), 4)
    64.4506
    """
    dims = real_array("d", d, lower=1)
    start, rest = _mass("error", error), _mass("gamma", gamma)
    dims, start, rest = broadcast(d=dims, error=start, gamma=rest)
    return np.sqrt(-dims * (np.log(start) + np.log(rest)))[()]


def talagrand_enlargement(d: ArrayLike, mass: ArrayLike, flips: ArrayLike) -> Real:
    r"""Return 1 - e^{-b^2/d}/mass, Talagrand's bound of an enlargement.

    Parameters
    ----------
    d : array_like
        Number of coordinates, at least 1.
    mass : array_like
        Measure of the set under a product measure, in (0, 1].
    flips : array_like
        Hamming distance b, at least 0.

    Returns
    -------
    Real
        A lower bound of mu(S_b); at or below 0 it says nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> talagrand_enlargement(100, 0.01, [20, 31]).round(4)
    array([-0.8316,  0.9933])
    """
    dims, sets = real_array("d", d, lower=1), _mass("mass", mass)
    distance = real_array("flips", flips, lower=0)
    dims, sets, distance = broadcast(d=dims, mass=sets, flips=distance)
    return -np.expm1(-(distance**2) / dims - np.log(sets))[()]


def sphere_concentration(d: ArrayLike, eps: ArrayLike) -> Real:
    r"""Return sqrt(pi/8) e^{-(d-2) eps^2/2}, a bound of the sphere's concentration.

    Parameters
    ----------
    d : array_like
        Dimension of the ambient space, at least 3.
    eps : array_like
        Geodesic distance, at least 0.

    Returns
    -------
    Real
        An upper bound of alpha(eps) on S^{d-1}.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(sphere_concentration(102, 0.1)), 6)  # sqrt(pi/8) e^{-1/2}
    0.380087
    """
    dims = real_array("d", d, lower=3)
    distance = real_array("eps", eps, lower=0)
    dims, distance = broadcast(d=dims, eps=distance)
    return levy_concentration(distance, _SPHERE_K1, (dims - 2) / 2)


def sphere_two_step_distance(d: ArrayLike, error: ArrayLike, gamma: ArrayLike) -> Real:
    r"""Return `two_step_distance` on S^{d-1}, (k1, k2) = (sqrt(pi/8), (d-2)/2).

    Parameters
    ----------
    d : array_like
        Dimension of the ambient space, at least 3.
    error : array_like
        Measure of the errors, in (0, 1].
    gamma : array_like
        Measure of what may stay farther away, in (0, 1].

    Returns
    -------
    Real
        A geodesic distance within which all but gamma has an error.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(sphere_two_step_distance(500, 0.01, 0.5)), 5)
    0.15902
    """
    rate = (real_array("d", d, lower=3) - 2) / 2
    return two_step_distance(error, gamma, _SPHERE_K1, rate)


def talagrand_ratio(error: ArrayLike, gamma: ArrayLike) -> Real:
    r"""Return what Talagrand's distance over the exact one on {0, 1}^d tends to.

    The exact distance is a difference of binomial quantiles, asymptotically
    (a + c) sqrt(d)/2 with Phi(-a) = error and Phi(-c) = gamma.

    Parameters
    ----------
    error, gamma : array_like
        As for `hamming_two_step_distance`, in (0, 1/2], not both 1/2.

    Returns
    -------
    Real
        2 sqrt(ln(1/(error gamma)))/(a + c), above 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(talagrand_ratio(0.01, 0.01)), 4)
    1.3046
    """
    start = real_array("error", error, lower=0, upper=0.5, open_lower=True)
    rest = real_array("gamma", gamma, lower=0, upper=0.5, open_lower=True)
    start, rest = broadcast(error=start, gamma=rest)
    if np.any((start == 0.5) & (rest == 0.5)):
        raise ValueError("error and gamma must not both be 0.5, got 0.5 and 0.5")
    normal = Gaussian(1)
    quantiles = normal.median_distance(start) + normal.median_distance(rest)
    return 2 * talagrand_distance(1, start, rest) / quantiles


_SPHERE_K1 = math.sqrt(math.pi / 8)


def _mass(name: str, value: ArrayLike) -> Float[NDArray, "*shape"]:
    return real_array(name, value, lower=0, upper=1, open_lower=True)


def _constants(k1: ArrayLike, k2: ArrayLike) -> tuple[NDArray, NDArray]:
    return (
        real_array("k1", k1, lower=0, open_lower=True),
        real_array("k2", k2, lower=0, open_lower=True),
    )


# --- Second routes ----------------------------------------------------------------


@functools.cache
def _least_enlargements(d: int) -> tuple[tuple[int, ...], ...]:
    """Return the least enlargement by t flips of any set of m points, at [t][m].

    All subsets of {0, 1}^d are enlarged: a subset is an integer whose bit x says
    whether the point x is in it, and flipping coordinate i moves bit x to x XOR 2^i.
    """
    subsets = np.arange(2 ** (2**d), dtype=np.uint64)
    sizes = np.bitwise_count(subsets)
    rows = []
    for _ in range(d + 1):
        counts = np.bitwise_count(subsets)
        rows.append(tuple(int(counts[sizes == m].min()) for m in range(2**d + 1)))
        enlarged = subsets.copy()
        for i in range(d):
            bits = [x for x in range(2**d) if not x >> i & 1]
            low = np.uint64(sum(1 << x for x in bits))
            shift = np.uint64(2**i)
            enlarged |= (subsets & low) << shift | (subsets >> shift) & low
        subsets = enlarged
    return tuple(rows)


def _binary_segment_enlarged(d: int, points: int, flips: int) -> int:
    """Return the size of the enlargement of the points 0, ..., m - 1 in binary."""
    return sum(
        any((x ^ y).bit_count() <= flips for y in range(points)) for x in range(2**d)
    )


@functools.lru_cache(maxsize=8)  # one in 10^4 dimensions holds 13 MB of counts
def _hamming(d: int) -> HammingCube:
    return HammingCube(d)


def _flips(d: int, steps: float) -> int:
    return math.ceil(steps * math.sqrt(d))


@functools.cache
def _log_measure(d: int, mass: float) -> float:
    """Return ln mu(S) for the least set S of at least the mass."""
    return float(np.log(_hamming(d).enlargement(mass, 0)))


@functools.cache
def _log_untouched(d: int, mass: float, flips: int) -> float:
    """Return ln(1 - mu(S_b)) for the extremal set S of that mass."""
    return float(_hamming(d).log_complement_enlargement(mass, flips))


def _log_product(d: int, mass: float, steps: float) -> float:
    return _log_measure(d, mass) + _log_untouched(d, mass, _flips(d, steps))


def _log_safe(d: int, error: float, gamma: float, factor: float = 1.0) -> float:
    """Return ln(1 - risk) within the two-step distance times a factor, rounded up."""
    budget = factor * float(hamming_two_step_distance(d, error, gamma))
    return _log_untouched(d, error, math.ceil(budget))


@functools.cache
def _exact_flips(d: int, error: float, gamma: float) -> float:
    return float(_hamming(d).enlargement_radius(error, 1 - gamma))


def _sphere_distance(d: int, error: float, gamma: float) -> float:
    """Return the geodesic distance from a cap to where its enlargement leaves gamma."""
    angles = Sphere(d).cap_angle([error, gamma])
    return float(np.pi - np.sum(angles))


def _sphere_alpha(d: int, eps: float) -> float:
    """Return the measure of what is farther than eps from a hemisphere."""
    return math.exp(Sphere(d).log_complement_enlargement(0.5, eps, metric="geodesic"))


def _sphere_alpha_ball(d: int, eps: Any) -> Any:
    return balls.cap_measure(d, eps.sin())


def _sphere_bound_ball(d: int, eps: Any, factor: int = 100) -> Any:
    """Enclose the bound with its exponent multiplied by factor/100."""
    exponent = -(d - 2) * factor * eps * eps / 200
    return (type(eps).pi() / 8).sqrt() * exponent.exp()


def _sphere_decrease_ball(eps: Any) -> Any:
    """Enclose the lesser of (sin eps - eps cos eps)/eps^3 and 1 - sqrt(2/pi)."""
    slope = (-(eps * eps) / 4).hypgeom_0f1(2.5) / 3
    return slope.min(1 - (2 / eps.pi()).sqrt())


_ERROR = Reals(1e-40, 0.5, (1e-35, 0.01, 0.5), "log", r"\mu(E)")
_GAMMA = Reals(1e-40, 0.5, (1e-35, 0.01, 0.5), "log", r"\gamma")
_D = Integers(1, 10**4, (1, 2, 3, 10, 100, 784, 10**4), symbol="d")
_HUGE = Integers(10, 10**9, (10**2, 10**4, 10**6, 10**8), symbol="d")


def _log_untouched_blocks(size: int, d: int, mass: float, flips: int) -> float:
    """Return ln(1 - mu(S_b)) where the coordinates are equal in blocks of a size."""
    return _log_untouched(d // size, mass, flips // size)


_BLOCKS = Integers(1, 100, (1, 2, 5, 10), symbol="m")
_DIVISIBLE = Integers(100, 10**4, (100, 1000, 10**4), symbol="d")


_TALAGRAND_BLOCKS = Hypothesis(
    "the coordinates are independent",
    r"they are equal in blocks of $m$",
    Exact(
        lambda size, d, mass, steps: (
            _log_measure(d // size, mass)
            + _log_untouched_blocks(size, d, mass, _flips(d, steps))
        ),
        lambda size, d, mass, steps: -(_flips(d, steps) ** 2) / d,
    ),
    {
        "size": _BLOCKS,
        "d": _DIVISIBLE,
        "mass": Reals(1e-40, 1, (0.01, 0.5), "log", r"\mu(S)"),
        "steps": Reals(0, 5, (1.0, 3.0), symbol="s"),
    },
    "size",
    unbroken=1,
)
_RATIO_BLOCKS = Hypothesis(
    "the coordinates are independent",
    r"they are equal in blocks of $m$",
    Exact(
        lambda size, d: (
            talagrand_distance(d, 0.01, 0.01)
            / (size * _exact_flips(d // size, 0.01, 0.01))
        ),
        lambda size, d: talagrand_ratio(0.01, 0.01),
        tolerance=1e-3,
    ),
    {"size": _BLOCKS, "d": _HUGE},
    "size",
    unbroken=1,
)
_HALF_OF_THE_SPHERE = Hypothesis(
    "the sets have at least half of the measure",
    r"they have the measure $\tfrac12 - s$",
    Exact(
        lambda lacking, d, eps: math.exp(
            Sphere(d).log_complement_enlargement(0.5 - lacking, eps, metric="geodesic")
        ),
        lambda lacking, d, eps: sphere_concentration(d, eps),
        rtol=1e-10,
    ),
    {
        "lacking": Reals(0, 0.49, (0.0, 0.1, 0.3, 0.4), symbol="s"),
        "d": Integers(3, 10**9, (3, 10, 100), symbol="d"),
        "eps": Reals(0, 1.57, (0.1, 0.3, 1.0), symbol=r"\epsilon"),
    },
    "lacking",
)
_ALL_DIMENSIONS = Hypothesis(
    "the points are uniform on the whole sphere",
    r"low dimension: on a sphere of the share $1 - s$ of the dimensions",
    Exact(
        lambda lost, error, gamma, d: _sphere_distance(
            round((1 - lost) * d), error, gamma
        ),
        lambda lost, error, gamma, d: sphere_two_step_distance(d, error, gamma),
        rtol=1e-9,
    ),
    {
        "lost": Reals(0, 0.9, (0.0, 0.1, 0.5, 0.9), symbol="s"),
        "error": Reals(1e-6, 0.5, (0.01, 0.5), "log", r"\mu(E)"),
        "gamma": Reals(1e-6, 0.5, (0.01, 0.5), "log", r"\gamma"),
        "d": Integers(100, 10**6, (500, 10**4, 10**6), symbol="d"),
    },
    "lost",
)


def _least_and_first(values: int, d: int, size: int) -> tuple[int, int]:
    """Return how many points are within one flip of a set: at least, and of the first.

    All sets of a size are gone through; the first points have the fewest coordinates
    that are not 0.
    """
    P = sorted(
        itertools.product(range(values), repeat=d),
        key=lambda p: (d - p.count(0), [-v for v in p]),
    )
    near = [
        sum(
            1 << j
            for j, q in enumerate(P)
            if sum(a != b for a, b in zip(p, q, strict=True)) <= 1
        )
        for p in P
    ]
    found = [
        functools.reduce(operator.or_, chosen).bit_count()
        for chosen in itertools.combinations(near, size)
    ]
    return min(found), found[0]


_CUBE = Hypothesis(
    r"the space is $\{0,1\}^d$ with the number of flips",
    r"it is $\{0, \dots, q - 1\}^d$: points near 0 come first",
    Exact(
        lambda values, d, points: _least_and_first(values, d, points)[0],
        lambda values, d, points: _least_and_first(values, d, points)[1],
    ),
    {
        "values": Integers(2, 4, (2, 3, 4), symbol="q"),
        "d": Choices((2, 3), symbol="d"),
        "points": Choices((2, 3, 4), symbol="m"),
    },
    "values",
    unbroken=2,
    where=lambda values, d, points: values**d <= 27,
)


CLAIMS = (
    Claim(
        id="mahloujifar2018.harper",
        theory="dimension",
        title="Of all sets of one size, initial segments grow least under flips",
        source=HARPER,
        statement=r"""Among all sets of $m$ points of $\{0,1\}^d$ the first $m$ in the
simplicial order have the fewest points within $t$ flips, for every $t$; compared with
the least enlargement over every subset, found by going through all of them.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 4, (1, 2, 3, 4), symbol="d"),
            "points": Integers(1, 16, tuple(range(1, 17)), symbol="m"),
            "flips": Integers(0, 4, (0, 1, 2, 3, 4), "linear", symbol="t"),
        },
        axis="points",
        where=lambda d, points, flips: points <= 2**d and flips <= d,
        evidence=Exact(
            lambda d, points, flips: _least_enlargements(d)[flips][points],
            lambda d, points, flips: _hamming(d).enlargement_count(points, flips),
        ),
        twin=Twin(
            r"the first $m$ points in the binary order, such as sub-cubes, grow least "
            r"(they have the fewest boundary edges, but not the fewest neighbours)",
            Exact(
                lambda d, points, flips: _least_enlargements(d)[flips][points],
                lambda d, points, flips: _binary_segment_enlarged(d, points, flips),
            ),
        ),
        hypotheses=(_CUBE,),
    ),
    Claim(
        id="mahloujifar2018.talagrand",
        theory="dimension",
        title="Talagrand: what stays b flips away from a set has at most e^(-b^2/d)/mu",
        source=SOURCE.at("Lemma 2.5"),
        statement=r"""For $S \subset \{0,1\}^d$ with uniform measure $\mu(S)$,
$\mu(S_b) \ge 1 - e^{-b^2/d}/\mu(S)$, that is
$\ln \mu(S) + \ln(1 - \mu(S_b)) \le -b^2/d$; checked for the extremal sets of Harper,
hence for all sets of their size, with $b = \lceil s\sqrt d \rceil$.""",
        relation="lhs <= rhs",
        domain={
            "d": _D,
            "mass": Reals(1e-40, 1, (1e-35, 0.01, 0.5), "log", r"\mu(S)"),
            "steps": Reals(0, 20, (0.5, 1.0, 3.0, 13.0), symbol="s"),
        },
        axis="d",
        where=lambda d, mass, steps: 2 * _flips(d, steps) <= d,
        evidence=Exact(
            _log_product,
            lambda d, mass, steps: -(_flips(d, steps) ** 2) / d,
            unproved="the left side counts points: it jumps with mass and flips",
        ),
        twin=Twin(
            r"the exponent is $-1.05\,b^2/d$",
            Exact(
                _log_product,
                lambda d, mass, steps: -1.05 * _flips(d, steps) ** 2 / d,
            ),
        ),
        note=r"""The constant $1$ in the exponent is the best one: with
$\mu(S) = e^{-a^2/2}$ and $b = a\sqrt d$ the two sides agree up to a factor that is
polynomial in $a$.""",
        hypotheses=(_TALAGRAND_BLOCKS,),
    ),
    Claim(
        id="mahloujifar2018.hamming-levy",
        theory="dimension",
        title="On the Hamming cube the concentration function is at most e^(-2 b^2/d)",
        source=SOURCE,
        statement=r"""For the uniform measure on $\{0,1\}^d$ and every number $b$ of
flips, $\alpha(b) = 1 - \inf\{\mu(S_b) : \mu(S) \ge \tfrac12\} \le e^{-2b^2/d}$, with
$b = \lceil s\sqrt d \rceil$; $\alpha$ by exact counts.""",
        relation="lhs <= rhs",
        domain={
            "d": _D,
            "steps": Reals(0, 18, (0.5, 1.0, 2.0, 4.0, 9.5, 15.0), symbol="s"),
        },
        axis="d",
        where=lambda d, steps: 2 * _flips(d, steps) <= d,
        evidence=Exact(
            lambda d, steps: _log_untouched(d, 0.5, _flips(d, steps)),
            lambda d, steps: np.log(hamming_concentration(d, _flips(d, steps))),
            unproved="the left side counts points: it jumps with the flips",
        ),
        twin=Twin(
            r"the exponent is $-2.1\,b^2/d$",
            Exact(
                lambda d, steps: _log_untouched(d, 0.5, _flips(d, steps)),
                lambda d, steps: (
                    1.05 * np.log(hamming_concentration(d, _flips(d, steps)))
                ),
            ),
        ),
        note="Both sides are shown as logarithms.",
        hypotheses=(
            Hypothesis(
                r"the coordinates are independent",
                r"they are equal in blocks of $m$",
                Exact(
                    lambda size, d, steps: _log_untouched_blocks(
                        size, d, 0.5, _flips(d, steps)
                    ),
                    lambda size, d, steps: np.log(
                        hamming_concentration(d, _flips(d, steps))
                    ),
                ),
                {
                    "size": _BLOCKS,
                    "d": _DIVISIBLE,
                    "steps": Reals(0, 5, (1.0, 2.0, 4.0), symbol="s"),
                },
                "size",
                unbroken=1,
            ),
            Hypothesis(
                r"the sets have at least half of the measure",
                r"they have the measure $\tfrac12 - s$",
                Exact(
                    lambda lacking, d, steps: _log_untouched(
                        d, 0.5 - lacking, _flips(d, steps)
                    ),
                    lambda lacking, d, steps: np.log(
                        hamming_concentration(d, _flips(d, steps))
                    ),
                ),
                {
                    "lacking": Reals(0, 0.49, (0.0, 0.1, 0.3, 0.4), symbol="s"),
                    "d": _DIVISIBLE,
                    "steps": Reals(0, 5, (0.5, 1.0, 2.0, 4.0), symbol="s"),
                },
                "lacking",
            ),
        ),
    ),
    Claim(
        id="mahloujifar2018.two-step-risk",
        theory="dimension",
        title="With two steps of flips any error reaches all but gamma of the cube",
        source=SOURCE,
        statement=r"""If the errors $E \subset \{0,1\}^d$ have measure $\mu(E)$, then
within $b = \sqrt{d/2}\,\big(\sqrt{\ln(1/\mu(E))} + \sqrt{\ln(1/\gamma)}\big)$ flips,
rounded up, the adversarial risk is $\mu(E_b) \ge 1 - \gamma$; checked for the sets of
Harper, hence for all sets, as $\ln(1 - \mu(E_b)) \le \ln\gamma$.""",
        relation="lhs <= rhs",
        domain={"d": _D, "error": _ERROR, "gamma": _GAMMA},
        axis="d",
        evidence=Exact(
            lambda d, error, gamma: _log_safe(d, error, gamma),
            lambda d, error, gamma: math.log(gamma),
            unproved="the left side counts points: it jumps with the error and gamma",
        ),
        twin=Twin(
            r"$b$ is four per cent shorter",
            Exact(
                lambda d, error, gamma: _log_safe(d, error, gamma, factor=0.96),
                lambda d, error, gamma: math.log(gamma),
            ),
            domain={
                "d": Integers(1, 10**4, (10**4,)),
                "error": Reals(1e-40, 0.5, (1e-35,), "log"),
                "gamma": Reals(1e-40, 0.5, (1e-35,), "log"),
            },
        ),
        hypotheses=(
            Hypothesis(
                r"the coordinates are independent",
                r"they are equal in blocks of $m$",
                Exact(
                    lambda size, d, error, gamma: _log_untouched_blocks(
                        size,
                        d,
                        error,
                        math.ceil(float(hamming_two_step_distance(d, error, gamma))),
                    ),
                    lambda size, d, error, gamma: math.log(gamma),
                ),
                {
                    "size": _BLOCKS,
                    "d": _DIVISIBLE,
                    "error": Reals(1e-6, 0.5, (0.01, 0.1), "log", r"\mu(E)"),
                    "gamma": Reals(1e-6, 0.5, (0.01, 0.1), "log", r"\gamma"),
                },
                "size",
                unbroken=1,
            ),
        ),
    ),
    Claim(
        id="mahloujifar2018.sqrt-growth",
        theory="dimension",
        title="The flips from 1 to 99 per cent of errors grow like sqrt(d)",
        source=SOURCE,
        statement=r"""The least number of flips that takes every set of errors of
measure $\mu(E)$ to the adversarial risk $1 - \gamma$ grows like $d^{1/2}$, while a
random point has about $d/2$ ones.""",
        relation="rate",
        domain={
            "d": _HUGE,
            "error": Reals(1e-6, 0.1, (0.01,), "log", r"\mu(E)"),
            "gamma": Reals(1e-6, 0.1, (0.01, 0.1), "log", r"\gamma"),
        },
        axis="d",
        evidence=Exact(
            lambda d, error, gamma: _exact_flips(d, error, gamma),
            lambda d, error, gamma: 0.5,
            tolerance=0.01,
        ),
        twin=Twin(
            r"the exponent is $0.52$ instead of $\tfrac12$",
            Exact(
                lambda d, error, gamma: _exact_flips(d, error, gamma),
                lambda d, error, gamma: 0.52,
                tolerance=0.01,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the coordinates are independent",
                r"they are equal in blocks of about $d^s$",
                Exact(
                    lambda power, d: (
                        round(d**power) * _exact_flips(d // round(d**power), 0.01, 0.01)
                    ),
                    lambda power, d: 0.5,
                    tolerance=0.01,
                ),
                {
                    "power": Reals(0, 0.9, (0.0, 0.1, 0.25, 0.5), symbol="s"),
                    "d": _HUGE,
                },
                "power",
            ),
        ),
    ),
    Claim(
        id="mahloujifar2018.talagrand-ratio",
        theory="dimension",
        title="Talagrand's distance stays a constant factor above the exact one",
        source=SOURCE,
        statement=r"""As $d$ grows, $\sqrt{d \ln(1/(\mu(E)\gamma))}$ over the exact
number of flips tends to $2\sqrt{\ln(1/(\mu(E)\gamma))}/(a + c) > 1$, where
$a = -\Phi^{-1}(\mu(E))$ and $c = -\Phi^{-1}(\gamma)$.""",
        relation="limit",
        domain={
            "d": _HUGE,
            "pair": Choices(((0.01, 0.01), (0.01, 0.5), (0.1, 0.1)), r"(\mu, \gamma)"),
        },
        axis="d",
        evidence=Exact(
            lambda d, pair: talagrand_distance(d, *pair) / _exact_flips(d, *pair),
            lambda d, pair: talagrand_ratio(*pair),
            tolerance=1e-3,
        ),
        twin=Twin(
            r"the limit is half a per cent larger",
            Exact(
                lambda d, pair: talagrand_distance(d, *pair) / _exact_flips(d, *pair),
                lambda d, pair: 1.005 * talagrand_ratio(*pair),
                tolerance=1e-3,
            ),
        ),
        note=r"""Above $d = 2^{14}$ the number of flips is an upper bound that exceeds
the exact one by at most one.""",
        hypotheses=(_RATIO_BLOCKS,),
    ),
    Claim(
        id="mahloujifar2018.sphere-levy",
        theory="dimension",
        title="On the sphere the concentration function is normal with rate (d - 2)/2",
        source=Source(
            "V. D. Milman, G. Schechtman",
            "Asymptotic theory of finite dimensional normed spaces",
            1986,
        ),
        statement=r"""On $S^{d-1}$ with the geodesic distance,
$\alpha(\epsilon) = \sigma(\mathrm{cap}(\tfrac\pi2 - \epsilon)) \le
\sqrt{\pi/8}\; e^{-(d-2)\epsilon^2/2}$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(3, 10**9, (3, 10, 100), symbol="d"),
            "eps": Reals(0, 1.57, (0.0, 0.1, 0.3, 1.0), symbol=r"\epsilon"),
        },
        axis="eps",
        evidence=Enclosure(
            _sphere_alpha_ball,
            _sphere_bound_ball,
            formulas=(_sphere_alpha, sphere_concentration),
            beyond=(Beyond(lambda eps: 0, _sphere_decrease_ball, free=("d",)),),
        ),
        twin=Twin(
            r"the rate is $1.05\,(d-2)/2$",
            Enclosure(
                _sphere_alpha_ball,
                lambda d, eps: _sphere_bound_ball(d, eps, factor=105),
            ),
            domain={
                "d": Integers(3, 10**9, (10**4,)),
                "eps": Reals(0.01, 0.3, (0.15,)),
            },
        ),
        hypotheses=(_HALF_OF_THE_SPHERE,),
    ),
    Claim(
        id="mahloujifar2018.sphere-two-step",
        theory="dimension",
        title="On the sphere the two steps go at least as far as from cap to cap",
        source=SOURCE,
        statement=r"""On $S^{d-1}$, the geodesic distance at which a cap of measure
$\mu(E)$ leaves only $\gamma$, which by Levy is the farthest that any set of errors can
be, is at most
$\big(\sqrt{\ln(k_1/\mu(E))} + \sqrt{\ln(k_1/\gamma)}\big)\big/\sqrt{(d-2)/2}$ with
$k_1 = \sqrt{\pi/8}$.""",
        relation="lhs <= rhs",
        domain={
            "error": Reals(1e-100, 0.5, (1e-100, 1e-6, 0.01, 0.5), "log", r"\mu(E)"),
            "gamma": Reals(1e-100, 0.5, (1e-100, 0.01, 0.5), "log", r"\gamma"),
            "d": Integers(3, 10**9, (3, 10, 500, 10**4, 10**6, 10**9), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda error, gamma, d: _sphere_distance(d, error, gamma),
            lambda error, gamma, d: sphere_two_step_distance(d, error, gamma),
            rtol=1e-9,
            unproved="in two masses down to 1e-100 the sides differ by a hundredth: "
            "too many boxes of quantiles; sphere-levy, which implies it, is proved",
        ),
        twin=Twin(
            r"the distance is two per cent shorter",
            Exact(
                lambda error, gamma, d: _sphere_distance(d, error, gamma),
                lambda error, gamma, d: (
                    0.98 * sphere_two_step_distance(d, error, gamma)
                ),
                rtol=1e-9,
            ),
        ),
        hypotheses=(_ALL_DIMENSIONS,),
    ),
)
