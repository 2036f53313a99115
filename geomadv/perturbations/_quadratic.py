r"""Distances to the zero set of a quadratic polynomial, by the secular equation.

For f(x) = <x, A x> + 2 <b, x> + c with A = V diag(a) V^T, the coordinates V^T x make
the problem diagonal, and the nearest point of {f = 0} is that of a secular equation in
one unknown (Moré 1993, "Generalizations of the trust region problem"); how it is
solved, with the hard case and empty zero sets, is told in
`geomadv_kernels.cpu.secular`.

Where f is at least 0 everywhere, or at most 0, its sign does not change even if there
are zeros: the distance is infinite there. Of several classes, the points that j takes
from c are those with f_j - f_c > 0, one more quadratic polynomial, and the distance is
the least over j.

Points must not be more than 2^500 times as far away as the terms of f have their
lengths, |b|/|A| and sqrt(|c|/|A|): the smaller terms would underflow.

Errors: the eigenvectors are those of a matrix within some d 2^-53 |A| of A. What
belongs to the diagonal problem is exact to 4 units in the last place.
"""

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray
from geomadv.perturbations._forms import Quadratic, exponent
from geomadv.perturbations._result import Perturbation, least

_HARD, _EMPTY = 1, 2
_FARTHEST = 500  # powers of two by which points may exceed the lengths of f
_FLAT = 4 * 2.0**-52  # times d: of the largest eigenvalue, the rounding of the others


def in_length(form: Quadratic, X: Float[NDArray, "n d"]) -> Perturbation:
    """Return the smallest steps in the Euclidean norm."""

    def steps(rows: NDArray, c: int, j: int | None) -> tuple[NDArray, NDArray]:
        A, b, constant = (
            array[c] if j is None else array[c] - array[j]
            for array in (form.A, form.b, form.c)
        )
        A, b, constant, rows, scale = _scaled(A, b, float(constant), rows)
        a, V = np.linalg.eigh(A)
        h = V.T @ b
        # eigenvalues of 0 come out as rounding, and would open what is closed
        flat = np.abs(a) <= _FLAT * len(a) * np.abs(a).max(initial=0.0)
        a[flat] = 0.0
        h[flat & (np.abs(h) <= _FLAT * len(a) * np.linalg.norm(b))] = 0.0
        z = rows @ V
        lam, distance, x, status = _dispatch.secular(a, h, constant, z)
        never = (status == _EMPTY) | ((status == _HARD) & np.isinf(lam))
        distance[never] = np.inf
        delta = (x - z) @ V.T
        delta[never] = 0.0
        return np.ldexp(distance, scale), np.ldexp(delta, scale)

    return least(form, X, steps)


def _scaled(
    A: Float[NDArray, "d d"],
    b: Float[NDArray, " d"],
    c: float,
    X: Float[NDArray, "n d"],
) -> tuple[Float[NDArray, "d d"], Float[NDArray, " d"], float, NDArray, int]:
    """Return f and x at ordinary sizes, by powers of two, and the exponent of x's.

    Lengths are measured by the largest |x|, or by that at which the terms in x can
    outweigh c, whichever is larger.
    """
    second, first, zeroth = (exponent(array) for array in (A, b, np.array(c)))
    reaches = []
    if A.any():
        reaches.append((zeroth - second) // 2)
    if b.any():
        reaches.append(zeroth - first)
    scale = exponent(X) if X.any() or not reaches or c == 0 else min(reaches)
    if reaches and c != 0:
        scale = max(scale, min(reaches))
    lengths = [first - second] if b.any() else []
    lengths += [(zeroth - second) // 2] if c != 0 else []
    if A.any() and lengths and scale > max(lengths) + _FARTHEST:
        raise ValueError(
            f"X must be at most {2.0 ** (max(lengths) + _FARTHEST):.2g} in modulus for "
            f"this quadratic model, got {np.abs(X).max():.2g}"
        )
    sizes = [(second + 2 * scale, A), (first + scale, b), (zeroth, np.array(c))]
    unit = max((size for size, array in sizes if array.any()), default=0)
    return (
        np.ldexp(A, 2 * scale - unit),
        np.ldexp(b, scale - unit),
        float(np.ldexp(c, -unit)),
        np.ldexp(X, -scale),
        scale,
    )
