r"""Sums of kernel functions over data, and their gradients, in plain NumPy.

f_q(x) = sum_j a_jq k(x, y_j) for one of, with r the l2 distance,

- "gaussian": exp(-gamma r^2);
- "laplace": exp(-gamma r);
- "laplacian": exp(-gamma |x - y|_1), scikit-learn's;
- "polynomial": (gamma x.y + coef0)^degree, also where 0^0 = 1;
- "inverse_multiquadric": (1 + gamma r^2)^(-1/2);

and for "hilbert" the weighted mean sum_j a_jq r_j^-e / sum_j r_j^-e, the Hilbert kernel
regression of Devroye, Gyorfi and Krzyzak (1998), which interpolates: at a data point f
is the mean of the coefficients there.

Where a kernel has no gradient, at r = 0 or x_c = y_c, that term's is 0 by convention,
and so is that of Hilbert's kernel at data points.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_NAMES = (
    "gaussian",
    "laplace",
    "laplacian",
    "polynomial",
    "inverse_multiquadric",
    "hilbert",
)


_LARGEST = 1e300  # coordinate, so that differences and distances are numbers


def _polar(delta: _Array) -> tuple[_Array, _Array]:
    """Return the lengths (m,) of vectors (m, d) and their directions, 0 for 0."""
    largest, length, unit = _parts(delta)
    return largest * length, unit


def _parts(delta: _Array) -> tuple[_Array, _Array, _Array]:
    """Return the largest entries, the lengths relative to these, and the directions."""
    largest = np.abs(delta).max(axis=1, initial=0.0)
    unit = delta / np.where(largest > 0, largest, 1.0)[:, None]
    length = np.sqrt((unit**2).sum(axis=1))
    return largest, length, unit / np.where(largest > 0, length, 1.0)[:, None]


def _hilbert(delta: _Array, exponent: float) -> tuple[_Array, _Array, float, int]:
    """Return weights w that sum to 1, w (least r)/r, and the least r as f, k: f 2^k.

    Apart from its power of two, no r is too small for a number.
    """
    largest, length, _ = _parts(delta)
    if not largest.all():
        hits = largest == 0
        return hits / hits.sum(), np.zeros(len(delta)), 1.0, 0
    f, k = np.frexp(largest)
    f, more = np.frexp(f * length)
    k = k + more
    least = np.lexsort((f, k))[0]
    powers = np.maximum(k[least] - k, -10_000)
    ratio = np.ldexp(f[least] / f, powers)
    with np.errstate(divide="ignore"):
        log = np.where(
            powers > -900, np.log(ratio), np.log(f[least] / f) + powers * np.log(2.0)
        )
    weight = np.exp(exponent * log)
    weight /= weight.sum()
    return weight, weight * ratio, float(f[least]), int(k[least])


def _point(
    x: _Array,
    Y: _Array,
    a: _Array,
    kernel: str,
    gamma: float,
    degree: int,
    coef0: float,
    exponent: float,
) -> tuple[_Array, _Array]:
    """Return the values (q,) and gradients (q, d) at one point."""
    delta = x - Y
    if kernel == "hilbert":
        weight, steep, factor, power = _hilbert(delta, exponent)
        mean = weight @ a
        slope = ((a - mean) * steep[:, None]).T @ _polar(delta)[1]
        return mean, np.ldexp(-exponent * slope / factor, -power)
    if kernel == "polynomial":
        t = gamma * (Y @ x) + coef0
        slope = (degree * gamma * t ** max(degree - 1, 0))[:, None] * Y
        return t**degree @ a, a.T @ slope
    r, unit = _polar(delta)
    root = np.sqrt(gamma)
    z = root * r
    if kernel == "gaussian":
        k = np.exp(-(z**2))
        slope = (-2.0 * root * np.where(k > 0, z, 0.0) * k)[:, None] * unit
    elif kernel == "laplace":
        k = np.exp(-gamma * r)
        slope = (-gamma * k)[:, None] * unit
    elif kernel == "laplacian":
        k = np.exp(-gamma * np.abs(delta).sum(axis=1))
        slope = (-gamma * k)[:, None] * np.sign(delta)
    else:
        k = 1.0 / np.hypot(1.0, z)
        slope = (-(root * k) * np.where(k > 0, z, 0.0) * k * k)[:, None] * unit
    return k @ a, a.T @ slope


def kernel_expansion_gradient(
    X: _Array,
    Y: _Array,
    coefficients: _Array,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
) -> tuple[_Array, _Array]:
    """Return the values of `kernel_expansion` and their gradients with respect to x.

    Parameters
    ----------
    X, Y, coefficients, kernel, gamma, degree, coef0, exponent
        As for `kernel_expansion`.

    Returns
    -------
    values : (n, q)
    gradients : (n, q, d)
    """
    (n, d), q = X.shape, coefficients.shape[1]
    single = X.dtype == Y.dtype == coefficients.dtype == np.float32
    result = np.float32 if single else np.float64
    X, Y, a = X.astype(float), Y.astype(float), coefficients.astype(float)
    largest = max(np.abs(points).max(initial=0.0) for points in (X, Y))
    if kernel != "polynomial" and largest > _LARGEST:
        raise ValueError(f"the coordinates must be at most {_LARGEST} in modulus")
    gamma, degree, coef0 = float(gamma), int(degree), float(coef0)
    power = float(d if exponent is None else exponent)
    values, gradients = np.zeros((n, q)), np.zeros((n, q, d))
    for i in range(n if len(Y) else 0):
        values[i], gradients[i] = _point(
            X[i], Y, a, kernel, gamma, degree, coef0, power
        )
    return values.astype(result), gradients.astype(result)


def kernel_expansion(
    X: _Array,
    Y: _Array,
    coefficients: _Array,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
) -> _Array:
    """Return sum_j coefficients[j] k(x, y_j) for each x; Hilbert's kernel: the mean.

    Parameters
    ----------
    X : (n, d)
        The points where the expansion is evaluated. All coordinates are finite, and,
        but for the polynomial, at most 1e300 in modulus.
    Y : (m, d)
        The data.
    coefficients : (m, q)
        One column for each of q functions.
    kernel : str
        "gaussian", "laplace", "laplacian", "polynomial", "inverse_multiquadric" or
        "hilbert"; see the module.
    gamma : float
        Positive, but of any sign for the polynomial.
    degree : int
        Of the polynomial, at least 0.
    coef0 : float
        Of the polynomial.
    exponent : float or None
        Of Hilbert's kernel, positive; None is d.

    Returns
    -------
    values : (n, q)
        In float32 if all three arrays are, and in float64 otherwise; 0 if Y is empty.
    """
    return kernel_expansion_gradient(
        X,
        Y,
        coefficients,
        kernel=kernel,
        gamma=gamma,
        degree=degree,
        coef0=coef0,
        exponent=exponent,
    )[0]


# The contract. u is the unit roundoff of the computation, S the side of a block of
# pairs, c = `_CANCELLED`. Every bound is to first order, times 1.1.

_SIDE = 256
_CANCELLED = 8.0
_FEW = 8  # coordinates up to which there are no products


def _unit(arguments: Arguments) -> float:
    """Return u: 2^-24 where all is in float32, but for Hilbert's kernel."""
    names = ("X", "Y", "coefficients")
    single = all(arguments[name].dtype == np.float32 for name in names)
    return 2.0**-24 if single and arguments["kernel"] != "hilbert" else 2.0**-53


def _relative(t: _Array, error: _Array) -> _Array:
    """Return exp(-t) (exp(error) - 1) without overflow."""
    return np.exp(np.minimum(error - t, 0.0)) * -np.expm1(-error)


class _Pairs:
    """Distances of one x from all y, and how far they may be off.

    Products: r^2 = |a|^2 + |b|^2 - 2 a.b in rounded coordinates about the centre is off
    by at most (2 d + 10) u (|a|^2 + |b|^2): (d + 2) u 2|a||b| for the product (Higham
    2002, section 3.1), (d + 2) u for the norms, 4 u for the coordinates and the sums.
    Where the bracket is more than c r^2, or the coordinates are few, r^2 comes from
    differences, and is off by (d + 8) u r^2. The exception is gamma (|a|^2 + |b|^2)
    <= c in a Gaussian or an inverse multiquadric without gradient.

    Attributes
    ----------
    r, unit : (m,) and (m, d)
    part : (m,)
        The relative error of r^2.
    moduli : (m, d)
        Those of the two terms of (x_c - y_c)/r that are summed up apart.
    own, others : float and (m,)
        |a| and |b|.
    """

    def __init__(self, x: _Array, Y: _Array, u: float) -> None:
        d = len(x)
        self.r, self.unit = _polar(x - Y)
        centre = (Y / len(Y)).sum(axis=0)
        a, b = x - centre, Y - centre
        self.own, self.others = float(_polar(a[None])[0][0]), _polar(b)[0]
        r = np.where(self.r > 0, self.r, np.nan)
        bracket = (self.own / r) ** 2 + (self.others / r) ** 2
        product = (bracket <= 1.01 * _CANCELLED) & (d > _FEW)
        self.part = np.where(product, (2 * d + 10) * u * bracket, 0.0)
        self.part = np.maximum(self.part, (d + 8) * u)
        self.moduli = np.where(
            product[:, None],
            np.abs(a) / r[:, None] + np.abs(b) / r[:, None],
            np.abs(self.unit),
        )

    def error(self, gamma: float, u: float, gradient: bool) -> _Array:
        """Bound the error of gamma r^2."""
        d, root = self.unit.shape[1], np.sqrt(gamma)
        error = self.part * (root * self.r) ** 2
        both = (root * self.own) ** 2 + (root * self.others) ** 2
        exempt = (both <= 1.01 * _CANCELLED) & (d > _FEW) & (not gradient)
        return np.where(exempt, np.maximum(error, (2 * d + 10) * u * both), error)


def _errors(
    arguments: Arguments, x: _Array, Y: _Array, u: float, gradient: bool
) -> tuple[_Array, _Array, _Array, _Array, _Array, _Array]:
    """Bound, for one x and each y, what is computed of k and of its gradient.

    Returns
    -------
    k, its error, the size of k's derivative (along the unit vector to y; for l1 along
    each coordinate; for the polynomial the factor of y) and its error, each (m,); the
    vector that it multiplies, and what of it is summed up, each (m, d).
    """
    gamma, kernel = float(arguments.get("gamma", 1.0)), arguments["kernel"]
    d = len(x)
    if kernel == "polynomial":  # T bounds |t|, whose error is at most (d + 4) u T
        degree = arguments.get("degree", 3)
        T = np.abs(gamma) * (np.abs(Y) @ np.abs(x)) + abs(arguments.get("coef0", 1.0))
        part = (degree + 1) * (d + 6) * u
        slope = degree * abs(gamma) * T ** max(degree - 1, 0)
        size = np.abs(Y)
        return T**degree, part * T**degree, slope, part * slope, size, size
    pairs = _Pairs(x, Y, u)
    size, moduli = np.abs(pairs.unit), pairs.moduli
    if kernel == "inverse_multiquadric":
        z = np.sqrt(gamma) * pairs.r
        k = 1.0 / np.hypot(1.0, z)
        part = pairs.error(gamma, u, gradient) / 2.0 * k * k + 8.0 * u
        part = np.where(z < 1e150, part, pairs.part / 2.0 + 8.0 * u)
        slope = np.sqrt(gamma) * k * np.where(k > 0, z, 0.0) * k * k
        return k, part * k, slope, (3.0 * part + 8.0 * u) * slope, size, moduli
    if kernel == "gaussian":
        t, slope = (np.sqrt(gamma) * pairs.r) ** 2, 2.0 * gamma * pairs.r
        error, more = pairs.error(gamma, u, gradient), np.zeros(len(Y))
    elif kernel == "laplace":
        t, slope = gamma * pairs.r, np.full(len(Y), gamma)
        error, more = pairs.part / 2.0 * t, pairs.part / 2.0
    else:
        t, slope = gamma * np.abs(x - Y).sum(axis=1), np.full(len(Y), gamma)
        error, more = (d + 4) * u * t, np.zeros(len(Y))
        size = moduli = np.sign(np.abs(x - Y))
    k = np.exp(-t)
    # 8 u t: the rate and its product; 2 u: an ulp of exp; flush: what exp makes 0
    flush = 1.7e-38 if u > 2.0**-50 else 3.4e-308
    e = _relative(t, error + 8.0 * u * t + 2.0 * u) + flush
    return k, e, slope * k, slope * (e + (more + 4.0 * u) * k), size, moduli


def _summing(m: int, u: float) -> float:
    """Bound the relative error of a sum of m positive terms.

    A sum over a strip of at most S points is off by S u, and the sum of strips, which
    have 32 points at least, in float64 by m/32 roundings.
    """
    return (min(m, _SIDE) + 4) * u + (m / 32.0 + 24.0) * 2.0**-53


def _bounds(
    arguments: Arguments, i: int, u: float, gradient: bool
) -> tuple[_Array, _Array]:
    """Bound the errors of the sums at X[i]: (q,) of the values, (q, d) of gradients.

    The gradient's is a difference of two sums in coordinates about the centre, or one
    of differences.
    """
    x, Y = arguments["X"][i].astype(float), arguments["Y"].astype(float)
    A = np.abs(arguments["coefficients"].astype(float))
    total = _summing(len(Y), u)
    k, e, slope, error, size, moduli = _errors(arguments, x, Y, u, gradient)
    value = A.T @ (e + total * k)
    sums = ((total + 4.0 * u) * slope)[:, None] * moduli
    return value, A.T @ (error[:, None] * size + sums)


def _hilbert_bounds(
    arguments: Arguments, i: int, mean: _Array, gradient: _Array, u: float
) -> tuple[_Array, _Array]:
    """Bound the errors of Hilbert's means (q,) and gradients (q, d) at X[i].

    A weight is off by (e/2) times the part of r^2, and by 6 u (1 + |log w|) for the
    logarithm, its product and exp; common factors cancel. With weights of sum 1 the
    mean is off by sum |a - mean| w (error), and by the rounding of both sums. The
    gradient, sum a v - mean sum v with v = -e w/r, has in addition the error of the
    mean, and relatively that of the sum of weights.
    """
    x, Y = arguments["X"][i].astype(float), arguments["Y"].astype(float)
    a = arguments["coefficients"].astype(float)
    d, m = len(x), len(Y)
    power = arguments.get("exponent")
    power = float(d if power is None else power)
    pairs = _Pairs(x, Y, u)
    w, steep, f, k = _hilbert(x - Y, power)
    total = _summing(m, u) + (m / 8.0 + 8.0) * u
    logs = np.log(np.maximum(w, 1e-308))
    part = power / 2.0 * pairs.part + 6.0 * u * (1.0 - logs)
    if not pairs.r.all():
        part = np.where(w > 0, 0.0, part)
    error = w * part + 3.4e-308
    span = np.abs(a - mean)
    both = np.abs(a) + np.abs(mean)
    value = error @ span + total * (w @ both)
    slope = np.ldexp(power * steep / f, -k)
    error_v = slope * (part + pairs.part + 6.0 * u) + 3.4e-308
    direct = span.T @ (error_v[:, None] * np.abs(pairs.unit))
    sums = (total + 4.0 * u) * both.T @ (slope[:, None] * pairs.moduli)
    by_mean = value[:, None] * (slope @ np.abs(pairs.unit))
    by_weights = np.abs(gradient) * (error.sum() + total + 6.0 * u)
    return value, direct + sums + by_mean + by_weights


def _tolerances(
    arguments: Arguments, values: _Array, gradients: _Array | None
) -> tuple[_Array, _Array]:
    X, Y = arguments["X"], arguments["Y"]
    q = arguments["coefficients"].shape[1]
    u = _unit(arguments)
    value, slope = np.zeros((len(X), q)), np.zeros((len(X), q, X.shape[1]))
    for i in range(len(X) if len(Y) else 0):
        if arguments["kernel"] == "hilbert":
            gradient = np.zeros(slope.shape[1:]) if gradients is None else gradients[i]
            value[i], slope[i] = _hilbert_bounds(
                arguments, i, values[i].astype(float), gradient.astype(float), u
            )
        else:
            value[i], slope[i] = _bounds(arguments, i, u, gradients is not None)
    return 1.1 * value + _rounding(values), 1.1 * slope + (
        0.0 if gradients is None else _rounding(gradients)
    )


def _rounding(result: _Array) -> _Array:
    """Return an ulp of each entry: half for the result, half for the reference's."""
    info = np.finfo(result.dtype)
    return np.abs(result.astype(float)) * float(info.eps) + 2.0 * float(info.tiny)


def _tolerance(arguments: Arguments, expected: _Array) -> _Array:
    return _tolerances(arguments, expected, None)[0]


def _gradient_tolerance(
    arguments: Arguments, expected: tuple[_Array, _Array]
) -> tuple[_Array, _Array]:
    return _tolerances(arguments, *expected)


# Orders of magnitude of points, by the bytes of a number.
_POWERS = {4: (0.0, -10.0, -19.0, -22.0, -30.0), 8: (0.0, -80.0, -150.0, -165.0)}


def _inputs(gradient: bool) -> "SearchStrategy[Arguments]":
    """Draw clouds, 1 to 3 columns and a gamma at the scale of the squared distances.

    In some clouds the points have different orders of magnitude, so that the squares of
    some distances underflow and those of others do not.
    """
    from hypothesis import strategies as st

    from geomadv_kernels.strategies import KINDS, clouds

    @st.composite
    def arguments(draw: Any) -> Arguments:
        kernel = draw(st.sampled_from(_NAMES))
        # the gradient of Hilbert's kernel, of size e/r, overflows for subnormal points
        kinds = tuple(
            kind
            for kind in KINDS
            if not (gradient and kernel == "hilbert" and kind == "subnormal")
        )
        X, Y, rng = draw(clouds(kinds=kinds))
        if draw(st.integers(0, 5)) == 0:
            powers = _POWERS[X.dtype.itemsize]
            X, Y = (
                (points / (np.abs(points).max(initial=0.0) or 1.0)).astype(X.dtype)
                * (10.0 ** rng.choice(powers, (len(points), 1))).astype(X.dtype)
                for points in (X, Y)
            )
        q = draw(st.sampled_from([1, 1, 2, 3, 0]))
        # coefficients of one sign, of both, or equal
        a = rng.standard_normal((len(Y), q)) + draw(st.sampled_from([0.0, 5.0]))
        if draw(st.booleans()):
            a = np.ones((len(Y), q))
        dtype = draw(st.sampled_from([X.dtype, X.dtype, np.dtype(np.float64)]))
        points = np.concatenate([X, Y]).astype(float)
        if kernel != "polynomial" and len(points):
            points = points - points.mean(axis=0)
        square = float((points**2).sum(axis=1).max(initial=0.0))
        factor = draw(st.sampled_from([0.01, 0.5, 30.0]))
        length = square**0.5 if kernel in ("laplace", "laplacian") else square
        if kernel == "laplacian":
            length *= X.shape[1] ** 0.5
        gamma = factor / length if length > 1e-30 else factor
        kind = draw(st.sampled_from(["float", "float", "int", "float32"]))
        if kind == "int" and (kernel != "polynomial" or gamma >= 0.5):
            gamma = math.ceil(gamma)  # a larger one lets powers overflow
        elif kind == "float32":  # a power of two
            gamma = np.float32(2.0 ** round(math.log2(gamma)))
        if kernel == "polynomial" and draw(st.booleans()):
            gamma = -gamma
        return {
            "X": X,
            "Y": Y,
            "coefficients": a.astype(dtype),
            "kernel": kernel,
            "gamma": gamma,
            "degree": draw(st.integers(0, 5)),
            "coef0": draw(st.sampled_from([0.0, 1.0, -0.5])),
            "exponent": draw(st.sampled_from([None, None, 1.0, 7.5])),
        }

    return arguments()


def _memory(arguments: Arguments, gradient: bool) -> int:
    """Return what the threads may need, and copies of the arguments."""
    from geomadv_kernels.cpu._threads import available

    X, Y, a = (arguments[name] for name in ("X", "Y", "coefficients"))
    (n, d), (m, q) = X.shape, a.shape
    side = max(32, min(_SIDE, (1 << 17) // d // 16 * 16))
    rows = min(4 * side, n)
    packed = 16 * (rows + (1 << 20) // (8 * d) + side) * (d + 5)
    block = 8 * side * (2 * side + (q + 4) * (d + 4))
    sums = 8 * rows * (q + 2) * (d + 1 if gradient else 1)
    mixed = X.dtype != Y.dtype or X.dtype != a.dtype
    copies = sum(
        8 * x.size for x in (X, Y) if mixed or not x.flags.c_contiguous
    ) + 8 * m * (q + 1)
    waiting = 1 << 23  # sums over parts of Y
    workspaces = max(4, available()) * (packed + block + 3 * sums)
    return copies + workspaces + waiting + (1 << 20)


KERNELS = (
    Kernel(
        "kernel_expansion",
        file="kernel_expansion",
        reference=kernel_expansion,
        inputs=lambda: _inputs(False),
        tolerance=_tolerance,
        memory=lambda arguments: _memory(arguments, False),
        accelerators=("gpu",),
    ),
    Kernel(
        "kernel_expansion_gradient",
        file="kernel_expansion",
        reference=kernel_expansion_gradient,
        inputs=lambda: _inputs(True),
        tolerance=_gradient_tolerance,
        memory=lambda arguments: _memory(arguments, True),
        accelerators=("gpu",),
    ),
)
