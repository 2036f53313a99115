r"""Robustness at odds with accuracy (Tsipras, Santurkar, Engstrom, Turner, Madry 2019).

The law is `geomadv.data.RobustWeakFeatures`: x_1 agrees with the label y with
probability a (the paper's p), and k weak features are N(eta y, 1) each. It derives the
accuracy of all rules "x_1 decides unless the weak features are against it by more than
t standard deviations",

    A(t, rho) = a Phi((1 - rho) c + t) + (1 - a) Phi((1 - rho) c - t),

c = eta sqrt(k), after l_infinity steps of size rho eta < 1. The mean of the weak
features is t = 0, the Bayes rule t = log(a/(1 - a))/(2c), and sign(x_1) t = infinity.

**The bound** (Theorem 2.1). Steps of -2 eta y give the weak features of one class the
law that those of the other had. For any classifier let q(g, s) be the probability that
it says +1 where x_1 = s and the weak features have the law of the class g. Twice its
error, and twice its accuracy after the steps, are

    a (1 - q(+,+)) + (1 - a) (1 - q(+,-)) + a q(-,-) + (1 - a) q(-,+),
    (1 - a) (1 - q(+,+)) + a (1 - q(+,-)) + (1 - a) q(-,-) + a q(-,+).

Each term below is at most a/(1 - a) times the one above it, since a >= 1/2. Hence with
a standard error delta, for eps >= 2 eta,

    accuracy after the steps <= a/(1 - a) delta.

It is sharp as c grows: at t = c the ratio of the two sides tends to 1. What is best at
each c is `best_robust_accuracy`.

**Training** (Theorem 2.2). The mean hinge loss max(0, 1 - y <w, x>) over |w|_2 = 1
depends on w_1 = sin(angle) and on the rest v, |v| = cos(angle), through
N(eta sum(v) - eps |v|_1, |v|^2); for given |v| the best v has equal entries if
eps <= eta, and one entry if eps > eta. What is left is minimised over the angle, with
E max(0, 1 - N(m, s^2)) = (1 - m) Phi((1 - m)/s) + s phi((1 - m)/s).

**What of the law enters.** The bound needs that the classes differ by a shift of the
weak features alone, whatever their noise; one with a wider noise in one class breaks
it. If any two weak features have the correlation r, u has the variance
s^2 = 1 + (k - 1) r, and c/s stands in place of c. Of r > 0 the law is one of
independent features with noise added, and so no rule has a better trade-off; of r < 0
some have. For eps >= 2 eta and m = 2 a - 1 the worst hinge loss is at least
1 + |w_1| (eps - m) + |v|_1 (eps - eta), which w_1 = 1 attains and makes least if
m >= eta, for any law of weak features of these means.

Source: arXiv:1805.12152. The theorems are quoted from memory of the paper, and their
numbers are unverified; the statements are checked here, and the law, the formulas, the
sharpness and the optima are derived.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, real, real_array
from geomadv.claims import (
    Beyond,
    Choices,
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
    balls,
)
from geomadv.data import RobustWeakFeatures
from geomadv.data._tsipras import bayes_switch, best_after_turning, family_accuracy

SOURCE = Source(
    "D. Tsipras, S. Santurkar, L. Engstrom, A. Turner, A. Madry",
    "Robustness may be at odds with accuracy",
    2019,
    arxiv="1805.12152",
)

_ANGLES = 1001


def rule_accuracy(
    agreement: ArrayLike, c: ArrayLike, t: ArrayLike, ratio: ArrayLike = 0.0
) -> Real:
    """Return A(t, rho), the accuracy of "x_1 unless the weak features are against it".

    Parameters
    ----------
    agreement : array_like
        P(x_1 = y), in [1/2, 1].
    c : array_like
        eta sqrt(k), the signal of all weak features together, at least 0.
    t : array_like
        By how many standard deviations of their sum the weak features have to be
        against x_1, at least 0; it may be infinite.
    ratio : array_like
        eps/eta for l_infinity steps of size eps < 1, at least 0; 0 for none.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    Relative error below 1e-13 against 50-digit arithmetic, for c and t up to 8 and
    ratios up to 3.

    Examples
    --------
    From the mean of the weak features to x_1 alone, without steps and with 2 eta:

    >>> rule_accuracy(0.95, 2.0, [0.0, 2.0, np.inf]).round(4)
    array([0.9772, 0.975 , 0.95  ])
    >>> rule_accuracy(0.95, 2.0, [0.0, 2.0, np.inf], ratio=2.0).round(4)
    array([0.0228, 0.475 , 0.95  ])
    """
    a, signal, switch, rho = broadcast(
        agreement=_agreement(agreement),
        c=real_array("c", c, lower=0.0),
        t=real_array("t", t, lower=0.0, infinite=True),
        ratio=real_array("ratio", ratio, lower=0.0),
    )
    most = np.finfo(float).max
    with np.errstate(over="ignore"):
        left = np.clip((1.0 - rho) * signal, -most, most)  # t may be infinite
        return family_accuracy(a, left, switch)[()]


def average_accuracy(c: ArrayLike, ratio: ArrayLike = 0.0) -> Real:
    """Return the accuracy of the sign of the weak features' mean, Phi((1 - rho) c).

    Parameters
    ----------
    c, ratio : array_like
        As for `rule_accuracy`.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> average_accuracy(3.0, [0.0, 2.0]).round(10)
    array([0.9986501, 0.0013499])
    """
    return rule_accuracy(0.5, c, 0.0, ratio)


def bayes_accuracy(agreement: ArrayLike, c: ArrayLike, ratio: ArrayLike = 0.0) -> Real:
    """Return the accuracy of the Bayes rule, which sees sign(x_1).

    Parameters
    ----------
    agreement, c, ratio : array_like
        As for `rule_accuracy`.

    Returns
    -------
    numpy.float64 or array
        With ratio = 0 the largest accuracy of any classifier.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> bayes_accuracy(0.95, 3.0, [0.0, 2.0]).round(10)
    array([0.99946874, 0.0057588 ])
    """
    a, signal = broadcast(
        agreement=_agreement(agreement), c=real_array("c", c, lower=0.0)
    )
    return rule_accuracy(a, signal, bayes_switch(a, signal), ratio)


def robust_accuracy_bound(delta: ArrayLike, agreement: ArrayLike) -> Real:
    """Return a/(1 - a) delta, which bounds every classifier's accuracy at eps = 2 eta.

    Parameters
    ----------
    delta : array_like
        Its standard error, in [0, 1].
    agreement : array_like
        P(x_1 = y), in [1/2, 1].

    Returns
    -------
    numpy.float64 or array
        At most 1, which it also is for an agreement of 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    >>> robust_accuracy_bound(0.01, [0.9, 0.95, 0.975]).round(10)
    array([0.09, 0.19, 0.39])
    """
    size, a = broadcast(
        delta=real_array("delta", delta, lower=0.0, upper=1.0),
        agreement=_agreement(agreement),
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = np.minimum(a / (1.0 - a) * size, 1.0)
    return np.where(a < 1.0, bound, 1.0)[()]


def best_robust_accuracy(delta: ArrayLike, agreement: ArrayLike, c: ArrayLike) -> Real:
    """Return the largest accuracy at eps = 2 eta with a standard error of delta.

    Parameters
    ----------
    delta : array_like
        Standard error that is allowed, at least that of the Bayes rule.
    agreement, c : array_like
        As for `rule_accuracy`.

    Returns
    -------
    numpy.float64 or array
        The optimum of all classifiers (for 2 eta < 1).

    Raises
    ------
    ValueError, TypeError
        If no classifier has so small an error, among other bad input.

    Notes
    -----
    By bisection for t, to the last bits of t. The optimum falls steeply near the error
    of the Bayes rule, where delta itself has to be exact.

    Examples
    --------
    >>> best_robust_accuracy([0.01, 0.03, 0.05], 0.95, 2.0).round(6)
    array([0.171856, 0.56981 , 0.95    ])
    """
    size, a, signal = broadcast(
        delta=real_array("delta", delta, lower=0.0, upper=1.0),
        agreement=_agreement(agreement),
        c=real_array("c", c, lower=0.0),
    )
    with np.errstate(over="ignore"):
        return best_after_turning(size, a, signal)[()]


def soft_margin_svm(law: RobustWeakFeatures, eps: float = 0.0) -> Float[NDArray, " d"]:
    """Return the unit w of least mean (or mean worst) hinge loss on the whole law.

    Parameters
    ----------
    law : RobustWeakFeatures
    eps : float
        Size of the l_infinity steps of the adversary in training, at least 0.

    Returns
    -------
    (d,) array
        w, of Euclidean length 1. The classifier is the sign of <w, x>.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Notes
    -----
    The loss is minimised over one angle, on a grid of 1001 and then between neighbours
    (Brent's method), to about 1e-8 of the angle. For eps > eta it is at w_1 = 1, unless
    the agreement is near 1/2: then one weak feature is left, whichever.

    Examples
    --------
    >>> law = RobustWeakFeatures(100, 0.4, agreement=0.95)
    >>> standard, robust = soft_margin_svm(law), soft_margin_svm(law, 0.8)
    >>> round(float(law.robust_accuracy((standard, 0.0), 0.8)), 6)
    4.1e-05
    >>> round(float(law.robust_accuracy((robust, 0.0), 0.8)), 6)
    0.95
    """
    if not isinstance(law, RobustWeakFeatures):
        raise TypeError(f"law must be RobustWeakFeatures, got {type(law).__name__}")
    size = real("eps", eps, lower=0.0)
    spread = size <= law.eta
    gain = (law.eta - size) * (math.sqrt(law.weak) if spread else 1.0)
    w = np.zeros(law.d)
    w[0], rest = _least_hinge(law.agreement, gain, size)
    if spread:
        w[1:] = rest / math.sqrt(law.weak)
    else:
        w[1] = rest
    return w


def _least_hinge(
    agreement: float, gain: float, size: float, deviation: float = 1.0
) -> tuple[float, float]:
    """Return the w_1 and |v| of unit length that have the least worst hinge loss.

    The score of v is N(|v| gain, (|v| deviation)^2) after steps of this size.
    """

    def loss(angle: Real) -> NDArray:
        first, rest = np.sin(angle), np.cos(angle)
        right, wrong = _margins(first, rest, gain, size)
        return np.asarray(
            agreement * _hinge(right, rest * deviation)
            + (1.0 - agreement) * _hinge(wrong, rest * deviation)
        )

    angles = np.linspace(0.0, math.pi / 2.0, _ANGLES)
    at = int(loss(angles).argmin())
    best = float(angles[at])
    if 0 < at < _ANGLES - 1:
        best = float(
            optimize.minimize_scalar(
                loss,
                bounds=(angles[at - 1], angles[at + 1]),
                method="bounded",
                options={"xatol": 1e-12},
            ).x
        )
    return math.sin(best), math.cos(best) if at < _ANGLES - 1 else 0.0


def _margins(first: Real, rest: Real, gain: float, size: float) -> tuple[Real, Real]:
    """Return the mean of y <w, x> after the worst steps for x_1 = y and x_1 = -y."""
    less = rest * gain - size * np.abs(first)
    return first + less, less - first


def _hinge(m: Real, s: Real) -> NDArray:
    """Return E max(0, 1 - N(m, s^2))."""
    s = np.maximum(s, 1e-300)
    with np.errstate(over="ignore"):
        z = (1.0 - m) / s
    square = np.minimum(np.abs(z), 37.0) ** 2  # beyond, s times the density is nothing
    density = np.exp(-square / 2.0) / math.sqrt(2.0 * math.pi)
    return np.asarray((1.0 - m) * special.ndtr(z) + s * density)


def _agreement(value: ArrayLike) -> NDArray:
    return real_array("agreement", value, lower=0.5, upper=1.0)


# --- Claims --------------------------------------------------------------------------


def _law(strength: float, weak: int, agreement: float) -> RobustWeakFeatures:
    return RobustWeakFeatures(weak, strength / math.sqrt(weak), agreement)


def _deviation(weak: int, r: float) -> float:
    """Return the standard deviation of u for weak features of correlation r."""
    return math.sqrt(1.0 + (weak - 1) * r)


def _attacked(
    n: int,
    rng: np.random.Generator,
    agreement: float,
    c: float,
    ratio: float,
    r: float = 0.0,
) -> Bool[NDArray, " n"]:
    """Draw points with 25 weak features, lower these, and see if Bayes' rule holds.

    It is the rule of independent features. Noise z of correlation r is, for z
    without and its mean m, sqrt(1 - r) (z - m) + sqrt(1 + 24 r) m.
    """
    law = _law(c, 25, agreement)
    X, y = law.sample(n, rng)
    if r:
        signal = (law.eta * y)[:, None]
        noise = X[:, 1:] - signal
        mean = noise.mean(axis=1, keepdims=True)
        X[:, 1:] = signal + math.sqrt(1.0 - r) * (noise - mean)
        X[:, 1:] += _deviation(25, r) * mean
    X[:, 1:] -= (ratio * law.eta * y)[:, None]
    return law.bayes_predict(X) == y


def _drawn_rule(
    agreement: float, c: float, t: float, noise: float, seed: int, wider: float = 1.0
) -> tuple[float, float]:
    """Return the error of a drawn rule, and its accuracy after steps of 2 eta.

    By x_1 the label is +1 on the union of an interval and a half-line of u, the sum of
    the weak features over sqrt(k). Without noise this is u > -t x_1. Where y = -1, u
    has the standard deviation `wider`.
    """
    rng = spawn(0, "tsipras2019", seed)
    error = right = 0.0
    for x in (1.0, -1.0):
        start, gap, hole = rng.standard_normal(3)
        low = -x * t + noise * start
        high = low + 3.0 * abs(gap)
        rest = high + noise * abs(hole)

        def positive(
            g: float, scale: float, ends: tuple[float, ...] = (low, high, rest)
        ) -> float:
            """Return the probability of the label +1 where u ~ N(g c, scale^2)."""
            first, second, third = (
                float(special.ndtr((g * c - end) / scale)) for end in ends
            )
            return first - second + third

        for y, scale in ((1.0, 1.0), (-1.0, wider)):
            share = 0.5 * (agreement if x == y else 1.0 - agreement)
            before, after = positive(y, scale), positive(-y, scale)
            error += share * (1.0 - before if y > 0 else before)
            right += share * (after if y > 0 else 1.0 - after)
    return error, right


def _least_possible(
    agreement: float, c: float, t: float, noise: float, seed: int
) -> float:
    return _best_for(_drawn_rule(agreement, c, t, noise, seed)[0], agreement, c)


def _best_for(error: float, agreement: float, c: float) -> float:
    """Return the best robust accuracy, for a smaller error than any at Bayes' rule."""
    least = 1.0 - float(bayes_accuracy(agreement, c))
    return float(best_robust_accuracy(max(error, least), agreement, c))


def _drawn_correlated(
    agreement: float, c: float, t: float, noise: float, seed: int, weak: int, r: float
) -> tuple[float, float]:
    """Return error and accuracy of a rule of u over its standard deviation."""
    return _drawn_rule(agreement, c / _deviation(weak, r), t, noise, seed)


def _sharpness(agreement: float, c: float, r: float) -> float:
    """Return the accuracy over the error at t = c for 25 c^2 features, eta = 1/5."""
    less = c / _deviation(25 * int(c) ** 2, r)
    after = rule_accuracy(agreement, less, less, 2.0)
    return float(after / (1.0 - rule_accuracy(agreement, less, less)))


def _correlated_optimum(
    strength: float, weak: int, agreement: float, eps: float, r: float
) -> float:
    """Return the accuracy of Bayes' rule of means eta - eps and correlated features.

    The likelihood ratio of equicorrelated normal features depends on u alone.
    """
    left = max(strength - eps * math.sqrt(weak), 0.0) / _deviation(weak, r)
    return float(bayes_accuracy(agreement, left))


def _other_linear(
    strength: float, weak: int, agreement: float, eps: float, noise: float
) -> float:
    """Return the robust accuracy of a linear classifier near the optimal one."""
    law = _law(strength, weak, agreement)
    best = law.optimal_robust_classifier(eps).coef_[0]
    rng = spawn(0, "tsipras2019", weak, noise)
    w = best + noise * rng.standard_normal(law.d) * float(np.linalg.norm(best))
    b = noise * float(rng.standard_normal())
    return float(law.robust_accuracy((w, b), eps, through_sign=True))


def _svm_accuracy(
    strength: float, weak: int, agreement: float, ratio: float, train: float = 0.0
) -> float:
    """Return the accuracy after steps of ratio eta of the SVM trained with `train`."""
    law = _law(strength, weak, agreement)
    w = soft_margin_svm(law, train)
    return float(law.robust_accuracy((w, 0.0), ratio * law.eta))


def _trained_accuracy(
    agreement: float,
    trained: tuple[float, float],
    gain: float,
    size: float,
    deviation: float = 1.0,
) -> float:
    """Return the accuracy after steps of a vector that `_least_hinge` finds."""
    first, rest = map(np.float64, trained)
    right, wrong = _margins(first, rest, gain, size)
    scale = max(rest * deviation, 1e-300)
    with np.errstate(over="ignore"):
        z = np.array([right, wrong]) / scale
    return float(np.array([agreement, 1.0 - agreement]) @ special.ndtr(z))


def _correlated_svm_accuracy(
    strength: float, weak: int, agreement: float, ratio: float, r: float
) -> float:
    """Return the accuracy of the SVM if the weak features have the correlation r.

    Its v has equal entries, as long as the least loss of all |w| <= 1 is at |w| = 1:
    of all v of one sum these are the shortest and vary least. That is so for
    `_SVM`, but not for large r at p = 1/2, where length may be of no use.
    """
    deviation, size = _deviation(weak, r), ratio * strength / math.sqrt(weak)
    trained = _least_hinge(agreement, strength, 0.0, deviation)
    gain = (1.0 - ratio) * strength
    return _trained_accuracy(agreement, trained, gain, size, deviation)


def _stronger_svm_accuracy(
    eta: float, agreement: float, eps: float, stronger: float
) -> float:
    """Return the accuracy of the SVM if one weak feature has a larger mean.

    For eps > eta no other one lowers the loss: |v| is the weight of that one.
    """
    gain = (1.0 + stronger) * eta - eps
    trained = _least_hinge(agreement, gain, eps)
    return _trained_accuracy(agreement, trained, gain, eps)


def _robust_svm_accuracy(eta: float, weak: int, agreement: float, eps: float) -> float:
    law = RobustWeakFeatures(weak, eta, agreement)
    return float(law.robust_accuracy((soft_margin_svm(law, eps), 0.0), eps))


_A = Reals(0.5, 0.999, (0.5, 0.7, 0.95, 0.975), symbol="p")
_C = Reals(0.0, 6.0, (0.5, 1.0, 2.0, 3.0), symbol=r"\eta\sqrt{d}")
_RULE: dict[str, Parameter] = {
    "agreement": _A,
    "c": _C,
    "t": Reals(0.0, 8.0, (0.5, 1.0, 2.0, 4.0), symbol="t"),
    "noise": Reals(0.0, 2.0, (0.0, 0.1, 1.0)),
    "seed": Integers(1, 10**6, (1, 2, 3)),
}
_STRONG = Reals(4.0, 8.0, (4.0, 5.0, 8.0), symbol=r"\eta\sqrt{d}")
_WEAK = Integers(300, 10**4, (300, 10**3, 10**4), symbol="d")
_IMPERFECT = Reals(0.5, 0.975, (0.5, 0.7, 0.95, 0.975), symbol="p")

_ALIKE = Reals(0.0, 1.0, (0.0, 0.001, 0.01, 0.1, 1.0), symbol="r")
_AGAINST = Reals(-0.11, 0.0, (0.0, -0.001, -0.01, -0.1), symbol="r")  # 10 features
_NEGATIVE = "any two of them have the correlation $r < 0$: their mean tells more"
_SVM: dict[str, Parameter] = {
    "strength": Reals(4.0, 8.0, (4.0, 5.0), symbol=r"\eta\sqrt d"),
    "weak": Choices((300,), symbol="d"),
    "agreement": Choices((0.7, 0.95), symbol="p"),
    "r": Reals(0.0, 0.1, (0.0, 0.001, 0.01, 0.1), symbol="r"),
}


def _independent(
    evidence: Exact | Statistical,
    domain: dict[str, Parameter],
    broken: str = "any two of them have the correlation $r$",
    where: Callable[..., bool] | None = None,
) -> Hypothesis:
    return Hypothesis(
        "the weak features are independent given the label",
        broken,
        evidence,
        domain,
        "r",
        where=where,
    )


CLAIMS = (
    Claim(
        id="tsipras2019.three-deviations",
        theory="features",
        title="The mean of the weak features is right in more than 99 % of cases",
        source=SOURCE.at("section 2.1"),
        statement=r"""For $\eta \ge 3/\sqrt d$ the sign of the mean of the $d$ weak
features has an accuracy of at least $0.99$.""",
        relation="lhs <= rhs",
        domain={"c": Reals(3.0, 10.0, (3.0, 4.0, 10.0), symbol=r"\eta\sqrt d")},
        axis="c",
        evidence=Enclosure(
            lambda c: 0.99,
            lambda c: balls.normal_cdf(c),
            formulas=(lambda c: 0.99, average_accuracy),
            beyond=(
                Beyond(
                    lambda over_c: 0.99,
                    lambda over_c: balls.normal_cdf(1 / over_c.upper()).union(1),
                    since={"c": 10},
                ),
            ),
        ),
        twin=Twin(
            r"for $\eta \ge 2.3/\sqrt d$",
            Enclosure(lambda c: 0.99, lambda c: balls.normal_cdf(c)),
            domain={"c": Reals(2.3, 10.0, (2.3, 3.0), symbol=r"\eta\sqrt d")},
        ),
        hypotheses=(
            _independent(
                Exact(
                    lambda c, weak, r: 0.99,
                    lambda c, weak, r: average_accuracy(c / _deviation(weak, r)),
                ),
                {
                    "c": Reals(3.0, 10.0, (3.0, 4.0), symbol=r"\eta\sqrt d"),
                    "weak": Integers(1, 1000, (10, 100), symbol="d"),
                    "r": _ALIKE,
                },
            ),
        ),
    ),
    Claim(
        id="tsipras2019.simulated",
        theory="features",
        title="Bayes' rule is as accurate under steps as the formula says",
        source=SOURCE,
        statement=r"""After steps of $-\rho\,\eta\,y$ of the weak features Bayes' rule
is right with probability $A(t, \rho)$, $t = \log(p/(1-p))/(2\eta\sqrt d)$.""",
        relation="lhs == rhs",
        domain={
            "agreement": Reals(0.5, 0.999, (0.7, 0.95), symbol="p"),
            "c": Reals(0.1, 3.0, (1.0, 2.0), symbol=r"\eta\sqrt d"),
            "ratio": Reals(0.0, 2.0, (0.0, 1.0), symbol=r"\rho"),
        },
        axis="ratio",
        evidence=Statistical(_attacked, bayes_accuracy, tolerance=0.05),
        twin=Twin(
            r"the steps are half as long",
            Statistical(
                _attacked,
                lambda agreement, c, ratio: bayes_accuracy(agreement, c, ratio / 2),
                tolerance=0.05,
            ),
            domain={
                "agreement": Choices((0.7,)),
                "c": Choices((2.0,)),
                "ratio": Choices((1.0, 2.0)),
            },
        ),
        hypotheses=(
            _independent(
                Statistical(
                    _attacked,
                    lambda agreement, c, ratio, r: bayes_accuracy(agreement, c, ratio),
                    tolerance=0.05,
                ),
                {
                    "agreement": Choices((0.7, 0.95), symbol="p"),
                    "c": Choices((1.0, 2.0), symbol=r"\eta\sqrt d"),
                    "ratio": Choices((0.0, 1.0), symbol=r"\rho"),
                    "r": _ALIKE,
                },
            ),
        ),
    ),
    Claim(
        id="tsipras2019.trade-off",
        theory="features",
        title="An error of delta leaves a robust accuracy of at most p/(1 - p) delta",
        source=SOURCE.at("Theorem 2.1"),
        statement=r"""Whatever a classifier, if its standard error is $\delta$ then its
accuracy against $\ell_\infty$ steps of size $2\eta$ is at most
$\frac{p}{1-p}\delta$.""",
        relation="lhs <= rhs",
        domain=_RULE,
        axis="t",
        evidence=Exact(
            lambda **point: _drawn_rule(**point)[1],
            lambda agreement, c, t, noise, seed: (
                agreement
                / (1.0 - agreement)
                * _drawn_rule(agreement, c, t, noise, seed)[0]
            ),
            atol=1e-14,
            unproved="one side is the error of a rule that is drawn at random",
        ),
        twin=Twin(
            r"it is at most $\frac{p}{1-p}\delta$ less a tenth of it",
            Exact(
                lambda **point: _drawn_rule(**point)[1],
                lambda agreement, c, t, noise, seed: (
                    0.9
                    * agreement
                    / (1.0 - agreement)
                    * _drawn_rule(agreement, c, t, noise, seed)[0]
                ),
                atol=1e-14,
            ),
        ),
        note="Rules that depend on the first feature and the mean of the others.",
        hypotheses=(
            Hypothesis(
                r"the steps reach $2\eta$, and so turn the classes into each other",
                r"steps of $\rho\,\eta$, $\rho < 2$, after which the rules are right "
                r"with probability $A(t, \rho)$",
                Exact(
                    rule_accuracy,
                    lambda agreement, c, t, ratio: (
                        (agreement / (1.0 - agreement))
                        * (1.0 - rule_accuracy(agreement, c, t))
                    ),
                    atol=1e-14,
                ),
                {
                    "agreement": _A,
                    "c": _C,
                    "t": Reals(0.0, 8.0, (0.5, 1.0, 2.0, 4.0), symbol="t"),
                    "ratio": Reals(
                        0.5, 2.0, (2.0, 1.99, 1.9, 1.5, 1.0), symbol=r"\rho"
                    ),
                },
                "ratio",
                unbroken=2.0,
            ),
            Hypothesis(
                "the noise of the weak features has one law, whatever $y$ is",
                "where $y = -1$ its standard deviation is larger by a share",
                Exact(
                    lambda wider, **point: _drawn_rule(**point, wider=1.0 + wider)[1],
                    lambda wider, **point: (
                        point["agreement"]
                        / (1.0 - point["agreement"])
                        * _drawn_rule(**point, wider=1.0 + wider)[0]
                    ),
                    atol=1e-14,
                ),
                {
                    "agreement": Choices((0.5, 0.7), symbol="p"),
                    "c": Choices((0.5, 2.0), symbol=r"\eta\sqrt{d}"),
                    "t": Choices((0.5, 1.0), symbol="t"),
                    "noise": Choices((0.0, 1.0)),
                    "seed": Choices((1, 2, 3)),
                    "wider": Reals(0.0, 3.0, (0.0, 0.01, 0.1, 1.0)),
                },
                "wider",
            ),
        ),
    ),
    Claim(
        id="tsipras2019.best-trade-off",
        theory="features",
        title="No rule is better after the steps than the best of equal error",
        source=SOURCE,
        statement=r"""Of all rules with a standard error of at most $\delta$ none has
more than the accuracy $A(t, 2)$ after steps of $2\eta$, where $1 - A(t, 0) =
\delta$.""",
        relation="lhs <= rhs",
        domain=_RULE,
        axis="t",
        evidence=Exact(
            lambda **point: _drawn_rule(**point)[1],
            _least_possible,
            rtol=1e-9,
            atol=1e-12,
            unproved="one side is the error of a rule that is drawn at random",
        ),
        where=lambda agreement, c, t, noise, seed: (
            _drawn_rule(agreement, c, t, noise, seed)[0] < 1.0 - agreement
        ),
        twin=Twin(
            "none has more than 0.999 times that accuracy",
            Exact(
                lambda **point: _drawn_rule(**point)[1],
                lambda **point: 0.999 * _least_possible(**point),
                rtol=1e-9,
                atol=1e-12,
            ),
        ),
        note=r"""Derived here. With a larger error than $1 - p$ a rule may be better
against these steps alone; against all it has at most the accuracy $p$.""",
        hypotheses=(
            _independent(
                Exact(
                    lambda **point: _drawn_correlated(**point)[1],
                    lambda agreement, c, t, noise, seed, weak, r: _best_for(
                        _drawn_correlated(agreement, c, t, noise, seed, weak, r)[0],
                        agreement,
                        c,
                    ),
                    rtol=1e-9,
                    atol=1e-12,
                ),
                {
                    "agreement": Choices((0.7, 0.95), symbol="p"),
                    "c": Choices((1.0, 2.0), symbol=r"\eta\sqrt{d}"),
                    "t": Choices((1.0, 2.0), symbol="t"),
                    "noise": Choices((0.0, 0.1)),
                    "seed": Choices((1,)),
                    "weak": Choices((10,), symbol="d"),
                    "r": _AGAINST,
                },
                _NEGATIVE,
                where=lambda agreement, c, t, noise, seed, weak, r: (
                    _drawn_correlated(agreement, c, t, noise, seed, weak, r)[0]
                    < 1.0 - agreement
                ),
            ),
        ),
    ),
    Claim(
        id="tsipras2019.sharp",
        theory="features",
        title="The bound is sharp for many weak features",
        source=SOURCE,
        statement=r"""The rule that follows $x_1$ unless the weak features are against
it by more than $t = \eta\sqrt d$ deviations has, as $\eta\sqrt d \to \infty$, an
accuracy of $\frac{p}{1-p}\delta$ after steps of $2\eta$, $\delta$ its error.""",
        relation="limit",
        domain={
            "agreement": Reals(0.5, 0.999, (0.6, 0.9, 0.975), symbol="p"),
            "c": Integers(1, 20, (1, 2, 4), symbol=r"\eta\sqrt d"),
        },
        axis="c",
        evidence=Exact(
            lambda agreement, c: (
                rule_accuracy(agreement, c, c, 2.0)
                / (1.0 - rule_accuracy(agreement, c, c))
            ),
            lambda agreement, c: agreement / (1.0 - agreement),
            tolerance=1e-6,
        ),
        twin=Twin(
            r"the limit is $1.001\,p/(1-p)$",
            Exact(
                lambda agreement, c: (
                    rule_accuracy(agreement, c, c, 2.0)
                    / (1.0 - rule_accuracy(agreement, c, c))
                ),
                lambda agreement, c: 1.001 * agreement / (1.0 - agreement),
                tolerance=1e-6,
            ),
        ),
        note="Derived here.",
        hypotheses=(
            _independent(
                Exact(
                    _sharpness,
                    lambda agreement, c, r: agreement / (1.0 - agreement),
                    tolerance=1e-6,
                ),
                {
                    "agreement": Choices((0.6, 0.9), symbol="p"),
                    "c": Integers(1, 20, (1, 2, 4), symbol=r"\eta\sqrt d"),
                    "r": _ALIKE,
                },
                "any two of them have the correlation $r$; $\\eta = 1/5$",
            ),
        ),
    ),
    Claim(
        id="tsipras2019.optimal-robust-accuracy",
        theory="features",
        title="No linear classifier is more robust than the optimum",
        source=SOURCE,
        statement=r"""Against $\ell_\infty$ steps of size $\varepsilon$ no classifier
is more accurate than the Bayes rule of means $\eta - \varepsilon$, for
$\eta \le \varepsilon < 1$ no more than $p$.""",
        relation="lhs <= rhs",
        domain={
            "strength": Reals(0.0, 5.0, (1.0, 3.0), symbol=r"\eta\sqrt d"),
            "weak": Integers(1, 200, (4, 100), symbol="d"),
            "agreement": _A,
            "eps": Reals(0.0, 1.5, (0.0, 0.1, 0.6, 1.2), symbol=r"\varepsilon"),
            "noise": Reals(0.0, 1.0, (0.0, 0.02, 0.5)),
        },
        axis="eps",
        evidence=Exact(
            _other_linear,
            lambda strength, weak, agreement, eps, noise: _law(
                strength, weak, agreement
            ).optimal_robust_accuracy(eps),
            unproved="one side is the error of a rule that is drawn at random",
        ),
        twin=Twin(
            "none is more accurate than 0.999 times that",
            Exact(
                _other_linear,
                lambda strength, weak, agreement, eps, noise: (
                    0.999 * _law(strength, weak, agreement).optimal_robust_accuracy(eps)
                ),
            ),
        ),
        note="Derived here.",
        hypotheses=(
            _independent(
                Exact(
                    _correlated_optimum,
                    lambda strength, weak, agreement, eps, r: _law(
                        strength, weak, agreement
                    ).optimal_robust_accuracy(eps),
                    rtol=1e-12,
                ),
                {
                    "strength": Reals(0.0, 5.0, (1.0, 3.0), symbol=r"\eta\sqrt d"),
                    "weak": Choices((10,), symbol="d"),
                    "agreement": _A,
                    "eps": Reals(0.0, 0.99, (0.0, 0.1), symbol=r"\varepsilon"),
                    "r": _AGAINST,
                },
                _NEGATIVE,
            ),
        ),
    ),
    Claim(
        id="tsipras2019.svm-is-accurate",
        theory="features",
        title="The soft-margin SVM is right in more than 99 % of cases",
        source=SOURCE.at("Theorem 2.2"),
        statement=r"""For $\eta \ge 4/\sqrt d$ and $p \le 0.975$ the unit vector of
least mean hinge loss has a standard accuracy of at least $0.99$.""",
        relation="lhs <= rhs",
        domain={"strength": _STRONG, "weak": _WEAK, "agreement": _IMPERFECT},
        axis="strength",
        evidence=Exact(
            lambda strength, weak, agreement: 0.99,
            lambda strength, weak, agreement: _svm_accuracy(
                strength, weak, agreement, 0.0
            ),
            unproved="the hinge loss is minimised by a program in floating point",
        ),
        twin=Twin(
            r"for $\eta \ge 2/\sqrt d$",
            Exact(
                lambda strength, weak, agreement: 0.99,
                lambda strength, weak, agreement: _svm_accuracy(
                    strength, weak, agreement, 0.0
                ),
            ),
            domain={
                "strength": Choices((2.0, 3.0)),
                "weak": _WEAK,
                "agreement": _IMPERFECT,
            },
        ),
        hypotheses=(
            _independent(
                Exact(
                    lambda strength, weak, agreement, r: 0.99,
                    lambda strength, weak, agreement, r: _correlated_svm_accuracy(
                        strength, weak, agreement, 0.0, r
                    ),
                ),
                _SVM,
            ),
        ),
    ),
    Claim(
        id="tsipras2019.svm-is-not-robust",
        theory="features",
        title="The soft-margin SVM is wrong almost surely after steps of 2 eta",
        source=SOURCE.at("Theorem 2.2"),
        statement=r"""For $\eta \ge 4/\sqrt d$ and $p \le 0.975$ the unit vector of
least mean hinge loss has an accuracy of at most $0.01$ against $\ell_\infty$ steps of
size $2\eta$.""",
        relation="lhs <= rhs",
        domain={"strength": _STRONG, "weak": _WEAK, "agreement": _IMPERFECT},
        axis="strength",
        evidence=Exact(
            lambda strength, weak, agreement: _svm_accuracy(
                strength, weak, agreement, 2.0
            ),
            lambda strength, weak, agreement: 0.01,
            unproved="the hinge loss is minimised by a program in floating point",
        ),
        twin=Twin(
            r"against steps of size $1.4\,\eta$",
            Exact(
                lambda strength, weak, agreement: _svm_accuracy(
                    strength, weak, agreement, 1.4
                ),
                lambda strength, weak, agreement: 0.01,
            ),
        ),
        hypotheses=(
            _independent(
                Exact(
                    lambda strength, weak, agreement, r: _correlated_svm_accuracy(
                        strength, weak, agreement, 2.0, r
                    ),
                    lambda strength, weak, agreement, r: 0.01,
                ),
                _SVM,
            ),
        ),
    ),
    Claim(
        id="tsipras2019.robust-svm",
        theory="features",
        title="Trained against the steps, the SVM uses the robust feature alone",
        source=SOURCE.at("Theorem 2.2"),
        statement=r"""For $p \ge (1 + \eta)/2$ and $2\eta \le \varepsilon < 1$ the
unit vector of least mean worst hinge loss has the accuracy $p$ against $\ell_\infty$
steps of size $\varepsilon$.""",
        relation="lhs == rhs",
        domain={
            "eta": Reals(0.01, 0.45, (0.02, 0.1, 0.4), symbol=r"\eta"),
            "weak": _WEAK,
            "agreement": Reals(0.5, 1.0, (0.6, 0.75, 0.95, 0.975), symbol="p"),
            "eps": Reals(0.02, 0.99, (0.2, 0.8, 0.95), symbol=r"\varepsilon"),
        },
        where=lambda eta, weak, agreement, eps: (
            agreement >= (1.0 + eta) / 2.0 and eps >= 2.0 * eta
        ),
        axis="eps",
        evidence=Exact(
            _robust_svm_accuracy,
            lambda eta, weak, agreement, eps: agreement,
        ),
        twin=Twin(
            r"for all $p \ge 1/2$",
            Exact(
                _robust_svm_accuracy,
                lambda eta, weak, agreement, eps: agreement,
            ),
            domain={
                "eta": Choices((0.4,)),
                "weak": _WEAK,
                "agreement": Choices((0.55, 0.95)),
                "eps": Choices((0.8,)),
            },
            where=lambda eta, weak, agreement, eps: True,
        ),
        note=r"""The condition on $p$ is derived here: near $p = 1/2$ a single weak
feature has less worst loss than $x_1$.""",
        hypotheses=(
            Hypothesis(
                r"every weak feature has the mean $\eta y$; no more of its law enters",
                r"one of them has the mean $(1 + s)\eta y$",
                Exact(
                    _stronger_svm_accuracy,
                    lambda eta, agreement, eps, stronger: agreement,
                ),
                {
                    "eta": Choices((0.1, 0.4), symbol=r"\eta"),
                    "agreement": Choices((0.75, 0.95), symbol="p"),
                    "eps": Choices((0.8, 0.95), symbol=r"\varepsilon"),
                    "stronger": Reals(0.0, 20.0, (0.0, 0.1, 1.0, 10.0), symbol="s"),
                },
                "stronger",
            ),
        ),
    ),
)
