r"""Fawzi, Fawzi, Fawzi 2018: adversarial vulnerability for any classifier.

Data are x = g(z) with z standard normal and |g(z) - g(z')| <= omega(|z - z'|). Whatever
the classifier, its classes cut the latent space into sets C_1, ..., C_K. With
a_i = Phi^{-1}(1 - P(C_i)) the Gaussian isoperimetric inequality, applied to the
complement of each class, says how much of C_i lies within t of the others:

    P(r_in(x) <= eta) >= sum_i [Phi(a_i + t) - Phi(a_i)],   t = omega^{-1}(eta),

where r_in is the least perturbation inside the range of g that changes the class. If no
class has more than half of the mass, all a_i >= 0, and since the Mills ratio decreases,
1 - Phi(a + t) <= (1 - Phi(a)) e^{-a t - t^2/2}. Summed over the classes this gives the
paper's 1 - sqrt(pi/2) e^{-t^2/2} (even with 1 in place of sqrt(pi/2)), and, with
a >= sqrt(log(K^2/(4 pi log K))) for K >= 5 equiprobable classes,
1 - sqrt(pi/2) e^{-t^2/2} e^{-t sqrt(log(K^2/(4 pi log K)))}.

For all K and t, with Q = 1 - Phi and m = Q/phi. The first bound asks that
Q(a + t)/Q(a) e^{t^2/2} = e^{-a t} m(a + t)/m(a) <= sqrt(pi/2); the left side falls as a
grows, since the hazard 1/m grows, so its value at the least a of a ball of 1/K bounds
it, and for large t so does m(a + t) <= 1/(a + t). The second follows from a >= s(K) =
sqrt(log(K^2/(4 pi log K))): 1/K = phi(a) m(a) gives s^2 = a^2 - log(1 + x) with

    1 + x = (a m)^2 (1 + (log(2 pi) + 2 log a - 2 log(a m))/a^2),

and 1 - 1/a^2 <= a m <= 1 makes x >= 0 where L (1 - 2/a^2) >= 2 for L = log(2 pi) +
2 log a, which is certain on the ball of 1/K that contains 0.

Conventions: t is a distance in the latent space, in standard deviations; for a linear
decoder of norm L, t = eta/L.
"""

from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Real
from geomadv._validate import broadcast, integer, real_array
from geomadv.claims import (
    Beyond,
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

SOURCE = Source(
    "A. Fawzi, H. Fawzi, O. Fawzi",
    "Adversarial vulnerability for any classifier",
    2018,
    "Theorem 1",
    "1802.08686",
)


def fooling_probability(probabilities: ArrayLike, t: ArrayLike) -> Real:
    r"""Return the least probability that a step of length t changes the class.

    Parameters
    ----------
    probabilities : array_like
        Probabilities of the K >= 2 classes, (K,), each in (0, 1), adding up to 1.
    t : array_like
        Length of the step in the latent space, (*s,), at least 0.

    Returns
    -------
    Real
        sum_i [Phi(a_i + t) - Phi(a_i)] with a_i = Phi^{-1}(1 - P_i), (*s,). For two
        classes it is attained by a half-space; for more it is a lower bound.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the probabilities do not add up to 1
        (to within 1e-9).

    Notes
    -----
    Relative error below 1e-14 while t is at least 1e-3: the sum is taken as
    sum_i [Q(-a_i - t) - P_i] in the smaller tail.

    Examples
    --------
    >>> round(float(fooling_probability([0.5, 0.5], 1.0)), 7)  # 2 Phi(1) - 1
    0.6826895
    """
    masses = real_array(
        "probabilities",
        probabilities,
        lower=0,
        upper=1,
        open_lower=True,
        open_upper=True,
        ndim=1,
    )
    if abs(masses.sum() - 1) > 1e-9:
        raise ValueError(
            f"probabilities must add up to 1, got a sum of {masses.sum():.12g}"
        )
    steps = real_array("t", t, lower=0)
    total = np.zeros(steps.shape)
    for mass in masses:
        a = -special.ndtri(mass)
        total += mass - special.ndtr(-a - steps)
    return total[()]


def equiprobable_fooling_probability(classes: int, t: ArrayLike) -> Real:
    r"""Return `fooling_probability` for K classes of equal probability, at any K.

    Parameters
    ----------
    classes : int
        Number K of classes, at least 2.
    t : array_like
        Length of the step in the latent space, at least 0.

    Returns
    -------
    Real
        1 - K Phi(-a - t) with a = -Phi^{-1}(1/K), in O(1) whatever K is; absolute error
        below 1e-14.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN.

    Examples
    --------
    >>> round(float(equiprobable_fooling_probability(10, 0.5)), 7)
    0.6258881
    """
    classes = integer("classes", classes, minimum=2)
    steps = real_array("t", t, lower=0)
    a = -special.ndtri(1 / classes)
    return (1 - classes * special.ndtr(-a - steps))[()]


def simple_bound(t: ArrayLike) -> Real:
    r"""Return 1 - sqrt(pi/2) e^{-t^2/2}, for classes of at most half of the mass each.

    Parameters
    ----------
    t : array_like
        Length of the step in the latent space, at least 0. Below t = .672 the bound is
        negative: it says nothing.

    Returns
    -------
    Real
        The lower bound, at most 1.

    Raises
    ------
    TypeError, ValueError
        If t is negative or NaN.

    Examples
    --------
    >>> round(float(simple_bound(1.0)), 7)
    0.2398265
    """
    steps = real_array("t", t, lower=0)
    return (1 - np.sqrt(np.pi / 2) * np.exp(-(steps**2) / 2))[()]


def many_classes_bound(classes: ArrayLike, t: ArrayLike) -> Real:
    r"""Return the bound for K >= 5 equiprobable classes.

    Parameters
    ----------
    classes : array_like
        Number K of classes, at least 5.
    t : array_like
        Length of the step in the latent space, at least 0.

    Returns
    -------
    Real
        1 - sqrt(pi/2) exp(-t^2/2 - t sqrt(log(K^2/(4 pi log K)))).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or NaN, or the shapes do not broadcast.

    Examples
    --------
    >>> round(float(many_classes_bound(10, 0.5)), 7)
    0.3661929
    """
    count, steps = _classes_and_steps(classes, t)
    exponent = -(steps**2) / 2 - steps * _exponent(count)
    return (1 - np.sqrt(np.pi / 2) * np.exp(exponent))[()]


def many_classes_bound_as_circulated(classes: ArrayLike, t: ArrayLike) -> Real:
    r"""Return `many_classes_bound` without the t in its last exponent: it is false.

    Parameters and errors as for `many_classes_bound`.

    Returns
    -------
    Real
        1 - sqrt(pi/2) exp(-t^2/2 - sqrt(log(K^2/(4 pi log K)))).

    Examples
    --------
    Ten classes, a tenth of a standard deviation: "59 %", where 16 % is the truth.

    >>> round(float(many_classes_bound_as_circulated(10, 0.1)), 7)
    0.5904976
    """
    count, steps = _classes_and_steps(classes, t)
    exponent = -(steps**2) / 2 - _exponent(count)
    return (1 - np.sqrt(np.pi / 2) * np.exp(exponent))[()]


def _classes_and_steps(classes: ArrayLike, t: ArrayLike) -> tuple[Any, ...]:
    count = real_array("classes", classes, lower=5)
    return broadcast(classes=count, t=real_array("t", t, lower=0))


def _exponent(classes: Any) -> Any:
    return np.sqrt(np.log(classes**2 / (4 * np.pi * np.log(classes))))


# --- Second routes -----------------------------------------------------------------


def _fooled_linear(
    n: int, rng: np.random.Generator, d: int, gain: float, t: float
) -> Any:
    """Draw x = gain z, and whether a half-space through 0 is within gain t of x."""
    normal = rng.standard_normal(d)
    x = gain * rng.standard_normal((n, d))
    return np.abs(x @ normal) / np.linalg.norm(normal) <= gain * t


def _fooled_slabs(classes: int, t: float) -> float:
    """Return P(another class within t) where K parallel slabs of equal mass are cut."""
    cuts = special.ndtri(np.arange(1, classes) / classes)
    low, high = cuts - t, cuts + t
    high[:-1] = np.minimum(high[:-1], (cuts[:-1] + cuts[1:]) / 2)
    low[1:] = np.maximum(low[1:], (cuts[:-1] + cuts[1:]) / 2)
    return float(np.sum(special.ndtr(high) - special.ndtr(low)))


@balls.cached
def _quantile_ball(classes: int) -> Any:
    from flint import arb

    return balls.normal_quantile(arb(1) / classes)


def _sum_ball(classes: int, t: Any) -> Any:
    return 1 - classes * balls.normal_tail(_quantile_ball(classes) + t)


def _simple_ball(t: Any, constant: Any = None) -> Any:
    from flint import arb

    factor = (arb.pi() / 2).sqrt() if constant is None else arb(constant)
    return 1 - factor * (-(t * t) / 2).exp()


def _many_ball(classes: int, t: Any, stretch: Any = 1, *, slip: bool = False) -> Any:
    from flint import arb

    k = arb(classes)
    exponent = (k * k / (4 * arb.pi() * k.log())).log().sqrt() * stretch
    inner = -(t * t) / 2 - (exponent if slip else exponent * t)
    return 1 - (arb.pi() / 2).sqrt() * inner.exp()


def _decay_ball(over_classes: Any, t: Any) -> Any:
    """Enclose Q(a + t)/Q(a) e^(t^2/2) for all K with 1/K in a ball."""
    a = balls.normal_quantile(over_classes.upper())
    return (balls.mills_ratio(a + t) * (-a * t).exp() / balls.mills_ratio(a)).union(0)


def _far_decay_ball(over_classes: Any, over_t: Any) -> Any:
    """Enclose the same for large t, where the Mills ratio is at most 1/(a + t)."""
    a = balls.normal_quantile(over_classes.upper())
    return (over_t / (1 + a * over_t) / balls.mills_ratio(a)).union(0)


def _root_ball() -> Any:
    from flint import arb

    return (arb.pi() / 2).sqrt()


def _exponent_ball(over_classes: Any) -> Any:
    """Enclose s(K)^2, or 2 where K may be infinite."""
    from flint import arb

    if over_classes.contains(0):
        return arb(2)
    k = 1 / over_classes
    return (k * k / (4 * arb.pi() * k.log())).log()


def _quantile_square_ball(over_classes: Any) -> Any:
    """Enclose a^2, or L (1 - 2/a^2) from below where K may be infinite."""
    from flint import arb

    if not over_classes.contains(0):
        return balls.normal_quantile(over_classes) ** 2
    a = balls.normal_quantile(over_classes.upper())
    if not a > 2:
        return arb("nan")
    least = (2 * arb.pi()).log() + 2 * a.log()
    return least * (1 - 2 / a**2)


_T = Reals(0.0, 5.0, (0.0, 0.1, 0.5, 1.0, 2.0, 4.0), symbol="t")
_MANY = Integers(5, 10**6, (5, 6, 10, 100, 1000, 10**6), symbol="K")


def _shifted_fooled(offset: float, t: float) -> float:
    """Return the mass within t of a half-space's boundary at a distance from 0."""
    return float(special.ndtr(offset + t) - special.ndtr(offset - t))


_BREAKS = Reals(0, 3, (0.0, 0.001, 0.01, 0.1, 1.0), symbol="s")


def _unequal_sum(more: float, classes: int, t: float) -> float:
    """Return the sum where one class has the mass 1/K + more, the others the rest."""
    rest = (1 - 1 / classes - more) / (classes - 1)
    masses = [1 / classes + more] + [rest] * (classes - 1)
    return float(fooling_probability(masses, t))


_EQUAL_MASSES = Hypothesis(
    "the classes are equiprobable",
    r"one of them has the mass $1/K + s$, the others have equal shares of the rest",
    Exact(
        lambda more, classes, t: many_classes_bound(classes, t),
        _unequal_sum,
        atol=1e-13,
    ),
    {
        "more": Reals(0, 0.79, (0.0, 0.01, 0.1, 0.3, 0.7), symbol="s"),
        "classes": Integers(5, 100, (5, 10, 100), symbol="K"),
        "t": _T,
    },
    "more",
)


CLAIMS = (
    Claim(
        id="fawzi2018.two-classes",
        theory="dimension",
        title="Two half-space classes: a step t fools with probability 2 Phi(t) - 1",
        source=SOURCE,
        statement=r"""For a linear decoder $g(z) = Lz$, $z \sim N(0, I_d)$, and the two
classes of a half-space through 0, $P(r_{in} \le L t) = 2\,\Phi(t) - 1$: the bound is
attained.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(1, 1000, (1, 10, 100), symbol="d"),
            "gain": Reals(0.01, 100.0, (0.5, 3.0), "log", "L"),
            "t": Reals(0.01, 4.0, (0.25, 1.0), symbol="t"),
        },
        axis="t",
        evidence=Statistical(
            _fooled_linear,
            lambda d, gain, t: fooling_probability([0.5, 0.5], t),
            tolerance=0.08,
        ),
        twin=Twin(
            r"$\Phi$ is taken at $1.1\,t$",
            Statistical(
                _fooled_linear,
                lambda d, gain, t: fooling_probability([0.5, 0.5], 1.1 * t),
                tolerance=0.08,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the boundary passes through 0",
                r"it passes at a distance $s$",
                Exact(
                    lambda offset, t: _shifted_fooled(offset, t),
                    lambda offset, t: fooling_probability([0.5, 0.5], t),
                ),
                {"offset": _BREAKS, "t": Reals(0.01, 4.0, (0.25, 1.0), symbol="t")},
                "offset",
            ),
            Hypothesis(
                r"the decoder is steepest across the boundary",
                r"it is less steep there by the share $s$",
                Exact(
                    lambda share, t: _shifted_fooled(0.0, t / (1 - share)),
                    lambda share, t: fooling_probability([0.5, 0.5], t),
                ),
                {
                    "share": Reals(0, 0.9, (0.0, 0.001, 0.01, 0.1), symbol="s"),
                    "t": Reals(0.01, 4.0, (0.25, 1.0), symbol="t"),
                },
                "share",
            ),
        ),
    ),
    Claim(
        id="fawzi2018.sum-bound",
        theory="dimension",
        title="K slabs of equal mass are fooled at least as often as the sum says",
        source=SOURCE,
        statement=r"""For $K$ classes that are parallel slabs of equal Gaussian mass,
the exact probability that another class is within $t$ is at least
$\sum_i [\Phi(a_i + t) - \Phi(a_i)]$, $a_i = \Phi^{-1}(1 - 1/K)$.""",
        relation="lhs <= rhs",
        domain={
            "classes": Integers(2, 1000, (2, 3, 5, 10, 1000), symbol="K"),
            "t": Reals(0.0, 8.0, (0.01, 0.1, 0.5, 1.0, 2.0, 4.0), symbol="t"),
        },
        axis="t",
        evidence=Exact(
            equiprobable_fooling_probability,
            _fooled_slabs,
            atol=1e-13,
            unproved="for two classes the sides are equal: half-spaces attain it",
        ),
        twin=Twin(
            r"the sum is raised by one per cent; two classes attain it",
            Exact(
                lambda classes, t: 1.01 * equiprobable_fooling_probability(classes, t),
                _fooled_slabs,
                atol=1e-13,
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the classes have equal mass",
                r"of two half-spaces the boundary is at a distance $s$ from 0",
                Exact(
                    lambda offset, t: equiprobable_fooling_probability(2, t),
                    _shifted_fooled,
                    atol=1e-13,
                ),
                {"offset": _BREAKS, "t": Reals(0.0, 8.0, (0.1, 1.0, 4.0))},
                "offset",
            ),
        ),
    ),
    Claim(
        id="fawzi2018.simple-bound",
        theory="dimension",
        title="Classes of at most half the mass: at least 1 - sqrt(pi/2) exp(-t^2/2)",
        source=SOURCE,
        statement=r"""For $K \ge 2$ equiprobable classes,
$1 - \sqrt{\pi/2}\, e^{-t^2/2} \le \sum_i [\Phi(a_i + t) - \Phi(a_i)]$.""",
        relation="lhs <= rhs",
        domain={
            "classes": Integers(2, 10**6, (2, 3, 5, 10, 1000), symbol="K"),
            "t": _T,
        },
        axis="t",
        evidence=Enclosure(
            lambda classes, t: _simple_ball(t),
            _sum_ball,
            formulas=(
                lambda classes, t: simple_bound(t),
                equiprobable_fooling_probability,
            ),
            atol=1e-15,
            beyond=(
                Beyond(
                    _decay_ball,
                    lambda over_classes, t: _root_ball(),
                    since={"classes": 2},
                ),
                Beyond(
                    _far_decay_ball,
                    lambda over_classes, over_t: _root_ball(),
                    since={"classes": 2, "t": 5},
                ),
            ),
        ),
        twin=Twin(
            r"the constant $\sqrt{\pi/2}$ becomes $0.99$",
            Enclosure(lambda classes, t: _simple_ball(t, 0.99), _sum_ball),
        ),
        hypotheses=(
            Hypothesis(
                r"no class has more than half of the mass",
                r"one of two half-spaces has the mass $m$",
                Exact(
                    lambda mass, t: simple_bound(t),
                    lambda mass, t: _shifted_fooled(float(special.ndtri(mass)), t),
                    atol=1e-13,
                ),
                {
                    "mass": Reals(0.5, 0.99, (0.5, 0.51, 0.6, 0.7, 0.9), symbol="m"),
                    "t": Reals(0.0, 8.0, (0.5, 1.0, 2.0, 3.0)),
                },
                "mass",
                unbroken=0.5,
            ),
        ),
    ),
    Claim(
        id="fawzi2018.many-classes",
        theory="dimension",
        title="K >= 5 equiprobable classes: the exponent gains t sqrt(2 log K - ...)",
        source=SOURCE,
        statement=r"""For $K \ge 5$ equiprobable classes,
$1 - \sqrt{\pi/2}\, e^{-t^2/2}\, e^{-t\sqrt{\log(K^2/(4\pi\log K))}}
\le \sum_i [\Phi(a_i + t) - \Phi(a_i)]$.""",
        relation="lhs <= rhs",
        domain={"classes": _MANY, "t": _T},
        axis="t",
        evidence=Enclosure(
            _many_ball,
            _sum_ball,
            formulas=(many_classes_bound, equiprobable_fooling_probability),
            atol=1e-15,
            beyond=(
                Beyond(
                    _exponent_ball,
                    _quantile_square_ball,
                    since={"classes": 5},
                    free=("t",),
                ),
            ),
        ),
        twin=Twin(
            r"the root in the exponent is multiplied by $1.1$",
            Enclosure(lambda classes, t: _many_ball(classes, t, 1.1), _sum_ball),
        ),
        hypotheses=(
            _EQUAL_MASSES,
            Hypothesis(
                "there are at least five classes",
                why="for fewer the root in the exponent is not real",
            ),
        ),
    ),
    Claim(
        id="fawzi2018.many-classes-as-circulated",
        theory="dimension",
        title="The bound for K classes without the t in its last exponent",
        source=Source("Reading notes in circulation", "after arXiv:1802.08686", 2018),
        statement=r"""For $K \ge 5$ equiprobable classes,
$1 - \sqrt{\pi/2}\, e^{-t^2/2}\, e^{-\sqrt{\log(K^2/(4\pi\log K))}}
\le \sum_i [\Phi(a_i + t) - \Phi(a_i)]$.""",
        relation="lhs <= rhs",
        domain={"classes": _MANY, "t": _T},
        axis="t",
        expected=Expected.VIOLATED,
        evidence=Enclosure(
            lambda classes, t: _many_ball(classes, t, slip=True),
            _sum_ball,
            formulas=(
                many_classes_bound_as_circulated,
                equiprobable_fooling_probability,
            ),
            atol=1e-15,
        ),
        twin=Twin(
            r"corrected: the last exponent is multiplied by $t$",
            Enclosure(_many_ball, _sum_ball),
        ),
        note=r"""At $K = 10$, $t = 0.1$ it promises $0.590$ where the sum is $0.164$.
The formula is quoted by notes on the paper; the paper itself was not compared.""",
        hypotheses=(
            Hypothesis(
                "the classes are equiprobable", why="the statement is false even so"
            ),
        ),
    ),
)
