r"""Stability training: a penalty for what Gaussian noise does (Zheng et al. 2016).

To the loss at clean points it adds strength times D(f(x), f(x')), x' = x + N(0, s^2 I),
with D the squared distance of outputs, or the cross-entropy of the predictions.

**Squared distance.** For f(x) = <w, x> + b, f(x') - f(x) is N(0, s^2 |w|^2), so that

    E (f(x') - f(x))^2 = s^2 |w|_2^2,

a ridge penalty: stability training of a linear function with the squared loss is ridge
regression. For f(x) = <x, A x> + <w, x> + b with symmetric A and g = 2 A x + w,

    E (f(x') - f(x))^2 = s^2 |g|^2 + s^4 (2 tr A^2 + (tr A)^2),

since f(x + u) - f(x) = <g, u> + <u, A u>, odd moments vanish, and <u, A u> has the mean
s^2 tr A and the variance 2 s^4 tr A^2.

**Divergence.** With A(f) = log(1 + e^f) and r = s |w|_2, the mean divergence of the two
predictions of a linear f is

    E KL = E A(f + r g) - A(f)    <= r^2/8,    ~ A''(f) r^2/2 as r -> 0,

because E f(x') = f(x) and A'' <= 1/4; and at most r, as A' is in (0, 1). Adding it with
strength 1 to the logistic loss A(f) - [y = 1] f gives E A(f') - [y = 1] E f', the loss
at noisy points: data augmentation. The cross-entropy is E KL and the entropy of the
clean prediction, which falls without bound on its noise as |f| grows.

Source: S. Zheng, Y. Song, T. Leung, I. Goodfellow (2016), "Improving the robustness of
deep neural networks via stability training", arXiv:1604.04326 (the objective, from
memory); the closed forms are derived here.
"""

import math

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import points, real, real_array
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
from geomadv.classifiers import StabilityClassifier
from geomadv.classifiers._divergences import mean_kl
from geomadv.spaces._lp import lp_norm
from geomadv.theories.oscillation._divergence_balls import divergence_share
from geomadv.theories.oscillation._finite import finite

SOURCE = Source(
    "S. Zheng, Y. Song, T. Leung, I. Goodfellow",
    "Improving the robustness of deep neural networks via stability training",
    2016,
    arxiv="1604.04326",
)


def linear_penalty(w: ArrayLike, sigma: float) -> float:
    """Return E (f(x') - f(x))^2 for a linear f and Gaussian noise.

    Parameters
    ----------
    w : (d,) array_like
        Weights.
    sigma : float
        Deviation of the noise on each coordinate, at least 0.

    Returns
    -------
    float
        sigma^2 |w|_2^2.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> linear_penalty([3.0, 4.0], 0.5)
    6.25
    """
    weights = real_array("w", w, ndim=1)
    with np.errstate(over="ignore"):
        penalty = np.square(real("sigma", sigma, lower=0.0) * lp_norm(weights, 2))
    return float(finite("w and sigma", penalty))


def quadratic_penalty(
    A: ArrayLike, w: ArrayLike, X: ArrayLike, sigma: float
) -> Float[NDArray, " n"]:
    """Return E (f(x') - f(x))^2 for f(x) = <x, A x> + <w, x> and Gaussian noise.

    Parameters
    ----------
    A : (d, d) array_like
        A symmetric matrix.
    w : (d,) array_like
        Weights.
    X : (n, d) array_like
        Points.
    sigma : float
        Deviation of the noise on each coordinate, at least 0.

    Returns
    -------
    (n,) array
        sigma^2 |2 A x + w|^2 + sigma^4 (2 tr A^2 + (tr A)^2).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    For f(x) = x^2 at 0, E g^4 = 3:

    >>> quadratic_penalty([[1.0]], [0.0], [[0.0]], 1.0)
    array([3.])
    """
    weights = real_array("w", w, ndim=1)
    matrix = points("A", A, d=len(weights))
    if matrix.shape != (len(weights),) * 2 or not np.array_equal(matrix, matrix.T):
        raise ValueError(
            f"A must be a symmetric matrix of {len(weights)} rows, "
            f"got shape {matrix.shape}"
        )
    rows, s = points("X", X, d=len(weights)), real("sigma", sigma, lower=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        gradients = s * (2.0 * rows @ matrix + weights)
        curved = s * (s * matrix)
        bend = 2.0 * (curved**2).sum() + np.trace(curved) ** 2
        penalty = (gradients**2).sum(axis=1) + bend
    return np.asarray(finite("A, w, X and sigma", penalty))


def divergence_penalty(f: ArrayLike, spread: float) -> Float[NDArray, " n"]:
    """Return the mean divergence of predictions when noise moves logits.

    Parameters
    ----------
    f : (n,) array_like
        Logits, finite.
    spread : float
        r = sigma |w|_2, the deviation of the noise in the logit, at least 0.

    Returns
    -------
    (n,) array
        E KL(s(f) || s(f + r g)) with s the logistic function and g a normal number.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Absolute error below 1e-13 max(1, r, |f|) against 30-digit quadrature for r from
    1e-3 to 40.

    Examples
    --------
    >>> divergence_penalty([0.0], 0.1).round(8)  # r^2/8 - r^4/64
    array([0.00124844])
    """
    logits = real_array("f", f, ndim=1)
    return mean_kl(logits, real("spread", spread, lower=0.0)).h[0]


# --- Claims --------------------------------------------------------------------------


def _data(d: int, seed: int) -> tuple[NDArray, NDArray]:
    rng = spawn(0, "zheng2016", d, seed)
    X = rng.standard_normal((60, d))
    y = np.where(X[:, 0] + rng.standard_normal(60) > 0, 1.0, -1.0)
    return X, y


def _stable_norm(d: int, sigma: float, strength: float) -> float:
    """Return |w| of stability training with the squared loss."""
    X, y = _data(d, 0)
    model = StabilityClassifier(sigma, strength, "squared", 1e-2).fit(X, y)
    return float(np.linalg.norm(model.coef_))


def _ridge_norm(d: int, penalty: float) -> float:
    """Return |w| of ridge regression, by the normal equations."""
    X, y = _data(d, 0)
    Z, z = X - X.mean(axis=0), y - y.mean()
    w = np.linalg.solve(Z.T @ Z / 60 + (5e-3 + penalty) * np.eye(d), Z.T @ z / 60)
    return float(np.linalg.norm(w))


def _quadric(d: int) -> tuple[NDArray, NDArray, NDArray]:
    rng = spawn(0, "zheng2016-quadric", d)
    A = rng.standard_normal((d, d))
    return (A + A.T) / 2, rng.standard_normal(d), rng.standard_normal((1, d))


def _penalty_by_rule(
    d: int, sigma: float, *, cubic: float = 0.0, more: float = 0.0
) -> float:
    """Return the mean square by a product of Gauss-Hermite rules, exact here.

    For f + cubic x_1^3 it is still exact; u_1 is 1 + more times as large.
    """
    A, w, X = _quadric(d)
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    u = sigma * np.array(np.meshgrid(*[nodes] * d)).reshape(d, -1).T
    share = np.array(np.meshgrid(*[weights / weights.sum()] * d)).reshape(d, -1)
    u[:, 0] *= 1 + more
    moved = X + u
    f = np.einsum("ij,jk,ik->i", moved, A, moved) + moved @ w
    change = f - float(X[0] @ A @ X[0] + X[0] @ w)
    change += cubic * (moved[:, 0] ** 3 - X[0, 0] ** 3)
    return float(share.prod(axis=0) @ change**2)


def _penalty(d: int, sigma: float) -> float:
    A, w, X = _quadric(d)
    return float(quadratic_penalty(A, w, X, sigma)[0])


def _augmented(f: float, spread: float, y: int) -> float:
    """Return the mean logistic loss at noisy points, by adaptive quadrature."""
    from scipy.integrate import quad

    def weighted(g: float) -> float:
        loss = np.logaddexp(0.0, -y * (f + spread * g))
        return float(loss * math.exp(-g * g / 2) / math.sqrt(2 * math.pi))

    kink = min(max(-f / spread, -12.0), 12.0)
    return float(
        quad(weighted, -13.0, kink, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
        + quad(weighted, kink, 13.0, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
    )


def _trained(f: float, spread: float, y: int) -> float:
    """Return the logistic loss and the divergence."""
    return float(np.logaddexp(0.0, -y * f) + divergence_penalty([f], spread)[0])


def _entropy(f: float) -> float:
    p = float(special.expit(f))
    return float(special.entr(p) + special.entr(1.0 - p))


_LOGIT = Reals(-8.0, 8.0, (-3.0, 0.0, 0.5, 4.0), symbol="f")
_SPREAD = Reals(0.01, 20.0, (0.01, 0.3, 1.0, 5.0), scale="log", symbol="r")


def _uneven_norm(d: int, sigma: float, strength: float, more: float) -> float:
    """Return |w| by least squares with rows for the noise, more of it in x_1."""
    X, y = _data(d, 0)
    Z, z = X - X.mean(axis=0), y - y.mean()
    deviation = np.full(d, sigma)
    deviation[0] *= 1 + more
    rows = np.concatenate(
        [
            Z,
            math.sqrt(60 * 5e-3) * np.eye(d),
            math.sqrt(60 * strength) * np.diag(deviation),
        ]
    )
    w = np.linalg.lstsq(rows, np.concatenate([z, np.zeros(2 * d)]), rcond=None)[0]
    return float(np.linalg.norm(w))


def _curved_norm(d: int, sigma: float, strength: float, curve: float) -> float:
    """Return |w| for f = <w, z> with z_j = x_j + curve x_j^2, over that of a ridge.

    The noise u changes z_j by (1 + 2 curve x_j) u_j + curve u_j^2.
    """
    X, y = _data(d, 0)
    Z = X + curve * X**2
    slopes = ((1 + 2 * curve * X) ** 2).mean(axis=0)
    penalty = np.diag(sigma**2 * slopes + 2 * curve**2 * sigma**4)
    penalty += curve**2 * sigma**4
    Z, y = Z - Z.mean(axis=0), y - y.mean()
    gram, target = Z.T @ Z / 60 + 5e-3 * np.eye(d), Z.T @ y / 60
    stable = np.linalg.solve(gram + strength * penalty, target)
    ridge = np.linalg.solve(gram + strength * sigma**2 * np.eye(d), target)
    return float(np.linalg.norm(stable) / np.linalg.norm(ridge))


_RIDGE = (
    Hypothesis(
        "the loss is squared and $f$ is linear",
        "it is linear in $x_j + c\\,x_j^2$: shown is the norm over that of the ridge",
        Exact(_curved_norm, lambda d, sigma, strength, curve: 1.0, rtol=1e-9),
        {
            "d": Choices((2, 20), symbol="d"),
            "sigma": Choices((0.1, 0.5), symbol=r"\sigma"),
            "strength": Choices((1.0, 10.0), symbol=r"\lambda"),
            "curve": Reals(0.0, 2.0, (0.0, 0.01, 0.1, 1.0), symbol="c"),
        },
        "curve",
    ),
    Hypothesis(
        "the noise is isotropic",
        "along the first coordinate its deviation is $1 + s$ times as large",
        Exact(
            _uneven_norm,
            lambda d, sigma, strength, more: _ridge_norm(d, strength * sigma**2),
            rtol=1e-9,
        ),
        {
            "d": Choices((2, 5, 20), symbol="d"),
            "sigma": Choices((0.1, 0.5, 2.0), symbol=r"\sigma"),
            "strength": Choices((1.0, 10.0), symbol=r"\lambda"),
            "more": Reals(0.0, 10.0, (0.0, 0.01, 0.1, 1.0), symbol="s"),
        },
        "more",
    ),
)
_FORM_AT = {
    "d": Choices((1, 3), symbol="d"),
    "sigma": Choices((0.3, 3.0), symbol=r"\sigma"),
}
_FORM = (
    Hypothesis(
        "$f$ is at most quadratic",
        "it has a further term $c\\,x_1^3$",
        Exact(
            lambda d, sigma, cubic: _penalty_by_rule(d, sigma, cubic=cubic),
            lambda d, sigma, cubic: _penalty(d, sigma),
            rtol=1e-9,
        ),
        {**_FORM_AT, "cubic": Reals(0.0, 1.0, (0.0, 0.01, 1.0), symbol="c")},
        "cubic",
    ),
    Hypothesis(
        "the noise is isotropic and Gaussian",
        "along the first coordinate its deviation is $1 + s$ times as large",
        Exact(
            lambda d, sigma, more: _penalty_by_rule(d, sigma, more=more),
            lambda d, sigma, more: _penalty(d, sigma),
            rtol=1e-9,
        ),
        {**_FORM_AT, "more": Reals(0.0, 1.0, (0.0, 0.01, 1.0), symbol="s")},
        "more",
    ),
)
_STRENGTH = (
    Hypothesis(
        "the strength of stability training is 1",
        r"it is $\lambda$",
        Exact(
            lambda f, spread, y, strength: (
                strength * _trained(f, spread, y)
                + (1 - strength) * float(np.logaddexp(0.0, -y * f))
            ),
            lambda f, spread, y, strength: _augmented(f, spread, y),
            rtol=1e-8,
            atol=1e-10,
        ),
        {
            "f": Choices((0.0, 0.5), symbol="f"),
            "spread": Choices((0.3, 1.0), symbol="r"),
            "y": Choices((-1, 1)),
            "strength": Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol=r"\lambda"),
        },
        "strength",
        unbroken=1.0,
    ),
)
_SLOPE = (
    Hypothesis(
        "$s$ is the logistic function, of slope $1/4$",
        "it has $c$ times the slope: a lower temperature",
        Exact(
            lambda f, spread, steeper: divergence_penalty(
                [steeper * f], steeper * spread
            )[0],
            lambda f, spread, steeper: spread**2 / 8,
            atol=1e-14,
        ),
        {
            "f": Choices((0.0, 0.5), symbol="f"),
            "spread": Choices((0.01, 0.3, 1.0), symbol="r"),
            "steeper": Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol="c"),
        },
        "steeper",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="zheng2016.ridge",
        theory="oscillation",
        title="Stability training of a linear function is ridge regression",
        source=SOURCE,
        statement=r"""With the squared loss, $\alpha/2\,\|w\|^2$ and Gaussian noise of
deviation $\sigma$, stability training of strength $\lambda$ gives the weights of ridge
regression with $(\alpha/2 + \lambda\sigma^2)\|w\|^2$; their norms are compared.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 20, (1, 5, 20), symbol="d"),
            "sigma": Reals(0.05, 3.0, (0.1, 0.5, 2.0), scale="log", symbol=r"\sigma"),
            "strength": Reals(
                0.1, 10.0, (0.1, 1.0, 10.0), scale="log", symbol=r"\lambda"
            ),
        },
        axis="sigma",
        evidence=Exact(
            _stable_norm,
            lambda d, sigma, strength: _ridge_norm(d, strength * sigma**2),
            rtol=1e-6,
        ),
        twin=Twin(
            r"with $0.999\,\lambda\sigma^2$",
            Exact(
                _stable_norm,
                lambda d, sigma, strength: _ridge_norm(d, 0.999 * strength * sigma**2),
                rtol=1e-6,
            ),
        ),
        hypotheses=_RIDGE,
    ),
    Claim(
        id="zheng2016.quadratic",
        theory="oscillation",
        title="For a quadratic function the penalty is gradient and curvature",
        source=SOURCE,
        statement=r"""For $f(x) = \langle x, Ax\rangle + \langle w, x\rangle$ and
$g = 2Ax + w$, $\mathbb{E}(f(x') - f(x))^2 = \sigma^2\|g\|^2
+ \sigma^4(2\,\mathrm{tr}\,A^2 + (\mathrm{tr}\,A)^2)$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 5, (1, 2, 5), "linear", symbol="d"),
            "sigma": Reals(0.01, 10.0, (0.01, 0.3, 3.0), scale="log", symbol=r"\sigma"),
        },
        axis="sigma",
        evidence=Exact(_penalty_by_rule, _penalty, rtol=1e-9),
        twin=Twin(
            r"the curvature counts as $2\sigma^4\,\mathrm{tr}\,A^2$ alone",
            Exact(
                _penalty_by_rule,
                lambda d, sigma: (
                    _penalty(d, sigma) - sigma**4 * float(np.trace(_quadric(d)[0])) ** 2
                ),
                rtol=1e-9,
            ),
        ),
        note="A product rule of degree 7 integrates the fourth powers exactly.",
        hypotheses=_FORM,
    ),
    Claim(
        id="zheng2016.augmentation",
        theory="oscillation",
        title="With divergence and strength 1 it is training at noisy points",
        source=SOURCE,
        statement=r"""For a linear logit $f$ and $r = \sigma\|w\|_2$, the logistic loss
at $f$ and $\mathbb{E}\,\mathrm{KL}(s(f)\,\|\,s(f + rg))$ are together the mean logistic
loss at $f + rg$.""",
        relation="lhs == rhs",
        domain={"f": _LOGIT, "spread": _SPREAD, "y": Choices((-1, 1))},
        axis="spread",
        evidence=Exact(_trained, _augmented, rtol=1e-8, atol=1e-10),
        twin=Twin(
            "the cross-entropy in place of the divergence",
            Exact(
                lambda f, spread, y: _trained(f, spread, y) + _entropy(f),
                _augmented,
                rtol=1e-8,
                atol=1e-10,
            ),
        ),
        hypotheses=_STRENGTH,
    ),
    Claim(
        id="zheng2016.divergence-bound",
        theory="oscillation",
        title="The mean divergence is at most an eighth of the squared change",
        source=SOURCE,
        statement=r"""$\mathbb{E}\,\mathrm{KL}(s(f)\,\|\,s(f + rg)) \le r^2/8$.""",
        relation="lhs <= rhs",
        domain={"f": _LOGIT, "spread": _SPREAD},
        axis="spread",
        evidence=Enclosure(
            divergence_share,
            lambda f, spread: 1,
            formulas=(
                lambda f, spread: divergence_penalty([f], spread)[0] * 8 / spread**2,
                lambda f, spread: 1.0,
            ),
            beyond=(
                Beyond(
                    lambda f, over_spread: 8 * over_spread,
                    lambda f, over_spread: 1,
                    since={"spread": 20},
                ),
            ),
        ),
        twin=Twin(
            r"$0.999\,r^2/8$",
            Enclosure(divergence_share, lambda f, spread: balls.as_ball(999) / 1000),
            domain={"f": Choices((0.0,)), "spread": Choices((0.01, 0.05))},
        ),
        note="The sides are divided by $r^2/8$, their common limit at $f = r = 0$.",
        hypotheses=_SLOPE,
    ),
)
