r"""Sums of kernel functions over data, and their gradients, in plain NumPy.

f_q(x) = sum_j a_jq k(x, y_j) for one of, with r the l2 distance,

- "gaussian": exp(-gamma r^2);
- "laplace": exp(-gamma r);
- "laplacian": exp(-gamma |x - y|_1), scikit-learn's;
- "polynomial": (gamma x.y + coef0)^degree;
- "inverse_multiquadric": (1 + gamma r^2)^(-1/2);

and for "hilbert" the weighted mean sum_j a_jq r_j^-e / sum_j r_j^-e, the Hilbert kernel
regression of Devroye, Gyorfi and Krzyzak (1998), which interpolates: at a data point f
is the mean of the coefficients there.

Where a kernel has no gradient, at r = 0 or x_c = y_c, that term's is 0 by convention,
and so is that of Hilbert's kernel at data points.
"""

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


def _polar(delta: _Array) -> tuple[_Array, _Array]:
    """Return the lengths (m,) of vectors (m, d) and their directions, 0 for 0."""
    largest = np.abs(delta).max(axis=1, initial=0.0)
    unit = delta / np.where(largest > 0, largest, 1.0)[:, None]
    length = np.sqrt((unit**2).sum(axis=1))
    return largest * length, unit / np.where(largest > 0, length, 1.0)[:, None]


def _hilbert(r: _Array, exponent: float) -> tuple[_Array, _Array, float]:
    """Return weights that sum to 1, w/r times the least r, and the least r."""
    least = r.min()
    if least == 0.0:
        return (r == 0) / (r == 0).sum(), np.zeros(len(r)), 1.0
    weight = np.exp(exponent * np.log(least / r))
    weight /= weight.sum()
    return weight, weight * (least / r), least


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
    r, unit = _polar(delta)
    if kernel == "hilbert":
        weight, steep, least = _hilbert(r, exponent)
        mean = weight @ a
        slope = ((a - mean) * steep[:, None]).T @ unit
        return mean, -exponent * slope / least
    if kernel == "gaussian":
        k = np.exp(-gamma * r**2)
        slope = (-2.0 * gamma * k * r)[:, None] * unit
    elif kernel == "laplace":
        k = np.exp(-gamma * r)
        slope = (-gamma * k)[:, None] * unit
    elif kernel == "laplacian":
        k = np.exp(-gamma * np.abs(delta).sum(axis=1))
        slope = (-gamma * k)[:, None] * np.sign(delta)
    elif kernel == "polynomial":
        t = gamma * (Y @ x) + coef0
        k = t**degree
        slope = (degree * gamma * t ** (degree - 1))[:, None] * Y
    else:
        k = 1.0 / np.sqrt(1.0 + gamma * r**2)
        slope = (-gamma * k**3 * r)[:, None] * unit
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
    power = float(d) if exponent is None else exponent
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
        The points where the expansion is evaluated.
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
        Of the polynomial, at least 1.
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


def _unit(arguments: Arguments) -> float:
    """Return u: 2^-24 where all is in float32, but for Hilbert's kernel."""
    names = ("X", "Y", "coefficients")
    single = all(arguments[name].dtype == np.float32 for name in names)
    return 2.0**-24 if single and arguments["kernel"] != "hilbert" else 2.0**-53


def _relative(t: _Array, error: _Array) -> _Array:
    """Return exp(-t) (exp(error) - 1) without overflow."""
    return np.exp(np.minimum(error - t, 0.0)) * -np.expm1(-error)


def _errors(
    arguments: Arguments, x: _Array, Y: _Array, u: float
) -> tuple[_Array, _Array, _Array, _Array]:
    """Bound, for one x and each y, what is computed of k and of its gradient.

    r^2 = |a|^2 + |b|^2 - 2 a.b in rounded coordinates is off by at most
    (2 d + 10) u (|a|^2 + |b|^2): (d + 2) u 2|a||b| for the product (Higham 2002,
    section 3.1), (d + 2) u for the norms, 4 u for the coordinates and the sums. The
    bracket is at most c r^2, else r^2 is computed by differences with an error of
    (d + 4) u r^2; the exception is gamma (|a|^2 + |b|^2) <= c in a Gaussian or an
    inverse multiquadric without gradient. So gamma r^2 is off by P max(gamma r^2, 1),
    P = (2 d + 10) c u, and r by P/2.

    Returns
    -------
    k, its error, the size of k's derivative (along the unit vector to y; for l1 along
    each coordinate; for the polynomial the factor of y) and its error, each (m,).
    """
    gamma, kernel = arguments.get("gamma", 1.0), arguments["kernel"]
    d = len(x)
    r, _ = _polar(x - Y)
    P = (2 * d + 10) * _CANCELLED * u
    if kernel in ("gaussian", "laplace", "laplacian"):
        if kernel == "gaussian":
            t, slope = gamma * r**2, 2.0 * gamma * r
            error = P * np.maximum(t, 1.0)
        elif kernel == "laplace":
            t, slope = gamma * r, np.full(len(Y), gamma)
            error = P / 2.0 * t
        else:
            t, slope = gamma * np.abs(x - Y).sum(axis=1), np.full(len(Y), gamma)
            error = (d + 4) * u * t
        k = np.exp(-t)
        # 4 u t: the rate and its product; 2 u: an ulp of exp; flush: what exp makes 0
        flush = 1.7e-38 if u > 2.0**-50 else 3.4e-308
        e = _relative(t, error + 4.0 * u * t + 2.0 * u) + flush
        return k, e, slope * k, slope * (e + (P / 2.0 + 4.0 * u) * k)
    if kernel == "inverse_multiquadric":
        k = 1.0 / np.sqrt(1.0 + gamma * r**2)
        part = P / 2.0 + 6.0 * u
        slope = gamma * k**3 * r
        return k, part * k, slope, (3.0 * part + P / 2.0 + 6.0 * u) * slope
    # the polynomial: T bounds |t|, whose error is at most (d + 4) u T
    degree = arguments.get("degree", 3)
    T = np.abs(gamma) * (np.abs(Y) @ np.abs(x)) + abs(arguments.get("coef0", 1.0))
    part = degree * (d + 6) * u
    slope = degree * abs(gamma) * T ** (degree - 1)
    return T**degree, part * T**degree, slope, part * slope


def _bounds(
    arguments: Arguments, i: int, u: float
) -> tuple[_Array, _Array]:  # fmt: skip
    """Bound the errors of the sums at X[i]: (q,) of the values, (q, d) of gradients.

    A sum over a strip of at most S points is off by S u of the sum of the moduli, and
    the sum of strips in float64 by m/S roundings. The gradient's is a difference of two
    sums in coordinates about the centre, whose moduli add up to |x_c| + |y_c|
    <= sqrt(2 c) r (see `_errors`; without the product, it is smaller).
    """
    x, Y = arguments["X"][i].astype(float), arguments["Y"].astype(float)
    A = np.abs(arguments["coefficients"].astype(float))
    m = len(Y)
    k, e, slope, error = _errors(arguments, x, Y, u)
    total = (min(m, _SIDE) + 4) * u + (m / 32.0 + 4.0) * 2.0**-53
    total_gradient = total + 4.0 * u
    value = A.T @ (e + total * k)
    if arguments["kernel"] == "polynomial":
        size = np.abs(Y)
        return value, A.T @ ((error + total_gradient * slope)[:, None] * size)
    r, unit = _polar(x - Y)
    size = (
        np.sign(np.abs(x - Y)) if arguments["kernel"] == "laplacian" else np.abs(unit)
    )
    spread = np.where(r > 0, np.sqrt(2.0 * _CANCELLED), 0.0)[:, None]
    if arguments["kernel"] == "laplacian":
        spread = size
    return value, A.T @ (
        error[:, None] * size + total_gradient * slope[:, None] * spread
    )


def _hilbert_bounds(
    arguments: Arguments, i: int, mean: _Array, gradient: _Array, u: float
) -> tuple[_Array, _Array]:
    """Bound the errors of Hilbert's means (q,) and gradients (q, d) at X[i].

    A weight is off by (e/2) P, as r^2 is by P, and by 6 u (1 + |log w|) for the
    logarithm, its product and exp; common factors cancel. With weights of sum 1 the
    mean is off by sum |a - mean| w (error), and by the rounding of both sums. The
    gradient, sum a v - mean sum v with v = -e w/r, has in addition the error of the
    mean, and relatively that of the sum of weights.
    """
    x, Y = arguments["X"][i].astype(float), arguments["Y"].astype(float)
    a = arguments["coefficients"].astype(float)
    d, m = len(x), len(Y)
    power = arguments.get("exponent")
    power = float(d) if power is None else power
    r, unit = _polar(x - Y)
    w, steep, least = _hilbert(r, power)
    P = (2 * d + 10) * _CANCELLED * u
    total = (min(m, _SIDE) + 4) * u + (m / 8.0 + 8.0) * u
    logs = np.log(np.maximum(w, 1e-308))
    error = w * (power / 2.0 * P + 6.0 * u * (1.0 - logs)) + 3.4e-308
    if least == 0 or not r.all():
        error = np.zeros(m)
    span = np.abs(a - mean)
    both = np.abs(a) + np.abs(mean)
    value = error @ span + total * (w @ both)
    slope = power * steep / least
    error_v = power * (error / np.where(r > 0, r, 1.0)) + (P + 6.0 * u) * slope
    spread = np.sqrt(2.0 * _CANCELLED)
    direct = span.T @ (error_v[:, None] * np.abs(unit))
    sums = (both.T @ slope)[:, None] * (total + 4.0 * u) * spread
    by_mean = value[:, None] * (slope @ np.abs(unit))
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
            value[i], slope[i] = _bounds(arguments, i, u)
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


def _inputs(gradient: bool) -> "SearchStrategy[Arguments]":
    """Draw clouds, 1 to 3 columns and a gamma at the scale of the squared distances."""
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
        return {
            "X": X,
            "Y": Y,
            "coefficients": a.astype(dtype),
            "kernel": kernel,
            "gamma": factor / length if length > 1e-30 else factor,
            "degree": draw(st.integers(1, 5)),
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
    return copies + max(4, available()) * (packed + block + 3 * sums) + (1 << 20)


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
