r"""A universal law of robustness (Bubeck and Sellke 2021).

Let F = {f_w : w in R^p, |w - w'| <= W} with sup |f_w - f_w'| <= J |w - w'|, and n
independent points whose law is c-isoperimetric (a mixture of few such laws will do):
every f of Lipschitz constant L has

    P(|f(x) - E f(x)| >= t) <= 2 exp(-d t^2/(2 c L^2)).

The labels lie in [-1, 1] and have the noise sigma^2 = E Var(y | x). Then, with
probability 1 - delta, every f in F whose mean square error on the sample is below
sigma^2 - eps has

    Lip(f) >= eps/(2^9 sqrt(c)) sqrt(n d/(p log(60 W J/eps) + log(4/delta))),

of the order of sqrt(n d/p): smooth fits of n noisy points need about n d parameters.

N(0, I/d) and the uniform law on the unit sphere are isoperimetric with c = 1. For
linear f of slope L these are tails of a normal number and of a coordinate, at t/L. Over
e^{-d t^2/2} both fall with t: the normal one is a Mills ratio, and on the sphere, for
d t^2 >= 1, the cap int_t^1 (1 - s^2)^{(d-3)/2} ds is at most (1 - t^2)^{(d-1)/2}/
((d - 1) t), so that its logarithm falls by at least (d - 1) t/(1 - t^2) >= d t.
For all d: the Mills ratio is at most that at 0, which makes 1/2. One less the square of
a coordinate is Beta((d - 1)/2, 1/2), whose density over that of Beta((d - 1)/2, 1)
grows: the cap is at most (1 - t^2)^{(d-1)/2}/2, and its share at most e^{t^2/2}/2.

The bound of Lip(f) grows with eps, n and d and falls with p/n and W J.

**How much the constants leave.** Since log(60 W J/eps) >= log(60/eps) where W J >= 1,
for p >= n the bound is at most (eps/2^9) sqrt(d/log(60/eps)), which for eps <= 1/10
stays below 1 as long as d <= 1.67e8. But every f that separates two points of the unit
ball with labels -1 and +1 has Lip(f) >= 2/2 = 1. So with p >= n the bound says nothing
in fewer dimensions than that: what can be tested is the order sqrt(n d/p).

Source: Bubeck, Sellke (2021), "A universal law of robustness via isoperimetry",
arXiv:2105.12806, theorem 3; the constants are cited from memory.
"""

import functools
import math
from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, real_array
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
from geomadv.spaces import Sphere

SOURCE = Source(
    "S. Bubeck, M. Sellke",
    "A universal law of robustness via isoperimetry",
    2021,
    arxiv="2105.12806",
)


def law_of_robustness(n: ArrayLike, d: ArrayLike, p: ArrayLike) -> Real:
    """Return sqrt(n d/p), the order of the Lipschitz constants of fits of noise.

    Parameters
    ----------
    n, d, p : int or array_like of int
        Number of points, dimension and number of parameters, at least 1.

    Returns
    -------
    numpy.float64 or array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> law_of_robustness(100, 36, [100, 3600])
    array([6., 1.])
    """
    count, dims, size = broadcast(
        n=_integers("n", n), d=_integers("d", d), p=_integers("p", p)
    )
    order: Real = (np.sqrt(count) * np.sqrt(dims / size))[()]
    return order


def lipschitz_bound(
    n: ArrayLike,
    d: ArrayLike,
    p: ArrayLike,
    *,
    eps: ArrayLike,
    W: ArrayLike,
    J: ArrayLike,
    c: ArrayLike = 1.0,
    delta: ArrayLike = 0.05,
) -> Real:
    """Return the lower bound of the Lipschitz constant, with its constants.

    Parameters
    ----------
    n, d, p : int or array_like of int
        As for `law_of_robustness`.
    eps : float or array_like
        How far the error on the sample is below the noise, in (0, 1].
    W : float or array_like
        Diameter of the set of parameters, above 0.
    J : float or array_like
        Lipschitz constant of w -> f_w in the supremum norm, above 0.
    c : float or array_like
        Constant of isoperimetry, above 0.
    delta : float or array_like
        Probability of failure, in (0, 1).

    Returns
    -------
    numpy.float64 or array
        eps/(2^9 sqrt(c)) sqrt(n d/(p log(60 W J/eps) + log(4/delta))); 60 W J must be
        above eps.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> mnist = lipschitz_bound(60_000, 784, 100_000, eps=0.1, W=100, J=100)
    >>> round(float(mnist), 10)
    0.0010722588
    """
    gap = real_array("eps", eps, lower=0, upper=1, open_lower=True)
    width = real_array("W", W, lower=0, open_lower=True)
    slope = real_array("J", J, lower=0, open_lower=True)
    constant = real_array("c", c, lower=0, open_lower=True)
    failure = real_array(
        "delta", delta, lower=0, upper=1, open_lower=True, open_upper=True
    )
    order, size, gap, width, slope, constant, failure = broadcast(
        n=np.asarray(law_of_robustness(n, d, p)),
        p=_integers("p", p),
        eps=gap,
        W=width,
        J=slope,
        c=constant,
        delta=failure,
    )
    log = math.log(60) + np.log(width) + np.log(slope) - np.log(gap)
    if not (log > 0).all():
        raise ValueError(
            f"60 W J must be above eps, got log(60 W J/eps) = {float(log.min()):g}"
        )
    rest = np.log(4 / failure) / size
    bound: Real = (gap * order / (2**9 * np.sqrt(constant) * np.sqrt(log + rest)))[()]
    return bound


def _integers(name: str, value: ArrayLike) -> Float[NDArray, "..."]:
    whole = np.vectorize(lambda n: integer(name, n, minimum=1), otypes=[float])(value)
    return np.asarray(whole)


# --- Claims --------------------------------------------------------------------------


def _share_of_tail(law: str, d: int, t: float) -> float:
    """Return P(|f(x) - E f(x)| >= t) over 2 e^{-d t^2/2}, for a linear f of slope 1."""
    from scipy.special import log_ndtr

    if law == "sphere":
        one = float(Sphere(d).log_cap_measure(t))
    else:
        one = float(log_ndtr(-t * math.sqrt(d)))
    return math.exp(one + d * t * t / 2)


def _share_of_wider_tail(d: int, t: float, variance: float) -> float:
    """Return the same for x ~ N(0, S/d), S with a given variance along f."""
    from scipy.special import log_ndtr

    log_tail = float(log_ndtr(-t * math.sqrt(d / variance)))
    return math.exp(log_tail + d * t * t / 2)


def _share_of_tail_ball(law: str, d: int, t: Any, percent: int = 100) -> Any:
    """Enclose the same, with c = percent/100."""
    more = (d * t * t * (100 - percent) / (2 * percent)).exp() if percent < 100 else 1
    if law == "normal":
        x = t * balls.as_ball(d).sqrt()
        return more * balls.mills_ratio(x) / (2 * x.pi()).sqrt()

    def at(height: Any) -> Any:
        if height >= 1:
            return 0 * height
        return balls.cap_measure(d, height) * (d * height * height / 2).exp()

    falls = d * t.lower() ** 2 >= 1
    return more * (balls.decreasing(at, t) if falls else at(t))


def _capped_bound(n: int, d: int, excess: float, eps: float, WJ: float) -> float:
    return float(lipschitz_bound(n, d, math.ceil(excess * n), eps=eps, W=WJ, J=1.0))


def _capped_ball(n: Any, d: Any, excess: Any, eps: Any, WJ: Any) -> Any:
    """Enclose the bound for p = ceil(excess n), by its least and its largest value."""
    p = (balls.as_ball(n) * excess).ceil()
    least, most = balls.ends(excess)
    most += 1 / balls.as_ball(n).lower()
    if p.is_exact():
        least = most = p / n
    return _bound_ball(n, d, most, eps, WJ, 0).union(
        _bound_ball(n, d, least, eps, WJ, 1)
    )


def _bound_ball(n: Any, d: Any, per_n: Any, eps: Any, WJ: Any, end: int) -> Any:
    """Enclose the bound at its least (0) or largest (1) value; p is per_n n."""
    n, d, eps = (balls.ends(x)[end] for x in (n, d, eps))
    log = (60 * balls.ends(WJ)[1 - end] / eps).log()
    return eps / 512 * (d / (per_n * log + balls.as_ball(80).log() / n)).sqrt()


def _most_with_n_parameters_ball(d: Any, eps: Any) -> Any:
    """Enclose a bound of it from above, which grows with eps, for p >= n and W J >= 1.

    It is eps/512 sqrt(d/log(60/eps)).
    """
    most = eps.upper()
    return most / 512 * (d.upper() / (60 / most).log()).sqrt()


def _size_ball(size: str, constant: int = 512) -> Any:
    n, d, p, W = _SIZES[size]
    width = balls.as_ball(W)
    log = (width * width * 60 / 0.1).log()
    root = (balls.as_ball(n) * d / (p * log + balls.as_ball(80).log())).sqrt()
    return 0.1 * root / constant


def _at_size(size: str, share: float = 1.0) -> float:
    """Return the bound for a share of the parameters, at least one."""
    n, d, p, W = _SIZES[size]
    few = max(1, round(share * p))
    return float(lipschitz_bound(n, d, few, eps=0.1, W=W, J=W))


def _over_parameters(growth: float, p: int) -> Real:
    return lipschitz_bound(10**6, 10**4, p, eps=0.1, W=100, J=100.0 * p**growth)


_SIZES = {
    "MNIST": (60_000, 784, 10**5, 1e2),
    "ImageNet": (1_200_000, 3 * 224**2, 25 * 10**6, 1e3),
}

CLAIMS = (
    Claim(
        id="bubeck2021.isoperimetry",
        theory="lipschitz",
        title="The sphere and N(0, I/d) are isoperimetric with c = 1, for linear f",
        source=SOURCE.at("section 1"),
        statement=r"""$P(|f(x) - \mathbb{E}f| \ge t) \le 2e^{-dt^2/(2cL^2)}$ with
$c = 1$ for linear $f$ of Lipschitz constant $L$, on the unit sphere and for
$N(0, I_d/d)$. Shown is the left side over the right one.""",
        relation="lhs <= rhs",
        domain={
            "law": Choices(("sphere", "normal")),
            "d": Integers(2, 10**6, (2, 10, 784, 10**6), symbol="d"),
            "t": Reals(1e-4, 1.0, (1e-3, 0.1, 0.5, 0.9), scale="log", symbol="t/L"),
        },
        axis="t",
        evidence=Enclosure(
            _share_of_tail_ball,
            lambda law, d, t: 1,
            formulas=(_share_of_tail, lambda law, d, t: 1.0),
            rtol=1e-9,
            beyond=(
                Beyond(
                    lambda law, t: (t * t / 2).exp() / 2,
                    lambda law, t: 1,
                    until={"t": 1.0},
                    free=("d",),
                ),
            ),
        ),
        twin=Twin(
            r"$c = 0.98$",
            Enclosure(
                functools.partial(_share_of_tail_ball, percent=98),
                lambda law, d, t: 1,
                most_boxes=20,
            ),
        ),
        note=r"""Linear functions are the extremal ones about
the median, which here is the mean.""",
        hypotheses=(
            Hypothesis(
                r"the law is isoperimetric with $c = 1$",
                r"normal, with a larger variance along $f$",
                Exact(
                    _share_of_wider_tail,
                    lambda d, t, variance: 1.0,
                    rtol=1e-9,
                ),
                {
                    "d": Integers(2, 1000, (2, 10, 784), symbol="d"),
                    "t": Reals(1e-3, 1.0, (0.1, 0.5, 0.9), symbol="t/L"),
                    "variance": Reals(1.0, 4.0, (1.0, 1.01, 1.1, 2.0, 4.0)),
                },
                "variance",
                unbroken=1.0,
            ),
        ),
    ),
    Claim(
        id="bubeck2021.needs-its-dimension",
        theory="lipschitz",
        title="With p >= n the bound is below the trivial 1 up to d = 1.6e8",
        source=SOURCE.at("theorem 3"),
        statement=r"""With its constants, for $p \ge n$, $WJ \ge 1$ and
$\varepsilon \le \tfrac1{10}$, the bound is at most 1 as long as
$d \le 1.6\cdot 10^8$. Every fit of two labels $\pm 1$ in the unit ball has a Lipschitz
constant of at least 1.""",
        relation="lhs <= rhs",
        domain={
            "n": Integers(1, 10**12, (10, 10**6, 10**12), symbol="n", as_reals=True),
            "d": Integers(
                1, 160_000_000, (784, 150_528, 160_000_000), symbol="d", as_reals=True
            ),
            "excess": Reals(1.0, 1e6, (1.0, 1e3), scale="log", symbol="p/n"),
            "eps": Reals(1e-3, 0.1, (0.01, 0.1), scale="log", symbol=r"\varepsilon"),
            "WJ": Reals(1.0, 1e12, (1.0, 1e6), scale="log"),
        },
        axis="d",
        evidence=Enclosure(
            _capped_ball,
            lambda n, d, excess, eps, WJ: 1,
            formulas=(_capped_bound, lambda n, d, excess, eps, WJ: 1.0),
            beyond=(
                Beyond(
                    _most_with_n_parameters_ball,
                    lambda d, eps: 1,
                    until={"eps": 0.1},
                    free=("n", "excess", "WJ"),
                ),
            ),
        ),
        twin=Twin(
            r"the same up to $d = 1.7\cdot 10^8$",
            Enclosure(_capped_ball, lambda n, d, excess, eps, WJ: 1),
            domain={
                "n": Choices((10**6,)),
                "d": Integers(1, 170_000_000, (170_000_000,)),
                "excess": Choices((1.0,)),
                "eps": Choices((0.1,)),
                "WJ": Choices((1.0,)),
            },
        ),
        hypotheses=(
            Hypothesis(
                r"there are at least as many parameters as points, $p \ge n$",
                "fewer parameters than points",
                Exact(_capped_bound, lambda n, d, excess, eps, WJ: 1.0),
                {
                    "n": Integers(10**3, 10**12, (10**6, 10**9), symbol="n"),
                    "d": Integers(1, 160_000_000, (784, 160_000_000), symbol="d"),
                    "excess": Reals(0.01, 1.0, (1.0, 0.99, 0.9, 0.1), symbol="p/n"),
                    "eps": Reals(1e-3, 0.1, (0.01, 0.1), symbol=r"\varepsilon"),
                    "WJ": Reals(1.0, 1e12, (1.0, 1e6)),
                },
                "excess",
                unbroken=1.0,
            ),
            Hypothesis(
                r"the fit is better than noise by $\varepsilon \le \tfrac1{10}$",
                "it is better by more",
                Exact(_capped_bound, lambda n, d, excess, eps, WJ: 1.0),
                {
                    "n": Integers(10**3, 10**12, (10**6, 10**9), symbol="n"),
                    "d": Integers(1, 160_000_000, (784, 160_000_000), symbol="d"),
                    "excess": Reals(1.0, 1e6, (1.0, 1e3), symbol="p/n"),
                    "eps": Reals(0.1, 1.0, (0.1, 0.11, 0.2, 1.0)),
                    "WJ": Reals(1.0, 1e12, (1.0, 1e6)),
                },
                "eps",
                unbroken=0.1,
            ),
            Hypothesis(
                r"the family is not too small, $WJ \ge 1$",
                "it depends less on its parameters",
                Exact(_capped_bound, lambda n, d, excess, eps, WJ: 1.0),
                {
                    "n": Integers(10**3, 10**12, (10**6, 10**9), symbol="n"),
                    "d": Integers(1, 160_000_000, (784, 160_000_000), symbol="d"),
                    "excess": Reals(1.0, 1e6, (1.0, 1e3), symbol="p/n"),
                    "eps": Reals(1e-3, 0.1, (0.01, 0.1)),
                    "WJ": Reals(0.01, 1.0, (1.0, 0.99, 0.5, 0.01)),
                },
                "WJ",
                unbroken=1.0,
            ),
        ),
    ),
    Claim(
        id="bubeck2021.vacuous",
        theory="lipschitz",
        title="At the sizes of MNIST and ImageNet the bound is below the trivial 1",
        source=SOURCE.at("theorem 3"),
        statement=r"""For $n = 6\cdot10^4$, $d = 784$, $p = 10^5$ and for
$n = 1.2\cdot10^6$, $d = 3\cdot224^2$, $p = 2.5\cdot10^7$, with $\varepsilon = 0.1$, the
bound is below 1.""",
        relation="lhs <= rhs",
        domain={"size": Choices(tuple(_SIZES))},
        evidence=Enclosure(
            _size_ball,
            lambda size: 1,
            formulas=(_at_size, lambda size: 1.0),
        ),
        twin=Twin(
            r"the same without the constant $2^9$",
            Enclosure(lambda size: _size_ball(size, 1), lambda size: 1),
        ),
        note=r"""The bound is 0.0011 and 0.0037: the constants are not meant to be
sharp.""",
        hypotheses=(
            Hypothesis(
                "there are as many parameters as in networks for these data",
                "there is a share of them",
                Exact(_at_size, lambda size, share: 1.0),
                {
                    "size": Choices(tuple(_SIZES)),
                    "share": Reals(1e-8, 1.0, (1.0, 0.1, 1e-3, 1e-6), scale="log"),
                },
                "share",
                unbroken=1.0,
            ),
        ),
    ),
    Claim(
        id="bubeck2021.order",
        theory="lipschitz",
        title="The bound falls like p^(-1/2), up to the logarithm",
        source=SOURCE.at("theorem 3"),
        statement=r"""With $J$ fixed, or growing like $p$, the exponent of the bound in
$p$, fitted over $p$ from $10^5$ to $10^9$, is $-\tfrac12$ up to $0.02$.""",
        relation="rate",
        domain={
            "growth": Choices((0.0, 1.0)),
            "p": Integers(
                10**4, 10**10, (10**5, 10**6, 10**7, 10**8, 10**9), symbol="p"
            ),
        },
        axis="p",
        evidence=Exact(_over_parameters, lambda growth, p: -0.5, tolerance=0.02),
        twin=Twin(
            r"the exponent is $-0.55$",
            Exact(_over_parameters, lambda growth, p: -0.55, tolerance=0.02),
        ),
        hypotheses=(
            Hypothesis(
                "$J$ grows no faster than $p$",
                "it grows like $p^g$",
                Exact(_over_parameters, lambda growth, p: -0.5, tolerance=0.02),
                {
                    "growth": Reals(1.0, 20.0, (1.0, 1.1, 5.0, 20.0), symbol="g"),
                    "p": Integers(
                        10**4, 10**10, (10**5, 10**6, 10**7, 10**8, 10**9), symbol="p"
                    ),
                },
                "growth",
                unbroken=1.0,
            ),
        ),
    ),
)
