r"""Robustness against simplicity (Nakkiran 2019): parities and weak coordinates.

The law is `geomadv.data.Parity`: y is the parity of k hidden signs b_i, flipped with
probability nu, and m weak coordinates are N(tau y, sigma^2). Rules are "simple" here if
they are thresholds of linear functions. Steps are of l_inf size eps.

1. A simple rule is good, also under random noise. The sum of the weak coordinates errs
   with probability Phi(-tau sqrt(m)/sigma). Noise that is uniform on [-a, a] in each
   coordinate is no worse than Gaussian noise of the same variance in the sense of
   moment generating functions, sinh(ta)/(ta) <= exp(t^2 a^2/6), so that it makes the
   sum err with probability at most exp(-m tau^2/(2 (sigma^2 + a^2/3))): for m large
   random noise far above tau does no harm, while eps = tau is the end.

2. No simple rule is robust. Let g be a linear threshold. With eps = tau the weak
   coordinates lose all that they tell; what is left is a linear threshold of the bits
   for each value of them, whose correlation with the parity is at most
   c_k = C(k - 1, floor((k - 1)/2))/2^(k - 1) (`geomadv.data._parity`): the robust
   accuracy is at most 1/2 + (1 - 2 nu) c_k/2.
   With eps = 2 tau the weak coordinates of y look like those of -y. Given that they
   look like z, g is right with y = z, and under steps with y = -z, so that

       accuracy + robust accuracy <= E_z [P(g = z | y = z) + P(g = -z | y = -z)]
                                  =  2 (nu + (1 - 2 nu) P(g = parity))
                                  <= 1 + (1 - 2 nu) c_k,

   the probabilities being those of fair bits, y their noisy parity. So of a simple rule
   with a risk of delta at most delta + (1 - 2 nu) c_k is left.

3. A robust rule exists: the parity of the signs, of risk nu for eps < 1.

For k = 2 and 3, c_k is 1/2: a simple rule of robust accuracy 3/4 exists. "About 1/2"
needs k large, c_k ~ sqrt(2/(pi k)).

**Finding it.** Parities of different sets are orthonormal functions of the bits. By
Bessel's inequality a function |g| <= 1 has |E g y| >= t for at most 1/t^2 of them: of
C(d, k) sets, statistical queries of tolerance t need C(d, k) t^2.

Sources: Nakkiran (2019), "Adversarial robustness may be at odds with simplicity",
arXiv:1901.00532 (the three statements, in substance; its own tasks and constants are
not reproduced, and no numbering was checked); Blum, Furst, Jackson, Kearns, Mansour,
Rudich (1994), "Weakly learning DNF and characterizing statistical query learning" (the
counting of queries). The inequalities are derived anew.
"""

import functools
import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, NDArray, Real
from geomadv._validate import integer, real, real_array
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
from geomadv.data import Parity
from geomadv.data._parity import halfspace_correlation

SOURCE = Source(
    "P. Nakkiran",
    "Adversarial robustness may be at odds with simplicity",
    2019,
    arxiv="1901.00532",
)

_MOST_BITS = 16


def simple_robust_accuracy(k: int, noise: float = 0.0) -> float:
    """Return the greatest accuracy of linear thresholds under steps of size tau.

    Parameters
    ----------
    k : int
        Number of hidden bits, at least 1.
    noise : float
        nu in [0, 1/2).

    Returns
    -------
    float
        1/2 + (1 - 2 nu) c_k/2; attained by a threshold of the bits for tau < 1/k.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [simple_robust_accuracy(k) for k in (1, 2, 3, 4, 5)]
    [1.0, 0.75, 0.75, 0.6875, 0.6875]
    """
    nu = real("noise", noise, lower=0.0, upper=0.5, open_upper=True)
    return 0.5 + (1.0 - 2.0 * nu) * halfspace_correlation(k) / 2.0


def linear_accuracy(law: Parity, w: ArrayLike, b: float, eps: ArrayLike = 0.0) -> Real:
    """Return the accuracy of sign(<w, x> + b) under l_inf steps, exactly.

    Parameters
    ----------
    law : Parity
        With at most 16 bits.
    w : (d,) array_like
        Weights of the bits, then of the weak coordinates.
    b : float
        Offset.
    eps : array_like
        Sizes of perturbations, at least 0.

    Returns
    -------
    float or array of the shape of `eps`
        P(y (<w, x> + b) > eps |w|_1), a sum over all bits.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> law = Parity(2, 2, weak=1, tau=0.1)
    >>> linear_accuracy(law, [0.0, 0.0, 1.0], 0.0, [0.0, 0.2])
    array([1., 0.])
    >>> linear_accuracy(law, [1.0, 1.0, 0.0], -1.0, [0.0, 0.2])
    array([0.75, 0.75])
    """
    weights, offset = real_array("w", w), real("b", b)
    sizes = real_array("eps", eps, lower=0.0)
    if weights.shape != (law.d,):
        raise ValueError(f"w must have shape ({law.d},), got {weights.shape}")
    if law.bits > _MOST_BITS:
        raise ValueError(f"law must have at most {_MOST_BITS} bits, got {law.bits}")
    signs = _cube(law.bits)
    parity = signs[:, law.hidden].prod(axis=1)
    weak = weights[law.bits :]
    level = signs @ weights[: law.bits] + offset
    gain = law.tau * float(weak.sum())
    spread = law.sigma * float(np.linalg.norm(weak))
    total = np.zeros(sizes.size)
    for y in (-1.0, 1.0):
        chance = np.where(parity == y, 1.0 - law.noise, law.noise) / len(signs)
        left = y * level + gain - sizes.reshape(-1, 1) * np.abs(weights).sum()
        with np.errstate(over="ignore"):
            right = special.ndtr(left / spread) if spread > 0.0 else left > 0.0
        total += right @ chance
    accuracy: Real = total.reshape(sizes.shape)[()]
    return accuracy


def _cube(k: int) -> NDArray:
    """Return the 2^k points of {-1, 1}^k."""
    bits: NDArray = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    return 2.0 * bits - 1.0


def random_noise_risk(m: int, ratio: float) -> float:
    """Return the risk of the sum of weak coordinates under uniform random noise.

    Parameters
    ----------
    m : int
        Number of weak coordinates, from 1 to 30; they are tau y, with sigma = 0.
    ratio : float
        tau/a in [0, 1] for noise that is uniform on [-a, a].

    Returns
    -------
    float
        P(U_1 + ... + U_m >= m ratio), U_i uniform on [-1, 1]; the Irwin-Hall law.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    An alternating sum of large terms, in exact rational arithmetic.

    Examples
    --------
    >>> random_noise_risk(1, 0.5), random_noise_risk(2, 0.5)
    (0.25, 0.125)
    """
    m = integer("m", m, minimum=1, maximum=30)
    r = Fraction(real("ratio", ratio, lower=0.0, upper=1.0))
    x = m * (1 - r) / 2  # the sum of m uniform on [0, 1] is at most x
    terms = (
        (-1) ** j * math.comb(m, j) * (x - j) ** m for j in range(math.floor(x) + 1)
    )
    return float(sum(terms, Fraction(0)) / math.factorial(m))


def random_noise_bound(m: int, ratio: float) -> float:
    """Return exp(-3 m ratio^2/2), which `random_noise_risk` does not exceed.

    The arguments are as for `random_noise_risk`.

    Returns
    -------
    float

    Examples
    --------
    >>> round(random_noise_bound(2, 0.5), 6)
    0.472367
    """
    return math.exp(-1.5 * m * ratio**2)


def log_queries(d: int, k: int, tolerance: float) -> float:
    """Return the logarithm of C(d, k) t^2: so many statistical queries are needed.

    Parameters
    ----------
    d, k : int
        Numbers of bits, and of hidden ones.
    tolerance : float
        t in (0, 1].

    Returns
    -------
    float
        A query that is answered as if y were a coin rules out at most 1/t^2 sets.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(log_queries(100, 10, 0.01), 3)
    21.272
    """
    d = integer("d", d, minimum=1)
    k = integer("k", k, minimum=1, maximum=d)
    t = real("tolerance", tolerance, lower=0.0, upper=1.0, open_lower=True)
    return math.log(math.comb(d, k)) + 2.0 * math.log(t)


# --- Claims --------------------------------------------------------------------------

_WEAK, _TAU = 4, 0.05


def _rule(k: int, bits: float, spread: float, seed: int) -> NDArray:
    """Return weights: of equal bits, of equal weak coordinates, and a random part."""
    w = np.concatenate([np.full(k, bits), np.full(_WEAK, 1.0 - bits)])
    return w + spread * spawn(0, "nakkiran2019", k, seed).standard_normal(k + _WEAK)


def _accuracy(
    k: int,
    noise: float,
    sigma: float,
    bits: float,
    offset: float,
    spread: float,
    seed: int,
    *,
    eps: tuple[float, ...],
) -> float:
    """Return the sum of accuracies of a rule, with steps of sizes in units of tau."""
    law = Parity(k, k, noise, weak=_WEAK, tau=_TAU, sigma=sigma * _TAU)
    w = _rule(k, bits, spread, seed)
    sizes = _TAU * np.array(eps)
    return float(np.asarray(linear_accuracy(law, w, bits * offset, sizes)).sum())


def _left(**rule: float) -> float:
    eps = float(rule.pop("eps"))
    return _accuracy(**rule, eps=(eps,))  # type: ignore[arg-type]


def _both(**rule: float) -> float:
    return _accuracy(**rule, eps=(0.0, 2.0))  # type: ignore[arg-type]


def _threshold(k: int) -> float:
    """Return the correlation of the parity with the best threshold of the sum."""
    counts = np.array([math.comb(k, j) for j in range(k + 1)], dtype=object)
    signs = np.array([(-1) ** j for j in range(k + 1)], dtype=object)
    tail = np.cumsum((counts * signs)[::-1])[::-1]
    best = max(abs(2 * int(t)) for t in [*tail[1:], 0])
    return best / 2**k


def _best_of_sum(k: int, cuts: int = 1, bias: float = 0.0) -> float:
    """Return the correlation of the parity with the best rule of the sum.

    It changes its sign `cuts` times at most; a bit is 1 with probability (1 + bias)/2.
    """
    up = (1 + bias) / 2
    mass = [math.comb(k, j) * (-up) ** j * (1 - up) ** (k - j) for j in range(k + 1)]
    rules = (
        rule
        for rule in itertools.product((-1, 1), repeat=k + 1)
        if sum(a != b for a, b in itertools.pairwise(rule)) <= cuts
    )
    return max(float(np.dot(rule, mass)) for rule in rules)


def _told_at_once(d: int, bias: float) -> float:
    """Return max t^2 times the number of parities of d biased bits that g = 1 tells.

    That of i bits has the mean bias^i.
    """
    told = itertools.accumulate(math.comb(d, i) for i in range(d + 1))
    return max(number * bias ** (2 * i) for i, number in enumerate(told))


def _bent(m: int) -> NDArray:
    """Return <x, y> mod 2 as signs, on 2m bits: all correlations are 2^-m."""
    x = np.arange(2**m)
    both = x[:, None] & x
    odd = sum((both >> i) & 1 for i in range(m)) % 2
    return np.asarray(1.0 - 2.0 * odd).ravel()


def _correlations(g: NDArray) -> NDArray:
    """Return the means of g times all parities, by the fast Walsh transform."""
    found = g.copy()
    h = 1
    while h < len(found):
        pairs = found.reshape(-1, 2, h)
        found = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], 1)
        found = found.ravel()
        h *= 2
    return found / len(g)


def _ruled_out(m: int, mixed: float, *, tolerance: float = 0.99) -> float:
    """Return t^2 times the number of parities that a query tells with tolerance t."""
    noise = spawn(0, "nakkiran2019-query", m).choice([-1.0, 1.0], 4**m)
    size = math.ceil(mixed * len(noise))
    g = np.concatenate([noise[:size], _bent(m)[size:]])
    t = tolerance * 2.0**-m
    return float(np.count_nonzero(np.abs(_correlations(g)) >= t)) * t**2


def _risk_ball(m: int, ratio: Any) -> Any:
    """Enclose the Irwin-Hall tail, which falls with the ratio."""

    def at(r: Any) -> Any:
        x = m * (1 - r) / 2
        terms = (
            (-1) ** j * x.bin_uiui(m, j) * (x - j) ** m for j in range(m + 1) if x > j
        )
        return sum(terms, 0 * x) / x.fac_ui(m)

    return balls.decreasing(at, ratio)


def _exponents_ball(ratio: Any) -> Any:
    """Enclose a bound of (x^2/6 - log(sinh(x)/x))/x^4 from below at x = 3 tau/a.

    Where it is not negative the bound holds for every m, by Chernoff's inequality with
    the rate 3 tau/a^2. log(sinh(x)/x) is the sum of log(1 + x^2/(n pi)^2), and
    log(1 + y) <= y - y^2/2 + y^3/3.
    """
    x = 3 * ratio
    return balls.as_ball(1) / 180 - x * x / 2835


def _bound_ball(m: int, ratio: Any, factor: int = 1) -> Any:
    return balls.decreasing(lambda r: (-3 * factor * m * r * r / 2).exp(), ratio)


_K = Integers(1, 8, (1, 2, 3, 4, 8), symbol="k")
_RULE: dict[str, Reals | Integers | Choices] = {
    "k": _K,
    "noise": Reals(0.0, 0.49, (0.0, 0.1), symbol=r"\nu"),
    "sigma": Reals(0.0, 10.0, (0.0, 2.0), symbol=r"\sigma/\tau"),
    "bits": Reals(0.0, 1.0, (0.0, 0.3, 1.0)),
    "offset": Reals(-9.0, 9.0, (-1.0, 0.1, 1.0)),
    "spread": Reals(0.0, 1.0, (0.0, 0.2)),
    "seed": Integers(1, 1000, (1, 2)),
}
_INDEPENDENT = (
    Hypothesis(
        "the noise of the weak coordinates is independent",
        "coordinates share their noise, $c$ at a time: 30 of them are $30/c$",
        Exact(
            lambda ratio, shared: random_noise_risk(30 // shared, ratio),
            lambda ratio, shared: random_noise_bound(30, ratio),
        ),
        {
            "ratio": Choices((0.1, 0.3, 0.5), symbol=r"\tau/a"),
            "shared": Integers(1, 30, (1, 2, 5, 10, 30), symbol="c"),
        },
        "shared",
        unbroken=1,
        where=lambda ratio, shared: 30 % shared == 0,
    ),
)
_LINEAR_RULE = "the rule is a linear threshold"
_UNIFORM_BITS = "the hidden bits are uniform and independent"
_BIASED = "each of them is 1 with probability $(1 + s)/2$"
_BIAS = Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="s")
_TWO_OR_THREE = Choices((2, 3), symbol="k")
_MIXED: dict[str, Reals | Integers | Choices] = {
    "k": _TWO_OR_THREE,
    "noise": Choices((0.0, 0.1), symbol=r"\nu"),
    "parity": Reals(0.0, 1.0, (0.0, 0.1, 1.0), symbol="s"),
}
_OR_PARITY = (
    "with probability $s$ it is the parity of the bits in place of the best threshold"
)


def _with_parity(k: int, noise: float, parity: float) -> float:
    """Return the accuracy of such a rule, with and without steps of up to 2 tau."""
    return (1 - parity) * simple_robust_accuracy(k, noise) + parity * (1 - noise)


_SIMPLE = (
    Hypothesis(
        _LINEAR_RULE,
        _OR_PARITY,
        Exact(
            _with_parity,
            lambda k, noise, parity: simple_robust_accuracy(k, noise),
        ),
        _MIXED,
        "parity",
    ),
    Hypothesis(
        r"$\varepsilon \ge \tau$: the steps undo the weak coordinates",
        r"$\varepsilon < \tau$",
        Exact(_left, lambda **rule: 0.5 + _threshold(int(rule["k"])) / 2, atol=1e-12),
        {
            "k": Choices((2, 3, 4), symbol="k"),
            "noise": Choices((0.0,), symbol=r"\nu"),
            "sigma": Choices((0.0, 2.0), symbol=r"\sigma/\tau"),
            "bits": Choices((0.0, 0.3)),
            "offset": Choices((0.1,)),
            "spread": Choices((0.0,)),
            "seed": Choices((1,)),
            "eps": Reals(
                0.0, 1.001, (1.001, 0.99, 0.5, 0.0), symbol=r"\varepsilon/\tau"
            ),
        },
        "eps",
        unbroken=1.001,
    ),
)
_TRADED = (
    Hypothesis(
        _LINEAR_RULE,
        _OR_PARITY,
        Exact(
            lambda k, noise, parity: 2.0 * _with_parity(k, noise, parity),
            lambda k, noise, parity: 2.0 * simple_robust_accuracy(k, noise),
        ),
        _MIXED,
        "parity",
    ),
    Hypothesis(
        _UNIFORM_BITS,
        _BIASED,
        Exact(
            lambda k, bias: 1.0 + _best_of_sum(k, 1, bias),
            lambda k, bias: 2.0 * simple_robust_accuracy(k),
            rtol=1e-12,
        ),
        {"k": _TWO_OR_THREE, "bias": _BIAS},
        "bias",
    ),
)
_OF_THE_SUM = (
    Hypothesis(
        _LINEAR_RULE,
        "it changes its sign up to $c$ times",
        Exact(
            lambda k, cuts: _best_of_sum(k, cuts),
            lambda k, cuts: halfspace_correlation(k),
        ),
        {
            "k": Choices((2, 4, 6), symbol="k"),
            "cuts": Integers(1, 6, (1, 2, 6), symbol="c"),
        },
        "cuts",
        unbroken=1,
    ),
    Hypothesis(
        _UNIFORM_BITS,
        _BIASED,
        Exact(
            lambda k, bias: _best_of_sum(k, 1, bias),
            lambda k, bias: halfspace_correlation(k),
            rtol=1e-12,
        ),
        {"k": Choices((2, 3, 6), symbol="k"), "bias": _BIAS},
        "bias",
    ),
)
_QUERY = (
    Hypothesis(
        _UNIFORM_BITS,
        _BIASED + ": a constant is correlated with parities",
        Exact(_told_at_once, lambda d, bias: 1.0),
        {"d": Choices((2, 8), symbol="d"), "bias": _BIAS},
        "bias",
    ),
    Hypothesis(
        "$|g| \\le 1$",
        "$|g| \\le c$",
        Exact(
            lambda m, size: size**2 * _ruled_out(m, 0.0, tolerance=0.99),
            lambda m, size: 1.0,
        ),
        {
            "m": Choices((1, 2, 4), symbol="d/2"),
            "size": Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol="c"),
        },
        "size",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="nakkiran2019.weak-rule-and-random-noise",
        theory="oscillation",
        title="A simple rule of weak coordinates is hardly harmed by random noise",
        source=SOURCE,
        statement=r"""The sum of $m$ weak coordinates $\tau y$ under noise that is
uniform on $[-a, a]^m$ errs with probability at most $\exp(-3 m \tau^2/(2 a^2))$.""",
        relation="lhs <= rhs",
        domain={
            "m": Integers(1, 30, (1, 5, 10, 30), symbol="m"),
            "ratio": Reals(0.0, 1.0, (0.1, 0.3, 0.5, 0.9), symbol=r"\tau/a"),
        },
        axis="ratio",
        evidence=Enclosure(
            _risk_ball,
            _bound_ball,
            formulas=(random_noise_risk, random_noise_bound),
            precision=192,
            beyond=(Beyond(lambda ratio: 0, _exponents_ball, free=("m",)),),
        ),
        twin=Twin(
            r"the exponent is $-3 m \tau^2/a^2$",
            Enclosure(
                _risk_ball, functools.partial(_bound_ball, factor=2), precision=192
            ),
        ),
        hypotheses=_INDEPENDENT,
    ),
    Claim(
        id="nakkiran2019.simple-rules-are-not-robust",
        theory="oscillation",
        title="Steps of size tau leave linear thresholds little more than chance",
        source=SOURCE,
        statement=r"""Under $l_\infty$ steps of size $\varepsilon \geq \tau$ a linear
threshold has for the parity of $k$ hidden bits an accuracy of at most
$1/2 + (1 - 2\nu) c_k/2$, $c_k = \binom{k - 1}{\lfloor (k - 1)/2\rfloor} 2^{1 - k}$.""",
        relation="lhs <= rhs",
        domain={
            **_RULE,
            "eps": Reals(1.001, 4.0, (1.001, 2.0), symbol=r"\varepsilon/\tau"),
        },
        axis="eps",
        evidence=Exact(
            _left,
            lambda k, noise, **rest: simple_robust_accuracy(k, noise),
            unproved="rules are drawn at random, and some attain the bound",
        ),
        twin=Twin(
            "of at most $1/2$",
            Exact(_left, lambda **rule: 0.5),
        ),
        note=r"""For $k = 2$ and $3$ the bound, $3/4$ without noise, is attained: "about
$1/2$" is for $k$ large.""",
        hypotheses=_SIMPLE,
    ),
    Claim(
        id="nakkiran2019.trade-off",
        theory="oscillation",
        title="Simple rules trade accuracy for robustness, one for one",
        source=SOURCE,
        statement=r"""The accuracy of a linear threshold and its accuracy under
$l_\infty$ steps of size $2\tau$ sum to at most $1 + (1 - 2\nu) c_k$.""",
        relation="lhs <= rhs",
        domain=_RULE,
        axis="bits",
        evidence=Exact(
            _both,
            lambda k, noise, **rest: 2.0 * simple_robust_accuracy(k, noise),
            unproved="rules are drawn at random, and some attain the bound",
        ),
        twin=Twin("to at most $1$", Exact(_both, lambda **rule: 1.0)),
        hypotheses=_TRADED,
    ),
    Claim(
        id="nakkiran2019.thresholds-and-parity",
        theory="oscillation",
        title="The best threshold of the sum has the correlation c_k with the parity",
        source=SOURCE,
        statement=r"""Of the thresholds of $b_1 + \dots + b_k$ the best has the
correlation $\binom{k - 1}{\lfloor (k - 1)/2\rfloor} 2^{1 - k}$ with the parity.""",
        relation="lhs == rhs",
        domain={"k": Integers(1, 200, (1, 2, 3, 4, 20, 101), symbol="k")},
        axis="k",
        evidence=Exact(_threshold, halfspace_correlation),
        twin=Twin(
            r"it is $\sqrt{2/(\pi k)}$, its limit",
            Exact(_threshold, lambda k: math.sqrt(2.0 / (math.pi * k))),
        ),
        hypotheses=_OF_THE_SUM,
    ),
    Claim(
        id="nakkiran2019.one-query",
        theory="oscillation",
        title="A statistical query tells at most 1/t^2 parities",
        source=SOURCE,
        statement=r"""A function $|g| \leq 1$ of bits has a correlation of at least $t$
with at most $1/t^2$ parities.""",
        relation="lhs <= rhs",
        domain={
            "m": Integers(1, 6, (1, 2, 4, 6), symbol="d/2"),
            "mixed": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
        },
        axis="m",
        evidence=Exact(
            _ruled_out,
            lambda m, mixed: 1.0,
            unproved="one side counts parities, of functions that may attain the bound",
        ),
        twin=Twin(
            "at most $.97/t^2$",
            Exact(_ruled_out, lambda m, mixed: 0.97),
        ),
        note="Functions whose correlations are all equal (bent ones) attain it.",
        hypotheses=_QUERY,
    ),
)
