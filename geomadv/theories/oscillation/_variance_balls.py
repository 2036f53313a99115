r"""Ball enclosures of the variance factor of weights z^-delta.

With w of Pareto's index a = 1/ratio > 2 and phi(t) = E e^(-t w), whose second
derivative is a E_(a-1)(t) with an exponential integral,

    V_k = k int t phi''(t) phi(t)^(k-1) dt,    phi' = -a E_a,
    E_a = (e^-t - t E_(a-1))/(a - 1),    phi = e^-t - t E_a.

**The ends.** phi'' <= a/(a - 2), so that what is below t_0 is at most
k t_0^2 a/(2 (a - 2)). As phi <= e^-t and phi - t phi' = E (1 + t w) e^(-t w) <= 1, what
is beyond T is at most k e^(-(k-1) T).

**Boxes.** w_i = exp(ratio x_i), x_i = -ln u_i for uniform u_i, and
sum w^2/(sum w)^2 = sum p^2 with p_i proportional to exp(ratio x_i) grows with the
ratio: its logarithm has the derivative 2 (m(2 ratio) - m(ratio)), m(s) the mean of x
under weights exp(s x), which grows with s. So V_k on a box lies between its ends.

**Next to an integer** a the exponential integral is a small difference of poles. There
|dE_s/ds| <= int_1^oo u^-s ln u du = 1/(s - 1)^2 for Re t >= 0, and E at the integer is
taken with that error.

**All k.** As w >= 1, sum w_i is at least k M, with M the mean of 1 and of min(w_i, 2)
for the k - 1 others, which do not depend on w_1. M is in [1, 2], where the chord gives
M^-2 <= 1 - 3 (M - 1)/4, and E min(w, 2) - 1 = (1 - 2^(1 - a))/(a - 1), so that

    k V_k = E k^2 w_1^2/(sum w)^2 <= E w^2 (1 - ratio G),
    G = 3 (1 - 1/k) (1 - 2^(1 - a))/(4 (1 - ratio)),  E w^2 = 1/(1 - 2 ratio).

The bound, even without k e^(-k/4), holds where G >= 0: in all dimensions.
"""

from collections.abc import Callable
from typing import Any

from geomadv.claims import balls

_BITS = 46
_NEAR = 1e-13


def variance_factor(k: int, ratio: Any) -> Any:
    """Enclose V_k for delta = ratio d, in any dimension; the ratio is below 1/2."""
    ratio = balls.as_ball(ratio)
    low, high = (_at(k, end.man_exp()) for end in (ratio.lower(), ratio.upper()))
    return low if ratio.is_exact() else low.union(high)


def variance_bound(k: int, ratio: Any) -> Any:
    """Enclose k e^(-k/4) + 1/((1 - 2 ratio) k)."""
    n = balls.as_ball(k)
    return n * (-n / 4).exp() + 1 / ((1 - 2 * balls.as_ball(ratio)) * n)


def gain(over_k: Any, ratio: Any) -> Any:
    """Enclose G of the module; 1/k and the ratio may be 0."""
    ratio = balls.as_ball(ratio)
    two = balls.as_ball(2)
    far, near = (two ** (1 - 1 / end) if end > 0 else 0 for end in balls.ends(ratio))
    return 3 * (1 - over_k) * (1 - balls.span(far, near)) / (4 * (1 - ratio))


@balls.cached
def _at(k: int, ratio: tuple[Any, Any]) -> Any:
    """Enclose V_k at a ratio, given as mantissa and exponent."""
    from flint import acb, arb

    if k == 1:
        return arb(1)
    mantissa, exponent = ratio
    a = 1 / (arb(mantissa) * arb(2) ** exponent)
    integral = _exponential_integral(a)

    def integrand(s: Any, _: bool) -> Any:
        t = s.exp()
        fall, second = (-t).exp(), integral(t)
        phi = fall - t * (fall - t * second) / (a - 1)
        return t * t * a * second * phi ** (k - 1)

    first, last = (-arb(20)).exp() / k, (45 + 2 * arb(k).log()) / (k - 1)
    small = arb(2) ** -_BITS
    inside = acb.integral(
        integrand, first.log(), last.log(), rel_tol=small, abs_tol=small / k**2
    ).real
    below = k * first**2 * a / (2 * (a - 2))
    beyond = k * (-(k - 1) * last).exp()
    return k * inside + arb(0).union(below + beyond)


def _exponential_integral(a: Any) -> Callable[[Any], Any]:
    """Return E_(a-1), an enclosure of a function of t."""
    from flint import acb, arb

    near = arb(round(float(a)))
    gap = abs(a - near)
    if not gap < _NEAR:
        return lambda t: t.expint(acb(a - 1))
    error = arb(0, (gap / (a.lower().min(near) - 2) ** 2).upper())

    def next_to(t: Any) -> Any:
        if not t.real >= 0:
            return acb("nan")
        return t.expint(acb(near - 1)) + acb(error, error)

    return next_to
