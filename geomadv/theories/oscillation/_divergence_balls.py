r"""Ball enclosures of the mean divergence of predictions whose logits are noisy.

For A(f) = log(1 + e^f) and x = r^2 let K(f, x) = E A(f + r g) - A(f). As A(f) - f/2 is
even, so is K in f. By the heat equation dK/dx = E A''(f + r g)/2 > 0. K falls with |f|:
the third derivative of A is odd, and negative for positive f, and so is its mean. With
p = A'' in (0, 1/4] the fourth one, p (1 - 6 p), is at most 1/24, so that

    d/dx (K/x) = d/dx int_0^1 (dK/dx)(f, u x) du <= int_0^1 u/(4 24) du = 1/192.

On a box 8 K/x exceeds its value at the smallest |f| and x by no more than a 24th of the
width in x. It is at most 8/(r sqrt(2 pi)) as well, for A(f) - f/2 has slopes of at most
1/2, so that K <= E |r g|/2.

At a point K is an integral of A(f + r g) + A(f - r g) over 0 <= g <= T; what is beyond
is at most 2 (|f| + log 2) (1 - Phi(T)) + 2 r phi(T), as A(f) <= |f| + log 2.
"""

from typing import Any

from geomadv.claims import balls

_LAST = 10
_SMALL = 2.0**-80


def divergence_share(f: Any, spread: Any) -> Any:
    """Enclose 8 E KL(s(f) || s(f + r g))/r^2 for the logistic function s."""
    f, spread = balls.as_ball(f), balls.as_ball(spread)
    logit, r = f.abs_lower(), spread.lower()
    share = 8 * _divergence(logit, r) / r**2
    if f.is_exact() and spread.is_exact():
        return share
    share += (spread.upper() ** 2 - r**2) / 24
    share = share.min(8 / r / (2 * r.pi()).sqrt())
    return balls.span(0, share)


def _divergence(f: Any, r: Any) -> Any:
    """Enclose the mean divergence at a logit of at least 0, both exact."""
    from flint import acb, arb

    def both(g: Any, analytic: bool) -> Any:
        ends = ((1 + (f + s * r * g).exp()).log(analytic) for s in (1, -1))
        return sum(ends) * (-g * g / 2).exp()

    whole = acb.integral(both, 0, _LAST, abs_tol=_SMALL, rel_tol=_SMALL).real
    whole /= (2 * arb.pi()).sqrt()
    log_2 = arb(2).log()
    rest = (f + log_2) * balls.normal_tail(_LAST) + r * balls.normal_density(_LAST)
    return whole + arb(0).union(2 * rest) - (1 + f.exp()).log()
