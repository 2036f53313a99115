r"""Computational constraints (Bubeck, Price, Razenshteyn 2018): pancakes.

A robust rule may exist, and few examples determine one, while no algorithm that asks
for means of statistics finds it. The law is `geomadv.data.Pancakes`: along a hidden
direction v the class is told by interleaved pancakes, which withstand steps below half
their gap, and all statistics of degree below 2k are as under N(0, I).

**Few examples are enough.** Of a finite class H with a rule of no robust error, a rule
of robust error above eps survives n examples with probability (1 - eps)^n. So
n >= (ln |H| + ln 1/delta)/eps examples suffice for the one without error on them. With
x = (1 - eps)^n, at most (delta/|H|)^c for c = -ln(1 - eps)/eps, which grows with eps,
independent rules survive with probability 1 - (1 - x)^|H| = g(x) |H| x, where g <= 1
falls with x. Over delta that is at most (delta/|H|)^(c - 1), and 1 for every |H| as
c >= 1.

**Many queries are not.** Let D_v be the law of a class with the direction v and
h_v = dD_v/dN(0, I) - 1. By Mehler's expansion, with c_j = E_v He_j(t)/sqrt(j!),

    <h_u, h_v> = sum_{j >= 2k} c_j^2 <u, v>^j,   |.| <= |<u, v>|^{2k} chi^2,

chi^2 = |h_v|^2. Let m directions have <h_u, h_v> <= gamma for u != v, and let a query g
with |g| <= 1 have |E_{D_v} g - E_N g| >= tau for all of them. Then
m tau <= |sum +-h_v| <= sqrt(m chi^2 + m^2 gamma), so that m (tau^2 - gamma) <= chi^2.
The answer E_N g rules out no more than that; with M directions in all, an algorithm
needs M (tau^2 - gamma)/chi^2 queries of tolerance tau. Of random signs over sqrt(d),
M = exp(c^2 d/4) have all |<u, v>| <= c with positive probability (Hoeffding, and a
union over M^2/2 pairs): exponentially many queries.

**The oracle.** A point of the class y within r of the centre of its pancake is decided
rightly if w_y exp(-r^2/2s^2) > exp(-(2m - r)^2/2s^2), m the margin and w the least
weight, since all pancakes of the other class are at least 2m - r away: if
r < m - s^2 ln(1/w)/(2m). So steps of size eps succeed with probability at most

    2 Phi(-(m - s^2 ln(1/w)/(2m) - eps)/s).

**Linear rules.** With the easy coordinate x_0 = tau y they have no error, but steps of
size tau take it away, and what is left is at most (1 + K)/2, K the Kolmogorov distance
of the marginals along v: 2/3 for the pancakes (-1, 1) and (0, +-sqrt 3).

Sources: Bubeck, Price, Razenshteyn (2018), "Adversarial examples from computational
constraints", arXiv:1805.10204 (the three statements in substance; numbering not
checked, constants derived anew); Diakonikolas, Kane, Stewart (2017), arXiv:1611.03473
(the correlation of hidden directions); Feldman, Grigorescu, Reyzin, Vempala, Xiao
(2017), arXiv:1201.1214 (counting queries). The easy coordinate is added here.
"""

import functools
import math
from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Bool, NDArray, Real
from geomadv._validate import integer, norm_order, real, real_array
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
    Statistical,
    Twin,
    balls,
)
from geomadv.data import Pancakes

SOURCE = Source(
    "S. Bubeck, E. Price, I. Razenshteyn",
    "Adversarial examples from computational constraints",
    2018,
    arxiv="1805.10204",
)

_TERMS = 20_000  # of Mehler's expansion, at most


def robust_sample_size(hypotheses: int, error: float, delta: float) -> int:
    """Return how many examples determine a rule of small robust error.

    Parameters
    ----------
    hypotheses : int
        Size of a class that holds a rule without robust error.
    error : float
        The robust error allowed, in (0, 1).
    delta : float
        The probability of failure allowed, in (0, 1).

    Returns
    -------
    int
        The least n with n >= (ln |H| + ln 1/delta)/error.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> robust_sample_size(1000, 0.01, 0.05)
    991
    """
    size = integer("hypotheses", hypotheses, minimum=1)
    open_ = {"lower": 0.0, "upper": 1.0, "open_lower": True, "open_upper": True}
    eps, failure = real("error", error, **open_), real("delta", delta, **open_)
    return math.ceil((math.log(size) - math.log(failure)) / eps)


def correlation(cosine: ArrayLike, order: int, width: float) -> Real:
    r"""Return <h_u, h_v>, the correlation of two pancake laws relative to N(0, I).

    Parameters
    ----------
    cosine : array_like
        <u, v>, in [-1, 1].
    order : int
        k, the number of pancakes, from 1 to 50.
    width : float
        s in [.05, 1).

    Returns
    -------
    float or array of the shape of `cosine`
        The sum over j >= 2k of c_j^2 cosine^j; at 1 it is chi^2.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Terms fall as (cosine (1 - s^2))^j. Relative error below 1e-12 against Mehler's
    closed form at 90 digits, for k up to 12 (measured in the tests).

    Examples
    --------
    >>> round(float(correlation(1.0, 2, 0.5)), 6)
    0.198034
    """
    c = real_array("cosine", cosine, lower=-1.0, upper=1.0)
    k = integer("order", order, minimum=1)
    squares = _squares(k, real("width", width, lower=0.05, upper=1, open_upper=True))
    found: Real = np.polynomial.polynomial.polyval(c**2, squares) * c ** (2 * k)
    return found


@functools.lru_cache(maxsize=64)
def _squares(k: int, width: float) -> NDArray:
    """Return c_2k^2, c_2k+2^2, ...: the odd ones vanish."""
    law = Pancakes(1, (k, None), width)
    shrink = -math.log1p(-(width**2))
    terms = min(2 * k + 2 * math.ceil(20.0 / shrink) + 40, _TERMS + 2 * k)
    squares: NDArray = law.hermite_moments(-1, terms)[2 * k :: 2] ** 2
    squares.flags.writeable = False
    return squares


def correlation_bound(cosine: ArrayLike, order: int, width: float) -> Real:
    """Return |cosine|^{2k} chi^2, which the correlation does not exceed.

    The arguments are as for `correlation`.

    Returns
    -------
    float or array of the shape of `cosine`

    Examples
    --------
    >>> bool(correlation_bound(0.1, 3, 0.2) < 1e-4)
    True
    """
    c = real_array("cosine", cosine, lower=-1.0, upper=1.0)
    bound: Real = np.abs(c) ** (2 * order) * correlation(1.0, order, width)
    return bound


def log_queries(
    d: int, order: int, width: float, tolerance: float, cosine: float
) -> float:
    r"""Return the logarithm of a lower bound of the number of statistical queries.

    Parameters
    ----------
    d : int
        Dimension.
    order, width : int, float
        Of the pancakes, as for `correlation`.
    tolerance : float
        tau, how precisely means of functions with values in [-1, 1] are told.
    cosine : float
        c in (0, 1), the greatest between directions; any is valid.

    Returns
    -------
    float
        c^2 d/4 + ln((tau^2 - c^{2k} chi^2)/chi^2), minus infinity where that is void.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(log_queries(10_000, 4, 0.2, 0.01, 0.1), 3)
    15.653
    """
    d = integer("d", d, minimum=1)
    tau = real("tolerance", tolerance, lower=0.0, open_lower=True)
    c = real("cosine", cosine, lower=0, upper=1, open_lower=True, open_upper=True)
    chi2 = float(correlation(1.0, order, width))
    left = tau**2 - float(correlation_bound(c, order, width))
    return c**2 * d / 4.0 + math.log(left / chi2) if left > 0.0 else -math.inf


def oracle_risk_bound(law: Pancakes, eps: float) -> float:
    """Return the bound of the oracle's risk under l_2 steps.

    Parameters
    ----------
    law : Pancakes
        With pancakes in both classes and a width above 0.
    eps : float
        Size of the steps, at least 0.

    Returns
    -------
    float
        The bound of the module, at most 1.

    Raises
    ------
    ValueError
        If the law or `eps` is not as described.

    Examples
    --------
    >>> law = Pancakes(5, (2, 3), 0.05)
    >>> float(law.oracle_risk(0.2)) <= oracle_risk_bound(law, 0.2) < 0.002
    True
    """
    if law.width == 0.0 or None in law.orders:
        raise ValueError("law must have pancakes of a width above 0 in both classes")
    size = real("eps", eps, lower=0.0)
    m, s = law.margin, law.width
    if m == 0.0:
        return 1.0
    least = min(float(law.mixture(y).weights.min()) for y in (-1, 1))
    room = m + s**2 * math.log(least) / (2.0 * m) - size
    return min(1.0, 2.0 * float(special.ndtr(-room / s)))


def linear_accuracy(
    law: Pancakes, w: ArrayLike, b: float, eps: ArrayLike = 0.0, p: float = 2
) -> Real:
    """Return the accuracy of the rule sign(<w, x> + b) under steps, exactly.

    Parameters
    ----------
    law : Pancakes
    w : (d,) array_like
        Normal, not zero.
    b : float
        Offset.
    eps : array_like
        Sizes of perturbations, at least 0.
    p : float
        Order of their norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    float or array of the shape of `eps`
        P(y (<w, x> + b) > eps |w|_q), 1/p + 1/q = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    The easy coordinate alone, and its loss.

    >>> law = Pancakes(3, tau=0.1)
    >>> linear_accuracy(law, [1.0, 0.0, 0.0], 0.0, [0.0, 0.09, 0.11])
    array([1., 1., 0.])
    """
    normal = real_array("w", w)
    if normal.shape != (law.d,) or not normal.any():
        raise ValueError(f"w must have {law.d} entries, not all 0, got {normal!r:.60}")
    offset, sizes = real("b", b), real_array("eps", eps, lower=0.0)
    p = norm_order("p", p)
    q = 1.0 if np.isinf(p) else np.inf if p == 1 else p / (p - 1.0)
    reach = sizes * np.linalg.norm(normal, q)
    easy = 0.0
    if law.tau > 0.0:
        easy, normal = law.tau * float(normal[0]), np.append(0.0, normal[1:])
    length = float(np.linalg.norm(normal))
    total = np.zeros(sizes.shape)
    for y in (-1, 1):
        # y (y easy + length z + b) > reach, z of the class' law and symmetric
        level = reach - easy - y * offset
        if length == 0.0:
            total += level < 0.0
            continue
        z = law.mixture(y).tilted(float(normal @ law.direction) / length)
        low = np.nextafter(level.ravel() / length, np.inf)
        total += z.mass(low, np.full(low.shape, np.inf)).reshape(sizes.shape)
    accuracy: Real = (total / 2.0)[()]
    return accuracy


# --- Claims --------------------------------------------------------------------------


def _gaussian_moment(j: int) -> float:
    return 0.0 if j % 2 else float(math.prod(range(1, j, 2)))


def _moment(order: int, degree: int, width: float) -> float:
    return float(Pancakes(1, (order, None), width).moments(-1, degree)[-1])


def _lost(order: int, width: float) -> float:
    """Return -E He_2k(t)."""
    found = Pancakes(1, (order, None), width).hermite_moments(-1, 2 * order)[-1]
    return -float(found) * math.sqrt(math.factorial(2 * order))


def _lost_formula(order: int, width: float) -> float:
    return math.factorial(order) * (1.0 - width**2) ** order


def _reach(order: int, width: float, m: int) -> float:
    """Return the greatest tau to which one query tells m directions of the plane.

    They are m lines at equal angles, and the best query is the sign of S = sum h_v:
    tau = E|S|/m for each of them, by Gauss-Legendre rules over radii and an angle.
    """
    law = Pancakes(1, (order, None), width).mixture(-1)
    x, weights = np.polynomial.legendre.leggauss(8)
    r = (np.arange(45)[:, None] + (x + 1.0) / 2.0).ravel() / 5.0  # up to 9
    mass = np.tile(weights, 45) / 10.0 * r * np.exp(-r * r / 2.0)
    turn, share = np.polynomial.legendre.leggauss(24)
    angles = (turn[:, None] + 1.0) * math.pi / (2.0 * m) - np.arange(m) * math.pi / m
    t = np.multiply.outer(r, np.cos(angles))
    ratio = np.exp(law.log_density(t.ravel()) + t.ravel() ** 2 / 2.0)
    total = np.abs((ratio.reshape(t.shape) - 1.0).sum(axis=2))
    return float(mass @ total @ share / (2.0 * m))


def _reach_bound(order: int, width: float, m: int, *, alone: bool = False) -> float:
    chi2 = float(correlation(1.0, order, width))
    gamma = float(correlation(math.cos(math.pi / m), order, width))
    return math.sqrt(chi2 / m + (0.0 if alone else gamma))


def _survival(hypotheses: int, error: float, delta: float, share: float) -> float:
    """Return P(one of |H| independent bad rules survives)/delta after a share of n."""
    n = math.ceil(share * robust_sample_size(hypotheses, error, delta))
    survives = -math.expm1(hypotheses * math.log1p(-((1.0 - error) ** n)))
    return float(survives / delta)


def _survival_ball(hypotheses: int, error: Any, delta: Any, percent: int = 100) -> Any:
    """Enclose it as g(x) |H| x/delta with the x and g of the module."""
    H, share = hypotheses, balls.as_ball(percent) / 100
    rate = [share * -(-e).log1p() / e for e in balls.ends(error)]
    share_of = [
        balls.as_ball(t / H) ** c / (t / H)
        for t, c in zip(balls.ends(delta), (rate[1], rate[0]), strict=True)
    ]
    n = (share * (balls.as_ball(H) / delta).log() / error).ceil().unique_fmpz()
    if n is not None:
        x = (int(n) * (-error).log1p()).exp()
        return -(H * (-x).log1p()).expm1() / delta
    most = [x * t / H for x, t in zip(share_of, balls.ends(delta), strict=True)]
    least = most[0] * (1 - error.upper())
    curve = -(H * (-least).log1p()).expm1() / (H * least)
    return balls.as_ball(0).union(curve * share_of[1])


def _rate_gain_ball(error: Any) -> Any:
    """Enclose (c - 1)/eps for the c of the module: from 1/2 on, it grows with eps."""
    low, high = (
        -((-e).log1p() + e) / e**2 if e > 0 else balls.as_ball(0.5)
        for e in balls.ends(error)
    )
    return low.union(high)


_TAU = 0.1


@functools.lru_cache(maxsize=64)
def _law(orders: tuple[int, int], width: float) -> Pancakes:
    return Pancakes(3, orders, width, tau=_TAU)


@functools.lru_cache(maxsize=64)
def _best(orders: tuple[int, int], width: float) -> float:
    """Return (1 + K)/2."""
    return 1.0 - _law(orders, width).linear_risk()


def _linear(
    orders: tuple[int, int],
    width: float,
    easy: float,
    tilt: float,
    b: float,
    eps: float,
) -> float:
    """Return the accuracy of a linear rule; easy and tilt are angles from v."""
    w = [
        math.sin(easy),
        math.cos(easy) * math.sin(tilt),
        math.cos(easy) * math.cos(tilt),
    ]
    return float(linear_accuracy(_law(orders, width), w, b, eps * _TAU))


def _apart(order: int, width: float, apart: float) -> tuple[NDArray, NDArray]:
    """Return centres that are 1 + apart times as far from 0, and their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    return math.sqrt(1 - width**2) * (1 + apart) * nodes, weights / weights.sum()


def _moment_apart(order: int, degree: int, width: float, apart: float) -> float:
    """Return E t^degree, by a rule that is exact for the noise."""
    centres, share = _apart(order, width, apart)
    nodes, weights = np.polynomial.hermite_e.hermegauss(13)
    powers = (centres[:, None] + width * nodes) ** degree
    return float(share @ powers @ weights / weights.sum())


def _squares_apart(order: int, width: float, apart: float) -> NDArray:
    """Return (E He_j(t))^2/j! for j from 1 to 400.

    E He_j(t) = (1 - s^2)^{j/2} E He_j(a/sqrt(1 - s^2)) for centres a.
    """
    r = math.sqrt(1 - width**2)
    centres, share = _apart(order, width, apart)
    x, before, now = centres / r, np.zeros_like(centres), np.ones_like(centres)
    found = []
    for j in range(400):  # He_{j+1} = x He_j - j He_{j-1}, over sqrt((j + 1)!)
        before, now = (
            now,
            (x * r * now - math.sqrt(j) * r**2 * before) / math.sqrt(j + 1),
        )
        found.append(float(share @ now) ** 2)
    return np.array(found)


def _mistakes(
    n: int, rng: np.random.Generator, orders: tuple[int, int], angle: float
) -> Bool[NDArray, " n"]:
    """Draw whether the Bayes rule errs at an angle from the hidden direction."""
    negative, positive = (Pancakes(2, orders, 0.2).mixture(y) for y in (-1, 1))
    label = rng.random(n) < 0.5
    centres = [rng.choice(z.means, n, p=z.weights) for z in (negative, positive)]
    t = np.where(label, centres[1], centres[0]) + 0.2 * rng.standard_normal(n)
    seen = math.cos(angle) * t + math.sin(angle) * rng.standard_normal(n)
    decided = positive.log_density(seen) > negative.log_density(seen)
    return np.asarray(decided != label)


_ORDER = Integers(1, 12, (1, 2, 3, 6, 12), symbol="k")
_WIDTH = Reals(0.05, 0.95, (0.05, 0.3, 0.9), symbol="s")
_PAIRS = Choices(((1, 2), (2, 3), (3, 4), (6, 5), (2, 7)), symbol="(k_-, k_+)")
_NODES = "the centres are Gauss-Hermite nodes with their weights"
_WIDER = "they are $1 + s$ times as far from 0"
_APART = Reals(0.0, 1.0, (0.0, 1e-3, 0.1, 1.0), symbol="s")
_MOMENTS = (
    Hypothesis(
        _NODES,
        _WIDER,
        Exact(
            _moment_apart,
            lambda order, degree, width, apart: _gaussian_moment(degree),
            rtol=1e-11,
            atol=1e-12,
        ),
        {
            "order": Choices((2, 3), symbol="k"),
            "degree": Choices((1, 2, 3), symbol="j"),
            "width": Choices((0.3, 0.9), symbol="s"),
            "apart": _APART,
        },
        "apart",
    ),
)
_FIRST = (
    Hypothesis(
        _NODES,
        _WIDER,
        Exact(
            lambda order, width, apart: (
                _gaussian_moment(2 * order)
                - _moment_apart(order, 2 * order, width, apart)
            ),
            lambda order, width, apart: _lost_formula(order, width),
            rtol=1e-9,
        ),
        {
            "order": Choices((1, 3), symbol="k"),
            "width": Choices((0.3, 0.9), symbol="s"),
            "apart": _APART,
        },
        "apart",
    ),
)
_CORRELATED = (
    Hypothesis(
        _NODES,
        _WIDER,
        Exact(
            lambda cosine, order, apart: float(
                cosine ** np.arange(1, 401) @ _squares_apart(order, 0.4, apart)
            ),
            lambda cosine, order, apart: (
                cosine ** (2 * order) * float(_squares_apart(order, 0.4, apart).sum())
            ),
            rtol=1e-9,
            atol=1e-18,
        ),
        {
            "cosine": Choices((0.1, 0.5), symbol=r"\rho"),
            "order": Choices((2, 3), symbol="k"),
            "apart": _APART,
        },
        "apart",
    ),
)
_DIRECTIONS = (
    Hypothesis(
        _NODES,
        why="for any laws the bound holds, with their own $\\chi^2$ and $\\gamma$",
    ),
    Hypothesis(
        r"$\gamma$ is the greatest correlation of two of the laws",
        r"it is $(1 - s)\gamma$",
        Exact(
            lambda order, m, less: _reach(order, 0.3, m),
            lambda order, m, less: math.sqrt(
                less * _reach_bound(order, 0.3, m, alone=True) ** 2
                + (1 - less) * _reach_bound(order, 0.3, m) ** 2
            ),
            rtol=1e-9,
        ),
        {
            "order": Choices((1, 4), symbol="k"),
            "m": Choices((10, 40), symbol="m"),
            "less": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="s"),
        },
        "less",
    ),
)
_CLASS = (
    Hypothesis(
        "the examples are independent",
        "each of them is $c$ times in the sample",
        Exact(
            lambda hypotheses, error, delta, copies: _survival(
                hypotheses, error, delta, 1 / copies
            ),
            lambda hypotheses, error, delta, copies: 1.0,
            rtol=1e-11,
        ),
        {
            "hypotheses": Choices((1, 100, 10**9), symbol="|H|"),
            "error": Choices((0.001, 0.1), symbol=r"\varepsilon"),
            "delta": Choices((0.001, 0.1), symbol=r"\delta"),
            "copies": Integers(1, 100, (1, 2, 10, 100), symbol="c"),
        },
        "copies",
        unbroken=1,
    ),
    Hypothesis(
        r"every rule to be left out has a robust error of at least $\varepsilon$",
        r"only $(1 - s)\varepsilon$",
        Exact(
            lambda hypotheses, error, delta, less: (
                -math.expm1(
                    hypotheses
                    * math.log1p(
                        -(
                            (1 - (1 - less) * error)
                            ** robust_sample_size(hypotheses, error, delta)
                        )
                    )
                )
                / delta
            ),
            lambda hypotheses, error, delta, less: 1.0,
            rtol=1e-11,
        ),
        {
            "hypotheses": Choices((2, 100, 10**9), symbol="|H|"),
            "error": Choices((0.001, 0.1), symbol=r"\varepsilon"),
            "delta": Choices((0.001, 0.1), symbol=r"\delta"),
            "less": Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5, 0.9), symbol="s"),
        },
        "less",
    ),
)
_ORACLE = (
    Hypothesis(
        "the learner knows the law: it is the Bayes rule",
        "it knows the direction only up to the angle $s$; there are no steps",
        Statistical(
            _mistakes,
            lambda orders, angle: oracle_risk_bound(Pancakes(2, orders, 0.2), 0.0),
        ),
        {
            "orders": Choices(((1, 2),), symbol="(k_-, k_+)"),
            "angle": Reals(0.0, 1.5, (0.0, 0.5, 1.5), symbol="s"),
        },
        "angle",
    ),
)
_STEPS = (
    Hypothesis(
        r"$\varepsilon \ge \tau$: the steps undo the easy coordinate",
        r"$\varepsilon < \tau$",
        Exact(
            lambda orders, easy, eps: _linear(orders, 0.3, easy, 0.0, 0.0, eps),
            lambda orders, easy, eps: _best(orders, 0.3),
            rtol=1e-11,
        ),
        {
            "orders": Choices(((2, 3), (3, 4)), symbol="(k_-, k_+)"),
            "easy": Choices((0.0, 0.5, 1.5, 1.57)),
            "eps": Reals(0.0, 1.0, (1.0, 0.99, 0.5, 0.0), symbol=r"\varepsilon/\tau"),
        },
        "eps",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="bubeck2018.moments-match",
        theory="oscillation",
        title="Pancakes have the moments of N(0, 1) up to degree 2k - 1",
        source=SOURCE,
        statement=r"""For $k$ Gauss-Hermite nodes $a$ with their weights and any width
$s$, $t = \sqrt{1 - s^2}\,a + s N(0, 1)$ has $E t^j = E N(0, 1)^j$ for all
$j \leq 2k - 1$.""",
        relation="lhs == rhs",
        domain={
            "order": _ORDER,
            "degree": Integers(1, 24, (1, 2, 3, 4, 8, 23, 24), symbol="j"),
            "width": _WIDTH,
        },
        where=lambda order, degree, width: degree < 2 * order,
        axis="degree",
        evidence=Exact(
            _moment,
            lambda order, degree, width: _gaussian_moment(degree),
            rtol=1e-11,
            atol=1e-12,
        ),
        twin=Twin(
            "up to degree $2k$",
            Exact(
                _moment,
                lambda order, degree, width: _gaussian_moment(degree),
                rtol=1e-11,
                atol=1e-12,
            ),
            where=lambda order, degree, width: degree <= 2 * order,
        ),
        hypotheses=_MOMENTS,
    ),
    Claim(
        id="bubeck2018.first-difference",
        theory="oscillation",
        title="The first moment of pancakes that differs does so by k! (1 - s^2)^k",
        source=SOURCE,
        statement=r"""$E He_{2k}(t) = -k!\,(1 - s^2)^k$ for $k$ pancakes of width
$s$, and with it $E t^{2k} = (2k - 1)!! - k!\,(1 - s^2)^k$.""",
        relation="lhs == rhs",
        domain={"order": _ORDER, "width": _WIDTH},
        axis="width",
        evidence=Exact(_lost, _lost_formula, rtol=1e-9),
        twin=Twin(
            r"it is $k!\,(1 - s)^k$",
            Exact(
                _lost,
                lambda order, width: math.factorial(order) * (1.0 - width) ** order,
                rtol=1e-9,
            ),
        ),
        hypotheses=_FIRST,
    ),
    Claim(
        id="bubeck2018.correlation",
        theory="oscillation",
        title="Pancakes of different directions are almost uncorrelated",
        source=SOURCE,
        statement=r"""With $\chi^2 = \|h_v\|^2$, the laws of $k$ pancakes with
directions $u$, $v$ have $\langle h_u, h_v\rangle \leq |\langle u, v\rangle|^{2k}
\chi^2$.""",
        relation="lhs <= rhs",
        domain={
            "cosine": Reals(-1.0, 1.0, (-0.9, -0.1, 0.01, 0.5, 1.0), symbol=r"\rho"),
            "order": _ORDER,
            "width": _WIDTH,
        },
        axis="cosine",
        evidence=Exact(
            correlation,
            correlation_bound,
            rtol=1e-9,
            atol=1e-300,
            unproved="equality at the cosines 0 and 1, and an infinite series",
        ),
        twin=Twin(
            r"the exponent is $2k + 2$",
            Exact(
                correlation,
                lambda cosine, order, width: (
                    cosine**2 * correlation_bound(cosine, order, width)
                ),
                rtol=1e-9,
                atol=1e-300,
            ),
        ),
        hypotheses=_CORRELATED,
    ),
    Claim(
        id="bubeck2018.one-query",
        theory="oscillation",
        title="One statistical query rules out few directions",
        source=SOURCE,
        statement=r"""A function $|g| \leq 1$ with $|E_{D_v} g - E_N g| \geq \tau$ for
$m$ directions has $\tau^2 \leq \chi^2/m + \gamma$, $\gamma$ the greatest correlation
of two: here of $m$ lines at equal angles in the plane, and the best $g$, the sign of
$\sum h_v$, whose $\tau = E|\sum h_v|/m$ is integrated from the densities.""",
        relation="lhs <= rhs",
        domain={
            "order": Integers(1, 4, (1, 2, 4), symbol="k"),
            "width": Reals(0.2, 0.9, (0.3, 0.5), symbol="s"),
            "m": Integers(2, 40, (2, 10, 40), symbol="m"),
        },
        axis="m",
        evidence=Exact(
            _reach,
            _reach_bound,
            rtol=1e-9,
            unproved="the integrand is the modulus of a sum, with kinks",
        ),
        twin=Twin(
            r"without $\gamma$, as if the laws were uncorrelated",
            Exact(_reach, functools.partial(_reach_bound, alone=True), rtol=1e-9),
        ),
        hypotheses=_DIRECTIONS,
    ),
    Claim(
        id="bubeck2018.few-examples",
        theory="oscillation",
        title="Few examples determine a robust rule of a finite class",
        source=SOURCE,
        statement=r"""After $n \geq (\ln |H| + \ln 1/\delta)/\varepsilon$ examples the
probability that one of $|H|$ rules, independent and each of robust error
$\varepsilon$, has made none is at most $\delta$. Shown is that probability over
$\delta$.""",
        relation="lhs <= rhs",
        domain={
            "hypotheses": Integers(1, 10**9, (1, 100, 10**9), symbol="|H|"),
            "error": Reals(0.001, 0.5, (0.001, 0.1, 0.5), symbol=r"\varepsilon"),
            "delta": Reals(0.001, 0.5, (0.001, 0.1, 0.5), symbol=r"\delta"),
        },
        axis="hypotheses",
        evidence=Enclosure(
            _survival_ball,
            lambda hypotheses, error, delta: 1,
            formulas=(
                lambda hypotheses, error, delta: _survival(
                    hypotheses, error, delta, 1.0
                ),
                lambda hypotheses, error, delta: 1.0,
            ),
            rtol=1e-11,
            beyond=(
                Beyond(
                    lambda error, delta: 0,
                    lambda error, delta: _rate_gain_ball(error),
                    until={"error": 0.5, "delta": 0.5},
                    free=("hypotheses",),
                ),
            ),
        ),
        twin=Twin(
            "four fifths as many examples suffice",
            Enclosure(
                functools.partial(_survival_ball, percent=80),
                lambda hypotheses, error, delta: 1,
            ),
        ),
        hypotheses=_CLASS,
    ),
    Claim(
        id="bubeck2018.oracle-withstands",
        theory="oscillation",
        title="Whoever knows the direction withstands steps below half the gap",
        source=SOURCE,
        statement=r"""With the margin $m$, half the least gap between centres of the two
classes, and $w$ the least weight, the Bayes rule has under $l_2$ steps of size
$\varepsilon$ a risk of at most
$2\Phi(-(m - s^2 \ln(1/w)/(2m) - \varepsilon)/s)$.""",
        relation="lhs <= rhs",
        domain={
            "orders": _PAIRS,
            "width": Reals(0.01, 0.5, (0.01, 0.05, 0.2), scale="log", symbol="s"),
            "eps": Reals(0.0, 0.5, (0.0, 0.1, 0.3), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            lambda orders, width, eps: float(
                Pancakes(2, orders, width).oracle_risk(eps)
            ),
            lambda orders, width, eps: oracle_risk_bound(
                Pancakes(2, orders, width), eps
            ),
            rtol=1e-9,
            atol=1e-300,
            unproved="one side needs all roots of a difference of mixture densities",
        ),
        twin=Twin(
            "the margin is a fifth larger",
            Exact(
                lambda orders, width, eps: float(
                    Pancakes(2, orders, width).oracle_risk(
                        eps + 0.2 * Pancakes(2, orders, width).margin
                    )
                ),
                lambda orders, width, eps: oracle_risk_bound(
                    Pancakes(2, orders, width), eps
                ),
                rtol=1e-9,
                atol=1e-300,
            ),
        ),
        hypotheses=_ORACLE,
    ),
    Claim(
        id="bubeck2018.linear-rules",
        theory="oscillation",
        title="No linear rule that steps of size tau reach is much better than chance",
        source=SOURCE,
        statement=r"""With an easy coordinate $x_0 = \tau y$ every linear rule has under
$l_2$ steps of size $\varepsilon \geq \tau$ an accuracy of at most $(1 + K)/2$, $K$ the
Kolmogorov distance of the classes along the hidden direction.""",
        relation="lhs <= rhs",
        domain={
            "orders": _PAIRS,
            "width": Reals(0.01, 0.9, (0.01, 0.3), scale="log", symbol="s"),
            "easy": Reals(-1.57, 1.57, (-0.5, 0.0, 0.5, 1.5)),
            "tilt": Reals(0.0, 3.14, (0.0, 0.5)),
            "b": Reals(-2.0, 2.0, (-1.3, -0.5, 0.0, 0.5)),
            "eps": Reals(1.0, 5.0, (1.0, 3.0), symbol=r"\varepsilon/\tau"),
        },
        axis="b",
        evidence=Exact(
            _linear,
            lambda orders, width, easy, tilt, b, eps: _best(orders, width),
            rtol=1e-11,
            unproved="the supremum K is found by a program, and a rule attains it",
        ),
        twin=Twin(
            r"at most $0.999\,(1 + K)/2$",
            Exact(
                _linear,
                lambda orders, width, easy, tilt, b, eps: 0.999 * _best(orders, width),
                rtol=1e-11,
            ),
        ),
        note="""Simple rules do not fall to $1/2$ at once: those along the hidden
direction keep $2/3$ for two and three pancakes, which falls to $1/2$ with their
number. Stated and shown here, not in the paper.""",
        hypotheses=_STEPS,
    ),
)
