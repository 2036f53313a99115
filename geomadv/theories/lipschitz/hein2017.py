r"""Radii certified by a local Lipschitz constant (Hein and Andriushchenko 2017).

Let f_c be the largest of the functions f_k at x, and 1/p + 1/q = 1. If
|grad f_c - grad f_j|_q <= L_j(R) in the l_p ball of radius R about x, then by the mean
value theorem along the segment no point within

    max_R min{ min_j (f_c(x) - f_j(x))/L_j(R), R }

is decided otherwise. For affine functions L_j does not depend on R, and the radius is
the distance. For Gaussian expansions the paper bounds L_j(R) by extremes of every pair
of terms; the norm in the kernel's space gives another radius, see
`geomadv.perturbations.certified_radii`, which has them all.

**Where the radius by the norm is attained.** With f(x) = k(x, z) - k(x, z') + b,
H^2 = 2 - 2 k(z, z'); for b = 1 - k(z, z') it is f(z') = 0 and f(z) = H^2, so that
H sqrt(2 - 2 k(z, z')) = f(z): the radius at z is |z - z'|, where the decision changes.

Source: Hein, Andriushchenko (2017), "Formal guarantees on the robustness of a
classifier against adversarial manipulation", arXiv:1705.08475, theorem 2.1 and
proposition 2.1 (the formula is derived anew).
"""

import functools
import math

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import norm_order, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Twin,
)
from geomadv.classifiers import KernelExpansion, LinearClassifier
from geomadv.perturbations import certified_radii, minimal_perturbation

SOURCE = Source(
    "M. Hein, M. Andriushchenko",
    "Formal guarantees on the robustness of a classifier against adversarial "
    "manipulation",
    2017,
    arxiv="1705.08475",
)


def mean_value_radius(
    margins: ArrayLike, slopes: ArrayLike, radii: ArrayLike
) -> np.float64:
    """Return the certified radius of theorem 2.1 from bounds of the slopes.

    Parameters
    ----------
    margins : (J,) array_like
        f_c(x) - f_j(x) for the other classes, at least 0.
    slopes : (n, J) array_like
        L_j(R), bounds of |grad f_c - grad f_j|_q in the balls of these radii.
    radii : (n,) array_like
        The radii R, positive.

    Returns
    -------
    numpy.float64
        max_R min{min_j margins_j/L_j(R), R}.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> mean_value_radius([1.0, 3.0], [[2.0, 1.0], [4.0, 1.0]], [0.4, 0.5])
    np.float64(0.4)
    """
    gap = real_array("margins", margins, ndim=1, lower=0)
    R = real_array("radii", radii, ndim=1, lower=0, open_lower=True)
    L = real_array("slopes", slopes, ndim=2, lower=0)
    if L.shape != (R.size, gap.size) or not L.size:
        raise ValueError(
            f"slopes must have shape ({R.size}, {gap.size}) with entries, got {L.shape}"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(L > 0, gap / L, np.inf)
    return np.float64(np.minimum(reach.min(axis=1), R).max())


def affine_radius(W: ArrayLike, b: ArrayLike, x: ArrayLike, *, p: float) -> np.float64:
    """Return the certified radius of affine functions, which is the distance.

    Parameters
    ----------
    W : (K, d) array_like
        Two rows or more.
    b : (K,) array_like
    x : (d,) array_like
    p : float
        The norm, in [1, inf].

    Returns
    -------
    numpy.float64
        min_j (f_c - f_j)/|w_c - w_j|_q in the l_p norm; infinite if all w_j are equal.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> affine_radius([[1, 0], [0, 1], [-1, -1]], [0.0, 0.1, 0.2], [1.0, 0.3], p=1)
    np.float64(0.6)
    """
    rows, offset = real_array("W", W, ndim=2), real_array("b", b, ndim=1)
    point, order = real_array("x", x, ndim=1), norm_order("p", p)
    if len(rows) < 2 or rows.shape != (offset.size, point.size):
        raise ValueError(
            f"W must have shape ({offset.size}, {point.size}) and two rows or more, "
            f"got {rows.shape}"
        )
    gaps, slopes = _gaps(rows, offset, point, order)
    with np.errstate(divide="ignore", invalid="ignore"):
        radii = np.where(slopes > 0, gaps / slopes, np.inf)
    return np.float64(radii.min())


def _gaps(
    W: Float[NDArray, "K d"], b: Float[NDArray, " K"], x: Float[NDArray, " d"], p: float
) -> tuple[Float[NDArray, " J"], Float[NDArray, " J"]]:
    """Return f_c - f_j and |w_c - w_j|_q for the other classes j."""
    q = math.inf if p == 1 else 1.0 if math.isinf(p) else p / (p - 1)
    f = W @ x + b
    c = int(f.argmax())
    others = np.arange(f.size) != c
    return f[c] - f[others], np.linalg.norm(W[c] - W[others], q, axis=1)


# --- Claims --------------------------------------------------------------------------


def _expansion(
    case: str, d: int, gamma: float, short: float = 0.0
) -> tuple[KernelExpansion, NDArray]:
    """Return a Gaussian expansion and a point.

    A constant raises its value there to f(x)/(1 - short): the radii depend on f(x) over
    bounds of the slope, and are those of f with bounds short by this share.

    - "pair": the pair of the module, at which the radius by the norm is attained;
    - "inflection": one term where it is steepest, with the boundary 1e-4 away;
    - "many": twelve random terms, with lengths that grow with 1/sqrt(gamma).
    """
    scale = 1 / math.sqrt(gamma)
    e = np.eye(d)[0]
    if case == "pair":
        z = np.stack([np.zeros(d), 0.05 * scale * e])
        a, b = np.array([1.0, -1.0]), 1 - math.exp(-(0.05**2))
        x = z[0]
    elif case == "inflection":
        z, a = np.zeros((1, d)), np.array([1.0])
        x = math.sqrt(0.5) * scale * e
        b = -math.exp(-((math.sqrt(0.5) + 1e-4) ** 2))
    else:
        rng = spawn(0, "hein2017", d)
        z = scale * rng.standard_normal((12, d)) / math.sqrt(d)
        a, b = rng.standard_normal(12), 0.05
        x = 0.5 * scale * rng.standard_normal(d) / math.sqrt(d)
    if short:
        value = a @ np.exp(-gamma * ((x - z) ** 2).sum(axis=1)) + b
        b += float(value) * short / (1.0 - short)
    return KernelExpansion.from_parameters(z, a, gamma=gamma, b=b), x[None]


def _radius(name: str, case: str, d: int, gamma: float, short: float = 0.0) -> float:
    return float(certified_radii(*_expansion(case, d, gamma, short))[name][0])


@functools.cache
def _distance(case: str, d: int, gamma: float) -> float:
    """Return the distance from above: the size of a step that changes the decision."""
    model, X = _expansion(case, d, gamma)
    budget = 200 if d <= 2 else 0
    return float(minimal_perturbation(model, X, budget=budget).distance[0])


def _slope_hypotheses(name: str) -> tuple[Hypothesis, ...]:
    return (
        Hypothesis(
            "the slope is bounded from above, on the whole ball",
            "it is an estimate from below, short by a share",
            Exact(
                lambda case, d, gamma, short: _radius(name, case, d, gamma, short),
                lambda case, d, gamma, short: _distance(case, d, gamma),
                rtol=1e-9,
            ),
            {
                "case": Choices(("pair", "inflection")),
                "d": Integers(1, 50, (1, 2), symbol="d"),
                "gamma": Reals(1e-3, 1e3, (0.5, 100.0), scale="log", symbol="g"),
                "short": Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5)),
            },
            "short",
        ),
    )


def _at_most(name: str, title: str, statement: str, source: Source) -> Claim:
    return Claim(
        id=f"hein2017.{name}-radius",
        theory="lipschitz",
        title=title,
        source=source,
        statement=statement,
        relation="lhs <= rhs",
        domain={
            "case": Choices(("pair", "inflection", "many")),
            "d": Integers(1, 50, (1, 2, 20), symbol="d"),
            "gamma": Reals(1e-3, 1e3, (0.5, 100.0), scale="log", symbol="g"),
        },
        axis="gamma",
        evidence=Exact(
            lambda case, d, gamma: _radius(name, case, d, gamma),
            _distance,
            rtol=1e-9,
            unproved="one side is a distance that a search over steps finds",
        ),
        twin=Twin(
            r"the radius is multiplied by $1.002$",
            Exact(
                lambda case, d, gamma: 1.002 * _radius(name, case, d, gamma),
                _distance,
                rtol=1e-9,
            ),
        ),
        note=r"""The distance is taken from above, by a step that changes the
decision.""",
        hypotheses=_slope_hypotheses(name),
    )


def _affine_case(d: int) -> tuple[NDArray, NDArray, NDArray]:
    rng = spawn(0, "hein2017", d, "affine")
    return rng.standard_normal((4, d)), rng.standard_normal(4), rng.standard_normal(d)


def _affine_distance(d: int, p: float) -> float:
    W, b, x = _affine_case(d)
    model = LinearClassifier.from_parameters(W, b)
    return float(minimal_perturbation(model, x[None], p=p).distance[0])


def _curved_distance(d: int, p: float, curvature: float) -> float:
    """Return the distance if -c |z - x|^2/2 is added to the largest function.

    Within the l_p distance t the function falls by at most |w|_q t + c k t^2/2 against
    another, k = d for p = infinity and 1 for p = 1 and 2: both terms are largest at the
    same step. The distance is the t of the gap,
    2 gap/(|w|_q + sqrt(|w|_q^2 + 2 c k gap)).
    """
    gaps, slopes = _gaps(*_affine_case(d), p)
    size = curvature * (d if math.isinf(p) else 1)
    return float((2 * gaps / (slopes + np.sqrt(slopes**2 + 2 * size * gaps))).min())


_RKHS = Source(
    "derived here", "the Cauchy-Schwarz inequality in the kernel's space", 2026
)

CLAIMS = (
    _at_most(
        "local",
        "The local Lipschitz bound of a Gaussian expansion never exceeds the distance",
        r"""For $f(x) = \sum_j a_j e^{-g\|x - z_j\|^2} + b$ the radius $R$ with
$|f(x)|/L(R) = R$ is at most the distance to $f = 0$, where $L(R)$ bounds the gradient
in the ball of radius $R$, pair of terms by pair.""",
        SOURCE.at("theorem 2.1, proposition 2.1"),
    ),
    _at_most(
        "norm",
        "The radius by the norm in the kernel's space never exceeds the distance",
        r"""$\sqrt{-\ln(1 - f(x)^2/(2H^2))/g}$ is at most the distance to $f = 0$, where
$H^2 = a^\top K a$.""",
        _RKHS,
    ),
    _at_most(
        "linearised",
        "The linearised radius by the norm never exceeds the distance",
        r"""$|f(x)|/(H\sqrt{2g})$ is at most the distance to $f = 0$, where
$H^2 = a^\top K a$.""",
        _RKHS,
    ),
    _at_most(
        "terms",
        "The radius by the steepest slopes of the terms never exceeds the distance",
        r"""$|f(x)|/(\sqrt{2g/e}\,\sum_j|a_j|)$ is at most the distance to $f = 0$.""",
        _RKHS,
    ),
    Claim(
        id="hein2017.affine",
        theory="lipschitz",
        title="For affine functions the certified radius is the distance",
        source=SOURCE.at("theorem 2.1"),
        statement=r"""For affine $f_k$ the radius $\min_j (f_c - f_j)/\|w_c - w_j\|_q$
is the $\ell_p$ distance to the boundary.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 1000, (2, 20, 784), symbol="d"),
            "p": Choices((1.0, 1.5, 2.0, math.inf)),
        },
        axis="d",
        evidence=Exact(
            lambda d, p: affine_radius(*_affine_case(d), p=p),
            _affine_distance,
            rtol=1e-9,
        ),
        twin=Twin(
            r"the norm of $w_c - w_j$ is taken in $\ell_p$, not in the dual $\ell_q$",
            Exact(
                lambda d, p: affine_radius(
                    *_affine_case(d), p=p / (p - 1) if 1 < p < math.inf else 1.0
                ),
                _affine_distance,
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the functions are affine",
                r"the largest one is curved: $-c\|z - x\|^2/2$ is added to it",
                Exact(
                    lambda d, p, curvature: affine_radius(*_affine_case(d), p=p),
                    _curved_distance,
                    rtol=1e-9,
                ),
                {
                    "d": Integers(2, 1000, (2, 20, 784), symbol="d"),
                    "p": Choices((1.0, 2.0, math.inf)),
                    "curvature": Reals(0.0, 10.0, (0.0, 0.01, 0.1, 1.0), symbol="c"),
                },
                "curvature",
            ),
        ),
    ),
)
