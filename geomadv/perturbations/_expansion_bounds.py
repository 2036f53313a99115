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

**By the range of each term** in a ball or box, since all kernels but the polynomial are
monotone in a distance, and the polynomial is one of <x, z_j>.

**By a second-order expansion**: m - |grad f(x)| R - kappa(R) R^2/2 > 0, where kappa(R)
sums bounds of the terms' curvatures in the ball. For k = phi(r) the eigenvalues of the
Hessian are phi'(r)/r and phi''(r), and phi'(r)/r <= phi''(r) for both radial kernels.

**Rounding.** With e = (m + 16 (d + r) + 64) 2^-52 for m terms in r coordinates, T x + t
is off by less than e (|T||x| + |t|), distances r relatively by less than e, and a term
k by e (1 + c (|T||x| + |t| + r)) k, where c bounds |k'|/k; a sum of terms by as much
times the sum of |a| k, and a slope at distance s by that times c s. Bounds of regions
take this with the largest k in them; every radius is 1e-12 smaller than computed. (The
factor 16 leaves room: sums and products of d numbers are off by d 2^-53 of the sum of
moduli, and exp by 2^-52.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray

_DOWN, _UP = 1.0 - 1e-12, 1.0 + 1e-12
_PAIRS = 1 << 16  # pairs of a box and a centre at a time, so that blocks stay in cache
_HALVINGS = 48


def _unit(m: int, r: int, d: int) -> float:
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
    error = _unit(len(centres), centres.shape[1], 0) * sums**2
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
            _unit(len(a) ** 2, x.size, 0) * (1.0 + gamma * Q.max(initial=0.0)) * size
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


@dataclass(frozen=True)
class Margins:
    """Functions G_j(x) = sum_i D_ij k(T x + t, z_i) + beta_j that are >= 0 at points.

    All points with all G_j > 0 have the same decision.

    Parameters
    ----------
    kernel, centres, D, beta, T, t
        As above.
    terms, offset : int and float
        How many roundings enter T and t, if not one for each coordinate of x, and the
        size of what they cancelled.
    """

    kernel: Kernel
    centres: Float[NDArray, "m r"]
    D: Float[NDArray, "m J"]
    beta: Float[NDArray, " J"]
    T: Float[NDArray, "r d"] | None
    t: Float[NDArray, " r"]
    terms: int = 0
    offset: float = 0.0

    def inner(self, X: Float[NDArray, "n d"]) -> NDArray:
        """Return T x + t."""
        return X + self.t if self.T is None else X @ self.T.T + self.t

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J"]:
        """Return all G_j at all points."""
        return self.beta + _dispatch.kernel_expansion(
            self.inner(X), self.centres, self.D, **self.kernel.options
        )

    def norms(self, p: float, d: int) -> tuple[float, float]:
        """Bound |T v|_2/|v|_p and |T v|_1/|v|_p.

        By Hölder's inequality for each row, by |v|_2 <= d^(1/2 - 1/p)_+ |v|_p, and
        exactly by the columns for p = 1.
        """
        q = dual(p)
        two = d ** max(0.5 - 1.0 / p, 0.0)
        one = d ** (1.0 - 1.0 / p)
        if self.T is None:
            return two * _UP, one * _UP
        rows = np.linalg.norm(self.T, q, axis=1)
        widest = np.linalg.norm(self.T, 1, axis=0).max(initial=0.0)
        two = min(self.spread * two, float(np.linalg.norm(rows)))
        if p == 1:
            two = min(two, float(np.linalg.norm(self.T, axis=0).max(initial=0.0)))
        return two * _UP, float(min(rows.sum(), widest * one)) * _UP

    @property
    def spread(self) -> float:
        """An upper bound of |T v|_2/|v|_2."""
        if self.T is None:
            return 1.0
        return float(np.linalg.norm(self.T, 2)) * (1.0 + 1e-10)

    def reach(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return the lengths of |T||x| + |t|, of which T x + t is off by a part."""
        size = np.abs(X) if self.T is None else np.abs(X) @ np.abs(self.T).T
        return np.linalg.norm(size + np.abs(self.t), axis=1) + self.offset

    def blur(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return lengths that T x + t may be off by, with room to spare."""
        return 1e-14 * (self.terms + X.shape[1] + 64) * self.reach(X)

    @property
    def unit(self) -> float:
        """The relative error of sums; see the module."""
        r = self.centres.shape[1]
        d = self.terms or (r if self.T is None else self.T.shape[1])
        return _unit(len(self.centres), r, d)

    def certain(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J"]:
        """Return values at points less their errors."""
        nothing = np.zeros(len(X))
        Z = self.inner(X)
        found = tangents(
            self, Z, np.zeros(Z.shape), nothing, nothing, self.reach(X), nothing
        )
        return found.base


@dataclass(frozen=True)
class Tangents:
    """Lower bounds of G_j in regions about points c, with the errors of rounding.

    `value` is G_j(c), as computed. In the region, with u = T (y - c), G_j(y) >= floor,
    and G_j(y) >= base + <slope, u> less the smaller one of drop and curve |u|^2/2.
    """

    value: Float[NDArray, "n J"]
    base: Float[NDArray, "n J"]
    slope: Float[NDArray, "n J r"]
    floor: Float[NDArray, "n J"]
    drop: Float[NDArray, "n J"]
    curve: Float[NDArray, "n J"]


def tangents(
    margins: Margins,
    Z: Float[NDArray, "n r"],
    width: Float[NDArray, "n r"],
    two: Float[NDArray, " n"],
    one: Float[NDArray, " n"],
    reach: Float[NDArray, " n"],
    extent: Float[NDArray, " n"],
) -> Tangents:
    """Return lower bounds where |z - Z|_i <= width_i, and |z - Z| <= two, one.

    Parameters
    ----------
    margins : Margins
    Z : (n, r) array
        The points after the affine map.
    width : (n, r) array
    two, one : (n,) arrays
        Bounds in l_2 and l_1.
    reach, extent : (n,) arrays
        `Margins.reach` at the points, and |T (y - c)|_2 up to which slopes are used.
    """
    run = {"laplacian": _laplacian, "polynomial": _polynomial}.get(
        margins.kernel.name, _radial
    )
    rows = max(1, _PAIRS // max(len(margins.centres), 1))
    parts = [
        run(
            margins,
            Z[i : i + rows],
            width[i : i + rows],
            two[i : i + rows],
            one[i : i + rows],
            (reach + extent)[i : i + rows],
        )
        for i in range(0, len(Z), rows)
    ]
    value, base, slope, floor, drop, curve, mass, rough, rate, far = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    beta, unit = margins.beta, margins.unit
    part = (unit * (1.0 + rate * (reach + far)))[:, None]
    least = unit * (np.abs(beta) + 1e-290 * np.abs(margins.D).sum(axis=0))
    whole = part * (1.0 + rate * extent)[:, None] * mass + least
    bend = part * rough
    half = (two * two / 2.0)[:, None]
    return Tangents(
        value + beta,
        base + beta - whole,
        slope,
        floor + beta - part * mass - least,
        (drop + bend * half) * _UP,
        (curve + bend) * _UP,
    )


# value, base, slope, floor, drop, curve; the sum of |D| k at its largest and that of
# moduli in curve; a bound of |k'|/k, and the largest distance
_Parts = tuple[NDArray, ...]


def _signs(margins: Margins) -> tuple[NDArray, NDArray]:
    return np.maximum(margins.D, 0.0), np.maximum(-margins.D, 0.0)


def _radial(
    margins: Margins,
    Z: NDArray,
    width: NDArray,
    two: NDArray,
    one: NDArray,
    outer: NDArray,
) -> _Parts:
    """Bound terms of a distance r in [nearest, farthest], by curvatures there.

    A term a k with a > 0 is at least its tangent less a (-phi'/r) |step|^2/2 at the
    nearest r; with a < 0, less |a| (largest phi'') |step|^2/2. At the tip of
    exp(-g r), where -phi'/r is infinite, a > 0 takes its least value instead.
    """
    del one, outer
    kernel, g, D = margins.kernel, margins.kernel.gamma, margins.D
    plus, minus = _signs(margins)
    square = np.zeros((len(Z), len(D)))
    inside, outside = np.zeros_like(square), np.zeros_like(square)
    for i in range(Z.shape[1]):
        step = np.abs(Z[:, i, None] - margins.centres[:, i])
        w = width[:, i, None]
        square += step * step
        inside += np.maximum(step - w, 0.0) ** 2
        outside += (step + w) ** 2
    r = np.sqrt(square)
    near = np.maximum(np.sqrt(inside), r - two[:, None])
    far = np.minimum(np.sqrt(outside), r + two[:, None])
    most, least = kernel.profile(near), kernel.profile(far)
    floor = least @ plus - most @ minus
    half = (two * two / 2.0)[:, None]
    if kernel.name == "gaussian":
        value = np.exp(-g * square)
        u = np.clip(1.5, g * near * near, g * far * far)
        low, high = most * (-2.0 * g), (4.0 * u - 2.0) * g * np.exp(-u)
        factor = -2.0 * g * value
        at = base = value @ D
        parts = [(factor, D)]
    else:
        value = np.exp(-g * r)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(r > 0, -g * value / r, 0.0)
            bend = np.where(near > 0, -g * most / near, -np.inf)
            falls = value - least + g * value * two[:, None]
            blunt = ~(falls >= -bend * half)
        low, high = np.where(blunt, 0.0, bend), g * g * most
        at = value @ D
        base = np.where(blunt, least, value) @ plus - value @ minus
        parts = [(np.where(blunt, 0.0, factor), plus), (factor, -minus)]
    slope = np.empty((len(Z), D.shape[1], Z.shape[1]))
    for i in range(Z.shape[1]):
        step = Z[:, i, None] - margins.centres[:, i]
        slope[:, :, i] = sum((f * step) @ a for f, a in parts)
    curve = np.maximum(high @ minus - low @ plus, 0.0)
    rough = np.abs(high) @ minus - low @ plus
    mass = most @ (plus + minus)
    longest = far.max(axis=1, initial=0.0)
    rate = np.full(len(Z), g) if kernel.name == "laplace" else 2.0 * g * longest
    drop = curve * half
    return at, base, slope, floor, drop, curve, mass, rough, rate, longest


def _laplacian(
    margins: Margins,
    Z: NDArray,
    width: NDArray,
    two: NDArray,
    one: NDArray,
    outer: NDArray,
) -> _Parts:
    """Bound terms of exp(-g |z - z_j|_1).

    With the signs s of Z - z_j, k <= exp(-g <s, z - z_j>) everywhere, whose curvature
    along s is that of exp; this serves a < 0. For a > 0, k is convex where no sign
    changes; coordinates in which one may are set to their worst.
    """
    del two, outer
    g, D = margins.kernel.gamma, margins.D
    plus, minus = _signs(margins)
    total = np.zeros((len(Z), len(D)))
    inside, outside, worst = (np.zeros_like(total) for _ in range(3))
    for i in range(Z.shape[1]):
        step = np.abs(Z[:, i, None] - margins.centres[:, i])
        w = width[:, i, None]
        total += step
        inside += np.maximum(step - w, 0.0)
        outside += step + w
        worst += np.where(step > w, step, step + w)
    span = one[:, None]
    value, lowered = np.exp(-g * total), np.exp(-g * worst)
    most = np.exp(-g * np.maximum(inside, total - span))
    least = np.exp(-g * np.minimum(outside, total + span))
    bend = (g * span) ** 2 / 2.0 * np.exp(-g * (total - span))
    slope = np.empty((len(Z), D.shape[1], Z.shape[1]))
    for i in range(Z.shape[1]):
        step = Z[:, i, None] - margins.centres[:, i]
        sure = np.where(np.abs(step) > width[:, i, None], np.sign(step), 0.0)
        slope[:, :, i] = -g * (
            (lowered * sure) @ plus - (value * np.sign(step)) @ minus
        )
    # <s, u>^2 <= r |u|^2 in r coordinates
    curve = g * g * Z.shape[1] * np.exp(-g * (total - span)) @ minus
    base, floor = lowered @ plus - value @ minus, least @ plus - most @ minus
    mass, longest = most @ (plus + minus), outside.max(axis=1, initial=0.0)
    # |.|_1 <= sqrt(r) |.|_2
    rate = np.full(len(Z), g * np.sqrt(Z.shape[1]))
    return (
        value @ D,
        base,
        slope,
        floor,
        bend @ minus,
        curve,
        mass,
        np.zeros_like(mass),
        rate,
        longest,
    )


def _polynomial(
    margins: Margins,
    Z: NDArray,
    width: NDArray,
    two: NDArray,
    one: NDArray,
    outer: NDArray,
) -> _Parts:
    """Bound terms of s^n with s = g <z, z_j> + c by the range of s."""
    del one
    kernel, D = margins.kernel, margins.D
    plus, minus = _signs(margins)
    n, g, centres = kernel.degree, kernel.gamma, margins.centres
    s = g * (Z @ centres.T) + kernel.coef0
    lengths = np.linalg.norm(centres, axis=1)
    e = abs(g) * np.minimum(width @ np.abs(centres).T, two[:, None] * lengths)
    least, most = _powers(s - e, s + e, n)
    low, high = _powers(s - e, s + e, n - 2)
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    bend, whole = n * (n - 1) / 2.0 * e * e, n * (n - 1) * (g * lengths) ** 2
    drop = (bend * high) @ minus - (bend * low) @ plus
    curve = (whole * high) @ minus - (whole * low) @ plus
    factor = n * g * s ** (n - 1)
    slope = np.stack(
        [factor @ (D * centres[:, i, None]) for i in range(Z.shape[1])], axis=2
    )
    value, floor = s**n @ D, least @ plus - most @ minus
    size = abs(g) * lengths * outer[:, None] + abs(kernel.coef0)
    mass = (2 * n + 2) * size**n @ (plus + minus)
    none = np.zeros(len(Z))
    rough = np.zeros_like(mass)
    return value, value, slope, floor, drop, curve, mass, rough, none, none


def _powers(low: NDArray, high: NDArray, n: int) -> tuple[NDArray, NDArray]:
    """Return the least and the largest s^n for low <= s <= high."""
    a, b = low**n, high**n
    if n % 2:
        return a, b
    return np.where((low <= 0.0) & (high >= 0.0), 0.0**n, np.minimum(a, b)), np.maximum(
        a, b
    )


def ball_radii(
    margins: Margins, X: Float[NDArray, "n d"], p: float
) -> Float[NDArray, " n"]:
    """Return l_p radii certified by the terms' ranges and by second-order expansions.

    Both lower bounds of G_j in a ball fall as its radius grows, which is bisected.
    """
    d = X.shape[1]
    q = dual(p)
    two, one = margins.norms(p, d)
    rows = np.ones(d) if margins.T is None else np.linalg.norm(margins.T, q, axis=1)
    Z, reach = margins.inner(X), margins.reach(X)

    def kept(R: NDArray) -> tuple[NDArray, NDArray]:
        # what overflows in a large ball is no number, or infinite, and not kept
        with np.errstate(over="ignore", invalid="ignore"):
            found = tangents(
                margins,
                Z,
                R[:, None] * rows * _UP,
                two * R,
                one * R,
                reach,
                two * R,
            )
        slope = found.slope if margins.T is None else found.slope @ margins.T
        falls = np.linalg.norm(slope, q, axis=2) * (R * _UP)[:, None]
        with np.errstate(invalid="ignore"):
            return (
                np.asarray((found.floor > 0).all(axis=1)),
                np.asarray((found.base - found.drop - falls > 0).all(axis=1)),
            )

    best = np.zeros(len(X))
    if not len(X):
        return best
    for which in (0, 1):
        low, high = np.zeros(len(X)), np.ones(len(X))
        growing = np.ones(len(X), bool)
        for k in range(40 + _HALVINGS):
            R = np.where(growing, high, (low + high) / 2.0)
            holds = kept(R)[which]
            low = np.where(holds, R, low)
            high = np.where(holds, np.where(growing, 2.0 * R, high), R)
            growing &= holds & (k < 40)
        best = np.maximum(best, low)
    return best * _DOWN


def dual(p: float) -> float:
    """Return q with 1/p + 1/q = 1."""
    return np.inf if p == 1 else 1.0 if np.isinf(p) else p / (p - 1.0)
