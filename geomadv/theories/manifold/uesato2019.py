r"""One label is enough (Uesato et al. 2019).

The Gaussian model of `schmidt2018` once more: x ~ N(y theta, sigma^2 I), |theta|^2 = d,
sigma = a d^(1/4). Unsupervised adversarial training needs only labels that are mostly
right; here it is the self-training of `carmon2019` from a single labelled point. Along
the direction of that point the margin of a new one is kappa = 1/(a^2 sqrt(1 + s^-2))
standard deviations, s = sigma, so about a^-2, whatever d. So the share of right
pseudo-labels does not depend on d, and m of them are worth about

    m (1 - 2 Phi(-a^-2))^2 labels:

the number of unlabelled points for a robust error is a constant times that of labels.
It grows like eps^2 sqrt(d), and the number of labels is 1.

The common error of the pseudo-labels, 4 sigma^2 phi(kappa)^2 (1 - c^2)/d, is of order
1/sqrt(d): it limits m only where eps^2 sqrt(d) is small as well.

Source: Uesato, Alayrac, Huang, Stanforth, Fawzi, Kohli (2019), "Are labels required for
improving adversarial robustness?", arXiv:1905.13725. The theorem (one label and
m >= c eps^2 sqrt(d) unlabelled points for a robust error of 1 %) is cited from memory,
without its constant; the constants here are measured, from the limit formulas.
"""

import math
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import real, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Hypothesis,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.theories.manifold._gaussian_balls import self_trained_slope_ball
from geomadv.theories.manifold.carmon2019 import (
    label_worth,
    self_training_errors,
    self_training_limit,
    unlabelled_needed,
)
from geomadv.theories.manifold.schmidt2018 import samples_needed

SOURCE = Source(
    "J. Uesato, J.-B. Alayrac, P.-S. Huang, R. Stanforth, A. Fawzi, P. Kohli",
    "Are labels required for improving adversarial robustness?",
    2019,
    arxiv="1905.13725",
)


def worth_from_one_label(a: ArrayLike) -> Real:
    """Return how many labels a pseudo-label from one label is worth, as d grows.

    Parameters
    ----------
    a : float or array_like
        sigma/d^(1/4), above 0.

    Returns
    -------
    numpy.float64 or array
        (1 - 2 Phi(-1/a^2))^2.

    Raises
    ------
    ValueError, TypeError
        If a is not as described.

    Examples
    --------
    >>> worth_from_one_label([0.5, 1.0, 2.0]).round(4)
    array([0.9999, 0.4661, 0.039 ])
    """
    from scipy.special import erf

    scale = real_array("a", a, lower=0, open_lower=True)
    with np.errstate(over="ignore"):
        worth: Real = (erf(scale**-2.0 / math.sqrt(2)) ** 2)[()]
    return worth


def unlabelled_constant(d: float, a: float, eps: float, error: float = 0.01) -> float:
    """Return c for which one label and c eps^2 sqrt(d) unlabelled points are enough.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    a : float
        sigma/d^(1/4), above 0.
    eps : float
        l_inf size of the steps, above 0.
    error : float
        The robust error that is wanted, in (0, 1/2].

    Returns
    -------
    float
        Infinite if no number is enough.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(unlabelled_constant(d, 0.5, d**-0.25), 3) for d in (10**4, 10**8)]
    [1.0, 0.962]
    """
    size = real("d", d, lower=1)
    sigma = real("a", a, lower=0, open_lower=True) * size**0.25
    length = real("eps", eps, lower=0, open_lower=True)
    return unlabelled_needed(size, sigma, 1, length, error) / (
        length**2 * math.sqrt(size)
    )


# --- Claims --------------------------------------------------------------------------


def _needs(a: float, eps: float, d: float) -> float:
    return unlabelled_needed(d, a * d**0.25, 1, eps, 0.5)


def _helped(d: float, eps: float, c: float = 1.1) -> float:
    """Return the robust error of one label and c eps^2 sqrt(d) points without."""
    m = c * eps**2 * math.sqrt(d)
    return float(self_training_limit(d, d**0.25 / 2, 1, m, eps)[1])


def _hundredth() -> Any:
    from flint import arb

    return arb(1) / 100


def _helped_ball(d: Any, eps: Any, percent: int = 110) -> Any:
    """Enclose the same, where eps d^{1/4} >= 1.

    With v = sigma^2 = sqrt(d)/4 the steps eps sqrt(d)/sigma are 2 eps d^{1/4},
    kappa^2 = d/(v (1 + v)) = 16 v/(1 + v) and m/(eps sigma)^2 = 4 c.
    """
    root = d.sqrt()
    steps = 2 * (eps * root.sqrt()).max(1 + 0 * d)
    square, points = 16 / (1 + 4 / root), percent * _hundredth() * 4
    slope = self_trained_slope_ball(eps, 1 / (4 * root), square, points)
    return balls.normal_tail(steps * slope)


def _short_ball(d: Any, eps: Any) -> bool:
    """Tell whether eps d^{1/4} is below 1 for certain."""
    return bool(eps * d.sqrt().sqrt() < 1)


def _fails(
    n: int, rng: np.random.Generator, d: int, eps: float, c: float
) -> Float[NDArray, " n"]:
    m = math.ceil(c * eps**2 * math.sqrt(d))
    return self_training_errors(d, d**0.25 / 2, 1, m, eps, n, rng)[:, 1]


def _at_noise(d: float, eps: float, a: float) -> float:
    """Return the robust error with 1.1 eps^2 sqrt(d) points at a d^{1/4}."""
    m = 1.1 * eps**2 * math.sqrt(d)
    return float(self_training_limit(d, a * d**0.25, 1, m, eps)[1])


def _mostly_right(d: float, eps: float, c: float, wrong: float) -> float:
    """Return a bound of the mean robust error if the label is wrong now and then.

    Then the classifier is the negative, which errs where the other one is right.
    """
    m = c * eps**2 * math.sqrt(d)
    standard, robust = self_training_limit(d, d**0.25 / 2, 1, m, eps)
    return float((1 - wrong) * robust + wrong * (1 - standard))


_MODEL = (
    r"$x \mid y \sim N(y\theta, \sigma^2 I)$, $\|\theta\|^2 = d$, and the one label is "
    "right"
)
_NOW_AND_THEN = "the label is wrong with probability $s$"
_LONGER = r"$\|\theta\|^2 = d^{1 + s}$"
_WRONG = Reals(0.0, 1.0, (0.0, 0.01, 0.1, 1.0), symbol="s")
_TWICE = Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol="c")
_SAMPLED = (
    Hypothesis(
        _MODEL,
        _NOW_AND_THEN,
        Exact(
            lambda eps, wrong: _mostly_right(4096, eps, 4.0, wrong),
            lambda eps, wrong: 0.05,
        ),
        {"eps": Choices((0.25, 0.5), symbol=r"\varepsilon"), "wrong": _WRONG},
        "wrong",
    ),
)
_RATE = (
    Hypothesis(
        _MODEL,
        _LONGER,
        Exact(
            lambda a, eps, longer, d: unlabelled_needed(
                d, a * d ** (0.25 - longer / 2), 1, eps * d ** (-longer / 2), 0.5
            ),
            lambda a, eps, longer, d: 0.5,
        ),
        {
            "a": Choices((0.5, 1.0)),
            "eps": Choices((0.1, 0.5), symbol=r"\varepsilon"),
            "longer": Reals(0.0, 0.2, (0.0, 0.05, 0.2), symbol="s"),
            "d": Reals(1e4, 1e15, (1e6, 1e8, 1e10, 1e12), scale="log"),
        },
        "longer",
    ),
)
_WORTH = (
    Hypothesis(
        _MODEL,
        r"$\|\theta\|^2 = c^2 d$",
        Exact(
            lambda a, longer, d: label_worth(d, a / longer * d**0.25, 1, 100) / 100,
            lambda a, longer, d: worth_from_one_label(a),
            tolerance=1e-3,
        ),
        {
            "a": Choices((0.75, 1.5)),
            "longer": _TWICE,
            "d": Reals(1e4, 1e18, (1e8, 1e11, 1e14), scale="log"),
        },
        "longer",
        unbroken=1.0,
    ),
)
_OR_NOT = (
    Hypothesis(
        _MODEL,
        r"$\|\theta\|^2 = c^2 d$",
        Exact(
            lambda longer, d: (
                unlabelled_needed(d, d**0.25 / longer, 1, 0.1 / longer, 0.01)
                / samples_needed(d, d**0.25 / longer, 0.1 / longer, 0.01)
            ),
            lambda longer, d: 1 / worth_from_one_label(1.0),
            tolerance=1e-3,
        ),
        {
            "longer": _TWICE,
            "d": Reals(1e8, 1e18, (1e10, 1e13, 1e16), scale="log"),
        },
        "longer",
        unbroken=1.0,
    ),
)
_ONE_LABEL = (
    Hypothesis(
        _MODEL,
        _NOW_AND_THEN,
        Exact(
            lambda d, eps, wrong: _mostly_right(d, eps, 1.1, wrong),
            lambda d, eps, wrong: 0.01,
        ),
        {
            "d": Choices((1e4, 1e9)),
            "eps": Choices((0.1, 0.4), symbol=r"\varepsilon"),
            "wrong": _WRONG,
        },
        "wrong",
    ),
    Hypothesis(
        r"$\sigma = d^{1/4}/2$",
        r"$\sigma = a\,d^{1/4}$: the one label says too little",
        Exact(_at_noise, lambda d, eps, a: 0.01),
        {
            "d": Choices((1e4, 1e6, 1e9)),
            "eps": Choices((0.1, 0.4), symbol=r"\varepsilon"),
            "a": Reals(0.5, 4.0, (0.5, 0.55, 1.0, 4.0), symbol="a"),
        },
        "a",
        unbroken=0.5,
    ),
    Hypothesis(
        r"$\varepsilon \ge d^{-1/4}$",
        r"$\varepsilon = d^{-1/4}/c$: less than about one point without a label",
        Exact(
            lambda d, times: _helped(d, d**-0.25 / times),
            lambda d, times: 0.01,
        ),
        {
            "d": Choices((1e4, 1e6, 1e9)),
            "times": Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol="c"),
        },
        "times",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="uesato2019.one-label",
        theory="manifold",
        title="One label and c eps^2 sqrt(d) points without are enough",
        source=SOURCE.at("the theorem on the Gaussian model"),
        statement=r"""At $\sigma = d^{1/4}/2$ and $d^{-1/4} \le \varepsilon \le 0.4$ one
labelled and $1.1\,\varepsilon^2\sqrt d$ unlabelled points give a robust error of at
most 0.01 (in the limit formula).""",
        relation="lhs <= rhs",
        domain={
            "d": Reals(1e4, 1e15, (1e4, 1e6, 1e9, 1e15), scale="log"),
            "eps": Reals(
                1e-3, 0.4, (1e-3, 0.01, 0.1, 0.4), scale="log", symbol=r"\varepsilon"
            ),
        },
        where=lambda d, eps: eps >= d**-0.25,
        axis="d",
        evidence=Enclosure(
            _helped_ball,
            lambda d, eps: _hundredth(),
            formulas=(_helped, lambda d, eps: 0.01),
            rtol=1e-10,
            outside=_short_ball,
        ),
        twin=Twin(
            r"$0.95\,\varepsilon^2\sqrt d$ unlabelled points",
            Enclosure(
                lambda d, eps: _helped_ball(d, eps, 95),
                lambda d, eps: _hundredth(),
                outside=_short_ball,
            ),
        ),
        note=r"""At $\sigma = d^{1/4}$ the constant is 23.1 at $d = 10^4$.""",
        hypotheses=_ONE_LABEL,
    ),
    Claim(
        id="uesato2019.one-label-sampled",
        theory="manifold",
        title="One label and 4 eps^2 sqrt(d) points without, sampled",
        source=SOURCE.at("the theorem on the Gaussian model"),
        statement=r"""At $\sigma = d^{1/4}/2$ one labelled and
$4\,\varepsilon^2\sqrt d$ unlabelled points give a mean robust error below 0.05.""",
        relation="lhs <= rhs",
        domain={"d": Choices((4096,)), "eps": Choices((0.25, 0.5))},
        axis="eps",
        evidence=Statistical(
            lambda n, rng, d, eps: _fails(n, rng, d, eps, 4.0),
            lambda d, eps: 0.05,
            first=128,
        ),
        twin=Twin(
            r"$\varepsilon^2\sqrt d/4$ unlabelled points",
            Statistical(
                lambda n, rng, d, eps: _fails(n, rng, d, eps, 0.25),
                lambda d, eps: 0.05,
                first=128,
            ),
        ),
        hypotheses=_SAMPLED,
    ),
    Claim(
        id="uesato2019.rate",
        theory="manifold",
        title="The number of unlabelled points grows like sqrt(d), from one label",
        source=SOURCE,
        statement=r"""At $\sigma = a\,d^{1/4}$, from one label, the number of unlabelled
points from which on the robust error is below $1/2$ grows like $d^{1/2}$ (in the limit
formula).""",
        relation="rate",
        domain={
            "a": Choices((0.25, 0.5, 1.0)),
            "eps": Reals(0.01, 0.9, (0.1, 0.5), symbol=r"\varepsilon"),
            "d": Reals(1e4, 1e15, (1e6, 1e8, 1e10, 1e12), scale="log"),
        },
        axis="d",
        evidence=Exact(_needs, lambda a, eps, d: 0.5),
        twin=Twin(r"like $d^{0.52}$", Exact(_needs, lambda a, eps, d: 0.52)),
        hypotheses=_RATE,
    ),
    Claim(
        id="uesato2019.label-worth",
        theory="manifold",
        title="What a pseudo-label from one label is worth does not depend on d",
        source=SOURCE,
        statement=r"""At $\sigma = a\,d^{1/4}$ a pseudo-label from one label is worth
$(1 - 2\Phi(-a^{-2}))^2$ labels as $d \to \infty$.""",
        relation="limit",
        domain={
            "a": Choices((0.75, 1.0, 1.5)),
            "d": Reals(1e4, 1e18, (1e8, 1e11, 1e14), scale="log"),
        },
        axis="d",
        evidence=Exact(
            lambda a, d: label_worth(d, a * d**0.25, 1, 100) / 100,
            lambda a, d: worth_from_one_label(a),
            tolerance=1e-3,
        ),
        twin=Twin(
            r"$(1 - 2\Phi(-a^{-1}))^2$",
            Exact(
                lambda a, d: label_worth(d, a * d**0.25, 1, 100) / 100,
                lambda a, d: worth_from_one_label(math.sqrt(a)),
                tolerance=1e-3,
            ),
            where=lambda a, d: a != 1,
        ),
        hypotheses=_WORTH,
    ),
    Claim(
        id="uesato2019.labels-or-not",
        theory="manifold",
        title="Unlabelled points are as good as labelled ones, up to a factor",
        source=SOURCE,
        statement=r"""At $\sigma = d^{1/4}$ the robust error 0.01 takes, for large $d$,
$(1 - 2\Phi(-1))^{-2} = 2.146$ times as many unlabelled points as labels.""",
        relation="limit",
        domain={
            "eps": Choices((0.01, 0.1, 0.5), symbol=r"\varepsilon"),
            "d": Reals(1e8, 1e18, (1e10, 1e13, 1e16), scale="log"),
        },
        axis="d",
        evidence=Exact(
            lambda eps, d: (
                unlabelled_needed(d, d**0.25, 1, eps, 0.01)
                / samples_needed(d, d**0.25, eps, 0.01)
            ),
            lambda eps, d: 1 / worth_from_one_label(1.0),
            tolerance=1e-3,
        ),
        twin=Twin(
            "2.16 times as many",
            Exact(
                lambda eps, d: (
                    unlabelled_needed(d, d**0.25, 1, eps, 0.01)
                    / samples_needed(d, d**0.25, eps, 0.01)
                ),
                lambda eps, d: 2.16,
                tolerance=1e-3,
            ),
        ),
        hypotheses=_OR_NOT,
    ),
)
