r"""First-order vulnerability and the dimension (Simon-Gabriel et al. 2019).

To first order a perturbation of l_p size eps raises the loss by eps |grad|_q,
1/p + 1/q = 1. An l_p size that is comparable across p is eps_p = eps d^(1/p), the size
of a vector whose d coordinates are eps. If every coordinate of the gradient has the
size 1/sqrt(d), as at He's initialisation, where weights have a variance in proportion
to 1/(number of inputs), then |grad|_q is about d^(1/q - 1/2) and the damage is

    eps d^(1/p) d^(1/q - 1/2) = eps sqrt(d)    for every p.

**One layer.** For w ~ N(0, I/d), with g a standard normal number,

    E|w|_1 = sqrt(2 d/pi),    E|w|_2 = sqrt(2/d) Gamma((d + 1)/2)/Gamma(d/2),
    (E|w|_q^q)^(1/q) = d^(1/q - 1/2) m_q,
    m_q = (E|g|^q)^(1/q) = sqrt(2) (Gamma((q + 1)/2)/sqrt(pi))^(1/q).

**Deeper networks.** For fully connected ReLU networks with He's initialisation the
gradient at x is W_1' v, where v depends on W_1 by W_1 x alone. Given W_1 x, its part
orthogonal to x is the projection of a vector of independent normal coordinates with
variance 2 |v|^2/d: the exponent 1/2 is exact up to the one direction x. It is measured
here, with fixed seeds. All this is at initialisation, not after training.

**Convolutions.** With C inputs and k x k taps He's variance is 2/(C k^2). An input is
seen k^2 times by each of C' outputs, of which half are active, so that the mean square
of its derivative is C'/C times that of an output's: over all n^2 pixels the length of
the gradient is kept, and with d = n^2 the exponent is 1/2 again, although weights are
shared.

Source: Simon-Gabriel, Ollivier, Bottou, Schoelkopf, Lopez-Paz (2019), "First-order
adversarial vulnerability of neural networks and input dimension", arXiv:1802.01421;
the formulas of one layer are derived here, the theorems cited from memory.
"""

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, integer, norm_order, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
)

SOURCE = Source(
    "C.-J. Simon-Gabriel, Y. Ollivier, L. Bottou, B. Schoelkopf, D. Lopez-Paz",
    "First-order adversarial vulnerability of neural networks and input dimension",
    2019,
    arxiv="1802.01421",
)

# Gamma(x + 1/2)/Gamma(x) = sqrt(x) (sum of c_k x^-k), as x grows
_RATIO = (
    1,
    -1 / 8,
    1 / 128,
    5 / 1024,
    -21 / 32768,
    -399 / 262144,
    869 / 4194304,
    39325 / 33554432,
)


def mean_l1(d: ArrayLike) -> Real:
    """Return E|w|_1 for w ~ N(0, I/d).

    Parameters
    ----------
    d : int or array_like of int
        Dimension, at least 1.

    Returns
    -------
    numpy.float64 or array
        sqrt(2 d/pi).

    Raises
    ------
    ValueError, TypeError
        If d is not as described.

    Examples
    --------
    >>> round(float(mean_l1(784)), 6)
    22.340768
    """
    mean: Real = np.sqrt(2 * _dimensions(d) / math.pi)[()]
    return mean


def mean_l2(d: ArrayLike) -> Real:
    """Return E|w|_2 for w ~ N(0, I/d).

    Parameters
    ----------
    d : int or array_like of int
        Dimension, at least 1.

    Returns
    -------
    numpy.float64 or array
        sqrt(2/d) Gamma((d + 1)/2)/Gamma(d/2), below 1.

    Raises
    ------
    ValueError, TypeError
        If d is not as described.

    Notes
    -----
    From d = 80 on the ratio is taken from its asymptotic series. Relative error below
    3e-14 against 40-digit arithmetic for d from 1 to 10^9 (measured in the tests).

    Examples
    --------
    >>> round(float(mean_l2(784)), 9)
    0.999681173
    """
    x = _dimensions(d) / 2
    small = np.exp(special.gammaln(x + 0.5) - special.gammaln(x)) / np.sqrt(x)
    series = np.polynomial.polynomial.polyval(1 / x, _RATIO)
    mean: Real = np.where(x < 40, small, series)[()]
    return mean


def moment_norm(d: ArrayLike, q: float) -> Real:
    """Return (E|w|_q^q)^(1/q) for w ~ N(0, I/d), an upper bound of E|w|_q.

    Parameters
    ----------
    d : int or array_like of int
        Dimension, at least 1.
    q : float
        The norm, in [1, inf).

    Returns
    -------
    numpy.float64 or array
        d^(1/q - 1/2) m_q.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(moment_norm(100, 2)), 12)
    1.0
    >>> round(float(moment_norm(100, 1)), 9)
    7.978845608
    """
    dims, order = _dimensions(d), norm_order("q", q)
    if math.isinf(order):
        raise ValueError("q must be finite, got inf")
    moment = math.exp(
        (special.gammaln((order + 1) / 2) - math.log(math.pi) / 2) / order
    )
    norm: Real = (dims ** (1 / order - 0.5) * math.sqrt(2) * moment)[()]
    return norm


def damage(d: ArrayLike, eps: ArrayLike, *, p: float = math.inf) -> Real:
    """Return the first-order damage of perturbations with coordinates of size eps.

    Parameters
    ----------
    d : int or array_like of int
        Dimension, at least 1.
    eps : float or array_like
        Size of a coordinate, at least 0: the l_p size is eps d^(1/p).
    p : float
        The norm, in (1, inf].

    Returns
    -------
    numpy.float64 or array
        eps d^(1/p) (E|w|_q^q)^(1/q) = eps sqrt(d) m_q, for a gradient w ~ N(0, I/d).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> damage([100, 400], 0.01, p=2).round(12).tolist()
    [0.1, 0.2]
    """
    order = norm_order("p", p)
    if order == 1:
        raise ValueError("p must be above 1, got 1.0")
    q = 1.0 if math.isinf(order) else order / (order - 1)
    dims, size = broadcast(d=_dimensions(d), eps=real_array("eps", eps, lower=0))
    loss: Real = (size * dims ** (1 / order) * moment_norm(d, q))[()]
    return loss


def random_gradient(
    d: int, hidden: Sequence[int], rng: np.random.Generator
) -> Float[NDArray, " d"]:
    """Draw a ReLU network at He's initialisation and its gradient at a random point.

    Parameters
    ----------
    d : int
        Dimension of the inputs, at least 1.
    hidden : sequence of int
        Widths of the hidden layers, each at least 1; none for a linear function.
    rng : numpy.random.Generator

    Returns
    -------
    (d,) array
        Gradient of the one output at x ~ N(0, I). Weights are N(0, 2/inputs), those of
        the last layer N(0, 1/inputs); there are no offsets.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> random_gradient(5, (20, 20), rng).shape
    (5,)
    """
    sizes = [integer("d", d, minimum=1)]
    sizes += [integer("hidden", width, minimum=1) for width in hidden]
    value, steps = rng.standard_normal(sizes[0]), []
    for inputs, outputs in itertools.pairwise(sizes):
        W = rng.standard_normal((outputs, inputs)) * math.sqrt(2 / inputs)
        before = W @ value
        steps.append((W, before > 0))
        value = np.maximum(before, 0)
    gradient: NDArray = rng.standard_normal(sizes[-1]) / math.sqrt(sizes[-1])
    for W, active in reversed(steps):
        gradient = (gradient * active) @ W
    return gradient


def random_conv_gradient(
    n: int, channels: Sequence[int], rng: np.random.Generator, *, size: int = 3
) -> Float[NDArray, "n n"]:
    """Draw a convolutional network at He's initialisation and a gradient.

    Parameters
    ----------
    n : int
        Height and width of the images, which have one channel and circular edges.
    channels : sequence of int
        Channels of the hidden layers, each at least 1, with stride 1 and ReLU.
    rng : numpy.random.Generator
    size : int
        Height and width of the kernels.

    Returns
    -------
    (n, n) array
        Gradient of the one output, a dense function of the last layer, at x ~ N(0, I).
        Weights are N(0, 2/inputs), those of the dense layer N(0, 1/inputs).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> random_conv_gradient(8, (4, 4), rng).shape
    (8, 8)
    """
    pixels, k = integer("n", n, minimum=1), integer("size", size, minimum=1)
    widths = [1] + [integer("channels", width, minimum=1) for width in channels]
    value, steps = rng.standard_normal((1, pixels, pixels)), []
    for inputs, outputs in itertools.pairwise(widths):
        W = rng.standard_normal((outputs, inputs, k, k)) * math.sqrt(2 / inputs) / k
        before = np.zeros((outputs, pixels, pixels))
        for i, j in np.ndindex(k, k):
            before += np.tensordot(W[:, :, i, j], np.roll(value, (-i, -j), (1, 2)), 1)
        steps.append((W, before > 0))
        value = np.maximum(before, 0)
    gradient: NDArray = rng.standard_normal(value.shape) / math.sqrt(value.size)
    for W, active in reversed(steps):
        passed = gradient * active
        gradient = np.zeros((W.shape[1], pixels, pixels))
        for i, j in np.ndindex(k, k):
            part = np.tensordot(W[:, :, i, j].T, passed, 1)
            gradient += np.roll(part, (i, j), (1, 2))
    return np.asarray(gradient[0])


def _dimensions(d: ArrayLike) -> Float[NDArray, "..."]:
    whole = np.vectorize(lambda n: integer("d", n, minimum=1), otypes=[float])(d)
    return np.asarray(whole)


# --- Claims --------------------------------------------------------------------------


def _mean_root(d: int, uneven: float = 0.0) -> float:
    """Return E sqrt(S), S = |w|^2, from the Laplace transform of S alone.

    E sqrt(S) = pi^(-1/2) int_0^inf (1 - E exp(-s^2 S)) s^-2 ds, where
    E exp(-t S) = (1 + 2 t/d)^(-d/2). All weights share a factor of square 1 + uneven or
    1 - uneven, at random.
    """
    from scipy.integrate import quad

    def exponent(s: float) -> float:
        high, low = (
            -d / 2 * math.log1p(2 * s * s * (1 + h) / d) for h in (-uneven, uneven)
        )
        return high + math.log1p(math.expm1(low - high) / 2)

    near, _ = quad(
        lambda s: -math.expm1(exponent(s)) / s**2 if s > 0 else 1.0,
        0,
        1,
        epsabs=0,
        epsrel=1e-12,
    )
    far, _ = quad(lambda r: math.exp(exponent(1 / r)) if r > 0 else 0.0, 0, 1)
    return (near + 1 - far) / math.sqrt(math.pi)


def _l1_of_directions(
    n: int, rng: np.random.Generator, d: int, fall: float = 0.0
) -> Float[NDArray, " n"]:
    """Draw |w|_1/|w|_2 for normal w of variances j^-fall, in blocks."""
    found, scale = [], np.arange(1.0, d + 1.0) ** (-fall / 2)
    for start in range(0, n, 4096):
        g = scale * np.abs(rng.standard_normal((min(4096, n - start), d)))
        found.append(g.sum(axis=1) / np.sqrt((g * g).sum(axis=1)))
    return np.concatenate(found)


@functools.cache
def _measured_damage(p: float, depth: int, d: int) -> float:
    """Return d^(1/p) times the mean of |gradient|_q over random networks."""
    q = 1.0 if math.isinf(p) else p / (p - 1)
    norms = []
    for repetition in range(40):
        rng = spawn(0, "simongabriel2019", depth, d, repetition)
        norms.append(np.linalg.norm(random_gradient(d, (32,) * depth, rng), q))
    return float(d ** (1 / p) * np.mean(norms))


@functools.cache
def _conv_gradients(depth: int, n: int) -> Float[NDArray, "m n n"]:
    streams = (spawn(0, "simongabriel2019", "conv", depth, n, i) for i in range(60))
    return np.stack([random_conv_gradient(n, (8,) * depth, rng) for rng in streams])


def _measured_conv_damage(p: float, depth: int, n: int, fall: float = 0.0) -> float:
    """Return n^(2/p) times the mean of |gradient|_q over convolutional networks.

    The i-th row of the image is multiplied by a number of square i^-fall before, whose
    squares have the mean 1.
    """
    q = 1.0 if math.isinf(p) else p / (p - 1)
    square = np.arange(1.0, n + 1.0) ** -fall
    rows = np.sqrt(square / square.mean())
    gradients = _conv_gradients(depth, n) * rows[:, None]
    norms = np.linalg.norm(gradients.reshape(len(gradients), -1), q, axis=1)
    return float(n ** (2 / p) * norms.mean())


def _damage_of_falling(fall: float, d: int) -> float:
    """Return E|w|_1 for independent normal w_j of variances j^-a, sum 1."""
    variance = np.arange(1.0, d + 1.0) ** -fall
    mean = math.sqrt(2 / math.pi) * np.sqrt(variance).sum()
    return float(mean / math.sqrt(variance.sum()))


def _damage_of_sparse(density: float, d: int) -> float:
    """Return E|w|_1 for d^density normal weights that are not 0, of mean square 1."""
    many = round(d**density)
    return many * math.sqrt(2 / (math.pi * many))


CLAIMS = (
    Claim(
        id="simongabriel2019.one-layer-l2",
        theory="lipschitz",
        title="The l2 norm of random weights is a ratio of Gamma functions",
        source=SOURCE,
        statement=r"""For $w \sim N(0, I/d)$,
$\mathbb{E}\|w\|_2 = \sqrt{2/d}\,\Gamma(\tfrac{d+1}2)/\Gamma(\tfrac d2)$; compared with
an integral of the Laplace transform of $\|w\|_2^2$.""",
        relation="lhs == rhs",
        domain={"d": Integers(1, 10**9, (1, 2, 100, 784, 3072, 10**9), symbol="d")},
        axis="d",
        evidence=Exact(mean_l2, _mean_root, rtol=1e-10),
        twin=Twin(
            r"it is $\sqrt{1 - 1/(2d)}$",
            Exact(lambda d: math.sqrt(1 - 1 / (2 * d)), _mean_root, rtol=1e-10),
        ),
        hypotheses=(
            Hypothesis(
                "weights are independent and normal",
                r"all have a common factor of square $1 \pm h$",
                Exact(
                    lambda d, h: mean_l2(d), lambda d, h: _mean_root(d, h), rtol=1e-10
                ),
                {
                    "d": Integers(1, 10**9, (1, 2, 784), symbol="d"),
                    "h": Reals(0.0, 0.99, (0.0, 0.01, 0.5, 0.99)),
                },
                "h",
            ),
        ),
    ),
    Claim(
        id="simongabriel2019.one-layer-l1",
        theory="lipschitz",
        title="The l1 norm of random weights grows like sqrt(2 d/pi)",
        source=SOURCE,
        statement=r"""For $w \sim N(0, I/d)$, $\mathbb{E}\|w\|_1 = \sqrt{2d/\pi}$; in
the form $\mathbb{E}\|u\|_1 = \sqrt{2d/\pi}/\mathbb{E}\|w\|_2$ for the direction
$u = w/\|w\|_2$, which is bounded.""",
        relation="lhs == rhs",
        domain={"d": Integers(2, 10**4, (2, 3, 20, 784), symbol="d")},
        axis="d",
        evidence=Statistical(
            _l1_of_directions,
            lambda d: mean_l1(d) / mean_l2(d),
            support=lambda d: (1.0, math.sqrt(d) * (1 + 1e-12)),
            tolerance=0.02,
        ),
        twin=Twin(
            r"$\mathbb{E}\|u\|_1 = \sqrt{2d/\pi}$ at $d = 3$",
            Statistical(
                _l1_of_directions,
                mean_l1,
                support=lambda d: (1.0, math.sqrt(d) * (1 + 1e-12)),
                tolerance=0.02,
            ),
            domain={"d": Choices((3,))},
        ),
        hypotheses=(
            Hypothesis(
                "weights have one variance",
                "it falls like $j^{-a}$",
                Statistical(
                    _l1_of_directions,
                    lambda d, fall: mean_l1(d) / mean_l2(d),
                    support=lambda d, fall: (1.0, math.sqrt(d) * (1 + 1e-12)),
                    tolerance=0.02,
                ),
                {
                    "d": Choices((3, 20), symbol="d"),
                    "fall": Reals(0.0, 2.0, (0.0, 0.2, 2.0), symbol="a"),
                },
                "fall",
            ),
        ),
    ),
    Claim(
        id="simongabriel2019.sqrt-d",
        theory="lipschitz",
        title="At initialisation first-order damage grows like sqrt(d), in any norm",
        source=SOURCE.at("theorem 4, corollary 6"),
        statement=r"""For random ReLU networks with He's initialisation
$\varepsilon_p\,\mathbb{E}\|\nabla f\|_q$ with
$\varepsilon_p = \varepsilon_\infty d^{1/p}$ grows like $d^{1/2}$, whatever $p > 1$.""",
        relation="rate",
        domain={
            "p": Choices((1.5, 2.0, 4.0, math.inf)),
            "depth": Choices((0, 1, 3)),
            "d": Integers(16, 1024, (16, 64, 256, 1024), symbol="d"),
        },
        axis="d",
        evidence=Exact(_measured_damage, lambda p, depth, d: 0.5, tolerance=0.05),
        twin=Twin(
            "the exponent is 0.6",
            Exact(_measured_damage, lambda p, depth, d: 0.6, tolerance=0.05),
        ),
        note=r"""Means of 40 networks with 32 neurons in each hidden layer, with fixed
seeds; the exponent is fitted and may be off by 0.05.""",
        hypotheses=(
            Hypothesis(
                "all inputs have weights of one variance",
                r"of no layers, it falls like $j^{-a}$",
                Exact(_damage_of_falling, lambda fall, d: 0.5, tolerance=0.05),
                {
                    "fall": Reals(0.0, 2.0, (0.0, 0.25, 0.5, 1.0, 1.5), symbol="a"),
                    "d": Integers(16, 10**6, (10**3, 10**4, 10**5, 10**6), symbol="d"),
                },
                "fall",
            ),
            Hypothesis(
                "weights are normal",
                "all but $d^s$ are 0, with the same sum of variances",
                Exact(_damage_of_sparse, lambda density, d: 0.5, tolerance=0.05),
                {
                    "density": Reals(0.0, 1.0, (1.0, 0.95, 0.5, 0.0), symbol="s"),
                    "d": Integers(16, 10**6, (10**3, 10**4, 10**5, 10**6), symbol="d"),
                },
                "density",
                unbroken=1.0,
            ),
        ),
    ),
    Claim(
        id="simongabriel2019.sqrt-d-convolutions",
        theory="lipschitz",
        title="So it does for convolutional networks",
        source=SOURCE.at("corollary 6"),
        statement=r"""For random convolutional ReLU networks with He's initialisation on
images of $d = n^2$ pixels $\varepsilon_p\,\mathbb{E}\|\nabla f\|_q$ with
$\varepsilon_p = \varepsilon_\infty d^{1/p}$ grows like $d^{1/2} = n$.""",
        relation="rate",
        domain={
            "p": Choices((1.5, 2.0, 4.0, math.inf)),
            "depth": Choices((1, 2)),
            "n": Integers(4, 24, (4, 8, 16, 24), symbol="n"),
        },
        axis="n",
        evidence=Exact(_measured_conv_damage, lambda p, depth, n: 1.0, tolerance=0.1),
        twin=Twin(
            "the exponent in n is 1.2",
            Exact(_measured_conv_damage, lambda p, depth, n: 1.2, tolerance=0.1),
        ),
        note=r"""Means of 60 networks with 8 channels in each hidden layer, with fixed
seeds; the exponent is fitted and may be off by 0.1.""",
        hypotheses=(
            Hypothesis(
                "all pixels have weights of one variance",
                r"rows are scaled down before, their squares like $i^{-a}$",
                Exact(
                    _measured_conv_damage,
                    lambda p, depth, n, fall: 1.0,
                    tolerance=0.1,
                ),
                {
                    "p": Choices((2.0, math.inf)),
                    "depth": Choices((1, 2)),
                    "n": Integers(4, 24, (4, 8, 16, 24), symbol="n"),
                    "fall": Reals(0.0, 4.0, (0.0, 0.5, 2.0, 4.0), symbol="a"),
                },
                "fall",
            ),
        ),
    ),
)
