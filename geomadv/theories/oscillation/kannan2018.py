r"""Logit pairing: a penalty for how far perturbations move the logit (Kannan 2018).

Adversarial logit pairing adds strength times (f(x) - f(x~))^2 to the loss of mixed
batches, x~ being the adversarial example of x; clean logit pairing pairs random points
with noise; squeezing penalises f(x)^2. For f(x) = <w, x> + b, 1/p + 1/q = 1:

- the worst pair in an l_p ball has (f(x) - f(x~))^2 = eps^2 |w|_q^2: eps^2 |w|_1^2 for
  p = infinity. The same step has the largest logistic, hinge and squared loss, so that
  adversarial examples are the worst pairs;
- the worst squared loss is the clean one, the pairing penalty and a cross term,

      (|y - f| + r)^2 = (y - f)^2 + 2 r |y - f| + r^2,    r = eps |w|_q;

- two different points of a sample, with noise N(0, s^2 I) each, have

      E (f(x_i) - f(x_j))^2 = 2 <w, (S + s^2 I) w>,

where S is the unbiased covariance: clean pairing lowers the variance of the logit;

- KL(s(f) || s(f')) <= (f' - f)^2/8 for the logistic function s, since the second
  derivative of log(1 + e^f) is at most 1/4: pairing bounds the regulariser of TRADES
  eight times over. With r = f' - f, KL/(r^2/8) = 8 int_0^1 (1 - t) s'(f + t r) dt, and
  s'(z) falls with |z|; so the worst r leads towards f' = 0 and, KL being convex in f',
  is as long as it may be. As s is in (0, 1), KL is at most |r|, which is less beyond 8.

**What it does not do.** c f has the decisions and the robust error of f, for all c > 0,
and c^2 times its pairing penalty. A small penalty alone says nothing about robustness:
it must be paid for with the loss.

Sources: H. Kannan, A. Kurakin, I. Goodfellow (2018), "Adversarial logit pairing",
arXiv:1803.06373 (the objective, from memory); L. Engstrom, A. Ilyas, A. Athalye (2018),
"Evaluating and understanding the robustness of adversarial logit pairing",
arXiv:1807.10272 (that networks trained so were broken). Derived here.
"""

import itertools
import math
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike
from geomadv._validate import norm_order, points, real, real_array
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
)
from geomadv.classifiers import LinearClassifier
from geomadv.classifiers._divergences import worst_kl
from geomadv.perturbations import robust_error, worst_loss
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order
from geomadv.theories.oscillation._finite import finite

SOURCE = Source(
    "H. Kannan, A. Kurakin, I. Goodfellow",
    "Adversarial logit pairing",
    2018,
    arxiv="1803.06373",
)


def pairing_penalty(w: ArrayLike, eps: float, *, p: float = math.inf) -> float:
    """Return the largest (f(x) - f(x'))^2 of a linear f in an l_p ball.

    Parameters
    ----------
    w : (d,) array_like
        Weights.
    eps : float
        Radius of the ball, at least 0.
    p : float
        The norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    float
        eps^2 |w|_q^2 with 1/p + 1/q = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [pairing_penalty([3.0, -4.0], 0.5, p=p) for p in (1, 2, np.inf)]
    [4.0, 6.25, 12.25]
    """
    weights, order = real_array("w", w, ndim=1), norm_order("p", p)
    size = real("eps", eps, lower=0.0)
    with np.errstate(over="ignore"):
        worst = np.square(size * lp_norm(weights, dual_order(order)))
    return float(finite("w and eps", worst))


def clean_penalty(w: ArrayLike, X: ArrayLike, sigma: float) -> float:
    """Return the mean (f(x_i) - f(x_j))^2 over pairs of a sample, with Gaussian noise.

    Parameters
    ----------
    w : (d,) array_like
        Weights.
    X : (n, d) array_like
        At least two points.
    sigma : float
        Deviation of the noise on each coordinate, at least 0.

    Returns
    -------
    float
        2 <w, S w> + 2 sigma^2 |w|_2^2, S the covariance with divisor n - 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> clean_penalty([1.0, 0.0], [[0.0, 1.0], [2.0, 5.0]], 0.5)
    4.5
    """
    weights = real_array("w", w, ndim=1)
    rows = points("X", X, d=len(weights), minimum=2)
    with np.errstate(over="ignore", invalid="ignore"):
        noise = np.square(real("sigma", sigma, lower=0.0) * lp_norm(weights, 2))
        total = 2.0 * ((rows @ weights).var(ddof=1) + noise)
    return float(finite("w, X and sigma", total))


# --- Claims --------------------------------------------------------------------------


def _weights(d: int) -> np.ndarray:
    return np.asarray(spawn(0, "kannan2018", d).standard_normal(d))


def _worst_pair(d: int, p: float, eps: float) -> float:
    """Return the largest squared change over the corners, or a gradient step."""
    w = _weights(d)
    if p == 1:
        steps = np.concatenate([np.eye(d), -np.eye(d)])
    elif p == 2:
        steps = w[None] / math.sqrt(float(w @ w))
    else:
        steps = np.array(list(itertools.product((-1.0, 1.0), repeat=d)))
    return float(((eps * steps @ w) ** 2).max())


def _sample(d: int, n: int) -> np.ndarray:
    return np.asarray(spawn(0, "kannan2018-sample", d, n).standard_normal((n, d)))


def _mean_of_pairs(d: int, n: int, sigma: float) -> float:
    """Return the mean over ordered pairs of different points, noise added as a rule.

    The difference of two noises is N(0, 2 sigma^2 |w|^2) in f: two nodes suffice for
    its square.
    """
    w, X = _weights(d), _sample(d, n)
    f = X @ w
    spread = sigma * math.sqrt(2.0 * float(w @ w))
    total = sum(
        (f[i] - f[j] + sign * spread) ** 2 / 2.0
        for i, j in itertools.permutations(range(n), 2)
        for sign in (-1.0, 1.0)
    )
    return float(total / (n * (n - 1)))


def _losses(d: int, p: float, eps: float) -> tuple[float, float]:
    """Return the mean worst squared loss, and its terms but for the cross term."""
    w, X = _weights(d), _sample(d, 20)
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    model = LinearClassifier.from_parameters(w)
    worst = worst_loss(model, X, y, eps, p=p, loss="squared").loss.mean()
    gap = np.abs(y - X @ w).mean()
    cross = 2.0 * math.sqrt(pairing_penalty(w, eps, p=p)) * gap
    return float(worst), float(worst - cross)


def _clean_and_pairs(d: int, p: float, eps: float) -> float:
    w, X = _weights(d), _sample(d, 20)
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    return float(((y - X @ w) ** 2).mean() + pairing_penalty(w, eps, p=p))


def _trades(f: float, r: float) -> float:
    """Return the largest divergence when f changes by at most r."""
    return float(worst_kl(np.array([f]), r).h.max())


def _trades_ball(f: Any, r: Any) -> Any:
    """Enclose the same over r^2/8: at a point, and on a box piece by piece."""
    f, r, pieces = abs(f), -r, 8
    if f.is_exact() and r.is_exact():
        kl = (1 + (f + r).exp()).log() - (1 + f.exp()).log() - r / (1 + (-f).exp())
        return 8 * kl / (r * r)
    total = 0 * f
    for i in range(pieces):
        t = (0 * f + i).union(0 * f + i + 1) / pieces
        weight = (2 * (pieces - i) - 1) / (2 * pieces**2)
        total += 8 * weight * _slope_ball(f + t * r)
    return total


def _slope_ball(z: Any) -> Any:
    """Enclose s'(z) = 1/(4 cosh(z/2)^2), which falls with |z|."""
    near, far = z.abs_lower(), z.abs_upper()
    return (1 / (2 * (far / 2).cosh()) ** 2).union(1 / (2 * (near / 2).cosh()) ** 2)


def _squeezed(scale: float, eps: float) -> float:
    """Return the robust error of scale times f."""
    X = _sample(5, 200)
    y = np.where(X[:, 0] + X[:, 1] > 0, 1.0, -1.0)
    model = LinearClassifier.from_parameters(scale * np.array([1.0, 0.8, 0.1, 0, 0]))
    return float(robust_error(model, X, y, eps, p=math.inf).upper)


_EPS = Reals(0.01, 2.0, (0.03, 0.3, 1.0), scale="log", symbol=r"\varepsilon")
_NORM = Choices((1, 2, math.inf))


def _mean_with_same(d: int, sigma: float, same: float) -> float:
    """Return the mean over pairs of which a share has one point and two noises."""
    w = _weights(d)
    noise = 2 * sigma**2 * float(w @ w)
    return (1 - same) * _mean_of_pairs(d, 10, sigma) + same * noise


def _cubic(square: float, bend: float) -> float:
    """Return (t + bend t^3)^2 for t^2."""
    return square * (1.0 + bend * square) ** 2


def _squeezed_slope(scale: float, offset: float) -> float:
    """Return the robust error of scale <w, x> + offset at eps = 0.2."""
    X = _sample(5, 200)
    y = np.where(X[:, 0] + X[:, 1] > 0, 1.0, -1.0)
    w = np.array([1.0, 0.8, 0.1, 0, 0])
    model = LinearClassifier.from_parameters(scale * w, offset)
    return float(robust_error(model, X, y, 0.2, p=math.inf).upper)


_LINEAR_F = "$f$ is linear"
_CUBIC = r"$f$ is $\langle w, x\rangle + c\,\langle w, x\rangle^3$, at $x = 0$"
_BEND = Reals(0.0, 1.0, (0.0, 0.1, 1.0), symbol="c")
_LINEAR_AT: dict[str, Reals | Integers | Choices] = {
    "d": Choices((2, 8), symbol="d"),
    "p": _NORM,
    "eps": Choices((0.3, 1.0), symbol=r"\varepsilon"),
    "bend": _BEND,
}
_LINEAR = (
    Hypothesis(
        _LINEAR_F,
        _CUBIC,
        Exact(
            lambda d, p, eps, bend: _cubic(_worst_pair(d, p, eps), bend),
            lambda d, p, eps, bend: pairing_penalty(_weights(d), eps, p=p),
            rtol=1e-10,
        ),
        _LINEAR_AT,
        "bend",
    ),
)
_CROSS = (
    Hypothesis(
        _LINEAR_F,
        _CUBIC + ", of the label 1",
        Exact(
            # The worst step changes f by t + c t^3 against the label.
            lambda d, p, eps, bend: (
                (1.0 + math.sqrt(_cubic(_worst_pair(d, p, eps), bend))) ** 2
            ),
            lambda d, p, eps, bend: (
                (1.0 + math.sqrt(pairing_penalty(_weights(d), eps, p=p))) ** 2
            ),
            rtol=1e-10,
        ),
        _LINEAR_AT,
        "bend",
    ),
)
_SAMPLE = (
    Hypothesis(
        "the two points of a pair are different ones",
        "a share $s$ of the pairs has the same point twice",
        Exact(
            _mean_with_same,
            lambda d, sigma, same: clean_penalty(_weights(d), _sample(d, 10), sigma),
            rtol=1e-9,
        ),
        {
            "d": Choices((1, 4), symbol="d"),
            "sigma": Choices((0.0, 0.5), symbol=r"\sigma"),
            "same": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 1.0), symbol="s"),
        },
        "same",
    ),
)
_SLOPE = (
    Hypothesis(
        "$s$ is the logistic function, of slope $1/4$",
        "it has $c$ times the slope: a lower temperature",
        Exact(
            lambda f, r, steeper: 8 * _trades(steeper * f, steeper * r) / r**2,
            lambda f, r, steeper: 1.0,
            atol=1e-10,
        ),
        {
            "f": Choices((0.0, 0.2), symbol="f"),
            "r": Choices((0.01, 0.3, 1.0), symbol="r"),
            "steeper": Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol="c"),
        },
        "steeper",
        unbroken=1.0,
    ),
)
_WHOLE = (
    Hypothesis(
        "all of $f$ is scaled, its offset too",
        r"the weights are halved and an offset $s$ stays",
        Exact(
            lambda stays: _squeezed_slope(0.5, stays),
            lambda stays: _squeezed_slope(1.0, stays),
        ),
        {"stays": Reals(0.0, 2.0, (0.0, 0.1, 0.5, 2.0), symbol="s")},
        "stays",
    ),
)

CLAIMS = (
    Claim(
        id="kannan2018.worst-pair",
        theory="oscillation",
        title="The worst pair costs eps squared times the dual norm squared",
        source=SOURCE,
        statement=r"""For $f(x) = \langle w, x\rangle + b$,
$\max_{\|x' - x\|_p \le \varepsilon}(f(x') - f(x))^2 = \varepsilon^2\|w\|_q^2$.""",
        relation="lhs == rhs",
        domain={"d": Integers(1, 10, (1, 3, 10), symbol="d"), "p": _NORM, "eps": _EPS},
        axis="eps",
        evidence=Exact(
            _worst_pair, lambda d, p, eps: pairing_penalty(_weights(d), eps, p=p)
        ),
        twin=Twin(
            r"it is $\varepsilon^2\|w\|_p^2$",
            Exact(
                _worst_pair,
                lambda d, p, eps: (eps * float(np.linalg.norm(_weights(d), p))) ** 2,
            ),
        ),
        note="All corners of the ball; for $p = 2$ the step along $w$.",
        hypotheses=_LINEAR,
    ),
    Claim(
        id="kannan2018.clean-pairs",
        theory="oscillation",
        title="Clean pairing penalises the variance of the logit",
        source=SOURCE,
        statement=r"""Different points of a sample with noise of deviation $\sigma$ have
$\mathbb{E}(f(x_i) - f(x_j))^2 = 2\langle w, (S + \sigma^2 I)w\rangle$, $S$ the
covariance with divisor $n - 1$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 10, (1, 4), symbol="d"),
            "n": Integers(2, 30, (2, 10, 30), symbol="n"),
            "sigma": Reals(0.0, 2.0, (0.0, 0.5), symbol=r"\sigma"),
        },
        axis="n",
        evidence=Exact(
            _mean_of_pairs,
            lambda d, n, sigma: clean_penalty(_weights(d), _sample(d, n), sigma),
            rtol=1e-10,
        ),
        twin=Twin(
            "with divisor $n$",
            Exact(
                _mean_of_pairs,
                lambda d, n, sigma: (
                    clean_penalty(_weights(d), _sample(d, n), sigma) * (1 - 1 / n)
                ),
                rtol=1e-10,
            ),
        ),
        hypotheses=_SAMPLE,
    ),
    Claim(
        id="kannan2018.cross-term",
        theory="oscillation",
        title="The worst squared loss is the clean one, pairing, and a cross term",
        source=SOURCE,
        statement=r"""For a linear $f$, $\max(y - f(x'))^2 = (y - f)^2
+ 2\varepsilon\|w\|_q|y - f| + \varepsilon^2\|w\|_q^2$; in the mean over a sample.""",
        relation="lhs == rhs",
        domain={"d": Integers(1, 30, (1, 3, 20), symbol="d"), "p": _NORM, "eps": _EPS},
        axis="eps",
        evidence=Exact(
            lambda d, p, eps: _losses(d, p, eps)[1], _clean_and_pairs, rtol=1e-10
        ),
        twin=Twin(
            "the cross term is one thousandth smaller",
            Exact(
                lambda d, p, eps: (
                    0.999 * _losses(d, p, eps)[1] + 0.001 * _losses(d, p, eps)[0]
                ),
                _clean_and_pairs,
                rtol=1e-10,
            ),
        ),
        hypotheses=_CROSS,
    ),
    Claim(
        id="kannan2018.pairing-bounds-trades",
        theory="oscillation",
        title="The worst divergence is at most an eighth of the pairing penalty",
        source=SOURCE,
        statement=r"""$\max_{|f' - f| \le r}\mathrm{KL}(s(f)\,\|\,s(f')) \le r^2/8$ for
the logistic function $s$. Shown is the left side over the right one.""",
        relation="lhs <= rhs",
        domain={
            "f": Reals(-8.0, 8.0, (-3.0, 0.0, 0.2, 4.0), symbol="f"),
            "r": Reals(0.01, 20.0, (0.01, 0.3, 1.0, 5.0), scale="log", symbol="r"),
        },
        axis="r",
        evidence=Enclosure(
            _trades_ball,
            lambda f, r: 1,
            formulas=(lambda f, r: 8 * _trades(f, r) / r**2, lambda f, r: 1.0),
            atol=1e-10,
            beyond=(
                Beyond(lambda f, over_r: 8 * over_r, lambda f, over_r: 1, {"r": 20}),
            ),
        ),
        twin=Twin(
            "$0.999\\,r^2/8$",
            Enclosure(_trades_ball, lambda f, r: 0.999, most_boxes=500),
        ),
        hypotheses=_SLOPE,
    ),
    Claim(
        id="kannan2018.squeezing",
        theory="oscillation",
        title="A small pairing penalty alone does not make a classifier robust",
        source=SOURCE,
        statement=r"""$c f$ has $c^2$ times the pairing penalty of $f$, and its robust
error at every $\varepsilon$: the robust errors are compared.""",
        relation="lhs == rhs",
        domain={
            "scale": Reals(1e-6, 1e3, (1e-6, 0.01, 100.0), scale="log", symbol="c"),
            "eps": Choices((0.05, 0.2, 0.5)),
        },
        axis="scale",
        evidence=Exact(_squeezed, lambda scale, eps: _squeezed(1.0, eps)),
        twin=Twin(
            r"its robust error is that of $f$ at $c\,\varepsilon$",
            Exact(_squeezed, lambda scale, eps: _squeezed(1.0, min(scale, 9.0) * eps)),
        ),
        hypotheses=_WHOLE,
    ),
)
