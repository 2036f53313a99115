r"""Features that are useful and not robust (Ilyas et al. 2019).

**Definitions** (section 2). A feature f: R^d -> R has mean 0 and variance 1 under the
law of the data. It is rho-*useful* if E[y f(x)] >= rho > 0, and gamma-*robustly useful*
if E[inf_delta y f(x + delta)] >= gamma > 0 for the perturbations delta that are
allowed. It is *useful and not robust* if it is rho-useful for some rho bounded away
from 0 and not gamma-robust for any gamma >= 0. Here rho and gamma are numbers, the two
expectations, for delta in a ball of l_p, and a feature is not robust where
gamma < 0 < rho; of gamma = 0, which is 0-robust, the two sentences say neither.
Dobriban's talk of 2020 writes E inf y g(x + delta) = 0 for such features: that is the
border at which they begin, and gamma is almost never equal to it.

**Gaussian theory** (section 4). y is -1 or +1, equally likely, x ~ N(y mu, S), and the
loss is l = <z, S^-1 z> with z = y x - mu (twice the logarithm of the density, up to
what delta does not change). *Vulnerability*: the adversary who pays C |delta|^2, with
C > 1/v for every eigenvalue v of S, moves to delta = (C S - I)^-1 z, so that

    E l(x + delta) - E l(x) = tr[(I + (C S - I)^-1)^2] - d
                            = sum_i (2 k_i - 1)/(k_i - 1)^2,    k_i = C v_i.

Each term, (k/(k - 1))^2 - 1, is convex in v, so that among S of one
trace the multiple of the identity is least vulnerable (Jensen). With half of l in place
of l and C/2 in place of C, delta is the same and the difference is half as large.
*Robust parameters*: see `_robust_gaussian`: mu is learned, and S becomes
S/2 + I/lambda + sqrt(S/lambda + S^2/4). *Gradients*: the classifier is
sign <x, S^-1 mu>, and Kantorovich's inequality, with x = S^{-1/2} mu, says

    cos angle(S^-1 mu, mu) = |x|^2/sqrt(<x, S x> <x, S^-1 x>) >= 2 sqrt(k)/(1 + k),

k the condition number of S, with equality for mu = sqrt(v_1) e_1 + sqrt(v_d) e_d (the
extreme eigenvectors). As s/v = 1/2 + 1/(lambda v) + sqrt(1/(lambda v) + 1/4) falls with
v, the robust covariance has a smaller condition number, and its gradients lie nearer to
the line between the classes.

Source: Ilyas, Santurkar, Tsipras, Engstrom, Tran, Madry (2019), "Adversarial examples
are not bugs, they are features", arXiv:1905.02175. The definitions are quoted; what the
theorems say is from memory (numbering unverified), and derived here. Bounds of lambda
in Theorem 2, as remembered, are of order eps^{-1/2} for small eps; that is so where eps
is the squared length of delta, as lambda is of order 1/length.
"""

import math
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Twin,
)
from geomadv.data import GaussianPair
from geomadv.theories.features._adversarial_training import (
    adversarially_trained as adversarially_trained,
)
from geomadv.theories.features._datasets import attacked as attacked
from geomadv.theories.features._datasets import non_robust_dataset as non_robust_dataset
from geomadv.theories.features._datasets import (
    random_label_dataset as random_label_dataset,
)
from geomadv.theories.features._datasets import robust_dataset as robust_dataset
from geomadv.theories.features._datasets import (
    shifted_label_dataset as shifted_label_dataset,
)
from geomadv.theories.features._features import BumpFeature as BumpFeature
from geomadv.theories.features._features import Feature as Feature
from geomadv.theories.features._features import LinearFeature as LinearFeature
from geomadv.theories.features._features import QuadraticFeature as QuadraticFeature
from geomadv.theories.features._law import LabelledMixture as LabelledMixture
from geomadv.theories.features._law import (
    linear_robust_usefulness as linear_robust_usefulness,
)
from geomadv.theories.features._law import linear_usefulness as linear_usefulness
from geomadv.theories.features._law import (
    quadratic_robust_usefulness as quadratic_robust_usefulness,
)
from geomadv.theories.features._law import quadratic_usefulness as quadratic_usefulness
from geomadv.theories.features._pointwise_budget import (
    pointwise_robust_variances as pointwise_robust_variances,
)
from geomadv.theories.features._random_features import (
    RandomFeatureClassifier as RandomFeatureClassifier,
)
from geomadv.theories.features._robust_gaussian import (
    budget_of_penalty as budget_of_penalty,
)
from geomadv.theories.features._robust_gaussian import penalty_bounds as penalty_bounds
from geomadv.theories.features._robust_gaussian import (
    penalty_of_budget as penalty_of_budget,
)
from geomadv.theories.features._robust_gaussian import (
    pointwise_robust_variance as pointwise_robust_variance,
)
from geomadv.theories.features._robust_gaussian import (
    robust_covariance as robust_covariance,
)
from geomadv.theories.features._robust_gaussian import (
    robust_maximum_likelihood as robust_maximum_likelihood,
)
from geomadv.theories.features._robust_gaussian import (
    robust_variances as robust_variances,
)
from geomadv.theories.features._robust_gaussian import variances_array
from geomadv.theories.features._usefulness import Estimate as Estimate
from geomadv.theories.features._usefulness import FeatureTable as FeatureTable
from geomadv.theories.features._usefulness import detect_features as detect_features
from geomadv.theories.features._usefulness import robust_usefulness as robust_usefulness
from geomadv.theories.features._usefulness import usefulness as usefulness

SOURCE = Source(
    "A. Ilyas, S. Santurkar, D. Tsipras, L. Engstrom, B. Tran, A. Madry",
    "Adversarial examples are not bugs, they are features",
    2019,
    arxiv="1905.02175",
)
TALK = Source("E. Dobriban", "What causes adversarial examples? (talk)", 2020)


def vulnerability(variances: ArrayLike, penalty: ArrayLike) -> Real:
    """Return by how much an adversary raises the loss of the true parameters.

    Parameters
    ----------
    variances : (..., d) array_like
        The eigenvalues of the covariance, positive.
    penalty : float or array_like
        C, positive: the price of a perturbation is C |delta|^2. Broadcast against the
        leading axes of `variances`.

    Returns
    -------
    numpy.float64 or array
        tr[(I + (C S - I)^-1)^2] - d, of the loss <z, S^-1 z>; the price is not taken
        off. Infinity where C v <= 1 for an eigenvalue v: the adversary goes to
        infinity.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    As sum (2 k - 1)/(k - 1)^2, k = C v: relative error of a few units of rounding of k,
    magnified by k/(k - 1).

    Examples
    --------
    >>> vulnerability([[1.0, 3.0], [2.0, 2.0]], 2.0).round(10)
    array([3.44      , 1.55555556])
    """
    v = variances_array(variances)
    C = real_array("penalty", penalty, lower=0.0, open_lower=True)
    least, C = broadcast(variances=np.asarray(v.min(axis=-1)), penalty=C)
    with np.errstate(over="ignore", invalid="ignore"):
        k = C[..., None] * v
        excess = np.maximum(k - 1.0, 5e-324)
        each = np.where(np.isinf(k), 0.0, (1.0 + k / excess) / excess)
        total = np.where(C * least > 1.0, each.sum(axis=-1), np.inf)
    return np.asarray(total)[()]


def gradient_alignment(mu: ArrayLike, cov: ArrayLike) -> Real:
    """Return the cosine of the angle between the classifier's gradient and mu.

    Parameters
    ----------
    mu : (..., d) array_like
        Means of the class +1, not zero: half the lines between the classes.
    cov : (d,) or (d, d) array_like
        The variances of uncorrelated coordinates, or the covariance; positive definite.

    Returns
    -------
    numpy.float64 or array
        <mu, S^-1 mu>/(|S^-1 mu| |mu|), in (0, 1].

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(gradient_alignment([1.0, 5.0], [1.0, 25.0])), 10)
    0.3846153846
    """
    means = real_array("mu", mu)
    if means.ndim == 0 or not (np.abs(means).max(axis=-1, initial=0.0) > 0.0).all():
        raise ValueError("mu must be vectors that are not zero")
    S = real_array("cov", cov)
    d = means.shape[-1]
    if S.shape not in ((d,), (d, d)):
        raise ValueError(f"cov must have shape ({d},) or ({d}, {d}), got {S.shape}")
    eigenvalues = np.linalg.eigvalsh(S) if S.ndim == 2 else S
    if not eigenvalues.min() > 0.0:
        raise ValueError("cov must be positive definite")
    means = means / np.abs(means).max(axis=-1, keepdims=True)
    if S.ndim == 1:
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(means)) - np.log(S)
        w = np.sign(means) * np.exp(logs - logs.max(axis=-1, keepdims=True))
    else:
        w = np.linalg.solve(S / eigenvalues.max(), means[..., None])[..., 0]
    w = w / np.abs(w).max(axis=-1, keepdims=True)
    lengths = np.linalg.norm(w, axis=-1) * np.linalg.norm(means, axis=-1)
    return np.asarray(np.minimum((w * means).sum(axis=-1) / lengths, 1.0))[()]


def least_gradient_alignment(variances: ArrayLike) -> Real:
    """Return the least gradient alignment over all means (Kantorovich).

    Parameters
    ----------
    variances : (..., d) array_like
        The eigenvalues of the covariance, positive.

    Returns
    -------
    numpy.float64 or array
        2 sqrt(k)/(1 + k), k the condition number.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(least_gradient_alignment([1.0, 4.0, 25.0])), 10)
    0.3846153846
    """
    v = variances_array(variances)
    root = np.sqrt(v.max(axis=-1)) / np.sqrt(v.min(axis=-1))
    return np.asarray(2.0 / (root + 1.0 / root))[()]


def least_aligned_mean(variances: ArrayLike) -> Float[NDArray, " d"]:
    """Return the mean for which the gradient alignment is least, at unit length.

    Parameters
    ----------
    variances : (d,) array_like
        The variances of uncorrelated coordinates, positive.

    Returns
    -------
    (d,) array
        sqrt(v_1) e_1 + sqrt(v_d) e_d, normalised, with the coordinates of least and of
        largest variance; e_1 where all are the same.

    Raises
    ------
    ValueError, TypeError
        If the argument is not as described.

    Examples
    --------
    >>> least_aligned_mean([9.0, 10.0, 16.0])
    array([0.6, 0. , 0.8])
    """
    v = variances_array(real_array("variances", variances, ndim=1))
    mu = np.zeros(v.size)
    for i in {int(v.argmin()), int(v.argmax())}:
        mu[i] = math.sqrt(v[i] / v.max())
    return np.asarray(mu / np.linalg.norm(mu))


# --- Claims --------------------------------------------------------------------------


def _spectrum(d: int, condition: float) -> Float[NDArray, " d"]:
    """Return d eigenvalues from 1 to the condition number, uneven."""
    return condition ** (np.linspace(0.0, 1.0, d) ** 1.5)


def _points(S: Float[NDArray, "d d"], shift: float = 0.0) -> Float[NDArray, "n d"]:
    """Return points y x - mu of mean 0 whose second moments are exactly S.

    Both classes may be moved by m, a vector of equal entries and of length `shift`:
    the points by y m, and the second moments by m m'.
    """
    root = np.linalg.cholesky(S) * math.sqrt(len(S))
    z = np.concatenate([root.T, -root.T])
    m = shift / math.sqrt(len(S))
    return np.concatenate([z + m, z - m]) if shift else z


def _rotated(d: int, condition: float) -> tuple[NDArray, NDArray]:
    """Return eigenvalues and a covariance that has them, its eigenvectors random."""
    v = _spectrum(d, condition)
    Q = np.linalg.qr(spawn(0, "ilyas2019", d).standard_normal((d, d)))[0]
    return v, (Q * v) @ Q.T


def _attacked(d: int, condition: float, excess: float, shift: float = 0.0) -> float:
    """Raise the loss at points by the perturbations that solve the adversary's problem.

    C = 1 + excess, as the least eigenvalue is 1. The adversary's objective is a concave
    quadratic; its stationary point is found by a linear system.
    """
    _, S = _rotated(d, condition)
    C, z, inverse = 1.0 + excess, _points(S, shift), np.linalg.inv(S)
    delta = np.linalg.solve(C * np.eye(d) - inverse, inverse @ z.T).T
    moved = z + delta
    before, after = (np.einsum("ni,ij,nj->n", x, inverse, x) for x in (z, moved))
    return float((after - before).mean())


def _vulnerability_of_moved(
    variances: Float[NDArray, " d"], excess: float, shift: float
) -> float:
    """Return the vulnerability if both classes are moved along the last coordinate.

    Its second moment is v + shift^2, and the term of v is in proportion to it.
    """
    last = variances[-1:]
    more = shift**2 / float(last[0]) * vulnerability(last, 1.0 + excess)
    return float(vulnerability(variances, 1.0 + excess) + more)


def _searched_variance(variance: float, penalty: float) -> float:
    """Minimise log(s) + v/(s - 1/lambda) by bisection of its slope."""
    from scipy.optimize import brentq

    def slope(t: float) -> float:
        s = 1.0 / penalty + math.exp(t)
        return math.exp(2 * t) / s - variance

    top = math.log(variance + 1.0 / penalty) + 3.0
    return 1.0 / penalty + math.exp(float(brentq(slope, -200.0, top, xtol=1e-14)))


def _spent(d: int, condition: float, penalty: float, shift: float = 0.0) -> float:
    """Return E|delta|^2 of the explicit perturbations at the robust covariance."""
    _, S = _rotated(d, condition)
    robust = robust_covariance(S, penalty)
    delta = np.linalg.solve(penalty * robust - np.eye(d), _points(S, shift).T)
    return float((delta**2).sum(axis=0).mean())


def _cosine(d: int, condition: float, nearness: float) -> float:
    """Return a gradient's cosine at a mean between the worst one and a random one."""
    v = _spectrum(d, condition)
    z = spawn(0, "ilyas2019", "mean", d).standard_normal(d)
    mu = nearness * least_aligned_mean(v) + (1 - nearness) * z / np.linalg.norm(z)
    return float(gradient_alignment(mu, v))


def _unequal_cosine(d: int, condition: float, unequal: float) -> float:
    """Return the least cosine at the midpoint if the classes differ in covariance.

    The variances of the first coordinate, the least, are v_1 (1 + h) and v_1 (1 - h):
    the gradient of the likelihood ratio is the mean of both S^-1 mu, so that
    v_1 (1 - h^2) stands in place of v_1.
    """
    v = _spectrum(d, condition)
    v[0] *= 1.0 - unequal**2
    return float(gradient_alignment(least_aligned_mean(v), v))


def _power_cosine(d: int, condition: float, less: float) -> float:
    """Return the least cosine at the midpoint for densities exp(-|z|^q), q = 2 - h.

    The gradient of sum_i (|x_i + mu_i|^q - |x_i - mu_i|^q)/a_i^q, a_i^2 proportional to
    v_i, at 0 is proportional to |mu_i|^(q-1)/v_i^(q/2). The means are those that are
    least aligned for normal classes, or up to 5 times as long along the last axis.
    """
    v, q = _spectrum(d, condition), 2.0 - less
    mu = np.tile(least_aligned_mean(v), (201, 1))
    mu[:, -1] *= np.linspace(1.0, 5.0, 201)
    g = np.abs(mu) ** (q - 1.0) / v ** (q / 2.0)
    inner = (g * np.abs(mu)).sum(axis=1)
    lengths = np.linalg.norm(g, axis=1) * np.linalg.norm(mu, axis=1)
    return float((inner / lengths).min())


def _alignments_of_two(
    d: int, condition: float, eps: float, unequal: float
) -> tuple[float, float]:
    """Return the least cosines at the midpoint, of the data and the robust covariances.

    The classes have the variances v_d (1 + h) and v_d (1 - h) in the last coordinate,
    and their own robust ones at one penalty, of the mean budget eps^2. The gradient of
    the likelihood ratio is the mean of both S^-1 mu, so that harmonic means stand in
    place of variances. With v_d (1 - h^2) = v_1 those of two variances are equal, and
    the robust ones are not.
    """
    v = np.tile(_spectrum(d, condition), (2, 1))
    v[:, -1] *= [1.0 + unequal, 1.0 - unequal]
    penalty = penalty_of_budget(v.ravel(), math.sqrt(2.0) * eps)
    data, robust = (
        float(least_gradient_alignment(1.0 / (1.0 / s).mean(axis=0)))
        for s in (v, robust_variances(v, penalty))
    )
    return data, robust


def _by_quadrature(
    p: str, d: int, mean: float, eps: float, shift: float = 0.0
) -> float:
    """Return gamma of a line by quadrature over what a worst step leaves.

    Both classes are moved along the line, by `shift` deviations.
    """
    from geomadv.classifiers._worst import steepest

    a, mu, order = _line(d), np.full(d, mean / d), _ORDERS[p]
    delta = eps * steepest(a, order)
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    weights = weights / weights.sum()
    t, s = float(a @ mu), float(np.linalg.norm(a))
    scores = [(y, y * t + s * (nodes + shift)) for y in (1, -1)]
    values = [y * (score - y * float(a @ delta)) @ weights for y, score in scores]
    squares = [score**2 @ weights for _, score in scores]
    return float(np.mean(values) / math.sqrt(np.mean(squares)))


def _pointwise_of_two(variance: float, c: float, h: float, d: int) -> float:
    """Return the robust variance of points of two variances, a budget for each."""
    return sum(
        float(pointwise_robust_variance(v, d, c * math.sqrt(d))) / 2
        for v in (variance * (1 - h), variance * (1 + h))
    )


def _line(d: int) -> Float[NDArray, " d"]:
    return np.asarray(1.0 + np.arange(d) / d)


def _gamma(p: str, d: int, mean: float, eps: float) -> float:
    pair = GaussianPair(np.full(d, mean / d))
    return float(linear_robust_usefulness(pair, _line(d), eps, _ORDERS[p]))


def _beyond(mean: float, ratio: float) -> float:
    """Return gamma of a coordinate whose mean is below eps."""
    return float(linear_robust_usefulness(GaussianPair([mean]), [1.0], ratio * mean))


def _beyond_ball(mean: Any, ratio: Any) -> Any:
    """Enclose the same, mu (1 - eps/mu)/sqrt(1 + mu^2)."""
    return mean * (1 - ratio) / (1 + mean * mean).sqrt()


_ORDERS = {"1": 1.0, "2": 2.0, "3": 3.0, "inf": math.inf}
_D = Integers(2, 60, (2, 5, 30), symbol="d")
_CONDITION = Reals(1.0, 1e4, (1.0, 25.0, 1e4), "log", r"\kappa")
_SMALL = Reals(1e-8, 1e-4, (1e-8, 1e-7, 1e-6, 1e-5, 1e-4), "log", r"\varepsilon")
_LARGE = Reals(1e4, 1e8, (1e4, 1e5, 1e6, 1e7, 1e8), "log", r"\varepsilon")

_SHIFT = Reals(0.0, 1000.0, (0.0, 0.01, 1.0, 100.0), "linear", "|m|")


def _moments(
    evidence: Exact,
    domain: dict[str, Parameter],
    broken: str = "both classes are moved by one vector $m$",
) -> tuple[Hypothesis]:
    """Return what enters of the law, as the losses are quadratic."""
    statement = r"the classes have the means $\mu$ and $-\mu$ and one covariance"
    domain = {**domain, "shift": _SHIFT}
    return (Hypothesis(statement, broken, evidence, domain, "shift"),)


_ANY_MOMENTS = (
    Hypothesis(
        "the second moments of $yx - \\mu$ are finite",
        why="robust maximum likelihood depends on them alone, as a covariance",
    ),
)

CLAIMS = (
    Claim(
        id="ilyas2019.linear-usefulness",
        theory="features",
        title="Usefulness and robust usefulness of a line between Gaussian classes",
        source=SOURCE.at("Section 2"),
        statement=r"""For $x \sim N(y\mu, \Sigma)$ with equally likely labels and
$f = \langle a, x\rangle/s$, $s^2 = \langle a, \Sigma a\rangle + \langle a,
\mu\rangle^2$: $E[\inf_{\|\delta\|_p \le \varepsilon} y f(x + \delta)] = (\langle a,
\mu\rangle - \varepsilon\|a\|_q)/s$ with $1/p + 1/q = 1$.""",
        relation="lhs == rhs",
        domain={
            "p": Choices(("1", "2", "3", "inf")),
            "d": Integers(1, 60, (1, 3, 30), symbol="d"),
            "mean": Reals(0.1, 5.0, (0.5, 2.0), symbol=r"\mu"),
            "eps": Reals(0.0, 5.0, (0.0, 0.1, 1.0), symbol=r"\varepsilon"),
        },
        evidence=Exact(_by_quadrature, _gamma, rtol=1e-10, atol=1e-10),
        twin=Twin(
            r"$1.001\,\varepsilon$ stands in place of $\varepsilon$",
            Exact(
                _by_quadrature,
                lambda p, d, mean, eps: _gamma(p, d, mean, 1.001 * eps),
                rtol=1e-10,
                atol=1e-10,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the means of the classes are $\mu$ and $-\mu$",
                "both are moved along the line, by a number of deviations",
                Exact(
                    _by_quadrature,
                    lambda p, d, mean, eps, shift: _gamma(p, d, mean, eps),
                    rtol=1e-10,
                    atol=1e-10,
                ),
                {
                    "p": Choices(("1", "2", "inf")),
                    "d": Integers(1, 60, (1, 3), symbol="d"),
                    "mean": Reals(0.1, 5.0, (0.5, 2.0), symbol=r"\mu"),
                    "eps": Reals(0.0, 5.0, (0.0, 0.1), symbol=r"\varepsilon"),
                    "shift": Reals(0.0, 3.0, (0.0, 0.01, 0.1, 1.0)),
                },
                "shift",
            ),
        ),
    ),
    Claim(
        id="ilyas2019.talk-equals-zero",
        theory="features",
        title="As in the talk: the robust usefulness of a non-robust feature is 0",
        source=TALK.at("slide 'Non-robust features'", checked=True),
        statement=r"""A feature with $E\,y g(x) > 0$ that is not robust has
$E \inf_{\|\delta\| \le \varepsilon} y g(x + \delta) = 0$; of the equality, that it is
at least 0 is put to the test: $-E\inf_\delta y g(x + \delta) \le 0$.""",
        relation="lhs <= rhs",
        domain={
            "mean": Reals(0.01, 3.0, (0.05, 1.0), "log", r"\mu"),
            "ratio": Reals(1.01, 100.0, (1.01, 2.0), "log", r"\varepsilon/\mu"),
        },
        evidence=Enclosure(
            lambda mean, ratio: -_beyond_ball(mean, ratio),
            lambda mean, ratio: 0,
            formulas=(lambda mean, ratio: -_beyond(mean, ratio), lambda **_: 0.0),
        ),
        twin=Twin(
            r"the paper's definition: it is not $\gamma$-robust for any "
            r"$\gamma \ge 0$, so $E\inf_\delta y g(x + \delta)$ is below 0",
            Enclosure(_beyond_ball, lambda mean, ratio: 0),
        ),
        expected=Expected.VIOLATED,
        note=r"""One coordinate of $N(y\mu, 1)$ with $\varepsilon > \mu$ is useful, and
its robust usefulness is $(\mu - \varepsilon)/\sqrt{1 + \mu^2} < 0$. The value 0 is the
border, $\varepsilon = \mu$.""",
        hypotheses=(
            Hypothesis(
                "the classes are normal, and equally likely",
                why="the claim is refuted with it",
            ),
        ),
    ),
    Claim(
        id="ilyas2019.vulnerability",
        theory="features",
        title="By how much a priced adversary raises the loss of the true parameters",
        source=SOURCE.at("Theorem 1"),
        statement=r"""For the loss $\langle z, \Sigma^{-1} z\rangle$, $z = yx - \mu$,
and an adversary who pays $C\|\delta\|^2$, $C > 1/\lambda_{\min}(\Sigma)$:
$E\,l(x + \delta) - E\,l(x) = \mathrm{tr}[(I + (C\Sigma - I)^{-1})^2] - d$.""",
        relation="lhs == rhs",
        domain={
            "d": _D,
            "condition": _CONDITION,
            "excess": Reals(0.01, 100.0, (0.01, 1.0, 10.0), "log", "C - 1"),
        },
        evidence=Exact(
            _attacked,
            lambda d, condition, excess: vulnerability(
                _spectrum(d, condition), 1.0 + excess
            ),
            rtol=1e-8,
        ),
        twin=Twin(
            r"$C$ is larger by one part in a thousand",
            Exact(
                _attacked,
                lambda d, condition, excess: vulnerability(
                    _spectrum(d, condition), 1.001 * (1.0 + excess)
                ),
                rtol=1e-8,
            ),
        ),
        note=r"""With half of this loss and the price $C\|\delta\|^2/2$ the perturbation
is the same and the difference half as large.""",
        hypotheses=_moments(
            Exact(
                _attacked,
                lambda d, condition, excess, shift: vulnerability(
                    _spectrum(d, condition), 1.0 + excess
                ),
                rtol=1e-8,
            ),
            {
                "d": _D,
                "condition": Choices((1.0, 25.0), symbol=r"\kappa"),
                "excess": Choices((0.1, 1.0), symbol="C - 1"),
            },
        ),
    ),
    Claim(
        id="ilyas2019.isotropic-is-least-vulnerable",
        theory="features",
        title="Among covariances of one trace the isotropic one is least vulnerable",
        source=SOURCE.at("Theorem 1"),
        statement=r"""For $\mathrm{tr}\,\Sigma = k$ the vulnerability
$\mathrm{tr}[(I + (C\Sigma - I)^{-1})^2] - d$ is least at $\Sigma = (k/d) I$.""",
        relation="lhs <= rhs",
        domain={
            "d": _D,
            "condition": _CONDITION,
            "excess": Reals(0.01, 100.0, (0.01, 1.0, 10.0), "log", "C - 1"),
        },
        evidence=Exact(
            lambda d, condition, excess: vulnerability(
                np.full(d, _spectrum(d, condition).mean()), 1.0 + excess
            ),
            lambda d, condition, excess: vulnerability(
                _spectrum(d, condition), 1.0 + excess
            ),
            rtol=1e-10,
            unproved="equality at condition 1, and not written without cancellation",
        ),
        twin=Twin(
            "it is less by one part in a thousand at least",
            Exact(
                lambda d, condition, excess: (
                    1.001
                    * vulnerability(
                        np.full(d, _spectrum(d, condition).mean()), 1.0 + excess
                    )
                ),
                lambda d, condition, excess: vulnerability(
                    _spectrum(d, condition), 1.0 + excess
                ),
                rtol=1e-10,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "both covariances have one trace",
                "the isotropic one is smaller, by a share",
                Exact(
                    lambda d, less: vulnerability(np.full(d, 1.0 - less), 2.0),
                    lambda d, less: vulnerability(np.ones(d), 2.0),
                    rtol=1e-10,
                ),
                {
                    "d": _D,
                    "less": Reals(0.0, 0.4, (0.0, 0.01, 0.1, 0.4)),
                },
                "less",
            ),
            *_moments(
                Exact(
                    lambda d, condition, excess, shift: _vulnerability_of_moved(
                        np.full(d, _spectrum(d, condition).mean()), excess, shift
                    ),
                    lambda d, condition, excess, shift: _vulnerability_of_moved(
                        _spectrum(d, condition), excess, shift
                    ),
                    rtol=1e-10,
                ),
                {
                    "d": _D,
                    "condition": Choices((1.0, 25.0), symbol=r"\kappa"),
                    "excess": Choices((0.1, 1.0), symbol="C - 1"),
                },
                "both classes are moved by $m$ in the coordinate of largest variance",
            ),
        ),
    ),
    Claim(
        id="ilyas2019.robust-parameters",
        theory="features",
        title="The covariance that robust maximum likelihood learns",
        source=SOURCE.at("Theorem 2"),
        statement=r"""The minimiser of $E\sup_\delta\{l(x + \delta) -
\lambda\|\delta\|^2/2\}$, $l$ the negative logarithm of the density, has the mean of the
data and the covariance $\tfrac12\Sigma + \tfrac1\lambda I + \sqrt{\tfrac1\lambda\Sigma
+ \tfrac14\Sigma^2}$; for an eigenvalue $v$ it minimises $\log s +
v/(s - 1/\lambda)$.""",
        relation="lhs == rhs",
        domain={
            "variance": Reals(1e-6, 1e6, (1e-3, 1.0, 25.0), "log", "v"),
            "penalty": Reals(1e-6, 1e6, (0.1, 1.0, 10.0), "log", r"\lambda"),
        },
        evidence=Exact(
            _searched_variance,
            lambda variance, penalty: robust_variances([variance], penalty)[0],
            rtol=1e-9,
        ),
        twin=Twin(
            r"$1.001/\lambda$ stands in place of $1/\lambda$",
            Exact(
                _searched_variance,
                lambda variance, penalty: robust_variances([variance], penalty / 1.001)[
                    0
                ],
                rtol=1e-9,
            ),
        ),
        hypotheses=_moments(
            Exact(
                lambda variance, penalty, shift: _searched_variance(
                    variance + shift**2, penalty
                ),
                lambda variance, penalty, shift: robust_variances([variance], penalty)[
                    0
                ],
                rtol=1e-9,
            ),
            {
                "variance": Choices((1.0, 25.0), symbol="v"),
                "penalty": Choices((0.1, 1.0), symbol=r"\lambda"),
            },
        ),
    ),
    Claim(
        id="ilyas2019.penalty-and-budget",
        theory="features",
        title="The mean squared perturbation that a penalty leads to",
        source=SOURCE.at("Theorem 2"),
        statement=r"""At the robust covariance, with eigenvalues $s_i$, the adversary
with the price $\lambda\|\delta\|^2/2$ spends $E\|\delta\|^2 =
\sum_i 1/(\lambda^2 s_i)$.""",
        relation="lhs == rhs",
        domain={
            "d": _D,
            "condition": _CONDITION,
            "penalty": Reals(1e-2, 1e2, (0.1, 1.0, 10.0), "log", r"\lambda"),
        },
        evidence=Exact(
            _spent,
            lambda d, condition, penalty: (
                budget_of_penalty(_spectrum(d, condition), penalty) ** 2
            ),
            rtol=1e-8,
        ),
        twin=Twin(
            r"$\lambda$ is larger by one part in a thousand",
            Exact(
                _spent,
                lambda d, condition, penalty: (
                    budget_of_penalty(_spectrum(d, condition), 1.001 * penalty) ** 2
                ),
                rtol=1e-8,
            ),
        ),
        hypotheses=_moments(
            Exact(
                _spent,
                lambda d, condition, penalty, shift: (
                    budget_of_penalty(_spectrum(d, condition), penalty) ** 2
                ),
                rtol=1e-8,
            ),
            {
                "d": _D,
                "condition": Choices((1.0, 25.0), symbol=r"\kappa"),
                "penalty": Choices((0.1, 1.0), symbol=r"\lambda"),
            },
        ),
    ),
    Claim(
        id="ilyas2019.penalty-of-small-budgets",
        theory="features",
        title="For small budgets the penalty grows as 1/eps",
        source=SOURCE.at("Theorem 2"),
        statement=r"""If $E\|\delta\|^2 = \varepsilon^2$ then $\lambda =
\Theta(1/\varepsilon)$ as $\varepsilon \to 0$.""",
        relation="rate",
        domain={"d": _D, "condition": _CONDITION, "eps": _SMALL},
        axis="eps",
        evidence=Exact(
            lambda d, condition, eps: penalty_of_budget(_spectrum(d, condition), eps),
            lambda **_: -1.0,
        ),
        twin=Twin(
            r"$\lambda = \Theta(\varepsilon^{-1/2})$, as for a bound of the squared "
            "length",
            Exact(
                lambda d, condition, eps: penalty_of_budget(
                    _spectrum(d, condition), eps
                ),
                lambda **_: -0.5,
            ),
        ),
        note=r"""The theorem bounds $\lambda$ from both sides by orders of
$\varepsilon^{-1/2}$ (as remembered, numbering unverified): right for $\varepsilon$ the
squared length.""",
        hypotheses=_ANY_MOMENTS,
    ),
    Claim(
        id="ilyas2019.penalty-of-large-budgets",
        theory="features",
        title="For large budgets the penalty falls as 1/eps^2",
        source=SOURCE.at("Theorem 2"),
        statement=r"""If $E\|\delta\|^2 = \varepsilon^2$ then $\lambda =
\Theta(1/\varepsilon^2)$ as $\varepsilon \to \infty$.""",
        relation="rate",
        domain={"d": _D, "condition": _CONDITION, "eps": _LARGE},
        axis="eps",
        evidence=Exact(
            lambda d, condition, eps: penalty_of_budget(_spectrum(d, condition), eps),
            lambda **_: -2.0,
            tolerance=0.02,
        ),
        twin=Twin(
            r"the exponent is $-1.9$",
            Exact(
                lambda d, condition, eps: penalty_of_budget(
                    _spectrum(d, condition), eps
                ),
                lambda **_: -1.9,
                tolerance=0.02,
            ),
        ),
        hypotheses=_ANY_MOMENTS,
    ),
    Claim(
        id="ilyas2019.budget-of-every-point",
        theory="features",
        title="In high dimension a budget for every point is as good as a mean budget",
        source=SOURCE.at("Section 4"),
        statement=r"""For $\Sigma = vI$ and $\varepsilon = c\sqrt d$ the robust variance
under $\|\delta\| \le \varepsilon$ for every point, $E(\|z\| + \varepsilon)^2/d$, tends
to the one under $E\|\delta\|^2 \le \varepsilon^2$, $(\sqrt v + c)^2$, as
$d \to \infty$.""",
        relation="limit",
        domain={
            "variance": Reals(0.01, 100.0, (0.1, 1.0, 10.0), "log", "v"),
            "c": Reals(0.01, 10.0, (0.1, 1.0), "log", "c"),
            "d": Integers(1, 10**8, (1, 10, 10**4, 10**8), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda variance, c, d: pointwise_robust_variance(
                variance, d, c * math.sqrt(d)
            ),
            lambda variance, c, d: robust_variances(
                [variance], penalty_of_budget([variance], c)
            )[0],
            tolerance=1e-6,
        ),
        twin=Twin(
            r"it tends to $(\sqrt v + 1.001\,c)^2$",
            Exact(
                lambda variance, c, d: pointwise_robust_variance(
                    variance, d, c * math.sqrt(d)
                ),
                lambda variance, c, d: (math.sqrt(variance) + 1.001 * c) ** 2,
                tolerance=1e-6,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the classes are normal",
                r"half of the points have the covariance $v(1 - h)I$, the others "
                "$v(1 + h)I$",
                Exact(
                    _pointwise_of_two,
                    lambda variance, c, h, d: (math.sqrt(variance) + c) ** 2,
                    tolerance=1e-6,
                ),
                {
                    "variance": Reals(0.01, 100.0, (0.1, 1.0), "log", "v"),
                    "c": Reals(0.01, 10.0, (0.1, 1.0), "log", "c"),
                    "h": Reals(0.0, 0.99, (0.0, 0.01, 0.1, 0.5)),
                    "d": Integers(1, 10**8, (1, 10, 10**4, 10**8), symbol="d"),
                },
                "h",
            ),
        ),
    ),
    Claim(
        id="ilyas2019.gradient-alignment",
        theory="features",
        title="The least cosine between a gradient and the line between the classes",
        source=SOURCE.at("Theorem 3"),
        statement=r"""For the classifier $\mathrm{sign}\langle x,
\Sigma^{-1}\mu\rangle$ and every $\mu$: $\cos\angle(\Sigma^{-1}\mu, \mu) \ge
2\sqrt\kappa/(1 + \kappa)$, $\kappa$ the condition number of $\Sigma$
(Kantorovich).""",
        relation="lhs <= rhs",
        domain={
            "d": _D,
            "condition": _CONDITION,
            "nearness": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
        },
        evidence=Exact(
            lambda d, condition, nearness: least_gradient_alignment(
                _spectrum(d, condition)
            ),
            _cosine,
            rtol=1e-10,
            unproved="equality at nearness 1, and not written without cancellation",
        ),
        twin=Twin(
            "the bound is larger by one part in a thousand",
            Exact(
                lambda d, condition, nearness: (
                    1.001 * least_gradient_alignment(_spectrum(d, condition))
                ),
                _cosine,
                rtol=1e-10,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the classes have one covariance",
                r"in the first coordinate the variances are $v_1(1 + h)$ and "
                r"$v_1(1 - h)$, of mean $v_1$; the gradient is the one midway between "
                "the means",
                Exact(
                    lambda d, condition, unequal: least_gradient_alignment(
                        _spectrum(d, condition)
                    ),
                    _unequal_cosine,
                    rtol=1e-10,
                ),
                {
                    "d": _D,
                    "condition": _CONDITION,
                    "unequal": Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5, 0.9), symbol="h"),
                },
                "unequal",
            ),
            Hypothesis(
                "the classes are normal",
                r"the densities are those of independent coordinates, proportional to "
                r"$e^{-|z|^{2 - h}}$; the gradient is the one midway between the means",
                Exact(
                    lambda d, condition, less: least_gradient_alignment(
                        _spectrum(d, condition)
                    ),
                    _power_cosine,
                    rtol=1e-10,
                ),
                {
                    "d": _D,
                    "condition": _CONDITION,
                    "less": Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5, 0.9), symbol="h"),
                },
                "less",
            ),
        ),
    ),
    Claim(
        id="ilyas2019.alignment-of-robust-gradients",
        theory="features",
        title="Robust parameters have better aligned gradients in the worst case",
        source=SOURCE.at("Theorem 3"),
        statement=r"""The least cosine over all $\mu$ is no smaller for the robust
covariance than for that of the data, at every budget.""",
        relation="lhs <= rhs",
        domain={
            "d": _D,
            "condition": _CONDITION,
            "eps": Reals(1e-6, 100.0, (1e-6, 0.1, 1.0), "log", r"\varepsilon"),
        },
        evidence=Exact(
            lambda d, condition, eps: least_gradient_alignment(_spectrum(d, condition)),
            lambda d, condition, eps: _robust_alignment(d, condition, eps),
            rtol=1e-12,
            unproved="the penalty is found by a search; equality at condition 1",
        ),
        twin=Twin(
            "it is larger by one part in a thousand at least",
            Exact(
                lambda d, condition, eps: (
                    1.001 * least_gradient_alignment(_spectrum(d, condition))
                ),
                lambda d, condition, eps: _robust_alignment(d, condition, eps),
                rtol=1e-12,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the classes have one covariance",
                r"in the last coordinate, of the largest variance, the variances are "
                r"$v_d(1 + h)$ and $v_d(1 - h)$; robust covariances are learned for "
                "each class, and gradients are those midway between the means",
                Exact(
                    lambda **point: _alignments_of_two(**point)[0],
                    lambda **point: _alignments_of_two(**point)[1],
                    rtol=1e-12,
                ),
                {
                    "d": Choices((2,), symbol="d"),
                    "condition": Reals(1.0, 1e4, (1.0, 1.25, 2.0), "log", r"\kappa"),
                    "eps": Choices((0.1, 1.0), symbol=r"\varepsilon"),
                    "unequal": Reals(0.0, 0.9, (0.0, 0.1, 0.45, 0.7), symbol="h"),
                },
                "unequal",
            ),
        ),
    ),
)


def _robust_alignment(d: int, condition: float, eps: float) -> float:
    v = _spectrum(d, condition)
    return float(
        least_gradient_alignment(robust_variances(v, penalty_of_budget(v, eps)))
    )
