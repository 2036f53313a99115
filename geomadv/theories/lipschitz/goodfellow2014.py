r"""The linear explanation (Goodfellow, Shlens and Szegedy 2014).

For a linear score <w, x> + b and perturbations with |eta|_inf <= eps, Hoelder's
inequality gives |<w, eta>| <= eps |w|_1, attained by eta = eps sign(w). With the mean
size m of the weights this is eps m d: it grows linearly in d, while no coordinate
changes by more than eps.

Two things limit the argument.

- eta is not small in l2: |eta|_2 = eps sqrt(d), and eps |w|_1 <= eps sqrt(d) |w|_2.
  At a fixed l_p size the change is eps |w|_q, 1/p + 1/q = 1, which for weights of one
  size grows like d^(1/q): not at all for p = 1, like sqrt(d) for p = 2.
- w must be dense: with d^s weights that are not 0 the change grows like d^s.

**Adversarial logistic regression.** The loss is zeta(-y f), zeta(z) = log(1 + e^z),
with labels -1 and +1. The worst eta is -y eps sign(w), so that the worst loss is

    zeta(eps |w|_1 - y (<w, x> + b)).

Section 5 prints zeta(y (eps |w|_1 - <w, x> - b)), which is the same for y = +1, but for
y = -1 it is the loss after the *best* perturbation, not the worst. As zeta grows no
faster than its argument, the worst loss exceeds the loss by at most eps |w|_1: the l1
penalty overestimates the damage.

Source: Goodfellow, Shlens, Szegedy (2014), "Explaining and harnessing adversarial
examples", arXiv:1412.6572, sections 3 and 5. Formulas are derived here; the printed
loss was compared with quotations of it, not with the paper.
"""

import functools
import itertools
import math
import operator
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import labels, norm_order, points, real, real_array
from geomadv.claims import (
    Beyond,
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
    balls,
)

SOURCE = Source(
    "I. Goodfellow, J. Shlens, C. Szegedy",
    "Explaining and harnessing adversarial examples",
    2014,
    arxiv="1412.6572",
)


def sign_perturbation(w: ArrayLike, eps: float) -> Float[NDArray, " d"]:
    """Return the perturbation of l_inf size eps that raises <w, x> most.

    Parameters
    ----------
    w : (d,) array_like
        The weights.
    eps : float
        The size, at least 0.

    Returns
    -------
    (d,) array
        eps sign(w); 0 where w is 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> sign_perturbation([3.0, 0.0, -0.1], 0.25)
    array([ 0.25,  0.  , -0.25])
    """
    size = real("eps", eps, lower=0)
    perturbation: NDArray = size * np.sign(real_array("w", w, ndim=1)) + 0.0
    return perturbation


def largest_change(w: ArrayLike, eps: float, *, p: float = math.inf) -> np.float64:
    """Return the largest |<w, eta>| over all eta of l_p size eps.

    Parameters
    ----------
    w : (d,) array_like
        The weights.
    eps : float
        The size, at least 0.
    p : float
        The norm, in [1, inf].

    Returns
    -------
    numpy.float64
        eps |w|_q, 1/p + 1/q = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> largest_change([3.0, -4.0], 0.5)
    np.float64(3.5)
    >>> largest_change([3.0, -4.0], 0.5, p=2)
    np.float64(2.5)
    """
    weights, size = real_array("w", w, ndim=1), real("eps", eps, lower=0)
    order = norm_order("p", p)
    q = math.inf if order == 1 else 1.0 if math.isinf(order) else order / (order - 1)
    return np.float64(size * np.linalg.norm(weights, q))


def logistic_loss(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, b: float, eps: float = 0.0
) -> np.float64:
    """Return the mean logistic loss after the worst perturbations of l_inf size eps.

    Parameters
    ----------
    X : (n, d) array_like
        Points, at least one.
    y : (n,) array_like
        Their labels, -1 or +1.
    w : (d,) array_like
        The weights.
    b : float
        The offset.
    eps : float
        The size, at least 0.

    Returns
    -------
    numpy.float64
        The mean of log(1 + exp(eps |w|_1 - y (<w, x> + b))).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(logistic_loss([[2.0]], [1], [1.0], -1.0, eps=1.0)), 6)
    0.693147
    """
    margin, l1 = _margins(X, y, w, b)
    return np.float64(np.logaddexp(0.0, real("eps", eps, lower=0) * l1 - margin).mean())


def printed_loss(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, b: float, eps: float
) -> np.float64:
    """Return the adversarial logistic loss as it is printed.

    The arguments are as for `logistic_loss`.

    Returns
    -------
    numpy.float64
        The mean of log(1 + exp(y (eps |w|_1 - <w, x> - b))), which is too small where
        y = -1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(printed_loss([[2.0]], [-1], [1.0], -1.0, eps=1.0)), 6)
    0.693147
    >>> round(float(logistic_loss([[2.0]], [-1], [1.0], -1.0, eps=1.0)), 6)
    2.126928
    """
    margin, l1 = _margins(X, y, w, b)
    shift = real("eps", eps, lower=0) * l1 * real_array("y", y)
    return np.float64(np.logaddexp(0.0, shift - margin).mean())


def _margins(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, b: float
) -> tuple[Float[NDArray, " n"], float]:
    weights = real_array("w", w, ndim=1)
    array = points("X", X, d=weights.size, minimum=1)
    label = labels("y", y, len(array), classes=0)
    margin: NDArray = label * (array @ weights + real("b", b))
    return margin, float(np.abs(weights).sum())


# --- Claims --------------------------------------------------------------------------


def _weights(d: int, density: float = 1.0) -> Float[NDArray, " d"]:
    """Return weights in [1/2, 3/2] times a sign; d^density of them are not 0."""
    rng = spawn(0, "goodfellow2014", d)
    w = rng.uniform(0.5, 1.5, d) * rng.choice([-1.0, 1.0], d)
    w[round(d**density) :] = 0.0
    return w


def _by_linear_program(d: int, eps: float) -> float:
    from scipy.optimize import linprog

    return -float(linprog(-_weights(d), bounds=(-eps, eps), method="highs").fun)


def _l2_sides(
    shape: str, d: int, eps: float, curvature: float = 0.0
) -> tuple[float, float]:
    """Return the change, and its bound by the l2 size of the perturbation.

    The score is <w, eta> + c |eta|^2/2, with the curvature c.
    """
    w = _weights(d) if shape == "spread" else np.full(d, 2.0)
    eta = sign_perturbation(w, eps)
    change = w @ eta + curvature * (eta @ eta) / 2
    return float(change), float(np.linalg.norm(eta) * np.linalg.norm(w))


def _problem(
    d: int, share: float
) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"], Float[NDArray, " d"], float]:
    """Return eight points with labels, of which a share is -1, and a classifier."""
    rng = spawn(0, "goodfellow2014", d, "logistic")
    X = rng.standard_normal((8, d))
    y = np.where(np.arange(8) < round(8 * share), -1.0, 1.0)
    return X, y, rng.standard_normal(d) / math.sqrt(d), 0.3


def _by_brute_force(d: int, share: float, eps: float, curvature: float = 0.0) -> float:
    """Return the mean of the worst losses over all vertices of the cube.

    The loss is convex, so that its largest value is at a vertex; of the curved score
    <w, x> + b - c |x|^2/2 where all labels are +1, the share 0.
    """
    X, y, w, b = _problem(d, share)
    vertices = eps * np.array(list(itertools.product((-1.0, 1.0), repeat=d)))
    moved = X[:, None] + vertices
    scores = moved @ w + b - curvature * (moved**2).sum(axis=2) / 2
    return float(np.logaddexp(0.0, -y[:, None] * scores).max(axis=1).mean())


def _tangents(d: int, curvature: float) -> tuple[NDArray, NDArray]:
    """Return the curved score at every point, and the l1 norm of its gradient."""
    X, _, w, b = _problem(d, 0.0)
    scores = X @ w + b - curvature * (X**2).sum(axis=1) / 2
    return scores, np.abs(w - curvature * X).sum(axis=1)


def _tangent_loss(d: int, eps: float, curvature: float) -> float:
    """Return the worst loss of the tangents, if all labels are +1."""
    scores, slopes = _tangents(d, curvature)
    return float(np.logaddexp(0.0, eps * slopes - scores).mean())


def _less_penalty(d: int, share: float, eps: float) -> float:
    """Return the worst loss less eps times the l1 norm of the weights."""
    worst = _by_brute_force(d, share, eps)
    return worst - float(largest_change(_problem(d, share)[2], eps))


def _less_slopes(d: int, eps: float, curvature: float) -> float:
    """Return the worst loss less eps times the mean l1 norm of the gradients."""
    worst = _by_brute_force(d, 0.0, eps, curvature)
    return worst - eps * float(_tangents(d, curvature)[1].mean())


def _less_penalty_ball(d: int, share: float, eps: Any, permille: int = 1000) -> Any:
    """Enclose it, the mean of log(e^-E + e^-m), E = eps |w|_1 and m the margins.

    The mean falls with eps.
    """
    norm = _norm_ball(d, share)
    margins = _margins_ball(d, share)

    def at(t: Any) -> Any:
        E = t * norm
        loss = sum((((-E).exp() + (-m).exp()).log() for m in margins), balls.as_ball(0))
        return loss / len(margins) + (1000 - permille) * E / 1000

    return balls.decreasing(at, eps) if permille == 1000 else at(eps)


def _saved_ball(d: int, share: float, eps: Any) -> Any:
    """Enclose (1 - e^-E)/E, which falls from 1 at E = 0.

    It is as little below 0 as log(1 + y) - log(e^-E + y), for every y > 0.
    """
    E = (eps * _norm_ball(d, share)).upper()
    return (-(-E).expm1() / E).union(1)


def _far_saved_ball(d: int, share: float, over_eps: Any) -> Any:
    """Enclose 1 - e^-E, which grows to 1."""
    return (-(-_norm_ball(d, share) / over_eps.upper()).expm1()).union(1)


def _norm_ball(d: int, share: float) -> Any:
    return sum(
        map(abs, map(balls.as_ball, _problem(d, share)[2].tolist())), balls.as_ball(0)
    )


def _loss_ball(d: int, share: float) -> Any:
    margins = _margins_ball(d, share)
    loss = sum(((1 + (-m).exp()).log() for m in margins), balls.as_ball(0))
    return loss / len(margins)


def _margins_ball(d: int, share: float) -> list[Any]:
    X, y, w, b = _problem(d, share)
    scores = [
        sum(map(operator.mul, map(balls.as_ball, row), w.tolist()), balls.as_ball(b))
        for row in X.tolist()
    ]
    return [label * score for label, score in zip(y.tolist(), scores, strict=True)]


_EPS = Reals(1e-3, 10.0, (0.01, 0.25, 1.0), scale="log", symbol=r"\varepsilon")
_DIMENSIONS = Integers(10, 10**6, (10**2, 10**3, 10**4, 10**5, 10**6), symbol="d")
_SMALL = Integers(1, 10, (1, 2, 5, 10), symbol="d")


_CURVATURE = Reals(0.0, 10.0, (0.0, 0.01, 0.1, 1.0), symbol="c")
_CURVED = "it has the curvature $c$ in every direction"


def _at_vertex(d: int, eps: float, curvature: float, density: float = 1.0) -> float:
    """Return <w, v> + c |v|^2/2 at its largest, at a vertex v of the signs of w."""
    w = _weights(d, density)
    v = np.copysign(eps, w)
    return float(w @ v + curvature * (v @ v) / 2)


def _saturated(p: float, saturation: float, d: int) -> float:
    """Return the largest change of the score tanh(s <w, x>)/s, which grows with <w, x>.

    For s = 0 it is <w, x>.
    """
    change = float(largest_change(_weights(d), 0.1, p=p))
    return math.tanh(saturation * change) / saturation if saturation else change


def _linear(
    evidence: Exact,
    domain: dict[str, Parameter],
    broken: str = _CURVED,
    strength: str = "curvature",
) -> Hypothesis:
    return Hypothesis(
        "the score is linear in the input", broken, evidence, domain, strength
    )


_CONCAVE = (
    r"it is $\langle w, x\rangle + b - c\|x\|^2/2$, and its gradient in place of $w$; "
    "all labels are $+1$"
)
_CONCAVE_DOMAIN: dict[str, Parameter] = {
    "d": _SMALL,
    "eps": _EPS,
    "curvature": _CURVATURE,
}

CLAIMS = (
    Claim(
        id="goodfellow2014.largest-change",
        theory="lipschitz",
        title="No perturbation of size eps changes <w, x> by more than eps |w|_1",
        source=SOURCE.at("section 3"),
        statement=r"""$\max_{\|\eta\|_\infty \le \varepsilon}|\langle w, \eta\rangle| =
\varepsilon\|w\|_1$; compared with a linear program.""",
        relation="lhs == rhs",
        domain={"d": Integers(1, 2000, (2, 20, 784), symbol="d"), "eps": _EPS},
        axis="d",
        evidence=Exact(
            _by_linear_program,
            lambda d, eps: largest_change(_weights(d), eps),
            rtol=1e-10,
        ),
        twin=Twin(
            r"one weight, the smallest, is left out of $\|w\|_1$",
            Exact(
                _by_linear_program,
                lambda d, eps: (
                    largest_change(_weights(d), eps) - eps * np.abs(_weights(d)).min()
                ),
                rtol=1e-10,
            ),
        ),
        hypotheses=(
            _linear(
                Exact(
                    _at_vertex,
                    lambda d, eps, curvature: largest_change(_weights(d), eps),
                    rtol=1e-10,
                ),
                {
                    "d": Integers(1, 2000, (2, 20, 784), symbol="d"),
                    "eps": _EPS,
                    "curvature": _CURVATURE,
                },
            ),
        ),
    ),
    Claim(
        id="goodfellow2014.linear-growth",
        theory="lipschitz",
        title="At a fixed l_inf size the change grows as fast as the weights are many",
        source=SOURCE.at("section 3"),
        statement=r"""With $d^s$ weights of one size that are not 0,
$\varepsilon\|w\|_1$ grows like $d^s$: linearly for dense weights, and not at all for a
fixed number of them.""",
        relation="rate",
        domain={
            "density": Choices((1.0, 0.5, 0.0), symbol="s"),
            "d": _DIMENSIONS,
        },
        axis="d",
        evidence=Exact(
            lambda density, d: largest_change(_weights(d, density), 0.1),
            lambda density, d: density,
            tolerance=0.05,
        ),
        twin=Twin(
            "the exponent is larger by 0.1",
            Exact(
                lambda density, d: largest_change(_weights(d, density), 0.1),
                lambda density, d: density + 0.1,
                tolerance=0.05,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the weights are of one size",
                r"they fall, $|w_j| = j^{-a}$",
                Exact(
                    lambda decay, d: largest_change(
                        np.arange(1.0, d + 1.0) ** -decay, 0.1
                    ),
                    lambda decay, d: 1.0,
                    tolerance=0.05,
                ),
                {
                    "decay": Reals(0.0, 2.0, (0.0, 0.1, 0.5, 1.0), symbol="a"),
                    "d": Integers(10, 10**6, (10**2, 10**3, 10**4, 10**5), symbol="d"),
                },
                "decay",
            ),
            _linear(
                Exact(
                    lambda density, curvature, d: _at_vertex(
                        d, 0.1, curvature, density
                    ),
                    lambda density, curvature, d: density,
                    tolerance=0.05,
                ),
                {
                    "density": Choices((1.0, 0.5, 0.0), symbol="s"),
                    "curvature": _CURVATURE,
                    "d": _DIMENSIONS,
                },
            ),
        ),
    ),
    Claim(
        id="goodfellow2014.growth-by-norm",
        theory="lipschitz",
        title="At a fixed l_p size the change grows like d^(1 - 1/p)",
        source=SOURCE.at("section 3"),
        statement=r"""For dense weights the largest change at a fixed $\ell_p$ size
grows like $d^{1 - 1/p}$: linearly for $p = \infty$ alone.""",
        relation="rate",
        domain={
            "p": Choices((1.0, 1.5, 2.0, math.inf)),
            "d": _DIMENSIONS,
        },
        axis="d",
        evidence=Exact(
            lambda p, d: largest_change(_weights(d), 0.1, p=p),
            lambda p, d: 1 - 1 / p,
            tolerance=0.02,
        ),
        twin=Twin(
            "the exponent is larger by 0.03",
            Exact(
                lambda p, d: largest_change(_weights(d), 0.1, p=p),
                lambda p, d: 1.03 - 1 / p,
                tolerance=0.02,
            ),
        ),
        hypotheses=(
            _linear(
                Exact(
                    _saturated,
                    lambda p, saturation, d: 1 - 1 / p,
                    tolerance=0.02,
                ),
                {
                    "p": Choices((1.5, 2.0, math.inf)),
                    "saturation": Reals(0.0, 1.0, (0.0, 1e-3, 0.01, 0.1), symbol="s"),
                    "d": _DIMENSIONS,
                },
                r"it is $\tanh(s\langle w, x\rangle)/s$, which saturates",
                "saturation",
            ),
        ),
    ),
    Claim(
        id="goodfellow2014.l2-size",
        theory="lipschitz",
        title="In l2 the sign perturbation is no worse than its length explains",
        source=SOURCE.at("section 3"),
        statement=r"""The sign perturbation $\eta$ changes the score by at most
$\|\eta\|_2\|w\|_2$, and by exactly that if all weights are of one size.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(("spread", "equal")),
            "d": Integers(1, 10**5, (1, 2, 784), symbol="d"),
            "eps": _EPS,
        },
        axis="d",
        evidence=Exact(
            lambda shape, d, eps: _l2_sides(shape, d, eps)[0],
            lambda shape, d, eps: _l2_sides(shape, d, eps)[1],
            unproved="equality for weights of one size, one of the shapes",
        ),
        twin=Twin(
            r"the change is at most $0.999\,\|\eta\|_2\|w\|_2$",
            Exact(
                lambda shape, d, eps: _l2_sides(shape, d, eps)[0],
                lambda shape, d, eps: 0.999 * _l2_sides(shape, d, eps)[1],
            ),
        ),
        hypotheses=(
            _linear(
                Exact(
                    lambda shape, d, eps, curvature: _l2_sides(
                        shape, d, eps, curvature
                    )[0],
                    lambda shape, d, eps, curvature: _l2_sides(shape, d, eps)[1],
                    rtol=1e-12,
                ),
                {
                    "shape": Choices(("spread", "equal")),
                    "d": Integers(1, 10**5, (1, 2, 784), symbol="d"),
                    "eps": _EPS,
                    "curvature": _CURVATURE,
                },
            ),
        ),
    ),
    Claim(
        id="goodfellow2014.adversarial-loss",
        theory="lipschitz",
        title="The adversarial logistic loss with the label before the whole bracket",
        source=SOURCE.at("section 5"),
        statement=r"""The worst logistic loss within
$\|\eta\|_\infty \le \varepsilon$ is
$\zeta(y(\varepsilon\|w\|_1 - \langle w, x\rangle - b))$,
$\zeta(z) = \ln(1 + e^z)$; compared with all vertices of the cube.""",
        relation="lhs == rhs",
        domain={
            "d": _SMALL,
            "share": Choices((0.0, 0.5, 1.0)),
            "eps": _EPS,
        },
        axis="eps",
        expected=Expected.VIOLATED,
        evidence=Exact(
            _by_brute_force,
            lambda d, share, eps: printed_loss(*_problem(d, share), eps),
        ),
        twin=Twin(
            r"""corrected: it is
$\zeta(\varepsilon\|w\|_1 - y(\langle w, x\rangle + b))$""",
            Exact(
                _by_brute_force,
                lambda d, share, eps: logistic_loss(*_problem(d, share), eps),
            ),
        ),
        note=r"""For $y = +1$ the two are the same. For $y = -1$ the printed one is the
loss after the perturbation that helps most. The print was compared with quotations.""",
        hypotheses=(
            _linear(
                Exact(
                    lambda d, eps, curvature: _by_brute_force(d, 0.0, eps, curvature),
                    _tangent_loss,
                ),
                _CONCAVE_DOMAIN,
                _CONCAVE,
            ),
        ),
    ),
    Claim(
        id="goodfellow2014.penalty-overestimates",
        theory="lipschitz",
        title="The l1 penalty overestimates the damage of perturbations",
        source=SOURCE.at("section 5"),
        statement=r"""The adversarial logistic loss is at most the loss plus
$\varepsilon\|w\|_1$. Shown is the first less the last.""",
        relation="lhs <= rhs",
        domain={
            "d": _SMALL,
            "share": Choices((0.0, 0.5, 1.0)),
            "eps": Reals(1e-3, 1e4, (0.01, 1.0, 1e4), scale="log"),
        },
        axis="eps",
        evidence=Enclosure(
            _less_penalty_ball,
            lambda d, share, eps: _loss_ball(d, share),
            formulas=(
                _less_penalty,
                lambda d, share, eps: logistic_loss(*_problem(d, share)),
            ),
            atol=1e-10,
            beyond=(
                Beyond(lambda d, share, eps: 0, _saved_ball, until={"eps": 1.0}),
                Beyond(
                    lambda d, share, over_eps: 0, _far_saved_ball, since={"eps": 1.0}
                ),
            ),
        ),
        twin=Twin(
            r"the penalty is $0.999\,\varepsilon\|w\|_1$",
            Enclosure(
                functools.partial(_less_penalty_ball, permille=999),
                lambda d, share, eps: _loss_ball(d, share),
                most_boxes=100,
            ),
        ),
        note=r"""For large $\varepsilon$ every point is on the wrong side, where
$\zeta(z) \approx z$ and the penalty is the damage.""",
        hypotheses=(
            _linear(
                Exact(
                    _less_slopes,
                    lambda d, eps, curvature: _tangent_loss(d, 0.0, curvature),
                    atol=1e-10,
                ),
                _CONCAVE_DOMAIN,
                _CONCAVE,
            ),
        ),
    ),
)
