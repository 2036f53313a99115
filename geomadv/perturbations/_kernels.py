r"""Certified radii of kernel expansions f(x) = sum_j a_j k(x, z_j) + b, one function.

A radius is certified if f keeps its sign in the open ball of that radius; m = |f(x)|.

**By the norm of the function.** For a kernel with k(x, x) = 1 and H^2 = <a, K a>, the
Cauchy-Schwarz inequality in the kernel's space gives |f(x) - f(x')| <= H sqrt(2 - 2
k(x, x')): there is no other sign at all if m^2 >= 2 H^2 (k is positive), and none where
k(x, x') > 1 - m^2/(2 H^2).

**By slopes, term by term.** The steepest slope of exp(-g r^2) is sqrt(2 g/e), that of
exp(-g r) is g: the radius is m/(slope sum |a_j|).

**By a local Lipschitz constant.** If |grad f| <= L(R) in the ball of radius R, then
min(m/L(R), R) is certified (Hein, Andriushchenko 2017, "Formal guarantees on the
robustness of a classifier against adversarial manipulation", arXiv:1705.08475, theorem
2.1, and for Gaussian kernels the bound L(R) of proposition 2.1).

Rounding is accounted for as told in `_tangents`; radii are 1e-12 smaller than computed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray

_DOWN, _UP = 1.0 - 1e-12, 1.0 + 1e-12
_HALVINGS = 48


def unit_error(m: int, r: int, d: int) -> float:
    """Return the relative error of sums of m terms; see the module."""
    return (m + 16 * (d + r) + 64) * 2.0**-52


@dataclass(frozen=True)
class Kernel:
    """A kernel with its parameters, as `_dispatch.kernel_expansion` takes them."""

    name: str
    gamma: float = 1.0
    degree: int = 3
    coef0: float = 1.0

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Kernel":
        """Return the kernel of an `Expansion`'s options."""
        names = {"kernel": "name", "gamma": "gamma"}
        names |= {"degree": "degree", "coef0": "coef0"}
        given = {new: options[old] for old, new in names.items() if old in options}
        if given["name"] not in ("gaussian", "laplace", "laplacian", "polynomial"):
            raise ValueError(f"no bounds of the kernel {given['name']!r} are known")
        return cls(**given)

    @property
    def options(self) -> dict[str, Any]:
        """What `_dispatch.kernel_expansion` takes."""
        given = {"kernel": self.name, "gamma": self.gamma}
        if self.name == "polynomial":
            given |= {"degree": self.degree, "coef0": self.coef0}
        return given

    @property
    def steepest(self) -> float:
        """The largest slope; for "laplacian" in the l_1 norm, infinite if unknown."""
        if self.name == "gaussian":
            return float(np.sqrt(2.0 * self.gamma / np.e))
        return np.inf if self.name == "polynomial" else self.gamma

    def profile(self, r: NDArray) -> NDArray:
        """Return the kernel at distances r."""
        power = r * r if self.name == "gaussian" else r
        return np.asarray(np.exp(-self.gamma * power))

    def inverse(self, drop: NDArray) -> NDArray:
        """Return the distance at which the kernel is 1 - drop."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = -np.log1p(-drop) / self.gamma
        return np.sqrt(t) if self.name == "gaussian" else t


def expansion_norm(
    centres: Float[NDArray, "m r"], coefficients: Float[NDArray, "m K"], kernel: Kernel
) -> Float[NDArray, " K"]:
    """Return upper bounds of the functions' norms H in the kernel's space."""
    values = _dispatch.kernel_expansion(
        centres, centres, np.ascontiguousarray(coefficients), **kernel.options
    )
    sums = np.abs(coefficients).sum(axis=0)
    error = unit_error(len(centres), centres.shape[1], 0) * sums**2
    square = np.maximum((coefficients * values).sum(axis=0), 0.0)
    return np.sqrt(square + error) * _UP


def rkhs_radius(
    m: Float[NDArray, "*s"], H: Float[NDArray, "*#s"], kernel: Kernel
) -> Float[NDArray, "*s"]:
    """Return radii certified by the norm of the function, infinite if m^2 >= 2 H^2.

    They are l_2 radii, and l_1 radii for "laplacian".
    """
    m, H = np.broadcast_arrays(np.maximum(m, 0.0), H)
    with np.errstate(divide="ignore", invalid="ignore"):
        drop = np.where(m > 0, (m / H) ** 2 / 2.0 * (1.0 - 1e-15), 0.0)
    never = drop >= 1.0
    return np.where(never, np.inf, kernel.inverse(np.where(never, 0.0, drop)) * _DOWN)


def termwise_radius(
    m: Float[NDArray, "*s"], coefficients: Float[NDArray, " m"], kernel: Kernel
) -> Float[NDArray, "*s"]:
    """Return m/(slope sum |a_j|): l_2 radii, and l_1 radii for "laplacian"."""
    total = kernel.steepest * np.abs(coefficients).sum() * _UP
    return (
        np.maximum(m, 0.0) / total * _DOWN
        if total > 0
        else np.full(np.shape(m), np.inf)
    )


def gaussian_slope(
    x: Float[NDArray, " d"],
    radii: Float[NDArray, " n"],
    centres: Float[NDArray, "m d"],
    a: Float[NDArray, " m"],
    gamma: float,
) -> Float[NDArray, " n"]:
    r"""Return upper bounds L(R) of |grad f| in the l_2 balls of radii R about x.

    |grad f(y)|^2 = 4 g^2 sum_rs a_r a_s <y - z_r, y - z_s> e^(-g (|y - z_r|^2 + |y -
    z_s|^2)); with y = x + v and u = 2 x - z_r - z_s the product is <x - z_r, x - z_s> +
    <u, v> + |v|^2, the exponent that at x plus 2 <u, v> + 2 |v|^2, and each factor has
    its extremes at v along u: the least |v|^2 - |u||v| is that at |v| = min(|u|/2, R).
    """
    steps = x - centres
    square = (steps**2).sum(axis=1)
    inner = steps @ steps.T
    u = np.sqrt(np.maximum(square[:, None] + square + 2.0 * inner, 0.0))
    Q = square[:, None] + square
    weights = a[:, None] * a
    plus, minus = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
    found = np.empty(len(radii))
    for i, R in enumerate(radii):
        M = np.minimum(u / 2.0, R)
        most, least = inner + R * u + R * R, inner - M * u + M * M
        near = np.exp(-gamma * (Q - 2.0 * M * u + 2.0 * M * M))
        far = np.exp(-gamma * (Q + 2.0 * R * u + 2.0 * R * R))
        up = np.maximum(most, 0.0) * near + np.minimum(most, 0.0) * far
        down = np.maximum(least, 0.0) * far + np.minimum(least, 0.0) * near
        size = (np.abs(weights) * (np.abs(inner) + Q + R * u + R * R) * near).sum()
        total = (plus * up).sum() - (minus * down).sum()
        total += (
            unit_error(len(a) ** 2, x.size, 0)
            * (1.0 + gamma * Q.max(initial=0.0))
            * size
        )
        found[i] = 2.0 * gamma * np.sqrt(max(total, 0.0)) * _UP
    return found


def local_lipschitz_radius(
    m: float,
    x: Float[NDArray, " d"],
    centres: Float[NDArray, "m d"],
    a: Float[NDArray, " m"],
    gamma: float,
    radii: Float[NDArray, " n"] | None = None,
) -> float:
    """Return the l_2 radius of Hein and Andriushchenko for a Gaussian expansion.

    Parameters
    ----------
    m : float
        A lower bound of |f(x)|.
    x, centres, a, gamma
        The point and the expansion.
    radii : (n,) array, optional
        The best of these R is taken; by default m/L(R) = R is solved by bisection.
    """
    if radii is None:
        low, high = 0.0, 1.0
        while high < 1e150 and _admits(m, x, high, centres, a, gamma):
            low, high = high, 2.0 * high
        for _ in range(_HALVINGS if low == 0.0 else 30):
            middle = (low + high) / 2.0
            if _admits(m, x, middle, centres, a, gamma):
                low = middle
            else:
                high = middle
        return low * _DOWN
    L = gaussian_slope(x, radii, centres, a, gamma)
    with np.errstate(divide="ignore"):
        return float(np.minimum(m / L, radii).max() * _DOWN)


def _admits(
    m: float, x: NDArray, R: float, centres: NDArray, a: NDArray, gamma: float
) -> bool:
    return bool(gaussian_slope(x, np.array([R]), centres, a, gamma)[0] * R <= m)
