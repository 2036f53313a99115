r"""Gram iteration (Delattre, Barthelemy, Araujo and Allauzen 2023).

With G_1 = G and G_{t+1} = G_t* G_t the largest singular value obeys
sigma_1(G_t) = sigma_1(G)^(2^(t-1)), so that for every t

    sigma_1(G) <= |G_t|_F^(2^(1-t)) = (sum_i sigma_i^(2^t))^(2^-t),

a norm of the singular values, of order 2^t. It does not increase in t, it is at most
rank^(2^-t) sigma_1, and where sigma_2 < sigma_1 the excess is squared at every step. If
the largest singular value is m-fold, the bound is at least m^(2^-t) sigma_1: equal for
the identity of size m, for which it takes as many steps as log m needs to be halved.

Power iteration converges to sigma_1 from below. It can be used as an estimate, not as a
bound.

**Convolutions** with circular padding: the largest bound of the Fourier blocks.

Source: Delattre, Barthelemy, Araujo, Allauzen (2023), "Efficient bound of Lipschitz
constant for convolutional layers by Gram iteration", arXiv:2305.16173; derived here.
`geomadv.lipschitz.gram_bounds` does the same and accounts for rounding.
"""

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Twin,
)
from geomadv.lipschitz import gram_bound
from geomadv.theories.lipschitz._matrices import convolution_matrix, random_kernel

SOURCE = Source(
    "B. Delattre, Q. Barthelemy, A. Araujo, A. Allauzen",
    "Efficient bound of Lipschitz constant for convolutional layers by Gram iteration",
    2023,
    arxiv="2305.16173",
)


def gram_iteration(G: ArrayLike, steps: int) -> Float[NDArray, " steps"]:
    """Return the bounds of the spectral norm after 1, 2, ... steps, as published.

    Parameters
    ----------
    G : (m, k) array_like
        A matrix.
    steps : int
        How many bounds, at least 1; the first is the Frobenius norm.

    Returns
    -------
    (steps,) array
        |G_t|_F^(2^(1-t)).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Each G_t is divided by its Frobenius norm, whose logarithm is kept. Nothing is done
    about rounding: the relative error is below 1e-13 (measured in the tests).

    Examples
    --------
    >>> gram_iteration([[1.0, 2.0], [3.0, 4.0]], 4).round(9)
    array([5.47722558, 5.46501318, 5.4649857 , 5.4649857 ])
    """
    matrix = real_array("G", G, ndim=2)
    return _iterated(matrix[None], integer("steps", steps, minimum=1))[:, 0]


def convolution_bound(w: ArrayLike, n: int, steps: int) -> float:
    """Return the bound of the norm of a circular convolution, by its Fourier blocks.

    Parameters
    ----------
    w : (D, C, kh, kw) array_like
        The kernel, no larger than the image.
    n : int
        Side of the images.
    steps : int
        Steps of the iteration, at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(convolution_bound([[[[1.0, -1.0]]]], 4, 1), 9)
    2.0
    """
    kernel, size = real_array("w", w), integer("n", n, minimum=1)
    if kernel.ndim != 4 or kernel.size == 0:
        raise ValueError(f"w must have shape (D, C, kh, kw), got shape {kernel.shape}")
    if max(kernel.shape[2:]) > size:
        raise ValueError(
            f"n must be at least {max(kernel.shape[2:])}, the size of w, got {size}"
        )
    blocks = np.fft.fft2(kernel, (size, size)).transpose(2, 3, 0, 1)
    blocks = blocks.reshape(-1, *kernel.shape[:2])
    return float(_iterated(blocks, integer("steps", steps, minimum=1))[-1].max())


def multiple_bound(m: int, steps: int) -> float:
    """Return m^(2^-t), the bound that the identity of size m has after t steps.

    Parameters
    ----------
    m : int
        Multiplicity of the largest singular value, at least 1.
    steps : int
        t, at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> multiple_bound(256, 1), multiple_bound(256, 3)
    (16.0, 2.0)
    """
    many = integer("m", m, minimum=1)
    return float(many**0.5 ** integer("steps", steps, minimum=1))


def power_iteration(G: ArrayLike, steps: int, rng: np.random.Generator) -> float:
    """Return the estimate of the spectral norm by power iteration.

    Parameters
    ----------
    G : (m, k) array_like
        A matrix.
    steps : int
        Products with G* G, at least 1.
    rng : numpy.random.Generator
        For the first vector.

    Returns
    -------
    float
        |G v| for a unit vector v: at most the norm.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> power_iteration([[2.0, 0.0], [0.0, 1.0]], 50, np.random.default_rng(0))
    2.0
    """
    matrix = real_array("G", G, ndim=2)
    v: NDArray = rng.standard_normal((matrix.shape[1],))
    for _ in range(integer("steps", steps, minimum=1)):
        v = v / np.linalg.norm(v)
        u = matrix.T @ (matrix @ v)
        if not u.any():
            return 0.0
        v = u
    return float(np.linalg.norm(matrix @ v) / np.linalg.norm(v))


def _iterated(G: NDArray, steps: int) -> Float[NDArray, "steps b"]:
    """Return the bounds of a batch of matrices (b, m, k), of zero ones 0."""
    largest, found = np.abs(G).max(axis=(1, 2), initial=0.0), []
    G = G / np.where(largest > 0, largest, 1.0)[:, None, None]
    with np.errstate(divide="ignore"):
        log_bound = np.log(largest)
    for t in range(steps):
        size = np.sqrt((np.abs(G) ** 2).sum(axis=(1, 2)))
        with np.errstate(divide="ignore"):
            log_bound = log_bound + np.log(size) / 2**t
        found.append(np.exp(log_bound))
        G = G / np.where(size > 0, size, 1.0)[:, None, None]
        G = np.conj(np.swapaxes(G, 1, 2)) @ G
    return np.stack(found)


# --- Claims --------------------------------------------------------------------------


def _matrix(family: str, size: int) -> Float[NDArray, "m k"]:
    rng = spawn(0, "delattre2023", family, size)
    match family:
        case "normal":
            return rng.standard_normal((size, size))
        case "tall":
            return rng.standard_normal((3 * size, size))
        case "rank one":
            return np.outer(rng.standard_normal(size), rng.standard_normal(size))
        case "Hilbert":
            return 1.0 / (1.0 + np.add.outer(np.arange(size), np.arange(size)))
        case _:
            return np.eye(size)


def _norm(family: str, size: int, steps: int) -> float:
    del steps
    return float(np.linalg.norm(_matrix(family, size), 2))


def _bound(family: str, size: int, steps: int) -> float:
    return float(gram_iteration(_matrix(family, size), steps)[-1])


def _next_bound(family: str, size: int, steps: int) -> float:
    return _bound(family, size, steps + 1)


def _rank_bound(family: str, size: int, steps: int, less: int = 0) -> float:
    rank = 1 if family == "rank one" else size
    factor = multiple_bound(max(rank - less, 1), steps)
    return factor * _norm(family, size, steps)


def _by_power_iteration(family: str, size: int, steps: int) -> float:
    rng = spawn(0, "delattre2023", "power", family, size)
    return power_iteration(_matrix(family, size), steps, rng)


def _explicit(k: int, n: int, steps: int) -> float:
    del steps
    return float(np.linalg.norm(convolution_matrix(random_kernel(k), (n, n)), 2))


_FAMILY = Choices(("normal", "tall", "rank one", "Hilbert", "identity"))
_DOMAIN: dict[str, Parameter] = {
    "family": _FAMILY,
    "size": Integers(1, 60, (1, 2, 5, 40), symbol="m"),
    "steps": Integers(1, 30, (1, 2, 4, 8), "linear", "t"),
}


def _gap_bound(size: int, steps: int, gap: float) -> float:
    """Return the bound of a diagonal matrix, 1 and else 1 - gap."""
    values = np.full(size, 1.0 - gap)
    values[0] = 1.0
    return float(gram_iteration(np.diag(values), steps)[-1])


def _cut_bound(
    family: str, size: int, steps: int, cut: float, away: bool = False
) -> float:
    """Return the bound of Gram matrices whose entries are cut towards 0, or rounded up.

    To the next power of 1 + cut, from 0 if `away`; nothing is cut at 0.
    """
    if cut == 0.0:
        return _bound(family, size, steps)
    G, log_bound, step = _matrix(family, size), 0.0, np.log1p(cut)
    for t in range(steps):
        length = np.linalg.norm(G)
        log_bound += np.log(length) / 2**t
        G = G / length
        G = G.T @ G
        powers = np.log(np.maximum(np.abs(G), 1e-300)) / step
        powers = np.ceil(powers) if away else np.floor(powers)
        G = np.sign(G) * np.exp(powers * step)
    return float(np.exp(log_bound))


def _rounded_up(family: str, size: int, steps: int, cut: float) -> float:
    return _cut_bound(family, size, steps, cut, away=True)


def _between_paddings(n: int, steps: int, weaker: float) -> float:
    """Return the norm of [1, -1], weakened by a share where it goes around."""
    del steps
    around = convolution_matrix(_DIFFERENCE, (n, n))
    zeros = convolution_matrix(_DIFFERENCE, (n, n), circular=False)
    return float(np.linalg.norm((1 - weaker) * around + weaker * zeros, 2))


_DIFFERENCE = np.array([[[[1.0, -1.0], [0.0, 0.0]]]])
_CUT: dict[str, Parameter] = {
    "family": Choices(("normal", "rank one", "identity")),
    "size": Integers(2, 60, (5, 20), symbol="m"),
    "steps": Integers(1, 30, (1, 4, 8), "linear", "t"),
    "cut": Reals(0.0, 0.5, (0.0, 1e-3, 0.01, 0.1)),
}
_SETTING = (
    Hypothesis(
        r"products are exact: $G_{t+1} = G_t^* G_t$",
        "entries are cut to fewer digits, by a share at most",
        Exact(
            lambda family, size, steps, cut: _norm(family, size, steps),
            _cut_bound,
            rtol=1e-11,
        ),
        _CUT,
        "cut",
    ),
)
CLAIMS = (
    Claim(
        id="delattre2023.upper-bound",
        theory="lipschitz",
        title="Gram iteration bounds the norm from above after every step",
        source=SOURCE,
        statement=r"""$\sigma_1(G) \le \|G_t\|_F^{2^{1-t}}$ for every $t \ge 1$, where
$G_1 = G$ and $G_{t+1} = G_t^* G_t$.""",
        relation="lhs <= rhs",
        domain=_DOMAIN,
        axis="steps",
        evidence=Exact(
            _norm,
            _bound,
            rtol=1e-11,
            unproved="equality for matrices of rank one, one of the families",
        ),
        twin=Twin(
            r"$0.999$ times the bound is one",
            Exact(
                _norm,
                lambda family, size, steps: 0.999 * _bound(family, size, steps),
                rtol=1e-11,
            ),
        ),
        hypotheses=_SETTING,
    ),
    Claim(
        id="delattre2023.does-not-increase",
        theory="lipschitz",
        title="The bound of Gram iteration does not increase",
        source=SOURCE,
        statement=r"""$\|G_{t+1}\|_F^{2^{-t}} \le \|G_t\|_F^{2^{1-t}}$.""",
        relation="lhs <= rhs",
        domain=_DOMAIN,
        axis="steps",
        evidence=Exact(
            _next_bound,
            _bound,
            rtol=1e-11,
            unproved="equality for matrices of rank one, one of the families",
        ),
        twin=Twin(
            r"every step gains a factor of $0.999$",
            Exact(
                _next_bound,
                lambda family, size, steps: 0.999 * _bound(family, size, steps),
                rtol=1e-11,
            ),
        ),
        note="For matrices of rank one the first bound is the norm.",
        hypotheses=(
            Hypothesis(
                r"products are exact: $G_{t+1} = G_t^* G_t$",
                "entries are rounded up, by a share at most",
                Exact(
                    lambda family, size, steps, cut: _rounded_up(
                        family, size, steps + 1, cut
                    ),
                    _rounded_up,
                    rtol=1e-11,
                ),
                _CUT,
                "cut",
            ),
        ),
    ),
    Claim(
        id="delattre2023.excess",
        theory="lipschitz",
        title="After t steps the bound is at most rank^(2^-t) times the norm",
        source=SOURCE,
        statement=r"""$\|G_t\|_F^{2^{1-t}} \le r^{2^{-t}}\sigma_1(G)$ for $G$ of rank
$r$.""",
        relation="lhs <= rhs",
        domain=_DOMAIN,
        axis="steps",
        evidence=Exact(
            _bound,
            _rank_bound,
            rtol=1e-11,
            unproved="equality for multiples of the identity, one of the families",
        ),
        twin=Twin(
            r"the rank is replaced by $\max(r - 1, 1)$",
            Exact(
                _bound,
                lambda family, size, steps: _rank_bound(family, size, steps, 1),
                rtol=1e-11,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"products are exact: $G_{t+1} = G_t^* G_t$",
                "entries are rounded up, by a share at most",
                Exact(
                    _rounded_up,
                    lambda family, size, steps, cut: _rank_bound(family, size, steps),
                    rtol=1e-11,
                ),
                _CUT,
                "cut",
            ),
        ),
    ),
    Claim(
        id="delattre2023.multiplicity",
        theory="lipschitz",
        title="An m-fold largest singular value slows Gram iteration to m^(2^-t)",
        source=SOURCE,
        statement=r"""The bound of the identity of size $m$ is $m^{2^{-t}}$ after $t$
steps, where its norm is 1.""",
        relation="lhs == rhs",
        domain={
            "size": Integers(2, 100, (2, 10, 100), symbol="m"),
            "steps": Integers(1, 30, (1, 2, 4, 8), "linear", "t"),
        },
        axis="steps",
        evidence=Exact(
            lambda size, steps: _bound("identity", size, steps),
            lambda size, steps: multiple_bound(size, steps),
            rtol=1e-11,
        ),
        twin=Twin(
            r"it is $(m - 1)^{2^{-t}}$",
            Exact(
                lambda size, steps: _bound("identity", size, steps),
                lambda size, steps: multiple_bound(size - 1, steps),
                rtol=1e-11,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "all singular values are equal",
                "all but the largest are smaller, by a share",
                Exact(
                    _gap_bound,
                    lambda size, steps, gap: multiple_bound(size, steps),
                    rtol=1e-11,
                ),
                {
                    "size": Integers(2, 100, (2, 10), symbol="m"),
                    "steps": Integers(1, 30, (1, 4, 8), "linear", "t"),
                    "gap": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 1.0)),
                },
                "gap",
            ),
        ),
    ),
    Claim(
        id="delattre2023.convolutions",
        theory="lipschitz",
        title="Gram iteration of the Fourier blocks bounds the norm of a convolution",
        source=SOURCE,
        statement=r"""The largest bound of the blocks $P(\xi)$ is at least the norm of
the circular convolution; compared with the explicit matrix.""",
        relation="lhs <= rhs",
        domain={
            "k": Integers(1, 4, (1, 3), "linear"),
            "n": Integers(4, 10, (4, 9), "linear"),
            "steps": Integers(1, 20, (1, 4, 12), "linear", "t"),
        },
        axis="steps",
        evidence=Exact(
            _explicit,
            lambda k, n, steps: convolution_bound(random_kernel(k), n, steps),
            rtol=1e-11,
            unproved="sides are singular values of matrices drawn at random",
        ),
        twin=Twin(
            r"$0.999$ times it is a bound",
            Exact(
                _explicit,
                lambda k, n, steps: (
                    0.999 * convolution_bound(random_kernel(k), n, steps)
                ),
                rtol=1e-11,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "padding is circular",
                "entries that go around the image are weakened by a share",
                Exact(
                    _between_paddings,
                    lambda n, steps, weaker: convolution_bound(_DIFFERENCE, n, steps),
                    rtol=1e-11,
                ),
                {
                    "n": Choices((4, 5, 9)),
                    "steps": Integers(1, 20, (1, 12), "linear", "t"),
                    "weaker": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 1.0)),
                },
                "weaker",
            ),
        ),
    ),
    Claim(
        id="delattre2023.power-iteration-is-no-bound",
        theory="lipschitz",
        title="Power iteration bounds the norm from above",
        source=Source("Practice in circulation", "spectral normalisation", 2018),
        statement=r"""The estimate $\|Gv\|$ of the norm by power iteration, with its
unit vector $v$, may be used as a Lipschitz constant: $\sigma_1(G) \le \|Gv\|$.""",
        relation="lhs <= rhs",
        domain={
            "family": Choices(("normal", "tall", "Hilbert")),
            "size": Integers(2, 60, (5, 40), symbol="m"),
            "steps": Integers(1, 30, (1, 4, 8), "linear", "t"),
        },
        axis="steps",
        expected=Expected.VIOLATED,
        evidence=Exact(_norm, _by_power_iteration, rtol=1e-11),
        twin=Twin(
            "corrected: Gram iteration, with as many steps",
            Exact(
                _norm,
                lambda family, size, steps: gram_bound(_matrix(family, size), steps),
                rtol=1e-11,
            ),
        ),
        note=r"""$\|Gv\| \le \sigma_1$ for every unit vector. Gram iteration costs a
product of matrices a step, power iteration two of a matrix and a vector.""",
        hypotheses=(
            Hypothesis(
                r"$G$ is any matrix",
                why="it is refuted for almost all; for rank one it holds",
            ),
        ),
    ),
)
