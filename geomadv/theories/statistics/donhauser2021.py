r"""Interpolation hurts robust risk, without any noise (Donhauser et al. 2021).

x ~ N(0, I_d), labels without noise: y = <x, theta_0> or y = sign <x, theta_0>. Steps
are *consistent*, delta orthogonal to theta_0 with |delta|_p <= eps: they never change
the label. Let D(w) be the largest <w, delta> for eps = 1,

    D(w) = min_t |w - t theta_0|_q,   1/p + 1/q = 1,

for p = 2 the length of w's part orthogonal to theta_0, for p = infinity and theta_0 =
e_1 the sum of the other |w_j|.

**Regression.** With R = |w - theta_0|^2 the robust risk is, as a residual is N(0, R),

    R + 2 sqrt(2/pi) eps D sqrt(R) + eps^2 D^2.

For ridge regression with penalty L and gamma = d/n > 1, p = 2, R and D^2 =
|w|^2 - <w, theta_0>^2/|theta_0|^2 have the limits of `hastie2019`. At L = 0,

    R = r^2 (1 - 1/gamma),  D^2 = r^2 (1/gamma - 1/gamma^2),
    dR/dL = 0,  dD^2/dL = -2 r^2/gamma^2,

so that the robust risk has the slope -2 r^2/gamma^2 (sqrt(2 gamma/pi) eps + eps^2): the
minimum-norm interpolator, which has the least standard risk of all penalties, is
bettered by a small penalty at every eps > 0.

Without steps the penalty adds R - r^2 (1 - 1/gamma) = r^2 a' (L' + a'/gamma)/(gamma D')
> 0: the nonzero eigenvalues have the law of gamma v for the ratio 1/gamma and the
penalty L' = L/gamma, D'^2 = (1 - 1/gamma + L')^2 + 4 L'/gamma, and without cancellation
a' = (L' + z)/(1 + 1/gamma + L' + D'), z = L' (L' + 2 (1 + 1/gamma))/(D' + 1 - 1/gamma).

**Classification.** With alpha = <w, theta_0>/|theta_0| and beta the length of the rest,
y <w, x> is alpha |U| + beta V for independent standard normal U, V, which over
|w| is skew normal of shape alpha/beta. A point is wrong after its worst step when that
is at most eps D, so that with Owen's T and h = eps D/|w|

    robust error = Phi(h) - 2 T(h, alpha/beta),   arctan(beta/alpha)/pi at eps = 0.

The interpolator is the classifier of largest robust margin, the limit of robust
logistic regression as its penalty goes to 0.

Source: Donhauser, Tifrea, Aerni, Heckel, Yang (2021), "Interpolation can hurt robust
generalization even when there is no noise", NeurIPS, arXiv:2108.02883. The abstract has
the statement; the formulas are derived here. Theirs for logistic regression, a fixed
point of several variables, is not here: `simulations.donhauser2021_interpolation` has
that case.

Conventions: `signal` is r = |theta_0|; penalties as in `hastie2019`; eps is the size of
the steps in testing.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, norm_order, real, real_array
from geomadv.claims import (
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
)
from geomadv.theories.statistics._two_variances import limits
from geomadv.theories.statistics.hastie2019 import adversarial_risk, ridge_limit

__all__ = [
    "CLAIMS",
    "SOURCE",
    "RobustPenalty",
    "best_penalty",
    "consistent_reach",
    "consistent_risk",
    "robust_error",
    "slope_at_interpolation",
]

SOURCE = Source(
    "K. Donhauser, A. Tifrea, M. Aerni, R. Heckel, F. Yang",
    "Interpolation can hurt robust generalization even when there is no noise",
    2021,
    arxiv="2108.02883",
)


@dataclass(frozen=True)
class RobustPenalty:
    """The penalty of least robust risk.

    Parameters
    ----------
    penalty : float
        It; infinite where w = 0 is best.
    risk : float
        The robust risk there.
    interpolating : float
        The robust risk at penalty 0.
    """

    penalty: float
    risk: float
    interpolating: float

    @property
    def price(self) -> float:
        """What interpolation has more of robust risk, relative to the least."""
        if self.interpolating == self.risk:  # perhaps both 0
            return 0.0
        return self.interpolating / self.risk - 1.0


def consistent_reach(w: ArrayLike, theta_0: ArrayLike, p: float = 2.0) -> float:
    """Return D, the largest <w, delta> of consistent steps of l_p size 1.

    Parameters
    ----------
    w, theta_0 : (d,) array_like
        A linear function, and the true one, not 0.
    p : float
        2 or infinity.

    Returns
    -------
    float
        min_t |w - t theta_0|_q, a weighted median for p = infinity.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> consistent_reach([1.0, -2.0, 3.0], [1.0, 0.0, 0.0], np.inf)
    5.0
    """
    a, b = _two_vectors(w, theta_0)
    order = norm_order("p", p)
    if order == 2.0:
        return float(np.linalg.norm(a - b * ((a @ b) / (b @ b))))
    if not math.isinf(order):
        raise ValueError(f"p must be 2 or infinity, got {p!r}")
    live = b != 0.0
    with np.errstate(over="ignore"):
        ratios, weights = a[live] / b[live], np.abs(b[live])
    by = np.argsort(ratios)
    mass = np.cumsum(weights[by])
    t = ratios[by][np.searchsorted(mass, mass[-1] / 2.0)]
    return float(np.abs(a - t * b).sum())


def robust_error(
    w: ArrayLike, theta_0: ArrayLike, eps: ArrayLike, p: float = 2.0
) -> Real:
    """Return the 0-1 error of sign <w, x> under consistent steps.

    Parameters
    ----------
    w, theta_0 : (d,) array_like
        The classifier, not 0, and the one that gives the labels, not 0.
    eps : array_like
        l_p size of the steps, at least 0.
    p : float
        2 or infinity.

    Returns
    -------
    numpy.float64 or array
        A point on the boundary counts as wrong.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Absolute error below 1e-14, from that of Owen's T.

    Examples
    --------
    >>> robust_error([1.0, 1.0], [1.0, 0.0], [0.0, 0.5]).round(6)
    array([0.25    , 0.407252])
    """
    a, b = _two_vectors(w, theta_0)
    size = real_array("eps", eps, lower=0.0)
    if not a.any():
        raise ValueError("w must not be 0")
    a, b = a / np.abs(a).max(), b / np.linalg.norm(b)
    reach = consistent_reach(a, b, p)
    along = float(a @ b)
    across = float(np.linalg.norm(a - along * b))
    h = size * (reach / math.hypot(along, across))
    shape = along / across if across > 0.0 else math.copysign(math.inf, along)
    error = special.ndtr(h) - 2.0 * special.owens_t(h, shape)
    return np.clip(error, 0.0, 1.0)[()]


def consistent_risk(
    gamma: ArrayLike,
    penalty: ArrayLike,
    eps: ArrayLike,
    signal: ArrayLike = 1.0,
    noise: ArrayLike = 0.0,
) -> Real:
    """Return the limit of the robust risk of ridge regression, for p = 2.

    Parameters
    ----------
    gamma : array_like
        d/n, positive.
    penalty : array_like
        L, at least 0; 0 is the minimum-norm interpolator for gamma > 1.
    eps : array_like
        l2 size of consistent steps, at least 0.
    signal : array_like
        |theta_0|, positive.
    noise : array_like
        Deviation of noise in the training labels, at least 0; fresh points have none.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> consistent_risk(2.0, [0.0, 0.3], 0.5).round(6)
    array([0.844595, 0.810716])
    """
    r = real_array("signal", signal, lower=0.0, open_lower=True)
    limit = ridge_limit(gamma, penalty, r, noise)
    rest = np.maximum(limit.square - (limit.overlap / r) ** 2, 0.0)
    return adversarial_risk(limit.bias + limit.variance, np.sqrt(rest), eps)


def slope_at_interpolation(
    gamma: ArrayLike, eps: ArrayLike, signal: ArrayLike = 1.0
) -> Real:
    """Return the slope of the robust risk in the penalty, at penalty 0 without noise.

    Parameters
    ----------
    gamma : array_like
        d/n, above 1.
    eps, signal : array_like
        As for `consistent_risk`.

    Returns
    -------
    numpy.float64 or array
        -2 r^2/gamma^2 (sqrt(2 gamma/pi) eps + eps^2), negative for eps > 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> round(float(slope_at_interpolation(2.0, 0.5)), 6)
    -0.407095
    """
    g, size, r = broadcast(
        gamma=real_array("gamma", gamma, lower=1.0, open_lower=True),
        eps=real_array("eps", eps, lower=0.0),
        signal=real_array("signal", signal, lower=0.0, open_lower=True),
    )
    with np.errstate(over="ignore"):
        lean = np.sqrt(2.0 * g / math.pi) * size + size**2
        return np.asarray(-2.0 * (r / g) ** 2 * lean)[()]


def best_penalty(
    gamma: float, eps: float, signal: float = 1.0, noise: float = 0.0
) -> RobustPenalty:
    """Return the ridge penalty of least robust risk.

    Parameters
    ----------
    gamma, eps, signal, noise : float
        As for `consistent_risk`.

    Returns
    -------
    RobustPenalty

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    By search on penalties of equal ratio from 1e-8 to 1e8, and between them.

    Examples
    --------
    >>> best = best_penalty(2.0, 0.5)
    >>> round(best.penalty, 4), round(best.risk, 6), round(best.price, 4)
    (0.314, 0.810692, 0.0418)
    """
    from scipy.optimize import minimize_scalar

    problem = [
        real("gamma", gamma, lower=0.0, open_lower=True),
        real("eps", eps, lower=0.0),
        real("signal", signal, lower=0.0, open_lower=True),
        real("noise", noise, lower=0.0),
    ]
    g, size, r, s = problem

    def risk(log_penalty: float) -> float:
        return float(consistent_risk(g, math.exp(log_penalty), size, r, s))

    ticks = np.linspace(math.log(1e-8), math.log(1e8), 400)
    values = consistent_risk(g, np.exp(ticks), size, r, s)
    at = int(np.argmin(values))
    plain, nothing = float(consistent_risk(g, 0.0, size, r, s)), r * r
    ends = ticks[max(at - 1, 0)], ticks[min(at + 1, 399)]
    found = minimize_scalar(
        risk, bounds=ends, method="bounded", options={"xatol": 1e-10}
    )
    least = min((float(found.fun), math.exp(float(found.x))), (nothing, math.inf))
    if plain <= least[0] * (1.0 + 1e-13):
        return RobustPenalty(0.0, plain, plain)
    return RobustPenalty(least[1], least[0], plain)


def _two_vectors(w: ArrayLike, theta_0: ArrayLike) -> tuple[NDArray, NDArray]:
    a, b = real_array("w", w, ndim=1), real_array("theta_0", theta_0, ndim=1)
    if a.shape != b.shape:
        raise ValueError(
            f"w and theta_0 must have one shape, got {a.shape} and {b.shape}"
        )
    if not b.any():
        raise ValueError("theta_0 must not be 0")
    return a, b / np.abs(b).max()


# --- Claims --------------------------------------------------------------------------


def _drawn(d: int, spread: float) -> tuple[NDArray, NDArray]:
    rng = spawn(0, "donhauser2021", d)
    theta_0 = rng.standard_normal(d)
    return theta_0 + spread * rng.standard_normal(d), theta_0


def _error(d: int, spread: float, eps: float, p: float = 2.0) -> float:
    return float(robust_error(*_drawn(d, spread), eps, p))


@functools.cache
def _nodes() -> tuple[NDArray, NDArray]:
    nodes, weights = np.polynomial.legendre.leggauss(400)
    return nodes, weights


def _error_by_quadrature(
    d: int, spread: float, eps: float, flipped: float = 0.0
) -> float:
    """Integrate P(beta V <= eps D - alpha |u|) over u; a flipped label turns alpha."""
    w, theta_0 = _drawn(d, spread)
    unit = theta_0 / np.linalg.norm(theta_0)
    along = float(w @ unit)
    across = float(np.linalg.norm(w - along * unit))
    nodes, weights = _nodes()
    u = 5.0 * (nodes + 1.0)
    density = 5.0 * weights * math.sqrt(2.0 / math.pi) * np.exp(-u * u / 2.0)
    lean = along * u / across
    right, wrong = special.ndtr(eps - lean), special.ndtr(eps + lean)
    return float(density @ (right + flipped * (wrong - right)))


def _error_of_two(d: int, spread: float, eps: float, unequal: float) -> float:
    """Return the mean over points of variance 1 + h and 1 - h, for which eps scales."""
    scales = math.sqrt(1.0 + unequal), math.sqrt(1.0 - unequal)
    return sum(_error_by_quadrature(d, spread, eps / s) for s in scales) / 2.0


def _wrong(
    n: int,
    rng: np.random.Generator,
    d: int,
    spread: float,
    eps: float,
    unequal: float = 0.0,
    flipped: float = 0.0,
) -> Bool[NDArray, " n"]:
    """Draw points, and move them by their worst consistent step, for theta_0 = e_1."""
    w, theta_0 = _on_axis(d, spread)
    X = rng.standard_normal((n, d))
    if unequal:
        X *= np.sqrt(1.0 + unequal * rng.choice([-1.0, 1.0], (n, 1)))
    y = np.sign(X @ theta_0)
    if flipped:
        y[rng.random(n) < flipped] *= -1.0
    step = -eps * np.sign(w) * (theta_0 == 0.0)
    return np.asarray(y * ((X + y[:, None] * step) @ w) <= 0.0)


def _on_axis(d: int, spread: float) -> tuple[NDArray, Float[NDArray, " d"]]:
    rng = spawn(0, "donhauser2021", d, "axis")
    theta_0 = np.eye(d)[0]
    return theta_0 + spread * rng.standard_normal(d) / math.sqrt(d), theta_0


def _difference(gamma: float, eps: float, inverse: float, noise: float = 0.0) -> float:
    """Return the fall of the robust risk from penalty 0, over the penalty."""
    plain = float(consistent_risk(gamma, 0.0, eps, 1.0, noise))
    return (
        plain - float(consistent_risk(gamma, 1 / inverse, eps, 1.0, noise))
    ) * inverse


def _difference_of_two(
    gamma: float, eps: float, inverse: float, unequal: float
) -> float:
    """Return the same for points of two scales across theta_0."""
    plain, other = _risk_of_two(gamma, [0.0, 1.0 / inverse], eps, unequal)
    return float(plain - other) * inverse


def _risk_of_two(
    gamma: float, penalty: ArrayLike, eps: float, unequal: float
) -> Float[NDArray, " n"]:
    """Return the robust risks, for gamma > 1, of points of two scales across theta_0.

    x = (u, sqrt(t) z) with u along theta_0, |theta_0| = 1, and t = 1 + h or 1 - h. With
    K the Gram matrix of the parts across, over n, (K + L)^{-1} is like the diagonal of
    1/(L + gamma t m), where 1 - m = E t m/(L + gamma t m), and with A = u'(K + L)^{-1}
    u/n = E 1/(L + gamma t m) the parts of w are

        1 - <w, theta_0> = 1/(1 + A),  D^2 = (A + L A')/(1 + A)^2.

    m is found by bisection between its value 1 - 1/gamma at L = 0 and 1.
    """
    L = np.asarray(penalty, dtype=float)
    t = np.array([[1.0 + unequal], [1.0 - unequal]])
    low, high = np.full(L.shape, 1.0 - 1.0 / gamma), np.ones(L.shape)
    for _ in range(60):
        m = (low + high) / 2.0
        rises = m + np.mean(t * m / (L + gamma * t * m), axis=0) > 1.0
        low, high = np.where(rises, low, m), np.where(rises, m, high)
    each = 1.0 / (L + gamma * t * m)
    bent = np.mean(t * each**2, axis=0)
    slope = m * bent / (1.0 + L * bent)  # of m in L
    A = np.mean(each, axis=0)
    fall = np.mean(each**2 * (1.0 + gamma * t * slope), axis=0)
    square = np.maximum(A - L * fall, 0.0) / (1.0 + A) ** 2
    standard = 1.0 / (1.0 + A) ** 2 + t * square
    return np.asarray(np.mean(adversarial_risk(standard, np.sqrt(square), eps), axis=0))


def _risk_of_short(
    gamma: float, penalty: ArrayLike, eps: float, short: float
) -> Float[NDArray, " n"]:
    """Return the robust risks if the training labels are (1 - h) <x, theta_0>."""
    limit, q = ridge_limit(gamma, penalty, 1.0), 1.0 - short
    off = 1.0 - 2.0 * q * limit.overlap + q**2 * limit.square
    rest = np.maximum(limit.square - limit.overlap**2, 0.0)
    return np.asarray(adversarial_risk(np.maximum(off, 0.0), q * np.sqrt(rest), eps))


def _least(risk: Callable[[NDArray], NDArray]) -> float:
    """Return the least of the risks at penalties of equal ratio, refined once."""
    ticks = np.geomspace(1e-8, 1e8, 400)
    at = int(np.argmin(risk(ticks)))
    ends = ticks[max(at - 1, 0)], ticks[min(at + 1, 399)]
    return float(risk(np.geomspace(*ends, 400)).min())


def _added(gamma: float, penalty: float) -> float:
    """Return what a penalty adds to the standard risk of the interpolator."""
    least = float(consistent_risk(gamma, 0.0, 0.0))
    return float(consistent_risk(gamma, penalty, 0.0)) - least


def _added_ball(gamma: Any, penalty: Any, noise: Any = 0) -> Any:
    """Enclose it for r = 1."""
    over, part = 1 / gamma, penalty / gamma
    D = ((1 - over + part) ** 2 + 4 * part * over).sqrt()
    z = part * (part + 2 * (1 + over)) / (D + 1 - over)
    a = (part + z) / (1 + over + part + D)
    added = a * (part + over * a) / D * over
    if noise:
        root = ((1 - gamma + penalty) ** 2 + 4 * gamma * penalty).sqrt()
        c = 2 / (1 + gamma + penalty + root)
        added += noise**2 * (gamma * c / root - 1 / (gamma - 1))
    return added


_GAMMA = Reals(1.1, 20.0, (1.5, 2.0, 5.0), "log", r"\gamma")
_EPS = Reals(0.01, 2.0, (0.1, 0.5, 1.0), "log", r"\varepsilon")
_SPREAD = Reals(0.1, 3.0, (0.3, 1.0), "log")

_SMALL_PENALTIES: dict[str, Parameter] = {
    "gamma": Reals(1.5, 20.0, (1.5, 2.0, 5.0), "log", r"\gamma"),
    "eps": Reals(0.1, 2.0, (0.1, 0.5, 1.0), "log", r"\varepsilon"),
    "inverse": Reals(1e2, 1e5, (1e3, 1e4, 1e5), "log", r"1/\lambda"),
}

_SMALLER = Reals(0.0, 0.99, (0.0, 0.1, 0.5, 0.99), symbol="h")


def _across(evidence: Exact, domain: dict[str, Parameter]) -> Hypothesis:
    return Hypothesis(
        "points are normal",
        r"the variance of a point in all directions across $\theta_0$ is $1 + h$ or "
        "$1 - h$, with probability one half each: the law is not normal, of the same "
        "covariance",
        evidence,
        {**domain, "unequal": _SMALLER},
        "unequal",
    )


def _flipped(evidence: Exact | Statistical, domain: dict[str, Parameter]) -> Hypothesis:
    return Hypothesis(
        "the labels of fresh points are without noise",
        "a share $h$ of the labels is flipped; steps are consistent with what they "
        "were before",
        evidence,
        {**domain, "flipped": Reals(0.0, 0.5, (0.0, 0.1, 0.5), symbol="h")},
        "flipped",
    )


def _normal(evidence: Exact | Statistical, eps: Reals) -> Hypothesis:
    return Hypothesis(
        "points are normal",
        "with probability one half each their covariance is $1 + h$ and $1 - h$ times "
        "as large: the law is not normal, of the same covariance",
        evidence,
        {
            "d": Integers(2, 50, (2, 10), symbol="d"),
            "spread": Reals(0.1, 3.0, (1.0,), "log"),
            "eps": eps,
            "unequal": _SMALLER,
        },
        "unequal",
    )


CLAIMS = (
    Claim(
        id="donhauser2021.penalties-help",
        theory="statistics",
        title="A small penalty lowers the robust risk of the interpolator",
        source=SOURCE.at("abstract"),
        statement=r"""Without noise and for $d/n \to \gamma > 1$ the robust risk of
ridge regression falls from $\lambda = 0$ on with the slope
$-\frac{2}{\gamma^2}(\sqrt{2\gamma/\pi}\,\varepsilon + \varepsilon^2)$ for
$\|\theta_0\| = 1$.""",
        relation="limit",
        domain={
            "gamma": Reals(1.5, 20.0, (1.5, 2.0, 5.0), "log", r"\gamma"),
            "eps": Reals(0.1, 2.0, (0.1, 0.5, 1.0), "log", r"\varepsilon"),
            "inverse": Reals(1e2, 1e5, (1e3, 1e4, 1e5), "log", r"1/\lambda"),
        },
        axis="inverse",
        evidence=Exact(
            _difference,
            lambda gamma, eps, inverse: -slope_at_interpolation(gamma, eps),
            tolerance=5e-3,
        ),
        twin=Twin(
            "the slope is a fiftieth larger",
            Exact(
                _difference,
                lambda gamma, eps, inverse: -1.02 * slope_at_interpolation(gamma, eps),
                tolerance=5e-3,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "labels are without noise",
                r"noise of deviation $\sigma$ in the training labels",
                Exact(
                    _difference,
                    lambda gamma, eps, inverse, noise: (
                        -slope_at_interpolation(gamma, eps)
                    ),
                    tolerance=5e-3,
                ),
                {
                    **_SMALL_PENALTIES,
                    "noise": Reals(0.0, 1.0, (0.0, 0.1, 0.3), symbol=r"\sigma"),
                },
                "noise",
            ),
            _across(
                Exact(
                    _difference_of_two,
                    lambda gamma, eps, inverse, unequal: (
                        -slope_at_interpolation(gamma, eps)
                    ),
                    tolerance=5e-3,
                ),
                _SMALL_PENALTIES,
            ),
        ),
    ),
    Claim(
        id="donhauser2021.interpolation-hurts",
        theory="statistics",
        title="Some penalty has less robust risk than interpolation",
        source=SOURCE.at("abstract"),
        statement=r"""Without noise and for $1.2 \le \gamma \le 20$,
$0.05 \le \varepsilon \le 2$, the best penalty is positive, and its robust risk less
than that of the minimum-norm interpolator.""",
        relation="lhs <= rhs",
        domain={
            "gamma": Reals(1.2, 20.0, (1.5, 2.0, 5.0), "log", r"\gamma"),
            "eps": Reals(0.05, 2.0, (0.1, 0.5, 1.0), "log", r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            lambda gamma, eps: best_penalty(gamma, eps).risk,
            lambda gamma, eps: consistent_risk(gamma, 0.0, eps) * (1.0 - 1e-6),
            unproved="the best penalty is found by a search",
        ),
        twin=Twin(
            r"so it is at $\varepsilon = 0$",
            Exact(
                lambda gamma, eps: best_penalty(gamma, 0.0).risk,
                lambda gamma, eps: consistent_risk(gamma, 0.0, 0.0) * (1.0 - 1e-6),
            ),
        ),
        hypotheses=(
            _across(
                Exact(
                    lambda gamma, eps, unequal: _least(
                        lambda penalty: _risk_of_two(gamma, penalty, eps, unequal)
                    ),
                    lambda gamma, eps, unequal: (
                        _risk_of_two(gamma, [0.0], eps, unequal)[0] * (1.0 - 1e-6)
                    ),
                ),
                {
                    "gamma": Reals(1.2, 20.0, (1.5, 2.0, 5.0), "log", r"\gamma"),
                    "eps": Reals(0.05, 2.0, (0.1, 0.5, 1.0), "log", r"\varepsilon"),
                },
            ),
            Hypothesis(
                "labels are without noise",
                r"the labels of the training points are $(1 - h)\langle x, "
                r"\theta_0\rangle$: noise that depends on the point",
                Exact(
                    lambda gamma, eps, short: _least(
                        lambda penalty: _risk_of_short(gamma, penalty, eps, short)
                    ),
                    lambda gamma, eps, short: (
                        _risk_of_short(gamma, [0.0], eps, short)[0] * (1.0 - 1e-6)
                    ),
                ),
                {
                    "gamma": Reals(1.2, 20.0, (1.5, 2.0, 5.0), "log", r"\gamma"),
                    "eps": Reals(0.05, 2.0, (0.1, 0.5, 1.0), "log", r"\varepsilon"),
                    "short": Reals(0.0, 0.9, (0.0, 0.1, 0.5), symbol="h"),
                },
                "short",
            ),
        ),
    ),
    Claim(
        id="donhauser2021.standard-risk-interpolates",
        theory="statistics",
        title="Without noise interpolation has the least standard risk",
        source=SOURCE,
        statement=r"""For $\varepsilon = 0$ and labels without noise no penalty has less
risk than $\lambda = 0$. Shown is the difference.""",
        relation="lhs <= rhs",
        domain={
            "gamma": _GAMMA,
            "penalty": Reals(1e-4, 10.0, (1e-3, 0.1, 1.0), "log", r"\lambda"),
        },
        axis="penalty",
        evidence=Enclosure(
            lambda gamma, penalty: 0,
            _added_ball,
            formulas=(lambda gamma, penalty: 0.0, _added),
            rtol=1e-11,
            atol=1e-15,
        ),
        twin=Twin(
            r"also with noise of deviation $0.3$",
            Enclosure(
                lambda gamma, penalty: 0,
                lambda gamma, penalty: _added_ball(gamma, penalty, 0.3),
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the labels are without noise",
                r"noise of deviation $\sigma$",
                Exact(
                    lambda gamma, penalty, noise: 0.0,
                    lambda gamma, penalty, noise: (
                        consistent_risk(gamma, penalty, 0.0, 1.0, noise)
                        - consistent_risk(gamma, 0.0, 0.0, 1.0, noise)
                    ),
                    atol=1e-15,
                ),
                {
                    "gamma": _GAMMA,
                    "penalty": Reals(1e-4, 10.0, (1e-3, 0.1, 1.0), "log"),
                    "noise": Reals(0.0, 1.0, (0.0, 0.1, 0.3, 1.0), symbol=r"\sigma"),
                },
                "noise",
            ),
            Hypothesis(
                "all directions have one variance",
                r"half of the variances are $1 + h$, half $1 - h$, and $\theta_0$ is "
                "spread over the smaller ones",
                Exact(
                    lambda gamma, penalty, unequal: 0.0,
                    lambda gamma, penalty, unequal: (
                        limits(gamma, penalty, 0.0, -unequal).excess
                        - limits(gamma, 0.0, 0.0, -unequal).excess
                    ),
                    atol=1e-12,
                ),
                {
                    "gamma": _GAMMA,
                    "penalty": Reals(1e-4, 10.0, (1e-3, 0.1, 1.0), "log"),
                    "unequal": Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5), symbol="h"),
                },
                "unequal",
            ),
            Hypothesis(
                "points are normal",
                why=r"for every law of covariance $I$ the risk is $\lambda^2\langle"
                r"\theta_0, (S + \lambda)^{-2}\theta_0\rangle$, $S = X^TX/n$, which "
                r"rises with $\lambda$",
            ),
        ),
    ),
    Claim(
        id="donhauser2021.robust-error",
        theory="statistics",
        title="The robust error of a linear classifier is skew normal",
        source=SOURCE,
        statement=r"""For $y = \mathrm{sign}\langle x, \theta_0\rangle$ and consistent
$\ell_2$ steps, $\mathrm{sign}\langle w, x\rangle$ has robust error $\Phi(h) -
2T(h, \alpha/\beta)$, $h = \varepsilon\beta/\|w\|$, with $T$ Owen's function and
$\alpha, \beta$ the parts of $w$ along and across $\theta_0$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 50, (2, 5, 30), symbol="d"),
            "spread": _SPREAD,
            "eps": Reals(0.0, 2.0, (0.0, 0.1, 1.0), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(_error, _error_by_quadrature, rtol=1e-9),
        twin=Twin(
            "the steps are a hundredth longer",
            Exact(
                lambda d, spread, eps: _error(d, spread, 1.01 * eps + 1e-4),
                _error_by_quadrature,
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            _normal(
                Exact(
                    lambda d, spread, eps, unequal: _error(d, spread, eps),
                    _error_of_two,
                    rtol=1e-9,
                ),
                Reals(0.0, 2.0, (0.0, 0.1, 1.0), symbol=r"\varepsilon"),
            ),
            _flipped(
                Exact(
                    lambda d, spread, eps, flipped: _error(d, spread, eps),
                    _error_by_quadrature,
                    rtol=1e-9,
                ),
                {
                    "d": Integers(2, 50, (2, 5, 30), symbol="d"),
                    "spread": _SPREAD,
                    "eps": Reals(0.0, 2.0, (0.0, 0.1, 1.0), symbol=r"\varepsilon"),
                },
            ),
        ),
    ),
    Claim(
        id="donhauser2021.moved-points",
        theory="statistics",
        title="Moved points are misclassified as often as the formula says",
        source=SOURCE,
        statement=r"""For $\theta_0 = e_1$ and consistent $\ell_\infty$ steps the points
$x - y\varepsilon(0, \mathrm{sign}(w_2), \dots, \mathrm{sign}(w_d))$ are wrong with
probability $\Phi(h) - 2T(h, \alpha/\beta)$, $h = \varepsilon\sum_{j>1}|w_j|/\|w\|$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 30, (2, 10), symbol="d"),
            "spread": Reals(0.5, 2.0, (1.0,), "log"),
            "eps": Reals(0.01, 0.5, (0.05, 0.2), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Statistical(
            _wrong,
            lambda d, spread, eps: robust_error(*_on_axis(d, spread), eps, np.inf),
            tolerance=0.1,
        ),
        twin=Twin(
            "they are wrong as often as without steps",
            Statistical(
                _wrong,
                lambda d, spread, eps: robust_error(*_on_axis(d, spread), 0.0, np.inf),
                tolerance=0.1,
            ),
        ),
        hypotheses=(
            _normal(
                Statistical(
                    _wrong,
                    lambda d, spread, eps, unequal: robust_error(
                        *_on_axis(d, spread), eps, np.inf
                    ),
                    tolerance=0.1,
                ),
                Reals(0.01, 0.5, (0.05, 0.5), symbol=r"\varepsilon"),
            ),
            _flipped(
                Statistical(
                    _wrong,
                    lambda d, spread, eps, flipped: robust_error(
                        *_on_axis(d, spread), eps, np.inf
                    ),
                    tolerance=0.1,
                ),
                {
                    "d": Integers(2, 30, (2, 10), symbol="d"),
                    "spread": Reals(0.5, 2.0, (1.0,), "log"),
                    "eps": Reals(0.01, 0.5, (0.05, 0.2), symbol=r"\varepsilon"),
                },
            ),
        ),
    ),
)
