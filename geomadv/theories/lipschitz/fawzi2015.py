r"""Robustness to adversarial and to random noise (Fawzi, Fawzi and Frossard 2015).

Labels y are -1 and +1 with probabilities p_-1 and p_1, f classifies by its sign,
R = P(y f(x) < 0) is its error, and |x| <= M almost surely. Robustness is the mean
length of the smallest step that reaches the boundary, whatever the label:

    rho = E min{|r| : f(x) f(x + r) <= 0}.

**General bound.** If that length is at most tau |f(x)|^g, 0 < g <= 1, then by Jensen's
inequality

    rho <= tau E|f|^g <= tau (E|f|)^g,    E|f| = E[y f] + 2 E[|f|; y f < 0].

The paper has a factor 4^(1-g) before it, which this derivation does not need.

**Linear f = <w, x> + b**, |b| <= M |w|. Here rho = E|f|/|w|, and |f| <= 2 M |w|, so

    rho <= |p_1 m_1 - p_-1 m_-1| + M (|p_1 - p_-1| + 4 R),    m_y = E[x | y].

**Quadratic f = <x, A x>**, lambda_min < 0 < lambda_max. A step along the eigenvector of
lambda_min alone changes f > 0 by -|lambda_min| (t^2 + 2 t |x_v|), so it is no longer
than (f/|lambda_min|)^(1/2), and likewise on the other side: g = 1/2 and
tau^-2 = min(|lambda_min|, lambda_max). With |f| <= M^2 |A|, C_y = E[x x' | y], the
nuclear norm and K = max(|lambda_min|, lambda_max)/min(|lambda_min|, lambda_max),

    rho <= sqrt(K |p_1 C_1 - p_-1 C_-1|_nuc + 2 M^2 K R).

The paper has a 2 before the root: that is 4^(1-g) once more.

**Random noise.** rho_unif(e) is the largest t for which noise that is uniform on the
sphere of radius t changes the sign with probability at most e. For linear f and a point
at distance rho the sign changes where <u, noise/t> >= rho/t, which is a cap:

    rho_unif(e)/rho = 1/q,    q the height of the cap of measure e,

about sqrt(d)/Phi^-1(1 - e). The paper encloses it, for e < 1/12, by

    max(C_1 sqrt d, 1) <= 1/q <= C_2,
    C_1 = (2 log(2/e))^(-1/2),    C_2 = (1 - (12 e)^(1/d))^(-1/2).

As caps shrink with their height, 1/q >= L says that the cap of height 1/L has at most
the measure e, and 1/q <= C that the cap of height 1/C has at least e. The first one,
with e = 2 e^(-d t^2/2) and t = 1/(C_1 sqrt d), is twice as much as the cap over
4 e^(-d t^2/2), which falls with t for d t^2 >= 1 (see `bubeck2021`). For all d that cap
is at most (1 - t^2)^{(d-1)/2}/2 <= e^{t^2/2} e/4, and e^{1/2}/4 < 1.

At 1/C_2, x = 1 - t^2 = (12 e)^{1/d}, with a = (d - 1)/2, v^{a-1}/sqrt(1 - v) on [0, x]
and Jensen's inequality for the mean x a/(a + 1) of v,

    cap >= x^a/(2 a B(a, 1/2)) sqrt((a + 1)/(1 + a t^2))
        >= x^a/(2 sqrt(pi (1 + a t^2))),

as Gamma(a + 1)/Gamma(a + 1/2) <= sqrt(a + 1/2). Over e = x^d/12, d = 2 a + 1, that is
at least 6/sqrt(pi), since x^(2 a + 2) (1 + a t^2) <= e^(-a t^2) (1 + a t^2) <= 1: the
12 could be 2 sqrt(pi).

Source: Fawzi, Fawzi, Frossard (2015), "Analysis of classifiers' robustness to
adversarial perturbations", arXiv:1502.02590 (Machine Learning 107, 2018). The abstract
has the factor sqrt(d); the theorems are cited from memory and derived anew here.
"""

import functools
import math
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, integer, probability, real, real_array
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
from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.perturbations import minimal_perturbation
from geomadv.spaces import Sphere

SOURCE = Source(
    "A. Fawzi, O. Fawzi, P. Frossard",
    "Analysis of classifiers' robustness to adversarial perturbations",
    2015,
    arxiv="1502.02590",
)


def linear_bound(
    mean_1: ArrayLike,
    mean_0: ArrayLike,
    *,
    radius: float,
    prior: float = 0.5,
    error: float = 0.0,
) -> float:
    """Return the bound on the robustness of any linear classifier.

    Parameters
    ----------
    mean_1, mean_0 : (d,) array_like
        Means of the classes +1 and -1.
    radius : float
        M >= 0, with |x| <= M.
    prior : float
        p_1, in [0, 1].
    error : float
        R, in [0, 1].

    Returns
    -------
    float
        |p_1 m_1 - p_-1 m_-1| + M (|p_1 - p_-1| + 4 R), in the units of the data.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> linear_bound([3.0, 4.0], [-3.0, -4.0], radius=10.0)
    5.0
    """
    up, down = real_array("mean_1", mean_1, ndim=1), real_array("mean_0", mean_0)
    if down.shape != up.shape:
        raise ValueError(
            f"mean_0 must have the shape of mean_1, {up.shape}, got {down.shape}"
        )
    M, p, R = _numbers(radius, prior, error)
    return float(np.linalg.norm(p * up - (1 - p) * down) + M * (abs(2 * p - 1) + 4 * R))


def quadratic_bound(
    second_1: ArrayLike,
    second_0: ArrayLike,
    A: ArrayLike,
    *,
    radius: float,
    prior: float = 0.5,
    error: float = 0.0,
) -> float:
    """Return the bound on the robustness of the quadratic classifier <x, A x>.

    Parameters
    ----------
    second_1, second_0 : (d, d) array_like
        Second moments E[x x' | y] of the classes +1 and -1.
    A : (d, d) array_like
        Symmetric, with eigenvalues of both signs.
    radius, prior, error : float
        As for `linear_bound`.

    Returns
    -------
    float
        sqrt(K |p_1 C_1 - p_-1 C_-1|_nuc + 2 M^2 K R), half of what is printed.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> C = [[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]
    >>> quadratic_bound(*C, [[1.0, 0.0], [0.0, -1.0]], radius=1.0)
    1.0
    """
    matrix = _symmetric("A", A)
    up, down = _symmetric("second_1", second_1), _symmetric("second_0", second_0)
    if not up.shape == down.shape == matrix.shape:
        raise ValueError(
            "second_1, second_0 and A must be of one shape, got "
            f"{up.shape}, {down.shape} and {matrix.shape}"
        )
    values = np.linalg.eigvalsh(matrix)
    ends = abs(float(values[0])), float(values[-1])
    if not values[0] < 0 < values[-1]:
        raise ValueError(
            "A must have eigenvalues of both signs, got those from "
            f"{values[0]:g} to {values[-1]:g}"
        )
    M, p, R = _numbers(radius, prior, error)
    K = max(ends) / min(ends)
    nuclear = np.abs(np.linalg.eigvalsh(p * up - (1 - p) * down)).sum()
    return float(np.sqrt(K * nuclear + 2 * M**2 * K * R))


def random_ratio(d: ArrayLike, e: ArrayLike) -> Real:
    """Return rho_unif(e)/rho of a linear classifier.

    Parameters
    ----------
    d : int or array_like of int
        Dimension, at least 2.
    e : float or array_like
        Probability of a change, in (0, 1/2).

    Returns
    -------
    numpy.float64 or array
        1 over the height of the cap of measure e; as accurate as
        `geomadv.spaces.Sphere.cap_height`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(random_ratio(784, 0.01)), 6)
    12.045314
    """
    dims, mass = _dimensions(d, e, upper=0.5)
    height = [
        Sphere(int(n)).cap_height(m) for n, m in zip(dims.flat, mass.flat, strict=True)
    ]
    ratio: Real = 1 / np.reshape(height, dims.shape)[()]
    return ratio


def random_ratio_bounds(d: ArrayLike, e: ArrayLike) -> tuple[Real, Real]:
    """Return the paper's bounds of `random_ratio`.

    Parameters
    ----------
    d : int or array_like of int
        Dimension, at least 2.
    e : float or array_like
        Probability of a change, in (0, 1/12).

    Returns
    -------
    lower, upper : numpy.float64 or array
        max(C_1 sqrt d, 1) and C_2; the constants are cited from memory.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(float(b), 6) for b in random_ratio_bounds(784, 0.01)]
    [8.601497, 19.242286]
    """
    dims, mass = _dimensions(d, e, upper=1 / 12)
    log = np.log(mass)
    lower: Real = np.maximum(np.sqrt(dims / (2 * (math.log(2) - log))), 1.0)[()]
    upper: Real = (1 / np.sqrt(-np.expm1((math.log(12) + log) / dims)))[()]
    return lower, upper


def _numbers(radius: float, prior: float, error: float) -> tuple[float, float, float]:
    return (
        real("radius", radius, lower=0),
        float(probability("prior", prior)),
        float(probability("error", error)),
    )


def _symmetric(name: str, value: ArrayLike) -> Float[NDArray, "d d"]:
    matrix = real_array(name, value, ndim=2)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be square, got shape {matrix.shape}")
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0):
        raise ValueError(f"{name} must be symmetric, got entries unlike those of its T")
    return matrix


def _dimensions(
    d: ArrayLike, e: ArrayLike, *, upper: float
) -> tuple[NDArray, Float[NDArray, "..."]]:
    dims = np.vectorize(lambda n: integer("d", n, minimum=2), otypes=[int])(d)
    mass = real_array("e", e, lower=0, upper=upper, open_lower=True, open_upper=True)
    both, mass = broadcast(d=dims, e=mass)
    return both, mass


# --- Claims --------------------------------------------------------------------------


class _Finite:
    """A finite law of labelled points in the unit ball, with uniform weights."""

    def __init__(self, X: Float[NDArray, "n d"], y: Float[NDArray, " n"]) -> None:
        self.X, self.y = X, y
        self.prior = float((y > 0).mean())
        self.radius = float(np.linalg.norm(X, axis=1).max())

    def mean(self, sign: int) -> Float[NDArray, " d"]:
        return self.X[self.y == sign].mean(axis=0)

    def second(self, sign: int) -> Float[NDArray, "d d"]:
        part = self.X[self.y == sign]
        return part.T @ part / len(part)


def _drawn(d: int, spread: float, flipped: float, *names: object) -> _Finite:
    """Draw points around +e_1 and -e_1 of which some have the other label."""
    rng = spawn(0, "fawzi2015", d, *names)
    y = np.repeat([1.0, -1.0], [12, 8] if flipped else [10, 10])
    X = 0.9 * y[:, None] * np.eye(d)[0] + spread * rng.uniform(-1, 1, (20, d)) / d
    return _Finite(X, np.where(rng.random(20) < flipped, -y, y))


def _linear_sides(
    d: int,
    spread: float,
    flipped: float,
    angle: float,
    less: float = 0.0,
    outside: float = 0.0,
) -> tuple[float, float]:
    """Return rho and its bound, for a linear classifier at an angle to e_1.

    In the bound the error is too small by the share `less`, and the radius by the share
    `outside`.
    """
    law = _drawn(d, spread, flipped)
    w = math.cos(angle) * np.eye(d)[0] + math.sin(angle) * np.eye(d)[1]
    b = 0.3 * flipped * law.radius
    found = minimal_perturbation(LinearClassifier.from_parameters(w, b), law.X)
    errs = float((law.y * (law.X @ w + b) < 0).mean())
    bound = linear_bound(
        law.mean(1),
        law.mean(-1),
        radius=(1 - outside) * law.radius,
        prior=law.prior,
        error=(1 - less) * errs,
    )
    return float(found.distance.mean()), bound


def _quadratic_sides(
    d: int, spread: float, flipped: float, tilt: float, outside: float = 0.0
) -> tuple[float, float]:
    """Return rho and its bound for x_1^2 - (1 + tilt) x_2^2 + smaller terms.

    The classes lie near the two axes. In the bound the radius is too small by the share
    `outside`.
    """
    rng = spawn(0, "fawzi2015", d, "quadric")
    y = np.repeat([1.0, -1.0], 10)
    axes = np.where(y[:, None] > 0, np.eye(d)[0], np.eye(d)[1])
    X = rng.choice([-1.0, 1.0], (20, 1)) * axes
    X += spread * rng.uniform(-1, 1, (20, d)) / d
    law = _Finite(X, np.where(rng.random(20) < flipped, -y, y))
    diagonal = np.r_[1.0, -(1.0 + tilt), 0.5 * np.cos(np.arange(2, d))]
    A = np.diag(diagonal)
    model = QuadraticClassifier.from_parameters(A, np.zeros(d), 0.0)
    found = minimal_perturbation(model, law.X)
    errs = float((law.y * ((law.X @ A) * law.X).sum(axis=1) < 0).mean())
    bound = quadratic_bound(
        law.second(1),
        law.second(-1),
        A,
        radius=(1 - outside) * law.radius,
        prior=law.prior,
        error=errs,
    )
    return float(found.distance.mean()), bound


def _power_sides(g: float, spread: float) -> tuple[float, float]:
    """Return rho and (E|f|)^g for f = sign(x)|x|^(1/g) on the line, tau = 1."""
    size = 1.0 + spread * np.linspace(-1, 1, 11)
    return float(size.mean()), float((size ** (1 / g)).mean() ** g)


def _crossing(length: float, d: int, e: float) -> float:
    """Return how often noise that is so long changes the sign, over e."""
    if length <= 1:
        return 0.0
    return math.exp(float(Sphere(d).log_cap_measure(1 / length)) - math.log(e))


def _crossing_lower_ball(d: int, e: Any, percent: int = 100) -> Any:
    """Enclose it for percent/100 of the lower bound."""

    def at(mass: Any) -> Any:
        t = 100 * (2 * (2 / mass).log() / d).sqrt() / percent
        return 0 * mass if t >= 1 else balls.cap_measure(d, t) / mass

    if percent == 100 and 2 * (2 / e.upper()).log() >= 1:
        return at(e.lower()).union(at(e.upper()))
    return at(e)


def _crossing_upper_ball(d: int, e: Any, percent: int = 100) -> Any:
    """Enclose it for percent/100 of the upper bound: the cap grows with e."""

    def cap(mass: Any) -> Any:
        square = -((12 * mass).log() / d).expm1()
        t = 100 * square.sqrt() / percent
        return 0 * mass if t >= 1 else balls.cap_measure(d, t)

    least, most = cap(e.lower()), cap(e.upper())
    return (least / e.upper()).union(most / e.lower())


def _crossed(
    n: int, rng: np.random.Generator, d: int, ratio: float, spread: float = 0.0
) -> Bool[NDArray, " n"]:
    """Draw noise of length `ratio` times the distance, and whether it crosses.

    The length is multiplied by (|g|/sqrt(d))^spread, g ~ N(0, I) of its direction.
    """
    first = rng.standard_normal(n)
    size = np.hypot(first, np.sqrt(rng.chisquare(d - 1, n)))
    return first * ratio * (size / math.sqrt(d)) ** spread >= size


def _ratio_of_falling(d: int, e: float, fall: float) -> float:
    """Return the ratio for normal noise of variances j^-fall, the first along w."""
    from scipy.special import ndtri

    variances = np.arange(1.0, d + 1.0) ** -fall
    return math.sqrt(float(variances.sum())) / -float(ndtri(e))


def _crossing_in_part(d: int, e: float, share: float) -> float:
    """Return how often noise of the lower length crosses, over e.

    It is uniform on the sphere of a subspace that holds w, of a share of d.
    """
    part = max(2, math.ceil(share * d))
    return _crossing(float(random_ratio_bounds(d, e)[0]), part, e)


_SPREAD = Reals(0.0, 0.1, (0.0, 0.05))
_FLIPPED = Choices((0.0, 0.25))
_E = Reals(1e-300, 0.08, (1e-15, 1e-3, 0.01, 0.05), scale="log")
_D = Integers(2, 10**9, (2, 10, 100, 784, 3072, 10**9), symbol="d")

CLAIMS = (
    Claim(
        id="fawzi2015.linear",
        theory="lipschitz",
        title="Linear classifiers are no more robust than the class means are apart",
        source=SOURCE,
        statement=r"""A linear classifier with error $R$, on a law with $|x| \le M$, has
robustness $\rho \le |p_1 m_1 - p_{-1} m_{-1}| + M(|p_1 - p_{-1}| + 4R)$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 50, (2, 10, 50), symbol="d"),
            "spread": _SPREAD,
            "flipped": _FLIPPED,
            "angle": Reals(0.0, 1.5, (0.0, 0.5, 1.5)),
        },
        axis="angle",
        evidence=Exact(
            lambda **point: _linear_sides(**point)[0],
            lambda **point: _linear_sides(**point)[1],
            unproved="equality for two points and the classifier between them",
        ),
        twin=Twin(
            r"the bound is multiplied by $0.999$",
            Exact(
                lambda **point: _linear_sides(**point)[0],
                lambda **point: 0.999 * _linear_sides(**point)[1],
            ),
        ),
        note=r"""Finite laws, whose robustness is computed exactly. The bound is
attained by two points and the classifier between them.""",
        hypotheses=(
            Hypothesis(
                r"$R$ is the error on the law of the data",
                "it is too small by a share, as the error of training",
                Exact(
                    lambda d, spread, flipped, angle, less: _linear_sides(
                        d, spread, flipped, angle
                    )[0],
                    lambda d, spread, flipped, angle, less: _linear_sides(
                        d, spread, flipped, angle, less
                    )[1],
                    rtol=1e-12,
                ),
                {
                    "d": Integers(2, 50, (2, 10), symbol="d"),
                    "spread": _SPREAD,
                    "flipped": _FLIPPED,
                    "angle": Reals(0.0, 1.5, (0.0, 0.5)),
                    "less": Reals(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0)),
                },
                "less",
            ),
            Hypothesis(
                r"the law has bounded support, $|x| \le M$",
                "the farthest point lies outside by a share of its length",
                Exact(
                    lambda d, spread, flipped, angle, outside: _linear_sides(
                        d, spread, flipped, angle
                    )[0],
                    lambda d, spread, flipped, angle, outside: _linear_sides(
                        d, spread, flipped, angle, outside=outside
                    )[1],
                ),
                {
                    "d": Integers(2, 50, (2, 10), symbol="d"),
                    "spread": _SPREAD,
                    "flipped": Choices((0.25,)),
                    "angle": Reals(0.0, 1.5, (0.0, 0.5)),
                    "outside": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0)),
                },
                "outside",
            ),
        ),
    ),
    Claim(
        id="fawzi2015.needless-factor",
        theory="lipschitz",
        title="The general bound holds without the factor 4^(1-g)",
        source=SOURCE.at("the general lemma"),
        statement=r"""If the distance to the boundary is at most $\tau|f(x)|^\gamma$,
then $\rho \le \tau(E|f|)^\gamma$; the factor $4^{1-\gamma}$ that is printed before it
is not needed.""",
        relation="lhs <= rhs",
        domain={
            "g": Reals(0.1, 1.0, (0.1, 0.5, 1.0), symbol=r"\gamma"),
            "spread": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
        },
        axis="spread",
        evidence=Exact(
            lambda g, spread: _power_sides(g, spread)[0],
            lambda g, spread: _power_sides(g, spread)[1],
            unproved="equality at gamma = 1, and not written without cancellation",
        ),
        twin=Twin(
            r"$\rho \le 0.999\,\tau(E|f|)^\gamma$",
            Exact(
                lambda g, spread: _power_sides(g, spread)[0],
                lambda g, spread: 0.999 * _power_sides(g, spread)[1],
            ),
        ),
        note=r"""On the line, for $f(x) = \mathrm{sign}(x)|x|^{1/\gamma}$, for which the
condition is an equality with $\tau = 1$.""",
        hypotheses=(
            Hypothesis(
                r"the distance is at most $\tau|f(x)|^\gamma$ with $\gamma \le 1$",
                r"$\gamma > 1$",
                Exact(
                    lambda g, spread: _power_sides(g, spread)[0],
                    lambda g, spread: _power_sides(g, spread)[1],
                ),
                {
                    "g": Reals(1.0, 3.0, (1.0, 1.01, 1.1, 2.0), symbol=r"\gamma"),
                    "spread": Reals(0.0, 1.0, (0.0, 0.5, 0.9)),
                },
                "g",
                unbroken=1.0,
            ),
        ),
    ),
    Claim(
        id="fawzi2015.quadratic",
        theory="lipschitz",
        title="Quadratic classifiers are no more robust than second moments differ",
        source=SOURCE,
        statement=r"""For $f(x) = x^\top A x$ with eigenvalues of both signs,
$\rho \le \sqrt{K\,\|p_1 C_1 - p_{-1} C_{-1}\|_* + 2M^2KR}$, half of the bound that is
printed.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 20, (2, 5, 20), symbol="d"),
            "spread": _SPREAD,
            "flipped": _FLIPPED,
            "tilt": Reals(0.0, 3.0, (0.0, 1.0)),
        },
        axis="tilt",
        evidence=Exact(
            lambda **point: _quadratic_sides(**point)[0],
            lambda **point: _quadratic_sides(**point)[1],
            unproved="distances to a quadric are found by a program in floating point",
        ),
        twin=Twin(
            r"the bound is multiplied by $0.7 < 1/\sqrt 2$",
            Exact(
                lambda **point: _quadratic_sides(**point)[0],
                lambda **point: 0.7 * _quadratic_sides(**point)[1],
            ),
        ),
        note=r"""With $A = \mathrm{diag}(1, -1)$ and points on the axes the robustness
is $1/\sqrt 2$ of this bound.""",
        hypotheses=(
            Hypothesis(
                r"the law has bounded support, $|x| \le M$",
                "the farthest point lies outside by a share of its length",
                Exact(
                    lambda d, spread, flipped, tilt, outside: _quadratic_sides(
                        d, spread, flipped, tilt
                    )[0],
                    lambda d, spread, flipped, tilt, outside: _quadratic_sides(
                        d, spread, flipped, tilt, outside
                    )[1],
                ),
                {
                    "d": Integers(2, 20, (2, 5), symbol="d"),
                    "spread": _SPREAD,
                    "flipped": Choices((0.4,)),
                    "tilt": Reals(0.0, 3.0, (0.0, 1.0)),
                    "outside": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 0.9, 1.0)),
                },
                "outside",
            ),
            Hypothesis(
                "$A$ has eigenvalues of both signs",
                why="with one sign the classifier is constant",
            ),
        ),
    ),
    Claim(
        id="fawzi2015.random-noise",
        theory="lipschitz",
        title="Random noise that changes the sign with probability e is 1/q as long",
        source=SOURCE,
        statement=r"""Uniform noise on a sphere whose radius is $1/q$ times the distance
to a hyperplane crosses it with probability $e$, where $q$ is the height of the cap of
measure $e$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 10**6, (2, 10, 784), symbol="d"),
            "e": Reals(1e-3, 0.4, (0.01, 0.05), scale="log"),
        },
        axis="d",
        evidence=Statistical(
            lambda n, rng, d, e: _crossed(n, rng, d, float(random_ratio(d, e))),
            lambda d, e: e,
            tolerance=0.1,
        ),
        twin=Twin(
            r"the ratio is $\sqrt d/\Phi^{-1}(1 - e)$ at $d = 10$",
            Statistical(
                lambda n, rng, d, e: _crossed(n, rng, d, _large_d_ratio(d, e)),
                lambda d, e: e,
                tolerance=0.1,
            ),
            domain={
                "d": Choices((10,)),
                "e": Reals(1e-3, 0.4, (0.01,), scale="log"),
            },
        ),
        hypotheses=(
            Hypothesis(
                "noise is uniform on a sphere",
                r"its length varies like $\|g\|^s$, $g$ normal; normal at $s = 1$",
                Statistical(
                    lambda n, rng, d, e, spread: _crossed(
                        n, rng, d, float(random_ratio(d, e)), spread
                    ),
                    lambda d, e, spread: e,
                    tolerance=0.1,
                ),
                {
                    "d": Choices((2, 10), symbol="d"),
                    "e": Choices((0.05,)),
                    "spread": Reals(0.0, 1.0, (0.0, 0.1, 1.0), symbol="s"),
                },
                "spread",
            ),
        ),
    ),
    Claim(
        id="fawzi2015.sqrt-d",
        theory="lipschitz",
        title="The gap between random and adversarial noise grows like sqrt(d)",
        source=SOURCE.at("abstract", checked=True),
        statement=r"""For linear classifiers $\rho_{\mathrm{unif}}(e)/\rho$ grows like
$d^{1/2}$.""",
        relation="rate",
        domain={
            "d": Integers(100, 10**8, (10**4, 10**5, 10**6, 10**7), symbol="d"),
            "e": Choices((1e-10, 0.01, 0.1)),
        },
        axis="d",
        evidence=Exact(random_ratio, lambda d, e: 0.5),
        twin=Twin(
            "the exponent is 0.52",
            Exact(random_ratio, lambda d, e: 0.52),
        ),
        hypotheses=(
            Hypothesis(
                "noise has no preferred direction",
                r"normal, of variances $j^{-a}$, the first along $w$",
                Exact(_ratio_of_falling, lambda d, e, fall: 0.5),
                {
                    "d": Integers(100, 10**6, (10**3, 10**4, 10**5), symbol="d"),
                    "e": Choices((1e-10, 0.01, 0.1)),
                    "fall": Reals(0.0, 2.0, (0.0, 0.1, 0.5, 1.0), symbol="a"),
                },
                "fall",
            ),
        ),
    ),
    Claim(
        id="fawzi2015.random-noise-lower",
        theory="lipschitz",
        title="Random noise must be sqrt(d/(2 log(2/e))) times as long",
        source=SOURCE,
        statement=r"""$\max(C_1\sqrt d, 1) \le \rho_{\mathrm{unif}}(e)/\rho$ with
$C_1 = (2\ln(2/e))^{-1/2}$. Shown is how often noise of the lower length changes the
sign, over $e$.""",
        relation="lhs <= rhs",
        domain={"d": _D, "e": _E},
        axis="d",
        evidence=Enclosure(
            _crossing_lower_ball,
            lambda d, e: 1,
            formulas=(
                lambda d, e: _crossing(float(random_ratio_bounds(d, e)[0]), d, e),
                lambda d, e: 1.0,
            ),
            rtol=1e-8,
            beyond=(
                Beyond(
                    lambda e: balls.as_ball(0.5).exp() / 4,
                    lambda e: 1,
                    until={"e": 0.08},
                    free=("d",),
                ),
            ),
        ),
        twin=Twin(
            r"the lower bound is multiplied by $1.01$",
            Enclosure(
                functools.partial(_crossing_lower_ball, percent=101),
                lambda d, e: 1,
                most_boxes=20,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "noise is uniform on the sphere",
                "on that of a subspace that holds $w$, of a share of the dimension",
                Exact(_crossing_in_part, lambda d, e, share: 1.0, rtol=1e-8),
                {
                    "d": Choices((10, 100, 784, 3072), symbol="d"),
                    "e": _E,
                    "share": Reals(0.01, 1.0, (1.0, 0.9, 0.5, 0.1)),
                },
                "share",
                unbroken=1.0,
            ),
        ),
    ),
    Claim(
        id="fawzi2015.random-noise-upper",
        theory="lipschitz",
        title="Random noise need not be longer than the paper's C2 says",
        source=SOURCE,
        statement=r"""$\rho_{\mathrm{unif}}(e)/\rho \le C_2 = (1 - (12e)^{1/d})^{-1/2}$
for $e < 1/12$. Shown is how often noise of the upper length changes the sign, over
$e$.""",
        relation="lhs <= rhs",
        domain={"d": _D, "e": _E},
        axis="d",
        evidence=Enclosure(
            lambda d, e: 1,
            _crossing_upper_ball,
            formulas=(
                lambda d, e: 1.0,
                lambda d, e: _crossing(float(random_ratio_bounds(d, e)[1]), d, e),
            ),
            rtol=1e-8,
            precision=640,
            beyond=(
                Beyond(
                    lambda e: 1,
                    lambda e: 6 / e.pi().sqrt(),
                    until={"e": 0.08},
                    free=("d",),
                ),
            ),
        ),
        twin=Twin(
            r"the upper bound is multiplied by $0.7$",
            Enclosure(
                lambda d, e: 1,
                functools.partial(_crossing_upper_ball, percent=70),
                most_boxes=20,
            ),
        ),
        note=r"""As $d \to \infty$ the bound is about $\sqrt 2$ times the truth.""",
        hypotheses=(
            Hypothesis(
                "noise is uniform on the sphere",
                "on an ellipsoid that is shorter along $w$",
                Exact(
                    lambda d, e, axis: 1.0,
                    lambda d, e, axis: _crossing(
                        axis * float(random_ratio_bounds(d, e)[1]), d, e
                    ),
                    rtol=1e-8,
                ),
                {
                    "d": Choices((2, 10, 100, 784, 3072), symbol="d"),
                    "e": _E,
                    "axis": Reals(0.1, 1.0, (1.0, 0.9, 0.5, 0.1)),
                },
                "axis",
                unbroken=1.0,
            ),
        ),
    ),
)


def _large_d_ratio(d: int, e: float) -> float:
    from scipy.special import ndtri

    return math.sqrt(d) / -float(ndtri(e))
