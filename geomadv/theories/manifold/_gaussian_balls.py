r"""Balls for the limit formulas of the Gaussian model: see `schmidt2018`.

Multiplied by eps, the robust argument has a limit at eps = 0: with g = eps s,

    eps m(s) = g sqrt(2/pi) exp(-eps^2/(2 g^2)) + eps (1 - 2 Phi(-eps/g)),
    sqrt(d) (1 - eps m(s))/(sigma sqrt(1 + s^2))
        = (eps sqrt(d)/sigma) (1 - eps m(s))/sqrt(eps^2 + g^2).
"""

from typing import Any

from geomadv.claims import balls

# python-flint carries no types; an `arb` is annotated as Any.


def slope_ball(eps: Any, spread: Any) -> Any:
    """Enclose (1 - eps m(s))/sqrt(eps^2 + g^2).

    Parameters
    ----------
    eps : arb
        l_inf size, at least 0.
    spread : arb or number
        g = eps s, above 0.

    Returns
    -------
    arb

    Examples
    --------
    >>> from flint import arb
    >>> round(float(slope_ball(arb("0.1"), arb("0.5"))), 4)  # robust_slope(0.1)
    1.1632
    """
    ratio = eps / spread
    normal = spread * (2 / eps.pi()).sqrt() * (-(ratio * ratio) / 2).exp()
    harm = normal + eps * (1 - 2 * balls.normal_tail(ratio))
    return (1 - harm) / (eps * eps + spread * spread).sqrt()


def self_trained_slope_ball(eps: Any, share: Any, square: Any, points: Any) -> Any:
    r"""Enclose the same after self-training.

    Parameters
    ----------
    eps : arb
        l_inf size, at least 0.
    share : arb
        sigma^2/d, at least 0.
    square : arb
        kappa^2, of the margin of the pseudo-labels in standard deviations: of
        sigma^2/d = v and c the cosine, kappa^2 = c^2/v.
    points : arb or number
        m/(eps sigma)^2 of m unlabelled points, above 0.

    Returns
    -------
    arb

    Notes
    -----
    With A and b^2 of `carmon2019`, g^2 = eps^2 b^2/A^2, and 1 - c^2 is 1 - v kappa^2.
    """
    from flint import arb

    kappa = square.sqrt()
    density = balls.normal_density(kappa)
    A = 1 - 2 * balls.normal_tail(kappa) + 2 * kappa * density * share
    common = 4 * share * density * density * (1 - share * square)
    return slope_ball(eps, (eps * eps * common + 1 / arb(points)).sqrt() / A)
