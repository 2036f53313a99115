r"""Interpolating classifiers and their dense errors (Belkin, Hsu, Mitra 2018).

**Theorem 5.1.** The law mu of x has a non-zero density on a compact Omega, and labels
are noisy everywhere: 0 < eta(x) < 1. Let f_n interpolate n independent labelled points,
f* be the Bayes rule and A_n = {f_n != f*}. For every eps > 0 and delta < 1 there is N
such that for n >= N, with probability at least delta, every x is within 2 eps of A_n.
Proof: cover Omega by K balls (or cells); each gets a *mislabelled* training point with
probability at least a > 0 a point, and interpolation puts these points into A_n. All
but K (1 - a)^n of the time each of them has one, so for the failure rate 1 - delta

    N = ln(K / (1 - delta)) / -ln(1 - a).

Consistency is not used; it makes the theorem surprising, because then mu(A_n) -> 0.

**On the circle** of length 1, with noise nu, the largest gap G of the mislabelled
points is twice their covering radius. Mixing the law of the gaps of m points over the
binomial m leaves a finite sum,

    P(G > g) = (1 - nu)^n
        + sum_{j >= 1} (-1)^{j+1} C(n, j) nu^j (1 - j g)_+^{j-1} (1 - j nu g)^{n-j};

for m points G has the mean H_m/m. In d dimensions the radius is about
(ln m/(m omega_d))^{1/d}, omega_d the volume of the unit ball, and never less than
(m omega_d)^{-1/d}: n must be exponential in d.

**How large A_n is.** Let k labels, wrong with probability nu each, have weights that
are uniform on the simplex: E_i/sum E_i for exponential E_i. With j of them wrong, the
wrong ones weigh Beta(j, k - j), more than half with the probability that a
Bin(k - 1, 1/2) variable is below j. So the share of wrong decisions is

    P(B' < B),    B ~ Bin(k, nu),  B' ~ Bin(k - 1, 1/2) independent,

at most ((1 + 2 sqrt(nu (1 - nu)))/2)^k: minimise E exp(t sum s_i E_i), s_i = +1 for
wrong labels. That is the simplicial rule with k = d + 1, whose barycentric coordinates
are uniform at a uniform point: for fixed d, mu(A_n) tends to it and *not* to 0, so the
rule is not consistent, though exponentially close to it as d grows. And it is the
weighted rule of k neighbours (wiNN) with weights -ln z where the density is constant,
for P(z <= t) = t^d: there k may grow. For weights z^-delta, w = z^-delta is Pareto of
index a = d/delta, and from 1/S^2 = int t exp(-t S) dt

    V_k = E sum w^2/(sum w)^2 = k int t E[w^2 e^{-tw}] (E e^{-tw})^{k-1} dt,

with k V_k -> (d - delta)^2/(d (d - 2 delta)).

**What is wrong in print.** "Consistency implies that, with probability one,
mu(A_n) -> 0": the excess risk is the integral of |2 eta - 1| over A_n, so consistency
says nothing about A_n where eta = 1/2, which noise everywhere allows. If
P(|2 eta - 1| <= t) <= t^a, then mu(A) <= ((a + 1)/a excess)^{a/(a + 1)}, sharp: the
worst A is where |2 eta - 1| is smallest. (Probability one needs strong consistency.)

Source: Belkin, Hsu, Mitra (2018), "Overfitting or perfect fitting? Risk bounds for
classification and regression rules that interpolate", arXiv:1806.05161. Theorem 5.1 and
its assumptions are the paper's; all numbers are derived anew. The bounds of the mean
squared error are as remembered (numbering unverified), and are derived here too.

Conventions: Euclidean distances, on the torus of side 1 around the edge; nu < 1/2 is
the probability that a label is not f*'s; "share" is the expected measure of A_n.
"""

import functools
import math
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._typing import Real
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
from geomadv.classifiers import (
    HilbertKernelClassifier,
    SimplicialInterpolant,
    WeightedInterpolatedNN,
)
from geomadv.error_sets import covering_radius, mislabelled_points
from geomadv.theories.oscillation import _draws as draws
from geomadv.theories.oscillation import _label_balls as enclosed
from geomadv.theories.oscillation import _variance_balls as spread
from geomadv.theories.oscillation._density import (
    empty_cell_probability,
    expected_noisy_radius,
    expected_radius,
    gap_tail,
    log_points_needed,
    radius_lower_bound,
    radius_scale,
    sufficient_sample_size,
)
from geomadv.theories.oscillation._weighted_labels import (
    error_share,
    error_share_bound,
    excess_risk,
    margin_bound,
    simplicial_mse_bound,
    variance_factor,
    variance_limit,
    winn_mse_bound,
)

__all__ = [
    "CLAIMS",
    "SOURCE",
    "empty_cell_probability",
    "error_share",
    "error_share_bound",
    "excess_risk",
    "expected_noisy_radius",
    "expected_radius",
    "gap_tail",
    "log_points_needed",
    "margin_bound",
    "radius_lower_bound",
    "radius_scale",
    "simplicial_mse_bound",
    "sufficient_sample_size",
    "variance_factor",
    "variance_limit",
    "winn_mse_bound",
]

SOURCE = Source(
    "M. Belkin, D. Hsu, P. Mitra",
    "Overfitting or perfect fitting? Risk bounds for classification and regression "
    "rules that interpolate",
    2018,
    arxiv="1806.05161",
)
_THEOREM = SOURCE.at("Theorem 5.1", checked=True)
_SIMPLICIAL, _WINN = SOURCE.at("section 3"), SOURCE.at("section 4")


@functools.cache
def _mean_radius(m: int, d: int, power: int = 0) -> float:
    """Return the mean covering radius of four random sets of m points of the torus.

    The density of the first coordinate is proportional to x^power.
    """
    found = []
    for i in range(4):
        P = spawn(0, "belkin2018", m, d, i).random((m, d))
        P[:, 0] **= 1 / (1 + power)
        found.append(covering_radius(P, "torus").upper)
    return float(np.mean(found))


def _mean_radius_of(d: int, m: int) -> float:
    return _mean_radius(m, d)


def _n(cells: int, noise: float, failure: float) -> int:
    return math.ceil(sufficient_sample_size(cells, noise / cells, failure))


def _missed(cells: int, noise: float, failure: float, share: float) -> float:
    """Return how often a cell is missed, over the failure rate that is allowed.

    There is a share of the points that suffice.
    """
    n = math.ceil(share * sufficient_sample_size(cells, noise / cells, failure))
    return empty_cell_probability(n, cells, noise / cells) / failure


def _lattice_or_random(side: int, d: int, kind: str) -> float:
    """Return the covering radius of side^d points of the torus."""
    ticks = np.arange(side) / side
    P = np.stack(np.meshgrid(*[ticks] * d, indexing="ij"), axis=-1).reshape(-1, d)
    if kind == "random":
        P = spawn(0, "belkin2018", side, d).random(P.shape)
    return covering_radius(P, "torus").upper


def _rightly_decided(size: int, d: int, rule: str | int) -> int:
    """Return how many mislabelled training points a rule decides rightly.

    A number stands for the majority of as many neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier

    rng = spawn(0, "belkin2018", size, d, rule if isinstance(rule, str) else "k")
    X, y = rng.random((size, d)), np.where(rng.random(size) < 0.3, -1, 1)
    y[:2] = -1, 1
    models: dict[str, Any] = {
        "winn": WeightedInterpolatedNN(n_neighbors=5),
        "simplicial": SimplicialInterpolant(),
        "hilbert": HilbertKernelClassifier(),
    }
    model = models[rule] if isinstance(rule, str) else KNeighborsClassifier(rule)
    noisy = mislabelled_points(X, y, 1)
    return int((model.fit(X, y).predict(noisy) == 1).sum())


def _simplicial_rhs(size: int, strength: float, factor: float = 1.0) -> float:
    """Return the bound for it, its last term times a factor."""
    A, first = math.pi * strength, 2.0 / (size + 1)
    second, var = 3.0 * first / (size + 2), 0.25 - strength**2 / 8
    whole = simplicial_mse_bound(1, var, A, first, second)
    return whole - (1.0 - factor) * simplicial_mse_bound(1, var, 0.0, 0.0, 0.0)


def _best_winn(n: float, d: int, alpha: float) -> float:
    """Return the least bound over k."""
    k = np.geomspace(1.0, n / 2, 4000)
    return float(winn_mse_bound(n, k, d, d / 5, alpha=alpha).min())


def _mean_excess(d: int, bound: float) -> float:
    """Return the mean excess risk of the simplicial rule for noise in [0, bound].

    It is a polynomial of degree d + 2, for which Gauss-Legendre rules are exact.
    """
    nodes, weights = np.polynomial.legendre.leggauss(d // 2 + 2)
    return float(weights @ excess_risk(d + 1, (nodes + 1.0) / 2.0 * bound)) / 2.0


def _margin_excess(low: float, high: float, exponent: float) -> float:
    """Return by how much the bound exceeds the measure of that set, over high^a."""
    measure, risk = _worst_set(low, high, exponent)
    return (float(margin_bound(risk, exponent)) - measure) / high**exponent


def _worst_set(low: float, high: float, exponent: float) -> tuple[float, float]:
    """Return measure and excess risk of {low < |2 eta - 1| <= high} for t^exponent."""
    a = exponent
    risk = a / (a + 1) * (high ** (a + 1) - low ** (a + 1))
    return high**a - low**a, risk


_NOISE = Reals(0.01, 0.45, (0.1, 0.2, 0.3), symbol=r"\nu")
_K = Integers(1, 500, (1, 2, 5, 21, 101, 500), symbol="k")
_MARGINS = {
    "low": Reals(0.0, 0.49, (0.0, 0.2), symbol="s"),
    "high": Reals(0.5, 1.0, (0.5, 1.0), symbol="t"),
    "exponent": Reals(0.1, 10.0, (0.5, 1.0, 4.0), scale="log", symbol="a"),
}
_PAIRS = Choices(((2, 0.5), (5, 1.0), (10, 2.0)), symbol=r"(d, \delta)")


def _missed_without(noise: float, lost: float, side: int, d: int) -> float:
    """Return how often one of side^d cells is missed, over the rate that is allowed.

    The points are as many as suffice for a segment and the stated noise, of which a
    share is lost.
    """
    mass = (1 - lost) * noise / side**d
    if mass == 0:
        return 1 / _FAILURE
    n = _n(side, noise, _FAILURE)
    return empty_cell_probability(n, side**d, mass) / _FAILURE


_FAILURE = 0.05

_WRONG_APART = "the labels are wrong independently of each other"
_WITH_ONE_COIN = "with probability $c$ all labels are wrong, or none, by one coin"
_ONE_COIN = Reals(0, 1, (0.0, 0.1, 0.5, 1.0), symbol="c")
_SPREAD = "the points are independent and uniform"
_EMPTY_ARC = "none is on a part of the circle of length $s$"
_NO_POINT = Reals(0, 0.9, (0.0, 0.2, 0.5), symbol="s")
_COPIES = Integers(1, 33, (1, 2, 10, 33), symbol="c")


def _with_one_coin(share: float | Real, alone: float, shared: float) -> float | Real:
    """Return the mean of two shares of errors, of which one label decides `alone`."""
    return (1.0 - shared) * share + shared * alone


_DENSE = (
    Hypothesis(
        _SPREAD,
        _EMPTY_ARC,
        Statistical(
            lambda n, rng, cells, noise, empty: draws.noisy_gaps(
                n, rng, _n(cells, noise, _FAILURE), 2 / cells, noise, empty=empty
            ),
            lambda cells, noise, empty: _FAILURE,
        ),
        {
            "cells": Choices((5,), symbol="K"),
            "noise": Choices((0.4,), symbol=r"\nu"),
            "empty": _NO_POINT,
        },
        "empty",
    ),
    Hypothesis(
        _WRONG_APART,
        _WITH_ONE_COIN,
        Exact(
            lambda cells, noise, shared: _with_one_coin(
                gap_tail(_n(cells, noise, _FAILURE), 2.0 / cells, noise),
                1 - noise,
                shared,
            ),
            lambda cells, noise, shared: _FAILURE,
        ),
        {
            "cells": Choices((5, 50), symbol="K"),
            "noise": Choices((0.1, 0.4), symbol=r"\nu"),
            "shared": _ONE_COIN,
        },
        "shared",
    ),
)
_GAPS = (
    Hypothesis(
        _SPREAD,
        _EMPTY_ARC,
        Statistical(
            lambda n, rng, gap, empty: draws.noisy_gaps(
                n, rng, 20, gap, 0.2, empty=empty
            ),
            lambda gap, empty: gap_tail(20, gap, 0.2),
        ),
        {"gap": Choices((0.4,), symbol="g"), "empty": _NO_POINT},
        "empty",
    ),
    Hypothesis(
        _WRONG_APART,
        _WITH_ONE_COIN,
        Statistical(
            lambda n, rng, gap, shared: draws.noisy_gaps(
                n, rng, 20, gap, 0.2, shared=shared
            ),
            lambda gap, shared: gap_tail(20, gap, 0.2),
        ),
        {"gap": Choices((0.4,), symbol="g"), "shared": _ONE_COIN},
        "shared",
    ),
)
_CIRCLE_POINTS = (
    Hypothesis(
        _SPREAD,
        "each of them is there $c$ times",
        Exact(
            lambda m, copies: expected_radius(m // copies),
            lambda m, copies: expected_radius(m),
        ),
        {"m": Choices((66, 660), symbol="m"), "copies": _COPIES},
        "copies",
        unbroken=1,
    ),
)
_MANY_CIRCLE_POINTS = (
    Hypothesis(
        _SPREAD,
        "each of them is there $c$ times",
        Exact(
            lambda m, copies: expected_radius(m // copies) / radius_scale(float(m), 1),
            lambda m, copies: 1.0,
            tolerance=0.005,
        ),
        {
            "m": Integers(33, 10**100, (10**2, 10**20, 10**100), symbol="m"),
            "copies": _COPIES,
        },
        "copies",
        unbroken=1,
    ),
)
_POINTS = (
    Hypothesis(
        _SPREAD,
        "the density of the first coordinate grows like $x^s$ from 0",
        Exact(
            lambda power, m: _mean_radius(m, 2, power) / math.sqrt(math.log(m)),
            lambda power, m: -1 / 2,
            tolerance=0.04,
        ),
        {
            "power": Integers(0, 2, (0, 1, 2), "linear", "s"),
            "m": Integers(100, 3000, (100, 300, 1000, 3000), symbol="m"),
        },
        "power",
    ),
)
_TORUS = (
    Hypothesis(
        "distances are those of the flat torus",
        why="where there is an edge balls stick out, and it holds all the more",
    ),
)
_EXACT_FIT = (
    Hypothesis(
        "$f_n$ interpolates, and no point is there twice",
        "it takes the majority of $k$ neighbours, of which the point itself is one",
        Exact(
            lambda size, k: _rightly_decided(size, 2, k),
            lambda size, k: 0,
        ),
        {
            "size": Choices((12, 80), symbol="n"),
            "k": Integers(1, 11, (1, 3, 5, 11), symbol="k"),
        },
        "k",
        unbroken=1,
    ),
)
_AROUND = "the density and the noise are constant near the point"
_MORE_NOISE = r"the noise of the neighbours is $\nu + s$"
_MORE = Reals(0, 0.5, (0.0, 0.01, 0.1, 0.3, 0.5), symbol="s")
_BAYES = Hypothesis(
    r"$\nu \le 1/2$: the rule to be learned is the Bayes rule",
    r"the noise exceeds $1/2$",
    Exact(
        lambda k, noise: 1 - error_share(k, 1 - noise),
        lambda k, noise: error_share_bound(k, 1 - noise),
        rtol=1e-10,
    ),
    {
        "k": Choices((2, 5, 21), symbol="k"),
        "noise": Reals(0.5, 0.9, (0.5, 0.51, 0.6, 0.9), symbol=r"\nu"),
    },
    "noise",
    unbroken=0.5,
)
_RARE_AT = {
    "k": Choices((2, 21, 101), symbol="k"),
    "noise": Choices((0.1, 0.3), symbol=r"\nu"),
}
_RARE = (
    Hypothesis(
        _AROUND,
        _MORE_NOISE,
        Exact(
            lambda k, noise, more: error_share(k, noise + more),
            lambda k, noise, more: error_share_bound(k, noise),
        ),
        {**_RARE_AT, "more": _MORE},
        "more",
    ),
    Hypothesis(
        _WRONG_APART,
        _WITH_ONE_COIN,
        Exact(
            lambda k, noise, shared: _with_one_coin(
                error_share(k, noise), noise, shared
            ),
            lambda k, noise, shared: error_share_bound(k, noise),
        ),
        {**_RARE_AT, "shared": _ONE_COIN},
        "shared",
    ),
    _BAYES,
)
_SHARES_AT = {
    "k": Choices((3, 7), symbol="k"),
    "noise": Choices((0.1, 0.3), symbol=r"\nu"),
}
_RULE = (
    Hypothesis(
        _AROUND,
        _MORE_NOISE,
        Exact(
            lambda k, noise, more: error_share(k, noise + more),
            lambda k, noise, more: error_share(k, noise),
            rtol=1e-10,
        ),
        {**_SHARES_AT, "more": _MORE},
        "more",
    ),
    Hypothesis(
        _WRONG_APART,
        _WITH_ONE_COIN,
        Exact(
            lambda k, noise, shared: _with_one_coin(
                error_share(k, noise), noise, shared
            ),
            lambda k, noise, shared: error_share(k, noise),
            rtol=1e-10,
        ),
        {**_SHARES_AT, "shared": _ONE_COIN},
        "shared",
    ),
)
_BOUNDED_AT = {
    "d": Choices((2, 10, 100), symbol="d"),
    "bound": Choices((0.1, 0.3), symbol="b"),
}
_BOUNDED = (
    Hypothesis(
        "the density is constant near the point, and the noise at most $b$",
        "the noise of the neighbours is $b + s$",
        Exact(
            lambda d, bound, more: (1 - bound) * error_share(d + 1, bound + more),
            lambda d, bound, more: error_share_bound(d + 1, bound),
        ),
        {**_BOUNDED_AT, "more": _MORE},
        "more",
    ),
    Hypothesis(
        _WRONG_APART,
        _WITH_ONE_COIN,
        Exact(
            # The mean of nu (1 - 2 nu) over [0, b] is b/2 - 2 b^2/3.
            lambda d, bound, shared: _with_one_coin(
                _mean_excess(d, bound), bound / 2 - 2 * bound**2 / 3, shared
            ),
            lambda d, bound, shared: error_share_bound(d + 1, bound),
            rtol=1e-10,
        ),
        {**_BOUNDED_AT, "shared": _ONE_COIN},
        "shared",
    ),
)
_LINE = (
    Hypothesis(
        "a label is wrong with the same probability wherever the points are",
        "with probability $c$ those labels are wrong whose points are far from others",
        Statistical(
            lambda n, rng, size, apart: draws.line_measure(n, rng, size, 0.3, apart),
            lambda size, apart: 0.3,
        ),
        {
            "size": Choices((3, 30), symbol="n"),
            "apart": Reals(0, 1, (0.0, 0.1, 0.5, 1.0), symbol="c"),
        },
        "apart",
    ),
)
_PRINTED = (
    Hypothesis(
        "the density and the noise are constant, and the labels independent",
        why="the statement is false even so",
    ),
)
_SMOOTH = (
    Hypothesis(
        r"$\eta$ is $(A, \alpha)$-Holder",
        "it turns $c$ times as fast as $A$ says",
        Statistical(
            lambda n, rng, waves: draws.simplicial_squares(n, rng, 100, 1.0, waves),
            lambda waves: _simplicial_rhs(100, 1.0),
        ),
        {"waves": Reals(1, 100, (1.0, 3.0, 30.0, 100.0), scale="log", symbol="c")},
        "waves",
        unbroken=1.0,
    ),
    Hypothesis(
        _SPREAD,
        "each is there $c$ times, with its label",
        Statistical(
            lambda n, rng, copies: draws.simplicial_squares(n, rng, 100 // copies, 1.0),
            lambda copies: _simplicial_rhs(100, 1.0),
        ),
        {"copies": _COPIES},
        "copies",
        unbroken=1,
    ),
)
_BEST_AT = Reals(1e20, 1e40, (1e20, 1e25, 1e30, 1e40), scale="log", symbol="n")
_MINIMAX = (
    Hypothesis(
        r"$\eta$ is $(A, \alpha)$-Holder",
        r"the exponent is $(1 - s)\,\alpha$",
        Exact(
            lambda alpha, less, n: _best_winn(n, 2, (1 - less) * alpha),
            lambda alpha, less, n: -2 * alpha / (2 * alpha + 2),
            tolerance=0.002,
        ),
        {
            "alpha": Choices((0.5, 1.0), symbol=r"\alpha"),
            "less": Reals(0, 0.9, (0.0, 0.1, 0.5), symbol="s"),
            "n": _BEST_AT,
        },
        "less",
    ),
    Hypothesis(
        _SPREAD,
        "they are on a part of $m$ fewer dimensions: the rate is better",
        Exact(
            lambda fewer, n: _best_winn(n, 5 - fewer, 1.0),
            lambda fewer, n: -2 / 7,
            tolerance=0.002,
        ),
        {"fewer": Integers(0, 4, (0, 1, 4), "linear", "m"), "n": _BEST_AT},
        "fewer",
    ),
)
_DENSITY = "the density is constant near the point"
_LOGARITHMS = (
    Hypothesis(
        _DENSITY,
        "the outer share $s$ of the ball of the neighbours is empty",
        Statistical(
            lambda n, rng, k, hole: draws.winn_squares(n, rng, k, 2, hole),
            lambda k, hole: variance_factor(k, 2),
            tolerance=0.02,
        ),
        {
            "k": Choices((2, 5), symbol="k"),
            "hole": Reals(0, 0.9, (0.0, 0.1, 0.5, 0.9), symbol="s"),
        },
        "hole",
    ),
)
_SLOW = r"$\delta < d/2$"
_QUICK = r"$\delta > d/2$: $w^2$ has no mean, and the expression is negative"
_RATIO = Reals(0.1, 0.9, (0.4, 0.6, 0.9), symbol=r"\delta/d")
_TO_A_LIMIT = Integers(1, 10**9, (10, 10**3, 10**6), symbol="k")
_POWER = (
    Hypothesis(
        _SLOW,
        _QUICK,
        Exact(
            lambda ratio, k: k * variance_factor(k, 1, ratio),
            lambda ratio, k: (1 - ratio) ** 2 / (1 - 2 * ratio),
            tolerance=0.05,
        ),
        {"ratio": _RATIO, "k": _TO_A_LIMIT},
        "ratio",
        unbroken=0.4,
        where=lambda ratio, k: ratio != 0.5,
    ),
    Hypothesis(
        _DENSITY,
        r"it grows like $r^{sd}$ with the distance from the point",
        Exact(
            lambda power, k: k * variance_factor(k, 5, 1.0 / (1 + power)),
            lambda power, k: variance_limit(5, 1.0),
            tolerance=1e-4,
        ),
        {"power": Reals(0, 2, (0.0, 0.1, 1.0), symbol="s"), "k": _TO_A_LIMIT},
        "power",
    ),
)
_BOUNDED_POWER = (
    Hypothesis(
        _SLOW,
        _QUICK,
        Exact(
            lambda ratio, k: variance_factor(k, 1, ratio),
            lambda ratio, k: k * math.exp(-k / 4) + 1 / ((1 - 2 * ratio) * k),
            rtol=1e-9,
        ),
        {"ratio": _RATIO, "k": Choices((1, 30, 10**5), symbol="k")},
        "ratio",
        unbroken=0.4,
        where=lambda ratio, k: ratio != 0.5,
    ),
    Hypothesis(
        _DENSITY,
        r"it has a pole like $r^{-sd}$ at the point",
        Exact(
            lambda ratio, k, pole: variance_factor(k, 1, ratio / (1 - pole)),
            lambda ratio, k, pole: k * math.exp(-k / 4) + 1 / ((1 - 2 * ratio) * k),
            rtol=1e-9,
        ),
        {
            "ratio": Choices((0.1, 0.4), symbol=r"\delta/d"),
            "k": Choices((30, 10**5), symbol="k"),
            "pole": Reals(0, 0.9, (0.0, 0.1, 0.5, 0.9), symbol="s"),
        },
        "pole",
    ),
)
_FLAT_MARGIN = (
    Hypothesis(
        r"$P(|2\eta - 1| \le t) = t^a$",
        r"it is $t^{(1 - s)a}$: more is next to $\eta = \tfrac12$",
        Exact(
            lambda exponent, less: _worst_set(0.0, 1.0, (1 - less) * exponent)[0],
            lambda exponent, less: margin_bound(
                _worst_set(0.0, 1.0, (1 - less) * exponent)[1], exponent
            ),
            rtol=1e-11,
        ),
        {
            "exponent": Choices((0.5, 4.0), symbol="a"),
            "less": Reals(0, 0.9, (0.0, 0.01, 0.5, 0.9), symbol="s"),
        },
        "less",
    ),
)

CLAIMS = (
    Claim(
        id="belkin2018.sample-size",
        theory="oscillation",
        title="So many points put a mislabelled one into every cell",
        source=_THEOREM,
        statement=r"""If a point is mislabelled and in a given one of $K$ cells with
probability $a = \nu/K$, then of $n \ge \ln(K/(1 - \delta))/(-\ln(1 - a))$ points every
cell gets a mislabelled one with probability at least $\delta$. Shown is the probability
that one gets none, over $1 - \delta$.""",
        relation="lhs <= rhs",
        domain={
            "cells": Integers(2, 3000, (10, 100, 1000), symbol="K"),
            "noise": Reals(0.01, 0.5, (0.1, 0.4), symbol=r"\nu"),
            "failure": Reals(0.001, 0.5, (0.01, 0.05), symbol=r"1 - \delta"),
        },
        axis="cells",
        evidence=Enclosure(
            enclosed.missed_cell,
            lambda cells, noise, failure: 1,
            formulas=(
                lambda cells, noise, failure: _missed(cells, noise, failure, 1.0),
                lambda cells, noise, failure: 1.0,
            ),
            beyond=(
                Beyond(
                    lambda over_cells, noise, failure: 0,
                    enclosed.cells_gain,
                    since={"cells": 2},
                    until={"noise": 0.5, "failure": 0.5},
                ),
            ),
        ),
        twin=Twin(
            "one point in a hundred fewer",
            Enclosure(
                functools.partial(enclosed.missed_cell, percent=99),
                lambda cells, noise, failure: 1,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the labels are noisy",
                r"no label noise: the share $s$ of it is gone, for 4 cells and the "
                r"points that suffice at $\nu$",
                Exact(
                    lambda noise, lost: _missed_without(noise, lost, 4, 1),
                    lambda noise, lost: 1.0,
                ),
                {
                    "noise": Reals(0.01, 0.5, (0.1, 0.4), symbol=r"\nu"),
                    "lost": Reals(0, 1, (0.0, 0.01, 0.1, 0.5, 1.0), symbol="s"),
                },
                "lost",
            ),
            Hypothesis(
                "the points are exponentially many in the dimension",
                "interpolation + Bayes > 0 is not enough in high dimension: there are "
                "$4^d$ cells, and the points that suffice for $d = 1$",
                Exact(
                    lambda noise, d: _missed_without(noise, 0.0, 4, d),
                    lambda noise, d: 1.0,
                ),
                {
                    "noise": Reals(0.01, 0.5, (0.1, 0.4), symbol=r"\nu"),
                    "d": Integers(1, 5, (1, 2, 3, 5), symbol="d"),
                },
                "d",
                unbroken=1,
            ),
        ),
    ),
    Claim(
        id="belkin2018.density",
        theory="oscillation",
        title="Errors are within 2 eps of every point of the circle",
        source=_THEOREM,
        statement=r"""On the circle cut into $K$ cells of length $2\varepsilon = 1/K$,
with noise $\nu$ and $n$ as large as the proof asks, some point is farther than
$2\varepsilon$ from all mislabelled training points, a part of $A_n$, with probability
at most $1 - \delta$.""",
        relation="lhs <= rhs",
        domain={
            "cells": Integers(3, 200, (5, 10, 50, 200), symbol="K"),
            "noise": Reals(0.01, 0.5, (0.1, 0.4), symbol=r"\nu"),
            "failure": Reals(0.001, 0.5, (0.05,), symbol=r"1 - \delta"),
        },
        axis="cells",
        evidence=Enclosure(
            enclosed.gap_exceeds,
            lambda cells, noise, failure: failure,
            formulas=(
                lambda cells, noise, failure: gap_tail(
                    _n(cells, noise, failure), 2.0 / cells, noise
                ),
                lambda cells, noise, failure: failure,
            ),
            beyond=(
                Beyond(
                    lambda over_cells, noise, failure: 0,
                    enclosed.cells_gain,
                    since={"cells": 3},
                    until={"noise": 0.5, "failure": 0.5},
                ),
            ),
        ),
        twin=Twin(
            r"$\varepsilon$ in place of $2\varepsilon$",
            Enclosure(
                functools.partial(enclosed.gap_exceeds, share=1),
                lambda cells, noise, failure: failure,
            ),
        ),
        hypotheses=_DENSE,
    ),
    Claim(
        id="belkin2018.interpolation",
        theory="oscillation",
        title="Every mislabelled training point is an error of every interpolant",
        source=_THEOREM,
        statement=r"""If $f_n$ interpolates, then $A_n$ contains the training points
whose label is not that of $f^*$: none of them is decided rightly.""",
        relation="lhs <= rhs",
        domain={
            "size": Integers(12, 80, (12, 80), symbol="n"),
            "d": Integers(1, 3, (1, 3), symbol="d"),
            "rule": Choices(("winn", "simplicial", "hilbert")),
        },
        axis="size",
        evidence=Exact(
            _rightly_decided,
            lambda size, d, rule: 0,
            unproved="one side counts decisions of rules that are fitted to a sample",
        ),
        twin=Twin(
            "five nearest neighbours with equal weights, which do not interpolate",
            Exact(
                lambda size, d, rule: _rightly_decided(size, d, 5),
                lambda size, d, rule: 0,
            ),
        ),
        hypotheses=_EXACT_FIT,
    ),
    Claim(
        id="belkin2018.circle-gap",
        theory="oscillation",
        title="The law of the largest gap of mislabelled points on the circle",
        source=_THEOREM,
        statement=r"""For $n$ uniform points on the circle of length 1, each mislabelled
with probability $\nu$, the largest gap of the mislabelled ones exceeds $g$ with
probability $(1 - \nu)^n + \sum_{j \ge 1} (-1)^{j+1} \binom nj \nu^j
(1 - jg)_+^{j-1} (1 - j\nu g)^{n-j}$.""",
        relation="lhs == rhs",
        domain={
            "size": Integers(5, 200, (20, 40), symbol="n"),
            "gap": Reals(0.05, 0.6, (0.3, 0.5), symbol="g"),
            "noise": Reals(0.05, 1.0, (0.1, 0.2), symbol=r"\nu"),
        },
        axis="gap",
        evidence=Statistical(
            draws.noisy_gaps, lambda size, gap, noise: gap_tail(size, gap, noise)
        ),
        twin=Twin(
            r"as if exactly $\nu n$ points were mislabelled",
            Statistical(
                draws.noisy_gaps,
                lambda size, gap, noise: gap_tail(round(noise * size), gap),
            ),
        ),
        hypotheses=_GAPS,
    ),
    Claim(
        id="belkin2018.circle-radius",
        theory="oscillation",
        title="The mean covering radius of random points on the circle",
        source=_THEOREM,
        statement=r"""The covering radius of $m$ uniform points on the circle of length
1 has the mean $H_m/(2m)$, $H_m = 1 + 1/2 + \dots + 1/m$.""",
        relation="lhs == rhs",
        domain={"m": Integers(1, 200, (2, 5, 20, 100), symbol="m")},
        axis="m",
        evidence=Statistical(draws.circle_radii, expected_radius, support=(0.0, 0.5)),
        twin=Twin(
            r"$H_{m-1}/(2m)$",
            Statistical(
                draws.circle_radii,
                lambda m: expected_radius(m) - 0.5 / m**2,
                support=(0.0, 0.5),
            ),
        ),
        hypotheses=_CIRCLE_POINTS,
    ),
    Claim(
        id="belkin2018.radius-on-the-circle",
        theory="oscillation",
        title="On the circle the radius is ln m/(2m)",
        source=_THEOREM,
        statement=r"""The mean covering radius of $m$ random points on the circle, times
$2m/\ln m$, tends to 1.""",
        relation="limit",
        domain={
            "m": Integers(2, 10**100, (10**2, 10**6, 10**20, 10**100), symbol="m"),
        },
        axis="m",
        evidence=Exact(
            lambda m: expected_radius(m) / radius_scale(float(m), 1),
            lambda m: 1.0,
            tolerance=0.005,
        ),
        twin=Twin(
            "the limit is 1.01",
            Exact(
                lambda m: expected_radius(m) / radius_scale(float(m), 1),
                lambda m: 1.01,
                tolerance=0.005,
            ),
        ),
        hypotheses=_MANY_CIRCLE_POINTS,
    ),
    Claim(
        id="belkin2018.radius-rate",
        theory="oscillation",
        title="The covering radius falls like (ln m/m)^(1/d)",
        source=_THEOREM,
        statement=r"""The covering radius of $m$ random points of the torus, over
$(\ln m)^{1/d}$, falls like $m^{-1/d}$.""",
        relation="rate",
        domain={
            "d": Choices((2, 3), symbol="d"),
            "m": Integers(100, 3000, (100, 300, 1000, 3000), symbol="m"),
        },
        axis="m",
        evidence=Exact(
            lambda d, m: _mean_radius(m, d) / math.log(m) ** (1 / d),
            lambda d, m: -1 / d,
            tolerance=0.04,
        ),
        twin=Twin(
            r"without the logarithm",
            Exact(_mean_radius_of, lambda d, m: -1 / d, tolerance=0.04),
        ),
        note=r"Means over four sets of points each, with exact radii.",
        hypotheses=_POINTS,
    ),
    Claim(
        id="belkin2018.radius-at-least",
        theory="oscillation",
        title="No points are denser than their balls' volume allows",
        source=_THEOREM,
        statement=r"""$m$ points of the torus have a covering radius of at least
$(m\,\omega_d)^{-1/d}$.""",
        relation="lhs <= rhs",
        domain={
            "side": Integers(1, 8, (1, 3, 8), symbol="m^{1/d}"),
            "d": Integers(1, 3, (1, 2, 3), symbol="d"),
            "kind": Choices(("lattice", "random")),
        },
        axis="side",
        evidence=Exact(
            lambda side, d, kind: radius_lower_bound(side**d, d),
            _lattice_or_random,
            unproved="one side is the covering radius of a set of points, by a program",
        ),
        twin=Twin(
            "one per cent more; equal distances on the circle attain the bound",
            Exact(
                lambda side, d, kind: 1.01 * radius_lower_bound(side**d, d),
                _lattice_or_random,
            ),
        ),
        hypotheses=_TORUS,
    ),
    Claim(
        id="belkin2018.exponential-in-d",
        theory="oscillation",
        title="Dense errors need exponentially many points",
        source=_THEOREM,
        statement=r"""For the radius $c\sqrt d$ with $c < 1/\sqrt{2\pi e} = .242$
(random points of the torus are $.289\sqrt d$ apart) at least $N$ mislabelled points are
needed, with $\tfrac1d\ln N \to -\ln(c\sqrt{2\pi e})$.""",
        relation="limit",
        domain={
            "c": Reals(0.01, 0.2, (0.05, 0.1, 0.2), symbol="c"),
            "d": Integers(1, 10**9, (10, 10**3, 10**5, 10**7), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda c, d: log_points_needed(c * math.sqrt(d), d) / d,
            lambda c, d: -math.log(c * math.sqrt(2 * math.pi * math.e)),
            tolerance=1e-4,
        ),
        twin=Twin(
            r"$c$ is one thousandth larger in the limit",
            Exact(
                lambda c, d: log_points_needed(c * math.sqrt(d), d) / d,
                lambda c, d: -math.log(1.001 * c * math.sqrt(2 * math.pi * math.e)),
                tolerance=1e-4,
            ),
        ),
        hypotheses=_TORUS,
    ),
    Claim(
        id="belkin2018.measure-vanishes",
        theory="oscillation",
        title="Errors become exponentially rare with more neighbours, or dimensions",
        source=_WINN,
        statement=r"""The share of errors of wiNN with $k$ neighbours and weights
$-\ln z$, and of the simplicial rule in dimension $k - 1$, is at most
$\big(\tfrac12 + \sqrt{\nu(1 - \nu)}\big)^k$.""",
        relation="lhs <= rhs",
        domain={"k": _K, "noise": _NOISE},
        axis="k",
        evidence=Enclosure(
            enclosed.error_share,
            enclosed.error_share_bound,
            formulas=(error_share, error_share_bound),
            rtol=1e-10,
            beyond=(
                Beyond(
                    enclosed.share_of_bound,
                    lambda noise: 1,
                    until={"noise": 0.45},
                    free=("k",),
                ),
            ),
        ),
        twin=Twin(
            "the base is one per cent smaller",
            Enclosure(
                enclosed.error_share,
                functools.partial(enclosed.error_share_bound, percent=99),
            ),
        ),
        hypotheses=_RARE,
    ),
    Claim(
        id="belkin2018.winn-errors",
        theory="oscillation",
        title="The share of errors of weighted interpolated neighbours",
        source=_WINN,
        statement=r"""Where the density and the noise $\nu$ are constant, wiNN with $k$
neighbours and weights $-\ln z$ is wrong with probability $P(B' < B)$, $B$ binomial
$(k, \nu)$ and $B'$ binomial $(k - 1, 1/2)$, in every dimension.""",
        relation="lhs == rhs",
        domain={
            "k": Integers(1, 40, (2, 7), symbol="k"),
            "d": Integers(1, 20, (1, 5), symbol="d"),
            "noise": Reals(0.05, 0.45, (0.3,), symbol=r"\nu"),
        },
        axis="k",
        evidence=Statistical(
            draws.winn_errs, lambda k, d, noise: error_share(k, noise)
        ),
        twin=Twin(
            "with one neighbour more",
            Statistical(draws.winn_errs, lambda k, d, noise: error_share(k + 1, noise)),
        ),
        hypotheses=_RULE,
    ),
    Claim(
        id="belkin2018.simplicial-errors",
        theory="oscillation",
        title="At fixed d the simplicial rule is not consistent: its share of errors",
        source=_SIMPLICIAL,
        statement=r"""A uniform point of a simplex in $\mathbb R^d$, whose vertices are
mislabelled with probability $\nu$ each, is decided wrongly with probability
$\sum_k \binom{d+1}k \nu^k (1 - \nu)^{d+1-k} P(\mathrm{Beta}(k, d + 1 - k) > 1/2)$,
whatever the size of the simplex: $\mu(A_n)$ does not tend to 0.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 20, (1, 2, 5, 10), symbol="d"),
            "noise": Reals(0.05, 0.45, (0.2, 0.3), symbol=r"\nu"),
        },
        axis="d",
        evidence=Statistical(
            draws.simplicial_errs, lambda d, noise: error_share(d + 1, noise)
        ),
        twin=Twin(
            r"with $d$ vertices instead of $d + 1$",
            Statistical(draws.simplicial_errs, lambda d, noise: error_share(d, noise)),
        ),
        hypotheses=_RULE,
    ),
    Claim(
        id="belkin2018.massart",
        theory="oscillation",
        title="Under bounded noise the simplicial rule's excess risk is e^(-c d)",
        source=_SIMPLICIAL,
        statement=r"""If $\min(\eta, 1 - \eta) \le b < 1/2$, the limit of the excess
risk of the simplicial rule, the mean of $1 - 2\nu$ times the share of errors at the
noise $\nu$, is at most $\big(\tfrac12 + \sqrt{b(1 - b)}\big)^{d+1}$; here $\nu$ is
uniform on $[0, b]$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 300, (1, 2, 10, 100, 300), symbol="d"),
            "bound": Reals(0.01, 0.45, (0.1, 0.3), symbol="b"),
        },
        axis="d",
        evidence=Enclosure(
            enclosed.mean_excess,
            lambda d, bound: enclosed.error_share_bound(d + 1, bound),
            formulas=(
                _mean_excess,
                lambda d, bound: error_share_bound(d + 1, bound),
            ),
            rtol=1e-10,
            beyond=(
                Beyond(
                    lambda bound: enclosed.share_of_bound(bound),
                    lambda bound: 1,
                    until={"bound": 0.45},
                    free=("d",),
                ),
            ),
        ),
        twin=Twin(
            "the base is four per cent smaller",
            Enclosure(
                enclosed.mean_excess,
                lambda d, bound: enclosed.error_share_bound(d + 1, bound, 96),
                most_boxes=100,
            ),
        ),
        hypotheses=_BOUNDED,
    ),
    Claim(
        id="belkin2018.simplicial-line",
        theory="oscillation",
        title="On the circle the simplicial rule errs on a share nu for every n",
        source=_SIMPLICIAL,
        statement=r"""For $n$ points of the circle with noise $\nu$, the measure of the
errors of the simplicial rule has the mean $\nu$ for every $n$.""",
        relation="lhs == rhs",
        domain={
            "size": Integers(2, 1000, (3, 30, 1000), symbol="n"),
            "noise": Reals(0.05, 0.45, (0.1, 0.3), symbol=r"\nu"),
        },
        axis="size",
        evidence=Statistical(draws.line_measure, lambda size, noise: noise),
        twin=Twin(
            r"the mean is $0.9\,\nu$",
            Statistical(draws.line_measure, lambda size, noise: 0.9 * noise),
        ),
        hypotheses=_LINE,
    ),
    Claim(
        id="belkin2018.simplicial-mse",
        theory="oscillation",
        title="The mean squared error of simplicial interpolation",
        source=_SIMPLICIAL,
        statement=r"""For an $(A, \alpha)$-Holder $\eta$ and a uniform law,
$E(\hat\eta - \eta)^2 \le \tfrac14 E\mu(\text{outside}) + A^2 E\delta^{2\alpha} +
\tfrac{2}{d+2} A\,E\delta^\alpha + \tfrac{2}{d+2} E\,\mathrm{Var}(Y|X)$, here on the
circle, where there is no outside.""",
        relation="lhs <= rhs",
        domain={
            "size": Integers(100, 2000, (100, 300), symbol="n"),
            "strength": Reals(0.0, 1.0, (0.3, 1.0), symbol="s"),
        },
        axis="size",
        evidence=Statistical(draws.simplicial_squares, _simplicial_rhs),
        twin=Twin(
            r"the last factor is $0.9\cdot 2/(d + 2)$",
            Statistical(
                draws.simplicial_squares,
                lambda size, strength: _simplicial_rhs(size, strength, 0.9),
            ),
            domain={
                "size": Integers(100, 2000, (1000,), symbol="n"),
                "strength": Reals(0.0, 1.0, (0.0, 0.3), symbol="s"),
            },
        ),
        hypotheses=_SMOOTH,
    ),
    Claim(
        id="belkin2018.log-variance",
        theory="oscillation",
        title="Weights -ln z have the variance factor 2/(k + 1) in every dimension",
        source=_WINN,
        statement=r"""$E\sum w_i^2/(\sum w_i)^2 = 2/(k + 1)$ for $w_i = -\ln z_i$ where
the density is constant.""",
        relation="lhs == rhs",
        domain={
            "k": Integers(1, 40, (2, 5, 20), symbol="k"),
            "d": Integers(1, 20, (1, 8), symbol="d"),
        },
        axis="k",
        evidence=Statistical(draws.winn_squares, variance_factor, tolerance=0.02),
        twin=Twin(
            r"$2/(k + 1.2)$",
            Statistical(
                draws.winn_squares, lambda k, d: 2 / (k + 1.2), tolerance=0.002
            ),
            domain={
                "k": Integers(1, 40, (2,), symbol="k"),
                "d": Integers(1, 20, (1,), symbol="d"),
            },
        ),
        hypotheses=_LOGARITHMS,
    ),
    Claim(
        id="belkin2018.power-variance",
        theory="oscillation",
        title="The variance factor of weights z^-delta is of order 1/k",
        source=_WINN,
        statement=r"""For $w_i = z_i^{-\delta}$, $\delta < d/2$, and a constant density,
$k\,E\sum w_i^2/(\sum w_i)^2 \to (d - \delta)^2/(d(d - 2\delta))$.""",
        relation="limit",
        domain={
            "pair": _PAIRS,
            "k": Integers(1, 10**9, (10, 10**3, 10**6), symbol="k"),
        },
        axis="k",
        evidence=Exact(
            lambda pair, k: k * variance_factor(k, *pair),
            lambda pair, k: variance_limit(*pair),
            tolerance=1e-4,
        ),
        twin=Twin(
            "the limit is one thousandth larger",
            Exact(
                lambda pair, k: k * variance_factor(k, *pair),
                lambda pair, k: 1.001 * variance_limit(*pair),
                tolerance=1e-4,
            ),
        ),
        hypotheses=_POWER,
    ),
    Claim(
        id="belkin2018.variance-bound",
        theory="oscillation",
        title="The paper's bound of the variance of weighted interpolated neighbours",
        source=_WINN,
        statement=r"""For $w_i = z_i^{-\delta}$ and a constant density,
$E\sum w_i^2/(\sum w_i)^2 \le k e^{-k/4} + d/((d - 2\delta)k)$.""",
        relation="lhs <= rhs",
        domain={
            "k": Integers(1, 10**5, (1, 3, 30, 10**5), symbol="k"),
            "d": Integers(1, 100, (1, 5, 100), symbol="d", as_reals=True),
            "ratio": Reals(0.005, 0.45, (0.005, 0.1, 0.4), symbol=r"\delta/d"),
        },
        axis="k",
        evidence=Enclosure(
            lambda k, d, ratio: spread.variance_factor(k, ratio),
            lambda k, d, ratio: spread.variance_bound(k, ratio),
            formulas=(
                lambda k, d, ratio: variance_factor(k, d, ratio * d),
                lambda k, d, ratio: k * math.exp(-k / 4) + 1 / ((1 - 2 * ratio) * k),
            ),
            rtol=1e-11,
            beyond=(
                Beyond(
                    lambda over_k, ratio: 0,
                    spread.gain,
                    since={"k": 2},
                    until={"ratio": 0.45},
                    free=("d",),
                ),
                Beyond(
                    lambda k, ratio: 0,
                    lambda k, ratio: spread.gain(1 / balls.as_ball(k), ratio),
                    until={"ratio": 0.45},
                    free=("d",),
                ),
            ),
        ),
        twin=Twin(
            r"without the factor $d/(d - 2\delta)$",
            Enclosure(
                lambda k, d, ratio: spread.variance_factor(k, ratio),
                lambda k, d, ratio: spread.variance_bound(k, 0),
            ),
        ),
        hypotheses=_BOUNDED_POWER,
    ),
    Claim(
        id="belkin2018.winn-rate",
        theory="oscillation",
        title="With the best k, wiNN reaches the minimax rate",
        source=_WINN,
        statement=r"""The least value over $k$ of the bound $A^2 E r_{k+1}^{2\alpha} +
\sigma^2(k e^{-k/4} + d/((d - 2\delta)k))$ falls like
$n^{-2\alpha/(2\alpha + d)}$.""",
        relation="rate",
        domain={
            "d": Choices((1, 2, 5), symbol="d"),
            "alpha": Choices((0.5, 1.0), symbol=r"\alpha"),
            "n": Reals(1e20, 1e40, (1e20, 1e25, 1e30, 1e40), scale="log"),
        },
        axis="n",
        evidence=Exact(
            lambda d, alpha, n: _best_winn(n, d, alpha),
            lambda d, alpha, n: -2 * alpha / (2 * alpha + d),
            tolerance=0.002,
        ),
        twin=Twin(
            r"the exponent is $-2\alpha/(2\alpha + d + 0.1)$",
            Exact(
                lambda d, alpha, n: _best_winn(n, d, alpha),
                lambda d, alpha, n: -2 * alpha / (2 * alpha + d + 0.1),
                tolerance=0.002,
            ),
        ),
        hypotheses=_MINIMAX,
    ),
    Claim(
        id="belkin2018.margin",
        theory="oscillation",
        title="How large an error set of small excess risk can be",
        source=SOURCE.at("section 5", checked=True),
        statement=r"""If $P(|2\eta - 1| \le t) = t^a$, a set $A$ of errors with excess
risk $\int_A |2\eta - 1|\,d\mu = \rho$ has $\mu(A) \le ((a + 1)\rho/a)^{a/(a + 1)}$;
here $A = \{s < |2\eta - 1| \le t\}$. Shown is the difference over $t^a$.""",
        relation="lhs <= rhs",
        domain=_MARGINS,
        axis="high",
        evidence=Enclosure(
            lambda low, high, exponent: 0,
            enclosed.margin_excess,
            formulas=(lambda low, high, exponent: 0.0, _margin_excess),
            rtol=1e-11,
            atol=1e-15,
            beyond=(
                Beyond(
                    lambda low, high: low / high,
                    lambda low, high: 1,
                    scales=("exponent",),
                ),
            ),
        ),
        twin=Twin(
            r"$\rho$ is one per cent less; $s = 0$ attains the bound",
            Enclosure(
                lambda low, high, exponent: 0,
                functools.partial(enclosed.margin_excess, percent=99),
            ),
        ),
        hypotheses=_FLAT_MARGIN,
    ),
    Claim(
        id="belkin2018.consistent-as-printed",
        theory="oscillation",
        title="Consistency drives the measure of the errors to 0",
        source=SOURCE.at("section 5", checked=True),
        statement=r"""If $0 < \eta < 1$ everywhere, consistency implies
$\mu(A_n) \to 0$: for wiNN with $k = 10^4$ neighbours, weights $-\ln z$ and
$\min(\eta, 1 - \eta) = \nu$, the excess risk $(1 - 2\nu)\mu(A_n)$ and $\mu(A_n)$ are
both below $10^{-3}$.""",
        relation="lhs <= rhs",
        domain={"noise": Reals(0.01, 0.5, (0.1, 0.3, 0.47, 0.5), symbol=r"\nu")},
        axis="noise",
        evidence=Enclosure(
            lambda noise: enclosed.error_share(10**4, noise),
            lambda noise: 1e-3,
            formulas=(
                lambda noise: max(error_share(10**4, noise), excess_risk(10**4, noise)),
                lambda noise: 1e-3,
            ),
            rtol=1e-10,
        ),
        expected=Expected.VIOLATED,
        twin=Twin(
            r"where $\eta \ne 1/2$ almost everywhere: here $\nu \le 0.47$",
            Enclosure(
                lambda noise: enclosed.error_share(10**4, noise),
                lambda noise: 1e-3,
            ),
            domain={"noise": Reals(0.01, 0.47, (0.1, 0.3, 0.47), symbol=r"\nu")},
        ),
        note=r"""At $\eta = 1/2$ every rule is consistent, and half of the points are in
$A_n$. The theorem itself, that $A_n$ becomes dense, is not affected.""",
        hypotheses=_PRINTED,
    ),
)
