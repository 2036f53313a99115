r"""A law of robustness for two-layer networks (Bubeck, Li and Nagaraj 2020).

Generic points x_1..x_n, on the sphere or x_i ~ N(0, I_d/d), have random labels y_i of
-1 and +1. The paper conjectures that every network of k neurons that fits them has a
Lipschitz constant of at least c sqrt(n/k), and that for C n/d <= k <= n some network
comes near C sqrt(n/k). Two cases are exact.

**A linear function, k about 1.** For n < d the shortest w with X w = y has
|w|^2 = y' (X X')^-1 y. Here d X X' is a Wishart matrix of d degrees of freedom, and for
any fixed y the ratio |y|^2/(y' (d X X')^-1 y) is chi-square with d - n + 1 of them, so

    |w|^2 = n d/chi,    E|w|^2 = n d/(d - n - 1) for d > n + 1,
    P(|w|^2 <= t) = P(chi >= n d/t),

for any labels that do not depend on X. With d >> n the constant is sqrt(n).

**One neuron for each point, k = n.** Let theta be the smallest angle between two of the
unit vectors x_i and delta = 1 - cos(theta/2). The caps {<x_i, x> > 1 - delta} of the
unit ball are disjoint, so that

    f(x) = sum_i y_i relu(<x_i, x> - 1 + delta)/delta

fits all labels, and its Lipschitz constant on the ball is exactly 1/delta: the gradient
is y_i x_i/delta on a cap and 0 elsewhere. Random points of high dimension are almost
orthogonal, theta near pi/2, so that 1/delta is near 2 + sqrt(2), whatever n.

**Any two-layer network** sum_j a_j relu(<w_j, x> + b_j) has gradients W' (a s) with
entries of s that are 0 or 1, that is (W' a + W' (a r))/2 with entries of r that are -1
or 1. So its Lipschitz constant is at most

    |W' a|/2 + min(|W||a|, sum_j |a_j||w_j|)/2,

for which the neurons may first be balanced, |a_j| = |w_j|, by factors that cancel.

Source: Bubeck, Li, Nagaraj (2020), "A law of robustness for two-layers neural
networks", arXiv:2009.14444; the conjecture cited from memory, the two cases derived
here.
"""

import math

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import (
    broadcast,
    integer,
    labels,
    points,
    probability,
    real_array,
)
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
    "S. Bubeck, Y. Li, D. Nagaraj",
    "A law of robustness for two-layers neural networks",
    2020,
    arxiv="2009.14444",
)


def conjectured_constant(n: ArrayLike, k: ArrayLike) -> Real:
    """Return sqrt(n/k), the conjectured order of the Lipschitz constant.

    Parameters
    ----------
    n : int or array_like of int
        Number of points, at least 1.
    k : int or array_like of int
        Number of neurons, at least 1.

    Returns
    -------
    numpy.float64 or array
        sqrt(n/k), to be multiplied by an unknown constant.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> conjectured_constant(1000, [10, 1000])
    array([10.,  1.])
    """
    count, neurons = broadcast(n=_integers("n", n), k=_integers("k", k))
    order: Real = np.sqrt(count / neurons)[()]
    return order


def shortest_interpolant(X: ArrayLike, y: ArrayLike) -> Float[NDArray, " d"]:
    """Return the shortest w with X w = y.

    Parameters
    ----------
    X : (n, d) array_like
        Points, linearly independent.
    y : (n,) array_like
        Labels, -1 or +1.

    Returns
    -------
    (d,) array
        X' (X X')^-1 y, whose length is the Lipschitz constant of <w, x>.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> shortest_interpolant([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]], [1, -1])
    array([ 1. , -0.5,  0. ])
    """
    array = points("X", X, minimum=1)
    label = labels("y", y, len(array), classes=0)
    w, _, rank, _ = np.linalg.lstsq(array, label, rcond=None)
    if rank < len(array):
        raise ValueError(
            f"X must have linearly independent rows, got rank {rank} of {len(array)}"
        )
    shortest: NDArray = w
    return shortest


def mean_square_length(n: ArrayLike, d: ArrayLike) -> Real:
    """Return E|w|^2 of the shortest linear interpolant of n points N(0, I_d/d).

    Parameters
    ----------
    n : int or array_like of int
        Number of points, at least 1.
    d : int or array_like of int
        Dimension, at least n.

    Returns
    -------
    numpy.float64 or array
        n d/(d - n - 1); infinite for d = n and d = n + 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(mean_square_length(50, 100)), 6)
    102.040816
    """
    count, dims = _sizes(n, d)
    with np.errstate(divide="ignore"):
        mean: Real = (count * dims / np.maximum(dims - count - 1, 0))[()]
    return mean


def square_length_probability(t: ArrayLike, n: ArrayLike, d: ArrayLike) -> Real:
    """Return P(|w|^2 <= t) for the shortest linear interpolant.

    Parameters
    ----------
    t : float or array_like
        Squared lengths, at least 0.
    n, d : int or array_like of int
        As for `mean_square_length`.

    Returns
    -------
    numpy.float64 or array
        P(chi >= n d/t) for chi-square chi with d - n + 1 degrees of freedom.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(square_length_probability(11.0, 10, 100)), 6)
    0.482968
    """
    count, dims = _sizes(n, d)
    level, count, dims = broadcast(t=real_array("t", t, lower=0), n=count, d=dims)
    with np.errstate(divide="ignore", over="ignore"):
        chi = count * dims / level
    share: Real = special.gammaincc((dims - count + 1) / 2, chi / 2)[()]
    return share


def square_length_quantile(share: ArrayLike, n: ArrayLike, d: ArrayLike) -> Real:
    """Return t with P(|w|^2 <= t) = share.

    Parameters
    ----------
    share : float or array_like
        Probability, in [0, 1].
    n, d : int or array_like of int
        As for `mean_square_length`.

    Returns
    -------
    numpy.float64 or array
        The inverse of `square_length_probability`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> t = square_length_quantile(0.5, 10, 100)
    >>> round(float(square_length_probability(t, 10, 100)), 12)
    0.5
    """
    count, dims = _sizes(n, d)
    mass, count, dims = broadcast(share=probability("share", share), n=count, d=dims)
    chi = 2 * special.gammainccinv((dims - count + 1) / 2, mass)
    with np.errstate(divide="ignore"):
        length: Real = (count * dims / chi)[()]
    return length


def bump_width(X: ArrayLike) -> float:
    """Return delta, for which the caps about unit vectors are disjoint.

    Parameters
    ----------
    X : (n, d) array_like
        Unit vectors, at least two, no two of them equal.

    Returns
    -------
    float
        1 - cos(theta/2), theta the smallest angle between two of them. The network of
        one neuron for each has the Lipschitz constant 1/delta on the unit ball.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    With c = <x_i, x_j> it is 1 - sqrt((1 + c)/2), computed from the distance of the two
    points.

    Examples
    --------
    >>> round(1 / bump_width([[1.0, 0.0], [0.0, 1.0]]), 12) == round(2 + 2**0.5, 12)
    True
    """
    from scipy.spatial.distance import pdist

    array = points("X", X, minimum=2)
    size = np.linalg.norm(array, axis=1)
    if not np.allclose(size, 1.0, rtol=0, atol=1e-9):
        bad = float(size[np.abs(size - 1).argmax()])
        raise ValueError(f"X must be unit vectors, got one of length {bad!r}")
    chord = float(pdist(array).min())
    if chord == 0:
        raise ValueError("X must be different points, got two that are equal")
    half = min(chord / 2, 1.0)  # sin(theta/2)
    return half**2 / (1 + math.sqrt(1 - half**2))


def bump_network(
    X: ArrayLike, y: ArrayLike, Z: ArrayLike
) -> tuple[Float[NDArray, " m"], Float[NDArray, "m d"]]:
    """Return the values and the gradients of the network of one neuron for each point.

    Parameters
    ----------
    X : (n, d) array_like
        Unit vectors, as for `bump_width`.
    y : (n,) array_like
        Their labels, -1 or +1.
    Z : (m, d) array_like
        Where it is evaluated.

    Returns
    -------
    values : (m,) array
        sum_i y_i relu(<x_i, z> - 1 + delta)/delta.
    gradients : (m, d) array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> values, _ = bump_network(np.eye(2), [1, -1], [[1.0, 0.0], [0.0, 1.0]])
    >>> values.round(12)
    array([ 1., -1.])
    """
    delta = bump_width(X)
    centres = points("X", X)
    label = labels("y", y, len(centres), classes=0)
    above = points("Z", Z, d=centres.shape[1]) @ centres.T - (1 - delta)
    values: NDArray = np.maximum(above, 0) @ label / delta
    gradients: NDArray = (above > 0) * label @ centres / delta
    return values, gradients


def two_layer_gradients(
    W: ArrayLike, a: ArrayLike, Z: ArrayLike
) -> Float[NDArray, "m d"]:
    """Return the gradients of sum_j a_j relu(<w_j, z>).

    Parameters
    ----------
    W : (k, d) array_like
        First layer.
    a : (k,) array_like
        Second layer.
    Z : (m, d) array_like
        Points.

    Returns
    -------
    (m, d) array
        Their lengths are lower bounds of the Lipschitz constant.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> two_layer_gradients([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0], [[3.0, 1.0]])
    array([[ 1., -2.]])
    """
    first, second = _layers(W, a)
    active = points("Z", Z, d=first.shape[1]) @ first.T > 0
    gradients: NDArray = np.where(active, second, 0.0) @ first
    return gradients


def two_layer_bound(W: ArrayLike, a: ArrayLike) -> float:
    """Return an upper bound of the Lipschitz constant of a two-layer ReLU network.

    Parameters
    ----------
    W : (k, d) array_like
        First layer.
    a : (k,) array_like
        Second layer.

    Returns
    -------
    float
        |W' a|/2 + min(|W||a|, sum_j |a_j||w_j|)/2, after the neurons are balanced; it
        holds with any offsets b_j.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> two_layer_bound([[3.0, 4.0]], [2.0])
    10.0
    """
    first, second = _layers(W, a)
    sizes = np.linalg.norm(first, axis=1) * np.abs(second)
    unit = first / np.maximum(np.linalg.norm(first, axis=1), 1e-300)[:, None]
    balanced = np.sqrt(sizes)[:, None] * unit
    spectral = math.sqrt(float(np.linalg.eigvalsh(balanced.T @ balanced)[-1]))
    swing = min(spectral * math.sqrt(sizes.sum()), float(sizes.sum()))
    return float(np.linalg.norm(second @ first) + swing) / 2


def _layers(
    W: ArrayLike, a: ArrayLike
) -> tuple[Float[NDArray, "k d"], Float[NDArray, " k"]]:
    first, second = points("W", W, minimum=1), real_array("a", a, ndim=1)
    if second.size != len(first):
        raise ValueError(
            f"a must have one entry for each of {len(first)} neurons, got {second.size}"
        )
    return first, second


def _integers(name: str, value: ArrayLike) -> Float[NDArray, "..."]:
    whole = np.vectorize(lambda n: integer(name, n, minimum=1), otypes=[float])(value)
    return np.asarray(whole)


def _sizes(
    n: ArrayLike, d: ArrayLike
) -> tuple[Float[NDArray, "..."], Float[NDArray, "..."]]:
    count, dims = broadcast(n=_integers("n", n), d=_integers("d", d))
    if (count > dims).any():
        i = np.argmax(count > dims)
        raise ValueError(
            f"d must be at least n, got d = {dims.flat[i]:.0f} and "
            f"n = {count.flat[i]:.0f}"
        )
    return count, dims


# --- Claims --------------------------------------------------------------------------


def _square_lengths(
    n: int, rng: np.random.Generator, size: int, d: int, uneven: float = 0.0
) -> Float[NDArray, " n"]:
    """Draw n times |w|^2 of the interpolant of `size` points with random labels.

    Each point is stretched by sqrt(1 - uneven) or sqrt(1 + uneven), at random.
    """
    found = []
    block = max(1, 2**20 // (size * d))
    for start in range(0, n, block):
        many = min(block, n - start)
        X = rng.standard_normal((many, size, d)) / math.sqrt(d)
        y = rng.choice([-1.0, 1.0], (many, size))
        if uneven > 0:
            X *= np.sqrt(1 + uneven * rng.choice([-1.0, 1.0], (many, size, 1)))
        a = np.linalg.solve(X @ X.transpose(0, 2, 1), y[..., None])[..., 0]
        found.append((a * y).sum(axis=1))
    return np.concatenate(found)


def _shorter(
    n: int,
    rng: np.random.Generator,
    size: int,
    d: int,
    share: float,
    freedom: int = 1,
    uneven: float = 0.0,
) -> Bool[NDArray, " n"]:
    """Draw whether |w|^2 is below its quantile, with d - size + `freedom` degrees."""
    chi = 2 * special.gammainccinv((d - size + freedom) / 2, share)
    below: NDArray = _square_lengths(n, rng, size, d, uneven) <= size * d / chi
    return below


def _length_with_spectrum(n: int, d: int, power: float) -> float:
    """Return |w| for n normal points whose variances fall like j^-power, of sum 1.

    For many points |w|^2 is 1/kappa with sum_j v_j/(v_j + kappa) = n, which is
    n d/(d - n) for equal variances. With d in proportion to n its order is n for powers
    below 1, and n^power above.
    """
    from scipy.optimize import brentq

    v = np.arange(1.0, d + 1) ** -power
    v /= v.sum()

    def excess(log_kappa: float) -> float:
        return float((v / (v + math.exp(log_kappa))).sum()) - n

    # n kappa < 1 and v_d/(v_d + kappa) <= n/d enclose the root.
    least = math.log(float(v[-1]) * (d - n) / n)
    root = brentq(excess, least - 1e-9, -math.log(n), xtol=1e-12)
    return math.exp(-float(root) / 2)


def _mean_by_quadrature(n: int, d: int) -> float:
    """Return the integral of P(|w|^2 > t) over t >= 0.

    The trapezoidal rule in v, log t = log(median) + sinh(v)/sqrt(d - n + 1), in which
    the integrand is analytic and vanishes quickly on both sides.
    """
    width = 1 / math.sqrt(d - n + 1)
    v = np.arcsinh(40 / width) * np.linspace(-1, 1, 2001)
    t = float(square_length_quantile(0.5, n, d)) * np.exp(width * np.sinh(v))
    tail = special.gammainc((d - n + 1) / 2, n * d / t / 2)
    return float((tail * t * width * np.cosh(v)).sum() * (v[1] - v[0]))


def _mean_with_signal(n: int, d: int, signal: float) -> float:
    """Return E|w|^2 for labels y = sqrt(1 - s) z + sqrt(s d) X u, |u| = 1.

    The second part is interpolated by the projection of u to the rows' span, of mean
    square length n/d; z is independent noise.
    """
    return (1.0 - signal) * _mean_by_quadrature(n, d) + signal * n


def _bumps(n: int, d: int, beyond: float = 0.0) -> tuple[float, float]:
    """Return the longest gradient found in the ball of radius 1 + beyond, and 1/delta.

    The middle of the two nearest points, stretched to that radius, is among the places:
    beyond 1 both of their neurons are active in it.
    """
    rng = spawn(0, "bubeck2020", n, d)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = rng.choice([-1.0, 1.0], n)
    near = X[:, None] + rng.standard_normal((n, 8, d)) * 0.3 / math.sqrt(d)
    between = (X[:, None] + X[rng.integers(n, size=(n, 8))]) / 2
    Z = np.concatenate([X, near.reshape(-1, d), between.reshape(-1, d)])
    if beyond > 0:
        Z = np.concatenate([Z, (X[:, None] + X).reshape(-1, d)])
        Z *= (1 + beyond) / np.maximum(np.linalg.norm(Z, axis=1), 1e-300)[:, None]
    else:
        Z /= np.maximum(np.linalg.norm(Z, axis=1), 1)[:, None]
    _, gradients = bump_network(X, y, Z)
    return float(np.linalg.norm(gradients, axis=1).max()), 1 / bump_width(X)


def _network(k: int, d: int, fall: float = 0.0) -> tuple[float, float]:
    """Return the longest gradient found of a random network, and its bound.

    The neurons are relu(z) + fall relu(-z), of slope -fall to the left of 0.
    """
    rng = spawn(0, "bubeck2020", "network", k, d)
    W, a = rng.standard_normal((k, d)), rng.standard_normal(k)
    Z = np.concatenate([W, -W, rng.standard_normal((50, d))])
    gradients = two_layer_gradients(W, a, Z) + fall * two_layer_gradients(-W, a, Z)
    return float(np.linalg.norm(gradients, axis=1).max()), two_layer_bound(W, a)


CLAIMS = (
    Claim(
        id="bubeck2020.linear-law",
        theory="lipschitz",
        title="The squared constant of the linear fit is n d over a chi-square number",
        source=SOURCE,
        statement=r"""For $n$ points $x_i \sim N(0, I_d/d)$ with random labels $\pm 1$
the shortest $w$ with $Xw = y$ has $P(\|w\|^2 \le nd/q) = P(\chi^2_{d-n+1} \ge q)$.""",
        relation="lhs == rhs",
        domain={
            "size": Integers(1, 40, (1, 10), symbol="n"),
            "d": Integers(1, 100, (12, 30), symbol="d"),
            "share": Reals(0.01, 0.99, (0.5,)),
        },
        where=lambda size, d, share: size < d,
        axis="d",
        evidence=Statistical(
            _shorter, lambda size, d, share: share, tolerance=0.06, first=4096
        ),
        twin=Twin(
            r"there are $d - n$ degrees of freedom, at $d = 12$, $n = 10$",
            Statistical(
                lambda n, rng, **point: _shorter(n, rng, **point, freedom=0),
                lambda size, d, share: share,
                tolerance=0.06,
                first=4096,
            ),
            domain={
                "size": Choices((10,)),
                "d": Choices((12,)),
                "share": Reals(0.01, 0.99, (0.5,)),
            },
        ),
        hypotheses=(
            Hypothesis(
                r"the points are $N(0, I_d/d)$",
                r"half of them are shorter and half longer, by $\sqrt{1 \mp h}$",
                Statistical(
                    _shorter,
                    lambda size, d, share, uneven: share,
                    tolerance=0.06,
                    first=4096,
                ),
                {
                    "size": Choices((10,), symbol="n"),
                    "d": Choices((30,), symbol="d"),
                    "share": Choices((0.5,)),
                    "uneven": Reals(0.0, 0.9, (0.0, 0.6, 0.9), symbol="h"),
                },
                "uneven",
            ),
        ),
    ),
    Claim(
        id="bubeck2020.linear-mean",
        theory="lipschitz",
        title="The mean squared constant of the linear fit is n d/(d - n - 1)",
        source=SOURCE,
        statement=r"""$\mathbb{E}\|w\|^2 = nd/(d - n - 1)$; compared with the integral
of $P(\|w\|^2 > t)$.""",
        relation="lhs == rhs",
        domain={
            "n": Integers(1, 10**4, (1, 10, 200), symbol="n"),
            "d": Integers(1, 10**6, (20, 1000, 10**5), symbol="d"),
        },
        where=lambda n, d: d >= n + 4,
        axis="d",
        evidence=Exact(_mean_by_quadrature, mean_square_length, rtol=1e-11),
        twin=Twin(
            r"it is $nd/(d - n)$",
            Exact(_mean_by_quadrature, lambda n, d: n * d / (d - n), rtol=1e-11),
        ),
        hypotheses=(
            Hypothesis(
                "the labels do not depend on the points",
                "a share of their variance is a linear function of the point",
                Exact(
                    _mean_with_signal,
                    lambda n, d, signal: mean_square_length(n, d),
                    rtol=1e-11,
                ),
                {
                    "n": Integers(1, 10**4, (1, 10, 200), symbol="n"),
                    "d": Integers(1, 10**6, (20, 1000), symbol="d"),
                    "signal": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 0.5, 1.0)),
                },
                "signal",
                where=lambda n, d, signal: d >= n + 4,
            ),
            Hypothesis(
                r"the points are $N(0, I_d/d)$",
                r"each is shorter or longer by $\sqrt{1 \mp h}$, at random",
                Exact(
                    # y'K^-1 y is that of labels y_i/r_i, of squares 1/(1 -+ h).
                    lambda n, d, h: (
                        _mean_by_quadrature(n, d) * (1 / (1 - h) + 1 / (1 + h)) / 2
                    ),
                    lambda n, d, h: mean_square_length(n, d),
                    rtol=1e-11,
                ),
                {
                    "n": Integers(1, 10**4, (1, 10, 200), symbol="n"),
                    "d": Integers(1, 10**6, (20, 1000), symbol="d"),
                    "h": Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5)),
                },
                "h",
                where=lambda n, d, h: d >= n + 4,
            ),
        ),
    ),
    Claim(
        id="bubeck2020.one-neuron",
        theory="lipschitz",
        title="Linear fits have the conjectured order sqrt(n) of one neuron",
        source=SOURCE.at("conjecture 1"),
        statement=r"""With $d$ in proportion to $n$, $\sqrt{\mathbb{E}\|w\|^2}$ of the
linear fit grows like $n^{1/2}$, as $\sqrt{n/k}$ does for $k = 1$.""",
        relation="rate",
        domain={
            "aspect": Choices((1.5, 3.0, 10.0), symbol="d/n"),
            "n": Integers(10, 10**6, (10**2, 10**3, 10**4, 10**5), symbol="n"),
        },
        axis="n",
        evidence=Exact(
            lambda aspect, n: math.sqrt(mean_square_length(n, round(aspect * n))),
            lambda aspect, n: 0.5,
        ),
        twin=Twin(
            "the exponent is 0.52",
            Exact(
                lambda aspect, n: math.sqrt(mean_square_length(n, round(aspect * n))),
                lambda aspect, n: 0.52,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the points are $N(0, I_d/d)$",
                r"the variances fall like $j^{-s}$, with the same sum",
                Exact(
                    lambda aspect, n, power: _length_with_spectrum(
                        n, round(aspect * n), power
                    ),
                    lambda aspect, n, power: 0.5,
                ),
                {
                    "aspect": Choices((1.5, 3.0), symbol="d/n"),
                    "n": Integers(10, 10**5, (10**2, 10**3, 10**4), symbol="n"),
                    "power": Choices((0.0, 0.3, 1.5, 2.0), symbol="s"),
                },
                "power",
            ),
        ),
    ),
    Claim(
        id="bubeck2020.one-neuron-a-point",
        theory="lipschitz",
        title="One neuron a point fits all labels with the Lipschitz constant 1/delta",
        source=SOURCE,
        statement=r"""With $\delta = 1 - \cos(\theta/2)$, $\theta$ the smallest angle
between two of the points, the network of one neuron for each has gradients of length
at most $1/\delta$ in the unit ball.""",
        relation="lhs <= rhs",
        domain={
            "n": Integers(2, 100, (2, 10, 100), symbol="n"),
            "d": Integers(2, 1000, (2, 20, 1000), symbol="d"),
        },
        axis="n",
        evidence=Exact(
            lambda n, d: _bumps(n, d)[0],
            lambda n, d: _bumps(n, d)[1],
            rtol=1e-9,
            unproved="one side is the largest gradient at points of a sample",
        ),
        twin=Twin(
            r"they are of length at most $0.999/\delta$",
            Exact(
                lambda n, d: _bumps(n, d)[0],
                lambda n, d: 0.999 * _bumps(n, d)[1],
                rtol=1e-9,
            ),
        ),
        note=r"""The longest gradient is looked for at the points, near them and half
way between them. It is $1/\delta$ at every point.""",
        hypotheses=(
            Hypothesis(
                "the points are unit vectors, and inputs no longer than they are",
                "inputs are longer",
                Exact(
                    lambda n, d, beyond: _bumps(n, d, beyond)[0],
                    lambda n, d, beyond: _bumps(n, d, beyond)[1],
                    rtol=1e-9,
                ),
                {
                    "n": Integers(2, 100, (10, 100), symbol="n"),
                    "d": Integers(2, 1000, (2, 20), symbol="d"),
                    "beyond": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 0.5)),
                },
                "beyond",
            ),
        ),
    ),
    Claim(
        id="bubeck2020.two-layer-bound",
        theory="lipschitz",
        title="Half of |W'a| and half of |W||a| bound a two-layer network",
        source=Source("derived here", "signs of active neurons", 2026),
        statement=r"""The gradients of
$\sum_j a_j\,\mathrm{relu}(\langle w_j, x\rangle)$ are no longer than
$\tfrac12\|W^\top a\| + \tfrac12\min(\|W\|\|a\|, \sum_j|a_j|\|w_j\|)$.""",
        relation="lhs <= rhs",
        domain={
            "k": Integers(1, 500, (1, 2, 20, 500), symbol="k"),
            "d": Integers(1, 100, (1, 2, 50), symbol="d"),
        },
        axis="k",
        evidence=Exact(
            lambda k, d: _network(k, d)[0],
            lambda k, d: _network(k, d)[1],
            unproved="one side is the largest gradient at points of a sample",
        ),
        twin=Twin(
            "they are no longer than 0.999 times it",
            Exact(
                lambda k, d: _network(k, d)[0], lambda k, d: 0.999 * _network(k, d)[1]
            ),
        ),
        note="A single neuron attains it.",
        hypotheses=(
            Hypothesis(
                "the slopes of its neurons are 0 and 1",
                r"they are $-s$ and 1",
                Exact(
                    lambda k, d, fall: _network(k, d, fall)[0],
                    lambda k, d, fall: _network(k, d, fall)[1],
                ),
                {
                    "k": Integers(1, 500, (1, 2, 20), symbol="k"),
                    "d": Integers(1, 100, (1, 2, 50), symbol="d"),
                    "fall": Reals(0.0, 3.0, (0.0, 0.1, 0.5, 1.0, 1.5), symbol="s"),
                },
                "fall",
            ),
        ),
    ),
)
