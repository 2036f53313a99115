r"""The normal law in one dimension: what half-spaces of a Gaussian reduce to.

Write Phi and phi for the standard normal distribution function and density. A
half-space of Gaussian measure m = Phi(z) whose enlargement moves the boundary by s
standard deviations gets the measure Phi(z + s). With a = -z, the distance of a random
point to it is (Z + a)_+ standard deviations, Z standard normal, so that

    E (Z + a)_+ = int_0^inf Phi(a - t) dt = a Phi(a) + phi(a),   median = max(a, 0).

Conventions: `mass` is a probability, `log_mass` its natural logarithm.
"""

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import broadcast, probability, real_array

_TERMS = 120
_INV_SQRT_2PI = 0.3989422804014327


def shifted(mass: ArrayLike, shift: Float[NDArray, "..."]) -> Float[NDArray, "..."]:
    """Return Phi(Phi^-1(mass) + shift), for shift >= 0; a mass of 0 stays 0."""
    m, s = broadcast(mass=probability("mass", mass), eps=shift)
    # Phi(Phi^-1(m)) may be below m in the last digits
    return np.where(s == 0.0, m, np.maximum(m, special.ndtr(special.ndtri(m) + s)))


def log_shifted_complement(
    mass: ArrayLike, shift: Float[NDArray, "..."]
) -> Float[NDArray, "..."]:
    """Return log(1 - Phi(Phi^-1(mass) + shift)), for shift >= 0."""
    m, s = broadcast(mass=probability("mass", mass), eps=shift)
    with np.errstate(divide="ignore"):
        unmoved = np.log1p(-m)
    moved = np.minimum(unmoved, special.log_ndtr(-(special.ndtri(m) + s)))
    return np.where(s == 0.0, unmoved, moved)


def log_shifted(
    log_mass: ArrayLike, shift: Float[NDArray, "..."]
) -> Float[NDArray, "..."]:
    """Return log Phi(Phi^-1(exp(log_mass)) + shift), for shift >= 0."""
    log_m, s = broadcast(
        log_mass=real_array("log_mass", log_mass, upper=0.0, infinite=True), eps=shift
    )
    moved = special.ndtri_exp(log_m) + s
    # log Phi(x) = log1p(-Phi(-x)) keeps its digits where Phi(x) is almost 1
    tail = np.log1p(-special.ndtr(-np.maximum(moved, 0.0)))
    result = np.where(moved > 0.0, tail, special.log_ndtr(np.minimum(moved, 0.0)))
    return np.where(s == 0.0, log_m, np.maximum(log_m, result))


def half_space_offset(
    mass: ArrayLike | None, log_mass: ArrayLike | None
) -> Float[NDArray, "*s"]:
    """Return a = -Phi^-1(mass), from exactly one of mass and log_mass.

    The half-space of that mass lies a standard deviations from the mean; a is negative
    where the mass is above 1/2, and -inf at mass 1. A mass of 0 is refused: no point
    is at a finite distance from the empty set.
    """
    if (mass is None) == (log_mass is None):
        raise ValueError("give exactly one of mass and log_mass")
    if log_mass is not None:
        log_m = real_array("log_mass", log_mass, upper=0.0)
        return np.asarray(0.0 - special.ndtri_exp(log_m))
    assert mass is not None  # noqa: S101  for the type checker
    m = real_array("mass", mass, lower=0.0, upper=1.0, open_lower=True)
    return np.asarray(0.0 - special.ndtri(m))


def mean_excess(a: Real) -> Float[NDArray, "..."]:
    r"""Return E (Z + a)_+ = a Phi(a) + phi(a) for a standard normal Z.

    Notes
    -----
    For a = -x < -2 the two terms cancel. There the integrals
    I_n = int_0^inf u^n / n! exp(-x u - u^2 / 2) du obey I_{n-1} = x I_n + (n+1) I_{n+1}
    (integrate by parts) and x I_0 + I_1 = 1, so the ratios r_n = I_n / I_{n-1} are the
    continued fraction r_n = 1 / (x + (n+1) r_{n+1}) of positive terms, and

        E (Z - x)_+ = phi(x) I_1 = phi(x) r_1 / (x + r_1).

    Relative error against 50-digit arithmetic below 5e-15 for a >= -8 (where masses
    below 1 that doubles can hold lie), below 1e-13 for a >= -37: that of phi(x).

    Examples
    --------
    >>> round(float(mean_excess(np.array(0.0))), 10)   # E Z_+ = 1 / sqrt(2 pi)
    0.3989422804
    """
    density = _INV_SQRT_2PI * np.exp(-0.5 * a * a)
    near = np.maximum(a, -2.0)
    direct = near * special.ndtr(near) + density
    x = np.maximum(-a, 2.0)
    ratio = np.zeros_like(x)
    for n in range(_TERMS, 0, -1):
        ratio = 1.0 / (x + (n + 1) * ratio)
    below = density * (ratio / (x + ratio))
    return np.where(a < -2.0, below, np.asarray(direct))
