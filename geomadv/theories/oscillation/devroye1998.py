r"""The Hilbert kernel estimate (Devroye, Gyorfi, Krzyzak 1998).

    eta_n(x) = sum_i y_i |x - x_i|^-d / sum_i |x - x_i|^-d

in R^d interpolates, has no parameter, and is consistent in probability; any other
exponent than d is not. Let u_i be the share of the ball about x, of constant density,
that is nearer than x_i: u_i is uniform, and the weights are w_i = 1/u_i, Pareto of
index 1. Their sum S is about n ln n, and no mean exists. With
E e^{-tw} = E_2(t) = int_1^inf e^{-tx} x^-2 dx, the exponential integral,

    V_n = E sum w_i^2/S^2 = n int_0^inf e^-t E_2(t)^{n-1} dt,

which 1 - E_2(t) = t (1 - gamma - ln t) + O(t^2) makes asymptotic to 1/ln n: the
variance of eta_n is that of the labels over ln n, whatever d is.

**Errors.** Let labels be wrong with probability nu. The decision is wrong if
D = sum s_i w_i > 0, s_i = +1 for wrong labels and -1 for right ones. Its characteristic
function is phi^n, and Gil-Pelaez' formula gives the share of errors,

    P(D > 0) = 1/2 + (1/pi) int_0^inf Im phi(t)^n / t dt,
    phi(t) = Re E e^{itw} - i (1 - 2 nu) Im E e^{itw},
    E e^{itw} = cos t + t (Si t - pi/2) + i (sin t - t Ci t).

One wrong label outweighs all others, which sum to about -(1 - 2 nu) n ln n, with
probability n nu/((1 - 2 nu) n ln n): the share is asymptotic to

    nu/((1 - 2 nu) ln n).

mu(A_n) tends to 0, but only like 1/ln n, while the errors, among them all mislabelled
training points, become dense like those of other interpolants (`belkin2018`).

**Not for almost every sequence.** The n-th point outweighs all before it at x with the
probability E 1/S_{n-1} = int_0^inf E_2(t)^{n-1} dt, asymptotic to 1/(n ln n). The sum
diverges: it is expected to happen infinitely often, and eta_n(x) is then near the label
of one point. The paper shows that eta_n(x) does not converge almost surely.

**The exponent.** With |x - x_i|^-e the weights are Pareto of index a = d/e. For e > d,
V_n tends to 1 - d/e (Poisson and Dirichlet's law), so that the variance stays: all
weight is on few points. For e < d the weights have a mean, and eta_n tends to an
average of eta over the whole space: on the circle, with distances around it and eta =
1/2 + cos(2 pi x)/2, that average at x = 0 is 1/2 + c/2,

    c = int_0^1/2 cos(2 pi r) r^-e dr / int_0^1/2 r^-e dr < 1.

Source: Devroye, Gyorfi, Krzyzak (1998), "The Hilbert kernel regression estimate",
Journal of Multivariate Analysis 65, 209-227 (Shepard 1968 for interpolation).
Consistency is the paper's; rates and integrals are derived anew.

Conventions: the density is constant about x; labels are -1 and +1, "share" is the
expected measure of the errors.
"""

import math

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray
from geomadv._validate import points, real, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Statistical,
    Twin,
)
from geomadv.theories.oscillation.belkin2018 import variance_factor

SOURCE = Source(
    "L. Devroye, L. Gyorfi, A. Krzyzak", "The Hilbert kernel regression estimate", 1998
)
_STEP = 0.02


def hilbert_estimate(
    X: ArrayLike,
    centres: ArrayLike,
    values: ArrayLike,
    *,
    exponent: float | None = None,
) -> Float[NDArray, " n"]:
    """Return means of values, weighted by distance to a negative power.

    Parameters
    ----------
    X : (n, d) array_like
        Where to estimate.
    centres : (m, d) array_like
        At least one point.
    values : (m,) array_like
        Numbers at the centres.
    exponent : float, optional
        e > 0 of |x - x_i|^-e; d unless given.

    Returns
    -------
    (n,) array
        At a centre the mean of the values there.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> hilbert_estimate([[0.25], [1.0]], [[0.0], [1.0]], [0.0, 1.0])
    array([0.25, 1.  ])
    """
    x = points("X", X)
    at = points("centres", centres, d=x.shape[1], minimum=1)
    y = real_array("values", values)
    if y.shape != (len(at),):
        raise ValueError(f"values must have shape ({len(at)},), got {y.shape}")
    power = float(x.shape[1])
    if exponent is not None:
        power = real("exponent", exponent, lower=0.0, open_lower=True)
    found = np.empty(len(x))
    for i, place in enumerate(x):
        distance = np.linalg.norm(at - place, axis=1)
        with np.errstate(divide="ignore"):
            logs = -power * np.log(distance)
        nearest = logs.max()
        w = logs == nearest if nearest == math.inf else np.exp(logs - nearest)
        found[i] = (w * y).sum() / w.sum()
    return found


def hilbert_variance(n: float) -> float:
    """Return V_n, the variance of the estimate from labels of variance 1.

    Parameters
    ----------
    n : float
        Number of points, at least 1 (in the formula it may be huge, up to 1e300).

    Returns
    -------
    float
        The integral of the module, in every dimension.

    Raises
    ------
    ValueError, TypeError
        If n is not as described.

    Notes
    -----
    By the trapezoidal rule in ln t; right to 1e-12 against 30-digit arithmetic.

    Examples
    --------
    >>> round(hilbert_variance(100), 6), round(hilbert_variance(10_000), 6)
    (0.157413, 0.086198)
    """
    n = real("n", n, lower=1.0, upper=1e300)
    return 1.0 if n == 1.0 else _variance(n, 1)


def hilbert_error_share(n: float, noise: float) -> float:
    """Return the share of wrong decisions of the Hilbert kernel's rule.

    Parameters
    ----------
    n : float
        Number of points, from 10 to 1e100.
    noise : float
        nu in [0, 1/2], the probability that a label is wrong.

    Returns
    -------
    float
        P(D > 0) of the module, in every dimension.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By the trapezoidal rule in ln t; absolute error below 1e-10.

    Examples
    --------
    >>> round(hilbert_error_share(1000, 0.2), 6)
    0.039184
    """
    n = real("n", n, lower=10.0, upper=1e100)
    nu = real("noise", noise, lower=0.0, upper=0.5)
    step = min(_STEP, 1.0 / (20.0 * math.log(n)))  # of ever quicker turns
    t = _grid(n, math.log(40.0 / n), step) if n > 100.0 else _grid(n, 5.5, step)
    sine, cosine = special.sici(t)
    # phi = 1 - real - i (1 - 2 nu) imaginary, without cancellation at small t
    lost = 2.0 * np.sin(t / 2.0) ** 2 + t * (math.pi / 2.0 - sine)
    turned = -(1.0 - 2.0 * nu) * (np.sin(t) - t * cosine)
    return _inverted(n, lost, turned, step)


def _inverted(
    n: float, lost: Float[NDArray, " t"], turned: Float[NDArray, " t"], step: float
) -> float:
    """Return P(D > 0) for phi = 1 - lost + i turned at steps in ln t."""
    log_size = 0.5 * np.log1p(-2.0 * lost + lost**2 + turned**2)
    angle = np.arctan2(turned, 1.0 - lost)
    imaginary = np.exp(n * log_size) * np.sin(n * angle)
    share = 0.5 + step * float(imaginary.sum()) / math.pi
    return min(max(share, 0.0), 1.0)


def takeover_probability(n: float) -> float:
    """Return how probably the n-th point outweighs all the points before it.

    Parameters
    ----------
    n : float
        At least 2, at most 1e300.

    Returns
    -------
    float
        E 1/S_{n-1}, asymptotic to 1/(n ln n).

    Raises
    ------
    ValueError, TypeError
        If n is not as described.

    Examples
    --------
    The second one is nearer than the first half of the time:

    >>> round(takeover_probability(2), 12)
    0.5
    """
    return _takeover(real("n", n, lower=2.0, upper=1e300), 1)


def circle_average(exponent: float) -> float:
    """Return what the estimate tends to on the circle for an exponent below 1.

    Parameters
    ----------
    exponent : float
        e in [0, 1).

    Returns
    -------
    float
        1/2 + c/2 of the module, in place of eta(0) = 1.

    Raises
    ------
    ValueError, TypeError
        If the exponent is not as described.

    Notes
    -----
    c by the series of the cosine, right to 1e-14.

    Examples
    --------
    Without weights it is the mean of eta:

    >>> round(circle_average(0.0), 12)
    0.5
    """
    return _average(real("exponent", exponent, lower=0.0, upper=1.0, open_upper=True))


def _grid(n: float, top: float, step: float = _STEP) -> Float[NDArray, " t"]:
    """Return t at steps in ln t, from where the integrands are below 1e-17."""
    return np.exp(np.arange(-math.log(n) - 46.0, top, step))


def _log_transform(t: Float[NDArray, " t"], a: int) -> Float[NDArray, " t"]:
    """Return ln(a E_{a+1}(t)), without cancellation at small t."""
    with np.errstate(divide="ignore"):
        small = np.log1p(np.expm1(-t) - t * special.expn(a, t))
    found: NDArray = np.where(t < 1.0, small, np.log(a * special.expn(a + 1, t)))
    return found


def _variance(n: float, a: int) -> float:
    """Return V_n for weights of Pareto's law of index a: the exponent is d/a.

    E[w^2 exp(-t w)] = a E_{a-1}(t) and E exp(-t w) = a E_{a+1}(t).
    """
    t = _grid(n, 4.5)
    logs = (n - 1.0) * _log_transform(t, a) + np.log(a * special.expn(a - 1, t))
    return float(_STEP * np.exp(math.log(n) + logs + 2.0 * np.log(t)).sum())


def _takeover(n: float, a: int) -> float:
    """Return E S^-a, P(w > S), for weights of Pareto's law of index a.

    It is the integral of t^(a-1) E exp(-t S)/(a - 1)!.
    """
    t = _grid(n, 4.5)
    logs = (n - 1.0) * _log_transform(t, a) + a * np.log(t) - special.gammaln(a)
    return float(_STEP * np.exp(logs).sum())


def _average(exponent: float) -> float:
    """Return the series of 1/2 + c/2, of which c is an average only for e < 1."""
    k, e = np.arange(30), exponent
    terms = (-1.0) ** k * math.pi ** (2 * k) / special.factorial(2 * k)
    return 0.5 + float((terms * (1.0 - e) / (2 * k + 1.0 - e)).sum()) / 2.0


# --- Claims --------------------------------------------------------------------------


def _ball(
    n: int, rng: np.random.Generator, size: int, d: int, ratio: float = 1.0
) -> Float[NDArray, "n size"]:
    """Draw weights |x|^-(ratio d), relative to the largest, of points of the unit ball.

    The density is constant; one like |x|^(d (1/ratio - 1)) has such weights |x|^-d.
    """
    g = rng.standard_normal((n, size, d + 2))  # on the sphere of R^(d+2), cut to R^d
    logs = np.log((g**2).sum(axis=2)) - np.log((g[..., :d] ** 2).sum(axis=2))
    logs *= ratio * d / 2
    return np.asarray(np.exp(logs - logs.max(axis=1, keepdims=True)))


def _squares(
    n: int, rng: np.random.Generator, size: int, d: int
) -> Float[NDArray, " n"]:
    w = _ball(n, rng, size, d)
    return np.asarray((w**2).sum(axis=1) / w.sum(axis=1) ** 2)


def _errs(
    n: int,
    rng: np.random.Generator,
    size: int,
    d: int,
    noise: float,
    ratio: float = 1.0,
) -> Bool[NDArray, " n"]:
    w = _ball(n, rng, size, d, ratio)
    return np.asarray(np.where(rng.random(w.shape) < noise, w, -w).sum(axis=1) > 0)


def _takeovers(
    n: int, rng: np.random.Generator, size: int, d: int
) -> Bool[NDArray, " n"]:
    w = _ball(n, rng, size, d)
    return np.asarray(w[:, -1] > w[:, :-1].sum(axis=1))


def _on_the_circle(
    n: int, rng: np.random.Generator, exponent: float
) -> Float[NDArray, " n"]:
    """Draw the estimate at 0 from 2000 points of the circle without noise."""
    r = rng.random((n, 2000)) / 2
    w = r**-exponent
    eta = 0.5 + np.cos(2 * math.pi * r) / 2
    return np.asarray((w * eta).sum(axis=1) / w.sum(axis=1))


def _misfit(size: int, d: int, ridge: float) -> float:
    """Return the greatest error at the training points, their distances moved."""
    rng = spawn(0, "devroye1998", size, d)
    X, y = rng.random((size, d)), rng.choice((-1.0, 1.0), size)
    # At the distance `ridge` in a dimension of its own
    moved = np.column_stack([X, np.full(size, ridge)])
    found = hilbert_estimate(moved, np.column_stack([X, np.zeros(size)]), y, exponent=d)
    return float(np.abs(found - y).max())


def _share(n: float, noise: float, ratio: float) -> float:
    """Return the share of wrong decisions for the exponent e = ratio d, from d to 2 d.

    Weights are Pareto of index a = d/e. For a < 1, with z = -it,

        E e^{itw} = 1 - Gamma(1 - a) z^a - a sum_{k > 0} (-z)^k/(k! (k - a)),

    and t = tau n^(-1/a), so that n z^a = (-i tau)^a: the first term is of the stable
    law to which the sum tends, and few of the others matter for n from 1000 on.
    """
    if ratio == 1.0:
        return hilbert_error_share(n, noise)
    a, first = 1.0 / ratio, float(special.gamma(1.0 - 1.0 / ratio))
    top = math.log(40.0 / (first * math.cos(math.pi * a / 2.0))) / a
    step = min(_STEP, 1.0 / (20.0 * min(math.log(n), 1.0 / (1.0 - a))))
    log_tau = np.arange(-46.0 / a, top, step)
    k = np.arange(1, min(8, 3 + round(16 / math.log10(n / 40.0))) + 1)
    powers = np.exp(np.outer(k, log_tau - math.log(n) / a))  # t^k
    lost = first * (-1j * np.exp(log_tau)) ** a / n
    lost += (1j**k * a / (special.factorial(k) * (k - a))) @ powers
    # E e^{itw} = 1 - lost: its imaginary part is -lost.imag
    return _inverted(n, lost.real, (1.0 - 2.0 * noise) * lost.imag, step)


_N = Reals(2.0, 1e250, (1e3, 1e10, 1e100, 1e250), scale="log", symbol="n")
_SIZE = Integers(2, 300, (3, 30), symbol="n")
_D = Integers(1, 20, (1, 3), symbol="d")
_DENSITY = "the density is constant about $x$"
_HOLE = "it is proportional to $r^{(a - 1)d}$ at the distance $r$ from $x$"
_EXPONENT = "the exponent is $d$"
_LOWER = "it is $d/a$"
_INDEX = Integers(1, 5, (1, 2, 5), symbol="a")
_VARIANCE = Exact(
    lambda n, a: _variance(n, a), lambda n, a: hilbert_variance(n), rtol=1e-9
)
_VARIANCE_RATE = Exact(
    lambda n, a: _variance(n, a) * math.log(n), lambda n, a: 1.0, tolerance=0.015
)
_TAKEOVER = Exact(
    lambda n, a: _takeover(n, a), lambda n, a: takeover_probability(n), rtol=1e-9
)
_TAKEOVER_RATE = Exact(
    lambda n, a: _takeover(n, a) * n * math.log(n), lambda n, a: 1.0, tolerance=0.015
)


def _kernel(evidence: Exact, n: Parameter) -> tuple[Hypothesis, Hypothesis]:
    """Return what claims on the kernel assume; either break has the same weights."""
    domain: dict[str, Parameter] = {"n": n, "a": _INDEX}
    return (
        Hypothesis(_DENSITY, _HOLE, evidence, domain, "a", unbroken=1),
        Hypothesis(_EXPONENT, _LOWER, evidence, domain, "a", unbroken=1),
    )


_POLE = "it has a pole like $r^{-d(1 - 1/a)}$ at $x$"
_HIGHER = "it is $a d$"
_ERRORS_AT: dict[str, Parameter] = {
    "ratio": Reals(0.1, 4.0, (1.0, 2.0, 4.0), scale="log", symbol="a"),
}
_WEIGHED = Statistical(
    lambda n, rng, ratio: _errs(n, rng, 10, 1, 0.3, ratio),
    lambda ratio: hilbert_error_share(10, 0.3),
)
_COIN = r"labels are wrong independently with probability $\nu < 1/2$"
_ONE_COIN = "with probability $c$ all of them are wrong, or none, by one coin"
_SHARED = Reals(0, 1, (0.0, 0.1, 0.5, 1.0), symbol="c")


def _with_one_coin(n: float, noise: float, shared: float) -> float:
    """Return the share of errors if the labels are decided at once now and then."""
    return (1.0 - shared) * hilbert_error_share(n, noise) + shared * noise


_NOISY = (
    Hypothesis(
        _DENSITY,
        _POLE,
        _WEIGHED,
        _ERRORS_AT,
        "ratio",
        unbroken=1.0,
    ),
    Hypothesis(_EXPONENT, _HIGHER, _WEIGHED, _ERRORS_AT, "ratio", unbroken=1.0),
    Hypothesis(
        _COIN,
        _ONE_COIN,
        Exact(
            _with_one_coin,
            lambda n, noise, shared: hilbert_error_share(n, noise),
            rtol=1e-9,
        ),
        {
            "n": Choices((10, 1000), symbol="n"),
            "noise": Choices((0.1, 0.3), symbol=r"\nu"),
            "shared": _SHARED,
        },
        "shared",
    ),
)
_HEAVIER = Exact(
    lambda noise, ratio, n: _share(n, noise, ratio) * math.log(n) / noise,
    lambda noise, ratio, n: 1 / (1 - 2 * noise),
    tolerance=0.03,
)
_HEAVIER_AT: dict[str, Parameter] = {
    "noise": Choices((0.1, 0.2), symbol=r"\nu"),
    "ratio": Reals(1.0, 2.0, (1.0, 1.1, 2.0), symbol="a"),
    "n": Reals(10.0, 1e100, (1e3, 1e10, 1e30, 1e100), scale="log"),
}
_NOISY_RATE = (
    Hypothesis(_DENSITY, _POLE, _HEAVIER, _HEAVIER_AT, "ratio", unbroken=1.0),
    Hypothesis(_EXPONENT, _HIGHER, _HEAVIER, _HEAVIER_AT, "ratio", unbroken=1.0),
    Hypothesis(
        _COIN,
        _ONE_COIN,
        Exact(
            lambda noise, n, shared: (
                _with_one_coin(n, noise, shared) * math.log(n) / noise
            ),
            lambda noise, n, shared: 1 / (1 - 2 * noise),
            tolerance=0.03,
        ),
        {
            "noise": Choices((0.1, 0.2), symbol=r"\nu"),
            "n": Reals(10.0, 1e100, (1e3, 1e10, 1e30, 1e100), scale="log"),
            "shared": _SHARED,
        },
        "shared",
    ),
)
_SINGULAR = (
    Hypothesis(
        "the kernel is infinite at 0",
        "it is finite: all points are moved by $s$, in a dimension of its own",
        Exact(
            lambda size, d, ridge: _misfit(size, d, ridge),
            lambda size, d, ridge: 0.0,
        ),
        {
            "size": Choices((20, 200), symbol="n"),
            "d": Choices((1, 3), symbol="d"),
            "ridge": Reals(0.0, 0.1, (0.0, 1e-4, 1e-2, 0.1), symbol="s"),
        },
        "ridge",
    ),
)
_ABOVE = (
    Hypothesis(
        _DENSITY,
        "it is proportional to $r^{sd}$ at the distance $r$ from $x$",
        Exact(
            lambda power, n: variance_factor(n, 1, 2.0 / (1 + power)),
            lambda power, n: 1 / 2,
            tolerance=0.005,
        ),
        {
            "power": Reals(0, 1, (0.0, 0.1, 0.5), symbol="s"),
            "n": Integers(2, 10**6, (10, 10**3, 10**5), symbol="n"),
        },
        "power",
    ),
    Hypothesis(
        "$e > d$",
        r"$e < d$: the weights have a mean, and the variance vanishes",
        Exact(
            lambda ratio, n: variance_factor(n, 1, ratio),
            lambda ratio, n: 1 - 1 / ratio,
            tolerance=0.005,
        ),
        {
            "ratio": Reals(0.1, 1.5, (1.5, 0.9, 0.5, 0.1), symbol="e/d"),
            "n": Integers(2, 10**6, (10, 10**3, 10**5), symbol="n"),
        },
        "ratio",
        unbroken=1.5,
        where=lambda ratio, n: ratio < 1 or ratio == 1.5,
    ),
)
_BELOW = (
    Hypothesis(
        "$e < 1$",
        "$e > 1$: the weights have no mean, and the nearest point decides",
        Statistical(_on_the_circle, _average, tolerance=0.02, first=256),
        {"exponent": Reals(0, 2.9, (0.5, 1.2, 2.5), symbol="e")},
        "exponent",
        unbroken=0.5,
        where=lambda exponent: exponent <= 0.5 or exponent > 1,
    ),
    Hypothesis(
        "the density is constant",
        "it is proportional to $|x|^s$: weights are as for the exponent $e - s$",
        Exact(
            lambda exponent, power: _average(exponent - power),
            lambda exponent, power: circle_average(exponent),
        ),
        {
            "exponent": Choices((0.25, 0.5), symbol="e"),
            "power": Reals(0, 2, (0.0, 0.5, 2.0), symbol="s"),
        },
        "power",
    ),
)

CLAIMS = (
    Claim(
        id="devroye1998.interpolates",
        theory="oscillation",
        title="The Hilbert kernel estimate interpolates",
        source=SOURCE,
        statement=r"""$\sum y_i|x - x_i|^{-d}/\sum|x - x_i|^{-d}$ has the value $y_i$ at
$x_i$.""",
        relation="lhs <= rhs",
        domain={
            "size": Integers(1, 200, (2, 20, 200), symbol="n"),
            "d": Integers(1, 50, (1, 3, 50), symbol="d"),
        },
        axis="size",
        evidence=Exact(
            lambda size, d: _misfit(size, d, 0.0),
            lambda size, d: 0.0,
            unproved="an equality at points of a sample",
        ),
        twin=Twin(
            r"no distance is less than $10^{-3}$",
            Exact(lambda size, d: _misfit(size, d, 1e-3), lambda size, d: 0.0),
            domain={
                "size": Integers(1, 200, (200,), symbol="n"),
                "d": Integers(1, 50, (1,), symbol="d"),
            },
        ),
        hypotheses=_SINGULAR,
    ),
    Claim(
        id="devroye1998.variance",
        theory="oscillation",
        title="The variance of the Hilbert kernel estimate",
        source=SOURCE,
        statement=r"""Where the density is constant, $E\sum w_i^2/(\sum w_i)^2 =
n\int_0^\infty e^{-t} E_2(t)^{n-1}\,dt$ for $w_i = |x - x_i|^{-d}$.""",
        relation="lhs == rhs",
        domain={"size": _SIZE, "d": _D},
        axis="size",
        evidence=Statistical(_squares, lambda size, d: hilbert_variance(size)),
        twin=Twin(
            r"$1/\ln n$, as if asymptotic were equal",
            Statistical(_squares, lambda size, d: 1 / math.log(size)),
        ),
        hypotheses=_kernel(_VARIANCE, Choices((3.0, 30.0), symbol="n")),
    ),
    Claim(
        id="devroye1998.variance-rate",
        theory="oscillation",
        title="The variance falls like 1/ln n",
        source=SOURCE,
        statement=r"""$\ln n\,E\sum w_i^2/(\sum w_i)^2 \to 1$.""",
        relation="limit",
        domain={"n": _N},
        axis="n",
        evidence=Exact(
            lambda n: hilbert_variance(n) * math.log(n), lambda n: 1.0, tolerance=0.015
        ),
        twin=Twin(
            "the limit is 1.03",
            Exact(
                lambda n: hilbert_variance(n) * math.log(n),
                lambda n: 1.03,
                tolerance=0.015,
            ),
        ),
        hypotheses=_kernel(_VARIANCE_RATE, _N),
    ),
    Claim(
        id="devroye1998.errors",
        theory="oscillation",
        title="The share of errors of the Hilbert kernel's rule",
        source=SOURCE,
        statement=r"""With noise $\nu$ and a constant density the decision is wrong with
probability $\tfrac12 + \tfrac1\pi\int_0^\infty \mathrm{Im}\,\varphi(t)^n\,dt/t$.""",
        relation="lhs == rhs",
        domain={
            "size": Integers(10, 300, (10, 20), symbol="n"),
            "d": _D,
            "noise": Reals(0.05, 0.45, (0.3,), symbol=r"\nu"),
        },
        axis="size",
        evidence=Statistical(
            _errs, lambda size, d, noise: hilbert_error_share(size, noise)
        ),
        twin=Twin(
            r"with $3n/2$ points",
            Statistical(
                _errs, lambda size, d, noise: hilbert_error_share(1.5 * size, noise)
            ),
        ),
        hypotheses=_NOISY,
    ),
    Claim(
        id="devroye1998.error-rate",
        theory="oscillation",
        title="The measure of the errors tends to 0 like 1/ln n",
        source=SOURCE,
        statement=r"""The share of errors times $(1 - 2\nu)\ln n/\nu$ tends to 1: the
rule is consistent, logarithmically.""",
        relation="limit",
        domain={
            "noise": Reals(0.01, 0.4, (0.1, 0.2), symbol=r"\nu"),
            "n": Reals(10.0, 1e100, (1e3, 1e10, 1e30, 1e100), scale="log"),
        },
        axis="n",
        evidence=Exact(
            lambda noise, n: hilbert_error_share(n, noise) * math.log(n) / noise,
            lambda noise, n: 1 / (1 - 2 * noise),
            tolerance=0.03,
        ),
        twin=Twin(
            r"without the factor $1 - 2\nu$",
            Exact(
                lambda noise, n: hilbert_error_share(n, noise) * math.log(n) / noise,
                lambda noise, n: 1.0,
                tolerance=0.03,
            ),
        ),
        hypotheses=_NOISY_RATE,
    ),
    Claim(
        id="devroye1998.takeover",
        theory="oscillation",
        title="How often the newest point outweighs all the others",
        source=SOURCE,
        statement=r"""The $n$-th point has more weight at $x$ than all before it
together with probability $\int_0^\infty E_2(t)^{n-1}\,dt$.""",
        relation="lhs == rhs",
        domain={"size": Integers(2, 100, (2, 5), symbol="n"), "d": _D},
        axis="size",
        evidence=Statistical(_takeovers, lambda size, d: takeover_probability(size)),
        twin=Twin(
            r"$1/n$, as if to be the nearest were enough",
            Statistical(_takeovers, lambda size, d: 1 / size),
        ),
        hypotheses=_kernel(_TAKEOVER, Choices((2.0, 5.0), symbol="n")),
    ),
    Claim(
        id="devroye1998.takeover-rate",
        theory="oscillation",
        title="The newest point is expected to take over infinitely often",
        source=SOURCE,
        statement=r"""The $n$-th point outweighs all before it with a probability
asymptotic to $1/(n\ln n)$, whose sum diverges: the reason why the estimate does not
converge almost surely.""",
        relation="limit",
        domain={"n": _N},
        axis="n",
        evidence=Exact(
            lambda n: takeover_probability(n) * n * math.log(n),
            lambda n: 1.0,
            tolerance=0.015,
        ),
        twin=Twin(
            "the limit is 1.03",
            Exact(
                lambda n: takeover_probability(n) * n * math.log(n),
                lambda n: 1.03,
                tolerance=0.015,
            ),
        ),
        hypotheses=_kernel(_TAKEOVER_RATE, _N),
    ),
    Claim(
        id="devroye1998.exponent-above",
        theory="oscillation",
        title="With an exponent above d the variance stays",
        source=SOURCE,
        statement=r"""For weights $|x - x_i|^{-e}$, $e > d$, the variance factor
$E\sum w_i^2/(\sum w_i)^2$ tends to $1 - d/e$ and not to 0.""",
        relation="limit",
        domain={
            "ratio": Choices((1.5, 2.0, 2.5), symbol="e/d"),
            "n": Integers(2, 10**6, (10, 10**3, 10**5), symbol="n"),
        },
        axis="n",
        evidence=Exact(
            lambda ratio, n: variance_factor(n, 1, ratio),
            lambda ratio, n: 1 - 1 / ratio,
            tolerance=0.005,
        ),
        twin=Twin(
            "the limit is two per cent larger",
            Exact(
                lambda ratio, n: variance_factor(n, 1, ratio),
                lambda ratio, n: 1.02 * (1 - 1 / ratio),
                tolerance=0.005,
            ),
        ),
        hypotheses=_ABOVE,
    ),
    Claim(
        id="devroye1998.exponent-below",
        theory="oscillation",
        title="With an exponent below d the estimate averages over the whole space",
        source=SOURCE,
        statement=r"""On the circle, for $\eta = \tfrac12 + \tfrac12\cos 2\pi x$ and
weights $|x - x_i|^{-e}$, $e < 1$, the estimate at 0 tends to
$\tfrac12 + \tfrac12\int_0^{1/2}\cos(2\pi r)\,r^{-e}dr/\int_0^{1/2} r^{-e}dr$ and not to
$\eta(0) = 1$.""",
        relation="lhs == rhs",
        domain={"exponent": Reals(0.0, 0.5, (0.0, 0.25, 0.5), symbol="e")},
        axis="exponent",
        evidence=Statistical(_on_the_circle, circle_average, tolerance=0.02, first=256),
        twin=Twin(
            r"$e = 1/4$ behaves as $e = 0.35$",
            Statistical(
                _on_the_circle,
                lambda exponent: circle_average(exponent + 0.1),
                tolerance=0.02,
                first=256,
            ),
            domain={"exponent": Reals(0.0, 0.5, (0.25,), symbol="e")},
        ),
        hypotheses=_BELOW,
    ),
)
