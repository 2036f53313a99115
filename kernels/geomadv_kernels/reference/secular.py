"""Projections onto quadrics by bisection, in 250 digits (Python's decimal)."""

from decimal import MAX_EMAX, MIN_EMIN, Decimal, localcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel, copied

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Float64 = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
_Row = list[Decimal]

_REGULAR, _HARD, _EMPTY = 0, 1, 2
_INFINITY = Decimal("inf")
_DIGITS = 250  # the root may be 10^-100 of the interval away from the pole


def _value(a: _Row, b: _Row, c: Decimal, x: _Row) -> Decimal:
    """Return f(x) = sum a_i x_i^2 + 2 b_i x_i + c."""
    terms = (ai * xi * xi + 2 * bi * xi for ai, bi, xi in zip(a, b, x, strict=True))
    return sum(terms, c)


def _project(
    a: _Row, b: _Row, c: Decimal, z: _Row
) -> tuple[Decimal, Decimal, _Row, int]:
    """Return lam, the distance, the nearest point and the status, where f(z) >= 0."""
    if _value(a, b, c, z) == 0:
        return Decimal(0), Decimal(0), z, _REGULAR
    rows = list(zip(a, b, z, strict=True))
    alpha = max(Decimal(0), -min(a))
    end = 1 / alpha if alpha else _INFINITY
    free = [i for i, ai in enumerate(a) if ai == -alpha]

    def point(lam: Decimal) -> _Row:
        return [(zi - lam * bi) / (1 + lam * ai) for ai, bi, zi in rows]

    def distance(x: _Row) -> Decimal:
        total = sum((xi - zi) ** 2 for xi, zi in zip(x, z, strict=True))
        return Decimal(total).sqrt()

    if all(a[i] * z[i] + b[i] == 0 for i in free):  # the limit of phi is finite
        x = [
            zi if i in free else zi - (ai * zi + bi) / (ai + alpha)
            for i, (ai, bi, zi) in enumerate(rows)
        ]
        rest = _value(a, b, c, x)
        if rest >= 0:
            if alpha:
                x[free[0]] += (rest / alpha).sqrt()
            elif rest > 0:
                return end, _INFINITY, z, _EMPTY
            return end, distance(x), x, _HARD

    low, high = Decimal(0), Decimal(1)
    if alpha:
        high = end
    else:
        while _value(a, b, c, point(high)) > 0:
            high *= 2**20
    middle = high / 2
    while high - low > Decimal("1e-30") * min(low, end - middle):
        if not low < middle < high:
            raise ArithmeticError(f"{_DIGITS} digits do not part root and pole")
        if _value(a, b, c, point(middle)) > 0:
            low = middle
        else:
            high = middle
        middle = (low + high) / 2
    return middle, distance(point(middle)), point(middle), _REGULAR


def secular(
    a: Array, b: Array, c: Array | float, z: Array
) -> tuple[Float64, Float64, Float64, Array]:
    """Return lam, distances, nearest points and status for points z (n, d)."""
    n, d = z.shape
    lam, distance, x = np.empty(n), np.empty(n), np.empty((n, d))
    status = np.empty(n, np.int64)
    a, b = np.broadcast_to(a, (n, d)), np.broadcast_to(b, (n, d))
    c = np.broadcast_to(c, n)
    with localcontext(prec=_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN):
        for i in range(n):
            row = [[Decimal(float(v)) for v in array[i]] for array in (a, b, z)]
            constant = Decimal(float(c[i]))
            sign = 1 if _value(row[0], row[1], constant, row[2]) >= 0 else -1
            curve, slope = ([sign * v for v in values] for values in row[:2])
            found = _project(curve, slope, sign * constant, row[2])
            root, length, near, status[i] = found
            lam[i], distance[i], x[i] = sign * root, length, near
    return lam, distance, x, status


def _tolerance(arguments: Arguments, expected: Any) -> tuple[Any, ...]:
    """Allow 4 ulp: of lam and the distance, and in x of the larger of |x| and |z|.

    That is, relative 4 eps of the precision of the result; the domain keeps away from
    points within 10^-12 of a quadric, where more than 30 digits cancel in f.
    """
    lam, distance, x, status = expected
    arrays = [np.asarray(arguments[name]) for name in "abcz"]
    single = all(array.dtype == np.float32 for array in arrays)
    info = np.finfo(np.float32 if single else np.float64)

    def ulps(value: Float64) -> Float64:
        size = np.where(np.isfinite(value), np.abs(value), 0.0)
        error = 4.0 * float(info.eps) * size + float(info.smallest_subnormal)
        return np.where(size > 0.99 * float(info.max), np.inf, error)

    z = arguments["z"].astype(float)
    moved = np.maximum(np.abs(x), np.abs(z))
    return ulps(lam), ulps(distance), ulps(moved), np.zeros(status.shape)


def _memory(arguments: Arguments) -> int:
    """Fifteen vectors of length d for each thread, and what Python needs.

    What is not contiguous or not float64 is copied, and results in float32 once more.
    """
    from geomadv_kernels.cpu._threads import available

    n, d = arguments["z"].shape
    copies = copied(arguments, np.float64)
    if arguments["z"].dtype == np.float32:
        copies += 8 * n * (d + 2)
    return 120 * d * available() + copies + 32 * n + 2**17


KINDS = ("gaussian", "integers", "clustered", "hard", "nearly hard", "definite", "flat")


def quadrics(
    kind: str, n: int, d: int, rng: np.random.Generator
) -> tuple[Float64, Float64, Float64, Float64]:
    """Return a (n, d), b (n, d), c (n,) and z (n, d) of a kind in `KINDS`.

    "integers" has many ties, zeros, hard cases, empty quadrics and points on them;
    "clustered" has eigenvalues 10^-9 apart; "hard" has points for which the numerator
    of the poles at both ends vanishes, "nearly hard" almost; "definite" has a > 0 and
    c < 0; "flat" has a few eigenvalues that are not 0.
    """
    a, b, z = (rng.standard_normal((n, d)) for _ in range(3))
    c = rng.standard_normal(n)
    if kind == "integers":
        a, b, z = (rng.integers(-2, 3, (n, d)).astype(float) for _ in range(3))
        c = rng.integers(-3, 4, n).astype(float)
    elif kind == "clustered":
        a = rng.choice([-1.0, 0.5, 1.0], (n, d)) + 1e-9 * rng.integers(-3, 4, (n, d))
    elif kind in ("hard", "nearly hard") and n:
        size = 0.0 if kind == "hard" else 10.0 ** rng.integers(-100, -2, (n, 1))
        ends = (a == a.max(axis=1, keepdims=True)) | (a == a.min(axis=1, keepdims=True))
        z = np.where(ends, 0.0, z)
        b = np.where(ends, size * b, b)
    elif kind == "definite":
        a, c = np.abs(a) + 0.01, -np.abs(c) - 0.1
    elif kind == "flat":
        a = np.where(rng.random((n, d)) < 0.7, 0.0, a)
    return a, b, c, z


def _inputs() -> "SearchStrategy[Arguments]":
    """Draw quadrics of all kinds and scales; shared or one for each point."""
    from hypothesis import strategies as st

    @st.composite
    def arguments(draw: Any) -> Arguments:
        kind = draw(st.sampled_from(KINDS))
        n = draw(st.sampled_from([0, 1, 2, 3, 7]))
        d = draw(st.sampled_from([1, 2, 3, 4, 5, 8, 9, 20, 60]))
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        dtype = draw(st.sampled_from([np.float64, np.float32]))
        a, b, c, z = quadrics(kind, n, d, rng)
        far = 100 if dtype == np.float64 else 8
        curve, length = (2.0 ** draw(st.integers(-far, far)) for _ in range(2))
        a, b, c, z = curve * a, curve * length * b, curve * length**2 * c, length * z
        a, b, c, z = (array.astype(dtype) for array in (a, b, c, z))
        if n and draw(st.booleans()):
            a = a[0]
        if n and draw(st.booleans()):
            b = b[0]
        constant = float(c[0]) if n and draw(st.booleans()) else c
        return {"a": a, "b": b, "c": constant, "z": z}

    return arguments()


KERNELS = (
    Kernel(
        name="secular",
        file="secular",
        reference=secular,
        inputs=_inputs,
        tolerance=_tolerance,
        memory=_memory,
        accelerators=("xp",),
    ),
)
