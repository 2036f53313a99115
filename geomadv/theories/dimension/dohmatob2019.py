r"""Dohmatob 2019: no free lunch for adversarial robustness.

Let the law of x given the class satisfy Talagrand's transport inequality
T2(sigma^2); the normal law N(m, sigma^2 I) does (Talagrand 1996). With err the standard
error on that class and eps(h) = sigma sqrt(2 log(1/err)), Marton's argument gives for
the accuracy under Euclidean perturbations of length eps and for the mean distance to
the errors

    acc_eps <= min(1 - err, exp(-(eps - eps(h))_+^2 / (2 sigma^2))),
    E d(x, errors) <= sigma (sqrt(2 log(1/err)) + sqrt(pi/2)).

For l_p perturbations: since |x|_p <= |x|_2 for p >= 2, the l_p ball of radius eps
contains the Euclidean one, and along a coordinate axis it reaches no farther, so the
same bound holds and nothing is gained; for p < 2 it contains the Euclidean ball of
radius eps d^{-(1/p - 1/2)}.

For all errors and excesses. With a = -Phi^{-1}(err), Q = 1 - Phi, m = Q/phi, and
T = sqrt(2 log(1/err)), err = phi(a) m(a) gives T^2 - a^2 = log(2 pi) - 2 log m(a), at
least log 4 since m(a) <= m(0) = sqrt(pi/2). So T >= a, which leaves Q(s) e^{s^2/2} =
m(s)/sqrt(2 pi) <= 1 of the first bound and phi(a) <= sqrt(pi/2) of the second; m(s) for
s > 12 is Laplace's continued fraction in 1/s^2, which is 0 at the end.

Conventions: eps has the units of sigma; err, acc are probabilities given the class.
"""

from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Real
from geomadv._validate import broadcast, integer, norm_order, real_array
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
from geomadv.spaces import Gaussian

SOURCE = Source(
    "E. Dohmatob",
    "Generalized no free lunch theorem for adversarial robustness",
    2019,
    arxiv="1810.04065",
)


def robustness_threshold(error: ArrayLike, sigma: ArrayLike = 1.0) -> Real:
    r"""Return eps(h) = sigma sqrt(2 log(1/err)), beyond which accuracy must fall.

    Parameters
    ----------
    error : array_like
        Standard error err of the classifier on the class, in (0, 1].
    sigma : array_like
        Root of the constant of the transport inequality, above 0.

    Returns
    -------
    Real
        The size of the perturbation, in the units of sigma.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(robustness_threshold(0.01)), 10)
    3.0348542588
    """
    err, scale = _error_and_sigma(error, sigma)
    return (scale * np.sqrt(-2 * np.log(err)))[()]


def accuracy_bound(
    error: ArrayLike,
    eps: ArrayLike,
    sigma: ArrayLike = 1.0,
    *,
    d: int = 1,
    p: float = 2,
) -> Real:
    r"""Return the largest accuracy that any classifier of that error can keep.

    Parameters
    ----------
    error, sigma : array_like
        As for `robustness_threshold`.
    eps : array_like
        Size of the perturbation in the l_p norm, at least 0.
    d : int
        Dimension; it matters for p < 2 alone.
    p : float
        Order of the norm, at least 1.

    Returns
    -------
    Real
        min(1 - err, exp(-(eps' - eps(h))_+^2 / (2 sigma^2))) with
        eps' = eps d^{-max(0, 1/p - 1/2)}.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(accuracy_bound(0.01, 4.0)), 10)
    0.6276622028
    """
    err, scale = _error_and_sigma(error, sigma)
    size = real_array("eps", eps, lower=0)
    err, scale, size = broadcast(error=err, sigma=scale, eps=size)
    power = max(0.0, 1 / norm_order("p", p) - 0.5)
    size = size * integer("d", d, minimum=1) ** -power
    excess = np.maximum(size - robustness_threshold(err, scale), 0) / scale
    return np.minimum(1 - err, np.exp(-(excess**2) / 2))[()]


def log_linf_bound_as_remembered(error: ArrayLike, eps: ArrayLike, d: int) -> Real:
    r"""Return the logarithm of an l_inf bound with a gain of sqrt(d): it is false.

    Parameters
    ----------
    error, eps : array_like
        As for `accuracy_bound`, with sigma = 1.
    d : int
        Dimension.

    Returns
    -------
    Real
        -(d/2) (eps - eps(h)/sqrt(d))_+^2.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(np.exp(log_linf_bound_as_remembered(0.01, 0.5, 784))) * 1e27, 1)
    7.8
    """
    d = integer("d", d, minimum=1)
    err, size = broadcast(
        error=real_array("error", error, lower=0, upper=1, open_lower=True),
        eps=real_array("eps", eps, lower=0),
    )
    excess = np.maximum(size - robustness_threshold(err) / np.sqrt(d), 0)
    return (-(d / 2) * excess**2)[()]


def mean_distance_bound(error: ArrayLike, sigma: ArrayLike = 1.0) -> Real:
    r"""Return sigma (sqrt(2 log(1/err)) + sqrt(pi/2)), above every mean distance.

    Parameters and errors as for `robustness_threshold`.

    Returns
    -------
    Real
        The bound, in the units of sigma.

    Examples
    --------
    >>> round(float(mean_distance_bound(0.01)), 10)
    4.2881683961
    """
    _, scale = _error_and_sigma(error, sigma)
    return (robustness_threshold(error, sigma) + scale * np.sqrt(np.pi / 2))[()]


def _error_and_sigma(error: ArrayLike, sigma: ArrayLike) -> tuple[Any, ...]:
    err = real_array("error", error, lower=0, upper=1, open_lower=True)
    scale = real_array("sigma", sigma, lower=0, open_lower=True)
    return broadcast(error=err, sigma=scale)


# --- The truth for sets of errors under N(0, I_d) ------------------------------------


def half_space_accuracy(error: ArrayLike, eps: ArrayLike) -> Real:
    r"""Return Phi(a - eps), the accuracy that a half-space of errors leaves.

    Parameters
    ----------
    error, eps : array_like
        As for `accuracy_bound`, with sigma = 1; a = -Phi^{-1}(err). The norm does not
        matter (p >= 2) where the half-space is orthogonal to a coordinate axis.

    Returns
    -------
    Real
        The accuracy, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(half_space_accuracy(0.01, 4.0)), 10)
    0.0470994938
    """
    err, size = broadcast(
        error=real_array("error", error, lower=0, upper=1),
        eps=real_array("eps", eps, lower=0),
    )
    return special.ndtr(-special.ndtri(err) - size)[()]


def _accuracy_of(shape: str, d: int, error: float, eps: float) -> float:
    """Return P(d(x, E) > eps) under N(0, I_d) for a set E of probability `error`."""
    match shape:
        case "half-space":
            return float(half_space_accuracy(error, eps))
        case "outside of a slab":
            width = max(-special.ndtri(error / 2) - eps, 0)
            return float(special.erf(width / np.sqrt(2)))
        case "ball":
            radius = np.sqrt(2 * special.gammaincinv(d / 2, error)) + eps
            return float(special.gammaincc(d / 2, radius**2 / 2))
        case _:  # the outside of a ball
            radius = np.sqrt(2 * special.gammainccinv(d / 2, error)) - eps
            return float(special.gammainc(d / 2, max(radius, 0) ** 2 / 2))


def _threshold_ball(error: Any) -> Any:
    return (-2 * error.log()).sqrt()


def _accuracy_ball(error: Any, excess: Any, shrink: Any = 1) -> Any:
    step = _threshold_ball(error) * shrink + excess - balls.normal_quantile(error)
    return balls.normal_tail(step)


def _mean_ball(error: Any) -> Any:
    a = balls.normal_quantile(error)
    return a * (1 - error) + balls.normal_density(a)


def _mean_bound_ball(error: Any, constant: Any = None) -> Any:
    from flint import arb

    last = (arb.pi() / 2).sqrt() if constant is None else arb(constant)
    return _threshold_ball(error) + last


def _log_accuracy_ball(error: Any, eps: Any) -> Any:
    return balls.normal_tail(eps - balls.normal_quantile(error)).log()


def _log_bound_ball(error: Any, eps: Any, gain: int) -> Any:
    """Enclose -(gain/2) (eps - eps(h)/sqrt(gain))_+^2, with a gain of d or of 1."""
    from flint import arb

    excess = eps - _threshold_ball(error) / arb(gain).sqrt()
    return -gain * excess.max(arb(0)) ** 2 / 2


def _scaled_tail_ball(excess: Any) -> Any:
    """Enclose (1 - Phi(s)) e^(s^2/2)."""
    return balls.mills_ratio(excess) / (2 * excess.pi()).sqrt()


def _far_scaled_tail_ball(over_excess: Any) -> Any:
    """Enclose the same for large s."""
    w = over_excess**2
    ratio = over_excess / (1 + w * balls.mills_remainder(w))
    return ratio / (2 * w.pi()).sqrt()


def _density_at_quantile_ball(error: Any) -> Any:
    """Enclose phi(a) for all errors up to the largest of a ball."""
    return balls.normal_density(balls.normal_quantile(error.upper())).union(0)


def _at_excess(function: Any) -> Any:
    """Return the function of (error, eps) at eps = eps(h) + excess."""
    return lambda error, excess: function(error, robustness_threshold(error) + excess)


_ERROR = Reals(1e-12, 0.49, (1e-12, 1e-6, 0.001, 0.01, 0.1), "log", r"\mathrm{err}")
_SHAPES = ("half-space", "outside of a slab", "ball", "outside of a ball")
_LINF: dict[str, Parameter] = {
    "error": Reals(1e-6, 0.4, (0.001, 0.01, 0.1), "log", r"\mathrm{err}"),
    "eps": Reals(0.0, 2.0, (0.1, 0.25, 0.5, 1.0), symbol=r"\varepsilon"),
    "d": Integers(1, 10**6, (784, 3072), symbol="d"),
}

_VARIANCE = Hypothesis(
    r"the variance of every coordinate is at most 1",
    r"it is $\sigma^2$",
    Exact(
        lambda sigma, error, excess: half_space_accuracy(
            error, (robustness_threshold(error) + excess) / sigma
        ),
        lambda sigma, error, excess: np.exp(-(excess**2) / 2),
        rtol=1e-10,
    ),
    {
        "sigma": Reals(1, 10, (1.0, 1.1, 1.5, 2.0), symbol=r"\sigma"),
        "error": _ERROR,
        "excess": Reals(0.0, 12.0, (0.0, 1.0, 2.0, 4.0, 8.0), symbol="s"),
    },
    "sigma",
    unbroken=1,
)


CLAIMS = (
    Claim(
        id="dohmatob2019.half-space-accuracy",
        theory="dimension",
        title="Beyond eps(h), the accuracy of a half-space falls like a Gaussian tail",
        source=SOURCE.at("Theorem 1"),
        statement=r"""For errors that are a half-space of probability $\mathrm{err}$
under $N(0, I)$ and $\varepsilon = \varepsilon(h) + s$ with
$\varepsilon(h) = \sqrt{2\log(1/\mathrm{err})}$, $s \ge 0$: the accuracy
$\Phi(-\Phi^{-1}(\mathrm{err}) - \varepsilon)$ is at most $e^{-s^2/2}$.""",
        relation="lhs <= rhs",
        domain={
            "error": _ERROR,
            "excess": Reals(0.0, 12.0, (0.0, 1.0, 2.0, 4.0, 8.0), symbol="s"),
        },
        axis="excess",
        evidence=Enclosure(
            _accuracy_ball,
            lambda error, excess: (-(excess * excess) / 2).exp(),
            formulas=(
                _at_excess(half_space_accuracy),
                lambda error, excess: np.exp(-(excess**2) / 2),
            ),
            rtol=1e-10,
            beyond=(
                Beyond(
                    lambda error, excess: _scaled_tail_ball(excess),
                    lambda error, excess: 1,
                    until={"error": 0.49},
                ),
                Beyond(
                    lambda error, over_excess: _far_scaled_tail_ball(over_excess),
                    lambda error, over_excess: 1,
                    since={"excess": 12},
                    until={"error": 0.49},
                ),
            ),
        ),
        twin=Twin(
            r"the threshold $\varepsilon(h)$ is lowered to $0.88\,\varepsilon(h)$",
            Enclosure(
                lambda error, excess: _accuracy_ball(error, excess, 0.88),
                lambda error, excess: (-(excess * excess) / 2).exp(),
            ),
        ),
        hypotheses=(_VARIANCE,),
    ),
    Claim(
        id="dohmatob2019.any-set",
        theory="dimension",
        title="No set of errors leaves more accuracy than the transport bound",
        source=SOURCE.at("Theorem 1"),
        statement=r"""For $x \sim N(0, I_d)$ and errors of probability
$\mathrm{err}$, the accuracy under Euclidean perturbations of length $\varepsilon$ is at
most $\min(1 - \mathrm{err}, e^{-(\varepsilon - \varepsilon(h))_+^2/2})$; checked for
half-spaces, slabs, balls and their outsides.""",
        relation="lhs <= rhs",
        domain={
            "shape": Choices(_SHAPES),
            "d": Integers(1, 10**5, (1, 10, 784), symbol="d"),
            "error": _ERROR,
            "eps": Reals(0.0, 12.0, (0.0, 1.0, 3.0, 5.0, 10.0), symbol=r"\varepsilon"),
        },
        axis="eps",
        evidence=Exact(
            _accuracy_of,
            lambda shape, d, error, eps: accuracy_bound(error, eps),
            rtol=1e-10,
            unproved="at eps = 0 the sides are equal for every set, and in between the "
            "proof is that one falls",
        ),
        twin=Twin(
            r"$1 - \mathrm{err}$ is lowered by one thousandth",
            Exact(
                _accuracy_of,
                lambda shape, d, error, eps: np.minimum(
                    accuracy_bound(error, eps), 0.999 * (1 - error)
                ),
                rtol=1e-10,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the variance of every coordinate is at most 1",
                r"it is $\sigma^2$, and the errors are a half-space",
                Exact(
                    lambda sigma, error, eps: half_space_accuracy(error, eps / sigma),
                    lambda sigma, error, eps: accuracy_bound(error, eps),
                    rtol=1e-10,
                ),
                {
                    "sigma": Reals(1, 10, (1.0, 1.1, 1.5, 2.0), symbol=r"\sigma"),
                    "error": _ERROR,
                    "eps": Reals(0.0, 12.0, (1.0, 3.0, 5.0, 10.0)),
                },
                "sigma",
                unbroken=1,
            ),
        ),
    ),
    Claim(
        id="dohmatob2019.mean-distance",
        theory="dimension",
        title="The mean distance is at most sqrt(2 log(1/err)) + sqrt(pi/2)",
        source=SOURCE.at("Theorem 1"),
        statement=r"""For a half-space of errors under $N(0, I)$, the largest mean
distance that errors can have, $a\,\Phi(a) + \varphi(a) \le \sqrt{2\log(1/\mathrm{err})}
+ \sqrt{\pi/2}$ with $a = -\Phi^{-1}(\mathrm{err})$.""",
        relation="lhs <= rhs",
        domain={"error": _ERROR},
        axis="error",
        evidence=Enclosure(
            _mean_ball,
            _mean_bound_ball,
            formulas=(
                lambda error: Gaussian(1).mean_distance(error),
                mean_distance_bound,
            ),
            rtol=1e-10,
            beyond=(
                Beyond(
                    _density_at_quantile_ball,
                    lambda error: (error.pi() / 2).sqrt(),
                    until={"error": 0.49},
                ),
            ),
        ),
        twin=Twin(
            r"$\sqrt{\pi/2}$ becomes $-\tfrac12$: the bound is that loose",
            Enclosure(_mean_ball, lambda error: _mean_bound_ball(error, -0.5)),
        ),
        hypotheses=(
            Hypothesis(
                r"the variance of every coordinate is at most 1",
                r"it is $\sigma^2$, and the errors are a half-space",
                Exact(
                    lambda sigma, error: sigma * Gaussian(1).mean_distance(error),
                    lambda sigma, error: mean_distance_bound(error),
                    rtol=1e-10,
                ),
                {
                    "sigma": Reals(1, 10, (1.0, 1.1, 1.5, 2.0), symbol=r"\sigma"),
                    "error": _ERROR,
                },
                "sigma",
                unbroken=1,
            ),
        ),
    ),
    Claim(
        id="dohmatob2019.linf-gain",
        theory="dimension",
        title="An l_inf bound with a free gain of sqrt(d)",
        source=SOURCE.at("corollary for the l_inf norm, as remembered"),
        statement=r"""For every classifier under $N(0, I_d)$ the accuracy under
$\ell_\infty$ perturbations of size $\varepsilon$ is at most
$\exp(-\tfrac d2 (\varepsilon - \varepsilon(h)/\sqrt d)_+^2)$; put to errors that are
the half-space $x_1 > a$ (logarithms of both sides).""",
        relation="lhs <= rhs",
        domain=_LINF,
        axis="eps",
        expected=Expected.VIOLATED,
        evidence=Enclosure(
            lambda error, eps, d: _log_accuracy_ball(error, eps),
            lambda error, eps, d: _log_bound_ball(error, eps, gain=d),
            formulas=(
                lambda error, eps, d: np.log(half_space_accuracy(error, eps)),
                log_linf_bound_as_remembered,
            ),
            rtol=1e-10,
        ),
        twin=Twin(
            r"corrected: $\exp(-\tfrac12 (\varepsilon - \varepsilon(h))_+^2)$, without "
            r"a gain",
            Enclosure(
                lambda error, eps, d: _log_accuracy_ball(error, eps),
                lambda error, eps, d: _log_bound_ball(error, eps, gain=1),
            ),
        ),
        note=r"""At $d = 784$, $\mathrm{err} = 0.01$, $\varepsilon = 0.5$ it allows
$7.8 \cdot 10^{-27}$, the half-space keeps $0.966$. Whether the paper states it so was
not compared.""",
        hypotheses=(
            Hypothesis(
                "the variance of every coordinate is at most 1",
                why="the statement is false even so",
            ),
        ),
    ),
)
