r"""Sampling manifolds of low dimension: balls and nearest neighbours (Khoury 2018).

The classes lie on manifolds of dimension k in R^d, M is their union, r = rch_p the
distance of M to the decision axis Lambda_p (the points p-equidistant to two classes),
and M^e the tube of radius e < r. Samples X are a delta-cover of M: every point of M has
a sample of its own class within delta.

**Nearest neighbours against balls.** For x in M^e let p be its nearest point of M, and
q a sample within delta of p. Then |x - q| <= e + delta, while samples of another class
are at least 2 r - e away. So 1-NN is right on M^e if delta < 2 (r - e), whereas balls
of radius r about the samples, on which a learner was trained to be right, cover M^e if
delta <= r - e: a factor 2 in delta, 2^k in samples. On parallel flats, with samples
opposite to each other, Pythagoras makes both exact,

    nearest neighbours  delta < 2 sqrt(r (r - e)),    balls  delta <= sqrt(r^2 - e^2).

What the general covers leave on lines vanishes at e = 0, and is shown divided by e:

    2 r - e - sqrt(4 (r - e)^2 + e^2) = 4 e (r - e)/(2 r - e + sqrt(4 (r - e)^2 + e^2)),
    sqrt((r - e)^2 + e^2) - r = -2 e (r - e)/(r + sqrt((r - e)^2 + e^2)),

which depends on e/r alone.

**Coverage of the tube.** A ball of radius delta has the volume omega_d delta^d, the
tube of radius delta over a flat of volume V has V omega_(d-k) delta^(d-k),
omega_m = pi^(m/2)/Gamma(m/2 + 1). So n balls cover at most the share

    pi^(k/2) Gamma((d - k)/2 + 1)/Gamma(d/2 + 1) n delta^k/V

of it. A grid of spacing 2 delta/sqrt(k) is a delta-cover with
n = (sqrt(k)/(2 delta))^k V points; its share is about (pi k/(2 d))^(k/2): whatever
delta, samples that cover the manifold leave its tube bare as d grows. Exactly, a point
of the tube is a normal distance t, with t^(d-k) uniform, and a uniform position in a
cell of the grid at distance u of its centre: covered if t^2 + u^2 <= delta^2
(`tube_coverage`, for every k). For k = 1 the balls do not overlap, and the bound is the
value. A bound of 1 or more is *vacuous*.

**Norms.** Spheres of radii a < b have Lambda_2 of radius (a + b)/2. Take a point with
one coordinate a + s and all others h <= s. Its l_inf distance to the inner sphere is s,
and that to the outer one too if (a + 2 s)^2 + (d - 1) (h + s)^2 = b^2. For h = 0, on an
axis, this gives

    a + s = (a (d + 1) + sqrt(b^2 (d + 3) - a^2 (d - 1)))/(d + 3).

That is not where Lambda_inf is nearest to the inner sphere: a small h lowers s in first
order and adds to |x| in second order only. Among points with the same sum of the h_i^2
equal h_i are best, and rch_2(Lambda_inf) is the least of sqrt((a+s)^2 + (d-1) h^2) - a,
one minimisation over s. Both are about sqrt((b^2 - a^2)/d): no classifier is at the
reach for both norms.

Source: Khoury, Hadfield-Menell (2018), "On the geometry of adversarial examples",
arXiv:1811.00525. The three statements are those of the abstract; everything is derived
here, and numbers of theorems are left out.
"""

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
    Hypothesis,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.theories.manifold._inf_axis import inf_axis_height as inf_axis_height
from geomadv.theories.manifold._inf_axis import inf_axis_radius as inf_axis_radius
from geomadv.theories.manifold._inf_axis import inf_axis_reach as inf_axis_reach
from geomadv.theories.manifold._tubes import ball_cover as ball_cover
from geomadv.theories.manifold._tubes import balls_needed as balls_needed
from geomadv.theories.manifold._tubes import coverage_bound as coverage_bound
from geomadv.theories.manifold._tubes import covering_bounds as covering_bounds
from geomadv.theories.manifold._tubes import flat_ball_cover as flat_ball_cover
from geomadv.theories.manifold._tubes import (
    flat_nearest_neighbour_cover as flat_nearest_neighbour_cover,
)
from geomadv.theories.manifold._tubes import grid_coverage as grid_coverage
from geomadv.theories.manifold._tubes import is_vacuous as is_vacuous
from geomadv.theories.manifold._tubes import (
    nearest_neighbour_cover as nearest_neighbour_cover,
)
from geomadv.theories.manifold._tubes import sample_covered as sample_covered
from geomadv.theories.manifold._tubes import tube_coverage as tube_coverage

__all__ = [
    "CLAIMS",
    "SOURCE",
    "ball_cover",
    "balls_needed",
    "coverage_bound",
    "covering_bounds",
    "flat_ball_cover",
    "flat_nearest_neighbour_cover",
    "grid_coverage",
    "inf_axis_height",
    "inf_axis_radius",
    "inf_axis_reach",
    "is_vacuous",
    "nearest_neighbour_cover",
    "sample_covered",
    "tube_coverage",
]

SOURCE = Source(
    "M. Khoury, D. Hadfield-Menell",
    "On the geometry of adversarial examples",
    2018,
    arxiv="1811.00525",
)

# --- Claims --------------------------------------------------------------------------


def _nearest_margin(reach: float, share: float, delta: float, wrong: int = 0) -> float:
    """Return by how much 1-NN is right on the tube over two lines, in the worst case.

    Samples are a distance 2 delta apart on each line, and opposite to each other. As
    many as `wrong` of them, next to each other, have the label of the other line.
    """
    eps = share * reach
    samples = 2 * delta * np.arange(-3, 4)
    x = np.linspace(0, 2 * delta, 101)
    if wrong:
        gap = np.hypot(np.abs(x[:, None] - samples), eps)
        others = np.arange(3, 3 + wrong)  # the first of them at 0
        own = np.delete(gap, others, axis=1).min(axis=1)
        return float((gap[:, others].min(axis=1) - own).min())
    own = np.hypot(np.abs(x[:, None] - samples).min(axis=1), eps)
    other = np.hypot(np.abs(x[:, None] - samples).min(axis=1)[:, None], 2 * reach - eps)
    shifted = 2 * delta * (np.arange(-3, 4) + 0.5)  # opposite to the gaps
    against = np.hypot(np.abs(x[:, None] - shifted).min(axis=1), 2 * reach - eps)
    return float(min((against - own).min(), (other.min(axis=1) - own).min()))


def _uncovered(reach: float, share: float, delta: float) -> float:
    """Return how far the tube over a line sticks out of balls of radius reach."""
    samples = 2 * delta * np.arange(-3, 4)
    x = np.linspace(0, 2 * delta, 101)
    gap = np.hypot(np.abs(x[:, None] - samples).min(axis=1), share * reach)
    return float(gap.max()) - reach


def _nearest_ball(reach: Any, share: Any, stretch: int = 0) -> Any:
    """Enclose the margin over eps at delta = 2 (1 + stretch/1000) (r - eps)."""
    e = share * reach
    gap = reach - e
    delta = 2 * gap * (1000 + stretch) / 1000
    top = 4 * gap
    if stretch:
        more = balls.as_ball(stretch) / 1000
        top -= 4 * gap * gap * more * (2 + more) / e
    return top / (2 * reach - e + (delta * delta + e * e).sqrt())


def _uncovered_ball(reach: Any, share: Any, stretch: int = 0) -> Any:
    """Enclose how far the tube sticks out over eps, delta = (1 + stretch/100) gap."""
    e = share * reach
    gap = reach - e
    delta = gap * (100 + stretch) / 100
    top = -2 * gap
    if stretch:
        more = balls.as_ball(stretch) / 100
        top += gap * gap * more * (2 + more) / e
    return top / ((delta * delta + e * e).sqrt() + reach)


def _coverage_ball(k: Any) -> Any:
    """Enclose the bound on the coverage at d = k + 1."""
    k = balls.as_ball(k)
    root = k.pi().sqrt()
    gap = root / 2 / ((k + 3) / 2).gamma()
    return (root * k.sqrt() / 2) ** k * gap


def _far_coverage_ball(over_k: Any) -> Any:
    r"""Enclose a bound from below of (1/k) log of the same, for k above 2.

    With z = (k + 3)/2, u = 1/k and Stirling's
    log Gamma(z) <= (z - 1/2) log z - z + log(2 pi)/2 + 1/(12 z), it is

        (1 + u) log(pi/4)/2 - (1 + 2 u) log((1 + 3 u)/2)/2 + (1 + 3 u)/2
            - u log(2 pi)/2 - u^2/(6 (1 + 3 u)) + u log u,

    where -u log u grows up to u = 1/e.
    """
    u, pi, wide = over_k, over_k.pi(), over_k.upper()
    rest = (1 + u) * (pi / 4).log() - (1 + 2 * u) * ((1 + 3 * u) / 2).log()
    rest += 1 + 3 * u - u * (2 * pi).log() - u * u / (3 * (1 + 3 * u))
    return rest / 2 + (wide * wide.log()).union(0)


def _above(d: int, tilt: float, seed: int) -> float:
    """Return the height of the l_inf axis along a direction that is tilted off e_1."""
    u = tilt * (1 + 0.1 * spawn(0, "khoury2018", d, seed).standard_normal(d))
    u[0] = 1.0
    return inf_axis_radius(u) - 1.0


def _flat_share(k: int, d: int) -> float:
    return tube_coverage(k, d, spacing=2 / math.sqrt(k), radius=1.0, eps=1.0)


def _value(k: int, d: int) -> Real:
    return np.float64(grid_coverage(k, d))


_REACH = Reals(0.1, 10.0, (0.5, 1.0), symbol="r")
_SHARE = Reals(0.0, 0.95, (0.0, 0.3, 0.9), symbol=r"\varepsilon/r")
_ABOVE_0 = Reals(0.0, 0.95, (0.001, 0.3, 0.9), symbol=r"\varepsilon/r")
_MORE = Reals(0.0, 1.0, (0.0, 1e-3, 0.03, 0.3, 1.0), symbol="s")
_LABELS = "samples have the label of their manifold"
_FLIPPED = "of seven samples in a row, $m$ have the label of the other one"
_ROW: dict[str, Reals | Integers | Choices] = {
    "reach": Choices((0.5, 1.0), symbol="r"),
    "share": Choices((1e-3, 0.3, 0.9), symbol=r"\varepsilon/r"),
    "wrong": Integers(0, 4, (0, 1, 4), "linear", "m"),
}
_NEIGHBOURS = (
    Hypothesis(
        _LABELS,
        _FLIPPED,
        Exact(
            lambda reach, share, wrong: 0.0,
            lambda reach, share, wrong: _nearest_margin(
                reach, share, nearest_neighbour_cover(reach, share * reach), wrong
            ),
            atol=1e-12,
        ),
        _ROW,
        "wrong",
    ),
    Hypothesis(
        r"the samples are a $\delta$-cover with $\delta \le 2(r - \varepsilon)$",
        r"fewer samples: $\delta = 2(1 + s)(r - \varepsilon)$, on two lines",
        Exact(
            lambda reach, share, more: (
                -_nearest_margin(reach, share, 2 * (1 + more) * reach * (1 - share))
            ),
            lambda reach, share, more: 0.0,
            atol=1e-12,
        ),
        {
            "reach": Choices((0.5, 1.0), symbol="r"),
            "share": Choices((1e-3, 0.3, 0.9), symbol=r"\varepsilon/r"),
            "more": _MORE,
        },
        "more",
    ),
)
_OPPOSITE = (
    Hypothesis(
        _LABELS,
        _FLIPPED,
        Exact(
            lambda reach, share, wrong: 0.0,
            lambda reach, share, wrong: _nearest_margin(
                reach, share, flat_nearest_neighbour_cover(reach, share * reach), wrong
            ),
            atol=1e-12,
        ),
        _ROW,
        "wrong",
    ),
    Hypothesis(
        r"$\delta \le 2\sqrt{r(r - \varepsilon)}$",
        r"fewer samples: $1 + s$ times this",
        Exact(
            lambda reach, share, more: (
                -_nearest_margin(
                    reach, share, 2 * (1 + more) * reach * math.sqrt(1 - share)
                )
            ),
            lambda reach, share, more: 0.0,
            atol=1e-12,
        ),
        {
            "reach": Choices((0.5, 1.0), symbol="r"),
            "share": Choices((0.3, 0.9), symbol=r"\varepsilon/r"),
            "more": _MORE,
        },
        "more",
    ),
)
_BALLS = (
    Hypothesis(
        r"the samples are a $\delta$-cover with $\delta \le r - \varepsilon$",
        r"fewer samples: $\delta = (1 + s)(r - \varepsilon)$, on a line",
        Exact(
            lambda reach, share, more: _uncovered(
                reach, share, (1 + more) * reach * (1 - share)
            ),
            lambda reach, share, more: 0.0,
            atol=1e-12,
        ),
        {
            "reach": Choices((0.5, 1.0), symbol="r"),
            "share": Choices((1e-3, 0.3, 0.9), symbol=r"\varepsilon/r"),
            "more": _MORE,
        },
        "more",
    ),
)
_FLAT = (
    r"the manifold is a $k$-flat, and the balls have the radius $\delta$ of the tube"
)
_LARGER = r"the radius of the balls is $(1 + s)\delta$"
_GRID = r"the samples are the coarsest grid that is a $\delta$-cover"
_FINER = "a grid of $1 - s$ times its spacing"
_BY = Reals(0.0, 0.9, (0.0, 0.01, 0.1, 0.5), symbol="s")


def _covered(k: int, d: int, larger: float, finer: float) -> float:
    """Return the share of the tube that larger balls about a finer grid cover."""
    spacing = 2 * (1 - finer) / math.sqrt(k)
    return tube_coverage(k, d, spacing=spacing, radius=1 + larger, eps=1.0)


def _tube(k: tuple[int, ...], d: tuple[int, ...]) -> tuple[Hypothesis, Hypothesis]:
    """Return what claims on the coverage of a tube assume."""
    at: dict[str, Reals | Integers | Choices] = {
        "k": Choices(k, symbol="k"),
        "d": Choices(d, symbol="d"),
    }
    return (
        Hypothesis(
            _FLAT,
            _LARGER,
            Exact(
                lambda k, d, larger: _covered(k, d, larger, 0.0),
                lambda k, d, larger: min(grid_coverage(k, d), 1.0),
                rtol=1e-8,
            ),
            {**at, "larger": _BY},
            "larger",
        ),
        Hypothesis(
            _GRID,
            _FINER,
            Exact(
                lambda k, d, finer: _covered(k, d, 0.0, finer),
                lambda k, d, finer: min(grid_coverage(k, d), 1.0),
                rtol=1e-8,
            ),
            {**at, "finer": _BY},
            "finer",
        ),
    )


_FEW_DIMENSIONS = Choices((2, 10), symbol="k")
_SAYS_NOTHING = (
    Hypothesis(
        _FLAT,
        r"the radius of the balls is $(1 - s)\delta$",
        Exact(
            lambda k, smaller: 1.0,
            lambda k, smaller: (1 - smaller) ** (k + 1) * grid_coverage(k, k + 1),
        ),
        {"k": _FEW_DIMENSIONS, "smaller": _BY},
        "smaller",
    ),
    Hypothesis(
        _GRID,
        "a grid of $1 + s$ times its spacing",
        Exact(
            lambda k, coarser: 1.0,
            lambda k, coarser: grid_coverage(k, k + 1) / (1 + coarser) ** k,
        ),
        {"k": _FEW_DIMENSIONS, "coarser": _BY},
        "coarser",
    ),
)
_NEEDED = (
    Hypothesis(
        _FLAT,
        _LARGER,
        Exact(
            # The volume of each is (1 + s)^d times as large.
            lambda half, larger, d: (
                balls_needed(round(2 * half), d, 0.1) * (1 + larger) ** -d
            ),
            lambda half, larger, d: half,
        ),
        {
            "half": Choices((0.5, 2.5), symbol="k/2"),
            "larger": Reals(0.0, 1e-4, (0.0, 1e-6, 1e-4), symbol="s"),
            "d": Integers(100, 10**6, (10**4, 10**5, 10**6), symbol="d"),
        },
        "larger",
    ),
)
_CONCENTRIC = "the classes are concentric spheres"


def _moved_height(d: int, moved: float) -> float:
    """Return the height of the l_inf axis along e_1, the outer sphere about -moved e_1.

    There (1 + 2 s + moved)^2 + (d - 1) s^2 = 9.
    """
    b = 1 + moved
    return (math.sqrt(4 * b * b + (d + 3) * (9 - b * b)) - 2 * b) / (d + 3)


def _height_in_norm(d: int, order: float) -> float:
    """Return s with (1 + 2 s)^p + (d - 1) s^p = 3^p: the height for l_p spheres."""
    from scipy.optimize import brentq

    def surplus(s: float) -> float:
        rest = math.log(d - 1) / order + math.log(s)
        return float(np.logaddexp(order * math.log1p(2 * s), order * rest)) - (
            order * math.log(3)
        )

    return float(brentq(surplus, 1e-12, 1.0, xtol=1e-15, rtol=1e-13))


_SPHERES = (
    Hypothesis(
        _CONCENTRIC,
        "the outer one is moved by $s$, against the direction $e_1$",
        Exact(
            lambda d, moved: inf_axis_reach(d),
            _moved_height,
            atol=1e-9,
        ),
        {
            "d": Choices((2, 10, 100), symbol="d"),
            "moved": Reals(0.0, 1.9, (0.0, 0.01, 0.1, 1.0), symbol="s"),
        },
        "moved",
    ),
)
_SPHERES_RATE = (
    Hypothesis(
        _CONCENTRIC,
        r"they are spheres of the $\ell_p$ norm: shown is the height along $e_1$",
        Exact(
            lambda order, d: _height_in_norm(d, order),
            lambda order, d: -0.5,
        ),
        {
            "order": Reals(2.0, 10.0, (2.0, 2.1, 3.0, 10.0), symbol="p"),
            "d": Integers(100, 10**9, (10**5, 10**7, 10**9), symbol="d"),
        },
        "order",
        unbroken=2.0,
    ),
)

CLAIMS = (
    Claim(
        id="khoury2018.nearest-neighbours",
        theory="manifold",
        title="A cover of radius 2 (r - eps) makes nearest neighbours robust",
        source=SOURCE,
        statement=r"""If the samples are a $\delta$-cover with $\delta \le
2(r - \varepsilon)$, 1-NN is right on the tube of radius $\varepsilon$: its margin,
shown over $\varepsilon$, is not negative.""",
        relation="lhs <= rhs",
        domain={"reach": _REACH, "share": _ABOVE_0},
        axis="share",
        evidence=Enclosure(
            lambda reach, share: 0,
            _nearest_ball,
            formulas=(
                lambda reach, share: 0.0,
                lambda reach, share: (
                    _nearest_margin(
                        reach, share, nearest_neighbour_cover(reach, share * reach)
                    )
                    / (share * reach)
                ),
            ),
            rtol=1e-11,
            beyond=(
                Beyond(
                    lambda share: 0,
                    lambda share: _nearest_ball(1, share),
                    scales=("reach",),
                ),
            ),
        ),
        twin=Twin(
            r"$\delta \le 2.05(r - \varepsilon)$",
            Enclosure(
                lambda reach, share: 0,
                lambda reach, share: _nearest_ball(reach, share, 25),
            ),
        ),
        note=r"""On parallel lines, where the samples of one class are opposite to the
gaps of the other; there $\delta \le 2\sqrt{r(r - \varepsilon)}$ is enough, which at
$\varepsilon = 0$ is the same.""",
        hypotheses=_NEIGHBOURS,
    ),
    Claim(
        id="khoury2018.nearest-neighbours-flat",
        theory="manifold",
        title="On flats the cover that nearest neighbours need is known exactly",
        source=SOURCE,
        statement=r"""On parallel flats 1-NN is right on the tube of radius
$\varepsilon$ for $\delta = 2\sqrt{r(r - \varepsilon)}$.""",
        relation="lhs <= rhs",
        domain={"reach": _REACH, "share": _SHARE},
        axis="share",
        evidence=Exact(
            lambda reach, share: 0.0,
            lambda reach, share: _nearest_margin(
                reach, share, flat_nearest_neighbour_cover(reach, share * reach)
            ),
            atol=1e-12,
            unproved="the margin is 0 everywhere: the cover is exact",
        ),
        twin=Twin(
            r"for $\delta = 2.002\sqrt{r(r - \varepsilon)}$",
            Exact(
                lambda reach, share: 0.0,
                lambda reach, share: _nearest_margin(
                    reach,
                    share,
                    1.001 * flat_nearest_neighbour_cover(reach, share * reach),
                ),
                atol=1e-12,
            ),
        ),
        hypotheses=_OPPOSITE,
    ),
    Claim(
        id="khoury2018.balls",
        theory="manifold",
        title="Balls about samples need a cover of half that radius",
        source=SOURCE,
        statement=r"""If the samples are a $\delta$-cover with $\delta \le
r - \varepsilon$, balls of radius $r$ about them cover the tube of radius
$\varepsilon$; shown is how far it sticks out, over $\varepsilon$.""",
        relation="lhs <= rhs",
        domain={"reach": _REACH, "share": _ABOVE_0},
        axis="share",
        evidence=Enclosure(
            _uncovered_ball,
            lambda reach, share: 0,
            formulas=(
                lambda reach, share: (
                    _uncovered(reach, share, ball_cover(reach, share * reach))
                    / (share * reach)
                ),
                lambda reach, share: 0.0,
            ),
            rtol=1e-11,
            beyond=(
                Beyond(
                    lambda share: _uncovered_ball(1, share),
                    lambda share: 0,
                    scales=("reach",),
                ),
            ),
        ),
        twin=Twin(
            r"with $\delta \le 1.01(r - \varepsilon)$",
            Enclosure(
                lambda reach, share: _uncovered_ball(reach, share, 1),
                lambda reach, share: 0,
            ),
        ),
        note=r"""On a line, where $\delta \le \sqrt{r^2 - \varepsilon^2}$ is enough.""",
        hypotheses=_BALLS,
    ),
    Claim(
        id="khoury2018.coverage",
        theory="manifold",
        title="A cover of the manifold leaves its tube bare",
        source=SOURCE,
        statement=r"""Balls of radius $\delta$ about the coarsest grid that is a
$\delta$-cover of a $k$-flat cover at most the share $\pi^{k/2}
\frac{\Gamma((d-k)/2+1)}{\Gamma(d/2+1)}(\sqrt k/2)^k$ of its tube of radius
$\delta$.""",
        relation="lhs <= rhs",
        domain={"k": Choices((1, 2, 3)), "d": Choices((5, 6, 10, 30))},
        where=lambda k, d: k > 1 and d <= 10 and not is_vacuous(grid_coverage(k, d)),
        axis="d",
        evidence=Statistical(sample_covered, _value, first=4096),
        twin=Twin(
            r"at most $0.9$ of this, for $k = 1$ as well",
            Statistical(
                sample_covered, lambda k, d: 0.9 * grid_coverage(k, d), first=4096
            ),
            where=lambda k, d: k == 1,
        ),
        note=r"""Where the bound is at least 1 it is vacuous, and left out.""",
        hypotheses=_tube((2, 3), (6, 10)),
    ),
    Claim(
        id="khoury2018.coverage-of-a-curve",
        theory="manifold",
        title="For curves the bound on the coverage is the value",
        source=SOURCE,
        statement=r"""For $k = 1$ the share of the tube that is covered is
$\sqrt\pi\,\Gamma((d+1)/2)/(2\,\Gamma(d/2+1))$.""",
        relation="lhs == rhs",
        domain={"d": Integers(2, 10**4, (2, 3, 100, 501, 10**4), symbol="d")},
        axis="d",
        evidence=Exact(
            lambda d: _flat_share(1, d), lambda d: grid_coverage(1, d), rtol=1e-8
        ),
        twin=Twin(
            r"$(\pi/(2d))^{1/2}$",
            Exact(
                lambda d: _flat_share(1, d),
                lambda d: math.sqrt(math.pi / (2 * d)),
                rtol=1e-8,
            ),
        ),
        note=r"""The left side is an integral over the tube.""",
        hypotheses=_tube((1,), (2, 100)),
    ),
    Claim(
        id="khoury2018.coverage-of-a-surface",
        theory="manifold",
        title="For surfaces the bound on the coverage is above the value",
        source=SOURCE,
        statement=r"""For $k = 2$ the share of the tube that balls about the coarsest
grid cover is at most $\pi\,\Gamma(d/2)/(2\,\Gamma(d/2+1)) = \pi/d$.""",
        relation="lhs <= rhs",
        domain={"d": Integers(4, 10**4, (4, 10, 102, 502, 10**4), symbol="d")},
        axis="d",
        evidence=Exact(
            lambda d: _flat_share(2, d),
            lambda d: grid_coverage(2, d),
            rtol=1e-8,
            unproved="the left side is a quadrature in floating point, and the sides "
            "differ by a part in 2^(d/2)",
        ),
        twin=Twin(
            r"at most $0.99\,\pi/d$",
            Exact(
                lambda d: _flat_share(2, d),
                lambda d: 0.99 * grid_coverage(2, d),
                rtol=1e-8,
            ),
        ),
        hypotheses=_tube((2,), (4, 102)),
    ),
    Claim(
        id="khoury2018.coverage-of-a-flat",
        theory="manifold",
        title="In more dimensions too, also where the bound is vacuous",
        source=SOURCE,
        statement=r"""For $k \ge 3$ that share is below the bound, and below 1 where the
bound is not.""",
        relation="lhs <= rhs",
        domain={
            "k": Integers(3, 6, (3, 5), symbol="k"),
            "d": Integers(7, 2000, (7, 30, 500), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            _flat_share,
            lambda k, d: min(grid_coverage(k, d), 1.0),
            rtol=1e-8,
            unproved="the share of a cube within a ball is a repeated quadrature, in "
            "floating point",
        ),
        twin=Twin(
            r"at most $0.99$ of it",
            Exact(
                _flat_share,
                lambda k, d: 0.99 * min(grid_coverage(k, d), 1.0),
                rtol=1e-8,
            ),
        ),
        note=r"""The left side is an integral over the tube of the share of a cubic cell
within a radius, exact to $10^{-9}$.""",
        hypotheses=_tube((3,), (30,)),
    ),
    Claim(
        id="khoury2018.vacuous",
        theory="manifold",
        title="At codimension 1 the bound on the coverage says nothing",
        source=SOURCE,
        statement=r"""For $d = k + 1$ and $k \ge 2$ the bound on the share that is
covered is at least 1.""",
        relation="lhs <= rhs",
        domain={"k": Integers(2, 100, (2, 3, 10, 100), symbol="k", as_reals=True)},
        axis="k",
        evidence=Enclosure(
            lambda k: 1,
            _coverage_ball,
            formulas=(lambda k: 1.0, lambda k: grid_coverage(int(k), int(k) + 1)),
            beyond=(Beyond(lambda over_k: 0, _far_coverage_ball, since={"k": 100}),),
        ),
        twin=Twin(
            r"for $k = 1$ as well",
            Enclosure(lambda k: 1, _coverage_ball),
            domain={"k": Choices((1, 2))},
        ),
        hypotheses=_SAYS_NOTHING,
    ),
    Claim(
        id="khoury2018.balls-needed",
        theory="manifold",
        title="The balls that cover the tube are d^(k/2) in number",
        source=SOURCE,
        statement=r"""The bound on the number of balls of radius $\delta$ that cover the
tube grows like $d^{k/2}$.""",
        relation="rate",
        domain={
            "half": Choices((0.5, 1.0, 2.5), symbol="k/2"),
            "d": Integers(100, 10**6, (10**4, 10**5, 10**6), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda half, d: balls_needed(round(2 * half), d, 0.1),
            lambda half, d: half,
        ),
        twin=Twin(
            r"like $d^{k/2 + 0.02}$",
            Exact(
                lambda half, d: balls_needed(round(2 * half), d, 0.1),
                lambda half, d: half + 0.02,
            ),
        ),
        hypotheses=_NEEDED,
    ),
    Claim(
        id="khoury2018.norms",
        theory="manifold",
        title="How near the l_inf decision axis comes to the inner sphere",
        source=SOURCE,
        statement=r"""For spheres of radii 1 and 3 no direction has the
$\ell_\infty$ decision axis nearer to the inner sphere than
$\mathrm{rch}_2(\Lambda_\infty) = \min\sqrt{(1+s)^2 + (d-1)h^2} - 1$, subject to
$(1+2s)^2 + (d-1)(h+s)^2 = 9$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 300, (2, 10, 100), symbol="d"),
            "tilt": Reals(0.0, 1.0, (0.0, 0.02, 0.05, 0.15, 1.0)),
            "seed": Integers(1, 1000, (1, 2)),
        },
        axis="tilt",
        evidence=Exact(
            lambda d, tilt, seed: inf_axis_reach(d),
            _above,
            atol=1e-9,
            unproved="both sides are found by programs, a minimum and a root; the "
            "directions are drawn",
        ),
        twin=Twin(
            r"no direction has it nearer than $e_1$: $(\sqrt{8d + 28} - 2)/(d + 3)$",
            Exact(
                lambda d, tilt, seed: inf_axis_height(d),
                _above,
                atol=1e-9,
            ),
        ),
        note=r"""$\Lambda_2$ is at distance 1; along $(1, \dots, 1)$ the two axes meet.
At $d = 2$ the axis is at 0.9266 along $e_1$, and at 0.9028 some 10 degrees off.""",
        hypotheses=_SPHERES,
    ),
    Claim(
        id="khoury2018.norms-rate",
        theory="manifold",
        title="The l_inf decision axis is within O(1/sqrt d) of the inner sphere",
        source=SOURCE,
        statement=r"""$\mathrm{rch}_2(\Lambda_\infty)$ of spheres of radii 1 and 3
tends to $\sqrt{8/d}$: it falls like $d^{-1/2}$.""",
        relation="rate",
        domain={
            "outer": Choices((1.5, 3.0)),
            "d": Integers(100, 10**9, (10**5, 10**7, 10**9), symbol="d"),
        },
        axis="d",
        evidence=Exact(
            lambda outer, d: inf_axis_reach(d, 1.0, outer), lambda outer, d: -0.5
        ),
        twin=Twin(
            r"like $d^{-0.48}$",
            Exact(
                lambda outer, d: inf_axis_reach(d, 1.0, outer), lambda outer, d: -0.48
            ),
        ),
        hypotheses=_SPHERES_RATE,
    ),
)
