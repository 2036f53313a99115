r"""TRADES: robust error is natural error and closeness to the boundary (Zhang 2019).

With labels Y = -1, +1, DB(f) = {f = 0} and B(., eps) closed balls,

    R_nat = P(Y f(X) <= 0),
    R_rob = P(Y f(X') <= 0 for some X' in B(X, eps)),
    R_bdy = P(X in B(DB(f), eps), Y f(X) > 0),      R_rob = R_nat + R_bdy,

for continuous f, or with X in B(DB(f), eps) read as f(X) f(X') <= 0 for some X' in the
ball.

**The surrogate.** Let phi >= 0 be classification-calibrated with phi(0) >= 1,
C(a) = eta phi(a) + (1 - eta) phi(-a), H(eta) = inf_a C(a), H-(eta) the same over the a
with the wrong sign; psi, the convex hull of H- - H at eta = (1 + theta)/2, satisfies
psi(R_nat - R*_nat) <= R_phi - R*_phi (Bartlett, Jordan, McAuliffe 2006). For convex
phi, psi(theta) = phi(0) - H((1 + theta)/2):

    zero-one, hinge max(0, 1 - a), sigmoid 1 - tanh a      theta
    exponential e^-a                                       1 - sqrt(1 - theta^2)
    logistic log_2(1 + e^-a)                               1 - H_2((1 + theta)/2)
    squared (1 - a)^2                                      theta^2

with H_2 the entropy in bits. Theorem 3.1: for all f and all lambda > 0,

    R_rob - R*_nat <= psi^-1(R_phi - R*_phi) + R_bdy
                   <= psi^-1(R_phi - R*_phi) + E max_{X' in B} phi(f(X') f(X)/lambda).

The second step is phi >= 1 on (-inf, 0]. It fails for the logistic loss with natural
logarithms, where phi(0) = log 2: far from all else, with a large lambda, the right side
is log 2 and R_bdy is 1.

**The checkerboard.** X uniform on [0, 1], P(Y = 1 | x) = 0 and 1 in turn on 2 K cells
of width w. The Bayes rule has R_nat = 0, and R_bdy = 2 r (1/w - 1) at radius r <= w/2,
1 - 2 (w - r) up to r = w; the constant rule has R_rob = R_nat = 1/2. No rule has
R_rob < 1/2 if r >= w/2: x and x + w have different labels and some point in both of
their balls, so one of them is not robustly right. If r < w/2, the rule that is right on
the first cell and +1 elsewhere has R_rob = 1/2 - w + 2 r < 1/2.

Sources: H. Zhang, Y. Yu, J. Jiao, E. Xing, L. El Ghaoui, M. Jordan (2019),
"Theoretically principled trade-off between robustness and accuracy", arXiv:1901.08573;
P. Bartlett, M. Jordan, J. McAuliffe (2006), "Convexity, classification, and risk
bounds". The radius w/2 and the strips' formula are derived here.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, NDArray, Real
from geomadv._validate import choice, integer, labels, points, real, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Twin,
)
from geomadv.classifiers import LinearClassifier
from geomadv.perturbations import minimal_perturbation, worst_loss

SOURCE = Source(
    "H. Zhang, Y. Yu, J. Jiao, E. Xing, L. El Ghaoui, M. Jordan",
    "Theoretically principled trade-off between robustness and accuracy",
    2019,
    arxiv="1901.08573",
)
Rational = Fraction | int
LOSSES = ("zero-one", "hinge", "sigmoid", "exponential", "logistic", "squared")


def surrogate(margin: ArrayLike, loss: str) -> Real:
    """Return phi of margins.

    Parameters
    ----------
    margin : float or array_like
        a = y f(x), finite.
    loss : str
        "zero-one" (1 where a <= 0), "hinge", "sigmoid", "exponential", "logistic" (in
        bits) or "squared".

    Returns
    -------
    numpy.float64 or array
        phi(a); phi(0) = 1 for all of them.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [float(surrogate(0.0, loss)) for loss in LOSSES]
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    a = real_array("margin", margin)
    match choice("loss", loss, LOSSES):
        case "zero-one":
            value = (a <= 0).astype(float)
        case "hinge":
            value = np.maximum(0.0, 1.0 - a)
        case "sigmoid":
            value = 2.0 * special.expit(-2.0 * a)
        case "exponential":
            with np.errstate(over="ignore"):
                value = np.exp(-a)
        case "logistic":
            value = np.logaddexp(0.0, -a) / math.log(2)
        case _:
            value = (1.0 - a) ** 2
    return np.asarray(value)[()]


def least_risk(eta: ArrayLike, loss: str) -> Real:
    """Return H(eta), the least mean of phi where P(Y = 1) = eta.

    Parameters
    ----------
    eta : float or array_like
        In [0, 1].
    loss : str
        As for `surrogate`.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [float(least_risk(0.5, loss)) for loss in LOSSES]
    [0.5, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    p = real_array("eta", eta, lower=0.0, upper=1.0)
    match choice("loss", loss, LOSSES):
        case "zero-one":
            value = np.minimum(p, 1.0 - p)
        case "hinge" | "sigmoid":
            value = 2.0 * np.minimum(p, 1.0 - p)
        case "exponential":
            value = 2.0 * np.sqrt(p * (1.0 - p))
        case "logistic":
            value = (special.entr(p) + special.entr(1.0 - p)) / math.log(2)
        case _:
            value = 4.0 * p * (1.0 - p)
    return np.asarray(value)[()]


def psi(theta: ArrayLike, loss: str) -> Real:
    """Return the psi-transform.

    Parameters
    ----------
    theta : float or array_like
        An excess error, in [0, 1].
    loss : str
        As for `surrogate`.

    Returns
    -------
    numpy.float64 or array
        In [0, 1], convex and increasing.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Relative error below 1e-13 against 40-digit arithmetic for theta from 1e-6 to 1.

    Examples
    --------
    >>> [round(float(psi(0.5, loss)), 10) for loss in ("logistic", "exponential")]
    [0.1887218755, 0.1339745962]
    """
    t = real_array("theta", theta, lower=0.0, upper=1.0)
    kind = choice("loss", loss, LOSSES)
    if kind == "exponential":
        value = t * t / (1.0 + np.sqrt(1.0 - t * t))
    elif kind == "logistic":
        near = t < 0.1
        u = np.where(near, t, 0.0) ** 2
        # ((1 + t) ln(1 + t) + (1 - t) ln(1 - t))/2 = sum of t^2k / (2k (2k - 1))
        series = sum(u**k / (2 * k * (2 * k - 1)) for k in range(8, 0, -1))
        plain = (special.xlog1py(1.0 + t, t) + special.xlog1py(1.0 - t, -t)) / 2.0
        value = np.where(near, series, plain) / math.log(2)
    else:
        value = t * t if kind == "squared" else t
    return np.asarray(value)[()]


def psi_inverse(value: ArrayLike, loss: str) -> Real:
    """Return the theta with psi(theta) = value, and 1 from psi(1) = 1 on.

    Parameters
    ----------
    value : float or array_like
        An excess of R_phi, at least 0.
    loss : str
        As for `surrogate`.

    Returns
    -------
    numpy.float64 or array
        In [0, 1]. No excess error is larger than 1, so that 1 is a bound, too.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    For the logistic loss by bisection, to 2^-60.

    Examples
    --------
    >>> round(float(psi_inverse(0.1887218755, "logistic")), 9)
    0.5
    """
    excess = np.minimum(real_array("value", value, lower=0.0), 1.0)
    kind = choice("loss", loss, LOSSES)
    if kind == "exponential":
        theta = np.sqrt(excess * (2.0 - excess))
    elif kind == "squared":
        theta = np.sqrt(excess)
    elif kind == "logistic":
        low, high = np.zeros(excess.shape), np.ones(excess.shape)
        for _ in range(60):
            middle = (low + high) / 2.0
            below = psi(middle, kind) < excess
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        theta = high
    else:
        theta = excess
    return np.asarray(theta)[()]


@dataclass(frozen=True)
class Risks:
    """Natural, boundary and robust error, as fractions: no rounding.

    Parameters
    ----------
    natural, boundary, robust : fractions.Fraction
        R_nat, R_bdy and R_rob, each counted for itself.
    """

    natural: Fraction
    boundary: Fraction
    robust: Fraction


def risks(model: Any, X: ArrayLike, y: ArrayLike, eps: float, *, p: float = 2) -> Risks:
    """Return the three errors of a linear classifier on a sample.

    Parameters
    ----------
    model : classifier
        A linear one of two classes that `minimal_perturbation` knows.
    X : (n, d) array_like
        Points, at least one.
    y : (n,) array_like
        Labels, -1 or +1.
    eps : float
        Size of perturbations, at least 0.
    p : float
        Their norm.

    Returns
    -------
    Risks
        The natural error from the signs of f, the boundary error from the points whose
        own decision can be changed, the robust error from the worst zero-one losses.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> f = LinearClassifier.from_parameters([1.0, 0.0])
    >>> X, y = [[3.0, 0.0], [0.5, 1.0], [-2.0, 0.0], [-0.5, 0.0]], [1, 1, 1, -1]
    >>> risks(f, X, y, 1.0).robust
    Fraction(3, 4)
    """
    rows = points("X", X, minimum=1)
    signs = labels("y", y, len(rows), classes=1)
    size = real("eps", eps, lower=0.0)
    right = signs * model.decision_function(rows) > 0
    # one comparison for both, so that points at the distance eps count alike
    own = np.where(model.decision_function(rows) > 0, 1, -1)
    near = worst_loss(model, rows, own, size, p=p, loss="zero-one").loss > 0
    worst = worst_loss(model, rows, signs, size, p=p, loss="zero-one").loss > 0
    return Risks(
        *(
            Fraction(int(np.count_nonzero(errors)), len(rows))
            for errors in (~right, right & near, worst)
        )
    )


def step_risks(
    edges: Sequence[Rational],
    posterior: Sequence[Rational],
    cuts: Sequence[Rational],
    signs: Sequence[int],
    radius: Rational,
) -> Risks:
    """Return the three errors of a rule with steps, for X uniform on [0, 1].

    Parameters
    ----------
    edges : sequence of Fraction or int
        0 = e_0 < ... < e_m = 1.
    posterior : sequence of Fraction or int
        P(Y = 1 | x) on the m cells between.
    cuts : sequence of Fraction or int
        0 = c_0 < ... < c_k = 1.
    signs : sequence of int
        The rule on the k cells between, -1 or +1.
    radius : Fraction or int
        Of the closed balls, at least 0.

    Returns
    -------
    Risks
        Exact. The robust error looks for cells of the other sign within the radius, the
        boundary error for steps of the rule.

    Raises
    ------
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> step_risks([0, half, 1], [0, 1], [0, half, 1], [-1, 1], Fraction(1, 8))
    Risks(natural=Fraction(0, 1), boundary=Fraction(1, 4), robust=Fraction(1, 4))
    """
    cells, rule = _partition("edges", edges), _partition("cuts", cuts)
    if len(posterior) != len(cells) or not all(0 <= q <= 1 for q in posterior):
        raise ValueError(f"posterior must be {len(cells)} numbers in [0, 1]")
    if len(signs) != len(rule) or not all(s in (-1, 1) for s in signs):
        raise ValueError(f"signs must be {len(rule)} numbers -1 or +1")
    r = _radius(radius)
    steps = [
        a for (a, _), s, t in zip(rule[1:], signs, signs[1:], strict=False) if s != t
    ]
    ends = {Fraction(0), Fraction(1), *(a for a, _ in cells), *(a for a, _ in rule)}
    ends |= {c + z for a, b in rule for c in (a, b) for z in (-r, r) if 0 < c + z < 1}
    order, zero = sorted(ends), Fraction(0)
    natural = boundary = robust = zero
    for low, high in itertools.pairwise(order):
        x, width = (low + high) / 2, high - low
        up = next(q for (a, b), q in zip(cells, posterior, strict=True) if a < x < b)
        sign = next(s for (a, b), s in zip(rule, signs, strict=True) if a < x < b)
        near = any(abs(x - step) <= r for step in steps)
        for y, share in ((1, Fraction(up)), (-1, 1 - Fraction(up))):
            natural += width * share * (sign != y)
            boundary += width * share * (sign == y and near)
            reached = (
                t != y and a < x + r and x - r < b
                for (a, b), t in zip(rule, signs, strict=True)
            )
            robust += width * share * any(reached)
    return Risks(natural, boundary, robust)


def _radius(value: Rational) -> Fraction:
    try:
        found = Fraction(value)
    except (OverflowError, TypeError, ValueError):  # infinite, no number, NaN
        found = Fraction(-1)
    if found < 0:
        raise ValueError(f"radius must be at least 0 and finite, got {value!r:.60}")
    return found


def _partition(
    name: str, values: Sequence[Rational]
) -> list[tuple[Fraction, Fraction]]:
    found = [Fraction(value) for value in values]
    cells = list(itertools.pairwise(found))
    if not cells or found[0] != 0 or found[-1] != 1 or any(a >= b for a, b in cells):
        raise ValueError(f"{name} must increase from 0 to 1, got {values!r:.60}")
    return cells


def checkerboard_risks(pairs: int, signs: Sequence[int], radius: Rational) -> Risks:
    """Return the errors of a rule that is constant on the cells of the checkerboard.

    Parameters
    ----------
    pairs : int
        K, at least 1: there are 2 K cells of width w = 1/(2 K).
    signs : sequence of int
        The rule on the cells: -1, +1, -1, ... is the Bayes rule.
    radius : Fraction or int
        At least 0.

    Returns
    -------
    Risks

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    The table of the paper, with eps = w:

    >>> checkerboard_risks(2, [-1, 1, -1, 1], Fraction(1, 4))
    Risks(natural=Fraction(0, 1), boundary=Fraction(1, 1), robust=Fraction(1, 1))
    >>> checkerboard_risks(2, [1, 1, 1, 1], Fraction(1, 4))
    Risks(natural=Fraction(1, 2), boundary=Fraction(0, 1), robust=Fraction(1, 2))
    """
    K = integer("pairs", pairs, minimum=1)
    edges = [Fraction(k, 2 * K) for k in range(2 * K + 1)]
    posterior = [Fraction(k % 2) for k in range(2 * K)]
    return step_risks(edges, posterior, edges, signs, radius)


def bayes_boundary(pairs: int, radius: Rational) -> Fraction:
    """Return R_bdy of the checkerboard's Bayes rule.

    Parameters
    ----------
    pairs : int
        K, at least 1.
    radius : Fraction or int
        r, at least 0.

    Returns
    -------
    Fraction
        2 r (1/w - 1) up to r = w/2, 1 - 2 (w - r) up to r = w, and then 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> bayes_boundary(2, Fraction(1, 16))
    Fraction(3, 8)
    """
    w, r = Fraction(1, 2 * integer("pairs", pairs, minimum=1)), _radius(radius)
    if 2 * r <= w:
        return 2 * r * (1 / w - 1)
    return 1 - 2 * max(w - r, Fraction(0))


@dataclass(frozen=True)
class Terms:
    """The three sides of Theorem 3.1.

    Parameters
    ----------
    robust : float
        R_rob - R*_nat.
    middle : float
        psi^-1(R_phi - R*_phi) + R_bdy.
    surrogate : float
        psi^-1(R_phi - R*_phi) + E max phi(f(X') f(X)/lambda).
    """

    robust: float
    middle: float
    surrogate: float


def finite_terms(
    mass: ArrayLike,
    eta: ArrayLike,
    f: ArrayLike,
    near: ArrayLike,
    lam: float,
    loss: str,
) -> Terms:
    """Return the sides of Theorem 3.1 for finitely many points.

    Parameters
    ----------
    mass, eta, f : (n,) array_like
        P(X = x), P(Y = 1 | x) and f at the points.
    near : (n, n) array_like
        True where a point lies in the ball about another; true on the diagonal.
    lam : float
        lambda, above 0.
    loss : str
        As for `surrogate`.

    Returns
    -------
    Terms

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    Two points within each other's balls, and f that is right with a margin of 1:

    >>> terms = finite_terms([0.5, 0.5], [1, 0], [1, -1], np.ones((2, 2)), 1.0, "hinge")
    >>> terms
    Terms(robust=1.0, middle=1.0, surrogate=2.0)
    """
    p = real_array("mass", mass, lower=0.0, ndim=1)
    q = real_array("eta", eta, lower=0.0, upper=1.0)
    g, ball = real_array("f", f), np.asarray(near, bool)
    if not p.shape == q.shape == g.shape or ball.shape != (len(p),) * 2:
        raise ValueError(
            "mass, eta, f and near must have shapes (n,), (n,), (n,) and (n, n), got "
            f"{p.shape}, {q.shape}, {g.shape} and {ball.shape}"
        )
    scale = real("lam", lam, lower=0.0, open_lower=True)
    products = g[:, None] * g
    least = np.where(ball, products, np.inf).min(axis=1)
    most = np.where(ball, products, -np.inf).max(axis=1)
    lowest, highest = np.where(ball, g, np.inf), np.where(ball, g, -np.inf)
    lost = q * (lowest.min(axis=1) <= 0) + (1 - q) * (highest.max(axis=1) >= 0)
    robust = p @ lost - p @ np.minimum(q, 1 - q)
    excess = _excess(p, q, g, loss)
    right = q * (g > 0) + (1 - q) * (g < 0)
    return Terms(
        float(robust),
        float(excess + p @ (right * (least <= 0))),
        float(excess + p @ _worst(least / scale, most / scale, loss)),
    )


def _worst(low: NDArray, high: NDArray, loss: str) -> NDArray:
    """Return the largest phi between two margins: all phi are quasi-convex."""
    return np.maximum(surrogate(low, loss), surrogate(high, loss))


def _excess(mass: NDArray, eta: NDArray, f: NDArray, loss: str) -> float:
    """Return psi^-1(R_phi - R*_phi); differences that may be rounding count as 0."""
    risk = eta * surrogate(f, loss) + (1 - eta) * surrogate(-f, loss)
    least = least_risk(eta, loss)
    each = np.where(risk - least > 4e-16 * (risk + least), risk - least, 0.0)
    return float(psi_inverse(float(mass @ each), loss))


def gaussian_terms(slope: float, lam: float, eps: float, loss: str) -> Terms:
    """Return the sides of Theorem 3.1 for x | y ~ N(y, 1) and f(x) = slope x.

    Parameters
    ----------
    slope : float
        Above 0; 2 is the log-odds.
    lam : float
        lambda, above 0.
    eps : float
        Radius of the balls, at least 0.
    loss : str
        As for `surrogate`.

    Returns
    -------
    Terms
        The excess of R_rob and R_bdy, Phi(eps - 1) - Phi(-1), do not depend on the
        slope: all these rules have the Bayes rule's sign.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By Gauss-Legendre rules on 400 intervals of [-12, 12]. Against adaptive quadrature,
    at slopes from .3 to 5, lambda from .2 to 10 and eps up to 1, relative errors of the
    last term were below 1e-10 for the exponential and logistic losses, 2e-6 for the
    sigmoid and squared ones, 1e-4 for the hinge and 6e-4 for the zero-one loss.

    Examples
    --------
    >>> terms = gaussian_terms(5.0, 1.0, 0.3, "logistic")
    >>> round(terms.robust, 10), round(terms.middle, 10), round(terms.surrogate, 10)
    (0.0833083983, 0.5990679294, 0.7546722763)
    """
    a = real("slope", slope, lower=0.0, open_lower=True)
    scale = real("lam", lam, lower=0.0, open_lower=True)
    size = real("eps", eps, lower=0.0)
    nodes, weights = np.polynomial.legendre.leggauss(10)
    width = 24.0 / 400
    x = (np.arange(400)[:, None] * width + (nodes + 1) * width / 2 - 12.0).ravel()
    density = np.exp(-((x - 1.0) ** 2) / 2) / math.sqrt(2 * math.pi)
    share = np.tile(weights * width / 2, 400) * density  # the law of Y X
    q = special.expit(2.0 * x)
    excess = _excess(share, q, a * x, loss)
    boundary = float(special.ndtr(size - 1.0) - special.ndtr(-1.0))
    ends = [a * a * (x * x + c * size * np.abs(x)) / scale for c in (-1.0, 1.0)]
    outer = float(share @ _worst(ends[0], ends[1], loss))
    return Terms(boundary, excess + boundary, excess + outer)


# --- Claims --------------------------------------------------------------------------

_CONVEX = ("hinge", "exponential", "logistic", "squared")


def _least_by_search(eta: float, loss: str) -> float:
    """Return H(eta) by a search over the margins."""
    from scipy.optimize import minimize_scalar

    def mean(a: float) -> float:
        return float(eta * surrogate(a, loss) + (1 - eta) * surrogate(-a, loss))

    found = minimize_scalar(mean, bounds=(-1.0, 30.0), options={"xatol": 1e-10})
    return min(float(found.fun), mean(0.0), mean(1.0))


def _transform(theta: float, loss: str) -> float:
    return 1.0 - _least_by_search((1 + theta) / 2, loss)


def _problem(seed: int, scale: float) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return masses, posteriors, f and neighbours of twelve points on a line."""
    rng = spawn(0, "zhang2019", seed)
    mass = rng.dirichlet(np.ones(12))
    eta = rng.random(12)
    f = scale * rng.standard_normal(12)
    place = np.arange(12)
    return mass, eta, f, np.abs(place[:, None] - place) <= seed % 3


def _terms(seed: int, scale: float, lam: float, loss: str) -> Terms:
    return finite_terms(*_problem(seed, scale), lam, loss)


def _excess_error(seed: int, scale: float, loss: str) -> float:
    mass, eta, f, _ = _problem(seed, scale)
    wrong = np.where(f > 0, 1 - eta, eta)
    return float(psi(float(mass @ (wrong - np.minimum(eta, 1 - eta))), loss))


def _excess_surrogate(seed: int, scale: float, loss: str) -> float:
    mass, eta, f, _ = _problem(seed, scale)
    risk = eta * surrogate(f, loss) + (1 - eta) * surrogate(-f, loss)
    return float(mass @ (risk - least_risk(eta, loss)))


def _boundary(seed: int, scale: float) -> float:
    """Return R_bdy of the finite problem."""
    terms = finite_terms(*_problem(seed, scale), 1.0, "zero-one")
    without = finite_terms(*_problem(seed, scale)[:3], np.eye(12), 1.0, "zero-one")
    return terms.middle - without.middle


def _surrogate_term(seed: int, scale: float, lam: float, loss: str) -> float:
    """Return E max phi(f(X') f(X)/lambda), or with natural logarithms."""
    mass, _, f, near = _problem(seed, scale)
    closest = np.where(near, f[:, None] * f, np.inf).min(axis=1)
    if loss == "natural logarithm":
        return float(mass @ surrogate(closest / lam, "logistic")) * math.log(2)
    return float(mass @ surrogate(closest / lam, loss))


def _counts(
    d: int, n: int, p: float, eps: int, *, short: int = 0
) -> tuple[Risks, float]:
    """Return the errors of a rule with whole weights, and all points near its boundary.

    Steps are shorter by `short`.

    Points are whole and w has one entry of size 1, or p = infinity and all of size 1:
    nothing is rounded, and many points lie at distance eps exactly.
    """
    rng = spawn(0, "zhang2019-counts", d, n, p, eps)
    w = rng.choice([-1.0, 1.0], d) if math.isinf(p) else np.eye(d)[rng.integers(d)]
    X, y = rng.integers(-6, 7, (n, d)).astype(float), rng.choice([-1.0, 1.0], n)
    model = LinearClassifier.from_parameters(w, float(rng.integers(-1, 2)))
    near = minimal_perturbation(model, X, p=p).distance <= eps
    return risks(model, X, y, eps - short, p=p), float(near.mean())


def _sum_of_counts(d: int, n: int, p: float, eps: int) -> float:
    found = _counts(d, n, p, eps)[0]
    return float(found.natural + found.boundary)


def _signs(K: int, rule: str) -> list[int]:
    """Return the signs of a rule on the 2 K cells of the checkerboard."""
    if rule == "Bayes":
        return [-1, 1] * K
    if rule == "all one":
        return [1] * (2 * K)
    if rule == "first cell":
        return [-1] + [1] * (2 * K - 1)
    rng = spawn(0, "zhang2019-signs", K, rule)
    return [int(s) for s in rng.choice([-1, 1], 2 * K)]


def _robust(K: int, rule: str, share: float) -> float:
    """Return R_rob on the checkerboard at radius share times w."""
    radius = Fraction(share) / (2 * K)
    return float(checkerboard_risks(K, _signs(K, rule), radius).robust)


def _measured_boundary(K: int, share: float) -> float:
    radius = Fraction(share) / (2 * K)
    return float(checkerboard_risks(K, _signs(K, "Bayes"), radius).boundary)


def _tight(theta: float, step: int, loss: str, less: float = 0.0) -> float:
    """Return the bound for f = -2^-step where P(Y = 1) = (1 + theta)/2.

    It is that of (1 - less) phi, with the psi of phi.
    """
    f, eta = -(2.0**-step), (1 + theta) / 2
    risk = eta * surrogate(f, loss) + (1 - eta) * surrogate(-f, loss)
    excess = max(float(risk - least_risk(eta, loss)), 0.0)
    excess = min((1 - less) * excess, float(psi(1.0, loss)))
    margin = f * f * 8.0**step
    last = (1 - less) * float(surrogate(margin, loss))
    return float(psi_inverse(excess, loss)) + last


def _wide_boundary(eps: float) -> float:
    """Return P(0 < Y X <= eps) for Y X ~ N(3, 1)."""
    return float(special.ndtr(eps - 3.0) - special.ndtr(-3.0))


def _wide_surrogate(eps: float, lam: float) -> float:
    """Return E max log_2(1 + exp(-X X'/lambda)) for Y X ~ N(3, 1)."""
    x, weights = np.polynomial.legendre.leggauss(60)
    total = 0.0
    for low, high in itertools.pairwise((-6.0, -3.0, 0.0, 3.0, 6.0, 9.0, 12.0)):
        u = (low + high) / 2 + (high - low) / 2 * x
        share = weights * (high - low) / 2 * np.exp(-((u - 3) ** 2) / 2)
        closest = (u * u - eps * np.abs(u)) / lam
        total += float(share @ surrogate(closest, "logistic"))
    return total / math.sqrt(2 * math.pi)


_LOSS = Choices(LOSSES)
_SEED = Integers(0, 10**6, (0, 1, 2, 3, 4, 5), "linear", symbol="s")
_SCALE = Reals(1e-3, 10.0, (1e-3, 0.3, 3.0), scale="log")
_LAMBDA = Reals(1e-2, 1e4, (0.1, 1.0, 1e4), scale="log", symbol=r"\lambda")
_PAIRS = Integers(1, 12, (1, 2, 5), symbol="K")
_RULE = Choices(("Bayes", "all one", "first cell", "random 1", "random 2"))


def _reached(seed: int, longer: int, loss: str) -> float:
    """Return the excess robust error for steps that are longer."""
    mass, eta, f, near = _problem(seed, 3.0)
    place = np.arange(len(f))
    far = np.abs(place[:, None] - place) <= seed % 3 + longer
    return finite_terms(mass, eta, f, near | far, 1.0, loss).robust


def _over_blocks(seed: int, block: int) -> float:
    """Return the excess of the hinge loss over functions that are constant on blocks.

    For a constant the least risk is that of the mean posterior.
    """
    mass, eta, f, _ = _problem(seed, 1.0)
    risk = mass @ (eta * surrogate(f, "hinge") + (1 - eta) * surrogate(-f, "hinge"))
    weight = mass.reshape(-1, block).sum(axis=1)
    mean = (mass * eta).reshape(-1, block).sum(axis=1) / weight
    return float(risk - weight @ least_risk(mean, "hinge"))


def _rescaled_bound(seed: int, loss: str, less: float) -> float:
    """Return the middle of the theorem for (1 - less) phi and the psi of phi."""
    excess = (1 - less) * _excess_surrogate(seed, 3.0, loss)
    excess = min(max(excess, 0.0), float(psi(1.0, loss)))
    return float(psi_inverse(excess, loss)) + _boundary(seed, 3.0)


def _uneven(wider: float, share: float, rule: str) -> Risks:
    """Return the errors on four cells, the first wider by a share of w = 1/4."""
    edges = [Fraction(0), (1 + Fraction(wider)) / 4, *map(Fraction, (0.5, 0.75, 1))]
    posterior = [Fraction(k % 2) for k in range(4)]
    signs = [-1, 1, -1, 1] if rule == "Bayes" else [-1] * 4
    return step_risks(edges, posterior, edges, signs, Fraction(share) / 4)


_COUNTED = (
    Hypothesis(
        r"ties count as errors, and all of $B(x, \varepsilon)$ is searched",
        r"steps of $\varepsilon - c$ are searched, of $\varepsilon = 5$",
        Exact(
            lambda p, short: float(_counts(2, 300, p, 5, short=short)[0].robust),
            lambda p, short: _sum_of_counts(2, 300, p, 5),
            rtol=0.0,
            atol=1e-15,
        ),
        {
            "p": Choices((1, 2, math.inf)),
            "short": Integers(0, 5, (0, 1, 5), "linear", symbol="c"),
        },
        "short",
    ),
)
_SCALED = r"the losses are scaled to $\phi(0) = 1$"
_TAKES_THE_PLACE = r"$(1 - s)\phi$ takes the place of $\phi$, but not in $\psi$"
_LESS = Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="s")
_SEVERAL = Choices((0, 1, 2, 3, 4, 5), symbol="s")
_MANY = Choices(tuple(range(60)), symbol="s")
_TRANSFORMED = (
    Hypothesis(
        _SCALED,
        _TAKES_THE_PLACE,
        Exact(
            lambda loss, theta, less: psi(theta, loss),
            lambda loss, theta, less: (1 - less) * _transform(theta, loss),
            rtol=1e-9,
            atol=1e-9,
        ),
        {
            "loss": Choices(_CONVEX),
            "theta": Choices((0.1, 0.9), symbol=r"\theta"),
            "less": _LESS,
        },
        "less",
    ),
)
_PRINTED = (
    Hypothesis(
        r"$\phi$ is the logistic loss, with natural logarithms: $\phi(0) = \ln 2$",
        why="the statement is false already under it, for want of the factor",
    ),
)
_MEASURABLE = r"$\mathcal{R}_\phi^*$ is the least over all measurable $f$"
_BLOCKS = "over those that are equal at $c$ neighbouring points"
_BLOCK = Integers(1, 12, (1, 2, 4, 12), symbol="c")
_CALIBRATED = (
    Hypothesis(
        _MEASURABLE,
        _BLOCKS,
        Exact(
            lambda seed, block: _excess_error(seed, 1.0, "hinge"),
            _over_blocks,
            atol=1e-14,
        ),
        {"seed": _MANY, "block": _BLOCK},
        "block",
        unbroken=1,
        where=lambda seed, block: 12 % block == 0,
    ),
    Hypothesis(
        _SCALED,
        _TAKES_THE_PLACE,
        Exact(
            lambda seed, loss, less: _excess_error(seed, 3.0, loss),
            lambda seed, loss, less: (1 - less) * _excess_surrogate(seed, 3.0, loss),
            atol=1e-14,
        ),
        {"seed": _SEVERAL, "loss": Choices(("zero-one", "hinge")), "less": _LESS},
        "less",
    ),
)
_ABOVE_ONE = (
    Hypothesis(
        r"$\phi(a) \ge 1$ for $a \le 0$",
        r"$(1 - s)\phi$ takes the place of $\phi$; natural logarithms are $s = 0.307$",
        Exact(
            lambda seed, loss, less: _boundary(seed, 3.0),
            lambda seed, loss, less: (
                (1 - less) * _surrogate_term(seed, 3.0, 1e-2, loss)
            ),
            atol=1e-14,
        ),
        {
            "seed": Choices((0, 1, 2, 3, 4, 5)),
            "loss": Choices(("zero-one", "exponential", "logistic")),
            "less": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="s"),
        },
        "less",
    ),
)
_ROBUST = (
    Hypothesis(
        _MEASURABLE,
        _BLOCKS,
        Exact(
            lambda seed, block: _terms(seed, 1.0, 1.0, "hinge").robust,
            lambda seed, block: _over_blocks(seed, block) + _boundary(seed, 1.0),
            atol=1e-14,
        ),
        {"seed": _MANY, "block": _BLOCK},
        "block",
        unbroken=1,
        where=lambda seed, block: 12 % block == 0,
    ),
    Hypothesis(
        _SCALED,
        _TAKES_THE_PLACE,
        Exact(
            lambda seed, loss, less: _terms(seed, 3.0, 1.0, loss).robust,
            _rescaled_bound,
            atol=1e-14,
        ),
        {"seed": _SEVERAL, "loss": Choices(("zero-one", "hinge")), "less": _LESS},
        "less",
    ),
    Hypothesis(
        r"the steps are no longer than the $\varepsilon$ of the boundary error",
        "they are $c$ points of the line longer",
        Exact(
            lambda seed, loss, longer: _reached(seed, longer, loss),
            lambda seed, loss, longer: _terms(seed, 3.0, 1.0, loss).middle,
            atol=1e-14,
        ),
        {
            "seed": Choices((0, 1, 2, 3, 4, 5)),
            "loss": _LOSS,
            "longer": Integers(0, 11, (0, 1, 3, 11), "linear", symbol="c"),
        },
        "longer",
        unbroken=0,
    ),
)
_TIGHT_AT: dict[str, Parameter] = {
    "loss": Choices(("hinge", "exponential", "logistic")),
    "theta": Choices((0.1, 0.9), symbol=r"\theta"),
    "step": Integers(1, 20, (4, 12, 20), "linear", symbol="k"),
}
_VANISHING = (
    Hypothesis(
        r"$\phi(\infty) = 0$",
        r"it is $s$: $(1 - s)\phi + s$ takes the place of $\phi$ and scales $\psi$",
        Exact(
            lambda loss, theta, step, stays: (
                _tight(theta, step, loss)
                + stays * (1 - float(surrogate(2.0**step, loss)))
            ),
            lambda loss, theta, step, stays: theta,
            tolerance=2e-3,
        ),
        {**_TIGHT_AT, "stays": Reals(0.0, 1.0, (0.0, 0.1, 1.0), symbol="s")},
        "stays",
    ),
    Hypothesis(
        _SCALED,
        _TAKES_THE_PLACE,
        Exact(
            lambda loss, theta, step, less: _tight(theta, step, loss, less),
            lambda loss, theta, step, less: theta,
            tolerance=2e-3,
        ),
        {**_TIGHT_AT, "less": _LESS},
        "less",
    ),
)
_ALTERNATE = "the labels alternate between cells of one width $w$"
_ONE_WIDER = "of four cells the first has the width $(1 + s)w$, the second the rest"
_WIDER = Reals(0.0, 0.9, (0.0, 0.1, 0.5), symbol="s")
_CELLS = (
    Hypothesis(
        _ALTERNATE,
        _ONE_WIDER,
        Exact(
            lambda share, wider: float(_uneven(wider, share, "Bayes").boundary),
            lambda share, wider: float(bayes_boundary(2, Fraction(share) / 4)),
            rtol=1e-15,
        ),
        {"share": Choices((0.1, 0.5, 0.8), symbol="r/w"), "wider": _WIDER},
        "wider",
    ),
)
_WIDE = (
    Hypothesis(
        _ALTERNATE,
        _ONE_WIDER,
        Exact(
            lambda wider: 0.5,
            lambda wider: float(_uneven(wider, 0.5, "constant").robust),
            rtol=1e-15,
        ),
        {"wider": _WIDER},
        "wider",
    ),
    Hypothesis(
        "$r \\ge w/2$",
        "the steps are shorter",
        Exact(lambda K, share: 0.5, lambda K, share: _robust(K, "Bayes", share)),
        {
            "K": _PAIRS,
            "share": Reals(0.0, 0.5, (0.5, 0.49, 0.3, 0.0), symbol="r/w"),
        },
        "share",
        unbroken=0.5,
    ),
)

CLAIMS = (
    Claim(
        id="zhang2019.decomposition",
        theory="oscillation",
        title="Robust error is natural error and boundary error, to the last count",
        source=SOURCE,
        statement=r"""$\mathcal{R}_{rob} = \mathcal{R}_{nat} + \mathcal{R}_{bdy}$, where
each is counted for itself: signs, distances, worst losses.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 20, (1, 2, 7), symbol="d"),
            "n": Integers(1, 300, (1, 50, 300), symbol="n"),
            "p": Choices((1, 2, math.inf)),
            "eps": Integers(1, 6, (1, 2, 5), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            lambda d, n, p, eps: float(_counts(d, n, p, eps)[0].robust),
            _sum_of_counts,
            rtol=0.0,
            atol=1e-15,
        ),
        twin=Twin(
            "the boundary error counts points that are misclassified, too",
            Exact(
                lambda d, n, p, eps: float(_counts(d, n, p, eps)[0].robust),
                lambda d, n, p, eps: (
                    float(_counts(d, n, p, eps)[0].natural) + _counts(d, n, p, eps)[1]
                ),
                rtol=0.0,
                atol=1e-15,
            ),
        ),
        note="Both sides are fractions with denominator $n$, rounded once.",
        hypotheses=_COUNTED,
    ),
    Claim(
        id="zhang2019.psi-transform",
        theory="oscillation",
        title="The psi-transforms of the convex losses",
        source=SOURCE,
        statement=r"""$\psi(\theta) = \phi(0) - H(\tfrac{1+\theta}2)$ is $\theta$ for
the hinge, $1 - \sqrt{1 - \theta^2}$ for the exponential,
$1 - H_2(\tfrac{1+\theta}2)$ for the logistic loss in bits, and $\theta^2$ for the
squared loss.""",
        relation="lhs == rhs",
        domain={
            "loss": Choices(_CONVEX),
            "theta": Reals(0.0, 0.999, (0.1, 0.25, 0.5, 0.9), symbol=r"\theta"),
        },
        axis="theta",
        evidence=Exact(
            lambda loss, theta: psi(theta, loss),
            lambda loss, theta: _transform(theta, loss),
            rtol=1e-9,
            atol=1e-9,
        ),
        twin=Twin(
            r"it is one thousandth larger",
            Exact(
                lambda loss, theta: 1.001 * psi(theta, loss),
                lambda loss, theta: _transform(theta, loss),
                rtol=1e-9,
                atol=1e-9,
            ),
        ),
        note="The infimum is found by a search over the margins.",
        hypotheses=_TRANSFORMED,
    ),
    Claim(
        id="zhang2019.calibration",
        theory="oscillation",
        title="psi of the excess error is at most the excess of the surrogate",
        source=SOURCE,
        statement=r"""$\psi(\mathcal{R}_{nat} - \mathcal{R}^*_{nat}) \le
\mathcal{R}_\phi - \mathcal{R}^*_\phi$, on random problems with twelve points.""",
        relation="lhs <= rhs",
        domain={"seed": _SEED, "scale": _SCALE, "loss": _LOSS},
        evidence=Exact(
            _excess_error,
            _excess_surrogate,
            atol=1e-14,
            unproved="sides are risks of random problems, which may attain the bound",
        ),
        twin=Twin(
            r"with $1.1\,\psi$",
            Exact(
                lambda seed, scale, loss: 1.1 * _excess_error(seed, scale, loss),
                _excess_surrogate,
                atol=1e-14,
            ),
        ),
        hypotheses=_CALIBRATED,
    ),
    Claim(
        id="zhang2019.upper-bound",
        theory="oscillation",
        title="Excess robust error is bounded by the surrogate and the boundary error",
        source=SOURCE.at("Theorem 3.1"),
        statement=r"""$\mathcal{R}_{rob}(f) - \mathcal{R}^*_{nat} \le
\psi^{-1}(\mathcal{R}_\phi(f) - \mathcal{R}^*_\phi) + P[X \in B(DB(f), \varepsilon),
f(X) Y > 0]$, on random problems with twelve points.""",
        relation="lhs <= rhs",
        domain={"seed": _SEED, "scale": _SCALE, "loss": _LOSS},
        evidence=Exact(
            lambda seed, scale, loss: _terms(seed, scale, 1.0, loss).robust,
            lambda seed, scale, loss: _terms(seed, scale, 1.0, loss).middle,
            atol=1e-14,
            unproved="sides are risks of random problems, which may attain the bound",
        ),
        twin=Twin(
            "without the boundary error",
            Exact(
                lambda seed, scale, loss: _terms(seed, scale, 1.0, loss).robust,
                lambda seed, scale, loss: (
                    _terms(seed, scale, 1.0, loss).middle - _boundary(seed, scale)
                ),
                atol=1e-14,
            ),
        ),
        hypotheses=_ROBUST,
    ),
    Claim(
        id="zhang2019.surrogate-of-the-boundary",
        theory="oscillation",
        title="The boundary error is at most the mean worst surrogate, whatever lambda",
        source=SOURCE.at("Theorem 3.1"),
        statement=r"""For $\phi \ge 0$ with $\phi(a) \ge 1$ for $a \le 0$ and all
$\lambda > 0$, $\mathcal{R}_{bdy}(f) \le \mathbb{E} \max_{X' \in B(X, \varepsilon)}
\phi(f(X') f(X)/\lambda)$.""",
        relation="lhs <= rhs",
        domain={"seed": _SEED, "scale": _SCALE, "lam": _LAMBDA, "loss": _LOSS},
        evidence=Exact(
            lambda seed, scale, lam, loss: _boundary(seed, scale),
            _surrogate_term,
            atol=1e-14,
            unproved="sides are risks of random problems, which may attain the bound",
        ),
        twin=Twin(
            r"with $\lambda$ outside: $\mathbb{E} \max \phi(f(X') f(X))/\lambda$",
            Exact(
                lambda seed, scale, lam, loss: _boundary(seed, scale),
                lambda seed, scale, lam, loss: (
                    _surrogate_term(seed, scale, 1.0, loss) / lam
                ),
                atol=1e-14,
            ),
        ),
        note=r"""The algorithm has $1/\lambda$ as a factor of the divergence, where the
theorem has it inside of $\phi$: what it minimises is not the bound.""",
        hypotheses=_ABOVE_ONE,
    ),
    Claim(
        id="zhang2019.natural-logarithm",
        theory="oscillation",
        title="As programmed, with natural logarithms: no bound of the boundary error",
        source=SOURCE.at("Theorem 3.1"),
        statement=r"""For $x \mid y \sim N(my, 1)$, $m = 3$, $f(x) = x$ and
$\phi(a) = \ln(1 + e^{-a})$, $\mathcal{R}_{bdy} \le \mathbb{E} \max
\phi(f(X') f(X)/\lambda)$.""",
        relation="lhs <= rhs",
        domain={
            "eps": Reals(0.1, 6.0, (1.0, 6.0), symbol=r"\varepsilon"),
            "lam": Reals(0.1, 1e4, (1.0, 1e4), scale="log", symbol=r"\lambda"),
        },
        axis="lam",
        expected=Expected.VIOLATED,
        evidence=Exact(
            lambda eps, lam: _wide_boundary(eps),
            lambda eps, lam: math.log(2) * _wide_surrogate(eps, lam),
            rtol=1e-9,
        ),
        twin=Twin(
            r"with $\phi(a) = \log_2(1 + e^{-a})$, where $\phi(0) = 1$",
            Exact(
                lambda eps, lam: _wide_boundary(eps),
                lambda eps, lam: _wide_surrogate(eps, lam),
                rtol=1e-9,
            ),
        ),
        note=r"""The theorem asks for $\phi(0) \ge 1$. Cross-entropy as it is programmed
has $\phi(0) = \ln 2$; at $\varepsilon = 6$ and large $\lambda$ the right side is near
$0.69$ and the left side $0.997$.""",
        hypotheses=_PRINTED,
    ),
    Claim(
        id="zhang2019.tightness",
        theory="oscillation",
        title="The bound is attained in the limit of small margins",
        source=SOURCE.at("Theorem 3.2"),
        statement=r"""For $P(Y = 1 \mid x) = \tfrac{1+\theta}2$, $f = -2^{-k}$ on balls
around all points and $\lambda = 8^{-k}$, where $\mathcal{R}_{rob} -
\mathcal{R}^*_{nat} = \theta$, the bound $\psi^{-1}(\mathcal{R}_\phi -
\mathcal{R}^*_\phi) + \max\phi(f(X') f(X)/\lambda)$ tends to $\theta$ if
$\phi(\infty) = 0$.""",
        relation="limit",
        domain={
            "loss": Choices(tuple(loss for loss in _CONVEX if loss != "squared")),
            "theta": Reals(0.1, 1.0, (0.1, 0.5, 0.9), symbol=r"\theta"),
            "step": Integers(1, 20, (1, 4, 8, 12, 16, 20), "linear", symbol="k"),
        },
        axis="step",
        evidence=Exact(
            lambda loss, theta, step: _tight(theta, step, loss),
            lambda loss, theta, step: theta,
            tolerance=2e-3,
        ),
        twin=Twin(
            r"it tends to $1.01\,\theta$",
            Exact(
                lambda loss, theta, step: _tight(theta, step, loss),
                lambda loss, theta, step: 1.01 * theta,
                tolerance=2e-3,
            ),
        ),
        note=r"""The squared loss grows with the margin, so that for it the second term
does not vanish.""",
        hypotheses=_VANISHING,
    ),
    Claim(
        id="zhang2019.checkerboard",
        theory="oscillation",
        title="All points of the checkerboard are near the Bayes rule's boundary",
        source=SOURCE,
        statement=r"""The Bayes rule of the checkerboard with cells of width $w$ has
$\mathcal{R}_{bdy} = 2r(1/w - 1)$ at radius $r \le w/2$, $1 - 2(w - r)$ up to $r = w$,
and so $0, 1, 1$ for its three errors at $r = w$.""",
        relation="lhs == rhs",
        domain={
            "K": _PAIRS,
            "share": Reals(0.0, 1.5, (0.0, 0.1, 0.5, 0.8, 1.0), symbol="r/w"),
        },
        axis="share",
        evidence=Exact(
            _measured_boundary,
            lambda K, share: float(bayes_boundary(K, Fraction(share) / (2 * K))),
            rtol=1e-15,
        ),
        twin=Twin(
            "all 1/w strips lie inside of [0, 1]",
            Exact(
                _measured_boundary,
                lambda K, share: min(1.0, 2 * share),
                rtol=1e-15,
            ),
        ),
        note="Interval arithmetic with fractions: exact.",
        hypotheses=_CELLS,
    ),
    Claim(
        id="zhang2019.half",
        theory="oscillation",
        title="No rule has a robust error below 1/2 on the checkerboard",
        source=SOURCE,
        statement=r"""At radii $r \ge w/2$, $\mathcal{R}_{rob}(f) \ge 1/2$ for every
rule; the constant rule attains it.""",
        relation="lhs <= rhs",
        domain={
            "K": _PAIRS,
            "rule": _RULE,
            "share": Reals(0.5, 1.5, (0.5, 0.75, 1.0), symbol="r/w"),
        },
        axis="share",
        evidence=Exact(
            lambda K, rule, share: 0.5,
            _robust,
            rtol=1e-15,
            unproved="counts of a checkerboard; the constant rule attains the bound",
        ),
        twin=Twin(
            r"at $r = 0.49\,w$, too",
            Exact(
                lambda K, rule, share: 0.5,
                lambda K, rule, share: _robust(K, rule, 0.49),
                rtol=1e-15,
            ),
        ),
        hypotheses=_WIDE,
    ),
)
