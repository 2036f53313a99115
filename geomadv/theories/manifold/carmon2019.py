r"""Unlabelled data makes robust learning possible (Carmon et al. 2019).

The Gaussian model of `schmidt2018`: x ~ N(y mu, sigma^2 I), |mu|^2 = d, with the
parameters sigma^2 = sqrt(d n_0) and rho = eps^2 sqrt(d/n_0). So n_0 labels suffice for
a fixed standard error, Phi(-sqrt(d)/(sigma sqrt(1 + s^2))) with s^2 = sigma^2/n, about
Phi(-sqrt(n/n_0)). Robust error needs n = n_0 rho of them, up to constants.

**Robust self-training.** w = zbar/|zbar| of n labelled points gives m unlabelled ones
their pseudo-labels sign <w, x>, and the final classifier is theta^ = mean of the
pseudo-labels times x. *The exact law*: let t_i = <w, mu> + sigma g_i, the margin of the
i-th point along w, and r_i = sign t_i, which says whether its pseudo-label is right.
Across w its noise is independent of r_i. With R the mean of the r_i and T that of the
|t_i|,

    theta^ = T w + R (mu - <w, mu> w) + (sigma/sqrt(m)) G,

G standard normal across w: d numbers and m margins are drawn, never an m x d matrix.

**Many points, high dimension.** With kappa = <w, mu>/sigma the means are
E R = 1 - 2 Phi(-kappa), E T = <w, mu> E R + 2 sigma phi(kappa), and so

    theta^ = A mu + noise of standard deviation b in each coordinate,
    A = E R + 2 kappa phi(kappa) sigma^2/d,
    b^2 = 4 sigma^2 phi(kappa)^2 (1 - c^2)/d + sigma^2/m,

where c = cos(w, mu) = 1/sqrt(1 + sigma^2/n) and kappa = c sqrt(d)/sigma. The errors are
those of the average at s = b/A: *m pseudo-labels are worth (sigma A/b)^2 labels.*

**Constants.** At n = 4 n_0 rho the average has s = 1/(2 eps), whatever d, and robust
error Phi(-K sqrt(rho)), K = (1 - eps m(s))/(eps sqrt(1 + s^2)), which is 1.2 for small
eps, and less for large: 0.59 at eps = 1/2. So "at most 0.001" needs rho >= 6.6 for
small eps and 27.6 at eps = 1/2: what the universal constant r of the paper's
proposition has to be at least.

Source: Carmon, Raghunathan, Schmidt, Liang, Duchi (2019), "Unlabeled data improves
adversarial robustness", arXiv:1905.13736. The statements' constants (4, 8, 288) are
cited from memory; the laws and the numbers here are derived.
"""

import math
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, real, real_array
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
    Statistical,
    Twin,
    balls,
)
from geomadv.theories.manifold._gaussian_balls import (
    self_trained_slope_ball,
    slope_ball,
)
from geomadv.theories.manifold._gaussian_model import right_labels
from geomadv.theories.manifold.schmidt2018 import (
    limit_errors,
    mean_magnitude,
    necessary_samples,
    robust_error,
    sample_mean,
    samples_needed,
)

SOURCE = Source(
    "Y. Carmon, A. Raghunathan, L. Schmidt, P. Liang, J. Duchi",
    "Unlabeled data improves adversarial robustness",
    2019,
    arxiv="1905.13736",
)

_BLOCK = 1 << 20  # margins drawn at a time


def noise(d: float, n_0: float) -> float:
    """Return sigma = (d n_0)^(1/4), at which n_0 labels give the error Phi(-1).

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    n_0 : float
        Number of labels, above 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> noise(1000, 10)
    10.0
    """
    return (real("d", d, lower=1) * real("n_0", n_0, lower=0, open_lower=True)) ** 0.25


def hardness(d: float, n_0: float, eps: float) -> float:
    """Return rho = eps^2 sqrt(d/n_0), how many times more labels robustness needs.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    n_0 : float
        Number of labels, above 0.
    eps : float
        l_inf size of the steps, at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(hardness(10**5, 10, 0.2), 12)
    4.0
    """
    ratio = real("d", d, lower=1) / real("n_0", n_0, lower=0, open_lower=True)
    return real("eps", eps, lower=0) ** 2 * math.sqrt(ratio)


def self_training_errors(
    d: int,
    sigma: float,
    n: int,
    m: int,
    eps: float,
    runs: int,
    rng: np.random.Generator | int,
) -> Float[NDArray, "runs 2"]:
    """Draw the errors of robust self-training, for mu = (1, ..., 1).

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    sigma : float
        Standard deviation, above 0.
    n : int
        Number of labelled points, at least 1.
    m : int
        Number of unlabelled points, at least 1.
    eps : float
        l_inf size of the steps, at least 0.
    runs : int
        How often, at least 0.
    rng : numpy.random.Generator or int
        Generator, or the seed of one.

    Returns
    -------
    (runs, 2) array
        Standard and robust error of the final classifier in each run.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    The law is exact, see the head of this module: 2 d + m numbers a run, the m margins
    in blocks.

    Examples
    --------
    Ten labels, alone and with a thousand points without:

    >>> d, sigma = 10**5, noise(10**5, 10)
    >>> alone, helped = limit_errors(d, sigma, 10, 0.1)[1], self_training_errors(
    ...     d, sigma, 10, 1000, 0.1, 5, 0)[:, 1].mean()
    >>> print(f"{alone:.2f} {helped:.0e}")
    0.42 9e-07
    """
    size, labelled = integer("d", d, minimum=2), integer("n", n, minimum=1)
    deviation = real("sigma", sigma, lower=0, open_lower=True)
    unlabelled, length = integer("m", m, minimum=1), real("eps", eps, lower=0)
    rng, mu = generator(rng), np.ones(size)
    found = np.empty((integer("runs", runs, minimum=0), 2))
    for run in range(found.shape[0]):
        w = sample_mean(mu, deviation, labelled, rng)
        w /= np.linalg.norm(w)
        along = float(w.sum())
        right = total = 0.0
        for start in range(0, unlabelled, _BLOCK):
            t = rng.standard_normal(min(_BLOCK, unlabelled - start))
            t *= deviation
            t += along
            right += float(np.sign(t).sum())
            total += float(np.abs(t, out=t).sum())
        R, T = right / unlabelled, total / unlabelled
        final = rng.standard_normal(size)
        final *= deviation / math.sqrt(unlabelled)
        final += R
        final += (T - float(final @ w)) * w
        found[run] = robust_error(final, mu, deviation, [0.0, length])
    return found


def label_worth(d: ArrayLike, sigma: ArrayLike, n: ArrayLike, m: ArrayLike) -> Real:
    """Return how many labels m pseudo-labels are worth, in high dimension.

    Parameters
    ----------
    d : float or array_like
        Dimension, at least 1.
    sigma : float or array_like
        Standard deviation, above 0.
    n : float or array_like
        Number of labelled points, above 0, from which the pseudo-labels come.
    m : float or array_like
        Number of unlabelled points, above 0.

    Returns
    -------
    numpy.float64 or array
        (sigma A/b)^2, at most m.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(label_worth(10**5, noise(10**5, 10), 10, 1000)), 2)
    468.29
    """
    unlabelled = real_array("m", m, lower=0, open_lower=True)
    A, common, deviation = _moments(d, sigma, n)
    A, common, deviation, unlabelled = broadcast(
        A=A, common=common, sigma=deviation, m=unlabelled
    )
    square = common + deviation**2 / unlabelled
    worth: Real = ((deviation * A) ** 2 / square)[()]
    return worth


def self_training_limit(
    d: ArrayLike, sigma: ArrayLike, n: ArrayLike, m: ArrayLike, eps: ArrayLike
) -> tuple[Real, Real]:
    """Return the errors of robust self-training in high dimension.

    Parameters
    ----------
    d, sigma, n, m : float or array_like
        As for `label_worth`.
    eps : float or array_like
        l_inf size of the steps, at least 0.

    Returns
    -------
    standard, robust : numpy.float64 or array
        `schmidt2018.limit_errors` at `label_worth` labels.

    Examples
    --------
    >>> e = self_training_limit(10**5, noise(10**5, 10), 10, [1000, 10000], 0.1)[1]
    >>> print(" ".join(f"{value:.1e}" for value in e))
    6.5e-07 1.8e-16
    """
    return limit_errors(d, sigma, label_worth(d, sigma, n, m), eps)


def unlabelled_needed(
    d: float, sigma: float, n: float, eps: float, error: float
) -> float:
    """Return how many unlabelled points self-training needs for a robust error.

    Parameters
    ----------
    d, sigma, n : float
        As for `label_worth`.
    eps : float
        l_inf size of the steps, at least 0.
    error : float
        The robust error that is wanted, in (0, 1/2].

    Returns
    -------
    float
        The m at which `self_training_limit` has this robust error; infinite if none is
        enough.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> d, sigma = 10**5, noise(10**5, 10)
    >>> m = unlabelled_needed(d, sigma, 10, 0.1, 0.001)
    >>> round(m, 2), round(float(self_training_limit(d, sigma, 10, m, 0.1)[1]), 12)
    (380.16, 0.001)
    """
    labels = samples_needed(d, sigma, eps, error)
    A, common, _ = _moments(d, sigma, n)
    if math.isinf(labels) or labels == 0:
        return labels
    # sigma^2/m = (sigma A)^2/labels - common
    left = float(A) ** 2 / labels - float(common) / sigma**2
    return 1 / left if left > 0 else math.inf


def robust_slope(eps: float) -> float:
    """Return K for which 4 n_0 rho labels have the robust error Phi(-K sqrt(rho)).

    Parameters
    ----------
    eps : float
        l_inf size of the steps, in (0, 1).

    Returns
    -------
    float
        (1 - eps m(s))/(eps sqrt(1 + s^2)) at s = 1/(2 eps); negative from 0.992 on.

    Raises
    ------
    ValueError, TypeError
        If eps is not as described.

    Examples
    --------
    >>> [round(robust_slope(eps), 4) for eps in (1e-3, 0.1, 0.5)]
    [1.2021, 1.1632, 0.5893]
    """
    size = real("eps", eps, lower=0, upper=1, open_lower=True, open_upper=True)
    s = 1 / (2 * size)
    return (1 - size * float(mean_magnitude(s))) / (size * math.hypot(1, s))


def least_hardness(eps: float, error: float = 1e-3) -> float:
    """Return the rho from which on 4 n_0 rho labels have at most a robust error.

    Parameters
    ----------
    eps : float
        l_inf size of the steps, in (0, 1).
    error : float
        The robust error, in (0, 1/2].

    Returns
    -------
    float
        (Phi^-1(error)/K)^2 with K of `robust_slope`; infinite if K is not positive.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> [round(least_hardness(eps), 2) for eps in (1e-3, 0.1, 0.5)]
    [6.61, 7.06, 27.5]
    """
    target = real("error", error, lower=0, upper=0.5, open_lower=True)
    slope = robust_slope(eps)
    return float(special.ndtri(target) / slope) ** 2 if slope > 0 else math.inf


def _moments(
    d: ArrayLike, sigma: ArrayLike, n: ArrayLike
) -> tuple[NDArray, NDArray, NDArray]:
    """Return A, the part of b^2 that is common to all pseudo-labels, and sigma."""
    size, deviation, labelled = broadcast(
        d=real_array("d", d, lower=1),
        sigma=real_array("sigma", sigma, lower=0, open_lower=True),
        n=real_array("n", n, lower=0, open_lower=True),
    )
    square = 1 / (1 + deviation**2 / labelled)  # of the cosine
    kappa = np.sqrt(size * square) / deviation
    density = np.exp(-(kappa**2) / 2) / math.sqrt(2 * math.pi)
    A = special.erf(kappa / math.sqrt(2)) + 2 * kappa * density * deviation**2 / size
    common = (2 * deviation * density) ** 2 * (1 - square) / size
    return np.asarray(A), np.asarray(common), deviation


# --- Claims --------------------------------------------------------------------------


def _setting(eps: float, rho: float, n_0: float) -> tuple[float, float]:
    """Return d and sigma."""
    d = n_0 * (rho / eps**2) ** 2
    return d, noise(d, n_0)


def _labelled(eps: float, rho: float, n_0: float, factor: float) -> tuple[float, float]:
    d, sigma = _setting(eps, rho, n_0)
    standard, robust = limit_errors(d, sigma, factor * n_0, eps)
    return float(standard), float(robust)


def _self_trained(eps: float, rho: float, n_0: float, factor: float) -> float:
    d, sigma = _setting(eps, rho, n_0)
    return float(self_training_limit(d, sigma, n_0, factor * n_0 * rho, eps)[1])


def _ratio(over: int, under: int) -> Any:
    from flint import arb

    return arb(over) / under


def _standard_ball(eps: Any, over_rho: Any, parts: int = 1) -> Any:
    """Enclose the standard error of n_0/parts labels; over_rho is 1/rho."""
    return balls.normal_tail(1 / (eps * eps * over_rho + parts).sqrt())


def _alone_ball(eps: Any, rho: Any) -> Any:
    """Enclose the robust error of n_0 labels."""
    return balls.normal_tail(rho.sqrt() * slope_ball(eps, rho.sqrt()))


def _alone_gap_ball(eps: Any, over_rho: Any) -> Any:
    """Enclose sqrt(1/rho) times 1 - eps m, which is at most z sqrt(1 + eps^2/rho)."""
    t = over_rho.nonnegative_part().sqrt()
    ratio = eps * t
    normal = (2 / eps.pi()).sqrt() * (-(ratio * ratio) / 2).exp()
    return t - normal - ratio * (1 - 2 * balls.normal_tail(ratio))


def _alone_room_ball(eps: Any, over_rho: Any) -> Any:
    quantile = balls.normal_quantile(_ratio(2, 5))
    return quantile * (over_rho * (1 + eps * eps * over_rho)).nonnegative_part().sqrt()


def _enough_ball(eps: Any, rho: Any) -> Any:
    """Enclose the robust error of 4 n_0 rho labels."""
    return balls.normal_tail(rho.sqrt() * slope_ball(eps, 0.5))


def _helped_slope_ball(eps: Any, over_rho: Any, factor: int = 288) -> Any:
    """Enclose the slope of n_0 labels and factor n_0 rho points without."""
    share = eps * eps * over_rho  # sigma^2/d
    return self_trained_slope_ball(eps, share, 1 / (1 + share), factor)


def _helped_ball(eps: Any, rho: Any, factor: int = 288) -> Any:
    return balls.normal_tail(rho.sqrt() * _helped_slope_ball(eps, 1 / rho, factor))


def _quantile_room_ball(over_rho: Any) -> Any:
    """Enclose z/sqrt(rho), where Phi(-z) = 1/1000."""
    return balls.normal_quantile(_ratio(1, 1000)) * over_rho.nonnegative_part().sqrt()


def _drawn(
    n: int, rng: np.random.Generator, labels: int, m: int, eps: float
) -> Float[NDArray, " n"]:
    return self_training_errors(4096, 8.0, labels, m, eps, n, rng)[:, 1]


def _expected(labels: int, m: int, eps: float) -> float:
    return float(self_training_limit(4096, 8.0, labels, m, eps)[1])


_N0 = Integers(1, 1000, (1, 10, 1000), symbol="n_0")
_EPS = Reals(1e-3, 0.5, (1e-3, 0.1, 0.5), scale="log", symbol=r"\varepsilon")


def _noisier(eps: float, rho: float, n_0: float, noisier: float) -> float:
    """Return the robust error after self-training at a larger sigma."""
    d, sigma = _setting(eps, rho, n_0)
    m = 288 * n_0 * rho
    return float(self_training_limit(d, noisier * sigma, n_0, m, eps)[1])


_MODEL = r"$x \mid y \sim N(y\theta, \sigma^2 I)$, $y$ uniform, $\|\theta\|^2 = d$"
_SOME_WRONG = "a share $s$ of the labels is wrong"
_WRONG = Reals(0.0, 0.5, (0.0, 0.1, 0.3, 0.49), symbol="s")
_NOISE = r"$\sigma^2 = \sqrt{d n_0}$"
_NOISIER = r"$\sigma$ is $c$ times as large"
_MORE_NOISE = Reals(1.0, 10.0, (1.0, 1.1, 2.0, 10.0), symbol="c")
_AT: dict[str, Parameter] = {
    "eps": Choices((1e-3, 0.1, 0.5), symbol=r"\varepsilon"),
    "rho": Choices((1.0, 100.0), symbol=r"\rho"),
    "n_0": Choices((10, 1000), symbol="n_0"),
}


def _few(
    eps: float, rho: float, n_0: float, *, noisier: float = 1.0, longer: float = 1.0
) -> tuple[float, float]:
    """Return the errors of n_0 labels at a larger sigma, or for a longer theta."""
    d, sigma = _setting(eps, rho, n_0)
    standard, robust = limit_errors(d, noisier / longer * sigma, n_0, eps / longer)
    return float(standard), float(robust)


def _enough_at_noise(noisier: float, eps: float, n_0: float) -> float:
    """Return the robust error of 4 n_0 rho labels, rho = 27.6, at a larger sigma."""
    d, sigma = _setting(eps, 27.6, n_0)
    return float(limit_errors(d, noisier * sigma, 4 * 27.6 * n_0, eps)[1])


_STANDARD = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Exact(
            lambda wrong, **point: _labelled(**point, factor=right_labels(1, wrong))[0],
            lambda wrong, **point: 1 / 3,
        ),
        {**_AT, "wrong": _WRONG},
        "wrong",
    ),
    Hypothesis(
        _NOISE,
        _NOISIER,
        Exact(
            lambda noisier, **point: _few(**point, noisier=noisier)[0],
            lambda noisier, **point: 1 / 3,
        ),
        {**_AT, "noisier": _MORE_NOISE},
        "noisier",
        unbroken=1.0,
    ),
)
_ALONE = (
    Hypothesis(
        _MODEL,
        r"$\|\theta\|^2 = c^2 d$",
        Exact(
            lambda longer, **point: 0.4,
            lambda longer, **point: _few(**point, longer=longer)[1],
        ),
        {**_AT, "longer": _MORE_NOISE},
        "longer",
        unbroken=1.0,
    ),
    Hypothesis(
        _NOISE,
        r"$\sigma$ is $s$ times as large",
        Exact(
            lambda quieter, **point: 0.4,
            lambda quieter, **point: _few(**point, noisier=quieter)[1],
        ),
        {**_AT, "quieter": Reals(0.01, 1.0, (1.0, 0.9, 0.5, 0.01), symbol="s")},
        "quieter",
        unbroken=1.0,
    ),
    Hypothesis(
        "the learner has $n_0$ labels and no more",
        "it has $c$ times as many",
        Exact(
            lambda eps, rho, n_0, times: 0.4,
            lambda eps, rho, n_0, times: _labelled(eps, rho, n_0, times)[1],
        ),
        {
            "eps": _EPS,
            "rho": Choices((1.0, 100.0), symbol=r"\rho"),
            "n_0": _N0,
            "times": Reals(1.0, 1e3, (1.0, 2.0, 20.0, 1e3), scale="log", symbol="c"),
        },
        "times",
        unbroken=1.0,
    ),
)
_LARGE = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Exact(
            lambda wrong, eps, n_0: _labelled(
                eps, 27.6, n_0, 4 * 27.6 * right_labels(1, wrong)
            )[1],
            lambda wrong, eps, n_0: 1e-3,
        ),
        {"eps": _AT["eps"], "n_0": _AT["n_0"], "wrong": _WRONG},
        "wrong",
    ),
    Hypothesis(
        _NOISE,
        _NOISIER,
        Exact(
            lambda noisier, eps, n_0: _enough_at_noise(noisier, eps, n_0),
            lambda noisier, eps, n_0: 1e-3,
        ),
        {"eps": _AT["eps"], "n_0": _AT["n_0"], "noisier": _MORE_NOISE},
        "noisier",
        unbroken=1.0,
    ),
    Hypothesis(
        r"$\rho \ge 27.6$: the dimension is large",
        r"low dimension: $\rho$ is less, and with it $d = n_0\rho^2/\varepsilon^4$",
        Exact(
            lambda eps, rho, n_0: _labelled(eps, rho, n_0, 4 * rho)[1],
            lambda eps, rho, n_0: 1e-3,
        ),
        {
            "eps": _EPS,
            "rho": Reals(1.0, 27.6, (27.6, 20.0, 5.0, 1.0), scale="log"),
            "n_0": _N0,
        },
        "rho",
        unbroken=27.6,
    ),
)
_ANY_RHO = (
    Hypothesis(_MODEL, why="the statement is false even so"),
    Hypothesis(_NOISE, why="the statement is false even so"),
)
_IDENTITY = (
    Hypothesis(
        _NOISE,
        _NOISIER,
        Exact(
            lambda d, eps, noisier: 10 * hardness(d, 10, eps) / (8 * math.log(d)),
            lambda d, eps, noisier: necessary_samples(d, noisier * noise(d, 10), eps),
        ),
        {
            "d": Choices((1e5, 1e12)),
            "eps": _AT["eps"],
            "noisier": _MORE_NOISE,
        },
        "noisier",
        unbroken=1.0,
    ),
)
_LAW = (
    Hypothesis(
        _MODEL,
        "a share $s$ of the labels is wrong, of the four that are given",
        Exact(
            lambda eps, wrong: float(
                self_training_limit(4096, 8.0, right_labels(4, wrong), 64, eps)[1]
            ),
            lambda eps, wrong: _expected(4, 64, eps),
            rtol=0.15,
        ),
        {"eps": Choices((0.75, 0.9), symbol=r"\varepsilon"), "wrong": _WRONG},
        "wrong",
    ),
)
_WORTH_AT: dict[str, Parameter] = {
    "d": Reals(1e6, 1e18, (1e12, 1e14, 1e16, 1e18), scale="log"),
}
_WORTH = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Exact(
            lambda wrong, d: (
                label_worth(d, noise(d, 10), right_labels(10, wrong), 1000) / 1000
            ),
            lambda wrong, d: math.erf(math.sqrt(0.5)) ** 2,
            tolerance=1e-3,
        ),
        {"wrong": _WRONG, **_WORTH_AT},
        "wrong",
    ),
    Hypothesis(
        _NOISE,
        _NOISIER,
        Exact(
            lambda noisier, d: label_worth(d, noisier * noise(d, 10), 10, 1000) / 1000,
            lambda noisier, d: math.erf(math.sqrt(0.5)) ** 2,
            tolerance=1e-3,
        ),
        {"noisier": _MORE_NOISE, **_WORTH_AT},
        "noisier",
        unbroken=1.0,
    ),
)
_SELF_TRAINED = (
    Hypothesis(
        _MODEL,
        _SOME_WRONG,
        Exact(
            lambda wrong, eps, rho, n_0: float(
                self_training_limit(
                    *_setting(eps, rho, n_0),
                    right_labels(n_0, wrong),
                    288 * n_0 * rho,
                    eps,
                )[1]
            ),
            lambda wrong, eps, rho, n_0: 1e-3,
        ),
        {
            **_AT,
            "eps": Choices((1e-3, 0.1, 0.2), symbol=r"\varepsilon"),
            "wrong": _WRONG,
        },
        "wrong",
    ),
    Hypothesis(
        r"$\varepsilon \le 1/5$",
        "the steps are larger",
        Exact(
            lambda eps, rho, n_0: _self_trained(eps, rho, n_0, 288.0),
            lambda eps, rho, n_0: 1e-3,
        ),
        {
            "eps": Reals(0.2, 0.95, (0.2, 0.3, 0.5, 0.9), symbol=r"\varepsilon"),
            "rho": Choices((1.0, 100.0), symbol=r"\rho"),
            "n_0": _N0,
        },
        "eps",
        unbroken=0.2,
    ),
    Hypothesis(
        r"$\rho \ge 1$: the dimension is large",
        r"low dimension: $\rho$ is less, and with it $d = n_0\rho^2/\varepsilon^4$",
        Exact(
            lambda eps, rho, n_0: _self_trained(eps, rho, n_0, 288.0),
            lambda eps, rho, n_0: 1e-3,
        ),
        {
            "eps": Choices((1e-3, 0.1, 0.2), symbol=r"\varepsilon"),
            "rho": Reals(0.05, 1.0, (1.0, 0.5, 0.2, 0.05), scale="log"),
            "n_0": _N0,
        },
        "rho",
        unbroken=1.0,
    ),
    Hypothesis(
        _NOISE,
        _NOISIER + ": the first labels say too little",
        Exact(_noisier, lambda eps, rho, n_0, noisier: 1e-3),
        {
            "eps": Choices((1e-3, 0.1, 0.2), symbol=r"\varepsilon"),
            "rho": Choices((1.0, 100.0), symbol=r"\rho"),
            "n_0": _N0,
            "noisier": Reals(1.0, 10.0, (1.0, 1.5, 3.0, 10.0), symbol="c"),
        },
        "noisier",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="carmon2019.standard",
        theory="manifold",
        title="n_0 labels are enough for the standard error",
        source=SOURCE.at("Proposition 1"),
        statement=r"""At $\sigma^2 = \sqrt{d n_0}$ the average of $n_0$ labelled points
has standard error at most $1/3$ (in the limit formula).""",
        relation="lhs <= rhs",
        domain={
            "eps": _EPS,
            "rho": Reals(1.0, 1e4, (1.0, 100.0), scale="log", symbol=r"\rho"),
            "n_0": _N0,
        },
        axis="rho",
        evidence=Enclosure(
            lambda eps, rho, n_0: _standard_ball(eps, 1 / rho),
            lambda eps, rho, n_0: _ratio(1, 3),
            formulas=(
                lambda eps, rho, n_0: _labelled(eps, rho, n_0, 1.0)[0],
                lambda eps, rho, n_0: 1 / 3,
            ),
            beyond=(
                Beyond(
                    _standard_ball,
                    lambda eps, over_rho: _ratio(1, 3),
                    since={"rho": 1},
                    until={"eps": 0.5},
                    free=("n_0",),
                ),
            ),
        ),
        twin=Twin(
            r"with $n_0/6$ labels",
            Enclosure(
                lambda eps, rho, n_0: _standard_ball(eps, 1 / rho, 6),
                lambda eps, rho, n_0: _ratio(1, 3),
            ),
        ),
        hypotheses=_STANDARD,
    ),
    Claim(
        id="carmon2019.labels-alone",
        theory="manifold",
        title="n_0 labels alone are not robust",
        source=SOURCE,
        statement=r"""At $\sigma^2 = \sqrt{d n_0}$ and $\rho \ge 1$ the average of $n_0$
labelled points has robust error at least $0.4$ (in the limit formula).""",
        relation="lhs <= rhs",
        domain={
            "eps": _EPS,
            "rho": Reals(1.0, 1e4, (1.0, 100.0), scale="log", symbol=r"\rho"),
            "n_0": _N0,
        },
        axis="rho",
        evidence=Enclosure(
            lambda eps, rho, n_0: _ratio(2, 5),
            lambda eps, rho, n_0: _alone_ball(eps, rho),
            formulas=(
                lambda eps, rho, n_0: 0.4,
                lambda eps, rho, n_0: _labelled(eps, rho, n_0, 1.0)[1],
            ),
            beyond=(
                Beyond(
                    _alone_gap_ball,
                    _alone_room_ball,
                    since={"rho": 1},
                    until={"eps": 0.5},
                    free=("n_0",),
                ),
            ),
        ),
        twin=Twin(
            "at least 0.45",
            Enclosure(
                lambda eps, rho, n_0: 0.45,
                lambda eps, rho, n_0: _alone_ball(eps, rho),
            ),
        ),
        hypotheses=_ALONE,
    ),
    Claim(
        id="carmon2019.labelled",
        theory="manifold",
        title="4 n_0 rho labels are enough for the robust error, from a rho on",
        source=SOURCE.at("Proposition 1"),
        statement=r"""For $\varepsilon \le 1/2$ and $\rho \ge 27.6$ the average of
$4 n_0\rho$ labelled points has robust error at most $10^{-3}$ (in the limit
formula).""",
        relation="lhs <= rhs",
        domain={
            "eps": _EPS,
            "rho": Reals(27.6, 1e4, (27.6, 100.0), scale="log", symbol=r"\rho"),
            "n_0": _N0,
        },
        axis="rho",
        evidence=Enclosure(
            lambda eps, rho, n_0: _enough_ball(eps, rho),
            lambda eps, rho, n_0: _ratio(1, 1000),
            formulas=(
                lambda eps, rho, n_0: _labelled(eps, rho, n_0, 4 * rho)[1],
                lambda eps, rho, n_0: 1e-3,
            ),
            rtol=1e-11,
            beyond=(
                Beyond(
                    lambda eps, over_rho: _quantile_room_ball(over_rho),
                    lambda eps, over_rho: slope_ball(eps, 0.5),
                    since={"rho": 27.6},
                    until={"eps": 0.5},
                    free=("n_0",),
                ),
            ),
        ),
        twin=Twin(
            r"$\rho \ge 27$",
            Enclosure(
                lambda eps, rho, n_0: _enough_ball(eps, rho),
                lambda eps, rho, n_0: _ratio(1, 1000),
            ),
            domain={
                "eps": _EPS,
                "rho": Reals(27.0, 1e4, (27.0, 100.0)),
                "n_0": _N0,
            },
        ),
        note=r"""The universal constant $r$ of the proposition must be at least 6.6, and
27.5 if $\varepsilon = 1/2$ is allowed: the error is $\Phi(-K\sqrt\rho)$.""",
        hypotheses=_LARGE,
    ),
    Claim(
        id="carmon2019.labelled-any-rho",
        theory="manifold",
        title="4 n_0 rho labels are enough, whatever rho (as it circulates)",
        source=SOURCE.at("Proposition 1, without its condition on rho"),
        statement=r"""For every $\rho \ge 1$ the average of $4 n_0\rho$ labelled points
has robust error at most $10^{-3}$.""",
        relation="lhs <= rhs",
        domain={
            "eps": Reals(1e-3, 0.1, (1e-3, 0.1), scale="log", symbol=r"\varepsilon"),
            "rho": Reals(1.0, 1e4, (1.0, 4.0, 7.1, 100.0), scale="log", symbol=r"\rho"),
            "n_0": _N0,
        },
        axis="rho",
        evidence=Enclosure(
            lambda eps, rho, n_0: _enough_ball(eps, rho),
            lambda eps, rho, n_0: _ratio(1, 1000),
            formulas=(
                lambda eps, rho, n_0: _labelled(eps, rho, n_0, 4 * rho)[1],
                lambda eps, rho, n_0: 1e-3,
            ),
            rtol=1e-10,
        ),
        expected=Expected.VIOLATED,
        twin=Twin(
            r"for $\rho \ge 7.1$",
            Enclosure(
                lambda eps, rho, n_0: _enough_ball(eps, rho),
                lambda eps, rho, n_0: _ratio(1, 1000),
            ),
            domain={
                "eps": Reals(1e-3, 0.1, (1e-3, 0.1), scale="log"),
                "rho": Reals(7.1, 1e4, (7.1, 100.0), scale="log"),
                "n_0": _N0,
            },
        ),
        note=r"""At $\rho = 4$, $d = 10^5$, $n_0 = 10$ the error is 0.0168.""",
        hypotheses=_ANY_RHO,
    ),
    Claim(
        id="carmon2019.lower-bound",
        theory="manifold",
        title="The lower bound is that of Schmidt et al.",
        source=SOURCE.at("Theorem 1"),
        statement=r"""$n_0\rho/(8\log d) = \varepsilon^2\sigma^2/(8\log d)$ at
$\sigma^2 = \sqrt{d n_0}$, $\rho = \varepsilon^2\sqrt{d/n_0}$.""",
        relation="lhs == rhs",
        domain={
            "d": Reals(2.0, 1e12, (2.0, 1e5, 1e12), scale="log"),
            "n_0": _N0,
            "eps": _EPS,
        },
        axis="d",
        evidence=Exact(
            lambda d, n_0, eps: n_0 * hardness(d, n_0, eps) / (8 * math.log(d)),
            lambda d, n_0, eps: necessary_samples(d, noise(d, n_0), eps),
        ),
        twin=Twin(
            r"$\rho = 1.001\,\varepsilon^2\sqrt{d/n_0}$",
            Exact(
                lambda d, n_0, eps: (
                    1.001 * n_0 * hardness(d, n_0, eps) / (8 * math.log(d))
                ),
                lambda d, n_0, eps: necessary_samples(d, noise(d, n_0), eps),
            ),
        ),
        hypotheses=_IDENTITY,
    ),
    Claim(
        id="carmon2019.self-training-law",
        theory="manifold",
        title="The robust error of self-training in high dimension",
        source=SOURCE,
        statement=r"""The mean robust error after self-training on $m$ pseudo-labels is,
for large $d$, that of the average of as many labels as these are worth.""",
        relation="lhs == rhs",
        domain={
            "labels": Choices((4,), symbol="n"),
            "m": Choices((64,)),
            "eps": Choices((0.75, 0.9), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Statistical(_drawn, _expected, tolerance=0.15, first=64),
        twin=Twin(
            "each pseudo-label is worth one label",
            Statistical(
                _drawn,
                lambda labels, m, eps: float(limit_errors(4096, 8.0, m, eps)[1]),
                tolerance=0.15,
                first=64,
            ),
        ),
        note=r"""$d = 4096$ and $\sigma = d^{1/4}$.""",
        hypotheses=_LAW,
    ),
    Claim(
        id="carmon2019.self-training",
        theory="manifold",
        title="n_0 labels and 288 n_0 rho points without are enough",
        source=SOURCE.at("Theorem 2"),
        statement=r"""For $\varepsilon \le 1/5$ and $\rho \ge 1$, $n_0$ labelled and
$288\,n_0\rho$ unlabelled points give a robust error of at most $10^{-3}$ (in the limit
formula).""",
        relation="lhs <= rhs",
        domain={
            "eps": Reals(1e-3, 0.2, (1e-3, 0.1, 0.2), scale="log"),
            "rho": Reals(1.0, 1e4, (1.0, 10.0, 100.0), scale="log", symbol=r"\rho"),
            "n_0": _N0,
        },
        axis="rho",
        evidence=Enclosure(
            lambda eps, rho, n_0: _helped_ball(eps, rho),
            lambda eps, rho, n_0: _ratio(1, 1000),
            formulas=(
                lambda eps, rho, n_0: _self_trained(eps, rho, n_0, 288.0),
                lambda eps, rho, n_0: 1e-3,
            ),
            rtol=1e-10,
            beyond=(
                Beyond(
                    lambda eps, over_rho: _quantile_room_ball(over_rho),
                    _helped_slope_ball,
                    since={"rho": 1},
                    until={"eps": 0.2},
                    free=("n_0",),
                ),
            ),
        ),
        twin=Twin(
            r"$28\,n_0\rho$ unlabelled points",
            Enclosure(
                lambda eps, rho, n_0: _helped_ball(eps, rho, 28),
                lambda eps, rho, n_0: _ratio(1, 1000),
            ),
        ),
        note=r"""For $\varepsilon \le 0.1$ a tenth of them is enough.""",
        hypotheses=_SELF_TRAINED,
    ),
    Claim(
        id="carmon2019.label-worth",
        theory="manifold",
        title="A pseudo-label from n_0 labels is worth 0.466 of a label",
        source=SOURCE,
        statement=r"""$m$ pseudo-labels that come from $n_0$ labels are worth
$(1 - 2\Phi(-1))^2 m = 0.466\,m$ labels as $d \to \infty$.""",
        relation="limit",
        domain={
            "m": Choices((100, 1000)),
            "n_0": _N0,
            "d": Reals(1e6, 1e18, (1e12, 1e14, 1e16, 1e18), scale="log"),
        },
        axis="d",
        evidence=Exact(
            lambda m, n_0, d: label_worth(d, noise(d, n_0), n_0, m) / m,
            lambda m, n_0, d: math.erf(math.sqrt(0.5)) ** 2,
            tolerance=1e-3,
        ),
        twin=Twin(
            r"$(1 - \Phi(-1))^2 m$",
            Exact(
                lambda m, n_0, d: label_worth(d, noise(d, n_0), n_0, m) / m,
                lambda m, n_0, d: float(special.ndtr(1.0)) ** 2,
                tolerance=1e-3,
            ),
        ),
        hypotheses=_WORTH,
    ),
)
