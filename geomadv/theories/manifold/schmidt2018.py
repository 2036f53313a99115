r"""Robust learning needs more samples (Schmidt et al. 2018).

**Gaussian model.** y is -1 or +1, x ~ N(y theta, sigma^2 I) in R^d, |theta| = sqrt(d).
The mean zbar of y_i x_i over n samples is sufficient, and zbar ~ N(theta, sigma^2 I/n),
so that nothing here ever draws the n samples. A linear classifier sign <w, x> has the
l_p robust error

    Phi(-(<w, theta> - eps |w|_q)/(sigma |w|_2)),    1/p + 1/q = 1,

and the standard error is the one at eps = 0.

**The average, w = zbar.** With s = sigma/sqrt(n) and theta = (1, ..., 1), as d grows
<w, theta>/d -> 1, |w|_2/sqrt(d) -> sqrt(1 + s^2) and |w|_1/d -> m(s) = E|1 + s g|, with
g a standard normal number. So in l_inf the errors are about

    standard  Phi(-sqrt(d)/(sigma sqrt(1 + s^2))),
    robust    Phi(-sqrt(d) (1 - eps m(s))/(sigma sqrt(1 + s^2))),
    m(s) = s sqrt(2/pi) exp(-1/(2 s^2)) + 1 - 2 Phi(-1/s).

With sigma = c d^(1/4) the standard argument is about sqrt(n)/c^2, whatever d. The
robust one has a sign: it is positive only if eps m(s) < 1, that is for n above
sigma^2/s_eps^2 = c^2 sqrt(d)/s_eps^2, m(s_eps) = 1/eps, and s_eps eps -> sqrt(pi/2) for
small eps: n ~ (2/pi) c^2 eps^2 sqrt(d).

**Any learner.** Let theta ~ N(0, I). Given the data, theta ~ N(mu, t^2 I) with
mu = zbar n/(n + sigma^2) and t^2 = sigma^2/(n + sigma^2), so a new point has the law
y mu + N(0, (sigma^2 + t^2) I). The adversary may move it by -y z, |z|_inf <= eps: with
z = mu clipped to [-eps, eps] the means become y (mu - z), and no classifier errs less
than Phi(-|mu - z|_2/sqrt(sigma^2 + t^2)), which is attained (see
`geomadv.data.GaussianPair`). So the least expected robust error of any learner is

    E Phi(-|soft(mu, eps)|_2/sqrt(sigma^2 + t^2)),    mu ~ N(0, n/(n + sigma^2) I),

with soft(mu) = mu - z. It is at least P[|mu|_inf <= eps]/2 = (2 Phi(a) - 1)^d/2 with
a = eps sqrt(1 + sigma^2/n). Corollary 23 follows: n <= eps^2 sigma^2/(8 log d) makes
a >= sqrt(8 log d), so that this is at least (1 - d^-4)^d/2 >= (1 - 1/d)/2.

Source: Schmidt, Santurkar, Tsipras, Talwar, Madry (2018), "Adversarially robust
generalization requires more data", arXiv:1804.11285. Everything is derived here but for
Theorem 31; the numbers of lemmas are those of version 2, not compared with it.

Conventions: sigma is a standard deviation; eps is an l_inf size unless p says
otherwise; in the limit formulas n need not be whole.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import Bool, Float, NDArray
from geomadv.claims import (
    Beyond,
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.claims._domain import Domain
from geomadv.spaces._lp import lp_norm
from geomadv.spaces._operator_norms import dual_order
from geomadv.theories.manifold._bernoulli_model import (
    agreement_error as agreement_error,
)
from geomadv.theories.manifold._bernoulli_model import (
    bernoulli_error as bernoulli_error,
)
from geomadv.theories.manifold._gaussian_bounds import (
    any_learner_bound as any_learner_bound,
)
from geomadv.theories.manifold._gaussian_bounds import certified_eps as certified_eps
from geomadv.theories.manifold._gaussian_bounds import cosine_bound as cosine_bound
from geomadv.theories.manifold._gaussian_bounds import cosine_failure as cosine_failure
from geomadv.theories.manifold._gaussian_bounds import (
    inner_product_bound as inner_product_bound,
)
from geomadv.theories.manifold._gaussian_bounds import margin_tail as margin_tail
from geomadv.theories.manifold._gaussian_bounds import (
    necessary_samples as necessary_samples,
)
from geomadv.theories.manifold._gaussian_bounds import norm_bound as norm_bound
from geomadv.theories.manifold._gaussian_bounds import optimal_error as optimal_error
from geomadv.theories.manifold._gaussian_bounds import (
    sample_optimal_errors as sample_optimal_errors,
)
from geomadv.theories.manifold._gaussian_bounds import (
    sufficient_samples as sufficient_samples,
)
from geomadv.theories.manifold._gaussian_model import limit_errors as limit_errors
from geomadv.theories.manifold._gaussian_model import (
    log_robust_error as log_robust_error,
)
from geomadv.theories.manifold._gaussian_model import mean_magnitude as mean_magnitude
from geomadv.theories.manifold._gaussian_model import right_labels
from geomadv.theories.manifold._gaussian_model import robust_error as robust_error
from geomadv.theories.manifold._gaussian_model import sample_errors as sample_errors
from geomadv.theories.manifold._gaussian_model import sample_mean as sample_mean
from geomadv.theories.manifold._gaussian_model import samples_needed as samples_needed

__all__ = [
    "CLAIMS",
    "SOURCE",
    "agreement_error",
    "any_learner_bound",
    "bernoulli_error",
    "certified_eps",
    "cosine_bound",
    "cosine_failure",
    "inner_product_bound",
    "limit_errors",
    "log_robust_error",
    "margin_tail",
    "mean_magnitude",
    "necessary_samples",
    "norm_bound",
    "optimal_error",
    "robust_error",
    "sample_errors",
    "sample_mean",
    "sample_optimal_errors",
    "samples_needed",
    "sufficient_samples",
]

SOURCE = Source(
    "L. Schmidt, S. Santurkar, D. Tsipras, K. Talwar, A. Madry",
    "Adversarially robust generalization requires more data",
    2018,
    arxiv="1804.11285",
)

# --- Claims --------------------------------------------------------------------------


def _weights(d: int) -> Float[NDArray, " d"]:
    """Return weights near (1, ..., 1), always the same."""
    return 1.0 + spawn(0, "schmidt2018", d).standard_normal(d)


def _attacked(
    n: int,
    rng: np.random.Generator,
    d: int,
    sigma: float,
    eps: float,
    p: float,
    heavy: float = 0.0,
) -> Bool[NDArray, " n"]:
    """Draw points of the class +1 and whether the worst step makes them wrong.

    The noise has the spherical t law of 1/heavy degrees of freedom.
    """
    w = _weights(d)
    if p == 1:
        step = np.sign(w) * (np.arange(d) == np.abs(w).argmax())
    else:
        step = np.sign(w) if math.isinf(p) else w / np.linalg.norm(w)
    wrong = []
    for start in range(0, n, 4096):
        noise = sigma * rng.standard_normal((min(4096, n - start), d))
        if heavy > 0:
            noise /= np.sqrt(heavy * rng.chisquare(1 / heavy, len(noise)))[:, None]
        X = 1.0 + noise
        wrong.append((X - eps * step) @ w < 0)
    return np.concatenate(wrong)


def _norms(
    n: int,
    rng: np.random.Generator,
    norm: float,
    d: int,
    sigma: float,
    samples: float,
) -> tuple[NDArray, NDArray]:
    """Draw <zbar, theta>/|theta| and |zbar|, which are two numbers."""
    noise = sigma / math.sqrt(samples)
    along = norm + noise * rng.standard_normal(n)
    across = noise * np.sqrt(rng.chisquare(d - 1, n)) if d > 1 else np.zeros(n)
    return along, np.hypot(along, across)


def _too_long(
    n: int, rng: np.random.Generator, norm: float, d: int, delta: float, more: float = 0
) -> Bool[NDArray, " n"]:
    """Draw whether the average is too long; its noise is 1 + more times as large."""
    _, length = _norms(n, rng, norm, d, 1.5 * (1 + more), 4)
    return length >= norm_bound(norm, d, 1.5, 4, delta)


def _too_long_for_half(
    n: int, rng: np.random.Generator, norm: float, d: int, delta: float
) -> Bool[NDArray, " n"]:
    _, length = _norms(n, rng, norm, d, 1.5, 4)
    width = math.sqrt(d) + math.sqrt(math.log(1 / delta) / 2)
    return length >= norm + 1.5 / 2 * width


def _low_product(
    norm: float, sigma: float, samples: float, delta: float, wrong: float = 0.0
) -> float:
    """Return P[<zbar, theta> <= the bound]: the product is one normal number.

    A share of the labels is wrong.
    """
    if norm == 0:
        return 1.0
    bound = inner_product_bound(norm, sigma, samples, delta)
    spread = sigma * norm / math.sqrt(samples)
    return float(special.ndtr((bound - (1 - 2 * wrong) * norm**2) / spread))


def _score_ball(delta: Any) -> Any:
    """Enclose sqrt(2 log(1/delta)), which falls, for delta up to 1."""
    return (-2 * delta.log()).nonnegative_part().sqrt()


def _low_share(norm: float, sigma: float, samples: float, delta: float) -> float:
    """Return that probability over delta."""
    return _low_product(norm, sigma, samples, delta) / delta


def _low_share_ball(norm: Any, delta: Any) -> Any:
    """Enclose the same: Phi(-x) exp(x^2/2) with delta = exp(-x^2/2), or 1/delta."""
    if norm == 0:
        return 1 / delta
    return balls.mills_ratio(_score_ball(delta)) / (2 * delta.pi()).sqrt()


def _largest_low_share_ball(delta: Any) -> Any:
    """Enclose it for all delta above 0 up to the largest."""
    least = _score_ball(delta.upper()).lower()
    return balls.mills_ratio(least).union(0) / (2 * delta.pi()).sqrt()


def _tilted_away(
    n: int,
    rng: np.random.Generator,
    d: int,
    sigma: float,
    samples: int,
    times: float,
    worth: float = 1.0,
) -> Bool[NDArray, " n"]:
    along, length = _norms(n, rng, math.sqrt(d), d, sigma, worth * samples)
    return along / length <= times * cosine_bound(sigma, samples)


def _unit_margin(d: int, p: float, share: float, sigma: float) -> tuple[float, float]:
    """Return the error and the margin at a share of the eps that leaves none."""
    w = _weights(d)
    w = w / np.linalg.norm(w)
    norm = float(lp_norm(w, dual_order(p)))
    eps = share * float(w.sum()) / norm
    error = robust_error(w, np.ones(d), sigma, eps, p)
    return float(error), max(float(w.sum()) - eps * norm, 0.0)


@balls.cached
def _slope(d: int) -> Any:
    """Return <w, theta>/|w| of the weights, enclosed."""
    from flint import arb

    w = [arb(float(value)) for value in _weights(d)]
    return sum(w, arb(0)) / sum((v * v for v in w), arb(0)).sqrt()


def _scaled_error(d: int, p: float, share: float, sigma: float) -> float:
    error, margin = _unit_margin(d, p, share, sigma)
    return error / float(margin_tail(margin, sigma))


def _scaled_error_ball(d: int, share: Any, sigma: Any) -> Any:
    """Enclose the same, (1 - Phi(x)) exp(x^2/2) at x = r/sigma, whatever p."""
    x = (1 - share).nonnegative_part() * _slope(d) / sigma
    return balls.mills_ratio(x) / (2 * sigma.pi()).sqrt()


def _left_over(d: float, eps: float, share: float) -> float:
    """Return by how much the certified size exceeds eps."""
    sigma = share * d**0.25 / 32
    return certified_eps(d, sigma, sufficient_samples(d, eps), 0.01) - eps


def _left_over_ball(d: Any, eps: Any, share: Any, part: int = 32) -> Any:
    r"""Enclose the same at sigma = share d^{1/4}/part.

    With u = d^{-1/4}, t = share/part and k = sqrt(2 log 100), it is

        u (1/(2 u + 4 t) - k t - eps/u)                       for eps <= u/4,
        eps ((16 - u/eps)/(16 eps + 4 t) - k t u/eps - 1)     else,

    and here the brackets are above 0 if u, t and the quotients are within their ranges.
    """
    u = 1 / d.sqrt().sqrt()
    t = share / part
    k = (2 * (0 * d + 100).log()).sqrt()
    found = []
    if not eps > u / 4:
        quotient = (eps / u).min(0 * d + 0.25)
        found.append(balls.positive_product(u, 1 / (2 * u + 4 * t) - k * t - quotient))
    if not eps <= u / 4:
        size = eps.max((u / 4).lower())
        quotient = (u / size).min(0 * d + 4)
        bracket = (16 - quotient) / (16 * size + 4 * t) - k * t * quotient - 1
        found.append(balls.positive_product(size, bracket))
    return functools.reduce(lambda one, other: one.union(other), found)


def _least_left_over_ball(over_d: Any, eps: Any, share: Any) -> Any:
    """Enclose a bound of both brackets from below, which fall with all they hold."""
    u, t = over_d.upper().sqrt().sqrt(), share.upper() / 32
    k = (2 * balls.as_ball(100).log()).sqrt()
    near = 1 / (2 * u + 4 * t) - k * t - balls.as_ball(0.25)
    far = 12 / (16 * eps.upper() + 4 * t) - 4 * k * t - 1
    return near.min(far)


def _not_robust(
    n: int, rng: np.random.Generator, d: int, sigma: float, samples: int, times: float
) -> Bool[NDArray, " n"]:
    eps = times * certified_eps(d, sigma, samples, 0.01)
    return sample_errors(d, sigma, samples, eps, n, rng)[:, 1] > 0.01


def _first_failing(d: int, tau: float, constant: float) -> float:
    """Return P[error of sign <x_1 y_1, .> > exp(-constant tau^4 d)] exactly."""
    limit = math.exp(-constant * tau**4 * d)
    low, high = -1, d  # the error falls as more signs agree
    while high - low > 1:
        middle = (low + high) // 2
        if agreement_error(d, middle, tau) > limit:
            low = middle
        else:
            high = middle
    return float(special.bdtr(low, d, 0.5 + tau)) if low >= 0 else 0.0


def _needs(eps: float, d: float) -> float:
    """Return the samples for robust error 1/2 at sigma = d^(1/4)."""
    return samples_needed(d, d**0.25, eps, 0.5)


def _attacked_value(d: int, sigma: float, eps: float, p: float) -> float:
    return float(robust_error(_weights(d), np.ones(d), sigma, eps, p))


def _average_errors(
    n: int, rng: np.random.Generator, d: int, samples: int, eps: float
) -> Float[NDArray, " n"]:
    return sample_errors(d, d**0.25, samples, eps, n, rng)[:, 1]


def _average_limit(d: int, samples: int, eps: float) -> float:
    return float(limit_errors(d, d**0.25, samples, eps)[1])


def _best(
    n: int,
    rng: np.random.Generator,
    d: int,
    eps: float,
    constant: float,
    longer: float = 1.0,
) -> Float[NDArray, " n"]:
    """Draw the best learner's errors at n = eps^2 sigma^2/(constant log d).

    theta is longer than its law says: all other lengths are shorter, relative to it.
    """
    sigma = d**0.25
    samples = 8 / constant * necessary_samples(d, sigma, eps)
    return sample_optimal_errors(n, rng, d, sigma / longer, samples, eps / longer)


def _ignorant(d: int, eps: float) -> float:
    """Return P[sum of d fair signs <= eps d]."""
    most = math.floor(d * (1 + eps) / 2 + 1e-9)
    return float(special.bdtr(most, d, 0.5))


_SIGMA = Reals(0.1, 3.0, (0.5, 2.0), symbol=r"\sigma")
_DELTA = Reals(1e-9, 1.0, (1e-6, 0.1, 1.0), scale="log", symbol=r"\delta")
_PROBABLE = {
    "d": Choices((100, 784)),
    "sigma": Choices((0.5, 2.0), symbol=r"\sigma"),
    "samples": Choices((1, 4, 100), symbol="n"),
}
_MODEL = r"$x \mid y \sim N(y\theta, \sigma^2 I)$, and the labels are right"
_SOME_WRONG = "a share $s$ of the labels is wrong"
_LEARNER = r"the learner takes the average of $y x$"
_OF_SOME = "it takes the average of a share $1 - s$ of them"
_WRONG = Reals(0.0, 0.5, (0.0, 0.1, 0.3, 0.49), symbol="s")
_UNUSED = Reals(0.0, 1.0, (0.0, 0.1, 0.5, 0.9, 0.999), symbol="s")
_HEAVY_TAILS = (
    Hypothesis(
        _MODEL,
        r"the noise has a spherical $t$ law with $1/s$ degrees of freedom",
        Statistical(
            lambda n, rng, p, heavy: _attacked(n, rng, 20, 3.0, 0.3, p, heavy),
            lambda p, heavy: _attacked_value(20, 3.0, 0.3, p),
            tolerance=0.1,
        ),
        {"p": Choices((2.0,)), "heavy": Reals(0.0, 2.0, (0.0, 0.5, 2.0), symbol="s")},
        "heavy",
    ),
)


def _labels_worth(
    domain: Domain, lhs: Callable[..., float], rhs: Callable[..., float], **more: Any
) -> tuple[Hypothesis, Hypothesis]:
    """Return what claims on averages assume; lhs has the worth of a label."""
    return (
        Hypothesis(
            _MODEL,
            _SOME_WRONG,
            Exact(
                lambda wrong, **point: lhs(worth=right_labels(1.0, wrong), **point),
                lambda wrong, **point: rhs(**point),
                **more,
            ),
            {**domain, "wrong": _WRONG},
            "wrong",
        ),
        Hypothesis(
            _LEARNER,
            _OF_SOME,
            Exact(
                lambda unused, **point: lhs(worth=1.0 - unused, **point),
                lambda unused, **point: rhs(**point),
                **more,
            ),
            {**domain, "unused": _UNUSED},
            "unused",
        ),
    )


_HIGH = _labels_worth(
    {
        "samples": Choices((1, 16), symbol="n"),
        "eps": Choices((0.5, 0.75), symbol=r"\varepsilon"),
    },
    lambda samples, eps, worth: float(limit_errors(4096, 8, worth * samples, eps)[1]),
    lambda samples, eps: float(limit_errors(4096, 8, samples, eps)[1]),
    rtol=0.1,
)
_CERTIFIED = _labels_worth(
    {"samples": Choices((4, 100), symbol="n")},
    lambda samples, worth: float(
        limit_errors(784, 2, worth * samples, certified_eps(784, 2, samples, 0.01))[1]
    ),
    lambda samples: 0.01,
)
_LENGTH_AT = {
    "d": Choices((1, 1000), symbol="d"),
    "delta": Choices((0.01, 0.5), symbol=r"\delta"),
}
_LONG = (
    Hypothesis(
        _MODEL,
        r"the deviation is $(1 + s)\sigma$",
        Statistical(
            lambda n, rng, d, delta, more: _too_long(n, rng, 0.0, d, delta, more),
            lambda d, delta, more: delta,
        ),
        {**_LENGTH_AT, "more": Reals(0.0, 1.0, (0.0, 0.1, 0.5), symbol="s")},
        "more",
    ),
    Hypothesis(
        _LEARNER,
        _OF_SOME,
        Statistical(
            lambda n, rng, d, delta, unused: _too_long(
                n, rng, 0.0, d, delta, 1 / math.sqrt(1 - unused) - 1
            ),
            lambda d, delta, unused: delta,
        ),
        {**_LENGTH_AT, "unused": _UNUSED},
        "unused",
    ),
)
_COSINE = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Statistical(
            lambda n, rng, wrong: _tilted_away(
                n, rng, 784, 2.0, 100, 1.0, right_labels(1.0, wrong)
            ),
            lambda wrong: max(cosine_failure(784, 2.0), 1e-2),
        ),
        {"wrong": _WRONG},
        "wrong",
    ),
    Hypothesis(
        _LEARNER,
        _OF_SOME,
        Statistical(
            lambda n, rng, unused: _tilted_away(n, rng, 784, 2.0, 100, 1.0, 1 - unused),
            lambda unused: max(cosine_failure(784, 2.0), 1e-2),
        ),
        {"unused": _UNUSED},
        "unused",
    ),
)
_PRINTED = (Hypothesis(_MODEL, why="the statement is false even so"),)
_LONGER = r"$\theta$ is $c$ times as long"
_UNKNOWN = r"$\theta \sim N(0, I)$ is not known to the learner"
_KNOWN = "it is known as precisely as from $c$ times as many samples"
_TIMES = Reals(1.0, 1e3, (1.0, 3.0, 10.0, 1e3), scale="log", symbol="c")
_LEARNERS = (
    Hypothesis(
        _MODEL,
        _LONGER,
        Statistical(
            lambda n, rng, longer: _best(n, rng, 100, 0.25, 8.0, longer),
            lambda longer: 0.5 * (1 - 1 / 100),
            side="rhs",
            support=(0.0, 0.5),
        ),
        {"longer": _TIMES},
        "longer",
        unbroken=1.0,
    ),
    Hypothesis(
        _UNKNOWN,
        _KNOWN,
        Statistical(
            lambda n, rng, known: _best(n, rng, 100, 0.25, 8.0 / known),
            lambda known: 0.5 * (1 - 1 / 100),
            side="rhs",
            support=(0.0, 0.5),
        ),
        {"known": _TIMES},
        "known",
        unbroken=1.0,
    ),
)
_LEARNERS_SHARPLY = (
    Hypothesis(
        _MODEL,
        _LONGER,
        Statistical(
            lambda n, rng, d, longer: sample_optimal_errors(
                n, rng, d, 1.0 / longer, 1, 0.6 / longer
            ),
            lambda d, longer: any_learner_bound(d, 1.0, 1, 0.6),
            side="rhs",
            support=(0.0, 0.5),
        ),
        {"d": Choices((1, 4), symbol="d"), "longer": _TIMES},
        "longer",
        unbroken=1.0,
    ),
    Hypothesis(
        _UNKNOWN,
        _KNOWN,
        Statistical(
            lambda n, rng, d, known: sample_optimal_errors(n, rng, d, 3.0, known, 0.6),
            lambda d, known: any_learner_bound(d, 3.0, 1, 0.6),
            side="rhs",
            support=(0.0, 0.5),
        ),
        {"d": Choices((1, 4), symbol="d"), "known": _TIMES},
        "known",
        unbroken=1.0,
    ),
)
_FASTER = Reals(0.0, 0.4, (0.0, 0.05, 0.2), symbol="s")
_DIMENSIONS = Reals(1e3, 1e12, (1e3, 1e5, 1e7, 1e9), scale="log")
_AVERAGE_RATE = (
    Hypothesis(
        _MODEL,
        r"$\theta$ is $d^{s/2}$ times as long as $(1, \dots, 1)$",
        Exact(
            lambda eps, faster, d: samples_needed(
                d, d ** (0.25 - faster / 2), eps * d ** (-faster / 2), 0.5
            ),
            lambda eps, faster, d: 0.5,
        ),
        {"eps": Choices((0.05, 0.25)), "faster": _FASTER, "d": _DIMENSIONS},
        "faster",
    ),
    Hypothesis(
        _LEARNER,
        "it takes the average of a share $d^{-s}$ of them",
        Exact(
            lambda eps, faster, d: _needs(eps, d) * d**faster,
            lambda eps, faster, d: 0.5,
        ),
        {"eps": Choices((0.05, 0.25)), "faster": _FASTER, "d": _DIMENSIONS},
        "faster",
    ),
)
_INVERSE = Reals(8.0, 512.0, (16.0, 64.0, 256.0), scale="log")
_RATE_IN_EPS = (
    Hypothesis(
        _MODEL,
        r"$\theta$ is $\varepsilon^{-s}$ times as long as $(1, \dots, 1)$",
        Exact(
            lambda faster, inverse: samples_needed(
                1e6, 1e6**0.25 * inverse**-faster, inverse ** (-1 - faster), 0.5
            ),
            lambda faster, inverse: -2,
        ),
        {"faster": _FASTER, "inverse": _INVERSE},
        "faster",
    ),
    Hypothesis(
        _LEARNER,
        r"it takes the average of a share $\varepsilon^s$ of them",
        Exact(
            lambda faster, inverse: _needs(1 / inverse, 1e6) * inverse**faster,
            lambda faster, inverse: -2,
        ),
        {"faster": _FASTER, "inverse": _INVERSE},
        "faster",
    ),
)
_FAR = Reals(1e3, 1e15, (1e6, 1e9, 1e12, 1e15), scale="log")
_STANDARD_RATE = (
    Hypothesis(
        _MODEL,
        r"$\theta$ is $d^{-s/2}$ times as long as $(1, \dots, 1)$",
        Exact(
            lambda faster, d: samples_needed(d, d ** (0.25 + faster / 2), 0.0, 0.1),
            lambda faster, d: 0.0,
        ),
        {"faster": Reals(0.0, 0.2, (0.0, 0.05, 0.2), symbol="s"), "d": _FAR},
        "faster",
    ),
    Hypothesis(
        _LEARNER,
        "it takes the average of a share $d^{-s}$ of them",
        Exact(
            lambda faster, d: samples_needed(d, d**0.25, 0.0, 0.1) * d**faster,
            lambda faster, d: 0.0,
        ),
        {"faster": _FASTER, "d": _FAR},
        "faster",
    ),
)
_SIGNS = (
    r"the $d$ signs are independent and right with probability $\tfrac12 + \tau$ each"
)
_BERNOULLI = (
    Hypothesis(
        _SIGNS,
        "they are equal in blocks of $m$",
        Exact(
            lambda d, tau, size: _first_failing(d // size, tau, 2.0 * size),
            lambda d, tau, size: math.exp(-(tau**2) * d / 2),
            rtol=1e-9,
        ),
        {
            "d": Choices((100, 4000), symbol="d"),
            "tau": Choices((0.05, 0.2), symbol=r"\tau"),
            "size": Integers(1, 100, (1, 2, 10, 100), symbol="m"),
        },
        "size",
        unbroken=1,
        where=lambda d, tau, size: 100 % size == 0,
    ),
)
_BERNOULLI_PRINTED = (Hypothesis(_SIGNS, why="the statement is false even so"),)
_PRODUCT = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Exact(
            lambda norm, delta, wrong: _low_product(norm, 0.5, 4, delta, wrong) / delta,
            lambda norm, delta, wrong: 1.0,
        ),
        {
            "norm": Choices((1.0, 28.0), symbol=r"\|\theta\|"),
            "delta": Choices((1e-6, 0.1), symbol=r"\delta"),
            "wrong": _WRONG,
        },
        "wrong",
    ),
    Hypothesis(
        r"$\theta \ne 0$",
        r"$\theta = 0$: the classes are the same",
        Exact(_low_share, lambda norm, sigma, samples, delta: 1.0),
        {
            "norm": Choices((1.0, 1e-3, 0.0), symbol=r"\|\theta\|"),
            "sigma": _SIGMA,
            "samples": Choices((1, 100), symbol="n"),
            "delta": Choices((1e-6, 0.1), symbol=r"\delta"),
        },
        "norm",
        unbroken=1.0,
    ),
)
_MARGIN = (
    Hypothesis(
        _MODEL,
        r"the deviation is $(1 + s)\sigma$",
        Exact(
            lambda margin, more: float(special.ndtr(-margin / (1 + more))),
            lambda margin, more: float(margin_tail(margin, 1.0)),
        ),
        {
            "margin": Choices((0.5, 3.0), symbol=r"r/\sigma"),
            "more": Reals(0.0, 2.0, (0.0, 0.1, 0.5, 2.0), symbol="s"),
        },
        "more",
    ),
    Hypothesis(
        r"$r = \langle w, \theta\rangle - \varepsilon\|w\|_q \ge 0$",
        r"the steps reach farther: $r = -s\sigma$, and the bound is that of $|r|$",
        Exact(
            lambda short: float(special.ndtr(short)),
            lambda short: float(margin_tail(short, 1.0)),
        ),
        {"short": Reals(0.0, 3.0, (0.0, 0.3, 1.0, 3.0), symbol="s")},
        "short",
    ),
)
_SUFFICIENT = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Exact(
            lambda d, wrong: 0.25,
            lambda d, wrong: certified_eps(
                d,
                d**0.25 / 32,
                right_labels(sufficient_samples(d, 0.25), wrong),
                0.01,
            ),
        ),
        {"d": Choices((1e6,)), "wrong": _WRONG},
        "wrong",
    ),
    Hypothesis(
        r"$\sigma \le d^{1/4}/32$",
        r"$\sigma = c\,d^{1/4}/32$",
        Exact(lambda d, eps, share: 0.0, _left_over, atol=1e-15),
        {
            "d": Choices((16.0, 784.0, 1e6)),
            "eps": Choices((0.01, 0.1, 0.25), symbol=r"\varepsilon"),
            "share": Reals(1.0, 8.0, (1.0, 2.0, 4.0, 8.0), symbol="c"),
        },
        "share",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="schmidt2018.robust-error",
        theory="manifold",
        title="The robust error of a linear classifier between two Gaussians",
        source=SOURCE,
        statement=r"""For $x \sim N(y\theta, \sigma^2 I)$ the share of points that the
worst step of $\ell_p$ length $\varepsilon$ makes wrong is
$\Phi\big(-(\langle w, \theta\rangle - \varepsilon\|w\|_q)/(\sigma\|w\|_2)\big)$,
$1/p + 1/q = 1$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 100, (2, 20), symbol="d"),
            "sigma": Reals(1.0, 10.0, (3.0, 5.0), symbol=r"\sigma"),
            "eps": Reals(0.0, 1.0, (0.0, 0.3), symbol=r"\varepsilon"),
            "p": Choices((1.0, 2.0, math.inf)),
        },
        axis="eps",
        evidence=Statistical(_attacked, _attacked_value, tolerance=0.1),
        twin=Twin(
            r"$\|w\|_p$ stands in place of $\|w\|_q$",
            Statistical(
                _attacked,
                lambda d, sigma, eps, p: _attacked_value(
                    d, sigma, eps, float(dual_order(p))
                ),
                tolerance=0.1,
            ),
            domain={
                "d": Choices((20,)),
                "sigma": Choices((3.0,)),
                "eps": Choices((0.3,)),
                "p": Choices((1.0, math.inf)),
            },
        ),
        hypotheses=_HEAVY_TAILS,
    ),
    Claim(
        id="schmidt2018.large-d",
        theory="manifold",
        title="The robust error of the average in high dimension",
        source=SOURCE,
        statement=r"""For $\theta = (1, \dots, 1)$ and $\sigma = d^{1/4}$ the mean
robust error of the average of $n$ samples is, for large $d$,
$\Phi\big(-\sqrt d\,(1 - \varepsilon m(s))/(\sigma\sqrt{1 + s^2})\big)$, with
$s = \sigma/\sqrt n$ and $m(s) = \mathbb{E}|1 + s g|$.""",
        relation="lhs == rhs",
        domain={
            "d": Choices((4096,)),
            "samples": Choices((1, 4, 16), symbol="n"),
            "eps": Choices((0.5, 0.75), symbol=r"\varepsilon"),
        },
        axis="samples",
        evidence=Statistical(_average_errors, _average_limit, tolerance=0.1, first=64),
        twin=Twin(
            r"$\sqrt{1 + s^2}$ stands in place of $m(s)$",
            Statistical(
                _average_errors,
                lambda d, samples, eps: float(
                    special.ndtr(
                        -(d**0.25)
                        * (1 / math.hypot(1, d**0.25 / math.sqrt(samples)) - eps)
                    )
                ),
                tolerance=0.1,
                first=64,
            ),
        ),
        note=r"""At $d = 4096$, to within a tenth of the value.""",
        hypotheses=_HIGH,
    ),
    Claim(
        id="schmidt2018.norm",
        theory="manifold",
        title="The average is not much longer than the mean",
        source=SOURCE.at("Lemma 13"),
        statement=r"""$P\big[\|\bar z\| \ge \|\theta\| +
\sigma(\sqrt d + \sqrt{2\log(1/\delta)})/\sqrt n\big] \le \delta$.""",
        relation="lhs <= rhs",
        domain={
            "norm": Choices((0.0, 1.0, 10.0), symbol=r"\|\theta\|"),
            "d": Integers(1, 10**6, (1, 10, 1000), symbol="d"),
            "delta": Reals(1e-3, 0.9, (0.01, 0.1, 0.5), symbol=r"\delta"),
        },
        axis="delta",
        evidence=Statistical(_too_long, lambda norm, d, delta: delta),
        twin=Twin(
            r"$\sqrt{\log(1/\delta)/2}$ stands in place of $\sqrt{2\log(1/\delta)}$",
            Statistical(_too_long_for_half, lambda norm, d, delta: delta),
            domain={
                "norm": Choices((0.0,)),
                "d": Choices((1000,)),
                "delta": Choices((0.01,)),
            },
        ),
        note=r"""Lemma 14 is the case $\|\theta\| = \sqrt d$, $\delta = e^{-d/2}$.""",
        hypotheses=_LONG,
    ),
    Claim(
        id="schmidt2018.inner-product",
        theory="manifold",
        title="The average is not much shorter along the mean",
        source=SOURCE.at("Lemma 15"),
        statement=r"""For $\theta \ne 0$, $P\big[\langle\bar z, \theta\rangle \le
\|\theta\|^2 - \sigma\|\theta\|\sqrt{2\log(1/\delta)/n}\big] \le \delta$.""",
        relation="lhs <= rhs",
        domain={
            "norm": Reals(1.0, 100.0, (1.0, 28.0), symbol=r"\|\theta\|"),
            "sigma": _SIGMA,
            "samples": Integers(1, 1000, (1, 100), symbol="n", as_reals=True),
            "delta": _DELTA,
        },
        axis="delta",
        evidence=Enclosure(
            lambda norm, sigma, samples, delta: _low_share_ball(norm, delta),
            lambda norm, sigma, samples, delta: 1,
            formulas=(_low_share, lambda norm, sigma, samples, delta: 1.0),
            rtol=1e-8,
            beyond=(
                Beyond(
                    _largest_low_share_ball,
                    lambda delta: 1,
                    until={"delta": 1.0},
                    free=("samples",),
                    scales=("norm", "sigma"),
                ),
            ),
        ),
        twin=Twin(
            r"the probability is at most $0.49\,\delta$",
            Enclosure(
                lambda norm, sigma, samples, delta: _low_share_ball(norm, delta),
                lambda norm, sigma, samples, delta: 0.49,
            ),
            domain={
                "norm": Choices((1.0,)),
                "sigma": Choices((2.0,)),
                "samples": Choices((100,)),
                "delta": Reals(0.1, 1.0, (0.1, 1.0), scale="log"),
            },
        ),
        note=r"""Shown is the probability over $\delta$. The product is normal, and
$\Phi(-\sqrt{2\log(1/\delta)}) \le \delta/2$.""",
        hypotheses=_PRODUCT,
    ),
    Claim(
        id="schmidt2018.inner-product-printed",
        theory="manifold",
        title="As printed, the bound along the mean includes a mean of zero",
        source=SOURCE.at("Lemma 15"),
        statement=r"""$P\big[\langle\bar z, \theta\rangle \le
\|\theta\|^2 - \sigma\|\theta\|\sqrt{2\log(1/\delta)/n}\big] \le \delta$ for every
$\theta$, $\theta = 0$ included.""",
        relation="lhs <= rhs",
        domain={
            "norm": Choices((0.0, 1.0, 28.0), symbol=r"\|\theta\|"),
            "sigma": _SIGMA,
            "samples": Integers(1, 1000, (1, 100), symbol="n"),
            "delta": Reals(1e-9, 0.9, (1e-6, 0.1), scale="log", symbol=r"\delta"),
        },
        axis="delta",
        evidence=Enclosure(
            lambda norm, sigma, samples, delta: _low_share_ball(norm, delta),
            lambda norm, sigma, samples, delta: 1,
            formulas=(_low_share, lambda norm, sigma, samples, delta: 1.0),
            rtol=1e-8,
        ),
        expected=Expected.VIOLATED,
        twin=Twin(
            r"$\theta \ne 0$",
            Enclosure(
                lambda norm, sigma, samples, delta: _low_share_ball(norm, delta),
                lambda norm, sigma, samples, delta: 1,
            ),
            domain={
                "norm": Choices((1.0, 28.0)),
                "sigma": _SIGMA,
                "samples": Integers(1, 1000, (1, 100), as_reals=True),
                "delta": Reals(1e-9, 0.9, (1e-6, 0.1), scale="log"),
            },
        ),
        note=r"""Shown is the probability over $\delta$. At $\theta = 0$ both sides of
the inner inequality are 0, so that its probability is 1.""",
        hypotheses=_PRINTED,
    ),
    Claim(
        id="schmidt2018.cosine",
        theory="manifold",
        title="The average points towards the mean",
        source=SOURCE.at("Lemma 16"),
        statement=r"""For $\|\theta\| = \sqrt d$,
$P\big[\cos(\bar z, \theta) \le (2\sqrt n - 1)/(2\sqrt n + 4\sigma)\big] \le
2\exp(-d/(8(\sigma^2 + 1)))$.""",
        relation="lhs <= rhs",
        domain=_PROBABLE,
        axis="samples",
        evidence=Statistical(
            lambda n, rng, **point: _tilted_away(n, rng, **point, times=1.0),
            lambda d, sigma, samples: max(cosine_failure(d, sigma), 1e-4),
        ),
        twin=Twin(
            r"the cosine is above three times that",
            Statistical(
                lambda n, rng, **point: _tilted_away(n, rng, **point, times=3.0),
                lambda d, sigma, samples: max(cosine_failure(d, sigma), 1e-4),
            ),
            domain={
                "d": Choices((784,)),
                "sigma": Choices((2.0,)),
                "samples": Choices((4,)),
            },
        ),
        note=r"""Probabilities below $10^{-4}$ are compared with $10^{-4}$. The bound is
loose: the cosine is about $(1 + \sigma^2/n)^{-1/2}$.""",
        hypotheses=_COSINE,
    ),
    Claim(
        id="schmidt2018.margin",
        theory="manifold",
        title="The robust error falls like a Gaussian tail of the margin",
        source=SOURCE.at("Lemmas 17 and 20"),
        statement=r"""For $\|w\|_2 = 1$ and $r = \langle w, \theta\rangle -
\varepsilon\|w\|_q \ge 0$ the $\ell_p$ robust error is at most
$\exp(-r^2/(2\sigma^2))$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 200, (2, 50), symbol="d"),
            "p": Choices((1.0, 2.0, math.inf)),
            "share": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
            "sigma": _SIGMA,
        },
        axis="share",
        evidence=Enclosure(
            lambda d, p, share, sigma: _scaled_error_ball(d, share, sigma),
            lambda **point: 1,
            formulas=(_scaled_error, lambda **point: 1.0),
            rtol=1e-9,
            beyond=(
                Beyond(
                    lambda p, share: balls.mills_ratio(0) * balls.normal_density(0),
                    lambda p, share: 1,
                    free=("d",),
                    scales=("sigma",),
                ),
            ),
        ),
        twin=Twin(
            r"it is at most $0.49\exp(-r^2/(2\sigma^2))$",
            Enclosure(
                lambda d, p, share, sigma: _scaled_error_ball(d, share, sigma),
                lambda **point: 0.49,
            ),
        ),
        note=r"""Shown is the ratio of the two. `share` is $\varepsilon$ over the size
that leaves no margin.""",
        hypotheses=_MARGIN,
    ),
    Claim(
        id="schmidt2018.certified",
        theory="manifold",
        title="What n samples certify in l_inf",
        source=SOURCE.at("Theorem 21"),
        statement=r"""With probability at least $1 - 2\exp(-d/(8(\sigma^2 + 1)))$ the
average of $n$ samples has $\ell_\infty$ robust error at most $\beta$ if $\varepsilon
\le (2\sqrt n - 1)/(2\sqrt n + 4\sigma) - \sigma\sqrt{2\log(1/\beta)/d}$.""",
        relation="lhs <= rhs",
        domain={**_PROBABLE, "d": Choices((784,))},
        where=lambda d, sigma, samples: certified_eps(d, sigma, samples, 0.01) > 0,
        axis="samples",
        evidence=Statistical(
            lambda n, rng, **point: _not_robust(n, rng, **point, times=1.0),
            lambda d, sigma, samples: max(cosine_failure(d, sigma), 0.05),
            first=128,
        ),
        twin=Twin(
            r"up to four times this $\varepsilon$",
            Statistical(
                lambda n, rng, **point: _not_robust(n, rng, **point, times=4.0),
                lambda d, sigma, samples: max(cosine_failure(d, sigma), 0.05),
                first=128,
            ),
            domain={
                "d": Choices((30_000,)),
                "sigma": Choices((2.0,)),
                "samples": Choices((4,)),
            },
        ),
        note=r"""$\beta = 0.01$ and $\theta = (1, \dots, 1)$; probabilities below 0.05
are compared with 0.05.""",
        hypotheses=_CERTIFIED,
    ),
    Claim(
        id="schmidt2018.sufficient",
        theory="manifold",
        title="64 eps^2 sqrt(d) samples are enough for robust error 0.01",
        source=SOURCE.at("Corollary 22"),
        statement=r"""For $\sigma \le d^{1/4}/32$, $\varepsilon \le 1/4$ and $n = 1$ if
$\varepsilon \le d^{-1/4}/4$, else $n = 64\varepsilon^2\sqrt d$, the condition of
Theorem 21 is met for $\beta = 0.01$.""",
        relation="lhs <= rhs",
        domain={
            "d": Reals(1.0, 1e18, (1.0, 16.0, 784.0, 1e6, 1e18), scale="log"),
            "eps": Reals(0.0, 0.25, (0.0, 0.01, 0.1, 0.25), symbol=r"\varepsilon"),
            "share": Reals(0.01, 1.0, (0.01, 1.0)),
        },
        axis="d",
        evidence=Enclosure(
            lambda d, eps, share: 0,
            _left_over_ball,
            formulas=(lambda d, eps, share: 0.0, _left_over),
            atol=1e-15,
            beyond=(
                Beyond(
                    lambda over_d, eps, share: 0,
                    _least_left_over_ball,
                    since={"d": 1.0},
                    until={"share": 1.0},
                ),
            ),
        ),
        twin=Twin(
            r"$\sigma \le d^{1/4}/15$",
            Enclosure(
                lambda d, eps, share: 0,
                lambda d, eps, share: _left_over_ball(d, eps, share, 15),
            ),
        ),
        note=r"""Shown is what is left beyond $\varepsilon$. The constants are loose: at
$\sigma \le d^{1/4}/32$ the robust error is 0 in double precision already for one
sample.""",
        hypotheses=_SUFFICIENT,
    ),
    Claim(
        id="schmidt2018.any-learner",
        theory="manifold",
        title="With too few samples no learner is robust",
        source=SOURCE.at("Corollary 23"),
        statement=r"""For $\theta \sim N(0, I)$ and $n \le \varepsilon^2\sigma^2/(8\log
d)$ the expected $\ell_\infty$ robust error of every learner is at least
$\frac12(1 - 1/d)$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 10**6, (10, 100, 10**4), symbol="d"),
            "eps": Reals(0.01, 2.0, (0.25, 1.0), symbol=r"\varepsilon"),
        },
        axis="d",
        evidence=Statistical(
            lambda n, rng, d, eps: _best(n, rng, d, eps, 8.0),
            lambda d, eps: 0.5 * (1 - 1 / d),
            side="rhs",
            support=(0.0, 0.5),
        ),
        twin=Twin(
            r"$n \le \varepsilon^2\sigma^2/\log d$",
            Statistical(
                lambda n, rng, d, eps: _best(n, rng, d, eps, 1.0),
                lambda d, eps: 0.5 * (1 - 1 / d),
                side="rhs",
                support=(0.0, 0.5),
            ),
            domain={"d": Choices((10**4,)), "eps": Choices((0.25,))},
        ),
        note=r"""The right side is the best learner's, in closed form given the data;
$\sigma = d^{1/4}$. There $n$ is below 1 for all these $d$, which samples of a larger
variance stand for.""",
        hypotheses=_LEARNERS,
    ),
    Claim(
        id="schmidt2018.any-learner-bound",
        theory="manifold",
        title="A sharper lower bound for every learner",
        source=SOURCE.at("the proof of Corollary 23"),
        statement=r"""For $\theta \sim N(0, I)$ the expected $\ell_\infty$ robust error
of every learner is at least
$\frac12\big(2\Phi(\varepsilon\sqrt{1 + \sigma^2/n}) - 1\big)^d$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 1000, (1, 4), symbol="d"),
            "sigma": Reals(0.05, 10.0, (0.1, 1.0), symbol=r"\sigma"),
            "samples": Integers(1, 1000, (1, 10), symbol="n"),
            "eps": Reals(0.1, 1.0, (0.3, 0.6), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Statistical(
            lambda n, rng, d, sigma, samples, eps: sample_optimal_errors(
                n, rng, d, sigma, samples, eps
            ),
            lambda d, sigma, samples, eps: any_learner_bound(d, sigma, samples, eps),
            side="rhs",
            support=(0.0, 0.5),
        ),
        twin=Twin(
            r"the exponent is $d/2$",
            Statistical(
                lambda n, rng, d, sigma, samples, eps: sample_optimal_errors(
                    n, rng, d, sigma, samples, eps
                ),
                lambda d, sigma, samples, eps: math.sqrt(
                    any_learner_bound(d, sigma, samples, eps) / 2
                ),
                side="rhs",
                support=(0.0, 0.5),
            ),
            domain={
                "d": Choices((2,)),
                "sigma": Choices((0.1,)),
                "samples": Choices((1,)),
                "eps": Choices((0.3,)),
            },
        ),
        hypotheses=_LEARNERS_SHARPLY,
    ),
    Claim(
        id="schmidt2018.robust-rate",
        theory="manifold",
        title="Robust learning needs a number of samples in proportion to sqrt(d)",
        source=SOURCE,
        statement=r"""At $\sigma = d^{1/4}$ the average of $n$ samples has robust error
below $1/2$ from some $n$ on, which grows like $d^{1/2}$ (in the limit formula).""",
        relation="rate",
        domain={
            "eps": Reals(0.01, 0.9, (0.05, 0.25, 0.75), symbol=r"\varepsilon"),
            "d": Reals(1e3, 1e12, (1e3, 1e5, 1e7, 1e9), scale="log"),
        },
        axis="d",
        evidence=Exact(_needs, lambda eps, d: 0.5),
        twin=Twin(r"like $d^{0.52}$", Exact(_needs, lambda eps, d: 0.52)),
        hypotheses=_AVERAGE_RATE,
    ),
    Claim(
        id="schmidt2018.robust-rate-in-eps",
        theory="manifold",
        title="Robust learning needs a number of samples in proportion to eps^2",
        source=SOURCE,
        statement=r"""At $\sigma = d^{1/4}$ that $n$ is $(2/\pi)\,\varepsilon^2\sqrt d$
for small $\varepsilon$: its exponent in $1/\varepsilon$ is $-2$.""",
        relation="rate",
        domain={
            "d": Choices((1e6, 1e9)),
            "inverse": Reals(8.0, 512.0, (16.0, 64.0, 256.0), scale="log"),
        },
        axis="inverse",
        evidence=Exact(
            lambda d, inverse: _needs(1 / inverse, d), lambda d, inverse: -2
        ),
        twin=Twin(
            "the exponent is $-1.95$",
            Exact(lambda d, inverse: _needs(1 / inverse, d), lambda d, inverse: -1.95),
        ),
        hypotheses=_RATE_IN_EPS,
    ),
    Claim(
        id="schmidt2018.standard-rate",
        theory="manifold",
        title="Standard learning needs a number of samples that does not grow with d",
        source=SOURCE,
        statement=r"""At $\sigma = d^{1/4}$ the number of samples from which on the
average has standard error at most 0.01 has exponent 0 in $d$ (in the limit
formula).""",
        relation="rate",
        domain={
            "error": Choices((0.01, 0.1)),
            "d": Reals(1e3, 1e15, (1e6, 1e9, 1e12, 1e15), scale="log"),
        },
        axis="d",
        evidence=Exact(
            lambda error, d: samples_needed(d, d**0.25, 0.0, error),
            lambda error, d: 0.0,
        ),
        twin=Twin(
            "the exponent is 0.02",
            Exact(
                lambda error, d: samples_needed(d, d**0.25, 0.0, error),
                lambda error, d: 0.02,
            ),
        ),
        hypotheses=_STANDARD_RATE,
    ),
    Claim(
        id="schmidt2018.bernoulli-one-sample",
        theory="manifold",
        title="In the Bernoulli model one sample is enough for the standard error",
        source=SOURCE.at("Theorem 27"),
        statement=r"""For $w = y x$ of one sample the error is at most
$\exp(-2\tau^4d)$ with probability at least $1 - \exp(-\tau^2d/2)$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 5000, (1, 10, 100, 1001, 4000), symbol="d"),
            "tau": Reals(0.01, 0.45, (0.05, 0.1, 0.2, 0.4), symbol=r"\tau"),
        },
        axis="d",
        evidence=Exact(
            lambda d, tau: _first_failing(d, tau, 2.0),
            lambda d, tau: math.exp(-(tau**2) * d / 2),
            rtol=1e-9,
            unproved="the left side jumps at each tau at which the error crosses the "
            "bound for another number of right signs",
        ),
        twin=Twin(
            r"the error is at most $\exp(-4\tau^4d)$",
            Exact(
                lambda d, tau: _first_failing(d, tau, 4.0),
                lambda d, tau: math.exp(-(tau**2) * d / 2),
                rtol=1e-9,
            ),
        ),
        note=r"""Both probabilities are computed exactly; a margin of 0 counts as an
error. With $\tau \ge (\log(1/\beta)/(2d))^{1/4}$ the error is at most $\beta$
(Corollary 28).""",
        hypotheses=_BERNOULLI,
    ),
    Claim(
        id="schmidt2018.bernoulli-printed",
        theory="manifold",
        title="As printed, the lower bound for linear learners admits eps below 0",
        source=SOURCE.at("Theorem 31"),
        statement=r"""For $\varepsilon < 3\tau$, $\tau \le 1/4$ and $n \le
\varepsilon^2\gamma^2/(5000\tau^4\log(4d/\gamma))$ the expected $\ell_\infty$ robust
error of every linear learner is at least $\frac12 - \gamma$, $\varepsilon < 0$
included.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 2000, (11, 101, 1001), symbol="d"),
            "eps": Reals(-0.5, 0.7, (-0.2, 0.0, 0.2), symbol=r"\varepsilon"),
            "gamma": Reals(0.01, 0.4, (0.1, 0.4), symbol=r"\gamma"),
        },
        axis="eps",
        evidence=Exact(
            lambda d, eps, gamma: 0.5 - gamma,
            lambda d, eps, gamma: _ignorant(d, eps),
        ),
        expected=Expected.VIOLATED,
        twin=Twin(
            r"$\varepsilon \ge 0$",
            Exact(
                lambda d, eps, gamma: 0.5 - gamma,
                lambda d, eps, gamma: _ignorant(d, eps),
            ),
            where=lambda d, eps, gamma: eps >= 0,
        ),
        note=r"""Without data ($n = 0$) the learner $w = (1, \dots, 1)$ has, over random
$\theta$, the error $P[\sum_i \xi_i \le \varepsilon d]$ with fair signs $\xi_i$.""",
        hypotheses=_BERNOULLI_PRINTED,
    ),
)
